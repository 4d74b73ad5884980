//! Layer norms, plain activations, softmax's gradients, stacks of products, lists of tensors, int8.

use crate::common::{assert_close, stream, values};
use crate::{FLOATS, dot, filled, random, rounding, slope};
use ascend_rl::{DType, Tensor, View, ViewMut, ops};

fn normal(x: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / x.len() as f64;
    (0..x.len()).map(|i| (x[i] - mean) / (variance + 1e-5).sqrt() * weight[i] + bias[i]).collect()
}

#[test]
fn layer_norm_and_its_slopes() {
    let s = stream();
    for dtype in FLOATS {
        for (t, d) in [(1, 2), (5, 7), (70, 33)] {
            let [x, dy] = [1, 2].map(|seed| random(&s, &[t, d], dtype, seed));
            let [w, b] = [3, 4].map(|seed| random(&s, &[d], dtype, seed));
            let [mut y, mut dx] = [(); 2].map(|()| filled(&s, &[t, d], dtype, 7.0));
            let [mut mean, mut rstd] = [(); 2].map(|()| filled(&s, &[t, 1], DType::F32, 7.0));
            let [mut dw, mut db] = [(); 2].map(|()| filled(&s, &[d], DType::F32, 7.0));
            ops::layer_norm(&s, &x, &w, &b, 1e-5, &mut y, &mut mean, &mut rstd).unwrap();
            ops::layer_norm_backward(&s, &dy, &x, &mean, &rstd, &w, &b, &mut dx, &mut dw, &mut db).unwrap();
            let [x, dy, w, b] = [&x, &dy, &w, &b].map(|t| values(&s, t));
            let want: Vec<f64> = x.chunks(d).flat_map(|x| normal(x, &w, &b)).collect();
            assert_close(&values(&s, &y), &want, rounding(dtype) + 2e-6, 5e-6);
            let rows = || x.chunks(d).zip(dy.chunks(d));
            let want: Vec<f64> = rows().flat_map(|(x, dy)| slope(x, |x| dot(&normal(x, &w, &b), dy))).collect();
            // The terms grow with rstd, which the smallest rows have of some hundreds.
            assert_close(&values(&s, &dx), &want, rounding(dtype) + 1e-5, 1e-3);
            let want = slope(&w, |w| rows().map(|(x, dy)| dot(&normal(x, w, &b), dy)).sum());
            assert_close(&values(&s, &dw), &want, 1e-5, 1e-4);
            let want: Vec<f64> = (0..d).map(|i| dy.iter().skip(i).step_by(d).sum()).collect();
            assert_close(&values(&s, &db), &want, 1e-5, 1e-5);
        }
    }
}

#[test]
fn activations_and_their_slopes() {
    let s = stream();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    for dtype in FLOATS {
        let (x, dy) = (random(&s, &[3, 50], dtype, 1), random(&s, &[3, 50], dtype, 2));
        let [mut y, mut dx] = [(); 2].map(|()| filled(&s, &[3, 50], dtype, 7.0));
        ops::silu(&s, &x, &mut y).unwrap();
        ops::silu_backward(&s, &dy, &x, &mut dx).unwrap();
        let (xs, d) = (values(&s, &x), values(&s, &dy));
        assert_close(&values(&s, &y), &xs.iter().map(|&x| x * sigmoid(x)).collect::<Vec<_>>(), rounding(dtype), 1e-6);
        let want = slope(&xs, |x| x.iter().zip(&d).map(|(&x, d)| d * x * sigmoid(x)).sum());
        assert_close(&values(&s, &dx), &want, rounding(dtype), 1e-6);
        ops::sigmoid(&s, &x, &mut y).unwrap();
        assert_close(&values(&s, &y), &xs.iter().map(|&x| sigmoid(x)).collect::<Vec<_>>(), rounding(dtype), 1e-6);
        ops::sigmoid_backward(&s, &dy, &y, &mut dx).unwrap();
        let want: Vec<f64> = values(&s, &y).iter().zip(&d).map(|(y, d)| d * y * (1.0 - y)).collect();
        assert_close(&values(&s, &dx), &want, rounding(dtype), 1e-6);
        // By the series of the error function: x is below 1.
        let erf = |z: f64| {
            let mut term = z;
            2.0 / std::f64::consts::PI.sqrt()
                * (0..30).fold(0.0, |sum, n| {
                    let value = sum + term / (2 * n + 1) as f64;
                    term *= -z * z / (n + 1) as f64;
                    value
                })
        };
        let gelu = |x: f64| 0.5 * x * (1.0 + erf(x / 2f64.sqrt()));
        ops::gelu(&s, &x, &mut y).unwrap();
        ops::gelu_backward(&s, &dy, &x, &mut dx).unwrap();
        assert_close(&values(&s, &y), &xs.iter().map(|&x| gelu(x)).collect::<Vec<_>>(), rounding(dtype), 1e-6);
        let want = slope(&xs, |x| x.iter().zip(&d).map(|(&x, d)| d * gelu(x)).sum());
        assert_close(&values(&s, &dx), &want, rounding(dtype), 1e-6);
    }
}

#[test]
fn softmax_gradients_are_slopes() {
    let s = stream();
    for dtype in FLOATS {
        let (x, dy) = (random(&s, &[4, 9], dtype, 1), random(&s, &[4, 9], dtype, 2));
        let [mut y, mut dx] = [(); 2].map(|()| filled(&s, &[4, 9], dtype, 7.0));
        for log in [false, true] {
            if log {
                ops::log_softmax(&s, &x, 1, &mut y).unwrap();
                ops::log_softmax_backward(&s, &dy, &y, 1, &mut dx).unwrap();
            } else {
                ops::softmax(&s, &x, 1, &mut y).unwrap();
                ops::softmax_backward(&s, &dy, &y, 1, &mut dx).unwrap();
            }
            let (xs, d) = (values(&s, &x), values(&s, &dy));
            let loss = |x: &[f64], d: &[f64]| -> f64 {
                let total: f64 = x.iter().map(|v| v.exp()).sum();
                x.iter().zip(d).map(|(v, d)| d * if log { v - total.ln() } else { v.exp() / total }).sum()
            };
            let want: Vec<f64> = xs.chunks(9).zip(d.chunks(9)).flat_map(|(x, d)| slope(x, |x| loss(x, d))).collect();
            // The output that the gradient starts from is rounded too; sums of 9 of its errors.
            assert_close(&values(&s, &dx), &want, 3.0 * rounding(dtype), 4.0 * rounding(dtype) + 1e-6);
        }
    }
}

#[test]
fn stacks_of_products() {
    let s = stream();
    for dtype in FLOATS {
        let (a, w) = (random(&s, &[3, 4, 5], dtype, 1), random(&s, &[1, 6, 5], dtype, 2));
        let mut out = filled(&s, &[3, 4, 6], dtype, 7.0);
        ops::bmm(&s, &a, w.view().transpose(1, 2).unwrap(), &mut out).unwrap();
        let (a, w) = (values(&s, &a), values(&s, &w));
        let want: Vec<f64> = (0..72).map(|at| (0..5).map(|i| a[at / 6 * 5 + i] * w[at % 6 * 5 + i]).sum()).collect();
        assert_close(&values(&s, &out), &want, rounding(dtype), 2e-6);
    }
}

#[test]
fn gradients_are_clipped_by_their_norm() {
    let s = stream();
    for dtype in FLOATS {
        // More tensors than one call takes.
        let mut grads: Vec<Tensor> = (0..60).map(|i| random(&s, &[1 + i % 3, 5 + i], dtype, i as u64)).collect();
        let before: Vec<Vec<f64>> = grads.iter().map(|g| values(&s, g)).collect();
        let mut norms = filled(&s, &[60], dtype, 7.0);
        let views: Vec<View<'_>> = grads.iter().map(|g| g.view()).collect();
        ops::foreach_norm(&s, &views, &mut norms.view_mut()).unwrap();
        let want: Vec<f64> = before.iter().map(|g| dot(g, g).sqrt()).collect();
        assert_close(&values(&s, &norms), &want, rounding(dtype) + 1e-7, 0.0);
        let mut views: Vec<ViewMut<'_>> = grads.iter_mut().map(|g| g.view_mut()).collect();
        ops::foreach_scale(&s, &mut views, 0.25).unwrap();
        drop(views);
        for (g, before) in grads.iter().zip(&before) {
            assert_close(&values(&s, g), &before.iter().map(|v| 0.25 * v).collect::<Vec<_>>(), 0.0, 0.0);
        }
    }
}

#[test]
fn rows_in_int8_keep_to_half_a_step() {
    let s = stream();
    let x = random(&s, &[5, 40], DType::BF16, 1);
    let (mut y, mut scale) = (Tensor::empty(&s, &[5, 40], DType::I8).unwrap(), filled(&s, &[5], DType::F32, 7.0));
    ops::dynamic_quant(&s, &x, &mut y, &mut scale).unwrap();
    let (xs, scale) = (values(&s, &x), values(&s, &scale));
    for (i, (x, y)) in xs.iter().zip(y.to_vec::<i8>(&s).unwrap()).enumerate() {
        let step = scale[i / 40];
        assert!((x - y as f64 * step).abs() <= 0.501 * step, "element {i}: {x} became {y} steps of {step}");
    }
    assert!(
        ops::dynamic_quant(&s, &filled(&s, &[5, 40], DType::F32, 1.0), &mut y, &mut filled(&s, &[5], DType::F32, 0.0)).is_err()
    );
}
