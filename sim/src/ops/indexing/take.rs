//! What indices name, taken: `aclnnIndexSelect`, `aclnnGatherV2`, `aclnnGatherNd`.

use ascend_rl_sys::types::*;

use super::places::Axis;
use super::{Along, INDICES, Out, Places};
use crate::nn::tensor::{MAX_RANK, Tensor};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// The slices of `self` along `dim` that `index`, 1-D, names.
pub(crate) fn aclnnIndexSelectGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    index: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnIndexSelect";
    let mut call = Call::new(NAME);
    let (input, index) = (call.input("self", self_)?, call.input("index", index)?);
    let output = call.output("out", out)?;
    check!(index.rank() <= 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: index is {}-D; 1-D is needed", index.rank());
    select(call, NAME, &input, (dim, false), &at_least_1d(&index), &output, (ws, executor))
}

/// The same; an `index` of any rank takes the place of `dim`, and negative ones count from the end (`aclnn_gather_v2.cpp` of ops-nn
/// calls its kernel with `negativeIndexSupport`).
pub(crate) fn aclnnGatherV2GetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    index: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGatherV2";
    let mut call = Call::new(NAME);
    let (input, index) = (call.input("self", self_)?, call.input("index", index)?);
    let output = call.output("out", out)?;
    select(call, NAME, &input, (dim, true), &index, &output, (ws, executor))
}

/// A scalar as one element in one dim; other tensors as they are.
pub(super) fn at_least_1d(tensor: &Tensor) -> Tensor {
    use crate::nn::tensor::Dims;
    if tensor.rank() > 0 { *tensor } else { Tensor { dims: Dims::new(&[1]), strides: Dims::new(&[1]), ..*tensor } }
}

/// The dims of a tensor with their strides.
pub(super) fn axes_of(tensor: &Tensor) -> Vec<Axis> {
    tensor.dims.iter().copied().zip(tensor.strides.iter().copied()).collect()
}

fn select(
    call: Call,
    name: &'static str,
    input: &Tensor,
    (dim, wraps): (i64, bool),
    index: &Tensor,
    output: &Tensor,
    out: Out,
) -> Outcome {
    check_dtype(name, "self", input, ALL)?;
    check_dtype(name, "index", index, INDICES)?;
    check_same_dtype(name, "out", output, "self", input.dtype)?;
    check!(input.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{name}: self is a scalar; at least 1-D is needed");
    let dim = check_dim(name, "dim", dim, input)?;
    let mut axes = axes_of(input);
    axes.splice(dim..dim + 1, index.dims.iter().map(|&n| (n, 0)));
    check_rank(name, axes.len())?;
    check_shape(name, "out", output, &axes.iter().map(|axis| axis.0).collect::<Vec<_>>())?;
    check_writable(name, "out", output)?;
    let along = Along { wraps, ..Along::at(index, dim, axes.len(), dim) };
    let (places, to) = (Places::new((name, "index"), input, &axes, &[along], true), View::new(output));
    call.finish(out.0, out.1, move || places.read(&to))
}

fn check_rank(name: &str, rank: usize) -> Outcome {
    check!(rank <= MAX_RANK, ACLNN_ERR_PARAM_INVALID, "{name}: out would be {rank}-D; a tensor has at most {MAX_RANK} dims");
    Ok(())
}

/// `out[i] = self[indices[i]]`: the last dim of `indices` picks that many leading dims of `self`.
pub(crate) fn aclnnGatherNdGetWorkspaceSize(
    self_: *const aclTensor,
    indices: *const aclTensor,
    negative_index_support: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGatherNd";
    let mut call = Call::new(NAME);
    let (input, indices) = (call.input("self", self_)?, call.input("indices", indices)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, ALL)?;
    check_dtype(NAME, "indices", &indices, INDICES)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    let Some((&depth, batch)) = indices.dims.split_last() else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: indices is a scalar; its last dim picks dims of self")
    };
    check!(
        (1..=input.rank()).contains(&depth),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: the last dim of indices is {depth}; self, which is {}-D, takes 1 to that",
        input.rank()
    );
    let axes: Vec<Axis> = batch.iter().map(|&n| (n, 0)).chain(axes_of(&input).into_iter().skip(depth)).collect();
    check_rank(NAME, axes.len())?;
    check_shape(NAME, "out", &output, &axes.iter().map(|axis| axis.0).collect::<Vec<_>>())?;
    check_writable(NAME, "out", &output)?;
    let component = |d: usize| {
        let step = indices.strides[batch.len()] * indices.dtype.size();
        let index = Tensor { data: indices.data.wrapping_add(d * step), ..indices };
        let mut strides = indices.strides[..batch.len()].to_vec();
        strides.resize(axes.len(), 0);
        Along { index, strides, dim: d, wraps: negative_index_support }
    };
    let along: Vec<Along> = (0..depth).map(component).collect();
    let (places, to) = (Places::new((NAME, "indices"), &input, &axes, &along, true), View::new(&output));
    call.finish(ws, executor, move || places.read(&to))
}
