//! The head, as a pair: the final norm, the logits, and the log-prob of each target.
//!
//! Rows are worked off in chunks, for a row of logits is as long as the vocabulary: 151,936 numbers for Qwen.

use std::ops::Range;

use anyhow::Result;
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor, View};

use super::Model;
use super::forward::Run;
use super::geometry::{Geometry, Slot};
use super::linear::{Normed, accumulate_weight, linear, to_dtype};
use super::units::Units;

/// How many numbers of logits may lie on the device.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Logits of one chunk.
    pub chunk: usize,
    /// Log-probs that are kept for the backward, over all chunks. Those beyond are computed a second time.
    pub kept: usize,
}

impl Default for Limits {
    /// In f32, 128 MiB a chunk and 1 GiB kept.
    fn default() -> Self {
        Limits { chunk: 32 << 20, kept: 256 << 20 }
    }
}

/// One value a row, on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logprobs {
    /// Log-prob of the target at the temperature.
    pub logp: Vec<f32>,
    /// Entropy of the whole distribution, in nats. Empty where it was not asked for.
    pub entropy: Vec<f32>,
}

/// What the head computes beside log-probs, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Logits are divided by it.
    pub temperature: f64,
    /// Whether the entropy is wanted; it costs three passes over the logits.
    pub entropy: bool,
    /// Whether a backward will follow.
    pub keep: bool,
}

/// What the backward needs.
pub struct Saved {
    /// The residual stream and its norm, `[r, h]`.
    input: Normed,
    temperature: f64,
    chunks: Vec<Chunk>,
}

struct Chunk {
    rows: Range<usize>,
    /// Of the whole vocabulary, f32 `[rows, v]`, where it was kept.
    log_prob: Option<Tensor>,
}

/// The head's matrix `[v, h]`: the embedding where the two are tied.
fn matrix(model: &Model) -> (usize, Slot) {
    match model.config.tie_word_embeddings {
        true => (Geometry::EMBEDDING, Slot::Embedding),
        false => (model.geometry.head(), Slot::LmHead),
    }
}

/// Log-probs (and entropies) of the batch's targets.
pub fn forward(run: Run<'_>, units: &Units<'_>, input: Normed, head: Head) -> Result<(Saved, Logprobs)> {
    let Run { s, model, batch } = run;
    let (r, v) = (batch.r, model.config.vocab_size);
    let mut loss = Tensor::empty(s, &[r], DType::F32)?;
    let mut entropy = head.entropy.then(|| Tensor::empty(s, &[r, 1], DType::F32)).transpose()?;
    let per_chunk = (model.limits.chunk / v).max(1);
    let mut chunks = Vec::with_capacity(r.div_ceil(per_chunk));
    let mut kept = 0;
    for start in (0..r).step_by(per_chunk) {
        let rows = start..r.min(start + per_chunk);
        let logits = scaled_logits(run, units, slice(&input.y, &rows)?, head.temperature)?;
        let mut log_prob = Tensor::empty(s, logits.shape(), DType::F32)?;
        let targets = slice(&batch.targets, &rows)?;
        ops::cross_entropy(s, &logits, targets, loss.view_mut().narrow(0, start, rows.len())?, &mut log_prob)?;
        if let Some(entropy) = &mut entropy {
            // sum p log p; the logits' memory takes the products.
            let mut products = logits;
            let mut p = Tensor::empty(s, log_prob.shape(), DType::F32)?;
            ops::exp(s, &log_prob, &mut p)?;
            ops::mul(s, &p, &log_prob, &mut products)?;
            ops::sum(s, &products, 1, entropy.view_mut().narrow(0, start, rows.len())?)?;
        }
        let keep = head.keep && kept + log_prob.numel() <= model.limits.kept;
        kept += log_prob.numel();
        chunks.push(Chunk { rows, log_prob: keep.then_some(log_prob) });
    }
    let negated = |x: Tensor| -> Result<Vec<f32>> { Ok(x.to_vec::<f32>(s)?.into_iter().map(|x| -x).collect()) };
    let logprobs = Logprobs { logp: negated(loss)?, entropy: entropy.map(negated).transpose()?.unwrap_or_default() };
    Ok((Saved { input, temperature: head.temperature, chunks }, logprobs))
}

/// From d loss / d logp, one a row, to the gradient of the residual stream `[r, h]`; adds the weights'.
pub fn backward(run: Run<'_>, units: &mut Units<'_>, saved: Saved, dlogp: &[f32]) -> Result<Tensor> {
    let Run { s, model, batch } = run;
    let Saved { input, temperature, chunks } = saved;
    // The operator's loss is -logp; the temperature's 1/T is as well taken here as on the logits.
    let dloss: Vec<f32> = dlogp.iter().map(|&d| (-f64::from(d) / temperature) as f32).collect();
    let dloss = Tensor::from_slice(s, &[dloss.len()], &dloss)?;
    let (unit, slot) = matrix(model);
    let mut d_normed = Tensor::empty(s, input.y.shape(), model.compute)?;
    for Chunk { rows, log_prob } in chunks {
        let targets = slice(&batch.targets, &rows)?;
        let log_prob = match log_prob {
            Some(kept) => kept,
            None => {
                let logits = scaled_logits(run, units, slice(&input.y, &rows)?, temperature)?;
                let mut log_prob = Tensor::empty(s, logits.shape(), DType::F32)?;
                let mut loss = Tensor::empty(s, &[rows.len()], DType::F32)?;
                ops::cross_entropy(s, &logits, targets, &mut loss, &mut log_prob)?;
                log_prob
            }
        };
        let mut dlogits = Tensor::empty(s, log_prob.shape(), DType::F32)?;
        ops::cross_entropy_backward(s, slice(&dloss, &rows)?, &log_prob, targets, &mut dlogits)?;
        drop(log_prob);
        let dlogits = to_dtype(s, dlogits, model.compute)?;
        let d_rows = d_normed.view_mut().narrow(0, rows.start, rows.len())?;
        let (w, mut g) = units.root_and_grad(unit)?;
        ops::mm(s, &dlogits, w.get(slot)?, d_rows)?;
        accumulate_weight(s, dlogits.view(), slice(&input.y, &rows)?, g.get(slot)?)?;
    }
    let (gamma, mut g) = units.root_and_grad(model.geometry.head())?;
    input.backward(s, &d_normed, gamma.get(Slot::FinalNorm)?, g.get(Slot::FinalNorm)?)
}

/// Logits of some normed rows over the temperature, f32 `[rows, v]`.
fn scaled_logits(run: Run<'_>, units: &Units<'_>, normed: View<'_>, temperature: f64) -> Result<Tensor> {
    let (s, (unit, slot)) = (run.s, matrix(run.model));
    let logits = linear(s, normed, units.root(unit).get(slot)?, None)?;
    let mut logits = to_dtype(s, logits, DType::F32)?;
    if temperature != 1.0 {
        ops::mul_scalar_(s, &mut logits, 1.0 / temperature)?;
    }
    Ok(logits)
}

fn slice<'a>(x: &'a Tensor, rows: &Range<usize>) -> Result<View<'a>> {
    Ok(x.view().narrow(0, rows.start, rows.len())?)
}
