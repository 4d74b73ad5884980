/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Queues: libacl_tdt_queue.so. */
#ifndef ASCEND_RL_ACL_ACL_TDT_QUEUE_H
#define ASCEND_RL_ACL_ACL_TDT_QUEUE_H

#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The attributes of a queue: a depth of 8, no name. Since CANN 8.1. */
acltdtQueueAttr *acltdtCreateQueueAttr(void);

/** Destroys them. Since CANN 8.1. */
aclError acltdtDestroyQueueAttr(const acltdtQueueAttr *attr);

/** Sets one, from `len` bytes. Since CANN 8.1. */
aclError acltdtSetQueueAttr(acltdtQueueAttr *attr, acltdtQueueAttrType kind, size_t len, const void *param);

/** Gives one, into `len` bytes, and how many it took. Since CANN 8.1. */
aclError acltdtGetQueueAttr(const acltdtQueueAttr *attr, acltdtQueueAttrType kind, size_t len, size_t *paramRetSize,
    void *param);

/** Makes a queue of the current device; null attributes are the default ones. Since CANN 8.1. */
aclError acltdtCreateQueue(const acltdtQueueAttr *attr, uint32_t *qid);

/** Destroys it, which no route may have. Since CANN 8.1. */
aclError acltdtDestroyQueue(uint32_t qid);

/** Adds a copy of `data`, with up to 96 bytes of the program's own. While the queue is full: waits `timeout` milliseconds (-1: for ever). Since CANN 8.1. */
aclError acltdtEnqueueData(uint32_t qid, const void *data, size_t dataSize, const void *userData, size_t userDataSize,
    int32_t timeout, uint32_t rsv);

/** Takes what came first. While the queue is empty: waits `timeout` milliseconds (-1: for ever). Since CANN 8.1. */
aclError acltdtDequeueData(uint32_t qid, void *data, size_t dataSize, size_t *retDataSize, void *userData,
    size_t userDataSize, int32_t timeout);

/** Lets another process use a queue. Not where the program runs on the host. Since CANN 8.1. */
aclError acltdtGrantQueue(uint32_t qid, int32_t pid, uint32_t permission, int32_t timeout);

/** What a process may do with a queue of another. Not where the program runs on the host. Since CANN 8.1. */
aclError acltdtAttachQueue(uint32_t qid, int32_t timeout, uint32_t *permission);

/** A route from one queue to another, not bound. Since CANN 8.1. */
acltdtQueueRoute *acltdtCreateQueueRoute(uint32_t srcId, uint32_t dstId);

/** Destroys it. Since CANN 8.1. */
aclError acltdtDestroyQueueRoute(const acltdtQueueRoute *route);

/** Where it leads, and its status. Since CANN 8.1. */
aclError acltdtGetQueueRouteParam(const acltdtQueueRoute *route, acltdtQueueRouteParamType kind, size_t len,
    size_t *paramRetSize, void *param);

/** An empty list of routes. Since CANN 8.1. */
acltdtQueueRouteList *acltdtCreateQueueRouteList(void);

/** Destroys it. Since CANN 8.1. */
aclError acltdtDestroyQueueRouteList(const acltdtQueueRouteList *routeList);

/** Adds a copy of a route. Since CANN 8.1. */
aclError acltdtAddQueueRoute(acltdtQueueRouteList *routeList, const acltdtQueueRoute *route);

/** Copies the route at an index to `route`. Since CANN 8.1. */
aclError acltdtGetQueueRoute(const acltdtQueueRouteList *routeList, size_t index, acltdtQueueRoute *route);

/** The number of routes. Since CANN 8.1. */
size_t acltdtGetQueueRouteNum(const acltdtQueueRouteList *routeList);

/** From now on what is in the first queue of a route goes to the second; the list gets each one's status. Since CANN 8.1. */
aclError acltdtBindQueueRoutes(acltdtQueueRouteList *qRouteList);

/** Takes that back. Since CANN 8.1. */
aclError acltdtUnbindQueueRoutes(acltdtQueueRouteList *qRouteList);

/** A search for routes, which needs its mode. Since CANN 8.1. */
acltdtQueueRouteQueryInfo *acltdtCreateQueueRouteQueryInfo(void);

/** Destroys it. Since CANN 8.1. */
aclError acltdtDestroyQueueRouteQueryInfo(const acltdtQueueRouteQueryInfo *info);

/** Sets what is searched for. Since CANN 8.1. */
aclError acltdtSetQueueRouteQueryInfo(acltdtQueueRouteQueryInfo *param, acltdtQueueRouteQueryInfoParamType kind,
    size_t len, const void *value);

/** The routes that are bound, as far as they are searched for. Since CANN 8.1. */
aclError acltdtQueryQueueRoutes(const acltdtQueueRouteQueryInfo *queryInfo, acltdtQueueRouteList *qRouteList);

/** Adds a buffer to a queue. Since CANN 8.1. */
aclError acltdtEnqueue(uint32_t qid, acltdtBuf buf, int32_t timeout);

/** Takes a buffer from a queue. Since CANN 8.1. */
aclError acltdtDequeue(uint32_t qid, acltdtBuf *buf, int32_t timeout);

/** Makes a buffer. Since CANN 8.1. */
aclError acltdtAllocBuf(size_t size, uint32_t kind, acltdtBuf *buf);

/** Frees it. Since CANN 8.1. */
aclError acltdtFreeBuf(acltdtBuf buf);

/** Its data and the room for it. Since CANN 8.1. */
aclError acltdtGetBufData(acltdtBuf buf, void **dataPtr, size_t *size);

/** Sets the bytes of its data. Since CANN 8.1. */
aclError acltdtSetBufDataLen(acltdtBuf buf, size_t len);

/** The bytes of its data. Since CANN 8.1. */
aclError acltdtGetBufDataLen(acltdtBuf buf, size_t *len);

/** Puts a buffer behind others. Since CANN 8.1. */
aclError acltdtAppendBufChain(acltdtBuf headBuf, acltdtBuf buf);

/** How many there are. Since CANN 8.1. */
aclError acltdtGetBufChainNum(acltdtBuf headBuf, uint32_t *num);

/** One of them. Since CANN 8.1. */
aclError acltdtGetBufFromChain(acltdtBuf headBuf, uint32_t index, acltdtBuf *buf);

/** Reads the program's own bytes. Since CANN 8.1. */
aclError acltdtGetBufUserData(acltdtBuf buf, void *dataPtr, size_t size, size_t offset);

/** Writes them. Since CANN 8.1. */
aclError acltdtSetBufUserData(acltdtBuf buf, const void *dataPtr, size_t size, size_t offset);

/** A second buffer with the same data. Since CANN 8.1. */
aclError acltdtCopyBufRef(acltdtBuf buf, acltdtBuf *newBuf);

#ifdef __cplusplus
}
#endif

#endif
