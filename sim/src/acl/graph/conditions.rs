//! Conditions: graphs that a captured graph runs as a value says.
//!
//! Source: runtime, 15_model_running_instance__management, and `api_error_aclgraph.cc`, `v100/api_impl_aclgraph.cc`, `cond_handle.cc`,
//! `aclgraph_cond_task.cc` of its `src/runtime`.

use std::sync::{Arc, OnceLock};

use ascend_rl_sys::types::*;

use super::capture::{begin, check_begin};
use super::{Graph, capture_of, current, give, not_null, own_stream, resolve};
use crate::graph::{Begun, Choice, Origin, Value};
use crate::reject::{Outcome, check, reject};

pub(crate) fn aclmdlRICondHandleCreate(
    model_ri: aclmdlRI,
    default_launch_value: u32,
    flag: aclmdlRICondHandleFlag,
    handle: *mut aclmdlRICondHandle,
) -> Outcome {
    not_null("modelRI", model_ri)?;
    not_null("handle", handle)?;
    let assign = flag == ACL_MODEL_RI_COND_HANDLE_ASSIGN_DEFAULT;
    check!(
        assign || flag.0 == 0,
        ACL_ERROR_RT_PARAM_INVALID,
        "flag is {}: 0 or ACL_MODEL_RI_COND_HANDLE_ASSIGN_DEFAULT (1) is taken",
        flag.0
    );
    let graph = resolve(model_ri)?;
    check!(
        graph.is_capture(),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "modelRI is built: only graphs that are captured have conditions"
    );
    check!(
        graph.is_recording() && graph.begun().is_some(),
        ACL_ERROR_RT_PARAM_INVALID,
        "modelRI is not being captured: conditions are made while it is"
    );
    let value = Value::new(current()?.device, assign.then_some(u64::from(default_launch_value)))?;
    give(handle, graph.add_value(value) as aclmdlRICondHandle);
    Ok(())
}

/// The value of a handle, and the number of its graph.
fn find(handle: aclmdlRICondHandle) -> Outcome<(u32, Arc<Value>)> {
    match Graph::find_value(handle as usize) {
        Some(found) => Ok(found),
        None => {
            reject!(ACL_ERROR_RT_INVALID_HANDLE, "handle is not a live condition: its graph was destroyed, or it was never made")
        }
    }
}

pub(crate) fn aclmdlRICondHandleGetCondPtr(handle: aclmdlRICondHandle, ptr: *mut *mut u64) -> Outcome {
    not_null("handle", handle)?;
    not_null("ptr", ptr)?;
    give(ptr, find(handle)?.1.address() as *mut u64);
    Ok(())
}

/// Makes the graphs, which are captured next.
pub(crate) fn aclmdlRIAddCondTask(params: aclmdlRICondTaskParams, stream: aclrtStream, flags: u32) -> Outcome {
    not_null("stream", stream)?;
    let (kind, size) = (params.r#type, params.size);
    let fits = match kind {
        ACL_MODEL_RI_COND_TYPE_IF => (1..=2).contains(&size),
        ACL_MODEL_RI_COND_TYPE_WHILE => size == 1,
        ACL_MODEL_RI_COND_TYPE_SWITCH => size > 0,
        _ => reject!(ACL_ERROR_RT_PARAM_INVALID, "params.type is {}, which is no type of a condition", kind.0),
    };
    check!(flags == 0, ACL_ERROR_RT_PARAM_INVALID, "flags is {flags}: it is reserved and must be 0");
    check!(!params.handle.is_null(), ACL_ERROR_RT_PARAM_INVALID, "params.handle is null");
    check!(!params.modelRIArray.is_null(), ACL_ERROR_RT_PARAM_INVALID, "params.modelRIArray is null");
    let (id, value) = find(params.handle)?;
    let Some((graph, lane)) = capture_of(&*own_stream(stream)?) else {
        reject!(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "stream is not being captured: a condition is part of a graph")
    };
    check!(
        graph.id == id,
        ACL_ERROR_RT_PARAM_INVALID,
        "params.handle is a condition of graph {id}, stream is captured into graph {}",
        graph.id
    );
    check!(fits, ACL_ERROR_RT_PARAM_INVALID, "params.size is {size}: an if takes 1 or 2 graphs, a while 1, a switch 1 or more");
    check!(value.take(), ACL_ERROR_RT_PARAM_INVALID, "params.handle has a task already: another one needs another condition");
    let made = |_| Graph::new(Origin::Inner(OnceLock::new()), graph.device, graph.context);
    let graphs: Vec<Arc<Graph>> = (0..size).map(made).collect();
    for (i, inner) in graphs.iter().enumerate() {
        // SAFETY: not null, and C's contract is an array of `size` graphs.
        unsafe { params.modelRIArray.add(i).write(inner.handle() as aclmdlRI) }
    }
    graph.choose(lane, Choice { value, kind, graphs })
}

pub(crate) fn aclmdlRICaptureToModelRIBegin(stream: aclrtStream, model_ri: aclmdlRI, mode: aclmdlRICaptureMode) -> Outcome {
    not_null("stream", stream)?;
    not_null("modelRI", model_ri)?;
    let stream = check_begin(stream, mode)?;
    let graph = resolve(model_ri)?;
    let Origin::Inner(begun) = &graph.origin else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "modelRI is not a graph that a condition runs (aclmdlRIAddCondTask)")
    };
    let new = begun.set(Begun { mode, thread: std::thread::current().id() }).is_ok();
    check!(new, ACL_ERROR_RT_MODEL_CAPTURED, "modelRI was captured already");
    begin(graph.clone(), &stream)
}
