//! `libopapi.so`: the operators. One body for phase one of each row of `opapi_symbols!`, with the C name; phase two is the
//! same for all and lives in `nn`.
//!
//! A body reads its arguments through a [`call::Call`], checks them as CANN does (null: 161001; shapes, dtypes, values:
//! 161002; each text names the parameter, what was given and what is taken), and ends with [`call::Call::finish`], which
//! takes the closure that computes. The closure runs later, on the engine's thread, in the order of the stream; it may use
//! [`crate::parallel`] for work inside the operation.
//!
//! Rules for closures: sums in f32 (or wider) whatever the dtype; the result must not depend on the number of threads, so
//! split over outputs, never over what is summed, or sum in a fixed tree.

// How a body reads its arguments, and what kernels share.
pub(crate) mod call;
pub(crate) mod dtypes;
pub(crate) mod element;
mod in_halves;
pub(crate) mod integers;
pub(crate) mod lanes;
pub(crate) mod rows;
pub(crate) mod split;
#[cfg(test)]
pub(crate) mod testing;
mod transpose;
pub(crate) mod view;
pub(crate) mod weight;

// The operators, a family a file.
mod activation;
mod along;
mod attention;
mod channel_norm;
mod copy;
mod counts;
mod dot;
mod dropout;
mod elementwise;
mod embedding;
mod extremes;
mod foreach;
mod gather;
mod geglu;
mod glu;
mod group_norm;
mod grouped;
mod indexing;
mod layer_norm;
mod layout;
mod loss;
mod matmul;
mod matmul_stack;
pub(crate) mod mc2;
mod moe;
mod nll;
mod norm;
mod optimizer;
mod pair_loss;
mod quant_matmul;
mod quantise;
pub(crate) mod random;
mod reduce;
mod rope;
mod rope_in_place;
mod scatter;
mod search;
mod shape;
mod small_matrix;
mod soft_labels;
mod softmax;
mod softmax_grad;
mod sort;
mod top_k_top_p;
mod triangle;
mod triangular_solve;
mod unique;
mod window;

pub(crate) use activation::*;
pub(crate) use along::*;
pub(crate) use attention::*;
pub(crate) use channel_norm::*;
pub(crate) use copy::*;
pub(crate) use counts::*;
pub(crate) use dot::*;
pub(crate) use dropout::*;
pub(crate) use elementwise::*;
pub(crate) use embedding::*;
pub(crate) use extremes::*;
pub(crate) use foreach::*;
pub(crate) use gather::*;
pub(crate) use geglu::*;
pub(crate) use glu::*;
pub(crate) use group_norm::*;
pub(crate) use grouped::*;
pub(crate) use indexing::*;
pub(crate) use layer_norm::*;
pub(crate) use layout::*;
pub(crate) use loss::*;
pub(crate) use matmul::*;
pub(crate) use matmul_stack::*;
pub(crate) use mc2::*;
pub(crate) use moe::*;
pub(crate) use nll::*;
pub(crate) use norm::*;
pub(crate) use optimizer::*;
pub(crate) use pair_loss::*;
pub(crate) use quant_matmul::*;
pub(crate) use quantise::*;
pub(crate) use random::*;
pub(crate) use reduce::*;
pub(crate) use rope::*;
pub(crate) use rope_in_place::*;
pub(crate) use scatter::*;
pub(crate) use search::*;
pub(crate) use shape::*;
pub(crate) use small_matrix::*;
pub(crate) use soft_labels::*;
pub(crate) use softmax::*;
pub(crate) use softmax_grad::*;
pub(crate) use sort::*;
pub(crate) use top_k_top_p::*;
pub(crate) use triangle::*;
pub(crate) use triangular_solve::*;
pub(crate) use unique::*;
pub(crate) use window::*;
