//! How many blocks a launch has: cores of the device, and which of them a block needs.

use super::Device;
use crate::acl::Cores;
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::fmt;

/// The most blocks that CANN launches.
const MOST: u32 = 65_535;

/// The cores of one block, as the kernel's type in its source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// One vector core: `KERNEL_TYPE_AIV_ONLY`, `KERNEL_TYPE_MIX_AIV_1_0`.
    Vector,
    /// One cube core: `KERNEL_TYPE_AIC_ONLY`, `KERNEL_TYPE_MIX_AIC_1_0`.
    Cube,
    /// A cube core and a vector core: `KERNEL_TYPE_MIX_AIC_1_1`.
    Mixed1,
    /// A cube core and two vector cores: `KERNEL_TYPE_MIX_AIC_1_2`.
    Mixed2,
}

impl BlockKind {
    /// Blocks that run at once on so many cores.
    fn blocks_on(self, cores: Cores) -> u32 {
        match self {
            BlockKind::Vector => cores.vector,
            BlockKind::Cube => cores.cube,
            BlockKind::Mixed1 => cores.cube.min(cores.vector),
            BlockKind::Mixed2 => cores.cube.min(cores.vector / 2),
        }
    }
}

impl fmt::Display for BlockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BlockKind::Vector => "a vector core",
            BlockKind::Cube => "a cube core",
            BlockKind::Mixed1 => "a cube core and a vector core",
            BlockKind::Mixed2 => "a cube core and two vector cores",
        })
    }
}

impl Device {
    /// Blocks of a kind that run at once: what [`Device::limit_cores`] leaves of the device's cores. More may be launched, they
    /// wait for a core.
    ///
    /// CANN: aclrtGetDeviceResLimit (8.3), aclGetDeviceCapability before.
    pub fn resident_blocks(&self, kind: BlockKind) -> Result<u32> {
        let cores = match self.api().acl.aclrtGetDeviceResLimit {
            Some(_) => self.cores()?,
            None => self.all_cores()?,
        };
        Ok(kind.blocks_on(cores))
    }

    /// Blocks for `work` independent parts: one each, as far as there are cores, and one where there is no work.
    ///
    /// Errors and CANN: as [`Device::resident_blocks`].
    pub fn blocks_for(&self, kind: BlockKind, work: usize) -> Result<u32> {
        let most = self.resident_blocks(kind)?;
        Ok(u32::try_from(work).unwrap_or(u32::MAX).min(most).max(1))
    }

    fn all_cores(&self) -> Result<Cores> {
        let count = |fact| self.capability(fact).map(|n| u32::try_from(n).unwrap_or(0));
        Ok(Cores { cube: count(ACL_DEVICE_INFO_AI_CORE_NUM)?, vector: count(ACL_DEVICE_INFO_VECTOR_CORE_NUM)? })
    }
}

/// `Argument` for a number of blocks that cannot be launched. Of a resident launch each block waits for others, so all must have
/// cores at once.
pub(super) fn check(device: &Device, name: &str, blocks: u32, resident: Option<BlockKind>) -> Result<()> {
    if blocks == 0 || blocks > MOST {
        return Err(Error::new(ErrorKind::Argument, format!("{name}: {blocks} blocks, 1 to {MOST} are needed")));
    }
    let Some(kind) = resident else { return Ok(()) };
    let most = device.resident_blocks(kind)?;
    if blocks <= most {
        return Ok(());
    }
    let text = format!(
        "{name}: {blocks} blocks that wait for each other, each on {kind}; {device:?} runs {most} at once, and more would wait for ever"
    );
    Err(Error::new(ErrorKind::Argument, text))
}
