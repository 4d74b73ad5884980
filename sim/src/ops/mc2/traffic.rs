//! Elements from rank to rank, and sums of them: what the products communicate. A rank's tensor is counted in its own row-major
//! order, whatever its strides are.

use crate::hccl::joint::Member;
use crate::ops::rows::Row;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View, filled};
use crate::parallel::Share;

/// Elements of 16 bits that go from a place of one rank's tensor to a place of another's, as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub from: (usize, usize),
    pub to: (usize, usize),
    pub count: usize,
}

/// Does a share of `moves`, from the members' tensors `from` to their tensors `to`.
pub(super) fn carry(members: &[&Member], from: usize, to: usize, moves: &[Move], share: Share) {
    let views = |at: usize| -> Vec<View> { members.iter().map(|member| View::new(&member.tensor(at))).collect() };
    let (from, to) = (views(from), views(to));
    let pieces: Vec<Move> = moves.iter().flat_map(in_blocks).collect();
    let pieces = share.of(&pieces);
    split(pieces.len(), BLOCK, |range| {
        for piece in &pieces[range] {
            let mut buffer = Buffer::<u16>::new();
            let room = buffer.room(piece.count);
            from[piece.from.0].read::<u16>(piece.from.1, room);
            // SAFETY: `read` has written all of the room.
            let bits = unsafe { filled(room) };
            to[piece.to.0].write::<u16>(piece.to.1, bits);
        }
    });
}

fn in_blocks(of: &Move) -> impl Iterator<Item = Move> + use<> {
    let of = *of;
    (0..of.count).step_by(BLOCK).map(move |at| Move {
        from: (of.from.0, of.from.1 + at),
        to: (of.to.0, of.to.1 + at),
        count: BLOCK.min(of.count - at),
    })
}

/// The sum of what all ranks have at `at`, which goes to one rank, or to all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    pub at: usize,
    pub to: Option<usize>,
    pub to_at: usize,
    pub count: usize,
}

/// Does a share of `sums`: in f32 and in the order of the ranks, rounded once, as [`crate::hccl`] reduces.
pub(super) fn add_up(members: &[&Member], from: usize, to: usize, sums: &[Sum], share: Share) {
    let views = |at: usize| -> Vec<View> { members.iter().map(|member| View::new(&member.tensor(at))).collect() };
    let (from, to) = (views(from), views(to));
    let in_blocks = |sum: &Sum| {
        let sum = *sum;
        let piece = move |at: usize| Sum { at: sum.at + at, to_at: sum.to_at + at, count: BLOCK.min(sum.count - at), ..sum };
        (0..sum.count).step_by(BLOCK).map(piece)
    };
    let pieces: Vec<Sum> = sums.iter().flat_map(in_blocks).collect();
    let pieces = share.of(&pieces);
    split(pieces.len(), BLOCK * members.len(), |range| {
        let (mut row, mut sum) = (Row::new(BLOCK), Row::new(BLOCK));
        for piece in &pieces[range] {
            let sum = sum.room(piece.count);
            sum.copy_from_slice(row.load(&from[0], piece.at, piece.count));
            for from in &from[1..] {
                sum.iter_mut().zip(row.load(from, piece.at, piece.count)).for_each(|(sum, x)| *sum += x);
            }
            match piece.to {
                Some(rank) => to[rank].store(piece.to_at, sum),
                None => to.iter().for_each(|to| to.store(piece.to_at, sum)),
            }
        }
    });
}
