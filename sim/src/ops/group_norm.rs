//! `aclnnGroupNorm`: over groups of channels, in f32.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::norm::check_like;
use super::rows::{Parts, Row, all};
use super::split::split;
use super::view::View;
use crate::math::sum;
use crate::reject::{Outcome, check};

/// `out = (self - mean) * rstd * gamma + beta`, where mean and `rstd` are of a group of channels of one image.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupNormGetWorkspaceSize(
    self_: *const aclTensor,
    gamma: *const aclTensor,
    beta: *const aclTensor,
    n: i64,
    c: i64,
    hx_w: i64,
    group: i64,
    eps: f64,
    out: *mut aclTensor,
    mean_out: *mut aclTensor,
    rstd_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupNorm";
    let mut call = Call::new(NAME);
    let (x, out) = (call.input("self", self_)?, call.output("out", out)?);
    let statistics = [("meanOut", call.output("meanOut", mean_out)?), ("rstdOut", call.output("rstdOut", rstd_out)?)];
    check_dtype(NAME, "self", &x, FLOATS)?;
    check!(x.rank() >= 2, ACLNN_ERR_PARAM_INVALID, "{NAME}: self is {}-D; at least 2-D is needed", x.rank());
    let rest: usize = x.dims[2..].iter().product();
    for (param, given, found) in [("N", n, x.dims[0]), ("C", c, x.dims[1]), ("HxW", hx_w, rest)] {
        check!(given == found as i64, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {given}, and self has shape {:?}", x.dims);
    }
    check!(group > 0 && c % group == 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: group is {group}; a divisor of C, {c}, is needed");
    check!(eps.is_finite() && eps > 0.0, ACLNN_ERR_PARAM_INVALID, "{NAME}: eps is {eps}; it must be above 0");
    check_like(NAME, "out", &out, "self", &x)?;
    for (param, t) in &statistics {
        check_same_dtype(NAME, param, t, "self", x.dtype)?;
        check_shape(NAME, param, t, &[x.dims[0], group as usize])?;
        check_writable(NAME, param, t)?;
    }
    let mut parameter = |param, handle| {
        let Some(t) = call.optional_input(param, handle)? else { return Ok(None) };
        check_same_dtype(NAME, param, &t, "self", x.dtype)?;
        check_shape(NAME, param, &t, &[x.dims[1]])?;
        Ok(Some(View::new(&t)))
    };
    let (gamma, beta) = (parameter("gamma", gamma)?, parameter("beta", beta)?);
    let (channels, group, eps) = (x.dims[1], group as usize, eps as f32);
    let (each, from, to) = (channels / group * rest, View::new(&x), View::new(&out));
    let statistics = statistics.map(|(_, t)| View::new(&t));
    call.finish(ws, executor, move || {
        let gamma = gamma.as_ref().map_or_else(|| vec![1.0; channels], all::<f32>);
        let beta = beta.as_ref().map_or_else(|| vec![0.0; channels], all::<f32>);
        let groups = from.rows(each);
        let mut found = [vec![0.0; groups], vec![0.0; groups]];
        let [means, rstds] = found.each_mut().map(|values| Parts::new(values));
        split(groups, each, |range| {
            let (mut row, mut result) = (Row::new(each), Row::new(each));
            for at in range {
                let (x, y) = (row.load(&from, at * each, each), result.room(each));
                let mean = sum(each, |i| x[i]) / each as f32;
                let rstd = 1.0 / (sum(each, |i| (x[i] - mean) * (x[i] - mean)) / each as f32 + eps).sqrt();
                for (i, (x, y)) in x.iter().zip(y.iter_mut()).enumerate() {
                    let channel = at % group * (channels / group) + i / rest;
                    *y = (x - mean) * rstd * gamma[channel] + beta[channel];
                }
                to.store(at * each, y);
                // SAFETY: the vectors live to the end of this closure, and a group has an element of its own.
                unsafe { (means.slice(at, 1)[0], rstds.slice(at, 1)[0]) = (mean, rstd) };
            }
        });
        // At the end and one after the other: ggml-cann gives both places that overlap, and reads neither.
        for (place, values) in statistics.iter().zip(&found) {
            place.store(0, values);
        }
    })
}

#[cfg(test)]
mod tests {
    use std::ptr::null;

    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn groups_with_and_without_parameters() {
        for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 8e-3), (ACL_FLOAT16, 2e-3)] {
            for (dims, group) in [(&[2i64, 6, 5, 7][..], 3i64), (&[1, 4], 2), (&[3, 4, 1000], 1), (&[2, 5, 3], 5)] {
                let (n, c, rest) = (dims[0], dims[1], dims[2..].iter().product::<i64>());
                let x = Array::new(dtype, dims, noise(1).map(|v| 2.0 * v + 0.5));
                let (gamma, beta) = (Array::new(dtype, &[c], noise(2)), Array::new(dtype, &[c], noise(3)));
                let out = Array::out(dtype, dims);
                let (mean, rstd) = (Array::out(dtype, &[n, group]), Array::out(dtype, &[n, group]));
                for given in [true, false] {
                    run(|w, e| {
                        let (g, b) =
                            if given { (gamma.handle().cast_const(), beta.handle().cast_const()) } else { (null(), null()) };
                        let (x, y, m, r) = (x.handle(), out.handle(), mean.handle(), rstd.handle());
                        aclnnGroupNormGetWorkspaceSize(x, g, b, n, c, rest, group, 1e-5, y, m, r, w, e)
                    })
                    .unwrap();
                    let values = x.values();
                    let each = (c / group * rest) as usize;
                    let of = |at: usize| {
                        let part = &values[at * each..][..each];
                        let mean = part.iter().sum::<f64>() / each as f64;
                        (mean, 1.0 / (part.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / each as f64 + 1e-5).sqrt())
                    };
                    let want: Vec<f64> = (0..values.len())
                        .map(|i| {
                            let (mean, rstd) = of(i / each);
                            let channel = i / rest as usize % c as usize;
                            let (g, b) = if given { (gamma.values()[channel], beta.values()[channel]) } else { (1.0, 0.0) };
                            (values[i] - mean) * rstd * g + b
                        })
                        .collect();
                    assert_close(&out.values(), &want, relative, 1e-5);
                    let groups = 0..(n * group) as usize;
                    assert_close(&mean.values(), &groups.clone().map(|at| of(at).0).collect::<Vec<_>>(), relative, 1e-6);
                    assert_close(&rstd.values(), &groups.map(|at| of(at).1).collect::<Vec<_>>(), relative, 1e-6);
                }
            }
        }
    }

    #[test]
    fn refusals() {
        let (x, s) = (Array::new(ACL_FLOAT, &[2, 4, 3], noise(1)), Array::out(ACL_FLOAT, &[2, 2]));
        let norm = |n, c, rest, group, eps| {
            run(|w, e| {
                let (x, s) = (x.handle(), s.handle());
                aclnnGroupNormGetWorkspaceSize(x, null(), null(), n, c, rest, group, eps, x, s, s, w, e)
            })
        };
        for (outcome, what) in [
            (norm(3, 4, 3, 2, 1e-5), "N is 3"),
            (norm(2, 5, 3, 2, 1e-5), "C is 5"),
            (norm(2, 4, 4, 2, 1e-5), "HxW is 4"),
            (norm(2, 4, 3, 3, 1e-5), "group is 3"),
            (norm(2, 4, 3, 2, 0.0), "eps is 0"),
            (norm(2, 4, 3, 4, 1e-5), "meanOut has shape [2, 2]; [2, 4]"),
        ] {
            assert_eq!(refusal(outcome, "aclnnGroupNorm", what), ACLNN_ERR_PARAM_INVALID);
        }
    }
}
