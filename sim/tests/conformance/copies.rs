//! Copies of rows, batches and indirect ones; fills with words; reductions; hints to the cache.

use super::*;

/// A matrix of bytes, `height` rows `pitch` apart, whose every byte is different from its neighbours.
fn matrix(height: usize, pitch: usize) -> Vec<u8> {
    (0..height * pitch).map(|i| (i * 7 + i / 251) as u8).collect()
}

/// A lease is of a device that nobody has memory of.
fn free_all(ptrs: &[*mut c_void]) {
    ptrs.iter().for_each(|ptr| ok!(acl.aclrtFree(*ptr)));
}

// runtime, 11-03 and memory.cpp (CheckMemcpy2dParam): rows between host and device and within a device.
#[test]
fn rows() {
    let _lease = Lease::new();
    let (height, width, pitch) = (37, 11, 64);
    let source = matrix(height, pitch);
    let (a, b, stream) = (malloc(height * pitch), malloc(height * width), new_stream());
    ok!(acl.aclrtMemset(b, height * width, 0xee, height * width));
    let up = ACL_MEMCPY_HOST_TO_DEVICE;
    ok!(acl?.aclrtMemcpy2d(a, pitch, source.as_ptr().cast(), pitch, pitch, height, up));
    ok!(acl?.aclrtMemcpy2dAsync(b, width, a.wrapping_byte_add(5), pitch, width, height, ACL_MEMCPY_DEVICE_TO_DEVICE, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    let packed = download::<u8>(b, height * width);
    for row in 0..height {
        assert_eq!(packed[row * width..][..width], source[row * pitch + 5..][..width], "row {row}");
    }
    // Back into a wider matrix of the host, which keeps what lies between.
    let mut back = vec![9u8; height * pitch];
    ok!(acl?.aclrtMemcpy2dAsync(back.as_mut_ptr().cast(), pitch, b, width, width, height, ACL_MEMCPY_DEFAULT, stream));
    for row in 0..height {
        assert_eq!(back[row * pitch..][..width], packed[row * width..][..width]);
        assert!(back[row * pitch + width..(row + 1) * pitch].iter().all(|b| *b == 9));
    }
    ok!(acl?.aclrtMemcpy2d(null_mut(), 0, std::ptr::null(), 0, 0, 9, aclrtMemcpyKind(77)));
    ok!(acl?.aclrtMemcpy2dAsync(null_mut(), 0, std::ptr::null(), 0, 9, 0, up, stream));
    let src = source.as_ptr().cast();
    refused!(100000, "dst is null", acl?.aclrtMemcpy2d(null_mut(), 9, src, 9, 9, 9, up));
    refused!(100000, "more than dpitch, 8", acl?.aclrtMemcpy2d(a, 8, src, 9, 9, 9, up));
    refused!(100000, "more than spitch, 8", acl?.aclrtMemcpy2dAsync(a, 9, src, 8, 9, 9, up, stream));
    refused!(100000, "kind is 0", acl?.aclrtMemcpy2d(a, 9, src, 9, 9, 9, ACL_MEMCPY_HOST_TO_HOST));
    refused!(107000, "width is 5000001", acl?.aclrtMemcpy2d(a, 5_000_001, src, 5_000_001, 5_000_001, 1, up));
    refused!(107000, "height is 5242881", acl?.aclrtMemcpy2d(a, 1, src, 1, 1, 5_242_881, up));
    // One row too many: 38 * 64 bytes.
    refused!(107000, "2432 bytes there", acl?.aclrtMemcpy2d(a, pitch, src, pitch, pitch, height + 1, up));
    refused!(107000, "kind is ACL_MEMCPY_DEVICE_TO_HOST", acl?.aclrtMemcpy2d(a, 9, src, 9, 9, 9, ACL_MEMCPY_DEVICE_TO_HOST));
    ok!(acl.aclrtFree(a));
    ok!(acl.aclrtFree(b));
}

/// Arrays of a batch.
struct Batch {
    dsts: Vec<*mut c_void>,
    maxs: Vec<usize>,
    srcs: Vec<*mut c_void>,
    sizes: Vec<usize>,
    attrs: Vec<aclrtMemcpyBatchAttr>,
    indexes: Vec<usize>,
    fail: usize,
}

impl Batch {
    fn new(parts: &[(*mut c_void, *mut c_void, usize)], attrs: &[(aclrtMemLocation, aclrtMemLocation, usize)]) -> Batch {
        Batch {
            dsts: parts.iter().map(|part| part.0).collect(),
            srcs: parts.iter().map(|part| part.1).collect(),
            sizes: parts.iter().map(|part| part.2).collect(),
            maxs: parts.iter().map(|part| part.2).collect(),
            attrs: attrs.iter().map(|a| aclrtMemcpyBatchAttr { dstLoc: a.0, srcLoc: a.1, rsv: [0; 16] }).collect(),
            indexes: attrs.iter().map(|a| a.2).collect(),
            fail: 77,
        }
    }
}

/// Calls one of the four functions on a batch, with what else it takes.
macro_rules! batch {
    ($how:ident $(($code:literal, $words:literal))?, $name:ident, $batch:expr $(; $fail:ident)? $(, $stream:expr)?) => {{
        let b: &mut Batch = $batch;
        let (n, k) = (b.sizes.len(), b.attrs.len());
        $how!($($code, $words,)? acl?.$name(
            b.dsts.as_mut_ptr(), b.maxs.as_mut_ptr(), b.srcs.as_mut_ptr(), b.sizes.as_mut_ptr(), n,
            b.attrs.as_mut_ptr(), b.indexes.as_mut_ptr(), k $(, &mut b.$fail)? $(, $stream)?
        ));
    }};
}

fn on_device(id: i32) -> aclrtMemLocation {
    aclrtMemLocation { id: id as u32, r#type: ACL_MEM_LOCATION_TYPE_DEVICE }
}
const ON_HOST: aclrtMemLocation = aclrtMemLocation { id: 0, r#type: ACL_MEM_LOCATION_TYPE_HOST };

// runtime, 11-03 (aclrtMemcpyBatch): all four, up and down, from pinned and pageable memory.
#[test]
fn batches() {
    let lease = Lease::new();
    let (stream, device, pinned) = (new_stream(), malloc(1 << 16), malloc_host(1 << 16));
    let source = matrix(1, 1 << 16);
    ok!(acl.aclrtMemcpy(pinned, 1 << 16, source.as_ptr().cast(), 1 << 16, ACL_MEMCPY_HOST_TO_HOST));
    let at = |base: *mut c_void, offset: usize| base.wrapping_byte_add(offset);
    // Blocks of 1000 bytes, reversed; one of nothing.
    let up: Vec<_> =
        (0..20).map(|i| (at(device, i * 1000), at(pinned, (19 - i) * 1000), if i == 7 { 0 } else { 1000 })).collect();
    let attr = [(on_device(lease.0), ON_HOST, 0)];
    ok!(acl.aclrtMemset(device, 1 << 16, 1, 1 << 16));
    let gate = Gate::close(stream);
    let mut b = Batch::new(&up, &attr);
    batch!(ok, aclrtMemcpyBatchAsync, &mut b; fail, stream);
    assert_eq!(b.fail, usize::MAX);
    assert_eq!(download::<u8>(device, 8), [1; 8], "asynchronous with pinned memory");
    gate.open();
    ok!(acl.aclrtSynchronizeStream(stream));
    let got = download::<u8>(device, 20_000);
    for i in 0..20 {
        let (block, wanted) = (&got[i * 1000..][..1000], &source[(19 - i) * 1000..][..1000]);
        assert!(if i == 7 { block.iter().all(|b| *b == 1) } else { block == wanted }, "block {i}");
    }
    // Down into pageable memory: made when the call returns. Two attributes that say the same.
    let mut back = vec![0u8; 20_000];
    let host: *mut c_void = back.as_mut_ptr().cast();
    let down: Vec<_> = (0..20).map(|i| (at(host, i * 1000), at(device, i * 1000), 1000)).collect();
    let two = [(ON_HOST, on_device(lease.0), 0), (ON_HOST, on_device(lease.0), 13)];
    batch!(ok, aclrtMemcpyBatchAsyncV2, &mut Batch::new(&down, &two), stream);
    assert_eq!(back, got);
    back.fill(0);
    batch!(ok, aclrtMemcpyBatch, &mut Batch::new(&down, &two); fail);
    assert_eq!(back, got);
    back.fill(0);
    batch!(ok, aclrtMemcpyBatchV2, &mut Batch::new(&down, &two));
    assert_eq!(back, got);
    ok!(acl.aclrtFree(device));
    ok!(acl.aclrtFreeHost(pinned));
}

// runtime, 11-03: one direction, matching attributes; failIndex names the copy whose memory is wrong, else it is SIZE_MAX.
#[test]
fn what_a_batch_refuses() {
    let lease = Lease::new();
    let (device, mut host) = (malloc(100), vec![0u8; 100]);
    let host: *mut c_void = host.as_mut_ptr().cast();
    let (here, part) = (on_device(lease.0), (device, host, 10));
    let good = || Batch::new(&[part; 3], &[(here, ON_HOST, 0)]);
    let mut b = good();
    b.sizes.fill(0);
    b.dsts.fill(null_mut());
    batch!(ok, aclrtMemcpyBatch, &mut b; fail);
    let mut b = good();
    b.maxs[1] = 9;
    batch!(refused(107000, "sizes[1] is 10, more than destMaxs[1], 9"), aclrtMemcpyBatch, &mut b; fail);
    assert_eq!(b.fail, usize::MAX);
    let mut b = Batch::new(&[part, part, (host, device, 10)], &[(here, ON_HOST, 0), (ON_HOST, here, 2)]);
    batch!(refused(207000, "copy 2 goes against"), aclrtMemcpyBatch, &mut b; fail);
    assert_eq!(b.fail, 2);
    let mut b = Batch::new(&[part, (device, device, 10)], &[(here, ON_HOST, 0), (here, here, 1)]);
    batch!(refused(207000, "between host and device"), aclrtMemcpyBatch, &mut b; fail);
    assert_eq!(b.fail, 1);
    let mut b = Batch::new(&[part; 2], &[(on_device((lease.0 + 1) % 8), ON_HOST, 0)]);
    batch!(refused(107000, "dsts[0] is memory of device"), aclrtMemcpyBatchV2, &mut b);
    let mut b = Batch::new(&[part, (device.wrapping_byte_add(151), host, 10)], &[(here, ON_HOST, 0)]);
    batch!(refused(107000, "dsts[1]"), aclrtMemcpyBatch, &mut b; fail);
    assert_eq!(b.fail, 1);
    for indexes in [vec![1], vec![0, 2, 1], vec![0, 3]] {
        let attrs: Vec<_> = indexes.iter().map(|i| (here, ON_HOST, *i)).collect();
        batch!(refused(107000, "attrsIndexes"), aclrtMemcpyBatch, &mut Batch::new(&[part; 3], &attrs); fail);
    }
    let mut b = Batch::new(&[part; 3], &[]);
    b.attrs.reserve(1);
    b.indexes.reserve(1);
    batch!(refused(107000, "numAttrs is 0"), aclrtMemcpyBatch, &mut b; fail);
    batch!(refused(100000, "numBatches is 0"), aclrtMemcpyBatchV2, &mut Batch::new(&[], &[(here, ON_HOST, 0)]));
    ok!(acl.aclrtFree(device));
}

// acl_rt.h: the older name of aclrtMemcpyAsync.
#[test]
fn copies_with_condition() {
    let _lease = Lease::new();
    let (ptr, stream) = (malloc(4), new_stream());
    ok!(acl?.aclrtMemcpyAsyncWithCondition(ptr, 4, [1u8, 2, 3, 4].as_ptr().cast(), 4, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    assert_eq!(download::<u8>(ptr, 4), [1, 2, 3, 4]);
    let src = ptr.cast_const();
    refused!(100000, "kind is 6", acl?.aclrtMemcpyAsyncWithCondition(ptr, 4, src, 4, ACL_MEMCPY_INNER_DEVICE_TO_DEVICE, stream));
    ok!(acl.aclrtFree(ptr));
}

// runtime, 11-03 (aclrtMemcpyAsyncWithOffset): the addresses stand in device memory and are read when the copy runs.
#[test]
fn copies_by_address_in_device_memory() {
    let _lease = Lease::new();
    let inner = ACL_MEMCPY_INNER_DEVICE_TO_DEVICE;
    let (source, target) = (upload(&[1u32, 2, 3, 4, 5, 6, 7, 8]), upload(&[0u32; 8]));
    let (cells, stream) = (upload(&[0usize; 2]), new_stream());
    let (to, from) = (cells.cast::<*mut c_void>(), cells.wrapping_byte_add(8).cast::<*const c_void>());
    // Known only after the call: written by an earlier entry of the queue.
    let addresses = malloc_host(16);
    // SAFETY: 16 pinned bytes.
    unsafe { addresses.cast::<[usize; 2]>().write([target as usize, source as usize]) };
    ok!(acl.aclrtMemcpyAsync(cells, 16, addresses, 16, ACL_MEMCPY_HOST_TO_DEVICE, stream));
    ok!(acl?.aclrtMemcpyAsyncWithOffset(to, 8, 4, from, 8, 16, inner, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u32>(target, 8), [0, 5, 6, 0, 0, 0, 0, 0]);
    refused!(107000, "kind is 3", acl?.aclrtMemcpyAsyncWithOffset(to, 8, 0, from, 8, 0, ACL_MEMCPY_DEVICE_TO_DEVICE, stream));
    refused!(107000, "more than destMax, 7", acl?.aclrtMemcpyAsyncWithOffset(to, 7, 0, from, 8, 0, inner, stream));
    refused!(100000, "src is null", acl?.aclrtMemcpyAsyncWithOffset(to, 8, 0, null_mut(), 8, 0, inner, stream));
    refused!(
        107000,
        "address in device memory",
        acl?.aclrtMemcpyAsyncWithOffset(addresses.cast(), 8, 0, from, 8, 0, inner, stream)
    );
    // What stands there is checked when it is read: a failure of the stream.
    ok!(acl?.aclrtMemcpyAsyncWithOffset(to, 8, 60, from, 8, 0, inner, stream));
    refused!(507015, "dst", acl.aclrtSynchronizeStream(stream));
    free_all(&[source, target, cells]);
    ok!(acl.aclrtFreeHost(addresses));
}

// runtime, 11-03 (aclrtMemcpyAsyncWithDesc): a descriptor in device memory.
#[test]
fn copies_by_descriptor() {
    let _lease = Lease::new();
    let inner = ACL_MEMCPY_INNER_DEVICE_TO_DEVICE;
    let mut size = 0;
    ok!(acl?.aclrtGetMemcpyDescSize(inner, &mut size));
    let (source, target, desc, stream) = (upload(&[7u32; 4]), upload(&[0u32; 4]), malloc(size), new_stream());
    ok!(acl?.aclrtSetMemcpyDesc(desc, inner, source, target, 12, null_mut()));
    ok!(acl?.aclrtMemcpyAsyncWithDesc(desc, inner, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u32>(target, 4), [7, 7, 7, 0]);
    refused!(107000, "kind is 1", acl?.aclrtGetMemcpyDescSize(ACL_MEMCPY_HOST_TO_DEVICE, &mut size));
    refused!(100000, "descSize is null", acl?.aclrtGetMemcpyDescSize(inner, null_mut()));
    refused!(100000, "config is not null", acl?.aclrtSetMemcpyDesc(desc, inner, source, target, 12, desc));
    refused!(100000, "dstAddr is null", acl?.aclrtSetMemcpyDesc(desc, inner, source, null_mut(), 12, null_mut()));
    refused!(107000, "count is 0", acl?.aclrtSetMemcpyDesc(desc, inner, source, target, 0, null_mut()));
    refused!(
        107000,
        "64 bytes there",
        acl?.aclrtSetMemcpyDesc(source.wrapping_byte_add(32), inner, source, target, 12, null_mut())
    );
    ok!(acl.aclrtMemset(desc, size, 0, size));
    ok!(acl?.aclrtMemcpyAsyncWithDesc(desc, inner, stream));
    refused!(507015, "holds no descriptor", acl.aclrtSynchronizeStream(stream));
    free_all(&[source, target, desc]);
}

// runtime, 11-03 (aclrtMemsetD32): N values of 32 bits, which memSize must hold; pinned memory too.
#[test]
fn fills_with_words() {
    let _lease = Lease::new();
    let n = 3_000_017;
    let (ptr, pinned, stream) = (malloc(4 * n), malloc_host(64), new_stream());
    ok!(acl?.aclrtMemsetD32(ptr, 4 * n, 0xdead_beef, n));
    assert!(download::<u32>(ptr, n).iter().all(|v| *v == 0xdead_beef));
    ok!(acl?.aclrtMemsetD32Async(ptr, 4 * n, 7, 2, stream));
    ok!(acl?.aclrtMemsetD32Async(pinned, 64, 9, 16, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    assert_eq!(download::<u32>(ptr, 3), [7, 7, 0xdead_beef]);
    // SAFETY: 64 pinned bytes, which nothing writes any more.
    assert_eq!(unsafe { pinned.cast::<[u32; 16]>().read() }, [9; 16]);
    ok!(acl?.aclrtMemsetD32(null_mut(), 0, 1, 0));
    refused!(107000, "more than memSize, 7", acl?.aclrtMemsetD32(ptr, 7, 1, 2));
    refused!(107000, "N is", acl?.aclrtMemsetD32Async(ptr, 8, 1, usize::MAX, stream));
    refused!(100000, "devPtr is null", acl?.aclrtMemsetD32(null_mut(), 4, 1, 1));
    let mut pageable = [0u32; 1];
    refused!(207000, "no other", acl?.aclrtMemsetD32Async(pageable.as_mut_ptr().cast(), 4, 1, 1, stream));
    ok!(acl.aclrtFree(ptr));
    ok!(acl.aclrtFreeHost(pinned));
}

// runtime, 12 (aclrtReduceAsync): dst = dst op src over `count` bytes; sum, max and min of the chip's types.
#[test]
fn reductions() {
    let _lease = Lease::new();
    let stream = new_stream();
    let (sum, max, min) = (ACL_RT_MEMCPY_SDMA_AUTOMATIC_SUM, ACL_RT_MEMCPY_SDMA_AUTOMATIC_MAX, ACL_RT_MEMCPY_SDMA_AUTOMATIC_MIN);
    fn reduced<T: Copy + Default>(
        dst: &[T],
        src: &[T],
        kind: aclrtReduceKind,
        dtype: aclDataType,
        stream: aclrtStream,
    ) -> Vec<T> {
        let (a, b) = (upload(dst), upload(src));
        ok!(acl?.aclrtReduceAsync(a, b, size_of_val(src) as u64, kind, dtype, stream, null_mut()));
        ok!(acl.aclrtSynchronizeStream(stream));
        let result = download::<T>(a, dst.len());
        ok!(acl.aclrtFree(a));
        ok!(acl.aclrtFree(b));
        result
    }
    // Powers of two and their sums: exact in every type.
    assert_eq!(reduced(&[1f32, -2.5, 3.0], &[0.5, 4.0], sum, ACL_FLOAT, stream), [1.5, 1.5, 3.0]);
    assert_eq!(reduced(&[1i32, -5], &[-1, 9], max, ACL_INT32, stream), [1, 9]);
    assert_eq!(reduced(&[1i16, -5], &[-1, 9], min, ACL_INT16, stream), [-1, -5]);
    assert_eq!(reduced(&[100i8, -5], &[27, 9], sum, ACL_INT8, stream), [127, 4]);
    // 1.0 and 2.0 in both halves.
    assert_eq!(reduced(&[0x3c00u16], &[0x3c00], sum, ACL_FLOAT16, stream), [0x4000]);
    assert_eq!(reduced(&[0x3f80u16], &[0x4000], max, ACL_BF16, stream), [0x4000]);
    let (a, b) = (upload(&[0u32; 8]), upload(&[0u32; 8]));
    let pinned = malloc_host(64);
    refused!(
        207000,
        "kind is 13",
        acl?.aclrtReduceAsync(a, b, 4, ACL_RT_MEMCPY_SDMA_AUTOMATIC_EQUAL, ACL_FLOAT, stream, null_mut())
    );
    refused!(207000, "type is ACL_INT64", acl?.aclrtReduceAsync(a, b, 8, sum, ACL_INT64, stream, null_mut()));
    refused!(107000, "count is 6 bytes", acl?.aclrtReduceAsync(a, b, 6, sum, ACL_FLOAT, stream, null_mut()));
    refused!(100000, "count is 0", acl?.aclrtReduceAsync(a, b, 0, sum, ACL_FLOAT, stream, null_mut()));
    refused!(100000, "reserve is not null", acl?.aclrtReduceAsync(a, b, 4, sum, ACL_FLOAT, stream, a));
    refused!(107008, "not aligned", acl?.aclrtReduceAsync(a.wrapping_byte_add(2), b, 4, sum, ACL_FLOAT, stream, null_mut()));
    refused!(107000, "pinned", acl?.aclrtReduceAsync(a, pinned, 4, sum, ACL_FLOAT, stream, null_mut()));
    refused!(107000, "68 bytes there", acl?.aclrtReduceAsync(a, b, 68, sum, ACL_FLOAT, stream, null_mut()));
    refused!(107000, "overlap", acl?.aclrtReduceAsync(a, a.wrapping_byte_add(4), 8, sum, ACL_FLOAT, stream, null_mut()));
    free_all(&[a, b]);
    ok!(acl.aclrtFreeHost(pinned));
}

// runtime, 11-06 (aclrtCmoAsync): only the prefetch is taken, of the stream's own device.
#[test]
fn prefetch() {
    let _lease = Lease::new();
    let (ptr, stream) = (malloc(100), new_stream());
    ok!(acl?.aclrtCmoAsync(ptr, 100, ACL_RT_CMO_TYPE_PREFETCH, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    refused!(207000, "cmoType is 3", acl?.aclrtCmoAsync(ptr, 100, ACL_RT_CMO_TYPE_FLUSH, stream));
    refused!(107000, "161 bytes", acl?.aclrtCmoAsync(ptr, 161, ACL_RT_CMO_TYPE_PREFETCH, stream));
    refused!(100000, "size is 0", acl?.aclrtCmoAsync(ptr, 0, ACL_RT_CMO_TYPE_PREFETCH, stream));
    refused!(100000, "src is null", acl?.aclrtCmoAsync(null_mut(), 1, ACL_RT_CMO_TYPE_PREFETCH, stream));
    ok!(acl.aclrtFree(ptr));
}
