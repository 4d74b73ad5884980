//! What a process lets others import: a table in a file without a name, which importers find through `/proc/PID/fd`.
//!
//! A shareable number holds the exporter's process id, a row of its table and a random part, so nothing lies in any folder and
//! nothing is left when a process dies: importing then fails, what was imported stays mapped. Importers enter themselves in the
//! row; memory that the exporter frees meanwhile is kept from others until they have gone.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Error, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::foreign::Location;
use crate::reject::{Outcome, Reject, check, reject};
use crate::world::Device;

const NAME: &std::ffi::CStr = c"cann-sim-exports";
/// Exports of a process at a time.
const ROWS: usize = 4096;
/// Processes in a white list, and imports of one export, at a time.
const PROCESSES: usize = 120;

/// What an export is for; each is imported by its own functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Use {
    Handle = 1,
    Key = 2,
    /// Of a notify, whose state is a word of the row.
    Notify = 3,
    /// Of an event, which any process may import: the word numbers its records, the places of the white list are its marks.
    Event = 4,
}

#[repr(C)]
struct Row {
    /// The random part of the number; 0 while nobody can import.
    nonce: AtomicU64,
    inode: AtomicU64,
    offset: AtomicU64,
    bytes: AtomicU64,
    fd: AtomicI32,
    purpose: AtomicU32,
    /// Whether any process may import.
    to_all: AtomicU32,
    _pad: [u32; 3],
    /// The state of a notify, or of an event.
    word: AtomicU64,
    allowed: [AtomicI32; PROCESSES],
    users: [AtomicI32; PROCESSES],
}
const _: () = assert!(size_of::<Row>() == 1024);

struct Table {
    base: *const Row,
    /// Of the own table: others find it by its open descriptor.
    file: Option<OwnedFd>,
}
// SAFETY: `base` is a mapping that lives as long as the value; rows are atomics only.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

impl Table {
    fn map(file: &File) -> Result<*const Row, Error> {
        let bytes = ROWS * size_of::<Row>();
        if file.metadata()?.len() < bytes as u64 {
            return Err(Error::new(ErrorKind::InvalidData, "its table of exports is of another version"));
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice, of a file that is long enough.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if base == libc::MAP_FAILED { Err(Error::last_os_error()) } else { Ok(base.cast_const().cast()) }
    }

    fn make() -> Result<Table, Error> {
        // SAFETY: the name is NUL-terminated.
        let fd = unsafe { libc::memfd_create(NAME.as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(Error::last_os_error());
        }
        // SAFETY: a new descriptor that nobody else owns.
        let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
        file.set_len((ROWS * size_of::<Row>()) as u64)?;
        Ok(Table { base: Table::map(&file)?, file: Some(file.into()) })
    }

    /// The table of another process.
    fn of(pid: u32) -> Result<Table, Error> {
        let wanted = format!("/memfd:{}", NAME.to_string_lossy());
        for entry in std::fs::read_dir(format!("/proc/{pid}/fd"))? {
            let path = entry?.path();
            if std::fs::read_link(&path).is_ok_and(|target| target.to_string_lossy().starts_with(&wanted)) {
                let file = File::options().read(true).write(true).open(path)?;
                return Ok(Table { base: Table::map(&file)?, file: None });
            }
        }
        Err(Error::new(ErrorKind::NotFound, "it exports nothing"))
    }

    fn row(&self, i: usize) -> &Row {
        debug_assert!(i < ROWS);
        // SAFETY: `i` is below `ROWS` (the bits of a number, and the search in `export`, give no more); zeroed bytes are atomics.
        unsafe { &*self.base.add(i) }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `map`; rows are borrowed from `self` only.
        unsafe { libc::munmap(self.base as *mut libc::c_void, ROWS * size_of::<Row>()) };
    }
}

fn own() -> Outcome<&'static Table> {
    static OWN: OnceLock<Result<Table, String>> = OnceLock::new();
    OWN.get_or_init(|| Table::make().map_err(|error| error.to_string())).as_ref().map_err(|error| Reject {
        code: ascend_rl_sys::codes::ACL_ERROR_RT_RESOURCE_ALLOC_FAIL,
        text: format!("the system gives no memory for a table of exports: {error}"),
    })
}

/// Rows of the own table that an [`Export`] has.
static CLAIMED: Mutex<Vec<bool>> = Mutex::new(Vec::new());

fn claimed() -> MutexGuard<'static, Vec<bool>> {
    CLAIMED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The parts of a shareable number: process, row, random part.
fn split(number: u64) -> (u32, usize, u64) {
    ((number >> 42) as u32, (number >> 30) as usize & (ROWS - 1), number & ((1 << 30) - 1))
}

/// One row of the own table. Dropped, it can be used again.
pub(crate) struct Export {
    row: usize,
    nonce: u64,
}

impl Export {
    pub(crate) fn number(&self) -> u64 {
        // Linux gives process ids 22 bits at most.
        (std::process::id() as u64) << 42 | (self.row as u64) << 30 | self.nonce
    }

    /// The word of its row.
    pub(crate) fn word(&self) -> Option<&'static AtomicU64> {
        own().ok().map(|table| &table.row(self.row).word)
    }

    /// The places of its white list.
    pub(crate) fn marks(&self) -> Option<&'static [AtomicI32; PROCESSES]> {
        own().ok().map(|table| &table.row(self.row).allowed)
    }

    /// From now on nobody can import. Whether somebody has.
    fn withdraw_used(&self) -> bool {
        if let Ok(table) = own() {
            table.row(self.row).nonce.store(0, SeqCst);
        }
        self.in_use()
    }

    /// Whether a live process has imported it.
    fn in_use(&self) -> bool {
        let users = own().map(|table| table.row(self.row).users.iter().map(|user| user.load(SeqCst)).any(alive));
        users.unwrap_or(false)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        self.withdraw_used();
        claimed()[self.row] = false;
    }
}

/// Whether a process runs; 0 is none.
fn alive(pid: i32) -> bool {
    // SAFETY: signal 0 only asks.
    pid > 0 && (unsafe { libc::kill(pid, 0) } == 0 || Error::last_os_error().raw_os_error() == Some(libc::EPERM))
}

/// Lets other processes import `bytes` bytes of a file: those of the white list, or all.
pub(crate) fn export(file: &OwnedFd, offset: usize, bytes: usize, purpose: Use, to_all: bool) -> Outcome<Export> {
    let (table, place) = (own()?, Location::of(file.as_fd()).map_err(broken)?);
    let mut claimed = claimed();
    claimed.resize(ROWS, false);
    let free = (0..ROWS).find(|i| !claimed[*i] && !table.row(*i).users.iter().any(|user| alive(user.load(SeqCst))));
    let Some(i) = free else {
        reject!(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "{ROWS} exports are alive: the simulator keeps no more at a time")
    };
    claimed[i] = true;
    let row = table.row(i);
    row.allowed.iter().chain(&row.users).for_each(|pid| pid.store(0, Relaxed));
    row.inode.store(place.inode, Relaxed);
    row.offset.store(offset as u64, Relaxed);
    row.bytes.store(bytes as u64, Relaxed);
    row.fd.store(place.fd, Relaxed);
    row.purpose.store(purpose as u32, Relaxed);
    row.to_all.store(to_all as u32, Relaxed);
    row.word.store(0, Relaxed);
    // 30 bits, never 0: a stale number does not fit a row that is used again.
    let nonce = RandomState::new().build_hasher().finish() % ((1 << 30) - 1) + 1;
    row.nonce.store(nonce, SeqCst);
    Ok(Export { row: i, nonce })
}

/// Lets other processes share a word, which is 0 from the start: there is no memory but the row itself.
pub(crate) fn export_word(purpose: Use, to_all: bool) -> Outcome<Export> {
    match &own()?.file {
        Some(file) => export(file, 0, size_of::<u64>(), purpose, to_all),
        None => reject!(ACL_ERROR_RT_INTERNAL_ERROR, "the table of exports has no file"),
    }
}

fn broken(error: Error) -> Reject {
    Reject { code: ascend_rl_sys::codes::ACL_ERROR_RT_INTERNAL_ERROR, text: format!("the file of the memory: {error}") }
}

/// Adds processes to the white list of an export of this process.
pub(crate) fn allow(what: &str, number: u64, purpose: Use, pids: &[i32]) -> Outcome {
    let (pid, i, nonce) = split(number);
    check!(
        pid == std::process::id(),
        ACL_ERROR_RT_PARAM_INVALID,
        "{what} was made by process {pid}: only that one keeps its white list"
    );
    let row = own()?.row(i);
    check!(
        nonce > 0 && row.nonce.load(SeqCst) == nonce && row.purpose.load(SeqCst) == purpose as u32,
        ACL_ERROR_RT_PARAM_INVALID,
        "{what} is not a live export: freed already, or never exported"
    );
    for pid in pids {
        check!(*pid > 0, ACL_ERROR_RT_PARAM_INVALID, "pid holds {pid}, which is no process");
        let taken = |slot: &AtomicI32| slot.load(SeqCst) == *pid || slot.compare_exchange(0, *pid, SeqCst, SeqCst).is_ok();
        check!(
            row.allowed.iter().any(taken),
            ACL_ERROR_RT_RESOURCE_ALLOC_FAIL,
            "{what}: {PROCESSES} processes are in the white list, the simulator keeps no more"
        );
    }
    Ok(())
}

/// The use of another process's export; while it lives the exporter's memory is not given to anyone else.
pub(crate) struct Lease {
    table: Arc<Table>,
    row: usize,
    slot: usize,
}

impl Lease {
    /// The word of the row.
    pub(crate) fn word(&self) -> &AtomicU64 {
        &self.table.row(self.row).word
    }

    /// The places of the white list.
    pub(crate) fn marks(&self) -> &[AtomicI32; PROCESSES] {
        &self.table.row(self.row).allowed
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.table.row(self.row).users[self.slot].store(0, SeqCst);
    }
}

/// What an export is: a part of a file, and the right to use it.
pub(crate) struct Import {
    pub file: OwnedFd,
    pub offset: usize,
    pub bytes: usize,
    pub lease: Lease,
}

impl Import {
    /// The whole pages that the bytes lie in: offset and length.
    pub(crate) fn pages(&self) -> (usize, usize) {
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let start = self.offset / page * page;
        (start, (self.offset + self.bytes).next_multiple_of(page) - start)
    }
}

/// The process that a number comes from.
pub(crate) fn maker(number: u64) -> u32 {
    split(number).0
}

/// Looks an export up by its number. `what` names the parameter.
pub(crate) fn import(what: &str, number: u64, purpose: Use) -> Outcome<Import> {
    let (pid, i, nonce) = split(number);
    let gone = |error: Error| Reject {
        code: ascend_rl_sys::codes::ACL_ERROR_RT_PARAM_INVALID,
        text: match error.kind() {
            ErrorKind::NotFound => format!("{what}: process {pid}, which would have exported it, has ended or exports nothing"),
            _ => format!("{what}: process {pid}, which would have exported it, cannot be looked into: {error}"),
        },
    };
    let table = Arc::new(Table::of(pid).map_err(gone)?);
    let row = table.row(i);
    let live = || nonce > 0 && row.nonce.load(SeqCst) == nonce && row.purpose.load(SeqCst) == purpose as u32;
    let stale = || Reject {
        code: ascend_rl_sys::codes::ACL_ERROR_RT_PARAM_INVALID,
        text: format!("{what} is not a live export of process {pid}: freed or closed there already, or never made"),
    };
    if !live() {
        return Err(stale());
    }
    let me = std::process::id() as i32;
    check!(
        row.to_all.load(SeqCst) != 0 || row.allowed.iter().any(|slot| slot.load(SeqCst) == me),
        ACL_ERROR_RT_NO_PERMISSION,
        "{what}: process {me} is not in the white list that process {pid} keeps for it"
    );
    let enter = |slot: &AtomicI32| {
        let user = slot.load(SeqCst);
        !alive(user) && slot.compare_exchange(user, me, SeqCst, SeqCst).is_ok()
    };
    let Some(slot) = row.users.iter().position(enter) else {
        reject!(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "{what} is imported {PROCESSES} times: the simulator keeps no more")
    };
    let lease = Lease { table: table.clone(), row: i, slot };
    let place = Location { pid, fd: row.fd.load(SeqCst), inode: row.inode.load(SeqCst) };
    let (offset, bytes) = (row.offset.load(SeqCst) as usize, row.bytes.load(SeqCst) as usize);
    let file = place.open().map_err(gone)?;
    // The exporter looks for users after it has withdrawn: either it saw this one, or this one sees that.
    if live() { Ok(Import { file, offset, bytes, lease }) } else { Err(stale()) }
}

/// Freed by this process, but still used by others: where it is on which device.
static LINGERING: Mutex<Vec<(Vec<Export>, &'static Device, usize)>> = Mutex::new(Vec::new());

/// Frees physical memory of a device; at once, unless other processes use it.
pub(crate) fn free(exports: Vec<Export>, device: &'static Device, offset: usize) {
    // All of them are withdrawn, whether or not the first is in use.
    let used = exports.iter().filter(|export| export.withdraw_used()).count();
    match used {
        0 => device.memory.free_physical(offset),
        _ => lingering().push((exports, device, offset)),
    }
}

fn lingering() -> MutexGuard<'static, Vec<(Vec<Export>, &'static Device, usize)>> {
    LINGERING.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Frees what no other process uses any more.
pub(crate) fn sweep() {
    for (_, device, offset) in lingering().extract_if(.., |(exports, ..)| !exports.iter().any(Export::in_use)) {
        device.memory.free_physical(offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_finds_its_row_and_nothing_else() {
        let file = own().unwrap().file.as_ref().unwrap().try_clone().unwrap();
        let made = export(&file, 4096, 100, Use::Key, false).unwrap();
        let number = made.number();
        assert_eq!(maker(number), std::process::id());
        let code = |result: Outcome<Import>| result.err().unwrap().code;
        assert_eq!(code(import("key", number, Use::Key)), 207006, "not in the white list");
        allow("key", number, Use::Key, &[std::process::id() as i32]).unwrap();
        let found = import("key", number, Use::Key).unwrap();
        assert_eq!((found.offset, found.bytes), (4096, 100));
        assert_eq!(code(import("key", number, Use::Handle)), 107000, "of another kind");
        assert_eq!(code(import("key", number ^ 1, Use::Key)), 107000, "another random part");
        assert_eq!(code(import("key", number | (1 << 63), Use::Key)), 107000, "another process");
        assert!(made.in_use());
        drop(found);
        assert!(!made.in_use());
        drop(made);
        assert_eq!(code(import("key", number, Use::Key)), 107000, "withdrawn");
        assert_eq!(allow("key", number, Use::Key, &[1]).unwrap_err().code, 107000);
    }
}
