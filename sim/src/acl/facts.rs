//! Facts about devices: what they are, where they are, how they are connected.

use std::ffi::{CStr, c_char};

use ascend_rl_sys::types::*;

use super::chip::{Chip, architecture, chip};
use super::{give, not_null};
use crate::reject::{Outcome, check, reject};
use crate::world::{Device, world};

fn device(id: u32) -> Outcome<&'static Device> {
    world()?.device(i32::try_from(id).unwrap_or(-1))
}

pub(crate) fn aclGetDeviceCapability(device_id: u32, info: aclDeviceInfo, value: *mut i64) -> Outcome {
    not_null("value", value)?;
    device(device_id)?;
    let chip = chip()?;
    give(
        value,
        match info {
            ACL_DEVICE_INFO_AI_CORE_NUM => i64::from(chip.cube_cores),
            ACL_DEVICE_INFO_VECTOR_CORE_NUM => i64::from(chip.vector_cores()),
            ACL_DEVICE_INFO_L2_SIZE => chip.l2_bytes,
            other => reject!(ACL_ERROR_INVALID_PARAM, "deviceInfo is {}, which is no fact of a device", other.0),
        },
    );
    Ok(())
}

/// Whether the instruction sets are the same (`api_impl.cc`, CheckArchCompatibility).
pub(crate) fn aclrtCheckArchCompatibility(soc_version: *const c_char, can_compatible: *mut i32) -> Outcome {
    check!(!soc_version.is_null(), ACL_ERROR_RT_PARAM_INVALID, "socVersion is null");
    check!(!can_compatible.is_null(), ACL_ERROR_RT_PARAM_INVALID, "canCompatible is null");
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let name = unsafe { CStr::from_ptr(soc_version) }.to_string_lossy();
    let Some(arch) = architecture(&name) else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "socVersion is \"{name}\", which is no chip")
    };
    give(can_compatible, i32::from(arch == Chip::NPU_ARCH));
    Ok(())
}

/// A device that is not there is a bad value here, as in CANN. What only Ascend 950 has is 0, or refused, as CANN's page says.
pub(crate) fn aclrtGetDeviceInfo(device_id: u32, attr: aclrtDevAttr, value: *mut i64) -> Outcome {
    not_null("value", value)?;
    let count = world()?.devices().len();
    check!((device_id as usize) < count, ACL_ERROR_RT_PARAM_INVALID, "deviceId is {device_id}, there are {count} devices");
    let (device, chip) = (device(device_id)?, chip()?);
    let logic = i64::from(device.logic);
    let pod = |id: i64| match chip.two_dies {
        true => Ok(id),
        false => {
            reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "attr is {}: this chip is in no super pod", attr.name().unwrap_or("?"))
        }
    };
    let found = match attr {
        ACL_DEV_ATTR_AICPU_CORE_NUM => Chip::AI_CPUS,
        ACL_DEV_ATTR_AICORE_CORE_NUM | ACL_DEV_ATTR_CUBE_CORE_NUM => i64::from(chip.cube_cores),
        ACL_DEV_ATTR_VECTOR_CORE_NUM => i64::from(chip.vector_cores()),
        aclrtDevAttr(202..=212) => 0,
        ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE => device.memory.info().1 as i64,
        ACL_DEV_ATTR_L2_CACHE_SIZE => chip.l2_bytes,
        // One machine, one system.
        ACL_DEV_ATTR_SMP_ID | ACL_DEV_ATTR_IS_VIRTUAL => 0,
        ACL_DEV_ATTR_PHY_CHIP_ID => {
            if chip.two_dies {
                logic / 2
            } else {
                logic
            }
        }
        ACL_DEV_ATTR_SUPER_POD_DEVICE_ID => pod(logic)?,
        ACL_DEV_ATTR_SUPER_POD_SERVER_ID | ACL_DEV_ATTR_SUPER_POD_ID => pod(0)?,
        ACL_DEV_ATTR_NPU_ARCH => Chip::NPU_ARCH,
        known if known.name().is_some() => {
            reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "attr is {}, which a simulated device has not", known.name().unwrap_or("?"))
        }
        other => reject!(ACL_ERROR_RT_PARAM_INVALID, "attr is {}, which is no fact of a device", other.0),
    };
    give(value, found);
    Ok(())
}

/// Neither is there in the simulator.
pub(crate) fn aclrtGetDeviceCapability(device_id: i32, feature: aclrtDevFeatureType, value: *mut i32) -> Outcome {
    not_null("value", value)?;
    world()?.device(device_id)?;
    check!(feature.name().is_some(), ACL_ERROR_RT_PARAM_INVALID, "devFeatureType is {}, which is no feature", feature.0);
    give(value, 0);
    Ok(())
}

pub(crate) fn aclrtQueryDeviceStatus(device_id: i32, status: *mut aclrtDeviceStatus) -> Outcome {
    not_null("deviceStatus", status)?;
    world()?.device(device_id)?;
    give(status, ACL_RT_DEVICE_STATUS_NORMAL);
    Ok(())
}

/// How busy a simulated device would be on a card cannot be said: -1, as for what a card cannot say.
pub(crate) fn aclrtGetDeviceUtilizationRate(device_id: i32, info: *mut aclrtUtilizationInfo) -> Outcome {
    not_null("utilizationInfo", info)?;
    world()?.device(device_id)?;
    // SAFETY: not null, and C's contract is that it points to such a struct.
    let extend = unsafe { (&raw const (*info).utilizationExtend).read() };
    check!(extend.is_null(), ACL_ERROR_INVALID_PARAM, "utilizationInfo->utilizationExtend is reserved and must be null");
    give(
        info,
        aclrtUtilizationInfo {
            cubeUtilization: -1,
            vectorUtilization: -1,
            aicpuUtilization: -1,
            memoryUtilization: -1,
            utilizationExtend: extend,
        },
    );
    Ok(())
}

/// Atlas A2: all devices of a machine by HCCS. Atlas A3: the dies of a card inside the package, the others by a switch.
pub(crate) fn aclrtGetDevicesTopo(device_id: u32, other_device_id: u32, value: *mut u64) -> Outcome {
    not_null("value", value)?;
    let (one, other) = (device(device_id)?, device(other_device_id)?);
    check!(one.id != other.id, ACL_ERROR_RT_PARAM_INVALID, "otherDeviceId is {other_device_id}: another device is needed");
    give(
        value,
        match chip()?.two_dies {
            true if one.logic / 2 == other.logic / 2 => ACL_RT_DEVS_TOPOLOGY_SIO,
            true => ACL_RT_DEVS_TOPOLOGY_HCCS_SW,
            false => ACL_RT_DEVS_TOPOLOGY_HCCS,
        },
    );
    Ok(())
}

/// The same for all processes of a machine that see the device, whatever they call it.
pub(crate) fn aclrtDeviceGetUuid(device_id: i32, uuid: *mut aclrtUuid) -> Outcome {
    not_null("uuid", uuid)?;
    let device = world()?.device(device_id)?;
    let mut bytes = *b"cann-sim device\0";
    bytes[15] = device.logic as u8;
    give(uuid, aclrtUuid { bytes });
    Ok(())
}

pub(crate) fn aclrtDeviceGetBareTgid(pid: *mut i32) -> Outcome {
    not_null("pid", pid)?;
    give(pid, std::process::id() as i32);
    Ok(())
}

/// In the header's words from "logic" to "physical"; what is really meant is the number that the program uses, as CANN's page
/// says. A machine without containers has the same physical and logic numbers.
pub(crate) fn aclrtGetPhyDevIdByLogicDevId(logic_dev_id: i32, phy_dev_id: *mut i32) -> Outcome {
    aclrtGetLogicDevIdByUserDevId(logic_dev_id, phy_dev_id)
}

pub(crate) fn aclrtGetLogicDevIdByPhyDevId(phy_dev_id: i32, logic_dev_id: *mut i32) -> Outcome {
    aclrtGetUserDevIdByLogicDevId(phy_dev_id, logic_dev_id)
}

pub(crate) fn aclrtGetLogicDevIdByUserDevId(user_dev_id: i32, logic_dev_id: *mut i32) -> Outcome {
    not_null("logicDevId", logic_dev_id)?;
    give(logic_dev_id, world()?.device(user_dev_id)?.logic as i32);
    Ok(())
}

pub(crate) fn aclrtGetUserDevIdByLogicDevId(logic_dev_id: i32, user_dev_id: *mut i32) -> Outcome {
    not_null("userDevid", user_dev_id)?;
    match world()?.devices().iter().find(|device| i64::from(device.logic) == i64::from(logic_dev_id)) {
        Some(device) => give(user_dev_id, device.id as i32),
        None => reject!(
            ACL_ERROR_RT_INVALID_DEVICEID,
            "logicDevId is {logic_dev_id}: no visible device has this number (ASCEND_RT_VISIBLE_DEVICES, CANN_SIM_DEVICES)"
        ),
    }
    Ok(())
}

/// What the simulator is like: Inf and NaN are kept, BF16 is there, and operators need no compilation.
static ATTRIBUTES: [aclCannAttr; 3] = [ACL_CANN_ATTR_INF_NAN, ACL_CANN_ATTR_BF16, ACL_CANN_ATTR_JIT_COMPILE];

pub(crate) fn aclGetCannAttributeList(attributes: *mut *const aclCannAttr, num: *mut usize) -> Outcome {
    not_null("cannAttrList", attributes)?;
    not_null("num", num)?;
    give(attributes, ATTRIBUTES.as_ptr());
    give(num, ATTRIBUTES.len());
    Ok(())
}

pub(crate) fn aclGetCannAttribute(attribute: aclCannAttr, value: *mut i32) -> Outcome {
    not_null("value", value)?;
    check!(
        attribute.name().is_some() && attribute != ACL_CANN_ATTR_UNDEFINED,
        ACL_ERROR_INVALID_PARAM,
        "cannAttr is {}, which is no feature",
        attribute.0
    );
    give(value, ATTRIBUTES.contains(&attribute) as i32);
    Ok(())
}
