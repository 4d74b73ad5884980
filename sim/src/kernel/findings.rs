//! What was found in launches, and the launches that were checked last.

use std::collections::VecDeque;
use std::ffi::c_char;
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use super::image::text as text_of;
use super::traffic::Traffic;

/// A rule that a kernel has broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The kernel.
    pub kernel: &'static str,
    /// "block 3", or "block 3 (vector core 1)" of a kernel with several cores a block.
    pub block: String,
    /// The call, as in the source: "DataCopyPad". Empty for what is found at the kernel's end.
    pub call: String,
    /// The source's file; empty where the call does not say.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// The rule: "order", "bounds", "alignment", "not written", "data cache", "events", "cross-core flags", "resident blocks", "deadlock",
    /// or one of the twin's own.
    pub rule: String,
    /// What is wrong.
    pub message: String,
    /// How often the same call broke the same rule.
    pub times: u32,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: ", self.block)?;
        if !self.call.is_empty() {
            f.write_str(&self.call)?;
            if !self.file.is_empty() {
                write!(f, " at {}:{}", self.file, self.line)?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{} (rule: {})", self.message, self.rule)?;
        match self.times {
            1 => Ok(()),
            n => write!(f, ", {n} times"),
        }
    }
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Where {
    pub call: String,
    pub file: String,
    pub line: u32,
}

impl Where {
    pub(super) fn of(call: *const c_char, file: *const c_char, line: u32) -> Where {
        Where { call: text_of(call), file: text_of(file), line }
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.call)?;
        if self.file.is_empty() { Ok(()) } else { write!(f, " at {}:{}", self.file, self.line) }
    }
}

/// The findings of one launch. One call breaks one rule once, however often.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

/// So many different findings, and the launch ends.
const MOST: usize = 16;

impl Findings {
    /// Adds one; false where the launch shall end, since there are many.
    pub(super) fn add(&mut self, finding: Finding) -> bool {
        let same = |other: &&mut Finding| {
            let call = |of: &Finding| (of.rule.clone(), of.call.clone(), of.file.clone(), of.line);
            // What no call has done is the core's.
            call(other) == call(&finding) && (!finding.call.is_empty() || other.block == finding.block)
        };
        match self.0.iter_mut().find(same) {
            Some(known) => known.times += 1,
            None => self.0.push(finding),
        }
        self.0.len() < MOST
    }

    pub(super) fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.0)
    }
}

/// All of them in a line.
pub(super) fn text(findings: &[Finding]) -> String {
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("; ")
}

/// A launch that ran with checks.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The kernel.
    pub kernel: &'static str,
    /// The device, as the program counts.
    pub device: u32,
    /// Blocks.
    pub blocks: u32,
    /// What it moved and computed.
    pub traffic: Traffic,
    /// What it has done wrong.
    pub findings: Vec<Finding>,
}

static LAUNCHES: Mutex<VecDeque<Launch>> = Mutex::new(VecDeque::new());
/// So many are kept.
const KEPT: usize = 1024;

fn kept() -> MutexGuard<'static, VecDeque<Launch>> {
    LAUNCHES.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Keeps what is known of a launch.
pub(super) fn keep(launch: Launch) {
    let mut kept = kept();
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(launch);
}

/// The launches of a device that were kept since this was last asked, the first one first.
pub(crate) fn take(device: u32) -> Vec<Launch> {
    let mut kept = kept();
    let (of_device, others): (VecDeque<Launch>, _) = kept.drain(..).partition(|launch| launch.device == device);
    *kept = others;
    of_device.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(line: u32) -> Finding {
        Finding {
            kernel: "k",
            block: "block 1".into(),
            call: "Add".into(),
            file: "k.cpp".into(),
            line,
            rule: "order".into(),
            message: "reads".into(),
            times: 1,
        }
    }

    #[test]
    fn one_call_breaks_one_rule_once() {
        let mut findings = Findings::default();
        assert!(findings.add(finding(3)) && findings.add(finding(4)) && findings.add(finding(3)));
        let found = findings.take();
        assert_eq!(
            text(&found),
            "block 1: Add at k.cpp:3: reads (rule: order), 2 times; block 1: Add at k.cpp:4: reads (rule: order)"
        );
        let enough = (0..100).position(|line| !findings.add(finding(line)));
        assert_eq!(enough, Some(MOST - 1));
    }

    #[test]
    fn launches_are_kept_by_device() {
        let launch = |device, blocks| Launch { kernel: "k", device, blocks, traffic: Traffic::default(), findings: vec![] };
        for (device, blocks) in [(1001, 1), (1002, 2), (1001, 3)] {
            keep(launch(device, blocks));
        }
        let blocks = |device| take(device).iter().map(|launch| launch.blocks).collect::<Vec<_>>();
        assert_eq!((blocks(1001), blocks(1001), blocks(1002)), (vec![1, 3], vec![], vec![2]));
    }
}
