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

// The images, which the build script has written: `pub static KV_WRITE: KernelImage` and its like, a folder each.
include!(concat!(env!("OUT_DIR"), "/rms_norm.rs"));
include!(concat!(env!("OUT_DIR"), "/kv_write.rs"));
include!(concat!(env!("OUT_DIR"), "/kv_write_nz.rs"));
include!(concat!(env!("OUT_DIR"), "/block_copy.rs"));
include!(concat!(env!("OUT_DIR"), "/cast_copy.rs"));
