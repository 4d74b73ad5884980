//! Tests of the policy as a whole, and what they share.

mod fixtures;
mod gradients;
mod invariances;
mod sharded;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use ascend_rl::acl::{Device, Stream};
use ascend_rl::hccl::CommOptions;
use ascend_rl::sys::Cann;
use ascend_rl::tensor::DType;

use super::*;
use crate::checkpoint::Family;
use crate::random::Random;

/// A stream of device 0, of a card where there is one.
pub fn stream() -> Stream {
    Device::open(&Cann::load().unwrap(), 0).unwrap().stream().unwrap()
}

/// A model of awkward sizes: heads x head_dim is not the hidden size, the vocabulary is prime.
pub fn tiny(family: Family, tied: bool) -> ModelConfig {
    ModelConfig {
        family,
        vocab_size: 37,
        hidden_size: 24,
        intermediate_size: 20,
        num_layers: 2,
        num_heads: 4,
        num_kv_heads: 2,
        head_dim: 16,
        rms_norm_eps: 1e-6,
        rope_theta: 100.0,
        tie_word_embeddings: tied,
        max_position_embeddings: 40,
        initializer_range: 0.2,
        eos_token_ids: vec![0],
        pad_token_id: None,
        bos_token_id: None,
    }
}

/// A tiny policy in which nothing is left at one or zero.
pub fn policy(s: &Stream, family: Family, tied: bool, compute: DType) -> Policy {
    filled(s, Policy::new(s, &tiny(family, tied), compute).unwrap())
}

/// The policy with weights that follow from its config alone, however it is spread.
pub fn filled(s: &Stream, mut policy: Policy) -> Policy {
    let mut random = Random::new(5);
    let mut weights = BTreeMap::new();
    for block in policy.model.geometry.units().iter().flat_map(|u| &u.blocks) {
        let (mean, std) = if block.slot.is_norm() { (1.0, 0.3) } else { (0.0, 0.2) };
        for part in &block.parts {
            let values: Vec<f32> = (0..part.numel()).map(|_| mean + std * random.normal()).collect();
            weights.insert(part.name.clone(), values);
        }
    }
    policy.load(s, |name, _| Ok(weights[name].clone())).unwrap();
    policy
}

/// What `work` answers on each of `count` ranks, in their order. Ranks are threads of this process, with a device each.
pub fn on_ranks<R: Send>(count: usize, work: impl Fn(&Stream, Communicator) -> R + Sync) -> Vec<R> {
    on_devices(0..count as u32, work)
}

/// The same on given devices.
pub fn on_devices<R: Send>(devices: Range<u32>, work: impl Fn(&Stream, Communicator) -> R + Sync) -> Vec<R> {
    let cann = Cann::load().unwrap();
    let devices: Vec<Device> = devices.map(|i| Device::open(&cann, i).unwrap()).collect();
    // A rank that fails must not hold the suite up for CANN's half hour.
    let options = CommOptions { timeout: Some(Duration::from_secs(60)), ..CommOptions::default() };
    let world = Communicator::all(&devices, &options).unwrap();
    std::thread::scope(|scope| {
        let rank = |comm: Communicator| {
            let work = &work;
            scope.spawn(move || work(&comm.device().stream().unwrap(), comm))
        };
        let ranks: Vec<_> = world.into_iter().map(rank).collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}

/// Sequences of several lengths, one with a single-token prompt, one without a response.
pub fn sequences() -> Vec<Sequence> {
    let mut random = Random::new(6);
    [(3, 5), (1, 1), (1, 17), (4, 0), (9, 2), (2, 30)]
        .map(|(prompt, response)| Sequence {
            tokens: (0..prompt + response).map(|_| random.range(37) as u32).collect(),
            prompt_len: prompt,
        })
        .into()
}

/// Samples of three prompts in turn, one of them with a single sample, some of one token or none: they share their prompts.
pub fn samples() -> Vec<Sequence> {
    let mut random = Random::new(9);
    let mut tokens = |count: usize| -> Vec<u32> { (0..count).map(|_| random.range(37) as u32).collect() };
    let prompts = [tokens(7), tokens(1), tokens(12)];
    [(0, 4), (2, 9), (0, 1), (1, 3), (2, 1), (0, 0), (0, 18), (2, 2)]
        .map(|(prompt, response): (usize, usize)| Sequence::new(&prompts[prompt], &tokens(response)))
        .into()
}

/// Everything in a store by name.
pub fn contents(s: &Stream, store: &Store) -> Vec<(String, Vec<f32>)> {
    store.export(s, None).map(|tensor| tensor.map(|(name, _, values)| (name, values)).unwrap()).collect()
}

/// The norm of the difference over the norm of `b`.
pub fn relative(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| f64::from(a - b)));
    let size = norm(&mut b.iter().map(|&b| f64::from(b)));
    if difference == 0.0 { 0.0 } else { difference / size }
}

/// The largest difference; NaN counts as one.
pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| if (a - b).is_nan() { f32::INFINITY } else { (a - b).abs() }).fold(0.0, f32::max)
}

/// The gradient of `sum w_i logp_i` with w from `weights`, and the log-probs.
pub fn gradient(s: &Stream, policy: &Policy, packed: &Packed, temperature: f64, weights: &[f32]) -> (Store, Logprobs) {
    let mut grads = Gradients::new(s, &policy.model.geometry).unwrap();
    let logprobs = policy.forward_backward(s, packed, temperature, &mut grads, |_| Ok(weights.to_vec())).unwrap();
    (grads.into_store(), logprobs)
}

/// One weight a row.
pub fn weights(rows: usize) -> Vec<f32> {
    let mut random = Random::new(7);
    (0..rows).map(|_| random.normal()).collect()
}
