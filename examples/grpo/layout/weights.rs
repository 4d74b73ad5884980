//! The policy's weights on their way to the rollout engine.

use anyhow::Result;
use ascend_rl::reshard::{Options, Plan};
use ascend_rl::tensor::{DType, Tensor, View, ViewMut};

use super::{Layout, shards};
use crate::policy::Policy;
use crate::rollout::Engine;
use crate::worker::Worker;

/// How weights travel; made once for a run.
pub enum WeightUpdate {
    /// One device: a cast.
    Copy,
    /// From training shards to rollout shards.
    Reshard(Box<Plan>),
}

/// What an update of the rollout's weights moves, over all ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reshard {
    /// Sent from one device to another.
    pub sent_bytes: f64,
    /// The fewest that could be: what ranks need and do not hold, once each, in the rollout's dtype.
    pub fewest_bytes: f64,
    /// Read and written at least: every number that a rank needs, once, in the one dtype and in the other.
    pub least_bytes: f64,
}

impl Reshard {
    /// For people; empty on one device.
    pub fn line(&self) -> String {
        let mb = |bytes: f64| bytes / 1e6;
        match self.sent_bytes > 0.0 {
            true => format!(
                "  reshard sends {:.2} MB between devices; the fewest possible is {:.2} MB\n",
                mb(self.sent_bytes),
                mb(self.fewest_bytes)
            ),
            false => String::new(),
        }
    }
}

impl WeightUpdate {
    /// The way for a policy whose shards are spread as `layout` says.
    pub fn new(policy: &Policy, layout: &Layout) -> Result<WeightUpdate> {
        if layout.world_size == 1 {
            return Ok(WeightUpdate::Copy);
        }
        let model = policy.model();
        let from = shards::training(&model.geometry, layout.world_size)?;
        let to = shards::rollout(&model.config, &model.geometry, layout);
        Ok(WeightUpdate::Reshard(Box::new(Plan::new(&shards::tensors(&model.geometry), &from, &to)?)))
    }

    /// What it moves, to a rollout in `dtype`.
    pub fn reshard(&self, policy: &Policy, dtype: DType) -> Reshard {
        let size = dtype.size() as f64;
        match self {
            WeightUpdate::Copy => {
                let parameters = policy.model().geometry.num_parameters() as f64;
                Reshard { sent_bytes: 0.0, fewest_bytes: 0.0, least_bytes: parameters * (4.0 + size) }
            }
            WeightUpdate::Reshard(plan) => {
                let (sent, fewest) = (plan.sent_elements() as f64, plan.fewest_elements() as f64);
                let needed: u64 = (0..plan.world()).map(|rank| plan.traffic(rank)).map(|t| t.kept + t.received).sum();
                Reshard { sent_bytes: sent * size, fewest_bytes: fewest * size, least_bytes: needed as f64 * (4.0 + size) }
            }
        }
    }

    /// Overwrites the engine's weights with the policy's. All ranks call it.
    ///
    /// Order: enqueues. A rank has at most `bucket_bytes` on their way out, and as many on their way in.
    pub fn run(&self, worker: &Worker, policy: &Policy, engine: &mut Engine, bucket_bytes: usize) -> Result<()> {
        let rollout = worker.rollout();
        match (self, &worker.world) {
            (WeightUpdate::Reshard(plan), Some(world)) => {
                let src: Vec<View<'_>> = policy.masters().units().iter().map(Tensor::view).collect();
                let options = Options { staging_bytes: bucket_bytes, ..Options::default() };
                rollout.s.fork(world.stream(), |fork| {
                    let units = engine.weights_mut().units_mut().iter_mut();
                    let mut dst = units.map(|unit| fork.lend_tensor_mut(unit)).collect::<Result<Vec<ViewMut<'_>>, _>>()?;
                    plan.execute(world, &src, &mut dst, &options)
                })?;
                Ok(())
            }
            _ => engine.weights_mut().cast_from(rollout.s, policy.masters()),
        }
    }
}
