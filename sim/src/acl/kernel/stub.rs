//! Launches by the address of a host function, which the runtime below ACL has kept for programs of old: refused. A twin image has its
//! kernels by name.

use std::ffi::{c_char, c_void};

use ascend_rl_sys::types::*;

use crate::reject::{Outcome, reject};

/// What all of them say.
fn by_address<T>() -> Outcome<T> {
    reject!(
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "kernels by the address of a host function are not supported by the simulator: aclrtBinaryLoadFromFile, aclrtBinaryGetFunction"
    )
}

pub(crate) fn rtDevBinaryRegister(_bin: *const c_void, _hdl: *mut *mut c_void) -> Outcome {
    by_address()
}

pub(crate) fn rtFunctionRegister(
    _bin_handle: *mut c_void,
    _stub_func: *const c_void,
    _stub_name: *const c_char,
    _kernel_info_ext: *const c_void,
    _func_mode: u32,
) -> Outcome {
    by_address()
}

pub(crate) fn rtKernelLaunch(
    _stub_func: *const c_void,
    _num_blocks: u32,
    _args: *mut c_void,
    _args_size: u32,
    _sm_desc: *mut c_void,
    _stm: aclrtStream,
) -> Outcome {
    by_address()
}
