//! Notifies, and words of device memory that streams write and wait for.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ascend_rl_sys::codes::ACL_ERROR_RT_TASK_TIMEOUT;
use ascend_rl_sys::types::*;

use super::context::{Context, current};
use super::{give, not_null, stream, unsupported};
use crate::engine::{Condition, Hold, Limit, Needs, Stream, Task};
use crate::memory::Place;
use crate::memory::exports::{self, Export};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};

/// How often a stream that waits for a word of memory looks at it: the host, or another process, may write it.
const LOOK_EVERY: Duration = Duration::from_micros(100);

static NOTIFIES: Registry<Arc<Notify>> = Registry::new(Kind::Notify);

pub(super) struct Notify {
    context: usize,
    pub(super) state: Mutex<State>,
}

/// 1 once recorded, until waited for: here, or in a table that other processes see.
pub(super) enum State {
    Own(u64),
    Exported(Export),
    Imported(exports::Lease),
}

impl Notify {
    /// A new one of the current context: its handle.
    pub(super) fn create(state: State) -> Outcome<aclrtNotify> {
        let context = current()?.handle();
        Ok(NOTIFIES.insert(Arc::new(Notify { context, state: Mutex::new(state) })) as aclrtNotify)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn set(&self, value: u64) {
        match &mut *self.state() {
            State::Own(word) => *word = value,
            State::Exported(export) => _ = export.word().map(|word| word.store(value, SeqCst)),
            State::Imported(lease) => lease.word().store(value, SeqCst),
        }
    }

    fn is_set(&self) -> bool {
        0 != match &*self.state() {
            State::Own(word) => *word,
            State::Exported(export) => export.word().map_or(0, |word| word.load(SeqCst)),
            State::Imported(lease) => lease.word().load(SeqCst),
        }
    }

    fn is_shared(&self) -> bool {
        !matches!(*self.state(), State::Own(_))
    }
}

pub(super) fn resolve(notify: aclrtNotify) -> Outcome<Arc<Notify>> {
    not_null("notify", notify)?;
    match NOTIFIES.get(notify as usize) {
        Some(found) => Ok(found),
        None => reject!(ACL_ERROR_RT_INVALID_HANDLE, "notify is not a live notify: destroyed already, or never created"),
    }
}

/// Ends the notifies of a context.
pub(super) fn end_all(context: &Context) {
    NOTIFIES.handles(|notify| notify.context == context.handle()).into_iter().for_each(|handle| _ = NOTIFIES.remove(handle));
}

pub(crate) fn aclrtCreateNotify(notify: *mut aclrtNotify, flag: u64) -> Outcome {
    not_null("notify", notify)?;
    check!(
        flag & !ACL_NOTIFY_DEVICE_USE_ONLY == 0,
        ACL_ERROR_RT_PARAM_INVALID,
        "flag is {flag:#x}: ACL_NOTIFY_DEFAULT (0) or ACL_NOTIFY_DEVICE_USE_ONLY (1) is taken"
    );
    check!(
        flag == ACL_NOTIFY_DEFAULT,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "flag ACL_NOTIFY_DEVICE_USE_ONLY is not supported by the simulator"
    );
    give(notify, Notify::create(State::Own(0))?);
    Ok(())
}

/// What is queued goes on: it holds the notify itself.
pub(crate) fn aclrtDestroyNotify(notify: aclrtNotify) -> Outcome {
    resolve(notify)?;
    check!(NOTIFIES.remove(notify as usize).is_some(), ACL_ERROR_RT_INVALID_HANDLE, "notify was destroyed by another thread");
    Ok(())
}

/// Once more before the wait is as well as once. The stream may be of any device.
pub(crate) fn aclrtRecordNotify(notify: aclrtNotify, stream: aclrtStream) -> Outcome {
    let notify = resolve(notify)?;
    let stream = stream::resolve(stream)?;
    stream.enqueue(Task::Work("aclrtRecordNotify", Arc::new(move || notify.set(1))))
}

impl Condition for Arc<Notify> {
    fn met(&self) -> bool {
        self.is_set()
    }

    fn needs(&self) -> Needs {
        Needs::Anything
    }

    fn pass(&self) -> Outcome {
        self.set(0);
        Ok(())
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(self.clone())
    }

    fn look_every(&self) -> Option<Duration> {
        self.is_shared().then_some(LOOK_EVERY)
    }
}

pub(crate) fn aclrtWaitAndResetNotify(notify: aclrtNotify, stream: aclrtStream, timeout: u32) -> Outcome {
    let found = resolve(notify)?;
    let stream = stream::resolve(stream)?;
    let id = notify as u32;
    let limit = limit(timeout, || format!("notify {id} was not recorded"));
    stream.enqueue(Task::Hold(Box::new(Hold::new("aclrtWaitAndResetNotify", found, limit))))
}

/// How long a stream waits, in seconds (0: for ever), and its failure afterwards.
pub(super) fn limit(seconds: u32, what: impl FnOnce() -> String) -> Limit {
    (seconds > 0).then(|| {
        let text = format!("{} within {seconds} s", what());
        (Duration::from_secs(u64::from(seconds)), Reject { code: ACL_ERROR_RT_TASK_TIMEOUT, text })
    })
}

pub(crate) fn aclrtGetNotifyId(notify: aclrtNotify, notify_id: *mut u32) -> Outcome {
    resolve(notify)?;
    not_null("notifyId", notify_id)?;
    give(notify_id, notify as u32);
    Ok(())
}

/// Now, whatever the streams are at. All or none.
pub(crate) fn aclrtNotifyBatchReset(notifies: *mut aclrtNotify, num: usize) -> Outcome {
    not_null("notifies", notifies)?;
    check!(num > 0, ACL_ERROR_RT_PARAM_INVALID, "num is 0");
    // SAFETY: not null, and C's contract is `num` handles.
    let all: Vec<_> = (0..num).map(|i| resolve(unsafe { notifies.add(i).read() })).collect::<Outcome<_>>()?;
    all.iter().for_each(|notify| notify.set(0));
    Ok(())
}

/// Eight bytes of device memory. The place is held, and an address of a device stays mapped after it is freed.
#[derive(Clone)]
struct Word {
    address: usize,
    _place: Place,
}

impl Word {
    fn find(address: *mut c_void, stream: &Stream) -> Outcome<Word> {
        let place = Place::of("devAddr", address as usize, 8)?;
        let Place::Device(device) = &place else {
            reject!(ACL_ERROR_RT_PARAM_INVALID, "devAddr is {}: memory of a device is needed", place.name())
        };
        check!((address as usize).is_multiple_of(8), ACL_ERROR_RT_PARAM_INVALID, "devAddr {address:?} is not a multiple of 8");
        let own = current()?.device;
        check!(
            device.id == stream.device || own.reaches(device),
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "devAddr is memory of device {}, the stream is of device {}: aclrtDeviceEnablePeerAccess was not called",
            device.id,
            stream.device
        );
        Ok(Word { address: address as usize, _place: place })
    }

    fn cell(&self) -> &AtomicU64 {
        // SAFETY: eight aligned bytes of a device's mapping, which stays; whoever else touches them in here does so as the
        // program's memory, never as a Rust place.
        unsafe { AtomicU64::from_ptr(self.address as *mut u64) }
    }
}

pub(crate) fn aclrtValueWrite(dev_addr: *mut c_void, value: u64, flag: u32, stream: aclrtStream) -> Outcome {
    not_null("devAddr", dev_addr)?;
    check!(flag == 0, ACL_ERROR_RT_PARAM_INVALID, "flag is {flag}: it is reserved and must be 0");
    let stream = stream::resolve(stream)?;
    let word = Word::find(dev_addr, &stream)?;
    stream.enqueue(Task::Work("aclrtValueWrite", Arc::new(move || word.cell().store(value, SeqCst))))
}

#[derive(Clone)]
struct Compared {
    word: Word,
    value: u64,
    flag: u32,
}

impl Condition for Compared {
    fn met(&self) -> bool {
        let (now, value) = (self.word.cell().load(SeqCst), self.value);
        match self.flag {
            ACL_STREAM_WAIT_VALUE_GEQ => now.wrapping_sub(value) as i64 >= 0,
            ACL_STREAM_WAIT_VALUE_EQ => now == value,
            ACL_STREAM_WAIT_VALUE_AND => now & value != 0,
            _ => !(now | value) != 0,
        }
    }

    fn needs(&self) -> Needs {
        Needs::Anything
    }

    fn pass(&self) -> Outcome {
        Ok(())
    }

    fn again(&self, _stream: &Arc<Stream>) -> Box<dyn Condition> {
        Box::new(self.clone())
    }

    fn look_every(&self) -> Option<Duration> {
        Some(LOOK_EVERY)
    }
}

pub(crate) fn aclrtValueWait(dev_addr: *mut c_void, value: u64, flag: u32, stream: aclrtStream) -> Outcome {
    not_null("devAddr", dev_addr)?;
    check!(
        flag <= ACL_STREAM_WAIT_VALUE_NOR,
        ACL_ERROR_RT_PARAM_INVALID,
        "flag is {flag}: ACL_STREAM_WAIT_VALUE_GEQ (0), _EQ (1), _AND (2) or _NOR (3) is taken"
    );
    let stream = stream::resolve(stream)?;
    let word = Word::find(dev_addr, &stream)?;
    stream.enqueue(Task::Hold(Box::new(Hold::new("aclrtValueWait", Compared { word, value, flag }, None))))
}

const OF_950: &str = "notifies with a count are of Ascend 950";

pub(crate) fn aclrtCntNotifyCreate(_notify: *mut aclrtCntNotify, _flag: u64) -> Outcome {
    unsupported(OF_950)
}

pub(crate) fn aclrtCntNotifyDestroy(_notify: aclrtCntNotify) -> Outcome {
    unsupported(OF_950)
}

pub(crate) fn aclrtCntNotifyRecord(
    _notify: aclrtCntNotify,
    _stream: aclrtStream,
    _info: *mut aclrtCntNotifyRecordInfo,
) -> Outcome {
    unsupported(OF_950)
}

pub(crate) fn aclrtCntNotifyWaitWithTimeout(
    _notify: aclrtCntNotify,
    _stream: aclrtStream,
    _info: *mut aclrtCntNotifyWaitInfo,
) -> Outcome {
    unsupported(OF_950)
}

pub(crate) fn aclrtCntNotifyReset(_notify: aclrtCntNotify, _stream: aclrtStream) -> Outcome {
    unsupported(OF_950)
}

pub(crate) fn aclrtCntNotifyGetId(_notify: aclrtCntNotify, _notify_id: *mut u32) -> Outcome {
    unsupported(OF_950)
}
