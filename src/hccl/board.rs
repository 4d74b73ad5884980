//! What the ranks of a group have called so far, as far as they are in this process.
//!
//! Each rank posts a call here before it makes it, and never waits: the second to post a differing one is refused. Memory is
//! bounded: of the calls that not all ranks have made, the first [`WINDOW`] are known; further ones CANN checks alone. Ranks of
//! other processes post nothing here: nothing is said of them.

use super::messages::{Message, Messages, Side, Undo};
use super::signature::{Counts, Signature};
use crate::error::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Calls that a rank may be ahead of another and still be compared with it.
pub(super) const WINDOW: usize = 4096;
/// Ranks that an error names.
const NAMED: usize = 4;

/// See the module's page.
pub(super) struct Board {
    name: String,
    state: Mutex<State>,
}

struct State {
    ranks: Vec<Progress>,
    /// The calls that not all ranks have made, from number `first` on.
    open: VecDeque<Call>,
    first: u64,
    /// The call before `first`, as the last to make it may take it back.
    made: Option<Call>,
    messages: Messages,
    /// How often the group was resumed.
    epoch: u64,
}

#[derive(Clone, Copy, Default)]
struct Progress {
    calls: u64,
    last: Option<&'static str>,
    left: bool,
    /// In this process.
    here: bool,
    /// How often it has resumed.
    epoch: u64,
}

struct Call {
    signature: Signature,
    /// Who posted it first.
    by: usize,
    /// How many have posted it. Others may have made it unseen, beyond the window.
    posted: usize,
    /// Of those who have posted it, where counts differ by rank.
    counts: Vec<(usize, Counts)>,
}

/// A posted call, to take back if CANN refuses it.
pub(super) struct Posted {
    last: Option<&'static str>,
    /// Whether it is among the known calls.
    known: bool,
}

impl Board {
    pub(super) fn new(name: String, size: usize) -> Board {
        Board::among(name, &vec![true; size])
    }

    /// Of a group whose ranks are in several processes; `here[rank]`: in this one.
    pub(super) fn among(name: String, here: &[bool]) -> Board {
        let ranks = here.iter().map(|&here| Progress { here, ..Progress::default() }).collect();
        let state = State { ranks, open: VecDeque::new(), first: 0, made: None, messages: Messages::default(), epoch: 0 };
        Board { name, state: Mutex::new(state) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn size(&self) -> usize {
        self.state().ranks.len()
    }

    /// Which ranks are in this process.
    pub(super) fn here(&self) -> Vec<bool> {
        self.state().ranks.iter().map(|rank| rank.here).collect()
    }

    /// `rank` is in this process; `false` if that was known.
    pub(super) fn arrive(&self, rank: usize) -> bool {
        !std::mem::replace(&mut self.state().ranks[rank].here, true)
    }

    /// A panic cannot leave it half changed in a way that matters: at worst a call is compared with too little.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `rank` is about to make its next call.
    ///
    /// Errors: `Collective` if another rank's call of that number differs, or if one has left without making it.
    pub(super) fn post(&self, rank: usize, signature: Signature, counts: Option<Counts>) -> Result<Posted> {
        let state = &mut *self.state();
        let number = state.ranks[rank].calls;
        if let Some(gone) = state.ranks.iter().position(|other| other.left && other.calls <= number) {
            let text = format!("{signature}: {}", self.behind(state, gone, rank));
            return Err(Error::new(ErrorKind::Collective, text));
        }
        let end = state.first + state.open.len() as u64;
        let known = match number.checked_sub(state.first).and_then(|at| state.open.get_mut(at as usize)) {
            Some(call) => {
                self.compare(call, number, rank, signature, counts)?;
                call.posted += 1;
                true
            }
            None if number == end && end - state.first < WINDOW as u64 => {
                let counts = counts.into_iter().map(|counts| (rank, counts)).collect();
                state.open.push_back(Call { signature, by: rank, posted: 1, counts });
                true
            }
            // Too far ahead.
            None => false,
        };
        let progress = &mut state.ranks[rank];
        progress.calls += 1;
        let last = progress.last.replace(signature.name);
        state.forget();
        Ok(Posted { last, known })
    }

    fn compare(&self, call: &mut Call, number: u64, rank: usize, signature: Signature, counts: Option<Counts>) -> Result<()> {
        if call.signature != signature {
            let text = format!(
                "call {} of `{}` is {signature} on rank {rank} and {} on rank {}: every rank makes the same calls in the same order",
                number + 1,
                self.name,
                call.signature,
                call.by
            );
            return Err(Error::new(ErrorKind::Collective, text));
        }
        let Some(counts) = counts else { return Ok(()) };
        for (other, theirs) in &call.counts {
            for (from, to, sent, received) in [
                (rank, *other, counts.send[*other], theirs.receive[rank]),
                (*other, rank, theirs.send[rank], counts.receive[*other]),
            ] {
                if sent != received {
                    let text = format!(
                        "{signature}, call {} of `{}`: rank {from} sends {sent} elements to rank {to}, which receives {received}",
                        number + 1,
                        self.name
                    );
                    return Err(Error::new(ErrorKind::Collective, text));
                }
            }
        }
        call.counts.push((rank, counts));
        Ok(())
    }

    /// The call that `rank` has just posted was not made.
    pub(super) fn retract(&self, rank: usize, posted: Posted) {
        let state = &mut *self.state();
        let progress = &mut state.ranks[rank];
        // The group may have been resumed in between.
        progress.calls = progress.calls.saturating_sub(1);
        progress.last = posted.last;
        let number = progress.calls;
        if !posted.known {
            return;
        }
        // All had made it, and now not all have: it is open again.
        if number + 1 == state.first
            && let Some(call) = state.made.take()
        {
            state.open.push_front(call);
            state.first = number;
        }
        let Some(at) = number.checked_sub(state.first).map(|at| at as usize) else { return };
        let Some(call) = state.open.get_mut(at) else { return };
        call.posted -= 1;
        call.counts.retain(|(by, _)| *by != rank);
        match state.ranks.iter().position(|other| other.calls > number) {
            Some(other) if call.posted > 0 => call.by = if call.by == rank { other } else { call.by },
            // Nobody is known to have made it: what comes in its place may be something else.
            _ => state.open.truncate(at),
        }
    }

    /// `rank` is about to send to `peer`, or to receive from it. Its part of a pair is matched with the other in order; `None`
    /// where that one is in another process.
    ///
    /// Errors: `Collective` if the other rank's call differs, or if it has left without making one.
    pub(super) fn post_message(&self, rank: usize, peer: usize, side: Side, message: Message) -> Result<Option<Undo>> {
        let mut state = self.state();
        let Progress { left, here, .. } = state.ranks[peer];
        here.then(|| state.messages.post(&self.name, rank, peer, side, message, left)).transpose()
    }

    /// What [`Board::post_message`] gave `undo` for was not made.
    pub(super) fn retract_message(&self, undo: Undo) {
        self.state().messages.retract(undo);
    }

    /// `rank` has resumed: the first to do so voids what was called before, and all ranks count anew.
    pub(super) fn resume(&self, rank: usize) {
        let state = &mut *self.state();
        let epoch = (state.ranks[rank].epoch + 1).max(state.epoch);
        state.ranks[rank].epoch = epoch;
        if epoch > state.epoch {
            state.ranks.iter_mut().for_each(|rank| (rank.calls, rank.last) = (0, None));
            (state.open, state.messages) = (VecDeque::new(), Messages::default());
            (state.first, state.made, state.epoch) = (0, None, epoch);
        }
    }

    /// `rank` will make no more calls.
    pub(super) fn leave(&self, rank: usize) {
        self.state().ranks[rank].left = true;
    }

    /// Which ranks have not made what `rank` has made, in words; `None` where there is none.
    pub(super) fn waits_for(&self, rank: usize) -> Option<String> {
        let state = self.state();
        let mine = state.ranks[rank].calls;
        let behind: Vec<_> =
            (0..state.ranks.len()).filter(|&other| state.ranks[other].here && state.ranks[other].calls < mine).collect();
        let mut said: Vec<_> = behind.iter().take(NAMED).map(|&other| self.behind(&state, other, rank)).collect();
        if behind.len() > NAMED {
            said.push(format!("{} more ranks are behind", behind.len() - NAMED));
        }
        said.extend(state.messages.open(&self.name, rank));
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// "rank 2 of `world` is behind: it has made 16 calls, the last all_gather; this rank made 17, the last all_reduce".
    fn behind(&self, state: &State, other: usize, rank: usize) -> String {
        let (theirs, mine) = (state.ranks[other], state.ranks[rank]);
        let how = if theirs.left { "has left" } else { "is behind" };
        let mut text = format!("rank {other} of `{}` {how}: it has made {}", self.name, count(theirs.calls));
        if let Some(last) = theirs.last {
            let _ = write!(text, ", the last {last}");
        }
        let _ = write!(text, "; this rank made {}", mine.calls);
        if let Some(last) = mine.last {
            let _ = write!(text, ", the last {last}");
        }
        text
    }
}

impl State {
    /// Lets go of the calls that all ranks have made.
    fn forget(&mut self) {
        let made = self.ranks.iter().filter(|rank| rank.here).map(|rank| rank.calls).min().unwrap_or(0);
        while self.first < made {
            self.made = self.open.pop_front();
            if self.made.is_none() {
                // Beyond the window, where nothing is known.
                self.first = made;
                return;
            }
            self.first += 1;
        }
    }
}

fn count(calls: u64) -> String {
    if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
