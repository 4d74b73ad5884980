//! `generate`: continues a text.

use anyhow::{Context, Result, ensure};
use ascend_rl::acl::Stream;
use ascend_rl::ops::Sampling;
use ascend_rl::tensor::DType;

use crate::checkpoint::Checkpoint;
use crate::cli::{GenerateArgs, Precision};
use crate::data::Tokenizer;
use crate::data::chat::{ChatTemplate, Message};
use crate::layout::TpRank;
use crate::policy::{Policy, Store};
use crate::rollout::{Decoding, Engine, EngineSettings, Request, TensorParallel};

/// Prints each completion; the prompt is not repeated.
pub fn run(s: &Stream, args: &GenerateArgs) -> Result<()> {
    ensure!(args.dtype != Precision::F32, "--dtype is f32: CANN's inference attention takes bf16 or f16");
    let checkpoint = Checkpoint::open(&args.model)?;
    let config = &checkpoint.config;
    let tokenizer = Tokenizer::open(&args.model)?;
    tokenizer.check_fits(config.vocab_size)?;
    let text = match args.chat {
        false => args.prompt.clone(),
        true => ChatTemplate::open(&args.model, &tokenizer)?
            .with_context(|| format!("{}: no chat template; leave --chat out", args.model.display()))?
            .render(&[Message { role: "user".into(), content: args.prompt.clone() }])?,
    };
    let prompt = tokenizer.encode(&text)?;
    ensure!(!prompt.is_empty(), "--prompt has no tokens; give at least one character");

    let weights = load(s, &checkpoint)?;
    let room = config.max_position_embeddings.saturating_sub(prompt.len());
    let decoding = Decoding {
        sampling: Sampling { temperature: args.temperature, top_k: args.top_k, top_p: args.top_p },
        seed: args.seed,
        max_new_tokens: args.max_new_tokens.min(room),
        stop_tokens: tokenizer.stop_tokens(&config.eos_token_ids)?,
    };
    ensure!(room > 0, "the prompt has {} tokens, the model knows {} positions", prompt.len(), config.max_position_embeddings);
    let settings = EngineSettings {
        dtype: args.dtype.into(),
        block_size: 128,
        cache_tokens: args.n.max(1) * (prompt.len() + decoding.max_new_tokens).next_multiple_of(128) + 128,
        max_num_seqs: args.n.max(1),
        max_prefill_tokens: 8192,
    };
    let mut engine = Engine::new(s, config, TpRank::WHOLE, settings)?;
    engine.weights_mut().cast_from(s, &weights)?;
    drop(weights);
    let request = Request { prompt, samples: args.n, first_id: 0 };
    let completions = engine.generate(TensorParallel::alone(s), &[request], &decoding, |_| Ok(()))?;
    for completion in completions.iter().flatten() {
        println!("{}", tokenizer.decode(&completion.tokens, true)?);
    }
    Ok(())
}

/// A checkpoint's weights in f32.
fn load(s: &Stream, checkpoint: &Checkpoint) -> Result<Store> {
    let mut policy = Policy::new(s, &checkpoint.config, DType::F32)?;
    policy.load(s, |name, shape| checkpoint.read_f32(name, shape))?;
    Ok(policy.into_masters())
}
