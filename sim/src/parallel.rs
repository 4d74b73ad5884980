//! Work inside one operation, in parallel.
//!
//! A job is a closure over an index range. The thread that runs the operation takes part; the workers of one process-wide
//! pool join while the job is open. Each thread has a part of the range, the same in every job, so that rows stay in the cache
//! of who wrote them; it claims chunks of its own part, then of the others'. A worker that wakes up late finds the job closed
//! and costs nothing: nobody waits for a worker that has not joined.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};
use std::thread::Thread;
use std::time::Duration;

use crate::spin;

/// Calls `f(0) .. f(n - 1)`, each once, and returns when all are done. The calls may run on several threads.
///
/// Only the thread that runs an operation calls this, one operation at a time; a call from inside `f` runs serially.
/// A panic in `f` ends the job and goes on in the caller.
#[inline]
pub(crate) fn for_each(n: usize, f: impl Fn(usize) + Sync) {
    run(n, &f)
}

/// A closure over an argument, compiled once: `dyn Fn` would have it twice more, as `FnMut` and `FnOnce`.
pub(crate) trait Over<A>: Sync {
    fn call(&self, argument: A);
}

impl<A, F: Fn(A) + Sync> Over<A> for F {
    fn call(&self, argument: A) {
        self(argument)
    }
}

/// [`for_each`] of any closure: what is large is not compiled for each of hundreds of them.
fn run(n: usize, f: &dyn Over<usize>) {
    static POOL: OnceLock<Pool> = OnceLock::new();
    if n > 1 && threads() > 1 {
        let pool = POOL.get_or_init(|| Pool::start(threads() - 1));
        if let Some(turn) = pool.turn() {
            let panicked = pool.run(n, f);
            drop(turn);
            return panicked.map_or((), |payload| resume_unwind(payload));
        }
    }
    (0..n).for_each(|i| f.call(i))
}

/// The index of `0..n` that a thread is likely to come to after `i`, to fetch ahead what it will need then.
pub(crate) fn after(i: usize, n: usize) -> Option<usize> {
    let ends = (1..=threads()).any(|thread| i + 1 == begin(thread, n, threads()));
    (!ends).then_some(i + 1)
}

/// A part of the work of one operation, where processes do it together: part `index` of `of` equal ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub index: usize,
    pub of: usize,
}

impl Share {
    /// Nobody else helps.
    pub(crate) const ALL: Share = Share { index: 0, of: 1 };

    /// This part of some pieces.
    pub(crate) fn of<T>(self, pieces: &[T]) -> &[T] {
        &pieces[pieces.len() * self.index / self.of..pieces.len() * (self.index + 1) / self.of]
    }
}

/// The number of threads that [`for_each`] uses: `CANN_SIM_THREADS`, or the machine's.
pub(crate) fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    // Unusable settings are refused where a device is opened; until then one thread is right.
    *THREADS.get_or_init(|| crate::settings::settings().map_or(1, |settings| settings.threads))
}

/// How long a worker polls for the next job before it sleeps: longer than what lies between two operations of a busy stream.
const WORKER_SPIN: Duration = Duration::from_micros(50);
/// Chunks for each thread: enough to even out unequal speeds, also where one call is much work; few enough that claiming
/// costs nothing where it is little.
const CHUNKS_PER_THREAD: usize = 64;

/// Indices that a thread claims at a time.
fn chunk(n: usize, threads: usize) -> usize {
    n.div_ceil(threads * CHUNKS_PER_THREAD)
}

/// Where a thread's part of `0..n` begins, and the part of the thread before it ends.
fn begin(thread: usize, n: usize, threads: usize) -> usize {
    n / threads * thread + thread.min(n % threads)
}

/// A number on a cache line of its own.
#[repr(align(128))]
struct Lonely(AtomicUsize);

#[derive(Clone, Copy)]
struct Job {
    call: *const dyn Over<usize>,
    n: usize,
    chunk: usize,
}

struct Shared {
    /// The open job's number; 0 while none is open.
    open: Lonely,
    /// Workers that look at `job` now.
    inside: Lonely,
    /// The first index of each thread's part that nobody has claimed.
    next: Box<[Lonely]>,
    job: UnsafeCell<Job>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written by the one thread that holds the turn, only while the job is closed and nobody is inside; it is
// read only by threads inside an open job. The pointer in it is to a `Sync` closure that outlives the job (see `run`).
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

struct Worker {
    thread: Thread,
    parked: &'static AtomicBool,
}

struct Pool {
    shared: &'static Shared,
    workers: Vec<Worker>,
    turn: Mutex<usize>,
}

impl Pool {
    /// Starts workers, fewer where the system gives fewer. They live as long as the process.
    fn start(workers: usize) -> Pool {
        let shared: &'static Shared = Box::leak(Box::new(Shared {
            open: Lonely(AtomicUsize::new(0)),
            inside: Lonely(AtomicUsize::new(0)),
            next: (0..=workers).map(|_| Lonely(AtomicUsize::new(0))).collect(),
            job: UnsafeCell::new(Job { call: &|_: usize| (), n: 0, chunk: 1 }),
            panic: Mutex::new(None),
        }));
        let start = |i| {
            let parked: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
            let name = format!("cann-sim-{}", i + 1);
            let handle = std::thread::Builder::new().name(name).spawn(move || shared.work(i + 1, parked)).ok()?;
            Some(Worker { thread: handle.thread().clone(), parked })
        };
        Pool { shared, workers: (0..workers).map_while(start).collect(), turn: Mutex::new(0) }
    }

    /// The right to run a job. `None` inside a job (nested calls) and while another thread runs one.
    fn turn(&self) -> Option<MutexGuard<'_, usize>> {
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Runs a job; the caller holds the turn. Returns the first panic.
    fn run(&self, n: usize, f: &dyn Over<usize>) -> Option<Box<dyn Any + Send>> {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let shared = self.shared;
        let chunk = chunk(n, shared.next.len());
        // SAFETY: the lifetime is erased, not extended: this function closes the job and waits until nobody is inside
        // before it returns, and `f` lives that long.
        let call = unsafe { std::mem::transmute::<*const (dyn Over<usize> + '_), *const dyn Over<usize>>(f) };
        // SAFETY: this thread holds the turn, the last job is closed and nobody is inside: nobody else looks at `job`.
        unsafe { *shared.job.get() = Job { call, n, chunk } };
        for (thread, next) in shared.next.iter().enumerate() {
            next.0.store(begin(thread, n, shared.next.len()), Relaxed);
        }
        shared.open.0.store(NUMBER.fetch_add(1, Relaxed), SeqCst);
        for worker in self.workers.iter().take(n - 1) {
            // Pairs with the worker's store of `parked` before its last look at `open`.
            if worker.parked.load(SeqCst) && worker.parked.swap(false, SeqCst) {
                worker.thread.unpark();
            }
        }
        shared.claim(0);
        shared.open.0.store(0, SeqCst);
        while !spin::until(WORKER_SPIN, || shared.inside.0.load(SeqCst) == 0) {}
        shared.panic.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }
}

impl Shared {
    /// Claims chunks of the open job until none is left, first of this thread's part. Only for the thread that opened it, which
    /// is number 0, and those inside.
    fn claim(&self, thread: usize) {
        // SAFETY: the job does not change while this thread is inside (or is the one that opened it).
        let Job { call, n, chunk } = unsafe { *self.job.get() };
        let threads = self.next.len();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            for part in (thread..threads).chain(0..thread) {
                let end = begin(part + 1, n, threads);
                loop {
                    let start = self.next[part].0.fetch_add(chunk, Relaxed);
                    if start >= end {
                        break;
                    }
                    for i in start..end.min(start + chunk) {
                        // SAFETY: the closure lives until the job is closed and everybody has left.
                        unsafe { (*call).call(i) };
                    }
                }
            }
        }));
        if let Err(payload) = ran {
            self.next.iter().for_each(|next| next.0.store(n, Relaxed));
            self.panic.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(payload);
        }
    }

    fn work(&self, thread: usize, parked: &AtomicBool) {
        let mut seen = 0;
        loop {
            let news = || !matches!(self.open.0.load(SeqCst), open if open == 0 || open == seen);
            if !spin::until(WORKER_SPIN, news) {
                parked.store(true, SeqCst);
                while parked.load(SeqCst) && !news() {
                    std::thread::park();
                }
                parked.store(false, SeqCst);
            }
            // First inside, then the look at `open`; the caller closes first, then looks at `inside`. One sees the other.
            self.inside.0.fetch_add(1, SeqCst);
            let open = self.open.0.load(SeqCst);
            if open != 0 && open != seen {
                seen = open;
                self.claim(thread);
            }
            self.inside.0.fetch_sub(1, SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_once_whatever_the_size() {
        let pool = Pool::start(3);
        for n in [2, 3, 31, 32, 33, 1000] {
            let calls: Vec<AtomicUsize> = (0..n).map(|_| AtomicUsize::new(0)).collect();
            assert!(pool.run(n, &|i: usize| _ = calls[i].fetch_add(1, Relaxed)).is_none());
            assert!(calls.iter().all(|c| c.load(Relaxed) == 1), "n = {n}");
        }
    }

    #[test]
    fn what_comes_after_is_the_next_index_of_the_same_part() {
        let n = 3 * threads();
        assert_eq!((after(0, n), after(1, n), after(2, n)), (Some(1), Some(2), None));
        assert_eq!(after(n - 1, n), None);
        assert_eq!(after(0, 1), None);
    }

    #[test]
    fn parts_are_even_and_leave_nothing_out() {
        for (n, threads) in [(0, 3), (2, 4), (7, 3), (28, 2), (9, 8)] {
            let parts: Vec<usize> = (0..threads).map(|t| begin(t + 1, n, threads) - begin(t, n, threads)).collect();
            assert_eq!((begin(0, n, threads), begin(threads, n, threads)), (0, n));
            assert!(parts.iter().all(|&part| part == n / threads || part == n.div_ceil(threads)), "{parts:?}");
        }
    }

    #[test]
    fn workers_take_part() {
        let pool = Pool::start(2);
        let here = AtomicUsize::new(0);
        // Each call waits for the two others: only three threads at once can end this.
        let met = |_: usize| {
            here.fetch_add(1, SeqCst);
            assert!(spin::until(Duration::from_secs(30), || here.load(SeqCst) == 3));
        };
        assert!(pool.run(3, &met).is_none());
    }

    #[test]
    fn many_jobs_with_pauses_lose_no_wake_up() {
        let pool = Pool::start(2);
        let sum = AtomicUsize::new(0);
        for round in 0..300 {
            // Some pauses are longer than the workers poll, so that they sleep.
            if round % 50 == 0 {
                std::thread::sleep(WORKER_SPIN * 4);
            }
            assert!(pool.run(64, &|i: usize| _ = sum.fetch_add(i, Relaxed)).is_none());
        }
        assert_eq!(sum.load(Relaxed), 300 * (63 * 64 / 2));
    }

    #[test]
    fn nested_and_concurrent_calls_run() {
        let sum = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| for_each(10, |_| for_each(10, |_| _ = sum.fetch_add(1, Relaxed))));
            }
        });
        assert_eq!(sum.load(Relaxed), 400);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let payload = catch_unwind(|| for_each(100, |i| assert!(i != 37, "at {i}"))).unwrap_err();
        assert_eq!(payload.downcast_ref::<String>().map(String::as_str), Some("at 37"));
        let count = AtomicUsize::new(0);
        for_each(100, |_| _ = count.fetch_add(1, Relaxed));
        assert_eq!(count.load(Relaxed), 100);
    }
}
