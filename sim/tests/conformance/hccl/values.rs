//! What the collectives compute, against loops over single elements. hccl, `comm_op_interface`: each function's page.

use half::{bf16, f16};

use super::*;

/// Element `i` of rank `rank`: small odd integers, so that sums are exact in every type and no product is a zero with a sign.
fn value(rank: usize, i: usize) -> i64 {
    ((rank * 5 + i * 7) % 12) as i64 * 2 - 11
}

/// As a type stores it; integers wrap, floats round.
fn encode(dtype: HcclDataType, values: impl IntoIterator<Item = i64>) -> Vec<u8> {
    let bytes = |v: i64| match dtype {
        HCCL_DATA_TYPE_FP32 => (v as f32).to_le_bytes().to_vec(),
        HCCL_DATA_TYPE_FP64 => (v as f64).to_le_bytes().to_vec(),
        HCCL_DATA_TYPE_FP16 => f16::from_f64(v as f64).to_le_bytes().to_vec(),
        HCCL_DATA_TYPE_BFP16 => bf16::from_f64(v as f64).to_le_bytes().to_vec(),
        _ => (v as i128).to_le_bytes()[..dtype.size()].to_vec(),
    };
    values.into_iter().flat_map(bytes).collect()
}

const COUNTS: [usize; 5] = [0, 1, 17, 2049, 70_001];
const RANKS: [usize; 4] = [1, 2, 3, 5];
const REDUCED: [HcclDataType; 7] = [
    HCCL_DATA_TYPE_FP32,
    HCCL_DATA_TYPE_BFP16,
    HCCL_DATA_TYPE_FP16,
    HCCL_DATA_TYPE_INT8,
    HCCL_DATA_TYPE_INT16,
    HCCL_DATA_TYPE_INT32,
    HCCL_DATA_TYPE_INT64,
];
const MOVED: [HcclDataType; 4] = [HCCL_DATA_TYPE_UINT8, HCCL_DATA_TYPE_BFP16, HCCL_DATA_TYPE_FP64, HCCL_DATA_TYPE_INT128];

fn apply(op: HcclReduceOp, values: impl Iterator<Item = i64>) -> i64 {
    let by = match op {
        HCCL_REDUCE_SUM => |a, b| a + b,
        HCCL_REDUCE_PROD => |a, b| a * b,
        HCCL_REDUCE_MAX => i64::max,
        _ => i64::min,
    };
    values.reduce(by).unwrap()
}

/// At least one byte, which no collective touches: the buffer of a count of 0.
fn buffer(bytes: &[u8]) -> *mut c_void {
    upload(if bytes.is_empty() { &[7u8] } else { bytes })
}

/// All types, operations and counts that go together.
fn reductions() -> impl Iterator<Item = (HcclDataType, HcclReduceOp, usize)> {
    let ops = [HCCL_REDUCE_SUM, HCCL_REDUCE_PROD, HCCL_REDUCE_MAX, HCCL_REDUCE_MIN];
    let types = REDUCED.into_iter().flat_map(move |dtype| ops.map(|op| (dtype, op)));
    let types =
        types.filter(|(dtype, op)| *op != HCCL_REDUCE_PROD || ![HCCL_DATA_TYPE_INT16, HCCL_DATA_TYPE_BFP16].contains(dtype));
    // All sizes for the sums; the other operations take the same way.
    types.flat_map(|(dtype, op)| COUNTS.map(|count| (dtype, op, count))).filter(|(_, op, n)| *n == 17 || *op == HCCL_REDUCE_SUM)
}

/// Every `step`th reduction, as one of the ranks; the first of them by their number.
pub(super) fn reductions_of(r: &Rank, step: usize) {
    let n = r.size;
    for (i, (dtype, op, count)) in reductions().enumerate().skip(n % step).step_by(step) {
        let reduced = |from: usize| encode(dtype, (from..from + count).map(|i| apply(op, (0..n).map(|rank| value(rank, i)))));
        let root = i % n;
        let own = encode(dtype, (0..n * count).map(|i| value(r.rank, i)));
        let (src, dst) = (buffer(&own), buffer(&vec![1; count * dtype.size()]));
        let bytes = count * dtype.size();
        let result = |ptr| {
            r.sync();
            download::<u8>(ptr, bytes)
        };
        hccl_ok!(HcclReduceScatter(src, dst, count as u64, dtype, op, r.comm, r.stream));
        assert_eq!(result(dst), reduced(r.rank * count));
        hccl_ok!(HcclAllReduce(src, dst, count as u64, dtype, op, r.comm, r.stream));
        assert_eq!(result(dst), reduced(0));
        ok!(acl.aclrtMemset(dst, bytes, 1, bytes));
        hccl_ok!(HcclReduce(src, dst, count as u64, dtype, op, root as u32, r.comm, r.stream));
        assert_eq!(result(dst), if r.rank == root { reduced(0) } else { vec![1; bytes] }, "the root only");
        hccl_ok!(HcclAllReduce(src, src, count as u64, dtype, op, r.comm, r.stream));
        assert_eq!(result(src), reduced(0), "in place");
        [src, dst].into_iter().for_each(free);
    }
}

/// The same for moves of equal parts.
pub(super) fn moves_of(r: &Rank, step: usize) {
    let n = r.size;
    let cases = MOVED.into_iter().flat_map(|dtype| COUNTS.map(|count| (dtype, count))).enumerate();
    for (case, (dtype, count)) in cases.skip(n % step).step_by(step) {
        let (root, size) = (case % n, dtype.size());
        let of = |rank: usize, from: usize, len: usize| encode(dtype, (from..from + len).map(|i| value(rank, i)));
        let (src, dst) = (buffer(&of(r.rank, 0, n * count)), buffer(&vec![0; n * count * size]));
        let result = |len: usize| {
            r.sync();
            download::<u8>(dst, len * size)
        };
        hccl_ok!(HcclAllGather(src, dst, count as u64, dtype, r.comm, r.stream));
        assert_eq!(result(n * count), (0..n).flat_map(|rank| of(rank, 0, count)).collect::<Vec<_>>());
        let send = if r.rank == root { src } else { null_mut() };
        hccl_ok!(HcclScatter(send, dst, count as u64, dtype, root as u32, r.comm, r.stream));
        assert_eq!(result(count), of(root, r.rank * count, count));
        hccl_ok!(HcclAlltoAll(src, count as u64, dtype, dst, count as u64, dtype, r.comm, r.stream));
        assert_eq!(result(n * count), (0..n).flat_map(|rank| of(rank, r.rank * count, count)).collect::<Vec<_>>());
        // Rank i sends (i + 2 j) % 4 parts of `count` to rank j, which puts them in the reverse order of the ranks.
        let parts = |i: usize, j: usize| (i + 2 * j) % 4;
        let sent: Vec<u64> = (0..n).map(|j| (parts(r.rank, j).min(1) * count) as u64).collect();
        let received: Vec<u64> = (0..n).map(|i| (parts(i, r.rank).min(1) * count) as u64).collect();
        let at: Vec<u64> = (0..n).map(|j| (j * count) as u64).collect();
        let back: Vec<u64> = (0..n).map(|i| ((n - 1 - i) * count) as u64).collect();
        let array = |array: &[u64]| array.as_ptr().cast::<c_void>();
        let bytes = n * count * size;
        ok!(acl.aclrtMemset(dst, bytes, 0, bytes));
        hccl_ok!(HcclAlltoAllV(
            src,
            array(&sent),
            array(&at),
            dtype,
            dst,
            array(&received),
            array(&back),
            dtype,
            r.comm,
            r.stream
        ));
        let expected = (0..n).rev().flat_map(|i| match parts(i, r.rank) {
            0 => vec![0; count * size],
            _ => of(i, r.rank * count, count),
        });
        assert_eq!(result(n * count), expected.collect::<Vec<_>>());
        hccl_ok!(HcclBroadcast(src, count as u64, dtype, root as u32, r.comm, r.stream));
        r.sync();
        assert_eq!(download::<u8>(src, count * size), of(root, 0, count));
        [src, dst].into_iter().for_each(free);
    }
}

/// The collectives with parts of their own, as one of the ranks: rank i has `(i * 3 + 1) % 4 * count` elements, which is nothing
/// for some.
pub(super) fn parts_of(r: &Rank) {
    let (n, array) = (r.size, |array: &[u64]| array.as_ptr().cast::<c_void>());
    let of = |dtype, rank: usize, from: usize, len: usize| encode(dtype, (from..from + len).map(|i| value(rank, i)));
    for (dtype, count) in
        [HCCL_DATA_TYPE_FP32, HCCL_DATA_TYPE_INT8].into_iter().flat_map(|dtype| COUNTS.map(|count| (dtype, count)))
    {
        let size = dtype.size();
        let counts: Vec<u64> = (0..n).map(|rank| ((rank * 3 + 1) % 4 * count) as u64).collect();
        // In the reverse order of the ranks, with a gap of one element before each.
        let mut end = 0;
        let mut displs = vec![0u64; n];
        for rank in (0..n).rev() {
            displs[rank] = end + 1;
            end += 1 + counts[rank];
        }
        let (own, total) = (counts[r.rank] as usize, end as usize + 1);
        let (src, dst) = (buffer(&of(dtype, r.rank, 0, total)), buffer(&vec![9; total * size]));
        hccl_ok!(HcclAllGatherV(src, own as u64, dst, array(&counts), array(&displs), dtype, r.comm, r.stream));
        r.sync();
        let mut expected = vec![9; total * size];
        for rank in 0..n {
            let part = of(dtype, rank, 0, counts[rank] as usize);
            expected[displs[rank] as usize * size..][..part.len()].copy_from_slice(&part);
        }
        assert_eq!(download::<u8>(dst, total * size), expected);
        for op in [HCCL_REDUCE_SUM, HCCL_REDUCE_MAX, HCCL_REDUCE_MIN] {
            ok!(acl.aclrtMemset(dst, total * size, 9, total * size));
            hccl_ok!(HcclReduceScatterV(src, array(&counts), array(&displs), dst, own as u64, dtype, op, r.comm, r.stream));
            r.sync();
            let from = displs[r.rank] as usize;
            let reduced = encode(dtype, (from..from + own).map(|i| apply(op, (0..n).map(|rank| value(rank, i)))));
            let rest = vec![9; total * size - reduced.len()];
            assert_eq!(download::<u8>(dst, total * size), [reduced, rest].concat());
        }
        // Rank i sends (i + 2 j) % 3 times `count` to rank j.
        let sent = |i: usize, j: usize| (i + 2 * j) % 3 * count;
        let matrix: Vec<u64> = (0..n * n).map(|at| sent(at / n, at % n) as u64).collect();
        let (src, dst) = (buffer(&of(dtype, r.rank, 0, 2 * n * count)), buffer(&vec![9; 2 * n * count * size]));
        hccl_ok!(HcclAlltoAllVC(src, array(&matrix), dtype, dst, dtype, r.comm, r.stream));
        r.sync();
        let part = |i: usize| of(dtype, i, (0..r.rank).map(|j| sent(i, j)).sum(), sent(i, r.rank));
        let expected: Vec<u8> = (0..n).flat_map(part).collect();
        assert_eq!(download::<u8>(dst, expected.len()), expected);
    }
}

fn all_ranks(body: impl Fn(&Rank) + Sync) {
    RANKS.into_iter().for_each(|n| _ = ranks(n, 60, &body));
}

#[test]
fn reductions_are_right() {
    all_ranks(|r| reductions_of(r, 1));
}

#[test]
fn parts_are_right() {
    all_ranks(parts_of);
}

#[test]
fn moves_are_right() {
    all_ranks(|r| moves_of(r, 1));
}

/// Sums of floats have the bits of a loop over the ranks in f32, on every rank, whatever the schedule and the threads: so they
/// are the same under all of them.
pub(super) fn bits_of(r: &Rank) {
    const COUNT: usize = 30_001;
    let input = |rank: usize, i: usize| ((rank * 7919 + i * 104_729) % 9973) as f32 / 37.0 - 100.0;
    let own: Vec<f32> = (0..COUNT).map(|i| input(r.rank, i)).collect();
    let brain: Vec<bf16> = own.iter().map(|x| bf16::from_f32(*x)).collect();
    let (wide, narrow) = (upload(&own), upload(&brain));
    hccl_ok!(HcclAllReduce(wide, wide, COUNT as u64, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, r.comm, r.stream));
    hccl_ok!(HcclAllReduce(narrow, narrow, COUNT as u64, HCCL_DATA_TYPE_BFP16, HCCL_REDUCE_SUM, r.comm, r.stream));
    r.sync();
    let (wide, narrow): (Vec<f32>, Vec<bf16>) = (download(wide, COUNT), download(narrow, COUNT));
    for i in 0..COUNT {
        let brain = |rank| bf16::from_f32(input(rank, i)).to_f32();
        assert_eq!(wide[i].to_bits(), (input(0, i) + input(1, i) + input(2, i)).to_bits());
        assert_eq!(narrow[i].to_bits(), bf16::from_f32(brain(0) + brain(1) + brain(2)).to_bits());
    }
}

fn check_bits() {
    ranks(3, 60, bits_of);
}

#[test]
fn the_bits_are_the_same_under_all_schedules() {
    check_bits();
    for variables in [
        &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "1")][..],
        &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "2")],
        &[("CANN_SIM_THREADS", "1")],
    ] {
        if in_child("hccl::values::the_bits_are_the_same_under_all_schedules", variables) {
            // The first line was all that is to do here.
            return;
        }
    }
}

#[test]
fn lazy_moves_are_right() {
    if in_child("hccl::values::lazy_moves_are_right", &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "5")]) {
        all_ranks(|r| moves_of(r, 1));
    }
}
