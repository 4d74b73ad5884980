//! Bounds on how long things take: operators, and the waits of streams for events.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

use super::context::current;
use super::{give, not_null, unsupported};
use crate::reject::Outcome;

/// The chips count in steps of 2^32 ns, and at most 254 of them: 1,091 seconds, which is also the default.
const STEP_US: f64 = 4_294_967.296;
const MOST_STEPS: u64 = 254;

/// Seconds that a stream waits for an event; 0 is for ever.
static EVENT_WAIT: AtomicU32 = AtomicU32::new(0);
/// Steps that an operator may run.
static OPERATOR: AtomicU64 = AtomicU64::new(MOST_STEPS);

/// Seconds that a stream waits for an event from now on; 0 is for ever.
pub(super) fn event_wait() -> u32 {
    EVENT_WAIT.load(Relaxed)
}

pub(crate) fn aclrtSetOpWaitTimeout(timeout: u32) -> Outcome {
    EVENT_WAIT.store(timeout, Relaxed);
    Ok(())
}

/// The bound is in time of the device, of which the simulator has no notion: it is kept and told, and no operator is ended.
fn bound(microseconds: f64) {
    let steps = (microseconds / STEP_US).ceil() as u64;
    OPERATOR.store(if steps == 0 { MOST_STEPS } else { steps.min(MOST_STEPS) }, Relaxed);
}

fn bound_us() -> f64 {
    OPERATOR.load(Relaxed) as f64 * STEP_US
}

pub(crate) fn aclrtSetOpExecuteTimeOut(timeout: u32) -> Outcome {
    bound(f64::from(timeout) * 1e6);
    Ok(())
}

pub(crate) fn aclrtSetOpExecuteTimeOutWithMs(_timeout: u32) -> Outcome {
    unsupported("aclrtSetOpExecuteTimeOut takes seconds, aclrtSetOpExecuteTimeOutV2 microseconds")
}

pub(crate) fn aclrtSetOpExecuteTimeOutV2(timeout: u64, actual_timeout: *mut u64) -> Outcome {
    not_null("actualTimeout", actual_timeout)?;
    current()?;
    bound(timeout as f64);
    give(actual_timeout, bound_us() as u64);
    Ok(())
}

pub(crate) fn aclrtGetOpExecuteTimeout(timeout_ms: *mut u32) -> Outcome {
    not_null("timeoutMs", timeout_ms)?;
    give(timeout_ms, (bound_us() / 1e3).ceil() as u32);
    Ok(())
}

pub(crate) fn aclrtGetOpTimeOutInterval(interval: *mut u64) -> Outcome {
    not_null("interval", interval)?;
    give(interval, STEP_US as u64);
    Ok(())
}
