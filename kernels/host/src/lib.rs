//! Ascend C kernels on the CPU.
//!
//! A kernel's source is plain Ascend C. The vendor's compiler makes a device image of it; the host's C++ compiler makes a *twin
//! image* of it, against the headers of this crate ([`INCLUDE`]), which the simulated NPU launches as a card launches the other.
//!
//! - [`abi`]: the seam between a twin image and what loads it, as `include/twin/abi.h` says it in C.
//! - [`container`]: how the variants of a twin image (instruction sets; with checks and without) are carried as one run of bytes.
//! - [`Image`]: what a build of a kernel's source yields.
//! - `build` (the feature of that name): the helper that compiles kernels in a build script.

pub mod abi;
#[cfg(feature = "build")]
pub mod build;
pub mod container;
mod image;

pub use image::{Image, Kernel, Param};

/// The folder of the twin's headers.
pub const INCLUDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/include");
