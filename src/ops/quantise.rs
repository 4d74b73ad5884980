//! int8 from floats.

use super::call::NoTensor;
use super::check;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

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
    check::dtype(OP, "x", x.dtype(), &[DType::BF16, DType::F16])?;
    check::that(x.shape().len() > 1, OP, || format!("x is {:?}, [.., d] of two dims or more is needed", x.shape()))?;
    check::shape(OP, "y", y.shape(), x.shape())?;
    check::dtype(OP, "y", y.dtype(), &[DType::I8])?;
    check::shape(OP, "scale", scale.shape(), &x.shape()[..x.shape().len() - 1])?;
    check::dtype(OP, "scale", scale.dtype(), &[DType::F32])?;
    aclnn!(s, aclnnDynamicQuant(x.input(s, OP, "x")?, NoTensor, y.output(s, OP, "y")?, scale.output(s, OP, "scale")?))
}
