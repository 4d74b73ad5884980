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
