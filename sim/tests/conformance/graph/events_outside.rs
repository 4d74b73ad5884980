//! External records and waits of events (`ACL_EVENT_RECORD_EXTERNAL`, `ACL_EVENT_WAIT_EXTERNAL`). Sources: runtime,
//! 07_event_management, `api_error.cc`, `capture_model.cc`, and the sample `example/2_advanced_features/model_ri/4_model_sync_external`.

use super::holds::SOON;
use super::*;

// The sample, scenario 1: a graph waits for what another stream records, at each execution for the latest record.
#[test]
fn a_graph_waits_for_a_stream() {
    let _lease = Lease::new();
    let (stream, other, x, event) = (new_stream(), new_stream(), upload(&[1f32; 8]), new_event(ACL_EVENT_SYNC));
    let graph = capture(stream, || {
        ok!(acl?.aclrtStreamWaitEventWithFlag(stream, event, 0, ACL_EVENT_WAIT_EXTERNAL));
        muls(x, 8, 2.0, stream);
    });
    // Never recorded: nothing to wait for.
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(download::<f32>(x, 8), [2.0; 8]);
    for doubled in [4.0, 8.0] {
        let gate = Gate::close(other);
        ok!(acl.aclrtRecordEvent(event, other));
        graph_ok!(aclmdlRIExecuteAsync(graph, stream));
        refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
        gate.open();
        ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
        assert_eq!(download::<f32>(x, 8), [doubled; 8]);
    }
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtDestroyEvent(event));
    ok!(acl.aclrtFree(x));
}

// The sample, scenario 2: a stream waits for what a graph records, and so does the host.
#[test]
fn a_stream_waits_for_a_graph() {
    let _lease = Lease::new();
    let (stream, other, x, event) = (new_stream(), new_stream(), upload(&[1f32; 8]), new_event(ACL_EVENT_SYNC));
    let graph = capture(stream, || {
        muls(x, 8, 2.0, stream);
        ok!(acl?.aclrtRecordEventWithFlag(event, stream, ACL_EVENT_RECORD_EXTERNAL));
    });
    // In the graph it has not happened: the host may ask, and there is nothing to wait for.
    ok!(acl.aclrtSynchronizeEvent(event));
    for doubled in [2.0, 4.0] {
        let gate = Gate::close(stream);
        graph_ok!(aclmdlRIExecuteAsync(graph, stream));
        ok!(acl.aclrtStreamWaitEvent(other, event));
        refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(other, 5));
        refused!(507047, "ms", acl.aclrtSynchronizeEventWithTimeout(event, 5));
        gate.open();
        ok!(acl.aclrtSynchronizeEventWithTimeout(event, SOON));
        ok!(acl.aclrtSynchronizeStreamWithTimeout(other, SOON));
        assert_eq!(download::<f32>(x, 8), [doubled; 8]);
    }
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// The sample, scenario 3: a graph waits for another graph.
#[test]
fn a_graph_waits_for_a_graph() {
    let _lease = Lease::new();
    let (a, b, x, event) = (new_stream(), new_stream(), upload(&[1f32; 8]), new_event(ACL_EVENT_SYNC));
    let first = capture(a, || {
        muls(x, 8, 2.0, a);
        ok!(acl?.aclrtRecordEventWithFlag(event, a, ACL_EVENT_RECORD_EXTERNAL));
    });
    let second = capture(b, || {
        ok!(acl?.aclrtStreamWaitEventWithFlag(b, event, 0, ACL_EVENT_WAIT_EXTERNAL));
        muls(x, 8, 3.0, b);
    });
    for wanted in [6.0, 36.0] {
        let gate = Gate::close(a);
        graph_ok!(aclmdlRIExecuteAsync(first, a));
        graph_ok!(aclmdlRIExecuteAsync(second, b));
        refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(b, 5));
        gate.open();
        ok!(acl.aclrtSynchronizeStreamWithTimeout(b, SOON));
        assert_eq!(download::<f32>(x, 8), [wanted; 8]);
    }
    graph_ok!(aclmdlRIDestroy(first));
    graph_ok!(aclmdlRIDestroy(second));
    ok!(acl.aclrtFree(x));
}

#[test]
fn events_outside_under_the_lazy_schedule() {
    let name = "graph::events_outside::events_outside_under_the_lazy_schedule";
    if in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "5")]) {
        a_graph_waits_for_a_stream();
        a_stream_waits_for_a_graph();
        a_graph_waits_for_a_graph();
    }
}

// event.cpp, stream.cpp (100000), api_error.cc (the kind: 207000; a second flag: 107000), api_impl.cc (no capture: 107029),
// capture_model.cc (twice in a graph: 107000).
#[test]
fn what_an_external_record_needs() {
    let _lease = Lease::new();
    let (stream, sync) = (new_stream(), || new_event(ACL_EVENT_SYNC));
    let (record, wait) = (ACL_EVENT_RECORD_EXTERNAL, ACL_EVENT_WAIT_EXTERNAL);
    let event = sync();
    refused!(100000, "flag is 2", acl?.aclrtRecordEventWithFlag(event, stream, 2));
    refused!(100000, "flag is 2", acl?.aclrtStreamWaitEventWithFlag(stream, event, 0, 2));
    refused!(100000, "timeout is 1", acl?.aclrtStreamWaitEventWithFlag(stream, event, 1, wait));
    refused!(100000, "event is null", acl?.aclrtRecordEventWithFlag(null_mut(), stream, record));
    refused!(100000, "event is null", acl?.aclrtStreamWaitEventWithFlag(stream, null_mut(), 0, wait));
    let timed = new_event(ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE);
    refused!(207000, "ACL_EVENT_SYNC alone", acl?.aclrtRecordEventWithFlag(timed, stream, record));
    refused!(207000, "ACL_EVENT_SYNC alone", acl?.aclrtStreamWaitEventWithFlag(stream, timed, 0, wait));
    // What is refused later settles the flag all the same.
    refused!(107029, "not being captured", acl?.aclrtRecordEventWithFlag(event, stream, record));
    refused!(107000, "first flag", acl.aclrtRecordEvent(event, stream));
    refused!(107029, "not being captured", acl?.aclrtStreamWaitEventWithFlag(stream, event, 0, wait));
    refused!(107000, "first flag", acl.aclrtStreamWaitEvent(stream, event));
    let plain = sync();
    ok!(acl?.aclrtRecordEventWithFlag(plain, stream, ACL_EVENT_RECORD_DEFAULT));
    ok!(acl?.aclrtStreamWaitEventWithFlag(stream, plain, 1, ACL_EVENT_WAIT_DEFAULT));
    ok!(acl.aclrtSynchronizeStream(stream));
    begin(stream, RELAXED);
    refused!(107000, "first flag", acl?.aclrtRecordEventWithFlag(plain, stream, record));
    refused!(107000, "first flag", acl?.aclrtStreamWaitEventWithFlag(stream, plain, 0, wait));
    ok!(acl?.aclrtRecordEventWithFlag(event, stream, record));
    refused!(107000, "in this graph already", acl?.aclrtRecordEventWithFlag(event, stream, record));
    refused!(107000, "in this graph already", acl?.aclrtStreamWaitEventWithFlag(stream, event, 0, wait));
    graph_ok!(aclmdlRIDestroy(end(stream)));
}
