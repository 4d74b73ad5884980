//! The launch contract of `rms_norm`: what host code must know to launch it. `kernel.cpp` says the same in C++.

/// Names of the kernels, by the element type of x, gamma and y.
pub const F32: &str = "rms_norm_f32";
/// bf16.
pub const BF16: &str = "rms_norm_bf16";
/// f16.
pub const F16: &str = "rms_norm_f16";

/// A row is a multiple of so many elements: whole 32-byte blocks in every dtype.
pub const ROW_MULTIPLE: usize = 16;
/// The longest row of two-byte elements: what fits into UB (README.md has the sum).
pub const MAX_ROW_2: usize = 8192;
/// The longest row of f32.
pub const MAX_ROW_4: usize = 7168;
/// Bytes of a tile, unless a row is longer: from here on copies run at full speed.
pub const TILE_BYTES: usize = 16384;

/// The last parameter, after the addresses of x, gamma and y. The kernel runs on vector cores, with any number of blocks.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Tiling {
    /// Rows of x and y.
    pub rows: u32,
    /// Elements of a row.
    pub d: u32,
    /// Rows of a tile.
    pub tile_rows: u32,
    /// Added to the mean of squares.
    pub eps: f32,
}

const _: () = assert!(size_of::<Tiling>() == 16 && align_of::<Tiling>() == 4);

impl Tiling {
    /// For rows of `d` elements of `size` bytes.
    pub fn new(rows: u32, d: u32, size: usize, eps: f32) -> Tiling {
        Tiling { rows, d, tile_rows: (TILE_BYTES / (d as usize * size)).max(1) as u32, eps }
    }
}
