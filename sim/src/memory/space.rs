//! Virtual memory: addresses that programs reserve, and the physical memory that is mapped there.
//!
//! A mapping shows a part of some device's file ([`super::arena`]), of this process or another. Addresses stay readable when a
//! mapping or a reservation is gone, as those of freed memory do: queued work that uses them too late gets arbitrary bytes.

use std::collections::BTreeMap;
use std::io::Error;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::device::Piece;
use super::physical::Physical;
use crate::reject::{Outcome, check, reject};
use crate::world::Device;

/// Sizes and addresses are multiples of this: the chip's huge page.
pub(crate) const GRANULE: usize = 2 << 20;
const GIB: usize = 1 << 30;

/// Physical memory at an address.
#[derive(Clone)]
pub(crate) struct Map {
    /// Where the program sees it.
    pub address: usize,
    /// What it sees of it.
    pub bytes: usize,
    /// Bytes between the start of the system's mapping and `address`.
    lead: usize,
    pub physical: Arc<Physical>,
    /// The devices that may use it, a bit each.
    pub access: u64,
}

struct Space {
    /// Start and length.
    reserved: BTreeMap<usize, usize>,
    /// By address.
    maps: BTreeMap<usize, Map>,
    /// Reservations that were released, to be used again.
    retired: BTreeMap<usize, usize>,
}

static SPACE: RwLock<Space> = RwLock::new(Space { reserved: BTreeMap::new(), maps: BTreeMap::new(), retired: BTreeMap::new() });
/// Live mappings. While there are none, a look-up costs one load.
static MAPS: AtomicUsize = AtomicUsize::new(0);

fn read() -> Option<RwLockReadGuard<'static, Space>> {
    (MAPS.load(Acquire) > 0).then(|| SPACE.read().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

fn write() -> RwLockWriteGuard<'static, Space> {
    SPACE.write().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Space {
    /// The last mapping that begins at or before `address`.
    fn before(&self, address: usize) -> Option<&Map> {
        self.maps.range(..=address).next_back().map(|(_, map)| map)
    }

    fn at(&self, address: usize) -> Option<&Map> {
        self.before(address).filter(|map| address - map.address < map.bytes)
    }

    /// The mappings that the bytes lie in, one behind another; `None` where some lie in none.
    fn run(&self, address: usize, bytes: usize) -> Option<Vec<&Map>> {
        let end = address.checked_add(bytes)?;
        let (mut run, mut from) = (Vec::new(), address);
        while from < end || run.is_empty() {
            let map = self.at(from)?;
            from = map.address + map.bytes;
            run.push(map);
        }
        Some(run)
    }
}

/// Asks the system for addresses: anywhere, or at `expect` and nowhere else.
fn ask(bytes: usize, expect: Option<usize>, access: i32) -> Result<usize, Error> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    let fixed = if expect.is_some() { libc::MAP_FIXED_NOREPLACE } else { 0 };
    let hint = expect.unwrap_or(0) as *mut libc::c_void;
    // SAFETY: a new mapping that replaces none, at an address of the kernel's choice or one that was free.
    let found = unsafe { libc::mmap(hint, bytes, access, flags | fixed, -1, 0) };
    if found == libc::MAP_FAILED {
        return Err(Error::last_os_error());
    }
    if expect.is_some_and(|expect| expect != found as usize) {
        // SAFETY: the mapping just made: a kernel that does not know MAP_FIXED_NOREPLACE took `hint` for a hint.
        unsafe { libc::munmap(found, bytes) };
        return Err(Error::from_raw_os_error(libc::EEXIST));
    }
    Ok(found as usize)
}

/// Replaces what is at addresses of a reservation: by a part of a file, or by memory that reads as zero.
fn place(address: usize, bytes: usize, part: Option<(i32, usize)>) -> Result<(), Error> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let (kind, (fd, offset)) = match part {
        Some(part) => (libc::MAP_SHARED, part),
        None => (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, (-1, 0)),
    };
    let flags = kind | libc::MAP_FIXED | libc::MAP_NORESERVE;
    // SAFETY: the callers pass page-aligned addresses inside a reservation of ours, where no Rust object lives.
    let done = unsafe { libc::mmap(address as *mut libc::c_void, bytes, access, flags, fd, offset as libc::off_t) };
    if done == libc::MAP_FAILED { Err(Error::last_os_error()) } else { Ok(()) }
}

/// The rule for starts of reservations: the next power of two of the size, at most 1 GiB.
pub(crate) fn alignment(bytes: usize) -> usize {
    if bytes < GIB { bytes.next_power_of_two().max(GRANULE) } else { GIB }
}

/// Reserves `bytes` (rounded up) of addresses.
pub(crate) fn reserve(bytes: usize, expect: Option<usize>) -> Outcome<usize> {
    let len = bytes.next_multiple_of(GRANULE);
    let align = alignment(bytes);
    let mut space = write();
    let again = match expect {
        Some(expect) => space.retired.get(&expect).filter(|found| **found == len).map(|_| expect),
        None => space.retired.iter().find(|(_, found)| **found == len).map(|(start, _)| *start),
    };
    if let Some(start) = again {
        space.retired.remove(&start);
        space.reserved.insert(start, len);
        return Ok(start);
    }
    let start = match expect {
        Some(expect) => ask(len, Some(expect), libc::PROT_NONE),
        None => ask(len + align, None, libc::PROT_NONE).map(|found| {
            let start = found.next_multiple_of(align);
            for (from, to) in [(found, start), (start + len, found + len + align)] {
                if from < to {
                    // SAFETY: the ends of the mapping just made, which nobody knows.
                    unsafe { libc::munmap(from as *mut libc::c_void, to - from) };
                }
            }
            start
        }),
    };
    match start {
        Ok(start) => {
            space.reserved.insert(start, len);
            Ok(start)
        }
        Err(error) => reject!(
            ACL_ERROR_RT_MEMORY_ALLOCATION,
            "the system has no {len} bytes of addresses{}: {error}",
            expect.map_or(String::new(), |at| format!(" at {at:#x}"))
        ),
    }
}

/// Gives a reservation back.
pub(crate) fn release(start: usize) -> Outcome {
    let mut space = write();
    let Some(len) = space.reserved.get(&start).copied() else {
        reject!(
            ACL_ERROR_RT_PARAM_INVALID,
            "virPtr {start:#x} is not the start of reserved addresses: released already, or never reserved"
        )
    };
    let left = space.maps.range(start..start + len).count();
    check!(left == 0, ACL_ERROR_RT_PARAM_INVALID, "virPtr {start:#x}: {left} mappings are left there, unmap them first");
    space.reserved.remove(&start);
    space.retired.insert(start, len);
    Ok(())
}

/// Maps `physical` at `address`.
pub(crate) fn map(address: usize, physical: Arc<Physical>) -> Outcome {
    put(address, 0, physical.bytes, physical)
}

/// Reserves addresses and maps `physical` there; the address of its byte number `lead`, from which on `bytes` bytes count.
pub(crate) fn adopt(lead: usize, bytes: usize, physical: Arc<Physical>) -> Outcome<usize> {
    let start = reserve(physical.bytes, None)?;
    put(start, lead, bytes, physical).inspect_err(|_| _ = release(start))?;
    Ok(start + lead)
}

fn put(start: usize, lead: usize, bytes: usize, physical: Arc<Physical>) -> Outcome {
    let (device, len) = (physical.device, physical.bytes);
    let mut space = write();
    let reservation = space.reserved.range(..=start).next_back().map(|(at, len)| (*at, at + len));
    let Some((from, to)) = reservation.filter(|(_, to)| start < *to && len <= to - start) else {
        reject!(
            ACL_ERROR_RT_PARAM_INVALID,
            "virPtr {start:#x}: {len} bytes there are not inside one range from aclrtReserveMemAddress"
        )
    };
    let near = space.before(start + len - 1).filter(|map| map.address + map.bytes > start);
    if let Some(map) = near {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "virPtr {start:#x}: {} bytes are mapped at {:#x} already", map.bytes, map.address)
    }
    let other = space.maps.range(from..to).map(|(_, map)| map.physical.device.id).find(|id| *id != device.id);
    if let Some(other) = other {
        reject!(
            ACL_ERROR_RT_PARAM_INVALID,
            "handle is memory of device {}, but the addresses around virPtr {start:#x} have memory of device {other}: one \
             reservation takes one device",
            device.id
        )
    }
    let (file, offset) = physical.part()?;
    if let Err(error) = place(start, len, Some((file.as_raw_fd(), offset))) {
        reject!(ACL_ERROR_RT_MEMORY_ALLOCATION, "the system refuses to map {len} bytes at {start:#x}: {error}")
    }
    let address = start + lead;
    space.maps.insert(address, Map { address, bytes, lead, physical, access: 1 << device.id });
    MAPS.fetch_add(1, Release);
    Ok(())
}

/// Takes the mapping at `address` back.
pub(crate) fn unmap(address: usize) -> Outcome<Map> {
    let mut space = write();
    let Some(map) = space.maps.remove(&address) else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "virPtr {address:#x} is not the start of a mapping: unmapped already, or inside one")
    };
    MAPS.fetch_sub(1, Release);
    // Before anybody can map something else there.
    if let Err(error) = place(address - map.lead, map.physical.bytes, None) {
        reject!(ACL_ERROR_RT_INTERNAL_ERROR, "the system refuses to unmap {} bytes at {address:#x}: {error}", map.bytes)
    }
    Ok(map)
}

/// What [`adopt`] made, back to nothing.
pub(crate) fn disown(address: usize) -> Outcome {
    let map = unmap(address)?;
    release(address - map.lead)
}

/// Lets devices (a bit each) use the mapping at `address`, whose size the caller knows.
pub(crate) fn allow(address: usize, bytes: usize, devices: u64) -> Outcome {
    let mut space = write();
    match space.maps.get_mut(&address) {
        Some(map) if map.bytes == bytes => {
            map.access |= devices;
            Ok(())
        }
        Some(map) => reject!(ACL_ERROR_RT_PARAM_INVALID, "size is {bytes}, the mapping at virPtr {address:#x} has {}", map.bytes),
        None => reject!(ACL_ERROR_RT_PARAM_INVALID, "virPtr {address:#x} is not the start of a mapping"),
    }
}

/// The mapping that an address lies in.
pub(crate) fn at(address: usize) -> Option<Map> {
    read()?.at(address).cloned()
}

/// The device whose memory is mapped at an address.
pub(crate) fn owner(address: usize) -> Option<&'static Device> {
    read()?.at(address).map(|map| map.physical.device)
}

/// Whether the bytes lie in mappings, one behind another, that a device may use.
pub(crate) fn covers(device: u32, address: usize, bytes: usize) -> bool {
    let run = |space: &Space| space.run(address, bytes).is_some_and(|run| run.iter().all(|map| map.access >> device & 1 == 1));
    read().is_some_and(|space| run(&space))
}

/// The parts of files that the bytes are; none where some are not mapped.
pub(crate) fn pieces(address: usize, bytes: usize) -> Vec<Piece> {
    let Some(space) = read() else { return Vec::new() };
    let end = address.saturating_add(bytes);
    let piece = |map: &&Map| {
        let from = address.max(map.address);
        let (file, offset) = map.physical.part().ok()?;
        let bytes = end.min(map.address + map.bytes) - from;
        Some(Piece { file, offset: offset + map.lead + (from - map.address), bytes })
    };
    space.run(address, bytes).unwrap_or_default().iter().filter_map(piece).collect()
}
