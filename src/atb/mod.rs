//! ATB, Ascend Transformer Boost: the transformer operations of CANN's package "nnal".
//!
//! A [`Context`] belongs to a stream; it makes operations, which enqueue there. An operation is set up for the shapes it is run
//! with, and keeps what that took for the next run with the same ones; that is its advantage over [`crate::ops`], and why
//! running it takes `&mut`.
//!
//! ```
//! use ascend_rl::{Cann, DType, Device, Result, Tensor, atb};
//!
//! fn main() -> Result<()> {
//!     let device = Device::open(&Cann::sim()?, 0)?;
//!     let s = device.stream()?;
//!     let context = atb::Context::new(&s)?;
//!     let x = Tensor::from_slice(&s, &[2, 32], &[half::bf16::from_f32(2.0); 64])?;
//!     let gamma = Tensor::from_slice(&s, &[32], &[half::bf16::ONE; 32])?;
//!     let mut y = Tensor::empty(&s, &[2, 32], DType::BF16)?;
//!     let mut norm = context.rms_norm(1e-6)?;
//!     norm.run(x.view(), gamma.view(), y.view_mut())?; // queued
//!     assert_eq!(y.to_vec::<half::bf16>(&s)?[0], half::bf16::ONE);
//!     Ok(())
//! }
//! ```
//!
//! ATB is a C++ interface. `ffi/atb_shim.cpp` gives it a C face, which `build.rs` compiles where ATB's headers are found
//! (`ATB_HOME_PATH`, as its `set_env.sh` sets it); without it, making a context is an error that says so. The simulator
//! has the same C face.
//!
//! Room: it may use [`crate::tensor`], [`crate::acl`] and [`crate::hccl`]. `unsafe` stands in `call` only.
//!
//! # Not covered
//! Quantised forms, masks with slopes, speculative decoding, MLA, private formats, communicators that ATB makes by itself. On a
//! card nothing here has run yet.

mod attention;
mod call;
mod collective;
mod context;
mod dense;
mod graph;

pub use attention::{PagedAttention, ReshapeAndCache, SelfAttention};
pub use collective::{AllGather, AllReduce, AllToAll, AllToAllV, LinearParallel};
pub use context::Context;
pub use dense::{GroupTopk, Linear, PreNorm, RmsNorm, Rope};
pub use graph::{Graph, GraphBuilder, Part, TensorId};
