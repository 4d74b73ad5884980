//! Elements as numbers of the host.

use ascend_rl_sys::types::*;

use crate::reject::Outcome;

/// As CANN has it (`data_buffer.cpp`): 8 for what it does not know.
pub(crate) fn aclDataTypeSize(data_type: aclDataType) -> Outcome<usize> {
    Ok(match data_type {
        ACL_STRING | ACL_DT_UNDEFINED => 0,
        ACL_UINT1 | ACL_INT4 | ACL_BOOL | ACL_INT8 | ACL_UINT8 => 1,
        // HIFLOAT8, FLOAT8_E5M2, FLOAT8_E4M3FN, FLOAT8_E8M0: only newer chips have them.
        aclDataType(34..=37) => 1,
        ACL_FLOAT16 | ACL_INT16 | ACL_UINT16 | ACL_BF16 => 2,
        ACL_FLOAT | ACL_INT32 | ACL_UINT32 | ACL_COMPLEX32 => 4,
        ACL_COMPLEX128 => 16,
        _ => 8,
    })
}

/// The largest exponent of a half-precision number, that of infinities and NaN.
const HALF_TOP: u32 = 31;

/// Infinities and NaN are taken for numbers, as chips that only saturate have it (`fp16_impl.cpp`).
pub(crate) fn aclFloat16ToFloat(value: aclFloat16) -> Outcome<f32> {
    let bits = u32::from(value);
    let (sign, exponent, mantissa) = (bits >> 15, bits >> 10 & HALF_TOP, bits & 0x3FF);
    Ok(match exponent {
        HALF_TOP => f32::from_bits(sign << 31 | (HALF_TOP - 15 + 127) << 23 | mantissa << 13),
        _ => half::f16::from_bits(value).to_f32(),
    })
}

/// To the nearest, ties to even. What is out of range, infinite or NaN becomes the largest of its sign, as there.
pub(crate) fn aclFloatToFloat16(value: f32) -> Outcome<aclFloat16> {
    let rounded = half::f16::from_f32(value);
    Ok(match rounded.is_finite() {
        true => rounded.to_bits(),
        false => half::f16::MAX.to_bits() | u16::from(value.is_sign_negative()) << 15,
    })
}
