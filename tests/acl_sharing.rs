//! Memory and notifies between processes, and pools, through the safe interface, on whatever `Cann::load` finds.
//!
//! The other process is this program again: it plays its part of the test of the same name and talks over its standard streams.
#![cfg(not(miri))]

use ascend_rl::acl::{Importers, MemoryKey, NotifyKey, Stream};
use ascend_rl::{Cann, Device, ErrorKind, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const PART: &str = "ACL_SHARING_PART";
const SOON: Duration = Duration::from_secs(20);

fn device(ordinal: u32) -> Device {
    Device::open(&Cann::load().unwrap(), ordinal).unwrap()
}

fn stream() -> Stream {
    device(0).stream().unwrap()
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}

/// The process on the other side.
struct Peer {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it in the test `name`; `None` in that process itself.
    fn start(name: &str) -> Option<Peer> {
        if std::env::var_os(PART).is_some() {
            return None;
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([name, "--exact", "--nocapture"]).env(PART, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Some(Peer { child, lines })
    }

    fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// What it says next.
    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the other process has ended");
            // The test harness begins lines of its own.
            if let Some((_, said)) = line.split_once("says: ") {
                return said.trim_end().to_owned();
            }
        }
    }

    fn end(mut self) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "the other process failed: {rest}");
    }
}

/// The same for the other process.
fn say(line: &str) {
    println!("says: {line}");
}

fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> [u8; N] {
    assert_eq!(text.len(), 2 * N);
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

fn values(len: usize) -> Vec<u32> {
    (0..len as u32).map(|i| i.wrapping_mul(2_654_435_761) | 1).collect()
}

/// Another process reads and writes a buffer in place, on another device; the white list lets it in, and nobody else.
#[test]
fn a_buffer_is_shared_by_a_key() {
    const LEN: usize = 5_000;
    let Some(mut peer) = Peer::start("a_buffer_is_shared_by_a_key") else { return importer(LEN) };
    // A device of its own, whose figures no other test moves.
    let (stream, id) = (device(5).stream().unwrap(), peer.hear().parse().unwrap());
    let free = stream.device().memory().unwrap().free_bytes;
    let mut shared = stream.share::<u32>(LEN, Importers::Only(&[id])).unwrap();
    let shut = stream.share::<u32>(4, Importers::Only(&[std::process::id()])).unwrap();
    assert_eq!((shared.len(), MemoryKey::from_bytes(shared.key().to_bytes())), (LEN, shared.key()));
    let source = stream.upload(&values(LEN)).unwrap();
    stream.copy(&source, shared.slice_mut(..).unwrap()).unwrap();
    stream.synchronize().unwrap();
    peer.say(&format!("{} {}", hex(&shared.key().to_bytes()), hex(&shut.key().to_bytes())));
    assert_eq!(peer.hear(), "written");
    let mut wanted = values(LEN);
    wanted[16..32].fill(7);
    assert_eq!(stream.download(shared.slice(..).unwrap()).unwrap(), wanted);
    assert_eq!(kind(shared.slice(..LEN + 1)), ErrorKind::Length);
    assert_eq!(kind(stream.device().stream().unwrap().download(shared.slice(..1).unwrap())), ErrorKind::WrongStream);
    peer.end();
    drop((shared, shut, source));
    stream.device().trim().unwrap();
    assert!(stream.device().memory().unwrap().free_bytes >= free, "all of it went back");
}

fn importer(len: usize) {
    let stream = device(1).stream().unwrap();
    say(&stream.device().process_id().unwrap().to_string());
    let said = hear();
    let (open, shut) = said.split_once(' ').unwrap();
    let (open, shut) = (MemoryKey::from_bytes(unhex(open)), MemoryKey::from_bytes(unhex(shut)));
    // SAFETY: the test's other process keeps the memory until this one has ended.
    let import = |key: &MemoryKey, len| unsafe { stream.import_shared::<u32>(key, len) };
    assert_eq!(kind(import(&open, len + 1)), ErrorKind::Length);
    assert_eq!(kind(import(&open, 0)), ErrorKind::Argument);
    let error = import(&shut, 4).unwrap_err();
    assert!(error.to_string().contains("white list"), "{error}");
    let mut shared = import(&open, len).unwrap();
    assert_eq!(kind(import(&open, len)), ErrorKind::Argument, "once at a time");
    assert_eq!(stream.download(shared.slice(..).unwrap()).unwrap(), values(len));
    stream.fill(shared.slice_mut(16..32).unwrap(), 7).unwrap();
    // Given back, and imported again.
    drop(shared);
    let shared = import(&open, 32).unwrap();
    assert_eq!(stream.download(shared.slice(16..).unwrap()).unwrap(), [7; 16]);
    say("written");
}

#[test]
fn what_cannot_be_shared() {
    let stream = stream();
    assert_eq!(kind(stream.share::<u32>(0, Importers::All)), ErrorKind::Argument);
    assert_eq!(kind(stream.share::<u64>(1 << 40, Importers::All)), ErrorKind::OutOfMemory);
    // SAFETY: refused: there is no such memory.
    let nonsense = unsafe { stream.import_shared::<u8>(&MemoryKey::from_bytes([1; MemoryKey::BYTES]), 1) };
    assert_eq!(kind(nonsense), ErrorKind::Argument);
}

/// Streams of two processes take turns, without a word between the hosts.
#[test]
fn notifies_order_streams_of_two_processes() {
    const ROUNDS: u32 = 20;
    let name = "notifies_order_streams_of_two_processes";
    let Some(mut peer) = Peer::start(name) else { return second(ROUNDS) };
    let stream = stream();
    let mut shared = stream.share::<u32>(64, Importers::All).unwrap();
    let (ping, pong) = (stream.device().notify().unwrap(), stream.device().notify().unwrap());
    let key = |notify: &ascend_rl::acl::Notify| {
        let key = notify.export(Importers::All).unwrap();
        assert_eq!(notify.export(Importers::All).unwrap(), key, "the same again");
        hex(&NotifyKey::from_bytes(key.to_bytes()).to_bytes())
    };
    let keys = [hex(&shared.key().to_bytes()), key(&ping), key(&pong)].join(" ");
    let mut back = Vec::new();
    for round in 0..ROUNDS {
        stream.fill(shared.slice_mut(..).unwrap(), 2 * round).unwrap();
        stream.record_notify(&ping).unwrap();
        stream.wait_notify(&pong, Some(SOON)).unwrap();
        let mut copy = stream.alloc::<u32>(64).unwrap();
        stream.copy(shared.slice(..).unwrap(), &mut copy).unwrap();
        back.push(copy);
    }
    // All of it is queued before the other process has heard of it.
    peer.say(&keys);
    for (round, copy) in (0..).zip(&back) {
        assert_eq!(stream.download(copy).unwrap(), [2 * round + 1; 64], "round {round}");
    }
    peer.say("done");
    peer.end();
}

fn second(rounds: u32) {
    let stream = device(1).stream().unwrap();
    let said = hear();
    let [memory, ping, pong]: [&str; 3] = said.split(' ').collect::<Vec<_>>().try_into().unwrap();
    // SAFETY: the test's other process keeps the memory until this one has ended.
    let mut shared = unsafe { stream.import_shared::<u32>(&MemoryKey::from_bytes(unhex(memory)), 64) }.unwrap();
    let notify = |text| stream.device().import_notify(&NotifyKey::from_bytes(unhex(text))).unwrap();
    let (ping, pong) = (notify(ping), notify(pong));
    assert_eq!(kind(ping.export(Importers::All)), ErrorKind::Argument, "imported ones are not exported again");
    for round in 0..rounds {
        stream.wait_notify(&ping, Some(SOON)).unwrap();
        assert_eq!(stream.download(shared.slice(..).unwrap()).unwrap(), [2 * round; 64]);
        stream.fill(shared.slice_mut(..).unwrap(), 2 * round + 1).unwrap();
        stream.record_notify(&pong).unwrap();
    }
    stream.synchronize().unwrap();
    hear();
}

#[test]
fn notifies_within_a_process() {
    let (first, second) = (device(0).stream().unwrap(), device(1).stream().unwrap());
    let ready = second.device().notify().unwrap();
    second.wait_notify(&ready, None).unwrap();
    assert_eq!(kind(second.synchronize_for(Duration::from_millis(5))), ErrorKind::Timeout);
    first.record_notify(&ready).unwrap();
    second.synchronize_for(SOON).unwrap();
    assert_eq!(kind(first.wait_notify(&ready, None)), ErrorKind::WrongDevice);
    // Nobody sets it again: the stream fails after its time.
    second.wait_notify(&ready, Some(Duration::from_millis(10))).unwrap();
    let error = second.synchronize_for(SOON).unwrap_err();
    assert!(error.to_string().contains("aclrtWaitAndResetNotify"), "{error}");
    let unknown = second.device().import_notify(&NotifyKey::from_bytes([1; 65]));
    assert_eq!(kind(unknown), ErrorKind::Argument);
    drop(ready);
    // The stream has said that it failed; the notify has gone all the same, without a word.
    device(1).synchronize().unwrap();
}

#[test]
fn a_pool_is_bounded_and_keeps_what_it_may() {
    // A device of its own, whose figures no other test moves.
    let device = device(6);
    let (stream, other) = (device.stream().unwrap(), device.stream().unwrap());
    let pool = device.memory_pool(10_000).unwrap();
    pool.set_release_threshold(10_000).unwrap();
    let mut first = pool.alloc::<u32>(&stream, 1000).unwrap();
    stream.fill(first.slice_mut(..).unwrap(), 3).unwrap();
    assert_eq!(stream.download(first.slice(990..).unwrap()).unwrap(), [3; 10]);
    assert_eq!(kind(other.download(first.slice(..1).unwrap())), ErrorKind::WrongStream);
    assert_eq!(kind(pool.alloc::<u32>(&stream, 2000)), ErrorKind::OutOfMemory);
    assert_eq!(kind(pool.alloc::<u32>(&stream, 0)), ErrorKind::Argument);
    assert_eq!(kind(pool.alloc::<u32>(&self::stream(), 1)), ErrorKind::WrongDevice);
    // Freed behind a copy that reads it; the next one of the stream may have it at once, behind that copy.
    let mut copy = stream.alloc::<u32>(1000).unwrap();
    stream.copy(first.slice(..).unwrap(), &mut copy).unwrap();
    drop(first);
    let mut second = pool.alloc::<u32>(&stream, 900).unwrap();
    stream.fill(second.slice_mut(..).unwrap(), 9).unwrap();
    assert_eq!(stream.download(&copy).unwrap(), [3; 1000]);
    let usage = pool.usage().unwrap();
    assert_eq!((usage.used_bytes, usage.peak_used_bytes), (usage.reserved_bytes, usage.peak_reserved_bytes));
    assert!((3600..=10_000).contains(&usage.used_bytes), "{usage:?}");
    drop(second);
    stream.synchronize().unwrap();
    assert_eq!(pool.usage().unwrap().used_bytes, 0);
    assert!(pool.usage().unwrap().reserved_bytes > 0, "kept below the threshold");
    pool.trim(0).unwrap();
    pool.reset_peaks().unwrap();
    let usage = pool.usage().unwrap();
    assert_eq!([usage.reserved_bytes, usage.peak_reserved_bytes, usage.used_bytes, usage.peak_used_bytes], [0; 4]);
    // A buffer outlives the handle of its pool.
    let mut last = pool.alloc::<u8>(&stream, 64).unwrap();
    drop(pool);
    stream.fill(last.slice_mut(..).unwrap(), 1).unwrap();
    assert_eq!(stream.download(last.slice(..).unwrap()).unwrap(), [1; 64]);
    drop(last);
    device.synchronize().unwrap();
}
