//! The lesson `15_processes` as a job: a process a rank, started as launchers start them, and what each says when something is
//! wrong. The processes are this test's own binary, which then runs the lesson.
#![cfg(feature = "sim")]

use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[path = "../examples/15_processes.rs"]
mod lesson;

/// Set where this binary is to be the lesson.
const LESSON: &str = "ASCEND_RL_TEST_LESSON";

/// Not a test by itself: what [`process`] runs.
#[test]
fn as_lesson() {
    if std::env::var_os(LESSON).is_some() {
        if let Err(error) = lesson::main() {
            eprintln!("{error}");
            std::process::exit(1);
        }
        std::process::exit(0);
    }
}

/// All variables that a launcher around the tests may have set.
const CLEARED: [&str; 5] = ["RANK", "WORLD_SIZE", "LOCAL_RANK", "SLURM_STEP_ID", "RANK_TABLE_FILE"];

fn process(variables: &[(&str, String)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["as_lesson", "--exact", "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    CLEARED.iter().for_each(|name| _ = command.env_remove(name));
    command.env(LESSON, "1").env("ASCEND_RL_DEVICE", "sim").env("CANN_SIM_MEMORY", "64M").env("CANN_SIM_THREADS", "1");
    command.envs(variables.iter().map(|(name, value)| (*name, value))).spawn().unwrap()
}

fn text(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A job of as many processes, each with what `variables` gives its rank; what they print.
fn job(size: usize, variables: impl Fn(usize) -> Vec<(&'static str, String)>) -> Vec<String> {
    let processes: Vec<_> = (0..size).map(|rank| process(&variables(rank))).collect();
    let ends: Vec<_> = processes.into_iter().map(|process| process.wait_with_output().unwrap()).collect();
    ends.iter()
        .map(|end| {
            let (out, err) = text(end);
            assert!(end.status.success(), "{out}{err}");
            out
        })
        .collect()
}

/// A rank that ends with an error, in one line.
fn failure(child: Child) -> String {
    let end = child.wait_with_output().unwrap();
    let (out, err) = text(&end);
    assert_eq!(end.status.code(), Some(1), "{out}{err}");
    err.trim().to_owned()
}

fn torchrun(rank: usize, size: usize, port: u16) -> Vec<(&'static str, String)> {
    let number = |n: usize| n.to_string();
    vec![
        ("RANK", number(rank)),
        ("WORLD_SIZE", number(size)),
        ("LOCAL_RANK", number(rank)),
        ("LOCAL_WORLD_SIZE", number(size)),
        ("MASTER_ADDR", "127.0.0.1".into()),
        ("MASTER_PORT", port.to_string()),
    ]
}

/// A free port that no other test takes, of those that the system gives to nobody who does not name them.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 18_000 + (std::process::id() % 500) as u16 * 20;
    let next = || first + NEXT.fetch_add(1, Relaxed) % 20;
    std::iter::repeat_with(next).find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).unwrap()
}

/// Each rank says that it is one of as many, in a process of its own.
#[track_caller]
fn assert_all_met(outputs: &[String]) {
    let (size, sum) = (outputs.len(), (0..outputs.len()).sum::<usize>());
    for (rank, output) in outputs.iter().enumerate() {
        let line = format!("rank {rank} of {size} in process ");
        assert!(output.contains(&line) && output.contains(&format!("add up to {sum}, and are {size}")), "{output}");
    }
}

#[test]
fn without_a_launcher_ranks_are_threads() {
    let outputs = job(1, |_| Vec::new());
    assert!((0..4).all(|rank| outputs[0].contains(&format!("rank {rank} of 4"))), "{outputs:?}");
}

#[test]
fn under_torchrun_ranks_are_processes() {
    let port = free_port();
    assert_all_met(&job(4, |rank| torchrun(rank, 4, port)));
}

#[test]
fn under_mpirun_they_meet_at_a_file_of_their_job() {
    let folder = tempfile::tempdir().unwrap();
    let outputs = job(3, |rank| {
        vec![
            ("OMPI_COMM_WORLD_RANK", rank.to_string()),
            ("OMPI_COMM_WORLD_SIZE", "3".into()),
            ("OMPI_COMM_WORLD_LOCAL_RANK", rank.to_string()),
            ("OMPI_COMM_WORLD_LOCAL_SIZE", "3".into()),
            ("PMIX_NAMESPACE", "1234@1".into()),
            ("TMPDIR", folder.path().to_str().unwrap().into()),
        ]
    });
    assert_all_met(&outputs);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}

#[test]
fn under_slurm_on_one_host_and_under_mpich_they_do_too() {
    let folder = tempfile::tempdir().unwrap();
    let tmp = folder.path().to_str().unwrap();
    let outputs = job(2, |rank| {
        let of_job =
            [("SLURM_STEP_ID", "0"), ("SLURM_JOB_ID", "77"), ("SLURM_NTASKS", "2"), ("SLURM_NNODES", "1"), ("TMPDIR", tmp)];
        let own = [("SLURM_PROCID", rank.to_string()), ("SLURM_LOCALID", rank.to_string())];
        of_job.map(|(name, value)| (name, value.to_owned())).into_iter().chain(own).collect()
    });
    assert_all_met(&outputs);
    // The launcher's process, this one, names the job.
    let outputs = job(2, |rank| {
        let rank = rank.to_string();
        vec![
            ("PMI_RANK", rank.clone()),
            ("PMI_SIZE", "2".into()),
            ("MPI_LOCALRANKID", rank),
            ("MPI_LOCALNRANKS", "2".into()),
            ("TMPDIR", tmp.into()),
        ]
    });
    assert_all_met(&outputs);
}

#[test]
fn by_a_rank_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ranks.json");
    let device = |rank| format!(r#"{{"device_id":"{rank}","device_ip":"127.0.0.1","rank_id":"{rank}"}}"#);
    let devices = [0, 1, 2].map(device).join(",");
    let table = format!(
        r#"{{"version":"1.0","status":"completed","server_count":"1","server_list":[{{"server_id":"node_0","device":[{devices}]}}]}}"#
    );
    std::fs::write(&path, table).unwrap();
    let path = path.to_str().unwrap();
    assert_all_met(&job(3, |rank| vec![("RANK_TABLE_FILE", path.to_owned()), ("RANK_ID", rank.to_string())]));
}

#[test]
fn what_is_wrong_is_said_by_each() {
    let port = free_port();
    let start = Instant::now();
    // Two processes are rank 1.
    let processes: Vec<_> = [0, 1, 1].into_iter().map(|rank| process(&torchrun(rank, 3, port))).collect();
    for text in processes.into_iter().map(failure) {
        assert!(text.contains("two processes are rank 1 of 3") && text.contains("MASTER_ADDR, MASTER_PORT"), "{text}");
    }
    // One counts another size.
    let processes: Vec<_> = [(0, 2), (1, 3)].into_iter().map(|(rank, size)| process(&torchrun(rank, size, port))).collect();
    for text in processes.into_iter().map(failure) {
        assert!(text.contains("rank 1 counts 3 ranks in this job, rank 0 counts 2"), "{text}");
    }
    // The port is taken.
    let _held = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let text = failure(process(&torchrun(0, 2, port)));
    assert!(text.contains(&format!("port {port} is in use on this host")), "{text}");
    // Half of what a launcher sets; more ranks than devices.
    let text = failure(process(&torchrun(0, 2, port)[..1]));
    assert!(text.contains("RANK set, but not WORLD_SIZE, LOCAL_RANK"), "{text}");
    let text = failure(process(&torchrun(8, 9, port)));
    assert!(text.contains("number 8 of its host, which has 8 visible devices") && text.contains("CANN_SIM_DEVICES"), "{text}");
    assert!(start.elapsed() < Duration::from_secs(100), "nobody waits until its time is up");
}
