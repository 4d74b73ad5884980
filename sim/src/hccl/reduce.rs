//! Reductions: the ranks' elements in the order of the ranks, floats in f32 and rounded once, integers in their own type,
//! which wraps. Every rank gets the same bits, whatever the number of threads.

use std::mem::MaybeUninit;

use ascend_rl_sys::types::*;
use half::{bf16, f16};

use crate::convert::Float;
use crate::parallel::Share;
use crate::simd::vectorized;

/// `count` elements at each of `src`, reduced to each of `dst`; a destination may be one of the sources.
pub(crate) struct Fold {
    pub src: Vec<usize>,
    pub dst: Vec<usize>,
    pub count: usize,
}

/// Elements that are reduced at a time: sums and results stay in the L1 cache, and what was read in place is still in the L2
/// when it is written. Each input is read from memory once, each output written once.
const BLOCK: usize = 2048;

/// An element, and what it is summed in.
trait Element: Copy + Send + Sync + 'static {
    type Sum: Copy + Default;
    fn load(self) -> Self::Sum;
    fn store(sum: Self::Sum) -> Self;
    fn add(a: Self::Sum, b: Self::Sum) -> Self::Sum;
    fn mul(a: Self::Sum, b: Self::Sum) -> Self::Sum;
    fn max(a: Self::Sum, b: Self::Sum) -> Self::Sum;
    fn min(a: Self::Sum, b: Self::Sum) -> Self::Sum;
}

macro_rules! floats {
    ($($T:ty)*) => { $( impl Element for $T {
        type Sum = f32;
        #[inline(always)]
        fn load(self) -> f32 { self.widen() }
        #[inline(always)]
        fn store(sum: f32) -> $T { <$T>::narrow(sum) }
        #[inline(always)]
        fn add(a: f32, b: f32) -> f32 { a + b }
        #[inline(always)]
        fn mul(a: f32, b: f32) -> f32 { a * b }
        // NaN wins: a rank that diverged must show.
        #[inline(always)]
        fn max(a: f32, b: f32) -> f32 { if b > a || b.is_nan() { b } else { a } }
        #[inline(always)]
        fn min(a: f32, b: f32) -> f32 { if b < a || b.is_nan() { b } else { a } }
    } )* };
}
macro_rules! integers {
    ($($T:ty)*) => { $( impl Element for $T {
        type Sum = $T;
        #[inline(always)]
        fn load(self) -> $T { self }
        #[inline(always)]
        fn store(sum: $T) -> $T { sum }
        #[inline(always)]
        fn add(a: $T, b: $T) -> $T { a.wrapping_add(b) }
        #[inline(always)]
        fn mul(a: $T, b: $T) -> $T { a.wrapping_mul(b) }
        #[inline(always)]
        fn max(a: $T, b: $T) -> $T { Ord::max(a, b) }
        #[inline(always)]
        fn min(a: $T, b: $T) -> $T { Ord::min(a, b) }
    } )* };
}
floats!(f32 f16 bf16);
integers!(i8 i16 i32 i64);

/// Reduces a share of all of `folds`. Only inside an operation of the engine; type and operation were checked when the call was
/// made.
pub(crate) fn reduce(folds: &[Fold], dtype: HcclDataType, op: HcclReduceOp, share: Share) {
    match dtype {
        HCCL_DATA_TYPE_INT8 => typed::<i8>(folds, op, share),
        HCCL_DATA_TYPE_INT16 => typed::<i16>(folds, op, share),
        HCCL_DATA_TYPE_INT32 => typed::<i32>(folds, op, share),
        HCCL_DATA_TYPE_INT64 => typed::<i64>(folds, op, share),
        HCCL_DATA_TYPE_FP16 => typed::<f16>(folds, op, share),
        HCCL_DATA_TYPE_BFP16 => typed::<bf16>(folds, op, share),
        _ => typed::<f32>(folds, op, share),
    }
}

fn typed<T: Element>(folds: &[Fold], op: HcclReduceOp, share: Share) {
    match op {
        HCCL_REDUCE_PROD => blocks::<T>(folds, T::mul, share),
        HCCL_REDUCE_MAX => blocks::<T>(folds, T::max, share),
        HCCL_REDUCE_MIN => blocks::<T>(folds, T::min, share),
        _ => blocks::<T>(folds, T::add, share),
    }
}

fn blocks<T: Element>(folds: &[Fold], op: impl Fn(T::Sum, T::Sum) -> T::Sum + Copy + Sync, share: Share) {
    let each = |(i, fold): (usize, &Fold)| (0..fold.count).step_by(BLOCK).map(move |from| (i, from));
    let pieces: Vec<(usize, usize)> = folds.iter().enumerate().flat_map(each).collect();
    let pieces = share.of(&pieces);
    crate::parallel::for_each(pieces.len(), |i| {
        let (fold, from) = (&folds[pieces[i].0], pieces[i].1);
        let len = BLOCK.min(fold.count - from);
        vectorized(
            #[inline(always)]
            // SAFETY: the call of each rank was checked: `count` aligned elements at each address, in live allocations of
            // devices, which stay mapped; blocks are disjoint.
            || unsafe { block::<T>(fold, from, len, op) },
        )
    })
}

/// Elements `from .. from + len` of a fold, at most [`BLOCK`].
///
/// # Safety
/// `from + len` elements are readable at each source and writable at each destination, which are aligned. The ranges of two
/// destinations do not overlap, and one overlaps a source only where they are the same.
#[inline(always)]
unsafe fn block<T: Element>(fold: &Fold, from: usize, len: usize, op: impl Fn(T::Sum, T::Sum) -> T::Sum) {
    let at = |src: &usize| {
        // SAFETY: the caller's contract. Nobody writes there meanwhile: other threads have other blocks, and this one writes below.
        unsafe { std::slice::from_raw_parts((*src as *const T).wrapping_add(from), len) }
    };
    let mut results = [MaybeUninit::<T>::uninit(); BLOCK];
    let results = &mut results[..len];
    // One pass for two ranks, and one more for each further one: sums are read and written as seldom as can be.
    match &fold.src[..] {
        [] => return,
        [only] => {
            for (result, a) in results.iter_mut().zip(at(only)) {
                result.write(T::store(a.load()));
            }
        }
        [first, second] => {
            for ((result, a), b) in results.iter_mut().zip(at(first)).zip(at(second)) {
                result.write(T::store(op(a.load(), b.load())));
            }
        }
        [first, second, between @ .., last] => {
            let mut sums = [MaybeUninit::<T::Sum>::uninit(); BLOCK];
            for ((sum, a), b) in sums.iter_mut().zip(at(first)).zip(at(second)) {
                sum.write(op(a.load(), b.load()));
            }
            // SAFETY: the first `len` were written just above.
            let sums = unsafe { std::slice::from_raw_parts_mut(sums.as_mut_ptr().cast::<T::Sum>(), len) };
            for src in between {
                for (sum, element) in sums.iter_mut().zip(at(src)) {
                    *sum = op(*sum, element.load());
                }
            }
            for ((result, sum), element) in results.iter_mut().zip(&*sums).zip(at(last)) {
                result.write(T::store(op(*sum, element.load())));
            }
        }
    }
    for dst in &fold.dst {
        // SAFETY: the caller's contract; the first `len` results were written above.
        unsafe { std::ptr::copy_nonoverlapping(results.as_ptr().cast::<T>(), (*dst as *mut T).wrapping_add(from), len) }
    }
}
