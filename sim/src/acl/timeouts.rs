//! Bounds on how long things take: operators, and the waits of streams for events.

use std::sync::atomic::{AtomicU32, Ordering::*};

use super::context::current;
use super::{give, not_null, unsupported};
use crate::engine::OPERATOR_LIMIT;
use crate::reject::Outcome;
use crate::world::world;

/// The chips count in steps of 2^32 ns.
const STEP_NS: u64 = 1 << 32;

/// Seconds that a stream waits for an event; 0 is for ever.
static EVENT_WAIT: AtomicU32 = AtomicU32::new(0);

/// Seconds that a stream waits for an event from now on; 0 is for ever.
pub(super) fn event_wait() -> u32 {
    EVENT_WAIT.load(Relaxed)
}

pub(crate) fn aclrtSetOpWaitTimeout(timeout: u32) -> Outcome {
    EVENT_WAIT.store(timeout, Relaxed);
    Ok(())
}

/// Bounds how long an operator may run: in whole steps, the most for 0. What counts is time of the simulator, since it has no
/// notion of a device's; an operator that takes longer is not ended half-way, and its stream fails.
fn bound(nanoseconds: u128) -> Outcome {
    let steps = u64::try_from(nanoseconds.div_ceil(u128::from(STEP_NS))).unwrap_or(u64::MAX);
    let most = OPERATOR_LIMIT / STEP_NS;
    world()?.engine.limit_operators(if steps == 0 { OPERATOR_LIMIT } else { steps.min(most) * STEP_NS });
    Ok(())
}

pub(crate) fn aclrtSetOpExecuteTimeOut(timeout: u32) -> Outcome {
    bound(u128::from(timeout) * 1_000_000_000)
}

pub(crate) fn aclrtSetOpExecuteTimeOutWithMs(_timeout: u32) -> Outcome {
    unsupported("aclrtSetOpExecuteTimeOut takes seconds, aclrtSetOpExecuteTimeOutV2 microseconds")
}

pub(crate) fn aclrtSetOpExecuteTimeOutV2(timeout: u64, actual_timeout: *mut u64) -> Outcome {
    not_null("actualTimeout", actual_timeout)?;
    current()?;
    bound(u128::from(timeout) * 1000)?;
    give(actual_timeout, world()?.engine.operator_limit() / 1000);
    Ok(())
}

pub(crate) fn aclrtGetOpExecuteTimeout(timeout_ms: *mut u32) -> Outcome {
    not_null("timeoutMs", timeout_ms)?;
    give(timeout_ms, world()?.engine.operator_limit().div_ceil(1_000_000) as u32);
    Ok(())
}

pub(crate) fn aclrtGetOpTimeOutInterval(interval: *mut u64) -> Outcome {
    not_null("interval", interval)?;
    give(interval, STEP_NS / 1000);
    Ok(())
}
