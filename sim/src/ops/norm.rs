//! `aclnnRmsNorm`, `aclnnRmsNormGrad`, `aclnnAddRmsNorm`: over the trailing dims that `gamma` has, in f32.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::lanes;
use super::rows::{Parts, Row, Target};
use super::split::{groups, split};
use super::view::{Buffer, View, filled};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// `y = x * rstd * gamma` with `rstd = 1 / sqrt(mean(x²) + epsilon)`.
pub(crate) fn aclnnRmsNormGetWorkspaceSize(
    x: *const aclTensor,
    gamma: *const aclTensor,
    epsilon: f64,
    y_out: *const aclTensor,
    rstd_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRmsNorm";
    let mut call = Call::new(NAME);
    let (x, gamma) = (call.input("x", x)?, call.input("gamma", gamma)?);
    let (y, rstd) = (call.output("yOut", y_out)?, call.output("rstdOut", rstd_out)?);
    let n = check_norm(NAME, ("x", &x), &gamma, &rstd, "rstdOut")?;
    check_like(NAME, "yOut", &y, "x", &x)?;
    let [x, gamma, y, rstd] = [x, gamma, y, rstd].map(|t| View::new(&t));
    let norm = Norm { gamma, y: Target::new(y, &[&x, &rstd]), rstd, epsilon: epsilon as f32 };
    call.finish(ws, executor, move || {
        let gamma = norm.gamma();
        split(x.rows(n), n, |rows| {
            let (mut row, mut out) = (Row::new(n), Row::new(n));
            for (r, count) in groups(rows, n, x.run()) {
                let (at, len) = (r * n, count * n);
                x.prefetch_apart(at + len, len);
                norm.rows(r, row.load(&x, at, len), &gamma, &mut out);
            }
        })
    })
}

/// `x = x1 + x2`, rounded to the dtype, and its norm.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAddRmsNormGetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    gamma: *const aclTensor,
    epsilon: f64,
    y_out: *const aclTensor,
    rstd_out: *const aclTensor,
    x_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAddRmsNorm";
    let mut call = Call::new(NAME);
    let (x1, x2, gamma) = (call.input("x1", x1)?, call.input("x2", x2)?, call.input("gamma", gamma)?);
    let (y, rstd) = (call.output("yOut", y_out)?, call.output("rstdOut", rstd_out)?);
    let x = call.output("xOut", x_out)?;
    let n = check_norm(NAME, ("x1", &x1), &gamma, &rstd, "rstdOut")?;
    check_same_dtype(NAME, "gamma", &gamma, "x1", x1.dtype)?;
    check_dtype(NAME, "x2", &x2, FLOATS)?;
    check_same_dtype(NAME, "x2", &x2, "x1", x1.dtype)?;
    check_shape(NAME, "x2", &x2, &x1.dims)?;
    check_like(NAME, "yOut", &y, "x1", &x1)?;
    check_like(NAME, "xOut", &x, "x1", &x1)?;
    let [x1, x2, x, gamma, y, rstd] = [x1, x2, x, gamma, y, rstd].map(|t| View::new(&t));
    let norm = Norm { gamma, y: Target::new(y, &[&x1, &x2, &x, &rstd]), rstd, epsilon: epsilon as f32 };
    let sums = Target::new(x, &[&x1, &x2, &y, &rstd]);
    call.finish(ws, executor, move || {
        let gamma = norm.gamma();
        split(x.rows(n), n, |rows| {
            let (mut left, mut right, mut out) = (Row::new(n), Row::new(n), Row::new(n));
            // One by one: these rows, of the residual stream, are long, and groups of them were measured to be slower.
            for r in rows {
                let (a, b) = (left.load(&x1, r * n, n), right.load(&x2, r * n, n));
                let sum = sums.room(r * n, n, &mut out);
                for (sum, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
                    *sum = a + b;
                }
                sums.store(r * n, sum);
                // The norm is of what was stored, rounded.
                norm.rows(r, left.load(&x, r * n, n), &gamma, &mut out);
            }
        })
    })
}

/// With `x̂ = x * rstd`: `dx = rstd * (dy*gamma - x̂ * mean(dy*gamma*x̂))`, `dgamma = Σ dy*x̂` over the rows.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnRmsNormGradGetWorkspaceSize(
    dy: *const aclTensor,
    x: *const aclTensor,
    rstd: *const aclTensor,
    gamma: *const aclTensor,
    dx_out: *const aclTensor,
    dgamma_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRmsNormGrad";
    let mut call = Call::new(NAME);
    let (dy, x) = (call.input("dy", dy)?, call.input("x", x)?);
    let (rstd, gamma) = (call.input("rstd", rstd)?, call.input("gamma", gamma)?);
    let (dx, dgamma) = (call.output("dxOut", dx_out)?, call.output("dgammaOut", dgamma_out)?);
    let n = check_norm(NAME, ("x", &x), &gamma, &rstd, "rstd")?;
    check_dtype(NAME, "dy", &dy, FLOATS)?;
    check_same_dtype(NAME, "dy", &dy, "x", x.dtype)?;
    check_shape(NAME, "dy", &dy, &x.dims)?;
    check_like(NAME, "dxOut", &dx, "x", &x)?;
    check_dtype(NAME, "dgammaOut", &dgamma, &[ACL_FLOAT])?;
    check_shape(NAME, "dgammaOut", &dgamma, &gamma.dims)?;
    check_writable(NAME, "dgammaOut", &dgamma)?;
    let [dy, x, rstd, gamma, dx, dgamma] = [dy, x, rstd, gamma, dx, dgamma].map(|t| View::new(&t));
    let dx = Target::new(dx, &[&dy, &x, &rstd, &gamma, &dgamma]);
    call.finish(ws, executor, move || gradient(n, [&dy, &x, &rstd, &gamma], &dx, &dgamma))
}

/// Rows whose `dgamma` is added up in order; the sums are added pairwise. A fixed number keeps the order from the threads.
pub(super) const BLOCK_ROWS: usize = 64;

fn gradient(n: usize, [dy, x, rstd, gamma]: [&View; 4], dx: &Target, dgamma: &View) {
    let rows = x.rows(n);
    let blocks = rows.div_ceil(BLOCK_ROWS);
    let mut sums = vec![0f32; blocks.max(1) * n];
    let parts = Parts::new(&mut sums);
    let mut room = Row::new(n);
    let gamma = room.load(gamma, 0, n);
    split(blocks, BLOCK_ROWS * n, |range| {
        let (mut dy_row, mut x_row, mut dx_row, mut rstd_row) = (Row::new(n), Row::new(n), Row::new(n), Row::new(1));
        for block in range {
            // SAFETY: each block has its own part of `sums`, which outlives the call.
            let sum = unsafe { parts.slice(block * n, n) };
            for (r, count) in groups(block * BLOCK_ROWS..rows.min((block + 1) * BLOCK_ROWS), n, x.run()) {
                let (at, len, scales) = (r * n, count * n, rstd_row.load(rstd, r, count));
                x.prefetch_apart(at + len, len);
                dx.prefetch_apart(at + len, len);
                let (dy, x, out) = (dy_row.load(dy, at, len), x_row.load(x, at, len), dx.room(at, len, &mut dx_row));
                vectorized(
                    #[inline(always)]
                    || {
                        let rows = dy.chunks_exact(n).zip(x.chunks_exact(n)).zip(scales);
                        for (out, ((dy, x), scale)) in out.chunks_exact_mut(n).zip(rows) {
                            gradient_of_row(dy, x, *scale, gamma, out, sum);
                        }
                    },
                );
                dx.store(at, out);
            }
        }
    });
    add_pairwise(&mut sums, n);
    dgamma.store(0, &sums[..n]);
}

/// Adds rows of `n` pairwise, in an order that depends on their number alone; the sum is the first.
pub(super) fn add_pairwise(sums: &mut [f32], n: usize) {
    let blocks = sums.len().checked_div(n).unwrap_or(0);
    let mut step = 1;
    while step < blocks {
        for block in (0..blocks - step).step_by(2 * step) {
            let (to, from) = sums.split_at_mut((block + step) * n);
            to[block * n..][..n].iter_mut().zip(from).for_each(|(to, from)| *to += *from);
        }
        step *= 2;
    }
}

#[inline(always)]
fn gradient_of_row(dy: &[f32], x: &[f32], rstd: f32, gamma: &[f32], dx: &mut [f32], dgamma: &mut [f32]) {
    let n = dx.len();
    let (dy, x, gamma, dgamma) = (&dy[..n], &x[..n], &gamma[..n], &mut dgamma[..n]);
    for i in 0..n {
        dx[i] = dy[i] * gamma[i] * (x[i] * rstd);
    }
    let mean = lanes::fold(dx, 0.0, |sum, product| sum + product, |a, b| a + b) / n as f32;
    for i in 0..n {
        let normal = x[i] * rstd;
        dx[i] = rstd * (dy[i] * gamma[i] - normal * mean);
        dgamma[i] += dy[i] * normal;
    }
}

/// What the two forward operators do with a row.
struct Norm {
    gamma: View,
    y: Target,
    rstd: View,
    epsilon: f32,
}

impl Norm {
    fn gamma(&self) -> Vec<f32> {
        Row::new(self.gamma.numel()).load(&self.gamma, 0, self.gamma.numel()).to_vec()
    }

    /// Rows from `r` on, which are `x`.
    fn rows(&self, r: usize, x: &[f32], gamma: &[f32], out: &mut Row) {
        let n = gamma.len();
        let out = self.y.room(r * n, x.len(), out);
        let epsilon = self.epsilon;
        let mut room = Buffer::new();
        let rstds = room.room(x.len() / n);
        vectorized(
            #[inline(always)]
            || {
                for ((x, out), rstd) in x.chunks_exact(n).zip(out.chunks_exact_mut(n)).zip(rstds.iter_mut()) {
                    let squares = lanes::fold(x, 0.0, |sum, x| sum + x * x, |a, b| a + b);
                    let scale = 1.0 / (squares / n as f32 + epsilon).sqrt();
                    lanes::update(out, [x, gamma], |_, [x, gamma]| x * scale * gamma);
                    rstd.write(scale);
                }
            },
        );
        self.y.store(r * n, out);
        // SAFETY: `x` is whole rows, and each has written its own.
        self.rstd.store(r, unsafe { filled(rstds) });
    }
}

/// The rules that the three share; gives the length of a row.
fn check_norm(operator: &str, (param, x): (&str, &Tensor), gamma: &Tensor, rstd: &Tensor, rstd_param: &str) -> Outcome<usize> {
    check_dtype(operator, param, x, FLOATS)?;
    check_dtype(operator, "gamma", gamma, FLOATS)?;
    check!(
        gamma.dtype == x.dtype || gamma.dtype == ACL_FLOAT,
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: gamma is {}; f32 or {param}'s {} is taken",
        name(gamma.dtype),
        name(x.dtype)
    );
    let lead = x.rank().saturating_sub(gamma.rank());
    check!(
        gamma.rank() > 0 && x.dims[lead..] == *gamma.dims,
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: gamma has shape {:?}, which is not the end of {param}'s {:?}",
        gamma.dims,
        x.dims
    );
    let mut dims = x.dims.to_vec();
    dims[lead..].fill(1);
    check_dtype(operator, rstd_param, rstd, &[ACL_FLOAT])?;
    // The ones at the end may be left out (CheckRstdShape of rms_norm_grad_tiling.cpp and rms_norm_tiling.cpp of ops-nn hold each dim
    // that there is against x's), but for the sum, whose tiling compares the numbers of dims.
    // The gradient's takes rstd without x's own ones at the end of these, too.
    let ones = |given: usize| x.dims[given..lead].iter().all(|&dim| dim == 1);
    let short = operator == "aclnnRmsNormGrad" && rstd.rank() < lead && ones(rstd.rank()) && x.dims.starts_with(&rstd.dims);
    if operator == "aclnnAddRmsNorm" || !(short || *rstd.dims == x.dims[..lead]) {
        check_shape(operator, rstd_param, rstd, &dims)?;
    }
    Ok(gamma.numel())
}

/// An output as `like` is.
pub(super) fn check_like(operator: &str, param: &str, out: &Tensor, other: &str, like: &Tensor) -> Outcome {
    check_dtype(operator, param, out, FLOATS)?;
    check_same_dtype(operator, param, out, other, like.dtype)?;
    check_shape(operator, param, out, &like.dims)?;
    check_writable(operator, param, out)
}

#[cfg(test)]
mod tests;
