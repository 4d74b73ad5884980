//! Reductions that say something of many numbers: mean, variance, the logarithm of the sum of exponentials, and whether all or any
//! are true.

use super::call::IntArray;
use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// The shape of `out`: `x`'s, with 1 along `dim`.
fn reduced(op: &str, x: &View<'_>, dim: usize) -> Result<Vec<usize>> {
    check::that(dim < x.shape().len(), op, || format!("there is no dim {dim} in x {:?}", x.shape()))?;
    let mut shape = x.shape().to_vec();
    shape[dim] = 1;
    Ok(shape)
}

/// The variance over `dim`, which stays as a dim of size 1; divided by one less than the count if `unbiased`.
///
/// Shapes: x [.., d, ..], floats; out [.., 1, ..], of x's dtype. CANN: `aclnnVar` (8.1).
pub fn variance<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, unbiased: bool, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "variance";
    let (x, out) = (x.into(), out.into());
    check::dtype(OP, "x", x.dtype(), FLOATS)?;
    check::shape(OP, "out", out.shape(), &reduced(OP, &x, dim)?)?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    let dims = IntArray::new(s, &[dim as i64]);
    aclnn!(s, aclnnVar(x.input(s, OP, "x")?, dims, unbiased, true, out.output(s, OP, "out")?))
}

macro_rules! truths {
    ($($(#[$doc:meta])* $name:ident, $aclnn:ident;)*) => { $(
        $(#[$doc])*
        pub fn $name<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
            const OP: &str = stringify!($name);
            let (x, out) = (x.into(), out.into());
            check::shape(OP, "out", out.shape(), &reduced(OP, &x, dim)?)?;
            check::dtype(OP, "out", out.dtype(), &[DType::Bool])?;
            let dims = IntArray::new(s, &[dim as i64]);
            aclnn!(s, $aclnn(x.input(s, OP, "x")?, dims, true, out.output(s, OP, "out")?))
        }
    )* };
}
truths! {
    /// Whether all elements along `dim`, which stays as a dim of size 1, are other than 0.
    ///
    /// Shapes: x [.., d, ..], out [.., 1, ..], bool. CANN: `aclnnAll` (8.1).
    all, aclnnAll;
    /// Whether any element along `dim`, which stays as a dim of size 1, is other than 0.
    ///
    /// Shapes: x [.., d, ..], out [.., 1, ..], bool. CANN: `aclnnAny` (8.1).
    any, aclnnAny;
}

/// Checks a reduction of floats over `dim`, which stays with size 1.
fn over(op: &str, x: &View<'_>, dim: usize, out: &ViewMut<'_>) -> Result<()> {
    check::dtype(op, "x", x.dtype(), FLOATS)?;
    check::shape(op, "out", out.shape(), &reduced(op, x, dim)?)?;
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
