//! Places in a sequence: `aclnnSearchSorted`, `aclnnSearchSorteds`; of the k-th smallest: `aclnnKthvalue`, `aclnnMedian`,
//! `aclnnMedianDim`. What is no number counts as larger than any.

use std::cmp::Ordering;

use ascend_rl_sys::types::*;

use super::along::length;
use super::call::Call;
use super::dtypes::*;
use super::element::{Lane, is_ordered};
use super::reduce::output_dims;
use super::rows::all;
use super::split::split;
use super::view::{Buffer, View};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};

type Ends = (*mut u64, *mut *mut aclOpExecutor);

/// What sequences are of.
const SOUGHT: &[aclDataType] = &[ACL_FLOAT, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT16, ACL_INT8, ACL_UINT8];

/// Where each element would go in a sequence without upsetting its order: before its equals, or with `right` behind them. The
/// sequence is one for all, or one for each line along the last dim; `sorter` says in what order its elements are to be read.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnSearchSortedGetWorkspaceSize(
    sorted_sequence: *const aclTensor,
    self_: *const aclTensor,
    out_int32: bool,
    right: bool,
    sorter: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSearchSorted";
    let mut call = Call::new(NAME);
    let (sequence, x) = (call.input("sortedSequence", sorted_sequence)?, call.input("self", self_)?);
    let sorter = call.optional_input("sorter", sorter)?;
    let out = call.output("out", out)?;
    check_dtype(NAME, "self", &x, SOUGHT)?;
    let shared = check_sequence(NAME, &sequence, sorter.as_ref(), out_int32, &out)?;
    check_shape(NAME, "out", &out, &x.dims)?;
    let same = shared || x.rank() == sequence.rank() && x.dims[..x.rank() - 1] == sequence.dims[..x.rank() - 1];
    check!(
        same,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: sortedSequence has shape {:?} and self {:?}; all but the last dim must be alike",
        sequence.dims,
        x.dims
    );
    let each = if shared { x.numel() } else { x.dims[x.rank() - 1] };
    let float = is_float(promote(sequence.dtype, x.dtype));
    let (length, sequence, x) = (sequence.dims[sequence.rank() - 1], View::new(&sequence), View::new(&x));
    let (sorter, to) = (sorter.map(|s| View::new(&s)), View::new(&out));
    call.finish(ws, executor, move || {
        let search = Search { length, each, right };
        if float {
            search.run(&all::<f32>(&sequence), &all::<f32>(&x), sorter.as_ref(), &to)
        } else {
            search.run(&all::<i64>(&sequence), &all::<i64>(&x), sorter.as_ref(), &to)
        }
    })
}

/// The same of one number from the host.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnSearchSortedsGetWorkspaceSize(
    sorted_sequence: *const aclTensor,
    self_: *const aclScalar,
    out_int32: bool,
    right: bool,
    sorter: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSearchSorteds";
    let mut call = Call::new(NAME);
    let sequence = call.input("sortedSequence", sorted_sequence)?;
    let x = call.scalar("self", self_)?.as_f64() as f32;
    let sorter = call.optional_input("sorter", sorter)?;
    let out = call.output("out", out)?;
    let shared = check_sequence(NAME, &sequence, sorter.as_ref(), out_int32, &out)?;
    check!(shared, ACLNN_ERR_PARAM_INVALID, "{NAME}: sortedSequence is {}-D; 1-D is needed", sequence.rank());
    check!(out.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: out has shape {:?}; one element is needed", out.dims);
    let search = Search { length: sequence.numel(), each: 1, right };
    let (sequence, sorter, to) = (View::new(&sequence), sorter.map(|s| View::new(&s)), View::new(&out));
    call.finish(ws, executor, move || search.run(&all::<f32>(&sequence), &[x], sorter.as_ref(), &to))
}

/// Gives whether the sequence is one for all.
fn check_sequence(name: &str, sequence: &Tensor, sorter: Option<&Tensor>, int32: bool, out: &Tensor) -> Outcome<bool> {
    check_dtype(name, "sortedSequence", sequence, SOUGHT)?;
    check!(sequence.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{name}: sortedSequence is a scalar; 1-D or more is needed");
    if let Some(sorter) = sorter {
        check_dtype(name, "sorter", sorter, &[ACL_INT64])?;
        check_shape(name, "sorter", sorter, &sequence.dims)?;
    }
    check_same_dtype(name, "out", out, "outInt32", if int32 { ACL_INT32 } else { ACL_INT64 })?;
    check_writable(name, "out", out)?;
    Ok(sequence.rank() == 1)
}

/// The order of numbers; what is no number comes after all others, and is like another of its kind.
pub(super) fn order<T: PartialOrd>(a: T, b: T) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| is_ordered(&b).cmp(&is_ordered(&a)))
}

#[derive(Clone, Copy)]
struct Search {
    /// Elements of a sequence.
    length: usize,
    /// Elements that are sought in one.
    each: usize,
    right: bool,
}

impl Search {
    fn run<T: Lane + PartialOrd>(self, sequences: &[T], sought: &[T], sorter: Option<&View>, to: &View) {
        let sorter = sorter.map(all::<i64>);
        let place = |(i, &x): (usize, &T)| {
            let start = i / self.each * self.length;
            let at = |k: usize| match &sorter {
                Some(sorter) => sequences[start + (sorter[start + k].max(0) as usize).min(self.length - 1)],
                None => sequences[start + k],
            };
            let (mut low, mut high) = (0, self.length);
            while low < high {
                let middle = low + (high - low) / 2;
                let before = match order(at(middle), x) {
                    Ordering::Less => true,
                    Ordering::Equal => self.right,
                    Ordering::Greater => false,
                };
                if before {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            low as i64
        };
        let places: Vec<i64> = sought.iter().enumerate().map(place).collect();
        if !places.is_empty() {
            to.store(0, &places);
        }
    }
}

/// The `k`-th smallest along `dim`, from 1, and where it is.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnKthvalueGetWorkspaceSize(
    self_: *const aclTensor,
    k: i64,
    dim: i64,
    keepdim: bool,
    values_out: *mut aclTensor,
    indices_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnKthvalue";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let n = length(&input, dim) as i64;
    check!((1..=n).contains(&k), ACLNN_ERR_PARAM_INVALID, "{NAME}: k is {k}; 1 to {n}, the elements of dim {dim}, are taken");
    kth(call, &input, (dim, keepdim), k as usize - 1, [values_out, indices_out], (ws, executor))
}

/// The lower of the middle ones along `dim`, and where it is; what is no number, where there is such.
pub(crate) fn aclnnMedianDimGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    keep_dim: bool,
    values_out: *mut aclTensor,
    indices_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMedianDim";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let dim = check_dim(NAME, "dim", dim, &input)?;
    let n = length(&input, dim);
    check!(n > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: dim {dim} of self has no elements");
    kth(call, &input, (dim, keep_dim), MIDDLE, [values_out, indices_out], (ws, executor))
}

/// Stands for the middle of a line, or what is no number.
const MIDDLE: usize = usize::MAX;

fn kth(
    mut call: Call,
    input: &Tensor,
    (dim, keep): (usize, bool),
    k: usize,
    [values, places]: [*mut aclTensor; 2],
    (ws, executor): Ends,
) -> Outcome {
    let name = call.name();
    let (values, places) = (call.output("valuesOut", values)?, call.output("indicesOut", places)?);
    check_dtype(name, "self", input, NUMBERS)?;
    check_same_dtype(name, "valuesOut", &values, "self", input.dtype)?;
    check_dtype(name, "indicesOut", &places, &[ACL_INT64])?;
    let dims = output_dims(input, if input.rank() == 0 { 0 } else { 1 << dim }, keep);
    for (param, t) in [("valuesOut", &values), ("indicesOut", &places)] {
        check_shape(name, param, t, &dims)?;
        check_writable(name, param, t)?;
    }
    let (from, n, float) = (View::lines(input, dim), length(input, dim), is_float(input.dtype));
    let (values, places) = (View::new(&values), View::new(&places));
    call.finish(ws, executor, move || {
        split(from.rows(n), n, |rows| {
            for row in rows {
                if float {
                    find::<f32>(&from, row, n, k, &values, &places)
                } else {
                    find::<i64>(&from, row, n, k, &values, &places)
                }
            }
        })
    })
}

fn find<T: Lane + PartialOrd>(from: &View, row: usize, n: usize, k: usize, values: &View, places: &View) {
    let line = load::<T>(from, row * n, n);
    let mut indices: Vec<usize> = (0..n).collect();
    indices.sort_by(|&a, &b| order(line[a], line[b]));
    // Of equals the first; what is no number is at the end.
    let first_odd = indices.partition_point(|&i| is_ordered(line[i]));
    let place = indices[if k != MIDDLE {
        k
    } else if first_odd < n {
        first_odd
    } else {
        (n - 1) / 2
    }];
    values.store(row, &[line[place]]);
    places.store(row, &[place as i64]);
}

/// `n` elements from `start` on.
fn load<T: Lane>(from: &View, start: usize, n: usize) -> Vec<T> {
    let mut buffer = Buffer::<T>::new();
    let blocks = (0..n).step_by(super::view::BLOCK);
    blocks.flat_map(|done| from.load(start + done, super::view::BLOCK.min(n - done), &mut buffer).to_vec()).collect()
}

/// The lower of the middle ones of all elements; what is no number, where there is such.
pub(crate) fn aclnnMedianGetWorkspaceSize(
    self_: *const aclTensor,
    values_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMedian";
    let mut call = Call::new(NAME);
    let (input, out) = (call.input("self", self_)?, call.output("valuesOut", values_out)?);
    check_dtype(NAME, "self", &input, NUMBERS)?;
    check_same_dtype(NAME, "valuesOut", &out, "self", input.dtype)?;
    check!(out.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: valuesOut has shape {:?}; one element is needed", out.dims);
    check!(input.numel() > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: self has shape {:?}; nothing has no median", input.dims);
    let (from, to) = (View::new(&input), View::new(&out));
    call.finish(ws, executor, move || {
        if is_float(from.dtype) { to.store(0, &[middle(all::<f32>(&from))]) } else { to.store(0, &[middle(all::<i64>(&from))]) }
    })
}

fn middle<T: Lane + PartialOrd>(mut values: Vec<T>) -> T {
    let at = (values.len() - 1) / 2;
    match values.iter().copied().find(|v| !is_ordered(*v)) {
        Some(odd) => odd,
        None => *values.select_nth_unstable_by(at, |&a, &b| order(a, b)).1,
    }
}

#[cfg(test)]
mod tests;
