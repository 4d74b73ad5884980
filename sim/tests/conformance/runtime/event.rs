use super::*;

fn flagged() -> aclrtEvent {
    let mut event = null_mut();
    ok!(acl.aclrtCreateEventWithFlag(&mut event, ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE));
    event
}

// runtime, 07_event_management: the stream waits so many seconds; then it fails with 107020, which a wait of the host shows.
#[test]
fn a_stream_waits_for_an_event_with_a_limit() {
    let _lease = Lease::new();
    let (stream, other) = (new_stream(), new_stream());
    let (event, never) = (flagged(), flagged());
    ok!(acl?.aclrtStreamWaitEventWithTimeout(stream, event, 60));
    ok!(acl.aclrtRecordEvent(event, other));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    ok!(acl?.aclrtStreamWaitEventWithTimeout(stream, never, 3));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    refused!(107020, "within 3 s", acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    // event.cpp: negative seconds are 107000, and so is null, which the runtime sees and the ACL layer does not.
    refused!(107000, "timeout is -1", acl?.aclrtStreamWaitEventWithTimeout(stream, event, -1));
    refused!(107000, "event is null", acl?.aclrtStreamWaitEventWithTimeout(stream, null_mut(), 1));
    refused!(107017, "not a live event", acl?.aclrtStreamWaitEventWithTimeout(stream, stream, 1));
}

// acl_rt.h, aclrtSetOpWaitTimeout: the same for waits that are queued from now on; 0 is for ever.
#[test]
fn the_process_limits_waits() {
    if !in_child("runtime::event::the_process_limits_waits", &[]) {
        return;
    }
    let _lease = Lease::new();
    let stream = new_stream();
    ok!(acl?.aclrtSetOpWaitTimeout(1));
    ok!(acl.aclrtStreamWaitEvent(stream, flagged()));
    refused!(107020, "within 1 s", acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    ok!(acl?.aclrtSetOpWaitTimeout(0));
    let held = new_stream();
    ok!(acl.aclrtStreamWaitEvent(held, flagged()));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(held, 1200));
    ok!(acl.aclrtDestroyStreamForce(held));
}

// A failure reaches the stream that waits with a limit as it does one that waits without.
#[test]
fn a_limited_wait_passes_failures_on() {
    let _lease = Lease::new();
    let (stream, waiter, event) = (new_stream(), new_stream(), flagged());
    enqueue_failure(stream);
    ok!(acl.aclrtRecordEvent(event, stream));
    ok!(acl?.aclrtStreamWaitEventWithTimeout(waiter, event, 60));
    assert_eq!(call!(acl.aclrtSynchronizeStreamWithTimeout(waiter, SOON)), 507015);
}

// runtime, event.cc (GetTimeStamp): microseconds; as with the elapsed time, a record that was reached is needed.
#[test]
fn time_stamps() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (first, second, untimed) = (flagged(), flagged(), new_event(ACL_EVENT_SYNC));
    let (mut a, mut b, mut ms) = (0, 0, 0.0);
    refused!(507000, "never recorded", acl?.aclrtEventGetTimestamp(first, &mut a));
    ok!(acl.aclrtRecordEvent(first, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    std::thread::sleep(std::time::Duration::from_millis(2));
    ok!(acl.aclrtRecordEvent(second, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    ok!(acl?.aclrtEventGetTimestamp(first, &mut a));
    ok!(acl?.aclrtEventGetTimestamp(second, &mut b));
    ok!(acl.aclrtEventElapsedTime(&mut ms, first, second));
    assert!(b >= a + 2000, "{a} {b}");
    // Each time stamp is rounded to its microsecond, and f32 has 24 bits.
    assert!(((b - a) as f32 / 1e3 - ms).abs() < 0.003, "{a} {b} {ms}");
    ok!(acl.aclrtRecordEvent(untimed, stream));
    refused!(107006, "ACL_EVENT_TIME_LINE", acl?.aclrtEventGetTimestamp(untimed, &mut a));
    refused!(100000, "timestamp is null", acl?.aclrtEventGetTimestamp(first, null_mut()));
}

// acl_rt.h: aclrtQueryEvent is deprecated, with its values the other way round; runtime, api_error.cc (EventQuery): not for
// events of aclrtCreateEventExWithFlag.
#[test]
fn deprecated_queries() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (event, ex) = (flagged(), new_event(ACL_EVENT_SYNC));
    let mut status = aclrtEventStatus(-1);
    ok!(acl?.aclrtQueryEvent(event, &mut status));
    assert_eq!(status, ACL_EVENT_STATUS_NOT_READY);
    ok!(acl.aclrtRecordEvent(event, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    ok!(acl?.aclrtQueryEvent(event, &mut status));
    assert_eq!(status, ACL_EVENT_STATUS_COMPLETE);
    refused!(207000, "aclrtCreateEventExWithFlag", acl?.aclrtQueryEvent(ex, &mut status));
    refused!(100000, "status is null", acl?.aclrtQueryEvent(event, null_mut()));
}

// acl_rt.h: whether the waits that streams have queued are over; runtime, api_error.cc: not for Ex events.
#[test]
fn the_waits_of_an_event() {
    let _lease = Lease::new();
    let (a, b) = (new_stream(), new_stream());
    let (event, ex) = (flagged(), new_event(ACL_EVENT_SYNC));
    let mut status = aclrtEventWaitStatus(-1);
    let gate = Gate::close(b);
    ok!(acl.aclrtRecordEvent(event, a));
    ok!(acl?.aclrtQueryEventWaitStatus(event, &mut status));
    assert_eq!(status, ACL_EVENT_WAIT_STATUS_COMPLETE, "none waits");
    ok!(acl.aclrtStreamWaitEvent(b, event));
    ok!(acl?.aclrtQueryEventWaitStatus(event, &mut status));
    assert_eq!(status, ACL_EVENT_WAIT_STATUS_NOT_READY, "the stream has not come to its wait");
    gate.open();
    ok!(acl.aclrtSynchronizeStream(b));
    ok!(acl?.aclrtQueryEventWaitStatus(event, &mut status));
    assert_eq!(status, ACL_EVENT_WAIT_STATUS_COMPLETE);
    refused!(207000, "aclrtCreateEventExWithFlag", acl?.aclrtQueryEventWaitStatus(ex, &mut status));
    refused!(100000, "status is null", acl?.aclrtQueryEventWaitStatus(event, null_mut()));
}

// runtime, 07_event_management: a reset event is as one that was never recorded; only for aclrtCreateEventWithFlag with
// ACL_EVENT_SYNC. Of one of aclrtCreateEvent it is undefined there; a card lets it pass (api_impl.cc, EventReset).
#[test]
fn a_reset_event_is_waited_for_again() {
    let _lease = Lease::new();
    let (stream, other, event) = (new_stream(), new_stream(), flagged());
    ok!(acl.aclrtRecordEvent(event, other));
    ok!(acl.aclrtStreamWaitEvent(stream, event));
    ok!(acl?.aclrtResetEvent(event, stream));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    ok!(acl.aclrtStreamWaitEvent(stream, event));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    ok!(acl.aclrtRecordEvent(event, other));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    let mut default = null_mut();
    ok!(acl.aclrtCreateEvent(&mut default));
    for other_kind in [default, new_event(ACL_EVENT_SYNC)] {
        refused!(207000, "no reset of another", acl?.aclrtResetEvent(other_kind, stream));
    }
}

// acl_rt.h: each live event has a number of its own.
#[test]
fn event_ids() {
    let _lease = Lease::new();
    let (first, second) = (flagged(), flagged());
    let (mut a, mut b) = (0, 0);
    ok!(acl?.aclrtGetEventId(first, &mut a));
    ok!(acl?.aclrtGetEventId(second, &mut b));
    assert_ne!(a, b);
    refused!(100000, "eventId is null", acl?.aclrtGetEventId(first, null_mut()));
    refused!(107017, "not a live event", acl?.aclrtGetEventId(new_stream(), &mut a));
}
