//! `aclnnFusedInferAttentionScore`, `aclnnIncreFlashAttention`, `aclnnPromptFlashAttention`: attention of a rollout, over a paged
//! cache or plain keys and values. They differ in parameters only; the second takes one query a sequence.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::decode::Decode;
use super::forward::Forward;
use super::infer_args::Args;
use super::infer_plan::Plan;
use super::scratch;
use super::signature::bodies;
use super::view::{Seq, Source};
use crate::ops::call::Call;
use crate::pairs::Half;
use crate::reject::{Outcome, reject};

impl Args {
    /// Plans the operator.
    pub(super) fn plan(self, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
        let mut call = Call::new(self.name);
        let plan = self.check(&mut call)?;
        let name = self.name;
        if let Some(longer) = plan.seqs.iter().find(|seq| self.one_query && seq.q_len != 1) {
            reject!(ACLNN_ERR_PARAM_INVALID, "{name}: query has {} positions, one query a sequence is taken", longer.q_len)
        }
        finish(call, self.name, plan, self.scale_value as f32, || {}, workspace_size, executor)
    }
}

bodies! { Args::plan;
    aclnnFusedInferAttentionScoreGetWorkspaceSize, ("aclnnFusedInferAttentionScore", false):
        [query: *const aclTensor] [key value: *const aclTensorList] [pse_shift atten_mask: *const aclTensor]
            [actual_seq_lengths actual_seq_lengths_kv: *const aclIntArray] [deq_scale1 quant_scale1 deq_scale2 quant_scale2
            quant_offset2 antiquant_scale antiquant_offset block_table query_padding_size kv_padding_size: *const aclTensor]
            [num_heads: i64] [scale_value: f64] [pre_tokens next_tokens: i64] [input_layout: *mut c_char]
            [num_key_value_heads sparse_mode inner_precise block_size antiquant_mode: i64] [softmax_lse_flag: bool]
            [attention_out softmax_lse: *const aclTensor];
    aclnnFusedInferAttentionScoreV2GetWorkspaceSize, ("aclnnFusedInferAttentionScoreV2", false):
        [query: *const aclTensor] [key value: *const aclTensorList] [pse_shift atten_mask: *const aclTensor]
            [actual_seq_lengths actual_seq_lengths_kv: *const aclIntArray] [deq_scale1 quant_scale1 deq_scale2 quant_scale2
            quant_offset2 antiquant_scale antiquant_offset block_table query_padding_size kv_padding_size key_antiquant_scale
            key_antiquant_offset value_antiquant_scale value_antiquant_offset key_shared_prefix value_shared_prefix:
            *const aclTensor] [actual_shared_prefix_len: *const aclIntArray] [num_heads: i64] [scale_value: f64] [pre_tokens
            next_tokens: i64] [input_layout: *mut c_char] [num_key_value_heads sparse_mode inner_precise block_size
            antiquant_mode: i64] [softmax_lse_flag: bool] [key_antiquant_mode value_antiquant_mode: i64] [attention_out
            softmax_lse: *const aclTensor];
    aclnnFusedInferAttentionScoreV3GetWorkspaceSize, ("aclnnFusedInferAttentionScoreV3", false):
        [query: *const aclTensor] [key value: *const aclTensorList] [pse_shift atten_mask: *const aclTensor]
            [actual_seq_lengths actual_seq_lengths_kv: *const aclIntArray] [deq_scale1 quant_scale1 deq_scale2 quant_scale2
            quant_offset2 antiquant_scale antiquant_offset block_table query_padding_size kv_padding_size key_antiquant_scale
            key_antiquant_offset value_antiquant_scale value_antiquant_offset key_shared_prefix value_shared_prefix:
            *const aclTensor] [actual_shared_prefix_len: *const aclIntArray] [query_rope key_rope key_rope_antiquant_scale:
            *const aclTensor] [num_heads: i64] [scale_value: f64] [pre_tokens next_tokens: i64] [input_layout: *mut c_char]
            [num_key_value_heads sparse_mode inner_precise block_size antiquant_mode: i64] [softmax_lse_flag: bool]
            [key_antiquant_mode value_antiquant_mode: i64] [attention_out softmax_lse: *const aclTensor];
    aclnnFusedInferAttentionScoreV4GetWorkspaceSize, ("aclnnFusedInferAttentionScoreV4", false):
        [query: *const aclTensor] [key value: *const aclTensorList] [pse_shift atten_mask: *const aclTensor]
            [actual_seq_lengths actual_seq_lengths_kv: *const aclIntArray] [deq_scale1 quant_scale1 deq_scale2 quant_scale2
            quant_offset2 antiquant_scale antiquant_offset block_table query_padding_size kv_padding_size key_antiquant_scale
            key_antiquant_offset value_antiquant_scale value_antiquant_offset key_shared_prefix value_shared_prefix:
            *const aclTensor] [actual_shared_prefix_len: *const aclIntArray] [query_rope key_rope key_rope_antiquant_scale
            dequant_scale_query learnable_sink: *const aclTensor] [num_heads: i64] [scale_value: f64] [pre_tokens
            next_tokens: i64] [input_layout: *mut c_char] [num_key_value_heads sparse_mode inner_precise block_size
            antiquant_mode: i64] [softmax_lse_flag: bool] [key_antiquant_mode value_antiquant_mode query_quant_mode: i64]
            [attention_out softmax_lse: *const aclTensor];
    aclnnIncreFlashAttentionV4GetWorkspaceSize, ("aclnnIncreFlashAttentionV4", true):
        [query: *const aclTensor] [key value: *const aclTensorList] [pse_shift atten_mask: *const aclTensor]
            [actual_seq_lengths_kv: *const aclIntArray] [deq_scale1 quant_scale1 deq_scale2 quant_scale2 quant_offset2
            antiquant_scale antiquant_offset block_table kv_padding_size: *const aclTensor] [num_heads: i64] [scale_value:
            f64] [input_layout: *mut c_char] [num_key_value_heads block_size inner_precise: i64] [attention_out:
            *const aclTensor];
    aclnnPromptFlashAttentionV3GetWorkspaceSize, ("aclnnPromptFlashAttentionV3", false):
        [query key_tensor value_tensor pse_shift atten_mask: *const aclTensor] [actual_seq_lengths actual_seq_lengths_kv:
            *const aclIntArray] [deq_scale1 quant_scale1 deq_scale2 quant_scale2 quant_offset2: *const aclTensor] [num_heads:
            i64] [scale_value: f64] [pre_tokens next_tokens: i64] [input_layout: *mut c_char] [num_key_value_heads
            sparse_mode inner_precise: i64] [attention_out: *const aclTensor];
}

/// The end of phase one of `name`, whose tensors `plan` describes, checked. `first` runs before anything is computed.
pub(super) fn finish(
    call: Call,
    name: &'static str,
    plan: Plan,
    scale: f32,
    first: impl Fn() + Send + Sync + 'static,
    workspace_size: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let work = Work::new(&plan, scratch::arch(), scale);
    call.finish(workspace_size, executor, move || {
        first();
        // SAFETY: the caller has checked the descriptors, `run` checks the block table, and the runtime checks their memory
        // before it runs this.
        unsafe {
            check_blocks(name, &plan);
            if let Some(int8) = &plan.int8 {
                let widened = int8.widen(&plan);
                let work = Work::over(&plan, widened.source, &widened.seqs, scratch::arch(), scale);
                return if plan.dtype == ACL_BF16 { work.run::<half::bf16>() } else { work.run::<half::f16>() };
            }
            if plan.dtype == ACL_BF16 { work.run::<half::bf16>() } else { work.run::<half::f16>() }
        }
    })
}

/// The sequences of one query whose scores stay as they are, and the others.
struct Work {
    decode: Decode,
    prefill: Forward,
}

impl Work {
    fn new(plan: &Plan, arch: pulp::Arch, scale: f32) -> Work {
        Work::over(plan, plan.source, &plan.seqs, arch, scale)
    }

    /// The plan's with keys and values that lie elsewhere.
    fn over(plan: &Plan, source: Source, seqs: &[Seq], arch: pulp::Arch, scale: f32) -> Work {
        let shape = (plan.kv_heads, plan.group, plan.dim);
        let mut work = Work {
            decode: Decode::new(arch, plan.q, plan.out, source, plan.stats, shape, scale),
            prefill: Forward::new(arch, plan.q, plan.out, source, plan.stats, plan.mask, shape, scale),
        };
        work.prefill.shift = plan.shift;
        for seq in seqs {
            if seq.q_len == 1 && plan.shift.is_none() { work.decode.push(*seq) } else { work.prefill.push(*seq) }
        }
        work
    }

    /// Computes.
    ///
    /// # Safety
    /// The plan's views are readable and writable as its sequences say, all of `T`, and every block id is in range.
    unsafe fn run<T: Half>(&self) {
        // SAFETY: the caller's contract.
        unsafe {
            self.decode.run::<T>();
            self.prefill.run::<T>();
        }
    }
}

/// Panics for a block id out of range among those that the sequences use: only when it runs can the table be read.
///
/// # Safety
/// The table is readable.
unsafe fn check_blocks(name: &str, plan: &Plan) {
    let source = &plan.source;
    if source.table.is_null() {
        return;
    }
    for seq in plan.seqs.iter().filter(|seq| seq.q_len > 0) {
        for i in 0..seq.kv_len.div_ceil(source.block_size) {
            // SAFETY: the plan checked the lengths against the table's width.
            let id = unsafe { source.table.add(seq.kv * source.table_width + i).read() };
            let blocks = plan.blocks;
            assert!(
                id >= 0 && (id as usize) < blocks,
                "{name}: blockTable[{}][{i}] is {id}, the cache has {blocks} blocks",
                seq.kv
            );
        }
    }
}
