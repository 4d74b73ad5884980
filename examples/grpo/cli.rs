//! The command line: what `--help` teaches.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, value_parser};
use serde::Serialize;

/// Trains a language model with GRPO on Ascend NPUs, or on simulated ones where there is no card.
///
/// Without options it makes a small Qwen3 from nothing, teaches it the format of an addition task (supervised), and lets GRPO
/// find the carry rule: held-out accuracy goes from a quarter to nearly all, in minutes on a CPU. With --model, --train and
/// --val it trains a Hugging Face checkpoint on your data.
///
/// A step: roll out n samples of each prompt, score them, compute log-probs and group-relative advantages, update the policy,
/// give its weights to the rollout engine. Everything lands in runs/NAME: metrics.jsonl (verl's names), reward.svg, the
/// settings (--settings takes them back), checkpoints that transformers loads. At the end a table says where the time went.
///
/// Where two defaults are given in brackets, [first | second], the first holds for the built-in task, the second with --model.
#[derive(Parser)]
#[command(name = "grpo", version, args_conflicts_with_subcommands = true, args_override_self = true)]
pub struct Cli {
    /// Another thing to do than training.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of training.
    #[command(flatten)]
    pub train: TrainArgs,
}

/// What the program does beside training.
#[derive(Subcommand)]
pub enum Command {
    /// Log-probs of given tokens under a checkpoint, as JSON on stdout.
    Score(ScoreArgs),
    /// Continues a text.
    Generate(GenerateArgs),
    /// Times GRPO steps of a fixed shape and prints one line of JSON.
    Bench(BenchArgs),
}

/// A dtype on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// IEEE single.
    F32,
    /// Brain float.
    Bf16,
    /// IEEE half.
    F16,
}

/// Options of a training run.
///
/// The one list of them: `--help`, the keys of a settings file (names with underscores, in sections named as the headings) and
/// the file that a run leaves behind all come from here ([`crate::settings_file`]).
#[derive(Args, Clone, Debug, PartialEq, Serialize)]
pub struct TrainArgs {
    /// Folder of a Hugging Face checkpoint (Qwen2.5 or Qwen3, dense): config.json, safetensors, tokenizer.json.
    #[arg(long, value_name = "DIR", help_heading = "Model and data", requires = "train")]
    pub model: Option<PathBuf>,
    /// Training prompts: parquet in verl's schema (data_source, prompt, reward_model).
    #[arg(long, value_name = "FILE", help_heading = "Model and data", requires_all = ["model", "val"])]
    pub train: Option<PathBuf>,
    /// Held-out prompts, in the same schema.
    #[arg(long, value_name = "FILE", help_heading = "Model and data", requires = "train")]
    pub val: Option<PathBuf>,
    /// Longest prompt in tokens [6 | 512].
    #[arg(long, value_name = "TOKENS", help_heading = "Model and data")]
    pub max_prompt_length: Option<usize>,
    /// Longest completion in tokens, the end token included [4 | 1024].
    #[arg(long, value_name = "TOKENS", help_heading = "Model and data")]
    pub max_response_length: Option<usize>,
    /// Leave out prompts that are too long, instead of stopping at the first.
    #[arg(long, value_name = "BOOL", help_heading = "Model and data")]
    #[arg(action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    pub filter_overlong_prompts: bool,

    /// GRPO steps [400 | one epoch].
    #[arg(long, value_name = "N", help_heading = "GRPO")]
    pub steps: Option<usize>,
    /// Prompts of one step [32 | 16].
    #[arg(long, value_name = "N", help_heading = "GRPO")]
    pub train_batch_size: Option<usize>,
    /// Samples of each prompt: the group [16 | 5].
    #[arg(long = "n", value_name = "N", help_heading = "GRPO")]
    pub n: Option<usize>,
    /// Prompts of one update; fewer than a batch gives several updates a step [the whole batch].
    #[arg(long, value_name = "N", help_heading = "GRPO")]
    pub ppo_mini_batch_size: Option<usize>,
    /// Passes over a step's samples.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "GRPO")]
    pub ppo_epochs: usize,
    /// The ratio is clipped below at 1 less this.
    #[arg(long, value_name = "X", default_value_t = 0.2, help_heading = "GRPO")]
    pub clip_ratio_low: f64,
    /// The ratio is clipped above at 1 plus this.
    #[arg(long, value_name = "X", default_value_t = 0.2, help_heading = "GRPO")]
    pub clip_ratio_high: f64,
    /// Dual clip: the loss of a bad sample is at most this many times its advantage.
    #[arg(long, value_name = "X", default_value_t = 3.0, help_heading = "GRPO")]
    pub clip_ratio_c: f64,
    /// Weight of the KL to the reference policy (k3) in the loss; 0 needs no reference.
    #[arg(long, value_name = "X", default_value_t = 0.001, help_heading = "GRPO")]
    pub kl_loss_coef: f64,
    /// Do not divide advantages by their group's deviation (Dr. GRPO).
    #[arg(long, value_name = "BOOL", help_heading = "GRPO")]
    #[arg(action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    pub no_norm_adv_by_std: bool,

    /// Highest learning rate [5e-4 | 1e-6].
    #[arg(long, value_name = "X", help_heading = "Optimiser")]
    pub lr: Option<f64>,
    /// Steps in which it rises [10 | 0].
    #[arg(long, value_name = "N", help_heading = "Optimiser")]
    pub lr_warmup_steps: Option<usize>,
    /// Decoupled weight decay of AdamW.
    #[arg(long, value_name = "X", default_value_t = 0.01, help_heading = "Optimiser")]
    pub weight_decay: f64,
    /// Gradients with a larger norm are scaled down to it.
    #[arg(long, value_name = "X", default_value_t = 1.0, help_heading = "Optimiser")]
    pub clip_grad: f64,
    /// Compute dtype of training; master weights are f32 in any case.
    #[arg(long, value_enum, default_value_t = Precision::F32, help_heading = "Optimiser")]
    pub dtype: Precision,
    /// Tokens of one micro-batch on one device, at most.
    #[arg(long, value_name = "TOKENS", default_value_t = 8192, help_heading = "Optimiser")]
    pub ppo_max_token_len: usize,

    /// Divides the logits; 0 is no option here, since training needs a distribution.
    #[arg(long, value_name = "X", default_value_t = 1.0, help_heading = "Rollout")]
    pub temperature: f64,
    /// Sample from the most likely tokens only; 0 is all.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Rollout")]
    pub top_k: usize,
    /// Sample from the most likely tokens that reach this probability.
    #[arg(long, value_name = "X", default_value_t = 1.0, help_heading = "Rollout")]
    pub top_p: f64,
    /// Dtype of the rollout: CANN's inference attention takes bf16 and f16.
    #[arg(long, value_enum, default_value_t = Precision::Bf16, help_heading = "Rollout")]
    pub rollout_dtype: Precision,
    /// Tokens in a block of the KV cache: a multiple of 16, at most 512 [16 | 128].
    #[arg(long, value_name = "TOKENS", help_heading = "Rollout")]
    pub block_size: Option<usize>,
    /// Tokens that the KV cache of one copy of the rollout holds [enough for max-num-seqs of full length, up to half of the free memory].
    #[arg(long, value_name = "TOKENS", help_heading = "Rollout")]
    pub cache_tokens: Option<usize>,
    /// Samples that one copy of the rollout generates at once [512 | 256].
    #[arg(long, value_name = "N", help_heading = "Rollout")]
    pub max_num_seqs: Option<usize>,
    /// Prompt tokens that are prefilled at once.
    #[arg(long, value_name = "TOKENS", default_value_t = 8192, help_heading = "Rollout")]
    pub max_num_batched_tokens: usize,

    /// MiB of weights that a device has on their way to the rollout at once, and as many again on their way in [64, or 1 on
    /// simulated devices, which share a CPU's caches].
    #[arg(long, value_name = "MIB", help_heading = "Rollout")]
    pub update_weights_bucket_megabytes: Option<usize>,

    /// Supervised steps before GRPO, built-in task only: they teach the format, and carries as coin tosses [600].
    #[arg(long, value_name = "N", help_heading = "Warm-up", conflicts_with = "model")]
    pub warmup_steps: Option<usize>,

    /// A TOML file with any of these options, as a run leaves one in its folder: NAME = VALUE, underscores in place of dashes.
    /// What the command line says wins over the file, the file over the defaults.
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    #[serde(skip)]
    pub settings: Option<PathBuf>,
    /// Devices of the run: training is sharded over all of them (FSDP) [as many as the ranks that torchrun, mpirun or srun has
    /// started, each a process; else 4, each a thread].
    #[arg(long, value_name = "N", help_heading = "Devices")]
    pub devices: Option<usize>,
    /// Devices that hold one copy of the rollout's weights (tensor parallelism); there are devices / tp copies [2, or 1 where
    /// the devices are odd in number].
    #[arg(long, value_name = "N", help_heading = "Devices")]
    pub tp: Option<usize>,
    /// Ordinal of the first device.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Devices")]
    pub device: u32,
    /// Seconds that a device may keep the others waiting before the run ends.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, help_heading = "Devices")]
    pub collective_timeout: u64,

    /// Decides the problems, the initial weights, the order of prompts and every sampled token.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Run", value_parser = value_parser!(u64).range(..=SEEDS))]
    pub seed: u64,
    /// Folder of all runs.
    #[arg(long, value_name = "DIR", default_value = "runs", help_heading = "Run")]
    pub runs: PathBuf,
    /// Name of this run's folder [task and time].
    #[arg(long, help_heading = "Run")]
    pub name: Option<String>,
    /// Evaluate the held-out prompts every so many steps; 0: at the start and the end only.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Run")]
    pub test_freq: usize,
    /// Dtype of the weights in checkpoints.
    #[arg(long, value_enum, default_value_t = Precision::F32, help_heading = "Run")]
    pub save_dtype: Precision,
    /// Write a checkpoint every so many steps; 0: at the end only.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Run")]
    pub save_freq: usize,
    /// Write a Chrome trace (chrome://tracing, Perfetto): the stages of each step, and every operator and collective by device
    /// and stream. The traced steps run a little slower.
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    pub trace: Option<PathBuf>,
    /// GRPO steps in the trace, from the first on; 0: all.
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Run")]
    pub trace_steps: usize,
}

/// The largest seed: TOML's numbers end there.
const SEEDS: u64 = i64::MAX as u64;

/// Options of `score`.
#[derive(Args)]
pub struct ScoreArgs {
    /// Folder of a Hugging Face checkpoint.
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// A JSON list of lists of token ids.
    #[arg(long, value_name = "FILE")]
    pub tokens: PathBuf,
    /// Compute dtype.
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    pub dtype: Precision,
    /// Ordinal of the device.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub device: u32,
}

/// Options of `generate`.
#[derive(Args)]
pub struct GenerateArgs {
    /// Folder of a Hugging Face checkpoint.
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// The text to continue.
    #[arg(long, value_name = "TEXT")]
    pub prompt: String,
    /// Put the text into the checkpoint's chat template, as what a user says.
    #[arg(long)]
    pub chat: bool,
    /// Longest completion in tokens.
    #[arg(long, value_name = "TOKENS", default_value_t = 128)]
    pub max_new_tokens: usize,
    /// Divides the logits; 0 takes the most likely token.
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub temperature: f64,
    /// Sample from the most likely tokens only; 0 is all.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub top_k: usize,
    /// Sample from the most likely tokens that reach this probability.
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub top_p: f64,
    /// Completions to draw.
    #[arg(long = "n", value_name = "N", default_value_t = 1)]
    pub n: usize,
    /// Decides every sampled token.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// bf16 or f16.
    #[arg(long, value_enum, default_value_t = Precision::Bf16)]
    pub dtype: Precision,
    /// Ordinal of the device.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub device: u32,
}

/// A fixed shape of rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchShape {
    /// Exactly 16 new tokens each: bound by matrix products.
    Short,
    /// Up to 256 new tokens, ended as the model draws it (about 1 in 64): a long tail of lengths, as real rollouts have.
    Tail,
    /// Training alone: an update over 64 sequences of 22 tokens, of which all but the first are predicted.
    #[value(name = "train-22")]
    Train22,
    /// Training alone, 262 tokens each.
    #[value(name = "train-262")]
    Train262,
}

/// Options of `bench`.
#[derive(Args, Clone)]
pub struct BenchArgs {
    /// The shape: 64 completions in groups of 8 of a random Qwen3 (hidden 256, 4 layers), one update.
    #[arg(long, value_enum)]
    pub shape: BenchShape,
    /// Steps to time, after two that are not counted.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub steps: usize,
    /// Seed of weights, prompts and tokens.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Compute dtype of training.
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    pub dtype: Precision,
    /// Tokens of one micro-batch, at most.
    #[arg(long, value_name = "TOKENS", default_value_t = 8192)]
    pub ppo_max_token_len: usize,
    /// Devices to train on (FSDP) and to roll out on.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub devices: usize,
    /// Devices that hold one copy of the rollout's weights (tensor parallelism).
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub tp: usize,
    /// Ordinal of the first device.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub device: u32,
}
