//! Who runs next. Pure host: tokens, lengths and blocks, no tensors.

use std::collections::VecDeque;

use anyhow::{Result, bail};
use ascend_rl::attention::{PagedKvCache, Sequence};
use ascend_rl::error::ErrorKind;

use super::request::{Completion, Decoding, Finish, Request};

/// One completion that is under way.
pub struct Sample {
    /// Where its completion goes: (request, sample within it).
    pub slot: (usize, usize),
    /// Decides its random numbers.
    pub id: u64,
    /// Tokens drawn so far.
    pub tokens: Vec<u32>,
    /// Their log-probabilities.
    pub logprobs: Vec<f32>,
}

/// Tokens to prefill once, for one or more samples. A retracted sample waits alone, with what it has drawn behind the prompt.
pub struct Waiting {
    pub tokens: Vec<u32>,
    pub samples: Vec<Sample>,
}

/// A sample with its place in the cache. Its last token is drawn but not yet in the cache.
pub struct Running {
    pub sample: Sample,
    pub sequence: Sequence,
    /// Where its prompt is, for a retraction.
    pub request: usize,
}

/// The queues of one call of `generate`.
pub struct Scheduler<'a> {
    requests: &'a [Request],
    decoding: &'a Decoding,
    max_num_seqs: usize,
    max_prefill_tokens: usize,
    waiting: VecDeque<Waiting>,
    /// In the order of admission; the last is retracted first.
    pub running: Vec<Running>,
    completions: Vec<Vec<Option<Completion>>>,
    finished: usize,
}

impl<'a> Scheduler<'a> {
    /// All requests wait.
    pub fn new(requests: &'a [Request], decoding: &'a Decoding, max_num_seqs: usize, max_prefill_tokens: usize) -> Scheduler<'a> {
        let sample = |request: usize, k: usize| Sample {
            slot: (request, k),
            id: requests[request].first_id + k as u64,
            tokens: Vec::new(),
            logprobs: Vec::new(),
        };
        // A request with more samples than may run at once is prefilled again for each share.
        let waiting = requests.iter().enumerate().flat_map(|(i, r)| {
            (0..r.samples).step_by(max_num_seqs).map(move |first| Waiting {
                tokens: r.prompt.clone(),
                samples: (first..r.samples.min(first + max_num_seqs)).map(|k| sample(i, k)).collect(),
            })
        });
        let completions = requests.iter().map(|r| (0..r.samples).map(|_| None).collect()).collect();
        Scheduler {
            requests,
            decoding,
            max_num_seqs,
            max_prefill_tokens,
            waiting: waiting.collect(),
            running: Vec::new(),
            completions,
            finished: 0,
        }
    }

    /// Whether every sample has ended.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// Samples that have ended.
    pub fn finished(&self) -> usize {
        self.finished
    }

    /// The waiting prompts that may start now, first come first served, each with a sequence that has its slots.
    pub fn admit(&mut self, cache: &PagedKvCache) -> Result<Vec<(Waiting, Sequence, Vec<i32>)>> {
        let mut admitted = Vec::new();
        let (mut seqs, mut tokens) = (self.running.len(), 0);
        // Each running sample may need a block for its next token, and so may each new one.
        let mut reserve = self.running.len();
        while let Some(next) = self.waiting.front() {
            seqs += next.samples.len();
            tokens += next.tokens.len();
            reserve += next.samples.len();
            let blocks = cache.spec().blocks_for(next.tokens.len());
            let alone = self.running.is_empty() && admitted.is_empty();
            let over = seqs > self.max_num_seqs || tokens > self.max_prefill_tokens || blocks + reserve > cache.free_blocks();
            if over && !alone {
                break;
            }
            let Some(waiting) = self.waiting.pop_front() else { break };
            let mut sequence = cache.sequence();
            let Ok(slots) = sequence.append(waiting.tokens.len()) else {
                let (need, have) = (blocks, cache.num_blocks());
                bail!(
                    "a sequence of {} tokens needs {need} cache blocks, the cache has {have}; raise --cache-tokens",
                    waiting.tokens.len()
                );
            };
            admitted.push((waiting, sequence, slots));
        }
        Ok(admitted)
    }

    /// Takes the first token of each sample of a prefilled prompt. Those that go on share its blocks.
    pub fn start(&mut self, waiting: Waiting, sequence: &Sequence, drawn: &[(u32, f32)]) {
        for (sample, &(token, logprob)) in waiting.samples.into_iter().zip(drawn) {
            let request = sample.slot.0;
            if let Some(sample) = self.push(sample, token, logprob) {
                self.running.push(Running { sample, sequence: sequence.fork(), request });
            }
        }
    }

    /// Makes room for one more token of each running sample and gives the slots. Where blocks run out, the samples that
    /// were admitted last are retracted: they wait, with the tokens they have, and are prefilled again later.
    pub fn grow(&mut self) -> Result<Vec<i32>> {
        let mut slots = Vec::with_capacity(self.running.len());
        while slots.len() < self.running.len() {
            let at = slots.len();
            match self.running[at].sequence.append(1) {
                Ok(slot) => slots.extend(slot),
                Err(error) if error.kind() == ErrorKind::OutOfBlocks && self.running.len() > 1 => {
                    let Some(Running { sample, sequence, request }) = self.running.pop() else { break };
                    // Its block may be in this step's slots already only if it is `at` itself or behind it: it is not.
                    drop(sequence);
                    let tokens = [&self.requests[request].prompt[..], &sample.tokens].concat();
                    self.waiting.push_front(Waiting { tokens, samples: vec![sample] });
                }
                Err(error) => bail!("one sequence alone does not fit in the cache ({error}); raise --cache-tokens"),
            }
        }
        Ok(slots)
    }

    /// Takes one token for each running sample, in order; those that end give their blocks back.
    pub fn step(&mut self, drawn: &[(u32, f32)]) {
        let running = std::mem::take(&mut self.running);
        for (Running { sample, sequence, request }, &(token, logprob)) in running.into_iter().zip(drawn) {
            if let Some(sample) = self.push(sample, token, logprob) {
                self.running.push(Running { sample, sequence, request });
            }
        }
    }

    /// One more token; `None` when it ends the sample.
    fn push(&mut self, mut sample: Sample, token: u32, logprob: f32) -> Option<Sample> {
        sample.tokens.push(token);
        sample.logprobs.push(logprob);
        let stop = self.decoding.stop_tokens.contains(&token);
        if !stop && sample.tokens.len() < self.decoding.max_new_tokens {
            return Some(sample);
        }
        let (request, k) = sample.slot;
        let finish = if stop { Finish::Stop } else { Finish::Length };
        self.completions[request][k] = Some(Completion { tokens: sample.tokens, logprobs: sample.logprobs, finish });
        self.finished += 1;
        None
    }

    /// All completions, by request and sample, once [`Scheduler::is_done`].
    pub fn into_completions(self) -> Vec<Vec<Completion>> {
        self.completions.into_iter().map(|samples| samples.into_iter().flatten().collect()).collect()
    }
}
