use super::*;

fn default_event() -> aclrtEvent {
    let mut event = null_mut();
    ok!(acl.aclrtCreateEvent(&mut event));
    event
}

fn status(event: aclrtEvent) -> aclrtEventRecordedStatus {
    let mut status = aclrtEventRecordedStatus(-1);
    ok!(acl.aclrtQueryEventStatus(event, &mut status));
    status
}

const READY: aclrtEventRecordedStatus = ACL_EVENT_RECORDED_STATUS_COMPLETE;
const NOT_READY: aclrtEventRecordedStatus = ACL_EVENT_RECORDED_STATUS_NOT_READY;

// runtime, event.cc (QueryEventStatus, Synchronize): before a record a default event is not ready, an Ex event is complete;
// the host does not wait for either; a stream's wait for the default one is 107000, for the Ex one nothing.
#[test]
fn events_that_were_never_recorded() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (plain, ex) = (default_event(), new_event(ACL_EVENT_SYNC));
    assert_eq!((status(plain), status(ex)), (NOT_READY, READY));
    for event in [plain, ex] {
        ok!(acl.aclrtSynchronizeEvent(event));
    }
    refused!(107000, "never recorded", acl.aclrtStreamWaitEvent(stream, plain));
    ok!(acl.aclrtStreamWaitEvent(stream, ex));
    ok!(acl.aclrtSynchronizeStream(stream));
}

// acl_rt.h: a wait for an event of aclrtCreateEventWithFlag really waits, also for the record to come.
#[test]
fn a_flagged_event_holds_a_stream_until_it_is_recorded() {
    let _lease = Lease::new();
    let (stream, other) = (new_stream(), new_stream());
    let mut event = null_mut();
    ok!(acl.aclrtCreateEventWithFlag(&mut event, ACL_EVENT_SYNC));
    assert_eq!(status(event), NOT_READY);
    ok!(acl.aclrtStreamWaitEvent(stream, event));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    ok!(acl.aclrtRecordEvent(event, other));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(status(event), READY);
}

// runtime, api_error.cc (EventCreate, EventCreateEx): flag 0 and unknown bits are 107000.
#[test]
fn flags() {
    let _lease = Lease::new();
    let mut event = null_mut();
    for flag in [0, 0x80, 0x8000_0001] {
        refused!(107000, "flag is", acl.aclrtCreateEventWithFlag(&mut event, flag));
        refused!(107000, "flag is", acl.aclrtCreateEventExWithFlag(&mut event, flag));
    }
    refused!(207000, "not supported by the simulator", acl.aclrtCreateEventWithFlag(&mut event, 0x10));
    // runtime, event.hpp (IsEventWithoutWaitTask): without ACL_EVENT_SYNC a stream cannot wait for it: 207000.
    let timed = new_event(ACL_EVENT_TIME_LINE);
    ok!(acl.aclrtRecordEvent(timed, null_mut()));
    refused!(207000, "without ACL_EVENT_SYNC", acl.aclrtStreamWaitEvent(null_mut(), timed));
}

// acl_rt.h: null events are 100000; 107017 for what is no live event; a new event needs a context.
#[test]
fn null_and_stale_events() {
    let _lease = Lease::new();
    let event = default_event();
    ok!(acl.aclrtDestroyEvent(event));
    for (code, event) in [(107017, event), (107017, new_stream()), (100000, null_mut())] {
        let mut status = NOT_READY;
        assert_eq!(call!(acl.aclrtDestroyEvent(event)), code);
        assert_eq!(call!(acl.aclrtRecordEvent(event, null_mut())), code);
        assert_eq!(call!(acl.aclrtStreamWaitEvent(null_mut(), event)), code);
        assert_eq!(call!(acl.aclrtSynchronizeEvent(event)), code);
        assert_eq!(call!(acl.aclrtQueryEventStatus(event, &mut status)), code);
    }
    refused!(100000, "event is null", acl.aclrtCreateEvent(null_mut()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut event = null_mut();
            refused!(107002, "no current context", acl.aclrtCreateEvent(&mut event));
        });
    });
}

// acl_rt.h: a wait is for the most recent record at the time of the call; an event may be recorded again at once.
#[test]
fn a_wait_is_for_the_latest_record() {
    let _lease = Lease::new();
    let (fast, held, waiter) = (new_stream(), new_stream(), new_stream());
    let event = new_event(ACL_EVENT_SYNC);
    let gate = Gate::close(held);
    ok!(acl.aclrtRecordEvent(event, fast));
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    ok!(acl.aclrtRecordEvent(event, held));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(waiter, 10_000));
    assert_eq!(status(event), NOT_READY, "the latest record is behind the gate");
    refused!(507047, "ms", acl.aclrtSynchronizeEventWithTimeout(event, 5));
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(waiter, 5));
    gate.open();
    ok!(acl.aclrtSynchronizeEventWithTimeout(event, 10_000));
    ok!(acl.aclrtSynchronizeStream(waiter));
    // runtime, api_error.cc (EventSynchronize): 0 and below -1 are 107000.
    refused!(107000, "timeout is 0", acl.aclrtSynchronizeEventWithTimeout(event, 0));
}

// acl_rt.h: an event may be destroyed while work on it is pending.
#[test]
fn an_event_may_go_before_its_work() {
    let _lease = Lease::new();
    let (held, waiter) = (new_stream(), new_stream());
    let ptr = upload(&[1u8; 64]);
    let (gate, event) = (Gate::close(held), new_event(ACL_EVENT_SYNC));
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, held));
    ok!(acl.aclrtRecordEvent(event, held));
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    ok!(acl.aclrtDestroyEvent(event));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(waiter, 5));
    gate.open();
    ok!(acl.aclrtSynchronizeStream(waiter));
    assert_eq!(download::<u8>(ptr, 64), [2; 64]);
    ok!(acl.aclrtFree(ptr));
}

// runtime, FAQ on several devices: an event is recorded on its own device (107003), and any device may wait for it.
#[test]
fn devices_wait_for_each_other() {
    let first = Lease::new();
    let event = new_event(ACL_EVENT_SYNC) as usize;
    let held = new_stream();
    let gate = Gate::close(held);
    ok!(acl.aclrtRecordEvent(event as aclrtEvent, held));
    let (asked, ask) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let second = scope.spawn(move || {
            let _second = Lease::new();
            let stream = new_stream();
            refused!(107003, "event is of device", acl.aclrtRecordEvent(event as aclrtEvent, stream));
            ok!(acl.aclrtStreamWaitEvent(stream, event as aclrtEvent));
            refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
            asked.send(()).unwrap();
            ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, 10_000));
        });
        ask.recv().unwrap();
        first.enter();
        gate.open();
        second.join().unwrap();
    });
}

// acl_rt.h: milliseconds between two records, negative when reversed; runtime, event.cc: 507000 without a record, 107006
// without a time line or before completion.
#[test]
fn elapsed_time() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (start, end, untimed) = (default_event(), new_event(ACL_EVENT_TIME_LINE), new_event(ACL_EVENT_SYNC));
    let mut ms = -1.0;
    refused!(507000, "startEvent was never recorded", acl.aclrtEventElapsedTime(&mut ms, start, end));
    ok!(acl.aclrtRecordEvent(start, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    std::thread::sleep(std::time::Duration::from_millis(3));
    let gate = Gate::close(stream);
    ok!(acl.aclrtRecordEvent(end, stream));
    refused!(107006, "not complete", acl.aclrtEventElapsedTime(&mut ms, start, end));
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    ok!(acl.aclrtEventElapsedTime(&mut ms, start, end));
    assert!(ms >= 3.0, "{ms} ms");
    let mut back = 0.0;
    ok!(acl.aclrtEventElapsedTime(&mut back, end, start));
    assert_eq!(back, -ms);
    ok!(acl.aclrtRecordEvent(untimed, stream));
    refused!(107006, "without ACL_EVENT_TIME_LINE", acl.aclrtEventElapsedTime(&mut ms, start, untimed));
    refused!(100000, "ms is null", acl.aclrtEventElapsedTime(null_mut(), start, end));
}
