/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** The collectives: libhccl.so, libhcomm.so. */
#ifndef ASCEND_RL_HCCL_HCCL_H
#define ASCEND_RL_HCCL_HCCL_H

#include "hccl/hccl_types.h"
#include "acl/acl.h"

#ifdef __cplusplus
extern "C" {
#endif

/** On rank 0: what the other ranks need to find it. The program brings it to them. Since CANN 8.1. */
HcclResult HcclGetRootInfo(HcclRootInfo *rootInfo);

/** Joins the communicator of `rootInfo`; blocks until all ranks have. Since CANN 8.1. */
HcclResult HcclCommInitRootInfo(uint32_t nRanks, const HcclRootInfo *rootInfo, uint32_t rank, HcclComm *comm);

/** The same with a configuration. Since CANN 8.1. */
HcclResult HcclCommInitRootInfoConfig(uint32_t nRanks, const HcclRootInfo *rootInfo, uint32_t rank,
    const HcclCommConfig *config, HcclComm *comm);

/** Communicators of several devices of this process, in the order of `devices`. Since CANN 8.1. */
HcclResult HcclCommInitAll(uint32_t ndev, int32_t *devices, HcclComm *comms);

/** A communicator of some ranks of a global one. Ranks outside pass null and `0xFFFFFFFF`. Since CANN 8.1. */
HcclResult HcclCreateSubCommConfig(HcclComm *comm, uint32_t rankNum, uint32_t *rankIds, uint64_t subCommId,
    uint32_t subCommRankId, HcclCommConfig *config, HcclComm *subComm);

/** Joins the communicator that a rank table describes: the path of a JSON file, at most 4095 bytes. Blocks until all ranks have. Since CANN 8.1. */
HcclResult HcclCommInitClusterInfo(const char *clusterInfo, uint32_t rank, HcclComm *comm);

/** The same with a configuration. Since CANN 8.1. */
HcclResult HcclCommInitClusterInfoConfig(const char *clusterInfo, uint32_t rank, HcclCommConfig *config, HcclComm *comm);

/** Ends a communicator. Every rank calls it, after its streams are idle. Since CANN 8.1. */
HcclResult HcclCommDestroy(HcclComm comm);

/** The number of ranks. Since CANN 8.1. */
HcclResult HcclGetRankSize(HcclComm comm, uint32_t *rankSize);

/** This rank. Since CANN 8.1. */
HcclResult HcclGetRankId(HcclComm comm, uint32_t *rank);

/** The name, at most 127 characters and a NUL. Since CANN 8.1. */
HcclResult HcclGetCommName(HcclComm comm, char *commName);

/** The communicator of a name, in this process. Since CANN 9.0. */
HcclResult HcclCommGetHandleWithName(const char *commName, HcclComm *comm);

/** What went wrong with the communicator since, without blocking. Since CANN 8.1. */
HcclResult HcclGetCommAsyncError(HcclComm comm, HcclResult *asyncError);

/** A code in words. Owned by the library. Since CANN 8.1. */
const char *HcclGetErrorString(HcclResult code);

/** How many of `HcclCommConfigCapability`'s values this library knows. Since CANN 8.1. */
uint32_t HcclGetCommConfigCapability(void);

/** Sets an option of the process. Since CANN 8.1. */
HcclResult HcclSetConfig(HcclConfig config, HcclConfigValue value);

/** Reads an option of the process. Since CANN 8.1. */
HcclResult HcclGetConfig(HcclConfig config, HcclConfigValue *value);

/** A setting of a communicator. Ascend950 only. Since CANN 9.0. */
HcclResult HcclConfigGetInfo(HcclComm comm, HcclConfigType cfgType, uint32_t infoLen, void *info);

/** After a fault of the device: the communicator takes no calls until it is resumed. Since CANN 8.1. */
HcclResult HcclCommSuspend(HcclComm comm);

/** Puts a suspended communicator in order. Every rank calls it, after its device's tasks were aborted. Since CANN 8.1. */
HcclResult HcclCommResume(HcclComm comm);

/** Whether a communicator takes calls, by its name. Ascend950 only. Since CANN 9.0. */
HcclResult HcclCommGetStatus(const char *commId, HcclCommStatus *status);

/** Who is told of resumptions and ends of communicators. Ascend950 only. Since CANN 9.0. */
HcclResult HcclCommRegCommStateCallback(const char *regName, HcclCommStateCallback cb, void *args);

/** Which ranks use the network card of their other die. A3 only; collective. Since CANN 9.0. */
HcclResult HcclCommWorkingDevNicSet(HcclComm comm, uint32_t *ranks, bool *useBackup, uint32_t nRanks);

/** What this thread calls until `HcclGroupEnd` is issued as a whole there: only communicators made and ended, only collectives, or
 * only sends and receives. May be nested. Since CANN 9.0.
 */
HcclResult HcclGroupStart(void);

/** Issues the calls since `HcclGroupStart`. Since CANN 9.0. */
HcclResult HcclGroupEnd(void);

/** Whether a group is open. Since CANN 9.0. */
HcclResult HcclGroupStatusGet(bool *isGroupEnabled);

/** Makes a reserved address range known to all communicators of the process. `alignment` and `flags` are 0. Since CANN 8.1. */
HcclResult HcclCommSetMemoryRange(HcclComm comm, void *baseVirPtr, size_t size, size_t alignment, uint64_t flags);

/** Undoes `HcclCommSetMemoryRange`. Since CANN 8.1. */
HcclResult HcclCommUnsetMemoryRange(HcclComm comm, void *baseVirPtr);

/** Makes physical memory (`handle` is an `aclrtDrvMemHandle`) that is mapped in such a range reachable. `offset` and `flags` are 0. Since CANN 8.1. */
HcclResult HcclCommActivateCommMemory(HcclComm comm, void *virPtr, size_t size, size_t offset, void *handle,
    uint64_t flags);

/** Undoes `HcclCommActivateCommMemory`. Since CANN 8.1. */
HcclResult HcclCommDeactivateCommMemory(HcclComm comm, void *virPtr);

/** Registers memory of all ranks as a symmetric window. `flag` is 1; collective. Since CANN 9.0. */
HcclResult HcclCommSymWinRegister(HcclComm comm, void *addr, uint64_t size, HcclCommSymWindow *winHandle, uint32_t flag);

/** Ends a window. Since CANN 9.0. */
HcclResult HcclCommSymWinDeregister(HcclCommSymWindow winHandle);

/** The window that an address is in, and where. Since CANN 9.0. */
HcclResult HcclCommSymWinGet(HcclComm comm, void *ptr, size_t size, HcclCommSymWindow *winHandle, size_t *offset);

/** Registers memory of this rank for zero-copy calls. Since CANN 9.0. */
HcclResult HcclCommRegister(HcclComm comm, void *addr, uint64_t size, void **handle, uint32_t flag);

/** Undoes `HcclCommRegister`. Since CANN 9.0. */
HcclResult HcclCommDeregister(HcclComm comm, void *handle);

/** Exchanges registered memory with peers. Since CANN 9.0. */
HcclResult HcclCommExchangeMem(HcclComm comm, void *windowHandle, uint32_t *peerRanks, uint32_t peerRankNum);

/** The reduction of all ranks' buffers, on every rank. May be in place. Since CANN 8.1. */
HcclResult HcclAllReduce(void *sendBuf, void *recvBuf, uint64_t count, HcclDataType dataType, HcclReduceOp op,
    HcclComm comm, aclrtStream stream);

/** The root's buffer, on every rank. Since CANN 8.1. */
HcclResult HcclBroadcast(void *buf, uint64_t count, HcclDataType dataType, uint32_t root, HcclComm comm,
    aclrtStream stream);

/** Part `rank` of the reduction of all ranks' buffers; the send buffer has `rank_size * recv_count` elements. Since CANN 8.1. */
HcclResult HcclReduceScatter(void *sendBuf, void *recvBuf, uint64_t recvCount, HcclDataType dataType, HcclReduceOp op,
    HcclComm comm, aclrtStream stream);

/** The same with counts and displacements of each rank's part: host arrays of `uint64_t`, in elements, the same on all ranks, read
 * before it returns. `recvCount` is `send_counts[rank]`. Since CANN 8.1.
 */
HcclResult HcclReduceScatterV(void *sendBuf, const void *sendCounts, const void *sendDispls, void *recvBuf,
    uint64_t recvCount, HcclDataType dataType, HcclReduceOp op, HcclComm comm, aclrtStream stream);

/** Part `rank` of the root's buffer. The send buffer may be null on other ranks. Since CANN 8.1. */
HcclResult HcclScatter(void *sendBuf, void *recvBuf, uint64_t recvCount, HcclDataType dataType, uint32_t root,
    HcclComm comm, aclrtStream stream);

/** All ranks' buffers end to end; the receive buffer has `rank_size * send_count` elements. Since CANN 8.1. */
HcclResult HcclAllGather(void *sendBuf, void *recvBuf, uint64_t sendCount, HcclDataType dataType, HcclComm comm,
    aclrtStream stream);

/** The same with counts and displacements of each rank's part, as above. `sendCount` is `recv_counts[rank]`. Since CANN 8.1. */
HcclResult HcclAllGatherV(void *sendBuf, uint64_t sendCount, void *recvBuf, const void *recvCounts,
    const void *recvDispls, HcclDataType dataType, HcclComm comm, aclrtStream stream);

/** The reduction of all ranks' buffers, on the root. Since CANN 8.1. */
HcclResult HcclReduce(void *sendBuf, void *recvBuf, uint64_t count, HcclDataType dataType, HcclReduceOp op,
    uint32_t root, HcclComm comm, aclrtStream stream);

/** Part `j` goes to rank `j`. Counts are per peer and equal; the buffers must differ. Since CANN 8.1. */
HcclResult HcclAlltoAll(const void *sendBuf, uint64_t sendCount, HcclDataType sendType, const void *recvBuf,
    uint64_t recvCount, HcclDataType recvType, HcclComm comm, aclrtStream stream);

/** The same with counts and displacements of each peer: host arrays of `uint64_t`, in elements, read before it returns. Since CANN 8.1. */
HcclResult HcclAlltoAllV(const void *sendBuf, const void *sendCounts, const void *sdispls, HcclDataType sendType,
    const void *recvBuf, const void *recvCounts, const void *rdispls, HcclDataType recvType, HcclComm comm,
    aclrtStream stream);

/** The same with the counts of all ranks, a host matrix of `uint64_t` (row i: what rank i sends to each), and the parts end to end. Since CANN 8.5. */
HcclResult HcclAlltoAllVC(const void *sendBuf, const void *sendCountMatrix, HcclDataType sendType, const void *recvBuf,
    HcclDataType recvType, HcclComm comm, aclrtStream stream);

/** Nothing behind it runs on any rank before all ranks have reached it. Does not block the host. Since CANN 8.1. */
HcclResult HcclBarrier(HcclComm comm, aclrtStream stream);

/** Sends to one rank, which must receive. Holds the stream until it does. Since CANN 8.1. */
HcclResult HcclSend(void *sendBuf, uint64_t count, HcclDataType dataType, uint32_t destRank, HcclComm comm,
    aclrtStream stream);

/** Receives from one rank. Since CANN 8.1. */
HcclResult HcclRecv(void *recvBuf, uint64_t count, HcclDataType dataType, uint32_t srcRank, HcclComm comm,
    aclrtStream stream);

/** Sends and receives that do not hold one another up. Since CANN 8.1. */
HcclResult HcclBatchSendRecv(HcclSendRecvItem *sendRecvInfo, uint32_t itemNum, HcclComm comm, aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif
