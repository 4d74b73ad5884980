//! What is trained on: prompts, their tokenizer, and what a completion is worth.

use std::path::Path;

use anyhow::{Context, Result};

use crate::checkpoint::{Family, ModelConfig};
use crate::data::arithmetic::{self, Split};
use crate::data::prompts::limit_length;
use crate::data::{Prompt, Tokenizer, chat::ChatTemplate, parquet};
use crate::rewards;
use crate::rollout::{Completion, Finish};
use crate::settings::Settings;

/// Prompts to train on and to hold out, and how to read what is written for them.
pub struct Task {
    /// Names the task in folders and titles.
    pub name: &'static str,
    pub tokenizer: Tokenizer,
    pub train: Vec<Prompt>,
    pub held_out: Vec<Prompt>,
    /// The problems behind the prompts of the built-in task.
    pub split: Option<Split>,
}

impl Task {
    /// Additions with carries, and a tokenizer of characters.
    pub fn arithmetic(settings: &Settings) -> Result<Task> {
        let tokenizer = Tokenizer::characters()?;
        let split = Split::new(settings.seed);
        let prompt = |problem: &arithmetic::Problem| -> Result<Prompt> {
            let text = problem.prompt();
            Ok(Prompt {
                index: problem.index(),
                token_ids: tokenizer.encode(&text)?,
                text,
                data_source: arithmetic::DATA_SOURCE.into(),
                ground_truth: problem.answer(),
            })
        };
        let prompts = |problems: &[arithmetic::Problem]| problems.iter().map(prompt).collect::<Result<Vec<_>>>();
        let (train, held_out) = (prompts(&split.train)?, prompts(&split.held_out)?);
        let task = Task { name: arithmetic::DATA_SOURCE, train, held_out, split: Some(split), tokenizer };
        task.within(settings)
    }

    /// Parquet files, and the tokenizer and chat template of a checkpoint.
    pub fn files(settings: &Settings, model: &Path, train: &Path, val: &Path) -> Result<Task> {
        let tokenizer = Tokenizer::open(model)?;
        let template = ChatTemplate::open(model, &tokenizer)?.with_context(|| {
            format!("{}: no chat template (chat_template.jinja, or chat_template in tokenizer_config.json)", model.display())
        })?;
        let prompts = |file: &Path| -> Result<Vec<Prompt>> {
            let prompts = parquet::to_prompts(&parquet::read(file)?, &template, &tokenizer)?;
            for prompt in &prompts {
                rewards::rule(&prompt.data_source).with_context(|| file.display().to_string())?;
            }
            Ok(prompts)
        };
        Task { name: "files", train: prompts(train)?, held_out: prompts(val)?, split: None, tokenizer }.within(settings)
    }

    /// Leaves out prompts over the limit, or refuses them.
    fn within(mut self, settings: &Settings) -> Result<Task> {
        for (what, prompts) in [("training", &mut self.train), ("held-out", &mut self.held_out)] {
            let (kept, left_out) =
                limit_length(std::mem::take(prompts), settings.max_prompt_length, settings.filter_overlong_prompts)?;
            if left_out > 0 {
                eprintln!("{left_out} {what} prompts have more than {} tokens and are left out", settings.max_prompt_length);
            }
            *prompts = kept;
        }
        Ok(self)
    }

    /// The text of a completion, without its stop token.
    pub fn text(&self, completion: &Completion) -> Result<String> {
        self.tokenizer.decode(&completion.tokens, true)
    }

    /// What a completion is worth.
    pub fn reward(&self, prompt: &Prompt, completion: &Completion) -> Result<f32> {
        let text = self.text(completion)?;
        let written = rewards::Completion { text: &text, finished: completion.finish == Finish::Stop };
        rewards::score(&prompt.data_source, written, &prompt.ground_truth)
    }

    /// The fresh model of the built-in task: 0.4 M parameters.
    pub fn fresh_config(&self) -> Result<ModelConfig> {
        Ok(ModelConfig {
            family: Family::Qwen3,
            vocab_size: self.tokenizer.vocab_size(),
            hidden_size: 128,
            intermediate_size: 256,
            num_layers: 2,
            num_heads: 8,
            num_kv_heads: 4,
            head_dim: 32,
            rms_norm_eps: 1e-6,
            rope_theta: 100.0,
            tie_word_embeddings: true,
            max_position_embeddings: 64,
            initializer_range: 0.06,
            eos_token_ids: self.tokenizer.stop_tokens(&[])?,
            pad_token_id: Some(self.tokenizer.pad_token(None)?),
            bos_token_id: None,
        })
    }
}
