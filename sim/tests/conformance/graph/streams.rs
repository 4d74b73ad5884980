use super::*;

// dev_guide/04-02: an event takes another stream into the capture, and its work into the graph, and back.
#[test]
fn streams_join_by_events_and_come_back() {
    let _lease = Lease::new();
    let [a, b, c, elsewhere] = [(); 4].map(|()| new_stream());
    let [out, deeper, back, home] = [(); 4].map(|()| new_event(ACL_EVENT_SYNC));
    let x = upload(&[1f32; 8]);
    begin(a, THREAD_LOCAL);
    muls(x, 8, 3.0, a);
    ok!(acl.aclrtRecordEvent(out, a));
    ok!(acl.aclrtStreamWaitEvent(b, out));
    muls(x, 8, 5.0, b);
    // Through another one, which joins by an event of the second.
    ok!(acl.aclrtRecordEvent(deeper, b));
    ok!(acl.aclrtStreamWaitEvent(c, deeper));
    assert_eq!(fill(x, 0, c), 0);
    ok!(acl.aclrtRecordEvent(back, c));
    ok!(acl.aclrtStreamWaitEvent(b, back));
    ok!(acl.aclrtRecordEvent(home, b));
    refused!(107027, "captured", acl.aclrtSynchronizeStream(b));
    ok!(acl.aclrtStreamWaitEvent(a, home));
    ok!(acl.aclrtMemsetAsync(x, 16, 0x40, 16, a));
    let graph = end(a);
    [a, b, c].into_iter().for_each(|stream| ok!(acl.aclrtSynchronizeStream(stream)));
    assert_eq!(download::<f32>(x, 8), [1.0; 8], "nothing of it has run");
    for _ in 0..20 {
        run(graph, elsewhere);
        assert_eq!(download::<u32>(x, 8), [0x4040_4040, 0x4040_4040, 0x4040_4040, 0x4040_4040, 0, 0, 0, 0]);
    }
    // The events are ordinary ones again: never recorded outside.
    let mut status = aclrtEventRecordedStatus(-1);
    ok!(acl.aclrtQueryEventStatus(out, &mut status));
    assert_eq!(status, ACL_EVENT_RECORDED_STATUS_COMPLETE);
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// context_aclgraph.cc, CheckCaptureModelValidity: what joined must end with an event that somebody of the capture waits for,
// and the stream of the beginning for one of them: 107025.
#[test]
fn streams_that_do_not_come_back() {
    let _lease = Lease::new();
    let [a, b, c] = [(); 3].map(|()| new_stream());
    let [out, back] = [(); 2].map(|()| new_event(ACL_EVENT_SYNC));
    let x = malloc(32);
    let join = || {
        begin(a, RELAXED);
        ok!(acl.aclrtRecordEvent(out, a));
        ok!(acl.aclrtStreamWaitEvent(b, out));
    };
    join();
    end_refused(a, 107025, "does not end with an event");
    join();
    ok!(acl.aclrtRecordEvent(back, b));
    end_refused(a, 107025, "nothing waits for the last event");
    // Work behind the way back.
    join();
    ok!(acl.aclrtRecordEvent(back, b));
    ok!(acl.aclrtStreamWaitEvent(a, back));
    assert_eq!(fill(x, 1, b), 0);
    end_refused(a, 107025, "does not end with an event");
    // Back to one that is not where it began.
    join();
    ok!(acl.aclrtStreamWaitEvent(c, out));
    ok!(acl.aclrtRecordEvent(back, b));
    ok!(acl.aclrtStreamWaitEvent(c, back));
    ok!(acl.aclrtRecordEvent(out, c));
    ok!(acl.aclrtStreamWaitEvent(b, out));
    ok!(acl.aclrtRecordEvent(back, b));
    ok!(acl.aclrtStreamWaitEvent(c, back));
    ok!(acl.aclrtRecordEvent(out, c));
    end_refused(a, 107025, "");
    // All of them are ordinary streams again.
    [a, b, c].into_iter().for_each(|stream| ok!(acl.aclrtDestroyStream(stream)));
    ok!(acl.aclrtFree(x));
}

// context_aclgraph.cc: the end is on the stream of the beginning: 107036 elsewhere, and the capture goes on.
#[test]
fn the_stream_that_ends_a_capture() {
    let _lease = Lease::new();
    let [a, b] = [(); 2].map(|()| new_stream());
    let [out, back] = [(); 2].map(|()| new_event(ACL_EVENT_SYNC));
    begin(a, RELAXED);
    ok!(acl.aclrtRecordEvent(out, a));
    ok!(acl.aclrtStreamWaitEvent(b, out));
    let mut graph = null_mut();
    graph_refused!(107036, "did not begin on this stream", aclmdlRICaptureEnd(b, &mut graph));
    ok!(acl.aclrtRecordEvent(back, b));
    ok!(acl.aclrtStreamWaitEvent(a, back));
    graph_ok!(aclmdlRIDestroy(end(a)));
}

// api_impl.cc, StreamWaitEvent and EventRecord: which events a capture takes (207000), none from outside (107024), not on the
// default stream (107031); api_error.cc: the host may not ask about one that is in it (107028).
#[test]
fn events_of_a_capture() {
    let _lease = Lease::new();
    let (a, b) = (new_stream(), new_stream());
    let (own, outside, fresh, timed) =
        (new_event(ACL_EVENT_SYNC), new_event(ACL_EVENT_SYNC), new_event(ACL_EVENT_SYNC), new_event(ACL_EVENT_TIME_LINE));
    let mut classic = null_mut();
    ok!(acl.aclrtCreateEventWithFlag(&mut classic, ACL_EVENT_SYNC));
    ok!(acl.aclrtRecordEvent(outside, b));
    begin(a, RELAXED);
    refused!(207000, "aclrtCreateEventExWithFlag", acl.aclrtRecordEvent(classic, a));
    refused!(207000, "aclrtCreateEventExWithFlag", acl.aclrtStreamWaitEvent(a, classic));
    refused!(107024, "outside", acl.aclrtStreamWaitEvent(a, outside));
    // Nothing to wait for; nothing that could be waited for.
    ok!(acl.aclrtStreamWaitEvent(a, fresh));
    ok!(acl.aclrtRecordEvent(timed, a));
    ok!(acl.aclrtRecordEvent(own, a));
    refused!(107031, "default stream", acl.aclrtStreamWaitEvent(null_mut(), own));
    let (mut status, mut ms) = (aclrtEventRecordedStatus(-1), 0.0);
    refused!(107028, "capture", acl.aclrtQueryEventStatus(own, &mut status));
    refused!(107028, "capture", acl.aclrtSynchronizeEvent(own));
    ok!(acl.aclrtRecordEvent(timed, b));
    ok!(acl.aclrtSynchronizeEvent(timed));
    ok!(acl.aclrtEventElapsedTime(&mut ms, timed, timed));
    // Destroying an event of a capture is legal: the graph has its mark.
    ok!(acl.aclrtDestroyEvent(own));
    graph_ok!(aclmdlRIDestroy(end(a)));
}

// api_impl_capture_event.cc: one capture cannot wait for another: 107032, and both are invalid: 507903 at their ends.
#[test]
fn captures_cannot_wait_for_one_another() {
    let _lease = Lease::new();
    let [a, b] = [(); 2].map(|()| new_stream());
    let event = new_event(ACL_EVENT_SYNC);
    let conflicts: [&dyn Fn() -> i32; 2] =
        [&|| call!(acl.aclrtStreamWaitEvent(b, event)), &|| call!(acl.aclrtRecordEvent(event, b))];
    for conflict in conflicts {
        begin(a, RELAXED);
        begin(b, RELAXED);
        ok!(acl.aclrtRecordEvent(event, a));
        assert_eq!(conflict(), 107032, "{}", recent());
        let mut status = aclmdlRICaptureStatus(-1);
        graph_ok!(aclmdlRICaptureGetInfo(a, &mut status, null_mut()));
        assert_eq!(status, ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED);
        end_refused(a, 507903, "another capture");
        end_refused(b, 507903, "another capture");
    }
}

// Under the lazy schedule nothing runs before somebody waits: also what a graph's own queues have.
#[test]
fn graphs_under_the_lazy_schedule() {
    for seed in ["1", "9"] {
        let variables = &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", seed)];
        if in_child("graph::streams::graphs_under_the_lazy_schedule", variables) {
            streams_join_by_events_and_come_back();
            super::collectives::collectives_meet_anew_in_each_replay();
            return;
        }
    }
}
