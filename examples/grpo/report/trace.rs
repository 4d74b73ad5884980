//! The trace of a run's first steps in Chrome's format, for chrome://tracing and ui.perfetto.dev: the stages of each step as the
//! host sees them, and every operator, copy and collective by device (its process) and stream (its thread).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result};
use ascend_rl::acl::{Span, Stream, Tracer};
use serde::Serialize;
use serde_json::json;

/// Spans of devices that are kept: some 60 MB in memory and in the file.
const MOST_SPANS: usize = 500_000;
/// How long the end waits for work that may never run: a rank may have died in a collective.
const PATIENCE: Duration = Duration::from_secs(2);
/// Chrome's process of the host; devices count on from it.
const HOST: u32 = 0;

/// A trace under way; without a file it is nothing and costs nothing. `Clone` gives the same one, for each rank.
#[derive(Clone)]
pub struct Trace(Option<Arc<Open>>);

struct Open {
    path: PathBuf,
    tracer: Tracer,
    /// Steps to trace; 0 is all.
    steps: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Stages and steps.
    host: Vec<HostSpan>,
    /// The step under way, since the tracer's epoch.
    began: Option<Duration>,
    done: usize,
    streams: Vec<StreamName>,
    written: bool,
    failed: Option<Error>,
}

struct HostSpan {
    name: String,
    start: Duration,
    duration: Duration,
}

impl HostSpan {
    /// Whether the span ran in this one, at least in part.
    fn holds(&self, span: &Span) -> bool {
        span.start < self.start + self.duration && self.start < span.start + span.duration
    }
}

struct StreamName {
    device: u32,
    chip: String,
    stream: u64,
    name: String,
}

/// One of Chrome's "complete" events. Times are in microseconds.
#[derive(Serialize)]
struct Complete<'a> {
    name: &'a str,
    cat: &'a str,
    ph: &'a str,
    pid: u32,
    tid: u64,
    ts: f64,
    dur: f64,
}

impl Trace {
    /// A trace of the first `steps` GRPO steps (0: all) into a file, if there is to be one. The file is made at once, so that a
    /// wrong path does not wait for the end of the run.
    pub fn create(path: Option<&Path>, steps: usize) -> Result<Trace> {
        let Some(path) = path else { return Ok(Trace(None)) };
        File::create(path).with_context(|| format!("cannot write the trace {}", path.display()))?;
        let tracer = Tracer::new(MOST_SPANS);
        tracer.pause();
        Ok(Trace(Some(Arc::new(Open { path: path.to_path_buf(), tracer, steps, state: Mutex::default() }))))
    }

    /// Where the trace of a process goes whose rank is another than 0: `trace.json` becomes `trace.rank3.json`.
    pub fn path_of_rank(path: &Path, rank: usize) -> PathBuf {
        let extension = path.extension().map_or(String::new(), |extension| format!(".{}", extension.to_string_lossy()));
        if rank == 0 { path.to_path_buf() } else { path.with_extension(format!("rank{rank}{extension}")) }
    }

    /// Traces what a stream does in the steps to come; `name` says what it is for. Best right before the first step: the clocks
    /// are compared here. Blocks until the stream is idle.
    pub fn attach(&self, s: &Stream, name: &str) -> Result<()> {
        let Some(open) = &self.0 else { return Ok(()) };
        s.trace(&open.tracer)?;
        let (device, stream) = (s.device(), s.id().number());
        let (name, chip) = (name.to_string(), device.soc_name().to_string());
        open.state().streams.push(StreamName { device: device.ordinal(), chip, stream, name });
        Ok(())
    }

    /// Whether a step is traced that comes after `done` others.
    pub fn covers(&self, done: usize) -> bool {
        self.0.as_ref().is_some_and(|open| open.steps == 0 || done < open.steps)
    }

    /// What is queued from now on is traced, unless the file is written already.
    pub fn resume(&self) {
        let Some(open) = &self.0 else { return };
        if !open.state().written {
            open.tracer.resume();
        }
    }

    /// What is queued from now on is not traced.
    pub fn pause(&self) {
        if let Some(open) = &self.0 {
            open.tracer.pause();
        }
    }

    /// A step begins. What was traced before it is left out.
    pub fn begin_step(&self) {
        let Some(open) = &self.0 else { return };
        let mut state = open.state();
        if !state.written {
            state.began = Some(open.tracer.epoch().elapsed());
            open.tracer.resume();
        }
    }

    /// A stage of the step that began at `begin` has ended.
    pub fn stage(&self, name: &str, begin: Instant) {
        let Some(open) = &self.0 else { return };
        let mut state = open.state();
        if state.began.is_some() {
            let start = begin.saturating_duration_since(open.tracer.epoch());
            state.host.push(HostSpan { name: name.into(), start, duration: begin.elapsed() });
        }
    }

    /// The step has ended. The file is written after the last one to trace, so that a long run has it early.
    pub fn end_step(&self) {
        let Some(open) = &self.0 else { return };
        let mut state = open.state();
        let Some(began) = state.began.take() else { return };
        open.tracer.pause();
        state.done += 1;
        let name = format!("step {}", state.done);
        state.host.push(HostSpan { name, start: began, duration: open.tracer.epoch().elapsed().saturating_sub(began) });
        if state.done == open.steps {
            // A trace that cannot be written must not end the run: its end tells.
            state.failed = open.write(&mut state).err();
        }
    }

    /// The run has ended, well or not: writes the file, unless that is done. Gives its path.
    pub fn finish(&self) -> Result<Option<&Path>> {
        let Some(open) = &self.0 else { return Ok(None) };
        let mut state = open.state();
        if !state.written {
            open.tracer.pause();
            if let Some(start) = state.began.take() {
                let name = format!("step {}, cut short", state.done + 1);
                state.host.push(HostSpan { name, start, duration: open.tracer.epoch().elapsed().saturating_sub(start) });
            }
            state.failed = open.write(&mut state).err();
        }
        state.failed.take().map_or(Ok(Some(&open.path)), Err)
    }
}

impl Open {
    fn state(&self) -> MutexGuard<'_, State> {
        // After a panic in another rank the trace is still worth having.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, state: &mut State) -> Result<()> {
        state.written = true;
        let mut spans = self.tracer.take(PATIENCE);
        // Ranks begin a step together; how they come together is not of the step.
        spans.retain(|span| state.host.iter().any(|step| step.holds(span)));
        let text = || -> std::io::Result<()> {
            let mut file = BufWriter::new(File::create(&self.path)?);
            write_chrome(&mut file, state, &spans, self.tracer.dropped())?;
            file.flush()
        };
        text().with_context(|| format!("cannot write the trace {}", self.path.display()))
    }
}

/// Chrome's JSON: one event a line.
fn write_chrome(out: &mut impl Write, state: &State, spans: &[Span], dropped: u64) -> std::io::Result<()> {
    let about = json!({ "dropped_spans": dropped, "steps": state.done });
    writeln!(out, "{{\"displayTimeUnit\": \"ms\", \"otherData\": {about}, \"traceEvents\": [")?;
    let name = |kind: &str, pid: u32, tid: u64, name: &str| json!({ "ph": "M", "name": kind, "pid": pid, "tid": tid, "args": { "name": name } });
    writeln!(out, "{},", name("process_name", HOST, 0, "host"))?;
    for StreamName { device, chip, stream, name: what } in &state.streams {
        let pid = HOST + 1 + device;
        writeln!(out, "{},", name("process_name", pid, 0, &format!("device {device} ({chip})")))?;
        writeln!(out, "{},", name("thread_name", pid, *stream, &format!("{what} (stream {stream})")))?;
    }
    let mut event = |name: &str, cat: &str, (pid, tid): (u32, u64), start: Duration, duration: Duration| {
        let (ts, dur) = (microseconds(start), microseconds(duration));
        serde_json::to_writer(&mut *out, &Complete { name, cat, ph: "X", pid, tid, ts, dur })?;
        writeln!(out, ",")
    };
    for HostSpan { name, start, duration } in &state.host {
        event(name, if name.starts_with("step") { "step" } else { "stage" }, (HOST, 0), *start, *duration)?;
    }
    for span in spans {
        let place = (HOST + 1 + span.device, span.stream.number());
        event(span.name, category(span.name), place, span.start, span.duration)?;
    }
    // A last event without a comma: JSON wants none there.
    writeln!(out, "{}\n]}}", name("thread_name", HOST, 0, "stages"))
}

fn category(call: &str) -> &'static str {
    match call {
        _ if call.starts_with("Hccl") => "collective",
        _ if call.starts_with("aclrtMem") => "copy",
        _ => "operator",
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use ascend_rl::{Cann, Device};
    use serde_json::Value;

    fn stream() -> Stream {
        Device::open(&Cann::sim().unwrap(), 0).unwrap().stream().unwrap()
    }

    fn read(path: &Path) -> (Value, Vec<Value>) {
        let text = std::fs::read_to_string(path).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let events = whole["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X").cloned().collect();
        (whole, events)
    }

    /// Before and behind traced work: host and device have clocks of their own, which a loaded machine cannot compare well.
    fn room() {
        std::thread::sleep(Duration::from_millis(5));
    }

    fn step(trace: &Trace, s: &Stream) {
        trace.begin_step();
        let begin = Instant::now();
        room();
        s.set_zero(&mut s.alloc::<u8>(4096).unwrap()).unwrap();
        s.synchronize().unwrap();
        room();
        trace.stage("gen", begin);
        trace.end_step();
        s.set_zero(&mut s.alloc::<u8>(4096).unwrap()).unwrap();
    }

    #[test]
    fn only_the_first_steps_are_traced_and_the_file_is_there_before_the_run_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.json");
        let (trace, s) = (Trace::create(Some(&path), 2).unwrap(), stream());
        trace.attach(&s, "compute").unwrap();
        (0..2).for_each(|_| step(&trace, &s));
        let (whole, events) = read(&path);
        let of = |cat: &str| events.iter().filter(|event| event["cat"] == cat).count();
        assert_eq!((of("step"), of("stage"), of("copy"), events.len()), (2, 2, 2, 6), "{whole}");
        assert_eq!((&whole["otherData"]["dropped_spans"], &whole["otherData"]["steps"]), (&0.into(), &2.into()));
        (0..2).for_each(|_| step(&trace, &s));
        assert_eq!(trace.finish().unwrap(), Some(path.as_path()));
        assert_eq!(read(&path).1.len(), 6);
    }

    #[test]
    fn each_process_has_a_file_of_its_own() {
        let of = |path: &str, rank| Trace::path_of_rank(Path::new(path), rank);
        assert_eq!((of("a/t.json", 0), of("a/t.json", 3)), ("a/t.json".into(), "a/t.rank3.json".into()));
        assert_eq!((of("t", 0), of("t", 1)), ("t".into(), "t.rank1".into()));
    }

    #[test]
    fn a_run_that_is_cut_short_leaves_what_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.json");
        let (trace, s) = (Trace::create(Some(&path), 0).unwrap(), stream());
        trace.attach(&s, "a \"name\"").unwrap();
        step(&trace, &s);
        trace.begin_step();
        room();
        s.set_zero(&mut s.alloc::<u8>(1).unwrap()).unwrap();
        drop(s);
        room();
        trace.finish().unwrap();
        let names: Vec<Value> = read(&path).1.into_iter().map(|event| event["name"].clone()).collect();
        assert!(names.contains(&"step 2, cut short".into()), "{names:?}");
        assert_eq!(names.iter().filter(|name| *name == "aclrtMemsetAsync").count(), 2);
    }

    #[test]
    fn without_a_file_nothing_happens_and_a_wrong_one_is_said_at_once() {
        let (trace, s) = (Trace::create(None, 3).unwrap(), stream());
        trace.attach(&s, "compute").unwrap();
        trace.attach(&s, "again").unwrap();
        step(&trace, &s);
        assert_eq!(trace.finish().unwrap(), None);
        let error = format!("{:#}", Trace::create(Some(Path::new("/nowhere/t.json")), 3).map(drop).unwrap_err());
        assert!(error.starts_with("cannot write the trace /nowhere/t.json: "), "{error}");
        // A run without a step still leaves a file that can be read.
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.json");
        Trace::create(Some(&path), 3).unwrap().finish().unwrap();
        assert!(read(&path).1.is_empty());
    }
}
