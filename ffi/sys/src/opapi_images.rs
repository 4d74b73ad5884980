//! Operators on images of `libopapi.so` that only programs of others call: windows, edges, other sizes: `aclnnop/*.h`. The rows are
//! as in [`crate::opapi_symbols!`].

use std::ffi::c_int;

use crate::types::*;

/// The operators on images. Calls `$emit! { OpApiImages, Lib::OpApi; rows }`.
#[macro_export]
macro_rules! opapi_images_symbols {
    ($emit:ident) => { $emit! { OpApiImages, $crate::Lib::OpApi;
        // ---- windows over images
        /// Convolution over one to three dims, in groups; with `transposed` its gradient.
        ["8.1"] op aclnnConvolution, aclnnConvolutionGetWorkspaceSize(input: *const aclTensor, weight: *const aclTensor, bias: *const aclTensor, stride: *const aclIntArray, padding: *const aclIntArray, dilation: *const aclIntArray, transposed: bool, output_padding: *const aclIntArray, groups: i64, output: *mut aclTensor, cube_math_type: i8);
        /// Its gradients by `input`, `weight` and the bias, as far as the mask names them.
        ["8.1"] op aclnnConvolutionBackward, aclnnConvolutionBackwardGetWorkspaceSize(grad_output: *const aclTensor, input: *const aclTensor, weight: *const aclTensor, bias_sizes: *const aclIntArray, stride: *const aclIntArray, padding: *const aclIntArray, dilation: *const aclIntArray, transposed: bool, output_padding: *const aclIntArray, groups: c_int, output_mask: *const aclBoolArray, cube_math_type: i8, grad_input: *mut aclTensor, grad_weight: *mut aclTensor, grad_bias: *mut aclTensor);
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
        /// Its gradient.
        ["8.1"] op aclnnReflectionPad1dBackward, aclnnReflectionPad1dBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, padding: *const aclIntArray, grad_input: *mut aclTensor);
        /// The same of the last two dims.
        ["8.1"] op aclnnReflectionPad2d, aclnnReflectionPad2dGetWorkspaceSize(self_: *const aclTensor, padding: *const aclIntArray, out: *mut aclTensor);
        /// Its gradient.
        ["8.1"] op aclnnReflectionPad2dBackward, aclnnReflectionPad2dBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, padding: *const aclIntArray, grad_input: *mut aclTensor);
        /// The same of the last three dims.
        ["8.1"] op aclnnReflectionPad3d, aclnnReflectionPad3dGetWorkspaceSize(self_: *const aclTensor, padding: *const aclIntArray, out: *mut aclTensor);
        /// Its gradient.
        ["8.1"] op aclnnReflectionPad3dBackward, aclnnReflectionPad3dBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, padding: *const aclIntArray, grad_input: *mut aclTensor);
        /// The last dim longer on both sides by what is outermost.
        ["8.1"] op aclnnReplicationPad1d, aclnnReplicationPad1dGetWorkspaceSize(self_: *const aclTensor, padding: *const aclIntArray, out: *mut aclTensor);
        /// Its gradient.
        ["8.1"] op aclnnReplicationPad1dBackward, aclnnReplicationPad1dBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, padding: *const aclIntArray, grad_input: *mut aclTensor);
        /// The same of the last two dims.
        ["8.1"] op aclnnReplicationPad2d, aclnnReplicationPad2dGetWorkspaceSize(self_: *const aclTensor, padding: *const aclIntArray, out: *mut aclTensor);
        /// Its gradient.
        ["8.1"] op aclnnReplicationPad2dBackward, aclnnReplicationPad2dBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, padding: *const aclIntArray, grad_input: *mut aclTensor);
        /// The same of the last three dims.
        ["8.1"] op aclnnReplicationPad3d, aclnnReplicationPad3dGetWorkspaceSize(self_: *const aclTensor, padding: *const aclIntArray, out: *mut aclTensor);
        /// Its gradient.
        ["8.1"] op aclnnReplicationPad3dBackward, aclnnReplicationPad3dBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, padding: *const aclIntArray, grad_input: *mut aclTensor);

        // ---- windows: what goes back
        /// The largest of each window, and a mask of which tap it was.
        ["8.1"] op aclnnMaxPool2dWithMask, aclnnMaxPool2dWithMaskGetWorkspaceSize(self_: *const aclTensor, kernel_size: *const aclIntArray, stride: *const aclIntArray, padding: *const aclIntArray, dilation: *const aclIntArray, ceil_mode: bool, out: *mut aclTensor, indices: *mut aclTensor);
        /// Gradient of `aclnnMaxPool2dWithMask`.
        ["8.1"] op aclnnMaxPool2dWithMaskBackward, aclnnMaxPool2dWithMaskBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, indices: *const aclTensor, kernel_size: *const aclIntArray, stride: *const aclIntArray, padding: *const aclIntArray, dilation: *const aclIntArray, ceil_mode: bool, grad_input: *mut aclTensor);
        /// Gradient of `aclnnAvgPool2d`.
        ["8.1"] op aclnnAvgPool2dBackward, aclnnAvgPool2dBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, kernel_size: *const aclIntArray, stride: *const aclIntArray, padding: *const aclIntArray, ceil_mode: bool, count_include_pad: bool, divisor_override: i64, cube_math_type: i8, grad_input: *mut aclTensor);
    } };
}
opapi_images_symbols!(operator_table);
