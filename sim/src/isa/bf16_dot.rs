//! AVX-512's dot product of bf16: each lane of 32 bits holds two neighbouring terms, whose products are added to an f32.
//! Twice the multiplications of an f32 instruction, and operands of half the size.
//!
//! It takes subnormal operands for zeros and makes no subnormal sums, which f32 arithmetic does not. Those are below 2^-126, a
//! size at which no other part of a sum is.

use std::arch::x86_64::{__m512, __m512bh, _mm512_dpbf16_ps};

use super::{Kernel, MultiplyAdd};
use pulp::Simd;
use pulp::x86::V4;

/// Proof that the CPU has the instruction, and what [`V4`] stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bf16Dot(V4);

impl Bf16Dot {
    pub(super) fn detected() -> Option<Bf16Dot> {
        if is_x86_feature_detected!("avx512bf16") { V4::try_new().map(Bf16Dot) } else { None }
    }
}

/// Runs a kernel whose lanes are pairs.
pub(super) fn run(set: Bf16Dot, kernel: impl Kernel) {
    // SAFETY: `set` proves that the CPU has all of these features.
    unsafe { compiled(set.0, kernel) }
}

/// # Safety
/// The CPU has the features.
#[target_feature(enable = "avx512bf16,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,avx,fma,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn compiled<K: Kernel>(simd: V4, kernel: K) {
    kernel.run::<V4, Pairs>(simd)
}

/// Pairs of bf16 in the lanes of both operands.
struct Pairs;

impl MultiplyAdd for Pairs {
    const TOGETHER: usize = 2;

    #[inline(always)]
    fn multiply_add<S: Simd>(_: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        let (a, b, c): ([f32; 16], [f32; 16], [f32; 16]) = (bytemuck::cast(a), bytemuck::cast(b), bytemuck::cast(c));
        // SAFETY: registers are bits; only `compiled` names this type, where the CPU has the instruction.
        unsafe {
            let [a, b] = [a, b].map(|bits| std::mem::transmute::<[f32; 16], __m512bh>(bits));
            let sum: __m512 = _mm512_dpbf16_ps(std::mem::transmute::<[f32; 16], __m512>(c), a, b);
            bytemuck::cast(std::mem::transmute::<__m512, [f32; 16]>(sum))
        }
    }
}
