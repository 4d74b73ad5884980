//! Experts' rows added up for each token: `aclnnMoeFinalizeRouting` V1 and V2, and the gradient of V2.

use ascend_rl_sys::types::*;

use super::permute::products;
use super::{check_matrix, checked, gather_rows};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::{Row, all};
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// Column-major places, all parts given but `x2`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeFinalizeRoutingGetWorkspaceSize(
    expanded_x: *const aclTensor,
    x1: *const aclTensor,
    x2: *const aclTensor,
    bias: *const aclTensor,
    scales: *const aclTensor,
    expanded_row_idx: *const aclTensor,
    expanded_expert_idx: *const aclTensor,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeFinalizeRouting";
    for (param, handle) in [("x1", x1), ("bias", bias), ("scales", scales), ("expandedExpertIdx", expanded_expert_idx)] {
        check!(!handle.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{NAME}: {param} is null");
    }
    let parts = [expanded_x, expanded_row_idx, x1, x2, bias, scales, expanded_expert_idx, out];
    finalize(Call::new(NAME), parts, 0, ws, executor)
}

/// `out[t] = x1[t] + x2[t] + Σ scales[t][k] * (expandedX[place] + bias[expert])`. `dropPadMode` 0 and 1 have places column-major
/// (`k * tokens + t`), 2 and 3 row-major (`t * K + k`); 1 and 3 skip places of -1.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeFinalizeRoutingV2GetWorkspaceSize(
    expanded_x: *const aclTensor,
    expanded_row_idx: *const aclTensor,
    x1: *const aclTensor,
    x2: *const aclTensor,
    bias: *const aclTensor,
    scales: *const aclTensor,
    expert_idx: *const aclTensor,
    drop_pad_mode: i64,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeFinalizeRoutingV2";
    let mode = drop_pad_mode;
    check!((0..=3).contains(&mode), ACLNN_ERR_PARAM_INVALID, "{NAME}: dropPadMode is {mode}; 0..3 are taken");
    let parts = [expanded_x, expanded_row_idx, x1, x2, bias, scales, expert_idx, out];
    finalize(Call::new(NAME), parts, mode, ws, executor)
}

fn finalize(
    mut call: Call,
    [expanded, places, x1, x2, bias, scales, experts, out]: [*const aclTensor; 8],
    mode: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = call.name();
    let (expanded, places) = (call.input("expandedX", expanded)?, call.input("expandedRowIdx", places)?);
    let [x1, x2] = [call.optional_input("x1Optional", x1)?, call.optional_input("x2Optional", x2)?];
    let (bias, scales) = (call.optional_input("biasOptional", bias)?, call.optional_input("scalesOptional", scales)?);
    let (experts, out) = (call.optional_input("expertIdxOptional", experts)?, call.output("out", out)?);
    check_dtype(name, "expandedX", &expanded, FLOATS)?;
    let (tokens, width) = check_matrix(name, "out", &out, &[expanded.dtype])?;
    check_writable(name, "out", &out)?;
    let padded = mode % 2 == 1;
    let rank = 2 + padded as usize;
    check!(
        expanded.rank() == rank && expanded.dims[rank - 1] == width,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: expandedX has shape {:?}; {rank} dims are needed, the last of {width}",
        expanded.dims
    );
    let rows: usize = expanded.dims[..rank - 1].iter().product();
    check_dtype(name, "expandedRowIdx", &places, &[ACL_INT32])?;
    check!(
        places.rank() == 1 && tokens > 0 && places.dims[0].is_multiple_of(tokens),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: expandedRowIdx has shape {:?}; a multiple of {tokens} tokens is needed",
        places.dims
    );
    let k = places.dims[0] / tokens;
    for (param, t) in [("x1Optional", &x1), ("x2Optional", &x2)] {
        let Some(t) = t else { continue };
        check_same_dtype(name, param, t, "expandedX", expanded.dtype)?;
        check_shape(name, param, t, &out.dims)?;
    }
    check!(x1.is_some() || x2.is_none(), ACLNN_ERR_PARAM_INVALID, "{name}: x2Optional is given without x1Optional");
    if let Some(scales) = &scales {
        check_same_dtype(name, "scalesOptional", scales, "expandedX", expanded.dtype)?;
        check_shape(name, "scalesOptional", scales, &[tokens, k])?;
    } else {
        check!(k == 1, ACLNN_ERR_PARAM_INVALID, "{name}: scalesOptional is null with {k} rows of each token; 1 is needed");
    }
    let mut biases = None;
    if let Some(bias) = bias {
        check_same_dtype(name, "biasOptional", &bias, "expandedX", expanded.dtype)?;
        let (count, of) = check_matrix(name, "biasOptional", &bias, FLOATS)?;
        check!(of == width, ACLNN_ERR_PARAM_INVALID, "{name}: biasOptional has {of} columns; {width} are needed");
        let Some(experts) = experts else {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: expertIdxOptional is null, which biasOptional goes by")
        };
        check_dtype(name, "expertIdxOptional", &experts, &[ACL_INT32])?;
        check_shape(name, "expertIdxOptional", &experts, &[tokens, k])?;
        biases = Some((View::new(&bias), View::new(&experts), count));
    }
    let [expanded, places, out] = [expanded, places, out].map(|t| View::new(&t));
    let [x1, x2, scales] = [x1, x2, scales].map(|t| t.map(|t| View::new(&t)));
    call.finish(ws, executor, move || {
        let places = checked(name, "expandedRowIdx", all::<i64>(&places), rows, padded);
        let scales = scales.as_ref().map_or_else(|| vec![1.0; tokens * k], all::<f32>);
        let experts = biases.as_ref().map(|(_, e, count)| checked(name, "expertIdxOptional", all::<i64>(e), *count, false));
        split(tokens, width * (k + 1), |range| {
            let (mut row, mut bias_row, mut sum) = (Row::new(width), Row::new(width), Row::new(width));
            for t in range {
                let sum = sum.room(width);
                sum.fill(0.0);
                for x in [&x1, &x2].into_iter().flatten() {
                    sum.iter_mut().zip(row.load(x, t * width, width)).for_each(|(sum, x)| *sum += x);
                }
                for choice in 0..k {
                    let at = if mode < 2 { choice * tokens + t } else { t * k + choice };
                    let Some(place) = places[at] else { continue };
                    let scale = scales[t * k + choice];
                    let x = row.load(&expanded, place * width, width);
                    sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += scale * x);
                    let expert = experts.as_ref().and_then(|e| e[t * k + choice]);
                    if let (Some((bias, ..)), Some(expert)) = (&biases, expert) {
                        let bias = bias_row.load(bias, expert * width, width);
                        sum.iter_mut().zip(bias).for_each(|(sum, b)| *sum += scale * b);
                    }
                }
                out.store(t * width, sum);
            }
        })
    })
}

/// `gradExpandedX[place] = scales[t][k] * gradY[t]`, `gradScales[t][k] = Σ gradY[t] * expandedX[place]`, places row-major. A
/// bias is refused.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMoeFinalizeRoutingV2GradGetWorkspaceSize(
    grad_y: *const aclTensor,
    expanded_row_idx: *const aclTensor,
    expanded_x: *const aclTensor,
    scales: *const aclTensor,
    expert_idx: *const aclTensor,
    bias: *const aclTensor,
    drop_pad_mode: i64,
    active_num: i64,
    expert_num: i64,
    expert_capacity: i64,
    grad_expanded_x_out: *const aclTensor,
    grad_scales_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMoeFinalizeRoutingV2Grad";
    let mut call = Call::new(NAME);
    let (grad, places) = (call.input("gradY", grad_y)?, call.input("expandedRowIdx", expanded_row_idx)?);
    let (x, scales) = (call.optional_input("expandedXOptional", expanded_x)?, call.optional_input("scalesOptional", scales)?);
    call.absent("expertIdxOptional", expert_idx)?;
    call.absent("biasOptional", bias)?;
    let dx = call.output("gradExpandedXOut", grad_expanded_x_out)?;
    let (tokens, width) = check_matrix(NAME, "gradY", &grad, FLOATS)?;
    let total = places.numel();
    check_dtype(NAME, "expandedRowIdx", &places, &[ACL_INT32])?;
    check!(
        places.rank() == 1 && tokens > 0 && total.is_multiple_of(tokens),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: expandedRowIdx has shape {:?}; a multiple of {tokens} tokens is needed",
        places.dims
    );
    let k = total / tokens;
    let dims = match drop_pad_mode {
        0 => vec![if active_num > 0 { total.min(active_num as usize) } else { total }, width],
        1 if expert_num > 0 && expert_capacity > 0 => vec![expert_num as usize, expert_capacity as usize, width],
        1 => reject!(
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: expertNum is {expert_num} and expertCapacity {expert_capacity}; 1 or more are needed"
        ),
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: dropPadMode is {other}; 0 and 1 are taken"),
    };
    let rows: usize = dims[..dims.len() - 1].iter().product();
    check_same_dtype(NAME, "gradExpandedXOut", &dx, "gradY", grad.dtype)?;
    check_shape(NAME, "gradExpandedXOut", &dx, &dims)?;
    check_writable(NAME, "gradExpandedXOut", &dx)?;
    let mut of_scales = None;
    if let Some(scales) = &scales {
        check_same_dtype(NAME, "scalesOptional", scales, "gradY", grad.dtype)?;
        check_shape(NAME, "scalesOptional", scales, &[tokens, k])?;
        let Some(x) = x else { reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: expandedXOptional is null with scalesOptional") };
        check_same_dtype(NAME, "expandedXOptional", &x, "gradY", grad.dtype)?;
        check_shape(NAME, "expandedXOptional", &x, &dims)?;
        let out = call.output("gradScalesOut", grad_scales_out)?;
        check_same_dtype(NAME, "gradScalesOut", &out, "gradY", grad.dtype)?;
        check_shape(NAME, "gradScalesOut", &out, &[tokens, k])?;
        check_writable(NAME, "gradScalesOut", &out)?;
        of_scales = Some((View::new(&x), View::new(&out)));
    } else {
        check!(k == 1, ACLNN_ERR_PARAM_INVALID, "{NAME}: scalesOptional is null with {k} rows of each token; 1 is needed");
    }
    let [grad, places, dx] = [grad, places, dx].map(|t| View::new(&t));
    let scales = scales.map(|t| View::new(&t));
    call.finish(ws, executor, move || {
        let places = checked(NAME, "expandedRowIdx", all::<i64>(&places), rows.max(total), drop_pad_mode == 1);
        let scales = scales.as_ref().map_or_else(|| vec![1.0; total], all::<f32>);
        let mut choice_of = vec![None; rows];
        for (i, place) in places.iter().enumerate() {
            if let Some(slot) = place.and_then(|p| choice_of.get_mut(p)) {
                *slot = Some(i);
            }
        }
        gather_rows(&grad, &dx, width, rows, |r| choice_of[r].map(|i| (i / k, scales[i])).into_iter());
        if let Some((x, out)) = &of_scales {
            out.store(0, &products(x, &grad, width, |i| i / k, &places, rows));
        }
    })
}
