//! The program with a process a rank, started as torchrun starts them.

use std::net::TcpListener;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::cli_tests::{FAULT, SMALL, metrics, path, program, succeed};

/// A job of as many processes; their ends, in the order of the ranks.
fn job(size: usize, arguments: &[&str], more: &[(&str, &str)]) -> Vec<Output> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Of the ports that the system gives to nobody who does not name them.
    let next = || 8_000 + (std::process::id() % 500) as u16 * 8 + NEXT.fetch_add(1, Relaxed) % 8;
    let port = std::iter::repeat_with(next).find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).unwrap().to_string();
    let size = size.to_string();
    let start = |rank: String| {
        let variables = [("RANK", &*rank), ("LOCAL_RANK", &*rank), ("WORLD_SIZE", &*size), ("LOCAL_WORLD_SIZE", &*size)];
        let place = [("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", &*port), ("CANN_SIM_THREADS", "1")];
        let mut command = program(arguments);
        command.envs(variables).envs(place).envs(more.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let processes: Vec<_> = (0..size.parse().unwrap()).map(|rank: usize| start(rank.to_string())).collect();
    processes.into_iter().map(|process| process.wait_with_output().unwrap()).collect()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn processes_take_the_course_that_threads_take() {
    let dir = tempfile::tempdir().unwrap();
    let run = |name| [&SMALL[..], &["--tp", "2", "--runs", path(dir.path()), "--name", name]].concat();
    succeed(&[&run("threads")[..], &["--devices", "4"]].concat());
    let trace = dir.path().join("trace.json");
    let ends = job(4, &[&run("processes")[..], &["--trace", path(&trace), "--trace-steps", "1"]].concat(), &[]);
    for end in &ends {
        assert!(end.status.success(), "{}", err(end));
    }
    assert_eq!(metrics(&dir.path().join("threads")), metrics(&dir.path().join("processes")), "bit for bit");
    let out = |rank: usize| String::from_utf8_lossy(&ends[rank].stdout).into_owned();
    assert!(out(0).contains("TP 2 x DP 2") && out(0).contains("held-out accuracy"), "{}", out(0));
    for rank in 1..4 {
        assert!(!out(rank).contains("accuracy") && !out(rank).contains("run folder"), "rank 0 speaks for all: {}", out(rank));
        assert!(dir.path().join(format!("trace.rank{rank}.json")).is_file());
    }
    let weights = |name: &str| std::fs::read(dir.path().join(name).join("global_step_3/model.safetensors")).unwrap();
    assert_eq!(weights("threads"), weights("processes"));
}

#[test]
fn a_process_that_dies_ends_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let arguments = [&SMALL[..], &["--save-freq", "1", "--tp", "1", "--runs", path(dir.path()), "--name", "dies"]].concat();
    let ends = job(2, &arguments, &[(FAULT, "die 1 2")]);
    assert!(ends.iter().all(|end| end.status.code() == Some(1)), "{ends:?}");
    assert!(err(&ends[1]).contains("grpo: rank 1 of 2: rank 1 was told to die after 2 steps"), "{}", err(&ends[1]));
    assert!(err(&ends[0]).lines().last().unwrap_or_default().starts_with("grpo: rank 0 of 2: "), "{}", err(&ends[0]));
    assert!(begin.elapsed() < Duration::from_secs(300), "{:?}", begin.elapsed());
    assert!(dir.path().join("dies/global_step_2/model.safetensors").is_file(), "what was saved stays");
}

#[test]
fn a_launcher_decides_on_the_number_of_devices() {
    let ends = job(2, &["--devices", "4"], &[]);
    for end in ends {
        assert!(err(&end).contains("grpo: --devices 4, but torchrun has started 2 ranks"), "{}", err(&end));
    }
}
