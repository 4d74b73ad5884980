//! `aclnnFlashAttentionUnpaddingScoreGrad`: the gradient of `aclnnFlashAttentionVarLenScore`.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::backward::Backward;
use super::checks;
use super::scratch;
use super::varlen::{Params, statistics};
use crate::convert::with_float;
use crate::ops::call::Call;
use crate::reject::Outcome;

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnFlashAttentionUnpaddingScoreGradGetWorkspaceSize(
    query: *const aclTensor,
    key_in: *const aclTensor,
    value: *const aclTensor,
    dy: *const aclTensor,
    pse_shift: *const aclTensor,
    drop_mask: *const aclTensor,
    padding_mask: *const aclTensor,
    atten_mask: *const aclTensor,
    softmax_max: *const aclTensor,
    softmax_sum: *const aclTensor,
    softmax_in: *const aclTensor,
    attention_in: *const aclTensor,
    prefix: *const aclIntArray,
    actual_seq_q_len: *const aclIntArray,
    actual_seq_kv_len: *const aclIntArray,
    scale_value: f64,
    keep_prob: f64,
    pre_tokens: i64,
    next_tokens: i64,
    head_num: i64,
    input_layout: *mut c_char,
    inner_precise: i64,
    sparse_mode: i64,
    dq_out: *const aclTensor,
    dk_out: *const aclTensor,
    dv_out: *const aclTensor,
    dpse_out: *const aclTensor,
    workspace_size: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = "aclnnFlashAttentionUnpaddingScoreGrad";
    let mut call = Call::new(name);
    let params = Params {
        query,
        key: key_in,
        value,
        shift: pse_shift,
        drop_mask,
        padding_mask,
        atten_mask,
        prefix,
        actual_seq_q_len,
        actual_seq_kv_len,
        keep_prob,
        pre_tokens,
        next_tokens,
        head_num,
        input_layout,
        inner_precise,
        sparse_mode,
    };
    let given = params.check(&mut call, name)?;
    let (q_dims, kv_dims, dtype) = (given.q_dims, given.kv_dims, given.dtype);
    let dy = call.input("dy", dy)?;
    let max = call.input("softmaxMax", softmax_max)?;
    let sum = call.input("softmaxSum", softmax_sum)?;
    if let Some(softmax_in) = call.optional_input("softmaxIn", softmax_in)? {
        checks::empty(name, "softmaxIn", &softmax_in)?;
    }
    let out = call.input("attentionIn", attention_in)?;
    let dq = call.output("dq", dq_out)?;
    let dk = call.output("dk", dk_out)?;
    let dv = call.output("dv", dv_out)?;
    let dpse = call.output("dpse", dpse_out)?;
    checks::empty(name, "dpse", &dpse)?;
    let shapes =
        [("dy", &dy, q_dims), ("attentionIn", &out, q_dims), ("dq", &dq, q_dims), ("dk", &dk, kv_dims), ("dv", &dv, kv_dims)];
    for (param, tensor, dims) in shapes {
        checks::same(name, param, tensor, dtype, &dims)?;
    }
    let backward = Backward {
        arch: scratch::arch(),
        q: given.q,
        k: given.k,
        v: given.v,
        dy: checks::heads(name, "dy", &dy)?,
        out: checks::heads(name, "attentionIn", &out)?,
        dq: checks::heads(name, "dq", &dq)?,
        dk: checks::heads(name, "dk", &dk)?,
        dv: checks::heads(name, "dv", &dv)?,
        max: statistics(name, "softmaxMax", &max, q_dims)?,
        sum: statistics(name, "softmaxSum", &sum, q_dims)?,
        tokens: q_dims[0],
        mask: given.mask,
        kv_heads: kv_dims[1],
        group: q_dims[1] / kv_dims[1],
        dim: q_dims[2],
        scale: scale_value as f32,
        seqs: given.seqs,
    };
    call.finish(workspace_size, executor, move || {
        // SAFETY: the descriptors were checked above, and the runtime checks their memory before it runs this.
        with_float!(dtype, T => unsafe { backward.run::<T>() })
    })
}
