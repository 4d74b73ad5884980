//! The geometry of a view: shape, strides and offset, all in elements. Pure; no device.

use crate::error::{Error, ErrorKind, Result};

/// CANN's operators take at most 8 dims.
pub const MAX_RANK: usize = 8;

/// Shape, strides and offset of a view, in elements, inline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    rank: usize,
    shape: [usize; MAX_RANK],
    strides: [usize; MAX_RANK],
    offset: usize,
}

fn shape_error(detail: String) -> Error {
    Error::new(ErrorKind::Shape, detail)
}

impl Layout {
    /// Row-major without gaps.
    ///
    /// Errors: `Shape` for more than 8 dims or more elements than an address space holds.
    pub fn contiguous(shape: &[usize]) -> Result<Layout> {
        if shape.len() > MAX_RANK {
            return Err(shape_error(format!("{shape:?} has {} dims; CANN's operators take at most {MAX_RANK}", shape.len())));
        }
        let mut layout = Layout { rank: shape.len(), shape: [0; MAX_RANK], strides: [0; MAX_RANK], offset: 0 };
        layout.shape[..shape.len()].copy_from_slice(shape);
        let mut step = 1usize;
        for i in (0..shape.len()).rev() {
            layout.strides[i] = step;
            step = step.checked_mul(shape[i].max(1)).ok_or_else(|| shape_error(format!("{shape:?} has too many elements")))?;
        }
        Ok(layout)
    }

    /// The dims.
    pub fn shape(&self) -> &[usize] {
        &self.shape[..self.rank]
    }

    /// Elements from one index of a dim to the next.
    pub fn strides(&self) -> &[usize] {
        &self.strides[..self.rank]
    }

    /// Elements before the first.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The number of elements; 1 without dims.
    pub fn numel(&self) -> usize {
        self.shape().iter().product()
    }

    /// Row-major without gaps; dims of 1 may have any stride.
    pub fn is_contiguous(&self) -> bool {
        let mut step = 1;
        self.shape().iter().zip(self.strides()).rev().all(|(&d, &s)| {
            let fits = d == 1 || s == step;
            step *= d;
            fits
        })
    }

    fn dim(&self, dim: usize, what: &str) -> Result<()> {
        if dim < self.rank {
            return Ok(());
        }
        Err(shape_error(format!("{what}: there is no dim {dim} in {:?}", self.shape())))
    }

    /// Dims `a` and `b` in each other's place.
    ///
    /// Errors: `Shape` where one does not exist.
    pub fn transpose(mut self, a: usize, b: usize) -> Result<Layout> {
        self.dim(a, "transpose")?;
        self.dim(b, "transpose")?;
        self.shape.swap(a, b);
        self.strides.swap(a, b);
        Ok(self)
    }

    /// `len` indices of `dim`, from `start` on.
    ///
    /// Errors: `Shape` where they are not all there.
    pub fn narrow(mut self, dim: usize, start: usize, len: usize) -> Result<Layout> {
        self.dim(dim, "narrow")?;
        if start.checked_add(len).is_none_or(|end| end > self.shape[dim]) {
            return Err(shape_error(format!("narrow: {start}..{start}+{len} of dim {dim} is outside {:?}", self.shape())));
        }
        self.shape[dim] = len;
        // Nothing is nowhere: an empty view past the end, or of an empty storage, stays inside it.
        if self.numel() > 0 {
            self.offset += start * self.strides[dim];
        }
        Ok(self)
    }

    /// Another shape over the same elements in the same order, as a view.
    ///
    /// Errors: `Shape` where the number of elements differs, or where gaps make a copy necessary.
    pub fn reshape(self, shape: &[usize]) -> Result<Layout> {
        let mut to = Layout::contiguous(shape)?;
        to.offset = self.offset;
        if to.numel() != self.numel() {
            return Err(shape_error(format!(
                "reshape: {:?} has {} elements, {shape:?} has {}",
                self.shape(),
                self.numel(),
                to.numel()
            )));
        }
        if self.numel() == 0 || self.is_contiguous() {
            return Ok(to);
        }
        // Match runs of old dims and new dims with the same product; a run keeps its order only where the old dims of it
        // have no gaps between them.
        let needs_copy =
            || shape_error(format!("reshape: {:?} with strides {:?} to {shape:?} needs a copy", self.shape(), self.strides()));
        let (mut i, mut j) = (0, 0);
        while i < self.rank || j < to.rank {
            let (first_i, first_j) = (i, j);
            let mut old = if i < self.rank { self.shape[i] } else { 1 };
            let mut new = if j < to.rank { to.shape[j] } else { 1 };
            i = (i + 1).min(self.rank);
            j = (j + 1).min(to.rank);
            while old != new {
                if old < new {
                    old *= self.shape[i];
                    i += 1;
                } else {
                    new *= to.shape[j];
                    j += 1;
                }
            }
            let run = (first_i..i).filter(|&d| self.shape[d] != 1).collect::<Vec<_>>();
            if run.windows(2).any(|w| self.strides[w[0]] != self.strides[w[1]] * self.shape[w[1]]) {
                return Err(needs_copy());
            }
            let mut step = run.last().map_or(1, |&d| self.strides[d]);
            for d in (first_j..j).rev() {
                to.strides[d] = step;
                step *= to.shape[d];
            }
        }
        Ok(to)
    }

    /// A matrix inside a contiguous layout: `rows` rows of `cols` elements, `row_stride` from one to the next, from element
    /// `offset` on.
    ///
    /// Errors: `Shape` where this layout has gaps, rows overlap, or the matrix does not lie inside.
    pub fn matrix(mut self, offset: usize, rows: usize, cols: usize, row_stride: usize) -> Result<Layout> {
        let span = rows.saturating_sub(1).checked_mul(row_stride).and_then(|n| n.checked_add(cols));
        let inside = span.and_then(|n| n.checked_add(offset)).is_some_and(|end| end <= self.numel());
        if !inside || !self.is_contiguous() || (rows > 1 && row_stride < cols) {
            return Err(shape_error(format!(
                "matrix: {rows} rows of {cols}, {row_stride} apart, from element {offset} on, are not in {self:?}"
            )));
        }
        self.offset += offset;
        self.rank = 2;
        self.shape[..2].copy_from_slice(&[rows, cols]);
        self.strides[..2].copy_from_slice(&[row_stride, 1]);
        Ok(self)
    }

    /// A new dim of size 1 at `dim`.
    ///
    /// Errors: `Shape` where `dim` is past the end or there are 8 dims already.
    pub fn unsqueeze(mut self, dim: usize) -> Result<Layout> {
        if dim > self.rank || self.rank == MAX_RANK {
            return Err(shape_error(format!("unsqueeze: no dim can be put at {dim} of {:?}", self.shape())));
        }
        self.shape.copy_within(dim..self.rank, dim + 1);
        self.strides.copy_within(dim..self.rank, dim + 1);
        self.shape[dim] = 1;
        self.strides[dim] = if dim < self.rank { self.strides[dim + 1] * self.shape[dim + 1] } else { 1 };
        self.rank += 1;
        Ok(self)
    }
}

impl std::fmt::Debug for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} strides {:?} offset {}", self.shape(), self.strides(), self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(l: &Layout) -> Vec<usize> {
        let mut out = vec![l.offset()];
        for (&d, &s) in l.shape().iter().zip(l.strides()) {
            out = out.iter().flat_map(|&o| (0..d).map(move |i| o + i * s)).collect();
        }
        out
    }

    #[test]
    fn a_reshape_visits_the_same_elements_in_the_same_order_or_refuses() {
        let qkv = Layout::contiguous(&[5, 24]).unwrap();
        let v = qkv.narrow(1, 16, 8).unwrap();
        let heads = v.reshape(&[5, 2, 4]).unwrap();
        assert_eq!(offsets(&v), offsets(&heads));
        assert_eq!(heads.strides(), [24, 4, 1]);
        let lead = v.reshape(&[1, 5, 1, 2, 4]).unwrap();
        assert_eq!(offsets(&v), offsets(&lead));
        assert!(v.reshape(&[40]).is_err(), "gaps between rows");
        assert!(qkv.transpose(0, 1).unwrap().reshape(&[120]).is_err());
        assert!(qkv.reshape(&[7, 17]).is_err());
        assert_eq!(offsets(&qkv.reshape(&[2, 60]).unwrap()), (0..120).collect::<Vec<_>>());
    }

    #[test]
    fn a_matrix_lies_anywhere_inside_flat_memory() {
        let flat = Layout::contiguous(&[4, 5]).unwrap();
        assert_eq!(offsets(&flat.matrix(3, 3, 2, 7).unwrap()), [3, 4, 10, 11, 17, 18]);
        assert_eq!(offsets(&flat.matrix(4, 3, 2, 7).unwrap()).last(), Some(&19), "the last row may end where the memory does");
        assert_eq!(offsets(&flat.matrix(18, 1, 2, 0).unwrap()), [18, 19]);
        assert!(flat.matrix(5, 3, 2, 7).is_err(), "ends outside");
        assert!(flat.matrix(0, 2, 3, 2).is_err(), "rows overlap");
        assert!(flat.matrix(0, usize::MAX, 3, 5).is_err());
        assert!(flat.transpose(0, 1).unwrap().matrix(0, 1, 1, 1).is_err());
    }

    #[test]
    fn narrow_and_transpose_check_their_bounds() {
        let l = Layout::contiguous(&[3, 4]).unwrap();
        assert!(l.narrow(1, 2, 3).is_err());
        assert!(l.narrow(2, 0, 1).is_err());
        assert!(l.narrow(0, usize::MAX, 2).is_err());
        assert!(l.transpose(0, 2).is_err());
        assert_eq!(offsets(&l.transpose(0, 1).unwrap()), [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
        assert_eq!(l.unsqueeze(2).unwrap().shape(), [3, 4, 1]);
        assert_eq!(l.unsqueeze(0).unwrap().shape(), [1, 3, 4]);
        assert!(Layout::contiguous(&[1; 9]).is_err());
    }
}
