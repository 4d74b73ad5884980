//! `aclnnSoftmaxCrossEntropyWithLogits`: the loss of logits against probabilities, and its gradient.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::norm::check_like;
use super::rows::Row;
use super::split::split;
use super::view::View;
use crate::math::{exp, sum};
use crate::reject::{Outcome, check};

/// `loss = -Σ labels * log(softmax(features))`, `backprop = softmax(features) - labels`, row by row.
pub(crate) fn aclnnSoftmaxCrossEntropyWithLogitsGetWorkspaceSize(
    features: *const aclTensor,
    labels: *mut aclTensor,
    loss: *mut aclTensor,
    backprop: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSoftmaxCrossEntropyWithLogits";
    let mut call = Call::new(NAME);
    let (x, y) = (call.input("features", features)?, call.input("labels", labels)?);
    let (loss, back) = (call.output("loss", loss)?, call.output("backprop", backprop)?);
    check_dtype(NAME, "features", &x, FLOATS)?;
    check!(x.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{NAME}: features is {}-D; 2-D is needed", x.rank());
    check_same_dtype(NAME, "labels", &y, "features", x.dtype)?;
    check_shape(NAME, "labels", &y, &x.dims)?;
    check_like(NAME, "backprop", &back, "features", &x)?;
    check_same_dtype(NAME, "loss", &loss, "features", x.dtype)?;
    check_shape(NAME, "loss", &loss, &x.dims[..1])?;
    check_writable(NAME, "loss", &loss)?;
    let n = x.dims[1];
    let [x, y, loss, back] = [x, y, loss, back].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        split(loss.numel(), n, |rows| {
            let (mut logits, mut labels, mut result) = (Row::new(n), Row::new(n), Row::new(n));
            for row in rows {
                let (x, y) = (logits.load(&x, row * n, n), labels.load(&y, row * n, n));
                let most = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let all = sum(n, |i| exp(x[i] - most));
                let log = all.ln();
                let result = result.room(n);
                for i in 0..n {
                    result[i] = exp(x[i] - most) / all - y[i];
                }
                back.store(row * n, result);
                loss.store(row, &[sum(n, |i| y[i] * (log - (x[i] - most)))]);
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
    fn loss_and_gradient() {
        for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 8e-3), (ACL_FLOAT16, 2e-3)] {
            for (rows, n) in [(1i64, 1i64), (5, 7), (3, 3000)] {
                let x = Array::new(dtype, &[rows, n], noise(1).map(|v| 9.0 * v));
                let y = Array::strided(dtype, &[rows, n], &[1, rows], 0, rows * n, noise(2).map(|v| v.abs() / n as f64));
                let (loss, back) = (Array::out(dtype, &[rows]), Array::out(dtype, &[rows, n]));
                run(|w, e| {
                    let (x, y, loss, back) = (x.handle(), y.handle(), loss.handle(), back.handle());
                    aclnnSoftmaxCrossEntropyWithLogitsGetWorkspaceSize(x, y, loss, back, w, e)
                })
                .unwrap();
                let (x, y, n) = (x.values(), y.values(), n as usize);
                let log_sum = |row: usize| x[row * n..][..n].iter().map(|v| v.exp()).sum::<f64>().ln();
                let losses: Vec<f64> =
                    (0..rows as usize).map(|row| (row * n..row * n + n).map(|i| y[i] * (log_sum(row) - x[i])).sum()).collect();
                assert_close(&loss.values(), &losses, relative, 1e-6);
                let slopes: Vec<f64> = (0..x.len()).map(|i| (x[i] - log_sum(i / n)).exp() - y[i]).collect();
                assert_close(&back.values(), &slopes, relative, 1e-6);
            }
        }
    }

    #[test]
    fn refusals() {
        let (x, y) = (Array::new(ACL_FLOAT, &[2, 3], noise(1)), Array::new(ACL_FLOAT, &[3, 2], noise(1)));
        let (loss, halves) = (Array::out(ACL_FLOAT, &[2]), Array::out(ACL_FLOAT16, &[2, 3]));
        let call = |x: &Array, y: &Array, loss: &Array, back: &Array| {
            let (x, y, loss, back) = (x.handle(), y.handle(), loss.handle(), back.handle());
            run(|w, e| aclnnSoftmaxCrossEntropyWithLogitsGetWorkspaceSize(x, y, loss, back, w, e))
        };
        for (outcome, what) in [
            (call(&x, &y, &loss, &x), "labels has shape [3, 2]"),
            (call(&x, &x, &x, &x), "loss has shape [2, 3]"),
            (call(&x, &x, &loss, &halves), "backprop is ACL_FLOAT16"),
            (call(&loss, &loss, &loss, &loss), "features is 1-D"),
        ] {
            assert_eq!(refusal(outcome, "aclnnSoftmaxCrossEntropyWithLogits", what), ACLNN_ERR_PARAM_INVALID);
        }
    }
}
