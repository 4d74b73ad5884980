//! The operators of all versions, called with the tensors of a case.

use super::*;

/// What dispatch gives a rank.
pub(crate) struct Dispatched {
    pub x: Tensor,
    pub scales: Tensor,
    pub index: Tensor,
    pub nums: Tensor,
    pub ep_counts: Tensor,
    pub tp_counts: Tensor,
    pub expand_scales: Tensor,
}

/// The rank's inputs on its device.
pub(crate) struct Uploaded {
    pub x: Tensor,
    pub ids: Tensor,
    pub weights: Tensor,
    pub smooth: Tensor,
    pub mask: Option<Tensor>,
}

impl Uploaded {
    pub(crate) fn new(case: &Case, inputs: &Inputs) -> Uploaded {
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
pub(crate) struct Groups<'a> {
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
    if case.a3 && !case.as_samples { NONE } else { up.weights.handle }
}

type Done = Result<(), (i32, String)>;

pub(crate) fn dispatch(r: &Rank, case: &Case, groups: Groups, up: &Uploaded) -> (Done, Dispatched) {
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
pub(crate) struct Extra {
    shared_x: Tensor,
    alpha_1: Tensor,
    alpha_2: Tensor,
    constants: Tensor,
}

/// The values of [`Extra`], of a rank.
pub(crate) struct Constants {
    pub(crate) shared_x: Vec<bf16>,
    pub(crate) alpha_1: Vec<bf16>,
    pub(crate) alpha_2: Vec<bf16>,
    pub(crate) v: Vec<bf16>,
}

impl Constants {
    pub(crate) fn of(case: &Case, rank: usize, bs: usize) -> Constants {
        let made = |seed: usize, n: usize| fractions((seed + rank) as u64, n).into_iter().map(bf16::from_f32).collect();
        let n = case.special[2];
        Constants { shared_x: made(900, bs * case.h), alpha_1: made(910, n), alpha_2: made(920, n), v: made(930, n * case.h) }
    }
}

impl Extra {
    pub(crate) fn new(case: &Case, rank: usize, bs: usize) -> Extra {
        let (of, n) = (Constants::of(case, rank, bs), case.special[2]);
        Extra {
            shared_x: Tensor::new(&[bs, case.h], &of.shared_x),
            alpha_1: Tensor::new(&[n], &of.alpha_1),
            alpha_2: Tensor::new(&[n], &of.alpha_2),
            constants: Tensor::new(&[n, case.h], &of.v),
        }
    }
}

pub(crate) fn combine(
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
    let (none, list_type) = (std::ptr::null(), i64::from(case.as_samples));
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
                list_type,
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
                list_type,
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
                list_type,
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
