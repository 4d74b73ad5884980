//! `aclnnGroupNormBackward`.

use super::*;

/// The gradients of `aclnnGroupNorm` by its input, `gamma` and `beta`; `outputMask` says which.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupNormBackwardGetWorkspaceSize(
    grad_out: *const aclTensor,
    input: *const aclTensor,
    mean: *const aclTensor,
    rstd: *const aclTensor,
    gamma: *const aclTensor,
    n: i64,
    c: i64,
    hx_w: i64,
    group: i64,
    output_mask: *const aclBoolArray,
    grad_input: *mut aclTensor,
    grad_gamma: *mut aclTensor,
    grad_beta: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupNormBackward";
    let mut call = Call::new(NAME);
    let (d, x) = (call.input("gradOut", grad_out)?, call.input("input", input)?);
    let (mean, rstd) = (call.input("mean", mean)?, call.input("rstd", rstd)?);
    check_dtype(NAME, "input", &x, FLOATS)?;
    check_same_dtype(NAME, "gradOut", &d, "input", x.dtype)?;
    // Their shapes are of no account (CANN compares numbers of elements); the three numbers are.
    let (images, channels, rest) = (n.max(0) as usize, c.max(0) as usize, hx_w.max(0) as usize);
    for (param, t) in [("input", &x), ("gradOut", &d)] {
        let (given, needed) = (t.numel(), images * channels * rest);
        check!(given == needed, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} has {given} elements; N, C and HxW make {needed}");
    }
    check!(group > 0 && c % group == 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: group is {group}; a divisor of C, {c}, is needed");
    let groups = group as usize;
    for (param, t) in [("mean", &mean), ("rstd", &rstd)] {
        check_dtype(NAME, param, t, FLOATS)?;
        let (given, needed) = (t.numel(), images * groups);
        check!(given == needed, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} has {given} elements; N and group make {needed}");
    }
    let gamma = per_channel(&mut call, "gamma", gamma, channels)?;
    let wanted = wanted(&call, output_mask)?;
    let dx = if wanted[0] { Some(call.output("gradInput", grad_input)?) } else { None };
    if let Some(dx) = &dx {
        check_like(NAME, "gradInput", dx, "input", &x)?;
    }
    let of_gamma = result(&mut call, "gradGammaOut", grad_gamma, channels, wanted[1])?;
    let of_beta = result(&mut call, "gradBetaOut", grad_beta, channels, wanted[2])?;
    let [d, from, mean, rstd] = [d, x, mean, rstd].map(|t| View::new(&t));
    let (to, each) = (dx.map(|dx| View::new(&dx)), channels / groups * rest);
    call.finish(ws, executor, move || {
        let gamma = numbers(&gamma, channels, 1.0);
        let (means, rstds) = (all::<f32>(&mean), all::<f32>(&rstd));
        // Of each channel of each image: the sum of the gradient, and of the gradient times the normalised input.
        let (mut sums, mut products) = (vec![0f64; images * channels], vec![0f64; images * channels]);
        let [sum_parts, product_parts] = [&mut sums, &mut products].map(|values| Parts::new(values));
        split(images * groups, each, |range| {
            let (mut d_row, mut x_row, mut result) = (Row::new(each), Row::new(each), Row::new(each));
            for at in range {
                let (d, x) = (d_row.load(&d, at * each, each), x_row.load(&from, at * each, each));
                let (mean, rstd) = (f64::from(means[at]), f64::from(rstds[at]));
                let own = channels / groups;
                // SAFETY: the vectors live to the end of this closure, and a group has elements of its own.
                let [sums, products] = unsafe { [sum_parts.slice(at * own, own), product_parts.slice(at * own, own)] };
                let factors = &gamma[at % groups * own..][..own];
                for (i, (&d, &x)) in d.iter().zip(x).enumerate() {
                    sums[i / rest] += f64::from(d);
                    products[i / rest] += f64::from(d) * (f64::from(x) - mean) * rstd;
                }
                let Some(to) = &to else { continue };
                let weigh =
                    |values: &[f64]| values.iter().zip(factors).map(|(v, &g)| v * f64::from(g)).sum::<f64>() / each as f64;
                let (sum, product) = (weigh(sums), weigh(products));
                let out = result.room(each);
                for (i, (out, (&d, &x))) in out.iter_mut().zip(d.iter().zip(x)).enumerate() {
                    let normal = (f64::from(x) - mean) * rstd;
                    *out = (rstd * (f64::from(d) * f64::from(factors[i / rest]) - sum - normal * product)) as f32;
                }
                to.store(at * each, out);
            }
        });
        for (view, parts) in [(&of_gamma, &products), (&of_beta, &sums)] {
            let total = |channel: usize| (0..images).map(|image| parts[image * channels + channel]).sum::<f64>() as f32;
            if let (Some(view), true) = (view, channels > 0) {
                view.store(0, &(0..channels).map(total).collect::<Vec<f32>>());
            }
        }
    })
}
