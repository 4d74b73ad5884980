//! `cann-sim`: a simulated Ascend NPU. CANN's C interface, on the CPU.
//!
//! What is behind CANN's table of function pointers here: devices with memory limits, ordered asynchronous streams, events,
//! copies, the aclnn operators, and collectives between the devices. It is fast (operators are blocked, vectorised and
//! parallel), since it is what everyone without a card runs, and it is strict: it answers misuse with CANN's own codes, and what
//! it does not support it **rejects** by name, never ignores.
//!
//! The crate knows nothing of the library above. It exports no C symbols: a separate cdylib does that.
#![allow(non_snake_case)]

mod acl;
mod atb;
mod boundary;
mod convert;
mod dump;
mod engine;
mod gemm;
mod graph;
mod hccl;
mod isa;
mod kernel;
pub mod kernels;
mod math;
mod memory;
mod nn;
mod ops;
mod pairs;
mod parallel;
mod prof;
mod profile;
mod refused;
mod registry;
mod reject;
mod settings;
mod simd;
mod spin;
mod table;
mod wire;
mod world;

pub use refused::refuse_operator;
pub use table::api;
