//! The operators on lists that compute element by element: a row each.

use ascend_rl_sys::types::*;

use super::super::call::Call;
use super::super::elementwise::{lanes, power};
use super::{Function, Number, each};
use crate::math::{exp, log, sigmoid};
use crate::reject::Outcome;

const INT32: &[aclDataType] = &[ACL_INT32];
/// The integers that CANN's kernels compute in floats.
const SMALL: &[aclDataType] = &[ACL_INT16, ACL_INT8, ACL_UINT8];
/// Both, for kernels that wrap (`foreach_mul_list_small_int.h`, `ForeachNegIntWrapLevelZeroApi` of ops-nn).
const WRAPPING: &[aclDataType] = &[ACL_INT32, ACL_INT16, ACL_INT8, ACL_UINT8];
/// Those that have a sign, as `foreach_sign.h` has them.
const WITH_SIGN: &[aclDataType] = &[ACL_INT32, ACL_INT8, ACL_INT64];

/// The [`Function`] of an expression for floats and perhaps, after dtypes, one for integers.
macro_rules! function {
    (|$a:ident, $b:ident, $c:ident, $s:ident| $float:expr $(, $ints:ident: $int:expr)?) => {
        Function { float: lanes!(f32: |$a, $b, $c, $s| $float), int: function!(@ $($ints lanes!(i64: |$a, $b, $c, $s| $int))?) }
    };
    (@) => { None };
    (@ $ints:ident $lanes:expr) => { Some(($lanes, $ints)) };
}

/// Bodies by what they compute of the lists' elements and the number, which is compiled once for all of them: the lists that are
/// read, the number (`host` or `device`, one for all, or `hosts`, `devices`, one for each tensor), the type of the result's
/// list, and the dtypes that CANN takes beside those of the function.
macro_rules! foreach {
    ($($function:ident = |$a:ident, $b:ident, $c:ident, $s:ident| $float:expr $(, $ints:ident: $int:expr)? => {
        $($body:ident, $name:literal
            ($($x:ident $param:literal),+; $number:ident $number_param:literal $on:ident $ty:ty; $out:ty) $(beside $beside:ident)?;)*
    })*) => { $(
        const $function: Function = function!(|$a, $b, $c, $s| $float $(, $ints: $int)?);
        $(
            pub(crate) fn $body(
                $($x: *const aclTensorList,)+ $number: *const $ty, out: $out, ws: *mut u64, executor: *mut *mut aclOpExecutor,
            ) -> Outcome {
                #[allow(unused_mut)] // Only a number on the device is read through it.
                let mut call = Call::new($name);
                let number = Number::$on(foreach!(@call $on call), $number_param, $number)?;
                let beside: &[aclDataType] = [$($beside)?].first().copied().unwrap_or_default();
                each(call, &[$(($param, $x)),+], number, out, (ws, executor), &$function, beside)
            }
        )*
    )* };
    (@call host $call:ident) => { &$call };
    (@call hosts $call:ident) => { &$call };
    (@call device $call:ident) => { &mut $call };
    (@call devices $call:ident) => { &mut $call };
}
foreach! {
    ADD = |a, b, _c, s| a + s * b, INT32: a.wrapping_add(s.wrapping_mul(b)) => {
        aclnnForeachAddListGetWorkspaceSize, "aclnnForeachAddList"
            (x1 "x1", x2 "x2"; alpha "alpha" device aclTensor; *const aclTensorList);
        aclnnForeachAddListV2GetWorkspaceSize, "aclnnForeachAddListV2"
            (x1 "x1", x2 "x2"; alpha "alpha" host aclScalar; *mut aclTensorList) beside SMALL;
    }
    ADD_NUMBER = |a, _b, _c, s| a + s, INT32: a.wrapping_add(s) => {
        aclnnForeachAddScalarGetWorkspaceSize, "aclnnForeachAddScalar"
            (x "x"; scalar "scalar" device aclTensor; *const aclTensorList) beside SMALL;
        aclnnForeachAddScalarV2GetWorkspaceSize, "aclnnForeachAddScalarV2"
            (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList) beside SMALL;
        aclnnForeachAddScalarListGetWorkspaceSize, "aclnnForeachAddScalarList"
            (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList);
    }
    SUB = |a, b, _c, s| a - s * b, INT32: a.wrapping_sub(s.wrapping_mul(b)) => {
        aclnnForeachSubListGetWorkspaceSize, "aclnnForeachSubList"
            (x1 "x1", x2 "x2"; alpha "alpha" device aclTensor; *const aclTensorList) beside SMALL;
        aclnnForeachSubListV2GetWorkspaceSize, "aclnnForeachSubListV2"
            (x1 "x1", x2 "x2"; alpha "alpha" host aclScalar; *mut aclTensorList) beside SMALL;
    }
    SUB_NUMBER = |a, _b, _c, s| a - s, INT32: a.wrapping_sub(s) => {
        aclnnForeachSubScalarGetWorkspaceSize, "aclnnForeachSubScalar"
            (x "x"; scalar "scalar" device aclTensor; *const aclTensorList);
        aclnnForeachSubScalarV2GetWorkspaceSize, "aclnnForeachSubScalarV2"
            (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList);
        aclnnForeachSubScalarListGetWorkspaceSize, "aclnnForeachSubScalarList"
            (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList);
    }
    MUL_NUMBER = |a, _b, _c, s| a * s, INT32: a.wrapping_mul(s) => {
        aclnnForeachMulScalarGetWorkspaceSize, "aclnnForeachMulScalar"
            (x "x"; scalar "scalar" device aclTensor; *const aclTensorList);
        aclnnForeachMulScalarV2GetWorkspaceSize, "aclnnForeachMulScalarV2"
            (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList);
        aclnnForeachMulScalarListGetWorkspaceSize, "aclnnForeachMulScalarList"
            (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList);
    }
    DIV_NUMBER = |a, _b, _c, s| a / s => {
        aclnnForeachDivScalarGetWorkspaceSize, "aclnnForeachDivScalar"
            (x "x"; scalar "scalar" device aclTensor; *const aclTensorList);
        aclnnForeachDivScalarV2GetWorkspaceSize, "aclnnForeachDivScalarV2"
            (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList);
        aclnnForeachDivScalarListGetWorkspaceSize, "aclnnForeachDivScalarList"
            (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList);
    }
    POW_NUMBER = |a, _b, _c, s| a.powf(s), INT32: power(a, s) => {
        aclnnForeachPowScalarGetWorkspaceSize, "aclnnForeachPowScalar"
            (x "x"; scalar "scalar" device aclTensor; *const aclTensorList);
        aclnnForeachPowScalarV2GetWorkspaceSize, "aclnnForeachPowScalarV2"
            (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList);
        aclnnForeachPowScalarListGetWorkspaceSize, "aclnnForeachPowScalarList"
            (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList);
    }
    MAXIMUM_NUMBER = |a, _b, _c, s| larger(a, s), INT32: a.max(s) => {
        aclnnForeachMaximumScalarGetWorkspaceSize, "aclnnForeachMaximumScalar"
            (x "x"; scalar "scalar" device aclTensor; *const aclTensorList);
        aclnnForeachMaximumScalarV2GetWorkspaceSize, "aclnnForeachMaximumScalarV2"
            (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList);
        aclnnForeachMaximumScalarListGetWorkspaceSize, "aclnnForeachMaximumScalarList"
            (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList);
    }
    MINIMUM_NUMBER = |a, _b, _c, s| -larger(-a, -s), INT32: a.min(s) => {
        aclnnForeachMinimumScalarGetWorkspaceSize, "aclnnForeachMinimumScalar"
            (x "x"; scalar "scalar" device aclTensor; *const aclTensorList);
        aclnnForeachMinimumScalarV2GetWorkspaceSize, "aclnnForeachMinimumScalarV2"
            (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList);
        aclnnForeachMinimumScalarListGetWorkspaceSize, "aclnnForeachMinimumScalarList"
            (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList);
    }
    ADDCMUL = |a, b, c, s| a + s * b * c, INT32: a.wrapping_add(s.wrapping_mul(b).wrapping_mul(c)) => {
        aclnnForeachAddcmulScalarGetWorkspaceSize, "aclnnForeachAddcmulScalar"
            (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" device aclTensor; *const aclTensorList);
        aclnnForeachAddcmulScalarV2GetWorkspaceSize, "aclnnForeachAddcmulScalarV2"
            (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" host aclScalar; *mut aclTensorList);
        aclnnForeachAddcmulListGetWorkspaceSize, "aclnnForeachAddcmulList"
            (x1 "x1", x2 "x2", x3 "x3"; scalars "scalars" devices aclTensor; *const aclTensorList);
        aclnnForeachAddcmulScalarListGetWorkspaceSize, "aclnnForeachAddcmulScalarList"
            (x1 "x1", x2 "x2", x3 "x3"; scalars "scalars" devices aclTensor; *const aclTensorList);
    }
    ADDCDIV = |a, b, c, s| a + s * (b / c) => {
        aclnnForeachAddcdivScalarGetWorkspaceSize, "aclnnForeachAddcdivScalar"
            (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" device aclTensor; *const aclTensorList);
        aclnnForeachAddcdivScalarV2GetWorkspaceSize, "aclnnForeachAddcdivScalarV2"
            (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" host aclScalar; *mut aclTensorList);
        aclnnForeachAddcdivListGetWorkspaceSize, "aclnnForeachAddcdivList"
            (x1 "x1", x2 "x2", x3 "x3"; scalars "scalars" devices aclTensor; *const aclTensorList);
        aclnnForeachAddcdivScalarListGetWorkspaceSize, "aclnnForeachAddcdivScalarList"
            (x1 "x1", x2 "x2", x3 "x3"; scalars "scalars" devices aclTensor; *const aclTensorList);
    }
    LERP_NUMBER = |a, b, _c, s| a + s * (b - a) => {
        aclnnForeachLerpScalarGetWorkspaceSize, "aclnnForeachLerpScalar"
            (x1 "x1", x2 "x2"; weight "weight" host aclScalar; *const aclTensorList);
    }
}

/// Bodies of those without a number.
macro_rules! plain {
    ($($body:ident, $name:literal ($($x:ident $param:literal),+) $(beside $beside:ident)?:
        |$a:ident, $b:ident, $c:ident| $float:expr $(, $ints:ident: $int:expr)?;)*) => { $(
        pub(crate) fn $body(
            $($x: *const aclTensorList,)+ out: *const aclTensorList, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            const FUNCTION: Function = function!(|$a, $b, $c, _s| $float $(, $ints: $int)?);
            let beside: &[aclDataType] = [$($beside)?].first().copied().unwrap_or_default();
            each(Call::new($name), &[$(($param, $x)),+], Number::none(), out, (ws, executor), &FUNCTION, beside)
        }
    )* };
}
plain! {
    aclnnForeachMulListGetWorkspaceSize, "aclnnForeachMulList" (x1 "x1", x2 "x2"): |a, b, _c| a * b, WRAPPING: a.wrapping_mul(b);
    aclnnForeachDivListGetWorkspaceSize, "aclnnForeachDivList" (x1 "x1", x2 "x2"): |a, b, _c| a / b;
    aclnnForeachPowListGetWorkspaceSize, "aclnnForeachPowList" (x1 "x1", x2 "x2"): |a, b, _c| a.powf(b), INT32: power(a, b);
    aclnnForeachMaximumListGetWorkspaceSize, "aclnnForeachMaximumList" (x1 "x1", x2 "x2"): |a, b, _c| larger(a, b), INT32: a.max(b);
    aclnnForeachMinimumListGetWorkspaceSize, "aclnnForeachMinimumList" (x1 "x1", x2 "x2"): |a, b, _c| -larger(-a, -b), INT32: a.min(b);
    aclnnForeachLerpListGetWorkspaceSize, "aclnnForeachLerpList" (x1 "x1", x2 "x2", weight "weight"): |a, b, w| a + w * (b - a);
    aclnnForeachAbsGetWorkspaceSize, "aclnnForeachAbs" (x "x"): |a, _b, _c| a.abs();
    aclnnForeachNegGetWorkspaceSize, "aclnnForeachNeg" (x "x"): |a, _b, _c| -a, WRAPPING: a.wrapping_neg();
    aclnnForeachSignGetWorkspaceSize, "aclnnForeachSign" (x "x"):
        |a, _b, _c| if a == 0.0 || a.is_nan() { a } else { 1f32.copysign(a) }, WITH_SIGN: a.signum();
    aclnnForeachSqrtGetWorkspaceSize, "aclnnForeachSqrt" (x "x"): |a, _b, _c| a.sqrt();
    aclnnForeachReciprocalGetWorkspaceSize, "aclnnForeachReciprocal" (x "x"): |a, _b, _c| 1.0 / a;
    aclnnForeachExpGetWorkspaceSize, "aclnnForeachExp" (x "x") beside SMALL: |a, _b, _c| exp(a);
    aclnnForeachExpm1GetWorkspaceSize, "aclnnForeachExpm1" (x "x") beside SMALL: |a, _b, _c| a.exp_m1();
    aclnnForeachLogGetWorkspaceSize, "aclnnForeachLog" (x "x"): |a, _b, _c| log(a);
    aclnnForeachLog1pGetWorkspaceSize, "aclnnForeachLog1p" (x "x"): |a, _b, _c| a.ln_1p();
    aclnnForeachLog2GetWorkspaceSize, "aclnnForeachLog2" (x "x"): |a, _b, _c| a.log2();
    aclnnForeachLog10GetWorkspaceSize, "aclnnForeachLog10" (x "x"): |a, _b, _c| a.log10();
    aclnnForeachSigmoidGetWorkspaceSize, "aclnnForeachSigmoid" (x "x"): |a, _b, _c| sigmoid(a);
    aclnnForeachTanhGetWorkspaceSize, "aclnnForeachTanh" (x "x"): |a, _b, _c| a.tanh();
    aclnnForeachSinGetWorkspaceSize, "aclnnForeachSin" (x "x"): |a, _b, _c| a.sin();
    aclnnForeachCosGetWorkspaceSize, "aclnnForeachCos" (x "x"): |a, _b, _c| a.cos();
    aclnnForeachTanGetWorkspaceSize, "aclnnForeachTan" (x "x"): |a, _b, _c| a.tan();
    aclnnForeachSinhGetWorkspaceSize, "aclnnForeachSinh" (x "x"): |a, _b, _c| a.sinh();
    aclnnForeachCoshGetWorkspaceSize, "aclnnForeachCosh" (x "x"): |a, _b, _c| a.cosh();
    aclnnForeachAsinGetWorkspaceSize, "aclnnForeachAsin" (x "x"): |a, _b, _c| a.asin();
    aclnnForeachAcosGetWorkspaceSize, "aclnnForeachAcos" (x "x"): |a, _b, _c| a.acos();
    aclnnForeachAtanGetWorkspaceSize, "aclnnForeachAtan" (x "x"): |a, _b, _c| a.atan();
    aclnnForeachErfGetWorkspaceSize, "aclnnForeachErf" (x "x"): |a, _b, _c| libm::erff(a);
    aclnnForeachErfcGetWorkspaceSize, "aclnnForeachErfc" (x "x"): |a, _b, _c| libm::erfcf(a);
}

/// The larger of two; what is no number wins, as in PyTorch.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

/// `out = scalar ^ x` of each; the number comes first here.
pub(crate) fn aclnnForeachPowScalarAndTensorGetWorkspaceSize(
    scalar: *const aclScalar,
    x: *const aclTensorList,
    out: *const aclTensorList,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let call = Call::new("aclnnForeachPowScalarAndTensor");
    let number = Number::host(&call, "scalar", scalar)?;
    const FUNCTION: Function = function!(|a, _b, _c, s| s.powf(a), INT32: power(s, a));
    each(call, &[("x", x)], number, out, (ws, executor), &FUNCTION, &[])
}
