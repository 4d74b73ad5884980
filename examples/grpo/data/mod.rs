//! Where prompts come from: the built-in arithmetic task, or parquet files in verl's schema; tokenizers and chat
//! templates as Hugging Face checkpoints carry them; shuffled batches.
//!
//! Uses `random` only. Knows nothing of rewards, policies or devices. Does not cover yet: several files in one data
//! set, images or tools in a chat, resuming in the middle of an epoch.

pub mod arithmetic;
pub mod chat;
pub mod parquet;
pub mod prompts;
pub mod tokenizer;

pub use prompts::{Loader, Prompt};
pub use tokenizer::Tokenizer;
