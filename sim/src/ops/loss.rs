//! `aclnnCrossEntropyLoss` and `aclnnCrossEntropyLossGrad`, with hard targets. Label smoothing and the z-loss are refused.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::lanes::fold;
use super::rows::Parts;
use super::split::split;
use super::view::{BLOCK, Buffer, View};
use crate::math::exp;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, fail, reject};
use crate::simd::vectorized;

/// What becomes of the rows' losses.
#[derive(Clone, Copy, PartialEq)]
enum Reduction {
    None,
    /// Over the rows that are not ignored, by their weights.
    Mean,
    Sum,
}

/// `log_prob = log_softmax(input)`, and of each row `-weight[target] * log_prob[target]`, 0 where the target is `ignore_index`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnCrossEntropyLossGetWorkspaceSize(
    input: *const aclTensor,
    target: *const aclTensor,
    weight: *const aclTensor,
    reduction: *mut c_char,
    ignore_index: i64,
    label_smoothing: f64,
    lse_square_scale_for_zloss: f64,
    return_zloss: bool,
    loss_out: *const aclTensor,
    log_prob_out: *const aclTensor,
    zloss_out: *const aclTensor,
    lse_for_zloss_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnCrossEntropyLoss";
    let mut call = Call::new(NAME);
    let (input, target) = (call.input("input", input)?, call.input("target", target)?);
    let weight = call.optional_input("weightOptional", weight)?;
    let reduction = read_reduction(&call, NAME, reduction)?;
    let (loss, log_prob) = (call.output("lossOut", loss_out)?, call.output("logProbOut", log_prob_out)?);
    // CANN demands these two even where it leaves them alone, as here.
    call.output("zlossOut", zloss_out)?;
    call.output("lseForZlossOut", lse_for_zloss_out)?;
    check_plain_loss(NAME, label_smoothing, lse_square_scale_for_zloss)?;
    check!(!return_zloss, ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: returnZloss is true; the simulator has no z-loss");
    check_logits(NAME, ("input", &input), &target, weight.as_ref())?;
    check_same_dtype(NAME, "logProbOut", &log_prob, "input", input.dtype)?;
    check_shape(NAME, "logProbOut", &log_prob, &input.dims)?;
    check_writable(NAME, "logProbOut", &log_prob)?;
    check_loss(NAME, "lossOut", &loss, &input, reduction)?;
    let (rows, classes) = (input.dims[0], input.dims[1]);
    let (input, target, loss, log_prob) = (View::new(&input), View::new(&target), View::new(&loss), View::new(&log_prob));
    let weight = weight.map(|w| View::new(&w));
    call.finish(ws, executor, move || {
        let targets = Targets::read(NAME, &target, weight.as_ref(), classes, ignore_index);
        let mut losses = vec![0f32; rows];
        let parts = Parts::new(&mut losses);
        split(rows, classes, |range| {
            for row in range {
                let picked = vectorized(
                    #[inline(always)]
                    || log_softmax(&input, &log_prob, row * classes, classes, targets.class[row]),
                );
                // SAFETY: each row writes its own loss, and `losses` outlives the call.
                unsafe { parts.slice(row, 1)[0] = -targets.weight[row] * picked };
            }
        });
        let total = || losses.iter().map(|&v| v as f64).sum::<f64>();
        match reduction {
            Reduction::None => loss.store(0, &losses),
            Reduction::Sum => loss.store(0, &[total() as f32]),
            Reduction::Mean => loss.store(0, &[(total() / targets.total_weight()) as f32]),
        }
    })
}

/// `out = grad * weight[target] * (exp(log_prob) - onehot(target))`, over the sum of the weights for "mean".
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnCrossEntropyLossGradGetWorkspaceSize(
    grad_loss: *const aclTensor,
    log_prob: *const aclTensor,
    target: *const aclTensor,
    weight: *const aclTensor,
    grad_zloss: *const aclTensor,
    lse_for_zloss: *const aclTensor,
    reduction: *mut c_char,
    ignore_index: i64,
    label_smoothing: f64,
    lse_square_scale_for_zloss: f64,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnCrossEntropyLossGrad";
    let mut call = Call::new(NAME);
    let (grad, log_prob) = (call.input("gradLoss", grad_loss)?, call.input("logProb", log_prob)?);
    let target = call.input("target", target)?;
    let weight = call.optional_input("weightOptional", weight)?;
    call.absent("gradZlossOptional", grad_zloss)?;
    call.absent("lseForZlossOptional", lse_for_zloss)?;
    let reduction = read_reduction(&call, NAME, reduction)?;
    let out = call.output("out", out)?;
    check_plain_loss(NAME, label_smoothing, lse_square_scale_for_zloss)?;
    check_logits(NAME, ("logProb", &log_prob), &target, weight.as_ref())?;
    check_loss(NAME, "gradLoss", &grad, &log_prob, reduction)?;
    check_same_dtype(NAME, "out", &out, "logProb", log_prob.dtype)?;
    check_shape(NAME, "out", &out, &log_prob.dims)?;
    check_writable(NAME, "out", &out)?;
    let (rows, classes) = (log_prob.dims[0], log_prob.dims[1]);
    let (grad, log_prob, target, out) = (View::new(&grad), View::new(&log_prob), View::new(&target), View::new(&out));
    let weight = weight.map(|w| View::new(&w));
    call.finish(ws, executor, move || {
        let targets = Targets::read(NAME, &target, weight.as_ref(), classes, ignore_index);
        let share = if reduction == Reduction::Mean { 1.0 / targets.total_weight() } else { 1.0 };
        split(rows, classes, |range| {
            let mut one = Buffer::new();
            for row in range {
                let given = grad.load::<f32>(if reduction == Reduction::None { row } else { 0 }, 1, &mut one)[0];
                // A row that is ignored has weight 0, whatever the gradient is.
                let scale = if targets.weight[row] == 0.0 { 0.0 } else { given * targets.weight[row] * share as f32 };
                vectorized(
                    #[inline(always)]
                    || gradient(&log_prob, &out, row * classes, classes, targets.class[row], scale),
                );
            }
        })
    })
}

/// The pieces of a row that are loaded at a time: where, and how long.
fn blocks(start: usize, n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).step_by(BLOCK).map(move |done| (start + done, BLOCK.min(n - done)))
}

/// NaN is left out.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// One row; gives the log-probability of `class`, before it is rounded to the dtype.
#[inline(always)]
fn log_softmax(input: &View, log_prob: &View, start: usize, classes: usize, class: usize) -> f32 {
    let mut buffer = Buffer::new();
    let mut largest = f32::NEG_INFINITY;
    for (at, n) in blocks(start, classes) {
        let x = input.load::<f32>(at, n, &mut buffer);
        largest = fold(x, largest, larger, larger);
    }
    let mut total = 0f64;
    for (at, n) in blocks(start, classes) {
        let x = input.load::<f32>(at, n, &mut buffer);
        total += fold(
            x,
            0.0,
            #[inline(always)]
            |sum, x| sum + exp(x - largest),
            |a, b| a + b,
        ) as f64;
    }
    let log_total = total.ln() as f32;
    let mut picked = 0.0;
    let mut result = [0f32; BLOCK];
    for (at, n) in blocks(start, classes) {
        for (to, x) in result.iter_mut().zip(input.load::<f32>(at, n, &mut buffer)) {
            *to = x - largest - log_total;
        }
        if (at..at + n).contains(&(start + class)) {
            picked = result[start + class - at];
        }
        log_prob.store(at, &result[..n]);
    }
    picked
}

/// One row of the gradient.
#[inline(always)]
fn gradient(log_prob: &View, out: &View, start: usize, classes: usize, class: usize, scale: f32) {
    let mut buffer = Buffer::new();
    let mut result = [0f32; BLOCK];
    for (at, n) in blocks(start, classes) {
        if scale == 0.0 {
            result[..n].fill(0.0);
        } else {
            for (to, x) in result.iter_mut().zip(log_prob.load::<f32>(at, n, &mut buffer)) {
                *to = scale * exp(*x);
            }
            if (at..at + n).contains(&(start + class)) {
                result[start + class - at] -= scale;
            }
        }
        out.store(at, &result[..n]);
    }
}

/// What each row is to be, and what it counts: 0 if it is ignored.
pub(super) struct Targets {
    pub class: Vec<usize>,
    pub weight: Vec<f32>,
}

impl Targets {
    /// A target that is no class fails the operation, as it does on a device: when it runs.
    pub(super) fn read(operator: &str, target: &View, weight: Option<&View>, classes: usize, ignore_index: i64) -> Targets {
        let n = target.numel();
        let mut targets = Targets { class: Vec::with_capacity(n), weight: Vec::with_capacity(n) };
        let (mut one, mut w) = (Buffer::new(), Buffer::new());
        for row in 0..n {
            let class = target.load::<i64>(row, 1, &mut one)[0];
            let ignored = class == ignore_index;
            if !ignored && !(0..classes as i64).contains(&class) {
                fail!("{operator}: target[{row}] is {class}, out of range for {classes} classes")
            }
            let class = if ignored { 0 } else { class as usize };
            targets.class.push(class);
            targets.weight.push(match weight {
                _ if ignored => 0.0,
                Some(weight) => weight.load::<f32>(class, 1, &mut w)[0],
                None => 1.0,
            });
        }
        targets
    }

    pub(super) fn total_weight(&self) -> f64 {
        self.weight.iter().map(|&w| w as f64).sum()
    }
}

fn read_reduction(call: &Call, operator: &str, text: *mut c_char) -> Outcome<Reduction> {
    // CANN's default.
    if text.is_null() {
        return Ok(Reduction::Mean);
    }
    match call.text("reductionOptional", text)?.as_str() {
        "none" => Ok(Reduction::None),
        "mean" => Ok(Reduction::Mean),
        "sum" => Ok(Reduction::Sum),
        other => reject!(
            ACLNN_ERR_PARAM_INVALID,
            "{operator}: reductionOptional is {other:?}; \"none\", \"mean\" and \"sum\" are taken"
        ),
    }
}

/// Refuses what the simulator's losses do not have.
fn check_plain_loss(operator: &str, label_smoothing: f64, lse_square_scale_for_zloss: f64) -> Outcome {
    for (param, value) in [("labelSmoothing", label_smoothing), ("lseSquareScaleForZloss", lse_square_scale_for_zloss)] {
        check!(value == 0.0, ACL_ERROR_FEATURE_UNSUPPORTED, "{operator}: {param} is {value}; the simulator takes 0");
    }
    Ok(())
}

/// The rules for `[N, C]`, targets and class weights.
fn check_logits(operator: &str, (param, x): (&str, &Tensor), target: &Tensor, weight: Option<&Tensor>) -> Outcome {
    check_dtype(operator, param, x, FLOATS)?;
    check!(x.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{operator}: {param} is {}-D; 2-D is needed", x.rank());
    check_dtype(operator, "target", target, &[ACL_INT64])?;
    check_shape(operator, "target", target, &x.dims[..1])?;
    if let Some(weight) = weight {
        check_dtype(operator, "weightOptional", weight, &[ACL_FLOAT])?;
        check_shape(operator, "weightOptional", weight, &x.dims[1..])?;
    }
    Ok(())
}

/// A loss, or its gradient: a number for each row, or one.
fn check_loss(operator: &str, param: &str, loss: &Tensor, x: &Tensor, reduction: Reduction) -> Outcome {
    check_dtype(operator, param, loss, FLOATS)?;
    check_same_dtype(operator, param, loss, "the logits", x.dtype)?;
    if reduction == Reduction::None {
        return check_shape(operator, param, loss, &x.dims[..1]);
    }
    let dims = &*loss.dims;
    check!(
        dims.is_empty() || *dims == [1],
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: {param} has shape {dims:?}; one element is needed"
    );
    Ok(())
}

#[cfg(test)]
mod tests;
