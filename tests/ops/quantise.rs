//! Products of int8 against sums of integers, and against the products of the floats that they came from.

use super::wrong_stream::each_is_checked;
use super::{filled, random};
use crate::common::{assert_close, stream, values};
use ascend_rl::ops;
use ascend_rl::{DType, Stream, Tensor};
use half::f16;

/// Rows in int8, as [`ops::dynamic_quant`] makes them, with their factors: the tensors and their values.
fn rows(s: &Stream, shape: &[usize], seed: u64) -> (Tensor, Tensor, Tensor, Vec<f64>, Vec<f64>) {
    let x = random(s, shape, DType::BF16, seed);
    let (mut y, mut scale) = (Tensor::empty(s, shape, DType::I8).unwrap(), filled(s, &shape[..1], DType::F32, 7.0));
    ops::dynamic_quant(s, &x, &mut y, &mut scale).unwrap();
    let (ints, scales) = (ints(s, &y), values(s, &scale));
    (x, y, scale, ints, scales)
}

fn ints(s: &Stream, t: &Tensor) -> Vec<f64> {
    t.to_vec::<i8>(s).unwrap().into_iter().map(f64::from).collect()
}

#[test]
fn both_operands_in_int8() {
    let s = stream();
    let (m, k, n) = (5, 70, 24);
    let (x, xq, x_scale, a, xs) = rows(&s, &[m, k], 1);
    let (w, wq, w_scale, b, ws) = rows(&s, &[n, k], 2);
    let bias = random(&s, &[n], DType::F32, 3);
    let sums = |i: usize, j: usize| -> f64 { (0..k).map(|t| a[i * k + t] * b[j * k + t]).sum() };
    for with_bias in [false, true] {
        let mut out = filled(&s, &[m, n], DType::BF16, 7.0);
        let bias_view = with_bias.then(|| bias.view());
        ops::quant_matmul(&s, &xq, &x_scale, wq.view().t(), &w_scale, bias_view, &mut out).unwrap();
        let bias = if with_bias { values(&s, &bias) } else { vec![0.0; n] };
        let want: Vec<f64> = (0..m * n).map(|at| sums(at / n, at % n) * xs[at / n] * ws[at % n] + bias[at % n]).collect();
        // One rounding to bf16, and four of f32 on the way.
        assert_close(&values(&s, &out), &want, 1.0 / 256.0, 1e-5);
        if with_bias {
            continue;
        }
        // What int8 costs: half a step of each factor of each term.
        let (x, w, out) = (values(&s, &x), values(&s, &w), values(&s, &out));
        for (at, got) in out.iter().enumerate() {
            let (i, j) = (at / n, at % n);
            let (mut exact, mut bound) = (0.0, 0.0);
            for t in 0..k {
                let (x, w) = (x[i * k + t], w[j * k + t]);
                exact += x * w;
                bound += 0.501 * (x.abs() * ws[j] + w.abs() * xs[i] + xs[i] * ws[j]);
            }
            assert!((got - exact).abs() <= bound + exact.abs() / 256.0, "element {at} is {got}, the floats' product {exact}");
        }
    }
    // f16, with a bias of integers, a factor for all columns, and a weight that lies row by row.
    let w = Tensor::from_slice::<i8>(&s, &[k, n], &(0..k * n).map(|i| (i % 251) as i8).collect::<Vec<_>>()).unwrap();
    let bias = Tensor::from_slice::<i32>(&s, &[n], &(0..n as i32).map(|j| 100 - 9 * j).collect::<Vec<_>>()).unwrap();
    let mut out = Tensor::from_slice(&s, &[m, n], &vec![f16::ONE; m * n]).unwrap();
    ops::quant_matmul(&s, &xq, &x_scale, &w, &filled(&s, &[1], DType::F32, 0.125), Some(bias.view()), &mut out).unwrap();
    let b = ints(&s, &w);
    let want: Vec<f64> = (0..m * n)
        .map(|at| {
            let sum: f64 = (0..k).map(|t| a[at / n * k + t] * b[t * n + at % n]).sum();
            (sum + 100.0 - 9.0 * (at % n) as f64) * 0.125 * xs[at / n]
        })
        .collect();
    let got: Vec<f64> = out.to_vec::<f16>(&s).unwrap().into_iter().map(f64::from).collect();
    assert_close(&got, &want, 1.0 / 1024.0, 1e-5);
}

#[test]
fn weights_alone_in_int8() {
    let s = stream();
    let (m, k, n) = (4, 80, 12);
    let x = random(&s, &[m, k], DType::BF16, 1);
    let stored: Vec<i8> = (0..k * n).map(|i| (i * 37 % 256) as u8 as i8).collect();
    let weight = Tensor::from_slice(&s, &[n, k], &stored).unwrap();
    let bias = random(&s, &[n], DType::F32, 4);
    for (group, shape) in [(None, vec![1]), (None, vec![n]), (Some(32), vec![3, n])] {
        // Powers of two and small integers, so that no weight is rounded.
        let scale = filled(&s, &shape, DType::BF16, 1.0 / 64.0);
        let offset = filled(&s, &shape, DType::BF16, -2.0);
        for with in [false, true] {
            let mut out = filled(&s, &[m, n], DType::BF16, 7.0);
            let (offset, bias_view) = (with.then(|| offset.view()), with.then(|| bias.view()));
            ops::weight_quant_matmul(&s, &x, weight.view().t(), &scale, offset, group, bias_view, &mut out).unwrap();
            let (x, bias) = (values(&s, &x), values(&s, &bias));
            let want: Vec<f64> = (0..m * n)
                .map(|at| {
                    let of = |t: usize| (stored[at % n * k + t] as f64 + if with { -2.0 } else { 0.0 }) / 64.0;
                    let sum: f64 = (0..k).map(|t| x[at / n * k + t] * of(t)).sum();
                    sum + if with { bias[at % n] } else { 0.0 }
                })
                .collect();
            assert_close(&values(&s, &out), &want, 1.0 / 256.0, 1e-4);
        }
    }
}

#[test]
fn factors_by_group_reach_their_terms() {
    let s = stream();
    let (k, n) = (96, 2);
    let x = filled(&s, &[1, k], DType::BF16, 1.0);
    let weight = Tensor::from_slice(&s, &[k, n], &vec![1i8; k * n]).unwrap();
    let scale = crate::common::upload(&s, &[3, n], DType::BF16, &[1.0, 2.0, 0.5, 4.0, 0.25, 8.0]);
    let mut out = filled(&s, &[1, n], DType::BF16, 7.0);
    ops::weight_quant_matmul(&s, &x, &weight, &scale, None, Some(32), None, &mut out).unwrap();
    assert_eq!(values(&s, &out), [32.0 * 1.75, 32.0 * 14.0]);
}

#[test]
fn experts_in_int8() {
    let s = stream();
    let (t, k, n) = (7, 40, 12);
    let (_, xq, x_scale, a, xs) = rows(&s, &[t, k], 1);
    let stored: Vec<i8> = (0..3 * n * k).map(|i| (i * 59 % 256) as u8 as i8).collect();
    // [e, n, k], as checkpoints have them.
    let weight = Tensor::from_slice(&s, &[3, n, k], &stored).unwrap();
    let scale = random(&s, &[3, n], DType::BF16, 3);
    let counts = Tensor::from_slice::<i64>(&s, &[3], &[4, 0, 2]).unwrap();
    let mut out = filled(&s, &[t, n], DType::BF16, 7.0);
    ops::grouped_quant_matmul(&s, &xq, &x_scale, weight.view().transpose(1, 2).unwrap(), &scale, &counts, &mut out).unwrap();
    let scale = values(&s, &scale);
    let of = |row: usize, column: usize| {
        let expert = match row {
            0..4 => 0,
            4..6 => 2,
            _ => return 7.0,
        };
        let weight = &stored[(expert * n + column) * k..][..k];
        let sum: f64 = a[row * k..][..k].iter().zip(weight).map(|(a, &w)| a * w as f64).sum();
        sum * xs[row] * scale[expert * n + column]
    };
    let want: Vec<f64> = (0..t * n).map(|at| of(at / n, at % n)).collect();
    assert_close(&values(&s, &out), &want, 1.0 / 256.0, 1e-5);
    // f16 has factors of f32.
    let mut half = Tensor::from_slice(&s, &[t, n], &vec![f16::ONE; t * n]).unwrap();
    let weight_view = || weight.view().transpose(1, 2).unwrap();
    let bf16 = filled(&s, &[3, n], DType::BF16, 0.5);
    let error = ops::grouped_quant_matmul(&s, &xq, &x_scale, weight_view(), &bf16, &counts, &mut half).unwrap_err();
    assert!(error.to_string().contains("weight_scale is bf16, f32 is needed"), "{error}");
    let f32 = filled(&s, &[3, n], DType::F32, 0.5);
    ops::grouped_quant_matmul(&s, &xq, &x_scale, weight_view(), &f32, &counts, &mut half).unwrap();
    let got: Vec<f64> = half.to_vec::<f16>(&s).unwrap().into_iter().map(f64::from).collect();
    let sum: f64 = a[..k].iter().zip(&stored[..k]).map(|(a, &w)| a * w as f64).sum();
    assert_close(&got[..1], &[sum * xs[0] * 0.5], 1.0 / 1024.0, 1e-5);
}

#[test]
fn refusals_name_the_argument() {
    let s = stream();
    let i8s = |shape: &[usize]| Tensor::zeros(&s, shape, DType::I8).unwrap();
    let f = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    let (x, w, mut out) = (i8s(&[2, 40]), i8s(&[40, 3]), f(&[2, 3], DType::BF16));
    let (rows, columns) = (f(&[2], DType::F32), f(&[3], DType::F32));
    let mut quant = |x: &Tensor, rows: &Tensor, w: &Tensor, columns: &Tensor, bias: Option<&Tensor>, what: &str| {
        let error = ops::quant_matmul(&s, x, rows, w, columns, bias.map(|b| b.view()), &mut out).unwrap_err();
        assert!(error.to_string().contains(what), "{error}, not {what}");
    };
    quant(&f(&[2, 40], DType::BF16), &rows, &w, &columns, None, "quant_matmul: x is bf16");
    quant(&x, &rows, &i8s(&[39, 3]), &columns, None, "the inner dims differ");
    quant(&x, &f(&[3], DType::F32), &w, &columns, None, "x_scale is [3]");
    quant(&x, &f(&[2], DType::BF16), &w, &columns, None, "x_scale is bf16");
    quant(&x, &rows, &w, &f(&[2], DType::F32), None, "weight_scale is [2]");
    quant(&x, &rows, &w, &columns, Some(&f(&[3], DType::F16)), "bias is f16");
    quant(&i8s(&[0, 40]), &rows, &w, &columns, None, "no dim may be 0");
    let x = f(&[2, 40], DType::BF16);
    let scale = f(&[3], DType::BF16);
    let mut weights = |w: &Tensor, scale: &Tensor, offset: Option<&Tensor>, group, what: &str| {
        let offset = offset.map(|offset| offset.view());
        let error = ops::weight_quant_matmul(&s, &x, w, scale, offset, group, None, &mut out).unwrap_err();
        assert!(error.to_string().contains(what), "{error}, not {what}");
    };
    weights(&f(&[40, 3], DType::BF16), &scale, None, None, "weight_quant_matmul: weight is bf16");
    weights(&w, &f(&[3], DType::F32), None, None, "scale is f32");
    weights(&w, &scale, None, Some(32), "scale is [3], [2, 3] is needed");
    weights(&w, &scale, None, Some(64), "group is 64");
    weights(&w, &scale, Some(&f(&[1], DType::BF16)), None, "offset is [1]");
}

#[test]
fn tensors_are_at_home() {
    use DType::{BF16, F32, I8, I64};
    let (x, w, out) = (("x", &[2, 32][..], I8), ("weight", &[32, 3][..], I8), ("out", &[2, 3][..], BF16));
    let (rows, columns) = (("x_scale", &[2][..], F32), ("weight_scale", &[3][..], F32));
    each_is_checked("quant_matmul", &[x, rows, w, columns, ("bias", &[3], F32), out], |s, tensors| {
        let [x, rows, w, columns, bias, out] = tensors else { unreachable!() };
        ops::quant_matmul(s, &*x, &*rows, &*w, &*columns, Some(bias.view()), out)
    });
    let (x, scale, offset) = (("x", &[2, 32][..], BF16), ("scale", &[3][..], BF16), ("offset", &[3][..], BF16));
    each_is_checked("weight_quant_matmul", &[x, w, scale, offset, ("bias", &[3], F32), out], |s, tensors| {
        let [x, w, scale, offset, bias, out] = tensors else { unreachable!() };
        ops::weight_quant_matmul(s, &*x, &*w, &*scale, Some(offset.view()), None, Some(bias.view()), out)
    });
    let (x, w, columns) = (("x", &[2, 32][..], I8), ("weight", &[1, 32, 3][..], I8), ("weight_scale", &[1, 3][..], BF16));
    each_is_checked("grouped_quant_matmul", &[x, rows, w, columns, ("counts", &[1], I64), out], |s, tensors| {
        let [x, rows, w, columns, counts, out] = tensors else { unreachable!() };
        ops::grouped_quant_matmul(s, &*x, &*rows, &*w, &*columns, &*counts, out)
    });
}
