//! What the tests of the upper floors share.

use ascend_rl::{Cann, DType, Device, Stream, Tensor};
use half::bf16;

/// A stream of its own for each test.
pub fn stream() -> Stream {
    Device::open(&Cann::load().unwrap(), 0).unwrap().stream().unwrap()
}

/// Values in [-1, 1) that differ from place to place and from seed to seed.
pub fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z >> 40) as f32 / (1 << 24) as f32) * 2.0 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// Values on the device, rounded to `dtype`. What they are there, [`values`] tells.
pub fn upload(s: &Stream, shape: &[usize], dtype: DType, values: &[f32]) -> Tensor {
    match dtype {
        DType::F32 => Tensor::from_slice(s, shape, values).unwrap(),
        DType::BF16 => Tensor::from_slice(s, shape, &values.iter().map(|&v| bf16::from_f32(v)).collect::<Vec<_>>()).unwrap(),
        other => panic!("upload knows no {other}"),
    }
}

/// What a tensor holds, exactly.
pub fn values(s: &Stream, tensor: &Tensor) -> Vec<f64> {
    match tensor.dtype() {
        DType::F32 => tensor.to_vec::<f32>(s).unwrap().into_iter().map(f64::from).collect(),
        DType::BF16 => tensor.to_vec::<bf16>(s).unwrap().into_iter().map(f64::from).collect(),
        DType::I64 => tensor.to_vec::<i64>(s).unwrap().into_iter().map(|v| v as f64).collect(),
        DType::Bool => tensor.to_vec::<u8>(s).unwrap().into_iter().map(f64::from).collect(),
        other => panic!("values knows no {other}"),
    }
}

/// `|got - want| <= absolute + relative * |want|` everywhere; infinities must be equal.
#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64], relative: f64, absolute: f64) {
    assert_eq!(got.len(), want.len(), "the number of values");
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        let near = got == want || (got - want).abs() <= absolute + relative * want.abs();
        assert!(near, "element {i} is {got}, the reference {want}; allowed are {relative:e} of it and {absolute:e}");
    }
}
