//! Products with few rows whose `b` has contiguous columns: decode with weights stored `[out, in]`. Packing `b` would cost more
//! than the product, so rows of `a` and columns of `b` are multiplied as they lie.

use super::{Product, Tile, scratch};
use crate::convert::widen_row;
use crate::isa::{Isa, Kernel, MultiplyAdd};
use pulp::Simd;

/// Columns that are multiplied at a time, each by up to [`ROWS`] rows.
const COLS: usize = 4;
const ROWS: usize = 3;
/// Multiplications below which threads do not pay.
const SERIAL: usize = 1 << 16;

/// # Safety
/// As [`Product::run`]; `b.row_stride` is 1.
pub(super) unsafe fn run(product: &Product, isa: Isa) {
    let (m, n, k) = (product.out.rows, product.out.cols, product.a.cols);
    scratch::lend(&scratch::SHARED, m * k, |a| {
        for row in 0..m {
            // SAFETY: the caller's contract.
            unsafe { widen_row(product.a.dtype, product.a.at(row, 0), product.a.col_stride, &mut a[row * k..][..k]) };
        }
        let a = &*a;
        let tasks = if m * n * k < SERIAL { 1 } else { 4 * crate::parallel::threads() };
        let chunk = n.div_ceil(tasks).next_multiple_of(COLS);
        crate::parallel::for_each(n.div_ceil(chunk), |i| {
            let tile = Tile { row: 0, rows: m, col: i * chunk, cols: chunk.min(n - i * chunk) };
            // SAFETY: the caller's contract; tasks write to different columns.
            unsafe { columns(product, isa, a, tile) }
        })
    })
}

/// # Safety
/// As [`run`].
unsafe fn columns(product: &Product, isa: Isa, a: &[f32], tile: Tile) {
    let (b, k) = (&product.b, product.a.cols);
    let direct = product.out.has_f32_rows();
    let own = if direct { 0 } else { tile.rows * tile.cols };
    scratch::lend(&scratch::LOCAL, own + COLS * k, |space| {
        let (own, widened) = space.split_at_mut(own);
        let (c, c_stride) = if direct {
            (product.out.at(0, tile.col).cast::<f32>(), product.out.row_stride)
        } else {
            (own.as_mut_ptr(), tile.cols)
        };
        // SAFETY: `c` is the tile in `out`, or as large a scratch.
        let add = unsafe { product.seed(0, &tile, c, c_stride) };
        for col in (0..tile.cols).step_by(COLS) {
            let cols = COLS.min(tile.cols - col);
            // A missing column is the last one again; its products are not stored.
            let column = |i: usize| b.at(0, tile.col + col + i.min(cols - 1));
            let columns: [&[f32]; COLS] = if b.is_f32() && k > 0 {
                // SAFETY: the caller's contract: columns are contiguous, `k` long. A matrix of none may be at null.
                std::array::from_fn(|i| unsafe { std::slice::from_raw_parts(column(i).cast(), k) })
            } else {
                for i in 0..cols {
                    // SAFETY: as above.
                    unsafe { widen_row(b.dtype, column(i), 1, &mut widened[i * k..][..k]) };
                }
                std::array::from_fn(|i| &widened[i.min(cols - 1) * k..][..k])
            };
            let put = |row: usize, sums: [f32; COLS]| {
                for (i, sum) in sums.iter().enumerate().take(cols) {
                    // SAFETY: inside the tile at `c`.
                    unsafe {
                        let c = c.add(row * c_stride + col + i);
                        c.write(if add { c.read() + product.alpha * sum } else { product.alpha * sum });
                    }
                }
            };
            isa.run(Dots { a, columns, rows: tile.rows, put });
        }
        if !direct {
            for row in 0..tile.rows {
                // SAFETY: the caller's contract.
                unsafe { product.store_row(row, tile.col, &own[row * tile.cols..][..tile.cols]) };
            }
        }
    })
}

/// The products of all rows of `a` with four columns.
struct Dots<'a, Put> {
    a: &'a [f32],
    columns: [&'a [f32]; COLS],
    rows: usize,
    put: Put,
}

impl<Put: Fn(usize, [f32; COLS])> Kernel for Dots<'_, Put> {
    #[inline(always)]
    fn run<S: Simd, M: MultiplyAdd>(self, simd: S) {
        for row in (0..self.rows).step_by(ROWS) {
            match self.rows - row {
                1 => self.some::<S, M, 1>(simd, row),
                2 => self.some::<S, M, 2>(simd, row),
                _ => self.some::<S, M, ROWS>(simd, row),
            }
        }
    }
}

impl<Put: Fn(usize, [f32; COLS])> Dots<'_, Put> {
    #[inline(always)]
    fn some<S: Simd, M: MultiplyAdd, const R: usize>(&self, simd: S, first: usize) {
        let k = self.columns[0].len();
        let rows: [&[f32]; R] = std::array::from_fn(|i| &self.a[(first + i) * k..][..k]);
        let rows = rows.map(|row| S::as_simd_f32s(row));
        let columns = self.columns.map(|column| S::as_simd_f32s(column));
        let mut sums = [[simd.splat_f32s(0.0); COLS]; R];
        for i in 0..k / S::F32_LANES {
            // By a loop: `map` of an array of registers is a call.
            let mut b = [simd.splat_f32s(0.0); COLS];
            for (b, (column, _)) in b.iter_mut().zip(&columns) {
                // SAFETY: each slice is `k` long, hence has `k / LANES` vectors. Checks would cost as much as the arithmetic.
                *b = unsafe { *column.get_unchecked(i) };
            }
            for (sums, (row, _)) in sums.iter_mut().zip(&rows) {
                // SAFETY: as above.
                let a = unsafe { *row.get_unchecked(i) };
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = M::multiply_add(simd, a, b, *sum);
                }
            }
        }
        if !k.is_multiple_of(S::F32_LANES) {
            let mut b = [simd.splat_f32s(0.0); COLS];
            for (b, (_, rest)) in b.iter_mut().zip(&columns) {
                *b = simd.partial_load_f32s(rest);
            }
            for (sums, (_, rest)) in sums.iter_mut().zip(&rows) {
                let a = simd.partial_load_f32s(rest);
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = M::multiply_add(simd, a, b, *sum);
                }
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            let mut totals = [0.0; COLS];
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total = simd.reduce_sum_f32s(sum);
            }
            (self.put)(first + i, totals);
        }
    }
}
