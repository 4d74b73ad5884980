//! Mixtures of experts on one device: gating, tokens in the order of their experts and back, with gradients.
//!
//! # Not covered
//! Dispatch and combine across devices (`aclnnMoeDistribute*`), quantisation on the way.

mod finalize;
mod gating;
mod permute;
mod route;
mod routing_map;
mod routing_map_back;

pub(crate) use self::finalize::*;
pub(crate) use self::gating::*;
pub(crate) use self::permute::*;
pub(crate) use self::route::*;
pub(crate) use self::routing_map::*;
pub(crate) use self::routing_map_back::*;

use ascend_rl_sys::types::*;

use super::dtypes::*;
use super::rows::Row;
use super::split::split;
use super::view::View;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check, fail};

/// Rank and dtype, in one.
fn check_matrix(name: &str, param: &str, t: &Tensor, dtypes: &[aclDataType]) -> Outcome<(usize, usize)> {
    check_dtype(name, param, t, dtypes)?;
    check!(t.rank() == 2, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {}-D; 2-D is needed", t.rank());
    Ok((t.dims[0], t.dims[1]))
}

/// `out[row] = Σ weight * from[source]` over the sources of each row, in f32 and in their order; no source gives zeros.
fn gather_rows<S: Iterator<Item = (usize, f32)>>(
    from: &View,
    out: &View,
    width: usize,
    rows: usize,
    sources: impl Fn(usize) -> S + Sync,
) {
    split(rows, width, |range| {
        let (mut row, mut sum) = (Row::new(width), Row::new(width));
        for r in range {
            let sum = sum.room(width);
            sum.fill(0.0);
            for (source, weight) in sources(r) {
                let x = row.load(from, source * width, width);
                sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += weight * x);
            }
            out.store(r * width, sum);
        }
    })
}

/// Indices that are read when the operation runs: one that is not in `0..limit` (or -1 where that means none) fails it.
fn checked(name: &str, param: &str, indices: Vec<i64>, limit: usize, none: bool) -> Vec<Option<usize>> {
    let of = |(i, index): (usize, i64)| match usize::try_from(index) {
        Ok(index) if index < limit => Some(index),
        _ if none && index == -1 => None,
        _ => fail!("{name}: {param}[{i}] is {index}, out of range for {limit}"),
    };
    indices.into_iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod map_tests;
#[cfg(test)]
mod tests;
