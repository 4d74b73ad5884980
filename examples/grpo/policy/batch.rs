//! Sequences of different lengths as one packed batch: no padding, and no work for what nothing reads.

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

/// Sequences end to end. `t` input tokens, of which `r` predict a response token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Input tokens, `[t]`.
    pub tokens: Vec<i32>,
    /// The place of each in its own sequence, `[t]`.
    pub positions: Vec<i32>,
    /// Where each sequence with a response ends among the tokens, cumulative.
    pub seq_ends: Vec<i64>,
    /// Which tokens predict, `[r]`, ascending.
    pub rows: Vec<i32>,
    /// What each of them predicts, `[r]`.
    pub targets: Vec<i64>,
    /// Where each given sequence ends among the rows, cumulative; sequences without a response too.
    pub row_ends: Vec<usize>,
}

impl Packed {
    /// Packs sequences in the given order.
    pub fn new<'a>(sequences: impl IntoIterator<Item = &'a Sequence>) -> Result<Packed> {
        let mut packed = Packed::default();
        for sequence in sequences {
            let Sequence { tokens, prompt_len } = sequence;
            if sequence.response_len() > 0 {
                ensure!(*prompt_len > 0, "a sequence without a prompt: its first token has no log-prob; begin it with a token");
                let len = sequence.input_len();
                let start = packed.tokens.len();
                ensure!(start + len <= i32::MAX as usize, "more than 2^31 tokens in one batch; use smaller micro-batches");
                packed.tokens.extend(tokens[..len].iter().map(|&id| id as i32));
                packed.positions.extend(0..len as i32);
                packed.seq_ends.push((start + len) as i64);
                packed.rows.extend((start + prompt_len - 1..start + len).map(|row| row as i32));
                packed.targets.extend(tokens[*prompt_len..].iter().map(|&id| i64::from(id)));
            }
            packed.row_ends.push(packed.rows.len());
        }
        Ok(packed)
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
        assert!(Packed::new(&[Sequence::new(&[], &[1, 2])]).is_err());
        assert_eq!(Packed::new(&[]).unwrap(), Packed::default());
    }
}
