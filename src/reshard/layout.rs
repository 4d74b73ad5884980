//! What is where: tensors, parts of them, and the buffers of ranks.

use std::ops::Range;

/// A tensor of the model. Resharding sees every tensor as a matrix in row-major order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// Its name, for messages.
    pub name: String,
    /// Rows. A vector has one for each element, so that it splits as the rows of its matrix do (a bias, say).
    pub rows: usize,
    /// Elements of a row.
    pub cols: usize,
}

impl TensorSpec {
    /// A matrix.
    pub fn matrix(name: impl Into<String>, rows: usize, cols: usize) -> TensorSpec {
        TensorSpec { name: name.into(), rows, cols }
    }

    /// A vector: `len` rows of one element.
    pub fn vector(name: impl Into<String>, len: usize) -> TensorSpec {
        TensorSpec::matrix(name, len, 1)
    }

    /// Elements; saturates, and [`Plan::new`](super::Plan::new) refuses what does.
    pub fn numel(&self) -> usize {
        self.rows.saturating_mul(self.cols)
    }
}

/// A part of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Region {
    /// A range of the tensor's elements in row-major order, kept without gaps.
    Flat(Range<usize>),
    /// A rectangle, kept row by row.
    Block {
        /// Which rows.
        rows: Range<usize>,
        /// Which elements of each.
        cols: Range<usize>,
    },
}

/// A part of a tensor and where a rank keeps it. All lengths are elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Index of the tensor.
    pub tensor: usize,
    /// Which part of it.
    pub region: Region,
    /// Index of the rank's buffer.
    pub buffer: usize,
    /// Where in the buffer its first element is.
    pub offset: usize,
    /// From one row of a block to the next; a flat range has no use for it.
    pub row_stride: usize,
}

impl Piece {
    /// A piece kept without gaps from `offset` on.
    pub fn dense(tensor: usize, region: Region, buffer: usize, offset: usize) -> Piece {
        let row_stride = match &region {
            Region::Flat(_) => 0,
            Region::Block { cols, .. } => cols.len(),
        };
        Piece { tensor, region, buffer, offset, row_stride }
    }
}

/// Who keeps what: a list of pieces for each rank of the communicator that will execute the plan. Ranks may hold nothing, and
/// several may hold the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The pieces of each rank.
    pub ranks: Vec<Vec<Piece>>,
}
