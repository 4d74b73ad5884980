//! [`Tracer`]: when each queued call ran on the device, by stream.
//!
//! A traced stream puts a time-line event before and behind each call. When the stream is known to be idle, the pair becomes a
//! [`Span`] and its events go back into the stream's pool: events are a scarce resource on a card (65,536 a device), so there
//! are at most [`MOST_PENDING`] pairs a stream. What finds no pair, or no room, is counted and not traced; it runs all the same.

use super::Device;
use super::event::RawEvent;
use super::stream::{Stream, StreamId};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::check;
use ascend_rl_sys::types::*;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Calls of a stream whose times are not known yet, at most. Two events each: with three streams a device, 24,576 events.
const MOST_PENDING: usize = 4096;
/// Attempts to read both clocks at once: so many, and on a loaded machine more until one was quick.
const CLOCK_READINGS: usize = 8;
const MOST_CLOCK_READINGS: usize = 200;
const QUICK: Duration = Duration::from_micros(50);

/// One queued call, as the device ran it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Ordinal of the device.
    pub device: u32,
    /// The stream it was queued on.
    pub stream: StreamId,
    /// CANN's name of the call: "aclnnMm", "HcclAllReduce", "aclrtMemcpyAsync"; of a kernel its own.
    pub name: &'static str,
    /// Since [`Tracer::epoch`].
    pub start: Duration,
    /// On the device. For a collective it includes the wait for the peers.
    pub duration: Duration,
}

/// Collects the spans of the streams that are attached to it ([`Stream::trace`]). `Clone` gives the same tracer.
///
/// It records from the start; [`Tracer::pause`] and [`Tracer::resume`] say when. A tracer that goes before its streams takes
/// nothing with it.
#[derive(Clone)]
pub struct Tracer(Arc<Shared>);

struct Shared {
    epoch: Instant,
    recording: AtomicBool,
    /// Places for spans that are left.
    room: AtomicUsize,
    dropped: AtomicU64,
    spans: Mutex<Vec<Span>>,
    lanes: Mutex<Vec<Arc<Lane>>>,
}

/// What a stream has of its tracer.
pub(super) struct Traced {
    tracer: Tracer,
    lane: Arc<Lane>,
}

/// One stream's events. It outlives the stream: the last spans are read after it.
struct Lane {
    device: Device,
    stream: StreamId,
    queue: Mutex<Queue>,
}

struct Queue {
    pending: VecDeque<Pending>,
    /// Pairs that were taken out of `pending` so far: the number of its first.
    taken: u64,
    free: Vec<Arc<RawEvent>>,
    /// The last event whose time is known, and that time in microseconds since the epoch. Each event is timed against the one
    /// before: CANN gives milliseconds in f32, which over minutes is too coarse for operators of a few microseconds.
    anchor: Arc<RawEvent>,
    anchor_us: f64,
}

struct Pending {
    name: &'static str,
    start: Arc<RawEvent>,
    end: Arc<RawEvent>,
}

impl Tracer {
    /// A tracer that keeps at most `capacity` spans (64 bytes each); [`Tracer::dropped`] counts the others.
    pub fn new(capacity: usize) -> Tracer {
        Tracer(Arc::new(Shared {
            epoch: Instant::now(),
            recording: AtomicBool::new(true),
            room: AtomicUsize::new(capacity),
            dropped: AtomicU64::new(0),
            spans: Mutex::default(),
            lanes: Mutex::default(),
        }))
    }

    /// The moment that spans count from.
    pub fn epoch(&self) -> Instant {
        self.0.epoch
    }

    /// What is queued from now on is not traced.
    pub fn pause(&self) {
        self.0.recording.store(false, Relaxed);
    }

    /// What is queued from now on is traced again.
    pub fn resume(&self) {
        self.0.recording.store(true, Relaxed);
    }

    /// Calls that ran without a trace while this recorded: no event, or no place, was left.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Relaxed)
    }

    /// Takes the spans so far, by device, stream and start.
    ///
    /// Order: waits for traced work that has not run yet, in all for `patience` at most; what has not run by then, or has
    /// failed, counts as dropped. CANN: aclrtSynchronizeEventWithTimeout, aclrtEventElapsedTime.
    pub fn take(&self, patience: Duration) -> Vec<Span> {
        // `None`: later than clocks can say.
        let deadline = Instant::now().checked_add(patience);
        let left = || deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        let lanes = lock(&self.0.lanes).clone();
        for lane in &lanes {
            // The wait is outside of the locks: threads that enqueue need them.
            let Some((last, end)) = lock(&lane.queue).last() else { continue };
            let ran = last.wait(left()).is_ok();
            let mut queue = lock(&lane.queue);
            if !ran {
                self.resolve_ready(lane, &mut queue);
                let lost = queue.until(end);
                self.lose(lost);
                queue.pending.drain(..lost);
                queue.taken += lost as u64;
            }
            self.resolve(lane, &mut queue, end);
        }
        drop(lanes);
        // Of streams that are gone, and have nothing more to give.
        lock(&self.0.lanes).retain(|lane| Arc::strong_count(lane) > 1 || !lock(&lane.queue).pending.is_empty());
        let mut spans = std::mem::take(&mut *lock(&self.0.spans));
        self.give_back(spans.len());
        spans.sort_by_key(|span| (span.device, span.stream.number(), span.start));
        spans
    }

    /// So many spans that had a place will not come.
    fn lose(&self, spans: usize) {
        self.0.dropped.fetch_add(spans as u64, Relaxed);
        self.give_back(spans);
    }

    fn give_back(&self, places: usize) {
        self.0.room.fetch_add(places, Relaxed);
    }

    /// Turns a lane's pairs before number `end` into spans. Their work has run.
    fn resolve(&self, lane: &Lane, queue: &mut Queue, end: u64) {
        let count = queue.until(end);
        if count == 0 {
            return;
        }
        let mut spans = Vec::with_capacity(count);
        for _ in 0..count {
            match queue.take(lane) {
                Some(Ok(span)) => spans.push(span),
                Some(Err(_)) => self.lose(1),
                None => break,
            }
        }
        lock(&self.0.spans).append(&mut spans);
    }

    /// The same for the pairs at the front that have run.
    fn resolve_ready(&self, lane: &Lane, queue: &mut Queue) {
        while queue.pending.front().is_some_and(|pending| pending.end.is_complete().unwrap_or(false)) {
            match queue.take(lane) {
                Some(Ok(span)) => lock(&self.0.spans).push(span),
                Some(Err(_)) => self.lose(1),
                None => return,
            }
        }
    }

    /// A place for one more span, if there is one.
    fn claim(&self) -> bool {
        self.0.room.fetch_update(Relaxed, Relaxed, |room| room.checked_sub(1)).is_ok()
    }
}

impl Stream {
    /// Attaches the stream to a tracer, for good: each call queued from now on becomes a [`Span`], but for records of and waits
    /// for events, which are no work. A stream that is not attached pays one branch a call.
    ///
    /// Spans are made when the stream is synchronised, and by [`Tracer::take`].
    /// Order: blocks until the stream is idle: the clocks of device and host are compared, to within some microseconds.
    /// Errors: `Argument` if the stream is attached already; as [`Stream::synchronize`].
    /// CANN: aclrtCreateEventExWithFlag with ACL_EVENT_TIME_LINE, aclrtRecordEvent, aclrtEventElapsedTime.
    pub fn trace(&self, tracer: &Tracer) -> Result<()> {
        self.synchronize()?;
        let (anchor, anchor_us) = self.read_clocks(tracer.epoch())?;
        let queue = Queue { pending: VecDeque::new(), taken: 0, free: Vec::new(), anchor: Arc::new(anchor), anchor_us };
        let lane = Arc::new(Lane { device: self.device().clone(), stream: self.id(), queue: Mutex::new(queue) });
        let traced = Traced { tracer: tracer.clone(), lane: lane.clone() };
        self.set_traced(traced).map_err(|_| {
            let text = format!("{} is attached to a tracer already; one stream has one tracer", self.id());
            Error::new(ErrorKind::Argument, text)
        })?;
        lock(&tracer.0.lanes).push(lane);
        Ok(())
    }

    /// An event of this idle stream, with the host's time in microseconds since `epoch`: the middle between asking for it and
    /// having it, for the quickest of some attempts.
    fn read_clocks(&self, epoch: Instant) -> Result<(RawEvent, f64)> {
        let mut best: Option<(Duration, RawEvent, f64)> = None;
        for reading in 0..MOST_CLOCK_READINGS {
            if reading >= CLOCK_READINGS && best.as_ref().is_some_and(|(narrowest, ..)| *narrowest <= QUICK) {
                break;
            }
            let event = RawEvent::new(self.device(), ACL_EVENT_TIME_LINE)?;
            let before = epoch.elapsed();
            event.record(self.raw())?;
            event.wait(Duration::MAX)?;
            let width = epoch.elapsed().saturating_sub(before);
            if best.as_ref().is_none_or(|(narrowest, ..)| width < *narrowest) {
                best = Some((width, event, microseconds(before + width / 2)));
            }
        }
        let Some((_, event, at)) = best else { return Err(Error::new(ErrorKind::Device, "no clock was read")) };
        Ok((event, at))
    }
}

impl Traced {
    /// Queues `call` by `f`, with its events around it.
    pub(super) fn around(&self, call: &'static str, stream: aclrtStream, f: impl FnOnce() -> Result<()>) -> Result<()> {
        if !self.tracer.0.recording.load(Relaxed) || matches!(call, "aclrtRecordEvent" | "aclrtStreamWaitEvent") {
            return f();
        }
        let start = self.mark(stream);
        let queued = f();
        let Some(start) = start else {
            self.tracer.0.dropped.fetch_add(1, Relaxed);
            return queued;
        };
        if queued.is_err() {
            // Nothing ran. The start goes: destroying an event whose mark is still queued is legal.
            self.tracer.give_back(1);
            return queued;
        }
        match self.lane.record(stream) {
            Ok(end) => lock(&self.lane.queue).pending.push_back(Pending { name: call, start, end }),
            Err(_) => self.tracer.lose(1),
        }
        queued
    }

    /// The stream is idle: its pairs become spans.
    pub(super) fn settle(&self) {
        self.tracer.resolve(&self.lane, &mut lock(&self.lane.queue), u64::MAX);
    }

    /// A recorded event in front of a call, or `None` where events or places have run out.
    fn mark(&self, stream: aclrtStream) -> Option<Arc<RawEvent>> {
        {
            let mut queue = lock(&self.lane.queue);
            if queue.pending.len() >= MOST_PENDING {
                self.tracer.resolve_ready(&self.lane, &mut queue);
                if queue.pending.len() >= MOST_PENDING {
                    return None;
                }
            }
        }
        if !self.tracer.claim() {
            return None;
        }
        let event = self.lane.record(stream);
        if event.is_err() {
            self.tracer.give_back(1);
        }
        event.ok()
    }
}

impl Lane {
    /// An event from the pool, or a new one, behind the stream's work so far.
    fn record(&self, stream: aclrtStream) -> Result<Arc<RawEvent>> {
        let free = lock(&self.queue).free.pop();
        let event = free.map_or_else(|| RawEvent::new(&self.device, ACL_EVENT_TIME_LINE).map(Arc::new), Ok)?;
        event.record(stream).map(|()| event)
    }
}

impl Queue {
    /// The end of the last pair, and the number behind it.
    fn last(&self) -> Option<(Arc<RawEvent>, u64)> {
        Some((self.pending.back()?.end.clone(), self.taken + self.pending.len() as u64))
    }

    /// How many pairs are there before number `end`; another thread may have taken some of them.
    fn until(&self, end: u64) -> usize {
        (end.saturating_sub(self.taken) as usize).min(self.pending.len())
    }

    /// Takes the first pair, which has run: its span.
    fn take(&mut self, lane: &Lane) -> Option<Result<Span>> {
        let pending = self.pending.pop_front()?;
        self.taken += 1;
        Some(self.finish(lane, pending))
    }

    /// The span of a pair; its end is the next anchor.
    fn finish(&mut self, lane: &Lane, Pending { name, start, end }: Pending) -> Result<Span> {
        let gap_us = self.anchor.microseconds_to(&start)?;
        let duration_us = start.microseconds_to(&end)?;
        let start_us = self.anchor_us + gap_us;
        self.anchor_us = start_us + duration_us;
        let last = std::mem::replace(&mut self.anchor, end);
        self.free.extend([start, last]);
        let time = |us: f64| Duration::from_nanos((us * 1e3) as u64);
        // Both ends are rounded alike, so that a span never reaches into the next.
        let (begin, end) = (time(start_us), time(self.anchor_us));
        let (device, stream) = (lane.device.ordinal(), lane.stream);
        Ok(Span { device, stream, name, start: begin, duration: end.saturating_sub(begin) })
    }
}

impl RawEvent {
    /// Marks a stream's work so far. Not part of what the stream counts as queued: it moves no data.
    fn record(&self, stream: aclrtStream) -> Result<()> {
        self.device.0.bind()?;
        let api = self.device.api();
        // SAFETY: the event is alive, the stream is the caller's and of the same device, whose context is current.
        check(api, "aclrtRecordEvent", unsafe { (api.acl.aclrtRecordEvent)(self.handle.0, stream) })
    }

    /// Waits on the host, at most for a time.
    fn wait(&self, time: Duration) -> Result<()> {
        self.device.0.bind()?;
        let (api, ms) = (self.device.api(), super::stream::milliseconds(time));
        // SAFETY: the event is alive and its context current.
        let code = unsafe { (api.acl.aclrtSynchronizeEventWithTimeout)(self.handle.0, ms) };
        check(api, "aclrtSynchronizeEventWithTimeout", code)
    }

    /// Microseconds from this mark to `end`, never negative: both are of one stream, in this order. Both must have been reached.
    fn microseconds_to(&self, end: &RawEvent) -> Result<f64> {
        self.device.0.bind()?;
        let (api, mut ms) = (self.device.api(), 0.0);
        // SAFETY: both events are alive and recorded, the context is current, and `ms` outlives the call.
        let code = unsafe { (api.acl.aclrtEventElapsedTime)(&mut ms, self.handle.0, end.handle.0) };
        check(api, "aclrtEventElapsedTime", code)?;
        Ok(f64::from(ms).max(0.0) * 1e3)
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A panic under one of these locks leaves nothing half changed that matters: the values are times.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tracer({} streams, {} dropped)", lock(&self.0.lanes).len(), self.dropped())
    }
}
