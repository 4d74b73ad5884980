//! What has gone wrong with a group, and how a program goes on or ends.

use super::{Communicator, watch};
use crate::error::Result;
use std::time::Duration;

impl Communicator {
    /// Whether HCCL has found a failure of this group on its own threads (a link, a peer) since it was made. Does not block, and
    /// may be asked while calls are under way: that is what a watchdog does.
    ///
    /// Errors: `Collective` with HCCL's code, and the ranks that are behind.
    /// CANN: HcclGetCommAsyncError.
    pub fn check(&self) -> Result<()> {
        watch::failure(&self.handle, &self.board, self.rank()).map_or(Ok(()), Err)
    }

    /// Suspends the group on this rank, after the device's tasks were aborted: no call is taken until [`Communicator::resume`].
    /// Every rank calls it. It is HCCL's way to repeat a step after a fault without making the groups anew.
    ///
    /// Errors: what CANN says; `MissingSymbol`.
    /// CANN: HcclCommSuspend.
    pub fn suspend(&self) -> Result<()> {
        self.handle.suspend().map_err(|error| error.context(format!("suspending {self:?}")))
    }

    /// Makes a suspended group fit for calls, once all of its ranks are suspended. Every rank calls it. The ranks count their calls
    /// anew. What was called before and has not run fails, and with it this communicator's stream: groups are resumed whose streams
    /// are idle, others are made anew.
    ///
    /// Errors: what CANN says; `MissingSymbol`.
    /// CANN: HcclCommResume.
    pub fn resume(&self) -> Result<()> {
        self.handle.resume().map_err(|error| error.context(format!("resuming {self:?}")))?;
        self.board.resume(self.rank());
        Ok(())
    }

    /// Leaves the group at once: what is queued and has not run is given up, and ranks that wait for this one fail. Dropping does
    /// the same after a while, and waits first for what the other ranks are about to do.
    ///
    /// The device's next wait reports what was given up.
    /// CANN: aclrtDestroyStreamForce, HcclCommDestroy.
    pub fn abort(self) {
        self.patience.set(Some(Duration::ZERO));
    }
}
