//! Slices and elements named by indices: taken, put, added.

use super::call::Scalar;
use super::check::{self, INDICES};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{View, ViewMut};

/// What a scatter makes of an element and what comes to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// What comes replaces it; of several, any may stay.
    Write,
    /// The sum.
    Add,
    /// The product.
    Multiply,
}

impl Reduce {
    /// CANN's number.
    fn code(self) -> i64 {
        match self {
            Reduce::Write => 0,
            Reduce::Add => 1,
            Reduce::Multiply => 2,
        }
    }
}

/// `x`'s shape with `n` along `dim`: what slices named by `n` indices have.
fn sliced(op: &str, x: &[usize], dim: usize, index: &View<'_>) -> Result<Vec<usize>> {
    check::rank(op, "index", index.shape(), 1, "[n]")?;
    check::dtype(op, "index", index.dtype(), INDICES)?;
    check::that(dim < x.len(), op, || format!("there is no dim {dim} in x {x:?}"))?;
    let mut shape = x.to_vec();
    shape[dim] = index.numel();
    Ok(shape)
}

/// The slices of `x` along `dim` that `index` names.
///
/// Shapes: index `[n]`, i32 or i64; out as x, with n along `dim`. An index outside is an asynchronous error.
/// CANN: `aclnnIndexSelect` (8.1).
pub fn index_select<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    dim: usize,
    index: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "index_select";
    let (x, index, out) = (x.into(), index.into(), out.into());
    check::shape(OP, "out", out.shape(), &sliced(OP, x.shape(), dim, &index)?)?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    aclnn!(s, aclnnIndexSelect(x.input(s, OP, "x")?, dim as i64, index.input(s, OP, "index")?, out.output(s, OP, "out")?))
}

/// `out = x`, then `out[index[i]] += scale * source[i]`, slices along `dim`. Equal indices add up.
///
/// Shapes: index `[n]`, i32 or i64; source as x, with n along `dim`; out as x. Dtypes: alike. An index outside is an
/// asynchronous error. CANN: `aclnnIndexAdd` (8.1).
pub fn index_add<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    dim: usize,
    index: impl Into<View<'a>>,
    source: impl Into<View<'a>>,
    scale: f64,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "index_add";
    let (x, index, source, out) = (x.into(), index.into(), source.into(), out.into());
    check::shape(OP, "source", source.shape(), &sliced(OP, x.shape(), dim, &index)?)?;
    check::dtype(OP, "source", source.dtype(), &[x.dtype()])?;
    check::shape(OP, "out", out.shape(), x.shape())?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    aclnn!(
        s,
        aclnnIndexAdd(
            x.input(s, OP, "x")?,
            dim as i64,
            index.input(s, OP, "index")?,
            source.input(s, OP, "source")?,
            Scalar::of_kind(s, x.dtype(), scale),
            out.output(s, OP, "out")?
        )
    )
}

/// `x[index[i]] = source[i]`, slices along `dim`. Indices should differ.
///
/// Shapes: index `[n]`, i32 or i64; source as x, with n along `dim`. Dtypes: alike. An index outside is an asynchronous
/// error. CANN: `aclnnInplaceIndexCopy` (8.1).
pub fn index_copy_<'a>(
    s: &Stream,
    x: impl Into<ViewMut<'a>>,
    dim: usize,
    index: impl Into<View<'a>>,
    source: impl Into<View<'a>>,
) -> Result<()> {
    const OP: &str = "index_copy_";
    let (x, index, source) = (x.into(), index.into(), source.into());
    check::shape(OP, "source", source.shape(), &sliced(OP, x.shape(), dim, &index)?)?;
    check::dtype(OP, "source", source.dtype(), &[x.dtype()])?;
    let (own, source) = (x.output(s, OP, "x")?, source.input(s, OP, "source")?);
    aclnn!(s, aclnnInplaceIndexCopy(own, dim as i64, index.input(s, OP, "index")?, source))
}

/// What holds of an index of elements of `x` along `dim`.
fn elements(op: &str, x: &[usize], dim: usize, index: &View<'_>) -> Result<()> {
    check::dtype(op, "index", index.dtype(), INDICES)?;
    let fits = x.len() == index.shape().len() && dim < x.len() && (0..x.len()).all(|d| d == dim || index.shape()[d] <= x[d]);
    check::that(fits, op, || {
        format!("x is {x:?} and index {:?}: one rank is needed, dim {dim} in it, and index no larger but there", index.shape())
    })
}

/// `out = x`, then `out[index[i][j]][j]` meets `source[i][j]` for `dim` 0, and so on.
///
/// Shapes: index and source alike, of x's rank, no larger than x but along `dim`; out as x. Dtypes: alike; index i32 or i64. An
/// index outside is an asynchronous error. CANN: `aclnnScatter` (8.1).
#[allow(clippy::too_many_arguments)] // Inputs, what is done, outputs.
pub fn scatter<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    dim: usize,
    index: impl Into<View<'a>>,
    source: impl Into<View<'a>>,
    reduce: Reduce,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "scatter";
    let (x, index, source, out) = (x.into(), index.into(), source.into(), out.into());
    elements(OP, x.shape(), dim, &index)?;
    check::shape(OP, "source", source.shape(), index.shape())?;
    check::dtype(OP, "source", source.dtype(), &[x.dtype()])?;
    check::shape(OP, "out", out.shape(), x.shape())?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    aclnn!(
        s,
        aclnnScatter(
            x.input(s, OP, "x")?,
            dim as i64,
            index.input(s, OP, "index")?,
            source.input(s, OP, "source")?,
            reduce.code(),
            out.output(s, OP, "out")?
        )
    )
}

/// [`scatter`] in place. CANN: `aclnnInplaceScatter` (8.1).
pub fn scatter_<'a>(
    s: &Stream,
    x: impl Into<ViewMut<'a>>,
    dim: usize,
    index: impl Into<View<'a>>,
    source: impl Into<View<'a>>,
    reduce: Reduce,
) -> Result<()> {
    const OP: &str = "scatter_";
    let (x, index, source) = (x.into(), index.into(), source.into());
    elements(OP, x.shape(), dim, &index)?;
    check::shape(OP, "source", source.shape(), index.shape())?;
    check::dtype(OP, "source", source.dtype(), &[x.dtype()])?;
    let (own, source) = (x.output(s, OP, "x")?, source.input(s, OP, "source")?);
    aclnn!(s, aclnnInplaceScatter(own, dim as i64, index.input(s, OP, "index")?, source, reduce.code()))
}

/// [`scatter_`] of one value. CANN: `aclnnInplaceScatterValue` (8.1).
pub fn scatter_value_<'a>(
    s: &Stream,
    x: impl Into<ViewMut<'a>>,
    dim: usize,
    index: impl Into<View<'a>>,
    value: f64,
    reduce: Reduce,
) -> Result<()> {
    const OP: &str = "scatter_value_";
    let (x, index) = (x.into(), index.into());
    elements(OP, x.shape(), dim, &index)?;
    let value = Scalar::of_kind(s, x.dtype(), value);
    aclnn!(s, aclnnInplaceScatterValue(x.output(s, OP, "x")?, dim as i64, index.input(s, OP, "index")?, value, reduce.code()))
}

/// Each element of `x`, as one line, `times` times: the prompts of a group from those of a batch.
///
/// Shapes: x any, out `[elements of x * times]`. Dtypes: alike. CANN: `aclnnRepeatInterleaveInt` (8.1).
pub fn repeat_interleave<'a>(s: &Stream, x: impl Into<View<'a>>, times: usize, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "repeat_interleave";
    let (x, out) = (x.into(), out.into());
    let n = x.numel().saturating_mul(times);
    check::shape(OP, "out", out.shape(), &[n])?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    aclnn!(s, aclnnRepeatInterleaveInt(x.input(s, OP, "x")?, times as i64, n as i64, out.output(s, OP, "out")?))
}
