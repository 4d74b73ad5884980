//! GRPO on Ascend NPUs: the training loop of verl's "Ascend quickstart with SGLang backend" in one program, with no Python,
//! no Ray and no separate inference server. Without a card it runs on a simulated NPU.
//!
//! Read [`train`] first: it is the algorithm. Its neighbours are the parts, by name: [`rollout`] generates, [`rewards`] scores,
//! [`policy`] is the model, [`trainer`] updates it, [`data`] and [`checkpoint`] read and write, [`report`] shows.

mod bench;
mod checkpoint;
mod cli;
#[cfg(test)]
mod cli_tests;
mod data;
mod generate;
mod interrupt;
mod policy;
mod random;
mod report;
mod rewards;
mod rollout;
mod score;
mod settings;
mod setup;
mod step;
mod task;
mod trainer;
mod warm_up;

use std::process::ExitCode;

use anyhow::Result;
use ascend_rl::{Cann, Device, Stream};
use clap::Parser;

use cli::{Cli, Command, TrainArgs};
use report::{Progress, RunDir};
use settings::Settings;
use setup::Setup;
use step::Steps;

fn main() -> ExitCode {
    ExitCode::from(run(Cli::parse()))
}

/// Does what the command line says; 0, or what the shell is told.
fn run(cli: Cli) -> u8 {
    let result = match &cli.command {
        None => train(cli.train),
        Some(Command::Score(args)) => on_device(args.device, |s| score::run(s, args)),
        Some(Command::Generate(args)) => on_device(args.device, |s| generate::run(s, args)),
        Some(Command::Bench(args)) => on_device(args.device, |s| bench::run(s, args)),
    };
    match result {
        Ok(()) => 0,
        Err(error) => {
            // One line, whatever the parts of the message hold.
            eprintln!("grpo: {}", format!("{error:#}").replace('\n', " "));
            if interrupt::requested() { 130 } else { 1 }
        }
    }
}

/// Trains, from the first rollout to the last checkpoint.
fn train(args: TrainArgs) -> Result<()> {
    interrupt::listen()?;
    let (runs, name) = (args.runs.clone(), args.name.clone());
    let settings = Settings::new(args)?;
    on_device(settings.device, |s| {
        let Setup { task, loader, mut trainer, tokenizer_files } = Setup::new(s, &settings)?;
        let run = RunDir::create(&runs, name.as_deref(), task.name)?;
        run.write(&run.settings(), &settings.to_json()?)?;
        println!("{}", setup::headline(s, &settings, &task, &trainer.policy, &run));

        if let Some(warm_up) = &settings.warm_up {
            warm_up::run(s, &settings, warm_up, &task, &mut trainer)?;
        }
        let mut steps = Steps::new(s, &settings, &task, &loader, &run, trainer)?;
        let before = steps.evaluate(s, "before GRPO")?;

        let mut progress = Progress::new("GRPO", steps.total());
        for prompts in loader.batches().take(steps.total()) {
            // ---- TRAINING STEP BEGIN
            let rollouts = steps.generate(s, &prompts, &progress)?;
            let rewards = steps.reward(&prompts, &rollouts)?;
            let logprobs = steps.logprobs(s, &prompts, &rollouts)?;
            let advantages = steps.advantages(&rewards);
            let update = steps.update(s, &prompts, &rollouts, &logprobs, &advantages)?;
            steps.update_weights(s)?;
            // ---- TRAINING STEP END
            progress.step(&steps.record(&prompts, &rollouts, &rewards, &advantages, &update)?);
            if steps.is_test_step() {
                let accuracy = steps.evaluate(s, "held out")?;
                progress.print(&format!("step {}: held-out accuracy {accuracy:.3}", steps.done()));
            }
            if steps.is_save_step() {
                steps.save(s, &tokenizer_files)?;
            }
        }
        progress.finish();

        let after = steps.evaluate(s, "after GRPO")?;
        let checkpoint = steps.save(s, &tokenizer_files)?;
        println!("held-out accuracy (greedy): {before:.3} before GRPO, {after:.3} after {} steps", steps.done());
        println!("metrics, reward curve, samples: {}", run.path().display());
        println!("checkpoint: {}", checkpoint.display());
        Ok(())
    })
}

/// Runs `work` on a stream of one device: an NPU where CANN is found, else a simulated one.
fn on_device(ordinal: u32, work: impl FnOnce(&Stream) -> Result<()>) -> Result<()> {
    let cann = Cann::load()?;
    let device = Device::open(&cann, ordinal)?;
    work(&device.stream()?)
}
