//! Types of kernel binaries, their functions and launches (`acl_rt.h`).

use std::ffi::{c_int, c_void};

/// The bytes of a binary, not loaded.
pub type aclrtBinary = *mut c_void;
/// A binary, loaded on one device.
pub type aclrtBinHandle = *mut c_void;
/// A kernel of a loaded binary.
pub type aclrtFuncHandle = *mut c_void;
/// The arguments of a kernel in the making.
pub type aclrtArgsHandle = *mut c_void;
/// One argument among them.
pub type aclrtParamHandle = *mut c_void;
/// What is called when a kernel of a binary fails. Not null.
pub type aclrtOpExceptionCallback = Option<unsafe extern "C" fn(info: *mut super::aclrtExceptionInfo, user_data: *mut c_void)>;

c_enum! {
    /// How a binary is loaded.
    aclrtBinaryLoadOptionType: c_int {
        /// Its parts go to the device when they are needed.
        ACL_RT_BINARY_LOAD_OPT_LAZY_LOAD = 1;
        /// Which cores it is for: one of `ACL_RT_BINARY_MAGIC_ELF_...`. `..._LAZY_MAGIC` in 8.1.
        ACL_RT_BINARY_LOAD_OPT_MAGIC = 2;
        /// For AI CPUs.
        ACL_RT_BINARY_LOAD_OPT_CPU_KERNEL_MODE = 3;
    }
}
c_enum! {
    /// Kinds of cores that a launch can be pinned to.
    aclrtEngineType: c_int { ACL_RT_ENGINE_TYPE_AIC = 0; ACL_RT_ENGINE_TYPE_AIV = 1; }
}
c_enum! {
    /// Attributes of a launch.
    aclrtLaunchKernelAttrId: c_int {
        /// How blocks are given to cores: 0 as cores become free, 1 all at once.
        ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE = 1;
        /// Memory of a vector core for SIMT kernels (Ascend 950 only). `..._LOCAL_MEMORY_SIZE` before.
        ACL_RT_LAUNCH_KERNEL_ATTR_DYN_UBUF_SIZE = 2;
        /// The kind of cores (Atlas inference products only).
        ACL_RT_LAUNCH_KERNEL_ATTR_ENGINE_TYPE = 3;
        /// What block numbers begin with (Atlas inference products only).
        ACL_RT_LAUNCH_KERNEL_ATTR_BLOCKDIM_OFFSET = 4;
        /// Whether instructions are fetched before the kernel's turn.
        ACL_RT_LAUNCH_KERNEL_ATTR_BLOCK_TASK_PREFETCH = 5;
        /// Whether dumps are on for this launch.
        ACL_RT_LAUNCH_KERNEL_ATTR_DATA_DUMP = 6;
        /// Seconds after which the kernel counts as hung; 0 is for ever.
        ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT = 7;
        /// The same in microseconds. Not both.
        ACL_RT_LAUNCH_KERNEL_ATTR_TIMEOUT_US = 8;
        /// Whether this launch is profiled.
        ACL_RT_LAUNCH_KERNEL_ATTR_ENABLE_PROFILING = 9;
    }
}
c_enum! {
    /// What can be asked of a kernel.
    aclrtFuncAttribute: c_int {
        /// Its cores, an [`aclrtKernelType`].
        ACL_FUNC_ATTR_KERNEL_TYPE = 1;
        /// Cube and vector cores of a block: the high and the low 16 bits.
        ACL_FUNC_ATTR_KERNEL_RATIO = 2;
        /// The schedule mode it was built for.
        ACL_FUNC_ATTR_KERNEL_SCHED_MODE = 3;
    }
}
c_enum! {
    /// Kinds of cores that a kernel runs on.
    aclrtKernelType: c_int {
        ACL_KERNEL_TYPE_AICORE = 0;
        ACL_KERNEL_TYPE_CUBE = 1;
        ACL_KERNEL_TYPE_VECTOR = 2;
        ACL_KERNEL_TYPE_MIX = 3;
        ACL_KERNEL_TYPE_AICPU = 100;
    }
}

/// The value of an [`aclrtBinaryLoadOptionType`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union aclrtBinaryLoadOptionValue {
    /// 0 or 1.
    pub isLazyLoad: u32,
    /// One of `ACL_RT_BINARY_MAGIC_ELF_...`.
    pub magic: u32,
    /// 0, 1 or 2.
    pub cpuKernelMode: i32,
    /// The size.
    pub rsv: [u32; 4],
}
/// One option of loading.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct aclrtBinaryLoadOption {
    /// Which.
    pub r#type: aclrtBinaryLoadOptionType,
    /// Its value.
    pub value: aclrtBinaryLoadOptionValue,
}
/// The options of loading.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtBinaryLoadOptions {
    /// The first of `numOpt`.
    pub options: *mut aclrtBinaryLoadOption,
    /// How many.
    pub numOpt: usize,
}
/// A time in microseconds.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtTimeoutUs {
    /// The low 32 bits.
    pub timeoutLow: u32,
    /// The high 32 bits.
    pub timeoutHigh: u32,
}
/// The value of an [`aclrtLaunchKernelAttrId`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union aclrtLaunchKernelAttrValue {
    /// 0 or 1.
    pub schemMode: u8,
    /// Bytes.
    pub localMemorySize: u32,
    /// The same by its newer name.
    pub dynUBufSize: u32,
    /// The kind of cores.
    pub engineType: aclrtEngineType,
    /// The first block's number.
    pub blockDimOffset: u32,
    /// 0 or 1.
    pub isBlockTaskPrefetch: u8,
    /// 0 or 1.
    pub isDataDump: u8,
    /// Seconds.
    pub timeout: u16,
    /// Microseconds.
    pub timeoutUs: aclrtTimeoutUs,
    /// 0 or 1.
    pub enableProfiling: u8,
    /// The size.
    pub rsv: [u32; 4],
}
/// One attribute of a launch.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct aclrtLaunchKernelAttr {
    /// Which.
    pub id: aclrtLaunchKernelAttrId,
    /// Its value.
    pub value: aclrtLaunchKernelAttrValue,
}
/// The attributes of a launch.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct aclrtLaunchKernelCfg {
    /// The first of `numAttrs`.
    pub attrs: *mut aclrtLaunchKernelAttr,
    /// How many.
    pub numAttrs: usize,
}
/// An address among the arguments that the runtime fills in: where data that goes to the device with them will be.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtPlaceHolderInfo {
    /// Where the address stands, from the start of the arguments.
    pub addrOffset: u32,
    /// Where the data stands, from the start of the arguments.
    pub dataOffset: u32,
}
const _: () = {
    assert!(size_of::<aclrtBinaryLoadOption>() == 20);
    assert!(size_of::<aclrtBinaryLoadOptions>() == 16);
    assert!(size_of::<aclrtLaunchKernelAttrValue>() == 16);
    assert!(size_of::<aclrtLaunchKernelAttr>() == 20);
    assert!(size_of::<aclrtLaunchKernelCfg>() == 16);
    assert!(size_of::<aclrtPlaceHolderInfo>() == 8);
};

/// The binary is for cores of Atlas training products, and mixed kernels of Atlas A2 and A3.
pub const ACL_RT_BINARY_MAGIC_ELF_AICORE: u32 = 0x4355_4245;
/// The binary is for vector cores.
pub const ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE: u32 = 0x4141_5246;
/// The binary is for cube cores.
pub const ACL_RT_BINARY_MAGIC_ELF_CUBE_CORE: u32 = 0x4149_4343;
