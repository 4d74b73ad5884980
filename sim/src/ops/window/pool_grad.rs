//! Gradients of pooling, and pooling that leaves what they need: `aclnnMaxPool2dWithMask`, `aclnnMaxPool2dWithMaskBackward`,
//! `aclnnAvgPool2dBackward`.
//!
//! The mask has a row for each tap of the window and in it a bit for each window, 1 where that tap was its largest. Its size is CANN's;
//! what is in it is between the two operators, which is all that CANN's documents say of it.

use ascend_rl_sys::types::*;

use super::pool::{axes, check_image};
use super::{Axis, numbers, pair};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::Row;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check};

/// Windows that a row of the mask is rounded up to, and its bytes for each of these.
const WINDOWS: usize = 16;
const BYTES: usize = 32;

/// The largest of each window, and which of its taps it was.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMaxPool2dWithMaskGetWorkspaceSize(
    self_: *const aclTensor,
    kernel_size: *const aclIntArray,
    stride: *const aclIntArray,
    padding: *const aclIntArray,
    dilation: *const aclIntArray,
    ceil_mode: bool,
    out: *mut aclTensor,
    indices: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMaxPool2dWithMask";
    let mut call = Call::new(NAME);
    let (x, y) = (call.input("self", self_)?, call.output("out", out)?);
    let mask = call.output("indices", indices)?;
    check_image(NAME, &x, &y, FLOATS)?;
    let [height, width] = windows(&call, ("out", &y), &x, [kernel_size, stride, padding], (Some(dilation), ceil_mode))?;
    let row_bytes = check_mask(NAME, &mask, &x, height, width)?;
    let [from, to, mask] = [x, y, mask].map(|t| View::new(&t));
    let (places, windows, taps) = (height.places * width.places, height.windows * width.windows, height.taps * width.taps);
    call.finish(ws, executor, move || {
        split(from.rows(places), windows * taps, |images| {
            let (mut image, mut result) = (Row::new(places), Row::new(windows));
            for at in images {
                let (image, room) = (image.load(&from, at * places, places), result.room(windows));
                let mut bits = vec![0i64; taps * row_bytes];
                for (window, out) in room.iter_mut().enumerate() {
                    let mut most = (f32::NEG_INFINITY, usize::MAX);
                    for (tap, place) in taps_of([height, width], window) {
                        if image[place] > most.0 || image[place].is_nan() || most.1 == usize::MAX {
                            most = (image[place], tap);
                        }
                    }
                    *out = most.0;
                    if most.1 != usize::MAX {
                        bits[most.1 * row_bytes + window / 8] |= 1 << (window % 8);
                    }
                }
                to.store(at * windows, room);
                mask.store(at * taps * row_bytes, &bits);
            }
        })
    })
}

/// The gradient of that: each window's goes to the place of its largest.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMaxPool2dWithMaskBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    indices: *const aclTensor,
    kernel_size: *const aclIntArray,
    stride: *const aclIntArray,
    padding: *const aclIntArray,
    dilation: *const aclIntArray,
    ceil_mode: bool,
    grad_input: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMaxPool2dWithMaskBackward";
    let mut call = Call::new(NAME);
    let (d, x, mask) = (call.input("gradOutput", grad_output)?, call.input("self", self_)?, call.input("indices", indices)?);
    let dx = call.output("gradInput", grad_input)?;
    check_gradient(NAME, &x, &d, &dx)?;
    let [height, width] = windows(&call, ("gradOutput", &d), &x, [kernel_size, stride, padding], (Some(dilation), ceil_mode))?;
    let row_bytes = check_mask(NAME, &mask, &x, height, width)?;
    let (mask, taps) = (View::new(&mask), height.taps * width.taps);
    spread(call, (&d, &dx), [height, width], (ws, executor), move |at, to, d| {
        let mut room = Row::new(taps * row_bytes);
        // Bytes with a sign, as numbers that f32 holds.
        let bits = room.load(&mask, at * taps * row_bytes, taps * row_bytes);
        for (window, d) in d.iter().enumerate() {
            for (tap, place) in taps_of([height, width], window) {
                let byte = bits[tap * row_bytes + window / 8] as i64;
                to[place] += if byte >> (window % 8) & 1 == 1 { *d } else { 0.0 };
            }
        }
    })
}

/// The gradient of `aclnnAvgPool2d`: each window's goes to all of its places, over what the mean was divided by.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnAvgPool2dBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    self_: *const aclTensor,
    kernel_size: *const aclIntArray,
    stride: *const aclIntArray,
    padding: *const aclIntArray,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: i64,
    cube_math_type: i8,
    grad_input: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnAvgPool2dBackward";
    let mut call = Call::new(NAME);
    let (d, x) = (call.input("gradOutput", grad_output)?, call.input("self", self_)?);
    let dx = call.output("gradInput", grad_input)?;
    check_gradient(NAME, &x, &d, &dx)?;
    check!(
        (0..=3).contains(&cube_math_type),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: cubeMathType is {cube_math_type}; 0 to 3 are taken"
    );
    let halves = cube_math_type == 2 && x.dtype == ACL_FLOAT;
    check!(
        !halves,
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: cubeMathType 2 (USE_FP16) of f32 is not supported by the simulator; pass 0"
    );
    let given = [kernel_size, stride, padding];
    let [height, width] = windows(&call, ("gradOutput", &d), &x, given, (None, ceil_mode))?;
    spread(call, (&d, &dx), [height, width], (ws, executor), move |_, to, d| {
        for (window, d) in d.iter().enumerate() {
            let (v, h) = (window / width.windows, window % width.windows);
            let counted = |axis: &Axis, window: usize| {
                if count_include_pad { axis.padded_taps(window) } else { axis.taps_of(window).count() }
            };
            let divisor =
                if divisor_override != 0 { divisor_override as f32 } else { (counted(&height, v) * counted(&width, h)) as f32 };
            for (_, place) in taps_of([height, width], window) {
                to[place] += d / divisor;
            }
        }
    })
}

/// The taps of a window that lie in the image, by number, and their places.
fn taps_of([height, width]: [Axis; 2], window: usize) -> impl Iterator<Item = (usize, usize)> {
    let (v, h) = (window / width.windows, window % width.windows);
    (0..height.taps * width.taps).filter_map(move |tap| {
        let (row, column) = (height.place(v, tap / width.taps)?, width.place(h, tap % width.taps)?);
        Some((tap, row * width.places + column))
    })
}

/// Both axes, by kernel, stride, padding and dilation; `out` has as many elements as there are windows.
fn windows(
    call: &Call,
    (out_param, out): (&'static str, &Tensor),
    x: &Tensor,
    [kernel, stride, padding]: [*const aclIntArray; 3],
    (dilation, ceil): (Option<*const aclIntArray>, bool),
) -> Outcome<[Axis; 2]> {
    let name = call.name();
    let kernel = pair(&numbers(call, "kernelSize", kernel, &[1, 2], 1)?, [1, 1]);
    let strides = pair(&numbers(call, "stride", stride, &[0, 1, 2], 1)?, kernel);
    let padding = pair(&numbers(call, "padding", padding, &[1, 2], 0)?, [0, 0]);
    check!(
        (0..2).all(|d| padding[d] <= kernel[d] / 2),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: padding is {padding:?}; at most half of kernelSize, {kernel:?}, is taken"
    );
    if let Some(dilation) = dilation {
        let dilation = numbers(call, "dilation", dilation, &[1, 2], 1)?;
        check!(dilation.iter().all(|&d| d == 1), ACLNN_ERR_PARAM_INVALID, "{name}: dilation is {dilation:?}; 1 is taken");
    }
    axes(name, x, (out_param, out), kernel, strides, padding.map(|p| [p, p]), ceil)
}

/// Gives the bytes of one row.
fn check_mask(name: &str, mask: &Tensor, x: &Tensor, height: Axis, width: Axis) -> Outcome<usize> {
    check_dtype(name, "indices", mask, &[ACL_INT8])?;
    let row = ((height.windows * width.windows).div_ceil(WINDOWS) + 1) * BYTES;
    let mut dims = x.dims.to_vec();
    let last = dims.len();
    (dims[last - 2], dims[last - 1]) = (height.taps * width.taps, row);
    check_shape(name, "indices", mask, &dims)?;
    Ok(row)
}

fn check_gradient(name: &str, x: &Tensor, d: &Tensor, dx: &Tensor) -> Outcome {
    check_dtype(name, "self", x, FLOATS)?;
    check_same_dtype(name, "gradOutput", d, "self", x.dtype)?;
    check_same_dtype(name, "gradInput", dx, "self", x.dtype)?;
    let rank = x.rank();
    check!(matches!(rank, 3 | 4), ACLNN_ERR_PARAM_INVALID, "{name}: self is {rank}-D; 3 or 4 dims are taken");
    check_shape(name, "gradInput", dx, &x.dims)?;
    check_writable(name, "gradInput", dx)
}

/// Ends phase one: `add(image's number, its gradient, gradients of its windows)`, image by image.
fn spread(
    call: Call,
    (d, dx): (&Tensor, &Tensor),
    [height, width]: [Axis; 2],
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
    add: impl Fn(usize, &mut [f32], &[f32]) + Send + Sync + 'static,
) -> Outcome {
    let (d, dx) = (View::new(d), View::new(dx));
    let (places, windows) = (height.places * width.places, height.windows * width.windows);
    call.finish(ws, executor, move || {
        split(dx.rows(places), windows * height.taps * width.taps, |images| {
            let (mut of_windows, mut sums) = (Row::new(windows), vec![0.0; places]);
            for at in images {
                sums.fill(0.0);
                add(at, &mut sums, of_windows.load(&d, at * windows, windows));
                dx.store(at * places, &sums);
            }
        })
    })
}

#[cfg(test)]
mod tests;
