//! Sequences of different lengths as one packed batch: no padding, and no work for what nothing reads.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Result, ensure};

/// A prompt and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Prompt, then response.
    pub tokens: Vec<u32>,
    /// How many of them are the prompt; at least 1, for the first token has nothing before it that could predict it.
    pub prompt_len: usize,
}

impl Sequence {
    /// A prompt with its response.
    pub fn new(prompt: &[u32], response: &[u32]) -> Sequence {
        Sequence { tokens: [prompt, response].concat(), prompt_len: prompt.len() }
    }

    /// The prompt.
    pub fn prompt(&self) -> &[u32] {
        &self.tokens[..self.prompt_len]
    }

    /// How many tokens are judged.
    pub fn response_len(&self) -> usize {
        self.tokens.len().saturating_sub(self.prompt_len)
    }

    /// How many positions the policy computes: all but the last token, which predicts nothing. None where there is no response.
    pub fn input_len(&self) -> usize {
        match self.response_len() {
            0 => 0,
            _ => self.tokens.len() - 1,
        }
    }
}

/// Sharing prompts pays when it saves one in so many tokens: it costs a copy of the keys and values of each layer.
const WORTH: usize = 16;

/// Sequences end to end. `t` input tokens; `r` response tokens are predicted from them.
///
/// The samples of one prompt share its tokens: its keys and values, and the prediction of each first response token, come from
/// the same rows. Each response is then a sequence of its own queries, whose keys are the prompt's followed by its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Input tokens, `[t]`.
    pub tokens: Vec<i32>,
    /// The place of each in its own sequence, `[t]`.
    pub positions: Vec<i32>,
    /// Where each sequence of queries ends among the tokens, cumulative.
    pub seq_ends: Vec<i64>,
    /// The keys of each sequence, as rows of the tokens, and where each ends among them. Empty where nothing is shared: the
    /// tokens themselves then.
    pub kv_rows: Vec<i32>,
    /// As `kv_rows`.
    pub kv_seq_ends: Vec<i64>,
    /// Which token predicts, `[r]`. A shared prompt's last does so for each of its samples.
    pub rows: Vec<i32>,
    /// What each of them predicts, `[r]`.
    pub targets: Vec<i64>,
    /// Where each given sequence ends among the rows, cumulative; sequences without a response too.
    pub row_ends: Vec<usize>,
}

impl Packed {
    /// Packs sequences in the given order.
    pub fn new<'a>(sequences: impl IntoIterator<Item = &'a Sequence>) -> Result<Packed> {
        let sequences: Vec<&Sequence> = sequences.into_iter().collect();
        let mut samples: HashMap<&[u32], usize> = HashMap::new();
        let mut all = 0;
        for sequence in sequences.iter().filter(|sequence| sequence.response_len() > 0) {
            ensure!(
                sequence.prompt_len > 0,
                "a sequence without a prompt: its first token has no log-prob; begin it with a token"
            );
            *samples.entry(sequence.prompt()).or_default() += 1;
            all += sequence.input_len();
        }
        let saved: usize = samples.iter().map(|(prompt, samples)| prompt.len() * (samples - 1)).sum();
        let share = saved > 0 && saved >= all / WORTH;
        ensure!(
            all - if share { saved } else { 0 } <= i32::MAX as usize,
            "more than 2^31 tokens in one batch; use smaller micro-batches"
        );

        let mut packed = Packed::default();
        let mut prompts = HashMap::new();
        for sequence in sequences {
            if sequence.response_len() > 0 {
                let (prompt, response) = (sequence.prompt(), &sequence.tokens[sequence.prompt_len..]);
                let fed = &response[..response.len() - 1];
                let last = if share && samples[prompt] > 1 {
                    let first = *prompts.entry(prompt).or_insert_with(|| packed.push(prompt, 0, None));
                    let own = packed.tokens.len();
                    if !fed.is_empty() {
                        packed.push(fed, prompt.len(), Some(first..first + prompt.len()));
                    }
                    packed.rows.push((first + prompt.len() - 1) as i32);
                    own
                } else {
                    let first = packed.push(&sequence.tokens[..sequence.input_len()], 0, None);
                    packed.rows.push((first + prompt.len() - 1) as i32);
                    first + prompt.len()
                };
                packed.rows.extend((last..last + fed.len()).map(|row| row as i32));
                packed.targets.extend(response.iter().map(|&id| i64::from(id)));
            }
            packed.row_ends.push(packed.rows.len());
        }
        if !share {
            (packed.kv_rows, packed.kv_seq_ends) = (Vec::new(), Vec::new());
        }
        Ok(packed)
    }

    /// Adds a sequence of queries, the first at a position, that see rows before them and each other. Answers with its first row.
    fn push(&mut self, tokens: &[u32], position: usize, sees: Option<Range<usize>>) -> usize {
        let first = self.tokens.len();
        let end = first + tokens.len();
        self.tokens.extend(tokens.iter().map(|&id| id as i32));
        self.positions.extend((position..position + tokens.len()).map(|position| position as i32));
        self.seq_ends.push(end as i64);
        self.kv_rows.extend(sees.into_iter().flatten().chain(first..end).map(|row| row as i32));
        self.kv_seq_ends.push(self.kv_rows.len() as i64);
        first
    }

    /// `t`.
    pub fn num_tokens(&self) -> usize {
        self.tokens.len()
    }

    /// `r`.
    pub fn num_rows(&self) -> usize {
        self.rows.len()
    }

    /// The longest sequence.
    pub fn max_len(&self) -> usize {
        self.positions.iter().max().map_or(0, |&p| p as usize + 1)
    }

    /// Cuts one value a row into one slice a sequence.
    pub fn split<'a, T>(&'a self, values: &'a [T]) -> impl Iterator<Item = &'a [T]> {
        let starts = std::iter::once(0).chain(self.row_ends.iter().copied());
        starts.zip(&self.row_ends).map(move |(start, &end)| &values[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_what_predicts_and_drops_the_last_token() {
        let sequences = [Sequence::new(&[5, 6, 7], &[8, 9]), Sequence::new(&[1, 2], &[]), Sequence::new(&[3], &[4])];
        let packed = Packed::new(&sequences).unwrap();
        assert_eq!(packed.tokens, [5, 6, 7, 8, 3]);
        assert_eq!(packed.positions, [0, 1, 2, 3, 0]);
        assert_eq!(packed.seq_ends, [4, 5]);
        assert_eq!(packed.rows, [2, 3, 4]);
        assert_eq!(packed.targets, [8, 9, 4]);
        assert_eq!(packed.row_ends, [2, 2, 3]);
        assert_eq!(packed.max_len(), 4);
        let cut: Vec<_> = packed.split(&['a', 'b', 'c']).collect();
        assert_eq!(cut, [&['a', 'b'][..], &[], &['c']]);
        assert!(packed.kv_rows.is_empty() && packed.kv_seq_ends.is_empty());
        assert!(Packed::new(&[Sequence::new(&[], &[1, 2])]).is_err());
        assert_eq!(Packed::new(&[]).unwrap(), Packed::default());
    }

    #[test]
    fn samples_share_the_rows_of_their_prompt() {
        let sequences = [
            Sequence::new(&[5, 6], &[7, 8]),
            Sequence::new(&[1], &[2, 3]),
            Sequence::new(&[5, 6], &[9]),
            Sequence::new(&[5, 6], &[]),
            Sequence::new(&[5, 6], &[4, 4, 4]),
        ];
        let packed = Packed::new(&sequences).unwrap();
        assert_eq!(packed.tokens, [5, 6, 7, 1, 2, 4, 4]);
        assert_eq!(packed.positions, [0, 1, 2, 0, 1, 2, 3]);
        assert_eq!(packed.seq_ends, [2, 3, 5, 7]);
        assert_eq!(packed.kv_rows, [0, 1, 0, 1, 2, 3, 4, 0, 1, 5, 6]);
        assert_eq!(packed.kv_seq_ends, [2, 5, 7, 11]);
        assert_eq!(packed.rows, [1, 2, 3, 4, 1, 1, 5, 6]);
        assert_eq!(packed.targets, [7, 8, 2, 3, 9, 4, 4, 4]);
        assert_eq!(packed.row_ends, [2, 4, 5, 5, 8]);
        assert_eq!(packed.max_len(), 4);
    }

    #[test]
    fn short_prompts_of_long_responses_are_not_worth_sharing() {
        let long = [Sequence::new(&[1], &[2; 40]), Sequence::new(&[1], &[3; 40])];
        let packed = Packed::new(&long).unwrap();
        assert_eq!((packed.num_tokens(), packed.kv_rows.len()), (80, 0));
    }
}
