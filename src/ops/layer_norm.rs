//! Layer norms, forward and backward.

use super::call::{BoolArray, IntArray};
use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// Checks `x [.., d]`, parameters `[d]`, and statistics f32 `[.., 1]`.
fn geometry(
    op: &str,
    x: &View<'_>,
    parameters: &[(&str, &[usize], DType)],
    statistics: &[(&str, &[usize], DType)],
) -> Result<usize> {
    check::dtype(op, "x", x.dtype(), FLOATS)?;
    check::that(!x.shape().is_empty(), op, || "x has no dims, [.., d] is needed".into())?;
    let (rows, last) = x.shape().split_at(x.shape().len() - 1);
    for &(arg, shape, dtype) in parameters {
        check::shape(op, arg, shape, last)?;
        check::dtype(op, arg, dtype, FLOATS)?;
    }
    for &(arg, shape, dtype) in statistics {
        check::shape(op, arg, shape, &[rows, &[1]].concat())?;
        check::dtype(op, arg, dtype, &[DType::F32])?;
    }
    Ok(last[0])
}

/// `y = (x - mean) * rstd * weight + bias` over the last dim, `rstd = 1 / sqrt(variance + eps)`.
///
/// Shapes: x, y [.., d]; weight, bias `[d]`; mean, rstd f32 [.., 1], which the backward needs.
/// CANN: `aclnnLayerNorm` (8.1).
#[allow(clippy::too_many_arguments)] // Three inputs and three outputs are what it has.
pub fn layer_norm<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    weight: impl Into<View<'a>>,
    bias: impl Into<View<'a>>,
    eps: f64,
    y: impl Into<ViewMut<'a>>,
    mean: impl Into<ViewMut<'a>>,
    rstd: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "layer_norm";
    let (x, weight, bias, y, mean, rstd) = (x.into(), weight.into(), bias.into(), y.into(), mean.into(), rstd.into());
    let parameters = [("weight", weight.shape(), weight.dtype()), ("bias", bias.shape(), bias.dtype())];
    let d = geometry(OP, &x, &parameters, &[("mean", mean.shape(), mean.dtype()), ("rstd", rstd.shape(), rstd.dtype())])?;
    check::shape(OP, "y", y.shape(), x.shape())?;
    check::dtype(OP, "y", y.dtype(), &[x.dtype()])?;
    aclnn!(
        s,
        aclnnLayerNorm(
            x.input(s, OP, "x")?,
            IntArray::new(s, &[d as i64]),
            weight.input(s, OP, "weight")?,
            bias.input(s, OP, "bias")?,
            eps,
            y.output(s, OP, "y")?,
            mean.output(s, OP, "mean")?,
            rstd.output(s, OP, "rstd")?
        )
    )
}

/// Gradients of [`layer_norm`]; all three are **overwritten**.
///
/// Shapes: dy, x, dx [.., d]; mean, rstd f32 [.., 1]; weight, bias, dweight, dbias `[d]`.
/// CANN: `aclnnLayerNormBackward` (8.1).
#[allow(clippy::too_many_arguments)] // Six inputs and three outputs are what it has.
pub fn layer_norm_backward<'a>(
    s: &Stream,
    dy: impl Into<View<'a>>,
    x: impl Into<View<'a>>,
    mean: impl Into<View<'a>>,
    rstd: impl Into<View<'a>>,
    weight: impl Into<View<'a>>,
    bias: impl Into<View<'a>>,
    dx: impl Into<ViewMut<'a>>,
    dweight: impl Into<ViewMut<'a>>,
    dbias: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "layer_norm_backward";
    let (dy, x, mean, rstd, weight, bias) = (dy.into(), x.into(), mean.into(), rstd.into(), weight.into(), bias.into());
    let (dx, dweight, dbias) = (dx.into(), dweight.into(), dbias.into());
    let parameters = [
        ("weight", weight.shape(), weight.dtype()),
        ("bias", bias.shape(), bias.dtype()),
        ("dweight", dweight.shape(), dweight.dtype()),
        ("dbias", dbias.shape(), dbias.dtype()),
    ];
    let d = geometry(OP, &x, &parameters, &[("mean", mean.shape(), mean.dtype()), ("rstd", rstd.shape(), rstd.dtype())])?;
    for (arg, shape, dtype) in [("dy", dy.shape(), dy.dtype()), ("dx", dx.shape(), dx.dtype())] {
        check::shape(OP, arg, shape, x.shape())?;
        check::dtype(OP, arg, dtype, &[x.dtype()])?;
    }
    aclnn!(
        s,
        aclnnLayerNormBackward(
            dy.input(s, OP, "dy")?,
            x.input(s, OP, "x")?,
            IntArray::new(s, &[d as i64]),
            mean.input(s, OP, "mean")?,
            rstd.input(s, OP, "rstd")?,
            weight.input(s, OP, "weight")?,
            bias.input(s, OP, "bias")?,
            BoolArray::new(s, &[true; 3])?,
            dx.output(s, OP, "dx")?,
            dweight.output(s, OP, "dweight")?,
            dbias.output(s, OP, "dbias")?
        )
    )
}
