//! An operator's place in a graph, which runs it many times.

use std::sync::{Arc, Mutex};

use crate::ops::call::Planned;

/// What stands there may be replaced, between two runs, by an update of its task group.
pub(crate) struct Slot(Mutex<Arc<Planned>>);

impl Slot {
    pub(crate) fn new(planned: Arc<Planned>) -> Arc<Slot> {
        Arc::new(Slot(Mutex::new(planned)))
    }

    pub(crate) fn planned(&self) -> Arc<Planned> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    pub(crate) fn replace(&self, planned: Arc<Planned>) {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = planned;
    }
}
