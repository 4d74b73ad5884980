//! Log-probs and gradients against Hugging Face transformers.

use std::path::Path;

use safetensors::SafeTensors;
use serde::Deserialize;

use super::*;
use crate::checkpoint::Checkpoint;

#[derive(Deserialize)]
struct Expected {
    sequences: Vec<ExpectedSequence>,
}

#[derive(Deserialize)]
struct ExpectedSequence {
    tokens: Vec<u32>,
    logprobs: Vec<f32>,
    /// The loss is `sum weights * logprobs`.
    weights: Vec<f32>,
}

/// Of every parameter, by name.
fn expected_gradients(path: &Path) -> Vec<(String, Vec<f32>)> {
    let bytes = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let values = |data: &[u8]| data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    tensors.iter().map(|(name, view)| (name.to_string(), values(view.data()))).collect()
}

#[test]
fn log_probs_and_gradients_are_those_of_transformers() {
    let s = stream();
    for name in ["qwen2-tiny", "qwen3-tiny"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        let checkpoint = Checkpoint::open(&dir).unwrap();
        let mut policy = Policy::new(&s, &checkpoint.config, DType::F32).unwrap();
        policy.load(&s, |name, shape| checkpoint.read_f32(name, shape)).unwrap();
        let text = std::fs::read_to_string(dir.join("expected.json")).unwrap();
        let Expected { sequences: expected } = serde_json::from_str(&text).unwrap();
        let sequences: Vec<_> = expected.iter().map(|e| Sequence { tokens: e.tokens.clone(), prompt_len: 1 }).collect();
        let packed = Packed::new(&sequences).unwrap();
        let weights: Vec<f32> = expected.iter().flat_map(|e| e.weights.clone()).collect();
        let (grads, logprobs) = gradient(&s, &policy, &packed, 1.0, &weights);

        // Both are f32 with sums in another order.
        for (ours, theirs) in packed.split(&logprobs.logp).zip(&expected) {
            let difference = largest_difference(ours, &theirs.logprobs);
            assert!(difference < 1e-4, "{name}: log-probs of {} tokens differ by {difference}", theirs.tokens.len());
        }
        let ours: std::collections::BTreeMap<_, _> = contents(&s, &grads).into_iter().collect();
        let theirs = expected_gradients(&dir.join("gradients.safetensors"));
        assert_eq!(ours.len(), theirs.len());
        for (parameter, theirs) in theirs {
            let error = relative(&ours[&parameter], &theirs);
            assert!(error < 1e-3, "{name}: the gradient of {parameter} differs by {error}");
        }
    }
}
