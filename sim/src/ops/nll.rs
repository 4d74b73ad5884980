//! `aclnnNLLLoss` and `aclnnNLLLossBackward` of rows `[N, C]`.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::loss::Targets;
use super::rows::all;
use super::split::split;
use super::view::{Buffer, View};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, reject};

/// What becomes of the rows' losses, by CANN's number.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reduction {
    None,
    Mean,
    Sum,
}

impl Reduction {
    pub(super) fn read(operator: &str, number: i64) -> Outcome<Reduction> {
        match number {
            0 => Ok(Reduction::None),
            1 => Ok(Reduction::Mean),
            2 => Ok(Reduction::Sum),
            other => {
                reject!(ACLNN_ERR_PARAM_INVALID, "{operator}: reduction is {other}; 0 (none), 1 (mean) and 2 (sum) are taken")
            }
        }
    }
}

/// `-weight[target] * self[target]` of each row, 0 where the target is `ignoreIndex`; `totalWeightOut` is 0 without reduction.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnNLLLossGetWorkspaceSize(
    self_: *const aclTensor,
    target: *const aclTensor,
    weight: *const aclTensor,
    reduction: i64,
    ignore_index: i64,
    out: *mut aclTensor,
    total_weight_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnNLLLoss";
    let mut call = Call::new(NAME);
    let (x, target, weight) = (call.input("self", self_)?, call.input("target", target)?, call.input("weight", weight)?);
    let reduction = Reduction::read(NAME, reduction)?;
    let (out, total) = (call.output("out", out)?, call.output("totalWeightOut", total_weight_out)?);
    check_rows(NAME, &x, &target, &weight)?;
    check_loss(NAME, "out", &out, &x, reduction)?;
    check_same_dtype(NAME, "totalWeightOut", &total, "self", x.dtype)?;
    check!(
        total.numel() == 1,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: totalWeightOut has shape {:?}; one element is needed",
        total.dims
    );
    let classes = x.dims[1];
    let [x, target, weight, out, total] = [x, target, weight, out, total].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let targets = Targets::read(NAME, &target, Some(&weight), classes, ignore_index);
        let mut one = Buffer::new();
        let losses: Vec<f32> = (0..target.numel())
            .map(|row| {
                let value = x.load::<f32>(row * classes + targets.class[row], 1, &mut one)[0];
                // A row that is ignored has weight 0, whatever it holds.
                if targets.weight[row] == 0.0 { 0.0 } else { -targets.weight[row] * value }
            })
            .collect();
        let (sum, weights) = (losses.iter().map(|&l| l as f64).sum::<f64>(), targets.total_weight());
        match reduction {
            Reduction::None => out.store(0, &losses),
            Reduction::Mean => out.store(0, &[(sum / weights) as f32]),
            Reduction::Sum => out.store(0, &[sum as f32]),
        }
        total.store(0, &[if reduction == Reduction::None { 0.0 } else { weights as f32 }]);
    })
}

/// `out[row][target] = -weight[target] * gradOutput` (over `totalWeight` for a mean), and 0 elsewhere.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnNLLLossBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    target: *const aclTensor,
    weight: *const aclTensor,
    reduction: i64,
    ignore_index: i64,
    total_weight: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnNLLLossBackward";
    let mut call = Call::new(NAME);
    let (grad, x) = (call.input("gradOutput", grad_output)?, call.input("self", self_)?);
    let (target, weight) = (call.input("target", target)?, call.input("weight", weight)?);
    let reduction = Reduction::read(NAME, reduction)?;
    let (total, out) = (call.input("totalWeight", total_weight)?, call.output("out", out)?);
    check_rows(NAME, &x, &target, &weight)?;
    check_loss(NAME, "gradOutput", &grad, &x, reduction)?;
    check_same_dtype(NAME, "totalWeight", &total, "self", x.dtype)?;
    check!(total.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: totalWeight has shape {:?}; one element is needed", total.dims);
    check_same_dtype(NAME, "out", &out, "self", x.dtype)?;
    check_shape(NAME, "out", &out, &x.dims)?;
    check_writable(NAME, "out", &out)?;
    let classes = x.dims[1];
    let [grad, target, weight, total, out] = [grad, target, weight, total, out].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let targets = Targets::read(NAME, &target, Some(&weight), classes, ignore_index);
        let (grads, total) = (all::<f32>(&grad), all::<f32>(&total)[0]);
        let share = if reduction == Reduction::Mean { 1.0 / total } else { 1.0 };
        split(target.numel(), classes, |rows| {
            let mut row_of = vec![0f32; classes];
            for row in rows {
                let grad = grads[if reduction == Reduction::None { row } else { 0 }];
                if targets.weight[row] != 0.0 {
                    row_of[targets.class[row]] = -targets.weight[row] * grad * share;
                }
                out.store(row * classes, &row_of);
                row_of[targets.class[row]] = 0.0;
            }
        })
    })
}

fn check_rows(operator: &str, x: &Tensor, target: &Tensor, weight: &Tensor) -> Outcome {
    check_dtype(operator, "self", x, FLOATS)?;
    check!(x.rank() == 2, ACL_ERROR_FEATURE_UNSUPPORTED, "{operator}: self is {}-D; the simulator takes 2-D", x.rank());
    check_dtype(operator, "target", target, &[ACL_INT64, ACL_INT32])?;
    check_shape(operator, "target", target, &x.dims[..1])?;
    check_same_dtype(operator, "weight", weight, "self", x.dtype)?;
    check_shape(operator, "weight", weight, &x.dims[1..])
}

/// A number for each row, or one.
fn check_loss(operator: &str, param: &str, loss: &Tensor, x: &Tensor, reduction: Reduction) -> Outcome {
    check_same_dtype(operator, param, loss, "self", x.dtype)?;
    if reduction == Reduction::None {
        return check_shape(operator, param, loss, &x.dims[..1]);
    }
    check!(loss.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{operator}: {param} has shape {:?}; one element is needed", loss.dims);
    Ok(())
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn losses_and_gradients_of_every_reduction() {
        for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 8e-3)] {
            for reduction in 0..3 {
                let (n, c) = (6usize, 5usize);
                let x = Array::new(dtype, &[6, 5], noise(1));
                let target = Array::new(ACL_INT64, &[6], [0.0, 4.0, -100.0, 2.0, 2.0, 1.0]);
                let weight = Array::new(dtype, &[5], noise(2).map(|v| 0.5 + v.abs()));
                let dims: &[i64] = if reduction == 0 { &[6] } else { &[] };
                let (out, total) = (Array::out(dtype, dims), Array::out(dtype, &[1]));
                run(|ws, e| {
                    let [x, target, weight, out, total] = [&x, &target, &weight, &out, &total].map(|t| t.handle());
                    aclnnNLLLossGetWorkspaceSize(x, target, weight, reduction, -100, out, total, ws, e)
                })
                .unwrap();
                let (xs, t, w) = (x.values(), target.values(), weight.values());
                let weights: Vec<f64> = t.iter().map(|&t| if t < 0.0 { 0.0 } else { w[t as usize] }).collect();
                let losses: Vec<f64> =
                    (0..n).map(|i| if t[i] < 0.0 { 0.0 } else { -weights[i] * xs[i * c + t[i] as usize] }).collect();
                let (sum, all) = (losses.iter().sum::<f64>(), weights.iter().sum::<f64>());
                let want = match reduction {
                    0 => losses,
                    1 => vec![sum / all],
                    _ => vec![sum],
                };
                assert_close(&out.values(), &want, relative, 1e-6);
                assert_close(&total.values(), &[if reduction == 0 { 0.0 } else { all }], relative, 0.0);
                let (grad, dx) = (Array::new(dtype, dims, noise(3)), Array::out(dtype, &[6, 5]));
                run(|ws, e| {
                    let [grad, x, target, weight, total, dx] = [&grad, &x, &target, &weight, &total, &dx].map(|t| t.handle());
                    aclnnNLLLossBackwardGetWorkspaceSize(grad, x, target, weight, reduction, -100, total, dx, ws, e)
                })
                .unwrap();
                let (g, share) = (grad.values(), if reduction == 1 { 1.0 / all } else { 1.0 });
                let want: Vec<f64> = (0..n * c)
                    .map(|i| {
                        let grad = g[if reduction == 0 { i / c } else { 0 }];
                        if t[i / c] == (i % c) as f64 { -weights[i / c] * grad * share } else { 0.0 }
                    })
                    .collect();
                assert_close(&dx.values(), &want, relative, 1e-6);
            }
        }
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1).map(|v| v.abs()));
        let (x, target, weight) = (of(ACL_FLOAT, &[2, 3]), of(ACL_INT64, &[2]), of(ACL_FLOAT, &[3]));
        let (out, total) = (of(ACL_FLOAT, &[]), of(ACL_FLOAT, &[1]));
        let loss = |x: &Array, target: &Array, reduction| {
            run(|ws, e| {
                let [x, target, weight, out, total] = [x, target, &weight, &out, &total].map(|t| t.handle());
                aclnnNLLLossGetWorkspaceSize(x, target, weight, reduction, -100, out, total, ws, e)
            })
        };
        let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnNLLLoss", what), ACLNN_ERR_PARAM_INVALID);
        invalid(loss(&x, &target, 3), "reduction is 3");
        invalid(loss(&x, &of(ACL_INT64, &[3]), 1), "target has shape [3]");
        invalid(loss(&x, &target, 0), "out has shape []; [2]");
        let code = refusal(loss(&of(ACL_FLOAT, &[3]), &target, 1), "aclnnNLLLoss", "self is 1-D");
        assert_eq!(code, ACL_ERROR_FEATURE_UNSUPPORTED);
    }
}
