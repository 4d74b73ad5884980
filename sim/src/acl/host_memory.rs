//! Pinned memory of the host, and the program's own memory that a device may reach.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::context::current;
use super::memory::{check_config, settle};
use super::{give, not_null};
use crate::memory::{alloc_host, free_host, host};
use crate::reject::{Outcome, check, reject};

pub(crate) fn aclrtMallocHost(ptr: *mut *mut c_void, size: usize) -> Outcome {
    not_null("hostPtr", ptr)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    current()?;
    give(ptr, alloc_host(size)? as *mut c_void);
    Ok(())
}

pub(crate) fn aclrtMallocHostWithCfg(ptr: *mut *mut c_void, size: u64, cfg: *mut aclrtMallocConfig) -> Outcome {
    check_config(cfg, true)?;
    aclrtMallocHost(ptr, size as usize)
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

pub(crate) fn aclrtFreeHostWithDevSync(ptr: *mut c_void) -> Outcome {
    not_null("hostPtr", ptr)?;
    settle(current()?.device)?;
    aclrtFreeHost(ptr)
}

/// Registers memory for the current device, which then sees it where the host does.
fn register(ptr: *mut c_void, size: u64, mapped: bool) -> Outcome {
    not_null("ptr", ptr)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    host::register(ptr as usize, size as usize, current()?.device.id, mapped)
}

pub(crate) fn aclrtHostRegister(ptr: *mut c_void, size: u64, kind: aclrtHostRegisterType, dev_ptr: *mut *mut c_void) -> Outcome {
    not_null("ptr", ptr)?;
    not_null("devPtr", dev_ptr)?;
    check!(
        kind == ACL_HOST_REGISTER_MAPPED,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "type is {}: the simulator registers with ACL_HOST_REGISTER_MAPPED (0) only",
        kind.0
    );
    register(ptr, size, true)?;
    give(dev_ptr, ptr);
    Ok(())
}

pub(crate) fn aclrtHostRegisterV2(ptr: *mut c_void, size: u64, flag: u32) -> Outcome {
    check!(
        flag & !(ACL_HOST_REG_MAPPED | ACL_HOST_REG_PINNED) == 0 && flag != 0,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "flag is {flag:#x}: the simulator takes ACL_HOST_REG_MAPPED (0x2) and ACL_HOST_REG_PINNED (0x10000000)"
    );
    register(ptr, size, flag & ACL_HOST_REG_MAPPED != 0)
}

/// The memory stays the program's. Work that uses it must have run.
pub(crate) fn aclrtHostUnregister(ptr: *mut c_void) -> Outcome {
    not_null("ptr", ptr)?;
    host::unregister(ptr as usize)
}

pub(crate) fn aclrtHostGetDevicePointer(host: *mut c_void, device: *mut *mut c_void, flag: u32) -> Outcome {
    not_null("pHost", host)?;
    not_null("pDevice", device)?;
    check!(flag == 0, ACL_ERROR_INVALID_PARAM, "flag is {flag}: it is reserved and must be 0");
    match host::is_mapped(host as usize) {
        Some(true) => give(device, host),
        Some(false) => reject!(ACL_ERROR_RT_PARAM_INVALID, "pHost {host:?} was registered without ACL_HOST_REG_MAPPED"),
        None => reject!(ACL_ERROR_HOST_MEMORY_NOT_REGISTERED, "pHost {host:?} is not in registered memory"),
    }
    Ok(())
}
