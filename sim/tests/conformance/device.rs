use super::*;

// acl_rt.h, runtime: device ids are 0 .. count; others give 107001.
#[test]
fn ids_out_of_range() {
    for id in [-1, 64, i32::MAX] {
        refused!(107001, "deviceId is", acl.aclrtSetDevice(id));
        refused!(107001, "deviceId is", acl.aclrtResetDevice(id));
        let mut context = null_mut();
        refused!(107001, "deviceId is", acl.aclrtCreateContext(&mut context, id));
    }
    let mut value = 0;
    refused!(107001, "deviceId is", acl.aclGetDeviceCapability(u32::MAX, ACL_DEVICE_INFO_AI_CORE_NUM, &mut value));
}

// CANN_SIM_DEVICES and CANN_SIM_SOC; the default is 8 times Ascend910B3 (20 cube cores, 40 vector cores).
#[test]
fn count_chip_and_cores() {
    if !in_child("device::count_chip_and_cores", &[("CANN_SIM_DEVICES", "3"), ("CANN_SIM_SOC", "Ascend910_9391")]) {
        let mut count = 0;
        ok!(acl.aclrtGetDeviceCount(&mut count));
        assert_eq!((count, soc(), cores()), (8, "Ascend910B3".into(), (20, 40)));
        return;
    }
    let mut count = 0;
    ok!(acl.aclrtGetDeviceCount(&mut count));
    assert_eq!((count, soc(), cores()), (3, "Ascend910_9391".into(), (24, 48)));
    refused!(107001, "devices 0 to 2", acl.aclrtSetDevice(3));
}

fn soc() -> String {
    let name = call!(acl.aclrtGetSocName());
    // SAFETY: a C string that the library owns.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

fn cores() -> (i64, i64) {
    let (mut cube, mut vector) = (0, 0);
    ok!(acl.aclGetDeviceCapability(0, ACL_DEVICE_INFO_AI_CORE_NUM, &mut cube));
    ok!(acl.aclGetDeviceCapability(0, ACL_DEVICE_INFO_VECTOR_CORE_NUM, &mut vector));
    (cube, vector)
}

// runtime, 04_device_management: aclrtSetDevice counts, the last aclrtResetDevice ends the primary context; one more is 507007.
#[test]
fn set_and_reset_count() {
    let lease = Lease::new();
    lease.enter();
    ok!(acl.aclrtResetDevice(lease.0));
    let mut device = -1;
    ok!(acl.aclrtGetDevice(&mut device));
    assert_eq!(device, lease.0);
    let stream = new_stream();
    ok!(acl.aclrtResetDevice(lease.0));
    // runtime: no current context gives 107002. To ask for the device is no mistake then: api_c_device.cc keeps no last error, and no text.
    recent();
    _ = call!(acl?.aclrtGetLastError(ACL_RT_THREAD_LEVEL));
    assert_eq!(call!(acl.aclrtGetDevice(&mut device)), 107002);
    assert_eq!((recent().as_str(), call!(acl?.aclrtPeekAtLastError(ACL_RT_THREAD_LEVEL))), ("", 0));
    refused!(107002, "no current context", acl.aclrtSynchronizeDevice());
    refused!(507007, "not set", acl.aclrtResetDevice(lease.0));
    lease.enter();
    refused!(107017, "not a live stream", acl.aclrtSynchronizeStream(stream));
}

// runtime, 04_device_management: a reset waits for the work of the primary context.
#[test]
fn reset_waits_for_work() {
    let lease = Lease::new();
    let (ptr, host) = (malloc(1 << 20), malloc_host(1 << 20));
    let stream = new_stream();
    ok!(acl.aclrtMemsetAsync(ptr, 1 << 20, 7, 1 << 20, stream));
    ok!(acl.aclrtMemcpyAsync(host, 1 << 20, ptr, 1 << 20, ACL_MEMCPY_DEVICE_TO_HOST, stream));
    ok!(acl.aclrtResetDevice(lease.0));
    // SAFETY: a megabyte of pinned memory; the work on it is done.
    let bytes = unsafe { std::slice::from_raw_parts(host.cast::<u8>(), 1 << 20) };
    assert!(bytes.iter().all(|byte| *byte == 7));
    // runtime, DevFree and HostFree: no current context is needed.
    ok!(acl.aclrtFreeHost(host));
    ok!(acl.aclrtFree(ptr));
}

// acl_rt.h: the current context is the thread's; a new thread has none, and threads that set one device share its context.
#[test]
fn contexts_are_per_thread() {
    let lease = Lease::new();
    let mut mine: aclrtContext = null_mut();
    ok!(acl.aclrtGetCurrentContext(&mut mine));
    let (mine, device) = (mine as usize, lease.0);
    std::thread::spawn(move || {
        let mut found = null_mut();
        refused!(107002, "no current context", acl.aclrtGetCurrentContext(&mut found));
        ok!(acl.aclrtSetDevice(device));
        ok!(acl.aclrtGetCurrentContext(&mut found));
        assert_eq!(found as usize, mine);
        ok!(acl.aclrtResetDevice(device));
    })
    .join()
    .unwrap();
}

// runtime, 05_context_management: a created context becomes current, and ends with its streams; the primary one cannot be
// destroyed (107002, api_impl.cc); a dead one cannot be made current (107000, api_error.cc).
#[test]
fn explicit_contexts() {
    let lease = Lease::new();
    let (mut primary, mut own, mut found) = (null_mut(), null_mut(), null_mut());
    ok!(acl.aclrtGetCurrentContext(&mut primary));
    refused!(107002, "primary", acl.aclrtDestroyContext(primary));
    let outer = new_stream();
    ok!(acl.aclrtCreateContext(&mut own, lease.0));
    ok!(acl.aclrtGetCurrentContext(&mut found));
    assert_eq!(found, own);
    let inner = new_stream();
    // acl_rt.h: a stream is used in its own context: 107003.
    refused!(107003, "another context", acl.aclrtSynchronizeStream(outer));
    refused!(107003, "another context", acl.aclrtDestroyStream(outer));
    ok!(acl.aclrtSetCurrentContext(primary));
    refused!(107003, "another context", acl.aclrtSynchronizeStream(inner));
    ok!(acl.aclrtSynchronizeStream(outer));
    ok!(acl.aclrtSetCurrentContext(own));
    ok!(acl.aclrtDestroyContext(own));
    refused!(107002, "no current context", acl.aclrtGetCurrentContext(&mut found));
    refused!(107000, "not a live context", acl.aclrtSetCurrentContext(own));
    refused!(107002, "not a live context", acl.aclrtDestroyContext(own));
    ok!(acl.aclrtSetCurrentContext(primary));
    refused!(107017, "not a live stream", acl.aclrtSynchronizeStream(inner));
    for null in [call!(acl.aclrtSetCurrentContext(null_mut())), call!(acl.aclrtDestroyContext(null_mut()))] {
        assert_eq!(null, 100000);
    }
}

// acl_rt.h: null out-parameters are 100000; the program runs on the host.
#[test]
fn nulls_and_run_mode() {
    let _lease = Lease::new();
    let mut mode = ACL_DEVICE;
    ok!(acl.aclrtGetRunMode(&mut mode));
    assert_eq!(mode, ACL_HOST);
    refused!(100000, "null", acl.aclrtGetRunMode(null_mut()));
    refused!(100000, "null", acl.aclrtGetDevice(null_mut()));
    refused!(100000, "null", acl.aclrtGetCurrentContext(null_mut()));
    refused!(100000, "null", acl.aclrtCreateContext(null_mut(), 0));
    refused!(100000, "null", acl.aclGetDeviceCapability(0, ACL_DEVICE_INFO_L2_SIZE, null_mut()));
    let mut value = 0;
    refused!(100000, "deviceInfo is 9", acl.aclGetDeviceCapability(0, aclDeviceInfo(9), &mut value));
}

// acl_rt.h: waits for every stream of the current device.
#[test]
fn synchronize_device() {
    let _lease = Lease::new();
    let (a, b) = (new_stream(), new_stream());
    let ptr = malloc(1 << 20);
    ok!(acl.aclrtMemsetAsync(ptr, 1 << 20, 3, 1 << 19, a));
    // SAFETY: inside the allocation, and an address only.
    let half = unsafe { ptr.byte_add(1 << 19) };
    ok!(acl.aclrtMemsetAsync(half, 1 << 19, 3, 1 << 19, b));
    ok!(acl.aclrtSynchronizeDevice());
    assert!(download::<u8>(ptr, 1 << 20).iter().all(|byte| *byte == 3));
    ok!(acl.aclrtFree(ptr));
}
