//! Graphs with a flow of control: streams that a task activates, and tasks that go on elsewhere.
//!
//! Such a graph cannot be enqueued as a whole. One entry of a queue of its own stands for a replay ([`Run`]); it starts the lanes that
//! run from the beginning, and each goes on up to the next task that may jump, which decides on the engine's thread what is enqueued
//! next. The replay is over when no lane is under way. So a lane may be activated more than once, and may loop by its labels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use super::{Graph, Step};
use crate::engine::{Condition, Hold, Needs, Record, Stream, Task};
use crate::reject::Outcome;

/// A place in a graph: lane and step.
pub(crate) type Place = (usize, usize);
/// Where a lane goes on: none is with its next step.
pub(crate) type Jump = dyn Fn() -> Outcome<Option<Place>> + Send + Sync;

/// One replay.
struct Run {
    graph: Arc<Graph>,
    marks: Vec<Arc<Record>>,
    /// Lanes under way, once it has started.
    walkers: AtomicUsize,
    started: AtomicBool,
    dropped: AtomicBool,
}

impl Graph {
    /// Enqueues a replay on `main`: its end.
    pub(super) fn replay_flow(self: &Arc<Self>, main: &Arc<Stream>, begin: &Arc<Record>, marks: usize) -> Arc<Record> {
        let end = Arc::new(Record::end());
        let hold = Hold::new("aclmdlRIExecuteAsync", Arc::new(Run::new(self, marks)), None);
        main.push_all(vec![Task::Begin(begin.clone(), end.clone()), Task::Hold(Box::new(hold)), Task::Record(end.clone())]);
        end
    }
}

impl Run {
    fn new(graph: &Arc<Graph>, marks: usize) -> Run {
        Run {
            graph: graph.clone(),
            marks: (0..marks).map(|_| Arc::default()).collect(),
            walkers: AtomicUsize::new(0),
            started: AtomicBool::new(false),
            dropped: AtomicBool::new(false),
        }
    }

    /// One more lane is under way.
    fn start(self: &Arc<Self>, lane: usize) {
        self.walkers.fetch_add(1, SeqCst);
        self.walk(lane, 0);
    }

    /// Enqueues the steps of a lane up to the next one that may jump.
    fn walk(self: &Arc<Self>, lane: usize, from: usize) {
        if self.dropped.load(SeqCst) {
            return;
        }
        let state = self.graph.state();
        let (queue, steps) = (&state.lanes[lane].queue, &state.lanes[lane].steps);
        let mut tasks = Vec::new();
        for (at, step) in steps.iter().enumerate().skip(from) {
            let run = self.clone();
            match step {
                Step::Jump(name, jump) => {
                    let jump = jump.clone();
                    tasks.push(Task::Work(name, Arc::new(move || run.jump((lane, at), &*jump))));
                    return queue.push_all(tasks);
                }
                Step::Activate(other) => {
                    let other = *other;
                    tasks.push(Task::Work("aclrtActiveStream", Arc::new(move || run.start(other))));
                }
                step => tasks.extend(state.lanes[lane].task(step, &self.marks)),
            }
        }
        let run = self.clone();
        tasks.push(Task::Work("aclmdlRIEndTask", Arc::new(move || _ = run.walkers.fetch_sub(1, SeqCst))));
        queue.push_all(tasks);
    }

    /// A lane has come to a task that decides where it goes on.
    fn jump(self: &Arc<Self>, (lane, at): Place, jump: &Jump) {
        match jump() {
            Ok(None) => self.walk(lane, at + 1),
            Ok(Some((lane, at))) => self.walk(lane, at),
            Err(refusal) => {
                self.walkers.fetch_sub(1, SeqCst);
                std::panic::resume_unwind(Box::new(refusal))
            }
        }
    }
}

impl Condition for Arc<Run> {
    fn arrive(&self) {
        let heads: Vec<usize> = {
            let state = self.graph.state();
            // What had failed in the replay before is not this one's failure.
            state.lanes.iter().for_each(|lane| lane.queue.forgive());
            state.lanes.iter().enumerate().filter(|(_, lane)| !lane.waits).map(|(i, _)| i).collect()
        };
        heads.into_iter().for_each(|lane| self.start(lane));
        self.started.store(true, SeqCst);
    }

    fn met(&self) -> bool {
        self.started.load(SeqCst) && self.walkers.load(SeqCst) == 0
    }

    fn needs(&self) -> Needs {
        Needs::Anything
    }

    fn pass(&self) -> Outcome {
        let failed = self.graph.state().lanes.iter().find_map(|lane| lane.queue.failure());
        failed.map_or(Ok(()), |failure| Err(failure.clone()))
    }

    fn dismissed(&self) {
        self.dropped.store(true, SeqCst);
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(Arc::new(Run::new(&self.graph, self.marks.len())))
    }
}
