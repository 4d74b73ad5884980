//! RMS norm by our own kernel.

use crate::acl::Stream;
use crate::acl::kernel::{BlockKind, Kernel, KernelImage};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, View, ViewMut};
use contract::Tiling;

#[path = "../../kernels/rms_norm/contract.rs"]
mod contract;

crate::kernel_args! {
    /// Its only maker is [`rms_norm`], which has checked what is in it.
    struct RmsNorm<'a> {
        x: View<'a>,
        gamma: View<'a>,
        y: ViewMut<'a>,
        tiling: Tiling,
    }
}

// SAFETY: the kernel reads elements 0..rows * d of x and 0..d of gamma, and writes elements 0..rows * d of y, for any number of blocks.
// `rms_norm` sees to it that the tensors are contiguous, of one dtype and of these sizes, and that d is within the kernel's limits.
unsafe impl Kernel for RmsNorm<'_> {
    const IMAGE: &'static KernelImage = &super::RMS_NORM;
    const BLOCK: BlockKind = BlockKind::Vector;

    fn name(&self) -> &'static str {
        match self.x.dtype() {
            DType::F32 => contract::F32,
            DType::BF16 => contract::BF16,
            _ => contract::F16,
        }
    }

    fn check(&self, _blocks: u32) -> Result<()> {
        Ok(())
    }
}

/// `y = x / sqrt(mean(x²) + eps) * gamma` over the last dim, in f32 with one rounding at the end. [`crate::ops::rms_norm`] is CANN's
/// operator for it, which gives `rstd` too.
///
/// Shapes: x, y [.., d], contiguous, f32, bf16 or f16; gamma `[d]` of the same dtype. d is a multiple of 16, at most 8192 (f32: 7168).
/// Order: enqueues. Errors: `Shape`, `DType`, `WrongStream`; those of [`Stream::launch`].
/// Kernel: `kernels/rms_norm`.
pub fn rms_norm<'a>(
    s: &Stream,
    x: impl Into<View<'a>>,
    gamma: impl Into<View<'a>>,
    eps: f32,
    y: impl Into<ViewMut<'a>>,
) -> Result<()> {
    let (x, gamma, y) = (x.into(), gamma.into(), y.into());
    let (rows, d) = check(&x, &gamma, &y)?;
    if rows == 0 {
        return Ok(());
    }
    let tiling = Tiling::new(rows as u32, d as u32, x.dtype().size(), eps);
    let blocks = s.device().blocks_for(BlockKind::Vector, rows.div_ceil(tiling.tile_rows as usize))?;
    s.launch(RmsNorm { x, gamma, y, tiling }, blocks)
}

/// Rows and their length.
fn check(x: &View<'_>, gamma: &View<'_>, y: &ViewMut<'_>) -> Result<(usize, usize)> {
    let bad = |kind, detail: String| Err(Error::new(kind, format!("rms_norm kernel: {detail}")));
    if !x.dtype().is_float() {
        return bad(ErrorKind::DType, format!("x is {}, f32, bf16 or f16 is needed", x.dtype()));
    }
    if gamma.dtype() != x.dtype() || y.dtype() != x.dtype() {
        return bad(ErrorKind::DType, format!("gamma is {} and y {}, {} as x is needed", gamma.dtype(), y.dtype(), x.dtype()));
    }
    let most = if x.dtype() == DType::F32 { contract::MAX_ROW_4 } else { contract::MAX_ROW_2 };
    let d = match x.shape().last() {
        Some(&d) if d > 0 && d <= most && d.is_multiple_of(contract::ROW_MULTIPLE) => d,
        _ => {
            let needed = format!("rows of a multiple of {} up to {most} are needed", contract::ROW_MULTIPLE);
            return bad(ErrorKind::Shape, format!("x is {:?}, {needed}", x.shape()));
        }
    };
    if gamma.shape() != [d] {
        return bad(ErrorKind::Shape, format!("gamma is {:?}, [{d}] is needed", gamma.shape()));
    }
    if y.shape() != x.shape() {
        return bad(ErrorKind::Shape, format!("y is {:?}, {:?} is needed", y.shape(), x.shape()));
    }
    for (name, contiguous) in [("x", x.is_contiguous()), ("gamma", gamma.is_contiguous()), ("y", y.is_contiguous())] {
        if !contiguous {
            return bad(ErrorKind::Shape, format!("{name} has gaps, a contiguous tensor is needed"));
        }
    }
    let rows = x.numel() / d;
    if rows > i32::MAX as usize {
        return bad(ErrorKind::Shape, format!("x has {rows} rows, at most {} are possible", i32::MAX));
    }
    Ok((rows, d))
}
