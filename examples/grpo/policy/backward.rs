//! The model's backward, written out: the forward's steps in reverse, each with its pair.

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor};

use super::forward::{DeviceBatch, LayerSaved, Run, Saved};
use super::geometry::{Geometry, Slot};
use super::linear::{add_rows, place_rows, to_dtype};
use super::units::Units;
use super::{Model, attention, logprobs, mlp};

/// Adds to the units' gradients that of a loss whose derivative by the log-prob of each row is `dlogp`. Activations are freed as
/// they are used.
pub fn backward(
    s: &Stream,
    model: &Model,
    units: &mut Units<'_>,
    mut batch: DeviceBatch,
    saved: Saved,
    dlogp: &[f32],
) -> Result<()> {
    ensure!(dlogp.len() == batch.r, "the loss gave {} derivatives for {} log-probs", dlogp.len(), batch.r);
    let Saved { layers, head } = saved;
    batch.rope = batch.rope.inverse(s)?;
    let run = Run { s, model, batch: &batch };
    let mut d = logprobs::backward(run, units, head, dlogp)?;
    for (layer, saved) in layers.into_iter().enumerate().rev() {
        let (w, mut g) = units.layer_and_grad(s, layer)?;
        let LayerSaved { attention, selected, mlp } = saved;
        let attended = selected.as_ref().unwrap_or(&attention.out);
        let (mut d_attended, mut dx) = mlp::backward(s, w, &mut g, mlp, attended, d)?;
        if selected.is_some() {
            let back = if batch.shared.is_some() { add_rows } else { place_rows };
            d_attended = back(s, &d_attended, &batch.rows, batch.t)?;
            dx = back(s, &dx, &batch.rows, batch.t)?;
        }
        d = attention::backward(run, w, g, attention, d_attended)?;
        ops::add_(s, &mut d, &dx)?;
    }
    embedding_backward(s, units, &batch.tokens, d)
}

/// Adds the rows of `d` `[t, h]` to the embedding's gradient by token. Only rows of tokens that occur are touched: a
/// vocabulary of 151,936 is mostly absent from a batch.
fn embedding_backward(s: &Stream, units: &mut Units<'_>, tokens: &[i32], d: Tensor) -> Result<()> {
    let mut present = tokens.to_vec();
    present.sort_unstable();
    present.dedup();
    let place = tokens.iter().map(|id| present.partition_point(|p| p < id) as i32).collect::<Vec<_>>();
    let (u, h) = (present.len(), d.shape()[1]);
    let present = Tensor::from_slice(s, &[u], &present)?;
    let place = Tensor::from_slice(s, &[place.len()], &place)?;

    let mut sums = Tensor::empty(s, &[u, h], DType::F32)?;
    // CANN's operator answers in the dtype of what it sums, and the sum must be f32.
    let d = to_dtype(s, d, DType::F32)?;
    ops::embedding_backward(s, &d, &place, &mut sums)?;
    let (_, mut unit) = units.root_and_grad(Geometry::EMBEDDING)?;
    let mut rows = Tensor::empty(s, &[u, h], DType::F32)?;
    ops::embedding(s, unit.get(Slot::Embedding)?.as_view(), &present, &mut rows)?;
    ops::add_(s, &mut rows, &sums)?;
    Ok(ops::scatter_rows(s, unit.get(Slot::Embedding)?, &present, &rows)?)
}
