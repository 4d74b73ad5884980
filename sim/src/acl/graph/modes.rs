//! What captures keep threads from: calls that take effect at once, where a graph was meant to have them.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::{Stream, capture_of, give, not_null};
use crate::acl::context::current;
use crate::graph::Graph;
use crate::reject::{Outcome, Reject, check, reject};

/// The captures that are going on.
static CAPTURES: Mutex<Vec<Arc<Graph>>> = Mutex::new(Vec::new());
/// Their number, so that a copy costs nothing while there is none.
static COUNT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// What `aclmdlRICaptureThreadExchangeMode` has set.
    static MODE: Cell<aclmdlRICaptureMode> = const { Cell::new(ACL_MODEL_RI_CAPTURE_MODE_GLOBAL) };
}

fn captures() -> MutexGuard<'static, Vec<Arc<Graph>>> {
    CAPTURES.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A capture begins.
pub(super) fn enter(graph: &Arc<Graph>) {
    captures().push(graph.clone());
    COUNT.fetch_add(1, SeqCst);
}

/// It has ended.
pub(super) fn leave(graph: &Arc<Graph>) {
    let mut captures = captures();
    let before = captures.len();
    captures.retain(|capture| !Arc::ptr_eq(capture, graph));
    COUNT.fetch_sub(before - captures.len(), SeqCst);
}

/// 107030 where a capture does not let this thread make the blocking call `name`. The runtime's rule: a GLOBAL capture of the
/// context concerns every thread, a THREAD_LOCAL one the thread that began it; a thread that has set RELAXED is free.
pub(crate) fn check_blocking(name: &str) -> Outcome {
    if COUNT.load(Acquire) == 0 || MODE.get() == ACL_MODEL_RI_CAPTURE_MODE_RELAXED {
        return Ok(());
    }
    let (context, this) = (current()?.handle(), std::thread::current().id());
    let captures = captures();
    let strictest = |concerns: &dyn Fn(&Graph) -> bool| {
        let modes = captures.iter().filter(|capture| concerns(capture)).filter_map(|capture| Some(capture.begun()?.mode.0));
        modes.min().map(aclmdlRICaptureMode)
    };
    let Some(everywhere) = strictest(&|capture| capture.context == context) else { return Ok(()) };
    let own = strictest(&|capture| capture.begun().is_some_and(|begun| begun.thread == this));
    let refused = if MODE.get() == ACL_MODEL_RI_CAPTURE_MODE_GLOBAL {
        everywhere == ACL_MODEL_RI_CAPTURE_MODE_GLOBAL || own == Some(ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL)
    } else {
        matches!(own, Some(ACL_MODEL_RI_CAPTURE_MODE_GLOBAL | ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL))
    };
    let whose = if own.is_some() { "a capture of this thread" } else { "a capture of another thread" };
    check!(
        !refused,
        ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT,
        "{name} is not captured but takes effect at once, which the mode of {whose} ({}) does not allow: \
         aclmdlRICaptureThreadExchangeMode with RELAXED does",
        everywhere.name().unwrap_or("?")
    );
    Ok(())
}

/// A copy from or to memory that is not pinned, which would be made at once: never into a capture, and elsewhere as
/// [`check_blocking`] has it.
pub(crate) fn check_pageable(stream: &Stream, name: &str) -> Outcome {
    check!(
        capture_of(stream).is_none(),
        ACL_ERROR_RT_PARAM_INVALID,
        "{name}: a copy of pageable memory cannot be captured: take memory from aclrtMallocHost"
    );
    check_blocking(&format!("{name} of pageable memory"))
        .map_err(|refusal| Reject { code: ascend_rl_sys::codes::ACL_ERROR_RT_CAPTURE_MODE_BLOCK_ASYNC, ..refusal })
}

pub(crate) fn aclmdlRICaptureThreadExchangeMode(mode: *mut aclmdlRICaptureMode) -> Outcome {
    not_null("mode", mode)?;
    // SAFETY: not null, and C's contract is that it points to a variable of this type.
    let new = unsafe { mode.read() };
    if new.name().is_none() {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "mode is {}, which is no mode of a capture", new.0)
    }
    current()?;
    give(mode, MODE.replace(new));
    Ok(())
}
