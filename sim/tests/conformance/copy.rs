use super::*;

const N: usize = 1000;

fn pattern(seed: usize) -> Vec<u8> {
    (0..N).map(|i| (i * 7 + seed) as u8).collect()
}

// runtime, memory.cpp (aclrtMemcpy): the order of the checks is count, null, kind, destMax, equal pointers.
#[test]
fn the_order_of_the_checks() {
    let _lease = Lease::new();
    let (ptr, host) = (malloc(N), pattern(1));
    let (kind, src) = (ACL_MEMCPY_HOST_TO_DEVICE, host.as_ptr().cast());
    ok!(acl.aclrtMemcpy(null_mut(), 0, std::ptr::null(), 0, aclrtMemcpyKind(77)));
    ok!(acl.aclrtMemcpyAsync(null_mut(), 0, std::ptr::null(), 0, kind, null_mut()));
    refused!(100000, "dst is null", acl.aclrtMemcpy(null_mut(), N, src, N, aclrtMemcpyKind(77)));
    refused!(100000, "src is null", acl.aclrtMemcpy(ptr, N, std::ptr::null(), N, kind));
    refused!(100000, "kind is 77", acl.aclrtMemcpy(ptr, N - 1, src, N, aclrtMemcpyKind(77)));
    refused!(107000, "more than destMax, 999", acl.aclrtMemcpy(ptr, N - 1, src, N, kind));
    refused!(107000, "more than destMax", acl.aclrtMemcpyAsync(ptr, N - 1, src, N, kind, null_mut()));
    ok!(acl.aclrtMemcpy(ptr, N, ptr, N, ACL_MEMCPY_DEVICE_TO_DEVICE));
    ok!(acl.aclrtFree(ptr));
}

// acl_rt.h: every direction, and ACL_MEMCPY_DEFAULT that finds it out.
#[test]
fn every_direction() {
    let _lease = Lease::new();
    let (a, b, source) = (malloc(N), malloc(N), pattern(2));
    for (up, across, down) in [
        (ACL_MEMCPY_HOST_TO_DEVICE, ACL_MEMCPY_DEVICE_TO_DEVICE, ACL_MEMCPY_DEVICE_TO_HOST),
        (ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE, ACL_MEMCPY_DEFAULT, ACL_MEMCPY_DEFAULT),
        (ACL_MEMCPY_DEFAULT, ACL_MEMCPY_DEFAULT, ACL_MEMCPY_DEVICE_TO_HOST),
    ] {
        ok!(acl.aclrtMemset(b, N, 0, N));
        let mut result = vec![0u8; N];
        ok!(acl.aclrtMemcpy(a, N, source.as_ptr().cast(), N, up));
        ok!(acl.aclrtMemcpy(b, N, a, N, across));
        ok!(acl.aclrtMemcpy(result.as_mut_ptr().cast(), N, b, N, down));
        assert_eq!(result, source);
    }
    let mut result = vec![0u8; N];
    ok!(acl.aclrtMemcpy(result.as_mut_ptr().cast(), N, source.as_ptr().cast(), N, ACL_MEMCPY_HOST_TO_HOST));
    assert_eq!(result, source);
    ok!(acl.aclrtFree(a));
    ok!(acl.aclrtFree(b));
}

// acl_rt.h: kind says which pointer is whose. New drivers find the direction out by themselves; the simulator is strict.
#[test]
fn the_kind_must_fit_the_pointers() {
    let _lease = Lease::new();
    let (device, mut host) = (malloc(N), pattern(3));
    let host: *mut c_void = host.as_mut_ptr().cast();
    for (dst, src, kind) in [
        (device, host, ACL_MEMCPY_DEVICE_TO_HOST),
        (device, host, ACL_MEMCPY_DEVICE_TO_DEVICE),
        (device, host, ACL_MEMCPY_HOST_TO_HOST),
        (host, device, ACL_MEMCPY_HOST_TO_DEVICE),
        (host, device, ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE),
    ] {
        refused!(107000, "but src is memory of", acl.aclrtMemcpy(dst, N, src, N, kind));
        refused!(107000, "but src is memory of", acl.aclrtMemcpyAsync(dst, N, src, N, kind, null_mut()));
    }
    ok!(acl.aclrtFree(device));
}

// A copy or a fill must stay inside one live allocation, which is longer than it was asked to be: runtime, 11-01 (aclrtMalloc): rounded
// up to 32 and 32 more on Atlas A2 and A3; aclrtMallocAlign32: without these. memory.cpp (aclMallocMemInner): nor with pages of 1 GiB.
#[test]
fn an_allocation_has_the_room_that_cann_adds() {
    let _lease = Lease::new();
    let host = pattern(1);
    let source: *const c_void = host.as_ptr().cast();
    for (room, ptr) in [
        (1056, malloc(N)),
        (1024, {
            let mut ptr = null_mut();
            ok!(acl?.aclrtMallocAlign32(&mut ptr, N, ACL_MEM_MALLOC_HUGE_FIRST));
            ptr
        }),
        (1024, {
            let mut ptr = null_mut();
            ok!(acl.aclrtMalloc(&mut ptr, N, ACL_MEM_MALLOC_HUGE1G_ONLY));
            ptr
        }),
    ] {
        ok!(acl.aclrtMemset(ptr, room, 5, room));
        let last = ptr.wrapping_byte_add(room - 1);
        assert_eq!(download::<u8>(last, 1), [5]);
        ok!(acl.aclrtMemcpy(last, 1, source, 1, ACL_MEMCPY_HOST_TO_DEVICE));
        assert_eq!(call!(acl.aclrtMemset(ptr, room + 1, 0, room + 1)), 107000);
        assert_eq!(call!(acl.aclrtMemcpy(last, 2, source, 2, ACL_MEMCPY_HOST_TO_DEVICE)), 107000);
        let (mut start, mut bytes) = (null_mut(), 0);
        ok!(acl?.aclrtMemGetAddressRange(last, &mut start, &mut bytes));
        assert_eq!((start, bytes), (ptr, N), "what was asked for is told");
        ok!(acl.aclrtFree(ptr));
    }
}

// With checks (CANN_SIM_CHECK), not a byte further than was asked for: a program that lives on what CANN adds is told.
#[test]
fn checked_allocations_end_where_they_were_asked_to() {
    if !in_child("copy::checked_allocations_end_where_they_were_asked_to", &[("CANN_SIM_CHECK", "1")]) {
        return;
    }
    let _lease = Lease::new();
    let ptr = malloc(N);
    ok!(acl.aclrtMemset(ptr, N, 1, N));
    refused!(107000, "not inside one live", acl.aclrtMemset(ptr, N + 1, 1, N + 1));
}

// A copy or a fill must stay inside one live allocation.
#[test]
fn a_range_must_lie_in_one_allocation() {
    let _lease = Lease::new();
    let (device, pinned, host) = (malloc(N), malloc_host(N), pattern(4));
    let source: *const c_void = host.as_ptr().cast();
    // SAFETY: inside the allocations, and addresses only.
    let (inside, pinned_inside) = unsafe { (device.byte_add(57), pinned.byte_add(1)) };
    refused!(107000, "not inside one live", acl.aclrtMemcpy(inside, N, source, N, ACL_MEMCPY_HOST_TO_DEVICE));
    refused!(107000, "leave the pinned", acl.aclrtMemcpy(pinned_inside, N, device, N, ACL_MEMCPY_DEVICE_TO_HOST));
    refused!(107000, "not inside one live", acl.aclrtMemset(inside, N, 0, N));
    refused!(107000, "not inside one live", acl.aclrtMemsetAsync(inside, N, 0, N, null_mut()));
    ok!(acl.aclrtFree(device));
    refused!(107000, "not inside one live", acl.aclrtMemcpy(device, N, source, N, ACL_MEMCPY_HOST_TO_DEVICE));
    ok!(acl.aclrtFreeHost(pinned));
}

// acl_rt.h: a copy with pinned memory is asynchronous: it reads and writes when its turn comes.
#[test]
fn pinned_memory_is_copied_in_the_order_of_the_stream() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (device, up, down) = (malloc(N), malloc_host(N), malloc_host(N));
    let gate = Gate::close(stream);
    ok!(acl.aclrtMemcpyAsync(device, N, up, N, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    ok!(acl.aclrtMemcpyAsync(down, N, device, N, ACL_MEMCPY_DEVICE_TO_HOST, stream));
    ok!(acl.aclrtMemcpy(up, N, pattern(5).as_ptr().cast(), N, ACL_MEMCPY_HOST_TO_HOST));
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    let mut result = vec![0u8; N];
    ok!(acl.aclrtMemcpy(result.as_mut_ptr().cast(), N, down, N, ACL_MEMCPY_DEFAULT));
    assert_eq!(result, pattern(5), "what was in the source when the copy ran");
    ok!(acl.aclrtFree(device));
    ok!(acl.aclrtFreeHost(up));
    ok!(acl.aclrtFreeHost(down));
}

// ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE takes the bytes at the call: the source may change or go.
#[test]
fn a_buffered_copy_takes_the_bytes_at_the_call() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (device, mut source) = (malloc(N), pattern(6));
    let gate = Gate::close(stream);
    ok!(acl.aclrtMemcpyAsync(device, N, source.as_ptr().cast(), N, ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE, stream));
    source.fill(0);
    drop(source);
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u8>(device, N), pattern(6));
    ok!(acl.aclrtFree(device));
}

// runtime, 11-03 (A2, A3): with pageable memory the call waits for the stream and copies before it returns.
#[test]
fn pageable_memory_is_copied_before_the_call_returns() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (device, source) = (malloc(N), pattern(7));
    let mut result = vec![0u8; N];
    ok!(acl.aclrtMemsetAsync(device, N, 0, N, stream));
    ok!(acl.aclrtMemcpyAsync(device, N, source.as_ptr().cast(), N, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    drop(source);
    ok!(acl.aclrtMemcpyAsync(result.as_mut_ptr().cast(), N, device, N, ACL_MEMCPY_DEVICE_TO_HOST, stream));
    assert_eq!(result, pattern(7));
    ok!(acl.aclrtFree(device));
}

// acl_rt.h: host to host cannot be asynchronous: 207000.
#[test]
fn no_asynchronous_copy_on_the_host() {
    let _lease = Lease::new();
    let (a, b) = (malloc_host(N), malloc_host(N));
    for kind in [ACL_MEMCPY_HOST_TO_HOST, ACL_MEMCPY_DEFAULT] {
        refused!(207000, "both pointers", acl.aclrtMemcpyAsync(a, N, b, N, kind, null_mut()));
    }
    ok!(acl.aclrtFreeHost(a));
    ok!(acl.aclrtFreeHost(b));
}

// runtime, 04_device_management: a copy between devices needs peer access.
#[test]
fn no_copy_between_devices_without_peer_access() {
    let _first = Lease::new();
    let here = malloc(N) as usize;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _second = Lease::new();
            let (here, there) = (here as *mut c_void, malloc(N));
            refused!(207000, "peer access", acl.aclrtMemcpy(there, N, here, N, ACL_MEMCPY_DEVICE_TO_DEVICE));
            refused!(107000, "the stream is of device", acl.aclrtMemsetAsync(here, N, 0, N, null_mut()));
            ok!(acl.aclrtFree(there));
        });
    });
    ok!(acl.aclrtFree(here as *mut c_void));
}

// acl_rt.h: aclrtMemset uses the low byte; count 0 is nothing, null 100000, count above maxCount 107000.
#[test]
fn memset() {
    let _lease = Lease::new();
    let device = upload(&pattern(8));
    ok!(acl.aclrtMemset(null_mut(), 0, 1, 0));
    refused!(100000, "devPtr is null", acl.aclrtMemset(null_mut(), N, 1, N));
    refused!(107000, "more than maxCount", acl.aclrtMemset(device, N - 1, 1, N));
    ok!(acl.aclrtMemset(device, N, 0x1234_56fe, N - 1));
    let bytes = download::<u8>(device, N);
    assert_eq!((&bytes[..N - 1], bytes[N - 1]), (&[0xfe; N - 1][..], pattern(8)[N - 1]));
    ok!(acl.aclrtMemsetAsync(device, N, 3, 1, null_mut()));
    ok!(acl.aclrtSynchronizeStream(null_mut()));
    assert_eq!(download::<u8>(device, 2), [3, 0xfe]);
    let host = malloc_host(N);
    refused!(207000, "pinned memory", acl.aclrtMemsetAsync(host, N, 1, N, null_mut()));
    ok!(acl.aclrtFreeHost(host));
    ok!(acl.aclrtFree(device));
}

// Copies larger than what one thread takes at a time, with a ragged end.
#[test]
fn big_copies() {
    let _lease = Lease::new();
    let source: Vec<u32> = (0..(9 << 18) + 3).collect();
    let (a, b) = (upload(&source), malloc(size_of_val(&source[..])));
    let bytes = size_of_val(&source[..]);
    ok!(acl.aclrtMemcpyAsync(b, bytes, a, bytes, ACL_MEMCPY_DEVICE_TO_DEVICE, null_mut()));
    ok!(acl.aclrtSynchronizeStream(null_mut()));
    assert!(download::<u32>(b, source.len()) == source);
    ok!(acl.aclrtFree(a));
    ok!(acl.aclrtFree(b));
}
