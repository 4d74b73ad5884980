//! Loops compiled for several vector units, the best picked at run time.

use pulp::{Arch, Simd, WithSimd};

/// Runs `f` compiled for the vector unit of this CPU; on any other CPU the same code runs as the baseline allows.
///
/// `f` and what it calls must be `#[inline(always)]`: what is not inlined is compiled for the baseline. It is taken as `FnMut`
/// for the same reason: a closure called as `FnOnce` goes through an adapter that is not inlined, and with it all of the loop.
#[inline(always)]
pub(crate) fn vectorized<R>(f: impl FnMut() -> R) -> R {
    struct Loop<F>(F);
    impl<R, F: FnMut() -> R> WithSimd for Loop<F> {
        type Output = R;
        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) -> R {
            (self.0)()
        }
    }
    Arch::new().dispatch(Loop(f))
}
