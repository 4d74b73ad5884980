//! Execution and end of a graph.

use std::ffi::c_void;
use std::time::{Duration, Instant};

use ascend_rl_sys::types::*;

use super::{Graph, Recorder, capture_of, check_not_captured, current, deadline, not_null, resolve, stream};
use crate::graph::{Callback, aborted};
use crate::reject::{Outcome, check, reject};

/// How long the end of a graph waits for its replays, as the runtime has it.
const PATIENCE: Duration = Duration::from_secs(10);

/// 107026 while a capture goes on. What a condition runs belongs to the graph of that.
fn check_ended(graph: &Graph) -> Outcome {
    check!(
        !graph.is_inner(),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "modelRI is a graph that a condition runs: it runs with the graph that has the condition, and goes with it"
    );
    check!(
        !(graph.is_capture() && graph.is_recording()),
        ACL_ERROR_RT_MODEL_CAPTURED,
        "modelRI is being captured: aclmdlRICaptureEnd ends that"
    );
    Ok(())
}

pub(crate) fn aclmdlRIExecuteAsync(model_ri: aclmdlRI, stream: aclrtStream) -> Outcome {
    let graph = resolve(model_ri)?;
    let stream = stream::resolve(stream)?;
    check_not_captured(&stream, "given a graph")?;
    let bound = matches!(stream.recorder(), Some(Recorder::Lane(..)));
    check!(!bound, ACL_ERROR_RT_PARAM_INVALID, "stream is bound to a graph and cannot execute one");
    check_ended(&graph)?;
    graph.replay(&stream).map(drop)
}

/// Behind the work of the default stream.
pub(crate) fn aclmdlRIExecute(model_ri: aclmdlRI, timeout: i32) -> Outcome {
    let graph = resolve(model_ri)?;
    let deadline = deadline(timeout)?;
    check_ended(&graph)?;
    let context = current()?;
    let default = context.default_stream();
    check!(capture_of(default).is_none(), ACL_ERROR_RT_STREAM_CAPTURED, "the default stream is being captured");
    let ends = graph.replay(default)?;
    for (queue, position) in ends.iter().filter_map(|end| end.place()) {
        check!(queue.wait(*position, deadline), ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, "the graph was not done within {timeout} ms");
    }
    if let Some(failure) = ends.iter().find_map(|end| end.failure()) {
        return Err(failure.clone());
    }
    if ends.iter().any(|end| end.was_dismissed()) { Err(aborted()) } else { Ok(()) }
}

/// The documents keep it from captured graphs.
pub(crate) fn aclmdlRIAbort(model_ri: aclmdlRI) -> Outcome {
    check!(!model_ri.is_null(), ACL_ERROR_RT_PARAM_INVALID, "modelRI is null");
    let graph = resolve(model_ri)?;
    if graph.is_capture() {
        reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "modelRI was captured: only graphs that were built can be aborted")
    }
    graph.abort();
    Ok(())
}

/// Waits for its replays first, for a while.
pub(crate) fn aclmdlRIDestroy(model_ri: aclmdlRI) -> Outcome {
    let graph = resolve(model_ri)?;
    check_ended(&graph)?;
    if !graph.is_capture() && !graph.streams().is_empty() {
        reject!(ACL_ERROR_RT_STREAM_MODEL, "modelRI still has streams bound: aclmdlRIUnbindStream")
    }
    check!(
        graph.wait_idle(Instant::now().checked_add(PATIENCE)),
        ACL_ERROR_RT_MODEL_RUNNING,
        "modelRI still runs after {} s: what it waits for has not come",
        PATIENCE.as_secs()
    );
    call_back(graph.remove());
    Ok(())
}

/// Calls what was to be called at a graph's end.
pub(super) fn call_back(callbacks: Vec<Callback>) {
    for Callback { func, data } in callbacks {
        // SAFETY: C's contract of the registration: a function that may be called with this argument until then.
        unsafe { func(data) }
    }
}

type CallbackFn = unsafe extern "C" fn(*mut c_void);

pub(crate) fn aclmdlRIDestroyRegisterCallback(model_ri: aclmdlRI, func: Option<CallbackFn>, user_data: *mut c_void) -> Outcome {
    not_null("modelRI", model_ri)?;
    let Some(func) = func else { reject!(ACL_ERROR_RT_PARAM_INVALID, "func is null") };
    resolve(model_ri)?.add_callback(Callback { func, data: user_data });
    Ok(())
}

pub(crate) fn aclmdlRIDestroyUnregisterCallback(model_ri: aclmdlRI, func: Option<CallbackFn>) -> Outcome {
    not_null("modelRI", model_ri)?;
    let Some(func) = func else { reject!(ACL_ERROR_RT_PARAM_INVALID, "func is null") };
    check!(resolve(model_ri)?.remove_callback(func), ACL_ERROR_RT_PARAM_INVALID, "func was not registered for modelRI");
    Ok(())
}
