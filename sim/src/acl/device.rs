//! Devices: which one is current, and what it is.

use std::ffi::c_char;
use std::time::{Duration, Instant};

use ascend_rl_sys::codes::{ACL_ERROR_RT_CONTEXT_NULL, ACL_ERROR_RT_DEVICE_TASK_ABORT};
use ascend_rl_sys::types::*;

use super::context::{Context, current};
use super::{deadline, give, graph, not_null, stream};
use crate::reject::{Outcome, Reject, check};
use crate::world::world;

pub(crate) fn aclrtSetDevice(device_id: i32) -> Outcome {
    let device = world()?.device(device_id)?;
    let (context, is_new) = {
        let mut primary = device.primary.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let is_new = primary.context.is_none();
        let context = match &primary.context {
            Some(context) => context.clone(),
            None => primary.context.insert(Context::create(device, true)?).clone(),
        };
        primary.count += 1;
        (context, is_new)
    };
    context.clone().enter();
    // Outside the lock: who is told may call anything.
    if is_new {
        stream::tell_default(&context);
    }
    Ok(())
}

/// The last reset waits for the primary context's work and ends its streams and events. Memory stays until it is freed.
pub(crate) fn aclrtResetDevice(device_id: i32) -> Outcome {
    reset(device_id, 1)
}

/// As the last reset, however many there were to come.
pub(crate) fn aclrtResetDeviceForce(device_id: i32) -> Outcome {
    reset(device_id, usize::MAX)
}

/// Gives back so many of `aclrtSetDevice`, or all.
fn reset(device_id: i32, times: usize) -> Outcome {
    let device = world()?.device(device_id)?;
    let ended = {
        let mut primary = device.primary.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        check!(primary.count > 0, ACL_ERROR_RT_CONTEXT_RELEASE_ERROR, "device {device_id} was not set, or is reset already");
        primary.count = primary.count.saturating_sub(times);
        if primary.count == 0 { std::mem::take(&mut *primary).context } else { None }
    };
    // Outside the lock: the work may need an event that another thread of this device has yet to record.
    if let Some(context) = ended {
        context.tear_down();
    }
    Ok(())
}

pub(crate) fn aclrtGetDevice(device_id: *mut i32) -> Outcome {
    not_null("deviceId", device_id)?;
    // To ask without a context is no mistake: the code alone says it, with no text and no last error of the thread (runtime,
    // api_c_device.cc).
    let quietly = |why: Reject| if why.code == ACL_ERROR_RT_CONTEXT_NULL { Reject { text: String::new(), ..why } } else { why };
    give(device_id, current().map_err(quietly)?.device.id as i32);
    Ok(())
}

pub(crate) fn aclrtGetDeviceCount(count: *mut u32) -> Outcome {
    not_null("count", count)?;
    give(count, world()?.devices().len() as u32);
    Ok(())
}

pub(crate) fn aclrtSynchronizeDevice() -> Outcome {
    aclrtSynchronizeDeviceWithTimeout(-1)
}

/// Waits for all streams of the current device, whatever their context.
pub(crate) fn aclrtSynchronizeDeviceWithTimeout(timeout: i32) -> Outcome {
    let deadline = deadline(timeout)?;
    let device = current()?.device.id;
    let streams = stream::all(|stream| stream.device == device);
    streams.iter().try_for_each(|stream| graph::check_not_captured(stream, "waited for"))?;
    for stream in &streams {
        check!(
            stream::wait(stream, deadline)?,
            ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
            "the work of device {device} was not done within {timeout} ms: stream {} is behind",
            stream.id
        );
    }
    // The first failure is the call's, and all of them are told.
    streams.iter().map(|stream| stream::surface(stream)).fold(Ok(()), Outcome::and)
}

/// The longest that [`aclrtDeviceTaskAbort`] waits, in milliseconds.
const LONGEST_ABORT: u32 = 36 * 60 * 1000;

/// Afterwards all streams can be used again: what had failed on them is over.
pub(crate) fn aclrtDeviceTaskAbort(device_id: i32, timeout: u32) -> Outcome {
    check!(timeout <= LONGEST_ABORT, ACL_ERROR_RT_PARAM_INVALID, "timeout is {timeout}: at most {LONGEST_ABORT} ms is taken");
    let device = world()?.device(device_id)?.id;
    let deadline = (timeout > 0).then(|| Instant::now() + Duration::from_millis(u64::from(timeout)));
    let own = stream::all(|stream| stream.device == device);
    check!(!own.is_empty(), ACL_ERROR_RT_CONTEXT_NULL, "device {device_id} has no context: nobody uses it");
    // What runs for graphs has queues of its own, which must not go on where the streams that execute them are dropped.
    let streams: Vec<_> = graph::queues(device).into_iter().chain(own).collect();
    for stream in &streams {
        check!(
            stream.abort(ACL_ERROR_RT_DEVICE_TASK_ABORT, deadline),
            ACL_ERROR_RT_WAIT_TIMEOUT,
            "what runs on device {device_id} has not ended within {timeout} ms"
        );
    }
    streams.iter().for_each(|stream| stream.forgive());
    Ok(())
}

pub(crate) fn aclrtGetSocName() -> Outcome<*const c_char> {
    Ok(world()?.settings.soc.as_ptr())
}

/// The program runs on the host: device memory is not its own, whatever the simulator could allow.
pub(crate) fn aclrtGetRunMode(run_mode: *mut aclrtRunMode) -> Outcome {
    not_null("runMode", run_mode)?;
    give(run_mode, ACL_HOST);
    Ok(())
}
