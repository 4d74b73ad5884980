//! The one matrix product that attention is made of: a few rows of A times panels of B, with all sums in registers.
//!
//! A and B are addressed by strides: the same kernel multiplies by a matrix and by its transpose, and B may lie in rows or in
//! *panels* of [`PANEL`] columns, `[n / 16][k][16]`, which a pass over `k` reads in order whatever the number of columns.

use pulp::{Simd, WithSimd};

/// Columns of a panel: two AVX2 registers, one of AVX-512, four of NEON.
pub(super) const PANEL: usize = 16;

/// Most rows of one product: six rows of two AVX2 registers are twelve sums, which hides the latency of an FMA and leaves
/// four of the sixteen registers for the operands.
pub(super) const ROWS: usize = 6;

/// `c = a·b`, or `c += a·b`.
pub(super) struct Product {
    /// Element `(row, k)` of A is at `a[row * a_row + k * a_k]`.
    pub a: *const f32,
    pub a_row: usize,
    pub a_k: usize,
    /// Rows of A and C, 1 to [`ROWS`].
    pub rows: usize,
    /// What is summed over.
    pub k: usize,
    /// Element `(k, column)` of B is at `b[column / 16 * panel + k * b_k + column % 16]`.
    pub b: *const f32,
    pub b_k: usize,
    pub panel: usize,
    /// Columns of B and C, in panels.
    pub panels: usize,
    /// Row-major; rows are `c_row` apart.
    pub c: *mut f32,
    pub c_row: usize,
    /// Whether C is added to.
    pub add: bool,
}

impl Product {
    /// Runs with the CPU's registers. Not inlined: its eighteen loops are compiled once for each instruction set.
    ///
    /// # Safety
    /// The addresses above are readable (A, B) and writable (C), and C overlaps neither.
    #[inline(never)]
    pub(super) unsafe fn run<S: Simd>(self, simd: S) {
        simd.vectorize(Run(self));
    }
}

/// A [`Product`] whose addresses were vouched for.
struct Run(Product);

impl WithSimd for Run {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: `Product::run`, the only maker, has it as its contract.
        unsafe {
            match self.0.rows {
                1 => panels::<S, 1>(simd, &self.0),
                2 => panels::<S, 2>(simd, &self.0),
                3 => panels::<S, 3>(simd, &self.0),
                4 => panels::<S, 4>(simd, &self.0),
                5 => panels::<S, 5>(simd, &self.0),
                _ => panels::<S, ROWS>(simd, &self.0),
            }
        }
    }
}

/// All panels, for `M` rows.
#[inline(always)]
unsafe fn panels<S: Simd, const M: usize>(simd: S, p: &Product) {
    let mut at = 0;
    // SAFETY: the contract of `Product::run`; every tile stays within the panels and rows it names.
    unsafe {
        // Two panels at once where one register holds a whole panel: as many sums as with narrower registers.
        while S::F32_LANES == PANEL && at + 2 <= p.panels {
            tile::<S, M, 2>(simd, p, at, p.panel);
            at += 2;
        }
        while at < p.panels {
            match S::F32_LANES {
                16 => tile::<S, M, 1>(simd, p, at, 16),
                8 => tile::<S, M, 2>(simd, p, at, 8),
                4 => tile::<S, M, 4>(simd, p, at, 4),
                _ => tile::<S, M, 16>(simd, p, at, 1),
            }
            at += 1;
        }
    }
}

/// `M` rows of `V` registers, from panel `at` on; `step` is from one register's columns to the next's, in B.
#[inline(always)]
unsafe fn tile<S: Simd, const M: usize, const V: usize>(simd: S, p: &Product, at: usize, step: usize) {
    let mut sums = [[simd.splat_f32s(0.0); V]; M];
    let mut b = p.b.wrapping_add(at * p.panel);
    // One address a row, so that no address waits for another.
    let mut a: [*const f32; M] = std::array::from_fn(|r| p.a.wrapping_add(r * p.a_row));
    // SAFETY: the contract of `Product::run`.
    unsafe {
        for _ in 0..p.k {
            let mut columns = [simd.splat_f32s(0.0); V];
            for (v, column) in columns.iter_mut().enumerate() {
                *column = load(simd, b.add(v * step));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = simd.splat_f32s(*a[r]);
                a[r] = a[r].wrapping_add(p.a_k);
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = simd.mul_add_e_f32s(x, column, *sum);
                }
            }
            b = b.wrapping_add(p.b_k);
        }
        for (r, sums) in sums.iter().enumerate() {
            for (v, sum) in sums.iter().enumerate() {
                let to = p.c.add(r * p.c_row + at * PANEL + v * S::F32_LANES);
                let sum = if p.add { simd.add_f32s(load(simd, to), *sum) } else { *sum };
                to.cast::<S::f32s>().write_unaligned(sum);
            }
        }
    }
}

/// One register from memory.
///
/// # Safety
/// `from` is readable for a register's lanes.
#[inline(always)]
pub(super) unsafe fn load<S: Simd>(_simd: S, from: *const f32) -> S::f32s {
    // SAFETY: the caller's contract; the type is plain numbers.
    unsafe { from.cast::<S::f32s>().read_unaligned() }
}

/// Splits `n` rows evenly into the fewest parts of at most [`ROWS`]: `(first, count)` of each.
pub(super) fn row_groups(n: usize) -> impl Iterator<Item = (usize, usize)> {
    let parts = n.div_ceil(ROWS);
    (0..parts).map(move |i| (i * n / parts, (i + 1) * n / parts - i * n / parts))
}
