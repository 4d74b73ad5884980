//! Rotary position embedding.

use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{View, ViewMut};

/// `out = x * cos + rotate_half(x) * sin`: the two halves of the last dim are the pairs that rotate.
///
/// The backward is the same operator with `-sin` (both halves of `cos` and `sin` are equal).
/// Shapes: x, out [t, n, d]; cos, sin [t, d], one row for each token. One float dtype; `out` is contiguous.
/// CANN: `aclnnRotaryPositionEmbedding` (8.5 header; called by torch_npu on earlier releases), mode 0, layout BSND.
pub fn rope<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    cos: impl Into<View<'a>>,
    sin: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "rope";
    let (x, cos, sin, out) = (x.into(), cos.into(), sin.into(), out.into());
    check::rank(OP, "x", x.shape(), 3, "[tokens, heads, head_dim]")?;
    check::dtype(OP, "x", x.dtype(), FLOATS)?;
    let (t, d) = (x.shape()[0], x.shape()[2]);
    for (arg, view) in [("cos", &cos), ("sin", &sin)] {
        check::shape(OP, arg, view.shape(), &[t, d])?;
        check::dtype(OP, arg, view.dtype(), &[x.dtype()])?;
    }
    check::shape(OP, "out", out.shape(), x.shape())?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    let batch = |v: View<'a>| v.unsqueeze(0);
    let (x, out) = (batch(x)?, out.unsqueeze(0)?);
    let (cos, sin) = (batch(cos)?.unsqueeze(2)?, batch(sin)?.unsqueeze(2)?);
    aclnn!(
        s,
        aclnnRotaryPositionEmbedding(
            x.input(s, OP, "x")?,
            cos.input(s, OP, "cos")?,
            sin.input(s, OP, "sin")?,
            0i64,
            out.output(s, OP, "out")?
        )
    )
}
