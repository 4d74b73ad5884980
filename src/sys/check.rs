//! From CANN's status code to an [`Error`].

use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::{Api, codes::*};
use std::ffi::CStr;

/// Success, or the [`Error`] for `code`, which `call` returned on this thread just now.
#[inline]
pub(crate) fn check(api: &Api, call: &'static str, code: i32) -> Result<()> {
    if code == ACL_SUCCESS { Ok(()) } else { Err(failure(api, call, code)) }
}

/// The error for a code that is known not to be success. Must run on the thread of the call, before any other: CANN keeps
/// its text per thread, and reading clears it.
#[cold]
pub(crate) fn failure(api: &Api, call: &'static str, code: i32) -> Error {
    Error::from_cann(kind(code), call, code, &recent_message(api))
}

/// This thread's text about a failure, taken out. Whoever tolerates a failure takes it too, or the next one would get it.
#[cold]
pub(crate) fn recent_message(api: &Api) -> String {
    // SAFETY: takes nothing; the result is null or a C string that lives until this thread's next call.
    unsafe {
        let text = (api.acl.aclGetRecentErrMsg)();
        if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    }
}

fn kind(code: i32) -> ErrorKind {
    match code {
        ACL_ERROR_RT_MEMORY_ALLOCATION | ACL_ERROR_RT_DEVICE_OOM | ACL_ERROR_BAD_ALLOC => ErrorKind::OutOfMemory,
        ACL_ERROR_RT_NO_DEVICE | ACL_ERROR_RT_INVALID_DEVICEID => ErrorKind::NoDevice,
        ACL_ERROR_RT_STREAM_SYNC_TIMEOUT | ACL_ERROR_RT_EVENT_SYNC_TIMEOUT | ACL_ERROR_RT_WAIT_TIMEOUT => ErrorKind::Timeout,
        ACL_ERROR_FEATURE_UNSUPPORTED | ACL_ERROR_RT_FEATURE_NOT_SUPPORT => ErrorKind::Unsupported,
        ACLNN_ERR_PARAM_NULLPTR | ACLNN_ERR_PARAM_INVALID | ACL_ERROR_INVALID_PARAM | ACL_ERROR_RT_PARAM_INVALID => {
            ErrorKind::Argument
        }
        _ => ErrorKind::Device,
    }
}
