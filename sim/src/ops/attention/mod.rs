//! Attention: training over packed sequences (forward and gradient), and inference over a paged or plain cache.
//!
//! Holds all versions of `aclnnFlashAttentionScore` and `..VarLenScore` with their gradients ([`training`]: one plan for all), of
//! `aclnnFusedInferAttentionScore`, `aclnnIncreFlashAttention` and `aclnnPromptFlashAttention` ([`infer_plan`]: likewise), and the
//! three kernels behind them: [`forward`] (many queries a sequence), [`backward`], [`decode`] (one query a sequence); [`sink`]s join
//! the first two, [`shift`]s of inference too, [`infer_int8`] makes floats of a cache of int8 before. [`update`] merges partial
//! results. [`rollout`] opens the kernels to ATB's operations. Kernels take views and sequences, bodies make them out of checked
//! descriptors.
//!
//! Not here yet, and refused by name: dropout, position shifts but those of inference over plain caches, prefixes and bands, masks
//! given in full for packed sequences and for inference, value heads smaller than key heads, rotary parts apart, sinks of inference,
//! caches of int4, and of int8 for several queries, layout NTD.

mod backward;
mod checks;
mod decode;
mod exp;
mod flash;
mod flash_grad;
mod forward;
mod gemm;
mod infer;
mod infer_args;
mod infer_int8;
mod infer_plan;
mod layout;
mod pack;
mod rollout;
mod scratch;
mod shift;
mod signature;
mod sink;
mod training;
mod update;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use flash::*;
pub(crate) use flash_grad::*;
pub(crate) use infer::*;
pub(crate) use rollout::{Shape, packed, paged};
pub(crate) use update::*;
