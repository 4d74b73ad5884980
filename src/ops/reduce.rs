//! Reductions, scans and sorts. Sums have a fixed order: the same input gives the same bits.

use super::call::{IntArray, Scalar};
use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

fn dim_of(op: &str, x: &View<'_>, dim: usize) -> Result<()> {
    check::that(dim < x.shape().len(), op, || format!("there is no dim {dim} in x {:?}", x.shape()))
}

/// Sum over `dim`, which stays as a dim of size 1. `out`'s dtype is the dtype of the sum.
///
/// Shapes: x [.., d, ..], out [.., 1, ..]. A bool input counts. CANN: `aclnnReduceSum` (8.1).
pub fn sum<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "sum";
    let (x, out) = (x.into(), out.into());
    dim_of(OP, &x, dim)?;
    let mut needed = x.shape().to_vec();
    needed[dim] = 1;
    check::shape(OP, "out", out.shape(), &needed)?;
    let dims = IntArray::new(s, &[dim as i64]);
    aclnn!(s, aclnnReduceSum(x.input(s, OP, "x")?, dims, true, out.dtype(), out.output(s, OP, "out")?))
}

/// Running sum along `dim`. Shapes: alike. CANN: `aclnnCumsum` (8.1).
pub fn cumsum<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "cumsum";
    let (x, out) = (x.into(), out.into());
    dim_of(OP, &x, dim)?;
    check::shape(OP, "out", out.shape(), x.shape())?;
    aclnn!(s, aclnnCumsum(x.input(s, OP, "x")?, dim as i64, out.dtype(), out.output(s, OP, "out")?))
}

/// Sort along `dim`; equal values keep their order.
///
/// Shapes: alike; indices i64. CANN: `aclnnSort` (8.1), stable.
pub fn sort<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    dim: usize,
    descending: bool,
    values: impl Into<ViewMut<'a>>,
    indices: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "sort";
    let (x, values, indices) = (x.into(), values.into(), indices.into());
    dim_of(OP, &x, dim)?;
    check::shape(OP, "values", values.shape(), x.shape())?;
    check::dtype(OP, "values", values.dtype(), &[x.dtype()])?;
    check::shape(OP, "indices", indices.shape(), x.shape())?;
    check::dtype(OP, "indices", indices.dtype(), &[DType::I64])?;
    aclnn!(
        s,
        aclnnSort(
            x.input(s, OP, "x")?,
            true,
            dim as i64,
            descending,
            values.output(s, OP, "values")?,
            indices.output(s, OP, "indices")?
        )
    )
}

/// The index of the largest along `dim`, the first of equals; the dim stays with size 1.
///
/// Shapes: x [.., d, ..], out i64 [.., 1, ..]. CANN: `aclnnArgMax` (8.1).
pub fn argmax<'a>(s: &Stream, x: impl Into<View<'a>>, dim: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "argmax";
    let (x, out) = (x.into(), out.into());
    dim_of(OP, &x, dim)?;
    let mut needed = x.shape().to_vec();
    needed[dim] = 1;
    check::shape(OP, "out", out.shape(), &needed)?;
    check::dtype(OP, "out", out.dtype(), &[DType::I64])?;
    aclnn!(s, aclnnArgMax(x.input(s, OP, "x")?, dim as i64, true, out.output(s, OP, "out")?))
}

/// The 2-norm of all elements.
///
/// Shapes: x any, out f32 `[1]`. CANN: `aclnnLinalgVectorNorm` (8.1).
pub fn vector_norm<'a>(s: &Stream, x: impl Into<View<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "vector_norm";
    let (x, out) = (x.into(), out.into());
    check::dtype(OP, "x", x.dtype(), FLOATS)?;
    check::shape(OP, "out", out.shape(), &[1])?;
    check::dtype(OP, "out", out.dtype(), &[DType::F32])?;
    let flat = x.reshape(&[x.numel()]).map_err(|error| error.context("vector_norm: x"))?;
    let dims = IntArray::new(s, &[0]);
    aclnn!(
        s,
        aclnnLinalgVectorNorm(flat.input(s, OP, "x")?, Scalar::float(s, 2.0), dims, true, DType::F32, out.output(s, OP, "out")?)
    )
}
