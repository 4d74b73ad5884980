//! More of what is computed element by element: functions, comparisons, logic, limits, and what is done in place.
//!
//! Shapes broadcast as in NumPy where there are two inputs; dtypes promote as in CANN. Comparisons give bool.

use super::call::Scalar;
use super::check::{self, FLOATS};
use super::elementwise::{ONE, binary, broadcasts, unary};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

binary! {
    /// `out = a == b`, bool. CANN: `aclnnEqTensor` (8.1).
    equal, aclnnEqTensor
}
binary! {
    /// `out = a != b`, bool. CANN: `aclnnNeTensor` (8.1).
    not_equal, aclnnNeTensor
}
binary! {
    /// `out = a > b`, bool. CANN: `aclnnGtTensor` (8.1).
    greater, aclnnGtTensor
}
binary! {
    /// `out = a >= b`, bool. CANN: `aclnnGeTensor` (8.1).
    greater_equal, aclnnGeTensor
}
binary! {
    /// `out = a && b`, bool; a number is true unless it is 0. CANN: `aclnnLogicalAnd` (8.1).
    logical_and, aclnnLogicalAnd
}
binary! {
    /// `out = a || b`, bool; a number is true unless it is 0. CANN: `aclnnLogicalOr` (8.1).
    logical_or, aclnnLogicalOr
}

unary! {
    /// `out = !x`, bool; a number is true unless it is 0. CANN: `aclnnLogicalNot` (8.1).
    logical_not, aclnnLogicalNot
}
unary! {
    /// `out = x is neither infinite nor NaN`, bool. CANN: `aclnnIsFinite` (8.1).
    is_finite, aclnnIsFinite
}
unary! {
    /// `out = x is infinite`, bool. CANN: `aclnnIsInf` (8.1).
    is_inf, aclnnIsInf
}
unary! {
    /// `out = |x|`. CANN: `aclnnAbs` (8.1).
    abs, aclnnAbs
}
unary! {
    /// `out = sqrt(x)`. CANN: `aclnnSqrt` (8.1).
    sqrt, aclnnSqrt
}
unary! {
    /// `out = 1 / sqrt(x)`. CANN: `aclnnRsqrt` (8.1).
    rsqrt, aclnnRsqrt
}
unary! {
    /// `out = 1 / x`. CANN: `aclnnReciprocal` (8.1).
    reciprocal, aclnnReciprocal
}
unary! {
    /// `out = exp(x) - 1`, exact near 0. CANN: `aclnnExpm1` (8.1).
    expm1, aclnnExpm1
}
unary! {
    /// `out = sin(x)`. CANN: `aclnnSin` (8.1).
    sin, aclnnSin
}
unary! {
    /// `out = cos(x)`. CANN: `aclnnCos` (8.1).
    cos, aclnnCos
}
unary! {
    /// `out = tanh(x)`. CANN: `aclnnTanh` (8.1).
    tanh, aclnnTanh
}
unary! {
    /// `out = erf(x)`. CANN: `aclnnErf` (8.1).
    erf, aclnnErf
}

/// Operators of a tensor and a number.
macro_rules! with_scalar {
    ($($(#[$doc:meta])* $name:ident, $aclnn:ident, $kind:ident $(, $alpha:ident)?;)*) => { $(
        $(#[$doc])*
        pub fn $name<'a>(s: &Stream, x: impl Into<View<'a>>, c: f64, out: impl Into<ViewMut<'a>>) -> Result<()> {
            const OP: &str = stringify!($name);
            let (x, out) = (x.into(), out.into());
            check::shape(OP, "out", out.shape(), x.shape())?;
            aclnn!(s, $aclnn(
                x.input(s, OP, "x")?,
                number!($kind s, x.dtype(), c),
                $( Scalar::of_kind(s, x.dtype(), $alpha), )?
                out.output(s, OP, "out")?
            ))
        }
    )* };
}
/// The number as CANN gets it: of the tensor's kind (an integer beside integers), or always a float.
macro_rules! number {
    (own $s:expr, $dtype:expr, $c:expr) => {
        Scalar::of_kind($s, $dtype, $c)
    };
    (float $s:expr, $dtype:expr, $c:expr) => {
        Scalar::float($s, $c)
    };
}
with_scalar! {
    /// `out = x + c`; beside integers, c is cut to one. CANN: `aclnnAdds` (8.1), alpha 1.
    add_scalar, aclnnAdds, own, ONE;
    /// `out = x - c`; beside integers, c is cut to one. CANN: `aclnnSubs` (8.1), alpha 1.
    sub_scalar, aclnnSubs, own, ONE;
    /// `out = x / c`. CANN: `aclnnDivs` (8.1).
    div_scalar, aclnnDivs, float;
    /// `out = x ^ c`; beside integers, c is cut to one. CANN: `aclnnPowTensorScalar` (8.1).
    pow_scalar, aclnnPowTensorScalar, own;
    /// `out = x == c`, bool; c is rounded to x's dtype. CANN: `aclnnEqScalar` (8.1).
    equal_scalar, aclnnEqScalar, own;
    /// `out = x != c`, bool; c is rounded to x's dtype. CANN: `aclnnNeScalar` (8.1).
    not_equal_scalar, aclnnNeScalar, own;
    /// `out = x < c`, bool; c is rounded to x's dtype. CANN: `aclnnLtScalar` (8.1).
    less_scalar, aclnnLtScalar, own;
    /// `out = x <= c`, bool; c is rounded to x's dtype. CANN: `aclnnLeScalar` (8.1).
    less_equal_scalar, aclnnLeScalar, own;
    /// `out = x >= c`, bool; c is rounded to x's dtype. CANN: `aclnnGeScalar` (8.1).
    greater_equal_scalar, aclnnGeScalar, own;
    /// `out = x`, but no smaller than c; NaN stays. CANN: `aclnnClampMin` (8.1).
    clamp_min, aclnnClampMin, own;
    /// `out = x`, but no larger than c; NaN stays. CANN: `aclnnClampMax` (8.1).
    clamp_max, aclnnClampMax, own;
}

/// `out = x`, but no smaller than `least` and no larger than `most`; NaN stays. What PPO clips its ratios with.
///
/// Shapes: alike. CANN: `aclnnClamp` (8.1).
pub fn clamp<'a>(s: &Stream, x: impl Into<View<'a>>, least: f64, most: f64, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "clamp";
    let (x, out) = (x.into(), out.into());
    check::shape(OP, "out", out.shape(), x.shape())?;
    let limit = |value| Scalar::of_kind(s, x.dtype(), value);
    aclnn!(s, aclnnClamp(x.input(s, OP, "x")?, limit(least), limit(most), out.output(s, OP, "out")?))
}

/// Operators that change their first tensor by another, which broadcasts to it.
macro_rules! in_place {
    ($($(#[$doc:meta])* $name:ident, $aclnn:ident $(, $alpha:ident)?;)*) => { $(
        $(#[$doc])*
        pub fn $name<'a>(s: &Stream, x: impl Into<ViewMut<'a>>, by: impl Into<View<'a>>) -> Result<()> {
            const OP: &str = stringify!($name);
            let (x, by) = (x.into(), by.into());
            broadcasts(OP, "x", x.shape(), x.shape(), by.shape())?;
            aclnn!(s, $aclnn(
                x.output(s, OP, "x")?,
                by.input(s, OP, "by")?
                $(, Scalar::of_kind(s, x.dtype(), $alpha))?
            ))
        }
    )* };
}
in_place! {
    /// `x -= by`. CANN: `aclnnInplaceSub` (8.1), alpha 1.
    sub_, aclnnInplaceSub, ONE;
    /// `x *= by`. CANN: `aclnnInplaceMul` (8.1).
    mul_, aclnnInplaceMul;
    /// `x /= by`. CANN: `aclnnInplaceDiv` (8.1).
    div_, aclnnInplaceDiv;
}

macro_rules! in_place_alone {
    ($($(#[$doc:meta])* $name:ident, $aclnn:ident;)*) => { $(
        $(#[$doc])*
        pub fn $name<'a>(s: &Stream, x: impl Into<ViewMut<'a>>) -> Result<()> {
            const OP: &str = stringify!($name);
            let x = x.into();
            aclnn!(s, $aclnn(x.output(s, OP, "x")?))
        }
    )* };
}
in_place_alone! {
    /// `x = exp(x)`. CANN: `aclnnInplaceExp` (8.1).
    exp_, aclnnInplaceExp;
    /// `x = sqrt(x)`. CANN: `aclnnInplaceSqrt` (8.1).
    sqrt_, aclnnInplaceSqrt;
    /// Every element becomes one. CANN: `aclnnInplaceOne` (8.1).
    one, aclnnInplaceOne;
}

/// `x += c`. CANN: `aclnnInplaceAdds` (8.1), alpha 1.
pub fn add_scalar_<'a>(s: &Stream, x: impl Into<ViewMut<'a>>, c: f64) -> Result<()> {
    const OP: &str = "add_scalar_";
    let x = x.into();
    aclnn!(s, aclnnInplaceAdds(x.output(s, OP, "x")?, Scalar::of_kind(s, x.dtype(), c), Scalar::of_kind(s, x.dtype(), ONE)))
}

/// `x /= c`. CANN: `aclnnInplaceDivs` (8.1).
pub fn div_scalar_<'a>(s: &Stream, x: impl Into<ViewMut<'a>>, c: f64) -> Result<()> {
    const OP: &str = "div_scalar_";
    let x = x.into();
    aclnn!(s, aclnnInplaceDivs(x.output(s, OP, "x")?, Scalar::float(s, c)))
}

/// `acc += c` times something of `a` and `b`, which broadcast to it.
macro_rules! accumulated {
    ($($(#[$doc:meta])* $name:ident, $aclnn:ident;)*) => { $(
        $(#[$doc])*
        pub fn $name<'a>(
            s: &Stream,
            acc: impl Into<ViewMut<'a>>,
            a: impl Into<View<'a>>,
            b: impl Into<View<'a>>,
            c: f64,
        ) -> Result<()> {
            const OP: &str = stringify!($name);
            let (acc, a, b) = (acc.into(), a.into(), b.into());
            check::dtype(OP, "acc", acc.dtype(), FLOATS)?;
            broadcasts(OP, "acc", acc.shape(), acc.shape(), a.shape())?;
            broadcasts(OP, "acc", acc.shape(), acc.shape(), b.shape())?;
            aclnn!(s, $aclnn(acc.output(s, OP, "acc")?, a.input(s, OP, "a")?, b.input(s, OP, "b")?, Scalar::float(s, c)))
        }
    )* };
}
accumulated! {
    /// `acc += c * a * b`: the second moment of an optimiser. Shapes: a and b broadcast to acc, floats.
    /// CANN: `aclnnInplaceAddcmul` (8.1).
    addcmul_, aclnnInplaceAddcmul;
    /// `acc += c * a / b`: the step of an optimiser. Shapes: a and b broadcast to acc, floats.
    /// CANN: `aclnnInplaceAddcdiv` (8.1).
    addcdiv_, aclnnInplaceAddcdiv;
}

/// `x = c` where `mask` is true.
///
/// Shapes: mask, bool, broadcasts to x. CANN: `aclnnInplaceMaskedFillScalar` (8.1).
pub fn masked_fill_<'a>(s: &Stream, x: impl Into<ViewMut<'a>>, mask: impl Into<View<'a>>, c: f64) -> Result<()> {
    const OP: &str = "masked_fill_";
    let (x, mask) = (x.into(), mask.into());
    check::dtype(OP, "mask", mask.dtype(), &[DType::Bool])?;
    broadcasts(OP, "x", x.shape(), x.shape(), mask.shape())?;
    let value = Scalar::of_kind(s, x.dtype(), c);
    aclnn!(s, aclnnInplaceMaskedFillScalar(x.output(s, OP, "x")?, mask.input(s, OP, "mask")?, value))
}
