use super::*;

fn status(stream: aclrtStream) -> aclrtStreamStatus {
    let mut status = aclrtStreamStatus(-1);
    ok!(acl.aclrtStreamQuery(stream, &mut status));
    status
}

// acl_rt.h: null is 100000 where a stream is made or destroyed, the default stream elsewhere.
#[test]
fn null_streams() {
    let _lease = Lease::new();
    refused!(100000, "stream is null", acl.aclrtCreateStream(null_mut()));
    refused!(100000, "stream is null", acl.aclrtDestroyStream(null_mut()));
    refused!(100000, "stream is null", acl.aclrtDestroyStreamForce(null_mut()));
    refused!(100000, "status is null", acl.aclrtStreamQuery(null_mut(), null_mut()));
    let ptr = malloc(64);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 5, 64, null_mut()));
    ok!(acl.aclrtSynchronizeStream(null_mut()));
    assert_eq!(download::<u8>(ptr, 64), [5; 64]);
    ok!(acl.aclrtFree(ptr));
}

// runtime: a handle that is no live stream gives 107017, whatever it is: destroyed, another kind's, a stray pointer.
#[test]
fn stale_and_foreign_handles() {
    let _lease = Lease::new();
    let (stream, event) = (new_stream(), new_event(ACL_EVENT_SYNC));
    ok!(acl.aclrtDestroyStream(stream));
    refused!(107017, "not a live stream", acl.aclrtDestroyStream(stream));
    let mut stray = 0u64;
    for handle in [stream, event, (&raw mut stray).cast()] {
        refused!(107017, "not a live stream", acl.aclrtSynchronizeStream(handle));
        refused!(107017, "not a live stream", acl.aclrtRecordEvent(event, handle));
    }
}

// runtime: no current context is 107002, another device's stream 107003.
#[test]
fn streams_belong_to_their_context() {
    let first = Lease::new();
    let stream = new_stream() as usize;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut made = null_mut();
            refused!(107002, "no current context", acl.aclrtCreateStream(&mut made));
            refused!(107002, "no current context", acl.aclrtSynchronizeStream(stream as aclrtStream));
            let _second = Lease::new();
            refused!(107003, "another context", acl.aclrtSynchronizeStream(stream as aclrtStream));
            refused!(107003, "another context", acl.aclrtDestroyStream(stream as aclrtStream));
        });
    });
    first.enter();
    ok!(acl.aclrtDestroyStream(stream as aclrtStream));
}

// runtime, 06_stream_management: priorities are clamped, 1984 streams a device (207008 beyond).
#[test]
fn priorities_and_the_number_of_streams() {
    let _lease = Lease::new();
    let (mut made, mut stream) = (Vec::new(), null_mut());
    for i in 0..1984 {
        ok!(acl.aclrtCreateStreamWithConfig(&mut stream, i % 9, ACL_STREAM_FAST_LAUNCH | ACL_STREAM_FAST_SYNC));
        made.push(stream);
    }
    refused!(207008, "1984", acl.aclrtCreateStream(&mut stream));
    for stream in made {
        ok!(acl.aclrtDestroyStream(stream));
    }
    ok!(acl.aclrtDestroyStream(new_stream()));
}

// acl_rt.h: an enqueue is asynchronous: it returns while the stream still has earlier work.
#[test]
fn the_host_runs_ahead_of_the_device() {
    let _lease = Lease::new();
    let stream = new_stream();
    let ptr = upload(&[1u8; 64]);
    let gate = Gate::close(stream);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 9, 64, stream));
    assert_eq!(status(stream), ACL_STREAM_STATUS_NOT_READY);
    assert_eq!(download::<u8>(ptr, 64), [1; 64], "a blocking copy does not wait for the stream (acl_rt.h)");
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(status(stream), ACL_STREAM_STATUS_COMPLETE);
    assert_eq!(download::<u8>(ptr, 64), [9; 64]);
    ok!(acl.aclrtFree(ptr));
}

// runtime, 06_stream_management: -1 is for ever, 0 and below -1 are 107000; 507046 when the time is over.
#[test]
fn time_outs() {
    let _lease = Lease::new();
    let stream = new_stream();
    for timeout in [0, -2, i32::MIN] {
        refused!(107000, "timeout is", acl.aclrtSynchronizeStreamWithTimeout(stream, timeout));
    }
    let gate = Gate::close(stream);
    refused!(507046, "within 5 ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    gate.open();
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, 10_000));
}

// acl_rt.h: aclrtDestroyStream waits for the work, aclrtDestroyStreamForce drops it.
#[test]
fn destroy_waits_and_force_drops() {
    let _lease = Lease::new();
    let ptr = upload(&[1u8; 64]);
    let (kept, dropped) = (new_stream(), new_stream());
    let gate = Gate::close(dropped);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, dropped));
    ok!(acl.aclrtDestroyStreamForce(dropped));
    assert_eq!(download::<u8>(ptr, 64), [1; 64]);
    gate.open();
    ok!(acl.aclrtMemsetAsync(ptr, 64, 3, 64, kept));
    ok!(acl.aclrtDestroyStream(kept));
    assert_eq!(download::<u8>(ptr, 64), [3; 64]);
    ok!(acl.aclrtFree(ptr));
}

/// Chains of fills and copies over two streams that wait for each other; the result tells every order that must hold.
fn order_holds() {
    let _lease = Lease::new();
    let (a, b) = (new_stream(), new_stream());
    let (to_b, to_a) = (new_event(ACL_EVENT_SYNC), new_event(ACL_EVENT_SYNC));
    const N: usize = 4096;
    let (x, y) = (malloc(N), malloc(N));
    for round in 1..=50 {
        // In the order of one stream: the second fill wins.
        ok!(acl.aclrtMemsetAsync(x, N, -1, N, a));
        ok!(acl.aclrtMemsetAsync(x, N, round, N, a));
        ok!(acl.aclrtRecordEvent(to_b, a));
        // Across streams: the copy sees it, and the next round's fill comes after the copy.
        ok!(acl.aclrtStreamWaitEvent(b, to_b));
        ok!(acl.aclrtMemcpyAsync(y, N, x, N, ACL_MEMCPY_DEVICE_TO_DEVICE, b));
        ok!(acl.aclrtRecordEvent(to_a, b));
        ok!(acl.aclrtStreamWaitEvent(a, to_a));
        ok!(acl.aclrtMemsetAsync(x, N, 0, N, a));
        if round % 10 == 0 {
            ok!(acl.aclrtSynchronizeStream(b));
            assert_eq!(download::<u8>(y, N), [round as u8; N]);
        }
    }
    ok!(acl.aclrtSynchronizeStream(a));
    assert_eq!(download::<u8>(x, N), [0; N]);
    ok!(acl.aclrtFree(x));
    ok!(acl.aclrtFree(y));
}

// acl_rt.h: the work of a stream runs in order; across streams events order it. Under every schedule.
#[test]
fn order_under_the_eager_schedule() {
    if in_child("stream::order_under_the_eager_schedule", &[("CANN_SIM_SCHEDULE", "eager"), ("CANN_SIM_THREADS", "1")]) {
        order_holds();
    }
}

#[test]
fn order_under_the_lazy_schedule() {
    let name = "stream::order_under_the_lazy_schedule";
    if std::env::var_os("CONFORMANCE_CHILD").is_some() {
        return order_holds();
    }
    for seed in ["0", "1", "2"] {
        in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", seed)]);
    }
}

// The lazy schedule runs nothing before a wait requires it, so a missing wait shows; polling makes progress.
#[test]
fn the_lazy_schedule_shows_a_missing_wait() {
    if !in_child("stream::the_lazy_schedule_shows_a_missing_wait", &[("CANN_SIM_SCHEDULE", "lazy")]) {
        return;
    }
    let _lease = Lease::new();
    let (a, b) = (new_stream(), new_stream());
    let ptr = upload(&[1u8; 64]);
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, a));
    ok!(acl.aclrtSynchronizeStream(b));
    assert_eq!(download::<u8>(ptr, 64), [1; 64], "b's wait does not require a's work");
    while status(a) != ACL_STREAM_STATUS_COMPLETE {}
    assert_eq!(download::<u8>(ptr, 64), [2; 64]);
}
