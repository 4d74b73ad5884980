//! Streams that tasks of a graph activate, and labels. Sources: runtime, 06_stream_management (aclrtActiveStream, aclrtSwitchStream),
//! 10_label_management, `api_error.cc`, `api_impl.cc`, `label.cc`, and the samples `example/2_advanced_features/model_ri/2_model_switch`
//! and `label/0_simple_label`.

use super::holds::SOON;
use super::*;

fn persistent() -> aclrtStream {
    let mut stream = null_mut();
    ok!(acl.aclrtCreateStreamWithConfig(&mut stream, 0, ACL_STREAM_PERSISTENT));
    stream
}

/// A graph whose first stream is its head; the others wait.
fn bound(streams: &[aclrtStream]) -> aclmdlRI {
    let mut graph = null_mut();
    graph_ok!(aclmdlRIBuildBegin(&mut graph, 0));
    for (i, stream) in streams.iter().enumerate() {
        let flag = if i == 0 { ACL_MODEL_STREAM_FLAG_HEAD } else { ACL_MODEL_STREAM_FLAG_DEFAULT };
        graph_ok!(aclmdlRIBindStream(graph, *stream, flag));
    }
    graph
}

fn build(graph: aclmdlRI, last: aclrtStream) {
    graph_ok!(aclmdlRIEndTask(graph, last));
    graph_ok!(aclmdlRIBuildEnd(graph, null_mut()));
}

fn run_soon(graph: aclmdlRI, stream: aclrtStream) {
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
}

fn destroy(graph: aclmdlRI, streams: &[aclrtStream]) {
    streams.iter().for_each(|stream| graph_ok!(aclmdlRIUnbindStream(graph, *stream)));
    graph_ok!(aclmdlRIDestroy(graph));
    streams.iter().for_each(|stream| ok!(acl.aclrtDestroyStream(*stream)));
}

fn put<T: Copy>(ptr: *mut c_void, value: T) {
    let bytes = size_of::<T>();
    ok!(acl.aclrtMemcpy(ptr, bytes, (&raw const value).cast(), bytes, ACL_MEMCPY_HOST_TO_DEVICE));
}

fn copy(dst: *mut c_void, src: *mut c_void, bytes: usize, stream: aclrtStream) {
    ok!(acl.aclrtMemcpyAsync(dst, bytes, src, bytes, ACL_MEMCPY_DEVICE_TO_DEVICE, stream));
}

/// `if left cond right { true_stream } else { go on }`
fn switch(left: *mut c_void, cond: aclrtCondition, right: *mut c_void, true_stream: aclrtStream, stream: aclrtStream) {
    graph_ok!(aclrtSwitchStream(left, cond, right, ACL_RT_SWITCH_INT32, true_stream, null_mut(), stream));
}

// 2_model_switch: a stream goes on on another one where two numbers are equal, else with its next task; what nothing activates does
// not run. The numbers are those of the time when the task is come to.
#[test]
fn streams_run_when_they_are_activated() {
    let _lease = Lease::new();
    let all = [persistent(), persistent(), persistent(), persistent(), persistent()];
    let [one, two, three, four, last] = all;
    let x: Vec<_> = (0..4).map(|_| upload(&[1f32; 8])).collect();
    let (number, next, is_1, is_2) = (upload(&[0i32]), upload(&[1i32]), upload(&[1i32]), upload(&[2i32]));
    let graph = bound(&all);
    muls(x[0], 8, 2.0, one);
    copy(number, next, 4, one);
    muls(x[1], 8, 2.0, two);
    graph_ok!(aclrtActiveStream(last, two));
    muls(x[2], 8, 2.0, three);
    graph_ok!(aclrtActiveStream(last, three));
    switch(number, ACL_RT_EQUAL, is_1, three, one);
    switch(number, ACL_RT_EQUAL, is_2, four, one);
    graph_ok!(aclrtActiveStream(two, four));
    muls(x[3], 8, 2.0, last);
    build(graph, last);
    let stream = new_stream();
    let firsts = || x.iter().map(|x| download::<f32>(*x, 1)[0]).collect::<Vec<_>>();
    run_soon(graph, stream);
    assert_eq!(firsts(), [2.0, 1.0, 2.0, 2.0], "by way of three");
    put(next, 2i32);
    run_soon(graph, stream);
    assert_eq!(firsts(), [4.0, 2.0, 2.0, 4.0], "by way of four and two");
    put(next, 3i32);
    run_soon(graph, stream);
    assert_eq!(firsts(), [8.0, 2.0, 2.0, 4.0], "neither");
    // Two replays are one behind the other, and what is behind them on the stream is behind both.
    put(next, 1i32);
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    muls(x[3], 8, 10.0, stream);
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(firsts(), [32.0, 2.0, 8.0, 160.0]);
    graph_ok!(aclmdlRIExecute(graph, -1));
    assert_eq!(firsts(), [64.0, 2.0, 16.0, 320.0]);
    destroy(graph, &all);
}

// The header: six comparisons, of numbers with a sign, of 4 or 8 bytes.
#[test]
fn comparisons() {
    let _lease = Lease::new();
    let stream = new_stream();
    let of_8 = [(-1i64, 1i64), (1 << 40, 1 << 40), (1 << 40, 5)];
    for (cond, wanted) in [
        (ACL_RT_EQUAL, [false, true, false]),
        (ACL_RT_NOT_EQUAL, [true, false, true]),
        (ACL_RT_GREATER, [false, false, true]),
        (ACL_RT_GREATER_OR_EQUAL, [false, true, true]),
        (ACL_RT_LESS, [true, false, false]),
        (ACL_RT_LESS_OR_EQUAL, [true, true, false]),
    ] {
        let (head, other) = (persistent(), persistent());
        let (left, right, x) = (upload(&[0i64]), upload(&[0i64]), upload(&[1f32; 8]));
        let graph = bound(&[head, other]);
        graph_ok!(aclrtSwitchStream(left, cond, right, ACL_RT_SWITCH_INT64, other, null_mut(), head));
        muls(x, 8, 5.0, head);
        muls(x, 8, 3.0, other);
        build(graph, other);
        for ((a, b), wanted) in of_8.into_iter().zip(wanted) {
            put(left, a);
            put(right, b);
            put(x, [1f32; 8]);
            run_soon(graph, stream);
            assert_eq!(download::<f32>(x, 1), [if wanted { 3.0 } else { 5.0 }], "{cond:?} of {a} and {b}");
        }
        destroy(graph, &[head, other]);
    }
}

fn labels(n: usize) -> (Vec<aclrtLabel>, aclrtLabelList) {
    let (mut labels, mut list) = (vec![null_mut(); n], null_mut());
    labels.iter_mut().for_each(|label| graph_ok!(aclrtCreateLabel(label)));
    graph_ok!(aclrtCreateLabelList(labels.as_mut_ptr(), n, &mut list));
    (labels, list)
}

// 0_simple_label, 10_label_management: goes on at the label of the index, above the last at the last; the index is read on the device.
#[test]
fn a_stream_goes_on_at_a_label() {
    let _lease = Lease::new();
    let (head, other, stream) = (persistent(), persistent(), new_stream());
    let (index, x) = (upload(&[0u32]), upload(&[1f32; 8]));
    let (labels, list) = labels(3);
    let graph = bound(&[head, other]);
    graph_ok!(aclrtSwitchLabelByIndex(index, 3, list, head));
    muls(x, 8, 100.0, head);
    graph_ok!(aclrtSetLabel(labels[0], head));
    muls(x, 8, 2.0, head);
    graph_ok!(aclrtSetLabel(labels[1], head));
    muls(x, 8, 3.0, head);
    muls(x, 8, 100.0, other);
    graph_ok!(aclrtSetLabel(labels[2], other));
    muls(x, 8, 7.0, other);
    build(graph, head);
    for (at, wanted) in [(0, 6.0), (1, 3.0), (2, 7.0), (9, 7.0)] {
        put(index, at as u32);
        put(x, [1f32; 8]);
        run_soon(graph, stream);
        assert_eq!(download::<f32>(x, 8), [wanted; 8], "label {at}");
    }
    graph_ok!(aclrtDestroyLabelList(list));
    labels.into_iter().for_each(|label| graph_ok!(aclrtDestroyLabel(label)));
    // The graph keeps what it needs.
    put(index, 1u32);
    put(x, [1f32; 8]);
    run_soon(graph, stream);
    assert_eq!(download::<f32>(x, 8), [3.0; 8]);
    destroy(graph, &[head, other]);
}

// A label may stand before the task that goes there: a loop, until the index says otherwise.
#[test]
fn a_loop_of_labels() {
    let _lease = Lease::new();
    let (head, stream) = (persistent(), new_stream());
    // Four rounds: the next index comes from a table whose beginning moves.
    let (index, table, x) = (upload(&[0u32]), upload(&[0u32, 0, 0, 1]), upload(&[1f32; 8]));
    let (labels, list) = labels(2);
    let graph = bound(&[head]);
    graph_ok!(aclrtSetLabel(labels[0], head));
    muls(x, 8, 2.0, head);
    copy(index, table, 4, head);
    copy(table, table.wrapping_byte_add(4), 12, head);
    graph_ok!(aclrtSwitchLabelByIndex(index, 2, list, head));
    graph_ok!(aclrtSetLabel(labels[1], head));
    muls(x, 8, 3.0, head);
    build(graph, head);
    run_soon(graph, stream);
    assert_eq!(download::<f32>(x, 8), [48.0; 8]);
    // Stopped while it loops for ever; the next run is a whole one.
    put(table, [0u32; 4]);
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 20));
    graph_ok!(aclmdlRIAbort(graph));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    put(table, [1u32; 4]);
    put(x, [1f32; 8]);
    run_soon(graph, stream);
    assert_eq!(download::<f32>(x, 8), [6.0; 8]);
    destroy(graph, &[head]);
}

// The simulator's promise: a label that was never set fails the run (507011), and only that one.
#[test]
fn a_label_that_was_never_set() {
    let _lease = Lease::new();
    let (head, stream, index) = (persistent(), new_stream(), upload(&[1u32]));
    let (labels, list) = labels(2);
    let graph = bound(&[head]);
    graph_ok!(aclrtSwitchLabelByIndex(index, 2, list, head));
    graph_ok!(aclrtSetLabel(labels[0], head));
    build(graph, head);
    graph_refused!(507011, "label 1 was never set", aclmdlRIExecute(graph, -1));
    put(index, 0u32);
    run_soon(graph, stream);
    destroy(graph, &[head]);
}

#[test]
fn flows_under_the_lazy_schedule() {
    let name = "graph::flow::flows_under_the_lazy_schedule";
    if in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "13")]) {
        streams_run_when_they_are_activated();
        a_stream_goes_on_at_a_label();
        a_loop_of_labels();
    }
}

// stream.cpp (100000), api_error.cc (107000), api_impl.cc (a stream that is not bound: 107005).
#[test]
fn what_a_switch_needs() {
    let _lease = Lease::new();
    let (head, other, free) = (persistent(), persistent(), new_stream());
    let (graph, elsewhere) = (bound(&[head]), bound(&[other]));
    let (n, int) = (upload(&[0i64]), ACL_RT_SWITCH_INT32);
    graph_refused!(100000, "activeStream is null", aclrtActiveStream(null_mut(), head));
    graph_refused!(100000, "stream is null", aclrtActiveStream(head, null_mut()));
    graph_refused!(107005, "stream is not bound", aclrtActiveStream(head, free));
    graph_refused!(107005, "activeStream is not bound", aclrtActiveStream(free, head));
    graph_refused!(107005, "activeStream is bound to graph", aclrtActiveStream(other, head));
    graph_refused!(100000, "leftValue is null", aclrtSwitchStream(null_mut(), ACL_RT_EQUAL, n, int, head, null_mut(), head));
    graph_refused!(100000, "rightValue is null", aclrtSwitchStream(n, ACL_RT_EQUAL, null_mut(), int, head, null_mut(), head));
    graph_refused!(100000, "trueStream is null", aclrtSwitchStream(n, ACL_RT_EQUAL, n, int, null_mut(), null_mut(), head));
    graph_refused!(100000, "stream is null", aclrtSwitchStream(n, ACL_RT_EQUAL, n, int, head, null_mut(), null_mut()));
    graph_refused!(100000, "falseStream", aclrtSwitchStream(n, ACL_RT_EQUAL, n, int, head, head, head));
    graph_refused!(107000, "cond is 6", aclrtSwitchStream(n, aclrtCondition(6), n, int, head, null_mut(), head));
    graph_refused!(
        107000,
        "dataType is 2",
        aclrtSwitchStream(n, ACL_RT_EQUAL, n, aclrtCompareDataType(2), head, null_mut(), head)
    );
    graph_refused!(107005, "trueStream is not bound", aclrtSwitchStream(n, ACL_RT_EQUAL, n, int, free, null_mut(), head));
    let mut host = 0i64;
    let at = (&raw mut host).cast();
    graph_refused!(107000, "memory of a device", aclrtSwitchStream(n, ACL_RT_EQUAL, at, int, head, null_mut(), head));
    // The room of its allocation: 32 bytes, and 32 more.
    let last = n.wrapping_byte_add(62);
    graph_refused!(107000, "live allocation", aclrtSwitchStream(last, ACL_RT_EQUAL, n, int, head, null_mut(), head));
    for (graph, stream) in [(graph, head), (elsewhere, other)] {
        graph_ok!(aclmdlRIUnbindStream(graph, stream));
        graph_ok!(aclmdlRIDestroy(graph));
    }
}

// label.cpp (100000), api_impl.cc (107005, another context: 507031), label.cc (507000: set twice, or in no list).
#[test]
fn what_a_label_needs() {
    let lease = Lease::new();
    let (head, free, index) = (persistent(), new_stream(), upload(&[0u32]));
    let graph = bound(&[head]);
    let (all, list) = labels(2);
    let (mut single, mut more) = (null_mut(), null_mut());
    graph_refused!(100000, "label is null", aclrtCreateLabel(null_mut()));
    graph_ok!(aclrtCreateLabel(&mut single));
    graph_refused!(507000, "in no list", aclrtSetLabel(single, head));
    graph_refused!(100000, "label is null", aclrtSetLabel(null_mut(), head));
    graph_refused!(100000, "stream is null", aclrtSetLabel(all[0], null_mut()));
    graph_refused!(107005, "not bound", aclrtSetLabel(all[0], free));
    graph_ok!(aclrtSetLabel(all[0], head));
    graph_refused!(507000, "set before", aclrtSetLabel(all[0], head));
    graph_refused!(100000, "labels is null", aclrtCreateLabelList(null_mut(), 1, &mut more));
    graph_refused!(100000, "labelList is null", aclrtCreateLabelList(&mut single, 1, null_mut()));
    graph_refused!(107000, "num is 0", aclrtCreateLabelList(&mut single, 0, &mut more));
    graph_refused!(107000, "num is 65536", aclrtCreateLabelList(&mut single, 65536, &mut more));
    graph_refused!(100000, "ptr is null", aclrtSwitchLabelByIndex(null_mut(), 2, list, head));
    graph_refused!(100000, "labelList is null", aclrtSwitchLabelByIndex(index, 2, null_mut(), head));
    graph_refused!(100000, "stream is null", aclrtSwitchLabelByIndex(index, 2, list, null_mut()));
    graph_refused!(107005, "not bound", aclrtSwitchLabelByIndex(index, 2, list, free));
    graph_refused!(107000, "maxValue is 3", aclrtSwitchLabelByIndex(index, 3, list, head));
    graph_refused!(107000, "maxValue is 0", aclrtSwitchLabelByIndex(index, 0, list, head));
    graph_refused!(107017, "not a live list", aclrtSwitchLabelByIndex(index, 1, all[0], head));
    let (mut primary, mut context) = (null_mut(), null_mut());
    ok!(acl.aclrtGetCurrentContext(&mut primary));
    ok!(acl.aclrtCreateContext(&mut context, lease.0));
    graph_refused!(507031, "another context", aclrtDestroyLabel(single));
    ok!(acl.aclrtDestroyContext(context));
    ok!(acl.aclrtSetCurrentContext(primary));
    graph_ok!(aclrtDestroyLabel(single));
    graph_refused!(107017, "not a live label", aclrtDestroyLabel(single));
    graph_refused!(107017, "not a live label", aclrtCreateLabelList(&mut single, 1, &mut more));
    graph_ok!(aclrtDestroyLabelList(list));
    graph_refused!(107017, "not a live list", aclrtDestroyLabelList(list));
    graph_ok!(aclmdlRIUnbindStream(graph, head));
    graph_ok!(aclmdlRIDestroy(graph));
}
