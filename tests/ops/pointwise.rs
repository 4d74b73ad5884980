//! Functions, comparisons, limits and what is done in place, each against the standard library's in f64.

use crate::common::{assert_close, noise, stream, upload, values};
use crate::{FLOATS, filled, random, rounding};
use ascend_rl::{DType, Result, Stream, Tensor, ViewMut, ops};

/// What the references compute.
type OfOne = fn(f64) -> f64;
type OfTwo = fn(f64, f64) -> f64;
type Comparison = fn(f64, f64) -> bool;

type One = fn(&Stream, &Tensor, &mut Tensor) -> Result<()>;
type Two = fn(&Stream, &Tensor, &Tensor, &mut Tensor) -> Result<()>;

/// The error function by its series, which converges everywhere.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..100 {
        term *= -x * x / n as f64;
        sum += term / (2 * n + 1) as f64;
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[test]
fn functions_of_one_number() {
    let s = stream();
    let functions: [(&str, One, OfOne); 9] = [
        ("abs", |s, x, out| ops::abs(s, x, out), f64::abs),
        ("sqrt", |s, x, out| ops::sqrt(s, x, out), f64::sqrt),
        ("rsqrt", |s, x, out| ops::rsqrt(s, x, out), |v| 1.0 / v.sqrt()),
        ("reciprocal", |s, x, out| ops::reciprocal(s, x, out), |v| 1.0 / v),
        ("expm1", |s, x, out| ops::expm1(s, x, out), f64::exp_m1),
        ("sin", |s, x, out| ops::sin(s, x, out), f64::sin),
        ("cos", |s, x, out| ops::cos(s, x, out), f64::cos),
        ("tanh", |s, x, out| ops::tanh(s, x, out), f64::tanh),
        ("erf", |s, x, out| ops::erf(s, x, out), erf),
    ];
    for dtype in FLOATS {
        // Between 0.25 and 2.25, where all are defined and none is near 0 but the cosine.
        let host: Vec<f32> = noise(3, 3 * 67).iter().map(|v| v + 1.25).collect();
        let x = upload(&s, &[3, 67], dtype, &host);
        for (name, function, reference) in functions {
            let mut out = filled(&s, &[3, 67], dtype, 9.0);
            function(&s, &x, &mut out).unwrap_or_else(|error| panic!("{name}: {error}"));
            let want: Vec<f64> = values(&s, &x).into_iter().map(reference).collect();
            // A few units in the last place of f32 besides one rounding to the dtype.
            assert_close(&values(&s, &out), &want, rounding(dtype) + 3e-7, 1e-7);
        }
    }
}

#[test]
fn comparisons_and_logic_broadcast() {
    let s = stream();
    let operators: [(&str, Two, Comparison); 6] = [
        ("equal", |s, a, b, out| ops::equal(s, a, b, out), |a, b| a == b),
        ("not_equal", |s, a, b, out| ops::not_equal(s, a, b, out), |a, b| a != b),
        ("greater", |s, a, b, out| ops::greater(s, a, b, out), |a, b| a > b),
        ("greater_equal", |s, a, b, out| ops::greater_equal(s, a, b, out), |a, b| a >= b),
        ("logical_and", |s, a, b, out| ops::logical_and(s, a, b, out), |a, b| a != 0.0 && b != 0.0),
        ("logical_or", |s, a, b, out| ops::logical_or(s, a, b, out), |a, b| a != 0.0 || b != 0.0),
    ];
    for dtype in FLOATS {
        let (a, b) = (upload(&s, &[3, 1], dtype, &[0.0, 1.0, 2.0]), upload(&s, &[4], dtype, &[1.0, 0.0, f32::NAN, 2.0]));
        let (x, y) = (values(&s, &a), values(&s, &b));
        for (name, operator, reference) in operators {
            let mut out = Tensor::zeros(&s, &[3, 4], DType::Bool).unwrap();
            operator(&s, &a, &b, &mut out).unwrap_or_else(|error| panic!("{name}: {error}"));
            let want: Vec<f64> = (0..12).map(|i| f64::from(reference(x[i / 4], y[i % 4]))).collect();
            assert_eq!(values(&s, &out), want, "{name}");
        }
        let odd = upload(&s, &[4], dtype, &[f32::INFINITY, f32::NAN, 0.0, -1.0]);
        let mut out = Tensor::zeros(&s, &[4], DType::Bool).unwrap();
        ops::is_finite(&s, &odd, &mut out).unwrap();
        assert_eq!(values(&s, &out), [0.0, 0.0, 1.0, 1.0]);
        ops::is_inf(&s, &odd, &mut out).unwrap();
        assert_eq!(values(&s, &out), [1.0, 0.0, 0.0, 0.0]);
        ops::logical_not(&s, &odd, &mut out).unwrap();
        assert_eq!(values(&s, &out), [0.0, 0.0, 1.0, 0.0]);
    }
}

#[test]
fn numbers_beside_tensors() {
    let s = stream();
    type Scaled = fn(&Stream, &Tensor, f64, &mut Tensor) -> Result<()>;
    let arithmetic: [(&str, Scaled, OfTwo); 6] = [
        ("add_scalar", |s, x, c, out| ops::add_scalar(s, x, c, out), |x, c| x + c),
        ("sub_scalar", |s, x, c, out| ops::sub_scalar(s, x, c, out), |x, c| x - c),
        ("div_scalar", |s, x, c, out| ops::div_scalar(s, x, c, out), |x, c| x / c),
        ("pow_scalar", |s, x, c, out| ops::pow_scalar(s, x, c, out), f64::powf),
        ("clamp_min", |s, x, c, out| ops::clamp_min(s, x, c, out), f64::max),
        ("clamp_max", |s, x, c, out| ops::clamp_max(s, x, c, out), f64::min),
    ];
    let comparisons: [(&str, Scaled, Comparison); 5] = [
        ("equal_scalar", |s, x, c, out| ops::equal_scalar(s, x, c, out), |x, c| x == c),
        ("not_equal_scalar", |s, x, c, out| ops::not_equal_scalar(s, x, c, out), |x, c| x != c),
        ("less_scalar", |s, x, c, out| ops::less_scalar(s, x, c, out), |x, c| x < c),
        ("less_equal_scalar", |s, x, c, out| ops::less_equal_scalar(s, x, c, out), |x, c| x <= c),
        ("greater_equal_scalar", |s, x, c, out| ops::greater_equal_scalar(s, x, c, out), |x, c| x >= c),
    ];
    for dtype in FLOATS {
        let x = upload(&s, &[2, 3], dtype, &[0.5, 1.0, 1.5, 2.0, 3.0, 4.0]);
        let host = values(&s, &x);
        for (name, operator, reference) in arithmetic {
            let mut out = filled(&s, &[2, 3], dtype, 9.0);
            operator(&s, &x, 1.5, &mut out).unwrap_or_else(|error| panic!("{name}: {error}"));
            let want: Vec<f64> = host.iter().map(|&v| reference(v, 1.5)).collect();
            assert_close(&values(&s, &out), &want, rounding(dtype) + 3e-7, 0.0);
        }
        for (name, operator, reference) in comparisons {
            let mut out = Tensor::zeros(&s, &[2, 3], DType::Bool).unwrap();
            operator(&s, &x, 1.5, &mut out).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(values(&s, &out), host.iter().map(|&v| f64::from(reference(v, 1.5))).collect::<Vec<_>>(), "{name}");
        }
        let mut out = filled(&s, &[2, 3], dtype, 9.0);
        ops::clamp(&s, &x, 1.0, 2.5, &mut out).unwrap();
        assert_eq!(values(&s, &out), [1.0, 1.0, 1.5, 2.0, 2.5, 2.5]);
    }
    let ids = Tensor::from_slice(&s, &[3], &[-7i64, 0, 7]).unwrap();
    let mut out = Tensor::zeros(&s, &[3], DType::I64).unwrap();
    ops::add_scalar(&s, &ids, 2.0, &mut out).unwrap();
    assert_eq!(values(&s, &out), [-5.0, 2.0, 9.0]);
}

#[test]
fn in_place_operators_change_their_tensor_only() {
    let s = stream();
    for dtype in FLOATS {
        // Columns of a wider tensor, whose neighbours must stay.
        type Change = fn(&Stream, ViewMut<'_>, &Tensor) -> Result<()>;
        let changes: [(&str, Change, OfTwo); 9] = [
            ("sub_", |s, x, by| ops::sub_(s, x, by), |x, by| x - by),
            ("mul_", |s, x, by| ops::mul_(s, x, by), |x, by| x * by),
            ("div_", |s, x, by| ops::div_(s, x, by), |x, by| x / by),
            ("exp_", |s, x, _| ops::exp_(s, x), |x, _| x.exp()),
            ("sqrt_", |s, x, _| ops::sqrt_(s, x), |x, _| x.sqrt()),
            ("one", |s, x, _| ops::one(s, x), |_, _| 1.0),
            ("add_scalar_", |s, x, _| ops::add_scalar_(s, x, 0.5), |x, _| x + 0.5),
            ("div_scalar_", |s, x, _| ops::div_scalar_(s, x, 4.0), |x, _| x / 4.0),
            ("addcmul_", |s, x, by| ops::addcmul_(s, x, by, by, 0.5), |x, by| x + 0.5 * by * by),
        ];
        let by = upload(&s, &[3], dtype, &[2.0, 0.5, 4.0]);
        let factors = values(&s, &by);
        for (name, change, reference) in changes {
            let host: Vec<f32> = noise(7, 4 * 5).iter().map(|v| v + 1.5).collect();
            let mut x = upload(&s, &[4, 5], dtype, &host);
            let mut want = values(&s, &x);
            change(&s, x.view_mut().narrow(1, 1, 3).unwrap(), &by).unwrap_or_else(|error| panic!("{name}: {error}"));
            for (i, v) in want.iter_mut().enumerate().filter(|(i, _)| (1..4).contains(&(i % 5))) {
                *v = reference(*v, factors[i % 5 - 1]);
            }
            assert_close(&values(&s, &x), &want, rounding(dtype) + 3e-7, 0.0);
        }
        let mut acc = filled(&s, &[2, 3], dtype, 1.0);
        ops::addcdiv_(&s, &mut acc, &filled(&s, &[2, 1], dtype, 3.0), &by, -2.0).unwrap();
        assert_eq!(values(&s, &acc), [-2.0, -11.0, -0.5, -2.0, -11.0, -0.5]);
        let mask = Tensor::from_slice(&s, &[2, 1], &[0u8, 1]).unwrap();
        let mut truth = Tensor::zeros(&s, &[2, 1], DType::Bool).unwrap();
        ops::cast(&s, &mask, &mut truth).unwrap();
        ops::masked_fill_(&s, &mut acc, &truth, f64::NEG_INFINITY).unwrap();
        assert_eq!(values(&s, &acc), [-2.0, -11.0, -0.5, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY]);
    }
}

#[test]
fn what_does_not_fit_is_refused_before_the_call() {
    let s = stream();
    let (mut x, wide) = (random(&s, &[3], DType::F32, 1), random(&s, &[2, 3], DType::F32, 2));
    let mut ids = Tensor::zeros(&s, &[3], DType::I64).unwrap();
    let text = |result: Result<()>| result.unwrap_err().to_string();
    assert_eq!(text(ops::mul_(&s, &mut x, &wide)), "mul_: x is [3], [2, 3] is needed");
    assert_eq!(text(ops::clamp(&s, &wide, 0.0, 1.0, &mut x)), "clamp: out is [3], [2, 3] is needed");
    assert_eq!(text(ops::addcmul_(&s, &mut ids, &wide, &wide, 1.0)), "addcmul_: acc is i64, f32 or bf16 or f16 is needed");
    assert_eq!(text(ops::masked_fill_(&s, &mut x, &wide, 0.0)), "masked_fill_: mask is f32, bool is needed");
}
