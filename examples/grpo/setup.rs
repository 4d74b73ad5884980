//! From settings to a task and a trainer.

use anyhow::Result;
use ascend_rl::Stream;

use crate::checkpoint::Checkpoint;
use crate::data::Loader;
use crate::policy::Policy;
use crate::report::RunDir;
use crate::settings::{Settings, Source};
use crate::task::Task;
use crate::trainer::Trainer;

/// What a run starts from.
pub struct Setup {
    pub task: Task,
    /// Batches of training prompts.
    pub loader: Loader,
    pub trainer: Trainer,
    /// Name and content of the files that go beside saved weights.
    pub tokenizer_files: Vec<(String, Vec<u8>)>,
}

impl Setup {
    /// Reads the data and the checkpoint, or makes both.
    pub fn new(s: &Stream, settings: &Settings) -> Result<Setup> {
        let dtype = settings.dtype.into();
        let (task, policy) = match &settings.source {
            Source::Arithmetic => {
                let task = Task::arithmetic(settings)?;
                let mut policy = Policy::new(s, &task.fresh_config()?, dtype)?;
                policy.load_random(s, settings.seed)?;
                (task, policy)
            }
            Source::Files { model, train, val } => {
                let checkpoint = Checkpoint::open(model)?;
                let task = Task::files(settings, model, train, val)?;
                task.tokenizer.check_fits(checkpoint.config.vocab_size)?;
                settings.check_model(&checkpoint.config)?;
                let mut policy = Policy::new(s, &checkpoint.config, dtype)?;
                policy.load(s, |name, shape| checkpoint.read_f32(name, shape))?;
                (task, policy)
            }
        };
        let total = settings.updates(task.train.len())?;
        let trainer = Trainer::new(s, policy, settings.trainer(), settings.optimizer(total))?;
        let tokenizer_files = task.tokenizer.files().to_vec();
        let loader = Loader::new(task.train.clone(), settings.train_batch_size, settings.seed, true)?;
        Ok(Setup { task, loader, trainer, tokenizer_files })
    }
}

/// What runs where, in a few lines.
pub fn headline(s: &Stream, settings: &Settings, task: &Task, policy: &Policy, run: &RunDir) -> String {
    let device = s.device();
    let config = &policy.model().config;
    let family = format!("{:?}", config.family);
    let parameters = policy.model().geometry.num_parameters() as f64 / 1e6;
    let where_ = match device.cann().flavor() {
        ascend_rl::Flavor::Sim => format!("simulated NPU {} ({})", device.ordinal(), device.soc_name()),
        ascend_rl::Flavor::Npu => format!("NPU {} ({}), CANN {}", device.ordinal(), device.soc_name(), device.cann().version()),
    };
    format!(
        "{where_}: {family} with {parameters:.1} M parameters, training in {:?}, rollout in {:?}, seed {}\n\
         {} training prompts, {} held out; each step {} prompts x {} samples; run folder {}",
        settings.dtype,
        settings.rollout_dtype,
        settings.seed,
        task.train.len(),
        task.held_out.len(),
        settings.train_batch_size,
        settings.n,
        run.path().display(),
    )
    .replace("Bf16", "bf16")
    .replace("F32", "f32")
    .replace("F16", "f16")
}
