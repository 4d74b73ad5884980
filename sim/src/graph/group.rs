//! Task groups: captured operators that can be replaced.

use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Arc, Mutex};

use super::{Graph, State};
use crate::engine::{Slot, Stream, Task};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};

/// A group in the making.
pub(super) struct Open {
    lane: usize,
    slots: Vec<Arc<Slot>>,
    /// Why it cannot end well.
    broken: Option<Reject>,
}

/// What `aclrtTaskGrp` stands for.
pub(crate) struct TaskGroup {
    slots: Vec<Arc<Slot>>,
    /// One stream at a time updates it.
    updated: AtomicBool,
}

static GROUPS: Registry<Arc<TaskGroup>> = Registry::new(Kind::TaskGroup);

impl TaskGroup {
    pub(crate) fn find(handle: usize) -> Option<Arc<TaskGroup>> {
        GROUPS.get(handle)
    }

    pub(super) fn remove(handle: usize) {
        GROUPS.remove(handle);
    }
}

/// The refusal of what is no operator, where only operators are taken.
pub(super) fn no_operator(name: &str) -> Reject {
    Reject {
        code: ascend_rl_sys::codes::ACL_ERROR_RT_TASK_TYPE_NOT_SUPPORT,
        text: format!("{name}: a task group holds operators only"),
    }
}

impl Graph {
    /// The operators of `lane` from here on are a group.
    pub(crate) fn open_group(&self, lane: usize) -> Outcome {
        let mut state = self.state();
        if let Some(open) = &mut state.open {
            check!(open.lane != lane, ACL_ERROR_STREAM_TASK_GROUP_STATUS, "a task group is open on this stream already");
            return Err(open.interrupt("aclmdlRICaptureTaskGrpBegin"));
        }
        state.open = Some(Open { lane, slots: Vec::new(), broken: None });
        Ok(())
    }

    /// Ends it: its handle.
    pub(crate) fn close_group(&self, lane: usize) -> Outcome<usize> {
        let mut state = self.state();
        let Some(Open { slots, broken, .. }) = state.open.take_if(|open| open.lane == lane) else {
            reject!(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "no task group is open on this stream")
        };
        if let Some(why) = broken {
            return Err(why);
        }
        if let Some(why) = &state.invalid {
            reject!(ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, "the capture is invalid since {}", why.text)
        }
        let handle = GROUPS.insert(Arc::new(TaskGroup { slots, updated: AtomicBool::new(false) }));
        state.groups.push(handle);
        Ok(handle)
    }
}

impl Open {
    /// Another stream of the capture was given something while the group is open.
    fn interrupt(&mut self, name: &str) -> Reject {
        let text = format!("{name}: a task group is open on another stream of the capture, which alone may be given tasks");
        let why = Reject { code: ascend_rl_sys::codes::ACL_ERROR_STREAM_TASK_GROUP_INTR, text };
        self.broken.get_or_insert(why).clone()
    }
}

impl State {
    /// While a group is open, only its stream is given something, and only operators.
    pub(super) fn admit_to_group(&mut self, lane: usize, name: &str, operator: Option<&Arc<Slot>>) -> Outcome {
        match (&mut self.open, operator) {
            (None, _) => Ok(()),
            (Some(open), _) if open.lane != lane => Err(open.interrupt(name)),
            (Some(open), Some(slot)) => {
                open.slots.push(slot.clone());
                Ok(())
            }
            (Some(_), None) => Err(no_operator(name)),
        }
    }
}

/// A stream whose operators replace those of a group.
pub(crate) struct Update {
    group: Arc<TaskGroup>,
    /// How many were replaced.
    done: Mutex<usize>,
}

impl Update {
    pub(crate) fn begin(group: Arc<TaskGroup>) -> Outcome<Arc<Update>> {
        let busy = group.updated.swap(true, SeqCst);
        check!(!busy, ACL_ERROR_STREAM_TASK_GROUP_STATUS, "the task group is being updated by another stream");
        Ok(Arc::new(Update { group, done: Mutex::new(0) }))
    }

    /// The next operator takes its place when its turn comes on `stream`: a replay that begins, or goes on, behind it runs the
    /// new one. Marks, and waits for them, are not enqueued this way: they go their ordinary one.
    pub(super) fn take(&self, stream: &Arc<Stream>, task: Task) -> Outcome {
        let planned = match task {
            Task::Operator(planned) => planned,
            Task::Work(name, _) => return Err(no_operator(name)),
            Task::Hold(hold) => return Err(no_operator(hold.name)),
            Task::Record(_)
            | Task::Wait(_)
            | Task::Meet(_)
            | Task::Begin(..)
            | Task::Replay(_)
            | Task::Fail(_)
            | Task::Nothing => {
                return Err(no_operator("the update"));
            }
        };
        let mut done = self.done.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(slot) = self.group.slots.get(*done).cloned() else {
            reject!(
                ACL_ERROR_RT_INTERNAL_ERROR,
                "{} is one operator too many: the task group has {}",
                planned.name,
                self.group.slots.len()
            )
        };
        *done += 1;
        stream.push(Task::Work("aclmdlRICaptureTaskUpdate", Arc::new(move || slot.replace(planned.clone()))));
        Ok(())
    }

    /// Ends it. What was replaced stays so where it was not all.
    pub(crate) fn end(&self) -> Outcome {
        self.group.updated.store(false, SeqCst);
        let (done, all) = (*self.done.lock().unwrap_or_else(|poisoned| poisoned.into_inner()), self.group.slots.len());
        check!(done == all, ACL_ERROR_RT_INTERNAL_ERROR, "{done} of the {all} operators of the task group were updated");
        Ok(())
    }
}
