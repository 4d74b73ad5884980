//! Products of stacks, and by expert.

use ascend_rl_sys::types::KEEP_DTYPE;

use super::call::{NoList, NoMutArray, NoOutList, OutList};
use super::check::{self, FLOATS, HALVES};
use super::nz_weight::Weight;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, Desc, DescList, View, ViewMut};

/// `out[b] = a[b] @ w[b]`; a stack of one repeats.
///
/// Shapes: a [b, m, k], w [b, k, n], out [b, m, n]; any of them transposed or sliced views. One float dtype for all.
/// CANN: `aclnnBatchMatMul` (8.1), `cubeMathType` 0.
pub fn bmm<'a>(s: &Stream, a: impl Into<View<'a>>, w: impl Into<View<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "bmm";
    let (a, w, out) = (a.into(), w.into(), out.into());
    check::rank(OP, "a", a.shape(), 3, "[b, m, k]")?;
    check::rank(OP, "w", w.shape(), 3, "[b, k, n]")?;
    check::dtype(OP, "a", a.dtype(), FLOATS)?;
    check::dtype(OP, "w", w.dtype(), &[a.dtype()])?;
    check::dtype(OP, "out", out.dtype(), &[a.dtype()])?;
    let (x, y) = (a.shape(), w.shape());
    check::that(x[2] == y[1], OP, || format!("a is {x:?} and w is {y:?}: the inner dims differ"))?;
    check::that(x[0] == y[0] || x[0] == 1 || y[0] == 1, OP, || format!("a is {x:?} and w is {y:?}: the stacks differ"))?;
    check::shape(OP, "out", out.shape(), &[if x[0] == 1 { y[0] } else { x[0] }, x[1], y[2]])?;
    aclnn!(s, aclnnBatchMatMul(a.input(s, OP, "a")?, w.input(s, OP, "w")?, out.output(s, OP, "out")?, KEEP_DTYPE))
}

/// Each expert's tokens times its weight: `out[t] = x[t] @ weight[e]` for the `counts[e]` tokens `t` of expert `e`, which stand one
/// expert after another. Rows beyond the last token are **not written**.
///
/// The gradient of `x` is this with `weight.transpose(1, 2)`, or another `NzWeight` made of that; that of `weight` is
/// [`grouped_matmul_weight_grad`].
/// Shapes: x [t, k], weight [e, k, n], any view or an [`NzWeight`](super::NzWeight), counts i64 `[e]` on the device, out [t, n].
/// One float dtype but for `counts`; bf16 or f16 with an `NzWeight`.
/// CANN: `aclnnGroupedMatmulV4` (8.1), of an `NzWeight` `aclnnGroupedMatmulWeightNz` (8.5); groupType 0, groupListType 1. Counts
/// beyond `t` fail the stream.
pub fn grouped_matmul<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    weight: impl Into<Weight<'a>>,
    counts: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "grouped_matmul";
    let (x, weight, counts, out) = (x.into(), weight.into(), counts.into(), out.into());
    check::rank(OP, "x", x.shape(), 2, "[tokens, k]")?;
    check::rank(OP, "weight", weight.shape(), 3, "[experts, k, n]")?;
    let (&[t, k], &[e, rows, n]) = (x.shape(), weight.shape()) else { unreachable!("ranks are checked") };
    check::that(k == rows, OP, || format!("x is {:?} and weight is {:?}: the inner dims differ", x.shape(), weight.shape()))?;
    check::shape(OP, "out", out.shape(), &[t, n])?;
    if weight.is_nz() {
        check::dtype(OP, "x", x.dtype(), HALVES)?;
    }
    grouped(s, OP, ["x", "weight"], x, weight, counts, e, out, 2, 0)
}

/// Gradient of [`grouped_matmul`] with respect to `weight`: `dweight[e] = Σ x[t]ᵀ dy[t]` over each expert's tokens; zeros where
/// there are none.
///
/// Shapes: x [t, k], dy [t, n], counts i64 `[e]` on the device, dweight [e, k, n]. One float dtype but for `counts`.
/// CANN: `aclnnGroupedMatmulV4` (8.1), groupType 2, groupListType 1.
pub fn grouped_matmul_weight_grad<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    dy: impl Into<View<'a>>,
    counts: impl Into<View<'a>>,
    dweight: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "grouped_matmul_weight_grad";
    let (x, dy, counts, dweight) = (x.into(), dy.into(), counts.into(), dweight.into());
    check::rank(OP, "x", x.shape(), 2, "[tokens, k]")?;
    check::rank(OP, "dy", dy.shape(), 2, "[tokens, n]")?;
    check::rank(OP, "dweight", dweight.shape(), 3, "[experts, k, n]")?;
    let e = dweight.shape()[0];
    check::shape(OP, "dy", dy.shape(), &[x.shape()[0], dy.shape()[1]])?;
    check::shape(OP, "dweight", dweight.shape(), &[e, x.shape()[1], dy.shape()[1]])?;
    grouped(s, OP, ["x", "dy"], x.t(), dy.into(), counts, e, dweight, 3, 2)
}

/// [`grouped_matmul`] of int8 operands: `out[t] = (x[t] @ weight[e]) * x_scale[t] * weight_scale[e]`. Sums are exact in i32, the
/// rest is in f32. Rows beyond the last token are **not written**.
///
/// Shapes: x i8 [t, k], row-major; x_scale f32 `[t]`; weight i8 [e, k, n], row-major, with its last two dims swapped, or an
/// [`NzWeight`](super::NzWeight); weight_scale [e, n], bf16 with out bf16 and f32 with out f16; counts i64 `[e]` on the device; out
/// [t, n]. k and n are 1 to 65535.
/// CANN: `aclnnGroupedMatmulV4` (8.1), of an `NzWeight` `aclnnGroupedMatmulWeightNz` (8.5); groupType 0, groupListType 1. Counts
/// beyond `t` fail the stream.
#[allow(clippy::too_many_arguments)] // Two operands with their factors, groups and the result.
pub fn grouped_quant_matmul<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    x_scale: impl Into<View<'a>>,
    weight: impl Into<Weight<'a>>,
    weight_scale: impl Into<View<'a>>,
    counts: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "grouped_quant_matmul";
    const LONGEST: usize = 65535;
    let (x, x_scale, weight, weight_scale) = (x.into(), x_scale.into(), weight.into(), weight_scale.into());
    let (counts, out) = (counts.into(), out.into());
    check::rank(OP, "x", x.shape(), 2, "[tokens, k]")?;
    check::rank(OP, "weight", weight.shape(), 3, "[experts, k, n]")?;
    let (&[t, k], &[e, rows, n]) = (x.shape(), weight.shape()) else { unreachable!("ranks are checked") };
    check::that(k == rows, OP, || format!("x is {:?} and weight is {:?}: the inner dims differ", x.shape(), weight.shape()))?;
    check::that(k.min(n) > 0 && k.max(n) <= LONGEST, OP, || {
        format!("weight is {:?}, matrices of 1 to {LONGEST} rows and columns are needed", weight.shape())
    })?;
    check::dtype(OP, "x", x.dtype(), &[DType::I8])?;
    check::dtype(OP, "weight", weight.dtype(), &[DType::I8])?;
    check::dtype(OP, "x_scale", x_scale.dtype(), &[DType::F32])?;
    check::shape(OP, "x_scale", x_scale.shape(), &[t])?;
    check::dtype(OP, "out", out.dtype(), &[DType::BF16, DType::F16])?;
    let scale = if out.dtype() == DType::BF16 { DType::BF16 } else { DType::F32 };
    check::dtype(OP, "weight_scale", weight_scale.dtype(), &[scale])?;
    check::shape(OP, "weight_scale", weight_scale.shape(), &[e, n])?;
    check::dtype(OP, "counts", counts.dtype(), &[DType::I64])?;
    check::shape(OP, "counts", counts.shape(), &[e])?;
    check::shape(OP, "out", out.shape(), &[t, n])?;
    let scales = Some([weight_scale.input(s, OP, "weight_scale")?, x_scale.input(s, OP, "x_scale")?]);
    let is_nz = weight.is_nz();
    let operands = [x.input(s, OP, "x")?, weight.input(s, OP, "weight")?];
    call(s, is_nz, operands, scales, counts.input(s, OP, "counts")?, out.output(s, OP, "out")?, 2, 0)
}

#[allow(clippy::too_many_arguments)] // What the two share.
fn grouped<'a>(
    s: &Stream,
    op: &str,
    names: [&str; 2],
    x: View<'a>,
    w: Weight<'a>,
    counts: View<'a>,
    experts: usize,
    out: ViewMut<'a>,
    split_item: i64,
    group_type: i64,
) -> Result<()> {
    check::dtype(op, names[0], x.dtype(), FLOATS)?;
    check::dtype(op, names[1], w.dtype(), &[x.dtype()])?;
    check::dtype(op, "the result", out.dtype(), &[x.dtype()])?;
    check::dtype(op, "counts", counts.dtype(), &[DType::I64])?;
    check::shape(op, "counts", counts.shape(), &[experts])?;
    let operands = [x.input(s, op, names[0])?, w.input(s, op, names[1])?];
    let (counts, out) = (counts.input(s, op, "counts")?, out.output(s, op, "the result")?);
    call(s, w.is_nz(), operands, None, counts, out, split_item, group_type)
}

/// The call, of a row-major weight or one in FRACTAL_NZ. `scales` are those of the weight and of x, where both are int8.
#[allow(clippy::too_many_arguments)] // What the operators have.
fn call<'d>(
    s: &'d Stream,
    is_nz: bool,
    [x, w]: [Desc<'d>; 2],
    scales: Option<[Desc<'d>; 2]>,
    counts: Desc<'d>,
    out: Desc<'d>,
    split_item: i64,
    group_type: i64,
) -> Result<()> {
    let one = |desc| DescList::new(s.api(), vec![desc]);
    let (x, w, y) = (one(x)?, one(w)?, OutList(one(out)?));
    let (scale, x_scale) = match scales {
        Some([scale, x_scale]) => (Some(one(scale)?), Some(one(x_scale)?)),
        None => (None, None),
    };
    let no = || NoList;
    if is_nz {
        return aclnn!(
            s,
            aclnnGroupedMatmulWeightNz(
                x,
                w,
                no(), // bias
                scale,
                no(), // offset
                no(), // antiquantScale
                no(), // antiquantOffset
                x_scale,
                counts,
                no(), // activationInput
                no(), // activationQuantScale
                no(), // activationQuantOffset
                split_item,
                group_type,
                1i64, // groupListType: counts
                0i64, // actType
                NoMutArray,
                0i64, // quantGroupSize
                y,
                NoOutList,
                NoOutList
            )
        );
    }
    aclnn!(
        s,
        aclnnGroupedMatmulV4(
            x,
            w,
            no(), // bias
            scale,
            no(), // offset
            no(), // antiquantScale
            no(), // antiquantOffset
            x_scale,
            counts,
            no(), // activationInput
            no(), // activationQuantScale
            no(), // activationQuantOffset
            split_item,
            group_type,
            1i64, // groupListType: counts
            0i64, // actType
            y,
            NoOutList,
            NoOutList
        )
    )
}
