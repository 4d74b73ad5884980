//! Operators that move a window over images: convolution, pooling, windows as columns, and images of other sizes.
//!
//! May use: what operators share. Must not: know other families. Does not cover yet: channels last (refused by name), 3-D pooling.

mod convolution;
mod convolution_grad;
mod im2col;
mod pool;
mod pool_grad;
mod upsample;

use std::ops::Range;

use ascend_rl_sys::types::*;

pub(crate) use convolution::*;
pub(crate) use convolution_grad::*;
pub(crate) use im2col::*;
pub(crate) use pool::*;
pub(crate) use pool_grad::*;
pub(crate) use upsample::*;

use super::call::Call;
use crate::reject::{Outcome, check, reject};

/// How a window moves along one dim of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    /// Places of the image.
    places: usize,
    /// Windows that there are.
    windows: usize,
    /// Taps of a window.
    taps: usize,
    /// Places from a window to the next.
    stride: usize,
    /// Places from a tap to the next.
    dilation: usize,
    /// Places before the image that the first window begins at.
    padding: usize,
}

impl Axis {
    /// The place of a tap of a window; `None` outside the image.
    fn place(&self, window: usize, tap: usize) -> Option<usize> {
        (window * self.stride + tap * self.dilation).checked_sub(self.padding).filter(|&place| place < self.places)
    }

    /// The windows of which a tap lies in the image.
    fn inside(&self, tap: usize) -> Range<usize> {
        let reach = tap * self.dilation;
        let first = self.padding.saturating_sub(reach).div_ceil(self.stride);
        let end = (self.places + self.padding).saturating_sub(reach).div_ceil(self.stride).min(self.windows);
        first.min(end)..end
    }

    /// How many taps of a window lie in the image or its padding: it may reach beyond both.
    fn padded_taps(&self, window: usize) -> usize {
        let Axis { places, stride, taps, padding, .. } = *self;
        (window * stride + taps).min(places + 2 * padding) - window * stride
    }

    /// The taps of a window that lie in the image.
    fn taps_of(&self, window: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.taps).filter_map(move |tap| self.place(window, tap))
    }
}

/// Refuses any format but `format`. Channels last are CANN's too, on other chips or in other operators.
fn check_format(name: &str, param: &str, handle: *const aclTensor, format: aclFormat) -> Outcome {
    let given = crate::nn::resolve_described(handle, name, param)?.format;
    check!(given == format, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has format {}; {} is needed", given.0, format.0);
    Ok(())
}

/// The numbers of a host array, of which there are as many as `takes` has, and none below `least`.
fn numbers(call: &Call, param: &'static str, array: *const aclIntArray, takes: &[usize], least: i64) -> Outcome<Vec<usize>> {
    let name = call.name();
    let Some(values) = call.int_array(param, array)? else { reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: {param} is null") };
    check!(takes.contains(&values.len()), ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {values:?}; {takes:?} numbers are taken");
    check!(
        values.iter().all(|&v| (least..=i32::MAX as i64).contains(&v)),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: {param} is {values:?}; none may be below {least}"
    );
    Ok(values.into_iter().map(|v| v as usize).collect())
}

/// Of height and width: one number stands for both, none for `missing`.
fn pair(values: &[usize], missing: [usize; 2]) -> [usize; 2] {
    match *values {
        [] => missing,
        [both] => [both, both],
        [height, width, ..] => [height, width],
    }
}

#[cfg(test)]
mod tests;
