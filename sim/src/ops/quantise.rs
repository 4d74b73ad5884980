//! int8 from floats: `aclnnDynamicQuant` V1 and V2, `aclnnAscendQuantV3`, and norms that end in it, `aclnnAddRmsNormQuant` and
//! `aclnnAddRmsNormDynamicQuant`. Numbers round to the nearest, ties to even, and saturate. int4 is refused.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::lanes::fold;
use super::norm::check_like;
use super::rows::{Row, all};
use super::split::split;
use super::view::View;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, reject};

const HALVES: &[aclDataType] = &[ACL_BF16, ACL_FLOAT16];
const LARGEST: f32 = 127.0;
const SMALLEST: f32 = -128.0;

/// A scale for each row, `max|x| / 127`.
pub(crate) fn aclnnDynamicQuantGetWorkspaceSize(
    x: *const aclTensor,
    smooth_scales: *const aclTensor,
    y_out: *const aclTensor,
    scale_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let nothing = std::ptr::null();
    dynamic(Call::new("aclnnDynamicQuant"), [x, smooth_scales, nothing, y_out, scale_out, nothing], ws, executor)
}

/// As V1; with `offsetOut` a row's range is spread over all of int8. Groups of rows have smoothing scales of their own.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnDynamicQuantV2GetWorkspaceSize(
    x: *const aclTensor,
    smooth_scales: *const aclTensor,
    group_index: *const aclTensor,
    dst_type: i64,
    y_out: *const aclTensor,
    scale_out: *const aclTensor,
    offset_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnDynamicQuantV2";
    check_target(NAME, dst_type)?;
    dynamic(Call::new(NAME), [x, smooth_scales, group_index, y_out, scale_out, offset_out], ws, executor)
}

fn check_target(name: &str, dst_type: i64) -> Outcome {
    check!(
        dst_type == ACL_INT8.0 as i64,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{name}: dstType is {dst_type}; the simulator takes {} (int8)",
        ACL_INT8.0
    );
    Ok(())
}

fn dynamic(
    mut call: Call,
    [x, smooth, groups, y, scale, offset]: [*const aclTensor; 6],
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    let name = call.name();
    let x = call.input("x", x)?;
    let smooth = call.optional_input("smoothScalesOptional", smooth)?;
    let groups = call.optional_input("groupIndexOptional", groups)?;
    let (y, scale) = (call.output("yOut", y)?, call.output("scaleOut", scale)?);
    let offset = call.optional_output("offsetOut", offset)?;
    check_dtype(name, "x", &x, HALVES)?;
    let Some((&n, lead)) = x.dims.split_last().filter(|(_, lead)| !lead.is_empty()) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{name}: x is {}-D; 2-D or more is needed", x.rank())
    };
    check_dtype(name, "yOut", &y, &[ACL_INT8])?;
    check_shape(name, "yOut", &y, &x.dims)?;
    for (param, t) in [("scaleOut", Some(&scale)), ("offsetOut", offset.as_ref())] {
        let Some(t) = t else { continue };
        check_dtype(name, param, t, &[ACL_FLOAT])?;
        check_shape(name, param, t, lead)?;
        check_writable(name, param, t)?;
    }
    check_writable(name, "yOut", &y)?;
    let rows: usize = lead.iter().product();
    if let Some(groups) = &groups {
        check_dtype(name, "groupIndexOptional", groups, &[ACL_INT32])?;
        check!(groups.rank() == 1, ACLNN_ERR_PARAM_INVALID, "{name}: groupIndexOptional is {}-D; 1-D is needed", groups.rank());
        check!(smooth.is_some(), ACLNN_ERR_PARAM_INVALID, "{name}: smoothScalesOptional is null with groupIndexOptional");
    }
    if let Some(smooth) = &smooth {
        check_same_dtype(name, "smoothScalesOptional", smooth, "x", x.dtype)?;
        let dims = groups.as_ref().map_or(vec![n], |groups| vec![groups.numel(), n]);
        check_shape(name, "smoothScalesOptional", smooth, &dims)?;
    }
    let [x, y, scale] = [x, y, scale].map(|t| View::new(&t));
    let [smooth, groups, offset] = [smooth, groups, offset].map(|t| t.map(|t| View::new(&t)));
    call.finish(ws, executor, move || {
        let smooth = smooth.as_ref().map(all::<f32>);
        let ends = groups.as_ref().map_or_else(|| vec![rows as i64], all::<i64>);
        split(rows, n, |range| {
            let (mut row, mut result) = (Row::new(n), Row::new(n));
            for r in range {
                let values = result.room(n);
                values.copy_from_slice(row.load(&x, r * n, n));
                if let Some(smooth) = &smooth {
                    // Rows beyond the last group take its scales.
                    let group = ends.iter().position(|&end| (r as i64) < end).unwrap_or(ends.len().max(1) - 1);
                    values.iter_mut().zip(&smooth[group * n..]).for_each(|(v, s)| *v *= s);
                }
                let (step, zero) = if offset.is_some() { spread(values) } else { (symmetric(values), 0.0) };
                quantise(values, |v| if step == 0.0 { zero } else { v / step + zero });
                y.store(r * n, values);
                scale.store(r, &[step]);
                if let Some(offset) = &offset {
                    offset.store(r, &[zero]);
                }
            }
        })
    })
}

fn largest(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    fold(values, f32::NEG_INFINITY, |m, v| if of(v) > m { of(v) } else { m }, f32::max)
}

/// The step of a row that is symmetric about 0.
pub(super) fn symmetric(values: &[f32]) -> f32 {
    largest(values, f32::abs).max(0.0) / LARGEST
}

/// The step and the offset of a row whose range covers int8.
fn spread(values: &[f32]) -> (f32, f32) {
    let (high, low) = (largest(values, |v| v), -largest(values, |v| -v));
    let step = (high - low) / (LARGEST - SMALLEST);
    (step, if step > 0.0 { LARGEST - high / step } else { 0.0 })
}

/// Rounds `of` each to the nearest int8, as a float.
pub(super) fn quantise(values: &mut [f32], of: impl Fn(f32) -> f32) {
    values.iter_mut().for_each(|v| *v = of(*v).round_ties_even().clamp(SMALLEST, LARGEST));
}

/// `y = round(x * scale + offset)`; `sqrtMode` squares the scale.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAscendQuantV3GetWorkspaceSize(
    x: *const aclTensor,
    scale: *const aclTensor,
    offset: *const aclTensor,
    sqrt_mode: bool,
    round_mode: *const c_char,
    dst_type: i32,
    axis: i32,
    y: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAscendQuantV3";
    let mut call = Call::new(NAME);
    let (x, scale) = (call.input("x", x)?, call.input("scale", scale)?);
    let offset = call.optional_input("offset", offset)?;
    let y = call.output("y", y)?;
    let round: fn(f32) -> f32 = match call.text("roundMode", round_mode)?.as_str() {
        "round" => f32::round_ties_even,
        "floor" => f32::floor,
        "ceil" => f32::ceil,
        "trunc" => f32::trunc,
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: roundMode is {other:?}; round, floor, ceil and trunc are taken"),
    };
    check_target(NAME, dst_type as i64)?;
    check_dtype(NAME, "x", &x, FLOATS)?;
    check_dtype(NAME, "y", &y, &[ACL_INT8])?;
    check_shape(NAME, "y", &y, &x.dims)?;
    check_writable(NAME, "y", &y)?;
    let axis = check_dim(NAME, "axis", axis as i64, &x)?;
    let spread = |param: &str, t: &Tensor| -> Outcome<View> {
        check_dtype(NAME, param, t, FLOATS)?;
        let length = if t.rank() == 1 { t.dims[0] } else { t.dims.get(axis).copied().unwrap_or(0) };
        let known = t.rank() == 1 || t.rank() == x.rank();
        check!(
            known && t.numel() == length && (length == 1 || length == x.dims[axis]),
            ACLNN_ERR_PARAM_INVALID,
            "{NAME}: {param} has shape {:?}; 1 or {} elements along axis {axis} are needed",
            t.dims,
            x.dims[axis]
        );
        let stride = t.strides[if t.rank() == 1 { 0 } else { axis }];
        let along = |d: usize| if d == axis && length > 1 { stride } else { 0 };
        Ok(View::of(t, x.dims.iter().enumerate().map(|(d, &dim)| (dim, along(d)))))
    };
    let scale = spread("scale", &scale)?;
    let offset = offset.map(|t| spread("offset", &t)).transpose()?;
    let (x, y) = (View::new(&x), View::new(&y));
    call.finish(ws, executor, move || {
        const BLOCK: usize = 1024;
        split(x.numel().div_ceil(BLOCK), BLOCK, |blocks| {
            let [mut a, mut b, mut c, mut result] = [(); 4].map(|()| Row::new(BLOCK));
            for at in blocks.map(|block| block * BLOCK) {
                let n = BLOCK.min(x.numel() - at);
                let (x, scale, to) = (a.load(&x, at, n), b.load(&scale, at, n), result.room(n));
                for i in 0..n {
                    to[i] = x[i] * scale[i] * if sqrt_mode { scale[i] } else { 1.0 };
                }
                if let Some(offset) = &offset {
                    to.iter_mut().zip(c.load(offset, at, n)).for_each(|(v, o)| *v += o);
                }
                to.iter_mut().for_each(|v| *v = round(*v).clamp(SMALLEST, LARGEST));
                y.store(at, to);
            }
        })
    })
}

/// `xOut = x1 + x2` rounded, its RMS norm `y`, and `round(y / scales + zeroPoints)` of that, or `y * scales`; twice if there are
/// second scales.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAddRmsNormQuantGetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    gamma: *const aclTensor,
    scales1: *const aclTensor,
    scales2: *const aclTensor,
    zero_points1: *const aclTensor,
    zero_points2: *const aclTensor,
    axis: i64,
    epsilon: f64,
    div_mode: bool,
    y1_out: *const aclTensor,
    y2_out: *const aclTensor,
    x_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAddRmsNormQuant";
    let mut call = Call::new(NAME);
    let sum = Sum::read(&mut call, NAME, [x1, x2, gamma, x_out], epsilon)?;
    check!(axis == -1, ACLNN_ERR_PARAM_INVALID, "{NAME}: axis is {axis}; -1 is taken");
    let mut targets = Vec::new();
    for (required, names, [scales, zeros, y]) in [
        (true, ["scales1", "zeroPoints1Optional", "y1Out"], [scales1, zero_points1, y1_out]),
        (false, ["scales2Optional", "zeroPoints2Optional", "y2Out"], [scales2, zero_points2, y2_out]),
    ] {
        if !required && scales.is_null() {
            call.absent(names[1], zeros)?;
            continue;
        }
        let scales = call.input(names[0], scales)?;
        check_dtype(NAME, names[0], &scales, FLOATS)?;
        check_shape(NAME, names[0], &scales, &sum.gamma_dims)?;
        let zeros = call.optional_input(names[1], zeros)?;
        if let Some(zeros) = &zeros {
            check_dtype(NAME, names[1], zeros, &[ACL_INT32, ACL_FLOAT, ACL_BF16, ACL_FLOAT16])?;
            check_shape(NAME, names[1], zeros, &sum.gamma_dims)?;
        }
        let y = call.output(names[2], y)?;
        sum.check_quantised(NAME, names[2], &y)?;
        targets.push((View::new(&scales), zeros.map(|t| View::new(&t)), View::new(&y)));
    }
    call.finish(ws, executor, move || {
        let targets: Vec<_> = targets.iter().map(|(s, z, y)| (all::<f32>(s), z.as_ref().map(all::<f32>), y)).collect();
        sum.run(|r, y, result| {
            for (scales, zeros, out) in &targets {
                for (i, to) in result.iter_mut().enumerate() {
                    let scaled = if div_mode { y[i] / scales[i] } else { y[i] * scales[i] };
                    *to = scaled + zeros.as_ref().map_or(0.0, |z| z[i]);
                }
                quantise(result, |v| v);
                out.store(r * y.len(), result);
            }
        })
    })
}

/// As above, with a scale for each row found from it, after smoothing.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAddRmsNormDynamicQuantGetWorkspaceSize(
    x1: *const aclTensor,
    x2: *const aclTensor,
    gamma: *const aclTensor,
    smooth_scale1: *const aclTensor,
    smooth_scale2: *const aclTensor,
    epsilon: f64,
    y1_out: *const aclTensor,
    y2_out: *const aclTensor,
    x_out: *const aclTensor,
    scale1_out: *const aclTensor,
    scale2_out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAddRmsNormDynamicQuant";
    let mut call = Call::new(NAME);
    let sum = Sum::read(&mut call, NAME, [x1, x2, gamma, x_out], epsilon)?;
    let mut targets = Vec::new();
    for (required, names, [smooth, y, scale]) in [
        (true, ["smoothScale1Optional", "y1Out", "scale1Out"], [smooth_scale1, y1_out, scale1_out]),
        (false, ["smoothScale2Optional", "y2Out", "scale2Out"], [smooth_scale2, y2_out, scale2_out]),
    ] {
        let smooth = call.optional_input(names[0], smooth)?;
        if !required && smooth.is_none() {
            continue;
        }
        if let Some(smooth) = &smooth {
            check_dtype(NAME, names[0], smooth, FLOATS)?;
            check_shape(NAME, names[0], smooth, &sum.gamma_dims)?;
        }
        let (y, scale) = (call.output(names[1], y)?, call.output(names[2], scale)?);
        sum.check_quantised(NAME, names[1], &y)?;
        check_dtype(NAME, names[2], &scale, &[ACL_FLOAT])?;
        check_shape(NAME, names[2], &scale, &sum.lead)?;
        check_writable(NAME, names[2], &scale)?;
        targets.push((smooth.map(|t| View::new(&t)), View::new(&y), View::new(&scale)));
    }
    call.finish(ws, executor, move || {
        let targets: Vec<_> = targets.iter().map(|(s, y, scale)| (s.as_ref().map(all::<f32>), y, scale)).collect();
        sum.run(|r, y, result| {
            for (smooth, out, scale) in &targets {
                result.copy_from_slice(y);
                if let Some(smooth) = smooth {
                    result.iter_mut().zip(smooth).for_each(|(v, s)| *v *= s);
                }
                let step = symmetric(result);
                quantise(result, |v| if step == 0.0 { 0.0 } else { v / step });
                out.store(r * y.len(), result);
                scale.store(r, &[step]);
            }
        })
    })
}

/// `x1 + x2` and the norm of that, checked.
struct Sum {
    x1: View,
    x2: View,
    x: View,
    gamma: View,
    gamma_dims: Vec<usize>,
    /// Dims of the rows, and all dims.
    lead: Vec<usize>,
    dims: Vec<usize>,
    epsilon: f32,
}

impl Sum {
    fn read(call: &mut Call, name: &str, [x1, x2, gamma, x]: [*const aclTensor; 4], epsilon: f64) -> Outcome<Sum> {
        let (x1, x2, gamma) = (call.input("x1", x1)?, call.input("x2", x2)?, call.input("gamma", gamma)?);
        let x = call.output("xOut", x)?;
        check_dtype(name, "x1", &x1, FLOATS)?;
        check_same_dtype(name, "x2", &x2, "x1", x1.dtype)?;
        check_shape(name, "x2", &x2, &x1.dims)?;
        check_same_dtype(name, "gamma", &gamma, "x1", x1.dtype)?;
        check!(
            gamma.rank() == 1 && x1.dims.last() == gamma.dims.first(),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: gamma has shape {:?}, which is not the end of x1's {:?}",
            gamma.dims,
            x1.dims
        );
        check_like(name, "xOut", &x, "x1", &x1)?;
        Ok(Sum {
            gamma_dims: gamma.dims.to_vec(),
            lead: x1.dims[..x1.rank() - 1].to_vec(),
            dims: x1.dims.to_vec(),
            epsilon: epsilon as f32,
            x1: View::new(&x1),
            x2: View::new(&x2),
            x: View::new(&x),
            gamma: View::new(&gamma),
        })
    }

    fn check_quantised(&self, name: &str, param: &str, y: &Tensor) -> Outcome {
        check_dtype(name, param, y, &[ACL_INT8])?;
        check_shape(name, param, y, &self.dims)?;
        check_writable(name, param, y)
    }

    /// Calls `finish` with each row's number, its norm and room for a result.
    fn run(&self, finish: impl Fn(usize, &[f32], &mut [f32]) + Sync) {
        let gamma = all::<f32>(&self.gamma);
        let n = gamma.len();
        split(self.x.rows(n), n, |rows| {
            let [mut left, mut right, mut norm, mut result] = [(); 4].map(|()| Row::new(n));
            for r in rows {
                let (a, b, y) = (left.load(&self.x1, r * n, n), right.load(&self.x2, r * n, n), norm.room(n));
                y.iter_mut().zip(a.iter().zip(b)).for_each(|(y, (a, b))| *y = a + b);
                self.x.store(r * n, y);
                // The norm is of what was stored, rounded.
                let x = left.load(&self.x, r * n, n);
                let squares = fold(x, 0.0, |sum, x| sum + x * x, |a, b| a + b);
                let scale = 1.0 / (squares / n as f32 + self.epsilon).sqrt();
                for i in 0..n {
                    y[i] = x[i] * scale * gamma[i];
                }
                finish(r, y, result.room(n));
            }
        })
    }
}

#[cfg(test)]
mod tests;
