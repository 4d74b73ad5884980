//! Products with one collective, `aclnnMatmulAllReduce`, `aclnnAllGatherMatmul` and `aclnnMatmulReduceScatter`, against loops,
//! and bit for bit against the two calls that each stands for.

use super::*;

/// A shape; `k` from 256 on where CANN demands it.
#[derive(Clone, Copy, Debug)]
struct Shape {
    m: usize,
    k: usize,
    n: usize,
    /// `x2` is a transposed view.
    turned: bool,
    /// A bias, or a `gatherOut` that is wanted.
    more: bool,
}

fn shape(m: usize, k: usize, n: usize) -> Shape {
    Shape { m, k, n, turned: false, more: true }
}

fn left<T: Half>(s: Shape, rank: usize) -> Vec<T> {
    halves(rank * 3 + 1, s.m * s.k)
}

fn right<T: Half>(s: Shape, rank: usize) -> Vec<T> {
    halves(rank * 3 + 2, s.k * s.n)
}

fn bias<T: Half>(s: Shape, rank: usize) -> Vec<T> {
    halves(rank * 3 + 3, s.n)
}

fn upload_right<T: Half>(s: Shape, rank: usize) -> Tensor {
    let values = right::<T>(s, rank);
    if s.turned { Tensor::transposed([s.k, s.n], &turned(&values, s.n)) } else { Tensor::new(&[s.k, s.n], &values) }
}

/// Each rank's product, rounded, then their sum in f32 and in the order of the ranks, rounded.
fn summed<T: Half>(r: &Rank, s: Shape, with_bias: bool) -> Vec<T> {
    let of = |rank: usize| {
        let bias = with_bias.then(|| bias::<T>(s, rank));
        product(&left::<T>(s, rank), &right::<T>(s, rank), s.k, s.n, bias.as_deref())
    };
    let all: Vec<Vec<T>> = (0..r.size).map(of).collect();
    (0..s.m * s.n).map(|at| T::of(all.iter().fold(0.0, |sum, of| sum + of[at].wide()))).collect()
}

fn all_reduce<T: Half>(r: &Rank, s: Shape) {
    let name = c_string(&r.name());
    // A stack of two where it can be one.
    let lead: &[usize] = if s.m.is_multiple_of(2) { &[2, s.m / 2] } else { &[s.m] };
    let x1 = Tensor::new(&[lead, &[s.k]].concat(), &left::<T>(s, r.rank));
    let (x2, added) = (upload_right::<T>(s, r.rank), Tensor::new(&[s.n], &bias::<T>(s, r.rank)));
    let out = Tensor::out::<T>(&[lead, &[s.n]].concat());
    let added = if s.more { added.handle } else { NONE };
    op!(r, aclnnMatmulAllReduce(x1.handle, x2.handle, added, name.as_ptr(), c"sum".as_ptr(), 0, 1, out.handle)).unwrap();
    r.sync();
    assert!(out.read::<T>() == summed::<T>(r, s, s.more), "rank {} of {}, {s:?}", r.rank, r.size);
}

fn reduce_scatter<T: Half>(r: &Rank, s: Shape) {
    let name = c_string(&r.name());
    let (x1, x2) = (Tensor::new(&[s.m, s.k], &left::<T>(s, r.rank)), upload_right::<T>(s, r.rank));
    let (rows, n) = (s.m / r.size, s.n);
    let out = Tensor::out::<T>(&[rows, n]);
    op!(r, aclnnMatmulReduceScatter(x1.handle, x2.handle, NONE, name.as_ptr(), c"sum".as_ptr(), 0, 1, out.handle)).unwrap();
    r.sync();
    let want = &summed::<T>(r, s, false)[r.rank * rows * n..][..rows * n];
    assert!(out.read::<T>() == want, "rank {} of {}, {s:?}", r.rank, r.size);
}

fn all_gather<T: Half>(r: &Rank, s: Shape) {
    let name = c_string(&r.name());
    let (x1, x2) = (Tensor::new(&[s.m, s.k], &left::<T>(s, r.rank)), upload_right::<T>(s, r.rank));
    let rows = s.m * r.size;
    let out = Tensor::out::<T>(&[rows, s.n]);
    let gathered = if s.more { Tensor::out::<T>(&[rows, s.k]) } else { Tensor::empty::<T>(&[0, s.k]) };
    let (a, b, y, g) = (x1.handle, x2.handle, out.handle, gathered.handle);
    op!(r, aclnnAllGatherMatmul(a, b, NONE, name.as_ptr(), 0, 0, 1, y, g)).unwrap();
    r.sync();
    let all: Vec<T> = (0..r.size).flat_map(|rank| left::<T>(s, rank)).collect();
    assert!(!s.more || gathered.read::<T>() == all, "rank {} of {}, {s:?}", r.rank, r.size);
    let want = product(&all, &right::<T>(s, r.rank), s.k, s.n, None);
    assert!(out.read::<T>() == want, "rank {} of {}, {s:?}", r.rank, r.size);
}

/// One row, odd numbers, more than one block of elements, a transposed right side, with a bias and without.
fn all_reduces(r: &Rank) {
    all_reduce::<bf16>(r, shape(1, 1, 1));
    all_reduce::<bf16>(r, Shape { more: false, ..shape(5, 33, 7) });
    all_reduce::<f16>(r, Shape { turned: true, ..shape(6, 64, 1031) });
    all_reduce::<bf16>(r, Shape { turned: true, ..shape(64, 128, 96) });
}

/// No row, one, an odd number; no column.
fn gathers_and_scatters(r: &Rank) {
    for m in [0, 1, 3] {
        all_gather::<bf16>(r, shape(m, 256, 5));
        all_gather::<f16>(r, Shape { turned: true, more: false, ..shape(m, 257, 33) });
        reduce_scatter::<bf16>(r, shape(m * r.size, 256, 5));
        reduce_scatter::<f16>(r, Shape { turned: true, ..shape(m * r.size, 259, 1031) });
    }
    all_gather::<bf16>(r, shape(3, 256, 0));
    reduce_scatter::<bf16>(r, shape(r.size, 256, 0));
}

// aclnnMatmulAllReduce.md: A2, 1, 2, 4 and 8 ranks.
#[test]
fn all_reduce_of_a_product() {
    for n in [1, 2, 4, 8] {
        ranks(n, 60, all_reduces);
    }
}

// aclnnAllGatherMatmul.md, aclnnMatmulReduceScatter.md: 2, 4 and 8 ranks on A2.
#[test]
fn a_product_of_gathered_rows_and_a_scattered_product() {
    for n in [2, 4, 8] {
        ranks(n, 60, gathers_and_scatters);
    }
}

/// The same bits in whichever order streams are served.
#[test]
fn the_same_lazily() {
    if in_child("hccl::mc2::products::the_same_lazily", &[("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "7")]) {
        ranks(4, 60, |r| {
            all_reduces(r);
            gathers_and_scatters(r);
        });
    }
}

/// The layouts of 2 and 4 ranks.
const LAYOUTS: [&[usize]; 3] = [&[1, 1], &[2, 1, 1], &[1, 1, 1, 1]];

#[test]
fn all_reduce_of_a_product_in_several_processes() {
    processes::everywhere_of(&LAYOUTS, "hccl::mc2::products::all_reduce_of_a_product_in_several_processes", &[], all_reduces);
}

#[test]
fn gathered_and_scattered_in_several_processes() {
    processes::everywhere_of(
        &LAYOUTS,
        "hccl::mc2::products::gathered_and_scattered_in_several_processes",
        &[],
        gathers_and_scatters,
    );
}

/// Sums that round: each operator is, bit for bit, the two calls that it stands for.
#[test]
fn the_same_bits_as_the_two_calls() {
    ranks(4, 60, |r| {
        let (m, k, n, name) = (36, 300, 77, c_string(&r.name()));
        let numbers = |seed: usize, len: usize| -> Vec<bf16> {
            let mut next = noise((seed * 8 + r.rank) as u64);
            (0..len).map(|_| bf16::from_f32((next() % 100_003) as f32 / 50_001.5 - 1.0)).collect()
        };
        let (x1, x2) = (Tensor::new(&[m, k], &numbers(1, m * k)), Tensor::new(&[k, n], &numbers(2, k * n)));
        let (all, part, product) = (Tensor::out::<bf16>(&[m, n]), Tensor::out::<bf16>(&[m / 4, n]), Tensor::out::<bf16>(&[m, n]));
        let group = name.as_ptr();
        let (a, b, sum) = (x1.handle, x2.handle, c"sum".as_ptr());
        op!(r, aclnnMatmulAllReduce(a, b, NONE, group, sum, 0, 1, all.handle)).unwrap();
        op!(r, aclnnMatmulReduceScatter(a, b, NONE, group, sum, 0, 1, part.handle)).unwrap();
        op!(r, aclnnMm(a, b, product.handle, 0)).unwrap();
        let (p, count) = (product.data, (m * n) as u64);
        let (part_of, reduced) = (upload(&vec![0u16; m / 4 * n]), upload(&vec![0u16; m * n]));
        hccl_ok!(HcclReduceScatter(p, part_of, count / 4, HCCL_DATA_TYPE_BFP16, HCCL_REDUCE_SUM, r.comm, r.stream));
        hccl_ok!(HcclAllReduce(p, reduced, count, HCCL_DATA_TYPE_BFP16, HCCL_REDUCE_SUM, r.comm, r.stream));
        r.sync();
        assert_eq!(download::<u16>(all.data, m * n), download::<u16>(reduced, m * n));
        assert_eq!(download::<u16>(part.data, m / 4 * n), download::<u16>(part_of, m / 4 * n));
        let (gathered, out) = (Tensor::out::<bf16>(&[4 * m, k]), Tensor::out::<bf16>(&[4 * m, n]));
        op!(r, aclnnAllGatherMatmul(a, b, NONE, group, 0, 0, 1, out.handle, gathered.handle)).unwrap();
        let (rows, product) = (Tensor::out::<bf16>(&[4 * m, k]), Tensor::out::<bf16>(&[4 * m, n]));
        hccl_ok!(HcclAllGather(x1.data, rows.data, (m * k) as u64, HCCL_DATA_TYPE_BFP16, r.comm, r.stream));
        op!(r, aclnnMm(rows.handle, b, product.handle, 0)).unwrap();
        r.sync();
        assert_eq!(download::<u16>(out.data, 4 * m * n), download::<u16>(product.data, 4 * m * n));
    });
}

/// A captured operator takes what its tensors hold when the graph runs, and meets the others anew each time.
#[test]
fn captured_products_meet_anew_in_each_replay() {
    ranks(2, 60, |r| {
        let (name, s) = (c_string(&r.name()), shape(4, 256, 8));
        let (x1, x2) = (Tensor::new(&[s.m, s.k], &vec![bf16::ZERO; s.m * s.k]), upload_right::<bf16>(s, r.rank));
        let (out, gathered, rows) =
            (Tensor::out::<bf16>(&[s.m, s.n]), Tensor::empty::<bf16>(&[0, s.k]), Tensor::out::<bf16>(&[2 * s.m, s.n]));
        let (a, b, group, sum) = (x1.handle, x2.handle, name.as_ptr(), c"sum".as_ptr());
        lay_out_workspace(1 << 20);
        let graph = graphs::capture(r, || {
            op!(r, aclnnMatmulAllReduce(a, b, NONE, group, sum, 0, 1, out.handle)).unwrap();
            op!(r, aclnnAllGatherMatmul(a, b, NONE, group, 0, 0, 1, rows.handle, gathered.handle)).unwrap();
        });
        for values in [vec![bf16::ZERO; s.m * s.k], left::<bf16>(s, r.rank)] {
            let bytes = size_of_val(&values[..]);
            ok!(acl.aclrtMemcpy(x1.data, bytes, values.as_ptr().cast(), bytes, ACL_MEMCPY_HOST_TO_DEVICE));
            graphs::replay(r, graph);
            let zero = values[0] == bf16::ZERO && values[1] == bf16::ZERO;
            let want = if zero { vec![bf16::ZERO; s.m * s.n] } else { summed::<bf16>(r, s, false) };
            assert!(out.read::<bf16>() == want, "rank {}", r.rank);
            if !zero {
                let all: Vec<bf16> = (0..2).flat_map(|rank| left::<bf16>(s, rank)).collect();
                assert!(rows.read::<bf16>() == product(&all, &right::<bf16>(s, r.rank), s.k, s.n, None), "rank {}", r.rank);
            }
        }
        graphs::end(graph);
    });
}

/// An enqueue does not wait: one thread makes the calls of both ranks, and they are queued behind what holds the stream.
#[test]
fn an_enqueue_does_not_wait() {
    ranks(2, 60, |r| {
        let name = c_string(&r.name());
        let s = shape(4, 256, 8);
        let (x1, x2) = (Tensor::new(&[s.m, s.k], &left::<bf16>(s, r.rank)), upload_right::<bf16>(s, r.rank));
        let out = Tensor::out::<bf16>(&[s.m, s.n]);
        let call = || op!(r, aclnnMatmulAllReduce(x1.handle, x2.handle, NONE, name.as_ptr(), c"sum".as_ptr(), 0, 1, out.handle));
        if r.rank == 0 {
            call().unwrap();
            // The other makes its call only now that this one has returned.
            r.all.wait();
        } else {
            r.all.wait();
            call().unwrap();
        }
        r.sync();
        assert!(out.read::<bf16>() == summed::<bf16>(r, s, false));
    });
}

fn refused(outcome: Result<(), (i32, String)>, code: i32, words: &[&str]) {
    assert_refused(outcome, code, words);
}

/// Codes: null and what `op_api` checks 161001 and 161002, what the tiling checks 561002.
#[test]
fn what_the_documentation_does_not_take_is_refused() {
    ranks(2, 60, |r| {
        let name = c_string(&r.name());
        let (group, sum) = (name.as_ptr(), c"sum".as_ptr());
        let half = |dims: &[usize]| Tensor::out::<bf16>(dims);
        let (x1, x2, out) = (half(&[4, 256]), half(&[256, 6]), half(&[4, 6]));
        let all_reduce = |x1: &Tensor, x2: &Tensor, bias: *mut aclTensor, group, op, turn, mode, out: &Tensor| {
            op!(r, aclnnMatmulAllReduce(x1.handle, x2.handle, bias, group, op, turn, mode, out.handle))
        };
        let null = std::ptr::null();
        refused(all_reduce(&x1, &x2, NONE, null, sum, 0, 1, &out), 161001, &["group is null"]);
        refused(all_reduce(&x1, &x2, NONE, group, null, 0, 1, &out), 161001, &["reduceOp is null"]);
        refused(all_reduce(&x1, &x2, NONE, group, c"max".as_ptr(), 0, 1, &out), 161002, &["reduceOp is \"max\"", "\"sum\""]);
        refused(all_reduce(&x1, &x2, NONE, group, sum, 0, 0, &out), 161002, &["streamMode is 0"]);
        refused(all_reduce(&x1, &x2, NONE, group, sum, 2, 1, &out), 561002, &["commTurn is 2"]);
        refused(all_reduce(&x1, &x2, NONE, c"nobody".as_ptr(), sum, 0, 1, &out), 561002, &["group is \"nobody\""]);
        refused(all_reduce(&x1, &x1, NONE, group, sum, 0, 1, &out), 161002, &["[4, 256]"]);
        refused(all_reduce(&x1, &x2, NONE, group, sum, 0, 1, &x1), 161002, &["output has shape [4, 256]", "[4, 6]"]);
        let (wrong, f32s) = (half(&[5]), Tensor::out::<f32>(&[4, 6]));
        refused(all_reduce(&x1, &x2, wrong.handle, group, sum, 0, 1, &out), 161002, &["bias has shape [5]"]);
        refused(all_reduce(&x1, &x2, NONE, group, sum, 0, 1, &f32s), 161002, &["output is ACL_FLOAT"]);
        let turned = Tensor::transposed([4, 256], &vec![bf16::ZERO; 1024]);
        refused(all_reduce(&turned, &x2, NONE, group, sum, 0, 1, &out), 161002, &["x1 has strides"]);

        let gathered = half(&[8, 256]);
        let gather = |x1: &Tensor, x2: &Tensor, bias: *mut aclTensor, index, out: &Tensor, gathered: *mut aclTensor| {
            op!(r, aclnnAllGatherMatmul(x1.handle, x2.handle, bias, group, index, 0, 1, out.handle, gathered))
        };
        let eight = half(&[8, 6]);
        refused(gather(&x1, &x2, NONE, 1, &eight, gathered.handle), 561002, &["gatherIndex is 1"]);
        refused(gather(&x1, &x2, wrong.handle, 0, &eight, gathered.handle), 200006, &["bias"]);
        refused(gather(&x1, &x2, NONE, 0, &out, gathered.handle), 161002, &["output has shape [4, 6]", "[8, 6]"]);
        refused(gather(&x1, &x2, NONE, 0, &eight, x1.handle), 161002, &["gatherOut has shape [4, 256]"]);
        refused(gather(&x1, &x2, NONE, 0, &eight, NONE), 161001, &["gatherOut is null"]);
        refused(gather(&turned, &x2, NONE, 0, &eight, gathered.handle), 161002, &["x1 is a transposed view"]);
        let (short, few) = (half(&[4, 255]), half(&[255, 6]));
        refused(gather(&short, &few, NONE, 0, &eight, gathered.handle), 161002, &["255 columns", "256 to 65534"]);

        let scatter = |x1: &Tensor, out: &Tensor| {
            op!(r, aclnnMatmulReduceScatter(x1.handle, x2.handle, NONE, group, sum, 0, 1, out.handle))
        };
        refused(scatter(&half(&[3, 256]), &out), 561002, &["3 rows", "2 ranks"]);
        refused(scatter(&x1, &out), 161002, &["output has shape [4, 6]", "[2, 6]"]);
        // Nothing was enqueued.
        r.sync();
    });
    // Three ranks are no number for these.
    ranks(3, 60, |r| {
        let name = c_string(&r.name());
        let (x1, x2) = (Tensor::out::<bf16>(&[3, 256]), Tensor::out::<bf16>(&[256, 6]));
        let (out, nine) = (Tensor::out::<bf16>(&[3, 6]), Tensor::out::<bf16>(&[9, 6]));
        let (a, b, group, sum) = (x1.handle, x2.handle, name.as_ptr(), c"sum".as_ptr());
        let words = ["the communicator of group has 3 ranks"];
        refused(op!(r, aclnnMatmulAllReduce(a, b, NONE, group, sum, 0, 1, out.handle)), 561002, &words);
        refused(op!(r, aclnnMatmulReduceScatter(a, b, NONE, group, sum, 0, 1, out.handle)), 561002, &words);
        refused(op!(r, aclnnAllGatherMatmul(a, b, NONE, group, 0, 0, 1, nine.handle, NONE)), 161001, &["gatherOut"]);
    });
}

/// aclnnMatmulAllReduce.md: not on A3.
#[test]
fn what_a3_takes() {
    if in_child("hccl::mc2::products::what_a3_takes", &[A3]) {
        ranks(2, 60, |r| {
            let name = c_string(&r.name());
            let (x1, x2, out) = (Tensor::out::<bf16>(&[4, 256]), Tensor::out::<bf16>(&[256, 6]), Tensor::out::<bf16>(&[4, 6]));
            let (a, b, group, sum) = (x1.handle, x2.handle, name.as_ptr(), c"sum".as_ptr());
            let done = op!(r, aclnnMatmulAllReduce(a, b, NONE, group, sum, 0, 1, out.handle));
            refused(done, 200006, &["A2", "A3"]);
            gathers_and_scatters(r);
        });
    }
}

/// Ranks that do not agree on a shape; one that does not come.
#[test]
fn disagreement_and_absence_are_told() {
    ranks(2, 60, |r| {
        let name = c_string(&r.name());
        let rows = if r.rank == 0 { 4 } else { 6 };
        let (x1, x2, out) = (Tensor::out::<bf16>(&[rows, 256]), Tensor::out::<bf16>(&[256, 6]), Tensor::out::<bf16>(&[rows, 6]));
        let (a, b, group, sum) = (x1.handle, x2.handle, name.as_ptr(), c"sum".as_ptr());
        let done = op!(r, aclnnMatmulAllReduce(a, b, NONE, group, sum, 0, 1, out.handle));
        // The second to call is refused, or its stream fails; the first one's stream fails.
        let text = match done {
            Err((_, text)) => text,
            Ok(()) => r.failure().1,
        };
        assert!(["m is", "4", "6"].iter().all(|word| text.contains(word)), "{text}");
    });
    ranks(2, 1, |r| {
        let name = c_string(&r.name());
        let (x1, x2, out) = (Tensor::out::<bf16>(&[4, 256]), Tensor::out::<bf16>(&[256, 6]), Tensor::out::<bf16>(&[4, 6]));
        if r.rank == 0 {
            let (a, b, group, sum) = (x1.handle, x2.handle, name.as_ptr(), c"sum".as_ptr());
            op!(r, aclnnMatmulAllReduce(a, b, NONE, group, sum, 0, 1, out.handle)).unwrap();
            let (code, text) = r.failure();
            assert_eq!(code, 507048, "{text}");
            assert!(
                ["remote rank [1]", "aclnnMatmulAllReduce", "rank 1 has not called it"].iter().all(|word| text.contains(word)),
                "{text}"
            );
        }
        r.all.wait();
    });
}
