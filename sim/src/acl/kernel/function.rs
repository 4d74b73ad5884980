//! What is asked of a kernel.

use std::ffi::{c_char, c_void};

use ascend_rl_sys::types::*;

use super::super::unsupported;
use super::{give, not_null, resolve};
use crate::reject::{Outcome, check, reject};

/// Addresses of the host's code, which tell one kernel from another and no more.
pub(crate) fn aclrtGetFunctionAddr(
    func_handle: aclrtFuncHandle,
    aic_addr: *mut *mut c_void,
    aiv_addr: *mut *mut c_void,
) -> Outcome {
    not_null("funcHandle", func_handle)?;
    not_null("aicAddr", aic_addr)?;
    not_null("aivAddr", aiv_addr)?;
    let function = resolve("funcHandle", func_handle)?;
    let kernel = function.kernel();
    let of = |cores: u32| if cores > 0 { kernel.address() as *mut c_void } else { std::ptr::null_mut() };
    give(aic_addr, of(kernel.cores.aic));
    give(aiv_addr, of(kernel.cores.aiv));
    Ok(())
}

/// A twin image has one program for all kinds of cores, and does not say how long it is.
pub(crate) fn aclrtGetFunctionSize(func_handle: aclrtFuncHandle, aic_size: *mut usize, aiv_size: *mut usize) -> Outcome {
    check!(!func_handle.is_null(), ACL_ERROR_RT_PARAM_INVALID, "funcHandle is null");
    check!(!aic_size.is_null() && !aiv_size.is_null(), ACL_ERROR_RT_PARAM_INVALID, "aicSize or aivSize is null");
    resolve("funcHandle", func_handle)?;
    reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "a twin image does not say how long the program of a kernel is")
}

pub(crate) fn aclrtGetFunctionName(func_handle: aclrtFuncHandle, max_len: u32, name: *mut c_char) -> Outcome {
    not_null("funcHandle", func_handle)?;
    not_null("name", name)?;
    let function = resolve("funcHandle", func_handle)?;
    let own = function.kernel().name;
    check!(
        own.len() < max_len as usize,
        ACL_ERROR_RT_INTERNAL_ERROR,
        "maxLen is {max_len}, and the kernel's name has {} bytes with its NUL",
        own.len() + 1
    );
    // SAFETY: not null, and C's contract is that `max_len` bytes can be written there.
    unsafe {
        std::ptr::copy_nonoverlapping(own.as_ptr(), name.cast(), own.len());
        name.add(own.len()).write(0);
    }
    Ok(())
}

pub(crate) fn aclrtGetFunctionAttribute(
    func_handle: aclrtFuncHandle,
    attr_type: aclrtFuncAttribute,
    attr_value: *mut i64,
) -> Outcome {
    not_null("funcHandle", func_handle)?;
    not_null("attrValue", attr_value)?;
    let function = resolve("funcHandle", func_handle)?;
    let (kernel, cores) = (function.kernel(), function.kernel().cores);
    let value = match attr_type {
        ACL_FUNC_ATTR_KERNEL_TYPE => {
            let kind = match cores {
                _ if cores.barriers => ACL_KERNEL_TYPE_MIX,
                _ if cores.aic > 0 => ACL_KERNEL_TYPE_CUBE,
                _ => ACL_KERNEL_TYPE_VECTOR,
            };
            i64::from(kind.0)
        }
        ACL_FUNC_ATTR_KERNEL_RATIO => i64::from(cores.aic) << 16 | i64::from(cores.aiv),
        ACL_FUNC_ATTR_KERNEL_SCHED_MODE => i64::from(kernel.schedule_mode),
        other => reject!(ACL_ERROR_RT_PARAM_INVALID, "attrType is {}, which is no attribute of a kernel", other.0),
    };
    give(attr_value, value);
    Ok(())
}

pub(crate) fn aclrtFunctionGetBinary(func_handle: aclrtFuncHandle, bin_handle: *mut aclrtBinHandle) -> Outcome {
    check!(!func_handle.is_null() && !bin_handle.is_null(), ACL_ERROR_RT_PARAM_INVALID, "funcHandle or binHandle is null");
    give(bin_handle, resolve("funcHandle", func_handle)?.program as aclrtBinHandle);
    Ok(())
}

pub(crate) fn aclrtFunctionGetParamCount(func: *const c_void, param_count: *mut usize) -> Outcome {
    not_null("func", func)?;
    not_null("paramCount", param_count)?;
    give(param_count, resolve("func", func as aclrtFuncHandle)?.kernel().params.len());
    Ok(())
}

pub(crate) fn aclrtFunctionGetParamInfo(
    func: *const c_void,
    param_index: usize,
    param_offset: *mut usize,
    param_size: *mut usize,
) -> Outcome {
    not_null("func", func)?;
    check!(!param_offset.is_null() || !param_size.is_null(), ACL_ERROR_INVALID_PARAM, "paramOffset and paramSize are both null");
    let function = resolve("func", func as aclrtFuncHandle)?;
    let params = &function.kernel().params;
    let Some((offset, size)) = params.get(param_index).copied() else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "paramIndex is {param_index}, and the kernel has {} parameters", params.len())
    };
    if !param_offset.is_null() {
        give(param_offset, offset);
    }
    if !param_size.is_null() {
        give(param_size, size);
    }
    Ok(())
}

pub(crate) fn aclrtFunctionGetAvailDynUbufPerBlock(func: *mut c_void, flags: u32, dynamic_ubuf_size: *mut usize) -> Outcome {
    not_null("func", func)?;
    not_null("dynamicUbufSize", dynamic_ubuf_size)?;
    check!(flags == 0, ACL_ERROR_INVALID_PARAM, "flags is {flags}: 0 is taken");
    resolve("func", func)?;
    unsupported("SIMT kernels are Ascend 950's")
}

/// An address of no memory: what kernels do with it, the twin does by other means.
pub(crate) fn aclrtGetHardwareSyncAddr(addr: *mut *mut c_void) -> Outcome {
    check!(!addr.is_null(), ACL_ERROR_RT_PARAM_INVALID, "addr is null");
    let device = super::super::context::current()?.device.id;
    give(addr, (0xFF75_0000_0000_usize + ((device as usize) << 16)) as *mut c_void);
    Ok(())
}
