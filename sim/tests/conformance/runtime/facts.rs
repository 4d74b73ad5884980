use super::*;

fn fact(device: u32, attr: aclrtDevAttr) -> i64 {
    let mut value = -7;
    ok!(acl?.aclrtGetDeviceInfo(device, attr, &mut value));
    value
}

// runtime, 25-02_Enumerations (aclrtDevAttr): A2 and A3 are architecture 2201, and give 0 for what only Ascend 950 has; the
// toolkit's platform_config/Ascend910B3.ini: 20 cube and 40 vector cores, 4 AI CPUs, 192 MiB of L2.
#[test]
fn an_atlas_a2() {
    if !in_child("runtime::facts::an_atlas_a2", &[("CANN_SIM_SOC", "Ascend910B3"), ("CANN_SIM_MEMORY", "3G")]) {
        return;
    }
    for (attr, value) in [
        (ACL_DEV_ATTR_AICPU_CORE_NUM, 4),
        (ACL_DEV_ATTR_AICORE_CORE_NUM, 20),
        (ACL_DEV_ATTR_CUBE_CORE_NUM, 20),
        (ACL_DEV_ATTR_VECTOR_CORE_NUM, 40),
        (ACL_DEV_ATTR_WARP_SIZE, 0),
        (ACL_DEV_ATTR_UBUF_PER_VECTOR_CORE, 0),
        (ACL_DEV_ATTR_MAX_BLOCK_DIM_Z, 0),
        (ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE, 3 << 30),
        (ACL_DEV_ATTR_L2_CACHE_SIZE, 192 << 20),
        (ACL_DEV_ATTR_SMP_ID, 0),
        (ACL_DEV_ATTR_PHY_CHIP_ID, 5),
        (ACL_DEV_ATTR_IS_VIRTUAL, 0),
        (ACL_DEV_ATTR_NPU_ARCH, 2201),
    ] {
        assert_eq!(fact(5, attr), value, "{attr:?}");
    }
    let mut value = 0;
    for attr in [ACL_DEV_ATTR_SUPER_POD_ID, ACL_DEV_ATTR_HD_CONNECT_TYPE, ACL_DEV_ATTR_MAINBOARD_ID] {
        refused!(207000, "attr is ACL_DEV_ATTR_", acl?.aclrtGetDeviceInfo(0, attr, &mut value));
    }
    let mut topology = 0;
    ok!(acl?.aclrtGetDevicesTopo(2, 3, &mut topology));
    assert_eq!(topology, ACL_RT_DEVS_TOPOLOGY_HCCS);
}

// The two dies of an Atlas A3 card are two devices of one chip, connected inside the package; other devices by a switch.
#[test]
fn an_atlas_a3() {
    if !in_child("runtime::facts::an_atlas_a3", &[("CANN_SIM_SOC", "Ascend910_9391")]) {
        return;
    }
    assert_eq!((fact(4, ACL_DEV_ATTR_PHY_CHIP_ID), fact(5, ACL_DEV_ATTR_PHY_CHIP_ID)), (2, 2));
    assert_eq!((fact(4, ACL_DEV_ATTR_SUPER_POD_DEVICE_ID), fact(4, ACL_DEV_ATTR_SUPER_POD_ID)), (4, 0));
    let mut topology = 0;
    ok!(acl?.aclrtGetDevicesTopo(4, 5, &mut topology));
    assert_eq!(topology, ACL_RT_DEVS_TOPOLOGY_SIO);
    ok!(acl?.aclrtGetDevicesTopo(5, 6, &mut topology));
    assert_eq!(topology, ACL_RT_DEVS_TOPOLOGY_HCCS_SW);
}

// runtime, api_error.cc (GetDeviceInfoByAttr): a device that is not there is 107000 here, and so is an unknown attribute.
#[test]
fn bad_questions() {
    let mut value = 0;
    refused!(107000, "deviceId is 64", acl?.aclrtGetDeviceInfo(64, ACL_DEV_ATTR_NPU_ARCH, &mut value));
    refused!(107000, "attr is 213", acl?.aclrtGetDeviceInfo(0, aclrtDevAttr(213), &mut value));
    refused!(100000, "value is null", acl?.aclrtGetDeviceInfo(0, ACL_DEV_ATTR_NPU_ARCH, null_mut()));
    let (mut feature, mut topology) = (9, 0);
    ok!(acl?.aclrtGetDeviceCapability(0, ACL_FEATURE_SYSTEM_MEMQ_EVENT_CROSS_DEV, &mut feature));
    assert_eq!(feature, 0, "ACL_DEV_FEATURE_NOT_SUPPORT");
    refused!(107000, "devFeatureType is 3", acl?.aclrtGetDeviceCapability(0, aclrtDevFeatureType(3), &mut feature));
    refused!(107001, "deviceId is -1", acl?.aclrtGetDeviceCapability(-1, aclrtDevFeatureType(1), &mut feature));
    refused!(107000, "another device", acl?.aclrtGetDevicesTopo(1, 1, &mut topology));
    refused!(107001, "deviceId is", acl?.aclrtGetDevicesTopo(1, 64, &mut topology));
    refused!(100000, "value is null", acl?.aclrtGetDevicesTopo(1, 2, null_mut()));
}

// acl_rt.h: a device's state, how busy it is (-1 where that cannot be had: device.cpp), and what tells it from every other.
#[test]
fn state_and_identity() {
    let mut status = aclrtDeviceStatus(-1);
    ok!(acl?.aclrtQueryDeviceStatus(0, &mut status));
    assert_eq!(status, ACL_RT_DEVICE_STATUS_NORMAL);
    refused!(107001, "deviceId is 64", acl?.aclrtQueryDeviceStatus(64, &mut status));
    let mut busy = aclrtUtilizationInfo {
        cubeUtilization: 5,
        vectorUtilization: 5,
        aicpuUtilization: 5,
        memoryUtilization: 5,
        utilizationExtend: null_mut(),
    };
    ok!(acl?.aclrtGetDeviceUtilizationRate(0, &mut busy));
    assert_eq!((busy.cubeUtilization, busy.vectorUtilization, busy.memoryUtilization), (-1, -1, -1));
    busy.utilizationExtend = (&raw mut busy).cast();
    refused!(100000, "utilizationExtend", acl?.aclrtGetDeviceUtilizationRate(0, &mut busy));
    let uuid = |device| {
        let mut uuid = aclrtUuid { bytes: [0; 16] };
        ok!(acl?.aclrtDeviceGetUuid(device, &mut uuid));
        uuid
    };
    assert_eq!(uuid(1), uuid(1));
    assert_ne!(uuid(1), uuid(2));
    refused!(100000, "uuid is null", acl?.aclrtDeviceGetUuid(1, null_mut()));
    let mut pid = 0;
    ok!(acl?.aclrtDeviceGetBareTgid(&mut pid));
    assert_eq!(pid, std::process::id() as i32);
}

// acl_rt.h: what toolkit and chip support together.
#[test]
fn features() {
    let (mut list, mut num) = (std::ptr::null(), 0);
    ok!(acl?.aclGetCannAttributeList(&mut list, &mut num));
    // SAFETY: the library's own array, of so many values.
    let list = unsafe { std::slice::from_raw_parts(list, num) };
    assert!(list.contains(&ACL_CANN_ATTR_BF16) && list.contains(&ACL_CANN_ATTR_INF_NAN));
    for attribute in list {
        let mut value = 0;
        ok!(acl?.aclGetCannAttribute(*attribute, &mut value));
        assert_eq!(value, 1);
    }
    let mut value = 0;
    refused!(100000, "cannAttr is -1", acl?.aclGetCannAttribute(ACL_CANN_ATTR_UNDEFINED, &mut value));
    refused!(100000, "num is null", acl?.aclGetCannAttributeList(&mut std::ptr::null(), null_mut()));
}

// runtime, 04_device_management: whether peer access is on, one way; what is no pair of devices is 107000.
#[test]
fn the_state_of_peer_access() {
    let leases = Lease::several(2);
    let (one, other) = (leases[0].0, leases[1].0);
    let status = |device, peer| {
        let mut status = -1;
        ok!(acl?.aclrtDevicePeerAccessStatus(device, peer, &mut status));
        status
    };
    assert_eq!((status(one, other), status(other, one)), (0, 0));
    ok!(acl.aclrtDeviceEnablePeerAccess(one, 0));
    assert_eq!((status(one, other), status(other, one)), (0, 1));
    ok!(acl.aclrtDeviceDisablePeerAccess(one));
    assert_eq!(status(other, one), 0);
    let mut status = 0;
    refused!(107000, "another device", acl?.aclrtDevicePeerAccessStatus(one, one, &mut status));
    refused!(107000, "deviceId is 64", acl?.aclrtDevicePeerAccessStatus(one, 64, &mut status));
}
