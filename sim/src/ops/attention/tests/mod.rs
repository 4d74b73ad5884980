//! Tests of the attention operators against plain f64 loops that share nothing with them.

mod dense;
mod infer;
mod infer_int8;
mod infer_refusals;
mod infer_shift;
mod infer_versions;
mod sinks;
mod update;
mod varlen;
mod varlen_refusals;
mod versions;

use std::cell::Cell;
use std::ffi::{CString, c_char};

use ascend_rl_sys::types::*;

use crate::ops::testing::Array;

thread_local! {
    /// The instruction set that plans of this thread use, instead of the CPU's best.
    pub(super) static FORCED: Cell<Option<pulp::Arch>> = const { Cell::new(None) };
}

/// Runs `f` on the CPU's best instruction set, on AVX2 where the best is more, and on the portable path.
pub(super) fn on_all_paths(f: impl Fn()) {
    let mut paths = vec![None, Some(pulp::Arch::Scalar)];
    #[cfg(target_arch = "x86_64")]
    paths.extend(pulp::x86::V3::try_new().map(|v3| Some(pulp::Arch::V3(v3))));
    for path in paths {
        FORCED.set(path);
        f();
    }
    FORCED.set(None);
}

/// A compressed mask. Its contents are CANN's rule and not read, so tests leave them out.
fn causal_mask(dtype: aclDataType) -> Array {
    Array::strided(dtype, &[2048, 2048], &[0, 0], 0, 1, std::iter::repeat(0.0))
}

/// Cumulative ends of lengths.
fn ends(lens: impl Iterator<Item = usize>) -> Vec<i64> {
    lens.scan(0, |end, len| {
        *end += len as i64;
        Some(*end)
    })
    .collect()
}

/// A C string that outlives the call.
struct Text(CString);

impl Text {
    fn new(text: &str) -> Text {
        Text(CString::new(text).expect("no NUL"))
    }

    fn pointer(&self) -> *mut c_char {
        self.0.as_ptr().cast_mut()
    }
}

/// Which keys a query sees, by CANN's definition of the sparse modes.
fn sees(mode: i64, i: usize, j: usize, q_len: usize, kv_len: usize) -> bool {
    match mode {
        2 => j <= i,
        3 => j as i64 - i as i64 <= kv_len as i64 - q_len as i64,
        _ => true,
    }
}

/// The softmax of the scores of one query over the keys that it sees: weights, maximum, sum.
fn softmax(scores: &[Option<f64>]) -> (Vec<f64>, f64, f64) {
    let max = scores.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|s| s.map_or(0.0, |s| (s - max).exp())).collect();
    let sum: f64 = weights.iter().sum();
    (weights.iter().map(|w| if sum == 0.0 { 0.0 } else { w / sum }).collect(), max, sum)
}
