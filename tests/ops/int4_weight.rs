//! Weights of int4 against sums over what they stand for.

use crate::common::{assert_close, stream, upload, values};
use crate::{filled, random};
use ascend_rl::ops::{self, Int4Weight};
use ascend_rl::{DType, ErrorKind, Stream, Tensor};
use half::f16;

use DType::{BF16, F32, I8, U8};

/// Numbers from -8 to 7.
fn int4(n: usize) -> Vec<i8> {
    (0..n).map(|i| ((i * 7 + i / 16 * 3) % 16) as i8 - 8).collect()
}

/// Powers of two and small integers, so that no weight is rounded.
fn factors(s: &Stream, shape: &[usize]) -> (Tensor, Tensor) {
    let n = shape.iter().product();
    let scales: Vec<f32> = (0..n).map(|i| [0.25, 0.125, 0.5, 1.0, 2.0][i % 5]).collect();
    let offsets: Vec<f32> = (0..n).map(|i| (i % 7) as f32 - 3.0).collect();
    (upload(s, shape, BF16, &scales), upload(s, shape, BF16, &offsets))
}

#[test]
fn products_with_factors_of_all_of_columns_and_of_groups() {
    let s = stream();
    let (m, k, n) = (4, 80, 12);
    let x = random(&s, &[m, k], BF16, 1);
    let bias = random(&s, &[n], F32, 4);
    let stored = int4(k * n);
    // As checkpoints have it, [n, k], and the other way round.
    let by_column = Int4Weight::pack(&s, [n, k], &stored).unwrap().t();
    let by_row = Int4Weight::pack(&s, [k, n], &stored).unwrap();
    for (weight, of) in [
        (&by_column, &(|t: usize, j: usize| stored[j * k + t] as f64) as &dyn Fn(usize, usize) -> f64),
        (&by_row, &|t, j| stored[t * n + j] as f64),
    ] {
        assert_eq!(weight.shape(), [k, n]);
        for (group, shape) in [(None, vec![1]), (None, vec![n]), (Some(32), vec![3, n]), (Some(64), vec![2, n])] {
            let (scale, offset) = factors(&s, &shape);
            let (scales, offsets) = (values(&s, &scale), values(&s, &offset));
            let place = |t: usize, j: usize| match (group, shape[0]) {
                (Some(group), _) => t / group * n + j,
                (None, 1) => 0,
                (None, _) => j,
            };
            for with in [false, true] {
                let mut out = filled(&s, &[m, n], BF16, 7.0);
                let (offset, bias_view) = (with.then(|| offset.view()), with.then(|| bias.view()));
                ops::weight_quant_matmul(&s, &x, weight, &scale, offset, group, bias_view, &mut out).unwrap();
                let (x, bias) = (values(&s, &x), values(&s, &bias));
                let want: Vec<f64> = (0..m * n)
                    .map(|at| {
                        let j = at % n;
                        let zero = |t: usize| if with { offsets[place(t, j)] } else { 0.0 };
                        let weight = |t: usize| (of(t, j) + zero(t)) * scales[place(t, j)];
                        let sum: f64 = (0..k).map(|t| x[at / n * k + t] * weight(t)).sum();
                        sum + if with { bias[j] } else { 0.0 }
                    })
                    .collect();
                assert_close(&values(&s, &out), &want, 1.0 / 256.0, 1e-3);
            }
        }
    }
}

#[test]
fn two_lie_in_a_byte_the_first_in_the_low_half() {
    let s = stream();
    let weight = Int4Weight::pack(&s, [2, 4], &[1, -1, 7, -8, 0, 2, -2, 3]).unwrap();
    let bytes = Tensor::from_slice(&s, &[2, 2], &[0xf1u8, 0x87, 0x20, 0x3e]).unwrap();
    let mut packed = Tensor::zeros(&s, &[2, 2], U8).unwrap();
    ops::copy(&s, weight.packed(), &mut packed).unwrap();
    assert_eq!(packed.to_vec::<u8>(&s).unwrap(), bytes.to_vec::<u8>(&s).unwrap());
    // The same from packed bytes, on another stream.
    let other = s.device().stream().unwrap();
    let mut weight = Int4Weight::from_packed(bytes).unwrap();
    weight.rehome(&other, &s.record().unwrap()).unwrap();
    let weight = weight.t();
    assert_eq!(weight.shape(), [4, 2]);
    let halves = |values: &[f32]| values.iter().map(|&v| f16::from_f32(v)).collect::<Vec<_>>();
    let x = Tensor::from_slice(&other, &[1, 4], &halves(&[1.0, 10.0, 0.5, 0.25])).unwrap();
    let one = Tensor::from_slice(&other, &[1], &halves(&[1.0])).unwrap();
    let mut out = Tensor::from_slice(&other, &[1, 2], &halves(&[7.0, 7.0])).unwrap();
    ops::weight_quant_matmul(&other, &x, &weight, &one, None, None, None, &mut out).unwrap();
    let got: Vec<f32> = out.to_vec::<f16>(&other).unwrap().into_iter().map(f16::to_f32).collect();
    assert_eq!(got, [1.0 - 10.0 + 3.5 - 2.0, 20.0 - 1.0 + 0.75]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let s = stream();
    #[track_caller]
    fn refused<T>(result: ascend_rl::Result<T>, kind: ErrorKind, text: &str) {
        let error = result.err().unwrap_or_else(|| panic!("not refused: {text}"));
        assert_eq!((error.kind(), error.to_string().as_str(), error.call()), (kind, text, None));
    }
    let pack = |shape, values: &[i8]| Int4Weight::pack(&s, shape, values);
    let text = "Int4Weight::pack: the shape is [2, 3], an even number of columns is needed";
    refused(pack([2, 3], &[0; 6]), ErrorKind::Shape, text);
    refused(pack([2, 4], &[0; 6]), ErrorKind::Length, "Int4Weight::pack: 6 values for [2, 4]");
    refused(
        pack([usize::MAX / 2 + 1, 4], &[]),
        ErrorKind::Length,
        &format!("Int4Weight::pack: 0 values for [{}, 4]", usize::MAX / 2 + 1),
    );
    let text = "Int4Weight::pack: value 1 is 8, numbers from -8 to 7 are needed";
    refused(pack([1, 2], &[7, 8]), ErrorKind::Argument, text);
    let text = "Int4Weight::pack: value 0 is -9, numbers from -8 to 7 are needed";
    refused(pack([1, 2], &[-9, 0]), ErrorKind::Argument, text);
    let text = "Int4Weight::from_packed: packed is i8, u8 is needed";
    refused(Int4Weight::from_packed(Tensor::zeros(&s, &[2, 2], I8).unwrap()), ErrorKind::DType, text);
    let text = "Int4Weight::from_packed: packed is [2], [rows, cols / 2] is needed";
    refused(Int4Weight::from_packed(Tensor::zeros(&s, &[2], U8).unwrap()), ErrorKind::Shape, text);

    let zeros = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    let (x, mut out, weight) = (zeros(&[2, 64], BF16), zeros(&[2, 4], BF16), pack([64, 4], &[0; 256]).unwrap());
    let mut product = |x: &Tensor, scale: &[usize], group, text: &str| {
        let scale = zeros(scale, BF16);
        refused(ops::weight_quant_matmul(&s, x, &weight, &scale, None, group, None, &mut out), ErrorKind::Shape, text);
    };
    let text = "weight_quant_matmul: x is [2, 32] and weight is [64, 4]: the inner dims differ";
    product(&zeros(&[2, 32], BF16), &[4], None, text);
    product(&x, &[2], None, "weight_quant_matmul: scale is [2], [4] or [1] is needed");
    product(&x, &[4], Some(32), "weight_quant_matmul: scale is [4], [2, 4] is needed");
    product(&x, &[1, 4], Some(64), "weight_quant_matmul: group is 64, a multiple of 32 below 64 is needed");
    // Another stream's.
    let other = stream();
    let away = Int4Weight::pack(&other, [64, 4], &[0; 256]).unwrap();
    let error = ops::weight_quant_matmul(&s, &x, &away, &zeros(&[4], BF16), None, None, None, &mut out).unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::WrongStream, None));
    assert!(error.to_string().starts_with(&format!("weight_quant_matmul: weight lives on {}", other.id())), "{error}");
}
