//! Dropout, forward and backward.

use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// Bytes of the mask of `n` elements: a bit each, rounded up to 128.
pub fn dropout_mask_len(n: usize) -> usize {
    n.div_ceil(128) * 16
}

fn check_all(op: &str, x: (&str, &View<'_>), mask: &View<'_>, p: f64, out: (&str, &ViewMut<'_>)) -> Result<()> {
    check::dtype(op, x.0, x.1.dtype(), FLOATS)?;
    check::dtype(op, out.0, out.1.dtype(), &[x.1.dtype()])?;
    check::shape(op, out.0, out.1.shape(), x.1.shape())?;
    check::dtype(op, "mask", mask.dtype(), &[DType::U8])?;
    check::shape(op, "mask", mask.shape(), &[dropout_mask_len(x.1.numel())])?;
    check::that((0.0..1.0).contains(&p), op, || format!("p is {p}, 0 or more and less than 1 is needed"))
}

/// `out = x / (1 - p)` with probability `1 - p`, else 0, and the mask of it for [`dropout_backward`]. With `p` 0, `out` is `x`
/// and the mask is left alone. Equal `seed` and `offset` draw alike; a card and the simulator do not.
///
/// Shapes: x and out alike, floats; mask u8 `[dropout_mask_len(elements)]`. CANN: `aclnnDropout` (8.1), train.
pub fn dropout<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    p: f64,
    (seed, offset): (u64, u64),
    out: impl Into<ViewMut<'a>>,
    mask: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "dropout";
    let (x, out, mask) = (x.into(), out.into(), mask.into());
    check_all(OP, ("x", &x), &mask.as_view(), p, ("out", &out))?;
    let (outs, seed, offset) = (out.output(s, OP, "out")?, seed as i64, offset as i64);
    aclnn!(s, aclnnDropout(x.input(s, OP, "x")?, p, true, seed, offset, outs, mask.output(s, OP, "mask")?))
}

/// The gradient of [`dropout`]: `dx = dy / (1 - p)` where the mask has kept, else 0.
///
/// Shapes: dy and dx alike, floats; mask as [`dropout`] gave it. CANN: `aclnnDropoutDoMask` (8.1).
pub fn dropout_backward<'a>(
    s: &Stream,
    dy: impl Into<View<'a>>,
    mask: impl Into<View<'a>>,
    p: f64,
    dx: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "dropout_backward";
    let (dy, mask, dx) = (dy.into(), mask.into(), dx.into());
    check_all(OP, ("dy", &dy), &mask, p, ("dx", &dx))?;
    aclnn!(s, aclnnDropoutDoMask(dy.input(s, OP, "dy")?, mask.input(s, OP, "mask")?, p, dx.output(s, OP, "dx")?))
}
