//! RMS norms of whole rows and of heads inside a fused projection.

use crate::common::{assert_close, stream, values};
use crate::{FLOATS, columns, dot, filled, random, rounding, slope};
use ascend_rl::{DType, Tensor, ops};

const EPS: f64 = 1e-6;

fn rstd(x: &[f64]) -> f64 {
    1.0 / (dot(x, x) / x.len() as f64 + EPS).sqrt()
}

fn rms_norm(x: &[f64], gamma: &[f64]) -> Vec<f64> {
    let rstd = rstd(x);
    x.iter().zip(gamma).map(|(x, gamma)| x * rstd * gamma).collect()
}

/// Two roundings in f32 (the square root and its inverse) before the one to the dtype, and a mean.
fn relative(dtype: DType) -> f64 {
    rounding(dtype) + 1e-6
}

#[test]
fn rms_norm_of_heads_in_a_fused_projection() {
    let s = stream();
    for dtype in FLOATS {
        for gamma_dtype in [dtype, DType::F32] {
            for (t, heads, d) in [(1, 1, 1), (3, 2, 5), (7, 3, 64), (2, 1, 130)] {
                let wide = (heads + 2) * d;
                let (qkv, gamma) = (random(&s, &[t, wide], dtype, 1), random(&s, &[d], gamma_dtype, 2));
                let q = qkv.view().narrow(1, d, heads * d).unwrap().reshape(&[t, heads, d]).unwrap();
                let mut y = filled(&s, &[t, heads, d], dtype, 7.0);
                let mut root = filled(&s, &[t, heads, 1], DType::F32, 7.0);
                ops::rms_norm(&s, q, &gamma, EPS, &mut y, &mut root).unwrap();
                let (x, gamma) = (columns(&values(&s, &qkv), wide, d, heads * d), values(&s, &gamma));
                let want: Vec<f64> = x.chunks(d).flat_map(|x| rms_norm(x, &gamma)).collect();
                assert_close(&values(&s, &y), &want, relative(dtype), 1e-7);
                let want: Vec<f64> = x.chunks(d).map(rstd).collect();
                assert_close(&values(&s, &root), &want, 1e-6, 0.0);
            }
        }
    }
}

#[test]
fn rms_norm_backward_is_the_slope() {
    let s = stream();
    for dtype in FLOATS {
        for (t, d) in [(1, 1), (5, 3), (70, 8), (3, 66)] {
            let (x, dy, gamma) = (random(&s, &[t, d], dtype, 3), random(&s, &[t, d], dtype, 4), random(&s, &[d], dtype, 5));
            let (mut y, mut dx) = (filled(&s, &[t, d], dtype, 7.0), filled(&s, &[t, d], dtype, 7.0));
            let (mut root, mut dgamma) = (filled(&s, &[t, 1], DType::F32, 7.0), filled(&s, &[d], DType::F32, 7.0));
            ops::rms_norm(&s, &x, &gamma, EPS, &mut y, &mut root).unwrap();
            ops::rms_norm_backward(&s, &dy, &x, &root, &gamma, &mut dx, &mut dgamma).unwrap();
            let (x, dy, gamma) = (values(&s, &x), values(&s, &dy), values(&s, &gamma));
            let rows = || x.chunks(d).zip(dy.chunks(d));
            let want: Vec<f64> = rows().flat_map(|(x, dy)| slope(x, |x| dot(&rms_norm(x, &gamma), dy))).collect();
            // A row's gradient is a difference, and grows with rstd: the error is of the terms, up to 60 here.
            assert_close(&values(&s, &dx), &want, relative(dtype), 2e-5);
            let want = slope(&gamma, |gamma| rows().map(|(x, dy)| dot(&rms_norm(x, gamma), dy)).sum());
            assert_close(&values(&s, &dgamma), &want, 1e-5, 1e-5);
        }
    }
}

#[test]
fn add_rms_norm_rounds_the_sum_before_the_norm() {
    let s = stream();
    for dtype in FLOATS {
        for (t, d) in [(1, 1), (4, 7), (3, 96)] {
            let (a, b, gamma) = (random(&s, &[t, d], dtype, 6), random(&s, &[t, d], dtype, 7), random(&s, &[d], dtype, 8));
            let [mut y, mut sum] = [(); 2].map(|()| filled(&s, &[t, d], dtype, 7.0));
            let mut root = Tensor::empty(&s, &[t, 1], DType::F32).unwrap();
            ops::add_rms_norm(&s, &a, &b, &gamma, EPS, &mut y, &mut root, &mut sum).unwrap();
            let (a, b, gamma) = (values(&s, &a), values(&s, &b), values(&s, &gamma));
            let want: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
            let sum = values(&s, &sum);
            assert_close(&sum, &want, rounding(dtype), 0.0);
            let want: Vec<f64> = sum.chunks(d).flat_map(|x| rms_norm(x, &gamma)).collect();
            assert_close(&values(&s, &y), &want, relative(dtype), 1e-7);
            assert_close(&values(&s, &root), &sum.chunks(d).map(rstd).collect::<Vec<_>>(), 1e-6, 0.0);
        }
    }
}
