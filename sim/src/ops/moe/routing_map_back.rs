//! From the order of experts back to that of tokens: `aclnnMoeTokenUnpermuteWithRoutingMap` and its gradient. What the indices are
//! with padding and without, [`super::routing_map`] says.

use ascend_rl_sys::types::*;

use super::permute::{products, sorted_order};
use super::routing_map::{MAPS, MOST, Map, check_is, check_out, places};
use super::{check_matrix, checked, gather_rows};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::all;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// Adds experts' rows up by token, each times its probability. Without padding `permuteProbs` holds probabilities token by token,
/// as the device's kernel writes them (its documentation has them by expert), and `outIndex` and `permuteTokenId` are left alone.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeTokenUnpermuteWithRoutingMapGetWorkspaceSize(
    permuted_tokens: *const aclTensor,
    sorted_indices: *const aclTensor,
    routing_map: *const aclTensor,
    probs: *const aclTensor,
    padded_mode: bool,
    restore_shape: *const aclIntArray,
    unpermuted_tokens: *mut aclTensor,
    out_index: *mut aclTensor,
    permute_token_id: *mut aclTensor,
    permute_probs: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeTokenUnpermuteWithRoutingMap";
    let mut call = Call::new(NAME);
    let (x, sorted) = (call.input("permutedTokens", permuted_tokens)?, call.input("sortedIndices", sorted_indices)?);
    let map = call.optional_input("routingMapOptional", routing_map)?;
    let probs = call.optional_input("probsOptional", probs)?;
    let restore = call.int_array("restoreShapeOptional", restore_shape)?;
    check!(
        probs.is_some() || restore.is_some(),
        ACLNN_ERR_PARAM_NULLPTR,
        "{NAME}: probsOptional and restoreShapeOptional are null; one of them is needed"
    );
    let out = call.output("unpermutedTokens", unpermuted_tokens)?;
    let (rows, width) = check_matrix(NAME, "permutedTokens", &x, FLOATS)?;
    let (count, _) = check_matrix(NAME, "unpermutedTokens", &out, &[x.dtype])?;
    if let Some(restore) = &restore {
        let same = restore[..] == [count as i64, width as i64];
        check!(same, ACLNN_ERR_PARAM_INVALID, "{NAME}: restoreShapeOptional is {restore:?}, unpermutedTokens {:?}", out.dims);
    }
    check_out(NAME, "unpermutedTokens", &out, x.dtype, &[count, width])?;
    let mut experts = 0;
    if let Some(probs) = &probs {
        experts = check_matrix(NAME, "probsOptional", probs, &[x.dtype])?.1;
        check_shape(NAME, "probsOptional", probs, &[count, experts])?;
    }
    // Of a row: how many there are of each token, or of each expert.
    let share = if padded_mode { rows.checked_div(experts) } else { rows.checked_div(count) }.unwrap_or(0);
    let whole = if padded_mode { experts == 0 || rows == share * experts } else { rows == share * count && share <= MOST };
    let each = if padded_mode { experts } else { count };
    check!(
        whole,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: permutedTokens has {rows} rows, of {each} as many each, up to {MOST}, are needed"
    );
    check_is(NAME, "sortedIndices", &sorted, &[ACL_INT32], &[rows])?;
    let mut order = None;
    if padded_mode {
        let mut index = |param: &'static str, handle| -> Outcome<View> {
            let t = call.output(param, handle)?;
            check_out(NAME, param, &t, ACL_INT32, &[rows])?;
            Ok(View::new(&t))
        };
        order = Some([index("outIndex", out_index)?, index("permuteTokenId", permute_token_id)?]);
    }
    let mut weights = None;
    if let Some(probs) = &probs {
        let map = match &map {
            Some(map) => {
                check_is(NAME, "routingMapOptional", map, MAPS, &[count, experts])?;
                Some(Map::new(map))
            }
            None if padded_mode => None,
            None => reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: routingMapOptional is null, probsOptional is given"),
        };
        let kept = if padded_mode {
            Some(call.output("permuteProbs", permute_probs)?)
        } else {
            call.optional_output("permuteProbs", permute_probs)?
        };
        if let Some(kept) = &kept {
            check_out(NAME, "permuteProbs", kept, x.dtype, &[rows])?;
        }
        weights = Some((View::new(probs), map, kept.map(|t| View::new(&t))));
    }
    let [x, sorted, out] = [x, sorted, out].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        if rows == 0 {
            return;
        }
        let limit = if padded_mode { count } else { rows };
        let indices = checked(NAME, "sortedIndices", all::<i64>(&sorted), limit, false);
        let indices: Vec<usize> = indices.into_iter().flatten().collect();
        if let Some([out_index, token_id]) = &order {
            let by_token = sorted_order(&indices.iter().map(|&t| t as i64).collect::<Vec<_>>());
            out_index.store(0, &by_token.iter().map(|&row| row as i64).collect::<Vec<_>>());
            token_id.store(0, &by_token.iter().map(|&row| indices[row] as i64).collect::<Vec<_>>());
        }
        // One for each place of `sortedIndices`.
        let probs = weights.as_ref().map(|(probs, map, kept)| {
            let probs = all::<f32>(probs);
            let chosen: Vec<f32> = match map {
                Some(map) if !padded_mode => map.by_token(NAME, share).into_iter().map(|at| probs[at]).collect(),
                _ => indices.iter().enumerate().map(|(row, &t)| probs[t * experts + row / share]).collect(),
            };
            if let Some(kept) = kept {
                kept.store(0, &chosen);
            }
            chosen
        });
        let places = places(&indices, count, share, padded_mode);
        let weight = |i: usize| probs.as_ref().map_or(1.0, |probs| probs[i]);
        gather_rows(&x, &out, width, count, |t| places[t].iter().map(|&i| (if padded_mode { i } else { indices[i] }, weight(i))));
    })
}

/// Gradients of the way back. `outIndex` has the rows: without padding the forward's `sortedIndices`, with padding what it wrote,
/// beside `permuteTokenId` with their tokens.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeTokenUnpermuteWithRoutingMapGradGetWorkspaceSize(
    unpermuted_tokens_grad: *const aclTensor,
    out_index: *const aclTensor,
    permute_token_id: *const aclTensor,
    routing_map: *const aclTensor,
    permuted_tokens: *const aclTensor,
    probs: *const aclTensor,
    drop_and_pad: bool,
    restore_shape: *const aclIntArray,
    permuted_tokens_grad_out: *const aclTensor,
    probs_grad_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeTokenUnpermuteWithRoutingMapGrad";
    let mut call = Call::new(NAME);
    let grad = call.input("unpermutedTokensGrad", unpermuted_tokens_grad)?;
    let (index, token) = (call.input("outIndex", out_index)?, call.input("permuteTokenId", permute_token_id)?);
    let probs = call.optional_input("probsOptional", probs)?;
    // Not used by the device, which knows the shape from the gradient.
    call.int_array("restoreShapeOptional", restore_shape)?;
    let dx = call.output("permutedTokensGradOut", permuted_tokens_grad_out)?;
    let (count, width) = check_matrix(NAME, "unpermutedTokensGrad", &grad, FLOATS)?;
    check_dtype(NAME, "outIndex", &index, &[ACL_INT32])?;
    check!(index.rank() == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: outIndex is {}-D; 1-D is needed", index.rank());
    let rows = index.dims[0];
    check_is(NAME, "permuteTokenId", &token, &[ACL_INT32], &[rows])?;
    check_out(NAME, "permutedTokensGradOut", &dx, grad.dtype, &[rows, width])?;
    let mut weights = None;
    let mut experts = 0;
    if let Some(probs) = &probs {
        let (map, x) = (call.input("routingMapOptional", routing_map)?, call.input("permutedTokensOptional", permuted_tokens)?);
        let dprobs = call.output("probsGradOutOptional", probs_grad_out)?;
        experts = check_matrix(NAME, "probsOptional", probs, &[grad.dtype])?.1;
        check_shape(NAME, "probsOptional", probs, &[count, experts])?;
        check_is(NAME, "routingMapOptional", &map, MAPS, &[count, experts])?;
        check_is(NAME, "permutedTokensOptional", &x, &[grad.dtype], &[rows, width])?;
        check_out(NAME, "probsGradOutOptional", &dprobs, grad.dtype, &[count, experts])?;
        weights = Some((View::new(probs), Map::new(&map), View::new(&x), View::new(&dprobs)));
    } else {
        for (param, handle) in [("routingMapOptional", routing_map), ("permutedTokensOptional", permuted_tokens)] {
            check!(handle.is_null(), ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is given without probsOptional; pass null");
        }
    }
    let lines = if drop_and_pad { experts } else { count };
    let share = rows.checked_div(lines).unwrap_or(0);
    check!(
        drop_and_pad && weights.is_none() || rows == share * lines && (drop_and_pad || share <= MOST),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: outIndex has {rows} elements; of {lines} as many each, up to {MOST}, are needed"
    );
    let [grad, index, token, dx] = [grad, index, token, dx].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        if rows == 0 {
            return;
        }
        let read = |param, view: &View, limit| -> Vec<usize> {
            checked(NAME, param, all::<i64>(view), limit, false).into_iter().flatten().collect()
        };
        let index = read("outIndex", &index, rows);
        let tokens = if drop_and_pad { read("permuteTokenId", &token, count) } else { (0..rows).map(|i| i / share).collect() };
        // Of each place of `outIndex`, its place in the map.
        let places = weights.as_ref().map(|(_, map, ..)| {
            if drop_and_pad {
                index.iter().zip(&tokens).map(|(&row, &t)| t * experts + row / share).collect()
            } else {
                map.by_token(NAME, share)
            }
        });
        let mut source = vec![None; rows];
        index.iter().enumerate().for_each(|(i, &row)| source[row] = Some(i));
        let probs = weights.as_ref().map(|(probs, ..)| all::<f32>(probs));
        let weight = |i: usize| match (&probs, &places) {
            (Some(probs), Some(places)) => probs[places[i]],
            _ => 1.0,
        };
        gather_rows(&grad, &dx, width, rows, |row| source[row].map(|i| (tokens[i], weight(i))).into_iter());
        if let (Some((.., x, dprobs)), Some(places)) = (&weights, &places) {
            let rows_of: Vec<Option<usize>> = index.iter().map(|&row| Some(row)).collect();
            let mut to = vec![0f32; count * experts];
            let sums = products(x, &grad, width, |i| tokens[i], &rows_of, rows);
            places.iter().zip(sums).for_each(|(&place, sum)| to[place] = sum);
            dprobs.store(0, &to);
        }
    })
}
