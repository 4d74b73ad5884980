//! Copies, fills and reductions in a graph, and what is not taken there.

use super::*;

// api_ref/15, aclmdlRICaptureBegin: what is enqueued is kept. Each replay reads memory anew.
#[test]
fn rows_batches_words_and_reductions_are_captured() {
    let lease = Lease::new();
    let (stream, pinned) = (new_stream(), malloc_host(64));
    let [rows, batch, words, sum] = [(); 4].map(|()| upload(&[0f32; 8]));
    let host = |values: [f32; 4]| {
        let from = values.as_ptr().cast();
        ok!(acl.aclrtMemcpy(pinned, 16, from, 16, ACL_MEMCPY_HOST_TO_HOST));
    };
    let at = |id, r#type| aclrtMemLocation { id, r#type };
    let graph = capture(stream, || {
        // Two rows of one value, four values apart.
        let up = ACL_MEMCPY_HOST_TO_DEVICE;
        ok!(acl?.aclrtMemcpy2dAsync(rows, 16, pinned, 4, 4, 2, up, stream));
        let attr = aclrtMemcpyBatchAttr {
            dstLoc: at(lease.0 as u32, ACL_MEM_LOCATION_TYPE_DEVICE),
            srcLoc: at(0, ACL_MEM_LOCATION_TYPE_HOST),
            rsv: [0; 16],
        };
        let (mut dsts, mut srcs) = ([batch, batch.wrapping_byte_add(8)], [pinned.wrapping_byte_add(8), pinned]);
        let (mut maxs, mut sizes, mut attrs, mut first, mut fail) = ([8, 4], [8, 4], [attr], [0], 0);
        ok!(acl?.aclrtMemcpyBatchAsync(
            dsts.as_mut_ptr(),
            maxs.as_mut_ptr(),
            srcs.as_mut_ptr(),
            sizes.as_mut_ptr(),
            2,
            attrs.as_mut_ptr(),
            first.as_mut_ptr(),
            1,
            &mut fail,
            stream
        ));
        ok!(acl?.aclrtMemsetD32Async(words, 32, 1.5f32.to_bits(), 8, stream));
        let kind = ACL_RT_MEMCPY_SDMA_AUTOMATIC_SUM;
        ok!(acl?.aclrtReduceAsync(sum, batch, 32, kind, ACL_FLOAT, stream, null_mut()));
    });
    assert_eq!(download::<f32>(words, 8), [0.0; 8], "nothing ran");
    let mut total = [0f32; 3];
    for i in 1..=3 {
        let [a, b, c, d] = [1, 2, 3, 4].map(|k| (10 * i + k) as f32);
        host([a, b, c, d]);
        ok!(acl.aclrtMemset(words, 32, 0, 32));
        run(graph, stream);
        assert_eq!(download::<f32>(rows, 8), [a, 0.0, 0.0, 0.0, b, 0.0, 0.0, 0.0]);
        assert_eq!(download::<f32>(batch, 4), [c, d, a, 0.0]);
        assert_eq!(download::<f32>(words, 8), [1.5; 8]);
        [c, d, a].iter().zip(&mut total).for_each(|(value, total)| *total += value);
        assert_eq!(download::<f32>(sum, 3), total);
    }
    // Pinned memory that a graph copies from stays with it.
    ok!(acl.aclrtFreeHost(pinned));
    run(graph, stream);
    graph_ok!(aclmdlRIDestroy(graph));
    [rows, batch, words, sum].into_iter().for_each(|ptr| ok!(acl.aclrtFree(ptr)));
}

// api_impl.cc: what checks the mode of a capture; api_error.cc: 2-D copies of pageable memory are 107000 on a stream that is
// captured, 107041 on others. context.cc: what waits for the device waits for a captured stream, too: 107027.
#[test]
fn what_takes_effect_at_once_is_refused() {
    let lease = Lease::new();
    let (stream, other, x, pinned, host) = (new_stream(), new_stream(), malloc(64), malloc_host(64), [1u8; 64]);
    let (from, up) = (host.as_ptr().cast(), ACL_MEMCPY_HOST_TO_DEVICE);
    begin(stream, GLOBAL);
    refused!(107030, "RELAXED", acl?.aclrtMemcpy2d(x, 8, from, 8, 8, 2, up));
    refused!(107030, "RELAXED", acl?.aclrtMemsetD32(x, 64, 1, 16));
    refused!(107000, "pageable", acl?.aclrtMemcpy2dAsync(x, 8, from, 8, 8, 2, up, stream));
    refused!(107041, "pageable", acl?.aclrtMemcpy2dAsync(x, 8, from, 8, 8, 2, up, other));
    refused!(107027, "captured", acl?.aclrtSynchronizeDeviceWithTimeout(100));
    refused!(107027, "captured", acl?.aclrtFreeWithDevSync(x));
    refused!(107027, "captured", acl?.aclrtFreeHostWithDevSync(pinned));
    graph_ok!(aclmdlRIDestroy(end(stream)));
    // What was refused has not happened.
    ok!(acl?.aclrtFreeWithDevSync(x));
    ok!(acl?.aclrtFreeHostWithDevSync(pinned));
    drop(lease);
}

// Memory that is had in the order of a stream: not in graphs of the simulator, which says so by name.
#[test]
fn memory_of_pools_is_not_captured() {
    let lease = Lease::new();
    let (stream, mut pool, mut block) = (new_stream(), null_mut(), null_mut());
    let props = aclrtMemPoolProps {
        allocType: ACL_MEM_ALLOCATION_TYPE_PINNED,
        handleType: ACL_MEM_HANDLE_TYPE_NONE,
        location: aclrtMemLocation { id: lease.0 as u32, r#type: ACL_MEM_LOCATION_TYPE_DEVICE },
        maxSize: 1 << 20,
        reserved: [0; 32],
    };
    ok!(acl?.aclrtMemPoolCreate(&mut pool, &props));
    ok!(acl?.aclrtMemPoolMallocAsync(&mut block, 64, pool, stream));
    begin(stream, THREAD_LOCAL);
    let mut second = null_mut();
    refused!(207000, "memory of pools", acl?.aclrtMemPoolMallocAsync(&mut second, 64, pool, stream));
    refused!(207000, "memory of pools", acl?.aclrtMemPoolFreeAsync(block, stream));
    graph_ok!(aclmdlRIDestroy(end(stream)));
    ok!(acl?.aclrtMemPoolFreeAsync(block, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    ok!(acl?.aclrtMemPoolDestroy(pool));
}

// api_impl.cc, EventReset: not of an event that captures take. In a graph that is built, a reset has its place, and the event's
// next record is another mark; api_error.cc: meanwhile the host may not ask about it (107028).
#[test]
fn events_are_reset_in_graphs_that_are_built() {
    let _lease = Lease::new();
    let (stream, x) = (new_stream(), upload(&[1f32; 8]));
    let (mut event, mut graph) = (null_mut(), null_mut());
    ok!(acl.aclrtCreateEventWithFlag(&mut event, ACL_EVENT_SYNC));
    begin(stream, THREAD_LOCAL);
    refused!(207000, "aclrtCreateEventExWithFlag", acl?.aclrtResetEvent(event, stream));
    graph_ok!(aclmdlRIDestroy(end(stream)));

    let [a, b] = [(); 2].map(|()| {
        let mut stream = null_mut();
        ok!(acl.aclrtCreateStreamWithConfig(&mut stream, 0, ACL_STREAM_PERSISTENT));
        stream
    });
    graph_ok!(aclmdlRIBuildBegin(&mut graph, 0));
    [a, b].into_iter().for_each(|stream| graph_ok!(aclmdlRIBindStream(graph, stream, ACL_MODEL_STREAM_FLAG_HEAD)));
    for factor in [2.0, 3.0] {
        muls(x, 8, factor, a);
        ok!(acl.aclrtRecordEvent(event, a));
        ok!(acl.aclrtStreamWaitEvent(b, event));
        let (mut status, mut wait) = (aclrtEventStatus(-1), aclrtEventWaitStatus(-1));
        refused!(107028, "capture", acl?.aclrtQueryEvent(event, &mut status));
        refused!(107028, "capture", acl?.aclrtQueryEventWaitStatus(event, &mut wait));
        ok!(acl?.aclrtResetEvent(event, b));
        ok!(acl?.aclrtQueryEvent(event, &mut status));
    }
    muls(x, 8, 10.0, b);
    [a, b].into_iter().for_each(|stream| graph_ok!(aclmdlRIEndTask(graph, stream)));
    graph_ok!(aclmdlRIBuildEnd(graph, null_mut()));
    run(graph, stream);
    assert_eq!(download::<f32>(x, 8), [60.0; 8]);
    [a, b].into_iter().for_each(|stream| graph_ok!(aclmdlRIUnbindStream(graph, stream)));
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}
