//! External events (`ACL_EVENT_EXTERNAL`): what is in a graph and what is not wait for one another.

use super::holds::{SOON, run_held};
use super::*;

fn external() -> aclrtEvent {
    let mut event = null_mut();
    ok!(acl.aclrtCreateEventWithFlag(&mut event, ACL_EVENT_EXTERNAL));
    event
}

// dev_guide/04-03, the example: a replay waits until another stream has updated what comes next, and resets the event.
#[test]
fn a_replay_waits_for_an_update() {
    let _lease = Lease::new();
    let (stream, updater, x, event) = (new_stream(), new_stream(), upload(&[1f32; 8]), external());
    let mut group = null_mut();
    begin(stream, GLOBAL);
    muls(x, 8, 2.0, stream);
    ok!(acl.aclrtStreamWaitEvent(stream, event));
    ok!(acl?.aclrtResetEvent(event, stream));
    graph_ok!(aclmdlRICaptureTaskGrpBegin(stream));
    muls(x, 8, 3.0, stream);
    graph_ok!(aclmdlRICaptureTaskGrpEnd(stream, &mut group));
    let graph = end(stream);
    for (by, wanted) in [(None, 6.0), (Some(5.0), 60.0), (None, 600.0)] {
        run_held(graph, stream, || {
            // The example ends an update in which nothing was given, and does not look at what that returns: a refusal.
            if let Some(by) = by {
                graph_ok!(aclmdlRICaptureTaskUpdateBegin(updater, group));
                muls(x, 8, by, updater);
                graph_ok!(aclmdlRICaptureTaskUpdateEnd(updater));
            }
            ok!(acl.aclrtRecordEvent(event, updater));
            ok!(acl.aclrtSynchronizeStreamWithTimeout(updater, SOON));
        });
        assert_eq!(download::<f32>(x, 8), [wanted; 8]);
    }
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtDestroyEvent(event));
    ok!(acl.aclrtFree(x));
}

// event_capture.cc: it is captured in no sense, so the other way is the same: a graph records what others wait for. A wait leaves
// it set, for all who come.
#[test]
fn others_wait_for_a_replay() {
    let _lease = Lease::new();
    let (stream, other, x, event) = (new_stream(), new_stream(), upload(&[1f32; 8]), external());
    let graph = capture(stream, || {
        muls(x, 8, 2.0, stream);
        ok!(acl.aclrtRecordEvent(event, stream));
    });
    for doubled in [2.0, 4.0] {
        ok!(acl.aclrtStreamWaitEvent(other, event));
        ok!(acl.aclrtStreamWaitEvent(other, event));
        refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(other, 5));
        graph_ok!(aclmdlRIExecuteAsync(graph, stream));
        ok!(acl.aclrtSynchronizeStreamWithTimeout(other, SOON));
        assert_eq!(download::<f32>(x, 8), [doubled; 8]);
        ok!(acl?.aclrtResetEvent(event, other));
        ok!(acl.aclrtSynchronizeStreamWithTimeout(other, SOON));
    }
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// api_error.cc: the flag is taken alone (107000); the host can neither wait for it nor ask about it (207000).
// context_aclgraph.cc: it does not bring a stream back to a capture (107025).
#[test]
fn what_an_external_event_is_not_for() {
    let _lease = Lease::new();
    let (a, b, event, out) = (new_stream(), new_stream(), external(), new_event(ACL_EVENT_SYNC));
    let (mut more, mut state, mut old, mut wait, mut ms, mut time) =
        (null_mut(), aclrtEventRecordedStatus(-1), aclrtEventStatus(-1), aclrtEventWaitStatus(-1), 0.0, 0);
    refused!(107000, "alone", acl.aclrtCreateEventWithFlag(&mut more, ACL_EVENT_EXTERNAL | ACL_EVENT_SYNC));
    refused!(107000, "flag is", acl.aclrtCreateEventExWithFlag(&mut more, ACL_EVENT_EXTERNAL));
    ok!(acl.aclrtRecordEvent(event, a));
    refused!(207000, "EXTERNAL", acl.aclrtSynchronizeEvent(event));
    refused!(207000, "EXTERNAL", acl.aclrtQueryEventStatus(event, &mut state));
    refused!(207000, "EXTERNAL", acl?.aclrtQueryEvent(event, &mut old));
    refused!(207000, "EXTERNAL", acl?.aclrtQueryEventWaitStatus(event, &mut wait));
    refused!(207000, "EXTERNAL", acl.aclrtEventElapsedTime(&mut ms, event, event));
    refused!(207000, "EXTERNAL", acl?.aclrtEventGetTimestamp(event, &mut time));
    begin(a, RELAXED);
    ok!(acl.aclrtRecordEvent(out, a));
    ok!(acl.aclrtStreamWaitEvent(b, out));
    ok!(acl.aclrtRecordEvent(event, b));
    ok!(acl.aclrtStreamWaitEvent(a, event));
    let mut graph = null_mut();
    graph_refused!(107025, "", aclmdlRICaptureEnd(a, &mut graph));
}

#[test]
fn external_events_under_the_lazy_schedule() {
    let name = "graph::external::external_events_under_the_lazy_schedule";
    if in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "7")]) {
        a_replay_waits_for_an_update();
        others_wait_for_a_replay();
    }
}
