//! ATB, the transformer operators of the package "nnal", through the C face that `ffi/atb_shim.h` gives it.
//!
//! All optional: ATB is a package of its own. `build.rs` compiles the face where ATB's headers are.

use crate::types::*;
use std::ffi::c_void;

/// The symbols of ATB's C face. Calls `$emit! { Atb, Lib::Atb; rows }`.
#[macro_export]
macro_rules! atb_symbols {
    ($emit:ident) => { $emit! { Atb, $crate::Lib::Atb;
        // ---- contexts
        /// Makes a context of the current device (`atb::CreateContext`).
        [optional "8.1"] fn ascend_atb_context_create(context: *mut AtbContext) -> atbStatus;
        /// Destroys it (`atb::DestroyContext`). Its work must have run.
        [optional "8.1"] fn ascend_atb_context_destroy(context: AtbContext) -> atbStatus;
        /// The stream that operations are enqueued on from now on (`Context::SetExecuteStream`).
        [optional "8.1"] fn ascend_atb_context_set_stream(context: AtbContext, stream: aclrtStream) -> atbStatus;
        // ---- any operation
        /// Destroys an operation, and those of a graph (`atb::DestroyOperation`).
        [optional "8.1"] fn ascend_atb_operation_destroy(operation: AtbOperation) -> atbStatus;
        /// How many inputs and outputs it has (`GetInputNum`, `GetOutputNum`).
        [optional "8.1"] fn ascend_atb_operation_io(operation: AtbOperation, in_num: *mut u32, out_num: *mut u32) -> atbStatus;
        /// The shapes and dtypes of the outputs for those of the inputs (`InferShape`).
        [optional "8.1"] fn ascend_atb_operation_infer_shape(operation: AtbOperation, inputs: *const AtbTensor, in_num: u64, outputs: *mut AtbTensor, out_num: u64) -> atbStatus;
        /// Checks, and says how much workspace is needed (`Setup`). To be repeated when shapes or host lengths change.
        [optional "8.1"] fn ascend_atb_operation_setup(operation: AtbOperation, inputs: *const AtbTensor, in_num: u64, outputs: *const AtbTensor, out_num: u64, workspace_size: *mut u64, context: AtbContext) -> atbStatus;
        /// Enqueues on the context's stream (`Execute`).
        [optional "8.1"] fn ascend_atb_operation_execute(operation: AtbOperation, inputs: *const AtbTensor, in_num: u64, outputs: *const AtbTensor, out_num: u64, workspace: *mut c_void, workspace_size: u64, context: AtbContext) -> atbStatus;
        // ---- operations
        /// `atb::infer::RmsNormParam`.
        [optional "8.1"] fn ascend_atb_rms_norm(param: *const AtbRmsNormParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::RopeParam`.
        [optional "8.1"] fn ascend_atb_rope(param: *const AtbRopeParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::LinearParam`.
        [optional "8.1"] fn ascend_atb_linear(param: *const AtbLinearParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::PagedAttentionParam`.
        [optional "8.1"] fn ascend_atb_paged_attention(param: *const AtbPagedAttentionParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::ReshapeAndCacheParam`.
        [optional "8.1"] fn ascend_atb_reshape_and_cache(param: *const AtbReshapeAndCacheParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::SelfAttentionParam`.
        [optional "8.1"] fn ascend_atb_self_attention(param: *const AtbSelfAttentionParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::GroupTopkParam`.
        [optional "8.1"] fn ascend_atb_group_topk(param: *const AtbGroupTopkParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::AllReduceParam`.
        [optional "8.1"] fn ascend_atb_all_reduce(param: *const AtbAllReduceParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::AllGatherParam`.
        [optional "8.1"] fn ascend_atb_all_gather(param: *const AtbCommParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::AllToAllParam`.
        [optional "8.1"] fn ascend_atb_all_to_all(param: *const AtbCommParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::AllToAllVParam`.
        [optional "8.1"] fn ascend_atb_all_to_all_v(param: *const AtbAllToAllVParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::infer::LinearParallelParam`.
        [optional "8.1"] fn ascend_atb_linear_parallel(param: *const AtbLinearParallelParam, operation: *mut AtbOperation) -> atbStatus;
        /// `atb::GraphParam`.
        [optional "8.1"] fn ascend_atb_graph(param: *const AtbGraphParam, operation: *mut AtbOperation) -> atbStatus;
    } };
}
atb_symbols!(function_table);
