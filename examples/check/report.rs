//! What was found, as lines for a person or as JSON.

use std::fmt::Write;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// A job runs, and may run badly.
    Warning,
    /// A job does not run.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub level: Level,
    /// What it is about, in a word.
    pub topic: &'static str,
    /// One line: what is there, and what to do.
    pub text: String,
}

/// All of them, in the order in which they were looked at.
#[derive(Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn ok(&mut self, topic: &'static str, text: impl Into<String>) {
        self.add(Level::Ok, topic, text.into());
    }

    pub fn warning(&mut self, topic: &'static str, text: impl Into<String>) {
        self.add(Level::Warning, topic, text.into());
    }

    pub fn error(&mut self, topic: &'static str, text: impl Into<String>) {
        self.add(Level::Error, topic, text.into());
    }

    fn add(&mut self, level: Level, topic: &'static str, text: String) {
        self.findings.push(Finding { level, topic, text: text.replace('\n', " ") });
    }

    fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    pub fn errors(&self) -> usize {
        self.count(Level::Error)
    }

    /// A line each, and a last one that sums up.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Finding { level, topic, text: line } in &self.findings {
            let level = match level {
                Level::Ok => "ok",
                Level::Warning => "WARNING",
                Level::Error => "ERROR",
            };
            let _ = writeln!(text, "{level:<8}{topic:<11}{line}");
        }
        let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let (errors, warnings) = (self.errors(), self.count(Level::Warning));
        let end = if errors > 0 { "a job would not run" } else { "a job can start" };
        let _ = writeln!(text, "\n{end}: {}, {}, {} ok", many(errors, "error"), many(warnings, "warning"), self.count(Level::Ok));
        text
    }

    /// `{"ready": true, "errors": 0, "warnings": 1, "findings": [{"level": "ok", "topic": .., "text": ..}]}`
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Json<'a> {
            ready: bool,
            errors: usize,
            warnings: usize,
            findings: &'a [Finding],
        }
        let (errors, warnings) = (self.errors(), self.count(Level::Warning));
        let json = Json { ready: errors == 0, errors, warnings, findings: &self.findings };
        serde_json::to_string_pretty(&json).expect("numbers and strings can be written")
    }
}
