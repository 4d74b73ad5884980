//! The work of combine: which row is whose, and the sums.

use super::layout::Layout;
use super::routes::Choices;
use crate::hccl::joint::Member;
use crate::ops::rows::{Row, all};
use crate::ops::split::split;
use crate::ops::view::View;
use crate::parallel::Share;
use crate::reject::fail;

/// The tensors of a member, in the order that [`super::combine`] gives them.
const EXPAND_X: usize = 0;
const IDS: usize = 1;
const INDEX: usize = 2;
const EP_COUNTS: usize = 3;
const WEIGHTS: usize = 4;
const MASK: usize = 5;
const SHARED_X: usize = 6;
const ORIGINAL: usize = 7;
const ALPHA_1: usize = 8;
const ALPHA_2: usize = 9;
const CONSTANTS: usize = 10;
const OUT: usize = 11;

/// Where the rows of each rank's tokens are: by token and choice, the rank and its row.
type Found = Vec<Option<(usize, usize)>>;

pub(super) fn combine_all(members: &[&Member], share: Share) {
    let (layout, name) = (Layout::of(members[0]), members[0].operation.name);
    let view = |rank: usize, at: usize| View::new(&members[rank].tensor(at));
    let optional = |rank: usize, at: usize| members[rank].optional(at).map(|t| View::new(&t));
    let read = |(rank, member): (usize, &&Member)| Choices::read(&layout, name, rank, &member.tensor(IDS), member.optional(MASK));
    let choices: Vec<Choices> = members.iter().enumerate().map(read).collect();
    let found = if layout.first { find_by_places(members, &layout, &choices) } else { find_by_rows(members, &layout, &choices) };
    let (k, width) = (layout.choices, layout.width);
    let slots = k + layout.shared;
    let from: Vec<View> = (0..layout.ranks).map(|rank| view(rank, EXPAND_X)).collect();
    let weights: Vec<Vec<f32>> = (0..layout.ranks).map(|rank| all::<f32>(&view(rank, WEIGHTS))).collect();
    let whole = |at: usize| -> Vec<Option<View>> { (0..layout.ranks).map(|rank| optional(rank, at)).collect() };
    let (shared_x, original, constants) = (whole(SHARED_X), whole(ORIGINAL), whole(CONSTANTS));
    let small = |at: usize| -> Vec<Option<Vec<f32>>> {
        (0..layout.ranks).map(|rank| optional(rank, at).map(|view| all::<f32>(&view))).collect()
    };
    let (alpha_1, alpha_2) = (small(ALPHA_1), small(ALPHA_2));
    let out: Vec<View> = (0..layout.ranks).map(|rank| view(rank, OUT)).collect();
    let tokens = |rank: usize| (0..choices[rank].tokens).map(move |token| (rank, token));
    let active: Vec<(usize, usize)> =
        (0..layout.ranks).flat_map(tokens).filter(|(rank, token)| choices[*rank].is_active(*token, k)).collect();
    let active = share.of(&active);
    split(active.len(), width * slots, |range| {
        let (mut row, mut other, mut sum) = (Row::new(width), Row::new(width), Row::new(width));
        for &(rank, token) in &active[range] {
            let sum = sum.room(width);
            sum.fill(0.0);
            for choice in 0..k {
                let Some(id) = choices[rank].id(token * k + choice) else { continue };
                let weight = weights[rank][token * k + choice];
                let mut take = |x: &[f32]| sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += weight * x);
                if id < layout.experts {
                    let Some((home, at)) = found[rank][token * slots + choice] else {
                        fail!("{name}: rank {rank}, token {token}: no row for choice {choice}, expert {id}")
                    };
                    take(row.load(&from[home], at * width, width));
                    continue;
                }
                let [zero, copy, _] = layout.special;
                let Some(special) = (id - layout.experts).checked_sub(zero) else { continue };
                let Some(x) = &original[rank] else { continue };
                let x = row.load(x, token * width, width);
                match special.checked_sub(copy) {
                    None => take(x),
                    Some(which) => {
                        let (Some(v), Some(a), Some(b)) = (&constants[rank], &alpha_1[rank], &alpha_2[rank]) else { continue };
                        let v = other.load(v, which * width, width);
                        let made: Vec<f32> = x.iter().zip(v).map(|(x, v)| a[which] * x + b[which] * v).collect();
                        take(&made);
                    }
                }
            }
            let mut take = |x: &[f32]| sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
            for slot in k..slots {
                let Some((home, at)) = found[rank][token * slots + slot] else {
                    fail!("{name}: rank {rank}, token {token}: no row of shared expert {}", slot - k)
                };
                take(row.load(&from[home], at * width, width));
            }
            if let Some(x) = &shared_x[rank] {
                take(row.load(x, token * width, width));
            }
            out[rank].store(token * width, sum);
        }
    })
}

/// How many rows each rank has, as its `epSendCounts` says.
fn ends(members: &[&Member], layout: &Layout, rank: usize) -> Vec<usize> {
    let (name, room) = (members[rank].operation.name, members[rank].tensor(EXPAND_X).dims[0]);
    let ends = all::<i64>(&View::new(&members[rank].tensor(EP_COUNTS)));
    let mut before = 0;
    let end = |(at, end): (usize, &i64)| {
        let fits = (before..=room as i64).contains(end);
        assert!(fits, "{name}: rank {rank}: epSendCounts[{at}] is {end}, which dispatch does not write");
        before = *end;
        *end as usize
    };
    ends[..layout.parts(rank)].iter().enumerate().map(end).collect()
}

/// By what the first version writes: the place of each choice in its part.
fn find_by_places(members: &[&Member], layout: &Layout, choices: &[Choices]) -> Vec<Found> {
    let name = members[0].operation.name;
    let ends: Vec<Vec<usize>> = (0..layout.ranks).map(|rank| ends(members, layout, rank)).collect();
    // Where a part begins, and its rows.
    let part = |home: usize, part: usize| {
        let begin = part.checked_sub(1).map_or(0, |before| ends[home][before]);
        (begin, ends[home][part] - begin)
    };
    let slots = layout.choices + layout.shared;
    let mut found: Vec<Found> = choices.iter().map(|of| vec![None; of.tokens * slots]).collect();
    for (rank, of) in choices.iter().enumerate() {
        let places = all::<i64>(&View::new(&members[rank].tensor(INDEX)));
        let mut sent = vec![0; layout.shared_ranks];
        for token in 0..of.tokens {
            for choice in 0..layout.choices {
                let at = token * layout.choices + choice;
                let Some(expert) = of.id(at).filter(|id| *id < layout.experts) else { continue };
                let (home, first) = layout.home(expert);
                let (begin, rows) = part(home, first + rank);
                let place = usize::try_from(places[at]).ok().filter(|place| *place < rows);
                let Some(place) = place else {
                    fail!("{name}: rank {rank}: expandIdx[{at}] is {}, of {rows} rows for expert {expert}", places[at])
                };
                found[rank][token * slots + choice] = Some((home, begin + place));
            }
            for which in 0..layout.shared {
                let home = layout.shared_home(rank, token, of.tokens, which);
                let (begin, rows) = part(home, rank);
                assert!(sent[home] < rows, "{name}: rank {home}: epSendCounts has {rows} rows of rank {rank}, too few");
                found[rank][token * slots + layout.choices + which] = Some((home, begin + sent[home]));
                sent[home] += 1;
            }
        }
    }
    found
}

/// By what the later versions write: rank, token and choice of each row.
fn find_by_rows(members: &[&Member], layout: &Layout, choices: &[Choices]) -> Vec<Found> {
    let name = members[0].operation.name;
    let slots = layout.choices + layout.shared;
    let mut found: Vec<Found> = choices.iter().map(|of| vec![None; of.tokens * slots]).collect();
    for home in 0..layout.ranks {
        let rows = ends(members, layout, home).last().copied().unwrap_or(0);
        let triples = all::<i64>(&View::new(&members[home].tensor(INDEX)));
        for (row, triple) in triples.chunks_exact(3).take(rows).enumerate() {
            let number = |at: usize, most: usize| usize::try_from(triple[at]).ok().filter(|n| *n < most);
            let slot = number(0, layout.ranks).and_then(|rank| {
                let (token, choice) = (number(1, choices[rank].tokens)?, number(2, slots)?);
                found[rank].get_mut(token * slots + choice)
            });
            let Some(slot) = slot else {
                fail!("{name}: rank {home}: assistInfoForCombine has {triple:?} for row {row}, which dispatch does not write")
            };
            *slot = Some((home, row));
        }
    }
    found
}
