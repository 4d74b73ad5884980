//! Graphs that are built: streams are bound to them, and what those are given from then on is the graph's.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::{Graph, Recorder, check_free, current, give, not_null, own_stream, resolve};
use crate::acl::attributes;
use crate::graph::Origin;
use crate::reject::{Outcome, check, reject};

pub(crate) fn aclmdlRIBuildBegin(model_ri: *mut aclmdlRI, flag: u32) -> Outcome {
    not_null("modelRI", model_ri)?;
    check!(flag == 0, ACL_ERROR_RT_PARAM_INVALID, "flag is {flag}: it is reserved and must be 0");
    let context = current()?;
    give(model_ri, Graph::new(Origin::Built, context.device.id, context.handle()).handle() as aclmdlRI);
    Ok(())
}

/// A graph that is built and not captured.
fn built(model_ri: aclmdlRI) -> Outcome<std::sync::Arc<Graph>> {
    let graph = resolve(model_ri)?;
    check!(!graph.is_capture(), ACL_ERROR_RT_PARAM_INVALID, "modelRI was captured: it has its streams already");
    Ok(graph)
}

pub(crate) fn aclmdlRIBindStream(model_ri: aclmdlRI, stream: aclrtStream, flag: u32) -> Outcome {
    let graph = built(model_ri)?;
    check!(!stream.is_null(), ACL_ERROR_RT_PARAM_INVALID, "stream is null: the default stream cannot be bound");
    let waits = match flag {
        ACL_MODEL_STREAM_FLAG_HEAD => false,
        ACL_MODEL_STREAM_FLAG_DEFAULT => true,
        _ => reject!(
            ACL_ERROR_RT_PARAM_INVALID,
            "flag is {flag:#x}: ACL_MODEL_STREAM_FLAG_HEAD or ACL_MODEL_STREAM_FLAG_DEFAULT is taken"
        ),
    };
    let stream = own_stream(stream)?;
    check!(
        attributes::is_persistent(&stream),
        ACL_ERROR_RT_PARAM_INVALID,
        "stream was made without ACL_STREAM_PERSISTENT (aclrtCreateStreamWithConfig)"
    );
    check_free(&stream, "bound")?;
    check!(graph.is_recording(), ACL_ERROR_RT_PARAM_INVALID, "modelRI was built already");
    let lane = graph.add_lane(&stream, waits)?;
    stream.set_recorder(Some(Recorder::Lane(graph, lane)));
    Ok(())
}

pub(crate) fn aclmdlRIEndTask(model_ri: aclmdlRI, stream: aclrtStream) -> Outcome {
    let graph = built(model_ri)?;
    check!(!stream.is_null(), ACL_ERROR_RT_PARAM_INVALID, "stream is null");
    let ended = graph.close_lane(&own_stream(stream)?);
    check!(ended, ACL_ERROR_RT_STREAM_MODEL, "stream is not bound to modelRI, or has its end already");
    Ok(())
}

pub(crate) fn aclmdlRIBuildEnd(model_ri: aclmdlRI, reserve: *mut c_void) -> Outcome {
    not_null("modelRI", model_ri)?;
    check!(reserve.is_null(), ACL_ERROR_INVALID_PARAM, "reserve is not null: it is reserved");
    built(model_ri)?.end_build()
}

/// The graph keeps what the stream was given.
pub(crate) fn aclmdlRIUnbindStream(model_ri: aclmdlRI, stream: aclrtStream) -> Outcome {
    let graph = built(model_ri)?;
    check!(!stream.is_null(), ACL_ERROR_RT_PARAM_INVALID, "stream is null");
    let stream = own_stream(stream)?;
    check!(graph.unbind(&stream), ACL_ERROR_RT_STREAM_MODEL, "stream is not bound to modelRI");
    stream.set_recorder(None);
    Ok(())
}
