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
    let message = recent_message(api);
    let kind = if of_atb(call) { kind_in_atb(code) } else { kind_of(code, &message) };
    Error::from_cann(kind, call, code, &message)
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

/// Whether CANN's text is one of its collectives': those are numbered EI and four digits.
fn of_collectives(message: &str) -> bool {
    let number = message.trim_start().get(..6);
    number.is_some_and(|n| n.starts_with("EI") && n[2..].bytes().all(|c| c.is_ascii_digit()))
}

/// What the code says; the text only where that says nothing, for it may be a stale one, and HCCL's refused arguments have it too.
fn kind_of(code: i32, message: &str) -> ErrorKind {
    match kind(code) {
        ErrorKind::Device if of_collectives(message) => ErrorKind::Collective,
        kind => kind,
    }
}

fn kind(code: i32) -> ErrorKind {
    match code {
        HCCL_E_PARA | HCCL_E_PTR => ErrorKind::Argument,
        HCCL_E_MEMORY | HCCL_E_OOM => ErrorKind::OutOfMemory,
        HCCL_E_NOT_SUPPORT => ErrorKind::Unsupported,
        HCCL_E_TIMEOUT => ErrorKind::Timeout,
        HCCL_E_INTERNAL..=HCCL_E_OPRETRY_FAIL | HCCL_E_IN_STATUS => ErrorKind::Collective,
        // What a wait gives for a peer or a link that failed. A notification that did not come gives FFTS_PLUS_TIMEOUT, as some
        // operators that hang do: there the text decides.
        ACL_ERROR_RT_SUSPECT_REMOTE_ERROR | ACL_ERROR_RT_LINK_ERROR | ACL_ERROR_RT_COMM_OP_RETRY_FAIL => ErrorKind::Collective,
        ACL_ERROR_RT_MEMORY_ALLOCATION | ACL_ERROR_RT_DEVICE_OOM | ACL_ERROR_BAD_ALLOC => ErrorKind::OutOfMemory,
        ACL_ERROR_RT_NO_DEVICE | ACL_ERROR_RT_INVALID_DEVICEID => ErrorKind::NoDevice,
        ACL_ERROR_RT_STREAM_SYNC_TIMEOUT | ACL_ERROR_RT_EVENT_SYNC_TIMEOUT | ACL_ERROR_RT_WAIT_TIMEOUT => ErrorKind::Timeout,
        ACL_ERROR_FEATURE_UNSUPPORTED
        | ACL_ERROR_RT_FEATURE_NOT_SUPPORT
        | ACL_ERROR_API_NOT_SUPPORT
        | ACL_ERROR_PROF_MODULES_UNSUPPORTED => ErrorKind::Unsupported,
        ACLNN_ERR_PARAM_NULLPTR | ACLNN_ERR_PARAM_INVALID | ACL_ERROR_INVALID_PARAM | ACL_ERROR_RT_PARAM_INVALID => {
            ErrorKind::Argument
        }
        _ => ErrorKind::Device,
    }
}

/// Whether a call is one of ATB's, whose codes are a family of their own.
pub(crate) fn of_atb(call: &str) -> bool {
    call.starts_with("ascend_atb_")
}

fn kind_in_atb(code: i32) -> ErrorKind {
    match code {
        ATB_OUT_OF_DEVICE_MEMORY | ATB_OUT_OF_HOST_MEMORY => ErrorKind::OutOfMemory,
        ATB_HCCL_FAIL | ATB_COMM_EMPTY => ErrorKind::Collective,
        ATB_INTERNAL_ERROR | ATB_RT_FAIL | ATB_CANN_ERROR | ATB_COPY_HOST_MEMORY_FAIL | ATB_OPERATION_NULL_RUNNER => {
            ErrorKind::Device
        }
        _ => ErrorKind::Argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_collectives_are_known_by_their_number() {
        assert!(of_collectives("EI0002: The wait execution of the Notify register times out."));
        assert!(of_collectives("\n EI0005 differing"));
        for other in ["", "EI", "EI00", "EZ9999: inner", "EI000x: no", "a EI0002", "ÄÖÜÄÖÜ"] {
            assert!(!of_collectives(other), "{other}");
        }
        assert_eq!(kind(HCCL_E_REMOTE), ErrorKind::Collective);
        assert_eq!((kind(HCCL_E_PARA), kind(HCCL_E_TIMEOUT)), (ErrorKind::Argument, ErrorKind::Timeout));
    }

    #[test]
    fn the_text_decides_only_where_the_code_says_nothing() {
        let text = "EI0002: the wait execution of the Notify register times out";
        for (code, with, without) in [
            (ACL_ERROR_RT_FFTS_PLUS_TIMEOUT, ErrorKind::Collective, ErrorKind::Device),
            (ACL_ERROR_RT_SUSPECT_REMOTE_ERROR, ErrorKind::Collective, ErrorKind::Collective),
            (HCCL_E_PARA, ErrorKind::Argument, ErrorKind::Argument),
            (HCCL_E_TIMEOUT, ErrorKind::Timeout, ErrorKind::Timeout),
            (HCCL_E_NOT_SUPPORT, ErrorKind::Unsupported, ErrorKind::Unsupported),
            (HCCL_E_REMOTE, ErrorKind::Collective, ErrorKind::Collective),
            (ACL_ERROR_RT_MEMORY_ALLOCATION, ErrorKind::OutOfMemory, ErrorKind::OutOfMemory),
        ] {
            assert_eq!((kind_of(code, text), kind_of(code, "")), (with, without), "{code}");
        }
    }
}
