//! Grouped calls: hcomm, `HcclGroupStart`, whose three examples these are.

use super::*;

fn is_open() -> bool {
    let mut open = false;
    hccl_ok!(HcclGroupStatusGet(&mut open));
    open
}

/// Example 1: one thread makes the communicators of all its devices. Without the group the first would wait for the second.
#[test]
fn one_thread_makes_all_communicators() {
    let leases = Lease::several(2);
    let (mut info, mut comms) = (HcclRootInfo { internal: [0; 4108] }, [null_mut(); 2]);
    hccl_ok!(HcclGetRootInfo(&mut info));
    hccl_ok!(HcclGroupStart());
    for (rank, comm) in comms.iter_mut().enumerate() {
        leases[rank].enter();
        hccl_ok!(HcclCommInitRootInfo(2, &info, rank as u32, comm));
        assert!(comm.is_null(), "made at the end");
    }
    hccl_ok!(HcclGroupEnd());
    hccl_ok!(HcclGroupStart());
    for (rank, comm) in comms.into_iter().enumerate() {
        let mut known = 9;
        hccl_ok!(HcclGetRankId(comm, &mut known));
        assert_eq!(known as usize, rank);
        hccl_ok!(HcclCommDestroy(comm));
    }
    hccl_ok!(HcclGroupEnd());
    // A rank that cannot join: the others wait for nobody.
    hccl_ok!(HcclGetRootInfo(&mut info));
    hccl_ok!(HcclGroupStart());
    for comm in &mut comms {
        hccl_ok!(HcclCommInitRootInfo(1, &info, 0, comm));
    }
    let code = hccl!(HcclGroupEnd());
    assert!(code == 1 && recent().contains("used already"), "{code}");
}

/// Example 2: collectives in their order.
#[test]
fn collectives_are_issued_at_the_end() {
    ranks(2, 60, |r| {
        let (x, part, all) = (upload(&[1i32 << r.rank; 4]), upload(&[0i32; 2]), upload(&[0i32; 4]));
        hccl_ok!(HcclGroupStart());
        hccl_ok!(HcclGroupStart());
        hccl_ok!(HcclReduceScatter(x, part, 2, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, r.comm, r.stream));
        hccl_ok!(HcclGroupEnd());
        assert!(is_open());
        r.sync();
        assert_eq!(download::<i32>(part, 2), [0; 2], "not issued");
        hccl_ok!(HcclAllGather(part, all, 2, HCCL_DATA_TYPE_INT32, r.comm, r.stream));
        hccl_refused!(1, "cannot be mixed", HcclSend(x, 1, HCCL_DATA_TYPE_INT32, 1 - r.rank as u32, r.comm, r.stream));
        hccl_ok!(HcclGroupEnd());
        assert!(!is_open());
        r.sync();
        assert_eq!(download::<i32>(all, 4), [3; 4]);
        hccl_refused!(1, "HcclGroupStart comes first", HcclGroupEnd());
        hccl_refused!(2, "isGroupEnabled is null", HcclGroupStatusGet(null_mut()));
    });
}

/// Example 3: everybody sends to everybody, also to itself, and twice.
pub(super) fn all_to_all_of(r: &Rank) {
    let n = r.size;
    let to: Vec<_> = (0..2 * n).map(|i| upload(&[(100 * r.rank + i) as i32; 3])).collect();
    let from: Vec<_> = (0..2 * n).map(|_| upload(&[0i32; 3])).collect();
    hccl_ok!(HcclGroupStart());
    for (i, buffer) in to.iter().enumerate() {
        hccl_ok!(HcclSend(*buffer, 3, HCCL_DATA_TYPE_INT32, (i % n) as u32, r.comm, r.stream));
    }
    for (i, buffer) in from.iter().enumerate() {
        hccl_ok!(HcclRecv(*buffer, 3, HCCL_DATA_TYPE_INT32, (i % n) as u32, r.comm, r.stream));
    }
    hccl_ok!(HcclGroupEnd());
    r.sync();
    for (i, buffer) in from.iter().enumerate() {
        let (peer, second) = (i % n, i / n);
        assert_eq!(download::<i32>(*buffer, 3), [(100 * peer + second * n + r.rank) as i32; 3]);
    }
}

#[test]
fn messages_do_not_hold_one_another_up() {
    for n in [1, 2, 3] {
        ranks(n, 60, all_to_all_of);
    }
    ranks(1, 60, |r| {
        let x = upload(&[1i32; 3]);
        hccl_ok!(HcclGroupStart());
        let mut item =
            HcclSendRecvItem { sendRecvType: HCCL_SEND, buf: x, count: 1, dataType: HCCL_DATA_TYPE_INT32, remoteRank: 0 };
        hccl_refused!(5, "HcclBatchSendRecv", HcclBatchSendRecv(&mut item, 1, r.comm, r.stream));
        hccl_ok!(HcclSend(x, 3, HCCL_DATA_TYPE_INT32, 0, r.comm, r.stream));
        hccl_refused!(1, "no counterpart", HcclGroupEnd());
    });
}
