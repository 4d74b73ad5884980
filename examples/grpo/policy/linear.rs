//! Linear maps and norms: the pairs that every layer is made of.

use anyhow::Result;
use ascend_rl::acl::Stream;
use ascend_rl::ops;
use ascend_rl::tensor::{DType, Tensor, View, ViewMut};

/// `y = x @ wᵀ + bias`. x `[t, in]`, w `[out, in]`, bias `[out]`, y `[t, out]`.
pub fn linear(s: &Stream, x: View<'_>, w: View<'_>, bias: Option<View<'_>>) -> Result<Tensor> {
    let mut y = Tensor::empty(s, &[x.shape()[0], w.shape()[0]], x.dtype())?;
    match bias {
        Some(bias) => ops::addmm(s, bias, x, w.t(), &mut y)?,
        None => ops::mm(s, x, w.t(), &mut y)?,
    }
    Ok(y)
}

/// The input's gradient, `dx = dy @ w`. dy `[t, out]`, w `[out, in]`, dx `[t, in]`.
pub fn linear_backward(s: &Stream, dy: View<'_>, w: View<'_>) -> Result<Tensor> {
    let mut dx = Tensor::empty(s, &[dy.shape()[0], w.shape()[1]], dy.dtype())?;
    ops::mm(s, dy, w, &mut dx)?;
    Ok(dx)
}

/// Adds the weight's gradient, `dw += dyᵀ @ x`, in f32. dy `[t, out]`, x `[t, in]`, dw `[out, in]`.
pub fn accumulate_weight(s: &Stream, dy: View<'_>, x: View<'_>, dw: ViewMut<'_>) -> Result<()> {
    if x.dtype() == DType::F32 {
        return Ok(ops::mm_acc(s, dy.t(), x, dw)?);
    }
    // CANN's product takes one dtype for all three, so the sum over micro-batches in f32 needs a step of its own.
    let mut product = Tensor::empty(s, dw.shape(), x.dtype())?;
    ops::mm(s, dy.t(), x, &mut product)?;
    Ok(ops::add_(s, dw, &product)?)
}

/// Adds a bias' gradient, the sum of dy's rows, in f32. dy `[t, out]`, db `[out]`.
pub fn accumulate_bias(s: &Stream, dy: View<'_>, db: ViewMut<'_>) -> Result<()> {
    let db = db.unsqueeze(0)?;
    let mut sum = Tensor::empty(s, db.shape(), DType::F32)?;
    ops::sum(s, dy, 0, &mut sum)?;
    Ok(ops::add_(s, db, &sum)?)
}

/// An RMS norm with what its backward needs.
pub struct Normed {
    /// The input, `[t, h]`: the residual stream here.
    pub x: Tensor,
    /// One over the root mean square, f32 `[t, 1]`.
    rstd: Tensor,
    /// The output, `[t, h]`.
    pub y: Tensor,
}

impl Normed {
    /// The norm of `x`.
    pub fn new(s: &Stream, x: Tensor, gamma: View<'_>, eps: f64) -> Result<Normed> {
        let mut y = Tensor::empty(s, x.shape(), x.dtype())?;
        let mut rstd = Tensor::empty(s, &[x.shape()[0], 1], DType::F32)?;
        ops::rms_norm(s, &x, gamma, eps, &mut y, &mut rstd)?;
        Ok(Normed { x, rstd, y })
    }

    /// The norm of `a + b`: a residual connection and the norm behind it, in one pass.
    pub fn of_sum(s: &Stream, a: &Tensor, b: &Tensor, gamma: View<'_>, eps: f64) -> Result<Normed> {
        let mut x = Tensor::empty(s, a.shape(), a.dtype())?;
        let mut y = Tensor::empty(s, a.shape(), a.dtype())?;
        let mut rstd = Tensor::empty(s, &[a.shape()[0], 1], DType::F32)?;
        ops::add_rms_norm(s, a, b, gamma, eps, &mut y, &mut rstd, &mut x)?;
        Ok(Normed { x, rstd, y })
    }

    /// The input's gradient; adds gamma's.
    pub fn backward(&self, s: &Stream, dy: &Tensor, gamma: View<'_>, dgamma: ViewMut<'_>) -> Result<Tensor> {
        let mut dx = Tensor::empty(s, self.x.shape(), self.x.dtype())?;
        norm_backward(s, dy, self.x.view(), &self.rstd, gamma, dx.view_mut(), dgamma)?;
        Ok(dx)
    }
}

/// An RMS norm's gradients over the last dim: writes dx, adds to dgamma (f32 `[d]`).
pub fn norm_backward(
    s: &Stream,
    dy: &Tensor,
    x: View<'_>,
    rstd: &Tensor,
    gamma: View<'_>,
    dx: ViewMut<'_>,
    dgamma: ViewMut<'_>,
) -> Result<()> {
    let mut now = Tensor::empty(s, dgamma.shape(), DType::F32)?;
    ops::rms_norm_backward(s, dy, x, rstd, gamma, dx, &mut now)?;
    Ok(ops::add_(s, dgamma, &now)?)
}

/// Rows of `x` `[t, w]` by `ids` (i32 `[r]`), `[r, w]`.
pub fn select_rows<'a>(s: &Stream, x: impl Into<View<'a>>, ids: &Tensor) -> Result<Tensor> {
    let x = x.into();
    let mut out = Tensor::empty(s, &[ids.numel(), x.shape()[1]], x.dtype())?;
    ops::embedding(s, x, ids, &mut out)?;
    Ok(out)
}

/// The backward of [`select_rows`]: the sums of rows of `dy` `[r, w]` at their rows of `t`, zeros elsewhere.
pub fn add_rows(s: &Stream, dy: &Tensor, ids: &Tensor, t: usize) -> Result<Tensor> {
    let mut out = Tensor::empty(s, &[t, dy.shape()[1]], DType::F32)?;
    ops::embedding_backward(s, dy, ids, &mut out)?;
    to_dtype(s, out, dy.dtype())
}

/// [`add_rows`] where no id occurs twice.
pub fn place_rows(s: &Stream, dy: &Tensor, ids: &Tensor, t: usize) -> Result<Tensor> {
    let mut out = Tensor::zeros(s, &[t, dy.shape()[1]], dy.dtype())?;
    ops::scatter_rows(s, &mut out, ids, dy)?;
    Ok(out)
}

/// `x` in another dtype; itself where it has it already.
pub fn to_dtype(s: &Stream, x: Tensor, dtype: DType) -> Result<Tensor> {
    if x.dtype() == dtype {
        return Ok(x);
    }
    let mut out = Tensor::empty(s, x.shape(), dtype)?;
    ops::cast(s, &x, &mut out)?;
    Ok(out)
}
