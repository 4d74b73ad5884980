//! A group of ranks: what each has called, and which calls still miss somebody.
//!
//! The n-th collective of one rank meets the n-th of every other; the n-th send of a pair its n-th receive. A call is compared
//! with those that are there before it is enqueued ([`super::issue`]): ranks that do not agree find out at the second call, not
//! by a wrong result. Where ranks are in several processes, each has its copy of the group, and what happens elsewhere is
//! done to it ([`super::events`]).

use std::collections::{HashMap, VecDeque};
use std::fmt::{Display, Formatter};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ascend_rl_sys::codes::*;

use super::mesh::Mesh;
use super::message::{Event, RoundId};
use super::round::Open;
use super::subs::Sub;
use crate::engine::Meeting;
use crate::reject::{Outcome, Reject, reject};
use crate::wire::Id;
use crate::world::world;

/// What all ranks of a communicator share.
pub(super) struct Group {
    pub name: String,
    /// How long the first rank of a collective waits for the last.
    pub timeout: Option<Duration>,
    /// The device of each rank.
    pub devices: Vec<u32>,
    /// Made from another group; from such a one none can be made.
    pub is_sub: bool,
    /// Where its ranks are, if not all in this process.
    pub mesh: Option<Mesh>,
    /// What `HcclGetCommAsyncError` gives.
    async_error: AtomicI32,
    /// By rank: others have waited for it as long as they may. Until it calls something, or comes to something that it has
    /// called, nobody waits for it again: calls queued in vain fail within one time-out, not within one each.
    overdue: Vec<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    /// How often it was resumed: what belongs to an earlier epoch is void.
    pub epoch: u64,
    pub members: Vec<Member>,
    /// Collectives that not all ranks have called; the first of them has the number `done + 1`.
    pub rounds: VecDeque<Open>,
    pub done: u64,
    /// By sender and receiver.
    pub pairs: HashMap<(usize, usize), Pair>,
    /// What has not ended of all that concerns several processes.
    pub live: HashMap<RoundId, Open>,
    /// Two ranks did not agree: the calls are out of step, and no further one can be right.
    pub broken: Option<String>,
    /// By their ids and how often the same id was used before.
    pub subs: HashMap<(u64, u64), Sub>,
    /// How often a rank has used an id.
    pub uses: HashMap<(usize, u64), u64>,
}

#[derive(Clone, Default)]
pub(super) struct Member {
    /// Whether the rank has made its communicator.
    pub joined: bool,
    pub collectives: u64,
    /// The last call, and its number.
    pub last: Option<(&'static str, u64)>,
    /// What ended its part.
    pub left: Option<Exit>,
    pub suspended: bool,
    /// How often it was resumed.
    pub epoch: u64,
}

/// How a rank ended its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Destroyed,
    ContextEnded,
    ProcessEnded(u32),
}

impl Display for Exit {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Exit::Destroyed => f.write_str("has destroyed its communicator"),
            Exit::ContextEnded => f.write_str("is gone: its context was ended"),
            Exit::ProcessEnded(pid) => write!(f, "is gone: its process {pid} has ended"),
        }
    }
}

/// Sends without their receives, or receives without their sends.
#[derive(Default)]
pub(super) struct Pair {
    pub open: VecDeque<Open>,
    pub done: u64,
}

impl Group {
    pub(super) fn new(
        name: String,
        timeout: Option<Duration>,
        devices: Vec<u32>,
        is_sub: bool,
        mesh: Option<Mesh>,
    ) -> Arc<Group> {
        // The ranks of a sub-communicator come one by one; all others are there at once.
        let member = Member { joined: !is_sub, ..Member::default() };
        let state = Mutex::new(State { members: vec![member; devices.len()], ..State::default() });
        let overdue = devices.iter().map(|_| AtomicBool::new(false)).collect();
        Arc::new(Group { name, timeout, devices, is_sub, mesh, async_error: AtomicI32::new(0), overdue, state })
    }

    pub(super) fn size(&self) -> usize {
        self.devices.len()
    }

    /// What `rank` is to know.
    pub(super) fn async_error(&self, rank: usize) -> i32 {
        if self.state().members[rank].suspended { HCCL_E_SUSPENDING } else { self.async_error.load(SeqCst) }
    }

    /// The first error stays.
    pub(super) fn note_error(&self, code: i32) {
        _ = self.async_error.compare_exchange(0, code, SeqCst, SeqCst);
    }

    /// What went wrong is over.
    pub(super) fn forget_errors(&self) {
        self.async_error.store(0, SeqCst);
        self.overdue.iter().for_each(|overdue| overdue.store(false, SeqCst));
    }

    pub(super) fn is_overdue(&self, rank: usize) -> bool {
        self.overdue[rank].load(SeqCst)
    }

    pub(super) fn set_overdue(&self, rank: usize, overdue: bool) {
        self.overdue[rank].store(overdue, SeqCst);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Tells all other processes that have ranks of it.
    pub(super) fn tell_all(&self, state: &State, event: Event) {
        if let Some(mesh) = &self.mesh {
            mesh.tell(&mesh.others(), state.epoch, event);
        }
    }

    /// Connects to the processes of the other ranks, and waits until they have connected to this one.
    pub(super) fn connect(&self, deadline: Instant) -> Outcome {
        let Some(mesh) = &self.mesh else { return Ok(()) };
        let others = mesh.others();
        let ranks = |missing: &[Id]| {
            let ranks = (0..self.size()).filter(|rank| missing.contains(&mesh.homes[*rank]));
            ranks.map(|rank| rank.to_string()).collect::<Vec<_>>().join(", ")
        };
        for process in &others {
            if let Err(error) = mesh.post.connect(*process) {
                reject!(HCCL_E_TCP_CONNECT, "rank [{}], process {}, cannot be reached: {error}", ranks(&[*process]), process.pid)
            }
        }
        match mesh.post.wait_for(&others, deadline) {
            Ok(()) => Ok(()),
            Err(missing) => reject!(HCCL_E_TIMEOUT, "rank [{}] has not connected, or its process has ended", ranks(&missing)),
        }
    }

    /// What a rank did instead of the call that others wait for.
    pub(super) fn absence(&self, rank: usize) -> String {
        let member = &self.state().members[rank];
        // Messages between two other ranks of other processes are not known here.
        let known = if self.mesh.as_ref().is_some_and(|mesh| !mesh.is_here(rank)) { " known here" } else { "" };
        match (member.left, member.joined, member.last) {
            (Some(how), ..) => format!("rank {rank} {how}"),
            (None, ..) if member.suspended => format!("rank {rank} has suspended its communicator"),
            (None, false, _) => format!("rank {rank} has not made its communicator"),
            (None, true, None) => format!("rank {rank} has not called it, nor anything before"),
            (None, true, Some((name, n))) => format!("rank {rank} has not called it; its last call{known} was {name} #{n}"),
        }
    }

    /// Whether `rank` may call.
    pub(super) fn check_open(&self, state: &State, rank: usize) -> Outcome {
        if let Some(why) = &state.broken {
            reject!(HCCL_E_REMOTE, "the communicator is out of step since {why}")
        }
        let member = &state.members[rank];
        if member.suspended {
            reject!(HCCL_E_SUSPENDING, "rank {rank} has suspended its communicator: it takes calls after HcclCommResume")
        }
        if member.epoch < state.epoch {
            reject!(HCCL_E_SUSPENDING, "another rank has resumed the communicator: rank {rank} takes calls after HcclCommResume")
        }
        Ok(())
    }

    pub(super) fn gone(&self, state: &State, rank: usize) -> Reject {
        self.note_error(HCCL_E_REMOTE);
        let how = state.members[rank].left.map(|how| how.to_string()).unwrap_or_default();
        Reject { code: HCCL_E_REMOTE, text: format!("remote rank [{rank}] of communicator \"{}\" {how}", self.name) }
    }

    /// Two ranks do not agree: all that still misses somebody fails.
    pub(super) fn break_up(&self, state: &mut State, why: String) -> Reject {
        self.note_error(HCCL_E_REMOTE);
        let text = format!("the ranks do not agree in {why}");
        let open = state.rounds.iter().chain(state.pairs.values().flat_map(|pair| &pair.open));
        open.for_each(|open| call_off(&open.meeting, text.clone()));
        if state.broken.is_none() {
            self.tell_all(state, Event::Broken { why: why.clone() });
            state.broken = Some(why);
        }
        Reject { code: HCCL_E_PARA, text }
    }

    /// A rank of this process will call nothing any more: what waits for it fails. What it has called still runs.
    pub(super) fn leave(&self, rank: usize, how: Exit) {
        let mut state = self.state();
        self.tell_all(&state, Event::Left { rank: rank as u32, how: (how == Exit::ContextEnded) as u8 });
        self.left(&mut state, rank, how);
    }

    pub(super) fn left(&self, state: &mut State, rank: usize, how: Exit) {
        let how = *state.members[rank].left.get_or_insert(how);
        let mut missed: Vec<Open> = Vec::new();
        for (key, pair) in &mut state.pairs {
            let waits_for_it = |open: &Open| {
                let parties = [(key.0, 0), (key.1, 1)];
                parties.iter().any(|(other, party)| *other == rank && !open.round.has(*party))
            };
            if pair.open.front().is_some_and(waits_for_it) {
                missed.extend(pair.open.drain(..));
            }
        }
        let text = format!("remote rank [{rank}] of communicator \"{}\" {how}", self.name);
        let rounds = state.rounds.iter().filter(|open| !open.round.has(rank));
        for open in rounds.chain(&missed) {
            self.note_error(HCCL_E_REMOTE);
            call_off(&open.meeting, text.clone());
        }
        let here = |rank: usize| self.mesh.as_ref().is_none_or(|mesh| mesh.is_here(rank));
        if state.members.iter().enumerate().all(|(rank, member)| member.left.is_some() || !here(rank)) {
            // Open rounds hold the group: without this it would stay for ever.
            state.rounds.clear();
            state.pairs.clear();
            state.subs.clear();
        }
    }

    /// A process has ended: its ranks are gone, and what they have called does not run unless it has.
    pub(super) fn lost(&self, process: Id) {
        let Some(mesh) = &self.mesh else { return };
        let mut state = self.state();
        let ranks: Vec<usize> = (0..self.size()).filter(|rank| mesh.homes[*rank] == process).collect();
        for rank in &ranks {
            let how = *state.members[*rank].left.get_or_insert(Exit::ProcessEnded(process.pid));
            let text = format!("remote rank [{rank}] of communicator \"{}\" {how}", self.name);
            for open in state.live.values().filter(|open| open.round.lacks(process)) {
                self.note_error(HCCL_E_REMOTE);
                call_off(&open.meeting, text.clone());
            }
            self.left(&mut state, *rank, how);
        }
    }
}

/// Ends a meeting; the streams of those who wait there report it so.
pub(super) fn call_off(meeting: &Arc<Meeting>, text: String) {
    if let Ok(world) = world() {
        world.engine.call_off(meeting.clone(), Reject { code: ACL_ERROR_RT_SUSPECT_REMOTE_ERROR, text });
    }
}
