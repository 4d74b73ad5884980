//! Pools of stream-ordered memory (runtime, 11-10; `acl_rt_memory_soma.h`).

use super::*;

fn props(device: i32, most: usize) -> aclrtMemPoolProps {
    aclrtMemPoolProps {
        allocType: ACL_MEM_ALLOCATION_TYPE_PINNED,
        handleType: ACL_MEM_HANDLE_TYPE_NONE,
        location: aclrtMemLocation { id: device as u32, r#type: ACL_MEM_LOCATION_TYPE_DEVICE },
        maxSize: most,
        reserved: [0; 32],
    }
}

fn new_pool(device: i32, most: usize) -> aclrtMemPool {
    let mut pool = null_mut();
    ok!(acl?.aclrtMemPoolCreate(&mut pool, &props(device, most)));
    pool
}

fn take(pool: aclrtMemPool, size: usize, stream: aclrtStream) -> *mut c_void {
    let mut ptr = null_mut();
    ok!(acl?.aclrtMemPoolMallocAsync(&mut ptr, size, pool, stream));
    ptr
}

fn number(pool: aclrtMemPool, attr: aclrtMemPoolAttr) -> u64 {
    let mut value = u64::MAX;
    ok!(acl?.aclrtMemPoolGetAttr(pool, attr, (&raw mut value).cast()));
    value
}

fn set(pool: aclrtMemPool, attr: aclrtMemPoolAttr, value: u64) {
    let mut value = value;
    ok!(acl?.aclrtMemPoolSetAttr(pool, attr, (&raw mut value).cast()));
}

// 11-10, "reuse": what was freed on a stream may be had on it at once, on another only after it has run.
#[test]
fn blocks_are_used_again_in_the_order_of_the_stream() {
    let lease = Lease::new();
    let (pool, stream, other) = (new_pool(lease.0, 1 << 20), new_stream(), new_stream());
    set(pool, ACL_RT_MEM_POOL_ATTR_RELEASE_THRESHOLD, 1 << 20);
    let gate = Gate::close(stream);
    let first = take(pool, 1000, stream);
    ok!(acl.aclrtMemsetAsync(first, 1000, 1, 1000, stream));
    ok!(acl?.aclrtMemPoolFreeAsync(first, stream));
    let second = take(pool, 1000, other);
    assert_ne!(second, first, "the free has not run");
    let again = take(pool, 900, stream);
    assert_eq!(again, first, "queued behind the free");
    ok!(acl.aclrtMemsetAsync(again, 900, 2, 900, stream));
    ok!(acl?.aclrtMemPoolFreeAsync(again, stream));
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(take(pool, 500, other), first, "now any stream may have it");
    assert_eq!(number(pool, ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_CURRENT), 2000);
    refused!(107000, "freed already", acl?.aclrtMemPoolFreeAsync(first.wrapping_byte_add(1), other));
    ok!(acl?.aclrtMemPoolDestroy(pool));
    refused!(107017, "not a live pool", acl?.aclrtMemPoolDestroy(pool));
    refused!(100000, "memPool is null", acl?.aclrtMemPoolDestroy(null_mut()));
    // It outlives its pool until it is freed.
    ok!(acl.aclrtMemset(first, 1000, 3, 1000));
    ok!(acl?.aclrtMemPoolFreeAsync(first, other));
    ok!(acl?.aclrtMemPoolFreeAsync(second, other));
    ok!(acl.aclrtSynchronizeStream(other));
    refused!(107000, "live allocation", acl.aclrtMemset(first, 1000, 3, 1000));
}

// 11-10: the counts, the threshold (0 by default: what is idle goes when the free has run), and trimming.
#[test]
fn what_a_pool_keeps() {
    let lease = Lease::new();
    let (pool, stream) = (new_pool(lease.0, 10_000), new_stream());
    let (a, b) = (take(pool, 4000, stream), take(pool, 4000, stream));
    let mut none = null_mut();
    refused!(207001, "8000 of the pool's 10000", acl?.aclrtMemPoolMallocAsync(&mut none, 4000, pool, stream));
    ok!(acl?.aclrtMemPoolFreeAsync(a, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    let counts = || {
        let [now, high] = [ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_CURRENT, ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_HIGH];
        let [used, used_high] = [ACL_RT_MEM_POOL_ATTR_USED_MEM_CURRENT, ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH];
        [now, high, used, used_high].map(|attr| number(pool, attr))
    };
    assert_eq!(counts(), [4000, 8000, 4000, 8000]);
    set(pool, ACL_RT_MEM_POOL_ATTR_RELEASE_THRESHOLD, 5000);
    ok!(acl?.aclrtMemPoolFreeAsync(b, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(counts(), [4000, 8000, 0, 8000], "kept below the threshold");
    ok!(acl?.aclrtMemPoolTrimTo(pool, 4000));
    assert_eq!(counts()[0], 4000);
    ok!(acl?.aclrtMemPoolTrimTo(pool, 3999));
    assert_eq!(counts()[0], 0);
    set(pool, ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_HIGH, 0);
    set(pool, ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH, 0);
    assert_eq!(counts(), [0; 4]);
    ok!(acl?.aclrtMemPoolDestroy(pool));
}

// acl_rt_memory_soma.h: the attributes' types and values.
#[test]
fn attributes_and_arguments() {
    let lease = Lease::new();
    let (pool, stream) = (new_pool(lease.0, 0), new_stream());
    for attr in [1, 2, 3].map(aclrtMemPoolAttr) {
        let (mut off, mut got) = (0u32, 7u32);
        ok!(acl?.aclrtMemPoolSetAttr(pool, attr, (&raw mut off).cast()));
        ok!(acl?.aclrtMemPoolGetAttr(pool, attr, (&raw mut got).cast()));
        assert_eq!(got, 0);
        off = 2;
        refused!(107000, "value is 2", acl?.aclrtMemPoolSetAttr(pool, attr, (&raw mut off).cast()));
    }
    let (mut one, mut ptr) = (1u64, null_mut());
    let value: *mut c_void = (&raw mut one).cast();
    refused!(107000, "only be read", acl?.aclrtMemPoolSetAttr(pool, ACL_RT_MEM_POOL_ATTR_USED_MEM_CURRENT, value));
    refused!(107000, "only be set to 0", acl?.aclrtMemPoolSetAttr(pool, ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH, value));
    refused!(100000, "attr is 9", acl?.aclrtMemPoolSetAttr(pool, aclrtMemPoolAttr(9), value));
    refused!(100000, "attr is 0", acl?.aclrtMemPoolGetAttr(pool, aclrtMemPoolAttr(0), value));
    refused!(100000, "value is null", acl?.aclrtMemPoolGetAttr(pool, aclrtMemPoolAttr(1), null_mut()));
    refused!(100000, "size is 0", acl?.aclrtMemPoolMallocAsync(&mut ptr, 0, pool, stream));
    refused!(107017, "not a live pool", acl?.aclrtMemPoolMallocAsync(&mut ptr, 1, stream, stream));
    let plain = malloc(8);
    refused!(107000, "from a pool", acl?.aclrtMemPoolFreeAsync(plain, stream));
    ok!(acl.aclrtFree(plain));
    refused!(107017, "not a live pool", acl?.aclrtMemPoolTrimTo(stream, 0));
    ok!(acl?.aclrtMemPoolDestroy(pool));
    let mut wrong = props(lease.0, 0);
    wrong.handleType = ACL_MEM_HANDLE_TYPE_POSIX;
    refused!(100000, "handleType is 2", acl?.aclrtMemPoolCreate(&mut ptr, &wrong));
    wrong = props(lease.0, 0);
    wrong.reserved[31] = 1;
    refused!(100000, "reserved", acl?.aclrtMemPoolCreate(&mut ptr, &wrong));
    wrong = props(99, 0);
    refused!(107001, "99", acl?.aclrtMemPoolCreate(&mut ptr, &wrong));
    refused!(100000, "poolProps is null", acl?.aclrtMemPoolCreate(&mut ptr, std::ptr::null()));
}

// 11-10: A2 only.
#[test]
fn no_pools_on_a3() {
    if in_child("pools::no_pools_on_a3", &[("CANN_SIM_SOC", "Ascend910_9391")]) {
        let mut pool = null_mut();
        refused!(207000, "A2 series", acl?.aclrtMemPoolCreate(&mut pool, &props(0, 0)));
    }
}
