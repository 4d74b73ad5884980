//! f32, bf16 and f16 in one trait, and rows of them to and from f32.
//!
//! The conversions are bit arithmetic without branches, so that they vectorise on any CPU. Rounding is to the nearest, ties to
//! even; what overflows f16 becomes infinity, subnormals are exact, NaN stays NaN.

use ascend_rl_sys::types::*;
use half::{bf16, f16};

use crate::simd::vectorized;

/// An element of a floating-point tensor.
pub(crate) trait Float: Copy + Send + Sync + 'static {
    /// Exact.
    fn widen(self) -> f32;
    /// Rounded to the nearest.
    fn narrow(value: f32) -> Self;
}

impl Float for f32 {
    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
    #[inline(always)]
    fn narrow(value: f32) -> f32 {
        value
    }
}

impl Float for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits((self.to_bits() as u32) << 16)
    }
    #[inline(always)]
    fn narrow(value: f32) -> bf16 {
        let bits = value.to_bits();
        let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
        let quiet = bits >> 16 | 0x40;
        bf16::from_bits(if bits & 0x7fff_ffff > 0x7f80_0000 { quiet } else { rounded } as u16)
    }
}

impl Float for f16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        let bits = self.to_bits() as u32;
        let magnitude = bits & 0x7fff;
        // Shifted into place the number is short of 2^112 by the difference of the exponents' biases, subnormal or not.
        let finite = (f32::from_bits(magnitude << 13) * f32::from_bits((127 + 112) << 23)).to_bits();
        let special = magnitude << 13 | 0x7f80_0000;
        f32::from_bits(if magnitude >= 0x7c00 { special } else { finite } | (bits & 0x8000) << 16)
    }
    #[inline(always)]
    fn narrow(value: f32) -> f16 {
        let bits = value.to_bits();
        let sign = bits >> 16 & 0x8000;
        let magnitude = bits & 0x7fff_ffff;
        // Normal: move the exponent's bias from 127 to 15 and round 13 bits away; a carry into the exponent is right.
        let normal = magnitude.wrapping_sub(112 << 23).wrapping_add(0xfff + (magnitude >> 13 & 1)) >> 13;
        // Subnormal: adding 0.5 aligns the last bit kept with f32's last, and the FPU rounds.
        let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
        let special = if magnitude > 0x7f80_0000 { 0x7e00 } else { 0x7c00 };
        let finite = if magnitude < 113 << 23 { subnormal } else { normal };
        f16::from_bits((if magnitude >= 0x477f_f000 { special } else { finite } | sign) as u16)
    }
}

/// `with_float!(dtype, T => expression)`: the expression with `T` being the Rust type of a floating-point `dtype`. Callers have
/// checked that it is one; any other is taken for f32.
macro_rules! with_float {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            ascend_rl_sys::types::ACL_BF16 => {
                type $T = half::bf16;
                $body
            }
            ascend_rl_sys::types::ACL_FLOAT16 => {
                type $T = half::f16;
                $body
            }
            _ => {
                type $T = f32;
                $body
            }
        }
    };
}
pub(crate) use with_float;

/// `to[i] = from[i * stride]` in f32. Inlined: vectorises inside [`vectorized`].
///
/// # Safety
/// `from` is readable, at any alignment, for `(to.len() - 1) * stride + 1` elements.
#[inline(always)]
pub(crate) unsafe fn widen<T: Float>(from: *const T, stride: usize, to: &mut [f32]) {
    if stride == 1 {
        for (i, to) in to.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *to = unsafe { from.add(i).read_unaligned() }.widen();
        }
    } else {
        for (i, to) in to.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *to = unsafe { from.add(i * stride).read_unaligned() }.widen();
        }
    }
}

/// `to[i] = from[i]`, rounded. Inlined: vectorises inside [`vectorized`].
///
/// # Safety
/// `to` is writable, at any alignment, for `from.len()` elements.
#[inline(always)]
pub(crate) unsafe fn narrow<T: Float>(from: &[f32], to: *mut T) {
    for (i, from) in from.iter().enumerate() {
        // SAFETY: the caller's contract.
        unsafe { to.add(i).write_unaligned(T::narrow(*from)) }
    }
}

/// [`widen`] of a run-time dtype, with the CPU's SIMD.
///
/// # Safety
/// As [`widen`], in elements of `dtype`, one of f32, bf16, f16.
pub(crate) unsafe fn widen_row(dtype: aclDataType, from: *const u8, stride: usize, to: &mut [f32]) {
    vectorized(
        #[inline(always)]
        // SAFETY: the caller's contract.
        || with_float!(dtype, T => unsafe { widen::<T>(from.cast(), stride, to) }),
    )
}

/// [`narrow`] to a run-time dtype, with the CPU's SIMD.
///
/// # Safety
/// As [`narrow`], in elements of `dtype`, one of f32, bf16, f16.
pub(crate) unsafe fn narrow_row(dtype: aclDataType, from: &[f32], to: *mut u8) {
    vectorized(
        #[inline(always)]
        // SAFETY: the caller's contract.
        || with_float!(dtype, T => unsafe { narrow::<T>(from, to.cast()) }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_widens_as_the_half_crate_says() {
        for bits in 0..=u16::MAX {
            let (h, b) = (f16::from_bits(bits), bf16::from_bits(bits));
            assert!(Float::widen(h).to_bits() == h.to_f32().to_bits() || h.is_nan() && Float::widen(h).is_nan(), "f16 {bits:#x}");
            assert!(
                Float::widen(b).to_bits() == b.to_f32().to_bits() || b.is_nan() && Float::widen(b).is_nan(),
                "bf16 {bits:#x}"
            );
        }
    }

    #[test]
    fn narrowing_rounds_as_the_half_crate_says() {
        for step in 0..=u32::MAX / 4099 {
            for low in [0, 1, 0xfff, 0x1000, 0x1001, 0x8000] {
                let x = f32::from_bits((step * 4099) & !0xffff | low);
                let (h, b) = (<f16 as Float>::narrow(x), <bf16 as Float>::narrow(x));
                let (want_h, want_b) = (f16::from_f32(x), bf16::from_f32(x));
                assert!(h.to_bits() == want_h.to_bits() || x.is_nan() && h.is_nan(), "f16 of {x:e}: {h:e}, not {want_h:e}");
                assert!(b.to_bits() == want_b.to_bits() || x.is_nan() && b.is_nan(), "bf16 of {x:e}: {b:e}, not {want_b:e}");
            }
        }
    }

    #[test]
    fn rows_convert_with_strides() {
        let from: Vec<f16> = (0..40).map(|i| f16::from_f32(i as f32)).collect();
        let mut row = [0f32; 13];
        // SAFETY: 12 * 3 + 1 elements are there.
        unsafe { widen_row(ACL_FLOAT16, from.as_ptr().cast(), 3, &mut row) };
        assert!(row.iter().enumerate().all(|(i, v)| *v == (3 * i) as f32));
        let mut back = [bf16::ZERO; 13];
        // SAFETY: 13 elements are there.
        unsafe { narrow_row(ACL_BF16, &row, back.as_mut_ptr().cast()) };
        assert!(back.iter().enumerate().all(|(i, v)| v.to_f32() == (3 * i) as f32));
    }
}
