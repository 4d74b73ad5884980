//! The operators on lists that compute element by element: a row each.

use ascend_rl_sys::types::*;

use super::super::call::Call;
use super::{Number, each};
use crate::math::{exp, log, sigmoid};
use crate::reject::Outcome;

/// Bodies: the lists that are read, the number (`host` or `device`, one for all, or `hosts`, `devices`, one for each tensor), the type
/// of the result's list, and what is computed.
macro_rules! foreach {
    ($($body:ident, $name:literal ($($x:ident $param:literal),+; $number:ident $number_param:literal $on:ident $ty:ty; $out:ty):
        |$args:pat_param, $s:pat_param| $value:expr;)*) => { $(
        pub(crate) fn $body(
            $($x: *const aclTensorList,)+ $number: *const $ty, out: $out, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            #[allow(unused_mut)] // Only a number on the device is read through it.
            let mut call = Call::new($name);
            let number = Number::$on(foreach!(@call $on call), $number_param, $number)?;
            each(call, [$(($param, $x)),+], number, out, (ws, executor), #[inline(always)] |$args, $s| $value)
        }
    )* };
    (@call host $call:ident) => { &$call };
    (@call hosts $call:ident) => { &$call };
    (@call device $call:ident) => { &mut $call };
    (@call devices $call:ident) => { &mut $call };
}
foreach! {
    aclnnForeachAddListGetWorkspaceSize, "aclnnForeachAddList"
        (x1 "x1", x2 "x2"; alpha "alpha" device aclTensor; *const aclTensorList): |[a, b], s| a + s * b;
    aclnnForeachAddListV2GetWorkspaceSize, "aclnnForeachAddListV2"
        (x1 "x1", x2 "x2"; alpha "alpha" host aclScalar; *mut aclTensorList): |[a, b], s| a + s * b;
    aclnnForeachAddScalarGetWorkspaceSize, "aclnnForeachAddScalar"
        (x "x"; scalar "scalar" device aclTensor; *const aclTensorList): |[a], s| a + s;
    aclnnForeachAddScalarV2GetWorkspaceSize, "aclnnForeachAddScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| a + s;
    aclnnForeachAddScalarListGetWorkspaceSize, "aclnnForeachAddScalarList"
        (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList): |[a], s| a + s;
    aclnnForeachSubListGetWorkspaceSize, "aclnnForeachSubList"
        (x1 "x1", x2 "x2"; alpha "alpha" device aclTensor; *const aclTensorList): |[a, b], s| a - s * b;
    aclnnForeachSubListV2GetWorkspaceSize, "aclnnForeachSubListV2"
        (x1 "x1", x2 "x2"; alpha "alpha" host aclScalar; *mut aclTensorList): |[a, b], s| a - s * b;
    aclnnForeachSubScalarGetWorkspaceSize, "aclnnForeachSubScalar"
        (x "x"; scalar "scalar" device aclTensor; *const aclTensorList): |[a], s| a - s;
    aclnnForeachSubScalarV2GetWorkspaceSize, "aclnnForeachSubScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| a - s;
    aclnnForeachSubScalarListGetWorkspaceSize, "aclnnForeachSubScalarList"
        (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList): |[a], s| a - s;
    aclnnForeachMulScalarGetWorkspaceSize, "aclnnForeachMulScalar"
        (x "x"; scalar "scalar" device aclTensor; *const aclTensorList): |[a], s| a * s;
    aclnnForeachMulScalarV2GetWorkspaceSize, "aclnnForeachMulScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| a * s;
    aclnnForeachMulScalarListGetWorkspaceSize, "aclnnForeachMulScalarList"
        (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList): |[a], s| a * s;
    aclnnForeachDivScalarGetWorkspaceSize, "aclnnForeachDivScalar"
        (x "x"; scalar "scalar" device aclTensor; *const aclTensorList): |[a], s| a / s;
    aclnnForeachDivScalarV2GetWorkspaceSize, "aclnnForeachDivScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| a / s;
    aclnnForeachDivScalarListGetWorkspaceSize, "aclnnForeachDivScalarList"
        (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList): |[a], s| a / s;
    aclnnForeachPowScalarGetWorkspaceSize, "aclnnForeachPowScalar"
        (x "x"; scalar "scalar" device aclTensor; *const aclTensorList): |[a], s| a.powf(s);
    aclnnForeachPowScalarV2GetWorkspaceSize, "aclnnForeachPowScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| a.powf(s);
    aclnnForeachPowScalarListGetWorkspaceSize, "aclnnForeachPowScalarList"
        (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList): |[a], s| a.powf(s);
    aclnnForeachMaximumScalarGetWorkspaceSize, "aclnnForeachMaximumScalar"
        (x "x"; scalar "scalar" device aclTensor; *const aclTensorList): |[a], s| larger(a, s);
    aclnnForeachMaximumScalarV2GetWorkspaceSize, "aclnnForeachMaximumScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| larger(a, s);
    aclnnForeachMaximumScalarListGetWorkspaceSize, "aclnnForeachMaximumScalarList"
        (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList): |[a], s| larger(a, s);
    aclnnForeachMinimumScalarGetWorkspaceSize, "aclnnForeachMinimumScalar"
        (x "x"; scalar "scalar" device aclTensor; *const aclTensorList): |[a], s| -larger(-a, -s);
    aclnnForeachMinimumScalarV2GetWorkspaceSize, "aclnnForeachMinimumScalarV2"
        (x "x"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a], s| -larger(-a, -s);
    aclnnForeachMinimumScalarListGetWorkspaceSize, "aclnnForeachMinimumScalarList"
        (x "x"; scalars "scalars" hosts aclScalarList; *const aclTensorList): |[a], s| -larger(-a, -s);
    aclnnForeachAddcmulScalarGetWorkspaceSize, "aclnnForeachAddcmulScalar"
        (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" device aclTensor; *const aclTensorList): |[a, b, c], s| a + s * b * c;
    aclnnForeachAddcmulScalarV2GetWorkspaceSize, "aclnnForeachAddcmulScalarV2"
        (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a, b, c], s| a + s * b * c;
    aclnnForeachAddcmulListGetWorkspaceSize, "aclnnForeachAddcmulList"
        (x1 "x1", x2 "x2", x3 "x3"; scalars "scalars" devices aclTensor; *const aclTensorList): |[a, b, c], s| a + s * b * c;
    aclnnForeachAddcmulScalarListGetWorkspaceSize, "aclnnForeachAddcmulScalarList"
        (x1 "x1", x2 "x2", x3 "x3"; scalars "scalars" devices aclTensor; *const aclTensorList): |[a, b, c], s| a + s * b * c;
    aclnnForeachAddcdivScalarGetWorkspaceSize, "aclnnForeachAddcdivScalar"
        (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" device aclTensor; *const aclTensorList): |[a, b, c], s| a + s * (b / c);
    aclnnForeachAddcdivScalarV2GetWorkspaceSize, "aclnnForeachAddcdivScalarV2"
        (x1 "x1", x2 "x2", x3 "x3"; scalar "scalar" host aclScalar; *mut aclTensorList): |[a, b, c], s| a + s * (b / c);
    aclnnForeachAddcdivListGetWorkspaceSize, "aclnnForeachAddcdivList"
        (x1 "x1", x2 "x2", x3 "x3"; scalars "scalars" devices aclTensor; *const aclTensorList): |[a, b, c], s| a + s * (b / c);
    aclnnForeachAddcdivScalarListGetWorkspaceSize, "aclnnForeachAddcdivScalarList"
        (x1 "x1", x2 "x2", x3 "x3"; scalars "scalars" devices aclTensor; *const aclTensorList): |[a, b, c], s| a + s * (b / c);
    aclnnForeachLerpScalarGetWorkspaceSize, "aclnnForeachLerpScalar"
        (x1 "x1", x2 "x2"; weight "weight" host aclScalar; *const aclTensorList): |[a, b], s| a + s * (b - a);
}

/// Bodies of those without a number.
macro_rules! plain {
    ($($body:ident, $name:literal ($($x:ident $param:literal),+): |$args:pat_param| $value:expr;)*) => { $(
        pub(crate) fn $body(
            $($x: *const aclTensorList,)+ out: *const aclTensorList, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let (call, none) = (Call::new($name), Number::Host(0.0));
            each(call, [$(($param, $x)),+], none, out, (ws, executor), #[inline(always)] |$args, _| $value)
        }
    )* };
}
plain! {
    aclnnForeachMulListGetWorkspaceSize, "aclnnForeachMulList" (x1 "x1", x2 "x2"): |[a, b]| a * b;
    aclnnForeachDivListGetWorkspaceSize, "aclnnForeachDivList" (x1 "x1", x2 "x2"): |[a, b]| a / b;
    aclnnForeachPowListGetWorkspaceSize, "aclnnForeachPowList" (x1 "x1", x2 "x2"): |[a, b]| a.powf(b);
    aclnnForeachMaximumListGetWorkspaceSize, "aclnnForeachMaximumList" (x1 "x1", x2 "x2"): |[a, b]| larger(a, b);
    aclnnForeachMinimumListGetWorkspaceSize, "aclnnForeachMinimumList" (x1 "x1", x2 "x2"): |[a, b]| -larger(-a, -b);
    aclnnForeachLerpListGetWorkspaceSize, "aclnnForeachLerpList" (x1 "x1", x2 "x2", weight "weight"): |[a, b, w]| a + w * (b - a);
    aclnnForeachAbsGetWorkspaceSize, "aclnnForeachAbs" (x "x"): |[a]| a.abs();
    aclnnForeachNegGetWorkspaceSize, "aclnnForeachNeg" (x "x"): |[a]| -a;
    aclnnForeachSignGetWorkspaceSize, "aclnnForeachSign" (x "x"): |[a]| if a == 0.0 || a.is_nan() { a } else { 1f32.copysign(a) };
    aclnnForeachSqrtGetWorkspaceSize, "aclnnForeachSqrt" (x "x"): |[a]| a.sqrt();
    aclnnForeachReciprocalGetWorkspaceSize, "aclnnForeachReciprocal" (x "x"): |[a]| 1.0 / a;
    aclnnForeachExpGetWorkspaceSize, "aclnnForeachExp" (x "x"): |[a]| exp(a);
    aclnnForeachExpm1GetWorkspaceSize, "aclnnForeachExpm1" (x "x"): |[a]| a.exp_m1();
    aclnnForeachLogGetWorkspaceSize, "aclnnForeachLog" (x "x"): |[a]| log(a);
    aclnnForeachLog1pGetWorkspaceSize, "aclnnForeachLog1p" (x "x"): |[a]| a.ln_1p();
    aclnnForeachLog2GetWorkspaceSize, "aclnnForeachLog2" (x "x"): |[a]| a.log2();
    aclnnForeachLog10GetWorkspaceSize, "aclnnForeachLog10" (x "x"): |[a]| a.log10();
    aclnnForeachSigmoidGetWorkspaceSize, "aclnnForeachSigmoid" (x "x"): |[a]| sigmoid(a);
    aclnnForeachTanhGetWorkspaceSize, "aclnnForeachTanh" (x "x"): |[a]| a.tanh();
    aclnnForeachSinGetWorkspaceSize, "aclnnForeachSin" (x "x"): |[a]| a.sin();
    aclnnForeachCosGetWorkspaceSize, "aclnnForeachCos" (x "x"): |[a]| a.cos();
    aclnnForeachTanGetWorkspaceSize, "aclnnForeachTan" (x "x"): |[a]| a.tan();
    aclnnForeachSinhGetWorkspaceSize, "aclnnForeachSinh" (x "x"): |[a]| a.sinh();
    aclnnForeachCoshGetWorkspaceSize, "aclnnForeachCosh" (x "x"): |[a]| a.cosh();
    aclnnForeachAsinGetWorkspaceSize, "aclnnForeachAsin" (x "x"): |[a]| a.asin();
    aclnnForeachAcosGetWorkspaceSize, "aclnnForeachAcos" (x "x"): |[a]| a.acos();
    aclnnForeachAtanGetWorkspaceSize, "aclnnForeachAtan" (x "x"): |[a]| a.atan();
    aclnnForeachErfGetWorkspaceSize, "aclnnForeachErf" (x "x"): |[a]| libm::erff(a);
    aclnnForeachErfcGetWorkspaceSize, "aclnnForeachErfc" (x "x"): |[a]| libm::erfcf(a);
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
    each(call, [("x", x)], number, out, (ws, executor), |[a], s| s.powf(a))
}
