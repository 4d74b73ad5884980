//! Asynchronous streams. One thread runs one operation at a time, so that two operations never touch the same memory at once
//! whatever a program forgot; parallelism is inside an operation ([`crate::parallel`]).
//!
//! An enqueue only appends to the inbox: it never runs anything and never waits. The thread sorts the inbox into one queue a
//! stream and picks the next runnable head ([`lanes`]). Waits and records of events are queue entries like any other, and so is
//! taking part in what several streams do together ([`meeting`]): streams of different devices wait for each other, and
//! progress needs no further call from the program.

mod attributes;
mod hold;
mod inbox;
mod lanes;
mod meeting;
mod slot;
mod stream;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

pub(crate) use attributes::Attributes;
pub(crate) use hold::{Condition, Hold, Limit, Needs};
pub(crate) use meeting::{Attendance, Meeting, Purpose};
pub(crate) use slot::Slot;
pub(crate) use stream::{Failed, Record, Stream, last_task, on_failure};

use ascend_rl_sys::codes::ACL_ERROR_RT_AICORE_EXCEPTION;

use crate::ops::call::Planned;
use crate::profile::{self, Profile};
use crate::reject::{Outcome, Reject, check};
use crate::settings::Schedule;
use inbox::{Command, Inbox};
use lanes::Lanes;

/// Nanoseconds that an operator may run unless somebody says otherwise: what the chips count in 254 steps of 2^32 (1,091 seconds).
pub(crate) const OPERATOR_LIMIT: u64 = 254 << 32;

/// How long the engine polls for work before it sleeps: a program that thinks a little between two steps finds it awake.
const ENGINE_SPIN: Duration = Duration::from_micros(50);

/// One entry of a stream's queue.
pub(crate) enum Task {
    /// An aclnn operator.
    Operator(Arc<Planned>),
    /// A copy, a fill, with the name of the call that enqueued it. A graph that holds it runs it many times.
    Work(&'static str, Arc<dyn Fn() + Send + Sync>),
    /// Marks that everything before it has run.
    Record(Arc<Record>),
    /// Holds the stream until the mark is there.
    Wait(Arc<Record>),
    /// Holds the stream until the others are there too, and does with them what they meet for.
    Meet(Box<Attendance>),
    /// Holds the stream until something is so.
    Hold(Box<Hold>),
    /// Holds the queue of a graph's lane until the mark of a replay's beginning is there; with the replay's end.
    Begin(Arc<Record>, Arc<Record>),
    /// An operator of a graph.
    Replay(Arc<Slot>),
    /// What stood here was dropped.
    Nothing,
    /// Fails the stream: what was to stand here could not be enqueued.
    Fail(Reject),
}

impl Task {
    /// Whether it waits for more than a mark: such entries are looked at whenever the engine looks for work.
    fn attends(&self) -> bool {
        matches!(self, Task::Meet(_) | Task::Hold(_))
    }

    /// The task is not to run. Nobody must wait for it for ever: a mark counts as reached, a meeting is called off.
    fn dismiss(self, stream: &Stream) {
        match self {
            Task::Record(record) => record.dismiss(stream.failure()),
            Task::Meet(attendance) => attendance.withdraw(),
            Task::Hold(hold) => hold.dismiss(),
            _ => {}
        }
    }

    /// The end of the replay that this entry stands for on the stream that executes it.
    fn replay(&self) -> Option<&Arc<Record>> {
        match self {
            Task::Wait(end) if end.ends_replay() => Some(end),
            _ => None,
        }
    }
}

pub(crate) struct Engine {
    inbox: Inbox,
    lazy: bool,
    /// Held by whoever touches device memory: the engine for one operation, or a blocking copy of the host.
    execution: Mutex<()>,
    /// Host threads that want `execution`.
    guests: AtomicUsize,
    /// For host threads that wait for a stream: see [`Stream::wait`].
    sleeping: Mutex<()>,
    woken: Condvar,
    profile: Option<&'static Mutex<Profile>>,
    /// Nanoseconds that an operator may run.
    operator_limit: AtomicU64,
}

impl Engine {
    /// Starts the thread. It lives as long as the process, which may end while an operation runs: nothing is torn down.
    pub(crate) fn start(schedule: Schedule) -> std::io::Result<&'static Engine> {
        let engine: &'static Engine = Box::leak(Box::new(Engine {
            inbox: Inbox::new(),
            lazy: schedule != Schedule::Eager,
            execution: Mutex::new(()),
            guests: AtomicUsize::new(0),
            sleeping: Mutex::new(()),
            woken: Condvar::new(),
            profile: profile::profile(),
            operator_limit: AtomicU64::new(OPERATOR_LIMIT),
        }));
        let name = "cann-sim-engine".into();
        let handle = std::thread::Builder::new().name(name).spawn(move || engine.run(Lanes::new(schedule)))?;
        engine.inbox.set_reader(handle.thread().clone());
        Ok(engine)
    }

    /// Nanoseconds that an operator may run from now on.
    pub(crate) fn limit_operators(&self, nanoseconds: u64) {
        self.operator_limit.store(nanoseconds, Relaxed);
    }

    pub(crate) fn operator_limit(&self) -> u64 {
        self.operator_limit.load(Relaxed)
    }

    /// Runs `work` on the calling thread while no operation runs. For blocking copies, which do not wait for streams.
    pub(crate) fn exclusive<R>(&self, work: impl FnOnce() -> R) -> R {
        self.guests.fetch_add(1, SeqCst);
        let turn = self.execution.lock();
        let result = work();
        drop(turn);
        self.guests.fetch_sub(1, SeqCst);
        result
    }

    /// Ends a meeting to which somebody will not come: those who wait for it fail, and those who come later.
    pub(crate) fn call_off(&self, meeting: Arc<Meeting>, why: Reject) {
        self.inbox.push(|| (Command::CallOff(meeting, why), ()));
    }

    /// Has the engine look again at what holds its streams: the host made something so.
    pub(crate) fn look_again(&self) {
        self.inbox.push(|| (Command::Look, ()));
    }

    /// A party of another process has come to a meeting.
    pub(crate) fn arrive(&self, meeting: Arc<Meeting>, party: usize) {
        self.inbox.push(|| (Command::Arrive(meeting, party), ()));
    }

    /// The work of a meeting is done, here and in all other processes.
    pub(crate) fn conclude(&self, meeting: Arc<Meeting>) {
        self.inbox.push(|| (Command::Conclude(meeting), ()));
    }

    /// Calls off what streams of this context wait for while somebody has yet to enqueue his part: he may never.
    pub(crate) fn abandon(&self, context: usize) {
        self.inbox.push(|| (Command::Abandon(context), ()));
    }

    fn run(&'static self, mut lanes: Lanes) {
        let mut commands = Vec::new();
        loop {
            self.inbox.take(&mut commands);
            for command in commands.drain(..) {
                lanes.accept(command);
            }
            match lanes.next() {
                Some((stream, task)) => {
                    if stream.stopped() {
                        lanes.dismiss(&stream, task);
                        stream.complete_next();
                    } else if let Some(task) = self.execute(&mut lanes, &stream, task) {
                        lanes.put_back(&stream, task);
                    }
                }
                None => profile::waited(self.profile, || self.inbox.wait(ENGINE_SPIN, lanes.deadline())),
            }
        }
    }

    /// Runs a task; gives back what has to run again.
    fn execute(&self, lanes: &mut Lanes, stream: &Arc<Stream>, task: Task) -> Option<Task> {
        match task {
            Task::Operator(planned) => self.operate(&planned).unwrap_or_else(|failure| stream.fail_here(failure)),
            Task::Work(name, work) => self.guarded(name, || work()).unwrap_or_else(|failure| stream.fail_here(failure)),
            Task::Record(record) => record.complete(stream.failure()),
            // What the stream waited for is not there: it must not pass for a stream with valid results.
            Task::Wait(record) => record.failure().cloned().into_iter().for_each(|failure| stream.fail(failure)),
            Task::Meet(attendance) => {
                if !attendance.hold(|name, work| self.guarded(name, work), |failure| stream.fail_here(failure)) {
                    return Some(Task::Meet(attendance));
                }
            }
            Task::Hold(hold) => match hold.late() {
                Some(late) => stream.fail_here(late),
                None => hold.pass().unwrap_or_else(|failure| stream.fail(failure)),
            },
            Task::Replay(slot) => {
                let planned = slot.planned();
                let live = planned.check_memory(stream.device);
                let done = live.and_then(|()| self.operate(&planned));
                done.unwrap_or_else(|failure| stream.fail_here(failure))
            }
            Task::Fail(failure) => stream.fail_here(failure),
            // What had failed in the replay before is not this one's failure.
            Task::Begin(begin, end) => match begin.was_dismissed() {
                false => stream.forgive(),
                true => lanes.drop_replay(&end),
            },
            Task::Nothing => {}
        }
        stream.complete_next();
        None
    }

    /// Runs an operator. One that takes longer than it may has failed, as the watchdog of a card has it; but it is not ended
    /// half-way, and what counts is the time that it takes here.
    fn operate(&self, planned: &Planned) -> Outcome {
        let mut took = Duration::ZERO;
        self.guarded(planned.name, || {
            let start = Instant::now();
            planned.work.run();
            took = start.elapsed();
        })?;
        let most = Duration::from_nanos(self.operator_limit());
        check!(
            took <= most,
            ACL_ERROR_RT_AICORE_TIMEOUT,
            "{} ran for {took:.1?}, and {most:.1?} are allowed (aclrtSetOpExecuteTimeOut)",
            planned.name
        );
        Ok(())
    }

    /// A panic becomes the stream's asynchronous error, with its own code where it unwinds with a refusal; what is queued behind still
    /// runs, as CANN's default mode has it.
    fn guarded(&self, name: &str, work: impl FnOnce()) -> Outcome {
        if self.guests.load(SeqCst) > 0 {
            // The lock is not fair: without this a busy engine would keep a blocking copy waiting.
            std::thread::yield_now();
        }
        let turn = self.execution.lock();
        let done = catch_unwind(AssertUnwindSafe(|| profile::timed(self.profile, name, work)));
        drop(turn);
        done.map_err(|payload| match payload.downcast::<Reject>() {
            Ok(failure) => *failure,
            Err(payload) => Reject {
                code: ACL_ERROR_RT_AICORE_EXCEPTION,
                text: format!("{name} failed on the device: {}", panic_text(&*payload)),
            },
        })
    }
}

/// The message of a panic.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}

/// Nanoseconds since the simulator's first look at the clock, at least 1.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64 + 1
}

#[cfg(test)]
mod meeting_tests;
#[cfg(test)]
mod tests;
