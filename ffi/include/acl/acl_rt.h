/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** The device runtime: libascendcl.so, libacl_rt.so. */
#ifndef ASCEND_RL_ACL_ACL_RT_H
#define ASCEND_RL_ACL_ACL_RT_H

#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Starts the runtime. `configPath` may be null. 100002 when started already, which counts a reference. Since CANN 8.1. */
aclError aclInit(const char *configPath);

/** Ends the runtime at once, whatever the number of `aclInit` calls. Since CANN 8.1. */
aclError aclFinalize(void);

/** Gives back one reference of `aclInit`. Since CANN 8.5. */
aclError aclFinalizeReference(uint64_t *refCount);

/** Version of the ACL interface itself. Since CANN 8.1. */
aclError aclrtGetVersion(int32_t *major, int32_t *minor, int32_t *patch);

/** Version of a package of the toolkit. Since CANN 8.1. */
aclError aclsysGetCANNVersion(aclCANNPackageName name, aclCANNPackageVersion *version);

/** This thread's last error text; reading clears it; null when empty. Since CANN 8.1. */
const char *aclGetRecentErrMsg(void);

/** Sets an option of the runtime, as determinism. Since CANN 8.1. */
aclError aclrtSetSysParamOpt(aclSysParamOpt opt, int64_t value);

/** Reads an option of the runtime. Since CANN 8.1. */
aclError aclrtGetSysParamOpt(aclSysParamOpt opt, int64_t *value);

/** Makes the primary context of a device current on this thread. Counted. Since CANN 8.1. */
aclError aclrtSetDevice(int32_t deviceId);

/** Gives back one `aclrtSetDevice`. Since CANN 8.1. */
aclError aclrtResetDevice(int32_t deviceId);

/** The current device of this thread. Since CANN 8.1. */
aclError aclrtGetDevice(int32_t *deviceId);

/** The number of visible devices. Since CANN 8.1. */
aclError aclrtGetDeviceCount(uint32_t *count);

/** Waits for all streams of the current device. Since CANN 8.1. */
aclError aclrtSynchronizeDevice(void);

/** The chip, for example "Ascend910B3". Owned by the library. Since CANN 8.1. */
const char *aclrtGetSocName(void);

/** Host or device side. Since CANN 8.1. */
aclError aclrtGetRunMode(aclrtRunMode *runMode);

/** Core counts and cache size. Since CANN 8.1. */
aclError aclGetDeviceCapability(uint32_t deviceId, aclDeviceInfo info, int64_t *value);

/** Whether one device can reach another's memory. Since CANN 8.1. */
aclError aclrtDeviceCanAccessPeer(int32_t *canAccessPeer, int32_t deviceId, int32_t peerDeviceId);

/** Lets the current device reach the memory of another. One way; `flags` is 0. Since CANN 8.1. */
aclError aclrtDeviceEnablePeerAccess(int32_t peerDeviceId, uint32_t flags);

/** Takes that back. Since CANN 8.1. */
aclError aclrtDeviceDisablePeerAccess(int32_t peerDeviceId);

/** Makes a context and makes it current. Since CANN 8.1. */
aclError aclrtCreateContext(aclrtContext *context, int32_t deviceId);

/** Destroys a context made by `aclrtCreateContext`. Since CANN 8.1. */
aclError aclrtDestroyContext(aclrtContext context);

/** Makes a context current on this thread. Since CANN 8.1. */
aclError aclrtSetCurrentContext(aclrtContext context);

/** The current context of this thread. Since CANN 8.1. */
aclError aclrtGetCurrentContext(aclrtContext *context);

/** Makes a stream of the current context. Since CANN 8.1. */
aclError aclrtCreateStream(aclrtStream *stream);

/** Makes a stream with a priority (0 highest to 7) and flags. Since CANN 8.1. */
aclError aclrtCreateStreamWithConfig(aclrtStream *stream, uint32_t priority, uint32_t flag);

/** Waits for the stream's work, then destroys it. Since CANN 8.1. */
aclError aclrtDestroyStream(aclrtStream stream);

/** Drops the stream's pending work, then destroys it. Since CANN 8.1. */
aclError aclrtDestroyStreamForce(aclrtStream stream);

/** Waits for the stream's work; asynchronous errors surface here. Since CANN 8.1. */
aclError aclrtSynchronizeStream(aclrtStream stream);

/** The same, at most `timeout` milliseconds (-1: for ever). Since CANN 8.1. */
aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t timeout);

/** Whether all work has run. Since CANN 8.1. */
aclError aclrtStreamQuery(aclrtStream stream, aclrtStreamStatus *status);

/** Makes an event with the default flags (time line and host sync). Since CANN 8.1. */
aclError aclrtCreateEvent(aclrtEvent *event);

/** Makes an event with flags; 0 is refused. Since CANN 8.1. */
aclError aclrtCreateEventWithFlag(aclrtEvent *event, uint32_t flag);

/** Makes an event that may be recorded again while waits on an earlier record are pending. Since CANN 8.1. */
aclError aclrtCreateEventExWithFlag(aclrtEvent *event, uint32_t flag);

/** Destroys an event; legal while work on it is pending. Since CANN 8.1. */
aclError aclrtDestroyEvent(aclrtEvent event);

/** Marks the stream's work so far. Since CANN 8.1. */
aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream);

/** Whether the marked work has run. Since CANN 8.1. */
aclError aclrtQueryEventStatus(aclrtEvent event, aclrtEventRecordedStatus *status);

/** Blocks the host until the marked work has run. Since CANN 8.1. */
aclError aclrtSynchronizeEvent(aclrtEvent event);

/** The same, at most `timeout` milliseconds. Since CANN 8.1. */
aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t timeout);

/** Milliseconds between two recorded events. Since CANN 8.1. */
aclError aclrtEventElapsedTime(float *ms, aclrtEvent start, aclrtEvent end);

/** Later work of the stream waits for the event's most recent record. Since CANN 8.1. */
aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event);

/** Device memory, 64-byte aligned, contents arbitrary. Size 0 is refused. Since CANN 8.1. */
aclError aclrtMalloc(void **ptr, size_t size, aclrtMemMallocPolicy policy);

/** Frees at once; does not wait for queued work. Since CANN 8.1. */
aclError aclrtFree(void *ptr);

/** Pinned host memory, 64-byte aligned. Since CANN 8.1. */
aclError aclrtMallocHost(void **ptr, size_t size);

/** Frees pinned host memory. Since CANN 8.1. */
aclError aclrtFreeHost(void *ptr);

/** Copies, blocking. Does not wait for the streams. Since CANN 8.1. */
aclError aclrtMemcpy(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind);

/** Copies in the order of the stream; asynchronous only where host memory is pinned. Since CANN 8.1. */
aclError aclrtMemcpyAsync(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind,
    aclrtStream stream);

/** Sets bytes, blocking. Since CANN 8.1. */
aclError aclrtMemset(void *ptr, size_t maxCount, int32_t value, size_t count);

/** Sets bytes in the order of the stream. Since CANN 8.1. */
aclError aclrtMemsetAsync(void *ptr, size_t maxCount, int32_t value, size_t count, aclrtStream stream);

/** Free and total bytes of the current device. Since CANN 8.1. */
aclError aclrtGetMemInfo(aclrtMemAttr attr, size_t *free, size_t *total);

#ifdef __cplusplus
}
#endif

#endif
