//! Events that processes share (`ACL_EVENT_IPC`). Sources: runtime, 07_event_management (aclrtIpcGetEventHandle), `ipc_event.cc`,
//! `api_error.cc`, and the samples of `example/2_advanced_features/ipcevent`.

use std::ffi::c_char;

use super::sharing::{Peer, SOON, hear, say};
use super::*;

fn shared_event() -> aclrtEvent {
    new_event(ACL_EVENT_IPC)
}

fn handle_of(event: aclrtEvent) -> aclrtIpcEventHandle {
    let mut handle = aclrtIpcEventHandle { reserved: [-1; 64] };
    ok!(acl?.aclrtIpcGetEventHandle(event, &mut handle));
    handle
}

fn open(handle: aclrtIpcEventHandle) -> aclrtEvent {
    let mut event = null_mut();
    ok!(acl?.aclrtIpcOpenEventHandle(handle, &mut event));
    event
}

fn text_of(handle: aclrtIpcEventHandle) -> String {
    handle.reserved.iter().map(|byte| format!("{:02x}", *byte as u8)).collect()
}

fn handle_in(text: &str) -> aclrtIpcEventHandle {
    let byte = |i: usize| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap() as c_char;
    aclrtIpcEventHandle { reserved: std::array::from_fn(byte) }
}

fn is_complete(event: aclrtEvent) -> bool {
    let mut status = aclrtEventRecordedStatus(-1);
    ok!(acl.aclrtQueryEventStatus(event, &mut status));
    status == ACL_EVENT_RECORDED_STATUS_COMPLETE
}

// 07_event_management, ipcevent/0_ipcevent: A records, B's stream waits, B records in turn, each destroys its own. On two devices, as
// ipcevent/1_ipcevent_multi_device has it.
#[test]
fn an_event_of_two_processes() {
    let Some(mut peer) = Peer::start("shared_events::an_event_of_two_processes") else { return other_process() };
    let _lease = Lease::new();
    let (stream, event) = (new_stream(), shared_event());
    let gate = Gate::close(stream);
    ok!(acl.aclrtRecordEvent(event, stream));
    assert!(!is_complete(event));
    let handle = handle_of(event);
    assert_eq!(handle_of(event), handle, "the same handle each time");
    peer.say(&text_of(handle));
    assert_eq!(peer.hear(), "held");
    gate.open();
    assert_eq!(peer.hear(), "recorded");
    assert!(is_complete(event), "its record is the latest, and has run");
    // One that has not run, there: the host waits for it here, and so does a stream.
    peer.say("again");
    assert_eq!(peer.hear(), "waiting");
    assert!(!is_complete(event));
    refused!(507047, "within 5 ms", acl.aclrtSynchronizeEventWithTimeout(event, 5));
    ok!(acl.aclrtStreamWaitEvent(stream, event));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    peer.say("go on");
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    ok!(acl.aclrtSynchronizeEvent(event));
    ok!(acl.aclrtDestroyEvent(event));
    peer.say("destroyed");
    peer.end();
}

fn other_process() {
    ok!(acl.aclrtSetDevice(1));
    let handle = handle_in(&hear());
    let (stream, event) = (new_stream(), open(handle));
    assert_eq!(handle_of(event), handle);
    ok!(acl.aclrtStreamWaitEvent(stream, event));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    say("held");
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    ok!(acl.aclrtRecordEvent(event, stream));
    ok!(acl.aclrtSynchronizeEventWithTimeout(event, SOON));
    assert!(is_complete(event));
    say("recorded");
    assert_eq!(hear(), "again");
    let gate = Gate::close(stream);
    ok!(acl.aclrtRecordEvent(event, stream));
    say("waiting");
    assert_eq!(hear(), "go on");
    gate.open();
    assert_eq!(hear(), "destroyed");
    // It lasts until all have destroyed theirs, but nobody opens it any more.
    ok!(acl.aclrtRecordEvent(event, stream));
    ok!(acl.aclrtSynchronizeEventWithTimeout(event, SOON));
    let mut more = null_mut();
    refused!(107000, "not a live export", acl?.aclrtIpcOpenEventHandle(handle, &mut more));
    ok!(acl.aclrtDestroyEvent(event));
}

// ipc_event.cc (IpcEventWait, IpcEventQuery): before the first record there is nothing to wait for. A wait is for the record that is
// the latest when it is enqueued; records that wait for their turn do not pass for ones that have run.
#[test]
fn a_wait_is_for_the_latest_record() {
    let _lease = Lease::new();
    let (first, second, waiter, event) = (new_stream(), new_stream(), new_stream(), shared_event());
    assert!(is_complete(event));
    ok!(acl.aclrtSynchronizeEvent(event));
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    let gate = Gate::close(first);
    ok!(acl.aclrtRecordEvent(event, first));
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    ok!(acl.aclrtRecordEvent(event, second));
    ok!(acl.aclrtSynchronizeEventWithTimeout(event, SOON));
    assert!(is_complete(event), "the latest has run, the one before has not");
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(waiter, 5));
    gate.open();
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    // More records than a row has marks, in one stream and in turn.
    let gate = Gate::close(first);
    for _ in 0..300 {
        ok!(acl.aclrtRecordEvent(event, first));
    }
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(waiter, 5));
    gate.open();
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    // Dropped with its stream: nobody waits for it for ever.
    let gate = Gate::close(first);
    ok!(acl.aclrtRecordEvent(event, first));
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    ok!(acl?.aclrtStreamAbort(first));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    gate.open();
    ok!(acl.aclrtDestroyEvent(event));
}

#[test]
fn shared_events_under_the_lazy_schedule() {
    let name = "shared_events::shared_events_under_the_lazy_schedule";
    if !in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "11")]) {
        return;
    }
    let _lease = Lease::new();
    let (stream, waiter, event) = (new_stream(), new_stream(), shared_event());
    let ptr = upload(&[1u8; 64]);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 7, 64, stream));
    ok!(acl.aclrtRecordEvent(event, stream));
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON));
    assert_eq!(download::<u8>(ptr, 64), [7; 64]);
    ok!(acl.aclrtRecordEvent(event, stream));
    ok!(acl.aclrtSynchronizeEvent(event));
}

// 07_event_management (aclrtCreateEventExWithFlag): what it is not for, 207000 (api_error.cc); the flag is taken alone, and another
// event has no handle (api_impl_event.cc), 107000.
#[test]
fn what_a_shared_event_is_not_for() {
    let _lease = Lease::new();
    let (stream, event, plain) = (new_stream(), shared_event(), new_event(ACL_EVENT_SYNC));
    let (mut made, mut id, mut ms, mut time) = (null_mut(), 0, 0.0, 0);
    let (mut old, mut wait) = (aclrtEventStatus(-1), aclrtEventWaitStatus(-1));
    refused!(107000, "alone", acl.aclrtCreateEventExWithFlag(&mut made, ACL_EVENT_IPC | ACL_EVENT_SYNC));
    refused!(107000, "flag is 0x40", acl.aclrtCreateEventWithFlag(&mut made, ACL_EVENT_IPC));
    ok!(acl.aclrtRecordEvent(event, stream));
    refused!(207000, "no reset of another", acl?.aclrtResetEvent(event, stream));
    refused!(207000, "aclrtCreateEventExWithFlag", acl?.aclrtQueryEvent(event, &mut old));
    refused!(207000, "aclrtCreateEventExWithFlag", acl?.aclrtQueryEventWaitStatus(event, &mut wait));
    refused!(207000, "ACL_EVENT_IPC", acl.aclrtEventElapsedTime(&mut ms, event, event));
    refused!(207000, "ACL_EVENT_IPC", acl?.aclrtEventGetTimestamp(event, &mut time));
    refused!(207000, "ACL_EVENT_IPC", acl?.aclrtGetEventId(event, &mut id));
    let mut graph = null_mut();
    ok!(graphs?.aclmdlRICaptureBegin(stream, ACL_MODEL_RI_CAPTURE_MODE_RELAXED));
    refused!(207000, "no graph takes", acl.aclrtRecordEvent(event, stream));
    refused!(207000, "no graph takes", acl.aclrtStreamWaitEvent(stream, event));
    ok!(graphs?.aclmdlRICaptureEnd(stream, &mut graph));
    ok!(graphs?.aclmdlRIDestroy(graph));

    let mut handle = aclrtIpcEventHandle { reserved: [0; 64] };
    refused!(107000, "without ACL_EVENT_IPC", acl?.aclrtIpcGetEventHandle(plain, &mut handle));
    refused!(100000, "handle is null", acl?.aclrtIpcGetEventHandle(event, null_mut()));
    refused!(100000, "event is null", acl?.aclrtIpcGetEventHandle(null_mut(), &mut handle));
    refused!(107000, "handle", acl?.aclrtIpcOpenEventHandle(handle, &mut made));
    refused!(100000, "event is null", acl?.aclrtIpcOpenEventHandle(handle_of(event), null_mut()));
    ok!(acl.aclrtDestroyEvent(event));
    refused!(107017, "not a live event", acl?.aclrtIpcGetEventHandle(event, &mut handle));
}
