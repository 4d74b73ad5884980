//! C types of memory beyond `aclrtMalloc`: attributes, batches, virtual memory, sharing, pools (`acl_rt.h`,
//! `acl_rt_memory_soma.h`).

use std::ffi::{c_int, c_void};

/// Physical memory of a device, made by `aclrtMallocPhysical` or imported.
pub type aclrtDrvMemHandle = *mut c_void;
/// A pool of stream-ordered memory.
pub type aclrtMemPool = *mut c_void;

c_enum! {
    /// What a device may do with registered host memory.
    aclrtHostRegisterType: c_int { ACL_HOST_REGISTER_MAPPED = 0; ACL_HOST_REGISTER_IOMEMORY = 4; ACL_HOST_REGISTER_READONLY = 8; }
}
/// `aclrtHostRegisterV2`: the device gets an address for it.
pub const ACL_HOST_REG_MAPPED: u32 = 0x2;
/// `aclrtHostRegisterV2`: memory of a bus device.
pub const ACL_HOST_REG_IOMEMORY: u32 = 0x4;
/// `aclrtHostRegisterV2`: the device only reads it.
pub const ACL_HOST_REG_READONLY: u32 = 0x8;
/// `aclrtHostRegisterV2`: the system must not swap it out.
pub const ACL_HOST_REG_PINNED: u32 = 0x1000_0000;

c_enum! {
    /// Which field of [`aclrtMallocAttrValue`] counts.
    aclrtMallocAttrType: c_int {
        ACL_RT_MEM_ATTR_RSV = 0; ACL_RT_MEM_ATTR_MODULE_ID = 1; ACL_RT_MEM_ATTR_DEVICE_ID = 2; ACL_RT_MEM_ATTR_VA_FLAG = 3;
    }
}

/// Value of an attribute of an allocation.
#[repr(C)]
#[derive(Clone, Copy)]
pub union aclrtMallocAttrValue {
    /// Which component allocates, for statistics.
    pub moduleId: u16,
    /// A device.
    pub deviceId: u32,
    /// Whether host and device see it at one address.
    pub vaFlag: u32,
    /// All of it.
    pub rsv: [u8; 8],
}

/// One attribute of an allocation.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct aclrtMallocAttribute {
    /// Which.
    pub attr: aclrtMallocAttrType,
    /// Its value.
    pub value: aclrtMallocAttrValue,
}

/// Attributes of an allocation.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtMallocConfig {
    /// The first.
    pub attrs: *mut aclrtMallocAttribute,
    /// Their number.
    pub numAttrs: usize,
}

c_enum! {
    /// Where memory is.
    aclrtMemLocationType: c_int {
        ACL_MEM_LOCATION_TYPE_HOST = 0; ACL_MEM_LOCATION_TYPE_DEVICE = 1; ACL_MEM_LOCATION_TYPE_UNREGISTERED = 2;
        ACL_MEM_LOCATION_TYPE_MANAGED = 3; ACL_MEM_LOCATION_TYPE_HOST_NUMA = 4;
    }
}

/// Where memory is, and on which device.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtMemLocation {
    /// The device; no meaning on the host.
    pub id: u32,
    /// Host or device.
    pub r#type: aclrtMemLocationType,
}

/// What an address is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtPtrAttributes {
    /// Where it is.
    pub location: aclrtMemLocation,
    /// Bytes of a page of it.
    pub pageSize: u32,
    /// Zero.
    pub rsv: [u32; 4],
}

/// How much of a device's memory a component has.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtMemUsageInfo {
    /// The component, NUL-terminated.
    pub name: [u8; 32],
    /// Bytes now.
    pub curMemSize: u64,
    /// Most bytes so far.
    pub memPeakSize: u64,
    /// Zero.
    pub reserved: [usize; 8],
}

/// Device memory that `aclrtMalloc` and its like give, in a mask of `aclrtCheckMemType`.
pub const ACL_RT_MEM_TYPE_DEV: u32 = 0x2;
/// Device memory for image processing, in the same mask.
pub const ACL_RT_MEM_TYPE_DVPP: u32 = 0x8;

/// Where both sides of a batch's copies are.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtMemcpyBatchAttr {
    /// Of the destinations.
    pub dstLoc: aclrtMemLocation,
    /// Of the sources.
    pub srcLoc: aclrtMemLocation,
    /// Zero.
    pub rsv: [u8; 16],
}

c_enum! {
    /// What `aclrtReduceAsync` does with two elements.
    aclrtReduceKind: c_int {
        ACL_RT_MEMCPY_SDMA_AUTOMATIC_SUM = 10; ACL_RT_MEMCPY_SDMA_AUTOMATIC_MAX = 11; ACL_RT_MEMCPY_SDMA_AUTOMATIC_MIN = 12;
        ACL_RT_MEMCPY_SDMA_AUTOMATIC_EQUAL = 13;
    }
}
c_enum! {
    /// Hints to the L2 cache.
    aclrtCmoType: c_int {
        ACL_RT_CMO_TYPE_PREFETCH = 0; ACL_RT_CMO_TYPE_WRITEBACK = 1; ACL_RT_CMO_TYPE_INVALID = 2; ACL_RT_CMO_TYPE_FLUSH = 3;
    }
}

c_enum! {
    /// How physical memory is kept.
    aclrtMemAllocationType: c_int { ACL_MEM_ALLOCATION_TYPE_PINNED = 0; }
}
c_enum! {
    /// Kind of a handle of physical memory.
    aclrtMemHandleType: c_int { ACL_MEM_HANDLE_TYPE_NONE = 0; ACL_MEM_HANDLE_TYPE_POSIX = 2; }
}
c_enum! {
    /// How far a shareable handle reaches: one server (a `u64`), or several ([`aclrtMemFabricHandle`]).
    aclrtMemSharedHandleType: c_int { ACL_MEM_SHARE_HANDLE_TYPE_DEFAULT = 1; ACL_MEM_SHARE_HANDLE_TYPE_FABRIC = 2; }
}
c_enum! {
    /// Which granularity of physical memory is asked for.
    aclrtMemGranularityOptions: c_int {
        ACL_RT_MEM_ALLOC_GRANULARITY_MINIMUM = 0; ACL_RT_MEM_ALLOC_GRANULARITY_RECOMMENDED = 1;
    }
}
c_enum! {
    /// What a place may do with mapped memory.
    aclrtMemAccessFlags: c_int {
        ACL_RT_MEM_ACCESS_FLAGS_NONE = 0; ACL_RT_MEM_ACCESS_FLAGS_READ = 1; ACL_RT_MEM_ACCESS_FLAGS_READWRITE = 3;
    }
}
c_enum! {
    /// Attributes of memory shared by key.
    aclrtIpcMemAttrType: c_int { ACL_RT_IPC_MEM_ATTR_ACCESS_LINK = 0; }
}

/// What physical memory to allocate.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtPhysicalMemProp {
    /// Must be `ACL_MEM_HANDLE_TYPE_NONE`.
    pub handleType: aclrtMemHandleType,
    /// Must be `ACL_MEM_ALLOCATION_TYPE_PINNED`.
    pub allocationType: aclrtMemAllocationType,
    /// Kind of memory and page.
    pub memAttr: crate::types::aclrtMemAttr,
    /// Where.
    pub location: aclrtMemLocation,
    /// Zero.
    pub reserve: u64,
}

/// Which place may do what with mapped memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtMemAccessDesc {
    /// What it may do.
    pub flags: aclrtMemAccessFlags,
    /// Which place.
    pub location: aclrtMemLocation,
    /// Zero.
    pub rsv: [u8; 12],
}

/// A shareable handle that reaches other servers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtMemFabricHandle {
    /// For CANN only.
    pub data: [u8; 128],
}

/// Processes of another server.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtServerPid {
    /// The server.
    pub sdid: u32,
    /// Its processes.
    pub pid: *mut i32,
    /// Their number.
    pub num: usize,
}

/// Export flag of virtual memory: processes of a white list may import.
pub const ACL_RT_VMM_EXPORT_FLAG_DEFAULT: u64 = 0;
/// Export flag of memory shared by key: processes of a white list may import.
pub const ACL_RT_IPC_MEM_EXPORT_FLAG_DEFAULT: u64 = 0;
/// Import flag of memory shared by key: nothing more.
pub const ACL_RT_IPC_MEM_IMPORT_FLAG_DEFAULT: u64 = 0;
/// Flag of memory shared by host and device: all streams reach it.
pub const ACL_RT_MEM_ATTACH_GLOBAL: u32 = 1;
/// Export flag of virtual memory: any process may import.
pub const ACL_RT_VMM_EXPORT_FLAG_DISABLE_PID_VALIDATION: u64 = 0x1;
/// Export flag of memory shared by key: any process may import.
pub const ACL_RT_IPC_MEM_EXPORT_FLAG_DISABLE_PID_VALIDATION: u64 = 0x1;
/// Import flag of memory shared by key: enables peer access between the two devices.
pub const ACL_RT_IPC_MEM_IMPORT_FLAG_ENABLE_PEER_ACCESS: u64 = 0x1;

c_enum! {
    /// Attributes of a memory pool: switches (`u32`), sizes in bytes (`u64`).
    aclrtMemPoolAttr: c_int {
        ACL_RT_MEM_POOL_REUSE_FOLLOW_EVENT_DEPENDENCIES = 1; ACL_RT_MEM_POOL_REUSE_ALLOW_OPPORTUNISTIC = 2;
        ACL_RT_MEM_POOL_REUSE_ALLOW_INTERNAL_DEPENDENCIES = 3; ACL_RT_MEM_POOL_ATTR_RELEASE_THRESHOLD = 4;
        ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_CURRENT = 5; ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_HIGH = 6;
        ACL_RT_MEM_POOL_ATTR_USED_MEM_CURRENT = 7; ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH = 8;
    }
}

/// What memory pool to make.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtMemPoolProps {
    /// Must be `ACL_MEM_ALLOCATION_TYPE_PINNED`.
    pub allocType: aclrtMemAllocationType,
    /// Must be `ACL_MEM_HANDLE_TYPE_NONE`.
    pub handleType: aclrtMemHandleType,
    /// Which device.
    pub location: aclrtMemLocation,
    /// Most bytes.
    pub maxSize: usize,
    /// Zero.
    pub reserved: [u8; 32],
}

const _: () = {
    assert!(size_of::<aclrtMallocAttrValue>() == 8 && size_of::<aclrtMallocAttribute>() == 12);
    assert!(size_of::<aclrtMallocConfig>() == 16 && size_of::<aclrtMemLocation>() == 8);
    assert!(size_of::<aclrtPtrAttributes>() == 28 && size_of::<aclrtMemUsageInfo>() == 112);
    assert!(size_of::<aclrtMemcpyBatchAttr>() == 32 && size_of::<aclrtMemAccessDesc>() == 24);
    assert!(size_of::<aclrtPhysicalMemProp>() == 32 && std::mem::offset_of!(aclrtPhysicalMemProp, location) == 12);
    assert!(size_of::<aclrtMemFabricHandle>() == 128 && size_of::<aclrtMemPoolProps>() == 56);
    assert!(size_of::<aclrtServerPid>() == 24);
};
