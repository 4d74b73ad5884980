//! Allocation with attributes, registered host memory, and what an address is.

use super::*;

fn attribute(attr: aclrtMallocAttrType, value: u32) -> aclrtMallocAttribute {
    aclrtMallocAttribute { attr, value: aclrtMallocAttrValue { vaFlag: value } }
}

fn config(attrs: &mut [aclrtMallocAttribute]) -> aclrtMallocConfig {
    aclrtMallocConfig { attrs: attrs.as_mut_ptr(), numAttrs: attrs.len() }
}

// runtime, 11-01: the other ways to allocate device memory give memory like aclrtMalloc's, and aclrtFree takes it.
#[test]
fn every_way_to_allocate() {
    let lease = Lease::new();
    let policy = ACL_MEM_MALLOC_HUGE_FIRST;
    let mut attrs = [attribute(ACL_RT_MEM_ATTR_MODULE_ID, 3), attribute(ACL_RT_MEM_ATTR_DEVICE_ID, lease.0 as u32)];
    let mut cfg = config(&mut attrs);
    let mut ptrs = [null_mut(); 6];
    ok!(acl?.aclrtMallocAlign32(&mut ptrs[0], 100, policy));
    ok!(acl?.aclrtMallocCached(&mut ptrs[1], 100, policy));
    ok!(acl?.aclrtMallocWithCfg(&mut ptrs[2], 100, policy, &mut cfg));
    ok!(acl?.aclrtMallocWithCfg(&mut ptrs[3], 100, policy, null_mut()));
    ok!(acl?.aclrtMallocForTaskScheduler(&mut ptrs[4], 100, policy, null_mut()));
    ok!(acl?.aclrtMallocAlign32(&mut ptrs[5], 1, ACL_MEM_MALLOC_HUGE1G_ONLY));
    for ptr in ptrs {
        assert_eq!(ptr as usize % 64, 0);
        ok!(acl?.aclrtMemFlush(ptr, 1));
        ok!(acl?.aclrtMemInvalidate(ptr, 1));
        ok!(acl?.aclrtFreeWithDevSync(ptr));
    }
    refused!(107000, "freed already", acl?.aclrtFreeWithDevSync(ptrs[0]));
    refused!(100000, "null", acl?.aclrtFreeWithDevSync(null_mut()));
    let mut ptr = null_mut();
    refused!(100000, "size is 0", acl?.aclrtMallocAlign32(&mut ptr, 0, policy));
    refused!(100000, "devPtr is null", acl?.aclrtMallocCached(null_mut(), 1, policy));
    refused!(100000, "size is 0", acl?.aclrtMallocForTaskScheduler(&mut ptr, 0, policy, null_mut()));
    // Both functions name what they do not take.
    let mut wrong = [attribute(ACL_RT_MEM_ATTR_VA_FLAG, 1)];
    refused!(100000, "VA_FLAG", acl?.aclrtMallocWithCfg(&mut ptr, 1, policy, &mut config(&mut wrong)));
    let mut other = [attribute(ACL_RT_MEM_ATTR_DEVICE_ID, 77)];
    refused!(207000, "deviceId is 77", acl?.aclrtMallocWithCfg(&mut ptr, 1, policy, &mut config(&mut other)));
    let mut none = aclrtMallocConfig { attrs: null_mut(), numAttrs: 1 };
    refused!(100000, "cfg.attrs is null", acl?.aclrtMallocWithCfg(&mut ptr, 1, policy, &mut none));
    // runtime, 11-05_unified_addressing: A2 and A3 have memory that host and device share; the simulator refuses it.
    refused!(207000, "the simulator has no memory", acl?.aclrtMemAllocManaged(&mut ptr, 1, 0));
    refused!(100000, "ptr is null", acl?.aclrtMemAllocManaged(null_mut(), 1, 0));
}

// runtime, 11-01: flush and invalidate take device memory, and a size.
#[test]
fn caches_of_device_memory() {
    let _lease = Lease::new();
    let (ptr, mut host) = (malloc(1000), [0u8; 8]);
    refused!(100000, "size is 0", acl?.aclrtMemFlush(ptr, 0));
    refused!(100000, "devPtr is null", acl?.aclrtMemInvalidate(null_mut(), 1));
    refused!(107000, "1057 bytes", acl?.aclrtMemFlush(ptr, 1057));
    refused!(107000, "memory of a device is needed", acl?.aclrtMemInvalidate(host.as_mut_ptr().cast(), 8));
    ok!(acl.aclrtFree(ptr));
}

// runtime, 11-01 and 11-02: the freeing functions with "DevSync" wait for the device first.
#[test]
fn freeing_waits_for_the_device() {
    let _lease = Lease::new();
    let (stream, ptr, host) = (new_stream(), malloc(1 << 20), malloc_host(1 << 20));
    ok!(acl.aclrtMemsetAsync(ptr, 1 << 20, 7, 1 << 20, stream));
    ok!(acl.aclrtMemcpyAsync(host, 1 << 20, ptr, 1 << 20, ACL_MEMCPY_DEVICE_TO_HOST, stream));
    ok!(acl?.aclrtFreeWithDevSync(ptr));
    let mut status = ACL_STREAM_STATUS_NOT_READY;
    ok!(acl.aclrtStreamQuery(stream, &mut status));
    assert_eq!(status, ACL_STREAM_STATUS_COMPLETE);
    ok!(acl?.aclrtFreeHostWithDevSync(host));
    refused!(107000, "not the start of pinned", acl?.aclrtFreeHostWithDevSync(host));
    refused!(100000, "null", acl?.aclrtFreeHostWithDevSync(null_mut()));
}

// runtime, 11-02: pinned memory with attributes; the flag for one address space is the host's.
#[test]
fn pinned_memory_with_attributes() {
    let _lease = Lease::new();
    let mut ptr = null_mut();
    let mut attrs = [attribute(ACL_RT_MEM_ATTR_MODULE_ID, 3), attribute(ACL_RT_MEM_ATTR_VA_FLAG, 1)];
    ok!(acl?.aclrtMallocHostWithCfg(&mut ptr, 100, &mut config(&mut attrs)));
    ok!(acl.aclrtFreeHost(ptr));
    attrs[1].value.vaFlag = 2;
    refused!(107000, "vaFlag is 2", acl?.aclrtMallocHostWithCfg(&mut ptr, 100, &mut config(&mut attrs)));
    refused!(100000, "size is 0", acl?.aclrtMallocHostWithCfg(&mut ptr, 0, null_mut()));
}

/// Whole pages of the program's own memory.
#[repr(align(4096))]
struct Pages([u8; 3 * 4096]);

// runtime, 11-02: host memory is registered from a page's start on, is then pinned, and kernels reach it at the device's address.
#[test]
fn registered_memory() {
    let _lease = Lease::new();
    let mut pages = Box::new(Pages([5; 3 * 4096]));
    let host: *mut c_void = pages.0.as_mut_ptr().cast();
    let (mut seen, mut again) = (null_mut(), null_mut());
    refused!(
        107000,
        "not a multiple of 4096",
        acl?.aclrtHostRegister(host.wrapping_byte_add(64), 64, ACL_HOST_REGISTER_MAPPED, &mut seen)
    );
    refused!(207000, "type is 4", acl?.aclrtHostRegister(host, 4096, ACL_HOST_REGISTER_IOMEMORY, &mut seen));
    refused!(100000, "size is 0", acl?.aclrtHostRegister(host, 0, ACL_HOST_REGISTER_MAPPED, &mut seen));
    refused!(100000, "ptr is null", acl?.aclrtHostRegister(null_mut(), 1, ACL_HOST_REGISTER_MAPPED, &mut seen));
    refused!(100000, "devPtr is null", acl?.aclrtHostRegister(host, 1, ACL_HOST_REGISTER_MAPPED, null_mut()));
    ok!(acl?.aclrtHostRegister(host, 2 * 4096, ACL_HOST_REGISTER_MAPPED, &mut seen));
    ok!(acl?.aclrtHostGetDevicePointer(host, &mut again, 0));
    assert_eq!(seen, again);
    refused!(100000, "flag is 1", acl?.aclrtHostGetDevicePointer(host, &mut again, 1));
    refused!(100000, "pDevice is null", acl?.aclrtHostGetDevicePointer(host, null_mut(), 0));
    // rt_error_codes.h: 507910 and 507911.
    let second = host.wrapping_byte_add(4096);
    refused!(507910, "registered already", acl?.aclrtHostRegister(second, 4096, ACL_HOST_REGISTER_MAPPED, &mut seen));
    refused!(507911, "not in registered", acl?.aclrtHostGetDevicePointer(host.wrapping_byte_add(2 * 4096), &mut again, 0));
    refused!(507911, "not the start", acl?.aclrtHostUnregister(second));
    // A kernel works on it in place, an asynchronous copy is one.
    let (stream, tensor) = (new_stream(), executor::tensor(seen, 1024));
    let gate = Gate::close(stream);
    assert_eq!(executor::run(executor::plan(tensor), stream).0, 0);
    let device = malloc(8192);
    ok!(acl.aclrtMemcpyAsync(device, 8192, host, 8192, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    let copied = download::<u8>(device, 8192);
    assert!(copied[..4096].iter().all(|b| *b == 0) && copied[4096..].iter().all(|b| *b == 5));
    ok!(acl?.aclrtHostUnregister(host));
    refused!(507911, "taken back already", acl?.aclrtHostUnregister(host));
    refused!(100000, "ptr is null", acl?.aclrtHostUnregister(null_mut()));
    let (code, text) = executor::run(executor::plan(tensor), stream);
    assert!(code == 161002 && text.contains("memory of the host"), "no kernel reaches it any more: {code} {text}");
    ok!(nn.aclDestroyTensor(tensor));
    ok!(acl.aclrtFree(device));
}

// acl_rt.h: aclrtHostRegisterV2 takes flags; without MAPPED the device gets no address.
#[test]
fn registered_by_flags() {
    let _lease = Lease::new();
    let mut pages = Box::new(Pages([0; 3 * 4096]));
    let (host, mut seen): (*mut c_void, _) = (pages.0.as_mut_ptr().cast(), null_mut());
    refused!(207000, "flag is 0x8", acl?.aclrtHostRegisterV2(host, 4096, ACL_HOST_REG_READONLY));
    refused!(207000, "flag is 0x0", acl?.aclrtHostRegisterV2(host, 4096, 0));
    refused!(100000, "size is 0", acl?.aclrtHostRegisterV2(host, 0, ACL_HOST_REG_PINNED));
    ok!(acl?.aclrtHostRegisterV2(host, 4096, ACL_HOST_REG_PINNED));
    refused!(107000, "without ACL_HOST_REG_MAPPED", acl?.aclrtHostGetDevicePointer(host, &mut seen, 0));
    ok!(acl?.aclrtHostUnregister(host));
    ok!(acl?.aclrtHostRegisterV2(host, 4096, ACL_HOST_REG_PINNED | ACL_HOST_REG_MAPPED));
    ok!(acl?.aclrtHostGetDevicePointer(host, &mut seen, 0));
    ok!(acl?.aclrtHostUnregister(host));
}

fn attributes(ptr: *const c_void) -> (aclrtMemLocationType, u32) {
    let location = aclrtMemLocation { id: 77, r#type: aclrtMemLocationType(77) };
    let mut found = aclrtPtrAttributes { location, pageSize: 0, rsv: [1; 4] };
    ok!(acl?.aclrtPointerGetAttributes(ptr, &mut found));
    assert!(found.pageSize >= 4096 && found.rsv == [0; 4]);
    (found.location.r#type, found.location.id)
}

// acl_rt.h: where an address is; pageable memory is "unregistered" (8.5).
#[test]
fn what_an_address_is() {
    let lease = Lease::new();
    let (device, pinned, pageable) = (malloc(1000), malloc_host(1000), [0u8; 8]);
    assert_eq!(attributes(device.wrapping_byte_add(999)), (ACL_MEM_LOCATION_TYPE_DEVICE, lease.0 as u32));
    assert_eq!(attributes(pinned), (ACL_MEM_LOCATION_TYPE_HOST, 0));
    assert_eq!(attributes(pageable.as_ptr().cast()), (ACL_MEM_LOCATION_TYPE_UNREGISTERED, 0));
    refused!(100000, "attributes is null", acl?.aclrtPointerGetAttributes(device, null_mut()));
    // acl_rt.h (9.0): start and size of the block.
    let (mut base, mut size) = (null_mut(), 0);
    ok!(acl?.aclrtMemGetAddressRange(device.wrapping_byte_add(500), &mut base, &mut size));
    assert_eq!((base, size), (device, 1000));
    ok!(acl?.aclrtMemGetAddressRange(device, null_mut(), &mut size));
    refused!(107000, "not in a live block", acl?.aclrtMemGetAddressRange(device.wrapping_byte_add(1056), &mut base, &mut size));
    refused!(107000, "not in a live block", acl?.aclrtMemGetAddressRange(pinned, &mut base, &mut size));
    refused!(100000, "null", acl?.aclrtMemGetAddressRange(device, null_mut(), null_mut()));
    // runtime, 11-01: 1 where all addresses are of the kinds in the mask.
    let mut result = 9;
    let mut list = [device, device.wrapping_byte_add(1)];
    ok!(acl?.aclrtCheckMemType(list.as_mut_ptr(), 2, ACL_RT_MEM_TYPE_DEV, &mut result, 0));
    assert_eq!(result, 1);
    ok!(acl?.aclrtCheckMemType(list.as_mut_ptr(), 2, ACL_RT_MEM_TYPE_DVPP, &mut result, 0));
    assert_eq!(result, 0);
    list[1] = pinned;
    ok!(acl?.aclrtCheckMemType(list.as_mut_ptr(), 2, ACL_RT_MEM_TYPE_DEV | ACL_RT_MEM_TYPE_DVPP, &mut result, 0));
    assert_eq!(result, 0);
    refused!(100000, "memType is 0x1", acl?.aclrtCheckMemType(list.as_mut_ptr(), 2, 1, &mut result, 0));
    refused!(100000, "reserve is 1", acl?.aclrtCheckMemType(list.as_mut_ptr(), 2, 2, &mut result, 1));
    refused!(100000, "size is 0", acl?.aclrtCheckMemType(list.as_mut_ptr(), 0, 2, &mut result, 0));
    ok!(acl.aclrtFree(device));
    refused!(107000, "live allocation", acl?.aclrtPointerGetAttributes(device, &mut blank_attributes()));
    ok!(acl.aclrtFreeHost(pinned));
}

fn blank_attributes() -> aclrtPtrAttributes {
    let location = aclrtMemLocation { id: 0, r#type: ACL_MEM_LOCATION_TYPE_HOST };
    aclrtPtrAttributes { location, pageSize: 0, rsv: [0; 4] }
}

// runtime, 11-01 (aclrtGetMemUsageInfo): components, with bytes now and at most.
#[test]
fn who_has_the_memory() {
    let lease = Lease::new();
    let empty = aclrtMemUsageInfo { name: [0; 32], curMemSize: 0, memPeakSize: 0, reserved: [1; 8] };
    let (mut info, mut n) = ([empty; 4], 77);
    let big = malloc(10 << 20);
    let small = malloc(1 << 20);
    ok!(acl.aclrtFree(big));
    ok!(acl?.aclrtGetMemUsageInfo(lease.0, info.as_mut_ptr(), 4, &mut n));
    assert_eq!((n, CStr::from_bytes_until_nul(&info[0].name).unwrap()), (1, c"APP"));
    assert!((1 << 20..2 << 20).contains(&info[0].curMemSize) && info[0].memPeakSize >= 11 << 20, "{:?}", info[0]);
    refused!(100000, "inputNum is 0", acl?.aclrtGetMemUsageInfo(lease.0, info.as_mut_ptr(), 0, &mut n));
    refused!(100000, "memUsageInfo is null", acl?.aclrtGetMemUsageInfo(lease.0, null_mut(), 1, &mut n));
    refused!(107001, "99", acl?.aclrtGetMemUsageInfo(99, info.as_mut_ptr(), 1, &mut n));
    ok!(acl.aclrtFree(small));
}
