//! Activations by pieces and with numbers of their own, and gradients of these and of those in `pieces.rs`: `aclnnMish`,
//! `aclnnHardtanh`, `aclnnLogSigmoid`, `aclnnSoftshrink`, `aclnnThreshold`, `aclnnPrelu`, `aclnn*Backward`.

use ascend_rl_sys::types::*;

use super::engine::{Lanes, lanes};
use super::pieces::hard;
use super::prepare::{Factor, Row, constants, prepare};
use crate::math::{exp, sigmoid};
use crate::nn::tensor::Dims;
use crate::ops::call::Call;
use crate::ops::dtypes::{FLOATS, NUMBERS, check_same_dtype};
use crate::reject::{Outcome, check};

/// What `aclnnThresholdBackward` takes on A2.
const THRESHOLD: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT32, ACL_INT8, ACL_UINT8];

/// Bodies of functions of floats: C's names of the tensors that are read, of the numbers, and of the result; then the function of
/// the tensors' elements and the numbers. `in place`: the first tensor is the result.
macro_rules! curves {
    ($($(#[$doc:meta])* $body:ident, $name:literal ($($x:ident $param:literal),+; $($k:ident $k_param:literal),*; $out:literal):
        |$a:ident, $b:ident, $c:ident, [$s:ident, $t:ident, $u:ident]| $value:expr;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(
            $($x: *const aclTensor,)+ $($k: *const aclScalar,)* out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            static ROW: Row = curves!(@row $name, |$a, $b, $c, [$s, $t, $u]| $value);
            constants(&ROW, &[$(($param, $x)),+], &[$(($k_param, $k)),*], ($out, out), (ws, executor))
        }
    )* };
    (in place: $($(#[$doc:meta])* $body:ident, $name:literal, $own:literal ($($k:ident $k_param:literal),*):
        |$a:ident, $b:ident, $c:ident, [$s:ident, $t:ident, $u:ident]| $value:expr;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(
            own: *const aclTensor, $($k: *const aclScalar,)* ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            static ROW: Row = curves!(@row $name, |$a, $b, $c, [$s, $t, $u]| $value);
            constants(&ROW, &[($own, own)], &[$(($k_param, $k)),*], ($own, own), (ws, executor))
        }
    )* };
    (@row $name:literal, |$a:ident, $b:ident, $c:ident, [$s:ident, $t:ident, $u:ident]| $value:expr) => {
        Row { name: $name, takes: FLOATS, float: lanes!(f32: |$a, $b, $c, [$s, $t, $u]| $value), int: None, compares: false }
    };
}

curves! {
    /// `x * tanh(log(1 + e^x))`.
    aclnnMishGetWorkspaceSize, "aclnnMish" (self_ "self"; ; "out"): |x, _b, _c, [_s, _t, _u]| x * softplus(x).tanh();
    /// `log(sigmoid(x))`.
    aclnnLogSigmoidGetWorkspaceSize, "aclnnLogSigmoid" (self_ "self"; ; "out"): |x, _b, _c, [_s, _t, _u]| -softplus(-x);
    /// `x` nearer to 0 by `lambd`, 0 within it.
    aclnnSoftshrinkGetWorkspaceSize, "aclnnSoftshrink" (self_ "self"; lambd "lambd"; "out"):
        |x, _b, _c, [l, _t, _u]| if x > l { x - l } else if x < -l { x + l } else { x * 0.0 };
    /// `x`, 0 within `lambd`.
    aclnnHardshrinkGetWorkspaceSize, "aclnnHardshrink" (self_ "self"; lambd "lambd"; "out"):
        |x, _b, _c, [l, _t, _u]| if x >= -l && x <= l { 0.0 } else { x };
    /// `x` above 0, else `alpha*(exp(x/alpha) - 1)`.
    aclnnCeluGetWorkspaceSize, "aclnnCelu" (self_ "self"; alpha "alpha"; "out"):
        |x, _b, _c, [alpha, _t, _u]| if x > 0.0 { x } else { alpha * (x / alpha).exp_m1() };

    /// From the output `y` of `tanh`: `1 - y^2`.
    aclnnTanhBackwardGetWorkspaceSize, "aclnnTanhBackward" (grad_output "gradOutput", output "output"; ; "gradInput"):
        |d, y, _c, [_s, _t, _u]| d * (1.0 - y * y);
    /// Of `aclnnMish`.
    aclnnMishBackwardGetWorkspaceSize, "aclnnMishBackward" (grad_output "gradOutput", self_ "self"; ; "gradInput"):
        |d, x, _c, [_s, _t, _u]| { let t = softplus(x).tanh(); d * (t + x * (1.0 - t * t) * sigmoid(x)) };
    /// Of `aclnnHardswish`.
    aclnnHardswishBackwardGetWorkspaceSize, "aclnnHardswishBackward" (grad_output "gradOutput", self_ "self"; ; "out"):
        |d, x, _c, [_s, _t, _u]| if x <= -3.0 { 0.0 } else if x < 3.0 { d * (x / 3.0 + 0.5) } else { d };
    /// Of `aclnnHardsigmoid`.
    aclnnHardsigmoidBackwardGetWorkspaceSize, "aclnnHardsigmoidBackward" (grad_output "gradOutput", self_ "self"; ; "out"):
        |d, x, _c, [_s, _t, _u]| if x > -3.0 && x < 3.0 { d / 6.0 } else { 0.0 };
    /// Of `aclnnHardtanh`.
    aclnnHardtanhBackwardGetWorkspaceSize, "aclnnHardtanhBackward"
        (grad_output "gradOutput", self_ "self"; least "min", most "max"; "out"):
        |d, x, _c, [least, most, _u]| if x <= least || x >= most { 0.0 } else { d };
    /// Of `aclnnSoftshrink`.
    aclnnSoftshrinkBackwardGetWorkspaceSize, "aclnnSoftshrinkBackward"
        (grad_output "gradOutput", self_ "self"; lambda "lambda"; "gradInput"):
        |d, x, _c, [l, _t, _u]| if x >= -l && x <= l { 0.0 } else { d };
    /// Of `aclnnHardshrink`.
    aclnnHardshrinkBackwardGetWorkspaceSize, "aclnnHardshrinkBackward"
        (grad_output "gradOutput", self_ "self"; lambd "lambd"; "gradInput"):
        |d, x, _c, [l, _t, _u]| if x >= -l && x <= l { 0.0 } else { d };
    /// Of `aclnnSoftplus`.
    aclnnSoftplusBackwardGetWorkspaceSize, "aclnnSoftplusBackward"
        (grad_output "gradOutput", self_ "self"; beta "beta", threshold "threshold"; "gradInput"):
        |d, x, _c, [beta, threshold, _u]| if beta * x > threshold { d } else { d * sigmoid(beta * x) };
}
curves! { in place:
    /// Of `aclnnMish`.
    aclnnInplaceMishGetWorkspaceSize, "aclnnInplaceMish", "selfRef" (): |x, _b, _c, [_s, _t, _u]| x * softplus(x).tanh();
    /// Of `aclnnHardsigmoid`.
    aclnnInplaceHardsigmoidGetWorkspaceSize, "aclnnInplaceHardsigmoid", "self" (): |x, _b, _c, [_s, _t, _u]| hard(x);
    /// Of `aclnnHardswish`.
    aclnnInplaceHardswishGetWorkspaceSize, "aclnnInplaceHardswish", "self" (): |x, _b, _c, [_s, _t, _u]| x * hard(x);
    /// Of `aclnnLeakyRelu`.
    aclnnInplaceLeakyReluGetWorkspaceSize, "aclnnInplaceLeakyRelu", "selfRef" (negative_slope "negativeSlope"):
        |x, _b, _c, [s, _t, _u]| if x < 0.0 { s * x } else { x };
    /// Of `aclnnElu`.
    aclnnInplaceEluGetWorkspaceSize, "aclnnInplaceElu", "selfRef" (alpha "alpha", scale "scale", input_scale "inputScale"):
        |x, _b, _c, [alpha, scale, input]| if x > 0.0 { scale * x } else { alpha * scale * (input * x).exp_m1() };
}

/// `log(1 + e^x)`: the larger part apart, so that the exponential stays small.
#[inline(always)]
fn softplus(x: f32) -> f32 {
    let most = if x < 0.0 { 0.0 } else { x };
    most + exp(-x.abs()).ln_1p()
}

/// `aclnnLogSigmoid` with a buffer for its gradient, which is CANN's own, of any shape: it must be there and is not written.
pub(crate) fn aclnnLogSigmoidForwardGetWorkspaceSize(
    self_: *const aclTensor,
    out: *mut aclTensor,
    buffer: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnLogSigmoidForward";
    static ROW: Row = curves!(@row "aclnnLogSigmoidForward", |x, _b, _c, [_s, _t, _u]| -softplus(-x));
    Call::new(NAME).input("buffer", buffer)?;
    constants(&ROW, &[("self", self_)], &[], ("out", out), (ws, executor))
}

/// Gradient of `aclnnLogSigmoid`. The buffer is CANN's own, of any shape: it must be there and is not read.
pub(crate) fn aclnnLogSigmoidBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    buffer: *const aclTensor,
    grad_input: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnLogSigmoidBackward";
    static ROW: Row = curves!(@row "aclnnLogSigmoidBackward", |d, x, _c, [_s, _t, _u]| d * sigmoid(-x));
    Call::new(NAME).input("buffer", buffer)?;
    constants(&ROW, &[("gradOutput", grad_output), ("self", self_)], &[], ("gradInput", grad_input), (ws, executor))
}

/// Gradient of `aclnnLeakyRelu`. The sign is the result's as well as the input's, as long as the slope is above 0: what it is
/// given does not matter.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnLeakyReluBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    negative_slope: *const aclScalar,
    self_is_result: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnLeakyReluBackward";
    static ROW: Row = curves!(@row "aclnnLeakyReluBackward", |d, x, _c, [s, _t, _u]| if x > 0.0 { d } else { d * s });
    let slope = Call::new(NAME).scalar("negativeSlope", negative_slope)?.as_f64();
    check!(
        !self_is_result || slope >= 0.0,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: negativeSlope is {slope}; with selfIsResult it is 0 or more"
    );
    let inputs = [("gradOutput", grad_output), ("self", self_)];
    constants(&ROW, &inputs, &[("negativeSlope", negative_slope)], ("out", out), (ws, executor))
}

/// Gradient of `aclnnElu`, from its input or, with `isResult`, its output.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnEluBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    alpha: *const aclScalar,
    scale: *const aclScalar,
    input_scale: *const aclScalar,
    is_result: bool,
    self_or_result: *const aclTensor,
    grad_input: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    static OF_INPUT: Row = curves!(@row "aclnnEluBackward", |d, x, _c, [alpha, scale, input]|
        if x > 0.0 { d * scale } else { d * input * alpha * scale * exp(input * x) });
    static OF_RESULT: Row = curves!(@row "aclnnEluBackward", |d, y, _c, [alpha, scale, input]|
        if y > 0.0 { d * scale } else { d * input * (y + alpha * scale) });
    let row = if is_result { &OF_RESULT } else { &OF_INPUT };
    let inputs = [("gradOutput", grad_output), ("selfOrResult", self_or_result)];
    let given = [("alpha", alpha), ("scale", scale), ("inputScale", input_scale)];
    constants(row, &inputs, &given, ("gradInput", grad_input), (ws, executor))
}

/// `out = self` between two numbers.
pub(crate) fn aclnnHardtanhGetWorkspaceSize(
    self_: *const aclTensor,
    clip_value_min: *const aclScalar,
    clip_value_max: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnHardtanh");
    let own = call.input("self", self_)?;
    let limits = [call.scalar("clipValueMin", clip_value_min)?, call.scalar("clipValueMax", clip_value_max)?];
    let out = call.output("out", out)?;
    prepare(call, &HARDTANH, &[("self", own)], Factor::Limits(limits.map(Some)), ("out", out), (ws, executor))
}

/// The same in place.
pub(crate) fn aclnnInplaceHardtanhGetWorkspaceSize(
    self_ref: *mut aclTensor,
    clip_value_min: *const aclScalar,
    clip_value_max: *const aclScalar,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnInplaceHardtanh");
    let own = call.output("selfRef", self_ref)?;
    let limits = [call.scalar("clipValueMin", clip_value_min)?, call.scalar("clipValueMax", clip_value_max)?];
    prepare(call, &IN_PLACE_HARDTANH, &[("selfRef", own)], Factor::Limits(limits.map(Some)), ("selfRef", own), (ws, executor))
}

const BETWEEN: Lanes<f32> =
    lanes!(f32: |a, _b, _c, [s, t]| { let least = if a < s { s } else { a }; if least > t { t } else { least } });
const WHOLE_BETWEEN: Lanes<i64> = lanes!(i64: |a, _b, _c, [s, t]| a.max(s).min(t));
static HARDTANH: Row = Row { name: "aclnnHardtanh", takes: NUMBERS, float: BETWEEN, int: Some(WHOLE_BETWEEN), compares: false };
static IN_PLACE_HARDTANH: Row = Row { name: "aclnnInplaceHardtanh", ..HARDTANH };

/// `out = self`, but `value` wherever it is not above `threshold`.
pub(crate) fn aclnnThresholdGetWorkspaceSize(
    self_: *const aclTensor,
    threshold: *const aclScalar,
    value: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnThreshold";
    const FLOAT: Lanes<f32> = lanes!(f32: |a, _b, _c, [threshold, value]| if a <= threshold { value } else { a });
    const INT: Lanes<i64> = lanes!(i64: |a, _b, _c, [threshold, value]| if a <= threshold { value } else { a });
    static ROW: Row = Row { name: NAME, takes: NUMBERS, float: FLOAT, int: Some(INT), compares: false };
    let mut call = Call::new(NAME);
    let own = call.input("self", self_)?;
    let given = [call.scalar("threshold", threshold)?, call.scalar("value", value)?];
    let out = call.output("out", out)?;
    prepare(call, &ROW, &[("self", own)], Factor::Limits(given.map(Some)), ("out", out), (ws, executor))
}

/// The gradient of that: `gradOutput`, but 0 wherever `self` is not above `threshold`. Of ReLU with 0.
pub(crate) fn aclnnThresholdBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    threshold: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnThresholdBackward";
    const FLOAT: Lanes<f32> = lanes!(f32: |d, x, _c, [threshold, _t]| if x <= threshold { 0.0 } else { d });
    const INT: Lanes<i64> = lanes!(i64: |d, x, _c, [threshold, _t]| if x <= threshold { 0 } else { d });
    static ROW: Row = Row { name: NAME, takes: THRESHOLD, float: FLOAT, int: Some(INT), compares: false };
    let mut call = Call::new(NAME);
    let inputs = [("gradOutput", call.input("gradOutput", grad_output)?), ("self", call.input("self", self_)?)];
    let limits = [Some(call.scalar("threshold", threshold)?), None];
    let out = call.output("out", out)?;
    prepare(call, &ROW, &inputs, Factor::Limits(limits), ("out", out), (ws, executor))
}

/// `out = self`, below 0 times a weight: one for all, or one for each channel, which is the second dim.
pub(crate) fn aclnnPreluGetWorkspaceSize(
    self_: *const aclTensor,
    weight: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnPrelu";
    static ROW: Row = curves!(@row "aclnnPrelu", |x, w, _c, [_s, _t, _u]| if x > 0.0 { x } else { w * x });
    let mut call = Call::new(NAME);
    let (own, mut weight) = (call.input("self", self_)?, call.input("weight", weight)?);
    check_same_dtype(NAME, "weight", &weight, "self", own.dtype)?;
    let channels = if own.rank() < 2 { 1 } else { own.dims[1] };
    let n = weight.numel();
    // `[C]`, or `[1, C, 1 ..]` as PyTorch passes it.
    let long = weight.dims.iter().position(|&dim| dim > 1);
    let line = weight.dims.iter().filter(|&&dim| dim > 1).count() <= 1;
    check!(
        n == 1 || n == channels && line,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: weight has shape {:?}; one element, or {channels}, one for each channel, is needed",
        weight.dims
    );
    // Along the second dim.
    let (mut dims, mut strides) = ([1; 8], [0; 8]);
    if n > 1 {
        (dims[1], strides[1]) = (n, long.map_or(0, |axis| weight.strides[axis]));
    }
    (weight.dims, weight.strides) = (Dims::new(&dims[..own.rank()]), Dims::new(&strides[..own.rank()]));
    let out = call.output("out", out)?;
    prepare(call, &ROW, &[("self", own), ("weight", weight)], Factor::None, ("out", out), (ws, executor))
}

#[cfg(test)]
mod tests;
