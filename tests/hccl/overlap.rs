//! Communication beside computation.

use super::values::{noise, upload};
use super::{group, on_ranks};
use ascend_rl::hccl::ReduceOp;
use ascend_rl::{DType, Tensor, ops};

const LAYERS: usize = 4;
const DIM: usize = 12;

fn weight(layer: usize, rank: usize, n: usize) -> Vec<f32> {
    noise::<f32>(rank, 10 + layer, DIM * DIM / n)
}

/// Sharded weights, gathered layer by layer on the communicator's stream while another stream computes, and gradients scattered
/// back: what a sharded data-parallel step does.
#[test]
fn gathers_run_ahead_of_the_layers_that_use_them() {
    const N: usize = 3;
    let results = on_ranks(group(N), |comm| {
        let (net, compute) = (comm.stream(), comm.device().stream().unwrap());
        let shards: Vec<_> = (0..LAYERS).map(|layer| upload(net, &weight(layer, comm.rank(), N))).collect();
        let gather = |layer: usize| {
            let mut full = Tensor::empty(net, &[DIM, DIM], DType::F32).unwrap();
            comm.all_gather(&shards[layer], &mut full).unwrap();
            full.rehome(&compute, &net.record().unwrap()).unwrap();
            full
        };
        let mut x = Tensor::from_slice(&compute, &[2, DIM], &noise::<f32>(comm.rank(), 1, 2 * DIM)).unwrap();
        let mut next = Some(gather(0));
        for layer in 0..LAYERS {
            let full = next.take().unwrap();
            next = (layer + 1 < LAYERS).then(|| gather(layer + 1));
            let mut y = Tensor::empty(&compute, &[2, DIM], DType::F32).unwrap();
            ops::mm(&compute, &x, &full, &mut y).unwrap();
            x = y;
        }
        // To the communicator's stream and back.
        x.rehome(net, &compute.record().unwrap()).unwrap();
        comm.all_reduce(&mut x, ReduceOp::Sum).unwrap();
        x.to_vec::<f32>(net).unwrap()
    });
    let mut wanted = vec![0.0f64; 2 * DIM];
    for rank in 0..N {
        let mut x: Vec<f64> = noise::<f32>(rank, 1, 2 * DIM).into_iter().map(f64::from).collect();
        for layer in 0..LAYERS {
            let w: Vec<f64> = (0..N).flat_map(|rank| weight(layer, rank, N)).map(f64::from).collect();
            x = (0..2 * DIM).map(|i| (0..DIM).map(|k| x[i / DIM * DIM + k] * w[k * DIM + i % DIM]).sum()).collect();
        }
        wanted.iter_mut().zip(&x).for_each(|(sum, x)| *sum += x);
    }
    for (i, (got, wanted)) in results[0].iter().zip(&wanted).enumerate() {
        // Four products of sums of 12 in f32, with intermediate values up to some 40.
        assert!((f64::from(*got) - wanted).abs() < 1e-4 * (1.0 + wanted.abs()), "element {i} is {got}, the reference {wanted}");
    }
    assert_eq!(results, vec![results[0].clone(); N]);
}

#[test]
fn a_fork_lends_tensors_both_ways() {
    on_ranks(group(2), |comm| {
        let (net, compute) = (comm.stream(), comm.device().stream().unwrap());
        let mut grad = upload(&compute, &[1.0f32, 2.0]);
        let other = upload(&compute, &[5.0f32, 6.0]);
        let mut doubled = Tensor::empty(&compute, &[2], DType::F32).unwrap();
        compute
            .fork(net, |fork| {
                comm.all_reduce(fork.lend_tensor_mut(&mut grad)?, ReduceOp::Sum)?;
                // Meanwhile this stream goes on with what was not lent to be written.
                ops::mul_scalar(&compute, &other, 2.0, &mut doubled)
            })
            .unwrap();
        assert_eq!(grad.to_vec::<f32>(&compute).unwrap(), [2.0, 4.0]);
        assert_eq!(doubled.to_vec::<f32>(&compute).unwrap(), [10.0, 12.0]);

        let shard = upload(net, &[comm.rank() as f32]);
        let mut sum = Tensor::empty(net, &[1], DType::F32).unwrap();
        net.fork(&compute, |fork| ops::mul_scalar(&compute, fork.lend_tensor(&shard)?, 2.0, fork.lend_tensor_mut(&mut sum)?))
            .unwrap();
        comm.all_reduce(&mut sum, ReduceOp::Sum).unwrap();
        assert_eq!(sum.to_vec::<f32>(net).unwrap(), [2.0]);
    });
}
