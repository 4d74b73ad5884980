//! The memory of one device: a heap over an arena that is mapped at the first allocation.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::arena::Arena;
use super::heap::{Bound, Heap, Padding};
use super::{exports, host, space};
use crate::reject::{Outcome, check, reject};

/// A part of a file of device memory that this process has open.
#[derive(Clone)]
pub(crate) struct Piece {
    pub file: Arc<OwnedFd>,
    pub offset: usize,
    pub bytes: usize,
}

pub(crate) struct DeviceMemory {
    device: u32,
    arena: OnceLock<Result<Arena, String>>,
    heap: Mutex<Heap>,
    /// How far an allocation goes for whoever does not say.
    bound: Bound,
}

impl DeviceMemory {
    pub(crate) fn new(device: u32, bytes: usize, bound: Bound) -> DeviceMemory {
        DeviceMemory { device, arena: OnceLock::new(), heap: Mutex::new(Heap::new(bytes)), bound }
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
    pub(crate) fn alloc(&self, bytes: usize, padding: Padding) -> Outcome<usize> {
        Ok(self.arena()?.base() + self.take(bytes, |heap| heap.alloc(bytes, padding))?)
    }

    /// The offset in the device's file of `bytes` bytes of physical memory, from a multiple of `align` on.
    pub(crate) fn alloc_physical(&self, bytes: usize, align: usize) -> Outcome<usize> {
        self.arena()?;
        self.take(bytes, |heap| heap.alloc_physical(bytes, align))
    }

    /// What `alloc` finds; where it finds nothing, once more with what others were the last to use.
    fn take(&self, bytes: usize, alloc: impl Fn(&mut Heap) -> Option<usize>) -> Outcome<usize> {
        let found = alloc(&mut self.heap());
        let found = found.or_else(|| {
            exports::sweep();
            alloc(&mut self.heap())
        });
        if let Some(offset) = found {
            return Ok(offset);
        }
        let heap = self.heap();
        reject!(
            ACL_ERROR_RT_MEMORY_ALLOCATION,
            "device {} is out of memory: {bytes} bytes asked for, {} of {} are free, the longest free range has {}",
            self.device,
            heap.available(),
            heap.capacity(),
            heap.largest()
        )
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

    /// Turns the allocation at `address` into physical memory, which [`Self::free_physical`] frees; its offset.
    pub(crate) fn retire(&self, address: usize) -> Option<usize> {
        let offset = address.wrapping_sub(self.mapped()?.base());
        self.heap().retire(offset).map(|()| offset)
    }

    pub(crate) fn free_physical(&self, offset: usize) {
        let mut heap = self.heap();
        if let (Some(arena), Some(Some(range))) = (self.mapped(), heap.free_physical(offset)) {
            arena.give_back(range);
        }
    }

    /// The file of the device's memory, once something was allocated.
    pub(crate) fn file(&self) -> Option<Arc<OwnedFd>> {
        self.mapped().map(|arena| arena.file().clone())
    }

    /// Start and size of the block that an address lies in: an allocation, or a mapping.
    pub(crate) fn block_at(&self, address: usize) -> Option<(usize, usize)> {
        match self.mapped().filter(|arena| arena.holds(address)) {
            None => space::at(address).map(|map| (map.address, map.bytes)),
            Some(arena) => {
                let block = self.heap().block_at(address - arena.base());
                block.map(|(start, bytes)| (arena.base() + start, bytes))
            }
        }
    }

    /// Start and size of the last allocation that begins before an address of the device's own memory.
    pub(crate) fn block_before(&self, address: usize) -> Option<(usize, usize)> {
        let arena = self.mapped().filter(|arena| arena.holds(address))?;
        let (start, bytes) = self.heap().block_before(address - arena.base())?;
        Some((arena.base() + start, bytes))
    }

    /// Whether an address is one that this device's own memory has, allocated or not. Mappings have others.
    pub(crate) fn holds(&self, address: usize) -> bool {
        self.mapped().is_some_and(|arena| arena.holds(address))
    }

    /// Whether `bytes` at `address` lie inside one live allocation.
    pub(crate) fn lies_in_one(&self, address: usize, bytes: usize) -> bool {
        self.outside(std::iter::once((address, bytes))).is_none()
    }

    /// The index of the first range that the device may not use: outside one live allocation, outside mappings side by side and
    /// outside registered host memory. Ranges of no bytes are anywhere.
    pub(crate) fn outside(&self, ranges: impl Iterator<Item = (usize, usize)>) -> Option<usize> {
        self.beyond(ranges, self.bound)
    }

    /// The same with a bound of one's own.
    pub(crate) fn beyond(&self, ranges: impl Iterator<Item = (usize, usize)>, bound: Bound) -> Option<usize> {
        let arena = self.mapped();
        let heap = self.heap();
        ranges.enumerate().find_map(|(i, (address, bytes))| {
            let inside = match arena {
                Some(arena) if arena.holds(address) => heap.lies_in_one(address - arena.base(), bytes, bound),
                _ => space::covers(self.device, address, bytes) || host::reached_by(self.device, address, bytes),
            };
            (bytes > 0 && !inside).then_some(i)
        })
    }

    /// The parts of files, in order, that the `bytes` bytes at `address` are: what another process maps to read them in place
    /// ([`super::foreign`]). Memory from `aclrtMalloc` is one part, mappings are one each. Empty where the address is neither.
    pub(crate) fn pieces(&self, address: usize, bytes: usize) -> Vec<Piece> {
        match self.mapped().filter(|arena| arena.holds(address)) {
            Some(arena) => vec![Piece { file: arena.file().clone(), offset: address - arena.base(), bytes }],
            None => space::pieces(address, bytes),
        }
    }

    /// Bytes taken now, and the most that were.
    pub(crate) fn taken(&self) -> (usize, usize) {
        exports::sweep();
        self.heap().taken()
    }

    /// Free and total bytes.
    pub(crate) fn info(&self) -> (usize, usize) {
        exports::sweep();
        let heap = self.heap();
        (heap.available(), heap.capacity())
    }
}
