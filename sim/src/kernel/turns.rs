//! Which cores of a launch run now.
//!
//! A number of turns is given out. A core that waits gives its turn back, and another goes on with it: one that may go on again, or
//! else one that has not begun, on a further thread. So a kernel whose cores do not wait for each other runs on as many threads as
//! there are turns, and one whose cores do has a thread a core, of which no more run at once. With one turn, one core runs at a time and
//! the lowest that may run comes next: the order is always the same.
//!
//! Where all cores that have not ended wait, they wait in vain.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::threads;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Unstarted,
    /// May go on once it gets a turn.
    Ready,
    Running,
    /// For what: in words.
    Waiting(String),
    /// Looks at memory again and again.
    Polling,
    Done,
}

struct State {
    phases: Vec<Phase>,
    /// The first that has not begun: they begin in order.
    unstarted: usize,
    /// Whether any core has ever given its turn back: until then nobody is to be woken.
    waited: bool,
    running: usize,
    done: usize,
    /// When a core last began, ended, or told others something: what may be news for a core that polls.
    last_event: Instant,
    /// Polls since then.
    polls: u64,
    ended: Option<Ended>,
}

/// Why cores that wait are told to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// They wait in vain: each with what it waits for.
    Vain(Vec<(usize, String)>),
    /// It took too long.
    Late,
    /// A core has failed.
    Failed,
    /// The system gives no thread.
    NoThread(String),
}

/// The turns of one launch.
pub(super) struct Turns {
    state: Mutex<State>,
    /// A core's thread sleeps here until it has a turn.
    cores: Vec<Condvar>,
    all_done: Condvar,
    turns: usize,
    deadline: Option<Instant>,
    /// How long cores poll when nothing else happens.
    patience: Duration,
}

/// Runs one core to its end.
pub(super) type Core = dyn Fn(usize) + Send + Sync;

/// A core polls so often for nothing before its patience counts, where polls are counted and time says nothing.
const POLLS_EACH: u64 = 20_000;

impl Turns {
    pub(super) fn new(cores: usize, turns: usize, deadline: Option<Instant>, patience: Duration) -> Turns {
        let state = State {
            phases: vec![Phase::Unstarted; cores],
            unstarted: 0,
            waited: false,
            running: 0,
            done: 0,
            last_event: Instant::now(),
            polls: 0,
            ended: None,
        };
        let cores = (0..cores).map(|_| Condvar::new()).collect();
        Turns { state: Mutex::new(state), cores, all_done: Condvar::new(), turns: turns.max(1), deadline, patience }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Changes are single assignments: a panic leaves a consistent state.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Runs all cores; returns when the last has ended. Why they were told to end, if they were.
    pub(super) fn run(self: &Arc<Self>, core: Arc<Core>) -> Option<Ended> {
        let first = self.turns.min(self.cores.len());
        crate::parallel::for_each(first, |_| self.offer(&core));
        let mut state = self.lock();
        while state.done < self.cores.len() {
            state = self.all_done.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.ended.clone()
    }

    /// This thread runs cores that have not begun, as long as there are any and turns for them.
    fn offer(self: &Arc<Self>, core: &Arc<Core>) {
        loop {
            let Some(next) = self.lock().begin(self.turns) else { return };
            core(next);
            self.end(next);
        }
    }

    fn end(&self, core: usize) {
        let mut state = self.lock();
        state.phases[core] = Phase::Done;
        state.done += 1;
        state.running -= 1;
        state.event();
        self.wake(&mut state);
        if state.unstarted == self.cores.len() {
            self.wake_polling(&mut state, core);
        }
        self.look(&mut state);
        if state.done == self.cores.len() {
            self.all_done.notify_all();
        }
    }

    /// Gives turns to cores that may go on.
    fn wake(&self, state: &mut State) {
        while state.waited
            && state.running < self.turns
            && let Some(next) = state.phases.iter().position(|phase| *phase == Phase::Ready)
        {
            state.phases[next] = Phase::Running;
            state.running += 1;
            self.cores[next].notify_one();
        }
    }

    /// Gives turns to cores that may go on, then to those that have not begun, then to those that poll.
    fn give(self: &Arc<Self>, state: &mut State, run: &Arc<Core>, after: usize) {
        self.wake(state);
        while state.running < self.turns && state.ended.is_none() {
            let Some(next) = state.begin(self.turns) else { break };
            let (turns, run) = (self.clone(), run.clone());
            let thread = threads::spawn(move || {
                run(next);
                turns.end(next);
                turns.offer(&run);
            });
            if let Err(error) = thread {
                state.phases[next] = Phase::Done;
                state.done += 1;
                state.running -= 1;
                self.stop(state, Ended::NoThread(error.to_string()));
            }
        }
        self.wake_polling(state, after);
        self.look(state);
    }

    /// Gives turns that nobody else wants to cores that poll, the next behind `after` first.
    fn wake_polling(&self, state: &mut State, after: usize) {
        let n = self.cores.len();
        while state.waited
            && state.running < self.turns
            && let Some(next) = (1..=n).map(|i| (after + i) % n).find(|i| state.phases[*i] == Phase::Polling)
        {
            state.phases[next] = Phase::Running;
            state.running += 1;
            self.cores[next].notify_one();
        }
    }

    /// Whether the cores that have not ended wait in vain.
    fn look(&self, state: &mut State) {
        let waits = state.running == 0
            && state.done < self.cores.len()
            && state.phases.iter().all(|phase| matches!(phase, Phase::Waiting(_) | Phase::Done));
        if waits && state.ended.is_none() {
            let vain = state.waits();
            self.stop(state, Ended::Vain(vain));
        }
    }

    /// Tells all cores that wait, or will, to end.
    fn stop(&self, state: &mut State, why: Ended) {
        state.ended.get_or_insert(why);
        for (phase, core) in state.phases.iter_mut().zip(&self.cores) {
            if matches!(phase, Phase::Waiting(_) | Phase::Polling | Phase::Ready) {
                *phase = Phase::Running;
                state.running += 1;
                core.notify_one();
            }
        }
        // Those that have not begun will not.
        let unstarted = state.unstarted..self.cores.len();
        state.done += unstarted.len();
        state.unstarted = unstarted.end;
        state.phases[unstarted].fill(Phase::Done);
        if state.done == self.cores.len() {
            self.all_done.notify_all();
        }
    }

    /// A core has failed: the others are to end.
    pub(super) fn fail(&self) {
        let mut state = self.lock();
        self.stop(&mut state, Ended::Failed);
    }

    /// Whether the launch has come to an end, though cores may still run.
    pub(super) fn ended(&self) -> bool {
        self.lock().ended.is_some()
    }

    /// Core `core` waits until `met`, which is asked under a lock that [`Self::news`] takes too. False: it shall end.
    pub(super) fn wait(self: &Arc<Self>, run: &Arc<Core>, core: usize, what: &str, mut met: impl FnMut() -> bool) -> bool {
        let mut state = self.lock();
        loop {
            if state.ended.is_some() {
                return false;
            }
            if met() {
                return true;
            }
            state.phases[core] = Phase::Waiting(what.into());
            state.waited = true;
            state.running -= 1;
            self.give(&mut state, run, core);
            state = self.sleep(state, core);
        }
    }

    /// Sleeps until this core has a turn again.
    fn sleep<'a>(&'a self, mut state: MutexGuard<'a, State>, core: usize) -> MutexGuard<'a, State> {
        while state.phases[core] != Phase::Running {
            state = match self.deadline {
                None => self.cores[core].wait(state).unwrap_or_else(|poisoned| poisoned.into_inner()),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        self.stop(&mut state, Ended::Late);
                        continue;
                    }
                    let woken = self.cores[core].wait_timeout(state, left);
                    woken.unwrap_or_else(|poisoned| poisoned.into_inner()).0
                }
            };
        }
        state
    }

    /// Does `change`, after which cores that wait look again.
    pub(super) fn news<R>(&self, change: impl FnOnce() -> R) -> R {
        let mut state = self.lock();
        let result = change();
        state.event();
        for phase in &mut state.phases {
            if matches!(phase, Phase::Waiting(_)) {
                *phase = Phase::Ready;
            }
        }
        self.wake(&mut state);
        result
    }

    /// Core `core` polls memory: others run first. False: it shall end.
    pub(super) fn poll(self: &Arc<Self>, run: &Arc<Core>, core: usize) -> bool {
        let mut state = self.lock();
        if state.ended.is_some() {
            return false;
        }
        state.polls += 1;
        let live = (self.cores.len() - state.done) as u64;
        let vain = if self.turns == 1 { state.polls > POLLS_EACH * live } else { state.last_event.elapsed() > self.patience };
        if vain {
            let mut waits = state.waits();
            waits.push((core, "a value in memory that it polls".into()));
            waits.sort();
            waits.dedup_by_key(|wait| wait.0);
            self.stop(&mut state, Ended::Vain(waits));
            return false;
        }
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            self.stop(&mut state, Ended::Late);
            return false;
        }
        state.phases[core] = Phase::Polling;
        state.waited = true;
        state.running -= 1;
        self.give(&mut state, run, core);
        let state = self.sleep(state, core);
        let goes_on = state.ended.is_none();
        drop(state);
        if self.turns > 1 {
            std::thread::yield_now();
        }
        goes_on
    }

    /// Whether the time is over; then all are told to end.
    pub(super) fn late(&self) -> bool {
        if self.deadline.is_none_or(|deadline| deadline > Instant::now()) {
            return false;
        }
        let mut state = self.lock();
        self.stop(&mut state, Ended::Late);
        true
    }
}

impl State {
    /// The next core that has not begun, if there is a turn for it.
    fn begin(&mut self, turns: usize) -> Option<usize> {
        if self.running >= turns || self.ended.is_some() {
            return None;
        }
        let next = self.unstarted;
        if next == self.phases.len() {
            return None;
        }
        self.unstarted += 1;
        self.phases[next] = Phase::Running;
        self.running += 1;
        self.event();
        Some(next)
    }

    fn event(&mut self) {
        self.polls = 0;
        self.last_event = Instant::now();
    }

    /// The cores that wait or poll, each with what for.
    fn waits(&self) -> Vec<(usize, String)> {
        let wait = |(core, phase): (usize, &Phase)| match phase {
            Phase::Waiting(what) => Some((core, what.clone())),
            Phase::Polling => Some((core, "a value in memory that it polls".into())),
            _ => None,
        };
        self.phases.iter().enumerate().filter_map(wait).collect()
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
