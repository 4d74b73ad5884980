//! Functions of the host in a stream's order.

use super::deferred::Deferred;
use super::device::Handle;
use super::stream::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::{Cann, check, recent_message};
use ascend_rl_sys::{codes::ACL_ERROR_RT_REPORT_TIMEOUT, types::*};
use std::ffi::c_void;
use std::os::unix::thread::JoinHandleExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long the thread of [`Caller`] sleeps at most: so long does ending it take.
const NAP_MS: i32 = 20;

/// What CANN hands to [`run`]: the function, and where its panic goes.
struct Call {
    function: Box<dyn FnOnce() + Send>,
    deferred: Arc<Deferred>,
}

/// What a stream's queue calls.
///
/// # Safety
/// `call` is a [`Call`] from `Box::into_raw`, and this is called once with it.
unsafe extern "C" fn run(call: *mut c_void) {
    // SAFETY: the caller's promise.
    let Call { function, deferred } = *unsafe { Box::from_raw(call.cast::<Call>()) };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(function)) {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        deferred.keep(Error::new(ErrorKind::Async, format!("a host callback panicked: {text}")));
    }
}

impl Stream {
    /// Calls `function` on a thread of the host when everything queued before has run. What is queued afterwards runs when it
    /// has returned. Other streams go on meanwhile.
    ///
    /// CANN forbids what would wait for the device in there: `function` must not use this device (no calls that queue, wait,
    /// allocate or free), nor be the last owner of one of its streams; send a message to a thread that may. What it captured is
    /// dropped when it has run, on the thread that called it. A panic in it becomes the error of the device's next wait.
    ///
    /// Order: enqueues. One thread of CANN calls for all streams of a device, so a function that blocks holds up the others'.
    /// Errors: `MissingSymbol` where the toolkit has neither way; `Unsupported` while the stream is captured or recorded: a graph
    /// runs many times, the function once.
    /// CANN: aclrtLaunchHostFunc; before 8.5 aclrtSubscribeReport, aclrtProcessReport on a thread of this library for each
    /// stream, aclrtLaunchCallback.
    ///
    /// ```
    /// # use ascend_rl::{Cann, Device, Result};
    /// # fn main() -> Result<()> {
    /// # let stream = Device::open(&Cann::sim()?, 0)?.stream()?;
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let x = stream.zeros::<f32>(1 << 20)?;
    /// stream.host_callback(move || sender.send("the fill has run").unwrap_or_default())?;
    /// assert_eq!(receiver.recv(), Ok("the fill has run"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn host_callback(&self, function: impl FnOnce() + Send + 'static) -> Result<()> {
        self.check_queue("aclrtLaunchHostFunc")?;
        let acl = &self.api().acl;
        if acl.aclrtLaunchHostFunc.is_none() {
            self.subscribe()?;
        }
        let deferred = self.device().0.deferred().clone();
        let call = Box::into_raw(Box::new(Call { function: Box::new(function), deferred })).cast::<c_void>();
        let queued = match (acl.aclrtLaunchHostFunc, acl.aclrtLaunchCallback) {
            // SAFETY: stream and context as `enqueue` has them; `run` is called once with what it is for.
            (Some(launch), _) => self.enqueue("aclrtLaunchHostFunc", |stream| unsafe { launch(stream, Some(run), call) }),
            (None, Some(launch)) => {
                // SAFETY: as above; the stream has a thread that calls.
                let f = |stream| unsafe { launch(Some(run), call, ACL_CALLBACK_BLOCK, stream) };
                self.enqueue("aclrtLaunchCallback", f)
            }
            (None, None) => Err(self.device().cann().missing("aclrtLaunchHostFunc")),
        };
        if queued.is_err() {
            // SAFETY: made above, and what was not queued is not called.
            drop(unsafe { Box::from_raw(call.cast::<Call>()) });
        }
        queued
    }

    /// Sees to a thread that calls for this stream, for toolkits without threads of their own.
    fn subscribe(&self) -> Result<()> {
        let mut caller = self.inner().caller.lock().unwrap_or_else(PoisonError::into_inner);
        if caller.is_none() {
            *caller = Some(Caller::start(self)?);
        }
        Ok(())
    }
}

/// A thread that calls for one stream.
pub(super) struct Caller {
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    /// Whose subscription is to be given back; `None` where the stream has taken it along.
    stream: Option<Handle>,
    context: Handle,
    cann: Cann,
}

impl Caller {
    fn start(stream: &Stream) -> Result<Caller> {
        let (device, acl) = (stream.device(), &stream.api().acl);
        let process = device.optional("aclrtProcessReport", acl.aclrtProcessReport)?;
        let subscribe = device.optional("aclrtSubscribeReport", acl.aclrtSubscribeReport)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (cann, context) = (device.cann().clone(), device.0.context());
        let work = {
            // Not the device: this thread must not be the one that closes it.
            let (cann, stop) = (cann.clone(), stop.clone());
            move || {
                let api = cann.api();
                let context: Handle = context;
                // SAFETY: the context lives as long as its stream, whose owner ends this thread first. Where it cannot be
                // made current, the calls below fail and are tried again.
                unsafe { (api.acl.aclrtSetCurrentContext)(context.0) };
                while !stop.load(Relaxed) {
                    // SAFETY: takes a number, and calls what this library has queued.
                    let code = unsafe { process(NAP_MS) };
                    if code != 0 {
                        recent_message(api);
                    }
                    if code != 0 && code != ACL_ERROR_RT_REPORT_TIMEOUT {
                        // Not subscribed yet, or not any more.
                        thread::sleep(Duration::from_millis(1));
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("ascend-rl-callbacks".into()).spawn(work)?;
        let id = thread.as_pthread_t();
        let caller = Caller { thread: Some(thread), stop, stream: Some(Handle(stream.raw())), context, cann };
        // SAFETY: the stream is alive and its context current; the thread is, until it is joined.
        let subscribed = device.call("aclrtSubscribeReport", || unsafe { subscribe(id, stream.raw()) });
        subscribed.map(|()| caller)
    }
}

impl Caller {
    /// CANN's stream was destroyed, and its subscription with it.
    pub(super) fn stream_is_gone(&mut self) {
        self.stream = None;
    }
}

impl Drop for Caller {
    /// The stream's queue is empty, or was dropped.
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let api = self.cann.api();
        if let (Some(unsubscribe), Some(stream)) = (api.acl.aclrtUnSubscribeReport, self.stream) {
            let id = thread.as_pthread_t();
            // SAFETY: the context lives until its device is closed, which its streams precede; the stream is alive. A failure
            // has nowhere to go and leaves a subscription of a thread that is gone, which is harmless.
            let code = unsafe {
                (api.acl.aclrtSetCurrentContext)(self.context.0);
                unsubscribe(id, stream.0)
            };
            _ = check(api, "aclrtUnSubscribeReport", code);
        }
        self.stop.store(true, Relaxed);
        _ = thread.join();
    }
}
