//! Functions of one number: rounding, logarithms and exponentials to other bases, trigonometry, and their forms in place.
//!
//! Integers are computed as floats where a function of theirs is no integer, as CANN casts them first.

use ascend_rl_sys::types::*;

use super::engine::lanes;
use super::operators::zero;
use super::prepare::Row;
use super::signatures::{operators, row};
use crate::math::sigmoid;
use crate::ops::dtypes::{ALL, FLOATS, NUMBERS, SIGNED};
use crate::reject::Outcome;

/// What `aclnnRound` takes on A2, but for f64.
const ROUNDED: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32];
/// What `aclnnErfc` takes on A2, but for f64.
const ERFC: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_BOOL];

operators! { out = self, as self:
    aclnnRoundGetWorkspaceSize, "aclnnRound", "out", ROUNDED: |a, _b, _c, _s| a.round_ties_even(), a;
    aclnnFloorGetWorkspaceSize, "aclnnFloor", "out", NUMBERS: |a, _b, _c, _s| a.floor(), a;
    aclnnCeilGetWorkspaceSize, "aclnnCeil", "out", FLOATS: |a, _b, _c, _s| a.ceil();
    aclnnTruncGetWorkspaceSize, "aclnnTrunc", "out", FLOATS: |a, _b, _c, _s| a.trunc();
}
operators! { self = self:
    aclnnInplaceRoundGetWorkspaceSize, "aclnnInplaceRound", ROUNDED: as aclnnRoundGetWorkspaceSize;
    aclnnInplaceFloorGetWorkspaceSize, "aclnnInplaceFloor", NUMBERS: as aclnnFloorGetWorkspaceSize;
    aclnnInplaceCeilGetWorkspaceSize, "aclnnInplaceCeil", FLOATS: as aclnnCeilGetWorkspaceSize;
    aclnnInplaceTruncGetWorkspaceSize, "aclnnInplaceTrunc", FLOATS: as aclnnTruncGetWorkspaceSize;
    aclnnInplaceLogGetWorkspaceSize, "aclnnInplaceLog", FLOATS: as aclnnLogGetWorkspaceSize;
    aclnnInplaceLog2GetWorkspaceSize, "aclnnInplaceLog2", FLOATS: as aclnnLog2GetWorkspaceSize;
    aclnnInplaceLog10GetWorkspaceSize, "aclnnInplaceLog10", FLOATS: as aclnnLog10GetWorkspaceSize;
    aclnnInplaceLog1pGetWorkspaceSize, "aclnnInplaceLog1p", FLOATS: as aclnnLog1pGetWorkspaceSize;
    aclnnInplaceExp2GetWorkspaceSize, "aclnnInplaceExp2", FLOATS: as aclnnExp2GetWorkspaceSize;
    aclnnInplaceExpm1GetWorkspaceSize, "aclnnInplaceExpm1", FLOATS: as aclnnExpm1GetWorkspaceSize;
    aclnnInplaceRsqrtGetWorkspaceSize, "aclnnInplaceRsqrt", FLOATS: as aclnnRsqrtGetWorkspaceSize;
    aclnnInplaceReciprocalGetWorkspaceSize, "aclnnInplaceReciprocal", FLOATS: as aclnnReciprocalGetWorkspaceSize;
    aclnnInplaceNegGetWorkspaceSize, "aclnnInplaceNeg", SIGNED: as aclnnNegGetWorkspaceSize;
    aclnnInplaceSigmoidGetWorkspaceSize, "aclnnInplaceSigmoid", FLOATS: |a, _b, _c, _s| sigmoid(a);
    aclnnInplaceTanhGetWorkspaceSize, "aclnnInplaceTanh", FLOATS: as aclnnTanhGetWorkspaceSize;
    aclnnInplaceErfGetWorkspaceSize, "aclnnInplaceErf", FLOATS: as aclnnErfGetWorkspaceSize;
}
operators! { out = self:
    aclnnLog2GetWorkspaceSize, "aclnnLog2", ALL: |a, _b, _c, _s| a.log2();
    aclnnLog10GetWorkspaceSize, "aclnnLog10", ALL: |a, _b, _c, _s| a.log10();
    aclnnLog1pGetWorkspaceSize, "aclnnLog1p", ALL: |a, _b, _c, _s| a.ln_1p();
    aclnnExp2GetWorkspaceSize, "aclnnExp2", ALL: |a, _b, _c, _s| a.exp2();
    aclnnTanGetWorkspaceSize, "aclnnTan", ALL: |a, _b, _c, _s| a.tan();
    aclnnSinhGetWorkspaceSize, "aclnnSinh", ALL: |a, _b, _c, _s| a.sinh();
    aclnnCoshGetWorkspaceSize, "aclnnCosh", ALL: |a, _b, _c, _s| a.cosh();
    aclnnAsinGetWorkspaceSize, "aclnnAsin", ALL: |a, _b, _c, _s| a.asin();
    // By way of f64: the standard library's of f32 loses digits near 1.
    aclnnAcoshGetWorkspaceSize, "aclnnAcosh", ALL: |a, _b, _c, _s| f64::from(a).acosh() as f32;
    aclnnErfcGetWorkspaceSize, "aclnnErfc", ERFC: |a, _b, _c, _s| libm::erfcf(a);
    aclnnErfinvGetWorkspaceSize, "aclnnErfinv", ALL: |a, _b, _c, _s| erfinv(a);
    aclnnSincGetWorkspaceSize, "aclnnSinc", ALL: |a, _b, _c, _s| sinc(a);
}
operators! { out = input:
    aclnnFracGetWorkspaceSize, "aclnnFrac", NUMBERS: |a, _b, _c, _s| a - a.trunc(), zero(a);
    aclnnAcosGetWorkspaceSize, "aclnnAcos", ALL: |a, _b, _c, _s| a.acos();
    aclnnAtanGetWorkspaceSize, "aclnnAtan", ALL: |a, _b, _c, _s| a.atan();
    // By way of f64, as above: these lose digits near 0.
    aclnnAsinhGetWorkspaceSize, "aclnnAsinh", ALL: |a, _b, _c, _s| f64::from(a).asinh() as f32;
    aclnnAtanhGetWorkspaceSize, "aclnnAtanh", ALL: |a, _b, _c, _s| f64::from(a).atanh() as f32;
}
operators! { bool = self:
    aclnnSignbitGetWorkspaceSize, "aclnnSignbit", ALL: |a, _b, _c, _s| a.is_sign_negative() as u8 as f32, (a < 0) as i64;
    aclnnIsPosInfGetWorkspaceSize, "aclnnIsPosInf", ALL: |a, _b, _c, _s| (a == f32::INFINITY) as u8 as f32, zero(a);
    aclnnIsNegInfGetWorkspaceSize, "aclnnIsNegInf", ALL: |a, _b, _c, _s| (a == f32::NEG_INFINITY) as u8 as f32, zero(a);
}

/// `sin(πx) / πx`, 1 at 0.
fn sinc(x: f32) -> f32 {
    let x = std::f64::consts::PI * f64::from(x);
    if x == 0.0 { 1.0 } else { (x.sin() / x) as f32 }
}

/// `y` with `erf(y) = x`: an estimate from the tail of the normal distribution, then Newton's steps in f64.
fn erfinv(x: f32) -> f32 {
    let x = f64::from(x);
    if x.abs() >= 1.0 || x.is_nan() {
        return if x.abs() == 1.0 { x as f32 * f32::INFINITY } else { f32::NAN };
    }
    // Winitzki's, good to 2e-3: the steps double the digits each.
    let tail = (1.0 - x * x).ln();
    let half = 2.0 / (std::f64::consts::PI * 0.147) + tail / 2.0;
    let mut y = ((half * half - tail / 0.147).sqrt() - half).sqrt().copysign(x);
    for _ in 0..3 {
        // Of the tail where `erf` is close to 1, so that the difference keeps its digits.
        let off = if x > 0.5 {
            (1.0 - x) - libm::erfc(y)
        } else if x < -0.5 {
            libm::erfc(-y) - (1.0 + x)
        } else {
            libm::erf(y) - x
        };
        y -= off * std::f64::consts::PI.sqrt() / 2.0 * (y * y).exp();
    }
    y as f32
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    type One = fn(*const aclTensor, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Own = fn(*const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Curve = fn(f64) -> f64;

    /// f32's own functions err by two units in the last place; halves round once, to a neighbour where they straddle.
    const BOUNDS: [(aclDataType, f64); 3] = [(ACL_FLOAT, 4e-7), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)];

    /// Numbers between two of a view that skips.
    fn between(dtype: aclDataType, from: f64, to: f64) -> Array {
        let values = noise(9).map(move |v| from + (to - from) * (v + 1.0) / 2.0);
        Array::strided(dtype, &[3, 345], &[400, 1], 2, 1300, values)
    }

    #[test]
    fn functions_of_slices() {
        let cases: [(One, Curve, f64, f64); 13] = [
            (aclnnLog2GetWorkspaceSize, f64::log2, 0.1, 9.0),
            (aclnnLog10GetWorkspaceSize, f64::log10, 0.1, 9.0),
            (aclnnLog1pGetWorkspaceSize, f64::ln_1p, -0.9, 3.0),
            (aclnnExp2GetWorkspaceSize, f64::exp2, -5.0, 5.0),
            (aclnnTanGetWorkspaceSize, f64::tan, -1.5, 1.5),
            (aclnnSinhGetWorkspaceSize, f64::sinh, -4.0, 4.0),
            (aclnnCoshGetWorkspaceSize, f64::cosh, -4.0, 4.0),
            (aclnnAsinGetWorkspaceSize, f64::asin, -0.9, 0.9),
            (aclnnAcosGetWorkspaceSize, f64::acos, -0.9, 0.9),
            (aclnnAtanGetWorkspaceSize, f64::atan, -9.0, 9.0),
            (aclnnAsinhGetWorkspaceSize, f64::asinh, -9.0, 9.0),
            (aclnnAcoshGetWorkspaceSize, f64::acosh, 1.01, 9.0),
            (aclnnAtanhGetWorkspaceSize, f64::atanh, -0.9, 0.9),
        ];
        for (dtype, relative) in BOUNDS {
            for (body, f, from, to) in cases {
                let (x, out) = (between(dtype, from, to), Array::out(dtype, &[3, 345]));
                run(|w, e| body(x.handle(), out.handle(), w, e)).unwrap();
                let want: Vec<f64> = x.values().into_iter().map(f).collect();
                assert_close(&out.values(), &want, relative, 1e-7);
            }
        }
    }

    #[test]
    fn functions_in_place() {
        let cases: [(Own, Curve); 12] = [
            (aclnnInplaceLogGetWorkspaceSize, f64::ln),
            (aclnnInplaceLog2GetWorkspaceSize, f64::log2),
            (aclnnInplaceLog10GetWorkspaceSize, f64::log10),
            (aclnnInplaceLog1pGetWorkspaceSize, f64::ln_1p),
            (aclnnInplaceExp2GetWorkspaceSize, f64::exp2),
            (aclnnInplaceExpm1GetWorkspaceSize, f64::exp_m1),
            (aclnnInplaceRsqrtGetWorkspaceSize, |v| 1.0 / v.sqrt()),
            (aclnnInplaceReciprocalGetWorkspaceSize, |v| 1.0 / v),
            (aclnnInplaceNegGetWorkspaceSize, |v| -v),
            (aclnnInplaceSigmoidGetWorkspaceSize, |v| 1.0 / (1.0 + (-v).exp())),
            (aclnnInplaceTanhGetWorkspaceSize, f64::tanh),
            (aclnnInplaceTruncGetWorkspaceSize, f64::trunc),
        ];
        for (dtype, relative) in BOUNDS {
            for (body, f) in cases {
                let x = between(dtype, 0.2, 3.5);
                let want: Vec<f64> = x.values().into_iter().map(f).collect();
                run(|w, e| body(x.handle(), w, e)).unwrap();
                assert_close(&x.values(), &want, relative, 1e-7);
            }
        }
    }

    #[test]
    fn rounding_to_whole_numbers() {
        let values = [-2.5, -1.5, -1.2, -0.5, -0.0, 0.5, 1.5, 2.5, 2.7, 1e9];
        let cases: [(One, [f64; 10]); 5] = [
            (aclnnRoundGetWorkspaceSize, [-2.0, -2.0, -1.0, 0.0, 0.0, 0.0, 2.0, 2.0, 3.0, 1e9]),
            (aclnnFloorGetWorkspaceSize, [-3.0, -2.0, -2.0, -1.0, 0.0, 0.0, 1.0, 2.0, 2.0, 1e9]),
            (aclnnCeilGetWorkspaceSize, [-2.0, -1.0, -1.0, 0.0, 0.0, 1.0, 2.0, 3.0, 3.0, 1e9]),
            (aclnnTruncGetWorkspaceSize, [-2.0, -1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 1e9]),
            (aclnnFracGetWorkspaceSize, [-0.5, -0.5, -0.2, -0.5, 0.0, 0.5, 0.5, 0.5, 0.7, 0.0]),
        ];
        let (x, out) = (Array::new(ACL_FLOAT, &[10], values), Array::out(ACL_FLOAT, &[10]));
        for (body, want) in cases {
            run(|w, e| body(x.handle(), out.handle(), w, e)).unwrap();
            // A fraction keeps the digits that the number has.
            assert_close(&out.values(), &want, 0.0, 2e-7);
        }
        let in_place: [(Own, [f64; 3]); 3] = [
            (aclnnInplaceRoundGetWorkspaceSize, [-2.0, 0.0, 3.0]),
            (aclnnInplaceFloorGetWorkspaceSize, [-3.0, 0.0, 2.0]),
            (aclnnInplaceCeilGetWorkspaceSize, [-2.0, 1.0, 3.0]),
        ];
        for (body, want) in in_place {
            let x = Array::new(ACL_FLOAT16, &[3], [-2.5, 0.5, 2.75]);
            run(|w, e| body(x.handle(), w, e)).unwrap();
            assert_eq!(x.values(), want);
        }
        // Beyond f32's digits, an integer stays what it is.
        let (x, out) = (Array::new(ACL_INT64, &[1], [16_777_217.0]), Array::out(ACL_INT64, &[1]));
        for body in [aclnnRoundGetWorkspaceSize as One, aclnnFloorGetWorkspaceSize] {
            run(|w, e| body(x.handle(), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), [16_777_217.0]);
        }
        run(|w, e| aclnnFracGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [0.0]);
    }

    #[test]
    fn error_functions_and_their_inverse() {
        let (x, out) = (Array::new(ACL_FLOAT, &[5], [-3.0, -0.5, 0.0, 0.5, 4.0]), Array::out(ACL_FLOAT, &[5]));
        run(|w, e| aclnnErfcGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        // Tables of erfc.
        assert_close(&out.values(), &[1.999_977_909_5, 1.520_499_877_8, 1.0, 0.479_500_122_2, 1.541_725_79e-8], 4e-7, 0.0);
        let x = Array::new(ACL_FLOAT, &[9], [0.0, 1e-6, 0.3, -0.5, 0.9, -0.999_999, 0.999_999_94, 1.0, 1.5]);
        let out = Array::out(ACL_FLOAT, &[9]);
        run(|w, e| aclnnErfinvGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        let got = out.values();
        for (x, y) in x.values().into_iter().zip(&got).take(7) {
            // Back by the error function, of the tail where there is little else.
            assert!((libm::erfc(y.abs()) - (1.0 - x.abs())).abs() <= 2e-6 * (1.0 - x.abs()).max(1e-3 * x.abs()), "{x} {y}");
            assert!(x == 0.0 || x.signum() == y.signum());
        }
        assert!(got[7] == f64::INFINITY && got[8].is_nan());
        let (x, out) = (Array::new(ACL_FLOAT, &[3], [0.0, 0.5, -1.25]), Array::out(ACL_FLOAT, &[3]));
        run(|w, e| aclnnSincGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        let p = std::f64::consts::PI;
        assert_close(&out.values(), &[1.0, 2.0 / p, (1.25 * p).sin() / (1.25 * p)], 4e-7, 0.0);
    }

    #[test]
    fn signs_and_infinities() {
        let x = Array::new(ACL_BF16, &[5], [-0.0, 0.0, f64::NEG_INFINITY, f64::INFINITY, f64::NAN]);
        let out = Array::out(ACL_BOOL, &[5]);
        run(|w, e| aclnnSignbitGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values()[..4], [1.0, 0.0, 1.0, 0.0]);
        run(|w, e| aclnnIsPosInfGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [0.0, 0.0, 0.0, 1.0, 0.0]);
        run(|w, e| aclnnIsNegInfGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [0.0, 0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn integers_give_floats_and_refusals_name_the_parameter() {
        let (x, out) = (Array::new(ACL_INT32, &[2], [0.0, 1.0]), Array::out(ACL_FLOAT, &[2]));
        run(|w, e| aclnnAtanGetWorkspaceSize(x.handle(), out.handle(), w, e)).unwrap();
        assert_close(&out.values(), &[0.0, std::f64::consts::FRAC_PI_4], 2e-7, 0.0);
        let wrong = run(|w, e| aclnnAtanGetWorkspaceSize(x.handle(), x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnAtan", "cannot be cast to out"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnAcosGetWorkspaceSize(nothing(), out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnAcos", "input is null"), ACLNN_ERR_PARAM_NULLPTR);
        let wrong = run(|w, e| aclnnCeilGetWorkspaceSize(x.handle(), x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCeil", "self is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnRoundGetWorkspaceSize(out.handle(), x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnRound", "out is ACL_INT32"), ACLNN_ERR_PARAM_INVALID);
    }
}
