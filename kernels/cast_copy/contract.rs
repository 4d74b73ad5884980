//! The launch contract of `rect_copy` and `cast_copy`: what host code must know to launch them. `kernel.cpp` says the same in C++.
//!
//! Parameters, in order: the table of rectangles ([`Rect`]), the table of cores ([`Share`], one for each block of the launch); of
//! `cast_copy`, [`Tiling`] by value. Vector cores, any number of blocks, which do not wait.

/// Copies rectangles of bytes.
pub const COPY: &str = "rect_copy";
/// Converts rectangles.
pub const CAST: &str = "cast_copy";

/// Bytes of a tile of `rect_copy`, its rows rounded up to [`ROW_STEP`].
pub const COPY_TILE: usize = 65536;
/// Bytes of UB for tiles that are converted, two of the source and two of the destination.
pub const CAST_SPACE: usize = 163840;
/// Rows of a tile, elements or bytes long, begin at multiples of so many in UB.
pub const ROW_STEP: usize = 32;
/// A row that is cut is cut at multiples of so many elements or bytes, but for its end: lines of memory stay whole.
pub const TILE_STEP: usize = 512;
/// Most rows of a tile: those of one transfer.
pub const MAX_TILE_ROWS: usize = 4095;
/// Most rows of a tile that has scales.
pub const MAX_SCALED_ROWS: usize = 1024;

/// Element types, as [`Rect::cast`] has them: `16 * that of the source + that of the destination`.
pub mod types {
    /// IEEE single.
    pub const F32: u32 = 0;
    /// Brain float.
    pub const BF16: u32 = 1;
    /// IEEE half.
    pub const F16: u32 = 2;
    /// Signed 8-bit, with scales.
    pub const INT8: u32 = 3;
}

/// The last parameter of `cast_copy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Tiling {
    /// Bytes of the largest tile in the source, its rows rounded up to [`ROW_STEP`] elements.
    pub from: u32,
    /// In the destination.
    pub to: u32,
}

/// An entry of the table of rectangles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Rect {
    /// Address of the first element of the source.
    pub from: u64,
    /// Of the destination.
    pub to: u64,
    /// Bytes from one row to the next in the source.
    pub from_pitch: u64,
    /// In the destination.
    pub to_pitch: u64,
    /// Address of f32 scales, where one side is int8.
    pub scale: u64,
    /// Rows.
    pub rows: u32,
    /// Elements of a row; in `rect_copy`, bytes.
    pub cols: u32,
    /// Rows of a tile; 1 where a row is cut.
    pub tile_rows: u32,
    /// Elements of a row in a tile.
    pub tile_cols: u32,
    /// The two types; in `rect_copy`, 0.
    pub cast: u32,
    /// 1: a scale for each row; 0: one for all.
    pub scale_step: u32,
}

/// An entry of the table of cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Share {
    /// The first rectangle.
    pub rect: u32,
    /// How many it has a part of.
    pub rects: u32,
    /// The first tile of the first rectangle.
    pub tile: u32,
    /// How many tiles.
    pub tiles: u32,
    /// Zero.
    pub reserved: [u32; 4],
}

const _: () = assert!(size_of::<Tiling>() == 8 && align_of::<Tiling>() == 4);
const _: () = assert!(size_of::<Rect>() == 64 && align_of::<Rect>() == 8);
const _: () = assert!(size_of::<Share>() == 32 && align_of::<Share>() == 4);

/// Elements of a tile that is converted between elements of so many bytes, its rows rounded up to [`ROW_STEP`].
pub const fn cast_tile(size_in: usize, size_out: usize) -> usize {
    CAST_SPACE / (2 * (size_in + size_out)) / TILE_STEP * TILE_STEP
}

impl Rect {
    /// Tiles across and down.
    pub fn tiles(&self) -> (u32, u32) {
        (self.cols.div_ceil(self.tile_cols), self.rows.div_ceil(self.tile_rows))
    }
}
