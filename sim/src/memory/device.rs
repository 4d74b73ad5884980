//! The memory of one device: a heap over an arena that is mapped at the first allocation.

use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::arena::Arena;
use super::heap::Heap;
use crate::reject::{Outcome, check, reject};

/// A part of a file of device memory that this process has open.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub file: BorrowedFd<'a>,
    pub offset: usize,
    pub bytes: usize,
}

pub(crate) struct DeviceMemory {
    device: u32,
    arena: OnceLock<Result<Arena, String>>,
    heap: Mutex<Heap>,
}

impl DeviceMemory {
    pub(crate) fn new(device: u32, bytes: usize) -> DeviceMemory {
        DeviceMemory { device, arena: OnceLock::new(), heap: Mutex::new(Heap::new(bytes)) }
    }

    fn heap(&self) -> MutexGuard<'_, Heap> {
        // The heap does not panic half-way through a change on any input.
        self.heap.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn arena(&self) -> Outcome<&Arena> {
        let bytes = self.heap().capacity();
        match self.arena.get_or_init(|| Arena::map(self.device, bytes).map_err(|error| error.to_string())) {
            Ok(arena) => Ok(arena),
            Err(error) => reject!(
                ACL_ERROR_RT_MEMORY_ALLOCATION,
                "the system refuses to map {bytes} bytes for device {}: {error}; CANN_SIM_MEMORY sets the size",
                self.device
            ),
        }
    }

    /// The arena if anything was ever allocated.
    fn mapped(&self) -> Option<&Arena> {
        self.arena.get()?.as_ref().ok()
    }

    /// The address of a new allocation of `bytes`, at least 1.
    pub(crate) fn alloc(&self, bytes: usize) -> Outcome<usize> {
        let arena = self.arena()?;
        let mut heap = self.heap();
        let Some(offset) = heap.alloc(bytes) else {
            reject!(
                ACL_ERROR_RT_MEMORY_ALLOCATION,
                "device {} is out of memory: {bytes} bytes asked for, {} of {} are free, the longest free range has {}",
                self.device,
                heap.available(),
                heap.capacity(),
                heap.largest()
            )
        };
        Ok(arena.base() + offset)
    }

    pub(crate) fn free(&self, address: usize) -> Outcome {
        let arena = self.arena()?;
        let mut heap = self.heap();
        let freed = heap.free(address.wrapping_sub(arena.base()));
        check!(
            freed.is_some(),
            ACL_ERROR_RT_PARAM_INVALID,
            "devPtr {address:#x} is not the start of a live allocation of device {}: freed already, or inside one",
            self.device
        );
        // Under the heap's lock: nobody may get these bytes before they are given back.
        if let Some(range) = freed.flatten() {
            arena.give_back(range);
        }
        Ok(())
    }

    /// Whether an address belongs to this device, allocated or not.
    pub(crate) fn holds(&self, address: usize) -> bool {
        self.mapped().is_some_and(|arena| arena.holds(address))
    }

    /// Whether `bytes` at `address` lie inside one live allocation.
    pub(crate) fn lies_in_one(&self, address: usize, bytes: usize) -> bool {
        self.outside(std::iter::once((address, bytes))).is_none()
    }

    /// The index of the first range that does not lie inside one live allocation. Ranges of no bytes are anywhere.
    pub(crate) fn outside(&self, ranges: impl Iterator<Item = (usize, usize)>) -> Option<usize> {
        let arena = self.mapped();
        let heap = self.heap();
        ranges.enumerate().find_map(|(i, (address, bytes))| {
            let inside = |arena: &Arena| arena.holds(address) && heap.lies_in_one(address - arena.base(), bytes);
            (bytes > 0 && !arena.is_some_and(inside)).then_some(i)
        })
    }

    /// The parts of files, in order, that the `bytes` bytes at `address` are: what another process maps to read them in place
    /// ([`super::foreign`]). Device memory from `aclrtMalloc` is one part. Empty where the address is not of this device.
    pub(crate) fn pieces(&self, address: usize, bytes: usize) -> Vec<Piece<'_>> {
        let arena = self.mapped().filter(|arena| arena.holds(address));
        arena.map(|arena| Piece { file: arena.file(), offset: address - arena.base(), bytes }).into_iter().collect()
    }

    /// Free and total bytes.
    pub(crate) fn info(&self) -> (usize, usize) {
        let heap = self.heap();
        (heap.available(), heap.capacity())
    }
}
