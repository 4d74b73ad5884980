//! The parameters of a model by their Hugging Face names.

use super::ModelConfig;

/// Every parameter with its shape, in the order of transformers. Matrices are `[out, in]`. `lm_head.weight` is there
/// only when it is not the embedding.
pub fn parameter_shapes(config: &ModelConfig) -> Vec<(String, Vec<usize>)> {
    let hidden = config.hidden_size;
    let mut shapes = vec![("model.embed_tokens.weight".to_string(), vec![config.vocab_size, hidden])];
    for layer in 0..config.num_layers {
        let layer_shapes = layer_shapes(config).into_iter();
        shapes.extend(layer_shapes.map(|(name, shape)| (format!("model.layers.{layer}.{name}"), shape)));
    }
    shapes.push(("model.norm.weight".to_string(), vec![hidden]));
    if !config.tie_word_embeddings {
        shapes.push(("lm_head.weight".to_string(), vec![config.vocab_size, hidden]));
    }
    shapes
}

fn layer_shapes(config: &ModelConfig) -> Vec<(&'static str, Vec<usize>)> {
    let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
    let (query, key) = (config.num_heads * config.head_dim, config.num_kv_heads * config.head_dim);
    let mut shapes = Vec::new();
    let projections = [
        ("self_attn.q_proj.weight", "self_attn.q_proj.bias", query),
        ("self_attn.k_proj.weight", "self_attn.k_proj.bias", key),
        ("self_attn.v_proj.weight", "self_attn.v_proj.bias", key),
    ];
    for (weight, bias, width) in projections {
        shapes.push((weight, vec![width, hidden]));
        if config.qkv_bias() {
            shapes.push((bias, vec![width]));
        }
    }
    shapes.push(("self_attn.o_proj.weight", vec![hidden, query]));
    if config.qk_norm() {
        shapes.push(("self_attn.q_norm.weight", vec![config.head_dim]));
        shapes.push(("self_attn.k_norm.weight", vec![config.head_dim]));
    }
    shapes.push(("mlp.gate_proj.weight", vec![intermediate, hidden]));
    shapes.push(("mlp.up_proj.weight", vec![intermediate, hidden]));
    shapes.push(("mlp.down_proj.weight", vec![hidden, intermediate]));
    shapes.push(("input_layernorm.weight", vec![hidden]));
    shapes.push(("post_attention_layernorm.weight", vec![hidden]));
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// The gradients of the fixtures are named and shaped by transformers.
    #[test]
    fn names_and_shapes_are_those_of_transformers() {
        for name in ["qwen2-tiny", "qwen3-tiny"] {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
            let config = ModelConfig::from_json(&std::fs::read_to_string(dir.join("config.json")).unwrap()).unwrap();
            let bytes = std::fs::read(dir.join("gradients.safetensors")).unwrap();
            let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
            let theirs: BTreeMap<_, _> = tensors.iter().map(|(n, view)| (n.to_string(), view.shape().to_vec())).collect();
            let ours: BTreeMap<_, _> = parameter_shapes(&config).into_iter().collect();
            assert_eq!(ours, theirs, "{name}");
            assert_eq!(ours.len(), parameter_shapes(&config).len(), "a name stands twice");
        }
    }
}
