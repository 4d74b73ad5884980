use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::super::tests::reference;
use super::*;
use crate::ops::testing::*;

const CASES: &[(&[i64], &[i64], &[i64])] = &[
    (&[5, 3, 7], &[], &[]),
    (&[5, 3, 7], &[1], &[5, 7]),
    (&[5, 3, 7], &[-1, 0], &[3]),
    (&[3, 40, 70], &[0, 1], &[70]),
    (&[2, 1500, 3], &[1], &[2, 3]),
    (&[1, 70_000], &[1], &[1]),
    (&[4, 2100], &[-1], &[4]),
];

fn extremum(values: &[f64], least: bool) -> f64 {
    values.iter().copied().fold(values[0], |a, b| if least { a.min(b) } else { a.max(b) })
}

#[test]
fn extremes_over_every_set_of_dims() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT8, ACL_UINT8, ACL_BOOL] {
        for (shape, dims, out_dims) in CASES {
            // Below 0 where the dtype goes there: a start at 0 would show.
            let (scale, shift) = match dtype {
                ACL_BOOL => (0.5, 0.5),
                ACL_UINT8 => (50.0, 51.0),
                _ => (50.0, -60.0),
            };
            let x = Array::new(dtype, shape, noise(3).map(|v| (v * scale + shift).round()));
            let dims_array = Ints::new(dims);
            for least in [false, true] {
                let out = Array::out(dtype, out_dims);
                let body = if least { aclnnAminGetWorkspaceSize } else { aclnnAmaxGetWorkspaceSize };
                run(|w, e| body(x.handle(), dims_array.0, false, out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), reference(&x, shape, dims, |g| extremum(g, least)), "{shape:?} {dims:?} {least}");
            }
        }
        let most = if dtype == ACL_BOOL { 1.0 } else { 9.0 };
        let x = Array::new(dtype, &[3, 5], noise(4).map(|v| (v.abs() * 9.0).round().min(most)));
        for out_dims in [&[][..], &[1]] {
            let out = Array::out(dtype, out_dims);
            run(|w, e| aclnnMaxGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), [extremum(&x.values(), false)]);
            run(|w, e| aclnnMinGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), [extremum(&x.values(), true)]);
        }
    }
}

#[test]
fn one_nan_is_the_extreme() {
    let x = Array::new(ACL_FLOAT, &[2, 100], (0..200).map(|i| if i == 57 { f64::NAN } else { -1.0 }));
    let (dims, out) = (Ints::new(&[1]), Array::out(ACL_FLOAT, &[2, 1]));
    for body in [aclnnAmaxGetWorkspaceSize, aclnnAminGetWorkspaceSize] {
        run(|w, e| body(x.handle(), dims.0, true, out.handle(), w, e)).unwrap();
        assert!(out.values()[0].is_nan() && out.values()[1] == -1.0);
    }
}

#[test]
fn means_and_logarithms_of_sums() {
    for (dtype, relative) in [(ACL_FLOAT, 2e-6), (ACL_BF16, 1.0 / 256.0), (ACL_FLOAT16, 1.0 / 1024.0)] {
        for (shape, dims, out_dims) in CASES {
            let x = Array::new(dtype, shape, noise(5).map(|v| 30.0 * v));
            let (array, out) = (Ints::new(dims), Array::out(dtype, out_dims));
            let mean = reference(&x, shape, dims, |g| g.iter().sum::<f64>() / g.len() as f64);
            run(|w, e| aclnnMeanGetWorkspaceSize(x.handle(), array.0, false, dtype, out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &mean, relative, 1e-9);
            run(|w, e| aclnnMeanV2GetWorkspaceSize(x.handle(), array.0, false, false, out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &mean, relative, 1e-9);
            run(|w, e| aclnnLogSumExpGetWorkspaceSize(x.handle(), array.0, false, out.handle(), w, e)).unwrap();
            let want = reference(&x, shape, dims, |g| {
                let top = extremum(g, false);
                top + g.iter().map(|v| (v - top).exp()).sum::<f64>().ln()
            });
            assert_close(&out.values(), &want, relative, 2e-6);
        }
    }
}

#[test]
fn no_axes_may_mean_no_reduction_and_infinities_have_logarithms() {
    let x = Array::new(ACL_FLOAT, &[2, 2], [1.0, 2.0, 3.0, 4.0]);
    let (none, out) = (Ints::new(&[]), Array::out(ACL_FLOAT, &[2, 2]));
    run(|w, e| aclnnMeanV2GetWorkspaceSize(x.handle(), none.0, false, true, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [1.0, 2.0, 3.0, 4.0]);
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    let x = Array::new(ACL_FLOAT, &[4, 3], [low, low, low, low, 1.0, low, 2.0, high, high, f64::NAN, 0.0, 1.0]);
    let (dims, out) = (Ints::new(&[1]), Array::out(ACL_FLOAT, &[4]));
    run(|w, e| aclnnLogSumExpGetWorkspaceSize(x.handle(), dims.0, false, out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[low, 1.0, high, f64::NAN], 0.0, 0.0);
}

#[test]
fn refusals() {
    let (x, empty) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::new(ACL_FLOAT, &[2, 0], []));
    let (dims, out, ints) = (Ints::new(&[1]), Array::out(ACL_FLOAT, &[2]), Array::new(ACL_INT32, &[2, 3], [0.0; 6]));
    let wrong = run(|w, e| aclnnAmaxGetWorkspaceSize(empty.handle(), dims.0, false, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnAmax", "nothing has no extreme"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnAminGetWorkspaceSize(x.handle(), dims.0, true, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnAmin", "out has shape [2]; [2, 1]"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnMeanGetWorkspaceSize(ints.handle(), dims.0, false, ACL_FLOAT, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnMean", "self is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnMeanGetWorkspaceSize(x.handle(), dims.0, false, ACL_BF16, out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnMean", "dtype makes it ACL_BF16"), ACLNN_ERR_PARAM_INVALID);
    let wrong = run(|w, e| aclnnMaxGetWorkspaceSize(x.handle(), out.handle(), w, e));
    assert_eq!(refusal(wrong, "aclnnMax", "out has shape [2]"), ACLNN_ERR_PARAM_INVALID);
}
