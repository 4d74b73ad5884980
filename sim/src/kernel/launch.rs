//! A launch, as an operator of the engine.

use std::ffi::c_void;
use std::sync::Arc;

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

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}

/// The operator that runs `plan`.
pub(super) fn planned(plan: Plan, source: Source) -> Planned {
    let name = plan.kernel().name;
    let plan = Arc::new(plan);
    let work = move || {
        let done = match &source {
            // SAFETY: checked against the kernel's parameters when it was enqueued, and held here.
            Source::Copied(packed) => unsafe { Run::launch(&plan, packed.address() as *const c_void) },
            Source::Device(address, bytes) => {
                // SAFETY: checked to be inside a live allocation when it was enqueued; device memory stays readable.
                let packed = unsafe { Packed::copy(*address as *const u8, *bytes) };
                // SAFETY: as above.
                unsafe { Run::launch(&plan, packed.address() as *const c_void) }
            }
        };
        done.unwrap_or_else(|failure: Reject| std::panic::resume_unwind(Box::new(failure)))
    };
    Planned { name, regions: Vec::new(), work: Box::new(work) }
}
