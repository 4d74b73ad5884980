//! [`Graph`]: work that a stream is given once and a device runs many times. `record.rs` has the argument why that is sound.

use super::device::Handle;
use super::record::{Hold, Kept, Mode};
use super::{Device, Stream};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::ffi::{CStr, CString};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::{fmt, ptr};

/// Whom a capture keeps from calls that take effect at once where a graph was meant to have them: blocking copies and fills
/// of the device's memory. They fail until it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaptureMode {
    /// Every thread, on this device.
    Global,
    /// The thread that captures.
    #[default]
    ThreadLocal,
    /// Nobody.
    Relaxed,
}

/// Captured work, ready to run as often as wanted: its operators, collectives, copies and fills, with the shapes, host numbers
/// and addresses that they had. What is in device memory is read anew each time, so that lengths and tokens belong there.
///
/// It runs on the stream that it was captured on, in the order of that stream, like one long operator. Tensors that it uses stay
/// ordinary ones: they are read and written between launches as ever. One that was alive during the capture and is dropped
/// later leaves its memory to the graph; none can be rehomed while a graph of its stream lives. Host memory is not in it.
///
/// Dropping it waits for its launches. `Send` and `Sync`; launching takes the [`Stream`], which one thread has.
pub struct Graph {
    raw: Handle,
    hold: ManuallyDrop<Hold>,
    /// Communicators, which must outlive it.
    kept: ManuallyDrop<Vec<Kept>>,
}

/// Operators of a graph that [`Graph::update`] can replace, made by [`Stream::task_group`].
#[derive(Clone, Copy)]
pub struct TaskGroup {
    raw: Handle,
    /// Of which graph.
    keeper: u64,
}

/// The function of a name, or the error that names what is missing.
macro_rules! function {
    ($device:expr, $name:ident) => {{
        let device: &Device = $device;
        device.api().graph.$name.ok_or_else(|| device.cann().missing(stringify!($name)))
    }};
}

/// Ends a capture that its closure did not see to its end.
struct Capture<'a> {
    stream: &'a Stream,
    end: unsafe extern "C" fn(aclrtStream, *mut aclmdlRI) -> aclError,
    destroy: unsafe extern "C" fn(aclmdlRI) -> aclError,
}

impl Capture<'_> {
    fn end(&self) -> Result<aclmdlRI> {
        let mut raw = ptr::null_mut();
        // SAFETY: the stream is alive and captured, its context current, and `raw` outlives the call.
        self.stream.device().call("aclmdlRICaptureEnd", || unsafe { (self.end)(self.stream.raw(), &mut raw) })?;
        Ok(raw)
    }
}

impl Drop for Capture<'_> {
    fn drop(&mut self) {
        // The closure's own error is the one to tell; an end that is refused leaves no graph.
        if let Ok(raw) = self.end() {
            // SAFETY: a graph that nobody has launched; destroyed once.
            let ended = self.stream.device().call("aclmdlRIDestroy", || unsafe { (self.destroy)(raw) });
            ended.unwrap_or_else(|error| self.stream.device().defer(error));
        }
    }
}

impl Stream {
    /// Captures what `f` queues here: nothing of it runs, [`Graph::launch`] runs it. On an error the capture is given up.
    ///
    /// Order: enqueues nothing.
    /// Errors: `Unsupported` for a capture in a capture or in a fork, and, from within `f`, for what a graph cannot hold: copies
    /// from and to host memory, events, forks and every wait; `MissingSymbol`; those of `f`.
    /// CANN: aclmdlRICaptureBegin, aclmdlRICaptureEnd (8.1).
    /// ```
    /// # use ascend_rl::{Result, acl::*, sys::Cann, ops, DType, Tensor};
    /// # fn main() -> Result<()> {
    /// # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
    /// let one = Tensor::from_slice(&s, &[2], &[1.0_f32, 1.0])?;
    /// let mut x = Tensor::zeros(&s, &[2], DType::F32)?;
    /// let graph = s.capture(CaptureMode::default(), |s| ops::add_(s, &mut x, &one))?;
    /// for _ in 0..3 {
    ///     graph.launch(&s)?;
    /// }
    /// assert_eq!(x.to_vec::<f32>(&s)?, [3.0, 3.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn capture(&self, mode: CaptureMode, f: impl FnOnce(&Stream) -> Result<()>) -> Result<Graph> {
        self.check_recordable("aclmdlRICaptureBegin")?;
        let device = self.device();
        let begin = function!(device, aclmdlRICaptureBegin)?;
        let (end, destroy) = (function!(device, aclmdlRICaptureEnd)?, function!(device, aclmdlRIDestroy)?);
        let mode = match mode {
            CaptureMode::Global => ACL_MODEL_RI_CAPTURE_MODE_GLOBAL,
            CaptureMode::ThreadLocal => ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL,
            CaptureMode::Relaxed => ACL_MODEL_RI_CAPTURE_MODE_RELAXED,
        };
        // SAFETY: the stream is alive and its context current.
        device.call("aclmdlRICaptureBegin", || unsafe { begin(self.raw(), mode) })?;
        let capture = Capture { stream: self, end, destroy };
        let hold = self.hold();
        let ((), kept) = self.record_with_keeper(Mode::Capture, &hold, f)?;
        let raw = capture.end();
        std::mem::forget(capture);
        hold.close();
        Ok(Graph { raw: Handle(raw?), hold: ManuallyDrop::new(hold), kept: ManuallyDrop::new(kept) })
    }

    /// Inside a capture: the operators that `f` queues can be replaced later, one for one.
    ///
    /// Errors: `Unsupported` outside of a capture, and for what is no operator; those of `f`.
    /// CANN: aclmdlRICaptureTaskGrpBegin, aclmdlRICaptureTaskGrpEnd (8.1).
    pub fn task_group(&self, f: impl FnOnce(&Stream) -> Result<()>) -> Result<TaskGroup> {
        let device = self.device();
        let Some(keeper) = self.capture_keeper() else {
            return Err(Error::new(ErrorKind::Unsupported, format!("task_group: {} is not being captured", self.id())));
        };
        let (begin, end) = (function!(device, aclmdlRICaptureTaskGrpBegin)?, function!(device, aclmdlRICaptureTaskGrpEnd)?);
        // SAFETY: the stream is alive and captured, its context current.
        device.call("aclmdlRICaptureTaskGrpBegin", || unsafe { begin(self.raw()) })?;
        let queued = f(self);
        let mut raw = ptr::null_mut();
        // SAFETY: as above, and `raw` outlives the call.
        let ended = device.call("aclmdlRICaptureTaskGrpEnd", || unsafe { end(self.raw(), &mut raw) });
        queued.and(ended).map(|()| TaskGroup { raw: Handle(raw), keeper })
    }
}

impl Graph {
    /// Runs the graph once more.
    ///
    /// Order: enqueues, behind everything queued on `s` before.
    /// Errors: `WrongStream` if it was captured on another stream; `Unsupported` inside a capture or a fork. A launch that fails
    /// leaves the graph as it was.
    /// CANN: aclmdlRIExecuteAsync (8.1).
    pub fn launch(&self, s: &Stream) -> Result<()> {
        const CALL: &str = "aclmdlRIExecuteAsync";
        self.hold.check_stream("the graph", s)?;
        s.check_recordable(CALL)?;
        let execute = function!(s.device(), aclmdlRIExecuteAsync)?;
        // SAFETY: graph and stream are alive and of the current context; the graph's memory is held and this stream orders it.
        s.enqueue(CALL, |stream| unsafe { execute(self.raw.0, stream) })
    }

    /// Runs the graph once more, and waits for it and for everything queued on `s` before.
    ///
    /// Order: blocks. Errors: as [`Graph::launch`] and [`Stream::synchronize`].
    pub fn run(&self, s: &Stream) -> Result<()> {
        self.launch(s)?;
        s.synchronize()
    }

    /// Replaces the operators of a task group by those that `f` queues: as many, in the same order. Launches queued on `s` from
    /// now on run the new ones. For operators that take numbers from the host, as sequence lengths.
    ///
    /// Order: enqueues.
    /// Errors: `WrongStream`; `Argument` if the group is of another graph; `Unsupported` for what is no operator; `Device` if there
    /// are more or fewer operators than the group has; those of `f`. What was replaced by then stays so.
    /// CANN: aclmdlRICaptureTaskUpdateBegin, aclmdlRICaptureTaskUpdateEnd (8.1; a card needs driver 25.0.RC1).
    pub fn update(&self, s: &Stream, group: &TaskGroup, f: impl FnOnce(&Stream) -> Result<()>) -> Result<()> {
        self.hold.check_stream("the graph", s)?;
        s.check_recordable("aclmdlRICaptureTaskUpdateBegin")?;
        if group.keeper != self.hold.keeper() {
            return Err(Error::new(ErrorKind::Argument, "the task group belongs to another graph"));
        }
        let device = s.device();
        let (begin, end) = (function!(device, aclmdlRICaptureTaskUpdateBegin)?, function!(device, aclmdlRICaptureTaskUpdateEnd)?);
        // SAFETY: the stream is alive, its context current, and the group is the graph's, which is alive.
        device.call("aclmdlRICaptureTaskUpdateBegin", || unsafe { begin(s.raw(), group.raw.0) })?;
        self.hold.reopen();
        // It closes the update on panic too.
        let update = Update { stream: s, hold: &self.hold, end };
        let queued = s.record_in(Mode::Update, f).map(drop);
        queued.and(update.end())
    }

    /// Names it, for [`Graph::print`] and profilers.
    ///
    /// Errors: `Argument` for a name with a NUL in it; `MissingSymbol` before 8.5.
    /// CANN: aclmdlRISetName (8.5).
    pub fn set_name(&self, name: &str) -> Result<()> {
        let set = function!(self.device(), aclmdlRISetName)?;
        let text =
            CString::new(name).map_err(|_| Error::new(ErrorKind::Argument, format!("the name {name:?} has a NUL in it")))?;
        // SAFETY: the graph is alive and its context current; the text outlives the call.
        self.device().call("aclmdlRISetName", || unsafe { set(self.raw.0, text.as_ptr()) })
    }

    /// Its name; empty where it has none.
    ///
    /// CANN: aclmdlRIGetName (8.5).
    pub fn name(&self) -> Result<String> {
        const LONGEST: usize = 512;
        let get = function!(self.device(), aclmdlRIGetName)?;
        let mut text = [0u8; LONGEST];
        // SAFETY: the graph is alive and its context current; the array has as many bytes as is said.
        self.device().call("aclmdlRIGetName", || unsafe { get(self.raw.0, LONGEST as u32, text.as_mut_ptr().cast()) })?;
        Ok(CStr::from_bytes_until_nul(&text).unwrap_or_default().to_string_lossy().into_owned())
    }

    /// Prints its tasks to CANN's log, which the simulator writes to the standard error.
    ///
    /// CANN: aclmdlRIDebugPrint (8.1).
    pub fn print(&self) -> Result<()> {
        let print = function!(self.device(), aclmdlRIDebugPrint)?;
        // SAFETY: the graph is alive and its context current.
        self.device().call("aclmdlRIDebugPrint", || unsafe { print(self.raw.0) })
    }

    /// Writes its tasks to a file that trace viewers (as chrome://tracing) show.
    ///
    /// Errors: `Argument` for a path with a NUL in it or that cannot be written; `MissingSymbol` before 8.5.
    /// CANN: aclmdlRIDebugJsonPrint (8.5).
    pub fn save_json(&self, path: &Path) -> Result<()> {
        let print = function!(self.device(), aclmdlRIDebugJsonPrint)?;
        let bad = || Error::new(ErrorKind::Argument, format!("the path {path:?} has a NUL in it"));
        let text = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| bad())?;
        let call = || {
            // SAFETY: the graph is alive and its context current; the text outlives the call.
            unsafe { print(self.raw.0, text.as_ptr(), ACL_MDLRI_DEBUG_JSON_PRINT_SUMMARY) }
        };
        self.device().call("aclmdlRIDebugJsonPrint", call)
    }

    fn device(&self) -> &Device {
        self.hold.device()
    }

    fn destroy(&self) -> Result<()> {
        let destroy = function!(self.device(), aclmdlRIDestroy)?;
        // SAFETY: alive until here, destroyed once; it waits for launches.
        let ended = self.device().call("aclmdlRIDestroy", || unsafe { destroy(self.raw.0) });
        ended.map_err(|error| error.context("a graph was dropped; its memory is kept, as it may still run"))
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        let ended = self.destroy();
        // SAFETY: taken once, here, and not used after.
        let (hold, kept) = unsafe { (ManuallyDrop::take(&mut self.hold), ManuallyDrop::take(&mut self.kept)) };
        if let Err(error) = ended {
            hold.device().defer(error);
            hold.leak();
            std::mem::forget(kept);
        }
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({:?} on {:?})", self.name().unwrap_or_default(), self.device())
    }
}

impl fmt::Debug for TaskGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskGroup({:p})", self.raw.0)
    }
}

/// An update that goes on.
struct Update<'a> {
    stream: &'a Stream,
    hold: &'a Hold,
    end: unsafe extern "C" fn(aclrtStream) -> aclError,
}

impl Update<'_> {
    fn end(self) -> Result<()> {
        let ended = self.finish();
        std::mem::forget(self);
        ended
    }

    fn finish(&self) -> Result<()> {
        self.hold.close();
        // SAFETY: the stream is alive and updating, its context current.
        self.stream.device().call("aclmdlRICaptureTaskUpdateEnd", || unsafe { (self.end)(self.stream.raw()) })
    }
}

impl Drop for Update<'_> {
    fn drop(&mut self) {
        // Only on panic, which says more.
        _ = self.finish();
    }
}
