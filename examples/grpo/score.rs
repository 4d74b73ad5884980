//! `score`: log-probs of given tokens under a checkpoint.

use std::fs;

use anyhow::{Context, Result, ensure};
use ascend_rl::acl::Stream;
use serde_json::json;

use crate::checkpoint::Checkpoint;
use crate::cli::{Precision, ScoreArgs};
use crate::policy::{Packed, Policy, Sequence};

/// Tokens that are computed together, at most.
const MAX_TOKENS: usize = 8192;

/// Prints `{"logprobs": [[...], ...]}`: the log-prob of each token given those before it, one fewer than tokens.
pub fn run(s: &Stream, args: &ScoreArgs) -> Result<()> {
    ensure!(args.dtype != Precision::F16, "--dtype is f16: scoring computes in f32 or bf16");
    let name = args.tokens.display();
    let text = fs::read_to_string(&args.tokens).with_context(|| format!("{name}"))?;
    let lists: Vec<Vec<u32>> =
        serde_json::from_str(&text).with_context(|| format!("{name}: a JSON list of lists of token ids is needed"))?;
    let checkpoint = Checkpoint::open(&args.model)?;
    let mut policy = Policy::new(s, &checkpoint.config, args.dtype.into())?;
    policy.load(s, |name, shape| checkpoint.read_f32(name, shape))?;

    let sequences: Vec<Sequence> = lists.into_iter().map(|tokens| Sequence { prompt_len: 1.min(tokens.len()), tokens }).collect();
    let mut logprobs: Vec<Vec<f32>> = Vec::with_capacity(sequences.len());
    let mut rest = &sequences[..];
    while !rest.is_empty() {
        let mut tokens = 0;
        let fits = rest.iter().take_while(|sequence| {
            tokens += sequence.input_len();
            tokens <= MAX_TOKENS
        });
        let (batch, later) = rest.split_at(fits.count().max(1));
        let packed = Packed::new(batch)?;
        let all = policy.logprobs(s, &packed, 1.0)?;
        logprobs.extend(packed.split(&all.logp).map(<[f32]>::to_vec));
        rest = later;
    }
    println!("{}", json!({ "logprobs": logprobs }));
    Ok(())
}
