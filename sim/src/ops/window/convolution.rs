//! `aclnnConvolution`: over one, two or three dims, in groups, and its transpose. Sums in f32, an output channel after the other.

use ascend_rl_sys::types::*;

use super::{Axis, check_format, numbers};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::in_halves;
use crate::ops::matmul::check_math_type;
use crate::ops::rows::all;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check};
use crate::simd::vectorized;

/// `output[n, o] = bias[o] + Σ weight[o, i] * input[n, i]`, windows over the dims after the channels; with `transposed` its
/// gradient by `input`, where `weight` is `[in, out, ..]`.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnConvolutionGetWorkspaceSize(
    input: *const aclTensor,
    weight: *const aclTensor,
    bias: *const aclTensor,
    stride: *const aclIntArray,
    padding: *const aclIntArray,
    dilation: *const aclIntArray,
    transposed: bool,
    output_padding: *const aclIntArray,
    groups: i64,
    output: *mut aclTensor,
    cube_math_type: i8,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnConvolution";
    let mut call = Call::new(NAME);
    let (x, w, y) = (call.input("input", input)?, call.input("weight", weight)?, call.output("output", output)?);
    let rank = x.rank();
    check!((3..=5).contains(&rank), ACLNN_ERR_PARAM_INVALID, "{NAME}: input is {rank}-D; 3 to 5 dims are taken");
    let format = [ACL_FORMAT_NCL, ACL_FORMAT_NCHW, ACL_FORMAT_NCDHW][rank - 3];
    for (param, t, handle) in [("input", &x, input), ("weight", &w, weight), ("output", &y, output.cast_const())] {
        check_dtype(NAME, param, t, FLOATS)?;
        check!(t.rank() == rank, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} is {}-D and input {rank}-D", t.rank());
        check_format(NAME, param, handle, format)?;
    }
    let (cube_math_type, halves) = in_halves::resolve(cube_math_type, &x, &w);
    check_math_type(NAME, cube_math_type, promote(x.dtype, w.dtype))?;
    // A convolution's result may be of another float; its transpose's may not.
    if transposed {
        check_same_dtype(NAME, "output", &y, "input with weight", promote(x.dtype, w.dtype))?;
    }
    let space = rank - 2;
    let strides = numbers(&call, "stride", stride, &[space], 1)?;
    let dilations = numbers(&call, "dilation", dilation, &[space], 1)?;
    let ends = match (space, transposed) {
        (1, false) => &[1, 2][..],
        (2, _) => &[2, 4],
        _ => std::slice::from_ref(&space),
    };
    let padding = ends_of(space, &numbers(&call, "padding", padding, ends, 0)?);
    let grown = if transposed { numbers(&call, "outputPadding", output_padding, &[space], 0)? } else { vec![0; space] };
    check!(
        grown.iter().zip(strides.iter().zip(&dilations)).all(|(g, (s, d))| g < s || g < d),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: outputPadding is {grown:?}; each must be less than stride or dilation, {strides:?} and {dilations:?}"
    );
    let shape = Shape::new(NAME, &x, &w, groups, transposed)?;
    let (dims, axes) = shape.places(NAME, &x, &w, [&strides, &dilations, &grown], &padding)?;
    check_shape(NAME, "output", &y, &dims)?;
    check_writable(NAME, "output", &y)?;
    let bias = call.optional_input("bias", bias)?;
    if let Some(bias) = &bias {
        check_dtype(NAME, "bias", bias, FLOATS)?;
        check_shape(NAME, "bias", bias, &[shape.outputs])?;
    }
    let (x, w, y, bias) = (View::new(&x), View::new(&w), View::new(&y), bias.map(|b| View::new(&b)));
    call.finish(ws, executor, move || {
        let (mut x, mut w) = (all::<f32>(&x), all::<f32>(&w));
        let mut bias = bias.as_ref().map_or_else(|| vec![0.0; shape.outputs], all::<f32>);
        if halves {
            [&mut x, &mut w, &mut bias].into_iter().for_each(|values| in_halves::round_values(values));
        }
        shape.fill(&axes, &x, &w, &bias, halves, &y)
    })
}

/// Padding before and after each dim: given once for both, or, of two dims, apart.
pub(super) fn ends_of(space: usize, given: &[usize]) -> Vec<[usize; 2]> {
    if given.len() == space { given.iter().map(|&p| [p, p]).collect() } else { given.chunks(2).map(|p| [p[0], p[1]]).collect() }
}

/// Images and channels.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub images: usize,
    /// Channels of the input, of the output, and how many groups they make.
    pub inputs: usize,
    pub outputs: usize,
    pub groups: usize,
    pub transposed: bool,
}

impl Shape {
    pub(super) fn new(name: &str, x: &Tensor, w: &Tensor, groups: i64, transposed: bool) -> Outcome<Shape> {
        check!((1..=65535).contains(&groups), ACLNN_ERR_PARAM_INVALID, "{name}: groups is {groups}; 1 to 65535 are taken");
        let groups = groups as usize;
        let (inputs, fits) = (x.dims[1], if transposed { w.dims[0] } else { w.dims[1] * groups });
        check!(
            inputs == fits && w.dims[0].is_multiple_of(groups),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: weight has shape {:?} and groups is {groups}, of an input of {inputs} channels",
            w.dims
        );
        let outputs = if transposed { w.dims[1] * groups } else { w.dims[0] };
        Ok(Shape { images: x.dims[0], inputs, outputs, groups, transposed })
    }

    /// The dims of the result, and how windows move along each of three: what the image has not is one place with one tap.
    pub(super) fn places(
        &self,
        name: &str,
        x: &Tensor,
        w: &Tensor,
        [strides, dilations, grown]: [&[usize]; 3],
        padding: &[[usize; 2]],
    ) -> Outcome<(Vec<usize>, [Axis; 3])> {
        let space = x.rank() - 2;
        let mut dims = vec![self.images, self.outputs];
        let mut axes = [Axis { places: 1, windows: 1, taps: 1, stride: 1, dilation: 1, padding: 0 }; 3];
        for d in 0..space {
            let (length, taps, [before, after]) = (x.dims[2 + d], w.dims[2 + d], padding[d]);
            let (stride, dilation) = (strides[d], dilations[d]);
            let reach = taps.saturating_sub(1) * dilation + 1;
            let padded = length + before + after;
            let size = if self.transposed {
                (length.saturating_sub(1) * stride + reach + grown[d]).checked_sub(before + after)
            } else {
                padded.checked_sub(reach).map(|rest| rest / stride + 1)
            };
            check!(
                size.is_some_and(|size| size > 0),
                ACLNN_ERR_PARAM_INVALID,
                "{name}: weight has shape {:?}, which does not fit in input's {:?} with its padding",
                w.dims,
                x.dims
            );
            let size = size.unwrap_or(0);
            dims.push(size);
            // A transpose goes from windows to places.
            let (places, windows) = if self.transposed { (size, length) } else { (length, size) };
            axes[3 - space + d] = Axis { places, windows, taps, stride, dilation, padding: before };
        }
        Ok((dims, axes))
    }

    /// All channels of all images, from what begins each channel.
    pub(super) fn fill(&self, axes: &[Axis; 3], x: &[f32], w: &[f32], begin: &[f32], halves: bool, y: &View) {
        let plane: usize = axes.iter().map(|axis| if self.transposed { axis.places } else { axis.windows }).product();
        split(self.images * self.outputs, plane * self.taps(axes), |range| {
            let mut sums = vec![0.0; plane];
            for at in range {
                sums.fill(begin[at % self.outputs]);
                vectorized(
                    #[inline(always)]
                    || self.channel(at / self.outputs, at % self.outputs, axes, x, w, &mut sums),
                );
                if halves {
                    in_halves::round_values(&mut sums);
                }
                y.store(at * plane, &sums);
            }
        })
    }

    /// Products for each element of the result, about.
    fn taps(&self, axes: &[Axis; 3]) -> usize {
        self.inputs / self.groups * axes.iter().map(|axis| axis.taps).product::<usize>()
    }

    /// Adds up one channel of one image.
    #[inline(always)]
    fn channel(&self, image: usize, output: usize, axes: &[Axis; 3], x: &[f32], w: &[f32], sums: &mut [f32]) {
        let (of_input, of_output) = (self.inputs / self.groups, self.outputs / self.groups);
        let (group, own) = (output / of_output, output % of_output);
        let kernel: usize = axes.iter().map(|axis| axis.taps).product();
        let [depth, height, width] = axes;
        let plane: usize = axes.iter().map(|axis| if self.transposed { axis.windows } else { axis.places }).product();
        for i in 0..of_input {
            let channel = group * of_input + i;
            let from = &x[(image * self.inputs + channel) * plane..][..plane];
            let pair = if self.transposed { channel * of_output + own } else { output * of_input + i };
            let w = &w[pair * kernel..][..kernel];
            for (tap, &weight) in w.iter().enumerate() {
                let (d, h, k) = (tap / width.taps / height.taps, tap / width.taps % height.taps, tap % width.taps);
                let range = width.inside(k);
                if range.is_empty() {
                    continue;
                }
                let first = range.start * width.stride + k * width.dilation - width.padding;
                for z in depth.inside(d) {
                    let deep = z * depth.stride + d * depth.dilation - depth.padding;
                    for v in height.inside(h) {
                        let high = v * height.stride + h * height.dilation - height.padding;
                        let windows = (z * height.windows + v) * width.windows + range.start;
                        let places = (deep * height.places + high) * width.places + first;
                        if self.transposed {
                            add(weight, (&from[windows..], 1), (&mut sums[places..], width.stride), range.len());
                        } else {
                            add(weight, (&from[places..], width.stride), (&mut sums[windows..], 1), range.len());
                        }
                    }
                }
            }
        }
    }
}

/// `to += factor * from`, elements so far apart.
#[inline(always)]
fn add(factor: f32, (from, every): (&[f32], usize), (to, each): (&mut [f32], usize), n: usize) {
    if every == 1 && each == 1 {
        for (to, from) in to[..n].iter_mut().zip(&from[..n]) {
            *to += factor * from;
        }
    } else {
        for (to, from) in to.iter_mut().step_by(each).zip(from.iter().step_by(every)).take(n) {
            *to += factor * from;
        }
    }
}
