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

impl Witness for Watch {
    fn tell(&self) -> Option<String> {
        self.board.waits_for(self.rank)
    }

    fn failed(&self) -> Option<Error> {
        let code = self.handle.upgrade()?.async_error()?;
        let text = format!("a collective of rank {} of `{}` has failed", self.rank, self.board.name());
        Some(Error::from_cann(ErrorKind::Collective, "HcclGetCommAsyncError", code, "").context(text))
    }

    fn stream(&self) -> StreamId {
        self.stream
    }
}
