//! Calls whose parts differ in size.

use super::reduce::assert_reduced;
use super::values::{Value, noise, untouched, upload};
use super::{SIZES, devices, group, on_ranks};
use ascend_rl::hccl::ReduceOp::{self, Max, Min, Prod, Sum};
use ascend_rl::hccl::{CommOptions, Traffic};
use ascend_rl::{Communicator, ErrorKind, Tensor};
use half::{bf16, f16};

/// Elements of a rank's part: none, one, odd, more than a page.
fn count(rank: usize) -> usize {
    [7, 0, 1, 5003, 64][rank % 5]
}

fn counts(comm: &Communicator) -> Vec<usize> {
    (0..comm.size()).map(count).collect()
}

fn gathers<T: Value>(comm: &Communicator) {
    let (s, counts) = (comm.stream(), counts(comm));
    let part = |rank| noise::<T>(rank, 1, count(rank));
    let (src, mut dst) = (upload(s, &part(comm.rank())), untouched::<T>(s, counts.iter().sum()));
    comm.all_gather_v(&src, &mut dst, &counts).unwrap();
    let wanted: Vec<T> = (0..comm.size()).flat_map(part).collect();
    assert_eq!(dst.to_vec::<T>(s).unwrap(), wanted);
}

fn reduces<T: Value>(comm: &Communicator, op: ReduceOp) {
    let (s, counts) = (comm.stream(), counts(comm));
    let whole = counts.iter().sum();
    let input = |rank| noise::<T>(rank, 2, whole);
    let (src, mut dst) = (upload(s, &input(comm.rank())), untouched::<T>(s, count(comm.rank())));
    comm.reduce_scatter_v(&src, &counts, &mut dst, op).unwrap();
    let start: usize = counts[..comm.rank()].iter().sum();
    let inputs: Vec<Vec<T>> = (0..comm.size()).map(input).collect();
    assert_reduced(&dst.to_vec::<T>(s).unwrap(), &inputs, start, op, "reduce_scatter_v");
}

/// From one rank to another; the last sends nothing, the first receives nothing.
fn to_each(size: usize, from: usize, to: usize) -> usize {
    if from == size - 1 || to == 0 { 0 } else { (from * 5 + to * 3) % 4 * 11 }
}

fn exchanges<T: Value>(comm: &Communicator) {
    let (s, n, rank) = (comm.stream(), comm.size(), comm.rank());
    let matrix: Vec<usize> = (0..n * n).map(|at| to_each(n, at / n, at % n)).collect();
    let part = |from, to| noise::<T>(from, 100 + to, to_each(n, from, to));
    let sent: Vec<T> = (0..n).flat_map(|to| part(rank, to)).collect();
    let wanted: Vec<T> = (0..n).flat_map(|from| part(from, rank)).collect();
    let (src, mut dst) = (upload(s, &sent), untouched::<T>(s, wanted.len()));
    comm.all_to_all_vc(&src, &mut dst, &matrix).unwrap();
    assert_eq!(dst.to_vec::<T>(s).unwrap(), wanted);
}

#[test]
fn every_size_and_dtype() {
    for size in SIZES {
        on_ranks(group(size), |comm| {
            gathers::<f32>(&comm);
            gathers::<bf16>(&comm);
            gathers::<i64>(&comm);
            exchanges::<f16>(&comm);
            exchanges::<i32>(&comm);
            for op in [Sum, Max, Min] {
                reduces::<f32>(&comm, op);
                reduces::<bf16>(&comm, op);
                reduces::<i32>(&comm, op);
            }
        });
    }
}

#[test]
fn nothing_is_moved_at_once() {
    on_ranks(group(2), |comm| {
        let s = comm.stream();
        let (none, mut also_none) = (upload::<f32>(s, &[]), upload::<f32>(s, &[]));
        comm.all_gather_v(&none, &mut also_none, &[0, 0]).unwrap();
        comm.reduce_scatter_v(&none, &[0, 0], &mut also_none, Sum).unwrap();
        comm.all_to_all_vc(&none, &mut also_none, &[0; 4]).unwrap();
        s.synchronize().unwrap();
        assert_eq!(comm.traffic(), Traffic::default());
    });
}

#[test]
fn traffic_is_what_the_definitions_move() {
    let moved = on_ranks(group(3), |comm| {
        let s = comm.stream();
        let counts = [10, 0, 5];
        let (mut part, mut whole) = (untouched::<f32>(s, counts[comm.rank()]), untouched::<f32>(s, 15));
        comm.all_gather_v(&part, &mut whole, &counts).unwrap();
        let gathered = comm.traffic();
        comm.reduce_scatter_v(&whole, &counts, &mut part, Sum).unwrap();
        s.synchronize().unwrap();
        let both = comm.traffic();
        [
            gathered.sent_bytes,
            gathered.received_bytes,
            both.sent_bytes - gathered.sent_bytes,
            both.received_bytes - gathered.received_bytes,
        ]
    });
    assert_eq!(moved, [[80, 20, 20, 80], [0, 60, 60, 0], [40, 40, 40, 40]]);
}

#[test]
fn what_does_not_fit_is_refused_before_the_call() {
    let ranks = group(2);
    let (comm, s) = (&ranks[0], ranks[0].stream());
    let (four, mut six) = (untouched::<f32>(s, 4), untouched::<f32>(s, 6));
    let mut halves = untouched::<bf16>(s, 6);
    let mut bytes = Tensor::from_slice(s, &[4], &[0u8; 4]).unwrap();
    let also_bytes = Tensor::from_slice(s, &[6], &[0u8; 6]).unwrap();
    for (result, kind, text) in [
        (comm.all_gather_v(&four, &mut six, &[4]), ErrorKind::Length, "counts has 1 elements, 2 are needed (one for each rank)"),
        (comm.all_gather_v(&four, &mut six, &[4, 3]), ErrorKind::Length, "dst has 6 elements, 7 are needed (the sum of counts)"),
        (
            comm.all_gather_v(&four, &mut six, &[3, 3]),
            ErrorKind::Length,
            "src has 4 elements, 3 are needed (this rank's of counts)",
        ),
        (comm.all_gather_v(&four, &mut six, &[usize::MAX, 7]), ErrorKind::Length, "the sum of counts"),
        (comm.all_gather_v(&four, &mut halves, &[4, 2]), ErrorKind::DType, "src is f32 and dst is bf16"),
        (comm.reduce_scatter_v(&four, &[3, 3], &mut six, Sum), ErrorKind::Length, "src has 4 elements, 6 are needed"),
        (comm.reduce_scatter_v(&four, &[2, 2], &mut six, Sum), ErrorKind::Length, "dst has 6 elements, 2 are needed"),
        (comm.reduce_scatter_v(&four, &[6, 0], &mut six, Prod), ErrorKind::DType, "the product of f32"),
        (comm.reduce_scatter_v(&also_bytes, &[4, 2], &mut bytes, Max), ErrorKind::DType, "max of u8"),
        (
            comm.all_to_all_vc(&four, &mut six, &[4, 0]),
            ErrorKind::Length,
            "matrix has 2 elements, 4 are needed (2 ranks to 2 ranks)",
        ),
        (comm.all_to_all_vc(&four, &mut six, &[3, 2, 3, 0]), ErrorKind::Length, "the sum of the matrix's row of this rank"),
        (comm.all_to_all_vc(&four, &mut six, &[4, 0, 3, 0]), ErrorKind::Length, "the sum of the matrix's column of this rank"),
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.call()), (kind, None), "{error}");
        assert!(error.to_string().contains(text), "{text:?} is not in: {error}");
    }
}

#[test]
fn counts_that_ranks_disagree_about_are_found() {
    let ranks = group(2);
    let [a, b] = &ranks[..] else { unreachable!() };
    let (x, mut all) = (untouched::<f32>(a.stream(), 2), untouched::<f32>(a.stream(), 5));
    a.all_gather_v(&x, &mut all, &[2, 3]).unwrap();
    let (y, mut also) = (untouched::<f32>(b.stream(), 4), untouched::<f32>(b.stream(), 6));
    let error = b.all_gather_v(&y, &mut also, &[2, 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Collective);
    assert!(error.to_string().contains("rank 1 sends 4 elements to rank 0, which receives 3"), "{error}");
    let (y, mut also) = (untouched::<f32>(b.stream(), 3), untouched::<f32>(b.stream(), 5));
    b.all_gather_v(&y, &mut also, &[2, 3]).unwrap();
    a.stream().synchronize().unwrap();
}

#[test]
#[cfg(feature = "sim")]
fn a_cann_without_the_matrix_form_does_the_same() {
    let mut api = cann_sim::api();
    api.hccl.HcclAlltoAllVC = None;
    // SAFETY: the simulator's functions, with one left out.
    let cann = unsafe { ascend_rl::Cann::from_api(ascend_rl::Flavor::Sim, "a table without AlltoAllVC", api) }.unwrap();
    let devices: Vec<_> = devices(0..3).iter().map(|of| ascend_rl::Device::open(&cann, of.ordinal()).unwrap()).collect();
    on_ranks(Communicator::all(&devices, &CommOptions::default()).unwrap(), |comm| exchanges::<f32>(&comm));
}
