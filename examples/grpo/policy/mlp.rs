//! The second half of a layer, as a pair: attention's output projection, the norm behind it and the MLP.
//!
//! Everything here is per token, so the last layer computes it for the `r` tokens that predict something, and no others.

use anyhow::Result;
use ascend_rl::acl::Stream;
use ascend_rl::ops;
use ascend_rl::tensor::Tensor;

use super::geometry::Slot;
use super::linear::{Normed, accumulate_weight, linear, linear_backward};
use super::params::{UnitView, UnitViewMut};

/// What the backward needs, beside attention's output.
pub struct Saved {
    /// The residual stream behind attention and its norm, `[r, h]`.
    pub post: Normed,
    /// Gate and up, `[r, 2 i]`.
    gate_up: Tensor,
    /// `silu(gate) * up`, `[r, i]`.
    act: Tensor,
}

/// From attention's output `[r, n d]` and the residual stream `[r, h]` to what the MLP adds to [`Saved::post`]'s stream, `[r, h]`.
pub fn forward(s: &Stream, eps: f64, w: UnitView<'_>, attended: &Tensor, residual: &Tensor) -> Result<(Saved, Tensor)> {
    let projected = linear(s, attended.view(), w.get(Slot::O)?, None)?;
    let post = Normed::of_sum(s, &projected, residual, w.get(Slot::PostNorm)?, eps)?;
    drop(projected);
    let gate_up = linear(s, post.y.view(), w.get(Slot::GateUp)?, None)?;
    let mut act = Tensor::empty(s, &[gate_up.shape()[0], gate_up.shape()[1] / 2], gate_up.dtype())?;
    ops::swiglu(s, &gate_up, &mut act)?;
    let delta = linear(s, act.view(), w.get(Slot::Down)?, None)?;
    Ok((Saved { post, gate_up, act }, delta))
}

/// From the gradient of the stream behind the layer to (that of attention's output, that of the stream before the half);
/// adds the weights'.
pub fn backward(
    s: &Stream,
    w: UnitView<'_>,
    g: &mut UnitViewMut<'_>,
    saved: Saved,
    attended: &Tensor,
    d: Tensor,
) -> Result<(Tensor, Tensor)> {
    let Saved { post, gate_up, act } = saved;
    accumulate_weight(s, d.view(), act.view(), g.get(Slot::Down)?)?;
    drop(act);
    let d_act = linear_backward(s, d.view(), w.get(Slot::Down)?)?;
    let mut d_gate_up = Tensor::empty(s, gate_up.shape(), gate_up.dtype())?;
    ops::swiglu_backward(s, &d_act, &gate_up, &mut d_gate_up)?;
    drop((d_act, gate_up));
    accumulate_weight(s, d_gate_up.view(), post.y.view(), g.get(Slot::GateUp)?)?;
    let d_normed = linear_backward(s, d_gate_up.view(), w.get(Slot::GateUp)?)?;
    drop(d_gate_up);
    let mut dx = post.backward(s, &d_normed, w.get(Slot::PostNorm)?, g.get(Slot::PostNorm)?)?;
    ops::add_(s, &mut dx, &d)?;
    accumulate_weight(s, dx.view(), attended.view(), g.get(Slot::O)?)?;
    Ok((linear_backward(s, dx.view(), w.get(Slot::O)?)?, dx))
}
