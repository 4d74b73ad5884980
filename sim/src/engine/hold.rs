//! What holds a stream until something is so: a notify that is set, a value in memory, a function of the host that has
//! returned, an event with a time limit.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::{Record, Stream};
use crate::reject::{Outcome, Reject};

/// What a stream waits for. Only the engine's thread asks; nothing here may wait.
pub(crate) trait Condition: Send {
    /// The entry heads its queue. Asked once.
    fn arrive(&self) {}
    /// Whether the stream may go on.
    fn met(&self) -> bool;
    /// Which work must run for that.
    fn needs(&self) -> Needs;
    /// The stream goes on; what it comes to.
    fn pass(&self) -> Outcome;
    /// The entry was dropped from its queue: the stream will not come here.
    fn dismissed(&self) {}
    /// The same condition, not met yet, for an entry of `stream`: a graph's own queue, which comes to it in each replay.
    fn again(&self, stream: &Arc<Stream>) -> Box<dyn Condition>;
    /// How often to look, where nobody tells the engine that it is so.
    fn look_every(&self) -> Option<Duration> {
        None
    }
}

/// Whose work makes a condition true. Only a schedule that runs nothing unasked wants to know.
pub(crate) enum Needs {
    /// Nobody's: the host makes it so.
    Nothing,
    /// What stands at this place.
    Entry(Arc<Stream>, u64),
    /// Anybody's.
    Anything,
}

/// How long a stream is held at most, and the failure afterwards. None: for ever.
pub(crate) type Limit = Option<(Duration, Reject)>;

/// A queue entry that holds its stream.
pub(crate) struct Hold {
    /// The call that enqueued it.
    pub name: &'static str,
    condition: Box<dyn Condition>,
    limit: Limit,
    since: OnceLock<Instant>,
}

impl Hold {
    pub(crate) fn new(name: &'static str, condition: impl Condition + 'static, limit: Limit) -> Hold {
        Hold { name, condition: Box::new(condition), limit, since: OnceLock::new() }
    }

    /// The same for another entry, of `stream`.
    pub(crate) fn again(&self, stream: &Arc<Stream>) -> Hold {
        let condition = self.condition.again(stream);
        Hold { name: self.name, condition, limit: self.limit.clone(), since: OnceLock::new() }
    }

    /// The entry heads its queue. Again is as well as once.
    pub(super) fn arrive(&self) {
        if self.since.get().is_none() {
            self.since.get_or_init(Instant::now);
            self.condition.arrive();
        }
    }

    fn end(&self) -> Option<Instant> {
        self.since.get()?.checked_add(self.limit.as_ref()?.0)
    }

    /// Whether the stream may go on, or has waited long enough.
    pub(super) fn ready(&self) -> bool {
        self.since.get().is_some() && (self.condition.met() || self.end().is_some_and(|end| end <= Instant::now()))
    }

    /// When to ask [`Self::ready`] again although nothing was enqueued.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let look = self.condition.look_every().map(|every| Instant::now() + every);
        self.end().into_iter().chain(look).min()
    }

    pub(super) fn needs(&self) -> Needs {
        if self.condition.met() { Needs::Nothing } else { self.condition.needs() }
    }

    /// The stream goes on though it is not so: the failure.
    pub(super) fn late(&self) -> Option<Reject> {
        let (_, late) = self.limit.as_ref().filter(|_| !self.condition.met())?;
        self.condition.dismissed();
        Some(late.clone())
    }

    /// The stream goes on.
    pub(super) fn pass(&self) -> Outcome {
        self.condition.pass()
    }

    pub(super) fn dismiss(&self) {
        self.condition.dismissed();
    }
}

/// The mark of an event, for waits with a time limit; those without are [`super::Task::Wait`], which costs less.
impl Condition for Arc<Record> {
    fn met(&self) -> bool {
        self.time().is_some()
    }

    fn needs(&self) -> Needs {
        match self.place() {
            Some((stream, position)) => Needs::Entry(stream.clone(), *position),
            None => Needs::Nothing,
        }
    }

    fn pass(&self) -> Outcome {
        self.failure().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(self.clone())
    }
}
