//! The rollout engine: continuous batching over a paged cache, in bf16 or f16 as CANN's inference attention demands.
//!
//! [`Engine::generate`] takes requests, each a prompt with a number of samples, and gives their completions. Inside, the
//! [`scheduler`] (pure host) decides what runs: prompts are admitted while there is room, each prefilled once and its
//! blocks shared by its samples; all running samples take one step together; who finds no block is retracted and
//! continues later from the tokens it has. [`forward`] is the model's inference pass.
//!
//! With tensor parallelism every rank of a replica runs the same schedule on its part of the model; their sums and logits agree bit
//! for bit, so they draw the same tokens without telling each other ([`tensor_parallel`]).
//!
//! A token depends on the weights, its sequence so far and one uniform number, which comes from the run's seed, the
//! sample's id and the position: never on what else is in the batch.
//!
//! # Not covered
//! Graph capture, chunked prefill, prefix reuse across prompts, speculative decoding.

mod engine;
mod forward;
mod request;
mod scheduler;
mod tensor_parallel;
pub mod wire;

pub use engine::{Engine, EngineSettings};
pub use request::{Completion, Decoding, Finish, Progress, Request};
pub use tensor_parallel::TensorParallel;
