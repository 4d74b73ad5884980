//! Settings files: what they may say, what they may not, and that a run's own repeats it.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};

use crate::cli::{Precision, TrainArgs};
use crate::settings::Settings;
use crate::settings_file::{Options, parse};

/// The options of a command line, with a file of that text where it says FILE.
fn options(text: &str, line: &str) -> Result<TrainArgs> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("my.toml");
    fs::write(&file, text)?;
    let line = line.replace("FILE", file.to_str().context("a path")?);
    Ok(parse(std::iter::once("grpo").chain(line.split_whitespace()).map(OsString::from))?.train)
}

#[test]
fn the_command_line_wins_over_the_file_and_the_file_over_the_defaults() {
    let text = "seed = 7\n[optimiser]\nlr = 0.25\nclip_grad = 2\n[grpo]\nno_norm_adv_by_std = true\n[rollout]\nrollout_dtype = \"f16\"\n";
    for line in ["--settings FILE --lr 0.5", "--lr 0.5 --settings=FILE", "--lr 0.1 --settings FILE --lr 0.5"] {
        let args = options(text, line).unwrap();
        assert_eq!((args.seed, args.lr, args.clip_grad, args.weight_decay), (7, Some(0.5), 2.0, 0.01), "{line}");
        assert!(args.no_norm_adv_by_std && args.rollout_dtype == Precision::F16);
    }
    assert!(!options(text, "--settings FILE --no-norm-adv-by-std=false").unwrap().no_norm_adv_by_std);
    assert!(options("", "--no-norm-adv-by-std").unwrap().no_norm_adv_by_std);
}

#[test]
fn what_a_run_records_repeats_it() {
    let lines = [
        "",
        "--seed 9223372036854775807 --lr 1e-6 --weight-decay 0.1 --clip-ratio-high 0.28 --cache-tokens 4096 --trace t.json",
        "--model m --train a.parquet --val b\"c.parquet --filter-overlong-prompts --dtype bf16 --name mine --top-p 0.9",
    ];
    for line in lines {
        let first = Settings::new(options("", line).unwrap()).unwrap();
        let text = first.to_toml().unwrap();
        let again = Settings::new(options(&text, "--settings FILE").unwrap()).unwrap();
        let unnamed = TrainArgs { name: None, trace: None, settings: again.options.settings.clone(), ..first.options.clone() };
        assert_eq!(again.options, unnamed, "{text}");
        for arg in Options::new().all() {
            assert!(text.contains(&format!("{} ", arg.get_id())), "{} is missing", arg.get_id());
        }
    }
}

#[test]
fn a_file_of_a_checkpoint_completes_what_is_typed() {
    let args = options("train = \"a\"\nval = \"b\"", "--model m --settings FILE").unwrap();
    assert_eq!((args.model, args.val), (Some("m".into()), Some("b".into())));
}

#[test]
fn mistakes_are_one_line_with_file_line_key_and_way_out() {
    for (text, parts) in [
        ("\nclip_ratio_lo = 0.1", &["my.toml, line 2: ", "no setting \"clip_ratio_lo\"", "did you mean \"clip_ratio_low\"?"][..]),
        ("[grpo]\nclip-ratio-low = 0.1", &["line 2", "did you mean \"clip_ratio_low\"?"]),
        ("[gpro]\nn = 3", &["line 1", "no section \"gpro\"", "did you mean \"grpo\"?"]),
        ("xylophone = 3", &["no setting \"xylophone\"", "--help"]),
        ("[grpo]\nlr = 0.1", &["line 2", "lr stands in [grpo]", "[optimiser]"]),
        ("n = 4\n[grpo]\nn = 5", &["line 3", "n is given twice"]),
        ("n = \"many\"", &["n is \"many\"", "a whole number"]),
        ("[grpo]\n\nn = -3", &["line 3", "n is -3", "not negative"]),
        ("n = 2.5", &["n is 2.5", "a whole number"]),
        ("device = 99999999999", &["device is 99999999999", "a whole number"]),
        ("lr = \"0.1\"", &["lr is \"0.1\"", "a number is needed"]),
        ("filter_overlong_prompts = 1", &["filter_overlong_prompts is 1", "true or false"]),
        ("dtype = \"fp8\"", &["dtype is \"fp8\"", "\"f32\" or \"bf16\" or \"f16\""]),
        ("dtype = 32", &["dtype is 32", "\"f32\""]),
        ("runs = 5", &["runs is 5", "a text in quotes"]),
        ("n = [1,\n2]", &["n is [1,", "a whole number"]),
        ("n = ", &["line 1: this is no TOML"]),
        ("settings = \"other.toml\"", &["no setting \"settings\""]),
        ("warmup_steps = 3\nmodel = \"m\"\ntrain = \"a\"\nval = \"b\"", &["--warmup-steps", "cannot be used with", "my.toml"]),
        ("model = \"m\"", &["required", "--train", "my.toml"]),
    ] {
        let message = format!("{:#}", options(text, "--settings FILE").unwrap_err());
        assert!(parts.iter().all(|part| message.contains(part)) && !message.contains('\n'), "{text}: {message}");
    }
    let message = format!("{:#}", options("", "--settings /nowhere/x.toml").unwrap_err());
    assert!(message.contains("cannot read /nowhere/x.toml"), "{message}");
}

#[test]
fn typed_mistakes_stay_claps() {
    for line in ["--settings FILE --clip-ratio-lo 1", "--n many --settings FILE", "--n many", "score"] {
        assert!(options("", line).unwrap_err().is::<clap::Error>(), "{line}");
    }
    assert!(options("", "score --model m --tokens t").is_ok());
}
