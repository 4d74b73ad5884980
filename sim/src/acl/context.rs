//! Contexts, and which one is current on a thread.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Arc, OnceLock};

use ascend_rl_sys::types::*;

use super::process::{Options, default_device};
use super::{callback, device, event, give, graph, not_null, notify, stream};
use crate::engine::Stream;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};
use crate::world::{Device, world};

static CONTEXTS: Registry<Arc<Context>> = Registry::new(Kind::Context);

pub(crate) struct Context {
    pub device: &'static Device,
    /// Made by `aclrtSetDevice`; only `aclrtResetDevice` ends it.
    primary: bool,
    alive: AtomicBool,
    identity: OnceLock<(usize, Arc<Stream>)>,
    /// Calls for the thread that runs its host functions, once there is one.
    pub(super) host_functions: OnceLock<Arc<callback::Queue>>,
    options: Options,
}

impl Context {
    /// A context and its default stream.
    pub(super) fn create(device: &'static Device, primary: bool) -> Outcome<Arc<Context>> {
        let engine = world()?.engine;
        let context = Arc::new(Context {
            device,
            primary,
            alive: AtomicBool::new(true),
            identity: OnceLock::new(),
            host_functions: OnceLock::new(),
            options: Options::new(),
        });
        let handle = CONTEXTS.insert(context.clone());
        context.identity.get_or_init(|| {
            let stream = Stream::new(engine, device.id, handle);
            stream::register(stream.clone());
            (handle, stream)
        });
        Ok(context)
    }

    fn identity(&self) -> &(usize, Arc<Stream>) {
        self.identity.get().expect("set where a context is made, before anyone else sees it")
    }

    pub(crate) fn handle(&self) -> usize {
        self.identity().0
    }

    pub(crate) fn default_stream(&self) -> &Arc<Stream> {
        &self.identity().1
    }

    /// Waits for the context's work and ends its streams and events. It stops being current wherever it is.
    pub(super) fn tear_down(&self) {
        stream::tell_end(self);
        self.alive.store(false, SeqCst);
        CONTEXTS.remove(self.handle());
        // First: its ranks' peers must not wait for calls that cannot come any more.
        crate::hccl::leave_all(self.handle());
        // Nor must this thread wait for peers that may never call what its ranks have called.
        self.default_stream().engine().abandon(self.handle());
        graph::end_captures(self.handle());
        stream::end_all(self);
        graph::end_all(self.handle());
        event::end_all(self);
        notify::end_all(self);
        if let Some(queue) = self.host_functions.get() {
            queue.close();
        }
    }

    /// Makes it the current one of this thread.
    pub(super) fn enter(self: Arc<Self>) {
        // A thread that ends has none: see `found`.
        _ = CURRENT.try_with(|current| current.replace(Some(self)));
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Context>>> = const { RefCell::new(None) };
}

fn found() -> Option<Arc<Context>> {
    // A thread that ends (an `atexit` handler runs on one) has none.
    let live = |current: &RefCell<Option<Arc<Context>>>| {
        current.borrow().as_ref().filter(|context| context.alive.load(Acquire)).cloned()
    };
    CURRENT.try_with(live).ok().flatten()
}

/// The current context of this thread; a destroyed one is none. Without one, it is that of the default device, if there is one.
pub(crate) fn current() -> Outcome<Arc<Context>> {
    if let Some(context) = found() {
        return Ok(context);
    }
    if let Some(id) = default_device() {
        device::aclrtSetDevice(id)?;
    }
    match found() {
        Some(context) => Ok(context),
        None => reject!(
            ACL_ERROR_RT_CONTEXT_NULL,
            "this thread has no current context: call aclrtSetDevice or aclrtSetCurrentContext on it first"
        ),
    }
}

pub(crate) fn aclrtCreateContext(context: *mut aclrtContext, device_id: i32) -> Outcome {
    not_null("context", context)?;
    let made = Context::create(world()?.device(device_id)?, false)?;
    give(context, made.handle() as aclrtContext);
    made.clone().enter();
    stream::tell_default(&made);
    Ok(())
}

pub(crate) fn aclrtDestroyContext(context: aclrtContext) -> Outcome {
    not_null("context", context)?;
    let Some(found) = CONTEXTS.get(context as usize) else {
        reject!(ACL_ERROR_RT_CONTEXT_NULL, "context is not a live context: destroyed already, or never created")
    };
    check!(!found.primary, ACL_ERROR_RT_CONTEXT_NULL, "context is the primary one of its device: aclrtResetDevice ends it");
    found.tear_down();
    Ok(())
}

pub(crate) fn aclrtSetCurrentContext(context: aclrtContext) -> Outcome {
    not_null("context", context)?;
    let Some(found) = CONTEXTS.get(context as usize) else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "context is not a live context: destroyed already, or never created")
    };
    found.enter();
    Ok(())
}

pub(crate) fn aclrtGetCurrentContext(context: *mut aclrtContext) -> Outcome {
    not_null("context", context)?;
    give(context, current()?.handle() as aclrtContext);
    Ok(())
}

pub(crate) fn aclrtCtxSetSysParamOpt(opt: aclSysParamOpt, value: i64) -> Outcome {
    current()?.options.set(opt, value)
}

pub(crate) fn aclrtCtxGetSysParamOpt(opt: aclSysParamOpt, value: *mut i64) -> Outcome {
    current()?.options.get(opt, value)
}

pub(crate) fn aclrtCtxGetCurrentDefaultStream(stream: *mut aclrtStream) -> Outcome {
    not_null("stream", stream)?;
    give(stream, stream::default_handle(&*current()?) as aclrtStream);
    Ok(())
}

/// `flags` is reserved: it may be null, and is set to 0.
pub(crate) fn aclrtGetPrimaryCtxState(device_id: i32, flags: *mut u32, active: *mut i32) -> Outcome {
    not_null("active", active)?;
    let device = world()?.device(device_id)?;
    if !flags.is_null() {
        give(flags, 0);
    }
    let primary = device.primary.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    give(active, primary.context.is_some() as i32);
    Ok(())
}
