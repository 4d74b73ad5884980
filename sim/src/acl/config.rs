//! The file that `aclInit` may be given: JSON, with the keys of CANN's page.

use std::path::Path;

use serde_json::{Map, Value};

use crate::dump;
use crate::reject::{Outcome, check, reject};

/// Keys that CANN documents and the simulator has nothing for.
const UNSUPPORTED: [&str; 7] = [
    "profiler",
    "StackSize",
    "event_mode",
    "max_opqueue_num",
    "simt_printf_fifo_size",
    "simd_printf_fifo_size_per_core",
    "aclOpCompileFlag",
];

/// What a file asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Config {
    /// Whether error texts are the process' and not the thread's.
    pub process_messages: bool,
    /// The device of threads that have not chosen one.
    pub default_device: Option<i32>,
    /// What operators are dumped for. torch_npu asks for those that failed whenever it starts.
    pub dump: Option<dump::Config>,
}

impl Config {
    pub(super) fn read(path: &Path) -> Outcome<Config> {
        Config::of(&read("configPath", path)?)
    }

    fn of(keys: &Map<String, Value>) -> Outcome<Config> {
        let mut config = Config::default();
        for (key, value) in keys {
            match (key.as_str(), value) {
                ("err_msg_mode", value) => {
                    config.process_messages = match value.as_str() {
                        Some("0") => false,
                        Some("1") => true,
                        _ => reject!(
                            ACL_ERROR_INVALID_PARAM,
                            "err_msg_mode is {value}: \"0\" (thread) or \"1\" (process) is taken"
                        ),
                    }
                }
                ("dump", value) => config.dump = Some(dump::Config::of(value)?),
                ("defaultDevice", value) => config.default_device = Some(default_device(value)?),
                (key, _) => {
                    check!(
                        !UNSUPPORTED.contains(&key),
                        ACL_ERROR_FEATURE_UNSUPPORTED,
                        "{key} is not supported by the simulator; err_msg_mode, defaultDevice and dump are"
                    );
                    reject!(
                        ACL_ERROR_INVALID_PARAM,
                        "{key} is no key that CANN documents; err_msg_mode, defaultDevice and dump are taken"
                    )
                }
            }
        }
        Ok(config)
    }
}

/// The keys of a file.
pub(super) fn read(param: &str, path: &Path) -> Outcome<Map<String, Value>> {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => reject!(ACL_ERROR_INVALID_FILE, "{param} \"{shown}\" cannot be read: {error}"),
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(keys)) => Ok(keys),
        Ok(_) => reject!(ACL_ERROR_PARSE_FILE, "{param} \"{shown}\" is no JSON object"),
        Err(error) => reject!(ACL_ERROR_PARSE_FILE, "{param} \"{shown}\" is no JSON: {error}"),
    }
}

fn default_device(value: &Value) -> Outcome<i32> {
    let number = value.get("default_device").and_then(Value::as_str).and_then(|text| text.parse().ok());
    match number.filter(|id: &i32| *id >= 0) {
        Some(id) => Ok(id),
        None => {
            reject!(ACL_ERROR_INVALID_PARAM, "defaultDevice is {value}: {{\"default_device\": \"0\"}} or another number is taken")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Outcome<Config> {
        Config::of(serde_json::from_str::<Value>(text).unwrap().as_object().unwrap())
    }

    #[test]
    fn keys() {
        assert_eq!(of("{}").unwrap(), Config::default());
        let both = of(r#"{"err_msg_mode": "1", "defaultDevice": {"default_device": "3"}}"#).unwrap();
        assert_eq!(both, Config { process_messages: true, default_device: Some(3), dump: None });
        assert!(of(r#"{"dump": {"dump_scene": "lite_exception"}}"#).unwrap().dump.unwrap().failures);
        for (text, code, word) in [
            (r#"{"dump": {}}"#, 100009, "dump_path"),
            (r#"{"profiler": {}}"#, 200006, "profiler"),
            (r#"{"StackSize": {"aicore_stack_size": 32768}}"#, 200006, "StackSize"),
            (r#"{"err_msg_mode": 1}"#, 100000, "err_msg_mode"),
            (r#"{"err_msg_mod": "1"}"#, 100000, "err_msg_mod "),
            (r#"{"defaultDevice": {"default_device": "-1"}}"#, 100000, "defaultDevice"),
            (r#"{"defaultDevice": "0"}"#, 100000, "defaultDevice"),
        ] {
            let refusal = of(text).unwrap_err();
            assert!(refusal.code == code && refusal.text.contains(word), "{refusal:?}");
        }
    }
}
