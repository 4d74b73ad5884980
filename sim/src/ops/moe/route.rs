//! Routing: `aclnnMoeInitRouting` V1 to V3, the gradient of V2, `aclnnMoeComputeExpertTokens`.

use ascend_rl_sys::types::*;

use super::permute::{inverse, sorted_order};
use super::{check_matrix, checked, gather_rows};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::all;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// A result that is written whole: dtype and shape.
fn result(call: &mut Call, param: &'static str, handle: *const aclTensor, dtype: aclDataType, dims: &[usize]) -> Outcome<View> {
    let name = call.name();
    let t = call.output(param, handle)?;
    check_dtype(name, param, &t, &[dtype])?;
    check_shape(name, param, &t, dims)?;
    check_writable(name, param, &t)?;
    Ok(View::new(&t))
}

/// Tokens and what each chose; gives tokens, their width and choices of each.
fn tokens(call: &Call, x: &Tensor, experts: &Tensor) -> Outcome<(usize, usize, usize)> {
    let name = call.name();
    let (rows, width) = check_matrix(name, "x", x, FLOATS)?;
    let (given, k) = check_matrix(name, "expertIdx", experts, &[ACL_INT32])?;
    check!(given == rows, ACLNN_ERR_PARAM_INVALID, "{name}: expertIdx has {given} rows, x {rows}");
    Ok((rows, width, k))
}

/// Rows are numbered by `rowIdx`, column-major: row `i` is of token `i % tokens`. The first `activeNum` tokens' worth is kept.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeInitRoutingGetWorkspaceSize(
    x: *const aclTensor,
    row_idx: *const aclTensor,
    expert_idx: *const aclTensor,
    active_num: i64,
    expanded_x_out: *const aclTensor,
    expanded_row_idx_out: *const aclTensor,
    expanded_expert_idx_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeInitRouting";
    let mut call = Call::new(NAME);
    let (x, numbers) = (call.input("x", x)?, call.input("rowIdx", row_idx)?);
    let experts = call.input("expertIdx", expert_idx)?;
    let (rows, width, k) = tokens(&call, &x, &experts)?;
    check_dtype(NAME, "rowIdx", &numbers, &[ACL_INT32])?;
    check_shape(NAME, "rowIdx", &numbers, &experts.dims)?;
    check!(active_num >= 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: activeNum is {active_num}, a negative number");
    let kept = rows.min(active_num as usize) * k;
    let out = result(&mut call, "expandedXOut", expanded_x_out, x.dtype, &[kept, width])?;
    let places = result(&mut call, "expandedRowIdxOut", expanded_row_idx_out, ACL_INT32, &[rows * k])?;
    let sorted = result(&mut call, "expandedExpertIdxOut", expanded_expert_idx_out, ACL_INT32, &[rows * k])?;
    let [x, numbers, experts] = [x, numbers, experts].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let (experts, numbers) = (all::<i64>(&experts), checked(NAME, "rowIdx", all::<i64>(&numbers), rows * k, false));
        let order = sorted_order(&experts);
        sorted.store(0, &order.iter().map(|&i| experts[i]).collect::<Vec<_>>());
        let numbered: Vec<usize> = order.iter().filter_map(|&i| numbers[i]).collect();
        places.store(0, &inverse(&numbered));
        gather_rows(&x, &out, width, kept, |r| std::iter::once((numbered[r] % rows, 1.0)));
    })
}

/// Dropless (`dropPadMode` 0): all rows, of the tokens in the order of their experts. With a capacity (1): `[experts, capacity]`
/// rows, padded with zeros; a choice beyond the capacity has place -1.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeInitRoutingV2GetWorkspaceSize(
    x: *const aclTensor,
    expert_idx: *const aclTensor,
    active_num: i64,
    expert_capacity: i64,
    expert_num: i64,
    drop_pad_mode: i64,
    expert_tokens_count_or_cumsum_flag: i64,
    expert_tokens_before_capacity_flag: bool,
    expanded_x_out: *const aclTensor,
    expanded_row_idx_out: *const aclTensor,
    expert_tokens_count_or_cumsum_out: *const aclTensor,
    expert_tokens_before_capacity_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeInitRoutingV2";
    let mut call = Call::new(NAME);
    let (x, experts) = (call.input("x", x)?, call.input("expertIdx", expert_idx)?);
    let (rows, width, k) = tokens(&call, &x, &experts)?;
    for (param, value) in
        [("activeNumOptional", active_num), ("expertCapacityOptional", expert_capacity), ("expertNumOptional", expert_num)]
    {
        check!(value >= 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {value}, a negative number");
    }
    let (count, capacity) = (expert_num as usize, expert_capacity as usize);
    let padded = match drop_pad_mode {
        0 => false,
        1 => true,
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: dropPadModeOptional is {other}; 0 and 1 are taken"),
    };
    check!(
        !padded || count > 0 && capacity > 0 && capacity <= rows,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: expertCapacityOptional is {capacity} and expertNumOptional {count}; 1..{rows} and 1 or more are needed to drop and pad"
    );
    let flag = expert_tokens_count_or_cumsum_flag;
    check!(
        (0..=2).contains(&flag),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: expertTokensCountOrCumsumFlagOptional is {flag}; 0..2 are taken"
    );
    let kept = if active_num > 0 { (rows * k).min(active_num as usize) } else { rows * k };
    let dims = if padded { vec![count, capacity, width] } else { vec![kept, width] };
    let out = result(&mut call, "expandedXOut", expanded_x_out, x.dtype, &dims)?;
    let places = result(&mut call, "expandedRowIdxOut", expanded_row_idx_out, ACL_INT32, &[rows * k])?;
    let mut counts = None;
    if flag > 0 && !padded {
        check!(count > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: expertNumOptional is 0 where tokens of experts are counted");
        counts = Some(result(
            &mut call,
            "expertTokensCountOrCumsumOutOptional",
            expert_tokens_count_or_cumsum_out,
            ACL_INT32,
            &[count],
        )?);
    }
    if expert_tokens_before_capacity_flag && padded {
        counts = Some(result(
            &mut call,
            "expertTokensBeforeCapacityOutOptional",
            expert_tokens_before_capacity_out,
            ACL_INT32,
            &[count],
        )?);
    }
    let [x, experts] = [x, experts].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let experts = all::<i64>(&experts);
        if count > 0 {
            checked(NAME, "expertIdx", experts.clone(), count, false);
        }
        if let Some(counts) = &counts {
            counts.store(0, &tokens_of(&experts, 0, count, flag == 1 && !padded));
        }
        let order = sorted_order(&experts);
        if !padded {
            places.store(0, &inverse(&order));
            return gather_rows(&x, &out, width, kept, |r| std::iter::once((order[r] / k, 1.0)));
        }
        let (mut source, mut own, mut filled) = (vec![None; count * capacity], vec![-1i64; rows * k], vec![0; count]);
        for &i in &order {
            let expert = experts[i] as usize;
            if filled[expert] < capacity {
                let place = expert * capacity + filled[expert];
                (source[place], own[i]) = (Some(i / k), place as i64);
            }
            filled[expert] += 1;
        }
        places.store(0, &own);
        gather_rows(&x, &out, width, count * capacity, |r| source[r].map(|t| (t, 1.0)).into_iter());
    })
}

/// How many choices each expert from `first` on has; or where they end, counted together.
fn tokens_of(experts: &[i64], first: i64, count: usize, cumulative: bool) -> Vec<i64> {
    let mut counts = vec![0i64; count];
    for &e in experts {
        if let Some(count) = usize::try_from(e - first).ok().and_then(|at| counts.get_mut(at)) {
            *count += 1;
        }
    }
    if cumulative {
        for e in 1..count {
            counts[e] += counts[e - 1];
        }
    }
    counts
}

/// Gradient of V2: each token's rows, added up; what was dropped (-1) or lies beyond the active rows has none.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeInitRoutingV2GradGetWorkspaceSize(
    grad_expanded_x: *const aclTensor,
    expanded_row_idx: *const aclTensor,
    top_k: i64,
    drop_pad_mode: i64,
    active_num: i64,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeInitRoutingV2Grad";
    let mut call = Call::new(NAME);
    let (grad, places) = (call.input("gradExpandedX", grad_expanded_x)?, call.input("expandedRowIdx", expanded_row_idx)?);
    check_dtype(NAME, "gradExpandedX", &grad, FLOATS)?;
    check!(
        (0..=1).contains(&drop_pad_mode),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: dropPadMode is {drop_pad_mode}; 0 and 1 are taken"
    );
    let rank = 2 + drop_pad_mode as usize;
    check!(grad.rank() == rank, ACLNN_ERR_PARAM_INVALID, "{NAME}: gradExpandedX is {}-D; {rank}-D is needed", grad.rank());
    check_dtype(NAME, "expandedRowIdx", &places, &[ACL_INT32])?;
    let k = usize::try_from(top_k).unwrap_or(0);
    check!(
        k > 0 && places.rank() == 1 && places.dims[0].is_multiple_of(k),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: expandedRowIdx has shape {:?}; topK {top_k} of each token are needed",
        places.dims
    );
    let (rows, width, total) = (grad.dims[..rank - 1].iter().product::<usize>(), grad.dims[rank - 1], places.dims[0]);
    let kept = if active_num > 0 { rows.min(active_num as usize) } else { rows };
    let out = result(&mut call, "out", out, grad.dtype, &[total / k, width])?;
    let [grad, places] = [grad, places].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let places = checked(NAME, "expandedRowIdx", all::<i64>(&places), rows.max(total), drop_pad_mode == 1);
        let of = |t: usize| places[t * k..(t + 1) * k].iter().flatten().copied();
        gather_rows(&grad, &out, width, total / k, |t| of(t).filter(|&p| p < kept).map(|p| (p, 1.0)));
    })
}

/// As V2, dropless, for the experts of a range; the rest come to no row. Counts in i64; `rowIdxType` 0 gives each choice's place
/// (-1: none), 1 each place's choice.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeInitRoutingV3GetWorkspaceSize(
    x: *const aclTensor,
    expert_idx: *const aclTensor,
    scale: *const aclTensor,
    offset: *const aclTensor,
    active_num: i64,
    _expert_capacity: i64,
    expert_num: i64,
    drop_pad_mode: i64,
    expert_tokens_num_type: i64,
    expert_tokens_num_flag: bool,
    quant_mode: i64,
    active_expert_range: *const aclIntArray,
    row_idx_type: i64,
    expanded_x_out: *const aclTensor,
    expanded_row_idx_out: *const aclTensor,
    expert_tokens_count_or_cumsum_out: *const aclTensor,
    expanded_scale_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeInitRoutingV3";
    let mut call = Call::new(NAME);
    let (x, experts) = (call.input("x", x)?, call.input("expertIdx", expert_idx)?);
    let (rows, width, k) = tokens(&call, &x, &experts)?;
    call.absent("offsetOptional", offset)?;
    let one = |param: &str, value: i64, taken: &[i64], known: &[i64]| -> Outcome {
        check!(known.contains(&value), ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {value}; {known:?} are taken");
        check!(
            taken.contains(&value),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{NAME}: {param} is {value}; the simulator takes {taken:?}"
        );
        Ok(())
    };
    one("dropPadMode", drop_pad_mode, &[0], &[0, 1])?;
    one("quantMode", quant_mode, &[-1], &[-1, 0, 1])?;
    one("expertTokensNumType", expert_tokens_num_type, &[0, 1], &[0, 1, 2])?;
    one("rowIdxType", row_idx_type, &[0, 1], &[0, 1])?;
    check!(
        active_num == (rows * k) as i64,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: activeNum is {active_num}; the number of choices, {}, is needed",
        rows * k
    );
    let range = call.int_array("activeExpertRangeOptional", active_expert_range)?.filter(|range| !range.is_empty());
    let range = range.unwrap_or_else(|| vec![0, expert_num]);
    let &[first, end] = &range[..] else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: activeExpertRangeOptional has {} numbers; 2 are needed", range.len())
    };
    check!(
        0 <= first && first < end && end <= expert_num,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: activeExpertRangeOptional is {first}..{end} of {expert_num} experts"
    );
    let count = (end - first) as usize;
    let out = result(&mut call, "expandedXOut", expanded_x_out, x.dtype, &[rows * k, width])?;
    let places = result(&mut call, "expandedRowIdxOut", expanded_row_idx_out, ACL_INT32, &[rows * k])?;
    let counts = match expert_tokens_num_flag {
        true => Some(result(&mut call, "expertTokensCountOrCumsumOut", expert_tokens_count_or_cumsum_out, ACL_INT64, &[count])?),
        false => None,
    };
    let mut scales = None;
    if let Some(scale) = call.optional_input("scaleOptional", scale)? {
        check_dtype(NAME, "scaleOptional", &scale, &[ACL_FLOAT])?;
        check_shape(NAME, "scaleOptional", &scale, &[rows])?;
        scales = Some((View::new(&scale), result(&mut call, "expandedScaleOut", expanded_scale_out, ACL_FLOAT, &[rows * k])?));
    }
    let [x, experts] = [x, experts].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let experts = all::<i64>(&experts);
        checked(NAME, "expertIdx", experts.clone(), expert_num as usize, false);
        if let Some(counts) = &counts {
            counts.store(0, &tokens_of(&experts, first, count, expert_tokens_num_type == 0));
        }
        let order: Vec<usize> = sorted_order(&experts).into_iter().filter(|&i| (first..end).contains(&experts[i])).collect();
        if row_idx_type == 1 {
            // Places beyond the active rows are left alone.
            places.store(0, &order.iter().map(|&i| i as i64).collect::<Vec<_>>());
        } else {
            let mut own = vec![-1i64; rows * k];
            order.iter().enumerate().for_each(|(place, &i)| own[i] = place as i64);
            places.store(0, &own);
        }
        gather_rows(&x, &out, width, order.len(), |r| std::iter::once((order[r] / k, 1.0)));
        if let Some((scale, out)) = &scales {
            let scale = all::<f32>(scale);
            out.store(0, &order.iter().map(|&i| scale[i / k]).collect::<Vec<_>>());
        }
    })
}

/// Where each expert's tokens end in a sorted list.
pub(crate) fn aclnnMoeComputeExpertTokensGetWorkspaceSize(
    sorted_experts: *const aclTensor,
    num_experts: i64,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeComputeExpertTokens";
    let mut call = Call::new(NAME);
    let sorted = call.input("sortedExperts", sorted_experts)?;
    check_dtype(NAME, "sortedExperts", &sorted, &[ACL_INT32])?;
    check!(sorted.rank() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: sortedExperts is {}-D; 1-D is needed", sorted.rank());
    let count = usize::try_from(num_experts).unwrap_or(0);
    check!(count > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: numExperts is {num_experts}; 1 or more are needed");
    let out = result(&mut call, "out", out, ACL_INT32, &[count])?;
    let sorted = View::new(&sorted);
    call.finish(ws, executor, move || {
        let sorted = all::<i64>(&sorted);
        out.store(0, &(0..count as i64).map(|e| sorted.partition_point(|&s| s <= e) as i64).collect::<Vec<_>>());
    })
}
