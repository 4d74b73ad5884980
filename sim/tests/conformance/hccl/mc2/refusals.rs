//! What dispatch and combine refuse, and what becomes of ranks that do not come or do not agree.

use std::ffi::c_char;

use super::experts::*;
use super::*;

/// The arguments of `aclnnMoeDistributeDispatchV2` but for the communicator's rank.
#[derive(Clone, Copy)]
struct Args {
    x: *mut aclTensor,
    ids: *mut aclTensor,
    scales: *mut aclTensor,
    mask: *mut aclTensor,
    weights: *mut aclTensor,
    ep: *const c_char,
    size: i64,
    rank: i64,
    experts: i64,
    tp: *const c_char,
    tp_size: i64,
    tp_rank: i64,
    shard: i64,
    shared: i64,
    shared_ranks: i64,
    quant: i64,
    bs: i64,
    kind: i64,
    algorithm: *const c_char,
    out: [*mut aclTensor; 7],
}

type Done = Result<(), (i32, String)>;

fn call(r: &Rank, a: Args) -> Done {
    let o = a.out;
    op!(
        r,
        aclnnMoeDistributeDispatchV2(
            a.x,
            a.ids,
            a.scales,
            a.mask,
            a.weights,
            a.ep,
            a.size,
            a.rank,
            a.experts,
            a.tp,
            a.tp_size,
            a.tp_rank,
            a.shard,
            a.shared,
            a.shared_ranks,
            a.quant,
            a.bs,
            a.kind,
            a.algorithm,
            o[0],
            o[1],
            o[2],
            o[3],
            o[4],
            o[5],
            o[6]
        )
    )
}

/// Codes: null 161001, a dtype 161002, a shape or a value 561002.
#[test]
fn what_the_documentation_does_not_take_is_refused() {
    if !in_child("hccl::mc2::refusals::what_the_documentation_does_not_take_is_refused", &[A3]) {
        return;
    }
    ranks(2, 60, |r| {
        let case = Case { local: 2, bs: 4, k: 2, ..PLAIN };
        let (name, inputs) = (c_string(&r.name()), case.inputs(r.rank));
        let up = Uploaded::new(&case, &inputs);
        let half = |dims: &[usize]| Tensor::out::<bf16>(dims);
        let ints = |dims: &[usize]| Tensor::out::<i32>(dims);
        // Room for 4 tokens of both ranks, for two experts.
        let (x, scales, index) = (half(&[16, 1024]), Tensor::out::<f32>(&[16]), ints(&[16 * 128]));
        let (nums, counts, two) = (Tensor::out::<i64>(&[2]), ints(&[4]), ints(&[2]));
        let good = Args {
            x: up.x.handle,
            ids: up.ids.handle,
            scales: NONE,
            mask: NONE,
            weights: NONE,
            ep: name.as_ptr(),
            size: 2,
            rank: r.rank as i64,
            experts: 4,
            tp: c"".as_ptr(),
            tp_size: 0,
            tp_rank: 0,
            shard: 0,
            shared: 0,
            shared_ranks: 0,
            quant: 0,
            bs: 0,
            kind: 1,
            algorithm: std::ptr::null(),
            out: [x.handle, scales.handle, index.handle, nums.handle, counts.handle, two.handle, scales.handle],
        };
        let no = |args: Args, code: i32, words: &[&str]| assert_refused(call(r, args), code, words);
        let out = |at: usize, tensor: *mut aclTensor| {
            let mut out = good.out;
            out[at] = tensor;
            Args { out, ..good }
        };
        no(Args { x: NONE, ..good }, 161001, &["x is null"]);
        no(Args { ids: NONE, ..good }, 161001, &["expertIds is null"]);
        no(out(0, NONE), 161001, &["expandXOut is null"]);
        no(out(4, NONE), 161001, &["epRecvCountsOut is null"]);
        no(Args { ep: std::ptr::null(), ..good }, 161001, &["groupEp is null or empty"]);
        no(Args { ep: c"nobody".as_ptr(), ..good }, 561002, &["groupEp is \"nobody\""]);
        no(Args { size: 1, ..good }, 561002, &["epWorldSize is 1", "2 to 768"]);
        no(Args { size: 3, ..good }, 561002, &["epWorldSize is 3", "2 ranks"]);
        no(Args { rank: 1 - r.rank as i64, ..good }, 561002, &["epRankId is", "current device is rank"]);
        no(Args { rank: 2, ..good }, 561002, &["epRankId is 2", "0 to 1"]);
        no(Args { experts: 0, ..good }, 561002, &["moeExpertNum is 0", "1 to 1024"]);
        no(Args { experts: 5, ..good }, 561002, &["moeExpertNum is 5", "multiple"]);
        no(Args { shard: 1, ..good }, 561002, &["expertShardType is 1"]);
        no(Args { shared: 5, ..good }, 561002, &["sharedExpertNum is 5", "0 to 4"]);
        no(Args { shared: 2, ..good }, 561002, &["sharedExpertNum is 2 with a sharedExpertRankNum of 0"]);
        no(Args { shared_ranks: 1, ..good }, 561002, &["sharedExpertRankNum is 1 with a sharedExpertNum of 0"]);
        no(Args { shared_ranks: 2, shared: 1, ..good }, 561002, &["sharedExpertRankNum is 2", "0 to 1"]);
        no(Args { quant: 1, ..good }, 561002, &["quantMode is 1"]);
        no(Args { quant: 2, ..good }, 161002, &["expandXOut is ACL_BF16", "ACL_INT8"]);
        no(Args { kind: 2, ..good }, 561002, &["expertTokenNumsType is 2"]);
        no(Args { bs: 7, ..good }, 561002, &["globalBs is 7"]);
        no(Args { bs: 6, ..good }, 561002, &["globalBs is 6"]);
        no(Args { tp_size: 3, ..good }, 561002, &["tpWorldSize is 3", "0 to 2"]);
        no(Args { tp_size: 2, tp: name.as_ptr(), ..good }, 561002, &["groupTp"]);
        no(Args { algorithm: c"hierarchy".as_ptr(), ..good }, 561002, &["commAlg is \"hierarchy\""]);
        no(Args { scales: up.smooth.handle, ..good }, 561002, &["scalesOptional is given with quantMode 0"]);
        let (wrong, narrow) = (Tensor::out::<f32>(&[4, 1024]), half(&[4, 1023]));
        no(Args { x: wrong.handle, ..good }, 161002, &["x is ACL_FLOAT"]);
        no(Args { x: narrow.handle, ..good }, 561002, &["the hidden size H", "1023", "1024 to 8192"]);
        let (five, many) = (ints(&[5, 2]), ints(&[4, 17]));
        no(Args { ids: five.handle, ..good }, 561002, &["expertIds has 5 rows"]);
        no(Args { ids: many.handle, ..good }, 561002, &["the top K", "17"]);
        let mask = Tensor::new(&[3], &[true; 3]);
        no(Args { mask: mask.handle, ..good }, 561002, &["xActiveMaskOptional has shape [3]"]);
        let short = half(&[15, 1024]);
        no(out(0, short.handle), 561002, &["expandXOut has shape [15, 1024]", "[16, 1024]"]);
        no(out(3, counts.handle), 161002, &["expertTokenNumsOut"]);
        no(out(4, two.handle), 561002, &["epRecvCountsOut has shape [2]"]);
        // Nothing was enqueued, and the right call goes through.
        r.sync();
        call(r, good).unwrap();
        r.sync();
    });
}

// A2 takes 16 ranks and more.
#[test]
fn two_ranks_are_too_few_for_a2() {
    ranks(2, 60, |r| {
        let case = Case { a3: false, h: 64, ..PLAIN };
        let (name, inputs) = (c_string(&r.name()), case.inputs(r.rank));
        let groups = Groups { ep: &name, ep_rank: r.rank, tp: None };
        let up = Uploaded::new(&case, &inputs);
        for version in [1, 2, 3] {
            let (done, _) = dispatch(r, &Case { version, ..case }, groups, &up);
            assert_refused(done, 561002, &["epWorldSize is 2", "Atlas A2", "16"]);
        }
    });
}

// And so does the first version on A3, 8 and more.
#[test]
fn two_ranks_are_too_few_for_the_first_version() {
    if in_child("hccl::mc2::refusals::two_ranks_are_too_few_for_the_first_version", &[A3]) {
        ranks(2, 60, |r| {
            let case = Case { version: 1, h: 7168, ..PLAIN };
            let (name, inputs) = (c_string(&r.name()), case.inputs(r.rank));
            let groups = Groups { ep: &name, ep_rank: r.rank, tp: None };
            let (done, _) = dispatch(r, &case, groups, &Uploaded::new(&case, &inputs));
            assert_refused(done, 561002, &["epWorldSize is 2", "Atlas A3", "8"]);
        });
    }
}

/// The window of 2 MiB that these sizes need, and less.
fn with_window(mib: u64) {
    let case = Case { bs: 64, ..PLAIN };
    ranks(2, 60, |r| {
        let (name, inputs) = (c_string(&r.name()), case.inputs(r.rank));
        let groups = Groups { ep: &name, ep_rank: r.rank, tp: None };
        let (done, _) = dispatch(r, &case, groups, &Uploaded::new(&case, &inputs));
        if mib == 1 {
            assert_refused(done, 561002, &["HCCL_BUFFSIZE is too SMALL", "NEEDED_HCCL_BUFFSIZE=2MB", "HCCL_BUFFSIZE=1MB"]);
        } else {
            done.unwrap();
            r.sync();
        }
    });
}

// 2 * (localExpertNum * maxBs * epWorldSize * Align512(Align32(2 * H) + 64) + (K + sharedExpertNum) * maxBs * Align512(2 * H)), here
// 2 * (2 * 64 * 2 * 2560 + 3 * 64 * 2048) bytes: 2 MiB exactly.
#[test]
fn a_window_that_is_too_small_is_refused() {
    if in_child("hccl::mc2::refusals::a_window_that_is_too_small_is_refused", &[A3, ("HCCL_BUFFSIZE", "1")]) {
        with_window(1);
    }
}

#[test]
fn a_window_that_just_suffices_is_taken() {
    if in_child("hccl::mc2::refusals::a_window_that_just_suffices_is_taken", &[A3, ("HCCL_BUFFSIZE", "2")]) {
        with_window(2);
    }
}

fn holds(text: &str, words: &[&str]) {
    assert!(words.iter().all(|word| text.contains(word)), "{text:?} lacks one of {words:?}");
}

/// A rank that does not come is named within the time; the call itself does not wait.
fn missing(r: &Rank) {
    let (name, case) = (c_string(&r.name()), PLAIN);
    if r.rank == 0 {
        let groups = Groups { ep: &name, ep_rank: 0, tp: None };
        let start = Instant::now();
        let up = Uploaded::new(&case, &case.inputs(0));
        let (done, _sent) = dispatch(r, &case, groups, &up);
        done.unwrap();
        let (code, text) = r.failure();
        assert_eq!(code, 507048, "{text}");
        holds(&text, &["rank 0: ", "remote rank [1]", "aclnnMoeDistributeDispatchV2", "rank 1 has not called it"]);
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    r.all.wait();
}

/// Two ranks that think of different numbers of experts.
fn disagreeing(r: &Rank) {
    let name = c_string(&r.name());
    let case = Case { local: 2 + r.rank, ..PLAIN };
    let groups = Groups { ep: &name, ep_rank: r.rank, tp: None };
    let up = Uploaded::new(&case, &case.inputs(r.rank));
    let (done, _sent) = dispatch(r, &case, groups, &up);
    let text = match done {
        Err((_, text)) => text,
        Ok(()) => r.failure().1,
    };
    holds(&text, &["moeExpertNum is", "4 on rank 0", "6 on rank 1"]);
    r.all.wait();
}

#[test]
fn a_missing_rank_is_named() {
    if in_child("hccl::mc2::refusals::a_missing_rank_is_named", &[A3]) {
        ranks(2, 1, missing);
    }
}

#[test]
fn ranks_that_do_not_agree_are_told() {
    if in_child("hccl::mc2::refusals::ranks_that_do_not_agree_are_told", &[A3]) {
        ranks(2, 60, disagreeing);
    }
}

/// The same from another process: what it gave has travelled.
#[test]
fn processes_that_do_not_agree_are_told() {
    let layouts: [&[usize]; 1] = [&[1, 1]];
    processes::everywhere_of(&layouts, "hccl::mc2::refusals::processes_that_do_not_agree_are_told", &[A3], disagreeing);
}

/// What only the device can see fails there: an id that no expert has, and what dispatch does not write.
#[test]
fn what_the_device_finds_fails_there() {
    if !in_child("hccl::mc2::refusals::what_the_device_finds_fails_there", &[A3]) {
        return;
    }
    ranks(2, 60, |r| {
        let (name, case) = (c_string(&r.name()), PLAIN);
        let mut inputs = case.inputs(r.rank);
        if r.rank == 1 {
            inputs.ids[4] = 4;
        }
        let groups = Groups { ep: &name, ep_rank: r.rank, tp: None };
        let up = Uploaded::new(&case, &inputs);
        let (done, _sent) = dispatch(r, &case, groups, &up);
        done.unwrap();
        let (_, text) = r.failure();
        holds(&text, &["rank 1: expertIds[1][1] is 4, out of range for 4"]);
        r.all.wait();
    });
    ranks(2, 60, |r| {
        let (name, case) = (c_string(&r.name()), PLAIN);
        let inputs = case.inputs(r.rank);
        let groups = Groups { ep: &name, ep_rank: r.rank, tp: None };
        let up = Uploaded::new(&case, &inputs);
        let (done, sent) = dispatch(r, &case, groups, &up);
        done.unwrap();
        r.sync();
        if r.rank == 0 {
            ok!(acl.aclrtMemset(sent.index.data, 12, 0x11, 12));
        }
        let rows = Tensor::out::<bf16>(&[case.capacity(r.rank), case.h]);
        let (done, _out) = combine(r, &case, groups, &up, &rows, &sent, &Extra::new(&case, r.rank, inputs.bs));
        done.unwrap();
        let (_, text) = r.failure();
        holds(&text, &["rank 0: assistInfoForCombine has", "which dispatch does not write"]);
        r.all.wait();
    });
}
