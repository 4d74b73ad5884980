//! Physical memory: what `aclrtMallocPhysical` allocates, or another process has exported. It lives as long as a handle, a mapping
//! or another process uses it.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::exports::{self, Export, Import, Lease};
use super::foreign::Foreign;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};
use crate::world::Device;

pub(crate) struct Physical {
    /// The device that uses it.
    pub device: &'static Device,
    pub bytes: usize,
    pub prop: aclrtPhysicalMemProp,
    backing: Backing,
    state: Mutex<State>,
}

enum Backing {
    /// A part of the device's own file.
    Own { offset: usize },
    /// A part of a file of another process.
    Foreign {
        file: Arc<Foreign>,
        offset: usize,
        #[expect(dead_code, reason = "held: the exporter sees it")]
        lease: Lease,
    },
}

#[derive(Default)]
struct State {
    /// The handle that C has, and how often it has it.
    handle: usize,
    handles: usize,
    export: Option<Export>,
}

static HANDLES: Registry<Arc<Physical>> = Registry::new(Kind::Physical);

impl Physical {
    pub(crate) fn alloc(
        device: &'static Device,
        bytes: usize,
        align: usize,
        prop: aclrtPhysicalMemProp,
    ) -> Outcome<Arc<Physical>> {
        let offset = device.memory.alloc_physical(bytes, align)?;
        Ok(Arc::new(Physical { device, bytes, prop, backing: Backing::Own { offset }, state: Mutex::default() }))
    }

    /// Memory of another process: all pages of it.
    pub(crate) fn import(device: &'static Device, prop: aclrtPhysicalMemProp, from: Import) -> Outcome<Arc<Physical>> {
        let (offset, bytes) = from.pages();
        let file = Foreign::of_file(from.file).map_err(|error| Reject {
            code: ascend_rl_sys::codes::ACL_ERROR_RT_MEMORY_ALLOCATION,
            text: format!("the system refuses to map memory of another process: {error}"),
        })?;
        // What is behind the end of a file cannot be read without a signal.
        check!(
            file.at(offset, bytes).is_some(),
            ACL_ERROR_RT_INTERNAL_ERROR,
            "{bytes} bytes at {offset:#x} were exported, which leave the memory of that device"
        );
        let backing = Backing::Foreign { file, offset, lease: from.lease };
        Ok(Arc::new(Physical { device, bytes, prop, backing, state: Mutex::default() }))
    }

    /// The live physical memory of a handle.
    pub(crate) fn of(handle: aclrtDrvMemHandle) -> Outcome<Arc<Physical>> {
        HANDLES.get(handle as usize).ok_or_else(|| Reject {
            code: ascend_rl_sys::codes::ACL_ERROR_RT_INVALID_HANDLE,
            text: "handle is not live physical memory: freed already, or never allocated".into(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A handle for C, or the one that C has once more.
    pub(crate) fn retain(self: &Arc<Self>) -> aclrtDrvMemHandle {
        let mut state = self.state();
        if state.handles == 0 {
            state.handle = HANDLES.insert(self.clone());
        }
        state.handles += 1;
        state.handle as aclrtDrvMemHandle
    }

    /// Takes one handle back from C.
    pub(crate) fn release(self: &Arc<Self>) {
        let mut state = self.state();
        state.handles = state.handles.saturating_sub(1);
        if state.handles == 0 {
            HANDLES.remove(state.handle);
        }
    }

    /// The file that it is in, and where.
    pub(crate) fn part(&self) -> Outcome<(Arc<OwnedFd>, usize)> {
        match &self.backing {
            Backing::Own { offset } => self.device.memory.file().map(|file| (file, *offset)).ok_or_else(|| Reject {
                code: ascend_rl_sys::codes::ACL_ERROR_RT_INTERNAL_ERROR,
                text: "physical memory of a device that has none".into(),
            }),
            Backing::Foreign { file, offset, .. } => Ok((file.file().clone(), *offset)),
        }
    }

    /// Makes it importable, once.
    pub(crate) fn export(&self, to_all: bool) -> Outcome<u64> {
        let Backing::Own { offset } = self.backing else {
            reject!(ACL_ERROR_RT_PARAM_INVALID, "handle was imported: only its first owner can export it")
        };
        let mut state = self.state();
        check!(
            state.export.is_none(),
            ACL_ERROR_RT_PARAM_INVALID,
            "handle was exported already: one handle, one shareable handle"
        );
        let (file, _) = self.part()?;
        let export = exports::export(&file, offset, self.bytes, exports::Use::Handle, to_all)?;
        let number = export.number();
        state.export = Some(export);
        Ok(number)
    }
}

impl Drop for Physical {
    fn drop(&mut self) {
        if let Backing::Own { offset } = self.backing {
            let export = self.state().export.take();
            exports::free(export.into_iter().collect(), self.device, offset);
        }
    }
}
