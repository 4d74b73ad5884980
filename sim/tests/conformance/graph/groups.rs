use super::*;

fn open(stream: aclrtStream) {
    graph_ok!(aclmdlRICaptureTaskGrpBegin(stream));
}

fn close(stream: aclrtStream) -> aclrtTaskGrp {
    let mut handle = null_mut();
    graph_ok!(aclmdlRICaptureTaskGrpEnd(stream, &mut handle));
    handle
}

// dev_guide/04-03: operators between update begin and end replace those of the group, in the order of the updating stream.
#[test]
fn an_update_replaces_the_operators_of_a_group() {
    let _lease = Lease::new();
    let (stream, updater) = (new_stream(), new_stream());
    let (x, y) = (upload(&[1f32; 8]), upload(&[1f32; 8]));
    let mut group = null_mut();
    let graph = capture(stream, || {
        muls(x, 8, 2.0, stream);
        open(stream);
        muls(x, 8, 3.0, stream);
        muls(x, 4, 5.0, stream);
        group = close(stream);
        muls(x, 8, 7.0, stream);
    });
    run(graph, stream);
    assert_eq!(download::<f32>(x, 8), [210.0, 210.0, 210.0, 210.0, 42.0, 42.0, 42.0, 42.0]);
    let update = |stream, first: (*mut c_void, f32), second| {
        graph_ok!(aclmdlRICaptureTaskUpdateBegin(stream, group));
        muls(first.0, 8, first.1, stream);
        muls(x, 4, second, stream);
        graph_ok!(aclmdlRICaptureTaskUpdateEnd(stream));
    };
    // Other numbers, other memory; the update waits behind the gate like any work of its stream.
    let gate = Gate::close(updater);
    update(updater, (y, -1.0), 0.5);
    run(graph, stream);
    assert_eq!((download::<f32>(x, 1)[0], download::<f32>(y, 1)[0]), (210.0 * 210.0, 1.0), "the old ones");
    gate.open();
    ok!(acl.aclrtSynchronizeStream(updater));
    run(graph, stream);
    assert_eq!((download::<f32>(x, 1)[0], download::<f32>(y, 1)[0]), (210.0 * 210.0 * 7.0, -1.0));
    // On the executing stream, between two replays.
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    update(stream, (y, 100.0), 1.0);
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<f32>(y, 1), [100.0]);
    graph_ok!(aclmdlRIDestroy(graph));
    graph_refused!(107017, "not a live task group", aclmdlRICaptureTaskUpdateBegin(stream, group));
    [x, y].into_iter().for_each(|ptr| ok!(acl.aclrtFree(ptr)));
}

// context_aclgraph.cc, api_error_aclgraph.cc: groups need a capture (107029), one at a time (107033), its stream alone is given
// tasks (107034), operators only (507009); a capture with an open group does not end well (107033).
#[test]
fn groups_in_a_capture() {
    let _lease = Lease::new();
    let (a, b, x, mut handle) = (new_stream(), new_stream(), malloc(32), null_mut());
    let [out, back] = [(); 2].map(|()| new_event(ACL_EVENT_SYNC));
    graph_refused!(100000, "stream is null", aclmdlRICaptureTaskGrpBegin(null_mut()));
    graph_refused!(107029, "not being captured", aclmdlRICaptureTaskGrpBegin(a));
    graph_refused!(107029, "not being captured", aclmdlRICaptureTaskGrpEnd(a, &mut handle));
    begin(a, RELAXED);
    graph_refused!(107033, "no task group is open", aclmdlRICaptureTaskGrpEnd(a, &mut handle));
    open(a);
    graph_refused!(107033, "open on this stream already", aclmdlRICaptureTaskGrpBegin(a));
    graph_refused!(100000, "handle is null", aclmdlRICaptureTaskGrpEnd(a, null_mut()));
    assert_eq!(fill(x, 1, a), 507009, "{}", recent());
    refused!(507009, "operators only", acl.aclrtRecordEvent(out, a));
    muls(x, 8, 2.0, a);
    assert!(!close(a).is_null());
    open(a);
    end_refused(a, 107033, "still open");
    // Another stream of the capture, while a group is open.
    begin(a, RELAXED);
    ok!(acl.aclrtRecordEvent(out, a));
    ok!(acl.aclrtStreamWaitEvent(b, out));
    open(a);
    let (code, text) = try_muls(x, 8, 2.0, b);
    assert!(code == 361001 && text.contains("107034"), "{code}: {text}");
    graph_refused!(107034, "open on another stream", aclmdlRICaptureTaskGrpBegin(b));
    graph_refused!(107034, "open on another stream", aclmdlRICaptureTaskGrpEnd(a, &mut handle));
    assert!(handle.is_null());
    ok!(acl.aclrtRecordEvent(back, b));
    ok!(acl.aclrtStreamWaitEvent(a, back));
    graph_ok!(aclmdlRIDestroy(end(a)));
    ok!(acl.aclrtFree(x));
}

// The same: updates need a stream of their own (107027 captured, 107033 updating), a group that nobody updates (107033),
// operators (507009), and as many as the group has (507000).
#[test]
fn updates_check_what_they_are_given() {
    let _lease = Lease::new();
    let (a, b, x) = (new_stream(), new_stream(), upload(&[1f32; 8]));
    let mut group = null_mut();
    let graph = capture(a, || {
        open(a);
        muls(x, 8, 3.0, a);
        group = close(a);
    });
    graph_refused!(100000, "stream is null", aclmdlRICaptureTaskUpdateBegin(null_mut(), group));
    graph_refused!(100000, "handle is null", aclmdlRICaptureTaskUpdateBegin(a, null_mut()));
    graph_refused!(107017, "not a live task group", aclmdlRICaptureTaskUpdateBegin(a, graph));
    graph_refused!(107033, "no update is open", aclmdlRICaptureTaskUpdateEnd(a));
    begin(b, RELAXED);
    graph_refused!(107027, "captured", aclmdlRICaptureTaskUpdateBegin(b, group));
    graph_refused!(107027, "captured", aclmdlRICaptureTaskUpdateEnd(b));
    graph_ok!(aclmdlRIDestroy(end(b)));
    graph_ok!(aclmdlRICaptureTaskUpdateBegin(a, group));
    graph_refused!(107033, "updating", aclmdlRICaptureTaskUpdateBegin(a, group));
    graph_refused!(107033, "by another stream", aclmdlRICaptureTaskUpdateBegin(b, group));
    assert_eq!(fill(x, 1, a), 507009, "{}", recent());
    graph_refused!(507000, "0 of the 1 operators", aclmdlRICaptureTaskUpdateEnd(a));
    graph_ok!(aclmdlRICaptureTaskUpdateBegin(b, group));
    muls(x, 8, -1.0, b);
    let (code, text) = try_muls(x, 8, 2.0, b);
    assert!(code == 361001 && text.contains("one operator too many"), "{code}: {text}");
    graph_ok!(aclmdlRICaptureTaskUpdateEnd(b));
    ok!(acl.aclrtSynchronizeStream(b));
    run(graph, a);
    assert_eq!(download::<f32>(x, 8), [-1.0; 8]);
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}
