//! Tests of `save.rs`: what is written is read back, and a failure leaves what was there.

use super::*;
use crate::checkpoint::Checkpoint;
use crate::random::Random;
use safetensors::SafeTensors;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn fixture_config(name: &str) -> ModelConfig {
    Checkpoint::open(&fixture(name)).unwrap().config
}

/// Random values for every parameter, in a shuffled order.
fn tensors(config: &ModelConfig, seed: u64) -> Vec<NamedTensor> {
    let mut random = Random::new(seed);
    let mut shapes = parameter_shapes(config);
    random.shuffle(&mut shapes);
    let tensor = |(name, shape): (String, Vec<usize>)| {
        let values = (0..shape.iter().product()).map(|_| random.normal()).collect();
        (name, shape, values)
    };
    shapes.into_iter().map(tensor).collect()
}

fn ok(tensors: &[NamedTensor]) -> impl Iterator<Item = Result<NamedTensor>> {
    tensors.iter().cloned().map(Ok)
}

fn extra() -> Vec<(String, Vec<u8>)> {
    vec![("tokenizer.json".into(), b"{}".to_vec())]
}

/// Names of what is in a folder, sorted.
fn listing(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn assert_holds(dir: &Path, expected: &[NamedTensor]) {
    let checkpoint = Checkpoint::open(dir).unwrap();
    for (name, shape, values) in expected {
        assert_eq!(&checkpoint.read_f32(name, shape).unwrap(), values, "{name}");
    }
}

#[test]
fn f32_comes_back_bit_for_bit() {
    for name in ["qwen2-tiny", "qwen3-tiny"] {
        let config = fixture_config(name);
        let tensors = tensors(&config, 1);
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("runs/checkpoint");
        save(&dir, &config, ok(&tensors), StoredDtype::F32, &extra()).unwrap();
        assert_holds(&dir, &tensors);
        assert_eq!(Checkpoint::open(&dir).unwrap().config, config);
        assert_eq!(listing(&dir), ["config.json", "generation_config.json", SINGLE_FILE, "tokenizer.json"]);
        assert_eq!(listing(&root.path().join("runs")), ["checkpoint"]);
        let bytes = fs::read(dir.join(SINGLE_FILE)).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(metadata.metadata().as_ref().unwrap()["format"], "pt");
    }
}

#[test]
fn bf16_rounds_to_nearest() {
    let config = fixture_config("qwen3-tiny");
    let tensors = tensors(&config, 2);
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("checkpoint");
    save(&dir, &config, ok(&tensors), StoredDtype::Bf16, &[]).unwrap();
    let checkpoint = Checkpoint::open(&dir).unwrap();
    for (name, shape, values) in &tensors {
        for (stored, value) in checkpoint.read_f32(name, shape).unwrap().iter().zip(values) {
            // bf16 has eight significant bits: half a unit in the last place is 2^-8 of the value at most.
            assert!((stored - value).abs() <= value.abs() / 256.0, "{stored} for {value}");
            assert_eq!(stored.to_bits() & 0xffff, 0);
        }
    }
    let config_json = fs::read_to_string(dir.join("config.json")).unwrap();
    assert!(config_json.contains("\"torch_dtype\": \"bfloat16\""));
}

#[test]
fn shards_are_bounded_and_indexed() {
    let config = fixture_config("qwen2-tiny");
    let tensors = tensors(&config, 3);
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("checkpoint");
    let limit = 60_000;
    save_in_shards(&dir, &config, ok(&tensors), StoredDtype::F32, &[], limit).unwrap();
    assert_holds(&dir, &tensors);
    let index: serde_json::Value = serde_json::from_str(&fs::read_to_string(dir.join(INDEX_FILE)).unwrap()).unwrap();
    let total: usize = tensors.iter().map(|(_, _, values)| 4 * values.len()).sum();
    assert_eq!(index["metadata"]["total_size"], total);
    let shards: Vec<String> = listing(&dir).into_iter().filter(|name| name.ends_with(".safetensors")).collect();
    assert!(shards.len() > 2, "{shards:?}");
    for (number, shard) in shards.iter().enumerate() {
        assert_eq!(*shard, format!("model-{:05}-of-{:05}.safetensors", number + 1, shards.len()));
        let bytes = fs::read(dir.join(shard)).unwrap();
        let payload: usize = SafeTensors::deserialize(&bytes).unwrap().iter().map(|(_, view)| view.data().len()).sum();
        assert!(payload <= limit);
    }
}

#[test]
fn a_checkpoint_is_replaced_whole() {
    let config = fixture_config("qwen2-tiny");
    let (first, second) = (tensors(&config, 4), tensors(&config, 5));
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("checkpoint");
    save_in_shards(&dir, &config, ok(&first), StoredDtype::F32, &extra(), 60_000).unwrap();
    save(&dir, &config, ok(&second), StoredDtype::F32, &extra()).unwrap();
    assert_holds(&dir, &second);
    assert_eq!(listing(&dir), ["config.json", "generation_config.json", SINGLE_FILE, "tokenizer.json"]);
    assert_eq!(listing(root.path()), ["checkpoint"]);
}

#[test]
fn whatever_fails_the_old_checkpoint_stays() {
    let config = fixture_config("qwen3-tiny");
    let (old, new) = (tensors(&config, 6), tensors(&config, 7));
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("checkpoint");
    save(&dir, &config, ok(&old), StoredDtype::F32, &extra()).unwrap();
    let check = |tensors: Vec<Result<NamedTensor>>, files: &[(String, Vec<u8>)], expected: &str| {
        let error = save_in_shards(&dir, &config, tensors, StoredDtype::F32, files, 50_000).unwrap_err();
        let error = format!("{error:#}");
        let start = format!("cannot save a checkpoint to {}: ", dir.display());
        assert!(error.starts_with(&start) && error.contains(expected), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert_holds(&dir, &old);
        assert_eq!(listing(root.path()), ["checkpoint"]);
    };
    let all = || new.iter().cloned().map(Ok).collect::<Vec<Result<NamedTensor>>>();
    let mut broken = all();
    broken[20] = Err(anyhow!("the device is gone"));
    check(broken, &extra(), "the device is gone");
    let mut short = all();
    let (missing, ..) = short.pop().unwrap().unwrap();
    check(short, &extra(), &format!("{missing} was not given, nor 0 others"));
    let mut twice = all();
    twice.push(Ok(new[0].clone()));
    check(twice, &extra(), &format!("{} is no parameter of this model, or comes twice", new[0].0));
    let mut misshapen = all();
    misshapen[0].as_mut().unwrap().1.push(1);
    check(misshapen, &extra(), "the model needs");
    let mut few = all();
    few[0].as_mut().unwrap().2.pop();
    check(few, &extra(), "values, its shape is");
    // A write that fails when the weights are already out: its folder does not exist.
    let unwritable = [extra(), vec![("absent/file".into(), vec![])]].concat();
    check(all(), &unwritable, "absent/file: No such file");
}

#[test]
fn only_a_checkpoint_is_replaced() {
    let config = fixture_config("qwen3-tiny");
    let tensors = tensors(&config, 8);
    let root = tempfile::tempdir().unwrap();
    let error = |dir: &Path| format!("{:#}", save(dir, &config, ok(&tensors), StoredDtype::F32, &[]).unwrap_err());
    let thesis = root.path().join("thesis.tex");
    fs::write(&thesis, "precious").unwrap();
    let expected = "the folder holds thesis.tex, which does not belong to a checkpoint; choose another name";
    assert!(error(root.path()).ends_with(expected));
    assert!(error(&thesis).ends_with("it is a file, choose another name"));
    assert!(error(&thesis.join("checkpoint")).contains("thesis.tex: "));
    assert!(error(Path::new("..")).ends_with("the path has no name at its end"));
    assert_eq!(fs::read_to_string(&thesis).unwrap(), "precious");
    assert_eq!(listing(root.path()), ["thesis.tex"]);
    // An empty folder is nobody's.
    fs::create_dir(root.path().join("empty")).unwrap();
    save(&root.path().join("empty"), &config, ok(&tensors), StoredDtype::F32, &[]).unwrap();
}
