//! What ranks of other processes do to a group.

use std::sync::Arc;

use super::call::{Call, What};
use super::group::{Exit, Group, State, call_off};
use super::joint::Member;
use super::message::{Described, Event, RoundId};
use super::peers;
use super::round::Open;
use crate::reject::Reject;
use crate::wire::Id;
use crate::world::world;

impl Group {
    /// Takes what a process has told. Nothing that it says is trusted to be possible.
    pub(super) fn happened(self: &Arc<Self>, from: Id, epoch: u64, event: Event) {
        let Some(mesh) = &self.mesh else { return };
        let mut state = self.state();
        let known = |rank: u32| Some(rank as usize).filter(|rank| mesh.homes.get(*rank) == Some(&from));
        match event {
            Event::Called { rank, call } if epoch == state.epoch => {
                if let Some(rank) = known(rank) {
                    self.called(&mut state, rank, from, call);
                }
            }
            Event::Arrived { round, party } => {
                if let (Some(open), Ok(world)) = (state.find(round, epoch), world())
                    && open.round.is_at(party as usize, from)
                {
                    world.engine.arrive(open.meeting.clone(), party as usize);
                }
            }
            Event::Done { round } => {
                if let (Some(open), Ok(world)) = (state.find(round, epoch), world())
                    && open.round.share_is_done(from)
                {
                    world.engine.conclude(open.meeting.clone());
                }
            }
            Event::Failed { round, code, text } => {
                if let (Some(open), Ok(world)) = (state.find(round, epoch), world()) {
                    self.note_error(ascend_rl_sys::codes::HCCL_E_REMOTE);
                    world.engine.call_off(open.meeting.clone(), Reject { code, text });
                }
            }
            Event::Broken { why } if epoch == state.epoch && state.broken.is_none() => _ = self.break_up(&mut state, why),
            Event::Left { rank, how } => {
                if let Some(rank) = known(rank) {
                    let how = if how == 0 { Exit::Destroyed } else { Exit::ContextEnded };
                    self.left(&mut state, rank, how);
                }
            }
            Event::Suspended { rank } => {
                if let Some(rank) = known(rank) {
                    state.members[rank].suspended = true;
                }
            }
            Event::Resumed { rank, epoch } => {
                if let Some(rank) = known(rank) {
                    self.resumed(&mut state, rank, epoch);
                }
            }
            Event::Sub { rank, id, generation, ranks, name, timeout } => {
                if let Some(rank) = known(rank) {
                    self.sub_made_elsewhere(&mut state, rank, (id, generation), ranks, name, timeout);
                }
            }
            // Of an epoch that is over here, or known already.
            Event::Called { .. } | Event::Broken { .. } => {}
        }
    }

    fn called(self: &Arc<Self>, state: &mut State, rank: usize, from: Id, call: Described) {
        if state.broken.is_some() || state.members[rank].left.is_some() {
            return;
        }
        let (Some((send, sent)), Some((recv, received))) = (peers::address(from, call.send), peers::address(from, call.recv))
        else {
            self.break_up(state, format!("what process {} says of its memory, which cannot be mapped here", from.pid));
            return;
        };
        let Described { what, count, dtype, parts, member, .. } = call;
        let mut memory: Vec<_> = sent.into_iter().chain(received).collect();
        let member = match (what, member) {
            (What::Operator(operation), Some(said)) => {
                let Some((member, held)) = Member::heard(operation, from, said) else {
                    self.break_up(state, format!("what process {} says of its tensors, which cannot be mapped here", from.pid));
                    return;
                };
                memory.extend(held);
                Some(Arc::new(member))
            }
            _ => None,
        };
        let call = Call { what, count, dtype, send, recv, parts, member, memory };
        match state.disagreement(rank, &call) {
            Some(why) => _ = self.break_up(state, why),
            None => _ = self.take_seat(state, rank, call),
        }
    }

    /// A round has ended here: nobody asks for it any more, and the others learn of a failure.
    pub(super) fn ended(&self, id: RoundId, epoch: u64, processes: &[Id], failure: Option<&Reject>) {
        let mut state = self.state();
        if state.live.get(&id).is_some_and(|open| open.round.epoch == epoch) {
            state.live.remove(&id);
        }
        if let (Some(mesh), Some(why)) = (&self.mesh, failure) {
            mesh.tell(processes, epoch, Event::Failed { round: id, code: why.code, text: why.text.clone() });
        }
    }

    /// A rank starts anew. The first to do so ends what the others still wait for: it was called before.
    pub(super) fn resumed(&self, state: &mut State, rank: usize, epoch: u64) {
        let member = &mut state.members[rank];
        (member.suspended, member.epoch) = (false, epoch);
        if epoch <= state.epoch {
            return;
        }
        let text = format!("rank {rank} has resumed communicator \"{}\": what was called before is void", self.name);
        let open = state.rounds.drain(..).chain(state.pairs.drain().flat_map(|(_, pair)| pair.open));
        let open: Vec<Open> = open.chain(state.live.drain().map(|(_, open)| open)).collect();
        open.iter().for_each(|open| call_off(&open.meeting, text.clone()));
        (state.epoch, state.done, state.broken) = (epoch, 0, None);
        state.members.iter_mut().for_each(|member| (member.collectives, member.last) = (0, None));
        self.forget_errors();
    }
}

impl State {
    /// A round that has not ended here.
    fn find(&self, id: RoundId, epoch: u64) -> Option<&Open> {
        self.live.get(&id).filter(|open| open.round.epoch == epoch)
    }
}
