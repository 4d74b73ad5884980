//! The first half of a layer, as a pair: q, k and v of the normed stream, and attention within each sequence.
//!
//! `t` tokens, `n` query heads and `kv` key-value heads of `d` numbers, hidden size `h`.

use anyhow::Result;
use ascend_rl::ops::{self, Varlen};
use ascend_rl::tensor::{DType, Tensor, View, ViewMut};

use super::Model;
use super::forward::Run;
use super::geometry::Slot;
use super::linear::{Normed, accumulate_bias, accumulate_weight, add_rows, linear, linear_backward, norm_backward, select_rows};
use super::params::{UnitView, UnitViewMut};

/// What the backward needs.
pub struct Saved {
    /// The residual stream and its norm, `[t, h]`.
    pub input: Normed,
    /// `[t, (n + 2 kv) d]`; q and k before norm and rope.
    qkv: Tensor,
    /// Queries, `[t, n, d]`.
    q: Rotated,
    /// Keys, `[t, kv, d]`.
    k: Rotated,
    /// Attention's output, `[t, n d]`.
    pub out: Tensor,
    /// Attention's running maximum and sum, f32 `[n, t, 8]`.
    softmax: (Tensor, Tensor),
}

/// Some of the heads in qkv.
struct Heads {
    first: usize,
    count: usize,
    /// Their norm, where the model has one.
    norm: Option<Slot>,
}

/// Heads after norm and rope.
struct Rotated {
    heads: Heads,
    y: Tensor,
    /// Of the norm, f32 `[t, count, 1]`.
    rstd: Option<Tensor>,
}

impl Heads {
    fn queries(model: &Model) -> Heads {
        Heads { first: 0, count: model.config.num_heads, norm: model.config.qk_norm().then_some(Slot::QNorm) }
    }

    fn keys(model: &Model) -> Heads {
        let (first, count) = (model.config.num_heads, model.config.num_kv_heads);
        Heads { first, count, norm: model.config.qk_norm().then_some(Slot::KNorm) }
    }

    fn values(model: &Model) -> Heads {
        let (n, count) = (model.config.num_heads, model.config.num_kv_heads);
        Heads { first: n + count, count, norm: None }
    }

    /// These heads of `[t, (n + 2 kv) d]`, as `[t, count, d]`.
    fn of<'a>(&self, qkv: &'a Tensor, d: usize) -> Result<View<'a>> {
        let t = qkv.shape()[0];
        Ok(qkv.view().narrow(1, self.first * d, self.count * d)?.reshape(&[t, self.count, d])?)
    }
}

fn varlen(run: Run<'_>) -> Varlen<'_> {
    let scale = (run.model.config.head_dim as f64).powf(-0.5);
    let kv_seq_ends = run.batch.shared.as_ref().map(|shared| &shared.kv_seq_ends[..]);
    Varlen { seq_ends: &run.batch.seq_ends, kv_seq_ends, scale, mask: &run.model.mask }
}

/// Keys and values of every sequence, end to end, `[t_kv, kv, d]`. The rows that several see are copied for each; `None` where
/// there are no such rows.
fn gathered(run: Run<'_>, k: &Rotated, qkv: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
    let Run { s, model, batch } = run;
    let Some(shared) = &batch.shared else { return Ok(None) };
    let (kv, d) = (model.config.num_kv_heads, model.config.head_dim);
    let of = |x: View<'_>| -> Result<Tensor> {
        let rows = select_rows(s, x, &shared.kv_rows)?;
        Ok(rows.into_shape(&[shared.kv_rows.numel(), kv, d])?)
    };
    let v = Heads::values(model);
    Ok(Some((of(k.y.view().reshape(&[batch.t, kv * d])?)?, of(qkv.view().narrow(1, v.first * d, v.count * d)?)?)))
}

/// Runs the half; its result is [`Saved::out`].
pub fn forward(run: Run<'_>, w: UnitView<'_>, input: Normed) -> Result<Saved> {
    let Run { s, model, batch } = run;
    let (t, n, d) = (batch.t, model.config.num_heads, model.config.head_dim);
    let bias = model.config.qkv_bias().then(|| w.get(Slot::QkvBias)).transpose()?;
    let qkv = linear(s, input.y.view(), w.get(Slot::Qkv)?, bias)?;
    let q = norm_and_rotate(run, w, &qkv, Heads::queries(model))?;
    let k = norm_and_rotate(run, w, &qkv, Heads::keys(model))?;
    let gathered = gathered(run, &k, &qkv)?;
    let (keys, values) = match &gathered {
        Some((keys, values)) => (keys.view(), values.view()),
        None => (k.y.view(), Heads::values(model).of(&qkv, d)?),
    };

    let mut out = Tensor::empty(s, &[t, n, d], model.compute)?;
    let mut max = Tensor::empty(s, &[n, t, 8], DType::F32)?;
    let mut sum = Tensor::empty(s, &[n, t, 8], DType::F32)?;
    ops::flash_attention_varlen(s, &q.y, keys, values, varlen(run), &mut out, &mut max, &mut sum)?;
    Ok(Saved { input, q, k, out: out.into_shape(&[t, n * d])?, softmax: (max, sum), qkv })
}

fn norm_and_rotate(run: Run<'_>, w: UnitView<'_>, qkv: &Tensor, heads: Heads) -> Result<Rotated> {
    let Run { s, model, batch } = run;
    let x = heads.of(qkv, model.config.head_dim)?;
    let mut y = Tensor::empty(s, x.shape(), qkv.dtype())?;
    let Some(norm) = heads.norm else {
        ops::rope(s, x, &batch.rope.cos, &batch.rope.sin, &mut y)?;
        return Ok(Rotated { heads, y, rstd: None });
    };
    let mut normed = Tensor::empty(s, x.shape(), qkv.dtype())?;
    let mut rstd = Tensor::empty(s, &[batch.t, heads.count, 1], DType::F32)?;
    ops::rms_norm(s, x, w.get(norm)?, model.config.rms_norm_eps, &mut normed, &mut rstd)?;
    ops::rope(s, &normed, &batch.rope.cos, &batch.rope.sin, &mut y)?;
    Ok(Rotated { heads, y, rstd: Some(rstd) })
}

/// From the gradient of [`Saved::out`] to that of the residual stream through this half, `[t, h]`; adds the weights'.
/// The batch's rope turns back already.
pub fn backward(run: Run<'_>, w: UnitView<'_>, mut g: UnitViewMut<'_>, saved: Saved, d_attended: Tensor) -> Result<Tensor> {
    let Run { s, model, batch } = run;
    let config = &model.config;
    let (t, n, kv, d) = (batch.t, config.num_heads, config.num_kv_heads, config.head_dim);
    let Saved { input, qkv, q, k, out: saved_out, softmax: (max, sum) } = saved;

    let mut d_qkv = Tensor::empty(s, qkv.shape(), model.compute)?;
    let (d_q, d_kv) = d_qkv.view_mut().split_at(1, n * d)?;
    let (d_k, d_v) = d_kv.split_at(1, kv * d)?;
    let mut d_q_rotated = Tensor::empty(s, q.y.shape(), model.compute)?;
    let (d_out, out) = (d_attended.view().reshape(&[t, n, d])?, saved_out.view().reshape(&[t, n, d])?);
    let mut attend = |keys: View<'_>, values: View<'_>, d_keys: ViewMut<'_>, d_values: ViewMut<'_>| {
        let batch = varlen(run);
        ops::flash_attention_varlen_backward(
            s,
            &q.y,
            keys,
            values,
            d_out,
            out,
            &max,
            &sum,
            batch,
            &mut d_q_rotated,
            d_keys,
            d_values,
        )
    };
    let d_k_rotated = match (gathered(run, &k, &qkv)?, &batch.shared) {
        (Some((keys, values)), Some(shared)) => {
            let mut d_keys = Tensor::empty(s, keys.shape(), model.compute)?;
            let mut d_values = Tensor::empty(s, keys.shape(), model.compute)?;
            attend(keys.view(), values.view(), d_keys.view_mut(), d_values.view_mut())?;
            let back = |rows: Tensor| add_rows(s, &rows.into_shape(&[shared.kv_rows.numel(), kv * d])?, &shared.kv_rows, t);
            ops::copy(s, &back(d_values)?, d_v)?;
            back(d_keys)?.into_shape(k.y.shape())?
        }
        _ => {
            let mut d_keys = Tensor::empty(s, k.y.shape(), model.compute)?;
            attend(k.y.view(), Heads::values(model).of(&qkv, d)?, d_keys.view_mut(), d_v.reshape(&[t, kv, d])?)?;
            d_keys
        }
    };
    drop((saved_out, d_attended, max, sum));
    rotate_back(run, w, &mut g, &qkv, q, d_q_rotated, d_q)?;
    rotate_back(run, w, &mut g, &qkv, k, d_k_rotated, d_k)?;
    drop(qkv);

    accumulate_weight(s, d_qkv.view(), input.y.view(), g.get(Slot::Qkv)?)?;
    if config.qkv_bias() {
        accumulate_bias(s, d_qkv.view(), g.get(Slot::QkvBias)?)?;
    }
    let d_normed = linear_backward(s, d_qkv.view(), w.get(Slot::Qkv)?)?;
    drop(d_qkv);
    input.backward(s, &d_normed, w.get(Slot::InputNorm)?, g.get(Slot::InputNorm)?)
}

/// The backward of [`norm_and_rotate`]: from the gradient of the heads `[t, count, d]` to their columns `[t, count d]` of qkv's.
fn rotate_back(
    run: Run<'_>,
    w: UnitView<'_>,
    g: &mut UnitViewMut<'_>,
    qkv: &Tensor,
    saved: Rotated,
    dy: Tensor,
    dx: ViewMut<'_>,
) -> Result<()> {
    let Run { s, model, batch } = run;
    let dx = dx.reshape(dy.shape())?;
    let Rotated { heads, rstd, .. } = saved;
    // The operator writes no slices; the norm's backward and a copy do.
    let mut turned = Tensor::empty(s, dy.shape(), dy.dtype())?;
    ops::rope(s, &dy, &batch.rope.cos, &batch.rope.sin, &mut turned)?;
    drop(dy);
    match heads.norm.zip(rstd) {
        Some((norm, rstd)) => {
            let x = heads.of(qkv, model.config.head_dim)?;
            norm_backward(s, &turned, x, &rstd, w.get(norm)?, dx, g.get(norm)?)
        }
        None => Ok(ops::copy(s, &turned, dx)?),
    }
}
