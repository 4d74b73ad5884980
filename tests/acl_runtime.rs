//! What a device is and how it works, streams with options, host callbacks, foreign handles, CANN's profiler: through the safe
//! interface, on whatever `Cann::load` finds.

use ascend_rl::acl::{Cores, Link, Profile, ProfileOptions, Range, StreamOptions};
use ascend_rl::{Cann, Device, Error, ErrorKind, Result, Stream};
use std::ptr::null_mut;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn device(ordinal: u32) -> Device {
    Device::open(&Cann::load().unwrap(), ordinal).unwrap()
}

fn stream() -> Stream {
    device(0).stream().unwrap()
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}

#[test]
fn a_device_says_what_it_is() {
    let (first, second) = (device(0), device(1));
    let info = first.info().unwrap();
    assert_eq!(info.soc_name, first.soc_name());
    assert_eq!(info.vector_cores, 2 * info.cube_cores, "of Atlas A2 and A3");
    assert!(info.cube_cores >= 20 && info.l2_bytes >= 96 << 20 && info.memory_bytes >= 1 << 30, "{info:?}");
    assert_eq!(info.npu_arch, Some(2201));
    let other = second.info().unwrap();
    assert!(info.uuid.is_some() && info.uuid != other.uuid);
    assert_ne!(info.machine_ordinal, other.machine_ordinal);
    assert!(first.is_healthy().unwrap());

    let link = first.link(&second).unwrap();
    assert_eq!(link, second.link(&first).unwrap());
    assert!(matches!(link, Link::Hccs | Link::HccsSwitch | Link::Package), "{link}");
    assert_eq!(kind(first.link(&first)), ErrorKind::Argument);
}

#[test]
fn cores_are_limited_and_given_back() {
    // A device of its own: the limits are the process'.
    let device = device(6);
    let all = device.cores().unwrap();
    assert_eq!(all.cube, device.info().unwrap().cube_cores);
    device.limit_cores(Some(Cores { cube: 4, vector: 8 })).unwrap();
    assert_eq!(device.cores().unwrap(), Cores { cube: 4, vector: 8 });
    assert_eq!(kind(device.limit_cores(Some(Cores { cube: all.cube + 1, vector: 1 }))), ErrorKind::Argument);
    device.limit_cores(None).unwrap();
    assert_eq!(device.cores().unwrap(), all);
}

#[test]
fn modes_and_bounds() {
    let device = device(0);
    device.set_deterministic(true).unwrap();
    assert!(!device.saturation().unwrap());
    device.set_saturation(false).unwrap();
    if device.cann().flavor() == ascend_rl::Flavor::Sim {
        assert_eq!(kind(device.set_saturation(true)), ErrorKind::Unsupported);
    }
    // The hardware counts in steps of 2^32 ns.
    let step = Duration::from_nanos(1 << 32);
    let bound = device.set_operator_timeout(Some(Duration::from_secs(10))).unwrap();
    assert!(bound >= Duration::from_secs(10) && bound < Duration::from_secs(10) + step, "{bound:?}");
    let longest = device.set_operator_timeout(None).unwrap();
    assert_eq!(longest.as_secs(), 1090);
    assert_eq!(device.set_operator_timeout(Some(Duration::MAX)).unwrap(), longest);
    assert!(device.set_operator_timeout(Some(Duration::ZERO)).unwrap() <= step, "0 is short, not CANN's word for the longest");
    device.set_operator_timeout(None).unwrap();
    device.set_event_timeout(Some(Duration::from_secs(1 << 40))).unwrap();
    device.set_event_timeout(None).unwrap();
}

#[test]
fn streams_with_options_work_as_others_do() {
    let device = device(0);
    let options = StreamOptions { priority: 3, fast_launch: true, fast_sync: true, stop_on_failure: true };
    let stream = device.stream_with(&options).unwrap();
    assert_eq!((stream.priority().unwrap(), self::stream().priority().unwrap()), (3, 0));
    assert_eq!(device.stream_with(&StreamOptions { priority: 99, ..options }).unwrap().priority().unwrap(), 7);
    let buffer = stream.upload(&[1_u32, 2, 3]).unwrap();
    assert_eq!(stream.download(&buffer).unwrap(), [1, 2, 3]);
}

#[test]
#[cfg_attr(miri, ignore = "one thread runs all streams there, and the callback holds it")]
fn a_host_callback_runs_in_the_streams_order() {
    let stream = stream();
    let (sender, receiver) = channel();
    let (opened, gate) = channel::<()>();
    let buffer = stream.zeros::<u32>(4).unwrap();
    let mut copy = stream.upload(&[7_u32; 4]).unwrap();
    stream.synchronize().unwrap();
    stream
        .host_callback(move || {
            sender.send(std::thread::current().id()).unwrap();
            gate.recv().unwrap();
        })
        .unwrap();
    stream.copy(&buffer, &mut copy).unwrap();
    let event = stream.record().unwrap();
    assert_ne!(receiver.recv_timeout(PATIENCE).unwrap(), std::thread::current().id());
    assert!(!event.is_complete().unwrap(), "what is behind it waits");
    assert_eq!(kind(stream.synchronize_for(Duration::from_millis(5))), ErrorKind::Timeout);
    assert_eq!(kind(stream.device().synchronize_for(Duration::from_millis(5))), ErrorKind::Timeout);
    // Other streams go on.
    let other = self::stream();
    assert_eq!(other.download(&other.upload(&[5_u8]).unwrap()).unwrap(), [5]);
    opened.send(()).unwrap();
    assert_eq!(stream.download(&copy).unwrap(), [0; 4]);
    stream.device().synchronize_for(PATIENCE).unwrap();
}

#[test]
fn host_callbacks_run_once_each_and_drop_what_they_hold() {
    let (stream, seen, held) = (stream(), Arc::new(Mutex::new(Vec::new())), Arc::new(()));
    for i in 0..100 {
        let (seen, held) = (seen.clone(), held.clone());
        stream
            .host_callback(move || {
                seen.lock().unwrap().push(i);
                drop(held);
            })
            .unwrap();
    }
    stream.synchronize().unwrap();
    assert_eq!(*seen.lock().unwrap(), (0..100).collect::<Vec<_>>());
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_panic_in_a_host_callback_is_an_error_of_the_device() {
    // A device of its own, where no other test takes the error.
    let stream = device(7).stream().unwrap();
    stream.host_callback(|| panic!("at {}", 3)).unwrap();
    let error = stream.synchronize().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Async);
    assert_eq!(error.to_string(), "a host callback panicked: at 3");
    stream.synchronize().unwrap();
}

#[test]
fn a_stream_that_is_dropped_has_called() {
    let (sender, receiver) = channel();
    let stream = stream();
    stream.host_callback(move || sender.send(1).unwrap()).unwrap();
    drop(stream);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn an_aborted_stream_goes_on() {
    // A device of its own: another test waits for all streams of the first.
    let stream = device(4).stream().unwrap();
    let (opened, gate) = channel::<()>();
    let (started, begun) = channel();
    stream
        .host_callback(move || {
            started.send(()).unwrap();
            gate.recv().unwrap_or_default();
        })
        .unwrap();
    begun.recv_timeout(PATIENCE).unwrap();
    let mut buffer = stream.zeros::<u32>(4).unwrap();
    stream.write(&[1, 2, 3, 4], &mut buffer, 0).unwrap();
    stream.abort().unwrap();
    stream.synchronize_for(PATIENCE).unwrap();
    drop(opened);
    stream.write(&[5, 6, 7, 8], &mut buffer, 0).unwrap();
    assert_eq!(stream.download(&buffer).unwrap(), [5, 6, 7, 8]);
}

#[test]
fn an_aborted_device_goes_on() {
    // A device of its own: other tests' work would be dropped with it.
    let device = device(5);
    let stream = device.stream().unwrap();
    let buffer = stream.upload(&[1_u32; 1000]).unwrap();
    device.abort(PATIENCE).unwrap();
    stream.synchronize().unwrap();
    let mut copy = stream.zeros::<u32>(1000).unwrap();
    stream.copy(&buffer, &mut copy).unwrap();
    assert_eq!(stream.download(&copy).unwrap().len(), 1000);
}

/// What C++ would have: a context with a stream in it, made by CANN's own calls, and destroyed by them.
struct Others {
    cann: Cann,
    context: *mut std::ffi::c_void,
    stream: *mut std::ffi::c_void,
}

impl Others {
    fn new(ordinal: i32) -> Others {
        let (cann, mut context, mut stream) = (Cann::load().unwrap(), null_mut(), null_mut());
        let acl = &cann.api().acl;
        // SAFETY: live variables.
        unsafe {
            assert_eq!((acl.aclrtCreateContext)(&mut context, ordinal), 0);
            assert_eq!((acl.aclrtCreateStream)(&mut stream), 0);
        }
        Others { cann, context, stream }
    }

    /// Destroys them; CANN says whether they were still there.
    fn end(self) {
        let acl = &self.cann.api().acl;
        // SAFETY: handles of this value's own.
        unsafe {
            assert_eq!((acl.aclrtSetCurrentContext)(self.context), 0);
            assert_eq!((acl.aclrtDestroyStream)(self.stream), 0);
            assert_eq!((acl.aclrtDestroyContext)(self.context), 0);
        }
    }
}

#[test]
fn a_foreign_context_and_stream_are_used_and_left_alone() {
    let others = Others::new(0);
    {
        // SAFETY: both live until `end`, and only this thread uses them.
        let (device, stream) = unsafe {
            let device = Device::adopt(&others.cann, 0, others.context).unwrap();
            let stream = device.adopt_stream(others.stream).unwrap();
            (device, stream)
        };
        assert_eq!((device.as_raw(), stream.as_raw()), (others.context, others.stream));
        assert_ne!(device.as_raw(), self::device(0).as_raw(), "not the primary context");
        let buffer = stream.upload(&[1.0_f32, 2.0]).unwrap();
        let mut sum = stream.zeros::<f32>(2).unwrap();
        stream.copy(&buffer, &mut sum).unwrap();
        assert_eq!(stream.download(&sum).unwrap(), [1.0, 2.0]);
        // SAFETY: as above; null is the context's default stream.
        let default = unsafe { device.adopt_stream(null_mut()) }.unwrap();
        assert_eq!(default.download(&default.upload(&[3_u8]).unwrap()).unwrap(), [3]);
        // Its buffers are not another device value's.
        let own = self::stream();
        assert_eq!(kind(own.wait(&stream.record().unwrap())), ErrorKind::WrongDevice);
    }
    others.end();
}

#[test]
fn what_is_no_handle_is_refused() {
    let cann = Cann::load().unwrap();
    let others = Others::new(1);
    let device = self::device(3);
    // SAFETY: the simulator checks handles; on a card these would be the caller's mistakes, so only null is tried there.
    unsafe {
        assert_eq!(kind(Device::adopt(&cann, 0, null_mut())), ErrorKind::Argument);
        assert_eq!(kind(Device::adopt(&cann, 1 << 20, others.context)), ErrorKind::NoDevice);
        let error = Device::adopt(&cann, 0, others.context).unwrap_err();
        assert_eq!(error.to_string(), "the context is of device 1, not of 0");
        if cann.flavor() == ascend_rl::Flavor::Sim {
            // Of another context.
            assert_eq!(kind(device.adopt_stream(others.stream)), ErrorKind::Device);
            // That was all: what was refused is not waited for, which would fail again.
            device.synchronize().unwrap();
        }
    }
    others.end();
}

#[test]
fn foreign_memory_is_used_and_not_freed() {
    let stream = stream();
    let owner = stream.upload(&[1_u32, 2, 3, 4]).unwrap();
    let before = stream.memory_stats().allocated_bytes;
    {
        // SAFETY: `owner` outlives this, and nobody else writes there.
        let mut borrowed = unsafe { stream.adopt_buffer::<u32>(owner.as_raw(), 4) }.unwrap();
        assert_eq!(borrowed.as_raw(), owner.as_raw());
        stream.write(&[9], &mut borrowed, 2).unwrap();
    }
    assert_eq!(stream.memory_stats().allocated_bytes, before);
    assert_eq!(stream.download(&owner).unwrap(), [1, 2, 9, 4]);
    // SAFETY: nothing is there, and nothing is touched.
    unsafe {
        assert!(stream.adopt_buffer::<u32>(null_mut(), 0).unwrap().is_empty());
        assert_eq!(kind(stream.adopt_buffer::<u32>(null_mut(), 1)), ErrorKind::Argument);
        assert_eq!(kind(stream.adopt_buffer::<u32>(owner.as_raw().wrapping_byte_add(2), 1)), ErrorKind::Argument);
    }
}

#[test]
fn a_profile_has_the_programs_ranges() {
    let cann = Cann::load().unwrap();
    let folder = std::env::temp_dir().join(format!("ascend-rl-profile-{}", std::process::id()));
    {
        // Nobody profiles: nothing happens, also no stale text for the next failure.
        let _nothing = Range::enter(&cann, "before");
    }
    let profile = Profile::start(&cann, &folder, &[0], &ProfileOptions::default()).unwrap();
    let long = "ä".repeat(100);
    {
        let _step = Range::enter(&cann, "step");
        let _inner = Range::enter(&cann, &long);
    }
    assert_eq!(kind(Profile::start(&cann, &folder, &[0], &ProfileOptions::default())), ErrorKind::Device);
    drop(profile);
    let mut text = String::new();
    for file in std::fs::read_dir(&folder).unwrap() {
        text += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    if cann.flavor() == ascend_rl::Flavor::Sim {
        assert!(
            text.contains("\"step\"") && text.contains(&format!("\"{}\"", &long[..126])) && !text.contains("before"),
            "{text}"
        );
        let all = ProfileOptions { calls: true, tasks: true };
        // More than it collects is taken, with a line on stderr.
        drop(Profile::start(&cann, &folder, &[0], &all).unwrap());
        assert_eq!(kind(Profile::start(&cann, std::path::Path::new("a\0b"), &[], &all)), ErrorKind::Argument);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn errors_of_the_host_come_through() {
    // What a callback finds out is told by a channel: it has no other way out.
    let stream = stream();
    let (sender, receiver) = channel::<Result<()>>();
    stream.host_callback(move || sender.send(Err(Error::new(ErrorKind::Io, "full"))).unwrap_or_default()).unwrap();
    let start = Instant::now();
    assert_eq!(kind(receiver.recv_timeout(PATIENCE).unwrap()), ErrorKind::Io);
    assert!(start.elapsed() < PATIENCE);
}
