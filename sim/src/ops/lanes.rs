//! Folding a block in a fixed order that vectorises.

/// Independent chains: enough for any vector unit.
pub(crate) const LANES: usize = 16;

/// Folds elements into [`LANES`] sums, element `i` into sum `i % LANES`, and those pairwise: an order that depends on the
/// length alone. Inlined: vectorises inside [`crate::simd::vectorized`].
#[inline(always)]
pub(crate) fn fold<T: Copy, A: Copy>(x: &[T], start: A, step: impl Fn(A, T) -> A, join: impl Fn(A, A) -> A) -> A {
    let mut sums = [start; LANES];
    let mut chunks = x.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum = step(*sum, x);
        }
    }
    for (sum, &x) in sums.iter_mut().zip(chunks.remainder()) {
        *sum = step(*sum, x);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            sums[i] = join(sums[i], sums[i + width]);
        }
        width /= 2;
    }
    sums[0]
}
