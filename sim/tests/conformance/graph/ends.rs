//! Replays that do not end well, and the graph afterwards.

use super::holds::{SOON, new_notify, run_held};
use super::*;

/// A graph that waits for the notify and then doubles eight values.
fn held(stream: aclrtStream, notify: aclrtNotify, x: *mut c_void) -> aclmdlRI {
    capture(stream, || {
        ok!(acl?.aclrtWaitAndResetNotify(notify, stream, 0));
        muls(x, 8, 2.0, stream);
    })
}

// api_ref/06, aclrtStreamAbort: what runs is stopped, what has not run is dropped. So the graph does not run on, nor does it count
// as running: it can be executed again, and destroyed at once (context.cc, ModelDestroy: RT_ERROR_MODEL_RUNNING after 10 s).
#[test]
fn an_abort_of_a_stream_ends_its_replays() {
    let _lease = Lease::new();
    let (stream, other, notify, x) = (new_stream(), new_stream(), new_notify(), upload(&[1f32; 8]));
    let graph = held(stream, notify, x);
    // One that has begun, and one that has not.
    for _ in 0..2 {
        graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    }
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    ok!(acl?.aclrtStreamAbort(stream));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(download::<f32>(x, 8), [1.0; 8]);
    run_held(graph, stream, || ok!(acl?.aclrtRecordNotify(notify, other)));
    assert_eq!(download::<f32>(x, 8), [2.0; 8]);
    // One behind work that waits itself.
    let gate = Gate::close(stream);
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl?.aclrtRecordNotify(notify, other));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(other, SOON));
    ok!(acl?.aclrtStreamAbort(stream));
    gate.open();
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(download::<f32>(x, 8), [4.0; 8], "the notify that nobody took");
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl?.aclrtStreamAbort(stream));
    let start = std::time::Instant::now();
    graph_ok!(aclmdlRIDestroy(graph));
    assert!(start.elapsed().as_secs() < 9, "it did not wait");
    ok!(acl.aclrtFree(x));
}

// The same: what other streams have the graph run goes on.
#[test]
fn an_abort_leaves_the_replays_of_other_streams() {
    let _lease = Lease::new();
    let ([home, a, b, other], notify, x) = ([(); 4].map(|()| new_stream()), new_notify(), upload(&[1f32; 8]));
    let graph = held(home, notify, x);
    for stream in [a, b, a] {
        graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    }
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(a, 5));
    ok!(acl?.aclrtStreamAbort(b));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(b, SOON));
    for doubled in [2.0, 4.0] {
        ok!(acl?.aclrtRecordNotify(notify, other));
        ok!(acl.aclrtSynchronizeStreamWithTimeout(other, SOON));
        // The notify was taken once the values are there.
        while download::<f32>(x, 8) != [doubled; 8] {
            std::thread::yield_now();
        }
    }
    ok!(acl.aclrtSynchronizeStreamWithTimeout(a, SOON));
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// context.cc, StreamAbort: not a stream that is bound to a graph: RT_ERROR_STREAM_INVALID, which is 507000.
#[test]
fn a_bound_stream_cannot_be_aborted() {
    let _lease = Lease::new();
    let (mut graph, mut stream) = (null_mut(), null_mut());
    ok!(acl.aclrtCreateStreamWithConfig(&mut stream, 0, ACL_STREAM_PERSISTENT));
    graph_ok!(aclmdlRIBuildBegin(&mut graph, 0));
    graph_ok!(aclmdlRIBindStream(graph, stream, ACL_MODEL_STREAM_FLAG_HEAD));
    refused!(507000, "bound", acl?.aclrtStreamAbort(stream));
    graph_ok!(aclmdlRIUnbindStream(graph, stream));
    ok!(acl?.aclrtStreamAbort(stream));
    graph_ok!(aclmdlRIDestroy(graph));
}

// capture_model.cc, CheckExecuteReady and CaptureModelExecuteFinish: a failure in one replay leaves the graph as it was.
#[test]
fn a_graph_that_failed_can_be_executed_again() {
    let _lease = Lease::new();
    let ([home, a, b, other], notify, x) = ([(); 4].map(|()| new_stream()), new_notify(), upload(&[1f32; 8]));
    let graph = capture(home, || {
        ok!(acl?.aclrtWaitAndResetNotify(notify, home, 1));
        muls(x, 8, 2.0, home);
    });
    graph_ok!(aclmdlRIExecuteAsync(graph, a));
    refused!(107020, "within 1 s", acl.aclrtSynchronizeStreamWithTimeout(a, SOON));
    let before = download::<f32>(x, 8)[0];
    ok!(acl?.aclrtRecordNotify(notify, other));
    graph_ok!(aclmdlRIExecuteAsync(graph, b));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(b, SOON));
    assert_eq!(download::<f32>(x, 8), [2.0 * before; 8]);
    ok!(acl?.aclrtRecordNotify(notify, other));
    graph_ok!(aclmdlRIExecute(graph, SOON));
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}
