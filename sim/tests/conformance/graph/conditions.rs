//! Conditions: graphs that a graph runs as a value says. Sources: runtime, 15_model_running_instance__management
//! (aclmdlRICondHandleCreate and what follows), `api_error_aclgraph.cc`, `api_impl_aclgraph.cc`, `cond_handle.cc`, and the sample
//! `example/2_advanced_features/model_ri/3_cond_model`.

use super::holds::SOON;
use super::*;

const ASSIGN: aclmdlRICondHandleFlag = ACL_MODEL_RI_COND_HANDLE_ASSIGN_DEFAULT;
const KEEP: aclmdlRICondHandleFlag = aclmdlRICondHandleFlag(0);

/// The graph that a stream is being captured into.
fn graph_of(stream: aclrtStream) -> aclmdlRI {
    let (mut status, mut graph) = (ACL_MODEL_RI_CAPTURE_STATUS_NONE, null_mut());
    graph_ok!(aclmdlRICaptureGetInfo(stream, &mut status, &mut graph));
    graph
}

/// A condition of the graph that a stream is captured into, and where its value is.
fn condition(stream: aclrtStream, default: u32, flag: aclmdlRICondHandleFlag) -> (aclmdlRICondHandle, *mut c_void) {
    let (mut handle, mut value) = (null_mut(), null_mut());
    graph_ok!(aclmdlRICondHandleCreate(graph_of(stream), default, flag, &mut handle));
    graph_ok!(aclmdlRICondHandleGetCondPtr(handle, &mut value));
    assert!(!value.is_null());
    (handle, value.cast())
}

fn add(handle: aclmdlRICondHandle, kind: aclmdlRICondTaskType, size: u32, stream: aclrtStream) -> Vec<aclmdlRI> {
    let mut graphs = vec![null_mut(); size as usize];
    let params = aclmdlRICondTaskParams { handle, r#type: kind, size, modelRIArray: graphs.as_mut_ptr() };
    graph_ok!(aclmdlRIAddCondTask(params, stream, 0));
    assert!(graphs.iter().all(|graph| !graph.is_null()));
    graphs
}

/// What `work` enqueues on `stream` is the graph of a condition.
fn within(graph: aclmdlRI, stream: aclrtStream, work: impl FnOnce()) {
    graph_ok!(aclmdlRICaptureToModelRIBegin(stream, graph, THREAD_LOCAL));
    work();
    let mut ended = null_mut();
    graph_ok!(aclmdlRICaptureEnd(stream, &mut ended));
    assert_eq!(ended, graph, "the graph that was given");
}

fn put(ptr: *mut c_void, value: u64) {
    ok!(acl.aclrtMemcpy(ptr, 8, (&raw const value).cast(), 8, ACL_MEMCPY_HOST_TO_DEVICE));
}

fn copy(dst: *mut c_void, src: *mut c_void, bytes: usize, stream: aclrtStream) {
    ok!(acl.aclrtMemcpyAsync(dst, bytes, src, bytes, ACL_MEMCPY_DEVICE_TO_DEVICE, stream));
}

/// Runs the graph on eight ones: what they are then.
fn ones_become(graph: aclmdlRI, x: *mut c_void, stream: aclrtStream) -> f32 {
    let ones = [1f32; 8];
    ok!(acl.aclrtMemcpy(x, 32, ones.as_ptr().cast(), 32, ACL_MEMCPY_HOST_TO_DEVICE));
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    let found = download::<f32>(x, 8);
    assert!(found.iter().all(|value| *value == found[0]), "{found:?}");
    found[0]
}

// 3_cond_model, TestCondIf: the first graph where the value is not 0, else the second, if there is one. With ASSIGN_DEFAULT each
// execution begins with the default, whatever the host has written; without, the value is the program's.
#[test]
fn one_of_two_graphs() {
    let _lease = Lease::new();
    let (stream, inner, x) = (new_stream(), new_stream(), upload(&[1f32; 8]));
    for (default, flag, size, wanted) in [
        // With 0, 1, 7 in the value before.
        (0, ASSIGN, 2, [60.0, 60.0, 60.0]),
        (5, ASSIGN, 2, [42.0, 42.0, 42.0]),
        (5, KEEP, 2, [60.0, 42.0, 42.0]),
        (5, KEEP, 1, [6.0, 42.0, 42.0]),
    ] {
        begin(stream, THREAD_LOCAL);
        let (handle, value) = condition(stream, default, flag);
        muls(x, 8, 2.0, stream);
        let graphs = add(handle, ACL_MODEL_RI_COND_TYPE_IF, size, stream);
        muls(x, 8, 3.0, stream);
        for (graph, factor) in graphs.into_iter().zip([7.0, 10.0]) {
            within(graph, inner, || muls(x, 8, factor, inner));
        }
        let graph = end(stream);
        for (before, wanted) in [0, 1, 7].into_iter().zip(wanted) {
            put(value, before);
            assert_eq!(ones_become(graph, x, stream), wanted, "{default} {flag:?} {size}, {before} before");
        }
        graph_ok!(aclmdlRIDestroy(graph));
        refused!(107000, "live allocation", acl.aclrtMemcpyAsync(x, 8, value, 8, ACL_MEMCPY_DEVICE_TO_DEVICE, stream));
    }
}

// 3_cond_model, TestCondWhile: again and again while the value is not 0, which the graph itself may change.
#[test]
fn a_graph_again_and_again() {
    let _lease = Lease::new();
    let (stream, inner, x, table) = (new_stream(), new_stream(), upload(&[1f32; 8]), upload(&[1u64; 8]));
    begin(stream, THREAD_LOCAL);
    let (handle, value) = condition(stream, 1, ASSIGN);
    let graphs = add(handle, ACL_MODEL_RI_COND_TYPE_WHILE, 1, stream);
    within(graphs[0], inner, || {
        muls(x, 8, 2.0, inner);
        // The next value comes from a table whose beginning moves.
        copy(value, table, 8, inner);
        copy(table, table.wrapping_byte_add(8), 56, inner);
    });
    muls(x, 8, 3.0, stream);
    let graph = end(stream);
    for rounds in [1u32, 3, 8] {
        for i in 0..8 {
            put(table.wrapping_byte_add(8 * i), u64::from((i as u32) < rounds - 1));
        }
        assert_eq!(ones_become(graph, x, stream), 3.0 * 2f32.powi(rounds as i32));
    }
    graph_ok!(aclmdlRIDestroy(graph));
}

// 3_cond_model, TestCondSwitch: the graph of the index; above the last none.
#[test]
fn the_graph_of_an_index() {
    let _lease = Lease::new();
    let (stream, inner, x) = (new_stream(), new_stream(), upload(&[1f32; 8]));
    begin(stream, THREAD_LOCAL);
    let (handle, value) = condition(stream, 0, KEEP);
    let graphs = add(handle, ACL_MODEL_RI_COND_TYPE_SWITCH, 3, stream);
    for (graph, factor) in graphs.into_iter().zip([2.0, 3.0, 5.0]) {
        within(graph, inner, || muls(x, 8, factor, inner));
    }
    let graph = end(stream);
    for (index, wanted) in [(0, 2.0), (1, 3.0), (2, 5.0), (3, 1.0), (u64::MAX, 1.0)] {
        put(value, index);
        assert_eq!(ones_become(graph, x, stream), wanted, "{index}");
    }
    graph_ok!(aclmdlRIDestroy(graph));
}

// A condition within a condition: its default is set when the whole begins (capture_model.cc, InitAllSubCaptureModelCondTaskByDefValue).
#[test]
fn conditions_within_conditions() {
    let _lease = Lease::new();
    let (stream, outer, inner, x) = (new_stream(), new_stream(), new_stream(), upload(&[1f32; 8]));
    let zero = upload(&[0u64]);
    begin(stream, THREAD_LOCAL);
    let (handle, value) = condition(stream, 1, ASSIGN);
    let graphs = add(handle, ACL_MODEL_RI_COND_TYPE_WHILE, 1, stream);
    graph_ok!(aclmdlRICaptureToModelRIBegin(outer, graphs[0], THREAD_LOCAL));
    let (second, inner_value) = condition(outer, 1, ASSIGN);
    muls(x, 8, 2.0, outer);
    let chosen = add(second, ACL_MODEL_RI_COND_TYPE_IF, 2, outer);
    // The first round: not again the first graph; the second: the end.
    within(chosen[0], inner, || {
        muls(x, 8, 3.0, inner);
        copy(inner_value, zero, 8, inner);
    });
    within(chosen[1], inner, || {
        muls(x, 8, 5.0, inner);
        copy(value, zero, 8, inner);
    });
    let mut ended = null_mut();
    graph_ok!(aclmdlRICaptureEnd(outer, &mut ended));
    let graph = end(stream);
    for _ in 0..2 {
        assert_eq!(ones_become(graph, x, stream), 2.0 * 3.0 * 2.0 * 5.0);
    }
    graph_ok!(aclmdlRIDestroy(graph));
}

#[test]
fn conditions_under_the_lazy_schedule() {
    let name = "graph::conditions::conditions_under_the_lazy_schedule";
    if in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "17")]) {
        one_of_two_graphs();
        a_graph_again_and_again();
        conditions_within_conditions();
    }
}

// A failure within is the whole's, once.
#[test]
fn a_failure_within() {
    let _lease = Lease::new();
    let (stream, inner, x) = (new_stream(), new_stream(), upload(&[1f32; 8]));
    let gone = upload(&[1f32; 8]);
    begin(stream, THREAD_LOCAL);
    let (handle, value) = condition(stream, 0, KEEP);
    let graphs = add(handle, ACL_MODEL_RI_COND_TYPE_IF, 1, stream);
    within(graphs[0], inner, || muls(gone, 8, 2.0, inner));
    let graph = end(stream);
    ok!(acl.aclrtFree(gone));
    put(value, 1);
    let code = graph!(aclmdlRIExecute(graph, -1));
    assert_ne!(code, 0, "the memory of its operator is gone");
    put(value, 0);
    graph_ok!(aclmdlRIExecute(graph, -1));
    _ = x;
    graph_ok!(aclmdlRIDestroy(graph));
}

// model_ri.cpp (100000), api_error_aclgraph.cc, api_impl_aclgraph.cc (107000, 107029), context_aclgraph.cc (107026, 107045).
#[test]
fn what_a_condition_needs() {
    let _lease = Lease::new();
    let (stream, inner, free) = (new_stream(), new_stream(), new_stream());
    let (mut handle, mut at, mut graphs) = (null_mut(), null_mut(), [null_mut(); 2]);
    let ended = capture(free, || ());
    graph_refused!(100000, "modelRI is null", aclmdlRICondHandleCreate(null_mut(), 0, KEEP, &mut handle));
    graph_refused!(107000, "not being captured", aclmdlRICondHandleCreate(ended, 0, KEEP, &mut handle));
    let mut built = null_mut();
    graph_ok!(aclmdlRIBuildBegin(&mut built, 0));
    graph_refused!(207000, "is built", aclmdlRICondHandleCreate(built, 0, KEEP, &mut handle));
    graph_ok!(aclmdlRIDestroy(built));
    begin(stream, THREAD_LOCAL);
    let graph = graph_of(stream);
    graph_refused!(100000, "handle is null", aclmdlRICondHandleCreate(graph, 0, KEEP, null_mut()));
    graph_refused!(107000, "flag is 2", aclmdlRICondHandleCreate(graph, 0, aclmdlRICondHandleFlag(2), &mut handle));
    graph_ok!(aclmdlRICondHandleCreate(graph, 0, KEEP, &mut handle));
    graph_refused!(100000, "ptr is null", aclmdlRICondHandleGetCondPtr(handle, null_mut()));
    graph_refused!(100000, "handle is null", aclmdlRICondHandleGetCondPtr(null_mut(), &mut at));
    graph_refused!(107017, "not a live condition", aclmdlRICondHandleGetCondPtr(graph, &mut at));

    let array = graphs.as_mut_ptr();
    let params = |kind, size| aclmdlRICondTaskParams { handle, r#type: kind, size, modelRIArray: array };
    let one = params(ACL_MODEL_RI_COND_TYPE_IF, 1);
    graph_refused!(100000, "stream is null", aclmdlRIAddCondTask(one, null_mut(), 0));
    graph_refused!(107000, "params.type is 3", aclmdlRIAddCondTask(params(aclmdlRICondTaskType(3), 1), stream, 0));
    graph_refused!(107000, "flags is 1", aclmdlRIAddCondTask(one, stream, 1));
    graph_refused!(
        107000,
        "params.handle is null",
        aclmdlRIAddCondTask(aclmdlRICondTaskParams { handle: null_mut(), ..one }, stream, 0)
    );
    let none = aclmdlRICondTaskParams { modelRIArray: null_mut(), ..one };
    graph_refused!(107000, "params.modelRIArray is null", aclmdlRIAddCondTask(none, stream, 0));
    graph_refused!(107029, "not being captured", aclmdlRIAddCondTask(one, free, 0));
    for (kind, size) in [
        (ACL_MODEL_RI_COND_TYPE_IF, 0),
        (ACL_MODEL_RI_COND_TYPE_IF, 3),
        (ACL_MODEL_RI_COND_TYPE_WHILE, 2),
        (ACL_MODEL_RI_COND_TYPE_SWITCH, 0),
    ] {
        graph_refused!(107000, "params.size", aclmdlRIAddCondTask(params(kind, size), stream, 0));
    }
    begin(inner, RELAXED);
    graph_refused!(107000, "is a condition of graph", aclmdlRIAddCondTask(one, inner, 0));
    graph_ok!(aclmdlRIDestroy(end(inner)));
    graph_ok!(aclmdlRIAddCondTask(one, stream, 0));
    graph_refused!(107000, "has a task already", aclmdlRIAddCondTask(one, stream, 0));

    graph_refused!(100000, "modelRI is null", aclmdlRICaptureToModelRIBegin(inner, null_mut(), RELAXED));
    graph_refused!(100000, "stream is null", aclmdlRICaptureToModelRIBegin(null_mut(), graphs[0], RELAXED));
    graph_refused!(107000, "not a graph that a condition runs", aclmdlRICaptureToModelRIBegin(inner, ended, RELAXED));
    graph_refused!(107000, "mode is 3", aclmdlRICaptureToModelRIBegin(inner, graphs[0], aclmdlRICaptureMode(3)));
    graph_refused!(107027, "second time", aclmdlRICaptureToModelRIBegin(stream, graphs[0], RELAXED));
    within(graphs[0], inner, || {
        // A graph within takes no external records, which are calls that are made anew.
        let event = new_event(ACL_EVENT_SYNC);
        refused!(207000, "takes no such call", acl?.aclrtRecordEventWithFlag(event, inner, ACL_EVENT_RECORD_EXTERNAL));
    });
    graph_refused!(107026, "captured already", aclmdlRICaptureToModelRIBegin(inner, graphs[0], RELAXED));
    graph_refused!(207000, "runs with the graph", aclmdlRIExecuteAsync(graphs[0], free));
    graph_refused!(207000, "goes with it", aclmdlRIDestroy(graphs[0]));
    let graph = end(stream);
    graph_ok!(aclmdlRIDestroy(graph));
    graph_refused!(107017, "not a live graph", aclmdlRICaptureToModelRIBegin(inner, graphs[0], RELAXED));
    graph_refused!(107017, "not a live condition", aclmdlRICondHandleGetCondPtr(handle, &mut at));
    graph_ok!(aclmdlRIDestroy(ended));

    // A graph within that was not captured.
    begin(stream, THREAD_LOCAL);
    let (handle, _) = condition(stream, 0, KEEP);
    add(handle, ACL_MODEL_RI_COND_TYPE_WHILE, 1, stream);
    end_refused(stream, 107045, "was not captured");
}
