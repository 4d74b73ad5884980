//! Samples of one prompt are computed together where that is no burden: the prompt is computed once then.

use std::collections::{HashMap, HashSet};

use super::share::owners;
use crate::policy::Sequence;

/// Parts sequences into units that stay together, on one of `ranks` and in one micro-batch of `cap` tokens: the samples of each
/// prompt, as many as fit. Each sequence is its own unit where that leaves the fullest rank less to compute. Every rank finds the
/// same.
pub fn units(sequences: &[&Sequence], cap: usize, ranks: usize) -> Vec<Vec<usize>> {
    let (groups, alone) = (groups(sequences, cap), (0..sequences.len()).map(|i| vec![i]).collect::<Vec<_>>());
    if fullest(sequences, &groups, ranks) <= fullest(sequences, &alone, ranks) { groups } else { alone }
}

/// The input tokens of each unit, as if each sequence were alone.
pub fn lengths(sequences: &[&Sequence], units: &[Vec<usize>]) -> Vec<usize> {
    units.iter().map(|unit| unit.iter().map(|&i| sequences[i].input_len()).sum()).collect()
}

/// The rank of each sequence.
pub fn owners_of_members(sequences: &[&Sequence], units: &[Vec<usize>], ranks: usize) -> Vec<usize> {
    let mut all = vec![0; sequences.len()];
    for (unit, owner) in units.iter().zip(owners(&lengths(sequences, units), ranks)) {
        unit.iter().for_each(|&i| all[i] = owner);
    }
    all
}

fn groups(sequences: &[&Sequence], cap: usize) -> Vec<Vec<usize>> {
    let mut units: Vec<Vec<usize>> = Vec::new();
    // The unit that has room for more samples of a prompt, and its tokens.
    let mut open: HashMap<&[u32], (usize, usize)> = HashMap::new();
    for (i, sequence) in sequences.iter().enumerate() {
        let len = sequence.input_len();
        match open.get_mut(sequence.prompt()) {
            Some((unit, tokens)) if len > 0 && *tokens + len <= cap => {
                units[*unit].push(i);
                *tokens += len;
            }
            _ => {
                if len > 0 {
                    open.insert(sequence.prompt(), (units.len(), len));
                }
                units.push(vec![i]);
            }
        }
    }
    units
}

/// What the rank with the most computes, in tokens: each of its prompts once.
fn fullest(sequences: &[&Sequence], units: &[Vec<usize>], ranks: usize) -> usize {
    let (mut loads, mut seen) = (vec![0; ranks], HashSet::new());
    for (sequence, owner) in sequences.iter().zip(owners_of_members(sequences, units, ranks)) {
        if sequence.input_len() > 0 {
            let prompt = if seen.insert((owner, sequence.prompt())) { sequence.prompt_len } else { 0 };
            loads[owner] += prompt + sequence.response_len() - 1;
        }
    }
    loads.into_iter().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sequence(prompt: u32, prompt_len: usize, response: usize) -> Sequence {
        Sequence::new(&vec![prompt; prompt_len], &vec![7; response])
    }

    #[test]
    fn samples_of_a_prompt_stay_together_where_that_is_less_work() {
        let all: Vec<Sequence> = (0..12).map(|i| sequence(i % 4, 6, 3)).collect();
        let all: Vec<&Sequence> = all.iter().collect();
        // Prompts in turn; 8 tokens a sequence.
        assert_eq!(units(&all, 100, 2), [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]]);
        assert_eq!(units(&all, 16, 1), [&[0, 4][..], &[1, 5], &[2, 6], &[3, 7], &[8], &[9], &[10], &[11]]);
        // Three ranks: 2 groups of 12 tokens on one, or 4 sequences of 4 prompts, 32.
        assert_eq!(units(&all, 100, 3).len(), 4);
        // One prompt over three ranks: 6 + 24 on one, or 6 + 8 on each.
        let one: Vec<&Sequence> = (0..12).map(|i| all[4 * (i % 3)]).collect();
        assert_eq!(units(&one, 1000, 3).len(), 12);
        assert_eq!(owners_of_members(&one, &units(&one, 1000, 3), 3), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
        let empty = sequence(1, 6, 0);
        assert_eq!(units(&[all[1], &empty, all[1]], 100, 1), [&[0, 2][..], &[1]]);
    }

    proptest! {
        #[test]
        fn each_sequence_is_in_one_unit_of_its_prompt(
            drawn in prop::collection::vec((0u32..4, 0usize..9), 0..30), cap in 10usize..60, ranks in 1usize..5,
        ) {
            let all: Vec<Sequence> = drawn.iter().map(|&(prompt, response)| sequence(prompt, 1 + prompt as usize, response)).collect();
            let all: Vec<&Sequence> = all.iter().collect();
            let units = units(&all, cap, ranks);
            let mut members = units.concat();
            members.sort_unstable();
            prop_assert_eq!(members, (0..all.len()).collect::<Vec<_>>());
            for (unit, tokens) in units.iter().zip(lengths(&all, &units)) {
                prop_assert!(tokens <= cap.max(12) && unit.is_sorted());
                prop_assert!(unit.iter().all(|&i| all[i].prompt() == all[unit[0]].prompt()));
            }
            let alone: Vec<_> = (0..all.len()).map(|i| vec![i]).collect();
            prop_assert!(fullest(&all, &units, ranks) <= fullest(&all, &alone, ranks));
        }
    }
}
