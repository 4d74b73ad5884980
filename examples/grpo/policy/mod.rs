//! The policy: a Qwen2.5 or Qwen3 dense model, forward and backward on [`ascend_rl::ops`].
//!
//! There is no tape. Each part is a pair of functions, forward and backward, and a struct of what the one saves for the other:
//! [`linear`], [`attention`], [`mlp`], [`logprobs`]; [`forward`] and [`backward`] string them together. Parameters lie in flat
//! units ([`geometry`], [`params`]), f32 masters with a copy in the compute dtype.
//!
//! # Not covered
//! Sliding windows, scaled rope, dropout, mixture of experts, activation recomputation.

mod attention;
mod backward;
mod batch;
mod forward;
mod geometry;
mod linear;
mod logprobs;
mod mlp;
mod params;
mod rope;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::ops::CausalMask;
use ascend_rl::tensor::DType;

use crate::checkpoint::ModelConfig;
use forward::{DeviceBatch, Run};
use logprobs::{Head, Limits};

pub use batch::{Packed, Sequence};
pub use geometry::{Geometry, Slot};
pub use linear::linear;
pub use logprobs::Logprobs;
pub use params::{Store, UnitView};
pub use rope::{RopeRows, RopeTable};

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
    /// The tables and the geometry of a config.
    pub fn new(s: &Stream, config: &ModelConfig, compute: DType) -> Result<Model> {
        ensure!(config.num_layers > 0, "a model without layers; config.json's num_hidden_layers must be at least 1");
        Ok(Model {
            config: config.clone(),
            geometry: Arc::new(Geometry::new(config)),
            compute,
            rope: RopeTable::new(s, config.max_position_embeddings, config.head_dim, config.rope_theta, compute)?,
            mask: CausalMask::new(s)?,
            limits: Limits::default(),
        })
    }
}

/// A model with its weights.
pub struct Policy {
    model: Model,
    /// f32: what the optimiser updates.
    masters: Store,
    /// In the compute dtype, where that is not f32.
    copy: Option<Store>,
}

impl Policy {
    /// A policy with all weights zero, to be filled by [`Policy::load`] or [`Policy::load_random`].
    pub fn new(s: &Stream, config: &ModelConfig, compute: DType) -> Result<Policy> {
        ensure!(matches!(compute, DType::F32 | DType::BF16), "the policy computes in f32 or bf16, not in {}", compute.name());
        let model = Model::new(s, config, compute)?;
        let masters = Store::zeros(s, &model.geometry, DType::F32)?;
        let copy = (compute != DType::F32).then(|| Store::zeros(s, &model.geometry, compute)).transpose()?;
        Ok(Policy { model, masters, copy })
    }

    /// Fills the weights with what `read` gives for each of Hugging Face's names and shapes.
    pub fn load(&mut self, s: &Stream, read: impl FnMut(&str, &[usize]) -> Result<Vec<f32>>) -> Result<()> {
        self.masters.load(s, read)?;
        self.refresh(s)
    }

    /// Fresh weights, with the config's `initializer_range`.
    pub fn load_random(&mut self, s: &Stream, seed: u64) -> Result<()> {
        self.masters.load_random(s, self.model.config.initializer_range, seed)?;
        self.refresh(s)
    }

    /// Each of Hugging Face's tensors, with its name and shape, in f32.
    pub fn export<'a>(&'a self, s: &'a Stream) -> impl Iterator<Item = Result<(String, Vec<usize>, Vec<f32>)>> + 'a {
        self.masters.export(s)
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

    /// The f32 weights, to update. [`Policy::refresh`] must follow.
    pub fn masters_mut(&mut self) -> &mut Store {
        &mut self.masters
    }

    /// Brings the compute copy up to date with the masters.
    pub fn refresh(&mut self, s: &Stream) -> Result<()> {
        match &mut self.copy {
            Some(copy) => copy.cast_from(s, &self.masters),
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
        if packed.num_rows() == 0 {
            return Ok(Logprobs::default());
        }
        let batch = DeviceBatch::new(s, &self.model, packed)?;
        Ok(forward::forward(Run { s, model: &self.model, batch: &batch }, weights, head)?.1)
    }

    /// One forward, then `loss` on the host (it answers with d loss / d log-prob for each response token), then one backward,
    /// which adds to `grads`.
    pub fn forward_backward(
        &self,
        s: &Stream,
        packed: &Packed,
        temperature: f64,
        grads: &mut Store,
        loss: impl FnOnce(&Logprobs) -> Result<Vec<f32>>,
    ) -> Result<Logprobs> {
        if packed.num_rows() == 0 {
            return Ok(Logprobs::default());
        }
        let (model, weights) = (&self.model, self.weights());
        let batch = DeviceBatch::new(s, model, packed)?;
        let head = Head { temperature, entropy: true, keep: true };
        let (saved, logprobs) = forward::forward(Run { s, model, batch: &batch }, weights, head)?;
        let dlogp = loss(&logprobs)?;
        backward::backward(s, model, weights, grads, batch, saved, &dlogp)?;
        Ok(logprobs)
    }
}
