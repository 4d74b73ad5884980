//! What is added to the scores of an inference operator, position by position: `pseShift`, a bias or a mask of floats.

use crate::convert::Float;
use crate::nn::tensor::Tensor;

use super::view::{Row, Seq};

/// `[batch or 1, heads, queries, keys]` in device memory. Strides in elements.
#[derive(Clone, Copy)]
pub(super) struct Shift {
    data: *const u8,
    batch: usize,
    head: usize,
    query: usize,
    key: usize,
}

// SAFETY: an address and numbers, as `Tensor` is.
unsafe impl Send for Shift {}
// SAFETY: as above.
unsafe impl Sync for Shift {}

impl Shift {
    /// Of a tensor of four dims; a batch of 1 is everybody's.
    pub(super) fn new(t: &Tensor) -> Shift {
        let batch = if t.dims[0] == 1 { 0 } else { t.strides[0] };
        Shift { data: t.data, batch, head: t.strides[1], query: t.strides[2], key: t.strides[3] }
    }

    /// Adds what belongs to the keys from `first` on. Says whether one of them is left: not where all are at minus infinity.
    ///
    /// # Safety
    /// The tensor is readable, of `T`, and has the row's query and as many keys.
    #[inline(always)]
    pub(super) unsafe fn add<T: Float>(&self, seq: &Seq, row: &Row, first: usize, scores: &mut [f32]) -> bool {
        let start =
            seq.batch * self.batch + row.head as usize * self.head + row.position as usize * self.query + first * self.key;
        let from = self.data.cast::<T>().wrapping_add(start);
        let mut any = false;
        for (i, score) in scores.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *score += unsafe { from.add(i * self.key).read_unaligned() }.widen();
            any |= *score != f32::NEG_INFINITY;
        }
        any
    }
}
