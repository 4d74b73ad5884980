//! Norms by channel over all images: `aclnnBatchNorm`, `aclnnBatchNormBackward`.

use super::*;

/// `output = (input - mean) / sqrt(var + eps) * weight + bias`, by channel. In training mean and variance are of the batch, which
/// moves the running ones (the variance by one less than the count) and is saved; else they are the running ones.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnBatchNormGetWorkspaceSize(
    input: *const aclTensor,
    weight: *const aclTensor,
    bias: *const aclTensor,
    running_mean: *mut aclTensor,
    running_var: *mut aclTensor,
    training: bool,
    momentum: f64,
    eps: f64,
    output: *mut aclTensor,
    save_mean: *mut aclTensor,
    save_invstd: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBatchNorm";
    let mut call = Call::new(NAME);
    let (x, out) = (call.input("input", input)?, call.output("output", output)?);
    check_images(NAME, "input", &x)?;
    check_like(NAME, "output", &out, "input", &x)?;
    let channels = x.dims[1];
    let weight = per_channel(&mut call, "weight", weight, channels)?;
    let bias = per_channel(&mut call, "bias", bias, channels)?;
    let moved = [("runningMean", running_mean), ("runningVar", running_var)];
    let [running_mean, running_var] = if training {
        let [mean, var] = moved.map(|(param, handle)| result(&mut call, param, handle, channels, !handle.is_null()));
        [mean?, var?]
    } else {
        let [mean, var] = moved.map(|(param, handle)| per_channel(&mut call, param, handle, channels));
        [mean?, var?]
    };
    let saved_mean = result(&mut call, "saveMean", save_mean, channels, training)?;
    let saved_invstd = result(&mut call, "saveInvstd", save_invstd, channels, training)?;
    let (from, to) = (by_channel(&x), by_channel(&out));
    let n = x.numel() / channels.max(1);
    check!(n > 0 || channels == 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: input has shape {:?}; a channel has no elements", x.dims);
    call.finish(ws, executor, move || {
        let (weight, bias) = (numbers(&weight, channels, 1.0), numbers(&bias, channels, 0.0));
        let (mut means, mut vars) = (numbers(&running_mean, channels, 0.0), numbers(&running_var, channels, 1.0));
        let (mut of_batch, mut scales) = (vec![0.0; channels], vec![0.0; channels]);
        let [mean_parts, var_parts] = [&mut means, &mut vars].map(|values| Parts::new(values));
        let [batch_parts, scale_parts] = [&mut of_batch, &mut scales].map(|values| Parts::new(values));
        split(channels, n, |range| {
            let (mut row, mut result) = (Row::new(n), Row::new(n));
            for c in range {
                let x = row.load(&from, c * n, n);
                // SAFETY: the vectors live to the end of this closure, and a channel has an element of its own in each.
                let [running, spread] = unsafe { [mean_parts.slice(c, 1), var_parts.slice(c, 1)] };
                let (mean, var) = if training {
                    let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
                    let squares = x.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>();
                    running[0] = ((1.0 - momentum) * f64::from(running[0]) + momentum * mean) as f32;
                    let unbiased = squares / (n as f64 - 1.0);
                    spread[0] = ((1.0 - momentum) * f64::from(spread[0]) + momentum * unbiased) as f32;
                    (mean, squares / n as f64)
                } else {
                    (f64::from(running[0]), f64::from(spread[0]))
                };
                let scale = 1.0 / (var + eps).sqrt();
                // SAFETY: as above.
                unsafe { (batch_parts.slice(c, 1)[0], scale_parts.slice(c, 1)[0]) = (mean as f32, scale as f32) };
                let y = result.room(n);
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = ((f64::from(x) - mean) * scale) as f32 * weight[c] + bias[c];
                }
                to.store(c * n, y);
            }
        });
        if training && channels > 0 {
            for (view, values) in
                [(&saved_mean, &of_batch), (&saved_invstd, &scales), (&running_mean, &means), (&running_var, &vars)]
            {
                if let Some(view) = view {
                    view.store(0, values);
                }
            }
        }
    })
}

/// The gradients of that by its input, weight and bias; `outputMask` says which.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnBatchNormBackwardGetWorkspaceSize(
    grad_out: *const aclTensor,
    input: *const aclTensor,
    weight: *const aclTensor,
    running_mean: *const aclTensor,
    running_var: *const aclTensor,
    save_mean: *const aclTensor,
    save_invstd: *const aclTensor,
    training: bool,
    eps: f64,
    output_mask: *const aclBoolArray,
    grad_input: *mut aclTensor,
    grad_weight: *mut aclTensor,
    grad_bias: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnBatchNormBackward";
    let mut call = Call::new(NAME);
    let (d, x) = (call.input("gradOut", grad_out)?, call.input("input", input)?);
    check_images(NAME, "input", &x)?;
    check_same_dtype(NAME, "gradOut", &d, "input", x.dtype)?;
    check_shape(NAME, "gradOut", &d, &x.dims)?;
    let channels = x.dims[1];
    let weight = per_channel(&mut call, "weight", weight, channels)?;
    let [mean_of, spread_of] = if training {
        [("saveMean", save_mean), ("saveInvstd", save_invstd)]
    } else {
        [("runningMean", running_mean), ("runningVar", running_var)]
    };
    let mean = per_channel(&mut call, mean_of.0, mean_of.1, channels)?;
    let spread = per_channel(&mut call, spread_of.0, spread_of.1, channels)?;
    let wanted = wanted(&call, output_mask)?;
    let dx = if wanted[0] { Some(call.output("gradInput", grad_input)?) } else { None };
    if let Some(dx) = &dx {
        check_like(NAME, "gradInput", dx, "input", &x)?;
    }
    let of_weight = result(&mut call, "gradWeight", grad_weight, channels, wanted[1])?;
    let of_bias = result(&mut call, "gradBias", grad_bias, channels, wanted[2])?;
    let (d, from, to) = (by_channel(&d), by_channel(&x), dx.map(|dx| by_channel(&dx)));
    let n = x.numel() / channels.max(1);
    call.finish(ws, executor, move || {
        let (weight, mean) = (numbers(&weight, channels, 1.0), numbers(&mean, channels, 0.0));
        let mut scales = numbers(&spread, channels, 1.0);
        if !training {
            scales.iter_mut().for_each(|var| *var = (1.0 / (f64::from(*var) + eps).sqrt()) as f32);
        }
        let (mut sums, mut products) = (vec![0.0; channels], vec![0.0; channels]);
        let [sum_parts, product_parts] = [&mut sums, &mut products].map(|values| Parts::new(values));
        split(channels, n, |range| {
            let (mut d_row, mut x_row, mut result) = (Row::new(n), Row::new(n), Row::new(n));
            for c in range {
                let (d, x) = (d_row.load(&d, c * n, n), x_row.load(&from, c * n, n));
                let (mean, scale) = (f64::from(mean[c]), f64::from(scales[c]));
                let sum = d.iter().map(|&d| f64::from(d)).sum::<f64>();
                let product = d.iter().zip(x).map(|(&d, &x)| f64::from(d) * (f64::from(x) - mean) * scale).sum::<f64>();
                // SAFETY: the vectors live to the end of this closure, and a channel has an element of its own.
                unsafe { (sum_parts.slice(c, 1)[0], product_parts.slice(c, 1)[0]) = (sum as f32, product as f32) };
                let Some(to) = &to else { continue };
                let factor = f64::from(weight[c]) * scale;
                let out = result.room(n);
                for (out, (&d, &x)) in out.iter_mut().zip(d.iter().zip(x)) {
                    let own = (f64::from(x) - mean) * scale;
                    let shared = if training { (sum + own * product) / n as f64 } else { 0.0 };
                    *out = (factor * (f64::from(d) - shared)) as f32;
                }
                to.store(c * n, out);
            }
        });
        for (view, values) in [(&of_weight, &products), (&of_bias, &sums)] {
            if let (Some(view), true) = (view, channels > 0) {
                view.store(0, values);
            }
        }
    })
}
