//! Values put to the places that indices pick: written, or combined with what is there.

use ascend_rl_sys::types::*;

use super::Places;
use crate::ops::call::Scalar;
use crate::ops::dtypes::is_float;
use crate::ops::element::Lane;
use crate::ops::view::{BLOCK, Buffer, View, filled_mut};
use crate::parallel;

/// What is put.
#[derive(Clone, Copy)]
pub(super) enum Values {
    /// An element for each place.
    Each(View),
    /// One for all.
    One(Scalar),
}

/// What comes of an element and what is put there.
#[derive(Clone, Copy)]
pub(super) enum Reduce {
    Write,
    /// The value times the factor is added.
    Add(Scalar),
    Multiply,
}

/// Puts values to places of a tensor of `dtype`.
pub(super) fn put(places: &Places, dtype: aclDataType, values: Values, reduce: Reduce) {
    match (reduce, values) {
        (Reduce::Write, Values::Each(from)) => places.write(&from),
        (Reduce::Write, _) if is_float(dtype) => combine(places, values, |_, v: f32| v),
        (Reduce::Write, _) => combine(places, values, |_, v: i64| v),
        (Reduce::Add(factor), _) if is_float(dtype) => {
            let factor = factor.as_f64() as f32;
            combine(places, values, move |a: f32, v| a + factor * v)
        }
        (Reduce::Add(factor), _) => {
            let factor = i64::of(factor);
            combine(places, values, move |a: i64, v| a.wrapping_add(factor.wrapping_mul(v)))
        }
        (Reduce::Multiply, _) if is_float(dtype) => combine(places, values, |a: f32, v| a * v),
        (Reduce::Multiply, _) => combine(places, values, i64::wrapping_mul),
    }
}

/// A scalar as a lane.
trait OfScalar: Lane {
    fn of(scalar: Scalar) -> Self;
}
impl OfScalar for f32 {
    fn of(scalar: Scalar) -> f32 {
        scalar.as_f64() as f32
    }
}
impl OfScalar for i64 {
    fn of(scalar: Scalar) -> i64 {
        if let Scalar::Int(v) = scalar { v } else { scalar.as_f64() as i64 }
    }
}

/// What is put to one place is joined in lanes, in order, and stored once: half floats do not lose what is small, and the
/// result does not depend on the threads, each of which has places of its own.
fn combine<T: OfScalar>(places: &Places, values: Values, join: impl Fn(T, T) -> T + Sync) {
    let (rows, width) = (places.rows(), places.width());
    let mut order: Vec<(usize, usize)> = Vec::with_capacity(rows);
    let mut room = Buffer::new();
    for start in (0..rows).step_by(BLOCK) {
        let offsets = places.offsets(start, BLOCK.min(rows - start), &mut room);
        order.extend(offsets.iter().copied().zip(start..));
    }
    order.sort_unstable();
    let groups: Vec<&[(usize, usize)]> = order.chunk_by(|a, b| a.0 == b.0).collect();
    // Groups that one thread takes at a time: about as many elements as pay for waking it.
    let grain = (BLOCK / width).max(1);
    parallel::for_each(groups.len().div_ceil(grain), |i| {
        let (mut sums, mut addends) = (Buffer::<T>::new(), Buffer::<T>::new());
        for group in &groups[i * grain..((i + 1) * grain).min(groups.len())] {
            let row = places.row(group[0].0);
            for start in (0..width).step_by(BLOCK) {
                let n = BLOCK.min(width - start);
                let room = sums.room(n);
                row.load_into(start, room);
                // SAFETY: `load_into` has written all of the room.
                let sums = unsafe { filled_mut(room) };
                for &(_, position) in *group {
                    match &values {
                        Values::Each(from) => {
                            let block = from.load::<T>(position * width + start, n, &mut addends);
                            sums.iter_mut().zip(block).for_each(|(sum, &value)| *sum = join(*sum, value));
                        }
                        Values::One(value) => sums.iter_mut().for_each(|sum| *sum = join(*sum, T::of(*value))),
                    }
                }
                row.store(start, sums);
            }
        }
    });
}
