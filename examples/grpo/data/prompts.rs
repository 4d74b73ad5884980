//! A prompt as the training loop sees it, the limit on its length, and the order in which prompts are drawn.

use anyhow::{Result, bail};

use crate::random::Random;

/// One prompt, ready for the policy and for the reward rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The row in its file (verl's `extra_info.index`), or the number of the problem: what messages and tables call it.
    pub index: usize,
    /// The text that was tokenized: a chat is already rendered.
    pub text: String,
    /// `text` in tokens, no padding.
    pub token_ids: Vec<u32>,
    /// Picks the reward rule.
    pub data_source: String,
    /// What the rule compares with.
    pub ground_truth: String,
}

/// Applies `max_prompt_length` (tokens). Too long a prompt is left out when `filter_overlong`, else it is an error: a
/// prompt is never cut, since a cut question has another answer. Returns what stays and how many were left out.
pub fn limit_length(prompts: Vec<Prompt>, max_prompt_length: usize, filter_overlong: bool) -> Result<(Vec<Prompt>, usize)> {
    let before = prompts.len();
    if !filter_overlong && let Some(long) = prompts.iter().find(|prompt| prompt.token_ids.len() > max_prompt_length) {
        bail!(
            "prompt {} has {} tokens, the limit is {max_prompt_length}: raise --max-prompt-length or pass --filter-overlong-prompts",
            long.index,
            long.token_ids.len(),
        );
    }
    let kept: Vec<Prompt> = prompts.into_iter().filter(|prompt| prompt.token_ids.len() <= max_prompt_length).collect();
    if kept.is_empty() && before > 0 {
        bail!("all {before} prompts are longer than {max_prompt_length} tokens: raise --max-prompt-length");
    }
    let left_out = before - kept.len();
    Ok((kept, left_out))
}

/// Shuffled batches, epoch after epoch. The order is a function of the seed and the epoch alone.
#[derive(Clone, Debug)]
pub struct Loader {
    prompts: Vec<Prompt>,
    batch_size: usize,
    seed: u64,
    drop_last: bool,
}

impl Loader {
    /// Batches of `batch_size` prompts. With `drop_last` an incomplete last batch is left out (verl's training loader);
    /// without, it is served as it is (validation).
    pub fn new(prompts: Vec<Prompt>, batch_size: usize, seed: u64, drop_last: bool) -> Result<Self> {
        let needed = if drop_last { batch_size } else { 1 };
        if batch_size == 0 {
            bail!("the batch size is 0 prompts, it must be at least 1");
        }
        if prompts.len() < needed {
            bail!("there are {} prompts, fewer than one batch of {batch_size}: lower --train-batch-size", prompts.len());
        }
        Ok(Self { prompts, batch_size, seed, drop_last })
    }

    /// Batches in an epoch.
    pub fn batches_per_epoch(&self) -> usize {
        if self.drop_last { self.prompts.len() / self.batch_size } else { self.prompts.len().div_ceil(self.batch_size) }
    }

    /// The batches of `epoch` (from 0).
    pub fn epoch(&self, epoch: u64) -> impl Iterator<Item = Vec<&Prompt>> {
        let mut order: Vec<usize> = (0..self.prompts.len()).collect();
        Random::stream(self.seed, epoch).shuffle(&mut order);
        (0..self.batches_per_epoch()).map(move |batch| {
            let start = batch * self.batch_size;
            let end = (start + self.batch_size).min(order.len());
            order[start..end].iter().map(|&i| &self.prompts[i]).collect()
        })
    }

    /// Every batch from epoch 0 on, without end.
    pub fn batches(&self) -> impl Iterator<Item = Vec<&Prompt>> {
        (0..).flat_map(|epoch| self.epoch(epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prompts(lengths: impl IntoIterator<Item = usize>) -> Vec<Prompt> {
        let prompt = |(index, len)| Prompt {
            index,
            text: String::new(),
            token_ids: vec![0; len],
            data_source: "carry".into(),
            ground_truth: String::new(),
        };
        lengths.into_iter().enumerate().map(prompt).collect()
    }

    fn indices(batches: Vec<Vec<&Prompt>>) -> Vec<Vec<usize>> {
        batches.iter().map(|batch| batch.iter().map(|prompt| prompt.index).collect()).collect()
    }

    proptest! {
        #[test]
        fn an_epoch_serves_every_prompt_once(count in 1_usize..60, batch_size in 1_usize..20, seed: u64, epoch: u64) {
            let loader = Loader::new(prompts(vec![1; count]), batch_size, seed, false).unwrap();
            let batches = indices(loader.epoch(epoch).collect());
            prop_assert_eq!(batches.len(), loader.batches_per_epoch());
            prop_assert!(batches[..batches.len() - 1].iter().all(|batch| batch.len() == batch_size));
            let mut all = batches.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
        }

        #[test]
        fn drop_last_serves_only_whole_batches(count in 5_usize..60, seed: u64) {
            let loader = Loader::new(prompts(vec![1; count]), 5, seed, true).unwrap();
            let batches = indices(loader.epoch(0).collect());
            prop_assert_eq!(batches.len(), count / 5);
            prop_assert!(batches.iter().all(|batch| batch.len() == 5));
        }
    }

    #[test]
    fn order_depends_on_seed_and_epoch_alone() {
        let loader = |seed| Loader::new(prompts(vec![1; 50]), 7, seed, true).unwrap();
        let order = |seed, epoch| indices(loader(seed).epoch(epoch).collect());
        assert_eq!(order(1, 0), order(1, 0));
        assert_ne!(order(1, 0), order(1, 1));
        assert_ne!(order(1, 0), order(2, 0));
        let endless = loader(1);
        let first: Vec<_> = endless.batches().take(14).collect();
        assert_eq!(indices(first), [order(1, 0), order(1, 1)].concat());
    }

    #[test]
    fn too_few_prompts_or_no_batch_is_an_error() {
        let error =
            |count, batch, drop_last| format!("{:#}", Loader::new(prompts(vec![1; count]), batch, 0, drop_last).unwrap_err());
        assert_eq!(error(3, 4, true), "there are 3 prompts, fewer than one batch of 4: lower --train-batch-size");
        assert_eq!(error(0, 4, false), "there are 0 prompts, fewer than one batch of 4: lower --train-batch-size");
        assert_eq!(error(3, 0, true), "the batch size is 0 prompts, it must be at least 1");
    }

    #[test]
    fn overlong_prompts_are_filtered_or_named() {
        let (kept, left_out) = limit_length(prompts([3, 9, 4, 5, 10]), 4, true).unwrap();
        assert_eq!((indices(vec![kept.iter().collect()]), left_out), (vec![vec![0, 2]], 3));
        let error = limit_length(prompts([3, 9, 4]), 4, false).unwrap_err();
        let expected = "prompt 1 has 9 tokens, the limit is 4: raise --max-prompt-length or pass --filter-overlong-prompts";
        assert_eq!(error.to_string(), expected);
        let error = limit_length(prompts([7, 9]), 4, true).unwrap_err();
        assert_eq!(error.to_string(), "all 2 prompts are longer than 4 tokens: raise --max-prompt-length");
        assert_eq!(limit_length(prompts([4]), 4, false).unwrap().1, 0);
    }
}
