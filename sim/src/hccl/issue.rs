//! Calls that go to a group: compared with those that are there, given a seat, enqueued, and told to the other processes.

use std::sync::Arc;

use ascend_rl_sys::codes::HCCL_E_RUNTIME;

use super::call::{Call, What};
use super::group::{Group, State};
use super::message::{Described, Event, RoundId};
use super::peers;
use super::round::Open;
use crate::engine::{Attendance, Meeting, Stream, Task};
use crate::graph::Recorder;
use crate::reject::{Outcome, Reject};
use crate::world::world;

impl Group {
    /// Enqueues a collective of all ranks. The lock is held until it is enqueued, so that a rank's numbers and its streams agree.
    pub(super) fn collective(self: &Arc<Self>, rank: usize, call: Call, stream: &Arc<Stream>) -> Outcome {
        if let Some(recorder) = stream.recorder() {
            let (group, name) = (self.clone(), call.what.name());
            return self.captured(rank, &recorder, name, move |stream| group.collective(rank, call.clone(), stream));
        }
        let described = self.describe(rank, &call, stream)?;
        let mut state = self.state();
        self.check_open(&state, rank)?;
        let number = state.members[rank].collectives + 1;
        let gone = state.members.iter().position(|member| member.left.is_some() && member.collectives < number);
        if let Some(gone) = gone {
            return Err(self.gone(&state, gone));
        }
        if let Some(why) = state.disagreement(rank, &call) {
            return Err(self.break_up(&mut state, why));
        }
        let name = call.what.name();
        self.tell_call(&state, rank, &call, described);
        let seats = vec![self.take_seat(&mut state, rank, call)];
        stream.push(Task::Meet(Box::new(Attendance { name, seats })));
        Ok(())
    }

    /// Enqueues sends and receives of one rank as one entry. At most one of them in each direction with each rank.
    pub(super) fn exchange(self: &Arc<Self>, rank: usize, name: &'static str, calls: Vec<Call>, stream: &Arc<Stream>) -> Outcome {
        if let Some(recorder) = stream.recorder() {
            let group = self.clone();
            return self.captured(rank, &recorder, name, move |stream| group.exchange(rank, name, calls.clone(), stream));
        }
        let described = calls.iter().map(|call| self.describe(rank, call, stream)).collect::<Outcome<Vec<_>>>()?;
        let mut state = self.state();
        self.check_open(&state, rank)?;
        // All checks before the first seat is taken.
        for call in &calls {
            if let Some(why) = state.disagreement(rank, call) {
                return Err(self.break_up(&mut state, why));
            }
            let (pair, party) = seat(rank, call.what);
            let peer = if party == 0 { pair.1 } else { pair.0 };
            let is_there = state.pairs.get(&pair).and_then(|pair| pair.open.front()).is_some_and(|open| !open.round.has(party));
            if !is_there && state.members[peer].left.is_some() {
                return Err(self.gone(&state, peer));
            }
        }
        let mut seats = Vec::with_capacity(calls.len());
        for (call, described) in calls.into_iter().zip(described) {
            self.tell_call(&state, rank, &call, described);
            seats.push(self.take_seat(&mut state, rank, call));
        }
        stream.push(Task::Meet(Box::new(Attendance { name, seats })));
        Ok(())
    }

    /// The meeting of a call, and which party of it the caller is. Both ranks of this process and of others take seats; all
    /// processes see the calls of a rank in the same order, so that they count alike.
    pub(super) fn take_seat(self: &Arc<Self>, state: &mut State, rank: usize, call: Call) -> (Arc<Meeting>, usize) {
        self.set_overdue(rank, false);
        let name = call.what.name();
        match call.what {
            What::Send { .. } | What::Recv { .. } => {
                let (key, party) = seat(rank, call.what);
                let epoch = state.epoch;
                let pair = state.pairs.entry(key).or_default();
                let mut opened = None;
                if pair.open.front().is_none_or(|open| open.round.has(party)) {
                    let number = pair.done + pair.open.len() as u64 + 1;
                    let id = RoundId { pair: Some((key.0 as u32, key.1 as u32)), number };
                    let open = Open::new(self, id, epoch, vec![key.0, key.1]);
                    opened = Some((id, open.clone()));
                    pair.open.push_back(open);
                }
                // All open rounds of a pair miss the same side: either the front misses this one, or the last was just added.
                let at = if pair.open[0].round.has(party) { pair.open.len() - 1 } else { 0 };
                let open = pair.open[at].clone();
                open.round.take_seat(party, call);
                let number = pair.done + at as u64 + 1;
                if pair.open[0].round.is_complete() {
                    pair.open.pop_front();
                    pair.done += 1;
                }
                state.members[rank].last = Some((name, number));
                state.keep(opened);
                (open.meeting, party)
            }
            _ => {
                let number = state.members[rank].collectives + 1;
                // A rank's next number is above `done`: a round is done only when this rank has called it too.
                let at = (number - state.done - 1) as usize;
                if at == state.rounds.len() {
                    let id = RoundId::collective(number);
                    let open = Open::new(self, id, state.epoch, (0..self.size()).collect());
                    state.rounds.push_back(open.clone());
                    state.keep(Some((id, open)));
                }
                let open = state.rounds[at].clone();
                open.round.take_seat(rank, call);
                let member = &mut state.members[rank];
                (member.collectives, member.last) = (number, Some((name, number)));
                while state.rounds.front().is_some_and(|open| open.round.is_complete()) {
                    state.rounds.pop_front();
                    state.done += 1;
                }
                (open.meeting, rank)
            }
        }
    }

    /// Has a graph take a call, which each replay makes anew: nobody is told of it before. A refusal of the runtime is HCCL's.
    fn captured(
        &self,
        rank: usize,
        recorder: &Recorder,
        name: &'static str,
        issue: impl Fn(&Arc<Stream>) -> Outcome + Send + Sync + 'static,
    ) -> Outcome {
        self.check_open(&self.state(), rank)?;
        recorder.call(name, Arc::new(issue)).map_err(|refusal| Reject {
            code: HCCL_E_RUNTIME,
            text: format!("{} (runtime error {})", refusal.text, refusal.code),
        })
    }

    /// The call as other processes are told of it, where they are concerned.
    fn describe(&self, rank: usize, call: &Call, stream: &Stream) -> Outcome<Option<Described>> {
        let Some(mesh) = &self.mesh else { return Ok(None) };
        let to = mesh.processes(&self.concerned(rank, call.what));
        let others: Vec<_> = to.into_iter().filter(|process| *process != mesh.post.id).collect();
        if others.is_empty() {
            return Ok(None);
        }
        let device = world()?.device(stream.device as i32)?;
        let (sent, received) = call.extents(rank, self.size());
        Ok(Some(Described {
            what: call.what,
            count: call.count,
            dtype: call.dtype,
            send: peers::spot(mesh.post, &others, "sendBuf", device, call.send, sent)?,
            recv: peers::spot(mesh.post, &others, "recvBuf", device, call.recv, received)?,
            parts: call.parts.clone(),
            member: call.member.as_ref().map(|member| member.stated(mesh.post, &others, device)).transpose()?,
        }))
    }

    fn tell_call(&self, state: &State, rank: usize, call: &Call, described: Option<Described>) {
        if let (Some(mesh), Some(described)) = (&self.mesh, described) {
            let to = mesh.processes(&self.concerned(rank, call.what));
            mesh.tell(&to, state.epoch, Event::Called { rank: rank as u32, call: described });
        }
    }

    /// The ranks that a call is between.
    fn concerned(&self, rank: usize, what: What) -> Vec<usize> {
        match what {
            What::Send { .. } | What::Recv { .. } => {
                let ((from, to), _) = seat(rank, what);
                vec![from, to]
            }
            _ => (0..self.size()).collect(),
        }
    }
}

impl State {
    /// Why a rank's next call does not go with one that is there, in words.
    pub(super) fn disagreement(&self, rank: usize, call: &Call) -> Option<String> {
        match call.what {
            What::Send { .. } | What::Recv { .. } => {
                let (key, party) = seat(rank, call.what);
                let open = self.pairs.get(&key)?.open.front().filter(|open| !open.round.has(party))?;
                open.round.disagreement(party, call)
            }
            _ => {
                let at = (self.members[rank].collectives - self.done) as usize;
                self.rounds.get(at)?.round.disagreement(rank, call)
            }
        }
    }

    /// Remembers a new round by its id, if other processes will speak of it.
    fn keep(&mut self, opened: Option<(RoundId, Open)>) {
        if let Some((id, open)) = opened.filter(|(_, open)| open.round.is_shared()) {
            self.live.insert(id, open);
        }
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
