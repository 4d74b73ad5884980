//! Bits of integers and booleans, and logic in place: `aclnnBitwise*`, `aclnnLogicalXor`, `aclnnInplaceLogical*`.

use ascend_rl_sys::types::*;

use super::engine::lanes;
use super::prepare::{Factor, Row, prepare};
use super::signatures::{operators, row};
use crate::ops::call::Call;
use crate::ops::dtypes::{ALL, check_dtype, check_same_dtype};
use crate::reject::Outcome;

/// What has bits.
const BITS: &[aclDataType] = &[ACL_INT64, ACL_INT32, ACL_INT16, ACL_INT8, ACL_UINT8, ACL_BOOL];

// Floats are refused, so that the first function of each row is never used.
operators! { out = self, other:
    aclnnBitwiseAndTensorGetWorkspaceSize, "aclnnBitwiseAndTensor", BITS: |a, b, _c, _s| none(a, b), a & b;
    aclnnBitwiseOrTensorGetWorkspaceSize, "aclnnBitwiseOrTensor", BITS: |a, b, _c, _s| none(a, b), a | b;
    aclnnBitwiseXorTensorGetWorkspaceSize, "aclnnBitwiseXorTensor", BITS: |a, b, _c, _s| none(a, b), a ^ b;
}
operators! { self = self, other:
    aclnnInplaceBitwiseAndTensorGetWorkspaceSize, "aclnnInplaceBitwiseAndTensor", BITS: as aclnnBitwiseAndTensorGetWorkspaceSize;
    aclnnInplaceBitwiseOrTensorGetWorkspaceSize, "aclnnInplaceBitwiseOrTensor", BITS: as aclnnBitwiseOrTensorGetWorkspaceSize;
    aclnnInplaceBitwiseXorTensorGetWorkspaceSize, "aclnnInplaceBitwiseXorTensor", BITS: as aclnnBitwiseXorTensorGetWorkspaceSize;
    aclnnInplaceLogicalAndGetWorkspaceSize, "aclnnInplaceLogicalAnd", ALL: as aclnnLogicalAndGetWorkspaceSize;
    aclnnInplaceLogicalOrGetWorkspaceSize, "aclnnInplaceLogicalOr", ALL: as aclnnLogicalOrGetWorkspaceSize;
}
operators! { out = self, scalar:
    aclnnBitwiseAndScalarGetWorkspaceSize, "aclnnBitwiseAndScalar", BITS: |a, _b, _c, s| none(a, s), a & s;
    aclnnBitwiseOrScalarGetWorkspaceSize, "aclnnBitwiseOrScalar", BITS: |a, _b, _c, s| none(a, s), a | s;
    aclnnBitwiseXorScalarGetWorkspaceSize, "aclnnBitwiseXorScalar", BITS: |a, _b, _c, s| none(a, s), a ^ s;
}
operators! { self = self, scalar:
    aclnnInplaceBitwiseAndScalarGetWorkspaceSize, "aclnnInplaceBitwiseAndScalar", BITS: as aclnnBitwiseAndScalarGetWorkspaceSize;
    aclnnInplaceBitwiseOrScalarGetWorkspaceSize, "aclnnInplaceBitwiseOrScalar", BITS: as aclnnBitwiseOrScalarGetWorkspaceSize;
    aclnnInplaceBitwiseXorScalarGetWorkspaceSize, "aclnnInplaceBitwiseXorScalar", BITS: as aclnnBitwiseXorScalarGetWorkspaceSize;
}
operators! { bool = self, other:
    aclnnLogicalXorGetWorkspaceSize, "aclnnLogicalXor", ALL:
        |a, b, _c, _s| ((a != 0.0) != (b != 0.0)) as u8 as f32, ((a != 0) != (b != 0)) as i64;
}
operators! { self = self:
    aclnnInplaceLogicalNotGetWorkspaceSize, "aclnnInplaceLogicalNot", ALL: as aclnnLogicalNotGetWorkspaceSize;
}

/// All bits turned; of a boolean, true and false.
pub(crate) fn aclnnBitwiseNotGetWorkspaceSize(
    self_: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBitwiseNot";
    let mut call = Call::new(NAME);
    let (own, out) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &own, BITS)?;
    check_same_dtype(NAME, "out", &out, "self", own.dtype)?;
    let row = if own.dtype == ACL_BOOL {
        row!("aclnnBitwiseNot", BITS, false, |a, _b, _c, _s| none(a, a), (a == 0) as i64)
    } else {
        row!("aclnnBitwiseNot", BITS, false, |a, _b, _c, _s| none(a, a), !a)
    };
    prepare(call, row, &[("self", own)], Factor::None, ("out", out), (ws, executor))
}

/// Floats have no bits to speak of here.
fn none(_: f32, _: f32) -> f32 {
    f32::NAN
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    type Two = fn(*const aclTensor, *const aclTensor, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Scalar = fn(*const aclTensor, *const aclScalar, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Own = fn(*const aclTensor, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type OwnScalar = fn(*const aclTensor, *const aclScalar, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Bits = fn(i64, i64) -> i64;
    type Forms = (Two, Scalar, Own, OwnScalar, Bits);

    #[test]
    fn bits_of_integers() {
        let and: Forms = (
            aclnnBitwiseAndTensorGetWorkspaceSize,
            aclnnBitwiseAndScalarGetWorkspaceSize,
            aclnnInplaceBitwiseAndTensorGetWorkspaceSize,
            aclnnInplaceBitwiseAndScalarGetWorkspaceSize,
            |a, b| a & b,
        );
        let or: Forms = (
            aclnnBitwiseOrTensorGetWorkspaceSize,
            aclnnBitwiseOrScalarGetWorkspaceSize,
            aclnnInplaceBitwiseOrTensorGetWorkspaceSize,
            aclnnInplaceBitwiseOrScalarGetWorkspaceSize,
            |a, b| a | b,
        );
        let xor: Forms = (
            aclnnBitwiseXorTensorGetWorkspaceSize,
            aclnnBitwiseXorScalarGetWorkspaceSize,
            aclnnInplaceBitwiseXorTensorGetWorkspaceSize,
            aclnnInplaceBitwiseXorScalarGetWorkspaceSize,
            |a, b| a ^ b,
        );
        for dtype in [ACL_INT64, ACL_INT32, ACL_INT16, ACL_INT8] {
            for (two, scalar, own, own_scalar, f) in [and, or, xor] {
                let whole = |seed| noise(seed).map(|v| (v * 120.0).round());
                let x = Array::strided(dtype, &[3, 70], &[90, 1], 5, 280, whole(1));
                let (y, out, six) = (Array::new(dtype, &[70], whole(2)), Array::out(dtype, &[3, 70]), Number::int(6));
                let with = |b: &dyn Fn(usize) -> i64| -> Vec<f64> {
                    x.values().iter().enumerate().map(|(i, &a)| f(a as i64, b(i)) as f64).collect()
                };
                let (of_y, of_six) = (with(&|i| y.values()[i % 70] as i64), with(&|_| 6));
                run(|w, e| two(x.handle(), y.handle(), out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), of_y);
                run(|w, e| scalar(x.handle(), six.0, out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), of_six);
                let place = Array::new(dtype, &[3, 70], x.values());
                run(|w, e| own(place.handle(), y.handle(), w, e)).unwrap();
                assert_eq!(place.values(), of_y);
                let place = Array::new(dtype, &[3, 70], x.values());
                run(|w, e| own_scalar(place.handle(), six.0, w, e)).unwrap();
                assert_eq!(place.values(), of_six);
            }
            let (x, out) = (Array::new(dtype, &[4], [0.0, -1.0, 5.0, 127.0]), Array::out(dtype, &[4]));
            run(|w, e| aclnnBitwiseNotGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), [-1.0, 0.0, -6.0, -128.0]);
        }
    }

    #[test]
    fn booleans() {
        let (x, y) = (Array::new(ACL_BOOL, &[4], [0.0, 0.0, 1.0, 1.0]), Array::new(ACL_BOOL, &[4], [0.0, 1.0, 0.0, 1.0]));
        let out = Array::out(ACL_BOOL, &[4]);
        let cases: [(Two, [f64; 4]); 4] = [
            (aclnnBitwiseAndTensorGetWorkspaceSize, [0.0, 0.0, 0.0, 1.0]),
            (aclnnBitwiseOrTensorGetWorkspaceSize, [0.0, 1.0, 1.0, 1.0]),
            (aclnnBitwiseXorTensorGetWorkspaceSize, [0.0, 1.0, 1.0, 0.0]),
            (aclnnLogicalXorGetWorkspaceSize, [0.0, 1.0, 1.0, 0.0]),
        ];
        for (body, want) in cases {
            run(|w, e| body(x.handle(), y.handle(), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), want);
        }
        run(|w, e| aclnnBitwiseNotGetWorkspaceSize(y.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [1.0, 0.0, 1.0, 0.0]);
        let odd = Array::new(ACL_FLOAT, &[4], [0.0, f64::NAN, -2.0, 0.5]);
        let other = Array::new(ACL_FLOAT, &[4], [1.0, 1.0, 0.0, 3.0]);
        run(|w, e| aclnnLogicalXorGetWorkspaceSize(odd.handle(), other.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [1.0, 0.0, 1.0, 0.0]);
        run(|w, e| aclnnInplaceLogicalAndGetWorkspaceSize(odd.handle(), other.handle(), w, e)).unwrap();
        assert_eq!(odd.values(), [0.0, 1.0, 0.0, 1.0]);
        run(|w, e| aclnnInplaceLogicalOrGetWorkspaceSize(odd.handle(), other.handle(), w, e)).unwrap();
        assert_eq!(odd.values(), [1.0, 1.0, 0.0, 1.0]);
        run(|w, e| aclnnInplaceLogicalNotGetWorkspaceSize(odd.handle(), w, e)).unwrap();
        assert_eq!(odd.values(), [0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn floats_have_no_bits() {
        let (x, floats, half) = (Array::new(ACL_INT32, &[1], [1.0]), Array::new(ACL_FLOAT, &[1], [1.0]), Number::float(0.5));
        let wrong = run(|w, e| aclnnBitwiseAndTensorGetWorkspaceSize(x.handle(), floats.handle(), x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnBitwiseAndTensor", "other is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnBitwiseOrScalarGetWorkspaceSize(x.handle(), half.0, floats.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnBitwiseOrScalar", "together are ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnBitwiseNotGetWorkspaceSize(floats.handle(), x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnBitwiseNot", "self is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    }
}
