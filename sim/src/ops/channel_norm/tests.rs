//! Against the formulas in f64; gradients against differences of a loss.

use std::ptr::{null, null_mut};

use ascend_rl_sys::codes::*;

use super::*;
use crate::nn;
use crate::ops::testing::*;

/// `[N, C, S]`: the norm by groups of (images, channels), which `group(image, channel)` numbers.
fn norm(x: &[f64], [n, c, s]: [usize; 3], eps: f64, w: &[f64], b: &[f64], group: impl Fn(usize, usize) -> usize) -> Vec<f64> {
    let at = |i: usize| (i / (c * s), i / s % c);
    let of = |g: usize| (0..n * c * s).filter(|&i| group(at(i).0, at(i).1) == g).map(|i| x[i]).collect::<Vec<_>>();
    let statistics = |g: usize| {
        let values = of(g);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64)
    };
    let groups = (0..n).flat_map(|i| (0..c).map(move |j| (i, j))).map(|(i, j)| group(i, j)).max().unwrap() + 1;
    let all: Vec<_> = (0..groups).map(statistics).collect();
    (0..n * c * s)
        .map(|i| {
            let (mean, var) = all[group(at(i).0, at(i).1)];
            (x[i] - mean) / (var + eps).sqrt() * w[at(i).1] + b[at(i).1]
        })
        .collect()
}

/// The slope of `loss` along each of `values`.
fn slopes(values: &[f64], loss: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let step = 1e-5;
    (0..values.len())
        .map(|i| {
            let moved = |by: f64| {
                let mut values = values.to_vec();
                values[i] += by;
                loss(&values)
            };
            (moved(step) - moved(-step)) / (2.0 * step)
        })
        .collect()
}

fn mask(flags: [bool; 3]) -> *mut aclBoolArray {
    nn::aclCreateBoolArray(flags.as_ptr(), 3).unwrap()
}

const SHAPE: [usize; 3] = [3, 4, 5];
const DIMS: [i64; 3] = [3, 4, 5];
const EPS: f64 = 1e-3;

#[test]
fn batches_in_training_move_the_running_ones() {
    for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)] {
        let x = Array::strided(dtype, &DIMS, &[1, 15, 3], 0, 60, noise(1).map(|v| 2.0 * v + 1.0));
        let [w, b] = [2, 3].map(|seed| Array::new(ACL_FLOAT, &[4], noise(seed)));
        let (rm, rv) = (Array::new(ACL_FLOAT, &[4], noise(4)), Array::new(ACL_FLOAT, &[4], noise(5).map(|v| v + 2.0)));
        let (before_mean, before_var) = (rm.values(), rv.values());
        let (y, sm, si) = (Array::out(dtype, &DIMS), Array::out(ACL_FLOAT, &[4]), Array::out(ACL_FLOAT, &[4]));
        run(|ws, e| {
            let [x, w, b, rm, rv, y, sm, si] = [&x, &w, &b, &rm, &rv, &y, &sm, &si].map(|t| t.handle());
            aclnnBatchNormGetWorkspaceSize(x, w, b, rm, rv, true, 0.25, EPS, y, sm, si, ws, e)
        })
        .unwrap();
        let values = x.values();
        assert_close(&y.values(), &norm(&values, SHAPE, EPS, &w.values(), &b.values(), |_, c| c), relative, 2e-6);
        for c in 0..4 {
            let own: Vec<f64> = (0..60).filter(|i| i / 5 % 4 == c).map(|i| values[i]).collect();
            let mean = own.iter().sum::<f64>() / 15.0;
            let squares: f64 = own.iter().map(|v| (v - mean).powi(2)).sum();
            let got = [sm.values()[c], si.values()[c], rm.values()[c], rv.values()[c]];
            let running = [0.75 * before_mean[c] + 0.25 * mean, 0.75 * before_var[c] + 0.25 * squares / 14.0];
            assert_close(&got, &[mean, 1.0 / (squares / 15.0 + EPS).sqrt(), running[0], running[1]], 1e-6, 1e-6);
        }
        // Afterwards the running ones serve, and nothing is saved.
        let (frozen, handles) = ((rm.values(), rv.values()), [&x, &w, &b, &rm, &rv, &y].map(|t| t.handle()));
        let [xh, wh, bh, rmh, rvh, yh] = handles;
        run(|ws, e| aclnnBatchNormGetWorkspaceSize(xh, wh, bh, rmh, rvh, false, 0.25, EPS, yh, null_mut(), null_mut(), ws, e))
            .unwrap();
        let want: Vec<f64> = (0..60)
            .map(|i| {
                let c = i / 5 % 4;
                (values[i] - frozen.0[c]) / (frozen.1[c] + EPS).sqrt() * w.values()[c] + b.values()[c]
            })
            .collect();
        assert_close(&y.values(), &want, relative, 2e-6);
        assert_eq!((rm.values(), rv.values()), frozen);
    }
}

#[test]
fn gradients_of_batches() {
    let [x, d] = [1, 2].map(|seed| Array::new(ACL_FLOAT, &DIMS, noise(seed)));
    let w = Array::new(ACL_FLOAT, &[4], noise(3).map(|v| v + 1.5));
    let (rm, rv) = (Array::new(ACL_FLOAT, &[4], noise(4)), Array::new(ACL_FLOAT, &[4], noise(5).map(|v| v + 2.0)));
    let (y, sm, si) = (Array::out(ACL_FLOAT, &DIMS), Array::out(ACL_FLOAT, &[4]), Array::out(ACL_FLOAT, &[4]));
    run(|ws, e| {
        let [x, w, y, sm, si] = [&x, &w, &y, &sm, &si].map(|t| t.handle());
        aclnnBatchNormGetWorkspaceSize(x, w, null(), null_mut(), null_mut(), true, 0.1, EPS, y, sm, si, ws, e)
    })
    .unwrap();
    let (xs, ds, weights, zeros) = (x.values(), d.values(), w.values(), vec![0.0; 4]);
    let (means, vars) = (rm.values(), rv.values());
    let frozen = |x: &[f64], w: &[f64]| -> Vec<f64> {
        (0..60).map(|i| (x[i] - means[i / 5 % 4]) / (vars[i / 5 % 4] + EPS).sqrt() * w[i / 5 % 4]).collect()
    };
    let dot = |y: Vec<f64>| y.iter().zip(&ds).map(|(y, d)| y * d).sum::<f64>();
    for training in [true, false] {
        let loss = |x: &[f64], w: &[f64]| dot(if training { norm(x, SHAPE, EPS, w, &zeros, |_, c| c) } else { frozen(x, w) });
        let (dx, dw, db) = (Array::out(ACL_FLOAT, &DIMS), Array::out(ACL_FLOAT, &[4]), Array::out(ACL_FLOAT, &[4]));
        run(|ws, e| {
            let [d, x, w, rm, rv, sm, si, dx, dw, db] = [&d, &x, &w, &rm, &rv, &sm, &si, &dx, &dw, &db].map(|t| t.handle());
            let all = mask([true; 3]);
            aclnnBatchNormBackwardGetWorkspaceSize(d, x, w, rm, rv, sm, si, training, EPS, all, dx, dw, db, ws, e)
        })
        .unwrap();
        assert_close(&dx.values(), &slopes(&xs, |x| loss(x, &weights)), 1e-5, 1e-5);
        assert_close(&dw.values(), &slopes(&weights, |w| loss(&xs, w)), 1e-5, 1e-5);
        let sums: Vec<f64> = (0..4).map(|c| (0..60).filter(|i| i / 5 % 4 == c).map(|i| ds[i]).sum()).collect();
        assert_close(&db.values(), &sums, 1e-6, 1e-6);
    }
}

#[test]
fn gradients_of_groups() {
    for (dtype, relative) in [(ACL_FLOAT, 1e-5), (ACL_BF16, 1.0 / 64.0)] {
        for with_gamma in [true, false] {
            let [x, d] = [1, 2].map(|seed| Array::new(dtype, &DIMS, noise(seed)));
            let w = Array::new(dtype, &[4], noise(3).map(|v| v + 1.5));
            let (xs, ds) = (x.values(), d.values());
            let weights = if with_gamma { w.values() } else { vec![1.0; 4] };
            let zeros = vec![0.0; 4];
            let group = |image: usize, channel: usize| image * 2 + channel / 2;
            let loss =
                |x: &[f64], w: &[f64]| norm(x, SHAPE, EPS, w, &zeros, group).iter().zip(&ds).map(|(y, d)| y * d).sum::<f64>();
            let own = |g: usize| (0..60).filter(|i| group(i / 20, i / 5 % 4) == g).map(|i| xs[i]).collect::<Vec<_>>();
            let means: Vec<f64> = (0..6).map(|g| own(g).iter().sum::<f64>() / 10.0).collect();
            let rstd = |g: usize| 1.0 / (own(g).iter().map(|v| (v - means[g]).powi(2)).sum::<f64>() / 10.0 + EPS).sqrt();
            let (m, r) = (Array::new(ACL_FLOAT, &[3, 2], means.clone()), Array::new(ACL_FLOAT, &[3, 2], (0..6).map(rstd)));
            let (dx, dw, db) = (Array::out(dtype, &DIMS), Array::out(dtype, &[4]), Array::out(dtype, &[4]));
            run(|ws, e| {
                let [d, x, m, r, w, dx, dw, db] = [&d, &x, &m, &r, &w, &dx, &dw, &db].map(|t| t.handle());
                let w = if with_gamma { w.cast_const() } else { null() };
                aclnnGroupNormBackwardGetWorkspaceSize(d, x, m, r, w, 3, 4, 5, 2, mask([true; 3]), dx, dw, db, ws, e)
            })
            .unwrap();
            assert_close(&dx.values(), &slopes(&xs, |x| loss(x, &weights)), relative, 2e-5);
            assert_close(&dw.values(), &slopes(&weights, |w| loss(&xs, w)), relative, 2e-5);
            let sums: Vec<f64> = (0..4).map(|c| (0..60).filter(|i| i / 5 % 4 == c).map(|i| ds[i]).sum()).collect();
            assert_close(&db.values(), &sums, relative, 1e-6);
        }
    }
}

#[test]
fn refusals() {
    let (x, one) = (Array::new(ACL_FLOAT, &DIMS, noise(1)), Array::new(ACL_FLOAT, &[3], noise(1)));
    let (xh, oh, none) = (x.handle(), one.handle(), null_mut());
    let wrong = run(|ws, e| aclnnBatchNormGetWorkspaceSize(xh, oh, null(), none, none, false, 0.1, EPS, xh, none, none, ws, e));
    assert_eq!(refusal(wrong, "aclnnBatchNorm", "weight has shape [3]; [4]"), ACLNN_ERR_PARAM_INVALID);
    let wrong =
        run(|ws, e| aclnnBatchNormGetWorkspaceSize(xh, null(), null(), none, none, true, 0.1, EPS, xh, none, none, ws, e));
    assert_eq!(refusal(wrong, "aclnnBatchNorm", "saveMean is null"), ACLNN_ERR_PARAM_NULLPTR);
    let all = mask([true; 3]);
    let wrong =
        run(|ws, e| aclnnGroupNormBackwardGetWorkspaceSize(xh, xh, xh, xh, null(), 3, 4, 5, 3, all, xh, none, none, ws, e));
    assert_eq!(refusal(wrong, "aclnnGroupNormBackward", "group is 3"), ACLNN_ERR_PARAM_INVALID);
}
