//! The engine: weights in the rollout's dtype, the cache, and the loop.

use std::ops::Range;

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::attention::{KvSpec, PagedKvCache};
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor};

use super::forward::{Attend, Pass};
use super::request::{Completion, Decoding, Progress, Request};
use super::scheduler::{Sample, Scheduler};
use super::tensor_parallel::TensorParallel;
use crate::checkpoint::ModelConfig;
use crate::layout::TpRank;
use crate::policy::{Model, Store};
use crate::random;

/// Sizes of an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// bf16 or f16.
    pub dtype: DType,
    /// Tokens in a block of the cache.
    pub block_size: usize,
    /// Tokens that the cache holds in all.
    pub cache_tokens: usize,
    /// Samples that run at once.
    pub max_num_seqs: usize,
    /// Prompt tokens that are prefilled at once.
    pub max_prefill_tokens: usize,
}

/// A model that generates, or one rank's part of it.
pub struct Engine {
    /// As this rank sees it.
    model: Model,
    /// Logits of a row, those of the other ranks included, and which of them this rank computes.
    vocab_size: usize,
    vocab_rows: Range<usize>,
    weights: Store,
    cache: PagedKvCache,
    settings: EngineSettings,
}

impl Engine {
    /// The part of rank `tp`, whose weights are zero until they are given ([`Engine::weights_mut`]).
    pub fn new(s: &Stream, config: &ModelConfig, tp: TpRank, settings: EngineSettings) -> Result<Engine> {
        let model = Model::with_geometry(s, &tp.config(config), settings.dtype, tp.geometry(config))?;
        let spec = KvSpec {
            layers: config.num_layers,
            num_kv_heads: model.config.num_kv_heads,
            head_dim: config.head_dim,
            block_size: settings.block_size,
            dtype: settings.dtype,
        };
        let cache = PagedKvCache::new(s, spec, spec.blocks_for(settings.cache_tokens).max(1))?;
        let weights = Store::zeros(s, &model.geometry, settings.dtype)?;
        Ok(Engine { model, vocab_size: config.vocab_size, vocab_rows: tp.vocab_rows(config), weights, cache, settings })
    }

    /// The weights.
    #[cfg(test)]
    pub fn weights(&self) -> &Store {
        &self.weights
    }

    /// The weights, to overwrite.
    pub fn weights_mut(&mut self) -> &mut Store {
        &mut self.weights
    }

    /// Continues every request; completions by request, then by sample.
    ///
    /// Blocks until all have ended. All ranks of the replica call it with the same requests. `report` is called after each step;
    /// an error of it ends the call.
    pub fn generate(
        &mut self,
        tp: TensorParallel<'_>,
        requests: &[Request],
        decoding: &Decoding,
        mut report: impl FnMut(Progress) -> Result<()>,
    ) -> Result<Vec<Vec<Completion>>> {
        let limit = self.model.config.max_position_embeddings;
        for (i, request) in requests.iter().enumerate() {
            ensure!(!request.prompt.is_empty(), "prompt {i} has no tokens");
            let longest = request.prompt.len() + decoding.max_new_tokens;
            ensure!(
                longest <= limit,
                "prompt {i} and its completion may reach {longest} tokens, the model knows {limit} positions"
            );
        }
        ensure!(decoding.max_new_tokens > 0, "the completion length is 0; at least 1 token must be drawn");
        let mut scheduler = Scheduler::new(requests, decoding, self.settings.max_num_seqs, self.settings.max_prefill_tokens);
        let mut progress = Progress { samples: requests.iter().map(|r| r.samples).sum(), ..Progress::default() };
        while !scheduler.is_done() {
            progress.tokens += self.prefill(tp, &mut scheduler, decoding)?;
            progress.tokens += self.step(tp, &mut scheduler, decoding)?;
            progress.finished = scheduler.finished();
            report(progress)?;
        }
        Ok(scheduler.into_completions())
    }

    /// Prefills what the scheduler admits and draws the first token of each sample. Gives the tokens drawn.
    fn prefill(&mut self, tp: TensorParallel<'_>, scheduler: &mut Scheduler<'_>, decoding: &Decoding) -> Result<usize> {
        let admitted = scheduler.admit(&self.cache)?;
        if admitted.is_empty() {
            return Ok(0);
        }
        let (mut inputs, mut seq_ends, mut rows, mut slots) = (Inputs::default(), Vec::new(), Vec::new(), Vec::new());
        for (waiting, _, its_slots) in &admitted {
            for (position, &id) in waiting.tokens.iter().enumerate() {
                inputs.push(id, position);
            }
            slots.extend_from_slice(its_slots);
            seq_ends.push(slots.len() as i64);
            // One row of logits for each sample: all begin with the prompt's last token.
            rows.extend(waiting.samples.iter().map(|_| slots.len() as i32 - 1));
        }
        let samples: Vec<&Sample> = admitted.iter().flat_map(|(w, ..)| &w.samples).collect();
        let uniforms = uniforms(&samples, decoding.seed);
        let rows = Tensor::from_slice(tp.s, &[rows.len()], &rows)?;
        let drawn = self.draw(tp, &inputs, &slots, &Attend::Prompt { seq_ends: &seq_ends }, Some(&rows), &uniforms, decoding)?;
        let count = drawn.len();
        let mut drawn = &drawn[..];
        for (waiting, sequence, _) in admitted {
            let (its, rest) = drawn.split_at(waiting.samples.len());
            scheduler.start(waiting, &sequence, its);
            drawn = rest;
        }
        Ok(count)
    }

    /// One token of each running sample. Gives the tokens drawn.
    fn step(&mut self, tp: TensorParallel<'_>, scheduler: &mut Scheduler<'_>, decoding: &Decoding) -> Result<usize> {
        let slots = scheduler.grow()?;
        if slots.is_empty() {
            return Ok(0);
        }
        self.cache.apply_copies(tp.s)?;
        let mut inputs = Inputs::default();
        for running in &scheduler.running {
            // The last token drawn is not in the cache yet: it is this step's input, at the place that `grow` made.
            let last = running.sample.tokens.last().copied().unwrap_or_default();
            inputs.push(last, running.sequence.len() - 1);
        }
        let samples: Vec<&Sample> = scheduler.running.iter().map(|r| &r.sample).collect();
        let uniforms = uniforms(&samples, decoding.seed);
        let plan = self.cache.plan_decode(tp.s, scheduler.running.iter().map(|r| &r.sequence))?;
        let drawn = self.draw(tp, &inputs, &slots, &Attend::Cache { plan: &plan }, None, &uniforms, decoding)?;
        scheduler.step(&drawn);
        Ok(drawn.len())
    }

    /// Logits and one drawn token for each row that is asked for, with its log-probability.
    #[allow(clippy::too_many_arguments)] // The pass, its rows, and how to draw.
    fn draw(
        &mut self,
        tp: TensorParallel<'_>,
        inputs: &Inputs,
        slots: &[i32],
        attend: &Attend<'_>,
        rows: Option<&Tensor>,
        uniforms: &[f32],
        decoding: &Decoding,
    ) -> Result<Vec<(u32, f32)>> {
        let s = tp.s;
        // One upload for the three of them.
        let t = slots.len();
        let packed = Tensor::from_slice(s, &[3, t], &[&inputs.ids[..], &inputs.positions, slots].concat())?;
        let row = |i: usize| packed.view().narrow(0, i, 1)?.reshape(&[t]);
        let pass = Pass {
            tp,
            model: &self.model,
            vocab_rows: &self.vocab_rows,
            ids: row(0)?,
            positions: row(1)?,
            slot_mapping: row(2)?,
        };
        let uniforms = Tensor::from_slice(s, &[uniforms.len(), 1], uniforms)?;
        let logits = pass.logits(&self.weights, &mut self.cache, attend, rows)?;
        let logits = tp.gather_columns(logits, self.vocab_size)?;
        let (tokens, logprobs) = ops::sample(s, &logits, &uniforms, &decoding.sampling)?;
        let (tokens, logprobs) = (tokens.to_vec::<i64>(s)?, logprobs.to_vec::<f32>(s)?);
        Ok(tokens.into_iter().map(|t| t as u32).zip(logprobs).collect())
    }
}

/// Token ids and positions of the rows of a pass.
#[derive(Default)]
struct Inputs {
    ids: Vec<i32>,
    positions: Vec<i32>,
}

impl Inputs {
    fn push(&mut self, id: u32, position: usize) {
        self.ids.push(id as i32);
        self.positions.push(position as i32);
    }
}

/// The number that decides each sample's next token.
fn uniforms(samples: &[&Sample], seed: u64) -> Vec<f32> {
    samples.iter().map(|sample| random::uniform(seed, sample.id, sample.tokens.len() as u64)).collect()
}
