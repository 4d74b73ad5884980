//! C types of HCCL (`hccl/hccl_types.h`).

use std::ffi::{c_int, c_void};

/// 0 or one of [`crate::codes`]' `HCCL_E_*`.
pub type HcclResult = c_int;
/// Success.
pub const HCCL_SUCCESS: HcclResult = 0;
/// A communicator, as one rank holds it.
pub type HcclComm = *mut c_void;

c_enum! {
    /// Element type of a collective. Not the numbers of `aclDataType`.
    HcclDataType: c_int {
        HCCL_DATA_TYPE_INT8 = 0; HCCL_DATA_TYPE_INT16 = 1; HCCL_DATA_TYPE_INT32 = 2; HCCL_DATA_TYPE_FP16 = 3;
        HCCL_DATA_TYPE_FP32 = 4; HCCL_DATA_TYPE_INT64 = 5; HCCL_DATA_TYPE_UINT64 = 6; HCCL_DATA_TYPE_UINT8 = 7;
        HCCL_DATA_TYPE_UINT16 = 8; HCCL_DATA_TYPE_UINT32 = 9; HCCL_DATA_TYPE_FP64 = 10; HCCL_DATA_TYPE_BFP16 = 11;
        HCCL_DATA_TYPE_INT128 = 12;
    }
}

impl HcclDataType {
    /// Bytes of one element; 0 for a value that no header has.
    pub const fn size(self) -> usize {
        match self {
            HCCL_DATA_TYPE_INT8 | HCCL_DATA_TYPE_UINT8 => 1,
            HCCL_DATA_TYPE_INT16 | HCCL_DATA_TYPE_UINT16 | HCCL_DATA_TYPE_FP16 | HCCL_DATA_TYPE_BFP16 => 2,
            HCCL_DATA_TYPE_INT32 | HCCL_DATA_TYPE_UINT32 | HCCL_DATA_TYPE_FP32 => 4,
            HCCL_DATA_TYPE_INT64 | HCCL_DATA_TYPE_UINT64 | HCCL_DATA_TYPE_FP64 => 8,
            HCCL_DATA_TYPE_INT128 => 16,
            _ => 0,
        }
    }
}

c_enum! {
    /// How a collective reduces.
    HcclReduceOp: c_int { HCCL_REDUCE_SUM = 0; HCCL_REDUCE_PROD = 1; HCCL_REDUCE_MAX = 2; HCCL_REDUCE_MIN = 3; }
}
c_enum! {
    /// Options of the process.
    HcclConfig: c_int { HCCL_DETERMINISTIC = 0; }
}
c_enum! {
    /// Whether a communicator takes calls (9.x).
    HcclCommStatus: c_int { HCCL_COMM_STATUS_READY = 0; HCCL_COMM_STATUS_SUSPENDING = 1; HCCL_COMM_STATUS_INVALID = 254; }
}
c_enum! {
    /// What happens to a communicator when an [`HcclCommStateCallback`] is called (9.x).
    HcclCommStatePhase: c_int {
        HCCL_COMM_STATE_PHASE_INVALID = -1; HCCL_COMM_STATE_PHASE_DESTROY_PRE = 0; HCCL_COMM_STATE_PHASE_DESTROY_POST = 1;
        HCCL_COMM_STATE_PHASE_RESUME_PRE = 2; HCCL_COMM_STATE_PHASE_RESUME_POST = 3;
    }
}
c_enum! {
    /// Settings that `HcclConfigGetInfo` gives (9.x).
    HcclConfigType: c_int { HCCL_CONFIG_TYPE_INVALID = -1; HCCL_CONFIG_TYPE_OP_EXPANSION_MODE = 0; }
}
/// Who is told of what happens to a communicator (9.x); C's null is `None`.
pub type HcclCommStateCallback =
    Option<unsafe extern "C" fn(comm: HcclComm, state: HcclCommStatePhase, args: *mut c_void) -> HcclResult>;
/// A symmetric memory window (9.x).
pub type HcclCommSymWindow = *mut c_void;

c_enum! {
    /// Which way an item of `HcclBatchSendRecv` goes.
    HcclSendRecvType: c_int { HCCL_SEND = 0; HCCL_RECV = 1; }
}
c_enum! {
    /// Fields of [`HcclCommConfig`] that a library may know: those below `HcclGetCommConfigCapability()`.
    HcclCommConfigCapability: c_int {
        HCCL_COMM_CONFIG_BUFFER_SIZE = 0; HCCL_COMM_CONFIG_DETERMINISTIC = 1; HCCL_COMM_CONFIG_COMM_NAME = 2;
        HCCL_COMM_CONFIG_OP_EXPANSION_MODE = 3; HCCL_COMM_CONFIG_SUPPORT_INIT_BY_ENV = 4; HCCL_COMM_CONFIG_WORLD_RANKID = 5;
        HCCL_COMM_CONFIG_JOBID = 6; HCCL_COMM_CONFIG_ACLGRAPH_ZEROCOPY_ENABLE = 7; HCCL_COMM_CONFIG_EXEC_TIMEOUT = 8;
        HCCL_COMM_CONFIG_ALGO = 9; HCCL_COMM_CONFIG_RETRY = 10; HCCL_COMM_CONFIG_BUFFER_NAME = 11;
    }
}

/// The value of an [`HcclConfig`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union HcclConfigValue {
    /// The value.
    pub value: i32,
}

/// What rank 0 makes and every rank needs to join: opaque bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HcclRootInfo {
    /// Opaque.
    pub internal: [u8; 4108],
}
const _: () = assert!(size_of::<HcclRootInfo>() == HCCL_ROOT_INFO_BYTES && align_of::<HcclRootInfo>() == 1);

/// One item of `HcclBatchSendRecv`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HcclSendRecvItem {
    /// Which way.
    pub sendRecvType: HcclSendRecvType,
    /// Device memory.
    pub buf: *mut c_void,
    /// Elements.
    pub count: u64,
    /// Element type.
    pub dataType: HcclDataType,
    /// The other rank.
    pub remoteRank: u32,
}
const _: () = assert!(size_of::<HcclSendRecvItem>() == 32);

/// How a communicator is made, in the layout of 9.x (version 11). A library reads as much as `size` and `version` say, so a
/// client tells an older one of the shorter layouts, which are prefixes of this.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HcclCommConfig {
    /// Bytes that follow the layout of `version`.
    pub size: usize,
    /// [`HCCL_COMM_CONFIG_MAGIC_WORD`].
    pub magicWord: u32,
    /// 5, 6, 10 or 11.
    pub version: u32,
    /// Not used.
    pub reserved: u64,
    /// MiB of buffers; [`HCCL_COMM_CONFIG_NOT_SET`] leaves it to the environment.
    pub hcclBufferSize: u32,
    /// 0 or 1.
    pub hcclDeterministic: u32,
    /// The name; empty for a default.
    pub hcclCommName: [u8; 128],
    /// A description; may be empty.
    pub hcclUdi: [u8; 128],
    /// 0: the default.
    pub hcclOpExpansionMode: u32,
    /// Traffic class.
    pub hcclRdmaTrafficClass: u32,
    /// Service level.
    pub hcclRdmaServiceLevel: u32,
    /// From version 6 on.
    pub hcclWorldRankID: u32,
    /// From version 6 on.
    pub hcclJobID: u64,
    /// From version 10 on.
    pub aclGraphZeroCopyEnable: u8,
    /// From version 10 on: seconds that a collective may take; [`HCCL_COMM_CONFIG_NOT_SET`] leaves it to `HCCL_EXEC_TIMEOUT`.
    pub hcclExecTimeOut: i32,
    /// From version 10 on.
    pub hcclAlgo: [u8; 1600],
    /// From version 10 on.
    pub hcclRetryEnable: [u8; 50],
    /// From version 10 on.
    pub hcclRetryParams: [u8; 128],
    /// From version 10 on.
    pub hcclBufferName: [u8; 128],
    /// From version 10 on.
    pub hcclQos: u32,
    /// From version 10 on, GiB.
    pub hcclSymWinMaxMemSizePerRank: u64,
    /// From version 11 on: the depth of a channel's queue.
    pub hcclChannelSqDepth: u32,
}
const _: () = {
    assert!(size_of::<HcclCommConfig>() == 2248);
    assert!(std::mem::offset_of!(HcclCommConfig, hcclOpExpansionMode) == 288);
    assert!(std::mem::offset_of!(HcclCommConfig, hcclJobID) == 304);
    assert!(std::mem::offset_of!(HcclCommConfig, hcclExecTimeOut) == 316);
    assert!(std::mem::offset_of!(HcclCommConfig, hcclQos) == 2228);
};

impl HcclCommConfig {
    /// What the header's inline `HcclCommConfigInit` sets, for a library that knows `capability` fields: the longest layout that
    /// it reads.
    pub const fn new(capability: u32) -> HcclCommConfig {
        // 8.1 and 8.2 read 300 bytes, 8.3 and 8.5 read 312, 9.x all.
        let (version, size) = match capability {
            0..=5 => (5, 300),
            6..=7 => (6, 312),
            _ => (11, size_of::<HcclCommConfig>()),
        };
        HcclCommConfig {
            size,
            magicWord: HCCL_COMM_CONFIG_MAGIC_WORD,
            version,
            reserved: 0,
            hcclBufferSize: HCCL_COMM_CONFIG_NOT_SET,
            hcclDeterministic: HCCL_COMM_CONFIG_NOT_SET,
            hcclCommName: [0; 128],
            hcclUdi: [0; 128],
            hcclOpExpansionMode: 0,
            hcclRdmaTrafficClass: HCCL_COMM_CONFIG_NOT_SET,
            hcclRdmaServiceLevel: HCCL_COMM_CONFIG_NOT_SET,
            hcclWorldRankID: 0,
            hcclJobID: 0,
            aclGraphZeroCopyEnable: 0,
            hcclExecTimeOut: HCCL_COMM_CONFIG_NOT_SET as i32,
            hcclAlgo: [0; 1600],
            hcclRetryEnable: [0; 50],
            hcclRetryParams: [0; 128],
            hcclBufferName: [0; 128],
            hcclQos: HCCL_COMM_CONFIG_NOT_SET,
            hcclSymWinMaxMemSizePerRank: 16,
            hcclChannelSqDepth: HCCL_COMM_CONFIG_NOT_SET,
        }
    }
}

/// Marks an [`HcclCommConfig`].
pub const HCCL_COMM_CONFIG_MAGIC_WORD: u32 = 0xf0f0_f0f0;
/// A field that is left to the environment.
pub const HCCL_COMM_CONFIG_NOT_SET: u32 = 0xffff_ffff;
/// Bytes of an [`HcclRootInfo`].
pub const HCCL_ROOT_INFO_BYTES: usize = 4108;
/// Bytes of a communicator's name with its NUL.
pub const COMM_NAME_MAX_LENGTH: usize = 128;
/// `sub_comm_id` of a rank outside a sub-communicator.
pub const HCCL_NO_SUB_COMM: u64 = 0xffff_ffff;
