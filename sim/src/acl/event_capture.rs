//! Events in a capture: they take streams into it and back. In a graph a record is a mark, which each replay makes anew.

use std::sync::{Arc, Weak};

use ascend_rl_sys::codes::ACL_ERROR_STREAM_CAPTURE_CONFLICT;
use ascend_rl_sys::types::*;

use super::context::current;
use super::event::{Event, Origin, Records};
use crate::engine::{Limit, Stream};
use crate::graph::{Graph, Recorder};
use crate::reject::{Outcome, Reject, check, reject};

/// Where an event was last recorded while its stream was.
#[derive(Clone)]
pub(super) struct Captured {
    graph: Weak<Graph>,
    mark: usize,
}

/// The graph that the event is in, and the mark, as long as that is being recorded.
fn captured(records: &Records) -> Option<(Arc<Graph>, usize)> {
    let Captured { graph, mark } = records.captured.as_ref()?;
    Some((graph.upgrade().filter(|graph| graph.is_recording())?, *mark))
}

/// The host may not ask about an event of a capture: it has not happened.
pub(super) fn check_free(records: &Records) -> Outcome {
    check!(
        captured(records).is_none(),
        ACL_ERROR_RT_EVENT_CAPTURED,
        "event was recorded in a capture: it cannot be waited for or asked about by the host"
    );
    Ok(())
}

/// Two captures would be one: both are invalid from now on.
fn conflict(one: &Graph, other: &Graph) -> Reject {
    let text = "event belongs to another capture than stream: one capture cannot wait for another".to_owned();
    let why = Reject { code: ACL_ERROR_STREAM_CAPTURE_CONFLICT, text };
    one.invalidate(why.clone());
    other.invalidate(why.clone());
    why
}

/// The kind of event that a graph takes.
fn check_kind(event: &Event, graph: &Graph) -> Outcome {
    let (fits, kind) = match graph.is_capture() {
        true => (event.origin == Origin::Ex, "aclrtCreateEventExWithFlag"),
        false => (event.origin == Origin::WithFlag, "aclrtCreateEventWithFlag"),
    };
    check!(fits, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "event cannot be used in this graph: it takes those of {kind}");
    Ok(())
}

/// Records into the graph that `stream` goes into. False: it goes into none, and the record is an ordinary one.
pub(super) fn record(event: &Event, records: &mut Records, stream: &Arc<Stream>) -> Outcome<bool> {
    let Some(Recorder::Lane(graph, lane)) = stream.recorder() else { return Ok(false) };
    check_kind(event, &graph)?;
    if event.flags & ACL_EVENT_SYNC == 0 {
        // Nothing can wait for it: the runtime leaves it out.
        return Ok(true);
    }
    if let Some((other, _)) = captured(records).filter(|(other, _)| !Arc::ptr_eq(other, &graph)) {
        return Err(conflict(&graph, &other));
    }
    let mark = graph.mark(lane)?;
    records.captured = Some(Captured { graph: Arc::downgrade(&graph), mark });
    Ok(true)
}

/// Waits within a graph, which `stream` joins if it must. False: the wait is an ordinary one.
pub(super) fn wait(event: &Event, records: &Records, stream: &Arc<Stream>, limit: &Limit) -> Outcome<bool> {
    match (captured(records), stream.recorder()) {
        (None, None | Some(Recorder::Update(_))) => Ok(false),
        (None, Some(Recorder::Lane(graph, _))) => {
            check_kind(event, &graph)?;
            check!(
                records.latest.is_none() && graph.is_capture(),
                ACL_ERROR_RT_CAPTURE_DEPENDENCY,
                "event was recorded outside of the graph that stream goes into: a graph cannot wait for what is not in it"
            );
            // Never recorded: for an event of this kind the wait is nothing.
            Ok(true)
        }
        (Some((graph, mark)), recorder) => {
            check!(
                !Arc::ptr_eq(stream, current()?.default_stream()),
                ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT,
                "stream is the default stream, which cannot join a capture"
            );
            let lane = match recorder {
                Some(Recorder::Lane(own, lane)) if Arc::ptr_eq(&own, &graph) => lane,
                Some(Recorder::Lane(own, _)) => return Err(conflict(&own, &graph)),
                Some(Recorder::Update(_)) => {
                    reject!(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "stream is updating a task group and cannot join a capture")
                }
                None => join(&graph, stream)?,
            };
            graph.wait(lane, mark, limit.clone())?;
            Ok(true)
        }
    }
}

/// Resets within the graph that `stream` goes into: each replay makes its marks anew, so only the recording forgets the last one.
/// False: it goes into none.
pub(super) fn reset(event: &Event, records: &mut Records, stream: &Stream) -> Outcome<bool> {
    let Some(Recorder::Lane(graph, _)) = stream.recorder() else {
        check_free(records)?;
        return Ok(false);
    };
    check_kind(event, &graph)?;
    if captured(records).is_some_and(|(other, _)| Arc::ptr_eq(&other, &graph)) {
        records.captured = None;
    }
    Ok(true)
}

/// Takes a stream into a capture: its lane.
fn join(graph: &Arc<Graph>, stream: &Arc<Stream>) -> Outcome<usize> {
    check!(
        graph.is_capture(),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "event belongs to a graph that stream is not bound to (aclmdlRIBindStream)"
    );
    check!(
        stream.context == graph.context,
        ACL_ERROR_RT_STREAM_CONTEXT,
        "stream belongs to another context than the capture that event is in"
    );
    if let Some(why) = graph.invalid() {
        reject!(ACL_ERROR_RT_INTERNAL_ERROR, "the capture takes no further stream: it is invalid since {}", why.text)
    }
    let lane = graph.add_lane(stream, false)?;
    stream.set_recorder(Some(Recorder::Lane(graph.clone(), lane)));
    Ok(lane)
}
