//! Cross entropy: the log-probability of each target token, and its gradient.

use std::ffi::CStr;

use super::call::NoTensor;
use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, Tensor, View, ViewMut};

/// Per-row losses; means over tokens are the caller's business.
const REDUCTION: &CStr = c"none";
/// A target of this value has loss and gradient 0.
const IGNORE_INDEX: i64 = -100;

fn geometry(op: &str, rows: &[usize], targets: &View<'_>, loss: &[usize]) -> Result<()> {
    check::rank(op, "logits", rows, 2, "[rows, vocabulary]")?;
    check::shape(op, "targets", targets.shape(), &rows[..1])?;
    check::dtype(op, "targets", targets.dtype(), &[DType::I64])?;
    check::shape(op, "loss", loss, &rows[..1])
}

/// `loss[i] = -log_prob[i][targets[i]]`, with `log_prob` the log-softmax of the logits, kept for the backward.
///
/// Shapes: logits, log_prob [n, v]; targets i64 `[n]` (-100: ignored); loss `[n]`. One float dtype.
/// CANN: `aclnnCrossEntropyLoss` (8.1), reduction "none", as verl's NPU path calls it.
pub fn cross_entropy<'a>(
    s: &Stream,
    logits: impl Into<View<'a>>,
    targets: impl Into<View<'a>>,
    loss: impl Into<ViewMut<'a>>,
    log_prob: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "cross_entropy";
    let (logits, targets, loss, log_prob) = (logits.into(), targets.into(), loss.into(), log_prob.into());
    geometry(OP, logits.shape(), &targets, loss.shape())?;
    check::dtype(OP, "logits", logits.dtype(), FLOATS)?;
    check::shape(OP, "log_prob", log_prob.shape(), logits.shape())?;
    for (arg, dtype) in [("loss", loss.dtype()), ("log_prob", log_prob.dtype())] {
        check::dtype(OP, arg, dtype, &[logits.dtype()])?;
    }
    // CANN asks for these two even where it does not write them.
    let mut zloss = Tensor::empty(s, &[1], logits.dtype())?;
    let mut lse = Tensor::empty(s, &[1], logits.dtype())?;
    let (zloss, lse) = (zloss.view_mut(), lse.view_mut());
    aclnn!(
        s,
        aclnnCrossEntropyLoss(
            logits.input(s, OP, "logits")?,
            targets.input(s, OP, "targets")?,
            NoTensor,
            REDUCTION,
            IGNORE_INDEX,
            0.0f64,
            0.0f64,
            false,
            loss.output(s, OP, "loss")?,
            log_prob.output(s, OP, "log_prob")?,
            zloss.output(s, OP, "zloss")?,
            lse.output(s, OP, "lse")?
        )
    )
}

/// Gradient of [`cross_entropy`]: `dlogits[i] = dloss[i] * (softmax(logits[i]) - onehot(targets[i]))`.
///
/// Shapes: dloss `[n]`; log_prob, dlogits [n, v]; targets i64 `[n]`. One float dtype.
/// CANN: `aclnnCrossEntropyLossGrad` (8.1).
pub fn cross_entropy_backward<'a>(
    s: &Stream,
    dloss: impl Into<View<'a>>,
    log_prob: impl Into<View<'a>>,
    targets: impl Into<View<'a>>,
    dlogits: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "cross_entropy_backward";
    let (dloss, log_prob, targets, dlogits) = (dloss.into(), log_prob.into(), targets.into(), dlogits.into());
    geometry(OP, log_prob.shape(), &targets, dloss.shape())?;
    check::dtype(OP, "log_prob", log_prob.dtype(), FLOATS)?;
    check::shape(OP, "dlogits", dlogits.shape(), log_prob.shape())?;
    for (arg, dtype) in [("dloss", dloss.dtype()), ("dlogits", dlogits.dtype())] {
        check::dtype(OP, arg, dtype, &[log_prob.dtype()])?;
    }
    aclnn!(
        s,
        aclnnCrossEntropyLossGrad(
            dloss.input(s, OP, "dloss")?,
            log_prob.input(s, OP, "log_prob")?,
            targets.input(s, OP, "targets")?,
            NoTensor,
            NoTensor,
            NoTensor,
            REDUCTION,
            IGNORE_INDEX,
            0.0f64,
            0.0f64,
            dlogits.output(s, OP, "dlogits")?
        )
    )
}
