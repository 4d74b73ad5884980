//! Where in a tensor's memory the elements lie that indices pick: one plan for all of these operators.
//!
//! A shape of axes is walked. Along some, memory runs as the tensor's dims do; along others, indices say where. The last axes
//! that no index depends on are rows, moved whole where that pays.

use crate::nn::tensor::Tensor;
use crate::ops::copy::{LONG, move_range};
use crate::ops::element::with_bits;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View, filled, filled_mut};
use crate::reject::fail;

/// An axis, or a dim: how many elements, and how far apart.
pub(in crate::ops) type Axis = (usize, usize);

/// Indices along one dim of the tensor.
pub(in crate::ops) struct Along {
    /// The tensor of indices, and its stride along each axis: 0 where it does not depend on one.
    pub index: Tensor,
    pub strides: Vec<usize>,
    /// The dim they count along.
    pub dim: usize,
    /// Whether negative ones count from the end.
    pub wraps: bool,
}

impl Along {
    /// Indices whose own dims are the axes from `first` on, of `axes` in all.
    pub(in crate::ops) fn at(index: &Tensor, first: usize, axes: usize, dim: usize) -> Along {
        let mut strides = vec![0; axes];
        strides[first..first + index.rank()].copy_from_slice(&index.strides);
        Along { index: *index, strides, dim, wraps: false }
    }
}

/// One planned walk over the places that indices pick.
pub(in crate::ops) struct Places {
    name: &'static str,
    param: &'static str,
    /// The rows' first elements if all indices were 0.
    origin: View,
    indices: Vec<Index>,
    /// A row, at the tensor's first element.
    row: View,
    width: usize,
}

struct Index {
    values: View,
    dim: usize,
    bound: usize,
    step: usize,
    wraps: bool,
}

impl Places {
    /// `axes` are the shape to walk, with strides over the memory of `of`: 0 where indices, the parameter `param`, pick.
    /// With `rows`, what no index depends on may be moved in rows.
    pub(in crate::ops) fn new(
        (name, param): (&'static str, &'static str),
        of: &Tensor,
        axes: &[Axis],
        indices: &[Along],
        rows: bool,
    ) -> Places {
        let mut head = axes.len();
        while head > 0 && indices.iter().all(|i| i.strides[head - 1] == 0) {
            head -= 1;
        }
        let mut width = axes[head..].iter().map(|axis| axis.0).product();
        if !rows || width < LONG {
            (head, width) = (axes.len(), 1);
        }
        let along = |along: &Along| {
            let pairs = axes[..head].iter().zip(&along.strides).map(|(&(dim, _), &stride)| (dim, stride));
            let (bound, step) = if of.rank() == 0 { (1, 0) } else { (of.dims[along.dim], of.strides[along.dim]) };
            Index { values: View::of(&along.index, pairs), dim: along.dim, bound, step, wraps: along.wraps }
        };
        Places {
            name,
            param,
            origin: View::of(of, axes[..head].iter().copied()),
            indices: indices.iter().map(along).collect(),
            row: View::of(of, axes[head..].iter().copied()),
            width,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.origin.numel()
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The row at one of the [`Places::offsets`].
    pub(super) fn row(&self, offset: usize) -> View {
        self.row.shifted(offset)
    }

    /// Where rows `start..start + n` begin, in elements of memory. Panics at an index that is outside, which the operation
    /// reports as its failure.
    pub(super) fn offsets<'a>(&self, start: usize, n: usize, room: &'a mut Buffer<usize>) -> &'a [usize] {
        let room = room.room(n);
        self.origin.runs(start, n, |offset, stride, position, n| {
            for (i, room) in room[position..position + n].iter_mut().enumerate() {
                room.write(offset + i * stride);
            }
        });
        // SAFETY: the runs have covered all of the room.
        let offsets = unsafe { filled_mut(room) };
        let mut values = Buffer::new();
        for index in &self.indices {
            for (offset, &value) in offsets.iter_mut().zip(index.values.load::<i64>(start, n, &mut values)) {
                let at = if index.wraps && value < 0 { value.wrapping_add(index.bound as i64) } else { value };
                if at < 0 || at >= index.bound as i64 {
                    let (name, param, dim, bound) = (self.name, self.param, index.dim, index.bound);
                    fail!("{name}: {param} holds {value}, but dim {dim} of self has {bound} elements");
                }
                *offset += at as usize * index.step;
            }
        }
        offsets
    }

    /// Reads all places, in order, to `to`.
    pub(in crate::ops) fn read(&self, to: &View) {
        split(self.rows(), self.width, |range| {
            let mut room = Buffer::new();
            for start in range.clone().step_by(BLOCK) {
                let offsets = self.offsets(start, BLOCK.min(range.end - start), &mut room);
                with_bits!(to.dtype.size(), B => self.read_rows::<B>(start, offsets, to));
            }
        });
    }

    fn read_rows<B: Copy>(&self, start: usize, offsets: &[usize], to: &View) {
        if self.width > 1 {
            for (row, &offset) in (start..).zip(offsets) {
                move_range::<B>(&self.row(offset), 0, to, row * self.width, self.width);
            }
            return;
        }
        let (data, mut found) = (self.origin.data().cast::<B>(), Buffer::new());
        let room = found.room(offsets.len());
        for (room, &offset) in room.iter_mut().zip(offsets) {
            // SAFETY: the origin lies in the tensor's memory, and `offsets` has checked each index against its dim's size.
            room.write(unsafe { data.add(offset).read_unaligned() });
        }
        // SAFETY: the loop has written all of the room.
        to.write(start, unsafe { filled(room) });
    }

    /// Writes `from` to all places, in order: the last of equal places stays.
    pub(super) fn write(&self, from: &View) {
        let mut room = Buffer::new();
        for start in (0..self.rows()).step_by(BLOCK) {
            let offsets = self.offsets(start, BLOCK.min(self.rows() - start), &mut room);
            with_bits!(from.dtype.size(), B => self.write_rows::<B>(start, offsets, from));
        }
    }

    fn write_rows<B: Copy>(&self, start: usize, offsets: &[usize], from: &View) {
        if self.width > 1 {
            for (row, &offset) in (start..).zip(offsets) {
                move_range::<B>(from, row * self.width, &self.row(offset), 0, self.width);
            }
            return;
        }
        let (data, mut values) = (self.origin.data().cast::<B>(), Buffer::new());
        let room = values.room(offsets.len());
        from.read(start, room);
        // SAFETY: `read` has written all of the room.
        for (&bits, &offset) in unsafe { filled(room) }.iter().zip(offsets) {
            // SAFETY: as in `read_rows`; one thread writes.
            unsafe { data.add(offset).write_unaligned(bits) };
        }
    }
}
