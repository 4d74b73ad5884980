//! Ranks that disagree, are late, or go. On devices of their own, one test at a time: what fails is reported by the device later.

use super::devices;
use super::values::{untouched, upload};
use ascend_rl::hccl::{CommOptions, ReduceOp::Sum};
use ascend_rl::{Communicator, DType, Device, Error, ErrorKind, Tensor, ops};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Two or three ranks, and what is needed after them: the devices, whose reports of these failures are taken before they are
/// used again.
struct Group {
    ranks: Vec<Communicator>,
    devices: Vec<Device>,
    _alone: MutexGuard<'static, ()>,
}

fn group(size: u32, name: &str, timeout: Duration) -> Group {
    static ONE: Mutex<()> = Mutex::new(());
    let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let devices = devices(5..5 + size);
    let options = CommOptions { name: Some(name.into()), timeout: Some(timeout), ..Default::default() };
    Group { ranks: Communicator::all(&devices, &options).unwrap(), devices, _alone: alone }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.ranks.clear();
        for device in &self.devices {
            // Each reports a failure once more.
            let _ = device.synchronize();
            let _ = device.synchronize();
        }
    }
}

const LONG: Duration = Duration::from_secs(100);

#[track_caller]
fn assert_says(error: &Error, kind: ErrorKind, parts: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
    assert!(!error.to_string().contains('\n'), "one line: {error}");
}

#[test]
fn calls_that_differ_are_refused_and_can_be_put_right() {
    let group = group(2, "differ", LONG);
    let [a, b] = &group.ranks[..] else { unreachable!() };
    let (mut x, y) = (upload(a.stream(), &[1.0f32; 8]), upload(b.stream(), &[2.0f32; 8]));
    let (mut long, mut both) = (untouched::<f32>(b.stream(), 9), untouched::<f32>(b.stream(), 16));
    a.all_reduce(&mut x, Sum).unwrap();
    let error = b.all_gather(&y, &mut both).unwrap_err();
    let text = "call 1 of `differ` is all_gather(8 x f32) on rank 1 and all_reduce(8 x f32, sum) on rank 0";
    assert_says(&error, ErrorKind::Collective, &[text]);
    assert_eq!(error.call(), None, "CANN was not called");
    let error = b.all_reduce(&mut long, Sum).unwrap_err();
    assert_says(&error, ErrorKind::Collective, &["all_reduce(9 x f32, sum) on rank 1", "all_reduce(8 x f32, sum) on rank 0"]);
    let mut y = y;
    b.all_reduce(&mut y, Sum).unwrap();
    assert_eq!(x.to_vec::<f32>(a.stream()).unwrap(), [3.0; 8]);
    assert_eq!(y.to_vec::<f32>(b.stream()).unwrap(), [3.0; 8]);
}

#[test]
fn a_host_wait_that_runs_out_names_who_is_behind() {
    let group = group(3, "late", LONG);
    let mut tensors: Vec<_> = group.ranks.iter().map(|comm| upload(comm.stream(), &[1i32])).collect();
    let mut all: Vec<_> = group.ranks.iter().map(|comm| untouched::<i32>(comm.stream(), 3)).collect();
    for ((comm, x), all) in group.ranks.iter().zip(&tensors).zip(&mut all) {
        comm.all_gather(x, all).unwrap();
    }
    for (comm, x) in group.ranks.iter().zip(&mut tensors).take(2) {
        comm.all_reduce(x, Sum).unwrap();
    }
    let behind = "rank 2 of `late` is behind: it has made 1 call, the last all_gather; this rank made 2, the last all_reduce";
    let short = Duration::from_millis(30);
    let error = group.ranks[0].stream().synchronize_for(short).unwrap_err();
    assert_says(&error, ErrorKind::Timeout, &["is still at work", behind]);
    // An event knows it too, and so does another stream that waits for it.
    let event = group.ranks[0].stream().record().unwrap();
    assert_says(&event.synchronize_for(short).unwrap_err(), ErrorKind::Timeout, &[behind]);
    let other = group.ranks[0].device().stream().unwrap();
    other.wait(&event).unwrap();
    assert_says(&other.synchronize_for(short).unwrap_err(), ErrorKind::Timeout, &[behind]);
    // It comes after all.
    group.ranks[2].all_reduce(&mut tensors[2], Sum).unwrap();
    for (comm, x) in group.ranks.iter().zip(&tensors) {
        assert_eq!(x.to_vec::<i32>(comm.stream()).unwrap(), [3]);
    }
    other.synchronize().unwrap();
}

#[test]
fn a_message_without_a_counterpart_is_named() {
    let group = group(2, "mail", LONG);
    let [a, b] = &group.ranks[..] else { unreachable!() };
    let (x, mut y) = (upload(a.stream(), &[1i32, 2]), untouched::<i32>(b.stream(), 2));
    a.send(&x, 1).unwrap();
    let error = a.stream().synchronize_for(Duration::from_millis(30)).unwrap_err();
    assert_says(&error, ErrorKind::Timeout, &["rank 1 of `mail` has not received 1 send of this rank, the first 2 x i32"]);
    b.recv(&mut y, 0).unwrap();
    assert_eq!(y.to_vec::<i32>(b.stream()).unwrap(), [1, 2]);
    a.stream().synchronize().unwrap();
    b.recv(&mut y, 0).unwrap();
    let error = b.stream().synchronize_for(Duration::from_millis(30)).unwrap_err();
    assert_says(&error, ErrorKind::Timeout, &["rank 0 of `mail` has not sent for 1 receive of this rank"]);
    a.send(&x, 1).unwrap();
    b.stream().synchronize().unwrap();
}

#[test]
fn a_late_rank_fails_the_collective_in_its_time() {
    let mut group = group(2, "slow", Duration::from_secs(1));
    let mut x = upload(group.ranks[0].stream(), &[1.0f32]);
    let start = Instant::now();
    group.ranks[0].all_reduce(&mut x, Sum).unwrap();
    let error = x.to_vec::<f32>(group.ranks[0].stream()).unwrap_err();
    let took = start.elapsed();
    assert_says(&error, ErrorKind::Collective, &["rank 1 of `slow` is behind: it has made 0 calls; this rank made 1"]);
    assert!((Duration::from_millis(900)..Duration::from_secs(20)).contains(&took), "after {took:?}");
    drop(x);
    group.ranks.clear();
}

/// Rank 0 waits for a sum in which rank 1 takes no part; `end` ends rank 1. How the wait ends.
fn left_alone(name: &str, end: impl FnOnce(Communicator) + Send) {
    let mut group = group(2, name, LONG);
    let (b, a) = (group.ranks.pop().unwrap(), group.ranks.pop().unwrap());
    let (start, (called, go_on)) = (Instant::now(), channel());
    thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            let mut x = upload(a.stream(), &[1.0f32]);
            a.all_reduce(&mut x, Sum).unwrap();
            called.send(()).unwrap();
            let error = x.to_vec::<f32>(a.stream()).unwrap_err();
            let left = format!("rank 1 of `{}` has left: it has made 0 calls; this rank made 1, the last all_reduce", a.name());
            assert_says(&error, ErrorKind::Collective, &[&left]);
            // And from now on nothing is called.
            let error = a.barrier().unwrap_err();
            assert_says(&error, ErrorKind::Collective, &["barrier: rank 1 of", "has left"]);
            assert_eq!(error.call(), None);
        });
        go_on.recv().unwrap();
        // So that it waits by then, as a rule.
        thread::sleep(Duration::from_millis(50));
        let _ = scope.spawn(move || end(b)).join();
        waiting.join().unwrap();
    });
    assert!(start.elapsed() < Duration::from_secs(20), "not by the timeout: {:?}", start.elapsed());
}

#[test]
fn a_rank_that_leaves_takes_the_others_out_of_their_waits() {
    left_alone("leaver", drop);
}

#[test]
fn a_rank_that_panics_does_too() {
    left_alone("panicker", |comm| {
        let _x = upload(comm.stream(), &[1.0f32]);
        std::panic::resume_unwind(Box::new("on purpose"));
    });
}

#[test]
fn a_rank_that_aborts_frees_the_others_at_once() {
    left_alone("aborter", Communicator::abort);
}

#[test]
fn what_an_aborted_rank_had_queued_is_given_up_and_its_device_says_so() {
    let mut group = group(2, "aborted", LONG);
    let (b, a) = (group.ranks.pop().unwrap(), group.ranks.pop().unwrap());
    let mut x = upload(a.stream(), &[1i32]);
    a.all_reduce(&mut x, Sum).unwrap();
    a.check().unwrap();
    let start = Instant::now();
    a.abort();
    assert!(start.elapsed() < Duration::from_millis(900), "it waits for nobody: {:?}", start.elapsed());
    let error = group.devices[0].synchronize().unwrap_err();
    assert_says(
        &error,
        ErrorKind::Async,
        &["rank 0 of `aborted` has left with calls that had not run", "rank 1 of `aborted` is behind"],
    );
    // It has not forgotten that rank 0 had called.
    assert_says(&b.barrier().unwrap_err(), ErrorKind::Collective, &["call 1 of `aborted` is barrier on rank 1"]);
    drop((x, b));
}

#[test]
fn a_group_that_was_suspended_goes_on_once_all_have_resumed() {
    let group = group(2, "resumed", LONG);
    let mut tensors: Vec<_> = group.ranks.iter().map(|comm| upload(comm.stream(), &[1i32])).collect();
    let mut sums = |factor: i32| {
        for (comm, x) in group.ranks.iter().zip(&mut tensors) {
            comm.all_reduce(&mut *x, Sum).unwrap();
        }
        for (comm, x) in group.ranks.iter().zip(&tensors) {
            assert_eq!(x.to_vec::<i32>(comm.stream()).unwrap(), [factor]);
        }
    };
    sums(2);
    group.ranks.iter().for_each(|comm| comm.suspend().unwrap());
    for comm in &group.ranks {
        let error = comm.barrier().unwrap_err();
        assert_says(&error, ErrorKind::Collective, &["HcclBarrier returned 22 (HCCL_E_SUSPENDING)"]);
    }
    group.ranks.iter().for_each(|comm| comm.resume().unwrap());
    sums(4);
}

#[test]
fn a_failure_that_hccl_has_found_can_be_asked_for() {
    let mut group = group(2, "asked", Duration::from_secs(1));
    let mut x = upload(group.ranks[0].stream(), &[1.0f32]);
    group.ranks[0].check().unwrap();
    group.ranks[0].all_reduce(&mut x, Sum).unwrap();
    group.ranks[0].stream().synchronize().unwrap_err();
    let error = group.ranks[0].check().unwrap_err();
    let parts = ["a collective of rank 0 of `asked` has failed: HcclGetCommAsyncError", "rank 1 of `asked` is behind"];
    assert_says(&error, ErrorKind::Collective, &parts);
    drop(x);
    group.ranks.clear();
}

#[test]
fn a_rank_may_leave_when_it_has_made_its_calls() {
    let mut group = group(2, "early", LONG);
    let (b, a) = (group.ranks.pop().unwrap(), group.ranks.pop().unwrap());
    let (mut x, mut y) = (upload(a.stream(), &[1i32]), upload(b.stream(), &[2i32]));
    b.all_reduce(&mut y, Sum).unwrap();
    thread::scope(|scope| {
        // It waits for a rank that is about to make the call, for a moment.
        scope.spawn(move || drop(b));
        thread::sleep(Duration::from_millis(50));
        a.all_reduce(&mut x, Sum).unwrap();
        assert_eq!(x.to_vec::<i32>(a.stream()).unwrap(), [3]);
    });
}

#[test]
fn calls_that_a_rank_leaves_behind_fail_and_its_device_says_so() {
    let mut group = group(3, "dropped", LONG);
    let mut tensors: Vec<_> = group.ranks.iter().map(|comm| upload(comm.stream(), &[1i32])).collect();
    for (comm, x) in group.ranks.iter().zip(&mut tensors).take(2) {
        comm.all_reduce(x, Sum).unwrap();
    }
    let compute = group.devices[0].stream().unwrap();
    let event = group.ranks[0].stream().record().unwrap();
    compute.wait(&event).unwrap();
    // One thread has all ranks: rank 2 will not come while rank 0 is dropped. Tensors may live on.
    let start = Instant::now();
    drop(group.ranks.remove(0));
    assert!(start.elapsed() < Duration::from_secs(20), "not by the timeout");
    let error = compute.synchronize().unwrap_err();
    let left = "was dropped: rank 0 of `dropped` has left with calls that had not run: rank 2 of `dropped` is behind";
    assert_says(&error, ErrorKind::Async, &[left]);
    // The other rank that waited for rank 2 has lost rank 0.
    let error = group.ranks[0].stream().synchronize().unwrap_err();
    assert_says(&error, ErrorKind::Collective, &["rank 2 of `dropped` is behind"]);
    drop(tensors);
    group.ranks.clear();
    // The device goes on.
    let s = group.devices[0].stream().unwrap();
    assert_eq!(Tensor::from_slice(&s, &[1], &[7i32]).unwrap().to_vec::<i32>(&s).unwrap(), [7]);
}

#[test]
fn a_stream_that_a_failed_collective_was_joined_to_does_not_give_its_result() {
    let mut group = group(2, "joined", Duration::from_secs(1));
    let comm = &group.ranks[0];
    let s = comm.device().stream().unwrap();
    let mut x = upload(&s, &[1.0f32; 4]);
    s.fork(comm.stream(), |fork| comm.all_reduce(fork.lend_tensor_mut(&mut x)?, Sum)).unwrap();
    let error = x.to_vec::<f32>(&s).unwrap_err();
    assert_says(&error, ErrorKind::Collective, &["rank 1 of `joined` is behind"]);
    // It stays so, for events and the device too, until the communicator goes.
    let event = s.record().unwrap();
    assert_says(&event.synchronize().unwrap_err(), ErrorKind::Collective, &["`joined`"]);
    assert_says(&group.devices[0].synchronize().unwrap_err(), ErrorKind::Collective, &["`joined`"]);
    drop((event, x, s));
    group.ranks.clear();
    // All has been said, and their drops add nothing.
    group.devices[0].synchronize().unwrap();
    let fresh = group.devices[0].stream().unwrap();
    assert_eq!(upload(&fresh, &[2.0f32]).to_vec::<f32>(&fresh).unwrap(), [2.0]);
}

#[test]
fn a_tensor_that_moved_behind_a_failed_collective_does_not_give_its_values() {
    let mut group = group(2, "moved", LONG);
    let peer = group.ranks.pop().unwrap();
    let comm = &group.ranks[0];
    let s = comm.device().stream().unwrap();
    let (x, mut all) = (upload(comm.stream(), &[1.0f32]), untouched::<f32>(comm.stream(), 2));
    comm.all_gather(&x, &mut all).unwrap();
    all.rehome(&s, &comm.stream().record().unwrap()).unwrap();
    drop(peer);
    let error = all.to_vec::<f32>(&s).unwrap_err();
    assert_says(&error, ErrorKind::Collective, &["rank 1 of `moved` has left"]);
}

#[test]
fn a_stream_that_waits_for_a_late_rank_can_be_dropped() {
    let group = group(2, "compute", LONG);
    let comm = &group.ranks[0];
    let s = group.devices[0].stream().unwrap();
    let mut x = upload(&s, &[1.0f32; 4]);
    s.fork(comm.stream(), |fork| comm.all_reduce(fork.lend_tensor_mut(&mut x)?, Sum)).unwrap();
    let start = Instant::now();
    drop((x, s));
    assert!(start.elapsed() < Duration::from_secs(20), "after {:?}", start.elapsed());
    // Its device says so once the others are out of the way.
    let mut y = upload(group.ranks[1].stream(), &[2.0f32; 4]);
    group.ranks[1].all_reduce(&mut y, Sum).unwrap();
    let error = group.devices[0].synchronize().unwrap_err();
    assert_says(&error, ErrorKind::Async, &["was dropped: its queue waited for", "rank 1 of `compute` is behind"]);
    // The collective was not harmed.
    assert_eq!(y.to_vec::<f32>(group.ranks[1].stream()).unwrap(), [3.0; 4]);
}

#[test]
fn a_stream_that_waits_for_no_rank_is_waited_for() {
    let group = group(2, "beside", LONG);
    let comm = &group.ranks[0];
    let s = group.devices[0].stream().unwrap();
    let mut x = upload(comm.stream(), &[1.0f32]);
    comm.all_reduce(&mut x, Sum).unwrap();
    // Its last work is not dropped because a rank is late with something else.
    let (pinned, mut buffer) = (group.devices[0].pinned::<i32>(4).unwrap(), s.upload(&[7i32; 4]).unwrap());
    s.set_zero(&mut buffer).unwrap();
    let copied = s.receive(&buffer, pinned).unwrap();
    drop((buffer, s));
    assert!(copied.is_complete().unwrap());
    assert_eq!(copied.wait().unwrap()[..], [0; 4]);
}

#[test]
fn a_group_that_waits_for_a_late_rank_of_another_can_be_dropped() {
    let mut group = group(2, "whole", LONG);
    let parts: Vec<_> = group
        .ranks
        .iter()
        .map(|comm| {
            comm.sub(&[0, 1], 1, &CommOptions { name: Some("part".into()), timeout: Some(LONG), ..Default::default() })
                .unwrap()
                .unwrap()
        })
        .collect();
    let mut x = upload(parts[0].stream(), &[1.0f32]);
    parts[0].all_reduce(&mut x, Sum).unwrap();
    group.ranks[0].stream().wait(&parts[0].stream().record().unwrap()).unwrap();
    let start = Instant::now();
    drop(group.ranks.remove(0));
    assert!(start.elapsed() < Duration::from_secs(20), "after {:?}", start.elapsed());
    let mut y = upload(parts[1].stream(), &[1.0f32]);
    parts[1].all_reduce(&mut y, Sum).unwrap();
    let error = group.devices[0].synchronize().unwrap_err();
    assert_says(&error, ErrorKind::Async, &["rank 0 of `whole` has left", "rank 1 of `part` is behind"]);
    assert_eq!(y.to_vec::<f32>(parts[1].stream()).unwrap(), [2.0]);
}

/// An operator that communicates is compared like a collective, before CANN is called.
#[test]
fn a_differing_product_is_told_at_once() {
    let group = group(2, "products", LONG);
    let product = |rank: usize, m: usize| {
        let comm = &group.ranks[rank];
        let matrix = |rows: usize, cols: usize| Tensor::empty(comm.stream(), &[rows, cols], DType::BF16).unwrap();
        ops::matmul_all_reduce(comm, &matrix(m, 256), &matrix(256, 3), None, &mut matrix(m, 3))
    };
    product(0, 4).unwrap();
    let error = product(1, 6).unwrap_err();
    assert_eq!((error.kind(), error.call()), (ErrorKind::Collective, None), "{error}");
    let words = ["matmul_all_reduce(18 x bf16)", "matmul_all_reduce(12 x bf16)"];
    assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
}
