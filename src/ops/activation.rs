//! Activations, gated and plain.

use super::check::{self, FLOATS};
use crate::acl::Stream;
use crate::error::Result;
use crate::tensor::{View, ViewMut};

/// `wide` is [.., 2i], `narrow` its [.., i]; both contiguous, one float dtype.
fn halves(op: &str, x: &View<'_>, arg: &str, shape: &[usize], dtype: crate::tensor::DType) -> Result<()> {
    check::dtype(op, "x", x.dtype(), FLOATS)?;
    check::dtype(op, arg, dtype, &[x.dtype()])?;
    let Some((&wide, lead)) = x.shape().split_last() else {
        return check::rank(op, "x", x.shape(), 1, "[.., 2i]");
    };
    check::that(wide % 2 == 0, op, || format!("x is {:?}, an even last dim (gate, up) is needed", x.shape()))?;
    let mut needed = lead.to_vec();
    needed.push(wide / 2);
    check::shape(op, arg, shape, &needed)?;
    check::that(x.is_contiguous(), op, || "x must be contiguous (CANN takes no strided input here)".into())
}

/// `out = silu(gate) * up`.
///
/// Shapes: x [.., 2i], the gate in the first half of the last dim, up in the second; out [.., i].
/// CANN: `aclnnSwiGlu` (8.1), dim -1.
pub fn swiglu<'a>(s: &Stream, x: impl Into<View<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
    const OP: &str = "swiglu";
    let (x, out) = (x.into(), out.into());
    halves(OP, &x, "out", out.shape(), out.dtype())?;
    aclnn!(s, aclnnSwiGlu(x.input(s, OP, "x")?, -1i64, out.output(s, OP, "out")?))
}

/// Gradient of [`swiglu`], laid out as `x`.
///
/// Shapes: dy [.., i], x, dx [.., 2i].
/// CANN: `aclnnSwiGluGrad` (8.1), dim -1.
pub fn swiglu_backward<'a>(
    s: &Stream,
    dy: impl Into<View<'a>>,
    x: impl Into<View<'a>>,
    dx: impl Into<ViewMut<'a>>,
) -> Result<()> {
    const OP: &str = "swiglu_backward";
    let (dy, x, dx) = (dy.into(), x.into(), dx.into());
    halves(OP, &x, "dy", dy.shape(), dy.dtype())?;
    check::shape(OP, "dx", dx.shape(), x.shape())?;
    check::dtype(OP, "dx", dx.dtype(), &[x.dtype()])?;
    aclnn!(s, aclnnSwiGluGrad(dy.input(s, OP, "dy")?, x.input(s, OP, "x")?, -1i64, dx.output(s, OP, "dx")?))
}

/// `approximate` of `aclnnGeluV2`.
const BY_ERROR_FUNCTION: i64 = 0;

macro_rules! plain {
    ($(#[$doc:meta])* $name:ident, $aclnn:ident $(, $mode:expr)?;
        $(#[$back_doc:meta])* $back:ident, $back_aclnn:ident, $of:ident $(, $back_mode:expr)?) => {
        $(#[$doc])*
        pub fn $name<'a>(s: &Stream, x: impl Into<View<'a>>, out: impl Into<ViewMut<'a>>) -> Result<()> {
            const OP: &str = stringify!($name);
            let (x, out) = (x.into(), out.into());
            check::dtype(OP, "x", x.dtype(), FLOATS)?;
            check::dtype(OP, "out", out.dtype(), FLOATS)?;
            check::shape(OP, "out", out.shape(), x.shape())?;
            aclnn!(s, $aclnn(x.input(s, OP, "x")?, $($mode,)? out.output(s, OP, "out")?))
        }

        $(#[$back_doc])*
        pub fn $back<'a>(s: &Stream, dy: impl Into<View<'a>>, $of: impl Into<View<'a>>, dx: impl Into<ViewMut<'a>>) -> Result<()> {
            const OP: &str = stringify!($back);
            let (dy, of, dx) = (dy.into(), $of.into(), dx.into());
            check::dtype(OP, "dy", dy.dtype(), FLOATS)?;
            check::dtype(OP, stringify!($of), of.dtype(), FLOATS)?;
            check::shape(OP, stringify!($of), of.shape(), dy.shape())?;
            check::dtype(OP, "dx", dx.dtype(), FLOATS)?;
            check::shape(OP, "dx", dx.shape(), dy.shape())?;
            let (dy, of) = (dy.input(s, OP, "dy")?, of.input(s, OP, stringify!($of))?);
            aclnn!(s, $back_aclnn(dy, of, $($back_mode,)? dx.output(s, OP, "dx")?))
        }
    };
}
plain! {
    /// `out = x * sigmoid(x)`. Shapes: alike. CANN: `aclnnSilu` (8.1).
    silu, aclnnSilu;
    /// Gradient of [`silu`] at `x`. Shapes: alike. CANN: `aclnnSiluBackward` (8.1).
    silu_backward, aclnnSiluBackward, x
}
plain! {
    /// `out = x * Φ(x)`, by the error function. Shapes: alike. CANN: `aclnnGeluV2` (8.1), `approximate` 0; `aclnnGelu` is the
    /// curve by tanh.
    gelu, aclnnGeluV2, BY_ERROR_FUNCTION;
    /// Gradient of [`gelu`] at `x`. Shapes: alike. CANN: `aclnnGeluBackwardV2` (8.1), "none".
    gelu_backward, aclnnGeluBackwardV2, x, c"none"
}
plain! {
    /// `out = 1 / (1 + exp(-x))`. Shapes: alike. CANN: `aclnnSigmoid` (8.1).
    sigmoid, aclnnSigmoid;
    /// Gradient of [`sigmoid`] from its output `y`. Shapes: alike. CANN: `aclnnSigmoidBackward` (8.1).
    sigmoid_backward, aclnnSigmoidBackward, y
}
