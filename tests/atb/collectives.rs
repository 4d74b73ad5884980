//! Collectives of ATB on a communicator, from a thread a rank.

use std::thread;

use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::{Cann, Communicator, DType, Device, ErrorKind, Tensor, atb};

use super::common::{assert_close, values};
use super::{BF16, empty, random};

/// Runs `f` on each of `size` ranks; the results in the order of the ranks.
fn on_ranks<R: Send>(size: usize, f: impl Fn(&Communicator) -> R + Sync) -> Vec<R> {
    let cann = Cann::load().unwrap();
    let devices: Vec<_> = (0..size as u32).map(|ordinal| Device::open(&cann, ordinal).unwrap()).collect();
    let ranks = Communicator::all(&devices, &CommOptions::default()).unwrap();
    thread::scope(|scope| {
        let run = &f;
        let threads: Vec<_> = ranks.into_iter().map(|comm| scope.spawn(move || run(&comm))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn reduce_and_gather() {
    for size in [1, 2, 3] {
        let results = on_ranks(size, |comm| {
            let s = comm.stream();
            let context = atb::Context::new(s).unwrap();
            let x = Tensor::from_slice(s, &[3, 5], &(0..15).map(|i| (i * (comm.rank() + 1)) as f32).collect::<Vec<_>>()).unwrap();
            let mut sum = Tensor::empty(s, &[3, 5], DType::F32).unwrap();
            let mut most = Tensor::empty(s, &[3, 5], DType::F32).unwrap();
            let mut all = Tensor::empty(s, &[size, 3, 5], DType::F32).unwrap();
            context.all_reduce(comm, ReduceOp::Sum).unwrap().run(x.view(), sum.view_mut()).unwrap();
            context.all_reduce(comm, ReduceOp::Max).unwrap().run(x.view(), most.view_mut()).unwrap();
            context.all_gather(comm).unwrap().run(x.view(), all.view_mut()).unwrap();
            [values(s, &sum), values(s, &most), values(s, &all)]
        });
        let factor = (size * (size + 1) / 2) as f64;
        for [sum, most, all] in results {
            assert_eq!(sum, (0..15).map(|i| i as f64 * factor).collect::<Vec<_>>());
            assert_eq!(most, (0..15).map(|i| (i * size) as f64).collect::<Vec<_>>());
            assert_eq!(all, (0..size * 15).map(|at| (at % 15 * (at / 15 + 1)) as f64).collect::<Vec<_>>());
        }
    }
}

#[test]
fn parts_go_to_their_ranks() {
    let size = 3;
    // Rank `from` sends `counts[from][to]` elements.
    let counts = [[1, 0, 2], [3, 1, 0], [2, 2, 2]];
    let results = on_ranks(size, |comm| {
        let (s, rank) = (comm.stream(), comm.rank());
        let context = atb::Context::new(s).unwrap();
        let x = Tensor::from_slice(s, &[6], &(0..6).map(|i| (rank * 100 + i) as f32).collect::<Vec<_>>()).unwrap();
        let mut even = Tensor::empty(s, &[6], DType::F32).unwrap();
        context.all_to_all(comm).unwrap().run(x.view(), even.view_mut()).unwrap();
        let recv = [0, 1, 2].map(|from| counts[from][rank]);
        let mut own = Tensor::empty(s, &[1, recv.iter().sum()], DType::F32).unwrap();
        context.all_to_all_v(comm, &counts[rank], &recv).unwrap().run(x.view(), own.view_mut()).unwrap();
        (values(s, &even), values(s, &own))
    });
    for (rank, (even, own)) in results.into_iter().enumerate() {
        let want: Vec<f64> = (0..6).map(|at| (at / 2 * 100 + rank * 2 + at % 2) as f64).collect();
        assert_eq!(even, want);
        let mut want = Vec::new();
        for (from, sent) in counts.iter().enumerate() {
            let start: usize = sent[..rank].iter().sum();
            want.extend((start..start + sent[rank]).map(|i| (from * 100 + i) as f64));
        }
        assert_eq!(own, want);
    }
}

#[test]
fn a_linear_whose_terms_are_spread_over_the_ranks() {
    let (size, tokens, part, n) = (2, 3, 16, 8);
    let results = on_ranks(size, |comm| {
        let s = comm.stream();
        let context = atb::Context::new(s).unwrap();
        let seed = comm.rank() as u64;
        let (x, weight) = (random(s, seed, &[tokens, part]), random(s, seed + 10, &[n, part]));
        let residual = random(s, 77, &[tokens, n]);
        let mut y = empty(s, &[tokens, n]);
        let mut op = context.linear_parallel(comm, true, true).unwrap();
        op.run(x.view(), weight.view(), Some(residual.view()), y.view_mut()).unwrap();
        (values(s, &x), values(s, &weight), values(s, &residual), values(s, &y))
    });
    let term = |at: usize| {
        let product = |(x, w, ..): &(Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>)| {
            (0..part).map(|t| x[at / n * part + t] * w[at % n * part + t]).sum::<f64>()
        };
        results.iter().map(product).sum::<f64>() + results[0].2[at]
    };
    let want: Vec<f64> = (0..tokens * n).map(term).collect();
    for result in &results {
        // Each rank's product, their sum and the residual are rounded: four times.
        assert_close(&result.3, &want, 4.0 * BF16.0, 0.03);
    }
}

#[test]
fn a_context_on_another_stream_is_refused() {
    on_ranks(1, |comm| {
        let other = comm.device().stream().unwrap();
        let context = atb::Context::new(&other).unwrap();
        let error = context.all_gather(comm).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::WrongStream);
        let home = atb::Context::new(comm.stream()).unwrap();
        let error = home.all_to_all_v(comm, &[1, 2], &[1]).err().unwrap();
        assert!(error.to_string().contains("2 and 1 counts for 1 ranks"), "{error}");
    });
}
