//! Recording: while a stream is captured, updated or repeated, what its calls give goes elsewhere than into its queue.
//!
//! What is recorded holds device addresses and runs again later, when no borrow of a view is left. Three rules make that as safe
//! as a call:
//!
//! 1. *Memory stays.* A [`Hold`] covers every block of the stream that was alive during the recording: one that is given back
//!    goes to the hold and not to the stream's free list, until the hold goes. Blocks that are allocated and given back while
//!    recording (temporaries) are the hold's from the start, and only the recording reuses them. That is coarser than what the
//!    recording really uses, costs nothing where a stream has no hold, and cannot miss a buffer.
//! 2. *Order stays.* A recording runs on the stream that it was made on and on no other, so that it is ordered with all other work
//!    on its memory, whose home that stream is. Memory that a hold covers cannot be rehomed, and nothing runs, or is recorded,
//!    while the stream takes part in a fork: what is lent then belongs to the other stream.
//! 3. *Nothing of the host is baked in.* Copies from and to host memory, waits, events and forks are refused while recording.

use super::device::Device;
use super::{Stream, StreamInner};
use crate::error::{Error, ErrorKind, Result};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::mem;
use std::sync::Arc;

/// What a stream's calls do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They enqueue.
    Queue,
    /// They go into a graph.
    Capture,
    /// They replace operators of a graph.
    Update,
    /// Operators are kept to be enqueued later, other calls are refused.
    Repeat,
}

/// What a recording keeps alive, or is made of.
pub(crate) type Kept = Box<dyn Any + Send + Sync>;

/// A stream's recording, if one goes on.
pub(super) struct Recording {
    mode: Cell<Mode>,
    /// Forks that the stream takes part in.
    forks: Cell<u32>,
    kept: RefCell<Vec<Kept>>,
    /// The hold of the capture that goes on.
    keeper: Cell<Option<u64>>,
}

impl Recording {
    pub(super) fn new() -> Recording {
        Recording { mode: Cell::new(Mode::Queue), forks: Cell::new(0), kept: RefCell::default(), keeper: Cell::new(None) }
    }

    #[inline]
    pub(super) fn mode(&self) -> Mode {
        self.mode.get()
    }

    /// The stream takes part in a fork until the result goes.
    pub(super) fn fork(&self) -> impl Drop + '_ {
        struct Forked<'a>(&'a Cell<u32>);
        impl Drop for Forked<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        self.forks.set(self.forks.get() + 1);
        Forked(&self.forks)
    }
}

impl Stream {
    /// Runs `f` in a mode: what it gives, and what was kept for the recording. The mode ends with it, also on panic.
    pub(crate) fn record_in<R>(&self, mode: Mode, f: impl FnOnce(&Stream) -> Result<R>) -> Result<(R, Vec<Kept>)> {
        struct Restore<'a>(&'a Recording);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.mode.set(Mode::Queue);
                self.0.kept.take();
                self.0.keeper.set(None);
            }
        }
        self.recording.mode.set(mode);
        let restore = Restore(&self.recording);
        let value = f(self)?;
        let kept = self.recording.kept.take();
        drop(restore);
        Ok((value, kept))
    }

    /// The same for a capture, which has a hold to know it by.
    pub(super) fn record_with_keeper<R>(
        &self,
        mode: Mode,
        hold: &Hold,
        f: impl FnOnce(&Stream) -> Result<R>,
    ) -> Result<(R, Vec<Kept>)> {
        self.recording.keeper.set(Some(hold.keeper));
        self.record_in(mode, f)
    }

    /// The hold of the capture that goes on, if one does.
    pub(super) fn capture_keeper(&self) -> Option<u64> {
        self.recording.keeper.get()
    }

    /// Adds to the recording that goes on.
    pub(crate) fn keep(&self, what: Kept) {
        self.recording.kept.borrow_mut().push(what);
    }

    #[inline]
    pub(crate) fn mode(&self) -> Mode {
        self.recording.mode()
    }

    /// Whether operators are kept rather than enqueued.
    #[inline]
    pub(crate) fn is_repeating(&self) -> bool {
        self.mode() == Mode::Repeat
    }

    /// Refuses what cannot be recorded; `call` is CANN's.
    #[inline]
    pub(crate) fn check_queue(&self, call: &str) -> Result<()> {
        if self.mode() == Mode::Queue { Ok(()) } else { Err(self.not_recorded(call)) }
    }

    #[cold]
    pub(super) fn not_recorded(&self, call: &str) -> Error {
        let (what, takes) = match self.mode() {
            Mode::Capture => ("captured", "a graph takes operators, collectives, and copies and fills within the device"),
            Mode::Update => ("updating a graph", "an update takes operators"),
            _ => ("recorded", "a repeat takes operators"),
        };
        Error::new(ErrorKind::Unsupported, format!("{call} on {} while it is {what}: {takes}", self.id()))
    }

    /// Whether a recording may begin, or run.
    pub(crate) fn check_recordable(&self, what: &str) -> Result<()> {
        self.check_queue(what)?;
        if self.recording.forks.get() == 0 {
            return Ok(());
        }
        let text =
            format!("{what} on {} inside a fork that it takes part in: what is lent belongs to the other stream", self.id());
        Err(Error::new(ErrorKind::Unsupported, text))
    }

    /// Holds the stream's memory for a recording that begins now.
    pub(crate) fn hold(&self) -> Hold {
        let keeper = self.device().0.pool().hold(self.id().owner());
        Hold { keeper, home: self.inner().clone() }
    }
}

/// Keeps the blocks of a stream that a recording may use, see the module's page. It also keeps the stream's queue.
pub(crate) struct Hold {
    /// The allocator's name for it.
    keeper: u64,
    home: Arc<StreamInner>,
}

impl Hold {
    /// The recording has ended: blocks that are allocated from now on are not in it.
    pub(crate) fn close(&self) {
        self.device().0.pool().close_hold(self.keeper);
    }

    /// What is alive now, or is allocated from now on, may be in it too.
    pub(super) fn reopen(&self) {
        self.device().0.pool().reopen_hold(self.keeper);
    }

    /// What is alive now may be in it too.
    pub(crate) fn extend(&self) {
        self.reopen();
        self.close();
    }

    pub(super) fn keeper(&self) -> u64 {
        self.keeper
    }

    pub(super) fn device(&self) -> &Device {
        self.home.device()
    }

    /// `WrongStream` unless `s` is the stream that the recording was made on.
    pub(crate) fn check_stream(&self, what: &str, s: &Stream) -> Result<()> {
        if s.id() == self.home.id() {
            return Ok(());
        }
        let text = format!("{what} was made on {} and runs on no other; {} was given", self.home.id(), s.id());
        Err(Error::new(ErrorKind::WrongStream, text))
    }

    /// Something of the recording may still run: its memory is never given back.
    pub(super) fn leak(self) {
        mem::forget(self);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // A device that does not know what still runs keeps all of its memory.
        if !self.device().0.is_poisoned() {
            self.device().0.pool().release_hold(self.keeper);
        }
    }
}
