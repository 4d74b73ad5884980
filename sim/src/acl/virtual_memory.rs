//! Virtual memory: addresses, physical memory, and mappings of one at the other.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::{give, not_null};
use crate::memory::physical::Physical;
use crate::memory::space::{self, GRANULE, Map};
use crate::reject::{Outcome, check, reject};
use crate::world::{Device, world};

/// Addresses that a program may ask for by name: from 16 to 24 TiB.
const NAMED: std::ops::Range<usize> = 16 << 40..24 << 40;

pub(crate) fn aclrtReserveMemAddress(
    ptr: *mut *mut c_void,
    size: usize,
    alignment: usize,
    expect: *mut c_void,
    flags: u64,
) -> Outcome {
    not_null("virPtr", ptr)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    // 1 is what older programs pass.
    check!(flags <= 1, ACL_ERROR_INVALID_PARAM, "flags is {flags}: 0 is taken");
    check!(alignment == 0, ACL_ERROR_RT_PARAM_INVALID, "alignment is {alignment}: it is reserved and must be 0");
    check!(size <= 64 << 40, ACL_ERROR_RT_MEMORY_ALLOCATION, "size is {size}: more than there are addresses");
    let at = expect as usize;
    check!(
        at == 0 || NAMED.contains(&at) && at.is_multiple_of(space::alignment(size)),
        ACL_ERROR_RT_PARAM_INVALID,
        "expectPtr is {at:#x}: null, or a multiple of {:#x} from 16 to 24 TiB is taken for {size} bytes",
        space::alignment(size)
    );
    give(ptr, space::reserve(size, (at > 0).then_some(at))? as *mut c_void);
    Ok(())
}

pub(crate) fn aclrtReleaseMemAddress(ptr: *mut c_void) -> Outcome {
    not_null("virPtr", ptr)?;
    space::release(ptr as usize)
}

/// The device and the granularity of what `prop` asks for.
fn read_prop(prop: *const aclrtPhysicalMemProp) -> Outcome<(aclrtPhysicalMemProp, &'static Device, usize)> {
    not_null("prop", prop)?;
    // SAFETY: not null, and C's contract is that it points to a value of this type.
    let prop = unsafe { prop.read() };
    check!(
        prop.handleType == ACL_MEM_HANDLE_TYPE_NONE,
        ACL_ERROR_INVALID_PARAM,
        "prop.handleType is {}: ACL_MEM_HANDLE_TYPE_NONE (0) is taken",
        prop.handleType.0
    );
    check!(
        prop.allocationType == ACL_MEM_ALLOCATION_TYPE_PINNED,
        ACL_ERROR_INVALID_PARAM,
        "prop.allocationType is {}: ACL_MEM_ALLOCATION_TYPE_PINNED (0) is taken",
        prop.allocationType.0
    );
    match prop.location.r#type {
        ACL_MEM_LOCATION_TYPE_DEVICE => {}
        ACL_MEM_LOCATION_TYPE_HOST | ACL_MEM_LOCATION_TYPE_HOST_NUMA => reject!(
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "prop.location.type is {}: the simulator maps memory of devices only",
            prop.location.r#type.0
        ),
        other => reject!(ACL_ERROR_INVALID_PARAM, "prop.location.type is {}: ACL_MEM_LOCATION_TYPE_DEVICE (1) is taken", other.0),
    }
    let granule = match prop.memAttr {
        ACL_HBM_MEM_HUGE | ACL_HBM_MEM_NORMAL | ACL_MEM_NORMAL | ACL_MEM_HUGE | ACL_MEM_P2P_NORMAL | ACL_MEM_P2P_HUGE => GRANULE,
        ACL_HBM_MEM_HUGE1G | ACL_MEM_HUGE1G => 1 << 30,
        other => reject!(
            ACL_ERROR_INVALID_PARAM,
            "prop.memAttr is {} ({}), which is no memory of a device that can be mapped",
            other.0,
            other.name().unwrap_or("no kind")
        ),
    };
    Ok((prop, world()?.device(prop.location.id as i32)?, granule))
}

pub(crate) fn aclrtMemGetAllocationGranularity(
    prop: *mut aclrtPhysicalMemProp,
    option: aclrtMemGranularityOptions,
    granularity: *mut usize,
) -> Outcome {
    not_null("granularity", granularity)?;
    let (_, _, granule) = read_prop(prop)?;
    check!(option.name().is_some(), ACL_ERROR_RT_PARAM_INVALID, "option is {}: 0 or 1 is taken", option.0);
    give(granularity, granule);
    Ok(())
}

pub(crate) fn aclrtMallocPhysical(
    handle: *mut aclrtDrvMemHandle,
    size: usize,
    prop: *const aclrtPhysicalMemProp,
    flags: u64,
) -> Outcome {
    not_null("handle", handle)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    check!(flags == 0, ACL_ERROR_INVALID_PARAM, "flags is {flags}: it is reserved and must be 0");
    let (prop, device, granule) = read_prop(prop)?;
    check!(
        size.is_multiple_of(granule),
        ACL_ERROR_RT_PARAM_INVALID,
        "size is {size}, no multiple of the granularity {granule} (aclrtMemGetAllocationGranularity)"
    );
    give(handle, Physical::alloc(device, size, granule.min(GRANULE), prop)?.retain());
    Ok(())
}

pub(crate) fn aclrtFreePhysical(handle: aclrtDrvMemHandle) -> Outcome {
    not_null("handle", handle)?;
    Physical::of(handle)?.release();
    Ok(())
}

pub(crate) fn aclrtMapMem(ptr: *mut c_void, size: usize, offset: usize, handle: aclrtDrvMemHandle, flags: u64) -> Outcome {
    not_null("virPtr", ptr)?;
    not_null("handle", handle)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    check!(flags == 0, ACL_ERROR_INVALID_PARAM, "flags is {flags}: it is reserved and must be 0");
    check!(offset == 0, ACL_ERROR_RT_PARAM_INVALID, "offset is {offset}: all of a physical memory is mapped, from 0 on");
    let physical = Physical::of(handle)?;
    check!(
        size == physical.bytes,
        ACL_ERROR_RT_PARAM_INVALID,
        "size is {size}, the physical memory has {}: all of it is mapped",
        physical.bytes
    );
    let address = ptr as usize;
    check!(address.is_multiple_of(GRANULE), ACL_ERROR_RT_PARAM_INVALID, "virPtr {ptr:?} is not a multiple of {GRANULE}");
    space::map(address, physical)
}

pub(crate) fn aclrtUnmapMem(ptr: *mut c_void) -> Outcome {
    not_null("virPtr", ptr)?;
    space::unmap(ptr as usize).map(drop)
}

pub(crate) fn aclrtMemGetAllocationPropertiesFromHandle(handle: aclrtDrvMemHandle, prop: *mut aclrtPhysicalMemProp) -> Outcome {
    not_null("handle", handle)?;
    not_null("prop", prop)?;
    give(prop, Physical::of(handle)?.prop);
    Ok(())
}

/// The mapping that starts at an address.
fn mapping(ptr: *mut c_void) -> Outcome<Map> {
    not_null("virPtr", ptr)?;
    match space::at(ptr as usize).filter(|map| map.address == ptr as usize) {
        Some(map) => Ok(map),
        None => reject!(ACL_ERROR_RT_PARAM_INVALID, "virPtr {ptr:?} is not the start of a mapping"),
    }
}

pub(crate) fn aclrtMemRetainAllocationHandle(ptr: *mut c_void, handle: *mut aclrtDrvMemHandle) -> Outcome {
    not_null("handle", handle)?;
    give(handle, mapping(ptr)?.physical.retain());
    Ok(())
}

/// The device of a location; the host has no part in the simulator's virtual memory.
fn device_of(param: &str, location: aclrtMemLocation) -> Outcome<u32> {
    check!(
        location.r#type == ACL_MEM_LOCATION_TYPE_DEVICE,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "{param}.type is {}: the simulator gives access to devices only",
        location.r#type.0
    );
    Ok(world()?.device(location.id as i32)?.id)
}

pub(crate) fn aclrtMemSetAccess(ptr: *mut c_void, size: usize, desc: *mut aclrtMemAccessDesc, count: usize) -> Outcome {
    not_null("virPtr", ptr)?;
    not_null("desc", desc)?;
    check!(count > 0, ACL_ERROR_INVALID_PARAM, "count is 0");
    // SAFETY: not null, and C's contract is `count` values that live for the call.
    let all = unsafe { std::slice::from_raw_parts(desc, count) };
    let mut devices = 0;
    for (i, desc) in all.iter().enumerate() {
        check!(
            desc.flags == ACL_RT_MEM_ACCESS_FLAGS_READWRITE,
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "desc[{i}].flags is {}: ACL_RT_MEM_ACCESS_FLAGS_READWRITE (3) is taken",
            desc.flags.0
        );
        devices |= 1 << device_of(&format!("desc[{i}].location"), desc.location)?;
    }
    space::allow(ptr as usize, size, devices)
}

pub(crate) fn aclrtMemGetAccess(ptr: *mut c_void, location: *mut aclrtMemLocation, flag: *mut u64) -> Outcome {
    not_null("virPtr", ptr)?;
    not_null("location", location)?;
    not_null("flag", flag)?;
    // SAFETY: not null, and C's contract is that it points to a value of this type.
    let device = device_of("location", unsafe { location.read() })?;
    let may = mapping(ptr)?.access >> device & 1 == 1;
    give(flag, if may { ACL_RT_MEM_ACCESS_FLAGS_READWRITE } else { ACL_RT_MEM_ACCESS_FLAGS_NONE }.0 as u64);
    Ok(())
}
