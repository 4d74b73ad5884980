//! `aclnnConvolutionBackward`: the gradients of a convolution and of its transpose. Sums in f32, of rows in f64.

use std::ffi::c_int;

use ascend_rl_sys::types::*;

use super::convolution::{Shape, ends_of};
use super::{Axis, check_format, numbers};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::in_halves;
use crate::ops::rows::all;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};
use crate::simd::vectorized;

/// What `outputMask` names of the gradients by `input`, by `weight` and by the bias: with `transposed`, of the convolution's
/// transpose. A gradient that it does not name is neither needed nor touched.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnConvolutionBackwardGetWorkspaceSize(
    grad_output: *const aclTensor,
    input: *const aclTensor,
    weight: *const aclTensor,
    bias_sizes: *const aclIntArray,
    stride: *const aclIntArray,
    padding: *const aclIntArray,
    dilation: *const aclIntArray,
    transposed: bool,
    output_padding: *const aclIntArray,
    groups: c_int,
    output_mask: *const aclBoolArray,
    cube_math_type: i8,
    grad_input: *mut aclTensor,
    grad_weight: *mut aclTensor,
    grad_bias: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnConvolutionBackward";
    let mut call = Call::new(NAME);
    let given = [("gradOutput", grad_output), ("input", input), ("weight", weight)];
    let [g, x, w] = [call.input("gradOutput", grad_output)?, call.input("input", input)?, call.input("weight", weight)?];
    let rank = x.rank();
    check!((3..=5).contains(&rank), ACLNN_ERR_PARAM_INVALID, "{NAME}: input is {rank}-D; 3 to 5 dims are taken");
    let format = [ACL_FORMAT_NCL, ACL_FORMAT_NCHW, ACL_FORMAT_NCDHW][rank - 3];
    for ((param, handle), t) in given.into_iter().zip([&g, &x, &w]) {
        check_dtype(NAME, param, t, FLOATS)?;
        check!(t.rank() == rank, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {}-D and input {rank}-D", t.rank());
        check_format(NAME, param, handle, format)?;
    }
    check!(
        (0..=3).contains(&cube_math_type),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: cubeMathType is {cube_math_type}; 0 to 3 are taken"
    );
    // CANN warns where bf16 is to be computed in f16, and goes on without.
    let one_is = |dtype| [&g, &x, &w].iter().any(|t| t.dtype == dtype);
    let halves = cube_math_type == 2 && one_is(ACL_FLOAT) && !one_is(ACL_BF16);

    let space = rank - 2;
    let strides = numbers(&call, "stride", stride, &[space], 1)?;
    let dilations = numbers(&call, "dilation", dilation, &[space], 1)?;
    let ends: &[usize] = if space == 2 { &[2, 4] } else { std::slice::from_ref(&space) };
    let padding = ends_of(space, &numbers(&call, "padding", padding, ends, 0)?);
    // What is not transposed has none, whatever is given.
    let grown = if transposed { numbers(&call, "outputPadding", output_padding, &[space], 0)? } else { vec![0; space] };
    check!(
        grown.iter().zip(strides.iter().zip(&dilations)).all(|(g, (s, d))| g < s || g < d),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: outputPadding is {grown:?}; each must be less than stride or dilation, {strides:?} and {dilations:?}"
    );
    let shape = Shape::new(NAME, &x, &w, groups as i64, transposed)?;
    let (dims, axes) = shape.places(NAME, &x, &w, [&strides, &dilations, &grown], &padding)?;
    check_shape(NAME, "gradOutput", &g, &dims)?;

    let mask = call.bool_array("outputMask", output_mask)?;
    let Ok([by_input, by_weight, by_bias]) = <[bool; 3]>::try_from(mask.as_slice()) else {
        reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: outputMask has {} flags; 3 are needed", mask.len())
    };
    let mut wanted = |named: bool, param, handle: *mut aclTensor, like: (&'static str, aclDataType), dims: &[usize]| {
        if !named {
            return Ok(None);
        }
        let t = call.output(param, handle)?;
        check_same_dtype(NAME, param, &t, like.0, like.1)?;
        check_shape(NAME, param, &t, dims)?;
        if dims.len() > 1 {
            check_format(NAME, param, handle, format)?;
        }
        check_writable(NAME, param, &t)?;
        Ok(Some(View::new(&t)))
    };
    let to_input = wanted(by_input, "gradInput", grad_input, ("input", x.dtype), &x.dims)?;
    let to_weight = wanted(by_weight, "gradWeight", grad_weight, ("weight", w.dtype), &w.dims)?;
    let to_bias = wanted(by_bias, "gradBias", grad_bias, ("gradOutput", g.dtype), &[shape.outputs])?;
    if let Some(sizes) = call.int_array("biasSizes", bias_sizes)?.filter(|_| by_bias) {
        let outputs = shape.outputs as i64;
        check!(sizes == [outputs], ACLNN_ERR_PARAM_INVALID, "{NAME}: biasSizes is {sizes:?}; [{outputs}] is needed");
    }

    let (g, x, w) = (View::new(&g), View::new(&x), View::new(&w));
    call.finish(ws, executor, move || {
        let read = |view: &View| {
            let mut values = all::<f32>(view);
            if halves {
                in_halves::round_values(&mut values);
            }
            values
        };
        let grads = read(&g);
        if let Some(to) = &to_bias {
            bias_gradient(&shape, &grads, to);
        }
        if let Some(to) = &to_weight {
            let inputs = read(&x);
            let (windows, places) = if transposed { (&inputs, &grads) } else { (&grads, &inputs) };
            weight_gradient(&shape, &axes, windows, places, halves, to);
        }
        if let Some(to) = &to_input {
            // From the result back to the input: the transpose of what was computed, with the same weight.
            let Shape { inputs, outputs, .. } = shape;
            let back = Shape { inputs: outputs, outputs: inputs, transposed: !transposed, ..shape };
            back.fill(&axes, &grads, &read(&w), &vec![0.0; inputs], halves, to);
        }
    })
}

/// The sums of each channel.
fn bias_gradient(shape: &Shape, grads: &[f32], to: &View) {
    let plane = grads.len() / (shape.images * shape.outputs).max(1);
    let sum = |channel: usize| {
        let of = |image: usize| &grads[(image * shape.outputs + channel) * plane..][..plane];
        (0..shape.images).flat_map(of).map(|&v| v as f64).sum::<f64>() as f32
    };
    to.store(0, &(0..shape.outputs).map(sum).collect::<Vec<_>>());
}

/// For each pair of channels that a weight connects and each tap: the products of the windows with what the tap sees of them.
fn weight_gradient(shape: &Shape, axes: &[Axis; 3], windows: &[f32], places: &[f32], halves: bool, to: &View) {
    // The channels that windows are of: the results', or the inputs' of a transpose. The others' come in groups.
    let (of_windows, of_places) = if shape.transposed { (shape.inputs, shape.outputs) } else { (shape.outputs, shape.inputs) };
    let (in_group, others) = (of_windows / shape.groups, of_places / shape.groups);
    let kernel: usize = axes.iter().map(|axis| axis.taps).product();
    let (window_plane, place_plane): (usize, usize) =
        (axes.iter().map(|axis| axis.windows).product(), axes.iter().map(|axis| axis.places).product());
    split(of_windows * others, kernel * window_plane * shape.images, |pairs| {
        let mut sums = vec![0.0f32; kernel];
        for pair in pairs {
            let (own, other) = (pair / others, pair / others / in_group * others + pair % others);
            let planes = |image: usize| {
                let windows = &windows[(image * of_windows + own) * window_plane..][..window_plane];
                (windows, &places[(image * of_places + other) * place_plane..][..place_plane])
            };
            for (tap, sum) in sums.iter_mut().enumerate() {
                *sum = vectorized(
                    #[inline(always)]
                    || (0..shape.images).map(|image| seen(axes, tap, planes(image))).sum::<f64>(),
                ) as f32;
            }
            if halves {
                in_halves::round_values(&mut sums);
            }
            to.store(pair * kernel, &sums);
        }
    })
}

/// The sum over windows of what they hold by what the tap sees.
#[inline(always)]
fn seen([depth, height, width]: &[Axis; 3], tap: usize, (windows, places): (&[f32], &[f32])) -> f64 {
    let (d, h, k) = (tap / width.taps / height.taps, tap / width.taps % height.taps, tap % width.taps);
    let range = width.inside(k);
    if range.is_empty() {
        return 0.0;
    }
    let first = range.start * width.stride + k * width.dilation - width.padding;
    let mut sum = 0.0;
    for z in depth.inside(d) {
        let deep = z * depth.stride + d * depth.dilation - depth.padding;
        for v in height.inside(h) {
            let high = v * height.stride + h * height.dilation - height.padding;
            let row = &windows[(z * height.windows + v) * width.windows..][range.clone()];
            let from = &places[(deep * height.places + high) * width.places + first..];
            sum += if width.stride == 1 {
                dot(row, &from[..row.len()]) as f64
            } else {
                row.iter().zip(from.iter().step_by(width.stride)).map(|(&a, &b)| a as f64 * b as f64).sum()
            };
        }
    }
    sum
}

/// In sixteen sums, which become one vector instruction each.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0f32; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    for (a, b) in a.zip(b) {
        for (sum, (x, y)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f32>() + rest
}
