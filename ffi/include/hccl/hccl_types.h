/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */
/** Types, constants and error numbers of the collectives. */
#ifndef ASCEND_RL_HCCL_HCCL_TYPES_H
#define ASCEND_RL_HCCL_HCCL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** 0 or one of the error numbers' `HCCL_E_*`. */
typedef int32_t HcclResult;

/** A communicator, as one rank holds it. */
typedef void *HcclComm;

/** Element type of a collective. Not the numbers of `aclDataType`. */
typedef enum HcclDataType {
    HCCL_DATA_TYPE_INT8 = 0,
    HCCL_DATA_TYPE_INT16 = 1,
    HCCL_DATA_TYPE_INT32 = 2,
    HCCL_DATA_TYPE_FP16 = 3,
    HCCL_DATA_TYPE_FP32 = 4,
    HCCL_DATA_TYPE_INT64 = 5,
    HCCL_DATA_TYPE_UINT64 = 6,
    HCCL_DATA_TYPE_UINT8 = 7,
    HCCL_DATA_TYPE_UINT16 = 8,
    HCCL_DATA_TYPE_UINT32 = 9,
    HCCL_DATA_TYPE_FP64 = 10,
    HCCL_DATA_TYPE_BFP16 = 11,
    HCCL_DATA_TYPE_INT128 = 12,
} HcclDataType;

/** How a collective reduces. */
typedef enum HcclReduceOp {
    HCCL_REDUCE_SUM = 0,
    HCCL_REDUCE_PROD = 1,
    HCCL_REDUCE_MAX = 2,
    HCCL_REDUCE_MIN = 3,
} HcclReduceOp;

/** Options of the process. */
typedef enum HcclConfig {
    HCCL_DETERMINISTIC = 0,
} HcclConfig;

/** Whether a communicator takes calls (9.x). */
typedef enum HcclCommStatus {
    HCCL_COMM_STATUS_READY = 0,
    HCCL_COMM_STATUS_SUSPENDING = 1,
    HCCL_COMM_STATUS_INVALID = 254,
} HcclCommStatus;

/** What happens to a communicator when an `HcclCommStateCallback` is called (9.x). */
typedef enum HcclCommStatePhase {
    HCCL_COMM_STATE_PHASE_INVALID = -1,
    HCCL_COMM_STATE_PHASE_DESTROY_PRE = 0,
    HCCL_COMM_STATE_PHASE_DESTROY_POST = 1,
    HCCL_COMM_STATE_PHASE_RESUME_PRE = 2,
    HCCL_COMM_STATE_PHASE_RESUME_POST = 3,
} HcclCommStatePhase;

/** Settings that `HcclConfigGetInfo` gives (9.x). */
typedef enum HcclConfigType {
    HCCL_CONFIG_TYPE_INVALID = -1,
    HCCL_CONFIG_TYPE_OP_EXPANSION_MODE = 0,
} HcclConfigType;

/** Who is told of what happens to a communicator (9.x); C's null is `None`. */
typedef HcclResult (*HcclCommStateCallback)(HcclComm comm, HcclCommStatePhase state, void *args);

/** A symmetric memory window (9.x). */
typedef void *HcclCommSymWindow;

/** Which way an item of `HcclBatchSendRecv` goes. */
typedef enum HcclSendRecvType {
    HCCL_SEND = 0,
    HCCL_RECV = 1,
} HcclSendRecvType;

/** Fields of `HcclCommConfig` that a library may know: those below `HcclGetCommConfigCapability()`. */
typedef enum HcclCommConfigCapability {
    HCCL_COMM_CONFIG_BUFFER_SIZE = 0,
    HCCL_COMM_CONFIG_DETERMINISTIC = 1,
    HCCL_COMM_CONFIG_COMM_NAME = 2,
    HCCL_COMM_CONFIG_OP_EXPANSION_MODE = 3,
    HCCL_COMM_CONFIG_SUPPORT_INIT_BY_ENV = 4,
    HCCL_COMM_CONFIG_WORLD_RANKID = 5,
    HCCL_COMM_CONFIG_JOBID = 6,
    HCCL_COMM_CONFIG_ACLGRAPH_ZEROCOPY_ENABLE = 7,
    HCCL_COMM_CONFIG_EXEC_TIMEOUT = 8,
    HCCL_COMM_CONFIG_ALGO = 9,
    HCCL_COMM_CONFIG_RETRY = 10,
    HCCL_COMM_CONFIG_BUFFER_NAME = 11,
} HcclCommConfigCapability;

/** The value of an `HcclConfig`. */
typedef union HcclConfigValue {
    /** The value. */
    int32_t value;
} HcclConfigValue;

/** What rank 0 makes and every rank needs to join: opaque bytes. */
typedef struct HcclRootInfo {
    /** Opaque. */
    char internal[4108];
} HcclRootInfo;

/** One item of `HcclBatchSendRecv`. */
typedef struct HcclSendRecvItem {
    /** Which way. */
    HcclSendRecvType sendRecvType;
    /** Device memory. */
    void *buf;
    /** Elements. */
    uint64_t count;
    /** Element type. */
    HcclDataType dataType;
    /** The other rank. */
    uint32_t remoteRank;
} HcclSendRecvItem;

/** How a communicator is made, in the layout of 9.x (version 11). A library reads as much as `size` and `version` say, so a
 * client tells an older one of the shorter layouts, which are prefixes of this.
 */
typedef struct HcclCommConfig {
    /** Bytes that follow the layout of `version`. */
    size_t size;
    /** `HCCL_COMM_CONFIG_MAGIC_WORD`. */
    uint32_t magicWord;
    /** 5, 6, 10 or 11. */
    uint32_t version;
    /** Not used. */
    uint64_t reserved;
    /** MiB of buffers; `HCCL_COMM_CONFIG_NOT_SET` leaves it to the environment. */
    uint32_t hcclBufferSize;
    /** 0 or 1. */
    uint32_t hcclDeterministic;
    /** The name; empty for a default. */
    char hcclCommName[128];
    /** A description; may be empty. */
    char hcclUdi[128];
    /** 0: the default. */
    uint32_t hcclOpExpansionMode;
    /** Traffic class. */
    uint32_t hcclRdmaTrafficClass;
    /** Service level. */
    uint32_t hcclRdmaServiceLevel;
    /** From version 6 on. */
    uint32_t hcclWorldRankID;
    /** From version 6 on. */
    uint64_t hcclJobID;
    /** From version 10 on. */
    uint8_t aclGraphZeroCopyEnable;
    /** From version 10 on: seconds that a collective may take; `HCCL_COMM_CONFIG_NOT_SET` leaves it to `HCCL_EXEC_TIMEOUT`. */
    int32_t hcclExecTimeOut;
    /** From version 10 on. */
    char hcclAlgo[1600];
    /** From version 10 on. */
    char hcclRetryEnable[50];
    /** From version 10 on. */
    char hcclRetryParams[128];
    /** From version 10 on. */
    char hcclBufferName[128];
    /** From version 10 on. */
    uint32_t hcclQos;
    /** From version 10 on, GiB. */
    uint64_t hcclSymWinMaxMemSizePerRank;
    /** From version 11 on: the depth of a channel's queue. */
    uint32_t hcclChannelSqDepth;
} HcclCommConfig;

/** Marks an `HcclCommConfig`. */
#define HCCL_COMM_CONFIG_MAGIC_WORD 0xf0f0f0f0u

/** A field that is left to the environment. */
#define HCCL_COMM_CONFIG_NOT_SET 0xffffffffu

/** `sub_comm_id` of a rank outside a sub-communicator. */
#define HCCL_NO_SUB_COMM 0xffffffffu

enum {
    HCCL_E_PARA = 1,
    HCCL_E_PTR = 2,
    HCCL_E_MEMORY = 3,
    HCCL_E_INTERNAL = 4,
    HCCL_E_NOT_SUPPORT = 5,
    HCCL_E_NOT_FOUND = 6,
    HCCL_E_UNAVAIL = 7,
    HCCL_E_SYSCALL = 8,
    HCCL_E_TIMEOUT = 9,
    HCCL_E_OPEN_FILE_FAILURE = 10,
    HCCL_E_TCP_CONNECT = 11,
    HCCL_E_ROCE_CONNECT = 12,
    HCCL_E_TCP_TRANSFER = 13,
    HCCL_E_ROCE_TRANSFER = 14,
    HCCL_E_RUNTIME = 15,
    HCCL_E_DRV = 16,
    HCCL_E_PROFILING = 17,
    HCCL_E_CCE = 18,
    HCCL_E_NETWORK = 19,
    HCCL_E_AGAIN = 20,
    HCCL_E_REMOTE = 21,
    HCCL_E_SUSPENDING = 22,
    HCCL_E_OPRETRY_FAIL = 23,
    HCCL_E_OOM = 24,
    HCCL_E_IN_STATUS = 1041,
    /** Success. */
    HCCL_SUCCESS = 0,
    /** Bytes of an `HcclRootInfo`. */
    HCCL_ROOT_INFO_BYTES = 4108,
    /** Bytes of a communicator's name with its NUL. */
    COMM_NAME_MAX_LENGTH = 128,
};

/** Makes a configuration, in the layout of CANN 9.x, that leaves everything to the environment. */
static inline void HcclCommConfigInit(HcclCommConfig *config)
{
    memset(config, 0, sizeof(*config));
    config->size = sizeof(*config);
    config->magicWord = HCCL_COMM_CONFIG_MAGIC_WORD;
    config->version = 11;
    config->hcclBufferSize = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclDeterministic = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclRdmaTrafficClass = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclRdmaServiceLevel = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclExecTimeOut = -1;
    config->hcclQos = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclSymWinMaxMemSizePerRank = 16;
    config->hcclChannelSqDepth = HCCL_COMM_CONFIG_NOT_SET;
}

#ifdef __cplusplus
}
#endif

#endif
