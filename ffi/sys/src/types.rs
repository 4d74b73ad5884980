//! C types of CANN: handles, enums as integers, opaque descriptors. Those of HCCL, and of streams and
//! callbacks, are in files of their own.

use std::ffi::{c_int, c_void};

/// `aclError`: 0 or one of [`crate::codes`].
pub type aclError = c_int;
/// `aclnnStatus`: 0 or one of [`crate::codes`].
pub type aclnnStatus = i32;
/// A stream; null is the default stream of the current context.
pub type aclrtStream = *mut c_void;
/// An event.
pub type aclrtEvent = *mut c_void;
/// A context.
pub type aclrtContext = *mut c_void;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[repr(C)]
        #[derive(Debug)]
        pub struct $name { _opaque: [u8; 0], _not_send: std::marker::PhantomData<*mut u8> }
    )* };
}
opaque! {
    /// A planned operator, made by phase one and consumed by phase two.
    aclOpExecutor;
    /// A tensor descriptor: dtype, view shape, strides, storage and device address.
    aclTensor;
    /// A host scalar with a dtype.
    aclScalar;
    /// A host array of `int64_t`.
    aclIntArray;
    /// A list of tensor descriptors, which it owns.
    aclTensorList;
    /// A host array of `float`.
    aclFloatArray;
    /// A host array of `bool`.
    aclBoolArray;
    /// A list of scalars, which it owns.
    aclScalarList;
}

macro_rules! c_enum {
    ($(#[$doc:meta])* $name:ident: $repr:ty { $($(#[$vdoc:meta])* $value:ident = $n:expr;)* }) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub $repr);
        $( $(#[$vdoc])* #[doc = concat!("`", stringify!($value), "` = ", stringify!($n))] pub const $value: $name = $name($n); )*
        impl $name {
            /// The header's name of this value, where it has one.
            pub fn name(self) -> Option<&'static str> {
                match self { $( $value => Some(stringify!($value)), )* _ => None }
            }
        }
    };
}

#[path = "hccl_types.rs"]
mod hccl;
pub use hccl::*;
#[path = "runtime_types.rs"]
mod runtime;
pub use runtime::*;

#[path = "atb_types.rs"]
mod atb;
pub use atb::*;
#[path = "memory_types.rs"]
mod memory;
pub use memory::*;

#[path = "op_types.rs"]
mod op;
pub use op::*;
#[path = "graph_types.rs"]
mod graph;
pub use graph::*;
#[path = "random_types.rs"]
mod random;
pub use random::*;
#[path = "tdt_types.rs"]
mod tdt;
pub use tdt::*;

#[path = "service_types.rs"]
mod service;
pub use service::*;

#[path = "kernel_types.rs"]
mod kernel;
pub use kernel::*;

c_enum! {
    /// Element type of a tensor or scalar (`acl_base.h`).
    aclDataType: c_int {
        ACL_DT_UNDEFINED = -1; ACL_FLOAT = 0; ACL_FLOAT16 = 1; ACL_INT8 = 2; ACL_INT32 = 3; ACL_UINT8 = 4; ACL_INT16 = 6;
        ACL_UINT16 = 7; ACL_UINT32 = 8; ACL_INT64 = 9; ACL_UINT64 = 10; ACL_DOUBLE = 11; ACL_BOOL = 12; ACL_STRING = 13;
        ACL_COMPLEX64 = 16; ACL_COMPLEX128 = 17; ACL_BF16 = 27; ACL_INT4 = 29; ACL_UINT1 = 30; ACL_COMPLEX32 = 33;
    }
}

impl aclDataType {
    /// Bytes of one element; 0 for undefined, string and sub-byte types (for which `aclDataTypeSize` says 1).
    pub const fn size(self) -> usize {
        match self {
            ACL_INT8 | ACL_UINT8 | ACL_BOOL => 1,
            ACL_FLOAT16 | ACL_BF16 | ACL_INT16 | ACL_UINT16 => 2,
            ACL_FLOAT | ACL_INT32 | ACL_UINT32 | ACL_COMPLEX32 => 4,
            ACL_INT64 | ACL_UINT64 | ACL_DOUBLE | ACL_COMPLEX64 => 8,
            ACL_COMPLEX128 => 16,
            _ => 0,
        }
    }
}

c_enum! {
    /// Storage format of a tensor (`acl_base.h`); base formats are all treated as ND by operators.
    aclFormat: c_int {
        ACL_FORMAT_UNDEFINED = -1; ACL_FORMAT_NCHW = 0; ACL_FORMAT_NHWC = 1; ACL_FORMAT_ND = 2; ACL_FORMAT_NC1HWC0 = 3;
        ACL_FORMAT_FRACTAL_Z = 4; ACL_FORMAT_NDHWC = 27; ACL_FORMAT_FRACTAL_NZ = 29; ACL_FORMAT_NCDHW = 30; ACL_FORMAT_NCL = 47;
    }
}
c_enum! {
    /// Direction of a copy (`acl_rt.h`).
    aclrtMemcpyKind: c_int {
        ACL_MEMCPY_HOST_TO_HOST = 0; ACL_MEMCPY_HOST_TO_DEVICE = 1; ACL_MEMCPY_DEVICE_TO_HOST = 2;
        ACL_MEMCPY_DEVICE_TO_DEVICE = 3; ACL_MEMCPY_DEFAULT = 4; ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE = 5;
        ACL_MEMCPY_INNER_DEVICE_TO_DEVICE = 6; ACL_MEMCPY_INTER_DEVICE_TO_DEVICE = 7;
    }
}
c_enum! {
    /// Page policy of `aclrtMalloc`; an unknown value means the default (`acl_rt.h`).
    aclrtMemMallocPolicy: c_int {
        ACL_MEM_MALLOC_HUGE_FIRST = 0; ACL_MEM_MALLOC_HUGE_ONLY = 1; ACL_MEM_MALLOC_NORMAL_ONLY = 2;
        ACL_MEM_MALLOC_HUGE_FIRST_P2P = 3; ACL_MEM_MALLOC_HUGE_ONLY_P2P = 4; ACL_MEM_MALLOC_NORMAL_ONLY_P2P = 5;
        ACL_MEM_MALLOC_HUGE1G_ONLY = 6; ACL_MEM_MALLOC_HUGE1G_ONLY_P2P = 7; ACL_MEM_TYPE_LOW_BAND_WIDTH = 0x100;
        ACL_MEM_TYPE_HIGH_BAND_WIDTH = 0x1000; ACL_MEM_ACCESS_USER_SPACE_READONLY = 0x10_0000;
    }
}
c_enum! {
    /// Which memory `aclrtGetMemInfo` asks about (`acl_rt.h`).
    aclrtMemAttr: c_int {
        ACL_DDR_MEM = 0; ACL_HBM_MEM = 1; ACL_DDR_MEM_HUGE = 2; ACL_DDR_MEM_NORMAL = 3; ACL_HBM_MEM_HUGE = 4; ACL_HBM_MEM_NORMAL = 5;
        ACL_DDR_MEM_P2P_HUGE = 6; ACL_DDR_MEM_P2P_NORMAL = 7; ACL_HBM_MEM_P2P_HUGE = 8; ACL_HBM_MEM_P2P_NORMAL = 9;
        ACL_HBM_MEM_HUGE1G = 10; ACL_HBM_MEM_P2P_HUGE1G = 11; ACL_MEM_NORMAL = 12; ACL_MEM_HUGE = 13; ACL_MEM_HUGE1G = 14;
        ACL_MEM_P2P_NORMAL = 15; ACL_MEM_P2P_HUGE = 16; ACL_MEM_P2P_HUGE1G = 17;
    }
}
c_enum! {
    /// Whether the work recorded before an event has run. Trap: `aclrtEventStatus` has these two the other way round.
    aclrtEventRecordedStatus: c_int { ACL_EVENT_RECORDED_STATUS_NOT_READY = 0; ACL_EVENT_RECORDED_STATUS_COMPLETE = 1; }
}
c_enum! {
    /// Whether all work of a stream has run.
    aclrtStreamStatus: c_int { ACL_STREAM_STATUS_COMPLETE = 0; ACL_STREAM_STATUS_NOT_READY = 1; }
}
c_enum! {
    /// Where the caller runs: on the host of a card, or on the device itself.
    aclrtRunMode: c_int { ACL_DEVICE = 0; ACL_HOST = 1; }
}
c_enum! {
    /// Options of the runtime (`acl_base.h`).
    aclSysParamOpt: c_int { ACL_OPT_DETERMINISTIC = 0; ACL_OPT_ENABLE_DEBUG_KERNEL = 1; ACL_OPT_STRONG_CONSISTENCY = 2; }
}
c_enum! {
    /// Facts about a device (`acl_base.h`).
    aclDeviceInfo: c_int { ACL_DEVICE_INFO_AI_CORE_NUM = 0; ACL_DEVICE_INFO_VECTOR_CORE_NUM = 1; ACL_DEVICE_INFO_L2_SIZE = 2; }
}
c_enum! {
    /// Packages of a toolkit whose version can be asked for (`acl.h`).
    aclCANNPackageName: c_int { ACL_PKG_NAME_CANN = 0; ACL_PKG_NAME_RUNTIME = 1; ACL_PKG_NAME_TOOLKIT = 4; ACL_PKG_NAME_DRIVER = 7; }
}

/// Version of a package of the toolkit, as C strings (`acl.h`).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct aclCANNPackageVersion {
    /// The whole, "8.3.RC1".
    pub version: [u8; 128],
    /// "8"
    pub majorVersion: [u8; 64],
    /// "3"
    pub minorVersion: [u8; 64],
    /// "RC1" or ""
    pub releaseVersion: [u8; 64],
    /// Patch level.
    pub patchVersion: [u8; 64],
    /// Not used.
    pub reserved: [u8; 128],
}
const _: () = assert!(size_of::<aclCANNPackageVersion>() == 512);

/// Event flag: usable with `aclrtStreamWaitEvent`.
pub const ACL_EVENT_SYNC: u32 = 0x1;
/// An event between a graph and what is outside of it; taken alone.
pub const ACL_EVENT_EXTERNAL: u32 = 0x20;
/// Flag of `aclrtRecordEventWithFlag`: as without.
pub const ACL_EVENT_RECORD_DEFAULT: u32 = 0x0;
/// Flag of `aclrtRecordEventWithFlag`: a graph's record that is seen outside of it.
pub const ACL_EVENT_RECORD_EXTERNAL: u32 = 0x1;
/// Flag of `aclrtStreamWaitEventWithFlag`: as without.
pub const ACL_EVENT_WAIT_DEFAULT: u32 = 0x0;
/// Flag of `aclrtStreamWaitEventWithFlag`: a graph waits for what is outside of it.
pub const ACL_EVENT_WAIT_EXTERNAL: u32 = 0x1;
/// An event that processes share; taken alone.
pub const ACL_EVENT_IPC: u32 = 0x40;
/// Event flag: the completion can be queried.
pub const ACL_EVENT_CAPTURE_STREAM_PROGRESS: u32 = 0x2;
/// Event flag: has a time stamp.
pub const ACL_EVENT_TIME_LINE: u32 = 0x8;
/// Stream flag: resources are taken at creation.
pub const ACL_STREAM_FAST_LAUNCH: u32 = 0x1;
/// Stream flag: the host waits by spinning.
pub const ACL_STREAM_FAST_SYNC: u32 = 0x2;
/// `cubeMathType`: compute in the dtype of the inputs (f32 sums in any case).
pub const KEEP_DTYPE: i8 = 0;
