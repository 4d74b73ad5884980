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

/** Version of a package by its name, "CANN" or "runtime", as text: 128 bytes are enough. Since CANN 8.5. */
aclError aclsysGetVersionStr(char *pkgName, char *versionStr);

/** The same as a number: major * 10^7 + minor * 10^5 + patch * 10^3, less for a preview. Since CANN 8.5. */
aclError aclsysGetVersionNum(char *pkgName, int32_t *versionNum);

/** The last error of the runtime on this thread, which is then forgotten. Since CANN 8.1. */
aclError aclrtGetLastError(aclrtLastErrLevel level);

/** The same without forgetting it. Since CANN 8.1. */
aclError aclrtPeekAtLastError(aclrtLastErrLevel level);

/** The features of this toolkit on this chip. The list is the library's. Since CANN 8.1. */
aclError aclGetCannAttributeList(const aclCannAttr **attributes, size_t *num);

/** Whether it has one of them. Since CANN 8.1. */
aclError aclGetCannAttribute(aclCannAttr attribute, int32_t *value);

/** Bytes of an element; 0 for a text or none. Since CANN 8.1. */
size_t aclDataTypeSize(aclDataType dataType);

/** A half-precision number as a number. Its infinities and NaN are none: 65536, -65536 and more. Since CANN 8.1. */
float aclFloat16ToFloat(aclFloat16 value);

/** The nearest half-precision number. What is out of range or NaN becomes the largest. Since CANN 8.1. */
aclFloat16 aclFloatToFloat16(float value);

/** Whether what was compiled for a chip runs on this one. Since CANN 8.5. */
aclError aclrtCheckArchCompatibility(const char *socVersion, int32_t *canCompatible);

/** Bounds how long a stream waits for an event, in seconds; 0 is for ever, the default. Since CANN 8.1. */
aclError aclrtSetOpWaitTimeout(uint32_t timeout);

/** Bounds how long an operator runs, in seconds; 0 is the longest there is. Since CANN 8.1. */
aclError aclrtSetOpExecuteTimeOut(uint32_t timeout);

/** The same in milliseconds. Not on Atlas A2 and A3. Since CANN 8.1. */
aclError aclrtSetOpExecuteTimeOutWithMs(uint32_t timeout);

/** The same in microseconds; gives the bound that counts. Since CANN 8.5. */
aclError aclrtSetOpExecuteTimeOutV2(uint64_t timeout, uint64_t *actualTimeout);

/** That bound in milliseconds. Since CANN 8.5. */
aclError aclrtGetOpExecuteTimeout(uint32_t *timeoutMs);

/** The step in which that bound can be set, in microseconds. Since CANN 8.5. */
aclError aclrtGetOpTimeOutInterval(uint64_t *interval);

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

/** Whether it is so. Since CANN 8.5. */
aclError aclrtDevicePeerAccessStatus(int32_t deviceId, int32_t peerDeviceId, int32_t *status);

/** Ends the primary context, however often `aclrtSetDevice` was called. Since CANN 8.1. */
aclError aclrtResetDeviceForce(int32_t deviceId);

/** As `aclrtSynchronizeDevice`, at most `timeout` milliseconds (-1: for ever). Since CANN 8.1. */
aclError aclrtSynchronizeDeviceWithTimeout(int32_t timeout);

/** A fact about a device: cores, memory, place. Since CANN 8.5. */
aclError aclrtGetDeviceInfo(uint32_t deviceId, aclrtDevAttr attr, int64_t *value);

/** Whether a device has a feature. Since CANN 8.5. */
aclError aclrtGetDeviceCapability(int32_t deviceId, aclrtDevFeatureType feature, int32_t *value);

/** What is wrong with a device, after a failure and before it is aborted. Since CANN 8.5. */
aclError aclrtGetErrorVerbose(int32_t deviceId, aclrtErrorInfo *errorInfo);

/** Whether results out of range arose on the current device since the last reset: 64 bytes of device memory, all 0 for none. Since CANN 8.1. */
aclError aclrtGetOverflowStatus(void *outputAddr, size_t outputSize, aclrtStream stream);

/** Forgets them. Since CANN 8.1. */
aclError aclrtResetOverflowStatus(aclrtStream stream);

/** Whether a device can be used. Since CANN 8.1. */
aclError aclrtQueryDeviceStatus(int32_t deviceId, aclrtDeviceStatus *status);

/** How busy a device is. Since CANN 8.1. */
aclError aclrtGetDeviceUtilizationRate(int32_t deviceId, aclrtUtilizationInfo *info);

/** How two devices are connected. Since CANN 8.5. */
aclError aclrtGetDevicesTopo(uint32_t deviceId, uint32_t otherDeviceId, uint64_t *value);

/** What tells a device from every other. Since CANN 8.5. */
aclError aclrtDeviceGetUuid(int32_t deviceId, aclrtUuid *uuid);

/** This process, as the machine numbers it. Since CANN 8.1. */
aclError aclrtDeviceGetBareTgid(int32_t *pid);

/** Drops all work of a device. Waits at most `timeout` milliseconds for what runs (0: for ever). Since CANN 8.1. */
aclError aclrtDeviceTaskAbort(int32_t deviceId, uint32_t timeout);

/** The machine's number of a visible device. (The header says logic id; it is the user's.) Since CANN 8.5. */
aclError aclrtGetPhyDevIdByLogicDevId(int32_t logicDevId, int32_t *phyDevId);

/** The reverse. Since CANN 8.5. */
aclError aclrtGetLogicDevIdByPhyDevId(int32_t phyDevId, int32_t *logicDevId);

/** The number before `ASCEND_RT_VISIBLE_DEVICES` of a visible device. Since CANN 8.5. */
aclError aclrtGetLogicDevIdByUserDevId(int32_t userDevId, int32_t *logicDevId);

/** The reverse. Since CANN 8.5. */
aclError aclrtGetUserDevIdByLogicDevId(int32_t logicDevId, int32_t *userDevId);

/** What results out of range become, on streams that the current device makes from now on. Since CANN 8.1. */
aclError aclrtSetDeviceSatMode(aclrtFloatOverflowMode mode);

/** Reads that. Since CANN 8.1. */
aclError aclrtGetDeviceSatMode(aclrtFloatOverflowMode *mode);

/** The cores that operators of this process may use on a device. Since CANN 8.3. */
aclError aclrtGetDeviceResLimit(int32_t deviceId, aclrtDevResLimitType limit, uint32_t *value);

/** Limits them. Since CANN 8.3. */
aclError aclrtSetDeviceResLimit(int32_t deviceId, aclrtDevResLimitType limit, uint32_t value);

/** All of them again. Since CANN 8.3. */
aclError aclrtResetDeviceResLimit(int32_t deviceId);

/** Lowest and highest priority of a stream; either may be null. Since CANN 8.5. */
aclError aclrtDeviceGetStreamPriorityRange(int32_t *least, int32_t *greatest);

/** Makes a context and makes it current. Since CANN 8.1. */
aclError aclrtCreateContext(aclrtContext *context, int32_t deviceId);

/** Destroys a context made by `aclrtCreateContext`. Since CANN 8.1. */
aclError aclrtDestroyContext(aclrtContext context);

/** Makes a context current on this thread. Since CANN 8.1. */
aclError aclrtSetCurrentContext(aclrtContext context);

/** The current context of this thread. Since CANN 8.1. */
aclError aclrtGetCurrentContext(aclrtContext *context);

/** Sets an option for the current context. Since CANN 8.1. */
aclError aclrtCtxSetSysParamOpt(aclSysParamOpt opt, int64_t value);

/** Reads it. Since CANN 8.1. */
aclError aclrtCtxGetSysParamOpt(aclSysParamOpt opt, int64_t *value);

/** The default stream of the current context, as a handle. Since CANN 8.5. */
aclError aclrtCtxGetCurrentDefaultStream(aclrtStream *stream);

/** Whether the primary context of a device is there; `flags` is reserved and may be null. Since CANN 8.5. */
aclError aclrtGetPrimaryCtxState(int32_t deviceId, uint32_t *flags, int32_t *active);

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

/** Settings for `aclrtCreateStreamV2`. Not on Atlas A2 and A3. Since CANN 8.1. */
aclrtStreamConfigHandle *aclrtCreateStreamConfigHandle(void);

/** Sets one of them. Not on Atlas A2 and A3. Since CANN 8.1. */
aclError aclrtSetStreamConfigOpt(aclrtStreamConfigHandle *handle, aclrtStreamConfigAttr attr, const void *value,
    size_t valueSize);

/** Destroys them. Not on Atlas A2 and A3. Since CANN 8.1. */
aclError aclrtDestroyStreamConfigHandle(aclrtStreamConfigHandle *handle);

/** Makes a stream from settings. Not on Atlas A2 and A3. Since CANN 8.1. */
aclError aclrtCreateStreamV2(aclrtStream *stream, const aclrtStreamConfigHandle *handle);

/** Drops what the stream has queued; it can be used again. Who waits for it meanwhile gets 107023. Since CANN 8.1. */
aclError aclrtStreamAbort(aclrtStream stream);

/** Stops what runs on the stream, without dropping what is queued. Since CANN 8.5. */
aclError aclrtStreamStop(aclrtStream stream);

/** How many more streams the current device can have. Since CANN 8.5. */
aclError aclrtGetStreamAvailableNum(uint32_t *streamCount);

/** The number by which errors name the stream. Since CANN 8.1. */
aclError aclrtStreamGetId(aclrtStream stream, int32_t *streamId);

/** `callback` is told of each stream that begins or ends, under a name; null takes it back. Since CANN 8.5. */
aclError aclrtRegStreamStateCallback(const char *regName, aclrtStreamStateCallback callback, void *args);

/** The number of the task that this thread enqueued last. Since CANN 8.1. */
aclError aclrtGetThreadLastTaskId(uint32_t *taskId);

/** Its priority. Since CANN 8.5. */
aclError aclrtStreamGetPriority(aclrtStream stream, uint32_t *priority);

/** Its flags. Since CANN 8.5. */
aclError aclrtStreamGetFlags(aclrtStream stream, uint32_t *flags);

/** Whether what is queued behind a failure runs (0) or is dropped (1). There is no way back from 1. Since CANN 8.1. */
aclError aclrtSetStreamFailureMode(aclrtStream stream, uint64_t mode);

/** Whether overflow of the stream's operators is noted. Since CANN 8.1. */
aclError aclrtSetStreamOverflowSwitch(aclrtStream stream, uint32_t flag);

/** Reads that. Since CANN 8.1. */
aclError aclrtGetStreamOverflowSwitch(aclrtStream stream, uint32_t *flag);

/** Sets an attribute. Since CANN 8.5. */
aclError aclrtSetStreamAttribute(aclrtStream stream, aclrtStreamAttr attr, aclrtStreamAttrValue *value);

/** Reads one. Since CANN 8.5. */
aclError aclrtGetStreamAttribute(aclrtStream stream, aclrtStreamAttr attr, aclrtStreamAttrValue *value);

/** The cores that operators of a stream may use: its own limit, else the device's. Since CANN 8.3. */
aclError aclrtGetStreamResLimit(aclrtStream stream, aclrtDevResLimitType limit, uint32_t *value);

/** Limits them; counts on threads that call `aclrtUseStreamResInCurrentThread`. Since CANN 8.3. */
aclError aclrtSetStreamResLimit(aclrtStream stream, aclrtDevResLimitType limit, uint32_t value);

/** The device's limit again. Since CANN 8.3. */
aclError aclrtResetStreamResLimit(aclrtStream stream);

/** Operators that this thread plans from now on keep to the stream's limits. Since CANN 8.3. */
aclError aclrtUseStreamResInCurrentThread(aclrtStream stream);

/** Takes that back. (8.3 has it without the argument, which C allows.) Since CANN 8.3. */
aclError aclrtUnuseStreamResInCurrentThread(aclrtStream stream);

/** The limit that counts on this thread. Since CANN 8.3. */
aclError aclrtGetResInCurrentThread(aclrtDevResLimitType limit, uint32_t *value);

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

/** The same for at most `timeout` seconds (0: for ever); the stream fails with 107020 afterwards. Since CANN 8.5. */
aclError aclrtStreamWaitEventWithTimeout(aclrtStream stream, aclrtEvent event, int32_t timeout);

/** In the order of the stream: the event becomes as one that was never recorded. Since CANN 8.1. */
aclError aclrtResetEvent(aclrtEvent event, aclrtStream stream);

/** Whether the marked work has run; deprecated. Since CANN 8.1. */
aclError aclrtQueryEvent(aclrtEvent event, aclrtEventStatus *status);

/** Whether the waits of streams for the event are over. Since CANN 8.1. */
aclError aclrtQueryEventWaitStatus(aclrtEvent event, aclrtEventWaitStatus *status);

/** When the marked work had run: microseconds since the device started. Since CANN 8.1. */
aclError aclrtEventGetTimestamp(aclrtEvent event, uint64_t *timestamp);

/** The number by which errors name the event. Since CANN 8.5. */
aclError aclrtGetEventId(aclrtEvent event, uint32_t *eventId);

/** How many more events the current device can have. Since CANN 8.5. */
aclError aclrtGetEventAvailNum(uint32_t *eventCount);

/** As `aclrtRecordEvent`, or (flag 1, in a capture) so that the record is seen outside of the graph. Since CANN 9.2. */
aclError aclrtRecordEventWithFlag(aclrtEvent event, aclrtStream stream, uint32_t flag);

/** As `aclrtStreamWaitEventWithTimeout`, or (flag 1, in a capture) for what is outside of the graph. Since CANN 9.2. */
aclError aclrtStreamWaitEventWithFlag(aclrtStream stream, aclrtEvent event, uint32_t timeout, uint32_t flag);

/** By which other processes of the server open an event of `ACL_EVENT_IPC`. Since CANN 8.5. */
aclError aclrtIpcGetEventHandle(aclrtEvent event, aclrtIpcEventHandle *handle);

/** The event of another process, for the current context. Since CANN 8.5. */
aclError aclrtIpcOpenEventHandle(aclrtIpcEventHandle handle, aclrtEvent *event);

/** Draws random numbers in the order of the stream. `reserve` is null. Since CANN 8.5. */
aclError aclrtRandomNumAsync(const aclrtRandomNumTaskInfo *taskInfo, aclrtStream stream, void *reserve);

/** Makes a notify of the current device, not set. Since CANN 8.5. */
aclError aclrtCreateNotify(aclrtNotify *notify, uint64_t flag);

/** Destroys it. Since CANN 8.5. */
aclError aclrtDestroyNotify(aclrtNotify notify);

/** In the order of the stream: sets it. Since CANN 8.5. */
aclError aclrtRecordNotify(aclrtNotify notify, aclrtStream stream);

/** Holds the stream until it is set, then clears it; at most `timeout` seconds (0: for ever). Since CANN 8.5. */
aclError aclrtWaitAndResetNotify(aclrtNotify notify, aclrtStream stream, uint32_t timeout);

/** The number by which errors name it. Since CANN 8.5. */
aclError aclrtGetNotifyId(aclrtNotify notify, uint32_t *notifyId);

/** Clears some at once, whatever the streams are at. Since CANN 8.5. */
aclError aclrtNotifyBatchReset(aclrtNotify *notifies, size_t num);

/** A text (65 bytes) by which other processes of the server import a notify. Since CANN 8.5. */
aclError aclrtNotifyGetExportKey(aclrtNotify notify, char *key, size_t len, uint64_t flags);

/** Lets processes import it. Since CANN 8.5. */
aclError aclrtNotifySetImportPid(aclrtNotify notify, int32_t *pid, size_t num);

/** A notify of another process, to record or to wait for; destroyed here as one of this process is. Since CANN 8.5. */
aclError aclrtNotifyImportByKey(aclrtNotify *notify, const char *key, uint64_t flags);

/** Makes a notify with a count. Ascend 950 only, as all of these. Since CANN 8.5. */
aclError aclrtCntNotifyCreate(aclrtCntNotify *notify, uint64_t flag);

/** Destroys it. Since CANN 8.5. */
aclError aclrtCntNotifyDestroy(aclrtCntNotify notify);

/** In the order of the stream: changes the count. Since CANN 8.5. */
aclError aclrtCntNotifyRecord(aclrtCntNotify notify, aclrtStream stream, aclrtCntNotifyRecordInfo *info);

/** Holds the stream until the count is as asked. Since CANN 8.5. */
aclError aclrtCntNotifyWaitWithTimeout(aclrtCntNotify notify, aclrtStream stream, aclrtCntNotifyWaitInfo *info);

/** In the order of the stream: the count becomes 0. Since CANN 8.5. */
aclError aclrtCntNotifyReset(aclrtCntNotify notify, aclrtStream stream);

/** The number by which errors name it. Since CANN 8.5. */
aclError aclrtCntNotifyGetId(aclrtCntNotify notify, uint32_t *notifyId);

/** In the order of the stream: writes 8 bytes of device memory, 8-byte aligned. `flag` is 0. Since CANN 8.5. */
aclError aclrtValueWrite(void *devAddr, uint64_t value, uint32_t flag, aclrtStream stream);

/** Holds the stream until 8 bytes of device memory compare as `flag` says with `value`. Since CANN 8.5. */
aclError aclrtValueWait(void *devAddr, uint64_t value, uint32_t flag, aclrtStream stream);

/** Lets the thread `threadId` (`pthread_self`) run the callbacks of a stream. Since CANN 8.1. */
aclError aclrtSubscribeReport(uint64_t threadId, aclrtStream stream);

/** Takes that back. Since CANN 8.1. */
aclError aclrtUnSubscribeReport(uint64_t threadId, aclrtStream stream);

/** On that thread: waits for callbacks and runs them; at most `timeout` milliseconds (-1: for ever). Since CANN 8.1. */
aclError aclrtProcessReport(int32_t timeout);

/** In the order of the stream: has its thread call `callback`; the stream holds until then, or goes on. Since CANN 8.1. */
aclError aclrtLaunchCallback(aclrtCallback callback, void *userData, aclrtCallbackBlockType blockType,
    aclrtStream stream);

/** In the order of the stream: calls `function` on a thread of the runtime; the stream holds until it has returned. Since CANN 8.5. */
aclError aclrtLaunchHostFunc(aclrtStream stream, aclrtHostFunc function, void *args);

/** As `aclrtSubscribeReport`, for models with operators of the host. Not on Atlas A2 and A3. Since CANN 8.1. */
aclError aclrtSubscribeHostFunc(uint64_t threadId, aclrtStream stream);

/** Takes that back. Not on Atlas A2 and A3. Since CANN 8.1. */
aclError aclrtUnSubscribeHostFunc(uint64_t threadId, aclrtStream stream);

/** As `aclrtProcessReport`, for these. Not on Atlas A2 and A3. Since CANN 8.1. */
aclError aclrtProcessHostFunc(int32_t timeout);

/** What the runtime calls when queued work fails, on a thread of its own; null takes it back. Since CANN 8.1. */
aclError aclrtSetExceptionInfoCallback(aclrtExceptionInfoCallback callback);

/** The place of what failed in its stream; 0xFFFFFFFF for null, as with all of these. Since CANN 8.1. */
uint32_t aclrtGetTaskIdFromExceptionInfo(const aclrtExceptionInfo *info);

/** The stream of what failed. Since CANN 8.1. */
uint32_t aclrtGetStreamIdFromExceptionInfo(const aclrtExceptionInfo *info);

/** The thread that queued what failed. Since CANN 8.1. */
uint32_t aclrtGetThreadIdFromExceptionInfo(const aclrtExceptionInfo *info);

/** The device of what failed. Since CANN 8.1. */
uint32_t aclrtGetDeviceIdFromExceptionInfo(const aclrtExceptionInfo *info);

/** How it failed. Since CANN 8.1. */
uint32_t aclrtGetErrorCodeFromExceptionInfo(const aclrtExceptionInfo *info);

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

/** Device memory that rounds up to 32 bytes and adds none, else as `aclrtMalloc`. Since CANN 8.1. */
aclError aclrtMallocAlign32(void **ptr, size_t size, aclrtMemMallocPolicy policy);

/** As `aclrtMalloc`: all device memory is cached. Since CANN 8.1. */
aclError aclrtMallocCached(void **ptr, size_t size, aclrtMemMallocPolicy policy);

/** As `aclrtMalloc`, with attributes. `cfg` may be null. Since CANN 8.1. */
aclError aclrtMallocWithCfg(void **ptr, size_t size, aclrtMemMallocPolicy policy, aclrtMallocConfig *cfg);

/** Memory that the task scheduler of the chip can use. Since CANN 8.1. */
aclError aclrtMallocForTaskScheduler(void **ptr, size_t size, aclrtMemMallocPolicy policy, aclrtMallocConfig *cfg);

/** Waits for the device, then frees. Since CANN 8.5. */
aclError aclrtFreeWithDevSync(void *ptr);

/** Memory that host and device share. Not on A2 and A3. Since CANN 9.0. */
aclError aclrtMemAllocManaged(void **ptr, uint64_t size, uint32_t flag);

/** Writes cached data of a range back. Not needed on A2 and A3. Since CANN 8.1. */
aclError aclrtMemFlush(void *ptr, size_t size);

/** Drops cached data of a range. Not needed on A2 and A3. Since CANN 8.1. */
aclError aclrtMemInvalidate(void *ptr, size_t size);

/** Pinned host memory with attributes. `cfg` may be null. Since CANN 8.1. */
aclError aclrtMallocHostWithCfg(void **ptr, uint64_t size, aclrtMallocConfig *cfg);

/** Waits for the device, then frees pinned host memory. Since CANN 8.5. */
aclError aclrtFreeHostWithDevSync(void *ptr);

/** Lets the current device reach host memory (from a multiple of 4096 on) at the address that it gives back. Since CANN 8.1. */
aclError aclrtHostRegister(void *ptr, uint64_t size, aclrtHostRegisterType kind, void **devPtr);

/** The same with flags, without the address. Since CANN 8.5. */
aclError aclrtHostRegisterV2(void *ptr, uint64_t size, uint32_t flag);

/** Takes that back. The host's memory stays. Since CANN 8.1. */
aclError aclrtHostUnregister(void *ptr);

/** Where a device sees registered host memory. `flag` is 0. Since CANN 8.5. */
aclError aclrtHostGetDevicePointer(void *host, void **device, uint32_t flag);

/** Bytes of a device by component, biggest first. Since CANN 8.5. */
aclError aclrtGetMemUsageInfo(int32_t deviceId, aclrtMemUsageInfo *info, size_t inputNum, size_t *outputNum);

/** What an address is. Since CANN 8.1. */
aclError aclrtPointerGetAttributes(const void *ptr, aclrtPtrAttributes *attributes);

/** Start and size of the block of device memory that an address lies in. Since CANN 9.0. */
aclError aclrtMemGetAddressRange(void *ptr, void **base, size_t *size);

/** Whether all addresses are device memory of the kinds in a mask. `reserve` is 0. Since CANN 8.5. */
aclError aclrtCheckMemType(void **addresses, uint32_t size, uint32_t memType, uint32_t *checkResult, uint32_t reserve);

/** As `aclrtMemcpyAsync`, by an older name. Since CANN 8.1. */
aclError aclrtMemcpyAsyncWithCondition(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind,
    aclrtStream stream);

/** Copies rows of `width` bytes that start `dpitch` and `spitch` bytes apart, blocking. Since CANN 8.1. */
aclError aclrtMemcpy2d(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
    aclrtMemcpyKind kind);

/** The same in the order of the stream. Since CANN 8.1. */
aclError aclrtMemcpy2dAsync(void *dst, size_t dpitch, const void *src, size_t spitch, size_t width, size_t height,
    aclrtMemcpyKind kind, aclrtStream stream);

/** Many copies between host and device, all in one direction, in any order; blocking. Since CANN 8.3. */
aclError aclrtMemcpyBatch(void **dsts, size_t *destMaxs, void **srcs, size_t *sizes, size_t numBatches,
    aclrtMemcpyBatchAttr *attrs, size_t *attrsIndexes, size_t numAttrs, size_t *failIndex);

/** The same in the order of the stream. Since CANN 8.3. */
aclError aclrtMemcpyBatchAsync(void **dsts, size_t *destMaxs, void **srcs, size_t *sizes, size_t numBatches,
    aclrtMemcpyBatchAttr *attrs, size_t *attrsIndexes, size_t numAttrs, size_t *failIndex, aclrtStream stream);

/** `aclrtMemcpyBatch` that does not say which copy is wrong. Since CANN 9.1. */
aclError aclrtMemcpyBatchV2(void **dsts, size_t *destMaxs, void **srcs, size_t *sizes, size_t numBatches,
    aclrtMemcpyBatchAttr *attrs, size_t *attrsIndexes, size_t numAttrs);

/** `aclrtMemcpyBatchAsync` that does not say which copy is wrong. Since CANN 9.1. */
aclError aclrtMemcpyBatchAsyncV2(void **dsts, size_t *destMaxs, void **srcs, size_t *sizes, size_t numBatches,
    aclrtMemcpyBatchAttr *attrs, size_t *attrsIndexes, size_t numAttrs, aclrtStream stream);

/** Copies within a device between addresses that lie in device memory, read when the copy runs, plus offsets. Since CANN 8.5. */
aclError aclrtMemcpyAsyncWithOffset(void **dst, size_t destMax, size_t dstOffset, const void **src, size_t count,
    size_t srcOffset, aclrtMemcpyKind kind, aclrtStream stream);

/** Bytes of a descriptor of a copy within a device. Since CANN 8.1. */
aclError aclrtGetMemcpyDescSize(aclrtMemcpyKind kind, size_t *size);

/** Writes a descriptor into device memory. `config` is null. Since CANN 8.1. */
aclError aclrtSetMemcpyDesc(void *desc, aclrtMemcpyKind kind, void *src, void *dst, size_t count, void *config);

/** Makes the copy that a descriptor in device memory describes when it runs. Since CANN 8.1. */
aclError aclrtMemcpyAsyncWithDesc(void *desc, aclrtMemcpyKind kind, aclrtStream stream);

/** Sets `n` 32-bit values, blocking. Since CANN 9.1. */
aclError aclrtMemsetD32(void *ptr, size_t memSize, uint32_t value, size_t n);

/** The same in the order of the stream. Since CANN 9.1. */
aclError aclrtMemsetD32Async(void *ptr, size_t memSize, uint32_t value, size_t n, aclrtStream stream);

/** `dst = dst op src`, `count` bytes of them. `reserve` is null. Since CANN 8.5. */
aclError aclrtReduceAsync(void *dst, const void *src, uint64_t count, aclrtReduceKind kind, aclDataType dtype,
    aclrtStream stream, void *reserve);

/** A hint to the L2 cache in the order of the stream: prefetch a range. Since CANN 8.1. */
aclError aclrtCmoAsync(void *src, size_t size, aclrtCmoType kind, aclrtStream stream);

/** Makes a pool of stream-ordered memory. A2 only, experimental. Since CANN 9.0. */
aclError aclrtMemPoolCreate(aclrtMemPool *pool, const aclrtMemPoolProps *props);

/** Destroys a pool; memory that is still allocated from it goes when it is freed. Since CANN 9.0. */
aclError aclrtMemPoolDestroy(aclrtMemPool pool);

/** Sets an attribute of a pool. Since CANN 9.0. */
aclError aclrtMemPoolSetAttr(aclrtMemPool pool, aclrtMemPoolAttr attr, void *value);

/** Reads an attribute of a pool. Since CANN 9.0. */
aclError aclrtMemPoolGetAttr(aclrtMemPool pool, aclrtMemPoolAttr attr, void *value);

/** Memory for the work that is enqueued on the stream from now on. Since CANN 9.1. */
aclError aclrtMemPoolMallocAsync(void **ptr, size_t size, aclrtMemPool pool, aclrtStream stream);

/** Gives memory back to its pool behind the stream's work so far. Since CANN 9.1. */
aclError aclrtMemPoolFreeAsync(void *ptr, aclrtStream stream);

/** Gives idle memory of a pool back to the device until at most so many bytes are kept. Since CANN 9.1. */
aclError aclrtMemPoolTrimTo(aclrtMemPool pool, size_t minBytesToKeep);

/** Reserves addresses. `alignment` is 0, `flags` 0 or 1. Since CANN 8.1. */
aclError aclrtReserveMemAddress(void **ptr, size_t size, size_t alignment, void *expect, uint64_t flags);

/** Gives addresses back; nothing may be mapped there. Since CANN 8.1. */
aclError aclrtReleaseMemAddress(void *ptr);

/** Physical memory of a device. `flags` is 0. Since CANN 8.1. */
aclError aclrtMallocPhysical(aclrtDrvMemHandle *handle, size_t size, const aclrtPhysicalMemProp *prop, uint64_t flags);

/** Gives a handle back; the memory goes when nothing maps it any more. Since CANN 8.1. */
aclError aclrtFreePhysical(aclrtDrvMemHandle handle);

/** Maps all of a physical memory into reserved addresses. `offset` and `flags` are 0. Since CANN 8.1. */
aclError aclrtMapMem(void *ptr, size_t size, size_t offset, aclrtDrvMemHandle handle, uint64_t flags);

/** Takes a mapping back, by its first address. Since CANN 8.1. */
aclError aclrtUnmapMem(void *ptr);

/** Sizes of physical memory are multiples of this. Since CANN 8.1. */
aclError aclrtMemGetAllocationGranularity(aclrtPhysicalMemProp *prop, aclrtMemGranularityOptions option,
    size_t *granularity);

/** What a handle was made with. Since CANN 8.5. */
aclError aclrtMemGetAllocationPropertiesFromHandle(aclrtDrvMemHandle handle, aclrtPhysicalMemProp *prop);

/** The handle of what is mapped at an address, once more: it is freed once more too. Since CANN 8.5. */
aclError aclrtMemRetainAllocationHandle(void *ptr, aclrtDrvMemHandle *handle);

/** Lets devices use a mapping. Since CANN 8.5. */
aclError aclrtMemSetAccess(void *ptr, size_t size, aclrtMemAccessDesc *desc, size_t count);

/** What a device may do with a mapping. Since CANN 8.5. */
aclError aclrtMemGetAccess(void *ptr, aclrtMemLocation *location, uint64_t *flag);

/** A number by which other processes of the server import physical memory. Once a handle. Since CANN 8.1. */
aclError aclrtMemExportToShareableHandle(aclrtDrvMemHandle handle, aclrtMemHandleType handleType, uint64_t flags,
    uint64_t *shareable);

/** The same for a choice of handles: `shareable` is a `u64` or an `aclrtMemFabricHandle`. Since CANN 8.5. */
aclError aclrtMemExportToShareableHandleV2(aclrtDrvMemHandle handle, uint64_t flags,
    aclrtMemSharedHandleType shareType, void *shareable);

/** Physical memory of another process, for a device of this one. Since CANN 8.1. */
aclError aclrtMemImportFromShareableHandle(uint64_t shareable, int32_t deviceId, aclrtDrvMemHandle *handle);

/** The same for a choice of handles, for the current device. `flags` is 0. Since CANN 8.5. */
aclError aclrtMemImportFromShareableHandleV2(void *shareable, aclrtMemSharedHandleType shareType, uint64_t flags,
    aclrtDrvMemHandle *handle);

/** Lets processes import. Since CANN 8.1. */
aclError aclrtMemSetPidToShareableHandle(uint64_t shareable, int32_t *pid, size_t pidNum);

/** The same for a choice of handles. Since CANN 8.5. */
aclError aclrtMemSetPidToShareableHandleV2(void *shareable, aclrtMemSharedHandleType shareType, int32_t *pid,
    size_t pidNum);

/** A text (65 bytes) by which other processes of the server import device memory from `aclrtMalloc`. Since CANN 8.5. */
aclError aclrtIpcMemGetExportKey(void *ptr, size_t size, char *key, size_t len, uint64_t flags);

/** Lets processes import by a key. Since CANN 8.5. */
aclError aclrtIpcMemSetImportPid(const char *key, int32_t *pid, size_t num);

/** Lets processes of other servers import by a key. A3 only. Since CANN 8.5. */
aclError aclrtIpcMemImportPidInterServer(const char *key, aclrtServerPid *serverPids, size_t num);

/** Device memory of another process, at an address of this one. Since CANN 8.5. */
aclError aclrtIpcMemImportByKey(void **ptr, const char *key, uint64_t flags);

/** Ends sharing: first where it was imported, then where it was exported. Since CANN 8.5. */
aclError aclrtIpcMemClose(const char *key);

/** Which link between the two dies of a card to use. A3 only. Since CANN 8.5. */
aclError aclrtIpcMemSetAttr(const char *key, aclrtIpcMemAttrType kind, uint64_t attr);

/** From now on what is enqueued on the stream is kept in a graph and does not run. Since CANN 8.1. */
aclError aclmdlRICaptureBegin(aclrtStream stream, aclmdlRICaptureMode mode);

/** Whether the stream is being captured, and into which graph. One of the two pointers may be null. Since CANN 8.1. */
aclError aclmdlRICaptureGetInfo(aclrtStream stream, aclmdlRICaptureStatus *status, aclmdlRI *modelRi);

/** Ends the capture that began on this stream and gives the graph, or null and what was wrong. Since CANN 8.1. */
aclError aclmdlRICaptureEnd(aclrtStream stream, aclmdlRI *modelRi);

/** Sets this thread's mode, and gives the one before. Since CANN 8.1. */
aclError aclmdlRICaptureThreadExchangeMode(aclmdlRICaptureMode *mode);

/** The captured operators from here on are a group that can be updated. Since CANN 8.1. */
aclError aclmdlRICaptureTaskGrpBegin(aclrtStream stream);

/** Ends the group. Since CANN 8.1. */
aclError aclmdlRICaptureTaskGrpEnd(aclrtStream stream, aclrtTaskGrp *handle);

/** The operators enqueued on this stream from here on replace those of the group, one by one, in the order of the stream. Since CANN 8.1. */
aclError aclmdlRICaptureTaskUpdateBegin(aclrtStream stream, aclrtTaskGrp handle);

/** Ends the update. Since CANN 8.1. */
aclError aclmdlRICaptureTaskUpdateEnd(aclrtStream stream);

/** Begins a graph to which streams are bound. `flag` is 0. Since CANN 8.5. */
aclError aclmdlRIBuildBegin(aclmdlRI *modelRi, uint32_t flag);

/** What is enqueued on the stream from here on goes into the graph. Since CANN 8.5. */
aclError aclmdlRIBindStream(aclmdlRI modelRi, aclrtStream stream, uint32_t flag);

/** Marks the end of a bound stream's tasks. Since CANN 8.5. */
aclError aclmdlRIEndTask(aclmdlRI modelRi, aclrtStream stream);

/** Ends the build: the graph can be executed. `reserve` is null. Since CANN 8.5. */
aclError aclmdlRIBuildEnd(aclmdlRI modelRi, void *reserve);

/** The stream is an ordinary one again. Since CANN 8.5. */
aclError aclmdlRIUnbindStream(aclmdlRI modelRi, aclrtStream stream);

/** Has another bound stream run, beside this one. Since CANN 8.5. */
aclError aclrtActiveStream(aclrtStream activeStream, aclrtStream stream);

/** Goes on on another bound stream if two numbers of the device compare so. `falseStream` is null. Since CANN 8.5. */
aclError aclrtSwitchStream(void *leftValue, aclrtCondition cond, void *rightValue, aclrtCompareDataType dataType,
    aclrtStream trueStream, aclrtStream falseStream, aclrtStream stream);

/** Makes a label. Since CANN 8.5. */
aclError aclrtCreateLabel(aclrtLabel *label);

/** Destroys it. Since CANN 8.5. */
aclError aclrtDestroyLabel(aclrtLabel label);

/** The label, which a list has, stands here in the bound stream. Since CANN 8.5. */
aclError aclrtSetLabel(aclrtLabel label, aclrtStream stream);

/** Labels, by index. Since CANN 8.5. */
aclError aclrtCreateLabelList(aclrtLabel *labels, size_t num, aclrtLabelList *labelList);

/** Destroys the list. Since CANN 8.5. */
aclError aclrtDestroyLabelList(aclrtLabelList labelList);

/** Goes on at the label of an index of the device, a `u32`; above the last: at the last. Since CANN 8.5. */
aclError aclrtSwitchLabelByIndex(void *ptr, uint32_t maxValue, aclrtLabelList labelList, aclrtStream stream);

/** A value of the device that says which graphs run. Since CANN 9.1. */
aclError aclmdlRICondHandleCreate(aclmdlRI modelRi, uint32_t defaultLaunchValue, aclmdlRICondHandleFlag flag,
    aclmdlRICondHandle *handle);

/** Where it is: eight bytes, of the graph. Since CANN 9.1. */
aclError aclmdlRICondHandleGetCondPtr(aclmdlRICondHandle handle, uint64_t **ptr);

/** Runs graphs as a value says. Gives the graphs, which are then captured. Since CANN 9.1. */
aclError aclmdlRIAddCondTask(aclmdlRICondTaskParams params, aclrtStream stream, uint32_t flags);

/** As `aclmdlRICaptureBegin`, into a graph of a condition. Since CANN 9.1. */
aclError aclmdlRICaptureToModelRIBegin(aclrtStream stream, aclmdlRI modelRi, aclmdlRICaptureMode mode);

/** Runs the graph in the order of the stream; returns at once. Since CANN 8.1. */
aclError aclmdlRIExecuteAsync(aclmdlRI modelRi, aclrtStream stream);

/** Runs the graph and waits for it, at most `timeout` milliseconds (-1: for ever). Since CANN 8.5. */
aclError aclmdlRIExecute(aclmdlRI modelRi, int32_t timeout);

/** Stops a built graph that runs. Not for captured ones. Since CANN 8.5. */
aclError aclmdlRIAbort(aclmdlRI modelRi);

/** Destroys the graph, once it does not run any more. Since CANN 8.1. */
aclError aclmdlRIDestroy(aclmdlRI modelRi);

/** `func(user_data)` is called when the graph is destroyed. Since CANN 9.0. */
aclError aclmdlRIDestroyRegisterCallback(aclmdlRI modelRi, void (*func)(void *arg0), void *userData);

/** Takes that back. Since CANN 9.0. */
aclError aclmdlRIDestroyUnregisterCallback(aclmdlRI modelRi, void (*func)(void *arg0));

/** Names the graph. Since CANN 8.5. */
aclError aclmdlRISetName(aclmdlRI modelRi, const char *name);

/** Its name, at most `maxLen` bytes with the NUL; empty where it has none. Since CANN 8.5. */
aclError aclmdlRIGetName(aclmdlRI modelRi, uint32_t maxLen, char *name);

/** Its number. Since CANN 9.1. */
aclError aclmdlRIGetId(aclmdlRI modelRi, uint32_t *modelRiId);

/** Prints its streams and tasks to the log. Since CANN 8.1. */
aclError aclmdlRIDebugPrint(aclmdlRI modelRi);

/** Writes its streams and tasks to a file, in the format of trace viewers. Since CANN 8.5. */
aclError aclmdlRIDebugJsonPrint(aclmdlRI modelRi, const char *path, uint32_t flags);

/** Keeps the address of a binary, which stays the caller's; null where it cannot. Since CANN 8.1. */
aclrtBinary aclrtCreateBinary(const void *data, size_t dataLen);

/** Forgets it. What was loaded from it stays. Since CANN 8.1. */
aclError aclrtDestroyBinary(aclrtBinary binary);

/** Loads a binary on the current device. Its kernels are launched with arguments in device memory. Since CANN 8.1. */
aclError aclrtBinaryLoad(aclrtBinary binary, aclrtBinHandle *binHandle);

/** Loads a binary from a file on the current device. `options` may be null. Since CANN 8.1. */
aclError aclrtBinaryLoadFromFile(const char *binPath, aclrtBinaryLoadOptions *options, aclrtBinHandle *binHandle);

/** Loads a binary from memory of the host on the current device. `options` may be null. Since CANN 8.5. */
aclError aclrtBinaryLoadFromData(const void *data, size_t length, const aclrtBinaryLoadOptions *options,
    aclrtBinHandle *binHandle);

/** Unloads a binary: its functions are no more. Since CANN 8.1. */
aclError aclrtBinaryUnLoad(aclrtBinHandle binHandle);

/** Where the binary is on the device. Since CANN 8.5. */
aclError aclrtBinaryGetDevAddress(aclrtBinHandle binHandle, void **binAddr, size_t *binSize);

/** A kernel of a binary, by its name. Since CANN 8.1. */
aclError aclrtBinaryGetFunction(aclrtBinHandle binHandle, const char *kernelName, aclrtFuncHandle *funcHandle);

/** A kernel of a binary, by its tiling key. Since CANN 8.1. */
aclError aclrtBinaryGetFunctionByEntry(aclrtBinHandle binHandle, uint64_t funcEntry, aclrtFuncHandle *funcHandle);

/** A global variable of a binary, by its name. Since CANN 9.1. */
aclError aclrtBinaryGetGlobal(aclrtBinHandle binHandle, const char *name, void **dptr, size_t *size);

/** `callback(info, user_data)` is called when a kernel of the binary fails. Since CANN 9.0. */
aclError aclrtBinarySetExceptionCallback(aclrtBinHandle binHandle, aclrtOpExceptionCallback callback, void *userData);

/** Where the kernel's programs for cube and vector cores are on the device; null for the kind that it has none for. Since CANN 8.1. */
aclError aclrtGetFunctionAddr(aclrtFuncHandle funcHandle, void **aicAddr, void **aivAddr);

/** The sizes of the kernel's programs for cube and vector cores. Since CANN 9.1. */
aclError aclrtGetFunctionSize(aclrtFuncHandle funcHandle, size_t *aicSize, size_t *aivSize);

/** The kernel's name, at most `maxLen` bytes with the NUL. Since CANN 8.5. */
aclError aclrtGetFunctionName(aclrtFuncHandle funcHandle, uint32_t maxLen, char *name);

/** A fact about a kernel. Since CANN 8.5. */
aclError aclrtGetFunctionAttribute(aclrtFuncHandle funcHandle, aclrtFuncAttribute attrType, int64_t *attrValue);

/** The binary that a kernel is of. Since CANN 9.1. */
aclError aclrtFunctionGetBinary(aclrtFuncHandle funcHandle, aclrtBinHandle *binHandle);

/** How many parameters the kernel has. Since CANN 9.1. */
aclError aclrtFunctionGetParamCount(const void *func, size_t *paramCount);

/** Where a parameter of the kernel lies in its packed arguments, and its bytes. Since CANN 9.1. */
aclError aclrtFunctionGetParamInfo(const void *func, size_t paramIndex, size_t *paramOffset, size_t *paramSize);

/** How much memory of a vector core a SIMT kernel may still ask for. Since CANN 9.1. */
aclError aclrtFunctionGetAvailDynUbufPerBlock(void *func, uint32_t flags, size_t *dynamicUbufSize);

/** The address that kernels with barriers of the hardware take as their first argument. Since CANN 8.5. */
aclError aclrtGetHardwareSyncAddr(void **addr);

/** What the kernel that failed was given. For exception callbacks. Since CANN 9.0. */
aclError aclrtGetArgsFromExceptionInfo(const aclrtExceptionInfo *info, void **devArgsPtr, uint32_t *devArgsLen);

/** The kernel that failed. For exception callbacks. Since CANN 9.0. */
aclError aclrtGetFuncHandleFromExceptionInfo(const aclrtExceptionInfo *info, aclrtFuncHandle *func);

/** Begins a kernel's arguments, in memory of the runtime. Since CANN 8.1. */
aclError aclrtKernelArgsInit(aclrtFuncHandle funcHandle, aclrtArgsHandle *argsHandle);

/** Begins a kernel's arguments, in memory of the caller: both the handle's and theirs. Since CANN 8.1. */
aclError aclrtKernelArgsInitByUserMem(aclrtFuncHandle funcHandle, aclrtArgsHandle argsHandle, void *userHostMem,
    size_t actualArgsSize);

/** The bytes that arguments of `userArgsSize` bytes need. Since CANN 8.1. */
aclError aclrtKernelArgsGetMemSize(aclrtFuncHandle funcHandle, size_t userArgsSize, size_t *actualArgsSize);

/** The bytes that a handle of arguments needs. Since CANN 8.1. */
aclError aclrtKernelArgsGetHandleMemSize(aclrtFuncHandle funcHandle, size_t *memSize);

/** The next argument, copied. Since CANN 8.1. */
aclError aclrtKernelArgsAppend(aclrtArgsHandle argsHandle, void *param, size_t paramSize, aclrtParamHandle *paramHandle);

/** The next argument is the address of data that goes to the device with the arguments. Since CANN 8.1. */
aclError aclrtKernelArgsAppendPlaceHolder(aclrtArgsHandle argsHandle, aclrtParamHandle *paramHandle);

/** Where the host writes that data. Since CANN 8.1. */
aclError aclrtKernelArgsGetPlaceHolderBuffer(aclrtArgsHandle argsHandle, aclrtParamHandle paramHandle, size_t dataSize,
    void **bufferAddr);

/** Puts another value in an argument's place. Since CANN 8.1. */
aclError aclrtKernelArgsParaUpdate(aclrtArgsHandle argsHandle, aclrtParamHandle paramHandle, void *param,
    size_t paramSize);

/** Ends the arguments: they can be launched with. Since CANN 8.1. */
aclError aclrtKernelArgsFinalize(aclrtArgsHandle argsHandle);

/** Runs `numBlocks` blocks of a kernel in the order of the stream. The arguments are in device memory. Since CANN 8.1. */
aclError aclrtLaunchKernel(aclrtFuncHandle funcHandle, uint32_t numBlocks, const void *argsData, size_t argsSize,
    aclrtStream stream);

/** The same with attributes. `cfg` may be null. Since CANN 8.5. */
aclError aclrtLaunchKernelV2(aclrtFuncHandle funcHandle, uint32_t numBlocks, const void *argsData, size_t argsSize,
    aclrtLaunchKernelCfg *cfg, aclrtStream stream);

/** The same with finalised arguments. `cfg` may be null, `reserve` is null. Since CANN 8.1. */
aclError aclrtLaunchKernelWithConfig(aclrtFuncHandle funcHandle, uint32_t numBlocks, aclrtStream stream,
    aclrtLaunchKernelCfg *cfg, aclrtArgsHandle argsHandle, void *reserve);

/** The same with packed arguments in memory of the host, which are copied. `cfg` may be null. Since CANN 8.5. */
aclError aclrtLaunchKernelWithHostArgs(aclrtFuncHandle funcHandle, uint32_t numBlocks, aclrtStream stream,
    aclrtLaunchKernelCfg *cfg, void *hostArgs, size_t argsSize, aclrtPlaceHolderInfo *placeHolderArray,
    size_t placeHolderNum);

/** The same with an array of pointers, one to each argument in memory of the host. `cfg` may be null. Since CANN 9.1. */
aclError aclrtLaunchKernelWithArgsArray(void *func, uint32_t numBlocks, aclrtStream stream, aclrtLaunchKernelCfg *cfg,
    void **args);

/** Registers a binary: `rtDevBinary_t`. CANN advises against it. Since CANN 8.1. */
aclError rtDevBinaryRegister(const void *bin, void **hdl);

/** Ties a kernel of it to the address of a function of the host. Since CANN 8.1. */
aclError rtFunctionRegister(void *binHandle, const void *stubFunc, const char *stubName, const void *kernelInfoExt,
    uint32_t funcMode);

/** Runs the kernel of such an address. `smDesc` (`rtSmDesc_t`) may be null. Since CANN 8.1. */
aclError rtKernelLaunch(const void *stubFunc, uint32_t numBlocks, void *args, uint32_t argsSize, void *smDesc,
    aclrtStream stm);

/** Operators can be dumped from now on. Since CANN 8.1. */
aclError aclmdlInitDump(void);

/** Dumps what a configuration file names. Since CANN 8.1. */
aclError aclmdlSetDump(const char *dumpCfgPath);

/** Ends the dump. Since CANN 8.1. */
aclError aclmdlFinalizeDump(void);

#ifdef __cplusplus
}
#endif

#endif
