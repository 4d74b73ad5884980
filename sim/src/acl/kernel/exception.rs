//! What a callback may ask of a launch that failed. It gets it on a thread of its own, some time after the failure.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::super::exception::{of_info, watch};
use super::binary::{of_image, set_callback};
use super::{FUNCTIONS, give, not_null};
use crate::kernel::launch::Lost;
use crate::reject::{Outcome, Reject, check, reject};

/// `callback` is told of each launch of the binary's kernels that fails; the last one set counts.
pub(crate) fn aclrtBinarySetExceptionCallback(
    bin_handle: aclrtBinHandle,
    callback: aclrtOpExceptionCallback,
    user_data: *mut c_void,
) -> Outcome {
    not_null("binHandle", bin_handle)?;
    let Some(callback) = callback else { reject!(ACL_ERROR_INVALID_PARAM, "callback is null") };
    set_callback(bin_handle, (callback, user_data as usize))?;
    watch()
}

/// The function that is told of a launch that failed, and what it is given: its binary's.
pub(in crate::acl) fn exception_callback(lost: &Lost) -> Option<super::Callback> {
    of_image(&lost.image)?.1
}

/// Null, as an exception.
const NO_INFO: i32 = -1;

fn lost<'a>(info: *const aclrtExceptionInfo, otherwise: i32) -> Outcome<&'a Lost> {
    // SAFETY: null, or (C's contract) what a callback got, which lives until it returns.
    let Some(exception) = (unsafe { of_info(info) }) else {
        return Err(Reject { code: NO_INFO, text: "info is null".into() });
    };
    let text = "info is of an operation that is no launch of a kernel";
    exception.lost.as_ref().ok_or_else(|| Reject { code: otherwise, text: text.into() })
}

/// The arguments that the kernel read: the simulator's own copy, which lives as long as `info`.
pub(crate) fn aclrtGetArgsFromExceptionInfo(
    info: *const aclrtExceptionInfo,
    dev_args_ptr: *mut *mut c_void,
    dev_args_len: *mut u32,
) -> Outcome {
    let lost = lost(info, NO_INFO)?;
    not_null("devArgsPtr", dev_args_ptr)?;
    not_null("devArgsLen", dev_args_len)?;
    let args = lost.args.range();
    give(dev_args_ptr, args.start as *mut c_void);
    give(dev_args_len, args.len() as u32);
    Ok(())
}

pub(crate) fn aclrtGetFuncHandleFromExceptionInfo(info: *const aclrtExceptionInfo, func: *mut aclrtFuncHandle) -> Outcome {
    let lost = lost(info, ascend_rl_sys::codes::ACL_ERROR_RT_PARAM_INVALID)?;
    not_null("func", func)?;
    let program = of_image(&lost.image).map(|(program, _)| program);
    let handles = FUNCTIONS.handles(|function| Some(function.program) == program && function.index == lost.kernel);
    check!(
        !handles.is_empty(),
        ACL_ERROR_RT_INVALID_HANDLE,
        "the binary of kernel {} is unloaded (aclrtBinaryUnLoad)",
        lost.image.kernels[lost.kernel].name
    );
    give(func, handles[0] as aclrtFuncHandle);
    Ok(())
}
