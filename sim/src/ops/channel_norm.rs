//! `aclnnBatchNorm` with its gradient, and the gradient of `aclnnGroupNorm`: norms over images with a factor and an offset by channel.
//!
//! Sums in f64, one channel or group after the other, so that their order depends on the shape alone.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::norm::check_like;
use super::rows::{Parts, Row, all};
use super::split::split;
use super::view::View;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};

mod batch;
mod group;

pub(crate) use {batch::*, group::*};

/// `[N, C, ..]` with the channels first: each channel is a range of the line.
fn by_channel(t: &Tensor) -> View {
    View::ordered(t, [1, 0].into_iter().chain(2..t.rank()))
}

/// Elements of the images, of which `[N, C, ..]` has at least two dims.
fn check_images(name: &str, param: &str, t: &Tensor) -> Outcome {
    check_dtype(name, param, t, FLOATS)?;
    check!((2..=5).contains(&t.rank()), ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {}-D; 2 to 5 dims are taken", t.rank());
    Ok(())
}

/// A number for each channel, where there are such.
fn per_channel(call: &mut Call, param: &'static str, handle: *const aclTensor, channels: usize) -> Outcome<Option<View>> {
    let Some(t) = call.optional_input(param, handle)? else { return Ok(None) };
    check_dtype(call.name(), param, &t, FLOATS)?;
    check_shape(call.name(), param, &t, &[channels])?;
    Ok(Some(View::new(&t)))
}

/// The numbers of channels, or `missing` for each.
fn numbers(view: &Option<View>, channels: usize, missing: f32) -> Vec<f32> {
    view.as_ref().map_or_else(|| vec![missing; channels], all::<f32>)
}

/// A result for each channel that `wanted` asks for.
fn result(
    call: &mut Call,
    param: &'static str,
    handle: *const aclTensor,
    channels: usize,
    wanted: bool,
) -> Outcome<Option<View>> {
    if !wanted {
        return Ok(None);
    }
    let t = call.output(param, handle)?;
    check_dtype(call.name(), param, &t, FLOATS)?;
    check_shape(call.name(), param, &t, &[channels])?;
    check_writable(call.name(), param, &t)?;
    Ok(Some(View::new(&t)))
}

/// `outputMask`, of three.
fn wanted(call: &Call, mask: *const aclBoolArray) -> Outcome<[bool; 3]> {
    let name = call.name();
    let mask = call.bool_array("outputMask", mask)?;
    let Ok(three) = <[bool; 3]>::try_from(mask.as_slice()) else {
        crate::reject::reject!(ACLNN_ERR_PARAM_INVALID, "{name}: outputMask has {} flags; 3 are needed", mask.len())
    };
    Ok(three)
}

#[cfg(test)]
mod tests;
