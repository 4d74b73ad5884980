//! The launch contract of `kv_write` and `kv_write_int8_*`: what host code must know to launch them. `kernel.cpp` says the same in C++.
//!
//! Parameters, in order: keys, values, (`int8`: scales of the keys, scales of the values,) slot mapping, cache of keys, cache of
//! values, [`Tiling`] by value. Vector cores, any number of blocks, which do not wait.

/// Copies bytes.
pub const COPY: &str = "kv_write";
/// Rounds f32 to int8.
pub const INT8_F32: &str = "kv_write_int8_f32";
/// Rounds bf16 to int8.
pub const INT8_BF16: &str = "kv_write_int8_bf16";
/// Rounds f16 to int8.
pub const INT8_F16: &str = "kv_write_int8_f16";

/// UB is made of blocks of so many bytes; so are the pieces of a row that stay together in a page.
pub const BLOCK_BYTES: usize = 32;
/// The longest row of a token that is copied, in bytes.
pub const MAX_ROW: usize = 65536;
/// The longest row that is rounded to int8, in elements of two bytes.
pub const MAX_ROW_INT8: usize = 8192;
/// The same in f32.
pub const MAX_ROW_INT8_F32: usize = 4096;
/// Runs of memory are to have so many bytes: from here on copies run at full speed.
pub const RUN_BYTES: usize = 16384;
/// The most tokens of a tile: those whose slots are in UB.
pub const MAX_TILE: usize = 512;
/// What the tiles may fill of UB, in bytes; [`int8_tile_bytes`] where they are rounded.
pub const TILE_BYTES: usize = 163840;

/// What the tiles may fill where rows of at most so many elements are rounded to int8: the scales of one and what is read are in UB too.
pub const fn int8_tile_bytes(row: usize) -> usize {
    TILE_BYTES - 24576 - size_of::<f32>() * row
}

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
    /// Cores get whole multiples of so many tokens.
    pub unit: u32,
    /// Tokens of a tile.
    pub tile: u32,
    /// Tiles in UB: 2, or 1 where a tile is large.
    pub buffers: u32,
    /// Zero.
    pub reserved: u32,
    /// Bytes of a token's row in the cache; 0 where there are no values.
    pub row: [u32; 2],
    /// Bytes of a row that stay together in a page; divides the row's.
    pub piece: [u32; 2],
    /// Bytes from one token to the next in the source.
    pub pitch: [u32; 2],
}

const _: () = assert!(size_of::<Tiling>() == 56 && align_of::<Tiling>() == 4);
