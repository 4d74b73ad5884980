//! The model's forward.

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::ops;
use ascend_rl::tensor::Tensor;

use super::batch::Packed;
use super::geometry::{Geometry, Slot};
use super::linear::{Normed, select_rows};
use super::logprobs::{self, Head, Logprobs};
use super::rope::RopeRows;
use super::units::Units;
use super::{Model, attention, mlp};

/// A packed batch on the device.
pub struct DeviceBatch {
    /// Input tokens.
    pub t: usize,
    /// Tokens that are predicted.
    pub r: usize,
    /// Input tokens on the host, where the embedding's backward sorts them.
    pub tokens: Vec<i32>,
    /// Input tokens, i32 `[t]`.
    ids: Tensor,
    /// The row that predicts each, i32 `[r]`.
    pub rows: Tensor,
    /// What they predict, i64 `[r]`.
    pub targets: Tensor,
    /// Cosines and sines of the tokens' positions; the backward turns them round.
    pub rope: RopeRows,
    /// Where sequences end, cumulative; on the host, for that is where the operator takes it from.
    pub seq_ends: Vec<i64>,
    /// Where the samples of a prompt share its rows.
    pub shared: Option<Shared>,
}

/// The keys and values of sequences that share some.
pub struct Shared {
    /// The rows of each sequence's keys, i32 `[t_kv]`.
    pub kv_rows: Tensor,
    /// Where each ends among them, cumulative.
    pub kv_seq_ends: Vec<i64>,
}

impl Shared {
    fn new(s: &Stream, packed: &Packed) -> Result<Option<Shared>> {
        if packed.kv_rows.is_empty() {
            return Ok(None);
        }
        let kv_rows = Tensor::from_slice(s, &[packed.kv_rows.len()], &packed.kv_rows)?;
        Ok(Some(Shared { kv_rows, kv_seq_ends: packed.kv_seq_ends.clone() }))
    }
}

impl DeviceBatch {
    /// Uploads a batch that is not empty, after a check that no id or position is outside the model's tables.
    pub fn new(s: &Stream, model: &Model, packed: &Packed) -> Result<DeviceBatch> {
        model.check(packed)?;
        let (t, r) = (packed.num_tokens(), packed.num_rows());
        let positions = Tensor::from_slice(s, &[t], &packed.positions)?;
        Ok(DeviceBatch {
            t,
            r,
            tokens: packed.tokens.clone(),
            ids: Tensor::from_slice(s, &[t], &packed.tokens)?,
            rows: Tensor::from_slice(s, &[r], &packed.rows)?,
            targets: Tensor::from_slice(s, &[r], &packed.targets)?,
            rope: model.rope.rows(s, &positions)?,
            seq_ends: packed.seq_ends.clone(),
            shared: Shared::new(s, packed)?,
        })
    }
}

impl Model {
    /// Whether ids and lengths of a batch are within the model's tables.
    pub fn check(&self, packed: &Packed) -> Result<()> {
        let (vocab, longest) = (self.config.vocab_size, self.config.max_position_embeddings);
        let ids = packed.tokens.iter().map(|&id| i64::from(id)).chain(packed.targets.iter().copied());
        let outside = ids.into_iter().find(|&id| !(0..vocab as i64).contains(&id));
        ensure!(outside.is_none(), "token id {} is outside the model's vocabulary of {vocab}", outside.unwrap_or_default());
        let len = packed.max_len();
        ensure!(len <= longest, "a sequence of {len} tokens; the model's max_position_embeddings is {longest}");
        Ok(())
    }
}

/// What every part of a pass reads.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The home stream of everything.
    pub s: &'a Stream,
    /// The model.
    pub model: &'a Model,
    /// The batch.
    pub batch: &'a DeviceBatch,
}

/// What the backward needs of one layer.
pub struct LayerSaved {
    /// The first half.
    pub attention: attention::Saved,
    /// Attention's output at the rows that predict, once for each token that one predicts; of the last layer only.
    pub selected: Option<Tensor>,
    /// The second half.
    pub mlp: mlp::Saved,
}

/// What the backward needs of the model.
pub struct Saved {
    /// In order.
    pub layers: Vec<LayerSaved>,
    /// The head.
    pub head: logprobs::Saved,
}

/// Log-probs of the batch's targets. Without `head.keep`, activations are freed layer by layer and what is returned
/// of them serves no backward.
pub fn forward(run: Run<'_>, units: &mut Units<'_>, head: Head) -> Result<(Saved, Logprobs)> {
    let Run { s, model, batch } = run;
    let (eps, last) = (model.config.rms_norm_eps, model.config.num_layers - 1);
    let mut layers: Vec<LayerSaved> = Vec::with_capacity(model.config.num_layers);
    let mut x = Tensor::empty(s, &[batch.t, model.config.hidden_size], model.compute)?;
    ops::embedding(s, units.root(Geometry::EMBEDDING).get(Slot::Embedding)?, &batch.ids, &mut x)?;
    let mut input = Normed::new(s, x, units.layer(s, 0)?.get(Slot::InputNorm)?, eps)?;
    for layer in 0..=last {
        let w = units.layer(s, layer)?;
        let attention = attention::forward(run, w, input)?;
        let (selected, (mlp, delta)) = if layer == last {
            let attended = select_rows(s, &attention.out, &batch.rows)?;
            let residual = select_rows(s, &attention.input.x, &batch.rows)?;
            let half = mlp::forward(s, eps, w, &attended, &residual)?;
            (Some(attended), half)
        } else {
            (None, mlp::forward(s, eps, w, &attention.out, &attention.input.x)?)
        };
        let gamma = match layer == last {
            true => units.root(model.geometry.head()).get(Slot::FinalNorm)?,
            false => units.layer(s, layer + 1)?.get(Slot::InputNorm)?,
        };
        input = Normed::of_sum(s, &delta, &mlp.post.x, gamma, eps)?;
        if head.keep {
            layers.push(LayerSaved { attention, selected, mlp });
        }
    }
    let (head, logprobs) = logprobs::forward(run, units, input, head)?;
    Ok((Saved { layers, head }, logprobs))
}
