//! Allocation of device memory.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::context::current;
use super::{give, graph, ipc, not_null, stream};
use crate::memory::{Padding, Place, exports};
use crate::reject::{Outcome, check, reject};
use crate::world::{Device, world};

/// The simulator has one kind of page, so every policy is met; an unknown one means the default, as in CANN.
pub(crate) fn aclrtMalloc(ptr: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy) -> Outcome {
    // To spare pages of 1 GiB (memory.cpp, aclMallocMemInner).
    let sparing = [ACL_MEM_MALLOC_HUGE1G_ONLY, ACL_MEM_MALLOC_HUGE1G_ONLY_P2P].contains(&policy);
    alloc(ptr, size, if sparing { Padding::None } else { Padding::More })
}

fn alloc(ptr: *mut *mut c_void, size: usize, padding: Padding) -> Outcome {
    not_null("devPtr", ptr)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    check!(size <= usize::MAX - 64, ACL_ERROR_INVALID_PARAM, "size is {size}, which overflows when rounded up");
    give(ptr, current()?.device.memory.alloc(size, padding)? as *mut c_void);
    Ok(())
}

pub(crate) fn aclrtMallocAlign32(ptr: *mut *mut c_void, size: usize, _policy: aclrtMemMallocPolicy) -> Outcome {
    alloc(ptr, size, Padding::None)
}

pub(crate) fn aclrtMallocCached(ptr: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy) -> Outcome {
    aclrtMalloc(ptr, size, policy)
}

pub(crate) fn aclrtMallocWithCfg(
    ptr: *mut *mut c_void,
    size: usize,
    policy: aclrtMemMallocPolicy,
    cfg: *mut aclrtMallocConfig,
) -> Outcome {
    check_config(cfg, false)?;
    aclrtMalloc(ptr, size, policy)
}

/// The simulator's scheduler reaches all memory.
pub(crate) fn aclrtMallocForTaskScheduler(
    ptr: *mut *mut c_void,
    size: usize,
    policy: aclrtMemMallocPolicy,
    cfg: *mut aclrtMallocConfig,
) -> Outcome {
    aclrtMallocWithCfg(ptr, size, policy, cfg)
}

/// Checks the attributes of an allocation: of the host, or of the current device.
pub(super) fn check_config(cfg: *mut aclrtMallocConfig, of_host: bool) -> Outcome {
    if cfg.is_null() {
        return Ok(());
    }
    // SAFETY: not null, and C's contract is that it points to a value of this type.
    let cfg = unsafe { cfg.read() };
    check!(
        cfg.numAttrs == 0 || !cfg.attrs.is_null(),
        ACL_ERROR_INVALID_PARAM,
        "cfg.attrs is null, cfg.numAttrs {}",
        cfg.numAttrs
    );
    for i in 0..cfg.numAttrs {
        // SAFETY: C's contract: `numAttrs` values from `attrs` on.
        let aclrtMallocAttribute { attr, value } = unsafe { cfg.attrs.add(i).read() };
        // SAFETY: each field of the union is plain bytes, and all are initialised: C wrote the value that `attr` names.
        let (device, flag) = unsafe { (value.deviceId, value.vaFlag) };
        match attr {
            // Which component allocates: for CANN's statistics, of which the simulator has one.
            ACL_RT_MEM_ATTR_MODULE_ID => {}
            ACL_RT_MEM_ATTR_DEVICE_ID if !of_host => {
                let current = current()?.device.id;
                check!(
                    device == current,
                    ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                    "cfg.attrs[{i}]: deviceId is {device}, the current device is {current}: memory is of the current device"
                );
            }
            // Host and device have one address space here.
            ACL_RT_MEM_ATTR_VA_FLAG if of_host => {
                check!(flag <= 1, ACL_ERROR_RT_PARAM_INVALID, "cfg.attrs[{i}]: vaFlag is {flag}: 0 or 1 is taken");
            }
            other => reject!(
                ACL_ERROR_INVALID_PARAM,
                "cfg.attrs[{i}]: attr is {} ({}), which this function does not take",
                other.0,
                other.name().unwrap_or("no attribute")
            ),
        }
    }
    Ok(())
}

/// Needs no current context, and the memory may be of any device.
pub(crate) fn aclrtFree(ptr: *mut c_void) -> Outcome {
    let (device, address) = (device_of(ptr)?, ptr as usize);
    let shared = ipc::withdraw(device.memory.block_at(address).filter(|(start, _)| *start == address));
    if shared.is_empty() {
        return device.memory.free(address);
    }
    // Other processes may use it: then nobody gets it until they are through.
    if let Some(offset) = device.memory.retire(address) {
        exports::free(shared, device, offset);
    }
    Ok(())
}

fn device_of(ptr: *mut c_void) -> Outcome<&'static Device> {
    not_null("devPtr", ptr)?;
    match world()?.device_at(ptr as usize) {
        Some(device) => Ok(device),
        None => reject!(ACL_ERROR_RT_PARAM_INVALID, "devPtr {ptr:?} is not memory of any device"),
    }
}

/// Waits for the work of a device, as [`super::aclrtSynchronizeDevice`]. What failed surfaces where the program synchronises.
pub(super) fn settle(device: &Device) -> Outcome {
    let streams = stream::all(|stream| stream.device == device.id);
    streams.iter().try_for_each(|stream| graph::check_not_captured(stream, "waited for"))?;
    streams.iter().for_each(|stream| stream.wait_all());
    Ok(())
}

pub(crate) fn aclrtFreeWithDevSync(ptr: *mut c_void) -> Outcome {
    settle(device_of(ptr)?)?;
    aclrtFree(ptr)
}

/// CANN has it since 9.0 on A2 and A3 (11-05_unified_addressing).
pub(crate) fn aclrtMemAllocManaged(ptr: *mut *mut c_void, _size: u64, _flag: u32) -> Outcome {
    not_null("ptr", ptr)?;
    reject!(
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "aclrtMemAllocManaged: the simulator has no memory that host and device share; aclrtMalloc and aclrtMallocHost have one for each"
    )
}

/// Of the caches between host and device: on these chips they need no help, so only the range is checked.
fn check_cached(ptr: *mut c_void, size: usize) -> Outcome {
    not_null("devPtr", ptr)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    match Place::of("devPtr", ptr as usize, size)? {
        Place::Device(_) => Ok(()),
        place => reject!(ACL_ERROR_RT_PARAM_INVALID, "devPtr {ptr:?} is {}, memory of a device is needed", place.name()),
    }
}

pub(crate) fn aclrtMemFlush(ptr: *mut c_void, size: usize) -> Outcome {
    check_cached(ptr, size)
}

pub(crate) fn aclrtMemInvalidate(ptr: *mut c_void, size: usize) -> Outcome {
    check_cached(ptr, size)
}
