//! The caching allocator's state, without a device: which bytes are free, and whose queue they wait behind.
//!
//! Memory comes from the device in *segments*; a segment is a chain of *blocks*. A free block has an owner: the stream
//! behind whose queued work it may be reused without waiting, or [`IDLE`] if no work can touch it any more. Neighbours merge
//! when both are free and have the same owner. Requests take the smallest free block that fits, the stream's own before idle
//! ones. Small and large requests have segments of their own, so that small tensors do not pin large segments.

use std::collections::BTreeSet;

/// Set in the names of holds, which own free blocks as streams do.
const KEEPER: u64 = 1 << 63;
/// The owner of free blocks that no queued work touches.
pub(super) const IDLE: u64 = 0;
/// Sizes are multiples of this, which is also every block's alignment (CANN asks for 64).
pub(super) const GRANULE: usize = 512;
/// Operators may read this far past the end of a tensor (`aclrtMalloc`'s documentation), so a block is that much longer.
const SLACK: usize = 32;
const MIB: usize = 1 << 20;
/// Requests up to this size come from small segments.
const SMALL: usize = MIB;
const SMALL_SEGMENT: usize = 2 * MIB;
/// Requests up to half of this share large segments; longer ones have one of their own.
const LARGE_SEGMENT: usize = 20 * MIB;

/// Memory of one device, in bytes, as the allocator sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryStats {
    /// In live buffers, rounding included.
    pub allocated_bytes: usize,
    /// The most that `allocated_bytes` has been.
    pub peak_allocated_bytes: usize,
    /// Taken from the device: live buffers, and what is cached for reuse.
    pub reserved_bytes: usize,
    /// Buffers allocated so far.
    pub allocations: u64,
    /// Calls of `aclrtMalloc` so far. Stays constant on a hot path.
    pub device_mallocs: u64,
}

/// A block in the table, free or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BlockId(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Small,
    Large,
}

impl Class {
    fn of(bytes: usize) -> Class {
        if bytes <= SMALL { Class::Small } else { Class::Large }
    }
}

/// Free blocks in the order in which a best fit is looked for.
type Key = (u64, Class, usize, usize, BlockId);

#[derive(Clone, Copy)]
struct Block {
    address: usize,
    bytes: usize,
    class: Class,
    /// The owner where the block is free.
    free: Option<u64>,
    /// The number of the allocation that took it last; of several that have merged, the first.
    serial: u64,
    before: Option<BlockId>,
    after: Option<BlockId>,
}

/// See the module's page.
#[derive(Default)]
pub(super) struct Pool {
    blocks: Vec<Block>,
    unused: Vec<BlockId>,
    free: BTreeSet<Key>,
    stats: MemoryStats,
    holds: Vec<Hold>,
    /// Holds made so far.
    keepers: u64,
}

/// Blocks of `stream` that were allocated up to number `until` may be used again by a recording. Given back, they are the
/// keeper's, and so is what is allocated while the recording goes on.
#[derive(Clone, Copy)]
struct Hold {
    stream: u64,
    keeper: u64,
    until: u64,
}

impl Hold {
    fn is_open(&self) -> bool {
        self.until == u64::MAX
    }

    fn covers(&self, owner: u64, serial: u64) -> bool {
        self.stream == owner && serial <= self.until
    }
}

/// The size of the block for `bytes`; `None` where that is more than an address space.
pub(super) fn block_bytes(bytes: usize) -> Option<usize> {
    bytes.checked_add(SLACK)?.checked_next_multiple_of(GRANULE).filter(|&n| n <= isize::MAX as usize)
}

/// The size of the segment to ask the device for, so that a block of `bytes` fits.
pub(super) fn segment_bytes(bytes: usize) -> usize {
    match bytes {
        0..=SMALL => SMALL_SEGMENT,
        _ if bytes <= LARGE_SEGMENT / 2 => LARGE_SEGMENT,
        _ => bytes.next_multiple_of(2 * MIB),
    }
}

impl Pool {
    pub(super) fn stats(&self) -> MemoryStats {
        self.stats
    }

    /// A block of at least `bytes` (from [`block_bytes`]) that work on stream `owner` may use at once.
    pub(super) fn take(&mut self, owner: u64, bytes: usize) -> Option<(BlockId, usize)> {
        let class = Class::of(bytes);
        let fit = |owner| {
            let from = (owner, class, bytes, 0, BlockId(0));
            let to = (owner, class, usize::MAX, usize::MAX, BlockId(u32::MAX));
            self.free.range(from..=to).next().copied()
        };
        let keeper = self.holds.iter().find(|hold| hold.stream == owner && hold.is_open()).map(|hold| hold.keeper);
        let key = keeper.and_then(fit).or_else(|| fit(owner)).or_else(|| fit(IDLE))?;
        self.free.remove(&key);
        let id = key.4;
        self.split(id, bytes);
        self.stats.allocations += 1;
        let block = &mut self.blocks[id.0 as usize];
        (block.free, block.serial) = (None, self.stats.allocations);
        let (address, bytes) = (block.address, block.bytes);
        self.stats.allocated_bytes += bytes;
        self.stats.peak_allocated_bytes = self.stats.peak_allocated_bytes.max(self.stats.allocated_bytes);
        Some((id, address))
    }

    /// Cuts what `id` has beyond `bytes` off as a free block of the same owner, where that is worth a block.
    fn split(&mut self, id: BlockId, bytes: usize) {
        let whole = self.blocks[id.0 as usize];
        let rest = whole.bytes - bytes;
        // A large segment keeps no crumbs: what is left of it must serve a large request.
        if rest < if whole.class == Class::Small { GRANULE } else { SMALL + GRANULE } {
            return;
        }
        let tail = Block { address: whole.address + bytes, bytes: rest, before: Some(id), ..whole };
        let tail = self.add(tail);
        self.blocks[id.0 as usize].bytes = bytes;
        self.blocks[id.0 as usize].after = Some(tail);
        if let Some(next) = whole.after {
            self.blocks[next.0 as usize].before = Some(tail);
        }
        self.free.insert(self.key(tail));
    }

    /// Takes a block back: work on stream `owner` that uses it may still be queued.
    pub(super) fn give(&mut self, id: BlockId, owner: u64) {
        let block = &self.blocks[id.0 as usize];
        self.stats.allocated_bytes -= block.bytes;
        let owner = self.keeper_of(owner, block.serial);
        self.release(id, owner);
    }

    /// Who gets a block of `owner` that is given back: the newest hold that covers it, or the stream itself.
    fn keeper_of(&self, owner: u64, serial: u64) -> u64 {
        self.holds.iter().rev().find(|hold| hold.covers(owner, serial)).map_or(owner, |hold| hold.keeper)
    }

    /// A hold on the blocks of a stream, open: its name.
    pub(super) fn hold(&mut self, stream: u64) -> u64 {
        self.keepers += 1;
        let keeper = KEEPER | self.keepers;
        self.holds.push(Hold { stream, keeper, until: u64::MAX });
        keeper
    }

    /// What is allocated from now on is not held.
    pub(super) fn close_hold(&mut self, keeper: u64) {
        self.set_until(keeper, self.stats.allocations);
    }

    /// What is alive now, or is allocated from now on, is held.
    pub(super) fn reopen_hold(&mut self, keeper: u64) {
        self.set_until(keeper, u64::MAX);
    }

    fn set_until(&mut self, keeper: u64, until: u64) {
        self.holds.iter_mut().filter(|hold| hold.keeper == keeper).for_each(|hold| hold.until = until);
    }

    /// Ends a hold. Its free blocks wait behind the stream's queue, or go to another hold that covers them.
    pub(super) fn release_hold(&mut self, keeper: u64) {
        let Some(at) = self.holds.iter().position(|hold| hold.keeper == keeper) else { return };
        let stream = self.holds.remove(at).stream;
        let keys: Vec<Key> = self.free.iter().filter(|key| key.0 == keeper).copied().collect();
        for key in keys {
            // An earlier turn may have merged this one away.
            if self.free.remove(&key) {
                let owner = self.keeper_of(stream, self.blocks[key.4.0 as usize].serial);
                self.release(key.4, owner);
            }
        }
    }

    /// Whether a recording may use a live block of `owner`.
    pub(super) fn is_held(&self, id: BlockId, owner: u64) -> bool {
        let serial = self.blocks[id.0 as usize].serial;
        self.holds.iter().any(|hold| hold.covers(owner, serial))
    }

    /// Whether a recording goes on.
    pub(super) fn is_recording(&self) -> bool {
        self.holds.iter().any(Hold::is_open)
    }

    fn release(&mut self, id: BlockId, owner: u64) {
        let mut id = id;
        self.blocks[id.0 as usize].free = Some(owner);
        if let Some(next) = self.blocks[id.0 as usize].after.filter(|next| self.blocks[next.0 as usize].free == Some(owner)) {
            self.free.remove(&self.key(next));
            self.join(id, next);
        }
        if let Some(before) = self.blocks[id.0 as usize].before.filter(|b| self.blocks[b.0 as usize].free == Some(owner)) {
            self.free.remove(&self.key(before));
            self.join(before, id);
            id = before;
        }
        self.free.insert(self.key(id));
    }

    /// Makes `first` and its neighbour `second` one block.
    fn join(&mut self, first: BlockId, second: BlockId) {
        let gone = self.blocks[second.0 as usize];
        self.blocks[first.0 as usize].bytes += gone.bytes;
        self.blocks[first.0 as usize].serial = gone.serial.min(self.blocks[first.0 as usize].serial);
        self.blocks[first.0 as usize].after = gone.after;
        if let Some(next) = gone.after {
            self.blocks[next.0 as usize].before = Some(first);
        }
        self.unused.push(second);
    }

    /// Adds a segment that the device gave, as one idle block for requests like the one of `block` bytes.
    pub(super) fn add_segment(&mut self, address: usize, bytes: usize, block: usize) {
        let class = Class::of(block);
        let id = self.add(Block { address, bytes, class, free: Some(IDLE), serial: 0, before: None, after: None });
        self.free.insert(self.key(id));
        self.stats.reserved_bytes += bytes;
        self.stats.device_mallocs += 1;
    }

    /// Free blocks of `owner` (of all streams, if `None`) become idle: all work that was queued when they were given back is done.
    /// Those of holds do not: their work comes again.
    pub(super) fn settle(&mut self, owner: Option<u64>) {
        let keys: Vec<Key> = self
            .free
            .iter()
            .filter(|k| owner.is_none_or(|owner| k.0 == owner) && k.0 != IDLE && k.0 & KEEPER == 0)
            .copied()
            .collect();
        for key in keys {
            // An earlier turn may have merged this one away.
            if self.free.remove(&key) {
                self.release(key.4, IDLE);
            }
        }
    }

    /// Takes out the segments that are idle as a whole, for the device to have back: their addresses.
    pub(super) fn drain(&mut self) -> Vec<usize> {
        let whole =
            |k: &&Key| k.0 == IDLE && self.blocks[k.4.0 as usize].before.is_none() && self.blocks[k.4.0 as usize].after.is_none();
        let keys: Vec<Key> = self.free.iter().filter(whole).copied().collect();
        for key in &keys {
            self.free.remove(key);
            self.unused.push(key.4);
            self.stats.reserved_bytes -= key.2;
        }
        keys.into_iter().map(|key| key.3).collect()
    }

    fn key(&self, id: BlockId) -> Key {
        let block = &self.blocks[id.0 as usize];
        (block.free.unwrap_or(IDLE), block.class, block.bytes, block.address, id)
    }

    fn add(&mut self, block: Block) -> BlockId {
        match self.unused.pop() {
            Some(id) => {
                self.blocks[id.0 as usize] = block;
                id
            }
            None => {
                self.blocks.push(block);
                BlockId((self.blocks.len() - 1) as u32)
            }
        }
    }
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
