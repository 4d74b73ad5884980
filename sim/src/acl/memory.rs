//! Allocation of device and pinned host memory.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::context::current;
use super::{give, not_null};
use crate::memory::{alloc_host, free_host};
use crate::reject::{Outcome, check, reject};
use crate::world::world;

/// The simulator has one kind of page, so every policy is met; an unknown one means the default, as in CANN.
pub(crate) fn aclrtMalloc(ptr: *mut *mut c_void, size: usize, _policy: aclrtMemMallocPolicy) -> Outcome {
    not_null("devPtr", ptr)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    check!(size <= usize::MAX - 64, ACL_ERROR_INVALID_PARAM, "size is {size}, which overflows when rounded up");
    give(ptr, current()?.device.memory.alloc(size)? as *mut c_void);
    Ok(())
}

/// Needs no current context, and the memory may be of any device.
pub(crate) fn aclrtFree(ptr: *mut c_void) -> Outcome {
    not_null("devPtr", ptr)?;
    match world()?.device_at(ptr as usize) {
        Some(device) => device.memory.free(ptr as usize),
        None => reject!(ACL_ERROR_RT_PARAM_INVALID, "devPtr {ptr:?} is not memory of any device"),
    }
}

pub(crate) fn aclrtMallocHost(ptr: *mut *mut c_void, size: usize) -> Outcome {
    not_null("hostPtr", ptr)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    current()?;
    give(ptr, alloc_host(size)? as *mut c_void);
    Ok(())
}

pub(crate) fn aclrtFreeHost(ptr: *mut c_void) -> Outcome {
    not_null("hostPtr", ptr)?;
    check!(
        free_host(ptr as usize).is_some(),
        ACL_ERROR_RT_PARAM_INVALID,
        "hostPtr {ptr:?} is not the start of pinned memory: freed already, or not from aclrtMallocHost"
    );
    Ok(())
}

/// The simulated chips have HBM; what is asked about other memory is 0, as in CANN.
pub(crate) fn aclrtGetMemInfo(attr: aclrtMemAttr, free: *mut usize, total: *mut usize) -> Outcome {
    not_null("free", free)?;
    not_null("total", total)?;
    check!(attr.name().is_some(), ACL_ERROR_INVALID_PARAM, "attr is {}, which is no kind of memory", attr.0);
    let device = current()?.device;
    let hbm = matches!(attr, ACL_HBM_MEM | ACL_HBM_MEM_HUGE | ACL_HBM_MEM_NORMAL);
    let (free_bytes, total_bytes) = if hbm { device.memory.info() } else { (0, 0) };
    give(free, free_bytes);
    give(total, total_bytes);
    Ok(())
}
