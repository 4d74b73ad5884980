//! `aclmdlRI*`: graph capture, build and replay. One body for each row of `graph_symbols!`.
//!
//! What is checked, and in which order, follows the open source runtime (`src/runtime/feature/aclgraph`); what each call is for,
//! its API pages (`docs/zh/api_ref/15`, `docs/zh/dev_guide/04`).
//!
//! # Not covered
//! Memory of pools, parameters of single tasks (`aclmdlRITask*`, `aclmdlRIUpdate`), collectives in graphs with a flow of control or
//! that a condition runs. What changes the runtime's settings is not captured: it acts at once.

mod build;
mod capture;
mod conditions;
mod execute;
mod flow;
mod groups;
mod labels;
mod modes;
mod names;

use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::context::current;
use super::{deadline, give, not_null, stream};
use crate::engine::Stream;
use crate::graph::{Graph, Recorder};
use crate::reject::{Outcome, check, reject};

pub(crate) use build::*;
pub(crate) use capture::*;
pub(crate) use conditions::*;
pub(crate) use execute::*;
pub(crate) use flow::*;
pub(crate) use groups::*;
pub(crate) use labels::*;
pub(crate) use modes::{aclmdlRICaptureThreadExchangeMode, check_blocking, check_pageable};
pub(crate) use names::*;

/// The capture that a stream is in, and its lane.
pub(super) fn capture_of(stream: &Stream) -> Option<(Arc<Graph>, usize)> {
    match stream.recorder() {
        Some(Recorder::Lane(graph, lane)) if graph.is_capture() => Some((graph, lane)),
        _ => None,
    }
}

/// In no mode of a capture: the stream is waited for, asked or ended. `what` is said of it.
pub(super) fn check_not_captured(stream: &Stream, what: &str) -> Outcome {
    check!(
        capture_of(stream).is_none(),
        ACL_ERROR_RT_STREAM_CAPTURED,
        "stream is being captured and cannot be {what}: its work runs when the graph is executed"
    );
    Ok(())
}

/// No graph that is built has the stream: what it is given is the graph's (context.cc, StreamAbort).
pub(super) fn check_not_bound(stream: &Stream) -> Outcome {
    match stream.recorder() {
        Some(Recorder::Lane(graph, _)) if !graph.is_capture() => reject!(
            ACL_ERROR_RT_INTERNAL_ERROR,
            "stream is bound to graph {} and cannot be aborted: aclmdlRIAbort aborts a graph",
            graph.id
        ),
        _ => Ok(()),
    }
}

/// Nothing records the stream.
pub(super) fn check_free(stream: &Stream, what: &str) -> Outcome {
    check_not_captured(stream, what)?;
    match stream.recorder() {
        None => Ok(()),
        Some(Recorder::Lane(graph, _)) => {
            reject!(ACL_ERROR_RT_STREAM_MODEL, "stream is bound to graph {} and cannot be {what}: aclmdlRIUnbindStream", graph.id)
        }
        Some(Recorder::Update(_)) => reject!(
            ACL_ERROR_STREAM_TASK_GROUP_STATUS,
            "stream is updating a task group and cannot be {what}: aclmdlRICaptureTaskUpdateEnd"
        ),
    }
}

/// A stream that is not the default one: null is refused by the ACL layer.
fn own_stream(stream: aclrtStream) -> Outcome<Arc<Stream>> {
    not_null("stream", stream)?;
    stream::resolve(stream)
}

/// The graph of a handle, of the current context.
fn resolve(graph: aclmdlRI) -> Outcome<Arc<Graph>> {
    not_null("modelRI", graph)?;
    let Some(found) = Graph::find(graph as usize) else {
        reject!(ACL_ERROR_RT_INVALID_HANDLE, "modelRI is not a live graph: destroyed already, or never made")
    };
    check!(
        found.context == current()?.handle(),
        ACL_ERROR_RT_MODEL_CONTEXT,
        "modelRI belongs to another context (of device {}) than the current one",
        found.device
    );
    Ok(found)
}

/// Where the replays of a device's graphs run.
pub(super) fn queues(device: u32) -> Vec<Arc<Stream>> {
    Graph::all(|graph| graph.device == device).iter().flat_map(|graph| graph.queues()).collect()
}

/// A context ends: what it captures is given up.
pub(super) fn end_captures(context: usize) {
    for graph in Graph::all(|graph| graph.context == context) {
        graph.streams().iter().for_each(|stream| stream.set_recorder(None));
        modes::leave(&graph);
    }
}

/// A context has ended, and its streams are idle: its graphs go.
pub(super) fn end_all(context: usize) {
    for graph in Graph::all(|graph| graph.context == context) {
        graph.wait_idle(None);
        execute::call_back(graph.remove());
    }
}
