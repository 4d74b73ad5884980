//! What rank 0 writes down: metrics, the reward curve, samples.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::data::Prompt;
use crate::job::Job;
use crate::layout::{Layout, Reshard};
use crate::policy::Cost;
use crate::report::{self, Metrics, MetricsFile, Peaks, Stages, reward_curve, samples_table};
use crate::rollout::{Completion, Finish};
use crate::trainer::UpdateMetrics;
use crate::work;
use crate::worker::Worker;

/// Examples in a table of samples.
const SHOWN: usize = 6;

/// The files of a run that grow with its steps.
pub struct Records<'a> {
    job: &'a Job,
    metrics: MetricsFile,
    /// Mean rewards of the steps so far.
    rewards: Vec<f64>,
    stages: Stages,
    cost: Cost,
    layout: Layout,
    reshard: Reshard,
}

/// What a step did.
pub struct Done<'a> {
    /// Its number, from 1.
    pub step: usize,
    pub epoch: usize,
    pub prompts: &'a [&'a Prompt],
    pub rollouts: &'a [Vec<Completion>],
    pub rewards: &'a [f32],
    pub advantages: &'a [f32],
    pub updates: &'a [UpdateMetrics],
    /// Stages and their times, in order.
    pub timings: &'a [(&'static str, Duration)],
    pub seconds: f64,
}

impl<'a> Records<'a> {
    /// Begins the files; a folder that an earlier run has used starts anew. `peaks`: what the devices can do.
    pub fn new(worker: &Worker, job: &'a Job, peaks: Peaks, reshard: Reshard) -> Result<Records<'a>> {
        job.run.write(&job.run.settings(), &job.record)?;
        job.run.write(&job.run.samples(), "")?;
        Ok(Records {
            job,
            metrics: MetricsFile::create(&job.run.metrics())?,
            rewards: Vec::new(),
            stages: Stages::new(peaks),
            cost: Cost::new(&job.config),
            layout: worker.layout,
            reshard,
        })
    }

    /// Where the time of the steps went.
    pub fn stage_table(&self) -> String {
        format!("{}{}", self.stages.table(), self.reshard.line())
    }

    /// Adds a step to the metrics and to the reward curve; what to show of it.
    pub fn step(&mut self, done: &Done<'_>) -> Result<report::Step> {
        let Done { prompts, rewards, updates, seconds, .. } = *done;
        let completions: Vec<&Completion> = done.rollouts.iter().flatten().collect();
        let lengths = completions.iter().map(|c| c.tokens.len());
        let clipped = completions.iter().filter(|c| c.finish == Finish::Length).count();
        let prompt_tokens = prompts.iter().map(|p| p.token_ids.len() * self.job.settings.n);
        let tokens = lengths.clone().sum::<usize>() + prompt_tokens.sum::<usize>();
        let reward = rewards.iter().map(|&r| f64::from(r)).sum::<f64>() / rewards.len() as f64;

        let mut metrics = Metrics::new();
        metrics.set("training/global_step", done.step as f64);
        metrics.set("training/epoch", done.epoch as f64);
        for (name, _) in updates.first().map(UpdateMetrics::entries).unwrap_or_default() {
            let values = updates.iter().flat_map(UpdateMetrics::entries).filter(|(other, _)| *other == name);
            metrics.set(name, values.map(|(_, value)| value).sum::<f64>() / updates.len() as f64);
        }
        metrics.set_summary("critic/score", rewards.iter().map(|&r| f64::from(r)));
        metrics.set_summary("critic/rewards", rewards.iter().map(|&r| f64::from(r)));
        metrics.set_summary("critic/advantages", done.advantages.iter().map(|&a| f64::from(a)));
        metrics.set_summary("response_length", lengths.map(|n| n as f64));
        metrics.set("response_length/clip_ratio", clipped as f64 / completions.len() as f64);
        metrics.set_summary("prompt_length", prompts.iter().map(|p| p.token_ids.len() as f64));
        for (stage, time) in done.timings {
            metrics.set(&format!("timing_s/{stage}"), time.as_secs_f64());
        }
        let work = work::of_step(
            &self.job.settings,
            &self.cost,
            prompts,
            done.rollouts,
            self.layout.dp_size(),
            self.reshard.least_bytes,
        );
        self.stages.add(seconds, done.timings, &work, &mut metrics);
        metrics.set("timing_s/step", seconds);
        metrics.set("perf/total_num_tokens", tokens as f64);
        metrics.set("perf/time_per_step", seconds);
        // verl's is that of one device.
        metrics.set("perf/throughput", tokens as f64 / seconds / self.layout.world_size as f64);
        self.metrics.append(&metrics)?;
        self.rewards.push(reward);
        let Job { run, task, .. } = self.job;
        run.write(&run.reward_curve(), &reward_curve(&format!("{}: mean reward", task.name), &self.rewards))?;
        Ok(report::Step {
            reward,
            kl: metrics.get("actor/kl_loss").unwrap_or(0.0),
            response_length: metrics.get("response_length/mean").unwrap_or(0.0),
            tokens_per_second: tokens as f64 / seconds,
        })
    }

    /// Adds an evaluation after `step` steps to metrics and samples; the table of samples, to show.
    pub fn evaluation(
        &mut self,
        step: usize,
        title: &str,
        rollouts: &[Vec<Completion>],
        rewards: &[f32],
        accuracy: f64,
        seconds: f64,
    ) -> Result<String> {
        let Job { run, task, .. } = self.job;
        let prompts = &task.held_out;
        let mut shown = Vec::new();
        for ((prompt, samples), &reward) in prompts.iter().zip(rollouts).zip(rewards).take(SHOWN) {
            let completion = samples.first().context("an evaluation without completions")?;
            shown.push(report::Sample { prompt: prompt.text.clone(), completion: task.text(completion)?, reward });
        }
        let title = format!("{title}: held-out accuracy {accuracy:.3} (greedy), {} prompts, for example", prompts.len());
        let table = samples_table(&title, &shown);
        run.append(&run.samples(), &format!("step {step}, {table}\n"))?;

        let mut metrics = Metrics::new();
        metrics.set("training/global_step", step as f64);
        metrics.set(&format!("val-core/{}/reward/mean@1", prompts.first().map_or("", |p| p.data_source.as_str())), accuracy);
        metrics.set("timing_s/testing", seconds);
        self.metrics.append(&metrics)?;
        Ok(table)
    }
}
