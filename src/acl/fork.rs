//! [`Stream::fork`]: work on two streams at once, joined on the way out.

use super::{DeviceBuffer, Element, Slice, SliceMut, Stream, StreamId};
use crate::error::Result;
use std::marker::PhantomData;

/// Lends buffers of the forked stream to the other one, inside the closure of [`Stream::fork`].
///
/// What was lent stays borrowed until the closure has ended, whatever happens to the view: a shorter loan would end before
/// the join.
/// ```compile_fail,E0499
/// # use ascend_rl::{Result, acl::*};
/// fn f(home: &Stream, other: &Stream, mut x: DeviceBuffer<f32>) -> Result<()> {
///     home.fork(other, |fork| {
///         drop(fork.lend_mut(&mut x)?); // `other` may write `x` from now on,
///         let again = x.slice_mut(..)?; // so `home` must not have it
///         Ok(())
///     })
/// }
/// ```
/// ```compile_fail,E0521
/// # use ascend_rl::{Result, acl::*};
/// fn f<'a>(home: &Stream, other: &Stream, x: &'a DeviceBuffer<f32>) -> Result<Option<Slice<'a, f32>>> {
///     let mut escaped = None;
///     home.fork(other, |fork| {
///         escaped = Some(fork.lend(x)?);
///         Ok(())
///     })?;
///     Ok(escaped)
/// }
/// ```
pub struct Fork<'f, 'env: 'f> {
    home: &'f Stream,
    other: StreamId,
    // Both invariant, as in `std::thread::Scope`: a shorter 'f would be a loan that ends before the join.
    scope: PhantomData<&'f mut &'f ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl Stream {
    /// Runs `f`, which may queue work on both streams and lend buffers of this one to `other`.
    ///
    /// Order: `other` waits for everything queued here before; work queued here afterwards waits for everything that was
    /// queued on `other`, also when `f` fails or panics. The host does not wait. Two events, however many buffers.
    /// Errors: `WrongDevice` if the streams are of two devices; `Unsupported` inside a capture; those of `f`.
    /// CANN: aclrtRecordEvent, aclrtStreamWaitEvent, twice each.
    /// ```
    /// # use ascend_rl::{Result, acl::*, sys::Cann};
    /// # fn main() -> Result<()> {
    /// let device = Device::open(&Cann::sim()?, 0)?;
    /// let (home, other) = (device.stream()?, device.stream()?);
    /// let x = home.upload(&[1.0_f32, 2.0])?;
    /// let mut y = home.alloc(2)?;
    /// home.fork(&other, |fork| other.copy(fork.lend(&x)?, fork.lend_mut(&mut y)?))?;
    /// assert_eq!(home.download(&y)?, [1.0, 2.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fork<'env, R>(&self, other: &Stream, f: impl for<'f> FnOnce(&'f Fork<'f, 'env>) -> Result<R>) -> Result<R> {
        self.device().check_same("the other stream", other.device())?;
        other.wait(&self.record()?)?;
        let _forked = (self.recording.fork(), other.recording.fork());
        let join = Join { home: self, other };
        let fork = Fork { home: self, other: other.id(), scope: PhantomData, env: PhantomData };
        let result = f(&fork);
        let joined = join.now();
        let value = result?;
        joined?;
        Ok(value)
    }
}

impl<'f> Fork<'f, '_> {
    /// A view that the other stream may read. This stream may read the buffer meanwhile.
    ///
    /// Errors: `WrongStream` if the buffer does not live on the forked stream.
    pub fn lend<T: Element>(&self, buffer: &'f DeviceBuffer<T>) -> Result<Slice<'f, T>> {
        Ok(Slice::new(buffer, self.tag("the lent buffer", buffer.home().id())?))
    }

    /// A view that the other stream may write.
    ///
    /// Errors: `WrongStream` if the buffer does not live on the forked stream.
    pub fn lend_mut<T: Element>(&self, buffer: &'f mut DeviceBuffer<T>) -> Result<SliceMut<'f, T>> {
        let stream = self.tag("the lent buffer", buffer.home().id())?;
        Ok(SliceMut::new(buffer, stream))
    }

    /// The stream on which memory of the forked stream may be used here: the other one. `home` is where `what` lives. Whoever
    /// asks must borrow that memory for `'f`.
    pub(crate) fn tag(&self, what: &str, home: StreamId) -> Result<StreamId> {
        self.home.check_home(what, home)?;
        Ok(self.other)
    }
}

/// Makes `home` wait for `other` when it goes: by [`Join::now`], or on a panic of the closure.
struct Join<'a> {
    home: &'a Stream,
    other: &'a Stream,
}

impl Join<'_> {
    fn now(self) -> Result<()> {
        let result = self.join();
        std::mem::forget(self);
        result
    }

    fn join(&self) -> Result<()> {
        let Err(error) = self.other.record().and_then(|event| self.home.wait(&event)) else { return Ok(()) };
        // The queues could not be joined; then the host waits. If that fails too, nobody knows what still runs.
        if self.other.synchronize().is_err() {
            self.home.device().0.poison();
        }
        Err(error.context("the streams of a fork could not be joined"))
    }
}

impl Drop for Join<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.join() {
            self.home.device().0.defer(error);
        }
    }
}
