//! The operands of a block, and how a register tile reads them: from panels, or where they lie, copying them to panels or not.

use crate::simd::{LINE, prefetch_line};
use pulp::Simd;

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

impl Operand {
    /// A panel.
    #[inline(always)]
    fn panel(&self, i: usize) -> *mut f32 {
        self.panels.wrapping_add(i * self.panel)
    }

    /// Where the rows of a tile begin. A missing one is the last one again; its sums are not stored.
    #[inline(always)]
    fn lines<const MR: usize>(&self, row: usize, rows: usize) -> [*const f32; MR] {
        std::array::from_fn(|i| self.first.wrapping_add((row + i).min(rows - 1) * self.stride))
    }

    /// The first term of a lane of [`Way::Sides`].
    #[inline(always)]
    pub(super) fn lane(&self, i: usize) -> *const f32 {
        self.first.wrapping_add(i)
    }

    /// Copies the lanes from `lane` on, of `lanes` in all, to their panel, which is wider than they are.
    ///
    /// # Safety
    /// Of [`Way::Sides`]; the lanes are readable for `terms`, and their panel is writable.
    pub(super) unsafe fn copy_part(&self, lane: usize, lanes: usize, width: usize, terms: usize) {
        let part = Sides { from: self.lane(lane), stride: self.stride, to: self.panel(lane / width) };
        // SAFETY: the caller's contract.
        unsafe { part.copy(terms, lanes - lane, width) }
    }
}

/// How the rows of a tile come.
pub(super) trait Rows {
    type Terms<const MR: usize>: RowTerms<MR>;
    /// Of the tile at `row`, of `rows` in all.
    fn terms<const MR: usize>(a: &Operand, row: usize, rows: usize) -> Self::Terms<MR>;
}

/// How the columns of a tile come.
pub(super) trait Columns {
    type Terms<S: Simd, const NV: usize>: ColumnTerms<S, NV>;
    /// Of the tiles at `col`.
    fn terms<S: Simd, const NV: usize>(b: &Operand, col: usize) -> Self::Terms<S, NV>;
}

/// [`Way::Packed`].
pub(super) struct OfPanels;
/// [`Way::InPlace`].
pub(super) struct InPlace;
/// [`Way::Ends`].
pub(super) struct OfEnds;
/// [`Way::Sides`].
pub(super) struct OfSides;

impl Rows for OfPanels {
    type Terms<const MR: usize> = Packed;
    #[inline(always)]
    fn terms<const MR: usize>(a: &Operand, row: usize, _: usize) -> Packed {
        Packed(a.panel(row / MR))
    }
}

impl Columns for OfPanels {
    type Terms<S: Simd, const NV: usize> = Packed;
    #[inline(always)]
    fn terms<S: Simd, const NV: usize>(b: &Operand, col: usize) -> Packed {
        Packed(b.panel(col / (NV * S::F32_LANES)))
    }
}

impl Rows for InPlace {
    type Terms<const MR: usize> = Ends<MR, false>;
    #[inline(always)]
    fn terms<const MR: usize>(a: &Operand, row: usize, rows: usize) -> Ends<MR, false> {
        Ends { rows: a.lines(row, rows), term: 0, to: std::ptr::null_mut() }
    }
}

impl Rows for OfEnds {
    type Terms<const MR: usize> = Ends<MR, true>;
    #[inline(always)]
    fn terms<const MR: usize>(a: &Operand, row: usize, rows: usize) -> Ends<MR, true> {
        Ends { rows: a.lines(row, rows), term: 0, to: a.panel(row / MR) }
    }
}

impl Rows for OfSides {
    type Terms<const MR: usize> = Sides;
    #[inline(always)]
    fn terms<const MR: usize>(a: &Operand, row: usize, _: usize) -> Sides {
        Sides { from: a.lane(row), stride: a.stride, to: a.panel(row / MR) }
    }
}

impl Columns for OfSides {
    type Terms<S: Simd, const NV: usize> = Sides;
    #[inline(always)]
    fn terms<S: Simd, const NV: usize>(b: &Operand, col: usize) -> Sides {
        Sides { from: b.lane(col), stride: b.stride, to: b.panel(col / (NV * S::F32_LANES)) }
    }
}

/// The rows of a register tile, one term of the sum after another.
pub(super) trait RowTerms<const MR: usize> {
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
pub(super) trait ColumnTerms<S: Simd, const NV: usize> {
    /// The next term.
    ///
    /// # Safety
    /// There is one.
    unsafe fn next(&mut self) -> [S::f32s; NV];
}

/// A panel.
pub(super) struct Packed(*mut f32);

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
pub(super) struct Sides {
    from: *const f32,
    stride: usize,
    to: *mut f32,
}

/// Elements of a cache line.
pub(super) const IN_LINE: usize = LINE / size_of::<f32>();

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
pub(super) struct Ends<const MR: usize, const COPY: bool> {
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
