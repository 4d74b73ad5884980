//! Completions as words, to be sent between ranks.

use anyhow::{Context, Result};

use super::request::{Completion, Finish};

/// Of each request its number of completions; of each of those its length, how it ended, its tokens and log-probs.
pub fn encode(completions: &[Vec<Completion>]) -> Vec<u32> {
    let mut words = Vec::new();
    for samples in completions {
        words.push(samples.len() as u32);
        for Completion { tokens, logprobs, finish } in samples {
            words.extend([tokens.len() as u32, u32::from(*finish == Finish::Stop)]);
            words.extend(tokens);
            words.extend(logprobs.iter().map(|logprob| logprob.to_bits()));
        }
    }
    words
}

/// The reverse of [`encode`].
pub fn decode(words: &[u32]) -> Result<Vec<Vec<Completion>>> {
    let mut words = Words(words);
    let mut completions = Vec::new();
    while !words.0.is_empty() {
        let samples = words.take(1)?[0];
        let sample = |words: &mut Words<'_>| -> Result<Completion> {
            let (len, stopped) = (words.take(1)?[0], words.take(1)?[0]);
            let tokens = words.take(len as usize)?.to_vec();
            let logprobs = words.take(len as usize)?.iter().map(|&bits| f32::from_bits(bits)).collect();
            Ok(Completion { tokens, logprobs, finish: if stopped == 1 { Finish::Stop } else { Finish::Length } })
        };
        completions.push((0..samples).map(|_| sample(&mut words)).collect::<Result<_>>()?);
    }
    Ok(completions)
}

struct Words<'a>(&'a [u32]);

impl<'a> Words<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u32]> {
        let (taken, rest) = self.0.split_at_checked(count).context("completions of another rank end in the middle")?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_survive_the_way_bit_for_bit() {
        let completion = |tokens: &[u32], finish| Completion {
            tokens: tokens.to_vec(),
            logprobs: tokens.iter().map(|&t| -(t as f32) / 3.0).collect(),
            finish,
        };
        let all = vec![
            vec![completion(&[5, 6, 7], Finish::Stop), completion(&[9], Finish::Length)],
            vec![],
            vec![completion(&[u32::MAX], Finish::Stop)],
        ];
        let words = encode(&all);
        assert_eq!(decode(&words).unwrap(), all);
        assert_eq!(decode(&[]).unwrap(), Vec::<Vec<Completion>>::new());
        assert!(decode(&words[..words.len() - 1]).is_err());
    }
}
