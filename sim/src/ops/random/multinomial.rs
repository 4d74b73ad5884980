//! `aclnnMultinomial`: samples of rows of probabilities.

use ascend_rl_sys::types::*;

use super::philox::Stream;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::Row;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, fail, reject};

/// Most categories.
const MAX_CATEGORIES: usize = 1 << 24;

/// Draws `numsamples` categories of each row of `self`, `[n]` or `[rows, n]`, in proportion to its elements, which need no sum of
/// 1. A row that is not finite and at least 0 everywhere, or has too few categories above 0, fails when the operation runs.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnMultinomialGetWorkspaceSize(
    self_: *const aclTensor,
    numsamples: i64,
    replacement: bool,
    seed: i64,
    offset: i64,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnMultinomial";
    let mut call = Call::new(NAME);
    let (input, output) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &input, FLOATS)?;
    check_dtype(NAME, "out", &output, &[ACL_INT64])?;
    let (rows, n) = match *input.dims {
        [n] => (1, n),
        [rows, n] => (rows, n),
        _ => reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: self has shape {:?}; [n] or [rows, n] is needed", input.dims),
    };
    check!(
        (1..=MAX_CATEGORIES).contains(&n),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: self has {n} categories; 1 to {MAX_CATEGORIES} are taken"
    );
    let most = if replacement { i64::MAX } else { n as i64 };
    check!(
        (1..=most).contains(&numsamples),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: numsamples is {numsamples} of {n} categories; 1 or more, without replacement at most as many, are taken"
    );
    let samples = numsamples as usize;
    let needed = if input.rank() == 1 { vec![samples] } else { vec![rows, samples] };
    check_shape(NAME, "out", &output, &needed)?;
    check_writable(NAME, "out", &output)?;
    let (from, to) = (View::new(&input), View::new(&output));
    let stream = Stream { seed: seed as u64, offset: offset as u64 };
    call.finish(ws, executor, move || {
        split(rows, n + samples, |rows| {
            let mut row = Row::new(n);
            for r in rows {
                let weights = row.load(&from, r * n, n);
                let given = weights.iter().filter(|&&w| w > 0.0).count();
                let is_valid = weights.iter().all(|w| w.is_finite() && *w >= 0.0);
                let needed = if replacement { 1 } else { samples };
                if !is_valid || given < needed {
                    fail!("{NAME}: row {r} of self has {given} of {needed} probabilities above 0, or one that is none");
                }
                let drawn = if replacement {
                    with_replacement(stream, weights, r, samples)
                } else {
                    without(stream, weights, r, samples)
                };
                to.store::<i64>(r * samples, &drawn);
            }
        })
    })
}

/// Each sample is the first category whose cumulative weight exceeds its point.
fn with_replacement(stream: Stream, weights: &[f32], row: usize, samples: usize) -> Vec<i64> {
    let mut total = 0.0;
    let ends: Vec<f64> = weights
        .iter()
        .map(|&w| {
            total += w as f64;
            total
        })
        .collect();
    let last = weights.iter().rposition(|&w| w > 0.0).unwrap_or(0);
    let draw = |i: usize| {
        let point = stream.fraction((row * samples + i) as u64) * total;
        // A point that rounding has brought to the total belongs to the last category that there is.
        ends.partition_point(|&end| end <= point).min(last) as i64
    };
    (0..samples).map(draw).collect()
}

/// The categories whose exponential waiting times are the shortest, in their order.
fn without(stream: Stream, weights: &[f32], row: usize, samples: usize) -> Vec<i64> {
    let wait = |(i, &w): (usize, &f32)| {
        // In (0, 1], so that the logarithm is finite.
        let fraction = 1.0 - stream.fraction((row * weights.len() + i) as u64);
        (-fraction.ln() / w as f64, i)
    };
    let mut waits: Vec<_> = weights.iter().enumerate().filter(|(_, w)| **w > 0.0).map(wait).collect();
    let order = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if samples < waits.len() {
        waits.select_nth_unstable_by(samples, order);
        waits.truncate(samples);
    }
    waits.sort_unstable_by(order);
    waits.into_iter().map(|(_, i)| i as i64).collect()
}
