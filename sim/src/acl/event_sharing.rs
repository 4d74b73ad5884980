//! Events that processes of one machine share (`ACL_EVENT_IPC`).
//!
//! A record takes the next number when it is enqueued and sets a mark when it has run; a wait is for the number that is the latest
//! when it is enqueued. The numbers and the marks are in a row of a table that all processes see, whichever of them records. Source:
//! the runtime's `ipc_event.cc`, which has 8,192 such marks where a row has 120: a record waits for the one that had its mark before.

use std::ffi::c_char;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use ascend_rl_sys::types::*;

use super::event::{create_shared, resolve};
use super::{give, not_null};
use crate::engine::{Condition, Hold, Limit, Needs, Stream, Task};
use crate::graph::Recorder;
use crate::memory::exports::{self, Export, Lease, Use};
use crate::reject::{Outcome, check, reject};

/// How often a stream that waits looks: another process may have to run first.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// What all processes see of an event: made here, or opened.
enum Row {
    Made(Export),
    Opened { number: u64, lease: Lease },
}

pub(super) struct Shared {
    row: Row,
    /// The latest record of this process: its number, where it stands. Whoever waits for it asks for it to run.
    own: std::sync::Mutex<Option<(u32, Arc<Stream>, u64)>>,
}

impl Shared {
    /// A new one, that any process may open.
    pub(super) fn make() -> Outcome<Shared> {
        Ok(Shared { row: Row::Made(exports::export_word(Use::Event, true)?), own: Default::default() })
    }

    fn open(number: u64) -> Outcome<Shared> {
        let lease = exports::import("handle", number, Use::Event)?.lease;
        Ok(Shared { row: Row::Opened { number, lease }, own: Default::default() })
    }

    fn number(&self) -> u64 {
        match &self.row {
            Row::Made(export) => export.number(),
            Row::Opened { number, .. } => *number,
        }
    }

    fn word(&self) -> Option<&AtomicU64> {
        match &self.row {
            Row::Made(export) => export.word(),
            Row::Opened { lease, .. } => Some(lease.word()),
        }
    }

    /// The mark of a record, and how many there are.
    fn mark(&self, record: u32) -> Option<(&AtomicI32, u32)> {
        let marks = match &self.row {
            Row::Made(export) => export.marks()?,
            Row::Opened { lease, .. } => lease.marks(),
        };
        let most = marks.len() as u32;
        Some((&marks[(record % most) as usize], most))
    }

    /// The number of the latest record, of whatever process; 0 is none.
    fn latest(&self) -> u32 {
        self.word().map_or(0, |word| word.load(SeqCst) as u32)
    }

    /// Whether a record, or one that had its mark later, has run.
    fn has_run(&self, record: u32) -> bool {
        record == 0 || self.mark(record).is_none_or(|(mark, _)| (mark.load(SeqCst) as u32).wrapping_sub(record) as i32 >= 0)
    }

    /// Whether the latest record has run. Under the lazy schedule a question asks for progress too.
    pub(super) fn is_complete(&self) -> bool {
        let latest = self.latest();
        if !self.has_run(latest)
            && let Some((_, stream, position)) = &*self.own()
        {
            stream.poll(*position);
        }
        self.has_run(latest)
    }

    /// The host waits for the latest record; false if `deadline` comes first.
    pub(super) fn wait_here(&self, deadline: Option<Instant>) -> bool {
        let latest = self.latest();
        let own = self.own().clone().filter(|(record, ..)| *record == latest);
        if let Some((_, stream, position)) = own {
            return stream.wait(position, deadline);
        }
        while !self.has_run(latest) {
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return false;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        true
    }

    fn own(&self) -> std::sync::MutexGuard<'_, Option<(u32, Arc<Stream>, u64)>> {
        self.own.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// No graph takes it.
fn check_stream(stream: &Stream) -> Outcome {
    check!(
        !matches!(stream.recorder(), Some(Recorder::Lane(..))),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "event is one of ACL_EVENT_IPC, which no graph takes, and stream goes into one"
    );
    Ok(())
}

pub(super) fn record(shared: &Arc<Shared>, stream: &Arc<Stream>) -> Outcome {
    check_stream(stream)?;
    let Some(word) = shared.word() else { reject!(ACL_ERROR_RT_INTERNAL_ERROR, "the table of exports is gone") };
    // Held throughout, so that the latest record of this process is the one enqueued last.
    let mut own = shared.own();
    let record = (word.fetch_add(1, SeqCst) as u32).wrapping_add(1);
    let hold = Hold::new("aclrtRecordEvent", Reached { shared: shared.clone(), record }, None);
    stream.push(Task::Hold(Box::new(hold)));
    *own = Some((record, stream.clone(), stream.enqueued()));
    Ok(())
}

pub(super) fn wait(shared: &Arc<Shared>, stream: &Arc<Stream>, limit: Limit) -> Outcome {
    check_stream(stream)?;
    let record = shared.latest();
    if !shared.has_run(record) {
        let hold = Hold::new("aclrtStreamWaitEvent", Awaited { shared: shared.clone(), record }, limit);
        stream.push(Task::Hold(Box::new(hold)));
    }
    Ok(())
}

/// A record whose stream has come to it.
struct Reached {
    shared: Arc<Shared>,
    record: u32,
}

impl Reached {
    fn set(&self) {
        if let Some((mark, _)) = self.shared.mark(self.record) {
            mark.store(self.record as i32, SeqCst);
        }
    }
}

impl Condition for Reached {
    fn met(&self) -> bool {
        self.shared.mark(self.record).is_none_or(|(_, most)| self.shared.has_run(self.record.saturating_sub(most)))
    }

    fn needs(&self) -> Needs {
        Needs::Anything
    }

    fn pass(&self) -> Outcome {
        self.set();
        Ok(())
    }

    /// Whoever waits for it must not wait for ever.
    fn dismissed(&self) {
        self.set();
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(Reached { shared: self.shared.clone(), record: self.record })
    }

    fn look_every(&self) -> Option<Duration> {
        Some(LOOK_EVERY)
    }
}

/// A wait for a record.
struct Awaited {
    shared: Arc<Shared>,
    record: u32,
}

impl Condition for Awaited {
    fn met(&self) -> bool {
        self.shared.has_run(self.record)
    }

    fn needs(&self) -> Needs {
        Needs::Anything
    }

    fn pass(&self) -> Outcome {
        Ok(())
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(Awaited { shared: self.shared.clone(), record: self.record })
    }

    fn look_every(&self) -> Option<Duration> {
        Some(LOOK_EVERY)
    }
}

/// The same handle each time, and the same in a process that opened the event.
pub(crate) fn aclrtIpcGetEventHandle(event: aclrtEvent, handle: *mut aclrtIpcEventHandle) -> Outcome {
    not_null("handle", handle)?;
    let event = resolve("event", event)?;
    let Some(shared) = &event.shared else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "event was made without ACL_EVENT_IPC (flag {:#x})", event.flags)
    };
    let mut reserved = [0 as c_char; 64];
    for (place, byte) in reserved.iter_mut().zip(shared.number().to_le_bytes()) {
        *place = byte as c_char;
    }
    give(handle, aclrtIpcEventHandle { reserved });
    Ok(())
}

/// Within one machine an event is reached from any device, so peer access needs no enabling.
pub(crate) fn aclrtIpcOpenEventHandle(handle: aclrtIpcEventHandle, event: *mut aclrtEvent) -> Outcome {
    not_null("event", event)?;
    let number = u64::from_le_bytes(std::array::from_fn(|i| handle.reserved[i] as u8));
    create_shared(event, Shared::open(number)?)
}
