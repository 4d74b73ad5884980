//! `ascend_rl::hccl`: every collective against naive references, over 1, 2, 3 and 5 ranks (threads), and what happens when ranks
//! disagree, are late or go.
//!
//! References start from the values that the devices hold, after rounding, and are in f64. What only moves data, the largest, the
//! smallest and integers are exact. A sum or product in f32 of `n` values errs by at most `n` half units in the last place of an
//! f32 for each value ([`reduce::tolerance`]), and the result is rounded once to its dtype.

mod experts_tp;
mod faults;
mod groups;
mod joining;
mod joint;
mod leaving;
mod messages;
mod moves;
mod overlap;
mod reduce;
mod refusals;
mod tampered;
mod uneven;
mod values;

use ascend_rl::hccl::CommOptions;
use ascend_rl::{Cann, Communicator, Device};
use std::thread;

/// Group sizes: alone, even, odd, and one that no power of two or machine has.
const SIZES: [usize; 4] = [1, 2, 3, 5];
/// Elements of a part: one, odd, whole vectors, more than a page.
const COUNTS: [usize; 4] = [1, 7, 64, 5003];

fn devices(ordinals: impl IntoIterator<Item = u32>) -> Vec<Device> {
    let cann = Cann::load().unwrap();
    ordinals.into_iter().map(|ordinal| Device::open(&cann, ordinal).unwrap()).collect()
}

/// A group on devices 0, 1, ...; those from 5 on are for failures, which a device reports later.
fn group(size: usize) -> Vec<Communicator> {
    Communicator::all(&devices(0..size as u32), &CommOptions::default()).unwrap()
}

/// Runs `f` on each rank, a thread each. The results in the order of the ranks.
fn on_ranks<R: Send>(ranks: Vec<Communicator>, f: impl Fn(Communicator) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let threads: Vec<_> = ranks.into_iter().map(|comm| scope.spawn(|| f(comm))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
