//! Optimiser steps.

use super::call::NoTensor;
use super::check;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// Settings of one AdamW step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Learning rate.
    pub lr: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Added to the root of the second moment.
    pub eps: f32,
}

/// One step of AdamW with decoupled weight decay (Loshchilov and Hutter, 2019), in place on `param`, `m` and `v`.
///
/// `step` is the number of steps **completed**, 0 at the first call: CANN adds 1 before the bias correction.
/// Shapes: param, m, v f32 and grad alike, contiguous; step i64 `[1]`. grad f32, bf16 or f16.
/// CANN: `aclnnApplyAdamWV2` (8.1).
#[allow(clippy::too_many_arguments)] // The optimiser's state is three tensors.
pub fn adamw<'a>(
    s: &Stream,
    param: impl Into<ViewMut<'a>>,
    m: impl Into<ViewMut<'a>>,
    v: impl Into<ViewMut<'a>>,
    grad: impl Into<View<'a>>,
    step: impl Into<View<'a>>,
    settings: &AdamW,
) -> Result<()> {
    const OP: &str = "adamw";
    let (param, m, v, grad, step) = (param.into(), m.into(), v.into(), grad.into(), step.into());
    for (arg, view) in [("param", &param), ("m", &m), ("v", &v)] {
        check::shape(OP, arg, view.shape(), param.shape())?;
        check::dtype(OP, arg, view.dtype(), &[DType::F32])?;
        check::that(view.is_contiguous(), OP, || format!("{arg} must be contiguous"))?;
    }
    check::shape(OP, "grad", grad.shape(), param.shape())?;
    check::dtype(OP, "grad", grad.dtype(), check::FLOATS)?;
    check::shape(OP, "step", step.shape(), &[1])?;
    check::dtype(OP, "step", step.dtype(), &[DType::I64])?;
    aclnn!(
        s,
        aclnnApplyAdamWV2(
            param.output(s, OP, "param")?,
            m.output(s, OP, "m")?,
            v.output(s, OP, "v")?,
            NoTensor,
            grad.input(s, OP, "grad")?,
            step.input(s, OP, "step")?,
            settings.lr,
            settings.beta1,
            settings.beta2,
            settings.weight_decay,
            settings.eps,
            false,
            false
        )
    )
}
