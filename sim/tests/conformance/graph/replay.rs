use super::*;

// api_ref/15, aclmdlRIExecuteAsync: asynchronous, in the order of the stream.
#[test]
fn a_graph_runs_in_the_order_of_its_stream() {
    let _lease = Lease::new();
    let (stream, x) = (new_stream(), upload(&[1f32; 8]));
    let graph = capture(stream, || muls(x, 8, 2.0, stream));
    let gate = Gate::close(stream);
    for _ in 0..3 {
        graph_ok!(aclmdlRIExecuteAsync(graph, stream));
        muls(x, 8, 10.0, stream);
    }
    assert_eq!(download::<f32>(x, 8), [1.0; 8], "behind the gate");
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<f32>(x, 8), [8000.0; 8]);
    // Null is the default stream.
    run(graph, null_mut());
    assert_eq!(download::<f32>(x, 8), [16000.0; 8]);
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// capture_model.cc: a graph has queues of its own, so that one replay ends before the next begins, whichever stream it is for.
#[test]
fn replays_of_one_graph_come_one_after_the_other() {
    let _lease = Lease::new();
    let [a, b, home] = [(); 3].map(|()| new_stream());
    let x = upload(&[1f32; 8]);
    let graph = capture(home, || muls(x, 8, 2.0, home));
    let gate = Gate::close(a);
    graph_ok!(aclmdlRIExecuteAsync(graph, a));
    graph_ok!(aclmdlRIExecuteAsync(graph, b));
    muls(x, 8, 3.0, b);
    let mut status = aclrtStreamStatus(-1);
    std::thread::sleep(std::time::Duration::from_millis(5));
    ok!(acl.aclrtStreamQuery(b, &mut status));
    assert_eq!(status, ACL_STREAM_STATUS_NOT_READY, "behind the first");
    gate.open();
    ok!(acl.aclrtSynchronizeStream(b));
    assert_eq!(download::<f32>(x, 8), [12.0; 8]);
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// model_ri.cpp, api_error.cc: null 100000, a stale handle 107017, another context's graph 107004, a stream that is captured 107027.
#[test]
fn execution_checks_its_arguments() {
    let _lease = Lease::new();
    let (stream, x) = (new_stream(), upload(&[1f32; 8]));
    let graph = capture(stream, || muls(x, 8, 2.0, stream));
    graph_refused!(100000, "modelRI is null", aclmdlRIExecuteAsync(null_mut(), stream));
    graph_refused!(107017, "not a live graph", aclmdlRIExecuteAsync(stream, stream));
    begin(stream, RELAXED);
    graph_refused!(107027, "captured", aclmdlRIExecuteAsync(graph, stream));
    graph_ok!(aclmdlRIDestroy(end(stream)));
    let handle = graph as usize;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _other = Lease::new();
            graph_refused!(107004, "another context", aclmdlRIExecuteAsync(handle as aclmdlRI, null_mut()));
            graph_refused!(107004, "another context", aclmdlRIDestroy(handle as aclmdlRI));
        });
    });
    graph_ok!(aclmdlRIDestroy(graph));
    graph_refused!(107017, "not a live graph", aclmdlRIDestroy(graph));
    graph_refused!(100000, "modelRI is null", aclmdlRIDestroy(null_mut()));
    ok!(acl.aclrtFree(x));
}

// api_error.cc, ModelExecute: -1 is for ever, 0 and below -1 are 107000; it waits, and 507046 is the time.
#[test]
fn execution_that_waits() {
    let _lease = Lease::new();
    let (stream, x) = (new_stream(), upload(&[1f32; 8]));
    let graph = capture(stream, || muls(x, 8, 2.0, stream));
    for timeout in [0, -2] {
        graph_refused!(107000, "timeout", aclmdlRIExecute(graph, timeout));
    }
    graph_refused!(100000, "modelRI is null", aclmdlRIExecute(null_mut(), -1));
    graph_ok!(aclmdlRIExecute(graph, -1));
    graph_ok!(aclmdlRIExecute(graph, 60_000));
    assert_eq!(download::<f32>(x, 8), [4.0; 8]);
    let gate = Gate::close(null_mut());
    graph_refused!(507046, "within 3 ms", aclmdlRIExecute(graph, 3));
    gate.open();
    graph_ok!(aclmdlRIDestroy(graph));
    assert_eq!(download::<f32>(x, 8), [8.0; 8], "the end of a graph waits for it");
    ok!(acl.aclrtFree(x));
}

// dev_guide/04-01: the memory must stay until the graph goes. The simulator says which has not: 507015, as for what fails on a
// device. capture_model.cc: a graph that failed is executed like any other.
#[test]
fn memory_that_was_freed_since() {
    let _lease = Lease::new();
    let [home, stream, other] = [(); 3].map(|()| new_stream());
    let (x, y) = (upload(&[1f32; 8]), upload(&[1f32; 8]));
    let graph = capture(home, || {
        muls(y, 8, 2.0, home);
        muls(x, 8, 2.0, home);
    });
    run(graph, home);
    ok!(acl.aclrtFree(x));
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    refused!(507015, "when the graph was captured", acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<f32>(y, 8), [4.0; 8]);
    graph_ok!(aclmdlRIExecuteAsync(graph, other));
    refused!(507015, "when the graph was captured", acl.aclrtSynchronizeStream(other));
    assert_eq!(download::<f32>(y, 8), [8.0; 8]);
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(y));
}

// A failure of the stream before is not the graph's: it runs, and can run elsewhere.
#[test]
fn a_failed_stream_does_not_spoil_a_graph() {
    let _lease = Lease::new();
    let [home, failed, sound] = [(); 3].map(|()| new_stream());
    let (x, gone) = (upload(&[1f32; 8]), upload(&[1f32; 8]));
    let graph = capture(home, || muls(x, 8, 2.0, home));
    let bad = capture(home, || muls(gone, 8, 2.0, home));
    ok!(acl.aclrtFree(gone));
    graph_ok!(aclmdlRIExecuteAsync(bad, failed));
    graph_ok!(aclmdlRIExecuteAsync(graph, failed));
    assert_eq!(call!(acl.aclrtSynchronizeStream(failed)), 507015);
    run(graph, sound);
    assert_eq!(download::<f32>(x, 8), [4.0; 8]);
    [graph, bad].into_iter().for_each(|graph| graph_ok!(aclmdlRIDestroy(graph)));
    ok!(acl.aclrtFree(x));
}

static CALLED: Mutex<Vec<usize>> = Mutex::new(Vec::new());

unsafe extern "C" fn note(data: *mut c_void) {
    CALLED.lock().unwrap().push(data as usize);
}

// api_ref/15, names: empty where none was set, the last one counts, cut to what there is room for. Callbacks are called when the
// graph is destroyed, unless they were taken back.
#[test]
fn names_numbers_and_callbacks() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (graph, other) = (capture(stream, || ()), capture(stream, || ()));
    let name = |room: u32| {
        let mut text = [1u8; 16];
        graph_ok!(aclmdlRIGetName(graph, room, text.as_mut_ptr().cast()));
        CStr::from_bytes_until_nul(&text).unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(name(16), "");
    graph_ok!(aclmdlRISetName(graph, c"first".as_ptr()));
    graph_ok!(aclmdlRISetName(graph, c"decode".as_ptr()));
    assert_eq!((name(16), name(4), name(1)), ("decode".into(), "dec".into(), String::new()));
    let mut byte = 0;
    graph_refused!(107000, "maxLen is 0", aclmdlRIGetName(graph, 0, &mut byte));
    graph_refused!(100000, "name is null", aclmdlRIGetName(graph, 4, null_mut()));
    graph_refused!(100000, "name is null", aclmdlRISetName(graph, std::ptr::null()));
    let (mut id, mut other_id) = (0, 0);
    graph_ok!(aclmdlRIGetId(graph, &mut id));
    graph_ok!(aclmdlRIGetId(other, &mut other_id));
    assert_ne!(id, other_id);
    graph_refused!(100000, "modelRIId is null", aclmdlRIGetId(graph, null_mut()));
    graph_refused!(107000, "func is null", aclmdlRIDestroyRegisterCallback(graph, None, null_mut()));
    graph_ok!(aclmdlRIDestroyRegisterCallback(graph, Some(note), 5 as *mut c_void));
    graph_ok!(aclmdlRIDestroyRegisterCallback(other, Some(note), 6 as *mut c_void));
    graph_ok!(aclmdlRIDestroyUnregisterCallback(other, Some(note)));
    graph_refused!(107000, "not registered", aclmdlRIDestroyUnregisterCallback(other, Some(note)));
    [graph, other].into_iter().for_each(|graph| graph_ok!(aclmdlRIDestroy(graph)));
    assert_eq!(*CALLED.lock().unwrap(), [5]);
}

// api_ref/15, aclmdlRIDebugPrint and aclmdlRIDebugJsonPrint: streams and tasks, in the trace viewers' format; a path that cannot
// be written is refused.
#[test]
fn a_graph_can_be_printed() {
    let _lease = Lease::new();
    let (stream, x) = (new_stream(), malloc(32));
    let graph = capture(stream, || {
        muls(x, 8, 2.0, stream);
        assert_eq!(fill(x, 0, stream), 0);
    });
    graph_ok!(aclmdlRIDebugPrint(graph));
    let path = std::env::temp_dir().join(format!("cann-sim-graph-{}.json", std::process::id()));
    let c_path = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    for (flags, args) in [(ACL_MDLRI_DEBUG_JSON_PRINT_SUMMARY, false), (ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE, true)] {
        graph_ok!(aclmdlRIDebugJsonPrint(graph, c_path.as_ptr(), flags));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with('[') && text.contains("\"name\":\"aclnnInplaceMuls\"") && text.contains("aclrtMemsetAsync"));
        assert_eq!(text.contains("Kernel Args"), args);
    }
    std::fs::remove_file(&path).unwrap();
    graph_refused!(107000, "flags is 0x2", aclmdlRIDebugJsonPrint(graph, c_path.as_ptr(), 2));
    graph_refused!(107000, "cannot be written", aclmdlRIDebugJsonPrint(graph, c"/no/such/folder/x.json".as_ptr(), 0));
    graph_refused!(100000, "path is null", aclmdlRIDebugJsonPrint(graph, std::ptr::null(), 0));
    graph_refused!(100000, "modelRI is null", aclmdlRIDebugPrint(null_mut()));
    // api_ref/15, aclmdlRIAbort: not for captured graphs.
    graph_refused!(207000, "captured", aclmdlRIAbort(graph));
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}
