//! Cuts a device's memory into allocations. Offsets and numbers only: it never touches the memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Starts of allocations: more than CANN promises (64), and enough for any vector unit and cache line.
const ALIGN: usize = 512;
/// Freed bytes go back to the system once a free range has this many that were used.
const GIVE_BACK: usize = 1 << 20;

struct Block {
    /// What the heap set aside.
    len: usize,
    /// What the program asked for; 0 for physical memory, which no program reaches at the address it has in here.
    asked: usize,
    /// What it may use: see [`Bound`].
    room: usize,
}

/// How far an allocation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// As far as CANN's rule has it, which a card allows: the size rounded up, and what is added to it.
    Room,
    /// Not a byte further than was asked for.
    Asked,
}

/// What CANN adds to the size of an allocation, rounded up to 32 (operators may read past the end).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// 32 bytes more.
    More,
    /// Nothing more.
    None,
}

impl Padding {
    /// What may be used of an allocation of this size.
    fn room(self, asked: usize) -> Option<usize> {
        let more = if self == Padding::More { 32 } else { 0 };
        asked.checked_next_multiple_of(32)?.checked_add(more)
    }
}

struct Free {
    len: usize,
    /// The part that was used since it was last given back; may be empty.
    used: Range<usize>,
}

/// Best fit, lowest address among equals; neighbours merge when freed.
pub(crate) struct Heap {
    capacity: usize,
    taken: usize,
    peak: usize,
    live: BTreeMap<usize, Block>,
    free: BTreeMap<usize, Free>,
    by_len: BTreeSet<(usize, usize)>,
}

impl Heap {
    pub(crate) fn new(capacity: usize) -> Heap {
        let (live, free, by_len) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let mut heap = Heap { capacity, taken: 0, peak: 0, live, free, by_len };
        heap.put(0, Free { len: capacity, used: 0..0 });
        heap
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn available(&self) -> usize {
        self.capacity - self.taken
    }

    /// Bytes taken now, and the most that were.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (self.taken, self.peak)
    }

    /// The longest allocation that would succeed, about.
    pub(crate) fn largest(&self) -> usize {
        self.by_len.last().map_or(0, |(len, _)| *len)
    }

    /// The offset of a new allocation.
    pub(crate) fn alloc(&mut self, asked: usize, padding: Padding) -> Option<usize> {
        let room = padding.room(asked)?;
        let len = room.checked_next_multiple_of(ALIGN)?;
        let (_, at) = *self.by_len.range((len, 0)..).next()?;
        self.carve(at, at, Block { len, asked, room })
    }

    /// The offset of physical memory: `len` bytes and no more, from a multiple of `align` on.
    pub(crate) fn alloc_physical(&mut self, len: usize, align: usize) -> Option<usize> {
        let fits = |(free, at): &&(usize, usize)| at.next_multiple_of(align) + len <= at + free;
        let (_, at) = *self.by_len.range((len, 0)..).find(fits)?;
        self.carve(at, at.next_multiple_of(align), Block { len, asked: 0, room: 0 })
    }

    /// Takes a block that begins at `start` out of the free range at `at`, in which it fits.
    fn carve(&mut self, at: usize, start: usize, block: Block) -> Option<usize> {
        let found = self.take(at)?;
        for part in [at..start, start + block.len..at + found.len] {
            if !part.is_empty() {
                let used = found.used.start.clamp(part.start, part.end)..found.used.end.clamp(part.start, part.end);
                self.put(part.start, Free { len: part.len(), used });
            }
        }
        self.taken += block.len;
        self.peak = self.peak.max(self.taken);
        self.live.insert(start, block);
        Some(start)
    }

    /// Frees the allocation that starts at `offset`, and says which bytes to give back to the system, if many.
    /// `None` where no allocation starts there.
    pub(crate) fn free(&mut self, offset: usize) -> Option<Option<Range<usize>>> {
        self.live.get(&offset).filter(|block| block.asked > 0)?;
        self.release(offset)
    }

    /// The same for physical memory.
    pub(crate) fn free_physical(&mut self, offset: usize) -> Option<Option<Range<usize>>> {
        self.live.get(&offset).filter(|block| block.asked == 0)?;
        self.release(offset)
    }

    /// Turns an allocation into physical memory: the program has freed it, others still use it.
    pub(crate) fn retire(&mut self, offset: usize) -> Option<()> {
        let block = self.live.get_mut(&offset).filter(|block| block.asked > 0)?;
        (block.asked, block.room) = (0, 0);
        Some(())
    }

    fn release(&mut self, offset: usize) -> Option<Option<Range<usize>>> {
        let block = self.live.remove(&offset)?;
        self.taken -= block.len;
        let (mut start, mut len, mut used) = (offset, block.len, offset..offset + block.len);
        let before = self.free.range(..offset).next_back().map(|(at, free)| (*at, at + free.len));
        if let Some((at, end)) = before
            && end == offset
            && let Some(free) = self.take(at)
        {
            (start, len) = (at, len + free.len);
            used = hull(used, free.used);
        }
        if let Some(free) = self.take(offset + block.len) {
            len += free.len;
            used = hull(used, free.used);
        }
        let give_back = (used.len() >= GIVE_BACK).then(|| std::mem::replace(&mut used, start..start));
        self.put(start, Free { len, used });
        Some(give_back)
    }

    /// Whether `start .. start + bytes` lies inside one live allocation.
    pub(crate) fn lies_in_one(&self, start: usize, bytes: usize, bound: Bound) -> bool {
        let Some((offset, block)) = self.live.range(..=start).next_back() else { return false };
        let most = if bound == Bound::Room { block.room } else { block.asked };
        start.checked_add(bytes).is_some_and(|end| end <= offset + most) && start - offset < most
    }

    /// Start and size of the last allocation that begins before `offset`.
    pub(crate) fn block_before(&self, offset: usize) -> Option<(usize, usize)> {
        let (start, block) = self.live.range(..offset).rfind(|(_, block)| block.asked > 0)?;
        Some((*start, block.asked))
    }

    /// Start and size, as it was asked for, of the allocation that `offset` lies in.
    pub(crate) fn block_at(&self, offset: usize) -> Option<(usize, usize)> {
        let (start, block) = self.live.range(..=offset).next_back()?;
        (offset - start < block.room).then_some((*start, block.asked))
    }

    fn put(&mut self, offset: usize, free: Free) {
        self.by_len.insert((free.len, offset));
        self.free.insert(offset, free);
    }

    fn take(&mut self, offset: usize) -> Option<Free> {
        let free = self.free.remove(&offset)?;
        self.by_len.remove(&(free.len, offset));
        Some(free)
    }
}

/// The shortest range that holds both, where an empty one holds nothing.
fn hull(a: Range<usize>, b: Range<usize>) -> Range<usize> {
    match (a.is_empty(), b.is_empty()) {
        (_, true) => a,
        (true, _) => b,
        _ => a.start.min(b.start)..a.end.max(b.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_round_as_cann_rounds_and_starts_are_aligned() {
        let mut heap = Heap::new(1 << 20);
        // 1 -> 32 + 32 = 64 -> 512; 480 -> 480 + 32 = 512; 481 -> 512 + 32 -> 1024.
        for (asked, taken) in [(1, 512), (480, 512), (481, 1024)] {
            let before = heap.available();
            assert_eq!(heap.alloc(asked, Padding::More).unwrap() % ALIGN, 0);
            assert_eq!(before - heap.available(), taken, "{asked}");
        }
        assert_eq!(heap.alloc(usize::MAX, Padding::None), None);
    }

    #[test]
    fn a_range_must_lie_inside_its_bound() {
        let mut heap = Heap::new(1 << 20);
        let (a, b) = (heap.alloc(100, Padding::More).unwrap(), heap.alloc(2000, Padding::More).unwrap());
        let asked = |start, bytes| heap.lies_in_one(start, bytes, Bound::Asked);
        assert!(asked(a, 100) && asked(a + 99, 1) && asked(b + 500, 1500));
        assert!(!asked(a, 101), "the padding is not the program's");
        assert!(!asked(a + 100, 0) && !asked(b + 1, 2000) && !asked(a, usize::MAX));
        // 100 -> 128, and 32 more.
        let room = |start, bytes| heap.lies_in_one(start, bytes, Bound::Room);
        assert!(room(a, 160) && room(a + 100, 60) && room(b + 1, 2000));
        assert!(!room(a, 161) && !room(a + 160, 0) && !room(a, usize::MAX));
        assert_eq!((heap.block_at(a + 159), heap.block_at(a + 160)), (Some((a, 100)), None));
        let exact = heap.alloc(100, Padding::None).unwrap();
        assert!(heap.lies_in_one(exact, 128, Bound::Room) && !heap.lies_in_one(exact, 129, Bound::Room));
        heap.free(a);
        assert!(!heap.lies_in_one(a, 1, Bound::Room));
        assert_eq!(heap.free(a), None, "freed already");
        assert_eq!(heap.free(b + 512), None, "not a start");
    }

    #[test]
    fn physical_memory_is_whole_aligned_and_out_of_reach() {
        const UNIT: usize = 1 << 12;
        let mut heap = Heap::new(16 * UNIT);
        let small = heap.alloc(1, Padding::More).unwrap();
        let physical = heap.alloc_physical(3 * UNIT, UNIT).unwrap();
        assert_eq!((physical % UNIT, heap.available()), (0, 13 * UNIT - 512), "not a byte more");
        assert!(!heap.lies_in_one(physical, 1, Bound::Room) && heap.block_at(physical).is_none());
        assert_eq!(heap.block_at(small), Some((small, 1)));
        assert_eq!((heap.free(physical), heap.free_physical(small)), (None, None), "each by its own function");
        assert!(heap.alloc_physical(13 * UNIT, UNIT).is_none(), "13 units less the small one");
        heap.free_physical(physical).unwrap();
        heap.free(small).unwrap();
        assert_eq!((heap.largest(), heap.taken()), (16 * UNIT, (0, 3 * UNIT + 512)));
    }

    #[test]
    fn big_freed_ranges_are_given_back_once() {
        let mut heap = Heap::new(1 << 30);
        let small: Vec<usize> = (0..4096).map(|_| heap.alloc(480, Padding::More).unwrap()).collect();
        let end = heap.alloc(480, Padding::More).unwrap();
        let returned: usize = small.iter().filter_map(|at| heap.free(*at).unwrap()).map(|range| range.len()).sum();
        assert_eq!(returned, 2 << 20, "small pieces add up");
        let big = heap.alloc(3 << 20, Padding::More).unwrap();
        let range = heap.free(big).unwrap().unwrap();
        assert!(range.contains(&big) && range.len() < 6 << 20);
        assert_eq!(heap.free(end).unwrap(), None, "512 bytes are kept");
    }

    /// Random traffic against a list of what is live: no overlap, and everything merges back into one range.
    #[test]
    fn random_traffic_keeps_allocations_apart() {
        let mut heap = Heap::new(1 << 22);
        let mut live: Vec<(usize, usize)> = Vec::new();
        let mut state = 1u64;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        };
        for _ in 0..20_000 {
            if random(5) < 3 {
                let asked = 1 + random(20_000);
                if let Some(at) = heap.alloc(asked, Padding::More) {
                    assert!(live.iter().all(|(other, len)| at + asked <= *other || other + len <= at));
                    assert!(at + asked <= heap.capacity());
                    live.push((at, asked));
                }
            } else if !live.is_empty() {
                let (at, asked) = live.swap_remove(random(live.len()));
                assert!(heap.lies_in_one(at, asked, Bound::Asked));
                assert!(heap.free(at).is_some());
            }
        }
        for (at, _) in live {
            heap.free(at);
        }
        assert_eq!((heap.available(), heap.largest(), heap.free.len()), (1 << 22, 1 << 22, 1));
    }
}
