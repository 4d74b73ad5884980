//! int8 from floats, and products of it: both operands int8 (W8A8), or the weight alone, of int8 or int4 (W8A16, W4A16).
//!
//! [`dynamic_quant`] makes both operands of [`quant_matmul`]: rows of activations, and the rows of a transposed weight, which
//! are its columns. Weights may be in FRACTAL_NZ ([`NzWeight`](super::NzWeight)).
//!
//! # Not covered
//! 64-bit factors; both operands int4; a weight of int4 in FRACTAL_NZ, or by expert.

use super::call::NoTensor;
use super::check::{self, HALVES};
use super::int4_weight::QuantWeight;
use super::nz_weight::Weight;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, Desc, View, ViewMut};

/// The longest row of an operand that CANN's kernels of quantised weights take.
const LONGEST: usize = 65535;

/// `y = round(x / scale)` with `scale = max|x| / 127` of each row.
///
/// Shapes: x bf16 or f16 [.., d] of two dims or more, y i8 [.., d], scale f32 [..]. CANN: `aclnnDynamicQuant` (8.1).
pub fn dynamic_quant<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    y: impl Into<ViewMut<'a>>,
    scale: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "dynamic_quant";
    let (x, y, scale) = (x.into(), y.into(), scale.into());
    check::dtype(OP, "x", x.dtype(), HALVES)?;
    check::that(x.shape().len() > 1, OP, || format!("x is {:?}, [.., d] of two dims or more is needed", x.shape()))?;
    check::shape(OP, "y", y.shape(), x.shape())?;
    check::dtype(OP, "y", y.dtype(), &[DType::I8])?;
    check::shape(OP, "scale", scale.shape(), &x.shape()[..x.shape().len() - 1])?;
    check::dtype(OP, "scale", scale.dtype(), &[DType::F32])?;
    aclnn!(s, aclnnDynamicQuant(x.input(s, OP, "x")?, NoTensor, y.output(s, OP, "y")?, scale.output(s, OP, "scale")?))
}

/// `out = (x @ weight) * x_scale * weight_scale + bias` of int8 operands, whose sums are exact in i32; the rest is in f32.
///
/// Shapes: x i8 [m, k], x_scale f32 `[m]` (a factor for each row), weight i8 [k, n], row-major, a transposed view or an
/// [`NzWeight`](super::NzWeight), weight_scale `[n]` or `[1]`, bias `[n]`, out [m, n]. With out bf16, weight_scale is f32 or bf16
/// and bias i32, bf16 or f32; with out f16, weight_scale is f32 and bias i32, f16 or f32. A bias of i32 is added before the
/// factors. No dim may be 0.
/// CANN: `aclnnQuantMatmulV4`, of an `NzWeight` `aclnnQuantMatmulWeightNz` (8.1).
pub fn quant_matmul<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    x_scale: impl Into<View<'a>>,
    weight: impl Into<Weight<'a>>,
    weight_scale: impl Into<View<'a>>,
    bias: Option<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "quant_matmul";
    let (x, x_scale, weight, weight_scale, out) = (x.into(), x_scale.into(), weight.into(), weight_scale.into(), out.into());
    let [m, _, n] = product(OP, &x, weight.shape(), &out)?;
    check::dtype(OP, "x", x.dtype(), &[DType::I8])?;
    check::dtype(OP, "weight", weight.dtype(), &[DType::I8])?;
    check::dtype(OP, "out", out.dtype(), HALVES)?;
    check::dtype(OP, "x_scale", x_scale.dtype(), &[DType::F32])?;
    check::shape(OP, "x_scale", x_scale.shape(), &[m])?;
    let scales: &[DType] = if out.dtype() == DType::BF16 { &[DType::F32, DType::BF16] } else { &[DType::F32] };
    check::dtype(OP, "weight_scale", weight_scale.dtype(), scales)?;
    let given = weight_scale.shape();
    check::that(given == [n] || given == [1], OP, || format!("weight_scale is {given:?}, [{n}] or [1] is needed"))?;
    if let Some(bias) = &bias {
        check::dtype(OP, "bias", bias.dtype(), &[DType::I32, out.dtype(), DType::F32])?;
        check::shape(OP, "bias", bias.shape(), &[n])?;
    }
    let is_nz = weight.is_nz();
    let (x, x_scale, out) = (x.input(s, OP, "x")?, x_scale.input(s, OP, "x_scale")?, out.output(s, OP, "out")?);
    let (weight, weight_scale) = (weight.input(s, OP, "weight")?, weight_scale.input(s, OP, "weight_scale")?);
    let bias = maybe(s, OP, "bias", &bias)?;
    if is_nz {
        return aclnn!(
            s,
            aclnnQuantMatmulWeightNz(
                x,
                weight,
                x_scale,
                weight_scale,
                NoTensor, // yScale
                NoTensor, // x1Offset
                NoTensor, // x2Offset
                NoTensor, // yOffset
                bias,
                false,
                false,
                0i64, // groupSize
                out
            )
        );
    }
    aclnn!(s, aclnnQuantMatmulV4(x, weight, weight_scale, NoTensor, x_scale, bias, false, false, out))
}

/// `out = x @ ((weight + offset) * scale) + bias`: float activations by a weight of int8 or int4.
///
/// Shapes: x bf16 or f16 [m, k], weight [k, n], i8 row-major, a transposed view or an [`NzWeight`](super::NzWeight), or an
/// [`Int4Weight`](super::Int4Weight); scale `[n]` or `[1]`, or [groups, n] for groups of `group` terms (a multiple of 32 below k,
/// `groups = ceil(k / group)`; None: no groups; with an `NzWeight` only `[n]`), offset (zero points, negated) as scale, bias `[n]`,
/// out [m, n]. One dtype for all floats, but the bias of bf16 is f32. No dim may be 0, none of the weight above 65535.
/// CANN: `aclnnWeightQuantBatchMatmulV2` (8.1).
#[allow(clippy::too_many_arguments)] // What CANN's operator has.
pub fn weight_quant_matmul<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    weight: impl Into<QuantWeight<'a>>,
    scale: impl Into<View<'a>>,
    offset: Option<View<'a>>,
    group: Option<usize>,
    bias: Option<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "weight_quant_matmul";
    let (x, weight, scale, out) = (x.into(), weight.into(), scale.into(), out.into());
    let [_, k, n] = product(OP, &x, weight.shape(), &out)?;
    if let QuantWeight::Int8(weight) = &weight {
        check::dtype(OP, "weight", weight.dtype(), &[DType::I8])?;
    }
    check::dtype(OP, "x", x.dtype(), HALVES)?;
    check::dtype(OP, "out", out.dtype(), &[x.dtype()])?;
    check::dtype(OP, "scale", scale.dtype(), &[x.dtype()])?;
    check::that(k <= LONGEST && n <= LONGEST, OP, || format!("weight is [{k}, {n}], dims up to {LONGEST} are needed"))?;
    match group {
        None => {
            let given = scale.shape();
            check::that(given == [n] || given == [1], OP, || format!("scale is {given:?}, [{n}] or [1] is needed"))?;
        }
        Some(group) => {
            let fits = group >= 32 && group < k && group.is_multiple_of(32);
            check::that(fits, OP, || format!("group is {group}, a multiple of 32 below {k} is needed"))?;
            check::shape(OP, "scale", scale.shape(), &[k.div_ceil(group), n])?;
        }
    }
    check::that(!weight.is_nz() || group.is_none() && scale.shape() == [n], OP, || {
        format!("scale is {:?} of a weight in FRACTAL_NZ, [{n}] without groups is needed", scale.shape())
    })?;
    if let Some(offset) = &offset {
        check::dtype(OP, "offset", offset.dtype(), &[x.dtype()])?;
        check::shape(OP, "offset", offset.shape(), scale.shape())?;
    }
    if let Some(bias) = &bias {
        check::dtype(OP, "bias", bias.dtype(), &[if x.dtype() == DType::BF16 { DType::F32 } else { DType::F16 }])?;
        check::shape(OP, "bias", bias.shape(), &[n])?;
    }
    aclnn!(
        s,
        aclnnWeightQuantBatchMatmulV2(
            x.input(s, OP, "x")?,
            weight.input(s, OP, "weight")?,
            scale.input(s, OP, "scale")?,
            maybe(s, OP, "offset", &offset)?,
            NoTensor,
            NoTensor,
            maybe(s, OP, "bias", &bias)?,
            group.unwrap_or(0) as i32,
            out.output(s, OP, "out")?
        )
    )
}

/// `x @ weight` exists, and `out` has its shape: [m, k, n].
fn product(op: &str, x: &View<'_>, w: &[usize], out: &ViewMut<'_>) -> Result<[usize; 3]> {
    let x = x.shape();
    check::rank(op, "x", x, 2, "[m, k]")?;
    check::rank(op, "weight", w, 2, "[k, n]")?;
    check::that(x[1] == w[0], op, || format!("x is {x:?} and weight is {w:?}: the inner dims differ"))?;
    check::that(!x.contains(&0) && w[1] > 0, op, || format!("x is {x:?} and weight is {w:?}: no dim may be 0"))?;
    check::shape(op, "out", out.shape(), &[x[0], w[1]])?;
    Ok([x[0], x[1], w[1]])
}

fn maybe<'a>(s: &'a Stream, op: &str, arg: &str, view: &'a Option<View<'a>>) -> Result<Option<Desc<'a>>> {
    view.as_ref().map(|view| view.input(s, op, arg)).transpose()
}
