//! Threads for cores that wait for other cores. They are kept and used again.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;

/// Kernels keep little on the stack; a card's cores have 32 KB.
const STACK: usize = 1 << 20;
/// An idle thread ends after a while, so that one launch with many cores does not cost a program memory for ever.
const IDLE: Duration = Duration::from_secs(10);

struct Pool {
    jobs: Vec<Job>,
    /// Threads that wait for a job, less the jobs that wait for a thread.
    idle: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { jobs: Vec::new(), idle: 0 });
static NEWS: Condvar = Condvar::new();

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Runs `job` on a thread that does nothing else meanwhile.
pub(super) fn spawn(job: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    let mut pool = pool();
    if pool.idle > 0 {
        pool.idle -= 1;
        pool.jobs.push(Box::new(job));
        drop(pool);
        NEWS.notify_one();
        return Ok(());
    }
    drop(pool);
    let work = move || {
        job();
        work();
    };
    std::thread::Builder::new().name("cann-sim-core".into()).stack_size(STACK).spawn(work).map(drop)
}

/// One job after the other, until none has come for a while.
fn work() {
    let mut pool = pool();
    pool.idle += 1;
    loop {
        let waited = NEWS.wait_timeout_while(pool, IDLE, |pool| pool.jobs.is_empty());
        let (mut held, late) = waited.unwrap_or_else(|poisoned| poisoned.into_inner());
        match held.jobs.pop() {
            Some(job) => {
                drop(held);
                job();
                pool = self::pool();
                pool.idle += 1;
            }
            None if late.timed_out() && held.idle > 0 => {
                held.idle -= 1;
                return;
            }
            None => pool = held,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;

    #[test]
    fn jobs_run_at_once_and_threads_are_used_again() {
        for _ in 0..50 {
            // Each waits for all others: fewer threads than jobs could not end this.
            let barrier = Arc::new(Barrier::new(9));
            for _ in 0..8 {
                let barrier = barrier.clone();
                spawn(move || _ = barrier.wait()).unwrap();
            }
            barrier.wait();
        }
    }
}
