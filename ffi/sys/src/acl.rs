//! The device runtime, `libascendcl.so` (`libacl_rt.so` from 8.5): `acl/acl.h`, `acl/acl_rt.h`.

use crate::types::*;
use std::ffi::{c_char, c_void};

/// The symbols of the device runtime. Calls `$emit! { Acl, Lib::AscendCl; rows }`.
#[macro_export]
macro_rules! acl_symbols {
    ($emit:ident) => { $emit! { Acl, $crate::Lib::AscendCl;
        // ---- process
        /// Starts the runtime. `config_path` may be null. 100002 when started already, which counts a reference.
        [required "8.1"] fn aclInit(config_path: *const c_char) -> aclError;
        /// Ends the runtime at once, whatever the number of `aclInit` calls.
        [required "8.1"] fn aclFinalize() -> aclError;
        /// Gives back one reference of `aclInit`.
        [optional "8.5"] fn aclFinalizeReference(ref_count: *mut u64) -> aclError;
        /// Version of the ACL interface itself.
        [required "8.1"] fn aclrtGetVersion(major: *mut i32, minor: *mut i32, patch: *mut i32) -> aclError;
        /// Version of a package of the toolkit.
        [required "8.1"] fn aclsysGetCANNVersion(name: aclCANNPackageName, version: *mut aclCANNPackageVersion) -> aclError;
        /// This thread's last error text; reading clears it; null when empty.
        [required "8.1"] fn aclGetRecentErrMsg() -> *const c_char;
        /// Sets an option of the runtime, as determinism.
        [required "8.1"] fn aclrtSetSysParamOpt(opt: aclSysParamOpt, value: i64) -> aclError;
        /// Reads an option of the runtime.
        [required "8.1"] fn aclrtGetSysParamOpt(opt: aclSysParamOpt, value: *mut i64) -> aclError;
        /// Version of a package by its name, "CANN" or "runtime", as text: 128 bytes are enough.
        [optional "8.5"] fn aclsysGetVersionStr(pkg_name: *mut c_char, version_str: *mut c_char) -> aclError;
        /// The same as a number: major * 10^7 + minor * 10^5 + patch * 10^3, less for a preview.
        [optional "8.5"] fn aclsysGetVersionNum(pkg_name: *mut c_char, version_num: *mut i32) -> aclError;
        /// The last error of the runtime on this thread, which is then forgotten.
        [optional "8.1"] fn aclrtGetLastError(level: aclrtLastErrLevel) -> aclError;
        /// The same without forgetting it.
        [optional "8.1"] fn aclrtPeekAtLastError(level: aclrtLastErrLevel) -> aclError;
        /// The features of this toolkit on this chip. The list is the library's.
        [optional "8.1"] fn aclGetCannAttributeList(attributes: *mut *const aclCannAttr, num: *mut usize) -> aclError;
        /// Whether it has one of them.
        [optional "8.1"] fn aclGetCannAttribute(attribute: aclCannAttr, value: *mut i32) -> aclError;
        /// Bounds how long a stream waits for an event, in seconds; 0 is for ever, the default.
        [optional "8.1"] fn aclrtSetOpWaitTimeout(timeout: u32) -> aclError;
        /// Bounds how long an operator runs, in seconds; 0 is the longest there is.
        [optional "8.1"] fn aclrtSetOpExecuteTimeOut(timeout: u32) -> aclError;
        /// The same in milliseconds. Not on Atlas A2 and A3.
        [optional "8.1"] fn aclrtSetOpExecuteTimeOutWithMs(timeout: u32) -> aclError;
        /// The same in microseconds; gives the bound that counts.
        [optional "8.5"] fn aclrtSetOpExecuteTimeOutV2(timeout: u64, actual_timeout: *mut u64) -> aclError;
        /// That bound in milliseconds.
        [optional "8.5"] fn aclrtGetOpExecuteTimeout(timeout_ms: *mut u32) -> aclError;
        /// The step in which that bound can be set, in microseconds.
        [optional "8.5"] fn aclrtGetOpTimeOutInterval(interval: *mut u64) -> aclError;
        // ---- device
        /// Makes the primary context of a device current on this thread. Counted.
        [required "8.1"] fn aclrtSetDevice(device_id: i32) -> aclError;
        /// Gives back one `aclrtSetDevice`.
        [required "8.1"] fn aclrtResetDevice(device_id: i32) -> aclError;
        /// The current device of this thread.
        [required "8.1"] fn aclrtGetDevice(device_id: *mut i32) -> aclError;
        /// The number of visible devices.
        [required "8.1"] fn aclrtGetDeviceCount(count: *mut u32) -> aclError;
        /// Waits for all streams of the current device.
        [required "8.1"] fn aclrtSynchronizeDevice() -> aclError;
        /// The chip, for example "Ascend910B3". Owned by the library.
        [required "8.1"] fn aclrtGetSocName() -> *const c_char;
        /// Host or device side.
        [required "8.1"] fn aclrtGetRunMode(run_mode: *mut aclrtRunMode) -> aclError;
        /// Core counts and cache size.
        [required "8.1"] fn aclGetDeviceCapability(device_id: u32, info: aclDeviceInfo, value: *mut i64) -> aclError;
        /// Whether one device can reach another's memory.
        [required "8.1"] fn aclrtDeviceCanAccessPeer(can_access_peer: *mut i32, device_id: i32, peer_device_id: i32) -> aclError;
        /// Lets the current device reach the memory of another. One way; `flags` is 0.
        [required "8.1"] fn aclrtDeviceEnablePeerAccess(peer_device_id: i32, flags: u32) -> aclError;
        /// Takes that back.
        [required "8.1"] fn aclrtDeviceDisablePeerAccess(peer_device_id: i32) -> aclError;
        /// Whether it is so.
        [optional "8.5"] fn aclrtDevicePeerAccessStatus(device_id: i32, peer_device_id: i32, status: *mut i32) -> aclError;
        /// Ends the primary context, however often `aclrtSetDevice` was called.
        [optional "8.1"] fn aclrtResetDeviceForce(device_id: i32) -> aclError;
        /// As `aclrtSynchronizeDevice`, at most `timeout` milliseconds (-1: for ever).
        [optional "8.1"] fn aclrtSynchronizeDeviceWithTimeout(timeout: i32) -> aclError;
        /// A fact about a device: cores, memory, place.
        [optional "8.5"] fn aclrtGetDeviceInfo(device_id: u32, attr: aclrtDevAttr, value: *mut i64) -> aclError;
        /// Whether a device has a feature.
        [optional "8.5"] fn aclrtGetDeviceCapability(device_id: i32, feature: aclrtDevFeatureType, value: *mut i32) -> aclError;
        /// Whether a device can be used.
        [optional "8.1"] fn aclrtQueryDeviceStatus(device_id: i32, status: *mut aclrtDeviceStatus) -> aclError;
        /// How busy a device is.
        [optional "8.1"] fn aclrtGetDeviceUtilizationRate(device_id: i32, info: *mut aclrtUtilizationInfo) -> aclError;
        /// How two devices are connected.
        [optional "8.5"] fn aclrtGetDevicesTopo(device_id: u32, other_device_id: u32, value: *mut u64) -> aclError;
        /// What tells a device from every other.
        [optional "8.5"] fn aclrtDeviceGetUuid(device_id: i32, uuid: *mut aclrtUuid) -> aclError;
        /// This process, as the machine numbers it.
        [optional "8.1"] fn aclrtDeviceGetBareTgid(pid: *mut i32) -> aclError;
        /// Drops all work of a device. Waits at most `timeout` milliseconds for what runs (0: for ever).
        [optional "8.1"] fn aclrtDeviceTaskAbort(device_id: i32, timeout: u32) -> aclError;
        /// The machine's number of a visible device. (The header says logic id; it is the user's.)
        [optional "8.5"] fn aclrtGetPhyDevIdByLogicDevId(logic_dev_id: i32, phy_dev_id: *mut i32) -> aclError;
        /// The reverse.
        [optional "8.5"] fn aclrtGetLogicDevIdByPhyDevId(phy_dev_id: i32, logic_dev_id: *mut i32) -> aclError;
        /// The number before `ASCEND_RT_VISIBLE_DEVICES` of a visible device.
        [optional "8.5"] fn aclrtGetLogicDevIdByUserDevId(user_dev_id: i32, logic_dev_id: *mut i32) -> aclError;
        /// The reverse.
        [optional "8.5"] fn aclrtGetUserDevIdByLogicDevId(logic_dev_id: i32, user_dev_id: *mut i32) -> aclError;
        /// What results out of range become, on streams that the current device makes from now on.
        [optional "8.1"] fn aclrtSetDeviceSatMode(mode: aclrtFloatOverflowMode) -> aclError;
        /// Reads that.
        [optional "8.1"] fn aclrtGetDeviceSatMode(mode: *mut aclrtFloatOverflowMode) -> aclError;
        /// The cores that operators of this process may use on a device.
        [optional "8.3"] fn aclrtGetDeviceResLimit(device_id: i32, limit: aclrtDevResLimitType, value: *mut u32) -> aclError;
        /// Limits them.
        [optional "8.3"] fn aclrtSetDeviceResLimit(device_id: i32, limit: aclrtDevResLimitType, value: u32) -> aclError;
        /// All of them again.
        [optional "8.3"] fn aclrtResetDeviceResLimit(device_id: i32) -> aclError;
        /// Lowest and highest priority of a stream; either may be null.
        [optional "8.5"] fn aclrtDeviceGetStreamPriorityRange(least: *mut i32, greatest: *mut i32) -> aclError;
        // ---- context
        /// Makes a context and makes it current.
        [required "8.1"] fn aclrtCreateContext(context: *mut aclrtContext, device_id: i32) -> aclError;
        /// Destroys a context made by `aclrtCreateContext`.
        [required "8.1"] fn aclrtDestroyContext(context: aclrtContext) -> aclError;
        /// Makes a context current on this thread.
        [required "8.1"] fn aclrtSetCurrentContext(context: aclrtContext) -> aclError;
        /// The current context of this thread.
        [required "8.1"] fn aclrtGetCurrentContext(context: *mut aclrtContext) -> aclError;
        /// Sets an option for the current context.
        [optional "8.1"] fn aclrtCtxSetSysParamOpt(opt: aclSysParamOpt, value: i64) -> aclError;
        /// Reads it.
        [optional "8.1"] fn aclrtCtxGetSysParamOpt(opt: aclSysParamOpt, value: *mut i64) -> aclError;
        /// The default stream of the current context, as a handle.
        [optional "8.5"] fn aclrtCtxGetCurrentDefaultStream(stream: *mut aclrtStream) -> aclError;
        /// Whether the primary context of a device is there; `flags` is reserved and may be null.
        [optional "8.5"] fn aclrtGetPrimaryCtxState(device_id: i32, flags: *mut u32, active: *mut i32) -> aclError;
        // ---- stream
        /// Makes a stream of the current context.
        [required "8.1"] fn aclrtCreateStream(stream: *mut aclrtStream) -> aclError;
        /// Makes a stream with a priority (0 highest to 7) and flags.
        [required "8.1"] fn aclrtCreateStreamWithConfig(stream: *mut aclrtStream, priority: u32, flag: u32) -> aclError;
        /// Waits for the stream's work, then destroys it.
        [required "8.1"] fn aclrtDestroyStream(stream: aclrtStream) -> aclError;
        /// Drops the stream's pending work, then destroys it.
        [required "8.1"] fn aclrtDestroyStreamForce(stream: aclrtStream) -> aclError;
        /// Waits for the stream's work; asynchronous errors surface here.
        [required "8.1"] fn aclrtSynchronizeStream(stream: aclrtStream) -> aclError;
        /// The same, at most `timeout` milliseconds (-1: for ever).
        [required "8.1"] fn aclrtSynchronizeStreamWithTimeout(stream: aclrtStream, timeout: i32) -> aclError;
        /// Whether all work has run.
        [required "8.1"] fn aclrtStreamQuery(stream: aclrtStream, status: *mut aclrtStreamStatus) -> aclError;
        /// Settings for `aclrtCreateStreamV2`. Not on Atlas A2 and A3.
        [optional "8.1"] fn aclrtCreateStreamConfigHandle() -> *mut aclrtStreamConfigHandle;
        /// Sets one of them. Not on Atlas A2 and A3.
        [optional "8.1"] fn aclrtSetStreamConfigOpt(handle: *mut aclrtStreamConfigHandle, attr: aclrtStreamConfigAttr, value: *const c_void, value_size: usize) -> aclError;
        /// Destroys them. Not on Atlas A2 and A3.
        [optional "8.1"] fn aclrtDestroyStreamConfigHandle(handle: *mut aclrtStreamConfigHandle) -> aclError;
        /// Makes a stream from settings. Not on Atlas A2 and A3.
        [optional "8.1"] fn aclrtCreateStreamV2(stream: *mut aclrtStream, handle: *const aclrtStreamConfigHandle) -> aclError;
        /// Drops what the stream has queued; it can be used again. Who waits for it meanwhile gets 107023.
        [optional "8.1"] fn aclrtStreamAbort(stream: aclrtStream) -> aclError;
        /// Stops what runs on the stream, without dropping what is queued.
        [optional "8.5"] fn aclrtStreamStop(stream: aclrtStream) -> aclError;
        /// How many more streams the current device can have.
        [optional "8.5"] fn aclrtGetStreamAvailableNum(stream_count: *mut u32) -> aclError;
        /// The number by which errors name the stream.
        [optional "8.1"] fn aclrtStreamGetId(stream: aclrtStream, stream_id: *mut i32) -> aclError;
        /// Its priority.
        [optional "8.5"] fn aclrtStreamGetPriority(stream: aclrtStream, priority: *mut u32) -> aclError;
        /// Its flags.
        [optional "8.5"] fn aclrtStreamGetFlags(stream: aclrtStream, flags: *mut u32) -> aclError;
        /// Whether what is queued behind a failure runs (0) or is dropped (1). There is no way back from 1.
        [optional "8.1"] fn aclrtSetStreamFailureMode(stream: aclrtStream, mode: u64) -> aclError;
        /// Whether overflow of the stream's operators is noted.
        [optional "8.1"] fn aclrtSetStreamOverflowSwitch(stream: aclrtStream, flag: u32) -> aclError;
        /// Reads that.
        [optional "8.1"] fn aclrtGetStreamOverflowSwitch(stream: aclrtStream, flag: *mut u32) -> aclError;
        /// Sets an attribute.
        [optional "8.5"] fn aclrtSetStreamAttribute(stream: aclrtStream, attr: aclrtStreamAttr, value: *mut aclrtStreamAttrValue) -> aclError;
        /// Reads one.
        [optional "8.5"] fn aclrtGetStreamAttribute(stream: aclrtStream, attr: aclrtStreamAttr, value: *mut aclrtStreamAttrValue) -> aclError;
        /// The cores that operators of a stream may use: its own limit, else the device's.
        [optional "8.3"] fn aclrtGetStreamResLimit(stream: aclrtStream, limit: aclrtDevResLimitType, value: *mut u32) -> aclError;
        /// Limits them; counts on threads that call `aclrtUseStreamResInCurrentThread`.
        [optional "8.3"] fn aclrtSetStreamResLimit(stream: aclrtStream, limit: aclrtDevResLimitType, value: u32) -> aclError;
        /// The device's limit again.
        [optional "8.3"] fn aclrtResetStreamResLimit(stream: aclrtStream) -> aclError;
        /// Operators that this thread plans from now on keep to the stream's limits.
        [optional "8.3"] fn aclrtUseStreamResInCurrentThread(stream: aclrtStream) -> aclError;
        /// Takes that back. (8.3 has it without the argument, which C allows.)
        [optional "8.3"] fn aclrtUnuseStreamResInCurrentThread(stream: aclrtStream) -> aclError;
        /// The limit that counts on this thread.
        [optional "8.3"] fn aclrtGetResInCurrentThread(limit: aclrtDevResLimitType, value: *mut u32) -> aclError;
        // ---- event
        /// Makes an event with the default flags (time line and host sync).
        [required "8.1"] fn aclrtCreateEvent(event: *mut aclrtEvent) -> aclError;
        /// Makes an event with flags; 0 is refused.
        [required "8.1"] fn aclrtCreateEventWithFlag(event: *mut aclrtEvent, flag: u32) -> aclError;
        /// Makes an event that may be recorded again while waits on an earlier record are pending.
        [required "8.1"] fn aclrtCreateEventExWithFlag(event: *mut aclrtEvent, flag: u32) -> aclError;
        /// Destroys an event; legal while work on it is pending.
        [required "8.1"] fn aclrtDestroyEvent(event: aclrtEvent) -> aclError;
        /// Marks the stream's work so far.
        [required "8.1"] fn aclrtRecordEvent(event: aclrtEvent, stream: aclrtStream) -> aclError;
        /// Whether the marked work has run.
        [required "8.1"] fn aclrtQueryEventStatus(event: aclrtEvent, status: *mut aclrtEventRecordedStatus) -> aclError;
        /// Blocks the host until the marked work has run.
        [required "8.1"] fn aclrtSynchronizeEvent(event: aclrtEvent) -> aclError;
        /// The same, at most `timeout` milliseconds.
        [required "8.1"] fn aclrtSynchronizeEventWithTimeout(event: aclrtEvent, timeout: i32) -> aclError;
        /// Milliseconds between two recorded events.
        [required "8.1"] fn aclrtEventElapsedTime(ms: *mut f32, start: aclrtEvent, end: aclrtEvent) -> aclError;
        /// Later work of the stream waits for the event's most recent record.
        [required "8.1"] fn aclrtStreamWaitEvent(stream: aclrtStream, event: aclrtEvent) -> aclError;
        /// The same for at most `timeout` seconds (0: for ever); the stream fails with 107020 afterwards.
        [optional "8.5"] fn aclrtStreamWaitEventWithTimeout(stream: aclrtStream, event: aclrtEvent, timeout: i32) -> aclError;
        /// In the order of the stream: the event becomes as one that was never recorded.
        [optional "8.1"] fn aclrtResetEvent(event: aclrtEvent, stream: aclrtStream) -> aclError;
        /// Whether the marked work has run; deprecated.
        [optional "8.1"] fn aclrtQueryEvent(event: aclrtEvent, status: *mut aclrtEventStatus) -> aclError;
        /// Whether the waits of streams for the event are over.
        [optional "8.1"] fn aclrtQueryEventWaitStatus(event: aclrtEvent, status: *mut aclrtEventWaitStatus) -> aclError;
        /// When the marked work had run: microseconds since the device started.
        [optional "8.1"] fn aclrtEventGetTimestamp(event: aclrtEvent, timestamp: *mut u64) -> aclError;
        /// The number by which errors name the event.
        [optional "8.5"] fn aclrtGetEventId(event: aclrtEvent, event_id: *mut u32) -> aclError;
        /// How many more events the current device can have.
        [optional "8.5"] fn aclrtGetEventAvailNum(event_count: *mut u32) -> aclError;
        // ---- notify
        /// Makes a notify of the current device, not set.
        [optional "8.5"] fn aclrtCreateNotify(notify: *mut aclrtNotify, flag: u64) -> aclError;
        /// Destroys it.
        [optional "8.5"] fn aclrtDestroyNotify(notify: aclrtNotify) -> aclError;
        /// In the order of the stream: sets it.
        [optional "8.5"] fn aclrtRecordNotify(notify: aclrtNotify, stream: aclrtStream) -> aclError;
        /// Holds the stream until it is set, then clears it; at most `timeout` seconds (0: for ever).
        [optional "8.5"] fn aclrtWaitAndResetNotify(notify: aclrtNotify, stream: aclrtStream, timeout: u32) -> aclError;
        /// The number by which errors name it.
        [optional "8.5"] fn aclrtGetNotifyId(notify: aclrtNotify, notify_id: *mut u32) -> aclError;
        /// Clears some at once, whatever the streams are at.
        [optional "8.5"] fn aclrtNotifyBatchReset(notifies: *mut aclrtNotify, num: usize) -> aclError;
        /// Makes a notify with a count. Ascend 950 only, as all of these.
        [optional "8.5"] fn aclrtCntNotifyCreate(notify: *mut aclrtCntNotify, flag: u64) -> aclError;
        /// Destroys it.
        [optional "8.5"] fn aclrtCntNotifyDestroy(notify: aclrtCntNotify) -> aclError;
        /// In the order of the stream: changes the count.
        [optional "8.5"] fn aclrtCntNotifyRecord(notify: aclrtCntNotify, stream: aclrtStream, info: *mut aclrtCntNotifyRecordInfo) -> aclError;
        /// Holds the stream until the count is as asked.
        [optional "8.5"] fn aclrtCntNotifyWaitWithTimeout(notify: aclrtCntNotify, stream: aclrtStream, info: *mut aclrtCntNotifyWaitInfo) -> aclError;
        /// In the order of the stream: the count becomes 0.
        [optional "8.5"] fn aclrtCntNotifyReset(notify: aclrtCntNotify, stream: aclrtStream) -> aclError;
        /// The number by which errors name it.
        [optional "8.5"] fn aclrtCntNotifyGetId(notify: aclrtCntNotify, notify_id: *mut u32) -> aclError;
        /// In the order of the stream: writes 8 bytes of device memory, 8-byte aligned. `flag` is 0.
        [optional "8.5"] fn aclrtValueWrite(dev_addr: *mut c_void, value: u64, flag: u32, stream: aclrtStream) -> aclError;
        /// Holds the stream until 8 bytes of device memory compare as `flag` says with `value`.
        [optional "8.5"] fn aclrtValueWait(dev_addr: *mut c_void, value: u64, flag: u32, stream: aclrtStream) -> aclError;
        // ---- callbacks
        /// Lets the thread `thread_id` (`pthread_self`) run the callbacks of a stream.
        [optional "8.1"] fn aclrtSubscribeReport(thread_id: u64, stream: aclrtStream) -> aclError;
        /// Takes that back.
        [optional "8.1"] fn aclrtUnSubscribeReport(thread_id: u64, stream: aclrtStream) -> aclError;
        /// On that thread: waits for callbacks and runs them; at most `timeout` milliseconds (-1: for ever).
        [optional "8.1"] fn aclrtProcessReport(timeout: i32) -> aclError;
        /// In the order of the stream: has its thread call `callback`; the stream holds until then, or goes on.
        [optional "8.1"] fn aclrtLaunchCallback(callback: aclrtCallback, user_data: *mut c_void, block_type: aclrtCallbackBlockType, stream: aclrtStream) -> aclError;
        /// In the order of the stream: calls `function` on a thread of the runtime; the stream holds until it has returned.
        [optional "8.5"] fn aclrtLaunchHostFunc(stream: aclrtStream, function: aclrtHostFunc, args: *mut c_void) -> aclError;
        /// As `aclrtSubscribeReport`, for models with operators of the host. Not on Atlas A2 and A3.
        [optional "8.1"] fn aclrtSubscribeHostFunc(thread_id: u64, stream: aclrtStream) -> aclError;
        /// Takes that back. Not on Atlas A2 and A3.
        [optional "8.1"] fn aclrtUnSubscribeHostFunc(thread_id: u64, stream: aclrtStream) -> aclError;
        /// As `aclrtProcessReport`, for these. Not on Atlas A2 and A3.
        [optional "8.1"] fn aclrtProcessHostFunc(timeout: i32) -> aclError;
        /// What the runtime calls when queued work fails, on a thread of its own; null takes it back.
        [optional "8.1"] fn aclrtSetExceptionInfoCallback(callback: aclrtExceptionInfoCallback) -> aclError;
        /// The place of what failed in its stream; 0xFFFFFFFF for null, as with all of these.
        [optional "8.1"] fn aclrtGetTaskIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32;
        /// The stream of what failed.
        [optional "8.1"] fn aclrtGetStreamIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32;
        /// The thread that queued what failed.
        [optional "8.1"] fn aclrtGetThreadIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32;
        /// The device of what failed.
        [optional "8.1"] fn aclrtGetDeviceIdFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32;
        /// How it failed.
        [optional "8.1"] fn aclrtGetErrorCodeFromExceptionInfo(info: *const aclrtExceptionInfo) -> u32;
        // ---- memory
        /// Device memory, 64-byte aligned, contents arbitrary. Size 0 is refused.
        [required "8.1"] fn aclrtMalloc(ptr: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy) -> aclError;
        /// Frees at once; does not wait for queued work.
        [required "8.1"] fn aclrtFree(ptr: *mut c_void) -> aclError;
        /// Pinned host memory, 64-byte aligned.
        [required "8.1"] fn aclrtMallocHost(ptr: *mut *mut c_void, size: usize) -> aclError;
        /// Frees pinned host memory.
        [required "8.1"] fn aclrtFreeHost(ptr: *mut c_void) -> aclError;
        /// Copies, blocking. Does not wait for the streams.
        [required "8.1"] fn aclrtMemcpy(dst: *mut c_void, dest_max: usize, src: *const c_void, count: usize, kind: aclrtMemcpyKind) -> aclError;
        /// Copies in the order of the stream; asynchronous only where host memory is pinned.
        [required "8.1"] fn aclrtMemcpyAsync(dst: *mut c_void, dest_max: usize, src: *const c_void, count: usize, kind: aclrtMemcpyKind, stream: aclrtStream) -> aclError;
        /// Sets bytes, blocking.
        [required "8.1"] fn aclrtMemset(ptr: *mut c_void, max_count: usize, value: i32, count: usize) -> aclError;
        /// Sets bytes in the order of the stream.
        [required "8.1"] fn aclrtMemsetAsync(ptr: *mut c_void, max_count: usize, value: i32, count: usize, stream: aclrtStream) -> aclError;
        /// Free and total bytes of the current device.
        [required "8.1"] fn aclrtGetMemInfo(attr: aclrtMemAttr, free: *mut usize, total: *mut usize) -> aclError;
    } };
}
acl_symbols!(function_table);
