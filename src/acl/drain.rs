//! How a stream ends: its queue runs dry, or is given up because it waits for ranks that do not come.

use super::stream::{StreamInner, milliseconds};
use crate::error::{Error, ErrorKind, Result};
use std::thread;
use std::time::{Duration, Instant};

/// How long a drop waits for ranks that are behind: long enough for those that are about to make their last call.
const GRACE: Duration = Duration::from_secs(1);
/// How long a drop waits for work that no rank is behind with.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How often it looks who is behind.
const STEP: Duration = Duration::from_millis(20);

/// How the wait for a queue ended.
pub(crate) enum End {
    /// All of it has run.
    Idle,
    /// Nothing runs any more, and something failed.
    Failed(Error),
    /// It still waits; for whom, in words.
    Late(String),
}

impl StreamInner {
    /// Waits for everything queued, but not for ranks that do not come, nor longer than `patience`: the queue may wait for a
    /// collective, its own or through an event another stream's. Reports nothing of what the device has kept for later.
    ///
    /// All communicators of the device are asked who is behind, since nobody knows on which of them the queue hangs.
    pub(crate) fn drain(&self, patience: Duration) -> End {
        let (start, mut behind_since) = (Instant::now(), None);
        loop {
            let behind = self.device().0.behind();
            // A thread that panics takes the other ranks out of their waits at once.
            let grace = if thread::panicking() { Duration::ZERO } else { GRACE };
            let left = match &behind {
                Some(_) => grace.saturating_sub(behind_since.get_or_insert_with(Instant::now).elapsed()),
                None => {
                    behind_since = None;
                    patience
                }
            };
            let left = left.min(patience.saturating_sub(start.elapsed()));
            match self.wait_for(STEP.min(left)) {
                Ok(()) => return End::Idle,
                Err(error) if error.kind() != ErrorKind::Timeout => return End::Failed(error),
                Err(_) if left.is_zero() => return End::Late(behind.unwrap_or_else(|| "no rank is behind".into())),
                Err(_) => {}
            }
        }
    }

    /// Drops what has not run: it waits for what does not come. Whoever owns the stream does so on its way out, since nothing can
    /// be queued afterwards. The device reports `why` at the next wait; what lives on the stream may hold anything.
    pub(crate) fn give_up(&self, why: Error) {
        if self.end() {
            return;
        }
        if self.is_foreign() {
            // It is not ours to drop. What it still does to memory of ours must not be somebody else's by then.
            self.device().0.poison();
            return self.device().defer(why.context(format!("{} was dropped", self.id())));
        }
        let destroy = self.device().api().acl.aclrtDestroyStreamForce;
        // SAFETY: the stream is alive, `call` makes its context current, and `end` keeps everyone from using it again.
        let ended = self.device().call("aclrtDestroyStreamForce", || unsafe { destroy(self.raw()) });
        self.device().defer(ended.err().unwrap_or(why).context(format!("{} was dropped", self.id())));
    }

    fn wait_for(&self, time: Duration) -> Result<()> {
        let (wait, ms) = (self.device().api().acl.aclrtSynchronizeStreamWithTimeout, milliseconds(time));
        // SAFETY: the stream is alive, and `call` makes its context current.
        self.device().call("aclrtSynchronizeStreamWithTimeout", || unsafe { wait(self.raw(), ms) })
    }
}
