use super::*;

use std::sync::mpsc::{Receiver, Sender, channel};

type Seen = (usize, i32, i32);

/// Tells its argument, which is a sender, of what it is called with.
unsafe extern "C" fn see(stream: aclrtStream, state: aclrtStreamState, args: *mut c_void) {
    let mut id = -1;
    ok!(acl?.aclrtStreamGetId(stream, &mut id));
    // SAFETY: what the test passes, which lives until the function is taken back.
    let sender = unsafe { &*args.cast::<Sender<Seen>>() };
    sender.send((stream as usize, state.0, id)).unwrap();
}

fn all(receiver: &Receiver<Seen>) -> Vec<Seen> {
    receiver.try_iter().collect()
}

// runtime, 06_stream_management (aclrtRegStreamStateCallback): after a stream begins (1) and before it ends (2), default streams too; a
// name once; null takes it back. stream_state_callback_manager.cc: in the order of the names.
#[test]
fn streams_that_begin_and_end_are_told() {
    if !in_child("runtime::states::streams_that_begin_and_end_are_told", &[]) {
        return;
    }
    let (sender, receiver) = channel();
    let args: *mut c_void = (&raw const sender).cast_mut().cast();
    ok!(acl.aclrtSetDevice(0));
    ok!(acl?.aclrtRegStreamStateCallback(c"b".as_ptr(), Some(see), args));
    refused!(107000, "there already", acl?.aclrtRegStreamStateCallback(c"b".as_ptr(), Some(see), args));
    refused!(107000, "regName is null", acl?.aclrtRegStreamStateCallback(std::ptr::null(), Some(see), args));
    let stream = new_stream();
    let mut id = -1;
    ok!(acl?.aclrtStreamGetId(stream, &mut id));
    assert_eq!(all(&receiver), [(stream as usize, 1, id)]);
    // Two of them.
    ok!(acl?.aclrtRegStreamStateCallback(c"a".as_ptr(), Some(see), args));
    ok!(acl.aclrtDestroyStream(stream));
    assert_eq!(all(&receiver), [(stream as usize, 2, id); 2], "and the stream is still there");
    ok!(acl?.aclrtRegStreamStateCallback(c"b".as_ptr(), None, null_mut()));
    ok!(acl?.aclrtRegStreamStateCallback(c"never there".as_ptr(), None, null_mut()));
    let mut context = null_mut();
    ok!(acl.aclrtCreateContext(&mut context, 0));
    let begun = all(&receiver);
    assert_eq!(begun.iter().map(|seen| seen.1).collect::<Vec<_>>(), [1], "its default stream");
    ok!(acl.aclrtDestroyContext(context));
    assert_eq!(all(&receiver), [(begun[0].0, 2, begun[0].2)]);
    ok!(acl?.aclrtRegStreamStateCallback(c"a".as_ptr(), None, null_mut()));
    // The context that was current is gone; that of the device is there still.
    ok!(acl.aclrtSetDevice(0));
    new_stream();
    assert!(all(&receiver).is_empty());
}

// runtime, 12_execution_control (aclrtGetThreadLastTaskId): of this thread, on streams that the program created.
#[test]
fn the_last_task_of_a_thread() {
    let _lease = Lease::new();
    let last = || {
        let mut task = 0;
        ok!(acl?.aclrtGetThreadLastTaskId(&mut task));
        task
    };
    std::thread::spawn(move || assert_eq!(last(), u32::MAX, "nothing yet")).join().unwrap();
    let (stream, other, ptr) = (new_stream(), new_stream(), malloc(64));
    let fill = |stream| ok!(acl.aclrtMemsetAsync(ptr, 64, 0, 64, stream));
    fill(stream);
    fill(stream);
    assert_eq!(last(), 2);
    fill(other);
    assert_eq!(last(), 1);
    fill(null_mut());
    assert_eq!(last(), 1, "the default stream is nobody's creation");
    refused!(107000, "taskId is null", acl?.aclrtGetThreadLastTaskId(null_mut()));
}
