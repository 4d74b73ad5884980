use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use super::*;

// runtime, 06_stream_management (ACL_STOP_ON_FAILURE): what is behind the failure does not run; without it, it does. Marks
// behind it count as reached, so that nobody waits for ever, and carry the failure.
#[test]
fn a_stream_that_stops_drops_what_is_behind_a_failure() {
    let _lease = Lease::new();
    let (stops, goes_on, waiter) = (new_stream(), new_stream(), new_stream());
    ok!(acl?.aclrtSetStreamFailureMode(stops, ACL_STOP_ON_FAILURE));
    let event = new_event(ACL_EVENT_SYNC);
    let (dropped, kept) = (upload(&[1u8; 64]), upload(&[1u8; 64]));
    for (stream, ptr) in [(stops, dropped), (goes_on, kept)] {
        enqueue_failure(stream);
        ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, stream));
    }
    ok!(acl.aclrtRecordEvent(event, stops));
    ok!(acl.aclrtStreamWaitEvent(waiter, event));
    for stream in [stops, goes_on, waiter] {
        assert_eq!(call!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON)), 507015);
    }
    assert_eq!((download::<u8>(dropped, 64), download::<u8>(kept, 64)), (vec![1; 64], vec![2; 64]));
    // Nor does what comes later, even behind a wait that would never end.
    let mut never = null_mut();
    ok!(acl.aclrtCreateEventWithFlag(&mut never, ACL_EVENT_SYNC));
    ok!(acl.aclrtStreamWaitEvent(stops, never));
    ok!(acl.aclrtMemsetAsync(dropped, 64, 3, 64, stops));
    assert_eq!(call!(acl.aclrtSynchronizeStreamWithTimeout(stops, SOON)), 507015);
    assert_eq!(download::<u8>(dropped, 64), [1; 64]);
}

/// Task, stream, thread, device, code.
type Seen = [u32; 5];

static SEEN: Mutex<Option<Sender<Seen>>> = Mutex::new(None);

unsafe extern "C" fn see(info: *mut aclrtExceptionInfo) {
    let seen = [
        call!(acl?.aclrtGetTaskIdFromExceptionInfo(info)),
        call!(acl?.aclrtGetStreamIdFromExceptionInfo(info)),
        call!(acl?.aclrtGetThreadIdFromExceptionInfo(info)),
        call!(acl?.aclrtGetDeviceIdFromExceptionInfo(info)),
        call!(acl?.aclrtGetErrorCodeFromExceptionInfo(info)),
    ];
    if let Some(sender) = &*SEEN.lock().unwrap() {
        sender.send(seen).unwrap();
    }
}

// runtime, 13_exception_handling: the process' function is told of each failing task, with its stream, thread, device and code;
// null takes it back; callback.cpp: null information gives 0xFFFFFFFF.
#[test]
fn failures_are_told() {
    if !in_child("runtime::failure::failures_are_told", &[]) {
        return;
    }
    let lease = Lease::new();
    let stream = new_stream();
    let mut id = 0;
    ok!(acl?.aclrtStreamGetId(stream, &mut id));
    let (sender, seen) = channel();
    *SEEN.lock().unwrap() = Some(sender);
    ok!(acl?.aclrtSetExceptionInfoCallback(Some(see)));
    let ptr = malloc(64);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, stream));
    enqueue_failure(stream);
    // SAFETY: takes nothing.
    let me = unsafe { libc::gettid() } as u32;
    let wait = Duration::from_secs(20);
    assert_eq!(seen.recv_timeout(wait).unwrap(), [2, id as u32, me, lease.0 as u32, 507015]);
    // Each failure, not only the stream's first.
    enqueue_failure(stream);
    assert_eq!(seen.recv_timeout(wait).unwrap()[0], 3);
    ok!(acl?.aclrtSetExceptionInfoCallback(None));
    enqueue_failure(stream);
    assert_eq!(call!(acl.aclrtSynchronizeStream(stream)), 507015);
    assert!(seen.recv_timeout(Duration::from_millis(20)).is_err());
    for null in [
        call!(acl?.aclrtGetTaskIdFromExceptionInfo(std::ptr::null())),
        call!(acl?.aclrtGetErrorCodeFromExceptionInfo(std::ptr::null())),
    ] {
        assert_eq!(null, u32::MAX);
    }
}
