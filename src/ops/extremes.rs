//! The largest and smallest: of a dim, of two tensors, and the best few of a dim in order.

use super::check;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// `x`'s shape with `dim` of `size`.
fn with_dim(op: &str, x: &View<'_>, dim: usize, size: usize) -> Result<Vec<usize>> {
    let mut shape = x.shape().to_vec();
    check::that(dim < shape.len(), op, || format!("there is no dim {dim} in x {:?}", x.shape()))?;
    shape[dim] = size;
    Ok(shape)
}

/// The `k` largest (or smallest) along `dim` in order, and where they were; of equals the first come first.
///
/// Shapes: x [.., d, ..], values and indices (i64) [.., k, ..]. Errors: also `Shape` for a `k` above d.
/// CANN: `aclnnTopk` (8.1).
pub fn topk<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    k: usize,
    dim: usize,
    largest: bool,
    values: impl Into<ViewMut<'a>>,
    indices: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "topk";
    let (x, values, indices) = (x.into(), values.into(), indices.into());
    let needed = with_dim(OP, &x, dim, k)?;
    check::that(k <= x.shape()[dim], OP, || format!("k is {k}, dim {dim} of x has {}", x.shape()[dim]))?;
    check::shape(OP, "values", values.shape(), &needed)?;
    check::dtype(OP, "values", values.dtype(), &[x.dtype()])?;
    check::shape(OP, "indices", indices.shape(), &needed)?;
    check::dtype(OP, "indices", indices.dtype(), &[DType::I64])?;
    let (values, indices) = (values.output(s, OP, "values")?, indices.output(s, OP, "indices")?);
    aclnn!(s, aclnnTopk(x.input(s, OP, "x")?, k as i64, dim as i64, largest, true, values, indices))
}

/// Where the elements, sorted along `dim`, were.
///
/// Shapes: alike; out i64. CANN: `aclnnArgsort` (8.1).
pub fn argsort<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, descending: bool, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "argsort";
    let (x, out) = (x.into(), out.into());
    check::that(dim < x.shape().len(), OP, || format!("there is no dim {dim} in x {:?}", x.shape()))?;
    check::shape(OP, "out", out.shape(), x.shape())?;
    check::dtype(OP, "out", out.dtype(), &[DType::I64])?;
    aclnn!(s, aclnnArgsort(x.input(s, OP, "x")?, dim as i64, descending, out.output(s, OP, "out")?))
}

macro_rules! along {
    ($(#[$doc:meta])* $name:ident, $aclnn:ident) => {
        $(#[$doc])*
        pub fn $name<'a>(
            s: &Stream,
            x: impl Into<View<'a>>,
            dim: usize,
            values: impl Into<ViewMut<'a>>,
            indices: impl Into<ViewMut<'a>>,
        ) -> Result<()> {
            const OP: &str = stringify!($name);
            let (x, values, indices) = (x.into(), values.into(), indices.into());
            let needed = with_dim(OP, &x, dim, 1)?;
            check::shape(OP, "values", values.shape(), &needed)?;
            check::dtype(OP, "values", values.dtype(), &[x.dtype()])?;
            check::shape(OP, "indices", indices.shape(), &needed)?;
            check::dtype(OP, "indices", indices.dtype(), &[DType::I64])?;
            let (values, indices) = (values.output(s, OP, "values")?, indices.output(s, OP, "indices")?);
            aclnn!(s, $aclnn(x.input(s, OP, "x")?, dim as i64, true, values, indices))
        }
    };
}
along! {
    /// The largest along `dim` and its index, the first of equals; the dim stays with size 1.
    ///
    /// Shapes: x [.., d, ..], values and indices (i64) [.., 1, ..]. CANN: `aclnnMaxDim` (8.1).
    max, aclnnMaxDim
}
along! {
    /// The smallest along `dim` and its index, as [`max`]. CANN: `aclnnMinDim` (8.1).
    min, aclnnMinDim
}

/// The index of the smallest along `dim`, the first of equals; the dim stays with size 1.
///
/// Shapes: x [.., d, ..], out i64 [.., 1, ..]. CANN: `aclnnArgMin` (8.1).
pub fn argmin<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "argmin";
    let (x, out) = (x.into(), out.into());
    check::shape(OP, "out", out.shape(), &with_dim(OP, &x, dim, 1)?)?;
    check::dtype(OP, "out", out.dtype(), &[DType::I64])?;
    aclnn!(s, aclnnArgMin(x.input(s, OP, "x")?, dim as i64, true, out.output(s, OP, "out")?))
}

macro_rules! of_two {
    ($(#[$doc:meta])* $name:ident, $aclnn:ident) => {
        $(#[$doc])*
        pub fn $name<'a>(s: &Stream, a: impl Into<View<'a>>, b: impl Into<View<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
            const OP: &str = stringify!($name);
            let (a, b, out) = (a.into(), b.into(), out.into());
            super::elementwise::broadcasts(OP, "out", out.shape(), a.shape(), b.shape())?;
            aclnn!(s, $aclnn(a.input(s, OP, "a")?, b.input(s, OP, "b")?, out.output(s, OP, "out")?))
        }
    };
}
of_two! {
    /// The larger of a and b, which broadcast; NaN where either is. CANN: `aclnnMaximum` (8.1).
    maximum, aclnnMaximum
}
of_two! {
    /// The smaller of a and b, which broadcast; NaN where either is. CANN: `aclnnMinimum` (8.1).
    minimum, aclnnMinimum
}
