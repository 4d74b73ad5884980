//! Which rank computes what.

use std::cmp::Reverse;

use anyhow::Result;

use super::batching::micro_batches;

/// The rank of each sequence: longest first, each to the rank with the fewest tokens so far. Every rank finds the same.
pub fn owners(lengths: &[usize], ranks: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| Reverse(lengths[i]));
    let (mut owners, mut loads) = (vec![0; lengths.len()], vec![0; ranks]);
    for i in order {
        let least = (0..ranks).min_by_key(|&rank| loads[rank]).unwrap_or(0);
        owners[i] = least;
        loads[least] += lengths[i];
    }
    owners
}

/// A rank's micro-batches of at most `cap` tokens. All ranks have as many as the one with the most: a pass needs every rank, so
/// empty ones make up the number.
pub fn rank_batches(lengths: &[usize], cap: usize, rank: usize, ranks: usize) -> Result<Vec<Vec<usize>>> {
    let owners = owners(lengths, ranks);
    let of = |rank: usize| {
        let own = |(&len, &owner): (&usize, &usize)| if owner == rank { len } else { 0 };
        micro_batches(&lengths.iter().zip(&owners).map(own).collect::<Vec<_>>(), cap)
    };
    // Of all ranks, so that what one refuses all refuse.
    let mut all = (0..ranks).map(of).collect::<Result<Vec<_>>>()?;
    let most = all.iter().map(Vec::len).max().unwrap_or(0);
    let mut own = all.swap_remove(rank);
    own.resize(most, Vec::new());
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranks_get_even_shares_and_equal_numbers_of_micro_batches() {
        // 9 to rank 0, 7 to 1, 5 to 2; 4 to 2, then all have 9, 7, 9: 3 to 1.
        assert_eq!(owners(&[3, 5, 9, 4, 7], 3), [1, 2, 0, 2, 1]);
        assert_eq!(owners(&[4, 4], 4), [0, 1]);
        let batches = |rank| rank_batches(&[3, 5, 9, 4, 7], 9, rank, 3).unwrap();
        assert_eq!(
            [batches(0), batches(1), batches(2)],
            [vec![vec![2], vec![]], vec![vec![4], vec![0]], vec![vec![1, 3], vec![]]]
        );
        assert!((0..3).all(|rank| rank_batches(&[3, 5, 9, 4, 7], 8, rank, 3).is_err()), "each rank refuses what one cannot do");
    }

    proptest! {
        #[test]
        fn every_sequence_is_computed_once(lengths in prop::collection::vec(0usize..50, 0..40), ranks in 1usize..6, room in 0usize..60) {
            let cap = 50 + room;
            let all: Vec<_> = (0..ranks).map(|rank| rank_batches(&lengths, cap, rank, ranks).unwrap()).collect();
            prop_assert!(all.iter().all(|batches| batches.len() == all[0].len()));
            let mut members: Vec<usize> = all.concat().concat();
            members.sort_unstable();
            prop_assert_eq!(members, (0..lengths.len()).filter(|&i| lengths[i] > 0).collect::<Vec<_>>());
            let load = |batches: &Vec<Vec<usize>>| batches.iter().flatten().map(|&i| lengths[i]).sum::<usize>();
            let loads: Vec<usize> = all.iter().map(load).collect();
            let longest = lengths.iter().copied().max().unwrap_or(0);
            // The last sequence of the fullest rank went to what was then the least full one.
            prop_assert!(loads.iter().max().unwrap() - loads.iter().min().unwrap() <= longest);
            if ranks == 1 {
                prop_assert_eq!(&all[0], &micro_batches(&lengths, cap).unwrap());
            }
        }
    }
}
