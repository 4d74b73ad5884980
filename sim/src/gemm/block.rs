//! The inner loops: panels of `a` and `b` multiplied into a block of the result. Where these are f32 they become panels on the way:
//! whoever reads them first copies them, which a pass of its own would wait for memory for.

use crate::isa::{Isa, Kernel, MultiplyAdd};
use crate::simd::{LINE, prefetch_far, prefetch_line};
use pulp::Simd;

/// `c = alpha * a @ b`, or `c +=`, for one block of the sum.
pub(super) struct Block {
    pub rows: usize,
    pub cols: usize,
    pub terms: usize,
    /// Rows of a register tile are its lanes.
    pub a: Operand,
    /// Columns of a register tile are its lanes, `width` of them.
    pub b: Operand,
    pub width: usize,
    pub c: *mut f32,
    pub c_stride: usize,
    pub alpha: f32,
    /// Whether to add to what `c` holds.
    pub add: bool,
}

/// How the lanes of an operand, rows of `a` or columns of `b`, get into panels: as many as a register tile has, one term after another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// They are there.
    Packed,
    /// Not at all.
    InPlace,
    /// On the way, when they are read for the first time, of lanes whose terms lie side by side.
    Ends,
    /// On the way, of lanes that lie side by side themselves.
    Sides,
}

/// The lanes of an operand for one block. Distances are in elements.
#[derive(Clone, Copy)]
pub(super) struct Operand {
    pub way: Way,
    /// Panels, and from one to the next, which may be more than `terms` need. 0 lets all lanes have one panel, in turn.
    pub panels: *mut f32,
    pub panel: usize,
    /// But for [`Way::Packed`]: the first term of the first lane, and from lane to lane, or for [`Way::Sides`] from term to term.
    pub first: *const f32,
    pub stride: usize,
    /// Where `first` is for the next block, to be read ahead. Any address will do.
    pub next: *const f32,
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
    /// Panels that are packed are readable to their ends, padding included, others writable; lanes that are not are readable for
    /// `terms`; `c` is writable for `rows` by `cols`.
    pub(super) unsafe fn run(self, isa: Isa) {
        isa.run(self)
    }
}

impl Operand {
    /// The `width` lanes from `lane` on where they lie, to be copied to `panel` by whoever reads them first. Where there are fewer
    /// than that, of `lanes` in all, they are copied here.
    ///
    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn fresh(&self, lane: usize, width: usize, lanes: usize, terms: usize, panel: *mut f32) -> Option<Sides> {
        if self.way != Way::Sides {
            return None;
        }
        let sides = Sides { from: self.first.wrapping_add(lane), stride: self.stride, to: panel };
        if lane + width <= lanes {
            return Some(sides);
        }
        // SAFETY: the caller's contract.
        unsafe { sides.copy(terms, lanes - lane, width) };
        None
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
    /// A panel of `b` stays close while the rows of `a` stream past it from the second cache.
    ///
    /// # Safety
    /// As [`Block::run`].
    #[inline(always)]
    unsafe fn tiles<S: Simd, M: MultiplyAdd, const MR: usize, const NV: usize>(&self, simd: S) {
        let nr = NV * S::F32_LANES;
        for col in (0..self.cols).step_by(nr) {
            let panel = self.b.panels.wrapping_add(col / nr * self.b.panel);
            // SAFETY: the caller's contract.
            let fresh = unsafe { self.b.fresh(col, nr, self.cols, self.terms, panel) };
            for row in (0..self.rows).step_by(MR) {
                // SAFETY: the caller's contract.
                unsafe {
                    let c = self.c.add(row * self.c_stride + col);
                    // Stores that wait for memory would hold the CPU up: the lines come while the sums are being made.
                    for row in 0..MR.min(self.rows - row) {
                        for vector in 0..NV {
                            prefetch_line(c.add(row * self.c_stride).wrapping_add(vector * S::F32_LANES));
                        }
                    }
                    let ahead = self.ahead::<MR>(row, col, nr);
                    let sums = match fresh {
                        Some(b) if row == 0 => self.sums::<S, M, MR, NV>(simd, row, col, b, ahead),
                        _ => self.sums::<S, M, MR, NV>(simd, row, col, Packed(panel), ahead),
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

    /// What to read ahead while the tile at `row` and `col` is computed: the columns of `b` that come next, and, when these rows of
    /// `a` are read for the last time, those of the next block. Earlier they would only be in the way of what is needed again.
    #[inline(always)]
    fn ahead<const MR: usize>(&self, row: usize, col: usize, nr: usize) -> [Walk; 2] {
        let (a, b) = (&self.a, &self.b);
        let mut walks = [Walk { at: self.c, stride: 0 }; 2];
        let last = col + nr >= self.cols;
        match a.way {
            Way::Sides if last => walks[0] = Walk { at: a.next.wrapping_add(row), stride: a.stride },
            Way::InPlace | Way::Ends if last => {
                (row..row + MR).for_each(|row| prefetch_far(a.next.wrapping_add(row * a.stride), self.terms));
            }
            _ => {}
        }
        // Each tile of rows asks for a line of each term.
        let at = row / MR * (LINE / size_of::<f32>());
        if b.way == Way::Sides && at < nr {
            let columns = if last { b.next } else { b.first.wrapping_add(col + nr) };
            walks[1] = Walk { at: columns.wrapping_add(at), stride: b.stride };
        }
        walks
    }

    /// The sums of the register tile at `row` and `col`, whose columns are `b`.
    ///
    /// # Safety
    /// As [`Block::run`]; of one `row` the tile at column 0 comes first.
    #[inline(always)]
    unsafe fn sums<S: Simd, M: MultiplyAdd, const MR: usize, const NV: usize>(
        &self,
        simd: S,
        row: usize,
        col: usize,
        b: impl ColumnTerms<S, NV>,
        ahead: [Walk; 2],
    ) -> [[S::f32s; NV]; MR] {
        let a = &self.a;
        let panel = a.panels.wrapping_add(row / MR * a.panel);
        // SAFETY: the caller's contract.
        unsafe {
            match a.way {
                Way::InPlace => {
                    let rows = Ends::<MR, false> { rows: self.lines(row), term: 0, to: panel };
                    sums::<S, M, MR, NV, 1>(simd, self.terms, rows, b, [ahead[1]])
                }
                Way::Ends if col == 0 => {
                    let rows = Ends::<MR, true> { rows: self.lines_apart(row), term: 0, to: panel };
                    sums::<S, M, MR, NV, 1>(simd, self.terms, rows, b, [ahead[1]])
                }
                _ => {
                    let fresh = if col == 0 { a.fresh(row, MR, self.rows, self.terms, panel) } else { None };
                    match fresh {
                        Some(rows) => sums::<S, M, MR, NV, 2>(simd, self.terms, rows, b, ahead),
                        None => sums::<S, M, MR, NV, 2>(simd, self.terms, Packed(panel), b, ahead),
                    }
                }
            }
        }
    }

    /// Where the rows of a tile begin. A missing one is the last one again; its sums are not stored.
    #[inline(always)]
    fn lines<const MR: usize>(&self, row: usize) -> [*const f32; MR] {
        std::array::from_fn(|i| self.a.first.wrapping_add((row + i).min(self.rows - 1) * self.a.stride))
    }

    /// As a call: of two that are the same the compiler makes one, for every tile, where few need it.
    #[inline(never)]
    fn lines_apart<const MR: usize>(&self, row: usize) -> [*const f32; MR] {
        self.lines(row)
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

/// The rows of a register tile, one term of the sum after another.
trait RowTerms<const MR: usize> {
    /// Before the values of a term.
    ///
    /// # Safety
    /// There is a term left.
    #[inline(always)]
    unsafe fn begin(&mut self) {}

    /// Of one row, each in its turn.
    ///
    /// # Safety
    /// As `begin`; there is such a row.
    unsafe fn value(&mut self, row: usize) -> f32;

    /// On to the next term.
    fn end(&mut self);
}

/// The columns of a register tile, one term of the sum after another.
trait ColumnTerms<S: Simd, const NV: usize> {
    /// The next term.
    ///
    /// # Safety
    /// There is one.
    unsafe fn next(&mut self) -> [S::f32s; NV];
}

/// A panel.
struct Packed(*mut f32);

impl<const MR: usize> RowTerms<MR> for Packed {
    #[inline(always)]
    unsafe fn value(&mut self, row: usize) -> f32 {
        // SAFETY: the caller's contract.
        unsafe { *self.0.add(row) }
    }

    #[inline(always)]
    fn end(&mut self) {
        self.0 = self.0.wrapping_add(MR);
    }
}

impl<S: Simd, const NV: usize> ColumnTerms<S, NV> for Packed {
    #[inline(always)]
    unsafe fn next(&mut self) -> [S::f32s; NV] {
        // SAFETY: the caller's contract; any bits are a vector.
        let columns = unsafe { self.0.cast::<[S::f32s; NV]>().read_unaligned() };
        self.0 = self.0.wrapping_add(NV * S::F32_LANES);
        columns
    }
}

/// Lanes that lie side by side, and the panel that they are copied to on the way: between the arithmetic there is time for that, and
/// who comes after reads memory as it lies.
#[derive(Clone, Copy)]
struct Sides {
    from: *const f32,
    stride: usize,
    to: *mut f32,
}

/// Terms of `a` that come into the first cache ahead.
const AHEAD: usize = 12;

impl Sides {
    /// Copies them at once, where there are fewer than a panel is wide.
    ///
    /// # Safety
    /// All terms of these lanes are readable, and the panel is writable.
    #[inline(never)]
    unsafe fn copy(&self, terms: usize, lanes: usize, width: usize) {
        for (term, lane) in (0..terms).flat_map(|term| (0..width).map(move |lane| (term, lane))) {
            // SAFETY: the caller's contract.
            unsafe {
                let value = if lane < lanes { self.from.add(term * self.stride + lane).read() } else { 0.0 };
                self.to.add(term * width + lane).write(value);
            }
        }
    }
}

impl<const MR: usize> RowTerms<MR> for Sides {
    #[inline(always)]
    unsafe fn begin(&mut self) {
        // Terms that are a page and more apart share few sets of the first cache: just the next ones fit.
        prefetch_line(self.from.wrapping_add(AHEAD * self.stride));
        // SAFETY: the caller's contract.
        unsafe { self.to.cast::<[f32; MR]>().write(self.from.cast::<[f32; MR]>().read()) };
    }

    #[inline(always)]
    unsafe fn value(&mut self, row: usize) -> f32 {
        // SAFETY: the caller's contract.
        unsafe { *self.from.add(row) }
    }

    #[inline(always)]
    fn end(&mut self) {
        (self.from, self.to) = (self.from.wrapping_add(self.stride), self.to.wrapping_add(MR));
    }
}

impl<S: Simd, const NV: usize> ColumnTerms<S, NV> for Sides {
    #[inline(always)]
    unsafe fn next(&mut self) -> [S::f32s; NV] {
        // SAFETY: the caller's contract; any bits are a vector.
        let columns = unsafe {
            let columns = self.from.cast::<[S::f32s; NV]>().read_unaligned();
            self.to.cast::<[S::f32s; NV]>().write_unaligned(columns);
            columns
        };
        (self.from, self.to) = (self.from.wrapping_add(self.stride), self.to.wrapping_add(NV * S::F32_LANES));
        columns
    }
}

/// Rows whose terms lie side by side, and the panel that they are copied to on the way, if anybody reads that.
struct Ends<const MR: usize, const COPY: bool> {
    rows: [*const f32; MR],
    term: usize,
    to: *mut f32,
}

impl<const MR: usize, const COPY: bool> RowTerms<MR> for Ends<MR, COPY> {
    #[inline(always)]
    unsafe fn value(&mut self, row: usize) -> f32 {
        // SAFETY: the caller's contract.
        unsafe {
            let value = *self.rows[row].add(self.term);
            if COPY {
                self.to.add(row).write(value);
            }
            value
        }
    }

    #[inline(always)]
    fn end(&mut self) {
        self.term += 1;
        if COPY {
            self.to = self.to.wrapping_add(MR);
        }
    }
}
