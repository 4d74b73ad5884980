//! What a device is, and how two of them are connected.

use super::Device;
use crate::error::{ErrorKind, Result};
use crate::sys::check;
use ascend_rl_sys::types::*;
use std::fmt;

/// What a device is. What the toolkit cannot say (before CANN 8.5), or the chip has not, is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// The chip, as "Ascend910B3".
    pub soc_name: String,
    /// Cores that multiply matrices.
    pub cube_cores: u32,
    /// Cores that do all else.
    pub vector_cores: u32,
    /// Of the cache before the memory.
    pub l2_bytes: u64,
    /// All of the device's memory.
    pub memory_bytes: u64,
    /// Processors of the device that run operators without a kernel for the cores.
    pub ai_cpus: Option<u32>,
    /// The instruction set: 2201 is Atlas A2 and A3.
    pub npu_arch: Option<u32>,
    /// What tells it from every other device, also across processes and whatever `ASCEND_RT_VISIBLE_DEVICES` says.
    pub uuid: Option<[u8; 16]>,
    /// The machine's own number of it, before `ASCEND_RT_VISIBLE_DEVICES`.
    pub machine_ordinal: Option<u32>,
    /// Which chip it is on; the two dies of an Atlas A3 card are two devices.
    pub chip: Option<u32>,
    /// Its number in the super pod (Atlas A3).
    pub pod_device: Option<u32>,
}

/// How two devices are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Link {
    /// HCCS, the cache coherent link.
    Hccs,
    /// HCCS through a switch.
    HccsSwitch,
    /// The two dies of one package.
    Package,
    /// One PCIe switch.
    PcieSwitch,
    /// A PCIe host bridge.
    PcieHostBridge,
    /// The link between the host's NUMA nodes.
    Numa,
    /// Something that this library has no name for, as CANN numbers it.
    Other(u64),
}

impl Device {
    /// What this device is.
    ///
    /// CANN: aclGetDeviceCapability, aclrtGetMemInfo; from 8.5 on aclrtGetDeviceInfo, aclrtDeviceGetUuid,
    /// aclrtGetLogicDevIdByUserDevId.
    pub fn info(&self) -> Result<DeviceInfo> {
        Ok(DeviceInfo {
            soc_name: self.soc_name().to_owned(),
            cube_cores: self.capability(ACL_DEVICE_INFO_AI_CORE_NUM)? as u32,
            vector_cores: self.capability(ACL_DEVICE_INFO_VECTOR_CORE_NUM)? as u32,
            l2_bytes: self.capability(ACL_DEVICE_INFO_L2_SIZE)? as u64,
            memory_bytes: self.memory()?.total_bytes as u64,
            ai_cpus: self.attribute(ACL_DEV_ATTR_AICPU_CORE_NUM)?,
            npu_arch: self.attribute(ACL_DEV_ATTR_NPU_ARCH)?,
            uuid: self.uuid()?,
            machine_ordinal: self.machine_ordinal()?,
            chip: self.attribute(ACL_DEV_ATTR_PHY_CHIP_ID)?,
            pod_device: self.attribute(ACL_DEV_ATTR_SUPER_POD_DEVICE_ID)?,
        })
    }

    /// How this device is connected to `peer`.
    ///
    /// Errors: `Argument` if they are one device; `WrongDevice` if one is a card's and the other simulated; `MissingSymbol`
    /// before CANN 8.5.
    /// CANN: aclrtGetDevicesTopo.
    pub fn link(&self, peer: &Device) -> Result<Link> {
        let peer = self.peer(peer)?;
        let topology = self.optional("aclrtGetDevicesTopo", self.api().acl.aclrtGetDevicesTopo)?;
        let mut value = 0;
        // SAFETY: takes two numbers; `value` outlives the call.
        self.call("aclrtGetDevicesTopo", || unsafe { topology(self.ordinal(), peer as u32, &mut value) })?;
        Ok(match value {
            ACL_RT_DEVS_TOPOLOGY_HCCS => Link::Hccs,
            ACL_RT_DEVS_TOPOLOGY_HCCS_SW => Link::HccsSwitch,
            ACL_RT_DEVS_TOPOLOGY_SIO => Link::Package,
            ACL_RT_DEVS_TOPOLOGY_PIX => Link::PcieSwitch,
            ACL_RT_DEVS_TOPOLOGY_PHB => Link::PcieHostBridge,
            ACL_RT_DEVS_TOPOLOGY_SYS => Link::Numa,
            other => Link::Other(other),
        })
    }

    /// Whether the device works, as far as CANN knows.
    ///
    /// Errors: `MissingSymbol` where the toolkit lacks the function. CANN: aclrtQueryDeviceStatus.
    pub fn is_healthy(&self) -> Result<bool> {
        let query = self.optional("aclrtQueryDeviceStatus", self.api().acl.aclrtQueryDeviceStatus)?;
        let mut status = ACL_RT_DEVICE_STATUS_ABNORMAL;
        // SAFETY: takes a number; `status` outlives the call.
        self.call("aclrtQueryDeviceStatus", || unsafe { query(self.ordinal() as i32, &mut status) })?;
        Ok(status == ACL_RT_DEVICE_STATUS_NORMAL)
    }

    pub(super) fn capability(&self, fact: aclDeviceInfo) -> Result<i64> {
        let mut value = 0;
        // SAFETY: takes numbers; `value` outlives the call.
        let ask = || unsafe { (self.api().acl.aclGetDeviceCapability)(self.ordinal(), fact, &mut value) };
        self.call("aclGetDeviceCapability", ask)?;
        Ok(value)
    }

    /// A fact that the toolkit may not know of, or the chip not have.
    fn attribute(&self, attribute: aclrtDevAttr) -> Result<Option<u32>> {
        let mut value = 0;
        self.perhaps("aclrtGetDeviceInfo", self.api().acl.aclrtGetDeviceInfo, |ask| {
            // SAFETY: takes numbers; `value` outlives the call.
            unsafe { ask(self.ordinal(), attribute, &mut value) }
        })
        .map(|told| told.and_then(|()| u32::try_from(value).ok()))
    }

    fn uuid(&self) -> Result<Option<[u8; 16]>> {
        let mut uuid = aclrtUuid { bytes: [0; 16] };
        self.perhaps("aclrtDeviceGetUuid", self.api().acl.aclrtDeviceGetUuid, |ask| {
            // SAFETY: takes a number; `uuid` outlives the call.
            unsafe { ask(self.ordinal() as i32, &mut uuid) }
        })
        .map(|told| told.map(|()| uuid.bytes))
    }

    fn machine_ordinal(&self) -> Result<Option<u32>> {
        let mut id = 0;
        self.perhaps("aclrtGetLogicDevIdByUserDevId", self.api().acl.aclrtGetLogicDevIdByUserDevId, |ask| {
            // SAFETY: takes a number; `id` outlives the call.
            unsafe { ask(self.ordinal() as i32, &mut id) }
        })
        .map(|told| told.and_then(|()| u32::try_from(id).ok()))
    }

    /// `None` where the function, or what it is asked for, is not there.
    fn perhaps<F>(&self, call: &'static str, function: Option<F>, ask: impl FnOnce(F) -> i32) -> Result<Option<()>> {
        let Some(function) = function else { return Ok(None) };
        self.0.bind()?;
        match check(self.api(), call, ask(function)) {
            Ok(()) => Ok(Some(())),
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Link::Hccs => f.write_str("HCCS"),
            Link::HccsSwitch => f.write_str("HCCS switch"),
            Link::Package => f.write_str("one package"),
            Link::PcieSwitch => f.write_str("PCIe switch"),
            Link::PcieHostBridge => f.write_str("PCIe host bridge"),
            Link::Numa => f.write_str("NUMA link"),
            Link::Other(value) => write!(f, "link {value:#x}"),
        }
    }
}
