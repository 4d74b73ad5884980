use super::*;

fn persistent() -> aclrtStream {
    let mut stream = null_mut();
    ok!(acl.aclrtCreateStreamWithConfig(&mut stream, 0, ACL_STREAM_PERSISTENT));
    stream
}

fn begun() -> aclmdlRI {
    let mut graph = null_mut();
    graph_ok!(aclmdlRIBuildBegin(&mut graph, 0));
    graph
}

/// A graph of one stream, which stays bound.
fn built(stream: aclrtStream, work: impl FnOnce()) -> aclmdlRI {
    let graph = begun();
    graph_ok!(aclmdlRIBindStream(graph, stream, ACL_MODEL_STREAM_FLAG_HEAD));
    work();
    graph_ok!(aclmdlRIEndTask(graph, stream));
    graph_ok!(aclmdlRIBuildEnd(graph, null_mut()));
    graph
}

// api_ref/15, aclmdlRIBuildBegin: bind, enqueue, end of tasks, end of build, execute, unbind, destroy.
#[test]
fn a_graph_is_built_from_bound_streams() {
    let _lease = Lease::new();
    let (a, b, x, mut event) = (persistent(), persistent(), upload(&[1f32; 8]), null_mut());
    ok!(acl.aclrtCreateEventWithFlag(&mut event, ACL_EVENT_SYNC));
    let graph = begun();
    graph_refused!(507011, "not ready", aclmdlRIExecuteAsync(graph, null_mut()));
    [a, b].into_iter().for_each(|stream| graph_ok!(aclmdlRIBindStream(graph, stream, ACL_MODEL_STREAM_FLAG_HEAD)));
    muls(x, 8, 2.0, a);
    ok!(acl.aclrtRecordEvent(event, a));
    ok!(acl.aclrtStreamWaitEvent(b, event));
    assert_eq!(fill(x, 0, b), 0);
    [a, b].into_iter().for_each(|stream| graph_ok!(aclmdlRIEndTask(graph, stream)));
    graph_ok!(aclmdlRIBuildEnd(graph, null_mut()));
    assert_eq!(download::<f32>(x, 8), [1.0; 8]);
    graph_ok!(aclmdlRIExecute(graph, -1));
    assert_eq!(download::<f32>(x, 8), [0.0; 8]);
    // Bound streams take nothing more, run nothing, and cannot go; the graph neither.
    let (code, text) = try_muls(x, 8, 2.0, a);
    assert!(code == 361001 && text.contains("107005"), "{code}: {text}");
    graph_refused!(107000, "bound to a graph", aclmdlRIExecuteAsync(graph, a));
    refused!(107005, "bound to graph", acl.aclrtDestroyStream(a));
    graph_refused!(107005, "streams bound", aclmdlRIDestroy(graph));
    [a, b].into_iter().for_each(|stream| graph_ok!(aclmdlRIUnbindStream(graph, stream)));
    graph_refused!(107005, "not bound", aclmdlRIUnbindStream(graph, a));
    let stream = new_stream();
    run(graph, stream);
    graph_ok!(aclmdlRIDestroy(graph));
    [a, b].into_iter().for_each(|stream| ok!(acl.aclrtDestroyStream(stream)));
    ok!(acl.aclrtFree(x));
}

// model_ri.cpp, api_ref/15: reserved arguments are 0 and null, streams must be persistent, not the default one, of one graph.
#[test]
fn building_checks_its_arguments() {
    let _lease = Lease::new();
    let (bound, ordinary, mut graph) = (persistent(), new_stream(), null_mut());
    graph_refused!(100000, "modelRI is null", aclmdlRIBuildBegin(null_mut(), 0));
    graph_refused!(107000, "flag is 1", aclmdlRIBuildBegin(&mut graph, 1));
    let (graph, other) = (begun(), begun());
    graph_refused!(107000, "stream is null", aclmdlRIBindStream(graph, null_mut(), ACL_MODEL_STREAM_FLAG_HEAD));
    graph_refused!(107000, "ACL_STREAM_PERSISTENT", aclmdlRIBindStream(graph, ordinary, ACL_MODEL_STREAM_FLAG_HEAD));
    graph_refused!(107000, "flag is 0x5", aclmdlRIBindStream(graph, bound, 5));
    graph_refused!(107000, "no stream was bound", aclmdlRIBuildEnd(graph, null_mut()));
    graph_ok!(aclmdlRIBindStream(graph, bound, ACL_MODEL_STREAM_FLAG_HEAD));
    graph_refused!(107005, "bound to graph", aclmdlRIBindStream(other, bound, ACL_MODEL_STREAM_FLAG_HEAD));
    graph_refused!(107005, "bound to graph", aclmdlRICaptureBegin(bound, RELAXED));
    graph_refused!(107000, "has an end", aclmdlRIBuildEnd(graph, null_mut()));
    graph_refused!(107005, "not bound", aclmdlRIEndTask(other, bound));
    graph_ok!(aclmdlRIEndTask(graph, bound));
    graph_refused!(107005, "its end already", aclmdlRIEndTask(graph, bound));
    graph_refused!(100000, "reserve", aclmdlRIBuildEnd(graph, bound));
    graph_ok!(aclmdlRIBuildEnd(graph, null_mut()));
    graph_refused!(107000, "built already", aclmdlRIBuildEnd(graph, null_mut()));
    graph_ok!(aclmdlRIUnbindStream(graph, bound));
    let captured = capture(ordinary, || ());
    graph_refused!(107000, "was captured", aclmdlRIBindStream(captured, bound, ACL_MODEL_STREAM_FLAG_HEAD));
    [graph, other, captured].into_iter().for_each(|graph| graph_ok!(aclmdlRIDestroy(graph)));
}

// api_ref/15, aclmdlRIAbort: stops what runs; the graph can be executed again.
#[test]
fn a_built_graph_can_be_stopped() {
    let lease = Lease::new();
    let (bound, stream, x) = (persistent(), new_stream(), upload(&[1f32; 8]));
    let graph = built(bound, || muls(x, 8, 2.0, bound));
    graph_refused!(107000, "modelRI is null", aclmdlRIAbort(null_mut()));
    let gate = Gate::close(stream);
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    graph_ok!(aclmdlRIAbort(graph));
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<f32>(x, 8), [1.0; 8], "dropped");
    graph_ok!(aclmdlRIExecute(graph, -1));
    assert_eq!(download::<f32>(x, 8), [2.0; 8]);
    // runtime: whoever waits for it is told (507023).
    let (device, handle) = (lease.0, graph as usize);
    let gate = Gate::close(null_mut());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            ok!(acl.aclrtSetDevice(device));
            let code = graph!(aclmdlRIExecute(handle as aclmdlRI, -1));
            ok!(acl.aclrtResetDevice(device));
            code
        });
        // It may be late; what is aborted before is none of its.
        while !waiting.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(20));
            graph_ok!(aclmdlRIAbort(graph));
        }
        assert_eq!(waiting.join().unwrap(), 507023);
    });
    gate.open();
    graph_ok!(aclmdlRIUnbindStream(graph, bound));
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}
