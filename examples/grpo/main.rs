//! GRPO on Ascend NPUs: the training loop of verl's "Ascend quickstart with SGLang backend" in one program, with no Python,
//! no Ray and no separate inference server. Without a card it runs on a simulated NPU.
//!
//! Read [`train_on`] first: it is the algorithm, as every rank runs it. Its neighbours are the parts, by name: [`rollout`]
//! generates, [`rewards`] scores, [`policy`] is the model, [`trainer`] updates it, [`layout`] says how all of that is spread over
//! devices, [`data`] and [`checkpoint`] read and write, [`report`] shows.

mod bench;
mod checkpoint;
mod cli;
#[cfg(test)]
mod cli_tests;
mod data;
mod exchange;
mod generate;
mod interrupt;
mod job;
mod launch;
mod layout;
mod policy;
mod process;
#[cfg(test)]
mod process_tests;
mod random;
mod record;
mod report;
mod rewards;
mod rollout;
mod sampler;
mod score;
mod settings;
mod settings_file;
#[cfg(test)]
mod settings_file_tests;
mod setup;
mod step;
mod task;
mod trainer;
mod warm_up;
mod work;
mod worker;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Error, Result};
use ascend_rl::hccl::launch::Launch;
use ascend_rl::{Cann, Device, Stream};

use cli::{Cli, Command, TrainArgs};
use job::Job;
use launch::{Place, launch};
use report::Trace;
use settings::Settings;
use step::Steps;
use worker::Worker;

fn main() -> ExitCode {
    ExitCode::from(start(std::env::args_os()))
}

/// Reads the command line and the settings file that it names, then runs. 0, or what the shell is told.
fn start(words: impl IntoIterator<Item = OsString>) -> u8 {
    match settings_file::parse(words) {
        Ok(cli) => run(cli),
        Err(error) => fail(&settings_file::exit_on_usage(error)),
    }
}

/// Does what the command line says; 0, or what the shell is told.
fn run(cli: Cli) -> u8 {
    let result = match &cli.command {
        None => train(cli.train),
        Some(Command::Score(args)) => on_device(args.device, |s| score::run(s, args)),
        Some(Command::Generate(args)) => on_device(args.device, |s| generate::run(s, args)),
        Some(Command::Bench(args)) => bench::run(args),
    };
    match result {
        Ok(()) => 0,
        Err(error) => fail(&error),
    }
}

/// Says why a run ends, in one line, whatever the parts of the message hold.
fn fail(error: &Error) -> u8 {
    eprintln!("grpo: {}", format!("{error:#}").replace('\n', " "));
    if interrupt::requested() { 130 } else { 1 }
}

/// Trains, from the first rollout to the last checkpoint, on as many devices as the settings say: each a thread of this process, or
/// each a process where a launcher has started several.
fn train(mut args: TrainArgs) -> Result<()> {
    let launched = Launch::from_env()?;
    let rank = launched.as_ref().map_or(0, Launch::rank);
    if let Some(launched) = &launched {
        process::devices(&mut args, launched)?;
    }
    interrupt::listen(rank == 0)?;
    let job = Job::new(Settings::new(args)?, rank == 0)?;
    let place = Place {
        layout: job.settings.layout,
        first_device: job.settings.device,
        timeout: Duration::from_secs(job.settings.collective_timeout),
    };
    let trace = job.settings.options.trace.as_ref().map(|path| Trace::path_of_rank(path, rank));
    let trace = Trace::create(trace.as_deref(), job.settings.options.trace_steps)?;
    let trained = {
        let (cann, trace) = (Cann::load()?, trace.clone());
        match &launched {
            Some(launched) => process::run(&cann, place, launched, |worker| train_on(worker, &job, &trace)),
            None => launch(&cann, place, move |worker| train_on(worker, &job, &trace)),
        }
    };
    // Also when the run ended early. What ended it is the error to report.
    let traced = trace.finish();
    trained?;
    if let Some(file) = traced?
        && rank == 0
    {
        report::say(&format!("trace: {} (open it in chrome://tracing or ui.perfetto.dev)", file.display()));
    }
    Ok(())
}

/// The run as each rank takes part in it: all of them at once, each with its own device.
fn train_on(worker: &Worker, job: &Job, trace: &Trace) -> Result<()> {
    let loader = setup::loader(job)?;
    let trainer = setup::trainer(worker, job)?;
    worker.say(&setup::headline(worker, job, &trainer.policy));
    let mut steps = Steps::new(worker, job, &loader, trainer, trace)?;
    if let Some(warm_up) = &job.settings.warm_up {
        steps.warm_up(warm_up)?;
    }
    steps.freeze_reference()?;
    let before = steps.evaluate("before GRPO")?;

    worker.trace(trace)?;
    let mut progress = worker.progress("GRPO", steps.total());
    for prompts in loader.batches().take(steps.total()) {
        // ---- TRAINING STEP BEGIN
        let rollouts = steps.generate(&prompts, &progress)?;
        let rewards = steps.reward(&prompts, &rollouts)?;
        let logprobs = steps.logprobs(&prompts, &rollouts)?;
        let advantages = steps.advantages(&rewards);
        let update = steps.update(&prompts, &rollouts, &logprobs, &advantages)?;
        steps.update_weights()?;
        // ---- TRAINING STEP END
        steps.record(&prompts, &rollouts, &rewards, &advantages, &update, &mut progress)?;
        if steps.is_save_step() {
            steps.save()?;
        }
        if steps.is_test_step() {
            let accuracy = steps.evaluate("held out")?;
            progress.print(&format!("step {}: held-out accuracy {accuracy:.3}", steps.done()));
        }
    }
    progress.finish();
    // First what must not be lost.
    let checkpoint = steps.save()?;
    worker.say(&steps.stage_table());
    let after = steps.evaluate("after GRPO")?;
    worker.say(&format!("held-out accuracy (greedy): {before:.3} before GRPO, {after:.3} after {} steps", steps.done()));
    worker.say(&format!("metrics, reward curve, samples: {}", job.run.path().display()));
    worker.say(&format!("checkpoint: {}", checkpoint.display()));
    Ok(())
}

/// Runs `work` on a stream of one device: an NPU where CANN is found, else a simulated one.
fn on_device(ordinal: u32, work: impl FnOnce(&Stream) -> Result<()>) -> Result<()> {
    let cann = Cann::load()?;
    let device = Device::open(&cann, ordinal)?;
    work(&device.stream()?)
}
