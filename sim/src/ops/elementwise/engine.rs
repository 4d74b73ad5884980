//! The engine: blocks of up to three inputs in, one function over lanes, a block of output out.
//!
//! Inputs are converted to f32 (floats) or i64 (integers, booleans), computed, and converted to the output. A block stays in
//! the first-level cache between the three, so memory bounds the whole, and an output may be an input.

use std::mem::MaybeUninit;

use ascend_rl_sys::types::*;

use crate::ops::dtypes::is_half;
use crate::ops::element::{Lane, with_element};
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View, filled_mut};

/// A function over lanes: `out[i] = f(x[0][i], x[1][i], x[2][i], scalars)`. Inputs that an operator lacks repeat its first.
pub(in crate::ops) type Lanes<T> = fn(x: [&[T]; 3], scalars: [T; 3], out: &mut [MaybeUninit<T>]);

/// `lanes!(|a, b, c, s| expression)` is the [`Lanes`] that computes the expression, compiled for each vector unit; with
/// `[s, t]` or `[s, t, u]` in the place of `s` it has more scalars.
macro_rules! lanes {
    ($T:ty: |$a:ident, $b:ident, $c:ident, $s:ident| $value:expr) => { lanes!($T: |$a, $b, $c, [$s, _t, _u]| $value) };
    ($T:ty: |$a:ident, $b:ident, $c:ident, [$s:ident, $t:ident]| $value:expr) => {
        lanes!($T: |$a, $b, $c, [$s, $t, _u]| $value)
    };
    ($T:ty: |$a:ident, $b:ident, $c:ident, [$s:ident, $t:ident, $u:ident]| $value:expr) => {{
        fn lanes(x: [&[$T]; 3], [$s, $t, $u]: [$T; 3], out: &mut [std::mem::MaybeUninit<$T>]) {
            $crate::simd::vectorized(
                #[inline(always)]
                || {
                    let n = out.len();
                    let (a, b, c) = (&x[0][..n], &x[1][..n], &x[2][..n]);
                    for i in 0..n {
                        let ($a, $b, $c) = (a[i], b[i], c[i]);
                        out[i].write($value);
                    }
                },
            )
        }
        lanes
    }};
}
pub(in crate::ops) use lanes;

/// One planned elementwise operation.
pub(super) struct Plan<T> {
    /// Each of the output's shape.
    pub inputs: [View; 3],
    /// How many of `inputs` there are.
    pub count: usize,
    pub out: View,
    pub scalars: [T; 3],
    pub lanes: Lanes<T>,
    /// The dtype that integers among the inputs take on first, where that rounds them.
    pub round_inputs: Option<aclDataType>,
    /// The dtype of the result, where it is narrower than both lanes and output: the result is rounded to it in between.
    pub round_result: Option<aclDataType>,
}

impl<T: Lane> Plan<T> {
    pub(super) fn run(&self) {
        split(self.out.numel(), 1, |range| {
            let (mut rooms, mut result) = ([Buffer::new(), Buffer::new(), Buffer::new()], Buffer::new());
            for start in range.clone().step_by(BLOCK) {
                self.block(start, BLOCK.min(range.end - start), &mut rooms, &mut result);
            }
        });
    }

    #[inline(always)]
    fn block(&self, start: usize, n: usize, rooms: &mut [Buffer<T>; 3], result: &mut Buffer<T>) {
        let mut inputs = [&[][..]; 3];
        for (i, room) in rooms.iter_mut().take(self.count).enumerate() {
            inputs[i] = match self.round_inputs {
                Some(dtype) if self.inputs[i].dtype != dtype => {
                    let room = room.room(n);
                    self.inputs[i].load_into(start, room);
                    // SAFETY: `load_into` has written all of the room.
                    let values = unsafe { filled_mut(room) };
                    round(dtype, values);
                    values
                }
                _ => self.inputs[i].load(start, n, room),
            };
        }
        for i in self.count..3 {
            inputs[i] = inputs[0];
        }
        let room = result.room(n);
        (self.lanes)(inputs, self.scalars, room);
        // SAFETY: `Lanes` write all of the room.
        let values = unsafe { filled_mut(room) };
        if let Some(dtype) = self.round_result {
            round(dtype, values);
        }
        self.out.store(start, values);
    }
}

/// What the values become by way of `dtype`.
fn round<T: Lane>(dtype: aclDataType, values: &mut [T]) {
    with_element!(dtype, E => values.iter_mut().for_each(|v| *v = T::load::<E>(v.store())))
}

/// Whether lanes hold values that `dtype` does not.
pub(super) fn is_narrow<T: Lane>(dtype: aclDataType) -> bool {
    if T::DTYPE == ACL_FLOAT { is_half(dtype) } else { dtype != ACL_INT64 }
}
