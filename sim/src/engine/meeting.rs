//! Where streams meet: what several of them do together, once each has come to it in its queue.
//!
//! A queue entry ([`Attendance`]) takes part in one meeting or in several at once. When it heads its queue it has *arrived*; it
//! runs when everybody has arrived at each of its meetings. The first to run a full meeting does its work, once, and the
//! others find it done. A meeting at which somebody does not arrive in time fails, and with it the entries that wait there;
//! so does one that is called off. Whoever has been waited for in vain at one meeting is not waited for at the next.
//!
//! Parties may also be in other processes: they arrive by [`Engine::arrive`](super::Engine::arrive). The work of such a meeting
//! is done in shares, one a process; an entry that has done its own stays at the head of its queue, and other streams run
//! meanwhile, until [`Engine::conclude`](super::Engine::conclude) says that all have.
//! Only the engine's thread changes a meeting; any thread may take a seat for an entry.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::Stream;
use crate::reject::{Outcome, Reject};

/// What a meeting is for: the engine asks, whoever made it answers.
pub(crate) trait Purpose: Send + Sync {
    /// The work; a panic fails all parties. False where it is not done before others have done their share of it elsewhere.
    fn run(&self) -> bool;
    /// What became of it, once that is known.
    fn ended(&self, _outcome: &Outcome) {}
    /// `party` has come. Neither this nor [`Self::in_vain`] may wait: a meeting's lock is held.
    fn came(&self, _party: usize) {}
    /// Whether one of those who have not arrived has been waited for already, elsewhere and in vain.
    fn in_vain(&self, _arrived: &[bool]) -> bool {
        false
    }
    /// The failure where `arrived` says who has come in time; all: somebody's share of the work is missing.
    fn late(&self, arrived: &[bool]) -> Reject;
    /// The failure where the entry of `party` was dropped from its queue, or waits no longer.
    fn withdrawn(&self, party: usize) -> Reject;
    /// A failure as the stream of `party` reports it.
    fn told(&self, party: usize, why: &Reject) -> Reject;
}

/// One encounter of a fixed number of parties.
pub(crate) struct Meeting {
    purpose: Arc<dyn Purpose>,
    /// How long the first to arrive waits for the last.
    timeout: Option<Duration>,
    progress: Mutex<Progress>,
}

struct Progress {
    /// Where the entry of each party stands, once it is enqueued.
    places: Vec<Option<(Arc<Stream>, u64)>>,
    arrived: Vec<bool>,
    missing: usize,
    /// When the first arrived; then, when the last did.
    since: Option<Instant>,
    /// Somebody in another process waits here.
    wanted: bool,
    /// The work was begun. It is done once there is an outcome.
    held: bool,
    /// Done, or failed.
    outcome: Option<Outcome>,
}

impl Progress {
    /// All are here, or nobody needs to wait any more.
    fn settled(&self) -> bool {
        self.missing == 0 || self.outcome.is_some()
    }
}

impl Meeting {
    pub(crate) fn new(parties: usize, timeout: Option<Duration>, purpose: Arc<dyn Purpose>) -> Arc<Meeting> {
        let progress = Progress {
            places: vec![None; parties],
            arrived: vec![false; parties],
            missing: parties,
            since: None,
            wanted: false,
            held: false,
            outcome: None,
        };
        Arc::new(Meeting { purpose, timeout, progress: Mutex::new(progress) })
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        // Nothing that may panic runs while it is held.
        self.progress.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Again is as well as once.
    fn arrive(&self, party: usize) {
        let mut progress = self.progress();
        if std::mem::replace(&mut progress.arrived[party], true) {
            return;
        }
        progress.missing -= 1;
        let now = Instant::now();
        match progress.missing {
            0 => progress.since = Some(now),
            _ => _ = progress.since.get_or_insert(now),
        }
        self.purpose.came(party);
    }

    /// A party of another process has come to it.
    pub(super) fn arrive_from_elsewhere(&self, party: usize) {
        self.progress().wanted = true;
        self.arrive(party);
    }

    /// When those who are here give up; none once there is nothing to wait for.
    fn deadline(&self) -> Option<Instant> {
        let progress = self.progress();
        let waits = progress.outcome.is_none() && (progress.missing > 0 || progress.held);
        let since = progress.since.filter(|_| waits)?;
        if progress.missing > 0 && self.purpose.in_vain(&progress.arrived) {
            Some(since)
        } else {
            since.checked_add(self.timeout?)
        }
    }

    fn give_up(&self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            let arrived = self.progress().arrived.clone();
            self.fail(self.purpose.late(&arrived));
        }
    }

    pub(super) fn fail(&self, why: Reject) {
        self.end(Err(why));
    }

    /// The first outcome stays.
    pub(super) fn end(&self, outcome: Outcome) {
        {
            let mut progress = self.progress();
            if progress.outcome.is_some() {
                return;
            }
            progress.outcome = Some(outcome.clone());
        }
        self.purpose.ended(&outcome);
    }

    /// What it came to, as far as that is known; a full meeting that has not been held yet is held now.
    fn hold(&self, run: impl FnOnce(&dyn Purpose) -> Outcome<bool>) -> Option<Outcome> {
        {
            let mut progress = self.progress();
            if progress.outcome.is_some() || std::mem::replace(&mut progress.held, true) {
                return progress.outcome.clone();
            }
        }
        match run(&*self.purpose) {
            Ok(true) => self.end(Ok(())),
            Ok(false) => {}
            Err(why) => self.end(Err(why)),
        }
        self.progress().outcome.clone()
    }

    /// Where the entries of its parties stand, as far as they are enqueued here.
    pub(super) fn places(&self) -> Vec<(Arc<Stream>, u64)> {
        self.progress().places.iter().flatten().cloned().collect()
    }
}

/// One entry's part: the meetings that it attends, and as which party.
pub(crate) struct Attendance {
    /// The call that enqueued it.
    pub name: &'static str,
    pub seats: Vec<(Arc<Meeting>, usize)>,
}

impl Attendance {
    /// Remembers where the entry stands.
    pub(super) fn enqueued(&self, stream: &Arc<Stream>, position: u64) {
        for (meeting, party) in &self.seats {
            meeting.progress().places[*party] = Some((stream.clone(), position));
        }
    }

    /// Where the entries of all parties of all its meetings stand, as far as they are enqueued.
    pub(super) fn places(&self) -> Vec<(Arc<Stream>, u64)> {
        self.seats.iter().flat_map(|(meeting, _)| meeting.places()).collect()
    }

    /// Where it stands itself, if somebody in another process waits for it.
    pub(super) fn wanted(&self) -> Option<(Arc<Stream>, u64)> {
        self.seats.iter().find_map(|(meeting, party)| {
            let progress = meeting.progress();
            progress.places[*party].clone().filter(|_| progress.wanted)
        })
    }

    /// The entry heads its queue. Again is as well as once.
    pub(super) fn arrive(&self) {
        self.seats.iter().for_each(|(meeting, party)| meeting.arrive(*party));
    }

    /// Whether it is to run: one of its meetings is full and was not held yet, or all have ended, or one has failed while others
    /// are still to come together.
    pub(super) fn ready(&self) -> bool {
        let (mut all_ended, mut failed, mut open) = (true, false, false);
        for (meeting, _) in &self.seats {
            let progress = meeting.progress();
            match &progress.outcome {
                None if progress.missing == 0 && !progress.held => return true,
                None => (all_ended, open) = (false, open || progress.missing > 0),
                Some(outcome) => failed |= outcome.is_err(),
            }
        }
        all_ended || failed && open
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.seats.iter().filter_map(|(meeting, _)| meeting.deadline()).min()
    }

    /// Fails the meetings whose time is up.
    pub(super) fn give_up(&self) {
        let now = Instant::now();
        self.seats.iter().for_each(|(meeting, _)| meeting.give_up(now));
    }

    /// The entry will not come: its queue was dropped.
    pub(super) fn withdraw(&self) {
        self.seats.iter().for_each(|(meeting, party)| meeting.fail(meeting.purpose.withdrawn(*party)));
    }

    /// The entry will not wait for those who have not enqueued theirs.
    pub(super) fn abandon(&self) {
        for (meeting, party) in &self.seats {
            let open = {
                let progress = meeting.progress();
                progress.outcome.is_none() && progress.places.iter().any(Option::is_none)
            };
            if open {
                meeting.fail(meeting.purpose.withdrawn(*party));
            }
        }
    }

    /// Runs the entry: holds the meetings that nobody has held yet, and reports those that failed. False where one has not ended:
    /// the entry is to run again once it has.
    pub(super) fn hold(&self, run: impl Fn(&'static str, &dyn Fn()) -> Outcome, mut report: impl FnMut(Reject)) -> bool {
        let failed = self.seats.iter().any(|(meeting, _)| matches!(meeting.progress().outcome, Some(Err(_))));
        let outcome = |(meeting, party): &(Arc<Meeting>, usize)| {
            if !meeting.progress().settled() {
                if !failed {
                    return None;
                }
                // This entry does not wait for the rest.
                meeting.fail(meeting.purpose.withdrawn(*party));
            }
            meeting.hold(|purpose| {
                let done = Cell::new(false);
                run(self.name, &|| done.set(purpose.run())).map(|()| done.get())
            })
        };
        let outcomes: Vec<Option<Outcome>> = self.seats.iter().map(outcome).collect();
        if outcomes.iter().any(Option::is_none) {
            return false;
        }
        for ((meeting, party), outcome) in self.seats.iter().zip(outcomes) {
            if let Some(Err(why)) = outcome {
                report(meeting.purpose.told(*party, &why));
            }
        }
        true
    }
}
