use super::*;

fn info(attr: aclrtMemAttr) -> (usize, usize) {
    let (mut free, mut total) = (1, 1);
    ok!(acl.aclrtGetMemInfo(attr, &mut free, &mut total));
    (free, total)
}

// acl_rt.h: size 0 and a null out-parameter are 100000; runtime: 107002 without a context; an unknown policy is the default.
#[test]
fn malloc_checks_its_arguments() {
    let _lease = Lease::new();
    let mut ptr = null_mut();
    refused!(100000, "size is 0", acl.aclrtMalloc(&mut ptr, 0, ACL_MEM_MALLOC_HUGE_FIRST));
    refused!(100000, "devPtr is null", acl.aclrtMalloc(null_mut(), 1, ACL_MEM_MALLOC_HUGE_FIRST));
    refused!(100000, "overflows", acl.aclrtMalloc(&mut ptr, usize::MAX, ACL_MEM_MALLOC_HUGE_FIRST));
    refused!(100000, "size is 0", acl.aclrtMallocHost(&mut ptr, 0));
    refused!(100000, "hostPtr is null", acl.aclrtMallocHost(null_mut(), 1));
    ok!(acl.aclrtMalloc(&mut ptr, 1, aclrtMemMallocPolicy(12345)));
    ok!(acl.aclrtFree(ptr));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut ptr = null_mut();
            refused!(107002, "no current context", acl.aclrtMalloc(&mut ptr, 1, ACL_MEM_MALLOC_HUGE_FIRST));
            refused!(107002, "no current context", acl.aclrtMallocHost(&mut ptr, 1));
        });
    });
}

// acl_rt.h: device and pinned memory start at multiples of 64.
#[test]
fn allocations_are_aligned() {
    let _lease = Lease::new();
    for bytes in [1, 31, 33, 63, 64, 65, 1000, 4097] {
        let (device, host) = (malloc(bytes), malloc_host(bytes));
        assert_eq!((device as usize % 64, host as usize % 64), (0, 0));
        ok!(acl.aclrtFree(device));
        ok!(acl.aclrtFreeHost(host));
    }
}

// acl_rt.h: only the start of a live allocation can be freed, once; null is 100000.
#[test]
fn free_takes_the_start_of_a_live_allocation() {
    let _lease = Lease::new();
    let (ptr, host) = (malloc(4096), malloc_host(4096));
    // SAFETY: inside the allocations, and addresses only.
    let (inside, host_inside) = unsafe { (ptr.byte_add(512), host.byte_add(512)) };
    refused!(107000, "not the start", acl.aclrtFree(inside));
    refused!(107000, "not the start", acl.aclrtFreeHost(host_inside));
    refused!(107000, "not memory of any device", acl.aclrtFree(host));
    refused!(107000, "not the start of pinned", acl.aclrtFreeHost(ptr));
    ok!(acl.aclrtFree(ptr));
    ok!(acl.aclrtFreeHost(host));
    refused!(107000, "freed already", acl.aclrtFree(ptr));
    refused!(107000, "freed already", acl.aclrtFreeHost(host));
    refused!(100000, "null", acl.aclrtFree(null_mut()));
    refused!(100000, "null", acl.aclrtFreeHost(null_mut()));
}

// acl_rt.h: free and total of the current device; memory that a chip lacks is 0 (runtime, 11-01).
#[test]
fn memory_info() {
    // A process of its own: other tests leave memory on their devices.
    if !in_child("memory::memory_info", &[]) {
        return;
    }
    let _lease = Lease::new();
    let (before, total) = info(ACL_HBM_MEM);
    assert_eq!((before, total), (64 << 30, 64 << 30), "64 GiB, and nothing of it taken");
    let ptr = malloc(1 << 20);
    let taken = before - info(ACL_HBM_MEM_HUGE).0;
    // runtime, 11-01: rounded up to 32 and 32 more; the simulator then rounds to its own grain.
    assert!(((1 << 20) + 32..=(1 << 20) + 1024).contains(&taken), "{taken}");
    ok!(acl.aclrtFree(ptr));
    assert_eq!(info(ACL_HBM_MEM).0, before);
    assert_eq!(info(ACL_DDR_MEM), (0, 0));
    let mut n = 0;
    refused!(100000, "attr is 99", acl.aclrtGetMemInfo(aclrtMemAttr(99), &mut n, &mut n));
    refused!(100000, "free is null", acl.aclrtGetMemInfo(ACL_HBM_MEM, null_mut(), &mut n));
    refused!(100000, "total is null", acl.aclrtGetMemInfo(ACL_HBM_MEM, &mut n, null_mut()));
}

// rt_error_codes.h: 207001 when a device is out of memory; each device has its own; freeing makes room again.
#[test]
fn out_of_memory_and_recovery() {
    if !in_child("memory::out_of_memory_and_recovery", &[("CANN_SIM_MEMORY", "8M"), ("CANN_SIM_DEVICES", "2")]) {
        return;
    }
    ok!(acl.aclrtSetDevice(0));
    let mut ptr = null_mut();
    refused!(
        207001,
        "9000000 bytes asked for, 8388608 of 8388608",
        acl.aclrtMalloc(&mut ptr, 9_000_000, ACL_MEM_MALLOC_HUGE_FIRST)
    );
    let mut held = Vec::new();
    while call!(acl.aclrtMalloc(&mut ptr, 1 << 20, ACL_MEM_MALLOC_HUGE_FIRST)) == 0 {
        held.push(ptr);
    }
    assert_eq!(held.len(), 7, "seven, since each takes a little more than it asks for");
    ok!(acl.aclrtSetDevice(1));
    let other = malloc(7 << 20);
    // acl_rt.h: the memory of any device can be freed.
    ok!(acl.aclrtSetDevice(0));
    ok!(acl.aclrtFree(other));
    for ptr in held {
        ok!(acl.aclrtFree(ptr));
    }
    ok!(acl.aclrtFree(malloc((8 << 20) - 512)));
}

/// Bytes of memory that this process has in use.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

// Memory is the system's until a program writes to it, and again after it is freed.
#[test]
fn freed_memory_goes_back_to_the_system() {
    if !in_child("memory::freed_memory_goes_back_to_the_system", &[]) {
        return;
    }
    ok!(acl.aclrtSetDevice(0));
    let before = resident();
    let (big, _untouched) = (malloc(64 << 20), malloc(32 << 30));
    assert!(resident() < before + (8 << 20), "nothing is touched by allocating");
    ok!(acl.aclrtMemset(big, 64 << 20, 1, 64 << 20));
    assert!(resident() > before + (56 << 20));
    ok!(acl.aclrtFree(big));
    assert!(resident() < before + (8 << 20), "{} MiB before, {} after", before >> 20, resident() >> 20);
}
