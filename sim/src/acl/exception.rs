//! Who is told when queued work fails.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use crate::engine::{Failed, on_failure};
use crate::reject::{Outcome, reject};

/// The program's function, and the way to the thread that calls it: the engine's must not wait for the program.
#[derive(Default)]
struct Told {
    callback: aclrtExceptionInfoCallback,
    failures: Option<Sender<Failed>>,
}

static TOLD: Mutex<Told> = Mutex::new(Told { callback: None, failures: None });

fn told() -> MutexGuard<'static, Told> {
    TOLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The last one set counts. It is called on a thread of its own, some time after the failure, and before the next one's.
pub(crate) fn aclrtSetExceptionInfoCallback(callback: aclrtExceptionInfoCallback) -> Outcome {
    let mut told = told();
    if callback.is_some() && told.failures.is_none() {
        let (sender, receiver) = channel::<Failed>();
        let thread = std::thread::Builder::new().name("cann-sim-exceptions".into()).spawn(move || {
            for mut failed in receiver {
                // Read anew, and not held: the function may set another one.
                let callback = self::told().callback;
                if let Some(callback) = callback {
                    // SAFETY: C's contract: a function of this signature; the failure lives for the call.
                    unsafe { callback((&raw mut failed).cast()) };
                }
            }
        });
        if let Err(error) = thread {
            reject!(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "the thread that tells of failures cannot start: {error}")
        }
        told.failures = Some(sender);
    }
    told.callback = callback;
    drop(told);
    on_failure(|failed| {
        if let Some(failures) = &self::told().failures {
            // The thread lives as long as the process.
            _ = failures.send(failed);
        }
    });
    Ok(())
}

/// A part of what failed; all ones for null.
fn read(info: *const aclrtExceptionInfo, part: impl FnOnce(&Failed) -> u32) -> Outcome<u32> {
    // SAFETY: null, or (C's contract) what the callback above got, which lives until it returns.
    Ok(unsafe { info.cast::<Failed>().as_ref() }.map_or(u32::MAX, part))
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
