//! Random numbers: `aclnnInplaceUniform`, `aclnnInplaceNormal`, `aclnnInplaceRandom`, `aclnnMultinomial`, `aclnnRandperm`.
//!
//! All are Philox by seed and offset: the same two give the same numbers, whatever the number of threads; another offset gives
//! numbers of its own. They are not the numbers of a card, which orders its counters in ways that CANN does not document.

mod multinomial;
mod permutation;
mod philox;

use ascend_rl_sys::types::*;

use self::philox::{Stream, unit};
pub(crate) use multinomial::*;
pub(crate) use permutation::*;

use super::call::Call;
use super::dtypes::*;
use super::element::Lane;
use super::split::split;
use super::view::{BLOCK, View};
use crate::math::log;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};

/// Blocks cost about this many times what filling one does.
const COST: usize = 8;

/// Fills with numbers uniform in `[from, to)`. A narrow dtype may round one up to `to`.
pub(crate) fn aclnnInplaceUniformGetWorkspaceSize(
    self_ref: *const aclTensor,
    from: f64,
    to: f64,
    seed: u64,
    offset: u64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceUniform";
    let (call, view) = target(NAME, self_ref, FLOATS)?;
    let in_order = from <= to;
    check!(in_order, ACLNN_ERR_PARAM_INVALID, "{NAME}: from is {from} and to {to}; from may not be the larger");
    let (stream, width) = (Stream { seed, offset }, (to - from) as f32);
    call.finish(ws, executor, move || fill(&view, |group| stream.group(group).map(|word| from as f32 + width * unit(word))))
}

/// Fills with normal numbers.
pub(crate) fn aclnnInplaceNormalGetWorkspaceSize(
    self_ref: *const aclTensor,
    mean: f32,
    std: f32,
    seed: i64,
    offset: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceNormal";
    let (call, view) = target(NAME, self_ref, FLOATS)?;
    let is_deviation = std >= 0.0;
    check!(is_deviation, ACLNN_ERR_PARAM_INVALID, "{NAME}: std is {std}; 0 or more is taken");
    let stream = Stream { seed: seed as u64, offset: offset as u64 };
    call.finish(ws, executor, move || {
        fill(&view, |group| {
            let [a, b, c, d] = stream.group(group);
            let ([x, y], [z, w]) = (normals(a, b), normals(c, d));
            [x, y, z, w].map(|normal| mean + std * normal)
        })
    })
}

/// Four words of the stream of numbers that a seed and an offset have.
pub(crate) fn four_words(seed: u64, offset: u64, group: u64) -> [u32; 4] {
    Stream { seed, offset }.group(group)
}

/// The same as numbers in [0, 1).
pub(crate) fn four_units(seed: u64, offset: u64, group: u64) -> [f32; 4] {
    four_words(seed, offset, group).map(unit)
}

/// The same as normal numbers.
pub(crate) fn four_normals(seed: u64, offset: u64, group: u64) -> [f32; 4] {
    let [a, b, c, d] = four_words(seed, offset, group);
    let ([x, y], [z, w]) = (normals(a, b), normals(c, d));
    [x, y, z, w]
}

/// Two normal numbers out of two words (Box and Muller).
fn normals(radius: u32, angle: u32) -> [f32; 2] {
    // In (0, 1], whose logarithm is finite.
    let radius = (-2.0 * log(1.0 - unit(radius))).sqrt();
    let (sin, cos) = (std::f32::consts::TAU * unit(angle)).sin_cos();
    [radius * cos, radius * sin]
}

/// Fills with integers uniform in `[from, to)`, in any dtype.
pub(crate) fn aclnnInplaceRandomGetWorkspaceSize(
    self_ref: *const aclTensor,
    from: i64,
    to: i64,
    seed: i64,
    offset: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceRandom";
    let (call, view) = target(NAME, self_ref, NUMBERS)?;
    check!(from < to, ACLNN_ERR_PARAM_INVALID, "{NAME}: from is {from} and to {to}; from must be the smaller");
    let (stream, width) = (Stream { seed: seed as u64, offset: offset as u64 }, to.wrapping_sub(from) as u64);
    call.finish(ws, executor, move || {
        // Each of a group's four numbers has 64 bits, so that what the remainder favours is far below notice.
        fill(&view, |group| {
            let ([a, b, c, d], [e, f, g, h]) = (stream.group(2 * group), stream.group(2 * group + 1));
            [(a, b), (c, d), (e, f), (g, h)].map(|(high, low)| {
                let word = (high as u64) << 32 | low as u64;
                from.wrapping_add((word % width) as i64)
            })
        })
    })
}

/// The call, and the tensor that is filled.
fn target(name: &'static str, handle: *const aclTensor, takes: &[aclDataType]) -> Outcome<(Call, View)> {
    let mut call = Call::new(name);
    let tensor: Tensor = call.output("selfRef", handle)?;
    check_dtype(name, "selfRef", &tensor, takes)?;
    check_writable(name, "selfRef", &tensor)?;
    Ok((call, View::new(&tensor)))
}

/// Fills with groups of four numbers: group `i` becomes elements `4 * i ..`.
fn fill<T: Lane>(view: &View, four: impl Fn(u64) -> [T; 4] + Sync) {
    let n = view.numel();
    split(n.div_ceil(BLOCK), COST * BLOCK, |blocks| {
        let mut values = [T::default(); BLOCK];
        for block in blocks {
            let start = block * BLOCK;
            for (group, values) in values.chunks_exact_mut(4).enumerate() {
                values.copy_from_slice(&four((start / 4 + group) as u64));
            }
            view.store(start, &values[..BLOCK.min(n - start)]);
        }
    })
}

#[cfg(test)]
mod tests;
