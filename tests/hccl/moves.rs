//! What only moves data.

use super::values::{Value, noise, untouched, upload};
use super::{COUNTS, SIZES, group, on_ranks};
use ascend_rl::hccl::Traffic;
use ascend_rl::{Communicator, Tensor};
use half::{bf16, f16};

fn check<T: Value>(comm: &Communicator) {
    let (s, n, rank) = (comm.stream(), comm.size(), comm.rank());
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let input = |rank, len| noise::<T>(rank, seed, len);
        let mine = upload(s, &input(rank, count));

        let mut all = untouched::<T>(s, count * n);
        comm.all_gather(&mine, &mut all).unwrap();
        let wanted: Vec<T> = (0..n).flat_map(|rank| input(rank, count)).collect();
        assert_eq!(all.to_vec::<T>(s).unwrap(), wanted, "all_gather");

        let root = (seed + 1) % n;
        let mut x = upload(s, &input(rank, count));
        comm.broadcast(&mut x, root).unwrap();
        assert_eq!(x.to_vec::<T>(s).unwrap(), input(root, count), "broadcast");

        let whole = upload(s, &input(rank, count * n));
        let mut part = untouched::<T>(s, count);
        comm.scatter((rank == root).then(|| whole.view()), &mut part, root).unwrap();
        assert_eq!(part.to_vec::<T>(s).unwrap(), input(root, count * n)[rank * count..][..count], "scatter");

        let mut swapped = untouched::<T>(s, count * n);
        comm.all_to_all(&whole, &mut swapped).unwrap();
        let wanted: Vec<T> = (0..n).flat_map(|from| input(from, count * n)[rank * count..][..count].to_vec()).collect();
        assert_eq!(swapped.to_vec::<T>(s).unwrap(), wanted, "all_to_all");
        comm.barrier().unwrap();
    }
    uneven::<T>(comm);
}

/// Parts of all lengths, nothing among them; the last rank sends nothing at all, the first receives nothing.
fn uneven<T: Value>(comm: &Communicator) {
    let (s, n, rank) = (comm.stream(), comm.size(), comm.rank());
    let count = |from: usize, to: usize| {
        if from == n - 1 || to == 0 { 0 } else { (from * 5 + to * 3) % 4 * 11 }
    };
    let part = |from, to| noise::<T>(from, 100 + to, count(from, to));
    let sent: Vec<T> = (0..n).flat_map(|to| part(rank, to)).collect();
    let wanted: Vec<T> = (0..n).flat_map(|from| part(from, rank)).collect();
    let (send_counts, recv_counts): (Vec<_>, Vec<_>) = (0..n).map(|other| (count(rank, other), count(other, rank))).unzip();
    let (src, mut dst) = (upload(s, &sent), untouched::<T>(s, wanted.len()));
    comm.all_to_all_v(&src, &send_counts, &mut dst, &recv_counts).unwrap();
    assert_eq!(dst.to_vec::<T>(s).unwrap(), wanted, "all_to_all_v");
}

fn all_sizes<T: Value>() {
    for size in SIZES {
        on_ranks(group(size), |comm| check::<T>(&comm));
    }
}

#[test]
fn every_dtype() {
    all_sizes::<f32>();
    all_sizes::<bf16>();
    all_sizes::<f16>();
    all_sizes::<i32>();
    all_sizes::<i64>();
}

#[test]
fn parts_of_tensors_are_where_they_are() {
    on_ranks(group(3), |comm| {
        let s = comm.stream();
        let rows = noise::<f32>(comm.rank(), 0, 12);
        let src = Tensor::from_slice(s, &[4, 3], &rows).unwrap();
        let mut dst = Tensor::zeros(s, &[11, 3], src.dtype()).unwrap();
        // Rows 1 and 2 of each rank, into rows 3 to 8.
        comm.all_gather(src.view().narrow(0, 1, 2).unwrap(), dst.view_mut().narrow(0, 3, 6).unwrap()).unwrap();
        let mut wanted = vec![0.0; 9];
        wanted.extend((0..3).flat_map(|rank| noise::<f32>(rank, 0, 12)[3..9].to_vec()));
        wanted.extend([0.0; 6]);
        assert_eq!(dst.to_vec::<f32>(s).unwrap(), wanted);
    });
}

#[test]
fn nothing_is_moved_at_once() {
    on_ranks(group(2), |comm| {
        let s = comm.stream();
        let (none, mut also_none) = (upload::<f32>(s, &[]), upload::<f32>(s, &[]));
        comm.all_gather(&none, &mut also_none).unwrap();
        comm.all_to_all(&none, &mut also_none).unwrap();
        comm.all_to_all_v(&none, &[0, 0], &mut also_none, &[0, 0]).unwrap();
        comm.broadcast(&mut also_none, 1).unwrap();
        s.synchronize().unwrap();
    });
}

#[test]
fn one_thread_can_be_all_ranks() {
    // No call waits for another rank.
    let ranks = group(3);
    let mut tensors: Vec<_> = ranks.iter().map(|comm| upload(comm.stream(), &[comm.rank() as i32 + 1])).collect();
    for _ in 0..20 {
        for (comm, x) in ranks.iter().zip(&mut tensors) {
            comm.broadcast(&mut *x, 2).unwrap();
        }
    }
    for (comm, x) in ranks.iter().zip(&tensors) {
        assert_eq!(x.to_vec::<i32>(comm.stream()).unwrap(), [3]);
    }
}

#[test]
fn traffic_is_what_the_definitions_move() {
    let traffic = on_ranks(group(4), |comm| {
        let s = comm.stream();
        let (mut x, mut part) = (untouched::<f32>(s, 100), untouched::<f32>(s, 25));
        let mut steps = Vec::new();
        let mut step = || {
            let now = comm.traffic();
            steps.push((now.sent_bytes, now.received_bytes));
        };
        comm.all_reduce(&mut x, ascend_rl::hccl::ReduceOp::Sum).unwrap();
        step();
        comm.all_gather(&part, &mut x).unwrap();
        step();
        comm.reduce_scatter(&x, &mut part, ascend_rl::hccl::ReduceOp::Sum).unwrap();
        step();
        comm.broadcast(&mut x, 1).unwrap();
        step();
        comm.all_to_all_v(&x, &[99, 0, 0, 0], &mut part, &[25, 0, 0, 0]).unwrap_err();
        assert_eq!(comm.traffic().sent_bytes, steps[3].0, "what was not made does not count");
        s.synchronize().unwrap();
        steps
    });
    for (rank, steps) in traffic.into_iter().enumerate() {
        // 2 x 3/4 of 400 bytes; 3 parts of 100 bytes; the same; 400 bytes to each of three.
        let broadcast = if rank == 1 { (1200 + 1200, 1200) } else { (1200, 1200 + 400) };
        assert_eq!(steps, [(600, 600), (900, 900), (1200, 1200), broadcast], "rank {rank}");
    }
    assert_eq!(Traffic::default().sent_bytes, 0);
}
