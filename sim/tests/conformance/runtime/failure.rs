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

// runtime, stream.cc (Stream::GetError): a failure that was told is over, unless the stream stops on failures; context.cc
// (SyncStreamsWithTimeout): waiting for a device tells all streams' failures, and gives the first.
#[test]
fn a_failure_is_told_once() {
    let _lease = Lease::new();
    let (a, b) = (new_stream(), new_stream());
    let sync = |stream| call!(acl.aclrtSynchronizeStream(stream));
    enqueue_failure(a);
    assert_eq!((sync(a), sync(a)), (507015, 0));
    [a, b].into_iter().for_each(enqueue_failure);
    assert_eq!((call!(acl.aclrtSynchronizeDevice()), call!(acl.aclrtSynchronizeDevice())), (507015, 0));
    assert_eq!((sync(a), sync(b)), (0, 0));
    // What a stream had before it stops on failures, and was told of, does not stop it.
    let ptr = upload(&[1u8; 64]);
    enqueue_failure(a);
    assert_eq!(sync(a), 507015);
    ok!(acl?.aclrtSetStreamFailureMode(a, ACL_STOP_ON_FAILURE));
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, a));
    assert_eq!(sync(a), 0);
    assert_eq!(download::<u8>(ptr, 64), [2; 64]);
    enqueue_failure(a);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 3, 64, a));
    assert_eq!((sync(a), sync(a)), (507015, 507015));
    assert_eq!(download::<u8>(ptr, 64), [2; 64]);
}

extern "C" fn at_exit() {
    let text = call!(acl.aclGetRecentErrMsg());
    let code = call!(acl.aclrtGetDeviceCount(null_mut()));
    let device = call!(acl.aclrtGetDevice(&mut 0));
    if !text.is_null() || code != 100000 || device == 0 {
        // SAFETY: ends the process, whatever it does.
        unsafe { libc::_exit(3) };
    }
}

// What a program calls when it ends is answered like any call, though the thread's messages are gone by then.
#[test]
fn calls_at_the_end_of_the_process() {
    // On the main thread, which is the one that runs the handlers.
    if !in_child("runtime::failure::calls_at_the_end_of_the_process", &[("RUST_TEST_THREADS", "1")]) {
        return;
    }
    ok!(acl.aclrtSetDevice(0));
    assert_eq!(call!(acl.aclrtGetDeviceCount(null_mut())), 100000);
    // SAFETY: a function that takes nothing.
    assert_eq!(unsafe { libc::atexit(at_exit) }, 0);
}

// A failing task is the program's mistake: nothing is printed, whatever RUST_BACKTRACE says.
#[test]
fn a_failure_prints_nothing() {
    const NAME: &str = "runtime::failure::a_failure_prints_nothing";
    if std::env::var_os("CONFORMANCE_CHILD").is_none() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([NAME, "--exact", "--nocapture"]).envs([("CONFORMANCE_CHILD", "1"), ("RUST_BACKTRACE", "1")]);
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let _lease = Lease::new();
    let stream = new_stream();
    enqueue_failure(stream);
    refused!(507015, "aclnnEmbedding failed on the device", acl.aclrtSynchronizeStream(stream));
}
