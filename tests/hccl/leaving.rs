//! A rank that leaves while the ranks of other processes live on and are behind. The ranks are this program again.

use super::devices;
use super::values::upload;
use ascend_rl::hccl::{CommOptions, ReduceOp::Sum, RootInfo};
use ascend_rl::{Communicator, ErrorKind};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

const RANK: &str = "HCCL_LEAVING_RANK";
const DIR: &str = "HCCL_LEAVING_DIR";
const WITHIN: Duration = Duration::from_millis(300);
/// A time that a passing test never reaches.
const SOON: Duration = Duration::from_secs(30);

/// The bytes of a file that another process writes.
fn read(path: &Path) -> Vec<u8> {
    let start = Instant::now();
    loop {
        match fs::read(path) {
            Ok(bytes) => return bytes,
            Err(_) => assert!(start.elapsed() < SOON, "{path:?} does not come"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Written whole, or not there.
fn write(path: &Path, bytes: &[u8]) {
    let part = path.with_extension("part");
    fs::write(&part, bytes).unwrap();
    fs::rename(part, path).unwrap();
}

#[test]
fn a_drop_does_not_wait_for_ranks_of_other_processes() {
    if let (Ok(rank), Some(dir)) = (env::var(RANK), env::var_os(DIR)) {
        return rank_of_two(rank.parse().unwrap(), Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let start = |rank: &str| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["leaving::a_drop_does_not_wait_for_ranks_of_other_processes", "--exact", "--nocapture"]);
        command.env(RANK, rank).env(DIR, dir.path()).spawn().unwrap()
    };
    for mut rank in ["0", "1"].map(start) {
        assert!(rank.wait().unwrap().success());
    }
}

fn rank_of_two(rank: usize, dir: &Path) {
    let device = devices([rank as u32]).remove(0);
    let (file, left) = (dir.join("root"), dir.join("left"));
    if rank == 0 {
        write(&file, RootInfo::new(&device).unwrap().as_bytes());
    }
    let info = RootInfo::from_bytes(&read(&file)).unwrap();
    let options = CommOptions { leave_within: Some(WITHIN), timeout: Some(Duration::from_secs(100)), ..Default::default() };
    let comm = Communicator::from_root_info(&device, &info, rank, 2, &options).unwrap();
    let mut x = upload(comm.stream(), &[1.0f32; 8]);
    if rank == 0 {
        comm.all_reduce(&mut x, Sum).unwrap();
        let start = Instant::now();
        drop(comm);
        assert!((WITHIN..SOON).contains(&start.elapsed()), "it took {:?}", start.elapsed());
        let error = device.synchronize().unwrap_err();
        assert!(error.to_string().contains("has left with calls that had not run"), "{error}");
        write(&left, b"left");
        return;
    }
    // Alive all the while, and late. It is told at once, not after the time that a collective has.
    read(&left);
    let late = comm.all_reduce(&mut x, Sum).and_then(|()| comm.stream().synchronize_for(SOON));
    let error = late.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Timeout, "{error}");
}
