//! `aclnnLayerNorm` and `aclnnLayerNormBackward`: over the trailing dims of `normalizedShape`, in f32.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::lanes::fold;
use super::norm::{BLOCK_ROWS, add_pairwise, check_like};
use super::rows::{Parts, Row, Target, all};
use super::split::split;
use super::view::View;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, reject};
use crate::simd::vectorized;

/// `out = (input - mean) * rstd * weight + bias`; mean and `rstd` are given where they have a place.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnLayerNormGetWorkspaceSize(
    input: *const aclTensor,
    normalized_shape: *const aclIntArray,
    weight: *const aclTensor,
    bias: *const aclTensor,
    eps: f64,
    out: *mut aclTensor,
    mean_out: *mut aclTensor,
    rstd_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnLayerNorm";
    let mut call = Call::new(NAME);
    let x = call.input("input", input)?;
    let shape = Shape::read(&call, NAME, normalized_shape, &x)?;
    let weight = shape.parameter(&mut call, "weightOptional", weight)?;
    let bias = shape.parameter(&mut call, "biasOptional", bias)?;
    let out = call.output("out", out)?;
    check_like(NAME, "out", &out, "input", &x)?;
    let mut statistics = [None, None];
    for (place, (param, handle)) in statistics.iter_mut().zip([("meanOutOptional", mean_out), ("rstdOutOptional", rstd_out)]) {
        if let Some(t) = call.optional_output(param, handle)? {
            shape.check_statistic(param, &t)?;
            check_writable(NAME, param, &t)?;
            *place = Some(View::new(&t));
        }
    }
    let (n, eps) = (shape.n, eps as f32);
    let x = View::new(&x);
    let others: Vec<&View> = [&x].into_iter().chain(statistics.iter().flatten()).collect();
    let out = Target::new(View::new(&out), &others);
    let [weight, bias] = [weight, bias].map(|t| t.map(|t| View::new(&t)));
    call.finish(ws, executor, move || {
        let weight = weight.as_ref().map_or_else(|| vec![1.0; n], all::<f32>);
        let bias = bias.as_ref().map_or_else(|| vec![0.0; n], all::<f32>);
        split(x.rows(n), n, |rows| {
            let (mut row, mut result) = (Row::new(n), Row::new(n));
            for r in rows {
                let (x, y) = (row.load(&x, r * n, n), out.room(r * n, n, &mut result));
                let (mean, rstd) = vectorized(
                    #[inline(always)]
                    || normalise(x, &weight, &bias, eps, y),
                );
                out.store(r * n, y);
                for (place, value) in statistics.iter().zip([mean, rstd]) {
                    if let Some(place) = place {
                        place.store(r, &[value]);
                    }
                }
            }
        })
    })
}

/// One row; gives its mean and the inverse of its standard deviation.
#[inline(always)]
fn normalise(x: &[f32], weight: &[f32], bias: &[f32], eps: f32, y: &mut [f32]) -> (f32, f32) {
    let n = x.len();
    let (weight, bias, y) = (&weight[..n], &bias[..n], &mut y[..n]);
    let mean = fold(x, 0.0, |sum, x| sum + x, |a, b| a + b) / n as f32;
    let squares = fold(x, 0.0, |sum, x| sum + (x - mean) * (x - mean), |a, b| a + b);
    let rstd = 1.0 / (squares / n as f32 + eps).sqrt();
    for i in 0..n {
        y[i] = (x[i] - mean) * rstd * weight[i] + bias[i];
    }
    (mean, rstd)
}

/// With `x̂ = (input - mean) * rstd` and `d = gradOut * weight`: `gradInput = rstd * (d - mean(d) - x̂ * mean(d*x̂))`,
/// `gradWeight = Σ gradOut*x̂`, `gradBias = Σ gradOut`. `outputMask` says which are wanted.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnLayerNormBackwardGetWorkspaceSize(
    grad_out: *const aclTensor,
    input: *const aclTensor,
    normalized_shape: *const aclIntArray,
    mean: *const aclTensor,
    rstd: *const aclTensor,
    weight: *const aclTensor,
    bias: *const aclTensor,
    output_mask: *const aclBoolArray,
    grad_input_out: *mut aclTensor,
    grad_weight_out: *mut aclTensor,
    grad_bias_out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnLayerNormBackward";
    let mut call = Call::new(NAME);
    let (dy, x) = (call.input("gradOut", grad_out)?, call.input("input", input)?);
    let shape = Shape::read(&call, NAME, normalized_shape, &x)?;
    check_same_dtype(NAME, "gradOut", &dy, "input", x.dtype)?;
    check_shape(NAME, "gradOut", &dy, &x.dims)?;
    let (mean, rstd) = (call.input("mean", mean)?, call.input("rstd", rstd)?);
    shape.check_statistic("mean", &mean)?;
    shape.check_statistic("rstd", &rstd)?;
    let weight = shape.parameter(&mut call, "weightOptional", weight)?;
    shape.parameter(&mut call, "biasOptional", bias)?;
    let wanted = call.bool_array("outputMask", output_mask)?;
    check!(wanted.len() == 3, ACLNN_ERR_PARAM_INVALID, "{NAME}: outputMask has {} flags; 3 are needed", wanted.len());
    let mut outputs = [None, None, None];
    let places = [("gradInputOut", grad_input_out), ("gradWeightOut", grad_weight_out), ("gradBiasOut", grad_bias_out)];
    for (i, (param, handle)) in places.into_iter().enumerate().filter(|&(i, _)| wanted[i]) {
        let t = call.output(param, handle)?;
        if i == 0 {
            check_like(NAME, param, &t, "input", &x)?;
        } else {
            check_dtype(NAME, param, &t, FLOATS)?;
            check_shape(NAME, param, &t, &x.dims[x.rank() - shape.rank..])?;
            check_writable(NAME, param, &t)?;
        }
        outputs[i] = Some(View::new(&t));
    }
    let n = shape.n;
    let [dy, x, mean, rstd] = [dy, x, mean, rstd].map(|t| View::new(&t));
    let weight = weight.map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let weight = weight.as_ref().map_or_else(|| vec![1.0; n], all::<f32>);
        gradients([&dy, &x, &mean, &rstd], &weight, &outputs)
    })
}

fn gradients([dy, x, mean, rstd]: [&View; 4], weight: &[f32], [dx, dweight, dbias]: &[Option<View>; 3]) {
    let n = weight.len();
    let rows = x.rows(n);
    let blocks = rows.div_ceil(BLOCK_ROWS);
    // Of each block of rows: n sums for the weight, then n for the bias.
    let mut sums = vec![0f32; blocks.max(1) * 2 * n];
    let parts = Parts::new(&mut sums);
    let (means, rstds) = (all::<f32>(mean), all::<f32>(rstd));
    split(blocks, BLOCK_ROWS * n, |range| {
        let (mut dy_row, mut x_row, mut dx_row) = (Row::new(n), Row::new(n), Row::new(n));
        for block in range {
            // SAFETY: each block has its own part of `sums`, which outlives the call.
            let (to_weight, to_bias) = unsafe { parts.slice(block * 2 * n, 2 * n) }.split_at_mut(n);
            for r in block * BLOCK_ROWS..rows.min((block + 1) * BLOCK_ROWS) {
                let (dy, x, out) = (dy_row.load(dy, r * n, n), x_row.load(x, r * n, n), dx_row.room(n));
                vectorized(
                    #[inline(always)]
                    || gradient_of_row(dy, x, means[r], rstds[r], weight, out, to_weight, to_bias),
                );
                if let Some(dx) = dx {
                    dx.store(r * n, out);
                }
            }
        }
    });
    add_pairwise(&mut sums, 2 * n);
    for (out, sums) in [dweight, dbias].into_iter().zip(sums.chunks(n.max(1))) {
        if let Some(out) = out {
            out.store(0, sums);
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)] // What a row has.
fn gradient_of_row(
    dy: &[f32],
    x: &[f32],
    mean: f32,
    rstd: f32,
    weight: &[f32],
    dx: &mut [f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    let n = dx.len();
    let (dy, x, weight, dweight, dbias) = (&dy[..n], &x[..n], &weight[..n], &mut dweight[..n], &mut dbias[..n]);
    for i in 0..n {
        dx[i] = dy[i] * weight[i];
    }
    let first = fold(dx, 0.0, |sum, d| sum + d, |a, b| a + b) / n as f32;
    for i in 0..n {
        dx[i] *= (x[i] - mean) * rstd;
    }
    let second = fold(dx, 0.0, |sum, d| sum + d, |a, b| a + b) / n as f32;
    for i in 0..n {
        let normal = (x[i] - mean) * rstd;
        dx[i] = rstd * (dy[i] * weight[i] - first - normal * second);
        dweight[i] += dy[i] * normal;
        dbias[i] += dy[i];
    }
}

/// What is normalised.
struct Shape<'a> {
    operator: &'static str,
    x: &'a Tensor,
    /// How many trailing dims, and their elements.
    rank: usize,
    n: usize,
}

impl<'a> Shape<'a> {
    fn read(call: &Call, operator: &'static str, shape: *const aclIntArray, x: &'a Tensor) -> Outcome<Shape<'a>> {
        check_dtype(operator, "input", x, FLOATS)?;
        let Some(shape) = call.int_array("normalizedShape", shape)? else {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{operator}: normalizedShape is null")
        };
        let lead = x.rank().checked_sub(shape.len()).filter(|_| !shape.is_empty());
        let fits = lead.is_some_and(|lead| x.dims[lead..].iter().zip(&shape).all(|(&dim, &s)| dim as i64 == s));
        let dims = x.dims;
        check!(
            fits,
            ACLNN_ERR_PARAM_INVALID,
            "{operator}: normalizedShape is {shape:?}, which is not the end of input's {dims:?}"
        );
        Ok(Shape { operator, x, rank: shape.len(), n: x.dims[x.rank() - shape.len()..].iter().product() })
    }

    /// A weight or a bias.
    fn parameter(&self, call: &mut Call, param: &'static str, handle: *const aclTensor) -> Outcome<Option<Tensor>> {
        let Some(t) = call.optional_input(param, handle)? else { return Ok(None) };
        check_dtype(self.operator, param, &t, FLOATS)?;
        check_shape(self.operator, param, &t, &self.x.dims[self.x.rank() - self.rank..])?;
        Ok(Some(t))
    }

    /// One number for each row.
    fn check_statistic(&self, param: &str, t: &Tensor) -> Outcome {
        let mut dims = self.x.dims.to_vec();
        dims[self.x.rank() - self.rank..].fill(1);
        check_dtype(self.operator, param, t, FLOATS)?;
        check_shape(self.operator, param, t, &dims)
    }
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    const EPS: f64 = 1e-5;

    fn relative(dtype: aclDataType) -> f64 {
        match dtype {
            ACL_BF16 => 4e-3,
            ACL_FLOAT16 => 6e-4,
            _ => 3e-6,
        }
    }

    fn statistics(x: &[f64]) -> (f64, f64) {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / x.len() as f64;
        (mean, 1.0 / (variance + EPS).sqrt())
    }

    fn layer_norm(x: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
        let (mean, rstd) = statistics(x);
        (0..x.len()).map(|i| (x[i] - mean) * rstd * weight[i] + bias[i]).collect()
    }

    #[test]
    fn rows_of_slices_over_one_dim_and_two() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            for (dims, normal) in [(&[3i64, 7][..], &[7i64][..]), (&[2, 3, 130], &[130]), (&[4, 5, 6], &[5, 6]), (&[3, 1], &[1])]
            {
                let wide = dims.iter().rev().skip(1).fold(vec![1, dims[dims.len() - 1] + 3], |mut s, d| {
                    s.push(s[s.len() - 1] * d);
                    s
                });
                let strides: Vec<i64> = wide[..dims.len()].iter().rev().copied().collect();
                let x = Array::strided(dtype, dims, &strides, 2, wide[dims.len()] + 2, noise(1));
                let [weight, bias] = [2, 3].map(|seed| Array::new(dtype, normal, noise(seed)));
                let out = Array::out(dtype, dims);
                let lead: Vec<i64> =
                    dims.iter().enumerate().map(|(i, &d)| if i < dims.len() - normal.len() { d } else { 1 }).collect();
                let [mean, rstd] = [(); 2].map(|()| Array::out(ACL_FLOAT, &lead));
                let shape = Ints::new(normal);
                run(|ws, e| {
                    let [x, weight, bias, out, mean, rstd] = [&x, &weight, &bias, &out, &mean, &rstd].map(|t| t.handle());
                    aclnnLayerNormGetWorkspaceSize(x, shape.0, weight, bias, EPS, out, mean, rstd, ws, e)
                })
                .unwrap();
                let n = normal.iter().product::<i64>() as usize;
                let (x, weight, bias) = (x.values(), weight.values(), bias.values());
                let want: Vec<f64> = x.chunks(n).flat_map(|x| layer_norm(x, &weight, &bias)).collect();
                assert_close(&out.values(), &want, relative(dtype), 3e-6);
                assert_close(&mean.values(), &x.chunks(n).map(|x| statistics(x).0).collect::<Vec<_>>(), 1e-5, 1e-6);
                assert_close(&rstd.values(), &x.chunks(n).map(|x| statistics(x).1).collect::<Vec<_>>(), 1e-5, 0.0);
            }
        }
    }

    #[test]
    fn gradients_are_slopes_and_only_those_wanted_are_written() {
        for dtype in [ACL_FLOAT, ACL_BF16] {
            for (rows, n) in [(1usize, 3usize), (150, 6)] {
                let dims = [rows as i64, n as i64];
                let [dy, x] = [1, 2].map(|seed| Array::new(dtype, &dims, noise(seed)));
                let [weight, bias] = [3, 4].map(|seed| Array::new(dtype, &dims[1..], noise(seed)));
                let (xs, dys, ws_) = (x.values(), dy.values(), weight.values());
                let [mean, rstd] = [0, 1].map(|which| {
                    let of = |x: &[f64]| if which == 0 { statistics(x).0 } else { statistics(x).1 };
                    Array::new(ACL_FLOAT, &[dims[0], 1], xs.chunks(n).map(of).collect::<Vec<_>>())
                });
                for mask in [[true, true, true], [false, true, false]] {
                    let (dx, dw, db) =
                        (Array::out(dtype, &dims), Array::out(ACL_FLOAT, &dims[1..]), Array::out(ACL_FLOAT, &dims[1..]));
                    let (shape, flags) = (Ints::new(&dims[1..]), Flags::new(&mask));
                    run(|ws, e| {
                        let [dy, x, mean, rstd, weight, bias] = [&dy, &x, &mean, &rstd, &weight, &bias].map(|t| t.handle());
                        let [dx, dw, db] = [&dx, &dw, &db].map(|t| t.handle());
                        aclnnLayerNormBackwardGetWorkspaceSize(
                            dy, x, shape.0, mean, rstd, weight, bias, flags.0, dx, dw, db, ws, e,
                        )
                    })
                    .unwrap();
                    let mut want = Vec::new();
                    for (x, dy) in xs.chunks(n).zip(dys.chunks(n)) {
                        for i in 0..n {
                            let moved = |by: f64| {
                                let mut x = x.to_vec();
                                x[i] += by;
                                layer_norm(&x, &ws_, &vec![0.0; n]).iter().zip(dy).map(|(y, d)| y * d).sum::<f64>()
                            };
                            want.push((moved(1e-5) - moved(-1e-5)) / 2e-5);
                        }
                    }
                    let scale = rstd.values().iter().fold(1.0, |a: f64, b| a.max(*b));
                    if mask[0] {
                        assert_close(&dx.values(), &want, relative(dtype), 1e-5 * scale);
                    } else {
                        assert_eq!(dx.values(), vec![7.0; rows * n], "not asked for");
                    }
                    let normal = |i: usize| xs.chunks(n).map(|x| (x[i] - statistics(x).0) * statistics(x).1).collect::<Vec<_>>();
                    let of = |i: usize, f: &dyn Fn(usize) -> f64| (0..rows).map(|r| dys[r * n + i] * f(r)).sum::<f64>();
                    let want: Vec<f64> = (0..n).map(|i| of(i, &|r| normal(i)[r])).collect();
                    assert_close(&dw.values(), &want, 1e-5, 1e-4);
                    if mask[2] {
                        assert_close(&db.values(), &(0..n).map(|i| of(i, &|_| 1.0)).collect::<Vec<_>>(), 1e-5, 1e-4);
                    }
                }
            }
        }
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        let (x, out) = (Array::new(ACL_FLOAT, &[2, 8], noise(1)), Array::out(ACL_FLOAT, &[2, 8]));
        let call = |shape: &[i64], weight: *const aclTensor| {
            let shape = Ints::new(shape);
            run(|ws, e| {
                let no = std::ptr::null_mut();
                aclnnLayerNormGetWorkspaceSize(x.handle(), shape.0, weight, nothing(), EPS, out.handle(), no, no, ws, e)
            })
        };
        call(&[8], nothing()).unwrap();
        let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnLayerNorm", what), ACLNN_ERR_PARAM_INVALID);
        invalid(call(&[7], nothing()), "normalizedShape is [7]");
        invalid(call(&[], nothing()), "normalizedShape is []");
        invalid(call(&[8], out.handle()), "weightOptional has shape [2, 8]; [8]");
    }
}
