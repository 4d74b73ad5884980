//! C types of devices, streams, notifies, callbacks and profiling (`acl_rt.h`, `acl_base.h`, `acl_prof.h`).

use std::ffi::{c_int, c_void};

/// A notify: one bit that one stream sets and another waits for and clears.
pub type aclrtNotify = *mut c_void;
/// A notify with a count (Ascend 950 only).
pub type aclrtCntNotify = *mut c_void;
/// A function that a stream runs on the host; null is refused.
pub type aclrtCallback = Option<unsafe extern "C" fn(user_data: *mut c_void)>;
/// The same, for `aclrtLaunchHostFunc`.
pub type aclrtHostFunc = Option<unsafe extern "C" fn(args: *mut c_void)>;
/// What is called when queued work fails; null takes the one that was set back.
pub type aclrtExceptionInfoCallback = Option<unsafe extern "C" fn(info: *mut aclrtExceptionInfo)>;

opaque! {
    /// What failed: see the `aclrtGet...FromExceptionInfo` functions.
    aclrtExceptionInfo;
    /// Reserved: null.
    aclrtUtilizationExtendInfo;
    /// What a profile collects.
    aclprofConfig;
    /// Reserved: null.
    aclprofAicoreEvents;
}

c_enum! {
    /// Whether a device can be used.
    aclrtDeviceStatus: c_int {
        ACL_RT_DEVICE_STATUS_NORMAL = 0;
        ACL_RT_DEVICE_STATUS_ABNORMAL = 1;
        ACL_RT_DEVICE_STATUS_END = 0xFFFF;
    }
}
c_enum! {
    /// What floating point results out of range become.
    aclrtFloatOverflowMode: c_int {
        /// The largest finite value.
        ACL_RT_OVERFLOW_MODE_SATURATION = 0;
        /// Inf or NaN, as IEEE 754 has it.
        ACL_RT_OVERFLOW_MODE_INFNAN = 1;
        /// Not known.
        ACL_RT_OVERFLOW_MODE_UNDEF = 2;
    }
}
c_enum! {
    /// Facts about a device that `aclrtGetDeviceInfo` gives.
    aclrtDevAttr: c_int {
        ACL_DEV_ATTR_AICPU_CORE_NUM = 1;
        ACL_DEV_ATTR_AICORE_CORE_NUM = 101;
        ACL_DEV_ATTR_CUBE_CORE_NUM = 102;
        ACL_DEV_ATTR_VECTOR_CORE_NUM = 201;
        /// This one and those up to 212 are of Ascend 950; older chips give 0.
        ACL_DEV_ATTR_WARP_SIZE = 202;
        ACL_DEV_ATTR_MAX_THREAD_PER_VECTOR_CORE = 203;
        ACL_DEV_ATTR_UBUF_PER_VECTOR_CORE = 204;
        ACL_DEV_ATTR_MAX_GRID_DIM_X = 205;
        ACL_DEV_ATTR_MAX_GRID_DIM_Y = 206;
        ACL_DEV_ATTR_MAX_GRID_DIM_Z = 207;
        ACL_DEV_ATTR_MAX_BLOCK_PER_GRID = 208;
        ACL_DEV_ATTR_MAX_THREADS_PER_BLOCK = 209;
        ACL_DEV_ATTR_MAX_BLOCK_DIM_X = 210;
        ACL_DEV_ATTR_MAX_BLOCK_DIM_Y = 211;
        ACL_DEV_ATTR_MAX_BLOCK_DIM_Z = 212;
        ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE = 301;
        ACL_DEV_ATTR_L2_CACHE_SIZE = 302;
        ACL_DEV_ATTR_SMP_ID = 401;
        ACL_DEV_ATTR_PHY_CHIP_ID = 402;
        ACL_DEV_ATTR_SUPER_POD_DEVICE_ID = 403;
        ACL_DEV_ATTR_SUPER_POD_SERVER_ID = 404;
        ACL_DEV_ATTR_SUPER_POD_ID = 405;
        ACL_DEV_ATTR_CUST_OP_PRIVILEGE = 406;
        ACL_DEV_ATTR_MAINBOARD_ID = 407;
        ACL_DEV_ATTR_HD_CONNECT_TYPE = 408;
        ACL_DEV_ATTR_DEVICE_FORM_FACTOR = 409;
        ACL_DEV_ATTR_IS_VIRTUAL = 501;
        /// 2201 for Atlas A2 and A3.
        ACL_DEV_ATTR_NPU_ARCH = 601;
    }
}
c_enum! {
    /// Features that `aclrtGetDeviceCapability` knows.
    aclrtDevFeatureType: c_int {
        ACL_FEATURE_TSCPU_TASK_UPDATE_SUPPORT_AIC_AIV = 1;
        ACL_FEATURE_SYSTEM_MEMQ_EVENT_CROSS_DEV = 21;
    }
}
c_enum! {
    /// Features of the toolkit and the chip together.
    aclCannAttr: c_int {
        ACL_CANN_ATTR_UNDEFINED = -1;
        ACL_CANN_ATTR_INF_NAN = 0;
        ACL_CANN_ATTR_BF16 = 1;
        ACL_CANN_ATTR_JIT_COMPILE = 2;
    }
}
c_enum! {
    /// Cores whose number can be limited.
    aclrtDevResLimitType: c_int { ACL_RT_DEV_RES_CUBE_CORE = 0; ACL_RT_DEV_RES_VECTOR_CORE = 1; }
}
c_enum! {
    /// Attributes of a stream.
    aclrtStreamAttr: c_int {
        ACL_STREAM_ATTR_FAILURE_MODE = 1;
        ACL_STREAM_ATTR_FLOAT_OVERFLOW_CHECK = 2;
        ACL_STREAM_ATTR_USER_CUSTOM_TAG = 3;
        ACL_STREAM_ATTR_CACHE_OP_INFO = 4;
        ACL_STREAM_ATTR_PRIORITY = 5;
    }
}
c_enum! {
    /// Settings of `aclrtSetStreamConfigOpt`.
    aclrtStreamConfigAttr: c_int {
        ACL_RT_STREAM_WORK_ADDR_PTR = 0;
        ACL_RT_STREAM_WORK_SIZE = 1;
        ACL_RT_STREAM_FLAG = 2;
        ACL_RT_STREAM_PRIORITY = 3;
    }
}
/// By which other processes open an event of `ACL_EVENT_IPC`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtIpcEventHandle {
    /// For CANN only.
    pub reserved: [std::ffi::c_char; 64],
}
const _: () = assert!(size_of::<aclrtIpcEventHandle>() == 64);

c_enum! {
    /// Whether an event's work has run, as the deprecated `aclrtQueryEvent` says it. Trap: the reverse of
    /// `aclrtEventRecordedStatus`.
    aclrtEventStatus: c_int { ACL_EVENT_STATUS_COMPLETE = 0; ACL_EVENT_STATUS_NOT_READY = 1; ACL_EVENT_STATUS_RESERVED = 2; }
}
c_enum! {
    /// Whether the waits of streams for an event are over.
    aclrtEventWaitStatus: c_int {
        ACL_EVENT_WAIT_STATUS_COMPLETE = 0;
        ACL_EVENT_WAIT_STATUS_NOT_READY = 1;
        ACL_EVENT_WAIT_STATUS_RESERVED = 0xFFFF;
    }
}
c_enum! {
    /// Whether the stream holds until its callback has returned.
    aclrtCallbackBlockType: c_int { ACL_CALLBACK_NO_BLOCK = 0; ACL_CALLBACK_BLOCK = 1; }
}
c_enum! {
    /// Whose last error is asked for.
    aclrtLastErrLevel: c_int { ACL_RT_THREAD_LEVEL = 0; }
}
c_enum! {
    /// What a record does to the count of a notify (Ascend 950 only).
    aclrtCntNotifyRecordMode: c_int {
        ACL_RT_CNT_NOTIFY_RECORD_SET_VALUE_MODE = 0;
        ACL_RT_CNT_NOTIFY_RECORD_ADD_MODE = 1;
        ACL_RT_CNT_NOTIFY_RECORD_BIT_OR_MODE = 2;
        ACL_RT_CNT_NOTIFY_RECORD_BIT_AND_MODE = 4;
    }
}
c_enum! {
    /// What a wait compares the count of a notify with (Ascend 950 only).
    aclrtCntNotifyWaitMode: c_int {
        ACL_RT_CNT_NOTIFY_WAIT_LESS_MODE = 0;
        ACL_RT_CNT_NOTIFY_WAIT_EQUAL_MODE = 1;
        ACL_RT_CNT_NOTIFY_WAIT_BIGGER_MODE = 2;
        ACL_RT_CNT_NOTIFY_WAIT_BIGGER_OR_EQUAL_MODE = 3;
        ACL_RT_CNT_NOTIFY_WAIT_EQUAL_WITH_BITMASK_MODE = 4;
    }
}
c_enum! {
    /// Counters of the cores that a profile collects.
    aclprofAicoreMetrics: c_int {
        ACL_AICORE_ARITHMETIC_UTILIZATION = 0;
        ACL_AICORE_PIPE_UTILIZATION = 1;
        ACL_AICORE_MEMORY_BANDWIDTH = 2;
        ACL_AICORE_L0B_AND_WIDTH = 3;
        ACL_AICORE_RESOURCE_CONFLICT_RATIO = 4;
        ACL_AICORE_MEMORY_UB = 5;
        ACL_AICORE_L2_CACHE = 6;
        ACL_AICORE_PIPE_EXECUTE_UTILIZATION = 7;
        ACL_AICORE_MEMORY_ACCESS = 8;
        ACL_AICORE_NONE = 0xFF;
    }
}

/// How busy the parts of a device are, in percent; -1 where that cannot be had.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtUtilizationInfo {
    /// Cube cores.
    pub cubeUtilization: i32,
    /// Vector cores.
    pub vectorUtilization: i32,
    /// AI CPUs.
    pub aicpuUtilization: i32,
    /// Memory.
    pub memoryUtilization: i32,
    /// Reserved: null.
    pub utilizationExtend: *mut aclrtUtilizationExtendInfo,
}
const _: () = assert!(size_of::<aclrtUtilizationInfo>() == 24);

/// What tells one device from every other.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtUuid {
    /// 16 bytes, not a C string.
    pub bytes: [u8; 16],
}
const _: () = assert!(size_of::<aclrtUuid>() == 16);

/// The value of an [`aclrtStreamAttr`]; which field counts, the attribute says.
#[repr(C)]
#[derive(Clone, Copy)]
pub union aclrtStreamAttrValue {
    /// [`ACL_CONTINUE_ON_FAILURE`] or [`ACL_STOP_ON_FAILURE`].
    pub failureMode: u64,
    /// 0 or 1.
    pub overflowSwitch: u32,
    /// Any number.
    pub userCustomTag: u32,
    /// 0 or 1.
    pub cacheOpInfoSwitch: u32,
    /// 0 highest, 7 lowest.
    pub streamPriority: u32,
    /// The size.
    pub reserve: [u32; 4],
}
const _: () = assert!(size_of::<aclrtStreamAttrValue>() == 16 && align_of::<aclrtStreamAttrValue>() == 8);

/// What `aclrtCreateStreamV2` makes a stream from.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtStreamConfigHandle {
    /// Memory that the stream works in.
    pub workptr: *mut c_void,
    /// Its bytes.
    pub workSize: usize,
    /// Flags.
    pub flag: usize,
    /// Priority.
    pub priority: u32,
}
const _: () = assert!(size_of::<aclrtStreamConfigHandle>() == 32);

/// How a notify with a count is recorded.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtCntNotifyRecordInfo {
    /// What is done with the value.
    pub mode: aclrtCntNotifyRecordMode,
    /// The value.
    pub value: u32,
}
const _: () = assert!(size_of::<aclrtCntNotifyRecordInfo>() == 8);

/// How a notify with a count is waited for.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtCntNotifyWaitInfo {
    /// How the count is compared.
    pub mode: aclrtCntNotifyWaitMode,
    /// With what.
    pub value: u32,
    /// Seconds; 0 is for ever.
    pub timeout: u32,
    /// Whether the count becomes 0 afterwards.
    pub isClear: u8,
    /// Not used.
    pub rsv: [u8; 3],
}
const _: () = assert!(size_of::<aclrtCntNotifyWaitInfo>() == 16);

/// Failure mode of a stream: what is queued behind a failure runs.
pub const ACL_CONTINUE_ON_FAILURE: u64 = 0;
/// Failure mode of a stream: what is queued behind a failure is dropped.
pub const ACL_STOP_ON_FAILURE: u64 = 1;
/// Wait until `(int64_t)(*address - value) >= 0`.
pub const ACL_STREAM_WAIT_VALUE_GEQ: u32 = 0;
/// Wait until `*address == value`.
pub const ACL_STREAM_WAIT_VALUE_EQ: u32 = 1;
/// Wait until `(*address & value) != 0`.
pub const ACL_STREAM_WAIT_VALUE_AND: u32 = 2;
/// Wait until `~(*address | value) != 0`.
pub const ACL_STREAM_WAIT_VALUE_NOR: u32 = 3;
/// Notify flag: used from the host.
pub const ACL_NOTIFY_DEFAULT: u64 = 0;
/// Notify flag: used by the device only.
pub const ACL_NOTIFY_DEVICE_USE_ONLY: u64 = 1;
/// Export flag of a notify: processes of a white list may import.
pub const ACL_RT_NOTIFY_EXPORT_FLAG_DEFAULT: u64 = 0;
/// Import flag of a notify: nothing more.
pub const ACL_RT_NOTIFY_IMPORT_FLAG_DEFAULT: u64 = 0;
/// Bytes of a version as text, with its NUL.
pub const ACL_PKG_VERSION_MAX_SIZE: u32 = 128;
/// Export flag of a notify: any process may import.
pub const ACL_RT_NOTIFY_EXPORT_FLAG_DISABLE_PID_VALIDATION: u64 = 0x2;
/// Import flag of a notify: enables peer access between the two devices.
pub const ACL_RT_NOTIFY_IMPORT_FLAG_ENABLE_PEER_ACCESS: u64 = 0x2;
/// Stream flag: tasks stay after they have run.
pub const ACL_STREAM_PERSISTENT: u32 = 0x4;
/// Stream flag: a longer queue.
pub const ACL_STREAM_HUGE: u32 = 0x8;
/// Stream flag: scheduled by the AI CPU.
pub const ACL_STREAM_CPU_SCHEDULE: u32 = 0x10;
/// Stream flag: used by the device only.
pub const ACL_STREAM_DEVICE_USE_ONLY: u32 = 0x20;
/// Two devices are connected by HCCS, Huawei's cache coherent link.
pub const ACL_RT_DEVS_TOPOLOGY_HCCS: u64 = 0x01;
/// By one PCIe switch.
pub const ACL_RT_DEVS_TOPOLOGY_PIX: u64 = 0x02;
/// Reserved.
pub const ACL_RT_DEVS_TOPOLOGY_PIB: u64 = 0x04;
/// By a PCIe host bridge.
pub const ACL_RT_DEVS_TOPOLOGY_PHB: u64 = 0x08;
/// Between the NUMA nodes of the host.
pub const ACL_RT_DEVS_TOPOLOGY_SYS: u64 = 0x10;
/// Inside one package: the two dies of an Atlas A3 card.
pub const ACL_RT_DEVS_TOPOLOGY_SIO: u64 = 0x20;
/// By an HCCS switch.
pub const ACL_RT_DEVS_TOPOLOGY_HCCS_SW: u64 = 0x40;
/// What a profile collects: the program's own ranges and marks.
pub const ACL_PROF_MSPROFTX: u64 = 0x80;
/// What a profile collects: calls of ACL.
pub const ACL_PROF_ACL_API: u64 = 0x1;
/// What a profile collects: the times of tasks.
pub const ACL_PROF_TASK_TIME: u64 = 0x2;
