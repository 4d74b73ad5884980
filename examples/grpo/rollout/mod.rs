//! The rollout engine: continuous batching over a paged cache, in bf16 or f16 as CANN's inference attention demands.
//!
//! [`Engine::generate`] takes requests, each a prompt with a number of samples, and gives their completions. Inside, the
//! [`scheduler`] (pure host) decides what runs: prompts are admitted while there is room, each prefilled once and its
//! blocks shared by its samples; all running samples take one step together; who finds no block is retracted and
//! continues later from the tokens it has. [`forward`] is the model's inference pass.
//!
//! A token depends on the weights, its sequence so far and one uniform number, which comes from the run's seed, the
//! sample's id and the position: never on what else is in the batch.
//!
//! # Not covered
//! Graph capture, chunked prefill, prefix reuse across prompts, speculative decoding, tensor parallelism.

mod engine;
mod forward;
mod request;
mod scheduler;

pub use engine::{Engine, EngineSettings};
pub use request::{Completion, Decoding, Finish, Request};
