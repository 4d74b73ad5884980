//! Dispatch and combine with a second communicator: two ranks with the same expert, each of which gets the other's rows behind its
//! own, and adds what the other made of them.

use super::batch::Grid;
use super::experts::*;
use super::*;

/// The tokens of the ranks of the expert group that rank `tp` of the second one is in.
fn inputs_of(case: &Case, tp: usize) -> Vec<Inputs> {
    (0..case.ranks).map(|rank| case.inputs(rank + 10 * tp)).collect()
}

/// What half of an expert makes of an element: the halves of two ranks are added up.
fn half(id: usize, tp: usize, x: bf16) -> bf16 {
    bf16::from_f32(x.to_f32() * (1.0 + id as f32 / 4.0 + tp as f32) - 0.25)
}

fn round_of_four(r: &Rank, case: Case) {
    let grid = Grid::new(r);
    let (rank, tp) = (grid.ep.2, grid.tp.2);
    let all = [inputs_of(&case, 0), inputs_of(&case, 1)];
    let up = Uploaded::new(&case, &all[tp][rank]);
    let groups = Groups { ep: &grid.ep.0, ep_rank: rank, tp: Some((&grid.tp.0, tp)) };
    let (done, sent) = dispatch(r, &case, groups, &up);
    done.unwrap();
    r.sync();
    // Own rows, then the other's.
    let both = [tp, 1 - tp].map(|tp| case.rows(&all[tp], rank));
    let rows: Vec<(usize, [usize; 3])> =
        [tp, 1 - tp].into_iter().zip(&both).flat_map(|(tp, (rows, _))| rows.iter().map(move |row| (tp, *row))).collect();
    let ends = |parts: &[usize]| {
        parts
            .iter()
            .scan(0, |end, n| {
                Some({
                    *end += *n as i32;
                    *end
                })
            })
            .collect::<Vec<i32>>()
    };
    let counts: Vec<i32> = both.iter().flat_map(|(_, parts)| ends(parts)).collect();
    assert_eq!(sent.ep_counts.read::<i32>(), counts, "rank {rank}, {tp}");
    let totals = [0, 1].map(|of| case.rows(&all[of], rank).0.len() as i32);
    assert_eq!(sent.tp_counts.read::<i32>(), totals, "rank {rank}, {tp}");
    assert_eq!(sent.nums.read::<i64>(), [rows.len() as i64], "rank {rank}, {tp}");
    let row = |(of, [from, token, _]): (usize, [usize; 3])| &all[of][from].x[token * case.h..][..case.h];
    if case.quantised {
        let (got, scales) = (sent.x.read::<i8>(), sent.scales.read::<f32>());
        for (at, of) in rows.iter().enumerate() {
            let most = row(*of).iter().map(|x| x.to_f32().abs()).fold(0.0, f32::max);
            let scale = 127.0 / most;
            assert!(
                row(*of).iter().enumerate().all(|(i, x)| got[at * case.h + i] == (x.to_f32() * scale).round_ties_even() as i8)
            );
            assert_eq!(scales[at], 1.0 / scale);
        }
    } else {
        let got = sent.x.read::<bf16>();
        for (at, of) in rows.iter().enumerate() {
            assert!(got[at * case.h..][..case.h] == *row(*of), "rank {rank}, {tp}, row {at}");
        }
    }
    let id = |of: usize, [from, token, choice]: [usize; 3]| all[of][from].ids[token * case.k + choice] as usize;
    let mut made: Vec<bf16> =
        rows.iter().flat_map(|(of, at)| row((*of, *at)).iter().map(|x| half(id(*of, *at), tp, *x))).collect();
    let capacity = case.capacity(rank) * 2;
    made.resize(capacity * case.h, bf16::NAN);
    let made = Tensor::new(&[capacity, case.h], &made);
    let own = &all[tp][rank];
    let extra = Extra::new(&case, rank, own.bs);
    let (done, out) = combine(r, &case, groups, &up, &made, &sent, &extra);
    done.unwrap();
    r.sync();
    let got = out.read::<bf16>();
    for token in 0..own.bs {
        for i in 0..case.h {
            let x = own.x[token * case.h + i];
            let mut sum = 0f32;
            for at in token * case.k..(token + 1) * case.k {
                let id = own.ids[at] as usize;
                // Both halves, rounded as they travel.
                let (a, b) = (half(id, tp, x).to_f32(), half(id, 1 - tp, x).to_f32());
                sum += own.weights[at] * bf16::from_f32(a + b).to_f32();
            }
            assert_eq!(got[token * case.h + i], bf16::from_f32(sum), "rank {rank}, {tp}, token {token}, element {i}");
        }
    }
}

fn rounds(r: &Rank) {
    let case = Case { local: 1, k: 2, ..PLAIN };
    round_of_four(r, case);
    round_of_four(r, Case { version: 3, k: 1, bs: 1, ..case });
    round_of_four(r, Case { quantised: true, bs: 7, ..case });
}

// aclnnMoeDistributeDispatchV2.md: a `tpWorldSize` of 2 with one expert on each rank, on A3.
#[test]
fn two_ranks_with_the_same_expert() {
    if in_child("hccl::mc2::second_group::two_ranks_with_the_same_expert", &[A3]) {
        ranks(4, 60, rounds);
    }
}

#[test]
fn two_ranks_with_the_same_expert_in_several_processes() {
    let layouts: [&[usize]; 2] = [&[1, 3], &[1, 1, 1, 1]];
    let name = "hccl::mc2::second_group::two_ranks_with_the_same_expert_in_several_processes";
    processes::everywhere_of(&layouts, name, &[A3], rounds);
}
