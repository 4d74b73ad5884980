//! Memory that processes share: physical memory by number (runtime, 11-04), allocations by key (11-07). The other process is this
//! program again, which plays its part of the same test and talks over its standard streams.

use std::ffi::{CString, c_char};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};

use super::virtual_memory::{UNIT, free_bytes, physical, prop, reserve};
use super::*;

const PART: &str = "CONFORMANCE_PEER";
/// A timeout that a passing test never reaches.
pub(super) const SOON: i32 = 20_000;

/// The process on the other side.
pub(super) struct Peer {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it in the test `name`; `None` in that process itself.
    pub(super) fn start(name: &str) -> Option<Peer> {
        if std::env::var_os(PART).is_some() {
            return None;
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([name, "--exact", "--nocapture"]).env(PART, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Some(Peer { child, lines })
    }

    fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    pub(super) fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// What it says next.
    pub(super) fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the other process has ended");
            // The test harness begins lines of its own.
            if let Some((_, said)) = line.split_once("says: ") {
                return said.trim_end().to_owned();
            }
        }
    }

    pub(super) fn end(mut self) {
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.lines, &mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "the other process failed: {rest}");
    }
}

/// The same for the other process.
pub(super) fn say(line: &str) {
    println!("says: {line}");
}

pub(super) fn hear() -> String {
    let mut line = String::new();
    assert!(std::io::stdin().read_line(&mut line).unwrap() > 0, "the parent has ended");
    line.trim_end().to_owned()
}

fn export(handle: aclrtDrvMemHandle, flags: u64) -> u64 {
    let mut number = 0;
    ok!(acl?.aclrtMemExportToShareableHandle(handle, ACL_MEM_HANDLE_TYPE_NONE, flags, &mut number));
    number
}

/// Maps all of an imported memory of one unit.
fn map(handle: aclrtDrvMemHandle) -> *mut c_void {
    let base = reserve(UNIT);
    ok!(acl?.aclrtMapMem(base, UNIT, 0, handle, 0));
    base
}

// 11-04 (aclrtMemExportToShareableHandle): export, white list, import, map: one memory in two processes.
#[test]
fn physical_memory_of_two_processes() {
    let Some(mut peer) = Peer::start("sharing::physical_memory_of_two_processes") else { return importer() };
    let lease = Lease::new();
    let before = free_bytes();
    let handle = physical(lease.0, UNIT);
    let base = map(handle);
    ok!(acl.aclrtMemset(base, UNIT, 11, UNIT));
    let mut number = export(handle, 0);
    refused!(107000, "exported already", acl?.aclrtMemExportToShareableHandle(handle, ACL_MEM_HANDLE_TYPE_NONE, 0, &mut number));
    peer.say(&number.to_string());
    assert_eq!(peer.hear(), "not in the white list");
    let mut pids = [1, peer.pid()];
    ok!(acl?.aclrtMemSetPidToShareableHandle(number, pids.as_mut_ptr(), 2));
    peer.say("now");
    assert_eq!(peer.hear(), "written");
    assert_eq!(download::<u8>(base, 8), [11, 11, 11, 11, 22, 22, 22, 22], "the same bytes");
    // Freed here, used there: nobody else gets it until the other process is through.
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(handle));
    assert_eq!(free_bytes(), before - UNIT);
    refused!(107000, "not a live export", acl?.aclrtMemSetPidToShareableHandle(number, pids.as_mut_ptr(), 2));
    peer.say("freed");
    peer.end();
    assert_eq!(free_bytes(), before);
    ok!(acl?.aclrtReleaseMemAddress(base));
}

fn importer() {
    ok!(acl.aclrtSetDevice(3));
    let number: u64 = hear().parse().unwrap();
    let mut handle = null_mut();
    refused!(207006, "not in the white list", acl?.aclrtMemImportFromShareableHandle(number, 3, &mut handle));
    say("not in the white list");
    hear();
    ok!(acl?.aclrtMemImportFromShareableHandle(number, 3, &mut handle));
    let mut found = prop(0);
    ok!(acl?.aclrtMemGetAllocationPropertiesFromHandle(handle, &mut found));
    assert_eq!(found.location, prop(3).location);
    let base = map(handle);
    assert_eq!(download::<u8>(base, 8), [11; 8]);
    // An operator of this process on it, in the order of a stream.
    let (stream, tensor) = (new_stream(), executor::tensor(base.wrapping_byte_add(UNIT - 400), 100));
    assert_eq!(executor::run(executor::plan(tensor), stream).0, 0, "{}", recent());
    ok!(acl.aclrtMemsetAsync(base.wrapping_byte_add(4), 4, 22, 4, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    refused!(
        107000,
        "imported: only its first owner",
        acl?.aclrtMemExportToShareableHandle(handle, ACL_MEM_HANDLE_TYPE_NONE, 1, &mut 0)
    );
    say("written");
    hear();
    // Valid while it is mapped, whatever the exporter does.
    assert_eq!(download::<u8>(base, 5), [11, 11, 11, 11, 22]);
    refused!(107000, "freed or closed there", acl?.aclrtMemImportFromShareableHandle(number, 3, &mut handle));
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(handle));
}

// 11-04 (aclrtMemExportToShareableHandleV2): a handle for other servers is 128 bytes; within one machine it serves as the other does.
#[test]
fn a_fabric_handle_of_two_processes() {
    let Some(mut peer) = Peer::start("sharing::a_fabric_handle_of_two_processes") else { return fabric_importer() };
    let lease = Lease::new();
    let handle = physical(lease.0, UNIT);
    let base = map(handle);
    ok!(acl.aclrtMemset(base, UNIT, 11, UNIT));
    let mut fabric = aclrtMemFabricHandle { data: [0; 128] };
    let at: *mut c_void = (&raw mut fabric).cast();
    ok!(acl?.aclrtMemExportToShareableHandleV2(handle, 0, ACL_MEM_SHARE_HANDLE_TYPE_FABRIC, at));
    refused!(107000, "exported already", acl?.aclrtMemExportToShareableHandleV2(handle, 0, ACL_MEM_SHARE_HANDLE_TYPE_FABRIC, at));
    peer.say(&fabric.data.map(|byte| format!("{byte:02x}")).concat());
    assert_eq!(peer.hear(), "not in the white list");
    let mut pid = [peer.pid()];
    ok!(acl?.aclrtMemSetPidToShareableHandleV2(at, ACL_MEM_SHARE_HANDLE_TYPE_FABRIC, pid.as_mut_ptr(), 1));
    peer.say("now");
    assert_eq!(peer.hear(), "written");
    assert_eq!(download::<u8>(base, 3), [11, 22, 11], "the same bytes");
    peer.say("done");
    peer.end();
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(handle));
}

fn fabric_importer() {
    ok!(acl.aclrtSetDevice(3));
    let text = hear();
    let mut fabric = aclrtMemFabricHandle { data: [0; 128] };
    for (byte, digits) in fabric.data.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
    let (at, far, mut handle) = ((&raw mut fabric).cast(), ACL_MEM_SHARE_HANDLE_TYPE_FABRIC, null_mut());
    refused!(207006, "not in the white list", acl?.aclrtMemImportFromShareableHandleV2(at, far, 0, &mut handle));
    say("not in the white list");
    hear();
    ok!(acl?.aclrtMemImportFromShareableHandleV2(at, far, 0, &mut handle));
    let base = map(handle);
    assert_eq!(download::<u8>(base, 3), [11; 3]);
    ok!(acl.aclrtMemset(base.wrapping_byte_add(1), 1, 22, 1));
    say("written");
    hear();
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(handle));
}

// 11-04: the forms with a kind of handle; within one machine only, and never in the process that exported.
#[test]
fn handles_by_kind() {
    let lease = Lease::new();
    let (handle, near, far) = (physical(lease.0, UNIT), ACL_MEM_SHARE_HANDLE_TYPE_DEFAULT, ACL_MEM_SHARE_HANDLE_TYPE_FABRIC);
    let (mut number, mut imported, mut pid) = (0u64, null_mut(), [std::process::id() as i32]);
    let mut fabric = aclrtMemFabricHandle { data: [0; 128] };
    let (at, fabric): (*mut c_void, *mut c_void) = ((&raw mut number).cast(), (&raw mut fabric).cast());
    refused!(107000, "no process of the simulator", acl?.aclrtMemImportFromShareableHandleV2(fabric, far, 0, &mut imported));
    refused!(107000, "no process of the simulator", acl?.aclrtMemSetPidToShareableHandleV2(fabric, far, pid.as_mut_ptr(), 1));
    refused!(100000, "shareableHandle is null", acl?.aclrtMemExportToShareableHandleV2(handle, 0, far, null_mut()));
    refused!(107000, "flags is 2", acl?.aclrtMemExportToShareableHandleV2(handle, 2, near, at));
    refused!(100000, "shareType is 7", acl?.aclrtMemExportToShareableHandleV2(handle, 0, aclrtMemSharedHandleType(7), at));
    ok!(acl?.aclrtMemExportToShareableHandleV2(handle, 1, near, at));
    ok!(acl?.aclrtMemSetPidToShareableHandleV2(at, near, pid.as_mut_ptr(), 1));
    refused!(107000, "exported by this process", acl?.aclrtMemImportFromShareableHandleV2(at, near, 0, &mut imported));
    refused!(107000, "exported by this process", acl?.aclrtMemImportFromShareableHandle(number, lease.0, &mut imported));
    refused!(100000, "flags is 1", acl?.aclrtMemImportFromShareableHandleV2(at, near, 1, &mut imported));
    refused!(100000, "pid is null", acl?.aclrtMemSetPidToShareableHandle(number, null_mut(), 1));
    refused!(100000, "processes is 0", acl?.aclrtMemSetPidToShareableHandle(number, pid.as_mut_ptr(), 0));
    pid[0] = -1;
    refused!(107000, "pid holds -1", acl?.aclrtMemSetPidToShareableHandle(number, pid.as_mut_ptr(), 1));
    refused!(107000, "has ended or exports nothing", acl?.aclrtMemImportFromShareableHandle(u64::MAX, lease.0, &mut imported));
    refused!(107017, "not live physical", acl?.aclrtMemExportToShareableHandle(at, ACL_MEM_HANDLE_TYPE_NONE, 0, &mut 0));
    refused!(100000, "handleType is 2", acl?.aclrtMemExportToShareableHandle(handle, ACL_MEM_HANDLE_TYPE_POSIX, 0, &mut 0));
    ok!(acl?.aclrtFreePhysical(handle));
}

fn key(text: &str) -> CString {
    CString::new(text).unwrap()
}

/// The key of an allocation.
fn export_key(ptr: *mut c_void, bytes: usize, flags: u64) -> String {
    let mut text = [1 as c_char; 65];
    ok!(acl?.aclrtIpcMemGetExportKey(ptr, bytes, text.as_mut_ptr(), 65, flags));
    // SAFETY: the function has written a C string there.
    unsafe { CStr::from_ptr(text.as_ptr()) }.to_str().unwrap().to_owned()
}

// 11-07: a part of an allocation, by key; the importer closes first.
#[test]
fn allocations_of_two_processes() {
    let Some(mut peer) = Peer::start("sharing::allocations_of_two_processes") else { return key_importer() };
    let _lease = Lease::new();
    let before = free_bytes();
    let source: Vec<u32> = (0..100_000).collect();
    let ptr = upload(&source);
    let (inside, bytes) = (ptr.wrapping_byte_add(3000), 4000);
    let text = export_key(inside, bytes, 0);
    let mut pids = [peer.pid()];
    ok!(acl?.aclrtIpcMemSetImportPid(key(&text).as_ptr(), pids.as_mut_ptr(), 1));
    peer.say(&text);
    assert_eq!(peer.hear(), "written");
    let seen = download::<u32>(ptr, 100_000);
    assert_eq!((seen[749], seen[750], seen[1749], seen[1750]), (749, u32::MAX, u32::MAX, 1750), "1000 values from 750 on");
    // aclrtFree while the other process still has it: it keeps the memory, and nobody gets it here.
    ok!(acl.aclrtFree(ptr));
    refused!(107000, "freed already", acl.aclrtFree(ptr));
    assert!(free_bytes() < before);
    refused!(107000, "neither exported nor imported", acl?.aclrtIpcMemClose(key(&text).as_ptr()));
    peer.say("freed");
    peer.end();
    assert_eq!(free_bytes(), before);
}

fn key_importer() {
    ok!(acl.aclrtSetDevice(0));
    let text = hear();
    let (c, mut ptr) = (key(&text), null_mut());
    ok!(acl?.aclrtIpcMemImportByKey(&mut ptr, c.as_ptr(), 1));
    refused!(107000, "imported already", acl?.aclrtIpcMemImportByKey(&mut ptr, c.as_ptr(), 0));
    assert_eq!(download::<u32>(ptr, 1000), (750..1750).collect::<Vec<u32>>());
    refused!(107000, "live allocation", acl.aclrtMemset(ptr, 4001, 0xff, 4001));
    refused!(107000, "not the start of a live allocation", acl.aclrtFree(ptr));
    ok!(acl.aclrtMemset(ptr, 4000, 0xff, 4000));
    say("written");
    hear();
    assert_eq!(download::<u32>(ptr, 1), [u32::MAX]);
    ok!(acl?.aclrtIpcMemClose(c.as_ptr()));
    refused!(107000, "not a live export", acl?.aclrtIpcMemImportByKey(&mut ptr, c.as_ptr(), 0));
}

// 11-07: the arguments.
#[test]
fn keys() {
    let _lease = Lease::new();
    let (ptr, mut got, mut text) = (malloc(100), null_mut(), [0 as c_char; 65]);
    let at = text.as_mut_ptr();
    refused!(107000, "len is 64", acl?.aclrtIpcMemGetExportKey(ptr, 100, at, 64, 0));
    refused!(107000, "flags is 2", acl?.aclrtIpcMemGetExportKey(ptr, 100, at, 65, 2));
    refused!(107000, "101 bytes", acl?.aclrtIpcMemGetExportKey(ptr, 101, at, 65, 0));
    refused!(100000, "size is 0", acl?.aclrtIpcMemGetExportKey(ptr, 0, at, 65, 0));
    refused!(107000, "not memory of a device", acl?.aclrtIpcMemGetExportKey(at.cast(), 1, at, 65, 0));
    refused!(107000, "not one that", acl?.aclrtIpcMemImportByKey(&mut got, key("nonsense").as_ptr(), 0));
    refused!(
        107000,
        "ended or exports nothing",
        acl?.aclrtIpcMemImportByKey(&mut got, key("cann-sim-ffffffffffffffff").as_ptr(), 0)
    );
    refused!(100000, "key is null", acl?.aclrtIpcMemClose(std::ptr::null()));
    let text = key(&export_key(ptr, 100, 1));
    refused!(107000, "flags is 2", acl?.aclrtIpcMemImportByKey(&mut got, text.as_ptr(), 2));
    refused!(207000, "one machine", acl?.aclrtIpcMemImportPidInterServer(text.as_ptr(), null_mut(), 0));
    refused!(207000, "one die", acl?.aclrtIpcMemSetAttr(text.as_ptr(), ACL_RT_IPC_MEM_ATTR_ACCESS_LINK, 0));
    refused!(100000, "pid is null", acl?.aclrtIpcMemSetImportPid(text.as_ptr(), null_mut(), 1));
    ok!(acl?.aclrtIpcMemClose(text.as_ptr()));
    refused!(107000, "closed already", acl?.aclrtIpcMemClose(text.as_ptr()));
    ok!(acl.aclrtFree(ptr));
}

// The simulator's promise: an exporter that is killed leaves nothing behind; what was imported stays, what was not is refused.
#[test]
fn an_exporter_that_dies() {
    let Some(mut peer) = Peer::start("sharing::an_exporter_that_dies") else {
        ok!(acl.aclrtSetDevice(0));
        let handle = physical(0, UNIT);
        ok!(acl.aclrtMemset(map(handle), UNIT, 33, UNIT));
        say(&format!("{} {}", export(handle, 1), export_key(upload(&[44u32; 4]), 16, 1)));
        hear();
        unreachable!("it is killed meanwhile");
    };
    let lease = Lease::new();
    let said = peer.hear();
    let (number, text) = said.split_once(' ').unwrap();
    let (number, text): (u64, CString) = (number.parse().unwrap(), key(text));
    let (mut handle, mut ptr) = (null_mut(), null_mut());
    ok!(acl?.aclrtMemImportFromShareableHandle(number, lease.0, &mut handle));
    ok!(acl?.aclrtIpcMemImportByKey(&mut ptr, text.as_ptr(), 0));
    let base = map(handle);
    peer.child.kill().unwrap();
    peer.child.wait().unwrap();
    assert_eq!((download::<u8>(base, 2), download::<u32>(ptr, 4)), (vec![33; 2], vec![44; 4]));
    refused!(107000, "has ended", acl?.aclrtMemImportFromShareableHandle(number, lease.0, &mut handle));
    ok!(acl?.aclrtUnmapMem(base));
    ok!(acl?.aclrtFreePhysical(handle));
    ok!(acl?.aclrtIpcMemClose(text.as_ptr()));
    refused!(107000, "has ended", acl?.aclrtIpcMemImportByKey(&mut ptr, text.as_ptr(), 0));
}

fn notify_key(notify: aclrtNotify, flags: u64) -> String {
    let mut text = [0 as c_char; 65];
    ok!(acl?.aclrtNotifyGetExportKey(notify, text.as_mut_ptr(), 65, flags));
    text.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8 as char).collect()
}

// runtime, 08_notify_management: the exporter waits, the process of the white list records, each destroys its handle.
#[test]
fn a_notify_of_two_processes() {
    let Some(mut peer) = Peer::start("sharing::a_notify_of_two_processes") else { return notify_importer() };
    let _lease = Lease::new();
    let (stream, mut notify) = (new_stream(), null_mut());
    ok!(acl?.aclrtCreateNotify(&mut notify, ACL_NOTIFY_DEFAULT));
    // Waiting already when it is exported.
    ok!(acl?.aclrtWaitAndResetNotify(notify, stream, 0));
    refused!(507046, "ms", acl.aclrtSynchronizeStreamWithTimeout(stream, 5));
    let mut id = peer.pid();
    refused!(107000, "not exported", acl?.aclrtNotifySetImportPid(notify, &mut id, 1));
    let text = notify_key(notify, 0);
    assert_eq!(notify_key(notify, 0), text);
    ok!(acl?.aclrtNotifySetImportPid(notify, &mut id, 1));
    peer.say(&text);
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    peer.say("passed");
    // The other way: what is recorded here is seen there.
    ok!(acl?.aclrtRecordNotify(notify, stream));
    assert_eq!(peer.hear(), "seen");
    ok!(acl?.aclrtDestroyNotify(notify));
    peer.say("destroyed");
    peer.end();
}

fn notify_importer() {
    ok!(acl.aclrtSetDevice(1));
    let (c, mut notify, mut again) = (key(&hear()), null_mut(), null_mut());
    ok!(acl?.aclrtNotifyImportByKey(&mut notify, c.as_ptr(), 2));
    let mut text = [0 as c_char; 65];
    refused!(107000, "was imported", acl?.aclrtNotifyGetExportKey(notify, text.as_mut_ptr(), 65, 0));
    let stream = new_stream();
    ok!(acl?.aclrtRecordNotify(notify, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
    // The other process's wait has taken what was set.
    hear();
    ok!(acl?.aclrtWaitAndResetNotify(notify, stream, 0));
    ok!(acl.aclrtSynchronizeStreamWithTimeout(stream, SOON));
    say("seen");
    hear();
    refused!(107000, "not a live export", acl?.aclrtNotifyImportByKey(&mut again, c.as_ptr(), 0));
    // It lasts until all have destroyed theirs.
    ok!(acl?.aclrtRecordNotify(notify, stream));
    ok!(acl?.aclrtWaitAndResetNotify(notify, stream, 1));
    ok!(acl.aclrtSynchronizeStream(stream));
    ok!(acl?.aclrtDestroyNotify(notify));
}

// The same: the arguments.
#[test]
fn keys_of_notifies() {
    let _lease = Lease::new();
    let (mut notify, mut text, mut id) = (null_mut(), [0 as c_char; 65], 1);
    let at = text.as_mut_ptr();
    ok!(acl?.aclrtCreateNotify(&mut notify, ACL_NOTIFY_DEFAULT));
    refused!(107000, "len is 64", acl?.aclrtNotifyGetExportKey(notify, at, 64, 0));
    refused!(107000, "flags is 1", acl?.aclrtNotifyGetExportKey(notify, at, 65, 1));
    refused!(100000, "key is null", acl?.aclrtNotifyGetExportKey(notify, null_mut(), 65, 0));
    refused!(107017, "not a live notify", acl?.aclrtNotifyGetExportKey(at.cast(), at, 65, 0));
    let c = key(&notify_key(notify, 2));
    refused!(100000, "pid is null", acl?.aclrtNotifySetImportPid(notify, null_mut(), 1));
    refused!(100000, "processes is 0", acl?.aclrtNotifySetImportPid(notify, &mut id, 0));
    refused!(107000, "flags is 1", acl?.aclrtNotifyImportByKey(&mut notify, c.as_ptr(), 1));
    refused!(107000, "not one that aclrtNotifyGetExportKey", acl?.aclrtNotifyImportByKey(&mut notify, key("no").as_ptr(), 0));
    refused!(100000, "notify is null", acl?.aclrtNotifyImportByKey(null_mut(), c.as_ptr(), 0));
    refused!(107000, "not one that aclrtIpcMemGetExportKey", acl?.aclrtIpcMemClose(c.as_ptr()));
    ok!(acl?.aclrtDestroyNotify(notify));
}
