//! The launch contract of `kv_write_nz`: what host code must know to launch it. `kernel.cpp` says the same in C++.
//!
//! Parameters, in order: keys, values, slot mapping, cache of keys, cache of values, [`Tiling`] by value. Cube cores, any number of
//! blocks, which do not wait.

/// Copies bytes to NZ pages.
pub const NAME: &str = "kv_write_nz";

/// What the pages may fill of L1, in bytes.
pub const PAGE_BYTES: usize = 512 * 1024 - 256;
/// The most tokens of a block.
pub const MAX_BLOCK: usize = 16384;
/// From one token to the next in the source there are fewer bytes, an even number of them.
pub const MAX_PITCH: usize = 131072;

/// The last parameter. Keys are 0, values 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Tiling {
    /// New tokens.
    pub tokens: u32,
    /// Slots of the cache: blocks times block size.
    pub slots: u32,
    /// Tokens of a block.
    pub block_size: u32,
    /// Bytes of an element of the slot mapping: 4 or 8.
    pub slot_bytes: u32,
    /// Pages in L1: 2, or 1 where a page is large.
    pub buffers: u32,
    /// Zero.
    pub reserved: u32,
    /// Bytes of a token's row; 0 where there are no values.
    pub row: [u32; 2],
    /// Bytes from one token to the next in the source.
    pub pitch: [u32; 2],
}

const _: () = assert!(size_of::<Tiling>() == 40 && align_of::<Tiling>() == 4);
