//! A reshard on the host, element by element, and what it should give.

use std::collections::BTreeSet;

use crate::reshard::strip::Strip;
use crate::reshard::{Layout, Piece, Plan, Region, TensorSpec};

/// Which element a place holds: the tensor and the index in it. `None`: nothing was put there.
pub type Value = Option<(usize, usize)>;
/// The buffers of one rank.
pub type Buffers = Vec<Vec<Value>>;

/// (element of the tensor, element of the buffer) of a piece, by definition.
pub fn elements(spec: &TensorSpec, piece: &Piece) -> Vec<(usize, usize)> {
    match &piece.region {
        Region::Flat(range) => range.clone().map(|i| (i, piece.offset + i - range.start)).collect(),
        Region::Block { rows, cols } => {
            let at =
                |r: usize, c: usize| (r * spec.cols + c, piece.offset + (r - rows.start) * piece.row_stride + c - cols.start);
            rows.clone().flat_map(|r| cols.clone().map(move |c| at(r, c))).collect()
        }
    }
}

/// The buffers of each rank with every piece in its place, as long as they must be.
pub fn filled(tensors: &[TensorSpec], layout: &Layout) -> Vec<Buffers> {
    let mut ranks = Vec::new();
    for pieces in &layout.ranks {
        let mut buffers = Buffers::new();
        for piece in pieces {
            for (element, at) in elements(&tensors[piece.tensor], piece) {
                buffers.resize(buffers.len().max(piece.buffer + 1), Vec::new());
                let buffer = &mut buffers[piece.buffer];
                buffer.resize(buffer.len().max(at + 1), None);
                buffer[at] = Some((piece.tensor, element));
            }
        }
        ranks.push(buffers);
    }
    ranks
}

/// The same buffers with nothing in them.
pub fn empty(filled: &[Buffers]) -> Vec<Buffers> {
    filled.iter().map(|rank| rank.iter().map(|buffer| vec![None; buffer.len()]).collect()).collect()
}

fn copy(strip: &Strip, src: &[Vec<Value>], dst: &mut [Vec<Value>]) {
    for row in 0..strip.rows {
        for col in 0..strip.cols {
            let value = src[strip.src.buffer][strip.src.offset + row * strip.src.stride + col];
            let to = &mut dst[strip.dst.buffer][strip.dst.offset + row * strip.dst.stride + col];
            assert_eq!(*to, None, "an element is written twice");
            assert_ne!(value, None, "{strip:?} reads a gap");
            *to = value;
        }
    }
}

/// Does what `execute` does, on the host. The number of rounds.
pub fn run(plan: &Plan, staging: usize, src: &[Buffers], dst: &mut [Buffers]) -> usize {
    let world = plan.world();
    for rank in 0..world {
        plan.kept[rank].iter().for_each(|strip| copy(strip, &src[rank], &mut dst[rank]));
    }
    let schedule = plan.schedule(staging).unwrap();
    for index in 0..schedule.rounds {
        let rounds: Vec<_> = (0..world).map(|rank| plan.round(rank, schedule, index)).collect();
        let outboxes: Vec<Vec<Value>> = (0..world)
            .map(|rank| {
                let mut outbox = [vec![None; rounds[rank].send.iter().sum()]];
                rounds[rank].pack.iter().for_each(|strip| copy(strip, &src[rank], &mut outbox));
                let [outbox] = outbox;
                assert!(outbox.iter().all(Option::is_some), "a message has a gap");
                outbox
            })
            .collect();
        for rank in 0..world {
            let (send, receive): (usize, usize) = (rounds[rank].send.iter().sum(), rounds[rank].receive.iter().sum());
            assert!(send <= staging && receive <= staging, "round {index}: {send} sent, {receive} received of {staging}");
            assert_eq!((rounds[rank].send[rank], rounds[rank].receive[rank]), (0, 0), "nobody sends to itself");
            let mut inbox = Vec::new();
            for peer in 0..world {
                let start: usize = rounds[peer].send[..rank].iter().sum();
                assert_eq!(rounds[peer].send[rank], rounds[rank].receive[peer], "both ends expect the same");
                inbox.extend_from_slice(&outboxes[peer][start..start + rounds[peer].send[rank]]);
            }
            rounds[rank].unpack.iter().for_each(|strip| copy(strip, &[inbox.clone()], &mut dst[rank]));
        }
    }
    schedule.rounds
}

/// What each rank needs and does not hold, by sets of elements.
pub fn fewest(tensors: &[TensorSpec], from: &Layout, to: &Layout) -> Vec<u64> {
    let set = |pieces: &[Piece]| -> BTreeSet<(usize, usize)> {
        pieces.iter().flat_map(|p| elements(&tensors[p.tensor], p).into_iter().map(|(e, _)| (p.tensor, e))).collect()
    };
    from.ranks.iter().zip(&to.ranks).map(|(have, need)| set(need).difference(&set(have)).count() as u64).collect()
}
