//! Suspending and resuming (hcomm, `HcclCommSuspend`, `HcclCommResume`), and communicators by their names.

use super::*;

#[test]
fn a_suspended_rank_takes_no_calls_until_it_is_resumed() {
    ranks(2, 60, |r| {
        let x = upload(&[1i32 << r.rank; 3]);
        let reduce = || hccl!(HcclAllReduce(x, x, 3, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, r.comm, r.stream));
        assert_eq!(reduce(), 0);
        r.sync();
        hccl_ok!(HcclCommSuspend(r.comm));
        hccl_ok!(HcclCommSuspend(r.comm));
        hccl_refused!(22, "HcclCommResume", HcclBarrier(r.comm, r.stream));
        assert_eq!(r.async_error(), 22);
        r.all.wait();
        hccl_ok!(HcclCommResume(r.comm));
        assert_eq!(r.async_error(), 0);
        assert_eq!(reduce(), 0);
        r.sync();
        assert_eq!(download::<i32>(x, 3), [6; 3]);
    });
    hccl_refused!(2, "comm is null", HcclCommSuspend(null_mut()));
    hccl_refused!(2, "comm is null", HcclCommResume(null_mut()));
}

/// Ranks that did not agree can start anew; whoever has not resumed takes no calls.
#[test]
fn resuming_puts_ranks_that_are_out_of_step_in_order() {
    ranks(2, 60, |r| {
        let x = upload(&[1f32; 5]);
        let reduce = |count| hccl!(HcclAllReduce(x, x, count, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, r.comm, r.stream));
        if r.rank == 0 {
            assert_eq!(reduce(5), 0);
            r.all.wait();
        } else {
            r.all.wait();
            assert_eq!(reduce(4), 1);
        }
        r.all.wait();
        assert_eq!(reduce(5), 21, "out of step");
        r.all.wait();
        if r.rank == 0 {
            hccl_ok!(HcclCommResume(r.comm));
            r.all.wait();
        } else {
            r.all.wait();
            hccl_refused!(22, "another rank has resumed", HcclBarrier(r.comm, r.stream));
            hccl_ok!(HcclCommResume(r.comm));
        }
        assert_eq!(r.async_error(), 0);
        let (fresh, y) = (new_stream(), upload(&[1f32; 5]));
        hccl_ok!(HcclAllReduce(y, y, 5, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, r.comm, fresh));
        ok!(acl.aclrtSynchronizeStream(fresh));
        assert_eq!(download::<f32>(y, 5), [2.0; 5]);
    });
}

/// What waits for a rank that resumes is void.
#[test]
fn what_was_called_before_a_resumption_fails() {
    ranks(2, 60, |r| {
        if r.rank == 0 {
            hccl_ok!(HcclBarrier(r.comm, r.stream));
            r.all.wait();
            let (code, text) = r.failure();
            assert!(code == 507057 && text.contains("rank 1 has resumed"), "{code} {text}");
        } else {
            r.all.wait();
            hccl_ok!(HcclCommResume(r.comm));
        }
    });
}

#[test]
fn a_communicator_is_found_by_its_name() {
    ranks(2, 60, |r| {
        let (mut found, name) = (null_mut(), std::ffi::CString::new(r.name()).unwrap());
        hccl_ok!(HcclCommGetHandleWithName(name.as_ptr(), &mut found));
        assert_eq!(found, r.comm, "that of the current device");
        hccl_refused!(6, "\"nobody\"", HcclCommGetHandleWithName(c"nobody".as_ptr(), &mut found));
        hccl_refused!(2, "commName is null", HcclCommGetHandleWithName(std::ptr::null(), &mut found));
        hccl_refused!(2, "comm is null", HcclCommGetHandleWithName(name.as_ptr(), null_mut()));
    });
}
