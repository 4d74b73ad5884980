use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};
use std::time::{Duration, Instant};

use super::*;

/// What a callback of these tests is given: it notes that it ran, on which thread, and may wait to be let go.
#[derive(Default)]
struct Note {
    calls: AtomicU32,
    thread: Mutex<Option<std::thread::ThreadId>>,
    /// Closed: the callback does not return.
    closed: AtomicBool,
}

unsafe extern "C" fn note(argument: *mut c_void) {
    // SAFETY: the tests pass a `Note` that outlives the call.
    let note = unsafe { &*argument.cast::<Note>() };
    *note.thread.lock().unwrap() = Some(std::thread::current().id());
    note.calls.fetch_add(1, SeqCst);
    while note.closed.load(SeqCst) {
        std::thread::yield_now();
    }
}

impl Note {
    fn argument(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    fn calls(&self) -> u32 {
        self.calls.load(SeqCst)
    }
}

fn until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(20), "it does not come");
        std::thread::yield_now();
    }
}

/// This thread, as `aclrtSubscribeReport` wants it.
fn me() -> u64 {
    // SAFETY: takes nothing.
    unsafe { libc::pthread_self() as u64 }
}

// runtime, 12_execution_control: a thread of the runtime calls, in the stream's order, and the stream holds until it returned.
#[test]
fn a_host_function_holds_its_stream_and_no_other() {
    let _lease = Lease::new();
    let (stream, other) = (new_stream(), new_stream());
    let ptr = upload(&[1u8; 64]);
    let called = Note { closed: AtomicBool::new(true), ..Note::default() };
    ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, stream));
    ok!(acl?.aclrtLaunchHostFunc(stream, Some(note), called.argument()));
    ok!(acl.aclrtMemsetAsync(ptr, 64, 3, 64, stream));
    until(|| called.calls() == 1);
    assert_eq!(download::<u8>(ptr, 64), [2; 64], "what is before it has run, what is behind has not");
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    let free = upload(&[1u8; 64]);
    ok!(acl.aclrtMemsetAsync(free, 64, 5, 64, other));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(other, SOON));
    assert_eq!(download::<u8>(free, 64), [5; 64], "another stream goes on meanwhile");
    called.closed.store(false, SeqCst);
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(download::<u8>(ptr, 64), [3; 64]);
    assert_ne!(*called.thread.lock().unwrap(), Some(std::thread::current().id()));
    refused!(107000, "fn is null", acl?.aclrtLaunchHostFunc(stream, None, null_mut()));
}

// As many as were launched, each once, in order, also on the default stream.
#[test]
fn host_functions_keep_the_streams_order() {
    unsafe extern "C" fn push(argument: *mut c_void) {
        // SAFETY: the test passes such a pair, which outlives the call.
        let (list, number) = unsafe { &*argument.cast::<(&Mutex<Vec<u32>>, u32)>() };
        list.lock().unwrap().push(*number);
    }
    let _lease = Lease::new();
    let list = Mutex::new(Vec::new());
    let numbered: Vec<(&Mutex<Vec<u32>>, u32)> = (0..200).map(|i| (&list, i)).collect();
    for pair in &numbered {
        ok!(acl?.aclrtLaunchHostFunc(null_mut(), Some(push), std::ptr::from_ref(pair).cast_mut().cast()));
    }
    ok!(acl.aclrtSynchronizeStreamWithTimeout(null_mut(), SOON));
    assert_eq!(*list.lock().unwrap(), (0..200).collect::<Vec<_>>());
}

// The rules hold under the schedule that runs nothing unasked, too.
#[test]
fn host_functions_under_the_lazy_schedule() {
    if !in_child("runtime::callback::host_functions_under_the_lazy_schedule", &[("CANN_SIM_SCHEDULE", "lazy")]) {
        return;
    }
    let _lease = Lease::new();
    let (stream, called) = (new_stream(), Note::default());
    ok!(acl?.aclrtLaunchHostFunc(stream, Some(note), called.argument()));
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(called.calls(), 0, "nobody waits");
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(called.calls(), 1);
}

// runtime, 12_execution_control: the thread that subscribed calls, in aclrtProcessReport; the stream holds, or goes on.
#[test]
fn a_subscribed_thread_runs_callbacks() {
    let lease = Lease::new();
    let stream = new_stream();
    let (held, passed) = (Note::default(), Note::default());
    let (ready, told) = std::sync::mpsc::channel();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            ready.send(me()).unwrap();
            // 107012 until it is subscribed: it was told too early.
            while !done.load(SeqCst) {
                call!(acl?.aclrtProcessReport(20));
            }
        });
        let processing = told.recv().unwrap();
        ok!(acl?.aclrtSubscribeReport(processing, stream));
        let ptr = upload(&[1u8; 64]);
        held.closed.store(true, SeqCst);
        ok!(acl?.aclrtLaunchCallback(Some(note), passed.argument(), ACL_CALLBACK_NO_BLOCK, stream));
        ok!(acl?.aclrtLaunchCallback(Some(note), held.argument(), ACL_CALLBACK_BLOCK, stream));
        ok!(acl.aclrtMemsetAsync(ptr, 64, 2, 64, stream));
        until(|| held.calls() == 1);
        assert_eq!(passed.calls(), 1);
        assert_eq!(download::<u8>(ptr, 64), [1; 64], "the stream holds");
        held.closed.store(false, SeqCst);
        ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
        assert_eq!(download::<u8>(ptr, 64), [2; 64]);
        assert_eq!(*held.thread.lock().unwrap(), Some(thread.thread().id()));

        // One that does not block does not hold the stream, however long it takes.
        passed.closed.store(true, SeqCst);
        ok!(acl?.aclrtLaunchCallback(Some(note), passed.argument(), ACL_CALLBACK_NO_BLOCK, stream));
        ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
        until(|| passed.calls() == 2);
        passed.closed.store(false, SeqCst);
        ok!(acl?.aclrtUnSubscribeReport(processing, stream));
        done.store(true, SeqCst);
    });
    drop(lease);
}

// runtime, subscribe.cc and api_impl.cc: 107011 for the stream, 107012 for the thread, 107015 for a stream without one; the two
// kinds of callbacks do not mix (api_error.cc: 107011).
#[test]
fn who_may_subscribe() {
    let _lease = Lease::new();
    let (stream, other, called) = (new_stream(), new_stream(), Note::default());
    let (argument, block) = (called.argument(), ACL_CALLBACK_BLOCK);
    refused!(107015, "aclrtSubscribeReport first", acl?.aclrtLaunchCallback(Some(note), argument, block, stream));
    refused!(107012, "callbacks of no stream", acl?.aclrtProcessReport(5));
    ok!(acl?.aclrtSubscribeReport(me(), stream));
    ok!(acl?.aclrtSubscribeReport(me(), other));
    refused!(107011, "has a thread already", acl?.aclrtSubscribeReport(me(), stream));
    refused!(507012, "within 5 ms", acl?.aclrtProcessReport(5));
    for timeout in [0, -2] {
        refused!(100000, "timeout is", acl?.aclrtProcessReport(timeout));
    }
    refused!(107011, "do not mix", acl?.aclrtLaunchHostFunc(stream, Some(note), argument));
    refused!(100000, "blockType is 2", acl?.aclrtLaunchCallback(Some(note), argument, aclrtCallbackBlockType(2), stream));
    refused!(107000, "fn is null", acl?.aclrtLaunchCallback(None, argument, block, stream));
    refused!(107012, "does not run", acl?.aclrtUnSubscribeReport(me() + 1, stream));
    ok!(acl?.aclrtUnSubscribeReport(me(), stream));
    refused!(107011, "no thread of the program", acl?.aclrtUnSubscribeReport(me(), stream));
    ok!(acl?.aclrtLaunchHostFunc(stream, Some(note), argument));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    refused!(107011, "aclrtLaunchHostFunc was used", acl?.aclrtSubscribeReport(me(), stream));
    refused!(107011, "do not mix", acl?.aclrtLaunchCallback(Some(note), argument, block, stream));
    // A stream takes its subscription with it.
    ok!(acl.aclrtDestroyStream(other));
    refused!(107012, "callbacks of no stream", acl?.aclrtProcessReport(5));
    assert_eq!(called.calls(), 1);
}

// runtime, 12_execution_control: one thread serves streams of one device.
#[test]
fn a_thread_serves_one_device() {
    let leases = Lease::several(2);
    ok!(acl?.aclrtSubscribeReport(me(), null_mut()));
    leases[0].enter();
    refused!(107012, "one device has one thread", acl?.aclrtSubscribeReport(me(), null_mut()));
}

// A stream whose thread goes does not wait for ever: what it comes to fails by name.
#[test]
fn callbacks_without_a_thread_fail_the_stream() {
    let _lease = Lease::new();
    let (stream, called) = (new_stream(), Note::default());
    ok!(acl?.aclrtSubscribeReport(me(), stream));
    let gate = Gate::close(stream);
    ok!(acl?.aclrtLaunchCallback(Some(note), called.argument(), ACL_CALLBACK_BLOCK, stream));
    ok!(acl?.aclrtUnSubscribeReport(me(), stream));
    gate.open();
    refused!(107015, "unsubscribed", acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    assert_eq!(called.calls(), 0);
}

// A call that was dropped with its stream's work does not come later.
#[test]
fn an_aborted_callback_is_not_called() {
    let _lease = Lease::new();
    let (stream, called) = (new_stream(), Note::default());
    ok!(acl?.aclrtSubscribeReport(me(), stream));
    ok!(acl?.aclrtLaunchCallback(Some(note), called.argument(), ACL_CALLBACK_BLOCK, stream));
    std::thread::sleep(Duration::from_millis(2));
    ok!(acl?.aclrtStreamAbort(stream));
    call!(acl?.aclrtProcessReport(5));
    assert_eq!(called.calls(), 0);
}

// runtime, 24_other_APIs: for models with operators of the host, which Atlas A2 and A3 do not have.
#[test]
fn host_functions_of_models() {
    refused!(207000, "Atlas A2", acl?.aclrtSubscribeHostFunc(me(), null_mut()));
    refused!(207000, "Atlas A2", acl?.aclrtUnSubscribeHostFunc(me(), null_mut()));
    refused!(207000, "Atlas A2", acl?.aclrtProcessHostFunc(5));
}
