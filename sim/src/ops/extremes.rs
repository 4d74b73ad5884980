//! The largest and smallest along one dim, and where they are: `aclnnArgMax`, `aclnnArgMin`, `aclnnMaxDim`, `aclnnMinDim`.
//!
//! The first of equals is found; NaN counts as more extreme than any number, as in PyTorch.

use ascend_rl_sys::types::*;

use super::along::length;
use super::call::Call;
use super::dtypes::*;
use super::element::{Lane, is_ordered};
use super::lanes;
use super::reduce::{check_result, output_dims};
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// What the operators that only find take.
const FOUND: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32];
/// What the operators that also give the value take.
const GIVEN: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_BOOL];
const PLACES: &[aclDataType] = &[ACL_INT64, ACL_INT32];

macro_rules! places {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $least:literal;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(
            self_: *const aclTensor, dim: i64, keepdim: bool, out: *mut aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let input = call.input("self", self_)?;
            let places = call.output("out", out)?;
            check_dtype($name, "self", &input, FOUND)?;
            let plan = Plan::new::<$least>($name, &input, dim, keepdim, None, ("out", &places))?;
            call.finish(ws, executor, move || plan.run::<$least>())
        }
    )* };
}
places! {
    /// The index of the largest along `dim`.
    aclnnArgMaxGetWorkspaceSize, "aclnnArgMax", false;
    /// The index of the smallest along `dim`.
    aclnnArgMinGetWorkspaceSize, "aclnnArgMin", true;
}

macro_rules! values {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $least:literal;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(
            self_: *const aclTensor, dim: i64, keepdim: bool, out: *mut aclTensor, indices: *mut aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let input = call.input("self", self_)?;
            let (values, places) = (call.output("out", out)?, call.output("indices", indices)?);
            check_dtype($name, "self", &input, GIVEN)?;
            check_same_dtype($name, "out", &values, "self", input.dtype)?;
            let plan = Plan::new::<$least>($name, &input, dim, keepdim, Some(&values), ("indices", &places))?;
            call.finish(ws, executor, move || plan.run::<$least>())
        }
    )* };
}
values! {
    /// The largest along `dim`, and its index.
    aclnnMaxDimGetWorkspaceSize, "aclnnMaxDim", false;
    /// The smallest along `dim`, and its index.
    aclnnMinDimGetWorkspaceSize, "aclnnMinDim", true;
}

/// A search along one dim.
struct Plan {
    from: View,
    /// Elements of a line.
    n: usize,
    values: Option<View>,
    places: View,
}

impl Plan {
    fn new<const LEAST: bool>(
        name: &str,
        input: &Tensor,
        dim: i64,
        keepdim: bool,
        values: Option<&Tensor>,
        (param, places): (&str, &Tensor),
    ) -> Outcome<Plan> {
        check_dtype(name, param, places, PLACES)?;
        let dim = check_dim(name, "dim", dim, input)?;
        let dims = output_dims(input, if input.rank() == 0 { 0 } else { 1 << dim }, keepdim);
        for (param, tensor) in values.map(|values| ("out", values)).into_iter().chain([(param, places)]) {
            check_result(name, param, tensor, &dims)?;
            check_writable(name, param, tensor)?;
        }
        let n = length(input, dim);
        check!(n > 0 || places.numel() == 0, ACLNN_ERR_PARAM_INVALID, "{name}: dim {dim} of self has no elements");
        Ok(Plan { from: View::lines(input, dim), n, values: values.map(View::new), places: View::new(places) })
    }

    fn run<const LEAST: bool>(&self) {
        if is_float(self.from.dtype) { self.search::<f32, LEAST>() } else { self.search::<i64, LEAST>() }
    }

    fn search<T: Lane + PartialOrd, const LEAST: bool>(&self) {
        split(self.from.rows(self.n), self.n, |rows| {
            let (mut values, mut places) = (Buffer::new(), Buffer::new());
            for start in rows.clone().step_by(BLOCK) {
                let len = BLOCK.min(rows.end - start);
                let (values, places) = (values.room(len), places.room(len));
                for (row, (value, place)) in (start..).zip(values.iter_mut().zip(&mut *places)) {
                    let (best, found) = extreme::<T, LEAST>(&self.from, row * self.n, self.n);
                    value.write(best);
                    place.write(found as i64);
                }
                // SAFETY: the loop has written all of both rooms.
                let (values, places) = unsafe { (filled(values), filled(places)) };
                self.places.store::<i64>(start, places);
                if let Some(to) = &self.values {
                    to.store::<T>(start, values);
                }
            }
        })
    }
}

/// The most extreme of `n` elements and its position: only blocks that hold a more extreme one than before are searched.
fn extreme<T: Lane + PartialOrd, const LEAST: bool>(from: &View, start: usize, n: usize) -> (T, usize) {
    let (mut buffer, mut best, mut found) = (Buffer::new(), T::default(), 0);
    for done in (0..n).step_by(BLOCK) {
        let x = from.load::<T>(start + done, BLOCK.min(n - done), &mut buffer);
        let (top, is_nan) = summary::<T, LEAST>(x);
        let position = if is_nan {
            x.iter().position(|&v| !is_ordered(v))
        } else if done == 0 || beats::<T, LEAST>(top, best) {
            x.iter().position(|&v| v == top)
        } else {
            None
        };
        if let Some(position) = position {
            (best, found) = (x[position], done + position);
        }
        if is_nan {
            break;
        }
    }
    (best, found)
}

/// The most extreme of a block that has elements, and whether there is a NaN (the first is then anything).
fn summary<T: Lane + PartialOrd, const LEAST: bool>(x: &[T]) -> (T, bool) {
    vectorized(
        #[inline(always)]
        || {
            let top = lanes::fold(x, x[0], better::<T, LEAST>, better::<T, LEAST>);
            let nans = lanes::fold(
                x,
                0,
                #[inline(always)]
                |nans, v| nans | !is_ordered(v) as u32,
                #[inline(always)]
                |a, b| a | b,
            );
            (top, nans != 0)
        },
    )
}

#[inline(always)]
fn beats<T: PartialOrd, const LEAST: bool>(a: T, b: T) -> bool {
    if LEAST { a < b } else { a > b }
}

#[inline(always)]
fn better<T: PartialOrd + Copy, const LEAST: bool>(a: T, b: T) -> T {
    if beats::<T, LEAST>(b, a) { b } else { a }
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    type Values = fn(*const aclTensor, i64, bool, *mut aclTensor, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;

    #[test]
    fn the_first_extreme_is_found_with_its_value() {
        for (dtype, n) in [
            (ACL_FLOAT, 1),
            (ACL_FLOAT, 3001),
            (ACL_BF16, 2049),
            (ACL_FLOAT16, 17),
            (ACL_INT64, 1030),
            (ACL_INT32, 5),
            (ACL_BOOL, 40),
        ] {
            // Few distinct values, so that there are many equals, in several blocks; every third storage element only.
            let noise = noise(n as u64).map(|v| if dtype == ACL_BOOL { (v > 0.0) as u8 as f64 } else { (v * 40.0).round() });
            let x = Array::strided(dtype, &[3, n, 2], &[6 * n, 6, 3], 1, 18 * n + 1, noise);
            for least in [false, true] {
                let better = |a: f64, b: f64| if least { a < b } else { a > b };
                let (source, n) = (x.values(), n as usize);
                let at = |o: usize, k: usize| source[o / 2 * n * 2 + k * 2 + o % 2];
                let want: Vec<usize> =
                    (0..6).map(|o| (0..n).fold(0, |best, k| if better(at(o, k), at(o, best)) { k } else { best })).collect();
                let want_values: Vec<f64> = want.iter().enumerate().map(|(o, &k)| at(o, k)).collect();
                let want: Vec<f64> = want.into_iter().map(|k| k as f64).collect();
                let (values, places) = (Array::out(dtype, &[3, 2]), Array::out(ACL_INT32, &[3, 2]));
                let body: Values = if least { aclnnMinDimGetWorkspaceSize } else { aclnnMaxDimGetWorkspaceSize };
                run(|w, e| body(x.handle(), 1, false, values.handle(), places.handle(), w, e)).unwrap();
                assert_eq!((values.values(), places.values()), (want_values, want.clone()));
                if dtype != ACL_BOOL {
                    let out = Array::out(ACL_INT64, &[3, 1, 2]);
                    let body = if least { aclnnArgMinGetWorkspaceSize } else { aclnnArgMaxGetWorkspaceSize };
                    run(|w, e| body(x.handle(), -2, true, out.handle(), w, e)).unwrap();
                    assert_eq!(out.values(), want);
                }
            }
        }
    }

    #[test]
    fn nan_is_more_extreme_than_any_number() {
        let late = Array::new(ACL_FLOAT, &[1, 5000], (0..5000).map(|i| if i == 4321 { f64::NAN } else { f64::NEG_INFINITY }));
        let out = Array::out(ACL_INT32, &[1, 1]);
        run(|w, e| aclnnArgMaxGetWorkspaceSize(late.handle(), -1, true, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [4321.0]);
        // One element with any number of dims, as `CheckShapeAndScalarSame` has it in `aclnn_min_dim.cpp` of hicann/ops-math.
        let value = Array::out(ACL_FLOAT, &[]);
        let out = Array::out(ACL_INT64, &[1, 1]);
        run(|w, e| aclnnMinDimGetWorkspaceSize(late.handle(), 1, false, value.handle(), out.handle(), w, e)).unwrap();
        assert!(value.values()[0].is_nan() && out.values() == [4321.0]);
    }

    #[test]
    fn refusals() {
        let (x, out) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::out(ACL_FLOAT, &[2]));
        let wrong = run(|w, e| aclnnArgMaxGetWorkspaceSize(x.handle(), 1, false, out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnArgMax", "out is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
        let (empty, out) = (Array::new(ACL_FLOAT, &[2, 0], []), Array::out(ACL_INT64, &[2]));
        let wrong = run(|w, e| aclnnArgMinGetWorkspaceSize(empty.handle(), 1, false, out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnArgMin", "no elements"), ACLNN_ERR_PARAM_INVALID);
        let halves = Array::out(ACL_BF16, &[2]);
        let wrong = run(|w, e| aclnnMaxDimGetWorkspaceSize(x.handle(), 1, false, halves.handle(), out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnMaxDim", "out is ACL_BF16"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnMinDimGetWorkspaceSize(x.handle(), 0, false, x.handle(), out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnMinDim", "out has shape [2, 3]"), ACLNN_ERR_PARAM_INVALID);
    }
}
