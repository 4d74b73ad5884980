//! Safe operators on tensors: CANN's aclnn functions, forward and backward as written pairs.
//!
//! Form: a function, the stream first, inputs, then outputs, which the caller made. Inputs are anything that becomes a
//! [`View`](crate::tensor::View), outputs anything that becomes a [`ViewMut`](crate::tensor::ViewMut). Shapes, dtypes and
//! streams are checked before the call; the error names the operator, the argument, what was given and what is needed.
//!
//! Order: every function **enqueues** on `s` and returns; inputs may be reused or dropped at once. All tensors must be at
//! home on `s` (`WrongStream`). Errors of all: `Shape`, `DType`, `WrongStream` before the call; `MissingSymbol` where the
//! toolkit lacks the operator; `OutOfMemory` for its workspace; `Device` with CANN's code and text otherwise.
//!
//! [`repeat`] plans operators once and enqueues them many times.
//!
//! What is no single CANN operator is composed here ([`sample`]), also where only later releases have one
//! ([`apply_top_k_top_p`], [`flash_attention_with_sinks`]): the simulator never invents one.
//!
//! Weights that lie otherwise than a tensor are types of their own, which products take in its place: [`NzWeight`], [`Int4Weight`].
//!
//! Operators that communicate take a [`Communicator`](crate::Communicator), or two, instead of the stream, and enqueue on its
//! stream: [`matmul_all_reduce`] and its kin, [`all_to_all_all_gather_bmm`], [`MoeDistribute`].
//!
//! Room: it may use [`crate::tensor`], [`crate::acl`] and [`crate::hccl`]. The only file with `unsafe` is `call.rs`.
//!
//! # Not covered
//! Convolution, everything that no module here uses yet. Slices, splits, transposes and expansions are
//! views. Weights in FRACTAL_NZ in products with a bias, of stacks, or with a collective. What else is left out, each module says.

#[macro_use]
mod call;
mod activation;
mod attention;
mod check;
mod dense;
mod dropout;
mod elementwise;
mod embedding;
mod extremes;
mod filter;
mod foreach;
mod grouped;
mod index;
mod int4_weight;
mod layer_norm;
mod loss;
mod matmul;
mod matmul_experts;
mod matmul_experts_tp;
mod matmul_shared;
mod moe;
mod moe_distribute;
mod moe_map;
mod norm;
mod nz_weight;
mod optimizer;
mod pointwise;
mod quantise;
mod random;
mod reduce;
mod repeat;
mod rope;
mod sample;
mod select;
mod shape;
mod sinks;
mod softmax;
mod statistics;

pub use activation::{gelu, gelu_backward, sigmoid, sigmoid_backward, silu, silu_backward, swiglu, swiglu_backward};
pub use attention::{
    CacheFactors, CausalMask, FactorsOf, FusedInfer, Varlen, flash_attention_varlen, flash_attention_varlen_backward,
    fused_infer_attention_decode, fused_infer_attention_decode_int8,
};
pub use dense::{AttentionMask, Dense, DenseLayout, flash_attention, flash_attention_backward};
pub use dropout::{dropout, dropout_backward, dropout_mask_len};
pub use elementwise::*;
pub use embedding::{embedding, embedding_backward};
pub use extremes::{argmin, argsort, max, maximum, min, minimum, topk};
pub use filter::apply_top_k_top_p;
pub use foreach::{foreach_norm, foreach_scale};
pub use grouped::{bmm, grouped_matmul, grouped_matmul_weight_grad, grouped_quant_matmul};
pub use index::{gather, scatter_rows};
pub use int4_weight::{Int4Weight, QuantWeight};
pub use layer_norm::{layer_norm, layer_norm_backward};
pub use loss::{cross_entropy, cross_entropy_backward};
pub use matmul::{addmm, mm, mm_acc};
pub use matmul_experts::{ExpertCounts, all_to_all_grouped_matmul, grouped_matmul_all_to_all};
pub use matmul_experts_tp::{
    ExpertActivation, ExpertGroups, TokenSplit, all_to_all_all_gather_bmm, bmm_reduce_scatter_all_to_all,
};
pub use matmul_shared::{all_gather_matmul, matmul_all_reduce, matmul_reduce_scatter};
pub use moe::{moe_gating_top_k_softmax, moe_permute, moe_permute_backward, moe_unpermute, moe_unpermute_backward};
pub use moe_distribute::{MoeDistribute, MoeRows};
pub use moe_map::{
    MapRows, RoutingMap, moe_permute_by_map, moe_permute_by_map_backward, moe_unpermute_by_map, moe_unpermute_by_map_backward,
};
pub use norm::{add_rms_norm, rms_norm, rms_norm_backward};
pub use nz_weight::{NzWeight, Weight};
pub use optimizer::{AdamW, adamw};
pub use pointwise::*;
pub use quantise::{dynamic_quant, quant_matmul, weight_quant_matmul};
pub use random::{Philox, multinomial, normal, uniform};
pub use reduce::{argmax, cumsum, sort, sum, vector_norm};
pub use repeat::{Repeat, repeat};
pub use rope::rope;
pub use sample::{Sampling, sample};
pub use select::{Reduce, index_add, index_copy_, index_select, repeat_interleave, scatter, scatter_, scatter_value_};
pub use shape::{arange, cat, flip, pad, roll, stack, tile, tril};
pub use sinks::{
    flash_attention_varlen_with_sinks, flash_attention_varlen_with_sinks_backward, flash_attention_with_sinks,
    flash_attention_with_sinks_backward,
};
pub use softmax::{log_softmax, log_softmax_backward, softmax, softmax_backward};
pub use statistics::{all, any, logsumexp, mean, variance};
