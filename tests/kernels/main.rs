//! The kernels of this library on the twin, with all of its checks, against naive references that work element by element.
//!
//! Copies are compared bit by bit. So are conversions: each has one rounding, and the reference does the same arithmetic in f32.
#![cfg(feature = "sim")]

mod block_copy;
mod cast_copy;
#[allow(dead_code, reason = "streams and tensors are made here")]
#[path = "../common/mod.rs"]
mod common;
mod kv_write;
mod refusals;
mod rms_norm;
mod traffic;

use ascend_rl::acl::{Cores, Element};
use ascend_rl::{Cann, DType, Device, Stream, Tensor};
use half::{bf16, f16};
use proptest::prelude::*;
use std::cell::Cell;
use std::sync::{Mutex, Once};

/// Vector cores that kernels get, and so blocks, if there is work for so many.
const CORES: [u32; 5] = [1, 2, 20, 40, 48];

/// How many cores there are is the device's, so one test at a time.
static DEVICE: Mutex<()> = Mutex::new(());

/// The simulated chip has as many cores as any of its kind.
fn chip() {
    static CHIP: Once = Once::new();
    // SAFETY: before anything else in this program reads the environment otherwise than by Rust's library, which locks it: whatever loads
    // the simulator comes here first.
    CHIP.call_once(|| unsafe { std::env::set_var("CANN_SIM_SOC", "Ascend910B2") });
}

thread_local! {
    /// Whether this test runs the twins without checks: on a device of its own, since a device keeps what it has loaded.
    static FAST: Cell<bool> = const { Cell::new(false) };
}

/// Runs a test on the twins without checks, which are compiled otherwise: what programs use.
fn fast(test: impl FnOnce()) {
    FAST.set(true);
    test();
}

/// Runs `work` on so many cores, on the strict twin (or see [`fast`]). What that finds is an error of the last call.
fn on_cores<R>(vector: u32, work: impl FnOnce(&Stream) -> R) -> R {
    let _one = DEVICE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    chip();
    cann_sim::kernels::set_checks(!FAST.get());
    let device = Device::open(&Cann::load().unwrap(), u32::from(FAST.get())).unwrap();
    device.limit_cores(Some(Cores { cube: vector.min(24), vector })).unwrap();
    let s = device.stream().unwrap();
    let result = work(&s);
    s.synchronize().unwrap();
    device.limit_cores(None).unwrap();
    result
}

/// How many cores, each of them as likely.
fn cores() -> impl Strategy<Value = u32> {
    prop::sample::select(CORES.to_vec())
}

/// Whole numbers that have no order, from a seed.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z >> 11) % below as u64) as usize
    }
}

/// A tensor of these bytes.
fn from_bytes(s: &Stream, shape: &[usize], dtype: DType, bytes: &[u8]) -> Tensor {
    fn of<T: Element>(s: &Stream, shape: &[usize], bytes: &[u8]) -> Tensor {
        let values: Vec<T> = bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect();
        Tensor::from_slice(s, shape, &values).unwrap()
    }
    match dtype {
        DType::F32 => of::<f32>(s, shape, bytes),
        DType::F16 => of::<f16>(s, shape, bytes),
        DType::BF16 => of::<bf16>(s, shape, bytes),
        DType::I8 => of::<i8>(s, shape, bytes),
        DType::I32 => of::<i32>(s, shape, bytes),
        DType::I64 => of::<i64>(s, shape, bytes),
        other => panic!("from_bytes knows no {other}"),
    }
}

/// The bytes of a tensor.
fn bytes(s: &Stream, tensor: &Tensor) -> Vec<u8> {
    fn of<T: Element>(s: &Stream, tensor: &Tensor) -> Vec<u8> {
        bytemuck::cast_slice(&tensor.to_vec::<T>(s).unwrap()).to_vec()
    }
    match tensor.dtype() {
        DType::F32 => of::<f32>(s, tensor),
        DType::F16 => of::<f16>(s, tensor),
        DType::BF16 => of::<bf16>(s, tensor),
        DType::I8 => of::<i8>(s, tensor),
        other => panic!("bytes knows no {other}"),
    }
}

/// Bytes without order.
fn noise_bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut next = numbers(seed);
    (0..len).map(|_| next(256) as u8).collect()
}

/// Real numbers as the bytes of a float dtype.
fn encode(dtype: DType, values: &[f32]) -> Vec<u8> {
    let each = |f: fn(f32) -> [u8; 2]| values.iter().flat_map(|&v| f(v)).collect();
    match dtype {
        DType::F32 => values.iter().flat_map(|v| v.to_ne_bytes()).collect(),
        DType::F16 => each(|v| f16::from_f32(v).to_ne_bytes()),
        DType::BF16 => each(|v| bf16::from_f32(v).to_ne_bytes()),
        other => panic!("encode knows no {other}"),
    }
}

/// The value of element `i`, which f32 holds exactly.
fn decode(dtype: DType, bytes: &[u8], i: usize) -> f32 {
    let two = || [bytes[2 * i], bytes[2 * i + 1]];
    match dtype {
        DType::F32 => f32::from_ne_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap()),
        DType::F16 => f16::from_ne_bytes(two()).to_f32(),
        DType::BF16 => bf16::from_ne_bytes(two()).to_f32(),
        DType::I8 => f32::from(bytes[i] as i8),
        other => panic!("decode knows no {other}"),
    }
}

/// What int8 rounds to: to nearest, ties to even, and no further than it goes.
fn to_int8(value: f32) -> u8 {
    value.round_ties_even().clamp(-128.0, 127.0) as i8 as u8
}

/// Where two strings of bytes differ first.
#[track_caller]
fn assert_same(what: &str, got: &[u8], want: &[u8]) {
    assert_eq!(got.len(), want.len(), "the size of {what}");
    if let Some(at) = (0..got.len()).find(|&i| got[i] != want[i]) {
        let count = (0..got.len()).filter(|&i| got[i] != want[i]).count();
        panic!("byte {at} of {what} is {}, the reference {}; {count} of {} differ", got[at], want[at], got.len());
    }
}
