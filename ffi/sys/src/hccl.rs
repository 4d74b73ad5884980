//! Collectives, `libhccl.so` (communicator management in `libhcomm.so` from 8.5): `hccl/hccl.h`, `hccl/hccl_comm.h`.
//!
//! All optional: a program on one device needs none of them, and an installation for inference may lack the library.

use crate::types::*;
use std::ffi::{c_char, c_void};

/// The symbols of the collective library. Calls `$emit! { Hccl, Lib::Hccl; rows }`.
#[macro_export]
macro_rules! hccl_symbols {
    ($emit:ident) => { $emit! { Hccl, $crate::Lib::Hccl;
        // ---- communicators
        /// On rank 0: what the other ranks need to find it. The program brings it to them.
        [optional "8.1"] fn HcclGetRootInfo(root_info: *mut HcclRootInfo) -> HcclResult;
        /// Joins the communicator of `root_info`; blocks until all ranks have.
        [optional "8.1"] fn HcclCommInitRootInfo(n_ranks: u32, root_info: *const HcclRootInfo, rank: u32, comm: *mut HcclComm) -> HcclResult;
        /// The same with a configuration.
        [optional "8.1"] fn HcclCommInitRootInfoConfig(n_ranks: u32, root_info: *const HcclRootInfo, rank: u32, config: *const HcclCommConfig, comm: *mut HcclComm) -> HcclResult;
        /// Communicators of several devices of this process, in the order of `devices`.
        [optional "8.1"] fn HcclCommInitAll(ndev: u32, devices: *mut i32, comms: *mut HcclComm) -> HcclResult;
        /// A communicator of some ranks of a global one. Ranks outside pass null and `0xFFFFFFFF`.
        [optional "8.1"] fn HcclCreateSubCommConfig(comm: *mut HcclComm, rank_num: u32, rank_ids: *mut u32, sub_comm_id: u64, sub_comm_rank_id: u32, config: *mut HcclCommConfig, sub_comm: *mut HcclComm) -> HcclResult;
        /// Ends a communicator. Every rank calls it, after its streams are idle.
        [optional "8.1"] fn HcclCommDestroy(comm: HcclComm) -> HcclResult;
        /// The number of ranks.
        [optional "8.1"] fn HcclGetRankSize(comm: HcclComm, rank_size: *mut u32) -> HcclResult;
        /// This rank.
        [optional "8.1"] fn HcclGetRankId(comm: HcclComm, rank: *mut u32) -> HcclResult;
        /// The name, at most 127 characters and a NUL.
        [optional "8.1"] fn HcclGetCommName(comm: HcclComm, comm_name: *mut c_char) -> HcclResult;
        /// What went wrong with the communicator since, without blocking.
        [optional "8.1"] fn HcclGetCommAsyncError(comm: HcclComm, async_error: *mut HcclResult) -> HcclResult;
        /// A code in words. Owned by the library.
        [optional "8.1"] fn HcclGetErrorString(code: HcclResult) -> *const c_char;
        /// How many of [`HcclCommConfigCapability`]'s values this library knows.
        [optional "8.1"] fn HcclGetCommConfigCapability() -> u32;
        /// Sets an option of the process.
        [optional "8.1"] fn HcclSetConfig(config: HcclConfig, value: HcclConfigValue) -> HcclResult;
        /// Reads an option of the process.
        [optional "8.1"] fn HcclGetConfig(config: HcclConfig, value: *mut HcclConfigValue) -> HcclResult;
        // ---- collectives: each enqueues on `stream`; counts are elements
        /// The reduction of all ranks' buffers, on every rank. May be in place.
        [optional "8.1"] fn HcclAllReduce(send_buf: *mut c_void, recv_buf: *mut c_void, count: u64, data_type: HcclDataType, op: HcclReduceOp, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The root's buffer, on every rank.
        [optional "8.1"] fn HcclBroadcast(buf: *mut c_void, count: u64, data_type: HcclDataType, root: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Part `rank` of the reduction of all ranks' buffers; the send buffer has `rank_size * recv_count` elements.
        [optional "8.1"] fn HcclReduceScatter(send_buf: *mut c_void, recv_buf: *mut c_void, recv_count: u64, data_type: HcclDataType, op: HcclReduceOp, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Part `rank` of the root's buffer. The send buffer may be null on other ranks.
        [optional "8.1"] fn HcclScatter(send_buf: *mut c_void, recv_buf: *mut c_void, recv_count: u64, data_type: HcclDataType, root: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// All ranks' buffers end to end; the receive buffer has `rank_size * send_count` elements.
        [optional "8.1"] fn HcclAllGather(send_buf: *mut c_void, recv_buf: *mut c_void, send_count: u64, data_type: HcclDataType, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The reduction of all ranks' buffers, on the root.
        [optional "8.1"] fn HcclReduce(send_buf: *mut c_void, recv_buf: *mut c_void, count: u64, data_type: HcclDataType, op: HcclReduceOp, root: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Part `j` goes to rank `j`. Counts are per peer and equal; the buffers must differ.
        [optional "8.1"] fn HcclAlltoAll(send_buf: *const c_void, send_count: u64, send_type: HcclDataType, recv_buf: *const c_void, recv_count: u64, recv_type: HcclDataType, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The same with counts and displacements of each peer: host arrays of `uint64_t`, in elements, read before it returns.
        [optional "8.1"] fn HcclAlltoAllV(send_buf: *const c_void, send_counts: *const c_void, sdispls: *const c_void, send_type: HcclDataType, recv_buf: *const c_void, recv_counts: *const c_void, rdispls: *const c_void, recv_type: HcclDataType, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Nothing behind it runs on any rank before all ranks have reached it. Does not block the host.
        [optional "8.1"] fn HcclBarrier(comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Sends to one rank, which must receive. Holds the stream until it does.
        [optional "8.1"] fn HcclSend(send_buf: *mut c_void, count: u64, data_type: HcclDataType, dest_rank: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Receives from one rank.
        [optional "8.1"] fn HcclRecv(recv_buf: *mut c_void, count: u64, data_type: HcclDataType, src_rank: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Sends and receives that do not hold one another up.
        [optional "8.1"] fn HcclBatchSendRecv(send_recv_info: *mut HcclSendRecvItem, item_num: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
    } };
}
hccl_symbols!(function_table);
