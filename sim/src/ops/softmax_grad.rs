//! `aclnnSoftmaxBackward` and `aclnnLogSoftmaxBackward`: from the outputs of the forward operators, in f32.

use ascend_rl_sys::types::*;

use super::along::length;
use super::call::Call;
use super::dtypes::*;
use super::lanes::fold;
use super::rows::{Row, Target};
use super::split::split;
use super::view::View;
use crate::math::exp;
use crate::reject::Outcome;
use crate::simd::vectorized;

/// `out = output * (gradOutput - Σ gradOutput*output)` along `dim`.
pub(crate) fn aclnnSoftmaxBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    output: *const aclTensor,
    dim: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    plan("aclnnSoftmaxBackward", [grad_output, output, out], dim, ws, executor, |d, y, out| {
        for i in 0..out.len() {
            out[i] = d[i] * y[i];
        }
        let total = fold(out, 0.0, |sum, v| sum + v, |a, b| a + b);
        for i in 0..out.len() {
            out[i] = y[i] * (d[i] - total);
        }
    })
}

/// `out = gradOutput - exp(output) * Σ gradOutput` along `dim`.
pub(crate) fn aclnnLogSoftmaxBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    output: *const aclTensor,
    dim: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    plan("aclnnLogSoftmaxBackward", [grad_output, output, out], dim, ws, executor, |d, y, out| {
        let total = fold(d, 0.0, |sum, v| sum + v, |a, b| a + b);
        for i in 0..out.len() {
            out[i] = d[i] - exp(y[i]) * total;
        }
    })
}

/// `of_row(gradOutput, output, out)` has three slices of one length.
fn plan(
    name: &'static str,
    [grad_output, output, out]: [*const aclTensor; 3],
    dim: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
    of_row: impl Fn(&[f32], &[f32], &mut [f32]) + Copy + Send + Sync + 'static,
) -> Outcome {
    let mut call = Call::new(name);
    let (d, y, out) = (call.input("gradOutput", grad_output)?, call.input("output", output)?, call.output("out", out)?);
    check_dtype(name, "gradOutput", &d, FLOATS)?;
    check_dtype(name, "output", &y, FLOATS)?;
    check_same_dtype(name, "output", &y, "gradOutput", d.dtype)?;
    check_shape(name, "output", &y, &d.dims)?;
    check_dtype(name, "out", &out, FLOATS)?;
    check_shape(name, "out", &out, &d.dims)?;
    check_writable(name, "out", &out)?;
    let dim = check_dim(name, "dim", dim, &d)?;
    let n = length(&d, dim);
    let [d, y, out] = [d, y, out].map(|t| View::lines(&t, dim));
    let out = Target::new(out, &[&d, &y]);
    call.finish(ws, executor, move || {
        split(d.rows(n), n, |rows| {
            let (mut left, mut right, mut result) = (Row::new(n), Row::new(n), Row::new(n));
            for r in rows {
                let (d, y, to) = (left.load(&d, r * n, n), right.load(&y, r * n, n), out.room(r * n, n, &mut result));
                vectorized(
                    #[inline(always)]
                    || of_row(&d[..n], &y[..n], &mut to[..n]),
                );
                out.store(r * n, to);
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn gradients_follow_the_formulas_along_every_dim() {
        for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 5e-4)] {
            for (dims, dim) in [([3i64, 5, 7], 0i64), ([3, 5, 7], 1), ([2, 3, 1100], -1), ([1, 1, 1], 2)] {
                let d = dim.rem_euclid(3) as usize;
                let (n, inner) = (dims[d] as usize, dims[d + 1..].iter().product::<i64>() as usize);
                let grad = Array::new(dtype, &dims, noise(1));
                for log in [false, true] {
                    // Probabilities, or their logarithms, that need not add up: the formulas do not ask.
                    let y = Array::new(dtype, &dims, noise(2).map(|v| if log { 3.0 * v - 3.0 } else { v.abs() / n as f64 }));
                    let out = Array::out(dtype, &dims);
                    run(|ws, e| {
                        let [grad, y, out] = [&grad, &y, &out].map(|t| t.handle());
                        if log {
                            aclnnLogSoftmaxBackwardGetWorkspaceSize(grad, y, dim, out, ws, e)
                        } else {
                            aclnnSoftmaxBackwardGetWorkspaceSize(grad, y, dim, out, ws, e)
                        }
                    })
                    .unwrap();
                    let (g, y) = (grad.values(), y.values());
                    let want: Vec<f64> = (0..g.len())
                        .map(|at| {
                            let first = at / (n * inner) * n * inner + at % inner;
                            let line = (0..n).map(|k| first + k * inner);
                            if log {
                                g[at] - y[at].exp() * line.map(|i| g[i]).sum::<f64>()
                            } else {
                                y[at] * (g[at] - line.map(|i| g[i] * y[i]).sum::<f64>())
                            }
                        })
                        .collect();
                    // f32 sums of up to 1100 terms below 1.
                    assert_close(&out.values(), &want, relative, 2e-5);
                }
            }
        }
        let (x, y) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::new(ACL_FLOAT, &[3, 2], noise(1)));
        let wrong = run(|ws, e| aclnnSoftmaxBackwardGetWorkspaceSize(x.handle(), y.handle(), 1, x.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnSoftmaxBackward", "output has shape [3, 2]"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|ws, e| aclnnLogSoftmaxBackwardGetWorkspaceSize(x.handle(), x.handle(), 2, x.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnLogSoftmaxBackward", "dim is 2"), ACLNN_ERR_PARAM_INVALID);
    }
}
