//! Several indices at once, as `x[i, :, j]` of PyTorch: `aclnnIndex`, `aclnnIndexPutImpl`.

use ascend_rl_sys::types::*;

use super::combine::{Reduce, Values, put};
use super::places::Axis;
use super::take::axes_of;
use super::{Along, INDICES, Places};
use crate::nn::tensor::{Dims, MAX_RANK, Tensor};
use crate::ops::call::{Call, Scalar};
use crate::ops::dtypes::*;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// `out = self[indices]`: an index for each leading dim, which broadcast to one shape; an empty tensor stands for all of a
/// dim. The indices' shape takes the place of their dims, or comes first where another dim is between them. Negative indices
/// count from the end.
pub(crate) fn aclnnIndexGetWorkspaceSize(
    self_: *const aclTensor,
    indices: *const aclTensorList,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnIndex";
    let mut call = Call::new(NAME);
    let (input, indices) = (call.input("self", self_)?, call.list("indices", indices, false)?);
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, ALL)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    let (axes, along) = picked(NAME, "self", &input, &indices)?;
    check_shape(NAME, "out", &output, &axes.iter().map(|axis| axis.0).collect::<Vec<_>>())?;
    check_writable(NAME, "out", &output)?;
    let (places, to) = (Places::new((NAME, "indices"), &input, &axes, &along, true), View::new(&output));
    call.finish(ws, executor, move || places.read(&to))
}

/// `selfRef[indices] = values`, which broadcast; with `accumulate`, they are added. `unsafe` waives a check of the indices
/// that is made here all the same.
pub(crate) fn aclnnIndexPutImplGetWorkspaceSize(
    self_ref: *mut aclTensor,
    indices: *const aclTensorList,
    values: *const aclTensor,
    accumulate: bool,
    _unsafe: bool,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnIndexPutImpl";
    let mut call = Call::new(NAME);
    let (own, indices) = (call.output("selfRef", self_ref)?, call.list("indices", indices, false)?);
    let values = call.input("values", values)?;
    check_dtype(NAME, "selfRef", &own, if accumulate { NUMBERS } else { ALL })?;
    check_same_dtype(NAME, "values", &values, "selfRef", own.dtype)?;
    if own.numel() == 0 || values.numel() == 0 {
        // CANN does nothing then, and asks nothing of the shapes.
        check_count(NAME, "selfRef", &own, &indices)?;
        for index in indices.iter().filter(|index| index.numel() > 0 && index.dtype != ACL_BOOL) {
            check_dtype(NAME, "indices", index, INDICES)?;
        }
        return call.finish(ws, executor, || ());
    }
    let (axes, along) = picked(NAME, "selfRef", &own, &indices)?;
    let shape = Dims::new(&axes.iter().map(|axis| axis.0).collect::<Vec<_>>());
    check!(
        broadcast(&[values.dims, shape]) == Some(shape),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: values has shape {:?}, which does not broadcast to the {shape:?} that indices pick",
        values.dims
    );
    check_writable(NAME, "selfRef", &own)?;
    let places = Places::new((NAME, "indices"), &own, &axes, &along, true);
    let values = Values::Each(View::broadcast(&values, &shape));
    let reduce = if accumulate { Reduce::Add(Scalar::Int(1)) } else { Reduce::Write };
    call.finish(ws, executor, move || put(&places, own.dtype, values, reduce))
}

/// Refuses more indices than there are dims.
fn check_count(name: &str, param: &str, of: &Tensor, indices: &[Tensor]) -> Outcome {
    let (given, most) = (indices.len(), of.rank());
    check!(given <= most, ACLNN_ERR_PARAM_INVALID, "{name}: indices has {given} tensors; {param} is {most}-D");
    Ok(())
}

/// The axes of what a list of indices picks, and the indices along them.
fn picked(name: &'static str, param: &str, of: &Tensor, indices: &[Tensor]) -> Outcome<(Vec<Axis>, Vec<Along>)> {
    check_count(name, param, of, indices)?;
    let named: Vec<(usize, &Tensor)> = indices.iter().enumerate().filter(|(_, index)| index.numel() > 0).collect();
    for (_, index) in &named {
        if index.dtype == ACL_BOOL {
            reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: indices holds a mask, of ACL_BOOL; the simulator takes integers")
        }
        check_dtype(name, "indices", index, INDICES)?;
    }
    let (Some(&(first, _)), Some(&(last, _))) = (named.first(), named.last()) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: indices holds no index: none, or all are empty")
    };
    let shapes: Vec<Dims> = named.iter().map(|(_, index)| index.dims).collect();
    let Some(common) = broadcast(&shapes) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: indices have the shapes {shapes:?}, which do not broadcast")
    };
    // In the place of the dims they name, or in front if another dim is between.
    let front = if last - first + 1 == named.len() { first } else { 0 };
    let mut axes: Vec<Axis> = axes_of(of);
    let is_named = |d: usize| named.iter().any(|&(dim, _)| dim == d);
    axes = axes.into_iter().enumerate().filter(|&(d, _)| !is_named(d)).map(|(_, axis)| axis).collect();
    axes.splice(front..front, common.iter().map(|&n| (n, 0)));
    let rank = axes.len();
    check!(rank <= MAX_RANK, ACLNN_ERR_PARAM_INVALID, "{name}: indices pick {rank} dims; a tensor has at most {MAX_RANK}");
    let along = |&(dim, index): &(usize, &Tensor)| {
        let mut strides = vec![0; rank];
        let start = front + common.len() - index.rank();
        for (d, (&n, &stride)) in index.dims.iter().zip(index.strides.iter()).enumerate() {
            strides[start + d] = if n == 1 { 0 } else { stride };
        }
        Along { index: *index, strides, dim, wraps: true }
    };
    let along = named.iter().map(along).collect();
    Ok((axes, along))
}
