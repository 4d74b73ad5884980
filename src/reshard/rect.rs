//! Rectangles of a matrix: what regions intersect as.

use std::ops::Range;

use super::layout::{Piece, Region};

/// Rows `r0..r1`, columns `c0..c1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub r0: usize,
    pub r1: usize,
    pub c0: usize,
    pub c1: usize,
}

impl Rect {
    pub(super) fn rows(&self) -> usize {
        self.r1 - self.r0
    }

    pub(super) fn cols(&self) -> usize {
        self.c1 - self.c0
    }

    pub(super) fn area(&self) -> usize {
        self.rows() * self.cols()
    }

    /// What both have, unless that is nothing.
    pub(super) fn meet(&self, other: &Rect) -> Option<Rect> {
        let (r0, r1) = (self.r0.max(other.r0), self.r1.min(other.r1));
        let (c0, c1) = (self.c0.max(other.c0), self.c1.min(other.c1));
        (r0 < r1 && c0 < c1).then_some(Rect { r0, r1, c0, c1 })
    }

    /// Calls `f` with the at most four rectangles that are left without `hole`, which lies inside.
    pub(super) fn without(&self, hole: &Rect, f: impl FnMut(Rect)) {
        let Rect { r0, r1, c0, c1 } = *hole;
        let above = Rect { r1: r0, ..*self };
        let below = Rect { r0: r1, ..*self };
        let left = Rect { r0, r1, c1: c0, ..*self };
        let right = Rect { r0, r1, c0: c1, ..*self };
        [above, left, right, below].into_iter().filter(|r| r.r0 < r.r1 && r.c0 < r.c1).for_each(f);
    }

    /// The elements of the first row of it, in the numbering of a matrix with rows of `cols`; all of it where that is one range.
    pub(super) fn first_elements(&self, cols: usize) -> Range<usize> {
        let rows = if self.cols() == cols { self.rows() } else { 1 };
        let start = self.r0 * cols + self.c0;
        start..start + (rows - 1) * cols + self.cols()
    }
}

/// The elements `range` of a matrix with rows of `cols`: the rest of a first row, whole rows, the start of a last one.
pub(super) fn flat(range: &Range<usize>, cols: usize) -> impl Iterator<Item = Rect> + use<> {
    let split = |at: usize| (at.checked_div(cols).unwrap_or(0), at.checked_rem(cols).unwrap_or(0));
    let ((first, from), (last, to)) = (split(range.start), split(range.end));
    let parts = if range.is_empty() {
        [None, None, None]
    } else if first == last {
        [Some(Rect { r0: first, r1: first + 1, c0: from, c1: to }), None, None]
    } else {
        let whole = first + (from > 0) as usize;
        [
            (from > 0).then_some(Rect { r0: first, r1: whole, c0: from, c1: cols }),
            (whole < last).then_some(Rect { r0: whole, r1: last, c0: 0, c1: cols }),
            (to > 0).then_some(Rect { r0: last, r1: last + 1, c0: 0, c1: to }),
        ]
    };
    parts.into_iter().flatten()
}

/// A rectangle and where a rank keeps it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub rect: Rect,
    pub buffer: usize,
    /// Of the first element.
    pub offset: usize,
    /// From one row to the next.
    pub stride: usize,
}

impl Placed {
    /// The rectangles of a checked piece of a tensor with rows of `cols`, at most three.
    pub(super) fn of(piece: &Piece, cols: usize) -> impl Iterator<Item = Placed> + use<> {
        let &Piece { buffer, offset, row_stride, .. } = piece;
        let (range, block) = match &piece.region {
            Region::Flat(range) => (range.clone(), None),
            Region::Block { rows, cols } => {
                let rect = Rect { r0: rows.start, r1: rows.end, c0: cols.start, c1: cols.end };
                (0..0, (!rows.is_empty() && !cols.is_empty()).then_some(rect))
            }
        };
        let start = range.start;
        let in_range = flat(&range, cols).map(move |rect| {
            let offset = offset + rect.r0 * cols + rect.c0 - start;
            Placed { rect, buffer, offset, stride: cols }
        });
        in_range.chain(block.map(|rect| Placed { rect, buffer, offset, stride: row_stride }))
    }

    /// A part of it, which lies inside.
    pub(super) fn part(&self, rect: Rect) -> Placed {
        let offset = self.offset + (rect.r0 - self.rect.r0) * self.stride + rect.c0 - self.rect.c0;
        Placed { rect, offset, ..*self }
    }
}
