//! Capture: begin, end, and what is known meanwhile.

use std::ptr::null_mut;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::{Graph, Recorder, Stream, capture_of, check_free, current, give, modes, not_null, own_stream};
use crate::graph::{Begun, Origin};
use crate::reject::{Outcome, check, reject};

pub(crate) fn aclmdlRICaptureBegin(stream: aclrtStream, mode: aclmdlRICaptureMode) -> Outcome {
    let stream = check_begin(stream, mode)?;
    let begun = Begun { mode, thread: std::thread::current().id() };
    begin(Graph::new(Origin::Capture(begun), stream.device, stream.context), &stream)
}

/// The stream of a capture that may begin.
pub(super) fn check_begin(stream: aclrtStream, mode: aclmdlRICaptureMode) -> Outcome<Arc<Stream>> {
    not_null("stream", stream)?;
    check!(mode.name().is_some(), ACL_ERROR_RT_PARAM_INVALID, "mode is {}, which is no mode of a capture", mode.0);
    let stream = own_stream(stream)?;
    let default = Arc::ptr_eq(&stream, current()?.default_stream());
    check!(!default, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "stream is the default stream, which cannot be captured");
    check_free(&stream, "captured a second time")?;
    Ok(stream)
}

pub(super) fn begin(graph: Arc<Graph>, stream: &Arc<Stream>) -> Outcome {
    let lane = graph.add_lane(stream, false)?;
    modes::enter(&graph);
    stream.set_recorder(Some(Recorder::Lane(graph, lane)));
    Ok(())
}

pub(crate) fn aclmdlRICaptureGetInfo(
    stream: aclrtStream,
    status: *mut aclmdlRICaptureStatus,
    model_ri: *mut aclmdlRI,
) -> Outcome {
    not_null("stream", stream)?;
    check!(!status.is_null() || !model_ri.is_null(), ACL_ERROR_INVALID_PARAM, "status and modelRI are both null");
    let (found, handle) = match capture_of(&*own_stream(stream)?) {
        None => (ACL_MODEL_RI_CAPTURE_STATUS_NONE, 0),
        Some((graph, _)) if graph.invalid().is_some() => (ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED, graph.handle()),
        Some((graph, _)) => (ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE, graph.handle()),
    };
    if !status.is_null() {
        give(status, found);
    }
    if !model_ri.is_null() {
        give(model_ri, handle as aclmdlRI);
    }
    Ok(())
}

/// What is refused leaves no graph, but for an end on a stream that only joined, which changes nothing.
pub(crate) fn aclmdlRICaptureEnd(stream: aclrtStream, model_ri: *mut aclmdlRI) -> Outcome {
    let stream = own_stream(stream)?;
    check!(!model_ri.is_null(), ACL_ERROR_RT_PARAM_INVALID, "modelRI is null");
    give(model_ri, null_mut());
    let Some((graph, lane)) = capture_of(&stream) else {
        reject!(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "stream is not being captured: aclmdlRICaptureBegin begins that")
    };
    check!(
        lane == 0,
        ACL_ERROR_RT_STREAM_CAPTURE_UNMATCHED,
        "the capture did not begin on this stream, which joined it by an event"
    );
    let ended = graph.end_capture();
    modes::leave(&graph);
    if let Err(refusal) = check_thread(&graph).and(ended) {
        // What another graph runs goes with that.
        if !graph.is_inner() {
            graph.remove();
        }
        return Err(refusal);
    }
    give(model_ri, graph.handle() as aclmdlRI);
    Ok(())
}

/// Only a RELAXED capture may be ended by another thread.
fn check_thread(graph: &Graph) -> Outcome {
    if let Some(Begun { mode, thread }) = graph.begun() {
        check!(
            mode == ACL_MODEL_RI_CAPTURE_MODE_RELAXED || thread == std::thread::current().id(),
            ACL_ERROR_RT_STREAM_CAPTURE_WRONG_THREAD,
            "the capture was begun by another thread, in mode {}",
            mode.name().unwrap_or("?")
        );
    }
    Ok(())
}
