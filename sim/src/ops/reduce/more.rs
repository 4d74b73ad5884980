//! Extremes and means over any dims: `aclnnMax`, `aclnnMin`, `aclnnAmax`, `aclnnAmin`, `aclnnMean`, `aclnnMeanV2`, `aclnnLogSumExp`.

use std::marker::PhantomData;

use ascend_rl_sys::types::*;

use super::fold::{Extreme, Fold, LogSumExp, Mean};
use super::plan::{Plan, check_result, output_dims, reduced_dims};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::reject::{Outcome, check};

/// What phase one writes.
pub(super) type Ends = (*mut u64, *mut *mut aclOpExecutor);

macro_rules! extremes {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $least:literal;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(self_: *const aclTensor, out: *mut aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
            let mut call = Call::new($name);
            let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
            check_result($name, "out", &output, &[])?;
            extreme::<$least>($name, call, &input, &output, everything(&input), (ws, executor))
        }
    )* };
}
extremes! {
    /// `out` is the largest of all elements, a scalar or `[1]`; NaN if there is one.
    aclnnMaxGetWorkspaceSize, "aclnnMax", false;
    /// `out` is the smallest of all elements, a scalar or `[1]`; NaN if there is one.
    aclnnMinGetWorkspaceSize, "aclnnMin", true;
}

/// `out` is the largest over `dim` (null or empty: all); NaN if there is one.
pub(crate) fn aclnnAmaxGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    keep_dim: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let (call, input, output, reduced) = over("aclnnAmax", check_shape, self_, dim, keep_dim, out)?;
    extreme::<false>("aclnnAmax", call, &input, &output, reduced, (ws, executor))
}

/// `out` is the smallest over `dim` (null or empty: all); NaN if there is one.
pub(crate) fn aclnnAminGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    keep_dim: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let (call, input, output, reduced) = over("aclnnAmin", check_shape, self_, dim, keep_dim, out)?;
    extreme::<true>("aclnnAmin", call, &input, &output, reduced, (ws, executor))
}

/// `out = mean(self)` over `dim` (null or empty: all), as `dtype`, which is `out`'s.
pub(crate) fn aclnnMeanGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    keep_dim: bool,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMean";
    let (call, input, output, reduced) = over(NAME, check_result, self_, dim, keep_dim, out)?;
    check_same_dtype(NAME, "out", &output, "dtype", dtype)?;
    float(NAME, call, Mean(count(&input, reduced)), &input, &output, reduced, (ws, executor))
}

/// `out = mean(self)` over `dim`; no dims mean all, or none with `noopWithEmptyAxes`.
pub(crate) fn aclnnMeanV2GetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    keep_dim: bool,
    noop_with_empty_axes: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMeanV2";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    let dims = call.int_array("dim", dim)?.unwrap_or_default();
    let reduced = if dims.is_empty() && noop_with_empty_axes { 0 } else { reduced_dims(NAME, &dims, &input)? };
    check_result(NAME, "out", &output, &output_dims(&input, reduced, keep_dim))?;
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    float(NAME, call, Mean(count(&input, reduced)), &input, &output, reduced, (ws, executor))
}

/// `out = ln(sum(exp(self)))` over `dim`, at any size of the elements.
pub(crate) fn aclnnLogSumExpGetWorkspaceSize(
    self_: *const aclTensor,
    dim: *const aclIntArray,
    keep_dim: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnLogSumExp";
    let (call, input, output, reduced) = over(NAME, check_shape, self_, dim, keep_dim, out)?;
    float(NAME, call, LogSumExp, &input, &output, reduced, (ws, executor))
}

/// The arguments of a reduction over `dim`, and the set of dims it names. `check` is how CANN compares the output's shape.
pub(super) fn over(
    name: &'static str,
    check: fn(&str, &str, &Tensor, &[usize]) -> Outcome,
    self_: *const aclTensor,
    dim: *const aclIntArray,
    keep_dim: bool,
    out: *mut aclTensor,
) -> Outcome<(Call, Tensor, Tensor, u32)> {
    let mut call = Call::new(name);
    let input = call.input("self", self_)?;
    let dims = call.int_array("dim", dim)?.unwrap_or_default();
    let output = call.output("out", out)?;
    let reduced = reduced_dims(name, &dims, &input)?;
    check(name, "out", &output, &output_dims(&input, reduced, keep_dim))?;
    Ok((call, input, output, reduced))
}

/// All dims.
pub(super) fn everything(input: &Tensor) -> u32 {
    (1 << input.rank()) - 1
}

/// How many elements reduce to one.
pub(super) fn count(input: &Tensor, reduced: u32) -> f64 {
    input.dims.iter().enumerate().filter(|(d, _)| reduced & 1 << d != 0).map(|(_, &dim)| dim as f64).product()
}

fn extreme<const LEAST: bool>(
    name: &'static str,
    call: Call,
    input: &Tensor,
    output: &Tensor,
    reduced: u32,
    ends: Ends,
) -> Outcome {
    check_dtype(name, "self", input, ALL)?;
    check_same_dtype(name, "out", output, "self", input.dtype)?;
    check_writable(name, "out", output)?;
    let is_empty = count(input, reduced) == 0.0 && output.numel() > 0;
    check!(!is_empty, ACLNN_ERR_PARAM_INVALID, "{name}: self has shape {:?}; nothing has no extreme", input.dims);
    if is_float(input.dtype) {
        finish(call, Extreme::<f32, LEAST>(PhantomData), input, output, reduced, ends)
    } else {
        finish(call, Extreme::<i64, LEAST>(PhantomData), input, output, reduced, ends)
    }
}

/// The end of a reduction of floats.
fn float(name: &'static str, call: Call, fold: impl Fold, input: &Tensor, output: &Tensor, reduced: u32, ends: Ends) -> Outcome {
    check_dtype(name, "self", input, FLOATS)?;
    check_dtype(name, "out", output, FLOATS)?;
    check_writable(name, "out", output)?;
    finish(call, fold, input, output, reduced, ends)
}

pub(super) fn finish(
    call: Call,
    fold: impl Fold,
    input: &Tensor,
    output: &Tensor,
    reduced: u32,
    (ws, executor): Ends,
) -> Outcome {
    let plan = Plan::new(fold, input, output, reduced);
    call.finish(ws, executor, move || plan.run())
}

#[cfg(test)]
mod tests;
