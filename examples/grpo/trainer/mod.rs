//! The trainer: advantages, the GRPO loss, micro-batches, AdamW, and the supervised warm-up.
//!
//! Where the policy is spread over ranks, each computes the share of a batch that [`share`] gives it, and all end with the same
//! answers ([`crate::exchange`]): every rank calls the same methods with the same batches.
//!
//! Room: what turns rewards into an update. It may use [`crate::policy`] and [`crate::exchange`]; it knows neither data nor rollout.
//!
//! # Not covered
//! An entropy bonus; other advantages, losses and ways to aggregate than GRPO's with the mean over tokens.

mod advantage;
mod batching;
mod groups;
mod loss;
mod optimizer;
#[cfg(test)]
mod sharded_tests;
mod share;
mod step;
#[cfg(test)]
mod tests;
mod warmup;

pub use advantage::group_advantages;
pub use loss::LossSettings;
pub use optimizer::{Decay, OptimizerSettings, Schedule};
pub use step::{Sample, Trainer, TrainerSettings, UpdateMetrics};
