//! Gathers and scatters.

use super::check::{self, INDICES};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{View, ViewMut};

/// `out[i][j] = x[i][index[i][j]]` for `dim` 1, `x[index[i][j]][j]` for `dim` 0, and so on.
///
/// Shapes: index and out alike; x of the same rank, at least as large in every dim but `dim`. index i32 or i64.
/// CANN: `aclnnGather` (8.1).
pub fn gather<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    dim: usize,
    index: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "gather";
    let (x, index, out) = (x.into(), index.into(), out.into());
    check::dtype(OP, "index", index.dtype(), INDICES)?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    check::shape(OP, "out", out.shape(), index.shape())?;
    check::that(x.shape().len() == index.shape().len() && dim < x.shape().len(), OP, || {
        format!("x is {:?} and index {:?}: one rank is needed, and dim {dim} in it", x.shape(), index.shape())
    })?;
    check::that((0..x.shape().len()).all(|d| d == dim || index.shape()[d] <= x.shape()[d]), OP, || {
        format!("index {:?} is larger than x {:?} in a dim other than {dim}", index.shape(), x.shape())
    })?;
    aclnn!(s, aclnnGather(x.input(s, OP, "x")?, dim as i64, index.input(s, OP, "index")?, out.output(s, OP, "out")?))
}

/// `var[indices[i]] = updates[i]`, row by row: new keys and values to their slots, blocks to their copies.
///
/// Shapes: var [rows, w], indices i32 or i64 `[t]`, updates [t, w]. Indices should differ. One outside `var` is an
/// asynchronous error.
/// CANN: `aclnnScatterNdUpdate` (8.1).
pub fn scatter_rows<'a>(
    s: &Stream,
    var: impl Into<ViewMut<'a>>,
    indices: impl Into<View<'a>>,
    updates: impl Into<View<'a>>,
) -> Result<()> {
    const OP: &str = "scatter_rows";
    let (var, indices, updates) = (var.into(), indices.into(), updates.into());
    check::rank(OP, "var", var.shape(), 2, "[rows, width]")?;
    check::rank(OP, "indices", indices.shape(), 1, "[t]")?;
    check::dtype(OP, "indices", indices.dtype(), INDICES)?;
    check::shape(OP, "updates", updates.shape(), &[indices.shape()[0], var.shape()[1]])?;
    check::dtype(OP, "updates", updates.dtype(), &[var.dtype()])?;
    let indices = indices.unsqueeze(1)?;
    aclnn!(s, aclnnScatterNdUpdate(var.output(s, OP, "var")?, indices.input(s, OP, "indices")?, updates.input(s, OP, "updates")?))
}
