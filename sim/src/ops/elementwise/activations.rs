//! Activations and their gradients: `aclnnSilu`, `aclnnGelu`, `aclnnSigmoid` and relatives, and `aclnnLerps` with
//! its form in place.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::engine::lanes;
use super::prepare::{Factor, Out, Row, prepare};
use super::signatures::row;
use crate::math::{exp, sigmoid};
use crate::ops::call::Call;
use crate::ops::dtypes::{ALL, FLOATS, is_float, name};
use crate::reject::{Outcome, check, reject};

/// `1 / sqrt(2)`, `1 / sqrt(2π)`, and the two constants of GELU by tanh.
const HALF_ROOT: f32 = std::f32::consts::FRAC_1_SQRT_2;
const DENSITY: f32 = 0.398_942_3;
const TANH_SCALE: f32 = 0.797_884_6;
const TANH_CUBE: f32 = 0.044_715;

/// `Φ(x)`, the share of a normal distribution below `x`.
#[inline(always)]
pub(in crate::ops) fn normal(x: f32) -> f32 {
    0.5 * libm::erfcf(-x * HALF_ROOT)
}

/// `(1 + tanh(u)) / 2` is `sigmoid(2u)`; `u = sqrt(2/π) (x + 0.044715 x³)`.
#[inline(always)]
pub(in crate::ops) fn tanh_gate(x: f32) -> f32 {
    sigmoid(2.0 * TANH_SCALE * (x + TANH_CUBE * x * x * x))
}

#[inline(always)]
fn gelu_slope(x: f32) -> f32 {
    normal(x) + x * DENSITY * exp(-0.5 * x * x)
}

#[inline(always)]
fn gelu_tanh_slope(x: f32) -> f32 {
    let gate = tanh_gate(x);
    gate + x * 2.0 * gate * (1.0 - gate) * TANH_SCALE * (1.0 + 3.0 * TANH_CUBE * x * x)
}

/// Bodies of `out = f(x)`: the name, C's names of the two parameters, and `f`.
macro_rules! forward {
    ($($body:ident, $name:literal, $x:literal, $out:literal: |$a:ident| $value:expr;)*) => { $(
        pub(crate) fn $body(
            x: *const aclTensor, out: *mut aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let inputs = [($x, call.input($x, x)?)];
            let out = call.output($out, out)?;
            let row = row!($name, FLOATS, false, |$a, _b, _c, _s| $value);
            prepare(call, row, &inputs, Factor::None, ($out, out), (ws, executor))
        }
    )* };
}
forward! {
    aclnnSiluGetWorkspaceSize, "aclnnSilu", "self", "out": |x| x * sigmoid(x);
    // By tanh, as its document says; `aclnnGeluV2` has the one by the error function.
    aclnnGeluGetWorkspaceSize, "aclnnGelu", "self", "out": |x| x * tanh_gate(x);
    aclnnSigmoidGetWorkspaceSize, "aclnnSigmoid", "self", "out": |x| sigmoid(x);
}

/// Bodies of `gradInput = f(gradOutput, x)`: the name, C's name of `x` and the type of the last parameter, and `f`.
macro_rules! backward {
    ($($body:ident, $name:literal, $x:literal, $out:ty: |$d:ident, $a:ident| $value:expr;)*) => { $(
        pub(crate) fn $body(
            grad_output: *const aclTensor, x: *const aclTensor, grad_input: $out, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let inputs = [("gradOutput", call.input("gradOutput", grad_output)?), ($x, call.input($x, x)?)];
            let out = call.output("gradInput", grad_input)?;
            let row = row!($name, FLOATS, false, |$d, $a, _c, _s| $value);
            prepare(call, row, &inputs, Factor::None, ("gradInput", out), (ws, executor))
        }
    )* };
}
backward! {
    aclnnSiluBackwardGetWorkspaceSize, "aclnnSiluBackward", "self", *mut aclTensor:
        |d, x| d * sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x)));
    aclnnSigmoidBackwardGetWorkspaceSize, "aclnnSigmoidBackward", "output", *mut aclTensor: |d, y| d * y * (1.0 - y);
}

/// GELU: 0 by the error function, 1 by tanh.
pub(crate) fn aclnnGeluV2GetWorkspaceSize(
    x: *const aclTensor,
    approximate: i64,
    y: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGeluV2";
    let row = match approximate {
        0 => row!("aclnnGeluV2", FLOATS, false, |x, _b, _c, _s| x * normal(x)),
        1 => row!("aclnnGeluV2", FLOATS, false, |x, _b, _c, _s| x * tanh_gate(x)),
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: approximate is {other}; 0 (none) and 1 (tanh) are taken"),
    };
    let mut call = Call::new(NAME);
    let inputs = [("x", call.input("x", x)?)];
    let y = call.output("y", y)?;
    prepare(call, row, &inputs, Factor::None, ("y", y), (ws, executor))
}

/// The gradient by tanh: its kernel has those constants (`gelu_grad_dag.h` of ops-nn), whatever the first formula of its document.
pub(crate) fn aclnnGeluBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    grad_input: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let row = row!("aclnnGeluBackward", ALL, false, |d, x, _c, _s| d * gelu_tanh_slope(x));
    gelu_backward(Call::new(row.name), row, [grad_output, self_], grad_input, (ws, executor))
}

/// One of the two may be of integers, as long as they make floats together (`CheckPromoteTypeGeluBackward` of ops-nn).
fn gelu_backward(
    mut call: Call,
    row: &'static Row,
    [grad_output, self_]: [*const aclTensor; 2],
    grad_input: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let inputs = [("gradOutput", call.input("gradOutput", grad_output)?), ("self", call.input("self", self_)?)];
    let out = call.output("gradInput", grad_input)?;
    let [d, x] = inputs.map(|(_, t)| t.dtype);
    check!(
        is_float(d) || is_float(x) || !(ALL.contains(&d) && ALL.contains(&x)),
        ACLNN_ERR_PARAM_INVALID,
        "{}: gradOutput is {} and self {}, which make no float together",
        row.name,
        name(d),
        name(x)
    );
    prepare(call, row, &inputs, Factor::None, ("gradInput", out), out_params)
}

/// The gradient of either; the mode is a text here.
pub(crate) fn aclnnGeluBackwardV2GetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    approximate: *mut c_char,
    grad_input: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGeluBackwardV2";
    let call = Call::new(NAME);
    let row = match call.text("approximate", approximate)?.as_str() {
        "none" => row!("aclnnGeluBackwardV2", ALL, false, |d, x, _c, _s| d * gelu_slope(x)),
        "tanh" => row!("aclnnGeluBackwardV2", ALL, false, |d, x, _c, _s| d * gelu_tanh_slope(x)),
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: approximate is {other:?}; \"none\" and \"tanh\" are taken"),
    };
    gelu_backward(call, row, [grad_output, self_], grad_input, (ws, executor))
}

/// `out = self + weight * (end - self)`.
pub(crate) fn aclnnLerpsGetWorkspaceSize(
    self_: *const aclTensor,
    end: *const aclTensor,
    weight: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnLerps");
    let inputs = [("self", call.input("self", self_)?), ("end", call.input("end", end)?)];
    let weight = call.scalar("weight", weight)?;
    let out = call.output("out", out)?;
    let row = row!("aclnnLerps", FLOATS, false, |a, b, _c, s| a + s * (b - a));
    prepare(call, row, &inputs, Factor::Alpha("weight", weight), ("out", out), (ws, executor))
}

/// `self += weight * (end - self)`.
pub(crate) fn aclnnInplaceLerpsGetWorkspaceSize(
    self_ref: *mut aclTensor,
    end: *const aclTensor,
    weight: *const aclScalar,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnInplaceLerps");
    let own = call.output("selfRef", self_ref)?;
    let inputs = [("selfRef", own), ("end", call.input("end", end)?)];
    let weight = call.scalar("weight", weight)?;
    let row = row!("aclnnInplaceLerps", FLOATS, false, |a, b, _c, s| a + s * (b - a));
    prepare(call, row, &inputs, Factor::Alpha("weight", weight), ("selfRef", own), (ws, executor))
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    fn cases() -> impl Iterator<Item = (aclDataType, f64)> {
        // One rounding to the dtype; exponentials and error functions in f32 within a few ulp.
        [(ACL_FLOAT, 2e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)].into_iter()
    }

    /// `Φ` in f64.
    fn phi(x: f64) -> f64 {
        0.5 * libm::erfc(-x / 2f64.sqrt())
    }

    fn gelu(x: f64) -> f64 {
        x * phi(x)
    }

    fn gelu_tanh(x: f64) -> f64 {
        0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
    }

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn slope(f: impl Fn(f64) -> f64, x: f64) -> f64 {
        (f(x + 1e-5) - f(x - 1e-5)) / 2e-5
    }

    /// The function that an operator computes.
    type Function = fn(f64) -> f64;

    type Forward = fn(*const aclTensor, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;

    #[test]
    fn forward_of_slices() {
        let tanh: Forward = |x, y, ws, e| aclnnGeluV2GetWorkspaceSize(x, 1, y, ws, e);
        let erf: Forward = |x, y, ws, e| aclnnGeluV2GetWorkspaceSize(x, 0, y, ws, e);
        let operators: [(Forward, Function); 5] = [
            (aclnnSiluGetWorkspaceSize, |x| x * sigmoid(x)),
            (aclnnGeluGetWorkspaceSize, gelu_tanh),
            (erf, gelu),
            (tanh, gelu_tanh),
            (aclnnSigmoidGetWorkspaceSize, sigmoid),
        ];
        for (dtype, relative) in cases() {
            for (body, f) in operators {
                let x = Array::strided(dtype, &[3, 700], &[750, 1], 5, 3 * 750, noise(1).map(|v| 8.0 * v));
                let out = Array::out(dtype, &[3, 700]);
                run(|ws, e| body(x.handle(), out.handle(), ws, e)).unwrap();
                let want: Vec<f64> = x.values().into_iter().map(f).collect();
                assert_close(&out.values(), &want, relative, 1e-6);
            }
        }
    }

    type Backward = fn(*const aclTensor, *const aclTensor, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;

    #[test]
    fn gradients_are_slopes() {
        let none: Backward = |d, x, g, ws, e| aclnnGeluBackwardV2GetWorkspaceSize(d, x, c"none".as_ptr().cast_mut(), g, ws, e);
        let tanh: Backward = |d, x, g, ws, e| aclnnGeluBackwardV2GetWorkspaceSize(d, x, c"tanh".as_ptr().cast_mut(), g, ws, e);
        let gelu_v1: Backward = |d, x, g, ws, e| aclnnGeluBackwardGetWorkspaceSize(d, x, g, ws, e);
        let operators: [(Backward, Function); 4] =
            [(aclnnSiluBackwardGetWorkspaceSize, |x| x * sigmoid(x)), (gelu_v1, gelu_tanh), (none, gelu), (tanh, gelu_tanh)];
        for (dtype, relative) in cases() {
            for (body, f) in operators {
                let (d, x) = (Array::new(dtype, &[77], noise(2)), Array::new(dtype, &[77], noise(3).map(|v| 5.0 * v)));
                let out = Array::out(dtype, &[77]);
                run(|ws, e| body(d.handle(), x.handle(), out.handle(), ws, e)).unwrap();
                let want: Vec<f64> = d.values().iter().zip(x.values()).map(|(d, x)| d * slope(f, x)).collect();
                assert_close(&out.values(), &want, relative, 2e-6);
            }
            let (d, x) = (Array::new(dtype, &[77], noise(2)), Array::new(dtype, &[77], noise(3).map(f64::abs)));
            let out = Array::out(dtype, &[77]);
            run(|ws, e| aclnnSigmoidBackwardGetWorkspaceSize(d.handle(), x.handle(), out.handle(), ws, e)).unwrap();
            let want: Vec<f64> = d.values().iter().zip(x.values()).map(|(d, y)| d * y * (1.0 - y)).collect();
            assert_close(&out.values(), &want, relative, 2e-6);
        }
    }

    /// One of integers becomes what both are together, and then the gradient is that of floats (`CheckPromoteTypeGeluBackward` of
    /// hicann/ops-nn; its sample of `aclnnGeluBackward` gives gradOutput in int32 and self in float).
    #[test]
    fn gradients_of_integers_are_floats() {
        let mode = c"tanh".as_ptr().cast_mut();
        for (dtypes, out_dtype, relative) in [
            ([ACL_INT32, ACL_FLOAT], ACL_FLOAT, 1e-5),
            ([ACL_FLOAT16, ACL_INT64], ACL_FLOAT16, 1e-3),
            ([ACL_BOOL, ACL_BF16], ACL_BF16, 8e-3),
            ([ACL_BF16, ACL_FLOAT], ACL_FLOAT, 1e-5),
        ] {
            let [d, x] = [0, 1].map(|i| {
                let whole = move |v: f64| if dtypes[i] == ACL_BOOL { (v > 0.0) as u8 as f64 } else { (3.0 * v).round() };
                Array::new(dtypes[i], &[77], noise(5 + i as u64).map(whole))
            });
            let want: Vec<f64> = d.values().iter().zip(x.values()).map(|(d, x)| d * slope(gelu_tanh, x)).collect();
            for second in [false, true] {
                let out = Array::out(out_dtype, &[77]);
                run(|ws, e| match second {
                    false => aclnnGeluBackwardGetWorkspaceSize(d.handle(), x.handle(), out.handle(), ws, e),
                    true => aclnnGeluBackwardV2GetWorkspaceSize(d.handle(), x.handle(), mode, out.handle(), ws, e),
                })
                .unwrap();
                assert_close(&out.values(), &want, relative, 1e-5);
            }
        }
        let (ints, out) = (Array::new(ACL_INT32, &[4], [1.0; 4]), Array::out(ACL_FLOAT, &[4]));
        let wrong = run(|ws, e| aclnnGeluBackwardGetWorkspaceSize(ints.handle(), ints.handle(), out.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnGeluBackward", "make no float together"), ACLNN_ERR_PARAM_INVALID);
        let double = Array::new(ACL_DOUBLE, &[4], [1.0; 4]);
        let wrong = run(|ws, e| aclnnGeluBackwardGetWorkspaceSize(double.handle(), out.handle(), out.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnGeluBackward", "gradOutput is ACL_DOUBLE"), ACL_ERROR_FEATURE_UNSUPPORTED);
    }

    #[test]
    fn lerps_and_refusals() {
        let [a, b, out] = [1, 2, 3].map(|seed| Array::new(ACL_BF16, &[40], noise(seed)));
        let weight = Number::float(0.25);
        run(|ws, e| aclnnLerpsGetWorkspaceSize(a.handle(), b.handle(), weight.0, out.handle(), ws, e)).unwrap();
        let want: Vec<f64> = a.values().iter().zip(b.values()).map(|(a, b)| a + 0.25 * (b - a)).collect();
        assert_close(&out.values(), &want, 4e-3, 1e-6);
        run(|ws, e| aclnnInplaceLerpsGetWorkspaceSize(a.handle(), b.handle(), weight.0, ws, e)).unwrap();
        assert_close(&a.values(), &want, 4e-3, 1e-6);
        let narrow = Array::new(ACL_BF16, &[39], noise(2));
        let wrong = run(|ws, e| aclnnInplaceLerpsGetWorkspaceSize(narrow.handle(), b.handle(), weight.0, ws, e));
        assert_eq!(refusal(wrong, "aclnnInplaceLerps", "shape"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|ws, e| aclnnGeluV2GetWorkspaceSize(a.handle(), 2, out.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnGeluV2", "approximate is 2"), ACLNN_ERR_PARAM_INVALID);
        let wrong = c"erf".as_ptr().cast_mut();
        let wrong = run(|ws, e| aclnnGeluBackwardV2GetWorkspaceSize(a.handle(), b.handle(), wrong, out.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnGeluBackwardV2", "\"erf\""), ACLNN_ERR_PARAM_INVALID);
        let ints = Array::new(ACL_INT32, &[40], noise(1));
        let wrong = run(|ws, e| aclnnSiluGetWorkspaceSize(ints.handle(), out.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnSilu", "self is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
    }
}
