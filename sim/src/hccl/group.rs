//! A group of ranks: what each has called, and which calls still miss somebody.
//!
//! The n-th collective of one rank meets the n-th of every other; the n-th send of a pair its n-th receive. A call is compared
//! with those that are there before it is enqueued: ranks that do not agree find out at the second call, not by a wrong result.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ascend_rl_sys::codes::*;

use super::call::{Call, What};
use super::config::Config;
use super::round::Open;
use crate::engine::{Attendance, Stream, Task};
use crate::reject::{Outcome, Reject, check, reject};
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
    /// What `HcclGetCommAsyncError` gives.
    async_error: AtomicI32,
    /// By rank: others have waited for it as long as they may. Until it calls something, or comes to something that it has
    /// called, nobody waits for it again: calls queued in vain fail within one time-out, not within one each.
    overdue: Vec<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    members: Vec<Member>,
    /// Collectives that not all ranks have called; the first of them has the number `done + 1`.
    rounds: VecDeque<Open>,
    done: u64,
    /// By sender and receiver.
    pairs: HashMap<(usize, usize), Pair>,
    /// Two ranks did not agree: the calls are out of step, and no further one can be right.
    broken: Option<String>,
    /// By their ids.
    subs: HashMap<u64, (Vec<u32>, Arc<Group>)>,
}

#[derive(Clone, Default)]
struct Member {
    /// Whether the rank has made its communicator.
    joined: bool,
    collectives: u64,
    /// The last call, and its number.
    last: Option<(&'static str, u64)>,
    /// What ended its part.
    left: Option<&'static str>,
}

/// Sends without their receives, or receives without their sends.
#[derive(Default)]
struct Pair {
    open: VecDeque<Open>,
    done: u64,
}

impl Group {
    pub(super) fn new(name: String, timeout: Option<Duration>, devices: Vec<u32>, is_sub: bool) -> Arc<Group> {
        // The ranks of a sub-communicator come one by one; all others are there at once.
        let member = Member { joined: !is_sub, ..Member::default() };
        let state = State { members: vec![member; devices.len()], ..State::default() };
        let overdue = devices.iter().map(|_| AtomicBool::new(false)).collect();
        Arc::new(Group { name, timeout, devices, is_sub, async_error: AtomicI32::new(0), overdue, state: Mutex::new(state) })
    }

    pub(super) fn size(&self) -> usize {
        self.devices.len()
    }

    pub(super) fn async_error(&self) -> i32 {
        self.async_error.load(SeqCst)
    }

    /// The first error stays.
    pub(super) fn note_error(&self, code: i32) {
        _ = self.async_error.compare_exchange(0, code, SeqCst, SeqCst);
    }

    pub(super) fn is_overdue(&self, rank: usize) -> bool {
        self.overdue[rank].load(SeqCst)
    }

    pub(super) fn set_overdue(&self, rank: usize, overdue: bool) {
        self.overdue[rank].store(overdue, SeqCst);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way through a change.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What a rank did instead of the call that others wait for.
    pub(super) fn absence(&self, rank: usize) -> String {
        let member = &self.state().members[rank];
        match (member.left, member.joined, member.last) {
            (Some(how), ..) => format!("rank {rank} {how}"),
            (None, false, _) => format!("rank {rank} has not made its communicator"),
            (None, true, None) => format!("rank {rank} has not called it, nor anything before"),
            (None, true, Some((name, n))) => format!("rank {rank} has not called it; its last call was {name} #{n}"),
        }
    }

    /// Enqueues a collective of all ranks. The lock is held until it is enqueued, so that a rank's numbers and its streams agree.
    pub(super) fn collective(self: &Arc<Self>, rank: usize, call: Call, stream: &Arc<Stream>) -> Outcome {
        if let Some(recorder) = stream.recorder() {
            let (group, name) = (self.clone(), call.what.name());
            return captured(recorder.call(name, Arc::new(move |stream| group.collective(rank, call.clone(), stream))));
        }
        let mut state = self.state();
        self.check_whole(&state)?;
        let number = state.members[rank].collectives + 1;
        let gone = |(_, member): &(usize, &Member)| member.left.is_some() && member.collectives < number;
        if let Some((gone, _)) = state.members.iter().enumerate().find(gone) {
            return Err(self.gone(&state, gone));
        }
        // A rank's next number is above `done`: a round is done only when this rank has called it too.
        let at = (number - state.done - 1) as usize;
        if let Some(why) = state.rounds.get(at).and_then(|open| open.round.disagreement(rank, &call)) {
            return Err(self.break_up(&mut state, stream, why));
        }
        if at == state.rounds.len() {
            state.rounds.push_back(Open::new(self, number, (0..self.size()).collect()));
        }
        let name = call.what.name();
        self.set_overdue(rank, false);
        let open = &state.rounds[at];
        open.round.take_seat(rank, call);
        stream.push(Task::Meet(Box::new(Attendance { name, seats: vec![(open.meeting.clone(), rank)] })));
        let member = &mut state.members[rank];
        (member.collectives, member.last) = (number, Some((name, number)));
        while state.rounds.front().is_some_and(|open| open.round.is_complete()) {
            state.rounds.pop_front();
            state.done += 1;
        }
        Ok(())
    }

    /// Enqueues sends and receives of one rank as one entry. At most one of them in each direction with each rank.
    pub(super) fn exchange(self: &Arc<Self>, rank: usize, name: &'static str, calls: Vec<Call>, stream: &Arc<Stream>) -> Outcome {
        if let Some(recorder) = stream.recorder() {
            let group = self.clone();
            return captured(recorder.call(name, Arc::new(move |stream| group.exchange(rank, name, calls.clone(), stream))));
        }
        let mut state = self.state();
        self.check_whole(&state)?;
        // All checks before the first seat is taken.
        for call in &calls {
            let (pair, party) = seat(rank, call.what);
            let peer = if party == 0 { pair.1 } else { pair.0 };
            match state.pairs.get(&pair).and_then(|pair| pair.open.front()).filter(|open| !open.round.has(party)) {
                Some(open) => {
                    if let Some(why) = open.round.disagreement(party, call) {
                        return Err(self.break_up(&mut state, stream, why));
                    }
                }
                None if state.members[peer].left.is_some() => return Err(self.gone(&state, peer)),
                None => {}
            }
        }
        self.set_overdue(rank, false);
        let mut seats = Vec::with_capacity(calls.len());
        for call in calls {
            let (key, party) = seat(rank, call.what);
            let call_name = call.what.name();
            let pair = state.pairs.entry(key).or_default();
            if pair.open.front().is_none_or(|open| open.round.has(party)) {
                let number = pair.done + pair.open.len() as u64 + 1;
                pair.open.push_back(Open::new(self, number, vec![key.0, key.1]));
            }
            // All open rounds of a pair miss the same side: either the front misses this one, or the last was just added.
            let at = if pair.open[0].round.has(party) { pair.open.len() - 1 } else { 0 };
            pair.open[at].round.take_seat(party, call);
            seats.push((pair.open[at].meeting.clone(), party));
            let number = pair.done + at as u64 + 1;
            if pair.open[0].round.is_complete() {
                pair.open.pop_front();
                pair.done += 1;
            }
            state.members[rank].last = Some((call_name, number));
        }
        stream.push(Task::Meet(Box::new(Attendance { name, seats })));
        Ok(())
    }

    fn check_whole(&self, state: &State) -> Outcome {
        match &state.broken {
            None => Ok(()),
            Some(why) => reject!(HCCL_E_REMOTE, "the communicator is out of step since {why}"),
        }
    }

    fn gone(&self, state: &State, rank: usize) -> Reject {
        self.note_error(HCCL_E_REMOTE);
        let how = state.members[rank].left.unwrap_or_default();
        Reject { code: HCCL_E_REMOTE, text: format!("remote rank [{rank}] of communicator \"{}\" {how}", self.name) }
    }

    /// Two ranks do not agree: all that still misses somebody fails.
    fn break_up(&self, state: &mut State, stream: &Stream, why: String) -> Reject {
        self.note_error(HCCL_E_REMOTE);
        let text = format!("the ranks do not agree in {why}");
        let open = state.rounds.iter().chain(state.pairs.values().flat_map(|pair| &pair.open));
        open.for_each(|open| stream.engine().call_off(open.meeting.clone(), failure(text.clone())));
        state.broken = Some(why);
        Reject { code: HCCL_E_PARA, text }
    }

    /// A rank will call nothing any more: what waits for it fails. What it has called still runs.
    pub(super) fn leave(&self, rank: usize, how: &'static str) {
        let mut state = self.state();
        state.members[rank].left = Some(how);
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
        let why = failure(format!("remote rank [{rank}] of communicator \"{}\" {how}", self.name));
        let rounds = state.rounds.iter().filter(|open| !open.round.has(rank));
        for open in rounds.chain(&missed) {
            self.note_error(HCCL_E_REMOTE);
            if let Ok(world) = world() {
                world.engine.call_off(open.meeting.clone(), why.clone());
            }
        }
        if state.members.iter().all(|member| member.left.is_some()) {
            // Open rounds hold the group: without this it would stay for ever.
            state.rounds.clear();
            state.pairs.clear();
            state.subs.clear();
        }
    }

    /// The group of some ranks of this one, for the one that is `rank` there. All of them pass the same `ranks` and `config`.
    pub(super) fn sub(&self, rank: usize, ranks: &[u32], id: u64, config: &Config) -> Outcome<Arc<Group>> {
        let mut state = self.state();
        if state.subs.get(&id).is_some_and(|(_, sub)| sub.state().members.iter().all(|member| member.left.is_some())) {
            state.subs.remove(&id);
        }
        let name = config.name.clone().unwrap_or_else(|| format!("{}_sub_{id}", self.name));
        let devices = || ranks.iter().map(|rank| self.devices[*rank as usize]).collect();
        let (known, group) =
            state.subs.entry(id).or_insert_with(|| (ranks.to_vec(), Group::new(name.clone(), config.timeout, devices(), true)));
        check!(known == ranks, HCCL_E_PARA, "rankIds is {ranks:?}, another rank made subCommId {id} of {known:?}");
        check!(
            (&group.name, group.timeout) == (&name, config.timeout),
            HCCL_E_PARA,
            "config has the name \"{name}\" and the time-out {:?}, another rank's for subCommId {id} \"{}\" and {:?}",
            config.timeout,
            group.name,
            group.timeout
        );
        let member = &mut group.state().members[rank];
        check!(!member.joined, HCCL_E_PARA, "subCommId {id} was made by this rank already, and other ranks still hold it");
        member.joined = true;
        Ok(group.clone())
    }
}

/// The pair of a send or a receive, and which party of it the caller is.
fn seat(rank: usize, what: What) -> ((usize, usize), usize) {
    match what {
        What::Recv { from } => ((from as usize, rank), 1),
        What::Send { to } => ((rank, to as usize), 0),
        _ => ((rank, rank), 0),
    }
}

/// A graph has taken the call, which each replay makes anew, or it has not: a refusal of the runtime, to HCCL.
fn captured(taken: Outcome) -> Outcome {
    taken.map_err(|refusal| Reject { code: HCCL_E_RUNTIME, text: format!("{} (runtime error {})", refusal.text, refusal.code) })
}

/// As the streams of the others report it.
fn failure(text: String) -> Reject {
    Reject { code: ACL_ERROR_RT_SUSPECT_REMOTE_ERROR, text }
}
