//! Devices, contexts, streams and events.

use super::world::{CONTEXT, DEVICES, current, fail, message, misuse, rest, set_current, wait, with};
use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;
use std::ffi::{c_char, c_void};
use std::ptr::without_provenance_mut;
use std::time::{Duration, Instant};

/// CANN's milliseconds; -1 is for ever.
fn time(ms: i32) -> Option<Duration> {
    u64::try_from(ms).ok().map(Duration::from_millis)
}

fn no_context() -> i32 {
    fail(ACL_ERROR_RT_CONTEXT_NULL, "no context is current")
}

pub(super) unsafe extern "C" fn aclInit(_: *const c_char) -> aclError {
    with(|world| {
        world.references += 1;
        if world.references > 1 { fail(ACL_ERROR_REPEAT_INITIALIZE, "started already") } else { 0 }
    })
}

pub(super) unsafe extern "C" fn aclFinalizeReference(count: *mut u64) -> aclError {
    let left = with(|world| {
        world.references -= 1;
        world.references
    });
    // SAFETY: the caller's number.
    unsafe { *count = left };
    if left == 0 {
        rest();
    }
    0
}

pub(super) unsafe extern "C" fn aclsysGetCANNVersion(_: aclCANNPackageName, version: *mut aclCANNPackageVersion) -> aclError {
    // SAFETY: the caller's struct.
    unsafe { (&mut (*version).version)[..6].copy_from_slice(b"9.1.0\0") };
    0
}

pub(super) unsafe extern "C" fn aclGetRecentErrMsg() -> *const c_char {
    message()
}

pub(super) unsafe extern "C" fn aclrtGetDeviceCount(count: *mut u32) -> aclError {
    // SAFETY: the caller's number.
    unsafe { *count = DEVICES };
    0
}

pub(super) unsafe extern "C" fn aclrtGetSocName() -> *const c_char {
    c"Ascend910B3".as_ptr()
}

pub(super) unsafe extern "C" fn aclrtSetDevice(id: i32) -> aclError {
    if !(0..DEVICES as i32).contains(&id) {
        return fail(ACL_ERROR_RT_INVALID_DEVICEID, "no such device");
    }
    with(|world| world.set[id as usize] += 1);
    set_current(CONTEXT + id as usize);
    0
}

pub(super) unsafe extern "C" fn aclrtResetDevice(id: i32) -> aclError {
    with(|world| {
        let Some(left) = world.set[id as usize].checked_sub(1) else { misuse("a device is reset more often than it was set") };
        world.set[id as usize] = left;
        if left == 0 && world.used(id as u32) > 0 {
            misuse("a device is closed that has memory");
        }
        if left == 0 && world.places.values().any(|place| place.device == id as u32) {
            misuse("a device is closed that has streams or events");
        }
    });
    0
}

pub(super) unsafe extern "C" fn aclrtGetDevice(id: *mut i32) -> aclError {
    let Some(device) = current() else { return no_context() };
    // SAFETY: the caller's number.
    unsafe { *id = device as i32 };
    0
}

pub(super) unsafe extern "C" fn aclrtGetCurrentContext(context: *mut aclrtContext) -> aclError {
    let Some(device) = current() else { return no_context() };
    // SAFETY: the caller's handle.
    unsafe { *context = without_provenance_mut(CONTEXT + device as usize) };
    0
}

pub(super) unsafe extern "C" fn aclrtSetCurrentContext(context: aclrtContext) -> aclError {
    let device = context.addr().wrapping_sub(CONTEXT);
    if with(|world| world.set.get(device).is_none_or(|count| *count == 0)) {
        return fail(ACL_ERROR_INVALID_PARAM, "no context");
    }
    set_current(context.addr());
    0
}

/// A stream or an event.
unsafe fn create(handle: *mut *mut c_void) -> aclError {
    let Some(made) = with(|world| world.add_place()) else { return no_context() };
    // SAFETY: the caller's handle.
    unsafe { *handle = made };
    0
}

/// Waits for what a stream or an event is behind.
fn wait_for(handle: *mut c_void, time: Option<Duration>, late: i32) -> aclError {
    match with(|world| world.place(handle).map(|place| place.last)) {
        None => fail(ACL_ERROR_RT_STREAM_CONTEXT, "the handle is not of the current context, or none"),
        Some(last) if wait(last, time) => 0,
        Some(_) => fail(late, "it takes longer"),
    }
}

fn destroy(handle: *mut c_void) -> aclError {
    match with(|world| world.place(handle).is_some() && world.places.remove(&handle.addr()).is_some()) {
        true => 0,
        false => fail(ACL_ERROR_RT_STREAM_CONTEXT, "the handle is not of the current context, or none"),
    }
}

pub(super) unsafe extern "C" fn aclrtCreateStream(stream: *mut aclrtStream) -> aclError {
    // SAFETY: the caller's promise.
    unsafe { create(stream) }
}

pub(super) unsafe extern "C" fn aclrtCreateStreamWithConfig(stream: *mut aclrtStream, _: u32, _: u32) -> aclError {
    // SAFETY: the caller's promise.
    unsafe { create(stream) }
}

pub(super) unsafe extern "C" fn aclrtDestroyStream(stream: aclrtStream) -> aclError {
    match wait_for(stream, None, 0) {
        0 => destroy(stream),
        code => code,
    }
}

pub(super) unsafe extern "C" fn aclrtDestroyStreamForce(stream: aclrtStream) -> aclError {
    // SAFETY: takes a handle. Nothing that is queued here takes for ever.
    unsafe { aclrtDestroyStream(stream) }
}

pub(super) unsafe extern "C" fn aclrtSynchronizeStream(stream: aclrtStream) -> aclError {
    wait_for(stream, None, 0)
}

pub(super) unsafe extern "C" fn aclrtSynchronizeStreamWithTimeout(stream: aclrtStream, timeout: i32) -> aclError {
    wait_for(stream, time(timeout), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT)
}

pub(super) unsafe extern "C" fn aclrtStreamQuery(stream: aclrtStream, status: *mut aclrtStreamStatus) -> aclError {
    let ran = with(|world| {
        let last = world.place(stream)?.last;
        Some(world.ran(last))
    });
    let Some(ran) = ran else { return fail(ACL_ERROR_RT_STREAM_CONTEXT, "no stream of the current context") };
    // SAFETY: the caller's status.
    unsafe { *status = if ran { ACL_STREAM_STATUS_COMPLETE } else { ACL_STREAM_STATUS_NOT_READY } };
    0
}

pub(super) unsafe extern "C" fn aclrtSynchronizeDevice() -> aclError {
    if current().is_none() {
        return no_context();
    }
    wait(with(|world| world.last()), None);
    0
}

pub(super) unsafe extern "C" fn aclrtSynchronizeDeviceWithTimeout(timeout: i32) -> aclError {
    match wait(with(|world| world.last()), time(timeout)) {
        true => 0,
        false => fail(ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, "it takes longer"),
    }
}

pub(super) unsafe extern "C" fn aclrtCreateEventExWithFlag(event: *mut aclrtEvent, _: u32) -> aclError {
    // SAFETY: the caller's promise.
    unsafe { create(event) }
}

pub(super) unsafe extern "C" fn aclrtDestroyEvent(event: aclrtEvent) -> aclError {
    destroy(event)
}

pub(super) unsafe extern "C" fn aclrtRecordEvent(event: aclrtEvent, stream: aclrtStream) -> aclError {
    let handle = event.addr();
    let stamp = move || {
        with(|world| {
            world.places.entry(handle).and_modify(|place| place.time = Some(Instant::now()));
        })
    };
    with(|world| {
        if world.place(event).is_none() {
            return fail(ACL_ERROR_RT_PARAM_INVALID, "no event of the current context");
        }
        let code = world.enqueue(stream, Box::new(stamp));
        let last = world.last();
        world.places.entry(handle).and_modify(|place| place.last = last);
        code
    })
}

pub(super) unsafe extern "C" fn aclrtQueryEventStatus(event: aclrtEvent, status: *mut aclrtEventRecordedStatus) -> aclError {
    let ran = with(|world| {
        let last = world.place(event)?.last;
        Some(world.ran(last))
    });
    let Some(ran) = ran else { return fail(ACL_ERROR_RT_PARAM_INVALID, "no event of the current context") };
    // SAFETY: the caller's status.
    unsafe { *status = if ran { ACL_EVENT_RECORDED_STATUS_COMPLETE } else { ACL_EVENT_RECORDED_STATUS_NOT_READY } };
    0
}

pub(super) unsafe extern "C" fn aclrtSynchronizeEvent(event: aclrtEvent) -> aclError {
    wait_for(event, None, 0)
}

pub(super) unsafe extern "C" fn aclrtSynchronizeEventWithTimeout(event: aclrtEvent, timeout: i32) -> aclError {
    wait_for(event, time(timeout), ACL_ERROR_RT_EVENT_SYNC_TIMEOUT)
}

pub(super) unsafe extern "C" fn aclrtEventElapsedTime(ms: *mut f32, start: aclrtEvent, end: aclrtEvent) -> aclError {
    let time = with(|world| Some((world.place(start)?.time?, world.place(end)?.time?)));
    let Some((start, end)) = time else { return fail(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID, "an event was not recorded") };
    // SAFETY: the caller's number.
    unsafe { *ms = end.saturating_duration_since(start).as_secs_f32() * 1e3 };
    0
}

/// The order of all tasks is that of the calls, so there is nothing left to wait for.
pub(super) unsafe extern "C" fn aclrtStreamWaitEvent(stream: aclrtStream, event: aclrtEvent) -> aclError {
    with(|world| match world.place(event).is_some() {
        true => world.enqueue(stream, Box::new(|| {})),
        false => fail(ACL_ERROR_RT_PARAM_INVALID, "no event of the current context"),
    })
}

pub(super) unsafe extern "C" fn aclrtLaunchHostFunc(stream: aclrtStream, function: aclrtHostFunc, args: *mut c_void) -> aclError {
    struct Args(*mut c_void);
    // SAFETY: the caller gives the argument to whichever thread calls.
    unsafe impl Send for Args {}
    let (Some(function), args) = (function, Args(args)) else { return fail(ACL_ERROR_INVALID_PARAM, "no function") };
    let call = move || {
        let Args(args) = { args };
        // SAFETY: called once with its argument, as the caller asked.
        unsafe { function(args) }
    };
    with(|world| world.enqueue(stream, Box::new(call)))
}
