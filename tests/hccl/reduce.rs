//! What reduces.

use super::values::{Value, noise, untouched, upload};
use super::{COUNTS, SIZES, group, on_ranks};
use ascend_rl::Communicator;
use ascend_rl::hccl::ReduceOp::{self, *};
use half::{bf16, f16};

/// The exact reduction of element `at`, and how far an f32 computation may be from it.
fn reference<T: Value>(inputs: &[Vec<T>], at: usize, op: ReduceOp) -> (f64, f64) {
    let terms = || inputs.iter().map(|input| input[at].to_f64());
    let exact = match op {
        Sum => terms().sum(),
        Prod => terms().product(),
        Max => terms().fold(f64::NEG_INFINITY, f64::max),
        Min => terms().fold(f64::INFINITY, f64::min),
    };
    (exact, tolerance::<T>(terms().collect(), exact, op))
}

pub fn tolerance<T: Value>(terms: Vec<f64>, exact: f64, op: ReduceOp) -> f64 {
    if T::ROUNDING == 0.0 || matches!(op, Max | Min) {
        return 0.0;
    }
    let size = if op == Sum { terms.iter().map(|term| term.abs()).sum() } else { exact.abs() };
    terms.len() as f64 * size / (1u64 << 24) as f64 + exact.abs() * T::ROUNDING + f64::from(f32::MIN_POSITIVE)
        // A product of f16 may be so small that f16 has no full precision there.
        + if size_of::<T>() == 2 { 2f64.powi(-25) } else { 0.0 }
}

#[track_caller]
pub fn assert_reduced<T: Value>(got: &[T], inputs: &[Vec<T>], from: usize, op: ReduceOp, what: &str) {
    for (i, got) in got.iter().enumerate() {
        let (exact, tolerance) = reference(inputs, from + i, op);
        let off = (got.to_f64() - exact).abs();
        assert!(off <= tolerance, "{what}, {op}: element {i} is {got:?}, the reference {exact}, {tolerance:e} is allowed");
    }
}

fn ops<T: Value>() -> Vec<ReduceOp> {
    let product = std::any::type_name::<T>() != std::any::type_name::<bf16>();
    [Sum, Max, Min].into_iter().chain(product.then_some(Prod)).collect()
}

fn check<T: Value>(comm: &Communicator) -> Vec<T> {
    let (s, n, rank) = (comm.stream(), comm.size(), comm.rank());
    let mut all = Vec::new();
    for (seed, count) in COUNTS.into_iter().enumerate() {
        for op in ops::<T>() {
            let inputs: Vec<Vec<T>> = (0..n).map(|rank| noise(rank, seed, count * n)).collect();
            let mut x = upload(s, &inputs[rank]);
            comm.all_reduce(&mut x, op).unwrap();
            let got = x.to_vec::<T>(s).unwrap();
            assert_reduced(&got, &inputs, 0, op, "all_reduce");
            all.extend(got);

            let (x, mut part) = (upload(s, &inputs[rank]), untouched::<T>(s, count));
            comm.reduce_scatter(&x, &mut part, op).unwrap();
            assert_reduced(&part.to_vec::<T>(s).unwrap(), &inputs, rank * count, op, "reduce_scatter");
            assert_eq!(x.to_vec::<T>(s).unwrap(), inputs[rank], "the source stays");

            let (root, mut whole) = (seed % n, untouched::<T>(s, count * n));
            comm.reduce(&x, &mut whole, op, root).unwrap();
            let got = whole.to_vec::<T>(s).unwrap();
            if rank == root {
                assert_reduced(&got, &inputs, 0, op, "reduce");
            }
        }
    }
    all
}

fn all_sizes<T: Value>() {
    for size in SIZES {
        let results = on_ranks(group(size), |comm| check::<T>(&comm));
        // Not only near: all ranks have the same bits.
        for result in &results {
            assert_eq!(bytemuck::cast_slice::<T, u8>(result), bytemuck::cast_slice::<T, u8>(&results[0]));
        }
    }
}

#[test]
fn f32_values() {
    all_sizes::<f32>();
}

#[test]
fn bf16_values() {
    all_sizes::<bf16>();
}

#[test]
fn f16_values() {
    all_sizes::<f16>();
}

#[test]
fn i32_values() {
    all_sizes::<i32>();
}

#[test]
fn i64_values() {
    all_sizes::<i64>();
}
