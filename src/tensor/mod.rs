//! Tensors: a dtype, a shape and strides over device memory.
//!
//! [`Tensor`] owns contiguous memory on its home stream. [`View`] and [`ViewMut`] borrow it: transposes, slices and reshapes
//! are views, never copies, and every operator of [`crate::ops`] takes them. A view can be used on the home stream of its
//! tensor only; that is what makes a borrow at enqueue time the whole proof of order (see [`crate::acl`]).
//!
//! Room: geometry and descriptors. It may use [`crate::acl`]; it knows no operator.
//!
//! # Not covered
//! Private formats and dtypes below one byte (weights in FRACTAL_NZ are [`NzWeight`](crate::ops::NzWeight)), more than 8 dims,
//! negative strides (CANN has none).

mod desc;
mod dtype;
mod fork;
mod kernel;
mod layout;
mod owned;
mod view;

pub(crate) use desc::{Desc, DescList, Stored};
pub use dtype::DType;
pub use layout::{Layout, MAX_RANK};
pub use owned::Tensor;
pub(crate) use view::Storage;
pub use view::{View, ViewMut};
