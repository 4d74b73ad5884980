//! The headers, by kernels that are built with the helper and run here: what calls compute against naive references, and what a
//! checked image says of kernels that break a rule.

mod broken;
mod build;
mod casts;
mod chains;
mod copy;
mod core;
mod elementwise;
mod matrix;
mod picks;
mod random;
mod reductions;
mod system;
