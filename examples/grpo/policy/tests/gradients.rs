//! The backward against differences of the forward, for what no fixture has: temperatures, the other ties, chunked logits.

use super::*;

fn loss(s: &Stream, policy: &Policy, packed: &Packed, temperature: f64, weights: &[f32]) -> f64 {
    let logp = policy.logprobs(s, packed, temperature).unwrap().logp;
    logp.iter().zip(weights).map(|(&logp, &w)| f64::from(logp) * f64::from(w)).sum()
}

#[test]
fn every_parameter_has_the_slope_that_differences_show() {
    let (s, temperature) = (stream(), 0.8);
    for (family, tied) in [(Family::Qwen2, false), (Family::Qwen3, true)] {
        let mut policy = policy(&s, family, tied, DType::F32);
        let packed = Packed::new(&sequences()).unwrap();
        let weights = weights(packed.num_rows());
        let (grads, _) = gradient(&s, &policy, &packed, temperature, &weights);
        let start = contents(&s, policy.masters());
        let mut random = Random::new(8);
        for (name, gradient) in contents(&s, &grads) {
            // Half along the gradient, so that there is a slope to see; half anywhere, so that no error hides across it.
            let norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
            let spread = (gradient.len() as f32).sqrt();
            let direction: Vec<f32> = gradient.iter().map(|g| g / norm + random.normal() / spread).collect();
            let expected: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
            let step = 4e-3f32;
            let mut at = |sign: f32| {
                policy
                    .load(&s, |other, _| {
                        let mut values = start.iter().find(|(name, _)| name == other).unwrap().1.clone();
                        if other == name {
                            values.iter_mut().zip(&direction).for_each(|(value, d)| *value += sign * step * d);
                        }
                        Ok(values)
                    })
                    .unwrap();
                loss(&s, &policy, &packed, temperature, &weights)
            };
            let slope = (at(1.0) - at(-1.0)) / (2.0 * f64::from(step));
            // The loss is a sum of some 50 f32 log-probs of size 10, good to 1e-5 or so: over the step, 3e-3. The third derivative
            // adds about as much again.
            let error = (slope - expected).abs();
            assert!(error < 0.02 * expected.abs() + 0.01, "{family:?} {name}: slope {slope}, by the gradient {expected}");
        }
    }
}

#[test]
fn chunks_of_logits_and_log_probs_that_were_not_kept_change_nothing() {
    let s = stream();
    for tied in [true, false] {
        let mut policy = policy(&s, Family::Qwen3, tied, DType::F32);
        let packed = Packed::new(&sequences()).unwrap();
        let weights = weights(packed.num_rows());
        let (whole, logprobs) = gradient(&s, &policy, &packed, 0.7, &weights);
        // 7 rows a chunk, of which the first two chunks are kept.
        policy.model.limits = Limits { chunk: 7 * 37 + 5, kept: 2 * 7 * 37 };
        let (chunked, again) = gradient(&s, &policy, &packed, 0.7, &weights);
        // The same rows, in products of another height: sums may be in another order.
        assert!(largest_difference(&again.logp, &logprobs.logp) < 1e-5);
        assert!(largest_difference(&again.entropy, &logprobs.entropy) < 1e-5);
        for ((name, a), (_, b)) in contents(&s, &chunked).into_iter().zip(contents(&s, &whole)) {
            assert!(relative(&a, &b) < 1e-5, "{name}");
        }
        // 55 rows.
        assert_eq!(packed.num_rows(), 55);
    }
}
