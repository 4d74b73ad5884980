//! One collective, or one send with its receive: the calls of its ranks, what they come to, and who is to blame if nothing.

use std::sync::{Arc, Mutex, MutexGuard};

use ascend_rl_sys::codes::*;

use super::call::{Call, What};
use super::copies::{Fan, copy};
use super::group::Group;
use super::message::{Event, RoundId};
use super::reduce::{Fold, reduce};
use crate::engine::{Meeting, Purpose};
use crate::parallel::Share;
use crate::reject::{Outcome, Reject};
use crate::wire::Id;

/// What a meeting of the ranks is for. A "party" is a rank, or 0 and 1 for who sends and who receives.
pub(super) struct Round {
    group: Arc<Group>,
    id: RoundId,
    /// Of the group when it was called.
    pub epoch: u64,
    /// The rank of each party.
    ranks: Vec<usize>,
    calls: Mutex<Vec<Option<Call>>>,
    /// Where its ranks are in several processes.
    shares: Option<Shares>,
}

/// The work of a round is cut into as many shares as processes take part. Each does its own, on everybody's buffers in place:
/// all inputs were read and all outputs written when all shares are done.
struct Shares {
    processes: Vec<Id>,
    /// Which of them this one is.
    own: usize,
    done: Mutex<Vec<bool>>,
}

impl Shares {
    fn done(&self) -> MutexGuard<'_, Vec<bool>> {
        self.done.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Notes that a process has done its share; true for the last one.
    fn note(&self, process: usize) -> bool {
        let mut done = self.done();
        let last = !done[process];
        done[process] = true;
        last && done.iter().all(|done| *done)
    }
}

/// A round that not all of its ranks have called.
#[derive(Clone)]
pub(super) struct Open {
    pub round: Arc<Round>,
    pub meeting: Arc<Meeting>,
}

impl Open {
    pub(super) fn new(group: &Arc<Group>, id: RoundId, epoch: u64, ranks: Vec<usize>) -> Open {
        let parties = ranks.len();
        let shares = group.mesh.as_ref().and_then(|mesh| {
            let processes = mesh.processes(&ranks);
            let own = processes.iter().position(|process| *process == mesh.post.id)?;
            let done = Mutex::new(vec![false; processes.len()]);
            (processes.len() > 1).then_some(Shares { processes, own, done })
        });
        let calls = Mutex::new(vec![None; parties]);
        let round = Arc::new(Round { group: group.clone(), id, epoch, ranks, calls, shares });
        Open { meeting: Meeting::new(parties, group.timeout, round.clone()), round }
    }
}

impl Round {
    fn calls(&self) -> MutexGuard<'_, Vec<Option<Call>>> {
        self.calls.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn has(&self, party: usize) -> bool {
        self.calls()[party].is_some()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.calls().iter().all(Option::is_some)
    }

    pub(super) fn take_seat(&self, party: usize, call: Call) {
        self.calls()[party] = Some(call);
    }

    /// Whether it concerns several processes.
    pub(super) fn is_shared(&self) -> bool {
        self.shares.is_some()
    }

    /// Whether a party is in this process.
    pub(super) fn is_at(&self, party: usize, process: Id) -> bool {
        let rank = self.ranks.get(party);
        rank.is_some_and(|rank| self.group.mesh.as_ref().is_some_and(|mesh| mesh.homes[*rank] == process))
    }

    /// Notes that another process has done its share; true if with that all have.
    pub(super) fn share_is_done(&self, by: Id) -> bool {
        let Some(shares) = &self.shares else { return false };
        shares.processes.iter().position(|process| *process == by).is_some_and(|process| shares.note(process))
    }

    /// Whether it needs a process that has not done its share.
    pub(super) fn lacks(&self, process: Id) -> bool {
        let Some(shares) = &self.shares else { return false };
        shares.processes.iter().zip(&*shares.done()).any(|(other, done)| *other == process && !done)
    }

    /// Tells the other processes that it concerns.
    fn tell(&self, event: Event) {
        if let (Some(mesh), Some(shares)) = (&self.group.mesh, &self.shares) {
            mesh.tell(&shares.processes, self.epoch, event);
        }
    }

    /// Why `call` does not go with one that is there, in words.
    pub(super) fn disagreement(&self, party: usize, call: &Call) -> Option<String> {
        let calls = self.calls();
        let mut others = calls.iter().zip(&self.ranks).filter_map(|(other, rank)| Some((other.as_ref()?, *rank)));
        let why = others.find_map(|(other, rank)| call.disagrees(self.ranks[party], other, rank))?;
        Some(format!("#{} of communicator \"{}\": {why}", self.id.number, self.group.name))
    }

    /// "HcclAllReduce(count 8, ...) #3 of communicator ..."
    fn title(&self) -> String {
        let calls = self.calls();
        let call = calls.iter().flatten().next().map(Call::to_string).unwrap_or_default();
        format!("{call} #{} of communicator \"{}\"", self.id.number, self.group.name)
    }
}

impl Purpose for Round {
    fn run(&self) -> bool {
        let calls: Vec<Call> = self.calls().iter().flatten().cloned().collect();
        let share = self.shares.as_ref().map_or(Share::ALL, |shares| Share { index: shares.own, of: shares.processes.len() });
        if calls.len() == self.ranks.len() {
            run(&calls, share);
        }
        let Some(shares) = &self.shares else { return true };
        self.tell(Event::Done { round: self.id });
        shares.note(shares.own)
    }

    fn ended(&self, outcome: &Outcome) {
        if let Some(shares) = &self.shares {
            self.group.ended(self.id, self.epoch, &shares.processes, outcome.as_ref().err());
        }
    }

    fn came(&self, party: usize) {
        let rank = self.ranks[party];
        self.group.set_overdue(rank, false);
        if self.group.mesh.as_ref().is_some_and(|mesh| mesh.is_here(rank)) {
            self.tell(Event::Arrived { round: self.id, party: party as u32 });
        }
    }

    fn in_vain(&self, arrived: &[bool]) -> bool {
        arrived.iter().zip(&self.ranks).any(|(arrived, rank)| !arrived && self.group.is_overdue(*rank))
    }

    fn late(&self, arrived: &[bool]) -> Reject {
        self.group.note_error(HCCL_E_TIMEOUT);
        let all = arrived.iter().all(|arrived| *arrived);
        let lacks = |party: &usize| match &self.group.mesh {
            Some(mesh) if all => self.lacks(mesh.homes[self.ranks[*party]]),
            _ => !arrived[*party],
        };
        let mut missing: Vec<usize> = (0..arrived.len()).filter(lacks).collect();
        if self.in_vain(arrived) {
            // The others may be about to come.
            missing.retain(|party| self.group.is_overdue(self.ranks[*party]));
        }
        missing.iter().for_each(|party| self.group.set_overdue(self.ranks[*party], true));
        let list: Vec<String> = missing.iter().map(|party| self.ranks[*party].to_string()).collect();
        let reason = |party: &usize| {
            let rank = self.ranks[*party];
            if all {
                format!("rank {rank}'s process has stopped in the middle of it")
            } else if self.has(*party) {
                format!("rank {rank}'s call waits behind other work of its stream")
            } else {
                self.group.absence(rank)
            }
        };
        let reasons: Vec<String> = missing.iter().map(reason).collect();
        let seconds = self.group.timeout.unwrap_or_default().as_secs_f64();
        Reject {
            code: ACL_ERROR_RT_FFTS_PLUS_TIMEOUT,
            text: format!(
                "the wait for remote rank [{}] timed out after {seconds} s in {}: {}",
                list.join(", "),
                self.title(),
                reasons.join("; ")
            ),
        }
    }

    fn withdrawn(&self, party: usize) -> Reject {
        self.group.note_error(HCCL_E_REMOTE);
        let text = format!(
            "remote rank [{}] gave up {}: its stream was destroyed or its context ended with the call in it, or another part of \
             its batch failed",
            self.ranks[party],
            self.title()
        );
        Reject { code: ACL_ERROR_RT_SUSPECT_REMOTE_ERROR, text }
    }

    fn told(&self, party: usize, why: &Reject) -> Reject {
        Reject { code: why.code, text: format!("rank {}: {}", self.ranks[party], why.text) }
    }
}

/// Does a share of the work of all ranks; `calls` are in their order.
fn run(calls: &[Call], share: Share) {
    let first = &calls[0];
    let (size, bytes) = (first.dtype.size(), first.bytes(first.count));
    let everywhere = || calls.iter().map(|call| call.recv);
    let all = || calls.iter().map(|call| call.send).collect();
    let fan = |src, dst, bytes| Fan { src, dst, bytes };
    match first.what {
        What::Barrier => {}
        What::Operator(operation) => {
            let members: Vec<_> = calls.iter().filter_map(|call| call.member.as_deref()).collect();
            (operation.work)(&members, share);
        }
        What::AllReduce(op) => {
            reduce(&[Fold { src: all(), dst: everywhere().collect(), count: first.count as usize }], first.dtype, op, share);
        }
        What::Reduce { op, root } => {
            let dst = vec![calls[root as usize].recv];
            reduce(&[Fold { src: all(), dst, count: first.count as usize }], first.dtype, op, share);
        }
        What::ReduceScatter(op) => {
            let part = |(rank, call): (usize, &Call)| Fold {
                src: calls.iter().map(|call| call.send + rank * bytes).collect(),
                dst: vec![call.recv],
                count: first.count as usize,
            };
            reduce(&calls.iter().enumerate().map(part).collect::<Vec<_>>(), first.dtype, op, share);
        }
        What::Broadcast { root } => {
            let src = calls[root as usize].send;
            // In place on the root.
            copy(&[fan(src, everywhere().filter(|dst| *dst != src).collect(), bytes)], share);
        }
        What::AllGather => {
            let part = |(rank, call): (usize, &Call)| fan(call.send, everywhere().map(|dst| dst + rank * bytes).collect(), bytes);
            copy(&calls.iter().enumerate().map(part).collect::<Vec<_>>(), share);
        }
        What::Scatter { root } => {
            let src = calls[root as usize].send;
            let part = |(rank, dst)| fan(src + rank * bytes, vec![dst], bytes);
            copy(&everywhere().enumerate().map(part).collect::<Vec<_>>(), share);
        }
        What::AlltoAll => {
            let part = |(i, j): (usize, usize)| fan(calls[i].send + j * bytes, vec![calls[j].recv + i * bytes], bytes);
            copy(&pairs(calls.len()).map(part).collect::<Vec<_>>(), share);
        }
        What::ReduceScatterV(op) => {
            let part = |(rank, call): (usize, &Call)| Fold {
                src: calls.iter().map(|call| call.send + call.parts[rank].0.at as usize * size).collect(),
                dst: vec![call.recv],
                count: call.parts[rank].1.count as usize,
            };
            // What nobody gets may have any displacement.
            let wanted = calls.iter().enumerate().filter(|(rank, call)| call.parts[*rank].1.count > 0);
            reduce(&wanted.map(part).collect::<Vec<_>>(), first.dtype, op, share);
        }
        What::AlltoAllV | What::AlltoAllVC | What::AllGatherV => {
            let part = |(i, j): (usize, usize)| {
                let (sent, received) = (calls[i].parts[j].0, calls[j].parts[i].1);
                let dst = calls[j].recv + received.at as usize * size;
                fan(calls[i].send + sent.at as usize * size, vec![dst], first.bytes(sent.count))
            };
            // What is not sent may have any displacement.
            let sent = pairs(calls.len()).filter(|(i, j)| calls[*i].parts[*j].0.count > 0);
            copy(&sent.map(part).collect::<Vec<_>>(), share);
        }
        What::Send { .. } | What::Recv { .. } => copy(&[fan(first.send, vec![calls[1].recv], bytes)], share),
    }
}

/// All (from, to).
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |i| (0..n).map(move |j| (i, j)))
}
