//! Operators that lay elements out anew: each a list of copies between boxes of its tensors.

mod create;
mod cut;
mod grow;
mod join;
mod pad;
mod turn;

#[cfg(test)]
mod tests;

use ascend_rl_sys::types::*;

pub(crate) use create::*;
pub(crate) use cut::*;
pub(crate) use grow::*;
pub(crate) use join::*;
pub(crate) use pad::*;
pub(crate) use turn::*;

use crate::nn::tensor::{Dims, MAX_RANK, Tensor};
use crate::ops::call::Call;
use crate::ops::copy::Move;
use crate::reject::{Outcome, check};

/// Out-parameters of phase one.
type Out = (*mut u64, *mut *mut aclOpExecutor);

/// The box of a tensor that has `len` elements of dim `dim`, from `start` on, `step` apart.
pub(super) fn narrowed(tensor: &Tensor, dim: usize, start: usize, len: usize, step: usize) -> Tensor {
    let (mut dims, mut strides) = (tensor.dims.to_vec(), tensor.strides.to_vec());
    let data = tensor.data.wrapping_add(start * strides[dim] * tensor.dtype.size());
    dims[dim] = len;
    strides[dim] *= step;
    Tensor { dims: Dims::new(&dims), strides: Dims::new(&strides), data, dtype: tensor.dtype }
}

/// The slice of a tensor at `index` of dim `dim`, which it no longer has.
fn sliced(tensor: &Tensor, dim: usize, index: usize) -> Tensor {
    let whole = narrowed(tensor, dim, index, 1, 1);
    ordered(&whole, (0..tensor.rank()).filter(|&d| d != dim))
}

/// The dims of a tensor in another order.
fn ordered(tensor: &Tensor, order: impl Iterator<Item = usize> + Clone) -> Tensor {
    let pick = |values: &Dims| Dims::new(&order.clone().map(|d| values[d]).collect::<Vec<_>>());
    Tensor { dims: pick(&tensor.dims), strides: pick(&tensor.strides), ..*tensor }
}

/// Ends phase one of an operator that is copies between boxes which do not overlap.
fn finish(call: Call, moves: Vec<Move>, (ws, executor): Out) -> Outcome {
    call.finish(ws, executor, move || moves.iter().for_each(Move::run))
}

/// A host array of at most as many numbers as a tensor may have dims.
fn dims_array(call: &Call, name: &str, param: &'static str, array: *const aclIntArray) -> Outcome<Vec<i64>> {
    check!(!array.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{name}: {param} is null");
    let values = call.int_array(param, array)?.unwrap_or_default();
    let n = values.len();
    check!(n <= MAX_RANK, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has {n} numbers; a tensor has at most {MAX_RANK} dims");
    Ok(values)
}
