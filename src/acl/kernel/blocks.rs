//! How many blocks a launch has: cores of the device, and which of them a block needs.

use super::Device;
use crate::acl::Cores;
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use ascendc_twin::abi::kernel_type;
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
    /// Of a type of a kernel in a source.
    pub(super) fn from_source(kernel_type: u32) -> Option<BlockKind> {
        match kernel_type {
            kernel_type::AIV_ONLY | kernel_type::MIX_AIV_1_0 => Some(BlockKind::Vector),
            kernel_type::AIC_ONLY | kernel_type::MIX_AIC_1_0 => Some(BlockKind::Cube),
            kernel_type::MIX_AIC_1_1 => Some(BlockKind::Mixed1),
            kernel_type::MIX_AIC_1_2 => Some(BlockKind::Mixed2),
            _ => None,
        }
    }

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

/// `Argument` for a number of blocks that cannot be launched.
pub(super) fn check(name: &str, blocks: u32) -> Result<()> {
    if (1..=MOST).contains(&blocks) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Argument, format!("{name}: {blocks} blocks, 1 to {MOST} are needed")))
}

/// `Argument` for more blocks than run at once, each on `kind`, where each waits for others.
pub(super) fn check_resident(device: &Device, name: &str, blocks: u32, kind: BlockKind) -> Result<()> {
    let most = device.resident_blocks(kind)?;
    if blocks <= most {
        return Ok(());
    }
    let text = format!(
        "{name}: {blocks} blocks that wait for each other, each on {kind}; {device:?} runs {most} at once, and the others would be \
         waited for without end"
    );
    Err(Error::new(ErrorKind::Argument, text))
}
