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
        /// Bytes of an element; 0 for a text or none.
        [optional "8.1"] fn aclDataTypeSize(data_type: aclDataType) -> usize;
        /// A half-precision number as a number. Its infinities and NaN are none: 65536, -65536 and more.
        [optional "8.1"] fn aclFloat16ToFloat(value: aclFloat16) -> f32;
        /// The nearest half-precision number. What is out of range or NaN becomes the largest.
        [optional "8.1"] fn aclFloatToFloat16(value: f32) -> aclFloat16;
        /// Whether what was compiled for a chip runs on this one.
        [optional "8.5"] fn aclrtCheckArchCompatibility(soc_version: *const c_char, can_compatible: *mut i32) -> aclError;
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
        /// What is wrong with a device, after a failure and before it is aborted.
        [optional "8.5"] fn aclrtGetErrorVerbose(device_id: i32, error_info: *mut aclrtErrorInfo) -> aclError;
        /// Whether results out of range arose on the current device since the last reset: 64 bytes of device memory, all 0 for none.
        [optional "8.1"] fn aclrtGetOverflowStatus(output_addr: *mut c_void, output_size: usize, stream: aclrtStream) -> aclError;
        /// Forgets them.
        [optional "8.1"] fn aclrtResetOverflowStatus(stream: aclrtStream) -> aclError;
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
        /// `callback` is told of each stream that begins or ends, under a name; null takes it back.
        [optional "8.5"] fn aclrtRegStreamStateCallback(reg_name: *const c_char, callback: aclrtStreamStateCallback, args: *mut c_void) -> aclError;
        /// The number of the task that this thread enqueued last.
        [optional "8.1"] fn aclrtGetThreadLastTaskId(task_id: *mut u32) -> aclError;
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
        /// As `aclrtRecordEvent`, or (flag 1, in a capture) so that the record is seen outside of the graph.
        [optional "9.2"] fn aclrtRecordEventWithFlag(event: aclrtEvent, stream: aclrtStream, flag: u32) -> aclError;
        /// As `aclrtStreamWaitEventWithTimeout`, or (flag 1, in a capture) for what is outside of the graph.
        [optional "9.2"] fn aclrtStreamWaitEventWithFlag(stream: aclrtStream, event: aclrtEvent, timeout: u32, flag: u32) -> aclError;
        /// By which other processes of the server open an event of `ACL_EVENT_IPC`.
        [optional "8.5"] fn aclrtIpcGetEventHandle(event: aclrtEvent, handle: *mut aclrtIpcEventHandle) -> aclError;
        /// The event of another process, for the current context.
        [optional "8.5"] fn aclrtIpcOpenEventHandle(handle: aclrtIpcEventHandle, event: *mut aclrtEvent) -> aclError;
        // ---- random numbers
        /// Draws random numbers in the order of the stream. `reserve` is null.
        [optional "8.5"] fn aclrtRandomNumAsync(task_info: *const aclrtRandomNumTaskInfo, stream: aclrtStream, reserve: *mut c_void) -> aclError;
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
        /// A text (65 bytes) by which other processes of the server import a notify.
        [optional "8.5"] fn aclrtNotifyGetExportKey(notify: aclrtNotify, key: *mut c_char, len: usize, flags: u64) -> aclError;
        /// Lets processes import it.
        [optional "8.5"] fn aclrtNotifySetImportPid(notify: aclrtNotify, pid: *mut i32, num: usize) -> aclError;
        /// A notify of another process, to record or to wait for; destroyed here as one of this process is.
        [optional "8.5"] fn aclrtNotifyImportByKey(notify: *mut aclrtNotify, key: *const c_char, flags: u64) -> aclError;
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
        /// Device memory that rounds up to 32 bytes and adds none, else as `aclrtMalloc`.
        [optional "8.1"] fn aclrtMallocAlign32(ptr: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy) -> aclError;
        /// As `aclrtMalloc`: all device memory is cached.
        [optional "8.1"] fn aclrtMallocCached(ptr: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy) -> aclError;
        /// As `aclrtMalloc`, with attributes. `cfg` may be null.
        [optional "8.1"] fn aclrtMallocWithCfg(ptr: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy, cfg: *mut aclrtMallocConfig) -> aclError;
        /// Memory that the task scheduler of the chip can use.
        [optional "8.1"] fn aclrtMallocForTaskScheduler(ptr: *mut *mut c_void, size: usize, policy: aclrtMemMallocPolicy, cfg: *mut aclrtMallocConfig) -> aclError;
        /// Waits for the device, then frees.
        [optional "8.5"] fn aclrtFreeWithDevSync(ptr: *mut c_void) -> aclError;
        /// Memory that host and device share. Not on A2 and A3.
        [optional "9.0"] fn aclrtMemAllocManaged(ptr: *mut *mut c_void, size: u64, flag: u32) -> aclError;
        /// Writes cached data of a range back. Not needed on A2 and A3.
        [optional "8.1"] fn aclrtMemFlush(ptr: *mut c_void, size: usize) -> aclError;
        /// Drops cached data of a range. Not needed on A2 and A3.
        [optional "8.1"] fn aclrtMemInvalidate(ptr: *mut c_void, size: usize) -> aclError;
        /// Pinned host memory with attributes. `cfg` may be null.
        [optional "8.1"] fn aclrtMallocHostWithCfg(ptr: *mut *mut c_void, size: u64, cfg: *mut aclrtMallocConfig) -> aclError;
        /// Waits for the device, then frees pinned host memory.
        [optional "8.5"] fn aclrtFreeHostWithDevSync(ptr: *mut c_void) -> aclError;
        /// Lets the current device reach host memory (from a multiple of 4096 on) at the address that it gives back.
        [optional "8.1"] fn aclrtHostRegister(ptr: *mut c_void, size: u64, kind: aclrtHostRegisterType, dev_ptr: *mut *mut c_void) -> aclError;
        /// The same with flags, without the address.
        [optional "8.5"] fn aclrtHostRegisterV2(ptr: *mut c_void, size: u64, flag: u32) -> aclError;
        /// Takes that back. The host's memory stays.
        [optional "8.1"] fn aclrtHostUnregister(ptr: *mut c_void) -> aclError;
        /// Where a device sees registered host memory. `flag` is 0.
        [optional "8.5"] fn aclrtHostGetDevicePointer(host: *mut c_void, device: *mut *mut c_void, flag: u32) -> aclError;
        /// Bytes of a device by component, biggest first.
        [optional "8.5"] fn aclrtGetMemUsageInfo(device_id: i32, info: *mut aclrtMemUsageInfo, input_num: usize, output_num: *mut usize) -> aclError;
        /// What an address is.
        [optional "8.1"] fn aclrtPointerGetAttributes(ptr: *const c_void, attributes: *mut aclrtPtrAttributes) -> aclError;
        /// Start and size of the block of device memory that an address lies in.
        [optional "9.0"] fn aclrtMemGetAddressRange(ptr: *mut c_void, base: *mut *mut c_void, size: *mut usize) -> aclError;
        /// Whether all addresses are device memory of the kinds in a mask. `reserve` is 0.
        [optional "8.5"] fn aclrtCheckMemType(addresses: *mut *mut c_void, size: u32, mem_type: u32, check_result: *mut u32, reserve: u32) -> aclError;
        /// As `aclrtMemcpyAsync`, by an older name.
        [optional "8.1"] fn aclrtMemcpyAsyncWithCondition(dst: *mut c_void, dest_max: usize, src: *const c_void, count: usize, kind: aclrtMemcpyKind, stream: aclrtStream) -> aclError;
        /// Copies rows of `width` bytes that start `dpitch` and `spitch` bytes apart, blocking.
        [optional "8.1"] fn aclrtMemcpy2d(dst: *mut c_void, dpitch: usize, src: *const c_void, spitch: usize, width: usize, height: usize, kind: aclrtMemcpyKind) -> aclError;
        /// The same in the order of the stream.
        [optional "8.1"] fn aclrtMemcpy2dAsync(dst: *mut c_void, dpitch: usize, src: *const c_void, spitch: usize, width: usize, height: usize, kind: aclrtMemcpyKind, stream: aclrtStream) -> aclError;
        /// Many copies between host and device, all in one direction, in any order; blocking.
        [optional "8.3"] fn aclrtMemcpyBatch(dsts: *mut *mut c_void, dest_maxs: *mut usize, srcs: *mut *mut c_void, sizes: *mut usize, num_batches: usize, attrs: *mut aclrtMemcpyBatchAttr, attrs_indexes: *mut usize, num_attrs: usize, fail_index: *mut usize) -> aclError;
        /// The same in the order of the stream.
        [optional "8.3"] fn aclrtMemcpyBatchAsync(dsts: *mut *mut c_void, dest_maxs: *mut usize, srcs: *mut *mut c_void, sizes: *mut usize, num_batches: usize, attrs: *mut aclrtMemcpyBatchAttr, attrs_indexes: *mut usize, num_attrs: usize, fail_index: *mut usize, stream: aclrtStream) -> aclError;
        /// `aclrtMemcpyBatch` that does not say which copy is wrong.
        [optional "9.1"] fn aclrtMemcpyBatchV2(dsts: *mut *mut c_void, dest_maxs: *mut usize, srcs: *mut *mut c_void, sizes: *mut usize, num_batches: usize, attrs: *mut aclrtMemcpyBatchAttr, attrs_indexes: *mut usize, num_attrs: usize) -> aclError;
        /// `aclrtMemcpyBatchAsync` that does not say which copy is wrong.
        [optional "9.1"] fn aclrtMemcpyBatchAsyncV2(dsts: *mut *mut c_void, dest_maxs: *mut usize, srcs: *mut *mut c_void, sizes: *mut usize, num_batches: usize, attrs: *mut aclrtMemcpyBatchAttr, attrs_indexes: *mut usize, num_attrs: usize, stream: aclrtStream) -> aclError;
        /// Copies within a device between addresses that lie in device memory, read when the copy runs, plus offsets.
        [optional "8.5"] fn aclrtMemcpyAsyncWithOffset(dst: *mut *mut c_void, dest_max: usize, dst_offset: usize, src: *mut *const c_void, count: usize, src_offset: usize, kind: aclrtMemcpyKind, stream: aclrtStream) -> aclError;
        /// Bytes of a descriptor of a copy within a device.
        [optional "8.1"] fn aclrtGetMemcpyDescSize(kind: aclrtMemcpyKind, size: *mut usize) -> aclError;
        /// Writes a descriptor into device memory. `config` is null.
        [optional "8.1"] fn aclrtSetMemcpyDesc(desc: *mut c_void, kind: aclrtMemcpyKind, src: *mut c_void, dst: *mut c_void, count: usize, config: *mut c_void) -> aclError;
        /// Makes the copy that a descriptor in device memory describes when it runs.
        [optional "8.1"] fn aclrtMemcpyAsyncWithDesc(desc: *mut c_void, kind: aclrtMemcpyKind, stream: aclrtStream) -> aclError;
        /// Sets `n` 32-bit values, blocking.
        [optional "9.1"] fn aclrtMemsetD32(ptr: *mut c_void, mem_size: usize, value: u32, n: usize) -> aclError;
        /// The same in the order of the stream.
        [optional "9.1"] fn aclrtMemsetD32Async(ptr: *mut c_void, mem_size: usize, value: u32, n: usize, stream: aclrtStream) -> aclError;
        /// `dst = dst op src`, `count` bytes of them. `reserve` is null.
        [optional "8.5"] fn aclrtReduceAsync(dst: *mut c_void, src: *const c_void, count: u64, kind: aclrtReduceKind, dtype: aclDataType, stream: aclrtStream, reserve: *mut c_void) -> aclError;
        /// A hint to the L2 cache in the order of the stream: prefetch a range.
        [optional "8.1"] fn aclrtCmoAsync(src: *mut c_void, size: usize, kind: aclrtCmoType, stream: aclrtStream) -> aclError;
        /// Makes a pool of stream-ordered memory. A2 only, experimental.
        [optional "9.0"] fn aclrtMemPoolCreate(pool: *mut aclrtMemPool, props: *const aclrtMemPoolProps) -> aclError;
        /// Destroys a pool; memory that is still allocated from it goes when it is freed.
        [optional "9.0"] fn aclrtMemPoolDestroy(pool: aclrtMemPool) -> aclError;
        /// Sets an attribute of a pool.
        [optional "9.0"] fn aclrtMemPoolSetAttr(pool: aclrtMemPool, attr: aclrtMemPoolAttr, value: *mut c_void) -> aclError;
        /// Reads an attribute of a pool.
        [optional "9.0"] fn aclrtMemPoolGetAttr(pool: aclrtMemPool, attr: aclrtMemPoolAttr, value: *mut c_void) -> aclError;
        /// Memory for the work that is enqueued on the stream from now on.
        [optional "9.1"] fn aclrtMemPoolMallocAsync(ptr: *mut *mut c_void, size: usize, pool: aclrtMemPool, stream: aclrtStream) -> aclError;
        /// Gives memory back to its pool behind the stream's work so far.
        [optional "9.1"] fn aclrtMemPoolFreeAsync(ptr: *mut c_void, stream: aclrtStream) -> aclError;
        /// Gives idle memory of a pool back to the device until at most so many bytes are kept.
        [optional "9.1"] fn aclrtMemPoolTrimTo(pool: aclrtMemPool, min_bytes_to_keep: usize) -> aclError;
        // ---- virtual memory
        /// Reserves addresses. `alignment` is 0, `flags` 0 or 1.
        [optional "8.1"] fn aclrtReserveMemAddress(ptr: *mut *mut c_void, size: usize, alignment: usize, expect: *mut c_void, flags: u64) -> aclError;
        /// Gives addresses back; nothing may be mapped there.
        [optional "8.1"] fn aclrtReleaseMemAddress(ptr: *mut c_void) -> aclError;
        /// Physical memory of a device. `flags` is 0.
        [optional "8.1"] fn aclrtMallocPhysical(handle: *mut aclrtDrvMemHandle, size: usize, prop: *const aclrtPhysicalMemProp, flags: u64) -> aclError;
        /// Gives a handle back; the memory goes when nothing maps it any more.
        [optional "8.1"] fn aclrtFreePhysical(handle: aclrtDrvMemHandle) -> aclError;
        /// Maps all of a physical memory into reserved addresses. `offset` and `flags` are 0.
        [optional "8.1"] fn aclrtMapMem(ptr: *mut c_void, size: usize, offset: usize, handle: aclrtDrvMemHandle, flags: u64) -> aclError;
        /// Takes a mapping back, by its first address.
        [optional "8.1"] fn aclrtUnmapMem(ptr: *mut c_void) -> aclError;
        /// Sizes of physical memory are multiples of this.
        [optional "8.1"] fn aclrtMemGetAllocationGranularity(prop: *mut aclrtPhysicalMemProp, option: aclrtMemGranularityOptions, granularity: *mut usize) -> aclError;
        /// What a handle was made with.
        [optional "8.5"] fn aclrtMemGetAllocationPropertiesFromHandle(handle: aclrtDrvMemHandle, prop: *mut aclrtPhysicalMemProp) -> aclError;
        /// The handle of what is mapped at an address, once more: it is freed once more too.
        [optional "8.5"] fn aclrtMemRetainAllocationHandle(ptr: *mut c_void, handle: *mut aclrtDrvMemHandle) -> aclError;
        /// Lets devices use a mapping.
        [optional "8.5"] fn aclrtMemSetAccess(ptr: *mut c_void, size: usize, desc: *mut aclrtMemAccessDesc, count: usize) -> aclError;
        /// What a device may do with a mapping.
        [optional "8.5"] fn aclrtMemGetAccess(ptr: *mut c_void, location: *mut aclrtMemLocation, flag: *mut u64) -> aclError;
        /// A number by which other processes of the server import physical memory. Once a handle.
        [optional "8.1"] fn aclrtMemExportToShareableHandle(handle: aclrtDrvMemHandle, handle_type: aclrtMemHandleType, flags: u64, shareable: *mut u64) -> aclError;
        /// The same for a choice of handles: `shareable` is a `u64` or an [`aclrtMemFabricHandle`].
        [optional "8.5"] fn aclrtMemExportToShareableHandleV2(handle: aclrtDrvMemHandle, flags: u64, share_type: aclrtMemSharedHandleType, shareable: *mut c_void) -> aclError;
        /// Physical memory of another process, for a device of this one.
        [optional "8.1"] fn aclrtMemImportFromShareableHandle(shareable: u64, device_id: i32, handle: *mut aclrtDrvMemHandle) -> aclError;
        /// The same for a choice of handles, for the current device. `flags` is 0.
        [optional "8.5"] fn aclrtMemImportFromShareableHandleV2(shareable: *mut c_void, share_type: aclrtMemSharedHandleType, flags: u64, handle: *mut aclrtDrvMemHandle) -> aclError;
        /// Lets processes import.
        [optional "8.1"] fn aclrtMemSetPidToShareableHandle(shareable: u64, pid: *mut i32, pid_num: usize) -> aclError;
        /// The same for a choice of handles.
        [optional "8.5"] fn aclrtMemSetPidToShareableHandleV2(shareable: *mut c_void, share_type: aclrtMemSharedHandleType, pid: *mut i32, pid_num: usize) -> aclError;
        /// A text (65 bytes) by which other processes of the server import device memory from `aclrtMalloc`.
        [optional "8.5"] fn aclrtIpcMemGetExportKey(ptr: *mut c_void, size: usize, key: *mut c_char, len: usize, flags: u64) -> aclError;
        /// Lets processes import by a key.
        [optional "8.5"] fn aclrtIpcMemSetImportPid(key: *const c_char, pid: *mut i32, num: usize) -> aclError;
        /// Lets processes of other servers import by a key. A3 only.
        [optional "8.5"] fn aclrtIpcMemImportPidInterServer(key: *const c_char, server_pids: *mut aclrtServerPid, num: usize) -> aclError;
        /// Device memory of another process, at an address of this one.
        [optional "8.5"] fn aclrtIpcMemImportByKey(ptr: *mut *mut c_void, key: *const c_char, flags: u64) -> aclError;
        /// Ends sharing: first where it was imported, then where it was exported.
        [optional "8.5"] fn aclrtIpcMemClose(key: *const c_char) -> aclError;
        /// Which link between the two dies of a card to use. A3 only.
        [optional "8.5"] fn aclrtIpcMemSetAttr(key: *const c_char, kind: aclrtIpcMemAttrType, attr: u64) -> aclError;
    } };
}
acl_symbols!(function_table);
