//! `aclnnAvgPool2d` and `aclnnMaxPool`: one number of each window of an image.

use ascend_rl_sys::types::*;
use half::f16;

use super::{Axis, check_format, numbers, pair};
use crate::convert::Float;
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::Row;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// The mean of each window: by the places in the image and its padding, by those in the image alone, or by `divisorOverride`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAvgPool2dGetWorkspaceSize(
    self_: *const aclTensor,
    kernel_size: *const aclIntArray,
    strides: *const aclIntArray,
    paddings: *const aclIntArray,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: i64,
    cube_math_type: i8,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAvgPool2d";
    let mut call = Call::new(NAME);
    let (x, y) = (call.input("self", self_)?, call.output("out", out)?);
    check_image(NAME, &x, &y, FLOATS)?;
    let format = if x.rank() == 4 { ACL_FORMAT_NCHW } else { ACL_FORMAT_NCL };
    check_format(NAME, "self", self_, format)?;
    check_format(NAME, "out", out, format)?;
    match cube_math_type {
        0 => {}
        // Less precision for f32 is not A2's, nor f16 in the place of bf16; other floats stay what they are.
        1 if x.dtype != ACL_FLOAT => {}
        2 if x.dtype != ACL_BF16 => {}
        other => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: cubeMathType is {other}, which {} does not take on A2", name(x.dtype)),
    }
    let kernel = pair(&numbers(&call, "kernelSize", kernel_size, &[1, 2], 1)?, [1, 1]);
    let strides = pair(&numbers(&call, "strides", strides, &[0, 1, 2], 1)?, kernel);
    let padding = pair(&numbers(&call, "paddings", paddings, &[1, 2], 0)?, [0, 0]);
    check!(
        (0..2).all(|d| padding[d] <= kernel[d] / 2),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: paddings is {padding:?}; at most half of kernelSize, {kernel:?}, is taken"
    );
    let axes = axes(NAME, &x, ("out", &y), kernel, strides, padding.map(|p| [p, p]), ceil_mode)?;
    let counted = move |d: usize, window: usize| {
        if count_include_pad { axes[d].padded_taps(window) } else { axes[d].taps_of(window).count() }
    };
    // USE_FP16: what is read, and the mean of it, are rounded to f16.
    let halves = cube_math_type == 2;
    let rounded = move |v: f32| if halves { f16::narrow(v).widen() } else { v };
    plan(call, (x, y), axes, ws, executor, move |image, v, h| {
        let (width, mut sum) = (axes[1].places, 0.0);
        for row in axes[0].taps_of(v) {
            for column in axes[1].taps_of(h) {
                sum += rounded(image[row * width + column]);
            }
        }
        rounded(sum / if divisor_override != 0 { divisor_override as f32 } else { (counted(0, v) * counted(1, h)) as f32 })
    })
}

/// The largest of each window, of the places in the image.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMaxPoolGetWorkspaceSize(
    self_: *const aclTensor,
    kernel_shape: *const aclIntArray,
    strides: *const aclIntArray,
    auto_pad: i64,
    pads: *const aclIntArray,
    dilations: *const aclIntArray,
    ceil_mode: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMaxPool";
    let mut call = Call::new(NAME);
    let (x, y) = (call.input("self", self_)?, call.output("out", out)?);
    check_image(NAME, &x, &y, &[ACL_FLOAT, ACL_FLOAT16])?;
    check!(auto_pad == 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: autoPad is {auto_pad}; 0 (NOTSET) is taken");
    let kernel = pair(&numbers(&call, "kernelShape", kernel_shape, &[1, 2], 1)?, [1, 1]);
    let strides = pair(&numbers(&call, "strides", strides, &[0, 1, 2], 1)?, [1, 1]);
    let dilations = numbers(&call, "dilations", dilations, &[0, 1, 2, 4], 1)?;
    check!(dilations.iter().all(|&d| d == 1), ACLNN_ERR_PARAM_INVALID, "{NAME}: dilations is {dilations:?}; 1 is taken");
    // Four are the beginnings of both dims, then the ends.
    let pads = match numbers(&call, "pads", pads, &[0, 1, 2, 4], 0)?[..] {
        [top, left, bottom, right] => [[top, bottom], [left, right]],
        ref few => pair(few, [0, 0]).map(|p| [p, p]),
    };
    check!(
        (0..2).all(|d| pads[d][0] + pads[d][1] <= kernel[d]),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: pads is {pads:?} for height and width; no two together may be above kernelShape, {kernel:?}"
    );
    let axes = axes(NAME, &x, ("out", &y), kernel, strides, pads, ceil_mode != 0)?;
    plan(call, (x, y), axes, ws, executor, move |image, v, h| {
        let (width, mut most) = (axes[1].places, f32::NEG_INFINITY);
        for row in axes[0].taps_of(v) {
            for column in axes[1].taps_of(h) {
                let value = image[row * width + column];
                most = if value > most || value.is_nan() { value } else { most };
            }
        }
        most
    })
}

pub(super) fn check_image(name: &str, x: &Tensor, y: &Tensor, takes: &[aclDataType]) -> Outcome {
    check_dtype(name, "self", x, takes)?;
    check_same_dtype(name, "out", y, "self", x.dtype)?;
    let rank = x.rank();
    check!(matches!(rank, 3 | 4), ACLNN_ERR_PARAM_INVALID, "{name}: self is {rank}-D; 3 or 4 dims are taken");
    check!(x.numel() > 0, ACLNN_ERR_PARAM_INVALID, "{name}: self has shape {:?}; it must not be empty", x.dims);
    Ok(())
}

/// Height and width, as many windows as fit; with `ceil` one more where part of it does, if it begins in the image or before.
pub(super) fn axes(
    name: &str,
    x: &Tensor,
    (y_param, y): (&str, &Tensor),
    kernel: [usize; 2],
    strides: [usize; 2],
    padding: [[usize; 2]; 2],
    ceil: bool,
) -> Outcome<[Axis; 2]> {
    let first = x.rank() - 2;
    let mut dims = x.dims.to_vec();
    let mut axes = [Axis { places: 1, windows: 1, taps: 1, stride: 1, dilation: 1, padding: 0 }; 2];
    for d in 0..2 {
        let (places, taps, stride, [before, after]) = (x.dims[first + d], kernel[d], strides[d], padding[d]);
        let Some(rest) = (places + before + after).checked_sub(taps) else {
            reject!(ACLNN_ERR_PARAM_INVALID, "{name}: the window is {kernel:?}, larger than self's {:?} with its padding", x.dims)
        };
        let mut windows = if ceil { rest.div_ceil(stride) } else { rest / stride } + 1;
        if ceil && (windows - 1) * stride >= places + before {
            windows -= 1;
        }
        dims[first + d] = windows;
        axes[d] = Axis { places, windows, taps, stride, dilation: 1, padding: before };
    }
    check_shape(name, y_param, y, &dims)?;
    if y_param == "out" {
        check_writable(name, y_param, y)?;
    }
    Ok(axes)
}

/// Ends phase one: `value(image, row, column)` of each window.
fn plan(
    call: Call,
    (x, y): (Tensor, Tensor),
    [height, width]: [Axis; 2],
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
    value: impl Fn(&[f32], usize, usize) -> f32 + Send + Sync + 'static,
) -> Outcome {
    let (from, to) = (View::new(&x), View::new(&y));
    let (places, windows) = (height.places * width.places, height.windows * width.windows);
    call.finish(ws, executor, move || {
        split(from.rows(places), windows * height.taps * width.taps, |images| {
            let (mut image, mut result) = (Row::new(places), Row::new(windows));
            for at in images {
                let (image, room) = (image.load(&from, at * places, places), result.room(windows));
                for (i, out) in room.iter_mut().enumerate() {
                    *out = value(image, i / width.windows, i % width.windows);
                }
                to.store(at * windows, room);
            }
        })
    })
}
