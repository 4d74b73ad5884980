//! `aclnnAlltoAllAllGatherBatchMatMul` and `aclnnBatchMatMulReduceScatterAlltoAll`: an expert's products of a mixture that is
//! split twice, its experts over the ranks of `groupEp`, each expert's matrices over those of `groupTp`.
//!
//! Sources: CANN's documentation of the two and `op_api` beside it; the order of the gathered rows (`ep`, `tp`, `C`) and where
//! values are rounded are those of the kernels: a product before anything is added, the sum with the bias for `y3Out`, and for
//! the activation in f16 only.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::domain::find;
use super::product::*;
use super::traffic::{Move, Sum, add_up, carry};
use crate::hccl::joint::{Domain, Member, Operation, Stage, placed};
use crate::math::sigmoid;
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::Row;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::parallel::Share;
use crate::reject::{Outcome, check};

/// What the ranks of a communicator agree on; `C` and `H` are those of a rank's own tokens.
const TERMS: &[&str] = &["epWorldSize", "tpWorldSize", "shardType", "E/ep", "C", "H", "dtype"];

const fn meeting(name: &'static str, work: fn(&[&Member], Share)) -> Operation {
    Operation { name, terms: TERMS, agree: Operation::nothing_else, work }
}

pub(super) static SPREAD: Operation = meeting("aclnnAlltoAllAllGatherBatchMatMul", spread);
pub(super) static GATHER: Operation = meeting("aclnnAlltoAllAllGatherBatchMatMul (groupTp)", gather);
pub(super) static REDUCE: Operation = meeting("aclnnBatchMatMulReduceScatterAlltoAll (groupTp)", reduce);
pub(super) static BRING_BACK: Operation = meeting("aclnnBatchMatMulReduceScatterAlltoAll", bring_back);

/// The numbers of both operators.
#[derive(Clone, Copy)]
struct Layout {
    ep: usize,
    tp: usize,
    /// Rows are split, not columns.
    by_rows: bool,
    experts: usize,
    /// Tokens of a rank for each expert, and elements of each.
    tokens: usize,
    width: usize,
    dtype: aclDataType,
}

impl Layout {
    fn of(member: &Member) -> Layout {
        let term = |at: usize| member.terms[at] as usize;
        Layout {
            ep: term(0),
            tp: term(1),
            by_rows: term(2) == 1,
            experts: term(3),
            tokens: term(4),
            width: term(5),
            dtype: aclDataType(member.terms[6] as i32),
        }
    }

    fn member(&self, operation: &'static Operation, tensors: [Named; 2]) -> Member {
        let numbers = [self.ep, self.tp, usize::from(self.by_rows), self.experts, self.tokens, self.width];
        let terms = numbers.iter().map(|n| *n as i64).chain([i64::from(self.dtype.0)]).collect();
        Member { operation, terms, own: Vec::new(), tensors: tensors.into_iter().map(Some).collect() }
    }

    /// Elements of a rank's tokens for an expert.
    fn block(&self) -> usize {
        self.tokens * self.width
    }

    /// Rows that an expert sees, and elements of each.
    fn whole(&self) -> [usize; 2] {
        let tp = if self.by_rows { [self.tp, 1] } else { [1, self.tp] };
        [self.ep * tp[0] * self.tokens, self.width * tp[1]]
    }

    /// Blocks of the experts of `home` that rank `rank` of `groupEp` has, with their place at home and at the rank.
    fn blocks(&self, home: usize, rank: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let of = *self;
        (0..of.experts).map(move |e| ((e * of.ep + rank) * of.block(), (home * of.experts + e) * of.block()))
    }

    /// Pieces of what rank `rank` of `groupTp` has, `[E/ep, ep, C, H]`: their place there, in the whole, and their length.
    fn pieces(&self, rank: usize) -> impl Iterator<Item = (usize, usize, usize)> + use<> {
        let of = *self;
        let (n, len) = if of.by_rows { (of.experts * of.ep, of.block()) } else { (of.experts * of.ep * of.tokens, of.width) };
        (0..n).map(move |i| (i * len, (i * of.tp + rank) * len, len))
    }
}

/// Tokens to the ranks of their experts.
fn spread(members: &[&Member], share: Share) {
    let layout = Layout::of(members[0]);
    let pairs = (0..layout.ep).flat_map(|home| (0..layout.ep).map(move |rank| (home, rank)));
    let blocks = pairs.flat_map(|(home, rank)| layout.blocks(home, rank).map(move |at| (home, rank, at)));
    let moves = blocks.map(|(home, rank, (there, here))| Move { from: (rank, here), to: (home, there), count: layout.block() });
    carry(members, 0, 1, &moves.collect::<Vec<Move>>(), share);
}

/// What experts made of tokens back.
fn bring_back(members: &[&Member], share: Share) {
    let layout = Layout::of(members[0]);
    let pairs = (0..layout.ep).flat_map(|home| (0..layout.ep).map(move |rank| (home, rank)));
    let blocks = pairs.flat_map(|(home, rank)| layout.blocks(home, rank).map(move |at| (home, rank, at)));
    let moves = blocks.map(|(home, rank, (there, here))| Move { from: (home, there), to: (rank, here), count: layout.block() });
    carry(members, 0, 1, &moves.collect::<Vec<Move>>(), share);
}

/// Rows, or parts of them, to all ranks with the same experts.
fn gather(members: &[&Member], share: Share) {
    let layout = Layout::of(members[0]);
    let to_all = |from: usize| {
        let piece = move |(here, there, count)| (0..layout.tp).map(move |to| Move { from: (from, here), to: (to, there), count });
        layout.pieces(from).flat_map(piece)
    };
    carry(members, 0, 1, &(0..layout.tp).flat_map(to_all).collect::<Vec<Move>>(), share);
}

/// Sums of the ranks with the same experts, each to its rank.
fn reduce(members: &[&Member], share: Share) {
    let layout = Layout::of(members[0]);
    let of =
        |rank: usize| layout.pieces(rank).map(move |(here, there, count)| Sum { at: there, to: Some(rank), to_at: here, count });
    add_up(members, 0, 1, &(0..layout.tp).flat_map(of).collect::<Vec<Sum>>(), share);
}

/// What the two operators name alike.
struct Groups {
    ep: Domain,
    tp: Domain,
}

impl Groups {
    fn read(operator: &str, [ep, tp]: [*const c_char; 2], sizes: [i64; 2]) -> Outcome<Groups> {
        let (ep, tp) = (find(operator, "groupEp", ep)?, find(operator, "groupTp", tp)?);
        for (param, size) in ["epWorldSize", "tpWorldSize"].into_iter().zip(sizes) {
            let fits = matches!(size, 2 | 4 | 8 | 16 | 32);
            check!(fits, ACLNN_ERR_PARAM_INVALID, "{operator}: {param} is {size}; 2, 4, 8, 16 and 32 are taken");
        }
        for (group, domain, param, size) in [("groupEp", &ep, "epWorldSize", sizes[0]), ("groupTp", &tp, "tpWorldSize", sizes[1])]
        {
            let ranks = domain.size();
            check!(
                ranks == size as usize,
                ACLNN_ERR_INNER_TILING_ERROR,
                "{operator}: {param} is {size}; the communicator of {group} has {ranks} ranks"
            );
        }
        check!(
            !ep.is(&tp),
            ACLNN_ERR_INNER_TILING_ERROR,
            "{operator}: groupEp and groupTp are the same communicator: two are needed"
        );
        Ok(Groups { ep, tp })
    }
}

fn shard_type(operator: &str, param: &str, value: i64) -> Outcome<bool> {
    check!(matches!(value, 0 | 1), ACLNN_ERR_PARAM_INVALID, "{operator}: {param} is {value}; 0 and 1 are taken");
    Ok(value == 1)
}

/// The limits of both: an expert's weight, and all experts.
fn check_sizes(operator: &str, sizes: &[(&str, usize, usize, usize)]) -> Outcome {
    sizes.iter().try_for_each(|(what, size, least, most)| {
        check!(
            (least..=most).contains(&size),
            ACLNN_ERR_PARAM_INVALID,
            "{operator}: {what} is {size}; {least} to {most} are taken"
        );
        Ok(())
    })
}

/// `[experts, n]` or `[experts, 1, n]`; f32 with bf16.
fn check_bias(operator: &str, bias: &Tensor, experts: usize, n: usize, dtype: aclDataType) -> Outcome {
    let needs = if dtype == ACL_BF16 { ACL_FLOAT } else { dtype };
    check_dtype(operator, "biasOptional", bias, &[needs])?;
    check!(
        *bias.dims == [experts, n] || *bias.dims == [experts, 1, n],
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: biasOptional has shape {:?}; [{experts}, {n}] or [{experts}, 1, {n}] is needed",
        bias.dims
    );
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Activation {
    None,
    Gelu,
    Silu,
    Relu,
    FastGelu,
}

impl Activation {
    fn read(operator: &str, value: i64) -> Outcome<Activation> {
        const ALL: [Activation; 5] =
            [Activation::None, Activation::Gelu, Activation::Silu, Activation::Relu, Activation::FastGelu];
        let found = usize::try_from(value).ok().and_then(|at| ALL.get(at));
        check!(found.is_some(), ACLNN_ERR_PARAM_INVALID, "{operator}: actType is {value}; 0 to 4 are taken");
        Ok(found.copied().unwrap_or(Activation::None))
    }

    /// GELU by tanh, and the fast one by a sigmoid, as Ascend C's.
    fn of(self, x: f32) -> f32 {
        match self {
            Activation::None => x,
            Activation::Gelu => x * sigmoid(2.0 * 0.797_884_6 * (x + 0.044_715 * x * x * x)),
            Activation::Silu => x * sigmoid(x),
            Activation::Relu => x.max(0.0),
            Activation::FastGelu => x * sigmoid(1.702 * x),
        }
    }
}

/// `y2 = AllGather(AllToAll(x))`, `y3 = y2 @ weight + bias`, `y1 = act(y3)`. On A3.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAlltoAllAllGatherBatchMatMulGetWorkspaceSize(
    x: *const aclTensor,
    weight: *const aclTensor,
    bias: *const aclTensor,
    group_ep: *const c_char,
    group_tp: *const c_char,
    ep_world_size: i64,
    tp_world_size: i64,
    x_shard_type: i64,
    act_type: i64,
    y1: *mut aclTensor,
    y2: *mut aclTensor,
    y3: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAlltoAllAllGatherBatchMatMul";
    check_chip(NAME, &[Chip::A3])?;
    let mut call = Call::new(NAME);
    let (x, weight, y1) = (call.input("x", x)?, call.input("weight", weight)?, call.output("y1Out", y1)?);
    let groups = Groups::read(NAME, [group_ep, group_tp], [ep_world_size, tp_world_size])?;
    let bias = call.optional_input("biasOptional", bias)?;
    let (y2, y3) = (call.optional_output("y2OutOptional", y2)?, call.optional_output("y3OutOptional", y3)?);
    check_halves(NAME, ("x", x), &[("weight", weight), ("y1Out", y1)])?;
    let by_rows = shard_type(NAME, "xShardType", x_shard_type)?;
    let activation = Activation::read(NAME, act_type)?;
    check!(
        y3.is_none() || activation != Activation::None,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: y3OutOptional is given with actType 0; then it is y1Out, pass null"
    );
    for (param, t) in [("x", &x), ("weight", &weight)] {
        check_rank(NAME, param, t, 3)?;
    }
    let [experts, h, m] = [weight.dims[0], weight.dims[1], weight.dims[2]];
    let [ep, tp] = [ep_world_size as usize, tp_world_size as usize];
    let layout = Layout { ep, tp, by_rows, experts, tokens: x.dims[1], width: x.dims[2], dtype: x.dtype };
    check_shape(NAME, "x", &x, &[experts * ep, layout.tokens, if by_rows { h } else { h / tp }])?;
    let [rows, width] = layout.whole();
    check!(width == h, ACLNN_ERR_PARAM_INVALID, "{NAME}: weight has {h} rows; tpWorldSize times {} are needed", layout.width);
    let sizes = [("E/ep", experts, 1, 32), ("E", experts * ep, 2, 512), ("H", h, 1, 65535), ("M/tp", m, 1, 65535)];
    check_sizes(NAME, &sizes)?;
    check!(layout.tokens > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: x has shape {:?}, no tokens", x.dims);
    check_output(NAME, ("y1Out", y1), &[experts, rows, m])?;
    for (param, t, cols) in [("y2OutOptional", y2, h), ("y3OutOptional", y3, m)] {
        let Some(t) = t else { continue };
        check_same_dtype(NAME, param, &t, "x", x.dtype)?;
        check_output(NAME, (param, t), &[experts, rows, cols])?;
    }
    bias.iter().try_for_each(|bias| check_bias(NAME, bias, experts, m, x.dtype))?;
    let mut scratch = Scratch::default();
    let spread = scratch.tensor(x.dtype, &[experts, ep, layout.tokens, layout.width]);
    let gathered = y2.map_or_else(|| scratch.tensor(x.dtype, &[experts, rows, h]), |y2| ("y2OutOptional", y2));
    let plain = bias.is_none() && activation == Activation::None;
    let product = if plain { ("y1Out", y1) } else { scratch.tensor(x.dtype, &[experts, rows, m]) };
    let mut stages = vec![
        Stage::Meeting { domain: groups.ep, member: layout.member(&SPREAD, [("x", x), spread]).into() },
        Stage::Meeting { domain: groups.tp, member: layout.member(&GATHER, [spread, gathered]).into() },
        alone(move |workspace| multiply_all(&placed(gathered, workspace), &weight, &placed(product, workspace))),
    ];
    if !plain {
        stages.push(alone(move |workspace| {
            finish(&placed(product, workspace), bias.as_ref(), |x| activation.of(x), y3.as_ref(), &y1);
        }));
    }
    call.finish_together(ws, executor, stages, scratch.bytes)
}

fn multiply_all(a: &Tensor, b: &Tensor, out: &Tensor) {
    (0..b.dims[0]).for_each(|at| multiply(&layer(a, at), &layer(b, at), None, &layer(out, at)));
}

/// Adds the bias of each matrix's columns, and takes a function of it: `raw` is the first, `out` the second.
fn finish(from: &Tensor, bias: Option<&Tensor>, function: impl Fn(f32) -> f32 + Sync, raw: Option<&Tensor>, out: &Tensor) {
    let n = from.dims[from.rank() - 1];
    let all = from.numel() / n;
    let each = all / from.dims[0];
    let (from, bias, raw, to) = (View::new(from), bias.map(View::new), raw.map(View::new), View::new(out));
    let in_f16 = out.dtype == ACL_FLOAT16;
    split(all, n, |range| {
        let (mut row, mut added, mut made) = (Row::new(n), Row::new(n), Row::new(n));
        for at in range {
            let x = row.load(&from, at * n, n);
            let made = made.room(n);
            match &bias {
                None => made.copy_from_slice(x),
                Some(bias) => {
                    let bias = added.load(bias, at / each * n, n);
                    made.iter_mut().zip(x.iter().zip(bias)).for_each(|(made, (x, bias))| *made = x + bias);
                }
            }
            if in_f16 {
                made.iter_mut().for_each(|x| *x = half::f16::from_f32(*x).to_f32());
            }
            if let Some(raw) = &raw {
                raw.store(at * n, made);
            }
            made.iter_mut().for_each(|x| *x = function(*x));
            to.store(at * n, made);
        }
    });
}

/// `out = AllToAll(ReduceScatter(x @ weight) + bias)`. On A3.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnBatchMatMulReduceScatterAlltoAllGetWorkspaceSize(
    x: *const aclTensor,
    weight: *const aclTensor,
    bias: *const aclTensor,
    group_ep: *const c_char,
    group_tp: *const c_char,
    ep_world_size: i64,
    tp_world_size: i64,
    y_shard_type: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBatchMatMulReduceScatterAlltoAll";
    check_chip(NAME, &[Chip::A3])?;
    let mut call = Call::new(NAME);
    let (x, weight, out) = (call.input("x", x)?, call.input("weight", weight)?, call.output("out", out)?);
    let groups = Groups::read(NAME, [group_ep, group_tp], [ep_world_size, tp_world_size])?;
    let bias = call.optional_input("biasOptional", bias)?;
    check_halves(NAME, ("x", x), &[("weight", weight), ("out", out)])?;
    let by_rows = shard_type(NAME, "yShardType", y_shard_type)?;
    for (param, t) in [("x", &x), ("weight", &weight), ("out", &out)] {
        check_rank(NAME, param, t, 3)?;
    }
    let [experts, m, h] = [weight.dims[0], weight.dims[1], weight.dims[2]];
    let [ep, tp] = [ep_world_size as usize, tp_world_size as usize];
    let layout = Layout { ep, tp, by_rows, experts, tokens: out.dims[1], width: out.dims[2], dtype: x.dtype };
    let [rows, width] = layout.whole();
    check!(
        width == h,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: out has shape {:?}, weight {h} columns in all: they do not go together",
        out.dims
    );
    check_shape(NAME, "x", &x, &[experts, rows, m])?;
    let sizes = [("E/ep", experts, 1, 32), ("E", experts * ep, 2, 512), ("H", h, 1, 65535), ("M/tp", m, 1, 65535)];
    check_sizes(NAME, &sizes)?;
    check!(layout.tokens > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: out has shape {:?}, no tokens", out.dims);
    check_output(NAME, ("out", out), &[experts * ep, layout.tokens, layout.width])?;
    bias.iter().try_for_each(|bias| check_bias(NAME, bias, experts, layout.width, x.dtype))?;
    let mut scratch = Scratch::default();
    let product = scratch.tensor(x.dtype, &[experts, rows, h]);
    let sums = scratch.tensor(x.dtype, &[experts, ep, layout.tokens, layout.width]);
    let mut stages = vec![
        alone(move |workspace| multiply_all(&x, &weight, &placed(product, workspace))),
        Stage::Meeting { domain: groups.tp, member: layout.member(&REDUCE, [product, sums]).into() },
    ];
    if bias.is_some() {
        stages.push(alone(move |workspace| {
            let sums = placed(sums, workspace);
            finish(&sums, bias.as_ref(), |x| x, None, &sums);
        }));
    }
    stages.push(Stage::Meeting { domain: groups.ep, member: layout.member(&BRING_BACK, [sums, ("out", out)]).into() });
    call.finish_together(ws, executor, stages, scratch.bytes)
}
