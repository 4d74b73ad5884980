//! Pinned and registered memory of the host, known from pageable memory.

use std::alloc::{Layout, alloc, dealloc};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::reject::{Outcome, check, reject};

/// `aclrtMallocHost` promises 64; a page lets the C library return big blocks to the system.
const ALIGN: usize = 4096;

/// One pinned range. Queued copies hold it, so that freeing an allocation too early is not a use after free in here.
pub(crate) struct HostBlock {
    address: usize,
    bytes: usize,
    /// Of memory that `aclrtMallocHost` allocated; registered memory is the program's own.
    layout: Option<Layout>,
}

impl HostBlock {
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn holds(&self, address: usize, bytes: usize) -> bool {
        address >= self.address && bytes <= self.bytes && address - self.address <= self.bytes - bytes
    }
}

impl Drop for HostBlock {
    fn drop(&mut self) {
        if let Some(layout) = self.layout {
            // SAFETY: `alloc_host` got this address from `alloc` with this layout, and a block is dropped once.
            unsafe { dealloc(self.address as *mut u8, layout) }
        }
    }
}

/// Host memory that a device may reach.
struct Registered {
    block: Arc<HostBlock>,
    device: u32,
    /// Whether the device has an address for it.
    mapped: bool,
}

static PINNED: Mutex<BTreeMap<usize, Arc<HostBlock>>> = Mutex::new(BTreeMap::new());
static REGISTERED: Mutex<BTreeMap<usize, Registered>> = Mutex::new(BTreeMap::new());
/// Registered ranges. While there are none, a look-up costs one load.
static REGISTRATIONS: AtomicUsize = AtomicUsize::new(0);

fn blocks() -> MutexGuard<'static, BTreeMap<usize, Arc<HostBlock>>> {
    PINNED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn registered() -> MutexGuard<'static, BTreeMap<usize, Registered>> {
    REGISTERED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The address of `bytes` new pinned bytes; at least 1.
pub(crate) fn alloc_host(bytes: usize) -> Outcome<usize> {
    let Ok(layout) = Layout::from_size_align(bytes, ALIGN) else {
        reject!(ACL_ERROR_RT_MEMORY_ALLOCATION, "size {bytes} is more than any machine has")
    };
    // SAFETY: the callers refuse a size of 0.
    let address = unsafe { alloc(layout) } as usize;
    if address == 0 {
        reject!(ACL_ERROR_RT_MEMORY_ALLOCATION, "the host has no {bytes} bytes of memory")
    }
    blocks().insert(address, Arc::new(HostBlock { address, bytes, layout: Some(layout) }));
    Ok(address)
}

/// Forgets the allocation that starts at `address`; `None` where none does.
pub(crate) fn free_host(address: usize) -> Option<Arc<HostBlock>> {
    blocks().remove(&address)
}

/// The pinned range that `address` lies in: an allocation, or registered memory.
pub(crate) fn pinned(address: usize) -> Option<Arc<HostBlock>> {
    let found = {
        let blocks = blocks();
        blocks.range(..=address).next_back().map(|(_, block)| block).filter(|block| block.holds(address, 1)).cloned()
    };
    found.or_else(|| find(address, |range| range.block.clone()))
}

/// Looks at the registered range that `address` lies in.
fn find<R>(address: usize, look: impl FnOnce(&Registered) -> R) -> Option<R> {
    if REGISTRATIONS.load(Acquire) == 0 {
        return None;
    }
    let ranges = registered();
    ranges.range(..=address).next_back().map(|(_, range)| range).filter(|range| range.block.holds(address, 1)).map(look)
}

/// Lets `device` reach `bytes` bytes of the program's own memory.
pub(crate) fn register(address: usize, bytes: usize, device: u32, mapped: bool) -> Outcome {
    check!(
        address.is_multiple_of(ALIGN),
        ACL_ERROR_RT_PARAM_INVALID,
        "ptr {address:#x} is not a multiple of {ALIGN}: whole pages are registered"
    );
    let Some(end) = address.checked_add(bytes) else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "size is {bytes}: the range ends behind all addresses")
    };
    let mut ranges = registered();
    if let Some((at, range)) = ranges.range(..end).next_back().filter(|(at, range)| *at + range.block.bytes > address) {
        let other = range.block.bytes;
        reject!(ACL_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "ptr {address:#x}: {other} bytes at {at:#x} are registered already")
    }
    let block = Arc::new(HostBlock { address, bytes, layout: None });
    ranges.insert(address, Registered { block, device, mapped });
    REGISTRATIONS.fetch_add(1, Release);
    Ok(())
}

/// Takes that back.
pub(crate) fn unregister(address: usize) -> Outcome {
    let known = registered().remove(&address).is_some();
    check!(
        known,
        ACL_ERROR_HOST_MEMORY_NOT_REGISTERED,
        "ptr {address:#x} is not the start of registered memory: taken back already, or never registered"
    );
    REGISTRATIONS.fetch_sub(1, Release);
    Ok(())
}

/// Whether registered memory at an address has an address on a device; `None` where none is registered.
pub(crate) fn is_mapped(address: usize) -> Option<bool> {
    find(address, |range| range.mapped)
}

/// Whether `device` may reach `bytes` bytes of registered memory at an address. It sees them where the host does.
pub(crate) fn reached_by(device: u32, address: usize, bytes: usize) -> bool {
    find(address, |range| range.mapped && range.device == device && range.block.holds(address, bytes)).unwrap_or(false)
}
