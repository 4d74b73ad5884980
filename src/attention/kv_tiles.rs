//! How [`kv_write`](super::kv_write) cuts tokens into tiles, and gives them to cores. Pure.

use super::kv_checks::Side;
use super::kv_write::contract::{MAX_TILE, RUN_BYTES};

/// The tiles in UB.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tiles {
    /// Tokens of one.
    pub tokens: usize,
    /// How many: two, unless one is so large that there is no room.
    pub buffers: usize,
    /// Tokens that are written in long runs where their slots follow one another. A tile has a multiple of them.
    run: usize,
}

impl Tiles {
    /// Of the rows of keys and values (or none), in `space` bytes.
    pub(super) fn new(k: &Side, v: &Side, space: usize) -> Tiles {
        let run = |side: &Side| match side.row {
            0 => 1,
            row if side.piece == row => RUN_BYTES.div_ceil(row),
            // A plane of a block.
            _ => RUN_BYTES.div_ceil(side.piece).min(side.block_size),
        };
        let row = k.row.max(v.row);
        let most = (space / row).min(MAX_TILE);
        let mut run = run(k).max(run(v));
        while run > most {
            run = run.div_ceil(2);
        }
        if 2 * run * row > space {
            return Tiles { tokens: run, buffers: 1, run };
        }
        let several = (4 * RUN_BYTES / row).min(space / row / 2).min(MAX_TILE) / run;
        Tiles { tokens: run * several.max(1), buffers: 2, run }
    }

    /// Cores get whole multiples of so many tokens: long runs, as far as there are tokens enough for all cores. `row_in` bytes of each
    /// are read.
    pub(super) fn unit(&self, tokens: usize, row_in: usize, cores: usize) -> usize {
        self.run.min((tokens / cores).max(RUN_BYTES / row_in)).max(1)
    }
}

/// The same where there are scales, which each core reads: `unit`, or as many more as keep that within a part of all bytes. That
/// binds where there are few tokens.
pub(super) fn scaled_unit(k: &Side, v: &Side, tokens: usize, unit: usize) -> usize {
    /// One byte in so many.
    const PART: usize = 25;
    let scales = size_of::<f32>() * (k.row + v.row);
    let all = tokens * (k.row + k.row_in + v.row + v.row_in) + scales;
    // The first that reads them does not count.
    let parts = 1 + all / PART / scales;
    if tokens.div_ceil(unit) <= parts {
        return unit;
    }
    // In whole reads, as far as that does not make fewer parts of it.
    let least = tokens.div_ceil(parts);
    let read = (RUN_BYTES / k.row_in.max(v.row_in)).max(1);
    least.next_multiple_of(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `heads` times 128 elements of two bytes, in blocks of 128 tokens.
    fn side(heads: usize, piece: usize) -> Side {
        let row = heads * 256;
        Side { slots: 1280, block_size: 128, row, piece: piece.min(row), row_in: row, pitch: row }
    }

    fn tiles(heads: usize, piece: usize) -> (usize, usize) {
        let tiles = Tiles::new(&side(heads, piece), &side(heads, piece), 160 << 10);
        (tiles.tokens, tiles.buffers)
    }

    #[test]
    fn runs_are_long_where_there_is_room() {
        // Rows that stay together: 64 KiB.
        assert_eq!((tiles(8, 2048), tiles(4, 1024)), ((32, 2), (64, 2)));
        // Heads: 64 tokens are 16 KiB of one.
        assert_eq!((tiles(8, 256), tiles(4, 256)), ((64, 1), (64, 2)));
        // NZ: a plane of a block, or half of one.
        assert_eq!((tiles(8, 32), tiles(4, 32)), ((64, 1), (128, 1)));
        // The longest row.
        assert_eq!(tiles(256, 65536), (1, 2));
    }

    #[test]
    fn few_tokens_go_to_many_cores() {
        let tiles = Tiles::new(&side(8, 256), &Side::default(), 160 << 10);
        assert_eq!((tiles.unit(8192, 2048, 48), tiles.unit(960, 2048, 48), tiles.unit(5, 2048, 48)), (64, 20, 8));
    }

    #[test]
    fn scales_are_read_by_few_cores_where_there_are_few_tokens() {
        // Rows of 1 KiB in the cache and 2 KiB in the source, with 4 KiB of scales.
        let side = || Side { row: 1024, row_in: 2048, ..side(8, 256) };
        // 64 x 6 KiB of tokens, and a 25th of it is less than two times 8 KiB of scales.
        assert_eq!(scaled_unit(&side(), &side(), 64, 8), 32);
        assert_eq!(scaled_unit(&side(), &side(), 256, 8), 32);
        // A token alone; and a prompt.
        assert_eq!((scaled_unit(&side(), &side(), 1, 8), scaled_unit(&side(), &side(), 8192, 64)), (8, 64));
    }
}
