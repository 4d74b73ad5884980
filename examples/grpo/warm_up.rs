//! The supervised warm-up of the built-in task. It teaches the format and the columns of an addition, and carries as coin
//! tosses: a quarter of its labels is right, so what accuracy there is above a quarter afterwards, GRPO found.

use anyhow::{Result, bail};

use crate::data::arithmetic::Teacher;
use crate::job::Job;
use crate::policy::Sequence;
use crate::settings::WarmUp;
use crate::trainer::Trainer;
use crate::worker::Worker;

/// Runs the warm-up, then gives the trainer fresh moments. All ranks call it, and make the same batches.
pub fn run(worker: &Worker, job: &Job, warm_up: &WarmUp, trainer: &mut Trainer) -> Result<()> {
    let Job { settings, task, .. } = job;
    let s = &worker.stream;
    let Some(split) = &task.split else { bail!("a warm-up needs the built-in task; leave --warmup-steps out") };
    let shown = format!(
        "supervised warm-up, {} steps: it teaches the format and each column, and both carries as coin tosses (a quarter of \
         its labels is right); GRPO has to find the carry rule",
        warm_up.steps
    );
    worker.say(&shown);
    trainer.reset_optimizer(s, warm_up.optimizer())?;
    let mut teacher = Teacher::new(&split.train, settings.seed);
    let end = task.tokenizer.stop_tokens(&[])?[0];
    let mut progress = worker.progress("warm-up", warm_up.steps);
    for _ in 0..warm_up.steps {
        worker.check_interrupt(|| "GRPO had not begun, nothing was saved".into())?;
        let mut example = || -> Result<Sequence> {
            let (problem, completion) = teacher.example();
            let prompt = task.tokenizer.encode(&problem.prompt())?;
            Ok(Sequence::new(&prompt, &[task.tokenizer.encode(&completion)?, vec![end]].concat()))
        };
        let batch = (0..warm_up.batch_size).map(|_| example()).collect::<Result<Vec<_>>>()?;
        let metrics = trainer.supervised(s, &batch)?;
        progress.advance(&format!("loss {:.3}", metrics.loss));
    }
    progress.finish();
    trainer.reset_optimizer(s, settings.optimizer(settings.updates(task.train.len())?))
}
