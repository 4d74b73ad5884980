//! Copies whose source and target run along different dims: square tiles, so that both sides move whole cache lines.

use super::split::split;
use super::view::{Buffer, View, filled};
use crate::nn::tensor::Tensor;

/// Side of a tile: a line of it is a cache line or more, and a tile fits in the first-level cache.
const SIDE: usize = 32;

/// A planned copy between tensors of one shape.
pub(super) struct Transpose {
    /// `[outer, rows, columns]` in this order, contiguous along columns.
    source: View,
    /// `[outer, columns, rows]`, contiguous along rows.
    target: View,
    rows: usize,
    columns: usize,
}

impl Transpose {
    /// `None` where the two run along the same dim, or one is too small for tiles.
    pub(super) fn new(from: &Tensor, to: &Tensor) -> Option<Transpose> {
        let runs_along = |t: &Tensor| (0..t.rank()).find(|&d| t.strides[d] == 1 && t.dims[d] >= SIDE);
        let (column, row) = (runs_along(from)?, runs_along(to)?);
        let outer = (0..to.rank()).filter(|&d| d != column && d != row);
        (from.dims == to.dims && column != row).then(|| Transpose {
            source: View::ordered(from, outer.clone().chain([row, column])),
            target: View::ordered(to, outer.chain([column, row])),
            rows: to.dims[row],
            columns: to.dims[column],
        })
    }

    pub(super) fn run<B: Copy + Default + Send>(&self) {
        let (down, across) = (self.rows.div_ceil(SIDE), self.columns.div_ceil(SIDE));
        let outer = self.target.numel() / (self.rows * self.columns);
        split(outer * down * across, SIDE * SIDE, |tiles| {
            for tile in tiles {
                self.tile::<B>(tile / across / down, tile / across % down * SIDE, tile % across * SIDE);
            }
        });
    }

    /// The tile from (`row`, `column`) on of one matrix.
    fn tile<B: Copy + Default>(&self, outer: usize, row: usize, column: usize) {
        let (height, width) = (SIDE.min(self.rows - row), SIDE.min(self.columns - column));
        // Turned as it is read: `tile[c][r]`.
        let (mut tile, mut line) = ([[B::default(); SIDE]; SIDE], Buffer::new());
        for r in 0..height {
            let room = line.room(width);
            self.source.read((outer * self.rows + row + r) * self.columns + column, room);
            // SAFETY: `read` has written all of the room.
            for (to, &bits) in tile.iter_mut().zip(unsafe { filled(room) }) {
                to[r] = bits;
            }
        }
        for (c, line) in tile.iter().enumerate().take(width) {
            self.target.write((outer * self.columns + column + c) * self.rows + row, &line[..height]);
        }
    }
}
