//! Where the ranks of a job meet.

use super::super::local::fingerprint;
use super::who::{Launcher, Who};
use super::{RankTable, slurm};
use crate::error::{Error, ErrorKind, Result};
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};

/// Reads a variable; an empty one is not set.
pub(super) type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Says where to meet in any case.
const RENDEZVOUS: &str = "ASCEND_RL_RENDEZVOUS";
/// What PyTorch takes too.
const DEFAULT_PORT: u16 = 29500;

/// Where ranks meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// There is one rank.
    Alone,
    /// Rank 0 waits there. `by`: the variables that say so.
    Tcp { host: String, port: u16, by: &'static str },
    /// A file that all hosts see.
    File(PathBuf),
    /// HCCL brings them together itself.
    Table(PathBuf),
}

impl fmt::Display for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Meeting::Alone => f.write_str("no place: there is one rank"),
            Meeting::Tcp { host, port, by } if host.contains(':') => write!(f, "[{host}]:{port} ({by})"),
            Meeting::Tcp { host, port, by } => write!(f, "{host}:{port} ({by})"),
            Meeting::File(path) => write!(f, "the file {}", path.display()),
            Meeting::Table(path) => write!(f, "the rank table {}", path.display()),
        }
    }
}

/// The table of `RANK_TABLE_FILE`.
pub(super) fn rank_table(get: Get<'_>) -> Result<Option<RankTable>> {
    let Some(path) = get("RANK_TABLE_FILE") else { return Ok(None) };
    RankTable::read(Path::new(&path)).map(Some).map_err(|error| error.context("RANK_TABLE_FILE"))
}

/// Where the job of `who` meets.
pub(super) fn meeting(who: &Who, get: Get<'_>) -> Result<Meeting> {
    if let Some(path) = get("RANK_TABLE_FILE") {
        return Ok(Meeting::Table(path.into()));
    }
    if let Some(url) = get(RENDEZVOUS) {
        return of_url(&url);
    }
    if who.size == 1 {
        return Ok(Meeting::Alone);
    }
    let refuse = |text: String| Err(Error::new(ErrorKind::Argument, text));
    match (get("MASTER_ADDR"), get("MASTER_PORT")) {
        (Some(host), Some(text)) => {
            let Some(port) = port(&text) else { return refuse(format!("MASTER_PORT={text:?} is no port; 1 to 65535 is taken")) };
            if get("TORCHELASTIC_USE_AGENT_STORE").as_deref() != Some("True") {
                return Ok(Meeting::Tcp { host, port, by: "MASTER_ADDR, MASTER_PORT" });
            }
            match port.checked_add(1) {
                Some(port) => {
                    Ok(Meeting::Tcp { host, port, by: "MASTER_ADDR, MASTER_PORT + 1, as torchrun's agent has the first" })
                }
                None => refuse(format!("MASTER_PORT={port} is held by torchrun's agent, and there is no port after it")),
            }
        }
        (Some(_), None) => refuse("MASTER_ADDR is set, but not MASTER_PORT, a free port on that host".into()),
        (None, Some(_)) => refuse("MASTER_PORT is set, but not MASTER_ADDR, the host of rank 0".into()),
        (None, None) => by_default(who, get),
    }
}

fn by_default(who: &Who, get: Get<'_>) -> Result<Meeting> {
    if who.launcher != Launcher::Torchrun {
        if who.local_size == Some(who.size) {
            return Ok(Meeting::File(shared_file(get)));
        }
        let nodes = get("SLURM_STEP_NODELIST").or_else(|| get("SLURM_NODELIST")).or_else(|| get("SLURM_JOB_NODELIST"));
        if let Some(host) = nodes.filter(|_| who.launcher == Launcher::Slurm).and_then(|list| slurm::first_host(&list)) {
            return Ok(Meeting::Tcp {
                host,
                port: DEFAULT_PORT,
                by: "the first of Slurm's hosts; MASTER_ADDR, MASTER_PORT change it",
            });
        }
    }
    let text = format!(
        "nothing says where the {} ranks that {} has started meet; set MASTER_ADDR to the host of rank 0 and MASTER_PORT to a free \
         port there (29500, say)",
        who.size, who.launcher
    );
    Err(Error::new(ErrorKind::Argument, text))
}

/// `tcp://HOST:PORT` or `file:///PATH`.
fn of_url(url: &str) -> Result<Meeting> {
    if let Some(path) = url.strip_prefix("file://").filter(|path| path.starts_with('/')) {
        return Ok(Meeting::File(path.into()));
    }
    let address = url.strip_prefix("tcp://").and_then(|address| address.rsplit_once(':'));
    let host = address.map(|(host, _)| host.trim_matches(['[', ']']));
    match (host.filter(|host| !host.is_empty()), address.and_then(|(_, text)| port(text))) {
        (Some(host), Some(port)) => Ok(Meeting::Tcp { host: host.to_owned(), port, by: RENDEZVOUS }),
        _ => {
            let text = format!("{RENDEZVOUS}={url:?}: tcp://HOST:PORT or file:///PATH is taken");
            Err(Error::new(ErrorKind::Argument, text))
        }
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|&port| port > 0)
}

/// What the launcher calls this job, if it has a name for it. Ranks of one host only: what numbers the launcher's process counts.
fn job_name(get: Get<'_>) -> Option<String> {
    let slurm = || Some(format!("{}.{}", get("SLURM_JOB_ID")?, get("SLURM_STEP_ID").or_else(|| get("SLURM_STEPID"))?));
    get("TORCHELASTIC_RUN_ID").or_else(|| get("PMIX_NAMESPACE")).or_else(|| get("OMPI_MCA_ess_base_jobid")).or_else(slurm)
}

/// The job's name as a number; the same on all ranks.
pub(super) fn job(get: Get<'_>) -> u64 {
    fingerprint(job_name(get).unwrap_or_default().as_bytes())
}

/// A file of this user and this job in the temporary folder of the host.
fn shared_file(get: Get<'_>) -> PathBuf {
    // Without a name of the job: its ranks are children of one process, the launcher's on this host.
    let job = job_name(get).unwrap_or_else(|| format!("child-of-{}", parent_id()));
    let plain: String = job.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    let folder = get("TMPDIR").unwrap_or_else(|| "/tmp".into());
    Path::new(&folder).join(format!("ascend-rl-{}-{plain}", user()))
}

/// The user's number, as Linux tells it.
pub(super) fn user() -> u32 {
    std::fs::metadata("/proc/self").map_or(0, |of_self| of_self.uid())
}
