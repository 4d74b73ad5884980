//! The key "dump" of a configuration. Source: the runtime's `src/dfx/adump/adump/impl/dump_config_converter.cpp` and the page of
//! `aclmdlSetDump`.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::reject::{Outcome, check, reject};

/// Which tensors of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Input,
    Output,
    All,
}

impl Mode {
    /// Whether tensors that are written (or those that are not) are dumped.
    pub(crate) fn takes(self, written: bool) -> bool {
        self == Mode::All || (self == Mode::Output) == written
    }
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    pub path: Option<PathBuf>,
    /// Data of single operators.
    pub operators: Option<Mode>,
    /// What an operator had that failed.
    pub failures: bool,
}

impl Config {
    pub(crate) fn of(dump: &Value) -> Outcome<Config> {
        let Some(keys) = dump.as_object() else { reject!(ACL_ERROR_INVALID_DUMP_CONFIG, "dump is no JSON object") };
        let mut config = Config::default();
        let mode = match word(keys, "dump_mode", &["input", "output", "all"])? {
            Some("input") => Mode::Input,
            Some("all") => Mode::All,
            _ => Mode::Output,
        };
        let operators = word(keys, "dump_op_switch", &["on", "off"])? == Some("on");
        let overflow = word(keys, "dump_debug", &["on", "off"])? == Some("on");
        let scenes = ["aic_err_brief_dump", "aic_err_norm_dump", "aic_err_detail_dump", "lite_exception", "watcher"];
        let scene = word(keys, "dump_scene", &scenes)?;
        let data = word(keys, "dump_data", &["tensor", "stats"])?;
        // What a loaded model's operators are called in the file: there are no loaded models.
        word(keys, "dump_level", &["op", "kernel", "all"])?;
        text(keys, "dump_step")?;
        if let Some(list) = keys.get("dump_list") {
            let objects = list.as_array().is_some_and(|list| list.iter().all(Value::is_object));
            check!(objects, ACL_ERROR_INVALID_DUMP_CONFIG, "dump.dump_list is {list}: a list of objects is taken");
        }
        for key in keys.keys() {
            check!(KEYS.contains(&&**key), ACL_ERROR_INVALID_DUMP_CONFIG, "dump.{key} is no key that CANN documents");
        }
        for key in ["dump_stats", "dump_kernel_data"] {
            check!(!keys.contains_key(key), ACL_ERROR_FEATURE_UNSUPPORTED, "dump.{key} is not supported by the simulator");
        }
        let refused = [
            ("dump_debug", "on", overflow),
            ("dump_data", "stats", data == Some("stats")),
            ("dump_scene", "watcher", scene == Some("watcher")),
            ("dump_scene", "aic_err_detail_dump", scene == Some("aic_err_detail_dump")),
        ];
        for (key, value, given) in refused {
            check!(!given, ACL_ERROR_FEATURE_UNSUPPORTED, "dump.{key} \"{value}\" is not supported by the simulator");
        }
        config.failures = scene.is_some();
        check!(
            !(config.failures && operators),
            ACL_ERROR_INVALID_DUMP_CONFIG,
            "dump.dump_scene and dump.dump_op_switch \"on\" exclude one another"
        );
        config.operators = operators.then_some(mode);
        config.path = text(keys, "dump_path")?.filter(|path| !path.is_empty()).map(PathBuf::from);
        check!(
            config.failures || config.path.is_some(),
            ACL_ERROR_INVALID_DUMP_CONFIG,
            "dump.dump_path is not set: the folder that dumps go to is needed"
        );
        Ok(config)
    }
}

const KEYS: [&str; 11] = [
    "dump_path",
    "dump_mode",
    "dump_op_switch",
    "dump_debug",
    "dump_scene",
    "dump_data",
    "dump_level",
    "dump_step",
    "dump_list",
    "dump_stats",
    "dump_kernel_data",
];

fn text<'a>(keys: &'a Map<String, Value>, key: &str) -> Outcome<Option<&'a str>> {
    match keys.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => reject!(ACL_ERROR_INVALID_DUMP_CONFIG, "dump.{key} is {other}: a text is taken"),
    }
}

fn word<'a>(keys: &'a Map<String, Value>, key: &str, taken: &[&str]) -> Outcome<Option<&'a str>> {
    let found = text(keys, key)?;
    if let Some(found) = found.filter(|found| !taken.contains(found)) {
        reject!(ACL_ERROR_INVALID_DUMP_CONFIG, "dump.{key} is \"{found}\": {} is taken", taken.join(", "))
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Outcome<Config> {
        Config::of(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_is_asked_for() {
        let path = Some(PathBuf::from("./x"));
        let operators = |mode| Config { path: path.clone(), operators: Some(mode), failures: false };
        let on = r#"{"dump_path": "./x", "dump_list": [{}], "dump_op_switch": "on", "dump_data": "tensor""#;
        assert_eq!(of(&format!("{on}}}")).unwrap(), operators(Mode::Output), "CANN's default");
        assert_eq!(of(&format!(r#"{on}, "dump_mode": "all"}}"#)).unwrap(), operators(Mode::All));
        let model = of(r#"{"dump_path": "./x", "dump_list": [{"model_name": "m", "layer": ["a"]}], "dump_op_switch": "off"}"#);
        assert_eq!(model.unwrap(), Config { path, ..Config::default() });
        for scene in ["lite_exception", "aic_err_brief_dump", "aic_err_norm_dump"] {
            let found = of(&format!(r#"{{"dump_scene": "{scene}"}}"#)).unwrap();
            assert_eq!(found, Config { failures: true, ..Config::default() });
        }
        assert!(Mode::All.takes(true) && Mode::Input.takes(false) && !Mode::Input.takes(true) && !Mode::Output.takes(false));
    }

    #[test]
    fn what_is_refused() {
        for (text, code, word) in [
            ("3", 100009, "no JSON object"),
            ("{}", 100009, "dump_path"),
            (r#"{"dump_op_switch": "on"}"#, 100009, "dump_path"),
            (r#"{"dump_path": 1}"#, 100009, "dump_path is 1"),
            (r#"{"dump_path": ".", "dump_mode": "most"}"#, 100009, "input, output, all"),
            (r#"{"dump_path": ".", "dump_list": [1]}"#, 100009, "dump_list"),
            (r#"{"dump_path": ".", "dump_mod": "all"}"#, 100009, "dump_mod is no key"),
            (r#"{"dump_path": ".", "dump_op_switch": "on", "dump_scene": "lite_exception"}"#, 100009, "exclude"),
            (r#"{"dump_path": ".", "dump_debug": "on"}"#, 200006, "dump_debug"),
            (r#"{"dump_path": ".", "dump_data": "stats"}"#, 200006, "stats"),
            (r#"{"dump_path": ".", "dump_scene": "watcher"}"#, 200006, "watcher"),
            (r#"{"dump_path": ".", "dump_kernel_data": "all"}"#, 200006, "dump_kernel_data"),
        ] {
            let refusal = of(text).unwrap_err();
            assert!(refusal.code == code && refusal.text.contains(word), "{refusal:?}");
        }
    }
}
