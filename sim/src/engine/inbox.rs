//! What host threads hand to the engine's thread.

use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::{Meeting, Stream, Task};
use crate::reject::Reject;
use crate::spin;

pub(crate) enum Command {
    Enqueue(Arc<Stream>, Task),
    /// Several, one behind the other.
    EnqueueAll(Arc<Stream>, Vec<Task>),
    /// Somebody waits until this many entries of the stream have run (lazy schedule only).
    Demand(Arc<Stream>, u64),
    /// The first so many entries of the stream are not to run if they have not yet.
    Drop(Arc<Stream>, u64),
    /// The meeting cannot be any more.
    CallOff(Arc<Meeting>, Reject),
    /// The streams of this context do not wait for those who have not enqueued their part of a meeting.
    Abandon(usize),
}

pub(super) struct Inbox {
    commands: Mutex<Vec<Command>>,
    filled: AtomicBool,
    parked: AtomicBool,
    reader: OnceLock<Thread>,
}

impl Inbox {
    pub(super) fn new() -> Inbox {
        Inbox {
            commands: Mutex::new(Vec::new()),
            filled: AtomicBool::new(false),
            parked: AtomicBool::new(false),
            reader: OnceLock::new(),
        }
    }

    pub(super) fn set_reader(&self, reader: Thread) {
        self.reader.get_or_init(|| reader);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Command>> {
        self.commands.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Appends what `make` returns; `make` runs under the inbox's lock, so numbers given there follow the inbox's order.
    pub(super) fn push<R>(&self, make: impl FnOnce() -> (Command, R)) -> R {
        let result = {
            let mut commands = self.lock();
            let (command, result) = make();
            commands.push(command);
            self.filled.store(true, SeqCst);
            result
        };
        // Pairs with `wait`: it stores `parked` and then looks at `filled`, so one of the two sees the other's store.
        if self.parked.load(SeqCst)
            && self.parked.swap(false, SeqCst)
            && let Some(reader) = self.reader.get()
        {
            reader.unpark();
        }
        result
    }

    /// Moves everything to `into`, which is empty; its storage is used for what comes next.
    pub(super) fn take(&self, into: &mut Vec<Command>) {
        if self.filled.load(Acquire) {
            let mut commands = self.lock();
            std::mem::swap(&mut *commands, into);
            self.filled.store(false, SeqCst);
        }
    }

    /// Returns once there is something to take, or at `deadline`; polls for `polling`, then sleeps. Only the reader calls this.
    pub(super) fn wait(&self, polling: Duration, deadline: Option<Instant>) {
        if spin::until(polling, || self.filled.load(SeqCst)) {
            return;
        }
        loop {
            // Anew in each round: a late `push` of what was taken long ago may have cleared it and woken this thread.
            self.parked.store(true, SeqCst);
            if self.filled.load(SeqCst) {
                break;
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => std::thread::park(),
                Some(Duration::ZERO) => break,
                Some(left) => std::thread::park_timeout(left),
            }
        }
        self.parked.store(false, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::settings::Schedule;

    /// A reader that sleeps at once, and writers that race with its falling asleep.
    #[test]
    fn no_wake_up_is_lost() {
        const EACH: usize = 20_000;
        let stream = Stream::new(Engine::start(Schedule::Eager).unwrap(), 0, 0);
        let inbox = Arc::new(Inbox::new());
        let (done, finished) = std::sync::mpsc::channel();
        let reader = std::thread::spawn({
            let inbox = inbox.clone();
            move || {
                let (mut taken, mut commands) = (0, Vec::new());
                while taken < 2 * EACH {
                    inbox.wait(Duration::ZERO, None);
                    inbox.take(&mut commands);
                    taken += commands.drain(..).count();
                }
                done.send(()).unwrap();
            }
        });
        inbox.set_reader(reader.thread().clone());
        for _ in 0..2 {
            let (inbox, stream) = (inbox.clone(), stream.clone());
            std::thread::spawn(move || {
                for i in 0..EACH {
                    inbox.push(|| (Command::Demand(stream.clone(), 0), ()));
                    // Lets the reader catch up, so that it keeps falling asleep.
                    (0..i % 200).for_each(|_| std::hint::spin_loop());
                }
            });
        }
        finished.recv_timeout(Duration::from_secs(60)).expect("the reader sleeps for ever");
    }
}
