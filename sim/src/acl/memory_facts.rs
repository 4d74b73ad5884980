//! What memory there is, and what an address is.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::context::current;
use super::{give, not_null};
use crate::memory::Place;
use crate::reject::{Outcome, check, reject};
use crate::world::world;

/// The simulated chips have HBM; what is asked about other memory is 0, as in CANN.
pub(crate) fn aclrtGetMemInfo(attr: aclrtMemAttr, free: *mut usize, total: *mut usize) -> Outcome {
    not_null("free", free)?;
    not_null("total", total)?;
    check!(attr.name().is_some(), ACL_ERROR_INVALID_PARAM, "attr is {}, which is no kind of memory", attr.0);
    let device = current()?.device;
    let hbm = matches!(attr, ACL_HBM_MEM | ACL_HBM_MEM_HUGE | ACL_HBM_MEM_NORMAL | ACL_HBM_MEM_HUGE1G);
    let (free_bytes, total_bytes) = if hbm { device.memory.info() } else { (0, 0) };
    give(free, free_bytes);
    give(total, total_bytes);
    Ok(())
}

/// All memory is the program's: one component.
pub(crate) fn aclrtGetMemUsageInfo(
    device_id: i32,
    info: *mut aclrtMemUsageInfo,
    input_num: usize,
    output_num: *mut usize,
) -> Outcome {
    not_null("memUsageInfo", info)?;
    not_null("outputNum", output_num)?;
    check!(input_num > 0, ACL_ERROR_INVALID_PARAM, "inputNum is 0");
    let (now, peak) = world()?.device(device_id)?.memory.taken();
    let mut name = [0; 32];
    name[..3].copy_from_slice(b"APP");
    give(info, aclrtMemUsageInfo { name, curMemSize: now as u64, memPeakSize: peak as u64, reserved: [0; 8] });
    give(output_num, 1);
    Ok(())
}

pub(crate) fn aclrtPointerGetAttributes(ptr: *const c_void, attributes: *mut aclrtPtrAttributes) -> Outcome {
    not_null("ptr", ptr)?;
    not_null("attributes", attributes)?;
    let (id, kind) = match Place::of("ptr", ptr as usize, 1)? {
        Place::Device(device) => (device.id, ACL_MEM_LOCATION_TYPE_DEVICE),
        Place::Pinned(_) => (0, ACL_MEM_LOCATION_TYPE_HOST),
        Place::Pageable => (0, ACL_MEM_LOCATION_TYPE_UNREGISTERED),
    };
    // SAFETY: asks for a number. Host and device memory have the system's pages here.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u32;
    give(attributes, aclrtPtrAttributes { location: aclrtMemLocation { id, r#type: kind }, pageSize: page, rsv: [0; 4] });
    Ok(())
}

pub(crate) fn aclrtMemGetAddressRange(ptr: *mut c_void, base: *mut *mut c_void, size: *mut usize) -> Outcome {
    not_null("ptr", ptr)?;
    // Either may be null: the program wants the other one only.
    check!(!base.is_null() || !size.is_null(), ACL_ERROR_INVALID_PARAM, "pbase and psize are null");
    let address = ptr as usize;
    let Some((start, bytes)) = world()?.device_at(address).and_then(|device| device.memory.block_at(address)) else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "ptr {ptr:?} is not in a live block of device memory")
    };
    if !base.is_null() {
        give(base, start as *mut c_void);
    }
    if !size.is_null() {
        give(size, bytes);
    }
    Ok(())
}

/// There is no memory for image processing here: all of a device's is the ordinary kind.
pub(crate) fn aclrtCheckMemType(
    addresses: *mut *mut c_void,
    size: u32,
    mem_type: u32,
    check_result: *mut u32,
    reserve: u32,
) -> Outcome {
    not_null("addrList", addresses)?;
    not_null("checkResult", check_result)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    check!(reserve == 0, ACL_ERROR_INVALID_PARAM, "reserve is {reserve}: it must be 0");
    check!(
        mem_type != 0 && mem_type & !(ACL_RT_MEM_TYPE_DEV | ACL_RT_MEM_TYPE_DVPP) == 0,
        ACL_ERROR_INVALID_PARAM,
        "memType is {mem_type:#x}: ACL_RT_MEM_TYPE_DEV (0x2), ACL_RT_MEM_TYPE_DVPP (0x8) or both are taken"
    );
    // SAFETY: not null, and C's contract is `size` addresses that live for the call.
    let addresses = unsafe { std::slice::from_raw_parts(addresses, size as usize) };
    let world = world()?;
    let live = |address: usize| world.device_at(address).is_some_and(|device| device.memory.block_at(address).is_some());
    let all = addresses.iter().all(|address| live(*address as usize));
    give(check_result, (all && mem_type & ACL_RT_MEM_TYPE_DEV != 0) as u32);
    Ok(())
}
