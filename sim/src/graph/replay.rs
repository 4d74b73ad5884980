//! A replay: the steps of each lane, on the lane's queue.

use std::sync::Arc;
use std::time::Instant;

use ascend_rl_sys::codes::{ACL_ERROR_RT_MODEL_ABORT_NORMAL, ACL_ERROR_RT_MODEL_EXECUTE};

use super::condition::{Chosen, Value};
use super::{Graph, Lane, State, Step};
use crate::engine::{Hold, Record, Stream, Task};
use crate::reject::{Outcome, Reject, check};

impl Graph {
    /// Enqueues all of it behind the work of `stream`, whose later work is behind it in turn. The ends of the lanes.
    pub(crate) fn replay(self: &Arc<Self>, stream: &Arc<Stream>) -> Outcome<Vec<Arc<Record>>> {
        // Held until all is enqueued: the lanes of two replays come in the same order on all queues.
        let mut state = self.state();
        state.check_ready()?;
        let begin = Arc::new(Record::begin());
        stream.push(Task::Record(begin.clone()));
        state.ends = match state.flow.clone() {
            Some(main) => vec![self.replay_flow(&main, &begin, state.marks)],
            None => state.replay(Some(&begin)),
        };
        stream.push_all(state.ends.iter().map(|end| Task::Wait(end.clone())).collect());
        Ok(state.ends.clone())
    }

    /// Enqueues all of it now, while nothing of it runs: a graph that another one runs. The ends of the lanes.
    pub(super) fn replay_within(&self) -> Outcome<Vec<Arc<Record>>> {
        let mut state = self.state();
        state.check_ready()?;
        // What had failed in the replay before is not this one's failure.
        state.lanes.iter().for_each(|lane| lane.queue.forgive());
        state.ends = state.replay(None);
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

    /// The values that conditions ask for, here and in the graphs that it runs.
    fn values(state: &State) -> Vec<Arc<Value>> {
        let mut values: Vec<_> = state.values.iter().map(|(_, value)| value.clone()).collect();
        for graph in state.inner() {
            values.extend(Graph::values(&graph.state()));
        }
        values
    }
}

/// What `aclmdlRIExecute` gives where another thread has aborted the graph, or its stream.
pub(crate) fn aborted() -> Reject {
    Reject { code: ACL_ERROR_RT_MODEL_ABORT_NORMAL, text: "the graph was aborted (aclmdlRIAbort, aclrtStreamAbort)".into() }
}

impl State {
    fn check_ready(&self) -> Outcome {
        check!(
            self.ready,
            ACL_ERROR_RT_MODEL_EXECUTE,
            "the graph is not ready: its recording has not ended well (aclmdlRIBuildEnd, aclmdlRICaptureEnd)"
        );
        Ok(())
    }

    /// The graphs that tasks of this one run.
    pub(super) fn inner(&self) -> impl Iterator<Item = &Arc<Graph>> {
        fn graphs(step: &Step) -> &[Arc<Graph>] {
            match step {
                Step::Choice(choice) => &choice.graphs,
                _ => &[],
            }
        }
        self.lanes.iter().flat_map(|lane| &lane.steps).flat_map(graphs)
    }

    /// Enqueues the lanes behind `begin`: the marks behind their last steps.
    fn replay(&self, begin: Option<&Arc<Record>>) -> Vec<Arc<Record>> {
        let marks: Vec<Arc<Record>> = (0..self.marks).map(|_| Arc::default()).collect();
        // The first lane begins the others; whoever runs this graph has seen to its values already.
        let values = if begin.is_some() { Graph::values(self) } else { Vec::new() };
        let first = (!values.is_empty())
            .then(|| Task::Work("aclmdlRICondHandleCreate", Arc::new(move || values.iter().for_each(|value| value.begin()))));
        let firsts = std::iter::once(first).chain(std::iter::repeat_with(|| None));
        self.lanes.iter().zip(firsts).map(|(lane, first)| lane.replay(begin, first, &marks)).collect()
    }
}

impl Lane {
    /// Enqueues the steps behind `begin`, and `first`: the mark behind the last.
    fn replay(&self, begin: Option<&Arc<Record>>, first: Option<Task>, marks: &[Arc<Record>]) -> Arc<Record> {
        let mut tasks = Vec::with_capacity(self.steps.len() + 3);
        let end = Arc::new(Record::end());
        tasks.extend(begin.map(|begin| Task::Begin(begin.clone(), end.clone())));
        tasks.extend(first);
        for step in &self.steps {
            if let Step::Call(name, issue) = step {
                // It enqueues by itself, with locks of its own.
                self.queue.push_all(std::mem::take(&mut tasks));
                if let Err(refusal) = issue(&self.queue) {
                    tasks.push(Task::Fail(Reject {
                        code: ACL_ERROR_RT_MODEL_EXECUTE,
                        text: format!("{name} of a graph was refused: {} (error {})", refusal.text, refusal.code),
                    }));
                }
            }
            tasks.extend(self.task(step, marks));
        }
        tasks.push(Task::Record(end.clone()));
        self.queue.push_all(tasks);
        end
    }

    /// What a step is in a replay. None: it is a place only, a call, which enqueues by itself, or of a flow of control.
    pub(super) fn task(&self, step: &Step, marks: &[Arc<Record>]) -> Option<Task> {
        Some(match step {
            Step::Operator(slot) => Task::Replay(slot.clone()),
            Step::Work(name, work) => Task::Work(name, work.clone()),
            Step::Mark(mark) => Task::Record(marks[*mark].clone()),
            Step::Await(mark, None) => Task::Wait(marks[*mark].clone()),
            Step::Await(mark, limit) => {
                Task::Hold(Box::new(Hold::new("aclrtStreamWaitEvent", marks[*mark].clone(), limit.clone())))
            }
            Step::Hold(hold) => Task::Hold(Box::new(hold.again(&self.queue))),
            Step::Choice(choice) => Task::Hold(Box::new(Hold::new("aclmdlRIAddCondTask", Chosen::new(choice), None))),
            Step::Call(..) | Step::Label | Step::Jump(..) | Step::Activate(_) => return None,
        })
    }
}
