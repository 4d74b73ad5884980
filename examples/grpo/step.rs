//! The stages of a GRPO step, each timed, and what is written down of it. [`crate::train`] has them in order.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ascend_rl::Stream;
use ascend_rl::ops::Sampling;

use crate::checkpoint;
use crate::data::{Loader, Prompt};
use crate::interrupt;
use crate::policy::Sequence;
use crate::report::{self, Metrics, MetricsFile, RunDir, reward_curve, samples_table};
use crate::rollout::{Completion, Decoding, Engine, EngineSettings, Finish, Request};
use crate::settings::Settings;
use crate::task::Task;
use crate::trainer::{Sample, Trainer, UpdateMetrics, group_advantages};

/// Completions of a batch: by prompt, then by sample.
pub type Rollouts = Vec<Vec<Completion>>;

/// Log-probs of each response of a batch, where the loss needs them.
pub struct Logprobs {
    old: Option<Vec<Vec<f32>>>,
    reference: Option<Vec<Vec<f32>>>,
}

/// Examples in a table of samples.
const SHOWN: usize = 6;

/// A run that is under way.
pub struct Steps<'a> {
    settings: &'a Settings,
    task: &'a Task,
    run: &'a RunDir,
    trainer: Trainer,
    engine: Engine,
    decoding: Decoding,
    loader: &'a Loader,
    total: usize,
    done: usize,
    metrics_file: MetricsFile,
    rewards: Vec<f64>,
    /// Stage and time of the step that is under way, in order.
    timings: Vec<(&'static str, Duration)>,
    started: Instant,
}

impl<'a> Steps<'a> {
    /// Freezes the reference, and gives the rollout engine its weights.
    pub fn new(
        s: &Stream,
        settings: &'a Settings,
        task: &'a Task,
        loader: &'a Loader,
        run: &'a RunDir,
        mut trainer: Trainer,
    ) -> Result<Steps<'a>> {
        if settings.kl_loss_coef != 0.0 {
            trainer.freeze_reference(s)?;
        }
        let config = &trainer.policy.model().config;
        let engine_settings = EngineSettings {
            dtype: settings.rollout_dtype.into(),
            block_size: settings.block_size,
            cache_tokens: settings.cache_tokens(config, s.device().memory()?.free_bytes)?,
            max_num_seqs: settings.max_num_seqs,
            max_prefill_tokens: settings.max_num_batched_tokens,
        };
        let engine = Engine::new(s, config, trainer.policy.masters(), engine_settings)?;
        // A folder that an earlier run has used starts anew.
        run.write(&run.samples(), "")?;
        let decoding = Decoding {
            sampling: settings.sampling(),
            seed: settings.seed,
            max_new_tokens: settings.max_response_length,
            stop_tokens: task.tokenizer.stop_tokens(&config.eos_token_ids)?,
        };
        Ok(Steps {
            total: settings.steps(task.train.len())?,
            metrics_file: MetricsFile::create(&run.metrics())?,
            settings,
            task,
            loader,
            run,
            trainer,
            engine,
            decoding,
            done: 0,
            rewards: Vec::new(),
            timings: Vec::new(),
            started: Instant::now(),
        })
    }

    /// Steps of the run.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Steps that are recorded.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Samples of each prompt from the policy as it is.
    pub fn generate(&mut self, s: &Stream, prompts: &[&Prompt], progress: &report::Progress) -> Result<Rollouts> {
        self.started = Instant::now();
        self.timings.clear();
        let n = self.settings.n;
        // Ids count on over the run: no two samples share their random numbers.
        let first = (self.done * self.settings.train_batch_size * n) as u64;
        let request = |(i, prompt): (usize, &&Prompt)| Request {
            prompt: prompt.token_ids.clone(),
            samples: n,
            first_id: first + (i * n) as u64,
        };
        let requests: Vec<Request> = prompts.iter().enumerate().map(request).collect();
        let kept = self.kept();
        let rollouts = self.engine.generate(s, &requests, &self.decoding, |at| {
            progress.note(&format!("rollout: {} of {} samples, {} tokens", at.finished, at.samples, at.tokens));
            interrupt::check(|| kept.clone())
        })?;
        self.time("gen", self.started);
        Ok(rollouts)
    }

    /// What each sample is worth.
    pub fn reward(&mut self, prompts: &[&Prompt], rollouts: &Rollouts) -> Result<Vec<f32>> {
        let begin = Instant::now();
        let pairs = prompts.iter().zip(rollouts).flat_map(|(prompt, samples)| samples.iter().map(move |c| (prompt, c)));
        let rewards = pairs.map(|(prompt, completion)| self.task.reward(prompt, completion)).collect();
        self.time("reward", begin);
        rewards
    }

    /// Log-probs before the update (only where a step has several updates: else the ratio is 1, as verl has it), and under
    /// the reference (only with a KL term).
    pub fn logprobs(&mut self, s: &Stream, prompts: &[&Prompt], rollouts: &Rollouts) -> Result<Logprobs> {
        let sequences = sequences(prompts, rollouts);
        let sequences: Vec<&Sequence> = sequences.iter().collect();
        let begin = Instant::now();
        let old = match self.settings.is_off_policy() {
            true => Some(self.trainer.logprobs(s, &sequences)?.into_iter().map(|l| l.logp).collect()),
            false => None,
        };
        self.time("old_log_prob", begin);
        let begin = Instant::now();
        let reference = match self.settings.kl_loss_coef != 0.0 {
            true => Some(self.trainer.ref_logprobs(s, &sequences)?),
            false => None,
        };
        self.time("ref", begin);
        interrupt::check(|| self.kept())?;
        Ok(Logprobs { old, reference })
    }

    /// How much better each sample is than the others of its prompt.
    pub fn advantages(&mut self, rewards: &[f32]) -> Vec<f32> {
        let begin = Instant::now();
        let groups: Vec<usize> = (0..rewards.len()).map(|i| i / self.settings.n).collect();
        let advantages = group_advantages(rewards, &groups, self.settings.norm_adv_by_std);
        self.time("adv", begin);
        advantages
    }

    /// One optimiser step for each mini-batch, `ppo_epochs` times over.
    pub fn update(
        &mut self,
        s: &Stream,
        prompts: &[&Prompt],
        rollouts: &Rollouts,
        logprobs: &Logprobs,
        advantages: &[f32],
    ) -> Result<Vec<UpdateMetrics>> {
        let begin = Instant::now();
        let at = |all: &Option<Vec<Vec<f32>>>, i: usize| all.as_ref().map(|all| all[i].clone());
        let samples: Vec<Sample> = sequences(prompts, rollouts)
            .into_iter()
            .zip(advantages)
            .enumerate()
            .map(|(i, (sequence, &advantage))| Sample {
                sequence,
                advantage,
                old_logp: at(&logprobs.old, i),
                ref_logp: at(&logprobs.reference, i),
            })
            .collect();
        let mut updates = Vec::new();
        for _ in 0..self.settings.ppo_epochs {
            for mini_batch in samples.chunks(self.settings.ppo_mini_batch_size * self.settings.n) {
                updates.push(self.trainer.update(s, mini_batch)?);
            }
        }
        s.synchronize()?;
        self.time("update_actor", begin);
        Ok(updates)
    }

    /// The rollout engine takes the updated weights.
    pub fn update_weights(&mut self, s: &Stream) -> Result<()> {
        let begin = Instant::now();
        self.engine.update_weights(s, self.trainer.policy.masters())?;
        s.synchronize()?;
        self.time("update_weights", begin);
        Ok(())
    }

    /// Writes the step down: metrics, and the reward curve so far.
    pub fn record(
        &mut self,
        prompts: &[&Prompt],
        rollouts: &Rollouts,
        rewards: &[f32],
        advantages: &[f32],
        updates: &[UpdateMetrics],
    ) -> Result<report::Step> {
        self.done += 1;
        let seconds = self.started.elapsed().as_secs_f64();
        let completions: Vec<&Completion> = rollouts.iter().flatten().collect();
        let lengths = completions.iter().map(|c| c.tokens.len());
        let clipped = completions.iter().filter(|c| c.finish == Finish::Length).count();
        let tokens = lengths.clone().sum::<usize>() + prompts.iter().map(|p| p.token_ids.len() * self.settings.n).sum::<usize>();
        let reward = rewards.iter().map(|&r| f64::from(r)).sum::<f64>() / rewards.len() as f64;

        let mut metrics = Metrics::new();
        metrics.set("training/global_step", self.done as f64);
        metrics.set("training/epoch", ((self.done - 1) / self.loader.batches_per_epoch()) as f64);
        for (name, _) in updates.first().map(UpdateMetrics::entries).unwrap_or_default() {
            let values = updates.iter().flat_map(UpdateMetrics::entries).filter(|(other, _)| *other == name);
            metrics.set(name, values.map(|(_, value)| value).sum::<f64>() / updates.len() as f64);
        }
        metrics.set_summary("critic/score", rewards.iter().map(|&r| f64::from(r)));
        metrics.set_summary("critic/rewards", rewards.iter().map(|&r| f64::from(r)));
        metrics.set_summary("critic/advantages", advantages.iter().map(|&a| f64::from(a)));
        metrics.set_summary("response_length", lengths.map(|n| n as f64));
        metrics.set("response_length/clip_ratio", clipped as f64 / completions.len() as f64);
        metrics.set_summary("prompt_length", prompts.iter().map(|p| p.token_ids.len() as f64));
        for (stage, time) in &self.timings {
            metrics.set(&format!("timing_s/{stage}"), time.as_secs_f64());
        }
        metrics.set("timing_s/step", seconds);
        metrics.set("perf/total_num_tokens", tokens as f64);
        metrics.set("perf/time_per_step", seconds);
        metrics.set("perf/throughput", tokens as f64 / seconds);
        self.metrics_file.append(&metrics)?;
        self.rewards.push(reward);
        self.run.write(&self.run.reward_curve(), &reward_curve(&format!("{}: mean reward", self.task.name), &self.rewards))?;
        interrupt::check(|| self.kept())?;
        Ok(report::Step {
            reward,
            kl: metrics.get("actor/kl_loss").unwrap_or(0.0),
            response_length: metrics.get("response_length/mean").unwrap_or(0.0),
            tokens_per_second: tokens as f64 / seconds,
        })
    }

    /// Whether the held-out prompts are due.
    pub fn is_test_step(&self) -> bool {
        is_due(self.done, self.settings.test_freq) && self.done < self.total
    }

    /// Whether a checkpoint is due.
    pub fn is_save_step(&self) -> bool {
        is_due(self.done, self.settings.save_freq) && self.done < self.total
    }

    /// Mean greedy reward of the held-out prompts. Shows some of them under `title`.
    pub fn evaluate(&mut self, s: &Stream, title: &str) -> Result<f64> {
        let begin = Instant::now();
        let prompts: Vec<&Prompt> = self.task.held_out.iter().collect();
        let requests: Vec<Request> =
            prompts.iter().map(|p| Request { prompt: p.token_ids.clone(), samples: 1, first_id: 0 }).collect();
        let decoding = Decoding { sampling: Sampling::GREEDY, ..self.decoding.clone() };
        let kept = self.kept();
        let rollouts = self.engine.generate(s, &requests, &decoding, |_| interrupt::check(|| kept.clone()))?;
        let rewards = self.reward(&prompts, &rollouts)?;
        let accuracy = rewards.iter().map(|&r| f64::from(r)).sum::<f64>() / rewards.len() as f64;

        let mut shown = Vec::new();
        for ((prompt, samples), &reward) in prompts.iter().zip(&rollouts).zip(&rewards).take(SHOWN) {
            let completion = samples.first().context("an evaluation without completions")?;
            shown.push(report::Sample { prompt: prompt.text.clone(), completion: self.task.text(completion)?, reward });
        }
        let title = format!("{title}: held-out accuracy {accuracy:.3} (greedy), {} prompts, for example", prompts.len());
        let table = samples_table(&title, &shown);
        if self.done == 0 || self.done == self.total {
            print!("{table}");
        }
        self.run.append(&self.run.samples(), &format!("step {}, {table}\n", self.done))?;

        let mut metrics = Metrics::new();
        metrics.set("training/global_step", self.done as f64);
        metrics.set(&format!("val-core/{}/reward/mean@1", prompts.first().map_or("", |p| p.data_source.as_str())), accuracy);
        metrics.set("timing_s/testing", begin.elapsed().as_secs_f64());
        self.metrics_file.append(&metrics)?;
        Ok(accuracy)
    }

    /// Writes the policy as a Hugging Face checkpoint, with its tokenizer, and gives its folder.
    pub fn save(&self, s: &Stream, tokenizer_files: &[(String, Vec<u8>)]) -> Result<PathBuf> {
        let dir = self.run.checkpoint(self.done);
        let policy = &self.trainer.policy;
        checkpoint::save(&dir, &policy.model().config, policy.export(s), self.settings.stored_dtype(), tokenizer_files)?;
        Ok(dir)
    }

    fn time(&mut self, stage: &'static str, begin: Instant) {
        self.timings.push((stage, begin.elapsed()));
    }

    /// What an interruption leaves behind.
    fn kept(&self) -> String {
        format!("{} of {} steps are in {}", self.done, self.total, self.run.metrics().display())
    }
}

fn is_due(step: usize, every: usize) -> bool {
    every > 0 && step.is_multiple_of(every)
}

fn sequences(prompts: &[&Prompt], rollouts: &Rollouts) -> Vec<Sequence> {
    let pairs = prompts.iter().zip(rollouts).flat_map(|(prompt, samples)| samples.iter().map(move |c| (prompt, c)));
    pairs.map(|(prompt, completion)| Sequence::new(&prompt.token_ids, &completion.tokens)).collect()
}
