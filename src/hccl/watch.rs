//! What a device hears of a communicator when a wait ends.

use super::board::Board;
use super::call::Handle;
use crate::acl::{StreamId, Witness};
use crate::error::{Error, ErrorKind};
use std::sync::{Arc, Weak};

/// One rank, as a witness of its stream.
pub(super) struct Watch {
    pub board: Arc<Board>,
    /// Not kept: the communicator ends when its rank drops it.
    pub handle: Weak<Handle>,
    pub rank: usize,
    pub stream: StreamId,
}

/// What HCCL has found wrong with a group, which it says as a mere number; with those that are behind, who may be why.
pub(super) fn failure(handle: &Handle, board: &Board, rank: usize) -> Option<Error> {
    let code = handle.async_error()?;
    let error = Error::from_cann(ErrorKind::Collective, "HcclGetCommAsyncError", code, "")
        .context(format!("a collective of rank {rank} of `{}` has failed", board.name()));
    Some(match board.waits_for(rank) {
        Some(behind) => error.hint(behind),
        None => error,
    })
}

impl Witness for Watch {
    fn tell(&self) -> Option<String> {
        self.board.waits_for(self.rank)
    }

    fn failed(&self) -> Option<Error> {
        self.handle.upgrade().and_then(|handle| failure(&handle, &self.board, self.rank))
    }

    fn stream(&self) -> StreamId {
        self.stream
    }
}
