//! The collectives: each checks what its own rank gives, then goes to the group.
//!
//! A count of 0 is a collective that moves nothing: buffers are not looked at, the ranks still meet, and their calls must still
//! agree. The documents say nothing of it; the open source HCCL returns success without a word to the other ranks.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::call::{Call, What};
use super::checks::{apart, buffer, bytes, dtype, not_null, rank, reduction, stream_of};
use super::comm::{Comm, resolve};
use super::merged::{self, issue};
use crate::reject::{Outcome, check, reject};

/// A call without parts.
pub(super) fn plain(what: What, count: u64, dtype: HcclDataType, send: *const c_void, recv: *const c_void) -> Call {
    Call { what, count, dtype, send: send as usize, recv: recv as usize, parts: Vec::new(), member: None, memory: Vec::new() }
}

/// Checks two buffers of `sent` and `received` times `count` elements.
#[expect(clippy::too_many_arguments, reason = "two buffers, and how they are counted")]
fn two_buffers(
    comm: &Comm,
    send: *const c_void,
    sent: usize,
    recv: *const c_void,
    received: usize,
    count: u64,
    ty: HcclDataType,
    in_place: bool,
) -> Outcome {
    let from = buffer("sendBuf", send, bytes("count", count, sent, ty)?, ty, comm)?;
    let to = buffer("recvBuf", recv, bytes("count", count, received, ty)?, ty, comm)?;
    apart(&from, &to, in_place)
}

pub(crate) fn HcclAllReduce(
    send_buf: *mut c_void,
    recv_buf: *mut c_void,
    count: u64,
    data_type: HcclDataType,
    op: HcclReduceOp,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    reduction(data_type, op)?;
    two_buffers(&comm, send_buf, 1, recv_buf, 1, count, data_type, true)?;
    let stream = stream_of(&comm, stream)?;
    issue(&comm, plain(What::AllReduce(op), count, data_type, send_buf, recv_buf), &stream)
}

pub(crate) fn HcclBroadcast(
    buf: *mut c_void,
    count: u64,
    data_type: HcclDataType,
    root: u32,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    dtype(data_type)?;
    rank("root", root, &comm)?;
    buffer("buf", buf, bytes("count", count, 1, data_type)?, data_type, &comm)?;
    let stream = stream_of(&comm, stream)?;
    issue(&comm, plain(What::Broadcast { root }, count, data_type, buf, buf), &stream)
}

pub(crate) fn HcclReduceScatter(
    send_buf: *mut c_void,
    recv_buf: *mut c_void,
    recv_count: u64,
    data_type: HcclDataType,
    op: HcclReduceOp,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    reduction(data_type, op)?;
    two_buffers(&comm, send_buf, comm.group.size(), recv_buf, 1, recv_count, data_type, false)?;
    let stream = stream_of(&comm, stream)?;
    issue(&comm, plain(What::ReduceScatter(op), recv_count, data_type, send_buf, recv_buf), &stream)
}

/// The send buffer of other ranks than the root is not looked at.
pub(crate) fn HcclScatter(
    send_buf: *mut c_void,
    recv_buf: *mut c_void,
    recv_count: u64,
    data_type: HcclDataType,
    root: u32,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    dtype(data_type)?;
    rank("root", root, &comm)?;
    let sent = if comm.rank == root as usize { comm.group.size() } else { 0 };
    two_buffers(&comm, send_buf, sent, recv_buf, 1, recv_count, data_type, false)?;
    let stream = stream_of(&comm, stream)?;
    issue(&comm, plain(What::Scatter { root }, recv_count, data_type, send_buf, recv_buf), &stream)
}

pub(crate) fn HcclAllGather(
    send_buf: *mut c_void,
    recv_buf: *mut c_void,
    send_count: u64,
    data_type: HcclDataType,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    dtype(data_type)?;
    two_buffers(&comm, send_buf, 1, recv_buf, comm.group.size(), send_count, data_type, false)?;
    let stream = stream_of(&comm, stream)?;
    issue(&comm, plain(What::AllGather, send_count, data_type, send_buf, recv_buf), &stream)
}

/// The receive buffer is written on the root; HCCL wants it everywhere.
#[expect(clippy::too_many_arguments, reason = "the signature of C")]
pub(crate) fn HcclReduce(
    send_buf: *mut c_void,
    recv_buf: *mut c_void,
    count: u64,
    data_type: HcclDataType,
    op: HcclReduceOp,
    root: u32,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    reduction(data_type, op)?;
    rank("root", root, &comm)?;
    two_buffers(&comm, send_buf, 1, recv_buf, 1, count, data_type, true)?;
    let stream = stream_of(&comm, stream)?;
    issue(&comm, plain(What::Reduce { op, root }, count, data_type, send_buf, recv_buf), &stream)
}

#[expect(clippy::too_many_arguments, reason = "the signature of C")]
pub(crate) fn HcclAlltoAll(
    send_buf: *const c_void,
    send_count: u64,
    send_type: HcclDataType,
    recv_buf: *const c_void,
    recv_count: u64,
    recv_type: HcclDataType,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    dtype(send_type)?;
    same_type(send_type, recv_type)?;
    check!(
        send_count == recv_count,
        HCCL_E_PARA,
        "sendCount is {send_count}, recvCount {recv_count}: both count one peer's elements"
    );
    let ranks = comm.group.size();
    two_buffers(&comm, send_buf, ranks, recv_buf, ranks, send_count, send_type, false)?;
    let stream = stream_of(&comm, stream)?;
    issue(&comm, plain(What::AlltoAll, send_count, send_type, send_buf, recv_buf), &stream)
}

pub(super) fn same_type(send: HcclDataType, recv: HcclDataType) -> Outcome {
    check!(send == recv, HCCL_E_PARA, "sendType is {}, recvType {}: they must be the same", send.0, recv.0);
    Ok(())
}

pub(crate) fn HcclBarrier(comm: HcclComm, stream: aclrtStream) -> Outcome {
    let comm = resolve(comm)?;
    let stream = stream_of(&comm, stream)?;
    let call = plain(What::Barrier, 0, HCCL_DATA_TYPE_INT8, std::ptr::null(), std::ptr::null());
    issue(&comm, call, &stream)
}

pub(crate) fn HcclSend(
    send_buf: *mut c_void,
    count: u64,
    data_type: HcclDataType,
    dest_rank: u32,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    message(What::Send { to: dest_rank }, send_buf, count, data_type, ["sendBuf", "destRank"], comm, stream)
}

pub(crate) fn HcclRecv(
    recv_buf: *mut c_void,
    count: u64,
    data_type: HcclDataType,
    src_rank: u32,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    message(What::Recv { from: src_rank }, recv_buf, count, data_type, ["recvBuf", "srcRank"], comm, stream)
}

/// A send or a receive alone, which is never with this rank itself: its stream would wait for what stands behind.
fn message(
    what: What,
    buf: *const c_void,
    count: u64,
    data_type: HcclDataType,
    params: [&str; 2],
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    let call = one_way(&comm, what, buf, count, data_type, params)?;
    let itself = [What::Send { to: comm.rank as u32 }, What::Recv { from: comm.rank as u32 }].contains(&what);
    check!(
        !itself || merged::is_open(),
        HCCL_E_PARA,
        "{} is {}, which is this rank: it would wait for itself",
        params[1],
        comm.rank
    );
    let stream = stream_of(&comm, stream)?;
    issue(&comm, call, &stream)
}

/// A send or a receive, checked; `params` are the names of buffer and peer.
fn one_way(comm: &Comm, what: What, buf: *const c_void, count: u64, ty: HcclDataType, params: [&str; 2]) -> Outcome<Call> {
    dtype(ty)?;
    let (What::Send { to: peer } | What::Recv { from: peer }) = what else {
        reject!(HCCL_E_INTERNAL, "{} is not between two ranks", what.name())
    };
    rank(params[1], peer, comm)?;
    buffer(params[0], buf, bytes("count", count, 1, ty)?, ty, comm)?;
    Ok(plain(what, count, ty, buf, buf))
}

/// As in the open source HCCL: at most one item in each direction for each rank; what goes to this rank itself needs both.
pub(crate) fn HcclBatchSendRecv(items: *mut HcclSendRecvItem, item_num: u32, comm: HcclComm, stream: aclrtStream) -> Outcome {
    let comm = resolve(comm)?;
    check!(!merged::is_open(), HCCL_E_NOT_SUPPORT, "HcclBatchSendRecv is not taken between HcclGroupStart and HcclGroupEnd");
    not_null("sendRecvInfo", items)?;
    let most = 2 * comm.group.size();
    check!(
        (1..=most).contains(&(item_num as usize)),
        HCCL_E_PARA,
        "itemNum is {item_num}: 1 to {most} are taken, a send and a receive a rank"
    );
    let mut calls: Vec<Call> = Vec::with_capacity(item_num as usize);
    for i in 0..item_num as usize {
        // SAFETY: not null, and C's contract is `item_num` items.
        let item = unsafe { items.add(i).read_unaligned() };
        let what = match item.sendRecvType {
            HCCL_SEND => What::Send { to: item.remoteRank },
            HCCL_RECV => What::Recv { from: item.remoteRank },
            other => reject!(HCCL_E_PARA, "sendRecvInfo[{i}].sendRecvType is {}: HCCL_SEND or HCCL_RECV is taken", other.0),
        };
        let params = ["sendRecvInfo.buf", "sendRecvInfo.remoteRank"];
        let call = one_way(&comm, what, item.buf, item.count, item.dataType, params)?;
        check!(calls.iter().all(|other| other.what != what), HCCL_E_PARA, "sendRecvInfo[{i}] is a second {call}");
        calls.push(call);
    }
    check_own(comm.rank, &calls)?;
    let stream = stream_of(&comm, stream)?;
    comm.group.exchange(comm.rank, "HcclBatchSendRecv", calls, &stream)
}

/// What goes to the rank itself must have its counterpart in the same entry of the stream: it would wait for what stands behind.
pub(super) fn check_own(rank: usize, calls: &[Call]) -> Outcome {
    let own = |what| calls.iter().find(|call| call.what == what);
    let alone = match (own(What::Send { to: rank as u32 }), own(What::Recv { from: rank as u32 })) {
        (None, None) => None,
        (Some(send), Some(recv)) => send.disagrees(rank, recv, rank),
        (Some(one), None) | (None, Some(one)) => Some(format!("{one} to this rank itself has no counterpart")),
    };
    match alone {
        None => Ok(()),
        Some(why) => reject!(HCCL_E_PARA, "{why}"),
    }
}
