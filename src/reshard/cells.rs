//! Cuts what a rank needs into cells that each have one set of holders.

use super::rect::{Placed, Rect};

/// Part of a tensor that a rank holds.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub rank: usize,
    pub placed: Placed,
}

/// Part of a destination piece, and who has it.
pub(super) struct Cell {
    pub rect: Rect,
    /// Indices into the holders of the tensor, one a rank; only the receiver where it is among them.
    pub holders: Vec<usize>,
}

/// The cells of `need` on rank `own`; an error is a part that nobody holds.
pub(super) fn cut(need: Rect, held: &[Held], own: usize, mut each: impl FnMut(Cell)) -> Result<(), Rect> {
    // Those that matter, the receiver's own first: what it has is cut off before anything else.
    let mut near: Vec<usize> = (0..held.len()).filter(|&h| held[h].placed.rect.meet(&need).is_some()).collect();
    near.sort_by_key(|&h| (held[h].rank != own, h));
    let mut left = vec![need];
    while let Some(rect) = left.pop() {
        let met = near.iter().enumerate().find_map(|(i, &h)| Some((i, h, held[h].placed.rect.meet(&rect)?)));
        let Some((i, first, mut cell)) = met else { return Err(rect) };
        rect.without(&cell, |rest| left.push(rest));
        let mut holders = vec![first];
        if held[first].rank != own {
            for &h in &near[i + 1..] {
                let Some(both) = held[h].placed.rect.meet(&cell) else { continue };
                if holders.iter().any(|&other| held[other].rank == held[h].rank) {
                    continue;
                }
                // One that has a part only cuts the cell; the rest of it waits its turn.
                cell.without(&both, |rest| left.push(rest));
                cell = both;
                holders.push(h);
            }
        }
        each(Cell { rect: cell, holders });
    }
    Ok(())
}
