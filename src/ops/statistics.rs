//! Means and logarithms of sums of exponentials.

use super::call::IntArray;
use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{View, ViewMut};

/// Checks a reduction of floats over `dim`, which stays with size 1.
fn over(op: &str, x: &View<'_>, dim: usize, out: &ViewMut<'_>) -> Result<()> {
    check::dtype(op, "x", x.dtype(), FLOATS)?;
    check::that(dim < x.shape().len(), op, || format!("there is no dim {dim} in x {:?}", x.shape()))?;
    let mut needed = x.shape().to_vec();
    needed[dim] = 1;
    check::shape(op, "out", out.shape(), &needed)?;
    check::dtype(op, "out", out.dtype(), FLOATS)
}

/// Mean over `dim`, which stays with size 1. `out`'s dtype is the dtype of the mean.
///
/// Shapes: x [.., d, ..], out [.., 1, ..]; floats. CANN: `aclnnMean` (8.1).
pub fn mean<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "mean";
    let (x, out) = (x.into(), out.into());
    over(OP, &x, dim, &out)?;
    let dims = IntArray::new(s, &[dim as i64]);
    aclnn!(s, aclnnMean(x.input(s, OP, "x")?, dims, true, out.dtype(), out.output(s, OP, "out")?))
}

/// `ln(sum(exp(x)))` over `dim`, which stays with size 1: what divides a softmax.
///
/// Shapes: x [.., d, ..], out [.., 1, ..]; floats. CANN: `aclnnLogSumExp` (8.1).
pub fn logsumexp<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "logsumexp";
    let (x, out) = (x.into(), out.into());
    over(OP, &x, dim, &out)?;
    let dims = IntArray::new(s, &[dim as i64]);
    aclnn!(s, aclnnLogSumExp(x.input(s, OP, "x")?, dims, true, out.output(s, OP, "out")?))
}
