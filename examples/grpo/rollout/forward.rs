//! The model's inference pass: packed prompts, or one token of each running sample.
//!
//! `t` rows, hidden size `h`, `n` query heads and `kv` key-value heads of `d` numbers: this rank's, where several share the model.

use std::ops::Range;

use anyhow::Result;
use ascend_rl::attention::{DecodePlan, PagedKvCache};
use ascend_rl::ops::{self, Varlen};
use ascend_rl::tensor::{DType, Tensor, View};

use super::tensor_parallel::TensorParallel;
use crate::policy::{Geometry, Model, RopeRows, Slot, Store, UnitView, linear};

/// One pass: the rows, and where their keys and values go.
pub struct Pass<'a> {
    pub tp: TensorParallel<'a>,
    /// In the rollout's dtype.
    pub model: &'a Model,
    /// The rows of a tied head that this rank multiplies.
    pub vocab_rows: &'a Range<usize>,
    /// Token ids, i32 [t].
    pub ids: View<'a>,
    /// Positions in their sequences, i32 [t].
    pub positions: View<'a>,
    /// Slots of the cache, i32 [t].
    pub slot_mapping: View<'a>,
}

/// How a row attends.
pub enum Attend<'a> {
    /// To the rows of its own prompt, up to itself; the prompts' cumulative ends.
    Prompt { seq_ends: &'a [i64] },
    /// To its sequence in the cache.
    Cache { plan: &'a DecodePlan },
}

impl Pass<'_> {
    /// This rank's logits of rows `rows` (i32 [r]; all where `None`), [r, vocab_rows], and the keys and values of all rows in
    /// the cache.
    pub fn logits(
        &self,
        weights: &Store,
        cache: &mut PagedKvCache,
        attend: &Attend<'_>,
        rows: Option<&Tensor>,
    ) -> Result<Tensor> {
        let Pass { tp, model, ids, positions, .. } = *self;
        let s = tp.s;
        let (config, dtype) = (&model.config, weights.dtype());
        let (t, h) = (ids.shape()[0], config.hidden_size);
        let like = || Tensor::empty(s, &[t, h], dtype);
        let rope = model.rope.rows(s, positions)?;
        let embedding = weights.unit(Geometry::EMBEDDING).get(Slot::Embedding)?;
        let mut x = like()?;
        ops::embedding(s, embedding, ids, &mut x)?;

        let (mut y, mut rstd) = (like()?, Tensor::empty(s, &[t, 1], DType::F32)?);
        let first = weights.unit(model.geometry.layer(0)).get(Slot::InputNorm)?;
        ops::rms_norm(s, &x, first, config.rms_norm_eps, &mut y, &mut rstd)?;
        for layer in 0..config.num_layers {
            let w = weights.unit(model.geometry.layer(layer));
            let attended = self.attention(w, cache, layer, &y, &rope, attend)?;
            let (mut sum, mut normed) = (like()?, like()?);
            let post = w.get(Slot::PostNorm)?;
            ops::add_rms_norm(s, &attended, &x, post, config.rms_norm_eps, &mut normed, &mut rstd, &mut sum)?;
            let gate_up = linear(s, normed.view(), w.get(Slot::GateUp)?, None)?;
            let mut act = Tensor::empty(s, &[t, config.intermediate_size], dtype)?;
            ops::swiglu(s, &gate_up, &mut act)?;
            let mut delta = linear(s, act.view(), w.get(Slot::Down)?, None)?;
            tp.all_reduce(&mut delta)?;
            let next = match layer + 1 == config.num_layers {
                true => weights.unit(model.geometry.head()).get(Slot::FinalNorm)?,
                false => weights.unit(model.geometry.layer(layer + 1)).get(Slot::InputNorm)?,
            };
            (x, y) = (like()?, like()?);
            ops::add_rms_norm(s, &delta, &sum, next, config.rms_norm_eps, &mut y, &mut rstd, &mut x)?;
        }
        if let Some(rows) = rows {
            let mut selected = Tensor::empty(s, &[rows.numel(), h], dtype)?;
            ops::embedding(s, &y, rows, &mut selected)?;
            y = selected;
        }
        let head = match config.tie_word_embeddings {
            true => embedding.narrow(0, self.vocab_rows.start, self.vocab_rows.len())?,
            false => weights.unit(model.geometry.head()).get(Slot::LmHead)?,
        };
        linear(s, y.view(), head, None)
    }

    /// Attention and its output projection, [t, h].
    fn attention(
        &self,
        w: UnitView<'_>,
        cache: &mut PagedKvCache,
        layer: usize,
        y: &Tensor,
        rope: &RopeRows,
        attend: &Attend<'_>,
    ) -> Result<Tensor> {
        let Pass { tp, model, .. } = *self;
        let (s, config) = (tp.s, &model.config);
        let (t, n, kv, d) = (y.shape()[0], config.num_heads, config.num_kv_heads, config.head_dim);
        let bias = config.qkv_bias().then(|| w.get(Slot::QkvBias)).transpose()?;
        let qkv = linear(s, y.view(), w.get(Slot::Qkv)?, bias)?;
        let heads = |first: usize, count: usize| qkv.view().narrow(1, first * d, count * d);
        let (q_norm, k_norm) = match config.qk_norm() {
            true => (Some(w.get(Slot::QNorm)?), Some(w.get(Slot::KNorm)?)),
            false => (None, None),
        };
        let q = self.rotate(heads(0, n)?.reshape(&[t, n, d])?, q_norm, rope)?;
        let k = self.rotate(heads(n, kv)?.reshape(&[t, kv, d])?, k_norm, rope)?;
        let v = heads(n + kv, kv)?;
        cache.write(s, layer, k.view().reshape(&[t, kv * d])?, v, self.slot_mapping)?;

        let mut out = Tensor::empty(s, &[t, n, d], y.dtype())?;
        let scale = (d as f64).powf(-0.5);
        match attend {
            Attend::Cache { plan } => cache.decode(s, layer, &q, plan, scale, &mut out)?,
            Attend::Prompt { seq_ends } => {
                let stat = || Tensor::empty(s, &[n, t, 8], DType::F32);
                let (mut max, mut sum) = (stat()?, stat()?);
                let batch = Varlen { seq_ends, kv_seq_ends: None, scale, mask: &model.mask };
                ops::flash_attention_varlen(s, &q, &k, v.reshape(&[t, kv, d])?, batch, &mut out, &mut max, &mut sum)?;
            }
        }
        let mut projected = linear(s, out.view().reshape(&[t, n * d])?, w.get(Slot::O)?, None)?;
        tp.all_reduce(&mut projected)?;
        Ok(projected)
    }

    /// Norm (Qwen3) and rope of heads [t, count, d].
    fn rotate(&self, x: View<'_>, norm: Option<View<'_>>, rope: &RopeRows) -> Result<Tensor> {
        let s = self.tp.s;
        let mut out = Tensor::empty(s, x.shape(), x.dtype())?;
        let Some(norm) = norm else {
            ops::rope(s, x, &rope.cos, &rope.sin, &mut out)?;
            return Ok(out);
        };
        let mut normed = Tensor::empty(s, x.shape(), x.dtype())?;
        let mut rstd = Tensor::empty(s, &[x.shape()[0], x.shape()[1], 1], DType::F32)?;
        ops::rms_norm(s, x, norm, self.model.config.rms_norm_eps, &mut normed, &mut rstd)?;
        ops::rope(s, &normed, &rope.cos, &rope.sin, &mut out)?;
        Ok(out)
    }
}
