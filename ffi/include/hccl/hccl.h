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

/** Ends a communicator. Every rank calls it, after its streams are idle. Since CANN 8.1. */
HcclResult HcclCommDestroy(HcclComm comm);

/** The number of ranks. Since CANN 8.1. */
HcclResult HcclGetRankSize(HcclComm comm, uint32_t *rankSize);

/** This rank. Since CANN 8.1. */
HcclResult HcclGetRankId(HcclComm comm, uint32_t *rank);

/** The name, at most 127 characters and a NUL. Since CANN 8.1. */
HcclResult HcclGetCommName(HcclComm comm, char *commName);

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

/** The reduction of all ranks' buffers, on every rank. May be in place. Since CANN 8.1. */
HcclResult HcclAllReduce(void *sendBuf, void *recvBuf, uint64_t count, HcclDataType dataType, HcclReduceOp op,
    HcclComm comm, aclrtStream stream);

/** The root's buffer, on every rank. Since CANN 8.1. */
HcclResult HcclBroadcast(void *buf, uint64_t count, HcclDataType dataType, uint32_t root, HcclComm comm,
    aclrtStream stream);

/** Part `rank` of the reduction of all ranks' buffers; the send buffer has `rank_size * recv_count` elements. Since CANN 8.1. */
HcclResult HcclReduceScatter(void *sendBuf, void *recvBuf, uint64_t recvCount, HcclDataType dataType, HcclReduceOp op,
    HcclComm comm, aclrtStream stream);

/** Part `rank` of the root's buffer. The send buffer may be null on other ranks. Since CANN 8.1. */
HcclResult HcclScatter(void *sendBuf, void *recvBuf, uint64_t recvCount, HcclDataType dataType, uint32_t root,
    HcclComm comm, aclrtStream stream);

/** All ranks' buffers end to end; the receive buffer has `rank_size * send_count` elements. Since CANN 8.1. */
HcclResult HcclAllGather(void *sendBuf, void *recvBuf, uint64_t sendCount, HcclDataType dataType, HcclComm comm,
    aclrtStream stream);

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
