//! Tensors without data.

use std::ffi::{CStr, c_char, c_int, c_void};

use ascend_rl_sys::types::*;

use super::{give, not_null};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

/// What a refusal tells of a tensor, and what it answers itself.
#[derive(Clone)]
pub(super) struct Tensor {
    pub dtype: aclDataType,
    pub dims: Vec<i64>,
    format: aclFormat,
    pub name: String,
}

impl Tensor {
    /// `None` where a dim is unknown (negative), or the product has no place in a number.
    fn elements(&self) -> Option<usize> {
        self.dims.iter().try_fold(1usize, |product, &dim| product.checked_mul(usize::try_from(dim).ok()?))
    }
}

/// The one dim of a tensor whose rank is not known, and how many dims it then says to have.
const UNKNOWN_RANK: i64 = -2;
const DIMS_OF_UNKNOWN_RANK: usize = 0xFFFF_FFFF_FFFF_FFFE;

static TENSORS: Registry<Tensor> = Registry::new(Kind::TensorDesc);

pub(super) fn find(param: &str, desc: *const aclTensorDesc) -> Outcome<Tensor> {
    not_null(param, desc)?;
    match TENSORS.get(desc as usize) {
        Some(tensor) => Ok(tensor),
        None => reject!(
            ACL_ERROR_INVALID_PARAM,
            "{param} is no live tensor description: destroyed already (aclDestroyTensorDesc), or never created"
        ),
    }
}

/// `num_dims` numbers at `dims`, which may be null where there are none.
fn shape(num_dims: c_int, dims: *const i64) -> Outcome<Vec<i64>> {
    check!(num_dims >= 0, ACL_ERROR_INVALID_PARAM, "numDims is {num_dims}");
    check!(num_dims == 0 || !dims.is_null(), ACL_ERROR_INVALID_PARAM, "dims is null, numDims is {num_dims}");
    // SAFETY: not null as checked, and C's contract is so many numbers.
    Ok((0..num_dims as usize).map(|i| unsafe { dims.add(i).read() }).collect())
}

pub(crate) fn aclCreateTensorDesc(
    data_type: aclDataType,
    num_dims: c_int,
    dims: *const i64,
    format: aclFormat,
) -> Outcome<*mut aclTensorDesc> {
    let tensor = Tensor { dtype: data_type, dims: shape(num_dims, dims)?, format, name: String::new() };
    Ok(TENSORS.insert(tensor) as *mut aclTensorDesc)
}

pub(crate) fn aclDestroyTensorDesc(desc: *const aclTensorDesc) -> Outcome {
    if !desc.is_null() {
        find("desc", desc)?;
        TENSORS.remove(desc as usize);
    }
    Ok(())
}

pub(crate) fn aclGetTensorDescType(desc: *const aclTensorDesc) -> Outcome<aclDataType> {
    Ok(find("desc", desc)?.dtype)
}

pub(crate) fn aclGetTensorDescFormat(desc: *const aclTensorDesc) -> Outcome<aclFormat> {
    Ok(find("desc", desc)?.format)
}

pub(crate) fn aclGetTensorDescNumDims(desc: *const aclTensorDesc) -> Outcome<usize> {
    let dims = find("desc", desc)?.dims;
    Ok(if dims.first() == Some(&UNKNOWN_RANK) { DIMS_OF_UNKNOWN_RANK } else { dims.len() })
}

pub(crate) fn aclGetTensorDescDimV2(desc: *const aclTensorDesc, index: usize, dim_size: *mut i64) -> Outcome {
    let dims = find("desc", desc)?.dims;
    not_null("dimSize", dim_size)?;
    let Some(&dim) = dims.get(index) else { reject!(ACL_ERROR_INVALID_PARAM, "index is {index}, desc has {} dims", dims.len()) };
    give(dim_size, dim);
    Ok(())
}

pub(crate) fn aclGetTensorDescElementCount(desc: *const aclTensorDesc) -> Outcome<usize> {
    let tensor = find("desc", desc)?;
    match tensor.elements() {
        Some(elements) => Ok(elements),
        None => reject!(ACL_ERROR_INVALID_PARAM, "desc has shape {:?}, whose elements cannot be counted", tensor.dims),
    }
}

pub(crate) fn aclGetTensorDescSize(desc: *const aclTensorDesc) -> Outcome<usize> {
    let dtype = find("desc", desc)?.dtype;
    let elements = aclGetTensorDescElementCount(desc)?;
    match elements.checked_mul(dtype.size()) {
        Some(bytes) => Ok(bytes),
        None => reject!(ACL_ERROR_INVALID_PARAM, "desc has {elements} elements of {} bytes", dtype.size()),
    }
}

pub(crate) fn aclSetTensorDescName(desc: *mut aclTensorDesc, name: *const c_char) -> Outcome {
    find("desc", desc)?;
    let name = match name.is_null() {
        true => String::new(),
        // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
        false => unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned(),
    };
    TENSORS.update(desc as usize, |tensor| tensor.name = name);
    Ok(())
}

/// The format in memory counts where an operator runs. Null is let pass, as CANN does.
pub(crate) fn aclSetTensorFormat(desc: *mut aclTensorDesc, _format: aclFormat) -> Outcome {
    if !desc.is_null() {
        find("desc", desc)?;
    }
    Ok(())
}

/// The shape in memory counts where an operator runs.
pub(crate) fn aclSetTensorShape(desc: *mut aclTensorDesc, num_dims: c_int, dims: *const i64) -> Outcome {
    find("desc", desc)?;
    not_null("dims", dims)?;
    shape(num_dims.max(0), dims)?;
    Ok(())
}

/// The place counts where an operator runs.
pub(crate) fn aclSetTensorPlaceMent(desc: *mut aclTensorDesc, mem_type: aclMemType) -> Outcome {
    find("desc", desc)?;
    check!(mem_type.name().is_some(), ACL_ERROR_INVALID_PARAM, "memType is {}, which is no place", mem_type.0);
    Ok(())
}

/// The data counts where an operator runs.
pub(crate) fn aclSetTensorConst(desc: *mut aclTensorDesc, data_buffer: *mut c_void, length: usize) -> Outcome {
    find("desc", desc)?;
    not_null("dataBuffer", data_buffer)?;
    check!(length > 0, ACL_ERROR_INVALID_PARAM, "length is 0");
    Ok(())
}
