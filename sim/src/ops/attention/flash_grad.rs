//! `aclnnFlashAttentionScoreGrad` and `aclnnFlashAttentionUnpaddingScoreGrad`, all versions: the gradients of `flash`'s operators.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::backward::Backward;
use super::checks;
use super::flash::{DENSE, PACKED};
use super::scratch;
use super::signature::bodies;
use super::sink::Sink;
use super::training::{Like, Params};
use crate::convert::with_float;
use crate::ops::call::Call;
use crate::reject::Outcome;

impl Params {
    /// Plans the gradient.
    pub(super) fn gradient(self, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
        let name = self.name;
        let mut call = Call::new(name);
        let given = self.check(&mut call)?;
        let dy = call.input("dy", self.dy)?;
        let max = call.input("softmaxMax", self.softmax_max)?;
        let sum = call.input("softmaxSum", self.softmax_sum)?;
        if let Some(softmax_in) = call.optional_input("softmaxIn", self.softmax)? {
            checks::empty(name, "softmaxIn", &softmax_in)?;
        }
        let out = call.input("attentionIn", self.attention)?;
        let dq = call.output("dq", self.dq)?;
        let dk = call.output("dk", self.dk)?;
        let dv = call.output("dv", self.dv)?;
        // Without a shift there is no gradient of one, and CANN takes null: `PostFlashAttentionScoreGrad` of ops-transformer.
        if let Some(dpse) = call.optional_output("dpse", self.dpse)? {
            checks::empty(name, "dpse", &dpse)?;
        }
        let sink = Sink::read(&mut call, "sinkIn", self.sink, given.sizes.heads)?;
        let sinks = Sink::gradient(&mut call, self.dsink, sink, given.sizes.heads)?;
        let backward = Backward {
            arch: scratch::arch(),
            q: given.q,
            k: given.k,
            v: given.v,
            dy: given.view("dy", &dy, Like::Query)?,
            out: given.view("attentionIn", &out, Like::Query)?,
            dq: given.view("dq", &dq, Like::Query)?,
            dk: given.view("dk", &dk, Like::Key)?,
            dv: given.view("dv", &dv, Like::Key)?,
            max: given.statistics("softmaxMax", &max)?,
            sum: given.statistics("softmaxSum", &sum)?,
            order: given.order,
            mask: given.mask,
            bits: given.bits,
            sinks,
            kv_heads: given.kv_heads,
            group: given.sizes.heads / given.kv_heads,
            dim: given.sizes.dim,
            scale: self.scale_value as f32,
            seqs: given.seqs,
        };
        call.finish(workspace_size, executor, move || {
            // SAFETY: the descriptors were checked above, and the runtime checks their memory before it runs this.
            with_float!(given.dtype, T => unsafe { backward.run::<T>() })
        })
    }
}

bodies! { Params::gradient;
    aclnnFlashAttentionScoreGradGetWorkspaceSize, ("aclnnFlashAttentionScoreGrad", DENSE):
        [query key value dy shift drop_mask padding_mask atten_mask softmax_max softmax_sum softmax attention: *const aclTensor]
        [prefix: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode: i64] [dq dk dv dpse: *const aclTensor];
    aclnnFlashAttentionScoreGradV2GetWorkspaceSize, ("aclnnFlashAttentionScoreGradV2", DENSE):
        [query key value dy shift drop_mask padding_mask atten_mask softmax_max softmax_sum softmax attention: *const aclTensor]
        [prefix q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [dq dk dv dpse: *const aclTensor];
    aclnnFlashAttentionScoreGradV3GetWorkspaceSize, ("aclnnFlashAttentionScoreGradV3", DENSE):
        [query key value dy shift drop_mask padding_mask atten_mask softmax_max softmax_sum softmax attention sink:
            *const aclTensor]
        [prefix q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [dq dk dv dpse dsink: *const aclTensor];
    aclnnFlashAttentionUnpaddingScoreGradGetWorkspaceSize, ("aclnnFlashAttentionUnpaddingScoreGrad", PACKED):
        [query key value dy shift drop_mask padding_mask atten_mask softmax_max softmax_sum softmax attention: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode: i64] [dq dk dv dpse: *const aclTensor];
    aclnnFlashAttentionUnpaddingScoreGradV2GetWorkspaceSize, ("aclnnFlashAttentionUnpaddingScoreGradV2", PACKED):
        [query key value dy shift drop_mask padding_mask atten_mask softmax_max softmax_sum softmax attention: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [dq dk dv dpse: *const aclTensor];
    aclnnFlashAttentionUnpaddingScoreGradV3GetWorkspaceSize, ("aclnnFlashAttentionUnpaddingScoreGradV3", PACKED):
        [query query_rope key key_rope value dy shift drop_mask padding_mask atten_mask softmax_max softmax_sum softmax attention:
            *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [dq dq_rope dk dk_rope dv dpse: *const aclTensor];
    aclnnFlashAttentionUnpaddingScoreGradV4GetWorkspaceSize, ("aclnnFlashAttentionUnpaddingScoreGradV4", PACKED):
        [query key value dy shift drop_mask padding_mask atten_mask softmax_max softmax_sum softmax attention: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode: i64] [dq dk dv dpse: *const aclTensor] [softmax_layout: *mut c_char];
    aclnnFlashAttentionUnpaddingScoreGradV5GetWorkspaceSize, ("aclnnFlashAttentionUnpaddingScoreGradV5", PACKED):
        [query query_rope key key_rope value dy shift drop_mask padding_mask atten_mask softmax_max softmax_sum softmax attention
            sink: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [softmax_layout: *mut c_char]
        [dq dq_rope dk dk_rope dv dpse dsink: *const aclTensor];
}
