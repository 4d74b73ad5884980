//! Loops over short rows, and folding a block in a fixed order that vectorises.

/// Independent chains: enough for any vector unit.
pub(crate) const LANES: usize = 16;

/// `to[i] = f(to[i], [from[0][i], from[1][i], ..])`, in pieces of [`LANES`], which are straight vector code: the vectorised loops of
/// most rows, heads say, would take longer to begin and to end than to go round. Inlined, as [`fold`].
#[inline(always)]
pub(crate) fn update<const N: usize>(to: &mut [f32], from: [&[f32]; N], f: impl Fn(f32, [f32; N]) -> f32) {
    let (pieces, rest) = to.as_chunks_mut::<LANES>();
    let whole = pieces.len() * LANES;
    for (at, piece) in pieces.iter_mut().enumerate() {
        // By value: of memory the compiler would have to find out whether it overlaps.
        let (mut values, mut result) = ([[0.0; LANES]; N], *piece);
        for (values, from) in values.iter_mut().zip(from) {
            *values = from.as_chunks().0[at];
        }
        for (i, result) in result.iter_mut().enumerate() {
            *result = f(*result, column(&values, i));
        }
        *piece = result;
    }
    for (i, to) in rest.iter_mut().enumerate() {
        let mut values = [0.0; N];
        for (value, from) in values.iter_mut().zip(from) {
            *value = from[whole + i];
        }
        *to = f(*to, values);
    }
}

/// Element `i` of each. By a loop: `map` of arrays may be a call, compiled for the baseline.
#[inline(always)]
fn column<const N: usize>(rows: &[[f32; LANES]; N], i: usize) -> [f32; N] {
    let mut column = [0.0; N];
    for (to, row) in column.iter_mut().zip(rows) {
        *to = row[i];
    }
    column
}

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
    joined(sums, join)
}

/// All of them, pairwise.
#[inline(always)]
pub(crate) fn joined<A: Copy>(mut sums: [A; LANES], join: impl Fn(A, A) -> A) -> A {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            sums[i] = join(sums[i], sums[i + width]);
        }
        width /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_are_changed() {
        for n in [0, 1, 5, LANES, LANES + 1, 3 * LANES, 100] {
            let row = |start: usize| (0..n).map(|i| (start + i) as f32).collect::<Vec<f32>>();
            let (a, b, mut to) = (row(1), row(7), row(50));
            update(&mut to, [&a, &b], |to, [a, b]| to + 2.0 * a - b);
            // 50 + i + 2 (1 + i) - (7 + i).
            assert!(to.iter().enumerate().all(|(i, to)| *to == (45 + 2 * i) as f32), "{n}: {to:?}");
        }
    }
}
