//! The collectives whose parts differ in length: `HcclAlltoAllV`, `HcclAlltoAllVC`, `HcclAllGatherV`, `HcclReduceScatterV`.
//!
//! Counts and displacements are host arrays of `uint64_t`, in elements, read before the call returns. All four come to the same:
//! what this rank sends to each rank, and what it receives from each.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::call::{Call, Part, What};
use super::calls::{plain, same_type};
use super::checks::{apart, buffer, bytes, dtype, not_null, reduction, stream_of};
use super::comm::{Comm, resolve};
use super::merged::issue;
use crate::reject::{Outcome, check, reject};
use crate::settings::settings;

/// The parts of a buffer, one a rank, and where the last of them ends.
struct Parts {
    parts: Vec<Part>,
    end: u64,
}

impl Parts {
    /// Of two host arrays, with their names.
    fn read(params: [&str; 2], counts: *const c_void, displs: *const c_void, comm: &Comm) -> Outcome<Parts> {
        not_null(params[0], counts)?;
        not_null(params[1], displs)?;
        let parts = (0..comm.group.size()).map(|i| Part { count: at(counts, i), at: at(displs, i) }).collect();
        Parts::new(params, parts)
    }

    /// End to end.
    fn packed(param: &str, counts: impl Iterator<Item = u64>) -> Outcome<Parts> {
        let mut start = 0u64;
        let part = |count: u64| {
            let part = Part { count, at: start };
            start = start.saturating_add(count);
            part
        };
        Parts::new([param, "the sum before it"], counts.map(part).collect())
    }

    /// The whole buffer, the same for each rank.
    fn whole(count: u64, comm: &Comm) -> Parts {
        Parts { parts: vec![Part { count, at: 0 }; comm.group.size()], end: count }
    }

    fn new(params: [&str; 2], parts: Vec<Part>) -> Outcome<Parts> {
        let mut end = 0;
        for (i, part) in parts.iter().enumerate().filter(|(_, part)| part.count > 0) {
            match part.at.checked_add(part.count) {
                Some(last) => end = end.max(last),
                None => reject!(
                    HCCL_E_PARA,
                    "{}[{i}] is {} and {}[{i}] {}: more than any memory holds",
                    params[0],
                    part.count,
                    params[1],
                    part.at
                ),
            }
        }
        Ok(Parts { parts, end })
    }

    /// What is written must not overlap.
    fn disjoint(&self, params: [&str; 2]) -> Outcome {
        let mut order: Vec<&Part> = self.parts.iter().filter(|part| part.count > 0).collect();
        order.sort_by_key(|part| part.at);
        for pair in order.windows(2) {
            check!(
                pair[0].at + pair[0].count <= pair[1].at,
                HCCL_E_PARA,
                "{} and {}: what is received at {} and at {} overlaps",
                params[1],
                params[0],
                pair[0].at,
                pair[1].at
            );
        }
        Ok(())
    }
}

/// Element `i` of a host array of `uint64_t`.
fn at(array: *const c_void, i: usize) -> u64 {
    // SAFETY: callers have seen that it is not null, and C's contract is an array as long as the call says: `i` is below that.
    unsafe { array.cast::<u64>().add(i).read_unaligned() }
}

/// What all four come to once the parts are known. `params`: what counts the elements sent, and those received.
#[expect(clippy::too_many_arguments, reason = "two buffers and their parts")]
fn call(
    comm: &Comm,
    what: What,
    dtype: HcclDataType,
    params: [&str; 2],
    send: *const c_void,
    sent: Parts,
    recv: *const c_void,
    received: Parts,
    stream: aclrtStream,
) -> Outcome {
    let from = buffer("sendBuf", send, bytes(params[0], sent.end, 1, dtype)?, dtype, comm)?;
    let to = buffer("recvBuf", recv, bytes(params[1], received.end, 1, dtype)?, dtype, comm)?;
    apart(&from, &to, false)?;
    let stream = stream_of(comm, stream)?;
    let parts = sent.parts.into_iter().zip(received.parts).collect();
    issue(comm, Call { parts, ..plain(what, 0, dtype, send, recv) }, &stream)
}

#[expect(clippy::too_many_arguments, reason = "the signature of C")]
pub(crate) fn HcclAlltoAllV(
    send_buf: *const c_void,
    send_counts: *const c_void,
    sdispls: *const c_void,
    send_type: HcclDataType,
    recv_buf: *const c_void,
    recv_counts: *const c_void,
    rdispls: *const c_void,
    recv_type: HcclDataType,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    dtype(send_type)?;
    same_type(send_type, recv_type)?;
    let sent = Parts::read(["sendCounts", "sdispls"], send_counts, sdispls, &comm)?;
    let received = Parts::read(["recvCounts", "rdispls"], recv_counts, rdispls, &comm)?;
    received.disjoint(["recvCounts", "rdispls"])?;
    let params = ["sendCounts", "recvCounts"];
    call(&comm, What::AlltoAllV, send_type, params, send_buf, sent, recv_buf, received, stream)
}

pub(crate) fn HcclAlltoAllVC(
    send_buf: *const c_void,
    send_count_matrix: *const c_void,
    send_type: HcclDataType,
    recv_buf: *const c_void,
    recv_type: HcclDataType,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    dtype(send_type)?;
    same_type(send_type, recv_type)?;
    const MATRIX: &str = "sendCountMatrix";
    not_null(MATRIX, send_count_matrix)?;
    let ranks = comm.group.size();
    let sent = Parts::packed(MATRIX, (0..ranks).map(|to| at(send_count_matrix, comm.rank * ranks + to)))?;
    let received = Parts::packed(MATRIX, (0..ranks).map(|from| at(send_count_matrix, from * ranks + comm.rank)))?;
    call(&comm, What::AlltoAllVC, send_type, [MATRIX; 2], send_buf, sent, recv_buf, received, stream)
}

#[expect(clippy::too_many_arguments, reason = "the signature of C")]
pub(crate) fn HcclAllGatherV(
    send_buf: *mut c_void,
    send_count: u64,
    recv_buf: *mut c_void,
    recv_counts: *const c_void,
    recv_displs: *const c_void,
    data_type: HcclDataType,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    dtype(data_type)?;
    let received = Parts::read(["recvCounts", "recvDispls"], recv_counts, recv_displs, &comm)?;
    received.disjoint(["recvCounts", "recvDispls"])?;
    let own = received.parts[comm.rank].count;
    check!(
        send_count == own,
        HCCL_E_PARA,
        "sendCount is {send_count}, recvCounts[{}] is {own}: they must be the same",
        comm.rank
    );
    let sent = Parts::whole(send_count, &comm);
    let params = ["sendCount", "recvCounts"];
    call(&comm, What::AllGatherV, data_type, params, send_buf, sent, recv_buf, received, stream)
}

#[expect(clippy::too_many_arguments, reason = "the signature of C")]
pub(crate) fn HcclReduceScatterV(
    send_buf: *mut c_void,
    send_counts: *const c_void,
    send_displs: *const c_void,
    recv_buf: *mut c_void,
    recv_count: u64,
    data_type: HcclDataType,
    op: HcclReduceOp,
    comm: HcclComm,
    stream: aclrtStream,
) -> Outcome {
    let comm = resolve(comm)?;
    reduction(data_type, op)?;
    // hccl, `HcclReduceScatterV`: A2 and A3 have no products there, and A2 no 64-bit integers.
    check!(op != HCCL_REDUCE_PROD, HCCL_E_NOT_SUPPORT, "op is HCCL_REDUCE_PROD: HcclReduceScatterV takes sum, max and min");
    let a3 = settings().is_ok_and(|settings| settings.is_a3());
    check!(
        data_type != HCCL_DATA_TYPE_INT64 || a3,
        HCCL_E_NOT_SUPPORT,
        "dataType is HCCL_DATA_TYPE_INT64: HcclReduceScatterV takes it on A3 only"
    );
    let sent = Parts::read(["sendCounts", "sendDispls"], send_counts, send_displs, &comm)?;
    let own = sent.parts[comm.rank].count;
    check!(
        recv_count == own,
        HCCL_E_PARA,
        "recvCount is {recv_count}, sendCounts[{}] is {own}: they must be the same",
        comm.rank
    );
    let received = Parts::whole(recv_count, &comm);
    let params = ["sendCounts", "recvCount"];
    call(&comm, What::ReduceScatterV(op), data_type, params, send_buf, sent, recv_buf, received, stream)
}
