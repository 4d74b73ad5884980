//! `aclnnMoeDistributeCombine`, V2, V3: what the experts made of each token back to its rank, weighted and added up.
//!
//! `x[t] = Σ expertScales[t][k] * row(t, k) + Σ shared rows + sharedExpertX[t]`, in f32 and in this order, rounded once. A zero
//! expert adds nothing, a copy expert the token itself, a constant expert `alpha1 * token + alpha2 * v`. Tokens that take no part
//! are not written. Which row is whose is what dispatch has written: `expandIdx` in the first version, rank, token and choice
//! of each row in the others.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::experts::{Asks, Experts, Given, Tokens};
use super::layout::TERMS;
use super::sums::combine_all;
use super::tensor_parallel::add;
use crate::hccl::joint::{Member, Operation, Stage, WORKSPACE};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::reject::{Outcome, check};

pub(super) static COMBINE: Operation = version("aclnnMoeDistributeCombine");
pub(super) static COMBINE_V2: Operation = version("aclnnMoeDistributeCombineV2");
pub(super) static COMBINE_V3: Operation = version("aclnnMoeDistributeCombineV3");

const fn version(name: &'static str) -> Operation {
    Operation { name, terms: TERMS, agree: Operation::nothing_else, work: combine_all }
}

/// Tensors as C gave them.
struct Tensors {
    expand_x: *const aclTensor,
    ids: *const aclTensor,
    index: (&'static str, *const aclTensor),
    ep_counts: *const aclTensor,
    weights: *const aclTensor,
    tp_counts: (&'static str, *const aclTensor),
    mask: (&'static str, *const aclTensor),
    /// What no version takes.
    reserved: [(&'static str, *const aclTensor); 3],
    expand_scales: (&'static str, *const aclTensor),
    shared_x: *const aclTensor,
    /// `oriX`, the two alphas and the constants.
    special: [*const aclTensor; 4],
    out: (&'static str, *mut aclTensor),
}

/// Numbers that CANN keeps for later.
struct Reserved {
    out_dtype: i64,
    comm_quant_mode: i64,
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeDistributeCombineGetWorkspaceSize(
    expand_x: *const aclTensor,
    expert_ids: *const aclTensor,
    expand_idx: *const aclTensor,
    ep_send_counts: *const aclTensor,
    expert_scales: *const aclTensor,
    tp_send_counts: *const aclTensor,
    x_active_mask: *const aclTensor,
    activation_scale: *const aclTensor,
    weight_scale: *const aclTensor,
    group_list: *const aclTensor,
    expand_scales: *const aclTensor,
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
    global_bs: i64,
    out_dtype: i64,
    comm_quant_mode: i64,
    _group_list_type: i64,
    x: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let tensors = Tensors {
        expand_x,
        ids: expert_ids,
        index: ("expandIdx", expand_idx),
        ep_counts: ep_send_counts,
        weights: expert_scales,
        tp_counts: ("tpSendCounts", tp_send_counts),
        mask: ("xActiveMask", x_active_mask),
        reserved: [("activationScale", activation_scale), ("weightScale", weight_scale), ("groupList", group_list)],
        expand_scales: ("expandScales", expand_scales),
        shared_x: std::ptr::null(),
        special: [std::ptr::null(); 4],
        out: ("x", x),
    };
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
    combine(&COMBINE, tensors, &given, Reserved { out_dtype, comm_quant_mode }, ws, executor)
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeDistributeCombineV2GetWorkspaceSize(
    expand_x: *const aclTensor,
    expert_ids: *const aclTensor,
    assist_info_for_combine: *const aclTensor,
    ep_send_counts: *const aclTensor,
    expert_scales: *const aclTensor,
    tp_send_counts: *const aclTensor,
    x_active_mask: *const aclTensor,
    activation_scale: *const aclTensor,
    weight_scale: *const aclTensor,
    group_list: *const aclTensor,
    expand_scales: *const aclTensor,
    shared_expert_x: *const aclTensor,
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
    global_bs: i64,
    out_dtype: i64,
    comm_quant_mode: i64,
    _group_list_type: i64,
    comm_alg: *const c_char,
    x_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let tensors = Tensors {
        expand_x,
        ids: expert_ids,
        index: ("assistInfoForCombine", assist_info_for_combine),
        ep_counts: ep_send_counts,
        weights: expert_scales,
        tp_counts: ("tpSendCountsOptional", tp_send_counts),
        mask: ("xActiveMaskOptional", x_active_mask),
        reserved: later_reserved([activation_scale, weight_scale, group_list]),
        expand_scales: ("expandScalesOptional", expand_scales),
        shared_x: shared_expert_x,
        special: [std::ptr::null(); 4],
        out: ("xOut", x_out),
    };
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
    combine(&COMBINE_V2, tensors, &given, Reserved { out_dtype, comm_quant_mode }, ws, executor)
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeDistributeCombineV3GetWorkspaceSize(
    expand_x: *const aclTensor,
    expert_ids: *const aclTensor,
    assist_info_for_combine: *const aclTensor,
    ep_send_counts: *const aclTensor,
    expert_scales: *const aclTensor,
    tp_send_counts: *const aclTensor,
    x_active_mask: *const aclTensor,
    activation_scale: *const aclTensor,
    weight_scale: *const aclTensor,
    group_list: *const aclTensor,
    expand_scales: *const aclTensor,
    shared_expert_x: *const aclTensor,
    elastic_info: *const aclTensor,
    ori_x: *const aclTensor,
    const_expert_alpha1: *const aclTensor,
    const_expert_alpha2: *const aclTensor,
    const_expert_v: *const aclTensor,
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
    global_bs: i64,
    out_dtype: i64,
    comm_quant_mode: i64,
    _group_list_type: i64,
    comm_alg: *const c_char,
    zero_expert_num: i64,
    copy_expert_num: i64,
    const_expert_num: i64,
    x_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    Call::new(COMBINE_V3.name).absent("elasticInfoOptional", elastic_info)?;
    let tensors = Tensors {
        expand_x,
        ids: expert_ids,
        index: ("assistInfoForCombine", assist_info_for_combine),
        ep_counts: ep_send_counts,
        weights: expert_scales,
        tp_counts: ("tpSendCountsOptional", tp_send_counts),
        mask: ("xActiveMaskOptional", x_active_mask),
        reserved: later_reserved([activation_scale, weight_scale, group_list]),
        expand_scales: ("expandScalesOptional", expand_scales),
        shared_x: shared_expert_x,
        special: [ori_x, const_expert_alpha1, const_expert_alpha2, const_expert_v],
        out: ("xOut", x_out),
    };
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
    combine(&COMBINE_V3, tensors, &given, Reserved { out_dtype, comm_quant_mode }, ws, executor)
}

/// With the names that the second and the third version use.
fn later_reserved([activation, weight, groups]: [*const aclTensor; 3]) -> [(&'static str, *const aclTensor); 3] {
    [("activationScaleOptional", activation), ("weightScaleOptional", weight), ("groupListOptional", groups)]
}

fn combine(
    operation: &'static Operation,
    given_tensors: Tensors,
    given: &Given,
    reserved: Reserved,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = operation.name;
    let mut call = Call::new(name);
    let t = given_tensors;
    let (expand_x, ids) = (call.input("expandX", t.expand_x)?, call.input("expertIds", t.ids)?);
    let (index, ep_counts) = (call.input(t.index.0, t.index.1)?, call.input("epSendCounts", t.ep_counts)?);
    let (weights, out) = (call.input("expertScales", t.weights)?, call.output(t.out.0, t.out.1)?);
    let experts = Experts::read(name, given)?;
    // The tiling reads neither outDtype nor groupListType. The second says how a list lies that no version takes, and CANN's samples
    // pass 1; the first asks for something.
    check!(
        reserved.out_dtype == 0,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: outDtype is {}, which CANN keeps for later; pass 0",
        reserved.out_dtype
    );
    check!(
        matches!(reserved.comm_quant_mode, 0 | 2),
        ACLNN_ERR_INNER_TILING_ERROR,
        "{name}: commQuantMode is {}; 0 and 2 are taken",
        reserved.comm_quant_mode
    );
    check!(
        reserved.comm_quant_mode == 0,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: commQuantMode is 2 (int8 between ranks), which the simulator does not imitate; pass 0"
    );
    for (param, handle) in t.reserved {
        call.absent(param, handle)?;
    }
    let tokens = experts.tokens((t.out.0, &out), &ids, Asks::Combine)?;
    check_writable(name, t.out.0, &out)?;
    let rows = experts.capacity(&tokens);
    experts.at_least("expandX", &expand_x, out.dtype, &[rows * experts.tp_size(), tokens.width])?;
    let places = if given.version == 1 { tokens.count * tokens.choices } else { rows * 128 };
    experts.at_least(t.index.0, &index, ACL_INT32, &[places])?;
    experts.at_least("epSendCounts", &ep_counts, ACL_INT32, &[experts.counts(&tokens)])?;
    experts.exactly("expertScales", &weights, ACL_FLOAT, &[tokens.count, tokens.choices])?;
    let mask = experts.mask(&mut call, t.mask.0, t.mask.1, &tokens)?;
    if experts.a3 {
        call.absent(t.expand_scales.0, t.expand_scales.1)?;
    } else {
        // The weights of the rows, which only the hierarchy adds up early by: they are `expertScales` again.
        let scales = call.input(t.expand_scales.0, t.expand_scales.1)?;
        experts.at_least(t.expand_scales.0, &scales, ACL_FLOAT, &[rows])?;
    }
    let shared_x = read_shared(&mut call, &experts, t.shared_x, &tokens, out.dtype)?;
    let [original, alpha_1, alpha_2, constants] = read_special(&mut call, &experts, t.special, &tokens, out.dtype)?;
    // The other rank of the second communicator comes first.
    let mut stages = Vec::new();
    let (mut expand_x, mut scratch) = (("expandX", expand_x), 0);
    match &experts.tp {
        None => call.absent(t.tp_counts.0, t.tp_counts.1)?,
        Some((domain, _)) => {
            let counts = call.input(t.tp_counts.0, t.tp_counts.1)?;
            experts.exactly(t.tp_counts.0, &counts, ACL_INT32, &[2])?;
            let (stage, sums) = add(domain, &experts, expand_x, (t.tp_counts.0, counts));
            stages.push(stage);
            (expand_x, scratch) = ((WORKSPACE, sums), sums.span_bytes());
        }
    }
    let tensors = vec![
        Some(expand_x),
        Some(("expertIds", ids)),
        Some((t.index.0, index)),
        Some(("epSendCounts", ep_counts)),
        Some(("expertScales", weights)),
        mask.map(|mask| (t.mask.0, mask)),
        shared_x.map(|t| ("sharedExpertXOptional", t)),
        original.map(|t| ("oriXOptional", t)),
        alpha_1.map(|t| ("constExpertAlpha1Optional", t)),
        alpha_2.map(|t| ("constExpertAlpha2Optional", t)),
        constants.map(|t| ("constExpertVOptional", t)),
        Some((t.out.0, out)),
    ];
    let terms = experts.terms(&tokens, out.dtype, 0)?;
    let member = Member { operation, terms, own: vec![i64::from(given.version)], tensors };
    stages.push(Stage::Meeting { domain: experts.ep.clone(), member: member.into() });
    call.finish_together(ws, executor, stages, scratch)
}

/// What the caller's own shared expert made of its tokens.
fn read_shared(
    call: &mut Call,
    experts: &Experts,
    handle: *const aclTensor,
    tokens: &Tokens,
    dtype: aclDataType,
) -> Outcome<Option<Tensor>> {
    const PARAM: &str = "sharedExpertXOptional";
    if !experts.a3 {
        call.absent(PARAM, handle)?;
    }
    let name = call.name();
    let Some(t) = call.optional_input(PARAM, handle)? else { return Ok(None) };
    check_same_dtype(name, PARAM, &t, "expandX", dtype)?;
    let fits = matches!(t.rank(), 2 | 3)
        && t.dims[t.rank() - 1] == tokens.width
        && t.dims[..t.rank() - 1].iter().product::<usize>() == tokens.count;
    check!(
        fits,
        ACLNN_ERR_INNER_TILING_ERROR,
        "{name}: {PARAM} has shape {:?}; [{}, {}] is needed, its first dim may be two",
        t.dims,
        tokens.count,
        tokens.width
    );
    check!(
        experts.shared_ranks == 0,
        ACLNN_ERR_INNER_TILING_ERROR,
        "{name}: {PARAM} is given with a sharedExpertRankNum of {}; 0 is taken",
        experts.shared_ranks
    );
    Ok(Some(t))
}

/// `oriX`, and what constant experts need.
fn read_special(
    call: &mut Call,
    experts: &Experts,
    handles: [*const aclTensor; 4],
    tokens: &Tokens,
    dtype: aclDataType,
) -> Outcome<[Option<Tensor>; 4]> {
    const PARAMS: [&str; 4] = ["oriXOptional", "constExpertAlpha1Optional", "constExpertAlpha2Optional", "constExpertVOptional"];
    let [_, copy, constant] = experts.special;
    let name = call.name();
    let shapes: [&[usize]; 4] = [&[tokens.count, tokens.width], &[constant], &[constant], &[constant, tokens.width]];
    let mut read = [None; 4];
    for (at, (param, handle)) in PARAMS.into_iter().zip(handles).enumerate() {
        let needed = if at == 0 { copy + constant > 0 } else { constant > 0 };
        if !experts.a3 {
            call.absent(param, handle)?;
        }
        let given = call.optional_input(param, handle)?;
        check!(
            given.is_some() || !needed,
            ACLNN_ERR_INNER_TILING_ERROR,
            "{name}: {param} is null with copyExpertNum {copy} and constExpertNum {constant}"
        );
        if let Some(t) = given.filter(|_| needed) {
            experts.exactly(param, &t, dtype, shapes[at])?;
            read[at] = Some(t);
        }
    }
    Ok(read)
}
