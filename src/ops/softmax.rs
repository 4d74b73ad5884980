//! Softmax and its logarithm.

use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{View, ViewMut};

fn geometry(op: &str, x: &View<'_>, dim: usize, out: &ViewMut<'_>) -> Result<()> {
    check::dtype(op, "x", x.dtype(), FLOATS)?;
    check::dtype(op, "out", out.dtype(), FLOATS)?;
    check::shape(op, "out", out.shape(), x.shape())?;
    check::that(dim < x.shape().len(), op, || format!("there is no dim {dim} in x {:?}", x.shape()))
}

/// Softmax along `dim`. Shapes: alike. CANN: `aclnnSoftmax` (8.1).
pub fn softmax<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "softmax";
    let (x, out) = (x.into(), out.into());
    geometry(OP, &x, dim, &out)?;
    aclnn!(s, aclnnSoftmax(x.input(s, OP, "x")?, dim as i64, out.output(s, OP, "out")?))
}

/// Log-softmax along `dim`. Shapes: alike. CANN: `aclnnLogSoftmax` (8.1).
pub fn log_softmax<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "log_softmax";
    let (x, out) = (x.into(), out.into());
    geometry(OP, &x, dim, &out)?;
    aclnn!(s, aclnnLogSoftmax(x.input(s, OP, "x")?, dim as i64, out.output(s, OP, "out")?))
}

/// Gradient of [`softmax`] from its output `y`: `dx = y * (dy - Σ dy*y)` along `dim`.
///
/// Shapes: dy, y, dx alike, one float dtype for `dy` and `y`. CANN: `aclnnSoftmaxBackward` (8.1).
pub fn softmax_backward<'a>(
    s: &Stream,
    dy: impl Into<View<'a>>,
    y: impl Into<View<'a>>,
    dim: usize,
    dx: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "softmax_backward";
    let (dy, y, dx) = (dy.into(), y.into(), dx.into());
    gradient(OP, &dy, &y, dim, &dx)?;
    aclnn!(s, aclnnSoftmaxBackward(dy.input(s, OP, "dy")?, y.input(s, OP, "y")?, dim as i64, dx.output(s, OP, "dx")?))
}

/// Gradient of [`log_softmax`] from its output `y`: `dx = dy - exp(y) * Σ dy` along `dim`.
///
/// Shapes: dy, y, dx alike, one float dtype for `dy` and `y`. CANN: `aclnnLogSoftmaxBackward` (8.1).
pub fn log_softmax_backward<'a>(
    s: &Stream,
    dy: impl Into<View<'a>>,
    y: impl Into<View<'a>>,
    dim: usize,
    dx: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "log_softmax_backward";
    let (dy, y, dx) = (dy.into(), y.into(), dx.into());
    gradient(OP, &dy, &y, dim, &dx)?;
    aclnn!(s, aclnnLogSoftmaxBackward(dy.input(s, OP, "dy")?, y.input(s, OP, "y")?, dim as i64, dx.output(s, OP, "dx")?))
}

fn gradient(op: &str, dy: &View<'_>, y: &View<'_>, dim: usize, dx: &ViewMut<'_>) -> Result<()> {
    check::dtype(op, "dy", dy.dtype(), FLOATS)?;
    check::dtype(op, "y", y.dtype(), &[dy.dtype()])?;
    check::shape(op, "y", y.shape(), dy.shape())?;
    check::dtype(op, "dx", dx.dtype(), FLOATS)?;
    check::shape(op, "dx", dx.shape(), dy.shape())?;
    check::that(dim < dy.shape().len(), op, || format!("there is no dim {dim} in dy {:?}", dy.shape()))
}
