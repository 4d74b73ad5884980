//! The norm of rows, against f64.

use crate::common::{assert_close, noise};
use crate::{CORES, bytes, cores, decode, encode, from_bytes, on_cores};
use ascend_rl::kernels::rms_norm;
use ascend_rl::{DType, Tensor};
use proptest::prelude::*;

const DTYPES: [DType; 3] = [DType::F32, DType::BF16, DType::F16];

/// The largest relative error of one rounding to the dtype of y: of 8 bits, of 11, of 24.
fn rounding(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => f64::from(f32::EPSILON) / 2.0,
        DType::BF16 => 1.0 / 256.0,
        _ => 1.0 / 2048.0,
    }
}

fn check(rows: usize, d: usize, dtype: DType, cores: u32, seed: u64) {
    on_cores(cores, |s| {
        let x = encode(dtype, &noise(seed, rows * d));
        let gamma = encode(dtype, &noise(seed ^ 1, d));
        let (x_there, gamma_there) = (from_bytes(s, &[rows, d], dtype, &x), from_bytes(s, &[d], dtype, &gamma));
        let mut y = Tensor::zeros(s, &[rows, d], dtype).unwrap();
        rms_norm(s, &x_there, &gamma_there, 1e-6, &mut y).unwrap();
        let y = bytes(s, &y);
        let got: Vec<f64> = (0..rows * d).map(|i| f64::from(decode(dtype, &y, i))).collect();
        let at = |bytes: &[u8], i: usize| f64::from(decode(dtype, bytes, i));
        let mut want = Vec::new();
        for row in 0..rows {
            let mean = (0..d).map(|i| at(&x, row * d + i).powi(2)).sum::<f64>() / d as f64;
            want.extend((0..d).map(|i| at(&x, row * d + i) / (mean + 1e-6).sqrt() * at(&gamma, i)));
        }
        // In f32: the sum of squares, which are all positive, loses less than a rounding for each level of its tree and each 64
        // elements, half of which the root takes away; root, quotient and two products a rounding each.
        let f32_error = (d as f64 / 64.0 + 8.0) / 2.0 + 4.0;
        assert_close(&got, &want, rounding(dtype) * 1.01 + f32_error * f64::from(f32::EPSILON) / 2.0, 1e-7);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_normed(
        rows in 1_usize..200, d in 1_usize..64, dtype in prop::sample::select(DTYPES.to_vec()), cores in cores(), seed in any::<u64>(),
    ) {
        check(rows, 16 * d, dtype, cores, seed);
    }
}

/// The longest rows that there may be, and those of Qwen3-8B.
#[test]
fn long_rows() {
    for cores in CORES {
        for dtype in DTYPES {
            check(50, 4096, dtype, cores, 3);
            check(3, if dtype == DType::F32 { 7168 } else { 8192 }, dtype, cores, 4);
        }
    }
}

#[test]
fn without_checks() {
    crate::fast(|| DTYPES.iter().for_each(|&dtype| check(150, 1040, dtype, 40, 5)));
}
