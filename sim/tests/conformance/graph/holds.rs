//! What holds a stream, in a graph: notifies, words of memory, functions of the host, waits with a limit. Each replay comes to it
//! anew (runtime: `capture_model.cc`, a graph has the tasks of its streams; `api_impl.cc`, CallbackLaunchWithoutEvent: the graph's
//! queue is subscribed as the captured stream is).

use std::sync::atomic::{AtomicU32, Ordering::*};
use std::time::Duration;

use super::*;

pub(super) const SOON: i32 = 20_000;

pub(super) fn new_notify() -> aclrtNotify {
    let mut notify = null_mut();
    ok!(acl?.aclrtCreateNotify(&mut notify, ACL_NOTIFY_DEFAULT));
    notify
}

/// Runs a graph that something holds: `release` lets it go on.
pub(super) fn run_held(graph: aclmdlRI, stream: aclrtStream, release: impl FnOnce()) {
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    release();
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
}

#[test]
fn replays_wait_for_notifies_and_record_them() {
    let _lease = Lease::new();
    let (stream, other, x) = (new_stream(), new_stream(), upload(&[1f32; 8]));
    let (go, done) = (new_notify(), new_notify());
    let graph = capture(stream, || {
        ok!(acl?.aclrtWaitAndResetNotify(go, stream, 0));
        muls(x, 8, 2.0, stream);
        ok!(acl?.aclrtRecordNotify(done, stream));
    });
    for i in 1..=3 {
        run_held(graph, stream, || ok!(acl?.aclrtRecordNotify(go, other)));
        assert_eq!(download::<f32>(x, 8), [2f32.powi(i); 8]);
        ok!(acl?.aclrtWaitAndResetNotify(done, other, 0));
        ok!(acl.aclrtSynchronizeStreamWithTimeout(other, SOON));
    }
    // A graph has the notify itself, not its handle.
    ok!(acl?.aclrtRecordNotify(go, other));
    ok!(acl?.aclrtDestroyNotify(go));
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

#[test]
fn replays_wait_for_words_of_memory_and_write_them() {
    let _lease = Lease::new();
    let (stream, other) = (new_stream(), new_stream());
    let (word, x) = (upload(&[0u64]), upload(&[1f32; 8]));
    let graph = capture(stream, || {
        ok!(acl?.aclrtValueWait(word, 7, ACL_STREAM_WAIT_VALUE_EQ, stream));
        muls(x, 8, 3.0, stream);
        ok!(acl?.aclrtValueWrite(word, 5, 0, stream));
    });
    assert_eq!(download::<u64>(word, 1), [0], "nothing ran");
    for i in 1..=3 {
        run_held(graph, stream, || ok!(acl?.aclrtValueWrite(word, 7, 0, other)));
        assert_eq!((download::<f32>(x, 8), download::<u64>(word, 1)), (vec![3f32.powi(i); 8], vec![5]));
    }
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
    ok!(acl.aclrtFree(word));
}

/// What a callback counts, and until when it does not return.
#[derive(Default)]
struct Count {
    calls: AtomicU32,
    until: AtomicU32,
}

impl Count {
    fn argument(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }
}

unsafe extern "C" fn count(argument: *mut c_void) {
    // SAFETY: the tests pass a `Count` that outlives the graph.
    let count = unsafe { &*argument.cast::<Count>() };
    let calls = count.calls.fetch_add(1, SeqCst) + 1;
    while count.until.load(SeqCst) < calls {
        std::thread::yield_now();
    }
}

// The stream that was captured may be gone by then.
#[test]
fn replays_call_functions_of_the_host() {
    let _lease = Lease::new();
    let (captured, stream, x) = (new_stream(), new_stream(), upload(&[1f32; 8]));
    let counted = Count::default();
    let graph = capture(captured, || {
        muls(x, 8, 2.0, captured);
        ok!(acl?.aclrtLaunchHostFunc(captured, Some(count), counted.argument()));
        muls(x, 8, 5.0, captured);
        ok!(acl?.aclrtLaunchHostFunc(captured, Some(count), counted.argument()));
    });
    ok!(acl.aclrtSynchronizeStream(captured));
    ok!(acl.aclrtDestroyStream(captured));
    assert_eq!(counted.calls.load(SeqCst), 0);
    for i in 1..=3 {
        let before = download::<f32>(x, 1)[0];
        run_held(graph, stream, || {
            while counted.calls.load(SeqCst) < 2 * i - 1 {
                std::thread::yield_now();
            }
            let seen = download::<f32>(x, 8);
            // Released before it is judged: what waits for the stream would wait for ever.
            counted.until.store(2 * i, SeqCst);
            assert_eq!(seen, [2.0 * before; 8], "it holds what is behind it");
        });
        assert_eq!((counted.calls.load(SeqCst), download::<f32>(x, 1)), (2 * i, vec![10.0 * before]));
    }
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// A thread of the program runs the callbacks of a graph, too, until the graph goes.
#[test]
fn replays_call_on_the_thread_that_subscribed() {
    let lease = Lease::new();
    let (captured, stream) = (new_stream() as usize, new_stream());
    let counted = Count { until: AtomicU32::new(u32::MAX), ..Count::default() };
    let (subscribed, ready) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let (lease, counted) = (&lease, &counted);
        let thread = scope.spawn(move || {
            lease.enter();
            // SAFETY: takes nothing.
            let me = unsafe { libc::pthread_self() as u64 };
            ok!(acl?.aclrtSubscribeReport(me, captured as aclrtStream));
            subscribed.send(me).unwrap();
            while counted.calls.load(SeqCst) < 3 {
                ok!(acl?.aclrtProcessReport(SOON));
            }
        });
        let (me, captured) = (ready.recv().unwrap(), captured as aclrtStream);
        let graph = capture(captured, || {
            ok!(acl?.aclrtLaunchCallback(Some(count), counted.argument(), ACL_CALLBACK_BLOCK, captured));
        });
        ok!(acl?.aclrtUnSubscribeReport(me, captured));
        ok!(acl.aclrtDestroyStream(captured));
        for i in 1..=3 {
            graph_ok!(aclmdlRIExecuteAsync(graph, stream));
            ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
            assert_eq!(counted.calls.load(SeqCst), i);
        }
        thread.join().unwrap();
        graph_ok!(aclmdlRIDestroy(graph));
    });
}

// aclrtStreamWaitEventWithTimeout: the limit holds in each replay.
#[test]
fn waits_in_a_graph_keep_their_limits() {
    let _lease = Lease::new();
    let ([a, b, other], notify) = ([(); 3].map(|()| new_stream()), new_notify());
    let [out, back] = [(); 2].map(|()| new_event(ACL_EVENT_SYNC));
    let graph = capture(a, || {
        ok!(acl.aclrtRecordEvent(out, a));
        ok!(acl.aclrtStreamWaitEvent(b, out));
        ok!(acl?.aclrtWaitAndResetNotify(notify, b, 0));
        ok!(acl.aclrtRecordEvent(back, b));
        ok!(acl?.aclrtStreamWaitEventWithTimeout(a, back, 3));
    });
    run_held(graph, a, || ok!(acl?.aclrtRecordNotify(notify, other)));
    graph_ok!(aclmdlRIExecuteAsync(graph, a));
    std::thread::sleep(Duration::from_secs(6));
    ok!(acl?.aclrtRecordNotify(notify, other));
    refused!(107020, "within 3 s", acl.aclrtSynchronizeStreamWithTimeout(a, SOON));
    // Each replay has its own.
    run_held(graph, b, || ok!(acl?.aclrtRecordNotify(notify, other)));
    graph_ok!(aclmdlRIDestroy(graph));
}

// What is dropped with a device's work does not go on in graphs; afterwards they can be executed again.
#[test]
fn an_abort_of_the_device_ends_replays() {
    let lease = Lease::new();
    let (stream, other, notify, x) = (new_stream(), new_stream(), new_notify(), upload(&[1f32; 8]));
    let graph = capture(stream, || {
        ok!(acl?.aclrtWaitAndResetNotify(notify, stream, 0));
        muls(x, 8, 2.0, stream);
    });
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl?.aclrtDeviceTaskAbort(lease.0, SOON as u32));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(download::<f32>(x, 8), [1.0; 8]);
    run_held(graph, stream, || ok!(acl?.aclrtRecordNotify(notify, other)));
    assert_eq!(download::<f32>(x, 8), [2.0; 8]);
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// model_aclgraph.cc: a task group takes operators, and so does its update: 507009 for others. Waits for events pass.
#[test]
fn task_groups_take_no_holds() {
    let _lease = Lease::new();
    let (stream, updater, notify, x) = (new_stream(), new_stream(), new_notify(), upload(&[1f32; 8]));
    let (counted, event) = (Count::default(), new_event(ACL_EVENT_SYNC));
    let mut group = null_mut();
    begin(stream, THREAD_LOCAL);
    graph_ok!(aclmdlRICaptureTaskGrpBegin(stream));
    refused!(507009, "operators only", acl?.aclrtWaitAndResetNotify(notify, stream, 0));
    refused!(507009, "operators only", acl?.aclrtRecordNotify(notify, stream));
    refused!(507009, "operators only", acl?.aclrtLaunchHostFunc(stream, Some(count), counted.argument()));
    muls(x, 8, 2.0, stream);
    graph_ok!(aclmdlRICaptureTaskGrpEnd(stream, &mut group));
    let graph = end(stream);
    ok!(acl.aclrtRecordEvent(event, stream));
    graph_ok!(aclmdlRICaptureTaskUpdateBegin(updater, group));
    ok!(acl?.aclrtStreamWaitEventWithTimeout(updater, event, 20));
    refused!(507009, "operators only", acl?.aclrtLaunchHostFunc(updater, Some(count), counted.argument()));
    muls(x, 8, 3.0, updater);
    ok!(acl.aclrtRecordEvent(event, updater));
    graph_ok!(aclmdlRICaptureTaskUpdateEnd(updater));
    ok!(acl.aclrtStreamWaitEvent(stream, event));
    run(graph, stream);
    assert_eq!(download::<f32>(x, 8), [3.0; 8]);
    graph_ok!(aclmdlRIDestroy(graph));
    ok!(acl.aclrtFree(x));
}

// Under the schedule that runs nothing unasked, a replay asks for what may let it go on.
#[test]
fn holds_under_the_lazy_schedule() {
    let name = "graph::holds::holds_under_the_lazy_schedule";
    if in_child(name, &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "4")]) {
        replays_wait_for_notifies_and_record_them();
        replays_wait_for_words_of_memory_and_write_them();
        replays_call_functions_of_the_host();
    }
}
