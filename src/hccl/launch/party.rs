//! One rank that wants to meet the others of its job.

use crate::error::{Error, ErrorKind};
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(super) struct Party {
    pub rank: usize,
    pub size: usize,
    /// Which meeting of this job: ranks that are ahead wait for the others' next one.
    pub number: u32,
    /// The job's name, as a number.
    pub job: u64,
    /// How long it waits.
    pub timeout: Duration,
}

/// "1, 2, 3 and 5 more" of ranks that did not come.
pub(super) fn list(ranks: &[usize]) -> String {
    const NAMED: usize = 8;
    let named: Vec<String> = ranks.iter().take(NAMED).map(usize::to_string).collect();
    let plural = if ranks.len() == 1 { "rank" } else { "ranks" };
    match ranks.len().saturating_sub(NAMED) {
        0 => format!("{plural} {}", named.join(", ")),
        more => format!("{plural} {} and {more} more", named.join(", ")),
    }
}

impl Party {
    /// Rank 0 has waited long enough. `more`: what else is known.
    pub(super) fn late(&self, missing: &[usize], more: &str) -> Error {
        let text = format!("{} did not come within {} s{more}", list(missing), self.timeout.as_secs_f32());
        Error::new(ErrorKind::Timeout, text).hint("was each of them started, and can it reach this place?")
    }

    /// Another rank has come that cannot be of this job; the words for all.
    pub(super) fn contradiction(&self, rank: usize, size: usize, taken: bool) -> Option<String> {
        if size != self.size {
            Some(format!("rank {rank} counts {size} ranks in this job, rank 0 counts {}", self.size))
        } else if rank == 0 || rank >= self.size {
            Some(format!("a second process is rank {rank} of {size}"))
        } else {
            taken.then(|| format!("two processes are rank {rank} of {size}"))
        }
    }
}

/// What ranks of one job disagree about.
pub(super) fn disagreement(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Collective, text)
}
