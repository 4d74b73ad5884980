//! A launch, as an operator of the engine.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::image::Image;
use super::run::{Plan, Run};
use crate::ops::call::Planned;
use crate::reject::Reject;

/// Where a launch's packed arguments are.
pub(crate) enum Source {
    /// Copied when it was enqueued; addresses in there may be of the copy itself.
    Copied(Packed),
    /// In device memory, read when it runs. So many bytes.
    Device(usize, usize),
}

/// Packed arguments, aligned as any parameter asks.
pub(crate) struct Packed(Box<[u64]>);

impl Packed {
    pub(crate) fn new(bytes: usize) -> Packed {
        Packed(vec![0; bytes.div_ceil(8)].into())
    }

    /// # Safety
    /// `bytes` bytes can be read at `from`.
    pub(crate) unsafe fn copy(from: *const u8, bytes: usize) -> Packed {
        let mut packed = Packed::new(bytes);
        // SAFETY: the caller's promise; as many bytes were just made.
        unsafe { std::ptr::copy_nonoverlapping(from, packed.0.as_mut_ptr().cast(), bytes) };
        packed
    }

    /// The address that the bytes have, and keep.
    pub(crate) fn address(&self) -> usize {
        self.0.as_ptr() as usize
    }

    /// Where the bytes are.
    pub(crate) fn range(&self) -> Range<usize> {
        self.address()..self.address() + size_of_val(&*self.0)
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}

/// A launch that failed, for those who are told.
#[derive(Clone)]
pub(crate) struct Lost {
    pub image: Arc<Image>,
    /// The kernel's index in the image.
    pub kernel: usize,
    pub args: Arc<Packed>,
}

static LISTENING: AtomicBool = AtomicBool::new(false);
thread_local! {
    static LOST: RefCell<Option<Lost>> = const { RefCell::new(None) };
}

/// From now on, [`lost`] is asked after each failure.
pub(crate) fn listen() {
    LISTENING.store(true, SeqCst);
}

/// The launch that has just failed on this thread, the engine's; none where the failure is another operation's.
pub(crate) fn lost() -> Option<Lost> {
    LOST.take()
}

/// The operator that runs `plan`.
pub(super) fn planned(plan: Plan, source: Source) -> Planned {
    let name = plan.kernel().name;
    let plan = Arc::new(plan);
    let (copied, device) = match source {
        Source::Copied(packed) => (Some(Arc::new(packed)), None),
        Source::Device(address, bytes) => (None, Some((address, bytes))),
    };
    let work = move || {
        // SAFETY: checked to be inside a live allocation when it was enqueued; device memory stays readable.
        let now = device.map(|(address, bytes)| Arc::new(unsafe { Packed::copy(address as *const u8, bytes) }));
        let Some(packed) = copied.as_ref().or(now.as_ref()) else { return };
        // SAFETY: checked against the kernel's parameters when it was enqueued, and held here.
        let done = unsafe { Run::launch(&plan, packed.range()) };
        if let Err(failure) = done {
            if LISTENING.load(SeqCst) {
                LOST.set(Some(Lost { image: plan.image.clone(), kernel: plan.kernel, args: packed.clone() }));
            }
            let failure: Reject = failure;
            std::panic::resume_unwind(Box::new(failure))
        }
    };
    Planned::alone(name, Vec::new(), work)
}
