//! Tests of `config.rs`.

use super::*;
use proptest::prelude::*;

/// The smallest `config.json` in the older form.
fn older() -> Value {
    json!({
        "model_type": "qwen2", "vocab_size": 112, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-6, "rope_theta": 500.0,
        "max_position_embeddings": 128, "tie_word_embeddings": true, "eos_token_id": 2,
    })
}

fn parse(value: &Value) -> Result<ModelConfig> {
    ModelConfig::from_json(&value.to_string())
}

fn with(name: &str, value: Value) -> Value {
    let mut config = older();
    config[name] = value;
    config
}

#[test]
fn older_form_and_defaults() {
    let config = parse(&older()).unwrap();
    assert_eq!((config.head_dim, config.rope_theta, config.initializer_range), (16, 500.0, 0.02));
    assert_eq!((config.eos_token_ids.as_slice(), config.pad_token_id), ([2].as_slice(), None));
    assert!(config.qkv_bias() && !config.qk_norm());
    let mut without = older();
    without.as_object_mut().unwrap().remove("num_key_value_heads");
    assert_eq!(parse(&without).unwrap().num_kv_heads, 4);
}

#[test]
fn newer_form_wins_over_the_older() {
    let mut newer = with("rope_parameters", json!({ "rope_type": "default", "rope_theta": 1e6 }));
    assert_eq!(parse(&newer).unwrap().rope_theta, 1e6);
    newer.as_object_mut().unwrap().remove("rope_theta");
    newer["model_type"] = "qwen3".into();
    newer["head_dim"] = 32.into();
    let config = parse(&newer).unwrap();
    assert_eq!((config.rope_theta, config.head_dim), (1e6, 32));
    assert!(!config.qkv_bias() && config.qk_norm());
}

#[test]
fn an_unused_sliding_window_is_no_obstacle() {
    assert!(parse(&with("sliding_window", 4096.into())).is_ok());
    assert!(parse(&with("rope_scaling", Value::Null)).is_ok());
    assert!(parse(&with("rope_scaling", json!({ "rope_type": "default" }))).is_ok());
    assert!(parse(&with("layer_types", json!(["full_attention", "full_attention"]))).is_ok());
}

#[test]
fn generation_config_adds_tokens() {
    let mut config = parse(&older()).unwrap();
    config.merge_generation_config(r#"{"eos_token_id": [2, 0], "pad_token_id": 5}"#).unwrap();
    assert_eq!((config.eos_token_ids.as_slice(), config.pad_token_id), ([2, 0].as_slice(), Some(5)));
    config.merge_generation_config(r#"{"eos_token_id": 7, "pad_token_id": 6}"#).unwrap();
    assert_eq!((config.eos_token_ids.as_slice(), config.pad_token_id), ([2, 0, 7].as_slice(), Some(5)));
    let error = config.merge_generation_config(r#"{"eos_token_id": 112}"#).unwrap_err();
    assert_eq!(error.to_string(), "special token 112 is not below vocab_size 112");
}

#[test]
fn every_unsupported_field_is_named() {
    let full = "only full attention is supported";
    let cases = [
        ("model_type", json!("llama"), "model_type is \"llama\"; this policy implements qwen2 and qwen3 (dense)"),
        ("model_type", json!("qwen3_moe"), "model_type is \"qwen3_moe\"; this policy implements qwen2 and qwen3 (dense)"),
        ("model_type", Value::Null, "has no model_type; this policy implements qwen2 and qwen3 (dense)"),
        ("hidden_act", json!("gelu"), "hidden_act is \"gelu\"; only \"silu\" is supported"),
        ("use_sliding_window", json!(true), &format!("use_sliding_window is true; {full}")),
        (
            "layer_types",
            json!(["full_attention", "sliding_attention"]),
            "layer_types has \"sliding_attention\"; only \"full_attention\" is supported",
        ),
        ("layer_types", json!("all"), "layer_types has \"all\"; only \"full_attention\" is supported"),
        ("num_experts", json!(8), "num_experts is 8; mixtures of experts are not supported"),
        (
            "quantization_config",
            json!({"quant_method": "fp8"}),
            "quantization_config is {\"quant_method\":\"fp8\"}; only unquantized checkpoints are supported",
        ),
        (
            "rope_scaling",
            json!({"rope_type": "yarn", "factor": 4.0}),
            "rope_scaling has rope_type \"yarn\"; only \"default\" is supported",
        ),
        ("rope_scaling", json!({"type": "linear"}), "rope_scaling has rope_type \"linear\"; only \"default\" is supported"),
        (
            "rope_scaling",
            json!({"factor": 4.0}),
            "rope_scaling is {\"factor\":4.0} without rope_type; only \"default\" is supported",
        ),
        (
            "rope_parameters",
            json!({"rope_type": "llama3", "rope_theta": 1.0}),
            "rope_parameters has rope_type \"llama3\"; only \"default\" is supported",
        ),
        (
            "rope_parameters",
            json!({"rope_type": "default", "rope_theta": 1.0, "partial_rotary_factor": 0.5}),
            "rope_parameters has partial_rotary_factor 0.5; only whole heads are supported",
        ),
        ("rope_parameters", json!(3), "rope_parameters is 3, it must be an object"),
    ];
    for (name, value, expected) in cases {
        assert_eq!(parse(&with(name, value)).unwrap_err().to_string(), expected);
    }
    let mut biased = with("attention_bias", true.into());
    assert!(parse(&biased).is_ok(), "qwen2 does not read attention_bias");
    biased["model_type"] = "qwen3".into();
    let expected = "attention_bias is true; qwen3 is supported without biases only";
    assert_eq!(parse(&biased).unwrap_err().to_string(), expected);
}

#[test]
fn every_missing_field_is_named() {
    let needed = [
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "rms_norm_eps",
        "max_position_embeddings",
    ];
    for name in needed {
        assert_eq!(parse(&with(name, Value::Null)).unwrap_err().to_string(), format!("has no {name}"));
    }
    let expected = "has no rope_theta, neither at the top nor in rope_parameters";
    assert_eq!(parse(&with("rope_theta", Value::Null)).unwrap_err().to_string(), expected);
}

#[test]
fn wrong_types_and_contradictions_are_named() {
    let range = "it must be a whole number from 1 to 4294967295";
    let cases = [
        ("hidden_size", json!("64"), format!("hidden_size is \"64\", {range}")),
        ("hidden_size", json!(64.5), format!("hidden_size is 64.5, {range}")),
        ("num_hidden_layers", json!(0), format!("num_hidden_layers is 0, {range}")),
        ("vocab_size", json!(-5), format!("vocab_size is -5, {range}")),
        ("rms_norm_eps", json!("tiny"), "rms_norm_eps is \"tiny\", it must be a number above 0".into()),
        ("rope_theta", json!(-1.0), "rope_theta is -1.0, it must be a number above 0".into()),
        ("initializer_range", json!(0), "initializer_range is 0, it must be a number above 0".into()),
        ("tie_word_embeddings", json!("yes"), "tie_word_embeddings is \"yes\", it must be true or false".into()),
        ("eos_token_id", json!("</s>"), "eos_token_id is \"</s>\", it must be a token number or a list of them".into()),
        ("eos_token_id", json!([1, 112]), "special token 112 is not below vocab_size 112".into()),
        ("num_key_value_heads", json!(3), "num_attention_heads 4 is no multiple of num_key_value_heads 3".into()),
        ("head_dim", json!(15), "head_dim is 15, it must be even: rotary embedding turns pairs".into()),
        ("hidden_size", json!(66), "hidden_size 66 is no multiple of num_attention_heads 4, and there is no head_dim".into()),
    ];
    for (name, value, expected) in cases {
        assert_eq!(parse(&with(name, value)).unwrap_err().to_string(), expected);
    }
    assert_eq!(ModelConfig::from_json("[]").unwrap_err().to_string(), "is not a JSON object");
    assert!(ModelConfig::from_json("{").unwrap_err().to_string().starts_with("is not JSON: "));
    let long = parse(&with("hidden_size", "x".repeat(200).into())).unwrap_err().to_string();
    assert!(long.len() < 140 && long.contains("..."), "{long}");
}

proptest! {
    /// What is written is read back, whatever the sizes.
    #[test]
    fn json_round_trips(
        qwen3: bool, tie: bool, heads in 1_usize..9, group in 1_usize..5, half_dim in 1_usize..65,
        eos in prop::collection::vec(0_u32..100, 0..4), pad in prop::option::of(0_u32..100), theta in 1.0..1e7,
    ) {
        let mut eos = eos;
        eos.dedup();
        let config = ModelConfig {
            family: if qwen3 { Family::Qwen3 } else { Family::Qwen2 },
            vocab_size: 100, hidden_size: 48, intermediate_size: 80, num_layers: 3,
            num_heads: heads * group, num_kv_heads: heads, head_dim: 2 * half_dim,
            rms_norm_eps: 1e-5, rope_theta: theta, tie_word_embeddings: tie, max_position_embeddings: 77,
            initializer_range: 0.06, eos_token_ids: eos, pad_token_id: pad, bos_token_id: None,
        };
        prop_assert_eq!(&ModelConfig::from_json(&config.to_json("float32").to_string()).unwrap(), &config);
        let mut merged = config.clone();
        merged.merge_generation_config(&config.generation_json().to_string()).unwrap();
        prop_assert_eq!(&merged, &config);
    }
}
