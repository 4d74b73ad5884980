//! How a run is spread over devices: training in FSDP shards over all of them, rollout in `dp_size` replicas of `tp_size` devices
//! each, and how the weights get from the one to the other.
//!
//! Ranks are numbered as verl and Megatron number them, tensor parallelism innermost: rank `r` is member `r % tp_size` of
//! replica `r / tp_size`.
//!
//! Room: numbers and ranges. It may use [`crate::checkpoint`] and [`crate::policy`]'s geometry; it computes nothing.
//!
//! # Not covered
//! Training in tensor, pipeline or expert parallel layouts, several processes, separate devices for training and rollout.

mod shards;
mod tensor_parallel;
mod weights;

use std::ops::Range;

use anyhow::{Result, ensure};
use serde::Serialize;

pub use tensor_parallel::TpRank;
pub use weights::{Reshard, WeightUpdate};

/// Devices of a run, at most: far more than one process can have.
const MOST: usize = 1024;

/// Devices of a run, and how many of them hold one copy of the rollout's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// Ranks: one a device.
    #[serde(rename = "devices")]
    pub world_size: usize,
    /// Ranks of a replica of the rollout.
    #[serde(rename = "tp")]
    pub tp_size: usize,
}

impl Layout {
    /// Refuses what cannot be laid out.
    pub fn new(devices: usize, tp: usize) -> Result<Layout> {
        ensure!(devices > 0, "--devices is 0, at least 1 is needed");
        ensure!(devices <= MOST, "--devices is {devices}, more than {MOST} are not laid out");
        ensure!(tp > 0, "--tp is 0, at least 1 is needed");
        ensure!(
            devices.is_multiple_of(tp),
            "--tp is {tp}: the rollout's replicas of {tp} devices do not divide --devices, {devices}; --tp may be {}",
            one_of((1..=devices).filter(|tp| devices.is_multiple_of(*tp)))
        );
        Ok(Layout { world_size: devices, tp_size: tp })
    }

    /// Replicas of the rollout.
    pub fn dp_size(&self) -> usize {
        self.world_size / self.tp_size
    }

    /// The replica of a rank.
    pub fn dp_rank(&self, rank: usize) -> usize {
        rank / self.tp_size
    }

    /// A rank's place in its replica.
    pub fn tp_rank(&self, rank: usize) -> TpRank {
        TpRank { rank: rank % self.tp_size, size: self.tp_size }
    }

    /// The ranks of a replica.
    pub fn replica(&self, dp_rank: usize) -> Range<usize> {
        dp_rank * self.tp_size..(dp_rank + 1) * self.tp_size
    }
}

/// What replica `index` of `parts` gets of `0..len`: contiguous ranges whose sizes differ by one at most.
pub fn dp_slice(len: usize, parts: usize, index: usize) -> Range<usize> {
    len * index / parts..len * (index + 1) / parts
}

/// "1, 2 or 4".
pub fn one_of(numbers: impl Iterator<Item = usize>) -> String {
    let mut words: Vec<String> = numbers.map(|n| n.to_string()).collect();
    match words.pop() {
        None => "nothing".into(),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests;
