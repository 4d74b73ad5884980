//! The launcher: one thread a rank, in one process. [`crate::process`] has them as processes.
//!
//! A rank that fails leaves its groups, so the others, who wait for it in some collective, fail as well; what the first one
//! said is the cause, and the only thing that is reported.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, anyhow, ensure};
use ascend_rl::acl::Device;
use ascend_rl::hccl::{CommOptions, Communicator};
use ascend_rl::sys::Cann;

use crate::layout::Layout;
use crate::worker::Worker;

/// How long the others may take to end once a rank has failed. What they would still do serves nobody.
const GRACE: Duration = Duration::from_secs(5);

/// Where the ranks run.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub layout: Layout,
    /// Ordinal of rank 0's device; the others follow.
    pub first_device: u32,
    /// How long a rank may keep the others waiting in a collective.
    pub timeout: Duration,
}

impl Place {
    /// How the ranks' groups are made.
    pub fn options(&self) -> CommOptions {
        CommOptions { name: Some("world".into()), timeout: Some(self.timeout), ..CommOptions::default() }
    }
}

/// Runs `work` on every rank at once and waits for all; what rank 0 answers.
///
/// Errors: the first of any rank. A rank that never ends does not keep the caller: its thread is left behind, for the process to
/// end it.
pub fn launch<T, W>(cann: &Cann, place: Place, work: W) -> Result<T>
where
    T: Send + 'static,
    W: Fn(&Worker) -> Result<T> + Send + Sync + 'static,
{
    let layout = place.layout;
    let (devices, options) = (open(cann, place)?, place.options());
    let worlds: Vec<Option<Communicator>> = match layout.world_size {
        1 => vec![None],
        _ => Communicator::all(&devices, &options)?.into_iter().map(Some).collect(),
    };
    let (report, reports) = channel();
    let work = Arc::new(work);
    for (rank, (device, world)) in devices.into_iter().zip(worlds).enumerate() {
        let (work, report, options) = (work.clone(), report.clone(), options.clone());
        let run = move || {
            let world = world.map(Rc::new);
            let worker = Worker::new(rank, layout, &device, world.clone(), &options);
            let outcome = worker.as_ref().map_err(|error| anyhow!("{error:#}")).and_then(|worker| guarded(rank, || work(worker)));
            // Before the worker goes, and with it this rank's part in its groups: the cause must be first.
            drop(report.send((rank, outcome)));
            drop((worker, world));
        };
        thread::Builder::new().name(format!("rank {rank}")).spawn(run).context("cannot start a thread for each rank")?;
    }
    drop(report);
    collect(&reports)
}

fn open(cann: &Cann, place: Place) -> Result<Vec<Device>> {
    let Place { layout: Layout { world_size, .. }, first_device, .. } = place;
    let there = cann.device_count()?;
    ensure!(
        first_device as usize + world_size <= there as usize,
        "--devices {world_size} from --device {first_device} on: there are {there} devices, numbered from 0 ({})",
        match cann.flavor() {
            ascend_rl::Flavor::Sim => "CANN_SIM_DEVICES sets how many are simulated",
            ascend_rl::Flavor::Npu => "ASCEND_RT_VISIBLE_DEVICES hides some",
        }
    );
    Ok((first_device..first_device + world_size as u32).map(|ordinal| Device::open(cann, ordinal)).collect::<Result<_, _>>()?)
}

/// A panic of a rank is its error.
pub fn guarded<T>(rank: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(anyhow!("rank {rank} panicked: {}", text(&*payload))))
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// Rank 0's answer, or the first error.
fn collect<T>(reports: &Receiver<(usize, Result<T>)>) -> Result<T> {
    let (mut answer, mut cause): (Option<T>, Option<(Error, Instant)>) = (None, None);
    loop {
        let next = match &cause {
            None => reports.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some((_, since)) => reports.recv_timeout(GRACE.saturating_sub(since.elapsed())),
        };
        match next {
            Ok((0, Ok(value))) => answer = Some(value),
            Ok((_, Ok(_))) => {}
            Ok((_, Err(error))) if cause.is_none() => cause = Some((error, Instant::now())),
            Ok((_, Err(_))) => {}
            // All have ended, or the time is up.
            Err(_) => break,
        }
    }
    match (cause, answer) {
        (Some((error, _)), _) => Err(error),
        (None, Some(value)) => Ok(value),
        (None, None) => Err(anyhow!("rank 0 ended without an answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ascend_rl::hccl::ReduceOp;
    use ascend_rl::tensor::Tensor;

    // What fails is tried in processes of its own (`cli_tests`): it leaves errors on devices that other tests use.

    fn place(devices: usize) -> Place {
        Place { layout: Layout::new(devices, 1).unwrap(), first_device: 0, timeout: Duration::from_secs(60) }
    }

    fn sum(worker: &Worker) -> Result<f32> {
        let world = worker.world.as_ref().context("several ranks")?;
        let mut x = Tensor::from_slice(world.stream(), &[1], &[worker.rank as f32])?;
        world.all_reduce(&mut x, ReduceOp::Sum)?;
        Ok(x.to_vec::<f32>(world.stream())?[0])
    }

    #[test]
    fn every_rank_runs_and_rank_0_answers() {
        let cann = Cann::sim().unwrap();
        assert_eq!(launch(&cann, place(3), sum).unwrap(), 3.0);
        assert_eq!(launch(&cann, place(1), |worker| Ok(worker.rank)).unwrap(), 0);
    }

    #[test]
    fn more_devices_than_there_are() {
        let cann = Cann::sim().unwrap();
        let text = launch(&cann, place(99), |_| Ok(())).unwrap_err().to_string();
        assert!(text.contains("--devices 99") && text.contains("CANN_SIM_DEVICES"), "{text}");
    }
}
