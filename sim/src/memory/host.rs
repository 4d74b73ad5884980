//! Pinned memory of the host, registered so that copies know it from pageable memory.

use std::alloc::{Layout, alloc, dealloc};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::reject::{Outcome, reject};

/// `aclrtMallocHost` promises 64; a page lets the C library return big blocks to the system.
const ALIGN: usize = 4096;

/// One pinned allocation. Queued copies hold it, so that freeing it too early is not a use after free in here.
pub(crate) struct HostBlock {
    address: usize,
    layout: Layout,
}

impl HostBlock {
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    pub(crate) fn bytes(&self) -> usize {
        self.layout.size()
    }

    pub(crate) fn holds(&self, address: usize, bytes: usize) -> bool {
        address >= self.address && bytes <= self.bytes() && address - self.address <= self.bytes() - bytes
    }
}

impl Drop for HostBlock {
    fn drop(&mut self) {
        // SAFETY: `alloc_host` got this address from `alloc` with this layout, and a block is dropped once.
        unsafe { dealloc(self.address as *mut u8, self.layout) }
    }
}

static PINNED: Mutex<BTreeMap<usize, Arc<HostBlock>>> = Mutex::new(BTreeMap::new());

fn blocks() -> MutexGuard<'static, BTreeMap<usize, Arc<HostBlock>>> {
    PINNED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
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
    blocks().insert(address, Arc::new(HostBlock { address, layout }));
    Ok(address)
}

/// Forgets the allocation that starts at `address`; `None` where none does.
pub(crate) fn free_host(address: usize) -> Option<Arc<HostBlock>> {
    blocks().remove(&address)
}

/// The pinned allocation that `address` lies in.
pub(crate) fn pinned(address: usize) -> Option<Arc<HostBlock>> {
    let blocks = blocks();
    let (_, block) = blocks.range(..=address).next_back()?;
    block.holds(address, 1).then(|| block.clone())
}
