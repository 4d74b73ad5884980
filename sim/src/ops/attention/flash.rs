//! `aclnnFlashAttentionScore` and `aclnnFlashAttentionVarLenScore`, all versions: they differ in parameters only.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::checks;
use super::forward::{Forward, Stats};
use super::scratch;
use super::signature::bodies;
use super::sink::Sink;
use super::training::{Like, Params};
use super::view::Source;
use crate::convert::with_float;
use crate::ops::call::Call;
use crate::reject::Outcome;

/// Layouts of the operators over batches of equally long sequences.
pub(super) const DENSE: &[&str] = &["BSH", "SBH", "BSND", "BNSD"];
/// The layout of the operators over packed sequences.
pub(super) const PACKED: &[&str] = &["TND"];

impl Params {
    /// Plans the forward pass.
    pub(super) fn score(self, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
        let name = self.name;
        let mut call = Call::new(name);
        let given = self.check(&mut call)?;
        let sink = Sink::read(&mut call, "sink", self.sink, given.sizes.heads)?;
        let max = call.output("softmaxMax", self.softmax_max)?;
        let sum = call.output("softmaxSum", self.softmax_sum)?;
        // No version writes it, and none requires it: `CheckFaParam` of ops-transformer.
        if let Some(softmax_out) = call.optional_output("softmaxOut", self.softmax)? {
            checks::empty(name, "softmaxOut", &softmax_out)?;
        }
        let out = call.output("attentionOut", self.attention)?;
        let out_heads = given.view("attentionOut", &out, Like::Query)?;
        checks::contiguous(name, "attentionOut", &out)?;
        let stats = Stats::MaxSum {
            max: given.statistics("softmaxMax", &max)?,
            sum: given.statistics("softmaxSum", &sum)?,
            order: given.order,
        };
        let shape = (given.kv_heads, given.sizes.heads / given.kv_heads, given.sizes.dim);
        let source = Source::packed(given.k, given.v);
        let scale = self.scale_value as f32;
        let mut forward = Forward::new(scratch::arch(), given.q, out_heads, source, stats, given.mask, shape, scale);
        (forward.bits, forward.sink) = (given.bits, sink);
        given.seqs.into_iter().for_each(|seq| forward.push(seq));
        call.finish(workspace_size, executor, move || {
            // SAFETY: the descriptors were checked above, and the runtime checks their memory before it runs this.
            with_float!(given.dtype, T => unsafe { forward.run::<T>() })
        })
    }
}

bodies! { Params::score;
    aclnnFlashAttentionScoreGetWorkspaceSize, ("aclnnFlashAttentionScore", DENSE):
        [query key value shift drop_mask padding_mask atten_mask: *const aclTensor] [prefix: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode: i64] [softmax_max softmax_sum softmax attention: *const aclTensor];
    aclnnFlashAttentionScoreV2GetWorkspaceSize, ("aclnnFlashAttentionScoreV2", DENSE):
        [query key value shift drop_mask padding_mask atten_mask: *const aclTensor]
        [prefix q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [softmax_max softmax_sum softmax attention: *const aclTensor];
    aclnnFlashAttentionScoreV3GetWorkspaceSize, ("aclnnFlashAttentionScoreV3", DENSE):
        [query key value shift drop_mask padding_mask atten_mask sink: *const aclTensor]
        [prefix q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [softmax_max softmax_sum softmax attention: *const aclTensor];
    aclnnFlashAttentionVarLenScoreGetWorkspaceSize, ("aclnnFlashAttentionVarLenScore", PACKED):
        [query key value shift drop_mask padding_mask atten_mask: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode: i64] [softmax_max softmax_sum softmax attention: *const aclTensor];
    aclnnFlashAttentionVarLenScoreV2GetWorkspaceSize, ("aclnnFlashAttentionVarLenScoreV2", PACKED):
        [query key value shift drop_mask padding_mask atten_mask: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [softmax_max softmax_sum softmax attention: *const aclTensor];
    aclnnFlashAttentionVarLenScoreV3GetWorkspaceSize, ("aclnnFlashAttentionVarLenScoreV3", PACKED):
        [query query_rope key key_rope value shift drop_mask padding_mask atten_mask: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [softmax_max softmax_sum softmax attention: *const aclTensor];
    aclnnFlashAttentionVarLenScoreV4GetWorkspaceSize, ("aclnnFlashAttentionVarLenScoreV4", PACKED):
        [query key value shift drop_mask padding_mask atten_mask: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode: i64] [softmax_layout: *mut c_char]
        [softmax_max softmax_sum softmax attention: *const aclTensor];
    aclnnFlashAttentionVarLenScoreV5GetWorkspaceSize, ("aclnnFlashAttentionVarLenScoreV5", PACKED):
        [query query_rope key key_rope value shift drop_mask padding_mask atten_mask sink: *const aclTensor]
        [prefix actual_seq_q_len actual_seq_kv_len q_start_idx kv_start_idx: *const aclIntArray]
        [scale_value keep_prob: f64] [pre_tokens next_tokens head_num: i64] [input_layout: *mut c_char]
        [inner_precise sparse_mode pse_type: i64] [softmax_layout: *mut c_char]
        [softmax_max softmax_sum softmax attention: *const aclTensor];
}
