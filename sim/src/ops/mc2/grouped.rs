//! `aclnnAlltoAllvGroupedMatMul` and `aclnnGroupedMatMulAlltoAllv`: tokens to the ranks of their experts and the experts' products,
//! or the products and back; a product of the rank's own beside it.
//!
//! Counts are in the order of the ranks and of the experts there. Rows of a rank's own tokens are in this order, those of its
//! experts in the order of the experts and of the ranks that they come from.
//!
//! Sources: CANN's documentation of the two; `op_tiling` and the kernels beside it.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::domain::find;
use super::product::*;
use super::traffic::{Move, carry};
use crate::hccl::joint::{Domain, Member, Operation, Ranked, Stage, placed};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::parallel::Share;
use crate::reject::{Outcome, check, reject};

pub(super) static SPREAD: Operation = meeting("aclnnAlltoAllvGroupedMatMul", |members, share| {
    let (experts, width) = (members[0].terms[1] as usize, members[0].terms[2] as usize);
    let all: Vec<Counts> = members.iter().map(|member| Counts::of(member, true)).collect();
    move_all(members, experts, width, &all, share, |tokens, rows| (tokens, rows));
});

pub(super) static BRING_BACK: Operation = meeting("aclnnGroupedMatMulAlltoAllv", |members, share| {
    let (experts, width) = (members[0].terms[1] as usize, members[0].terms[2] as usize);
    let all: Vec<Counts> = members.iter().map(|member| Counts::of(member, false)).collect();
    move_all(members, experts, width, &all, share, |tokens, rows| (rows, tokens));
});

const fn meeting(name: &'static str, work: fn(&[&Member], Share)) -> Operation {
    Operation { name, terms: &["epWorldSize", "e", "width", "dtype"], agree: agree_on_counts, work }
}

/// What one rank sends is what the other receives.
fn agree_on_counts((rank, a): Ranked<'_>, (other, b): Ranked<'_>) -> Option<String> {
    let experts = a.terms[1] as usize;
    let half = a.own.len() / 2;
    let differ = |(from, x): Ranked<'_>, (to, y): Ranked<'_>| {
        (0..experts).find_map(|e| {
            let (sent, received) = (x.own[to * experts + e], y.own[half + from * experts + e]);
            let name = a.operation.name;
            (sent != received).then(|| {
                format!("{name}: rank {from} sends {sent} rows to rank {to} for its expert {e} (sendCounts), which receives {received} (recvCounts)")
            })
        })
    };
    differ((rank, a), (other, b)).or_else(|| differ((other, b), (rank, a)))
}

/// A rank's counts as those of its tokens and of its experts' rows, whichever way they go.
struct Counts {
    tokens: Vec<usize>,
    rows: Vec<usize>,
}

impl Counts {
    fn of(member: &Member, there: bool) -> Counts {
        let numbers: Vec<usize> = member.own.iter().map(|n| *n as usize).collect();
        let (sent, received) = numbers.split_at(numbers.len() / 2);
        let [tokens, rows] = if there { [sent, received] } else { [received, sent] };
        Counts { tokens: tokens.to_vec(), rows: rows.to_vec() }
    }

    /// Where the rows of each rank's tokens for each expert begin, by expert and rank.
    fn begins(&self, experts: usize) -> Vec<Vec<usize>> {
        let ranks = self.rows.len() / experts;
        let mut begin = 0;
        let mut part = |at: usize| {
            let before = begin;
            begin += self.rows[at];
            before
        };
        (0..experts).map(|e| (0..ranks).map(|rank| part(rank * experts + e)).collect()).collect()
    }
}

/// A rank, and an element of its tensor.
type Place = (usize, usize);

/// `way` orders a place among a rank's tokens and one among its experts' rows into where from and where to.
fn move_all(
    members: &[&Member],
    experts: usize,
    width: usize,
    all: &[Counts],
    share: Share,
    way: fn(Place, Place) -> (Place, Place),
) {
    let begins: Vec<Vec<Vec<usize>>> = all.iter().map(|of| of.begins(experts)).collect();
    let mut moves = Vec::new();
    for (rank, of) in all.iter().enumerate() {
        let mut token = 0;
        for (at, count) in of.tokens.iter().enumerate() {
            let (home, e) = (at / experts, at % experts);
            let (from, to) = way((rank, token * width), (home, begins[home][e][rank] * width));
            moves.push(Move { from, to, count: count * width });
            token += count;
        }
    }
    carry(members, 0, 1, &moves, share);
}

/// Tensors as C gave them, and how.
struct Given {
    x: *const aclTensor,
    weight: *const aclTensor,
    counts: [(&'static str, *const aclTensor); 2],
    own_x: *const aclTensor,
    own_weight: *const aclTensor,
    group: *const c_char,
    ranks: i64,
    send: *const aclIntArray,
    recv: *const aclIntArray,
    turn_weight: bool,
    turn_own: bool,
    y: (&'static str, *mut aclTensor),
    own_y: *mut aclTensor,
}

/// Checked.
struct Products {
    domain: Domain,
    ranks: usize,
    x: Tensor,
    /// `[e, H1, N1]`
    weight: Tensor,
    y: Tensor,
    /// `mmX`, `mmWeight` and `mmY`.
    own: Option<[Tensor; 3]>,
    send: Vec<i64>,
    recv: Vec<i64>,
}

/// What a rank may send to each other, and receive: half of HCCL's window of 200 MiB.
const BYTES: std::ops::RangeInclusive<i64> = 2 << 20..=100 << 20;

impl Products {
    /// `there`: the tokens are `gmmX`'s rows, what comes out the experts'.
    fn read(call: &mut Call, given: &Given, there: bool) -> Outcome<Products> {
        let name = call.name();
        check_chip(name, &[Chip::A3])?;
        let (x, weight, y) =
            (call.input("gmmX", given.x)?, call.input("gmmWeight", given.weight)?, call.output(given.y.0, given.y.1)?);
        given.counts.iter().try_for_each(|(param, handle)| call.absent(param, *handle))?;
        let domain = find(name, "group", given.group)?;
        check_halves(name, ("gmmX", x), &[("gmmWeight", weight), (given.y.0, y)])?;
        let own = read_own(call, given, &x)?;
        for (param, t, rank) in [("gmmX", &x, 2), ("gmmWeight", &weight, 3), (given.y.0, &y, 2)] {
            tiled(t.rank() == rank, || format!("{name}: {param} is {}-D; {rank}-D is needed", t.rank()))?;
        }
        let weight = if given.turn_weight { turned(&weight) } else { weight };
        let [experts, h, n] = [weight.dims[0], weight.dims[1], weight.dims[2]];
        let ranks = given.ranks;
        tiled(matches!(ranks, 8 | 16 | 32 | 64), || format!("{name}: epWorldSize is {ranks}; 8, 16, 32 and 64 are taken"))?;
        let ranks = ranks as usize;
        let size = domain.size();
        tiled(size == ranks, || format!("{name}: epWorldSize is {ranks}; the communicator of group has {size} ranks"))?;
        tiled(x.dims[1] == h, || format!("{name}: gmmX has {} columns and gmmWeight {h} rows", x.dims[1]))?;
        let tokens = if there { x.dims[0] } else { y.dims[0] };
        let limits = [("H1", h, 1, 65535), ("N1", n, 1, 65535), ("BSK", tokens, 1, 52_428_799), ("e", experts, 1, 32)];
        check_limits(name, &limits)?;
        check_limits(name, &[("e times epWorldSize", experts * ranks, 1, 256)])?;
        let counts = |param: &'static str, array: *const aclIntArray| -> Outcome<Vec<i64>> {
            let Some(counts) = call.int_array(param, array)? else { reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: {param} is null") };
            let needs = experts * ranks;
            tiled(counts.len() == needs, || format!("{name}: {param} has {} numbers; {needs} are needed", counts.len()))?;
            tiled(counts.iter().all(|n| *n >= 0), || format!("{name}: {param} is {counts:?}; no count is negative"))?;
            for (rank, of) in counts.chunks(experts).enumerate() {
                let bytes = of.iter().sum::<i64>().saturating_mul(h as i64 * 2);
                tiled(BYTES.contains(&bytes), || {
                    format!(
                        "{name}: {param} makes {bytes} bytes with rank {rank}; {} to {} are taken",
                        BYTES.start(),
                        BYTES.end()
                    )
                })?;
            }
            Ok(counts)
        };
        let (send, recv) = (counts("sendCounts", given.send)?, counts("recvCounts", given.recv)?);
        for (param, of, t, counts) in [("sendCounts", "gmmX", &x, &send), ("recvCounts", given.y.0, &y, &recv)] {
            let sum: i64 = counts.iter().sum();
            tiled(sum == t.dims[0] as i64, || format!("{name}: {param} makes {sum} rows, {of} has {}", t.dims[0]))?;
        }
        tiled(y.dims[1] == n, || format!("{name}: {} has {} columns; {n} are needed", given.y.0, y.dims[1]))?;
        check_writable(name, given.y.0, &y)?;
        if let Some([own_x, ..]) = &own {
            let top_k = tokens / own_x.dims[0].max(1);
            tiled((2..=8).contains(&top_k), || {
                format!("{name}: {tokens} rows go with {} of mmXOptional, {top_k} for each; 2 to 8 are taken", own_x.dims[0])
            })?;
        }
        Ok(Products { domain, ranks, x, weight, y, own, send, recv })
    }

    fn member(&self, operation: &'static Operation, width: usize, tensors: [Named; 2]) -> Member {
        let terms = vec![self.ranks as i64, self.weight.dims[0] as i64, width as i64, i64::from(self.x.dtype.0)];
        let own = [&self.send[..], &self.recv].concat();
        Member { operation, terms, own, tensors: tensors.into_iter().map(Some).collect() }
    }

    /// Rows of each of the rank's experts.
    fn rows(&self, counts: &[i64]) -> Vec<usize> {
        let experts = self.weight.dims[0];
        (0..experts).map(|e| counts[e..].iter().step_by(experts).sum::<i64>() as usize).collect()
    }
}

/// The shared expert, of the rank alone.
fn read_own(call: &mut Call, given: &Given, x: &Tensor) -> Outcome<Option<[Tensor; 3]>> {
    let name = call.name();
    let own = (call.optional_input("mmXOptional", given.own_x)?, call.optional_input("mmWeightOptional", given.own_weight)?);
    let own_y = call.optional_output("mmYOptional", given.own_y)?;
    let (own_x, weight, own_y) = match (own.0, own.1, own_y) {
        (Some(x), Some(weight), Some(y)) => (x, weight, y),
        (None, None, None) => {
            tiled(!given.turn_own, || format!("{name}: transMmWeight is true without mmWeightOptional"))?;
            return Ok(None);
        }
        _ => reject!(
            ACLNN_ERR_PARAM_NULLPTR,
            "{name}: mmXOptional, mmWeightOptional and mmYOptional are to be given together, or not at all"
        ),
    };
    check_halves(name, ("gmmX", *x), &[("mmXOptional", own_x), ("mmWeightOptional", weight), ("mmYOptional", own_y)])?;
    for (param, t) in [("mmXOptional", &own_x), ("mmWeightOptional", &weight), ("mmYOptional", &own_y)] {
        tiled(t.rank() == 2, || format!("{name}: {param} is {}-D; 2-D is needed", t.rank()))?;
    }
    let weight = if given.turn_own { turned(&weight) } else { weight };
    let [rows, h, n] = [own_x.dims[0], own_x.dims[1], weight.dims[1]];
    check_limits(name, &[("BS", rows, 1, usize::MAX), ("H2", h, 1, 12288), ("N2", n, 1, 65535)])?;
    tiled(weight.dims[0] == h, || format!("{name}: mmXOptional has {h} columns and mmWeightOptional {} rows", weight.dims[0]))?;
    tiled(*own_y.dims == [rows, n], || format!("{name}: mmYOptional has shape {:?}; [{rows}, {n}] is needed", own_y.dims))?;
    check_writable(name, "mmYOptional", &own_y)?;
    Ok(Some([own_x, weight, own_y]))
}

/// What CANN's tiling refuses.
fn tiled(holds: bool, why: impl Fn() -> String) -> Outcome {
    check!(holds, ACLNN_ERR_INNER_TILING_ERROR, "{}", why());
    Ok(())
}

fn check_limits(name: &str, limits: &[(&str, usize, usize, usize)]) -> Outcome {
    limits.iter().try_for_each(|(what, size, least, most)| {
        tiled((least..=most).contains(&size), || format!("{name}: {what} is {size}; {least} to {most} are taken"))
    })
}

/// Products of the experts' rows, one expert after the other, and the rank's own.
fn multiply_all(x: &Tensor, weight: &Tensor, y: &Tensor, counts: &[usize], own: Option<&[Tensor; 3]>) {
    let mut first = 0;
    for (e, count) in counts.iter().enumerate() {
        multiply(&rows(x, first, *count), &layer(weight, e), None, &rows(y, first, *count));
        first += count;
    }
    if let Some([x, weight, y]) = own {
        multiply(x, weight, None, y);
    }
}

/// `permuteOut` is the rows of the rank's experts, `gmmY` what they make of them. On A3.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAlltoAllvGroupedMatMulGetWorkspaceSize(
    gmm_x: *const aclTensor,
    gmm_weight: *const aclTensor,
    send_counts_tensor: *const aclTensor,
    recv_counts_tensor: *const aclTensor,
    mm_x: *const aclTensor,
    mm_weight: *const aclTensor,
    group: *const c_char,
    ep_world_size: i64,
    send_counts: *const aclIntArray,
    recv_counts: *const aclIntArray,
    trans_gmm_weight: bool,
    trans_mm_weight: bool,
    permute_out_flag: bool,
    gmm_y: *mut aclTensor,
    mm_y: *mut aclTensor,
    permute_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAlltoAllvGroupedMatMul";
    let mut call = Call::new(NAME);
    let given = Given {
        x: gmm_x,
        weight: gmm_weight,
        counts: [("sendCountsTensorOptional", send_counts_tensor), ("recvCountsTensorOptional", recv_counts_tensor)],
        own_x: mm_x,
        own_weight: mm_weight,
        group,
        ranks: ep_world_size,
        send: send_counts,
        recv: recv_counts,
        turn_weight: trans_gmm_weight,
        turn_own: trans_mm_weight,
        y: ("gmmY", gmm_y),
        own_y: mm_y,
    };
    let of = Products::read(&mut call, &given, true)?;
    check!(
        permute_out_flag != permute_out.is_null(),
        ACLNN_ERR_PARAM_NULLPTR,
        "{NAME}: permuteOutFlag is {permute_out_flag}, and permuteOutOptional does not go with it"
    );
    let (h, mut scratch) = (of.x.dims[1], Scratch::default());
    let permuted = match call.optional_output("permuteOutOptional", permute_out)? {
        None => scratch.tensor(of.x.dtype, &[of.y.dims[0], h]),
        Some(t) => {
            check_same_dtype(NAME, "permuteOutOptional", &t, "gmmX", of.x.dtype)?;
            tiled(*t.dims == [of.y.dims[0], h], || {
                format!("{NAME}: permuteOutOptional has shape {:?}; [{}, {h}] is needed", t.dims, of.y.dims[0])
            })?;
            check_writable(NAME, "permuteOutOptional", &t)?;
            ("permuteOutOptional", t)
        }
    };
    let member = of.member(&SPREAD, h, [("gmmX", of.x), permuted]);
    let (counts, weight, y, own) = (of.rows(&of.recv), of.weight, of.y, of.own);
    let stages = vec![
        Stage::Meeting { domain: of.domain, member: member.into() },
        alone(move |workspace| multiply_all(&placed(permuted, workspace), &weight, &y, &counts, own.as_ref())),
    ];
    call.finish_together(ws, executor, stages, scratch.bytes)
}

/// `y` is what the experts of all ranks made of the rank's tokens. On A3.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatMulAlltoAllvGetWorkspaceSize(
    gmm_x: *const aclTensor,
    gmm_weight: *const aclTensor,
    send_counts_tensor: *const aclTensor,
    recv_counts_tensor: *const aclTensor,
    mm_x: *const aclTensor,
    mm_weight: *const aclTensor,
    group: *const c_char,
    ep_world_size: i64,
    send_counts: *const aclIntArray,
    recv_counts: *const aclIntArray,
    trans_gmm_weight: bool,
    trans_mm_weight: bool,
    y: *mut aclTensor,
    mm_y: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatMulAlltoAllv";
    let mut call = Call::new(NAME);
    let given = Given {
        x: gmm_x,
        weight: gmm_weight,
        counts: [("sendCountsTensorOptional", send_counts_tensor), ("recvCountsTensorOptional", recv_counts_tensor)],
        own_x: mm_x,
        own_weight: mm_weight,
        group,
        ranks: ep_world_size,
        send: send_counts,
        recv: recv_counts,
        turn_weight: trans_gmm_weight,
        turn_own: trans_mm_weight,
        y: ("y", y),
        own_y: mm_y,
    };
    let of = Products::read(&mut call, &given, false)?;
    let (n, mut scratch) = (of.weight.dims[2], Scratch::default());
    let product = scratch.tensor(of.x.dtype, &[of.x.dims[0], n]);
    let member = of.member(&BRING_BACK, n, [product, ("y", of.y)]);
    let (counts, x, weight, own) = (of.rows(&of.send), of.x, of.weight, of.own);
    let stages = vec![
        alone(move |workspace| multiply_all(&x, &weight, &placed(product, workspace), &counts, own.as_ref())),
        Stage::Meeting { domain: of.domain, member: member.into() },
    ];
    call.finish_together(ws, executor, stages, scratch.bytes)
}
