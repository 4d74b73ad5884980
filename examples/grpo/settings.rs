//! The settings of a training run, complete and checked: command line, defaults of the task, and what contradicts what.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use ascend_rl::Flavor;
use ascend_rl::ops::Sampling;
use ascend_rl::tensor::DType;

use crate::checkpoint::{ModelConfig, StoredDtype};
use crate::cli::{Precision, TrainArgs};
use crate::data::arithmetic;
use crate::layout::Layout;
use crate::settings_file;
use crate::trainer::{Decay, LossSettings, OptimizerSettings, Schedule, TrainerSettings};

/// What is trained and on what.
#[derive(Clone, Debug)]
pub enum Source {
    /// The built-in task with a fresh model.
    Arithmetic,
    /// A checkpoint and parquet files.
    Files { model: PathBuf, train: PathBuf, val: PathBuf },
}

/// Supervised steps before GRPO (built-in task).
#[derive(Clone, Debug)]
pub struct WarmUp {
    pub steps: usize,
    pub batch_size: usize,
    pub lr: f64,
}

/// Everything that decides a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The options with the defaults of the task filled in: what the run's folder keeps.
    pub options: TrainArgs,
    pub source: Source,
    pub max_prompt_length: usize,
    pub max_response_length: usize,
    pub filter_overlong_prompts: bool,
    /// `None`: one epoch.
    pub steps: Option<usize>,
    pub train_batch_size: usize,
    pub n: usize,
    pub ppo_mini_batch_size: usize,
    pub ppo_epochs: usize,
    pub clip_ratio_low: f64,
    pub clip_ratio_high: f64,
    pub clip_ratio_c: f64,
    pub kl_loss_coef: f64,
    pub norm_adv_by_std: bool,
    pub lr: f64,
    pub lr_warmup_steps: usize,
    pub weight_decay: f32,
    pub clip_grad: f64,
    pub dtype: Precision,
    pub ppo_max_token_len: usize,
    pub temperature: f64,
    pub top_k: usize,
    pub top_p: f64,
    pub rollout_dtype: Precision,
    pub block_size: usize,
    pub cache_tokens: Option<usize>,
    pub max_num_seqs: usize,
    pub max_num_batched_tokens: usize,
    pub warm_up: Option<WarmUp>,
    pub seed: u64,
    pub layout: Layout,
    pub device: u32,
    pub collective_timeout: u64,
    pub test_freq: usize,
    pub save_freq: usize,
    pub save_dtype: Precision,
}

impl From<Precision> for DType {
    fn from(precision: Precision) -> DType {
        match precision {
            Precision::F32 => DType::F32,
            Precision::Bf16 => DType::BF16,
            Precision::F16 => DType::F16,
        }
    }
}

impl Settings {
    /// The settings of a command line. Errors name the option, its value and what it may be.
    ///
    /// `get_or_insert` gives an option that was left out its default here and in the record.
    pub fn new(mut args: TrainArgs) -> Result<Settings> {
        let source = match (&args.model, &args.train, &args.val) {
            (Some(model), Some(train), Some(val)) => {
                Source::Files { model: model.clone(), train: train.clone(), val: val.clone() }
            }
            _ => Source::Arithmetic,
        };
        let built_in = matches!(source, Source::Arithmetic);
        let train_batch_size = *args.train_batch_size.get_or_insert(if built_in { 32 } else { 16 });
        args.steps = args.steps.or(built_in.then_some(400));
        let devices = *args.devices.get_or_insert(4);
        let settings = Settings {
            max_prompt_length: *args.max_prompt_length.get_or_insert(if built_in { arithmetic::PROMPT_TOKENS } else { 512 }),
            max_response_length: *args.max_response_length.get_or_insert(if built_in {
                arithmetic::COMPLETION_TOKENS
            } else {
                1024
            }),
            filter_overlong_prompts: args.filter_overlong_prompts,
            steps: args.steps,
            train_batch_size,
            n: *args.n.get_or_insert(if built_in { 16 } else { 5 }),
            ppo_mini_batch_size: *args.ppo_mini_batch_size.get_or_insert(train_batch_size),
            ppo_epochs: args.ppo_epochs,
            clip_ratio_low: args.clip_ratio_low,
            clip_ratio_high: args.clip_ratio_high,
            clip_ratio_c: args.clip_ratio_c,
            kl_loss_coef: args.kl_loss_coef,
            norm_adv_by_std: !args.no_norm_adv_by_std,
            lr: *args.lr.get_or_insert(if built_in { 5e-4 } else { 1e-6 }),
            lr_warmup_steps: *args.lr_warmup_steps.get_or_insert(if built_in { 10 } else { 0 }),
            weight_decay: args.weight_decay as f32,
            clip_grad: args.clip_grad,
            dtype: args.dtype,
            ppo_max_token_len: args.ppo_max_token_len,
            temperature: args.temperature,
            top_k: args.top_k,
            top_p: args.top_p,
            rollout_dtype: args.rollout_dtype,
            block_size: *args.block_size.get_or_insert(if built_in { 16 } else { 128 }),
            cache_tokens: args.cache_tokens,
            max_num_seqs: *args.max_num_seqs.get_or_insert(if built_in { 512 } else { 256 }),
            max_num_batched_tokens: args.max_num_batched_tokens,
            warm_up: built_in.then(|| WarmUp { steps: *args.warmup_steps.get_or_insert(600), batch_size: 192, lr: 1e-3 }),
            seed: args.seed,
            layout: Layout::new(devices, *args.tp.get_or_insert(if devices.is_multiple_of(2) { 2 } else { 1 }))?,
            device: args.device,
            collective_timeout: args.collective_timeout,
            test_freq: args.test_freq,
            save_freq: args.save_freq,
            save_dtype: args.save_dtype,
            source,
            options: args,
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<()> {
        for (option, value) in [
            ("--train-batch-size", self.train_batch_size),
            ("--n", self.n),
            ("--ppo-mini-batch-size", self.ppo_mini_batch_size),
            ("--ppo-epochs", self.ppo_epochs),
            ("--max-response-length", self.max_response_length),
            ("--max-num-seqs", self.max_num_seqs),
            ("--ppo-max-token-len", self.ppo_max_token_len),
            ("--update-weights-bucket-megabytes", self.options.update_weights_bucket_megabytes.unwrap_or(1)),
            ("--collective-timeout", self.collective_timeout as usize),
        ] {
            ensure!(value > 0, "{option} is 0, at least 1 is needed");
        }
        let (mini, batch) = (self.ppo_mini_batch_size, self.train_batch_size);
        ensure!(batch.is_multiple_of(mini), "--ppo-mini-batch-size is {mini}: it must divide --train-batch-size, {batch}");
        ensure!(
            self.temperature > 0.0,
            "--temperature is {}: training samples from a distribution, more than 0 is needed",
            self.temperature
        );
        self.sampling().check()?;
        ensure!(self.dtype != Precision::F16, "--dtype is f16: training computes in f32 or bf16");
        ensure!(self.save_dtype != Precision::F16, "--save-dtype is f16: checkpoints are f32 or bf16");
        ensure!(self.rollout_dtype != Precision::F32, "--rollout-dtype is f32: CANN's inference attention takes bf16 or f16");
        // Said here, too: a warm-up of a minute would come before the cache.
        ensure!(
            self.block_size.is_multiple_of(16) && (16..=512).contains(&self.block_size),
            "--block-size is {}: a multiple of 16 from 16 to 512 is needed",
            self.block_size
        );
        let longest = self.max_prompt_length + self.max_response_length;
        ensure!(
            self.ppo_max_token_len >= longest,
            "--ppo-max-token-len is {}: one sequence may have {longest} tokens (prompt and response), so at least that is needed",
            self.ppo_max_token_len
        );
        if let Some(tokens) = self.cache_tokens {
            ensure!(
                tokens >= longest,
                "--cache-tokens is {tokens}: one sequence may have {longest} tokens, so at least that is needed"
            );
        }
        self.loss().check()?;
        self.optimizer(1).check()
    }

    /// What training rollouts are drawn from.
    pub fn sampling(&self) -> Sampling {
        Sampling { temperature: self.temperature, top_k: self.top_k, top_p: self.top_p }
    }

    /// The GRPO loss.
    pub fn loss(&self) -> LossSettings {
        LossSettings {
            clip_ratio_low: self.clip_ratio_low,
            clip_ratio_high: self.clip_ratio_high,
            clip_ratio_c: self.clip_ratio_c,
            kl_loss_coef: self.kl_loss_coef,
            entropy_coeff: 0.0,
        }
    }

    /// The trainer's settings.
    pub fn trainer(&self) -> TrainerSettings {
        TrainerSettings { loss: self.loss(), temperature: self.temperature, max_tokens: self.ppo_max_token_len }
    }

    /// The optimiser of GRPO, for so many updates in all.
    pub fn optimizer(&self, total_steps: usize) -> OptimizerSettings {
        let schedule = Schedule { lr: self.lr, warmup_steps: self.lr_warmup_steps, decay: Decay::Constant, total_steps };
        OptimizerSettings { weight_decay: self.weight_decay, clip_grad: self.clip_grad, ..OptimizerSettings::new(schedule) }
    }

    /// GRPO steps, given the number of training prompts.
    pub fn steps(&self, prompts: usize) -> Result<usize> {
        let batch = self.train_batch_size;
        ensure!(prompts >= batch, "there are {prompts} training prompts, fewer than --train-batch-size, {batch}; lower it");
        Ok(self.steps.unwrap_or(prompts / batch))
    }

    /// Optimiser steps in all.
    pub fn updates(&self, prompts: usize) -> Result<usize> {
        Ok(self.steps(prompts)? * self.ppo_epochs * (self.train_batch_size / self.ppo_mini_batch_size))
    }

    /// Whether the model knows enough positions.
    pub fn check_model(&self, config: &ModelConfig) -> Result<()> {
        let (longest, known) = (self.max_prompt_length + self.max_response_length, config.max_position_embeddings);
        ensure!(
            longest <= known,
            "--max-prompt-length {} and --max-response-length {} make {longest} tokens, the model knows {known} positions",
            self.max_prompt_length,
            self.max_response_length
        );
        Ok(())
    }

    /// Tokens of the KV cache: what was asked for, else room for `max_num_seqs` sequences of full length, up to half of the
    /// free memory of the device.
    pub fn cache_tokens(&self, config: &ModelConfig, free_bytes: usize) -> Result<usize> {
        if let Some(tokens) = self.cache_tokens {
            return Ok(tokens);
        }
        let sequence = (self.max_prompt_length + self.max_response_length).next_multiple_of(self.block_size);
        let bytes = 2 * config.num_layers * config.num_kv_heads * config.head_dim * 2;
        let most = free_bytes / 2 / bytes;
        ensure!(
            most >= sequence,
            "the device has {} MiB free, too little for the KV cache of one sequence of {sequence} tokens",
            free_bytes >> 20
        );
        Ok(self.max_num_seqs.saturating_mul(sequence).min(most))
    }

    /// All settings, as they are written into the run's folder.
    pub fn to_toml(&self) -> Result<String> {
        settings_file::to_toml(&self.options)
    }

    /// What weights are saved in.
    pub fn stored_dtype(&self) -> StoredDtype {
        match self.save_dtype {
            Precision::Bf16 => StoredDtype::Bf16,
            _ => StoredDtype::F32,
        }
    }

    /// Bytes of weights that travel at once. A card wants large messages; on simulated devices small ones stay in a CPU's caches.
    pub fn bucket_bytes(&self, flavor: Flavor) -> usize {
        let default = if flavor == Flavor::Sim { 1 } else { 64 };
        self.options.update_weights_bucket_megabytes.unwrap_or(default).saturating_mul(1 << 20)
    }

    /// A dtype as people write it.
    pub fn name_of(precision: Precision) -> &'static str {
        DType::from(precision).name()
    }

    /// Several updates a step, so that the ratio to the policy before the step is not 1.
    pub fn is_off_policy(&self) -> bool {
        self.ppo_epochs > 1 || self.ppo_mini_batch_size < self.train_batch_size
    }
}

impl WarmUp {
    /// Its optimiser (`betas` 0.9 and 0.98: a short run with large batches).
    pub fn optimizer(&self) -> OptimizerSettings {
        let schedule = Schedule { lr: self.lr, warmup_steps: 20, decay: Decay::Linear(0.1), total_steps: self.steps };
        OptimizerSettings { betas: (0.9, 0.98), weight_decay: 0.0, ..OptimizerSettings::new(schedule) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn settings(line: &str) -> Result<Settings> {
        let words = std::iter::once("grpo").chain(line.split_whitespace());
        Settings::new(crate::cli::Cli::try_parse_from(words)?.train)
    }

    #[test]
    fn the_defaults_are_those_of_the_task() {
        let built_in = settings("").unwrap();
        assert_eq!((built_in.train_batch_size, built_in.n, built_in.steps, built_in.lr), (32, 16, Some(400), 5e-4));
        assert!(built_in.warm_up.is_some() && !built_in.is_off_policy());
        let files = settings("--model m --train a --val b").unwrap();
        assert_eq!((files.train_batch_size, files.n, files.steps, files.lr), (16, 5, None, 1e-6));
        assert!(files.warm_up.is_none());
    }

    #[test]
    fn contradictions_name_the_option_the_value_and_the_way_out() {
        for (line, parts) in [
            ("--n 0", ["--n is 0", "at least 1"]),
            ("--ppo-mini-batch-size 5", ["--ppo-mini-batch-size is 5", "32"]),
            ("--temperature 0", ["--temperature is 0", "more than 0"]),
            ("--top-p 1.5", ["top_p is 1.5", "at most 1"]),
            ("--rollout-dtype f32", ["--rollout-dtype is f32", "bf16 or f16"]),
            ("--dtype f16", ["--dtype is f16", "f32 or bf16"]),
            ("--save-dtype f16", ["--save-dtype is f16", "f32 or bf16"]),
            ("--block-size 0", ["--block-size is 0", "multiple of 16"]),
            ("--block-size 1024", ["--block-size is 1024", "to 512"]),
            ("--ppo-max-token-len 9", ["--ppo-max-token-len is 9", "10 tokens"]),
            ("--cache-tokens 9", ["--cache-tokens is 9", "10 tokens"]),
            ("--clip-ratio-low 2", ["clip_ratio_low is 2", "between 0 and 1"]),
            ("--lr -1", ["learning rate is -1", "at least 0"]),
            ("--model m", ["--train", "required"]),
            ("--train a --val b", ["--model", "required"]),
            ("--warmup-steps 3 --model m --train a --val b", ["--warmup-steps", "cannot be used with"]),
        ] {
            let line = line.replace("--lr -1", "--lr=-1");
            let message = format!("{:#}", settings(&line).unwrap_err());
            assert!(parts.iter().all(|part| message.contains(part)), "{line}: {message}");
        }
    }
}
