//! `aclnnSoftmax` and `aclnnLogSoftmax` along any dim, in f32 whatever the dtype.

use std::mem::MaybeUninit;

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::lanes;
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::math::exp;
use crate::reject::Outcome;
use crate::simd::vectorized;

/// `out = exp(self) / sum(exp(self))` along `dim`.
pub(crate) fn aclnnSoftmaxGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    plan("aclnnSoftmax", self_, dim, out, ws, executor, softmax)
}

/// `out = self - log(sum(exp(self)))` along `dim`.
pub(crate) fn aclnnLogSoftmaxGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    plan("aclnnLogSoftmax", self_, dim, out, ws, executor, log_softmax)
}

/// What a block of a row becomes, given the row's largest element and the sum of exponentials below that.
type Finish = fn(x: &[f32], largest: f32, total: f64, out: &mut [MaybeUninit<f32>]);

fn plan(
    name: &'static str,
    self_: *const aclTensor,
    dim: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
    finish: Finish,
) -> Outcome {
    let mut call = Call::new(name);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(name, "self", &input, FLOATS)?;
    check_dtype(name, "out", &output, FLOATS)?;
    check_shape(name, "out", &output, &input.dims)?;
    check_writable(name, "out", &output)?;
    let dim = check_dim(name, "dim", dim, &input)?;
    let n = input.dims.get(dim).copied().unwrap_or(1);
    let (from, to) = (View::lines(&input, dim), View::lines(&output, dim));
    call.finish(ws, executor, move || {
        split(from.rows(n), n, |rows| {
            vectorized(
                #[inline(always)]
                || {
                    for row in rows.clone() {
                        along(&from, &to, row * n, n, finish)
                    }
                },
            )
        })
    })
}

/// The larger; NaN is left out.
#[inline(always)]
fn higher(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// One row, elements `start..start + n` of both views. It passes over the row three times; a row stays in the cache.
#[inline(always)]
fn along(from: &View, to: &View, start: usize, n: usize, finish: Finish) {
    let mut buffer = Buffer::new();
    let blocks = || (0..n).step_by(BLOCK).map(|done| (start + done, BLOCK.min(n - done)));
    let mut largest = f32::NEG_INFINITY;
    for (at, len) in blocks() {
        let x = from.load::<f32>(at, len, &mut buffer);
        largest = lanes::fold(x, largest, higher, higher);
    }
    let mut total = 0.0;
    for (at, len) in blocks() {
        let x = from.load::<f32>(at, len, &mut buffer);
        let part = lanes::fold(
            x,
            0.0,
            #[inline(always)]
            |sum, x| sum + exp(x - largest),
            #[inline(always)]
            |a, b| a + b,
        );
        total += part as f64;
    }
    let mut result = Buffer::new();
    for (at, len) in blocks() {
        let (x, room) = (from.load::<f32>(at, len, &mut buffer), result.room(len));
        finish(x, largest, total, room);
        // SAFETY: `Finish` writes all of the room.
        to.store(at, unsafe { filled(room) });
    }
}

fn softmax(x: &[f32], largest: f32, total: f64, out: &mut [MaybeUninit<f32>]) {
    let scale = (1.0 / total) as f32;
    vectorized(
        #[inline(always)]
        || {
            for (out, &x) in out.iter_mut().zip(x) {
                out.write(exp(x - largest) * scale);
            }
        },
    )
}

fn log_softmax(x: &[f32], largest: f32, total: f64, out: &mut [MaybeUninit<f32>]) {
    let log_total = total.ln() as f32;
    vectorized(
        #[inline(always)]
        || {
            for (out, &x) in out.iter_mut().zip(x) {
                out.write(x - largest - log_total);
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    /// In f64, over `[outer, n, inner]`.
    fn reference(x: &[f64], [outer, n, inner]: [usize; 3], log: bool) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
            let at = |k: usize| (o * n + k) * inner + i;
            let largest = (0..n).map(|k| x[at(k)]).fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = (0..n).map(|k| (x[at(k)] - largest).exp()).sum();
            for k in 0..n {
                let lp = x[at(k)] - largest - total.ln();
                out[at(k)] = if log { lp } else { lp.exp() };
            }
        }
        out
    }

    #[test]
    fn agrees_with_f64_along_every_dim() {
        for (dtype, relative, absolute) in [(ACL_FLOAT, 1e-6, 2e-6), (ACL_BF16, 4e-3, 1e-6), (ACL_FLOAT16, 5e-4, 1e-6)] {
            for (dims, dim) in [([3, 1, 7], 2), ([2, 1031, 3], 1), ([5, 2, 3], 0), ([1, 4, 2500], -1), ([1, 1, 1], -3)] {
                let x = Array::new(dtype, &dims, noise(9).map(|v| 20.0 * v));
                let out = Array::out(dtype, &dims);
                let d = dims.map(|d| d as usize);
                let shape = match dim {
                    0 | -3 => [1, d[0], d[1] * d[2]],
                    1 => [d[0], d[1], d[2]],
                    _ => [d[0] * d[1], d[2], 1],
                };
                // f32: 2 ulp of exp and 2^-24 of |x|; else a rounding of the result to the dtype.
                run(|w, e| aclnnLogSoftmaxGetWorkspaceSize(x.handle(), dim, out.handle(), w, e)).unwrap();
                assert_close(&out.values(), &reference(&x.values(), shape, true), relative, absolute);
                run(|w, e| aclnnSoftmaxGetWorkspaceSize(x.handle(), dim, out.handle(), w, e)).unwrap();
                // An f32 exponent carries the rounding of x - max (up to 40): 40 * 2^-24.
                assert_close(&out.values(), &reference(&x.values(), shape, false), relative + 3e-6, 1e-7);
            }
        }
    }

    #[test]
    fn masked_elements_have_no_probability_and_rows_may_be_in_place() {
        let x = Array::new(ACL_FLOAT, &[2, 3], [0.0, f64::NEG_INFINITY, 0.0, f64::NAN, 1.0, 2.0]);
        run(|w, e| aclnnSoftmaxGetWorkspaceSize(x.handle(), 1, x.handle(), w, e)).unwrap();
        assert_close(&x.values(), &[0.5, 0.0, 0.5, f64::NAN, f64::NAN, f64::NAN], 0.0, 0.0);
    }

    #[test]
    fn refusals() {
        let (x, y) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::new(ACL_INT32, &[2, 3], [0.0; 6]));
        let wrong = run(|w, e| aclnnSoftmaxGetWorkspaceSize(x.handle(), 2, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnSoftmax", "dim is 2; -2..1"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnLogSoftmaxGetWorkspaceSize(y.handle(), 0, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnLogSoftmax", "self is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnLogSoftmaxGetWorkspaceSize(nothing(), 0, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnLogSoftmax", "self is null"), ACLNN_ERR_PARAM_NULLPTR);
    }
}
