//! `aclnnFusedInferAttentionScoreV2`: attention of a rollout, over a paged cache or plain keys and values.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::decode::Decode;
use super::forward::Forward;
use super::infer_args::{Args, NAME, Plan};
use super::scratch;
use crate::ops::call::Call;
use crate::pairs::Half;
use crate::reject::Outcome;

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnFusedInferAttentionScoreV2GetWorkspaceSize(
    query: *const aclTensor,
    key: *const aclTensorList,
    value: *const aclTensorList,
    pse_shift: *const aclTensor,
    atten_mask: *const aclTensor,
    actual_seq_lengths: *const aclIntArray,
    actual_seq_lengths_kv: *const aclIntArray,
    deq_scale1: *const aclTensor,
    quant_scale1: *const aclTensor,
    deq_scale2: *const aclTensor,
    quant_scale2: *const aclTensor,
    quant_offset2: *const aclTensor,
    antiquant_scale: *const aclTensor,
    antiquant_offset: *const aclTensor,
    block_table: *const aclTensor,
    query_padding_size: *const aclTensor,
    kv_padding_size: *const aclTensor,
    key_antiquant_scale: *const aclTensor,
    key_antiquant_offset: *const aclTensor,
    value_antiquant_scale: *const aclTensor,
    value_antiquant_offset: *const aclTensor,
    key_shared_prefix: *const aclTensor,
    value_shared_prefix: *const aclTensor,
    actual_shared_prefix_len: *const aclIntArray,
    num_heads: i64,
    scale_value: f64,
    pre_tokens: i64,
    next_tokens: i64,
    input_layout: *mut c_char,
    num_key_value_heads: i64,
    sparse_mode: i64,
    inner_precise: i64,
    block_size: i64,
    antiquant_mode: i64,
    softmax_lse_flag: bool,
    key_antiquant_mode: i64,
    value_antiquant_mode: i64,
    attention_out: *const aclTensor,
    softmax_lse: *const aclTensor,
    workspace_size: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new(NAME);
    let unsupported = [
        ("pseShift", pse_shift),
        ("deqScale1", deq_scale1),
        ("quantScale1", quant_scale1),
        ("deqScale2", deq_scale2),
        ("quantScale2", quant_scale2),
        ("quantOffset2", quant_offset2),
        ("antiquantScale", antiquant_scale),
        ("antiquantOffset", antiquant_offset),
        ("queryPaddingSize", query_padding_size),
        ("kvPaddingSize", kv_padding_size),
        ("keyAntiquantScale", key_antiquant_scale),
        ("keyAntiquantOffset", key_antiquant_offset),
        ("valueAntiquantScale", value_antiquant_scale),
        ("valueAntiquantOffset", value_antiquant_offset),
        ("keySharedPrefix", key_shared_prefix),
        ("valueSharedPrefix", value_shared_prefix),
    ];
    for (param, handle) in unsupported {
        call.absent(param, handle)?;
    }
    call.absent("actualSharedPrefixLen", actual_shared_prefix_len)?;
    let args = Args {
        query,
        key,
        value,
        atten_mask,
        actual_seq_lengths,
        actual_seq_lengths_kv,
        block_table,
        num_heads,
        pre_tokens,
        next_tokens,
        input_layout,
        num_key_value_heads,
        sparse_mode,
        inner_precise,
        block_size,
        antiquant_modes: [antiquant_mode, key_antiquant_mode, value_antiquant_mode],
        softmax_lse: softmax_lse_flag.then_some(softmax_lse),
        attention_out,
    };
    let plan = args.check(&mut call)?;
    finish(call, NAME, plan, scale_value as f32, || {}, workspace_size, executor)
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
            if plan.dtype == ACL_BF16 { work.run::<half::bf16>() } else { work.run::<half::f16>() }
        }
    })
}

/// The sequences of one query, and the others.
struct Work {
    decode: Decode,
    prefill: Forward,
}

impl Work {
    fn new(plan: &Plan, arch: pulp::Arch, scale: f32) -> Work {
        let shape = (plan.kv_heads, plan.group, plan.dim);
        let mut work = Work {
            decode: Decode::new(arch, plan.q, plan.out, plan.source, plan.stats, shape, scale),
            prefill: Forward::new(arch, plan.q, plan.out, plan.source, plan.stats, plan.mask, shape, scale),
        };
        for seq in &plan.seqs {
            if seq.q_len == 1 { work.decode.push(*seq) } else { work.prefill.push(*seq) }
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
