//! The edge to C: how a body's outcome becomes what the function returns, and where its text goes.

use std::any::Any;
use std::cell::Cell;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::{
    ACL_DT_UNDEFINED, ACL_FORMAT_UNDEFINED, ACL_SUBSCRIBE_NONE, ACL_TENSOR_DATA_UNDEFINED, aclDataType, aclFormat,
    aclprofSubscribeOpFlag, acltdtTensorType,
};

use crate::engine::panic_text;
use crate::reject::{Outcome, Reject};

/// What a C function returns, and what its body returns in turn.
pub(crate) trait Answer {
    type Body;
    fn success(body: Self::Body) -> Self;
    fn refusal(code: i32) -> Self;
}

impl Answer for i32 {
    type Body = ();
    fn success((): ()) -> i32 {
        ascend_rl_sys::codes::ACL_SUCCESS
    }
    fn refusal(code: i32) -> i32 {
        code
    }
}

/// Nothing: whoever calls is told nowhere but in the text.
impl Answer for () {
    type Body = ();
    fn success((): ()) {}
    fn refusal(_: i32) {}
}

/// What is no status: it is given as it is, or, where it cannot be, as what stands for none.
macro_rules! answers {
    ($($(#[$doc:meta])* $type:ty: $none:expr;)*) => { $(
        $(#[$doc])*
        impl Answer for $type {
            type Body = $type;
            fn success(body: $type) -> $type {
                body
            }
            fn refusal(_: i32) -> $type {
                $none
            }
        }
    )* };
}
answers! {
    u32: 0;
    usize: 0;
    /// A number of the host's.
    f32: 0.0;
    /// The bits of such a number.
    u16: 0;
    /// An id or a time: the largest number is neither.
    u64: u64::MAX;
    aclDataType: ACL_DT_UNDEFINED;
    aclFormat: ACL_FORMAT_UNDEFINED;
    acltdtTensorType: ACL_TENSOR_DATA_UNDEFINED;
    aclprofSubscribeOpFlag: ACL_SUBSCRIBE_NONE;
}

impl<T> Answer for *mut T {
    type Body = *mut T;
    fn success(body: *mut T) -> *mut T {
        body
    }
    fn refusal(_: i32) -> *mut T {
        null_mut()
    }
}

impl<T> Answer for *const T {
    type Body = *const T;
    fn success(body: *const T) -> *const T {
        body
    }
    fn refusal(_: i32) -> *const T {
        null()
    }
}

/// Runs a body for C: no panic leaves, and the text of a refusal goes to the thread's recent message.
pub(crate) fn call<C: Answer>(function: &str, on_panic: i32, body: impl FnOnce() -> Outcome<C::Body>) -> C {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(body)) => C::success(body),
        Ok(Err(refusal)) => C::refusal(refused(function, refusal)),
        Err(payload) => C::refusal(panicked(function, on_panic, payload)),
    }
}

/// The code of a refusal whose text is kept. Not generic, as all that follows the body: there is a [`call`] for each function of C.
#[cold]
#[inline(never)]
fn refused(function: &str, refusal: Reject) -> i32 {
    // A code that was given before, with its text.
    if refusal.text.is_empty() {
        return refusal.code;
    }
    if matches!(refusal.code, 107_000..=107_999 | 207_000..=207_999 | 507_000..=507_999) {
        LAST_ERROR.set(refusal.code);
    }
    remember(format!("{}: {function}: {}", label(function, refusal.code), refusal.text));
    refusal.code
}

#[cold]
#[inline(never)]
fn panicked(function: &str, code: i32, payload: Box<dyn Any + Send>) -> i32 {
    refused(function, Reject { code, text: format!("a bug in the simulator: {}", panic_text(&*payload)) })
}

/// CANN's texts begin with `E`, the module's letter and four digits: `EE1001` for a bad argument of the runtime, `EZ9999` for
/// what went wrong inside an operator. ATB, whose codes are the collectives' too, writes its texts to a log only.
fn label(function: &str, code: i32) -> &'static str {
    match code {
        _ if function.starts_with("ascend_atb_") => "ATB",
        161_000..=161_999 => "EZ1001",
        361_000..=361_999 | 561_000..=561_999 => "EZ9999",
        100_000..=107_999 => "EE1001",
        // Collectives: a notification that did not come, an argument, a rank that could not be found; the rest.
        ACL_ERROR_RT_FFTS_PLUS_TIMEOUT | ACL_ERROR_RT_SUSPECT_REMOTE_ERROR => "EI0002",
        HCCL_E_PARA | HCCL_E_PTR | HCCL_E_NOT_SUPPORT => "EI0003",
        HCCL_E_TIMEOUT => "EI0006",
        1..=1999 => "EI9999",
        _ => "EE9999",
    }
}

thread_local! {
    /// The last message, and the one that C reads now.
    static RECENT: RefCell<(Option<String>, CString)> = RefCell::default();
    /// The last code of the runtime below ACL, 0 for none.
    static LAST_ERROR: Cell<i32> = const { Cell::new(0) };
}

/// The last message of any thread, where the program wants it so.
static SHARED: Mutex<Option<String>> = Mutex::new(None);
static IS_SHARED: AtomicBool = AtomicBool::new(false);

/// Whether messages are the process' and not the thread's.
pub(crate) fn tell_process(shared: bool) {
    IS_SHARED.store(shared, Relaxed);
}

/// This thread's last code of the runtime, 0 for none.
pub(crate) fn last_error(forget: bool) -> i32 {
    if forget { LAST_ERROR.take() } else { LAST_ERROR.get() }
}

fn remember(text: String) {
    if IS_SHARED.load(Relaxed) {
        *SHARED.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    } else {
        // A thread that ends has no message any more: what runs in an `atexit` handler is not told.
        _ = RECENT.try_with(|recent| recent.borrow_mut().0 = Some(text));
    }
}

/// Takes the last message of the thread (or process); null when there is none. The text lives until the next message is taken
/// on this thread.
pub(crate) fn take_recent() -> *const c_char {
    let shared = IS_SHARED.load(Relaxed).then(|| SHARED.lock().unwrap_or_else(PoisonError::into_inner).take()).flatten();
    let taken = RECENT.try_with(|recent| {
        let (message, read) = &mut *recent.borrow_mut();
        match shared.or_else(|| message.take()) {
            None => null(),
            Some(text) => {
                // The text of a parameter may hold anything, C strings may not.
                *read = CString::new(text.replace('\0', "?")).unwrap_or_else(|_| <&CStr>::default().to_owned());
                read.as_ptr()
            }
        }
    });
    // The thread has ended: an `atexit` handler asks.
    taken.unwrap_or(null())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_and_refusals_become_codes_with_a_text() {
        let panicked: i32 = call("aclrtX", 500000, || panic!("at {}", 3));
        // SAFETY: a message was just remembered on this thread.
        let text = unsafe { CStr::from_ptr(take_recent()) };
        assert_eq!((panicked, text), (500000, c"EE9999: aclrtX: a bug in the simulator: at 3"));
        assert!(take_recent().is_null(), "reading clears");
        let refused: *mut u8 = call("aclnnY", 561000, || Err(Reject { code: 161002, text: "self\0 is 3-D".into() }));
        // SAFETY: as above.
        let text = unsafe { CStr::from_ptr(take_recent()) };
        assert_eq!((refused, text), (null_mut(), c"EZ1001: aclnnY: self? is 3-D"));
        assert_eq!(call::<i32>("z", 1, || Ok(())), 0);
    }
}
