//! The best of a dim and of two tensors, means, logarithms of sums.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, filled, random, rounding};
use ascend_rl::{DType, Tensor, ops};

/// [3, 40, 5], few distinct values along the middle dim.
const SHAPE: [usize; 3] = [3, 40, 5];

/// The lines of a [3, n, 5] array along the middle dim.
fn lines(x: &[f64]) -> Vec<Vec<f64>> {
    let n = x.len() / 15;
    (0..15).map(|line| (0..n).map(|i| x[line / 5 * n * 5 + i * 5 + line % 5]).collect()).collect()
}

#[test]
fn the_best_few_and_the_best_one() {
    let s = stream();
    let host: Vec<f32> = noise(1, 600).iter().map(|v| (v * 9.0).round()).collect();
    for dtype in FLOATS {
        let x = upload(&s, &SHAPE, dtype, &host);
        let sources = lines(&values(&s, &x));
        for largest in [true, false] {
            let orders = sources.iter().map(|line| {
                let mut order: Vec<usize> = (0..line.len()).collect();
                order.sort_by(|&a, &b| {
                    let by_value = line[a].partial_cmp(&line[b]).unwrap();
                    if largest { by_value.reverse() } else { by_value }
                });
                order
            });
            let orders: Vec<_> = orders.collect();
            let places =
                |n: usize| orders.iter().map(|o| o[..n].iter().map(|&i| i as f64).collect::<Vec<_>>()).collect::<Vec<_>>();
            let best = |n: usize| {
                let of = |(line, order): (&Vec<f64>, &Vec<usize>)| order[..n].iter().map(|&i| line[i]).collect::<Vec<_>>();
                sources.iter().zip(&orders).map(of).collect::<Vec<_>>()
            };
            let tensors = |n: usize| (filled(&s, &[3, n, 5], dtype, 9.0), Tensor::zeros(&s, &[3, n, 5], DType::I64).unwrap());
            let (mut few, mut at) = tensors(6);
            ops::topk(&s, &x, 6, 1, largest, &mut few, &mut at).unwrap();
            assert_eq!((lines(&values(&s, &few)), lines(&values(&s, &at))), (best(6), places(6)));
            let (_, mut all) = tensors(40);
            ops::argsort(&s, &x, 1, largest, &mut all).unwrap();
            assert_eq!(lines(&values(&s, &all)), places(40));
            let (mut one, mut at) = tensors(1);
            let body = if largest { ops::max } else { ops::min };
            body(&s, &x, 1, &mut one, &mut at).unwrap();
            assert_eq!((lines(&values(&s, &one)), lines(&values(&s, &at))), (best(1), places(1)));
            if !largest {
                ops::argmin(&s, &x, 1, &mut at).unwrap();
                assert_eq!(lines(&values(&s, &at)), places(1));
            }
        }
    }
}

#[test]
fn means_and_logarithms_of_sums() {
    let s = stream();
    for dtype in FLOATS {
        let x = random(&s, &SHAPE, dtype, 2);
        let [mut mean, mut log] = [(); 2].map(|()| filled(&s, &[3, 1, 5], DType::F32, 9.0));
        ops::mean(&s, &x, 1, &mut mean).unwrap();
        ops::logsumexp(&s, &x, 1, &mut log).unwrap();
        let lines = lines(&values(&s, &x));
        let want: Vec<f64> = lines.iter().map(|line| line.iter().sum::<f64>() / 40.0).collect();
        assert_close(&values(&s, &mean), &want, rounding(DType::F32), 1e-6);
        let want: Vec<f64> = lines.iter().map(|line| line.iter().map(|v| v.exp()).sum::<f64>().ln()).collect();
        assert_close(&values(&s, &log), &want, 2e-6, 0.0);
    }
}

#[test]
fn the_larger_and_the_smaller_of_two_broadcast() {
    let s = stream();
    for dtype in FLOATS {
        let (a, b) = (random(&s, &[3, 1, 4], dtype, 3), random(&s, &[5, 4], dtype, 4));
        let [mut high, mut low] = [(); 2].map(|()| filled(&s, &[3, 5, 4], dtype, 9.0));
        ops::maximum(&s, &a, &b, &mut high).unwrap();
        ops::minimum(&s, &a, &b, &mut low).unwrap();
        let (a, b) = (values(&s, &a), values(&s, &b));
        let pairs = || (0..60).map(|i| (a[i / 20 * 4 + i % 4], b[i % 20]));
        assert_eq!(values(&s, &high), pairs().map(|(a, b)| a.max(b)).collect::<Vec<_>>());
        assert_eq!(values(&s, &low), pairs().map(|(a, b)| a.min(b)).collect::<Vec<_>>());
    }
}

#[test]
fn refusals() {
    let s = stream();
    let any = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    let (x, mut values, mut at) = (any(&[2, 3], DType::F32), any(&[2, 3], DType::F32), any(&[2, 3], DType::I64));
    let error = ops::topk(&s, &x, 4, 1, true, &mut values, &mut at).unwrap_err();
    assert_eq!(error.to_string(), "topk: k is 4, dim 1 of x has 3");
    let error = ops::topk(&s, &x, 2, 1, true, &mut values, &mut at).unwrap_err();
    assert_eq!(error.to_string(), "topk: values is [2, 3], [2, 2] is needed");
    let error = ops::max(&s, &x, 2, &mut values, &mut at).unwrap_err();
    assert_eq!(error.to_string(), "max: there is no dim 2 in x [2, 3]");
    let error = ops::argsort(&s, &x, 1, true, &mut values).unwrap_err();
    assert_eq!(error.to_string(), "argsort: out is f32, i64 is needed");
    let error = ops::mean(&s, &at, 1, &mut values).unwrap_err();
    assert_eq!(error.to_string(), "mean: x is i64, f32 or bf16 or f16 is needed");
    let error = ops::maximum(&s, &x, &any(&[2], DType::F32), &mut values).unwrap_err();
    assert_eq!(error.to_string(), "maximum: [2, 3] and [2] do not broadcast to one shape");
}

#[test]
fn tensors_of_another_stream_are_refused() {
    let x = ("x", &[2, 3][..], DType::F32);
    let (values, indices) = (("values", &[2, 1][..], DType::F32), ("indices", &[2, 1][..], DType::I64));
    type Body = fn(&ascend_rl::Stream, &Tensor, &mut Tensor, &mut Tensor) -> ascend_rl::Result<()>;
    let bodies: [(&str, Body); 3] = [
        ("topk", |s, x, v, i| ops::topk(s, x, 1, 1, true, v, i)),
        ("max", |s, x, v, i| ops::max(s, x, 1, v, i)),
        ("min", |s, x, v, i| ops::min(s, x, 1, v, i)),
    ];
    for (name, body) in bodies {
        crate::wrong_stream::each_is_checked(name, &[x, values, indices], |s, tensors| {
            let [x, values, indices] = tensors else { unreachable!() };
            body(s, x, values, indices)
        });
    }
    let out = ("out", &[2, 1][..], DType::F32);
    type Over = fn(&ascend_rl::Stream, &Tensor, &mut Tensor) -> ascend_rl::Result<()>;
    let bodies: [(&str, Over); 2] =
        [("mean", |s, x, out| ops::mean(s, x, 1, out)), ("logsumexp", |s, x, out| ops::logsumexp(s, x, 1, out))];
    for (name, body) in bodies {
        crate::wrong_stream::each_is_checked(name, &[x, out], |s, tensors| {
            let [x, out] = tensors else { unreachable!() };
            body(s, x, out)
        });
    }
}
