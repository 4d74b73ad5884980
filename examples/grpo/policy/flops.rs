//! What the passes of a model cost, from its config and the lengths of sequences. Pure.
//!
//! A product with `M` weights takes `2 M` FLOPs a token forward, and twice that backward: the `6 N T` of verl's counter, here
//! with the head at the tokens that are judged only, and without the embedding, which is a look-up. Causal attention takes
//! `4 head_dim` FLOPs a query head and pair of a query and a key it sees (scores, then values): over a sequence of `L` tokens
//! `L (L + 1) / 2` pairs, which is verl's `2 L^2 head_dim` for long ones. Norms, rope and softmax are left out.

use crate::checkpoint::ModelConfig;

/// The length of a prompt, and those of its samples' responses.
pub type Group<'a> = (usize, &'a [usize]);

/// The sizes of a model that decide what a pass costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Weights of the matrices of all layers.
    layers: f64,
    /// Weights of the head's matrix.
    head: f64,
    /// Query heads times head_dim times layers.
    attention: f64,
    /// Numbers that the cache keeps for a token: keys and values of all layers.
    cached: f64,
}

impl Cost {
    /// The costs of a model.
    pub fn new(config: &ModelConfig) -> Cost {
        let (h, i, d, l) = (config.hidden_size, config.intermediate_size, config.head_dim, config.num_layers);
        let (q, kv) = (config.num_heads * d, config.num_kv_heads * d);
        Cost {
            layers: (l * (h * (q + 2 * kv) + q * h + 3 * h * i)) as f64,
            head: (config.vocab_size * h) as f64,
            attention: (q * l) as f64,
            cached: (2 * kv * l) as f64,
        }
    }

    /// FLOPs of generating samples, or of judging them, which is the same: each prompt once, its last token's logits for each
    /// sample, then every token of a response but the last. (verl's counter has the prompt once for each sample.)
    pub fn forward<'a>(&self, groups: impl IntoIterator<Item = Group<'a>>) -> f64 {
        let sample = |prompt: usize, response: usize| {
            let fed = response.saturating_sub(1) as f64;
            2.0 * (self.layers * fed + self.head * response as f64) + self.attend(pairs(prompt as f64, fed))
        };
        let group = |(prompt, responses): Group<'_>| {
            let prefill = 2.0 * self.layers * prompt as f64 + self.attend(pairs(0.0, prompt as f64));
            let samples: f64 = responses.iter().map(|&response| sample(prompt, response)).sum();
            if samples > 0.0 { prefill + samples } else { 0.0 }
        };
        groups.into_iter().map(group).sum()
    }

    /// FLOPs of forward and backward.
    pub fn training<'a>(&self, groups: impl IntoIterator<Item = Group<'a>>) -> f64 {
        3.0 * self.forward(groups)
    }

    /// The fewest bytes that one copy of the model reads to generate its samples: the weights once a token of the longest, as if
    /// all samples ran at once, and for each token the keys and values before it. `element_bytes` is the size of a weight and of
    /// a cached number.
    pub fn rollout_bytes<'a>(&self, groups: impl IntoIterator<Item = Group<'a>>, element_bytes: usize) -> f64 {
        let (mut longest, mut cached) = (0, 0.0);
        for (prompt, responses) in groups {
            longest = responses.iter().copied().fold(longest, usize::max);
            cached += responses.iter().map(|&n| pairs(prompt as f64, n.saturating_sub(1) as f64)).sum::<f64>();
        }
        let weights = (self.layers + self.head) * longest as f64;
        (weights + cached * self.cached) * element_bytes as f64
    }

    fn attend(&self, pairs: f64) -> f64 {
        4.0 * self.attention * pairs
    }
}

/// Pairs of a query and a key it sees, for `new` tokens behind `context`, each of which sees itself too.
fn pairs(context: f64, new: f64) -> f64 {
    context * new + new * (new + 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Family;
    use crate::policy::tests::tiny;

    /// hidden 10, intermediate 7, 2 layers, 4 query and 2 kv heads of 3, vocabulary 11.
    fn cost() -> Cost {
        Cost::new(&ModelConfig {
            hidden_size: 10,
            intermediate_size: 7,
            num_layers: 2,
            num_heads: 4,
            num_kv_heads: 2,
            head_dim: 3,
            vocab_size: 11,
            ..tiny(Family::Qwen3, true)
        })
    }

    #[test]
    fn sizes_are_counted_by_hand() {
        // q 12 x 10, k and v 6 x 10 each, o 10 x 12, gate, up and down 7 x 10 each: 570 a layer.
        assert_eq!(cost(), Cost { layers: 1140.0, head: 110.0, attention: 24.0, cached: 24.0 });
    }

    #[test]
    fn a_pass_over_short_sequences_by_hand() {
        // Prompt 2, response 3: 4 tokens go in, 3 predict, 1 + 2 + 3 + 4 pairs.
        let one = 2.0 * (1140.0 * 4.0 + 110.0 * 3.0) + 4.0 * 24.0 * 10.0;
        assert_eq!(cost().forward([(2, &[3][..])]), one);
        assert_eq!(cost().training([(2, &[3][..]), (5, &[0]), (5, &[]), (2, &[3])]), 6.0 * one);
        // Prompt 2: 3 pairs. Samples of 3 and 1 tokens: the first feeds 2 tokens, which see 3 and 4.
        let two = 2.0 * 1140.0 * 2.0 + 96.0 * 3.0 + 2.0 * (1140.0 * 2.0 + 110.0 * 3.0) + 96.0 * 7.0 + 2.0 * 110.0;
        assert_eq!(cost().forward([(2, &[3, 1][..])]), two);
        // Three passes over the weights of each of 2 copies; 7 cached tokens read.
        assert_eq!(cost().rollout_bytes([(2, &[3, 1][..])], 2), (1250.0 * 3.0 + 7.0 * 24.0) * 2.0);
        assert_eq!(cost().rollout_bytes([], 2), 0.0);
    }

    #[test]
    fn long_sequences_agree_with_verls_counter() {
        let (config, tokens) = (tiny(Family::Qwen3, false), 100_000_usize);
        let linear = Cost::new(&config).layers + Cost::new(&config).head;
        let square = (config.num_layers * config.num_heads * config.head_dim) as f64 * (tokens as f64).powi(2);
        let verl = 6.0 * linear * tokens as f64 + 6.0 * square;
        let ours = Cost::new(&config).training([(1, &[tokens][..])]);
        // The diagonal: one pair in 2 L.
        assert!((ours / verl - 1.0).abs() < 1e-4, "{ours} {verl}");
    }
}
