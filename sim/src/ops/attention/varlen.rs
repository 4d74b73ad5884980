//! `aclnnFlashAttentionVarLenScore`, and what its gradient shares with it: the meaning of the parameters.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::checks;
use super::forward::{Forward, Stats};
use super::scratch;
use super::view::{Heads, Mask, Seq, Source};
use crate::convert::with_float;
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::reject::{Outcome, check};

/// CANN's limits of layout TND.
const MAX_TOKENS: usize = 1 << 20;
const MAX_SEQUENCES: usize = 2048;
const MAX_HEADS: usize = 256;
const MAX_DIM: usize = 768;

/// The parameters that the forward pass and its gradient have in common.
pub(super) struct Params {
    pub query: *const aclTensor,
    pub key: *const aclTensor,
    pub value: *const aclTensor,
    pub shift: *const aclTensor,
    pub drop_mask: *const aclTensor,
    pub padding_mask: *const aclTensor,
    pub atten_mask: *const aclTensor,
    pub prefix: *const aclIntArray,
    pub actual_seq_q_len: *const aclIntArray,
    pub actual_seq_kv_len: *const aclIntArray,
    pub keep_prob: f64,
    pub pre_tokens: i64,
    pub next_tokens: i64,
    pub head_num: i64,
    pub input_layout: *mut c_char,
    pub inner_precise: i64,
    pub sparse_mode: i64,
}

/// The same, checked.
pub(super) struct Varlen {
    pub dtype: aclDataType,
    /// `[T, N, D]` of the query and `[Tkv, Nkv, D]` of keys and values.
    pub q_dims: [usize; 3],
    pub kv_dims: [usize; 3],
    pub q: Heads,
    pub k: Heads,
    pub v: Heads,
    pub mask: Mask,
    pub seqs: Vec<Seq>,
}

impl Params {
    pub(super) fn check(&self, call: &mut Call, name: &'static str) -> Outcome<Varlen> {
        let query = call.input("query", self.query)?;
        let key = call.input("key", self.key)?;
        let value = call.input("value", self.value)?;
        call.absent("realShift (pse)", self.shift)?;
        call.absent("dropMask", self.drop_mask)?;
        call.absent("paddingMask", self.padding_mask)?;
        call.absent("prefix", self.prefix)?;
        let layout = call.text("inputLayout", self.input_layout)?;
        check!(layout == "TND", ACLNN_ERR_PARAM_INVALID, "{name}: inputLayout is {layout:?}, \"TND\" is taken");
        let keep = self.keep_prob;
        check!(keep == 1.0, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: keepProb {keep} is not supported by the simulator; pass 1");
        let precise = self.inner_precise;
        check!(
            precise == 0,
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: innerPrecise {precise} is not supported by the simulator; pass 0"
        );
        let dtype = query.dtype;
        check!(
            [ACL_FLOAT, ACL_BF16, ACL_FLOAT16].contains(&dtype),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: query has dataType {}, float32, bfloat16 or float16 is needed",
            dtype.0
        );
        let (q, k, v) =
            (checks::heads(name, "query", &query)?, checks::heads(name, "key", &key)?, checks::heads(name, "value", &value)?);
        let (q_dims, kv_dims) = self.dims(name, &query, &key, &value)?;
        let mask = checks::mask(call, name, self.sparse_mode, &[0, 2, 3], self.atten_mask)?;
        let q_ends = call.int_array("actualSeqQLen", self.actual_seq_q_len)?;
        let kv_ends = call.int_array("actualSeqKvLen", self.actual_seq_kv_len)?;
        let q_lens = checks::lengths(name, "actualSeqQLen", q_ends, q_dims[0])?;
        let kv_lens = checks::lengths(name, "actualSeqKvLen", kv_ends, kv_dims[0])?;
        check!(
            q_lens.len() <= MAX_SEQUENCES,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: actualSeqQLen has {} sequences, layout TND takes at most {MAX_SEQUENCES}",
            q_lens.len()
        );
        let longest = q_lens.iter().chain(&kv_lens).copied().max().unwrap_or(0);
        checks::unlimited(name, mask, self.pre_tokens, self.next_tokens, longest)?;
        let seqs = checks::sequences(name, mask, &q_lens, &kv_lens)?;
        Ok(Varlen { dtype, q_dims, kv_dims, q, k, v, mask, seqs })
    }

    /// The dims of the query and of keys and values, which agree.
    fn dims(&self, name: &str, query: &Tensor, key: &Tensor, value: &Tensor) -> Outcome<([usize; 3], [usize; 3])> {
        let [tokens, heads, dim] = [query.dims[0], query.dims[1], query.dims[2]];
        let kv_dims = [key.dims[0], key.dims[1], dim];
        checks::same(name, "key", key, query.dtype, &kv_dims)?;
        checks::dtype_is(name, "value", value, query.dtype)?;
        check!(
            value.rank() != 3 || value.dims[2] == dim,
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: value has heads of {}, query of {dim}; the simulator takes equal ones",
            value.dims[2]
        );
        checks::same(name, "value", value, query.dtype, &kv_dims)?;
        check!(
            self.head_num == heads as i64,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: headNum is {}, query {:?} has {heads} heads",
            self.head_num,
            query.dims
        );
        let limits =
            [("heads", heads, MAX_HEADS), ("elements a head", dim, MAX_DIM), ("tokens", tokens.max(kv_dims[0]), MAX_TOKENS)];
        for (what, given, most) in limits {
            check!(given <= most, ACLNN_ERR_PARAM_INVALID, "{name}: query or key has {given} {what}, at most {most} are taken");
        }
        check!(
            heads > 0 && dim > 0 && kv_dims[1] > 0 && heads.is_multiple_of(kv_dims[1]),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: query has {heads} heads of {dim}, key {}; the first must be a multiple of the second",
            kv_dims[1]
        );
        Ok(([tokens, heads, dim], kv_dims))
    }
}

/// A `[N, T, 8]` (or `[T, N, 8]`: the same bytes) f32 tensor of softmax statistics.
pub(super) fn statistics(name: &str, param: &str, tensor: &Tensor, [tokens, heads, _]: [usize; 3]) -> Outcome<*mut f32> {
    checks::dtype_is(name, param, tensor, ACL_FLOAT)?;
    checks::contiguous(name, param, tensor)?;
    let dims = &*tensor.dims;
    check!(
        dims == [heads, tokens, 8] || dims == [tokens, heads, 8],
        ACLNN_ERR_PARAM_INVALID,
        "{name}: {param} is {dims:?}, [{heads}, {tokens}, 8] or [{tokens}, {heads}, 8] is needed"
    );
    Ok(tensor.data.cast())
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnFlashAttentionVarLenScoreGetWorkspaceSize(
    query: *const aclTensor,
    key: *const aclTensor,
    value: *const aclTensor,
    real_shift: *const aclTensor,
    drop_mask: *const aclTensor,
    padding_mask: *const aclTensor,
    atten_mask: *const aclTensor,
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
    softmax_max_out: *const aclTensor,
    softmax_sum_out: *const aclTensor,
    softmax_out_out: *const aclTensor,
    attention_out_out: *const aclTensor,
    workspace_size: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = "aclnnFlashAttentionVarLenScore";
    let mut call = Call::new(name);
    let params = Params {
        query,
        key,
        value,
        shift: real_shift,
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
    let max = call.output("softmaxMax", softmax_max_out)?;
    let sum = call.output("softmaxSum", softmax_sum_out)?;
    let softmax_out = call.output("softmaxOut", softmax_out_out)?;
    let out = call.output("attentionOut", attention_out_out)?;
    let [tokens, heads, dim] = given.q_dims;
    checks::empty(name, "softmaxOut", &softmax_out)?;
    checks::same(name, "attentionOut", &out, given.dtype, &given.q_dims)?;
    checks::contiguous(name, "attentionOut", &out)?;
    let stats = Stats::MaxSum {
        max: statistics(name, "softmaxMax", &max, given.q_dims)?,
        sum: statistics(name, "softmaxSum", &sum, given.q_dims)?,
        tokens,
    };
    let kv_heads = given.kv_dims[1];
    let mut forward = Forward::new(
        scratch::arch(),
        given.q,
        checks::heads(name, "attentionOut", &out)?,
        Source::packed(given.k, given.v),
        stats,
        given.mask,
        (kv_heads, heads / kv_heads, dim),
        scale_value as f32,
    );
    given.seqs.into_iter().for_each(|seq| forward.push(seq));
    call.finish(workspace_size, executor, move || {
        // SAFETY: the descriptors were checked above, and the runtime checks their memory before it runs this.
        with_float!(given.dtype, T => unsafe { forward.run::<T>() })
    })
}
