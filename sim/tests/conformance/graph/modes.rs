use super::*;

/// A blocking copy of this thread: its code.
fn copy(x: usize) -> i32 {
    let mut host = [0u8; 32];
    recent();
    call!(acl.aclrtMemcpy(host.as_mut_ptr().cast(), 32, x as *const c_void, 32, ACL_MEMCPY_DEVICE_TO_HOST))
}

/// The same in another thread of the device, which has set `mode`.
fn copy_elsewhere(device: i32, x: usize, mode: aclmdlRICaptureMode) -> i32 {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            ok!(acl.aclrtSetDevice(device));
            exchange(mode);
            let code = copy(x);
            ok!(acl.aclrtResetDevice(device));
            code
        });
        other.join().unwrap()
    })
}

/// The mode before.
fn exchange(mode: aclmdlRICaptureMode) -> aclmdlRICaptureMode {
    let mut mode = mode;
    graph_ok!(aclmdlRICaptureThreadExchangeMode(&mut mode));
    mode
}

// api_ref/15, aclmdlRICaptureThreadExchangeMode; context_aclgraph.cc, IsCaptureModeSupport. GLOBAL forbids blocking calls on
// every thread of the device, THREAD_LOCAL on the capturing one, RELAXED on none; a thread that sets RELAXED is free, one that
// sets THREAD_LOCAL is free of others' captures.
#[test]
fn modes_say_which_threads_may_copy() {
    let lease = Lease::new();
    let (stream, x) = (new_stream(), malloc(32) as usize);
    for (mode, own, other) in [(GLOBAL, 107030, 107030), (THREAD_LOCAL, 107030, 0), (RELAXED, 0, 0)] {
        begin(stream, mode);
        assert_eq!(copy(x), own, "{mode:?}: {}", recent());
        assert_eq!(copy_elsewhere(lease.0, x, GLOBAL), other, "{mode:?}");
        assert_eq!(copy_elsewhere(lease.0, x, THREAD_LOCAL), 0, "{mode:?}");
        assert_eq!(exchange(RELAXED), GLOBAL);
        assert_eq!(copy(x), 0);
        assert_eq!(exchange(THREAD_LOCAL), RELAXED);
        assert_eq!(copy(x), own, "{mode:?}");
        exchange(GLOBAL);
        graph_ok!(aclmdlRIDestroy(end(stream)));
        assert_eq!(copy(x), 0);
    }
    ok!(acl.aclrtFree(x as *mut c_void));
}

// api_ref/15, aclmdlRICaptureBegin: the blocking calls are copies and fills, and asynchronous copies of pageable memory
// (api_error.cc: 107041). Allocation is free. Another device's captures are another context's.
#[test]
fn what_a_mode_forbids() {
    let lease = Lease::new();
    let (stream, other, x, host) = (new_stream(), new_stream(), malloc(32), [1u8; 32]);
    let source = host.as_ptr().cast();
    begin(stream, GLOBAL);
    refused!(107030, "RELAXED", acl.aclrtMemset(x, 32, 1, 32));
    refused!(107030, "RELAXED", acl.aclrtMemcpy(x, 32, source, 32, ACL_MEMCPY_HOST_TO_DEVICE));
    refused!(107041, "pageable", acl.aclrtMemcpyAsync(x, 32, source, 32, ACL_MEMCPY_HOST_TO_DEVICE, other));
    // Checked before: arguments, and whether there is anything to do.
    refused!(100000, "kind is 9", acl.aclrtMemcpy(x, 32, source, 32, aclrtMemcpyKind(9)));
    ok!(acl.aclrtMemcpy(null_mut(), 0, null_mut(), 0, ACL_MEMCPY_HOST_TO_DEVICE));
    ok!(acl.aclrtMemsetAsync(x, 32, 5, 32, other));
    ok!(acl.aclrtSynchronizeStream(other));
    let y = malloc(64);
    ok!(acl.aclrtFree(y));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _elsewhere = Lease::new();
            let y = upload(&[3u8; 4]);
            ok!(acl.aclrtFree(y));
        });
    });
    lease.enter();
    graph_ok!(aclmdlRIDestroy(end(stream)));
    assert_eq!(download::<u8>(x, 32), [5; 32]);
    ok!(acl.aclrtFree(x));
}

// api_error_aclgraph.cc: null 100000, a mode out of range 107000.
#[test]
fn exchanging_modes_checks_its_argument() {
    let _lease = Lease::new();
    graph_refused!(100000, "mode is null", aclmdlRICaptureThreadExchangeMode(null_mut()));
    let mut mode = aclmdlRICaptureMode(7);
    graph_refused!(107000, "mode is 7", aclmdlRICaptureThreadExchangeMode(&mut mode));
}

// api_ref/15, aclmdlRICaptureEnd: only a RELAXED capture may end on another thread; 107038 ends it all the same.
#[test]
fn the_thread_that_ends_a_capture() {
    let lease = Lease::new();
    let (stream, device) = (new_stream() as usize, lease.0);
    let end_elsewhere = || {
        std::thread::scope(|scope| {
            let other = scope.spawn(move || {
                ok!(acl.aclrtSetDevice(device));
                let mut graph = null_mut();
                let code = graph!(aclmdlRICaptureEnd(stream as aclrtStream, &mut graph));
                ok!(acl.aclrtResetDevice(device));
                (code, graph as usize)
            });
            other.join().unwrap()
        })
    };
    for mode in [GLOBAL, THREAD_LOCAL] {
        begin(stream as aclrtStream, mode);
        assert_eq!(end_elsewhere(), (107038, 0));
        ok!(acl.aclrtSynchronizeStream(stream as aclrtStream));
    }
    begin(stream as aclrtStream, RELAXED);
    let (code, graph) = end_elsewhere();
    assert_eq!(code, 0);
    graph_ok!(aclmdlRIDestroy(graph as aclmdlRI));
}
