//! What must not change the numbers: packing, the dtype (much), saving and loading, order. And what is refused.

use super::*;

#[test]
fn packed_sequences_are_as_each_alone() {
    let s = stream();
    for family in [Family::Qwen2, Family::Qwen3] {
        for sequences in [sequences(), samples()] {
            as_each_alone(&s, &policy(&s, family, true, DType::F32), &sequences);
        }
    }
    let shared = |sequences: &[Sequence]| !Packed::new(sequences).unwrap().kv_rows.is_empty();
    assert!(shared(&samples()) && !shared(&sequences()));
}

fn as_each_alone(s: &Stream, policy: &Policy, sequences: &[Sequence]) {
    let packed = Packed::new(sequences).unwrap();
    let weights = weights(packed.num_rows());
    let (together, logprobs) = gradient(s, policy, &packed, 1.0, &weights);
    let mut apart = Gradients::new(s, &policy.model.geometry).unwrap();
    for ((sequence, weights), logp) in sequences.iter().zip(packed.split(&weights)).zip(packed.split(&logprobs.logp)) {
        let alone = Packed::new([sequence]).unwrap();
        let forward = policy.logprobs(s, &alone, 1.0).unwrap();
        let both = policy.forward_backward(s, &alone, 1.0, &mut apart, |_| Ok(weights.to_vec())).unwrap();
        assert_eq!(forward, both, "what is kept for the backward changes the forward");
        // f32 sums in another order.
        assert!(largest_difference(&both.logp, logp) < 1e-5);
    }
    for ((name, a), (_, b)) in contents(s, &together).into_iter().zip(contents(s, apart.store())) {
        assert!(relative(&a, &b) < 1e-5, "{name}: {}", relative(&a, &b));
    }
}

/// The log-prob of every token of the vocabulary after a prompt, from scoring each as the response.
fn distribution(s: &Stream, policy: &Policy, temperature: f64) -> (Vec<f64>, f64) {
    let vocab = policy.model.config.vocab_size as u32;
    let sequences: Vec<_> = (0..vocab).map(|token| Sequence::new(&[3, 1, 4], &[token])).collect();
    let logprobs = policy.logprobs(s, &Packed::new(&sequences).unwrap(), temperature).unwrap();
    (logprobs.logp.iter().map(|&logp| f64::from(logp)).collect(), f64::from(logprobs.entropy[0]))
}

#[test]
fn temperature_and_entropy_are_those_of_the_distribution() {
    let s = stream();
    let policy = policy(&s, Family::Qwen3, true, DType::F32);
    let (plain, _) = distribution(&s, &policy, 1.0);
    for temperature in [1.0, 0.6, 3.0] {
        let (logp, entropy) = distribution(&s, &policy, temperature);
        let total: f64 = plain.iter().map(|x| (x / temperature).exp()).sum();
        let expected: Vec<f64> = plain.iter().map(|x| x / temperature - total.ln()).collect();
        // f32 log-probs of size 10.
        assert!(logp.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "temperature {temperature}");
        let expected: f64 = expected.iter().map(|x| -x * x.exp()).sum();
        assert!((entropy - expected).abs() < 1e-5, "temperature {temperature}: entropy {entropy}, {expected}");
    }
}

#[test]
fn bf16_is_near_f32() {
    let s = stream();
    for family in [Family::Qwen2, Family::Qwen3] {
        let packed = Packed::new(&sequences()).unwrap();
        let weights = weights(packed.num_rows());
        let [exact, rounded] = [DType::F32, DType::BF16].map(|compute| {
            let policy = policy(&s, family, true, compute);
            let (grads, logprobs) = gradient(&s, &policy, &packed, 1.0, &weights);
            (contents(&s, &grads), logprobs)
        });
        // bf16 keeps 8 bits: each rounding is off by up to 0.4 %, of logits of size 5 over two layers of them.
        let difference = largest_difference(&rounded.1.logp, &exact.1.logp);
        assert!(difference > 1e-4, "this is not bf16");
        assert!(difference < 0.15, "log-probs differ by {difference}");
        for ((name, a), (_, b)) in rounded.0.iter().zip(&exact.0) {
            assert!(relative(a, b) < 0.05, "{family:?} {name}: {}", relative(a, b));
        }
    }
}

#[test]
fn what_is_exported_loads_to_the_same_policy() {
    let s = stream();
    for (family, tied) in [(Family::Qwen2, true), (Family::Qwen3, false)] {
        let first = policy(&s, family, tied, DType::BF16);
        let mut exported: std::collections::HashMap<_, _> =
            first.export(&s).map(|t| t.map(|(name, shape, values)| (name, (shape, values))).unwrap()).collect();
        let mut second = Policy::new(&s, &first.model.config, DType::BF16).unwrap();
        second
            .load(&s, |name, shape| {
                let (exported_shape, values) = exported.remove(name).unwrap();
                assert_eq!(exported_shape, shape);
                Ok(values)
            })
            .unwrap();
        assert!(exported.is_empty());
        let packed = Packed::new(&sequences()).unwrap();
        let [a, b] = [&first, &second].map(|policy| policy.logprobs(&s, &packed, 1.0).unwrap());
        assert_eq!(a, b);
    }
}

#[test]
fn fresh_weights_follow_from_seed_and_name() {
    let s = stream();
    let fresh = |layers, seed| {
        let config = ModelConfig { num_layers: layers, ..tiny(Family::Qwen2, false) };
        let mut policy = Policy::new(&s, &config, DType::F32).unwrap();
        policy.load_random(&s, seed).unwrap();
        contents(&s, policy.masters()).into_iter().collect::<std::collections::BTreeMap<_, _>>()
    };
    let (one, three, other) = (fresh(1, 1), fresh(3, 1), fresh(1, 2));
    for (name, values) in &one {
        assert_eq!(values, &three[name], "{name} depends on the other layers");
        if name.ends_with("norm.weight") {
            assert!(values.iter().all(|&x| x == 1.0));
        } else if name.ends_with("bias") {
            assert!(values.iter().all(|&x| x == 0.0));
        } else {
            assert_ne!(values, &other[name], "{name} does not depend on the seed");
            let n = values.len() as f64;
            let deviation = (values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / n).sqrt();
            // Four standard errors of a deviation.
            assert!((deviation / 0.2 - 1.0).abs() < 4.0 / (2.0 * n).sqrt(), "{name}: {deviation}");
        }
    }
    assert_ne!(one["model.layers.0.self_attn.k_proj.weight"], one["model.layers.0.self_attn.v_proj.weight"]);
}

#[test]
fn what_cannot_be_computed_is_said() {
    let s = stream();
    let config = tiny(Family::Qwen3, true);
    let error = |result: Result<Logprobs>| result.unwrap_err().to_string();
    let mut policy = Policy::new(&s, &config, DType::F32).unwrap();
    let score =
        |prompt: &[u32], response: &[u32]| policy.logprobs(&s, &Packed::new(&[Sequence::new(prompt, response)]).unwrap(), 1.0);
    assert!(error(score(&[37], &[0])).contains("37 is outside the model's vocabulary of 37"));
    assert!(error(score(&[0], &[41])).contains("41 is outside"));
    assert!(error(score(&[0], &[1; 41])).contains("a sequence of 41 tokens"));
    assert_eq!(score(&[0], &[1; 40]).unwrap().logp.len(), 40);
    assert_eq!(score(&[0, 1], &[]).unwrap(), Logprobs::default());
    let mut grads = Gradients::new(&s, &policy.model.geometry).unwrap();
    let packed = Packed::new(&[Sequence::new(&[1], &[2, 3])]).unwrap();
    let short = policy.forward_backward(&s, &packed, 1.0, &mut grads, |_| Ok(vec![1.0]));
    assert!(error(short).contains("1 derivatives for 2 log-probs"));
    let load = policy.load(&s, |_, _| Ok(vec![0.0; 3])).unwrap_err().to_string();
    assert!(load.contains("model.embed_tokens.weight: 3 values"), "{load}");
    assert!(Policy::new(&s, &config, DType::F16).err().unwrap().to_string().contains("f16"));
}
