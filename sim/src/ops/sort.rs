//! `aclnnSort`, `aclnnArgsort`, `aclnnTopk`: stable along any dim; NaN comes last in both directions.

use ascend_rl_sys::types::*;

use super::along::length;
use super::call::Call;
use super::dtypes::*;
use super::element::Lane;
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};

/// `valuesOut` is `self` sorted along `dim`, `indicesOut` says where each came from. Equal keys keep their order whether
/// `stable` asks for it or not.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnSortGetWorkspaceSize(
    self_: *const aclTensor,
    _stable: bool,
    dim: i64,
    descending: bool,
    values_out: *mut aclTensor,
    indices_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSort";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let (values, indices) = (call.output("valuesOut", values_out)?, call.output("indicesOut", indices_out)?);
    check_dtype(NAME, "self", &input, NUMBERS)?;
    check_same_dtype(NAME, "valuesOut", &values, "self", input.dtype)?;
    check_dtype(NAME, "indicesOut", &indices, &[ACL_INT64])?;
    let plan = Plan::new(NAME, &input, dim, descending, None, Some(&values), ("indicesOut", &indices))?;
    call.finish(ws, executor, move || plan.run())
}

/// `out` says where each element of `self`, sorted along `dim`, came from.
pub(crate) fn aclnnArgsortGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    descending: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnArgsort";
    let mut call = Call::new(NAME);
    let (input, indices) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, NUMBERS)?;
    check_dtype(NAME, "out", &indices, &[ACL_INT64])?;
    let plan = Plan::new(NAME, &input, dim, descending, None, None, ("out", &indices))?;
    call.finish(ws, executor, move || plan.run())
}

/// The `k` largest (or smallest) along `dim` in order, and where they came from. CANN takes no `sorted` of false.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnTopkGetWorkspaceSize(
    self_: *const aclTensor,
    k: i64,
    dim: i64,
    largest: bool,
    sorted: bool,
    values_out: *mut aclTensor,
    indices_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnTopk";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let (values, indices) = (call.output("valuesOut", values_out)?, call.output("indicesOut", indices_out)?);
    check_dtype(NAME, "self", &input, NUMBERS)?;
    check_same_dtype(NAME, "valuesOut", &values, "self", input.dtype)?;
    check_dtype(NAME, "indicesOut", &indices, &[ACL_INT64])?;
    check!(sorted, ACLNN_ERR_PARAM_INVALID, "{NAME}: sorted is false; only true is taken");
    let plan = Plan::new(NAME, &input, dim, largest, Some(k), Some(&values), ("indicesOut", &indices))?;
    call.finish(ws, executor, move || plan.run())
}

/// A sort of lines.
struct Plan {
    from: View,
    /// Elements of a line, and how many of them are given out.
    n: usize,
    k: usize,
    descending: bool,
    values: Option<View>,
    indices: View,
}

impl Plan {
    fn new(
        name: &str,
        input: &Tensor,
        dim: i64,
        descending: bool,
        k: Option<i64>,
        values: Option<&Tensor>,
        (param, indices): (&str, &Tensor),
    ) -> Outcome<Plan> {
        let dim = check_dim(name, "dim", dim, input)?;
        let n = length(input, dim);
        check!(
            u32::try_from(n).is_ok(),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: dim {dim} has {n} elements, at most 2^32 - 1 are taken"
        );
        let k = k.unwrap_or(n as i64);
        check!((0..=n as i64).contains(&k), ACLNN_ERR_PARAM_INVALID, "{name}: k is {k}; dim {dim} of self has {n} elements");
        let k = k as usize;
        let mut needed = input.dims.to_vec();
        if let Some(size) = needed.get_mut(dim) {
            *size = k;
        }
        for (param, tensor) in values.map(|values| ("valuesOut", values)).into_iter().chain([(param, indices)]) {
            check_shape(name, param, tensor, &needed)?;
            check_writable(name, param, tensor)?;
        }
        let lines = |tensor: &Tensor| View::lines(tensor, dim);
        Ok(Plan { from: lines(input), n, k, descending, values: values.map(lines), indices: lines(indices) })
    }

    fn run(&self) {
        let descending = self.descending;
        if self.k == 0 {
            return;
        }
        // Sorting costs about this many times what a pass over the row does.
        split(self.from.rows(self.n), self.n.saturating_mul(8), |rows| {
            if is_float(self.from.dtype) {
                self.sort_lines(rows, |x: f32| float_key(x, descending))
            } else {
                self.sort_lines(rows, |x: i64| int_key(x, descending))
            }
        })
    }

    fn sort_lines<T: Lane, K: Key>(&self, rows: std::ops::Range<usize>, key: impl Fn(T) -> K) {
        let (n, k) = (self.n, self.k);
        let (mut x, mut placed, mut spare) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::new());
        let (mut places, mut sorted) = (Buffer::new(), Buffer::new());
        for row in rows {
            self.from.load_into(row * n, &mut x.spare_capacity_mut()[..n]);
            // SAFETY: `load_into` has written `n` elements.
            unsafe { x.set_len(n) };
            placed.extend(x.iter().enumerate().map(|(i, &v)| key(v).placed(i as u32)));
            if k < n {
                // All keys differ, so that the first `k` are the same whatever the rest is.
                placed.select_nth_unstable(k);
                placed.truncate(k);
                placed.sort_unstable();
            } else {
                K::sort(&mut placed, &mut spare);
            }
            for (block, keys) in placed.chunks(BLOCK).enumerate() {
                let (places, sorted) = (places.room(keys.len()), sorted.room(keys.len()));
                for ((&key, to), value) in keys.iter().zip(&mut *places).zip(&mut *sorted) {
                    let place = K::place(key);
                    to.write(place as i64);
                    value.write(x[place as usize]);
                }
                let start = row * k + block * BLOCK;
                // SAFETY: the loop has written all of both rooms.
                let (places, sorted) = unsafe { (filled(places), filled(sorted)) };
                self.indices.store::<i64>(start, places);
                if let Some(values) = &self.values {
                    values.store::<T>(start, sorted);
                }
            }
            x.clear();
            placed.clear();
        }
    }
}

/// Keys whose order as integers is the order asked for. Both zeros are equal; NaN is the largest.
fn float_key(x: f32, descending: bool) -> u32 {
    let bits = (x + 0.0).to_bits();
    let ascending = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    match (x.is_nan(), descending) {
        (true, _) => u32::MAX,
        (_, false) => ascending,
        (_, true) => !ascending,
    }
}

fn int_key(x: i64, descending: bool) -> u64 {
    let ascending = x as u64 ^ 1 << 63;
    if descending { !ascending } else { ascending }
}

/// A key with the place it came from, which makes all keys different: sorting them is stable however it is done.
trait Key: Copy {
    type Placed: Copy + Ord;
    fn placed(self, place: u32) -> Self::Placed;
    fn place(placed: Self::Placed) -> u32;
    /// Sorts, with `spare` for scratch.
    fn sort(placed: &mut Vec<Self::Placed>, spare: &mut Vec<Self::Placed>);
}

impl Key for u32 {
    type Placed = u64;
    fn placed(self, place: u32) -> u64 {
        (self as u64) << 32 | place as u64
    }
    fn place(placed: u64) -> u32 {
        placed as u32
    }
    fn sort(placed: &mut Vec<u64>, spare: &mut Vec<u64>) {
        if placed.len() < RADIX_FROM { placed.sort_unstable() } else { radix_sort(placed, spare) }
    }
}

impl Key for u64 {
    type Placed = (u64, u32);
    fn placed(self, place: u32) -> (u64, u32) {
        (self, place)
    }
    fn place((_, place): (u64, u32)) -> u32 {
        place
    }
    fn sort(placed: &mut Vec<(u64, u32)>, _: &mut Vec<(u64, u32)>) {
        placed.sort_unstable();
    }
}

/// From this length on, counting digits is faster than comparing.
const RADIX_FROM: usize = 2048;
/// Bits of a digit; three cover the key.
const DIGIT: usize = 11;

/// Sorts by the upper 32 bits, the key, keeping the order of equals: their places ascend as they come.
fn radix_sort(placed: &mut Vec<u64>, spare: &mut Vec<u64>) {
    spare.resize(placed.len(), 0);
    for pass in 0..3 {
        let digit = |key: u64| (key >> (32 + pass * DIGIT)) as usize & ((1 << DIGIT) - 1);
        let mut starts = [0; 1 << DIGIT];
        placed.iter().for_each(|&key| starts[digit(key)] += 1);
        let mut start = 0;
        for slot in &mut starts {
            start += std::mem::replace(slot, start);
        }
        for &key in placed.iter() {
            let slot = &mut starts[digit(key)];
            spare[*slot] = key;
            *slot += 1;
        }
        std::mem::swap(placed, spare);
    }
}

#[cfg(test)]
mod tests;
