//! Streams.

use std::sync::Arc;
use std::sync::atomic::Ordering::*;

use ascend_rl_sys::types::*;

use super::context::{Context, current};
use super::{deadline, give, graph, not_null};
use crate::engine::Stream;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

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
            if !Arc::ptr_eq(&stream, context.default_stream()) {
                context.device.streams.fetch_sub(1, SeqCst);
            }
        }
    }
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

/// The stream's asynchronous error, if one of its operations failed.
pub(super) fn surface(stream: &Stream) -> Outcome {
    match stream.failure() {
        None => Ok(()),
        Some(failure) => Err(failure.clone()),
    }
}

pub(crate) fn aclrtCreateStream(stream: *mut aclrtStream) -> Outcome {
    aclrtCreateStreamWithConfig(stream, 0, 0)
}

/// Priorities are clamped and unknown flags ignored, as CANN does. All but `ACL_STREAM_PERSISTENT` (graphs can be built from it)
/// are hints about speed: the simulator has no use for them.
pub(crate) fn aclrtCreateStreamWithConfig(stream: *mut aclrtStream, _priority: u32, flag: u32) -> Outcome {
    not_null("stream", stream)?;
    let context = current()?;
    let device = context.device;
    if device.streams.fetch_add(1, SeqCst) >= MOST_STREAMS {
        device.streams.fetch_sub(1, SeqCst);
        reject!(ACL_ERROR_RT_NO_STREAM_RESOURCE, "device {} has {MOST_STREAMS} streams, as many as there can be", device.id)
    }
    let made = Stream::new(context.default_stream().engine(), device.id, context.handle());
    if flag & ACL_STREAM_PERSISTENT != 0 {
        made.set_persistent();
    }
    give(stream, register(made) as aclrtStream);
    Ok(())
}

/// Takes a stream out: from now on its handle is stale.
fn take(stream: aclrtStream) -> Outcome<Arc<Stream>> {
    not_null("stream", stream)?;
    graph::check_free(&*resolve(stream)?, "destroyed")?;
    let Some(taken) = STREAMS.remove(stream as usize) else {
        reject!(ACL_ERROR_RT_INVALID_HANDLE, "stream was destroyed by another thread")
    };
    current()?.device.streams.fetch_sub(1, SeqCst);
    Ok(taken)
}

pub(crate) fn aclrtDestroyStream(stream: aclrtStream) -> Outcome {
    take(stream)?.wait_all();
    Ok(())
}

pub(crate) fn aclrtDestroyStreamForce(stream: aclrtStream) -> Outcome {
    take(stream)?.discard();
    Ok(())
}

pub(crate) fn aclrtSynchronizeStream(stream: aclrtStream) -> Outcome {
    aclrtSynchronizeStreamWithTimeout(stream, -1)
}

pub(crate) fn aclrtSynchronizeStreamWithTimeout(stream: aclrtStream, timeout: i32) -> Outcome {
    let deadline = deadline(timeout)?;
    let stream = resolve(stream)?;
    graph::check_not_captured(&stream, "waited for")?;
    check!(
        stream.wait(stream.enqueued(), deadline),
        ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
        "the stream's work was not done within {timeout} ms"
    );
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
