//! Operators of `libopapi.so` that this library does not call and programs of others do: `aclnnop/*.h`. The rows are as in
//! [`crate::opapi_symbols!`].

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

        // ---- windows over images
        /// Convolution over one to three dims, in groups; with `transposed` its gradient.
        ["8.1"] op aclnnConvolution, aclnnConvolutionGetWorkspaceSize(input: *const aclTensor, weight: *const aclTensor, bias: *const aclTensor, stride: *const aclIntArray, padding: *const aclIntArray, dilation: *const aclIntArray, transposed: bool, output_padding: *const aclIntArray, groups: i64, output: *mut aclTensor, cube_math_type: i8);
        /// The mean of each window.
        ["8.1"] op aclnnAvgPool2d, aclnnAvgPool2dGetWorkspaceSize(self_: *const aclTensor, kernel_size: *const aclIntArray, strides: *const aclIntArray, paddings: *const aclIntArray, ceil_mode: bool, count_include_pad: bool, divisor_override: i64, cube_math_type: i8, out: *mut aclTensor);
        /// The largest of each window.
        ["8.1"] op aclnnMaxPool, aclnnMaxPoolGetWorkspaceSize(self_: *const aclTensor, kernel_shape: *const aclIntArray, strides: *const aclIntArray, auto_pad: i64, pads: *const aclIntArray, dilations: *const aclIntArray, ceil_mode: i64, out: *mut aclTensor);
        /// Each window of all channels as a column.
        ["8.1"] op aclnnIm2col, aclnnIm2colGetWorkspaceSize(self_: *const aclTensor, kernel_size: *const aclIntArray, dilation: *const aclIntArray, padding: *const aclIntArray, stride: *const aclIntArray, out: *const aclTensor);
        /// An image of another size, each pixel from the nearest.
        ["8.1"] op aclnnUpsampleNearest2d, aclnnUpsampleNearest2dGetWorkspaceSize(self_: *const aclTensor, output_size: *const aclIntArray, out: *mut aclTensor);
        /// The last dim made longer by its reflections at both ends.
        ["8.1"] op aclnnReflectionPad1d, aclnnReflectionPad1dGetWorkspaceSize(self_: *const aclTensor, padding: *const aclIntArray, out: *mut aclTensor);
        /// Each slice along `dim` `repeats` times in a row.
        ["8.1"] op aclnnRepeatInterleaveIntWithDim, aclnnRepeatInterleaveIntWithDimGetWorkspaceSize(self_: *const aclTensor, repeats: i64, dim: i64, output_size: i64, out: *mut aclTensor);
    } };
}
opapi_others_symbols!(operator_table);
