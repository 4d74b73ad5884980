//! bf16 and f16 in pairs: one 32-bit lane holds two neighbours, and two shifts or masks make two f32 registers of them.

use half::{bf16, f16};
use pulp::{Arch, Simd};

use crate::convert::Float;
use crate::isa::Isa;

/// A 16-bit float that is widened in registers.
pub(crate) trait Half: Float {
    /// The elements at even and at odd places.
    fn split<S: Simd>(simd: S, pairs: S::u32s) -> (S::f32s, S::f32s);

    /// The fastest instructions for products of two such floats, on a CPU that has no more than `arch`.
    fn isa(arch: Arch) -> Isa {
        Isa::Native(arch)
    }
}

impl Half for bf16 {
    #[inline(always)]
    fn split<S: Simd>(simd: S, pairs: S::u32s) -> (S::f32s, S::f32s) {
        let even = simd.wrapping_dyn_shl_u32s(pairs, simd.splat_u32s(16));
        let odd = simd.and_u32s(pairs, simd.splat_u32s(0xffff_0000));
        (simd.transmute_f32s_u32s(even), simd.transmute_f32s_u32s(odd))
    }

    fn isa(arch: Arch) -> Isa {
        Isa::bf16_within(arch)
    }
}

impl Half for f16 {
    #[inline(always)]
    fn split<S: Simd>(simd: S, pairs: S::u32s) -> (S::f32s, S::f32s) {
        let odd = simd.wrapping_dyn_shr_u32s(pairs, simd.splat_u32s(16));
        (low_f16(simd, pairs), low_f16(simd, odd))
    }
}

/// The f16 in the low half of each lane; the arithmetic of `convert`'s `widen`.
#[inline(always)]
fn low_f16<S: Simd>(simd: S, bits: S::u32s) -> S::f32s {
    let magnitude = simd.wrapping_dyn_shl_u32s(simd.and_u32s(bits, simd.splat_u32s(0x7fff)), simd.splat_u32s(13));
    let sign = simd.wrapping_dyn_shl_u32s(simd.and_u32s(bits, simd.splat_u32s(0x8000)), simd.splat_u32s(16));
    // Short of 2^112 by the difference of the exponents' biases, subnormal or not.
    let bias = simd.splat_f32s(f32::from_bits((127 + 112) << 23));
    let finite = simd.transmute_u32s_f32s(simd.mul_f32s(simd.transmute_f32s_u32s(magnitude), bias));
    let special = simd.or_u32s(magnitude, simd.splat_u32s(0x7f80_0000));
    let is_special = simd.greater_than_or_equal_u32s(magnitude, simd.splat_u32s(0x7c00 << 13));
    simd.transmute_f32s_u32s(simd.or_u32s(simd.select_u32s(is_special, special, finite), sign))
}

/// One register of pairs from memory, of `pairs` pairs at most; zeros beyond.
///
/// # Safety
/// `from` is readable for `min(pairs, lanes)` times 4 bytes.
#[inline(always)]
pub(crate) unsafe fn load_pairs<S: Simd>(simd: S, from: *const u8, pairs: usize) -> S::u32s {
    // SAFETY: the caller's contract.
    unsafe {
        if pairs >= S::U32_LANES {
            return from.cast::<S::u32s>().read_unaligned();
        }
        let mut some = [0u32; 16];
        std::ptr::copy_nonoverlapping(from, some.as_mut_ptr().cast(), pairs * 4);
        let _ = simd;
        some.as_ptr().cast::<S::u32s>().read_unaligned()
    }
}
