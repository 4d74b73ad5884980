//! The policy: a Qwen2.5 or Qwen3 dense model, forward and backward on [`ascend_rl::ops`].
//!
//! There is no tape. Each part is a pair of functions, forward and backward, and a struct of what the one saves for the other:
//! [`linear`], [`attention`], [`mlp`], [`logprobs`]; [`forward`] and [`backward`] string them together. Parameters lie in flat
//! units ([`geometry`], [`params`]), f32 masters with a copy in the compute dtype.
//!
//! A policy can be spread over ranks: each then holds a range of every unit, and a pass gathers whole units as it goes
//! ([`units`], [`sharded`], [`reduce`]). The arithmetic does not know.
//!
//! # Not covered
//! Sliding windows, scaled rope, dropout, mixture of experts, activation recomputation.

mod attention;
mod backward;
mod batch;
mod export;
mod flops;
mod forward;
mod geometry;
mod linear;
mod logprobs;
mod mlp;
mod params;
mod reduce;
mod rope;
mod sharded;
#[cfg(test)]
pub(crate) mod tests;
mod units;

use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::hccl::Communicator;
use ascend_rl::ops::CausalMask;
use ascend_rl::tensor::DType;

use crate::checkpoint::ModelConfig;
use forward::{DeviceBatch, Run};
use logprobs::{Head, Limits};
use units::Units;

pub use batch::{Packed, Sequence};
pub use export::Export;
pub use flops::Cost;
pub use geometry::{Geometry, Slot};
pub use linear::linear;
pub use logprobs::Logprobs;
pub use params::{Store, UnitView};
pub use rope::{RopeRows, RopeTable};
pub use units::Gradients;

/// What is fixed about a model: everything but its weights.
pub struct Model {
    /// The architecture.
    pub config: ModelConfig,
    /// Where each parameter lies.
    pub geometry: Arc<Geometry>,
    /// The dtype of activations and of the weights that are multiplied.
    pub compute: DType,
    /// Cosines and sines of all positions, in the compute dtype.
    pub rope: RopeTable,
    /// The causal mask of attention over packed sequences.
    pub mask: CausalMask,
    limits: Limits,
}

impl Model {
    /// The tables of a config whose parameters lie as `geometry` says.
    pub fn with_geometry(s: &Stream, config: &ModelConfig, compute: DType, geometry: Geometry) -> Result<Model> {
        ensure!(config.num_layers > 0, "a model without layers; config.json's num_hidden_layers must be at least 1");
        Ok(Model {
            config: config.clone(),
            geometry: Arc::new(geometry),
            compute,
            rope: RopeTable::new(s, config.max_position_embeddings, config.head_dim, config.rope_theta, compute)?,
            mask: CausalMask::new(s)?,
            limits: Limits::default(),
        })
    }
}

/// A model with its weights: all of them, or this rank's ranges, which live on the stream of its communicator.
pub struct Policy {
    model: Model,
    /// f32: what the optimiser updates.
    masters: Store,
    /// In the compute dtype, where that is not f32.
    copy: Option<Store>,
    /// Where the policy is spread over ranks.
    world: Option<Rc<Communicator>>,
}

impl Policy {
    /// A policy with all weights zero, to be filled by [`Policy::load`] or [`Policy::load_random`].
    pub fn new(s: &Stream, config: &ModelConfig, compute: DType) -> Result<Policy> {
        Policy::with_geometry(s, config, compute, Geometry::new(config), None)
    }

    /// The same, spread over the ranks of `world`, of which this is one. It computes on `s`; every method that computes, and
    /// [`Policy::export`], must then be called by all ranks, in one order.
    pub fn sharded(s: &Stream, config: &ModelConfig, compute: DType, world: Rc<Communicator>) -> Result<Policy> {
        let geometry = Geometry::sharded(config, world.rank(), world.size());
        Policy::with_geometry(s, config, compute, geometry, Some(world))
    }

    fn with_geometry(
        s: &Stream,
        config: &ModelConfig,
        compute: DType,
        geometry: Geometry,
        world: Option<Rc<Communicator>>,
    ) -> Result<Policy> {
        ensure!(matches!(compute, DType::F32 | DType::BF16), "the policy computes in f32 or bf16, not in {}", compute.name());
        let model = Model::with_geometry(s, config, compute, geometry)?;
        let home = world.as_ref().map_or(s, |world| world.stream());
        let masters = Store::zeros(home, &model.geometry, DType::F32)?;
        let copy = (compute != DType::F32).then(|| Store::zeros(home, &model.geometry, compute)).transpose()?;
        Ok(Policy { model, masters, copy, world })
    }

    /// The ranks that hold the policy together; `None` where this one has all of it.
    pub fn world(&self) -> Option<&Communicator> {
        self.world.as_deref()
    }

    /// The stream on which the weights live: that of the ranks, or `s`.
    pub fn home<'a>(&'a self, s: &'a Stream) -> &'a Stream {
        self.world.as_ref().map_or(s, |world| world.stream())
    }

    /// Fills the weights with what `read` gives for each of Hugging Face's names and shapes; a rank asks for what it holds some of.
    pub fn load(&mut self, s: &Stream, read: impl FnMut(&str, &[usize]) -> Result<Vec<f32>>) -> Result<()> {
        self.masters.load(self.world.as_ref().map_or(s, |world| world.stream()), read)?;
        self.refresh(s)
    }

    /// Fresh weights, with the config's `initializer_range`.
    pub fn load_random(&mut self, s: &Stream, seed: u64) -> Result<()> {
        let home = self.world.as_ref().map_or(s, |world| world.stream());
        self.masters.load_random(home, self.model.config.initializer_range, seed)?;
        self.refresh(s)
    }

    /// Each of Hugging Face's tensors, with its name and shape, in f32. All ranks can read them; one that will not calls
    /// [`Policy::take_part_in_export`].
    pub fn export<'a>(&'a self, s: &'a Stream) -> Export<'a> {
        self.masters.export(s, self.world())
    }

    /// This rank's part in the export of another. Blocks until it is done.
    pub fn take_part_in_export(&self) -> Result<()> {
        self.world().map_or(Ok(()), |world| self.masters.take_part_in_export(world))
    }

    /// What is fixed about the model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The weights in the compute dtype: the masters themselves where that is f32.
    pub fn weights(&self) -> &Store {
        self.copy.as_ref().unwrap_or(&self.masters)
    }

    /// The f32 weights.
    pub fn masters(&self) -> &Store {
        &self.masters
    }

    /// The f32 weights alone, for one that only generates.
    pub fn into_masters(self) -> Store {
        self.masters
    }

    /// The f32 weights, to update, and the ranks. [`Policy::refresh`] must follow.
    pub fn masters_mut(&mut self) -> (&mut Store, Option<&Communicator>) {
        (&mut self.masters, self.world.as_deref())
    }

    /// Brings the compute copy up to date with the masters.
    pub fn refresh(&mut self, s: &Stream) -> Result<()> {
        let home = self.world.as_ref().map_or(s, |world| world.stream());
        match &mut self.copy {
            Some(copy) => copy.cast_from(home, &self.masters),
            None => Ok(()),
        }
    }

    /// Log-prob and entropy of each response token of the batch.
    pub fn logprobs(&self, s: &Stream, packed: &Packed, temperature: f64) -> Result<Logprobs> {
        self.run(s, self.weights(), packed, Head { temperature, entropy: true, keep: false })
    }

    /// Log-probs under other weights of the same model (a reference policy), without the entropy.
    pub fn logprobs_under(&self, s: &Stream, weights: &Store, packed: &Packed, temperature: f64) -> Result<Vec<f32>> {
        Ok(self.run(s, weights, packed, Head { temperature, entropy: false, keep: false })?.logp)
    }

    fn run(&self, s: &Stream, weights: &Store, packed: &Packed, head: Head) -> Result<Logprobs> {
        let batch = self.upload(s, packed)?;
        let mut units = Units::new(s, self.world(), weights, None)?;
        let logprobs = match &batch {
            Some(batch) => forward::forward(Run { s, model: &self.model, batch }, &mut units, head)?.1,
            None => units.idle(s).map(|()| Logprobs::default())?,
        };
        units.end(s)?;
        Ok(logprobs)
    }

    /// One forward, then `loss` on the host (it answers with d loss / d log-prob for each response token), then one backward,
    /// which adds to `grads`. Nobody asks for the loss of an empty batch.
    pub fn forward_backward(
        &self,
        s: &Stream,
        packed: &Packed,
        temperature: f64,
        grads: &mut Gradients,
        loss: impl FnOnce(&Logprobs) -> Result<Vec<f32>>,
    ) -> Result<Logprobs> {
        let model = &self.model;
        let batch = self.upload(s, packed)?;
        let mut units = Units::new(s, self.world(), self.weights(), Some(grads))?;
        let logprobs = match batch {
            Some(batch) => {
                let head = Head { temperature, entropy: true, keep: true };
                let (saved, logprobs) = forward::forward(Run { s, model, batch: &batch }, &mut units, head)?;
                let dlogp = loss(&logprobs)?;
                backward::backward(s, model, &mut units, batch, saved, &dlogp)?;
                logprobs
            }
            None => units.idle(s).map(|()| Logprobs::default())?,
        };
        units.end(s)?;
        Ok(logprobs)
    }

    /// The batch on the device, where it is not empty.
    fn upload(&self, s: &Stream, packed: &Packed) -> Result<Option<DeviceBatch>> {
        (packed.num_rows() > 0).then(|| DeviceBatch::new(s, &self.model, packed)).transpose()
    }
}
