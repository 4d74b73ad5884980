//! Tokens in the order of their experts by a map of which expert takes which token: `aclnnMoeTokenPermuteWithRoutingMap` and its
//! gradient. The way back is [`super::routing_map_back`].
//!
//! Without padding each token has as many experts as any other, and `sortedIndices[t * topK + j]` is where the row of its `j`-th
//! expert stands. With padding each expert has `capacity` rows, and `sortedIndices[e * capacity + c]` is the token of each: those
//! that the map gives it, then those that it does not.

use ascend_rl_sys::types::*;

use super::permute::{inverse, sorted_order};
use super::{check_matrix, checked, gather_rows};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::all;
use crate::ops::view::View;
use crate::reject::{Outcome, check, fail, reject};

pub(super) const MAPS: &[aclDataType] = &[ACL_INT8, ACL_BOOL];
/// Tokens and experts stay below it: the device sorts them as floats.
const LIMIT: usize = 16_777_215;
/// Most experts of a token.
pub(super) const MOST: usize = 512;

/// A 2-D tensor of these dims.
pub(super) fn check_is(name: &str, param: &str, t: &Tensor, dtypes: &[aclDataType], dims: &[usize]) -> Outcome {
    check_dtype(name, param, t, dtypes)?;
    check_shape(name, param, t, dims)
}

/// An output of this dtype and these dims.
pub(super) fn check_out(name: &str, param: &str, t: &Tensor, dtype: aclDataType, dims: &[usize]) -> Outcome {
    check_is(name, param, t, &[dtype], dims)?;
    check_writable(name, param, t)
}

/// Which expert takes which token.
pub(super) struct Map {
    view: View,
    experts: usize,
}

impl Map {
    pub(super) fn new(t: &Tensor) -> Map {
        Map { view: View::new(t), experts: t.dims[1] }
    }

    /// The places of the map that are set, token by token; there are `k` of each, or the operation fails.
    pub(super) fn by_token(&self, name: &str, k: usize) -> Vec<usize> {
        let set = all::<i64>(&self.view);
        for (t, row) in set.chunks(self.experts).enumerate() {
            let count = row.iter().filter(|&&set| set != 0).count();
            if count != k {
                fail!("{name}: token {t} has {count} experts in routingMap; each has {k}")
            }
        }
        (0..set.len()).filter(|&at| set[at] != 0).collect()
    }

    /// Of each expert, its tokens and then the others, `capacity` in all.
    fn by_expert(&self, capacity: usize) -> Vec<usize> {
        let set = all::<i64>(&self.view);
        let tokens = set.len() / self.experts;
        let of = |e: usize| {
            let (own, others): (Vec<usize>, Vec<usize>) = (0..tokens).partition(|&t| set[t * self.experts + e] != 0);
            own.into_iter().chain(others).take(capacity)
        };
        (0..self.experts).flat_map(of).collect()
    }
}

/// Copies tokens to their experts' rows. `numOutTokens` is `tokens * topK`, or `experts * capacity`; what is left over counts for
/// nothing.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeTokenPermuteWithRoutingMapGetWorkspaceSize(
    tokens: *const aclTensor,
    routing_map: *const aclTensor,
    probs: *const aclTensor,
    num_out_tokens: i64,
    drop_and_pad: bool,
    permute_tokens_out: *mut aclTensor,
    permute_probs_out: *mut aclTensor,
    sorted_indices_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeTokenPermuteWithRoutingMap";
    let mut call = Call::new(NAME);
    let (x, map) = (call.input("tokens", tokens)?, call.input("routingMap", routing_map)?);
    let probs = call.optional_input("probsOptional", probs)?;
    let out = call.output("permuteTokensOut", permute_tokens_out)?;
    let sorted = call.output("sortedIndicesOut", sorted_indices_out)?;
    let (count, width) = check_matrix(NAME, "tokens", &x, FLOATS)?;
    let (rows, experts) = check_matrix(NAME, "routingMap", &map, MAPS)?;
    check!(rows == count, ACLNN_ERR_PARAM_INVALID, "{NAME}: routingMap has {rows} rows; {count} tokens are given");
    check!(
        count < LIMIT && experts < LIMIT,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: routingMap is [{count}, {experts}]; dims below {LIMIT} are taken"
    );
    let most = (count * experts) as i64;
    check!(
        (0..=most).contains(&num_out_tokens),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: numOutTokens is {num_out_tokens}; 0 to {most} are taken"
    );
    let (lines, each) = if drop_and_pad { (experts, "experts") } else { (count, "tokens") };
    let share = (num_out_tokens as usize).checked_div(lines).unwrap_or(0);
    check!(
        drop_and_pad || share < MOST,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: numOutTokens is {num_out_tokens} of {lines} {each}; fewer than {MOST} of each are taken"
    );
    let total = share * lines;
    check_out(NAME, "permuteTokensOut", &out, x.dtype, &[total, width])?;
    check_out(NAME, "sortedIndicesOut", &sorted, ACL_INT32, &[total])?;
    let mut weights = None;
    if let Some(probs) = &probs {
        check_is(NAME, "probsOptional", probs, &[x.dtype], &[count, experts])?;
        let out = call.output("permuteProbsOutOptional", permute_probs_out)?;
        check_out(NAME, "permuteProbsOutOptional", &out, x.dtype, &[total])?;
        weights = Some((View::new(probs), View::new(&out)));
    } else if !permute_probs_out.is_null() {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: permuteProbsOutOptional is given without probsOptional; pass null")
    }
    let map = Map::new(&map);
    let [x, out, sorted] = [x, out, sorted].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        if total == 0 {
            return;
        }
        // Of each row, its token and its place in the map.
        let (token, place): (Vec<usize>, Vec<usize>) = if drop_and_pad {
            let tokens = map.by_expert(share);
            sorted.store(0, &tokens.iter().map(|&t| t as i64).collect::<Vec<_>>());
            tokens.iter().enumerate().map(|(row, &t)| (t, t * experts + row / share)).unzip()
        } else {
            let chosen = map.by_token(NAME, share);
            let order = sorted_order(&chosen.iter().map(|at| (at % experts) as i64).collect::<Vec<_>>());
            sorted.store(0, &inverse(&order));
            order.iter().map(|&i| (i / share, chosen[i])).unzip()
        };
        if let Some((probs, out)) = &weights {
            let probs = all::<f32>(probs);
            out.store(0, &place.iter().map(|&at| probs[at]).collect::<Vec<_>>());
        }
        gather_rows(&x, &out, width, total, |row| std::iter::once((token[row], 1.0)));
    })
}

/// Gradients of the permutation: of tokens, the sums of their rows; of probabilities, where the map has them, else 0.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeTokenPermuteWithRoutingMapGradGetWorkspaceSize(
    permuted_token_output_grad: *const aclTensor,
    permuted_probs_output_grad: *const aclTensor,
    sorted_indices: *const aclTensor,
    routing_map: *const aclTensor,
    num_experts: i64,
    tokens_num: i64,
    drop_and_pad: bool,
    tokens_grad_out: *mut aclTensor,
    probs_grad_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeTokenPermuteWithRoutingMapGrad";
    let mut call = Call::new(NAME);
    for (param, value) in [("numExperts", num_experts), ("tokensNum", tokens_num)] {
        check!(value > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {value}; a number above 0 is needed");
    }
    let (experts, count) = (num_experts as usize, tokens_num as usize);
    let grad = call.input("permutedTokenOutputGrad", permuted_token_output_grad)?;
    let probs = call.optional_input("permutedProbsOutputGradOptional", permuted_probs_output_grad)?;
    let sorted = call.input("sortedIndices", sorted_indices)?;
    let map = call.optional_input("routingMapOptional", routing_map)?;
    let out = call.output("tokensGradOut", tokens_grad_out)?;
    let (rows, width) = check_matrix(NAME, "permutedTokenOutputGrad", &grad, FLOATS)?;
    let lines = if drop_and_pad { experts } else { count };
    let share = rows / lines;
    check!(
        rows == share * lines && (drop_and_pad || share <= MOST),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: permutedTokenOutputGrad has {rows} rows of {lines} {}",
        if drop_and_pad { "experts; as many of each are needed" } else { "tokens; as many of each, up to 512, are needed" }
    );
    check_is(NAME, "sortedIndices", &sorted, &[ACL_INT32], &[rows])?;
    if let Some(map) = &map {
        check_is(NAME, "routingMapOptional", map, MAPS, &[count, experts])?;
    }
    check_out(NAME, "tokensGradOut", &out, grad.dtype, &[count, width])?;
    let mut weights = None;
    if let Some(probs) = &probs {
        check_is(NAME, "permutedProbsOutputGradOptional", probs, &[grad.dtype], &[rows])?;
        let Some(map) = &map else {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: routingMapOptional is null, permutedProbsOutputGradOptional is given")
        };
        // Without room for them they are not computed; without them their room is left alone.
        if let Some(out) = call.optional_output("probsGradOutOptional", probs_grad_out)? {
            check_out(NAME, "probsGradOutOptional", &out, grad.dtype, &[count, experts])?;
            weights = Some((View::new(probs), Map::new(map), View::new(&out)));
        }
    }
    let [grad, sorted, out] = [grad, sorted, out].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let limit = if drop_and_pad { count } else { rows };
        let indices = checked(NAME, "sortedIndices", all::<i64>(&sorted), limit, false);
        let indices: Vec<usize> = indices.into_iter().flatten().collect();
        let places = places(&indices, count, share, drop_and_pad);
        gather_rows(&grad, &out, width, count, |t| places[t].iter().map(|&i| (if drop_and_pad { i } else { indices[i] }, 1.0)));
        if let Some((probs, map, out)) = &weights {
            let probs = all::<f32>(probs);
            let mut to = vec![0f32; count * experts];
            if drop_and_pad {
                indices.iter().enumerate().for_each(|(row, &t)| to[t * experts + row / share] = probs[row]);
            } else {
                let chosen = map.by_token(NAME, share);
                let order = sorted_order(&chosen.iter().map(|at| (at % experts) as i64).collect::<Vec<_>>());
                order.iter().zip(&probs).for_each(|(&i, &grad)| to[chosen[i]] = grad);
            }
            out.store(0, &to);
        }
    })
}

/// Of each token, its places in `sortedIndices`.
pub(super) fn places(indices: &[usize], tokens: usize, share: usize, padded: bool) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new(); tokens];
    indices.iter().enumerate().for_each(|(i, &index)| places[if padded { index } else { i / share }].push(i));
    places
}
