//! The inner loops: packed panels of `a` and `b` multiplied into a block of the result.

use crate::isa::{Isa, Kernel, MultiplyAdd};
use crate::simd::prefetch_line;
use pulp::Simd;

/// `c = alpha * a @ b`, or `c +=`, for one block of the sum.
pub(super) struct Block {
    pub rows: usize,
    pub cols: usize,
    pub terms: usize,
    pub a: Left,
    /// Panels of as many columns as a register tile has, which are `width`.
    pub b: *const f32,
    pub width: usize,
    pub b_panel: usize,
    pub c: *mut f32,
    pub c_stride: usize,
    pub alpha: f32,
    /// Whether to add to what `c` holds.
    pub add: bool,
}

/// Where the rows of `a` are.
#[derive(Clone, Copy)]
pub(super) enum Left {
    /// In panels of as many rows as a register tile has, and the elements from one to the next (they may be longer than `terms`).
    Panels(*const f32, usize),
    /// Where they were: rows with their terms side by side, and the elements from one row to the next.
    Rows(*const f32, usize),
}

/// Rows and columns of a register tile of a product of `cols` columns: 6 or 12 rows by two vectors, or 12 by one if it has no more
/// columns.
pub(super) fn register_tile(isa: Isa, cols: usize) -> (usize, usize) {
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
    isa.run(Shape(cols, &mut shape));
    shape
}

impl Block {
    /// # Safety
    /// The panels are readable to their ends, padding included, rows for `terms`, and `c` is writable for `rows` by `cols`.
    pub(super) unsafe fn run(self, isa: Isa) {
        isa.run(self)
    }
}

impl Kernel for Block {
    #[inline(always)]
    fn run<S: Simd, M: MultiplyAdd>(self, simd: S) {
        // 24 (12) sums and what is multiplied fit the 32 (16) registers; 12 still hide the latency of a multiply-add, 6 do not.
        // As in `register_tile`.
        // SAFETY: `Block::run`'s contract.
        unsafe {
            match (S::REGISTER_COUNT >= 32, self.width == 2 * S::F32_LANES) {
                (true, true) => self.tiles::<S, M, 12, 2>(simd),
                (true, false) => self.tiles::<S, M, 12, 1>(simd),
                (false, _) => self.tiles::<S, M, 6, 2>(simd),
            }
        }
    }
}

impl Block {
    /// A panel of `b` stays in the L1 cache while the rows of `a` stream past it from L2.
    ///
    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn tiles<S: Simd, M: MultiplyAdd, const MR: usize, const NV: usize>(&self, simd: S) {
        let nr = NV * S::F32_LANES;
        for col in (0..self.cols).step_by(nr) {
            for row in (0..self.rows).step_by(MR) {
                // SAFETY: the caller's contract.
                unsafe {
                    let b = self.b.add(col / nr * self.b_panel);
                    let c = self.c.add(row * self.c_stride + col);
                    // Stores that wait for memory would hold the CPU up: the lines come while the sums are being made.
                    for row in 0..MR.min(self.rows - row) {
                        for vector in 0..NV {
                            prefetch_line(c.add(row * self.c_stride).wrapping_add(vector * S::F32_LANES));
                        }
                    }
                    let sums = match self.a {
                        Left::Panels(a, panel) => sums::<S, M, MR, NV>(simd, self.terms, a.add(row / MR * panel), b),
                        Left::Rows(a, stride) => {
                            // A missing row is the last one again; its sums are not stored.
                            let rows = std::array::from_fn(|i| a.add((row + i).min(self.rows - 1) * stride));
                            sums_of_rows::<S, M, MR, NV>(simd, self.terms, rows, b)
                        }
                    };
                    if row + MR <= self.rows && col + nr <= self.cols {
                        self.put(simd, &sums, c);
                    } else {
                        self.put_part(&sums, c, MR.min(self.rows - row), nr.min(self.cols - col));
                    }
                }
            }
        }
    }

    /// # Safety
    /// `c` is writable for a whole tile.
    #[inline(always)]
    unsafe fn put<S: Simd, const MR: usize, const NV: usize>(&self, simd: S, sums: &[[S::f32s; NV]; MR], c: *mut f32) {
        let alpha = simd.splat_f32s(self.alpha);
        for (row, pair) in sums.iter().enumerate() {
            for (half, sum) in pair.iter().enumerate() {
                // SAFETY: the caller's contract; vectors have no padding and any bits are valid.
                unsafe {
                    let c = c.add(row * self.c_stride + half * S::F32_LANES).cast::<S::f32s>();
                    let product = simd.mul_f32s(alpha, *sum);
                    c.write_unaligned(if self.add { simd.add_f32s(c.read_unaligned(), product) } else { product });
                }
            }
        }
    }

    /// # Safety
    /// `c` is writable for `rows` by `cols`, no more than a tile.
    #[inline(always)]
    unsafe fn put_part<V: bytemuck::Pod, const MR: usize, const NV: usize>(
        &self,
        sums: &[[V; NV]; MR],
        c: *mut f32,
        rows: usize,
        cols: usize,
    ) {
        for (row, pair) in sums.iter().take(rows).enumerate() {
            for (col, sum) in bytemuck::cast_slice::<V, f32>(pair).iter().take(cols).enumerate() {
                // SAFETY: the caller's contract.
                unsafe {
                    let c = c.add(row * self.c_stride + col);
                    c.write(if self.add { c.read() + self.alpha * sum } else { self.alpha * sum });
                }
            }
        }
    }
}

/// The register tile: outer products of a column of `a` and a row of `b`, added up.
///
/// # Safety
/// `a` and `b` are readable for `terms` columns of `MR` and rows of `NV` vectors.
#[inline(always)]
unsafe fn sums<S: Simd, M: MultiplyAdd, const MR: usize, const NV: usize>(
    simd: S,
    terms: usize,
    mut a: *const f32,
    mut b: *const f32,
) -> [[S::f32s; NV]; MR] {
    let mut sums = [[simd.splat_f32s(0.0); NV]; MR];
    for _ in 0..terms {
        // SAFETY: the caller's contract.
        unsafe {
            let columns: [S::f32s; NV] = b.cast::<[S::f32s; NV]>().read_unaligned();
            for (row, sums) in sums.iter_mut().enumerate() {
                let a = simd.splat_f32s(*a.add(row));
                for (sum, b) in sums.iter_mut().zip(columns) {
                    *sum = M::multiply_add(simd, a, b, *sum);
                }
            }
            a = a.add(MR);
            b = b.add(NV * S::F32_LANES);
        }
    }
    sums
}

/// As [`sums`], of rows where they lie: the same sums, bit for bit.
///
/// # Safety
/// The rows are readable for `terms`, and `b` as there.
#[inline(always)]
unsafe fn sums_of_rows<S: Simd, M: MultiplyAdd, const MR: usize, const NV: usize>(
    simd: S,
    terms: usize,
    a: [*const f32; MR],
    mut b: *const f32,
) -> [[S::f32s; NV]; MR] {
    let mut sums = [[simd.splat_f32s(0.0); NV]; MR];
    for term in 0..terms {
        // SAFETY: the caller's contract.
        unsafe {
            let columns: [S::f32s; NV] = b.cast::<[S::f32s; NV]>().read_unaligned();
            for (a, sums) in a.iter().zip(&mut sums) {
                let a = simd.splat_f32s(*a.add(term));
                for (sum, b) in sums.iter_mut().zip(columns) {
                    *sum = M::multiply_add(simd, a, b, *sum);
                }
            }
            b = b.add(NV * S::F32_LANES);
        }
    }
    sums
}
