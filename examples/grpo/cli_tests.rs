//! The program as a person runs it, in a process of its own: what it writes, what it prints, how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Holds the arguments where this test binary is to be the program.
const ARGUMENTS: &str = "GRPO_TEST_ARGUMENTS";

/// Not a test by itself: what [`program`] runs.
#[test]
fn as_program() {
    if let Ok(arguments) = std::env::var(ARGUMENTS) {
        let arguments: Vec<String> = serde_json::from_str(&arguments).unwrap();
        let words = std::iter::once("grpo".to_string()).chain(arguments);
        std::process::exit(crate::start(words.map(Into::into)).into());
    }
}

/// "die 2 3": rank 2 ends with an error in the update after 3 steps; "panic 2 3": it panics; "stall 2 3": it does not end.
pub const FAULT: &str = "GRPO_TEST_FAULT";

/// What a test has asked to go wrong at this place, if anything.
pub fn fault(rank: usize, done: usize) -> anyhow::Result<()> {
    let Ok(fault) = std::env::var(FAULT) else { return Ok(()) };
    let words: Vec<&str> = fault.split(' ').collect();
    if words[1..] == [rank.to_string(), done.to_string()] {
        anyhow::ensure!(words[0] != "die", "rank {rank} was told to die after {done} steps");
        assert_ne!(words[0], "panic", "rank {rank} was told to panic");
        std::thread::sleep(Duration::from_secs(3600));
    }
    Ok(())
}

pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["cli_tests::as_program", "--exact", "--nocapture"]);
    command.env(ARGUMENTS, serde_json::to_string(arguments).unwrap()).env("ASCEND_RL_DEVICE", "sim");
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

pub fn succeed(arguments: &[&str]) -> String {
    succeed_with(arguments, &[])
}

/// The same under more variables.
fn succeed_with(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = program(arguments).envs(variables.iter().copied()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {err}");
    out.into_owned()
}

/// The one line that a failing run ends with.
fn fail(arguments: &[&str]) -> String {
    let output = run(arguments);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {err}");
    let line = err.lines().last().unwrap_or_default().to_string();
    assert!(line.starts_with("grpo: ") && !err.contains("panicked at"), "{arguments:?}: {err}");
    line
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

pub fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A copy of a fixture's folder, to be broken.
fn copy_of(name: &str, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(fixture(name)).unwrap() {
        let from = entry.unwrap().path();
        if from.is_file() {
            fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
        }
    }
}

/// The tiny Qwen3, said to know positions enough for the prompts of the parquet fixtures.
fn model_with_room(to: &Path) {
    copy_of("qwen3-tiny", to);
    let file = to.join("config.json");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"max_position_embeddings\": 128"));
    fs::write(&file, text.replace("\"max_position_embeddings\": 128", "\"max_position_embeddings\": 512")).unwrap();
}

/// Each line of a metrics file, without what a clock decides.
pub fn metrics(run: &Path) -> Vec<Value> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &mut lines {
        line.as_object_mut().unwrap().retain(|name, _| !name.starts_with("timing_s/") && !name.starts_with("perf/"));
    }
    lines
}

#[test]
fn a_short_run_writes_what_it_promises_and_repeats_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    let train = |name: &str, seed: &str| {
        let small = [
            "--steps",
            "3",
            "--warmup-steps",
            "4",
            "--train-batch-size",
            "8",
            "--n",
            "4",
            "--save-freq",
            "2",
            "--test-freq",
            "2",
        ];
        succeed(&[&small[..], &["--seed", seed, "--runs", path(dir.path()), "--name", name]].concat())
    };
    let out = train("one", "7");
    train("two", "7");
    train("other", "8");
    let run = dir.path().join("one");
    let lines = metrics(&run);
    assert_eq!(lines, metrics(&dir.path().join("two")));
    assert_ne!(lines, metrics(&dir.path().join("other")));

    for part in ["held-out accuracy", "supervised warm-up", "simulated NPU"] {
        assert!(out.contains(part), "{out}");
    }
    let steps: Vec<&Value> = lines.iter().filter(|line| line.get("actor/pg_loss").is_some()).collect();
    assert_eq!(steps.len(), 3);
    for name in ["actor/grad_norm", "actor/kl_loss", "critic/rewards/mean", "response_length/mean", "training/global_step"] {
        assert!(steps.iter().all(|line| line[name].is_number()), "{name}");
    }
    // Before, after step 2, and after.
    assert_eq!(lines.iter().filter(|line| line.get("val-core/carry/reward/mean@1").is_some()).count(), 3);
    assert!(fs::read_to_string(run.join("reward.svg")).unwrap().starts_with("<svg"));
    assert!(fs::read_to_string(run.join("samples.txt")).unwrap().contains("="));
    // What the run has recorded repeats it.
    let recorded = run.join("settings.toml");
    succeed(&["--settings", path(&recorded), "--name", "again"]);
    assert_eq!(lines, metrics(&dir.path().join("again")));
    let (first, again) =
        (fs::read_to_string(&recorded).unwrap(), fs::read_to_string(dir.path().join("again/settings.toml")).unwrap());
    assert_eq!(first.replace("# name = \"one\"", "# name = \"again\""), again);
    for step in ["global_step_2", "global_step_3"] {
        let out = succeed(&["generate", "--model", path(&run.join(step)), "--prompt", "65+87=", "--max-new-tokens", "4"]);
        assert!(out.lines().count() >= 2, "{out}");
    }
}

#[test]
fn score_agrees_with_transformers() {
    for name in ["qwen2-tiny", "qwen3-tiny"] {
        let expected: Value = serde_json::from_str(&fs::read_to_string(fixture(name).join("expected.json")).unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tokens.json");
        let expected = expected["sequences"].as_array().unwrap();
        let column = |name: &str| Value::from(expected.iter().map(|sequence| sequence[name].clone()).collect::<Vec<_>>());
        fs::write(&file, column("tokens").to_string()).unwrap();
        let out = succeed(&["score", "--model", path(&fixture(name)), "--tokens", path(&file)]);
        let line = out.lines().find(|line| line.contains("logprobs")).unwrap();
        let found: Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
        let lists = |value: Value| -> Vec<Vec<f64>> { serde_json::from_value(value).unwrap() };
        let (found, expected) = (lists(found["logprobs"].clone()), lists(column("logprobs")));
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), expected.iter().map(Vec::len).collect::<Vec<_>>());
        let worst = found.concat().iter().zip(expected.concat()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-4, "{name}: log-probs differ by {worst}");
    }
}

#[test]
fn a_checkpoint_trains_on_parquet_and_is_saved_for_transformers() {
    let dir = tempfile::tempdir().unwrap();
    let (model, data) = (dir.path().join("model"), fixture("parquet/gsm8k.parquet"));
    model_with_room(&model);
    let arguments =
        ["--model", path(&model), "--train", path(&data), "--val", path(&data), "--runs", path(dir.path()), "--name", "files"];
    let sizes =
        ["--steps", "2", "--train-batch-size", "2", "--n", "2", "--max-prompt-length", "400", "--max-response-length", "8"];
    succeed(
        &[&arguments[..], &sizes, &["--ppo-mini-batch-size", "1", "--top-k", "20", "--top-p", "0.9", "--dtype", "bf16"]].concat(),
    );
    let saved = dir.path().join("files/global_step_2");
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        assert!(saved.join(file).is_file(), "{file}");
    }
    let tokens = dir.path().join("tokens.json");
    fs::write(&tokens, "[[5, 6, 7], [], [9]]").unwrap();
    let out = succeed(&["score", "--model", path(&saved), "--tokens", path(&tokens)]);
    assert!(out.contains("logprobs"), "{out}");
}

#[test]
fn bad_input_is_one_line_that_names_the_thing_and_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let tokens = at("tokens.json");
    fs::write(&tokens, "[[5, 6, 7]]").unwrap();
    let score = |model: &Path| fail(&["score", "--model", path(model), "--tokens", path(&tokens)]);
    let expect = |message: String, parts: &[&str]| assert!(parts.iter().all(|part| message.contains(part)), "{message}");

    expect(score(&at("nowhere")), &["nowhere", "no such checkpoint folder"]);

    copy_of("qwen3-tiny", &at("cut"));
    let weights = fs::read(at("cut/model.safetensors")).unwrap();
    fs::write(at("cut/model.safetensors"), &weights[..weights.len() / 2]).unwrap();
    expect(score(&at("cut")), &["model.safetensors"]);

    let change = |name: &str, from: &str, to: &str| {
        copy_of("qwen3-tiny", &at(name));
        let file = at(name).join("config.json");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(&file, text.replace(from, to)).unwrap();
    };
    change("shape", "\"intermediate_size\": ", "\"intermediate_size\": 1");
    expect(score(&at("shape")), &["gate_proj", "safetensors"]);
    change("family", "\"model_type\": \"qwen3\"", "\"model_type\": \"llama\"");
    expect(score(&at("family")), &["llama", "qwen2"]);

    fs::write(at("list.json"), "{\"tokens\": 3}").unwrap();
    let model = fixture("qwen3-tiny");
    expect(fail(&["score", "--model", path(&model), "--tokens", path(&at("list.json"))]), &["list.json", "list of lists"]);
    fs::write(at("vocabulary.json"), "[[5, 4000000]]").unwrap();
    expect(fail(&["score", "--model", path(&model), "--tokens", path(&at("vocabulary.json"))]), &["4000000", "vocabulary"]);

    let (good, model) = (fixture("parquet/gsm8k.parquet"), at("room"));
    model_with_room(&model);
    let train = |file: &Path, more: &[&str]| {
        let files = ["--model", path(&model), "--train", path(file), "--val", path(&good)];
        fail(&[&files[..], &["--runs", path(&at("runs")), "--max-response-length", "8"], more].concat())
    };
    expect(train(&fixture("parquet/missing_column.parquet"), &[]), &["missing_column.parquet", "column"]);
    expect(train(&tokens, &[]), &["tokens.json", "parquet"]);
    expect(train(&good, &["--max-prompt-length", "5"]), &["prompt", "--max-prompt-length", "--filter-overlong-prompts"]);
    expect(train(&good, &["--max-prompt-length", "400", "--train-batch-size", "4000"]), &["4000", "--train-batch-size"]);
    expect(train(&good, &["--max-prompt-length", "1000"]), &["--max-prompt-length 1000", "positions"]);

    fs::write(at("file"), "").unwrap();
    let in_a_file = at("file").join("runs");
    expect(fail(&["--steps", "1", "--runs", path(&in_a_file)]), &["file"]);
    expect(fail(&["--steps", "1", "--device", "99", "--runs", path(&at("runs"))]), &["99"]);
    expect(
        fail(&["--steps", "1", "--runs", path(&at("runs")), "--trace", path(&in_a_file)]),
        &["cannot write the trace", "runs"],
    );
    fs::write(at("typo.toml"), "[grpo]\nclip_ratio_lo = 0.1\n").unwrap();
    expect(
        fail(&["--settings", path(&at("typo.toml"))]),
        &["typo.toml, line 2", "clip_ratio_lo", "did you mean \"clip_ratio_low\"?"],
    );
    expect(fail(&["--steps", "1", "--block-size", "7", "--runs", path(&at("runs"))]), &["--block-size is 7", "16"]);
}

#[test]
fn an_interrupted_run_says_so_and_leaves_nothing_half_written() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--steps", "100000", "--warmup-steps", "1", "--train-batch-size", "2", "--n", "2", "--save-freq", "1"];
    let trace = dir.path().join("trace.json");
    let more = ["--runs", path(dir.path()), "--name", "cut", "--trace", path(&trace), "--trace-steps", "0"];
    let mut child = program(&[&arguments[..], &more].concat()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let run = dir.path().join("cut");
    let begin = Instant::now();
    while !run.join("global_step_2").exists() {
        assert!(begin.elapsed() < Duration::from_secs(120), "no checkpoint");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = {
        let stderr = child.stderr.take().unwrap();
        (child.wait().unwrap(), std::io::read_to_string(stderr).unwrap())
    };
    assert_eq!(output.0.code(), Some(130), "{}", output.1);
    let last = output.1.lines().last().unwrap().to_string();
    assert!(last.contains("grpo: interrupted") && last.contains("metrics.jsonl"), "{last}");
    assert!(trace_of(&trace).1.iter().filter(|event| event["cat"] == "step").count() >= 2);
    for entry in fs::read_dir(&run).unwrap() {
        let entry = entry.unwrap().path();
        if entry.is_dir() {
            let name = entry.file_name().unwrap().to_str().unwrap().to_string();
            assert!(name.starts_with("global_step_"), "{name} was left behind");
            assert!(entry.join("model.safetensors").is_file() && entry.join("config.json").is_file(), "{name} is not whole");
        }
    }
}

/// What the clocks of host and device may differ by on a loaded machine, in microseconds; on a quiet one it is a fraction of a millisecond.
const SLACK: f64 = 5000.0;

/// Whether a span lies in another, both in microseconds.
fn encloses(outer: &Value, inner: &Value) -> bool {
    let ends = |event: &Value| (event["ts"].as_f64().unwrap(), event["ts"].as_f64().unwrap() + event["dur"].as_f64().unwrap());
    let ((from, to), (begin, end)) = (ends(outer), ends(inner));
    from <= begin + SLACK && end <= to + SLACK
}

fn trace_of(file: &Path) -> (Value, Vec<Value>) {
    let whole: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let events = whole["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X").cloned().collect();
    (whole, events)
}

#[test]
fn a_trace_and_a_table_show_where_the_time_goes() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trace.json");
    let small = ["--steps", "3", "--warmup-steps", "1", "--train-batch-size", "4", "--n", "4", "--runs", path(dir.path())];
    let out = succeed(&[&small[..], &["--name", "traced", "--trace", path(&file), "--trace-steps", "2"]].concat());
    assert!(["of peak", "rollout", "log-probs", "update", "reshard", "trace: "].iter().all(|part| out.contains(part)), "{out}");
    let text = fs::read_to_string(dir.path().join("traced/metrics.jsonl")).unwrap();
    let steps: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for step in steps.iter().filter(|step| step.get("actor/pg_loss").is_some()) {
        for name in ["perf/mfu/actor", "perf/mfu/actor_infer", "perf/roofline/gen", "perf/roofline/update_weights"] {
            // No upper bound: on a loaded machine the peaks may have been measured in a worse moment than the step.
            assert!(step[name].as_f64().is_some_and(|part| part > 0.0), "{name}: {}", step[name]);
        }
    }

    let (whole, events) = trace_of(&file);
    assert_eq!(whole["otherData"]["dropped_spans"], 0);
    let of = |cat: &str| events.iter().filter(|event| event["cat"] == cat).collect::<Vec<_>>();
    let (steps, stages) = (of("step"), of("stage"));
    assert_eq!(steps.len(), 2);
    for name in ["gen", "reward", "ref", "adv", "update_actor", "update_weights"] {
        assert_eq!(stages.iter().filter(|stage| stage["name"] == name).count(), 2, "{name}");
    }
    assert!(stages.iter().all(|stage| steps.iter().any(|step| encloses(step, stage))));
    let calls: Vec<&Value> = events.iter().filter(|event| event["cat"] != "step" && event["cat"] != "stage").collect();
    let is = |call: &Value, start: &str| call["name"].as_str().unwrap().starts_with(start);
    let known = ["aclnn", "aclrtMem", "Hccl", "kv_write", "block_copy", "cast_copy", "rect_copy"];
    assert!(calls.iter().all(|call| known.iter().any(|start| is(call, start))));
    for name in ["kv_write", "block_copy", "aclnnMm", "aclnnFusedInferAttentionScore", "aclnnFlashAttentionUnpaddingScoreGrad"] {
        assert!(calls.iter().any(|call| is(call, name)), "{name} is not in the trace");
    }
    // The stages are those of rank 0, on device 0; the others are somewhere in the same step.
    let within = |call: &&&Value| (if call["pid"] == 1 { &stages } else { &steps }).iter().any(|outer| encloses(outer, call));
    let outside: Vec<_> = calls.iter().filter(|call| !within(call)).collect();
    assert!(outside.is_empty(), "work outside of all stages: {outside:?}");
    // By device and stream, in order of start: whole nanoseconds, as they were written.
    let ns = |call: &Value, what: &str| (call[what].as_f64().unwrap() * 1e3).round() as u64;
    let mut lanes = std::collections::BTreeMap::<(u64, u64), Vec<(u64, u64)>>::new();
    for call in calls {
        let lane = (call["pid"].as_u64().unwrap(), call["tid"].as_u64().unwrap());
        lanes.entry(lane).or_default().push((ns(call, "ts"), ns(call, "dur")));
    }
    for ((device, stream), mut spans) in lanes {
        spans.sort_unstable();
        let apart = spans.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0);
        assert!(apart, "spans of stream {stream} of device {device} overlap");
    }
}

pub const SMALL: [&str; 10] =
    ["--steps", "3", "--warmup-steps", "3", "--train-batch-size", "4", "--n", "4", "--max-num-seqs", "64"];

#[test]
fn layouts_of_all_kinds_run_and_write_one_set_of_files() {
    let dir = tempfile::tempdir().unwrap();
    for (devices, tp) in [("1", "1"), ("2", "2"), ("3", "1"), ("4", "4")] {
        let place = ["--devices", devices, "--tp", tp, "--runs", path(dir.path()), "--name", devices];
        let out = succeed(&[&SMALL[..], &place].concat());
        for part in [&format!("FSDP {devices}"), &format!("TP {tp} x DP"), "rollout", "reshard"] {
            assert!(out.contains(part), "{part}: {out}");
        }
        assert!(!out.contains("none, the memory"), "{out}");
        let lines = metrics(&dir.path().join(devices));
        assert_eq!(lines.iter().filter(|line| line.get("actor/pg_loss").is_some()).count(), 3);
        assert!(dir.path().join(devices).join("global_step_3/model.safetensors").is_file());
    }
    // Without tensor parallelism the first rollout is the same, whoever generates it.
    let first = |devices: &str| {
        let lines = metrics(&dir.path().join(devices));
        let step = lines.iter().find(|line| line["training/global_step"] == 1.0).unwrap().clone();
        ["critic/rewards/mean", "response_length/mean", "response_length/clip_ratio"].map(|name| step[name].as_f64().unwrap())
    };
    assert_eq!(first("1"), first("3"));
}

#[test]
fn an_impossible_layout_is_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| fail(&[&SMALL[..], &["--runs", path(dir.path())], more].concat());
    let expect = |message: String, parts: &[&str]| assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    expect(run(&["--devices", "4", "--tp", "3"]), &["--tp is 3", "--devices, 4", "1, 2 or 4"]);
    expect(run(&["--devices", "3", "--tp", "3"]), &["--tp is 3", "8 attention heads", "may be 1"]);
    expect(run(&["--devices", "99", "--tp", "1"]), &["--devices 99", "CANN_SIM_DEVICES"]);
    expect(run(&["--devices", "0"]), &["--devices is 0"]);
    let output = program(&[&SMALL[..], &["--runs", path(dir.path())]].concat()).env("CANN_SIM_MEMORY", "4M").output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    expect(err.lines().last().unwrap_or_default().to_string(), &["grpo: ", "MiB"]);
}

#[test]
fn a_rank_that_dies_panics_or_stalls_ends_the_run_with_its_name_and_keeps_what_was_saved() {
    let dir = tempfile::tempdir().unwrap();
    // The others hear of an end at once. What stalls is waited for, long enough for a rank that is late only because the machine
    // is busy.
    for (fault, limit, parts) in [
        ("die 2 2", "600", &["rank 2 was told to die after 2 steps"][..]),
        ("panic 0 2", "600", &["rank 0 panicked", "rank 0 was told to panic"]),
        ("stall 1 2", "20", &["rank 1", "timed out after 20 s"]),
    ] {
        let name = fault.split(' ').next().unwrap();
        let place = ["--save-freq", "1", "--collective-timeout", limit, "--runs", path(dir.path()), "--name", name];
        let begin = Instant::now();
        let output = program(&[&SMALL[..], &place].concat()).env(FAULT, fault).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{err}");
        let last = err.lines().last().unwrap_or_default();
        assert!(last.starts_with("grpo: ") && parts.iter().all(|part| last.contains(part)), "{fault}: {err}");
        assert!(begin.elapsed() < Duration::from_secs(300), "{fault}: {:?}", begin.elapsed());
        let run = dir.path().join(name);
        assert!(run.join("global_step_2/model.safetensors").is_file());
        assert_eq!(metrics(&run).iter().filter(|line| line.get("actor/pg_loss").is_some()).count(), 2);
    }
}
