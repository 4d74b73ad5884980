//! Rows, batches, patterns, registered and virtual memory, through the safe interface, on whatever `Cann::load` finds.

use ascend_rl::acl::{CopyPart, Importers, MemoryPlace, PhysicalMemory, Rows, ShareableHandle, Stream};
use ascend_rl::{Cann, Device, ErrorKind, Result};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

fn device(ordinal: u32) -> Device {
    Device::open(&Cann::load().unwrap(), ordinal).unwrap()
}

fn stream() -> Stream {
    device(0).stream().unwrap()
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}

/// Values that differ from place to place.
fn values(len: usize) -> Vec<u32> {
    (0..len as u32).map(|i| i.wrapping_mul(2_654_435_761) | 1).collect()
}

#[test]
fn rows_go_up_across_and_down() {
    let stream = stream();
    let (height, width) = (23, 7);
    let source = values(height * 16);
    let mut wide = stream.zeros::<u32>(height * 16).unwrap();
    let mut packed = stream.zeros::<u32>(height * width).unwrap();
    let rows = |src_pitch, dst_pitch| Rows { height, width, src_pitch, dst_pitch };
    stream.write_2d(&source[3..], &mut wide, rows(16, 16)).unwrap();
    stream.copy_2d(&wide, &mut packed, rows(16, width)).unwrap();
    let mut back = vec![0; height * 10];
    stream.read_2d(&packed, &mut back, rows(width, 10)).unwrap();
    for row in 0..height {
        assert_eq!(back[row * 10..][..width], source[row * 16 + 3..][..width], "row {row}");
        assert_eq!(back[row * 10 + width..(row + 1) * 10], [0; 3]);
    }
    stream.copy_2d(&wide, &mut packed, Rows { height: 0, ..rows(1, 1) }).unwrap();
    let error = stream.copy_2d(&wide, &mut packed, rows(6, width)).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Argument, "rows of 7 elements are longer than the source's pitch, 6")
    );
    assert_eq!(kind(stream.copy_2d(&wide, &mut packed, Rows { height: height + 1, ..rows(8, 7) })), ErrorKind::Length);
    assert_eq!(kind(stream.read_2d(&packed, &mut back, Rows { height: usize::MAX, ..rows(7, 10) })), ErrorKind::Length);
    let other = stream.device().stream().unwrap();
    assert_eq!(kind(other.copy_2d(&wide, &mut packed, rows(16, 7))), ErrorKind::WrongStream);
    assert_eq!(kind(other.write_2d(&source, &mut packed, rows(16, 7))), ErrorKind::WrongStream);
}

#[test]
fn batches_swap_blocks_out_and_in() {
    const BLOCK: usize = 1000;
    let stream = stream();
    let (source, pool) = (values(64 * BLOCK), stream.device().pinned::<u32>(64 * BLOCK).unwrap());
    let mut cache = stream.upload(&source).unwrap();
    // Every third block goes out, packed from the front.
    let out: Vec<_> = (0..21).map(|i| CopyPart { src: 3 * i * BLOCK, dst: i * BLOCK, len: BLOCK }).collect();
    let pool = stream.receive_parts(&cache, pool, &out).unwrap().wait().unwrap();
    for i in 0..21 {
        assert_eq!(pool[i * BLOCK..][..BLOCK], source[3 * i * BLOCK..][..BLOCK]);
    }
    assert!(pool[21 * BLOCK..].iter().all(|v| *v == 0), "nothing else was touched");
    // In again in reverse, one of them of no length.
    stream.set_zero(&mut cache).unwrap();
    let mut back: Vec<_> = (0..21).map(|i| CopyPart { src: i * BLOCK, dst: (63 - i) * BLOCK, len: BLOCK }).collect();
    back[5].len = 0;
    let pool = stream.send_parts(pool, &mut cache, &back).unwrap().wait().unwrap();
    let got = stream.download(&cache).unwrap();
    for i in 0..21 {
        let wanted = if i == 5 { &[0; BLOCK][..] } else { &source[3 * i * BLOCK..][..BLOCK] };
        assert_eq!(&got[(63 - i) * BLOCK..][..BLOCK], wanted, "block {i}");
    }
    let pool = stream.send_parts(pool, &mut cache, &[]).unwrap().wait().unwrap();
    let bad = [CopyPart { src: 0, dst: 0, len: 10 }, CopyPart { src: 50, dst: 9, len: 2 }];
    let error = stream.send_parts(pool, &mut cache, &bad).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.to_string().contains("parts 0 and 1 overlap"), "{error}");
    let pinned = || stream.device().pinned::<u32>(10).unwrap();
    let past = [CopyPart { src: 5, dst: 0, len: 6 }];
    assert_eq!(kind(stream.send_parts(pinned(), &mut cache, &past)), ErrorKind::Length);
    assert_eq!(kind(stream.receive_parts(&cache, pinned(), &[CopyPart { src: 0, dst: usize::MAX, len: 1 }])), ErrorKind::Length);
    let elsewhere = device(1).pinned::<u32>(10).unwrap();
    assert_eq!(kind(stream.receive_parts(&cache, elsewhere, &[])), ErrorKind::WrongDevice);
}

#[test]
fn patterns() {
    let stream = stream();
    // Bytes that agree, words, an even and an odd number of halves, long words.
    let mut bytes = stream.zeros::<u8>(7).unwrap();
    stream.fill(&mut bytes, 0xee).unwrap();
    assert_eq!(stream.download(&bytes).unwrap(), [0xee; 7]);
    let mut words = stream.zeros::<f32>(100_003).unwrap();
    stream.fill(words.slice_mut(1..).unwrap(), -1.5).unwrap();
    let got = stream.download(&words).unwrap();
    assert!(got[0] == 0.0 && got[1..].iter().all(|v| *v == -1.5));
    let mut halves = stream.zeros::<u16>(9).unwrap();
    stream.fill(halves.slice_mut(..8).unwrap(), 0x1234).unwrap();
    assert_eq!(stream.download(&halves).unwrap()[..], [[0x1234; 8].as_slice(), &[0]].concat());
    stream.fill(&mut halves, 0x5678).unwrap();
    assert_eq!(stream.download(&halves).unwrap(), [0x5678; 9]);
    let mut long = stream.zeros::<i64>(20_000).unwrap();
    stream.fill(&mut long, -5).unwrap();
    assert!(stream.download(&long).unwrap().iter().all(|v| *v == -5));
    stream.fill(long.slice_mut(..0).unwrap(), 1).unwrap();
    assert_eq!(kind(stream.device().stream().unwrap().fill(&mut long, 1)), ErrorKind::WrongStream);
}

/// Memory of the program that starts with a page.
#[repr(align(4096))]
struct Pages([u32; 4096]);

#[test]
fn registered_memory_is_copied_in_the_background() {
    let stream = stream();
    let mut pages = Box::new(Pages([0; 4096]));
    pages.0.copy_from_slice(&values(4096));
    let mut buffer = stream.zeros::<u32>(1000).unwrap();
    let sum = stream
        .with_registered(&mut pages.0, |host| {
            assert_eq!((host.len(), host.is_empty()), (4096, false));
            host.send(100..1100, &mut buffer)?;
            stream.device().pointer(0).expect_err("null is no memory");
            host.receive(&buffer, 2000..3000)?;
            let seen = host.wait()?;
            assert_eq!(seen[2000..3000], values(4096)[100..1100]);
            seen[0] = 77;
            assert_eq!(kind(host.send(0..1, buffer.slice_mut(..2)?)), ErrorKind::Length);
            assert_eq!(kind(host.receive(buffer.slice(..2)?, 4095..4097)), ErrorKind::Length);
            host.receive(buffer.slice(..1)?, 4095..4096)?;
            Ok(seen_sum(host.wait()?))
        })
        .unwrap();
    assert_eq!((pages.0[0], sum), (77, seen_sum(&pages.0)), "the program's again");
    let error = stream.with_registered(&mut pages.0[1..], |_| Ok(())).unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::Argument, None));
    assert!(stream.with_registered(&mut [0u32; 0], |host| Ok(host.is_empty())).unwrap());
    // A closure that fails, and one that panics: the registration ends, so that the next can have it.
    assert_eq!(
        kind(stream.with_registered(&mut pages.0, |_| -> Result<()> { Err(ascend_rl::Error::new(ErrorKind::Io, "mine")) })),
        ErrorKind::Io
    );
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        stream.with_registered(&mut pages.0, |host| -> Result<()> {
            host.receive(&buffer, 0..1000)?;
            panic!("mine")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(pages.0[..1000], values(4096)[100..1100], "waited for");
    stream.with_registered(&mut pages.0, |_| Ok(())).unwrap();
}

fn seen_sum(values: &[u32]) -> u64 {
    values.iter().map(|v| *v as u64).sum()
}

#[test]
#[cfg_attr(miri, ignore = "the table of the tests has no virtual memory")]
fn what_memory_is() {
    let device = device(2);
    let (pinned, pageable) = (device.pinned::<u8>(10).unwrap(), [0u8; 10]);
    let range = {
        let mut range = device.stream().unwrap().reserve(1).unwrap();
        range.map(0, &device.physical(1).unwrap()).unwrap();
        range
    };
    let place = |address| device.pointer(address).unwrap().place;
    assert_eq!(place(range.address()), MemoryPlace::Device(2));
    assert_eq!(place(pinned.as_ptr().addr()), MemoryPlace::Pinned);
    assert_eq!(place(pageable.as_ptr().addr()), MemoryPlace::Pageable);
    let usage = device.memory_usage().unwrap();
    assert!(usage[0].bytes >= 2 << 20 && usage[0].peak_bytes >= usage[0].bytes, "{usage:?}");
}

#[test]
#[cfg_attr(miri, ignore = "the table of the tests has no virtual memory")]
fn a_range_grows_without_moving() {
    // A device of its own, whose free memory no other test moves.
    let device = device(5);
    let (stream, unit) = (device.stream().unwrap(), device.physical_granularity().unwrap());
    let mut range = stream.reserve(8 * unit - 1).unwrap();
    assert_eq!((range.bytes(), range.mapped().count()), (8 * unit, 0));
    assert_eq!(kind(range.slice::<f32>(0..4)), ErrorKind::Length);
    let (small, big) = (device.physical(1).unwrap(), device.physical(2 * unit).unwrap());
    assert_eq!((small.bytes(), big.bytes()), (unit, 2 * unit));
    range.map(unit, &small).unwrap();
    range.map(2 * unit, &big).unwrap();
    assert_eq!(range.mapped().collect::<Vec<_>>(), [unit..2 * unit, 2 * unit..4 * unit]);
    // One view over both, and a hole before them.
    stream.fill(range.slice_mut::<u32>(unit..4 * unit).unwrap(), 0x0102_0304).unwrap();
    assert_eq!(stream.download(range.slice::<u32>(2 * unit - 8..2 * unit + 8).unwrap()).unwrap(), [0x0102_0304; 4]);
    for (bytes, wanted) in [
        (0..4, ErrorKind::Length),
        (unit..4 * unit + 4, ErrorKind::Length),
        (unit + 2..unit + 6, ErrorKind::Argument),
        (unit..unit + 5, ErrorKind::Argument),
    ] {
        assert_eq!(kind(range.slice::<u32>(bytes)), wanted);
    }
    // What a memory and a place take.
    let mut other = stream.reserve(2 * unit).unwrap();
    assert_eq!(kind(other.map(0, &small)), ErrorKind::Argument, "it has an address already");
    let third = device.physical(unit).unwrap();
    assert_eq!(kind(range.map(3 * unit, &third)), ErrorKind::Argument, "taken");
    assert_eq!(kind(range.map(4 * unit + 64, &third)), ErrorKind::Argument, "CANN's own check");
    assert_eq!(kind(range.map(8 * unit, &third)), ErrorKind::Length);
    assert_eq!(kind(range.map(4 * unit, &self::device(1).physical(unit).unwrap())), ErrorKind::WrongDevice);
    assert_eq!(kind(range.unmap(0)), ErrorKind::Argument);
    // Elsewhere, with its bytes.
    let moved = range.unmap(unit).unwrap();
    assert_eq!(kind(range.slice::<u32>(unit..unit + 4)), ErrorKind::Length);
    other.map(unit, &moved).unwrap();
    assert_eq!(stream.download(other.slice::<u32>(unit..unit + 4).unwrap()).unwrap(), [0x0102_0304]);
    let before = device.memory().unwrap().free_bytes;
    drop((small, moved, other));
    assert!(device.memory().unwrap().free_bytes >= before + unit, "the last of it has gone");
    assert_eq!(kind(stream.reserve(0)), ErrorKind::Argument);
    assert_eq!(kind(device.physical(0)), ErrorKind::Argument);
}

const PEER: &str = "ACL_MEMORY_PEER";

/// Plays the other process: imports what it is told, and adds 1 to each value.
fn peer(handle: &str) {
    let bytes: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&handle[2 * i..2 * i + 2], 16).unwrap()).collect();
    let device = device(1);
    let (stream, memory) =
        (device.stream().unwrap(), device.import(ShareableHandle::from_bytes(bytes.try_into().unwrap())).unwrap());
    let mut range = stream.reserve(memory.bytes()).unwrap();
    range.map(0, &memory).unwrap();
    let mut seen = stream.download(range.slice::<u32>(0..4096).unwrap()).unwrap();
    seen.iter_mut().for_each(|v| *v += 1);
    let upload = stream.upload(&seen).unwrap();
    stream.copy(&upload, range.slice_mut(0..4096).unwrap()).unwrap();
    stream.synchronize().unwrap();
    assert_eq!(kind(memory.export(Importers::All)), ErrorKind::Argument, "imported memory is not exported again");
}

#[test]
#[cfg_attr(miri, ignore = "the table of the tests has no virtual memory")]
fn another_process_imports_memory() {
    if let Ok(handle) = std::env::var(PEER) {
        return peer(&handle);
    }
    let device = device(0);
    let (stream, memory) = (device.stream().unwrap(), device.physical(1).unwrap());
    let mut range = stream.reserve(memory.bytes()).unwrap();
    range.map(0, &memory).unwrap();
    stream.fill(range.slice_mut::<u32>(0..4096).unwrap(), 41).unwrap();
    stream.synchronize().unwrap();
    let handle = memory.export(Importers::All).unwrap();
    assert_eq!(ShareableHandle::from_bytes(handle.to_bytes()), handle);
    assert_eq!(kind(memory.export(Importers::All)), ErrorKind::Argument);
    assert_eq!(kind(device.import(handle)), ErrorKind::Argument, "its own");
    let text: String = handle.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(["another_process_imports_memory", "--exact"]).env(PEER, text).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(stream.download(range.slice::<u32>(0..4096).unwrap()).unwrap(), [42; 1024]);
}

#[test]
#[cfg_attr(miri, ignore = "the table of the tests has no virtual memory")]
fn a_white_list_and_an_exporter_that_is_gone() {
    const NAME: &str = "a_white_list_and_an_exporter_that_is_gone";
    let made = |parent: u32| -> (PhysicalMemory, ShareableHandle) {
        let memory = device(0).physical(1).unwrap();
        let handle = memory.export(Importers::Only(&[parent])).unwrap();
        (memory, handle)
    };
    if let Ok(parent) = std::env::var(PEER) {
        let (open, shut) = (made(parent.parse().unwrap()), made(1));
        println!("handles: {} {} {}", open.1.number, shut.1.number, open.1.bytes);
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture"]).env(PEER, std::process::id().to_string());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Kept to the end: the harness over there writes a last line.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(|line| line.ok());
    let line = lines.find_map(|line| line.split_once("handles: ").map(|(_, rest)| rest.to_owned())).unwrap();
    let numbers: Vec<u64> = line.split(' ').map(|n| n.parse().unwrap()).collect();
    let handle = |number| ShareableHandle { number, bytes: numbers[2] };
    let device = device(0);
    let memory = device.import(handle(numbers[0])).unwrap();
    let error = device.import(handle(numbers[1])).unwrap_err();
    assert!(error.to_string().contains("white list"), "{error}");
    writeln!(child.stdin.take().unwrap(), "end").unwrap();
    assert!(child.wait().unwrap().success());
    drop(lines);
    let error = device.import(handle(numbers[0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.to_string().contains("has ended"), "{error}");
    // What was imported stays.
    let stream = device.stream().unwrap();
    let mut range = stream.reserve(memory.bytes()).unwrap();
    range.map(0, &memory).unwrap();
    stream.fill(range.slice_mut::<u32>(0..8).unwrap(), 5).unwrap();
    assert_eq!(stream.download(range.slice::<u32>(0..8).unwrap()).unwrap(), [5; 2]);
}
