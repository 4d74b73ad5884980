//! Values put where indices name: `aclnnScatter*`, `aclnnIndexAdd`, `aclnnInplaceIndexCopy`.

use ascend_rl_sys::types::*;

use super::combine::{Reduce, Values, put};
use super::take::{at_least_1d, axes_of};
use super::{Along, INDICES, Out, Places};
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::call::{Call, Scalar};
use crate::ops::copy::Move;
use crate::ops::dtypes::*;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// The dtypes that can be combined; what is only written may be boolean too.
fn takes(reduce: Reduce) -> &'static [aclDataType] {
    if matches!(reduce, Reduce::Write) { ALL } else { NUMBERS }
}

fn reduction(name: &str, reduce: i64) -> Outcome<Reduce> {
    Ok(match reduce {
        0 => Reduce::Write,
        1 => Reduce::Add(Scalar::Int(1)),
        2 => Reduce::Multiply,
        _ => reject!(ACLNN_ERR_PARAM_INVALID, "{name}: reduce is {reduce}; 0 (write), 1 (add) and 2 (multiply) are taken"),
    })
}

/// A call whose values are put to single elements: for each element of `index`, `target[index] = value` along `dim`.
struct Elements<'a> {
    call: Call,
    name: &'static str,
    /// What `target` begins as, where that is another tensor.
    input: Option<&'a Tensor>,
    target: (&'static str, &'a Tensor),
    dim: i64,
    index: &'a Tensor,
    source: Result<&'a Tensor, Scalar>,
    reduce: Reduce,
}

fn scatter(given: Elements<'_>, (ws, executor): Out) -> Outcome {
    let Elements { call, name, input, target: (param, target), dim, index, source, reduce } = given;
    check_dtype(name, param, target, takes(reduce))?;
    check_dtype(name, "index", index, INDICES)?;
    if let Some(input) = input {
        check_same_dtype(name, "self", input, param, target.dtype)?;
        check_shape(name, param, target, &input.dims)?;
    }
    let at = check_dim(name, "dim", dim, target)?;
    let (whole, index) = (at_least_1d(target), at_least_1d(index));
    let fits = |outer: &Tensor, but: Option<usize>| {
        outer.rank() == index.rank() && (0..index.rank()).all(|d| Some(d) == but || index.dims[d] <= outer.dims[d])
    };
    let (given, own) = (index.dims, whole.dims);
    check!(
        fits(&whole, Some(at)),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: index has shape {given:?}, which does not fit in {param}'s {own:?} in the dims other than {at}"
    );
    let values = match source {
        Err(value) => Values::One(value),
        Ok(source) => {
            let source = at_least_1d(source);
            check_same_dtype(name, "src", &source, param, target.dtype)?;
            let own = source.dims;
            check!(
                fits(&source, None),
                ACLNN_ERR_PARAM_INVALID,
                "{name}: index has shape {given:?}, which does not fit in src's {own:?}"
            );
            Values::Each(View::new(&Tensor { dims: index.dims, ..source }))
        }
    };
    check_writable(name, param, target)?;
    let axes: Vec<_> = (0..index.rank()).map(|d| (index.dims[d], if d == at { 0 } else { whole.strides[d] })).collect();
    let along = Along::at(&index, 0, axes.len(), at);
    let places = Places::new((name, "index"), &whole, &axes, &[along], false);
    let (copy, dtype) = (input.map(|input| Move::new(input, target)), target.dtype);
    call.finish(ws, executor, move || {
        copy.iter().for_each(Move::run);
        put(&places, dtype, values, reduce)
    })
}

/// `out = self`, then for each element of `index` along `dim`: 0 writes the element of `src`, 1 adds it, 2 multiplies by it.
/// Of elements written to one place, the last stays. An index outside fails when the operation runs.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnScatterGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    index: *const aclTensor,
    src: *const aclTensor,
    reduce: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnScatter";
    let mut call = Call::new(NAME);
    let (input, index, source) = (call.input("self", self_)?, call.input("index", index)?, call.input("src", src)?);
    let (output, reduce) = (call.output("out", out)?, reduction(NAME, reduce)?);
    let (input, target, index, source) = (Some(&input), ("out", &output), &index, Ok(&source));
    scatter(Elements { call, name: NAME, input, target, dim, index, source, reduce }, (ws, executor))
}

/// [`aclnnScatterGetWorkspaceSize`] of one value for all.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnScatterValueGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    index: *const aclTensor,
    value: *const aclScalar,
    reduce: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnScatterValue";
    let mut call = Call::new(NAME);
    let (input, index) = (call.input("self", self_)?, call.input("index", index)?);
    let (value, output, reduce) = (call.scalar("value", value)?, call.output("out", out)?, reduction(NAME, reduce)?);
    let (input, target, index, source) = (Some(&input), ("out", &output), &index, Err(value));
    scatter(Elements { call, name: NAME, input, target, dim, index, source, reduce }, (ws, executor))
}

/// [`aclnnScatterGetWorkspaceSize`] that adds.
pub(crate) fn aclnnScatterAddGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    index: *const aclTensor,
    src: *const aclTensor,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnScatterAdd";
    let mut call = Call::new(NAME);
    let (input, index, source) = (call.input("self", self_)?, call.input("index", index)?, call.input("src", src)?);
    let output = call.output("out", out)?;
    let (input, target, index, source) = (Some(&input), ("out", &output), &index, Ok(&source));
    let reduce = Reduce::Add(Scalar::Int(1));
    scatter(Elements { call, name: NAME, input, target, dim, index, source, reduce }, (ws, executor))
}

/// [`aclnnScatterGetWorkspaceSize`] in place.
pub(crate) fn aclnnInplaceScatterGetWorkspaceSize(
    self_ref: *mut aclTensor,
    dim: i64,
    index: *const aclTensor,
    src: *const aclTensor,
    reduce: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceScatter";
    let mut call = Call::new(NAME);
    let (own, index, source) = (call.output("selfRef", self_ref)?, call.input("index", index)?, call.input("src", src)?);
    let (reduce, target, index, source) = (reduction(NAME, reduce)?, ("selfRef", &own), &index, Ok(&source));
    scatter(Elements { call, name: NAME, input: None, target, dim, index, source, reduce }, (ws, executor))
}

/// [`aclnnInplaceScatterGetWorkspaceSize`] with one value for all.
pub(crate) fn aclnnInplaceScatterValueGetWorkspaceSize(
    self_ref: *mut aclTensor,
    dim: i64,
    index: *const aclTensor,
    value: *const aclScalar,
    reduce: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceScatterValue";
    let mut call = Call::new(NAME);
    let (own, index) = (call.output("selfRef", self_ref)?, call.input("index", index)?);
    let (value, reduce, target) = (call.scalar("value", value)?, reduction(NAME, reduce)?, ("selfRef", &own));
    let (index, source) = (&index, Err(value));
    scatter(Elements { call, name: NAME, input: None, target, dim, index, source, reduce }, (ws, executor))
}

/// The places of slices along `dim` that a 1-D `index` names, and their values: `source` has as many slices as there are indices.
fn slices(name: &'static str, target: (&str, &Tensor), dim: i64, index: &Tensor, source: &Tensor) -> Outcome<(Places, Values)> {
    let (param, target) = target;
    check_dtype(name, "index", index, INDICES)?;
    check_same_dtype(name, "source", source, param, target.dtype)?;
    check!(index.rank() <= 1, ACLNN_ERR_PARAM_INVALID, "{name}: index is {}-D; 1-D is needed", index.rank());
    let at = check_dim(name, "dim", dim, target)?;
    let (whole, index, source) = (at_least_1d(target), at_least_1d(index), at_least_1d(source));
    let mut axes = axes_of(&whole);
    axes[at] = (index.dims[0], 0);
    let needed = Dims::new(&axes.iter().map(|axis| axis.0).collect::<Vec<_>>());
    check_shape(name, "source", &source, &needed)?;
    check_writable(name, param, target)?;
    let along = Along::at(&index, at, axes.len(), at);
    Ok((Places::new((name, "index"), &whole, &axes, &[along], true), Values::Each(View::new(&source))))
}

/// `out = self`, then `out[index[i]] += alpha * source[i]`, slices along `dim`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnIndexAddGetWorkspaceSize(
    self_: *const aclTensor,
    dim: i64,
    index: *const aclTensor,
    source: *const aclTensor,
    alpha: *const aclScalar,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnIndexAdd";
    let mut call = Call::new(NAME);
    let (input, index, source) = (call.input("self", self_)?, call.input("index", index)?, call.input("source", source)?);
    let (alpha, output) = (call.scalar("alpha", alpha)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, NUMBERS)?;
    let whole = !matches!(alpha, Scalar::Float(_)) || is_float(input.dtype);
    check!(whole, ACLNN_ERR_PARAM_INVALID, "{NAME}: alpha is {alpha:?} and self {}, of integers", name(input.dtype));
    check_same_dtype(NAME, "out", &output, "self", input.dtype)?;
    check_shape(NAME, "out", &output, &input.dims)?;
    let (places, values) = slices(NAME, ("out", &output), dim, &index, &source)?;
    let (copy, dtype) = (Move::new(&input, &output), output.dtype);
    call.finish(ws, executor, move || {
        copy.run();
        put(&places, dtype, values, Reduce::Add(alpha))
    })
}

/// `selfRef[index[i]] = source[i]`, slices along `dim`; the last of equal indices stays.
pub(crate) fn aclnnInplaceIndexCopyGetWorkspaceSize(
    self_ref: *mut aclTensor,
    dim: i64,
    index: *const aclTensor,
    source: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceIndexCopy";
    let mut call = Call::new(NAME);
    let (own, index, source) = (call.output("selfRef", self_ref)?, call.input("index", index)?, call.input("source", source)?);
    check_dtype(NAME, "selfRef", &own, ALL)?;
    let (places, values) = slices(NAME, ("selfRef", &own), dim, &index, &source)?;
    call.finish(ws, executor, move || put(&places, own.dtype, values, Reduce::Write))
}
