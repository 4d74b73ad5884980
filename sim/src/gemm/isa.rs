//! Which instructions the kernels run on.

use pulp::{Arch, Scalar256b, Simd, WithSimd};

#[cfg(target_arch = "x86_64")]
use super::bf16_dot::{self, Bf16Dot};

/// A kernel written once over [`Simd`], and over what it does with the 32 bits of each lane.
pub(super) trait Kernel {
    fn run<S: Simd, M: MultiplyAdd>(self, simd: S);
}

/// What a kernel does with the lanes of two registers.
pub(super) trait MultiplyAdd {
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
pub(super) enum Isa {
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
    pub(super) fn best() -> Isa {
        match Arch::new() {
            Arch::Scalar => Isa::Portable,
            arch => Isa::Native(arch),
        }
    }

    /// The fastest for products of bf16 by bf16, where it is another.
    pub(super) fn bf16() -> Option<Isa> {
        #[cfg(target_arch = "x86_64")]
        return Bf16Dot::detected().map(Isa::Bf16);
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    /// The set itself, or for one of bf16 that which has f32 in its lanes.
    pub(super) fn of_f32(self) -> Isa {
        if self.terms_together() == 1 { self } else { Isa::best() }
    }

    /// Terms of a sum that a lane of 32 bits holds.
    pub(super) fn terms_together(self) -> usize {
        match self {
            Isa::Native(_) | Isa::Portable => 1,
            #[cfg(target_arch = "x86_64")]
            Isa::Bf16(_) => 2,
        }
    }

    /// Runs the kernel, compiled for this set.
    pub(super) fn run(self, kernel: impl Kernel) {
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

    /// Rows and columns of a register tile of a product of `cols` columns: 6 or 12 rows by two vectors, or 12 by one if it has no
    /// more columns.
    pub(super) fn tile(self, cols: usize) -> (usize, usize) {
        struct Shape<'a>(usize, &'a mut (usize, usize));
        impl Kernel for Shape<'_> {
            fn run<S: Simd, M: MultiplyAdd>(self, _: S) {
                let Shape(cols, shape) = self;
                *shape = match (S::REGISTER_COUNT >= 32, cols <= S::F32_LANES) {
                    (true, true) => (12, S::F32_LANES),
                    (true, false) => (12, 2 * S::F32_LANES),
                    (false, _) => (6, 2 * S::F32_LANES),
                }
            }
        }
        let mut shape = (0, 0);
        self.run(Shape(cols, &mut shape));
        shape
    }
}
