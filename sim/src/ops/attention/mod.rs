//! Attention: training over packed sequences (forward and gradient), and inference over a paged or plain cache.
//!
//! Holds the bodies of `aclnnFlashAttentionVarLenScore`, `aclnnFlashAttentionUnpaddingScoreGrad` and
//! `aclnnFusedInferAttentionScoreV2`, and the three kernels behind them: [`forward`] (many queries a sequence), [`backward`],
//! [`decode`] (one query a sequence). [`rollout`] opens them to ATB's operations. Kernels take views and sequences, bodies make them out of checked descriptors.
//!
//! Not here yet, and refused by name: dropout, position shifts, prefixes and bands, masks other than the compressed causal
//! one, value heads smaller than key heads, quantised caches, the layouts BNSD and NTD of the inference operator.

mod backward;
mod checks;
mod decode;
mod exp;
mod forward;
mod gemm;
mod infer;
mod infer_args;
mod pack;
mod rollout;
mod scratch;
mod varlen;
mod varlen_grad;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use infer::aclnnFusedInferAttentionScoreV2GetWorkspaceSize;
pub(crate) use rollout::{Shape, packed, paged};
pub(crate) use varlen::aclnnFlashAttentionVarLenScoreGetWorkspaceSize;
pub(crate) use varlen_grad::aclnnFlashAttentionUnpaddingScoreGradGetWorkspaceSize;
