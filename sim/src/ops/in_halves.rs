//! Products of f32 that are computed in f16, as `cubeMathType` 2 (USE_FP16) demands: the operands are rounded to f16, and so is the
//! result before it is stored.

use ascend_rl_sys::types::*;
use half::f16;

use super::copy::convert;
use super::rows::Parts;
use super::split::split;
use super::view::{BLOCK, Buffer, View};
use crate::convert::Float;
use crate::nn::tensor::{Dims, Tensor};

/// What `cubeMathType` comes to for a product of two: the type that is left to check, and whether the product is one of halves.
///
/// With bf16 on either side CANN computes a mixed product in f32 whatever the type is (`SetMmSupportDType` of ops-nn).
pub(super) fn resolve(cube_math_type: i8, a: &Tensor, b: &Tensor) -> (i8, bool) {
    let one_is = |dtype| a.dtype == dtype || b.dtype == dtype;
    match cube_math_type {
        2 if one_is(ACL_FLOAT) => (0, !one_is(ACL_BF16)),
        other => (other, false),
    }
}

/// Calls `product` with the operands and a result in f16, and stores that.
pub(super) fn product(a: &Tensor, b: &Tensor, out: &Tensor, product: impl FnOnce(&Tensor, &Tensor, &Tensor)) {
    let mut rounded = [a, b].map(round);
    let mut result = vec![f16::ZERO; out.numel()];
    let [left, right] = &mut rounded;
    let result = tensor(&mut result, &out.dims);
    let operand = |t: &Tensor, values: &mut Option<Vec<f16>>| values.as_mut().map_or(*t, |values| tensor(values, &t.dims));
    product(&operand(a, left), &operand(b, right), &result);
    convert(&View::new(&result), &View::new(out));
}

/// The elements of an f32 tensor in f16; nothing of one that is f16 already.
fn round(t: &Tensor) -> Option<Vec<f16>> {
    if t.dtype == ACL_FLOAT16 {
        return None;
    }
    let view = View::new(t);
    let mut values = vec![f16::ZERO; view.numel()];
    let parts = Parts::new(&mut values);
    split(view.numel(), 1, |range| {
        let mut buffer = Buffer::new();
        for start in range.clone().step_by(BLOCK) {
            let n = BLOCK.min(range.end - start);
            // SAFETY: the vector outlives this, and ranges do not overlap.
            let to = unsafe { parts.slice(start, n) };
            for (to, from) in to.iter_mut().zip(view.load::<f32>(start, n, &mut buffer)) {
                *to = f16::narrow(*from);
            }
        }
    });
    Some(values)
}

/// What the values become by way of f16.
pub(super) fn round_values(values: &mut [f32]) {
    values.iter_mut().for_each(|v| *v = f16::narrow(*v).widen());
}

/// The values as a contiguous tensor.
fn tensor(values: &mut [f16], dims: &Dims) -> Tensor {
    Tensor { dtype: ACL_FLOAT16, dims: *dims, strides: dims.contiguous_strides(), data: values.as_mut_ptr().cast() }
}
