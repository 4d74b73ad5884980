//! External events (`ACL_EVENT_EXTERNAL`): flags between a graph and what is outside of it.
//!
//! In a capture an ordinary event is a mark of the graph, which nobody outside can record or wait for. An external one stays what
//! it is: the graph's tasks set, clear and wait for the same flag as everybody's, in each replay. Source: the runtime's `event.cc`
//! and `event_capture.cc` (a word of memory; records write 1, resets 0, waits compare), its dev_guide/04-03 (a replay waits until
//! what it runs has been updated), `api_error.cc` (the host cannot ask about it).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::engine::{Condition, Hold, Limit, Needs, Stream, Task};
use crate::graph::Recorder;
use crate::reject::Outcome;

/// Whether it was recorded, and not reset since. A wait leaves it.
#[derive(Default)]
pub(super) struct Flag(AtomicBool);

/// An update of a task group lets what has to do with events pass.
fn enqueue(stream: &Arc<Stream>, task: Task) -> Outcome {
    match stream.recorder() {
        Some(Recorder::Update(_)) => {
            stream.push(task);
            Ok(())
        }
        _ => stream.enqueue(task),
    }
}

/// Sets or clears it in the order of `stream`.
pub(super) fn store(flag: &Arc<Flag>, value: bool, name: &'static str, stream: &Arc<Stream>) -> Outcome {
    let flag = flag.clone();
    enqueue(stream, Task::Work(name, Arc::new(move || flag.0.store(value, SeqCst))))
}

/// Holds `stream` until it is set.
pub(super) fn wait(flag: &Arc<Flag>, stream: &Arc<Stream>, limit: Limit) -> Outcome {
    enqueue(stream, Task::Hold(Box::new(Hold::new("aclrtStreamWaitEvent", flag.clone(), limit))))
}

impl Condition for Arc<Flag> {
    fn met(&self) -> bool {
        self.0.load(SeqCst)
    }

    fn needs(&self) -> Needs {
        Needs::Anything
    }

    fn pass(&self) -> Outcome {
        Ok(())
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(self.clone())
    }
}
