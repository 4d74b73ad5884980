//! Kernels of one's own: their images, what they take, and launches.
//!
//! A kernel is written in Ascend C and built twice from one source: by the vendor's compiler for a card, and by the host's C++
//! compiler for the simulated NPU (crate `ascendc-twin`). A [`KernelImage`] carries both; the one that fits the device is loaded
//! once, at the first launch. The rest of CANN's protocol (arguments, attributes, schedule) is behind [`Stream::launch`].
//!
//! Two ways to launch:
//! - [`Stream::launch`], safe: of a type that implements [`Kernel`], the kernel's *launch contract*. It states name, parameters,
//!   cores and schedule; it checks its arguments; and it is an `unsafe` trait, because whoever implements it vouches for the
//!   kernel's source.
//! - [`Stream::launch_foreign`], unsafe: of any function of a [`KernelBinary`], from a file or from memory.
//!
//! What an argument is ([`Argument`]): a view of device memory, read or written, which must be at home on the stream; or plain data,
//! passed by value. A view is borrowed while the launch is queued, and the stream's order does the rest, as for every other
//! operator: see [`DeviceBuffer`](super::DeviceBuffer). A launch is one call in a trace and in the texts of errors, under the
//! kernel's name, and goes into graphs.
//!
//! Knows: images and their twins, not what a kernel computes. The kernels of this library are under `kernels/`.
//!
//! # Not covered
//! Kernels for AI CPUs; SIMT kernels (newer chips); kernels that are compiled at run time; `printf` and dumps of kernels on a card.

mod args;
mod binary;
mod blocks;
mod contract;
mod function;
mod image;
mod launch;
mod loaded;
#[cfg(all(test, feature = "sim"))]
mod tests;

pub use args::{ArgList, Argument, Arguments, ByAddress, OrNull};
pub use binary::KernelBinary;
pub use blocks::BlockKind;
pub use contract::Kernel;
pub use function::Function;
pub use launch::LaunchOptions;

/// The kernels of one source file as a build script has compiled them: for a card, where it found a toolkit, and for the simulated
/// NPU. The build script writes one for each source; the program includes it.
/// ```ignore
/// // build.rs
/// ascendc_twin::build::Kernel::new("kernels/axpy/kernel.cpp").build();
/// // src/lib.rs: `pub static AXPY: ascendc_twin::Image`
/// include!(concat!(env!("OUT_DIR"), "/axpy.rs"));
/// ```
pub use ascendc_twin::Image as KernelImage;
/// What a source says of one of its kernels, and of a parameter.
pub use ascendc_twin::{Kernel as SourceKernel, Param as SourceParam};

pub(super) use loaded::Kernels;

use super::{Device, Stream};
