//! Weights in FRACTAL_NZ: products with them against sums in f64, and against the same products of row-major weights.

use crate::common::{assert_close, stream, values};
use crate::{filled, older, random, rounding};
use ascend_rl::ops::{self, NzWeight};
use ascend_rl::{DType, ErrorKind, Stream, Tensor};
use half::f16;

use DType::{BF16, F16, F32, I8, I64};

/// (m, k, n): smallest, odd, whole fractals, and just beyond them.
const SHAPES: [(usize, usize, usize); 5] = [(1, 2, 2), (3, 17, 33), (5, 64, 32), (4, 15, 49), (33, 130, 31)];

fn sums(m: usize, k: usize, n: usize, a: &[f64], b: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..m * n).map(|at| (0..k).map(|t| a[at / n * k + t] * b(t, at % n)).sum()).collect()
}

fn int8(s: &Stream, shape: &[usize], step: usize) -> (Tensor, Vec<f64>) {
    let stored: Vec<i8> = (0..shape.iter().product()).map(|i| (i * step % 256) as u8 as i8).collect();
    (Tensor::from_slice(s, shape, &stored).unwrap(), stored.into_iter().map(f64::from).collect())
}

#[test]
fn mm_of_a_weight_as_checkpoints_have_it() {
    let s = stream();
    for (m, k, n) in SHAPES {
        let (x, w) = (random(&s, &[m, k], BF16, 1), random(&s, &[n, k], BF16, 2));
        let nz = NzWeight::new(&s, w.view().t()).unwrap();
        assert_eq!((nz.shape(), nz.dtype()), (&[k, n][..], BF16));
        assert_eq!(nz.bytes(), 2 * k.next_multiple_of(16) * n.next_multiple_of(16));
        let (mut out, mut plain) = (filled(&s, &[m, n], BF16, 7.0), filled(&s, &[m, n], BF16, 8.0));
        ops::mm(&s, &x, &nz, &mut out).unwrap();
        ops::mm(&s, &x, w.view().t(), &mut plain).unwrap();
        let (x, w) = (values(&s, &x), values(&s, &w));
        let want = sums(m, k, n, &x, |t, j| w[j * k + t]);
        assert_close(&values(&s, &out), &want, rounding(BF16), k as f64 * f32::EPSILON as f64);
        assert_close(&values(&s, &out), &values(&s, &plain), rounding(BF16), k as f64 * f32::EPSILON as f64);
    }
}

#[test]
fn a_weight_is_filled_anew_and_read_back() {
    let s = stream();
    let (k, n) = (19, 35);
    let wide = random(&s, &[k, n + 6], BF16, 1);
    let mut nz = NzWeight::new(&s, &filled(&s, &[k, n], BF16, 3.0)).unwrap();
    nz.update(&s, wide.view().narrow(1, 4, n).unwrap()).unwrap();
    let mut back = filled(&s, &[k, n], BF16, 7.0);
    nz.to_row_major(&s, &mut back).unwrap();
    assert_eq!(values(&s, &back), crate::columns(&values(&s, &wide), n + 6, 4, n));
    // int8 has wider fractals.
    let (w, stored) = int8(&s, &[3, k, n], 37);
    let nz = NzWeight::new(&s, &w).unwrap();
    assert_eq!(nz.bytes(), 3 * 32 * 64);
    let mut back = Tensor::zeros(&s, &[3, k, n], I8).unwrap();
    nz.to_row_major(&s, &mut back).unwrap();
    assert_eq!(back.to_vec::<i8>(&s).unwrap().into_iter().map(f64::from).collect::<Vec<_>>(), stored);
}

#[test]
fn quantised_products() {
    let s = stream();
    for (m, k, n) in SHAPES {
        let ((xq, a), (wq, b)) = (int8(&s, &[m, k], 59), int8(&s, &[n, k], 37));
        let nz = NzWeight::new(&s, wq.view().t()).unwrap();
        let (x_scale, w_scale, bias) = (random(&s, &[m], F32, 1), random(&s, &[n], F32, 2), random(&s, &[n], F32, 3));
        let (xs, ws, bs) = (values(&s, &x_scale), values(&s, &w_scale), values(&s, &bias));
        let exact = sums(m, k, n, &a, |t, j| b[j * k + t]);
        for with in [false, true] {
            let mut out = filled(&s, &[m, n], BF16, 7.0);
            ops::quant_matmul(&s, &xq, &x_scale, &nz, &w_scale, with.then(|| bias.view()), &mut out).unwrap();
            let want: Vec<f64> =
                (0..m * n).map(|at| exact[at] * xs[at / n] * ws[at % n] + if with { bs[at % n] } else { 0.0 }).collect();
            // One rounding to bf16; on the way f32 rounds numbers of up to 2^22 four times.
            assert_close(&values(&s, &out), &want, 1.0 / 256.0, 0.5);
        }
        // The weight alone: small integers by powers of two, so that no weight is rounded.
        let x = random(&s, &[m, k], BF16, 4);
        let (scale, offset) = (filled(&s, &[n], BF16, 1.0 / 64.0), filled(&s, &[n], BF16, -2.0));
        let mut out = filled(&s, &[m, n], BF16, 7.0);
        let offset = Some(offset.view());
        ops::weight_quant_matmul(&s, &x, &nz, &scale, offset, None, Some(bias.view()), &mut out).unwrap();
        let x = values(&s, &x);
        let mut want = sums(m, k, n, &x, |t, j| (b[j * k + t] - 2.0) / 64.0);
        want.iter_mut().enumerate().for_each(|(at, v)| *v += bs[at % n]);
        assert_close(&values(&s, &out), &want, 1.0 / 256.0, 1e-4);
    }
}

#[test]
fn products_by_expert() {
    let s = stream();
    let (t, k, n) = (7, 40, 12);
    let counts = Tensor::from_slice::<i64>(&s, &[3], &[4, 0, 2]).unwrap();
    let expert = |row: usize| [0, 0, 0, 0, 2, 2].get(row).copied();
    // [e, n, k], as checkpoints have them.
    let (x, w) = (random(&s, &[t, k], BF16, 1), random(&s, &[3, n, k], BF16, 2));
    let nz = NzWeight::new(&s, w.view().t()).unwrap();
    let mut out = filled(&s, &[t, n], BF16, 7.0);
    ops::grouped_matmul(&s, &x, &nz, &counts, &mut out).unwrap();
    let want = |a: &[f64], b: &[f64], factor: &dyn Fn(usize, usize, usize) -> f64| -> Vec<f64> {
        let of = |row: usize, column: usize| match expert(row) {
            None => 7.0,
            Some(e) => {
                let sum: f64 = (0..k).map(|i| a[row * k + i] * b[(e * n + column) * k + i]).sum();
                sum * factor(row, e, column)
            }
        };
        (0..t * n).map(|at| of(at / n, at % n)).collect()
    };
    let (a, b) = (values(&s, &x), values(&s, &w));
    assert_close(&values(&s, &out), &want(&a, &b, &|_, _, _| 1.0), rounding(BF16), 1e-5);

    let ((xq, a), (wq, b)) = (int8(&s, &[t, k], 59), int8(&s, &[3, n, k], 37));
    let (x_scale, w_scale) = (random(&s, &[t], F32, 3), random(&s, &[3, n], BF16, 4));
    let nz = NzWeight::new(&s, wq.view().t()).unwrap();
    let mut out = filled(&s, &[t, n], BF16, 7.0);
    ops::grouped_quant_matmul(&s, &xq, &x_scale, &nz, &w_scale, &counts, &mut out).unwrap();
    let (xs, ws) = (values(&s, &x_scale), values(&s, &w_scale));
    let want = want(&a, &b, &|row, e, column| xs[row] * ws[e * n + column]);
    assert_close(&values(&s, &out), &want, 1.0 / 256.0, 0.5);
}

#[test]
fn a_repeat_turns_and_multiplies() {
    let s = stream();
    let (x, w) = (random(&s, &[3, 20], BF16, 1), random(&s, &[20, 18], BF16, 2));
    let mut nz = NzWeight::new(&s, &filled(&s, &[20, 18], BF16, 0.0)).unwrap();
    let (mut out, mut want) = (filled(&s, &[3, 18], BF16, 7.0), filled(&s, &[3, 18], BF16, 8.0));
    let step = ops::repeat(&s, |s| {
        nz.update(s, &w)?;
        ops::mm(s, &x, &nz, &mut out)
    });
    let step = step.unwrap();
    ops::mm(&s, &x, &w, &mut want).unwrap();
    for _ in 0..2 {
        step.enqueue(&s).unwrap();
        assert_close(&values(&s, &out), &values(&s, &want), rounding(BF16), 1e-5);
    }
}

#[test]
fn what_is_refused_says_why() {
    let s = stream();
    let zeros = |shape: &[usize], dtype| Tensor::zeros(&s, shape, dtype).unwrap();
    #[track_caller]
    fn refused<T>(result: ascend_rl::Result<T>, kind: ErrorKind, text: &str) {
        let error = result.err().unwrap_or_else(|| panic!("not refused: {text}"));
        assert_eq!((error.kind(), error.to_string().as_str(), error.call()), (kind, text, None));
    }
    let new = |shape: &[usize], dtype| NzWeight::new(&s, &zeros(shape, dtype));
    let text = "NzWeight::new: weight is f32, bf16 or f16 or i8 is needed";
    refused(new(&[4, 4], F32), ErrorKind::DType, text);
    for shape in [&[4][..], &[4, 1], &[1, 4], &[0, 4], &[0, 4, 4], &[2, 2, 4, 4]] {
        let text = format!(
            "NzWeight::new: weight is {shape:?}, [k, n] or [experts, k, n] with matrices of 2 rows and columns or more is needed"
        );
        refused(new(shape, BF16), ErrorKind::Shape, &text);
    }
    let mut nz = new(&[40, 4], BF16).unwrap();
    refused(nz.update(&s, &zeros(&[4, 40], BF16)), ErrorKind::Shape, "NzWeight::update: weight is [4, 40], [40, 4] is needed");
    refused(nz.update(&s, &zeros(&[40, 4], F16)), ErrorKind::DType, "NzWeight::update: weight is f16, bf16 is needed");
    let mut wide = zeros(&[40, 8], BF16);
    let part = wide.view_mut().narrow(1, 0, 4).unwrap();
    let text = "NzWeight::to_row_major: out must be contiguous (CANN takes no strided output here)";
    refused(nz.to_row_major(&s, part), ErrorKind::Shape, text);
    let mut out = zeros(&[2, 4], BF16);
    let text = "mm: a is [2, 4] and b is [40, 4]: the inner dims differ";
    refused(ops::mm(&s, &zeros(&[2, 4], BF16), &nz, &mut out), ErrorKind::Shape, text);
    refused(ops::mm(&s, &zeros(&[2, 40], F16), &nz, &mut out), ErrorKind::DType, "mm: b is bf16, f16 is needed");
    let text = "mm: a is i8, f32 or bf16 or f16 is needed";
    let ints = new(&[40, 4], I8).unwrap();
    refused(ops::mm(&s, &zeros(&[2, 40], I8), &ints, &mut out), ErrorKind::DType, text);
    let (x, scale) = (zeros(&[2, 40], BF16), zeros(&[2, 4], BF16));
    let text = "weight_quant_matmul: scale is [2, 4] of a weight in FRACTAL_NZ, [4] without groups is needed";
    refused(ops::weight_quant_matmul(&s, &x, &ints, &scale, None, Some(32), None, &mut out), ErrorKind::Shape, text);
    let text = "weight_quant_matmul: scale is [1] of a weight in FRACTAL_NZ, [4] without groups is needed";
    refused(ops::weight_quant_matmul(&s, &x, &ints, &zeros(&[1], BF16), None, None, None, &mut out), ErrorKind::Shape, text);
    // Another stream's.
    let other = stream();
    let away = NzWeight::new(&other, &Tensor::zeros(&other, &[40, 4], BF16).unwrap()).unwrap();
    let error = ops::mm(&s, &x, &away, &mut out).unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::WrongStream, None));
    assert!(error.to_string().starts_with(&format!("mm: b lives on {}", other.id())), "{error}");
}

#[test]
fn it_moves_to_another_stream() {
    let s = stream();
    let other = s.device().stream().unwrap();
    let ones = vec![f16::ONE; 32 * 16];
    let mut nz = NzWeight::new(&s, &Tensor::from_slice(&s, &[32, 16], &ones).unwrap()).unwrap();
    nz.rehome(&other, &s.record().unwrap()).unwrap();
    let x = Tensor::from_slice(&other, &[1, 32], &ones[..32]).unwrap();
    let mut out = Tensor::from_slice(&other, &[1, 16], &ones[..16]).unwrap();
    ops::mm(&other, &x, &nz, &mut out).unwrap();
    assert_eq!(out.to_vec::<f16>(&other).unwrap(), [f16::from_f32(32.0); 16]);
}

#[test]
fn older_releases() {
    // Without its own operator the plain one takes the format.
    let device = older("CANN 8.3", 1, |api| {
        api.ops.aclnnMatmulWeightNz = None;
        api.ops.aclnnGroupedMatmulWeightNz = None;
        api.ops.aclnnNpuFormatCast = None;
    });
    let s = device.stream().unwrap();
    let (x, w) = (random(&s, &[3, 20], BF16, 1), random(&s, &[20, 18], BF16, 2));
    let nz = NzWeight::new(&s, &w).unwrap();
    let mut out = filled(&s, &[3, 18], BF16, 7.0);
    ops::mm(&s, &x, &nz, &mut out).unwrap();
    let (x, w) = (values(&s, &x), values(&s, &w));
    assert_close(&values(&s, &out), &sums(3, 20, 18, &x, |t, j| w[t * 18 + j]), rounding(BF16), 1e-5);
    let missing = |result: ascend_rl::Result<()>, symbol: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingSymbol);
        assert!(error.to_string().starts_with(symbol) && error.to_string().contains("CANN 8.5 and later"), "{error}");
    };
    missing(nz.to_row_major(&s, &mut filled(&s, &[20, 18], BF16, 0.0)), "aclnnNpuFormatCast is missing");
    let (x, w) = (filled(&s, &[3, 20], BF16, 1.0), NzWeight::new(&s, &filled(&s, &[2, 20, 18], BF16, 1.0)).unwrap());
    let counts = Tensor::zeros(&s, &[2], I64).unwrap();
    missing(ops::grouped_matmul(&s, &x, &w, &counts, &mut out), "aclnnGroupedMatmulWeightNz is missing");
}
