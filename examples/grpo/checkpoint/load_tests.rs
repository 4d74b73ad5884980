//! Tests of `load.rs`, on the fixtures and on damaged copies of them.

use super::*;
use safetensors::SafeTensors;
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A copy of a fixture that a test may damage.
fn copy(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    dir
}

fn check(dir: &Path, expected: &str) {
    let error = format!("{:#}", Checkpoint::open(dir).expect_err(expected));
    assert!(error.contains(expected), "{error:?} does not contain {expected:?}");
    assert!(error.starts_with(&dir.display().to_string()), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

/// Rewrites the single weights file: every tensor goes through `change`, which may drop it.
fn rewrite(dir: &Path, change: impl Fn(&str, Dtype, Vec<usize>, Vec<u8>) -> Option<(Dtype, Vec<usize>, Vec<u8>)>) {
    let path = dir.join(SINGLE_FILE);
    let bytes = fs::read(&path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let changed: Vec<_> = tensors
        .iter()
        .filter_map(|(name, view)| {
            Some((name.to_string(), change(name, view.dtype(), view.shape().to_vec(), view.data().to_vec())?))
        })
        .collect();
    let view = |(name, (dtype, shape, bytes)): &'_ (String, (Dtype, Vec<usize>, Vec<u8>))| {
        (name.clone(), *dtype, shape.clone(), bytes.clone())
    };
    write_raw(&path, &changed.iter().map(view).collect::<Vec<_>>());
}

/// Writes the format by hand, so that the reader is not judged by the library it uses.
fn write_raw(path: &Path, tensors: &[(String, Dtype, Vec<usize>, Vec<u8>)]) {
    let (mut header, mut data) = (json!({}), Vec::new());
    for (name, dtype, shape, bytes) in tensors {
        let end = data.len() + bytes.len();
        header[name] = json!({ "dtype": format!("{dtype:?}"), "shape": shape, "data_offsets": [data.len(), end] });
        data.extend(bytes);
    }
    let header = header.to_string();
    let length = (header.len() as u64).to_le_bytes();
    fs::write(path, [&length, header.as_bytes(), &data].concat()).unwrap();
}

fn set(dir: &Path, file: &str, field: &str, value: Value) {
    let path = dir.join(file);
    let mut json: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    json[field] = value;
    fs::write(&path, json.to_string()).unwrap();
}

#[test]
fn reads_one_file_and_many() {
    for name in ["qwen3-tiny", "qwen2-tiny"] {
        let checkpoint = Checkpoint::open(&fixture(name)).unwrap();
        let mut checked = 0;
        for entry in fs::read_dir(fixture(name)).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap();
            if !(file.starts_with("model") && file.ends_with(".safetensors")) {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            for (tensor, view) in SafeTensors::deserialize(&bytes).unwrap().iter() {
                let values = checkpoint.read_f32(tensor, view.shape()).unwrap();
                let stored: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                assert_eq!(stored, view.data(), "{tensor}");
                checked += 1;
            }
        }
        assert_eq!(checked, parameter_shapes(&checkpoint.config).len());
    }
}

#[test]
fn config_comes_with_the_tokens_of_generation_config() {
    let config = Checkpoint::open(&fixture("qwen3-tiny")).unwrap().config;
    assert_eq!((config.eos_token_ids.as_slice(), config.pad_token_id), ([2, 0].as_slice(), Some(0)));
    assert_eq!((config.head_dim, config.rope_theta, config.num_layers), (16, 1000.0, 3));
    let config = Checkpoint::open(&fixture("qwen2-tiny")).unwrap().config;
    assert_eq!((config.eos_token_ids.as_slice(), config.bos_token_id), ([2].as_slice(), Some(0)));
    assert_eq!((config.head_dim, config.rope_theta, config.rms_norm_eps), (16, 500.0, 1e-5));
}

#[test]
fn half_precision_is_widened() {
    let values: [f32; 4] = [1.0, -0.5, 3.140625, 65504.0];
    let f16_bytes: Vec<u8> = [0x3c00_u16, 0xb800, 0x4248, 0x7bff].iter().flat_map(|bits| bits.to_le_bytes()).collect();
    assert_eq!(widen(Dtype::F16, &f16_bytes), values);
    let bf16_bytes: Vec<u8> = [0x3f80_u16, 0xbf00, 0x4049].iter().flat_map(|bits| bits.to_le_bytes()).collect();
    assert_eq!(widen(Dtype::BF16, &bf16_bytes), values[..3]);
}

#[test]
fn a_bf16_file_reads_as_its_upper_halves() {
    let dir = copy("qwen3-tiny");
    let whole = Checkpoint::open(dir.path()).unwrap().read_f32("model.norm.weight", &[48]).unwrap();
    // The upper two bytes of an f32 are a bf16, cut rather than rounded.
    rewrite(dir.path(), |_, _, shape, bytes| {
        Some((Dtype::BF16, shape, bytes.chunks_exact(4).flat_map(|word| [word[2], word[3]]).collect()))
    });
    let cut = Checkpoint::open(dir.path()).unwrap().read_f32("model.norm.weight", &[48]).unwrap();
    let expected: Vec<f32> = whole.iter().map(|value| f32::from_bits(value.to_bits() & 0xffff_0000)).collect();
    assert_eq!(cut, expected);
}

#[test]
fn a_tied_head_may_be_stored_or_not() {
    let dir = copy("qwen3-tiny");
    set(dir.path(), "config.json", "tie_word_embeddings", true.into());
    assert!(Checkpoint::open(dir.path()).is_ok());
    rewrite(dir.path(), |name, dtype, shape, bytes| (name != "lm_head.weight").then_some((dtype, shape, bytes)));
    assert!(Checkpoint::open(dir.path()).is_ok());
    set(dir.path(), "config.json", "tie_word_embeddings", false.into());
    check(dir.path(), "has no tensor lm_head.weight, which its config.json calls for");
}

#[test]
fn missing_files_are_named() {
    check(&fixture("absent"), "no such checkpoint folder");
    let dir = copy("qwen3-tiny");
    fs::remove_file(dir.path().join(SINGLE_FILE)).unwrap();
    check(dir.path(), "has neither model.safetensors nor model.safetensors.index.json");
    fs::remove_file(dir.path().join("config.json")).unwrap();
    check(dir.path(), "config.json: No such file");
    let dir = copy("qwen2-tiny");
    fs::remove_file(dir.path().join("model-00002-of-00003.safetensors")).unwrap();
    check(dir.path(), "model.safetensors.index.json: model-00002-of-00003.safetensors is missing: ");
}

#[test]
fn a_bad_config_or_index_names_its_file() {
    let dir = copy("qwen3-tiny");
    set(dir.path(), "config.json", "hidden_act", "gelu".into());
    check(dir.path(), "config.json: hidden_act is \"gelu\"; only \"silu\" is supported");
    let dir = copy("qwen3-tiny");
    set(dir.path(), "generation_config.json", "eos_token_id", "x".into());
    check(dir.path(), "generation_config.json: eos_token_id is \"x\", it must be");
    let dir = copy("qwen2-tiny");
    set(dir.path(), INDEX_FILE, "weight_map", json!({ "model.norm.weight": "../model.safetensors" }));
    check(dir.path(), "puts model.norm.weight into \"../model.safetensors\", which is not a plain file name");
    let shard = "model-00001-of-00003.safetensors";
    set(dir.path(), INDEX_FILE, "weight_map", json!({ "model.other": shard }));
    check(dir.path(), &format!("model.other is not in {shard}, where it is listed to be"));
    fs::write(dir.path().join(INDEX_FILE), "{}").unwrap();
    check(dir.path(), "index.json: is not an index: missing field `weight_map`");
}

#[test]
fn files_cut_short_or_damaged_are_named() {
    let dir = copy("qwen3-tiny");
    let path = dir.path().join(SINGLE_FILE);
    let whole = fs::read(&path).unwrap();
    for length in [0, 7, 8, 1000, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        check(dir.path(), &format!("model.safetensors: is cut short: it has {length} bytes"));
    }
    fs::write(&path, b"PK\x03\x04 something else altogether").unwrap();
    check(dir.path(), "model.safetensors: is not a safetensors file: it would have a header of");
    fs::write(&path, [&5_u64.to_le_bytes()[..], b"{bad}"].concat()).unwrap();
    check(dir.path(), "model.safetensors: is not a safetensors file: ");
    write_raw(&path, &[("model.norm.weight".into(), Dtype::F32, vec![48], vec![0; 10])]);
    check(dir.path(), "model.safetensors: is not a safetensors file: invalid shape, data type, or offset");
}

#[test]
fn wrong_tensors_are_named() {
    let norm = "model.layers.1.self_attn.q_norm.weight";
    let dir = copy("qwen3-tiny");
    rewrite(dir.path(), |name, dtype, shape, bytes| (name != norm).then_some((dtype, shape, bytes)));
    check(dir.path(), &format!("has no tensor {norm}, which its config.json calls for"));
    let dir = copy("qwen3-tiny");
    rewrite(dir.path(), |name, dtype, shape, bytes| Some((dtype, if name == norm { vec![4, 4] } else { shape }, bytes)));
    check(dir.path(), &format!("model.safetensors: {norm} has shape [4, 4], config.json calls for [16]"));
    let dir = copy("qwen3-tiny");
    rewrite(dir.path(), |name, dtype, shape, bytes| Some((if name == norm { Dtype::I32 } else { dtype }, shape, bytes)));
    check(dir.path(), &format!("model.safetensors: {norm} is I32; supported are F32, BF16 and F16"));
    // Leaving a layer out would compute something else.
    let dir = copy("qwen2-tiny");
    set(dir.path(), "config.json", "num_hidden_layers", 1.into());
    check(dir.path(), "holds model.layers.1.input_layernorm.weight, which a model of this config.json does not have");
}

#[test]
fn reading_checks_the_shape_again() {
    let checkpoint = Checkpoint::open(&fixture("qwen3-tiny")).unwrap();
    let error = checkpoint.read_f32("model.norm.weight", &[47]).unwrap_err().to_string();
    assert!(error.ends_with("model.norm.weight has shape [48], config.json calls for [47]"), "{error}");
    assert!(checkpoint.read_f32("model.other", &[1]).is_err());
}
