//! Lists against f64, tensor by tensor.

use std::ptr::null_mut;

use ascend_rl_sys::codes::*;

use super::*;
use crate::ops::testing::Number as Host;
use crate::ops::testing::{Array, assert_close, list, noise, refusal, run};

const SHAPES: [&[i64]; 4] = [&[1], &[3, 5], &[2, 1030], &[]];

fn arrays(dtype: aclDataType, seed: u64) -> Vec<Array> {
    SHAPES.iter().enumerate().map(|(i, dims)| Array::new(dtype, dims, noise(seed + i as u64))).collect()
}

fn of(arrays: &[Array]) -> *mut aclTensorList {
    list(&arrays.iter().collect::<Vec<_>>())
}

fn outs(dtype: aclDataType) -> Vec<Array> {
    SHAPES.iter().map(|dims| Array::out(dtype, dims)).collect()
}

#[test]
fn every_row_computes_what_it_says() {
    for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 4e-3), (ACL_FLOAT16, 6e-4)] {
        let [a, b] = [10, 20].map(|seed| arrays(dtype, seed));
        let c: Vec<Array> = SHAPES.iter().map(|dims| Array::new(dtype, dims, noise(30).map(|v| 1.0 + v.abs()))).collect();
        let (host, device) = (Host::float(0.75), Array::new(ACL_FLOAT, &[1], [0.75]));
        let formulas: [fn(f64, f64, f64) -> f64; 11] = [
            |a, b, _| a + 0.75 * b,
            |a, b, _| a + 0.75 * b,
            |a, _, _| a + 0.75,
            |a, _, _| a * 0.75,
            |a, _, _| a * 0.75,
            |a, _, _| a / 0.75,
            |a, b, c| a + 0.75 * b * c,
            |a, b, c| a + 0.75 * (b / c),
            |a, b, c| a + 0.75 * (b / c),
            |a, b, _| a + 0.75 * (b - a),
            |_, _, c| c.sqrt(),
        ];
        for (which, formula) in formulas.into_iter().enumerate() {
            let out = outs(dtype);
            let (x, y, z, o, s, d) = (of(&a), of(&b), of(&c), of(&out), host.0, device.handle());
            run(|ws, e| match which {
                0 => aclnnForeachAddListGetWorkspaceSize(x, y, d, o, ws, e),
                1 => aclnnForeachAddListV2GetWorkspaceSize(x, y, s, o, ws, e),
                2 => aclnnForeachAddScalarV2GetWorkspaceSize(x, s, o, ws, e),
                3 => aclnnForeachMulScalarGetWorkspaceSize(x, d, o, ws, e),
                4 => aclnnForeachMulScalarV2GetWorkspaceSize(x, s, o, ws, e),
                5 => aclnnForeachDivScalarV2GetWorkspaceSize(x, s, o, ws, e),
                6 => aclnnForeachAddcmulScalarV2GetWorkspaceSize(x, y, z, s, o, ws, e),
                7 => aclnnForeachAddcdivScalarGetWorkspaceSize(x, y, z, d, o, ws, e),
                8 => aclnnForeachAddcdivScalarV2GetWorkspaceSize(x, y, z, s, o, ws, e),
                9 => aclnnForeachLerpScalarGetWorkspaceSize(x, y, s, o, ws, e),
                _ => aclnnForeachSqrtGetWorkspaceSize(z, o, ws, e),
            })
            .unwrap();
            for (i, out) in out.iter().enumerate() {
                let (a, b, c) = (a[i].values(), b[i].values(), c[i].values());
                let want: Vec<f64> = (0..a.len()).map(|j| formula(a[j], b[j], c[j])).collect();
                assert_close(&out.values(), &want, relative, 3e-7);
            }
        }
    }
}

#[test]
fn norms_of_each() {
    for (dtype, relative) in [(ACL_FLOAT, 1e-6), (ACL_BF16, 4e-3)] {
        let x = arrays(dtype, 1);
        for order in [1.0f32, 2.0, f32::INFINITY] {
            let out: Vec<Array> = x.iter().map(|_| Array::out(dtype, &[])).collect();
            let scalar = Host::float(order);
            run(|ws, e| aclnnForeachNormGetWorkspaceSize(of(&x), scalar.0, of(&out), ws, e)).unwrap();
            for (x, out) in x.iter().zip(&out) {
                let magnitudes = x.values().into_iter().map(f64::abs);
                let want = match order {
                    1.0 => magnitudes.sum(),
                    2.0 => magnitudes.map(|v| v * v).sum::<f64>().sqrt(),
                    _ => magnitudes.fold(0.0, f64::max),
                };
                assert_close(&out.values(), &[want], relative, 0.0);
            }
        }
    }
}

#[test]
fn copies_and_zeros_keep_to_the_view() {
    for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT8] {
        let x = Array::new(dtype, &[3, 4], (0..12).map(f64::from));
        let out = Array::strided(dtype, &[3, 4], &[6, 1], 1, 20, std::iter::repeat(3.0));
        run(|ws, e| aclnnForeachCopyGetWorkspaceSize(list(&[&x]), list(&[&out]), ws, e)).unwrap();
        assert_eq!(out.values(), x.values());
        run(|ws, e| aclnnForeachZeroInplaceGetWorkspaceSize(list(&[&out, &x]), ws, e)).unwrap();
        assert_eq!((out.values(), x.values()), (vec![0.0; 12], vec![0.0; 12]));
        assert_eq!(out.storage()[..20].iter().filter(|&&v| v == 7.0).count(), 8, "what lies between is left alone");
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let (a, b) = (Array::new(ACL_FLOAT, &[3], noise(1)), Array::new(ACL_FLOAT, &[4], noise(1)));
    let (half, one) = (Array::new(ACL_BF16, &[3], noise(1)), Host::float(1.0));
    let mul = |x: *mut aclTensorList, out| run(|ws, e| aclnnForeachMulScalarV2GetWorkspaceSize(x, one.0, out, ws, e));
    let invalid = |outcome, what| assert_eq!(refusal(outcome, "aclnnForeachMulScalarV2", what), ACLNN_ERR_PARAM_INVALID);
    invalid(mul(list(&[&a]), list(&[&b])), "out has shape [4]; [3]");
    invalid(mul(list(&[&a]), list(&[&half])), "out is ACL_BF16");
    invalid(mul(list(&[&a]), list(&[&a, &b])), "out has 2 tensors; x makes it 1");
    invalid(mul(list(&[]), list(&[])), "x has no tensors");
    assert_eq!(refusal(mul(null_mut(), list(&[&a])), "aclnnForeachMulScalarV2", "x is null"), ACLNN_ERR_PARAM_NULLPTR);
    let three = Host::float(3.0);
    let odd = run(|ws, e| aclnnForeachNormGetWorkspaceSize(list(&[&a]), three.0, list(&[&b]), ws, e));
    assert_eq!(refusal(odd, "aclnnForeachNorm", "scalar is 3"), ACL_ERROR_FEATURE_UNSUPPORTED);
}

/// Positive numbers below 1, which all of these functions take.
fn positive(dtype: aclDataType) -> Vec<Array> {
    SHAPES.iter().map(|dims| Array::new(dtype, dims, noise(40).map(|v| 0.05 + 0.9 * v.abs()))).collect()
}

/// Halves round once, to a neighbour where they straddle.
const BOUNDS: [(aclDataType, f64); 3] = [(ACL_FLOAT, 1e-6), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)];

#[test]
fn functions_of_each() {
    type Body = fn(*const aclTensorList, *const aclTensorList, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Formula = fn(f64) -> f64;
    let cases: [(Body, Formula); 22] = [
        (aclnnForeachAbsGetWorkspaceSize, f64::abs),
        (aclnnForeachNegGetWorkspaceSize, |a| -a),
        (aclnnForeachSignGetWorkspaceSize, f64::signum),
        (aclnnForeachReciprocalGetWorkspaceSize, |a| 1.0 / a),
        (aclnnForeachExpGetWorkspaceSize, f64::exp),
        (aclnnForeachExpm1GetWorkspaceSize, f64::exp_m1),
        (aclnnForeachLogGetWorkspaceSize, f64::ln),
        (aclnnForeachLog1pGetWorkspaceSize, f64::ln_1p),
        (aclnnForeachLog2GetWorkspaceSize, f64::log2),
        (aclnnForeachLog10GetWorkspaceSize, f64::log10),
        (aclnnForeachSigmoidGetWorkspaceSize, |a| 1.0 / (1.0 + (-a).exp())),
        (aclnnForeachTanhGetWorkspaceSize, f64::tanh),
        (aclnnForeachSinGetWorkspaceSize, f64::sin),
        (aclnnForeachCosGetWorkspaceSize, f64::cos),
        (aclnnForeachTanGetWorkspaceSize, f64::tan),
        (aclnnForeachSinhGetWorkspaceSize, f64::sinh),
        (aclnnForeachCoshGetWorkspaceSize, f64::cosh),
        (aclnnForeachAsinGetWorkspaceSize, f64::asin),
        (aclnnForeachAcosGetWorkspaceSize, f64::acos),
        (aclnnForeachAtanGetWorkspaceSize, f64::atan),
        (aclnnForeachErfGetWorkspaceSize, libm::erf),
        (aclnnForeachErfcGetWorkspaceSize, libm::erfc),
    ];
    for (dtype, relative) in BOUNDS {
        let x = positive(dtype);
        for (body, f) in cases {
            let out = outs(dtype);
            run(|ws, e| body(of(&x), of(&out), ws, e)).unwrap();
            for (x, out) in x.iter().zip(&out) {
                let want: Vec<f64> = x.values().into_iter().map(f).collect();
                assert_close(&out.values(), &want, relative, 1e-7);
            }
        }
    }
}

#[test]
fn functions_of_pairs() {
    type Body =
        fn(*const aclTensorList, *const aclTensorList, *const aclTensorList, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Formula = fn(f64, f64) -> f64;
    let cases: [(Body, Formula); 5] = [
        (aclnnForeachMulListGetWorkspaceSize, |a, b| a * b),
        (aclnnForeachDivListGetWorkspaceSize, |a, b| a / b),
        (aclnnForeachPowListGetWorkspaceSize, f64::powf),
        (aclnnForeachMaximumListGetWorkspaceSize, f64::max),
        (aclnnForeachMinimumListGetWorkspaceSize, f64::min),
    ];
    for (dtype, relative) in BOUNDS {
        let (x, y, w) = (positive(dtype), arrays(dtype, 7), arrays(dtype, 8));
        for (body, f) in cases {
            let out = outs(dtype);
            run(|ws, e| body(of(&x), of(&y), of(&out), ws, e)).unwrap();
            for (i, out) in out.iter().enumerate() {
                let want: Vec<f64> = x[i].values().iter().zip(y[i].values()).map(|(&a, b)| f(a, b)).collect();
                assert_close(&out.values(), &want, relative, 1e-7);
            }
        }
        let out = outs(dtype);
        run(|ws, e| aclnnForeachLerpListGetWorkspaceSize(of(&x), of(&y), of(&w), of(&out), ws, e)).unwrap();
        for (i, out) in out.iter().enumerate() {
            let (x, y, w) = (x[i].values(), y[i].values(), w[i].values());
            let want: Vec<f64> = (0..x.len()).map(|j| x[j] + w[j] * (y[j] - x[j])).collect();
            assert_close(&out.values(), &want, relative, 1e-6);
        }
    }
}

/// Integers that an i64 holds, small and up to the ends of the dtype.
fn integers(dtype: aclDataType, seed: u64) -> Vec<Array> {
    let (least, most) = match dtype {
        ACL_INT8 => (i8::MIN as f64, i8::MAX as f64),
        ACL_UINT8 => (0.0, u8::MAX as f64),
        ACL_INT16 => (i16::MIN as f64, i16::MAX as f64),
        _ => (i32::MIN as f64, i32::MAX as f64),
    };
    let value = move |(i, v): (usize, f64)| match i % 5 {
        0 => (v * 6.0).round().max(least),
        1 => least,
        2 => most,
        _ => (least + (v + 1.0) / 2.0 * (most - least)).round(),
    };
    SHAPES.iter().enumerate().map(|(i, dims)| Array::new(dtype, dims, noise(seed + i as u64).enumerate().map(value))).collect()
}

/// What is left of a number in a dtype: its lowest bits.
fn wrapped(dtype: aclDataType, value: i128) -> f64 {
    match dtype {
        ACL_INT8 => value as i8 as f64,
        ACL_UINT8 => value as u8 as f64,
        ACL_INT16 => value as i16 as f64,
        _ => value as i32 as f64,
    }
}

fn wholes(x: &Array) -> Vec<i128> {
    x.values().into_iter().map(|v| v as i128).collect()
}

/// The definitions of hicann/ops-nn (`config/ascend910b/foreach_*_binary.json`) and the lists of dtypes in the `op_api` of each
/// have INT32 for these, `ForeachMulList` and `ForeachNeg` also smaller ones, whose kernels wrap, and `ForeachSign` INT8.
#[test]
fn functions_of_integers() {
    type Body =
        fn(*const aclTensorList, *const aclTensorList, *const aclTensorList, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Formula = fn(i128, i128) -> i128;
    const FULL: &[aclDataType] = &[ACL_INT32, ACL_INT16, ACL_INT8, ACL_UINT8];
    let cases: [(Body, Formula, &[aclDataType]); 5] = [
        (aclnnForeachMulListGetWorkspaceSize, |a, b| a * b, FULL),
        (aclnnForeachMaximumListGetWorkspaceSize, i128::max, &[ACL_INT32]),
        (aclnnForeachMinimumListGetWorkspaceSize, i128::min, &[ACL_INT32]),
        (|x, _, o, ws, e| aclnnForeachNegGetWorkspaceSize(x, o, ws, e), |a, _| -a, FULL),
        (|x, _, o, ws, e| aclnnForeachSignGetWorkspaceSize(x, o, ws, e), |a, _| a.signum(), &[ACL_INT32, ACL_INT8]),
    ];
    for (body, f, dtypes) in cases {
        for &dtype in dtypes {
            let (x, y) = (integers(dtype, 3), integers(dtype, 30));
            let out = outs(dtype);
            run(|ws, e| body(of(&x), of(&y), of(&out), ws, e)).unwrap();
            for (i, out) in out.iter().enumerate() {
                let want: Vec<f64> = wholes(&x[i]).iter().zip(wholes(&y[i])).map(|(&a, b)| wrapped(dtype, f(a, b))).collect();
                assert_eq!(out.values(), want, "{dtype:?}");
            }
        }
    }
    // Numbers that no float of 32 bits holds.
    let (x, out) = (Array::new(ACL_INT32, &[2], [16_777_217.0, -3.0]), Array::out(ACL_INT32, &[2]));
    let (exponents, powers) = (Array::new(ACL_INT32, &[2], [1.0, 5.0]), list(&[&out]));
    run(|ws, e| aclnnForeachPowListGetWorkspaceSize(list(&[&x]), list(&[&exponents]), powers, ws, e)).unwrap();
    assert_eq!(out.values(), [16_777_217.0, -243.0]);
    let (three, exponents) = (Host::int(3), Array::new(ACL_INT32, &[2], [16.0, 0.0]));
    run(|ws, e| aclnnForeachPowScalarAndTensorGetWorkspaceSize(three.0, list(&[&exponents]), powers, ws, e)).unwrap();
    assert_eq!(out.values(), [43_046_721.0, 1.0]);
}

/// The operators by one number that integers have too.
const NUMBERED: [&str; 6] = ["Add", "Sub", "Mul", "Pow", "Maximum", "Minimum"];

/// One of them: by a number of the host, by one of the device, or by one for each tensor.
fn by_number(
    operator: &str,
    way: usize,
    x: *const aclTensorList,
    (host, device, listed): (*const aclScalar, *const aclTensor, *const aclScalarList),
    out: *mut aclTensorList,
    ws: *mut u64,
    e: *mut *mut aclOpExecutor,
) -> Outcome {
    match (operator, way) {
        ("Add", 0) => aclnnForeachAddScalarV2GetWorkspaceSize(x, host, out, ws, e),
        ("Add", 1) => aclnnForeachAddScalarGetWorkspaceSize(x, device, out, ws, e),
        ("Add", _) => aclnnForeachAddScalarListGetWorkspaceSize(x, listed, out, ws, e),
        ("Sub", 0) => aclnnForeachSubScalarV2GetWorkspaceSize(x, host, out, ws, e),
        ("Sub", 1) => aclnnForeachSubScalarGetWorkspaceSize(x, device, out, ws, e),
        ("Sub", _) => aclnnForeachSubScalarListGetWorkspaceSize(x, listed, out, ws, e),
        ("Mul", 0) => aclnnForeachMulScalarV2GetWorkspaceSize(x, host, out, ws, e),
        ("Mul", 1) => aclnnForeachMulScalarGetWorkspaceSize(x, device, out, ws, e),
        ("Mul", _) => aclnnForeachMulScalarListGetWorkspaceSize(x, listed, out, ws, e),
        ("Pow", 0) => aclnnForeachPowScalarV2GetWorkspaceSize(x, host, out, ws, e),
        ("Pow", 1) => aclnnForeachPowScalarGetWorkspaceSize(x, device, out, ws, e),
        ("Pow", _) => aclnnForeachPowScalarListGetWorkspaceSize(x, listed, out, ws, e),
        ("Maximum", 0) => aclnnForeachMaximumScalarV2GetWorkspaceSize(x, host, out, ws, e),
        ("Maximum", 1) => aclnnForeachMaximumScalarGetWorkspaceSize(x, device, out, ws, e),
        ("Maximum", _) => aclnnForeachMaximumScalarListGetWorkspaceSize(x, listed, out, ws, e),
        ("Minimum", 0) => aclnnForeachMinimumScalarV2GetWorkspaceSize(x, host, out, ws, e),
        ("Minimum", 1) => aclnnForeachMinimumScalarGetWorkspaceSize(x, device, out, ws, e),
        ("Minimum", _) => aclnnForeachMinimumScalarListGetWorkspaceSize(x, listed, out, ws, e),
        _ => unreachable!("{operator} is not one by a number"),
    }
}

/// The same with a number: of the host, of the device, one for each.
#[test]
fn integers_with_numbers() {
    type Formula = fn(i128, i128, i128, i128) -> i128;
    let formulas: [Formula; 9] = [
        |a, _, _, s| a + s,
        |a, _, _, s| a - s,
        |a, _, _, s| a * s,
        |a, _, _, _| a * a * a,
        |a, _, _, s| a.max(s),
        |a, _, _, s| a.min(s),
        |a, b, c, s| a + s * b * c,
        |a, b, _, s| a + s * b,
        |a, b, _, s| a - s * b,
    ];
    // Powers only of 3.
    let numbers = |which: usize| if which == 3 { [3i64; 4] } else { [-7, 100_003, 0, 3] };
    let (x, y, z) = (integers(ACL_INT32, 3), integers(ACL_INT32, 30), integers(ACL_INT32, 60));
    let (a, b, c) = (of(&x), of(&y), of(&z));
    for (which, formula) in formulas.into_iter().enumerate() {
        let numbers = numbers(which);
        let (host, device) = (Host::int(numbers[0]), Array::new(ACL_INT32, &[1], [numbers[0] as f64]));
        let each = Array::new(ACL_INT32, &[4], numbers.map(|n| n as f64));
        for way in 0..3 {
            let scalars: Vec<*const aclScalar> = numbers
                .iter()
                .map(|n| crate::nn::aclCreateScalar((&raw const *n).cast_mut().cast(), ACL_INT64).unwrap().cast_const())
                .collect();
            let listed = crate::nn::aclCreateScalarList(scalars.as_ptr(), 4).unwrap();
            let out = outs(ACL_INT32);
            let (o, h, d) = (of(&out), host.0, device.handle());
            run(|ws, e| match (which, way) {
                (0..=5, _) => by_number(NUMBERED[which], way, a, (h, d, listed), o, ws, e),
                (6, 0) => aclnnForeachAddcmulScalarV2GetWorkspaceSize(a, b, c, h, o, ws, e),
                (6, 1) => aclnnForeachAddcmulScalarGetWorkspaceSize(a, b, c, d, o, ws, e),
                (6, _) => aclnnForeachAddcmulListGetWorkspaceSize(a, b, c, each.handle(), o, ws, e),
                (7, 0) => aclnnForeachAddListV2GetWorkspaceSize(a, b, h, o, ws, e),
                (7, _) => aclnnForeachAddListGetWorkspaceSize(a, b, d, o, ws, e),
                (_, 0) => aclnnForeachSubListV2GetWorkspaceSize(a, b, h, o, ws, e),
                _ => aclnnForeachSubListGetWorkspaceSize(a, b, d, o, ws, e),
            })
            .unwrap();
            for (i, out) in out.iter().enumerate() {
                let s = if way < 2 || which > 6 { numbers[0] } else { numbers[i] } as i128;
                let (a, b, c) = (wholes(&x[i]), wholes(&y[i]), wholes(&z[i]));
                let want: Vec<f64> = (0..a.len()).map(|j| wrapped(ACL_INT32, formula(a[j], b[j], c[j], s))).collect();
                assert_eq!(out.values(), want, "formula {which}, number {way}");
            }
            crate::nn::aclDestroyScalarList(listed).unwrap();
        }
    }
}

/// What CANN takes and the simulator does not is unsupported; what CANN does not take is invalid, also a float for integers
/// (`ForeachAddScalarV2CheckDtypeValid` of hicann/ops-nn).
#[test]
fn integers_that_are_refused() {
    let [ints, small, short] = [ACL_INT32, ACL_INT8, ACL_INT16].map(|dtype| Array::new(dtype, &[3], [1.0; 3]));
    let (x, tiny, half) = (list(&[&ints]), list(&[&small]), list(&[&short]));
    let (one, float, device) = (Host::int(1), Host::float(1.0), Array::new(ACL_FLOAT, &[1], [1.0]));
    let add = |x: *mut aclTensorList, s: &Host| run(|ws, e| aclnnForeachAddScalarV2GetWorkspaceSize(x, s.0, x, ws, e));
    let operator = "aclnnForeachAddScalarV2";
    assert_eq!(refusal(add(tiny, &one), operator, "x is ACL_INT8, which is not supported"), ACL_ERROR_FEATURE_UNSUPPORTED);
    assert_eq!(refusal(add(x, &float), operator, "an integer is needed"), ACLNN_ERR_PARAM_INVALID);
    let exp = run(|ws, e| aclnnForeachExpGetWorkspaceSize(half, half, ws, e));
    assert_eq!(refusal(exp, "aclnnForeachExp", "x is ACL_INT16, which is not supported"), ACL_ERROR_FEATURE_UNSUPPORTED);
    let exp = run(|ws, e| aclnnForeachExpGetWorkspaceSize(x, x, ws, e));
    assert_eq!(refusal(exp, "aclnnForeachExp", "x is ACL_INT32; the operator takes"), ACLNN_ERR_PARAM_INVALID);
    let mul = run(|ws, e| aclnnForeachMulScalarV2GetWorkspaceSize(tiny, one.0, tiny, ws, e));
    assert_eq!(refusal(mul, "aclnnForeachMulScalarV2", "x is ACL_INT8; the operator takes"), ACLNN_ERR_PARAM_INVALID);
    let number = run(|ws, e| aclnnForeachAddScalarGetWorkspaceSize(x, device.handle(), x, ws, e));
    assert_eq!(refusal(number, "aclnnForeachAddScalar", "scalar is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    let mixed = run(|ws, e| aclnnForeachMulListGetWorkspaceSize(x, tiny, x, ws, e));
    assert_eq!(refusal(mixed, "aclnnForeachMulList", "x2 is ACL_INT8"), ACLNN_ERR_PARAM_INVALID);
    let both = list(&[&ints, &small]);
    let mixed = run(|ws, e| aclnnForeachMulListGetWorkspaceSize(both, both, both, ws, e));
    assert_eq!(refusal(mixed, "aclnnForeachMulList", "the first of them makes it ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
}

/// One number for all, from the host and from the device, and one for each: all give the same formula.
#[test]
fn functions_with_numbers() {
    type Formula = fn(f64, f64, f64, f64) -> f64;
    let formulas: [Formula; 8] = [
        |a, _, _, s| a + s,
        |a, _, _, s| a - s,
        |a, _, _, s| a * s,
        |a, _, _, s| a / s,
        |a, _, _, s| a.powf(s),
        |a, _, _, s| a.max(s),
        |a, _, _, s| a.min(s),
        |a, b, c, s| a + s * b * c,
    ];
    let numbers = [0.75f32, 0.5, 0.25, 2.0];
    for (dtype, relative) in BOUNDS {
        let (x, y, z) = (positive(dtype), arrays(dtype, 7), arrays(dtype, 8));
        for (which, formula) in formulas.into_iter().enumerate() {
            let (host, device) = (Host::float(0.75), Array::new(ACL_FLOAT, &[1], [0.75]));
            let each = Array::new(ACL_FLOAT, &[4], numbers.map(f64::from));
            for way in 0..3 {
                let scalars: Vec<*const aclScalar> = numbers
                    .iter()
                    .map(|n| crate::nn::aclCreateScalar((&raw const *n).cast_mut().cast(), ACL_FLOAT).unwrap().cast_const())
                    .collect();
                let listed = crate::nn::aclCreateScalarList(scalars.as_ptr(), 4).unwrap();
                let out = outs(dtype);
                let (a, b, c, o, h, d) = (of(&x), of(&y), of(&z), of(&out), host.0, device.handle());
                run(|ws, e| match (which, way) {
                    (3, 0) => aclnnForeachDivScalarV2GetWorkspaceSize(a, h, o, ws, e),
                    (3, 1) => aclnnForeachDivScalarGetWorkspaceSize(a, d, o, ws, e),
                    (3, _) => aclnnForeachDivScalarListGetWorkspaceSize(a, listed, o, ws, e),
                    (0..=2, _) => by_number(NUMBERED[which], way, a, (h, d, listed), o, ws, e),
                    (4..=6, _) => by_number(NUMBERED[which - 1], way, a, (h, d, listed), o, ws, e),
                    (_, 0) => aclnnForeachAddcmulScalarV2GetWorkspaceSize(a, b, c, h, o, ws, e),
                    (_, 1) => aclnnForeachAddcmulScalarGetWorkspaceSize(a, b, c, d, o, ws, e),
                    _ => aclnnForeachAddcmulScalarListGetWorkspaceSize(a, b, c, each.handle(), o, ws, e),
                })
                .unwrap();
                for (i, out) in out.iter().enumerate() {
                    let s = if way < 2 { 0.75 } else { f64::from(numbers[i]) };
                    let (a, b, c) = (x[i].values(), y[i].values(), z[i].values());
                    let want: Vec<f64> = (0..a.len()).map(|j| formula(a[j], b[j], c[j], s)).collect();
                    assert_close(&out.values(), &want, relative, 3e-7);
                }
                crate::nn::aclDestroyScalarList(listed).unwrap();
            }
        }
    }
}

#[test]
fn differences_quotients_and_powers_of_lists() {
    let (x, y, out) = (positive(ACL_FLOAT), arrays(ACL_FLOAT, 7), outs(ACL_FLOAT));
    let (host, device) = (Host::float(0.75), Array::new(ACL_FLOAT, &[1], [0.75]));
    let check = |f: &dyn Fn(f64, f64, f64) -> f64| {
        for (i, out) in out.iter().enumerate() {
            let number = [0.5, -1.0, 2.0, 0.25][i];
            let want: Vec<f64> = x[i].values().iter().zip(y[i].values()).map(|(&a, b)| f(a, b, number)).collect();
            assert_close(&out.values(), &want, 1e-6, 1e-6);
        }
    };
    run(|ws, e| aclnnForeachSubListGetWorkspaceSize(of(&x), of(&y), device.handle(), of(&out), ws, e)).unwrap();
    check(&|a, b, _| a - 0.75 * b);
    run(|ws, e| aclnnForeachSubListV2GetWorkspaceSize(of(&x), of(&y), host.0, of(&out), ws, e)).unwrap();
    check(&|a, b, _| a - 0.75 * b);
    run(|ws, e| aclnnForeachPowScalarAndTensorGetWorkspaceSize(host.0, of(&x), of(&out), ws, e)).unwrap();
    check(&|a, _, _| 0.75f64.powf(a));
    let numbers = Array::new(ACL_FLOAT, &[4], [0.5, -1.0, 2.0, 0.25]);
    let (one, n) = (of(&x), numbers.handle());
    run(|ws, e| aclnnForeachAddcdivListGetWorkspaceSize(one, of(&y), of(&x), n, of(&out), ws, e)).unwrap();
    check(&|a, b, s| a + s * b / a);
    run(|ws, e| aclnnForeachAddcdivScalarListGetWorkspaceSize(one, of(&y), of(&x), n, of(&out), ws, e)).unwrap();
    check(&|a, b, s| a + s * b / a);
    run(|ws, e| aclnnForeachAddcmulListGetWorkspaceSize(one, of(&y), of(&x), n, of(&out), ws, e)).unwrap();
    check(&|a, b, s| a + s * b * a);
    let few = Array::new(ACL_FLOAT, &[3], [1.0; 3]);
    let wrong = run(|ws, e| aclnnForeachAddcmulListGetWorkspaceSize(one, of(&y), of(&x), few.handle(), of(&out), ws, e));
    assert_eq!(refusal(wrong, "aclnnForeachAddcmulList", "there are 3 numbers"), ACLNN_ERR_PARAM_INVALID);
}
