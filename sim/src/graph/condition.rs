//! Graphs that a graph runs as a value of device memory says: once, again and again, or one of several.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::Graph;
use crate::engine::{Condition, Needs, Record, Stream};
use crate::memory::Padding;
use crate::reject::{Outcome, Reject};
use crate::world::Device;

/// What `aclmdlRICondHandle` stands for: eight bytes of device memory.
pub(crate) struct Value {
    device: &'static Device,
    /// 0 once the graph is gone.
    address: AtomicUsize,
    /// What it is at the beginning of each replay; none: what it was.
    default: Option<u64>,
    /// Whether a task asks for it: one does.
    asked: AtomicBool,
}

impl Value {
    pub(crate) fn new(device: &'static Device, default: Option<u64>) -> Outcome<Arc<Value>> {
        let address = AtomicUsize::new(device.memory.alloc(size_of::<u64>(), Padding::None)?);
        let value = Value { device, address, default, asked: AtomicBool::new(false) };
        value.set(0);
        Ok(Arc::new(value))
    }

    pub(crate) fn address(&self) -> usize {
        self.address.load(SeqCst)
    }

    fn cell(&self) -> Option<&AtomicU64> {
        let address = self.address();
        // SAFETY: eight bytes that were allocated in `new`, so they are aligned, and a device's mapping stays; whoever else touches
        // them in here does so as the program's memory, never as a Rust place.
        (address != 0).then(|| unsafe { AtomicU64::from_ptr(address as *mut u64) })
    }

    fn get(&self) -> u64 {
        self.cell().map_or(0, |cell| cell.load(SeqCst))
    }

    fn set(&self, value: u64) {
        self.cell().into_iter().for_each(|cell| cell.store(value, SeqCst));
    }

    /// A replay begins.
    pub(super) fn begin(&self) {
        self.default.into_iter().for_each(|value| self.set(value));
    }

    /// Takes it for a task; false where one has it.
    pub(crate) fn take(&self) -> bool {
        !self.asked.swap(true, SeqCst)
    }

    /// The graph is gone.
    pub(super) fn release(&self) {
        let address = self.address.swap(0, SeqCst);
        if address != 0 {
            // The program has freed what is not its own: then there is nothing left to free.
            _ = self.device.memory.free(address);
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.release();
    }
}

/// A task that runs graphs as a value says.
pub(crate) struct Choice {
    pub value: Arc<Value>,
    pub kind: aclmdlRICondTaskType,
    pub graphs: Vec<Arc<Graph>>,
}

impl Choice {
    /// What runs next.
    fn pick(&self) -> Option<&Arc<Graph>> {
        let value = self.value.get();
        match self.kind {
            ACL_MODEL_RI_COND_TYPE_IF => self.graphs.get((value == 0) as usize),
            ACL_MODEL_RI_COND_TYPE_WHILE => self.graphs.first().filter(|_| value != 0),
            _ => self.graphs.get(usize::try_from(value).unwrap_or(usize::MAX)),
        }
    }
}

enum Stage {
    Before,
    /// With the ends of its lanes.
    Running(Vec<Arc<Record>>),
    Over(Outcome),
}

/// One entry of such a task.
pub(super) struct Chosen {
    choice: Arc<Choice>,
    stage: Mutex<Stage>,
    dropped: AtomicBool,
}

impl Chosen {
    pub(super) fn new(choice: &Arc<Choice>) -> Chosen {
        Chosen { choice: choice.clone(), stage: Mutex::new(Stage::Before), dropped: AtomicBool::new(false) }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn next(&self) -> Stage {
        match self.choice.pick().map(|graph| graph.replay_within()) {
            None => Stage::Over(Ok(())),
            Some(Ok(ends)) => Stage::Running(ends),
            Some(Err(refusal)) => Stage::Over(Err(refusal)),
        }
    }
}

impl Condition for Chosen {
    fn arrive(&self) {
        let next = self.next();
        *self.stage() = next;
    }

    fn met(&self) -> bool {
        let mut stage = self.stage();
        let Stage::Running(ends) = &*stage else { return matches!(&*stage, Stage::Over(_)) };
        if !ends.iter().all(|end| end.time().is_some()) {
            return false;
        }
        let failure: Option<Reject> = ends.iter().find_map(|end| end.failure()).cloned();
        *stage = match failure {
            Some(failure) => Stage::Over(Err(failure)),
            None if self.choice.kind == ACL_MODEL_RI_COND_TYPE_WHILE && !self.dropped.load(SeqCst) => self.next(),
            None => Stage::Over(Ok(())),
        };
        matches!(&*stage, Stage::Over(_))
    }

    fn needs(&self) -> Needs {
        Needs::Anything
    }

    fn pass(&self) -> Outcome {
        match &*self.stage() {
            Stage::Over(outcome) => outcome.clone(),
            Stage::Before | Stage::Running(_) => Ok(()),
        }
    }

    fn dismissed(&self) {
        self.dropped.store(true, SeqCst);
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(Chosen::new(&self.choice))
    }
}
