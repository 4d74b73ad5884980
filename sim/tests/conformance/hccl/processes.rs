//! Ranks in several processes of one machine: the same collectives, and what becomes of them when a process does not come, does
//! not agree, stops, or dies. Each test runs itself again, once a process; this one only makes the root info.

use std::process::{Child, Stdio};

use super::tables::Table;
use super::*;

/// Which process a child is, and the root info.
const PROCESS: &str = "CONFORMANCE_PROCESS";
/// The bytes of a root info that are not 0 are at its beginning.
const USED: usize = 64;

/// A test in several processes: `layout` has the ranks of each. In such a process: runs `body` as its ranks, and ends it.
struct Run {
    children: Vec<Child>,
}

impl Run {
    fn start(test: &str, layout: &[usize], variables: &[(&str, &str)], timeout: i32, body: impl Fn(&Rank) + Sync) -> Run {
        if let Ok(text) = std::env::var(PROCESS) {
            let (process, info) = text.split_once(' ').unwrap();
            as_process(process.parse().unwrap(), info, layout, timeout, body);
            // The parent looks for these words, as for a test's that has passed.
            println!("1 passed");
            std::process::exit(0);
        }
        let _lease = Lease::new();
        let mut info = HcclRootInfo { internal: [0; 4108] };
        hccl_ok!(HcclGetRootInfo(&mut info));
        let hex: String = info.internal[..USED].iter().map(|byte| format!("{byte:02x}")).collect();
        let start = |process: usize| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args([test, "--exact", "--nocapture"]).env(PROCESS, format!("{process} {hex}"));
            command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        Run { children: (0..layout.len()).map(start).collect() }
    }

    /// Waits for the processes of this index and checks that they passed.
    fn passed(&mut self, processes: impl IntoIterator<Item = usize>) {
        for process in processes {
            let child = &mut self.children[process];
            let mut text = String::new();
            use std::io::Read;
            child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
            child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
            let status = child.wait().unwrap();
            assert!(status.success() && text.contains("1 passed"), "process {process}:\n{text}");
        }
    }

    fn all_passed(mut self) {
        self.passed(0..self.children.len());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        for child in &mut self.children {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

fn as_process(process: usize, info: &str, layout: &[usize], timeout: i32, body: impl Fn(&Rank) + Sync) {
    let mut root = HcclRootInfo { internal: [0; 4108] };
    for (byte, digits) in root.internal.iter_mut().zip(info.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
    let (n, first) = (layout.iter().sum(), layout[..process].iter().sum::<usize>());
    let (all, config) = (Turnstile::new(layout[process]), config(timeout));
    std::thread::scope(|scope| {
        for rank in first..first + layout[process] {
            let (all, config, root, body) = (&all, &config, &root, &body);
            scope.spawn(move || {
                let (device, mut comm) = (rank as i32, null_mut());
                ok!(acl.aclrtSetDevice(device));
                hccl_ok!(HcclCommInitRootInfoConfig(n as u32, root, rank as u32, config, &mut comm));
                let rank = Rank { rank, size: n, device, comm, stream: new_stream(), all };
                body(&rank);
                MEMORY.take().into_iter().for_each(|ptr| ok!(acl.aclrtFree(ptr)));
            });
        }
    });
}

/// 2, 3 and 5 ranks; alone in a process, and beside others of it.
const LAYOUTS: [&[usize]; 4] = [&[1, 1], &[2, 1], &[1, 1, 1], &[2, 1, 2]];

/// Every fourth case in each layout, another one in each: together all.
const STEP: usize = 4;

pub(super) fn everywhere(test: &str, variables: &[(&str, &str)], body: impl Fn(&Rank) + Sync + Copy) {
    everywhere_of(&LAYOUTS, test, variables, body);
}

/// The same with these layouts.
pub(super) fn everywhere_of(layouts: &[&[usize]], test: &str, variables: &[(&str, &str)], body: impl Fn(&Rank) + Sync + Copy) {
    // A child runs the layout that it was started for.
    const LAYOUT: &str = "CONFORMANCE_LAYOUT";
    if let Ok(at) = std::env::var(LAYOUT) {
        return Run::start(test, layouts[at.parse::<usize>().unwrap()], &[], 60, body).all_passed();
    }
    for (at, layout) in layouts.iter().enumerate() {
        let at = at.to_string();
        let variables: Vec<_> = variables.iter().copied().chain([(LAYOUT, &*at)]).collect();
        Run::start(test, layout, &variables, 60, body).all_passed();
    }
}

/// All ranks' hosts are here, and know it.
fn barrier(r: &Rank) {
    hccl_ok!(HcclBarrier(r.comm, r.stream));
    r.sync();
}

fn reduce(r: &Rank, x: *mut c_void, count: u64) -> i32 {
    hccl!(HcclAllReduce(x, x, count, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, r.comm, r.stream))
}

fn holds(text: &str, words: &[&str]) {
    assert!(words.iter().all(|word| text.contains(word)), "{text:?} lacks one of {words:?}");
}

#[test]
fn reductions_are_right() {
    everywhere("hccl::processes::reductions_are_right", &[], |r| values::reductions_of(r, STEP));
}

#[test]
fn moves_are_right() {
    everywhere("hccl::processes::moves_are_right", &[], |r| values::moves_of(r, STEP));
}

#[test]
fn parts_are_right() {
    everywhere("hccl::processes::parts_are_right", &[], values::parts_of);
}

/// Captured calls are told to the other processes in each replay, not before.
#[test]
fn captured_calls_meet_anew_in_each_replay() {
    everywhere("hccl::processes::captured_calls_meet_anew_in_each_replay", &[], graphs::replays_of);
}

/// The lazy schedule of one process runs what ranks of others wait for.
#[test]
fn lazy_parts_are_right() {
    let lazy = [("CANN_SIM_SCHEDULE", "lazy"), ("CANN_SIM_SEED", "3")];
    everywhere("hccl::processes::lazy_parts_are_right", &lazy, values::parts_of);
}

/// The bits of one process's ranks: a loop over the ranks in f32.
#[test]
fn the_bits_are_those_of_one_process() {
    Run::start("hccl::processes::the_bits_are_those_of_one_process", &[1, 2], &[], 60, values::bits_of).all_passed();
}

/// Sends, batches and groups; the ring of a batch goes round.
fn messages_of(r: &Rank) {
    let (n, int) = (r.size, HCCL_DATA_TYPE_INT32);
    let (next, last) = ((r.rank + 1) % n, (r.rank + n - 1) % n);
    for round in 0..20 {
        let (to, from) = (upload(&[round * 10 + r.rank as i32; 5]), upload(&[0i32; 5]));
        let item = |kind, buf, peer: usize| HcclSendRecvItem {
            sendRecvType: kind,
            buf,
            count: 5,
            dataType: int,
            remoteRank: peer as u32,
        };
        let mut items = [item(HCCL_SEND, to, next), item(HCCL_RECV, from, last)];
        hccl_ok!(HcclBatchSendRecv(items.as_mut_ptr(), 2, r.comm, r.stream));
        r.sync();
        assert_eq!(download::<i32>(from, 5), [round * 10 + last as i32; 5]);
        // A chain: each rank waits for the one before.
        if r.rank > 0 {
            hccl_ok!(HcclRecv(to, 5, int, last as u32, r.comm, r.stream));
        }
        if r.rank + 1 < n {
            hccl_ok!(HcclSend(to, 5, int, next as u32, r.comm, r.stream));
        }
        r.sync();
        assert_eq!(download::<i32>(to, 5), [round * 10; 5]);
    }
    grouped::all_to_all_of(r);
}

#[test]
fn messages_are_right() {
    everywhere("hccl::processes::messages_are_right", &[], messages_of);
}

/// Sub-communicators: across processes, inside one, made anew under the same id, and with ranks that do not agree.
fn subs_of(r: &Rank) {
    let (mut comm, mut sub, mut config) = (r.comm, null_mut(), config(60));
    let mut create = |ranks: &mut [u32], id: u64, sub: &mut HcclComm| {
        let own = ranks.iter().position(|rank| *rank as usize == r.rank);
        let (ranks, n, id, own) = match own {
            Some(own) => (ranks.as_mut_ptr(), ranks.len() as u32, id, own as u32),
            None => (null_mut(), 0, HCCL_NO_SUB_COMM, 0),
        };
        hccl_ok!(HcclCreateSubCommConfig(&mut comm, n, ranks, id, own, &mut config, sub));
    };
    for id in [1, 2, 1, 1] {
        for ranks in [&mut [0u32, 1][..], &mut [0, 2], &mut [1, 2], &mut [0, 1, 2]] {
            // An id of its own for each set of ranks.
            let id = id * 16 + ranks.iter().map(|rank| 1 << rank).sum::<u64>();
            create(ranks, id, &mut sub);
            if sub.is_null() {
                continue;
            }
            let x = upload(&[1i32 << r.rank]);
            hccl_ok!(HcclAllReduce(x, x, 1, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, sub, r.stream));
            r.sync();
            assert_eq!(download::<i32>(x, 1), [ranks.iter().map(|rank| 1 << rank).sum::<i32>()]);
            hccl_ok!(HcclCommDestroy(sub));
        }
    }
    barrier(r);
}

#[test]
fn sub_communicators() {
    Run::start("hccl::processes::sub_communicators", &[1, 1, 1], &[], 60, subs_of).all_passed();
}

#[test]
fn sub_communicators_beside_one_another() {
    Run::start("hccl::processes::sub_communicators_beside_one_another", &[2, 1], &[], 60, subs_of).all_passed();
}

/// The rank tables of two processes are the same file.
#[test]
fn a_rank_table() {
    const FILE: &str = "CONFORMANCE_TABLE";
    let own = std::env::var(FILE).is_err().then(|| Table::new("processes", &[0, 1, 2]));
    let path = own.as_ref().map(|table| table.path().into_string().unwrap()).unwrap_or_default();
    let run = Run::start("hccl::processes::a_rank_table", &[2, 1], &[(FILE, &path)], 60, |r| {
        let path = std::ffi::CString::new(std::env::var(FILE).unwrap()).unwrap();
        for _ in 0..3 {
            let (mut comm, x) = (null_mut(), upload(&[1i32 << r.rank]));
            hccl_ok!(HcclCommInitClusterInfo(path.as_ptr(), r.rank as u32, &mut comm));
            hccl_ok!(HcclAllReduce(x, x, 1, HCCL_DATA_TYPE_INT32, HCCL_REDUCE_SUM, comm, r.stream));
            r.sync();
            assert_eq!(download::<i32>(x, 1), [7]);
            hccl_ok!(HcclCommDestroy(comm));
        }
    });
    run.all_passed();
}

/// The calls of different processes are compared as those of one are, whoever comes first.
fn check_mismatch(r: &Rank, wrong: impl Fn(&Rank, *mut c_void) -> i32, words: &[&str]) {
    let x = upload(&[1f32; 16]);
    barrier(r);
    let refused = match r.rank {
        1 => wrong(r, x),
        _ => reduce(r, x, 5),
    };
    // Found when the call was made, or, where both were made at once, on the stream.
    let (code, text) = if refused == 0 { r.failure() } else { (refused, recent()) };
    assert!(code == 1 || code == 507057, "{code} {text}");
    holds(&text, &["the ranks do not agree in #2 of communicator", "rank 0 call", "rank 1 call"]);
    holds(&text, words);
    // The other process has heard of it by then, or does at this call.
    let later = reduce(r, x, 5);
    let (code, text) = if later == 0 { r.failure() } else { (later, recent()) };
    assert!(code == 21 || code == 507057, "{code} {text}");
    assert_eq!(r.async_error(), 21);
}

#[test]
fn a_wrong_size_on_one_rank() {
    let run = Run::start("hccl::processes::a_wrong_size_on_one_rank", &[1, 1], &[], 60, |r| {
        check_mismatch(r, |r, x| reduce(r, x, 6), &["count 5", "count 6"]);
    });
    run.all_passed();
}

#[test]
fn another_order_on_one_rank() {
    let run = Run::start("hccl::processes::another_order_on_one_rank", &[1, 1], &[], 60, |r| {
        check_mismatch(r, |r, _| hccl!(HcclBarrier(r.comm, r.stream)), &["HcclAllReduce(count 5", "HcclBarrier"]);
        // After a while both have seen the failure, and start anew.
        std::thread::sleep(Duration::from_secs(3));
        hccl_ok!(HcclCommResume(r.comm));
        let (fresh, x) = (new_stream(), upload(&[1f32; 5]));
        // The other rank may not have resumed yet, but it will: nothing that it still says of before is taken.
        hccl_ok!(HcclAllReduce(x, x, 5, HCCL_DATA_TYPE_FP32, HCCL_REDUCE_SUM, r.comm, fresh));
        ok!(acl.aclrtSynchronizeStream(fresh));
        assert_eq!(download::<f32>(x, 5), [2.0; 5]);
    });
    run.all_passed();
}

/// A process that dies is noticed at once: in what waits for it, and in what is called later.
#[test]
fn a_killed_process_is_named_at_once() {
    let mut run = Run::start("hccl::processes::a_killed_process_is_named_at_once", &[1, 1, 1], &[], 60, |r| {
        let x = upload(&[1f32; 5]);
        barrier(r);
        let note = upload(&[1f32]);
        if r.rank == 2 {
            // They have called, and wait.
            for other in [0, 1] {
                hccl_ok!(HcclRecv(note, 1, HCCL_DATA_TYPE_FP32, other, r.comm, r.stream));
            }
            r.sync();
            // SAFETY: ends this process.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        }
        let start = Instant::now();
        assert_eq!(reduce(r, x, 5), 0);
        hccl_ok!(HcclSend(note, 1, HCCL_DATA_TYPE_FP32, 2, r.comm, new_stream()));
        let (code, text) = r.failure();
        assert_eq!(code, 507057, "{text}");
        holds(&text, &["remote rank [2] of communicator", "is gone: its process", "has ended"]);
        // The other survivor may have told of it before the end itself was noticed here: then the stream says so.
        let (later, text) = (hccl!(HcclBarrier(r.comm, r.stream)), recent());
        let (later, text) = if later == 0 { r.failure() } else { (later, text) };
        assert!(later == 21 || later == 507057, "{later} {text}");
        holds(&text, &["its process"]);
        assert_eq!(r.async_error(), 21);
        assert!(start.elapsed() < Duration::from_secs(30));
    });
    run.passed([0, 1]);
}

/// A rank that does not come in time is named, with what it did instead.
#[test]
fn a_late_rank_is_named_within_the_time() {
    let run = Run::start("hccl::processes::a_late_rank_is_named_within_the_time", &[1, 1], &[], 3, |r| {
        let x = upload(&[1f32; 5]);
        barrier(r);
        if r.rank == 0 {
            let start = Instant::now();
            assert_eq!(reduce(r, x, 5), 0);
            let (code, text) = r.failure();
            assert_eq!(code, 507048, "{text}");
            holds(&text, &["remote rank [1] timed out after 3 s", "its last call known here was HcclBarrier #1"]);
            assert!(start.elapsed() < Duration::from_secs(20));
        } else {
            std::thread::sleep(Duration::from_secs(9));
            assert_eq!(reduce(r, x, 5), 0);
            let (code, text) = r.failure();
            assert_eq!(code, 507048, "too late is too late, and told as the other rank saw it: {text}");
            holds(&text, &["rank 1: ", "remote rank [1] timed out"]);
        }
    });
    run.all_passed();
}

/// A process that is stopped: before its call, and after it, when the others count on its share of the work.
#[test]
fn a_stopped_process_is_named_within_the_time() {
    const TEST: &str = "hccl::processes::a_stopped_process_is_named_within_the_time";
    let body = |r: &Rank| {
        let x = upload(&[1f32; 5]);
        barrier(r);
        if r.rank == 1 {
            assert_eq!(reduce(r, x, 5), 0);
            std::thread::sleep(Duration::from_millis(200));
            // SAFETY: stops this process; the test ends it.
            unsafe { libc::raise(libc::SIGSTOP) };
        }
        std::thread::sleep(Duration::from_secs(3));
        let start = Instant::now();
        assert_eq!(reduce(r, x, 5), 0);
        let (code, text) = r.failure();
        assert_eq!(code, 507048, "{text}");
        holds(&text, &["remote rank [1] timed out after 3 s", "rank 1's process has stopped in the middle of it"]);
        assert_eq!(reduce(r, x, 5), 0);
        let (code, _) = r.failure();
        assert_eq!(code, 507048);
        assert!(start.elapsed() < Duration::from_secs(20));
    };
    let mut run = Run::start(TEST, &[1, 1], &[], 3, body);
    run.passed([0]);
}

/// Where ranks would gather is gone, or they do not fit.
#[test]
fn ranks_that_cannot_join() {
    const TEST: &str = "hccl::processes::ranks_that_cannot_join";
    let run = Run::start(TEST, &[1, 1], &[], 60, |r| {
        let (mut info, mut comm) = (HcclRootInfo { internal: [0; 4108] }, null_mut());
        hccl_ok!(HcclGetRootInfo(&mut info));
        // Its own root info, to the other, through device memory.
        let both = upload(&info.internal);
        hccl_ok!(HcclBroadcast(both, 4108, HCCL_DATA_TYPE_INT8, 0, r.comm, r.stream));
        r.sync();
        let bytes = download::<u8>(both, 4108);
        info.internal.copy_from_slice(&bytes);
        if r.rank == 1 {
            // The other is there first. Both on device 0 of their processes.
            std::thread::sleep(Duration::from_secs(3));
            ok!(acl.aclrtSetDevice(0));
            hccl_refused!(1, "rank 1 is on device 0, as rank 0 is", HcclCommInitRootInfo(2, &info, 1, &mut comm));
            hccl_refused!(1, "nRanks is 3", HcclCommInitRootInfo(3, &info, 1, &mut comm));
            ok!(acl.aclrtSetDevice(1));
            hccl_ok!(HcclCommInitRootInfo(2, &info, 1, &mut comm));
            hccl_refused!(1, "used already", HcclCommInitRootInfo(2, &info, 1, &mut comm));
            let pid = i32::from_le_bytes(std::array::from_fn(|i| bytes[16 + i]));
            hccl_ok!(HcclBarrier(comm, r.stream));
            r.sync();
            // SAFETY: ends the other process of this test.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            std::thread::sleep(Duration::from_secs(1));
            hccl_refused!(11, "cannot be reached", HcclCommInitRootInfo(2, &info, 1, &mut comm));
        } else {
            hccl_ok!(HcclCommInitRootInfo(2, &info, 0, &mut comm));
            hccl_ok!(HcclBarrier(comm, r.stream));
            r.sync();
            std::thread::sleep(Duration::from_secs(30));
        }
    });
    let mut run = run;
    run.passed([1]);
}

/// The process that gathers ends while a rank waits there.
#[test]
fn the_end_of_who_gathers_is_noticed() {
    const TEST: &str = "hccl::processes::the_end_of_who_gathers_is_noticed";
    let mut run = Run::start(TEST, &[1, 1], &[], 60, |r| {
        let mut info = HcclRootInfo { internal: [0; 4108] };
        hccl_ok!(HcclGetRootInfo(&mut info));
        let both = upload(&info.internal);
        hccl_ok!(HcclBroadcast(both, 4108, HCCL_DATA_TYPE_INT8, 0, r.comm, r.stream));
        r.sync();
        info.internal.copy_from_slice(&download::<u8>(both, 4108));
        if r.rank == 0 {
            std::thread::sleep(Duration::from_secs(2));
            std::process::exit(0);
        }
        let (mut comm, start) = (null_mut(), Instant::now());
        hccl_refused!(21, "where the ranks gathered, has ended", HcclCommInitRootInfo(2, &info, 1, &mut comm));
        assert!(start.elapsed() < Duration::from_secs(30));
    });
    run.passed([1]);
}
