//! One program, as threads of one process or as a process a rank: which of the two it is, its launcher has said.
//!
//! `cargo run --release --example 15_processes`, `mpirun -n 4 target/release/examples/15_processes`, `torchrun --no-python
//! --nproc-per-node 4 target/release/examples/15_processes`, or by hand with RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT.

use std::thread;

use ascend_rl::hccl::launch::Launch;
use ascend_rl::hccl::{CommOptions, ReduceOp};
use ascend_rl::{Cann, Communicator, Device, Result, Tensor};

/// What one rank does, wherever the others are.
fn rank(comm: &Communicator) -> Result<()> {
    let mut x = Tensor::from_slice(comm.stream(), &[2], &[comm.rank() as i32, 1])?;
    comm.all_reduce(&mut x, ReduceOp::Sum)?;
    let sums = x.to_vec::<i32>(comm.stream())?;
    let (rank, size, process) = (comm.rank(), comm.size(), std::process::id());
    println!(
        "rank {rank} of {size} in process {process} on {:?}: the ranks add up to {}, and are {}",
        comm.device(),
        sums[0],
        sums[1]
    );
    Ok(())
}

/// A process of a job is one rank; a process on its own is all of them, a thread each.
pub fn main() -> Result<()> {
    let cann = Cann::load()?;
    let options = CommOptions { name: Some("world".into()), ..Default::default() };
    if let Some(launch) = Launch::from_env()? {
        // One of several processes: the others are met at MASTER_ADDR, at a file, or through a rank table.
        let device = launch.device(&cann)?;
        return rank(&launch.communicator(&device, &options)?);
    }
    let devices = (0..cann.device_count()?.min(4)).map(|ordinal| Device::open(&cann, ordinal)).collect::<Result<Vec<_>>>()?;
    let ranks = Communicator::all(&devices, &options)?;
    thread::scope(|scope| {
        let threads: Vec<_> = ranks.into_iter().map(|comm| scope.spawn(move || rank(&comm))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a rank panicked"))
    })
}
