//! Losses of pairs, a number and its target: `aclnnMseLoss`, `aclnnL1Loss`, `aclnnSmoothL1Loss`, `aclnnBinaryCrossEntropy` with and
//! without logits, `aclnnKlDiv`, and their gradients.
//!
//! Shapes broadcast. What becomes of the elements' losses is a number: 0 none, 1 the mean, 2 the sum; sums are made in f64, block by
//! block, so that their order depends on the shape alone.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::nll::Reduction;
use super::rows::Parts;
use super::split::split;
use super::view::{BLOCK, Buffer, View, filled};
use crate::math::{exp, log};
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, reject};
use crate::simd::vectorized;

mod cross_entropy;

pub(crate) use cross_entropy::*;

/// What phase one writes.
type Ends = (*mut u64, *mut *mut aclOpExecutor);
/// Of a number, its target, and up to two weights, with a number of the operator's.
type Function = fn([f32; 4], f32) -> f32;

/// Bodies of a loss and its gradient: names, C's names of the results, and both functions of the number and its target (and `beta`).
macro_rules! losses {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $back:ident, $back_name:literal, $d_param:literal, $out_param:literal,
        $grad_param:literal $(, $beta:ident)?: |$x:ident, $t:ident, $s:pat_param| $loss:expr, $slope:expr;)*) => { $(
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)] // CANN's own signature.
        pub(crate) fn $body(
            self_: *const aclTensor, target: *const aclTensor, reduction: i64, $($beta: f32,)? out: *mut aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let number = 0.0 $(+ $beta)?;
            let pair = [("self", self_), ("target", target)];
            forward($name, &pair, reduction, number, ($out_param, out), (ws, executor), |[$x, $t, ..], $s| $loss)
        }

        /// The gradient of that, by `self`.
        #[allow(clippy::too_many_arguments)] // As above.
        pub(crate) fn $back(
            grad: *const aclTensor, self_: *const aclTensor, target: *const aclTensor, reduction: i64, $($beta: f32,)?
            out: *mut aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let number = 0.0 $(+ $beta)?;
            let pair = [("self", self_), ("target", target)];
            backward($back_name, ($d_param, grad), &pair, reduction, number, ($grad_param, out), (ws, executor),
                |[$x, $t, ..], $s| $slope)
        }
    )* };
}
losses! {
    /// `(self - target)^2`.
    aclnnMseLossGetWorkspaceSize, "aclnnMseLoss", aclnnMseLossBackwardGetWorkspaceSize, "aclnnMseLossBackward",
        "gradOutput", "out", "out": |x, t, _| (x - t) * (x - t), 2.0 * (x - t);
    /// `|self - target|`.
    aclnnL1LossGetWorkspaceSize, "aclnnL1Loss", aclnnL1LossBackwardGetWorkspaceSize, "aclnnL1LossBackward",
        "gradOutput", "out", "gradInput": |x, t, _| (x - t).abs(), if x == t { 0.0 } else { (x - t).signum() };
    /// `|self - target|`, but a parabola within `beta`.
    aclnnSmoothL1LossGetWorkspaceSize, "aclnnSmoothL1Loss", aclnnSmoothL1LossBackwardGetWorkspaceSize, "aclnnSmoothL1LossBackward",
        "gradOut", "result", "gradInput", beta: |x, t, beta|
            { let far = (x - t).abs(); if far < beta { 0.5 * far * far / beta } else { far - 0.5 * beta } },
            { let z = x - t; if z <= -beta { -1.0 } else if z >= beta { 1.0 } else { z / beta } };
}

/// `target * (log(target) - self)`, 0 where the target is; with `logTarget` of a target that is a logarithm already.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnKlDivGetWorkspaceSize(
    self_: *const aclTensor,
    target: *const aclTensor,
    reduction: i64,
    log_target: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    no_batch_mean("aclnnKlDiv", reduction)?;
    let f: Function = if log_target {
        |[x, t, ..], _| exp(t) * (t - x)
    } else {
        |[x, t, ..], _| {
            if t > 0.0 {
                t * (log(t) - x)
            } else if t == 0.0 {
                0.0
            } else {
                f32::NAN
            }
        }
    };
    forward("aclnnKlDiv", &[("self", self_), ("target", target)], reduction, 0.0, ("out", out), (ws, executor), f)
}

/// The gradient of that, by `self`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnKlDivBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    target: *const aclTensor,
    reduction: i64,
    log_target: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    no_batch_mean("aclnnKlDivBackward", reduction)?;
    let f: Function = if log_target { |[_, t, ..], _| -exp(t) } else { |[_, t, ..], _| if t > 0.0 { -t } else { 0.0 } };
    let pair = [("self", self_), ("target", target)];
    backward("aclnnKlDivBackward", ("gradOutput", grad_output), &pair, reduction, 0.0, ("out", out), (ws, executor), f)
}

/// These two know a fourth, the sum over the batch's size.
fn no_batch_mean(name: &str, reduction: i64) -> Outcome {
    check!(
        reduction != 3,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: reduction is 3 (batchmean), which is not supported by the simulator; pass 2 and divide by the batch's size"
    );
    Ok(())
}

/// The tensors that are read, by name, checked and broadcast to one shape.
fn read(
    call: &mut Call,
    inputs: &[(&'static str, *const aclTensor)],
    also: Option<&Tensor>,
) -> Outcome<(Vec<Tensor>, Vec<usize>)> {
    let name = call.name();
    let mut tensors = Vec::with_capacity(inputs.len());
    for &(param, handle) in inputs {
        let t = call.input(param, handle)?;
        check_dtype(name, param, &t, FLOATS)?;
        tensors.push(t);
    }
    let shapes: Vec<_> = tensors.iter().chain(also).map(|t| t.dims).collect();
    let Some(dims) = broadcast(&shapes) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: the shapes {shapes:?} do not broadcast")
    };
    Ok((tensors, dims.to_vec()))
}

/// Plans a loss: `f` of each element, then what `reduction` says.
fn forward(
    name: &'static str,
    inputs: &[(&'static str, *const aclTensor)],
    reduction: i64,
    number: f32,
    (out_param, out): (&'static str, *mut aclTensor),
    (ws, executor): Ends,
    f: Function,
) -> Outcome {
    let mut call = Call::new(name);
    let (tensors, dims) = read(&mut call, inputs, None)?;
    let reduction = Reduction::read(name, reduction)?;
    let out = call.output(out_param, out)?;
    check_dtype(name, out_param, &out, FLOATS)?;
    // One element with or without a dim is the same here.
    if reduction == Reduction::None {
        check_shape(name, out_param, &out, &dims)?;
    } else if *out.dims != [1] {
        check_shape(name, out_param, &out, &[])?;
    }
    check_writable(name, out_param, &out)?;
    let views: Vec<View> = tensors.iter().map(|t| View::broadcast(t, &dims)).collect();
    let (n, out) = (dims.iter().product::<usize>(), View::new(&out));
    call.finish(ws, executor, move || {
        let mut sums = vec![0f64; n.div_ceil(BLOCK)];
        let places = Parts::new(&mut sums);
        blocks(&views, n, number, f, |block, start, values| {
            if reduction == Reduction::None {
                out.store(start, values);
            } else {
                // SAFETY: each block has its own place in `sums`, which outlives the call.
                let place = unsafe { places.slice(block, 1) };
                place[0] = values.iter().map(|&v| f64::from(v)).sum();
            }
        });
        let sum: f64 = sums.iter().sum();
        match reduction {
            Reduction::None => {}
            Reduction::Mean => out.store(0, &[(sum / n as f64) as f32]),
            Reduction::Sum => out.store(0, &[sum as f32]),
        }
    })
}

/// Plans a gradient: `f` of each element times the loss's, over their number for a mean.
#[allow(clippy::too_many_arguments)] // Those of all of them.
fn backward(
    name: &'static str,
    (d_param, d): (&'static str, *const aclTensor),
    inputs: &[(&'static str, *const aclTensor)],
    reduction: i64,
    number: f32,
    (out_param, out): (&'static str, *mut aclTensor),
    (ws, executor): Ends,
    f: Function,
) -> Outcome {
    let mut call = Call::new(name);
    let d = call.input(d_param, d)?;
    check_dtype(name, d_param, &d, FLOATS)?;
    let (tensors, dims) = read(&mut call, inputs, Some(&d))?;
    let mean = Reduction::read(name, reduction)? == Reduction::Mean;
    let out = call.output(out_param, out)?;
    check_dtype(name, out_param, &out, FLOATS)?;
    check_shape(name, out_param, &out, &dims)?;
    check_writable(name, out_param, &out)?;
    let views: Vec<View> = tensors.iter().map(|t| View::broadcast(t, &dims)).collect();
    let (n, d, out) = (dims.iter().product::<usize>(), View::broadcast(&d, &dims), View::new(&out));
    let share = if mean { 1.0 / n as f32 } else { 1.0 };
    call.finish(ws, executor, move || {
        blocks(&views, n, number, f, |_, start, slopes| {
            let mut buffer = Buffer::new();
            let d = d.load::<f32>(start, slopes.len(), &mut buffer);
            let values: Vec<f32> = slopes.iter().zip(d).map(|(slope, d)| slope * d * share).collect();
            out.store(start, &values);
        });
    })
}

/// Calls `end(block, start, values)` with `f` of the elements, a block at a time, on several threads. What there is none of is 1.
fn blocks(views: &[View], n: usize, number: f32, f: Function, end: impl Fn(usize, usize, &[f32]) + Sync) {
    const ONES: &[f32] = &[1.0; BLOCK];
    split(n.div_ceil(BLOCK), BLOCK, |range| {
        let (mut buffers, mut result): ([Buffer<f32>; 4], _) = (std::array::from_fn(|_| Buffer::new()), Buffer::new());
        for block in range {
            let start = block * BLOCK;
            let len = BLOCK.min(n - start);
            let mut loaded = views.iter().zip(&mut buffers).map(|(view, buffer)| view.load::<f32>(start, len, buffer));
            let x: [&[f32]; 4] = std::array::from_fn(|_| &loaded.next().unwrap_or(ONES)[..len]);
            let room = result.room(len);
            vectorized(
                #[inline(always)]
                || {
                    for (i, to) in room.iter_mut().enumerate() {
                        to.write(f([x[0][i], x[1][i], x[2][i], x[3][i]], number));
                    }
                },
            );
            // SAFETY: the loop has written all of the room.
            end(block, start, unsafe { filled(room) });
        }
    })
}

#[cfg(test)]
mod tests;
