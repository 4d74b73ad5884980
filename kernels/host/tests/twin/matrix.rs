//! The cube core's path, as whole products.

use ascendc_twin::abi::{core_kind, pipe};
use half::{bf16, f16};

use crate::core::{Memory, load};
use crate::random::{Plain, Random, bytes, elements};

/// C = A B' from rows of k. Small whole numbers, so that every order of summation is exact.
fn product<T: Plain, C: Plain + PartialEq + std::fmt::Debug>(
    kind: u64,
    (m, n, k, halves): (usize, usize, usize, usize),
    of: impl Fn(i32) -> T,
    to: impl Fn(i32) -> C,
) {
    let mut random = Random((m * n * k) as u64);
    let mut small = |count: usize| (0..count).map(|_| random.below(7) as i32 - 3).collect::<Vec<i32>>();
    let (a, b) = (small(m * k), small(n * k));
    let wide = n.next_multiple_of(16);
    let make = |x: &[i32]| x.iter().map(|&x| of(x)).collect::<Vec<T>>();
    let buffers = [bytes(&make(&a), m * k * T::SIZE), bytes(&make(&b), n * k * T::SIZE), vec![0; m * wide * C::SIZE]];
    let words = [m as u64 | (n as u64) << 32, k as u64 | (halves as u64) << 32, kind];
    for (name, after) in load("matrix").results_on(core_kind::AIC, "multiply", &buffers.each_ref().map(Vec::as_slice), &words) {
        let got: Vec<C> = elements(&after[2]);
        for i in 0..m {
            for j in 0..n {
                let sum: i32 = (0..k).map(|d| a[i * k + d] * b[j * k + d]).sum();
                assert_eq!(got[i * wide + j], to(sum), "{name}, type {kind}: {m} x {n} x {k}, at {i}, {j}");
            }
        }
    }
}

#[test]
fn products_of_each_type() {
    for shape in [(16, 16, 64, 1), (32, 48, 64, 2), (20, 24, 32, 1), (2, 16, 32, 1)] {
        product::<f16, f32>(0, shape, |x| f16::from_f32(x as f32), |x| x as f32);
        product::<bf16, bf16>(1, shape, |x| bf16::from_f32(x as f32), |x| bf16::from_f32(x as f32));
        product::<f16, f16>(2, shape, |x| f16::from_f32(x as f32), |x| f16::from_f32(x as f32));
        product::<f32, f32>(3, shape, |x| x as f32, |x| x as f32);
        product::<i8, i32>(4, shape, |x| x as i8, |x| x);
    }
}

#[test]
fn fractals_are_turned_on_the_way() {
    const M: usize = 32;
    const N: usize = 48;
    const K: usize = 64;
    let mut random = Random(4);
    let mut small = |count: usize| (0..count).map(|_| random.below(9) as f32 - 4.0).collect::<Vec<f32>>();
    let (a, b) = (small(M * K), small(K * N));
    let halves = |x: &[f32]| bytes(&x.iter().map(|&x| f16::from_f32(x)).collect::<Vec<_>>(), x.len() * 2);
    let buffers = [halves(&a), halves(&b), vec![0; M * N * 4]];
    for (name, after) in load("matrix").results_on(core_kind::AIC, "multiply_turned", &buffers.each_ref().map(Vec::as_slice), &[])
    {
        let got: Vec<f32> = elements(&after[2]);
        for i in 0..M {
            for j in 0..N {
                let sum: f32 = (0..K).map(|d| a[i * K + d] * b[d * N + j]).sum();
                assert_eq!(got[i * N + j], sum, "{name} at {i}, {j}");
            }
        }
    }
}

/// Which queue each call is in, and the multiply-adds that are counted.
#[test]
fn calls_are_told_with_their_pipes() {
    let room = Memory::zeros(32768);
    let told = load("matrix").check_on("multiply_turned", &[room.address(); 3], core_kind::AIC);
    assert!(told.findings.is_empty(), "{:?}", told.findings);
    let calls: Vec<(&str, u32)> = told.calls.iter().map(|(name, pipe, _)| (name.as_str(), *pipe)).collect();
    let mut expected = vec![("DataCopy", pipe::MTE2); 2];
    expected.extend([("LoadData", pipe::MTE1); 6]);
    expected.extend([("Mmad", pipe::M), ("Fixpipe", pipe::FIX)]);
    assert_eq!(calls, expected);
    assert_eq!(told.cube_macs, 32 * 48 * 64);
}
