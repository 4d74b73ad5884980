//! [`Kernel`]: what host code must know of a kernel, and vouch for, so that launching it is safe.

use super::{Arguments, BlockKind, KernelImage};
use crate::error::Result;

/// A kernel's launch contract: a type whose value is one set of arguments.
///
/// ```no_run
/// # use ascend_rl::{Error, ErrorKind, Result, acl::{Slice, SliceMut, Stream, kernel::{BlockKind, Kernel, KernelImage}}};
/// # #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// # #[repr(C)]
/// # struct Tiling { n: u32, alpha: f32 }
/// # use ascend_rl::kernels::RMS_NORM as IMAGE;
/// ascend_rl::kernel_args! {
///     /// `y = alpha x + y`
///     struct Axpy<'a> {
///         x: Slice<'a, f32>,
///         y: SliceMut<'a, f32>,
///         tiling: Tiling,
///     }
/// }
///
/// // SAFETY: for any number of blocks the kernel reads and writes elements 0..tiling.n of x and y and nothing else, and `check`
/// // sees to it that both have so many.
/// unsafe impl Kernel for Axpy<'_> {
///     const IMAGE: &'static KernelImage = &IMAGE;
///     const BLOCK: BlockKind = BlockKind::Vector;
///
///     fn name(&self) -> &'static str {
///         "axpy"
///     }
///
///     fn check(&self, _blocks: u32) -> Result<()> {
///         let n = self.tiling.n as usize;
///         if self.x.len() == n && self.y.len() == n {
///             return Ok(());
///         }
///         let text = format!("axpy: x has {} values, y {}; {n} are needed", self.x.len(), self.y.len());
///         Err(Error::new(ErrorKind::Length, text))
///     }
/// }
///
/// fn axpy(s: &Stream, alpha: f32, x: Slice<'_, f32>, y: SliceMut<'_, f32>) -> Result<()> {
///     let tiling = Tiling { n: x.len() as u32, alpha };
///     let blocks = s.device().blocks_for(BlockKind::Vector, x.len().div_ceil(4096))?;
///     s.launch(Axpy { x, y, tiling }, blocks)
/// }
/// ```
///
/// # Safety
/// For every value, and every number of blocks, that [`Kernel::check`] lets pass: the kernel of that name in the image has the
/// parameters that the value gives, in that order; it reads only memory that is given to it as a view, or behind an address that it
/// is given as data, within those bounds; it writes only memory that is given as a view to write; it holds on to none of it; and it
/// ends.
///
/// What the source of a kernel does, no compiler can see. The twin's strict mode can: run it over the corner cases of `check`.
pub unsafe trait Kernel: Arguments {
    /// The image that has it.
    const IMAGE: &'static KernelImage;
    /// The cores of one block.
    const BLOCK: BlockKind;
    /// Whether blocks wait for each other (`SyncAll`, flags in memory). All blocks of a launch then run at once, so there are at
    /// most as many as [`Device::resident_blocks`](super::Device::resident_blocks) says.
    const RESIDENT: bool = false;

    /// The kernel's name in the source. One type may stand for several, one for each dtype, say.
    fn name(&self) -> &'static str;

    /// Whether the kernel may run with these values on so many blocks. Errors: what is wrong, by name, with what was given and what
    /// is needed.
    fn check(&self, blocks: u32) -> Result<()>;
}
