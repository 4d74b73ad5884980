//! Parts of a tensor, and a tensor in a border: `aclnnSlice`, `aclnnSliceV2`, `aclnnConstantPadNd`.

use ascend_rl_sys::types::*;

use super::{Out, dims_array, finish, narrowed};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::copy::{Move, fill};
use crate::ops::dtypes::*;
use crate::ops::element::with_element;
use crate::ops::view::View;
use crate::reject::{Outcome, check};

/// Every `step`-th slice from `start` up to and without `end` along `dim`. As in Python, negative ones count from the end,
/// and what is outside ends there.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnSliceGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    start: i64,
    end: i64,
    step: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSlice";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    let part = part(NAME, &input, dim, [start, end, step])?;
    cut(call, NAME, &part, &output, (ws, executor))
}

/// The same along several axes, each named once.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnSliceV2GetWorkspaceSize(
    self_: *const aclTensor,
    starts: *const aclIntArray,
    ends: *const aclIntArray,
    axes: *const aclIntArray,
    steps: *const aclIntArray,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnSliceV2";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    let axes = dims_array(&call, NAME, "axes", axes)?;
    let of_axes = |param, array| {
        let values = dims_array(&call, NAME, param, array)?;
        let (given, needed) = (values.len(), axes.len());
        check!(given == needed, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} has {given} numbers, axes has {needed}");
        Ok(values)
    };
    let (starts, ends, steps) = (of_axes("starts", starts)?, of_axes("ends", ends)?, of_axes("steps", steps)?);
    let (mut rest, mut seen) = (input, 0u32);
    for (i, &axis) in axes.iter().enumerate() {
        let bit = 1 << check_dim(NAME, "axes", axis, &input)?;
        check!(seen & bit == 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: axes {axes:?} name a dim twice");
        seen |= bit;
        rest = part(NAME, &rest, axis, [starts[i], ends[i], steps[i]])?;
    }
    cut(call, NAME, &rest, &output, (ws, executor))
}

fn part(name: &str, input: &Tensor, dim: i64, [start, end, step]: [i64; 3]) -> Outcome<Tensor> {
    check!(input.rank() > 0, ACLNN_ERR_PARAM_INVALID, "{name}: self is a scalar; at least 1-D is needed");
    check!(step > 0, ACLNN_ERR_PARAM_INVALID, "{name}: the step is {step}; 1 at least is needed");
    let dim = check_dim(name, "dim", dim, input)?;
    let n = input.dims[dim] as i64;
    let inside = |at: i64| if at < 0 { at.saturating_add(n).max(0) } else { at.min(n) };
    let (start, end) = (inside(start), inside(end));
    let len = (end - start).max(0) as usize;
    Ok(narrowed(input, dim, start as usize, len.div_ceil(step as usize), step as usize))
}

fn cut(call: Call, name: &str, part: &Tensor, output: &Tensor, out: Out) -> Outcome {
    check_dtype(name, "self", part, ALL)?;
    check_same_dtype(name, "out", output, "self", part.dtype)?;
    check_shape(name, "out", output, &part.dims)?;
    check_writable(name, "out", output)?;
    finish(call, vec![Move::new(part, output)], out)
}

/// `self` in a border of `value`: `pad` has the widths before and after, for the last dim first; negative ones cut.
pub(crate) fn aclnnConstantPadNdGetWorkspaceSize(
    self_: *const aclTensor,
    pad: *const aclIntArray,
    value: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnConstantPadNd";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    check!(!pad.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{NAME}: pad is null");
    let pad = call.int_array("pad", pad)?.unwrap_or_default();
    let (value, output) = (call.scalar("value", value)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, ALL)?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    let fits = pad.len() % 2 == 0 && pad.len() <= 2 * input.rank();
    check!(
        fits,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: pad is {pad:?}; two widths a dim are needed, for {} dims at most",
        input.rank()
    );
    let mut widths = Vec::with_capacity(input.rank());
    for (dim, &n) in input.dims.iter().enumerate() {
        let pair = 2 * (input.rank() - 1 - dim);
        let (before, after) = (pad.get(pair).copied().unwrap_or(0), pad.get(pair + 1).copied().unwrap_or(0));
        // What is cut from either side, no more than there is.
        let (first, last) = (before.min(0).unsigned_abs() as usize, after.min(0).unsigned_abs() as usize);
        let padded = before as i128 + n as i128 + after as i128;
        let possible = first.saturating_add(last) <= n && (0..i64::MAX as i128).contains(&padded);
        check!(possible, ACLNN_ERR_PARAM_INVALID, "{NAME}: pad is {pad:?}, which dim {dim} of self, {n}, does not allow");
        widths.push((first, n - first - last, before.max(0) as usize, padded as usize));
    }
    check_shape(NAME, "out", &output, &widths.iter().map(|w| w.3).collect::<Vec<_>>())?;
    check_writable(NAME, "out", &output)?;
    let (mut from, mut to) = (input, output);
    for (dim, &(first, len, before, _)) in widths.iter().enumerate() {
        (from, to) = (narrowed(&from, dim, first, len, 1), narrowed(&to, dim, before, len, 1));
    }
    let (whole, inner) = (View::new(&output), Move::new(&from, &to));
    call.finish(ws, executor, move || {
        with_element!(whole.dtype, E => fill::<E>(&whole, value));
        inner.run();
    })
}
