//! Functions that go by pieces, and those with constants of their own: `aclnnRelu`, `aclnnElu`, `aclnnSoftplus` and relatives,
//! `aclnnInplaceThreshold`, `aclnnSign`, `aclnnPowScalarTensor`.

use ascend_rl_sys::types::*;

use super::engine::{Lanes, lanes};
use super::operators::power;
use super::prepare::{Factor, Row, constants, prepare};
use super::signatures::{operators, row};
use crate::math::exp;
use crate::ops::call::Call;
use crate::ops::dtypes::{FLOATS, NUMBERS};
use crate::reject::Outcome;

/// What `aclnnRelu` takes on A2.
const RELU: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT8];
/// What `aclnnHardsigmoid` takes: integers are computed as floats and truncated.
const HARD: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT32];
/// What `aclnnSign` takes; f64 and complex numbers are the AI CPU's.
const SIGN: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_BOOL];

operators! { out = self, as self:
    aclnnReluGetWorkspaceSize, "aclnnRelu", "out", RELU: |a, _b, _c, _s| if a < 0.0 { 0.0 } else { a }, a.max(0);
    aclnnHardsigmoidGetWorkspaceSize, "aclnnHardsigmoid", "out", HARD: |a, _b, _c, _s| hard(a), (hard(a as f32) == 1.0) as i64;
    aclnnSignGetWorkspaceSize, "aclnnSign", "result", SIGN:
        |a, _b, _c, _s| if a == 0.0 || a.is_nan() { a } else { 1f32.copysign(a) }, a.signum();
}
operators! { out = self:
    aclnnHardswishGetWorkspaceSize, "aclnnHardswish", FLOATS: |a, _b, _c, _s| a * hard(a);
}

/// `x/6 + 1/2` between 0 and 1; a number that is none stays one.
#[inline(always)]
pub(super) fn hard(x: f32) -> f32 {
    let line = x * (1.0 / 6.0) + 0.5;
    let least = if line < 0.0 { 0.0 } else { line };
    if least > 1.0 { 1.0 } else { least }
}

/// `out = self`, below 0 times `negativeSlope`.
pub(crate) fn aclnnLeakyReluGetWorkspaceSize(
    self_: *const aclTensor,
    negative_slope: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let row = row!("aclnnLeakyRelu", FLOATS, false, |a, _b, _c, s| if a < 0.0 { s * a } else { a });
    constants(row, &[("self", self_)], &[("negativeSlope", negative_slope)], ("out", out), (ws, executor))
}

/// `out = scale*self` above 0, else `alpha*scale*(exp(inputScale*self) - 1)`.
pub(crate) fn aclnnEluGetWorkspaceSize(
    self_: *const aclTensor,
    alpha: *const aclScalar,
    scale: *const aclScalar,
    input_scale: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const ELU: Lanes<f32> =
        lanes!(f32: |a, _b, _c, [alpha, scale, input]| if a > 0.0 { scale * a } else { alpha * scale * (input * a).exp_m1() });
    static ROW: Row = Row { name: "aclnnElu", takes: FLOATS, float: ELU, int: None, compares: false };
    let given = [("alpha", alpha), ("scale", scale), ("inputScale", input_scale)];
    constants(&ROW, &[("self", self_)], &given, ("out", out), (ws, executor))
}

/// `out = log(1 + exp(beta*self)) / beta`; `self` itself where `beta*self` is above `threshold`.
pub(crate) fn aclnnSoftplusGetWorkspaceSize(
    self_: *const aclTensor,
    beta: *const aclScalar,
    threshold: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const SOFTPLUS: Lanes<f32> = lanes!(f32: |a, _b, _c, [beta, threshold]| {
        let x = beta * a;
        // The larger part apart, so that the exponential stays small.
        if x > threshold { a } else { (x.max(0.0) + exp(-x.abs()).ln_1p()) / beta }
    });
    static ROW: Row = Row { name: "aclnnSoftplus", takes: FLOATS, float: SOFTPLUS, int: None, compares: false };
    constants(&ROW, &[("self", self_)], &[("beta", beta), ("threshold", threshold)], ("out", out), (ws, executor))
}

/// `selfRef = value` wherever it is not above `threshold`.
pub(crate) fn aclnnInplaceThresholdGetWorkspaceSize(
    self_ref: *mut aclTensor,
    threshold: *const aclScalar,
    value: *const aclScalar,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceThreshold";
    const FLOAT: Lanes<f32> = lanes!(f32: |a, _b, _c, [threshold, value]| if a <= threshold { value } else { a });
    const INT: Lanes<i64> = lanes!(i64: |a, _b, _c, [threshold, value]| if a <= threshold { value } else { a });
    static ROW: Row = Row { name: NAME, takes: NUMBERS, float: FLOAT, int: Some(INT), compares: false };
    let mut call = Call::new(NAME);
    let own = call.output("selfRef", self_ref)?;
    let given = [call.scalar("threshold", threshold)?, call.scalar("value", value)?];
    prepare(call, &ROW, &[("selfRef", own)], Factor::Limits(given.map(Some)), ("selfRef", own), (ws, executor))
}

/// `out = self ^ exponent`.
pub(crate) fn aclnnPowScalarTensorGetWorkspaceSize(
    self_: *const aclScalar,
    exponent: *const aclTensor,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnPowScalarTensor");
    let base = call.scalar("self", self_)?;
    let inputs = [("exponent", call.input("exponent", exponent)?)];
    let out = call.output("out", out)?;
    let row = row!("aclnnPowScalarTensor", NUMBERS, false, |a, _b, _c, s| s.powf(a), power(s, a));
    prepare(call, row, &inputs, Factor::Other(base), ("out", out), (ws, executor))
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::super::*;
    use super::*;
    use crate::ops::testing::*;

    type Curve = fn(f64) -> f64;
    type One = fn(*const aclTensor, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;

    /// Rounds once to the dtype, as the operators do; f32's own functions err by two units in the last place.
    fn bounds() -> [(aclDataType, f64); 3] {
        [(ACL_FLOAT, 4e-7), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)]
    }

    #[test]
    fn pieces_of_slices() {
        let relu: One = |x, y, w, e| aclnnReluGetWorkspaceSize(x, y, w, e);
        let sigmoid: One = |x, y, w, e| aclnnHardsigmoidGetWorkspaceSize(x, y, w, e);
        let swish: One = |x, y, w, e| aclnnHardswishGetWorkspaceSize(x, y, w, e);
        let sign: One = |x, y, w, e| aclnnSignGetWorkspaceSize(x, y, w, e);
        let leaky: One = |x, y, w, e| aclnnLeakyReluGetWorkspaceSize(x, Number::float(0.125).0, y, w, e);
        let elu: One = |x, y, w, e| {
            let given = [1.5, 0.5, 2.0].map(Number::float);
            aclnnEluGetWorkspaceSize(x, given[0].0, given[1].0, given[2].0, y, w, e)
        };
        let softplus: One = |x, y, w, e| aclnnSoftplusGetWorkspaceSize(x, Number::float(2.0).0, Number::int(8).0, y, w, e);
        let operators: [(One, Curve); 7] = [
            (relu, |x| x.max(0.0)),
            (sigmoid, |x| {
                if x > 3.0 {
                    1.0
                } else if x <= -3.0 {
                    0.0
                } else {
                    x / 6.0 + 0.5
                }
            }),
            (swish, |x| {
                if x > 3.0 {
                    x
                } else if x <= -3.0 {
                    0.0
                } else {
                    x * (x + 3.0) / 6.0
                }
            }),
            (sign, |x| if x == 0.0 { 0.0 } else { x.signum() }),
            (leaky, |x| if x > 0.0 { x } else { 0.125 * x }),
            (elu, |x| if x > 0.0 { 0.5 * x } else { 0.75 * ((2.0 * x).exp() - 1.0) }),
            (softplus, |x| if 2.0 * x > 8.0 { x } else { (1.0 + (2.0 * x).exp()).ln() / 2.0 }),
        ];
        for (dtype, relative) in bounds() {
            for (body, f) in operators {
                let values = noise(1).map(|v| (v * 60.0).round() / 10.0);
                let x = Array::strided(dtype, &[3, 700], &[750, 1], 5, 3 * 750, values);
                let out = Array::out(dtype, &[3, 700]);
                run(|w, e| body(x.handle(), out.handle(), w, e)).unwrap();
                let want: Vec<f64> = x.values().into_iter().map(f).collect();
                assert_close(&out.values(), &want, relative, 1e-6);
            }
        }
    }

    #[test]
    fn whole_numbers_are_exact() {
        let (x, out) = (Array::new(ACL_INT32, &[5], [-7.0, -3.0, 0.0, 2.0, 9.0]), Array::out(ACL_INT32, &[5]));
        run(|w, e| aclnnReluGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [0.0, 0.0, 0.0, 2.0, 9.0]);
        run(|w, e| aclnnSignGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [-1.0, -1.0, 0.0, 1.0, 1.0]);
        // Computed and then cut off.
        run(|w, e| aclnnHardsigmoidGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [0.0, 0.0, 0.0, 0.0, 1.0]);
        let (one, four) = (Number::int(1), Number::int(4));
        run(|w, e| aclnnInplaceThresholdGetWorkspaceSize(x.handle(), one.0, four.0, w, e)).unwrap();
        assert_eq!(x.values(), [4.0, 4.0, 4.0, 2.0, 9.0]);
        run(|w, e| aclnnInplaceClampMaxGetWorkspaceSize(x.handle(), four.0, w, e)).unwrap();
        assert_eq!(x.values(), [4.0, 4.0, 4.0, 2.0, 4.0]);
        run(|w, e| aclnnInplaceSubsGetWorkspaceSize(x.handle(), one.0, four.0, w, e)).unwrap();
        assert_eq!(x.values(), [0.0, 0.0, 0.0, -2.0, 0.0]);
        let (exponent, three) = (Array::new(ACL_INT32, &[5], [0.0, 1.0, 2.0, 3.0, 4.0]), Number::int(-3));
        run(|w, e| aclnnPowScalarTensorGetWorkspaceSize(three.0, exponent.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [1.0, -3.0, 9.0, -27.0, 81.0]);
    }

    /// ggml-cann's slopes of ALiBi and ramp of YaRN are such chains.
    #[test]
    fn scalars_of_floats() {
        for (dtype, relative) in bounds() {
            let x = Array::new(dtype, &[2, 40], noise(4).map(|v| 4.0 * v));
            let out = Array::out(dtype, &[2, 40]);
            run(|w, e| aclnnPowScalarTensorGetWorkspaceSize(Number::float(0.5).0, x.handle(), out.handle(), w, e)).unwrap();
            let want: Vec<f64> = x.values().into_iter().map(|v| 0.5f64.powf(v)).collect();
            assert_close(&out.values(), &want, relative, 0.0);
            let before = x.values();
            let (none, one) = (Number::float(0.0), Number::float(1.0));
            run(|w, e| aclnnInplaceThresholdGetWorkspaceSize(x.handle(), none.0, none.0, w, e)).unwrap();
            run(|w, e| aclnnInplaceClampMaxGetWorkspaceSize(x.handle(), one.0, w, e)).unwrap();
            run(|w, e| aclnnInplaceSubsGetWorkspaceSize(x.handle(), one.0, one.0, w, e)).unwrap();
            let want: Vec<f64> = before.iter().map(|v| v.clamp(0.0, 1.0) - 1.0).collect();
            assert_close(&x.values(), &want, relative, 1e-7);
            let before = x.values();
            run(|w, e| aclnnInplaceCosGetWorkspaceSize(x.handle(), w, e)).unwrap();
            run(|w, e| aclnnInplaceSinGetWorkspaceSize(x.handle(), w, e)).unwrap();
            let want: Vec<f64> = before.iter().map(|v| v.cos().sin()).collect();
            // The cosine is rounded in between.
            assert_close(&x.values(), &want, 2.0 * relative, 0.0);
        }
    }

    #[test]
    fn what_is_no_number_stays() {
        let x = Array::new(ACL_FLOAT, &[1], [f64::NAN]);
        let bodies: [One; 4] = [
            |x, y, w, e| aclnnReluGetWorkspaceSize(x, y, w, e),
            |x, y, w, e| aclnnHardsigmoidGetWorkspaceSize(x, y, w, e),
            |x, y, w, e| aclnnSignGetWorkspaceSize(x, y, w, e),
            |x, y, w, e| aclnnSoftplusGetWorkspaceSize(x, Number::float(1.0).0, Number::float(20.0).0, y, w, e),
        ];
        for body in bodies {
            let out = Array::out(ACL_FLOAT, &[1]);
            run(|w, e| body(x.handle(), out.handle(), w, e)).unwrap();
            assert!(out.values()[0].is_nan());
        }
    }

    #[test]
    fn refusals() {
        let (x, halves) = (Array::new(ACL_FLOAT, &[2], [1.0, -1.0]), Array::out(ACL_FLOAT16, &[2]));
        let wrong = run(|w, e| aclnnReluGetWorkspaceSize(x.handle(), halves.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnRelu", "out is ACL_FLOAT16"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnSignGetWorkspaceSize(x.handle(), halves.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnSign", "result is ACL_FLOAT16"), ACLNN_ERR_PARAM_INVALID);
        let ints = Array::new(ACL_INT32, &[2], [1.0, -1.0]);
        let none = std::ptr::null();
        let wrong = run(|w, e| aclnnLeakyReluGetWorkspaceSize(ints.handle(), Number::int(1).0, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnLeakyRelu", "self is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnEluGetWorkspaceSize(x.handle(), Number::int(1).0, Number::int(1).0, none, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnElu", "inputScale is null"), ACLNN_ERR_PARAM_NULLPTR);
        let half = Number::float(0.5);
        let wrong = run(|w, e| aclnnInplaceThresholdGetWorkspaceSize(ints.handle(), half.0, half.0, w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceThreshold", "cannot be cast to selfRef"), ACLNN_ERR_PARAM_INVALID);
    }
}
