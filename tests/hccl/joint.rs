//! Operators that communicate: products against the two calls that each stands for, bit for bit, and mixtures of experts against
//! loops.

use super::values::noise;
use super::{group, on_ranks};
use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::ops::{self, ExpertCounts, MoeDistribute};
use ascend_rl::{Cann, Communicator, DType, Device, ErrorKind, Result, Tensor};
use half::bf16;

/// Shapes that CANN takes on A2 and A3 alike.
const SHAPES: [[usize; 3]; 3] = [[2, 256, 1], [4, 300, 33], [64, 512, 96]];

fn operands(comm: &Communicator, [m, k, n]: [usize; 3]) -> (Tensor, Tensor) {
    let s = comm.stream();
    let matrix = |seed: usize, rows: usize, cols: usize| {
        Tensor::from_slice(s, &[rows, cols], &noise::<bf16>(comm.rank(), seed, rows * cols)).unwrap()
    };
    (matrix(1, m, k), matrix(2, k, n))
}

fn blank(comm: &Communicator, rows: usize, cols: usize) -> Tensor {
    Tensor::empty(comm.stream(), &[rows, cols], DType::BF16).unwrap()
}

fn bits(comm: &Communicator, tensor: &Tensor) -> Vec<u16> {
    tensor.to_vec::<bf16>(comm.stream()).unwrap().into_iter().map(bf16::to_bits).collect()
}

#[test]
fn products_are_the_two_calls_bit_for_bit() {
    for size in [2, 4] {
        on_ranks(group(size), |comm| {
            let s = comm.stream();
            for [m, k, n] in SHAPES {
                let (a, b) = operands(&comm, [m, k, n]);
                // A split product: its sum, and the rows of its sum.
                let mut sum = blank(&comm, m, n);
                ops::matmul_all_reduce(&comm, &a, &b, None, &mut sum).unwrap();
                let mut product = blank(&comm, m, n);
                ops::mm(s, &a, &b, &mut product).unwrap();
                if m % size == 0 {
                    let mut part = blank(&comm, m / size, n);
                    ops::matmul_reduce_scatter(&comm, &a, &b, &mut part).unwrap();
                    let mut want = blank(&comm, m / size, n);
                    comm.reduce_scatter(&product, &mut want, ReduceOp::Sum).unwrap();
                    assert_eq!(bits(&comm, &part), bits(&comm, &want));
                }
                comm.all_reduce(&mut product, ReduceOp::Sum).unwrap();
                assert_eq!(bits(&comm, &sum), bits(&comm, &product));
                // A bias of each rank.
                let bias = Tensor::from_slice(s, &[n], &noise::<bf16>(comm.rank(), 3, n)).unwrap();
                ops::matmul_all_reduce(&comm, &a, &b, Some((&bias).into()), &mut sum).unwrap();
                ops::addmm(s, &bias, &a, &b, &mut product).unwrap();
                comm.all_reduce(&mut product, ReduceOp::Sum).unwrap();
                assert_eq!(bits(&comm, &sum), bits(&comm, &product));
                // Gathered rows.
                let (mut out, mut rows) = (blank(&comm, m * size, n), blank(&comm, m * size, k));
                ops::all_gather_matmul(&comm, &a, &b, &mut out, Some((&mut rows).into())).unwrap();
                let (mut want, mut gathered) = (blank(&comm, m * size, n), blank(&comm, m * size, k));
                comm.all_gather(&a, &mut gathered).unwrap();
                ops::mm(s, &gathered, &b, &mut want).unwrap();
                assert_eq!((bits(&comm, &rows), bits(&comm, &out)), (bits(&comm, &gathered), bits(&comm, &want)));
                ops::all_gather_matmul(&comm, &a, &b, &mut out, None).unwrap();
                assert_eq!(bits(&comm, &out), bits(&comm, &want));
            }
        });
    }
}

#[track_caller]
fn refused(result: Result<()>, kind: ErrorKind, text: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(text), "{text:?} is not in: {error}");
}

#[test]
fn arguments_are_checked_and_nothing_is_posted() {
    let ranks = group(2);
    let comm = &ranks[0];
    let (a, b) = operands(comm, [4, 256, 3]);
    let (mut out, mut all) = (blank(comm, 4, 3), blank(comm, 8, 3));
    refused(ops::matmul_all_reduce(comm, &a, &a, None, &mut out), ErrorKind::Shape, "the inner dims differ");
    refused(ops::matmul_all_reduce(comm, &a, &b, None, &mut all), ErrorKind::Shape, "matmul_all_reduce: out is [8, 3]");
    refused(ops::matmul_all_reduce(comm, &a, &b, Some((&b).into()), &mut out), ErrorKind::Shape, "bias is [256, 3]");
    refused(ops::all_gather_matmul(comm, &a, &b, &mut out, None), ErrorKind::Shape, "all_gather_matmul: out is [4, 3], [8, 3]");
    refused(ops::matmul_reduce_scatter(comm, &a, &b, &mut all), ErrorKind::Shape, "out is [8, 3], [2, 3] is needed");
    let (odd, _) = operands(comm, [3, 256, 3]);
    refused(ops::matmul_reduce_scatter(comm, &odd, &b, &mut all), ErrorKind::Shape, "a has 3 rows, a multiple of the 2 ranks");
    let f32s = Tensor::from_slice(comm.stream(), &[4, 256], &[0f32; 1024]).unwrap();
    refused(ops::matmul_all_reduce(comm, &f32s, &b, None, &mut out), ErrorKind::DType, "a is f32");
    let away = Tensor::from_slice(ranks[1].stream(), &[4, 2], &[bf16::ZERO; 8]).unwrap();
    let (wide, mut two) = (blank(comm, 2, 3), blank(comm, 4, 3));
    refused(ops::matmul_all_reduce(comm, &away, &wide, None, &mut two), ErrorKind::WrongStream, "matmul_all_reduce: a");
    // What CANN refuses is taken back, too: 255 terms are too few.
    let (short, few) = operands(comm, [4, 255, 3]);
    refused(ops::all_gather_matmul(comm, &short, &few, &mut all, None), ErrorKind::Argument, "255 columns");
    let repeated = ops::repeat(comm.stream(), |_| ops::matmul_all_reduce(comm, &a, &b, None, &mut out));
    refused(repeated.map(drop), ErrorKind::Unsupported, "a repeat takes operators");
    // Both ranks go on as if nothing had been.
    on_ranks(ranks, |comm| {
        let (a, b) = operands(&comm, [4, 256, 3]);
        let mut out = blank(&comm, 4, 3);
        ops::matmul_all_reduce(&comm, &a, &b, None, &mut out).unwrap();
        comm.stream().synchronize().unwrap();
    });
}

/// Tokens there and back: expert `e` makes `(e + 1) x` of `x`, a shared one `x / 2`.
fn moe_round(comm: &Communicator, moe: &MoeDistribute, dtype_is_exact: bool) {
    let (s, ranks) = (comm.stream(), comm.size());
    let tokens = |rank: usize| 1 + (moe.max_tokens + rank - 1) % moe.max_tokens;
    let chosen = |rank: usize, token: usize, k: usize| (rank * 3 + token * 5 + k * 7) % moe.experts;
    let weight = |token: usize, k: usize| [0.5f32, 0.25, -1.0, 2.0][(token + k) % 4];
    let x = |rank: usize| noise::<bf16>(rank, 9, tokens(rank) * moe.hidden);
    let t = tokens(comm.rank());
    let pairs = || (0..t).flat_map(|token| (0..moe.top_k).map(move |k| (token, k)));
    let ids: Vec<i32> = pairs().map(|(token, k)| chosen(comm.rank(), token, k) as i32).collect();
    let weights: Vec<f32> = pairs().map(|(token, k)| weight(token, k)).collect();
    let (ids, weights) =
        (Tensor::from_slice(s, &[t, moe.top_k], &ids).unwrap(), Tensor::from_slice(s, &[t, moe.top_k], &weights).unwrap());
    let own = Tensor::from_slice(s, &[t, moe.hidden], &x(comm.rank())).unwrap();
    let mut sent = moe.room(comm, DType::BF16).unwrap();
    moe.dispatch(comm, &own, &ids, &weights, None, &mut sent).unwrap();
    let counts = sent.counts.to_vec::<i64>(s).unwrap();
    // The experts' part, on the host: rows in the order of the experts, of the ranks and of their tokens.
    let capacity = moe.capacity(comm.rank(), ranks);
    let mut made = vec![bf16::ZERO; capacity * moe.hidden];
    let came: Vec<f32> = match &sent.scales {
        None => sent.rows.to_vec::<bf16>(s).unwrap().into_iter().map(bf16::to_f32).collect(),
        Some(scales) => {
            let (rows, scales) = (sent.rows.to_vec::<i8>(s).unwrap(), scales.to_vec::<f32>(s).unwrap());
            rows.chunks(moe.hidden).zip(&scales).flat_map(|(row, scale)| row.iter().map(move |x| f32::from(*x) * scale)).collect()
        }
    };
    let shared = comm.rank() < moe.shared_ranks;
    let mut row = 0;
    for (e, count) in counts.iter().enumerate() {
        let id = (comm.rank().wrapping_sub(moe.shared_ranks)).wrapping_mul(counts.len()).wrapping_add(e);
        let factor = if shared { 0.5 } else { (id + 1) as f32 };
        if !shared {
            let wanted =
                |rank: usize| (0..tokens(rank)).filter(|token| (0..moe.top_k).any(|k| chosen(rank, *token, k) == id)).count();
            assert_eq!(*count as usize, (0..ranks).map(wanted).sum::<usize>(), "{comm:?}, expert {id}");
        }
        for at in row * moe.hidden..(row + *count as usize) * moe.hidden {
            made[at] = bf16::from_f32(came[at] * factor);
        }
        row += *count as usize;
    }
    let made = Tensor::from_slice(s, &[capacity, moe.hidden], &made).unwrap();
    let mut out = blank(comm, t, moe.hidden);
    moe.combine(comm, &made, &sent, &ids, &weights, &mut out).unwrap();
    let (got, x) = (out.to_vec::<bf16>(s).unwrap(), x(comm.rank()));
    for token in 0..t {
        let most = x[token * moe.hidden..][..moe.hidden].iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
        for i in 0..moe.hidden {
            let (x, at) = (x[token * moe.hidden + i].to_f64(), token * moe.hidden + i);
            let factors = (0..moe.top_k).map(|k| f64::from(weight(token, k)) * (chosen(comm.rank(), token, k) + 1) as f64);
            let shared = 0.5 * moe.shared_experts as f64;
            let (sum, size) = (factors.clone().sum::<f64>() + shared, factors.map(f64::abs).sum::<f64>() + shared);
            // Each term is rounded once and so is the sum; int8 errs by half a step of the row's largest.
            let step = if dtype_is_exact { 0.0 } else { most / 127.0 / 2.0 };
            let bound = size * (x.abs() * 2.0 / 256.0 + step * 1.02) + 1e-6;
            assert!((got[at].to_f64() - sum * x).abs() <= bound, "{comm:?}, token {token}, {i}: {} for {}", got[at], sum * x);
        }
    }
}

const MOE: MoeDistribute =
    MoeDistribute { experts: 16, top_k: 3, hidden: 64, max_tokens: 5, shared_experts: 0, shared_ranks: 0, quantise: false };

/// Runs the test again in a process of its own with these variables; true there.
#[cfg(feature = "sim")]
pub(super) fn in_child(test: &str, variables: &[(&str, &str)]) -> bool {
    const MARK: &str = "JOINT_CHILD";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(MARK, "1").env("ASCEND_RL_DEVICE", "sim");
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    false
}

/// Atlas A2: 16 ranks are the fewest. A toolkit before 8.5 has the first version only.
#[test]
#[cfg(feature = "sim")]
fn experts_on_sixteen_ranks() {
    if !in_child("joint::experts_on_sixteen_ranks", &[("CANN_SIM_DEVICES", "16")]) {
        return;
    }
    let mut older = cann_sim::api();
    older.ops.aclnnMoeDistributeDispatchV2 = None;
    // SAFETY: the simulator's functions, or none.
    let older = unsafe { Cann::from_api(ascend_rl::Flavor::Sim, "CANN 8.1", older) }.unwrap();
    for cann in [Cann::load().unwrap(), older] {
        let devices: Vec<Device> = (0..16).map(|ordinal| Device::open(&cann, ordinal).unwrap()).collect();
        on_ranks(Communicator::all(&devices, &CommOptions::default()).unwrap(), |comm| {
            moe_round(&comm, &MOE, true);
            moe_round(&comm, &MoeDistribute { quantise: true, experts: 32, ..MOE }, false);
        });
    }
}

/// Atlas A3: any number of ranks from 2 on, shared experts.
#[test]
#[cfg(feature = "sim")]
fn experts_on_a3() {
    if !in_child("joint::experts_on_a3", &[("CANN_SIM_SOC", "Ascend910_9391")]) {
        return;
    }
    let moe = MoeDistribute { experts: 6, hidden: 1024, ..MOE };
    for size in [2, 3] {
        on_ranks(group(size), |comm| {
            moe_round(&comm, &moe, true);
            moe_round(&comm, &MoeDistribute { quantise: true, ..moe }, false);
            if size == 3 {
                moe_round(&comm, &MoeDistribute { shared_experts: 1, shared_ranks: 1, ..moe }, true);
            }
        });
    }
    on_ranks(group(2), |comm| {
        let s = comm.stream();
        let error = MoeDistribute { experts: 5, ..moe }.room(&comm, DType::BF16).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        let mut room = moe.room(&comm, DType::BF16).unwrap();
        let (x, six) = (blank(&comm, 5, 1024), blank(&comm, 6, 1024));
        let (ids, weights) =
            (Tensor::from_slice(s, &[5, 3], &[0i32; 15]).unwrap(), Tensor::from_slice(s, &[5, 3], &[0f32; 15]).unwrap());
        refused(
            moe.dispatch(&comm, &six, &ids, &weights, None, &mut room),
            ErrorKind::Shape,
            "tokens has 6 tokens, max_tokens is 5",
        );
        refused(moe.dispatch(&comm, &x, &weights, &weights, None, &mut room), ErrorKind::DType, "chosen is f32");
        let other = MoeDistribute { max_tokens: 6, ..moe };
        refused(other.dispatch(&comm, &x, &ids, &weights, None, &mut room), ErrorKind::Shape, "moe_dispatch: out");
        let mut out = blank(&comm, 5, 1024);
        refused(moe.combine(&comm, &x, &room, &ids, &weights, &mut out), ErrorKind::Shape, "moe_combine: rows");
    });
}

/// Experts' products: 8 ranks are the fewest, and 2 MiB between any two the least, that CANN takes.
#[test]
#[cfg(feature = "sim")]
fn experts_products_there_and_back() {
    if !in_child("joint::experts_products_there_and_back", &[("CANN_SIM_SOC", "Ascend910_9391")]) {
        return;
    }
    const RANKS: usize = 8;
    const K: usize = 32768;
    const N: usize = 3;
    // Of two experts one gets none, or all but one.
    let count = |from: usize, to: usize, e: usize| -> i64 { [[0, 33], [32, 1]][(from + to) % 2][e] };
    let pairs = || (0..RANKS).flat_map(|rank| [(rank, 0), (rank, 1)]);
    on_ranks(group(RANKS), |comm| {
        let (s, own) = (comm.stream(), comm.rank());
        let send: Vec<i64> = pairs().map(|(rank, e)| count(own, rank, e)).collect();
        let receive: Vec<i64> = pairs().map(|(rank, e)| count(rank, own, e)).collect();
        let [sent, received] = [&send, &receive].map(|counts| counts.iter().sum::<i64>() as usize);
        // A token's row is its number and 0; an expert's matrix has its number in the first row, and 1 in the third column.
        let number = |rank: usize, token: usize| ((rank * 37 + token * 5) % 64) as f32;
        let mut x = vec![bf16::ZERO; sent * K];
        (0..sent).for_each(|token| x[token * K] = bf16::from_f32(number(own, token)));
        let mut weight = vec![bf16::ZERO; 2 * K * N];
        for e in 0..2 {
            let id = (own * 2 + e) as f32;
            [id / 4.0, -id, 1.0].iter().enumerate().for_each(|(col, w)| weight[e * K * N + col] = bf16::from_f32(*w));
        }
        let x = Tensor::from_slice(s, &[sent, K], &x).unwrap();
        let weight = Tensor::from_slice(s, &[2, K, N], &weight).unwrap();
        let (mut made, mut rows, mut back) = (blank(&comm, received, N), blank(&comm, received, K), blank(&comm, sent, N));
        let counts = ExpertCounts { send: &send, receive: &receive };
        ops::all_to_all_grouped_matmul(&comm, &x, &weight, counts, &mut made, Some((&mut rows).into())).unwrap();
        let (got, came) = (made.to_vec::<bf16>(s).unwrap(), rows.to_vec::<bf16>(s).unwrap());
        let mut row = 0;
        for e in 0..2 {
            for from in 0..RANKS {
                let before: i64 = pairs().take_while(|pair| *pair != (own, e)).map(|(rank, e)| count(from, rank, e)).sum();
                for at in 0..count(from, own, e) {
                    let (x, id) = (number(from, (before + at) as usize), (own * 2 + e) as f32);
                    assert_eq!(came[row * K].to_f32(), x, "{comm:?}, row {row}");
                    let want = [x * id / 4.0, -x * id, x].map(bf16::from_f32);
                    assert_eq!(got[row * N..][..N], want, "{comm:?}, row {row}");
                    row += 1;
                }
            }
        }
        let turned = ExpertCounts { send: &receive, receive: &send };
        ops::grouped_matmul_all_to_all(&comm, &rows, &weight, turned, &mut back).unwrap();
        let got = back.to_vec::<bf16>(s).unwrap();
        let homes: Vec<usize> = pairs().flat_map(|(rank, e)| vec![rank * 2 + e; count(own, rank, e) as usize]).collect();
        for (token, id) in homes.into_iter().enumerate() {
            let (x, id) = (number(own, token), id as f32);
            let want = [x * id / 4.0, -x * id, x].map(bf16::from_f32);
            assert_eq!(got[token * N..][..N], want, "{comm:?}, token {token}");
        }
        let few = ExpertCounts { send: &send[1..], receive: &receive };
        let short = ops::all_to_all_grouped_matmul(&comm, &x, &weight, few, &mut made, None);
        refused(short, ErrorKind::Shape, "counts.send has 15 numbers, 16 are needed");
        let other = ExpertCounts { send: &receive, receive: &receive };
        if sent != received {
            refused(ops::grouped_matmul_all_to_all(&comm, &x, &weight, other, &mut made), ErrorKind::Shape, "counts.send makes");
        }
    });
}

#[test]
#[cfg(feature = "sim")]
fn a_missing_operator_is_named() {
    let mut api = cann_sim::api();
    api.ops.aclnnMatmulAllReduce = None;
    // SAFETY: the simulator's functions, or none.
    let cann = unsafe { Cann::from_api(ascend_rl::Flavor::Sim, "CANN 8.0", api) }.unwrap();
    let device = Device::open(&cann, 1).unwrap();
    let ranks = Communicator::all(&[device], &CommOptions::default()).unwrap();
    let (a, b) = operands(&ranks[0], [4, 256, 3]);
    let mut out = blank(&ranks[0], 4, 3);
    refused(ops::matmul_all_reduce(&ranks[0], &a, &b, None, &mut out), ErrorKind::MissingSymbol, "aclnnMatmulAllReduce");
}
