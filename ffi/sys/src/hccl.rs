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
        /// Joins the communicator that a rank table describes: the path of a JSON file, at most 4095 bytes. Blocks until all ranks have.
        [optional "8.1"] fn HcclCommInitClusterInfo(cluster_info: *const c_char, rank: u32, comm: *mut HcclComm) -> HcclResult;
        /// The same with a configuration.
        [optional "8.1"] fn HcclCommInitClusterInfoConfig(cluster_info: *const c_char, rank: u32, config: *mut HcclCommConfig, comm: *mut HcclComm) -> HcclResult;
        /// Ends a communicator. Every rank calls it, after its streams are idle.
        [optional "8.1"] fn HcclCommDestroy(comm: HcclComm) -> HcclResult;
        /// The number of ranks.
        [optional "8.1"] fn HcclGetRankSize(comm: HcclComm, rank_size: *mut u32) -> HcclResult;
        /// This rank.
        [optional "8.1"] fn HcclGetRankId(comm: HcclComm, rank: *mut u32) -> HcclResult;
        /// The name, at most 127 characters and a NUL.
        [optional "8.1"] fn HcclGetCommName(comm: HcclComm, comm_name: *mut c_char) -> HcclResult;
        /// The communicator of a name, in this process.
        [optional "9.0"] fn HcclCommGetHandleWithName(comm_name: *const c_char, comm: *mut HcclComm) -> HcclResult;
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
        /// A setting of a communicator. Ascend950 only.
        [optional "9.0"] fn HcclConfigGetInfo(comm: HcclComm, cfg_type: HcclConfigType, info_len: u32, info: *mut c_void) -> HcclResult;
        // ---- recovery
        /// After a fault of the device: the communicator takes no calls until it is resumed.
        [optional "8.1"] fn HcclCommSuspend(comm: HcclComm) -> HcclResult;
        /// Puts a suspended communicator in order. Every rank calls it, after its device's tasks were aborted.
        [optional "8.1"] fn HcclCommResume(comm: HcclComm) -> HcclResult;
        /// Whether a communicator takes calls, by its name. Ascend950 only.
        [optional "9.0"] fn HcclCommGetStatus(comm_id: *const c_char, status: *mut HcclCommStatus) -> HcclResult;
        /// Who is told of resumptions and ends of communicators. Ascend950 only.
        [optional "9.0"] fn HcclCommRegCommStateCallback(reg_name: *const c_char, cb: HcclCommStateCallback, args: *mut c_void) -> HcclResult;
        /// Which ranks use the network card of their other die. A3 only; collective.
        [optional "9.0"] fn HcclCommWorkingDevNicSet(comm: HcclComm, ranks: *mut u32, use_backup: *mut bool, n_ranks: u32) -> HcclResult;
        // ---- grouped calls
        /// What this thread calls until `HcclGroupEnd` is issued as a whole there: only communicators made and ended, only collectives, or
        /// only sends and receives. May be nested.
        [optional "9.0"] fn HcclGroupStart() -> HcclResult;
        /// Issues the calls since `HcclGroupStart`.
        [optional "9.0"] fn HcclGroupEnd() -> HcclResult;
        /// Whether a group is open.
        [optional "9.0"] fn HcclGroupStatusGet(is_group_enabled: *mut bool) -> HcclResult;
        // ---- memory that peers reach directly (A3 only)
        /// Makes a reserved address range known to all communicators of the process. `alignment` and `flags` are 0.
        [optional "8.1"] fn HcclCommSetMemoryRange(comm: HcclComm, base_vir_ptr: *mut c_void, size: usize, alignment: usize, flags: u64) -> HcclResult;
        /// Undoes `HcclCommSetMemoryRange`.
        [optional "8.1"] fn HcclCommUnsetMemoryRange(comm: HcclComm, base_vir_ptr: *mut c_void) -> HcclResult;
        /// Makes physical memory (`handle` is an `aclrtDrvMemHandle`) that is mapped in such a range reachable. `offset` and `flags` are 0.
        [optional "8.1"] fn HcclCommActivateCommMemory(comm: HcclComm, vir_ptr: *mut c_void, size: usize, offset: usize, handle: *mut c_void, flags: u64) -> HcclResult;
        /// Undoes `HcclCommActivateCommMemory`.
        [optional "8.1"] fn HcclCommDeactivateCommMemory(comm: HcclComm, vir_ptr: *mut c_void) -> HcclResult;
        /// Registers memory of all ranks as a symmetric window. `flag` is 1; collective.
        [optional "9.0"] fn HcclCommSymWinRegister(comm: HcclComm, addr: *mut c_void, size: u64, win_handle: *mut HcclCommSymWindow, flag: u32) -> HcclResult;
        /// Ends a window.
        [optional "9.0"] fn HcclCommSymWinDeregister(win_handle: HcclCommSymWindow) -> HcclResult;
        /// The window that an address is in, and where.
        [optional "9.0"] fn HcclCommSymWinGet(comm: HcclComm, ptr: *mut c_void, size: usize, win_handle: *mut HcclCommSymWindow, offset: *mut usize) -> HcclResult;
        /// Registers memory of this rank for zero-copy calls.
        [optional "9.0"] fn HcclCommRegister(comm: HcclComm, addr: *mut c_void, size: u64, handle: *mut *mut c_void, flag: u32) -> HcclResult;
        /// Undoes `HcclCommRegister`.
        [optional "9.0"] fn HcclCommDeregister(comm: HcclComm, handle: *mut c_void) -> HcclResult;
        /// Exchanges registered memory with peers.
        [optional "9.0"] fn HcclCommExchangeMem(comm: HcclComm, window_handle: *mut c_void, peer_ranks: *mut u32, peer_rank_num: u32) -> HcclResult;
        // ---- collectives: each enqueues on `stream`; counts are elements
        /// The reduction of all ranks' buffers, on every rank. May be in place.
        [optional "8.1"] fn HcclAllReduce(send_buf: *mut c_void, recv_buf: *mut c_void, count: u64, data_type: HcclDataType, op: HcclReduceOp, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The root's buffer, on every rank.
        [optional "8.1"] fn HcclBroadcast(buf: *mut c_void, count: u64, data_type: HcclDataType, root: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Part `rank` of the reduction of all ranks' buffers; the send buffer has `rank_size * recv_count` elements.
        [optional "8.1"] fn HcclReduceScatter(send_buf: *mut c_void, recv_buf: *mut c_void, recv_count: u64, data_type: HcclDataType, op: HcclReduceOp, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The same with counts and displacements of each rank's part: host arrays of `uint64_t`, in elements, the same on all ranks, read
        /// before it returns. `recv_count` is `send_counts[rank]`.
        [optional "8.1"] fn HcclReduceScatterV(send_buf: *mut c_void, send_counts: *const c_void, send_displs: *const c_void, recv_buf: *mut c_void, recv_count: u64, data_type: HcclDataType, op: HcclReduceOp, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Part `rank` of the root's buffer. The send buffer may be null on other ranks.
        [optional "8.1"] fn HcclScatter(send_buf: *mut c_void, recv_buf: *mut c_void, recv_count: u64, data_type: HcclDataType, root: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// All ranks' buffers end to end; the receive buffer has `rank_size * send_count` elements.
        [optional "8.1"] fn HcclAllGather(send_buf: *mut c_void, recv_buf: *mut c_void, send_count: u64, data_type: HcclDataType, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The same with counts and displacements of each rank's part, as above. `send_count` is `recv_counts[rank]`.
        [optional "8.1"] fn HcclAllGatherV(send_buf: *mut c_void, send_count: u64, recv_buf: *mut c_void, recv_counts: *const c_void, recv_displs: *const c_void, data_type: HcclDataType, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The reduction of all ranks' buffers, on the root.
        [optional "8.1"] fn HcclReduce(send_buf: *mut c_void, recv_buf: *mut c_void, count: u64, data_type: HcclDataType, op: HcclReduceOp, root: u32, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// Part `j` goes to rank `j`. Counts are per peer and equal; the buffers must differ.
        [optional "8.1"] fn HcclAlltoAll(send_buf: *const c_void, send_count: u64, send_type: HcclDataType, recv_buf: *const c_void, recv_count: u64, recv_type: HcclDataType, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The same with counts and displacements of each peer: host arrays of `uint64_t`, in elements, read before it returns.
        [optional "8.1"] fn HcclAlltoAllV(send_buf: *const c_void, send_counts: *const c_void, sdispls: *const c_void, send_type: HcclDataType, recv_buf: *const c_void, recv_counts: *const c_void, rdispls: *const c_void, recv_type: HcclDataType, comm: HcclComm, stream: aclrtStream) -> HcclResult;
        /// The same with the counts of all ranks, a host matrix of `uint64_t` (row i: what rank i sends to each), and the parts end to end.
        [optional "8.5"] fn HcclAlltoAllVC(send_buf: *const c_void, send_count_matrix: *const c_void, send_type: HcclDataType, recv_buf: *const c_void, recv_type: HcclDataType, comm: HcclComm, stream: aclrtStream) -> HcclResult;
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
