//! Arrays of floats and bools, and lists of scalars. Of these, operators take the bools and the scalars.

use ascend_rl_sys::types::*;

use super::objects::{SCALARS, destroy, resolve, resolve_scalar};
use crate::ops::call::Scalar;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

pub(super) static FLOAT_ARRAYS: Registry<Vec<f32>> = Registry::new(Kind::FloatArray);
pub(super) static BOOL_ARRAYS: Registry<Vec<bool>> = Registry::new(Kind::BoolArray);
/// Handles of scalars.
pub(super) static SCALAR_LISTS: Registry<Vec<usize>> = Registry::new(Kind::ScalarList);

pub(crate) fn aclCreateFloatArray(value: *const f32, size: u64) -> Outcome<*mut aclFloatArray> {
    check!(size == 0 || !value.is_null(), ACLNN_ERR_PARAM_NULLPTR, "value is null with size {size}");
    // SAFETY: C's contract is an array of `size` numbers, not null as checked.
    let values = (0..size as usize).map(|i| unsafe { value.add(i).read_unaligned() }).collect();
    Ok(FLOAT_ARRAYS.insert(values) as *mut aclFloatArray)
}

pub(crate) fn aclDestroyFloatArray(array: *const aclFloatArray) -> Outcome {
    destroy(&FLOAT_ARRAYS, array as usize, "array")
}

pub(crate) fn aclCreateBoolArray(value: *const bool, size: u64) -> Outcome<*mut aclBoolArray> {
    check!(size == 0 || !value.is_null(), ACLNN_ERR_PARAM_NULLPTR, "value is null with size {size}");
    // SAFETY: C's contract is an array of `size` bytes, not null as checked; they are read as bytes, whatever they hold.
    let values = (0..size as usize).map(|i| unsafe { value.cast::<u8>().add(i).read() } != 0).collect();
    Ok(BOOL_ARRAYS.insert(values) as *mut aclBoolArray)
}

pub(crate) fn aclDestroyBoolArray(array: *const aclBoolArray) -> Outcome {
    destroy(&BOOL_ARRAYS, array as usize, "array")
}

pub(crate) fn resolve_bool_array(handle: *const aclBoolArray, name: &str, param: &str) -> Outcome<Vec<bool>> {
    resolve(&BOOL_ARRAYS, handle as usize, name, param, "bool array")
}

pub(crate) fn resolve_scalar_list(handle: *const aclScalarList, name: &str, param: &str) -> Outcome<Vec<Scalar>> {
    let members = resolve(&SCALAR_LISTS, handle as usize, name, param, "scalar list")?;
    members.into_iter().map(|handle| resolve_scalar(handle as *const aclScalar, name, param)).collect()
}

/// The list owns the scalars from now on.
pub(crate) fn aclCreateScalarList(value: *const *const aclScalar, size: u64) -> Outcome<*mut aclScalarList> {
    check!(size == 0 || !value.is_null(), ACLNN_ERR_PARAM_NULLPTR, "value is null with size {size}");
    let mut members = Vec::with_capacity(size as usize);
    for i in 0..size as usize {
        // SAFETY: C's contract is an array of `size` handles, not null as checked.
        let handle = unsafe { value.add(i).read_unaligned() } as usize;
        check!(SCALARS.get(handle).is_some(), ACLNN_ERR_PARAM_INVALID, "value[{i}] is not a live scalar");
        members.push(handle);
    }
    Ok(SCALAR_LISTS.insert(members) as *mut aclScalarList)
}

pub(crate) fn aclDestroyScalarList(list: *const aclScalarList) -> Outcome {
    if list.is_null() {
        return Ok(());
    }
    let Some(members) = SCALAR_LISTS.remove(list as usize) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "list is not a live scalar list")
    };
    for handle in members {
        SCALARS.remove(handle);
    }
    Ok(())
}
