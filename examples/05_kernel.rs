//! A kernel of one's own: `kernels/rms_norm/kernel.cpp`, launched and checked without an NPU.
//!
//! `cargo run --example 05_kernel`, and with `CANN_SIM_CHECK=1` under every rule of the hardware that the simulator knows.

use ascend_rl::acl::{Slice, SliceMut, kernel::*};
use ascend_rl::{Cann, Device, Error, ErrorKind, Result};

/// Its last parameter, as its source declares it. (A crate of yours has its own source and image: see README.md.)
#[path = "../kernels/rms_norm/contract.rs"]
#[allow(dead_code, reason = "a lesson needs a part of it")]
mod contract;
use contract::Tiling;

// What the kernel takes, parameter by parameter.
ascend_rl::kernel_args! {
    struct RmsNorm<'a> {
        x: Slice<'a, f32>,
        gamma: Slice<'a, f32>,
        y: SliceMut<'a, f32>,
        tiling: Tiling,
    }
}

// SAFETY: the kernel reads rows * d values of x and d of gamma and writes rows * d of y, on any number of blocks; `check` sees to it
// that they are there.
unsafe impl Kernel for RmsNorm<'_> {
    const IMAGE: &'static KernelImage = &ascend_rl::kernels::RMS_NORM;
    const BLOCK: BlockKind = BlockKind::Vector;

    fn name(&self) -> &'static str {
        contract::F32
    }

    fn check(&self, _blocks: u32) -> Result<()> {
        let (rows, d) = (self.tiling.rows as usize, self.tiling.d as usize);
        let fits = [self.x.len(), self.y.len(), self.gamma.len()] == [rows * d, rows * d, d];
        let possible = d.is_multiple_of(contract::ROW_MULTIPLE) && (1..=contract::MAX_ROW_4).contains(&d);
        let error = || Error::new(ErrorKind::Length, format!("rms_norm: {rows} rows of {d} values do not fit"));
        (fits && possible && self.tiling == Tiling::new(self.tiling.rows, d as u32, 4, 1e-6)).then_some(()).ok_or_else(error)
    }
}

fn main() -> Result<()> {
    let s = Device::open(&Cann::load()?, 0)?.stream()?;
    let (rows, d) = (64, 1024);
    let x: Vec<f32> = (0..rows * d).map(|i| (i % 97) as f32 - 48.0).collect();
    let (dx, gamma, mut y) = (s.upload(&x)?, s.upload(&vec![0.5; d])?, s.alloc(rows * d)?);
    let tiling = Tiling::new(rows as u32, d as u32, size_of::<f32>(), 1e-6); // how the kernel cuts the work
    let blocks = s.device().blocks_for(BlockKind::Vector, rows)?;
    s.launch(RmsNorm { x: (&dx).into(), gamma: (&gamma).into(), y: (&mut y).into(), tiling }, blocks)?;

    // The same by a few lines that share nothing with the kernel.
    let by_hand = x.chunks(d).flat_map(|row| {
        let mean = row.iter().map(|x| f64::from(x * x)).sum::<f64>() / d as f64;
        row.iter().map(move |x| f64::from(*x) / (mean + 1e-6).sqrt() * 0.5)
    });
    let apart = s.download(&y)?.iter().zip(by_hand).map(|(y, expected)| (f64::from(*y) - expected).abs()).fold(0.0, f64::max);
    println!("{rows} rows of {d} on {blocks} blocks: at most {apart:.1e} from the reference");
    Ok(())
}
