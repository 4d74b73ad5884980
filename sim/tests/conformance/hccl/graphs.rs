//! Captured calls (hccl, graph capture): each replay of a graph is a fresh meeting of the ranks, wherever they are.

use super::*;

macro_rules! graph_ok {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let function = $crate::api().graph.$name.expect("the simulator has all of them");
        // SAFETY: handles are checked, and pointers are to live variables.
        let code = unsafe { function($($arg),*) };
        assert_eq!(code, 0, "{}: {}", stringify!($name), $crate::recent());
    }};
}

/// Runs a graph on the rank's stream, and waits.
pub(super) fn replay(r: &Rank, graph: aclmdlRI) {
    graph_ok!(aclmdlRIExecuteAsync(graph, r.stream));
    r.sync();
}

pub(super) fn end(graph: aclmdlRI) {
    graph_ok!(aclmdlRIDestroy(graph));
}

pub(super) fn capture(r: &Rank, work: impl FnOnce()) -> aclmdlRI {
    let mut graph = null_mut();
    graph_ok!(aclmdlRICaptureBegin(r.stream, ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL));
    work();
    graph_ok!(aclmdlRICaptureEnd(r.stream, &mut graph));
    graph
}

/// Everybody tells everybody its number, and sums are taken of uneven parts, as often as the graph runs.
pub(super) fn replays_of(r: &Rank) {
    let n = r.size as u64;
    let sum = upload(&[1i32 << r.rank; 5]);
    let (own, all) = (upload(&vec![r.rank as i32; r.rank + 1]), upload(&vec![-1i32; r.size * (r.size + 1) / 2]));
    let (next, before) = ((r.rank + 1) % r.size, (r.rank + r.size - 1) % r.size);
    let passed = upload(&[-1i32; 5]);
    let graph = capture(r, || {
        // The arrays are read when the call is made, not in each replay.
        let counts: Vec<u64> = (1..=n).collect();
        let places: Vec<u64> = (0..n).map(|rank| rank * (rank + 1) / 2).collect();
        let (counts, places) = (counts.as_ptr().cast(), places.as_ptr().cast());
        let (dtype, mine) = (HCCL_DATA_TYPE_INT32, r.rank as u64 + 1);
        hccl_ok!(HcclAllReduce(sum, sum, 5, dtype, HCCL_REDUCE_SUM, r.comm, r.stream));
        hccl_ok!(HcclAllGatherV(own, mine, all, counts, places, dtype, r.comm, r.stream));
        hccl_ok!(HcclGroupStart());
        hccl_ok!(HcclSend(sum, 5, dtype, next as u32, r.comm, r.stream));
        hccl_ok!(HcclRecv(passed, 5, dtype, before as u32, r.comm, r.stream));
        hccl_ok!(HcclGroupEnd());
    });
    r.sync();
    assert_eq!(download::<i32>(passed, 5), [-1; 5], "nothing ran");
    let mut expected = (1 << n) - 1;
    for _ in 0..3 {
        graph_ok!(aclmdlRIExecuteAsync(graph, r.stream));
        r.sync();
        assert_eq!((download::<i32>(sum, 5), download::<i32>(passed, 5)), (vec![expected; 5], vec![expected; 5]));
        let gathered: Vec<i32> = (0..n as i32).flat_map(|rank| vec![rank; rank as usize + 1]).collect();
        assert_eq!(download::<i32>(all, gathered.len()), gathered);
        // Calls outside of graphs take their turn between the replays.
        hccl_ok!(HcclBarrier(r.comm, r.stream));
        expected *= n as i32;
    }
    r.sync();
    graph_ok!(aclmdlRIDestroy(graph));
}

#[test]
fn captured_calls_meet_anew_in_each_replay() {
    for n in [2, 3] {
        ranks(n, 60, replays_of);
    }
}

/// A rank that is suspended takes no calls: not into a graph, nor from one.
#[test]
fn graphs_of_a_suspended_rank_fail() {
    ranks(2, 60, |r| {
        let x = upload(&[1i32; 3]);
        let reduce = || hccl!(HcclAllReduce(x, x, 3, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, r.comm, r.stream));
        let graph = capture(r, || assert_eq!(reduce(), 0));
        hccl_ok!(HcclCommSuspend(r.comm));
        graph_ok!(aclmdlRIDestroy(capture(r, || assert_eq!(reduce(), 22))));
        graph_ok!(aclmdlRIExecuteAsync(graph, r.stream));
        let (code, text) = r.failure();
        assert!(code == 507011 && text.contains("HcclCommResume"), "{code}: {text}");
        graph_ok!(aclmdlRIDestroy(graph));
        r.all.wait();
    });
}
