//! Dispatch and combine against loops over tokens and experts.

mod calls;
mod case;

pub(super) use calls::*;
pub(super) use case::*;

use super::*;

/// What expert `id` makes of an element; shared experts count after all others.
pub(super) fn expert(id: usize, x: bf16) -> bf16 {
    bf16::from_f32(x.to_f32() * (1.0 + id as f32 / 4.0) - 0.5)
}

fn check_dispatched(case: &Case, all: &[Inputs], rank: usize, out: &Dispatched) {
    let (rows, parts) = case.rows(all, rank);
    let mut end = 0;
    let ends: Vec<i32> = parts
        .iter()
        .map(|n| {
            end += *n as i32;
            end
        })
        .collect();
    assert_eq!(out.ep_counts.read::<i32>(), ends, "rank {rank} of {case:?}");
    let counts: Vec<i64> = parts.chunks(case.ranks).map(|of| of.iter().sum::<usize>() as i64).collect();
    let mut sum = 0;
    let sums: Vec<i64> = counts
        .iter()
        .map(|n| {
            sum += n;
            sum
        })
        .collect();
    assert_eq!(out.nums.read::<i64>(), if case.counts { counts } else { sums }, "rank {rank} of {case:?}");
    let row = |[from, token, _]: &[usize; 3]| all[*from].x[token * case.h..][..case.h].to_vec();
    if !case.quantised {
        let got = out.x.read::<bf16>();
        for (at, of) in rows.iter().enumerate() {
            assert!(got[at * case.h..][..case.h] == row(of)[..], "rank {rank}, row {at} of {case:?}");
        }
    } else {
        let (got, scales) = (out.x.read::<i8>(), out.scales.read::<f32>());
        for (at, of) in rows.iter().enumerate() {
            let [from, token, choice] = *of;
            let factors = match choice.checked_sub(case.k) {
                Some(which) => which,
                None => case.shared + all[from].ids[token * case.k + choice] as usize,
            };
            let factor = |i: usize| if case.smooth { all[from].smooth[factors * case.h + i] } else { 1.0 };
            let x: Vec<f32> = row(of).iter().enumerate().map(|(i, x)| x.to_f32() * factor(i)).collect();
            let most = x.iter().map(|x| x.abs()).fold(0.0, f32::max);
            let scale = 127.0 / most;
            let want: Vec<i8> = x.iter().map(|x| (x * scale).round_ties_even() as i8).collect();
            assert!(got[at * case.h..][..case.h] == want[..], "rank {rank}, row {at} of {case:?}");
            assert_eq!(scales[at], 1.0 / scale, "rank {rank}, row {at} of {case:?}");
        }
    }
    let index = out.index.read::<i32>();
    if case.version == 1 {
        let own = &all[rank].ids;
        let earlier = |at: usize| own[..at].iter().filter(|id| **id == own[at]).count() as i32;
        assert_eq!(index, (0..own.len()).map(earlier).collect::<Vec<i32>>(), "rank {rank} of {case:?}");
    } else {
        let flat: Vec<i32> = rows.iter().flatten().map(|n| *n as i32).collect();
        assert_eq!(index[..flat.len()], flat, "rank {rank} of {case:?}");
    }
    if !case.a3 {
        let want: Vec<f32> = rows.iter().map(|[from, token, choice]| all[*from].weights[token * case.k + choice]).collect();
        assert_eq!(out.expand_scales.read::<f32>()[..want.len()], want);
    }
}

/// The rows of a rank as its experts make them.
fn processed(case: &Case, all: &[Inputs], rank: usize, capacity: usize) -> Vec<bf16> {
    let (rows, _) = case.rows(all, rank);
    let of = |[from, token, choice]: [usize; 3]| {
        let input = &all[from];
        let id = match choice.checked_sub(case.k) {
            Some(which) => case.ids() + which,
            None => input.ids[token * case.k + choice] as usize,
        };
        input.x[token * case.h..][..case.h].iter().map(move |x| expert(id, *x))
    };
    let mut made: Vec<bf16> = rows.into_iter().flat_map(of).collect();
    made.resize(capacity * case.h, bf16::NAN);
    made
}

fn check_combined(case: &Case, inputs: &Inputs, rank: usize, out: &[bf16]) {
    let untouched = bf16::from_bits(0x5a5a);
    let constants = Constants::of(case, rank, inputs.bs);
    let [zero, copy, _] = case.special;
    for token in 0..inputs.bs {
        let choices = token * case.k..(token + 1) * case.k;
        let takes_part = inputs.active[choices.clone()].iter().any(|active| *active);
        for i in 0..case.h {
            let x = inputs.x[token * case.h + i];
            let mut sum = 0f32;
            for at in choices.clone().filter(|at| inputs.active[*at]) {
                let (id, weight) = (inputs.ids[at] as usize, inputs.weights[at]);
                sum += match id.checked_sub(case.experts()) {
                    None => weight * expert(id, x).to_f32(),
                    Some(special) if special < zero => 0.0,
                    Some(special) if special < zero + copy => weight * x.to_f32(),
                    Some(special) => {
                        let which = special - zero - copy;
                        let (a, b) = (constants.alpha_1[which].to_f32(), constants.alpha_2[which].to_f32());
                        weight * (a * x.to_f32() + b * constants.v[which * case.h + i].to_f32())
                    }
                };
            }
            for which in 0..case.shared {
                sum += expert(case.ids() + which, x).to_f32();
            }
            if case.own_shared {
                sum += constants.shared_x[token * case.h + i].to_f32();
            }
            let want = if takes_part { bf16::from_f32(sum) } else { untouched };
            assert_eq!(out[token * case.h + i], want, "rank {rank}, token {token}, element {i} of {case:?}");
        }
    }
}

/// One round there and back, as each rank.
pub(super) fn round_of(r: &Rank, case: &Case) {
    let all: Vec<Inputs> = (0..case.ranks).map(|rank| case.inputs(rank)).collect();
    let (up, name) = (Uploaded::new(case, &all[r.rank]), c_string(&r.name()));
    let groups = Groups { ep: &name, ep_rank: r.rank, tp: None };
    let (done, sent) = dispatch(r, case, groups, &up);
    done.unwrap();
    r.sync();
    check_dispatched(case, &all, r.rank, &sent);
    let capacity = case.capacity(r.rank);
    let rows = Tensor::new(&[capacity, case.h], &processed(case, &all, r.rank, capacity));
    let extra = Extra::new(case, r.rank, all[r.rank].bs);
    let (done, out) = combine(r, case, groups, &up, &rows, &sent, &extra);
    done.unwrap();
    r.sync();
    check_combined(case, &all[r.rank], r.rank, &out.read::<bf16>());
}

/// Of the second and third version, on A3.
fn later(ranks: usize) -> Vec<Case> {
    let case = |version: u32| Case { version, ranks, ..PLAIN };
    let mut cases = vec![
        case(2),
        Case { quantised: true, k: 1, counts: false, ..case(2) },
        Case { quantised: true, smooth: true, local: 1, ..case(3) },
        Case { uneven: true, h: 1056, ..case(2) },
        Case { mask: Mask::Tokens, own_shared: true, ..case(2) },
        Case { mask: Mask::Choices, local: 3, counts: false, ..case(3) },
        Case { special: [2, 1, 2], k: 4, ..case(3) },
        Case { special: [1, 1, 1], mask: Mask::Choices, own_shared: true, ..case(3) },
        // The samples `test_aclnn_moe_distribute_dispatch_v2.cpp` and `.._combine_v2.cpp` of ops-transformer: no tiling of A3 looks at
        // `expertScales`, none at all at `groupListType`.
        Case { as_samples: true, ..case(2) },
        Case { as_samples: true, quantised: true, ..case(3) },
    ];
    if ranks > 2 {
        cases.push(Case { shared: 1, shared_ranks: 1, ..case(2) });
        cases.push(Case { shared: 2, shared_ranks: 2, quantised: true, smooth: true, ..case(2) });
        cases.push(Case { shared: 1, shared_ranks: 2, mask: Mask::Choices, local: 1, ..case(3) });
    }
    // No token chooses more experts than there are.
    cases.into_iter().map(|case| Case { k: case.k.min(case.ids()), ..case }).collect()
}

// aclnnMoeDistributeDispatchV2, V3 and their combines: 2 to 768 ranks on A3.
#[test]
fn any_number_of_ranks_on_a3() {
    if in_child("hccl::mc2::experts::any_number_of_ranks_on_a3", &[A3]) {
        for n in [2, 3, 5] {
            ranks(n, 60, |r| later(n).iter().for_each(|case| round_of(r, case)));
        }
    }
}

/// The same bits in whichever order streams are served, and on one thread.
#[test]
fn the_same_lazily() {
    let variables = [A3, ("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "5"), ("CANN_SIM_THREADS", "1")];
    if in_child("hccl::mc2::experts::the_same_lazily", &variables) {
        ranks(4, 60, |r| later(4).iter().for_each(|case| round_of(r, case)));
    }
}

// The first version: 8 ranks and more on A3, of a hidden size of 7168.
#[test]
fn the_first_version_on_a3() {
    if in_child("hccl::mc2::experts::the_first_version_on_a3", &[A3]) {
        let case = Case { version: 1, ranks: 8, h: 7168, ..PLAIN };
        let cases = [
            case,
            Case { as_samples: true, ..case },
            Case { quantised: true, counts: false, local: 1, ..case },
            Case { shared: 1, shared_ranks: 2, bs: 4, k: 2, ..case },
            Case { shared: 1, shared_ranks: 4, bs: 6, uneven: false, quantised: true, smooth: true, local: 1, ..case },
        ];
        ranks(8, 120, |r| cases.iter().for_each(|case| round_of(r, case)));
    }
}

// A2: 16 ranks and more; weights go along.
#[test]
fn sixteen_ranks_on_a2() {
    if in_child("hccl::mc2::experts::sixteen_ranks_on_a2", &[("CANN_SIM_DEVICES", "16")]) {
        let case = Case { ranks: 16, h: 64, a3: false, ..PLAIN };
        let cases = [
            Case { version: 1, ..case },
            Case { version: 1, quantised: true, uneven: true, ..case },
            Case { version: 2, mask: Mask::Tokens, counts: false, ..case },
            Case { version: 3, quantised: true, smooth: true, k: 16, ..case },
        ];
        ranks(16, 120, |r| cases.iter().for_each(|case| round_of(r, case)));
    }
}

/// Rows and counts are written in place, whichever process does it.
#[test]
fn ranks_in_several_processes() {
    processes::everywhere("hccl::mc2::experts::ranks_in_several_processes", &[A3], |r| {
        later(r.size).iter().for_each(|case| round_of(r, case));
    });
}
