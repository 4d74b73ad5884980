//! After a fault of the device: communicators that are suspended and resumed.
//!
//! A suspended rank takes no calls. Its first resumption (or that of another rank) starts the communicator anew: what was called
//! before and still waits fails, ranks that did not agree may agree again, and each rank takes calls once it has resumed too.

use ascend_rl_sys::types::HcclComm;

use super::comm::resolve;
use super::group::Group;
use super::message::Event;
use crate::reject::Outcome;

/// Again is as well as once, as in the open source HCCL.
pub(crate) fn HcclCommSuspend(comm: HcclComm) -> Outcome {
    let comm = resolve(comm)?;
    comm.group.suspend(comm.rank);
    Ok(())
}

/// CANN wants `aclrtDeviceTaskAbort` first: what is queued would wait for calls that are void. Here those fail.
pub(crate) fn HcclCommResume(comm: HcclComm) -> Outcome {
    let comm = resolve(comm)?;
    comm.group.resume(comm.rank);
    Ok(())
}

impl Group {
    fn suspend(&self, rank: usize) {
        let mut state = self.state();
        state.members[rank].suspended = true;
        self.tell_all(&state, Event::Suspended { rank: rank as u32 });
    }

    fn resume(&self, rank: usize) {
        let mut state = self.state();
        let epoch = (state.members[rank].epoch + 1).max(state.epoch);
        self.resumed(&mut state, rank, epoch);
        self.tell_all(&state, Event::Resumed { rank: rank as u32, epoch });
    }
}
