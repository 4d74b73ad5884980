//! Variances and deviations over any dims: `aclnnVar`, `aclnnVarCorrection`, `aclnnStd`; with means, `aclnnVarMean` and
//! `aclnnStdMeanCorrection`.

use ascend_rl_sys::types::*;

use super::fold::{Deviation, Fold, Mean, Variance};
use super::more::{Ends, count};
use super::plan::{Plan, output_dims, reduced_dims};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::reject::Outcome;

/// `out = variance of self` over `dim` (null or empty: all), divided by one less than the count if `unbiased`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnVarGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    unbiased: bool,
    keepdim: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    spread::<false>("aclnnVar", self_, dim, i64::from(unbiased), keepdim, [("out", out)], (ws, executor))
}

/// The same, divided by `correction` less than the count.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnVarCorrectionGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    correction: i64,
    keepdim: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    spread::<false>("aclnnVarCorrection", self_, dim, correction, keepdim, [("out", out)], (ws, executor))
}

/// The root of it.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnStdGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    correction: i64,
    keepdim: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    spread::<true>("aclnnStd", self_, dim, correction, keepdim, [("out", out)], (ws, executor))
}

/// The variance, and the mean.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnVarMeanGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    correction: i64,
    keepdim: bool,
    var_out: *mut aclTensor,
    mean_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let outs = [("varOut", var_out), ("meanOut", mean_out)];
    spread::<false>("aclnnVarMean", self_, dim, correction, keepdim, outs, (ws, executor))
}

/// The root of the variance, and the mean.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnStdMeanCorrectionGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    correction: i64,
    keepdim: bool,
    std_out: *mut aclTensor,
    mean_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let outs = [("stdOut", std_out), ("meanOut", mean_out)];
    spread::<true>("aclnnStdMeanCorrection", self_, dim, correction, keepdim, outs, (ws, executor))
}

/// The variance, or with `ROOT` its root; the second output, if any, is the mean.
fn spread<const ROOT: bool>(
    name: &'static str,
    self_: *const aclTensor,
    dim: *const aclIntArray,
    correction: i64,
    keepdim: bool,
    outs: impl IntoIterator<Item = (&'static str, *mut aclTensor)>,
    (ws, executor): Ends,
) -> Outcome {
    let mut call = Call::new(name);
    let input = call.input("self", self_)?;
    let dims = call.int_array("dim", dim)?.unwrap_or_default();
    // This one has no kernel for bf16 on A2.
    check_dtype(name, "self", &input, if name == "aclnnVarMean" { &[ACL_FLOAT, ACL_FLOAT16] } else { FLOATS })?;
    let reduced = reduced_dims(name, &dims, &input)?;
    let mut outputs = Vec::with_capacity(2);
    for (param, out) in outs {
        let out = call.output(param, out)?;
        check_same_dtype(name, param, &out, "self", input.dtype)?;
        check_shape(name, param, &out, &output_dims(&input, reduced, keepdim))?;
        check_writable(name, param, &out)?;
        outputs.push(out);
    }
    let count = count(&input, reduced);
    // Of nothing, and where no more is left than is taken away, there is none: 0 / 0.
    let variance = Variance { count, divisor: (count - correction as f64).max(0.0) };
    let mean = outputs.get(1).map(|out| Plan::new(Mean(count), &input, out, reduced));
    if ROOT {
        both(call, Deviation(variance), &input, &outputs[0], reduced, mean, (ws, executor))
    } else {
        both(call, variance, &input, &outputs[0], reduced, mean, (ws, executor))
    }
}

fn both(
    call: Call,
    fold: impl Fold,
    input: &Tensor,
    out: &Tensor,
    reduced: u32,
    mean: Option<Plan<Mean>>,
    (ws, executor): Ends,
) -> Outcome {
    let plan = Plan::new(fold, input, out, reduced);
    call.finish(ws, executor, move || {
        plan.run();
        if let Some(mean) = &mean {
            mean.run();
        }
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    /// Mean, and variance by so much less than the count, of the rows of `[rows, n]`.
    fn reference(values: &[f64], n: usize, correction: f64) -> (Vec<f64>, Vec<f64>) {
        let of = |row: &[f64]| {
            let mean = row.iter().sum::<f64>() / n as f64;
            (mean, row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n as f64 - correction))
        };
        values.chunks(n).map(of).unzip()
    }

    #[test]
    fn spreads_and_means_of_rows() {
        for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)] {
            for (n, correction) in [(5i64, 0i64), (7, 1), (1300, 2)] {
                let x = Array::strided(dtype, &[6, n], &[n + 3, 1], 2, 6 * (n + 3), noise(n as u64).map(|v| v + 0.5));
                let (mean, variance) = reference(&x.values(), n as usize, correction as f64);
                let deviation: Vec<f64> = variance.iter().map(|v| v.sqrt()).collect();
                let (dim, of_mean) = (Ints::new(&[1]), Array::out(dtype, &[6, 1]));
                let cases = [&variance, &deviation, &deviation, &variance].into_iter().enumerate();
                for (which, want) in cases.filter(|&(which, _)| which < 3 || dtype != ACL_BF16) {
                    let out = Array::out(dtype, &[6, 1]);
                    let (s, o, m) = (x.handle(), out.handle(), of_mean.handle());
                    run(|ws, e| match which {
                        0 => aclnnVarCorrectionGetWorkspaceSize(s, dim.0, correction, true, o, ws, e),
                        1 => aclnnStdGetWorkspaceSize(s, dim.0, correction, true, o, ws, e),
                        2 => aclnnStdMeanCorrectionGetWorkspaceSize(s, dim.0, correction, true, o, m, ws, e),
                        _ => aclnnVarMeanGetWorkspaceSize(s, dim.0, correction, true, o, m, ws, e),
                    })
                    .unwrap();
                    assert_close(&out.values(), want, relative, 1e-6);
                    if which > 1 {
                        assert_close(&of_mean.values(), &mean, relative, 1e-7);
                    }
                }
            }
        }
    }

    #[test]
    fn of_all_and_of_too_few() {
        let x = Array::new(ACL_FLOAT, &[2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let out = Array::out(ACL_FLOAT, &[]);
        run(|ws, e| aclnnStdGetWorkspaceSize(x.handle(), std::ptr::null(), 1, false, out.handle(), ws, e)).unwrap();
        assert_close(&out.values(), &[3.5f64.sqrt()], 2e-7, 0.0);
        let (one, dim, out) = (Array::new(ACL_FLOAT, &[1], [3.0]), Ints::new(&[0]), Array::out(ACL_FLOAT, &[]));
        run(|ws, e| aclnnVarCorrectionGetWorkspaceSize(one.handle(), dim.0, 1, false, out.handle(), ws, e)).unwrap();
        assert!(out.values()[0].is_nan());
        let wrong = run(|ws, e| aclnnVarMeanGetWorkspaceSize(x.handle(), dim.0, 1, false, out.handle(), out.handle(), ws, e));
        assert_eq!(refusal(wrong, "aclnnVarMean", "varOut has shape []; [3]"), ACLNN_ERR_PARAM_INVALID);
    }
}
