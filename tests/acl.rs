//! Devices, streams, events and memory, through the safe interface, on whatever `Cann::load` finds.

use ascend_rl::acl::{DeviceBuffer, Element, Event, Slice, Stream};
use ascend_rl::{Cann, Device, Error, ErrorKind, Result};
use half::{bf16, f16};
use std::time::Duration;

fn device(ordinal: u32) -> Device {
    Device::open(&Cann::load().unwrap(), ordinal).unwrap()
}

fn stream() -> Stream {
    device(0).stream().unwrap()
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}

/// How often to do something: less often under miri.
fn rounds(n: u32) -> u32 {
    if cfg!(miri) { 2 } else { n }
}

/// Values that differ from place to place and from seed to seed; under miri, which takes a microsecond for each, again and again.
fn values(len: usize, seed: u32) -> Vec<u32> {
    if cfg!(miri) && len > 251 {
        let mut values = values(251, seed).repeat(len.div_ceil(251));
        values.truncate(len);
        return values;
    }
    (0..len as u32).map(|i| (i ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(2_654_435_761)).collect()
}

#[test]
fn values_come_back_as_they_were_sent() {
    fn round_trip<T: Element + PartialEq + std::fmt::Debug>(stream: &Stream) {
        // Nothing, one, odd, the longest that is staged and one more, several pages.
        for bytes in [0, 8, 24, 504, 64 << 10, (64 << 10) + 8, if cfg!(miri) { 1 << 17 } else { 3 << 20 }] {
            let source = values(bytes / 4, bytes as u32);
            let mut typed = vec![T::zeroed(); bytes / size_of::<T>()];
            bytemuck::cast_slice_mut::<T, u8>(&mut typed).copy_from_slice(bytemuck::cast_slice(&source));
            let buffer = stream.upload(&typed).unwrap();
            assert_eq!((buffer.len(), buffer.bytes(), buffer.is_empty()), (bytes / size_of::<T>(), bytes, bytes == 0));
            // Bytes, since a float may be a NaN.
            let back = stream.download(&buffer).unwrap();
            assert_eq!(bytemuck::cast_slice::<T, u8>(&back), bytemuck::cast_slice::<T, u8>(&typed), "{bytes} bytes");
        }
    }
    let stream = stream();
    round_trip::<u8>(&stream);
    round_trip::<bf16>(&stream);
    round_trip::<f16>(&stream);
    round_trip::<f32>(&stream);
    round_trip::<i64>(&stream);
}

#[test]
fn parts_are_written_and_read_where_they_are() {
    let stream = stream();
    let mut buffer = stream.zeros::<u32>(1000).unwrap();
    stream.write(&[7, 8, 9], &mut buffer, 997).unwrap();
    stream.write(&[1], &mut buffer, 0).unwrap();
    let (mut left, right) = buffer.slice_mut(..).unwrap().split_at(500).unwrap();
    stream.set_zero(left.reborrow().slice(..1).unwrap()).unwrap();
    assert_eq!((left.len(), right.len()), (500, 500));
    let mut wanted = vec![0; 1000];
    wanted[997..].copy_from_slice(&[7, 8, 9]);
    assert_eq!(stream.download(&buffer).unwrap(), wanted);
    assert_eq!(stream.download(buffer.slice(998..).unwrap()).unwrap(), [8, 9]);
    assert_eq!(stream.download(buffer.slice(990..).unwrap().slice(7..=8).unwrap()).unwrap(), [7, 8]);

    let error = stream.write(&[0; 3], &mut buffer, 998).unwrap_err();
    assert_eq!(error.to_string(), "3 values do not fit at element 998 of a buffer of 1000");
    assert_eq!(kind(stream.write(&[0; 3], &mut buffer, usize::MAX)), ErrorKind::Length);
    assert_eq!(kind(buffer.slice(1..1001)), ErrorKind::Length);
    assert_eq!(kind(buffer.slice_mut(..).unwrap().split_at(1001)), ErrorKind::Length);
}

#[test]
fn many_small_uploads_outrun_the_staging_memory_and_keep_their_values() {
    let stream = stream();
    let sources: Vec<_> = (0..if cfg!(miri) { 20 } else { 100 }).map(|seed| values(15_001, seed)).collect();
    // 6 MB (1.2 under miri) without a wait of ours, through 1 MiB of staging memory.
    let buffers: Vec<_> = sources.iter().map(|source| stream.upload(source).unwrap()).collect();
    for (buffer, source) in buffers.iter().zip(&sources) {
        assert_eq!(stream.download(buffer).unwrap(), *source);
    }
}

#[test]
fn copies_on_the_device() {
    let stream = stream();
    let source = values(5000, 3);
    let from = stream.upload(&source).unwrap();
    let mut to = stream.zeros(5000).unwrap();
    stream.copy(from.slice(16..3016).unwrap(), to.slice_mut(32..3032).unwrap()).unwrap();
    let back = stream.download(&to).unwrap();
    assert_eq!(back[32..3032], source[16..3016]);
    assert!(back[..32].iter().chain(&back[3032..]).all(|&v| v == 0), "nothing else was touched");
    stream.copy(from.slice(..0).unwrap(), to.slice_mut(5000..).unwrap()).unwrap();

    assert_eq!(kind(stream.copy(&from, to.slice_mut(1..).unwrap())), ErrorKind::Length);
    let error = stream.copy(from.slice(1..17).unwrap(), to.slice_mut(..16).unwrap()).unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::Argument, None));
    assert!(error.to_string().contains("the source starts 4 bytes past a multiple of 64"), "{error}");
}

#[test]
fn memory_is_reused_without_asking_the_device() {
    // A device of its own, whose figures no other test moves.
    let device = device(5);
    let stream = device.stream().unwrap();
    let step = || {
        let small: Vec<DeviceBuffer<f32>> = (1..50).map(|n| stream.alloc(n * 333).unwrap()).collect();
        let large = stream.zeros::<f32>(3 << 20).unwrap();
        drop(small);
        stream.copy(large.slice(..1024).unwrap(), &mut stream.alloc(1024).unwrap()).unwrap();
    };
    step();
    let warm = device.memory_stats();
    let steps = rounds(200);
    (0..steps).for_each(|_| step());
    let after = stream.memory_stats();
    assert_eq!((after.device_mallocs, after.reserved_bytes), (warm.device_mallocs, warm.reserved_bytes));
    assert_eq!((after.allocated_bytes, after.allocations), (0, (u64::from(steps) + 1) * 51));
    assert!(after.peak_allocated_bytes >= 12 << 20 && after.peak_allocated_bytes <= after.reserved_bytes);

    let before = device.memory().unwrap();
    assert_eq!(device.trim().unwrap(), after.reserved_bytes);
    assert_eq!(device.memory_stats().reserved_bytes, 0);
    let gained = device.memory().unwrap().free_bytes - before.free_bytes;
    assert!(gained >= after.reserved_bytes, "{gained} of {} came back", after.reserved_bytes);
}

#[test]
fn a_buffer_may_be_dropped_right_after_its_use_was_queued() {
    let stream = stream();
    for round in 0..rounds(50) {
        let source = values(100_000, round);
        let from = stream.upload(&source).unwrap();
        let mut to = stream.alloc(100_000).unwrap();
        stream.copy(&from, &mut to).unwrap();
        drop(from);
        // Takes the very block that the copy reads, and overwrites it behind the copy.
        let next = stream.zeros::<u32>(100_000).unwrap();
        drop(stream.zeros::<u32>(100_000).unwrap());
        // A blocking copy into a block that queued work still writes.
        let last = stream.upload(&source).unwrap();
        assert_eq!(stream.download(&to).unwrap(), source);
        assert_eq!(stream.download(&last).unwrap(), source);
        assert!(stream.download(&next).unwrap().iter().all(|&v| v == 0));
    }
}

#[test]
fn another_stream_is_an_error_and_not_a_race() {
    let (home, other) = (stream(), stream());
    let mut buffer = home.upload(&[1_u32, 2]).unwrap();
    let mut foreign = other.zeros::<u32>(2).unwrap();
    let error = other.download(&buffer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongStream);
    let text = format!("the source lives on {} and was used on {}; `fork` lends it, `rehome` moves it", home.id(), other.id());
    assert_eq!(error.to_string(), text);
    assert_eq!(kind(other.write(&[1], &mut buffer, 0)), ErrorKind::WrongStream);
    assert_eq!(kind(other.set_zero(&mut buffer)), ErrorKind::WrongStream);
    assert_eq!(kind(other.copy(&buffer, &mut foreign)), ErrorKind::WrongStream);
    assert_eq!(kind(home.copy(&buffer, &mut foreign)), ErrorKind::WrongStream);
    let pinned = home.device().pinned(2).unwrap();
    assert_eq!(kind(other.send(pinned, &mut buffer)), ErrorKind::WrongStream);
    assert_eq!(kind(home.fork(&other, |fork| fork.lend(&foreign).map(drop))), ErrorKind::WrongStream);
    // Inside a fork the lent view is the other stream's, and not this one's.
    home.fork(&other, |fork| {
        let lent = fork.lend(&buffer)?;
        assert_eq!(kind(home.download(lent)), ErrorKind::WrongStream);
        assert_eq!(other.download(lent)?, [1, 2]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn another_device_is_an_error() {
    let (here, there) = (device(0).stream().unwrap(), device(1).stream().unwrap());
    let event = there.record().unwrap();
    let error = here.wait(&event).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongDevice);
    assert!(error.to_string().starts_with("the event is of device 1 ("), "{error}");
    assert_eq!(kind(here.fork(&there, |_| Ok(()))), ErrorKind::WrongDevice);
    assert_eq!(kind(here.zeros::<u8>(1).unwrap().rehome(&there, &here.record().unwrap())), ErrorKind::WrongDevice);
    assert_eq!(kind(here.timer().unwrap().stop(&there)), ErrorKind::WrongDevice);
    let pinned = there.device().pinned::<u8>(1).unwrap();
    assert_eq!(kind(here.send(pinned, &mut here.zeros(1).unwrap())), ErrorKind::WrongDevice);
}

#[test]
fn a_fork_works_on_both_streams_and_joins() {
    let (home, other) = (stream(), stream());
    for round in 0..rounds(30) {
        let source = values(50_000, round);
        let shared = home.upload(&source).unwrap();
        let mut there = home.zeros::<u32>(50_000).unwrap();
        let mut here = home.zeros::<u32>(50_000).unwrap();
        let answer = home.fork(&other, |fork| {
            other.copy(fork.lend(&shared)?, fork.lend_mut(&mut there)?)?;
            home.copy(&shared, &mut here)?;
            Ok(42)
        });
        assert_eq!(answer.unwrap(), 42);
        drop(shared);
        assert_eq!(home.download(&there).unwrap(), source);
        assert_eq!(home.download(&here).unwrap(), source);
    }
    let failed = home.fork(&other, |_| Err::<(), _>(Error::new(ErrorKind::Shape, "mine")));
    assert_eq!(failed.unwrap_err().to_string(), "mine");
}

#[test]
fn rehoming_needs_the_last_event_of_the_old_home() {
    let (old, new) = (stream(), stream());
    let source = values(70_000, 1);
    let mut buffer = old.upload(&source).unwrap();
    let stale = old.record().unwrap();
    old.set_zero(&mut buffer).unwrap();
    let error = buffer.rehome(&new, &stale).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongStream);
    assert!(error.to_string().starts_with("the event is stale: 1 calls were queued"), "{error}");
    let foreign = new.record().unwrap();
    assert_eq!(kind(buffer.rehome(&new, &foreign)), ErrorKind::WrongStream);

    // One event for two buffers. Queued on the old home and not waited for: a small upload and a copy on the device.
    let from = old.upload(&source).unwrap();
    old.copy(&from, &mut buffer).unwrap();
    let mut more = old.upload(&[5_u32]).unwrap();
    let event: Event = old.record().unwrap();
    buffer.rehome(&new, &event).unwrap();
    more.rehome(&new, &event).unwrap();
    assert_eq!(new.download(&buffer).unwrap(), source);
    assert_eq!(new.download(&more).unwrap(), [5]);
    assert_eq!(kind(old.download(&buffer)), ErrorKind::WrongStream);
    // Freed in the order of the new home: the old one must not get the block, whose copy below is only queued.
    let mut copy = new.alloc(source.len()).unwrap();
    new.copy(&buffer, &mut copy).unwrap();
    drop(buffer);
    let stranger = old.zeros::<u32>(source.len()).unwrap();
    assert!(old.download(&stranger).unwrap().iter().all(|&v| v == 0));
    assert_eq!(new.download(&copy).unwrap(), source);
}

#[test]
fn pinned_memory_travels_by_value() {
    let stream = stream();
    let device = stream.device();
    let source = values(30_000, 9);
    let mut buffer = stream.zeros::<u32>(30_000).unwrap();
    let sent = stream.send(device.pinned_from(&source).unwrap(), &mut buffer).unwrap();
    let received = stream.receive(&buffer, device.pinned(30_000).unwrap()).unwrap();
    drop(buffer);
    let mut back = received.wait().unwrap();
    assert_eq!(back[..], source);
    let pinned = sent.wait().unwrap();
    assert_eq!(pinned[..], source, "the memory comes back");
    back[0] = 1;
    assert_eq!(back[..3].iter().filter(|&&v| v == 1).count(), 1);

    // Dropped ones wait by themselves; a leaked one leaks.
    let mut buffer = stream.zeros::<u32>(30_000).unwrap();
    drop(stream.send(back, &mut buffer).unwrap());
    if !cfg!(miri) {
        std::mem::forget(stream.receive(&buffer, pinned).unwrap());
    }
    assert_eq!(stream.download(&buffer).unwrap()[1..], source[1..]);

    let error = stream.send(device.pinned(2).unwrap(), &mut buffer).unwrap_err();
    assert_eq!(error.to_string(), "2 values of pinned memory and 30000 on the device; the lengths must agree");
    let nothing = stream.send(device.pinned::<u32>(0).unwrap(), buffer.slice_mut(..0).unwrap()).unwrap();
    assert!(nothing.wait().unwrap().is_empty());
}

#[test]
fn events_and_timers() {
    let (first, second) = (stream(), stream());
    let source = values(300_000, 2);
    let timer = first.timer().unwrap();
    let mut from = first.upload(&source).unwrap();
    let mut to = first.zeros(300_000).unwrap();
    first.copy(&from, &mut to).unwrap();
    let event = first.record().unwrap();
    second.wait(&event).unwrap();
    event.synchronize_for(Duration::from_secs(20)).unwrap();
    assert!(event.is_complete().unwrap());
    let time = timer.stop(&first).unwrap();
    assert!(time > Duration::ZERO && time < Duration::from_secs(20), "{time:?}");
    first.set_zero(&mut from).unwrap();
    first.synchronize_for(Duration::from_secs(20)).unwrap();
    second.synchronize().unwrap();
    assert!(first.is_idle().unwrap() && second.is_idle().unwrap());
    first.device().synchronize().unwrap();
}

#[test]
fn buffers_outlive_the_handles_they_came_from() {
    let cann = Cann::load().unwrap();
    let device = Device::open(&cann, 4).unwrap();
    let stream = device.stream().unwrap();
    let buffer = stream.upload(&[1_u32, 2, 3]).unwrap();
    let event = stream.record().unwrap();
    drop((cann, device, stream));
    event.synchronize().unwrap();
    // Last use in another thread, which has no context of its own: that destroys the stream and closes the device.
    std::thread::spawn(move || assert_eq!(buffer.len(), 3)).join().unwrap();
}

#[test]
fn streams_and_buffers_move_between_threads() {
    let stream = stream();
    let source = values(1000, 4);
    let buffer = stream.upload(&source).unwrap();
    let (stream, back) = std::thread::spawn(move || {
        let back = stream.download(&buffer).unwrap();
        (stream, back)
    })
    .join()
    .unwrap();
    assert_eq!(back, source);
    assert_eq!(stream.download(&stream.upload(&source).unwrap()).unwrap(), source);
}

#[test]
fn devices() {
    let cann = Cann::load().unwrap();
    let count = cann.device_count().unwrap();
    let error = Device::open(&cann, count).unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::NoDevice, None));
    assert!(error.to_string().starts_with(&format!("there is no device {count}: ")), "{error}");
    assert!(error.to_string().ends_with(&format!("has {count}")), "{error}");
    assert_eq!(kind(Device::open(&cann, u32::MAX)), ErrorKind::NoDevice);
    let device = Device::open(&cann, 0).unwrap();
    assert!(device.soc_name().starts_with("Ascend"), "{device:?}");
    let memory = device.memory().unwrap();
    assert!(memory.free_bytes > 0 && memory.free_bytes <= memory.total_bytes);
    // The same device, so streams of both work together.
    let again = Device::open(&Cann::load().unwrap(), 0).unwrap();
    again.stream().unwrap().wait(&device.stream().unwrap().record().unwrap()).unwrap();
    assert_eq!(again.ordinal(), 0);
}

#[test]
fn more_than_an_address_space() {
    for len in [usize::MAX, isize::MAX as usize, usize::MAX / 4] {
        assert_eq!(kind(stream().alloc::<u32>(len)), ErrorKind::OutOfMemory);
    }
    assert_eq!(kind(device(0).pinned::<u32>(usize::MAX)), ErrorKind::OutOfMemory);
}

#[test]
fn views_convert() {
    let stream = stream();
    let mut buffer = stream.upload(&[1_u32, 2, 3]).unwrap();
    let view: Slice<'_, u32> = buffer.slice_mut(1..).unwrap().into();
    assert_eq!(stream.download(view).unwrap(), [2, 3]);
    assert_eq!(format!("{buffer:?}"), format!("DeviceBuffer<u32>(3 on {})", stream.id()));
}

/// All of the above with a simulator that runs nothing before a wait requires it, in an order that a seed decides: a wait that
/// is missing shows.
#[test]
#[cfg(feature = "sim")]
fn everything_again_lazily() {
    for seed in ["1", "2", "3"] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--skip", "everything_again_lazily", "--skip", "when_memory_is_short"])
            .envs([("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", seed), ("ASCEND_RL_DEVICE", "sim")])
            .output()
            .unwrap();
        assert!(output.status.success(), "seed {seed}:\n{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// A device of 64 MiB, in a process of its own.
#[test]
#[cfg(feature = "sim")]
fn when_memory_is_short() {
    if std::env::var_os("CANN_SIM_MEMORY").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "when_memory_is_short", "--nocapture"])
            .envs([("CANN_SIM_MEMORY", "64M"), ("ASCEND_RL_DEVICE", "sim")])
            .status();
        assert!(status.unwrap().success());
        return;
    }
    const MIB: usize = 1 << 20;
    let (stream, other) = (stream(), stream());
    let kept = stream.zeros::<u8>(24 * MIB).unwrap();
    let cached = other.zeros::<u8>(12 * MIB).unwrap();
    let error = stream.alloc::<u8>(40 * MIB).unwrap_err();
    assert_eq!((error.kind(), error.call(), error.code()), (ErrorKind::OutOfMemory, Some("aclrtMalloc"), Some(207001)));
    let text = error.to_string();
    let parts = ["device 0 is out of memory: 40.0 MiB asked, 36.0 MiB allocated in buffers", "MiB cached", "of 64.0 MiB free"];
    for part in parts.into_iter().chain(["aclrtMalloc returned 207001 (ACL_ERROR_RT_MEMORY_ALLOCATION)"]) {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert_eq!(text.lines().count(), 1);
    // What another stream has cached goes back to the device, for a longer one.
    drop(cached);
    let reused = stream.zeros::<u8>(36 * MIB).unwrap();
    // What this stream has cached serves the other after a wait, in part.
    drop(reused);
    let mallocs = stream.memory_stats().device_mallocs;
    let part = other.zeros::<u8>(30 * MIB).unwrap();
    assert_eq!(stream.memory_stats().device_mallocs, mallocs);
    drop((kept, part));
    let large = stream.zeros::<u8>(60 * MIB).unwrap();
    assert_eq!(stream.download(large.slice(60 * MIB - 4..).unwrap()).unwrap(), [0; 4]);
}
