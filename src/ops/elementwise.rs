//! Elementwise arithmetic, comparisons, conversions and fills. Shapes broadcast as in NumPy; dtypes promote as in CANN.

use super::call::Scalar;
use super::check;
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{DType, View, ViewMut};

/// The shape that `a` and `b` broadcast to.
fn broadcast(op: &str, a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let dim = |shape: &[usize], i: usize| (i + shape.len()).checked_sub(rank).map_or(1, |at| shape[at]);
    let mut out = Vec::with_capacity(rank);
    for i in 0..rank {
        let (x, y) = (dim(a, i), dim(b, i));
        check::that(x == y || x == 1 || y == 1, op, || format!("{a:?} and {b:?} do not broadcast to one shape"))?;
        out.push(if x == 1 { y } else { x });
    }
    Ok(out)
}

/// `out` has the shape that `a` and `b` broadcast to. Mostly all three are alike.
#[inline]
pub(super) fn broadcasts(op: &str, arg: &str, out: &[usize], a: &[usize], b: &[usize]) -> Result<()> {
    if a == b && a == out { Ok(()) } else { check::shape(op, arg, out, &broadcast(op, a, b)?) }
}

macro_rules! binary {
    ($(#[$doc:meta])* $name:ident, $aclnn:ident $(, $alpha:ident)?) => {
        $(#[$doc])*
        pub fn $name<'a>(s: &Stream, a: impl Into<View<'a>>, b: impl Into<View<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
            const OP: &str = stringify!($name);
            let (a, b, out) = (a.into(), b.into(), out.into());
            broadcasts(OP, "out", out.shape(), a.shape(), b.shape())?;
            aclnn!(s, $aclnn(
                a.input(s, OP, "a")?,
                b.input(s, OP, "b")?,
                $( Scalar::of_kind(s, if a.dtype().is_float() { a.dtype() } else { b.dtype() }, $alpha), )?
                out.output(s, OP, "out")?
            ))
        }
    };
}
/// `alpha` of CANN's additions.
const ONE: f64 = 1.0;

binary! {
    /// `out = a + b`. CANN: `aclnnAdd` (8.1), alpha 1.
    add, aclnnAdd, ONE
}
binary! {
    /// `out = a - b`. CANN: `aclnnSub` (8.1), alpha 1.
    sub, aclnnSub, ONE
}
binary! {
    /// `out = a * b`. CANN: `aclnnMul` (8.1).
    mul, aclnnMul
}
binary! {
    /// `out = a / b`. CANN: `aclnnDiv` (8.1).
    div, aclnnDiv
}
binary! {
    /// `out = a < b`, bool. CANN: `aclnnLtTensor` (8.1).
    less, aclnnLtTensor
}
binary! {
    /// `out = a <= b`, bool. CANN: `aclnnLeTensor` (8.1).
    less_equal, aclnnLeTensor
}

macro_rules! unary {
    ($(#[$doc:meta])* $name:ident, $aclnn:ident) => {
        $(#[$doc])*
        pub fn $name<'a>(s: &Stream, x: impl Into<View<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
            const OP: &str = stringify!($name);
            let (x, out) = (x.into(), out.into());
            check::shape(OP, "out", out.shape(), x.shape())?;
            aclnn!(s, $aclnn(x.input(s, OP, "x")?, out.output(s, OP, "out")?))
        }
    };
}

unary! {
    /// `out = exp(x)`. CANN: `aclnnExp` (8.1).
    exp, aclnnExp
}
unary! {
    /// `out = ln(x)`. CANN: `aclnnLog` (8.1).
    log, aclnnLog
}
unary! {
    /// `out = -x`. CANN: `aclnnNeg` (8.1).
    neg, aclnnNeg
}

/// `acc += x`. `acc` may be wider than `x`: gradients in bf16 gather in f32.
///
/// Shapes: x broadcasts to acc. CANN: `aclnnInplaceAdd` (8.1), alpha 1.
pub fn add_<'a>(s: &Stream, acc: impl Into<ViewMut<'a>>, x: impl Into<View<'a>>) -> Result<()> {
    const OP: &str = "add_";
    let (acc, x) = (acc.into(), x.into());
    broadcasts(OP, "acc", acc.shape(), acc.shape(), x.shape())?;
    aclnn!(s, aclnnInplaceAdd(acc.output(s, OP, "acc")?, x.input(s, OP, "x")?, Scalar::of_kind(s, acc.dtype(), ONE)))
}

/// `out = x * c`. CANN: `aclnnMuls` (8.1).
pub fn mul_scalar<'a>(s: &Stream, x: impl Into<View<'a>>, c: f64, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "mul_scalar";
    let (x, out) = (x.into(), out.into());
    check::shape(OP, "out", out.shape(), x.shape())?;
    aclnn!(s, aclnnMuls(x.input(s, OP, "x")?, Scalar::float(s, c), out.output(s, OP, "out")?))
}

/// `x *= c`. CANN: `aclnnInplaceMuls` (8.1).
pub fn mul_scalar_<'a>(s: &Stream, x: impl Into<ViewMut<'a>>, c: f64) -> Result<()> {
    const OP: &str = "mul_scalar_";
    let x = x.into();
    aclnn!(s, aclnnInplaceMuls(x.output(s, OP, "x")?, Scalar::float(s, c)))
}

/// `out = x > c`, bool. CANN: `aclnnGtScalar` (8.1).
pub fn greater_scalar<'a>(s: &Stream, x: impl Into<View<'a>>, c: f64, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "greater_scalar";
    let (x, out) = (x.into(), out.into());
    check::shape(OP, "out", out.shape(), x.shape())?;
    aclnn!(s, aclnnGtScalar(x.input(s, OP, "x")?, Scalar::of_kind(s, x.dtype(), c), out.output(s, OP, "out")?))
}

/// `out = condition ? a : b`.
///
/// Shapes: all three broadcast to out; condition is bool. CANN: `aclnnSWhere` (8.1).
pub fn select<'a>(
    s: &Stream,
    condition: impl Into<View<'a>>,
    a: impl Into<View<'a>>,
    b: impl Into<View<'a>>,
    out: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "select";
    let (condition, a, b, out) = (condition.into(), a.into(), b.into(), out.into());
    check::dtype(OP, "condition", condition.dtype(), &[DType::Bool])?;
    let values = broadcast(OP, a.shape(), b.shape())?;
    check::shape(OP, "out", out.shape(), &broadcast(OP, condition.shape(), &values)?)?;
    aclnn!(
        s,
        aclnnSWhere(condition.input(s, OP, "condition")?, a.input(s, OP, "a")?, b.input(s, OP, "b")?, out.output(s, OP, "out")?)
    )
}

/// Conversion to the dtype of `out`, rounding to nearest even.
///
/// Shapes: alike. CANN: `aclnnCast` (8.1).
pub fn cast<'a>(s: &Stream, x: impl Into<View<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "cast";
    let (x, out) = (x.into(), out.into());
    check::shape(OP, "out", out.shape(), x.shape())?;
    aclnn!(s, aclnnCast(x.input(s, OP, "x")?, out.dtype(), out.output(s, OP, "out")?))
}

/// `dst = src`, strided on both sides, with conversion and broadcast.
///
/// Shapes: src broadcasts to dst. CANN: `aclnnInplaceCopy` (8.1).
pub fn copy<'a>(s: &Stream, src: impl Into<View<'a>>, dst: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "copy";
    let (src, dst) = (src.into(), dst.into());
    check::shape(OP, "dst", dst.shape(), &broadcast(OP, dst.shape(), src.shape())?)?;
    aclnn!(s, aclnnInplaceCopy(dst.output(s, OP, "dst")?, src.input(s, OP, "src")?))
}

/// Every element becomes `c`. CANN: `aclnnInplaceFillScalar` (8.1).
pub fn fill<'a>(s: &Stream, x: impl Into<ViewMut<'a>>, c: f64) -> Result<()> {
    const OP: &str = "fill";
    let x = x.into();
    aclnn!(s, aclnnInplaceFillScalar(x.output(s, OP, "x")?, Scalar::of_kind(s, x.dtype(), c)))
}

/// Every element becomes zero. CANN: `aclnnInplaceZero` (8.1).
pub fn zero<'a>(s: &Stream, x: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "zero";
    let x = x.into();
    aclnn!(s, aclnnInplaceZero(x.output(s, OP, "x")?))
}

/// The upper triangle of the last two dims, from `diagonal` on; zero below.
///
/// Shapes: alike. CANN: `aclnnTriu` (8.1).
pub fn triu<'a>(s: &Stream, x: impl Into<View<'a>>, diagonal: i64, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "triu";
    let (x, out) = (x.into(), out.into());
    check::shape(OP, "out", out.shape(), x.shape())?;
    aclnn!(s, aclnnTriu(x.input(s, OP, "x")?, diagonal, out.output(s, OP, "out")?))
}
