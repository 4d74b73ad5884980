//! How communicators are made, and how collectives reduce.

use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How a collective reduces. Sums and products of f16 and bf16 are rounded as CANN does it on a card; on the simulator they are
/// in f32, in the order of the ranks, and rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceOp {
    /// The sum.
    Sum,
    /// The product. Not of bf16 or i16.
    Prod,
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

impl ReduceOp {
    pub(super) fn to_hccl(self) -> HcclReduceOp {
        match self {
            ReduceOp::Sum => HCCL_REDUCE_SUM,
            ReduceOp::Prod => HCCL_REDUCE_PROD,
            ReduceOp::Max => HCCL_REDUCE_MAX,
            ReduceOp::Min => HCCL_REDUCE_MIN,
        }
    }
}

impl fmt::Display for ReduceOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReduceOp::Sum => "sum",
            ReduceOp::Prod => "prod",
            ReduceOp::Max => "max",
            ReduceOp::Min => "min",
        })
    }
}

/// How communicators are made.
#[derive(Clone, Debug, Default)]
pub struct CommOptions {
    /// The group's name in error texts, and to CANN: 1 to 127 bytes, without a NUL. `None`: one that no other group of this
    /// process has, or for a [`sub`](super::Communicator::sub) one made of its parent's and its id.
    pub name: Option<String>,
    /// How long a collective may wait for a rank before it fails, in whole seconds, at least one. `None`: `HCCL_EXEC_TIMEOUT`,
    /// else CANN's default (1,836 s).
    ///
    /// It is a request that CANN before 9.0 (8.3 to 8.5 among them) cannot hear: there it has **no effect and gives no error**, and
    /// the variable rules.
    pub timeout: Option<Duration>,
    /// MiB of each of the two buffers (in and out) that HCCL holds on the device for this group; at least the largest call's bytes
    /// are recommended. `None`: `HCCL_BUFFSIZE`, else CANN's default (200).
    pub buffer_mib: Option<u32>,
    /// Whether reductions give the same bits each time. `None`: yes, whatever `HCCL_DETERMINISTIC` says.
    pub deterministic: Option<bool>,
    /// How long dropping the communicator waits at most for what is queued, before it gives that up. `None`: ten seconds if some
    /// rank is in another process, of which nobody knows here whether it is behind, else a minute.
    pub leave_within: Option<Duration>,
}

impl CommOptions {
    /// The name that was asked for, checked, or `fresh`.
    pub(super) fn name_or(&self, fresh: impl FnOnce() -> String) -> Result<String> {
        let name = self.name.clone().unwrap_or_else(fresh);
        if name.is_empty() || name.len() >= COMM_NAME_MAX_LENGTH || name.contains('\0') {
            let most = COMM_NAME_MAX_LENGTH - 1;
            let text = format!("the name {name:?} has {} bytes; 1 to {most} without a NUL are needed", name.len());
            return Err(Error::new(ErrorKind::Argument, text));
        }
        Ok(name)
    }

    /// What CANN is told, for a library that knows `capability` fields.
    ///
    /// Errors: `Argument` for a buffer of no size, or of more than HCCL can be told.
    pub(super) fn config(&self, name: &str, capability: u32) -> Result<HcclCommConfig> {
        let mut config = HcclCommConfig::new(capability);
        // Checked by `name_or`: shorter than the field, so that a NUL remains.
        config.hcclCommName[..name.len()].copy_from_slice(name.as_bytes());
        config.hcclDeterministic = u32::from(self.deterministic.unwrap_or(true)); // Same seed, same numbers, bit for bit.
        if let Some(mib) = self.buffer_mib {
            if !(1..=i32::MAX as u32).contains(&mib) {
                let text = format!("buffer_mib is {mib}; 1 to {} MiB are needed", i32::MAX);
                return Err(Error::new(ErrorKind::Argument, text));
            }
            config.hcclBufferSize = mib;
        }
        if let Some(timeout) = self.timeout {
            // Rounded up, and never 0: that is HCCL's word for "no limit".
            let seconds = timeout.as_secs().saturating_add(u64::from(timeout.subsec_nanos() > 0)).max(1);
            config.hcclExecTimeOut = i32::try_from(seconds).unwrap_or(i32::MAX);
        }
        Ok(config)
    }
}

/// A name that no other group of this process has.
pub(super) fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("group_{}_{}", std::process::id(), NEXT.fetch_add(1, Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cann_cannot_take_are_refused() {
        let named = |name: &str| CommOptions { name: Some(name.into()), ..Default::default() }.name_or(fresh_name);
        assert_eq!(named("world").unwrap(), "world");
        assert_eq!(named(&"x".repeat(127)).unwrap().len(), 127);
        for bad in ["", "a\0b", &"x".repeat(128), &"é".repeat(64)] {
            assert_eq!(named(bad).unwrap_err().kind(), ErrorKind::Argument);
        }
        let fresh = || CommOptions::default().name_or(fresh_name).unwrap();
        assert_ne!(fresh(), fresh());
    }

    #[test]
    fn the_timeout_is_whole_seconds_and_never_none() {
        let seconds = |timeout| CommOptions { timeout, ..Default::default() }.config("x", 12).unwrap().hcclExecTimeOut;
        assert_eq!(seconds(None), HCCL_COMM_CONFIG_NOT_SET as i32);
        assert_eq!(seconds(Some(Duration::ZERO)), 1);
        assert_eq!(seconds(Some(Duration::from_millis(1001))), 2);
        assert_eq!(seconds(Some(Duration::from_secs(60))), 60);
        assert_eq!(seconds(Some(Duration::MAX)), i32::MAX);
    }

    #[test]
    fn an_older_library_gets_the_layout_that_it_reads() {
        let config = CommOptions { timeout: Some(Duration::from_secs(5)), ..Default::default() }.config("tp", 5).unwrap();
        assert_eq!((config.version, config.size, config.hcclDeterministic), (5, 300, 1));
        assert_eq!(&config.hcclCommName[..3], b"tp\0");
    }

    #[test]
    fn buffers_and_determinism_are_passed_on() {
        let config = |buffer_mib, deterministic| CommOptions { buffer_mib, deterministic, ..Default::default() }.config("x", 12);
        let told = |mib, deterministic| config(mib, deterministic).map(|c| (c.hcclBufferSize, c.hcclDeterministic)).unwrap();
        assert_eq!(told(None, None), (HCCL_COMM_CONFIG_NOT_SET, 1));
        assert_eq!(told(Some(400), Some(false)), (400, 0));
        for bad in [0, u32::MAX] {
            assert_eq!(config(Some(bad), None).err().unwrap().kind(), ErrorKind::Argument);
        }
    }
}
