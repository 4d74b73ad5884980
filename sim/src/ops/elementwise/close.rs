//! Whether numbers are alike, and numbers in the place of what are none: `aclnnEqual`, `aclnnIsClose`, `aclnnNanToNum`.

use std::sync::atomic::{AtomicBool, Ordering};

use ascend_rl_sys::types::*;

use super::engine::{Lanes, lanes};
use super::prepare::{Factor, Row, prepare};
use crate::ops::call::Call;
use crate::ops::dtypes::{ALL, check_dtype, check_shape, is_float, promote};
use crate::ops::element::Lane;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View};
use crate::reject::Outcome;

/// Whether `self` and `other` have one shape and the same elements; a number that is none differs from itself.
pub(crate) fn aclnnEqualGetWorkspaceSize(
    self_: *const aclTensor,
    other: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnEqual";
    let mut call = Call::new(NAME);
    let (a, b, out) = (call.input("self", self_)?, call.input("other", other)?, call.output("out", out)?);
    check_dtype(NAME, "self", &a, ALL)?;
    check_dtype(NAME, "other", &b, ALL)?;
    check_dtype(NAME, "out", &out, &[ACL_BOOL])?;
    check_shape(NAME, "out", &out, &[1])?;
    let (alike, float) = (a.dims == b.dims, is_float(promote(a.dtype, b.dtype)));
    let (a, b, out) = (View::new(&a), View::new(&b), View::new(&out));
    call.finish(ws, executor, move || {
        let equal = alike && if float { equal::<f32>(&a, &b) } else { equal::<i64>(&a, &b) };
        out.store(0, &[i64::from(equal)]);
    })
}

fn equal<T: Lane>(a: &View, b: &View) -> bool {
    let differs = AtomicBool::new(false);
    split(a.numel().div_ceil(BLOCK), BLOCK, |blocks| {
        let (mut x, mut y) = (Buffer::<T>::new(), Buffer::<T>::new());
        for at in blocks.map(|block| block * BLOCK) {
            let n = BLOCK.min(a.numel() - at);
            if differs.load(Ordering::Relaxed) || a.load(at, n, &mut x)[..n] != b.load(at, n, &mut y)[..n] {
                differs.store(true, Ordering::Relaxed);
                return;
            }
        }
    });
    !differs.into_inner()
}

/// Whether `|self - other| <= atol + rtol*|other|`, element by element; `equalNan` says whether two that are no numbers are close.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnIsCloseGetWorkspaceSize(
    self_: *const aclTensor,
    other: *const aclTensor,
    rtol: f64,
    atol: f64,
    equal_nan: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnIsClose";
    const CLOSE: Lanes<f32> = lanes!(f32: |a, b, _c, [rtol, atol, equal_nan]| {
        let near = b.is_finite() && (a - b).abs() <= atol + rtol * b.abs();
        (a == b || near || equal_nan != 0.0 && a.is_nan() && b.is_nan()) as u8 as f32
    });
    static ROW: Row = Row { name: NAME, takes: ALL, float: CLOSE, int: None, compares: true };
    let mut call = Call::new(NAME);
    let inputs = [("self", call.input("self", self_)?), ("other", call.input("other", other)?)];
    let out = call.output("out", out)?;
    let constants = Factor::Constants([rtol as f32, atol as f32, equal_nan as u8 as f32]);
    prepare(call, &ROW, &inputs, constants, ("out", out), (ws, executor))
}

/// Numbers in the place of what is none, of infinity and of its opposite; integers stay as they are.
const NUMBERS_ONLY: Lanes<f32> = lanes!(f32: |a, _b, _c, [nan, above, below]| {
    if a.is_nan() {
        nan
    } else if a == f32::INFINITY {
        above
    } else if a == f32::NEG_INFINITY {
        below
    } else {
        a
    }
});
const UNCHANGED: Lanes<i64> = lanes!(i64: |a, _b, _c, _s| a);
static NAN_TO_NUM: Row = Row { name: "aclnnNanToNum", takes: ALL, float: NUMBERS_ONLY, int: Some(UNCHANGED), compares: false };
static IN_PLACE_NAN_TO_NUM: Row = Row { name: "aclnnInplaceNanToNum", ..NAN_TO_NUM };

pub(crate) fn aclnnNanToNumGetWorkspaceSize(
    self_: *const aclTensor,
    nan: f32,
    posinf: f32,
    neginf: f32,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnNanToNum");
    let (own, out) = (call.input("self", self_)?, call.output("out", out)?);
    prepare(call, &NAN_TO_NUM, &[("self", own)], Factor::Constants([nan, posinf, neginf]), ("out", out), (ws, executor))
}

pub(crate) fn aclnnInplaceNanToNumGetWorkspaceSize(
    self_ref: *mut aclTensor,
    nan: f32,
    posinf: f32,
    neginf: f32,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let mut call = Call::new("aclnnInplaceNanToNum");
    let own = ("selfRef", call.output("selfRef", self_ref)?);
    prepare(call, &IN_PLACE_NAN_TO_NUM, &[own], Factor::Constants([nan, posinf, neginf]), own, (ws, executor))
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    fn equal_(a: &Array, b: &Array) -> bool {
        let out = Array::out(ACL_BOOL, &[1]);
        run(|w, e| aclnnEqualGetWorkspaceSize(a.handle(), b.handle(), out.handle(), w, e)).unwrap();
        out.values() == [1.0]
    }

    #[test]
    fn equal_means_every_element_and_the_shape() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_BOOL] {
            let values = || noise(1).map(|v| (v > 0.0) as u8 as f64);
            let a = Array::new(dtype, &[3, 1500], values());
            let b = Array::strided(dtype, &[3, 1500], &[1, 3], 0, 4500, values());
            assert!(equal_(&a, &a) && equal_(&a, &b));
            let other = values().enumerate().map(|(i, v)| if i == 4499 { 1.0 - v } else { v });
            assert!(!equal_(&a, &Array::new(dtype, &[3, 1500], other)));
            assert!(!equal_(&a, &Array::new(dtype, &[1500, 3], values())));
        }
        let odd = Array::new(ACL_FLOAT, &[1], [f64::NAN]);
        assert!(!equal_(&odd, &odd));
        assert!(equal_(&Array::new(ACL_FLOAT, &[0], []), &Array::new(ACL_FLOAT, &[0], [])));
        assert!(equal_(&Array::new(ACL_FLOAT, &[1], [3.0]), &Array::new(ACL_INT32, &[1], [3.0])));
        let wrong = run(|w, e| aclnnEqualGetWorkspaceSize(odd.handle(), odd.handle(), odd.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnEqual", "out is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    }

    #[test]
    fn close_is_within_both_tolerances() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        let a = Array::new(ACL_FLOAT, &[7], [1.0, 1.0, 0.0, inf, inf, nan, 100.0]);
        let b = Array::new(ACL_FLOAT, &[7], [1.09, 1.2, 0.005, inf, -inf, nan, 108.0]);
        let out = Array::out(ACL_BOOL, &[7]);
        for equal_nan in [false, true] {
            let want = [1.0, 0.0, 1.0, 1.0, 0.0, equal_nan as u8 as f64, 1.0];
            run(|w, e| aclnnIsCloseGetWorkspaceSize(a.handle(), b.handle(), 0.1, 0.01, equal_nan, out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), want);
        }
        let ints = Array::new(ACL_INT32, &[1], [10.0]);
        let (near, out) = (Array::new(ACL_INT32, &[1], [11.0]), Array::out(ACL_BOOL, &[1]));
        run(|w, e| aclnnIsCloseGetWorkspaceSize(ints.handle(), near.handle(), 0.0, 1.0, false, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [1.0]);
    }

    #[test]
    fn numbers_take_the_place_of_what_are_none() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_FLOAT16] {
            let x = Array::new(dtype, &[4], [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -2.5]);
            let out = Array::out(dtype, &[4]);
            run(|w, e| aclnnNanToNumGetWorkspaceSize(x.handle(), 0.5, 8.0, -16.0, out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), [0.5, 8.0, -16.0, -2.5]);
            run(|w, e| aclnnInplaceNanToNumGetWorkspaceSize(x.handle(), 0.5, 8.0, -16.0, w, e)).unwrap();
            assert_eq!(x.values(), [0.5, 8.0, -16.0, -2.5]);
        }
        let (x, out) = (Array::new(ACL_INT64, &[1], [16_777_217.0]), Array::out(ACL_INT64, &[1]));
        run(|w, e| aclnnNanToNumGetWorkspaceSize(x.handle(), 0.5, 8.0, -16.0, out.handle(), w, e)).unwrap();
        assert_eq!(out.values(), [16_777_217.0]);
    }
}
