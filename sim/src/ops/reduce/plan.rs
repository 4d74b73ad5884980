//! How a reduction walks its input.

use super::fold::Fold;
use crate::nn::tensor::{Dims, MAX_RANK, Tensor};
use crate::ops::dtypes::{check_dim, check_shape};
use crate::ops::lanes;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View, filled};
use crate::parallel;
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// Elements of one partial sum of a long reduction: fixed, so that the order of summation is.
const PIECE: usize = 64 * 1024;
/// Neighbouring outputs that are reduced together where memory runs across them.
const TILE: usize = 512;

/// The set of dims, as bits, that `dims` names; none named: all.
pub(super) fn reduced_dims(name: &str, dims: &[i64], input: &Tensor) -> Outcome<u32> {
    if dims.is_empty() {
        return Ok((1 << input.rank()) - 1);
    }
    let mut set = 0;
    for &dim in dims {
        let bit = 1 << check_dim(name, "dims", dim, input)?;
        check!(set & bit == 0, ACLNN_ERR_PARAM_INVALID, "{name}: dims {dims:?} name a dim twice");
        set |= bit;
    }
    Ok(set)
}

/// The output's shape.
pub(crate) fn output_dims(input: &Tensor, reduced: u32, keep_dims: bool) -> Dims {
    let (mut dims, mut rank) = ([1; MAX_RANK], 0);
    for (d, &dim) in input.dims.iter().enumerate() {
        let gone = reduced & 1 << d != 0;
        if !gone {
            dims[rank] = dim;
        }
        rank += (!gone || keep_dims) as usize;
    }
    Dims::new(&dims[..rank])
}

/// Refuses an output of any shape but `dims`; one element is the same with any number of dims (`CheckShapeAndScalarSame` of
/// ops-math, which not every reduction calls).
pub(in crate::ops) fn check_result(operator: &str, param: &str, output: &Tensor, dims: &[usize]) -> Outcome {
    if output.numel() == 1 && dims.iter().product::<usize>() == 1 {
        return Ok(());
    }
    check_shape(operator, param, output, dims)
}

/// One planned reduction of `count` elements to each of the outputs.
pub(super) struct Plan<F> {
    fold: F,
    /// The input with the reduced dims last: output `o` is of the elements `o * count..(o + 1) * count`.
    lines: View,
    /// The dims that stay, over the input's memory at the reduced dims' origin.
    kept: View,
    /// The reduced dims, over the input's memory at the kept dims' origin.
    gone: View,
    /// Whether memory runs along the kept dims rather than along the reduced.
    across: bool,
    count: usize,
    out: View,
}

impl<F: Fold> Plan<F> {
    pub(super) fn new(fold: F, input: &Tensor, output: &Tensor, reduced: u32) -> Plan<F> {
        let is_gone = |d: &usize| reduced & 1 << d != 0;
        let dims = 0..input.rank();
        let (kept, gone) = (dims.clone().filter(|d| !is_gone(d)), dims.filter(is_gone));
        let lines = View::ordered(input, kept.clone().chain(gone.clone()));
        let (kept, gone) = (View::ordered(input, kept), View::ordered(input, gone));
        let across = kept.step() < gone.step() && kept.run() >= 16;
        Plan { fold, lines, kept, gone, across, count: gone.numel(), out: View::new(output) }
    }

    pub(super) fn run(&self) {
        let outputs = self.out.numel();
        if self.across {
            split(outputs.div_ceil(TILE), TILE * self.count.max(1), |tiles| {
                tiles.for_each(|t| self.tile(t * TILE, TILE.min(outputs - t * TILE)))
            });
        } else if self.count <= PIECE {
            split(outputs, self.count, |range| {
                let mut ends = Buffer::new();
                for start in range.clone().step_by(BLOCK) {
                    let room = ends.room(BLOCK.min(range.end - start));
                    for (i, end) in room.iter_mut().enumerate() {
                        let first = (start + i) * self.count;
                        end.write(self.fold.end(self.piece(first, first + self.count)));
                    }
                    // SAFETY: the loop has written all of the room.
                    self.out.store(start, unsafe { filled(room) });
                }
            });
        } else {
            (0..outputs).for_each(|o| self.long(o));
        }
    }

    /// The sum of elements `start..end` of `lines`.
    fn piece(&self, start: usize, end: usize) -> F::Sum {
        let fold = self.fold;
        vectorized(
            #[inline(always)]
            || {
                let (mut buffer, mut sum) = (Buffer::new(), fold.start());
                for at in (start..end).step_by(BLOCK) {
                    let block = self.lines.load(at, BLOCK.min(end - at), &mut buffer);
                    let part = lanes::fold(
                        block,
                        fold.start(),
                        #[inline(always)]
                        |sum, x| fold.step(sum, x),
                        #[inline(always)]
                        |a, b| fold.join(a, b),
                    );
                    sum = fold.join(sum, part);
                }
                sum
            },
        )
    }

    /// One output of many elements: sums of pieces on several threads, joined in order.
    fn long(&self, output: usize) {
        let (start, end) = (output * self.count, (output + 1) * self.count);
        let sums: Vec<_> = (0..self.count.div_ceil(PIECE)).map(|_| std::sync::OnceLock::new()).collect();
        parallel::for_each(sums.len(), |i| {
            let first = start + i * PIECE;
            sums[i].get_or_init(|| self.piece(first, (first + PIECE).min(end)));
        });
        let total = sums.iter().filter_map(|s| s.get()).fold(self.fold.start(), |a, &b| self.fold.join(a, b));
        self.out.store(output, &[self.fold.end(total)]);
    }

    /// Outputs `start..start + n` together, row by row of what is reduced.
    fn tile(&self, start: usize, n: usize) {
        let fold = self.fold;
        let mut sums = [fold.start(); TILE];
        vectorized(
            #[inline(always)]
            || {
                let mut buffer = Buffer::new();
                let mut add = |offset: usize| {
                    let row = self.kept.shifted(offset);
                    for (sum, &x) in sums.iter_mut().zip(row.load(start, n, &mut buffer)) {
                        *sum = fold.step(*sum, x);
                    }
                };
                if self.count > 0 {
                    self.gone.runs(
                        0,
                        self.count,
                        #[inline(always)]
                        |offset, stride, _, n| (0..n).for_each(|i| add(offset + i * stride)),
                    );
                }
            },
        );
        let ends = sums.map(|sum| fold.end(sum));
        self.out.store(start, &ends[..n]);
    }
}
