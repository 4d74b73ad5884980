//! Dispatch and combine against loops over tokens and experts.

use super::*;

/// Which tokens and choices take part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mask {
    All,
    /// The first tokens of each rank.
    Tokens,
    /// Choices here and there, and some tokens not at all.
    Choices,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub version: u32,
    pub ranks: usize,
    /// Experts of each rank that is not shared.
    pub local: usize,
    pub shared: usize,
    pub shared_ranks: usize,
    /// The most tokens of a rank; where `uneven` the others have fewer.
    pub bs: usize,
    pub uneven: bool,
    pub k: usize,
    pub h: usize,
    pub quantised: bool,
    /// With factors that smooth.
    pub smooth: bool,
    pub mask: Mask,
    /// Zero, copy, constant.
    pub special: [usize; 3],
    /// `sharedExpertX`
    pub own_shared: bool,
    /// `expertTokenNumsType`
    pub counts: bool,
    pub a3: bool,
}

pub(super) const PLAIN: Case = Case {
    version: 2,
    ranks: 2,
    local: 2,
    shared: 0,
    shared_ranks: 0,
    bs: 5,
    uneven: false,
    k: 3,
    h: 1024,
    quantised: false,
    smooth: false,
    mask: Mask::All,
    special: [0; 3],
    own_shared: false,
    counts: true,
    a3: true,
};

/// What a rank gives, as any rank can compute it.
pub(super) struct Inputs {
    pub bs: usize,
    pub x: Vec<bf16>,
    pub ids: Vec<i32>,
    pub weights: Vec<f32>,
    pub smooth: Vec<f32>,
    pub active: Vec<bool>,
}

impl Case {
    pub(super) fn experts(&self) -> usize {
        self.local * (self.ranks - self.shared_ranks)
    }

    fn ids(&self) -> usize {
        self.experts() + self.special.iter().sum::<usize>()
    }

    pub(super) fn inputs(&self, rank: usize) -> Inputs {
        let bs = if self.uneven { 1 + (self.bs + rank - 1) % self.bs } else { self.bs };
        let mut next = noise(rank as u64 + 100);
        // No token chooses an expert twice.
        let mut choose = || {
            let mut pool: Vec<i32> = (0..self.ids() as i32).collect();
            (0..self.k).map(|_| pool.swap_remove(next() as usize % pool.len())).collect::<Vec<i32>>()
        };
        let ids: Vec<i32> = (0..bs).flat_map(|_| choose()).collect();
        let x = fractions(rank as u64 + 7, bs * self.h).into_iter().map(bf16::from_f32).collect();
        let active = match self.mask {
            Mask::All => vec![true; bs * self.k],
            // One rank has none at all.
            Mask::Tokens => (0..bs * self.k).map(|at| at / self.k < (bs / 2 + rank) % (bs + 1)).collect(),
            Mask::Choices => (0..bs * self.k).map(|at| at / self.k != 1 && next() % 3 > 0).collect(),
        };
        let weights = fractions(rank as u64 + 31, bs * self.k);
        let smooth = fractions(rank as u64 + 57, (self.shared + self.experts()) * self.h);
        Inputs { bs, x, ids, weights, smooth, active }
    }

    /// The shared rank that has shared expert `which` for a token.
    fn shared_rank(&self, from: usize, token: usize, bs: usize, which: usize) -> usize {
        if self.version > 1 {
            // Groups of ranks, one a shared expert; ranks take turns in a group.
            let group = self.shared_ranks / self.shared;
            return which * group + from % group;
        }
        if from < self.shared_ranks {
            return from;
        }
        // The first version cuts the line of all tokens of all ranks at multiples of bs / shared ranks.
        let cut = |i: usize| i * bs / self.shared_ranks;
        (0..self.shared_ranks).filter(|s| token + cut(from) >= cut(s + from)).max().unwrap()
    }

    /// Rank, token and choice of each row of a rank, with the counts of its parts.
    pub(super) fn rows(&self, all: &[Inputs], rank: usize) -> (Vec<[usize; 3]>, Vec<usize>) {
        let (mut rows, mut parts) = (Vec::new(), Vec::new());
        let mut part = |from: usize, wanted: &dyn Fn(usize, usize) -> Vec<usize>| {
            let before = rows.len();
            for token in 0..all[from].bs {
                rows.extend(wanted(from, token).into_iter().map(|choice| [from, token, choice]));
            }
            parts.push(rows.len() - before);
        };
        if rank < self.shared_ranks {
            for from in 0..self.ranks {
                part(from, &|from, token| {
                    let input = &all[from];
                    let takes_part = input.active[token * self.k..][..self.k].iter().any(|active| *active);
                    let here = |which: &usize| self.shared_rank(from, token, input.bs, *which) == rank;
                    (0..self.shared).filter(here).filter(|_| takes_part).map(|which| self.k + which).collect()
                });
            }
        } else {
            for expert in 0..self.local {
                let id = ((rank - self.shared_ranks) * self.local + expert) as i32;
                for from in 0..self.ranks {
                    part(from, &|from, token| {
                        let at = |choice: &usize| token * self.k + choice;
                        let input = &all[from];
                        (0..self.k).filter(|c| input.ids[at(c)] == id && input.active[at(c)]).collect()
                    });
                }
            }
        }
        (rows, parts)
    }

    /// A, of a rank.
    pub(super) fn capacity(&self, rank: usize) -> usize {
        let all = self.bs * self.ranks;
        if rank < self.shared_ranks {
            let group = self.shared_ranks / self.shared;
            return if self.version == 1 { all / group } else { self.bs * self.ranks.div_ceil(group) };
        }
        all * self.local.min(self.k)
    }

    pub(super) fn global_bs(&self) -> i64 {
        if self.uneven { (self.bs * self.ranks) as i64 } else { 0 }
    }
}

/// What dispatch gives a rank.
pub(super) struct Dispatched {
    pub x: Tensor,
    pub scales: Tensor,
    pub index: Tensor,
    pub nums: Tensor,
    pub ep_counts: Tensor,
    pub tp_counts: Tensor,
    pub expand_scales: Tensor,
}

/// The rank's inputs on its device.
pub(super) struct Uploaded {
    pub x: Tensor,
    pub ids: Tensor,
    pub weights: Tensor,
    pub smooth: Tensor,
    pub mask: Option<Tensor>,
}

impl Uploaded {
    pub(super) fn new(case: &Case, inputs: &Inputs) -> Uploaded {
        let bs = inputs.bs;
        let mask = match case.mask {
            Mask::All => None,
            Mask::Tokens => Some(Tensor::new(&[bs], &inputs.active.iter().copied().step_by(case.k).collect::<Vec<bool>>())),
            Mask::Choices => Some(Tensor::new(&[bs, case.k], &inputs.active)),
        };
        Uploaded {
            x: Tensor::new(&[bs, case.h], &inputs.x),
            ids: Tensor::new(&[bs, case.k], &inputs.ids),
            weights: Tensor::new(&[bs, case.k], &inputs.weights),
            smooth: Tensor::new(&[case.shared + case.experts(), case.h], &inputs.smooth),
            mask,
        }
    }

    fn mask(&self) -> *mut aclTensor {
        self.mask.as_ref().map_or(NONE, |mask| mask.handle)
    }
}

/// The communicators of a rank: names, and its place in the second one.
#[derive(Clone, Copy)]
pub(super) struct Groups<'a> {
    pub ep: &'a CStr,
    pub ep_rank: usize,
    pub tp: Option<(&'a CStr, usize)>,
}

impl Groups<'_> {
    fn tp_name(&self) -> *const std::ffi::c_char {
        self.tp.map_or(c"".as_ptr(), |(name, _)| name.as_ptr())
    }
    fn tp_size(&self) -> i64 {
        if self.tp.is_some() { 2 } else { 0 }
    }
    fn tp_rank(&self) -> i64 {
        self.tp.map_or(0, |(_, rank)| rank as i64)
    }
}

/// Null where the chip takes none.
fn weights_of(case: &Case, up: &Uploaded) -> *mut aclTensor {
    if case.a3 { NONE } else { up.weights.handle }
}

type Done = Result<(), (i32, String)>;

pub(super) fn dispatch(r: &Rank, case: &Case, groups: Groups, up: &Uploaded) -> (Done, Dispatched) {
    let rank = groups.ep_rank;
    let (a, twice) = (case.capacity(rank), if groups.tp.is_some() { 2 } else { 1 });
    let local = if rank < case.shared_ranks { 1 } else { case.local };
    let rows = [a * twice, case.h];
    let x = if case.quantised { Tensor::out::<i8>(&rows) } else { Tensor::out::<bf16>(&rows) };
    let out = Dispatched {
        x,
        scales: Tensor::out::<f32>(&[a * twice]),
        index: Tensor::out::<i32>(&[if case.version == 1 { up.ids.len } else { a * 128 }]),
        nums: Tensor::out::<i64>(&[local]),
        ep_counts: Tensor::out::<i32>(&[case.ranks * local * twice]),
        tp_counts: Tensor::out::<i32>(&[twice]),
        expand_scales: Tensor::out::<f32>(&[a]),
    };
    let smooth = if case.smooth { up.smooth.handle } else { NONE };
    let (ep, size, experts) = (groups.ep.as_ptr(), case.ranks as i64, case.experts() as i64);
    let (shared, shared_ranks) = (case.shared as i64, case.shared_ranks as i64);
    let (quant, bs, kind) = (if case.quantised { 2 } else { 0 }, case.global_bs(), case.counts as i64);
    let (tp, tp_size, tp_rank) = (groups.tp_name(), groups.tp_size(), groups.tp_rank());
    let (mask, weights, rank) = (up.mask(), weights_of(case, up), rank as i64);
    let [zero, copy, constant] = case.special.map(|n| n as i64);
    let o = [&out.x, &out.scales, &out.index, &out.nums, &out.ep_counts, &out.tp_counts, &out.expand_scales].map(|t| t.handle);
    let (x, ids) = (up.x.handle, up.ids.handle);
    let none = std::ptr::null();
    let done = match case.version {
        1 => op!(
            r,
            aclnnMoeDistributeDispatch(
                x,
                ids,
                smooth,
                mask,
                weights,
                ep,
                size,
                rank,
                experts,
                tp,
                tp_size,
                tp_rank,
                0,
                shared,
                shared_ranks,
                quant,
                bs,
                kind,
                o[0],
                o[1],
                o[2],
                o[3],
                o[4],
                o[5],
                o[6]
            )
        ),
        2 => op!(
            r,
            aclnnMoeDistributeDispatchV2(
                x,
                ids,
                smooth,
                mask,
                weights,
                ep,
                size,
                rank,
                experts,
                tp,
                tp_size,
                tp_rank,
                0,
                shared,
                shared_ranks,
                quant,
                bs,
                kind,
                none,
                o[0],
                o[1],
                o[2],
                o[3],
                o[4],
                o[5],
                o[6]
            )
        ),
        _ => op!(
            r,
            aclnnMoeDistributeDispatchV3(
                x,
                ids,
                smooth,
                mask,
                weights,
                NONE,
                ep,
                size,
                rank,
                experts,
                tp,
                tp_size,
                tp_rank,
                0,
                shared,
                shared_ranks,
                quant,
                bs,
                kind,
                none,
                zero,
                copy,
                constant,
                o[0],
                o[1],
                o[2],
                o[3],
                o[4],
                o[5],
                o[6]
            )
        ),
    };
    (done, out)
}

/// What combine takes beside what dispatch took.
pub(super) struct Extra {
    shared_x: Tensor,
    alpha_1: Tensor,
    alpha_2: Tensor,
    constants: Tensor,
}

/// The values of [`Extra`], of a rank.
struct Constants {
    shared_x: Vec<bf16>,
    alpha_1: Vec<bf16>,
    alpha_2: Vec<bf16>,
    v: Vec<bf16>,
}

impl Constants {
    fn of(case: &Case, rank: usize, bs: usize) -> Constants {
        let made = |seed: usize, n: usize| fractions((seed + rank) as u64, n).into_iter().map(bf16::from_f32).collect();
        let n = case.special[2];
        Constants { shared_x: made(900, bs * case.h), alpha_1: made(910, n), alpha_2: made(920, n), v: made(930, n * case.h) }
    }
}

impl Extra {
    pub(super) fn new(case: &Case, rank: usize, bs: usize) -> Extra {
        let (of, n) = (Constants::of(case, rank, bs), case.special[2]);
        Extra {
            shared_x: Tensor::new(&[bs, case.h], &of.shared_x),
            alpha_1: Tensor::new(&[n], &of.alpha_1),
            alpha_2: Tensor::new(&[n], &of.alpha_2),
            constants: Tensor::new(&[n, case.h], &of.v),
        }
    }
}

pub(super) fn combine(
    r: &Rank,
    case: &Case,
    groups: Groups,
    up: &Uploaded,
    rows: &Tensor,
    sent: &Dispatched,
    extra: &Extra,
) -> (Done, Tensor) {
    let bs = up.ids.len / case.k;
    let out = Tensor::out::<bf16>(&[bs, case.h]);
    let (ep, size, experts, rank) = (groups.ep.as_ptr(), case.ranks as i64, case.experts() as i64, groups.ep_rank as i64);
    let (shared, shared_ranks, all) = (case.shared as i64, case.shared_ranks as i64, case.global_bs());
    let (tp, tp_size, tp_rank) = (groups.tp_name(), groups.tp_size(), groups.tp_rank());
    let tp_counts = if groups.tp.is_some() { sent.tp_counts.handle } else { NONE };
    let scales = if case.a3 { NONE } else { sent.expand_scales.handle };
    let shared_x = if case.own_shared { extra.shared_x.handle } else { NONE };
    let (ids, weights, mask) = (up.ids.handle, up.weights.handle, up.mask());
    let (rows, index, counts) = (rows.handle, sent.index.handle, sent.ep_counts.handle);
    let [zero, copy, constant] = case.special.map(|n| n as i64);
    let x = if case.special == [0; 3] { NONE } else { up.x.handle };
    let given = |t: &Tensor| if t.len == 0 { NONE } else { t.handle };
    let (a1, a2, v) = (given(&extra.alpha_1), given(&extra.alpha_2), given(&extra.constants));
    let none = std::ptr::null();
    let done = match case.version {
        1 => op!(
            r,
            aclnnMoeDistributeCombine(
                rows,
                ids,
                index,
                counts,
                weights,
                tp_counts,
                mask,
                NONE,
                NONE,
                NONE,
                scales,
                ep,
                size,
                rank,
                experts,
                tp,
                tp_size,
                tp_rank,
                0,
                shared,
                shared_ranks,
                all,
                0,
                0,
                0,
                out.handle
            )
        ),
        2 => op!(
            r,
            aclnnMoeDistributeCombineV2(
                rows,
                ids,
                index,
                counts,
                weights,
                tp_counts,
                mask,
                NONE,
                NONE,
                NONE,
                scales,
                shared_x,
                ep,
                size,
                rank,
                experts,
                tp,
                tp_size,
                tp_rank,
                0,
                shared,
                shared_ranks,
                all,
                0,
                0,
                0,
                none,
                out.handle
            )
        ),
        _ => op!(
            r,
            aclnnMoeDistributeCombineV3(
                rows,
                ids,
                index,
                counts,
                weights,
                tp_counts,
                mask,
                NONE,
                NONE,
                NONE,
                scales,
                shared_x,
                NONE,
                x,
                a1,
                a2,
                v,
                ep,
                size,
                rank,
                experts,
                tp,
                tp_size,
                tp_rank,
                0,
                shared,
                shared_ranks,
                all,
                0,
                0,
                0,
                none,
                zero,
                copy,
                constant,
                out.handle
            )
        ),
    };
    (done, out)
}

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

// The first version: 8 ranks and more on A3, of a hidden size of 7168.
#[test]
fn the_first_version_on_a3() {
    if in_child("hccl::mc2::experts::the_first_version_on_a3", &[A3]) {
        let case = Case { version: 1, ranks: 8, h: 7168, ..PLAIN };
        let cases = [
            case,
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
