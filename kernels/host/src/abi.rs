//! `include/twin/abi.h` in Rust. Names and order are the header's; what each means stands there.
#![allow(missing_docs)]

use std::ffi::{c_char, c_void};

/// Version of the seam. A loader refuses another.
pub const ABI: u32 = 1;
/// The one symbol that a twin image exports.
pub const SYMBOL: &str = "ascendc_twin_image";

/// Kinds of cores.
pub mod core_kind {
    pub const AIV: u32 = 0;
    pub const AIC: u32 = 1;
}

/// Cores of a block.
pub mod kernel_type {
    pub const AIV_ONLY: u32 = 0;
    pub const AIC_ONLY: u32 = 1;
    pub const MIX_AIV_1_0: u32 = 2;
    pub const MIX_AIC_1_0: u32 = 3;
    pub const MIX_AIC_1_1: u32 = 4;
    pub const MIX_AIC_1_2: u32 = 5;
}

/// Where bytes are.
pub mod space {
    pub const GM: u8 = 0;
    pub const UB: u8 = 1;
    pub const L1: u8 = 2;
    pub const L0A: u8 = 3;
    pub const L0B: u8 = 4;
    pub const L0C: u8 = 5;
    pub const BT: u8 = 6;
    pub const FB: u8 = 7;
    pub const COUNT: usize = 8;
}

/// Queues of instructions of a core.
pub mod pipe {
    pub const S: u32 = 0;
    pub const V: u32 = 1;
    pub const M: u32 = 2;
    pub const MTE1: u32 = 3;
    pub const MTE2: u32 = 4;
    pub const MTE3: u32 = 5;
    pub const FIX: u32 = 6;
    pub const COUNT: usize = 7;
    pub const ALL: u32 = 7;
}

/// What a call does with a range; flags.
pub mod access {
    pub const READ: u8 = 1;
    pub const WRITE: u8 = 2;
    pub const ATOMIC: u8 = 4;
    pub const CACHED: u8 = 8;
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Range {
    pub address: u64,
    pub stride: i64,
    pub count: u32,
    pub bytes: u32,
    pub space: u8,
    pub access: u8,
    pub align: u16,
    pub reserved: u32,
}

#[derive(Debug)]
#[repr(C)]
pub struct Call {
    pub name: *const c_char,
    pub file: *const c_char,
    pub line: u32,
    pub pipe: u32,
    pub ranges: *const Range,
    pub range_count: u32,
    pub transfer: u32,
    pub vector_elements: u64,
    pub cube_macs: u64,
}

#[derive(Debug)]
#[repr(C)]
pub struct Core {
    pub services: *const Services,
    pub host: *mut c_void,
    pub memory: [*mut u8; space::COUNT],
    pub size: [u32; space::COUNT],
    pub kind: u32,
    pub block: u32,
    pub blocks: u32,
    pub sub_block: u32,
    pub sub_blocks: u32,
    pub checked: u32,
    pub cycles: u64,
    pub state: *mut c_void,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Services {
    pub abi: u32,
    pub size: u32,
    pub call: unsafe extern "C" fn(core: *mut Core, call: *const Call) -> i32,
    pub finding: unsafe extern "C" fn(
        core: *mut Core,
        name: *const c_char,
        file: *const c_char,
        line: u32,
        rule: *const c_char,
        message: *const c_char,
    ) -> i32,
    pub set_flag: unsafe extern "C" fn(core: *mut Core, from: u32, to: u32, id: u32, file: *const c_char, line: u32) -> i32,
    pub wait_flag: unsafe extern "C" fn(core: *mut Core, from: u32, to: u32, id: u32, file: *const c_char, line: u32) -> i32,
    pub pipe_barrier: unsafe extern "C" fn(core: *mut Core, pipe: u32, file: *const c_char, line: u32) -> i32,
    pub forget: unsafe extern "C" fn(core: *mut Core, space: u32, offset: u32, bytes: u32) -> i32,
    pub sync_all: unsafe extern "C" fn(core: *mut Core, aiv_only: u32, file: *const c_char, line: u32) -> i32,
    pub cross_set: unsafe extern "C" fn(core: *mut Core, mode: u32, pipe: u32, id: u32, file: *const c_char, line: u32) -> i32,
    pub cross_wait: unsafe extern "C" fn(core: *mut Core, id: u32, file: *const c_char, line: u32) -> i32,
    pub r#yield: unsafe extern "C" fn(core: *mut Core) -> i32,
    pub cache_clean_invalidate:
        unsafe extern "C" fn(core: *mut Core, address: u64, entire: u32, file: *const c_char, line: u32) -> i32,
    pub memory_barrier: unsafe extern "C" fn(core: *mut Core, kind: u32) -> i32,
    pub print: unsafe extern "C" fn(core: *mut Core, text: *const c_char, length: u32),
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Param {
    pub offset: u32,
    pub size: u32,
}

#[derive(Debug)]
#[repr(C)]
pub struct Kernel {
    pub name: *const c_char,
    pub r#type: u32,
    pub schedule_mode: u32,
    pub args_size: u32,
    pub param_count: u32,
    pub params: *const Param,
    pub run: unsafe extern "C" fn(core: *mut Core, args: *const c_void) -> i32,
}

#[derive(Debug)]
#[repr(C)]
pub struct Image {
    pub abi: u32,
    pub size: u32,
    pub checked: u32,
    pub kernel_count: u32,
    pub kernels: *const Kernel,
}

/// Type of [`SYMBOL`].
pub type ImageFn = unsafe extern "C" fn() -> *const Image;

const _: () = {
    assert!(size_of::<Range>() == 32);
    assert!(size_of::<Call>() == 56);
    assert!(size_of::<Core>() == 16 + 64 + 32 + 24 + 16);
    assert!(size_of::<Services>() == 8 + 13 * 8);
    assert!(size_of::<Param>() == 8);
    assert!(size_of::<Kernel>() == 40);
    assert!(size_of::<Image>() == 24);
};
