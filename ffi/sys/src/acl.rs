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
