//! What the collectives refuse of their own rank's arguments. hccl, `op_base`: null is `HCCL_E_PTR` (2), a wrong value
//! `HCCL_E_PARA` (1), a type that is not reduced `HCCL_E_NOT_SUPPORT` (5).

use super::*;

const F32: HcclDataType = HCCL_DATA_TYPE_FP32;
const SUM: HcclReduceOp = HCCL_REDUCE_SUM;

#[test]
fn handles_and_streams() {
    ranks(2, 60, |r| {
        let x = upload(&[1f32; 8]);
        hccl_refused!(2, "comm is null", HcclAllReduce(x, x, 1, F32, SUM, null_mut(), r.stream));
        hccl_refused!(1, "not a live communicator", HcclAllReduce(x, x, 1, F32, SUM, r.stream, r.stream));
        hccl_refused!(2, "stream is null", HcclAllReduce(x, x, 1, F32, SUM, r.comm, null_mut()));
        hccl_refused!(1, "not a live stream", HcclAllReduce(x, x, 1, F32, SUM, r.comm, r.comm));
        let mut context = null_mut();
        let mut own = null_mut();
        ok!(acl.aclrtGetCurrentContext(&mut own));
        ok!(acl.aclrtCreateContext(&mut context, r.device));
        hccl_refused!(1, "another context", HcclBarrier(r.comm, r.stream));
        ok!(acl.aclrtDestroyContext(context));
        hccl_refused!(15, "no current context", HcclBarrier(r.comm, r.stream));
        ok!(acl.aclrtSetCurrentContext(own));
        hccl_refused!(2, "rankSize is null", HcclGetRankSize(r.comm, null_mut()));
        hccl_refused!(2, "rank is null", HcclGetRankId(r.comm, null_mut()));
        hccl_refused!(2, "commName is null", HcclGetCommName(r.comm, null_mut()));
        hccl_refused!(2, "asyncError is null", HcclGetCommAsyncError(r.comm, null_mut()));
    });
    // A stream of the current context, of another device than the communicator's.
    let leases = Lease::several(2);
    let mut comm = null_mut();
    hccl_ok!(HcclCommInitAll(1, [leases[0].0].as_mut_ptr(), &mut comm));
    leases[1].enter();
    hccl_refused!(1, "stream is of device", HcclBarrier(comm, new_stream()));
    hccl_ok!(HcclCommDestroy(comm));
}

#[test]
fn buffers() {
    ranks(2, 60, |r| {
        let (x, y) = (upload(&[1f32; 8]), upload(&[1f32; 8]));
        let (s, c) = (r.stream, r.comm);
        // 32 bytes were asked for, and CANN adds 32.
        let odd = x.wrapping_byte_add(2);
        hccl_refused!(2, "sendBuf is null", HcclAllReduce(null_mut(), x, 1, F32, SUM, c, s));
        hccl_refused!(2, "recvBuf is null", HcclAllReduce(x, null_mut(), 1, F32, SUM, c, s));
        hccl_refused!(2, "buf is null", HcclBroadcast(null_mut(), 1, F32, 0, c, s));
        hccl_refused!(1, "not aligned to 4", HcclAllReduce(odd, odd, 1, F32, SUM, c, s));
        hccl_refused!(1, "leaves the allocation", HcclAllReduce(x, x, 17, F32, SUM, c, s));
        hccl_refused!(1, "any memory", HcclAllReduce(x, x, u64::MAX / 2, F32, SUM, c, s));
        hccl_refused!(1, "sendBuf (72 bytes", HcclReduceScatter(x, y, 9, F32, SUM, c, s));
        hccl_refused!(1, "recvBuf (72 bytes", HcclAllGather(x, y, 9, F32, c, s));
        let mut host = [1f32; 8];
        hccl_refused!(1, "memory of the host", HcclAllReduce(host.as_mut_ptr().cast(), x, 1, F32, SUM, c, s));
        // hccl: in place is for all-reduce and reduce (torch_npu does both); all-to-all forbids it, and no page allows it for the rest.
        let part = x.wrapping_byte_add(4);
        hccl_refused!(1, "overlap without being the same", HcclAllReduce(x, part, 2, F32, SUM, c, s));
        hccl_refused!(1, "overlap", HcclAllGather(x, x, 1, F32, c, s));
        hccl_refused!(1, "overlap", HcclReduceScatter(x, part, 1, F32, SUM, c, s));
        hccl_refused!(1, "overlap", HcclAlltoAll(x, 1, F32, x, 1, F32, c, s));
        free(y);
        hccl_refused!(1, "it was freed", HcclBroadcast(y, 1, F32, 0, c, s));
    });
}

/// A part of no bytes lies nowhere, also where its address is inside the other buffer.
#[test]
fn no_bytes_overlap_nothing() {
    ranks(2, 60, |r| {
        let x = upload(&[1f32; 8]);
        let inside = x.wrapping_byte_add(4);
        // The send buffer of other ranks than the root is not looked at.
        let send = if r.rank == 0 { upload(&[3f32; 4]) } else { inside };
        hccl_ok!(HcclScatter(send, x, 2, F32, 0, r.comm, r.stream));
        r.sync();
        assert_eq!(download::<f32>(x, 2), [3.0; 2]);
        // Rank 0 sends two elements to rank 1; neither buffer of the other direction has any.
        let (none, two) = ([0u64, 0], [[0u64, 2], [2, 0]][r.rank]);
        let (none, two) = (none.as_ptr().cast::<c_void>(), two.as_ptr().cast::<c_void>());
        let (sent, received) = if r.rank == 0 { (two, none) } else { (none, two) };
        let (from, to) = if r.rank == 0 { (x, inside) } else { (inside, x) };
        hccl_ok!(HcclAlltoAllV(from, sent, none, F32, to, received, none, F32, r.comm, r.stream));
        r.sync();
        assert_eq!(download::<f32>(x, 2), [3.0; 2]);
    });
}

#[test]
fn types_operations_and_ranks() {
    ranks(2, 60, |r| {
        let (x, y) = (upload(&[1f32; 8]), upload(&[1f32; 8]));
        let (s, c) = (r.stream, r.comm);
        hccl_refused!(1, "dataType is 99", HcclAllReduce(x, x, 1, HcclDataType(99), SUM, c, s));
        hccl_refused!(1, "op is 7", HcclAllReduce(x, x, 1, F32, HcclReduceOp(7), c, s));
        for dtype in [HCCL_DATA_TYPE_FP64, HCCL_DATA_TYPE_UINT8, HCCL_DATA_TYPE_UINT64, HCCL_DATA_TYPE_INT128] {
            hccl_refused!(5, "are reduced", HcclReduceScatter(x, y, 1, dtype, SUM, c, s));
        }
        for dtype in [HCCL_DATA_TYPE_INT16, HCCL_DATA_TYPE_BFP16] {
            hccl_refused!(5, "HCCL_REDUCE_PROD", HcclReduce(x, y, 1, dtype, HCCL_REDUCE_PROD, 0, c, s));
        }
        hccl_refused!(1, "root is 2", HcclBroadcast(x, 1, F32, 2, c, s));
        hccl_refused!(1, "root is 2", HcclReduce(x, y, 1, F32, SUM, 2, c, s));
        hccl_refused!(1, "root is 9", HcclScatter(x, y, 1, F32, 9, c, s));
        hccl_refused!(1, "destRank is 2", HcclSend(x, 1, F32, 2, c, s));
        hccl_refused!(1, "which is this rank", HcclSend(x, 1, F32, r.rank as u32, c, s));
        hccl_refused!(1, "which is this rank", HcclRecv(x, 1, F32, r.rank as u32, c, s));
        hccl_refused!(1, "recvCount 2", HcclAlltoAll(x, 1, F32, y, 2, F32, c, s));
        hccl_refused!(1, "recvType", HcclAlltoAll(x, 1, F32, y, 1, HCCL_DATA_TYPE_INT32, c, s));
    });
}

#[test]
fn parts_of_all_to_all_v() {
    ranks(2, 60, |r| {
        let (x, y) = (upload(&[1f32; 8]), upload(&[1f32; 8]));
        let (s, c) = (r.stream, r.comm);
        let array = |array: &[u64; 2]| array.as_ptr().cast::<c_void>();
        let (zero, one, big) = ([0, 0], [1, 1], [u64::MAX, 1]);
        let (zero, one, big) = (array(&zero), array(&one), array(&big));
        hccl_refused!(2, "sendCounts is null", HcclAlltoAllV(x, std::ptr::null(), zero, F32, y, one, zero, F32, c, s));
        hccl_refused!(2, "rdispls is null", HcclAlltoAllV(x, one, zero, F32, y, one, std::ptr::null(), F32, c, s));
        hccl_refused!(1, "recvCounts", HcclAlltoAllV(x, one, zero, F32, y, one, zero, F32, c, s));
        hccl_refused!(1, "sdispls[0]", HcclAlltoAllV(x, one, big, F32, y, zero, zero, F32, c, s));
        hccl_refused!(1, "overlap", HcclAlltoAllV(x, one, zero, F32, x, array(&[0, 1]), zero, F32, c, s));
        let far = [0, 16];
        hccl_refused!(1, "sendBuf (68 bytes", HcclAlltoAllV(x, one, array(&far), F32, y, zero, zero, F32, c, s));
        // Nothing to send or to receive: the buffers are not looked at.
        hccl_ok!(HcclAlltoAllV(null_mut(), zero, zero, F32, null_mut(), zero, big, F32, c, s));
        r.sync();
    });
}

/// hccl, `GetPairWiseList`: 1 to twice the ranks, none twice, and to the rank itself both.
#[test]
fn items_of_a_batch() {
    ranks(2, 60, |r| {
        let x = upload(&[1f32; 8]);
        let (s, c, other) = (r.stream, r.comm, 1 - r.rank as u32);
        let item = |kind, peer| HcclSendRecvItem { sendRecvType: kind, buf: x, count: 1, dataType: F32, remoteRank: peer };
        let (send, recv) = (item(HCCL_SEND, other), item(HCCL_RECV, other));
        hccl_refused!(2, "sendRecvInfo is null", HcclBatchSendRecv(null_mut(), 1, c, s));
        hccl_refused!(1, "itemNum is 0", HcclBatchSendRecv([send].as_mut_ptr(), 0, c, s));
        hccl_refused!(1, "itemNum is 5", HcclBatchSendRecv([send, recv, send, recv, send].as_mut_ptr(), 5, c, s));
        hccl_refused!(1, "a second HcclSend", HcclBatchSendRecv([send, recv, send].as_mut_ptr(), 3, c, s));
        hccl_refused!(1, "sendRecvType is 4", HcclBatchSendRecv([item(HcclSendRecvType(4), 0)].as_mut_ptr(), 1, c, s));
        hccl_refused!(1, "remoteRank is 6", HcclBatchSendRecv([item(HCCL_RECV, 6)].as_mut_ptr(), 1, c, s));
        hccl_refused!(1, "no counterpart", HcclBatchSendRecv([send, item(HCCL_SEND, r.rank as u32)].as_mut_ptr(), 2, c, s));
    });
}

#[test]
fn making_a_communicator() {
    let lease = Lease::new();
    let (mut info, mut comm, mut config) = (HcclRootInfo { internal: [0; 4108] }, null_mut(), config(60));
    hccl_refused!(2, "rootInfo is null", HcclGetRootInfo(null_mut()));
    hccl_refused!(1, "HcclGetRootInfo", HcclCommInitRootInfo(1, &info, 0, &mut comm));
    hccl_ok!(HcclGetRootInfo(&mut info));
    hccl_refused!(2, "rootInfo is null", HcclCommInitRootInfo(1, std::ptr::null(), 0, &mut comm));
    hccl_refused!(2, "comm is null", HcclCommInitRootInfo(1, &info, 0, null_mut()));
    hccl_refused!(1, "nRanks is 0", HcclCommInitRootInfo(0, &info, 0, &mut comm));
    hccl_refused!(1, "rank is 2, of nRanks 2", HcclCommInitRootInfo(2, &info, 2, &mut comm));
    hccl_refused!(2, "config is null", HcclCommInitRootInfoConfig(1, &info, 0, std::ptr::null(), &mut comm));
    config.magicWord = 4;
    hccl_refused!(1, "magicWord is 0x4", HcclCommInitRootInfoConfig(1, &info, 0, &config, &mut comm));
    drop(lease);
    hccl_refused!(15, "no current context", HcclGetRootInfo(&mut info));
}
