//! Quantised weights of float products: `aclnnWeightQuantBatchMatmulV2` and V3. Weights become `(weight + offset) * scale` in the
//! dtype of the activations, as the vector unit makes them: in f16 each step rounds, bf16 is rounded from f32 at the end. The
//! product is one of floats.

use std::ffi::c_int;

use ascend_rl_sys::types::*;

use super::full::is_swapped;
use super::scale::{CODED, Scale, requantise, spread};
use crate::convert::{Float, with_float};
use crate::gemm::{Matrix, Product};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::integers::{Ints, PANEL};
use crate::ops::matmul::matrix;
use crate::ops::rows::{Parts, all};
use crate::ops::split::split;
use crate::ops::view::View;
use crate::ops::weight::Weight;
use crate::reject::{Outcome, check};

const LONGEST: usize = 65535;

/// `y = x @ ((weight + antiquantOffset) * antiquantScale) + bias`, in int8 with `quantScale`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnWeightQuantBatchMatmulV2GetWorkspaceSize(
    x: *const aclTensor,
    weight: *const aclTensor,
    antiquant_scale: *const aclTensor,
    antiquant_offset: *const aclTensor,
    quant_scale: *const aclTensor,
    quant_offset: *const aclTensor,
    bias: *const aclTensor,
    antiquant_group_size: c_int,
    y: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let tensors = [x, weight, antiquant_scale, antiquant_offset, quant_scale, quant_offset, bias, y];
    plan(Call::new("aclnnWeightQuantBatchMatmulV2"), tensors, antiquant_group_size, ws, executor)
}

/// As V2; `innerPrecise` says how precise the device is to be, which makes no difference here.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnWeightQuantBatchMatmulV3GetWorkspaceSize(
    x: *const aclTensor,
    weight: *const aclTensor,
    antiquant_scale: *const aclTensor,
    antiquant_offset: *const aclTensor,
    quant_scale: *const aclTensor,
    quant_offset: *const aclTensor,
    bias: *const aclTensor,
    antiquant_group_size: c_int,
    inner_precise: c_int,
    y: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnWeightQuantBatchMatmulV3";
    check!(
        (0..=1).contains(&inner_precise),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: innerPrecise is {inner_precise}; 0 and 1 are taken"
    );
    let tensors = [x, weight, antiquant_scale, antiquant_offset, quant_scale, quant_offset, bias, y];
    plan(Call::new(NAME), tensors, antiquant_group_size, ws, executor)
}

fn plan(
    mut call: Call,
    [x, weight, scale, offset, quant_scale, quant_offset, bias, y]: [*const aclTensor; 8],
    group_size: c_int,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = call.name();
    let (x, weight) = (call.input("x", x)?, call.weight("weight", weight)?);
    let scale = call.input("antiquantScale", scale)?;
    let offset = call.optional_input("antiquantOffsetOptional", offset)?;
    let quant_scale = call.optional_input("quantScaleOptional", quant_scale)?;
    let quant_offset = call.optional_input("quantOffsetOptional", quant_offset)?;
    let (bias, y) = (call.optional_input("biasOptional", bias)?, call.output("y", y)?);

    check_dtype(name, "x", &x, &[ACL_FLOAT16, ACL_BF16])?;
    check_dtype(name, "weight", &weight.tensor, &[ACL_INT8, ACL_INT4, ACL_INT32])?;
    for (param, t) in [("x", &x), ("weight", &weight.tensor)] {
        check!(
            t.rank() == 2 && t.numel() > 0,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: {param} has shape {:?}; 2 dims, none of 0, are taken",
            t.dims
        );
        check!(
            t.is_contiguous() || is_swapped(t),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: {param} has strides {:?}; it may be transposed, nothing else",
            t.strides
        );
    }
    let ints = Ints::of(&weight.tensor, 0);
    let (m, [k, n]) = (x.dims[0], [ints.rows, ints.cols]);
    check!(x.dims[1] == k, ACLNN_ERR_PARAM_INVALID, "{name}: x has {} columns; weight has {k} rows", x.dims[1]);
    check!(k <= LONGEST && n <= LONGEST, ACLNN_ERR_PARAM_INVALID, "{name}: weight is [{k}, {n}]; at most {LONGEST} are taken");
    if weight.tensor.dtype == ACL_INT4 {
        let inner = if weight.tensor.strides[1] == 1 { n } else { k };
        check!(inner.is_multiple_of(2), ACLNN_ERR_PARAM_INVALID, "{name}: weight has rows of {inner} int4; even ones are taken");
    }

    check!(
        !CODED.contains(&scale.dtype),
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: antiquantScale is {}; the simulator takes the dtype of x",
        self::name(scale.dtype)
    );
    check_same_dtype(name, "antiquantScale", &scale, "x", x.dtype)?;
    let group = check_groups(name, &scale, group_size, k, n)?;
    if let Some(offset) = &offset {
        check_same_dtype(name, "antiquantOffsetOptional", offset, "x", x.dtype)?;
        check_shape(name, "antiquantOffsetOptional", offset, &scale.dims)?;
    }
    let groups = k.div_ceil(group);
    check!(
        !weight.is_nz() || groups == 1 && scale.numel() == n && quant_scale.is_none(),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: weight is in FRACTAL_NZ, with antiquantScale of {:?}; a factor for each column and no quantScaleOptional are needed",
        scale.dims
    );

    if let Some(bias) = &bias {
        check_dtype(name, "biasOptional", bias, &[if x.dtype == ACL_BF16 { ACL_FLOAT } else { ACL_FLOAT16 }])?;
        let fits = bias.dims[..] == [n] || bias.dims[..] == [1, n];
        check!(fits, ACLNN_ERR_PARAM_INVALID, "{name}: biasOptional has shape {:?}; [{n}] or [1, {n}] is needed", bias.dims);
    }
    if let Some(quant_scale) = &quant_scale {
        check_dtype(name, "quantScaleOptional", quant_scale, &[ACL_UINT64])?;
        check_columns(name, "quantScaleOptional", quant_scale, n)?;
    }
    if let Some(quant_offset) = &quant_offset {
        check_dtype(name, "quantOffsetOptional", quant_offset, &[ACL_FLOAT])?;
        let Some(quant_scale) = &quant_scale else {
            crate::reject::reject!(ACLNN_ERR_PARAM_INVALID, "{name}: quantOffsetOptional is given, quantScaleOptional is null")
        };
        check_shape(name, "quantOffsetOptional", quant_offset, &quant_scale.dims)?;
    }
    check_dtype(name, "y", &y, &[if quant_scale.is_some() { ACL_INT8 } else { x.dtype }])?;
    check_shape(name, "y", &y, &[m, n])?;
    check_writable(name, "y", &y)?;

    let factors = Factors {
        dtype: x.dtype,
        columns: if scale.numel() == 1 { 1 } else { n },
        group,
        scale: View::new(&scale),
        offset: offset.map(|t| View::new(&t)),
    };
    let quant = quant_scale.map(|scale| (Scale::new(&scale), quant_offset.map(|t| View::new(&t))));
    call.finish(ws, executor, move || weigh(&x, &weight, &factors, bias.as_ref(), quant.as_ref(), &y))
}

/// The terms of a group: all, unless factors go by groups.
fn check_groups(name: &str, scale: &Tensor, group_size: c_int, k: usize, n: usize) -> Outcome<usize> {
    if group_size == 0 {
        check_columns(name, "antiquantScale", scale, n)?;
        return Ok(k);
    }
    let group = usize::try_from(group_size).ok().filter(|&g| g >= 32 && g < k && g.is_multiple_of(32));
    check!(
        group.is_some(),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: antiquantGroupSize is {group_size}; 0, or a multiple of 32 from 32 to {} is taken",
        k - 1
    );
    let group = group.unwrap_or(k);
    check_shape(name, "antiquantScale", scale, &[k.div_ceil(group), n])?;
    Ok(group)
}

/// One factor, or one for each column; in one dim or two.
fn check_columns(name: &str, param: &str, t: &Tensor, n: usize) -> Outcome {
    let flat = t.rank() == 1 || t.rank() == 2 && t.dims[0] == 1;
    check!(
        flat && (t.numel() == 1 || t.numel() == n),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: {param} has shape {:?}; [1], [1, 1], [{n}] or [1, {n}] is needed",
        t.dims
    );
    Ok(())
}

/// What makes floats of a weight.
pub(in crate::ops) struct Factors {
    pub dtype: aclDataType,
    /// Columns of `scale`: one for all, or one each.
    pub columns: usize,
    /// Terms of a group.
    pub group: usize,
    pub scale: View,
    pub offset: Option<View>,
}

impl Factors {
    /// Makes integers, `[rows, cols]` of a weight from column `first` on, the floats that they stand for. `turned` says that they
    /// lie column after column.
    fn apply(&self, values: &mut [f32], first: usize, k: usize, cols: usize, turned: bool) {
        let scales = all::<f32>(&self.scale);
        let offsets = self.offset.as_ref().map(all::<f32>);
        let width = if turned { k } else { cols };
        let lines = values.len().checked_div(width).unwrap_or(0);
        let parts = Parts::new(values);
        // The vector unit adds no bf16.
        let stepwise = self.dtype == ACL_FLOAT16;
        with_float!(self.dtype, F => split(lines, width, |range| {
            for line in range {
                // SAFETY: each line is taken once, and the values outlive the call.
                let values = unsafe { parts.slice(line * width, width) };
                for (i, value) in values.iter_mut().enumerate() {
                    let (term, column) = if turned { (i, line) } else { (line, i) };
                    let at = term / self.group * self.columns + if self.columns == 1 { 0 } else { first + column };
                    let sum = offsets.as_ref().map_or(*value, |offsets| *value + offsets[at]);
                    let sum = if stepwise { F::narrow(sum).widen() } else { sum };
                    *value = F::narrow(sum * scales[at]).widen();
                }
            }
        }))
    }
}

/// The product, whose shapes and dtypes are checked.
pub(in crate::ops) fn weigh(
    x: &Tensor,
    weight: &Weight,
    factors: &Factors,
    bias: Option<&Tensor>,
    quant: Option<&(Scale, Option<View>)>,
    y: &Tensor,
) {
    let weight = weight.plain();
    let ints = Ints::of(&weight.tensor, 0);
    let (m, k, n) = (x.dims[0], ints.rows, ints.cols);
    let turned = ints.is_turned();
    let most = (PANEL / k).max(128);
    let quant = quant.map(|(scale, offset)| {
        let offsets = offset.as_ref().map_or_else(|| scale.offsets(n), |offset| spread(all::<f32>(offset), n));
        (scale.factors(n), offsets)
    });
    let (mut floats, mut result) = (Vec::new(), Vec::new());
    for col in (0..n).step_by(most) {
        let cols = most.min(n - col);
        let columns = ints.col_range(col, cols);
        let columns = if turned { columns.transposed() } else { columns };
        // SAFETY: shapes are checked, and the memory was promised by C until the stream has passed the operation.
        unsafe { columns.widen(&mut floats) };
        factors.apply(&mut floats, col, k, cols, turned);
        let (row_stride, col_stride) = if turned { (1, k) } else { (cols, 1) };
        let b = Matrix { dtype: ACL_FLOAT, rows: k, cols, row_stride, col_stride, data: floats.as_mut_ptr().cast() };
        let add = bias.map(|bias| {
            let step = bias.strides[bias.rank() - 1];
            let data = bias.data.wrapping_add(col * step * bias.dtype.size());
            (1.0, Matrix { dtype: bias.dtype, rows: m, cols, row_stride: 0, col_stride: step, data })
        });
        let whole = matrix(y);
        let out = match &quant {
            None => Matrix { cols, data: y.data.wrapping_add(col * whole.col_stride * y.dtype.size()), ..whole },
            Some(_) => {
                result.resize(m * cols, 0f32);
                Matrix { dtype: ACL_FLOAT, rows: m, cols, row_stride: cols, col_stride: 1, data: result.as_mut_ptr().cast() }
            }
        };
        // SAFETY: as above; the weight's floats and the result have these shapes, and share no memory.
        unsafe { Product { a: matrix(x), b, alpha: 1.0, add, out }.run() };
        if let Some((scales, offsets)) = &quant {
            let out = View::new(y);
            for (row, values) in result.chunks_mut(cols).enumerate() {
                values.iter_mut().enumerate().for_each(|(j, v)| *v = requantise(*v * scales[col + j], offsets[col + j]));
                out.store(row * n + col, values);
            }
        }
    }
}
