//! Which instructions the kernels of products and of attention run on.

#[cfg(target_arch = "x86_64")]
mod bf16_dot;

#[cfg(target_arch = "x86_64")]
use bf16_dot::Bf16Dot;
use pulp::{Arch, Scalar256b, Simd, WithSimd};

/// A kernel written once over [`Simd`], and over what it does with the 32 bits of each lane.
pub(crate) trait Kernel {
    fn run<S: Simd, M: MultiplyAdd>(self, simd: S);
}

/// What a kernel does with the lanes of two registers.
pub(crate) trait MultiplyAdd {
    /// Terms of a sum in a lane: one f32, or two of 16 bits.
    const TOGETHER: usize = 1;
    /// `a * b + c` by lanes.
    fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s;
}

/// f32 by an instruction that rounds once.
struct Fused;

impl MultiplyAdd for Fused {
    #[inline(always)]
    fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }
}

/// f32 where the instruction that rounds once would be a slow call.
struct Apart;

impl MultiplyAdd for Apart {
    #[inline(always)]
    fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.add_f32s(simd.mul_f32s(a, b), c)
    }
}

/// The instruction set a product runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Isa {
    /// AVX-512, AVX2 with FMA, or NEON.
    Native(Arch),
    /// Arrays of eight, for the compiler to vectorise with what every CPU of the target has.
    Portable,
    /// AVX-512 with dot products of bf16: a lane is two neighbouring terms of the sum, of which both operands are made.
    #[cfg(target_arch = "x86_64")]
    Bf16(Bf16Dot),
}

impl Isa {
    /// The fastest for any elements.
    pub(crate) fn best() -> Isa {
        match Arch::new() {
            Arch::Scalar => Isa::Portable,
            arch => Isa::Native(arch),
        }
    }

    /// The fastest for products of bf16 by bf16, where it is another.
    pub(crate) fn bf16() -> Option<Isa> {
        #[cfg(target_arch = "x86_64")]
        return Bf16Dot::detected().map(Isa::Bf16);
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    /// The fastest for products of bf16 by bf16 among those of a CPU that has no more than `arch`.
    pub(crate) fn bf16_within(arch: Arch) -> Isa {
        #[cfg(target_arch = "x86_64")]
        if let (Arch::V4(_), Some(isa)) = (arch, Isa::bf16()) {
            return isa;
        }
        Isa::Native(arch)
    }

    /// The set itself, or for one of bf16 that which has f32 in its lanes.
    pub(crate) fn of_f32(self) -> Isa {
        if self.terms_together() == 1 { self } else { Isa::best() }
    }

    /// Terms of a sum that a lane of 32 bits holds.
    pub(crate) fn terms_together(self) -> usize {
        match self {
            Isa::Native(_) | Isa::Portable => 1,
            #[cfg(target_arch = "x86_64")]
            Isa::Bf16(_) => 2,
        }
    }

    /// Runs the kernel, compiled for this set.
    pub(crate) fn run(self, kernel: impl Kernel) {
        struct Native<K>(K);
        impl<K: Kernel> WithSimd for Native<K> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                self.0.run::<S, Fused>(simd)
            }
        }
        match self {
            Isa::Native(arch) => arch.dispatch(Native(kernel)),
            Isa::Portable => kernel.run::<Scalar256b, Apart>(Scalar256b),
            #[cfg(target_arch = "x86_64")]
            Isa::Bf16(set) => bf16_dot::run(set, kernel),
        }
    }
}
