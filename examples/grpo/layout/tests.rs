//! Layouts against one device: the same weights in other places, the same completions but for rounding.

use std::time::Duration;

use anyhow::Result;
use ascend_rl::ops::Sampling;
use ascend_rl::sys::Cann;
use ascend_rl::tensor::DType;

use super::*;
use crate::checkpoint::{Family, ModelConfig};
use crate::launch::{Place, launch};
use crate::policy::Policy;
use crate::policy::tests::tiny;
use crate::rollout::{Completion, Decoding, EngineSettings, Request};
use crate::sampler::Sampler;
use crate::worker::Worker;

/// Heads for TP 4, a vocabulary that does not divide by 4.
fn config(family: Family, tied: bool) -> ModelConfig {
    ModelConfig { num_heads: 8, num_kv_heads: 2, intermediate_size: 40, vocab_size: 38, ..tiny(family, tied) }
}

fn sampler(worker: &Worker, config: &ModelConfig) -> Result<(Policy, Sampler)> {
    let mut policy = worker.policy(config, DType::F32)?;
    policy.load_random(&worker.stream, 5)?;
    let settings =
        EngineSettings { dtype: DType::BF16, block_size: 16, cache_tokens: 2048, max_num_seqs: 64, max_prefill_tokens: 256 };
    let sampler = Sampler::new(worker, &policy, settings, 1 << 10)?;
    Ok((policy, sampler))
}

fn on<T: Send + 'static>(devices: usize, tp: usize, work: impl Fn(&Worker) -> Result<T> + Send + Sync + 'static) -> T {
    let place = Place { layout: Layout::new(devices, tp).unwrap(), first_device: 0, timeout: Duration::from_secs(60) };
    launch(&Cann::load().unwrap(), place, work).unwrap()
}

const LAYOUTS: [(usize, usize); 6] = [(2, 1), (2, 2), (3, 1), (4, 1), (4, 2), (4, 4)];

/// Each rank compares its part with the whole model's, which it makes for itself: bit for bit, since a cast is a cast.
#[test]
fn every_rank_gets_its_part_of_the_weights() {
    for (family, tied) in [(Family::Qwen2, false), (Family::Qwen3, true)] {
        for (devices, tp) in LAYOUTS {
            on(devices, tp, move |worker| {
                let config = config(family, tied);
                let (_policy, sampler) = sampler(worker, &config)?;
                let s = worker.rollout().s;
                let mut whole = Policy::new(s, &config, DType::F32)?;
                whole.load_random(s, 5)?;
                let whole = whole.masters().cast(s, DType::BF16)?;
                let (tp, full) = (worker.tp_rank(), whole.geometry().clone());
                for (unit, (full, mine)) in full.units().iter().zip(tp.geometry(&config).units()).enumerate() {
                    let values = |flat: &ascend_rl::Tensor| flat.to_vec::<half::bf16>(s);
                    let (expected, found) = (values(&whole.units()[unit])?, values(&sampler.engine().weights().units()[unit])?);
                    for (block, own) in full.blocks.iter().zip(&mine.blocks) {
                        for (index, (part, own)) in block.parts.iter().zip(&own.parts).enumerate() {
                            let (rows, cols) = (part.shape[0], part.numel() / part.shape[0]);
                            let all = &expected[part.offset..part.offset + part.numel()];
                            let slice: Vec<half::bf16> = match tp.held(&config, block.slot, index, rows, cols) {
                                tensor_parallel::Held::Rows(range) => all[range.start * cols..range.end * cols].to_vec(),
                                tensor_parallel::Held::Cols(range) => {
                                    all.chunks_exact(cols).flat_map(|row| row[range.clone()].to_vec()).collect()
                                }
                            };
                            assert_eq!(found[own.offset..own.offset + own.numel()], slice[..], "{} of {worker:?}", part.name);
                        }
                    }
                }
                Ok(())
            });
        }
    }
}

fn completions(devices: usize, tp: usize, family: Family, tied: bool) -> Vec<Vec<Completion>> {
    on(devices, tp, move |worker| {
        let config = config(family, tied);
        let (_policy, mut sampler) = sampler(worker, &config)?;
        let prompt = |i: usize| Request { prompt: vec![3 + i as u32, 7, 11], samples: 2, first_id: 2 * i as u64 };
        let requests: Vec<Request> = (0..5).map(prompt).collect();
        let decoding = Decoding { sampling: Sampling::default(), seed: 9, max_new_tokens: 12, stop_tokens: vec![0] };
        sampler.generate(worker, &requests, &decoding, |_| Ok(()))
    })
}

/// A replica draws the same tokens on all of its ranks, whatever the layout; against one device only sums are rounded
/// otherwise, in bf16: two or three bits of eight, on logits of about 1.
#[test]
fn completions_agree_with_one_device_but_for_rounding() {
    for (family, tied) in [(Family::Qwen2, false), (Family::Qwen3, true)] {
        let alone = completions(1, 1, family, tied);
        for (devices, tp) in LAYOUTS {
            let spread = completions(devices, tp, family, tied);
            assert_eq!(spread.iter().map(Vec::len).collect::<Vec<_>>(), [2; 5]);
            if tp == 1 {
                assert_eq!(spread, alone, "data parallelism changes nothing");
                continue;
            }
            let mut same = 0;
            for (a, b) in alone.iter().flatten().zip(spread.iter().flatten()) {
                // Up to the first token that differs, the sequences are the same and so are the distributions.
                for (i, (x, y)) in a.logprobs.iter().zip(&b.logprobs).enumerate() {
                    if a.tokens[i] != b.tokens[i] {
                        break;
                    }
                    assert!((x - y).abs() < 0.15, "TP {tp}: token {i}: {x} and {y}");
                    same += 1;
                }
            }
            let all: usize = alone.iter().flatten().map(|c| c.tokens.len()).sum();
            assert!(2 * same > all, "TP {tp}: {same} of {all} tokens agree");
        }
    }
}

#[test]
fn ranks_of_a_replica_are_neighbours() {
    let layout = Layout::new(6, 2).unwrap();
    assert_eq!(layout.dp_size(), 3);
    assert_eq!(
        (0..6).map(|r| (layout.dp_rank(r), layout.tp_rank(r).rank)).collect::<Vec<_>>(),
        [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
    );
    assert_eq!(layout.replica(1), 2..4);
}

#[test]
fn an_impossible_layout_is_said_with_what_is_possible() {
    let text = Layout::new(4, 3).unwrap_err().to_string();
    assert!(text.contains("--tp is 3") && text.contains("1, 2 or 4"), "{text}");
    assert!(Layout::new(0, 1).unwrap_err().to_string().contains("--devices is 0"));
    assert!(Layout::new(2, 0).unwrap_err().to_string().contains("--tp is 0"));
}

#[test]
fn slices_cover_everything_once() {
    for (len, parts) in [(0, 3), (2, 3), (10, 3), (9, 3), (7, 1)] {
        let slices: Vec<_> = (0..parts).map(|i| dp_slice(len, parts, i)).collect();
        assert_eq!(slices.iter().cloned().flatten().collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
        let sizes = slices.iter().map(|s| s.len());
        assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
    }
}
