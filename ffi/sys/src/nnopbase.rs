//! Descriptors of the operator library, `libnnopbase.so`: `aclnn/acl_meta.h`.

use crate::types::*;
use std::ffi::{c_char, c_void};

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
        /// Describes another tensor with the same descriptor.
        [optional "8.1"] fn aclInitTensor(tensor: *mut aclTensor, view_dims: *const i64, view_dims_num: u64, data_type: aclDataType, stride: *const i64, offset: i64, format: aclFormat, storage_dims: *const i64, storage_dims_num: u64, tensor_data_addr: *mut c_void) -> aclnnStatus;
        // ---- what a descriptor holds; arrays are made with C++'s `new[]`, the caller deletes them
        /// Dims of the view.
        [optional "8.1"] fn aclGetViewShape(tensor: *const aclTensor, view_dims: *mut *mut i64, view_dims_num: *mut u64) -> aclnnStatus;
        /// Dims of the storage.
        [optional "8.1"] fn aclGetStorageShape(tensor: *const aclTensor, storage_dims: *mut *mut i64, storage_dims_num: *mut u64) -> aclnnStatus;
        /// Strides of the view, in elements.
        [optional "8.1"] fn aclGetViewStrides(tensor: *const aclTensor, strides_value: *mut *mut i64, strides_num: *mut u64) -> aclnnStatus;
        /// Offset of the view in its storage, in elements.
        [optional "8.1"] fn aclGetViewOffset(tensor: *const aclTensor, offset: *mut i64) -> aclnnStatus;
        /// Format.
        [optional "8.1"] fn aclGetFormat(tensor: *const aclTensor, format: *mut aclFormat) -> aclnnStatus;
        /// Element type.
        [optional "8.1"] fn aclGetDataType(tensor: *const aclTensor, data_type: *mut aclDataType) -> aclnnStatus;
        /// Number of values.
        [optional "8.1"] fn aclGetIntArraySize(array: *const aclIntArray, size: *mut u64) -> aclnnStatus;
        /// Number of tensors.
        [optional "8.1"] fn aclGetTensorListSize(tensor_list: *const aclTensorList, size: *mut u64) -> aclnnStatus;
        // ---- arrays of other types, and lists of scalars
        /// A host array; the values are copied.
        [optional "8.1"] fn aclCreateFloatArray(value: *const f32, size: u64) -> *mut aclFloatArray;
        /// Destroys an array.
        [optional "8.1"] fn aclDestroyFloatArray(array: *const aclFloatArray) -> aclnnStatus;
        /// Number of values.
        [optional "8.1"] fn aclGetFloatArraySize(array: *const aclFloatArray, size: *mut u64) -> aclnnStatus;
        /// A host array; the values are copied.
        [optional "8.1"] fn aclCreateBoolArray(value: *const bool, size: u64) -> *mut aclBoolArray;
        /// Destroys an array.
        [optional "8.1"] fn aclDestroyBoolArray(array: *const aclBoolArray) -> aclnnStatus;
        /// Number of values.
        [optional "8.1"] fn aclGetBoolArraySize(array: *const aclBoolArray, size: *mut u64) -> aclnnStatus;
        /// A list of scalars, which owns them from now on.
        [optional "8.1"] fn aclCreateScalarList(value: *const *const aclScalar, size: u64) -> *mut aclScalarList;
        /// Destroys a list and the scalars in it.
        [optional "8.1"] fn aclDestroyScalarList(list: *const aclScalarList) -> aclnnStatus;
        /// Number of scalars.
        [optional "8.1"] fn aclGetScalarListSize(scalar_list: *const aclScalarList, size: *mut u64) -> aclnnStatus;
        // ---- other addresses for a repeatable executor; the names with a capital are older ones of the same functions
        /// `tensor` is at another address, in the executor's next run. `index` counts the inputs.
        [optional "8.1"] fn aclSetInputTensorAddr(executor: *mut aclOpExecutor, index: usize, tensor: *mut aclTensor, addr: *mut c_void) -> aclnnStatus;
        /// The same; `index` counts the outputs.
        [optional "8.1"] fn aclSetOutputTensorAddr(executor: *mut aclOpExecutor, index: usize, tensor: *mut aclTensor, addr: *mut c_void) -> aclnnStatus;
        /// The same; `index` counts the inputs, then the outputs.
        [optional "8.1"] fn aclSetTensorAddr(executor: *mut aclOpExecutor, index: usize, tensor: *mut aclTensor, addr: *mut c_void) -> aclnnStatus;
        /// The same for member `relative_index` of a list.
        [optional "8.1"] fn aclSetDynamicInputTensorAddr(executor: *mut aclOpExecutor, ir_index: usize, relative_index: usize, tensors: *mut aclTensorList, addr: *mut c_void) -> aclnnStatus;
        /// The same for member `relative_index` of a list.
        [optional "8.1"] fn aclSetDynamicOutputTensorAddr(executor: *mut aclOpExecutor, ir_index: usize, relative_index: usize, tensors: *mut aclTensorList, addr: *mut c_void) -> aclnnStatus;
        /// The same for member `relative_index` of a list.
        [optional "8.1"] fn aclSetDynamicTensorAddr(executor: *mut aclOpExecutor, ir_index: usize, relative_index: usize, tensors: *mut aclTensorList, addr: *mut c_void) -> aclnnStatus;
        /// `aclSetInputTensorAddr`.
        [optional "8.1"] fn AclSetInputTensorAddr(executor: *mut aclOpExecutor, index: usize, tensor: *mut aclTensor, addr: *mut c_void) -> aclnnStatus;
        /// `aclSetOutputTensorAddr`.
        [optional "8.1"] fn AclSetOutputTensorAddr(executor: *mut aclOpExecutor, index: usize, tensor: *mut aclTensor, addr: *mut c_void) -> aclnnStatus;
        /// `aclSetTensorAddr`.
        [optional "8.1"] fn AclSetTensorAddr(executor: *mut aclOpExecutor, index: usize, tensor: *mut aclTensor, addr: *mut c_void) -> aclnnStatus;
        /// `aclSetDynamicInputTensorAddr`.
        [optional "8.1"] fn AclSetDynamicInputTensorAddr(executor: *mut aclOpExecutor, ir_index: usize, relative_index: usize, tensors: *mut aclTensorList, addr: *mut c_void) -> aclnnStatus;
        /// `aclSetDynamicOutputTensorAddr`.
        [optional "8.1"] fn AclSetDynamicOutputTensorAddr(executor: *mut aclOpExecutor, ir_index: usize, relative_index: usize, tensors: *mut aclTensorList, addr: *mut c_void) -> aclnnStatus;
        /// `aclSetDynamicTensorAddr`.
        [optional "8.1"] fn AclSetDynamicTensorAddr(executor: *mut aclOpExecutor, ir_index: usize, relative_index: usize, tensors: *mut aclTensorList, addr: *mut c_void) -> aclnnStatus;
        /// Gives a descriptor another address, before phase one.
        [optional "8.1"] fn aclSetRawTensorAddr(tensor: *mut aclTensor, addr: *mut c_void) -> aclnnStatus;
        /// The address of a descriptor.
        [optional "8.1"] fn aclGetRawTensorAddr(tensor: *const aclTensor, addr: *mut *mut c_void) -> aclnnStatus;
        // ---- process
        /// Starts the operator library alone, without `aclInit`. `config_path` may be null.
        [optional "8.1"] fn aclnnInit(config_path: *const c_char) -> aclnnStatus;
        /// Ends it.
        [optional "8.1"] fn aclnnFinalize() -> aclnnStatus;
    } };
}
nnopbase_symbols!(function_table);
