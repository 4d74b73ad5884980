//! The parameters of the inference operators, all versions of them.

use std::ffi::c_char;
use std::ptr::{null, null_mut};

use ascend_rl_sys::types::*;

use crate::ops::call::Call;
use crate::reject::{Outcome, check};

/// "No limit" for tokens before and after.
const UNLIMITED: i64 = i32::MAX as i64;

/// The parameters as given; what a version does not have is null, or the value that changes nothing.
pub(super) struct Args {
    pub name: &'static str,
    /// Every sequence has one query.
    pub one_query: bool,
    pub query: *const aclTensor,
    pub key: *const aclTensorList,
    pub value: *const aclTensorList,
    /// Keys and values of the operators that take no list.
    pub key_tensor: *const aclTensor,
    pub value_tensor: *const aclTensor,
    pub atten_mask: *const aclTensor,
    pub actual_seq_lengths: *const aclIntArray,
    pub actual_seq_lengths_kv: *const aclIntArray,
    pub actual_shared_prefix_len: *const aclIntArray,
    pub block_table: *const aclTensor,
    pub pse_shift: *const aclTensor,
    pub deq_scale1: *const aclTensor,
    pub quant_scale1: *const aclTensor,
    pub deq_scale2: *const aclTensor,
    pub quant_scale2: *const aclTensor,
    pub quant_offset2: *const aclTensor,
    pub antiquant_scale: *const aclTensor,
    pub antiquant_offset: *const aclTensor,
    pub query_padding_size: *const aclTensor,
    pub kv_padding_size: *const aclTensor,
    pub key_antiquant_scale: *const aclTensor,
    pub key_antiquant_offset: *const aclTensor,
    pub value_antiquant_scale: *const aclTensor,
    pub value_antiquant_offset: *const aclTensor,
    pub key_shared_prefix: *const aclTensor,
    pub value_shared_prefix: *const aclTensor,
    pub query_rope: *const aclTensor,
    pub key_rope: *const aclTensor,
    pub key_rope_antiquant_scale: *const aclTensor,
    pub dequant_scale_query: *const aclTensor,
    pub learnable_sink: *const aclTensor,
    pub num_heads: i64,
    pub scale_value: f64,
    pub pre_tokens: i64,
    pub next_tokens: i64,
    pub input_layout: *mut c_char,
    pub num_key_value_heads: i64,
    pub sparse_mode: i64,
    pub inner_precise: i64,
    pub block_size: i64,
    pub antiquant_mode: i64,
    pub key_antiquant_mode: i64,
    pub value_antiquant_mode: i64,
    pub query_quant_mode: i64,
    /// Whether the log-sum-exps are asked for.
    pub softmax_lse_flag: bool,
    pub attention_out: *const aclTensor,
    pub softmax_lse: *const aclTensor,
}

impl Args {
    /// No parameter at all.
    pub(super) fn absent(name: &'static str, one_query: bool) -> Args {
        Args {
            name,
            one_query,
            query: null(),
            key: null(),
            value: null(),
            key_tensor: null(),
            value_tensor: null(),
            atten_mask: null(),
            actual_seq_lengths: null(),
            actual_seq_lengths_kv: null(),
            actual_shared_prefix_len: null(),
            block_table: null(),
            pse_shift: null(),
            deq_scale1: null(),
            quant_scale1: null(),
            deq_scale2: null(),
            quant_scale2: null(),
            quant_offset2: null(),
            antiquant_scale: null(),
            antiquant_offset: null(),
            query_padding_size: null(),
            kv_padding_size: null(),
            key_antiquant_scale: null(),
            key_antiquant_offset: null(),
            value_antiquant_scale: null(),
            value_antiquant_offset: null(),
            key_shared_prefix: null(),
            value_shared_prefix: null(),
            query_rope: null(),
            key_rope: null(),
            key_rope_antiquant_scale: null(),
            dequant_scale_query: null(),
            learnable_sink: null(),
            num_heads: 0,
            scale_value: 1.0,
            pre_tokens: UNLIMITED,
            next_tokens: UNLIMITED,
            input_layout: null_mut(),
            num_key_value_heads: 0,
            sparse_mode: 0,
            inner_precise: 0,
            block_size: 0,
            antiquant_mode: 0,
            key_antiquant_mode: 0,
            value_antiquant_mode: 0,
            query_quant_mode: 0,
            softmax_lse_flag: false,
            attention_out: null(),
            softmax_lse: null(),
        }
    }

    /// What the simulator does not have.
    pub(super) fn check_absent(&self, call: &Call) -> Outcome {
        for (param, handle) in [
            ("deqScale1", self.deq_scale1),
            ("quantScale1", self.quant_scale1),
            ("deqScale2", self.deq_scale2),
            ("quantScale2", self.quant_scale2),
            ("quantOffset2", self.quant_offset2),
            ("antiquantScale", self.antiquant_scale),
            ("antiquantOffset", self.antiquant_offset),
            ("queryPaddingSize", self.query_padding_size),
            ("kvPaddingSize", self.kv_padding_size),
            ("keySharedPrefix", self.key_shared_prefix),
            ("valueSharedPrefix", self.value_shared_prefix),
            ("queryRope", self.query_rope),
            ("keyRope", self.key_rope),
            ("keyRopeAntiquantScale", self.key_rope_antiquant_scale),
            ("dequantScaleQuery", self.dequant_scale_query),
            ("learnableSink", self.learnable_sink),
        ] {
            call.absent(param, handle)?;
        }
        call.absent("actualSharedPrefixLen", self.actual_shared_prefix_len)
    }

    /// What only a cache of int8 has.
    pub(super) fn check_no_factors(&self, call: &Call) -> Outcome {
        let name = self.name;
        for (param, handle) in [
            ("keyAntiquantScale", self.key_antiquant_scale),
            ("keyAntiquantOffset", self.key_antiquant_offset),
            ("valueAntiquantScale", self.value_antiquant_scale),
            ("valueAntiquantOffset", self.value_antiquant_offset),
        ] {
            call.absent(param, handle)?;
        }
        for (param, mode) in [("keyAntiquantMode", self.key_antiquant_mode), ("valueAntiquantMode", self.value_antiquant_mode)] {
            check!(mode == 0, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: {param} {mode} is not supported by the simulator; pass 0");
        }
        Ok(())
    }
}
