//! `bench`: seconds of a GRPO step of a fixed shape, for a comparison with a peer that runs the same one.
//!
//! A random Qwen3 (hidden 256, 4 layers, 8 query and 4 key-value heads of 32, vocabulary 64), 64 completions a step in groups of
//! 8, lengths as the model draws them, no KL, so neither a reference nor an old-log-prob pass, one update.

mod train;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ascend_rl::ops::Sampling;
use ascend_rl::sys::Cann;
use ascend_rl::tensor::DType;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::checkpoint::{Family, ModelConfig};
use crate::cli::{BenchArgs, BenchShape, Precision};
use crate::launch::{Place, launch};
use crate::layout::Layout;
use crate::policy::Sequence;
use crate::random::Random;
use crate::rollout::{Completion, Decoding, EngineSettings, Request};
use crate::sampler::Sampler;
use crate::trainer::{Decay, LossSettings, OptimizerSettings, Sample, Schedule, Trainer, TrainerSettings, group_advantages};
use crate::worker::Worker;

const PROMPTS: usize = 8;
const SAMPLES: usize = 8;
const END: u32 = 1;
/// Digits, then `+ - * =`: the first ids behind pad, end and unknown.
const CHARACTERS: &str = "0123456789+-*=";
/// Steps that are not counted: caches fill and memory is touched for the first time.
const WARM_UP: usize = 2;

fn config() -> ModelConfig {
    ModelConfig {
        family: Family::Qwen3,
        vocab_size: 64,
        hidden_size: 256,
        intermediate_size: 768,
        num_layers: 4,
        num_heads: 8,
        num_kv_heads: 4,
        head_dim: 32,
        rms_norm_eps: 1e-6,
        rope_theta: 1e4,
        tie_word_embeddings: true,
        max_position_embeddings: 512,
        initializer_range: 0.02,
        eos_token_ids: vec![END],
        pad_token_id: Some(0),
        bos_token_id: None,
    }
}

/// `a+b=` with numbers below 100, and the sum.
fn problem(random: &mut Random) -> (Vec<u32>, Vec<u32>) {
    let (a, b) = (random.range(100), random.range(100));
    let ids = |text: String| text.chars().filter_map(|c| CHARACTERS.find(c)).map(|at| at as u32 + 3).collect();
    (ids(format!("{a}+{b}=")), ids((a + b).to_string()))
}

/// Times of one step's stages, and what it made.
struct Step {
    rollout: Duration,
    update: Duration,
    weights: Duration,
    total: Duration,
    tokens: usize,
}

/// Runs the bench and prints one line of JSON.
pub fn run(args: &BenchArgs) -> Result<()> {
    ensure!(args.dtype != Precision::F16, "--dtype is f16: training computes in f32 or bf16");
    ensure!(args.steps > 0, "--steps is 0, at least 1 is needed");
    let place =
        Place { layout: Layout::new(args.devices, args.tp)?, first_device: args.device, timeout: Duration::from_secs(600) };
    let args = args.clone();
    let line = launch(&Cann::load()?, place, move |worker| match args.shape {
        BenchShape::Short => steps(worker, &args, 16, vec![]),
        BenchShape::Tail => steps(worker, &args, 256, vec![END]),
        BenchShape::Train22 => train::run(worker, &args, 22),
        BenchShape::Train262 => train::run(worker, &args, 262),
    })?;
    println!("{line}");
    Ok(())
}

/// Whole GRPO steps.
fn steps(worker: &Worker, args: &BenchArgs, max_new_tokens: usize, stop_tokens: Vec<u32>) -> Result<Value> {
    let decoding = Decoding { sampling: Sampling::default(), seed: args.seed, max_new_tokens, stop_tokens };
    let mut trainer = trainer(worker, args)?;
    let settings = EngineSettings {
        dtype: DType::BF16,
        block_size: 16,
        cache_tokens: PROMPTS * SAMPLES * (8 + max_new_tokens).next_multiple_of(16),
        max_num_seqs: PROMPTS * SAMPLES,
        max_prefill_tokens: 8192,
    };
    let mut sampler = Sampler::new(worker, &trainer.policy, settings, 1 << 20)?;
    let mut random = Random::new(args.seed);
    let steps = (0..WARM_UP + args.steps)
        .map(|number| step(worker, &mut trainer, &mut sampler, &decoding, &mut random, number))
        .collect::<Result<Vec<Step>>>()?;
    let steps = &steps[WARM_UP..];

    let seconds = Seconds::of(steps.iter().map(|step| step.total.as_secs_f64()));
    let tokens = steps.iter().map(|step| step.tokens).sum::<usize>() as f64 / steps.len() as f64;
    let all: f64 = steps.iter().map(|step| step.total.as_secs_f64()).sum();
    let share = |stage: fn(&Step) -> Duration| steps.iter().map(|step| stage(step).as_secs_f64()).sum::<f64>() / all;
    let mut line = line(worker, args, &seconds, steps.len());
    line["completion_tokens_per_step"] = json!(tokens);
    line["completion_tokens_per_second"] = json!(tokens / seconds.median);
    line["rollout_dtype"] = json!(Precision::Bf16);
    line["share"] = json!({
        "rollout": share(|step| step.rollout),
        "update": share(|step| step.update),
        "update_weights": share(|step| step.weights),
    });
    Ok(line)
}

/// What every shape says.
fn line(worker: &Worker, args: &BenchArgs, seconds: &Seconds, steps: usize) -> Value {
    json!({
        "shape": args.shape.to_possible_value().map(|shape| shape.get_name().to_string()),
        "device": format!("{:?}", worker.device().cann().flavor()).to_lowercase(),
        "devices": worker.layout.world_size,
        "tp": worker.layout.tp_size,
        "seconds_per_step": seconds.median,
        "seconds_per_step_min": seconds.min,
        "seconds_per_step_max": seconds.max,
        "steps": steps,
        "peak_rss_mib": peak_rss_mib(),
        "training_dtype": args.dtype,
    })
}

/// Of all steps.
struct Seconds {
    min: f64,
    median: f64,
    max: f64,
}

impl Seconds {
    fn of(seconds: impl Iterator<Item = f64>) -> Seconds {
        let mut seconds: Vec<f64> = seconds.collect();
        seconds.sort_by(f64::total_cmp);
        let at = |i: usize| seconds.get(i).copied().unwrap_or(f64::NAN);
        Seconds { min: at(0), median: at(seconds.len() / 2), max: at(seconds.len().saturating_sub(1)) }
    }
}

/// A trainer of a random policy.
fn trainer(worker: &Worker, args: &BenchArgs) -> Result<Trainer> {
    let s = &worker.stream;
    let mut policy = worker.policy(&config(), args.dtype.into())?;
    policy.load_random(s, args.seed)?;
    let schedule = Schedule { lr: 1e-4, warmup_steps: 0, decay: Decay::Constant, total_steps: 0 };
    let loss = LossSettings { kl_loss_coef: 0.0, ..LossSettings::default() };
    let settings = TrainerSettings { loss, temperature: 1.0, max_tokens: args.ppo_max_token_len };
    Trainer::new(s, policy, settings, OptimizerSettings::new(schedule))
}

fn step(
    worker: &Worker,
    trainer: &mut Trainer,
    sampler: &mut Sampler,
    decoding: &Decoding,
    random: &mut Random,
    number: usize,
) -> Result<Step> {
    let start = Instant::now();
    let (prompts, answers): (Vec<_>, Vec<_>) = (0..PROMPTS).map(|_| problem(random)).unzip();
    let requests: Vec<Request> = prompts
        .into_iter()
        .enumerate()
        .map(|(i, prompt)| Request { prompt, samples: SAMPLES, first_id: ((number * PROMPTS + i) * SAMPLES) as u64 })
        .collect();
    let groups = sampler.generate(worker, &requests, decoding, |_| Ok(()))?;
    let rollout = start.elapsed();

    let mut rewards = Vec::new();
    let mut samples = Vec::new();
    for (request, (completions, answer)) in requests.iter().zip(groups.iter().zip(&answers)) {
        for Completion { tokens, .. } in completions {
            rewards.push(if tokens.starts_with(answer) { 1.0 } else { 0.0 });
            let sequence = Sequence::new(&request.prompt, tokens);
            samples.push(Sample { sequence, advantage: 0.0, old_logp: None, ref_logp: None });
        }
    }
    let index: Vec<usize> = (0..rewards.len()).map(|i| i / SAMPLES).collect();
    for (sample, advantage) in samples.iter_mut().zip(group_advantages(&rewards, &index, true)) {
        sample.advantage = advantage;
    }
    let begin = Instant::now();
    let tokens = trainer.update(&worker.stream, &samples)?.tokens;
    worker.synchronize()?;
    let update = begin.elapsed();
    let begin = Instant::now();
    sampler.update_weights(worker, &trainer.policy)?;
    worker.synchronize()?;
    Ok(Step { rollout, update, weights: begin.elapsed(), total: start.elapsed(), tokens })
}

/// The most memory that this process has had resident, the simulated devices' included.
fn peak_rss_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
