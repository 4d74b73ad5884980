//! What descriptors hold. CANN's arrays come from C++'s `new[]`, which the caller gives back with `delete[]`: in every C++ library
//! of Linux that is `malloc` and `free`, so these are from `malloc`.

use ascend_rl_sys::types::*;

use super::arrays::{BOOL_ARRAYS, FLOAT_ARRAYS, SCALAR_LISTS};
use super::objects::{INT_ARRAYS, LISTS, described};
use super::tensor::{Described, Dims};
use crate::registry::Registry;
use crate::reject::{Outcome, check, reject};

/// Writes an out-parameter; null is 161001.
pub(crate) fn give<T>(param: &str, pointer: *mut T, value: T) -> Outcome {
    check!(!pointer.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{param} is null");
    // SAFETY: not null, and C's contract is that it points to a variable of this type.
    unsafe { pointer.write(value) }
    Ok(())
}

fn read(tensor: *const aclTensor) -> Outcome<Described> {
    check!(!tensor.is_null(), ACLNN_ERR_PARAM_NULLPTR, "tensor is null");
    described(tensor, "tensor")
}

/// Gives an array of numbers and their count.
pub(crate) fn give_array<T: Copy>(params: [&str; 2], from: &[T], values: *mut *mut T, count: *mut u64) -> Outcome {
    check!(!values.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{} is null", params[0]);
    check!(!count.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{} is null", params[1]);
    // SAFETY: at least one byte is asked for; the result is checked.
    let array = unsafe { libc::malloc(size_of_val(from).max(1)) }.cast::<T>();
    check!(!array.is_null(), ACLNN_ERR_INNER_NULLPTR, "the host is out of memory");
    // SAFETY: the array has room for as many numbers, aligned as `malloc` has it.
    unsafe { array.copy_from_nonoverlapping(from.as_ptr(), from.len()) }
    give(params[0], values, array)?;
    give(params[1], count, from.len() as u64)
}

fn give_dims(params: [&str; 2], dims: &Dims, values: *mut *mut i64, count: *mut u64) -> Outcome {
    give_array(params, &dims.iter().map(|&dim| dim as i64).collect::<Vec<_>>(), values, count)
}

pub(crate) fn aclGetViewShape(tensor: *const aclTensor, view_dims: *mut *mut i64, view_dims_num: *mut u64) -> Outcome {
    give_dims(["viewDims", "viewDimsNum"], &read(tensor)?.tensor.dims, view_dims, view_dims_num)
}

pub(crate) fn aclGetStorageShape(tensor: *const aclTensor, storage_dims: *mut *mut i64, storage_dims_num: *mut u64) -> Outcome {
    give_dims(["storageDims", "storageDimsNum"], &read(tensor)?.storage, storage_dims, storage_dims_num)
}

pub(crate) fn aclGetViewStrides(tensor: *const aclTensor, strides_value: *mut *mut i64, strides_num: *mut u64) -> Outcome {
    give_dims(["stridesValue", "stridesNum"], &read(tensor)?.tensor.strides, strides_value, strides_num)
}

pub(crate) fn aclGetViewOffset(tensor: *const aclTensor, offset: *mut i64) -> Outcome {
    give("offset", offset, read(tensor)?.offset)
}

pub(crate) fn aclGetFormat(tensor: *const aclTensor, format: *mut aclFormat) -> Outcome {
    give("format", format, read(tensor)?.format)
}

pub(crate) fn aclGetDataType(tensor: *const aclTensor, data_type: *mut aclDataType) -> Outcome {
    give("dataType", data_type, read(tensor)?.tensor.dtype)
}

fn give_len<T>(registry: &Registry<Vec<T>>, param: &str, handle: usize, size: *mut u64) -> Outcome {
    check!(handle != 0, ACLNN_ERR_PARAM_NULLPTR, "{param} is null");
    match registry.with(handle, Vec::len) {
        Some(len) => give("size", size, len as u64),
        None => reject!(ACLNN_ERR_PARAM_INVALID, "{param} is not a live object of its kind: destroyed already, or never created"),
    }
}

pub(crate) fn aclGetIntArraySize(array: *const aclIntArray, size: *mut u64) -> Outcome {
    give_len(&INT_ARRAYS, "array", array as usize, size)
}

pub(crate) fn aclGetFloatArraySize(array: *const aclFloatArray, size: *mut u64) -> Outcome {
    give_len(&FLOAT_ARRAYS, "array", array as usize, size)
}

pub(crate) fn aclGetBoolArraySize(array: *const aclBoolArray, size: *mut u64) -> Outcome {
    give_len(&BOOL_ARRAYS, "array", array as usize, size)
}

pub(crate) fn aclGetTensorListSize(tensor_list: *const aclTensorList, size: *mut u64) -> Outcome {
    give_len(&LISTS, "tensorList", tensor_list as usize, size)
}

pub(crate) fn aclGetScalarListSize(scalar_list: *const aclScalarList, size: *mut u64) -> Outcome {
    give_len(&SCALAR_LISTS, "scalarList", scalar_list as usize, size)
}
