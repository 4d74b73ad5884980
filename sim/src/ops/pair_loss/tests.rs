//! Against the formulas in f64, and gradients against differences of them.

use std::ptr::null;

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

type Loss = fn(*const aclTensor, *const aclTensor, i64, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
type Gradient =
    fn(*const aclTensor, *const aclTensor, *const aclTensor, i64, *mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
type Formula = fn(f64, f64) -> f64;

/// Halves round once, to a neighbour where they straddle; a few functions in f32 follow each other.
const BOUNDS: [(aclDataType, f64); 3] = [(ACL_FLOAT, 2e-6), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)];

fn smooth(x: f64, t: f64) -> f64 {
    let z = (x - t).abs();
    if z < 0.75 { 0.5 * z * z / 0.75 } else { z - 0.375 }
}

fn entropy(x: f64, t: f64) -> f64 {
    -(t * x.ln() + (1.0 - t) * (1.0 - x).ln())
}

fn logits_(x: f64, t: f64) -> f64 {
    entropy(1.0 / (1.0 + (-x).exp()), t)
}

/// Each loss with its gradient. Numbers and targets are in (0, 1).
fn cases() -> [(Loss, Gradient, Formula); 7] {
    [
        (aclnnMseLossGetWorkspaceSize, aclnnMseLossBackwardGetWorkspaceSize, |x, t| (x - t).powi(2)),
        (aclnnL1LossGetWorkspaceSize, aclnnL1LossBackwardGetWorkspaceSize, |x, t| (x - t).abs()),
        (
            |x, t, r, o, w, e| aclnnSmoothL1LossGetWorkspaceSize(x, t, r, 0.75, o, w, e),
            |d, x, t, r, o, w, e| aclnnSmoothL1LossBackwardGetWorkspaceSize(d, x, t, r, 0.75, o, w, e),
            smooth,
        ),
        (
            |x, t, r, o, w, e| aclnnKlDivGetWorkspaceSize(x, t, r, false, o, w, e),
            |d, x, t, r, o, w, e| aclnnKlDivBackwardGetWorkspaceSize(d, x, t, r, false, o, w, e),
            |x, t| t * (t.ln() - x),
        ),
        (
            |x, t, r, o, w, e| aclnnKlDivGetWorkspaceSize(x, t, r, true, o, w, e),
            |d, x, t, r, o, w, e| aclnnKlDivBackwardGetWorkspaceSize(d, x, t, r, true, o, w, e),
            |x, t| t.exp() * (t - x),
        ),
        (
            |x, t, r, o, w, e| aclnnBinaryCrossEntropyGetWorkspaceSize(x, t, null(), r, o, w, e),
            |d, x, t, r, o, w, e| aclnnBinaryCrossEntropyBackwardGetWorkspaceSize(d, x, t, null(), r, o, w, e),
            entropy,
        ),
        (
            |x, t, r, o, w, e| aclnnBinaryCrossEntropyWithLogitsGetWorkspaceSize(x, t, null(), null(), r, o, w, e),
            |d, x, t, r, o, w, e| aclnnBinaryCrossEntropyWithLogitsBackwardGetWorkspaceSize(d, x, t, null(), null(), r, o, w, e),
            logits_,
        ),
    ]
}

/// Multiples of 1/64 inside (0, 1): exact in each dtype. Those of one seed parity never meet those of the other.
fn inside(seed: u64) -> impl Iterator<Item = f64> {
    noise(seed).map(move |v| (((v + 1.0) * 15.0).floor() * 2.0 + 1.0 + (seed % 2) as f64) / 64.0)
}

#[test]
fn losses_by_reduction() {
    for (dtype, relative) in BOUNDS {
        for (body, _, f) in cases() {
            let x = Array::strided(dtype, &[3, 700], &[1, 4], 1, 2900, inside(1));
            let t = Array::new(dtype, &[700], inside(2));
            let each: Vec<f64> = x.values().iter().enumerate().map(|(i, &x)| f(x, t.values()[i % 700])).collect();
            let sum: f64 = each.iter().sum();
            for (reduction, dims, want) in [(0, &[3, 700][..], each.clone()), (1, &[], vec![sum / 2100.0]), (2, &[1], vec![sum])]
            {
                let out = Array::out(dtype, dims);
                run(|w, e| body(x.handle(), t.handle(), reduction, out.handle(), w, e)).unwrap();
                assert_close(&out.values(), &want, relative, 1e-6);
            }
        }
    }
}

#[test]
fn gradients_are_slopes() {
    for (dtype, relative) in BOUNDS {
        for (_, body, f) in cases() {
            let (x, t) = (Array::new(dtype, &[4, 50], inside(1)), Array::new(dtype, &[4, 50], inside(2)));
            let each = Array::new(dtype, &[4, 50], noise(3));
            let one = Array::new(dtype, &[], [0.5]);
            for reduction in 0..3 {
                let d = if reduction == 0 { &each } else { &one };
                let out = Array::out(dtype, &[4, 50]);
                run(|w, e| body(d.handle(), x.handle(), t.handle(), reduction, out.handle(), w, e)).unwrap();
                let slope = |x: f64, t: f64| (f(x + 1e-6, t) - f(x - 1e-6, t)) / 2e-6;
                let share = if reduction == 1 { 1.0 / 200.0 } else { 1.0 };
                let d = |i: usize| if reduction == 0 { each.values()[i] } else { 0.5 };
                let want: Vec<f64> = (0..200).map(|i| d(i) * share * slope(x.values()[i], t.values()[i])).collect();
                assert_close(&out.values(), &want, relative, 2e-6);
            }
        }
    }
}

#[test]
fn weights_weigh() {
    let n = 40;
    let [x, t] = [1, 2].map(|seed| Array::new(ACL_FLOAT, &[n], inside(seed)));
    let [w, p] = [3, 5].map(|seed| Array::new(ACL_FLOAT, &[n], noise(seed).map(|v| v + 2.0)));
    let (out, one) = (Array::out(ACL_FLOAT, &[n]), Array::new(ACL_FLOAT, &[], [1.0]));
    let (xs, ts, ws, ps) = (x.values(), t.values(), w.values(), p.values());
    let want = |f: &dyn Fn(usize) -> f64| (0..n as usize).map(f).collect::<Vec<_>>();
    let (x, t, o) = (x.handle(), t.handle(), out.handle());
    run(|s, e| aclnnBinaryCrossEntropyGetWorkspaceSize(x, t, w.handle(), 0, o, s, e)).unwrap();
    assert_close(&out.values(), &want(&|i| ws[i] * entropy(xs[i], ts[i])), 2e-6, 1e-6);
    let d = one.handle();
    run(|s, e| aclnnBinaryCrossEntropyBackwardGetWorkspaceSize(d, x, t, w.handle(), 2, o, s, e)).unwrap();
    assert_close(&out.values(), &want(&|i| ws[i] * (xs[i] - ts[i]) / (xs[i] * (1.0 - xs[i]))), 2e-6, 1e-6);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    // By its document: what is so counts `posWeight` times.
    let loss = |x: f64, t: f64, w: f64, p: f64| -w * (p * t * sigmoid(x).ln() + (1.0 - t) * (1.0 - sigmoid(x)).ln());
    for (weight, pos) in [(true, true), (true, false), (false, true)] {
        let handles = [if weight { w.handle().cast_const() } else { null() }, if pos { p.handle().cast_const() } else { null() }];
        let (of, also) = (|i: usize| if weight { ws[i] } else { 1.0 }, |i: usize| if pos { ps[i] } else { 1.0 });
        run(|s, e| aclnnBinaryCrossEntropyWithLogitsGetWorkspaceSize(x, t, handles[0], handles[1], 0, o, s, e)).unwrap();
        assert_close(&out.values(), &want(&|i| loss(xs[i], ts[i], of(i), also(i))), 2e-6, 1e-6);
        run(|s, e| aclnnBinaryCrossEntropyWithLogitsBackwardGetWorkspaceSize(d, x, t, handles[0], handles[1], 2, o, s, e))
            .unwrap();
        let slope = |i: usize| (loss(xs[i] + 1e-6, ts[i], of(i), also(i)) - loss(xs[i] - 1e-6, ts[i], of(i), also(i))) / 2e-6;
        assert_close(&out.values(), &want(&slope), 2e-6, 2e-6);
    }
}

#[test]
fn ends_and_refusals() {
    // A certain probability costs 100, not infinity.
    let (x, t) = (Array::new(ACL_FLOAT, &[2], [0.0, 1.0]), Array::new(ACL_FLOAT, &[2], [1.0, 0.0]));
    let out = Array::out(ACL_FLOAT, &[2]);
    run(|w, e| aclnnBinaryCrossEntropyGetWorkspaceSize(x.handle(), t.handle(), null(), 0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [100.0, 100.0]);
    run(|w, e| aclnnKlDivGetWorkspaceSize(x.handle(), x.handle(), 0, false, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [0.0, -1.0]);
    run(|w, e| aclnnSmoothL1LossGetWorkspaceSize(x.handle(), t.handle(), 0, 0.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [1.0, 1.0]);
    let wrong = run(|w, e| aclnnMseLossGetWorkspaceSize(x.handle(), t.handle(), 3, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnMseLoss", "reduction is 3"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnMseLossGetWorkspaceSize(x.handle(), t.handle(), 1, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnMseLoss", "out has shape [2]; []"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnKlDivGetWorkspaceSize(x.handle(), t.handle(), 3, false, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnKlDiv", "batchmean"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let three = Array::new(ACL_FLOAT, &[3], [0.0; 3]);
    let wrong = run(|w, e| aclnnL1LossGetWorkspaceSize(x.handle(), three.handle(), 1, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnL1Loss", "do not broadcast"), ACLNN_ERR_PARAM_INVALID);
}
