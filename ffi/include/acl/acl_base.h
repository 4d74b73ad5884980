/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Types, constants and error numbers of the device runtime. */
#ifndef ASCEND_RL_ACL_ACL_BASE_H
#define ASCEND_RL_ACL_ACL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** `aclError`: 0 or one of the error numbers. */
typedef int32_t aclError;

/** A stream; null is the default stream of the current context. */
typedef void *aclrtStream;

/** An event. */
typedef void *aclrtEvent;

/** A context. */
typedef void *aclrtContext;

/** Element type of a tensor or scalar (`acl_base.h`). */
typedef enum aclDataType {
    ACL_DT_UNDEFINED = -1,
    ACL_FLOAT = 0,
    ACL_FLOAT16 = 1,
    ACL_INT8 = 2,
    ACL_INT32 = 3,
    ACL_UINT8 = 4,
    ACL_INT16 = 6,
    ACL_UINT16 = 7,
    ACL_UINT32 = 8,
    ACL_INT64 = 9,
    ACL_UINT64 = 10,
    ACL_DOUBLE = 11,
    ACL_BOOL = 12,
    ACL_STRING = 13,
    ACL_COMPLEX64 = 16,
    ACL_COMPLEX128 = 17,
    ACL_BF16 = 27,
    ACL_INT4 = 29,
    ACL_UINT1 = 30,
    ACL_COMPLEX32 = 33,
} aclDataType;

/** Storage format of a tensor (`acl_base.h`); base formats are all treated as ND by operators. */
typedef enum aclFormat {
    ACL_FORMAT_UNDEFINED = -1,
    ACL_FORMAT_NCHW = 0,
    ACL_FORMAT_NHWC = 1,
    ACL_FORMAT_ND = 2,
    ACL_FORMAT_NC1HWC0 = 3,
    ACL_FORMAT_FRACTAL_Z = 4,
    ACL_FORMAT_NDHWC = 27,
    ACL_FORMAT_FRACTAL_NZ = 29,
    ACL_FORMAT_NCDHW = 30,
    ACL_FORMAT_NCL = 47,
} aclFormat;

/** Direction of a copy (`acl_rt.h`). */
typedef enum aclrtMemcpyKind {
    ACL_MEMCPY_HOST_TO_HOST = 0,
    ACL_MEMCPY_HOST_TO_DEVICE = 1,
    ACL_MEMCPY_DEVICE_TO_HOST = 2,
    ACL_MEMCPY_DEVICE_TO_DEVICE = 3,
    ACL_MEMCPY_DEFAULT = 4,
    ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE = 5,
    ACL_MEMCPY_INNER_DEVICE_TO_DEVICE = 6,
    ACL_MEMCPY_INTER_DEVICE_TO_DEVICE = 7,
} aclrtMemcpyKind;

/** Page policy of `aclrtMalloc`; an unknown value means the default (`acl_rt.h`). */
typedef enum aclrtMemMallocPolicy {
    ACL_MEM_MALLOC_HUGE_FIRST = 0,
    ACL_MEM_MALLOC_HUGE_ONLY = 1,
    ACL_MEM_MALLOC_NORMAL_ONLY = 2,
    ACL_MEM_MALLOC_HUGE_FIRST_P2P = 3,
    ACL_MEM_MALLOC_HUGE_ONLY_P2P = 4,
    ACL_MEM_MALLOC_NORMAL_ONLY_P2P = 5,
    ACL_MEM_MALLOC_HUGE1G_ONLY = 6,
    ACL_MEM_MALLOC_HUGE1G_ONLY_P2P = 7,
    ACL_MEM_TYPE_LOW_BAND_WIDTH = 256,
    ACL_MEM_TYPE_HIGH_BAND_WIDTH = 4096,
    ACL_MEM_ACCESS_USER_SPACE_READONLY = 1048576,
} aclrtMemMallocPolicy;

/** Which memory `aclrtGetMemInfo` asks about (`acl_rt.h`). */
typedef enum aclrtMemAttr {
    ACL_DDR_MEM = 0,
    ACL_HBM_MEM = 1,
    ACL_DDR_MEM_HUGE = 2,
    ACL_DDR_MEM_NORMAL = 3,
    ACL_HBM_MEM_HUGE = 4,
    ACL_HBM_MEM_NORMAL = 5,
    ACL_DDR_MEM_P2P_HUGE = 6,
    ACL_DDR_MEM_P2P_NORMAL = 7,
    ACL_HBM_MEM_P2P_HUGE = 8,
    ACL_HBM_MEM_P2P_NORMAL = 9,
    ACL_HBM_MEM_HUGE1G = 10,
    ACL_HBM_MEM_P2P_HUGE1G = 11,
    ACL_MEM_NORMAL = 12,
    ACL_MEM_HUGE = 13,
    ACL_MEM_HUGE1G = 14,
    ACL_MEM_P2P_NORMAL = 15,
    ACL_MEM_P2P_HUGE = 16,
    ACL_MEM_P2P_HUGE1G = 17,
} aclrtMemAttr;

/** Whether the work recorded before an event has run. Trap: `aclrtEventStatus` has these two the other way round. */
typedef enum aclrtEventRecordedStatus {
    ACL_EVENT_RECORDED_STATUS_NOT_READY = 0,
    ACL_EVENT_RECORDED_STATUS_COMPLETE = 1,
} aclrtEventRecordedStatus;

/** Whether all work of a stream has run. */
typedef enum aclrtStreamStatus {
    ACL_STREAM_STATUS_COMPLETE = 0,
    ACL_STREAM_STATUS_NOT_READY = 1,
} aclrtStreamStatus;

/** Where the caller runs: on the host of a card, or on the device itself. */
typedef enum aclrtRunMode {
    ACL_DEVICE = 0,
    ACL_HOST = 1,
} aclrtRunMode;

/** Options of the runtime (`acl_base.h`). */
typedef enum aclSysParamOpt {
    ACL_OPT_DETERMINISTIC = 0,
    ACL_OPT_ENABLE_DEBUG_KERNEL = 1,
    ACL_OPT_STRONG_CONSISTENCY = 2,
} aclSysParamOpt;

/** Facts about a device (`acl_base.h`). */
typedef enum aclDeviceInfo {
    ACL_DEVICE_INFO_AI_CORE_NUM = 0,
    ACL_DEVICE_INFO_VECTOR_CORE_NUM = 1,
    ACL_DEVICE_INFO_L2_SIZE = 2,
} aclDeviceInfo;

/** Packages of a toolkit whose version can be asked for (`acl.h`). */
typedef enum aclCANNPackageName {
    ACL_PKG_NAME_CANN = 0,
    ACL_PKG_NAME_RUNTIME = 1,
    ACL_PKG_NAME_TOOLKIT = 4,
    ACL_PKG_NAME_DRIVER = 7,
} aclCANNPackageName;

/** Version of a package of the toolkit, as C strings (`acl.h`). */
typedef struct aclCANNPackageVersion {
    /** The whole, "8.3.RC1". */
    char version[128];
    /** "8" */
    char majorVersion[64];
    /** "3" */
    char minorVersion[64];
    /** "RC1" or "" */
    char releaseVersion[64];
    /** Patch level. */
    char patchVersion[64];
    /** Not used. */
    char reserved[128];
} aclCANNPackageVersion;

/** A notify: one bit that one stream sets and another waits for and clears. */
typedef void *aclrtNotify;

/** A notify with a count (Ascend 950 only). */
typedef void *aclrtCntNotify;

/** A function that a stream runs on the host; null is refused. */
typedef void (*aclrtCallback)(void *userData);

/** The same, for `aclrtLaunchHostFunc`. */
typedef void (*aclrtHostFunc)(void *args);

/** What failed: see the `aclrtGet...FromExceptionInfo` functions. */
typedef struct aclrtExceptionInfo aclrtExceptionInfo;

/** What is called when queued work fails; null takes the one that was set back. */
typedef void (*aclrtExceptionInfoCallback)(aclrtExceptionInfo *info);

/** Reserved: null. */
typedef struct aclrtUtilizationExtendInfo aclrtUtilizationExtendInfo;

/** What a profile collects. */
typedef struct aclprofConfig aclprofConfig;

/** Reserved: null. */
typedef struct aclprofAicoreEvents aclprofAicoreEvents;

/** Whether a device can be used. */
typedef enum aclrtDeviceStatus {
    ACL_RT_DEVICE_STATUS_NORMAL = 0,
    ACL_RT_DEVICE_STATUS_ABNORMAL = 1,
    ACL_RT_DEVICE_STATUS_END = 65535,
} aclrtDeviceStatus;

/** What floating point results out of range become. */
typedef enum aclrtFloatOverflowMode {
    /** The largest finite value. */
    ACL_RT_OVERFLOW_MODE_SATURATION = 0,
    /** Inf or NaN, as IEEE 754 has it. */
    ACL_RT_OVERFLOW_MODE_INFNAN = 1,
    /** Not known. */
    ACL_RT_OVERFLOW_MODE_UNDEF = 2,
} aclrtFloatOverflowMode;

/** Facts about a device that `aclrtGetDeviceInfo` gives. */
typedef enum aclrtDevAttr {
    ACL_DEV_ATTR_AICPU_CORE_NUM = 1,
    ACL_DEV_ATTR_AICORE_CORE_NUM = 101,
    ACL_DEV_ATTR_CUBE_CORE_NUM = 102,
    ACL_DEV_ATTR_VECTOR_CORE_NUM = 201,
    /** This one and those up to 212 are of Ascend 950; older chips give 0. */
    ACL_DEV_ATTR_WARP_SIZE = 202,
    ACL_DEV_ATTR_MAX_THREAD_PER_VECTOR_CORE = 203,
    ACL_DEV_ATTR_UBUF_PER_VECTOR_CORE = 204,
    ACL_DEV_ATTR_MAX_GRID_DIM_X = 205,
    ACL_DEV_ATTR_MAX_GRID_DIM_Y = 206,
    ACL_DEV_ATTR_MAX_GRID_DIM_Z = 207,
    ACL_DEV_ATTR_MAX_BLOCK_PER_GRID = 208,
    ACL_DEV_ATTR_MAX_THREADS_PER_BLOCK = 209,
    ACL_DEV_ATTR_MAX_BLOCK_DIM_X = 210,
    ACL_DEV_ATTR_MAX_BLOCK_DIM_Y = 211,
    ACL_DEV_ATTR_MAX_BLOCK_DIM_Z = 212,
    ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE = 301,
    ACL_DEV_ATTR_L2_CACHE_SIZE = 302,
    ACL_DEV_ATTR_SMP_ID = 401,
    ACL_DEV_ATTR_PHY_CHIP_ID = 402,
    ACL_DEV_ATTR_SUPER_POD_DEVICE_ID = 403,
    ACL_DEV_ATTR_SUPER_POD_SERVER_ID = 404,
    ACL_DEV_ATTR_SUPER_POD_ID = 405,
    ACL_DEV_ATTR_CUST_OP_PRIVILEGE = 406,
    ACL_DEV_ATTR_MAINBOARD_ID = 407,
    ACL_DEV_ATTR_HD_CONNECT_TYPE = 408,
    ACL_DEV_ATTR_DEVICE_FORM_FACTOR = 409,
    ACL_DEV_ATTR_IS_VIRTUAL = 501,
    /** 2201 for Atlas A2 and A3. */
    ACL_DEV_ATTR_NPU_ARCH = 601,
} aclrtDevAttr;

/** Features that `aclrtGetDeviceCapability` knows. */
typedef enum aclrtDevFeatureType {
    ACL_FEATURE_TSCPU_TASK_UPDATE_SUPPORT_AIC_AIV = 1,
    ACL_FEATURE_SYSTEM_MEMQ_EVENT_CROSS_DEV = 21,
} aclrtDevFeatureType;

/** Features of the toolkit and the chip together. */
typedef enum aclCannAttr {
    ACL_CANN_ATTR_UNDEFINED = -1,
    ACL_CANN_ATTR_INF_NAN = 0,
    ACL_CANN_ATTR_BF16 = 1,
    ACL_CANN_ATTR_JIT_COMPILE = 2,
} aclCannAttr;

/** Cores whose number can be limited. */
typedef enum aclrtDevResLimitType {
    ACL_RT_DEV_RES_CUBE_CORE = 0,
    ACL_RT_DEV_RES_VECTOR_CORE = 1,
} aclrtDevResLimitType;

/** Attributes of a stream. */
typedef enum aclrtStreamAttr {
    ACL_STREAM_ATTR_FAILURE_MODE = 1,
    ACL_STREAM_ATTR_FLOAT_OVERFLOW_CHECK = 2,
    ACL_STREAM_ATTR_USER_CUSTOM_TAG = 3,
    ACL_STREAM_ATTR_CACHE_OP_INFO = 4,
    ACL_STREAM_ATTR_PRIORITY = 5,
} aclrtStreamAttr;

/** Settings of `aclrtSetStreamConfigOpt`. */
typedef enum aclrtStreamConfigAttr {
    ACL_RT_STREAM_WORK_ADDR_PTR = 0,
    ACL_RT_STREAM_WORK_SIZE = 1,
    ACL_RT_STREAM_FLAG = 2,
    ACL_RT_STREAM_PRIORITY = 3,
} aclrtStreamConfigAttr;

/** By which other processes open an event of `ACL_EVENT_IPC`. */
typedef struct aclrtIpcEventHandle {
    /** For CANN only. */
    char reserved[64];
} aclrtIpcEventHandle;

/** Whether an event's work has run, as the deprecated `aclrtQueryEvent` says it. Trap: the reverse of
 * `aclrtEventRecordedStatus`.
 */
typedef enum aclrtEventStatus {
    ACL_EVENT_STATUS_COMPLETE = 0,
    ACL_EVENT_STATUS_NOT_READY = 1,
    ACL_EVENT_STATUS_RESERVED = 2,
} aclrtEventStatus;

/** Whether the waits of streams for an event are over. */
typedef enum aclrtEventWaitStatus {
    ACL_EVENT_WAIT_STATUS_COMPLETE = 0,
    ACL_EVENT_WAIT_STATUS_NOT_READY = 1,
    ACL_EVENT_WAIT_STATUS_RESERVED = 65535,
} aclrtEventWaitStatus;

/** Whether the stream holds until its callback has returned. */
typedef enum aclrtCallbackBlockType {
    ACL_CALLBACK_NO_BLOCK = 0,
    ACL_CALLBACK_BLOCK = 1,
} aclrtCallbackBlockType;

/** Whose last error is asked for. */
typedef enum aclrtLastErrLevel {
    ACL_RT_THREAD_LEVEL = 0,
} aclrtLastErrLevel;

/** What a record does to the count of a notify (Ascend 950 only). */
typedef enum aclrtCntNotifyRecordMode {
    ACL_RT_CNT_NOTIFY_RECORD_SET_VALUE_MODE = 0,
    ACL_RT_CNT_NOTIFY_RECORD_ADD_MODE = 1,
    ACL_RT_CNT_NOTIFY_RECORD_BIT_OR_MODE = 2,
    ACL_RT_CNT_NOTIFY_RECORD_BIT_AND_MODE = 4,
} aclrtCntNotifyRecordMode;

/** What a wait compares the count of a notify with (Ascend 950 only). */
typedef enum aclrtCntNotifyWaitMode {
    ACL_RT_CNT_NOTIFY_WAIT_LESS_MODE = 0,
    ACL_RT_CNT_NOTIFY_WAIT_EQUAL_MODE = 1,
    ACL_RT_CNT_NOTIFY_WAIT_BIGGER_MODE = 2,
    ACL_RT_CNT_NOTIFY_WAIT_BIGGER_OR_EQUAL_MODE = 3,
    ACL_RT_CNT_NOTIFY_WAIT_EQUAL_WITH_BITMASK_MODE = 4,
} aclrtCntNotifyWaitMode;

/** Counters of the cores that a profile collects. */
typedef enum aclprofAicoreMetrics {
    ACL_AICORE_ARITHMETIC_UTILIZATION = 0,
    ACL_AICORE_PIPE_UTILIZATION = 1,
    ACL_AICORE_MEMORY_BANDWIDTH = 2,
    ACL_AICORE_L0B_AND_WIDTH = 3,
    ACL_AICORE_RESOURCE_CONFLICT_RATIO = 4,
    ACL_AICORE_MEMORY_UB = 5,
    ACL_AICORE_L2_CACHE = 6,
    ACL_AICORE_PIPE_EXECUTE_UTILIZATION = 7,
    ACL_AICORE_MEMORY_ACCESS = 8,
    ACL_AICORE_NONE = 255,
} aclprofAicoreMetrics;

/** How busy the parts of a device are, in percent; -1 where that cannot be had. */
typedef struct aclrtUtilizationInfo {
    /** Cube cores. */
    int32_t cubeUtilization;
    /** Vector cores. */
    int32_t vectorUtilization;
    /** AI CPUs. */
    int32_t aicpuUtilization;
    /** Memory. */
    int32_t memoryUtilization;
    /** Reserved: null. */
    aclrtUtilizationExtendInfo *utilizationExtend;
} aclrtUtilizationInfo;

/** What tells one device from every other. */
typedef struct aclrtUuid {
    /** 16 bytes, not a C string. */
    char bytes[16];
} aclrtUuid;

/** The value of an `aclrtStreamAttr`; which field counts, the attribute says. */
typedef union aclrtStreamAttrValue {
    /** `ACL_CONTINUE_ON_FAILURE` or `ACL_STOP_ON_FAILURE`. */
    uint64_t failureMode;
    /** 0 or 1. */
    uint32_t overflowSwitch;
    /** Any number. */
    uint32_t userCustomTag;
    /** 0 or 1. */
    uint32_t cacheOpInfoSwitch;
    /** 0 highest, 7 lowest. */
    uint32_t streamPriority;
    /** The size. */
    uint32_t reserve[4];
} aclrtStreamAttrValue;

/** What `aclrtCreateStreamV2` makes a stream from. */
typedef struct aclrtStreamConfigHandle {
    /** Memory that the stream works in. */
    void *workptr;
    /** Its bytes. */
    size_t workSize;
    /** Flags. */
    size_t flag;
    /** Priority. */
    uint32_t priority;
} aclrtStreamConfigHandle;

/** How a notify with a count is recorded. */
typedef struct aclrtCntNotifyRecordInfo {
    /** What is done with the value. */
    aclrtCntNotifyRecordMode mode;
    /** The value. */
    uint32_t value;
} aclrtCntNotifyRecordInfo;

/** How a notify with a count is waited for. */
typedef struct aclrtCntNotifyWaitInfo {
    /** How the count is compared. */
    aclrtCntNotifyWaitMode mode;
    /** With what. */
    uint32_t value;
    /** Seconds; 0 is for ever. */
    uint32_t timeout;
    /** Whether the count becomes 0 afterwards. */
    uint8_t isClear;
    /** Not used. */
    char rsv[3];
} aclrtCntNotifyWaitInfo;

/** Physical memory of a device, made by `aclrtMallocPhysical` or imported. */
typedef void *aclrtDrvMemHandle;

/** A pool of stream-ordered memory. */
typedef void *aclrtMemPool;

/** What a device may do with registered host memory. */
typedef enum aclrtHostRegisterType {
    ACL_HOST_REGISTER_MAPPED = 0,
    ACL_HOST_REGISTER_IOMEMORY = 4,
    ACL_HOST_REGISTER_READONLY = 8,
} aclrtHostRegisterType;

/** Which field of `aclrtMallocAttrValue` counts. */
typedef enum aclrtMallocAttrType {
    ACL_RT_MEM_ATTR_RSV = 0,
    ACL_RT_MEM_ATTR_MODULE_ID = 1,
    ACL_RT_MEM_ATTR_DEVICE_ID = 2,
    ACL_RT_MEM_ATTR_VA_FLAG = 3,
} aclrtMallocAttrType;

/** Value of an attribute of an allocation. */
typedef union aclrtMallocAttrValue {
    /** Which component allocates, for statistics. */
    uint16_t moduleId;
    /** A device. */
    uint32_t deviceId;
    /** Whether host and device see it at one address. */
    uint32_t vaFlag;
    /** All of it. */
    char rsv[8];
} aclrtMallocAttrValue;

/** One attribute of an allocation. */
typedef struct aclrtMallocAttribute {
    /** Which. */
    aclrtMallocAttrType attr;
    /** Its value. */
    aclrtMallocAttrValue value;
} aclrtMallocAttribute;

/** Attributes of an allocation. */
typedef struct aclrtMallocConfig {
    /** The first. */
    aclrtMallocAttribute *attrs;
    /** Their number. */
    size_t numAttrs;
} aclrtMallocConfig;

/** Where memory is. */
typedef enum aclrtMemLocationType {
    ACL_MEM_LOCATION_TYPE_HOST = 0,
    ACL_MEM_LOCATION_TYPE_DEVICE = 1,
    ACL_MEM_LOCATION_TYPE_UNREGISTERED = 2,
    ACL_MEM_LOCATION_TYPE_MANAGED = 3,
    ACL_MEM_LOCATION_TYPE_HOST_NUMA = 4,
} aclrtMemLocationType;

/** Where memory is, and on which device. */
typedef struct aclrtMemLocation {
    /** The device; no meaning on the host. */
    uint32_t id;
    /** Host or device. */
    aclrtMemLocationType type;
} aclrtMemLocation;

/** What an address is. */
typedef struct aclrtPtrAttributes {
    /** Where it is. */
    aclrtMemLocation location;
    /** Bytes of a page of it. */
    uint32_t pageSize;
    /** Zero. */
    uint32_t rsv[4];
} aclrtPtrAttributes;

/** How much of a device's memory a component has. */
typedef struct aclrtMemUsageInfo {
    /** The component, NUL-terminated. */
    char name[32];
    /** Bytes now. */
    uint64_t curMemSize;
    /** Most bytes so far. */
    uint64_t memPeakSize;
    /** Zero. */
    size_t reserved[8];
} aclrtMemUsageInfo;

/** Where both sides of a batch's copies are. */
typedef struct aclrtMemcpyBatchAttr {
    /** Of the destinations. */
    aclrtMemLocation dstLoc;
    /** Of the sources. */
    aclrtMemLocation srcLoc;
    /** Zero. */
    char rsv[16];
} aclrtMemcpyBatchAttr;

/** What `aclrtReduceAsync` does with two elements. */
typedef enum aclrtReduceKind {
    ACL_RT_MEMCPY_SDMA_AUTOMATIC_SUM = 10,
    ACL_RT_MEMCPY_SDMA_AUTOMATIC_MAX = 11,
    ACL_RT_MEMCPY_SDMA_AUTOMATIC_MIN = 12,
    ACL_RT_MEMCPY_SDMA_AUTOMATIC_EQUAL = 13,
} aclrtReduceKind;

/** Hints to the L2 cache. */
typedef enum aclrtCmoType {
    ACL_RT_CMO_TYPE_PREFETCH = 0,
    ACL_RT_CMO_TYPE_WRITEBACK = 1,
    ACL_RT_CMO_TYPE_INVALID = 2,
    ACL_RT_CMO_TYPE_FLUSH = 3,
} aclrtCmoType;

/** How physical memory is kept. */
typedef enum aclrtMemAllocationType {
    ACL_MEM_ALLOCATION_TYPE_PINNED = 0,
} aclrtMemAllocationType;

/** Kind of a handle of physical memory. */
typedef enum aclrtMemHandleType {
    ACL_MEM_HANDLE_TYPE_NONE = 0,
    ACL_MEM_HANDLE_TYPE_POSIX = 2,
} aclrtMemHandleType;

/** How far a shareable handle reaches: one server (a `u64`), or several (`aclrtMemFabricHandle`). */
typedef enum aclrtMemSharedHandleType {
    ACL_MEM_SHARE_HANDLE_TYPE_DEFAULT = 1,
    ACL_MEM_SHARE_HANDLE_TYPE_FABRIC = 2,
} aclrtMemSharedHandleType;

/** Which granularity of physical memory is asked for. */
typedef enum aclrtMemGranularityOptions {
    ACL_RT_MEM_ALLOC_GRANULARITY_MINIMUM = 0,
    ACL_RT_MEM_ALLOC_GRANULARITY_RECOMMENDED = 1,
} aclrtMemGranularityOptions;

/** What a place may do with mapped memory. */
typedef enum aclrtMemAccessFlags {
    ACL_RT_MEM_ACCESS_FLAGS_NONE = 0,
    ACL_RT_MEM_ACCESS_FLAGS_READ = 1,
    ACL_RT_MEM_ACCESS_FLAGS_READWRITE = 3,
} aclrtMemAccessFlags;

/** Attributes of memory shared by key. */
typedef enum aclrtIpcMemAttrType {
    ACL_RT_IPC_MEM_ATTR_ACCESS_LINK = 0,
} aclrtIpcMemAttrType;

/** What physical memory to allocate. */
typedef struct aclrtPhysicalMemProp {
    /** Must be `ACL_MEM_HANDLE_TYPE_NONE`. */
    aclrtMemHandleType handleType;
    /** Must be `ACL_MEM_ALLOCATION_TYPE_PINNED`. */
    aclrtMemAllocationType allocationType;
    /** Kind of memory and page. */
    aclrtMemAttr memAttr;
    /** Where. */
    aclrtMemLocation location;
    /** Zero. */
    uint64_t reserve;
} aclrtPhysicalMemProp;

/** Which place may do what with mapped memory. */
typedef struct aclrtMemAccessDesc {
    /** What it may do. */
    aclrtMemAccessFlags flags;
    /** Which place. */
    aclrtMemLocation location;
    /** Zero. */
    char rsv[12];
} aclrtMemAccessDesc;

/** A shareable handle that reaches other servers. */
typedef struct aclrtMemFabricHandle {
    /** For CANN only. */
    char data[128];
} aclrtMemFabricHandle;

/** Processes of another server. */
typedef struct aclrtServerPid {
    /** The server. */
    uint32_t sdid;
    /** Its processes. */
    int32_t *pid;
    /** Their number. */
    size_t num;
} aclrtServerPid;

/** Attributes of a memory pool: switches (`u32`), sizes in bytes (`u64`). */
typedef enum aclrtMemPoolAttr {
    ACL_RT_MEM_POOL_REUSE_FOLLOW_EVENT_DEPENDENCIES = 1,
    ACL_RT_MEM_POOL_REUSE_ALLOW_OPPORTUNISTIC = 2,
    ACL_RT_MEM_POOL_REUSE_ALLOW_INTERNAL_DEPENDENCIES = 3,
    ACL_RT_MEM_POOL_ATTR_RELEASE_THRESHOLD = 4,
    ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_CURRENT = 5,
    ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_HIGH = 6,
    ACL_RT_MEM_POOL_ATTR_USED_MEM_CURRENT = 7,
    ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH = 8,
} aclrtMemPoolAttr;

/** What memory pool to make. */
typedef struct aclrtMemPoolProps {
    /** Must be `ACL_MEM_ALLOCATION_TYPE_PINNED`. */
    aclrtMemAllocationType allocType;
    /** Must be `ACL_MEM_HANDLE_TYPE_NONE`. */
    aclrtMemHandleType handleType;
    /** Which device. */
    aclrtMemLocation location;
    /** Most bytes. */
    size_t maxSize;
    /** Zero. */
    char reserved[32];
} aclrtMemPoolProps;

/** What a single operator's tensor looks like; it has no data. */
typedef struct aclTensorDesc aclTensorDesc;

/** Where a single operator's data is. */
typedef struct aclDataBuffer aclDataBuffer;

/** A single operator's attributes. */
typedef struct aclopAttr aclopAttr;

/** How a single operator's graph is written to a file. */
typedef struct aclGraphDumpOption aclGraphDumpOption;

/** Where a single operator's tensor is. */
typedef enum aclMemType {
    ACL_MEMTYPE_DEVICE = 0,
    ACL_MEMTYPE_HOST = 1,
    ACL_MEMTYPE_HOST_COMPILE_INDEPENDENT = 2,
} aclMemType;

/** What runs a single operator. */
typedef enum aclopEngineType {
    ACL_ENGINE_SYS = 0,
    ACL_ENGINE_AICORE = 1,
    ACL_ENGINE_VECTOR = 2,
} aclopEngineType;

/** Where a single operator's code is from: the toolkit, or a file of the program's. */
typedef enum aclopCompileType {
    ACL_COMPILE_SYS = 0,
    ACL_COMPILE_UNREGISTERED = 1,
} aclopCompileType;

/** Options of the compiler of single operators. */
typedef enum aclCompileOpt {
    ACL_PRECISION_MODE = 0,
    ACL_AICORE_NUM = 1,
    ACL_AUTO_TUNE_MODE = 2,
    ACL_OP_SELECT_IMPL_MODE = 3,
    ACL_OPTYPELIST_FOR_IMPLMODE = 4,
    ACL_OP_DEBUG_LEVEL = 5,
    ACL_DEBUG_DIR = 6,
    ACL_OP_COMPILER_CACHE_MODE = 7,
    ACL_OP_COMPILER_CACHE_DIR = 8,
    ACL_OP_PERFORMANCE_MODE = 9,
    ACL_OP_JIT_COMPILE = 10,
    ACL_OP_DETERMINISTIC = 11,
    ACL_CUSTOMIZE_DTYPES = 12,
    ACL_OP_PRECISION_MODE = 13,
    ACL_ALLOW_HF32 = 14,
    ACL_PRECISION_MODE_V2 = 15,
    ACL_OP_DEBUG_OPTION = 16,
} aclCompileOpt;

/** A captured or built graph ("model running instance"). */
typedef void *aclmdlRI;

/** A group of captured tasks that can be replaced. */
typedef void *aclrtTaskGrp;

/** Which threads a capture keeps from calls that would not be captured, as `aclrtMemcpy`. */
typedef enum aclmdlRICaptureMode {
    ACL_MODEL_RI_CAPTURE_MODE_GLOBAL = 0,
    ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL = 1,
    ACL_MODEL_RI_CAPTURE_MODE_RELAXED = 2,
} aclmdlRICaptureMode;

/** Whether a stream is being captured. */
typedef enum aclmdlRICaptureStatus {
    ACL_MODEL_RI_CAPTURE_STATUS_NONE = 0,
    ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE = 1,
    ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED = 2,
} aclmdlRICaptureStatus;

/** A place in a stream of a graph that is built. */
typedef void *aclrtLabel;

/** Labels, by index. */
typedef void *aclrtLabelList;

/** A value that says which graphs run. */
typedef void *aclmdlRICondHandle;

/** How two numbers are compared. */
typedef enum aclrtCondition {
    ACL_RT_EQUAL = 0,
    ACL_RT_NOT_EQUAL = 1,
    ACL_RT_GREATER = 2,
    ACL_RT_GREATER_OR_EQUAL = 3,
    ACL_RT_LESS = 4,
    ACL_RT_LESS_OR_EQUAL = 5,
} aclrtCondition;

/** Which numbers are compared. */
typedef enum aclrtCompareDataType {
    ACL_RT_SWITCH_INT32 = 0,
    ACL_RT_SWITCH_INT64 = 1,
} aclrtCompareDataType;

/** Whether each execution sets the value of a condition. */
typedef enum aclmdlRICondHandleFlag {
    ACL_MODEL_RI_COND_HANDLE_ASSIGN_DEFAULT = 1,
} aclmdlRICondHandleFlag;

/** How often a condition runs its graphs. */
typedef enum aclmdlRICondTaskType {
    ACL_MODEL_RI_COND_TYPE_IF = 0,
    ACL_MODEL_RI_COND_TYPE_WHILE = 1,
    ACL_MODEL_RI_COND_TYPE_SWITCH = 2,
} aclmdlRICondTaskType;

/** A task that runs graphs as a value says. */
typedef struct tagAclmdlRICondTaskParams {
    /** The value. */
    aclmdlRICondHandle handle;
    /** What it says. */
    aclmdlRICondTaskType type;
    /** The number of graphs: 1 or 2 for an if, 1 for a while, any for a switch. */
    uint32_t size;
    /** Gets the graphs. */
    aclmdlRI *modelRIArray;
} tagAclmdlRICondTaskParams;

/** A task that runs graphs as a value says. */
typedef tagAclmdlRICondTaskParams aclmdlRICondTaskParams;

/** What is drawn. */
typedef enum aclrtRandomNumFuncType {
    /** Bits, of which a share is 0. */
    ACL_RT_RANDOM_NUM_FUNC_TYPE_DROPOUT_BITMASK = 0,
    ACL_RT_RANDOM_NUM_FUNC_TYPE_UNIFORM_DIS = 1,
    ACL_RT_RANDOM_NUM_FUNC_TYPE_NORMAL_DIS = 2,
    /** Within two standard deviations of the mean. */
    ACL_RT_RANDOM_NUM_FUNC_TYPE_TRUNCATED_NORMAL_DIS = 3,
} aclrtRandomNumFuncType;

/** A parameter: a value, or where it is on the device. */
typedef struct aclrtRandomParaInfo {
    /** 0 for a value, 1 for an address. */
    uint8_t isAddr;
    /** The one or the other. */
    char valueOrAddr[8];
    /** The bytes of it that count. */
    uint8_t size;
    /** Zero. */
    char rsv[6];
} aclrtRandomParaInfo;

/** Parameters of bits. */
typedef struct aclrtDropoutBitmaskInfo {
    /** The share that drops. */
    aclrtRandomParaInfo dropoutRation;
} aclrtDropoutBitmaskInfo;

/** Parameters of uniform numbers. */
typedef struct aclrtUniformDisInfo {
    /** The smallest. */
    aclrtRandomParaInfo min;
    /** Above the largest. */
    aclrtRandomParaInfo max;
} aclrtUniformDisInfo;

/** Parameters of normal numbers. */
typedef struct aclrtNormalDisInfo {
    /** Their mean. */
    aclrtRandomParaInfo mean;
    /** Their standard deviation. */
    aclrtRandomParaInfo stddev;
} aclrtNormalDisInfo;

/** The parameters of what is drawn. */
typedef union aclrtRandomNumFuncParaInfo_paramInfo {
    /** Of bits. */
    aclrtDropoutBitmaskInfo dropoutBitmaskInfo;
    /** Of uniform numbers. */
    aclrtUniformDisInfo uniformDisInfo;
    /** Of normal numbers, truncated or not. */
    aclrtNormalDisInfo normalDisInfo;
} aclrtRandomNumFuncParaInfo_paramInfo;

/** What is drawn. */
typedef struct aclrtRandomNumFuncParaInfo {
    /** From which distribution. */
    aclrtRandomNumFuncType funcType;
    /** With which parameters. */
    aclrtRandomNumFuncParaInfo_paramInfo paramInfo;
} aclrtRandomNumFuncParaInfo;

/** A task that draws random numbers. */
typedef struct aclrtRandomNumTaskInfo {
    /** Of the numbers; for bits, of their share. */
    aclDataType dataType;
    /** What is drawn. */
    aclrtRandomNumFuncParaInfo randomNumFuncParaInfo;
    /** Where the card may keep the parameters, or null. */
    void *randomParaAddr;
    /** Where the numbers go. */
    void *randomResultAddr;
    /** Sixteen bytes of the device: where in the stream of numbers to begin. */
    void *randomCounterAddr;
    /** The seed. */
    aclrtRandomParaInfo randomSeed;
    /** How many numbers, or bits. */
    aclrtRandomParaInfo randomNum;
    /** Zero. */
    char rsv[8];
} aclrtRandomNumTaskInfo;

/** A tensor that a channel carries: what it looks like, and where its data is. */
typedef struct acltdtDataItem acltdtDataItem;

/** Tensors that are sent and received together. */
typedef struct acltdtDataset acltdtDataset;

/** A channel of datasets. */
typedef struct acltdtChannelHandle acltdtChannelHandle;

/** What queue to make. */
typedef struct tagMemQueueAttr tagMemQueueAttr;

/** From which queue data goes to which. */
typedef struct acltdtQueueRoute acltdtQueueRoute;

/** Routes. */
typedef struct acltdtQueueRouteList acltdtQueueRouteList;

/** Which routes to look for. */
typedef struct acltdtQueueRouteQueryInfo acltdtQueueRouteQueryInfo;

/** What queue to make. */
typedef tagMemQueueAttr acltdtQueueAttr;

/** A buffer that queues share. Only on the side of the device. */
typedef void *acltdtBuf;

/** What a channel carries. */
typedef enum acltdtTensorType {
    ACL_TENSOR_DATA_UNDEFINED = -1,
    ACL_TENSOR_DATA_TENSOR = 0,
    ACL_TENSOR_DATA_END_OF_SEQUENCE = 1,
    ACL_TENSOR_DATA_ABNORMAL = 2,
    ACL_TENSOR_DATA_SLICE_TENSOR = 3,
    ACL_TENSOR_DATA_END_TENSOR = 4,
} acltdtTensorType;

/** Attributes of a queue. */
typedef enum acltdtQueueAttrType {
    ACL_TDT_QUEUE_NAME_PTR = 0,
    ACL_TDT_QUEUE_DEPTH_UINT32 = 1,
} acltdtQueueAttrType;

/** What a route is asked for. */
typedef enum acltdtQueueRouteParamType {
    ACL_TDT_QUEUE_ROUTE_SRC_UINT32 = 0,
    ACL_TDT_QUEUE_ROUTE_DST_UINT32 = 1,
    ACL_TDT_QUEUE_ROUTE_STATUS_INT32 = 2,
} acltdtQueueRouteParamType;

/** Which routes to look for. */
typedef enum acltdtQueueRouteQueryMode {
    ACL_TDT_QUEUE_ROUTE_QUERY_SRC = 0,
    ACL_TDT_QUEUE_ROUTE_QUERY_DST = 1,
    ACL_TDT_QUEUE_ROUTE_QUERY_SRC_AND_DST = 2,
    ACL_TDT_QUEUE_ROUTE_QUERY_ABNORMAL = 100,
} acltdtQueueRouteQueryMode;

/** What a search for routes is given. */
typedef enum acltdtQueueRouteQueryInfoParamType {
    ACL_TDT_QUEUE_ROUTE_QUERY_MODE_ENUM = 0,
    ACL_TDT_QUEUE_ROUTE_QUERY_SRC_ID_UINT32 = 1,
    ACL_TDT_QUEUE_ROUTE_QUERY_DST_ID_UINT32 = 2,
} acltdtQueueRouteQueryInfoParamType;

/** A half-precision number by its bits. */
typedef uint16_t aclFloat16;

/** What describes an allocator of the program's own. */
typedef void *aclrtAllocatorDesc;

/** The program's allocator. */
typedef void *aclrtAllocator;

/** A block that it gave. */
typedef void *aclrtAllocatorBlock;

/** An address of device memory. */
typedef void *aclrtAllocatorAddr;

/** Gives a block of so many bytes. */
typedef void *(*aclrtAllocatorAllocFunc)(aclrtAllocator allocator, size_t size);

/** Takes a block back. */
typedef void (*aclrtAllocatorFreeFunc)(aclrtAllocator allocator, aclrtAllocatorBlock block);

/** Gives a block, if it can at that address. */
typedef void *(*aclrtAllocatorAllocAdviseFunc)(aclrtAllocator allocator, size_t size, aclrtAllocatorAddr addr);

/** The address of a block. */
typedef void *(*aclrtAllocatorGetAddrFromBlockFunc)(aclrtAllocatorBlock block);

/** What happens to a stream. */
typedef enum aclrtStreamState {
    ACL_RT_STREAM_STATE_CREATE_POST = 1,
    ACL_RT_STREAM_STATE_DESTROY_PRE = 2,
} aclrtStreamState;

/** Is told of a stream's beginning and end. */
typedef void (*aclrtStreamStateCallback)(aclrtStream stm, aclrtStreamState state, void *args);

/** What a subscription is to. */
typedef struct aclprofSubscribeConfig aclprofSubscribeConfig;

/** The marks of an iteration. */
typedef struct aclprofStepInfo aclprofStepInfo;

/** What is wrong with a device. */
typedef enum aclrtErrorType {
    ACL_RT_NO_ERROR = 0,
    ACL_RT_ERROR_MEMORY = 1,
    ACL_RT_ERROR_L2 = 2,
    ACL_RT_ERROR_AICORE = 3,
    ACL_RT_ERROR_LINK = 4,
    ACL_RT_ERROR_L3_PORT = 5,
    ACL_RT_ERROR_OTHERS = 65535,
} aclrtErrorType;

/** What a core's error comes from. */
typedef enum aclrtAicoreErrorType {
    ACL_RT_AICORE_ERROR_UNKNOWN = 0,
    ACL_RT_AICORE_ERROR_SW = 1,
    ACL_RT_AICORE_ERROR_HW_LOCAL = 2,
} aclrtAicoreErrorType;

/** Kinds of dumps. */
typedef enum acldumpType {
    AIC_ERR_BRIEF_DUMP = 1,
    AIC_ERR_NORM_DUMP = 2,
    AIC_ERR_DETAIL_DUMP = 3,
    DATA_DUMP = 4,
    OVERFLOW_DUMP = 5,
} acldumpType;

/** What a tensor is to an operator. */
typedef enum acldumpTensorType {
    ACL_DUMP_TENSOR_INPUT = 0,
    ACL_DUMP_TENSOR_OUTPUT = 1,
    ACL_DUMP_TENSOR_WORKSPACE = 2,
} acldumpTensorType;

/** What the address of a tensor to dump is. */
typedef enum acldumpTensorAddressType {
    ACL_DUMP_ADDR_PTR = 0,
    ACL_DUMP_ADDR_PTR_PTR = 1,
    ACL_DUMP_ADDR_RAW = 2,
} acldumpTensorAddressType;

/** Where a tensor to dump is. */
typedef enum acldumpTensorPlacement {
    ACL_DUMP_PLACEMENT_DEVICE = 0,
    ACL_DUMP_PLACEMENT_HOST = 1,
    ACL_DUMP_PLACEMENT_END = 2,
} acldumpTensorPlacement;

/** A mark of an iteration. */
typedef enum aclprofStepTag {
    ACL_STEP_START = 0,
    ACL_STEP_END = 1,
} aclprofStepTag;

/** What a subscription tells of. */
typedef enum aclprofSubscribeOpFlag {
    ACL_SUBSCRIBE_OP = 0,
    ACL_SUBSCRIBE_SUBGRAPH = 1,
    ACL_SUBSCRIBE_OP_THREAD = 2,
    ACL_SUBSCRIBE_NONE = 255,
} aclprofSubscribeOpFlag;

/** A fact of an operator that a subscription tells. */
typedef enum aclprofSubscribeOpAttri {
    ACL_SUBSCRIBE_ATTRI_THREADID = 0,
    ACL_SUBSCRIBE_ATTRI_NONE = 1,
} aclprofSubscribeOpAttri;

/** Options of profiling whose values are texts. */
typedef enum aclprofConfigType {
    ACL_PROF_ARGS_MIN = 0,
    ACL_PROF_STORAGE_LIMIT = 1,
    ACL_PROF_SYS_HARDWARE_MEM_FREQ = 3,
    ACL_PROF_LLC_MODE = 4,
    ACL_PROF_SYS_IO_FREQ = 5,
    ACL_PROF_SYS_INTERCONNECTION_FREQ = 6,
    ACL_PROF_DVPP_FREQ = 7,
    ACL_PROF_HOST_SYS = 8,
    ACL_PROF_HOST_SYS_USAGE = 9,
    ACL_PROF_HOST_SYS_USAGE_FREQ = 10,
    ACL_PROF_LOW_POWER_FREQ = 11,
    ACL_PROF_SYS_MEM_SERVICEFLOW = 12,
    ACL_PROF_SYS_CPU_FREQ = 13,
    ACL_PROF_OPTYPE = 14,
    ACL_PROF_NTS_METRICS = 15,
    ACL_PROF_PATH = 16,
} aclprofConfigType;

/** Memory that is broken. */
typedef struct aclrtMemUceInfo {
    /** Where. */
    void *addr;
    /** How much. */
    size_t len;
    /** Not used. */
    size_t reserved[14];
} aclrtMemUceInfo;

/** All of it. */
typedef struct aclrtMemUceInfoArray {
    /** How many entries count. */
    size_t arraySize;
    /** The entries. */
    aclrtMemUceInfo memUceInfoArray[20];
} aclrtMemUceInfoArray;

/** What is known of a device's error; which field counts, its type says. */
typedef union aclrtErrorInfoDetail {
    /** Of memory. */
    aclrtMemUceInfoArray uceInfo;
    /** Of a core. */
    aclrtAicoreErrorType aicoreErrType;
} aclrtErrorInfoDetail;

/** What is wrong with a device. */
typedef struct aclrtErrorInfo {
    /** 1 where it can be repaired. */
    uint8_t tryRepair;
    /** 1 where `detail` counts. */
    uint8_t hasDetail;
    /** Not used. */
    char reserved[2];
    /** What it is. */
    aclrtErrorType errorType;
    /** More of it. */
    aclrtErrorInfoDetail detail;
} aclrtErrorInfo;

/** A piece of a dump's file. Its data follow. */
typedef struct acldumpChunk {
    /** The file that it belongs to. */
    char fileName[4096];
    /** Bytes of data. */
    uint32_t bufLen;
    /** 1 for the last piece of the file. */
    uint32_t isLastChunk;
    /** Where in the file it belongs; -1 behind what there is. */
    int64_t offset;
    /** Not used. */
    int32_t flag;
    /** The data begin here. */
    __extension__ uint8_t dataBuf[0];
} acldumpChunk;

/** A tensor to dump. */
typedef struct acldumpTensorInfo {
    /** What it is to the operator. */
    acldumpTensorType type;
    /** Its bytes. */
    size_t tensorSize;
    /** Its format, an `aclFormat`. */
    int32_t format;
    /** Its dtype, an `aclDataType`. */
    int32_t dataType;
    /** Its address. */
    int64_t *tensorAddr;
    /** What the address is. */
    acldumpTensorAddressType addrType;
    /** Where it is. */
    acldumpTensorPlacement placement;
    /** Where its address stands in the operator's arguments. */
    uint32_t argsOffset;
    /** Dims of `shape`. */
    uint32_t shapeNum;
    /** Dims of `originShape`. */
    uint32_t originShapeNum;
    /** The shape. */
    uint64_t shape[25];
    /** The shape before it was laid out. */
    uint64_t originShape[25];
} acldumpTensorInfo;

/** The bytes of a binary, not loaded. */
typedef void *aclrtBinary;

/** A binary, loaded on one device. */
typedef void *aclrtBinHandle;

/** A kernel of a loaded binary. */
typedef void *aclrtFuncHandle;

/** The arguments of a kernel in the making. */
typedef void *aclrtArgsHandle;

/** One argument among them. */
typedef void *aclrtParamHandle;

/** What is called when a kernel of a binary fails. Not null. */
typedef void (*aclrtOpExceptionCallback)(aclrtExceptionInfo *info, void *userData);

/** How a binary is loaded. */
typedef enum aclrtBinaryLoadOptionType {
    /** Its parts go to the device when they are needed. */
    ACL_RT_BINARY_LOAD_OPT_LAZY_LOAD = 1,
    /** Which cores it is for: one of `ACL_RT_BINARY_MAGIC_ELF_...`. `..._LAZY_MAGIC` in 8.1. */
    ACL_RT_BINARY_LOAD_OPT_MAGIC = 2,
    /** For AI CPUs. */
    ACL_RT_BINARY_LOAD_OPT_CPU_KERNEL_MODE = 3,
} aclrtBinaryLoadOptionType;

/** Kinds of cores that a launch can be pinned to. */
typedef enum aclrtEngineType {
    ACL_RT_ENGINE_TYPE_AIC = 0,
    ACL_RT_ENGINE_TYPE_AIV = 1,
} aclrtEngineType;

/** Attributes of a launch. */
typedef enum aclrtLaunchKernelAttrId {
    /** How blocks are given to cores: 0 as cores become free, 1 all at once. */
    ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE = 1,
    /** Memory of a vector core for SIMT kernels (Ascend 950 only). `..._LOCAL_MEMORY_SIZE` before. */
    ACL_RT_LAUNCH_KERNEL_ATTR_DYN_UBUF_SIZE = 2,
    /** The kind of cores (Atlas inference products only). */
    ACL_RT_LAUNCH_KERNEL_ATTR_ENGINE_TYPE = 3,
    /** What block numbers begin with (Atlas inference products only). */
    ACL_RT_LAUNCH_KERNEL_ATTR_BLOCKDIM_OFFSET = 4,
    /** Whether instructions are fetched before the kernel's turn. */
    ACL_RT_LAUNCH_KERNEL_ATTR_BLOCK_TASK_PREFETCH = 5,
    /** Whether dumps are on for this launch. */
    ACL_RT_LAUNCH_KERNEL_ATTR_DATA_DUMP = 6,
    /** Seconds after which the kernel counts as hung; 0 is for ever. */
    ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT = 7,
    /** The same in microseconds. Not both. */
    ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT_US = 8,
    /** Whether this launch is profiled. */
    ACL_RT_LAUNCH_KERNEL_ATTR_ENABLE_PROFILING = 9,
} aclrtLaunchKernelAttrId;

/** What can be asked of a kernel. */
typedef enum aclrtFuncAttribute {
    /** Its cores, an `aclrtKernelType`. */
    ACL_FUNC_ATTR_KERNEL_TYPE = 1,
    /** Cube and vector cores of a block: the high and the low 16 bits. */
    ACL_FUNC_ATTR_KERNEL_RATIO = 2,
    /** The schedule mode it was built for. */
    ACL_FUNC_ATTR_KERNEL_SCHED_MODE = 3,
} aclrtFuncAttribute;

/** Kinds of cores that a kernel runs on. */
typedef enum aclrtKernelType {
    ACL_KERNEL_TYPE_AICORE = 0,
    ACL_KERNEL_TYPE_CUBE = 1,
    ACL_KERNEL_TYPE_VECTOR = 2,
    ACL_KERNEL_TYPE_MIX = 3,
    ACL_KERNEL_TYPE_AICPU = 100,
} aclrtKernelType;

/** The value of an `aclrtBinaryLoadOptionType`. */
typedef union aclrtBinaryLoadOptionValue {
    /** 0 or 1. */
    uint32_t isLazyLoad;
    /** One of `ACL_RT_BINARY_MAGIC_ELF_...`. */
    uint32_t magic;
    /** 0, 1 or 2. */
    int32_t cpuKernelMode;
    /** The size. */
    uint32_t rsv[4];
} aclrtBinaryLoadOptionValue;

/** One option of loading. */
typedef struct aclrtBinaryLoadOption {
    /** Which. */
    aclrtBinaryLoadOptionType type;
    /** Its value. */
    aclrtBinaryLoadOptionValue value;
} aclrtBinaryLoadOption;

/** The options of loading. */
typedef struct aclrtBinaryLoadOptions {
    /** The first of `numOpt`. */
    aclrtBinaryLoadOption *options;
    /** How many. */
    size_t numOpt;
} aclrtBinaryLoadOptions;

/** A time in microseconds. */
typedef struct aclrtTimeoutUs {
    /** The low 32 bits. */
    uint32_t timeoutLow;
    /** The high 32 bits. */
    uint32_t timeoutHigh;
} aclrtTimeoutUs;

/** The value of an `aclrtLaunchKernelAttrId`. */
typedef union aclrtLaunchKernelAttrValue {
    /** 0 or 1. */
    uint8_t schemMode;
    /** Bytes. */
    uint32_t localMemorySize;
    /** The same by its newer name. */
    uint32_t dynUBufSize;
    /** The kind of cores. */
    aclrtEngineType engineType;
    /** The first block's number. */
    uint32_t blockDimOffset;
    /** 0 or 1. */
    uint8_t isBlockTaskPrefetch;
    /** 0 or 1. */
    uint8_t isDataDump;
    /** Seconds. */
    uint16_t timeout;
    /** Microseconds. */
    aclrtTimeoutUs timeoutUs;
    /** 0 or 1. */
    uint8_t enableProfiling;
    /** The size. */
    uint32_t rsv[4];
} aclrtLaunchKernelAttrValue;

/** One attribute of a launch. */
typedef struct aclrtLaunchKernelAttr {
    /** Which. */
    aclrtLaunchKernelAttrId id;
    /** Its value. */
    aclrtLaunchKernelAttrValue value;
} aclrtLaunchKernelAttr;

/** The attributes of a launch. */
typedef struct aclrtLaunchKernelCfg {
    /** The first of `numAttrs`. */
    aclrtLaunchKernelAttr *attrs;
    /** How many. */
    size_t numAttrs;
} aclrtLaunchKernelCfg;

/** An address among the arguments that the runtime fills in: where data that goes to the device with them will be. */
typedef struct aclrtPlaceHolderInfo {
    /** Where the address stands, from the start of the arguments. */
    uint32_t addrOffset;
    /** Where the data stands, from the start of the arguments. */
    uint32_t dataOffset;
} aclrtPlaceHolderInfo;

enum {
    /** Success, of all functions. */
    ACL_SUCCESS = 0,
    /** An older name of it. */
    ACL_ERROR_NONE = 0,
    ACL_ERROR_INVALID_PARAM = 100000,
    ACL_ERROR_UNINITIALIZE = 100001,
    ACL_ERROR_REPEAT_INITIALIZE = 100002,
    ACL_ERROR_INVALID_FILE = 100003,
    ACL_ERROR_WRITE_FILE = 100004,
    ACL_ERROR_INVALID_FILE_SIZE = 100005,
    ACL_ERROR_PARSE_FILE = 100006,
    ACL_ERROR_FILE_MISSING_ATTR = 100007,
    ACL_ERROR_FILE_ATTR_INVALID = 100008,
    ACL_ERROR_INVALID_DUMP_CONFIG = 100009,
    ACL_ERROR_INVALID_PROFILING_CONFIG = 100010,
    ACL_ERROR_INVALID_MODEL_ID = 100011,
    ACL_ERROR_DESERIALIZE_MODEL = 100012,
    ACL_ERROR_PARSE_MODEL = 100013,
    ACL_ERROR_READ_MODEL_FAILURE = 100014,
    ACL_ERROR_MODEL_SIZE_INVALID = 100015,
    ACL_ERROR_MODEL_MISSING_ATTR = 100016,
    ACL_ERROR_MODEL_INPUT_NOT_MATCH = 100017,
    ACL_ERROR_MODEL_OUTPUT_NOT_MATCH = 100018,
    ACL_ERROR_MODEL_NOT_DYNAMIC = 100019,
    ACL_ERROR_OP_TYPE_NOT_MATCH = 100020,
    ACL_ERROR_OP_INPUT_NOT_MATCH = 100021,
    ACL_ERROR_OP_OUTPUT_NOT_MATCH = 100022,
    ACL_ERROR_OP_ATTR_NOT_MATCH = 100023,
    ACL_ERROR_OP_NOT_FOUND = 100024,
    ACL_ERROR_OP_LOAD_FAILED = 100025,
    ACL_ERROR_UNSUPPORTED_DATA_TYPE = 100026,
    ACL_ERROR_FORMAT_NOT_MATCH = 100027,
    ACL_ERROR_BIN_SELECTOR_NOT_REGISTERED = 100028,
    ACL_ERROR_KERNEL_NOT_FOUND = 100029,
    ACL_ERROR_BIN_SELECTOR_ALREADY_REGISTERED = 100030,
    ACL_ERROR_KERNEL_ALREADY_REGISTERED = 100031,
    ACL_ERROR_INVALID_QUEUE_ID = 100032,
    ACL_ERROR_REPEAT_SUBSCRIBE = 100033,
    ACL_ERROR_STREAM_NOT_SUBSCRIBE = 100034,
    ACL_ERROR_THREAD_NOT_SUBSCRIBE = 100035,
    ACL_ERROR_WAIT_CALLBACK_TIMEOUT = 100036,
    ACL_ERROR_REPEAT_FINALIZE = 100037,
    ACL_ERROR_NOT_STATIC_AIPP = 100038,
    ACL_ERROR_COMPILING_STUB_MODE = 100039,
    ACL_ERROR_GROUP_NOT_SET = 100040,
    ACL_ERROR_GROUP_NOT_CREATE = 100041,
    ACL_ERROR_PROF_ALREADY_RUN = 100042,
    ACL_ERROR_PROF_NOT_RUN = 100043,
    ACL_ERROR_DUMP_ALREADY_RUN = 100044,
    ACL_ERROR_DUMP_NOT_RUN = 100045,
    ACL_ERROR_PROF_REPEAT_SUBSCRIBE = 148046,
    ACL_ERROR_PROF_API_CONFLICT = 148047,
    ACL_ERROR_INVALID_MAX_OPQUEUE_NUM_CONFIG = 148048,
    ACL_ERROR_INVALID_OPP_PATH = 148049,
    ACL_ERROR_OP_UNSUPPORTED_DYNAMIC = 148050,
    ACL_ERROR_RELATIVE_RESOURCE_NOT_CLEARED = 148051,
    ACL_ERROR_UNSUPPORTED_JPEG = 148052,
    ACL_ERROR_INVALID_BUNDLE_MODEL_ID = 148053,
    ACL_ERROR_BAD_ALLOC = 200000,
    ACL_ERROR_API_NOT_SUPPORT = 200001,
    ACL_ERROR_INVALID_DEVICE = 200002,
    ACL_ERROR_MEMORY_ADDRESS_UNALIGNED = 200003,
    ACL_ERROR_RESOURCE_NOT_MATCH = 200004,
    ACL_ERROR_INVALID_RESOURCE_HANDLE = 200005,
    ACL_ERROR_FEATURE_UNSUPPORTED = 200006,
    ACL_ERROR_PROF_MODULES_UNSUPPORTED = 200007,
    ACL_ERROR_STORAGE_OVER_LIMIT = 300000,
    ACL_ERROR_INTERNAL_ERROR = 500000,
    ACL_ERROR_FAILURE = 500001,
    ACL_ERROR_GE_FAILURE = 500002,
    ACL_ERROR_RT_FAILURE = 500003,
    ACL_ERROR_DRV_FAILURE = 500004,
    ACL_ERROR_PROFILING_FAILURE = 500005,
    ACL_ERROR_RT_PARAM_INVALID = 107000,
    ACL_ERROR_RT_INVALID_DEVICEID = 107001,
    ACL_ERROR_RT_CONTEXT_NULL = 107002,
    ACL_ERROR_RT_STREAM_CONTEXT = 107003,
    ACL_ERROR_RT_MODEL_CONTEXT = 107004,
    ACL_ERROR_RT_STREAM_MODEL = 107005,
    ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID = 107006,
    ACL_ERROR_RT_EVENT_TIMESTAMP_REVERSAL = 107007,
    ACL_ERROR_RT_ADDR_UNALIGNED = 107008,
    ACL_ERROR_RT_FILE_OPEN = 107009,
    ACL_ERROR_RT_FILE_WRITE = 107010,
    ACL_ERROR_RT_STREAM_SUBSCRIBE = 107011,
    ACL_ERROR_RT_THREAD_SUBSCRIBE = 107012,
    ACL_ERROR_RT_GROUP_NOT_SET = 107013,
    ACL_ERROR_RT_GROUP_NOT_CREATE = 107014,
    ACL_ERROR_RT_STREAM_NO_CB_REG = 107015,
    ACL_ERROR_RT_INVALID_MEMORY_TYPE = 107016,
    ACL_ERROR_RT_INVALID_HANDLE = 107017,
    ACL_ERROR_RT_INVALID_MALLOC_TYPE = 107018,
    ACL_ERROR_RT_WAIT_TIMEOUT = 107019,
    ACL_ERROR_RT_TASK_TIMEOUT = 107020,
    ACL_ERROR_RT_SYSPARAMOPT_NOT_SET = 107021,
    ACL_ERROR_RT_DEVICE_TASK_ABORT = 107022,
    ACL_ERROR_RT_STREAM_ABORT = 107023,
    ACL_ERROR_RT_CAPTURE_DEPENDENCY = 107024,
    ACL_ERROR_RT_STREAM_UNJOINED = 107025,
    ACL_ERROR_RT_MODEL_CAPTURED = 107026,
    ACL_ERROR_RT_STREAM_CAPTURED = 107027,
    ACL_ERROR_RT_EVENT_CAPTURED = 107028,
    ACL_ERROR_RT_STREAM_NOT_CAPTURED = 107029,
    ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT = 107030,
    ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT = 107031,
    ACL_ERROR_STREAM_CAPTURE_CONFLICT = 107032,
    ACL_ERROR_STREAM_TASK_GROUP_STATUS = 107033,
    ACL_ERROR_STREAM_TASK_GROUP_INTR = 107034,
    ACL_ERROR_RT_TASK_ABORT_STOP = 107035,
    ACL_ERROR_RT_STREAM_CAPTURE_UNMATCHED = 107036,
    ACL_ERROR_RT_MODEL_RUNNING = 107037,
    ACL_ERROR_RT_STREAM_CAPTURE_WRONG_THREAD = 107038,
    ACL_ERROR_RT_INSUFFICIENT_INPUT_ARRAY = 107039,
    ACL_ERROR_RT_MODEL_UPDATE_FAILED = 107040,
    ACL_ERROR_RT_CAPTURE_MODE_BLOCK_ASYNC = 107041,
    ACL_ERROR_RT_SYMBOL_NOT_FOUND = 107042,
    ACL_ERROR_RT_INVALID_SYMBOL = 107043,
    ACL_ERROR_RT_INVALID_DEVICE_FUNCTION = 107044,
    ACL_ERROR_RT_SUB_ACLGRAPH_IS_CAPTURING = 107045,
    ACL_ERROR_RT_FEATURE_NOT_SUPPORT = 207000,
    ACL_ERROR_RT_MEMORY_ALLOCATION = 207001,
    ACL_ERROR_RT_MEMORY_FREE = 207002,
    ACL_ERROR_RT_AICORE_OVER_FLOW = 207003,
    ACL_ERROR_RT_NO_DEVICE = 207004,
    ACL_ERROR_RT_RESOURCE_ALLOC_FAIL = 207005,
    ACL_ERROR_RT_NO_PERMISSION = 207006,
    ACL_ERROR_RT_NO_EVENT_RESOURCE = 207007,
    ACL_ERROR_RT_NO_STREAM_RESOURCE = 207008,
    ACL_ERROR_RT_NO_NOTIFY_RESOURCE = 207009,
    ACL_ERROR_RT_NO_MODEL_RESOURCE = 207010,
    ACL_ERROR_RT_NO_CDQ_RESOURCE = 207011,
    ACL_ERROR_RT_OVER_LIMIT = 207012,
    ACL_ERROR_RT_QUEUE_EMPTY = 207013,
    ACL_ERROR_RT_QUEUE_FULL = 207014,
    ACL_ERROR_RT_REPEATED_INIT = 207015,
    ACL_ERROR_RT_AIVEC_OVER_FLOW = 207016,
    ACL_ERROR_RT_OVER_FLOW = 207017,
    ACL_ERROR_RT_DEVICE_OOM = 207018,
    ACL_ERROR_RT_FEATURE_NOT_SUPPORT_UPDATE_OP = 207019,
    ACL_ERROR_RT_TIMEOUT = 207020,
    ACL_ERROR_RT_LINK_TYPE_NOT_SUPPORTED = 207021,
    ACL_ERROR_RT_INTERNAL_ERROR = 507000,
    ACL_ERROR_RT_TS_ERROR = 507001,
    ACL_ERROR_RT_STREAM_TASK_FULL = 507002,
    ACL_ERROR_RT_STREAM_TASK_EMPTY = 507003,
    ACL_ERROR_RT_STREAM_NOT_COMPLETE = 507004,
    ACL_ERROR_RT_END_OF_SEQUENCE = 507005,
    ACL_ERROR_RT_EVENT_NOT_COMPLETE = 507006,
    ACL_ERROR_RT_CONTEXT_RELEASE_ERROR = 507007,
    ACL_ERROR_RT_SOC_VERSION = 507008,
    ACL_ERROR_RT_TASK_TYPE_NOT_SUPPORT = 507009,
    ACL_ERROR_RT_LOST_HEARTBEAT = 507010,
    ACL_ERROR_RT_MODEL_EXECUTE = 507011,
    ACL_ERROR_RT_REPORT_TIMEOUT = 507012,
    ACL_ERROR_RT_SYS_DMA = 507013,
    ACL_ERROR_RT_AICORE_TIMEOUT = 507014,
    ACL_ERROR_RT_AICORE_EXCEPTION = 507015,
    ACL_ERROR_RT_AICORE_TRAP_EXCEPTION = 507016,
    ACL_ERROR_RT_AICPU_TIMEOUT = 507017,
    ACL_ERROR_RT_AICPU_EXCEPTION = 507018,
    ACL_ERROR_RT_AICPU_DATADUMP_RSP_ERR = 507019,
    ACL_ERROR_RT_AICPU_MODEL_RSP_ERR = 507020,
    ACL_ERROR_RT_PROFILING_ERROR = 507021,
    ACL_ERROR_RT_IPC_ERROR = 507022,
    ACL_ERROR_RT_MODEL_ABORT_NORMAL = 507023,
    ACL_ERROR_RT_KERNEL_UNREGISTERING = 507024,
    ACL_ERROR_RT_RINGBUFFER_NOT_INIT = 507025,
    ACL_ERROR_RT_RINGBUFFER_NO_DATA = 507026,
    ACL_ERROR_RT_KERNEL_LOOKUP = 507027,
    ACL_ERROR_RT_KERNEL_DUPLICATE = 507028,
    ACL_ERROR_RT_DEBUG_REGISTER_FAIL = 507029,
    ACL_ERROR_RT_DEBUG_UNREGISTER_FAIL = 507030,
    ACL_ERROR_RT_LABEL_CONTEXT = 507031,
    ACL_ERROR_RT_PROGRAM_USE_OUT = 507032,
    ACL_ERROR_RT_DEV_SETUP_ERROR = 507033,
    ACL_ERROR_RT_VECTOR_CORE_TIMEOUT = 507034,
    ACL_ERROR_RT_VECTOR_CORE_EXCEPTION = 507035,
    ACL_ERROR_RT_VECTOR_CORE_TRAP_EXCEPTION = 507036,
    ACL_ERROR_RT_CDQ_BATCH_ABNORMAL = 507037,
    ACL_ERROR_RT_DIE_MODE_CHANGE_ERROR = 507038,
    ACL_ERROR_RT_DIE_SET_ERROR = 507039,
    ACL_ERROR_RT_INVALID_DIEID = 507040,
    ACL_ERROR_RT_DIE_MODE_NOT_SET = 507041,
    ACL_ERROR_RT_AICORE_TRAP_READ_OVERFLOW = 507042,
    ACL_ERROR_RT_AICORE_TRAP_WRITE_OVERFLOW = 507043,
    ACL_ERROR_RT_VECTOR_CORE_TRAP_READ_OVERFLOW = 507044,
    ACL_ERROR_RT_VECTOR_CORE_TRAP_WRITE_OVERFLOW = 507045,
    ACL_ERROR_RT_STREAM_SYNC_TIMEOUT = 507046,
    ACL_ERROR_RT_EVENT_SYNC_TIMEOUT = 507047,
    ACL_ERROR_RT_FFTS_PLUS_TIMEOUT = 507048,
    ACL_ERROR_RT_FFTS_PLUS_EXCEPTION = 507049,
    ACL_ERROR_RT_FFTS_PLUS_TRAP_EXCEPTION = 507050,
    ACL_ERROR_RT_SEND_MSG = 507051,
    ACL_ERROR_RT_COPY_DATA = 507052,
    ACL_ERROR_RT_DEVICE_MEM_ERROR = 507053,
    ACL_ERROR_RT_HBM_MULTI_BIT_ECC_ERROR = 507054,
    ACL_ERROR_RT_SUSPECT_DEVICE_MEM_ERROR = 507055,
    ACL_ERROR_RT_LINK_ERROR = 507056,
    ACL_ERROR_RT_SUSPECT_REMOTE_ERROR = 507057,
    ACL_ERROR_RT_DRV_INTERNAL_ERROR = 507899,
    ACL_ERROR_RT_AICPU_INTERNAL_ERROR = 507900,
    ACL_ERROR_RT_SOCKET_CLOSE = 507901,
    ACL_ERROR_RT_AICPU_INFO_LOAD_RSP_ERR = 507902,
    ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED = 507903,
    ACL_ERROR_RT_COMM_OP_RETRY_FAIL = 507904,
    ACL_ERROR_SNAPSHOT_LOCK_TIMEOUT = 507905,
    ACL_ERROR_SNAPSHOT_LOCK_FAILED = 507906,
    ACL_ERROR_SNAPSHOT_UNLOCK_FAILED = 507907,
    ACL_ERROR_SNAPSHOT_BACKUP_FAILED = 507908,
    ACL_ERROR_SNAPSHOT_RESTORE_FAILED = 507909,
    ACL_ERROR_HOST_MEMORY_ALREADY_REGISTERED = 507910,
    ACL_ERROR_HOST_MEMORY_NOT_REGISTERED = 507911,
    ACL_ERROR_SNAPSHOT_CALLBACK_FAILED = 507912,
    ACL_ERROR_SNAPSHOT_REGISTER_CALLBACK_FAILED = 507913,
    ACL_ERROR_RT_L3_PORT_ERROR = 507914,
    ACL_ERROR_RT_CCU_TIMEOUT = 507915,
    ACL_ERROR_RT_CCU_EXCEPTION = 507916,
    /** Event flag: usable with `aclrtStreamWaitEvent`. */
    ACL_EVENT_SYNC = 1,
    /** An event between a graph and what is outside of it; taken alone. */
    ACL_EVENT_EXTERNAL = 32,
    /** Flag of `aclrtRecordEventWithFlag`: as without. */
    ACL_EVENT_RECORD_DEFAULT = 0,
    /** Flag of `aclrtRecordEventWithFlag`: a graph's record that is seen outside of it. */
    ACL_EVENT_RECORD_EXTERNAL = 1,
    /** Flag of `aclrtStreamWaitEventWithFlag`: as without. */
    ACL_EVENT_WAIT_DEFAULT = 0,
    /** Flag of `aclrtStreamWaitEventWithFlag`: a graph waits for what is outside of it. */
    ACL_EVENT_WAIT_EXTERNAL = 1,
    /** An event that processes share; taken alone. */
    ACL_EVENT_IPC = 64,
    /** Event flag: the completion can be queried. */
    ACL_EVENT_CAPTURE_STREAM_PROGRESS = 2,
    /** Event flag: has a time stamp. */
    ACL_EVENT_TIME_LINE = 8,
    /** Stream flag: resources are taken at creation. */
    ACL_STREAM_FAST_LAUNCH = 1,
    /** Stream flag: the host waits by spinning. */
    ACL_STREAM_FAST_SYNC = 2,
    /** `cubeMathType`: compute in the dtype of the inputs (f32 sums in any case). */
    KEEP_DTYPE = 0,
    /** Failure mode of a stream: what is queued behind a failure runs. */
    ACL_CONTINUE_ON_FAILURE = 0,
    /** Failure mode of a stream: what is queued behind a failure is dropped. */
    ACL_STOP_ON_FAILURE = 1,
    /** Wait until `(int64_t)(*address - value) >= 0`. */
    ACL_STREAM_WAIT_VALUE_GEQ = 0,
    /** Wait until `*address == value`. */
    ACL_STREAM_WAIT_VALUE_EQ = 1,
    /** Wait until `(*address & value) != 0`. */
    ACL_STREAM_WAIT_VALUE_AND = 2,
    /** Wait until `~(*address | value) != 0`. */
    ACL_STREAM_WAIT_VALUE_NOR = 3,
    /** Notify flag: used from the host. */
    ACL_NOTIFY_DEFAULT = 0,
    /** Notify flag: used by the device only. */
    ACL_NOTIFY_DEVICE_USE_ONLY = 1,
    /** Export flag of a notify: processes of a white list may import. */
    ACL_RT_NOTIFY_EXPORT_FLAG_DEFAULT = 0,
    /** Import flag of a notify: nothing more. */
    ACL_RT_NOTIFY_IMPORT_FLAG_DEFAULT = 0,
    /** Bytes of a version as text, with its NUL. */
    ACL_PKG_VERSION_MAX_SIZE = 128,
    /** Export flag of a notify: any process may import. */
    ACL_RT_NOTIFY_EXPORT_FLAG_DISABLE_PID_VALIDATION = 2,
    /** Import flag of a notify: enables peer access between the two devices. */
    ACL_RT_NOTIFY_IMPORT_FLAG_ENABLE_PEER_ACCESS = 2,
    /** Stream flag: tasks stay after they have run. */
    ACL_STREAM_PERSISTENT = 4,
    /** Stream flag: a longer queue. */
    ACL_STREAM_HUGE = 8,
    /** Stream flag: scheduled by the AI CPU. */
    ACL_STREAM_CPU_SCHEDULE = 16,
    /** Stream flag: used by the device only. */
    ACL_STREAM_DEVICE_USE_ONLY = 32,
    /** Two devices are connected by HCCS, Huawei's cache coherent link. */
    ACL_RT_DEVS_TOPOLOGY_HCCS = 1,
    /** By one PCIe switch. */
    ACL_RT_DEVS_TOPOLOGY_PIX = 2,
    /** Reserved. */
    ACL_RT_DEVS_TOPOLOGY_PIB = 4,
    /** By a PCIe host bridge. */
    ACL_RT_DEVS_TOPOLOGY_PHB = 8,
    /** Between the NUMA nodes of the host. */
    ACL_RT_DEVS_TOPOLOGY_SYS = 16,
    /** Inside one package: the two dies of an Atlas A3 card. */
    ACL_RT_DEVS_TOPOLOGY_SIO = 32,
    /** By an HCCS switch. */
    ACL_RT_DEVS_TOPOLOGY_HCCS_SW = 64,
    /** What a profile collects: the program's own ranges and marks. */
    ACL_PROF_MSPROFTX = 128,
    /** What a profile collects: calls of ACL. */
    ACL_PROF_ACL_API = 1,
    /** What a profile collects: the times of tasks. */
    ACL_PROF_TASK_TIME = 2,
    /** `aclrtHostRegisterV2`: the device gets an address for it. */
    ACL_HOST_REG_MAPPED = 2,
    /** `aclrtHostRegisterV2`: memory of a bus device. */
    ACL_HOST_REG_IOMEMORY = 4,
    /** `aclrtHostRegisterV2`: the device only reads it. */
    ACL_HOST_REG_READONLY = 8,
    /** `aclrtHostRegisterV2`: the system must not swap it out. */
    ACL_HOST_REG_PINNED = 268435456,
    /** Device memory that `aclrtMalloc` and its like give, in a mask of `aclrtCheckMemType`. */
    ACL_RT_MEM_TYPE_DEV = 2,
    /** Device memory for image processing, in the same mask. */
    ACL_RT_MEM_TYPE_DVPP = 8,
    /** Export flag of virtual memory: processes of a white list may import. */
    ACL_RT_VMM_EXPORT_FLAG_DEFAULT = 0,
    /** Export flag of memory shared by key: processes of a white list may import. */
    ACL_RT_IPC_MEM_EXPORT_FLAG_DEFAULT = 0,
    /** Import flag of memory shared by key: nothing more. */
    ACL_RT_IPC_MEM_IMPORT_FLAG_DEFAULT = 0,
    /** Flag of memory shared by host and device: all streams reach it. */
    ACL_RT_MEM_ATTACH_GLOBAL = 1,
    /** Export flag of virtual memory: any process may import. */
    ACL_RT_VMM_EXPORT_FLAG_DISABLE_PID_VALIDATION = 1,
    /** Export flag of memory shared by key: any process may import. */
    ACL_RT_IPC_MEM_EXPORT_FLAG_DISABLE_PID_VALIDATION = 1,
    /** Import flag of memory shared by key: enables peer access between the two devices. */
    ACL_RT_IPC_MEM_IMPORT_FLAG_ENABLE_PEER_ACCESS = 1,
    /** Flag of `aclmdlRIDebugJsonPrint`: streams and tasks. */
    ACL_MDLRI_DEBUG_JSON_PRINT_SUMMARY = 0,
    /** Flag of `aclmdlRIDebugJsonPrint`: the arguments of kernels too. */
    ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE = 1,
    /** Flag of `aclmdlRIBindStream`: the stream runs from the start of the graph. */
    ACL_MODEL_STREAM_FLAG_HEAD = 0,
    /** Flag of `aclmdlRIBindStream`: the stream runs when a task of the graph activates it. */
    ACL_MODEL_STREAM_FLAG_DEFAULT = 2147483647,
    /** Status of a route: there is none. */
    ACL_TDT_QUEUE_ROUTE_UNBIND = 0,
    /** Status of a route: data goes that way. */
    ACL_TDT_QUEUE_ROUTE_BIND = 1,
    /** Status of a route: it could not be bound. */
    ACL_TDT_QUEUE_ROUTE_BIND_ABNORMAL = 2,
    /** What the arguments of operators are dumped for: those that run on cores. */
    ACL_OP_DUMP_OP_AICORE_ARGS = 1,
    /** Bytes of the name of a dump's file with its NUL. */
    ACL_DUMP_MAX_FILE_PATH_LENGTH = 4096,
    /** Dims of a tensor to dump. */
    ACL_DUMP_MAX_SHAPE_NUM = 25,
    /** Entries of an `aclrtMemUceInfoArray`. */
    ACL_RT_MEM_UCE_INFO_MAX_NUM = 20,
    /** What a profile collects: counters of cores. */
    ACL_PROF_AICORE_METRICS = 4,
    /** What a profile collects: what the AI CPU does. */
    ACL_PROF_AICPU = 8,
    /** What a profile collects: the L2 cache. */
    ACL_PROF_L2CACHE = 16,
    /** What a profile collects: collectives. */
    ACL_PROF_HCCL_TRACE = 32,
    /** What a profile collects: iterations. */
    ACL_PROF_TRAINING_TRACE = 64,
    /** What a profile collects: calls of the runtime below ACL. */
    ACL_PROF_RUNTIME_API = 256,
    /** The binary is for cores of Atlas training products, and mixed kernels of Atlas A2 and A3. */
    ACL_RT_BINARY_MAGIC_ELF_AICORE = 1129660997,
    /** The binary is for vector cores. */
    ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE = 1094799942,
    /** The binary is for cube cores. */
    ACL_RT_BINARY_MAGIC_ELF_CUBE_CORE = 1095320387,
};

/** A tensor's dtype, shape and format; null where the shape is none. Since CANN 8.1. */
aclTensorDesc *aclCreateTensorDesc(aclDataType dataType, int32_t numDims, const int64_t *dims, aclFormat format);

/** Destroys it. Since CANN 8.1. */
void aclDestroyTensorDesc(const aclTensorDesc *desc);

/** Its dtype; undefined for null. Since CANN 8.1. */
aclDataType aclGetTensorDescType(const aclTensorDesc *desc);

/** Its format; undefined for null. Since CANN 8.1. */
aclFormat aclGetTensorDescFormat(const aclTensorDesc *desc);

/** The number of its dims; 0 for null. Since CANN 8.1. */
size_t aclGetTensorDescNumDims(const aclTensorDesc *desc);

/** One of its dims. Since CANN 8.1. */
aclError aclGetTensorDescDimV2(const aclTensorDesc *desc, size_t index, int64_t *dimSize);

/** The number of its elements; 1 without dims, 0 where that cannot be said. Since CANN 8.1. */
size_t aclGetTensorDescElementCount(const aclTensorDesc *desc);

/** Their bytes. Since CANN 8.1. */
size_t aclGetTensorDescSize(const aclTensorDesc *desc);

/** Names it; null takes the name away. Since CANN 8.1. */
void aclSetTensorDescName(aclTensorDesc *desc, const char *name);

/** The format that its data has in memory. Since CANN 8.1. */
aclError aclSetTensorFormat(aclTensorDesc *desc, aclFormat format);

/** The shape that its data has in memory. Since CANN 8.1. */
aclError aclSetTensorShape(aclTensorDesc *desc, int32_t numDims, const int64_t *dims);

/** Where its data will be. Since CANN 8.1. */
aclError aclSetTensorPlaceMent(aclTensorDesc *desc, aclMemType memType);

/** Its data, known before the operator runs. Since CANN 8.1. */
aclError aclSetTensorConst(aclTensorDesc *desc, void *dataBuffer, size_t length);

/** So many bytes somewhere, which stay the caller's. Since CANN 8.1. */
aclDataBuffer *aclCreateDataBuffer(void *data, size_t size);

/** Destroys it, not the bytes. Since CANN 8.1. */
aclError aclDestroyDataBuffer(const aclDataBuffer *dataBuffer);

/** Other bytes. Since CANN 8.1. */
aclError aclUpdateDataBuffer(aclDataBuffer *dataBuffer, void *data, size_t size);

/** Where they are; null for null. Since CANN 8.1. */
void *aclGetDataBufferAddr(const aclDataBuffer *dataBuffer);

/** How many they are; 0 for null. Since CANN 8.1. */
size_t aclGetDataBufferSizeV2(const aclDataBuffer *dataBuffer);

#ifdef __cplusplus
}
#endif

#endif
