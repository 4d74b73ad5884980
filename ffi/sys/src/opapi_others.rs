//! Operators of `libopapi.so` that this library does not call and programs of others do: `aclnnop/*.h`. The rows are as in
//! [`crate::opapi_symbols!`].

use std::ffi::c_int;

use crate::types::*;

/// The operators that only programs of others call. Calls `$emit! { OpApiOthers, Lib::OpApi; rows }`.
#[macro_export]
macro_rules! opapi_others_symbols {
    ($emit:ident) => { $emit! { OpApiOthers, $crate::Lib::OpApi;
        // ---- elementwise
        /// `self -= alpha*scalar`.
        ["8.1"] op aclnnInplaceSubs, aclnnInplaceSubsGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar, alpha: *const aclScalar);
        /// `self += weight*(end - self)`.
        ["8.1"] op aclnnInplaceLerps, aclnnInplaceLerpsGetWorkspaceSize(self_ref: *mut aclTensor, end: *const aclTensor, weight: *const aclScalar);
        /// `self` no larger than a scalar.
        ["8.1"] op aclnnInplaceClampMax, aclnnInplaceClampMaxGetWorkspaceSize(self_ref: *const aclTensor, clip_value_max: *const aclScalar);
        /// `self = self == other`, as 0 or 1.
        ["8.1"] op aclnnInplaceEqTensor, aclnnInplaceEqTensorGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclTensor);
        /// `self = self != other`, as 0 or 1.
        ["8.1"] op aclnnInplaceNeTensor, aclnnInplaceNeTensorGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `self = self > other`, as 0 or 1.
        ["8.1"] op aclnnInplaceGtTensor, aclnnInplaceGtTensorGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclTensor);
        /// `self = self >= other`, as 0 or 1.
        ["8.1"] op aclnnInplaceGeTensor, aclnnInplaceGeTensorGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `self = self < other`, as 0 or 1.
        ["8.1"] op aclnnInplaceLtTensor, aclnnInplaceLtTensorGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclTensor);
        /// `self = self <= other`, as 0 or 1.
        ["8.1"] op aclnnInplaceLeTensor, aclnnInplaceLeTensorGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `self = self == scalar`, as 0 or 1.
        ["8.1"] op aclnnInplaceEqScalar, aclnnInplaceEqScalarGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclScalar);
        /// `self = self != scalar`, as 0 or 1.
        ["8.1"] op aclnnInplaceNeScalar, aclnnInplaceNeScalarGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// `self = self > scalar`, as 0 or 1.
        ["8.1"] op aclnnInplaceGtScalar, aclnnInplaceGtScalarGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// `self = self >= scalar`, as 0 or 1.
        ["8.1"] op aclnnInplaceGeScalar, aclnnInplaceGeScalarGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// `self = self < scalar`, as 0 or 1.
        ["8.1"] op aclnnInplaceLtScalar, aclnnInplaceLtScalarGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclScalar);
        /// `self = self <= scalar`, as 0 or 1.
        ["8.1"] op aclnnInplaceLeScalar, aclnnInplaceLeScalarGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// `input = cos(input)`.
        ["8.1"] op aclnnInplaceCos, aclnnInplaceCosGetWorkspaceSize(input_ref: *mut aclTensor);
        /// `self = sin(self)`.
        ["8.1"] op aclnnInplaceSin, aclnnInplaceSinGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = self > threshold ? self : value`.
        ["8.1"] op aclnnInplaceThreshold, aclnnInplaceThresholdGetWorkspaceSize(self_ref: *mut aclTensor, threshold: *const aclScalar, value: *const aclScalar);
        /// `out = scalar ^ exponent`.
        ["8.1"] op aclnnPowScalarTensor, aclnnPowScalarTensorGetWorkspaceSize(self_: *const aclScalar, exponent: *const aclTensor, out: *const aclTensor);
        /// -1, 0 or 1, as `self` is below, at or above 0.
        ["8.1"] op aclnnSign, aclnnSignGetWorkspaceSize(self_: *const aclTensor, result: *mut aclTensor);

        // ---- activations
        /// `out = max(self, 0)`.
        ["8.1"] op aclnnRelu, aclnnReluGetWorkspaceSize(self_: *const aclTensor, out: *const aclTensor);
        /// `out = self > 0 ? self : negativeSlope*self`.
        ["8.1"] op aclnnLeakyRelu, aclnnLeakyReluGetWorkspaceSize(self_: *const aclTensor, negative_slope: *const aclScalar, out: *mut aclTensor);
        /// `out = self > 0 ? scale*self : alpha*scale*(exp(inputScale*self) - 1)`.
        ["8.1"] op aclnnElu, aclnnEluGetWorkspaceSize(self_: *const aclTensor, alpha: *const aclScalar, scale: *const aclScalar, input_scale: *const aclScalar, out: *mut aclTensor);
        /// `out = self/6 + 1/2`, between 0 and 1.
        ["8.1"] op aclnnHardsigmoid, aclnnHardsigmoidGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = self * hardsigmoid(self)`.
        ["8.1"] op aclnnHardswish, aclnnHardswishGetWorkspaceSize(self_: *const aclTensor, out: *const aclTensor);
        /// `out = log(1 + exp(beta*self)) / beta`; `self` where `beta*self` is above the threshold.
        ["8.1"] op aclnnSoftplus, aclnnSoftplusGetWorkspaceSize(self_: *const aclTensor, beta: *const aclScalar, threshold: *const aclScalar, out: *mut aclTensor);
        /// GELU of one half of `self` along `dim`, times the other; `activateLeft` says which. `outGelu` is the first factor.
        ["8.1"] op aclnnGeGluV3, aclnnGeGluV3GetWorkspaceSize(self_: *const aclTensor, dim: i64, approximate: i64, activate_left: bool, out: *mut aclTensor, out_gelu: *mut aclTensor);

        // ---- norms, losses, products
        /// Each of `group` groups of channels to mean 0 and variance 1, then times `gamma` plus `beta` by channel.
        ["8.1"] op aclnnGroupNorm, aclnnGroupNormGetWorkspaceSize(self_: *const aclTensor, gamma: *const aclTensor, beta: *const aclTensor, n: i64, c: i64, hx_w: i64, group: i64, eps: f64, out: *mut aclTensor, mean_out: *mut aclTensor, rstd_out: *mut aclTensor);
        /// Cross entropy of logits with probabilities, row by row, and its gradient.
        ["8.5"] op aclnnSoftmaxCrossEntropyWithLogits, aclnnSoftmaxCrossEntropyWithLogitsGetWorkspaceSize(features: *const aclTensor, labels: *mut aclTensor, loss: *mut aclTensor, backprop: *mut aclTensor);
        /// `out = self @ vec`, a matrix and a vector.
        ["8.1"] op aclnnMv, aclnnMvGetWorkspaceSize(self_: *const aclTensor, vec: *const aclTensor, out: *mut aclTensor, cube_math_type: i8);
        /// `X` of `A X = self` for triangular `A`, and the triangle itself.
        ["8.1"] op aclnnTriangularSolve, aclnnTriangularSolveGetWorkspaceSize(self_: *const aclTensor, a: *const aclTensor, upper: bool, transpose: bool, unitriangular: bool, x_out: *mut aclTensor, m_out: *mut aclTensor);

        // ---- bits and logic
        /// `out = self & other`.
        ["8.1"] op aclnnBitwiseAndTensor, aclnnBitwiseAndTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `self` or `other`, bit by bit.
        ["8.1"] op aclnnBitwiseOrTensor, aclnnBitwiseOrTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self ^ other`.
        ["8.1"] op aclnnBitwiseXorTensor, aclnnBitwiseXorTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self & scalar`.
        ["8.1"] op aclnnBitwiseAndScalar, aclnnBitwiseAndScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `self` or a scalar, bit by bit.
        ["8.1"] op aclnnBitwiseOrScalar, aclnnBitwiseOrScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `out = self ^ scalar`.
        ["8.1"] op aclnnBitwiseXorScalar, aclnnBitwiseXorScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// All bits of `self` turned; of a boolean, true and false.
        ["8.1"] op aclnnBitwiseNot, aclnnBitwiseNotGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `self &= other`.
        ["8.1"] op aclnnInplaceBitwiseAndTensor, aclnnInplaceBitwiseAndTensorGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceBitwiseOrTensor, aclnnInplaceBitwiseOrTensorGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `self ^= other`.
        ["8.1"] op aclnnInplaceBitwiseXorTensor, aclnnInplaceBitwiseXorTensorGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `self &= scalar`.
        ["8.1"] op aclnnInplaceBitwiseAndScalar, aclnnInplaceBitwiseAndScalarGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclScalar);
        /// The same of a scalar in place.
        ["8.1"] op aclnnInplaceBitwiseOrScalar, aclnnInplaceBitwiseOrScalarGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// `self ^= scalar`.
        ["8.1"] op aclnnInplaceBitwiseXorScalar, aclnnInplaceBitwiseXorScalarGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// Whether one of two is not 0, but not both.
        ["8.1"] op aclnnLogicalXor, aclnnLogicalXorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// Whether both are not 0, in place.
        ["8.1"] op aclnnInplaceLogicalAnd, aclnnInplaceLogicalAndGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// Whether one of two is not 0, in place.
        ["8.1"] op aclnnInplaceLogicalOr, aclnnInplaceLogicalOrGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `self = !self`.
        ["8.1"] op aclnnInplaceLogicalNot, aclnnInplaceLogicalNotGetWorkspaceSize(self_ref: *mut aclTensor);

        // ---- functions of one number
        /// The nearest whole number; of two, the even one.
        ["8.1"] op aclnnRound, aclnnRoundGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// The nearest whole number below.
        ["8.1"] op aclnnFloor, aclnnFloorGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// The nearest whole number above.
        ["8.1"] op aclnnCeil, aclnnCeilGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// The nearest whole number towards 0.
        ["8.1"] op aclnnTrunc, aclnnTruncGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// What is left of that.
        ["8.1"] op aclnnFrac, aclnnFracGetWorkspaceSize(input: *const aclTensor, out: *mut aclTensor);
        /// `self = round(self)`.
        ["8.1"] op aclnnInplaceRound, aclnnInplaceRoundGetWorkspaceSize(self_ref: *const aclTensor);
        /// `self = floor(self)`.
        ["8.1"] op aclnnInplaceFloor, aclnnInplaceFloorGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = ceil(self)`.
        ["8.1"] op aclnnInplaceCeil, aclnnInplaceCeilGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = trunc(self)`.
        ["8.1"] op aclnnInplaceTrunc, aclnnInplaceTruncGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `out = log2(self)`.
        ["8.1"] op aclnnLog2, aclnnLog2GetWorkspaceSize(self_: *const aclTensor, out: *const aclTensor);
        /// `out = log10(self)`.
        ["8.1"] op aclnnLog10, aclnnLog10GetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = log(1 + self)`.
        ["8.1"] op aclnnLog1p, aclnnLog1pGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = 2 ^ self`.
        ["8.1"] op aclnnExp2, aclnnExp2GetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `self = log(self)`.
        ["8.1"] op aclnnInplaceLog, aclnnInplaceLogGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = log2(self)`.
        ["8.1"] op aclnnInplaceLog2, aclnnInplaceLog2GetWorkspaceSize(self_ref: *const aclTensor);
        /// `self = log10(self)`.
        ["8.1"] op aclnnInplaceLog10, aclnnInplaceLog10GetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = log(1 + self)`.
        ["8.1"] op aclnnInplaceLog1p, aclnnInplaceLog1pGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = 2 ^ self`.
        ["8.1"] op aclnnInplaceExp2, aclnnInplaceExp2GetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = exp(self) - 1`.
        ["8.1"] op aclnnInplaceExpm1, aclnnInplaceExpm1GetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = 1 / sqrt(self)`.
        ["8.1"] op aclnnInplaceRsqrt, aclnnInplaceRsqrtGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = 1 / self`.
        ["8.1"] op aclnnInplaceReciprocal, aclnnInplaceReciprocalGetWorkspaceSize(self_ref: *const aclTensor);
        /// `self = -self`.
        ["8.1"] op aclnnInplaceNeg, aclnnInplaceNegGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = 1 / (1 + exp(-self))`.
        ["8.1"] op aclnnInplaceSigmoid, aclnnInplaceSigmoidGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = tanh(self)`.
        ["8.1"] op aclnnInplaceTanh, aclnnInplaceTanhGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `self = erf(self)`.
        ["8.1"] op aclnnInplaceErf, aclnnInplaceErfGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `out = tan(self)`.
        ["8.1"] op aclnnTan, aclnnTanGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = sinh(self)`.
        ["8.1"] op aclnnSinh, aclnnSinhGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = cosh(self)`.
        ["8.1"] op aclnnCosh, aclnnCoshGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = asin(self)`.
        ["8.1"] op aclnnAsin, aclnnAsinGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = acos(self)`.
        ["8.1"] op aclnnAcos, aclnnAcosGetWorkspaceSize(input: *const aclTensor, out: *mut aclTensor);
        /// `out = atan(self)`.
        ["8.1"] op aclnnAtan, aclnnAtanGetWorkspaceSize(input: *const aclTensor, out: *mut aclTensor);
        /// `out = asinh(self)`.
        ["8.1"] op aclnnAsinh, aclnnAsinhGetWorkspaceSize(input: *const aclTensor, out: *mut aclTensor);
        /// `out = acosh(self)`.
        ["8.1"] op aclnnAcosh, aclnnAcoshGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = atanh(self)`.
        ["8.1"] op aclnnAtanh, aclnnAtanhGetWorkspaceSize(input: *const aclTensor, out: *mut aclTensor);
        /// `out = 1 - erf(self)`.
        ["8.1"] op aclnnErfc, aclnnErfcGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// The number whose `erf` is `self`.
        ["8.1"] op aclnnErfinv, aclnnErfinvGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = sin(πx) / πx`, 1 at 0.
        ["8.1"] op aclnnSinc, aclnnSincGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Whether the sign is minus.
        ["8.1"] op aclnnSignbit, aclnnSignbitGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Whether it is infinity.
        ["8.1"] op aclnnIsPosInf, aclnnIsPosInfGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Whether it is -infinity.
        ["8.1"] op aclnnIsNegInf, aclnnIsNegInfGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);

        // ---- functions of two numbers
        /// `out = floor(self / other)`.
        ["8.1"] op aclnnFloorDivide, aclnnFloorDivideGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = floor(self / scalar)`.
        ["8.1"] op aclnnFloorDivides, aclnnFloorDividesGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `self = floor(self / other)`.
        ["8.1"] op aclnnInplaceFloorDivide, aclnnInplaceFloorDivideGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `self = floor(self / scalar)`.
        ["8.1"] op aclnnInplaceFloorDivides, aclnnInplaceFloorDividesGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// What `aclnnFloorDivide` leaves: it has the sign of `other`.
        ["8.1"] op aclnnRemainderTensorTensor, aclnnRemainderTensorTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// The same of a scalar.
        ["8.1"] op aclnnRemainderTensorScalar, aclnnRemainderTensorScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// The same of a scalar by a tensor.
        ["8.1"] op aclnnRemainderScalarTensor, aclnnRemainderScalarTensorGetWorkspaceSize(self_: *const aclScalar, other: *const aclTensor, out: *mut aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceRemainderTensorTensor, aclnnInplaceRemainderTensorTensorGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// The same of a scalar in place.
        ["8.1"] op aclnnInplaceRemainderTensorScalar, aclnnInplaceRemainderTensorScalarGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// What division towards 0 leaves: it has the sign of `self`.
        ["8.1"] op aclnnFmodTensor, aclnnFmodTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// The same of a scalar.
        ["8.1"] op aclnnFmodScalar, aclnnFmodScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceFmodTensor, aclnnInplaceFmodTensorGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// The same of a scalar in place.
        ["8.1"] op aclnnInplaceFmodScalar, aclnnInplaceFmodScalarGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// `out = self / scalar`, rounded by mode: 0 not, 1 towards 0, 2 down.
        ["8.1"] op aclnnDivMods, aclnnDivModsGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, mode: c_int, out: *mut aclTensor);
        /// `self /= other`, rounded by mode.
        ["8.1"] op aclnnInplaceDivMod, aclnnInplaceDivModGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor, mode: c_int);
        /// `self /= scalar`, rounded by mode.
        ["8.1"] op aclnnInplaceDivMods, aclnnInplaceDivModsGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar, mode: c_int);
        /// `out = other - alpha*self`.
        ["8.1"] op aclnnRsub, aclnnRsubGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, alpha: *const aclScalar, out: *mut aclTensor);
        /// `out = scalar - alpha*self`.
        ["8.1"] op aclnnRsubs, aclnnRsubsGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, alpha: *const aclScalar, out: *mut aclTensor);
        /// `out = self ^ exponent`.
        ["8.1"] op aclnnPowTensorTensor, aclnnPowTensorTensorGetWorkspaceSize(self_: *const aclTensor, exponent: *const aclTensor, out: *mut aclTensor);
        /// `self ^= exponent`.
        ["8.1"] op aclnnInplacePowTensorTensor, aclnnInplacePowTensorTensorGetWorkspaceSize(self_: *const aclTensor, exponent: *const aclTensor);
        /// `self ^= scalar`.
        ["8.1"] op aclnnInplacePowTensorScalar, aclnnInplacePowTensorScalarGetWorkspaceSize(self_: *const aclTensor, exponent: *const aclScalar);
        /// The angle of the point (`other`, `self`).
        ["8.1"] op aclnnAtan2, aclnnAtan2GetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceAtan2, aclnnInplaceAtan2GetWorkspaceSize(self_ref: *mut aclTensor, other: *mut aclTensor);
        /// `out = self * log(other)`, 0 where `self` is.
        ["8.1"] op aclnnXLogYTensor, aclnnXLogYTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// The same of a scalar `other`.
        ["8.1"] op aclnnXLogYScalarOther, aclnnXLogYScalarOtherGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// The same of a scalar `self`.
        ["8.1"] op aclnnXLogYScalarSelf, aclnnXLogYScalarSelfGetWorkspaceSize(self_: *const aclScalar, other: *const aclTensor, out: *mut aclTensor);
        /// `out = log(exp(self) + exp(other))`.
        ["8.1"] op aclnnLogAddExp, aclnnLogAddExpGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = log2(2 ^ self + 2 ^ other)`.
        ["8.1"] op aclnnLogAddExp2, aclnnLogAddExp2GetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self + weight*(end - self)`.
        ["8.1"] op aclnnLerp, aclnnLerpGetWorkspaceSize(self_: *const aclTensor, end: *const aclTensor, weight: *const aclTensor, out: *mut aclTensor);
        /// `self += weight*(end - self)`.
        ["8.1"] op aclnnInplaceLerp, aclnnInplaceLerpGetWorkspaceSize(self_ref: *mut aclTensor, end: *const aclTensor, weight: *const aclTensor);
        /// `self` no larger than a tensor.
        ["8.1"] op aclnnClampMaxTensor, aclnnClampMaxTensorGetWorkspaceSize(self_: *const aclTensor, max: *const aclTensor, out: *mut aclTensor);
        /// `self` no smaller than a tensor.
        ["8.1"] op aclnnInplaceClampMinTensor, aclnnInplaceClampMinTensorGetWorkspaceSize(self_ref: *mut aclTensor, clip_value_min: *const aclTensor);
        /// `self` no larger than a tensor.
        ["8.1"] op aclnnInplaceClampMaxTensor, aclnnInplaceClampMaxTensorGetWorkspaceSize(self_ref: *mut aclTensor, max: *const aclTensor);
        /// Whether two tensors have one shape and the same elements.
        ["8.1"] op aclnnEqual, aclnnEqualGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// Whether two differ by `atol + rtol*abs(other)` at most.
        ["8.1"] op aclnnIsClose, aclnnIsCloseGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, rtol: f64, atol: f64, equal_nan: bool, out: *mut aclTensor);
        /// Numbers in the place of what are none.
        ["8.1"] op aclnnNanToNum, aclnnNanToNumGetWorkspaceSize(self_: *const aclTensor, nan: f32, posinf: f32, neginf: f32, out: *mut aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceNanToNum, aclnnInplaceNanToNumGetWorkspaceSize(self_ref: *mut aclTensor, nan: f32, posinf: f32, neginf: f32);

        // ---- more activations, and gradients
        /// `out = self * tanh(log(1 + exp(self)))`.
        ["8.1"] op aclnnMish, aclnnMishGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceMish, aclnnInplaceMishGetWorkspaceSize(self_ref: *mut aclTensor);
        /// Gradient of `aclnnMish`.
        ["8.1"] op aclnnMishBackward, aclnnMishBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, grad_input: *mut aclTensor);
        /// `self` between two numbers.
        ["8.1"] op aclnnHardtanh, aclnnHardtanhGetWorkspaceSize(self_: *const aclTensor, clip_value_min: *const aclScalar, clip_value_max: *const aclScalar, out: *mut aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceHardtanh, aclnnInplaceHardtanhGetWorkspaceSize(self_ref: *mut aclTensor, clip_value_min: *const aclScalar, clip_value_max: *const aclScalar);
        /// Gradient of `aclnnHardtanh`.
        ["8.1"] op aclnnHardtanhBackward, aclnnHardtanhBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, min: *const aclScalar, max: *const aclScalar, out: *mut aclTensor);
        /// `out = log(sigmoid(self))`.
        ["8.1"] op aclnnLogSigmoid, aclnnLogSigmoidGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `aclnnLogSigmoid` with a buffer for its gradient.
        ["8.1"] op aclnnLogSigmoidForward, aclnnLogSigmoidForwardGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor, buffer: *mut aclTensor);
        /// Gradient of `aclnnLogSigmoid`.
        ["8.1"] op aclnnLogSigmoidBackward, aclnnLogSigmoidBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, buffer: *const aclTensor, grad_input: *mut aclTensor);
        /// `self` nearer to 0 by `lambd`.
        ["8.1"] op aclnnSoftshrink, aclnnSoftshrinkGetWorkspaceSize(self_: *const aclTensor, lambd: *const aclScalar, out: *mut aclTensor);
        /// Gradient of `aclnnSoftshrink`.
        ["8.1"] op aclnnSoftshrinkBackward, aclnnSoftshrinkBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, lambda: *const aclScalar, grad_input: *mut aclTensor);
        /// `self`, 0 within `lambd`.
        ["8.1"] op aclnnHardshrink, aclnnHardshrinkGetWorkspaceSize(self_: *const aclTensor, lambd: *const aclScalar, out: *mut aclTensor);
        /// Gradient of `aclnnHardshrink`.
        ["8.1"] op aclnnHardshrinkBackward, aclnnHardshrinkBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, lambd: *const aclScalar, grad_input: *mut aclTensor);
        /// `self` above 0, else `alpha*(exp(self/alpha) - 1)`.
        ["8.1"] op aclnnCelu, aclnnCeluGetWorkspaceSize(self_: *const aclTensor, alpha: *const aclScalar, out: *mut aclTensor);
        /// `self` above a threshold, else a value.
        ["8.1"] op aclnnThreshold, aclnnThresholdGetWorkspaceSize(self_: *const aclTensor, threshold: *const aclScalar, value: *const aclScalar, out: *mut aclTensor);
        /// Gradient of `aclnnThreshold`, and of `aclnnRelu` with 0.
        ["8.1"] op aclnnThresholdBackward, aclnnThresholdBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, threshold: *const aclScalar, out: *mut aclTensor);
        /// `self`, below 0 times a weight, which may be one a channel.
        ["8.1"] op aclnnPrelu, aclnnPreluGetWorkspaceSize(self_: *const aclTensor, weight: *const aclTensor, out: *mut aclTensor);
        /// Gradient of `aclnnTanh` from its output.
        ["8.1"] op aclnnTanhBackward, aclnnTanhBackwardGetWorkspaceSize(grad_output: *const aclTensor, output: *const aclTensor, grad_input: *mut aclTensor);
        /// Gradient of `aclnnHardswish`.
        ["8.1"] op aclnnHardswishBackward, aclnnHardswishBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, out: *mut aclTensor);
        /// Gradient of `aclnnHardsigmoid`.
        ["8.1"] op aclnnHardsigmoidBackward, aclnnHardsigmoidBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, out: *mut aclTensor);
        /// Gradient of `aclnnSoftplus`.
        ["8.1"] op aclnnSoftplusBackward, aclnnSoftplusBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, beta: *const aclScalar, threshold: *const aclScalar, grad_input: *mut aclTensor);
        /// Gradient of `aclnnLeakyRelu`.
        ["8.1"] op aclnnLeakyReluBackward, aclnnLeakyReluBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, negative_slope: *const aclScalar, self_is_result: bool, out: *mut aclTensor);
        /// Gradient of `aclnnElu` from its input or output.
        ["8.1"] op aclnnEluBackward, aclnnEluBackwardGetWorkspaceSize(grad_output: *const aclTensor, alpha: *const aclScalar, scale: *const aclScalar, input_scale: *const aclScalar, is_result: bool, self_or_result: *const aclTensor, grad_input: *mut aclTensor);
        /// `aclnnLeakyRelu` in place.
        ["8.1"] op aclnnInplaceLeakyRelu, aclnnInplaceLeakyReluGetWorkspaceSize(self_ref: *mut aclTensor, negative_slope: *const aclScalar);
        /// `aclnnElu` in place.
        ["8.1"] op aclnnInplaceElu, aclnnInplaceEluGetWorkspaceSize(self_ref: *mut aclTensor, alpha: *const aclScalar, scale: *const aclScalar, input_scale: *const aclScalar);
        /// `aclnnHardsigmoid` in place.
        ["8.1"] op aclnnInplaceHardsigmoid, aclnnInplaceHardsigmoidGetWorkspaceSize(self_: *const aclTensor);
        /// `aclnnHardswish` in place.
        ["8.1"] op aclnnInplaceHardswish, aclnnInplaceHardswishGetWorkspaceSize(self_: *const aclTensor);

        // ---- reductions and running results
        /// The smallest of all elements.
        ["8.1"] op aclnnMin, aclnnMinGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// The product of all elements.
        ["8.1"] op aclnnProd, aclnnProdGetWorkspaceSize(self_: *const aclTensor, dtype: aclDataType, out: *mut aclTensor);
        /// The product along one dim.
        ["8.1"] op aclnnProdDim, aclnnProdDimGetWorkspaceSize(self_: *const aclTensor, dim: i64, keep_dim: bool, dtype: aclDataType, out: *mut aclTensor);
        /// The sum over dims of what are numbers.
        ["8.1"] op aclnnReduceNansum, aclnnReduceNansumGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keep_dim: bool, dtype: aclDataType, out: *mut aclTensor);
        /// The root of the variance over dims.
        ["8.1"] op aclnnStd, aclnnStdGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, correction: i64, keepdim: bool, out: *mut aclTensor);
        /// The variance over dims, divided by `correction` less than the count.
        ["8.1"] op aclnnVarCorrection, aclnnVarCorrectionGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, correction: i64, keepdim: bool, out: *mut aclTensor);
        /// The same, and the mean.
        ["8.1"] op aclnnVarMean, aclnnVarMeanGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, correction: i64, keepdim: bool, var_out: *mut aclTensor, mean_out: *mut aclTensor);
        /// The root of it, and the mean.
        ["8.1"] op aclnnStdMeanCorrection, aclnnStdMeanCorrectionGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, correction: i64, keepdim: bool, std_out: *mut aclTensor, mean_out: *mut aclTensor);
        /// The smallest and the largest over dims.
        ["8.1"] op aclnnAminmax, aclnnAminmaxGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keep_dim: bool, min_out: *mut aclTensor, max_out: *mut aclTensor);
        /// The same along one dim.
        ["8.1"] op aclnnAminmaxDim, aclnnAminmaxDimGetWorkspaceSize(self_: *const aclTensor, dim: i64, keep_dim: bool, min_out: *mut aclTensor, max_out: *mut aclTensor);
        /// The same of all elements.
        ["8.1"] op aclnnAminmaxAll, aclnnAminmaxAllGetWorkspaceSize(self_: *const aclTensor, min_out: *mut aclTensor, max_out: *mut aclTensor);
        /// Running products along a dim.
        ["8.1"] op aclnnCumprod, aclnnCumprodGetWorkspaceSize(input: *const aclTensor, dim: *const aclScalar, dtype: aclDataType, out: *mut aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceCumprod, aclnnInplaceCumprodGetWorkspaceSize(input: *mut aclTensor, dim: *const aclScalar);
        /// The largest so far along a dim, and where it is.
        ["8.1"] op aclnnCummax, aclnnCummaxGetWorkspaceSize(self_: *const aclTensor, dim: i64, values_out: *mut aclTensor, indices_out: *mut aclTensor);
        /// The smallest so far along a dim, and where it is.
        ["8.1"] op aclnnCummin, aclnnCumminGetWorkspaceSize(self_: *const aclTensor, dim: i64, values_out: *mut aclTensor, indices_out: *mut aclTensor);

        // ---- from nothing, and at random
        /// 1 on the diagonal, 0 elsewhere.
        ["8.1"] op aclnnEye, aclnnEyeGetWorkspaceSize(n: i64, m: i64, out: *mut aclTensor);
        /// So many numbers in equal steps.
        ["8.1"] op aclnnLinspace, aclnnLinspaceGetWorkspaceSize(start: *const aclScalar, end: *const aclScalar, steps: i64, out: *mut aclTensor);
        /// The numbers below `n` in a random order.
        ["8.1"] op aclnnRandperm, aclnnRandpermGetWorkspaceSize(n: i64, seed: i64, offset: i64, out: *mut aclTensor);
        /// A mask of random bits, each 0 with probability `prob`.
        ["8.1"] op aclnnDropoutGenMaskV2, aclnnDropoutGenMaskV2GetWorkspaceSize(shape: *const aclIntArray, prob: f64, seed: i64, offset: i64, prob_data_type: aclDataType, out: *mut aclTensor);

        // ---- losses of pairs, and gates
        /// The square of the difference; `reduction` 0 none, 1 mean, 2 sum.
        ["8.1"] op aclnnMseLoss, aclnnMseLossGetWorkspaceSize(self_: *const aclTensor, target: *const aclTensor, reduction: i64, out: *mut aclTensor);
        /// Gradient of `aclnnMseLoss`.
        ["8.1"] op aclnnMseLossBackward, aclnnMseLossBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, target: *const aclTensor, reduction: i64, out: *mut aclTensor);
        /// The difference without its sign.
        ["8.1"] op aclnnL1Loss, aclnnL1LossGetWorkspaceSize(self_: *const aclTensor, target: *const aclTensor, reduction: i64, out: *mut aclTensor);
        /// Gradient of `aclnnL1Loss`.
        ["8.1"] op aclnnL1LossBackward, aclnnL1LossBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, target: *const aclTensor, reduction: i64, grad_input: *mut aclTensor);
        /// The same, but a parabola within `beta`.
        ["8.1"] op aclnnSmoothL1Loss, aclnnSmoothL1LossGetWorkspaceSize(self_: *const aclTensor, target: *const aclTensor, reduction: i64, beta: f32, result: *mut aclTensor);
        /// Gradient of `aclnnSmoothL1Loss`.
        ["8.1"] op aclnnSmoothL1LossBackward, aclnnSmoothL1LossBackwardGetWorkspaceSize(grad_out: *const aclTensor, self_: *const aclTensor, target: *const aclTensor, reduction: i64, beta: f32, grad_input: *mut aclTensor);
        /// Cross entropy of two classes, of probabilities.
        ["8.1"] op aclnnBinaryCrossEntropy, aclnnBinaryCrossEntropyGetWorkspaceSize(self_: *const aclTensor, target: *const aclTensor, weight: *const aclTensor, reduction: i64, out: *mut aclTensor);
        /// Gradient of `aclnnBinaryCrossEntropy`.
        ["8.1"] op aclnnBinaryCrossEntropyBackward, aclnnBinaryCrossEntropyBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, target: *const aclTensor, weight_optional: *const aclTensor, reduction: i64, out: *mut aclTensor);
        /// Cross entropy of two classes, of logits.
        ["8.1"] op aclnnBinaryCrossEntropyWithLogits, aclnnBinaryCrossEntropyWithLogitsGetWorkspaceSize(self_: *const aclTensor, target: *const aclTensor, weight_optional: *const aclTensor, pos_weight_optional: *const aclTensor, reduction: i64, out: *mut aclTensor);
        /// Gradient of `aclnnBinaryCrossEntropyWithLogits`.
        ["8.1"] op aclnnBinaryCrossEntropyWithLogitsBackward, aclnnBinaryCrossEntropyWithLogitsBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, target: *const aclTensor, weight_optional: *const aclTensor, pos_weight_optional: *const aclTensor, reduction: i64, out: *mut aclTensor);
        /// Kullback-Leibler divergence of log-probabilities from a target.
        ["8.1"] op aclnnKlDiv, aclnnKlDivGetWorkspaceSize(self_: *const aclTensor, target: *const aclTensor, reduction: i64, log_target: bool, out: *mut aclTensor);
        /// Gradient of `aclnnKlDiv`.
        ["8.1"] op aclnnKlDivBackward, aclnnKlDivBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, target: *const aclTensor, reduction: i64, log_target: bool, out: *mut aclTensor);
        /// One half times the sigmoid of the other.
        ["8.1"] op aclnnGlu, aclnnGluGetWorkspaceSize(self_: *const aclTensor, dim: i64, out: *const aclTensor);
        /// Gradient of `aclnnGlu`.
        ["8.1"] op aclnnGluBackward, aclnnGluBackwardGetWorkspaceSize(grad_out: *const aclTensor, self_: *const aclTensor, dim: i64, out: *const aclTensor);

        // ---- lists
        /// `x + scalar` of each, the scalar on the device.
        ["8.1"] op aclnnForeachAddScalar, aclnnForeachAddScalarGetWorkspaceSize(x: *const aclTensorList, scalar: *const aclTensor, out: *const aclTensorList);
        /// `x + scalar` of each, a scalar for each.
        ["8.1"] op aclnnForeachAddScalarList, aclnnForeachAddScalarListGetWorkspaceSize(x: *const aclTensorList, scalars: *const aclScalarList, out: *const aclTensorList);
        /// `x1 - alpha*x2` of each, `alpha` on the device.
        ["8.1"] op aclnnForeachSubList, aclnnForeachSubListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, alpha: *const aclTensor, out: *const aclTensorList);
        /// `x1 - alpha*x2` of each.
        ["8.1"] op aclnnForeachSubListV2, aclnnForeachSubListV2GetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, alpha: *const aclScalar, out: *mut aclTensorList);
        /// `x - scalar` of each, the scalar on the device.
        ["8.1"] op aclnnForeachSubScalar, aclnnForeachSubScalarGetWorkspaceSize(x: *const aclTensorList, scalar: *const aclTensor, out: *const aclTensorList);
        /// `x - scalar` of each.
        ["8.1"] op aclnnForeachSubScalarV2, aclnnForeachSubScalarV2GetWorkspaceSize(x: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// `x - scalar` of each, a scalar for each.
        ["8.1"] op aclnnForeachSubScalarList, aclnnForeachSubScalarListGetWorkspaceSize(x: *const aclTensorList, scalars: *const aclScalarList, out: *const aclTensorList);
        /// `x1 * x2` of each.
        ["8.1"] op aclnnForeachMulList, aclnnForeachMulListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, out: *mut aclTensorList);
        /// `x * scalar` of each, a scalar for each.
        ["8.1"] op aclnnForeachMulScalarList, aclnnForeachMulScalarListGetWorkspaceSize(x: *const aclTensorList, scalars: *const aclScalarList, out: *const aclTensorList);
        /// `x1 / x2` of each.
        ["8.1"] op aclnnForeachDivList, aclnnForeachDivListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, out: *mut aclTensorList);
        /// `x / scalar` of each, the scalar on the device.
        ["8.1"] op aclnnForeachDivScalar, aclnnForeachDivScalarGetWorkspaceSize(x: *const aclTensorList, scalar: *const aclTensor, out: *mut aclTensorList);
        /// `x / scalar` of each, a scalar for each.
        ["8.1"] op aclnnForeachDivScalarList, aclnnForeachDivScalarListGetWorkspaceSize(x: *const aclTensorList, scalars: *const aclScalarList, out: *const aclTensorList);
        /// `x1 ^ x2` of each.
        ["8.1"] op aclnnForeachPowList, aclnnForeachPowListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, out: *const aclTensorList);
        /// `x ^ scalar` of each, the scalar on the device.
        ["8.1"] op aclnnForeachPowScalar, aclnnForeachPowScalarGetWorkspaceSize(x: *const aclTensorList, scalar: *const aclTensor, out: *const aclTensorList);
        /// `x ^ scalar` of each.
        ["8.1"] op aclnnForeachPowScalarV2, aclnnForeachPowScalarV2GetWorkspaceSize(x: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// `x ^ scalar` of each, a scalar for each.
        ["8.1"] op aclnnForeachPowScalarList, aclnnForeachPowScalarListGetWorkspaceSize(x: *const aclTensorList, scalars: *const aclScalarList, out: *const aclTensorList);
        /// `scalar ^ x` of each.
        ["8.1"] op aclnnForeachPowScalarAndTensor, aclnnForeachPowScalarAndTensorGetWorkspaceSize(scalar: *const aclScalar, x: *const aclTensorList, out: *const aclTensorList);
        /// The larger of two, of each.
        ["8.1"] op aclnnForeachMaximumList, aclnnForeachMaximumListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, out: *const aclTensorList);
        /// The larger of an element and a scalar on the device, of each.
        ["8.1"] op aclnnForeachMaximumScalar, aclnnForeachMaximumScalarGetWorkspaceSize(x: *const aclTensorList, scalar: *const aclTensor, out: *const aclTensorList);
        /// The larger of an element and a scalar, of each.
        ["8.1"] op aclnnForeachMaximumScalarV2, aclnnForeachMaximumScalarV2GetWorkspaceSize(x: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// The larger of an element and a scalar, a scalar for each.
        ["8.1"] op aclnnForeachMaximumScalarList, aclnnForeachMaximumScalarListGetWorkspaceSize(x: *const aclTensorList, scalars: *const aclScalarList, out: *const aclTensorList);
        /// The smaller of two, of each.
        ["8.1"] op aclnnForeachMinimumList, aclnnForeachMinimumListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, out: *const aclTensorList);
        /// The smaller of an element and a scalar on the device, of each.
        ["8.1"] op aclnnForeachMinimumScalar, aclnnForeachMinimumScalarGetWorkspaceSize(x: *const aclTensorList, scalar: *const aclTensor, out: *const aclTensorList);
        /// The smaller of an element and a scalar, of each.
        ["8.1"] op aclnnForeachMinimumScalarV2, aclnnForeachMinimumScalarV2GetWorkspaceSize(x: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// The smaller of an element and a scalar, a scalar for each.
        ["8.1"] op aclnnForeachMinimumScalarList, aclnnForeachMinimumScalarListGetWorkspaceSize(x: *const aclTensorList, scalars: *const aclScalarList, out: *const aclTensorList);
        /// `x1 + scalar*x2*x3` of each, the scalar on the device.
        ["8.1"] op aclnnForeachAddcmulScalar, aclnnForeachAddcmulScalarGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, x3: *const aclTensorList, scalar: *const aclTensor, out: *const aclTensorList);
        /// `x1 + scalar*x2*x3` of each, a scalar for each on the device.
        ["8.1"] op aclnnForeachAddcmulList, aclnnForeachAddcmulListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, x3: *const aclTensorList, scalars: *const aclTensor, out: *const aclTensorList);
        /// The same.
        ["8.1"] op aclnnForeachAddcmulScalarList, aclnnForeachAddcmulScalarListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, x3: *const aclTensorList, scalars: *const aclTensor, out: *const aclTensorList);
        /// `x1 + scalar*x2/x3` of each, a scalar for each on the device.
        ["8.1"] op aclnnForeachAddcdivList, aclnnForeachAddcdivListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, x3: *const aclTensorList, scalars: *const aclTensor, out: *const aclTensorList);
        /// The same.
        ["8.1"] op aclnnForeachAddcdivScalarList, aclnnForeachAddcdivScalarListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, x3: *const aclTensorList, scalars: *const aclTensor, out: *mut aclTensorList);
        /// `x1 + weight*(x2 - x1)` of each.
        ["8.1"] op aclnnForeachLerpList, aclnnForeachLerpListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, weight: *const aclTensorList, out: *mut aclTensorList);
        /// `abs(x)` of each.
        ["8.1"] op aclnnForeachAbs, aclnnForeachAbsGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `-x` of each.
        ["8.1"] op aclnnForeachNeg, aclnnForeachNegGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// -1, 0 or 1, of each.
        ["8.1"] op aclnnForeachSign, aclnnForeachSignGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `1 / x` of each.
        ["8.1"] op aclnnForeachReciprocal, aclnnForeachReciprocalGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `exp(x)` of each.
        ["8.1"] op aclnnForeachExp, aclnnForeachExpGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `exp(x) - 1` of each.
        ["8.1"] op aclnnForeachExpm1, aclnnForeachExpm1GetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `log(x)` of each.
        ["8.1"] op aclnnForeachLog, aclnnForeachLogGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `log(1 + x)` of each.
        ["8.1"] op aclnnForeachLog1p, aclnnForeachLog1pGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `log2(x)` of each.
        ["8.1"] op aclnnForeachLog2, aclnnForeachLog2GetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `log10(x)` of each.
        ["8.1"] op aclnnForeachLog10, aclnnForeachLog10GetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `1 / (1 + exp(-x))` of each.
        ["8.1"] op aclnnForeachSigmoid, aclnnForeachSigmoidGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `tanh(x)` of each.
        ["8.1"] op aclnnForeachTanh, aclnnForeachTanhGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `sin(x)` of each.
        ["8.1"] op aclnnForeachSin, aclnnForeachSinGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `cos(x)` of each.
        ["8.1"] op aclnnForeachCos, aclnnForeachCosGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `tan(x)` of each.
        ["8.1"] op aclnnForeachTan, aclnnForeachTanGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `sinh(x)` of each.
        ["8.1"] op aclnnForeachSinh, aclnnForeachSinhGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `cosh(x)` of each.
        ["8.1"] op aclnnForeachCosh, aclnnForeachCoshGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `asin(x)` of each.
        ["8.1"] op aclnnForeachAsin, aclnnForeachAsinGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `acos(x)` of each.
        ["8.1"] op aclnnForeachAcos, aclnnForeachAcosGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `atan(x)` of each.
        ["8.1"] op aclnnForeachAtan, aclnnForeachAtanGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `erf(x)` of each.
        ["8.1"] op aclnnForeachErf, aclnnForeachErfGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `1 - erf(x)` of each.
        ["8.1"] op aclnnForeachErfc, aclnnForeachErfcGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);

        // ---- norms by channel
        /// Each channel to mean 0 and variance 1 over all images, then times `weight` plus `bias`; moves the running statistics.
        ["8.1"] op aclnnBatchNorm, aclnnBatchNormGetWorkspaceSize(input: *const aclTensor, weight: *const aclTensor, bias: *const aclTensor, running_mean: *mut aclTensor, running_var: *mut aclTensor, training: bool, momentum: f64, eps: f64, output: *mut aclTensor, save_mean: *mut aclTensor, save_invstd: *mut aclTensor);
        /// Gradients of `aclnnBatchNorm`.
        ["8.1"] op aclnnBatchNormBackward, aclnnBatchNormBackwardGetWorkspaceSize(grad_out: *const aclTensor, input: *const aclTensor, weight: *const aclTensor, running_mean: *const aclTensor, running_var: *const aclTensor, save_mean: *const aclTensor, save_invstd: *const aclTensor, training: bool, eps: f64, output_mask: *const aclBoolArray, grad_input: *mut aclTensor, grad_weight: *mut aclTensor, grad_bias: *mut aclTensor);
        /// Gradients of `aclnnGroupNorm`.
        ["8.1"] op aclnnGroupNormBackward, aclnnGroupNormBackwardGetWorkspaceSize(grad_out: *const aclTensor, input: *const aclTensor, mean: *const aclTensor, rstd: *const aclTensor, gamma: *const aclTensor, n: i64, c: i64, hx_w: i64, group: i64, output_mask: *const aclBoolArray, grad_input: *mut aclTensor, grad_gamma_out: *mut aclTensor, grad_beta_out: *mut aclTensor);

        // ---- what is found
        /// Each slice along `dim` `repeats` times in a row.
        ["8.1"] op aclnnRepeatInterleaveIntWithDim, aclnnRepeatInterleaveIntWithDimGetWorkspaceSize(self_: *const aclTensor, repeats: i64, dim: i64, output_size: i64, out: *mut aclTensor);
        /// Each slice as many times as a tensor says.
        ["8.1"] op aclnnRepeatInterleaveWithDim, aclnnRepeatInterleaveWithDimGetWorkspaceSize(self_: *const aclTensor, repeats: *const aclTensor, dim: i64, output_size: i64, out: *mut aclTensor);
        /// Each element once; `valueOut` takes on their number.
        ["8.1"] op aclnnUnique, aclnnUniqueGetWorkspaceSize(self_: *const aclTensor, sorted: bool, return_inverse: bool, value_out: *mut aclTensor, inverse_out: *mut aclTensor);
        /// The same, and how often each is there.
        ["8.1"] op aclnnUnique2, aclnnUnique2GetWorkspaceSize(self_: *const aclTensor, sorted: bool, return_inverse: bool, return_counts: bool, value_out: *mut aclTensor, inverse_out: *mut aclTensor, counts_out: *mut aclTensor);
        /// Each run of equal elements once.
        ["8.1"] op aclnnUniqueConsecutive, aclnnUniqueConsecutiveGetWorkspaceSize(self_: *const aclTensor, return_inverse: bool, return_counts: bool, dim: i64, value_out: *mut aclTensor, inverse_out: *mut aclTensor, counts_out: *mut aclTensor);
        /// Where elements would go in a sorted sequence.
        ["8.1"] op aclnnSearchSorted, aclnnSearchSortedGetWorkspaceSize(sorted_sequence: *const aclTensor, self_: *const aclTensor, out_int32: bool, right: bool, sorter: *const aclTensor, out: *mut aclTensor);
        /// Where a scalar would go.
        ["8.1"] op aclnnSearchSorteds, aclnnSearchSortedsGetWorkspaceSize(sorted_sequence: *const aclTensor, self_: *const aclScalar, out_int32: bool, right: bool, sorter: *const aclTensor, out: *mut aclTensor);
        /// The `k`-th smallest along a dim, and where it is.
        ["8.1"] op aclnnKthvalue, aclnnKthvalueGetWorkspaceSize(self_: *const aclTensor, k: i64, dim: i64, keepdim: bool, values_out: *mut aclTensor, indices_out: *mut aclTensor);
        /// The lower of the middle ones of all elements.
        ["8.1"] op aclnnMedian, aclnnMedianGetWorkspaceSize(self_: *const aclTensor, values_out: *mut aclTensor);
        /// The same along a dim, and where it is.
        ["8.1"] op aclnnMedianDim, aclnnMedianDimGetWorkspaceSize(self_: *const aclTensor, dim: i64, keep_dim: bool, values_out: *mut aclTensor, indices_out: *mut aclTensor);
        /// Elements by their numbers in the whole line.
        ["8.1"] op aclnnTake, aclnnTakeGetWorkspaceSize(self_: *const aclTensor, index: *const aclTensor, out: *mut aclTensor);
        /// `aclnnScatter` of one value.
        ["8.1"] op aclnnScatterValue, aclnnScatterValueGetWorkspaceSize(self_: *const aclTensor, dim: i64, index: *const aclTensor, value: *const aclScalar, reduce: i64, out: *mut aclTensor);
        /// A value in the slices that numbers on the host name.
        ["8.1"] op aclnnIndexFillTensor, aclnnIndexFillTensorGetWorkspaceSize(self_: *const aclTensor, dim: i64, index: *const aclIntArray, value: *const aclScalar, out: *mut aclTensor);
        /// The same in place.
        ["8.1"] op aclnnInplaceIndexFillTensor, aclnnInplaceIndexFillTensorGetWorkspaceSize(self_ref: *mut aclTensor, dim: i64, index: *const aclIntArray, value: *const aclScalar);
        /// The sum of a matrix' diagonal.
        ["8.1"] op aclnnTrace, aclnnTraceGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Products of vectors of three along a dim.
        ["8.1"] op aclnnLinalgCross, aclnnLinalgCrossGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, dim: i64, out: *mut aclTensor);
        /// Elements one after the other in the places that a mask names.
        ["8.1"] op aclnnInplaceMaskedScatter, aclnnInplaceMaskedScatterGetWorkspaceSize(self_ref: *mut aclTensor, mask: *const aclTensor, source: *const aclTensor);
        /// The sum of the products of two vectors.
        ["8.1"] op aclnnDot, aclnnDotGetWorkspaceSize(self_: *const aclTensor, tensor: *const aclTensor, out: *mut aclTensor);
    } };
}
opapi_others_symbols!(operator_table);
