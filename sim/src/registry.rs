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
}

struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
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
        (self.kind as usize) << 56 | (slot.generation as usize) << 32 | index as usize
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
        let mut table = self.lock();
        let slot = table.slots.get_mut(index as usize)?;
        if slot.generation != generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = (generation + 1) % GENERATIONS;
        table.free.push(index);
        Some(value)
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
        assert_ne!(streams.insert(9), s, "a reused slot has a new generation");
        assert_eq!(streams.len(), 1);
    }
}
