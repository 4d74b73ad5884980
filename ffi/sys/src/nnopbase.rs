//! Descriptors of the operator library, `libnnopbase.so`: `aclnn/acl_meta.h`.

use crate::types::*;
use std::ffi::c_void;

/// The symbols of `libnnopbase.so`. Calls `$emit! { NnOpBase, Lib::NnOpBase; rows }`.
#[macro_export]
macro_rules! nnopbase_symbols {
    ($emit:ident) => { $emit! { NnOpBase, $crate::Lib::NnOpBase;
        /// Describes a tensor. Dims and strides are copied; `offset` is in elements; null strides mean contiguous.
        [required "8.1"] fn aclCreateTensor(view_dims: *const i64, view_dims_num: u64, data_type: aclDataType, stride: *const i64, offset: i64, format: aclFormat, storage_dims: *const i64, storage_dims_num: u64, tensor_data: *mut c_void) -> *mut aclTensor;
        /// Destroys a descriptor, not the memory it points to.
        [required "8.1"] fn aclDestroyTensor(tensor: *const aclTensor) -> aclnnStatus;
        /// A scalar; the value is copied.
        [required "8.1"] fn aclCreateScalar(value: *mut c_void, data_type: aclDataType) -> *mut aclScalar;
        /// Destroys a scalar.
        [required "8.1"] fn aclDestroyScalar(scalar: *const aclScalar) -> aclnnStatus;
        /// A host array; the values are copied.
        [required "8.1"] fn aclCreateIntArray(value: *const i64, size: u64) -> *mut aclIntArray;
        /// Destroys an array.
        [required "8.1"] fn aclDestroyIntArray(array: *const aclIntArray) -> aclnnStatus;
        /// A list of tensors, which owns them from now on.
        [required "8.1"] fn aclCreateTensorList(value: *const *const aclTensor, size: u64) -> *mut aclTensorList;
        /// Destroys a list and the tensors in it.
        [required "8.1"] fn aclDestroyTensorList(list: *const aclTensorList) -> aclnnStatus;
        /// Allows phase two to run many times; the caller then destroys the executor.
        [required "8.1"] fn aclSetAclOpExecutorRepeatable(executor: *mut aclOpExecutor) -> aclnnStatus;
        /// Destroys an executor that phase two did not consume.
        [required "8.1"] fn aclDestroyAclOpExecutor(executor: *mut aclOpExecutor) -> aclnnStatus;
    } };
}
nnopbase_symbols!(function_table);
