//! Task groups and their updates.

use ascend_rl_sys::types::*;

use super::{Recorder, capture_of, check_free, give, not_null, own_stream};
use crate::graph::{TaskGroup, Update};
use crate::reject::{Outcome, reject};

pub(crate) fn aclmdlRICaptureTaskGrpBegin(stream: aclrtStream) -> Outcome {
    let Some((graph, lane)) = capture_of(&*own_stream(stream)?) else {
        reject!(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "stream is not being captured")
    };
    graph.open_group(lane)
}

pub(crate) fn aclmdlRICaptureTaskGrpEnd(stream: aclrtStream, handle: *mut aclrtTaskGrp) -> Outcome {
    not_null("stream", stream)?;
    not_null("handle", handle)?;
    let Some((graph, lane)) = capture_of(&*own_stream(stream)?) else {
        reject!(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "stream is not being captured")
    };
    give(handle, std::ptr::null_mut());
    give(handle, graph.close_group(lane)? as aclrtTaskGrp);
    Ok(())
}

pub(crate) fn aclmdlRICaptureTaskUpdateBegin(stream: aclrtStream, handle: aclrtTaskGrp) -> Outcome {
    not_null("stream", stream)?;
    not_null("handle", handle)?;
    let stream = own_stream(stream)?;
    check_free(&stream, "given updates")?;
    let Some(group) = TaskGroup::find(handle as usize) else {
        reject!(ACL_ERROR_RT_INVALID_HANDLE, "handle is not a live task group: its graph was destroyed, or it was never made")
    };
    stream.set_recorder(Some(Recorder::Update(Update::begin(group)?)));
    Ok(())
}

pub(crate) fn aclmdlRICaptureTaskUpdateEnd(stream: aclrtStream) -> Outcome {
    let stream = own_stream(stream)?;
    let update = match stream.recorder() {
        Some(Recorder::Update(update)) => update,
        Some(Recorder::Lane(..)) => return check_free(&stream, "given updates"),
        None => {
            reject!(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "no update is open on stream: aclmdlRICaptureTaskUpdateBegin begins one")
        }
    };
    stream.set_recorder(None);
    update.end()
}
