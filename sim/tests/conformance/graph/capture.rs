use super::*;

// dev_guide/04-01: between begin and end nothing runs; each execution runs all of it, with what is in memory then.
#[test]
fn captured_work_runs_when_it_is_executed_and_only_then() {
    let _lease = Lease::new();
    let (stream, x) = (new_stream(), upload(&[1f32, 3.0, -2.0]));
    let (source, sink) = (malloc_host(12), malloc_host(12));
    // SAFETY: pinned memory of that size.
    let (input, output) = unsafe { (std::slice::from_raw_parts_mut(source.cast::<f32>(), 3), sink.cast::<[f32; 3]>()) };
    input.copy_from_slice(&[1.0, 3.0, -2.0]);
    let graph = capture(stream, || {
        ok!(acl.aclrtMemcpyAsync(x, 12, source, 12, ACL_MEMCPY_HOST_TO_DEVICE, stream));
        muls(x, 3, 2.0, stream);
        muls(x, 2, 10.0, stream);
        ok!(acl.aclrtMemcpyAsync(sink, 12, x, 12, ACL_MEMCPY_DEVICE_TO_HOST, stream));
    });
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<f32>(x, 3), [1.0, 3.0, -2.0]);
    for i in 0..3 {
        input[0] = i as f32;
        run(graph, stream);
        // SAFETY: pinned memory of that size; the stream is idle.
        assert_eq!(unsafe { output.read() }, [20.0 * i as f32, 60.0, -4.0]);
    }
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
    ok!(acl.aclrtFreeHost(source));
    ok!(acl.aclrtFreeHost(sink));
}

// model_ri.cpp, context_aclgraph.cc: null 100000; a mode out of range 107000; a second begin 107027; an end without 107029.
#[test]
fn begin_and_end_check_their_arguments() {
    let _lease = Lease::new();
    let (stream, mut graph) = (new_stream(), null_mut());
    graph_refused!(100000, "stream is null", aclmdlRICaptureBegin(null_mut(), GLOBAL));
    graph_refused!(107000, "mode is 3", aclmdlRICaptureBegin(stream, aclmdlRICaptureMode(3)));
    graph_refused!(100000, "stream is null", aclmdlRICaptureEnd(null_mut(), &mut graph));
    graph_refused!(107029, "not being captured", aclmdlRICaptureEnd(stream, &mut graph));
    begin(stream, RELAXED);
    graph_refused!(107027, "second time", aclmdlRICaptureBegin(stream, RELAXED));
    graph_refused!(107000, "modelRI is null", aclmdlRICaptureEnd(stream, null_mut()));
    graph_ok!(aclmdlRIDestroy(end(stream)));
    let gone = new_stream();
    ok!(acl.aclrtDestroyStream(gone));
    graph_refused!(107017, "not a live stream", aclmdlRICaptureBegin(gone, GLOBAL));
    let other = stream as usize;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            graph_refused!(107002, "no current context", aclmdlRICaptureBegin(other as aclrtStream, GLOBAL));
            let _lease = Lease::new();
            graph_refused!(107003, "another context", aclmdlRICaptureBegin(other as aclrtStream, GLOBAL));
        });
    });
}

// model_ri.cpp: one of the two pointers may be null (else 100000); a stream that is not captured has status NONE and no graph.
#[test]
fn what_is_known_of_a_capture() {
    let _lease = Lease::new();
    let (stream, mut status, mut graph) = (new_stream(), aclmdlRICaptureStatus(-1), stream_like());
    graph_refused!(100000, "stream is null", aclmdlRICaptureGetInfo(null_mut(), &mut status, &mut graph));
    graph_refused!(100000, "both null", aclmdlRICaptureGetInfo(stream, null_mut(), null_mut()));
    graph_ok!(aclmdlRICaptureGetInfo(stream, &mut status, &mut graph));
    assert!(status == ACL_MODEL_RI_CAPTURE_STATUS_NONE && graph.is_null());
    begin(stream, RELAXED);
    graph_ok!(aclmdlRICaptureGetInfo(stream, null_mut(), &mut graph));
    graph_ok!(aclmdlRICaptureGetInfo(stream, &mut status, null_mut()));
    assert_eq!(status, ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE);
    // A graph in the making can neither run nor go.
    graph_refused!(107026, "being captured", aclmdlRIExecuteAsync(graph, null_mut()));
    graph_refused!(107026, "being captured", aclmdlRIDestroy(graph));
    assert_eq!(end(stream), graph);
    graph_ok!(aclmdlRIDestroy(graph));
}

fn stream_like() -> aclmdlRI {
    8 as aclmdlRI
}

// dev_guide/04-01: in no mode may a stream of a capture, or its device, be waited for or asked; api_error.cc: nor be destroyed.
#[test]
fn a_captured_stream_cannot_be_waited_for() {
    let _lease = Lease::new();
    let (stream, mut status) = (new_stream(), aclrtStreamStatus(0));
    begin(stream, RELAXED);
    refused!(107027, "captured", acl.aclrtSynchronizeStream(stream));
    refused!(107027, "captured", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    refused!(107027, "captured", acl.aclrtStreamQuery(stream, &mut status));
    refused!(107027, "captured", acl.aclrtSynchronizeDevice());
    refused!(107027, "captured", acl.aclrtDestroyStream(stream));
    refused!(107027, "captured", acl.aclrtDestroyStreamForce(stream));
    // Other streams can, and none of this hurts the capture.
    ok!(acl.aclrtSynchronizeStream(null_mut()));
    graph_ok!(aclmdlRIDestroy(end(stream)));
    ok!(acl.aclrtSynchronizeDevice());
}

// api_error.cc, MemcpyAsync: pageable memory cannot be captured (107000).
#[test]
fn pageable_memory_cannot_be_captured() {
    let _lease = Lease::new();
    let (stream, x, host) = (new_stream(), malloc(32), [0u8; 32]);
    begin(stream, RELAXED);
    refused!(107000, "pageable", acl.aclrtMemcpyAsync(x, 32, host.as_ptr().cast(), 32, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    // A buffered copy takes its bytes with it.
    let copied = [7u8; 32];
    ok!(acl.aclrtMemcpyAsync(x, 32, copied.as_ptr().cast(), 32, ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE, stream));
    let graph = end(stream);
    run(graph, stream);
    assert_eq!(download::<u8>(x, 32), [7; 32]);
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// A context that ends takes its captures and graphs with it.
#[test]
fn captures_and_graphs_end_with_their_context() {
    let lease = Lease::new();
    let (captured, ran) = (new_stream(), new_stream());
    let x = upload(&[1f32; 8]);
    let graph = capture(ran, || muls(x, 8, 2.0, ran));
    graph_ok!(aclmdlRIExecuteAsync(graph, ran));
    begin(captured, GLOBAL);
    ok!(acl.aclrtResetDevice(lease.0));
    lease.enter();
    assert_eq!(download::<f32>(x, 8), [2.0; 8], "the reset waits for what runs, and no capture forbids a copy any more");
    graph_refused!(107017, "not a live graph", aclmdlRIExecuteAsync(graph, null_mut()));
    ok!(acl.aclrtFree(x));
}
