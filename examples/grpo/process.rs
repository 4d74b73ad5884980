//! The other launcher: one rank a process, started by torchrun, mpirun or srun. What [`crate::launch`] does with threads.

use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use ascend_rl::acl::Device;
use ascend_rl::hccl::launch::Launch;
use ascend_rl::sys::Cann;

use crate::cli::TrainArgs;
use crate::launch::{Place, guarded};
use crate::worker::Worker;

/// A launcher has decided on how many devices a run is.
pub fn devices(args: &mut TrainArgs, launch: &Launch) -> Result<()> {
    let (said, size) = (*args.devices.get_or_insert(launch.size()), launch.size());
    ensure!(said == size, "--devices {said}, but {} has started {size} ranks; leave it out, or start as many", launch.launcher());
    Ok(())
}

/// Runs `work` as this process's rank, together with the other processes of the job.
///
/// Errors: of this rank. Each process reports its own; the launcher ends the others once one has failed.
pub fn run<T>(cann: &Cann, place: Place, launch: &Launch, work: impl FnOnce(&Worker) -> Result<T>) -> Result<T> {
    let Place { layout, first_device, .. } = place;
    let (rank, size) = (launch.rank(), launch.size());
    let here = cann.device_count()?.saturating_sub(first_device);
    let device = Device::open(cann, first_device + launch.ordinal(here)?)?;
    let options = place.options();
    let world = (size > 1).then(|| launch.communicator(&device, &options)).transpose()?.map(Rc::new);
    let worker = Worker::new(rank, layout, &device, world.clone(), &options)?.leading();
    let outcome = guarded(rank, || work(&worker)).with_context(|| format!("rank {rank} of {size}"));
    if outcome.is_err() {
        // The end of the process takes the others out of their waits. Ending the groups in order would wait for them first.
        std::mem::forget((worker, world));
    }
    outcome
}
