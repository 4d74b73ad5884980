//! Whole rows in f32: what operators that need a row at once (norms) work on, where they lie if they are f32 there.

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

    /// The `n` elements of `view` from `start` on: the memory itself where it holds f32 in order, else converted.
    pub(crate) fn load<'a>(&'a mut self, view: &'a View, start: usize, n: usize) -> &'a [f32] {
        if let Some(values) = view.in_place(start, n) {
            return values;
        }
        self.copy(view, start, n)
    }

    /// The `n` elements of `view` from `start` on, converted, to be changed.
    pub(crate) fn copy(&mut self, view: &View, start: usize, n: usize) -> &mut [f32] {
        self.0.clear();
        self.0.reserve(n);
        view.load_into(start, &mut self.0.spare_capacity_mut()[..n]);
        // SAFETY: `load_into` has written the first `n` elements of the spare capacity.
        unsafe { self.0.set_len(n) };
        &mut self.0
    }

    /// `n` elements to write, which hold anything.
    pub(crate) fn room(&mut self, n: usize) -> &mut [f32] {
        self.0.resize(n, 0.0);
        &mut self.0
    }
}

/// A tensor that an operator writes. Where it is f32 in order, and shares no memory with what the operator reads, results are made
/// in the memory itself: another pass over them would cost as much as a norm does.
pub(crate) struct Target {
    view: View,
    apart: bool,
}

impl Target {
    /// `others` are all the tensors that the operator reads, or writes besides.
    pub(crate) fn new(view: View, others: &[&View]) -> Target {
        let own = view.span();
        Target { view, apart: others.iter().map(|other| other.span()).all(|span| span.end <= own.start || own.end <= span.start) }
    }

    /// Room for the `n` elements from `start` on, which holds anything: give it to [`Target::store`] when it is written. Threads
    /// take ranges of their own, and one after another.
    #[allow(clippy::mut_from_ref)] // The memory is the device's.
    pub(crate) fn room<'a>(&'a self, start: usize, n: usize, row: &'a mut Row) -> &'a mut [f32] {
        match self.memory(start, n) {
            Some(memory) => memory,
            None => row.room(n),
        }
    }

    /// As [`Target::room`], with the values that are there.
    #[allow(clippy::mut_from_ref)] // As above.
    pub(crate) fn values<'a>(&'a self, start: usize, n: usize, row: &'a mut Row) -> &'a mut [f32] {
        match self.memory(start, n) {
            Some(memory) => memory,
            None => row.copy(&self.view, start, n),
        }
    }

    /// As [`View::prefetch_apart`].
    pub(crate) fn prefetch_apart(&self, start: usize, n: usize) {
        self.view.prefetch_apart(start, n)
    }

    /// Results for the elements from `start` on. Nothing is left to do for those that were made where they belong.
    pub(crate) fn store(&self, start: usize, values: &[f32]) {
        if self.address(start, values.len()) != Some(values.as_ptr().cast_mut()) {
            self.view.store(start, values);
        }
    }

    #[allow(clippy::mut_from_ref)] // As above.
    fn memory(&self, start: usize, n: usize) -> Option<&mut [f32]> {
        // SAFETY: memory in order, which nothing else that the operator touches shares; its threads write ranges of their own.
        self.address(start, n).map(|data| unsafe { std::slice::from_raw_parts_mut(data, n) })
    }

    fn address(&self, start: usize, n: usize) -> Option<*mut f32> {
        if self.apart { self.view.address(start, n) } else { None }
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
