//! Cross entropy of two classes: `aclnnBinaryCrossEntropy`, `aclnnBinaryCrossEntropyWithLogits`, and their gradients.

use ascend_rl_sys::types::*;

use super::{backward, forward};
use crate::math::{log, sigmoid};
use crate::reject::Outcome;

/// The smallest logarithm that counts, as in PyTorch.
const LEAST: f32 = -100.0;

/// `-weight * (target*log(self) + (1 - target)*log(1 - self))` of probabilities; a null weight is 1.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnBinaryCrossEntropyGetWorkspaceSize(
    self_: *const aclTensor,
    target: *const aclTensor,
    weight: *const aclTensor,
    reduction: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let inputs = given([("self", self_), ("target", target), ("weight", weight)]);
    forward("aclnnBinaryCrossEntropy", &inputs, reduction, 0.0, ("out", out), (ws, executor), |[x, t, w, _], _| {
        let (of, of_other) = (log(x), log(1.0 - x));
        let (of, of_other) = (if of < LEAST { LEAST } else { of }, if of_other < LEAST { LEAST } else { of_other });
        -w * (t * of + (1.0 - t) * of_other)
    })
}

/// The gradient of that, by `self`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnBinaryCrossEntropyBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    target: *const aclTensor,
    weight: *const aclTensor,
    reduction: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBinaryCrossEntropyBackward";
    let inputs = given([("self", self_), ("target", target), ("weightOptional", weight)]);
    let ends = (ws, executor);
    backward(NAME, ("gradOutput", grad_output), &inputs, reduction, 0.0, ("out", out), ends, |[x, t, w, _], _| {
        let both = x * (1.0 - x);
        w * (x - t) / if both < 1e-12 { 1e-12 } else { both }
    })
}

/// The same loss of logits; `posWeight` weighs what the target says is so.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnBinaryCrossEntropyWithLogitsGetWorkspaceSize(
    self_: *const aclTensor,
    target: *const aclTensor,
    weight: *const aclTensor,
    pos_weight: *const aclTensor,
    reduction: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBinaryCrossEntropyWithLogits";
    let weights = [weight, pos_weight];
    let (inputs, swapped) = logits([("self", self_), ("target", target)], weights);
    let number = f32::from(u8::from(swapped));
    forward(NAME, &inputs, reduction, number, ("out", out), (ws, executor), |[x, t, a, b], swapped| {
        let (w, p) = if swapped != 0.0 { (b, a) } else { (a, b) };
        // log(1 + e^-x), the larger part apart.
        let off = (-x.abs()).exp().ln_1p() + if x < 0.0 { -x } else { 0.0 };
        w * ((1.0 - t) * x + (1.0 + (p - 1.0) * t) * off)
    })
}

/// The gradient of that, by `self`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnBinaryCrossEntropyWithLogitsBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    target: *const aclTensor,
    weight: *const aclTensor,
    pos_weight: *const aclTensor,
    reduction: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBinaryCrossEntropyWithLogitsBackward";
    let (inputs, swapped) = logits([("self", self_), ("target", target)], [weight, pos_weight]);
    let (number, ends) = (f32::from(u8::from(swapped)), (ws, executor));
    backward(NAME, ("gradOutput", grad_output), &inputs, reduction, number, ("out", out), ends, |[x, t, a, b], swapped| {
        let (w, p) = if swapped != 0.0 { (b, a) } else { (a, b) };
        w * ((p * t + 1.0 - t) * sigmoid(x) - p * t)
    })
}

/// The tensors that there are.
fn given<const N: usize>(all: [(&'static str, *const aclTensor); N]) -> Vec<(&'static str, *const aclTensor)> {
    all.into_iter().enumerate().filter(|(i, (_, handle))| *i < 2 || !handle.is_null()).map(|(_, pair)| pair).collect()
}

/// The same with both weights, of which the second comes first where it is the only one: then the flag is true.
fn logits(
    pair: [(&'static str, *const aclTensor); 2],
    [weight, pos_weight]: [*const aclTensor; 2],
) -> (Vec<(&'static str, *const aclTensor)>, bool) {
    let [x, t] = pair;
    let all = given([x, t, ("weightOptional", weight), ("posWeightOptional", pos_weight)]);
    (all, weight.is_null() && !pos_weight.is_null())
}
