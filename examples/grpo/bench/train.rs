//! Training alone: forward, backward, clip and AdamW over sequences of one length.

use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};

use super::{PROMPTS, SAMPLES, Seconds, WARM_UP, config, line, trainer};
use crate::cli::BenchArgs;
use crate::policy::Sequence;
use crate::random::Random;
use crate::trainer::Sample;
use crate::worker::Worker;

/// Runs updates over sequences of `len` random tokens, all but the first of which are predicted.
pub fn run(worker: &Worker, args: &BenchArgs, len: usize) -> Result<Value> {
    let mut trainer = trainer(worker, args)?;
    let mut random = Random::new(args.seed);
    let vocab = config().vocab_size as u64;
    let sequences = PROMPTS * SAMPLES;
    let samples: Vec<Sample> = (0..sequences)
        .map(|i| {
            let tokens: Vec<u32> = (0..len).map(|_| random.range(vocab) as u32).collect();
            let advantage = if i % 2 == 0 { 1.0 } else { -1.0 };
            Sample { sequence: Sequence::new(&tokens[..1], &tokens[1..]), advantage, old_logp: None, ref_logp: None }
        })
        .collect();
    let seconds = (0..WARM_UP + args.steps)
        .map(|_| {
            let start = Instant::now();
            trainer.update(&worker.stream, &samples)?;
            worker.synchronize()?;
            Ok(start.elapsed().as_secs_f64())
        })
        .skip(WARM_UP)
        .collect::<Result<Vec<f64>>>()?;
    let seconds = Seconds::of(seconds.into_iter());
    let mut line = line(worker, args, &seconds, args.steps);
    line["tokens_per_step"] = json!(sequences * len);
    line["tokens_per_second"] = json!((sequences * len) as f64 / seconds.median);
    Ok(line)
}
