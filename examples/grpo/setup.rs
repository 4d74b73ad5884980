//! From a job to what a rank trains with.

use anyhow::Result;

use crate::data::Loader;
use crate::job::Job;
use crate::policy::Policy;
use crate::settings::Settings;
use crate::trainer::Trainer;
use crate::worker::Worker;

/// Batches of training prompts: the same on every rank.
pub fn loader(job: &Job) -> Result<Loader> {
    Loader::new(job.task.train.clone(), job.settings.train_batch_size, job.settings.seed, true)
}

/// This rank's shard of the policy, with what trains it. All ranks call it.
pub fn trainer(worker: &Worker, job: &Job) -> Result<Trainer> {
    let Job { settings, config, .. } = job;
    let s = &worker.stream;
    let mut policy = worker.policy(config, settings.dtype.into())?;
    match &job.checkpoint {
        Some(checkpoint) => policy.load(s, |name, shape| checkpoint.read_f32(name, shape))?,
        None => policy.load_random(s, settings.seed)?,
    }
    let total = settings.updates(job.task.train.len())?;
    Trainer::new(s, policy, settings.trainer(), settings.optimizer(total))
}

/// What runs where, in a few lines.
pub fn headline(worker: &Worker, job: &Job, policy: &Policy) -> String {
    let Job { settings, task, config, run, .. } = job;
    let (device, layout) = (worker.device(), worker.layout);
    let family = format!("{:?}", config.family);
    let parameters = policy.model().geometry.num_parameters() as f64 / 1e6;
    let last = device.ordinal() + layout.world_size as u32 - 1;
    let (which, plural) = match layout.world_size {
        1 => (device.ordinal().to_string(), ""),
        _ => (format!("{} to {last}", device.ordinal()), "s"),
    };
    let where_ = match device.cann().flavor() {
        ascend_rl::Flavor::Sim => format!("simulated NPU{plural} {which} ({})", device.soc_name()),
        ascend_rl::Flavor::Npu => format!("NPU{plural} {which} ({}), CANN {}", device.soc_name(), device.cann().version()),
    };
    format!(
        "{where_}: {family} with {parameters:.1} M parameters, training in {} (FSDP {}), rollout in {} (TP {} x DP {}), seed {}\n\
         {} training prompts, {} held out; each step {} prompts x {} samples; run folder {}",
        Settings::name_of(settings.dtype),
        layout.world_size,
        Settings::name_of(settings.rollout_dtype),
        layout.tp_size,
        layout.dp_size(),
        settings.seed,
        task.train.len(),
        task.held_out.len(),
        settings.train_batch_size,
        settings.n,
        run.path().display(),
    )
}
