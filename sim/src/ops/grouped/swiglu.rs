//! `aclnnGroupedMatmulSwigluQuant`: int8 in, int8 out, with the gate in between.

use ascend_rl_sys::types::*;

use super::plan::{GroupList, check_rank, spans};
use super::quant::{check_weights, of_group, rows};
use crate::math;
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::quant_matmul::full::Planned;
use crate::ops::quant_matmul::scale::Scale;
use crate::ops::quantise::{quantise, symmetric};
use crate::ops::view::View;
use crate::ops::weight::Weight;
use crate::reject::{Outcome, check, reject};

/// Most columns of a weight.
const MOST: usize = 10240;

/// `c = (x @ weight) * xScale * weightScale` by group, `s = silu(c[..n/2]) * c[n/2..]`, and `s` in int8 with a factor for each row.
/// Rows beyond the last group are left alone. `groupList` holds ends; there may be fewer groups than weights. The weight is in
/// FRACTAL_NZ, described as that, {e, n / 32, k / 16, 16, 32}, or, where another operator has put it there, by its matrices.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnGroupedMatmulSwigluQuantGetWorkspaceSize(
    x: *const aclTensor,
    weight: *const aclTensor,
    bias: *const aclTensor,
    offset: *const aclTensor,
    weight_scale: *const aclTensor,
    x_scale: *const aclTensor,
    group_list: *const aclTensor,
    output: *mut aclTensor,
    output_scale: *mut aclTensor,
    output_offset: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnGroupedMatmulSwigluQuant";
    let mut call = Call::new(NAME);
    let (x, weight) = (call.input("x", x)?, call.weight_of_fractals("weight", weight)?);
    call.absent("bias", bias)?;
    call.absent("offset", offset)?;
    call.absent("outputOffset", output_offset)?;
    let (weight_scale, x_scale) = (call.input("weightScale", weight_scale)?, call.input("xScale", x_scale)?);
    if group_list.is_null() {
        reject!(ACLNN_ERR_PARAM_NULLPTR, "{NAME}: groupList is null")
    }
    let groups = GroupList::device(&mut call, NAME, group_list, 0)?;
    let (out, out_scale) = (call.output("output", output)?, call.output("outputScale", output_scale)?);
    check_dtype(NAME, "x", &x, &[ACL_INT8])?;
    let w = weight.tensor;
    check!(
        !matches!(w.dtype, ACL_INT4 | ACL_INT32),
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: weight is {}; the simulator takes int8",
        name(w.dtype)
    );
    check_dtype(NAME, "weight", &w, &[ACL_INT8])?;
    check!(weight.is_nz(), ACLNN_ERR_PARAM_INVALID, "{NAME}: weight is row-major; FRACTAL_NZ is needed");
    check_rank(NAME, "x", &x, 2)?;
    check!(x.is_contiguous(), ACLNN_ERR_PARAM_INVALID, "{NAME}: x has strides {:?}; a contiguous tensor is needed", x.strides);
    let (count, k, n) = check_weights(NAME, std::slice::from_ref(&weight))?;
    let (tokens, columns) = (x.dims[0], x.dims[1]);
    check!(columns == k, ACLNN_ERR_PARAM_INVALID, "{NAME}: x has {columns} columns; weight has {k} rows");
    check!(
        n.is_multiple_of(2) && n <= MOST,
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: weight has {n} columns; an even number up to {MOST} is needed"
    );
    check_dtype(NAME, "weightScale", &weight_scale, FLOATS)?;
    check_shape(NAME, "weightScale", &weight_scale, &[count, n])?;
    check_dtype(NAME, "xScale", &x_scale, &[ACL_FLOAT])?;
    check_shape(NAME, "xScale", &x_scale, &[tokens])?;
    let given = groups.len().unwrap_or(0);
    check!((1..=count).contains(&given), ACLNN_ERR_PARAM_INVALID, "{NAME}: groupList has {given} groups; 1 to {count} are taken");
    for (param, t, dtype, dims) in
        [("output", &out, ACL_INT8, &[tokens, n / 2][..]), ("outputScale", &out_scale, ACL_FLOAT, &[tokens])]
    {
        check_dtype(NAME, param, t, &[dtype])?;
        check_shape(NAME, param, t, dims)?;
        check_writable(NAME, param, t)?;
    }
    call.finish(ws, executor, move || {
        let plain = weight.plain();
        let (out, out_scale) = (View::new(&out), View::new(&out_scale));
        let ends = groups.ends(NAME, tokens);
        for (group, (start, len)) in spans(&ends).enumerate().filter(|(_, (_, len))| *len > 0) {
            let mut products = vec![0f32; len * n];
            let dims = Dims::new(&[len, n]);
            let (strides, data) = (dims.contiguous_strides(), products.as_mut_ptr().cast());
            let planned = Planned {
                x1: rows(&x, start, len),
                x2: Weight::row_major(of_group(&[plain.tensor], group)),
                transpose: [false; 2],
                batch: Dims::new(&[]),
                m: len,
                n,
                scale: Some(Scale::new(&of_group(&[weight_scale], group))),
                offset: None,
                pertoken: Some(View::new(&rows(&x_scale, start, len))),
                bias: None,
                out: View::new(&Tensor { dtype: ACL_FLOAT, dims, strides, data }),
            };
            planned.run();
            for (row, products) in products.chunks_mut(n).enumerate() {
                let (gated, gate) = products.split_at_mut(n / 2);
                gated.iter_mut().zip(gate).for_each(|(c, gate)| *c = *c / (1.0 + math::exp(-*c)) * *gate);
                let scale = symmetric(gated);
                quantise(gated, |v| if scale == 0.0 { 0.0 } else { v / scale });
                out.store((start + row) * (n / 2), gated);
                out_scale.store(start + row, &[scale]);
            }
        }
    })
}
