//! Exact products of small integers, as the cube makes them: int8 by int8 and int4 by int4, summed in int32.
//!
//! They go through the engine of floats: sums of 1024 products of int8 are below 2^24 and so are exact in f32, whatever their order.
//! Longer sums are taken in parts of that length, and added up in int32.

use ascend_rl_sys::types::*;

use super::rows::Parts;
use super::split::split;
use crate::gemm::{Matrix, Product};
use crate::nn::tensor::Tensor;

/// Most terms whose sum f32 holds exactly: 2^10 products of at most 2^14.
const TERMS: usize = 1024;
/// Elements of an operand that are widened at once, about.
pub(crate) const PANEL: usize = 2 << 20;
/// int4 in an int32.
pub(crate) const PACKED: usize = 8;

/// A matrix of int8, or of int4, two to a byte with the first in the low half. Strides count integers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ints {
    pub rows: usize,
    pub cols: usize,
    row_stride: usize,
    col_stride: usize,
    int4: bool,
    /// The integer that comes first.
    start: usize,
    data: *mut u8,
}

// SAFETY: an address and numbers; the memory is C's promise, as for a `Tensor`.
unsafe impl Send for Ints {}
// SAFETY: as above.
unsafe impl Sync for Ints {}

impl Ints {
    /// The last two dims of a tensor of int8, int4, or int32 with eight int4 each, `offset` of its elements on.
    pub(crate) fn of(t: &Tensor, offset: usize) -> Ints {
        let last = t.rank() - 1;
        let (mut dims, mut strides) = ([t.dims[last - 1], t.dims[last]], [t.strides[last - 1], t.strides[last]]);
        let mut start = offset;
        if t.dtype == ACL_INT32 {
            // What lies side by side is packed: the last dim, unless the view swaps the two.
            let side = if strides[1] == 1 { 1 } else { 0 };
            dims[side] *= PACKED;
            strides[1 - side] *= PACKED;
            start *= PACKED;
        }
        let ([rows, cols], [row_stride, col_stride]) = (dims, strides);
        Ints { rows, cols, row_stride, col_stride, int4: t.dtype != ACL_INT8, start, data: t.data }
    }

    pub(crate) fn transposed(self) -> Ints {
        let Ints { rows, cols, row_stride, col_stride, .. } = self;
        Ints { rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride, ..self }
    }

    /// Whether columns lie side by side, not rows.
    pub(crate) fn is_turned(&self) -> bool {
        self.col_stride != 1
    }

    pub(crate) fn row_range(self, first: usize, rows: usize) -> Ints {
        Ints { rows, start: self.start + first * self.row_stride, ..self }
    }

    pub(crate) fn col_range(self, first: usize, cols: usize) -> Ints {
        Ints { cols, start: self.start + first * self.col_stride, ..self }
    }

    /// All of it as f32, row after row.
    ///
    /// # Safety
    /// Its memory is readable.
    pub(crate) unsafe fn widen(&self, to: &mut Vec<f32>) {
        to.resize(self.rows * self.cols, 0.0);
        let parts = Parts::new(&mut to[..]);
        split(self.rows, self.cols, |range| {
            for row in range {
                // SAFETY: each row is taken once, and `to` outlives the call.
                let room = unsafe { parts.slice(row * self.cols, self.cols) };
                // SAFETY: the caller's promise.
                unsafe { self.widen_row(row, room) }
            }
        })
    }

    /// # Safety
    /// The row is in the matrix, whose memory is readable.
    unsafe fn widen_row(&self, row: usize, to: &mut [f32]) {
        let first = self.start + row * self.row_stride;
        let place = |col: usize| first + col * self.col_stride;
        if self.int4 {
            for (col, to) in to.iter_mut().enumerate() {
                let at = place(col);
                // SAFETY: the caller's promise.
                let byte = unsafe { self.data.add(at / 2).read() };
                // The half with its own sign.
                let half = if at.is_multiple_of(2) { byte << 4 } else { byte };
                *to = (half as i8 >> 4) as f32;
            }
        } else if self.col_stride == 1 {
            // SAFETY: the caller's promise: `to` is as long as the row.
            let row = unsafe { std::slice::from_raw_parts(self.data.add(first).cast::<i8>(), to.len()) };
            to.iter_mut().zip(row).for_each(|(to, &x)| *to = x as f32);
        } else {
            for (col, to) in to.iter_mut().enumerate() {
                // SAFETY: the caller's promise.
                *to = unsafe { self.data.add(place(col)).cast::<i8>().read() } as f32;
            }
        }
    }
}

/// `a @ b`. Calls `finish(row, first column, sums)` for pieces of rows that together are all of it, from several threads.
///
/// # Safety
/// The memory of both is readable, and `a` has as many columns as `b` rows.
pub(crate) unsafe fn product(a: &Ints, b: &Ints, finish: impl Fn(usize, usize, &[i32]) + Sync) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    let most = (PANEL / k.max(1)).max(128);
    let (mut left, mut right, mut part, mut sums) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for col in (0..n).step_by(most) {
        let cols = most.min(n - col);
        let columns = b.col_range(col, cols);
        // As it lies: row after row, or column after column.
        let turned = b.is_turned();
        let columns = if turned { columns.transposed() } else { columns };
        // SAFETY: the caller's promise.
        unsafe { columns.widen(&mut right) };
        let (row_stride, col_stride) = if turned { (1, k) } else { (cols, 1) };
        let w = Matrix { dtype: ACL_FLOAT, rows: k, cols, row_stride, col_stride, data: right.as_mut_ptr().cast() };
        for row in (0..m).step_by(most) {
            let rows = most.min(m - row);
            // SAFETY: the caller's promise.
            unsafe { a.row_range(row, rows).widen(&mut left) };
            let x = Matrix { rows, cols: k, row_stride: k, col_stride: 1, data: left.as_mut_ptr().cast(), ..w };
            sums.clear();
            sums.resize(rows * cols, 0i32);
            part.resize(rows * cols, 0f32);
            for term in (0..k).step_by(TERMS) {
                let terms = TERMS.min(k - term);
                let a = Matrix { cols: terms, data: left[term..].as_mut_ptr().cast(), ..x };
                let b = Matrix { rows: terms, data: right[term * row_stride..].as_mut_ptr().cast(), ..w };
                let out = Matrix { cols, row_stride: cols, data: part.as_mut_ptr().cast(), ..x };
                // SAFETY: three vectors of these shapes, of which the last alone is written.
                unsafe { Product { a, b, alpha: 1.0, add: None, out }.run() };
                sums.iter_mut().zip(&part).for_each(|(sum, part)| *sum = sum.wrapping_add(*part as i32));
            }
            let sums = &sums;
            split(rows, cols, |range| range.for_each(|r| finish(row + r, col, &sums[r * cols..][..cols])));
        }
    }
}
