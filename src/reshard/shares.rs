//! How rectangles are cut into tiles, and tiles given to cores. Pure.

use super::cast_copy::SAME;
use super::cast_copy::contract::{COPY_TILE, MAX_SCALED_ROWS, MAX_TILE_ROWS, ROW_STEP, Rect, Share, TILE_STEP, cast_tile};

/// Cuts a rectangle of bytes.
pub(super) fn copy_rect(rect: &mut Rect) {
    tile(rect, COPY_TILE, MAX_TILE_ROWS);
}

/// Cuts a rectangle that is converted.
pub(super) fn cast_rect(rect: &mut Rect) {
    let (size_in, size_out) = sizes(rect);
    let most_rows = if rect.scale == 0 { MAX_TILE_ROWS } else { MAX_SCALED_ROWS };
    tile(rect, cast_tile(size_in, size_out), most_rows);
}

/// Bytes of an element on either side, as its rows count them.
pub(super) fn sizes(rect: &Rect) -> (usize, usize) {
    let size = |code: u32| [4, 2, 2, 1][code as usize];
    if rect.cast == SAME { (1, 1) } else { (size(rect.cast / 16), size(rect.cast % 16)) }
}

/// Rows that follow one another without a gap on both sides are one row, unless each has a scale of its own.
fn flatten(rect: &mut Rect) {
    let (size_in, size_out) = sizes(rect);
    let cols = u64::from(rect.cols);
    let dense = rect.from_pitch == cols * size_in as u64 && rect.to_pitch == cols * size_out as u64;
    match u32::try_from(cols * u64::from(rect.rows)) {
        Ok(len) if dense && rect.scale_step == 0 => (rect.rows, rect.cols) = (1, len),
        _ => (),
    }
}

fn tile(rect: &mut Rect, most: usize, most_rows: usize) {
    flatten(rect);
    let width = (rect.cols as usize).next_multiple_of(ROW_STEP);
    if width <= most {
        rect.tile_rows = (most / width).min(most_rows).min(rect.rows as usize) as u32;
        rect.tile_cols = rect.cols;
    } else {
        // In even parts.
        let parts = width.div_ceil(most);
        rect.tile_rows = 1;
        rect.tile_cols = width.div_ceil(parts).next_multiple_of(TILE_STEP) as u32;
    }
}

/// The tiles of all rectangles in `blocks` parts, each contiguous in their order: part `i` ends with the tile that brings the elements
/// up to that part of all.
pub(super) fn shares(rects: &[Rect], blocks: usize) -> Vec<Share> {
    let elements = |rect: &Rect| u64::from(rect.rows) * u64::from(rect.cols);
    let all: u64 = rects.iter().map(elements).sum();
    let mut shares = Vec::with_capacity(blocks);
    // The next tile: a rectangle, which of its tiles, and the elements before the rectangle.
    let (mut rect, mut tile, mut before) = (0, 0, 0);
    for block in 1..=blocks as u128 {
        let end = (u128::from(all) * block / blocks as u128) as u64;
        let mut share = Share { rect: rect as u32, tile, ..Share::default() };
        while let Some(at) = rects.get(rect) {
            let (across, down) = at.tiles();
            let last =
                if before + elements(at) <= end { across * down } else { tile_at(at, end.saturating_sub(before)).max(tile) };
            share.tiles += last - tile;
            share.rects += u32::from(last > tile);
            tile = last;
            if last < across * down {
                break;
            }
            (rect, tile, before) = (rect + 1, 0, before + elements(at));
        }
        shares.push(share);
    }
    shares
}

/// How many tiles of a rectangle begin within its first elements.
fn tile_at(rect: &Rect, elements: u64) -> u32 {
    let (across, _) = rect.tiles();
    let per_row = u64::from(rect.cols);
    if across == 1 {
        return elements.div_ceil(per_row * u64::from(rect.tile_rows)) as u32;
    }
    let (row, rest) = (elements / per_row, elements % per_row);
    row as u32 * across + rest.div_ceil(u64::from(rect.tile_cols)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rect(rows: u32, cols: u32, cast: u32) -> Rect {
        let (from, to) = (u64::from(cols) * 8, u64::from(cols) * 8);
        let mut rect = Rect { from_pitch: from, to_pitch: to, rows, cols, cast, ..bytemuck::Zeroable::zeroed() };
        if cast == 0 {
            copy_rect(&mut rect)
        } else {
            cast_rect(&mut rect)
        }
        rect
    }

    proptest! {
        #[test]
        fn every_tile_is_somebodys(
            sizes in prop::collection::vec((1_u32..3000, 1_u32..200_000, 0_u32..2), 1..12),
            blocks in prop::sample::select(vec![1_usize, 2, 20, 40, 48]),
        ) {
            let rects: Vec<Rect> = sizes.iter().map(|&(rows, cols, cast)| rect(rows, cols, cast)).collect();
            let shares = shares(&rects, blocks);
            prop_assert_eq!(shares.len(), blocks);
            // Walks as the kernel does.
            let mut seen = Vec::new();
            let mut largest = 0;
            for share in &shares {
                let (mut at, mut tile, mut elements) = (share.rect as usize, share.tile, 0);
                let first = at;
                for _ in 0..share.tiles {
                    let (across, down) = rects[at].tiles();
                    if tile == across * down {
                        (at, tile) = (at + 1, 0);
                    }
                    seen.push((at, tile));
                    let rect = &rects[at];
                    let (row, col) = (tile / rect.tiles().0 * rect.tile_rows, tile % rect.tiles().0 * rect.tile_cols);
                    elements += u64::from((rect.rows - row).min(rect.tile_rows)) * u64::from((rect.cols - col).min(rect.tile_cols));
                    tile += 1;
                }
                if share.tiles > 0 {
                    prop_assert_eq!(share.rects as usize, at + 1 - first);
                }
                largest = largest.max(elements);
            }
            let all: Vec<_> = rects
                .iter()
                .enumerate()
                .flat_map(|(i, rect)| (0..rect.tiles().0 * rect.tiles().1).map(move |tile| (i, tile)))
                .collect();
            prop_assert_eq!(seen, all);
            // Even, but for a tile at each end.
            let sum: u64 = rects.iter().map(|rect| u64::from(rect.rows) * u64::from(rect.cols)).sum();
            prop_assert!(largest <= sum / blocks as u64 + 2 * COPY_TILE as u64, "{} of {} in {} parts", largest, sum, blocks);
        }
    }
}
