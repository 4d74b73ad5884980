//! Communicators: one rank's handle of a group.

use std::ffi::{CStr, c_char};
use std::sync::{Arc, OnceLock};

use ascend_rl_sys::types::*;

use super::checks::{give, not_null};
use super::group::{Exit, Group};
use super::merged;
use crate::acl::context::current;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, reject};
use crate::world::Device;

static COMMS: Registry<Arc<Comm>> = Registry::new(Kind::Communicator);

pub(super) struct Comm {
    pub group: Arc<Group>,
    pub rank: usize,
    pub device: &'static Device,
    /// Its rank ends with this context: the one that it was made in, or else first used in.
    context: OnceLock<usize>,
}

impl Comm {
    /// The handle of a new communicator.
    pub(super) fn register(group: Arc<Group>, rank: usize, device: &'static Device, context: Option<usize>) -> HcclComm {
        let context = context.map_or_else(OnceLock::new, OnceLock::from);
        COMMS.insert(Arc::new(Comm { group, rank, device, context })) as HcclComm
    }

    pub(super) fn context(&self) -> Option<usize> {
        self.context.get().copied()
    }

    pub(super) fn used_in(&self, context: usize) {
        self.context.get_or_init(|| context);
    }
}

/// The communicator of this name whose rank is on this device.
pub(super) fn named(name: &str, device: u32) -> Option<Arc<Comm>> {
    let handles = COMMS.handles(|comm| comm.group.name == name && comm.device.id == device);
    handles.into_iter().find_map(|handle| COMMS.get(handle))
}

/// The communicator of a handle.
pub(super) fn resolve(comm: HcclComm) -> Outcome<Arc<Comm>> {
    not_null("comm", comm)?;
    match COMMS.get(comm as usize) {
        Some(found) => Ok(found),
        None => reject!(HCCL_E_PARA, "comm is not a live communicator: destroyed already, or never made"),
    }
}

/// Ends the communicators of a context that ends.
pub(crate) fn leave_all(context: usize) {
    for handle in COMMS.handles(|comm| comm.context() == Some(context)) {
        if let Some(comm) = COMMS.remove(handle) {
            comm.group.leave(comm.rank, Exit::ContextEnded);
        }
    }
}

/// What the rank has enqueued goes on.
pub(crate) fn HcclCommDestroy(comm: HcclComm) -> Outcome {
    resolve(comm)?;
    // In a group it goes with what makes communicators, and needs not wait for its end.
    merged::waits(merged::Kind::Communicators)?;
    let Some(comm) = COMMS.remove(comm as usize) else { reject!(HCCL_E_PARA, "comm was destroyed by another thread") };
    comm.group.leave(comm.rank, Exit::Destroyed);
    Ok(())
}

pub(crate) fn HcclGetRankSize(comm: HcclComm, rank_size: *mut u32) -> Outcome {
    let comm = resolve(comm)?;
    not_null("rankSize", rank_size)?;
    give(rank_size, comm.group.size() as u32);
    Ok(())
}

pub(crate) fn HcclGetRankId(comm: HcclComm, rank: *mut u32) -> Outcome {
    let comm = resolve(comm)?;
    not_null("rank", rank)?;
    give(rank, comm.rank as u32);
    Ok(())
}

pub(crate) fn HcclGetCommName(comm: HcclComm, comm_name: *mut c_char) -> Outcome {
    let comm = resolve(comm)?;
    not_null("commName", comm_name)?;
    let name = comm.group.name.bytes().chain([0]).take(COMM_NAME_MAX_LENGTH);
    for (i, byte) in name.enumerate() {
        // SAFETY: not null, and C's contract is an array of `COMM_NAME_MAX_LENGTH` characters.
        unsafe { comm_name.cast::<u8>().add(i).write(byte) }
    }
    Ok(())
}

/// Where several ranks of it are in this process, that of the current device, else any.
pub(crate) fn HcclCommGetHandleWithName(comm_name: *const c_char, comm: *mut HcclComm) -> Outcome {
    not_null("commName", comm_name)?;
    not_null("comm", comm)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let name = unsafe { CStr::from_ptr(comm_name) }.to_string_lossy();
    let device = current().ok().map(|context| context.device.id);
    let of_device = COMMS.handles(|comm| comm.group.name == name && Some(comm.device.id) == device);
    match of_device.into_iter().chain(COMMS.handles(|comm| comm.group.name == name)).next() {
        Some(handle) => give(comm, handle as HcclComm),
        None => reject!(HCCL_E_NOT_FOUND, "commName is \"{name}\": this process has no communicator of that name"),
    }
    Ok(())
}

pub(crate) fn HcclGetCommAsyncError(comm: HcclComm, async_error: *mut HcclResult) -> Outcome {
    let comm = resolve(comm)?;
    not_null("asyncError", async_error)?;
    give(async_error, comm.group.async_error(comm.rank));
    Ok(())
}
