//! `z = alpha x + y` on a device, by a kernel of this crate.

use ascend_rl::acl::kernel::{BlockKind, Kernel, KernelImage};
use ascend_rl::acl::{Slice, SliceMut};
use ascend_rl::{Cann, Device, Error, ErrorKind, Result, Stream};
use bytemuck::{Pod, Zeroable};

// What the build script has made: `pub static SCALED_ADD: KernelImage`.
include!(concat!(env!("OUT_DIR"), "/scaled_add.rs"));

/// The same in `kernels/scaled_add/kernel.cpp`.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Tiling {
    n: u32,
    alpha: f32,
}

ascend_rl::kernel_args! {
    struct ScaledAdd<'a> {
        x: Slice<'a, f32>,
        y: Slice<'a, f32>,
        z: SliceMut<'a, f32>,
        tiling: Tiling,
    }
}

// SAFETY: on any number of blocks the kernel reads elements 0..n of x and y and writes those of z, and nothing else; `check` sees to it
// that all three have n.
unsafe impl Kernel for ScaledAdd<'_> {
    const IMAGE: &'static KernelImage = &SCALED_ADD;
    const BLOCK: BlockKind = BlockKind::Vector;

    fn name(&self) -> &'static str {
        "scaled_add"
    }

    fn check(&self, _blocks: u32) -> Result<()> {
        let given = [self.x.len(), self.y.len(), self.z.len()];
        if given == [self.tiling.n as usize; 3] {
            return Ok(());
        }
        let text = format!("scaled_add: x, y and z have {given:?} values, {} are needed", self.tiling.n);
        Err(Error::new(ErrorKind::Length, text))
    }
}

fn scaled_add<'a>(
    s: &Stream,
    alpha: f32,
    x: impl Into<Slice<'a, f32>>,
    y: impl Into<Slice<'a, f32>>,
    z: impl Into<SliceMut<'a, f32>>,
) -> Result<()> {
    let (x, y, z) = (x.into(), y.into(), z.into());
    let blocks = s.device().blocks_for(BlockKind::Vector, x.len().div_ceil(4096))?;
    s.launch(ScaledAdd { x, y, z, tiling: Tiling { n: x.len() as u32, alpha } }, blocks)
}

fn main() -> Result<()> {
    let s = Device::open(&Cann::load()?, 0)?.stream()?;
    for n in [0, 1, 7, 8, 4096, 100_003] {
        let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let y: Vec<f32> = (0..n).map(|i| (i % 10) as f32).collect();
        let (dx, dy, mut dz) = (s.upload(&x)?, s.upload(&y)?, s.zeros(n)?);
        scaled_add(&s, 0.5, &dx, &dy, &mut dz)?;
        let expected: Vec<f32> = x.iter().zip(&y).map(|(x, y)| 0.5 * x + y).collect();
        assert!(s.download(&dz)? == expected, "{n} values");
        println!("{n} values agree");
    }
    Ok(())
}
