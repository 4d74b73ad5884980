//! Sends, receives, batches of them, barriers, and the order of streams.

use super::*;

fn one(r: &Rank, value: i32) -> *mut c_void {
    upload(&[value + r.rank as i32; 3])
}

/// hccl, `HcclSend`: matched pairwise, in order, with the receiver's calls.
#[test]
fn sends_meet_receives_in_their_order() {
    ranks(2, 60, |r| {
        let buffers = [one(r, 10), one(r, 20)];
        for buffer in buffers {
            if r.rank == 0 {
                hccl_ok!(HcclSend(buffer, 3, HCCL_DATA_TYPE_INT32, 1, r.comm, r.stream));
            } else {
                hccl_ok!(HcclRecv(buffer, 3, HCCL_DATA_TYPE_INT32, 0, r.comm, r.stream));
            }
        }
        r.sync();
        assert_eq!(buffers.map(|buffer| download::<i32>(buffer, 3)), [[10; 3], [20; 3]]);
    });
}

/// hccl, `HcclSend`: it holds its stream until the receiver comes, and the call does not wait.
#[test]
fn a_send_holds_its_stream_but_not_the_host() {
    ranks(2, 60, |r| {
        let buffer = one(r, 5);
        if r.rank == 0 {
            hccl_ok!(HcclSend(buffer, 3, HCCL_DATA_TYPE_INT32, 1, r.comm, r.stream));
            ok!(acl.aclrtMemsetAsync(buffer, 12, 0, 12, r.stream));
            assert_eq!(call!(acl.aclrtSynchronizeStreamWithTimeout(r.stream, 20)), 507046, "nobody receives");
            r.all.wait();
        } else {
            r.all.wait();
            hccl_ok!(HcclRecv(buffer, 3, HCCL_DATA_TYPE_INT32, 0, r.comm, r.stream));
        }
        r.sync();
        assert_eq!(download::<i32>(buffer, 3), if r.rank == 0 { [0; 3] } else { [5; 3] });
    });
}

/// hccl, `HcclBatchSendRecv`: items do not hold one another up, so a ring goes round; an item may be to the rank itself.
fn check_ring() {
    for n in [2, 3, 5] {
        ranks(n, 60, |r| {
            let (next, last) = ((r.rank + 1) % n, (r.rank + n - 1) % n);
            let (to, from, own) = (one(r, 100), one(r, 0), one(r, 0));
            let item = |kind, buf, peer: usize| HcclSendRecvItem {
                sendRecvType: kind,
                buf,
                count: 3,
                dataType: HCCL_DATA_TYPE_INT32,
                remoteRank: peer as u32,
            };
            let mut items = [
                item(HCCL_SEND, to, next),
                item(HCCL_RECV, from, last),
                item(HCCL_RECV, own, r.rank),
                item(HCCL_SEND, to, r.rank),
            ];
            hccl_ok!(HcclBatchSendRecv(items.as_mut_ptr(), 4, r.comm, r.stream));
            r.sync();
            assert_eq!(download::<i32>(from, 3), [100 + last as i32; 3]);
            assert_eq!(download::<i32>(own, 3), [100 + r.rank as i32; 3]);
        });
    }
}

#[test]
fn a_ring_of_batches_goes_round() {
    check_ring();
}

#[test]
fn a_lazy_ring_goes_round() {
    if in_child("hccl::exchange::a_lazy_ring_goes_round", &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "9")]) {
        check_ring();
    }
}

/// hccl, `HcclBarrier`: an operation of the stream, not of the host.
#[test]
fn a_barrier_holds_streams_until_all_have_reached_it() {
    ranks(3, 60, |r| {
        if r.rank == 2 {
            r.all.wait();
        }
        hccl_ok!(HcclBarrier(r.comm, r.stream));
        if r.rank != 2 {
            assert_eq!(call!(acl.aclrtSynchronizeStreamWithTimeout(r.stream, 20)), 507046, "rank 2 is not there");
            r.all.wait();
        }
        r.sync();
    });
}

/// A collective runs in the order of its stream, after what is in front of it on every rank and before what is behind.
#[test]
fn collectives_keep_the_order_of_streams() {
    ranks(3, 60, |r| {
        let x = one(r, 0);
        let gate = Gate::close(r.stream);
        ok!(acl.aclrtMemsetAsync(x, 12, 1 + r.rank as i32, 12, r.stream));
        hccl_ok!(HcclAllReduce(x, x, 12, HCCL_DATA_TYPE_INT8, HCCL_REDUCE_SUM, r.comm, r.stream));
        let pinned = malloc_host(12);
        ok!(acl.aclrtMemcpyAsync(pinned, 12, x, 12, ACL_MEMCPY_DEVICE_TO_HOST, r.stream));
        ok!(acl.aclrtMemsetAsync(x, 12, 9, 12, r.stream));
        gate.open();
        r.sync();
        // SAFETY: 12 pinned bytes, and the copy to them has run.
        assert_eq!(unsafe { pinned.cast::<[u8; 12]>().read() }, [6; 12]);
        assert_eq!(download::<u8>(x, 12), [9; 12]);
        ok!(acl.aclrtFreeHost(pinned));
    });
}

/// Different communicators on different streams of the same ranks do not wait for one another.
#[test]
fn streams_of_two_communicators_are_independent() {
    ranks(2, 60, |r| {
        let (mut sub, mut comm, mut config) = (null_mut(), r.comm, config(60));
        hccl_ok!(HcclCreateSubCommConfig(&mut comm, 2, [0, 1].as_mut_ptr(), 1, r.rank as u32, &mut config, &mut sub));
        let (x, y, other) = (one(r, 1), one(r, 1), new_stream());
        // Crosswise: on one stream this would be a deadlock.
        let calls = [(x, r.comm, r.stream), (y, sub, other)];
        for i in if r.rank == 0 { [0, 1] } else { [1, 0] } {
            let (buffer, comm, stream) = calls[i];
            hccl_ok!(HcclAllReduce(buffer, buffer, 3, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, comm, stream));
        }
        ok!(acl.aclrtSynchronizeStream(other));
        r.sync();
        assert_eq!([x, y].map(|buffer| download::<i32>(buffer, 3)), [[3; 3]; 2]);
        hccl_ok!(HcclCommDestroy(sub));
    });
}
