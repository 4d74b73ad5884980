//! Experts that are split over two groups, against loops over all ranks' tokens. All numbers are small integers, so every sum is
//! exact.

use super::joint::in_child;
use super::{group, on_ranks};
use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::ops::{self, ExpertActivation, ExpertGroups, TokenSplit};
use ascend_rl::{Communicator, DType, ErrorKind, Tensor};
use half::bf16;

/// Ranks of either group, experts of a rank, tokens, elements of a token, and of an expert's part of the middle.
const EP: usize = 2;
const TP: usize = 2;
const E: usize = 2;
const C: usize = 3;
const H: usize = 6;
const M: usize = 5;

fn number(seed: usize, at: usize) -> f64 {
    ((seed * 31 + at * 17 + at * at) % 7) as f64 - 3.0
}

fn numbers(seed: usize, n: usize) -> Vec<f64> {
    (0..n).map(|at| number(seed, at)).collect()
}

fn halves(comm: &Communicator, shape: &[usize], values: &[f64]) -> Tensor {
    let values: Vec<bf16> = values.iter().map(|&v| bf16::from_f64(v)).collect();
    Tensor::from_slice(comm.stream(), shape, &values).unwrap()
}

fn read(comm: &Communicator, tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec::<bf16>(comm.stream()).unwrap().into_iter().map(bf16::to_f64).collect()
}

/// This rank's groups: ranks 0 and 1 have the same experts, and so have 2 and 3.
fn split(world: &Communicator) -> (Communicator, Communicator) {
    let options = CommOptions::default();
    let part = |of: [[usize; 2]; 2], id: u64| {
        let [first, second] = [0, 1].map(|at| world.sub(&of[at], id + at as u64, &options).unwrap());
        first.or(second).unwrap()
    };
    (part([[0, 2], [1, 3]], 1), part([[0, 1], [2, 3]], 3))
}

struct Layer {
    split: TokenSplit,
    width: usize,
    rows: usize,
}

impl Layer {
    fn new(split: TokenSplit) -> Layer {
        match split {
            TokenSplit::Elements => Layer { split, width: H / TP, rows: EP * C },
            TokenSplit::Tokens => Layer { split, width: H, rows: EP * TP * C },
        }
    }

    /// The rank, the token and the element at home of element `h` of row `row` of an expert's.
    fn home(&self, row: usize, h: usize) -> (usize, usize, usize) {
        match self.split {
            TokenSplit::Elements => (row / C * TP + h / self.width, row % C, h % self.width),
            TokenSplit::Tokens => (row / C, row % C, h),
        }
    }

    /// What rank `rank` has of its tokens, for all experts.
    fn tokens(&self, rank: usize) -> Vec<f64> {
        numbers(rank, EP * E * C * self.width)
    }

    /// The rows of expert `e` of rank `rank`.
    fn rows_of(&self, rank: usize, e: usize) -> Vec<f64> {
        let expert = rank / TP * E + e;
        let all: Vec<Vec<f64>> = (0..EP * TP).map(|home| self.tokens(home)).collect();
        let at = |i: usize| {
            let (home, token, element) = self.home(i / H, i % H);
            all[home][(expert * C + token) * self.width + element]
        };
        (0..self.rows * H).map(at).collect()
    }
}

fn product(a: &[f64], b: &[f64], k: usize, n: usize) -> Vec<f64> {
    (0..a.len() / k * n).map(|at| (0..k).map(|t| a[at / n * k + t] * b[t * n + at % n]).sum()).collect()
}

fn there(world: &Communicator, groups: ExpertGroups<'_>) {
    let (comm, rank, layer) = (groups.ep, world.rank(), Layer::new(groups.split));
    let x = halves(comm, &[EP * E, C, layer.width], &layer.tokens(rank));
    let w = numbers(10 + rank, E * H * M);
    let weight = halves(comm, &[E, H, M], &w);
    let b = numbers(20 + rank, E * M);
    let bias = Tensor::from_slice(comm.stream(), &[E, M], &b.iter().map(|&v| v as f32).collect::<Vec<_>>()).unwrap();
    let blank = |last: usize| Tensor::empty(comm.stream(), &[E, layer.rows, last], DType::BF16).unwrap();
    let (mut out, mut rows, mut raw) = (blank(M), blank(H), blank(M));
    let (kept, before) = (Some((&mut rows).into()), Some((&mut raw).into()));
    let relu = ExpertActivation::Relu;
    ops::all_to_all_all_gather_bmm(groups, &x, &weight, Some(bias.view()), relu, &mut out, kept, before).unwrap();
    let came: Vec<f64> = (0..E).flat_map(|e| layer.rows_of(rank, e)).collect();
    assert_eq!(read(comm, &rows), came, "{comm:?}");
    let plain: Vec<f64> =
        (0..E).flat_map(|e| product(&came[e * layer.rows * H..][..layer.rows * H], &w[e * H * M..][..H * M], H, M)).collect();
    let with: Vec<f64> = plain.iter().enumerate().map(|(at, v)| v + b[at / (layer.rows * M) * M + at % M]).collect();
    assert_eq!(read(comm, &raw), with, "{comm:?}");
    assert_eq!(read(comm, &out), with.iter().map(|v| v.max(0.0)).collect::<Vec<_>>(), "{comm:?}");
    ops::all_to_all_all_gather_bmm(groups, &x, &weight, None, ExpertActivation::None, &mut out, None, None).unwrap();
    assert_eq!(read(comm, &out), plain, "{comm:?}");
}

fn back(world: &Communicator, groups: ExpertGroups<'_>) {
    let (comm, rank, layer) = (groups.ep, world.rank(), Layer::new(groups.split));
    let y = |rank: usize| numbers(30 + rank, E * layer.rows * M);
    let w = |rank: usize| numbers(40 + rank, E * M * H);
    let b = |rank: usize| numbers(50 + rank, E * layer.width);
    let (x, weight) = (halves(comm, &[E, layer.rows, M], &y(rank)), halves(comm, &[E, M, H], &w(rank)));
    let bias: Vec<f32> = b(rank).iter().map(|&v| v as f32).collect();
    let bias = Tensor::from_slice(comm.stream(), &[E, layer.width], &bias).unwrap();
    // Of each rank of `ep` the sums of its experts' parts.
    let sums: Vec<Vec<f64>> = (0..EP)
        .map(|p| {
            let of = |e: usize| {
                let part = |q: usize| {
                    let (y, w) = (y(p * TP + q), w(p * TP + q));
                    product(&y[e * layer.rows * M..][..layer.rows * M], &w[e * M * H..][..M * H], M, H)
                };
                let (first, second) = (part(0), part(1));
                first.into_iter().zip(second).map(|(a, b)| a + b).collect::<Vec<_>>()
            };
            (0..E).flat_map(of).collect()
        })
        .collect();
    for with in [false, true] {
        let mut out = Tensor::empty(comm.stream(), &[EP * E, C, layer.width], DType::BF16).unwrap();
        ops::bmm_reduce_scatter_all_to_all(groups, &x, &weight, with.then(|| bias.view()), &mut out).unwrap();
        let mut want = vec![0.0; EP * E * C * layer.width];
        for (p, sums) in sums.iter().enumerate() {
            assert_eq!(sums.len(), E * layer.rows * H);
            for (at, sum) in sums.iter().enumerate() {
                let (e, row, h) = (at / (layer.rows * H), at / H % layer.rows, at % H);
                let (home, token, element) = layer.home(row, h);
                if home == rank {
                    let bias = if with { b(p * TP + rank % TP)[e * layer.width + element] } else { 0.0 };
                    want[((p * E + e) * C + token) * layer.width + element] = sum + bias;
                }
            }
        }
        assert_eq!(read(comm, &out), want, "{comm:?}");
    }
}

/// Atlas A3 alone has the operators.
#[test]
#[cfg(feature = "sim")]
fn there_and_back_over_two_groups() {
    // In either order that the simulator runs work in.
    let is_child = ["eager", "lazy"].map(|schedule| {
        let variables = [("CANN_SIM_SOC", "Ascend910_9391"), ("CANN_SIM_SCHEDULE", schedule)];
        in_child("experts_tp::there_and_back_over_two_groups", &variables)
    });
    if !is_child[0] {
        return;
    }
    on_ranks(group(EP * TP), |world| {
        let (ep, tp) = split(&world);
        for split in [TokenSplit::Elements, TokenSplit::Tokens] {
            let groups = ExpertGroups { ep: &ep, tp: &tp, split };
            // Calls of the second group on its own stream stay in order with the operators.
            let mut counter = Tensor::from_slice(tp.stream(), &[1], &[1i32]).unwrap();
            tp.all_reduce(&mut counter, ReduceOp::Sum).unwrap();
            there(&world, groups);
            tp.all_reduce(&mut counter, ReduceOp::Sum).unwrap();
            back(&world, groups);
            assert_eq!(counter.to_vec::<i32>(tp.stream()).unwrap(), [(TP * TP) as i32]);
        }
        let sent = ep.traffic().sent_bytes;
        // Half of the tokens, there and back, twice each: 16 bits of `E * EP * C * H / 2` or all of them.
        assert_eq!(sent as usize, 2 * 2 * (EP * E * C * H / TP + EP * E * C * H) * 2 / 2);
    });
}

#[test]
#[cfg(feature = "sim")]
fn what_does_not_fit_is_refused() {
    if !in_child("experts_tp::what_does_not_fit_is_refused", &[("CANN_SIM_SOC", "Ascend910_9391")]) {
        return;
    }
    on_ranks(group(EP * TP), |world| {
        let (ep, tp) = split(&world);
        let groups = ExpertGroups { ep: &ep, tp: &tp, split: TokenSplit::Tokens };
        let s = ep.stream();
        let zeros = |shape: &[usize], dtype| Tensor::zeros(s, shape, dtype).unwrap();
        let refused = |x: &Tensor, weight: &Tensor, rows: Option<&mut Tensor>, raw: Option<&mut Tensor>, text: &str| {
            let mut out = zeros(&[E, 12, M], DType::BF16);
            let (rows, raw) = (rows.map(Into::into), raw.map(Into::into));
            let none = ExpertActivation::None;
            let error = ops::all_to_all_all_gather_bmm(groups, x, weight, None, none, &mut out, rows, raw).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Shape | ErrorKind::DType) && error.call().is_none(), "{error}");
            assert!(error.to_string().contains(text), "{error}, not {text}");
        };
        let (x, w) = (zeros(&[4, C, H], DType::BF16), zeros(&[E, H, M], DType::BF16));
        refused(&zeros(&[2, C, H], DType::BF16), &w, None, None, "2 ranks make it 4");
        refused(&zeros(&[4, C, H / 2], DType::BF16), &w, None, None, "x has 3 elements a token, in 1 parts: weight has 6");
        refused(&zeros(&[4, 2, H], DType::BF16), &w, None, None, "out is [2, 12, 5], [2, 8, 5] is needed");
        refused(&zeros(&[4, C, H], DType::F32), &w, None, None, "x is f32, bf16 or f16 is needed");
        refused(&x, &zeros(&[E, H, M], DType::F16), None, None, "weight is f16, bf16 is needed");
        refused(&x, &w, Some(&mut zeros(&[E, 12, M], DType::BF16)), None, "rows is [2, 12, 5], [2, 12, 6] is needed");
        refused(&x, &w, None, Some(&mut zeros(&[E, 12, M], DType::BF16)), "raw is given without an activation");
        // Ranks that call different things are told, and neither group is left behind.
        let mut out = zeros(&[E, 12, M], DType::BF16);
        let (none, same) = (ExpertActivation::None, ExpertGroups { tp: &ep, ..groups });
        let error = ops::all_to_all_all_gather_bmm(same, &x, &w, None, none, &mut out, None, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        there(&world, groups);
        let repeated = ops::repeat(s, |_| ops::all_to_all_all_gather_bmm(groups, &x, &w, None, none, &mut out, None, None));
        assert_eq!(repeated.map(drop).unwrap_err().kind(), ErrorKind::Unsupported);
    });
}
