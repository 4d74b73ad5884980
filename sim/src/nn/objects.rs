//! The objects of `aclnn/acl_meta.h`, and phase one's end.

use std::ffi::c_void;
use std::ptr::null_mut;

use ascend_rl_sys::codes::{ACL_ERROR_FEATURE_UNSUPPORTED, ACLNN_ERR_PARAM_INVALID};
use ascend_rl_sys::types::*;

use super::executor::{Executor, kept_plan};
use super::tensor::{Described, Dims, MAX_RANK, Tensor, bits};
use crate::ops::call::{Planned, Scalar};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};

static TENSORS: Registry<Described> = Registry::new(Kind::Tensor);
pub(super) static SCALARS: Registry<Scalar> = Registry::new(Kind::Scalar);
pub(super) static INT_ARRAYS: Registry<Vec<i64>> = Registry::new(Kind::IntArray);
pub(super) static LISTS: Registry<Vec<usize>> = Registry::new(Kind::TensorList);
/// Executors between phase one and phase two.
pub(crate) static EXECUTORS: Registry<Executor> = Registry::new(Kind::Executor);

/// Reads `n` numbers of a C array that must be non-negative.
fn dims_of(what: &str, at: *const i64, n: u64) -> Outcome<Dims> {
    check!(n as usize <= MAX_RANK, ACLNN_ERR_PARAM_INVALID, "{what} has {n} dims, at most {MAX_RANK} are taken");
    check!(n == 0 || !at.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{what} is null with {n} dims");
    let mut out = [0usize; MAX_RANK];
    for (i, dim) in out.iter_mut().enumerate().take(n as usize) {
        // SAFETY: C's contract is an array of `n` numbers, not null as checked.
        let v = unsafe { at.add(i).read() };
        check!(v >= 0, ACLNN_ERR_PARAM_INVALID, "{what}[{i}] is {v}, a negative number");
        *dim = v as usize;
    }
    Ok(Dims::new(&out[..n as usize]))
}

/// The storage of a view of such dims. An empty one's may be anything, as CANN does not look: ggml-cann counts back from no rows to a
/// negative number, which becomes 0 here.
fn storage_of(view: &[usize], at: *const i64, n: u64) -> Outcome<Dims> {
    match dims_of("storageDims", at, n) {
        Err(_) if view.contains(&0) && n as usize <= MAX_RANK && !at.is_null() => Ok(Dims::new(&[0; MAX_RANK][..n as usize])),
        storage => storage,
    }
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclCreateTensor(
    view_dims: *const i64,
    view_dims_num: u64,
    data_type: aclDataType,
    stride: *const i64,
    offset: i64,
    format: aclFormat,
    storage_dims: *const i64,
    storage_dims_num: u64,
    tensor_data: *mut c_void,
) -> Outcome<*mut aclTensor> {
    let (view, storage) = ((view_dims, view_dims_num), (storage_dims, storage_dims_num));
    Ok(TENSORS.insert(describe(view, data_type, stride, offset, format, storage, tensor_data)?) as *mut aclTensor)
}

/// The descriptor stays the same handle.
#[expect(clippy::too_many_arguments, reason = "CANN's own signature")]
pub(crate) fn aclInitTensor(
    tensor: *mut aclTensor,
    view_dims: *const i64,
    view_dims_num: u64,
    data_type: aclDataType,
    stride: *const i64,
    offset: i64,
    format: aclFormat,
    storage_dims: *const i64,
    storage_dims_num: u64,
    tensor_data: *mut c_void,
) -> Outcome {
    check!(!tensor.is_null(), ACLNN_ERR_PARAM_NULLPTR, "tensor is null");
    described(tensor, "tensor")?;
    let (view, storage) = ((view_dims, view_dims_num), (storage_dims, storage_dims_num));
    TENSORS.replace(tensor as usize, describe(view, data_type, stride, offset, format, storage, tensor_data)?);
    Ok(())
}

/// Refuses a dtype that the simulator has no numbers of.
fn no_elements(data_type: aclDataType) -> Reject {
    let known = data_type.name().filter(|_| data_type != ACL_DT_UNDEFINED);
    // Of newer chips: bytes and less.
    let newer = (34..=41).contains(&data_type.0);
    match known.map(str::to_owned).or(newer.then(|| data_type.0.to_string())) {
        Some(name) => {
            Reject { code: ACL_ERROR_FEATURE_UNSUPPORTED, text: format!("dataType {name} is not supported by the simulator") }
        }
        None => {
            Reject { code: ACLNN_ERR_PARAM_INVALID, text: format!("dataType is {}, which is no type of elements", data_type.0) }
        }
    }
}

/// Checks a description; `view` and `storage` are dims and their number.
fn describe(
    (view_dims, view_dims_num): (*const i64, u64),
    data_type: aclDataType,
    stride: *const i64,
    offset: i64,
    format: aclFormat,
    (storage_dims, storage_dims_num): (*const i64, u64),
    tensor_data: *mut c_void,
) -> Outcome<Described> {
    let dims = dims_of("viewDims", view_dims, view_dims_num)?;
    let storage = storage_of(&dims, storage_dims, storage_dims_num)?;
    if bits(data_type) == 0 {
        return Err(no_elements(data_type));
    }
    let strides = if stride.is_null() { dims.contiguous_strides() } else { dims_of("stride", stride, view_dims_num)? };
    check!(offset >= 0, ACLNN_ERR_PARAM_INVALID, "offset is {offset}, a negative number");
    check!(
        data_type != ACL_INT4 || offset % 2 == 0,
        ACLNN_ERR_PARAM_INVALID,
        "offset is {offset}; tensors of int4 begin with a whole byte"
    );
    let tensor = Tensor { dtype: data_type, dims, strides, data: tensor_data.cast() };
    // A view that leaves its storage is CANN's to accept: no source of opbase compares the two, and ggml-cann leaves the offset out
    // of the storage. Whether the memory is there is checked where an operation is enqueued.
    Ok(Described { tensor, offset, storage, format }.at(tensor_data.cast()))
}

/// The descriptor of a handle.
pub(super) fn described(tensor: *const aclTensor, param: &str) -> Outcome<Described> {
    match TENSORS.get(tensor as usize) {
        Some(found) => Ok(found),
        None => reject!(ACLNN_ERR_PARAM_INVALID, "{param} is not a live tensor: destroyed already, or never created"),
    }
}

/// Gives a descriptor another address.
pub(super) fn move_tensor(tensor: *const aclTensor, param: &str, address: *mut c_void) -> Outcome {
    TENSORS.replace(tensor as usize, described(tensor, param)?.at(address.cast()));
    Ok(())
}

pub(crate) fn aclDestroyTensor(tensor: *const aclTensor) -> Outcome {
    destroy(&TENSORS, tensor as usize, "tensor")
}

/// Reads the scalar's value; the value is copied.
pub(crate) fn aclCreateScalar(value: *mut c_void, data_type: aclDataType) -> Outcome<*mut aclScalar> {
    check!(!value.is_null(), ACLNN_ERR_PARAM_NULLPTR, "value is null");
    // SAFETY: not null, and C's contract is that `value` points to one element of `data_type`, aligned or not.
    let scalar = unsafe {
        match data_type {
            ACL_FLOAT => Scalar::Float(value.cast::<f32>().read_unaligned() as f64),
            ACL_DOUBLE => Scalar::Float(value.cast::<f64>().read_unaligned()),
            ACL_FLOAT16 => Scalar::Float(value.cast::<half::f16>().read_unaligned().to_f64()),
            ACL_BF16 => Scalar::Float(value.cast::<half::bf16>().read_unaligned().to_f64()),
            ACL_INT64 => Scalar::Int(value.cast::<i64>().read_unaligned()),
            ACL_INT32 => Scalar::Int(value.cast::<i32>().read_unaligned() as i64),
            ACL_INT16 => Scalar::Int(value.cast::<i16>().read_unaligned() as i64),
            ACL_INT8 => Scalar::Int(value.cast::<i8>().read_unaligned() as i64),
            ACL_UINT8 => Scalar::Int(value.cast::<u8>().read_unaligned() as i64),
            ACL_BOOL => Scalar::Bool(value.cast::<u8>().read_unaligned() != 0),
            other => return Err(no_elements(other)),
        }
    };
    Ok(SCALARS.insert(scalar) as *mut aclScalar)
}

pub(crate) fn aclDestroyScalar(scalar: *const aclScalar) -> Outcome {
    destroy(&SCALARS, scalar as usize, "scalar")
}

pub(crate) fn aclCreateIntArray(value: *const i64, size: u64) -> Outcome<*mut aclIntArray> {
    check!(size == 0 || !value.is_null(), ACLNN_ERR_PARAM_NULLPTR, "value is null with size {size}");
    // SAFETY: C's contract is an array of `size` numbers, not null as checked.
    let values = (0..size as usize).map(|i| unsafe { value.add(i).read_unaligned() }).collect();
    Ok(INT_ARRAYS.insert(values) as *mut aclIntArray)
}

pub(crate) fn aclDestroyIntArray(array: *const aclIntArray) -> Outcome {
    destroy(&INT_ARRAYS, array as usize, "array")
}

/// The list owns the tensors from now on.
pub(crate) fn aclCreateTensorList(value: *const *const aclTensor, size: u64) -> Outcome<*mut aclTensorList> {
    check!(size == 0 || !value.is_null(), ACLNN_ERR_PARAM_NULLPTR, "value is null with size {size}");
    let mut members = Vec::with_capacity(size as usize);
    for i in 0..size as usize {
        // SAFETY: C's contract is an array of `size` handles, not null as checked.
        let handle = unsafe { value.add(i).read_unaligned() } as usize;
        check!(TENSORS.get(handle).is_some(), ACLNN_ERR_PARAM_INVALID, "value[{i}] is not a live tensor");
        members.push(handle);
    }
    Ok(LISTS.insert(members) as *mut aclTensorList)
}

pub(crate) fn aclDestroyTensorList(list: *const aclTensorList) -> Outcome {
    if list.is_null() {
        return Ok(());
    }
    let Some(members) = LISTS.remove(list as usize) else { reject!(ACLNN_ERR_PARAM_INVALID, "list is not a live tensor list") };
    for handle in members {
        TENSORS.remove(handle);
    }
    Ok(())
}

pub(crate) fn aclSetAclOpExecutorRepeatable(executor: *mut aclOpExecutor) -> Outcome {
    let Some(mut found) = EXECUTORS.get(executor as usize) else {
        reject!(ACLNN_ERR_INNER_NULLPTR, "executor is not a live executor")
    };
    found.repeatable = true;
    EXECUTORS.replace(executor as usize, found);
    Ok(())
}

pub(crate) fn aclDestroyAclOpExecutor(executor: *mut aclOpExecutor) -> Outcome {
    destroy(&EXECUTORS, executor as usize, "executor")
}

/// Null is fine, as in CANN; anything else must be live.
pub(super) fn destroy<T>(registry: &Registry<T>, handle: usize, what: &str) -> Outcome {
    if handle != 0 && registry.remove(handle).is_none() {
        reject!(ACLNN_ERR_PARAM_INVALID, "{what} is not a live {what}: destroyed already, or never created")
    }
    Ok(())
}

/// A tensor in a base format. What takes the cube's own layout asks for a [`resolve_described`].
pub(crate) fn resolve_tensor(handle: *const aclTensor, name: &str, param: &str) -> Outcome<Tensor> {
    let found = resolve_described(handle, name, param)?;
    check!(
        found.format != ACL_FORMAT_FRACTAL_NZ,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: {param} is in FRACTAL_NZ, which the simulator takes for weights of products only"
    );
    Ok(found.tensor)
}

pub(crate) fn resolve_described(handle: *const aclTensor, name: &str, param: &str) -> Outcome<Described> {
    resolve(&TENSORS, handle as usize, name, param, "tensor")
}

/// The descriptors of a list.
pub(crate) fn resolve_described_list(handle: *const aclTensorList, name: &str, param: &str) -> Outcome<Vec<Described>> {
    let members = resolve(&LISTS, handle as usize, name, param, "tensor list")?;
    members.into_iter().map(|h| resolve_described(h as *const aclTensor, name, param)).collect()
}

pub(crate) fn resolve_scalar(handle: *const aclScalar, name: &str, param: &str) -> Outcome<Scalar> {
    resolve(&SCALARS, handle as usize, name, param, "scalar")
}

pub(crate) fn resolve_int_array(handle: *const aclIntArray, name: &str, param: &str) -> Outcome<Vec<i64>> {
    resolve(&INT_ARRAYS, handle as usize, name, param, "int array")
}

pub(crate) fn resolve_tensor_list(handle: *const aclTensorList, name: &str, param: &str) -> Outcome<Vec<Tensor>> {
    let members = resolve(&LISTS, handle as usize, name, param, "tensor list")?;
    members.into_iter().map(|h| resolve_tensor(h as *const aclTensor, name, param)).collect()
}

/// Gives the tensor of a descriptor the shape that its operator found when it ran; nothing where it is destroyed by then.
pub(crate) fn set_view(handle: usize, dims: Dims, strides: Dims) {
    TENSORS.update(handle, |described| (described.tensor.dims, described.tensor.strides) = (dims, strides));
}

/// Says that a tensor's memory lies in another format from now on, as `storage`, its elements in the order of its dims.
pub(crate) fn set_format(handle: *const aclTensor, format: aclFormat, storage: Dims) {
    TENSORS.update(handle as usize, |described| {
        described.tensor.strides = described.tensor.dims.contiguous_strides();
        (described.format, described.storage) = (format, storage);
    });
}

pub(super) fn resolve<T: Clone>(registry: &Registry<T>, handle: usize, name: &str, param: &str, what: &str) -> Outcome<T> {
    match registry.get(handle) {
        Some(found) => Ok(found),
        None => reject!(ACLNN_ERR_PARAM_INVALID, "{name}: {param} is not a live {what}: destroyed already, or never created"),
    }
}

/// The end of phase one: no workspace, and an executor.
pub(crate) fn hand_over(planned: Planned, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
    let (name, scratch) = (planned.name, planned.scratch as u64);
    check!(!workspace_size.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{name}: workspaceSize is null");
    check!(!executor.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{name}: executor is null");
    let handle = EXECUTORS.insert(Executor { planned: std::sync::Arc::new(planned), repeatable: false, plan: kept_plan() });
    // SAFETY: both are not null, and C's contract is that they point to writable variables.
    unsafe {
        workspace_size.write(scratch);
        executor.write(if handle == 0 { null_mut() } else { handle as *mut aclOpExecutor });
    }
    Ok(())
}
