//! Events. A record is a mark in a stream's queue; an event is the name of its latest record.

use std::sync::atomic::Ordering::*;
use std::sync::{Arc, Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::context::{Context, current};
use super::event_external::{self, Flag};
use super::event_flags::Uses;
use super::event_sharing::{self, Shared};
use super::{deadline, event_capture, give, not_null, notify, stream, timeouts};
use crate::engine::{Hold, Record, Stream, Task};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};
use crate::world::Device;

/// Events of a device.
const MOST_EVENTS: usize = 65536;
/// What `aclrtCreateEvent` makes: time line, host sync, progress.
const DEFAULT_FLAGS: u32 = 0xE;
/// Bit of the runtime without a name in the public headers: the host may wait.
const HOST_SYNC: u32 = 0x4;
const ORDINARY: u32 = ACL_EVENT_SYNC | ACL_EVENT_CAPTURE_STREAM_PROGRESS | HOST_SYNC | ACL_EVENT_TIME_LINE;

static EVENTS: Registry<Arc<Event>> = Registry::new(Kind::Event);

/// The three kinds differ in what they are before the first record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// `aclrtCreateEvent`: not ready; a stream cannot wait for it.
    Default,
    /// `aclrtCreateEventWithFlag`: not ready; a stream waits for the record to come.
    WithFlag,
    /// `aclrtCreateEventExWithFlag`: complete; a wait is nothing.
    Ex,
}

pub(super) struct Event {
    pub(super) origin: Origin,
    pub(super) flags: u32,
    device: &'static Device,
    context: usize,
    records: Mutex<Records>,
    /// Of an external event, which has no records.
    external: Option<Arc<Flag>>,
    /// Of an event that processes share, whose records are numbers.
    pub(super) shared: Option<Arc<Shared>>,
    pub(super) uses: Uses,
}

#[derive(Default)]
pub(super) struct Records {
    pub(super) latest: Option<Arc<Record>>,
    /// What streams wait for before the first record; that record will be this one.
    coming: Option<Arc<Record>>,
    /// Where streams wait, for events that can be asked about it.
    waits: Vec<(Arc<Stream>, u64)>,
    /// The record in a graph that is being recorded.
    pub(super) captured: Option<event_capture::Captured>,
}

impl Event {
    /// Whether the work before the latest record has run.
    fn is_complete(&self) -> Outcome<bool> {
        if let Some(shared) = &self.shared {
            return Ok(shared.is_complete());
        }
        Ok(match self.latest()? {
            None => self.origin == Origin::Ex,
            Some(record) => record.time().is_some() || record.place().is_some_and(|(stream, at)| stream.poll(*at)),
        })
    }

    /// When the latest record was reached, in nanoseconds since the simulator started.
    fn time(&self, param: &str) -> Outcome<u64> {
        self.check_asked()?;
        self.check_own()?;
        check!(
            self.flags & ACL_EVENT_TIME_LINE != 0,
            ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID,
            "{param} was made without ACL_EVENT_TIME_LINE (flag {:#x})",
            self.flags
        );
        let Some(record) = self.latest()? else { reject!(ACL_ERROR_RT_INTERNAL_ERROR, "{param} was never recorded") };
        match record.time() {
            Some(time) => Ok(time),
            None => reject!(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID, "{param} is not complete: synchronize first"),
        }
    }

    pub(super) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The host cannot ask about an external event.
    fn check_asked(&self) -> Outcome {
        check!(
            self.external.is_none(),
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "event is one of ACL_EVENT_EXTERNAL: only streams wait for it"
        );
        Ok(())
    }

    /// What is between processes has neither a time nor a number here.
    fn check_own(&self) -> Outcome {
        check!(self.shared.is_none(), ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "event is one of ACL_EVENT_IPC");
        Ok(())
    }

    /// The latest record of an event that the host asks about: not of one that is in a capture.
    fn latest(&self) -> Outcome<Option<Arc<Record>>> {
        self.check_asked()?;
        let records = self.records();
        event_capture::check_free(&records)?;
        Ok(records.latest.clone())
    }
}

/// Ends the events of a context.
pub(super) fn end_all(context: &Context) {
    for handle in EVENTS.handles(|event| event.context == context.handle()) {
        remove(handle);
    }
}

fn remove(handle: usize) -> bool {
    let removed = EVENTS.remove(handle);
    removed.inspect(|event| _ = event.device.events.fetch_sub(1, SeqCst)).is_some()
}

pub(super) fn resolve(param: &str, event: aclrtEvent) -> Outcome<Arc<Event>> {
    not_null(param, event)?;
    match EVENTS.get(event as usize) {
        Some(found) => Ok(found),
        None => reject!(ACL_ERROR_RT_INVALID_HANDLE, "{param} is not a live event: destroyed already, or never created"),
    }
}

fn create(event: *mut aclrtEvent, origin: Origin, flags: u32) -> Outcome {
    create_with(event, origin, flags, None)
}

/// An event that processes share.
pub(super) fn create_shared(event: *mut aclrtEvent, shared: Shared) -> Outcome {
    create_with(event, Origin::Ex, ACL_EVENT_IPC, Some(Arc::new(shared)))
}

fn create_with(event: *mut aclrtEvent, origin: Origin, flags: u32, shared: Option<Arc<Shared>>) -> Outcome {
    let context = current()?;
    let device = context.device;
    if device.events.fetch_add(1, SeqCst) >= MOST_EVENTS {
        device.events.fetch_sub(1, SeqCst);
        reject!(ACL_ERROR_RT_NO_EVENT_RESOURCE, "device {} has {MOST_EVENTS} events, as many as there can be", device.id)
    }
    let external = (flags == ACL_EVENT_EXTERNAL).then(Arc::default);
    let made = Event {
        origin,
        flags,
        device,
        context: context.handle(),
        records: Mutex::default(),
        external,
        shared,
        uses: Uses::default(),
    };
    give(event, EVENTS.insert(Arc::new(made)) as aclrtEvent);
    Ok(())
}

/// What both functions with a flag take; `known` are further flags that CANN has and the simulator has not.
fn check_flag(flag: u32, known: u32) -> Outcome {
    check!(
        flag != 0 && flag & !(ORDINARY | known) == 0,
        ACL_ERROR_RT_PARAM_INVALID,
        "flag is {flag:#x}: an OR of ACL_EVENT_SYNC, ACL_EVENT_CAPTURE_STREAM_PROGRESS and ACL_EVENT_TIME_LINE is taken"
    );
    check!(flag & known == 0, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "flag {flag:#x} is not supported by the simulator");
    Ok(())
}

pub(crate) fn aclrtCreateEvent(event: *mut aclrtEvent) -> Outcome {
    not_null("event", event)?;
    create(event, Origin::Default, DEFAULT_FLAGS)
}

pub(crate) fn aclrtCreateEventWithFlag(event: *mut aclrtEvent, flag: u32) -> Outcome {
    not_null("event", event)?;
    if flag != ACL_EVENT_EXTERNAL {
        check!(
            flag & ACL_EVENT_EXTERNAL == 0,
            ACL_ERROR_RT_PARAM_INVALID,
            "flag is {flag:#x}: ACL_EVENT_EXTERNAL ({ACL_EVENT_EXTERNAL:#x}) is taken alone"
        );
        // Device use only.
        check_flag(flag, 0x10)?;
    }
    create(event, Origin::WithFlag, flag)
}

pub(crate) fn aclrtCreateEventExWithFlag(event: *mut aclrtEvent, flag: u32) -> Outcome {
    not_null("event", event)?;
    if flag == ACL_EVENT_IPC {
        current()?;
        return create_shared(event, Shared::make()?);
    }
    check!(
        flag & ACL_EVENT_IPC == 0,
        ACL_ERROR_RT_PARAM_INVALID,
        "flag is {flag:#x}: ACL_EVENT_IPC ({ACL_EVENT_IPC:#x}) is taken alone"
    );
    check_flag(flag, 0)?;
    create(event, Origin::Ex, flag)
}

/// Records and waits that are queued go on: they hold the record, not the event.
pub(crate) fn aclrtDestroyEvent(event: aclrtEvent) -> Outcome {
    resolve("event", event)?;
    check!(remove(event as usize), ACL_ERROR_RT_INVALID_HANDLE, "event was destroyed by another thread");
    Ok(())
}

pub(crate) fn aclrtRecordEvent(event: aclrtEvent, stream: aclrtStream) -> Outcome {
    let event = resolve("event", event)?;
    let stream = stream::resolve(stream)?;
    check!(
        event.device.id == stream.device,
        ACL_ERROR_RT_STREAM_CONTEXT,
        "event is of device {}, stream of device {}",
        event.device.id,
        stream.device
    );
    event.uses.record(ACL_EVENT_RECORD_DEFAULT)?;
    if let Some(flag) = &event.external {
        return event_external::store(flag, true, "aclrtRecordEvent", &stream);
    }
    if let Some(shared) = &event.shared {
        return event_sharing::record(shared, &stream);
    }
    // The lock is held while enqueueing, so that the latest record is the one enqueued last.
    let mut records = event.records();
    if event_capture::record(&event, &mut records, &stream)? {
        return Ok(());
    }
    let record = records.coming.take().unwrap_or_default();
    records.latest = Some(record.clone());
    stream.push(Task::Record(record));
    Ok(())
}

pub(crate) fn aclrtStreamWaitEvent(stream: aclrtStream, event: aclrtEvent) -> Outcome {
    wait(stream, event, timeouts::event_wait())
}

/// In seconds; 0 is for ever.
pub(crate) fn aclrtStreamWaitEventWithTimeout(stream: aclrtStream, event: aclrtEvent, timeout: i32) -> Outcome {
    check!(timeout >= 0, ACL_ERROR_RT_PARAM_INVALID, "timeout is {timeout}: 0 (for ever) or more seconds are taken");
    // No check of the ACL layer here: what it does not see is a bad value to the runtime.
    check!(!event.is_null(), ACL_ERROR_RT_PARAM_INVALID, "event is null");
    wait(stream, event, timeout as u32)
}

pub(super) fn wait(stream: aclrtStream, event: aclrtEvent, seconds: u32) -> Outcome {
    let id = event as u32;
    let event = resolve("event", event)?;
    check!(
        event.flags & (ACL_EVENT_SYNC | HOST_SYNC | ACL_EVENT_IPC) != 0 || event.external.is_some(),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "event was made without ACL_EVENT_SYNC (flag {:#x}): streams cannot wait for it",
        event.flags
    );
    let stream = stream::resolve(stream)?;
    event.uses.wait(ACL_EVENT_WAIT_DEFAULT)?;
    let limit = notify::limit(seconds, || format!("event {id} was not recorded"));
    if let Some(flag) = &event.external {
        return event_external::wait(flag, &stream, limit);
    }
    if let Some(shared) = &event.shared {
        return event_sharing::wait(shared, &stream, limit);
    }
    let mut records = event.records();
    if event_capture::wait(&event, &records, &stream, &limit)? {
        return Ok(());
    }
    let record = match (&records.latest, event.origin) {
        (Some(record), _) => record.clone(),
        (None, Origin::Ex) => return Ok(()),
        (None, Origin::WithFlag) => records.coming.get_or_insert_default().clone(),
        (None, Origin::Default) => reject!(ACL_ERROR_RT_PARAM_INVALID, "event was never recorded"),
    };
    // Not into a graph: `event_capture` has seen to that. An update of a task group lets marks pass.
    match limit {
        None => stream.push(Task::Wait(record)),
        limit => stream.push(Task::Hold(Box::new(Hold::new("aclrtStreamWaitEventWithTimeout", record, limit)))),
    }
    if event.origin != Origin::Ex {
        records.waits.retain(|(stream, position)| !stream.has_run(*position));
        // Another thread's enqueue may have come between: then the answer is late, never early.
        let position = stream.enqueued();
        records.waits.push((stream, position));
    }
    Ok(())
}

pub(crate) fn aclrtQueryEventStatus(event: aclrtEvent, status: *mut aclrtEventRecordedStatus) -> Outcome {
    let event = resolve("event", event)?;
    not_null("status", status)?;
    let complete = event.is_complete()?;
    give(status, if complete { ACL_EVENT_RECORDED_STATUS_COMPLETE } else { ACL_EVENT_RECORDED_STATUS_NOT_READY });
    Ok(())
}

pub(crate) fn aclrtSynchronizeEvent(event: aclrtEvent) -> Outcome {
    aclrtSynchronizeEventWithTimeout(event, -1)
}

/// Returns at once for an event that was never recorded.
pub(crate) fn aclrtSynchronizeEventWithTimeout(event: aclrtEvent, timeout: i32) -> Outcome {
    let event = resolve("event", event)?;
    let deadline = deadline(timeout)?;
    if let Some(shared) = &event.shared {
        check!(
            shared.wait_here(deadline),
            ACL_ERROR_RT_EVENT_SYNC_TIMEOUT,
            "the work before the event was not done within {timeout} ms"
        );
        return Ok(());
    }
    let latest = event.latest()?;
    let Some((stream, position)) = latest.as_ref().and_then(|record| record.place()) else { return Ok(()) };
    check!(
        stream.wait(*position, deadline),
        ACL_ERROR_RT_EVENT_SYNC_TIMEOUT,
        "the work before the event was not done within {timeout} ms"
    );
    // An event says it as often as it is asked: only who waits for a stream takes its failure (event.cc, GetFailureStatus).
    stream.failure().map_or(Ok(()), |failure| Err(failure.clone()))
}

pub(crate) fn aclrtEventElapsedTime(ms: *mut f32, start: aclrtEvent, end: aclrtEvent) -> Outcome {
    not_null("ms", ms)?;
    let mut times = [0; 2];
    for (time, (param, event)) in times.iter_mut().zip([("startEvent", start), ("endEvent", end)]) {
        *time = resolve(param, event)?.time(param)?;
    }
    give(ms, ((times[1] as f64 - times[0] as f64) / 1e6) as f32);
    Ok(())
}

/// Microseconds since the simulator started.
pub(crate) fn aclrtEventGetTimestamp(event: aclrtEvent, timestamp: *mut u64) -> Outcome {
    not_null("timestamp", timestamp)?;
    give(timestamp, resolve("event", event)?.time("event")? / 1000);
    Ok(())
}

/// Waits that are queued keep to the record that they were queued for. What a reset event is asked for meanwhile, it does not
/// know: a card says so once the stream has come here, the simulator at once.
pub(crate) fn aclrtResetEvent(event: aclrtEvent, stream: aclrtStream) -> Outcome {
    let event = resolve("event", event)?;
    check!(
        event.origin == Origin::WithFlag && event.flags & (ACL_EVENT_SYNC | ACL_EVENT_EXTERNAL) != 0,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "event is not one of aclrtCreateEventWithFlag with ACL_EVENT_SYNC or ACL_EVENT_EXTERNAL: CANN defines no reset of another"
    );
    let stream = stream::resolve(stream)?;
    if let Some(flag) = &event.external {
        return event_external::store(flag, false, "aclrtResetEvent", &stream);
    }
    let mut records = event.records();
    let recorded = event_capture::reset(&event, &mut records, &stream)?;
    stream.enqueue(Task::Work("aclrtResetEvent", Arc::new(|| ())))?;
    if !recorded {
        records.latest = None;
    }
    Ok(())
}

pub(crate) fn aclrtQueryEvent(event: aclrtEvent, status: *mut aclrtEventStatus) -> Outcome {
    let event = resolve("event", event)?;
    not_null("status", status)?;
    check!(event.origin != Origin::Ex, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "event is one of aclrtCreateEventExWithFlag");
    give(status, if event.is_complete()? { ACL_EVENT_STATUS_COMPLETE } else { ACL_EVENT_STATUS_NOT_READY });
    Ok(())
}

pub(crate) fn aclrtQueryEventWaitStatus(event: aclrtEvent, status: *mut aclrtEventWaitStatus) -> Outcome {
    let event = resolve("event", event)?;
    not_null("status", status)?;
    check!(event.origin != Origin::Ex, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "event is one of aclrtCreateEventExWithFlag");
    event.check_asked()?;
    let records = event.records();
    event_capture::check_free(&records)?;
    let over = records.waits.iter().all(|(stream, position)| stream.poll(*position));
    give(status, if over { ACL_EVENT_WAIT_STATUS_COMPLETE } else { ACL_EVENT_WAIT_STATUS_NOT_READY });
    Ok(())
}

pub(crate) fn aclrtGetEventId(event: aclrtEvent, event_id: *mut u32) -> Outcome {
    resolve("event", event)?.check_own()?;
    not_null("eventId", event_id)?;
    give(event_id, event as u32);
    Ok(())
}

pub(crate) fn aclrtGetEventAvailNum(event_count: *mut u32) -> Outcome {
    not_null("eventCount", event_count)?;
    give(event_count, MOST_EVENTS.saturating_sub(current()?.device.events.load(SeqCst)) as u32);
    Ok(())
}
