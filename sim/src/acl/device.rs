//! Devices: which one is current, and what it is.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::context::{Context, current};
use super::{give, graph, not_null, stream};
use crate::reject::{Outcome, check, reject};
use crate::world::world;

pub(crate) fn aclrtSetDevice(device_id: i32) -> Outcome {
    let device = world()?.device(device_id)?;
    let mut primary = device.primary.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let context = match &primary.context {
        Some(context) => context.clone(),
        None => primary.context.insert(Context::create(device, true)?).clone(),
    };
    primary.count += 1;
    context.enter();
    Ok(())
}

/// The last reset waits for the primary context's work and ends its streams and events. Memory stays until it is freed.
pub(crate) fn aclrtResetDevice(device_id: i32) -> Outcome {
    let device = world()?.device(device_id)?;
    let ended = {
        let mut primary = device.primary.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        check!(primary.count > 0, ACL_ERROR_RT_CONTEXT_RELEASE_ERROR, "device {device_id} was not set, or is reset already");
        primary.count -= 1;
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
    give(device_id, current()?.device.id as i32);
    Ok(())
}

pub(crate) fn aclrtGetDeviceCount(count: *mut u32) -> Outcome {
    not_null("count", count)?;
    give(count, world()?.settings.devices);
    Ok(())
}

/// Waits for all streams of the current device, whatever their context.
pub(crate) fn aclrtSynchronizeDevice() -> Outcome {
    let device = current()?.device.id;
    let streams = stream::all(|stream| stream.device == device);
    streams.iter().try_for_each(|stream| graph::check_not_captured(stream, "waited for"))?;
    streams.iter().for_each(|stream| stream.wait_all());
    streams.iter().try_for_each(|stream| stream::surface(stream))
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

/// Cores of the chip that `CANN_SIM_SOC` names; those of an Ascend910B3 for a chip that this table lacks.
fn cube_cores(soc: &str) -> i64 {
    let cores = [("Ascend910B1", 24), ("Ascend910B2", 24), ("Ascend910_93", 24)];
    cores.iter().find(|(name, _)| soc.starts_with(name)).map_or(20, |(_, cores)| *cores)
}

pub(crate) fn aclGetDeviceCapability(device_id: u32, info: aclDeviceInfo, value: *mut i64) -> Outcome {
    not_null("value", value)?;
    let world = world()?;
    world.device(i32::try_from(device_id).unwrap_or(-1))?;
    let cores = cube_cores(&world.settings.soc.to_string_lossy());
    give(
        value,
        match info {
            ACL_DEVICE_INFO_AI_CORE_NUM => cores,
            ACL_DEVICE_INFO_VECTOR_CORE_NUM => 2 * cores,
            ACL_DEVICE_INFO_L2_SIZE => 192 << 20,
            other => reject!(ACL_ERROR_INVALID_PARAM, "deviceInfo is {}, which is no fact of a device", other.0),
        },
    );
    Ok(())
}
