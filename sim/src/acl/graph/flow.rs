//! The flow of control in graphs that are built: streams that a task activates, and tasks that go on on another stream.

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::{Graph, Recorder, Stream, not_null, stream};
use crate::memory::Place;
use crate::reject::{Outcome, check, reject};

/// The graph that a stream is bound to, and its lane.
pub(super) fn bound(param: &str, handle: aclrtStream) -> Outcome<(Arc<Graph>, usize)> {
    let stream: Arc<Stream> = stream::resolve(handle)?;
    match stream.recorder() {
        Some(Recorder::Lane(graph, lane)) if !graph.is_capture() => Ok((graph, lane)),
        _ => reject!(ACL_ERROR_RT_STREAM_MODEL, "{param} is not bound to a graph (aclmdlRIBindStream)"),
    }
}

/// The lane of a second stream, of the same graph.
fn beside(graph: &Arc<Graph>, param: &str, handle: aclrtStream) -> Outcome<usize> {
    let (other, lane) = bound(param, handle)?;
    check!(
        Arc::ptr_eq(graph, &other),
        ACL_ERROR_RT_STREAM_MODEL,
        "{param} is bound to graph {}, stream to graph {}",
        other.id,
        graph.id
    );
    Ok(lane)
}

pub(crate) fn aclrtActiveStream(active_stream: aclrtStream, stream: aclrtStream) -> Outcome {
    not_null("activeStream", active_stream)?;
    not_null("stream", stream)?;
    let (graph, lane) = bound("stream", stream)?;
    let other = beside(&graph, "activeStream", active_stream)?;
    graph.activate(lane, other)
}

/// A number of device memory, which is read when a task comes to it. The place is held, and an address of a device stays mapped after
/// it is freed.
#[derive(Clone)]
pub(super) struct Number {
    address: usize,
    bytes: usize,
    _place: Place,
}

impl Number {
    pub(super) fn find(param: &str, address: *const c_void, bytes: usize) -> Outcome<Number> {
        let place = Place::of(param, address as usize, bytes)?;
        check!(
            matches!(place, Place::Device(_)),
            ACL_ERROR_RT_PARAM_INVALID,
            "{param} is {}: memory of a device is needed",
            place.name()
        );
        Ok(Number { address: address as usize, bytes, _place: place })
    }

    pub(super) fn get(&self) -> i64 {
        let mut value = [0u8; 8];
        // SAFETY: so many bytes of a device's mapping, which stays; nobody in here has them as a Rust place.
        unsafe { std::ptr::copy_nonoverlapping(self.address as *const u8, value.as_mut_ptr(), self.bytes) };
        match self.bytes {
            4 => i64::from(i32::from_le_bytes([value[0], value[1], value[2], value[3]])),
            _ => i64::from_le_bytes(value),
        }
    }
}

pub(crate) fn aclrtSwitchStream(
    left_value: *mut c_void,
    cond: aclrtCondition,
    right_value: *mut c_void,
    data_type: aclrtCompareDataType,
    true_stream: aclrtStream,
    false_stream: aclrtStream,
    stream: aclrtStream,
) -> Outcome {
    not_null("leftValue", left_value)?;
    not_null("rightValue", right_value)?;
    not_null("trueStream", true_stream)?;
    not_null("stream", stream)?;
    check!(false_stream.is_null(), ACL_ERROR_INVALID_PARAM, "falseStream is not null: it is reserved");
    let holds: fn(i64, i64) -> bool = match cond {
        ACL_RT_EQUAL => |left, right| left == right,
        ACL_RT_NOT_EQUAL => |left, right| left != right,
        ACL_RT_GREATER => |left, right| left > right,
        ACL_RT_GREATER_OR_EQUAL => |left, right| left >= right,
        ACL_RT_LESS => |left, right| left < right,
        ACL_RT_LESS_OR_EQUAL => |left, right| left <= right,
        _ => reject!(ACL_ERROR_RT_PARAM_INVALID, "cond is {}, which is no condition", cond.0),
    };
    let bytes = match data_type {
        ACL_RT_SWITCH_INT32 => 4,
        ACL_RT_SWITCH_INT64 => 8,
        _ => reject!(ACL_ERROR_RT_PARAM_INVALID, "dataType is {}, which is no type of a comparison", data_type.0),
    };
    let (graph, lane) = bound("stream", stream)?;
    let other = beside(&graph, "trueStream", true_stream)?;
    let (left, right) = (Number::find("leftValue", left_value, bytes)?, Number::find("rightValue", right_value, bytes)?);
    // Where it does not hold, the stream goes on with its next task.
    let jump = move || Ok(holds(left.get(), right.get()).then_some((other, 0)));
    graph.jump(lane, "aclrtSwitchStream", Arc::new(jump))
}
