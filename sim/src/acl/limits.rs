//! How many cores operators may use, and what out-of-range results become.
//!
//! A limit bounds how an operator is cut up for the cores of a card; here it is kept and told. The results are the same with
//! any number of cores, and an operation never runs on more threads than `CANN_SIM_THREADS` says.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::*};

use ascend_rl_sys::types::*;

use super::chip::chip;
use super::context::current;
use super::{give, not_null, stream};
use crate::engine::Stream;
use crate::reject::{Outcome, check, reject};
use crate::world::{Device, world};

thread_local! {
    /// The stream whose limits count on this thread.
    static USED: RefCell<Option<Arc<Stream>>> = const { RefCell::new(None) };
}

/// The place of a limit, and the cores there are.
fn kind(limit: aclrtDevResLimitType) -> Outcome<(usize, u32)> {
    let chip = chip()?;
    match limit {
        ACL_RT_DEV_RES_CUBE_CORE => Ok((0, chip.cube_cores)),
        ACL_RT_DEV_RES_VECTOR_CORE => Ok((1, chip.vector_cores())),
        other => reject!(ACL_ERROR_RT_PARAM_INVALID, "type is {}, which is no kind of core", other.0),
    }
}

/// A limit is kept with one added, so that 0 is none.
fn read(limit: &AtomicU32) -> Option<u32> {
    limit.load(Relaxed).checked_sub(1)
}

fn set(limits: &[AtomicU32; 2], limit: aclrtDevResLimitType, value: u32) -> Outcome {
    let (at, most) = kind(limit)?;
    check!(value <= most, ACL_ERROR_RT_PARAM_INVALID, "value is {value}, more than the {most} cores that there are");
    limits[at].store(value + 1, Relaxed);
    Ok(())
}

fn of_device(device: &Device, limit: aclrtDevResLimitType) -> Outcome<u32> {
    let (at, most) = kind(limit)?;
    Ok(read(&device.cores[at]).unwrap_or(most))
}

fn of_stream(stream: &Stream, limit: aclrtDevResLimitType) -> Outcome<u32> {
    let (at, _) = kind(limit)?;
    match read(&stream.attributes.cores[at]) {
        Some(value) => Ok(value),
        None => of_device(world()?.device(stream.device as i32)?, limit),
    }
}

pub(crate) fn aclrtGetDeviceResLimit(device_id: i32, limit: aclrtDevResLimitType, value: *mut u32) -> Outcome {
    not_null("value", value)?;
    give(value, of_device(world()?.device(device_id)?, limit)?);
    Ok(())
}

pub(crate) fn aclrtSetDeviceResLimit(device_id: i32, limit: aclrtDevResLimitType, value: u32) -> Outcome {
    set(&world()?.device(device_id)?.cores, limit, value)
}

pub(crate) fn aclrtResetDeviceResLimit(device_id: i32) -> Outcome {
    world()?.device(device_id)?.cores.iter().for_each(|limit| limit.store(0, Relaxed));
    Ok(())
}

pub(crate) fn aclrtGetStreamResLimit(stream: aclrtStream, limit: aclrtDevResLimitType, value: *mut u32) -> Outcome {
    not_null("value", value)?;
    give(value, of_stream(&*stream::resolve(stream)?, limit)?);
    Ok(())
}

pub(crate) fn aclrtSetStreamResLimit(stream: aclrtStream, limit: aclrtDevResLimitType, value: u32) -> Outcome {
    set(&stream::resolve(stream)?.attributes.cores, limit, value)
}

pub(crate) fn aclrtResetStreamResLimit(stream: aclrtStream) -> Outcome {
    stream::resolve(stream)?.attributes.cores.iter().for_each(|limit| limit.store(0, Relaxed));
    Ok(())
}

pub(crate) fn aclrtUseStreamResInCurrentThread(stream: aclrtStream) -> Outcome {
    USED.replace(Some(stream::resolve(stream)?));
    Ok(())
}

/// The argument is looked at by nobody: 8.3 has none.
pub(crate) fn aclrtUnuseStreamResInCurrentThread(_stream: aclrtStream) -> Outcome {
    USED.replace(None);
    Ok(())
}

pub(crate) fn aclrtGetResInCurrentThread(limit: aclrtDevResLimitType, value: *mut u32) -> Outcome {
    not_null("value", value)?;
    let used = USED.with_borrow(Clone::clone);
    give(
        value,
        match used {
            Some(stream) => of_stream(&stream, limit)?,
            None => of_device(current()?.device, limit)?,
        },
    );
    Ok(())
}

/// The simulator's arithmetic keeps Inf and NaN, as these chips do unless told otherwise.
pub(crate) fn aclrtSetDeviceSatMode(mode: aclrtFloatOverflowMode) -> Outcome {
    current()?;
    match mode {
        ACL_RT_OVERFLOW_MODE_INFNAN => Ok(()),
        ACL_RT_OVERFLOW_MODE_SATURATION => reject!(
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "mode ACL_RT_OVERFLOW_MODE_SATURATION is not supported by the simulator: it keeps Inf and NaN"
        ),
        other => reject!(ACL_ERROR_RT_PARAM_INVALID, "mode is {}: 0 or 1 is taken", other.0),
    }
}

pub(crate) fn aclrtGetDeviceSatMode(mode: *mut aclrtFloatOverflowMode) -> Outcome {
    not_null("mode", mode)?;
    current()?;
    give(mode, ACL_RT_OVERFLOW_MODE_INFNAN);
    Ok(())
}
