//! Moving parameters from one layout over ranks to another: from training's shards to a rollout's, without the whole model
//! anywhere.
//!
//! A [`Layout`] says which part of which tensor each rank keeps, and where in its buffers. From two layouts of the same tensors
//! comes a [`Plan`]: pure, the same on every rank, needing no exchange. What a rank holds itself it copies; everything else
//! travels once to each rank that needs it, already in the destination's dtype. [`Plan::execute`] then moves the data in
//! rounds of bounded size, straight between the two sides' own buffers.
//!
//! ```
//! use ascend_rl::reshard::*;
//! # fn main() -> ascend_rl::Result<()> {
//! let tensors = [TensorSpec::matrix("up", 6, 4), TensorSpec::vector("norm", 4)];
//! // Trained as one flat vector of 28 elements, cut in two; generated from with rows split in two, and whole norms.
//! let from = Layout::flat_shards(&tensors, &[FlatUnit::packed(&tensors, [0, 1], 2)?], 2)?;
//! let mut to = Layout::default();
//! for part in 0..2 {
//!     let mut rank = Packer::new(&tensors);
//!     rank.push(0, 0, Split::Rows { parts: 2, part })?;
//!     rank.push(0, 1, Split::Whole)?;
//!     to.ranks.push(rank.pieces());
//! }
//! let plan = Plan::new(&tensors, &from, &to)?;
//! assert_eq!(plan.traffic(0), Traffic { kept: 12, sent: 2, received: 4 });
//! assert_eq!(plan.sent_elements(), plan.fewest_elements());
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - Every element of every destination piece arrives exactly once, or [`Plan::new`] is an error that names the tensor and the
//!   elements.
//! - The elements sent are the fewest possible where each receiver is served by itself ([`Plan::fewest_elements`] counts them
//!   by another way). Replicas of a destination are each sent their own copy: there is no multicast yet.
//! - Where several ranks hold an element the senders share the work; `balance.rs` states the bound.
//! - Memory: twice `staging_bytes` at most beyond the two sides' buffers, and as few rounds as that allows.
//!
//! [`cast_copy`] is the part that needs no plan: many rectangles from some buffers to others in one launch of a kernel of our own, with
//! a change of dtype on the way, int8 with scales among them. An execution makes many short copies with it, and others with an
//! operator each.
//!
//! Room: layouts, plans and their execution. It may use [`crate::hccl`], [`crate::ops`] and below; it knows no model.
//!
//! # Not covered
//! Multicast to replicas, slow and fast domains, quantisation on the way, private formats (FRACTAL_NZ) and transposed
//! destinations, more than two dims (fold the leading ones into rows).

mod balance;
mod build;
mod cast_copy;
mod cells;
mod check;
mod execute;
mod fewest;
mod layout;
mod mover;
mod plan;
mod rect;
mod round;
mod shares;
mod strip;
#[cfg(test)]
mod tests;

pub use build::{FlatUnit, Packer, Split};
pub use cast_copy::{CastRect, RectAt, ScaleAt, cast_copy};
pub use execute::{Moved, Options};
pub use layout::{Layout, Piece, Region, TensorSpec};
pub use plan::{Plan, Traffic};
