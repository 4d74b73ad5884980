//! Elementwise operators: a row each.
//!
//! Semantics, the same for all: shapes broadcast as in NumPy, up to 8 dims; dtypes mix as in PyTorch; the result of the mixed
//! dtype is then cast to the output's. Not covered: f64 and complex, which CANN computes on the AI CPU.

mod activations;
mod arithmetic;
mod bits;
mod bodies;
mod close;
mod curves;
mod engine;
mod extremes;
mod functions;
mod operators;
mod pieces;
mod prepare;
mod signatures;

#[cfg(test)]
mod tests;

pub(crate) use activations::*;
pub(crate) use arithmetic::*;
pub(crate) use bits::*;
pub(crate) use close::*;
pub(crate) use curves::*;
pub(super) use engine::{Lanes, lanes};
pub(crate) use extremes::*;
pub(crate) use functions::*;
pub(super) use operators::power;
pub(crate) use operators::*;
pub(crate) use pieces::*;
