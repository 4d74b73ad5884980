//! The operators. To add one, add a row under the signature it has: its body, its name, the dtypes it takes, and what it
//! computes of `a`, `b`, `c` (inputs) and `s` (scalar), in f32 and in i64 (where there is no second, integers are computed in f32).

use ascend_rl_sys::types::*;

use super::engine::{Lanes, lanes};
use super::prepare::{Factor, Row, prepare};
use super::signatures::{operators, row};
use crate::math::{exp, log};
use crate::ops::call::Call;
use crate::ops::dtypes::{ALL, FLOATS, NUMBERS, SIGNED};
use crate::reject::{Outcome, reject};

/// What CANN's exponential takes besides floats: it casts these to f32.
const EXP: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_BOOL];

operators! { out = self, alpha other:
    aclnnAddGetWorkspaceSize, "aclnnAdd", ALL: |a, b, _c, s| a + s * b, a.wrapping_add(s.wrapping_mul(b));
    aclnnSubGetWorkspaceSize, "aclnnSub", NUMBERS: |a, b, _c, s| a - s * b, a.wrapping_sub(s.wrapping_mul(b));
}
operators! { self = self, alpha other:
    aclnnInplaceSubGetWorkspaceSize, "aclnnInplaceSub", NUMBERS: as aclnnSubGetWorkspaceSize;
    aclnnInplaceAddGetWorkspaceSize, "aclnnInplaceAdd", ALL: as aclnnAddGetWorkspaceSize;
}
operators! { out = self, other:
    aclnnMulGetWorkspaceSize, "aclnnMul", ALL: |a, b, _c, _s| a * b, a.wrapping_mul(b);
    aclnnDivGetWorkspaceSize, "aclnnDiv", ALL: |a, b, _c, _s| a / b;
}
operators! { self = self, other:
    aclnnInplaceMulGetWorkspaceSize, "aclnnInplaceMul", ALL: as aclnnMulGetWorkspaceSize;
    aclnnInplaceDivGetWorkspaceSize, "aclnnInplaceDiv", ALL: as aclnnDivGetWorkspaceSize;
}
operators! { out = self, alpha scalar:
    aclnnAddsGetWorkspaceSize, "aclnnAdds", ALL: |a, _b, _c, s| a + s, a.wrapping_add(s);
    aclnnSubsGetWorkspaceSize, "aclnnSubs", NUMBERS: |a, _b, _c, s| a - s, a.wrapping_sub(s);
}
operators! { self = self, alpha scalar:
    aclnnInplaceSubsGetWorkspaceSize, "aclnnInplaceSubs", NUMBERS: as aclnnSubsGetWorkspaceSize;
    aclnnInplaceAddsGetWorkspaceSize, "aclnnInplaceAdds", ALL: as aclnnAddsGetWorkspaceSize;
}
operators! { bool = self, other:
    aclnnEqTensorGetWorkspaceSize, "aclnnEqTensor", ALL: |a, b, _c, _s| (a == b) as u8 as f32, (a == b) as i64;
    aclnnNeTensorGetWorkspaceSize, "aclnnNeTensor", ALL: |a, b, _c, _s| (a != b) as u8 as f32, (a != b) as i64;
    aclnnGtTensorGetWorkspaceSize, "aclnnGtTensor", ALL: |a, b, _c, _s| (a > b) as u8 as f32, (a > b) as i64;
    aclnnGeTensorGetWorkspaceSize, "aclnnGeTensor", ALL: |a, b, _c, _s| (a >= b) as u8 as f32, (a >= b) as i64;
    aclnnLogicalAndGetWorkspaceSize, "aclnnLogicalAnd", ALL:
        |a, b, _c, _s| (a != 0.0 && b != 0.0) as u8 as f32, (a != 0 && b != 0) as i64;
    aclnnLogicalOrGetWorkspaceSize, "aclnnLogicalOr", ALL:
        |a, b, _c, _s| (a != 0.0 || b != 0.0) as u8 as f32, (a != 0 || b != 0) as i64;
    aclnnLtTensorGetWorkspaceSize, "aclnnLtTensor", ALL: |a, b, _c, _s| (a < b) as u8 as f32, (a < b) as i64;
    aclnnLeTensorGetWorkspaceSize, "aclnnLeTensor", ALL: |a, b, _c, _s| (a <= b) as u8 as f32, (a <= b) as i64;
}
operators! { out = self, scalar:
    aclnnDivsGetWorkspaceSize, "aclnnDivs", ALL: |a, _b, _c, s| a / s;
    aclnnPowTensorScalarGetWorkspaceSize, "aclnnPowTensorScalar", NUMBERS: |a, _b, _c, s| power_of(a, s), power(a, s);
    // A number that is none stays one: `max` and `min` would drop it.
    aclnnClampMinGetWorkspaceSize, "aclnnClampMin", NUMBERS: |a, _b, _c, s| if a < s { s } else { a }, a.max(s);
    aclnnClampMaxGetWorkspaceSize, "aclnnClampMax", NUMBERS: |a, _b, _c, s| if a > s { s } else { a }, a.min(s);
    aclnnMulsGetWorkspaceSize, "aclnnMuls", ALL: |a, _b, _c, s| a * s, a.wrapping_mul(s);
}
operators! { self = self, scalar:
    aclnnInplaceClampMaxGetWorkspaceSize, "aclnnInplaceClampMax", NUMBERS: as aclnnClampMaxGetWorkspaceSize;
    aclnnInplaceDivsGetWorkspaceSize, "aclnnInplaceDivs", ALL: as aclnnDivsGetWorkspaceSize;
    aclnnInplaceMulsGetWorkspaceSize, "aclnnInplaceMuls", ALL: as aclnnMulsGetWorkspaceSize;
}
operators! { bool = self, scalar:
    aclnnEqScalarGetWorkspaceSize, "aclnnEqScalar", ALL: |a, _b, _c, s| (a == s) as u8 as f32, (a == s) as i64;
    aclnnNeScalarGetWorkspaceSize, "aclnnNeScalar", ALL: |a, _b, _c, s| (a != s) as u8 as f32, (a != s) as i64;
    aclnnLtScalarGetWorkspaceSize, "aclnnLtScalar", ALL: |a, _b, _c, s| (a < s) as u8 as f32, (a < s) as i64;
    aclnnLeScalarGetWorkspaceSize, "aclnnLeScalar", ALL: |a, _b, _c, s| (a <= s) as u8 as f32, (a <= s) as i64;
    aclnnGeScalarGetWorkspaceSize, "aclnnGeScalar", ALL: |a, _b, _c, s| (a >= s) as u8 as f32, (a >= s) as i64;
    aclnnGtScalarGetWorkspaceSize, "aclnnGtScalar", ALL: |a, _b, _c, s| (a > s) as u8 as f32, (a > s) as i64;
}
operators! { self = self compared with other:
    aclnnInplaceEqTensorGetWorkspaceSize, "aclnnInplaceEqTensor", ALL: as aclnnEqTensorGetWorkspaceSize;
    aclnnInplaceNeTensorGetWorkspaceSize, "aclnnInplaceNeTensor", ALL: as aclnnNeTensorGetWorkspaceSize;
    aclnnInplaceGtTensorGetWorkspaceSize, "aclnnInplaceGtTensor", ALL: as aclnnGtTensorGetWorkspaceSize;
    aclnnInplaceGeTensorGetWorkspaceSize, "aclnnInplaceGeTensor", ALL: as aclnnGeTensorGetWorkspaceSize;
    aclnnInplaceLtTensorGetWorkspaceSize, "aclnnInplaceLtTensor", ALL: as aclnnLtTensorGetWorkspaceSize;
    aclnnInplaceLeTensorGetWorkspaceSize, "aclnnInplaceLeTensor", ALL: as aclnnLeTensorGetWorkspaceSize;
}
operators! { self = self compared with scalar:
    aclnnInplaceEqScalarGetWorkspaceSize, "aclnnInplaceEqScalar", ALL: as aclnnEqScalarGetWorkspaceSize;
    aclnnInplaceNeScalarGetWorkspaceSize, "aclnnInplaceNeScalar", ALL: as aclnnNeScalarGetWorkspaceSize;
    aclnnInplaceGtScalarGetWorkspaceSize, "aclnnInplaceGtScalar", ALL: as aclnnGtScalarGetWorkspaceSize;
    aclnnInplaceGeScalarGetWorkspaceSize, "aclnnInplaceGeScalar", ALL: as aclnnGeScalarGetWorkspaceSize;
    aclnnInplaceLtScalarGetWorkspaceSize, "aclnnInplaceLtScalar", ALL: as aclnnLtScalarGetWorkspaceSize;
    aclnnInplaceLeScalarGetWorkspaceSize, "aclnnInplaceLeScalar", ALL: as aclnnLeScalarGetWorkspaceSize;
}
operators! { bool = self:
    aclnnLogicalNotGetWorkspaceSize, "aclnnLogicalNot", ALL: |a, _b, _c, _s| (a == 0.0) as u8 as f32, (a == 0) as i64;
    aclnnIsFiniteGetWorkspaceSize, "aclnnIsFinite", ALL: |a, _b, _c, _s| a.is_finite() as u8 as f32, one(a);
    aclnnIsInfGetWorkspaceSize, "aclnnIsInf", ALL: |a, _b, _c, _s| a.is_infinite() as u8 as f32, zero(a);
}
operators! { self = self:
    aclnnInplaceSinGetWorkspaceSize, "aclnnInplaceSin", FLOATS: as aclnnSinGetWorkspaceSize;
    aclnnInplaceCosGetWorkspaceSize, "aclnnInplaceCos", FLOATS: as aclnnCosGetWorkspaceSize;
    aclnnInplaceExpGetWorkspaceSize, "aclnnInplaceExp", FLOATS: as aclnnExpGetWorkspaceSize;
    aclnnInplaceSqrtGetWorkspaceSize, "aclnnInplaceSqrt", FLOATS: as aclnnSqrtGetWorkspaceSize;
}
operators! { out = self:
    aclnnAbsGetWorkspaceSize, "aclnnAbs", NUMBERS: |a, _b, _c, _s| a.abs(), a.wrapping_abs();
    aclnnSqrtGetWorkspaceSize, "aclnnSqrt", ALL: |a, _b, _c, _s| a.sqrt();
    aclnnRsqrtGetWorkspaceSize, "aclnnRsqrt", ALL: |a, _b, _c, _s| 1.0 / a.sqrt();
    aclnnReciprocalGetWorkspaceSize, "aclnnReciprocal", ALL: |a, _b, _c, _s| 1.0 / a;
    aclnnExpm1GetWorkspaceSize, "aclnnExpm1", ALL: |a, _b, _c, _s| a.exp_m1();
    aclnnSinGetWorkspaceSize, "aclnnSin", ALL: |a, _b, _c, _s| a.sin();
    aclnnCosGetWorkspaceSize, "aclnnCos", ALL: |a, _b, _c, _s| a.cos();
    aclnnTanhGetWorkspaceSize, "aclnnTanh", ALL: |a, _b, _c, _s| a.tanh();
    aclnnErfGetWorkspaceSize, "aclnnErf", ALL: |a, _b, _c, _s| libm::erff(a);
    aclnnExpGetWorkspaceSize, "aclnnExp", EXP: |a, _b, _c, _s| exp(a);
    aclnnLogGetWorkspaceSize, "aclnnLog", ALL: |a, _b, _c, _s| log(a);
    aclnnNegGetWorkspaceSize, "aclnnNeg", SIGNED: |a, _b, _c, _s| -a, a.wrapping_neg();
}
operators! { out = self, other:
    aclnnClampMinTensorGetWorkspaceSize, "aclnnClampMinTensor", NUMBERS: |a, b, _c, _s| if a < b { b } else { a }, a.max(b);
}
operators! { out = self, other, condition:
    aclnnSWhereGetWorkspaceSize, "aclnnSWhere", ALL: |a, b, c, _s| if c != 0.0 { a } else { b }, if c != 0 { a } else { b };
}
operators! { out = self, tensor1, tensor2, value:
    aclnnAddcmulGetWorkspaceSize, "aclnnAddcmul", NUMBERS:
        |a, b, c, s| a + s * b * c, a.wrapping_add(s.wrapping_mul(b).wrapping_mul(c));
    aclnnAddcdivGetWorkspaceSize, "aclnnAddcdiv", FLOATS: |a, b, c, s| a + s * b / c;
}
operators! { self = self, tensor1, tensor2, value:
    aclnnInplaceAddcmulGetWorkspaceSize, "aclnnInplaceAddcmul", NUMBERS: as aclnnAddcmulGetWorkspaceSize;
    aclnnInplaceAddcdivGetWorkspaceSize, "aclnnInplaceAddcdiv", FLOATS: as aclnnAddcdivGetWorkspaceSize;
}
operators! { self = self, mask, scalar:
    aclnnInplaceMaskedFillScalarGetWorkspaceSize, "aclnnInplaceMaskedFillScalar", ALL:
        |a, b, _c, s| if b != 0.0 { s } else { a }, if b != 0 { s } else { a };
}
operators! { self = self, value, mask:
    aclnnInplaceMaskedFillTensorGetWorkspaceSize, "aclnnInplaceMaskedFillTensor", ALL:
        |a, b, c, _s| if c != 0.0 { b } else { a }, if c != 0 { b } else { a };
}

/// 1, whatever the integer.
fn one(_: i64) -> i64 {
    1
}

/// 0, whatever the integer.
pub(super) fn zero(_: i64) -> i64 {
    0
}

/// A power, of which squares are the most: a norm written in operators of PyTorch squares all that a model computes.
#[inline(always)]
pub(super) fn power_of(a: f32, exponent: f32) -> f32 {
    if exponent == 2.0 { a * a } else { a.powf(exponent) }
}

/// An integer to an integer power, modulo 2^64; a negative power of anything but 1 and -1 is 0, as in PyTorch.
pub(in crate::ops) fn power(a: i64, exponent: i64) -> i64 {
    match u32::try_from(exponent) {
        Ok(exponent) => a.wrapping_pow(exponent),
        Err(_) if a == 1 => 1,
        Err(_) if a == -1 => 1 - 2 * (exponent & 1).abs(),
        Err(_) => 0,
    }
}

/// `out = self` no smaller than one scalar and no larger than the other; a null one does not limit.
pub(crate) fn aclnnClampGetWorkspaceSize(
    self_: *const aclTensor,
    clip_value_min: *const aclScalar,
    clip_value_max: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnClamp";
    static ROW: Row = Row { name: NAME, takes: NUMBERS, float: CLAMP_FLOAT, int: Some(CLAMP_INT), compares: false };
    const CLAMP_FLOAT: Lanes<f32> =
        lanes!(f32: |a, _b, _c, [s, t]| { let least = if a < s { s } else { a }; if least > t { t } else { least } });
    const CLAMP_INT: Lanes<i64> = lanes!(i64: |a, _b, _c, [s, t]| a.max(s).min(t));
    let mut call = Call::new(NAME);
    let inputs = [("self", call.input("self", self_)?)];
    let limit = |param, handle: *const aclScalar| if handle.is_null() { Ok(None) } else { call.scalar(param, handle).map(Some) };
    let limits = [limit("clipValueMin", clip_value_min)?, limit("clipValueMax", clip_value_max)?];
    if limits == [None, None] {
        reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: clipValueMin and clipValueMax are both null")
    }
    let out = call.output("out", out)?;
    prepare(call, &ROW, &inputs, Factor::Limits(limits), ("out", out), (ws, executor))
}

/// `out = self` no smaller than one tensor and no larger than the other; a null one does not limit.
pub(crate) fn aclnnClampTensorGetWorkspaceSize(
    self_: *const aclTensor,
    clip_value_min: *const aclTensor,
    clip_value_max: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnClampTensor";
    let mut call = Call::new(NAME);
    let own = ("self", call.input("self", self_)?);
    let least = call.optional_input("clipValueMin", clip_value_min)?.map(|t| ("clipValueMin", t));
    let most = call.optional_input("clipValueMax", clip_value_max)?.map(|t| ("clipValueMax", t));
    let out = ("out", call.output("out", out)?);
    match (least, most) {
        (Some(least), Some(most)) => {
            let row = row!(
                "aclnnClampTensor",
                NUMBERS,
                false,
                |a, b, c, _s| {
                    let least = if a < b { b } else { a };
                    if least > c { c } else { least }
                },
                a.max(b).min(c)
            );
            prepare(call, row, &[own, least, most], Factor::None, out, (ws, executor))
        }
        (Some(least), None) => {
            let row = row!("aclnnClampTensor", NUMBERS, false, |a, b, _c, _s| if a < b { b } else { a }, a.max(b));
            prepare(call, row, &[own, least], Factor::None, out, (ws, executor))
        }
        (None, Some(most)) => {
            let row = row!("aclnnClampTensor", NUMBERS, false, |a, b, _c, _s| if a > b { b } else { a }, a.min(b));
            prepare(call, row, &[own, most], Factor::None, out, (ws, executor))
        }
        (None, None) => reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: clipValueMin and clipValueMax are both null"),
    }
}
