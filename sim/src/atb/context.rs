//! Contexts: the stream that operations are enqueued on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use ascend_rl_sys::types::*;

use crate::acl::context::current;
use crate::acl::stream;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, reject};

static CONTEXTS: Registry<Arc<Context>> = Registry::new(Kind::AtbContext);

/// A context and the handle of its stream; 0 until one is set.
pub(super) struct Context {
    stream: AtomicUsize,
}

impl Context {
    /// The stream to enqueue on, checked again: it may have been destroyed.
    pub(super) fn stream(&self) -> Outcome<aclrtStream> {
        let handle = self.stream.load(Acquire) as aclrtStream;
        if handle.is_null() {
            reject!(ATB_INVALID_PARAM, "the context has no stream: call SetExecuteStream first")
        }
        stream::resolve(handle).map_err(runtime)?;
        Ok(handle)
    }
}

/// What the runtime below refuses, as ATB reports it.
pub(super) fn runtime(refusal: Reject) -> Reject {
    Reject { code: ascend_rl_sys::codes::atb::ATB_RT_FAIL, text: format!("{} (runtime error {})", refusal.text, refusal.code) }
}

/// The context of a handle.
pub(super) fn resolve(context: AtbContext) -> Outcome<Arc<Context>> {
    match CONTEXTS.get(context as usize) {
        Some(context) => Ok(context),
        None if context.is_null() => reject!(ATB_INVALID_PARAM, "context is null"),
        None => reject!(ATB_INVALID_PARAM, "context is not a live context: destroyed already, or never created"),
    }
}

/// A context of the device that is current on this thread.
pub(crate) fn ascend_atb_context_create(context: *mut AtbContext) -> Outcome {
    if context.is_null() {
        reject!(ATB_INVALID_PARAM, "context is null")
    }
    current().map_err(runtime)?;
    let handle = CONTEXTS.insert(Arc::new(Context { stream: AtomicUsize::new(0) }));
    // SAFETY: not null, and C's contract is that it points to a variable.
    unsafe { context.write(handle as AtbContext) };
    Ok(())
}

pub(crate) fn ascend_atb_context_destroy(context: AtbContext) -> Outcome {
    match CONTEXTS.remove(context as usize) {
        Some(_) => Ok(()),
        None => reject!(ATB_INVALID_PARAM, "context is not a live context: destroyed already, or never created"),
    }
}

/// Null is refused: ATB has no default stream.
pub(crate) fn ascend_atb_context_set_stream(context: AtbContext, stream: aclrtStream) -> Outcome {
    let context = resolve(context)?;
    if stream.is_null() {
        reject!(ATB_INVALID_PARAM, "stream is null: ATB knows no default stream")
    }
    stream::resolve(stream).map_err(runtime)?;
    context.stream.store(stream as usize, Release);
    Ok(())
}
