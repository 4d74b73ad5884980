//! RMS norms.

use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// Checks `x [.., d]`, `gamma [d]` and `rstd [.., 1]`.
fn geometry(op: &str, x: &View<'_>, gamma: &View<'_>, rstd: &[usize], rstd_dtype: DType) -> Result<()> {
    check::dtype(op, "x", x.dtype(), FLOATS)?;
    check::that(!x.shape().is_empty(), op, || "x has no dims, [.., d] is needed".into())?;
    let wide = [x.dtype(), DType::F32];
    check::dtype(op, "gamma", gamma.dtype(), if x.dtype() == DType::F32 { &wide[1..] } else { &wide })?;
    let (rows, last) = x.shape().split_at(x.shape().len() - 1);
    check::shape(op, "gamma", gamma.shape(), last)?;
    check::dtype(op, "rstd", rstd_dtype, &[DType::F32])?;
    if rstd.split_last() == Some((&1, rows)) { Ok(()) } else { check::shape(op, "rstd", rstd, &[rows, &[1]].concat()) }
}

/// `y = x * rstd * gamma` with `rstd = 1 / sqrt(mean(x²) + eps)` over the last dim.
///
/// Shapes: x, y [.., d]; gamma `[d]`; rstd f32 [.., 1]. `x` may be a slice of a wider tensor; `y` is contiguous.
/// CANN: `aclnnRmsNorm` (8.1).
pub fn rms_norm<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    gamma: impl Into<View<'a>>,
    eps: f64,
    y: impl Into<ViewMut<'a>>,
    rstd: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "rms_norm";
    let (x, gamma, y, rstd) = (x.into(), gamma.into(), y.into(), rstd.into());
    geometry(OP, &x, &gamma, rstd.shape(), rstd.dtype())?;
    check::shape(OP, "y", y.shape(), x.shape())?;
    check::dtype(OP, "y", y.dtype(), &[x.dtype()])?;
    aclnn!(
        s,
        aclnnRmsNorm(x.input(s, OP, "x")?, gamma.input(s, OP, "gamma")?, eps, y.output(s, OP, "y")?, rstd.output(s, OP, "rstd")?)
    )
}

/// Gradients of [`rms_norm`]. `dgamma` is f32 and **overwritten**, whatever the dtype of `x`.
///
/// Shapes: dy, x, dx [.., d]; rstd f32 [.., 1]; gamma `[d]`; dgamma f32 `[d]`.
/// CANN: `aclnnRmsNormGrad` (8.1); its order of summation is fixed with determinism on, which the library switches on.
pub fn rms_norm_backward<'a>(
    s: &Stream,
    dy: impl Into<View<'a>>,
    x: impl Into<View<'a>>,
    rstd: impl Into<View<'a>>,
    gamma: impl Into<View<'a>>,
    dx: impl Into<ViewMut<'a>>,
    dgamma: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "rms_norm_backward";
    let (dy, x, rstd, gamma, dx, dgamma) = (dy.into(), x.into(), rstd.into(), gamma.into(), dx.into(), dgamma.into());
    geometry(OP, &x, &gamma, rstd.shape(), rstd.dtype())?;
    check::shape(OP, "dy", dy.shape(), x.shape())?;
    check::dtype(OP, "dy", dy.dtype(), &[x.dtype()])?;
    check::shape(OP, "dx", dx.shape(), x.shape())?;
    check::dtype(OP, "dx", dx.dtype(), &[x.dtype()])?;
    check::shape(OP, "dgamma", dgamma.shape(), gamma.shape())?;
    check::dtype(OP, "dgamma", dgamma.dtype(), &[DType::F32])?;
    aclnn!(
        s,
        aclnnRmsNormGrad(
            dy.input(s, OP, "dy")?,
            x.input(s, OP, "x")?,
            rstd.input(s, OP, "rstd")?,
            gamma.input(s, OP, "gamma")?,
            dx.output(s, OP, "dx")?,
            dgamma.output(s, OP, "dgamma")?
        )
    )
}

/// The residual and the norm after it: `sum = x1 + x2` (rounded to the dtype), `y = rms_norm(sum)`.
///
/// Shapes: x1, x2, y, sum [.., d]; gamma `[d]`; rstd f32 [.., 1].
/// CANN: `aclnnAddRmsNorm` (8.1).
#[allow(clippy::too_many_arguments)] // Three inputs and three outputs are what this fusion is.
pub fn add_rms_norm<'a>(
    s: &Stream,
    x1: impl Into<View<'a>>,
    x2: impl Into<View<'a>>,
    gamma: impl Into<View<'a>>,
    eps: f64,
    y: impl Into<ViewMut<'a>>,
    rstd: impl Into<ViewMut<'a>>,
    sum: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "add_rms_norm";
    let (x1, x2, gamma, y, rstd, sum) = (x1.into(), x2.into(), gamma.into(), y.into(), rstd.into(), sum.into());
    geometry(OP, &x1, &gamma, rstd.shape(), rstd.dtype())?;
    for (arg, shape, dtype) in [("x2", x2.shape(), x2.dtype()), ("y", y.shape(), y.dtype()), ("sum", sum.shape(), sum.dtype())] {
        check::shape(OP, arg, shape, x1.shape())?;
        check::dtype(OP, arg, dtype, &[x1.dtype()])?;
    }
    check::dtype(OP, "gamma", gamma.dtype(), &[x1.dtype()])?;
    aclnn!(
        s,
        aclnnAddRmsNorm(
            x1.input(s, OP, "x1")?,
            x2.input(s, OP, "x2")?,
            gamma.input(s, OP, "gamma")?,
            eps,
            y.output(s, OP, "y")?,
            rstd.output(s, OP, "rstd")?,
            sum.output(s, OP, "sum")?
        )
    )
}
