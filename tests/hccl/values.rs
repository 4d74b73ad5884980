//! Element types, as the references see them.

use ascend_rl::{Element, Stream, Tensor};
use half::{bf16, f16};

pub trait Value: Element + PartialEq + std::fmt::Debug {
    /// The largest relative error of one rounding; 0 for integers, which are exact.
    const ROUNDING: f64;
    fn of(value: f64) -> Self;
    fn to_f64(self) -> f64;
}

macro_rules! values {
    ($($type:ty, $rounding:expr, $of:expr, $to:expr;)*) => { $(
        impl Value for $type {
            const ROUNDING: f64 = $rounding;
            fn of(value: f64) -> $type { $of(value) }
            fn to_f64(self) -> f64 { $to(self) }
        }
    )* };
}
values! {
    f32, 1.0 / (1u64 << 24) as f64, |v| v as f32, f64::from;
    bf16, 1.0 / 256.0, bf16::from_f64, bf16::to_f64;
    f16, 1.0 / 2048.0, f16::from_f64, f16::to_f64;
    i32, 0.0, |v: f64| (v * 9.0).round() as i32, f64::from;
    i64, 0.0, |v: f64| (v * 9.0).round() as i64, |v| v as f64;
}

/// Values in [-1, 1) (integers: -9 to 9) that differ from place to place, rank to rank and seed to seed.
pub fn noise<T: Value>(rank: usize, seed: usize, len: usize) -> Vec<T> {
    let mut state = (rank as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (seed as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    };
    (0..len).map(|_| T::of(next())).collect()
}

pub fn upload<T: Value>(s: &Stream, values: &[T]) -> Tensor {
    Tensor::from_slice(s, &[values.len()], values).unwrap()
}

/// A tensor of that dtype full of a value that no reference has.
pub fn untouched<T: Value>(s: &Stream, len: usize) -> Tensor {
    upload(s, &vec![T::of(77.0); len])
}
