//! Matrix products. Sums are in f32 inside, whatever the dtype. A weight in FRACTAL_NZ is taken by [`mm`] alone.

use ascend_rl_sys::types::KEEP_DTYPE;

use super::call::Scalar;
use super::check::{self, FLOATS, HALVES};
use super::nz_weight::{NzWeight, Weight};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// `a @ b` exists and fits `out`, the argument named `arg`.
fn product(op: &str, a: &View<'_>, (b, dtype): (&[usize], DType), arg: &str, out: &ViewMut<'_>) -> Result<()> {
    check::rank(op, "a", a.shape(), 2, "[m, k]")?;
    check::rank(op, "b", b, 2, "[k, n]")?;
    check::dtype(op, "a", a.dtype(), FLOATS)?;
    check::dtype(op, "b", dtype, &[a.dtype()])?;
    check::dtype(op, arg, out.dtype(), &[a.dtype()])?;
    check::that(a.shape()[1] == b[0], op, || format!("a is {:?} and b is {b:?}: the inner dims differ", a.shape()))?;
    check::shape(op, arg, out.shape(), &[a.shape()[0], b[1]])
}

/// `out = a @ b`.
///
/// Shapes: a [m, k], b [k, n], out [m, n]; any of them transposed or sliced views. One float dtype for all; bf16 or f16 where b is
/// an [`NzWeight`](super::NzWeight).
/// CANN: `aclnnMm` (8.1), of an `NzWeight` `aclnnMatmulWeightNz` (8.5); where that is not there `aclnnMm` too, which
/// `aclnnTransMatmulWeight` is for, says the header of 8.1. `cubeMathType` 0.
pub fn mm<'a>(s: &Stream, a: impl Into<View<'a>>, b: impl Into<Weight<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "mm";
    let (a, out) = (a.into(), out.into());
    // Apart, so that the hot path moves no more than a view.
    let b = match b.into() {
        Weight::Plain(b) => b,
        Weight::Nz(b) => return mm_nz(s, OP, a, b, out),
    };
    product(OP, &a, (b.shape(), b.dtype()), "out", &out)?;
    aclnn!(s, aclnnMm(a.input(s, OP, "a")?, b.input(s, OP, "b")?, out.output(s, OP, "out")?, KEEP_DTYPE))
}

fn mm_nz(s: &Stream, op: &str, a: View<'_>, b: &NzWeight, out: ViewMut<'_>) -> Result<()> {
    product(op, &a, (b.shape(), b.dtype()), "out", &out)?;
    check::dtype(op, "a", a.dtype(), HALVES)?;
    let (a, b, out) = (a.input(s, op, "a")?, b.input(s, op, "b")?, out.output(s, op, "out")?);
    if s.api().ops.aclnnMatmulWeightNz.is_some() {
        return aclnn!(s, aclnnMatmulWeightNz(a, b, out, KEEP_DTYPE));
    }
    aclnn!(s, aclnnMm(a, b, out, KEEP_DTYPE))
}

/// `out = bias + a @ b`.
///
/// Shapes: bias `[n]` or [m, n], a [m, k], b [k, n], out [m, n]. One float dtype for all.
/// CANN: `aclnnAddmm` (8.1), alpha = beta = 1.
pub fn addmm<'a>(
    s: &Stream,
    bias: impl Into<View<'a>>,
    a: impl Into<View<'a>>,
    b: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "addmm";
    let (bias, a, b, out) = (bias.into(), a.into(), b.into(), out.into());
    product(OP, &a, (b.shape(), b.dtype()), "out", &out)?;
    check::dtype(OP, "bias", bias.dtype(), &[a.dtype()])?;
    let n = out.shape()[1];
    check::that(bias.shape() == [n] || bias.shape() == out.shape(), OP, || {
        format!("bias is {:?}, [{n}] or {:?} is needed", bias.shape(), out.shape())
    })?;
    let one = Scalar::float(s, 1.0);
    let same = Scalar::float(s, 1.0);
    aclnn!(
        s,
        aclnnAddmm(
            bias.input(s, OP, "bias")?,
            a.input(s, OP, "a")?,
            b.input(s, OP, "b")?,
            one,
            same,
            out.output(s, OP, "out")?,
            KEEP_DTYPE
        )
    )
}

/// `acc += a @ b`: how weight gradients gather over micro-batches.
///
/// Shapes: a [m, k], b [k, n], acc [m, n]. One float dtype for all.
/// CANN: `aclnnInplaceAddmm` (8.1), alpha = beta = 1.
pub fn mm_acc<'a>(s: &Stream, a: impl Into<View<'a>>, b: impl Into<View<'a>>, acc: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "mm_acc";
    let (a, b, acc) = (a.into(), b.into(), acc.into());
    product(OP, &a, (b.shape(), b.dtype()), "acc", &acc)?;
    aclnn!(
        s,
        aclnnInplaceAddmm(
            acc.output(s, OP, "acc")?,
            a.input(s, OP, "a")?,
            b.input(s, OP, "b")?,
            Scalar::float(s, 1.0),
            Scalar::float(s, 1.0),
            KEEP_DTYPE
        )
    )
}
