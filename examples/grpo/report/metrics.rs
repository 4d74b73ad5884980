//! `metrics.jsonl`: one JSON object a step, under verl's metric names.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

/// The numbers of one step, in the order they were set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    entries: Vec<(String, f64)>,
}

impl Metrics {
    /// No metrics yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a metric; one that is there keeps its place.
    pub fn set(&mut self, name: &str, value: f64) {
        match self.entries.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.entries.push((name.to_string(), value)),
        }
    }

    /// Sets `NAME/mean`, `NAME/max` and `NAME/min`. No values, no metrics.
    pub fn set_summary(&mut self, name: &str, values: impl IntoIterator<Item = f64>) {
        let (mut count, mut sum, mut max, mut min) = (0_usize, 0.0, f64::NEG_INFINITY, f64::INFINITY);
        for value in values {
            (count, sum, max, min) = (count + 1, sum + value, max.max(value), min.min(value));
        }
        if count > 0 {
            self.set(&format!("{name}/mean"), sum / count as f64);
            self.set(&format!("{name}/max"), max);
            self.set(&format!("{name}/min"), min);
        }
    }

    /// A metric by its name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.entries.iter().find(|(known, _)| known == name).map(|&(_, value)| value)
    }

    /// One line of JSON. Each number is the shortest decimal that reads back as the same bits; whole numbers have no
    /// point; NaN and infinities, which JSON lacks, are null.
    pub fn to_json(&self) -> String {
        let number = |value: f64| {
            // Up to 2^53 every whole number is exact. Minus zero stays a float.
            if value.fract() == 0.0 && value.abs() < 9e15 && !(value == 0.0 && value.is_sign_negative()) {
                Value::from(value as i64)
            } else {
                Value::from(value)
            }
        };
        let object: Map<String, Value> = self.entries.iter().map(|(name, value)| (name.clone(), number(*value))).collect();
        Value::Object(object).to_string()
    }
}

/// The file. Each line is out when [`MetricsFile::append`] returns, so an interrupted run keeps its steps.
#[derive(Debug)]
pub struct MetricsFile {
    file: File,
    path: PathBuf,
}

impl MetricsFile {
    /// Creates the file, or empties it.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Adds a step.
    pub fn append(&mut self, metrics: &Metrics) -> Result<()> {
        let line = metrics.to_json() + "\n";
        self.file.write_all(line.as_bytes()).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn metrics(entries: &[(&str, f64)]) -> Metrics {
        let mut metrics = Metrics::new();
        entries.iter().for_each(|&(name, value)| metrics.set(name, value));
        metrics
    }

    #[test]
    fn order_is_kept_and_names_are_unique() {
        let mut metrics = metrics(&[("training/global_step", 3.0), ("critic/score/mean", 0.5), ("actor/lr", 1e-6)]);
        metrics.set("critic/score/mean", 0.25);
        let line = r#"{"training/global_step":3,"critic/score/mean":0.25,"actor/lr":1e-6}"#;
        assert_eq!(metrics.to_json(), line);
        assert_eq!((metrics.get("actor/lr"), metrics.get("actor/kl")), (Some(1e-6), None));
    }

    #[test]
    fn summaries_have_mean_max_and_min() {
        let mut metrics = Metrics::new();
        metrics.set_summary("response_length", [4.0, 1.0, 4.0]);
        metrics.set_summary("prompt_length", []);
        let expected = r#"{"response_length/mean":3,"response_length/max":4,"response_length/min":1}"#;
        assert_eq!(metrics.to_json(), expected);
    }

    #[test]
    fn numbers_that_json_lacks_are_null() {
        let odd = metrics(&[("a", f64::NAN), ("b", f64::INFINITY), ("c", -0.0), ("d", 1e300)]);
        assert_eq!(odd.to_json(), r#"{"a":null,"b":null,"c":-0.0,"d":1e+300}"#);
    }

    #[test]
    fn every_line_is_out_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        std::fs::write(&path, "left over\n").unwrap();
        let mut file = MetricsFile::create(&path).unwrap();
        for step in 1..=2 {
            file.append(&metrics(&[("training/global_step", f64::from(step))])).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.lines().count(), step as usize);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"training/global_step\":1}\n{\"training/global_step\":2}\n");
    }

    #[test]
    fn errors_name_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let error = format!("{:#}", MetricsFile::create(dir.path()).unwrap_err());
        assert!(error.starts_with(&format!("cannot write {}: Is a directory", dir.path().display())), "{error}");
        // Linux's ever-full device.
        if Path::new("/dev/full").exists() {
            let error = MetricsFile::create(Path::new("/dev/full")).unwrap().append(&Metrics::new()).unwrap_err();
            assert!(format!("{error:#}").starts_with("cannot write /dev/full: No space left on device"));
        }
    }

    proptest! {
        #[test]
        fn numbers_read_back_bit_for_bit(value in prop::num::f64::NORMAL | prop::num::f64::ZERO) {
            let line = metrics(&[("x", value)]).to_json();
            let read: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(read["x"].as_f64().unwrap().to_bits(), value.to_bits());
        }
    }
}
