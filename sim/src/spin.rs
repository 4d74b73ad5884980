//! Waiting without sleeping, for a short while.

use std::time::{Duration, Instant};

/// Polls `done` for about `limit` and says whether it came true; the caller then parks.
///
/// A wake-up costs some 50 µs, so what usually comes sooner is worth polling for. The loop yields between rounds: where
/// there are more threads than cores, whoever has work gets the core.
pub(crate) fn until(limit: Duration, done: impl Fn() -> bool) -> bool {
    let mut start = None;
    loop {
        for _ in 0..64 {
            if done() {
                return true;
            }
            std::hint::spin_loop();
        }
        // The clock is read only once the first round has failed.
        if start.get_or_insert_with(Instant::now).elapsed() >= limit {
            return false;
        }
        std::thread::yield_now();
    }
}
