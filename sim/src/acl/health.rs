//! What is wrong with a device, and with the numbers that it computed.

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::{graph, not_null, stream};
use crate::engine::Task;
use crate::memory::Place;
use crate::reject::{Outcome, check, reject};
use crate::world::world;

/// Of errors that memory or a link has, and of no other (`api_impl.cc`, GetErrorVerbose): the simulator's have none.
pub(crate) fn aclrtGetErrorVerbose(device_id: i32, error_info: *mut aclrtErrorInfo) -> Outcome {
    not_null("errorInfo", error_info)?;
    world()?.device(device_id)?;
    // SAFETY: not null, and C's contract is that it points to a variable of this type. What does not count is left as it is.
    let info = unsafe { &mut *error_info };
    (info.tryRepair, info.hasDetail, info.errorType) = (0, 0, ACL_RT_NO_ERROR);
    Ok(())
}

/// Bytes of the status.
const STATUS: usize = 64;

/// Results out of range become Inf here, as the chip has it unless it saturates ([`super::aclrtSetDeviceSatMode`]): none is noted.
pub(crate) fn aclrtGetOverflowStatus(output_addr: *mut c_void, output_size: usize, stream: aclrtStream) -> Outcome {
    not_null("outputAddr", output_addr)?;
    check!(output_size == STATUS, ACL_ERROR_RT_PARAM_INVALID, "outputSize is {output_size}: {STATUS} is taken");
    let stream = stream::resolve(stream)?;
    graph::check_not_captured(&stream, "asked for its overflow status")?;
    let address = output_addr as usize;
    match Place::of("outputAddr", address, STATUS)? {
        Place::Device(device) if device.id == stream.device => {}
        place => reject!(
            ACL_ERROR_RT_PARAM_INVALID,
            "outputAddr {output_addr:?} is {}, memory of device {} is needed",
            place.name(),
            stream.device
        ),
    }
    // SAFETY: memory of a device, as checked, which stays mapped.
    let work = move || unsafe { (address as *mut u8).write_bytes(0, STATUS) };
    stream.enqueue(Task::Work("aclrtGetOverflowStatus", Arc::new(work)))
}

pub(crate) fn aclrtResetOverflowStatus(stream: aclrtStream) -> Outcome {
    let stream = stream::resolve(stream)?;
    graph::check_not_captured(&stream, "relieved of its overflow status")?;
    stream.enqueue(Task::Work("aclrtResetOverflowStatus", Arc::new(|| ())))
}
