//! [`Context`]: where operations are made, and the stream that they enqueue on.

use super::call::RawContext;
use crate::acl::Stream;
use crate::error::Result;
use std::fmt;

/// ATB on one stream. Not `Send`, as the stream it borrows is not `Sync`: ATB's contexts are one thread's.
pub struct Context<'s>(RawContext<'s>);

impl<'s> Context<'s> {
    /// A context that enqueues on `stream`.
    ///
    /// Errors: `MissingSymbol` where ATB, or its C face, is not there; `Device`.
    /// ATB: CreateContext, Context::SetExecuteStream.
    pub fn new(stream: &'s Stream) -> Result<Context<'s>> {
        RawContext::new(stream).map(Context)
    }

    /// The stream.
    pub fn stream(&self) -> &'s Stream {
        self.0.stream()
    }

    pub(super) fn raw(&self) -> &RawContext<'s> {
        &self.0
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ATB on {:?}", self.stream())
    }
}
