//! `bench`: seconds of a GRPO step of a fixed shape, for a comparison with a peer that runs the same one.
//!
//! A random Qwen3 (hidden 256, 4 layers, 8 query and 4 key-value heads of 32, vocabulary 64), 64 completions a step in groups of
//! 8, lengths as the model draws them, no KL, so neither a reference nor an old-log-prob pass, one update.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::ops::Sampling;
use ascend_rl::tensor::DType;
use serde_json::json;

use crate::checkpoint::{Family, ModelConfig};
use crate::cli::{BenchArgs, BenchShape, Precision};
use crate::policy::{Policy, Sequence};
use crate::random::Random;
use crate::rollout::{Completion, Decoding, Engine, EngineSettings, Request};
use crate::trainer::{Decay, LossSettings, OptimizerSettings, Sample, Schedule, Trainer, TrainerSettings, group_advantages};

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
pub fn run(s: &Stream, args: &BenchArgs) -> Result<()> {
    ensure!(args.dtype != Precision::F16, "--dtype is f16: training computes in f32 or bf16");
    ensure!(args.steps > 0, "--steps is 0, at least 1 is needed");
    let (max_new_tokens, stop_tokens) = match args.shape {
        BenchShape::Short => (16, vec![]),
        BenchShape::Tail => (256, vec![END]),
    };
    let sampling = Sampling::default();
    let decoding = Decoding { sampling, seed: args.seed, max_new_tokens, stop_tokens };
    let mut policy = Policy::new(s, &config(), args.dtype.into())?;
    policy.load_random(s, args.seed)?;
    let schedule = Schedule { lr: 1e-4, warmup_steps: 0, decay: Decay::Constant, total_steps: 0 };
    let loss = LossSettings { kl_loss_coef: 0.0, ..LossSettings::default() };
    let settings = TrainerSettings { loss, temperature: 1.0, max_tokens: 8192 };
    let mut trainer = Trainer::new(s, policy, settings, OptimizerSettings::new(schedule))?;
    let mut engine = Engine::new(
        s,
        &config(),
        trainer.policy.masters(),
        EngineSettings {
            dtype: DType::BF16,
            block_size: 16,
            cache_tokens: PROMPTS * SAMPLES * (8 + max_new_tokens).next_multiple_of(16),
            max_num_seqs: PROMPTS * SAMPLES,
            max_prefill_tokens: 8192,
        },
    )?;
    let mut random = Random::new(args.seed);
    let steps = (0..WARM_UP + args.steps)
        .map(|number| step(s, &mut trainer, &mut engine, &decoding, &mut random, number))
        .collect::<Result<Vec<Step>>>()?;
    let steps = &steps[WARM_UP..];

    let mut seconds: Vec<f64> = steps.iter().map(|step| step.total.as_secs_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    let tokens = steps.iter().map(|step| step.tokens).sum::<usize>() as f64 / steps.len() as f64;
    let all: f64 = steps.iter().map(|step| step.total.as_secs_f64()).sum();
    let share = |stage: fn(&Step) -> Duration| steps.iter().map(|step| stage(step).as_secs_f64()).sum::<f64>() / all;
    let line = json!({
        "shape": format!("{:?}", args.shape).to_lowercase(),
        "device": format!("{:?}", s.device().cann().flavor()).to_lowercase(),
        "seconds_per_step": median,
        "seconds_per_step_min": seconds[0],
        "seconds_per_step_max": seconds[seconds.len() - 1],
        "steps": steps.len(),
        "completion_tokens_per_step": tokens,
        "completion_tokens_per_second": tokens / median,
        "peak_rss_mib": peak_rss_mib(),
        "training_dtype": args.dtype,
        "rollout_dtype": Precision::Bf16,
        "share": {
            "rollout": share(|step| step.rollout),
            "update": share(|step| step.update),
            "update_weights": share(|step| step.weights),
        },
    });
    println!("{line}");
    Ok(())
}

fn step(
    s: &Stream,
    trainer: &mut Trainer,
    engine: &mut Engine,
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
    let groups = engine.generate(s, &requests, decoding, |_| Ok(()))?;
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
    let tokens = trainer.update(s, &samples)?.tokens;
    s.synchronize()?;
    let update = begin.elapsed();
    let begin = Instant::now();
    engine.update_weights(s, trainer.policy.masters())?;
    s.synchronize()?;
    Ok(Step { rollout, update, weights: begin.elapsed(), total: start.elapsed(), tokens })
}

/// The most memory that this process has had resident, the simulated devices' included.
fn peak_rss_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
