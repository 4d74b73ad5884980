//! Rows by index, and the sum back.

use super::check::{self, FLOATS, INDICES};
use super::elementwise::cast;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, Tensor, View, ViewMut};

/// `out[i] = weight[ids[i]]`: token embeddings, and any gather of rows.
///
/// Shapes: weight [v, h], ids i32 or i64 `[t]`, out [t, h]. An id outside `weight` is an asynchronous error.
/// CANN: `aclnnEmbedding` (8.1).
pub fn embedding<'a>(
    s: &Stream,
    weight: impl Into<View<'a>>,
    ids: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "embedding";
    let (weight, ids, out) = (weight.into(), ids.into(), out.into());
    check::rank(OP, "weight", weight.shape(), 2, "[rows, width]")?;
    check::rank(OP, "ids", ids.shape(), 1, "[tokens]")?;
    check::dtype(OP, "ids", ids.dtype(), INDICES)?;
    check::shape(OP, "out", out.shape(), &[ids.shape()[0], weight.shape()[1]])?;
    check::dtype(OP, "out", out.dtype(), &[weight.dtype()])?;
    aclnn!(s, aclnnEmbedding(weight.input(s, OP, "weight")?, ids.input(s, OP, "ids")?, out.output(s, OP, "out")?))
}

/// Gradient of [`embedding`]: rows of `grad` are summed by id, in f32. `dweight` is **overwritten**.
///
/// Shapes: grad [t, h], ids i32 or i64 `[t]`, dweight [v, h] in f32.
/// CANN: `aclnnEmbeddingDenseBackward` (8.1), no padding index. Its result has the dtype of its input, so a narrower `grad` is
/// converted first, through a temporary.
pub fn embedding_backward<'a>(
    s: &Stream,
    grad: impl Into<View<'a>>,
    ids: impl Into<View<'a>>,
    dweight: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "embedding_backward";
    let (grad, ids, dweight) = (grad.into(), ids.into(), dweight.into());
    check::rank(OP, "grad", grad.shape(), 2, "[tokens, width]")?;
    check::dtype(OP, "grad", grad.dtype(), FLOATS)?;
    check::shape(OP, "ids", ids.shape(), &grad.shape()[..1])?;
    check::dtype(OP, "ids", ids.dtype(), INDICES)?;
    check::rank(OP, "dweight", dweight.shape(), 2, "[rows, width]")?;
    check::shape(OP, "dweight's rows", &dweight.shape()[1..], &grad.shape()[1..])?;
    check::dtype(OP, "dweight", dweight.dtype(), &[DType::F32])?;
    check::home(s, OP, "grad", &grad)?;
    let wide;
    let grad = if grad.dtype() == DType::F32 {
        grad
    } else {
        let mut copy = Tensor::empty(s, grad.shape(), DType::F32)?;
        cast(s, grad, &mut copy)?;
        wide = copy;
        wide.view()
    };
    aclnn!(
        s,
        aclnnEmbeddingDenseBackward(
            grad.input(s, OP, "grad")?,
            ids.input(s, OP, "ids")?,
            dweight.shape()[0] as u64,
            u64::MAX,
            false,
            dweight.output(s, OP, "dweight")?
        )
    )
}
