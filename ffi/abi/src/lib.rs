//! CANN's C interface as `ascend-rl` declares it, as data.
//!
//! [`ours`] reads the lists of symbols of `ascend-rl-sys` and the types in its source into an [`Abi`]; [`rust::read`] does the same
//! with what bindgen makes of a toolkit's headers. From ours come the C headers in `ffi/include` ([`headers`]) and the table of
//! coverage ([`coverage`]); [`compare`] says where ours and a toolkit's differ, which the feature `bindgen` of `ascend-rl` turns
//! into a failing build (`toolkit`, behind this crate's own feature `bindgen`).
//!
//! This is a tool: nothing of it is in a program that uses the library.
//!
//! # Not covered
//! Calling conventions other than C's of 64-bit Linux (LP64), bit fields, and packed structs: CANN has none of them.

mod apart;
mod compare;
pub mod coverage;
pub mod files;
pub mod headers;
mod layout;
mod model;
mod ours;
pub mod rust;
mod spell;
#[cfg(feature = "bindgen")]
pub mod toolkit;

pub use apart::{APART, Apart};
pub use compare::{Difference, Report, compare};
pub use model::{Abi, Field, Function, Item, Origin, Release, Ty, Type};
pub use ours::ours;
