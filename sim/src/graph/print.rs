//! A graph in words, and in the format of trace viewers.

use std::fmt::Write;

use super::{Graph, Step};

impl Step {
    fn name(&self) -> String {
        match self {
            Step::Operator(slot) => slot.planned().name.into(),
            Step::Work(name, _) | Step::Call(name, _) => (*name).into(),
            Step::Jump(name, _) => (*name).into(),
            Step::Choice(_) => "aclmdlRIAddCondTask".into(),
            Step::Label => "aclrtSetLabel".into(),
            Step::Activate(_) => "aclrtActiveStream".into(),
            Step::Mark(_) => "EVENT_RECORD".into(),
            Step::Await(..) => "EVENT_WAIT".into(),
            Step::Hold(hold) => hold.name.into(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Step::Operator(_) => "KERNEL_AICORE",
            Step::Work("aclrtRecordNotify", _) => "NOTIFY_RECORD",
            Step::Work("aclrtValueWrite", _) => "WRITE_VALUE",
            Step::Work("aclrtResetEvent", _) => "EVENT_RESET",
            Step::Work(..) => "MEMCPY_ASYNC",
            Step::Mark(_) => "EVENT_RECORD",
            Step::Await(..) => "STREAM_WAIT_EVENT",
            Step::Hold(hold) => match hold.name {
                "aclrtWaitAndResetNotify" => "NOTIFY_WAIT",
                "aclrtValueWait" => "WAIT_VALUE",
                _ => "HOSTFUNC_CALLBACK",
            },
            Step::Call("aclrtRecordEventWithFlag", _) => "CAPTURE_RECORD_EXTERNAL",
            Step::Call("aclrtStreamWaitEventWithFlag", _) => "CAPTURE_WAIT_EXTERNAL",
            Step::Call(..) => "COLLECTIVE",
            Step::Choice(_) => "COND_TASK",
            Step::Label => "LABEL_SET",
            Step::Jump("aclrtSwitchStream", _) => "STREAM_SWITCH",
            Step::Jump(..) => "STREAM_LABEL_SWITCH_BY_INDEX",
            Step::Activate(_) => "STREAM_ACTIVE",
        }
    }
}

impl Graph {
    /// One line a task.
    pub(crate) fn describe(&self) -> String {
        let state = self.state();
        let mut text = format!("graph {} \"{}\" of device {}: {} streams\n", self.id, state.name, self.device, state.lanes.len());
        for (stream, lane) in state.lanes.iter().enumerate() {
            for (task, step) in lane.steps.iter().enumerate() {
                let event = match step {
                    Step::Mark(mark) | Step::Await(mark, _) => format!(", event_id={mark}"),
                    _ => String::new(),
                };
                // Writing to a string does not fail.
                _ = writeln!(text, "  stream_id={stream}, task_id={task}: {}{event}", step.name());
            }
        }
        text
    }

    /// A list of trace events. `verbose` adds what each operator reads and writes.
    pub(crate) fn json(&self, verbose: bool) -> String {
        let state = self.state();
        let tasks = state
            .lanes
            .iter()
            .enumerate()
            .flat_map(|(stream, lane)| lane.steps.iter().enumerate().map(move |(task, step)| (stream, task, step)));
        let events: Vec<String> = tasks
            .map(|(stream, task, step)| {
                let mut args = format!(
                    "\"Model Id\":{},\"Stream Id\":{stream},\"Task Id\":{task},\"Task Type\":\"{}\"",
                    self.id,
                    step.kind()
                );
                if let (true, Step::Operator(slot)) = (verbose, step) {
                    let planned = slot.planned();
                    let region = |r: &crate::ops::call::Region| {
                        format!("{} {:#x} {} bytes{}", r.param, r.start, r.bytes, if r.write { ", written" } else { "" })
                    };
                    let regions: Vec<String> = planned.regions.iter().map(region).collect();
                    _ = write!(args, ",\"Kernel Args\":\"{}\"", regions.join("; "));
                }
                format!(
                    "{{\"name\":\"{}\",\"pid\":\"model {}\",\"tid\":\"stream {stream}\",\"ts\":{task},\"dur\":1,\"ph\":\"X\",\"args\":{{{args}}}}}",
                    step.name(),
                    self.id
                )
            })
            .collect();
        format!("[\n{}\n]\n", events.join(",\n"))
    }
}
