//! How the ranks of a new group find one another: by a number in the root info that one of them made.
//!
//! The ranks are threads of this process. Each waits until all are there, or until its time is up.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use ascend_rl_sys::types::HcclRootInfo;

use super::config::Config;
use super::group::Group;
use crate::reject::{Outcome, check, reject};

/// What the 4108 bytes of a root info begin with: who made it, in which process, its number.
const MARK: [u8; 16] = *b"cann-sim rank 0\0";

/// One group in the making.
#[derive(Default)]
struct Gathering {
    size: Option<usize>,
    /// By rank: device and configuration.
    present: BTreeMap<usize, (u32, Config)>,
    /// Once all are there.
    group: Option<Arc<Group>>,
}

static GATHERINGS: Mutex<Option<HashMap<u64, Gathering>>> = Mutex::new(None);
static CAME: Condvar = Condvar::new();
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// A name of its own for a group without one.
pub(super) fn default_name() -> String {
    format!("cann-sim_{}", NUMBERS.fetch_add(1, SeqCst))
}

/// A new root info.
pub(super) fn open() -> HcclRootInfo {
    let number = NUMBERS.fetch_add(1, SeqCst);
    let mut gatherings = GATHERINGS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    gatherings.get_or_insert_default().insert(number, Gathering::default());
    let mut info = HcclRootInfo { internal: [0; 4108] };
    info.internal[..16].copy_from_slice(&MARK);
    info.internal[16..20].copy_from_slice(&std::process::id().to_le_bytes());
    info.internal[20..28].copy_from_slice(&number.to_le_bytes());
    info
}

/// The number in a root info of this process.
fn number_of(info: &HcclRootInfo) -> Outcome<u64> {
    check!(info.internal[..16] == MARK, HCCL_E_PARA, "rootInfo was not made by HcclGetRootInfo of the simulator");
    let process = u32::from_le_bytes(std::array::from_fn(|i| info.internal[16 + i]));
    check!(
        process == std::process::id(),
        HCCL_E_NOT_SUPPORT,
        "rootInfo was made by process {process}: the simulator has collectives between the threads of one process"
    );
    Ok(u64::from_le_bytes(std::array::from_fn(|i| info.internal[20 + i])))
}

/// Joins the group of `info` as `rank` of `size`, on `device`; blocks until all ranks have.
pub(super) fn join(
    info: &HcclRootInfo,
    size: usize,
    rank: usize,
    device: u32,
    config: Config,
    limit: Duration,
) -> Outcome<Arc<Group>> {
    let number = number_of(info)?;
    let mut guard = GATHERINGS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let Some(gathering) = guard.as_mut().and_then(|all| all.get_mut(&number)) else {
        reject!(HCCL_E_PARA, "rootInfo was used already: every communicator needs one of its own")
    };
    gathering.enter(size, rank, device, config)?;
    if gathering.group.is_some() {
        CAME.notify_all();
    }
    let deadline = Instant::now() + limit;
    loop {
        let Some(gathering) = guard.as_mut().and_then(|all| all.get_mut(&number)) else {
            reject!(HCCL_E_INTERNAL, "the communicator in the making is gone")
        };
        if let Some(group) = gathering.group.clone() {
            gathering.present.remove(&rank);
            if gathering.present.is_empty() {
                guard.as_mut().and_then(|all| all.remove(&number));
            }
            return Ok(group);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let missing: Vec<String> =
                (0..size).filter(|rank| !gathering.present.contains_key(rank)).map(|rank| rank.to_string()).collect();
            gathering.present.remove(&rank);
            reject!(
                HCCL_E_TIMEOUT,
                "rank {rank} of {size} waited {} s for rank [{}] to join the communicator (HCCL_CONNECT_TIMEOUT sets the time)",
                limit.as_secs_f64(),
                missing.join(", ")
            )
        }
        guard = CAME.wait_timeout(guard, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0;
    }
}

impl Gathering {
    /// Adds a rank, and makes the group of the last one.
    fn enter(&mut self, size: usize, rank: usize, device: u32, config: Config) -> Outcome {
        check!(self.group.is_none(), HCCL_E_PARA, "rootInfo was used already: every communicator needs one of its own");
        let known = *self.size.get_or_insert(size);
        check!(size == known, HCCL_E_PARA, "nRanks is {size}, another rank of the same rootInfo said {known}");
        check!(!self.present.contains_key(&rank), HCCL_E_PARA, "rank {rank} joins a second time");
        if let Some((other, (_, theirs))) = self.present.first_key_value() {
            check!(*theirs == config, HCCL_E_PARA, "rank {rank} has the configuration {config:?}, rank {other} has {theirs:?}");
        }
        if let Some((other, _)) = self.present.iter().find(|(_, (theirs, _))| *theirs == device) {
            reject!(HCCL_E_PARA, "rank {rank} is on device {device}, as rank {other} is: each rank needs a device of its own")
        }
        self.present.insert(rank, (device, config));
        if self.present.len() == size {
            let devices = self.present.values().map(|(device, _)| *device).collect();
            let config = self.present[&rank].1.clone();
            self.group = Some(Group::new(config.name.unwrap_or_else(default_name), config.timeout, devices, false));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config { name: None, timeout: None }
    }

    #[test]
    fn a_rank_that_does_not_come_is_named() {
        let info = open();
        std::thread::scope(|scope| {
            for rank in [0, 2] {
                let info = &info;
                scope.spawn(move || {
                    let refusal = join(info, 4, rank, rank as u32, config(), Duration::from_millis(60)).err().unwrap();
                    assert_eq!(refusal.code, ascend_rl_sys::codes::HCCL_E_TIMEOUT);
                    // Whoever gives up first sees the other; that one then stands alone.
                    assert!(refusal.text.contains("rank [1, 3]") || refusal.text.contains(", 3]"), "{}", refusal.text);
                });
            }
        });
    }

    #[test]
    fn all_get_the_same_group_once() {
        let info = open();
        std::thread::scope(|scope| {
            let join = |rank: usize| join(&info, 3, rank, 5 - rank as u32, config(), Duration::from_secs(30)).unwrap();
            let others: Vec<_> = [2, 0].map(|rank| scope.spawn(move || join(rank))).into_iter().collect();
            let mine = join(1);
            assert_eq!(mine.devices, [5, 4, 3], "in the order of the ranks");
            assert!(others.into_iter().all(|other| Arc::ptr_eq(&other.join().unwrap(), &mine)));
        });
        let again = join(&info, 3, 0, 0, config(), Duration::from_secs(30)).err().unwrap();
        assert!(again.text.contains("used already"), "{}", again.text);
    }

    #[test]
    fn ranks_that_contradict_one_another_are_refused() {
        let mut gathering = Gathering::default();
        gathering.enter(3, 1, 0, config()).unwrap();
        let named = || Config { name: Some("x".into()), timeout: None };
        for (outcome, words) in [
            (gathering.enter(2, 0, 1, config()), "nRanks is 2"),
            (gathering.enter(3, 1, 1, config()), "second time"),
            (gathering.enter(3, 0, 0, config()), "as rank 1 is"),
            (gathering.enter(3, 0, 1, named()), "configuration"),
        ] {
            assert!(outcome.unwrap_err().text.contains(words));
        }
        let mut info = open();
        info.internal[16] ^= 1;
        assert!(number_of(&info).unwrap_err().text.contains("process"));
        info.internal[0] = 0;
        assert!(number_of(&info).unwrap_err().text.contains("HcclGetRootInfo"));
    }
}
