//! [`Communicator`]: one rank of a group.

use super::board::Board;
use super::call::{self, Handle, Issue};
use super::options::fresh_name;
use super::signature::{Counts, Signature};
use super::sub::Parts;
use super::watch::Watch;
use super::{CommOptions, Traffic};
use crate::acl::{Device, End, Mode, PATIENCE, Stream, Witness};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::DType;
use std::cell::{Cell, OnceCell};
use std::ffi::{CStr, CString};
use std::sync::{Arc, Weak};
use std::time::Duration;
use std::{fmt, thread};

/// How long a drop waits for a group that has ranks in other processes, which may be behind or not.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// One rank of a group of devices. It owns its stream: everything it is given lives there.
///
/// Calls that enqueue return at once, also when other ranks are late. Each rank makes the same calls in the same order.
/// What the stream still has queued should be waited for before a communicator is dropped, as HCCL demands. Dropping it waits, but
/// no more than a second for ranks that have not made their calls, its own or those of another group that its stream waits for:
/// those fail then, on this rank and on theirs. So a rank that ends takes the others out of their waits. A group that has parts
/// ends with the last of them, also for HCCL: as long as this rank has a part ([`Communicator::sub`]), dropping the whole leaves
/// the others waiting, so drop parts first.
///
/// Of ranks in other processes nobody knows here whether they are behind, so with those a drop waits for all that is queued, ten
/// seconds at most: what has not run by then is given up, as above. [`CommOptions::leave_within`] is another bound, and
/// [`Communicator::abort`] waits for nobody.
///
/// `Send`, not `Sync`: the order of a rank's calls is that of one thread at a time.
/// ```compile_fail
/// fn shared<T: Sync>() {}
/// shared::<ascend_rl::Communicator>();
/// ```
/// ```
/// fn sent<T: Send>() {}
/// sent::<ascend_rl::Communicator>();
/// ```
pub struct Communicator {
    pub(super) handle: Arc<Handle>,
    stream: Stream,
    rank: usize,
    pub(super) board: Arc<Board>,
    pub(super) parts: Arc<Parts>,
    traffic: Cell<Traffic>,
    /// The name by which operators find it, once one has asked.
    group: OnceCell<CString>,
    /// How long its drop waits for what is queued, if the program has said so.
    pub(super) patience: Cell<Option<Duration>>,
    _watch: Arc<Watch>,
}

impl Communicator {
    /// The group of one process: a communicator for each device, rank 0 first.
    ///
    /// Order: blocks until all have joined, with a thread for each device.
    /// Errors: `Argument` if a device is there twice or none is, or for a name that HCCL cannot take; `WrongDevice` if they are
    /// not of one CANN; `MissingSymbol` without HCCL; `Timeout` if a device cannot be reached; `Collective`.
    /// CANN: HcclGetRootInfo, HcclCommInitRootInfoConfig.
    pub fn all(devices: &[Device], options: &CommOptions) -> Result<Vec<Communicator>> {
        let first = check_devices(devices)?;
        let name = options.name_or(fresh_name)?;
        let config = options.config(&name, call::capability(first)?)?;
        let streams = devices.iter().map(Device::stream).collect::<Result<Vec<_>>>()?;
        // HCCL demands one group at a time for each device, in the same order on all.
        let (lanes, size) = (Device::lanes(devices), devices.len() as u32);
        let info = call::root_info(first)?;
        let joined = thread::scope(|scope| {
            let join = |(rank, device)| {
                let (info, config) = (&info, &config);
                scope.spawn(move || Handle::join_in_lane(device, info, size, rank, config))
            };
            // All are spawned before the first is waited for.
            let threads: Vec<_> = (0..size).zip(devices).map(join).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(lost()))).collect::<Vec<_>>()
        });
        drop(lanes);
        let handles = all_or_first(joined).map_err(|error| error.context(format!("the group `{name}` could not be made")))?;
        let (board, parts) = (Arc::new(Board::new(name, devices.len())), Arc::new(Parts::default()));
        let ranks = handles.into_iter().zip(streams).enumerate();
        let new = |(rank, (handle, stream))| Communicator::new(handle, stream, rank, &board, &parts, options);
        Ok(ranks.map(new).collect())
    }

    pub(super) fn new(
        handle: Handle,
        stream: Stream,
        rank: usize,
        board: &Arc<Board>,
        parts: &Arc<Parts>,
        options: &CommOptions,
    ) -> Communicator {
        let handle = Arc::new(handle);
        let watch = Arc::new(Watch { board: board.clone(), handle: Arc::downgrade(&handle), rank, stream: stream.id() });
        let witness: Weak<dyn Witness> = Arc::downgrade(&watch) as _;
        stream.device().add_witness(witness);
        let (board, parts, patience) = (board.clone(), parts.clone(), Cell::new(options.leave_within));
        Communicator {
            handle,
            stream,
            rank,
            board,
            parts,
            traffic: Cell::default(),
            group: OnceCell::new(),
            patience,
            _watch: watch,
        }
    }

    /// This rank, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of ranks.
    pub fn size(&self) -> usize {
        self.board.size()
    }

    /// The group's name.
    pub fn name(&self) -> &str {
        self.board.name()
    }

    /// The stream that its calls enqueue on.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The device that it is on.
    pub fn device(&self) -> &Device {
        self.stream.device()
    }

    /// The communicator as HCCL knows it, alive as long as this.
    pub(crate) fn raw(&self) -> ascend_rl_sys::types::HcclComm {
        self.handle.raw()
    }

    /// Bytes that this rank has sent and received so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic.get()
    }

    pub(super) fn count(&self, traffic: Traffic) {
        self.traffic.set(self.traffic.get() + traffic);
    }

    /// Makes a call of all ranks: posts it, so that ranks that differ are found before CANN is called, and lets `f` enqueue it.
    pub(super) fn collective(
        &self,
        signature: Signature,
        counts: Option<Counts>,
        traffic: Traffic,
        f: impl FnOnce(&Issue<'_>) -> Result<()>,
    ) -> Result<()> {
        let issue = Issue::new(&self.stream, &self.handle);
        let posted = self.board.post(self.rank, signature, counts)?;
        // HCCL does not say what it does with no elements; every rank has none, so every rank does nothing.
        if signature.count != Some(0)
            && let Err(error) = f(&issue)
        {
            self.board.retract(self.rank, posted);
            return Err(error.context(format!("{signature} on {self:?}")));
        }
        self.count(traffic);
        Ok(())
    }

    /// The same for an operator of CANN that communicates: `f` enqueues it, on this communicator's stream, with the group's name.
    /// `count` is `None` where it differs between ranks.
    pub(crate) fn operator(
        &self,
        name: &'static str,
        (count, dtype): (Option<usize>, DType),
        traffic: Traffic,
        f: impl FnOnce(&CStr) -> Result<()>,
    ) -> Result<()> {
        if self.stream.mode() == Mode::Repeat {
            // An executor that is kept would make its calls behind the board's back.
            self.stream.check_queue(name)?;
        }
        let group = self.group()?;
        self.collective(Signature { count, ..Signature::uneven(name, dtype) }, None, traffic, |_| f(group))
    }

    /// The same for an operator of two groups, this rank's of either on one device: `f` enqueues it on this one's stream, with both
    /// names. It runs behind what is queued on the other's stream, and what is queued there later runs behind it.
    pub(crate) fn operator_with(
        &self,
        other: &Communicator,
        name: &'static str,
        (count, dtype): (Option<usize>, DType),
        traffic: [Traffic; 2],
        f: impl FnOnce(&CStr, &CStr) -> Result<()>,
    ) -> Result<()> {
        self.device().check_same("the second group", other.device())?;
        if Arc::ptr_eq(&self.board, &other.board) {
            return Err(Error::new(
                ErrorKind::Argument,
                format!("{name}: `{}` is given twice, two groups are needed", self.name()),
            ));
        }
        for comm in [self, other] {
            // A capture, too: it would take only one of the two streams.
            comm.stream.check_queue(name)?;
        }
        let (group, other_group) = (self.group()?, other.group()?);
        let signature = Signature { count, ..Signature::uneven(name, dtype) };
        self.stream.wait(&other.stream.record()?)?;
        self.collective(signature, None, traffic[0], |_| {
            // Under the same lane: calls for a device are issued one after another.
            let posted = other.board.post(other.rank, signature, None)?;
            f(group, other_group).inspect_err(|_| other.board.retract(other.rank, posted))
        })?;
        other.count(traffic[1]);
        other.stream.wait(&self.stream.record()?)
    }

    /// The name that HCCL knows it by.
    fn group(&self) -> Result<&CStr> {
        match self.group.get() {
            Some(group) => Ok(group),
            None => {
                let group = self.handle.group()?;
                Ok(self.group.get_or_init(|| group))
            }
        }
    }
}

/// One CANN, no device twice; the first of them.
fn check_devices(devices: &[Device]) -> Result<&Device> {
    let Some(first) = devices.first() else {
        return Err(Error::new(ErrorKind::Argument, "a group needs at least one device; none is given"));
    };
    for (at, device) in devices.iter().enumerate() {
        if !device.cann().same(first.cann()) {
            return Err(Error::new(ErrorKind::WrongDevice, format!("{first:?} and {device:?} are not of one CANN")));
        }
        if let Some(twin) = devices[..at].iter().position(|earlier| earlier.ordinal() == device.ordinal()) {
            let text = format!("{device:?} is given for ranks {twin} and {at}; a group has each device once");
            return Err(Error::new(ErrorKind::Argument, text));
        }
    }
    Ok(first)
}

/// All values, or the error that most likely caused the others: the first that is no timeout of waiting for the rest.
fn all_or_first(joined: Vec<Result<Handle>>) -> Result<Vec<Handle>> {
    let late = |joined: &Result<Handle>| joined.as_ref().err().map(|error| error.kind() == ErrorKind::Timeout);
    let culprit = joined.iter().position(|one| late(one) == Some(false));
    match culprit.or_else(|| joined.iter().position(Result::is_err)) {
        None => joined.into_iter().collect(),
        Some(rank) => {
            let error = joined.into_iter().nth(rank).and_then(Result::err).unwrap_or_else(lost);
            Err(error.context(format!("rank {rank}")))
        }
    }
}

#[cold]
fn lost() -> Error {
    Error::new(ErrorKind::Collective, "the thread that joins the group has panicked")
}

impl fmt::Debug for Communicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of `{}`", self.rank, self.name())
    }
}

impl Drop for Communicator {
    /// HCCL wants idle streams. So this waits for what is queued, but not for ranks that do not come, nor for ever: the queue may
    /// hang on another group that this very rank is about to leave.
    fn drop(&mut self) {
        // Among ranks of this process the board tells who is behind, so what has not run is work.
        let usual = if self.board.here().contains(&false) { ELSEWHERE } else { PATIENCE };
        let patience = if thread::panicking() { Duration::ZERO } else { self.patience.get().unwrap_or(usual) };
        let end = self.stream.inner().drain(patience);
        self.board.leave(self.rank);
        // Another failure than the time's leaves an idle stream, and is reported by its own drop.
        if let End::Late(behind) = end {
            let text = format!("{self:?} has left with calls that had not run: {behind}");
            self.stream.inner().give_up(Error::new(ErrorKind::Collective, text));
        }
    }
}
