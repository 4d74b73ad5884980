//! What all ranks of a training run share: its settings, its data, its folder. Read once, before any device is used.

use anyhow::Result;

use crate::checkpoint::{Checkpoint, ModelConfig};
use crate::layout::TpRank;
use crate::report::RunDir;
use crate::settings::{Settings, Source};
use crate::task::Task;

/// A run, as it is asked for.
pub struct Job {
    pub settings: Settings,
    pub task: Task,
    /// The architecture of what is trained.
    pub config: ModelConfig,
    /// Where the weights come from; fresh ones where there is none.
    pub checkpoint: Option<Checkpoint>,
    pub run: RunDir,
    /// The settings as the folder keeps them.
    pub record: String,
}

impl Job {
    /// Reads the data and the checkpoint's header, checks all of it against each other, and makes the run's folder. What an
    /// earlier run of that name has left stays until this one has its devices.
    ///
    /// `is_main`: whether rank 0 is in this process, which makes the folder and writes into it.
    pub fn new(settings: Settings, is_main: bool) -> Result<Job> {
        let (task, config, checkpoint) = match &settings.source {
            Source::Arithmetic => {
                let task = Task::arithmetic(&settings)?;
                let config = task.fresh_config()?;
                (task, config, None)
            }
            Source::Files { model, train, val } => {
                let checkpoint = Checkpoint::open(model)?;
                let task = Task::files(&settings, model, train, val)?;
                task.tokenizer.check_fits(checkpoint.config.vocab_size)?;
                (task, checkpoint.config.clone(), Some(checkpoint))
            }
        };
        settings.check_model(&config)?;
        TpRank::check(&config, settings.layout)?;
        settings.steps(task.train.len())?;
        let record = settings.to_toml()?;
        let (runs, name) = (&settings.options.runs, settings.options.name.as_deref());
        let run = if is_main { RunDir::create(runs, name, task.name)? } else { RunDir::of_rank_0(runs, name) };
        Ok(Job { settings, task, config, checkpoint, run, record })
    }
}
