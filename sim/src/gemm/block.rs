//! The inner loops: panels of `a` and `b` multiplied into a block of the result. Where these are f32 they become panels on the way:
//! whoever reads them first copies them, which a pass of its own would wait for memory for.

use std::marker::PhantomData;
use std::ops::Range;

use crate::isa::{Isa, Kernel, MultiplyAdd};
use crate::simd::{prefetch_far, prefetch_line};
use pulp::Simd;

use super::operand::{ColumnTerms, Columns, IN_LINE, InPlace, OfEnds, OfPanels, OfSides, Operand, RowTerms, Rows, Way};

/// `c = alpha * a @ b`, or `c +=`, for one block of the sum.
pub(super) struct Block {
    pub rows: usize,
    pub cols: usize,
    pub terms: usize,
    /// Rows of a register tile are its lanes.
    pub a: Operand,
    /// Columns of a register tile are its lanes.
    pub b: Operand,
    /// Rows and columns of a register tile: see [`register_tile`].
    pub tile: (usize, usize),
    pub c: *mut f32,
    pub c_stride: usize,
    pub alpha: f32,
    /// Whether to add to what `c` holds.
    pub add: bool,
}

/// Rows and columns of a register tile of a product of `cols` columns: 6 or 8 rows by two vectors, or 12 by one if it has no more
/// columns. (12 rows by two vectors fit as well and were no faster; of 8 fewer are left over, and their threads are done together.)
pub(super) fn register_tile(isa: Isa, cols: usize) -> (usize, usize) {
    struct Shape<'a>(usize, &'a mut (usize, usize));
    impl Kernel for Shape<'_> {
        fn run<S: Simd, M: MultiplyAdd>(self, _: S) {
            let Shape(cols, shape) = self;
            *shape = match (S::REGISTER_COUNT >= 32, cols <= S::F32_LANES) {
                (true, true) => (12, S::F32_LANES),
                (true, false) => (8, 2 * S::F32_LANES),
                (false, _) => (6, 2 * S::F32_LANES),
            }
        }
    }
    let mut shape = (0, 0);
    isa.run(Shape(cols, &mut shape));
    shape
}

impl Block {
    /// A panel of `b` stays close while the rows of `a` stream past it from the second cache.
    ///
    /// # Safety
    /// Panels that are packed are readable to their ends, padding included, others writable; lanes that are not are readable for
    /// `terms`; `c` is writable for `rows` by `cols`.
    pub(super) unsafe fn run(&self, isa: Isa) {
        for col in (0..self.cols).step_by(self.tile.1) {
            // SAFETY: the caller's contract; one column of tiles after another.
            unsafe { self.column(isa, col) };
        }
    }

    /// A column of register tiles, in stripes of those whose operands come the same way.
    ///
    /// # Safety
    /// As [`Block::run`]; the columns of tiles before are done.
    unsafe fn column(&self, isa: Isa, col: usize) {
        let (a, b, (mr, nr)) = (&self.a, &self.b, self.tile);
        let (tiles, first, last) = (self.rows.div_ceil(mr), col == 0, col + nr >= self.cols);
        // Who reads lanes first copies them. A tile that is not whole cannot.
        let (mut copies_rows, mut copies_columns) = (0, 0);
        if first && matches!(a.way, Way::Ends | Way::Sides) {
            copies_rows = tiles;
            if a.way == Way::Sides && !self.rows.is_multiple_of(mr) {
                copies_rows = tiles - 1;
                // SAFETY: the caller's contract.
                unsafe { a.copy_part(copies_rows * mr, self.rows, mr, self.terms) };
            }
        }
        if b.way == Way::Sides {
            copies_columns = 1;
            if col + nr > self.cols {
                copies_columns = 0;
                // SAFETY: the caller's contract.
                unsafe { b.copy_part(col, self.cols, nr, self.terms) };
            }
        }
        // All tiles that read rows for the last time ask for the next ones, and some for the next columns.
        let ask = match (a.way, b.way) {
            (Way::InPlace | Way::Ends | Way::Sides, _) if last => tiles,
            (_, Way::Sides) => nr.div_ceil(IN_LINE).min(tiles),
            _ => 0,
        };
        let mut cuts = [0, copies_rows, copies_columns, ask, tiles];
        cuts.sort();
        for cut in cuts.windows(2).filter(|cut| cut[0] < cut[1]) {
            let way = match a.way {
                Way::Ends | Way::Sides if cut[0] >= copies_rows => Way::Packed,
                way => way,
            };
            let stripe = Stripe { block: self, col, tiles: cut[0]..cut[1] };
            match (way, cut[0] < copies_columns, cut[0] < ask) {
                (Way::Packed, false, false) => stripe.run::<OfPanels, OfPanels, 0>(isa),
                (Way::Packed, false, true) => stripe.run::<OfPanels, OfPanels, 2>(isa),
                (Way::Packed, true, _) => stripe.run::<OfPanels, OfSides, 2>(isa),
                (Way::InPlace, false, false) => stripe.run::<InPlace, OfPanels, 0>(isa),
                (Way::InPlace, false, true) => stripe.run::<InPlace, OfPanels, 1>(isa),
                (Way::InPlace, true, _) => stripe.run::<InPlace, OfSides, 1>(isa),
                (Way::Ends, false, _) => stripe.run::<OfEnds, OfPanels, 1>(isa),
                (Way::Ends, true, _) => stripe.run::<OfEnds, OfSides, 1>(isa),
                (Way::Sides, false, _) => stripe.run::<OfSides, OfPanels, 2>(isa),
                (Way::Sides, true, _) => stripe.run::<OfSides, OfSides, 2>(isa),
            }
        }
    }
}

/// Register tiles one below the other whose operands come the same way. The loop over them has little to do in between: that it
/// does while the CPU still multiplies for the tile before.
struct Stripe<'a> {
    block: &'a Block,
    col: usize,
    tiles: Range<usize>,
}

/// With its ways, and how many walks the tiles do beside, of columns or of rows and columns.
struct InWays<'a, A, B, const W: usize>(Stripe<'a>, PhantomData<(A, B)>);

impl Stripe<'_> {
    fn run<A: Rows, B: Columns, const W: usize>(self, isa: Isa) {
        isa.run(InWays::<A, B, W>(self, PhantomData))
    }
}

impl<A: Rows, B: Columns, const W: usize> Kernel for InWays<'_, A, B, W> {
    #[inline(always)]
    fn run<S: Simd, M: MultiplyAdd>(self, simd: S) {
        // 16 (12) sums and what is multiplied fit the 32 (16) registers; 12 still hide the latency of a multiply-add, 6 do not.
        // As in `register_tile`.
        // SAFETY: `Block::column`'s contract.
        unsafe {
            match (S::REGISTER_COUNT >= 32, self.0.block.tile.1 == 2 * S::F32_LANES) {
                (true, true) => self.tiles::<S, M, 8, 2>(simd),
                (true, false) => self.tiles::<S, M, 12, 1>(simd),
                (false, _) => self.tiles::<S, M, 6, 2>(simd),
            }
        }
    }
}

impl<A: Rows, B: Columns, const W: usize> InWays<'_, A, B, W> {
    /// # Safety
    /// As [`Block::column`].
    #[inline(always)]
    unsafe fn tiles<S: Simd, M: MultiplyAdd, const MR: usize, const NV: usize>(self, simd: S) {
        let Stripe { block, col, tiles } = self.0;
        let nr = NV * S::F32_LANES;
        let whole = col + nr <= block.cols;
        for tile in tiles {
            let row = tile * MR;
            // SAFETY: the caller's contract.
            unsafe {
                let c = block.c.add(row * block.c_stride + col);
                // Stores that wait for memory would hold the CPU up: the lines come while the sums are being made.
                for row in 0..MR {
                    for vector in 0..NV {
                        prefetch_line(c.wrapping_add(row * block.c_stride + vector * S::F32_LANES));
                    }
                }
                let (rows, columns) = (A::terms::<MR>(&block.a, row, block.rows), B::terms::<S, NV>(&block.b, col));
                let sums = sums::<S, M, MR, NV, W>(simd, block.terms, rows, columns, block.ahead::<MR, W>(row, col, nr));
                if whole && row + MR <= block.rows {
                    block.put(simd, &sums, c);
                } else {
                    block.put_part(&sums, c, MR.min(block.rows - row), nr.min(block.cols - col));
                }
            }
        }
    }
}

impl Block {
    /// What to read ahead while the tile at `row` and `col` is computed: the columns of `b` that come next, and, when these rows of
    /// `a` are read for the last time, those of the next block. Earlier they would only be in the way of what is needed again.
    #[inline(always)]
    fn ahead<const MR: usize, const W: usize>(&self, row: usize, col: usize, nr: usize) -> [Walk; W] {
        let (a, b) = (&self.a, &self.b);
        let mut walks = [Walk { at: self.c, stride: 0 }; W];
        if W == 0 {
            return walks;
        }
        let last = col + nr >= self.cols;
        match a.way {
            Way::Sides if last && W == 2 => walks[0] = Walk { at: a.next.wrapping_add(row), stride: a.stride },
            Way::InPlace | Way::Ends if last => {
                (row..row + MR).for_each(|row| prefetch_far(a.next.wrapping_add(row * a.stride), self.terms));
            }
            _ => {}
        }
        // Each tile of rows asks for a line of each term.
        let at = row / MR * IN_LINE;
        if b.way == Way::Sides && at < nr {
            let columns = if last { b.next } else { b.lane(col + nr) };
            walks[W - 1] = Walk { at: columns.wrapping_add(at), stride: b.stride };
        }
        walks
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
/// Both have so many terms.
#[inline(always)]
unsafe fn sums<S: Simd, M: MultiplyAdd, const MR: usize, const NV: usize, const W: usize>(
    simd: S,
    terms: usize,
    mut a: impl RowTerms<MR>,
    mut b: impl ColumnTerms<S, NV>,
    mut ahead: [Walk; W],
) -> [[S::f32s; NV]; MR] {
    let mut sums = [[simd.splat_f32s(0.0); NV]; MR];
    for _ in 0..terms {
        // SAFETY: the caller's contract.
        unsafe {
            let columns = b.next();
            a.begin();
            ahead.iter_mut().for_each(Walk::step);
            for (row, sums) in sums.iter_mut().enumerate() {
                let a = simd.splat_f32s(a.value(row));
                for (sum, b) in sums.iter_mut().zip(columns) {
                    *sum = M::multiply_add(simd, a, b, *sum);
                }
            }
            a.end();
        }
    }
    sums
}

/// A cache line of each term, which comes into the second cache while others are multiplied.
#[derive(Clone, Copy)]
struct Walk {
    at: *const f32,
    stride: usize,
}

impl Walk {
    #[inline(always)]
    fn step(&mut self) {
        prefetch_far(self.at, 1);
        self.at = self.at.wrapping_add(self.stride);
    }
}
