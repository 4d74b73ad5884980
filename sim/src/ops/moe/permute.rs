//! Tokens in the order of their experts, and back: `aclnnMoeTokenPermute`, `aclnnMoeTokenUnpermute` and their gradients.

use ascend_rl_sys::types::*;

use super::{check_matrix, checked, gather_rows};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::{Parts, Row, all};
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

fn refuse_padded(name: &str, padded: bool) -> Outcome {
    check!(!padded, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: paddedMode is true; false is taken");
    Ok(())
}

/// Choices of each token, `[tokens, topK]` or `[tokens]`.
fn top_k(name: &str, indices: &Tensor, tokens: usize) -> Outcome<usize> {
    check_dtype(name, "indices", indices, &[ACL_INT64, ACL_INT32])?;
    let fits = (1..=2).contains(&indices.rank()) && indices.dims[0] == tokens;
    check!(fits, ACLNN_ERR_PARAM_INVALID, "{name}: indices has shape {:?}; {tokens} rows are needed", indices.dims);
    Ok(indices.dims.get(1).copied().unwrap_or(1))
}

/// `permuteTokens[sortedIndices[i]] = tokens[i / topK]`, `sortedIndices` being where choice `i` stands when all are sorted by
/// expert, equals in their order. `numOutTokens` of 0 keeps all rows, a negative number leaves out as many.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeTokenPermuteGetWorkspaceSize(
    tokens: *const aclTensor,
    indices: *const aclTensor,
    num_out_tokens: i64,
    padded_mode: bool,
    permute_tokens_out: *const aclTensor,
    sorted_indices_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeTokenPermute";
    let mut call = Call::new(NAME);
    let (x, indices) = (call.input("tokens", tokens)?, call.input("indices", indices)?);
    let (out, sorted) =
        (call.output("permuteTokensOut", permute_tokens_out)?, call.output("sortedIndicesOut", sorted_indices_out)?);
    refuse_padded(NAME, padded_mode)?;
    let (rows, width) = check_matrix(NAME, "tokens", &x, FLOATS)?;
    let k = top_k(NAME, &indices, rows)?;
    let total = (rows * k) as i64;
    let kept = if num_out_tokens > 0 { num_out_tokens.min(total) } else { (total + num_out_tokens).max(0) } as usize;
    check_same_dtype(NAME, "permuteTokensOut", &out, "tokens", x.dtype)?;
    check_shape(NAME, "permuteTokensOut", &out, &[kept, width])?;
    check_writable(NAME, "permuteTokensOut", &out)?;
    check_dtype(NAME, "sortedIndicesOut", &sorted, &[ACL_INT32])?;
    check_shape(NAME, "sortedIndicesOut", &sorted, &[rows * k])?;
    check_writable(NAME, "sortedIndicesOut", &sorted)?;
    let [x, indices, out, sorted] = [x, indices, out, sorted].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let order = sorted_order(&all::<i64>(&indices));
        sorted.store(0, &inverse(&order));
        gather_rows(&x, &out, width, kept, |r| std::iter::once((order[r] / k, 1.0)));
    })
}

/// The choices in the order of their experts, equals in their own.
pub(super) fn sorted_order(experts: &[i64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..experts.len()).collect();
    order.sort_by_key(|&i| experts[i]);
    order
}

/// Where each choice stands in an order.
pub(super) fn inverse(order: &[usize]) -> Vec<i64> {
    let mut places = vec![0i64; order.len()];
    order.iter().enumerate().for_each(|(place, &i)| places[i] = place as i64);
    places
}

/// Gradient of the permutation: each token's rows, added up.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeTokenPermuteGradGetWorkspaceSize(
    permuted_output_grad: *const aclTensor,
    sorted_indices: *const aclTensor,
    num_topk: i64,
    padded_mode: bool,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeTokenPermuteGrad";
    let mut call = Call::new(NAME);
    let (grad, sorted) = (call.input("permutedOutputGrad", permuted_output_grad)?, call.input("sortedIndices", sorted_indices)?);
    let out = call.output("out", out)?;
    refuse_padded(NAME, padded_mode)?;
    let (rows, width) = check_matrix(NAME, "permutedOutputGrad", &grad, FLOATS)?;
    let k = usize::try_from(num_topk).unwrap_or(0);
    check_dtype(NAME, "sortedIndices", &sorted, &[ACL_INT32])?;
    check!(
        k > 0 && sorted.rank() == 1 && sorted.dims[0].is_multiple_of(k),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: sortedIndices has shape {:?}; numTopk {num_topk} of each token are needed",
        sorted.dims
    );
    let tokens = sorted.dims[0] / k;
    check_same_dtype(NAME, "out", &out, "permutedOutputGrad", grad.dtype)?;
    check_shape(NAME, "out", &out, &[tokens, width])?;
    check_writable(NAME, "out", &out)?;
    let [grad, sorted, out] = [grad, sorted, out].map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let places = checked(NAME, "sortedIndices", all::<i64>(&sorted), tokens * k, false);
        let of = |t: usize| places[t * k..(t + 1) * k].iter().flatten().copied();
        // Rows that were left out have no gradient.
        gather_rows(&grad, &out, width, tokens, |t| of(t).filter(|&p| p < rows).map(|p| (p, 1.0)));
    })
}

/// Shapes of the way back: rows, their width, choices of each token, tokens.
struct Back {
    rows: usize,
    width: usize,
    k: usize,
    tokens: usize,
}

impl Back {
    fn check(call: &Call, x: &Tensor, sorted: &Tensor, probs: Option<&Tensor>, restore: *const aclIntArray) -> Outcome<Back> {
        let name = call.name();
        let (rows, width) = check_matrix(name, "permutedTokens", x, FLOATS)?;
        check_dtype(name, "sortedIndices", sorted, &[ACL_INT32])?;
        check!(sorted.rank() == 1, ACLNN_ERR_PARAM_INVALID, "{name}: sortedIndices is {}-D; 1-D is needed", sorted.rank());
        let mut k = 1;
        if let Some(probs) = probs {
            let tokens;
            (tokens, k) = check_matrix(name, "probsOptional", probs, FLOATS)?;
            let (total, given) = (tokens * k, sorted.dims[0]);
            check!(total == given, ACLNN_ERR_PARAM_INVALID, "{name}: probsOptional has {total} elements, sortedIndices {given}");
        }
        if let Some(shape) = call.int_array("restoreShapeOptional", restore)?
            && !shape.is_empty()
        {
            reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: restoreShapeOptional is given without paddedMode; pass null")
        }
        Ok(Back { rows, width, k, tokens: sorted.dims[0].checked_div(k).unwrap_or(0) })
    }
}

/// `out[t] = Σ probs[t][k] * permutedTokens[sortedIndices[t*K + k]]`; without `probs` each token has one row.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeTokenUnpermuteGetWorkspaceSize(
    permuted_tokens: *const aclTensor,
    sorted_indices: *const aclTensor,
    probs: *const aclTensor,
    padded_mode: bool,
    restore_shape: *const aclIntArray,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeTokenUnpermute";
    let mut call = Call::new(NAME);
    let (x, sorted) = (call.input("permutedTokens", permuted_tokens)?, call.input("sortedIndices", sorted_indices)?);
    let (probs, out) = (call.optional_input("probsOptional", probs)?, call.output("out", out)?);
    refuse_padded(NAME, padded_mode)?;
    let Back { rows, width, k, tokens } = Back::check(&call, &x, &sorted, probs.as_ref(), restore_shape)?;
    check_same_dtype(NAME, "out", &out, "permutedTokens", x.dtype)?;
    check_shape(NAME, "out", &out, &[tokens, width])?;
    check_writable(NAME, "out", &out)?;
    let [x, sorted, out] = [x, sorted, out].map(|t| View::new(&t));
    let probs = probs.map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let places = checked(NAME, "sortedIndices", all::<i64>(&sorted), tokens * k, false);
        let probs = probs.as_ref().map_or_else(|| vec![1.0; tokens * k], all::<f32>);
        let of = |t: usize| (t * k..(t + 1) * k).filter_map(|i| places[i].map(|p| (p, probs[i])));
        gather_rows(&x, &out, width, tokens, |t| of(t).filter(|&(p, _)| p < rows));
    })
}

/// `permutedTokensGrad[sortedIndices[i]] = probs[i] * grad[i / K]`, `probsGrad[i]` the product of that row with that gradient.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeTokenUnpermuteGradGetWorkspaceSize(
    permuted_tokens: *const aclTensor,
    unpermuted_tokens_grad: *const aclTensor,
    sorted_indices: *const aclTensor,
    probs: *const aclTensor,
    padded_mode: bool,
    restore_shape: *const aclIntArray,
    permuted_tokens_grad_out: *const aclTensor,
    probs_grad_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeTokenUnpermuteGrad";
    let mut call = Call::new(NAME);
    let (x, grad) = (call.input("permutedTokens", permuted_tokens)?, call.input("unpermutedTokensGrad", unpermuted_tokens_grad)?);
    let (sorted, probs) = (call.input("sortedIndices", sorted_indices)?, call.optional_input("probsOptional", probs)?);
    refuse_padded(NAME, padded_mode)?;
    let Back { rows, width, k, tokens } = Back::check(&call, &x, &sorted, probs.as_ref(), restore_shape)?;
    check_same_dtype(NAME, "unpermutedTokensGrad", &grad, "permutedTokens", x.dtype)?;
    check_shape(NAME, "unpermutedTokensGrad", &grad, &[tokens, width])?;
    let dx = call.output("permutedTokensGradOut", permuted_tokens_grad_out)?;
    check_same_dtype(NAME, "permutedTokensGradOut", &dx, "permutedTokens", x.dtype)?;
    check_shape(NAME, "permutedTokensGradOut", &dx, &x.dims)?;
    check_writable(NAME, "permutedTokensGradOut", &dx)?;
    let mut dprobs = None;
    if let Some(probs) = &probs {
        let t = call.output("probsGradOut", probs_grad_out)?;
        check_same_dtype(NAME, "probsGradOut", &t, "probsOptional", probs.dtype)?;
        check_shape(NAME, "probsGradOut", &t, &probs.dims)?;
        check_writable(NAME, "probsGradOut", &t)?;
        dprobs = Some(View::new(&t));
    }
    let [x, grad, sorted, dx] = [x, grad, sorted, dx].map(|t| View::new(&t));
    let probs = probs.map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let places = checked(NAME, "sortedIndices", all::<i64>(&sorted), tokens * k, false);
        let probs = probs.as_ref().map_or_else(|| vec![1.0; tokens * k], all::<f32>);
        let mut choice_of = vec![None; rows];
        for (i, place) in places.iter().enumerate() {
            if let Some(slot) = place.and_then(|p| choice_of.get_mut(p)) {
                *slot = Some(i);
            }
        }
        gather_rows(&grad, &dx, width, rows, |r| choice_of[r].map(|i| (i / k, probs[i])).into_iter());
        if let Some(dprobs) = &dprobs {
            dprobs.store(0, &products(&x, &grad, width, |i| i / k, &places, rows));
        }
    })
}

/// Of each choice, the product of its row of `x` with its token's row of `grad`; 0 where it has none.
pub(super) fn products(
    x: &View,
    grad: &View,
    width: usize,
    token: impl Fn(usize) -> usize + Sync,
    places: &[Option<usize>],
    rows: usize,
) -> Vec<f32> {
    let mut out = vec![0f32; places.len()];
    let parts = Parts::new(&mut out);
    split(places.len(), width, |range| {
        let (mut left, mut right) = (Row::new(width), Row::new(width));
        for i in range {
            let Some(place) = places[i].filter(|&p| p < rows) else { continue };
            let (x, d) = (left.load(x, place * width, width), right.load(grad, token(i) * width, width));
            let sum = x.iter().zip(d).map(|(x, d)| (x * d) as f64).sum::<f64>();
            // SAFETY: each choice has its own place in `out`, which outlives the call.
            let slot = unsafe { parts.slice(i, 1) };
            slot[0] = sum as f32;
        }
    });
    out
}
