//! Which sequences are computed together.

use anyhow::{Result, ensure};

/// Parts `0..lengths.len()` into micro-batches of at most `cap` tokens: longest first, each into the first micro-batch with
/// room (first fit decreasing). The same lengths give the same parts. Within one, the given order is kept. Sequences of
/// length 0 are in none.
pub fn micro_batches(lengths: &[usize], cap: usize) -> Result<Vec<Vec<usize>>> {
    let longest = lengths.iter().copied().max().unwrap_or(0);
    ensure!(
        longest <= cap,
        "a sequence of {longest} tokens does not fit a micro-batch of {cap}; raise the token limit of micro-batches"
    );
    let mut order: Vec<usize> = (0..lengths.len()).filter(|&i| lengths[i] > 0).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(lengths[i]));
    let mut batches: Vec<(usize, Vec<usize>)> = Vec::new();
    for i in order {
        match batches.iter_mut().find(|(tokens, _)| tokens + lengths[i] <= cap) {
            Some((tokens, members)) => {
                *tokens += lengths[i];
                members.push(i);
            }
            None => batches.push((lengths[i], vec![i])),
        }
    }
    Ok(batches
        .into_iter()
        .map(|(_, mut members)| {
            members.sort_unstable();
            members
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::micro_batches;
    use proptest::prelude::*;

    #[test]
    fn a_sequence_over_the_cap_is_refused() {
        assert!(micro_batches(&[3, 9], 8).unwrap_err().to_string().contains("9 tokens"));
        assert_eq!(micro_batches(&[], 0).unwrap(), Vec::<Vec<usize>>::new());
    }

    proptest! {
        #[test]
        fn every_sequence_is_once_in_a_batch_within_the_cap(lengths in prop::collection::vec(0usize..50, 0..60), room in 0usize..100) {
            let cap = 50 + room;
            let batches = micro_batches(&lengths, cap).unwrap();
            let sum = |batch: &Vec<usize>| batch.iter().map(|&i| lengths[i]).sum::<usize>();
            prop_assert!(batches.iter().all(|batch| sum(batch) <= cap && batch.is_sorted() && !batch.is_empty()));
            let mut all = batches.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..lengths.len()).filter(|&i| lengths[i] > 0).collect::<Vec<_>>());
            // First fit leaves at most one micro-batch half empty.
            prop_assert!(batches.iter().filter(|batch| 2 * sum(batch) <= cap).count() <= 1);
        }
    }
}
