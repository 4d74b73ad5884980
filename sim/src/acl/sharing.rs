//! Physical memory that processes of one machine share.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::context::current;
use super::{give, not_null};
use crate::memory::exports::{self, Use};
use crate::memory::physical::Physical;
use crate::memory::space::GRANULE;
use crate::reject::{Outcome, check, reject};
use crate::world::{Device, world};

/// Whether all may import, from the flags of an export.
pub(super) fn to_all(flags: u64) -> Outcome<bool> {
    check!(
        flags <= ACL_RT_VMM_EXPORT_FLAG_DISABLE_PID_VALIDATION,
        ACL_ERROR_RT_PARAM_INVALID,
        "flags is {flags}: 0 (a white list) or 1 (any process) is taken"
    );
    Ok(flags == ACL_RT_VMM_EXPORT_FLAG_DISABLE_PID_VALIDATION)
}

/// The processes that C passes.
pub(super) fn processes<'a>(pid: *const i32, num: usize) -> Outcome<&'a [i32]> {
    not_null("pid", pid)?;
    check!(num > 0, ACL_ERROR_INVALID_PARAM, "the number of processes is 0");
    // SAFETY: not null, and C's contract is `num` values that live for the call.
    Ok(unsafe { std::slice::from_raw_parts(pid, num) })
}

pub(crate) fn aclrtMemExportToShareableHandle(
    handle: aclrtDrvMemHandle,
    handle_type: aclrtMemHandleType,
    flags: u64,
    shareable: *mut u64,
) -> Outcome {
    not_null("handle", handle)?;
    check!(
        handle_type == ACL_MEM_HANDLE_TYPE_NONE,
        ACL_ERROR_INVALID_PARAM,
        "handleType is {}: ACL_MEM_HANDLE_TYPE_NONE (0) is taken",
        handle_type.0
    );
    not_null("shareableHandle", shareable)?;
    let to_all = to_all(flags)?;
    give(shareable, Physical::of(handle)?.export(to_all)?);
    Ok(())
}

/// How a handle that could go to other servers begins, before its number. The simulator is one machine: there it serves like any other.
const FABRIC: [u8; 8] = *b"cann-sim";

fn is_fabric(share_type: aclrtMemSharedHandleType) -> Outcome<bool> {
    match share_type {
        ACL_MEM_SHARE_HANDLE_TYPE_DEFAULT => Ok(false),
        ACL_MEM_SHARE_HANDLE_TYPE_FABRIC => Ok(true),
        other => reject!(ACL_ERROR_INVALID_PARAM, "shareType is {}, which is no kind of handle", other.0),
    }
}

/// The number that C passes behind a pointer.
fn number(shareable: *const c_void, share_type: aclrtMemSharedHandleType) -> Outcome<u64> {
    not_null("shareableHandle", shareable)?;
    if !is_fabric(share_type)? {
        // SAFETY: not null, and C's contract for handles of the default kind is a u64 there.
        return Ok(unsafe { shareable.cast::<u64>().read() });
    }
    // SAFETY: not null, and C's contract for handles of this kind is such a struct there.
    let data = unsafe { shareable.cast::<aclrtMemFabricHandle>().read() }.data;
    check!(data.starts_with(&FABRIC), ACL_ERROR_RT_PARAM_INVALID, "shareableHandle was made by no process of the simulator");
    let mut number = [0; 8];
    number.copy_from_slice(&data[8..16]);
    Ok(u64::from_le_bytes(number))
}

pub(crate) fn aclrtMemExportToShareableHandleV2(
    handle: aclrtDrvMemHandle,
    flags: u64,
    share_type: aclrtMemSharedHandleType,
    shareable: *mut c_void,
) -> Outcome {
    if !is_fabric(share_type)? {
        return aclrtMemExportToShareableHandle(handle, ACL_MEM_HANDLE_TYPE_NONE, flags, shareable.cast());
    }
    not_null("handle", handle)?;
    not_null("shareableHandle", shareable)?;
    let number = Physical::of(handle)?.export(to_all(flags)?)?;
    let mut data = [0; 128];
    data[..8].copy_from_slice(&FABRIC);
    data[8..16].copy_from_slice(&number.to_le_bytes());
    give(shareable.cast(), aclrtMemFabricHandle { data });
    Ok(())
}

pub(crate) fn aclrtMemSetPidToShareableHandle(shareable: u64, pid: *mut i32, pid_num: usize) -> Outcome {
    exports::allow("shareableHandle", shareable, Use::Handle, processes(pid, pid_num)?)
}

pub(crate) fn aclrtMemSetPidToShareableHandleV2(
    shareable: *mut c_void,
    share_type: aclrtMemSharedHandleType,
    pid: *mut i32,
    pid_num: usize,
) -> Outcome {
    aclrtMemSetPidToShareableHandle(number(shareable, share_type)?, pid, pid_num)
}

/// Physical memory of another process, for a device of this one. It counts as that device's own memory: which NPU the other
/// process calls by which number is not known here.
fn import(shareable: u64, device: &'static Device, handle: *mut aclrtDrvMemHandle) -> Outcome {
    check!(
        exports::maker(shareable) != std::process::id(),
        ACL_ERROR_RT_PARAM_INVALID,
        "shareableHandle was exported by this process: only others import it, this one has the handle"
    );
    let found = exports::import("shareableHandle", shareable, Use::Handle)?;
    let prop = aclrtPhysicalMemProp {
        handleType: ACL_MEM_HANDLE_TYPE_NONE,
        allocationType: ACL_MEM_ALLOCATION_TYPE_PINNED,
        memAttr: ACL_HBM_MEM_HUGE,
        location: aclrtMemLocation { id: device.id, r#type: ACL_MEM_LOCATION_TYPE_DEVICE },
        reserve: 0,
    };
    debug_assert!(found.offset.is_multiple_of(GRANULE) && found.bytes.is_multiple_of(GRANULE));
    give(handle, Physical::import(device, prop, found)?.retain());
    Ok(())
}

pub(crate) fn aclrtMemImportFromShareableHandle(shareable: u64, device_id: i32, handle: *mut aclrtDrvMemHandle) -> Outcome {
    not_null("handle", handle)?;
    import(shareable, world()?.device(device_id)?, handle)
}

pub(crate) fn aclrtMemImportFromShareableHandleV2(
    shareable: *mut c_void,
    share_type: aclrtMemSharedHandleType,
    flags: u64,
    handle: *mut aclrtDrvMemHandle,
) -> Outcome {
    not_null("handle", handle)?;
    is_fabric(share_type)?;
    check!(flags == 0, ACL_ERROR_INVALID_PARAM, "flags is {flags}: it is reserved and must be 0");
    import(number(shareable, share_type)?, current()?.device, handle)
}
