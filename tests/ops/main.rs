//! Every operator of `ascend_rl::ops` against a naive reference in f64, over awkward shapes and strided views.
//!
//! A tolerance is one rounding to the dtype of the result ([`rounding`]) for each time that the operator may round, plus what
//! sums in f32 lose where terms cancel. References start from the values that the device holds, after rounding.

mod activation;
mod attention;
#[path = "../common/mod.rs"]
mod common;
mod convert;
mod decode;
mod dense;
mod elementwise;
mod embedding;
mod extremes;
mod filter;
mod index;
mod int4_weight;
mod layers;
mod layout;
mod loss;
mod matmul;
mod moe;
mod moe_map;
mod norm;
#[cfg(feature = "sim")]
mod nz_weight;
mod optimizer;
mod pointwise;
mod quantise;
mod random;
mod reduce;
mod refusals;
mod rope;
mod sample;
#[cfg(feature = "sim")]
mod sinks;
mod softmax;
mod wrong_stream;

use ascend_rl::{Cann, DType, Device, Stream, Tensor};

/// The dtypes that training and generation use.
const FLOATS: [DType; 2] = [DType::F32, DType::BF16];

/// A stream whose work will fail, on a device that no other test uses: a failure lasts, and is reported again.
fn doomed_stream(device: u32) -> Stream {
    Device::open(&Cann::load().unwrap(), device).unwrap().stream().unwrap()
}

/// A device of a toolkit that lacks functions: the simulator's table with holes.
#[cfg(feature = "sim")]
fn older(origin: &str, ordinal: u32, dig: impl FnOnce(&mut ascend_rl_sys::Api)) -> Device {
    let mut api = cann_sim::api();
    dig(&mut api);
    // SAFETY: the simulator's functions, or none.
    let cann = unsafe { Cann::from_api(ascend_rl::Flavor::Sim, origin, api) }.unwrap();
    Device::open(&cann, ordinal).unwrap()
}

/// The largest relative error of one rounding to `dtype`.
fn rounding(dtype: DType) -> f64 {
    match dtype {
        DType::BF16 => 1.0 / 256.0,
        _ => f32::EPSILON as f64 / 2.0,
    }
}

/// Values in [-1, 1).
fn random(s: &Stream, shape: &[usize], dtype: DType, seed: u64) -> Tensor {
    common::upload(s, shape, dtype, &common::noise(seed, shape.iter().product()))
}

/// All elements are `value`, so that what an operator leaves alone can be told.
fn filled(s: &Stream, shape: &[usize], dtype: DType, value: f32) -> Tensor {
    common::upload(s, shape, dtype, &vec![value; shape.iter().product()])
}

/// Columns `start..start + len` of rows of `width`.
fn columns(values: &[f64], width: usize, start: usize, len: usize) -> Vec<f64> {
    values.chunks(width).flat_map(|row| row[start..start + len].to_vec()).collect()
}

/// The gradient of `f` at `x` by central differences: off by about 1e-9 for functions of order one.
fn slope(x: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let mut at = x.to_vec();
    (0..x.len())
        .map(|i| {
            let mut moved = |by: f64| {
                at[i] = x[i] + by;
                let value = f(&at);
                at[i] = x[i];
                value
            };
            (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
        })
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
