//! Communicators by their names.

use std::ffi::{CStr, c_char};

use ascend_rl_sys::types::COMM_NAME_MAX_LENGTH;

use crate::hccl::joint::Domain;
use crate::reject::{Outcome, check, reject};

/// The name, empty for null.
pub(super) fn name(operator: &str, param: &str, text: *const c_char) -> Outcome<String> {
    if text.is_null() {
        return Ok(String::new());
    }
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let name = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    let (most, length) = (COMM_NAME_MAX_LENGTH - 1, name.len());
    check!(length <= most, ACLNN_ERR_PARAM_NULLPTR, "{operator}: {param} has {length} characters; 1 to {most} are taken");
    Ok(name)
}

/// The communicator of that name that the current device is a rank of.
pub(super) fn find(operator: &str, param: &str, text: *const c_char) -> Outcome<Domain> {
    let name = name(operator, param, text)?;
    check!(!name.is_empty(), ACLNN_ERR_PARAM_NULLPTR, "{operator}: {param} is null or empty; a communicator's name is needed");
    match Domain::of(&name)? {
        Some(domain) => Ok(domain),
        None => reject!(
            ACLNN_ERR_INNER_TILING_ERROR,
            "{operator}: {param} is \"{name}\"; the current device is no rank of a communicator of that name"
        ),
    }
}
