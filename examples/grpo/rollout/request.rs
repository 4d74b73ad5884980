//! What goes into the engine and what comes out.

use ascend_rl::ops::Sampling;

/// A prompt to be continued some number of times.
#[derive(Clone, Debug)]
pub struct Request {
    /// Token ids; at least one.
    pub prompt: Vec<u32>,
    /// Completions wanted.
    pub samples: usize,
    /// Id of the first sample; the others count on from it. With the seed it decides the random numbers.
    pub first_id: u64,
}

/// How all requests of one call are continued.
#[derive(Clone, Debug)]
pub struct Decoding {
    /// The distribution that tokens are drawn from.
    pub sampling: Sampling,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Longest completion, the end token included.
    pub max_new_tokens: usize,
    /// Tokens that end a completion; they are its last token.
    pub stop_tokens: Vec<u32>,
}

/// Why a completion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It drew a stop token.
    Stop,
    /// It reached `max_new_tokens`.
    Length,
}

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// Token ids, the stop token included.
    pub tokens: Vec<u32>,
    /// Log-probability of each, in the distribution that it was drawn from.
    pub logprobs: Vec<f32>,
    /// Why it ended.
    pub finish: Finish,
}

/// Where a call of `generate` is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Tokens drawn so far.
    pub tokens: usize,
    /// Samples that have ended.
    pub finished: usize,
    /// Samples in all.
    pub samples: usize,
}
