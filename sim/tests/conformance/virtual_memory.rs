//! Addresses, physical memory and mappings (runtime, 11-04).

use super::*;

pub(super) const MIB: usize = 1 << 20;
/// The granularity of the chips.
pub(super) const UNIT: usize = 2 * MIB;

pub(super) fn prop(device: i32) -> aclrtPhysicalMemProp {
    aclrtPhysicalMemProp {
        handleType: ACL_MEM_HANDLE_TYPE_NONE,
        allocationType: ACL_MEM_ALLOCATION_TYPE_PINNED,
        memAttr: ACL_HBM_MEM_HUGE,
        location: aclrtMemLocation { id: device as u32, r#type: ACL_MEM_LOCATION_TYPE_DEVICE },
        reserve: 0,
    }
}

pub(super) fn reserve(bytes: usize) -> *mut c_void {
    let mut ptr = null_mut();
    ok!(acl?.aclrtReserveMemAddress(&mut ptr, bytes, 0, null_mut(), 0));
    ptr
}

pub(super) fn physical(device: i32, bytes: usize) -> aclrtDrvMemHandle {
    let mut handle = null_mut();
    ok!(acl?.aclrtMallocPhysical(&mut handle, bytes, &prop(device), 0));
    handle
}

pub(super) fn free_bytes() -> usize {
    let (mut free, mut total) = (0, 0);
    ok!(acl.aclrtGetMemInfo(ACL_HBM_MEM, &mut free, &mut total));
    free
}

// 11-04, the seven steps: reserve, allocate, map, use, unmap, free, release. Memory grows where it is, over several mappings.
#[test]
fn memory_grows_in_place() {
    let lease = Lease::new();
    let before = free_bytes();
    let (base, stream) = (reserve(64 * MIB), new_stream());
    assert_eq!((base as usize % UNIT, free_bytes()), (0, before), "addresses are no memory");
    refused!(107000, "", acl.aclrtFree(base));
    let handles = [physical(lease.0, UNIT), physical(lease.0, 2 * UNIT)];
    assert_eq!(free_bytes(), before - 3 * UNIT);
    let second = base.wrapping_byte_add(UNIT);
    ok!(acl?.aclrtMapMem(base, UNIT, 0, handles[0], 0));
    refused!(107000, "live allocation", acl.aclrtMemset(base, 3 * UNIT, 1, UNIT + 1));
    ok!(acl?.aclrtMapMem(second, 2 * UNIT, 0, handles[1], 0));
    // Copies, fills and operators go across the seam.
    ok!(acl.aclrtMemset(base, 3 * UNIT, 1, 3 * UNIT));
    let tensor = executor::tensor(second.wrapping_byte_sub(400), 200);
    assert_eq!(executor::run(executor::plan(tensor), stream).0, 0, "{}", recent());
    ok!(acl.aclrtSynchronizeStream(stream));
    let seen = download::<u8>(second.wrapping_byte_sub(404), 808);
    assert!(seen.iter().enumerate().all(|(i, b)| *b == ((4..804).contains(&i) as u8 ^ 1)), "800 zeros around the seam");
    // Device memory like any other: device-side copies, and what it is.
    let plain = malloc(800);
    ok!(acl.aclrtMemcpyAsync(plain, 800, second, 800, ACL_MEMCPY_DEVICE_TO_DEVICE, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    let (mut start, mut size) = (null_mut(), 0);
    ok!(acl?.aclrtMemGetAddressRange(second.wrapping_byte_add(9), &mut start, &mut size));
    assert_eq!((start, size), (second, 2 * UNIT));
    // Freed while mapped: it goes with the mapping.
    ok!(acl?.aclrtFreePhysical(handles[1]));
    refused!(107017, "not live physical", acl?.aclrtFreePhysical(handles[1]));
    ok!(acl.aclrtMemset(second, UNIT, 5, UNIT));
    refused!(107000, "2 mappings are left", acl?.aclrtReleaseMemAddress(base));
    ok!(acl?.aclrtUnmapMem(second));
    refused!(107000, "unmapped already", acl?.aclrtUnmapMem(second));
    let (code, text) = executor::run(executor::plan(tensor), stream);
    assert!(code == 161002 && text.contains("does not lie inside"), "{code} {text}");
    // Another place, the same bytes.
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtMapMem(second, UNIT, 0, handles[0], 0));
    assert_eq!(download::<u8>(second, 4), [1; 4]);
    ok!(acl?.aclrtUnmapMem(second));
    ok!(acl?.aclrtFreePhysical(handles[0]));
    ok!(acl?.aclrtReleaseMemAddress(base));
    refused!(107000, "released already", acl?.aclrtReleaseMemAddress(base));
    ok!(acl.aclrtFree(plain));
    ok!(nn.aclDestroyTensor(tensor));
    assert_eq!(free_bytes(), before);
}

// 11-04: the arguments of each step.
#[test]
fn what_is_refused() {
    let lease = Lease::new();
    let mut ptr = null_mut();
    refused!(100000, "size is 0", acl?.aclrtReserveMemAddress(&mut ptr, 0, 0, null_mut(), 0));
    refused!(100000, "virPtr is null", acl?.aclrtReserveMemAddress(null_mut(), 1, 0, null_mut(), 0));
    refused!(100000, "flags is 2", acl?.aclrtReserveMemAddress(&mut ptr, 1, 0, null_mut(), 2));
    refused!(107000, "alignment is 64", acl?.aclrtReserveMemAddress(&mut ptr, 1, 64, null_mut(), 0));
    refused!(107000, "16 to 24 TiB", acl?.aclrtReserveMemAddress(&mut ptr, 1, 0, 4096 as *mut c_void, 0));
    refused!(107000, "16 to 24 TiB", acl?.aclrtReserveMemAddress(&mut ptr, 1, 0, ((16usize << 40) + 4096) as *mut c_void, 0));
    // Clients pass 1, as CANN documented it once.
    ok!(acl?.aclrtReserveMemAddress(&mut ptr, 3 * UNIT, 0, null_mut(), 1));
    let (mut handle, at) = (null_mut(), prop(lease.0));
    refused!(107000, "granularity 2097152", acl?.aclrtMallocPhysical(&mut handle, UNIT + 1, &at, 0));
    refused!(100000, "size is 0", acl?.aclrtMallocPhysical(&mut handle, 0, &at, 0));
    refused!(100000, "flags is 1", acl?.aclrtMallocPhysical(&mut handle, UNIT, &at, 1));
    refused!(100000, "prop is null", acl?.aclrtMallocPhysical(&mut handle, UNIT, std::ptr::null(), 0));
    refused!(107001, "99", acl?.aclrtMallocPhysical(&mut handle, UNIT, &prop(99), 0));
    refused!(207001, "out of memory", acl?.aclrtMallocPhysical(&mut handle, 1 << 40, &at, 0));
    for (wrong, code, words) in [
        (aclrtPhysicalMemProp { handleType: ACL_MEM_HANDLE_TYPE_POSIX, ..at }, 100000, "handleType is 2"),
        (aclrtPhysicalMemProp { memAttr: ACL_DDR_MEM_HUGE, ..at }, 100000, "ACL_DDR_MEM_HUGE"),
        (
            aclrtPhysicalMemProp { location: aclrtMemLocation { id: 0, r#type: ACL_MEM_LOCATION_TYPE_HOST }, ..at },
            207000,
            "type is 0",
        ),
    ] {
        assert_eq!(call!(acl?.aclrtMallocPhysical(&mut handle, UNIT, &wrong, 0)), code);
        assert!(recent().contains(words));
    }
    let handle = physical(lease.0, UNIT);
    refused!(107000, "2097152: all of it", acl?.aclrtMapMem(ptr, UNIT / 2, 0, handle, 0));
    refused!(107000, "offset is 4096", acl?.aclrtMapMem(ptr, UNIT, 4096, handle, 0));
    refused!(100000, "flags is 1", acl?.aclrtMapMem(ptr, UNIT, 0, handle, 1));
    refused!(100000, "handle is null", acl?.aclrtMapMem(ptr, UNIT, 0, null_mut(), 0));
    refused!(107017, "not live physical", acl?.aclrtMapMem(ptr, UNIT, 0, ptr, 0));
    refused!(107000, "not a multiple", acl?.aclrtMapMem(ptr.wrapping_byte_add(4096), UNIT, 0, handle, 0));
    refused!(107000, "aclrtReserveMemAddress", acl?.aclrtMapMem(ptr.wrapping_byte_add(3 * UNIT), UNIT, 0, handle, 0));
    ok!(acl?.aclrtMapMem(ptr.wrapping_byte_add(UNIT), UNIT, 0, handle, 0));
    let two = physical(lease.0, 2 * UNIT);
    refused!(107000, "mapped at", acl?.aclrtMapMem(ptr, 2 * UNIT, 0, two, 0));
    refused!(107000, "not inside one range", acl?.aclrtMapMem(ptr.wrapping_byte_add(2 * UNIT), 2 * UNIT, 0, two, 0));
    // 11-04 (aclrtMapMem): one reservation takes memory of one device.
    let foreign = physical((lease.0 + 1) % 8, UNIT);
    refused!(107000, "one device", acl?.aclrtMapMem(ptr, UNIT, 0, foreign, 0));
    ok!(acl?.aclrtUnmapMem(ptr.wrapping_byte_add(UNIT)));
    for handle in [handle, two, foreign] {
        ok!(acl?.aclrtFreePhysical(handle));
    }
    ok!(acl?.aclrtReleaseMemAddress(ptr));
    let (mut at, mut granularity) = (at, 0);
    ok!(acl?.aclrtMemGetAllocationGranularity(&mut at, ACL_RT_MEM_ALLOC_GRANULARITY_MINIMUM, &mut granularity));
    assert_eq!(granularity, UNIT);
    at.memAttr = ACL_HBM_MEM_HUGE1G;
    ok!(acl?.aclrtMemGetAllocationGranularity(&mut at, ACL_RT_MEM_ALLOC_GRANULARITY_RECOMMENDED, &mut granularity));
    assert_eq!(granularity, 1 << 30);
    refused!(
        107000,
        "option is 5",
        acl?.aclrtMemGetAllocationGranularity(&mut at, aclrtMemGranularityOptions(5), &mut granularity)
    );
    refused!(
        100000,
        "granularity is null",
        acl?.aclrtMemGetAllocationGranularity(&mut at, aclrtMemGranularityOptions(0), null_mut())
    );
}

// 11-04: a handle is counted; its properties are those it was made with.
#[test]
fn handles_of_mappings() {
    let lease = Lease::new();
    let (before, base, handle) = (free_bytes(), reserve(UNIT), physical(lease.0, UNIT));
    let mut found = prop(0);
    ok!(acl?.aclrtMemGetAllocationPropertiesFromHandle(handle, &mut found));
    assert_eq!(found, prop(lease.0));
    ok!(acl?.aclrtMapMem(base, UNIT, 0, handle, 0));
    let mut again = null_mut();
    ok!(acl?.aclrtMemRetainAllocationHandle(base, &mut again));
    assert_eq!(again, handle);
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(handle));
    ok!(acl?.aclrtMapMem(base, UNIT, 0, again, 0));
    ok!(acl?.aclrtFreePhysical(again));
    refused!(107017, "not live physical", acl?.aclrtFreePhysical(again));
    refused!(107017, "not live physical", acl?.aclrtMemGetAllocationPropertiesFromHandle(again, &mut found));
    // Mapped, so there is a handle to be had still.
    ok!(acl?.aclrtMemRetainAllocationHandle(base, &mut again));
    refused!(107000, "not the start of a mapping", acl?.aclrtMemRetainAllocationHandle(base.wrapping_byte_add(64), &mut again));
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(again));
    ok!(acl?.aclrtReleaseMemAddress(base));
    assert_eq!(free_bytes(), before);
}

// 11-04 (aclrtMemSetAccess): another device may use a mapping once it was given access.
#[test]
fn access_of_other_devices() {
    let leases = Lease::several(2);
    let (owner, other) = (leases[0].0, leases[1].0);
    let (base, handle) = (reserve(UNIT), physical(owner, UNIT));
    ok!(acl?.aclrtMapMem(base, UNIT, 0, handle, 0));
    let mut there = prop(other).location;
    let mut flag = 77;
    ok!(acl?.aclrtMemGetAccess(base, &mut there, &mut flag));
    assert_eq!(flag, 0);
    // The second lease's device is current.
    let (stream, tensor) = (new_stream(), executor::tensor(base, 100));
    let (code, text) = executor::run(executor::plan(tensor), stream);
    assert!(code == 161002 && text.contains("memory of device"), "{code} {text}");
    let read = aclrtMemAccessDesc { flags: ACL_RT_MEM_ACCESS_FLAGS_READ, location: there, rsv: [0; 12] };
    let mut desc = [read; 2];
    refused!(207000, "desc[0].flags is 1", acl?.aclrtMemSetAccess(base, UNIT, desc.as_mut_ptr(), 2));
    desc.iter_mut().for_each(|desc| desc.flags = ACL_RT_MEM_ACCESS_FLAGS_READWRITE);
    desc[1].location.r#type = ACL_MEM_LOCATION_TYPE_HOST;
    refused!(207000, "desc[1].location.type is 0", acl?.aclrtMemSetAccess(base, UNIT, desc.as_mut_ptr(), 2));
    refused!(107000, "size is 4096", acl?.aclrtMemSetAccess(base, 4096, desc.as_mut_ptr(), 1));
    refused!(107000, "not the start", acl?.aclrtMemSetAccess(base.wrapping_byte_add(64), UNIT, desc.as_mut_ptr(), 1));
    refused!(100000, "count is 0", acl?.aclrtMemSetAccess(base, UNIT, desc.as_mut_ptr(), 0));
    ok!(acl?.aclrtMemSetAccess(base, UNIT, desc.as_mut_ptr(), 1));
    ok!(acl?.aclrtMemGetAccess(base, &mut there, &mut flag));
    assert_eq!(flag, 3);
    assert_eq!(executor::run(executor::plan(tensor), stream).0, 0, "{}", recent());
    ok!(acl.aclrtSynchronizeStream(stream));
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(handle));
    ok!(acl?.aclrtReleaseMemAddress(base));
    ok!(nn.aclDestroyTensor(tensor));
}

// 11-04 (aclrtReserveMemAddress): a wanted address that is taken is an error.
#[test]
fn addresses_by_name() {
    let (mut first, mut second) = (null_mut(), null_mut());
    let wanted = ((17usize << 40) + (64 << 30)) as *mut c_void;
    let code = call!(acl?.aclrtReserveMemAddress(&mut first, 1 << 30, 0, wanted, 0));
    if code != 0 && cfg!(target_arch = "aarch64") {
        return eprintln!("this system has no addresses above 16 TiB: {}", recent());
    }
    assert_eq!(code, 0, "{}", recent());
    assert_eq!(first, wanted);
    refused!(207001, "0x", acl?.aclrtReserveMemAddress(&mut second, 1 << 30, 0, wanted, 0));
    ok!(acl?.aclrtReleaseMemAddress(first));
    ok!(acl?.aclrtReserveMemAddress(&mut second, 1 << 30, 0, wanted, 0));
    ok!(acl?.aclrtReleaseMemAddress(second));
}

// The simulator's promise: what uses memory after it is unmapped gets arbitrary bytes, and nothing falls over.
#[test]
fn queued_work_outlives_a_mapping() {
    let lease = Lease::new();
    let (base, handle, stream) = (reserve(UNIT), physical(lease.0, UNIT), new_stream());
    ok!(acl?.aclrtMapMem(base, UNIT, 0, handle, 0));
    let gate = Gate::close(stream);
    ok!(acl.aclrtMemsetAsync(base, UNIT, 1, UNIT, stream));
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(handle));
    ok!(acl?.aclrtReleaseMemAddress(base));
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
}
