//! Random numbers: ranges, moments, and that seed and offset decide.

use crate::common::{stream, values};
use crate::filled;
use ascend_rl::ops::{self, Philox};
use ascend_rl::{DType, ErrorKind, Tensor};

const N: usize = 10_000;

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

#[test]
fn numbers_have_their_range_and_moments() {
    let s = stream();
    let random = Philox { seed: 3, offset: 1 };
    for dtype in crate::FLOATS {
        let mut x = filled(&s, &[N], dtype, 9.0);
        ops::uniform(&s, &mut x, -1.0, 3.0, random).unwrap();
        let uniform = values(&s, &x);
        // The standard error of the mean is 0.012.
        assert!(uniform.iter().all(|v| (-1.0..=3.0).contains(v)) && (mean(&uniform) - 1.0).abs() < 0.06);
        ops::normal(&s, &mut x, 2.0, 0.5, random).unwrap();
        let normal = values(&s, &x);
        let variance = mean(&normal.iter().map(|v| (v - 2.0) * (v - 2.0)).collect::<Vec<_>>());
        assert!((mean(&normal) - 2.0).abs() < 0.025 && (variance - 0.25).abs() < 0.02, "{} {variance}", mean(&normal));
    }
}

#[test]
fn seed_and_offset_decide() {
    let s = stream();
    let draw = |seed, offset| {
        let mut x = filled(&s, &[100], DType::F32, 9.0);
        ops::uniform(&s, &mut x, 0.0, 1.0, Philox { seed, offset }).unwrap();
        values(&s, &x)
    };
    assert_eq!(draw(1, 0), draw(1, 0));
    assert_ne!(draw(1, 0), draw(1, 1));
    assert_ne!(draw(1, 0), draw(2, 0));
}

#[test]
fn categories_come_in_proportion_and_once_without_replacement() {
    let s = stream();
    let p = Tensor::from_slice(&s, &[1, 4], &[1.0f32, 0.0, 6.0, 3.0]).unwrap();
    let mut out = Tensor::zeros(&s, &[1, N], DType::I64).unwrap();
    ops::multinomial(&s, &p, true, Philox { seed: 5, offset: 0 }, &mut out).unwrap();
    let drawn = out.to_vec::<i64>(&s).unwrap();
    for (i, want) in [0.1, 0.0, 0.6, 0.3].into_iter().enumerate() {
        let share = drawn.iter().filter(|&&v| v == i as i64).count() as f64 / N as f64;
        // Five standard errors are at most 0.025.
        assert!((share - want).abs() <= if want == 0.0 { 0.0 } else { 0.025 }, "{share} of {i}");
    }
    let mut three = Tensor::zeros(&s, &[1, 3], DType::I64).unwrap();
    ops::multinomial(&s, &p, false, Philox { seed: 6, offset: 0 }, &mut three).unwrap();
    let mut drawn = three.to_vec::<i64>(&s).unwrap();
    drawn.sort_unstable();
    assert_eq!(drawn, [0, 2, 3]);
}

#[test]
fn refusals() {
    let s = stream();
    let random = Philox { seed: 0, offset: 0 };
    let mut x = filled(&s, &[2, 2], DType::F32, 0.0);
    let error = ops::uniform(&s, &mut x, 1.0, 0.0, random).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Argument, "uniform: from is 1 and to 0, from may not be the larger")
    );
    let error = ops::normal(&s, &mut x, 0.0, -1.0, random).unwrap_err();
    assert_eq!(error.to_string(), "normal: deviation is -1, 0 or more is needed");
    let mut out = Tensor::zeros(&s, &[2, 3], DType::I64).unwrap();
    let error = ops::multinomial(&s, &x, false, random, &mut out).unwrap_err();
    assert_eq!(error.to_string(), "multinomial: 3 samples of 2 categories");
    let error = ops::uniform(&s, &mut out, 0.0, 1.0, random).unwrap_err();
    assert_eq!(error.to_string(), "uniform: x is i64, f32 or bf16 or f16 is needed");
}

#[test]
fn tensors_of_another_stream_are_refused() {
    let random = Philox { seed: 0, offset: 0 };
    let x = ("x", &[4][..], DType::F32);
    crate::wrong_stream::each_is_checked("uniform", &[x], |s, x| ops::uniform(s, &mut x[0], 0.0, 1.0, random));
    crate::wrong_stream::each_is_checked("normal", &[x], |s, x| ops::normal(s, &mut x[0], 0.0, 1.0, random));
    let ends = [("out", &[1, 2][..], DType::I64)];
    // Zeros are no distribution, so that the call at home would fail: only the output is tried.
    let (s, other) = (stream(), stream());
    let p = Tensor::from_slice(&s, &[1, 2], &[1.0f32, 1.0]).unwrap();
    let mut away = Tensor::zeros(&other, ends[0].1, ends[0].2).unwrap();
    let error = ops::multinomial(&s, &p, true, random, &mut away).unwrap_err();
    assert!(error.kind() == ErrorKind::WrongStream && error.to_string().starts_with("multinomial: out lives on"), "{error}");
}
