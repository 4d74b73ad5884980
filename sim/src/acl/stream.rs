//! Streams.

use std::sync::Arc;
use std::sync::atomic::Ordering::*;
use std::time::Instant;

use ascend_rl_sys::codes::{ACL_ERROR_RT_STREAM_ABORT, name};
use ascend_rl_sys::types::*;

use super::context::{Context, current};
use super::{attributes, callback, deadline, give, graph, not_null, stream_state};
use crate::engine::{Stream, last_task};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};

/// Streams of a device of the A2 and A3 series.
const MOST_STREAMS: usize = 1984;

/// Default streams too, so that a device and a context find all of theirs; the program never sees their handles.
static STREAMS: Registry<Arc<Stream>> = Registry::new(Kind::Stream);

pub(super) fn register(stream: Arc<Stream>) -> usize {
    STREAMS.insert(stream)
}

/// The live streams that `want` picks.
pub(super) fn all(want: impl Fn(&Stream) -> bool) -> Vec<Arc<Stream>> {
    STREAMS.handles(|stream| want(stream)).into_iter().filter_map(|handle| STREAMS.get(handle)).collect()
}

/// Waits for the streams of a context and ends them.
pub(super) fn end_all(context: &Context) {
    for handle in STREAMS.handles(|stream| stream.context == context.handle()) {
        if let Some(stream) = STREAMS.remove(handle) {
            stream.wait_all();
            callback::forget(&stream);
            if !Arc::ptr_eq(&stream, context.default_stream()) {
                context.device.streams.fetch_sub(1, SeqCst);
            }
        }
    }
}

/// The handle of a context's default stream, for programs that want it by name.
pub(super) fn default_handle(context: &Context) -> usize {
    STREAMS.handles(|stream| std::ptr::eq(&**stream, &**context.default_stream())).first().copied().unwrap_or(0)
}

/// Tells that a context has its default stream.
pub(super) fn tell_default(context: &Context) {
    stream_state::tell(default_handle(context), ACL_RT_STREAM_STATE_CREATE_POST);
}

/// Tells that all streams of a context are about to end.
pub(super) fn tell_end(context: &Context) {
    for handle in STREAMS.handles(|stream| stream.context == context.handle()) {
        stream_state::tell(handle, ACL_RT_STREAM_STATE_DESTROY_PRE);
    }
}

/// Of streams that the program has created; all ones where this thread has enqueued nothing on any.
pub(crate) fn aclrtGetThreadLastTaskId(task_id: *mut u32) -> Outcome {
    check!(!task_id.is_null(), ACL_ERROR_RT_PARAM_INVALID, "taskId is null");
    give(task_id, last_task());
    Ok(())
}

/// The stream of a handle, which must be of the current context; null is that context's default stream.
pub(crate) fn resolve(stream: aclrtStream) -> Outcome<Arc<Stream>> {
    let context = current()?;
    if stream.is_null() {
        return Ok(context.default_stream().clone());
    }
    let Some(found) = STREAMS.get(stream as usize) else {
        reject!(ACL_ERROR_RT_INVALID_HANDLE, "stream is not a live stream: destroyed already, or never created")
    };
    check!(
        found.context == context.handle(),
        ACL_ERROR_RT_STREAM_CONTEXT,
        "stream belongs to another context (of device {}) than the current one (of device {})",
        found.device,
        context.device.id
    );
    Ok(found)
}

/// The stream's asynchronous error, if one of its operations failed; it is told once.
pub(super) fn surface(stream: &Stream) -> Outcome {
    match stream.tell_failure() {
        None => Ok(()),
        Some(failure) => Err(failure.clone()),
    }
}

/// Waits for everything enqueued so far; false if `deadline` comes first. Who waits for work that is aborted is told so.
pub(super) fn wait(stream: &Arc<Stream>, deadline: Option<Instant>) -> Outcome<bool> {
    let aborts = stream.aborts();
    let done = stream.wait(stream.enqueued(), deadline);
    match stream.aborted_since(aborts) {
        None => Ok(done),
        Some(code) => {
            let text = format!("the work of stream {} was aborted ({})", stream.id, name(code).unwrap_or("?"));
            Err(Reject { code, text })
        }
    }
}

pub(crate) fn aclrtCreateStream(stream: *mut aclrtStream) -> Outcome {
    aclrtCreateStreamWithConfig(stream, 0, 0)
}

/// Priority and most flags are hints about speed: the simulator tells them, and has no use for them. Graphs can be built from
/// streams with `ACL_STREAM_PERSISTENT`.
pub(crate) fn aclrtCreateStreamWithConfig(stream: *mut aclrtStream, priority: u32, flag: u32) -> Outcome {
    not_null("stream", stream)?;
    attributes::check_flags(flag)?;
    let context = current()?;
    let device = context.device;
    if device.streams.fetch_add(1, SeqCst) >= MOST_STREAMS {
        device.streams.fetch_sub(1, SeqCst);
        reject!(ACL_ERROR_RT_NO_STREAM_RESOURCE, "device {} has {MOST_STREAMS} streams, as many as there can be", device.id)
    }
    let made = Stream::new(context.default_stream().engine(), device.id, context.handle());
    attributes::set(&made, priority, flag);
    made.attributes.counted.store(true, Relaxed);
    let handle = register(made);
    give(stream, handle as aclrtStream);
    stream_state::tell(handle, ACL_RT_STREAM_STATE_CREATE_POST);
    Ok(())
}

/// Takes a stream out: from now on its handle is stale.
fn take(stream: aclrtStream) -> Outcome<Arc<Stream>> {
    not_null("stream", stream)?;
    let found = resolve(stream)?;
    check!(
        !Arc::ptr_eq(&found, current()?.default_stream()),
        ACL_ERROR_RT_PARAM_INVALID,
        "stream is the default stream, which ends with its context"
    );
    graph::check_free(&found, "destroyed")?;
    stream_state::tell(stream as usize, ACL_RT_STREAM_STATE_DESTROY_PRE);
    let Some(taken) = STREAMS.remove(stream as usize) else {
        reject!(ACL_ERROR_RT_INVALID_HANDLE, "stream was destroyed by another thread")
    };
    current()?.device.streams.fetch_sub(1, SeqCst);
    Ok(taken)
}

pub(crate) fn aclrtDestroyStream(stream: aclrtStream) -> Outcome {
    let stream = take(stream)?;
    stream.wait_all();
    callback::forget(&stream);
    Ok(())
}

pub(crate) fn aclrtDestroyStreamForce(stream: aclrtStream) -> Outcome {
    let stream = take(stream)?;
    stream.discard();
    callback::forget(&stream);
    Ok(())
}

pub(crate) fn aclrtSynchronizeStream(stream: aclrtStream) -> Outcome {
    aclrtSynchronizeStreamWithTimeout(stream, -1)
}

pub(crate) fn aclrtSynchronizeStreamWithTimeout(stream: aclrtStream, timeout: i32) -> Outcome {
    let deadline = deadline(timeout)?;
    let stream = resolve(stream)?;
    graph::check_not_captured(&stream, "waited for")?;
    check!(wait(&stream, deadline)?, ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, "the stream's work was not done within {timeout} ms");
    surface(&stream)
}

pub(crate) fn aclrtStreamQuery(stream: aclrtStream, status: *mut aclrtStreamStatus) -> Outcome {
    not_null("status", status)?;
    let stream = resolve(stream)?;
    graph::check_not_captured(&stream, "queried")?;
    let done = stream.poll(stream.enqueued());
    give(status, if done { ACL_STREAM_STATUS_COMPLETE } else { ACL_STREAM_STATUS_NOT_READY });
    Ok(())
}

/// Drops what has not begun, and returns once what runs has ended.
/// What graphs run for it is dropped too.
pub(crate) fn aclrtStreamAbort(stream: aclrtStream) -> Outcome {
    let stream = resolve(stream)?;
    graph::check_not_bound(&stream)?;
    stream.abort(ACL_ERROR_RT_STREAM_ABORT, None);
    Ok(())
}

pub(crate) fn aclrtStreamStop(stream: aclrtStream) -> Outcome {
    resolve(stream)?;
    reject!(
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "the simulator cannot stop an operation half-way; aclrtStreamAbort drops what has not begun"
    )
}

pub(crate) fn aclrtGetStreamAvailableNum(stream_count: *mut u32) -> Outcome {
    not_null("streamCount", stream_count)?;
    give(stream_count, MOST_STREAMS.saturating_sub(current()?.device.streams.load(SeqCst)) as u32);
    Ok(())
}
