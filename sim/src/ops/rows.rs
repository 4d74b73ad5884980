//! Whole rows in f32: what operators that need a row at once (norms) work on.

use super::element::Lane;
use super::view::View;

/// All elements of a view, converted: indices and counts, and what is small.
pub(crate) fn all<T: Lane>(view: &View) -> Vec<T> {
    let n = view.numel();
    let mut values = Vec::with_capacity(n);
    view.load_into(0, &mut values.spare_capacity_mut()[..n]);
    // SAFETY: `load_into` has written the first `n` elements of the spare capacity.
    unsafe { values.set_len(n) };
    values
}

/// Room for a row of any length, reused from row to row.
pub(crate) struct Row(Vec<f32>);

impl Row {
    pub(crate) fn new(n: usize) -> Row {
        Row(Vec::with_capacity(n))
    }

    /// The `n` elements of `view` from `start` on, converted.
    pub(crate) fn load(&mut self, view: &View, start: usize, n: usize) -> &[f32] {
        self.0.clear();
        self.0.reserve(n);
        view.load_into(start, &mut self.0.spare_capacity_mut()[..n]);
        // SAFETY: `load_into` has written the first `n` elements of the spare capacity.
        unsafe { self.0.set_len(n) };
        &self.0
    }

    /// `n` elements to write, which hold anything.
    pub(crate) fn room(&mut self, n: usize) -> &mut [f32] {
        self.0.resize(n, 0.0);
        &mut self.0
    }
}

/// Where threads write parts of one array that do not overlap.
#[derive(Clone, Copy)]
pub(crate) struct Parts<T>(*mut T, usize);

// SAFETY: `slice`'s contract keeps the parts that threads hold apart.
unsafe impl<T: Send> Send for Parts<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Parts<T> {}

impl<T> Parts<T> {
    pub(crate) fn new(whole: &mut [T]) -> Parts<T> {
        Parts(whole.as_mut_ptr(), whole.len())
    }

    /// Elements `start .. start + n`.
    ///
    /// # Safety
    /// The array is alive, and no two parts that are alive at once overlap.
    #[allow(clippy::mut_from_ref)] // That is what it is for.
    pub(crate) unsafe fn slice(&self, start: usize, n: usize) -> &mut [T] {
        assert!(start + n <= self.1, "a part beyond the end");
        // SAFETY: inside the array, and the caller's contract.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(start), n) }
    }
}
