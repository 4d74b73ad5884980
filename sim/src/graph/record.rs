//! Recording: what becomes a step, and when a recording may end.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::{Choice, Graph, Jump, Lane, State, Step};
use crate::engine::{Hold, Limit, Slot, Stream, Task};
use crate::reject::{Outcome, Reject, check, reject};

impl Graph {
    /// From now on what is enqueued on `stream` goes into a new lane: its number. The caller sets the stream's recorder. One that
    /// `waits` runs when a task activates it.
    pub(crate) fn add_lane(&self, stream: &Arc<Stream>, waits: bool) -> Outcome<usize> {
        let mut state = self.state();
        check!(!state.ended, ACL_ERROR_RT_INTERNAL_ERROR, "the graph takes no further stream: its recording has ended");
        let queue = Stream::new(stream.engine(), stream.device, stream.context);
        state.lanes.push(Lane { stream: Some(stream.clone()), queue, steps: Vec::new(), closed: false, waits });
        Ok(state.lanes.len() - 1)
    }

    /// Takes a task that was enqueued on the stream of a lane.
    pub(super) fn take(&self, lane: usize, task: Task) -> Outcome {
        let (name, step) = match task {
            Task::Operator(planned) => (planned.name, Step::Operator(Slot::new(planned))),
            Task::Work(name, work) => (name, Step::Work(name, work)),
            Task::Hold(hold) => return self.hold(lane, &hold),
            // Events and collectives go in by `mark`, `wait` and `add`; replays are refused before.
            Task::Record(_)
            | Task::Wait(_)
            | Task::Meet(_)
            | Task::Begin(..)
            | Task::Replay(_)
            | Task::Fail(_)
            | Task::Nothing => {
                reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "the simulator cannot keep this task in a graph")
            }
        };
        self.add(lane, name, step)
    }

    /// Adds a step. What is enqueued in a capture that was invalidated is dropped, as in CANN: its end says so.
    pub(super) fn add(&self, lane: usize, name: &str, step: Step) -> Outcome {
        let mut state = self.state();
        let operator = if let Step::Operator(slot) = &step { Some(slot) } else { None };
        state.admit(lane, name, operator)?;
        if state.invalid.is_none() {
            state.lanes[lane].steps.push(step);
        }
        Ok(())
    }

    /// An event was recorded: the number of the mark.
    pub(crate) fn mark(&self, lane: usize) -> Outcome<usize> {
        let mut state = self.state();
        let mark = state.marks;
        state.admit(lane, "aclrtRecordEvent", None)?;
        state.marks += 1;
        state.lanes[lane].steps.push(Step::Mark(mark));
        Ok(mark)
    }

    /// A place that others jump to: its step.
    pub(crate) fn label(&self, lane: usize) -> Outcome<usize> {
        let mut state = self.state();
        state.admit(lane, "aclrtSetLabel", None)?;
        state.lanes[lane].steps.push(Step::Label);
        Ok(state.lanes[lane].steps.len() - 1)
    }

    /// The lane goes on elsewhere, as `jump` says when it comes here.
    pub(crate) fn jump(&self, lane: usize, name: &'static str, jump: Arc<Jump>) -> Outcome {
        self.add(lane, name, Step::Jump(name, jump))
    }

    /// The lane has another one run.
    pub(crate) fn activate(&self, lane: usize, other: usize) -> Outcome {
        self.add(lane, "aclrtActiveStream", Step::Activate(other))
    }

    /// The lane runs other graphs as a value says.
    pub(crate) fn choose(&self, lane: usize, choice: Choice) -> Outcome {
        self.add(lane, "aclmdlRIAddCondTask", Step::Choice(Arc::new(choice)))
    }

    /// The stream of a lane waits for an event that was recorded in this graph.
    pub(crate) fn wait(&self, lane: usize, mark: usize, limit: Limit) -> Outcome {
        self.add(lane, "aclrtStreamWaitEvent", Step::Await(mark, limit))
    }

    /// Takes an event for an external record or wait; false where it has one.
    pub(crate) fn claim(&self, event: usize) -> bool {
        let externals = &mut self.state().externals;
        let new = !externals.contains(&event);
        if new {
            externals.push(event);
        }
        new
    }

    /// The stream of a lane is held. What the graph keeps is for the lane's own queue from the start.
    fn hold(&self, lane: usize, hold: &Hold) -> Outcome {
        let mut state = self.state();
        state.admit(lane, hold.name, None)?;
        if state.invalid.is_none() {
            let lane = &mut state.lanes[lane];
            lane.steps.push(Step::Hold(hold.again(&lane.queue)));
        }
        Ok(())
    }

    /// The capture cannot end well any more.
    pub(crate) fn invalidate(&self, why: Reject) {
        self.state().invalid.get_or_insert(why);
    }

    pub(crate) fn invalid(&self) -> Option<Reject> {
        self.state().invalid.clone()
    }

    /// `aclmdlRIEndTask`. Whether the stream was bound.
    pub(crate) fn close_lane(&self, stream: &Arc<Stream>) -> bool {
        let mut state = self.state();
        let lane = state.lanes.iter_mut().find(|lane| lane.stream.as_ref().is_some_and(|own| Arc::ptr_eq(own, stream)));
        lane.is_some_and(|lane| !std::mem::replace(&mut lane.closed, true))
    }

    /// Ends a capture: its streams are ordinary ones again. What is refused leaves no graph.
    pub(crate) fn end_capture(&self) -> Outcome {
        let mut state = self.state();
        state.ended = true;
        self.recording.store(false, SeqCst);
        for lane in &mut state.lanes {
            if let Some(stream) = lane.stream.take() {
                stream.set_recorder(None);
            }
        }
        let open = state.open.take();
        // What it runs has ended well before, or this one does not.
        let unfinished = state.inner().find(|graph| !graph.state().ready).map(|graph| graph.id);
        if let Some(why) = &state.invalid {
            reject!(ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, "the capture is invalid since {}", why.text)
        }
        check!(
            open.is_none(),
            ACL_ERROR_STREAM_TASK_GROUP_STATUS,
            "a task group is still open: aclmdlRICaptureTaskGrpEnd ends it"
        );
        if let Some(id) = unfinished {
            reject!(
                ACL_ERROR_RT_SUB_ACLGRAPH_IS_CAPTURING,
                "graph {id}, which a condition of this one runs, was not captured (aclmdlRICaptureToModelRIBegin, aclmdlRICaptureEnd)"
            )
        }
        state.check_joined()?;
        state.ready = true;
        Ok(())
    }

    /// Ends a build. Its streams stay bound, and take nothing more.
    pub(crate) fn end_build(&self) -> Outcome {
        let mut state = self.state();
        check!(!state.ended, ACL_ERROR_RT_PARAM_INVALID, "the graph was built already");
        check!(!state.lanes.is_empty(), ACL_ERROR_RT_PARAM_INVALID, "no stream was bound to the graph (aclmdlRIBindStream)");
        check!(
            state.lanes.iter().any(|lane| lane.closed),
            ACL_ERROR_RT_PARAM_INVALID,
            "no bound stream has an end (aclmdlRIEndTask)"
        );
        let has = |fits: fn(&Step) -> bool| state.lanes.iter().flat_map(|lane| &lane.steps).any(fits);
        let flows = state.lanes.iter().any(|lane| lane.waits) || has(|step| matches!(step, Step::Jump(..) | Step::Activate(_)));
        check!(
            !flows || !has(|step| matches!(step, Step::Call(..))),
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "the simulator has no collectives in a graph with a flow of control"
        );
        if flows {
            let lane = &state.lanes[0].queue;
            state.flow = Some(Stream::new(lane.engine(), self.device, self.context));
        }
        (state.ended, state.ready) = (true, true);
        self.recording.store(false, SeqCst);
        Ok(())
    }

    /// Takes a bound stream away; its steps stay. Whether it was bound.
    pub(crate) fn unbind(&self, stream: &Arc<Stream>) -> bool {
        let mut state = self.state();
        let lane = state.lanes.iter_mut().find(|lane| lane.stream.as_ref().is_some_and(|own| Arc::ptr_eq(own, stream)));
        lane.map(|lane| lane.stream = None).is_some()
    }

    /// The streams that are recorded, for who gives up the recording.
    pub(crate) fn streams(&self) -> Vec<Arc<Stream>> {
        self.state().lanes.iter().filter_map(|lane| lane.stream.clone()).collect()
    }
}

impl State {
    /// Whether a step may stand here.
    fn admit(&mut self, lane: usize, name: &str, operator: Option<&Arc<Slot>>) -> Outcome {
        check!(
            !self.ended && !self.lanes[lane].closed,
            ACL_ERROR_RT_STREAM_MODEL,
            "{name}: the stream is bound to a graph that takes no further task"
        );
        self.admit_to_group(lane, name, operator)
    }

    /// Every stream that joined the capture must have come back, by an event, and one of them to the stream that it began on.
    fn check_joined(&self) -> Outcome {
        let mut back = self.lanes.len() == 1;
        for (i, lane) in self.lanes.iter().enumerate().skip(1) {
            let Some(Step::Mark(last)) = lane.steps.last() else {
                reject!(
                    ACL_ERROR_RT_STREAM_UNJOINED,
                    "stream {i} that joined the capture does not end with an event (aclrtRecordEvent) that takes it back"
                )
            };
            let awaits = |lane: &Lane| lane.steps.iter().any(|step| matches!(step, Step::Await(mark, _) if mark == last));
            let waited = self.lanes.iter().enumerate().any(|(other, lane)| other != i && awaits(lane));
            check!(
                waited,
                ACL_ERROR_RT_STREAM_UNJOINED,
                "nothing waits for the last event of stream {i} that joined the capture (aclrtStreamWaitEvent)"
            );
            back |= awaits(&self.lanes[0]);
        }
        check!(back, ACL_ERROR_RT_STREAM_UNJOINED, "the stream that the capture began on waits for none of those that joined it");
        Ok(())
    }
}
