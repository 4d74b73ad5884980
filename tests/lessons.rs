//! Every lesson runs, says something, and is short enough to read in one go.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The lessons: files of `examples/` that begin with a number.
fn lessons() -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    let is_lesson =
        |path: &PathBuf| path.is_file() && path.file_name().unwrap().to_string_lossy().starts_with(|c: char| c.is_ascii_digit());
    let mut lessons: Vec<_> = files.filter(is_lesson).collect();
    lessons.sort();
    lessons
}

/// What `cargo test` has built of an example.
fn program(lesson: &Path) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples").join(lesson.file_stem().unwrap());
    assert!(program.is_file(), "{} is not built: `cargo build --examples` builds it", program.display());
    program
}

#[test]
fn each_runs_and_says_something() {
    let lessons = lessons();
    assert!(lessons.len() >= 10, "{lessons:?}");
    for lesson in &lessons {
        let mut command = Command::new(program(lesson));
        // Whatever launched the tests, a lesson alone is one process.
        ["RANK", "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID", "RANK_TABLE_FILE"]
            .iter()
            .for_each(|name| _ = command.env_remove(name));
        let output = command.env("ASCEND_RL_DEVICE", "sim").output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {out}{err}", lesson.display());
        assert!(!out.trim().is_empty(), "{} prints nothing", lesson.display());
    }
}

#[test]
fn each_is_20_to_60_lines_and_says_how_it_is_run() {
    for lesson in lessons() {
        let (name, text) = (lesson.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&lesson).unwrap());
        let lines = text.lines().count();
        assert!((20..=60).contains(&lines), "{name} has {lines} lines");
        let says = text.contains(&format!("cargo run --example {name}"))
            || text.contains(&format!("cargo run --release --example {name}"));
        assert!(says, "{name} does not say how it is run");
    }
}
