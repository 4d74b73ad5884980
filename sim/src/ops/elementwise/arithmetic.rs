//! Arithmetic of two numbers beyond the four rules: quotients rounded to whole ones and what they leave, powers, products with
//! logarithms, steps from one number to another.

use std::ffi::c_int;

use ascend_rl_sys::types::*;

use super::engine::{Lanes, lanes};
use super::operators::power;
use super::prepare::{Factor, Row, prepare};
use super::signatures::{operators, row};
use crate::math::log;
use crate::ops::call::Call;
use crate::ops::dtypes::{ALL, FLOATS, NUMBERS};
use crate::reject::{Outcome, reject};

/// What `aclnnRemainder*` take on A2, but for f64.
const REST: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32];
/// What `aclnnFmod*` take on A2, but for f64.
const FMOD: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_INT32, ACL_INT8, ACL_UINT8];

operators! { out = self, other:
    aclnnFloorDivideGetWorkspaceSize, "aclnnFloorDivide", ALL: |a, b, _c, _s| (a / b).floor(), quotient(a, b, true);
    aclnnRemainderTensorTensorGetWorkspaceSize, "aclnnRemainderTensorTensor", REST: |a, b, _c, _s| rest(a, b), whole_rest(a, b);
    aclnnFmodTensorGetWorkspaceSize, "aclnnFmodTensor", FMOD: |a, b, _c, _s| a % b, left(a, b);
    aclnnAtan2GetWorkspaceSize, "aclnnAtan2", ALL: |a, b, _c, _s| a.atan2(b);
    aclnnXLogYTensorGetWorkspaceSize, "aclnnXLogYTensor", ALL: |a, b, _c, _s| log_times(a, b);
    aclnnLogAddExpGetWorkspaceSize, "aclnnLogAddExp", ALL: |a, b, _c, _s| log_add(a, b, f32::exp, f32::ln_1p);
    aclnnLogAddExp2GetWorkspaceSize, "aclnnLogAddExp2", ALL: |a, b, _c, _s| log_add(a, b, f32::exp2, log2_1p);
    aclnnPowTensorTensorGetWorkspaceSize, "aclnnPowTensorTensor", ALL: |a, b, _c, _s| a.powf(b), power(a, b);
    aclnnClampMaxTensorGetWorkspaceSize, "aclnnClampMaxTensor", NUMBERS: |a, b, _c, _s| if a > b { b } else { a }, a.min(b);
}
operators! { self = self, other:
    aclnnInplaceFloorDivideGetWorkspaceSize, "aclnnInplaceFloorDivide", ALL: as aclnnFloorDivideGetWorkspaceSize;
    aclnnInplaceRemainderTensorTensorGetWorkspaceSize, "aclnnInplaceRemainderTensorTensor", REST: as aclnnRemainderTensorTensorGetWorkspaceSize;
    aclnnInplaceFmodTensorGetWorkspaceSize, "aclnnInplaceFmodTensor", FMOD: as aclnnFmodTensorGetWorkspaceSize;
    aclnnInplaceAtan2GetWorkspaceSize, "aclnnInplaceAtan2", ALL: as aclnnAtan2GetWorkspaceSize;
    aclnnInplacePowTensorTensorGetWorkspaceSize, "aclnnInplacePowTensorTensor", ALL: as aclnnPowTensorTensorGetWorkspaceSize;
    aclnnInplaceClampMinTensorGetWorkspaceSize, "aclnnInplaceClampMinTensor", NUMBERS: as aclnnClampMinTensorGetWorkspaceSize;
    aclnnInplaceClampMaxTensorGetWorkspaceSize, "aclnnInplaceClampMaxTensor", NUMBERS: as aclnnClampMaxTensorGetWorkspaceSize;
}
operators! { out = self, scalar:
    aclnnFloorDividesGetWorkspaceSize, "aclnnFloorDivides", ALL: |a, _b, _c, s| (a / s).floor(), quotient(a, s, true);
    aclnnRemainderTensorScalarGetWorkspaceSize, "aclnnRemainderTensorScalar", REST: |a, _b, _c, s| rest(a, s), whole_rest(a, s);
    aclnnFmodScalarGetWorkspaceSize, "aclnnFmodScalar", FMOD: |a, _b, _c, s| a % s, left(a, s);
    aclnnXLogYScalarOtherGetWorkspaceSize, "aclnnXLogYScalarOther", ALL: |a, _b, _c, s| log_times(a, s);
}
operators! { self = self, scalar:
    aclnnInplaceFloorDividesGetWorkspaceSize, "aclnnInplaceFloorDivides", ALL: as aclnnFloorDividesGetWorkspaceSize;
    aclnnInplaceRemainderTensorScalarGetWorkspaceSize, "aclnnInplaceRemainderTensorScalar", REST: as aclnnRemainderTensorScalarGetWorkspaceSize;
    aclnnInplaceFmodScalarGetWorkspaceSize, "aclnnInplaceFmodScalar", FMOD: as aclnnFmodScalarGetWorkspaceSize;
    aclnnInplacePowTensorScalarGetWorkspaceSize, "aclnnInplacePowTensorScalar", NUMBERS: as aclnnPowTensorScalarGetWorkspaceSize;
}
operators! { out = scalar, other:
    aclnnRemainderScalarTensorGetWorkspaceSize, "aclnnRemainderScalarTensor", REST: |a, _b, _c, s| rest(s, a), whole_rest(s, a);
    aclnnXLogYScalarSelfGetWorkspaceSize, "aclnnXLogYScalarSelf", ALL: |a, _b, _c, s| log_times(s, a);
}
operators! { out = self, alpha other:
    aclnnRsubGetWorkspaceSize, "aclnnRsub", NUMBERS: |a, b, _c, s| b - s * a, b.wrapping_sub(s.wrapping_mul(a));
}
operators! { out = self, end, weight:
    aclnnLerpGetWorkspaceSize, "aclnnLerp", FLOATS: |a, b, c, _s| a + c * (b - a);
}
operators! { self = self, end, weight:
    aclnnInplaceLerpGetWorkspaceSize, "aclnnInplaceLerp", FLOATS: as aclnnLerpGetWorkspaceSize;
}

/// A quotient of integers; of 0 it is -1, which is what the hardware gives and nobody should rely on.
fn quotient(a: i64, b: i64, down: bool) -> i64 {
    if b == 0 {
        return -1;
    }
    let towards_zero = a.wrapping_div(b);
    towards_zero - i64::from(down && a.wrapping_rem(b) != 0 && (a < 0) != (b < 0))
}

/// What division rounded down leaves: it has the sign of `b`.
#[inline(always)]
fn rest(a: f32, b: f32) -> f32 {
    let left = a % b;
    if left != 0.0 && (left < 0.0) != (b < 0.0) { left + b } else { left }
}

/// The same of integers.
fn whole_rest(a: i64, b: i64) -> i64 {
    let left = left(a, b);
    if left != 0 && (left < 0) != (b < 0) && b != 0 { left + b } else { left }
}

/// What division towards zero leaves: it has the sign of `a`, which is all there is where `b` is 0.
fn left(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { a.wrapping_rem(b) }
}

/// `a * log(b)`, 0 where `a` is, unless `b` is no number.
#[inline(always)]
fn log_times(a: f32, b: f32) -> f32 {
    if a == 0.0 && !b.is_nan() { 0.0 } else { a * log(b) }
}

/// `log(e^a + e^b)`, in either base: the larger apart, so that no exponential overflows.
#[inline(always)]
fn log_add(a: f32, b: f32, exp: fn(f32) -> f32, log_1p: fn(f32) -> f32) -> f32 {
    if a == b && a.is_infinite() {
        return a;
    }
    let most = if a > b || a.is_nan() { a } else { b };
    most + log_1p(exp(-(a - b).abs()))
}

fn log2_1p(x: f32) -> f32 {
    x.ln_1p() * std::f32::consts::LOG2_E
}

/// `out = other - alpha*self`, both numbers of the tensor's dtype.
pub(crate) fn aclnnRsubsGetWorkspaceSize(
    self_: *const aclTensor,
    other: *const aclScalar,
    alpha: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnRsubs";
    const FLOAT: Lanes<f32> = lanes!(f32: |a, _b, _c, [other, alpha]| other - alpha * a);
    const INT: Lanes<i64> = lanes!(i64: |a, _b, _c, [other, alpha]| other.wrapping_sub(alpha.wrapping_mul(a)));
    static ROW: Row = Row { name: NAME, takes: NUMBERS, float: FLOAT, int: Some(INT), compares: false };
    let mut call = Call::new(NAME);
    let inputs = [("self", call.input("self", self_)?)];
    let given = [call.scalar("other", other)?, call.scalar("alpha", alpha)?];
    let out = call.output("out", out)?;
    prepare(call, &ROW, &inputs, Factor::Limits(given.map(Some)), ("out", out), (ws, executor))
}

/// The row of a quotient: 0 exactly, 1 rounded towards zero, 2 rounded down; of the second input, or of the number.
macro_rules! quotients {
    ($name:literal, $mode:ident, $b:ident, |$a:ident, $x:ident, $s:ident|) => {
        match $mode {
            0 => row!($name, ALL, false, |$a, $x, _c, $s| $a / $b),
            1 => row!($name, ALL, false, |$a, $x, _c, $s| ($a / $b).trunc(), quotient($a, $b, false)),
            2 => row!($name, ALL, false, |$a, $x, _c, $s| ($a / $b).floor(), quotient($a, $b, true)),
            mode => {
                let taken = "0 (exact), 1 (towards zero) and 2 (down) are taken";
                reject!(ACLNN_ERR_PARAM_INVALID, "{}: mode is {mode}; {taken}", $name)
            }
        }
    };
}

/// `out = self / other`, rounded as `mode` says.
pub(crate) fn aclnnDivModGetWorkspaceSize(
    self_: *const aclTensor,
    other: *const aclTensor,
    mode: c_int,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let row = quotients!("aclnnDivMod", mode, b, |a, b, _s|);
    let mut call = Call::new(row.name);
    let inputs = [("self", call.input("self", self_)?), ("other", call.input("other", other)?)];
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::None, ("out", out), (ws, executor))
}

/// The same of a number.
pub(crate) fn aclnnDivModsGetWorkspaceSize(
    self_: *const aclTensor,
    other: *const aclScalar,
    mode: c_int,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let row = quotients!("aclnnDivMods", mode, s, |a, _b, s|);
    let mut call = Call::new(row.name);
    let inputs = [("self", call.input("self", self_)?)];
    let other = call.scalar("other", other)?;
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::Other(other), ("out", out), (ws, executor))
}

/// `self /= other`, rounded as `mode` says.
pub(crate) fn aclnnInplaceDivModGetWorkspaceSize(
    self_ref: *mut aclTensor,
    other: *const aclTensor,
    mode: c_int,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let row = quotients!("aclnnInplaceDivMod", mode, b, |a, b, _s|);
    let mut call = Call::new(row.name);
    let own = call.output("selfRef", self_ref)?;
    let inputs = [("selfRef", own), ("other", call.input("other", other)?)];
    prepare(call, row, &inputs, Factor::None, ("selfRef", own), (ws, executor))
}

/// The same of a number.
pub(crate) fn aclnnInplaceDivModsGetWorkspaceSize(
    self_ref: *mut aclTensor,
    other: *const aclScalar,
    mode: c_int,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let row = quotients!("aclnnInplaceDivMods", mode, s, |a, _b, s|);
    let mut call = Call::new(row.name);
    let own = call.output("selfRef", self_ref)?;
    let other = call.scalar("other", other)?;
    prepare(call, row, &[("selfRef", own)], Factor::Other(other), ("selfRef", own), (ws, executor))
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    type Two = fn(*const aclTensor, *const aclTensor, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Scalar = fn(*const aclTensor, *const aclScalar, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Own = fn(*const aclTensor, *const aclTensor, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type OwnScalar = fn(*const aclTensor, *const aclScalar, *mut u64, *mut *mut aclOpExecutor) -> Outcome;
    type Pair = fn(f64, f64) -> f64;

    /// f32's own functions err by two units in the last place; halves round once, to a neighbour where they straddle.
    const BOUNDS: [(aclDataType, f64); 3] = [(ACL_FLOAT, 6e-7), (ACL_BF16, 1.0 / 128.0), (ACL_FLOAT16, 1.0 / 1024.0)];

    fn floor_rest(a: f64, b: f64) -> f64 {
        a - (a / b).floor() * b
    }

    #[test]
    fn functions_of_two_numbers() {
        let cases: [(Two, Pair); 7] = [
            (aclnnAtan2GetWorkspaceSize, f64::atan2),
            (aclnnXLogYTensorGetWorkspaceSize, |a, b| a * b.ln()),
            (aclnnLogAddExpGetWorkspaceSize, |a, b| (a.exp() + b.exp()).ln()),
            (aclnnLogAddExp2GetWorkspaceSize, |a, b| (a.exp2() + b.exp2()).log2()),
            (aclnnPowTensorTensorGetWorkspaceSize, f64::powf),
            (aclnnClampMaxTensorGetWorkspaceSize, f64::min),
            (aclnnFmodTensorGetWorkspaceSize, |a, b| a - (a / b).trunc() * b),
        ];
        for (dtype, relative) in BOUNDS {
            let x = Array::strided(dtype, &[3, 70], &[90, 1], 5, 280, noise(1).map(|v| 1.5 + v));
            let (y, out) = (Array::new(dtype, &[70], noise(2).map(|v| 2.0 + v)), Array::out(dtype, &[3, 70]));
            for (body, f) in cases {
                run(|w, e| body(x.handle(), y.handle(), out.handle(), w, e)).unwrap();
                let want: Vec<f64> = x.values().iter().enumerate().map(|(i, &a)| f(a, y.values()[i % 70])).collect();
                // What is near 0 loses digits to its terms.
                assert_close(&out.values(), &want, relative, 4.0 * relative);
            }
        }
    }

    #[test]
    fn quotients_and_what_they_leave() {
        let (values, by) = ([7.0, -7.0, 7.0, -7.0, 6.0, 0.0], [2.0, 2.0, -2.0, -2.0, 3.0, 5.0]);
        let cases: [(Two, Own, Pair); 3] = [
            (aclnnFloorDivideGetWorkspaceSize, aclnnInplaceFloorDivideGetWorkspaceSize, |a, b| (a / b).floor()),
            (aclnnRemainderTensorTensorGetWorkspaceSize, aclnnInplaceRemainderTensorTensorGetWorkspaceSize, floor_rest),
            (aclnnFmodTensorGetWorkspaceSize, aclnnInplaceFmodTensorGetWorkspaceSize, |a, b| a - (a / b).trunc() * b),
        ];
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT32] {
            let (x, y, out) = (Array::new(dtype, &[6], values), Array::new(dtype, &[6], by), Array::out(dtype, &[6]));
            for (body, own, f) in cases {
                let want: Vec<f64> = values.iter().zip(by).map(|(&a, b)| f(a, b)).collect();
                run(|w, e| body(x.handle(), y.handle(), out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), want);
                let place = Array::new(dtype, &[6], values);
                run(|w, e| own(place.handle(), y.handle(), w, e)).unwrap();
                assert_eq!(place.values(), want);
            }
        }
        let scalars: [(Scalar, OwnScalar, Pair); 3] = [
            (aclnnFloorDividesGetWorkspaceSize, aclnnInplaceFloorDividesGetWorkspaceSize, |a, b| (a / b).floor()),
            (aclnnRemainderTensorScalarGetWorkspaceSize, aclnnInplaceRemainderTensorScalarGetWorkspaceSize, floor_rest),
            (aclnnFmodScalarGetWorkspaceSize, aclnnInplaceFmodScalarGetWorkspaceSize, |a, b| a - (a / b).trunc() * b),
        ];
        for dtype in [ACL_FLOAT, ACL_FLOAT16, ACL_INT64, ACL_INT32] {
            let (x, out, by) = (Array::new(dtype, &[6], values), Array::out(dtype, &[6]), Number::int(-4));
            for (body, own, f) in scalars {
                let want = values.map(|a| f(a, -4.0));
                run(|w, e| body(x.handle(), by.0, out.handle(), w, e)).unwrap();
                assert_eq!(out.values(), want);
                let place = Array::new(dtype, &[6], values);
                run(|w, e| own(place.handle(), by.0, w, e)).unwrap();
                assert_eq!(place.values(), want);
            }
            let (nine, divisors) = (Number::int(9), Array::new(dtype, &[6], [2.0, -2.0, 5.0, -5.0, 3.0, 10.0]));
            run(|w, e| aclnnRemainderScalarTensorGetWorkspaceSize(nine.0, divisors.handle(), out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), [1.0, -1.0, 4.0, -1.0, 0.0, 9.0]);
        }
    }

    #[test]
    fn quotients_by_mode() {
        let values = [-7.0, 7.0, -1.0];
        let modes: [fn(f64) -> f64; 3] = [|v| v, f64::trunc, f64::floor];
        for (mode, f) in (0..).zip(modes) {
            let (x, out, two) = (Array::new(ACL_FLOAT, &[3], values), Array::out(ACL_FLOAT, &[3]), Number::float(2.0));
            let by = Array::new(ACL_FLOAT, &[1], [2.0]);
            let want = values.map(|v| f(v / 2.0));
            run(|w, e| aclnnDivModsGetWorkspaceSize(x.handle(), two.0, mode, out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), want);
            run(|w, e| aclnnInplaceDivModGetWorkspaceSize(x.handle(), by.handle(), mode, w, e)).unwrap();
            assert_eq!(x.values(), want);
            let x = Array::new(ACL_FLOAT, &[3], values);
            run(|w, e| aclnnInplaceDivModsGetWorkspaceSize(x.handle(), two.0, mode, w, e)).unwrap();
            assert_eq!(x.values(), want);
        }
        let (x, two) = (Array::new(ACL_INT32, &[3], values), Number::int(2));
        run(|w, e| aclnnInplaceDivModsGetWorkspaceSize(x.handle(), two.0, 2, w, e)).unwrap();
        assert_eq!(x.values(), [-4.0, 3.0, -1.0]);
        let wrong = run(|w, e| aclnnInplaceDivModsGetWorkspaceSize(x.handle(), two.0, 0, w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceDivMods", "cannot be cast to selfRef"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnDivModsGetWorkspaceSize(x.handle(), two.0, 3, x.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnDivMods", "mode is 3"), ACLNN_ERR_PARAM_INVALID);
    }

    #[test]
    fn differences_the_other_way_round() {
        let (three, half) = (Number::int(3), Number::float(0.5));
        for (dtype, relative) in BOUNDS {
            let (x, y, out) = (Array::new(dtype, &[40], noise(1)), Array::new(dtype, &[40], noise(2)), Array::out(dtype, &[40]));
            run(|w, e| aclnnRsubGetWorkspaceSize(x.handle(), y.handle(), half.0, out.handle(), w, e)).unwrap();
            let want: Vec<f64> = x.values().iter().zip(y.values()).map(|(a, b)| b - 0.5 * a).collect();
            assert_close(&out.values(), &want, relative, 1e-7);
            run(|w, e| aclnnRsubsGetWorkspaceSize(x.handle(), three.0, half.0, out.handle(), w, e)).unwrap();
            let want: Vec<f64> = x.values().iter().map(|a| 3.0 - 0.5 * a).collect();
            assert_close(&out.values(), &want, relative, 1e-7);
        }
        let (x, two, out) = (Array::new(ACL_INT32, &[3], [-1.0, 0.0, 9.0]), Number::int(2), Array::out(ACL_INT32, &[3]));
        run(|w, e| aclnnRsubsGetWorkspaceSize(x.handle(), three.0, two.0, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [5.0, 3.0, -15.0]);
        let wrong = run(|w, e| aclnnRsubsGetWorkspaceSize(x.handle(), half.0, two.0, out.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnRsubs", "cannot be cast to out"), ACLNN_ERR_PARAM_INVALID);
    }

    #[test]
    fn from_one_to_another_and_powers() {
        for (dtype, relative) in BOUNDS {
            let [a, b, weight] = [1, 2, 3].map(|seed| Array::new(dtype, &[40], noise(seed)));
            let out = Array::out(dtype, &[40]);
            let want: Vec<f64> = (0..40).map(|i| a.values()[i] + weight.values()[i] * (b.values()[i] - a.values()[i])).collect();
            run(|w, e| aclnnLerpGetWorkspaceSize(a.handle(), b.handle(), weight.handle(), out.handle(), w, e)).unwrap();
            assert_close(&out.values(), &want, relative, 1e-6);
            run(|w, e| aclnnInplaceLerpGetWorkspaceSize(a.handle(), b.handle(), weight.handle(), w, e)).unwrap();
            assert_close(&a.values(), &want, relative, 1e-6);
        }
        let (x, y) = (Array::new(ACL_INT32, &[4], [-3.0, 2.0, 0.0, 1.0]), Array::new(ACL_INT32, &[4], [3.0, 10.0, 0.0, -2.0]));
        run(|w, e| aclnnInplacePowTensorTensorGetWorkspaceSize(x.handle(), y.handle(), w, e)).unwrap();
        assert_eq!(x.values(), [-27.0, 1024.0, 1.0, 1.0]);
        let x = Array::new(ACL_FLOAT, &[3], [4.0, 0.25, 9.0]);
        run(|w, e| aclnnInplacePowTensorScalarGetWorkspaceSize(x.handle(), Number::float(0.5).0, w, e)).unwrap();
        assert_eq!(x.values(), [2.0, 0.5, 3.0]);
    }

    #[test]
    fn limits_in_place_and_products_with_logarithms() {
        let (x, y) = (Array::new(ACL_FLOAT, &[3], [-1.0, f64::NAN, 5.0]), Array::new(ACL_FLOAT, &[3], [0.0, 0.0, 2.0]));
        run(|w, e| aclnnInplaceClampMinTensorGetWorkspaceSize(x.handle(), y.handle(), w, e)).unwrap();
        assert_close(&x.values(), &[0.0, f64::NAN, 5.0], 0.0, 0.0);
        run(|w, e| aclnnInplaceClampMaxTensorGetWorkspaceSize(x.handle(), y.handle(), w, e)).unwrap();
        assert_close(&x.values(), &[0.0, f64::NAN, 2.0], 0.0, 0.0);
        let back = Array::new(ACL_FLOAT, &[1], [-1.0]);
        run(|w, e| aclnnInplaceAtan2GetWorkspaceSize(y.handle(), back.handle(), w, e)).unwrap();
        assert_close(&y.values(), &[0.0f64.atan2(-1.0), 0.0f64.atan2(-1.0), 2.0f64.atan2(-1.0)], 2e-7, 0.0);
        let (zero, out) = (Array::new(ACL_FLOAT, &[3], [0.0, 0.0, 2.0]), Array::out(ACL_FLOAT, &[3]));
        let odd = Array::new(ACL_FLOAT, &[3], [0.0, f64::NAN, 4.0]);
        run(|w, e| aclnnXLogYTensorGetWorkspaceSize(zero.handle(), odd.handle(), out.handle(), w, e)).unwrap();
        assert_close(&out.values(), &[0.0, f64::NAN, 2.0 * 4f64.ln()], 4e-7, 0.0);
        run(|w, e| aclnnXLogYScalarOtherGetWorkspaceSize(zero.handle(), Number::float(3.0).0, out.handle(), w, e)).unwrap();
        assert_close(&out.values(), &[0.0, 0.0, 2.0 * 3f64.ln()], 4e-7, 0.0);
        run(|w, e| aclnnXLogYScalarSelfGetWorkspaceSize(Number::float(3.0).0, zero.handle(), out.handle(), w, e)).unwrap();
        assert_close(&out.values(), &[f64::NEG_INFINITY, f64::NEG_INFINITY, 3.0 * 2f64.ln()], 4e-7, 0.0);
        let far = Array::new(ACL_FLOAT, &[3], [f64::INFINITY, f64::NEG_INFINITY, 200.0]);
        run(|w, e| aclnnLogAddExpGetWorkspaceSize(far.handle(), far.handle(), out.handle(), w, e)).unwrap();
        assert_close(&out.values(), &[f64::INFINITY, f64::NEG_INFINITY, 200.0 + 2f64.ln()], 2e-7, 0.0);
    }
}
