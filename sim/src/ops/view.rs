//! A tensor as one line of elements: what lets each operator walk any strides, and run fast over plain memory.
//!
//! A [`View`] numbers the elements of a (broadcast, permuted) tensor row-major, with neighbouring dims merged where their
//! strides allow. Operators take ranges of that line, a [`BLOCK`] at a time: [`View::load`] gives a range converted to the
//! type they compute in (or the memory itself, where that is it already), [`View::store`] converts and writes one.

use std::mem::MaybeUninit;

use ascend_rl_sys::types::*;

use super::element::{Lane, with_element};
use crate::nn::tensor::{MAX_RANK, Tensor};
use crate::simd::{prefetch, vectorized};

/// Elements of one load or store: three buffers of it fit in a first-level cache.
pub(crate) const BLOCK: usize = 1024;

/// Room for a block; not initialised, since small operators use a few elements of it.
#[repr(align(64))]
pub(crate) struct Buffer<T>([MaybeUninit<T>; BLOCK]);

impl<T: Copy> Buffer<T> {
    #[inline(always)]
    pub(crate) fn new() -> Buffer<T> {
        Buffer([MaybeUninit::uninit(); BLOCK])
    }

    /// The first `n` elements as room to write.
    #[inline(always)]
    pub(crate) fn room(&mut self, n: usize) -> &mut [MaybeUninit<T>] {
        &mut self.0[..n]
    }
}

/// The values of room that is written.
///
/// # Safety
/// All of it is.
#[inline(always)]
pub(crate) unsafe fn filled<T>(room: &[MaybeUninit<T>]) -> &[T] {
    // SAFETY: `MaybeUninit<T>` lies as `T` does, and the caller promises values.
    unsafe { &*(room as *const [MaybeUninit<T>] as *const [T]) }
}

/// As [`filled`].
///
/// # Safety
/// As [`filled`].
#[inline(always)]
pub(crate) unsafe fn filled_mut<T>(room: &mut [MaybeUninit<T>]) -> &mut [T] {
    // SAFETY: as above.
    unsafe { &mut *(room as *mut [MaybeUninit<T>] as *mut [T]) }
}

/// A tensor's elements in a row-major order of dims; see the module.
///
/// It stands for memory that C promised: inside one live allocation (phase two checks that; a view may leave what `aclCreateTensor` was
/// told of its storage), and alive and unwatched from phase two until the stream has passed the operation. That is the ground of each
/// `unsafe` block here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub dtype: aclDataType,
    data: *mut u8,
    rank: usize,
    dims: [usize; MAX_RANK],
    strides: [usize; MAX_RANK],
}

// SAFETY: as for `Tensor`: an address and numbers.
unsafe impl Send for View {}
// SAFETY: as above; threads of one operation write ranges of their own.
unsafe impl Sync for View {}

impl View {
    /// The tensor in its own order.
    pub(crate) fn new(tensor: &Tensor) -> View {
        View::of(tensor, tensor.dims.iter().copied().zip(tensor.strides.iter().copied()))
    }

    /// The tensor repeated to `dims`, which it broadcasts to.
    pub(crate) fn broadcast(tensor: &Tensor, dims: &[usize]) -> View {
        let missing = dims.len() - tensor.rank();
        let pairs = dims.iter().enumerate().map(|(i, &dim)| match i.checked_sub(missing) {
            Some(own) if tensor.dims[own] == dim => (dim, tensor.strides[own]),
            _ => (dim, 0),
        });
        View::of(tensor, pairs)
    }

    /// The tensor with dim `axis` moved last, so that each line along it is a range.
    pub(crate) fn lines(tensor: &Tensor, axis: usize) -> View {
        View::ordered(
            tensor,
            (0..tensor.rank()).filter(move |&d| d != axis).chain((0..tensor.rank()).filter(move |&d| d == axis)),
        )
    }

    /// The tensor's dims in another order.
    pub(crate) fn ordered(tensor: &Tensor, order: impl Iterator<Item = usize>) -> View {
        View::of(tensor, order.map(|d| (tensor.dims[d], tensor.strides[d])))
    }

    /// Dims and strides of one's own over the tensor's memory, which they must not leave.
    pub(crate) fn of(tensor: &Tensor, pairs: impl Iterator<Item = (usize, usize)>) -> View {
        let mut view = View { dtype: tensor.dtype, data: tensor.data, rank: 0, dims: [1; MAX_RANK], strides: [1; MAX_RANK] };
        for (dim, stride) in pairs.filter(|&(dim, _)| dim != 1) {
            // A step of the dim before goes over all of this one: together they are one.
            if view.rank > 0 && view.strides[view.rank - 1] == dim * stride {
                view.dims[view.rank - 1] *= dim;
                view.strides[view.rank - 1] = stride;
            } else {
                view.dims[view.rank] = dim;
                view.strides[view.rank] = stride;
                view.rank += 1;
            }
        }
        view.rank = view.rank.max(1);
        view
    }

    pub(crate) fn numel(&self) -> usize {
        self.dims[..self.rank].iter().product()
    }

    /// How many rows of `n` elements that makes.
    pub(crate) fn rows(&self, n: usize) -> usize {
        self.numel().checked_div(n).unwrap_or(0)
    }

    /// Whether the whole is plain memory, in order.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.rank == 1 && self.strides[0] == 1
    }

    /// Where rows of `n` elements come several times in a row, as those that broadcast over heads do: the view of each once, and how
    /// many times. Of any other view, once.
    pub(crate) fn once(&self, n: usize) -> (View, usize) {
        let last = self.rank - 1;
        if last == 0 || self.dims[last] != n || self.strides[last - 1] != 0 {
            return (*self, 1);
        }
        let mut once = *self;
        (once.dims[last - 1], once.strides[last - 1], once.rank) = (n, self.strides[last], last);
        if last > 1 && once.strides[last - 2] == n * once.strides[last - 1] {
            once.dims[last - 2] *= n;
            (once.strides[last - 2], once.rank) = (once.strides[last - 1], last - 1);
        }
        (once, self.dims[last - 1])
    }

    /// Elements of memory between neighbours, in the last merged dim.
    pub(crate) fn step(&self) -> usize {
        self.strides[self.rank - 1]
    }

    /// How many elements are evenly spaced in a row: the last merged dim.
    pub(crate) fn run(&self) -> usize {
        self.dims[self.rank - 1]
    }

    /// The address of the first element.
    pub(crate) fn data(&self) -> *mut u8 {
        self.data
    }

    /// The addresses from the first element to the end of the last.
    pub(crate) fn span(&self) -> std::ops::Range<usize> {
        let dims = self.dims.iter().zip(self.strides).take(self.rank);
        let last: usize = dims.map(|(&dim, stride)| (dim.max(1) - 1) * stride).sum();
        let start = self.data.addr();
        start..start + (last + 1) * self.dtype.size()
    }

    /// The same view, `offset` elements further on in memory.
    pub(crate) fn shifted(&self, offset: usize) -> View {
        View { data: self.data.wrapping_add(offset * self.dtype.size()), ..*self }
    }

    /// Calls `f(offset, stride, position, n)` for the evenly spaced runs that make up the range: `n` elements from the
    /// `offset`-th of the memory on, which are the `position`-th of the range and its followers.
    #[inline(always)]
    pub(crate) fn runs(&self, start: usize, len: usize, mut f: impl FnMut(usize, usize, usize, usize)) {
        // Nothing may be asked of what has nothing, whose dims no number can be divided by.
        if len == 0 {
            return;
        }
        let last = self.rank - 1;
        let (inner, stride) = (self.dims[last], self.strides[last]);
        let (mut row, mut column) = if last == 0 { (0, start) } else { (start / inner, start % inner) };
        let mut base = 0;
        let mut at = [0; MAX_RANK];
        for d in (0..last).rev() {
            at[d] = row % self.dims[d];
            row /= self.dims[d];
            base += at[d] * self.strides[d];
        }
        let mut done = 0;
        while done < len {
            let n = (inner - column).min(len - done);
            f(base + column * stride, stride, done, n);
            done += n;
            column = 0;
            for d in (0..last).rev() {
                at[d] += 1;
                base += self.strides[d];
                if at[d] < self.dims[d] {
                    break;
                }
                base -= self.dims[d] * self.strides[d];
                at[d] = 0;
            }
        }
    }

    /// As [`View::prefetch`], where the range is a part of rows that are apart: these the CPU does not foresee.
    #[inline(always)]
    pub(crate) fn prefetch_apart(&self, start: usize, len: usize) {
        if !self.is_plain() {
            self.prefetch(start, len)
        }
    }

    /// A hint that the range is needed soon, if it is in order in memory.
    #[inline(always)]
    pub(crate) fn prefetch(&self, start: usize, len: usize) {
        if len > 0
            && let Some(offset) = self.in_order(start, len)
        {
            let size = self.dtype.size();
            prefetch(self.data.wrapping_add(offset * size), len * size);
        }
    }

    /// Where in memory the range begins, if it is in order there: all of it in one row.
    #[inline(always)]
    fn in_order(&self, start: usize, len: usize) -> Option<usize> {
        let last = self.rank - 1;
        if self.strides[last] != 1 || len == 0 {
            return None;
        }
        if last == 0 {
            return Some(start);
        }
        let (mut row, column) = (start / self.dims[last], start % self.dims[last]);
        if column + len > self.dims[last] {
            return None;
        }
        let mut offset = column;
        for d in (0..last).rev() {
            offset += row % self.dims[d] * self.strides[d];
            row /= self.dims[d];
        }
        Some(offset)
    }

    /// The memory of the range `[start, start + len)`, where it holds lanes in order.
    #[inline(always)]
    pub(crate) fn in_place<T: Lane>(&self, start: usize, len: usize) -> Option<&[T]> {
        let data = self.address(start, len)?;
        // SAFETY: plain memory of lanes, aligned, valid by the promise above; nothing writes this range while the block
        // is read, since an operator stores a block after it has loaded it.
        Some(unsafe { std::slice::from_raw_parts(data, len) })
    }

    /// Where the range is, if it is lanes in order.
    #[inline(always)]
    pub(crate) fn address<T: Lane>(&self, start: usize, len: usize) -> Option<*mut T> {
        let data = self.data.cast::<T>();
        if self.dtype != T::DTYPE || !data.is_aligned() {
            return None;
        }
        self.in_order(start, len).map(|offset| data.wrapping_add(offset))
    }

    /// The range `[start, start + len)` in lanes: the memory itself where it holds lanes in order, else converted in `buffer`.
    #[inline(always)]
    pub(crate) fn load<'a, T: Lane>(&'a self, start: usize, len: usize, buffer: &'a mut Buffer<T>) -> &'a [T] {
        if let Some(values) = self.in_place(start, len) {
            return values;
        }
        let room = buffer.room(len);
        self.load_into(start, room);
        // SAFETY: `load_into` has written all of the room.
        unsafe { filled(room) }
    }

    /// The range from `start` on, converted, to fill `room`.
    pub(crate) fn load_into<T: Lane>(&self, start: usize, room: &mut [MaybeUninit<T>]) {
        with_element!(self.dtype, E => self.gather(start, room, T::load::<E>))
    }

    /// Moves elements of `B`'s size, whatever they are, from `start` on, to fill `room`. In a function of its own, as
    /// [`View::write`]: many operators only move.
    #[inline(never)]
    pub(crate) fn read<B: Copy>(&self, start: usize, room: &mut [MaybeUninit<B>]) {
        self.gather(start, room, |bits: B| bits)
    }

    /// Writes elements of `B`'s size, whatever they are, from `start` on.
    #[inline(never)]
    pub(crate) fn write<B: Copy>(&self, start: usize, elements: &[B]) {
        self.scatter(start, elements, |bits: B| bits)
    }

    /// Reads elements `E` from `start` on and writes `convert` of each.
    #[inline(always)]
    fn gather<E: Copy, T: Copy>(&self, start: usize, room: &mut [MaybeUninit<T>], convert: impl Fn(E) -> T) {
        let data = self.data.cast::<E>();
        vectorized(
            #[inline(always)]
            || {
                self.runs(
                    start,
                    room.len(),
                    #[inline(always)]
                    |offset, stride, position, n| {
                        // SAFETY: the run lies in the view's memory.
                        unsafe { read_run(data.add(offset), stride, &mut room[position..position + n], &convert) }
                    },
                )
            },
        )
    }

    /// Converts lanes and writes them from `start` on.
    pub(crate) fn store<T: Lane>(&self, start: usize, values: &[T]) {
        with_element!(self.dtype, E => self.scatter(start, values, T::store::<E>))
    }

    /// Writes `convert` of each value, elements `E`, from `start` on.
    #[inline(always)]
    fn scatter<E: Copy, T: Copy>(&self, start: usize, values: &[T], convert: impl Fn(T) -> E) {
        let data = self.data.cast::<E>();
        vectorized(
            #[inline(always)]
            || {
                self.runs(
                    start,
                    values.len(),
                    #[inline(always)]
                    |offset, stride, position, n| {
                        // SAFETY: the run lies in the view's memory; no other thread of the operation writes this range.
                        unsafe { write_run(&values[position..position + n], data.add(offset), stride, &convert) }
                    },
                )
            },
        )
    }
}

/// Converts `room.len()` elements that are `stride` apart.
///
/// # Safety
/// They can be read. Any alignment will do.
#[inline(always)]
unsafe fn read_run<E: Copy, T: Copy>(from: *const E, stride: usize, room: &mut [MaybeUninit<T>], convert: &impl Fn(E) -> T) {
    // SAFETY: the caller's promise.
    let read = |i: usize| unsafe { from.add(i).read_unaligned() };
    match stride {
        0 => room.fill(MaybeUninit::new(convert(read(0)))),
        1 => {
            for (i, r) in room.iter_mut().enumerate() {
                r.write(convert(read(i)));
            }
        }
        _ => {
            for (i, r) in room.iter_mut().enumerate() {
                r.write(convert(read(i * stride)));
            }
        }
    }
}

/// Converts values to elements that are `stride` apart.
///
/// # Safety
/// They can be written. Any alignment will do.
#[inline(always)]
unsafe fn write_run<E: Copy, T: Copy>(values: &[T], to: *mut E, stride: usize, convert: &impl Fn(T) -> E) {
    if stride == 1 {
        for (i, &v) in values.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { to.add(i).write_unaligned(convert(v)) };
        }
    } else {
        for (i, &v) in values.iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { to.add(i * stride).write_unaligned(convert(v)) };
        }
    }
}
