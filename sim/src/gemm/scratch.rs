//! Memory that a thread keeps between products, so that a product allocates nothing.

use std::cell::RefCell;
use std::thread::LocalKey;

/// Sixteen f32 on a cache line of their own: a vector of packed values never spans two.
#[repr(C, align(64))]
#[derive(Clone, Copy, bytemuck::Zeroable, bytemuck::Pod)]
struct Line([f32; 16]);

/// A scratch area of a thread; it grows to the largest product and stays.
pub(super) struct Scratch(RefCell<Vec<Line>>);

thread_local! {
    /// Of the thread that runs the operation; all threads read it.
    pub(super) static SHARED: Scratch = const { Scratch(RefCell::new(Vec::new())) };
    /// Of each thread that takes part.
    pub(super) static LOCAL: Scratch = const { Scratch(RefCell::new(Vec::new())) };
}

/// Lends `len` floats of an area, with whatever they hold. An area is lent to one user at a time.
pub(super) fn lend<R>(area: &'static LocalKey<Scratch>, len: usize, use_: impl FnOnce(&mut [f32]) -> R) -> R {
    area.with(|scratch| {
        let mut lines = scratch.0.borrow_mut();
        if lines.len() * 16 < len {
            lines.resize(len.div_ceil(16), Line([0.0; 16]));
        }
        use_(&mut bytemuck::cast_slice_mut(&mut lines)[..len])
    })
}
