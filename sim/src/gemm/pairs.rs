//! Products with up to some hundred rows whose 16-bit operands lie along the sum: the decode of a batch, with weights stored
//! `[out, in]`. Packing `b` would cost more than the product, so columns are read as they lie, two terms to a 32-bit lane, and
//! widened in registers ([`crate::pairs`]); rows of `a` are laid out to match.

use std::marker::PhantomData;

use super::{Matrix, Product, Tile, scratch};
use crate::isa::{Isa, Kernel, MultiplyAdd};
use crate::pairs::{Half, load_pairs};
use crate::simd::totals_of;
use ascend_rl_sys::types::{ACL_BF16, ACL_FLOAT16};
use half::{bf16, f16};
use pulp::Simd;

/// Most rows for which this is the faster.
const MOST_ROWS: usize = 96;
/// Columns of a task are a multiple of this, the most that are multiplied at a time.
const COLS: usize = 8;
/// Floats of a laid-out row are a multiple of this: two registers, of any size.
const WIDTH: usize = 32;
/// Most rows that are multiplied with a column at a time.
const MOST_TOGETHER: usize = 5;
/// Multiplications below which threads do not pay.
const SERIAL: usize = 1 << 16;

/// Whether the product is of this kind.
pub(super) fn takes(product: &Product) -> bool {
    let Product { a, b, .. } = product;
    let halves = a.dtype == b.dtype && (a.dtype == ACL_BF16 || a.dtype == ACL_FLOAT16);
    halves && a.rows <= MOST_ROWS && a.cols >= 2 && a.cols.is_multiple_of(2) && a.col_stride == 1 && b.row_stride == 1
}

/// # Safety
/// As [`Product::run`], of a product that [`takes`] is true for.
pub(super) unsafe fn run(product: &Product, isa: Isa) {
    // SAFETY: the caller's contract.
    unsafe { if product.a.dtype == ACL_BF16 { typed::<bf16>(product, isa) } else { typed::<f16>(product, isa) } }
}

/// # Safety
/// As [`run`], of elements of type `T`.
unsafe fn typed<T: Half>(product: &Product, isa: Isa) {
    let (m, n, k) = (product.out.rows, product.out.cols, product.a.cols);
    let width = k.next_multiple_of(WIDTH) / isa.terms_together();
    scratch::lend(&scratch::SHARED, m * width, |rows| {
        isa.run(Layout::<T> { a: &product.a, rows, width, element: PhantomData });
        let rows = &*rows;
        let tasks = if m * n * k < SERIAL { 1 } else { 4 * crate::parallel::threads() };
        let chunk = n.div_ceil(tasks).next_multiple_of(COLS);
        crate::parallel::for_each(n.div_ceil(chunk), |i| {
            let tile = Tile { row: 0, rows: m, col: i * chunk, cols: chunk.min(n - i * chunk) };
            // SAFETY: the caller's contract; tasks write to different columns.
            unsafe { columns::<T>(product, isa, rows, width, tile) }
        })
    })
}

/// # Safety
/// As [`typed`].
unsafe fn columns<T: Half>(product: &Product, isa: Isa, rows: &[f32], width: usize, tile: Tile) {
    scratch::lend(&scratch::LOCAL, tile.rows * tile.cols, |c| {
        // SAFETY: `c` is as large as the tile.
        let add = unsafe { product.seed(0, &tile, c.as_mut_ptr(), tile.cols) };
        let (alpha, k) = (product.alpha, product.a.cols);
        isa.run(Dots::<T> {
            rows,
            width,
            b: &product.b,
            first: tile.col,
            k,
            c,
            cols: tile.cols,
            alpha,
            add,
            element: PhantomData,
        });
        for row in 0..tile.rows {
            // SAFETY: the caller's contract.
            unsafe { product.store_row(row, tile.col, &c[row * tile.cols..][..tile.cols]) };
        }
    })
}

/// Lays out rows of `a`: of each two registers of terms those at even places, then those at odd ones; zeros at the end. Where
/// pairs are multiplied as such, they stay.
struct Layout<'a, T> {
    a: &'a Matrix,
    rows: &'a mut [f32],
    width: usize,
    element: PhantomData<T>,
}

impl<T: Half> Kernel for Layout<'_, T> {
    #[inline(always)]
    fn run<S: Simd, M: MultiplyAdd>(self, simd: S) {
        let step = 2 * S::F32_LANES;
        for (row, to) in self.rows.chunks_exact_mut(self.width).enumerate() {
            for (at, to) in (0..).step_by(step).zip(to.chunks_exact_mut(step / M::TOGETHER)) {
                let left = self.a.cols.saturating_sub(at) / 2;
                // SAFETY: `typed`'s contract: a row has `cols` elements side by side.
                let pairs = unsafe { load_pairs(simd, self.a.at(row, at.min(self.a.cols)), left) };
                let (to, _) = S::as_mut_simd_f32s(to);
                if M::TOGETHER == 2 {
                    to[0] = simd.transmute_f32s_u32s(pairs);
                } else {
                    (to[0], to[1]) = T::split(simd, pairs);
                }
            }
        }
    }
}

/// The products of all laid-out rows with the columns of a tile.
struct Dots<'a, T> {
    rows: &'a [f32],
    width: usize,
    b: &'a Matrix,
    /// The first column.
    first: usize,
    /// Terms of a sum.
    k: usize,
    /// The tile, `cols` wide.
    c: &'a mut [f32],
    cols: usize,
    alpha: f32,
    add: bool,
    element: PhantomData<T>,
}

impl<T: Half> Kernel for Dots<'_, T> {
    #[inline(always)]
    fn run<S: Simd, M: MultiplyAdd>(mut self, simd: S) {
        let rows = self.rows.len() / self.width;
        // Groups of rows, as equal as can be: each reads all columns again.
        let groups = rows.div_ceil(MOST_TOGETHER);
        for group in 0..groups {
            let (first, end) = (rows * group / groups, rows * (group + 1) / groups);
            // Eight sums or so at a time: they hide the latency of a multiply-add and leave registers for what is multiplied.
            match end - first {
                1 => self.some::<S, M, 1, 8>(simd, first),
                2 => self.some::<S, M, 2, 4>(simd, first),
                3 => self.some::<S, M, 3, 2>(simd, first),
                4 => self.some::<S, M, 4, 2>(simd, first),
                _ => self.some::<S, M, 5, 2>(simd, first),
            }
        }
    }
}

impl<T: Half> Dots<'_, T> {
    /// `R` rows from `first` on, with all columns, `C` at a time.
    #[inline(always)]
    fn some<S: Simd, M: MultiplyAdd, const R: usize, const C: usize>(&mut self, simd: S, first: usize) {
        let (k, step) = (self.k, 2 * S::F32_LANES);
        let rows: [*const f32; R] = std::array::from_fn(|i| self.rows[(first + i) * self.width..][..self.width].as_ptr());
        for col in (0..self.cols).step_by(C) {
            // A missing column is the last one again; its sums are not stored.
            let columns: [*const u8; C] =
                std::array::from_fn(|i| self.b.at(0, self.first + (col + i).min(self.cols - 1)).cast_const());
            let mut sums = [[simd.splat_f32s(0.0); C]; R];
            let whole = k / step * step;
            for at in (0..whole).step_by(step) {
                // SAFETY: `typed`'s contract: a column has `k` elements side by side, and a step of them is left; a laid-out row
                // is whole steps long.
                unsafe {
                    let mut pairs = [simd.splat_u32s(0); C];
                    for (pairs, column) in pairs.iter_mut().zip(columns) {
                        *pairs = column.add(2 * at).cast::<S::u32s>().read_unaligned();
                    }
                    add::<T, S, M, R, C>(simd, rows, at, pairs, &mut sums);
                }
            }
            if whole < k {
                // SAFETY: as above, for what is left.
                unsafe {
                    let mut pairs = [simd.splat_u32s(0); C];
                    for (pairs, column) in pairs.iter_mut().zip(columns) {
                        *pairs = load_pairs(simd, column.add(2 * whole), (k - whole) / 2);
                    }
                    add::<T, S, M, R, C>(simd, rows, whole, pairs, &mut sums);
                }
            }
            let totals = totals_of(simd, sums);
            for (i, totals) in totals.into_iter().enumerate() {
                for (total, c) in totals.into_iter().zip(&mut self.c[(first + i) * self.cols..][col..self.cols]) {
                    let product = self.alpha * total;
                    *c = if self.add { *c + product } else { product };
                }
            }
        }
    }
}

/// Adds the products of two registers of terms, from `at` on, of `R` laid-out rows with those of `C` columns.
///
/// # Safety
/// What was laid out of two registers of terms is readable there in each row.
#[inline(always)]
unsafe fn add<T: Half, S: Simd, M: MultiplyAdd, const R: usize, const C: usize>(
    simd: S,
    rows: [*const f32; R],
    at: usize,
    pairs: [S::u32s; C],
    sums: &mut [[S::f32s; C]; R],
) {
    if M::TOGETHER == 2 {
        for (sums, row) in sums.iter_mut().zip(rows) {
            // SAFETY: the caller's contract.
            let row = unsafe { row.add(at / 2).cast::<S::f32s>().read_unaligned() };
            for (sum, pairs) in sums.iter_mut().zip(pairs) {
                *sum = M::multiply_add(simd, row, simd.transmute_f32s_u32s(pairs), *sum);
            }
        }
        return;
    }
    let mut halves = [(simd.splat_f32s(0.0), simd.splat_f32s(0.0)); C];
    for (halves, pairs) in halves.iter_mut().zip(pairs) {
        *halves = T::split(simd, pairs);
    }
    for (sums, row) in sums.iter_mut().zip(rows) {
        // SAFETY: the caller's contract.
        let (even, odd) = unsafe {
            let row = row.add(at).cast::<S::f32s>();
            (row.read_unaligned(), row.add(1).read_unaligned())
        };
        for (sum, half) in sums.iter_mut().zip(&halves) {
            *sum = M::multiply_add(simd, even, half.0, *sum);
            *sum = M::multiply_add(simd, odd, half.1, *sum);
        }
    }
}
