//! What tasks run on: memory that each thread keeps from one task to the next, threads, the instruction set.

use std::cell::Cell;

use crate::parallel::{self, Over};

/// A cache line.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Line(#[expect(dead_code, reason = "reached through the address of the whole")] [f32; 16]);

thread_local! {
    static MEMORY: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// Memory of this thread, borrowed; it goes back when dropped. A guard and not a closure: code in a closure would not be
/// compiled for the instruction set of the function around it.
pub(super) struct Scratch(Vec<Line>);

impl Scratch {
    /// At least `floats` numbers, aligned to 64 bytes. They hold whatever was left there.
    pub(super) fn take(floats: usize) -> Scratch {
        let mut memory = MEMORY.take();
        let lines = floats.div_ceil(16);
        if memory.len() < lines {
            memory.resize(lines, Line([0.0; 16]));
        }
        Scratch(memory)
    }

    /// The memory, to be handed out in parts.
    pub(super) fn parts(&mut self) -> Parts {
        Parts(self.0.as_mut_ptr().cast())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        MEMORY.set(std::mem::take(&mut self.0));
    }
}

/// Hands out parts of a [`Scratch`], each aligned as the whole.
pub(super) struct Parts(*mut f32);

impl Parts {
    /// The next `n` floats. The caller has counted them in the size of the block.
    pub(super) fn take(&mut self, n: usize) -> *mut f32 {
        let part = self.0;
        self.0 = part.wrapping_add(n.next_multiple_of(16));
        part
    }
}

/// Below this many multiplications waking other threads costs more than it gains.
const SERIAL: usize = 1 << 15;

/// `f(0) .. f(n - 1)`, on several threads where `work` (multiplications, in all) is worth it.
pub(super) fn for_each(n: usize, work: usize, f: impl Fn(usize) + Sync) {
    run(n, work, &f)
}

/// [`for_each`] of any closure, which is compiled once.
fn run(n: usize, work: usize, f: &dyn Over<usize>) {
    if work < SERIAL || n < 2 { (0..n).for_each(|i| f.call(i)) } else { parallel::for_each(n, |i| f.call(i)) }
}

/// The CPU's best instruction set.
pub(super) fn arch() -> pulp::Arch {
    #[cfg(test)]
    if let Some(forced) = super::tests::FORCED.get() {
        return forced;
    }
    pulp::Arch::new()
}
