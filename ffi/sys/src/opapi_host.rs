//! What the operators' library computes on the host, without phases: `aclnnop/*.h`.

use crate::types::*;
use std::ffi::c_int;

/// The host functions of the operators' library. Calls `$emit! { OpApiHost, Lib::OpApi; rows }`.
#[macro_export]
macro_rules! opapi_host_symbols {
    ($emit:ident) => { $emit! { OpApiHost, $crate::Lib::OpApi;
        /// Elements of a weight of this shape, f16 or bf16, in FRACTAL_NZ.
        [optional "8.1"] fn aclnnCalculateMatmulWeightSize(tensor_shape: *const aclIntArray, weight_tensor_size: *mut u64) -> aclnnStatus;
        /// The same of a dtype: int8 has wider fractals.
        [optional "8.1"] fn aclnnCalculateMatmulWeightSizeV2(tensor_shape: *const aclIntArray, data_type: aclDataType, weight_tensor_size: *mut u64) -> aclnnStatus;
        /// Storage dims and format that `aclnnNpuFormatCast` gives a tensor; the caller frees the dims. `additionalDtype` of -1: its own.
        [optional "8.5"] fn aclnnNpuFormatCastCalculateSizeAndFormat(src_tensor: *const aclTensor, dst_format: c_int, additional_dtype: c_int, dst_shape: *mut *mut i64, dst_shape_size: *mut u64, actual_format: *mut c_int) -> aclnnStatus;
        /// The 64-bit codes of factors and offsets, from and to host memory; the caller frees them.
        [optional "8.1"] fn aclnnTransQuantParam(scale_array: *const f32, scale_size: u64, offset_array: *const f32, offset_size: u64, quant_param: *mut *mut u64, quant_param_size: *mut u64) -> aclnnStatus;
    } };
}
opapi_host_symbols!(function_table);
