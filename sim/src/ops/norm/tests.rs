//! Norms against f64.

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::*;

const EPSILON: f64 = 1e-6;

/// One rounding to the dtype, or f32 sums.
fn relative(dtype: aclDataType) -> f64 {
    match dtype {
        ACL_BF16 => 4e-3,
        ACL_FLOAT16 => 5e-4,
        _ => 2e-6,
    }
}

fn rms(x: &[f64], gamma: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = gamma.len();
    let rstd: Vec<f64> =
        x.chunks(n).map(|row| 1.0 / (row.iter().map(|v| v * v).sum::<f64>() / n as f64 + EPSILON).sqrt()).collect();
    let y = x.iter().enumerate().map(|(i, v)| v * rstd[i / n] * gamma[i % n]).collect();
    (y, rstd)
}

fn rms_norm(x: &Array, gamma: &Array, y: &Array, rstd: &Array) -> Outcome {
    run(|ws, e| aclnnRmsNormGetWorkspaceSize(x.handle(), gamma.handle(), EPSILON, y.handle(), rstd.handle(), ws, e))
}

#[test]
fn rms_norm_of_rows_of_any_length_and_dtype() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        for (rows, n) in [(1, 1), (3, 7), (5, 16), (2, 1100), (500, 129)] {
            for gamma_dtype in [dtype, ACL_FLOAT] {
                let (x, gamma) = (Array::new(dtype, &[rows, n], noise(1)), Array::new(gamma_dtype, &[n], noise(2)));
                let (y, rstd) = (Array::out(dtype, &[rows, n]), Array::out(ACL_FLOAT, &[rows, 1]));
                rms_norm(&x, &gamma, &y, &rstd).unwrap();
                let want = rms(&x.values(), &gamma.values());
                assert_close(&y.values(), &want.0, relative(dtype), 1e-7);
                assert_close(&rstd.values(), &want.1, 2e-6, 0.0);
            }
        }
    }
}

#[test]
fn heads_inside_a_fused_projection_are_normalised_where_they_lie() {
    // 4 tokens, 2 heads of 6 at element 3 of rows of 20; gamma over both trailing dims.
    let x = Array::strided(ACL_FLOAT, &[4, 2, 6], &[20, 6, 1], 3, 80, noise(1));
    for (dims, rstd_dims) in [(&[6][..], [4, 2, 1]), (&[2, 6], [4, 1, 1])] {
        let gamma = Array::new(ACL_FLOAT, dims, noise(2));
        let (y, rstd) = (Array::out(ACL_FLOAT, &[4, 2, 6]), Array::out(ACL_FLOAT, &rstd_dims));
        rms_norm(&x, &gamma, &y, &rstd).unwrap();
        let want = rms(&x.values(), &gamma.values());
        assert_close(&y.values(), &want.0, 2e-6, 1e-7);
        assert_close(&rstd.values(), &want.1, 2e-6, 0.0);
    }
}

#[test]
fn add_rms_norm_normalises_the_rounded_sum() {
    for dtype in [ACL_FLOAT, ACL_BF16] {
        let [x1, x2] = [1, 2].map(|seed| Array::new(dtype, &[9, 33], noise(seed)));
        let gamma = Array::new(dtype, &[33], noise(3));
        let [y, x] = [0, 1].map(|_| Array::out(dtype, &[9, 33]));
        let rstd = Array::out(ACL_FLOAT, &[9, 1]);
        run(|ws, e| {
            let [x1, x2, gamma, y, rstd, x] = [&x1, &x2, &gamma, &y, &rstd, &x].map(|t| t.handle());
            aclnnAddRmsNormGetWorkspaceSize(x1, x2, gamma, EPSILON, y, rstd, x, ws, e)
        })
        .unwrap();
        let sum: Vec<f64> = x1.values().iter().zip(x2.values()).map(|(a, b)| a + b).collect();
        assert_close(&x.values(), &sum, relative(dtype), 0.0);
        let want = rms(&x.values(), &gamma.values());
        assert_close(&y.values(), &want.0, relative(dtype), 1e-7);
        assert_close(&rstd.values(), &want.1, 2e-6, 0.0);
    }
}

/// x's own ones before the dims of gamma may be left out, as CANN's example does.
#[test]
fn gradients_take_rstd_without_ones_at_its_end() {
    let (dy, x) = (Array::new(ACL_FLOAT, &[2, 1, 5], noise(1)), Array::new(ACL_FLOAT, &[2, 1, 5], noise(2)));
    let gamma = Array::new(ACL_FLOAT, &[5], noise(3));
    let factors = rms(&x.values(), &gamma.values()).1;
    let both = [&[2, 1, 1][..], &[2]].map(|shape| {
        let (rstd, dx) = (Array::new(ACL_FLOAT, shape, factors.clone()), Array::out(ACL_FLOAT, &[2, 1, 5]));
        let dgamma = Array::out(ACL_FLOAT, &[5]);
        run(|ws, e| {
            let [dy, x, rstd, gamma, dx, dgamma] = [&dy, &x, &rstd, &gamma, &dx, &dgamma].map(|t| t.handle());
            aclnnRmsNormGradGetWorkspaceSize(dy, x, rstd, gamma, dx, dgamma, ws, e)
        })
        .unwrap();
        (dx.values(), dgamma.values())
    });
    assert_eq!(both[0], both[1]);
}

#[test]
fn gradients_follow_the_formula_over_many_rows() {
    for dtype in [ACL_FLOAT, ACL_BF16] {
        for (rows, n) in [(1usize, 1usize), (3, 7), (300, 40)] {
            let dims = [rows as i64, n as i64];
            let (dy, x) = (Array::new(dtype, &dims, noise(1)), Array::new(dtype, &dims, noise(2)));
            let gamma = Array::new(dtype, &dims[1..], noise(3));
            let rstd = Array::new(ACL_FLOAT, &[dims[0], 1], rms(&x.values(), &gamma.values()).1);
            let (dx, dgamma) = (Array::out(dtype, &dims), Array::out(ACL_FLOAT, &dims[1..]));
            run(|ws, e| {
                let [dy, x, rstd, gamma, dx, dgamma] = [&dy, &x, &rstd, &gamma, &dx, &dgamma].map(|t| t.handle());
                aclnnRmsNormGradGetWorkspaceSize(dy, x, rstd, gamma, dx, dgamma, ws, e)
            })
            .unwrap();
            let (dy, x, rstd, gamma) = (dy.values(), x.values(), rstd.values(), gamma.values());
            let mut want_dgamma = vec![0.0; n];
            let mut want = Vec::new();
            for r in 0..rows {
                let normal: Vec<f64> = x[r * n..][..n].iter().map(|v| v * rstd[r]).collect();
                let scaled: Vec<f64> = dy[r * n..][..n].iter().zip(&gamma).map(|(d, g)| d * g).collect();
                let mean = normal.iter().zip(&scaled).map(|(a, b)| a * b).sum::<f64>() / n as f64;
                want.extend((0..n).map(|i| rstd[r] * (scaled[i] - normal[i] * mean)));
                (0..n).for_each(|i| want_dgamma[i] += dy[r * n + i] * normal[i]);
            }
            // A difference of two numbers of size rstd, which reaches 1000 for a row of one element near 0.
            let scale = rstd.iter().fold(1.0, |a: f64, b| a.max(*b));
            assert_close(&dx.values(), &want, relative(dtype), 1e-5 * scale);
            // f32 sums of up to 300 terms of size 1.
            assert_close(&dgamma.values(), &want_dgamma, 1e-5, 1e-4);
        }
    }
}

#[test]
fn what_is_read_may_be_written_over() {
    let of = |dims: &[i64], seed| Array::new(ACL_FLOAT, dims, noise(seed));
    let (x, gamma, rstd) = (of(&[70, 40], 1), of(&[40], 2), of(&[70, 1], 3));
    let grad = |dy: &Array, dx: &Array| {
        let dgamma = Array::out(ACL_FLOAT, &[40]);
        run(|ws, e| {
            let [dy, x, rstd, gamma, dx, dgamma] = [dy, &x, &rstd, &gamma, dx, &dgamma].map(|t| t.handle());
            aclnnRmsNormGradGetWorkspaceSize(dy, x, rstd, gamma, dx, dgamma, ws, e)
        })
        .unwrap();
        (dx.values(), dgamma.values())
    };
    let dy = of(&[70, 40], 4);
    assert_eq!(grad(&dy, &Array::out(ACL_FLOAT, &[70, 40])), grad(&dy, &dy));
    let sum_and_norm = |x1: &Array, x2: &Array, x: &Array, y: &Array| {
        let rstd = Array::out(ACL_FLOAT, &[70, 1]);
        run(|ws, e| {
            let [x1, x2, gamma, y, rstd, x] = [x1, x2, &gamma, y, &rstd, x].map(|t| t.handle());
            aclnnAddRmsNormGetWorkspaceSize(x1, x2, gamma, EPSILON, y, rstd, x, ws, e)
        })
        .unwrap();
        (x.values(), y.values(), rstd.values())
    };
    let (x2, x_out, y) = (of(&[70, 40], 5), Array::out(ACL_FLOAT, &[70, 40]), Array::out(ACL_FLOAT, &[70, 40]));
    let apart = sum_and_norm(&x, &x2, &x_out, &y);
    assert_eq!(apart, sum_and_norm(&x, &x2, &x, &x2));
}

#[test]
fn refusals_name_what_is_wrong() {
    let of = |dtype, dims: &[i64]| Array::new(dtype, dims, noise(1));
    let (x, gamma) = (of(ACL_BF16, &[2, 8]), of(ACL_BF16, &[8]));
    let (y, rstd) = (of(ACL_BF16, &[2, 8]), of(ACL_FLOAT, &[2, 1]));
    let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnRmsNorm", what), ACLNN_ERR_PARAM_INVALID);
    invalid(rms_norm(&x, &of(ACL_BF16, &[7]), &y, &rstd), "gamma has shape [7]");
    invalid(rms_norm(&x, &of(ACL_FLOAT16, &[8]), &y, &rstd), "gamma is");
    invalid(rms_norm(&x, &of(ACL_BF16, &[]), &y, &rstd), "gamma has shape []");
    invalid(rms_norm(&x, &gamma, &of(ACL_FLOAT, &[2, 8]), &rstd), "yOut");
    invalid(rms_norm(&x, &gamma, &y, &of(ACL_BF16, &[2, 1])), "rstdOut");
    invalid(rms_norm(&x, &gamma, &y, &of(ACL_FLOAT, &[1])), "rstdOut has shape [1]; [2, 1]");
    invalid(rms_norm(&of(ACL_INT32, &[2, 8]), &gamma, &y, &rstd), "x is");
    let null = run(|ws, e| aclnnRmsNormGetWorkspaceSize(nothing(), gamma.handle(), EPSILON, y.handle(), rstd.handle(), ws, e));
    assert_eq!(refusal(null, "aclnnRmsNorm", "x is null"), ACLNN_ERR_PARAM_NULLPTR);
}

/// CheckRstdShape of ops-nn's rms_norm_grad_tiling.cpp, and rms_norm_tiling.cpp, look at the dims that rstd has, not at their number;
/// add_rms_norm_tiling.cpp compares the numbers ("The shape dims of y, x, rstd and x1 should be the same").
#[test]
fn rstd_may_leave_out_the_ones_at_its_end_but_for_the_sum() {
    let x = Array::new(ACL_FLOAT, &[3, 2, 8], noise(1));
    let gamma = Array::new(ACL_FLOAT, &[8], noise(2));
    let (y, rstd) = (Array::out(ACL_FLOAT, &[3, 2, 8]), Array::out(ACL_FLOAT, &[3, 2]));
    rms_norm(&x, &gamma, &y, &rstd).unwrap();
    let want = rms(&x.values(), &gamma.values());
    assert_close(&y.values(), &want.0, 2e-6, 0.0);
    assert_close(&rstd.values(), &want.1, 2e-6, 0.0);

    let (of_short, of_full) = (Array::out(ACL_FLOAT, &[3, 2, 8]), Array::out(ACL_FLOAT, &[3, 2, 8]));
    let full = Array::new(ACL_FLOAT, &[3, 2, 1], rstd.values());
    for (rstd, dx) in [(&rstd, &of_short), (&full, &of_full)] {
        let dgamma = Array::out(ACL_FLOAT, &[8]);
        let [dy, x, rstd, gamma, dx, dgamma] = [&y, &x, rstd, &gamma, dx, &dgamma].map(|t| t.handle());
        run(|ws, e| aclnnRmsNormGradGetWorkspaceSize(dy, x, rstd, gamma, dx, dgamma, ws, e)).unwrap();
    }
    assert_eq!(of_short.values(), of_full.values());

    let (x2, sum) = (Array::new(ACL_FLOAT, &[3, 2, 8], noise(3)), Array::out(ACL_FLOAT, &[3, 2, 8]));
    let [x1, x2, gamma, y, rstd, sum] = [&x, &x2, &gamma, &y, &rstd, &sum].map(|t| t.handle());
    let added = run(|ws, e| aclnnAddRmsNormGetWorkspaceSize(x1, x2, gamma, EPSILON, y, rstd, sum, ws, e));
    assert_eq!(refusal(added, "aclnnAddRmsNorm", "rstdOut has shape [3, 2]; [3, 2, 1]"), ACLNN_ERR_PARAM_INVALID);
}
