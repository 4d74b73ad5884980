//! Which SIMD instructions the kernels run on.

use pulp::{Arch, Scalar256b, Simd, WithSimd};

/// A kernel written once over [`Simd`].
pub(super) trait Kernel {
    /// `FUSED`: the CPU has fused multiply-add; without, it is a slow call.
    fn run<S: Simd, const FUSED: bool>(self, simd: S);
}

/// The instruction set a product runs on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Isa {
    /// AVX-512, AVX2 with FMA, or NEON.
    Native(Arch),
    /// Arrays of eight, for the compiler to vectorise with what every CPU of the target has.
    Portable,
}

impl Isa {
    pub(super) fn best() -> Isa {
        match Arch::new() {
            Arch::Scalar => Isa::Portable,
            arch => Isa::Native(arch),
        }
    }

    /// Runs the kernel, compiled for this set.
    pub(super) fn run(self, kernel: impl Kernel) {
        struct Native<K>(K);
        impl<K: Kernel> WithSimd for Native<K> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                self.0.run::<S, true>(simd)
            }
        }
        match self {
            Isa::Native(arch) => arch.dispatch(Native(kernel)),
            Isa::Portable => kernel.run::<Scalar256b, false>(Scalar256b),
        }
    }

    /// Rows and columns of a register tile: 6 or 12 rows by two vectors.
    pub(super) fn tile(self) -> (usize, usize) {
        struct Shape<'a>(&'a mut (usize, usize));
        impl Kernel for Shape<'_> {
            fn run<S: Simd, const FUSED: bool>(self, _: S) {
                *self.0 = (if S::REGISTER_COUNT >= 32 { 12 } else { 6 }, 2 * S::F32_LANES)
            }
        }
        let mut shape = (0, 0);
        self.run(Shape(&mut shape));
        shape
    }
}

/// `a * b + c` by lanes.
#[inline(always)]
pub(super) fn multiply_add<S: Simd, const FUSED: bool>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    if FUSED { simd.mul_add_e_f32s(a, b, c) } else { simd.add_f32s(simd.mul_f32s(a, b), c) }
}
