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
        // ---- context
        /// Makes a context and makes it current.
        [required "8.1"] fn aclrtCreateContext(context: *mut aclrtContext, device_id: i32) -> aclError;
        /// Destroys a context made by `aclrtCreateContext`.
        [required "8.1"] fn aclrtDestroyContext(context: aclrtContext) -> aclError;
        /// Makes a context current on this thread.
        [required "8.1"] fn aclrtSetCurrentContext(context: aclrtContext) -> aclError;
        /// The current context of this thread.
        [required "8.1"] fn aclrtGetCurrentContext(context: *mut aclrtContext) -> aclError;
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
