//! `ascend_rl::atb` against naive references in f64, over the values that the device holds.
//!
//! Results are bf16, rounded once from f32 sums: 8 bits of mantissa, so half a unit in the last place is 2^-9 of the value;
//! [`BF16`] is twice that, and the absolute part is for sums that cancel.

#[path = "../common/mod.rs"]
mod common;

mod attention;
mod collectives;
mod dense;
mod graph;
mod refusals;

use ascend_rl::{DType, Stream, Tensor};
use common::{noise, upload};

/// Relative and absolute tolerance of a bf16 result.
const BF16: (f64, f64) = (1.0 / 256.0, 1e-3);

/// A bf16 tensor of noise.
fn random(s: &Stream, seed: u64, shape: &[usize]) -> Tensor {
    upload(s, shape, DType::BF16, &noise(seed, shape.iter().product()))
}

fn empty(s: &Stream, shape: &[usize]) -> Tensor {
    Tensor::empty(s, shape, DType::BF16).unwrap()
}
