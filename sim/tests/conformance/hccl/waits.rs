//! Who else is concerned when ranks do not come: the streams that wait for the collective, the calls queued behind it, and a
//! rank that ends its context meanwhile.

use super::*;

fn all_reduce(r: &Rank, x: *mut c_void, stream: aclrtStream) -> i32 {
    hccl!(HcclAllReduce(x, x, 5, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, r.comm, stream))
}

/// The code and the text with which a stream's work failed.
fn failure_of(stream: aclrtStream) -> (i32, String) {
    recent();
    (call!(acl.aclrtSynchronizeStream(stream)), recent())
}

/// Not a rule of CANN's documents: there the stream that waits may go on with what the collective has not written, and only
/// `HcclGetCommAsyncError` tells. A simulator shows the mistake.
#[test]
fn a_stream_that_waits_for_a_failed_collective_fails() {
    ranks(2, 1, |r| {
        if r.rank == 0 {
            let x = upload(&[1f32; 5]);
            let [compute, further, early] = [(); 3].map(|()| new_stream());
            let [before, behind, onward] = [(); 3].map(|()| new_event(ACL_EVENT_SYNC));
            ok!(acl.aclrtRecordEvent(before, r.stream));
            ok!(acl.aclrtStreamWaitEvent(early, before));
            assert_eq!(all_reduce(r, x, r.stream), 0);
            ok!(acl.aclrtRecordEvent(behind, r.stream));
            ok!(acl.aclrtStreamWaitEvent(compute, behind));
            ok!(acl.aclrtMemsetAsync(x, 20, 0, 20, compute));
            ok!(acl.aclrtRecordEvent(onward, compute));
            ok!(acl.aclrtStreamWaitEvent(further, onward));
            for stream in [compute, further, r.stream] {
                let (code, text) = failure_of(stream);
                assert_eq!(code, 507048, "{text}");
                assert!(text.contains("remote rank [1] timed out"), "{text}");
            }
            ok!(acl.aclrtSynchronizeStream(early));
            assert_eq!(download::<f32>(x, 5), [0.0; 5], "what is behind the wait has run, as behind any failure");
            // A new record of the event, on a sound stream, is sound.
            ok!(acl.aclrtRecordEvent(behind, early));
            let fresh = new_stream();
            ok!(acl.aclrtStreamWaitEvent(fresh, behind));
            ok!(acl.aclrtSynchronizeStream(fresh));
        }
        r.all.wait();
    });
}

/// Ranks 0 and 1 queue `CALLS` collectives and some sends, at all of which rank 2 is missing: it has not called them, or its
/// stream is held up before the first.
fn check_queued_calls(held_up: bool) {
    const CALLS: usize = 10;
    const LIMIT: Duration = Duration::from_secs(4);
    ranks(3, LIMIT.as_secs() as i32, |r| {
        let (x, start) = (upload(&[1f32; 5]), Instant::now());
        let queue = || (0..CALLS).for_each(|_| assert_eq!(all_reduce(r, x, r.stream), 0));
        let gate = (r.rank == 2 && held_up).then(|| Gate::close(r.stream));
        if r.rank != 2 || held_up {
            queue();
        }
        r.all.wait();
        if r.rank != 2 {
            let sends = new_stream();
            if r.rank == 0 {
                (0..CALLS).for_each(|_| hccl_ok!(HcclSend(x, 5, HCCL_DATA_TYPE_FP32, 2, r.comm, sends)));
            }
            assert_eq!(failure_of(r.stream).0, 507048);
            if r.rank == 0 {
                assert_eq!(failure_of(sends).0, 507048);
            }
            // One after the other they would take ten times as long.
            let waited = start.elapsed();
            assert!(waited + Duration::from_millis(10) > LIMIT && waited < 5 * LIMIT, "{waited:?}");
            // Nor is it waited for in what is called now.
            let (later, start) = (new_stream(), Instant::now());
            assert_eq!(all_reduce(r, x, later), 0);
            let (code, text) = failure_of(later);
            assert_eq!(code, 507048, "{text}");
            assert!(text.contains("remote rank [2] timed out"), "the absent rank is named, not who is as late: {text}");
            let waited = start.elapsed();
            assert!(waited < LIMIT, "{waited:?}");
        }
        r.all.wait();
        if r.rank == 2 {
            match gate {
                Some(gate) => gate.open(),
                None => queue(),
            }
            assert_eq!(all_reduce(r, x, r.stream), 0);
            assert_eq!(failure_of(r.stream).0, 507048, "too late is too late");
        }
        r.all.wait();
        // Rank 2 is back. What comes now is waited for.
        if r.rank == 2 {
            std::thread::sleep(Duration::from_millis(100));
        }
        let (fresh, y) = (new_stream(), upload(&[1f32; 5]));
        assert_eq!(all_reduce(r, y, fresh), 0);
        ok!(acl.aclrtSynchronizeStream(fresh));
        assert_eq!(download::<f32>(y, 5), [3.0; 5]);
    });
}

#[test]
fn all_that_is_queued_fails_within_one_time_out() {
    check_queued_calls(false);
}

#[test]
fn what_waits_for_a_stream_that_is_held_up_fails_within_one_time_out() {
    check_queued_calls(true);
}

#[test]
fn what_is_queued_fails_within_one_time_out_lazily_too() {
    let name = "hccl::waits::what_is_queued_fails_within_one_time_out_lazily_too";
    if in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "4")]) {
        check_queued_calls(false);
    }
}

/// acl_rt.h: the end of a context waits for its work. Not for calls of other ranks that may never come.
#[test]
fn a_context_ends_although_peers_are_late() {
    type End = fn(&Rank, *mut c_void);
    let cases: [End; 3] = [
        |r, x| {
            assert_eq!(all_reduce(r, x, r.stream), 0);
            while call!(acl.aclrtResetDevice(r.device)) == 0 {}
        },
        // Without the communicator.
        |r, x| {
            assert_eq!(all_reduce(r, x, r.stream), 0);
            hccl_ok!(HcclCommDestroy(r.comm));
            while call!(acl.aclrtResetDevice(r.device)) == 0 {}
        },
        // Of another context than the communicator was made in.
        |r, x| {
            let (mut own, mut other) = (null_mut(), null_mut());
            ok!(acl.aclrtGetCurrentContext(&mut own));
            ok!(acl.aclrtCreateContext(&mut other, r.device));
            assert_eq!(all_reduce(r, x, new_stream()), 0);
            ok!(acl.aclrtDestroyContext(other));
            ok!(acl.aclrtSetCurrentContext(own));
        },
    ];
    for end in cases {
        ranks(2, 60, |r| {
            let x = upload(&[1f32; 5]);
            if r.rank == 0 {
                let start = Instant::now();
                end(r, x);
                let waited = start.elapsed();
                assert!(waited < Duration::from_secs(10), "{waited:?}");
                r.all.wait();
            } else {
                r.all.wait();
                assert_eq!(all_reduce(r, x, r.stream), 0);
                let (code, text) = failure_of(r.stream);
                assert_eq!(code, 507057, "{text}");
                assert!(text.contains("remote rank [0] gave up HcclAllReduce") && text.contains("context ended"), "{text}");
            }
        });
    }
}
