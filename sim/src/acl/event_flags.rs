//! Records and waits with a flag: what a capture does with an event that others record or wait for outside of the graph.
//!
//! An external record of a graph is, in each replay, the event's latest record for whoever waits; an external wait of a graph waits,
//! in each replay, for what is the event's latest record when the graph is executed. Source: runtime, 07_event_management,
//! `api_error.cc` and `capture_model.cc` (PrepareExternalEventRefreshInfo: both are looked up anew at each execution).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use ascend_rl_sys::types::*;

use super::event::{self, Event, Origin, resolve};
use super::{graph, not_null, stream};
use crate::engine::{Record, Stream, Task};
use crate::graph::Recorder;
use crate::reject::{Outcome, check, reject};

/// With which flag an event is recorded, and with which it is waited for: the first one counts from then on.
pub(super) struct Uses {
    record: AtomicU32,
    wait: AtomicU32,
}

impl Default for Uses {
    fn default() -> Uses {
        Uses { record: AtomicU32::new(u32::MAX), wait: AtomicU32::new(u32::MAX) }
    }
}

fn keep_to(first: &AtomicU32, flag: u32, what: &str) -> Outcome {
    let before = first.compare_exchange(u32::MAX, flag, SeqCst, SeqCst);
    check!(
        before.is_ok() || before == Err(flag),
        ACL_ERROR_RT_PARAM_INVALID,
        "flag is {flag}, and event was {what} with {} before: an event keeps to its first flag",
        before.unwrap_or_else(|before| before)
    );
    Ok(())
}

impl Uses {
    pub(super) fn record(&self, flag: u32) -> Outcome {
        keep_to(&self.record, flag, "recorded")
    }

    pub(super) fn wait(&self, flag: u32) -> Outcome {
        keep_to(&self.wait, flag, "waited for")
    }
}

fn check_flag(flag: u32, names: &str) -> Outcome {
    check!(flag <= ACL_EVENT_RECORD_EXTERNAL, ACL_ERROR_INVALID_PARAM, "flag is {flag}: {names} is taken");
    Ok(())
}

/// The only kind of event that is used so.
fn check_kind(event: &Event) -> Outcome {
    check!(
        event.origin == Origin::Ex && event.flags == ACL_EVENT_SYNC,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "event is none of aclrtCreateEventExWithFlag with ACL_EVENT_SYNC alone, which an external record or wait takes"
    );
    Ok(())
}

/// The graph that the stream is captured into takes the event as an external one, once.
fn recorder(event: &Arc<Event>, stream: &Arc<Stream>) -> Outcome<Recorder> {
    let Some((graph, lane)) = graph::capture_of(stream) else {
        reject!(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "stream is not being captured: an external record or wait is part of a graph")
    };
    check!(
        graph.claim(Arc::as_ptr(event) as usize),
        ACL_ERROR_RT_PARAM_INVALID,
        "event has an external record or wait in this graph already"
    );
    Ok(Recorder::Lane(graph, lane))
}

pub(crate) fn aclrtRecordEventWithFlag(event: aclrtEvent, stream: aclrtStream, flag: u32) -> Outcome {
    not_null("event", event)?;
    check_flag(flag, "ACL_EVENT_RECORD_DEFAULT (0) or ACL_EVENT_RECORD_EXTERNAL (1)")?;
    if flag == ACL_EVENT_RECORD_DEFAULT {
        return event::aclrtRecordEvent(event, stream);
    }
    let event = resolve("event", event)?;
    check_kind(&event)?;
    event.uses.record(flag)?;
    let recorder = recorder(&event, &stream::resolve(stream)?)?;
    recorder.call(
        "aclrtRecordEventWithFlag",
        Arc::new(move |queue: &Arc<Stream>| {
            // The lock is held while enqueueing, so that the latest record is the one enqueued last.
            let mut records = event.records();
            let record = Arc::new(Record::default());
            records.latest = Some(record.clone());
            queue.push(Task::Record(record));
            Ok(())
        }),
    )
}

pub(crate) fn aclrtStreamWaitEventWithFlag(stream: aclrtStream, event: aclrtEvent, timeout: u32, flag: u32) -> Outcome {
    not_null("event", event)?;
    check_flag(flag, "ACL_EVENT_WAIT_DEFAULT (0) or ACL_EVENT_WAIT_EXTERNAL (1)")?;
    if flag == ACL_EVENT_WAIT_DEFAULT {
        return event::wait(stream, event, timeout);
    }
    check!(timeout == 0, ACL_ERROR_INVALID_PARAM, "timeout is {timeout}: an external wait takes 0 (for ever)");
    let event = resolve("event", event)?;
    check_kind(&event)?;
    event.uses.wait(flag)?;
    let recorder = recorder(&event, &stream::resolve(stream)?)?;
    recorder.call(
        "aclrtStreamWaitEventWithFlag",
        Arc::new(move |queue: &Arc<Stream>| {
            let latest = event.records().latest.clone();
            latest.into_iter().for_each(|record| queue.push(Task::Wait(record)));
            Ok(())
        }),
    )
}
