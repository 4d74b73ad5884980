use std::ptr::null;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::*;
use crate::ops::testing::*;

/// Rounding to the dtype, by the `half` crate: the reference computes in f64 and rounds once.
fn rounded(dtype: aclDataType, value: f64) -> f64 {
    match dtype {
        ACL_FLOAT => value as f32 as f64,
        ACL_BF16 => half::bf16::from_f32(value as f32).to_f64(),
        ACL_FLOAT16 => half::f16::from_f32(value as f32).to_f64(),
        _ => value,
    }
}

#[test]
fn arithmetic_in_every_float_over_awkward_sizes() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        // 40,001 elements go to several threads' ranges; 1025 is a block and one.
        for n in [1, 7, 1025, 40_001] {
            let (x, y) = (Array::new(dtype, &[n], noise(1)), Array::new(dtype, &[n], noise(2)));
            let (alpha, out) = (Number::float(-0.5), Array::out(dtype, &[n]));
            let want = |f: fn(f64, f64) -> f64| -> Vec<f64> {
                x.values().iter().zip(y.values()).map(|(&a, b)| rounded(dtype, f(a, b))).collect()
            };
            // f32: a product rounds before the sum; half floats: their f32 value is exact up to one rounding.
            let relative = if dtype == ACL_FLOAT { 2e-7 } else { 0.0 };
            run(|w, e| aclnnAddGetWorkspaceSize(x.handle(), y.handle(), alpha.0, out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &want(|a, b| a - 0.5 * b), relative, relative);
            run(|w, e| aclnnSubGetWorkspaceSize(x.handle(), y.handle(), alpha.0, out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &want(|a, b| a + 0.5 * b), relative, relative);
            run(|w, e| aclnnMulGetWorkspaceSize(x.handle(), y.handle(), out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &want(|a, b| a * b), 0.0, 0.0);
            run(|w, e| aclnnDivGetWorkspaceSize(x.handle(), y.handle(), out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &want(|a, b| (a as f32 / b as f32) as f64), 0.0, 0.0);
            run(|w, e| aclnnNegGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &want(|a, _| -a), 0.0, 0.0);
            run(|w, e| aclnnMulsGetWorkspaceSize(x.handle(), alpha.0, out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &want(|a, _| -0.5 * a), 0.0, 0.0);
        }
    }
}

#[test]
fn exponential_and_logarithm_within_two_ulp() {
    let x = Array::new(ACL_FLOAT, &[3, 333], noise(3).map(|v| 80.0 * v));
    let out = Array::out(ACL_FLOAT, &[3, 333]);
    run(|w, e| aclnnExpGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
    let want: Vec<f64> = x.values().iter().map(|v| v.exp()).collect();
    // 2 ulp of f32 are at most 2^-22 of the value.
    assert_close(&out.values(), &want, 2.4e-7, 0.0);
    let back = Array::out(ACL_FLOAT, &[3, 333]);
    run(|w, e| aclnnLogGetWorkspaceSize(out.handle(), back.handle(), w, e)).unwrap();
    let want: Vec<f64> = out.values().iter().map(|v| v.ln()).collect();
    assert_close(&back.values(), &want, 2.4e-7, 0.0);
    // Integers: to f32 first.
    let ints = Array::new(ACL_INT64, &[3], [1.0, 0.0, 4.0]);
    let out = Array::out(ACL_FLOAT, &[3]);
    run(|w, e| aclnnLogGetWorkspaceSize(ints.handle(), out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[0.0, f64::NEG_INFINITY, 4f64.ln()], 2e-7, 0.0);
}

#[test]
fn views_broadcast_and_stride() {
    // A transposed [5, 3, 2] view, a row, and a column, into a transposed output.
    let x = Array::strided(ACL_FLOAT, &[5, 3, 2], &[1, 10, 5], 4, 40, noise(4));
    let (row, column) = (Array::new(ACL_BF16, &[2], [1.0, 2.0]), Array::new(ACL_INT32, &[3, 1], [10.0, 20.0, 30.0]));
    let sum = Array::out(ACL_FLOAT, &[5, 3, 2]);
    let out = Array::strided(ACL_FLOAT, &[5, 3, 2], &[7, 2, 1], 1, 40, std::iter::repeat(0.0));
    let one = Number::int(1);
    run(|w, e| aclnnAddGetWorkspaceSize(x.handle(), row.handle(), one.0, sum.handle(), w, e)).unwrap();
    run(|w, e| aclnnAddGetWorkspaceSize(sum.handle(), column.handle(), one.0, out.handle(), w, e)).unwrap();
    let want: Vec<f64> = x
        .values()
        .iter()
        .enumerate()
        .map(|(i, v)| rounded(ACL_FLOAT, rounded(ACL_FLOAT, v + [1.0, 2.0][i % 2]) + [10.0, 20.0, 30.0][i / 2 % 3]))
        .collect();
    assert_eq!(out.values(), want);
    assert_eq!(out.storage().iter().filter(|&&v| v == 7.0).count(), 10, "nothing between the rows is written");
}

#[test]
fn integers_are_exact_and_wrap() {
    let x = Array::new(ACL_INT32, &[3], [2147483647.0, -5.0, 0.0]);
    let y = Array::new(ACL_INT32, &[3], [1.0, 7.0, -3.0]);
    let (one, out, wide) = (Number::int(1), Array::out(ACL_INT32, &[3]), Array::out(ACL_INT64, &[3]));
    run(|w, e| aclnnAddGetWorkspaceSize(x.handle(), y.handle(), one.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [-2147483648.0, 2.0, -3.0]);
    // Computed in i32, then cast: the wrap stays.
    run(|w, e| aclnnAddGetWorkspaceSize(x.handle(), y.handle(), one.0, wide.handle(), w, e)).unwrap();
    assert_eq!(wide.values(), [-2147483648.0, 2.0, -3.0]);
    let big = Array::new(ACL_INT64, &[1], [9007199254740991.0]);
    let out = Array::out(ACL_INT64, &[1]);
    run(|w, e| aclnnMulsGetWorkspaceSize(big.handle(), one.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [9007199254740991.0]);
    // True division.
    let (two, quotient) = (Array::new(ACL_INT64, &[], [2.0]), Array::out(ACL_FLOAT, &[3]));
    run(|w, e| aclnnDivGetWorkspaceSize(y.handle(), two.handle(), quotient.handle(), w, e)).unwrap();
    assert_eq!(quotient.values(), [0.5, 3.5, -1.5]);
}

#[test]
fn a_narrow_result_is_rounded_before_it_is_cast() {
    // 256 + 1 has no bf16: the sum in bf16 is 256, whatever holds it then. 257 as bf16 is 256, too.
    let (x, y) = (Array::new(ACL_BF16, &[2], [256.0, 1.0]), Array::new(ACL_BF16, &[2], [1.0, 1.0]));
    let (one, out) = (Number::int(1), Array::out(ACL_FLOAT, &[2]));
    run(|w, e| aclnnAddGetWorkspaceSize(x.handle(), y.handle(), one.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [256.0, 2.0]);
    let ints = Array::new(ACL_INT32, &[2], [257.0, 3.0]);
    run(|w, e| aclnnMulGetWorkspaceSize(y.handle(), ints.handle(), out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [256.0, 3.0]);
    // With an f32 operand, all is f32.
    let wide = Array::new(ACL_FLOAT, &[1], [1.0]);
    run(|w, e| aclnnAddGetWorkspaceSize(x.handle(), wide.handle(), one.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [257.0, 2.0]);
}

#[test]
fn in_place_operators_write_what_they_read() {
    let x = Array::strided(ACL_FLOAT, &[3, 4], &[1, 3], 0, 12, (0..12).map(f64::from));
    let (row, alpha, two) = (Array::new(ACL_FLOAT, &[4], [1.0, 2.0, 3.0, 4.0]), Number::float(10.0), Number::int(2));
    run(|w, e| aclnnInplaceAddGetWorkspaceSize(x.handle(), row.handle(), alpha.0, w, e)).unwrap();
    run(|w, e| aclnnInplaceMulsGetWorkspaceSize(x.handle(), two.0, w, e)).unwrap();
    let want: Vec<f64> = (0..12).map(|i| 2.0 * (i as f64 + 10.0 * (i % 4 + 1) as f64)).collect();
    assert_eq!(x.values(), want);
    // Adding a tensor to itself reads both sides before it writes.
    let one = Number::int(1);
    run(|w, e| aclnnInplaceAddGetWorkspaceSize(x.handle(), x.handle(), one.0, w, e)).unwrap();
    assert_eq!(x.values(), want.iter().map(|v| 2.0 * v).collect::<Vec<_>>());
}

#[test]
fn comparisons_and_choice() {
    let nan = f64::NAN;
    let x = Array::new(ACL_FLOAT, &[2, 3], [1.0, 2.0, 3.0, nan, -1.0, 0.0]);
    let y = Array::new(ACL_BF16, &[3], [1.0, 3.0, 2.0]);
    let (less, most, above) = (Array::out(ACL_BOOL, &[2, 3]), Array::out(ACL_BOOL, &[2, 3]), Array::out(ACL_BOOL, &[2, 3]));
    run(|w, e| aclnnLtTensorGetWorkspaceSize(x.handle(), y.handle(), less.handle(), w, e)).unwrap();
    run(|w, e| aclnnLeTensorGetWorkspaceSize(x.handle(), y.handle(), most.handle(), w, e)).unwrap();
    run(|w, e| aclnnGtScalarGetWorkspaceSize(x.handle(), Number::float(0.5).0, above.handle(), w, e)).unwrap();
    assert_eq!(less.values(), [0.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(most.values(), [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(above.values(), [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    // 0.1 is compared as bf16 with bf16.
    let (tenth, above_tenth) = (Array::new(ACL_BF16, &[2], [0.1, 0.2]), Array::out(ACL_BOOL, &[2]));
    run(|w, e| aclnnGtScalarGetWorkspaceSize(tenth.handle(), Number::float(0.1).0, above_tenth.handle(), w, e)).unwrap();
    assert_eq!(above_tenth.values(), [0.0, 1.0]);
    let out = Array::out(ACL_FLOAT, &[2, 3]);
    let fallback = Array::new(ACL_FLOAT, &[1], [-7.0]);
    run(|w, e| aclnnSWhereGetWorkspaceSize(above.handle(), x.handle(), fallback.handle(), out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [1.0, 2.0, 3.0, -7.0, -7.0, -7.0]);
    // An integer against a fraction is compared as floats.
    let ints = Array::new(ACL_INT64, &[2], [0.0, 1.0]);
    let above = Array::out(ACL_BOOL, &[2]);
    run(|w, e| aclnnGtScalarGetWorkspaceSize(ints.handle(), Number::float(0.5).0, above.handle(), w, e)).unwrap();
    assert_eq!(above.values(), [0.0, 1.0]);
}

/// 0 and 1 in `selfRef`'s own dtype.
#[test]
fn comparisons_in_place() {
    type With<T> = fn(*const aclTensor, *const T, *mut u64, *mut *mut aclOpExecutor) -> crate::reject::Outcome;
    type Case = (With<aclTensor>, With<aclScalar>, fn(f64, f64) -> bool);
    let cases: [Case; 6] = [
        (aclnnInplaceEqTensorGetWorkspaceSize, aclnnInplaceEqScalarGetWorkspaceSize, |a, b| a == b),
        (aclnnInplaceNeTensorGetWorkspaceSize, aclnnInplaceNeScalarGetWorkspaceSize, |a, b| a != b),
        (aclnnInplaceGtTensorGetWorkspaceSize, aclnnInplaceGtScalarGetWorkspaceSize, |a, b| a > b),
        (aclnnInplaceGeTensorGetWorkspaceSize, aclnnInplaceGeScalarGetWorkspaceSize, |a, b| a >= b),
        (aclnnInplaceLtTensorGetWorkspaceSize, aclnnInplaceLtScalarGetWorkspaceSize, |a, b| a < b),
        (aclnnInplaceLeTensorGetWorkspaceSize, aclnnInplaceLeScalarGetWorkspaceSize, |a, b| a <= b),
    ];
    for (by_tensor, by_number, holds) in cases {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT8] {
            let values = [-2.0, 0.0, 1.0, 2.0, 3.0, 1.0];
            let own = || Array::new(dtype, &[2, 3], values);
            // One row for both.
            let (x, other) = (own(), Array::new(dtype, &[3], [-2.0, 1.0, 1.0]));
            run(|w, e| by_tensor(x.handle(), other.handle(), w, e)).unwrap();
            let row = other.values();
            let want: Vec<f64> = (0..6).map(|i| holds(values[i], row[i % 3]) as u8 as f64).collect();
            assert_eq!(x.values(), want);
            // A fraction is compared with integers as it is.
            for number in [1.0, 0.5] {
                let x = own();
                run(|w, e| by_number(x.handle(), Number::float(number).0, w, e)).unwrap();
                assert_eq!(x.values(), values.map(|v| holds(v, number as f64) as u8 as f64));
            }
        }
    }
}

#[test]
fn empty_and_scalar_shapes() {
    let (x, one) = (Array::new(ACL_FLOAT, &[0, 4], []), Number::int(1));
    let row = Array::new(ACL_FLOAT, &[4], [0.0; 4]);
    run(|w, e| aclnnAddGetWorkspaceSize(x.handle(), row.handle(), one.0, x.handle(), w, e)).unwrap();
    let (a, out) = (Array::new(ACL_FLOAT, &[], [3.0]), Array::out(ACL_FLOAT, &[]));
    run(|w, e| aclnnAddGetWorkspaceSize(a.handle(), a.handle(), one.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [6.0]);
}

#[test]
fn refusals_name_the_operator_and_the_parameter() {
    let (x, y) = (Array::new(ACL_FLOAT, &[2, 3], [0.0; 6]), Array::new(ACL_FLOAT, &[2], [0.0; 2]));
    let (ints, double) = (Array::new(ACL_INT32, &[2, 3], [0.0; 6]), Array::new(ACL_DOUBLE, &[2, 3], [0.0; 6]));
    let (flags, half) = (Array::new(ACL_BOOL, &[2, 3], [0.0; 6]), Number::float(0.5));
    let add = |a: &Array, b: &Array, out: &Array| {
        run(|w, e| aclnnAddGetWorkspaceSize(a.handle(), b.handle(), half.0, out.handle(), w, e))
    };
    assert_eq!(refusal(add(&x, &y, &x), "aclnnAdd", "broadcast"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(add(&x, &x, &y), "aclnnAdd", "out has shape [2]; [2, 3]"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(add(&x, &x, &ints), "aclnnAdd", "cannot be cast to out"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(add(&ints, &ints, &x), "aclnnAdd", "alpha"), ACLNN_ERR_PARAM_INVALID);
    assert_eq!(refusal(add(&x, &double, &x), "aclnnAdd", "other is ACL_DOUBLE"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let wide = Array::strided(ACL_FLOAT, &[2, 3], &[0, 1], 0, 3, [0.0; 6]);
    assert_eq!(refusal(add(&x, &x, &wide), "aclnnAdd", "out has a stride of 0"), ACLNN_ERR_PARAM_INVALID);
    let sub = run(|w, e| aclnnSubGetWorkspaceSize(flags.handle(), flags.handle(), half.0, x.handle(), w, e));
    assert_eq!(refusal(sub, "aclnnSub", "self is ACL_BOOL"), ACLNN_ERR_PARAM_INVALID);
    let null_out = run(|w, e| aclnnExpGetWorkspaceSize(x.handle(), nothing().cast_mut(), w, e));
    assert_eq!(refusal(null_out, "aclnnExp", "out is null"), ACLNN_ERR_PARAM_NULLPTR);
    let null_alpha = run(|w, e| aclnnInplaceAddGetWorkspaceSize(x.handle(), x.handle(), null(), w, e));
    assert_eq!(refusal(null_alpha, "aclnnInplaceAdd", "alpha is null"), ACLNN_ERR_PARAM_NULLPTR);
    let where_ = run(|w, e| aclnnSWhereGetWorkspaceSize(x.handle(), x.handle(), x.handle(), x.handle(), w, e));
    assert_eq!(refusal(where_, "aclnnSWhere", "condition is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    // In place, the tensor must already have the common shape and hold the common dtype.
    let one = Number::int(1);
    let grown =
        run(|w, e| aclnnInplaceAddGetWorkspaceSize(y.handle(), Array::new(ACL_FLOAT, &[3, 2], [0.0; 6]).handle(), one.0, w, e));
    assert_eq!(refusal(grown, "aclnnInplaceAdd", "selfRef has shape [2]"), ACLNN_ERR_PARAM_INVALID);
}

/// The value of an operator of one tensor over every float, against `want` in f64, rounded once.
fn unary(
    phase_one: fn(*const aclTensor, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> crate::reject::Outcome,
    want: fn(f64) -> f64,
    from: f64,
    to: f64,
) {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        let x = Array::new(dtype, &[3, 345], noise(5).map(|v| from + (to - from) * (v + 1.0) / 2.0));
        let out = Array::out(dtype, &[3, 345]);
        run(|w, e| phase_one(x.handle(), out.handle(), w, e)).unwrap();
        let want: Vec<f64> = x.values().iter().map(|&v| rounded(dtype, want(v))).collect();
        // f32 functions err by two units in the last place at most; rounded to halves, by one of theirs where they straddle.
        let relative = match dtype {
            ACL_FLOAT => 2.4e-7,
            ACL_BF16 => 1.0 / 128.0,
            _ => 1.0 / 1024.0,
        };
        assert_close(&out.values(), &want, relative, 1e-7);
    }
}

#[test]
fn functions_of_one_number() {
    unary(aclnnAbsGetWorkspaceSize, f64::abs, -3.0, 3.0);
    unary(aclnnSqrtGetWorkspaceSize, f64::sqrt, 0.0, 9.0);
    unary(aclnnRsqrtGetWorkspaceSize, |v| 1.0 / v.sqrt(), 0.1, 9.0);
    unary(aclnnReciprocalGetWorkspaceSize, |v| 1.0 / v, 0.5, 4.0);
    unary(aclnnExpm1GetWorkspaceSize, f64::exp_m1, -2.0, 2.0);
    unary(aclnnSinGetWorkspaceSize, f64::sin, -3.0, 3.0);
    unary(aclnnCosGetWorkspaceSize, f64::cos, -3.0, 3.0);
    unary(aclnnTanhGetWorkspaceSize, f64::tanh, -3.0, 3.0);
    unary(aclnnErfGetWorkspaceSize, erf, -3.0, 3.0);
}

/// The error function by its series, which converges everywhere.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / n as f64;
        sum += term / (2 * n + 1) as f64;
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[test]
fn in_place_forms_change_their_tensor() {
    let values = [4.0, 9.0, 0.25];
    let other = Array::new(ACL_FLOAT, &[1], [2.0]);
    let (alpha, two) = (Number::float(0.5), Number::float(2.0));
    type InPlace<'a> = &'a dyn Fn(*mut aclTensor, *mut u64, *mut *mut aclOpExecutor) -> crate::reject::Outcome;
    type Case<'a> = (InPlace<'a>, fn(f64) -> f64);
    let cases: [Case<'_>; 8] = [
        (&|x, w, e| aclnnInplaceSubGetWorkspaceSize(x, other.handle(), alpha.0, w, e), |v| v - 1.0),
        (&|x, w, e| aclnnInplaceMulGetWorkspaceSize(x, other.handle(), w, e), |v| v * 2.0),
        (&|x, w, e| aclnnInplaceDivGetWorkspaceSize(x, other.handle(), w, e), |v| v / 2.0),
        (&|x, w, e| aclnnInplaceAddsGetWorkspaceSize(x, two.0, alpha.0, w, e), |v| v + 1.0),
        (&|x, w, e| aclnnInplaceDivsGetWorkspaceSize(x, two.0, w, e), |v| v / 2.0),
        (&|x, w, e| aclnnInplaceSqrtGetWorkspaceSize(x, w, e), f64::sqrt),
        (&|x, w, e| aclnnInplaceExpGetWorkspaceSize(x, w, e), f64::exp),
        (&|x, w, e| aclnnInplaceMulsGetWorkspaceSize(x, two.0, w, e), |v| v * 2.0),
    ];
    for (phase_one, want) in cases {
        let x = Array::new(ACL_FLOAT, &[3], values);
        run(|w, e| phase_one(x.handle(), w, e)).unwrap();
        assert_close(&x.values(), &values.map(want), 2.4e-7, 0.0);
    }
}

#[test]
fn comparisons_and_logic_give_booleans() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT32, ACL_BOOL] {
        let (x, y) = (Array::new(dtype, &[4], [0.0, 1.0, 1.0, 0.0]), Array::new(dtype, &[4], [1.0, 1.0, 0.0, 0.0]));
        let (out, one) = (Array::out(ACL_BOOL, &[4]), Number::int(1));
        type Two =
            fn(*const aclTensor, *const aclTensor, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> crate::reject::Outcome;
        let of_tensors: [(Two, [f64; 4]); 6] = [
            (aclnnEqTensorGetWorkspaceSize, [0.0, 1.0, 0.0, 1.0]),
            (aclnnNeTensorGetWorkspaceSize, [1.0, 0.0, 1.0, 0.0]),
            (aclnnGtTensorGetWorkspaceSize, [0.0, 0.0, 1.0, 0.0]),
            (aclnnGeTensorGetWorkspaceSize, [0.0, 1.0, 1.0, 1.0]),
            (aclnnLogicalAndGetWorkspaceSize, [0.0, 1.0, 0.0, 0.0]),
            (aclnnLogicalOrGetWorkspaceSize, [1.0, 1.0, 1.0, 0.0]),
        ];
        for (phase_one, want) in of_tensors {
            run(|w, e| phase_one(x.handle(), y.handle(), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), want);
        }
        type One =
            fn(*const aclTensor, *const aclScalar, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> crate::reject::Outcome;
        let of_scalars: [(One, [f64; 4]); 5] = [
            (aclnnEqScalarGetWorkspaceSize, [0.0, 1.0, 1.0, 0.0]),
            (aclnnNeScalarGetWorkspaceSize, [1.0, 0.0, 0.0, 1.0]),
            (aclnnLtScalarGetWorkspaceSize, [1.0, 0.0, 0.0, 1.0]),
            (aclnnLeScalarGetWorkspaceSize, [1.0; 4]),
            (aclnnGeScalarGetWorkspaceSize, [0.0, 1.0, 1.0, 0.0]),
        ];
        for (phase_one, want) in of_scalars {
            run(|w, e| phase_one(x.handle(), one.0, out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), want);
        }
        run(|w, e| aclnnLogicalNotGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [1.0, 0.0, 0.0, 1.0]);
    }
    let odd = Array::new(ACL_FLOAT, &[4], [f64::INFINITY, f64::NAN, 1.0, f64::NEG_INFINITY]);
    let out = Array::out(ACL_BOOL, &[4]);
    run(|w, e| aclnnIsFiniteGetWorkspaceSize(odd.handle(), out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [0.0, 0.0, 1.0, 0.0]);
    run(|w, e| aclnnIsInfGetWorkspaceSize(odd.handle(), out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [1.0, 0.0, 0.0, 1.0]);
}

#[test]
fn limits_keep_what_is_no_number() {
    let x = Array::new(ACL_FLOAT, &[4], [-5.0, f64::NAN, 0.5, 7.0]);
    let (out, least, most) = (Array::out(ACL_FLOAT, &[4]), Number::float(-1.0), Number::float(2.0));
    let none = null();
    run(|w, e| aclnnClampGetWorkspaceSize(x.handle(), least.0, most.0, out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[-1.0, f64::NAN, 0.5, 2.0], 0.0, 0.0);
    run(|w, e| aclnnClampGetWorkspaceSize(x.handle(), none, most.0, out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[-5.0, f64::NAN, 0.5, 2.0], 0.0, 0.0);
    run(|w, e| aclnnClampMinGetWorkspaceSize(x.handle(), least.0, out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[-1.0, f64::NAN, 0.5, 7.0], 0.0, 0.0);
    run(|w, e| aclnnClampMaxGetWorkspaceSize(x.handle(), most.0, out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[-5.0, f64::NAN, 0.5, 2.0], 0.0, 0.0);
    let (low, high) = (Array::new(ACL_FLOAT, &[1], [0.0]), Array::new(ACL_FLOAT, &[4], [1.0, 1.0, 0.25, 9.0]));
    run(|w, e| aclnnClampTensorGetWorkspaceSize(x.handle(), low.handle(), high.handle(), out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[0.0, f64::NAN, 0.25, 7.0], 0.0, 0.0);
    run(|w, e| aclnnClampTensorGetWorkspaceSize(x.handle(), low.handle(), null(), out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[0.0, f64::NAN, 0.5, 7.0], 0.0, 0.0);
    run(|w, e| aclnnClampTensorGetWorkspaceSize(x.handle(), null(), high.handle(), out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[-5.0, f64::NAN, 0.25, 7.0], 0.0, 0.0);
    let refused = run(|w, e| aclnnClampTensorGetWorkspaceSize(x.handle(), null(), null(), out.handle(), w, e));
    assert_eq!(refusal(refused, "aclnnClampTensor", "both null"), ACLNN_ERR_PARAM_NULLPTR);
    run(|w, e| aclnnClampMinTensorGetWorkspaceSize(x.handle(), high.handle(), out.handle(), w, e)).unwrap();
    assert_close(&out.values(), &[1.0, f64::NAN, 0.5, 9.0], 0.0, 0.0);
    let refused = run(|w, e| aclnnClampGetWorkspaceSize(x.handle(), none, none, out.handle(), w, e));
    assert_eq!(refusal(refused, "aclnnClamp", "both null"), ACLNN_ERR_PARAM_NULLPTR);
}

#[test]
fn scalars_scale_and_powers_of_integers_are_exact() {
    let ints = Array::new(ACL_INT32, &[4], [-7.0, 7.0, 3.0, 0.0]);
    let out = Array::out(ACL_INT32, &[4]);
    let (two, three) = (Number::int(2), Number::int(3));
    run(|w, e| aclnnAddsGetWorkspaceSize(ints.handle(), two.0, three.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [-1.0, 13.0, 9.0, 6.0]);
    run(|w, e| aclnnSubsGetWorkspaceSize(ints.handle(), two.0, three.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [-13.0, 1.0, -3.0, -6.0]);
    run(|w, e| aclnnPowTensorScalarGetWorkspaceSize(ints.handle(), three.0, out.handle(), w, e)).unwrap();
    assert_eq!(out.values(), [-343.0, 343.0, 27.0, 0.0]);
    let floats = Array::out(ACL_FLOAT, &[4]);
    let roots = Array::new(ACL_FLOAT, &[4], [-1.5, 3.0, 0.0, f64::INFINITY]);
    for (exponent, want) in [(2.0, [2.25, 9.0, 0.0, f64::INFINITY]), (3.0, [-3.375, 27.0, 0.0, f64::INFINITY])] {
        let exponent = Number::float(exponent);
        run(|w, e| aclnnPowTensorScalarGetWorkspaceSize(roots.handle(), exponent.0, floats.handle(), w, e)).unwrap();
        assert_eq!(floats.values(), want);
    }
    run(|w, e| aclnnDivsGetWorkspaceSize(ints.handle(), two.0, floats.handle(), w, e)).unwrap();
    assert_eq!(floats.values(), [-3.5, 3.5, 1.5, 0.0]);
    let by = Array::new(ACL_INT32, &[1], [2.0]);
    for (mode, want) in [(1, [-3.0, 3.0, 1.0, 0.0]), (2, [-4.0, 3.0, 1.0, 0.0])] {
        run(|w, e| aclnnDivModGetWorkspaceSize(ints.handle(), by.handle(), mode, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), want);
    }
    run(|w, e| aclnnDivModGetWorkspaceSize(ints.handle(), by.handle(), 0, floats.handle(), w, e)).unwrap();
    assert_eq!(floats.values(), [-3.5, 3.5, 1.5, 0.0]);
    let refused = run(|w, e| aclnnDivModGetWorkspaceSize(ints.handle(), by.handle(), 3, out.handle(), w, e));
    assert_eq!(refusal(refused, "aclnnDivMod", "mode is 3"), ACLNN_ERR_PARAM_INVALID);
}

#[test]
fn products_and_quotients_are_added() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
        let (x, a) = (Array::new(dtype, &[5, 300], noise(1)), Array::new(dtype, &[300], noise(2)));
        let b = Array::new(dtype, &[5, 1], noise(3).map(|v| v + 2.0));
        let (half, out) = (Number::float(0.5), Array::out(dtype, &[5, 300]));
        let want = |f: fn(f64, f64, f64) -> f64| -> Vec<f64> {
            (0..1500).map(|i| rounded(dtype, f(x.values()[i], a.values()[i % 300], b.values()[i / 300]))).collect()
        };
        // Three roundings to f32, of terms of up to two; to halves one more, to the neighbour where they straddle.
        let (relative, absolute) = if dtype == ACL_FLOAT { (2e-7, 2e-7) } else { (1.0 / 128.0, 1e-6) };
        let (i, j, k) = (x.handle(), a.handle(), b.handle());
        let products = want(|x, a, b| x + 0.5 * a * b);
        run(|w, e| aclnnAddcmulGetWorkspaceSize(i, j, k, half.0, out.handle(), w, e)).unwrap();
        assert_close(&out.values(), &products, relative, absolute);
        let quotients = want(|x, a, b| x + 0.5 * a / b);
        run(|w, e| aclnnAddcdivGetWorkspaceSize(i, j, k, half.0, out.handle(), w, e)).unwrap();
        assert_close(&out.values(), &quotients, relative, absolute);
        let own = Array::new(dtype, &[5, 300], noise(1));
        run(|w, e| aclnnInplaceAddcmulGetWorkspaceSize(own.handle(), j, k, half.0, w, e)).unwrap();
        assert_close(&own.values(), &products, relative, absolute);
        let own = Array::new(dtype, &[5, 300], noise(1));
        run(|w, e| aclnnInplaceAddcdivGetWorkspaceSize(own.handle(), j, k, half.0, w, e)).unwrap();
        assert_close(&own.values(), &quotients, relative, absolute);
    }
    let (ints, half) = (Array::new(ACL_INT32, &[2], [3.0, 4.0]), Number::float(0.5));
    let x = ints.handle();
    let wrong = run(|w, e| aclnnInplaceAddcmulGetWorkspaceSize(x, x, x, half.0, w, e));
    assert_eq!(refusal(wrong, "aclnnInplaceAddcmul", "value is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    run(|w, e| aclnnInplaceAddcmulGetWorkspaceSize(x, x, x, Number::int(2).0, w, e)).unwrap();
    assert_eq!(ints.values(), [21.0, 36.0]);
}

#[test]
fn masks_choose_what_is_filled() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8] {
        let mask = Array::new(ACL_BOOL, &[3, 1], [1.0, 0.0, 1.0]);
        let (five, value) = (Number::int(5), Array::new(dtype, &[1], [-6.0]));
        let x = Array::strided(dtype, &[3, 2], &[1, 4], 0, 8, (0..6).map(f64::from));
        run(|w, e| aclnnInplaceMaskedFillScalarGetWorkspaceSize(x.handle(), mask.handle(), five.0, w, e)).unwrap();
        assert_eq!(x.values(), [5.0, 5.0, 2.0, 3.0, 5.0, 5.0]);
        run(|w, e| aclnnInplaceMaskedFillTensorGetWorkspaceSize(x.handle(), mask.handle(), value.handle(), w, e)).unwrap();
        assert_eq!(x.values(), [-6.0, -6.0, 2.0, 3.0, -6.0, -6.0]);
        let wrong = run(|w, e| aclnnInplaceMaskedFillScalarGetWorkspaceSize(x.handle(), value.handle(), five.0, w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceMaskedFillScalar", "mask is"), ACLNN_ERR_PARAM_INVALID);
    }
    let x = Array::new(ACL_INT32, &[1], [1.0]);
    let (mask, half) = (Array::new(ACL_BOOL, &[1], [1.0]), Number::float(0.5));
    let wrong = run(|w, e| aclnnInplaceMaskedFillScalarGetWorkspaceSize(x.handle(), mask.handle(), half.0, w, e));
    assert_eq!(refusal(wrong, "aclnnInplaceMaskedFillScalar", "cannot be cast to selfRef"), ACLNN_ERR_PARAM_INVALID);
}
