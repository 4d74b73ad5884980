//! Where streams meet: what several of them do together, once each has come to it in its queue.
//!
//! A queue entry ([`Attendance`]) takes part in one meeting or in several at once. When it heads its queue it has *arrived*; it
//! runs when everybody has arrived at each of its meetings. The first to run a full meeting does its work, once, and the
//! others find it done. A meeting at which somebody does not arrive in time fails, and with it the entries that wait there;
//! so does one that is called off. Whoever has been waited for in vain at one meeting is not waited for at the next.
//! Only the engine's thread changes a meeting; any thread may take a seat for an entry.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::Stream;
use crate::reject::{Outcome, Reject};

/// What a meeting is for: the engine asks, whoever made it answers.
pub(crate) trait Purpose: Send + Sync {
    /// The work; a panic fails all parties.
    fn run(&self);
    /// `party` has come. Neither this nor [`Self::in_vain`] may wait: a meeting's lock is held.
    fn came(&self, _party: usize) {}
    /// Whether one of those who have not arrived has been waited for already, elsewhere and in vain.
    fn in_vain(&self, _arrived: &[bool]) -> bool {
        false
    }
    /// The failure where `arrived` says who has come in time.
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
    /// When the first arrived.
    since: Option<Instant>,
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
        let progress =
            Progress { places: vec![None; parties], arrived: vec![false; parties], missing: parties, since: None, outcome: None };
        Arc::new(Meeting { purpose, timeout, progress: Mutex::new(progress) })
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        // Nothing that may panic runs while it is held.
        self.progress.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn arrive(&self, party: usize) {
        let mut progress = self.progress();
        if std::mem::replace(&mut progress.arrived[party], true) {
            return;
        }
        progress.missing -= 1;
        progress.since.get_or_insert_with(Instant::now);
        self.purpose.came(party);
    }

    /// When those who are here give up; none once there is nothing to wait for.
    fn deadline(&self) -> Option<Instant> {
        let progress = self.progress();
        let since = progress.since.filter(|_| !progress.settled())?;
        if self.purpose.in_vain(&progress.arrived) { Some(since) } else { since.checked_add(self.timeout?) }
    }

    fn give_up(&self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            let arrived = self.progress().arrived.clone();
            self.fail(self.purpose.late(&arrived));
        }
    }

    /// The first outcome stays.
    pub(super) fn fail(&self, why: Reject) {
        self.progress().outcome.get_or_insert(Err(why));
    }

    /// What it came to; a full meeting that has not been held yet is held now.
    fn conclude(&self, run: impl FnOnce(&dyn Purpose) -> Outcome) -> Outcome {
        if let Some(outcome) = &self.progress().outcome {
            return outcome.clone();
        }
        let outcome = run(&*self.purpose);
        self.progress().outcome.get_or_insert(outcome).clone()
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
        self.seats.iter().flat_map(|(meeting, _)| meeting.progress().places.clone()).flatten().collect()
    }

    /// The entry heads its queue. Again is as well as once.
    pub(super) fn arrive(&self) {
        self.seats.iter().for_each(|(meeting, party)| meeting.arrive(*party));
    }

    /// Whether it may run: everybody is at every meeting, or one of them failed.
    pub(super) fn ready(&self) -> bool {
        let failed = |(meeting, _): &(Arc<Meeting>, usize)| matches!(meeting.progress().outcome, Some(Err(_)));
        self.seats.iter().all(|(meeting, _)| meeting.progress().settled()) || self.seats.iter().any(failed)
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

    /// Runs the entry: holds the meetings that nobody has held yet, and reports those that failed.
    pub(super) fn hold(&self, run: impl Fn(&'static str, &dyn Fn()) -> Outcome, mut report: impl FnMut(Reject)) {
        for (meeting, party) in &self.seats {
            if !meeting.progress().settled() {
                // Another one failed, and this entry does not wait for the rest.
                meeting.fail(meeting.purpose.withdrawn(*party));
            }
            if let Err(why) = meeting.conclude(|purpose| run(self.name, &|| purpose.run())) {
                report(meeting.purpose.told(*party, &why));
            }
        }
    }
}
