//! Who is told when queued work fails.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::kernel;
use crate::engine::{Failed, on_failure};
use crate::kernel::launch::{Lost, listen, lost};
use crate::reject::{Outcome, reject};

/// What a callback is given.
pub(super) struct Exception {
    failed: Failed,
    /// Of a kernel of the program's own.
    pub lost: Option<Lost>,
}

/// The program's function, and the way to the thread that calls it: the engine's must not wait for the program.
#[derive(Default)]
struct Told {
    callback: aclrtExceptionInfoCallback,
    failures: Option<Sender<Exception>>,
}

static TOLD: Mutex<Told> = Mutex::new(Told { callback: None, failures: None });

fn told() -> MutexGuard<'static, Told> {
    TOLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Has a thread of its own call the program's functions when something fails.
pub(super) fn watch() -> Outcome {
    let mut told = told();
    if told.failures.is_none() {
        let (sender, receiver) = channel::<Exception>();
        let thread = std::thread::Builder::new().name("cann-sim-exceptions".into()).spawn(move || {
            for mut exception in receiver {
                let of_binary = exception.lost.as_ref().and_then(kernel::exception_callback);
                if let Some((callback, user_data)) = of_binary {
                    // SAFETY: C's contract: a function of this signature; the failure lives for the call.
                    unsafe { callback((&raw mut exception).cast(), user_data as *mut _) };
                }
                // Read anew, and not held: the function may set another one.
                let callback = self::told().callback;
                if let Some(callback) = callback {
                    // SAFETY: as above.
                    unsafe { callback((&raw mut exception).cast()) };
                }
            }
        });
        if let Err(error) = thread {
            reject!(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "the thread that tells of failures cannot start: {error}")
        }
        told.failures = Some(sender);
    }
    drop(told);
    listen();
    on_failure(|failed| {
        let exception = Exception { failed, lost: lost() };
        if let Some(failures) = &self::told().failures {
            // The thread lives as long as the process.
            _ = failures.send(exception);
        }
    });
    Ok(())
}

/// The last one set counts. It is called on a thread of its own, some time after the failure, and before the next one's.
pub(crate) fn aclrtSetExceptionInfoCallback(callback: aclrtExceptionInfoCallback) -> Outcome {
    if callback.is_some() {
        watch()?;
    }
    told().callback = callback;
    Ok(())
}

/// What a callback was given; none for null.
///
/// # Safety
/// `info` is null, or what a callback got that has not returned.
pub(super) unsafe fn of_info<'a>(info: *const aclrtExceptionInfo) -> Option<&'a Exception> {
    // SAFETY: the caller's promise.
    unsafe { info.cast::<Exception>().as_ref() }
}

/// A part of what failed; all ones for null.
fn read(info: *const aclrtExceptionInfo, part: impl FnOnce(&Failed) -> u32) -> Outcome<u32> {
    // SAFETY: null, or (C's contract) what a callback got, which lives until it returns.
    Ok(unsafe { of_info(info) }.map_or(u32::MAX, |exception| part(&exception.failed)))
}

pub(crate) fn aclrtGetTaskIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> Outcome<u32> {
    read(info, |failed| failed.task)
}

pub(crate) fn aclrtGetStreamIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> Outcome<u32> {
    read(info, |failed| failed.stream)
}

pub(crate) fn aclrtGetThreadIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> Outcome<u32> {
    read(info, |failed| failed.thread)
}

pub(crate) fn aclrtGetDeviceIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> Outcome<u32> {
    read(info, |failed| failed.device)
}

pub(crate) fn aclrtGetErrorCodeFromExceptionInfo(info: *const aclrtExceptionInfo) -> Outcome<u32> {
    read(info, |failed| failed.code as u32)
}
