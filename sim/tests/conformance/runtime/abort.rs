use super::*;

// runtime, 06_stream_management: what has not begun is dropped, and the stream can be used again.
#[test]
fn an_aborted_stream_drops_its_work_and_goes_on() {
    let _lease = Lease::new();
    let (stream, other) = (new_stream(), new_stream());
    let ptr = upload(&[1u8; 64]);
    let gate = Gate::close(stream);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, stream));
    ok!(acl?.aclrtStreamAbort(stream));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(download::<u8>(ptr, 64), [1; 64]);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 3, 64, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u8>(ptr, 64), [3; 64]);
    gate.open();
    ok!(acl.aclrtSynchronizeStream(other));
    ok!(acl.aclrtDestroyStream(stream));
    refused!(107017, "not a live stream", acl?.aclrtStreamAbort(stream));
}

// runtime, context.cc (StreamAbort) and errcode_manage.cc: who waits for the stream meanwhile gets 107023.
#[test]
fn who_waits_for_an_aborted_stream_is_told() {
    let lease = Lease::new();
    let stream = new_stream() as usize;
    let gate = Gate::close(stream as aclrtStream);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            lease.enter();
            refused!(107023, "aborted", acl.aclrtSynchronizeStreamWithTimeout(stream as aclrtStream, SOON));
        });
        // The waiter may be late; then it waits for a stream without work, which is no failure of the rule.
        while !waiter.is_finished() {
            std::thread::sleep(std::time::Duration::from_millis(5));
            let ptr = malloc(64);
            ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, stream as aclrtStream));
            ok!(acl?.aclrtStreamAbort(stream as aclrtStream));
            let event = null_mut();
            hold_again(stream as aclrtStream, event);
        }
        waiter.join().unwrap();
    });
    ok!(acl?.aclrtStreamAbort(stream as aclrtStream));
    gate.open();
}

/// Closes the stream once more, for ever: only an abort lets it go on.
fn hold_again(stream: aclrtStream, mut event: aclrtEvent) {
    ok!(acl.aclrtCreateEventWithFlag(&mut event, ACL_EVENT_SYNC));
    ok!(acl.aclrtStreamWaitEvent(stream, event));
}

// runtime, 13_exception_handling: all work of the device is dropped; context_manage.cc (DeviceClean): its streams can be used
// afterwards, without the failures they had.
#[test]
fn a_device_is_aborted_and_goes_on() {
    let lease = Lease::new();
    let (a, b) = (new_stream(), new_stream());
    enqueue_failure(a);
    assert_eq!(call!(acl.aclrtSynchronizeStream(a)), 507015);
    let ptr = upload(&[1u8; 64]);
    let gate = Gate::close(b);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, b));
    ok!(acl?.aclrtDeviceTaskAbort(lease.0, 0));
    ok!(acl.aclrtSynchronizeDevice());
    assert_eq!(download::<u8>(ptr, 64), [1; 64]);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 4, 64, a));
    ok!(acl.aclrtSynchronizeStream(a));
    assert_eq!(download::<u8>(ptr, 64), [4; 64]);
    gate.open();
    // runtime, api_error.cc: at most 36 minutes; device ids as anywhere.
    refused!(107000, "timeout is 2160001", acl?.aclrtDeviceTaskAbort(lease.0, 2_160_001));
    refused!(107001, "deviceId is 64", acl?.aclrtDeviceTaskAbort(64, 0));
}

// acl_rt.h: -1 is for ever, other numbers must be above 0; 507046 when the time is over.
#[test]
fn a_device_is_waited_for_with_a_limit() {
    let _lease = Lease::new();
    let stream = new_stream();
    for timeout in [0, -2] {
        refused!(107000, "timeout is", acl?.aclrtSynchronizeDeviceWithTimeout(timeout));
    }
    let gate = Gate::close(stream);
    refused!(507046, "is behind", acl?.aclrtSynchronizeDeviceWithTimeout(5));
    gate.open();
    ok!(acl?.aclrtSynchronizeDeviceWithTimeout(SOON));
    ok!(acl?.aclrtSynchronizeDeviceWithTimeout(-1));
}

// runtime, 04_device_management: once is enough, whatever the count; afterwards there is nothing to reset.
#[test]
fn a_forced_reset_ignores_the_count() {
    let lease = Lease::new();
    lease.enter();
    lease.enter();
    let mut active = -1;
    ok!(acl?.aclrtGetPrimaryCtxState(lease.0, null_mut(), &mut active));
    assert_eq!(active, 1);
    ok!(acl?.aclrtResetDeviceForce(lease.0));
    ok!(acl?.aclrtGetPrimaryCtxState(lease.0, null_mut(), &mut active));
    assert_eq!(active, 0);
    refused!(507007, "not set", acl?.aclrtResetDeviceForce(lease.0));
    refused!(507007, "not set", acl.aclrtResetDevice(lease.0));
    refused!(107001, "deviceId is -1", acl?.aclrtResetDeviceForce(-1));
    refused!(100000, "active is null", acl?.aclrtGetPrimaryCtxState(lease.0, null_mut(), null_mut()));
}
