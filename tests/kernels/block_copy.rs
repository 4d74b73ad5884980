//! Blocks to blocks, in all layers.

use crate::{assert_same, bytes, cores, from_bytes, noise_bytes, numbers, on_cores};
use ascend_rl::DType;
use ascend_rl::attention::{BlockId, block_copy};
use proptest::prelude::*;

/// Pools, and what is copied in them.
#[derive(Clone, Debug)]
struct Case {
    layers: usize,
    blocks: usize,
    /// Elements of a block, of keys and of values; no values: 0.
    sizes: [usize; 2],
    dtype: DType,
    pairs: usize,
    /// Whether blocks that are read may be written too.
    chains: bool,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let size = || prop_oneof![1_usize..100, 1000_usize..9000, 30_000_usize..50_000];
    let dtypes = prop::sample::select(vec![DType::I8, DType::BF16, DType::F32]);
    let sizes = (size(), prop_oneof![Just(0_usize), size()]);
    (1_usize..5, 2_usize..24, sizes, dtypes, 1_usize..16, any::<bool>(), any::<u64>()).prop_map(
        |(layers, blocks, (k, v), dtype, pairs, chains, seed)| Case { layers, blocks, sizes: [k, v], dtype, pairs, chains, seed },
    )
}

impl Case {
    /// Each block is written once at most; a block is read by those further on in an order, or by those that are not read at all.
    fn pairs(&self) -> Vec<(BlockId, BlockId)> {
        let mut next = numbers(self.seed);
        let mut order: Vec<u32> = (0..self.blocks as u32).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, next(i + 1));
        }
        let targets = self.pairs.min(self.blocks - 1);
        let first = self.blocks - targets;
        let mut pairs: Vec<_> = (first..self.blocks)
            .map(|to| (BlockId(order[next(if self.chains { to } else { first })]), BlockId(order[to])))
            .collect();
        for i in (1..pairs.len()).rev() {
            pairs.swap(i, next(i + 1));
        }
        pairs
    }
}

fn check(case: &Case, cores: u32) {
    on_cores(cores, |s| {
        let pairs = case.pairs();
        let (mut pools, mut wants) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for (side, size) in case.sizes.into_iter().enumerate().filter(|(_, size)| *size > 0) {
            for layer in 0..case.layers {
                let block = size * case.dtype.size();
                let old = noise_bytes(case.seed ^ (2 * layer + side) as u64, case.blocks * block);
                pools[side].push(from_bytes(s, &[case.blocks, size], case.dtype, &old));
                let mut new = old.clone();
                for (from, to) in &pairs {
                    new[to.0 as usize * block..][..block].copy_from_slice(&old[from.0 as usize * block..][..block]);
                }
                wants[side].push(new);
            }
        }
        let [keys, values] = pools.each_mut().map(|pools| pools.iter_mut().map(|pool| pool.view_mut()).collect::<Vec<_>>());
        let (mut keys, mut values) = (keys, values);
        block_copy(s, &mut keys, &mut values, &pairs).unwrap();
        drop((keys, values));
        for (side, name) in ["keys", "values"].into_iter().enumerate() {
            for (layer, (pool, want)) in pools[side].iter().zip(&wants[side]).enumerate() {
                assert_same(&format!("the {name} of layer {layer}"), &bytes(s, pool), want);
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blocks_are_copied(case in cases(), cores in cores()) {
        check(&case, cores);
    }
}

/// More pairs than one launch has, more layers than cores, and blocks that are cut in many.
#[test]
fn large_tables() {
    let case = Case { layers: 1, blocks: 2600, sizes: [16, 3], dtype: DType::BF16, pairs: 1300, chains: false, seed: 3 };
    check(&case, 48);
    check(&Case { pairs: 2500, chains: true, ..case }, 1);
    check(&Case { layers: 200, blocks: 3, sizes: [33, 65], pairs: 2, ..case }, 40);
    check(&Case { layers: 2, blocks: 3, sizes: [131_072, 70_001], pairs: 2, ..case }, 20);
}

#[test]
fn without_checks() {
    let case = Case { layers: 3, blocks: 40, sizes: [20_000, 77], dtype: DType::BF16, pairs: 20, chains: true, seed: 3 };
    crate::fast(|| check(&case, 40));
}
