//! Strided copies between two places, merged where they continue one another, and cut.

use super::rect::{Placed, Rect, flat};

/// One side of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub buffer: usize,
    pub offset: usize,
    /// From one row to the next; of one row only, its length.
    pub stride: usize,
}

impl Place {
    fn part(&self, rect: Rect) -> Place {
        Place { offset: self.offset + rect.r0 * self.stride + rect.c0, ..*self }
    }
}

/// `rows` rows of `cols` elements that go from one place to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strip {
    pub src: Place,
    pub dst: Place,
    pub rows: usize,
    pub cols: usize,
}

impl Strip {
    /// From one rank's place of a rectangle to another's.
    pub(super) fn between(src: &Placed, dst: &Placed) -> Strip {
        let place = |p: &Placed| Place { buffer: p.buffer, offset: p.offset, stride: p.stride };
        Strip { src: place(src), dst: place(dst), rows: dst.rect.rows(), cols: dst.rect.cols() }.plain()
    }

    pub(super) fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// One row, where there are no gaps on both sides.
    fn plain(mut self) -> Strip {
        if self.src.stride == self.cols && self.dst.stride == self.cols {
            (self.rows, self.cols) = (1, self.len());
        }
        if self.rows == 1 {
            (self.src.stride, self.dst.stride) = (self.cols, self.cols);
        }
        self
    }

    /// The elements `start..end` of it in row-major order, as at most three strips.
    pub(super) fn range(&self, start: usize, end: usize) -> impl Iterator<Item = Strip> + use<> {
        let whole = *self;
        flat(&(start..end), self.cols).map(move |rect| {
            let (src, dst) = (whole.src.part(rect), whole.dst.part(rect));
            Strip { src, dst, rows: rect.rows(), cols: rect.cols() }.plain()
        })
    }

    /// Both as one, where `next` continues this one on both sides: as the rest of its row, or as its next rows.
    fn joined(&self, next: &Strip) -> Option<Strip> {
        if self.src.buffer != next.src.buffer || self.dst.buffer != next.dst.buffer {
            return None;
        }
        if self.rows == 1 && next.rows == 1 {
            let follows = |a: &Place, b: &Place| a.offset + self.cols == b.offset;
            if follows(&self.src, &next.src) && follows(&self.dst, &next.dst) {
                return Some(Strip { cols: self.cols + next.cols, ..*self }.plain());
            }
        }
        // A single row has no stride of its own: the step to the other strip is it.
        let step = |a: &Place, b: &Place| {
            let last = if self.rows == 1 { a.offset } else { a.offset + (self.rows - 1) * a.stride };
            let step = b.offset.checked_sub(last).filter(|&step| step >= self.cols)?;
            let agrees = (self.rows == 1 || a.stride == step) && (next.rows == 1 || b.stride == step);
            agrees.then_some(step)
        };
        if self.cols != next.cols {
            return None;
        }
        let (src, dst) = (step(&self.src, &next.src)?, step(&self.dst, &next.dst)?);
        let strip = Strip {
            src: Place { stride: src, ..self.src },
            dst: Place { stride: dst, ..self.dst },
            rows: self.rows + next.rows,
            ..*self
        };
        Some(strip.plain())
    }
}

/// Adds a strip at the end of a list, or to the last one of it.
pub(super) fn push(list: &mut Vec<Strip>, strip: Strip) {
    match list.last_mut() {
        Some(last) => match last.joined(&strip) {
            Some(both) => *last = both,
            None => list.push(strip),
        },
        None => list.push(strip),
    }
}

/// In the order of the destination, with all that continue one another merged.
pub(super) fn merge(mut strips: Vec<Strip>) -> Vec<Strip> {
    strips.sort_unstable_by_key(|s| (s.dst.buffer, s.dst.offset));
    let mut merged = Vec::with_capacity(strips.len());
    strips.into_iter().for_each(|strip| push(&mut merged, strip));
    merged.shrink_to_fit();
    merged
}
