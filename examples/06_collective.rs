//! Two devices add their vectors: each is a rank of a group, on a thread of its own.
//!
//! `cargo run --example 06_collective`

use std::thread;

use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::{Cann, Communicator, Device, Result, Tensor};

/// What one rank does. The tensor lives on the communicator's own stream.
fn rank(comm: Communicator) -> Result<()> {
    let mine = [1.0_f32, 10.0, 100.0].map(|x| x * (comm.rank() + 1) as f32);
    let mut x = Tensor::from_slice(comm.stream(), &[3], &mine)?;
    // Queued like any operator: it returns at once and runs when the other rank has called it too.
    comm.all_reduce(&mut x, ReduceOp::Sum)?;
    // Reading the values waits.
    let sum = x.to_vec::<f32>(comm.stream())?;
    println!("{comm:?} on {:?}: {mine:?} summed over the ranks is {sum:?}", comm.device());
    Ok(())
}

fn main() -> Result<()> {
    let cann = Cann::load()?;
    let devices = [Device::open(&cann, 0)?, Device::open(&cann, 1)?];
    let options = CommOptions { name: Some("world".into()), ..Default::default() };
    let ranks = Communicator::all(&devices, &options)?;
    thread::scope(|scope| {
        let threads: Vec<_> = ranks.into_iter().map(|comm| scope.spawn(|| rank(comm))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a rank panicked"))
    })
}
