//! Reductions over any dims: `aclnnReduceSum`, `aclnnLinalgVectorNorm` and `aclnnNorm`, `aclnnAll`, `aclnnAny`; in `more`, extremes,
//! means and `aclnnLogSumExp`; in `spread`, variances; in `products`, products and sums of what are numbers; in `pairs`, results that
//! come in twos.
//!
//! Floats are summed in f64, integers exactly (modulo 2^64); the order depends on the shape alone, never on the threads.

mod fold;
mod list;
mod more;
mod pairs;
mod plan;
mod products;
mod spread;

use ascend_rl_sys::types::*;

use self::fold::*;
use self::plan::{Plan, reduced_dims};
pub(super) use self::plan::{check_result, output_dims};
pub(crate) use self::{list::*, more::*, pairs::*, products::*, spread::*};
use super::call::Call;
use super::dtypes::*;
use crate::reject::{Outcome, reject};

/// `out = sum(self)` over `dims` (none: all), as `dtype`, which is `out`'s.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnReduceSumGetWorkspaceSize(
    self_: *const aclTensor,
    dims: *const aclIntArray,
    keep_dims: bool,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnReduceSum";
    let mut call = Call::new(NAME);
    let input = call.input("self", self_)?;
    let Some(dims) = call.int_array("dims", dims)? else {
        reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: dims is null; an empty array means all dims")
    };
    let output = call.output("out", out)?;
    check_dtype(NAME, "self", &input, ALL)?;
    check_same_dtype(NAME, "out", &output, "dtype", dtype)?;
    check_dtype(NAME, "out", &output, NUMBERS)?;
    let reduced = reduced_dims(NAME, &dims, &input)?;
    let dims = output_dims(&input, reduced, keep_dims);
    check_result(NAME, "out", &output, &dims)?;
    check_writable(NAME, "out", &output)?;
    if is_float(dtype) {
        let plan = Plan::new(Sum, &input, &output, reduced);
        call.finish(ws, executor, move || plan.run())
    } else {
        let plan = Plan::new(ExactSum, &input, &output, reduced);
        call.finish(ws, executor, move || plan.run())
    }
}

/// `out = (sum |self|^ord)^(1/ord)` over `dims` (null or empty: all); infinite orders are the largest and smallest
/// magnitude, 0 counts what is not zero.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnLinalgVectorNormGetWorkspaceSize(
    self_: *const aclTensor,
    ord: *const aclScalar,
    dims: *const aclIntArray,
    keep_dims: bool,
    dtype: aclDataType,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    norm("aclnnLinalgVectorNorm", self_, ("ord", ord), ("dims", dims), keep_dims, Some(dtype), out, (ws, executor))
}

/// As `aclnnLinalgVectorNorm`, with `out` of `self`'s dtype.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnNormGetWorkspaceSize(
    self_: *const aclTensor,
    p_scalar: *const aclScalar,
    dim: *const aclIntArray,
    keepdim: bool,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    norm("aclnnNorm", self_, ("pScalar", p_scalar), ("dim", dim), keepdim, None, out, (ws, executor))
}

#[allow(clippy::too_many_arguments)] // Those of both operators.
fn norm(
    name: &'static str,
    self_: *const aclTensor,
    (ord_param, ord): (&'static str, *const aclScalar),
    (dims_param, dims): (&'static str, *const aclIntArray),
    keep_dims: bool,
    dtype: Option<aclDataType>,
    out: *mut aclTensor,
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
) -> Outcome {
    let mut call = Call::new(name);
    let input = call.input("self", self_)?;
    let ord = call.scalar(ord_param, ord)?.as_f64();
    let dims = call.int_array(dims_param, dims)?.unwrap_or_default();
    let output = call.output("out", out)?;
    check_dtype(name, "self", &input, FLOATS)?;
    let (source, dtype) = dtype.map_or(("self", input.dtype), |dtype| ("dtype", dtype));
    check_same_dtype(name, "out", &output, source, dtype)?;
    check_dtype(name, "out", &output, FLOATS)?;
    let reduced = reduced_dims(name, &dims, &input)?;
    check_shape(name, "out", &output, &output_dims(&input, reduced, keep_dims))?;
    check_writable(name, "out", &output)?;
    macro_rules! finish {
        ($fold:expr) => {{
            let plan = Plan::new($fold, &input, &output, reduced);
            call.finish(ws, executor, move || plan.run())
        }};
    }
    match ord {
        2.0 => finish!(Euclidean),
        1.0 => finish!(Magnitudes),
        0.0 => finish!(NonZero),
        f64::INFINITY => finish!(Largest),
        f64::NEG_INFINITY => finish!(Smallest),
        _ => finish!(Power(ord)),
    }
}

macro_rules! truths {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $fold:ident, $check:ident;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(
            self_: *const aclTensor,
            dim: *const aclIntArray,
            keepdim: bool,
            out: *mut aclTensor,
            ws: *mut u64,
            executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let input = call.input("self", self_)?;
            let Some(dims) = call.int_array("dim", dim)? else {
                reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: dim is null; an empty array means all dims", $name)
            };
            let output = call.output("out", out)?;
            check_dtype($name, "self", &input, ALL)?;
            check_dtype($name, "out", &output, &[ACL_BOOL, ACL_UINT8])?;
            let reduced = reduced_dims($name, &dims, &input)?;
            $check($name, "out", &output, &output_dims(&input, reduced, keepdim))?;
            check_writable($name, "out", &output)?;
            let plan = Plan::new($fold, &input, &output, reduced);
            call.finish(ws, executor, move || plan.run())
        }
    )* };
}
truths! {
    /// Whether all over `dim` (empty: all dims) are not zero; true of nothing.
    aclnnAllGetWorkspaceSize, "aclnnAll", All, check_shape;
    /// Whether one over `dim` (empty: all dims) is not zero; false of nothing.
    aclnnAnyGetWorkspaceSize, "aclnnAny", Any, check_result;
}

#[cfg(test)]
mod tests;
