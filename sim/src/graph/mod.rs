//! Graphs: work that streams were given once and that runs many times.
//!
//! A [`Graph`] has a lane for each stream that it was recorded from. While a stream is recorded ([`Recorder`]) what is enqueued on
//! it becomes a [`Step`] of its lane ([`record`]) and does not run. A replay ([`replay`]) gives the steps of each lane to a queue
//! of the graph's own, behind a mark on the stream that executes it, and has that stream wait for the ends of the lanes. So two
//! replays of one graph run one behind the other, whatever streams execute it, and lanes wait for one another, for peers and for
//! time exactly as streams do. Records of events inside a graph are marks that each replay makes anew; a collective is called anew.
//!
//! A graph that is built may decide as it runs which of its lanes go on, and where ([`flow`]); one that is captured may run others as a
//! value says ([`condition`]). The operators of a task group ([`group`]) can be replaced between replays. [`print`] writes a graph out.

mod condition;
mod flow;
mod group;
mod print;
mod record;
mod replay;

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::ThreadId;

use ascend_rl_sys::types::aclmdlRICaptureMode;

use crate::engine::{Hold, Limit, Record, Slot, Stream, Task};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject};

pub(crate) use condition::{Choice, Value};
pub(crate) use flow::{Jump, Place};
pub(crate) use group::{TaskGroup, Update};
pub(crate) use replay::aborted;

/// A call that each replay makes anew, on the queue of its lane.
pub(crate) type Issue = dyn Fn(&Arc<Stream>) -> Outcome + Send + Sync;

/// Who gets what is enqueued on a stream, instead of the engine.
#[derive(Clone)]
pub(crate) enum Recorder {
    /// A lane of a graph.
    Lane(Arc<Graph>, usize),
    /// The operators of a task group.
    Update(Arc<Update>),
}

impl Recorder {
    /// Takes a task that was enqueued on `stream`.
    pub(crate) fn take(&self, stream: &Arc<Stream>, task: Task) -> Outcome {
        match self {
            Recorder::Lane(graph, lane) => graph.take(*lane, task),
            Recorder::Update(update) => update.take(stream, task),
        }
    }

    /// Takes a call that must be made anew each time; `name` is the C function.
    pub(crate) fn call(&self, name: &'static str, issue: Arc<Issue>) -> Outcome {
        match self {
            Recorder::Lane(graph, _) if graph.is_inner() => Err(Reject {
                code: ascend_rl_sys::codes::ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                text: format!("{name}: the stream goes into a graph that a condition runs, which takes no such call"),
            }),
            Recorder::Lane(graph, lane) => graph.add(*lane, name, Step::Call(name, issue)),
            Recorder::Update(_) => Err(group::no_operator(name)),
        }
    }
}

/// How a graph came to be.
pub(crate) enum Origin {
    Capture(Begun),
    /// A capture that a condition runs; made before it begins.
    Inner(OnceLock<Begun>),
    /// Streams are bound to it.
    Built,
}

/// How a capture began.
#[derive(Clone, Copy)]
pub(crate) struct Begun {
    pub mode: aclmdlRICaptureMode,
    /// Who began it.
    pub thread: ThreadId,
}

/// What `aclmdlRI` stands for.
pub(crate) struct Graph {
    pub id: u32,
    pub origin: Origin,
    /// Of its streams and queues.
    pub device: u32,
    pub context: usize,
    handle: OnceLock<usize>,
    /// Beside the state, whose lock a replay holds while calls are made anew: those may ask about other graphs.
    recording: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Set where recording ends well.
    ready: bool,
    /// Whether recording has ended, well or not.
    ended: bool,
    /// Why the capture cannot end well.
    invalid: Option<Reject>,
    lanes: Vec<Lane>,
    /// Records of events, numbered.
    marks: usize,
    /// Values of conditions, by handle.
    values: Vec<(usize, Arc<Value>)>,
    /// Where replays stand, if it has a flow of control.
    flow: Option<Arc<Stream>>,
    /// Events of external records and waits.
    externals: Vec<usize>,
    /// The task group that is open.
    open: Option<group::Open>,
    /// Handles of the task groups.
    groups: Vec<usize>,
    name: String,
    /// Function and argument.
    callbacks: Vec<Callback>,
    /// The ends of the latest replay, by lane.
    ends: Vec<Arc<Record>>,
}

/// What is called when the graph is destroyed.
#[derive(Clone, Copy)]
pub(crate) struct Callback {
    pub func: unsafe extern "C" fn(*mut c_void),
    pub data: *mut c_void,
}
// SAFETY: the argument is the caller's word, handed back to the caller's function and not looked at.
unsafe impl Send for Callback {}

/// The steps of one stream.
struct Lane {
    /// The stream that is recorded; none once recording has ended.
    stream: Option<Arc<Stream>>,
    /// Where they run.
    queue: Arc<Stream>,
    steps: Vec<Step>,
    /// `aclmdlRIEndTask`: no further step.
    closed: bool,
    /// `ACL_MODEL_STREAM_FLAG_DEFAULT`: it runs when a task activates it.
    waits: bool,
}

enum Step {
    Operator(Arc<Slot>),
    Work(&'static str, Arc<dyn Fn() + Send + Sync>),
    /// Reaches a mark.
    Mark(usize),
    /// Waits for a mark of another lane, so long at most.
    Await(usize, Limit),
    /// Waits for something outside of the graph, or for the host.
    Hold(Hold),
    Call(&'static str, Arc<Issue>),
    /// Runs other graphs as a value says.
    Choice(Arc<Choice>),
    /// A place that others jump to.
    Label,
    /// Goes on elsewhere, or not.
    Jump(&'static str, Arc<Jump>),
    /// Has another lane run.
    Activate(usize),
}

static GRAPHS: Registry<Arc<Graph>> = Registry::new(Kind::Graph);
/// Values of conditions, with the number of their graph.
static VALUES: Registry<(u32, Arc<Value>)> = Registry::new(Kind::Condition);
static NUMBERS: AtomicU32 = AtomicU32::new(0);

impl Graph {
    /// An empty graph; its handle is live from now on.
    pub(crate) fn new(origin: Origin, device: u32, context: usize) -> Arc<Graph> {
        let id = NUMBERS.fetch_add(1, Relaxed);
        let (handle, recording) = (OnceLock::new(), AtomicBool::new(true));
        let graph = Arc::new(Graph { id, origin, device, context, handle, recording, state: Mutex::default() });
        graph.handle.get_or_init(|| GRAPHS.insert(graph.clone()));
        graph
    }

    /// The graph of a handle.
    pub(crate) fn find(handle: usize) -> Option<Arc<Graph>> {
        GRAPHS.get(handle)
    }

    /// The live graphs that `want` picks.
    pub(crate) fn all(want: impl Fn(&Graph) -> bool) -> Vec<Arc<Graph>> {
        GRAPHS.handles(|graph| want(graph)).into_iter().filter_map(|handle| GRAPHS.get(handle)).collect()
    }

    /// Where its lanes run.
    pub(crate) fn queues(&self) -> Vec<Arc<Stream>> {
        let state = self.state();
        state.flow.iter().chain(state.lanes.iter().map(|lane| &lane.queue)).cloned().collect()
    }

    pub(crate) fn handle(&self) -> usize {
        self.handle.get().copied().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No change is left half done by a panic: none of those under the lock panics.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn is_capture(&self) -> bool {
        !matches!(self.origin, Origin::Built)
    }

    /// Whether another graph runs it.
    pub(crate) fn is_inner(&self) -> bool {
        matches!(self.origin, Origin::Inner(_))
    }

    /// How its capture began, if it has.
    pub(crate) fn begun(&self) -> Option<Begun> {
        match &self.origin {
            Origin::Capture(begun) => Some(*begun),
            Origin::Inner(begun) => begun.get().copied(),
            Origin::Built => None,
        }
    }

    /// Whether what is enqueued still goes into it.
    pub(crate) fn is_recording(&self) -> bool {
        self.recording.load(SeqCst)
    }

    pub(crate) fn name(&self) -> String {
        self.state().name.clone()
    }

    pub(crate) fn set_name(&self, name: String) {
        self.state().name = name;
    }

    pub(crate) fn add_callback(&self, callback: Callback) {
        self.state().callbacks.push(callback);
    }

    /// Whether there was one.
    pub(crate) fn remove_callback(&self, func: unsafe extern "C" fn(*mut c_void)) -> bool {
        let mut state = self.state();
        let before = state.callbacks.len();
        state.callbacks.retain(|callback| callback.func as usize != func as usize);
        state.callbacks.len() < before
    }

    /// Keeps the value of a condition: its handle.
    pub(crate) fn add_value(&self, value: Arc<Value>) -> usize {
        let handle = VALUES.insert((self.id, value.clone()));
        self.state().values.push((handle, value));
        handle
    }

    /// The value of a handle, and the number of its graph.
    pub(crate) fn find_value(handle: usize) -> Option<(u32, Arc<Value>)> {
        VALUES.get(handle)
    }

    /// Takes the handles of the graph, of its groups and values and of the graphs that it runs out. The callbacks are the caller's to
    /// call.
    pub(crate) fn remove(&self) -> Vec<Callback> {
        let (groups, callbacks, values, inner) = {
            let mut state = self.state();
            let inner: Vec<_> = state.inner().cloned().collect();
            (std::mem::take(&mut state.groups), std::mem::take(&mut state.callbacks), std::mem::take(&mut state.values), inner)
        };
        GRAPHS.remove(self.handle());
        groups.into_iter().for_each(TaskGroup::remove);
        for (handle, value) in values {
            VALUES.remove(handle);
            value.release();
        }
        inner.iter().for_each(|graph| _ = graph.remove());
        callbacks
    }
}
