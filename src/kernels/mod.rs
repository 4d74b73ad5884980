//! The kernels of this library: the images that the build made of `kernels/`, and the one kernel that belongs to no family.
//!
//! Each folder of `kernels/` has a source, its launch contract (names, parameters, limits), and a page on what it does. The launches
//! are where the work is: [`attention::kv_write`](crate::attention::kv_write) and [`attention::block_copy`](crate::attention::block_copy),
//! [`reshard::cast_copy`](crate::reshard::cast_copy), and [`rms_norm`] here, the example to learn from.
//!
//! Room: it may use [`crate::acl`] and [`crate::tensor`].
//!
//! # Not covered
//! Kernels of a user's own: [`crate::acl::kernel`] is all they need.

mod rms_norm;

pub use rms_norm::rms_norm;

use crate::acl::kernel::KernelImage;

/// `kernels/rms_norm`.
pub static RMS_NORM: KernelImage = image("rms_norm");
/// `kernels/kv_write`.
pub static KV_WRITE: KernelImage = image("kv_write");
/// `kernels/block_copy`.
pub static BLOCK_COPY: KernelImage = image("block_copy");
/// `kernels/cast_copy`.
pub static CAST_COPY: KernelImage = image("cast_copy");

const fn image(name: &'static str) -> KernelImage {
    use crate::acl::kernel::ImagePart;
    KernelImage::new(name, ImagePart::Missing("not built"), ImagePart::Missing("not built"))
}
