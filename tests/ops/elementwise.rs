//! Arithmetic, comparisons and choices, with broadcast.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, columns, filled, random, rounding};
use ascend_rl::{DType, Result, Stream, Tensor, ViewMut, ops};

/// Pairs of shapes with the shape they broadcast to.
const SHAPES: [(&[usize], &[usize], &[usize]); 6] = [
    (&[7], &[7], &[7]),
    (&[3, 1, 5], &[4, 1], &[3, 4, 5]),
    (&[2, 9], &[1], &[2, 9]),
    (&[1, 1], &[5, 3], &[5, 3]),
    (&[130], &[3, 130], &[3, 130]),
    (&[0, 4], &[1, 4], &[0, 4]),
];

/// The element of a tensor of `shape` that is at flat place `at` of the `out` shape it broadcasts to.
fn place(shape: &[usize], out: &[usize], mut at: usize) -> usize {
    let (mut place, mut step) = (0, 1);
    for back in 1..=out.len() {
        let i = at % out[out.len() - back];
        at /= out[out.len() - back];
        if let Some(d) = shape.len().checked_sub(back) {
            place += if shape[d] == 1 { 0 } else { i * step };
            step *= shape[d];
        }
    }
    place
}

macro_rules! binary {
    ($name:ident, $f:expr) => {
        (
            stringify!($name),
            (|s, a, b, out| ops::$name(s, a, b, out)) as fn(&Stream, &Tensor, &Tensor, &mut Tensor) -> Result<()>,
            $f as fn(f64, f64) -> f64,
        )
    };
}

#[test]
fn arithmetic_broadcasts_and_promotes() {
    let s = stream();
    let operators =
        [binary!(add, |a, b| a + b), binary!(sub, |a, b| a - b), binary!(mul, |a, b| a * b), binary!(div, |a, b| a / b)];
    for (name, operator, reference) in operators {
        for (a_type, b_type) in
            [(DType::F32, DType::F32), (DType::BF16, DType::BF16), (DType::F32, DType::BF16), (DType::BF16, DType::F32)]
        {
            let out_type = if a_type == b_type { a_type } else { DType::F32 };
            for (a_shape, b_shape, shape) in SHAPES {
                let (a, b) = (random(&s, a_shape, a_type, 1), random(&s, b_shape, b_type, 2));
                let mut out = filled(&s, shape, out_type, 9.0);
                operator(&s, &a, &b, &mut out).unwrap_or_else(|error| panic!("{name} {shape:?}: {error}"));
                let (a, b) = (values(&s, &a), values(&s, &b));
                let want = (0..out.numel()).map(|at| reference(a[place(a_shape, shape, at)], b[place(b_shape, shape, at)]));
                assert_close(&values(&s, &out), &want.collect::<Vec<_>>(), rounding(out_type), 0.0);
            }
        }
    }
}

#[test]
fn integers_are_added_exactly() {
    let s = stream();
    let big = (1i64 << 53) + 1;
    let (a, b) = (Tensor::from_slice(&s, &[3], &[big, -5, 0]).unwrap(), Tensor::from_slice(&s, &[1], &[2i64]).unwrap());
    let mut out = Tensor::empty(&s, &[3], DType::I64).unwrap();
    for (operator, want) in [
        (binary!(add, |a, b| a + b), [big + 2, -3, 2]),
        (binary!(sub, |a, b| a - b), [big - 2, -7, -2]),
        (binary!(mul, |a, b| a * b), [2 * big, -10, 0]),
    ] {
        operator.1(&s, &a, &b, &mut out).unwrap();
        assert_eq!(out.to_vec::<i64>(&s).unwrap(), want, "{}", operator.0);
    }
}

#[test]
fn operands_and_results_may_be_strided() {
    let s = stream();
    for dtype in FLOATS {
        let (a, b) = (random(&s, &[5, 4], dtype, 3), random(&s, &[4, 7], dtype, 4));
        let mut out = filled(&s, &[4, 9], dtype, 9.0);
        let to = out.view_mut().narrow(1, 2, 5).unwrap();
        ops::add(&s, a.view().t(), b.view().narrow(1, 1, 5).unwrap(), to).unwrap();
        let (a, b, out) = (values(&s, &a), values(&s, &b), values(&s, &out));
        let want: Vec<f64> = (0..20).map(|at| a[at % 5 * 4 + at / 5] + b[at / 5 * 7 + 1 + at % 5]).collect();
        assert_close(&columns(&out, 9, 2, 5), &want, rounding(dtype), 0.0);
        assert!([0, 1, 7, 8].iter().all(|&at| columns(&out, 9, at, 1) == [9.0; 4]));
    }
}

#[test]
fn add_in_place_gathers_bf16_in_f32() {
    let s = stream();
    fn middle(acc: &mut Tensor) -> ViewMut<'_> {
        acc.view_mut().narrow(1, 3, 4).unwrap()
    }
    for (acc_type, x_type) in [(DType::F32, DType::F32), (DType::F32, DType::BF16), (DType::BF16, DType::BF16)] {
        let mut acc = random(&s, &[6, 10], acc_type, 5);
        let before = values(&s, &acc);
        let (full, row) = (random(&s, &[6, 4], x_type, 6), random(&s, &[4], x_type, 7));
        ops::add_(&s, middle(&mut acc), &full).unwrap();
        let between = values(&s, &acc);
        ops::add_(&s, middle(&mut acc), &row).unwrap();
        let (after, full, row) = (values(&s, &acc), values(&s, &full), values(&s, &row));
        for (i, want) in before.iter().enumerate() {
            let inside = (3..7).contains(&(i % 10)).then(|| (i / 10 * 4 + i % 10 - 3, i % 10 - 3));
            let (x, y) = inside.map_or((0.0, 0.0), |(x, y)| (full[x], row[y]));
            assert_close(&[between[i], after[i]], &[want + x, between[i] + y], rounding(acc_type), 0.0);
        }
    }
}

#[test]
fn products_with_a_scalar() {
    let s = stream();
    for dtype in FLOATS {
        let x = random(&s, &[5, 9], dtype, 8);
        let mut out = filled(&s, &[9, 5], dtype, 9.0);
        ops::mul_scalar(&s, x.view().t(), 0.3, &mut out).unwrap();
        let host = values(&s, &x);
        let want: Vec<f64> = (0..45).map(|at| host[at % 5 * 9 + at / 5] * 0.3).collect();
        // The factor is an f32.
        assert_close(&values(&s, &out), &want, rounding(dtype) + 1e-7, 0.0);

        let mut x = x;
        ops::mul_scalar_(&s, x.view_mut().narrow(0, 1, 3).unwrap(), -2.0).unwrap();
        let want: Vec<f64> = (0..45).map(|at| if (9..36).contains(&at) { -2.0 * host[at] } else { host[at] }).collect();
        assert_eq!(values(&s, &x), want);
    }
}

#[test]
fn exponentials_logarithms_and_signs() {
    let s = stream();
    for dtype in FLOATS {
        let x = upload(&s, &[3, 77], dtype, &noise(9, 231).iter().map(|v| 20.0 * v).collect::<Vec<_>>());
        let positive = upload(&s, &[3, 77], dtype, &noise(10, 231).iter().map(|v| (20.0 * v).exp()).collect::<Vec<_>>());
        let mut out = filled(&s, &[3, 77], dtype, 9.0);
        let mut judge = |operator: fn(&Stream, &Tensor, &mut Tensor) -> Result<()>, x: &Tensor, reference: fn(f64) -> f64| {
            operator(&s, x, &mut out).unwrap();
            let want: Vec<f64> = values(&s, x).into_iter().map(reference).collect();
            // Within 2 units in the last place of f32, and one rounding.
            assert_close(&values(&s, &out), &want, rounding(dtype) + 2.5e-7, 1e-9);
        };
        judge(|s, x, out| ops::exp(s, x, out), &x, f64::exp);
        judge(|s, x, out| ops::log(s, x, out), &positive, f64::ln);
        judge(|s, x, out| ops::neg(s, x, out), &x, |v| -v);
    }
    let edges = upload(&s, &[4], DType::F32, &[f32::NEG_INFINITY, -200.0, 0.0, 200.0]);
    let mut out = filled(&s, &[4], DType::F32, 9.0);
    ops::exp(&s, &edges, &mut out).unwrap();
    assert_eq!(values(&s, &out), [0.0, 0.0, 1.0, f64::INFINITY]);
    ops::log(&s, &edges, &mut out).unwrap();
    let out = values(&s, &out);
    assert!(out[0].is_nan() && out[1].is_nan() && out[2] == f64::NEG_INFINITY, "{out:?}");
}

#[test]
fn comparisons_give_booleans() {
    let s = stream();
    for dtype in FLOATS {
        let a = upload(&s, &[2, 3], dtype, &[-1.0, 0.0, 2.0, 0.5, f32::NAN, -0.0]);
        let b = upload(&s, &[3], dtype, &[-1.0, 0.5, 0.0]);
        let mut out = Tensor::empty(&s, &[2, 3], DType::Bool).unwrap();
        ops::less(&s, &a, &b, &mut out).unwrap();
        assert_eq!(out.to_vec::<u8>(&s).unwrap(), [0, 1, 0, 0, 0, 0]);
        ops::less_equal(&s, &a, &b, &mut out).unwrap();
        assert_eq!(out.to_vec::<u8>(&s).unwrap(), [1, 1, 0, 0, 0, 1]);
        ops::greater_scalar(&s, &a, 0.0, &mut out).unwrap();
        assert_eq!(out.to_vec::<u8>(&s).unwrap(), [0, 0, 1, 1, 0, 0]);
    }
    let ids = Tensor::from_slice(&s, &[4], &[-100i64, 0, 7, (1 << 53) + 1]).unwrap();
    let mut out = Tensor::empty(&s, &[4], DType::Bool).unwrap();
    ops::greater_scalar(&s, &ids, -100.0, &mut out).unwrap();
    assert_eq!(out.to_vec::<u8>(&s).unwrap(), [0, 1, 1, 1]);
    let bound = Tensor::from_slice(&s, &[1], &[1i64 << 53]).unwrap();
    ops::less_equal(&s, &ids, &bound, &mut out).unwrap();
    assert_eq!(out.to_vec::<u8>(&s).unwrap(), [1, 1, 1, 0]);
}

#[test]
fn select_broadcasts_all_three() {
    let s = stream();
    for dtype in FLOATS {
        let mut condition = Tensor::empty(&s, &[3, 1], DType::Bool).unwrap();
        condition.write(&s, &[1u8, 0, 1]).unwrap();
        let (a, b) = (random(&s, &[3, 5], dtype, 11), random(&s, &[5], dtype, 12));
        let mut out = filled(&s, &[3, 5], dtype, 9.0);
        ops::select(&s, &condition, &a, &b, &mut out).unwrap();
        let (a, b) = (values(&s, &a), values(&s, &b));
        let want: Vec<f64> = (0..15).map(|at| if at / 5 == 1 { b[at % 5] } else { a[at] }).collect();
        assert_eq!(values(&s, &out), want);
    }
}
