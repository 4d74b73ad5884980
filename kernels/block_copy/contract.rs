//! The launch contract of `block_copy`: what host code must know to launch it. `kernel.cpp` says the same in C++.

/// Name of the kernel. Its parameters: the address of a table of pools (u64 addresses: for each layer its keys, then its values), the
/// address of a table of pairs (i32, i32), and [`Tiling`] by value. Vector cores, any number of blocks, which do not wait.
pub const NAME: &str = "block_copy";

/// Bytes of a chunk, the unit of work: long enough for copies at full speed, and short enough that two fit into UB many times.
pub const CHUNK: u32 = 32768;
/// Most layers: their table is in UB whole.
pub const MAX_LAYERS: usize = 1024;

/// The last parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Tiling {
    /// Entries of the table of pairs.
    pub pairs: u32,
    /// Of each layer there are two entries in the table of pools.
    pub layers: u32,
    /// Bytes of a block of one layer's keys.
    pub k_block: u64,
    /// Bytes of a block of one layer's values; 0 where there are none.
    pub v_block: u64,
    /// Bytes of a chunk.
    pub chunk: u32,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<Tiling>() == 32 && align_of::<Tiling>() == 8);
