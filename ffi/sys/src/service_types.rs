//! Types of what stands beside the runtime: detailed errors, states of streams, allocators of the program's own, dumps (`acl_dump.h`),
//! profiling by subscription (`acl_prof.h`).

use std::ffi::{c_char, c_int, c_void};

use super::aclrtStream;

/// A half-precision number by its bits.
pub type aclFloat16 = u16;
/// What describes an allocator of the program's own.
pub type aclrtAllocatorDesc = *mut c_void;
/// The program's allocator.
pub type aclrtAllocator = *mut c_void;
/// A block that it gave.
pub type aclrtAllocatorBlock = *mut c_void;
/// An address of device memory.
pub type aclrtAllocatorAddr = *mut c_void;
/// Gives a block of so many bytes.
pub type aclrtAllocatorAllocFunc = Option<unsafe extern "C" fn(allocator: aclrtAllocator, size: usize) -> *mut c_void>;
/// Takes a block back.
pub type aclrtAllocatorFreeFunc = Option<unsafe extern "C" fn(allocator: aclrtAllocator, block: aclrtAllocatorBlock)>;
/// Gives a block, if it can at that address.
pub type aclrtAllocatorAllocAdviseFunc =
    Option<unsafe extern "C" fn(allocator: aclrtAllocator, size: usize, addr: aclrtAllocatorAddr) -> *mut c_void>;
/// The address of a block.
pub type aclrtAllocatorGetAddrFromBlockFunc = Option<unsafe extern "C" fn(block: aclrtAllocatorBlock) -> *mut c_void>;
/// Is told of a stream's beginning and end.
pub type aclrtStreamStateCallback = Option<unsafe extern "C" fn(stm: aclrtStream, state: aclrtStreamState, args: *mut c_void)>;

opaque! {
    /// What a subscription is to.
    aclprofSubscribeConfig;
    /// The marks of an iteration.
    aclprofStepInfo;
}

c_enum! {
    /// What happens to a stream.
    aclrtStreamState: c_int { ACL_RT_STREAM_STATE_CREATE_POST = 1; ACL_RT_STREAM_STATE_DESTROY_PRE = 2; }
}
c_enum! {
    /// What is wrong with a device.
    aclrtErrorType: c_int {
        ACL_RT_NO_ERROR = 0; ACL_RT_ERROR_MEMORY = 1; ACL_RT_ERROR_L2 = 2; ACL_RT_ERROR_AICORE = 3; ACL_RT_ERROR_LINK = 4;
        ACL_RT_ERROR_L3_PORT = 5; ACL_RT_ERROR_OTHERS = 0xFFFF;
    }
}
c_enum! {
    /// What a core's error comes from.
    aclrtAicoreErrorType: c_int {
        ACL_RT_AICORE_ERROR_UNKNOWN = 0; ACL_RT_AICORE_ERROR_SW = 1; ACL_RT_AICORE_ERROR_HW_LOCAL = 2;
    }
}
c_enum! {
    /// Kinds of dumps.
    acldumpType: c_int {
        AIC_ERR_BRIEF_DUMP = 1; AIC_ERR_NORM_DUMP = 2; AIC_ERR_DETAIL_DUMP = 3; DATA_DUMP = 4; OVERFLOW_DUMP = 5;
    }
}
c_enum! {
    /// What a tensor is to an operator.
    acldumpTensorType: c_int { ACL_DUMP_TENSOR_INPUT = 0; ACL_DUMP_TENSOR_OUTPUT = 1; ACL_DUMP_TENSOR_WORKSPACE = 2; }
}
c_enum! {
    /// What the address of a tensor to dump is.
    acldumpTensorAddressType: c_int { ACL_DUMP_ADDR_PTR = 0; ACL_DUMP_ADDR_PTR_PTR = 1; ACL_DUMP_ADDR_RAW = 2; }
}
c_enum! {
    /// Where a tensor to dump is.
    acldumpTensorPlacement: c_int { ACL_DUMP_PLACEMENT_DEVICE = 0; ACL_DUMP_PLACEMENT_HOST = 1; ACL_DUMP_PLACEMENT_END = 2; }
}
c_enum! {
    /// A mark of an iteration.
    aclprofStepTag: c_int { ACL_STEP_START = 0; ACL_STEP_END = 1; }
}
c_enum! {
    /// What a subscription tells of.
    aclprofSubscribeOpFlag: c_int {
        ACL_SUBSCRIBE_OP = 0; ACL_SUBSCRIBE_SUBGRAPH = 1; ACL_SUBSCRIBE_OP_THREAD = 2; ACL_SUBSCRIBE_NONE = 0xFF;
    }
}
c_enum! {
    /// A fact of an operator that a subscription tells.
    aclprofSubscribeOpAttri: c_int { ACL_SUBSCRIBE_ATTRI_THREADID = 0; ACL_SUBSCRIBE_ATTRI_NONE = 1; }
}
c_enum! {
    /// Options of profiling whose values are texts.
    aclprofConfigType: c_int {
        ACL_PROF_ARGS_MIN = 0; ACL_PROF_STORAGE_LIMIT = 1; ACL_PROF_SYS_HARDWARE_MEM_FREQ = 3; ACL_PROF_LLC_MODE = 4;
        ACL_PROF_SYS_IO_FREQ = 5; ACL_PROF_SYS_INTERCONNECTION_FREQ = 6; ACL_PROF_DVPP_FREQ = 7; ACL_PROF_HOST_SYS = 8;
        ACL_PROF_HOST_SYS_USAGE = 9; ACL_PROF_HOST_SYS_USAGE_FREQ = 10; ACL_PROF_LOW_POWER_FREQ = 11;
        ACL_PROF_SYS_MEM_SERVICEFLOW = 12; ACL_PROF_SYS_CPU_FREQ = 13; ACL_PROF_OPTYPE = 14; ACL_PROF_NTS_METRICS = 15;
        ACL_PROF_PATH = 16;
    }
}

/// Memory that is broken.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtMemUceInfo {
    /// Where.
    pub addr: *mut c_void,
    /// How much.
    pub len: usize,
    /// Not used.
    pub reserved: [usize; 14],
}

/// All of it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtMemUceInfoArray {
    /// How many entries count.
    pub arraySize: usize,
    /// The entries.
    pub memUceInfoArray: [aclrtMemUceInfo; 20],
}

/// What is known of a device's error; which field counts, its type says.
#[repr(C)]
#[derive(Clone, Copy)]
pub union aclrtErrorInfoDetail {
    /// Of memory.
    pub uceInfo: aclrtMemUceInfoArray,
    /// Of a core.
    pub aicoreErrType: aclrtAicoreErrorType,
}

/// What is wrong with a device.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct aclrtErrorInfo {
    /// 1 where it can be repaired.
    pub tryRepair: u8,
    /// 1 where `detail` counts.
    pub hasDetail: u8,
    /// Not used.
    pub reserved: [u8; 2],
    /// What it is.
    pub errorType: aclrtErrorType,
    /// More of it.
    pub detail: aclrtErrorInfoDetail,
}

/// A piece of a dump's file. Its data follow.
#[repr(C)]
pub struct acldumpChunk {
    /// The file that it belongs to.
    pub fileName: [c_char; 4096],
    /// Bytes of data.
    pub bufLen: u32,
    /// 1 for the last piece of the file.
    pub isLastChunk: u32,
    /// Where in the file it belongs; -1 behind what there is.
    pub offset: i64,
    /// Not used.
    pub flag: i32,
    /// The data begin here.
    pub dataBuf: [u8; 0],
}

/// A tensor to dump.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct acldumpTensorInfo {
    /// What it is to the operator.
    pub r#type: acldumpTensorType,
    /// Its bytes.
    pub tensorSize: usize,
    /// Its format, an `aclFormat`.
    pub format: i32,
    /// Its dtype, an `aclDataType`.
    pub dataType: i32,
    /// Its address.
    pub tensorAddr: *mut i64,
    /// What the address is.
    pub addrType: acldumpTensorAddressType,
    /// Where it is.
    pub placement: acldumpTensorPlacement,
    /// Where its address stands in the operator's arguments.
    pub argsOffset: u32,
    /// Dims of `shape`.
    pub shapeNum: u32,
    /// Dims of `originShape`.
    pub originShapeNum: u32,
    /// The shape.
    pub shape: [u64; 25],
    /// The shape before it was laid out.
    pub originShape: [u64; 25],
}

const _: () = {
    assert!(size_of::<aclrtMemUceInfo>() == 128 && size_of::<aclrtErrorInfo>() == 8 + 8 + 20 * 128);
    assert!(std::mem::offset_of!(acldumpChunk, dataBuf) == 4116 && size_of::<acldumpChunk>() == 4120);
    assert!(size_of::<acldumpTensorInfo>() == 456);
};

/// What the arguments of operators are dumped for: those that run on cores.
pub const ACL_OP_DUMP_OP_AICORE_ARGS: u32 = 1;
/// Bytes of the name of a dump's file with its NUL.
pub const ACL_DUMP_MAX_FILE_PATH_LENGTH: u32 = 4096;
/// Dims of a tensor to dump.
pub const ACL_DUMP_MAX_SHAPE_NUM: u32 = 25;
/// Entries of an [`aclrtMemUceInfoArray`].
pub const ACL_RT_MEM_UCE_INFO_MAX_NUM: u32 = 20;
/// What a profile collects: counters of cores.
pub const ACL_PROF_AICORE_METRICS: u64 = 0x4;
/// What a profile collects: what the AI CPU does.
pub const ACL_PROF_AICPU: u64 = 0x8;
/// What a profile collects: the L2 cache.
pub const ACL_PROF_L2CACHE: u64 = 0x10;
/// What a profile collects: collectives.
pub const ACL_PROF_HCCL_TRACE: u64 = 0x20;
/// What a profile collects: iterations.
pub const ACL_PROF_TRAINING_TRACE: u64 = 0x40;
/// What a profile collects: calls of the runtime below ACL.
pub const ACL_PROF_RUNTIME_API: u64 = 0x100;
