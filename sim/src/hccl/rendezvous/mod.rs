//! How the ranks of a new group find one another: at the process that made their root info, or, with a rank table, at the one
//! that came first.
//!
//! That process gathers ([`gather`]): it compares what the ranks say, tells each who is there by now, and tells all when
//! everybody is. A rank waits here until then, or until its time is up. Ranks of the same process take the same way, without
//! a socket.

mod gather;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use ascend_rl_sys::codes::HCCL_E_REMOTE;
use ascend_rl_sys::types::HcclRootInfo;

use super::config::{Config, from_nanos, nanos};
use super::group::Group;
use super::mesh::Mesh;
use super::message::{Message, Place};
use super::peers::{self, post};
use crate::reject::{Outcome, Reject, check, reject};
use crate::wire::{Id, own_id};

/// What the 4108 bytes of a root info begin with; then the process that made it, and its number there.
const MARK: [u8; 16] = *b"cann-sim rank 0\0";

/// A rank of this process that waits to join.
struct Waiting {
    /// Who gathers.
    at: Id,
    /// Who is there by now.
    present: Vec<u32>,
    outcome: Option<Outcome<Arc<Group>>>,
}

#[derive(Default)]
struct Joins {
    /// By their tickets.
    waiting: HashMap<u64, Waiting>,
    /// The groups of this process that were formed, by their keys: one, whichever of its ranks hears of it first.
    formed: HashMap<u64, Weak<Group>>,
}

static JOINS: Mutex<Option<Joins>> = Mutex::new(None);
static CAME: Condvar = Condvar::new();
static NUMBERS: AtomicU64 = AtomicU64::new(0);

fn next_number() -> u64 {
    NUMBERS.fetch_add(1, SeqCst)
}

/// A name of its own for a group without one.
pub(super) fn default_name() -> String {
    format!("cann-sim_{}_{}", std::process::id(), next_number())
}

/// A new root info.
pub(super) fn open() -> HcclRootInfo {
    // Without sockets it still serves the threads of this process; ranks elsewhere find nobody, and say so.
    _ = post();
    let (id, number) = (own_id(), next_number());
    gather::expect(number);
    let mut info = HcclRootInfo { internal: [0; 4108] };
    info.internal[..16].copy_from_slice(&MARK);
    info.internal[16..20].copy_from_slice(&id.pid.to_le_bytes());
    info.internal[20..28].copy_from_slice(&id.nonce.to_le_bytes());
    info.internal[28..36].copy_from_slice(&number.to_le_bytes());
    info
}

/// Where the ranks of a new group are to gather.
pub(super) enum Target {
    RootInfo {
        at: Id,
        number: u64,
    },
    /// By what their rank table says.
    Table {
        hash: u64,
    },
}

impl Target {
    pub(super) fn of(info: &HcclRootInfo) -> Outcome<Target> {
        check!(info.internal[..16] == MARK, HCCL_E_PARA, "rootInfo was not made by HcclGetRootInfo of the simulator");
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| info.internal[at + i]));
        let pid = u32::from_le_bytes(std::array::from_fn(|i| info.internal[16 + i]));
        Ok(Target::RootInfo { at: Id { pid, nonce: number(20) }, number: number(28) })
    }

    /// The process that gathers, reachable; and what is asked for there.
    fn reach(&self, deadline: Instant) -> Outcome<(Id, Place)> {
        let (at, place) = match *self {
            Target::RootInfo { at, number } => (at, Place::Number { number }),
            Target::Table { hash } => (first_with(hash, deadline)?, Place::Table { hash }),
        };
        if at != own_id()
            && let Err(error) = post()?.connect(at)
        {
            reject!(
                HCCL_E_TCP_CONNECT,
                "process {}, where the ranks gather, cannot be reached: {error}; it has ended, or is not on this machine",
                at.pid
            )
        }
        Ok((at, place))
    }
}

/// The name of the door at which the ranks of a table meet.
fn table_door(hash: u64) -> String {
    // SAFETY: asks for a number.
    format!("cann-sim-table-{}-{hash:016x}", unsafe { libc::geteuid() })
}

/// The process that gathers the ranks of a table: the first that takes the name. This one, where nobody has it.
fn first_with(hash: u64, deadline: Instant) -> Outcome<Id> {
    let (post, door) = (post()?, table_door(hash));
    loop {
        match post.listen(&door) {
            Ok(()) => {
                gather::expect_table(hash, next_number());
                return Ok(post.id);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => reject!(HCCL_E_SYSCALL, "no socket for the ranks of the rank table: {error}"),
        }
        match post.who(&door) {
            Ok(id) => return Ok(id),
            // It has just given the name back, or its thread is busy.
            Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
            Err(error) => {
                reject!(HCCL_E_TIMEOUT, "the process that gathers the ranks of the rank table does not answer: {error}")
            }
        }
    }
}

fn joins() -> MutexGuard<'static, Option<Joins>> {
    JOINS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Runs `with` on who waits here, and wakes them.
fn joining<R>(with: impl FnOnce(&mut Joins) -> R) -> R {
    let result = with(joins().get_or_insert_default());
    CAME.notify_all();
    result
}

/// Joins a group as `rank` of `size`, on `device`; blocks until all ranks have.
pub(super) fn join(
    target: &Target,
    size: usize,
    rank: usize,
    device: u32,
    config: Config,
    limit: Duration,
) -> Outcome<Arc<Group>> {
    let deadline = Instant::now() + limit;
    loop {
        let (at, place) = target.reach(deadline)?;
        let ticket = next_number();
        joining(|joins| joins.waiting.insert(ticket, Waiting { at, present: Vec::new(), outcome: None }));
        let timeout = nanos(config.timeout);
        let (size, rank, name) = (size as u32, rank as u32, config.name.clone());
        tell(at, Message::Join { ticket, place, size, rank, device, name, timeout });
        let outcome = wait(ticket, at, size as usize, rank as usize, deadline, limit);
        match outcome {
            // The table's gathering was over by the time that this rank was heard.
            Err(refusal) if refusal.code == gather::OVER => continue,
            Err(refusal) => return Err(refusal),
            Ok(group) => {
                group.connect(deadline)?;
                return Ok(group);
            }
        }
    }
}

fn wait(ticket: u64, at: Id, size: usize, rank: usize, deadline: Instant, limit: Duration) -> Outcome<Arc<Group>> {
    let mut guard = joins();
    loop {
        let Some(waiting) = guard.as_mut().and_then(|joins| joins.waiting.get_mut(&ticket)) else {
            reject!(HCCL_E_INTERNAL, "the communicator in the making is gone")
        };
        let outcome = waiting.outcome.take();
        let left = deadline.saturating_duration_since(Instant::now());
        if outcome.is_none() && !left.is_zero() {
            guard = CAME.wait_timeout(guard, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0;
            continue;
        }
        // Where no gathering has taken this rank in, nobody is told to be present, not even itself.
        let absent = |other: &u32| *other != rank as u32 && !waiting.present.contains(other);
        let missing = (0..size as u32).filter(absent).map(|rank| rank.to_string());
        let missing = missing.collect::<Vec<_>>().join(", ");
        guard.as_mut().and_then(|joins| joins.waiting.remove(&ticket));
        drop(guard);
        match outcome {
            // Too late to look again.
            Some(Err(refusal)) if refusal.code == gather::OVER && left.is_zero() => {}
            Some(outcome) => return outcome,
            None => {}
        }
        tell(at, Message::Quit { ticket });
        reject!(
            HCCL_E_TIMEOUT,
            "rank {rank} of {size} waited {} s for rank [{missing}] to join the communicator (HCCL_CONNECT_TIMEOUT sets the time)",
            limit.as_secs_f64()
        )
    }
}

/// Sends a message to a process, which may be this one.
fn tell(to: Id, message: Message) {
    if to == own_id() {
        heard(to, message);
    } else if let Ok(post) = post() {
        // Its end would be noticed by itself.
        _ = post.connect(to);
        peers::send(post, to, &message);
    }
}

/// Takes what concerns ranks that join: here, or at this process.
pub(super) fn heard(from: Id, message: Message) {
    match message {
        Message::Join { ticket, place, size, rank, device, name, timeout } => {
            let config = Config { name, timeout: from_nanos(timeout) };
            gather::enter(from, ticket, place, size as usize, rank as usize, device, config);
        }
        Message::Quit { ticket } => gather::quit(|there| (there.from, there.ticket) == (from, ticket)),
        Message::Present { ticket, ranks } => at(ticket, from, |waiting| waiting.present = ranks),
        Message::Refused { ticket, code, text } => at(ticket, from, |waiting| waiting.outcome = Some(Err(Reject { code, text }))),
        Message::Formed { ticket, key, name, timeout, members } => formed(from, ticket, key, name, timeout, members),
        // Not about joining: others take them.
        Message::Memory { .. } | Message::InGroup { .. } => {}
    }
}

/// What the process that gathers has said to one that waits.
fn at(ticket: u64, from: Id, change: impl FnOnce(&mut Waiting)) {
    joining(|joins| joins.waiting.get_mut(&ticket).filter(|waiting| waiting.at == from).map(change));
}

fn formed(from: Id, ticket: u64, key: u64, name: String, timeout: Option<u64>, members: Vec<(Id, u32)>) {
    let here = own_id();
    let (group, new) = {
        let mut guard = joins();
        let joins = guard.get_or_insert_default();
        if joins.waiting.get(&ticket).is_none_or(|waiting| waiting.at != from) {
            return;
        }
        joins.formed.retain(|_, group| group.strong_count() > 0);
        match joins.formed.get(&key).and_then(Weak::upgrade) {
            Some(group) => (group, false),
            None => {
                let homes: Vec<Id> = members.iter().map(|(home, _)| *home).collect();
                let devices = members.iter().map(|(_, device)| *device).collect();
                let others = homes.iter().any(|home| *home != here);
                let mesh = post().ok().filter(|_| others).map(|post| Mesh { key, homes, post });
                let group = Group::new(name, from_nanos(timeout), devices, false, mesh);
                joins.formed.insert(key, Arc::downgrade(&group));
                (group, true)
            }
        }
    };
    if new && group.mesh.is_some() {
        peers::register(key, &group);
    }
    at(ticket, from, |waiting| waiting.outcome = Some(Ok(group)));
}

/// A process has ended: its ranks are not there any more, and nobody hears from it what it gathered.
pub(super) fn lost(process: Id) {
    gather::quit(|there| there.from == process);
    joining(|joins| {
        for waiting in joins.waiting.values_mut().filter(|waiting| waiting.at == process && waiting.outcome.is_none()) {
            let text = format!("process {}, where the ranks gathered, has ended", process.pid);
            waiting.outcome = Some(Err(Reject { code: HCCL_E_REMOTE, text }));
        }
    });
}

#[cfg(test)]
mod tests;
