//! The rollout of all devices, as one rank holds it: its engine, and the way that weights reach it.

use anyhow::Result;

use crate::exchange;
use crate::layout::{Reshard, WeightUpdate, dp_slice};
use crate::policy::Policy;
use crate::rollout::{Completion, Decoding, Engine, EngineSettings, Progress, Request, wire};
use crate::worker::Worker;

/// Completions of a batch: by request, then by sample.
pub type Rollouts = Vec<Vec<Completion>>;

/// A rank's part of the rollout.
pub struct Sampler {
    engine: Engine,
    weights: WeightUpdate,
    reshard: Reshard,
    bucket_bytes: usize,
}

impl Sampler {
    /// An engine with the policy's weights, which travel in buckets of at most `bucket_bytes`. All ranks call it.
    pub fn new(worker: &Worker, policy: &Policy, settings: EngineSettings, bucket_bytes: usize) -> Result<Sampler> {
        let engine = Engine::new(worker.rollout().s, &policy.model().config, worker.tp_rank(), settings)?;
        let weights = WeightUpdate::new(policy, &worker.layout)?;
        let reshard = weights.reshard(policy, settings.dtype);
        let mut sampler = Sampler { engine, weights, reshard, bucket_bytes };
        sampler.update_weights(worker, policy)?;
        Ok(sampler)
    }

    /// What an update of the weights has to move.
    pub fn reshard(&self) -> Reshard {
        self.reshard
    }

    /// The engine takes the policy's weights as they are now. All ranks call it.
    pub fn update_weights(&mut self, worker: &Worker, policy: &Policy) -> Result<()> {
        self.weights.run(worker, policy, &mut self.engine, self.bucket_bytes)
    }

    /// Completions of all requests, on every rank: each replica generates its part, and the replicas tell each other.
    ///
    /// Blocks. `report` is called after each step of this rank's engine; an error of it ends the call.
    pub fn generate(
        &mut self,
        worker: &Worker,
        requests: &[Request],
        decoding: &Decoding,
        report: impl FnMut(Progress) -> Result<()>,
    ) -> Result<Rollouts> {
        let layout = worker.layout;
        let mine = &requests[dp_slice(requests.len(), layout.dp_size(), layout.dp_rank(worker.rank))];
        let completions = self.engine.generate(worker.rollout(), mine, decoding, report)?;
        let Some(world) = worker.world.as_ref().filter(|_| layout.dp_size() > 1) else { return Ok(completions) };
        // All ranks of a replica have the same; one of them tells.
        let words = if worker.tp_rank().rank == 0 { wire::encode(&completions) } else { Vec::new() };
        let mut all = Vec::with_capacity(requests.len());
        for words in exchange::words(world, &words)? {
            all.extend(wire::decode(&words)?);
        }
        Ok(all)
    }

    /// This rank's engine.
    #[cfg(test)]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}
