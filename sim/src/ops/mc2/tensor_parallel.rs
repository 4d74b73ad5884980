//! The second communicator of dispatch and combine: two ranks with the same experts, each of which gets the other's rows behind
//! its own (dispatch), and adds to its own what the other made of them (combine).

use super::dispatch::{DYNAMIC_SCALES, EP_COUNTS, EXPAND_X, TOKEN_NUMS, TP_COUNTS};
use super::experts::Experts;
use crate::hccl::joint::{Domain, Member, Operation, Stage, WORKSPACE};
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::rows::{Row, all};
use crate::ops::split::split;
use crate::ops::view::View;
use crate::parallel::Share;

/// Of all versions: a message names the communicator that it is about.
pub(super) static GATHER: Operation = Operation {
    name: "aclnnMoeDistributeDispatch (groupTp)",
    terms: &["epWorldSize", "quantMode", "H", "dtype"],
    agree: Operation::nothing_else,
    work: gather_both,
};

pub(super) static ADD: Operation = Operation {
    name: "aclnnMoeDistributeCombine (groupTp)",
    terms: &["epWorldSize", "H", "dtype"],
    agree: Operation::nothing_else,
    work: add_both,
};

/// The stage of dispatch between the two.
pub(super) fn gather(domain: &Domain, first: &Member, experts: &Experts) -> Stage {
    let [width, dtype, quant_mode] = [first.terms[10], first.terms[12], first.terms[13]];
    let terms = vec![experts.ranks as i64, quant_mode, width, dtype];
    let member = Member { operation: &GATHER, terms, own: Vec::new(), tensors: first.tensors.clone() };
    Stage::Meeting { domain: domain.clone(), member: member.into() }
}

fn gather_both(members: &[&Member], share: Share) {
    let (ranks, width) = (members[0].terms[0] as usize, members[0].terms[2] as usize);
    let view = |rank: usize, at: usize| View::new(&members[rank].tensor(at));
    let ends: Vec<Vec<i64>> = (0..2).map(|rank| all::<i64>(&view(rank, EP_COUNTS))[..ranks].to_vec()).collect();
    let totals = [0, 1].map(|rank: usize| ends[rank][ranks - 1] as usize);
    let moves: Vec<(usize, usize)> = (0..2).flat_map(|rank| (0..totals[1 - rank]).map(move |row| (rank, row))).collect();
    let moves = share.of(&moves);
    let rows = [0, 1].map(|rank| view(rank, EXPAND_X));
    let scales = [0, 1].map(|rank| members[rank].optional(DYNAMIC_SCALES).map(|t| View::new(&t)));
    split(moves.len(), width, |range| {
        let (mut values, mut scale) = (Row::new(width), Row::new(1));
        for &(rank, row) in &moves[range] {
            let other = 1 - rank;
            rows[rank].store((totals[rank] + row) * width, values.load(&rows[other], row * width, width));
            if let (Some(to), Some(from)) = (&scales[rank], &scales[other]) {
                to.store(totals[rank] + row, scale.load(from, row, 1));
            }
        }
    });
    for &rank in share.of(&[0, 1]) {
        let other = 1 - rank;
        view(rank, EP_COUNTS).store(ranks, &ends[other]);
        view(rank, TP_COUNTS).store(0, &totals.map(|total| total as i64));
        view(rank, TOKEN_NUMS).store(0, &[(totals[rank] + totals[other]) as i64]);
    }
}

/// The tensors of [`ADD`].
const FROM: usize = 0;
const COUNTS: usize = 1;
const TO: usize = 2;

/// The stage of combine between the two, and what it makes: rows in the workspace.
pub(super) fn add(
    domain: &Domain,
    experts: &Experts,
    rows: (&'static str, Tensor),
    counts: (&'static str, Tensor),
) -> (Stage, Tensor) {
    let (count, width) = (rows.1.dims[0] / 2, rows.1.dims[1]);
    let dims = Dims::new(&[count, width]);
    let sums = Tensor { dtype: rows.1.dtype, dims, strides: dims.contiguous_strides(), data: std::ptr::null_mut() };
    let terms = vec![experts.ranks as i64, width as i64, i64::from(rows.1.dtype.0)];
    let tensors = vec![Some(rows), Some(counts), Some((WORKSPACE, sums))];
    let member = Member { operation: &ADD, terms, own: Vec::new(), tensors };
    (Stage::Meeting { domain: domain.clone(), member: member.into() }, sums)
}

fn add_both(members: &[&Member], share: Share) {
    let width = members[0].terms[1] as usize;
    let view = |rank: usize, at: usize| View::new(&members[rank].tensor(at));
    let counts: Vec<i64> = all(&view(0, COUNTS));
    let others: Vec<i64> = all(&view(1, COUNTS));
    let name = members[0].operation.name;
    assert!(counts == others, "{name}: tpSendCounts is {counts:?} on one rank and {others:?} on the other");
    let room = [0, 1].map(|rank: usize| members[rank].tensor(TO).dims[0]);
    let totals = [0, 1].map(|rank: usize| usize::try_from(counts[rank]).unwrap_or(usize::MAX));
    assert!(totals[0] <= room[0] && totals[1] <= room[1], "{name}: tpSendCounts is {counts:?}, more rows than expandX has");
    let moves: Vec<(usize, usize)> = (0..2).flat_map(|rank| (0..totals[rank]).map(move |row| (rank, row))).collect();
    let moves = share.of(&moves);
    let (from, to) = ([0, 1].map(|rank| view(rank, FROM)), [0, 1].map(|rank| view(rank, TO)));
    split(moves.len(), width, |range| {
        let (mut own, mut others, mut sum) = (Row::new(width), Row::new(width), Row::new(width));
        for &(rank, row) in &moves[range] {
            let other = 1 - rank;
            let own = own.load(&from[rank], row * width, width);
            // The other has them behind its own.
            let others = others.load(&from[other], (totals[other] + row) * width, width);
            let sum = sum.room(width);
            sum.iter_mut().zip(own.iter().zip(others)).for_each(|(sum, (a, b))| *sum = a + b);
            to[rank].store(row * width, sum);
        }
    });
}
