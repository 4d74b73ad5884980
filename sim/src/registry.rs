//! Checked handles: what C holds is a number that we look up, never an address that we follow.
//!
//! A handle is `kind | generation | index`. A stale one (destroyed, or destroyed twice) has an old generation, one of another
//! kind has another tag, and a stray pointer has neither: each is `None`, and becomes CANN's error code.

use std::sync::Mutex;

/// What a handle stands for; its tag makes a stream that is passed as an event an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Context = 0xC1,
    Stream = 0xC2,
    Event = 0xC3,
    Tensor = 0xC4,
    Scalar = 0xC5,
    IntArray = 0xC6,
    TensorList = 0xC7,
    Executor = 0xC8,
    Communicator = 0xC9,
    AtbContext = 0xCA,
    AtbOperation = 0xCB,
    Notify = 0xCC,
    Stamp = 0xCD,
    ProfConfig = 0xCE,
    Physical = 0xD0,
    MemPool = 0xD1,
    Graph = 0xD2,
    TaskGroup = 0xD3,
    FloatArray = 0xD4,
    BoolArray = 0xD5,
    ScalarList = 0xD6,
    Binary = 0xD7,
    Program = 0xD8,
    Function = 0xD9,
    KernelArgs = 0xDA,
    TensorDesc = 0xDB,
    DataBuffer = 0xDC,
    OpAttr = 0xDD,
    GraphDumpOption = 0xDE,
    Allocator = 0xDF,
    StepInfo = 0xE0,
    SubscribeConfig = 0xE1,
    DataItem = 0xE2,
    Dataset = 0xE3,
    Channel = 0xE4,
    QueueAttr = 0xE5,
    QueueRoute = 0xE6,
    QueueRouteList = 0xE7,
    QueueRouteSearch = 0xE8,
    Label = 0xE9,
    LabelList = 0xEA,
    Condition = 0xEB,
}

struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    fn remove(&mut self, index: u32, generation: u32) -> Option<T> {
        let slot = self.slots.get_mut(index as usize).filter(|slot| slot.generation == generation)?;
        let value = slot.value.take()?;
        slot.generation = (generation + 1) % GENERATIONS;
        self.free.push(index);
        Some(value)
    }
}

/// All live objects of one kind.
pub(crate) struct Registry<T> {
    kind: Kind,
    slots: Mutex<Slots<T>>,
}

/// Generations have 24 bits: a handle is stale for 16 million reuses of its slot.
const GENERATIONS: u32 = 1 << 24;

impl<T> Registry<T> {
    pub(crate) const fn new(kind: Kind) -> Registry<T> {
        Registry { kind, slots: Mutex::new(Slots { slots: Vec::new(), free: Vec::new() }) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slots<T>> {
        // A panic while the lock is held leaves a consistent table: every change below is a single assignment.
        self.slots.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Keeps `value` and returns its handle, never null.
    pub(crate) fn insert(&self, value: T) -> usize {
        let mut table = self.lock();
        let index = match table.free.pop() {
            Some(index) => index,
            None => {
                table.slots.push(Slot { generation: 0, value: None });
                (table.slots.len() - 1) as u32
            }
        };
        let slot = &mut table.slots[index as usize];
        slot.value = Some(value);
        let generation = slot.generation;
        self.handle(generation, index as usize)
    }

    fn find(&self, handle: usize) -> Option<(u32, u32)> {
        (handle >> 56 == self.kind as usize).then_some((handle as u32, (handle >> 32) as u32 & (GENERATIONS - 1)))
    }

    /// Looks at a live object.
    pub(crate) fn with<R>(&self, handle: usize, look: impl FnOnce(&T) -> R) -> Option<R> {
        let (index, generation) = self.find(handle)?;
        let table = self.lock();
        let slot = table.slots.get(index as usize)?;
        if slot.generation != generation { None } else { slot.value.as_ref().map(look) }
    }

    /// Changes a live object.
    pub(crate) fn update(&self, handle: usize, change: impl FnOnce(&mut T)) {
        let Some((index, generation)) = self.find(handle) else { return };
        let mut table = self.lock();
        if let Some(slot) = table.slots.get_mut(index as usize).filter(|slot| slot.generation == generation)
            && let Some(value) = &mut slot.value
        {
            change(value);
        }
    }

    /// A copy of a live object; objects with state are kept behind an `Arc`.
    pub(crate) fn get(&self, handle: usize) -> Option<T>
    where
        T: Clone,
    {
        self.with(handle, T::clone)
    }

    /// Puts another value in a live object's place.
    pub(crate) fn replace(&self, handle: usize, value: T) {
        let Some((index, generation)) = self.find(handle) else { return };
        let mut table = self.lock();
        if let Some(slot) = table.slots.get_mut(index as usize)
            && slot.generation == generation
            && slot.value.is_some()
        {
            slot.value = Some(value);
        }
    }

    /// Takes an object out; the handle is stale from now on.
    pub(crate) fn remove(&self, handle: usize) -> Option<T> {
        let (index, generation) = self.find(handle)?;
        self.lock().remove(index, generation)
    }

    /// A copy of a live object, which is taken out unless `keep`.
    pub(crate) fn take_unless(&self, handle: usize, keep: impl FnOnce(&T) -> bool) -> Option<T>
    where
        T: Clone,
    {
        let (index, generation) = self.find(handle)?;
        let mut table = self.lock();
        let slot = table.slots.get(index as usize).filter(|slot| slot.generation == generation)?;
        if keep(slot.value.as_ref()?) { slot.value.clone() } else { table.remove(index, generation) }
    }

    /// The handles of the live objects that `want` picks.
    pub(crate) fn handles(&self, want: impl Fn(&T) -> bool) -> Vec<usize> {
        let table = self.lock();
        let live = table.slots.iter().enumerate().filter(|(_, slot)| slot.value.as_ref().is_some_and(&want));
        live.map(|(index, slot)| self.handle(slot.generation, index)).collect()
    }

    fn handle(&self, generation: u32, index: usize) -> usize {
        (self.kind as usize) << 56 | (generation as usize) << 32 | index
    }

    /// The number of live objects.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().slots.iter().filter(|s| s.value.is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_foreign_and_stray_handles_are_none() {
        let streams = Registry::new(Kind::Stream);
        let events = Registry::new(Kind::Event);
        let s = streams.insert(7);
        let e = events.insert(8);
        assert_eq!((streams.get(s), events.get(e)), (Some(7), Some(8)));
        assert_eq!((streams.get(e), streams.get(0), streams.get(0x7fff_dead_beef)), (None, None, None));
        assert_eq!((streams.remove(s), streams.remove(s), streams.get(s)), (Some(7), None, None));
        let again = streams.insert(9);
        assert_ne!(again, s, "a reused slot has a new generation");
        assert_eq!((streams.take_unless(s, |_| true), streams.take_unless(again, |_| true)), (None, Some(9)));
        assert_eq!(streams.handles(|value| *value == 9), [again]);
        assert_eq!((streams.take_unless(again, |_| false), streams.get(again)), (Some(9), None));
        streams.insert(10);
        assert_eq!(streams.len(), 1);
    }
}
