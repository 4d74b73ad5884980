//! What happens when CANN fails: the simulator's table with some functions that can be told to.
#![cfg(feature = "sim")]

use ascend_rl::{Cann, Device, ErrorKind, Flavor, Stream};
use ascend_rl_sys::{Api, codes::*, types::*};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

thread_local! {
    /// Calls of the functions below on this thread, with their arguments.
    static LOG: RefCell<Vec<(&'static str, Vec<usize>)>> = const { RefCell::new(Vec::new()) };
    /// Which of them fail on this thread, and with what.
    static FAIL: RefCell<Vec<(&'static str, i32)>> = const { RefCell::new(Vec::new()) };
}

fn real() -> &'static Api {
    static REAL: OnceLock<Api> = OnceLock::new();
    REAL.get_or_init(cann_sim::api)
}

/// The code with which a call is to fail: after it was noted, instead of it.
fn intercept(name: &'static str, arguments: Vec<usize>) -> Option<i32> {
    LOG.with_borrow_mut(|log| log.push((name, arguments)));
    FAIL.with_borrow(|fail| fail.iter().find(|(failing, _)| *failing == name).map(|(_, code)| *code))
}

macro_rules! tampered {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => {
        $( #[allow(non_snake_case)]
        unsafe extern "C" fn $name($($arg: $ty),*) -> aclError {
            // SAFETY: the caller's promise for the function of this name.
            intercept(stringify!($name), vec![$($arg as usize),*]).unwrap_or_else(|| unsafe { (real().acl.$name)($($arg),*) })
        } )*

        fn table() -> Api {
            let mut api = *real();
            $( api.acl.$name = $name; )*
            api
        }
    };
}
tampered! {
    aclrtDestroyEvent(event: aclrtEvent);
    aclrtDestroyStream(stream: aclrtStream);
    aclrtRecordEvent(event: aclrtEvent, stream: aclrtStream);
    aclrtStreamWaitEvent(stream: aclrtStream, event: aclrtEvent);
    aclrtSynchronizeEvent(event: aclrtEvent);
    aclrtSynchronizeStream(stream: aclrtStream);
    aclrtSynchronizeStreamWithTimeout(stream: aclrtStream, timeout: i32);
    aclrtSynchronizeDevice();
    aclrtFreeHost(address: *mut std::ffi::c_void);
}

/// A device of a table of its own, so that one test's failures are not another's.
fn device(ordinal: u32) -> Device {
    // SAFETY: the simulator's functions, some behind a wrapper of the same signature.
    let cann = unsafe { Cann::from_api(Flavor::Sim, "a table of the tests", table()) }.unwrap();
    Device::open(&cann, ordinal).unwrap()
}

fn fail(name: &'static str, code: i32) {
    FAIL.with_borrow_mut(|fail| fail.push((name, code)));
}

fn heal() {
    FAIL.with_borrow_mut(Vec::clear);
}

fn log() -> Vec<(&'static str, Vec<usize>)> {
    LOG.with_borrow_mut(std::mem::take)
}

#[test]
fn an_asynchronous_failure_names_what_was_queued() {
    let stream = device(0).stream().unwrap();
    let a = stream.upload(&[1.0_f32; 100]).unwrap();
    let mut b = stream.zeros::<f32>(100).unwrap();
    stream.synchronize().unwrap();
    stream.copy(&a, &mut b).unwrap();
    stream.set_zero(&mut b).unwrap();
    fail("aclrtSynchronizeStream", ACL_ERROR_RT_AICORE_EXCEPTION);
    for error in [stream.synchronize().unwrap_err(), stream.download(&b).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Async);
        assert_eq!((error.call(), error.code()), (Some("aclrtSynchronizeStream"), Some(507015)));
        let text = format!(
            "work queued on {} failed; queued since the last good synchronise: aclrtMemcpyAsync, aclrtMemsetAsync: \
             aclrtSynchronizeStream returned 507015 (ACL_ERROR_RT_AICORE_EXCEPTION)",
            stream.id()
        );
        assert_eq!(error.to_string(), text);
    }
    heal();
    stream.synchronize().unwrap();
    fail("aclrtSynchronizeEvent", ACL_ERROR_RT_AICORE_TIMEOUT);
    let event = stream.record().unwrap();
    let error = event.synchronize().unwrap_err();
    assert!(error.to_string().contains("nothing was queued since the last good synchronise"), "{error}");
    heal();
}

#[test]
fn a_timeout_is_no_failure() {
    let stream = device(0).stream().unwrap();
    fail("aclrtSynchronizeStreamWithTimeout", ACL_ERROR_RT_STREAM_SYNC_TIMEOUT);
    let error = stream.synchronize_for(Duration::from_millis(1500)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().starts_with(&format!("{} is still at work; ", stream.id())), "{error}");
    let asked = |time| {
        log();
        stream.synchronize_for(time).unwrap_err();
        log()[0].1[1] as i32
    };
    assert_eq!(asked(Duration::from_millis(1500)), 1500);
    assert_eq!(asked(Duration::ZERO), 1, "0 is refused by CANN");
    assert_eq!(asked(Duration::MAX), i32::MAX);
    heal();
}

#[test]
fn the_first_failure_of_a_drop_comes_out_of_the_next_wait() {
    let device = device(1);
    let stream = device.stream().unwrap();
    fail("aclrtDestroyEvent", ACL_ERROR_RT_INTERNAL_ERROR);
    drop(stream.record().unwrap());
    heal();
    fail("aclrtFreeHost", ACL_ERROR_RT_MEMORY_FREE);
    drop(device.pinned::<u8>(10).unwrap());
    heal();
    // Not out of a call that only enqueues.
    let x = stream.zeros::<u8>(4).unwrap();
    let error = stream.download(&x).unwrap_err();
    assert_eq!((error.kind(), error.call(), error.code()), (ErrorKind::Async, Some("aclrtDestroyEvent"), Some(507000)));
    assert!(error.to_string().starts_with("while something was dropped: "), "{error}");
    assert_eq!(stream.download(&x).unwrap(), [0; 4]);

    fail("aclrtDestroyStream", ACL_ERROR_RT_STREAM_CONTEXT);
    drop(device.stream().unwrap());
    heal();
    let error = device.synchronize().unwrap_err();
    assert!(error.to_string().contains("was dropped: aclrtDestroyStream returned 107003"), "{error}");
    device.synchronize().unwrap();
}

/// A fork's four calls: the names, and whether the first event and the last stay with their streams.
#[track_caller]
fn assert_joined(calls: &[(&'static str, Vec<usize>)]) {
    let order: Vec<_> = calls.iter().filter(|(name, _)| name.contains("Record") || name.contains("Wait")).collect();
    let [(_, begin), (_, enter), (_, end), (_, leave)] = order[..] else { panic!("{order:?}") };
    let names: Vec<_> = order.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["aclrtRecordEvent", "aclrtStreamWaitEvent", "aclrtRecordEvent", "aclrtStreamWaitEvent"]);
    let (home, other) = (begin[1], end[1]);
    assert_ne!(home, other);
    assert_eq!(enter[..], [other, begin[0]], "the other stream waits for home's event");
    assert_eq!(leave[..], [home, end[0]], "home waits for the other stream's event");
}

fn two_streams(ordinal: u32) -> (Stream, Stream) {
    let device = device(ordinal);
    (device.stream().unwrap(), device.stream().unwrap())
}

#[test]
fn a_fork_joins_however_it_ends() {
    let (home, other) = two_streams(2);
    log();
    home.fork(&other, |_| Ok(())).unwrap();
    assert_joined(&log());
    home.fork(&other, |_| home.synchronize_for(Duration::ZERO).and(Err::<(), _>(ascend_rl::Error::new(ErrorKind::Shape, "x"))))
        .unwrap_err();
    assert_joined(&log());
    let panicked = catch_unwind(AssertUnwindSafe(|| home.fork(&other, |_| -> ascend_rl::Result<()> { panic!("on purpose") })));
    assert!(panicked.is_err());
    assert_joined(&log());
}

#[test]
fn a_fork_that_cannot_join_waits_on_the_host() {
    let (home, other) = two_streams(2);
    log();
    let failing = home.fork(&other, |_| {
        fail("aclrtStreamWaitEvent", ACL_ERROR_RT_INTERNAL_ERROR);
        Ok(())
    });
    let error = failing.unwrap_err();
    heal();
    assert!(error.to_string().starts_with("the streams of a fork could not be joined: aclrtStreamWaitEvent"), "{error}");
    let waited = log().into_iter().filter(|(name, _)| *name == "aclrtSynchronizeStream").count();
    assert_eq!(waited, 1);
    // All is in order, so memory is reused as ever.
    drop(home.zeros::<u8>(1).unwrap());
    home.synchronize().unwrap();
}

#[test]
fn a_fork_that_can_neither_join_nor_wait_poisons_the_device() {
    let (home, other) = two_streams(3);
    let mut x = home.zeros::<u8>(100).unwrap();
    let result = home.fork(&other, |fork| {
        other.set_zero(fork.lend_mut(&mut x)?)?;
        fail("aclrtRecordEvent", ACL_ERROR_RT_INTERNAL_ERROR);
        fail("aclrtSynchronizeStream", ACL_ERROR_RT_AICORE_EXCEPTION);
        Ok(())
    });
    heal();
    assert_eq!(result.unwrap_err().call(), Some("aclrtRecordEvent"));
    let before = home.memory_stats().allocated_bytes;
    drop(x);
    assert_eq!(home.memory_stats().allocated_bytes, before, "leaked, not reused");
    let error = home.alloc::<u8>(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    assert!(error.to_string().contains("could not be joined"), "{error}");
}

#[test]
fn a_transfer_that_cannot_be_waited_for_leaks_its_memory() {
    let stream = device(0).stream().unwrap();
    let device = stream.device().clone();
    let mut buffer = stream.zeros::<u32>(10).unwrap();
    let (waited, dropped) = (device.pinned(10).unwrap(), device.pinned(10).unwrap());
    let waited = stream.send(waited, &mut buffer).unwrap();
    let dropped = stream.send(dropped, &mut buffer).unwrap();
    log();
    fail("aclrtSynchronizeEvent", ACL_ERROR_RT_AICORE_EXCEPTION);
    let error = waited.wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Async);
    drop(dropped);
    heal();
    assert!(log().iter().all(|(name, _)| *name != "aclrtFreeHost"));
    assert_eq!(device.synchronize().unwrap_err().kind(), ErrorKind::Async, "the drop's failure");

    // Without an event the stream is waited for, and then the memory can go.
    fail("aclrtRecordEvent", ACL_ERROR_RT_INTERNAL_ERROR);
    stream.send(device.pinned(10).unwrap(), &mut buffer).unwrap_err();
    heal();
    let calls: Vec<_> =
        log().into_iter().map(|(name, _)| name).filter(|name| name.contains("Host") || name.contains("Stream")).collect();
    assert_eq!(calls, ["aclrtSynchronizeStream", "aclrtFreeHost"]);
}

#[test]
fn a_stream_whose_last_wait_fails_keeps_its_blocks() {
    let device = device(3);
    let stream = device.stream().unwrap();
    // Half of a segment for small requests: CANN lets operators read 32 bytes on, which makes it a whole MiB.
    const HALF: usize = (1 << 20) - 32;
    let buffer = stream.zeros::<u8>(HALF).unwrap();
    fail("aclrtSynchronizeStream", ACL_ERROR_RT_AICORE_EXCEPTION);
    drop((stream, buffer));
    heal();
    assert_eq!(device.synchronize().unwrap_err().code(), Some(507015));
    // Another stream gets the other half and then a new segment; after a good wait of the whole device all of it goes back.
    let other = device.stream().unwrap();
    let halves = [other.zeros::<u8>(HALF).unwrap(), other.zeros::<u8>(HALF).unwrap()];
    assert_eq!(device.memory_stats().device_mallocs, 2);
    drop(halves);
    assert!(device.trim().unwrap() == 4 << 20);
    assert_eq!(device.memory_stats().reserved_bytes, 0);
}
