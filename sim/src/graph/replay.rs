//! A replay: the steps of each lane, on the lane's queue.

use std::sync::Arc;
use std::time::Instant;

use ascend_rl_sys::codes::{ACL_ERROR_RT_MODEL_ABORT_NORMAL, ACL_ERROR_RT_MODEL_EXECUTE};

use super::{Graph, Lane, Step};
use crate::engine::{Hold, Record, Stream, Task};
use crate::reject::{Outcome, Reject, check};

impl Graph {
    /// Enqueues all of it behind the work of `stream`, whose later work is behind it in turn. The ends of the lanes.
    pub(crate) fn replay(&self, stream: &Arc<Stream>) -> Outcome<Vec<Arc<Record>>> {
        // Held until all is enqueued: the lanes of two replays come in the same order on all queues.
        let mut state = self.state();
        check!(
            state.ready,
            ACL_ERROR_RT_MODEL_EXECUTE,
            "the graph is not ready: its recording has not ended well (aclmdlRIBuildEnd, aclmdlRICaptureEnd)"
        );
        let begin = Arc::new(Record::begin());
        stream.push(Task::Record(begin.clone()));
        let marks: Vec<Arc<Record>> = (0..state.marks).map(|_| Arc::default()).collect();
        state.ends = state.lanes.iter().map(|lane| lane.replay(&begin, &marks)).collect();
        stream.push_all(state.ends.iter().map(|end| Task::Wait(end.clone())).collect());
        Ok(state.ends.clone())
    }

    /// Waits until nothing of it runs; false if `deadline` comes first.
    pub(crate) fn wait_idle(&self, deadline: Option<Instant>) -> bool {
        let ends = self.state().ends.clone();
        ends.iter().all(|end| end.place().is_none_or(|(queue, position)| queue.wait(*position, deadline)))
    }

    /// Drops what has not begun.
    pub(crate) fn abort(&self) {
        self.queues().iter().for_each(Stream::discard);
    }
}

/// What `aclmdlRIExecute` gives where another thread has aborted the graph, or its stream.
pub(crate) fn aborted() -> Reject {
    Reject { code: ACL_ERROR_RT_MODEL_ABORT_NORMAL, text: "the graph was aborted (aclmdlRIAbort, aclrtStreamAbort)".into() }
}

impl Lane {
    /// Enqueues the steps behind `begin`: the mark behind the last.
    fn replay(&self, begin: &Arc<Record>, marks: &[Arc<Record>]) -> Arc<Record> {
        let mut tasks = Vec::with_capacity(self.steps.len() + 2);
        let end = Arc::new(Record::end());
        tasks.push(Task::Begin(begin.clone(), end.clone()));
        for step in &self.steps {
            let task = match step {
                Step::Operator(slot) => Task::Replay(slot.clone()),
                Step::Work(name, work) => Task::Work(name, work.clone()),
                Step::Mark(mark) => Task::Record(marks[*mark].clone()),
                Step::Await(mark, None) => Task::Wait(marks[*mark].clone()),
                Step::Await(mark, limit) => {
                    Task::Hold(Box::new(Hold::new("aclrtStreamWaitEvent", marks[*mark].clone(), limit.clone())))
                }
                Step::Hold(hold) => Task::Hold(Box::new(hold.again(&self.queue))),
                Step::Call(name, issue) => {
                    // It enqueues by itself, with locks of its own.
                    self.queue.push_all(std::mem::take(&mut tasks));
                    match issue(&self.queue) {
                        Ok(()) => continue,
                        Err(refusal) => Task::Fail(Reject {
                            code: ACL_ERROR_RT_MODEL_EXECUTE,
                            text: format!("{name} of a graph was refused: {} (error {})", refusal.text, refusal.code),
                        }),
                    }
                }
            };
            tasks.push(task);
        }
        tasks.push(Task::Record(end.clone()));
        self.queue.push_all(tasks);
        end
    }
}
