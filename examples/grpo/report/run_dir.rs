//! The folder of a run: `runs/NAME`, with the names of what is in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Local};

/// A run's folder, which exists and can be written to.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Creates `parent/name`. Without a name it is called after the task and the minute, `carry-20261125-2151`, and
    /// counted up where that is taken. A name that is given may be taken by an earlier run, whose files are then
    /// replaced one by one.
    pub fn create(parent: &Path, name: Option<&str>, task: &str) -> Result<Self> {
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        let path = match name {
            Some(name) => {
                check_name(name)?;
                let path = parent.join(name);
                if path.exists() && !path.is_dir() {
                    bail!("cannot create the run folder {}: a file of that name exists", path.display());
                }
                fs::create_dir_all(&path).with_context(|| format!("cannot create the run folder {}", path.display()))?;
                path
            }
            None => create_new(parent, &timed_name(task, Local::now()))?,
        };
        // Finds out now, and not when the first results are there, whether the folder takes files.
        tempfile_in(&path).with_context(|| format!("cannot write to the run folder {}", path.display()))?;
        Ok(Self { path })
    }

    /// The folder as far as it is known in a process without rank 0, which makes it and alone writes into it.
    pub fn of_rank_0(parent: &Path, name: Option<&str>) -> Self {
        Self { path: name.map_or(parent.to_path_buf(), |name| parent.join(name)) }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One line of JSON a step.
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// The reward curve.
    pub fn reward_curve(&self) -> PathBuf {
        self.path.join("reward.svg")
    }

    /// Sample completions.
    pub fn samples(&self) -> PathBuf {
        self.path.join("samples.txt")
    }

    /// The settings that made the run.
    pub fn settings(&self) -> PathBuf {
        self.path.join("settings.toml")
    }

    /// The checkpoint after so many steps, named as verl names it.
    pub fn checkpoint(&self, step: usize) -> PathBuf {
        self.path.join(format!("global_step_{step}"))
    }

    /// Adds to one of the run's text files.
    pub fn append(&self, path: &Path, text: &str) -> Result<()> {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes one of the run's text files.
    pub fn write(&self, path: &Path, text: &str) -> Result<()> {
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A name is one folder, not a path: `../x` would land elsewhere.
fn check_name(name: &str) -> Result<()> {
    if Path::new(name).file_name() != Some(name.as_ref()) {
        bail!("the run name {name:?} must be one plain folder name");
    }
    Ok(())
}

fn timed_name(task: &str, now: DateTime<Local>) -> String {
    // `openai/gsm8k` would be two folders.
    format!("{}-{}", task.replace(['/', '\\'], "-"), now.format("%Y%m%d-%H%M"))
}

/// `create_dir` decides who gets a name where two runs start in one minute.
fn create_new(parent: &Path, name: &str) -> Result<PathBuf> {
    for count in 1_u32.. {
        let path = if count == 1 { parent.join(name) } else { parent.join(format!("{name}-{count}")) };
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("cannot create the run folder {}", path.display())),
        }
    }
    bail!("no name is left in {}", parent.display())
}

/// Creates a file and removes it again.
fn tempfile_in(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(format!(".writable-{}", std::process::id()));
    fs::write(&path, b"1")?;
    fs::remove_file(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn error(parent: &Path, name: &str) -> String {
        let error = format!("{:#}", RunDir::create(parent, Some(name), "carry").unwrap_err());
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }

    #[test]
    fn names_are_of_the_task_and_the_minute() {
        let now = Local.with_ymd_and_hms(2026, 11, 25, 21, 51, 7).unwrap();
        assert_eq!(timed_name("carry", now), "carry-20261125-2151");
        assert_eq!(timed_name("openai/gsm8k", now), "openai-gsm8k-20261125-2151");
    }

    #[test]
    fn runs_of_one_minute_do_not_meet() {
        let root = tempfile::tempdir().unwrap();
        let names: Vec<PathBuf> = (0..3).map(|_| create_new(root.path(), "carry").unwrap()).collect();
        assert_eq!(names, ["carry", "carry-2", "carry-3"].map(|name| root.path().join(name)));
        let (first, second) = (RunDir::create(root.path(), None, "t"), RunDir::create(root.path(), None, "t"));
        assert_ne!(first.unwrap().path(), second.unwrap().path());
    }

    #[test]
    fn a_given_name_may_be_used_again() {
        let root = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let run = RunDir::create(&root.path().join("runs"), Some("mine"), "carry").unwrap();
            assert_eq!(run.path(), root.path().join("runs/mine"));
            assert_eq!(fs::read_dir(run.path()).unwrap().count(), 0, "the trial file is left behind");
        }
        let run = RunDir::create(root.path(), Some("mine"), "carry").unwrap();
        run.write(&run.samples(), "text").unwrap();
        assert_eq!(fs::read_to_string(run.path().join("samples.txt")).unwrap(), "text");
        let inside = [run.metrics(), run.reward_curve(), run.checkpoint(3)];
        assert!(inside.iter().all(|path| path.parent() == Some(run.path())));
    }

    #[test]
    fn errors_name_the_folder() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("taken");
        fs::write(&file, "").unwrap();
        let expected = format!("cannot create the run folder {}: a file of that name exists", file.display());
        assert_eq!(error(root.path(), "taken"), expected);
        assert!(error(&file, "x").starts_with(&format!("cannot create {}: ", file.display())));
        for name in ["../x", "a/b", "", ".."] {
            assert_eq!(error(root.path(), name), format!("the run name {name:?} must be one plain folder name"));
        }
        // Not even root creates a folder in /proc.
        if Path::new("/proc/self").exists() {
            assert!(error(Path::new("/proc"), "x").starts_with("cannot create the run folder /proc/x: "));
        }
        let run = RunDir::create(root.path(), Some("mine"), "carry").unwrap();
        fs::remove_dir(run.path()).unwrap();
        let error = format!("{:#}", run.write(&run.samples(), "text").unwrap_err());
        assert!(error.starts_with(&format!("cannot write {}: ", run.samples().display())), "{error}");
    }
}
