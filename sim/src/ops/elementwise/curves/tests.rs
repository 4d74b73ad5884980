use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

type Curve = fn(f64) -> f64;
type One = fn(*const aclTensor, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
type Own = fn(*const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
type Gradient = fn(*const aclTensor, *const aclTensor, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;

/// Halves round once, to a neighbour where they straddle; a few functions in f32 follow each other.
const BOUNDS: [(aclDataType, f64); 3] = [(ACL_FLOAT, 1e-6), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)];

fn mish(x: f64) -> f64 {
    x * x.exp().ln_1p().tanh()
}

fn log_sigmoid(x: f64) -> f64 {
    -(-x).exp().ln_1p()
}

fn softshrink(x: f64) -> f64 {
    x.signum() * (x.abs() - 0.75).max(0.0)
}

fn hardshrink(x: f64) -> f64 {
    if x.abs() > 0.75 { x } else { 0.0 }
}

fn celu(x: f64) -> f64 {
    if x > 0.0 { x } else { 1.5 * (x / 1.5).exp_m1() }
}

fn elu(x: f64) -> f64 {
    if x > 0.0 { 0.5 * x } else { 0.75 * (2.0 * x).exp_m1() }
}

fn leaky(x: f64) -> f64 {
    if x > 0.0 { x } else { 0.125 * x }
}

fn softplus(x: f64) -> f64 {
    if 2.0 * x > 8.0 { x } else { (2.0 * x).exp().ln_1p() / 2.0 }
}

fn hardsigmoid(x: f64) -> f64 {
    (x / 6.0 + 0.5).clamp(0.0, 1.0)
}

fn hardtanh(x: f64) -> f64 {
    x.clamp(-1.25, 2.0)
}

fn lambda() -> Number {
    Number::float(0.75)
}

/// Multiples of 1/16 that no piece ends at, so that differences stay on one piece.
fn between_the_ends(seed: u64) -> impl Iterator<Item = f64> {
    noise(seed).map(|v| ((v * 5.0 * 8.0).round() * 2.0 + 1.0) / 16.0)
}

#[test]
fn curves_of_slices() {
    let soft: One = |x, y, w, e| aclnnSoftshrinkGetWorkspaceSize(x, lambda().0, y, w, e);
    let hard: One = |x, y, w, e| aclnnHardshrinkGetWorkspaceSize(x, lambda().0, y, w, e);
    let celu_: One = |x, y, w, e| aclnnCeluGetWorkspaceSize(x, Number::float(1.5).0, y, w, e);
    let tanh: One = |x, y, w, e| aclnnHardtanhGetWorkspaceSize(x, Number::float(-1.25).0, Number::int(2).0, y, w, e);
    let threshold: One = |x, y, w, e| aclnnThresholdGetWorkspaceSize(x, Number::float(0.75).0, Number::int(4).0, y, w, e);
    let buffered: One = |x, y, w, e| aclnnLogSigmoidForwardGetWorkspaceSize(x, y, Array::new(ACL_FLOAT, &[0], []).handle(), w, e);
    let cases: [(One, Curve); 8] = [
        (buffered, log_sigmoid),
        (|x, y, w, e| aclnnMishGetWorkspaceSize(x, y, w, e), mish),
        (|x, y, w, e| aclnnLogSigmoidGetWorkspaceSize(x, y, w, e), log_sigmoid),
        (soft, softshrink),
        (hard, hardshrink),
        (celu_, celu),
        (tanh, hardtanh),
        (threshold, |x| if x > 0.75 { x } else { 4.0 }),
    ];
    for (dtype, relative) in BOUNDS {
        for (body, f) in cases {
            let x = Array::strided(dtype, &[3, 700], &[750, 1], 5, 3 * 750, between_the_ends(1));
            let out = Array::out(dtype, &[3, 700]);
            run(|w, e| body(x.handle(), out.handle(), w, e)).unwrap();
            let want: Vec<f64> = x.values().into_iter().map(f).collect();
            assert_close(&out.values(), &want, relative, 1e-6);
        }
    }
}

#[test]
fn curves_in_place() {
    let leaky_: Own = |x, w, e| aclnnInplaceLeakyReluGetWorkspaceSize(x, Number::float(0.125).0, w, e);
    let elu_: Own = |x, w, e| {
        let given = [1.5, 0.5, 2.0].map(Number::float);
        aclnnInplaceEluGetWorkspaceSize(x, given[0].0, given[1].0, given[2].0, w, e)
    };
    let tanh: Own = |x, w, e| aclnnInplaceHardtanhGetWorkspaceSize(x.cast_mut(), Number::float(-1.25).0, Number::int(2).0, w, e);
    let cases: [(Own, Curve); 6] = [
        (aclnnInplaceMishGetWorkspaceSize, mish),
        (aclnnInplaceHardsigmoidGetWorkspaceSize, hardsigmoid),
        (aclnnInplaceHardswishGetWorkspaceSize, |x| x * hardsigmoid(x)),
        (leaky_, leaky),
        (elu_, elu),
        (tanh, hardtanh),
    ];
    for (dtype, relative) in BOUNDS {
        for (body, f) in cases {
            let x = Array::new(dtype, &[77], between_the_ends(2));
            let want: Vec<f64> = x.values().into_iter().map(f).collect();
            run(|w, e| body(x.handle(), w, e)).unwrap();
            assert_close(&x.values(), &want, relative, 1e-6);
        }
    }
}

#[test]
fn gradients_are_slopes() {
    let soft: Gradient = |d, x, g, w, e| aclnnSoftshrinkBackwardGetWorkspaceSize(d, x, lambda().0, g, w, e);
    let hard: Gradient = |d, x, g, w, e| aclnnHardshrinkBackwardGetWorkspaceSize(d, x, lambda().0, g, w, e);
    let tanh: Gradient =
        |d, x, g, w, e| aclnnHardtanhBackwardGetWorkspaceSize(d, x, Number::float(-1.25).0, Number::int(2).0, g, w, e);
    let plus: Gradient =
        |d, x, g, w, e| aclnnSoftplusBackwardGetWorkspaceSize(d, x, Number::float(2.0).0, Number::int(8).0, g, w, e);
    let log: Gradient =
        |d, x, g, w, e| aclnnLogSigmoidBackwardGetWorkspaceSize(d, x, Array::new(ACL_FLOAT, &[0], []).handle(), g, w, e);
    let relu: Gradient = |d, x, g, w, e| aclnnThresholdBackwardGetWorkspaceSize(d, x, Number::int(0).0, g, w, e);
    let leaky_: Gradient = |d, x, g, w, e| aclnnLeakyReluBackwardGetWorkspaceSize(d, x, Number::float(0.125).0, false, g, w, e);
    let elu_: Gradient = |d, x, g, w, e| {
        let given = [1.5, 0.5, 2.0].map(Number::float);
        aclnnEluBackwardGetWorkspaceSize(d, given[0].0, given[1].0, given[2].0, false, x, g, w, e)
    };
    let cases: [(Gradient, Curve); 11] = [
        (|d, x, g, w, e| aclnnMishBackwardGetWorkspaceSize(d, x, g, w, e), mish),
        (|d, x, g, w, e| aclnnHardswishBackwardGetWorkspaceSize(d, x, g, w, e), |x| x * hardsigmoid(x)),
        (|d, x, g, w, e| aclnnHardsigmoidBackwardGetWorkspaceSize(d, x, g, w, e), hardsigmoid),
        (soft, softshrink),
        (hard, hardshrink),
        (tanh, hardtanh),
        (plus, softplus),
        (log, log_sigmoid),
        (relu, |x| x.max(0.0)),
        (leaky_, leaky),
        (elu_, elu),
    ];
    for (dtype, relative) in BOUNDS {
        for (body, f) in cases {
            let (d, x) = (Array::new(dtype, &[90], noise(2)), Array::new(dtype, &[90], between_the_ends(3)));
            let out = Array::out(dtype, &[90]);
            run(|w, e| body(d.handle(), x.handle(), out.handle(), w, e)).unwrap();
            // A central difference: exact to 1e-9 at this step.
            let slope = |x: f64| (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;
            let want: Vec<f64> = d.values().iter().zip(x.values()).map(|(d, x)| d * slope(x)).collect();
            assert_close(&out.values(), &want, relative, 2e-6);
        }
    }
}

/// Of the output, where that is what is at hand.
#[test]
fn gradients_from_results() {
    for (dtype, relative) in [BOUNDS[0]] {
        let (d, x) = (Array::new(dtype, &[90], noise(2)), Array::new(dtype, &[90], between_the_ends(3)));
        let cases: [(Gradient, Curve); 3] = [
            (|d, y, g, w, e| aclnnTanhBackwardGetWorkspaceSize(d, y, g, w, e), f64::tanh),
            (
                |d, y, g, w, e| {
                    let given = [1.5, 0.5, 2.0].map(Number::float);
                    aclnnEluBackwardGetWorkspaceSize(d, given[0].0, given[1].0, given[2].0, true, y, g, w, e)
                },
                elu,
            ),
            (|d, y, g, w, e| aclnnLeakyReluBackwardGetWorkspaceSize(d, y, Number::float(0.125).0, true, g, w, e), leaky),
        ];
        for (body, f) in cases {
            let y = Array::new(dtype, &[90], x.values().into_iter().map(f));
            let out = Array::out(dtype, &[90]);
            run(|w, e| body(d.handle(), y.handle(), out.handle(), w, e)).unwrap();
            let slope = |x: f64| (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;
            let want: Vec<f64> = d.values().iter().zip(x.values()).map(|(d, x)| d * slope(x)).collect();
            // What is near 1 as f32 leaves an absolute error.
            assert_close(&out.values(), &want, relative, 1e-6);
        }
    }
}

#[test]
fn slopes_by_channel() {
    for (dtype, relative) in BOUNDS {
        let x = Array::new(dtype, &[2, 3, 5], noise(4));
        let out = Array::out(dtype, &[2, 3, 5]);
        let (one, each) = (Array::new(dtype, &[1, 1, 1], [0.25]), Array::new(dtype, &[3], [0.5, -1.0, 0.125]));
        let turned = Array::new(dtype, &[1, 3, 1], [0.5, -1.0, 0.125]);
        for weight in [&one, &each, &turned] {
            run(|w, e| aclnnPreluGetWorkspaceSize(x.handle(), weight.handle(), out.handle(), w, e)).unwrap();
            let slopes = weight.values();
            let of = |i: usize| if slopes.len() == 1 { slopes[0] } else { slopes[i / 5 % 3] };
            let want: Vec<f64> = x.values().iter().enumerate().map(|(i, &v)| if v > 0.0 { v } else { of(i) * v }).collect();
            assert_close(&out.values(), &want, relative, 0.0);
        }
        let two = Array::new(dtype, &[2], [0.5, 0.25]);
        let wrong = run(|w, e| aclnnPreluGetWorkspaceSize(x.handle(), two.handle(), out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnPrelu", "one for each channel"), ACLNN_ERR_PARAM_INVALID);
    }
    let (line, each, out) =
        (Array::new(ACL_FLOAT, &[3], [-1.0, 2.0, -3.0]), Array::new(ACL_FLOAT, &[1], [0.5]), Array::out(ACL_FLOAT, &[3]));
    run(|w, e| aclnnPreluGetWorkspaceSize(line.handle(), each.handle(), out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [-0.5, 2.0, -1.5]);
}

#[test]
fn integers_and_refusals() {
    let (d, x) = (Array::new(ACL_INT32, &[3], [5.0, 6.0, 7.0]), Array::new(ACL_INT32, &[3], [-1.0, 2.0, 3.0]));
    let (out, two) = (Array::out(ACL_INT32, &[3]), Number::int(2));
    run(|w, e| aclnnThresholdBackwardGetWorkspaceSize(d.handle(), x.handle(), two.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [0.0, 0.0, 7.0]);
    run(|w, e| aclnnHardtanhGetWorkspaceSize(x.handle(), Number::int(0).0, two.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [0.0, 2.0, 2.0]);
    let (y, less) = (Array::new(ACL_FLOAT, &[3], [1.0; 3]), Number::float(-0.5));
    let wrong = run(|w, e| aclnnLeakyReluBackwardGetWorkspaceSize(y.handle(), y.handle(), less.0, true, y.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnLeakyReluBackward", "negativeSlope is -0.5"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnTanhBackwardGetWorkspaceSize(x.handle(), x.handle(), y.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnTanhBackward", "gradOutput is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnSoftshrinkGetWorkspaceSize(y.handle(), std::ptr::null(), y.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnSoftshrink", "lambd is null"), ACLNN_ERR_PARAM_NULLPTR);
}
