//! The cores of a launch, and what memory each has.

use std::fmt;

use ascendc_twin::abi::{core_kind, space};

use super::image::Cores;

/// One core of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// One of [`core_kind`].
    pub kind: u32,
    /// The block: for a kernel of both kinds, the group of a cube core and its vector cores.
    pub block: u32,
    /// Which of the group's vector cores.
    pub sub: u32,
}

/// "block 3", "block 3 (cube core)", "block 3 (vector core 1)".
pub(super) struct Named(pub Place, pub Cores);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Named(place, cores) = self;
        write!(f, "block {}", place.block)?;
        match place.kind {
            _ if cores.per_block() == 1 => Ok(()),
            core_kind::AIC => write!(f, " (cube core)"),
            _ => write!(f, " (vector core {})", place.sub),
        }
    }
}

/// The cores of `blocks` blocks, those of a block side by side, its cube core first.
pub(super) fn places(cores: Cores, blocks: u32) -> Vec<Place> {
    let of_block = move |block| {
        let cube = (0..cores.aic).map(move |_| Place { kind: core_kind::AIC, block, sub: 0 });
        cube.chain((0..cores.aiv).map(move |sub| Place { kind: core_kind::AIV, block, sub }))
    };
    (0..blocks).flat_map(of_block).collect()
}

/// Bytes that kernels may use of each memory of a core; 0 for what a core of this kind does not reach.
pub(super) const fn sizes(kind: u32) -> [u32; space::COUNT] {
    let mut sizes = [0; space::COUNT];
    if kind == core_kind::AIV {
        sizes[space::UB as usize] = 192 * 1024 - 256;
    } else {
        sizes[space::L1 as usize] = 512 * 1024 - 256;
        sizes[space::L0A as usize] = 64 * 1024;
        sizes[space::L0B as usize] = 64 * 1024;
        sizes[space::L0C as usize] = 128 * 1024;
        sizes[space::BT as usize] = 1024;
        sizes[space::FB as usize] = 2048;
    }
    sizes
}

/// Names of the memories, as in the documentation of Ascend C.
pub(super) const SPACES: [&str; space::COUNT] = ["GM", "UB", "L1", "L0A", "L0B", "L0C", "BT", "FB"];
