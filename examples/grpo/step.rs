//! The stages of a GRPO step, each timed, as every rank takes them. [`crate::train_on`] has them in order.
//!
//! Every rank knows the whole batch: rollouts are gathered, rewards and advantages are a few numbers that each works out for
//! itself. The devices share the rest: a replica of the rollout has its part of the prompts, a rank of the trainer its part of
//! the samples.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ascend_rl::Flavor;
use ascend_rl::ops::Sampling;

use crate::checkpoint;
use crate::data::{Loader, Prompt};
use crate::exchange;
use crate::job::Job;
use crate::policy::Sequence;
use crate::record::{Done, Records};
use crate::report::{self, Peaks, Progress, Trace};
use crate::rollout::{Decoding, EngineSettings, Request};
use crate::sampler::{Rollouts, Sampler};
use crate::settings::{Settings, WarmUp};
use crate::trainer::{Sample, Trainer, UpdateMetrics, group_advantages};
use crate::warm_up;
use crate::worker::Worker;

/// Log-probs of each response of a batch, where the loss needs them.
pub struct Logprobs {
    old: Option<Vec<Vec<f32>>>,
    reference: Option<Vec<Vec<f32>>>,
}

/// A run that is under way, as one rank sees it.
pub struct Steps<'a> {
    worker: &'a Worker,
    job: &'a Job,
    loader: &'a Loader,
    trainer: Trainer,
    sampler: Sampler,
    decoding: Decoding,
    total: usize,
    done: usize,
    /// Rank 0 writes.
    records: Option<Records<'a>>,
    /// Stage and time of the step that is under way, in order.
    timings: Vec<(&'static str, Duration)>,
    started: Instant,
    trace: &'a Trace,
}

impl<'a> Steps<'a> {
    /// Makes the rollout engine; what does not fit on a device is found here, before anything is trained. All ranks call it.
    pub fn new(worker: &'a Worker, job: &'a Job, loader: &'a Loader, trainer: Trainer, trace: &'a Trace) -> Result<Steps<'a>> {
        let Job { settings, config, task, .. } = job;
        let peaks = measure_peaks(worker, settings)?;
        let engine_settings = EngineSettings {
            dtype: settings.rollout_dtype.into(),
            block_size: settings.block_size,
            cache_tokens: cache_tokens(worker, job)?,
            max_num_seqs: settings.max_num_seqs,
            max_prefill_tokens: settings.max_num_batched_tokens,
        };
        let bucket_bytes = settings.bucket_bytes(worker.device().cann().flavor());
        let sampler = Sampler::new(worker, &trainer.policy, engine_settings, bucket_bytes).with_context(|| {
            let tokens = engine_settings.cache_tokens;
            format!("the rollout engine with a cache of {tokens} tokens (--cache-tokens, --max-num-seqs; --tp shares it)")
        })?;
        let decoding = Decoding {
            sampling: settings.sampling(),
            seed: settings.seed,
            max_new_tokens: settings.max_response_length,
            stop_tokens: task.tokenizer.stop_tokens(&config.eos_token_ids)?,
        };
        Ok(Steps {
            total: settings.steps(task.train.len())?,
            records: worker.is_main().then(|| Records::new(worker, job, peaks, sampler.reshard())).transpose()?,
            worker,
            job,
            loader,
            trainer,
            sampler,
            decoding,
            done: 0,
            timings: Vec::new(),
            started: Instant::now(),
            trace,
        })
    }

    /// Supervised steps, as the built-in task begins.
    pub fn warm_up(&mut self, warm_up: &WarmUp) -> Result<()> {
        warm_up::run(self.worker, self.job, warm_up, &mut self.trainer)?;
        self.sampler.update_weights(self.worker, &self.trainer.policy)
    }

    /// Makes the policy as it is now the reference, where the loss has a KL term.
    pub fn freeze_reference(&mut self) -> Result<()> {
        match self.job.settings.kl_loss_coef != 0.0 {
            true => self.trainer.freeze_reference(&self.worker.stream),
            false => Ok(()),
        }
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
    pub fn generate(&mut self, prompts: &[&Prompt], progress: &Progress) -> Result<Rollouts> {
        self.begin_trace()?;
        self.started = Instant::now();
        self.timings.clear();
        let n = self.job.settings.n;
        // Ids count on over the run: no two samples share their random numbers.
        let first = (self.done * self.job.settings.train_batch_size * n) as u64;
        let request = |(i, prompt): (usize, &&Prompt)| Request {
            prompt: prompt.token_ids.clone(),
            samples: n,
            first_id: first + (i * n) as u64,
        };
        let requests: Vec<Request> = prompts.iter().enumerate().map(request).collect();
        let decoding = self.decoding.clone();
        let rollouts = self.roll_out(&requests, &decoding, progress)?;
        self.time("gen", self.started);
        Ok(rollouts)
    }

    /// Completions of all requests, with what there is to see of it under way.
    fn roll_out(&mut self, requests: &[Request], decoding: &Decoding, progress: &Progress) -> Result<Rollouts> {
        let (worker, kept) = (self.worker, self.kept());
        self.sampler.generate(worker, requests, decoding, |at| {
            progress.note(&format!("rollout: {} of {} samples, {} tokens", at.finished, at.samples, at.tokens));
            worker.check_interrupt(|| kept.clone())
        })
    }

    /// What each sample is worth.
    pub fn reward(&mut self, prompts: &[&Prompt], rollouts: &Rollouts) -> Result<Vec<f32>> {
        let begin = Instant::now();
        let pairs = prompts.iter().zip(rollouts).flat_map(|(prompt, samples)| samples.iter().map(move |c| (prompt, c)));
        let rewards = pairs.map(|(prompt, completion)| self.job.task.reward(prompt, completion)).collect();
        self.time("reward", begin);
        rewards
    }

    /// Log-probs before the update (only where a step has several updates: else the ratio is 1, as verl has it), and under
    /// the reference (only with a KL term).
    pub fn logprobs(&mut self, prompts: &[&Prompt], rollouts: &Rollouts) -> Result<Logprobs> {
        let s = &self.worker.stream;
        let sequences = sequences(prompts, rollouts);
        let sequences: Vec<&Sequence> = sequences.iter().collect();
        let begin = Instant::now();
        let old = match self.job.settings.is_off_policy() {
            true => Some(self.trainer.logprobs(s, &sequences)?.into_iter().map(|l| l.logp).collect()),
            false => None,
        };
        self.time("old_log_prob", begin);
        let begin = Instant::now();
        let reference = match self.job.settings.kl_loss_coef != 0.0 {
            true => Some(self.trainer.ref_logprobs(s, &sequences)?),
            false => None,
        };
        self.time("ref", begin);
        self.worker.check_interrupt(|| self.kept())?;
        Ok(Logprobs { old, reference })
    }

    /// How much better each sample is than the others of its prompt.
    pub fn advantages(&mut self, rewards: &[f32]) -> Vec<f32> {
        let begin = Instant::now();
        let groups: Vec<usize> = (0..rewards.len()).map(|i| i / self.job.settings.n).collect();
        let advantages = group_advantages(rewards, &groups, self.job.settings.norm_adv_by_std);
        self.time("adv", begin);
        advantages
    }

    /// One optimiser step for each mini-batch, `ppo_epochs` times over.
    pub fn update(
        &mut self,
        prompts: &[&Prompt],
        rollouts: &Rollouts,
        logprobs: &Logprobs,
        advantages: &[f32],
    ) -> Result<Vec<UpdateMetrics>> {
        #[cfg(test)]
        crate::cli_tests::fault(self.worker.rank, self.done)?;
        let begin = Instant::now();
        let settings = &self.job.settings;
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
        for _ in 0..settings.ppo_epochs {
            for mini_batch in samples.chunks(settings.ppo_mini_batch_size * settings.n) {
                updates.push(self.trainer.update(&self.worker.stream, mini_batch)?);
            }
        }
        self.worker.synchronize()?;
        self.time("update_actor", begin);
        Ok(updates)
    }

    /// The rollout engine takes the updated weights.
    pub fn update_weights(&mut self) -> Result<()> {
        let begin = Instant::now();
        self.sampler.update_weights(self.worker, &self.trainer.policy)?;
        self.worker.synchronize()?;
        self.time("update_weights", begin);
        Ok(())
    }

    /// The step is over. Rank 0 writes it down, and shows it.
    pub fn record(
        &mut self,
        prompts: &[&Prompt],
        rollouts: &Rollouts,
        rewards: &[f32],
        advantages: &[f32],
        updates: &[UpdateMetrics],
        progress: &mut Progress,
    ) -> Result<()> {
        let seconds = self.started.elapsed().as_secs_f64();
        self.end_trace()?;
        self.done += 1;
        if let Some(records) = &mut self.records {
            let epoch = (self.done - 1) / self.loader.batches_per_epoch();
            let (step, timings) = (self.done, &self.timings[..]);
            let done = Done { step, epoch, prompts, rollouts, rewards, advantages, updates, timings, seconds };
            progress.step(&records.step(&done)?);
        }
        self.worker.check_interrupt(|| self.kept())
    }

    /// Whether the held-out prompts are due.
    pub fn is_test_step(&self) -> bool {
        is_due(self.done, self.job.settings.test_freq) && self.done < self.total
    }

    /// Whether a checkpoint is due.
    pub fn is_save_step(&self) -> bool {
        is_due(self.done, self.job.settings.save_freq) && self.done < self.total
    }

    /// Mean greedy reward of the held-out prompts. Rank 0 writes some of them down under `title`, and shows them at the run's
    /// start and end.
    pub fn evaluate(&mut self, title: &str) -> Result<f64> {
        let begin = Instant::now();
        let prompts: Vec<&Prompt> = self.job.task.held_out.iter().collect();
        let requests: Vec<Request> =
            prompts.iter().map(|p| Request { prompt: p.token_ids.clone(), samples: 1, first_id: 0 }).collect();
        let decoding = Decoding { sampling: Sampling::GREEDY, ..self.decoding.clone() };
        let rollouts = self.roll_out(&requests, &decoding, &Progress::silent())?;
        let rewards = self.reward(&prompts, &rollouts)?;
        let accuracy = rewards.iter().map(|&r| f64::from(r)).sum::<f64>() / rewards.len() as f64;
        if let Some(records) = &mut self.records {
            let seconds = begin.elapsed().as_secs_f64();
            let table = records.evaluation(self.done, title, &rollouts, &rewards, accuracy, seconds)?;
            if self.done == 0 || self.done == self.total {
                report::say(&table);
            }
        }
        Ok(accuracy)
    }

    /// Writes the policy as a Hugging Face checkpoint, with its tokenizer, and gives its folder. All ranks call it.
    pub fn save(&self) -> Result<PathBuf> {
        let Job { run, settings, config, task, .. } = self.job;
        let dir = run.checkpoint(self.done);
        let policy = &self.trainer.policy;
        if self.worker.is_main() {
            let tensors = policy.export(&self.worker.stream);
            checkpoint::save(&dir, config, tensors, settings.stored_dtype(), task.tokenizer.files())?;
        } else {
            policy.take_part_in_export()?;
        }
        Ok(dir)
    }

    /// Where the time of the steps went; of rank 0.
    pub fn stage_table(&self) -> String {
        self.records.as_ref().map_or(String::new(), Records::stage_table)
    }

    /// Begins the trace of a step: all ranks begin it together, with the tracer running on all.
    fn begin_trace(&self) -> Result<()> {
        if !self.trace.covers(self.done) {
            return Ok(());
        }
        self.worker.meet()?;
        self.of_process(Trace::resume);
        self.worker.meet()?;
        self.of_process(Trace::begin_step);
        Ok(())
    }

    /// Ends it: nothing that is traced is still to come when the first rank of the process collects.
    fn end_trace(&self) -> Result<()> {
        if !self.trace.covers(self.done) {
            return Ok(());
        }
        self.worker.synchronize()?;
        self.of_process(Trace::pause);
        self.worker.meet()?;
        self.of_process(Trace::end_step);
        Ok(())
    }

    fn of_process(&self, what: fn(&Trace)) {
        if self.worker.leads {
            what(self.trace);
        }
    }

    fn time(&mut self, stage: &'static str, begin: Instant) {
        self.timings.push((stage, begin.elapsed()));
        if self.worker.leads {
            self.trace.stage(stage, begin);
        }
    }

    /// What an interruption leaves behind.
    fn kept(&self) -> String {
        format!("{} of {} steps are in {}", self.done, self.total, self.job.run.metrics().display())
    }
}

/// Tokens of the KV cache. A replica runs one schedule, so all of its ranks must have the same room: what the fullest device has.
fn cache_tokens(worker: &Worker, job: &Job) -> Result<usize> {
    let config = worker.tp_rank().config(&job.config);
    let own = job.settings.cache_tokens(&config, worker.device().memory()?.free_bytes)?;
    let Some(world) = &worker.world else { return Ok(own) };
    let all = exchange::words(world, &[own as u32, (own as u64 >> 32) as u32])?;
    let tokens = all.iter().map(|words| words[0] as usize | (words[1] as usize) << 32);
    Ok(tokens.min().unwrap_or(own))
}

/// What the devices can do, together. Rank 0 measures while the others wait: simulated devices share one machine.
fn measure_peaks(worker: &Worker, settings: &Settings) -> Result<Peaks> {
    worker.meet()?;
    let peaks = match worker.is_main() {
        // A table of times must not end a run: where the memory is too small for it, there are no peaks.
        true => Peaks::measure(&worker.stream, settings.dtype.into(), settings.rollout_dtype.into()).unwrap_or(Peaks::UNKNOWN),
        false => Peaks::UNKNOWN,
    };
    worker.meet()?;
    Ok(match worker.device().cann().flavor() {
        Flavor::Sim => peaks,
        Flavor::Npu => peaks.of_devices(worker.layout.world_size),
    })
}

fn is_due(step: usize, every: usize) -> bool {
    every > 0 && step.is_multiple_of(every)
}

fn sequences(prompts: &[&Prompt], rollouts: &Rollouts) -> Vec<Sequence> {
    let pairs = prompts.iter().zip(rollouts).flat_map(|(prompt, samples)| samples.iter().map(move |c| (prompt, c)));
    pairs.map(|(prompt, completion)| Sequence::new(&prompt.token_ids, &completion.tokens)).collect()
}
