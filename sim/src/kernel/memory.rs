//! The memories of a core. Each thread keeps one set a kind of core: it runs one core at a time.

use std::alloc::{Layout, alloc, handle_alloc_error};
use std::cell::RefCell;

use ascendc_twin::abi::space;

use super::shape::sizes;

/// As strict as anything asks: addresses inside are aligned as their offsets are.
const ALIGN: usize = 4096;
/// What checked kernels find in memory that they did not write: as half, as float and as bfloat16 a NaN.
const PATTERN: u8 = 0xFF;

/// One core's memories, in one allocation that lives as long as its thread.
struct Memories {
    base: *mut u8,
    layout: Layout,
    at: [*mut u8; space::COUNT],
}

impl Memories {
    fn new(kind: u32) -> Memories {
        let starts = starts(kind);
        let layout = Layout::from_size_align(starts[space::COUNT], ALIGN).expect("some hundred kilobytes");
        // SAFETY: the size is not 0: each kind of core has some memory.
        let base = unsafe { alloc(layout) };
        if base.is_null() {
            handle_alloc_error(layout)
        }
        let sizes = sizes(kind);
        let at = std::array::from_fn(|i| if sizes[i] == 0 { std::ptr::null_mut() } else { base.wrapping_add(starts[i]) });
        Memories { base, layout, at }
    }
}

impl Drop for Memories {
    fn drop(&mut self) {
        // SAFETY: of `alloc`, with this layout.
        unsafe { std::alloc::dealloc(self.base, self.layout) }
    }
}

/// Where each memory begins in the allocation, and its end.
fn starts(kind: u32) -> [usize; space::COUNT + 1] {
    let mut starts = [0; space::COUNT + 1];
    for (i, size) in sizes(kind).into_iter().enumerate() {
        starts[i + 1] = starts[i] + (size as usize).next_multiple_of(ALIGN);
    }
    starts
}

thread_local! {
    static KINDS: [RefCell<Option<Memories>>; 2] = const { [RefCell::new(None), RefCell::new(None)] };
}

/// Lends this thread's memories of a kind of core to `run`; filled with a pattern first if `filled`.
pub(super) fn lend<R>(kind: u32, filled: bool, run: impl FnOnce([*mut u8; space::COUNT]) -> R) -> R {
    KINDS.with(|kinds| {
        let mut kept = kinds[kind as usize].borrow_mut();
        let memories = kept.get_or_insert_with(|| Memories::new(kind));
        if filled {
            // SAFETY: the whole allocation, which nobody else uses.
            unsafe { std::ptr::write_bytes(memories.base, PATTERN, memories.layout.size()) };
        }
        run(memories.at)
    })
}

#[cfg(test)]
mod tests {
    use ascendc_twin::abi::core_kind;

    use super::*;

    #[test]
    fn a_thread_has_its_own_memories_and_keeps_them() {
        let first = lend(core_kind::AIC, true, |at| {
            let size = sizes(core_kind::AIC)[space::L0C as usize] as usize;
            // SAFETY: the memory has so many bytes.
            assert!(unsafe { std::slice::from_raw_parts(at[space::L0C as usize], size) }.iter().all(|byte| *byte == PATTERN));
            assert!(at[space::UB as usize].is_null() && at[space::GM as usize].is_null());
            at.map(|start| start as usize)
        });
        assert_eq!(lend(core_kind::AIC, false, |at| at.map(|start| start as usize)), first);
        let vector = lend(core_kind::AIV, false, |at| at.map(|start| start as usize));
        assert!(vector[space::UB as usize].is_multiple_of(ALIGN) && vector[space::L1 as usize] == 0);
        let other = std::thread::spawn(|| lend(core_kind::AIC, false, |at| at.map(|start| start as usize)));
        assert_ne!(other.join().unwrap()[space::L1 as usize], first[space::L1 as usize]);
    }
}
