//! `aclnnMoeDistributeDispatch`, V2, V3: each token to the ranks of the experts that it chose.
//!
//! A rank's rows come in the order of its experts, of the ranks that they come from, and of the tokens there. The outputs that
//! combine takes are laid out as A3's kernels do: `epRecvCounts` has where each such part ends; `expandIdx` (V1) the place of
//! each choice among those of its rank for the same expert; `assistInfoForCombine` (V2, V3) rank, token and choice of each row,
//! three numbers a row from the front. Rows beyond those that came are not written.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::experts::{Asks, Experts, Given};
use super::layout::{Layout, TERMS};
use super::routes::{Choices, Routes};
use super::tensor_parallel::gather;
use crate::hccl::joint::{Member, Operation, Stage};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::{Row, all};
use crate::ops::split::split;
use crate::ops::view::View;
use crate::parallel::Share;
use crate::reject::{Outcome, check, reject};

pub(super) static DISPATCH: Operation = version("aclnnMoeDistributeDispatch");
pub(super) static DISPATCH_V2: Operation = version("aclnnMoeDistributeDispatchV2");
pub(super) static DISPATCH_V3: Operation = version("aclnnMoeDistributeDispatchV3");

const fn version(name: &'static str) -> Operation {
    Operation { name, terms: TERMS, agree: Operation::nothing_else, work: dispatch_all }
}

/// The tensors of a member.
const X: usize = 0;
const IDS: usize = 1;
const SCALES: usize = 2;
const MASK: usize = 3;
const WEIGHTS: usize = 4;
pub(super) const EXPAND_X: usize = 5;
pub(super) const DYNAMIC_SCALES: usize = 6;
const INDEX: usize = 7;
pub(super) const TOKEN_NUMS: usize = 8;
pub(super) const EP_COUNTS: usize = 9;
pub(super) const TP_COUNTS: usize = 10;
const EXPAND_SCALES: usize = 11;

/// The tensors as C gave them, in the order of the members', with their names.
type Tensors = [(&'static str, *const aclTensor); 12];

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeDistributeDispatchGetWorkspaceSize(
    x: *const aclTensor,
    expert_ids: *const aclTensor,
    scales: *const aclTensor,
    x_active_mask: *const aclTensor,
    expert_scales: *const aclTensor,
    group_ep: *const c_char,
    ep_world_size: i64,
    ep_rank_id: i64,
    moe_expert_num: i64,
    group_tp: *const c_char,
    tp_world_size: i64,
    tp_rank_id: i64,
    expert_shard_type: i64,
    shared_expert_num: i64,
    shared_expert_rank_num: i64,
    quant_mode: i64,
    global_bs: i64,
    expert_token_nums_type: i64,
    expand_x: *mut aclTensor,
    dynamic_scales: *mut aclTensor,
    expand_idx: *mut aclTensor,
    expert_token_nums: *mut aclTensor,
    ep_recv_counts: *mut aclTensor,
    tp_recv_counts: *mut aclTensor,
    expand_scales: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let tensors = [
        ("x", x),
        ("expertIds", expert_ids),
        ("scales", scales),
        ("xActiveMask", x_active_mask),
        ("expertScales", expert_scales),
        ("expandX", expand_x),
        ("dynamicScales", dynamic_scales),
        ("expandIdx", expand_idx),
        ("expertTokenNums", expert_token_nums),
        ("epRecvCounts", ep_recv_counts),
        ("tpRecvCounts", tp_recv_counts),
        ("expandScales", expand_scales),
    ];
    let given = Given {
        version: 1,
        group_ep,
        ep_size: ep_world_size,
        ep_rank: ep_rank_id,
        experts: moe_expert_num,
        group_tp,
        tp_size: tp_world_size,
        tp_rank: tp_rank_id,
        shard_type: expert_shard_type,
        shared: shared_expert_num,
        shared_ranks: shared_expert_rank_num,
        global_bs,
        algorithm: std::ptr::null(),
        special: [0; 3],
    };
    dispatch(&DISPATCH, tensors, &given, quant_mode, expert_token_nums_type, ws, executor)
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeDistributeDispatchV2GetWorkspaceSize(
    x: *const aclTensor,
    expert_ids: *const aclTensor,
    scales: *const aclTensor,
    x_active_mask: *const aclTensor,
    expert_scales: *const aclTensor,
    group_ep: *const c_char,
    ep_world_size: i64,
    ep_rank_id: i64,
    moe_expert_num: i64,
    group_tp: *const c_char,
    tp_world_size: i64,
    tp_rank_id: i64,
    expert_shard_type: i64,
    shared_expert_num: i64,
    shared_expert_rank_num: i64,
    quant_mode: i64,
    global_bs: i64,
    expert_token_nums_type: i64,
    comm_alg: *const c_char,
    expand_x_out: *mut aclTensor,
    dynamic_scales_out: *mut aclTensor,
    assist_info_for_combine_out: *mut aclTensor,
    expert_token_nums_out: *mut aclTensor,
    ep_recv_counts_out: *mut aclTensor,
    tp_recv_counts_out: *mut aclTensor,
    expand_scales_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let tensors = later_tensors(
        [x, expert_ids, scales, x_active_mask, expert_scales],
        [
            expand_x_out,
            dynamic_scales_out,
            assist_info_for_combine_out,
            expert_token_nums_out,
            ep_recv_counts_out,
            tp_recv_counts_out,
            expand_scales_out,
        ],
    );
    let given = Given {
        version: 2,
        group_ep,
        ep_size: ep_world_size,
        ep_rank: ep_rank_id,
        experts: moe_expert_num,
        group_tp,
        tp_size: tp_world_size,
        tp_rank: tp_rank_id,
        shard_type: expert_shard_type,
        shared: shared_expert_num,
        shared_ranks: shared_expert_rank_num,
        global_bs,
        algorithm: comm_alg,
        special: [0; 3],
    };
    dispatch(&DISPATCH_V2, tensors, &given, quant_mode, expert_token_nums_type, ws, executor)
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeDistributeDispatchV3GetWorkspaceSize(
    x: *const aclTensor,
    expert_ids: *const aclTensor,
    scales: *const aclTensor,
    x_active_mask: *const aclTensor,
    expert_scales: *const aclTensor,
    elastic_info: *const aclTensor,
    group_ep: *const c_char,
    ep_world_size: i64,
    ep_rank_id: i64,
    moe_expert_num: i64,
    group_tp: *const c_char,
    tp_world_size: i64,
    tp_rank_id: i64,
    expert_shard_type: i64,
    shared_expert_num: i64,
    shared_expert_rank_num: i64,
    quant_mode: i64,
    global_bs: i64,
    expert_token_nums_type: i64,
    comm_alg: *const c_char,
    zero_expert_num: i64,
    copy_expert_num: i64,
    const_expert_num: i64,
    expand_x_out: *mut aclTensor,
    dynamic_scales_out: *mut aclTensor,
    assist_info_for_combine_out: *mut aclTensor,
    expert_token_nums_out: *mut aclTensor,
    ep_recv_counts_out: *mut aclTensor,
    tp_recv_counts_out: *mut aclTensor,
    expand_scales_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    Call::new(DISPATCH_V3.name).absent("elasticInfoOptional", elastic_info)?;
    let tensors = later_tensors(
        [x, expert_ids, scales, x_active_mask, expert_scales],
        [
            expand_x_out,
            dynamic_scales_out,
            assist_info_for_combine_out,
            expert_token_nums_out,
            ep_recv_counts_out,
            tp_recv_counts_out,
            expand_scales_out,
        ],
    );
    let given = Given {
        version: 3,
        group_ep,
        ep_size: ep_world_size,
        ep_rank: ep_rank_id,
        experts: moe_expert_num,
        group_tp,
        tp_size: tp_world_size,
        tp_rank: tp_rank_id,
        shard_type: expert_shard_type,
        shared: shared_expert_num,
        shared_ranks: shared_expert_rank_num,
        global_bs,
        algorithm: comm_alg,
        special: [zero_expert_num, copy_expert_num, const_expert_num],
    };
    dispatch(&DISPATCH_V3, tensors, &given, quant_mode, expert_token_nums_type, ws, executor)
}

/// With the names that the second and the third version use.
fn later_tensors([x, ids, scales, mask, weights]: [*const aclTensor; 5], out: [*mut aclTensor; 7]) -> Tensors {
    let [expand_x, dynamic_scales, assist, token_nums, ep_counts, tp_counts, expand_scales] = out;
    [
        ("x", x),
        ("expertIds", ids),
        ("scalesOptional", scales),
        ("xActiveMaskOptional", mask),
        ("expertScalesOptional", weights),
        ("expandXOut", expand_x),
        ("dynamicScalesOut", dynamic_scales),
        ("assistInfoForCombineOut", assist),
        ("expertTokenNumsOut", token_nums),
        ("epRecvCountsOut", ep_counts),
        ("tpRecvCountsOut", tp_counts),
        ("expandScalesOut", expand_scales),
    ]
}

fn dispatch(
    operation: &'static Operation,
    given_tensors: Tensors,
    given: &Given,
    quant_mode: i64,
    token_nums_type: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = operation.name;
    let mut call = Call::new(name);
    let [(px, x), (pids, ids), (pscales, scales), (pmask, mask), (pweights, weights), outputs @ ..] = given_tensors;
    let (x, ids) = (call.input(px, x)?, call.input(pids, ids)?);
    // CANN's order: what must not be null, then the rest.
    for at in [0, 2, 3, 4, 5] {
        let (param, handle) = outputs[at];
        check!(!handle.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{name}: {param} is null");
    }
    check!(
        quant_mode != 2 || !outputs[1].1.is_null(),
        ACLNN_ERR_PARAM_NULLPTR,
        "{name}: {} is null with quantMode 2",
        outputs[1].0
    );
    let experts = Experts::read(name, given)?;
    match quant_mode {
        0 | 2 => {}
        1 | 3 | 4 => reject!(
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: quantMode is {quant_mode}; 0 (none) and 2 (dynamic, by token) are taken"
        ),
        _ => reject!(ACLNN_ERR_INNER_TILING_ERROR, "{name}: quantMode is {quant_mode}; 0 and 2 are taken"),
    }
    check!(
        matches!(token_nums_type, 0 | 1),
        ACLNN_ERR_INNER_TILING_ERROR,
        "{name}: expertTokenNumsType is {token_nums_type}; 0 (sums up to each) and 1 (counts) are taken"
    );
    let tokens = experts.tokens((px, &x), &ids, Asks::Dispatch)?;
    let scales = call.optional_input(pscales, scales)?;
    if let Some(scales) = &scales {
        check!(
            quant_mode == 2,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: {pscales} is given with quantMode {quant_mode}; null is taken"
        );
        experts.exactly(pscales, scales, ACL_FLOAT, &[experts.shared + experts.experts, tokens.width])?;
    }
    let mask = experts.mask(&mut call, pmask, mask, &tokens)?;
    // A3's kernels have no use for it, its tiling does not look at it, and the document's own example gives it.
    let mut given_weights = None;
    if !experts.a3 {
        let weights = call.input(pweights, weights)?;
        experts.exactly(pweights, &weights, ACL_FLOAT, &[tokens.count, tokens.choices])?;
        given_weights = Some(weights);
    }
    // The outputs.
    let rows = experts.capacity(&tokens);
    let all_rows = rows * experts.tp_size();
    let out_dtype = if quant_mode == 2 { ACL_INT8 } else { x.dtype };
    let mut output = |at: usize, dtype: aclDataType, least: &[usize]| -> Outcome<Tensor> {
        let (param, handle) = outputs[at];
        let tensor = call.output(param, handle)?;
        experts.at_least(param, &tensor, dtype, least)?;
        check_writable(name, param, &tensor)?;
        Ok(tensor)
    };
    let expand_x = output(0, out_dtype, &[all_rows, tokens.width])?;
    let dynamic_scales = if quant_mode == 2 { Some(output(1, ACL_FLOAT, &[all_rows])?) } else { None };
    let index = output(2, ACL_INT32, &[if given.version == 1 { tokens.count * tokens.choices } else { rows * 128 }])?;
    let token_nums = output(3, ACL_INT64, &[experts.local()])?;
    experts.exactly(outputs[3].0, &token_nums, ACL_INT64, &[experts.local()])?;
    let ep_counts = output(4, ACL_INT32, &[experts.counts(&tokens)])?;
    let tp_counts = if experts.tp.is_some() { Some(output(5, ACL_INT32, &[2])?) } else { None };
    let expand_scales = if experts.a3 { None } else { Some(output(6, ACL_FLOAT, &[rows])?) };
    let tensors = vec![
        Some((px, x)),
        Some((pids, ids)),
        scales.map(|t| (pscales, t)),
        mask.map(|t| (pmask, t)),
        given_weights.map(|t| (pweights, t)),
        Some((outputs[0].0, expand_x)),
        dynamic_scales.map(|t| (outputs[1].0, t)),
        Some((outputs[2].0, index)),
        Some((outputs[3].0, token_nums)),
        Some((outputs[4].0, ep_counts)),
        tp_counts.map(|t| (outputs[5].0, t)),
        expand_scales.map(|t| (outputs[6].0, t)),
    ];
    let own = vec![i64::from(given.version), token_nums_type];
    let member = Member { operation, terms: experts.terms(&tokens, x.dtype, quant_mode)?, own, tensors };
    let second = experts.tp.as_ref().map(|(domain, _)| gather(domain, &member, &experts));
    let first = Stage::Meeting { domain: experts.ep.clone(), member: member.into() };
    call.finish_together(ws, executor, std::iter::once(first).chain(second).collect(), 0)
}

fn dispatch_all(members: &[&Member], share: Share) {
    let (layout, name) = (Layout::of(members[0]), members[0].operation.name);
    let read = |(rank, member): (usize, &&Member)| Choices::read(&layout, name, rank, &member.tensor(IDS), member.optional(MASK));
    let choices: Vec<Choices> = members.iter().enumerate().map(read).collect();
    let routes = Routes::new(&layout, &choices);
    let view = |rank: usize, at: usize| View::new(&members[rank].tensor(at));
    let optional = |rank: usize, at: usize| members[rank].optional(at).map(|t| View::new(&t));
    for (rank, member) in members.iter().enumerate() {
        let (came, room) = (routes.rows(rank).count(), member.tensor(EXPAND_X).dims[0]);
        assert!(came <= room, "{name}: rank {rank} receives {came} tokens, expandX has room for {room}");
    }
    // The rows, whichever rank they are of.
    let width = layout.width;
    let inputs: Vec<(View, Option<View>)> = (0..layout.ranks).map(|rank| (view(rank, X), optional(rank, SCALES))).collect();
    let outputs: Vec<(View, Option<View>)> =
        (0..layout.ranks).map(|rank| (view(rank, EXPAND_X), optional(rank, DYNAMIC_SCALES))).collect();
    let place = |rank: usize| routes.rows(rank).enumerate().map(move |(at, row)| (rank, at, row));
    let moves: Vec<_> = (0..layout.ranks).flat_map(place).collect();
    let moves = share.of(&moves);
    split(moves.len(), width, |range| {
        let (mut values, mut factors) = (Row::new(width), Row::new(width));
        for &(to, at, from) in &moves[range] {
            let ((x, scales), (out, dynamic)) = (&inputs[from.rank], &outputs[to]);
            let row = values.load(x, from.token * width, width);
            let Some(dynamic) = dynamic else {
                out.store(at * width, row);
                continue;
            };
            // Smoothing factors: the shared experts' first.
            let expert = match from.choice.checked_sub(layout.choices) {
                Some(which) => which,
                None => layout.shared + choices[from.rank].id(from.token * layout.choices + from.choice).unwrap_or(0),
            };
            let smooth = scales.as_ref().map(|scales| factors.load(scales, expert * width, width));
            let (quantised, scale) = quantise(row, smooth);
            out.store(at * width, &quantised);
            dynamic.store(at, &[scale]);
        }
    });
    // What combine goes by.
    let ranks: Vec<usize> = (0..layout.ranks).collect();
    for &rank in share.of(&ranks) {
        let ends = routes.ends(rank);
        view(rank, EP_COUNTS).store(0, &ends);
        let sums_up = members[rank].own[1] == 0;
        let last = ends.iter().skip(layout.ranks - 1).step_by(layout.ranks);
        let mut before = 0;
        let number = |end: &i64| {
            let number = if sums_up { *end } else { *end - before };
            before = *end;
            number
        };
        view(rank, TOKEN_NUMS).store(0, &last.map(number).collect::<Vec<i64>>());
        let index = view(rank, INDEX);
        if layout.first {
            index.store(0, &places(&layout, &choices[rank]));
        } else {
            let triples: Vec<i64> =
                routes.rows(rank).flat_map(|row| [row.rank, row.token, row.choice]).map(|n| n as i64).collect();
            index.store(0, &triples);
        }
        if let Some(out) = optional(rank, EXPAND_SCALES) {
            let weights: Vec<Vec<f32>> = (0..layout.ranks).map(|from| all::<f32>(&view(from, WEIGHTS))).collect();
            let of: Vec<f32> = routes.rows(rank).map(|r| weights[r.rank][r.token * layout.choices + r.choice]).collect();
            out.store(0, &of);
        }
    }
}

/// The place of each choice among those of its rank for the same expert; 0 where it takes no part.
fn places(layout: &Layout, choices: &Choices) -> Vec<i64> {
    let mut seen = vec![0; layout.ids()];
    let place = |at: usize| {
        let Some(expert) = choices.id(at) else { return 0 };
        seen[expert] += 1;
        seen[expert] - 1
    };
    (0..choices.tokens * layout.choices).map(place).collect()
}

/// `round(x * smooth * 127 / max|x * smooth|)` and what undoes it; a row of zeros stays one, with a scale of 0.
fn quantise(row: &[f32], smooth: Option<&[f32]>) -> (Vec<i64>, f32) {
    let value = |(i, x): (usize, &f32)| smooth.map_or(*x, |smooth| *x * smooth[i]);
    let most = row.iter().enumerate().map(value).fold(0.0f32, |most, x| most.max(x.abs()));
    if most == 0.0 {
        return (vec![0; row.len()], 0.0);
    }
    let factor = 127.0 / most;
    (row.iter().enumerate().map(|at| (value(at) * factor).round_ties_even() as i64).collect(), 1.0 / factor)
}
