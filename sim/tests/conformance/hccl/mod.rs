//! Collectives, from a thread a rank, and from processes ([`processes`]).

mod arguments;
mod communicators;
mod exchange;
mod failures;
mod graphs;
mod grouped;
mod mc2;
mod processes;
mod recovery;
mod tables;
mod unsupported;
mod values;
mod waits;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::*;

/// Calls a function of HCCL's table.
macro_rules! hccl {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let function = $crate::api().hccl.$name.expect("the simulator has all of them");
        // SAFETY: each pointer that a test passes is null (refused), a handle (checked), or points to a live variable.
        unsafe { function($($arg),*) }
    }};
}
/// The same, for what must succeed.
macro_rules! hccl_ok {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let code = hccl!($name($($arg),*));
        assert_eq!(code, 0, "{}: {}", stringify!($name), $crate::recent());
    }};
}
/// The same, for what must be refused: with this code, and a text that holds these words.
macro_rules! hccl_refused {
    ($code:literal, $words:expr, $name:ident($($arg:expr),* $(,)?)) => {{
        $crate::recent();
        let code = hccl!($name($($arg),*));
        let text = $crate::recent();
        assert_eq!(code, $code, "{}: {text}", stringify!($name));
        assert!(text.contains(stringify!($name)) && text.contains(&*$words), "{text:?} lacks {:?}", $words);
    }};
}
use {hccl, hccl_ok, hccl_refused};

/// One rank, on its thread: its device is current.
struct Rank<'a> {
    rank: usize,
    size: usize,
    device: i32,
    comm: HcclComm,
    stream: aclrtStream,
    /// For the tests' own order between the ranks.
    all: &'a Turnstile,
}

impl Rank<'_> {
    fn sync(&self) {
        ok!(acl.aclrtSynchronizeStream(self.stream));
    }

    /// The code and the text with which the stream's work failed.
    fn failure(&self) -> (i32, String) {
        recent();
        (call!(acl.aclrtSynchronizeStream(self.stream)), recent())
    }

    fn name(&self) -> String {
        let mut name = [0; COMM_NAME_MAX_LENGTH];
        hccl_ok!(HcclGetCommName(self.comm, name.as_mut_ptr().cast()));
        CStr::from_bytes_until_nul(&name).unwrap().to_str().unwrap().to_owned()
    }

    fn async_error(&self) -> i32 {
        let mut error = -1;
        hccl_ok!(HcclGetCommAsyncError(self.comm, &mut error));
        error
    }
}

impl Drop for Rank<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The others shall not wait until their time is up.
            hccl!(HcclCommDestroy(self.comm));
        }
    }
}

/// A barrier that does not wait for ever where a rank failed.
struct Turnstile {
    n: usize,
    came: Mutex<usize>,
    moved: Condvar,
}

impl Turnstile {
    fn new(n: usize) -> Turnstile {
        Turnstile { n, came: Mutex::new(0), moved: Condvar::new() }
    }

    fn wait(&self) {
        let mut came = self.came.lock().unwrap();
        *came += 1;
        let round = came.div_ceil(self.n) * self.n;
        self.moved.notify_all();
        let (_came, wait) = self.moved.wait_timeout_while(came, Duration::from_secs(30), |came| *came < round).unwrap();
        assert!(!wait.timed_out(), "a rank did not come");
    }
}

thread_local! {
    /// What [`upload`] allocated on this thread.
    static MEMORY: RefCell<Vec<*mut c_void>> = const { RefCell::new(Vec::new()) };
}

/// Freed at the end of the rank's body at the latest: other tests count the bytes of a device.
fn upload<T: Copy>(values: &[T]) -> *mut c_void {
    let ptr = super::upload(values);
    MEMORY.with_borrow_mut(|memory| memory.push(ptr));
    ptr
}

fn free(ptr: *mut c_void) {
    MEMORY.with_borrow_mut(|memory| memory.retain(|other| *other != ptr));
    ok!(acl.aclrtFree(ptr));
}

/// A configuration with this time-out, in seconds.
fn config(timeout: i32) -> HcclCommConfig {
    let mut config = HcclCommConfig::new(hccl!(HcclGetCommConfigCapability()));
    config.hcclExecTimeOut = timeout;
    config
}

/// Runs `body` as each of `n` ranks. A test that goes wrong ends after `timeout` seconds.
fn ranks<R: Send>(n: usize, timeout: i32, body: impl Fn(&Rank) -> R + Sync) -> Vec<R> {
    let leases = Lease::several(n);
    let mut info = HcclRootInfo { internal: [0; 4108] };
    hccl_ok!(HcclGetRootInfo(&mut info));
    let (all, config) = (Turnstile::new(n), config(timeout));
    let run = |rank: usize, device: i32| {
        ok!(acl.aclrtSetDevice(device));
        let mut comm = null_mut();
        hccl_ok!(HcclCommInitRootInfoConfig(n as u32, &info, rank as u32, &config, &mut comm));
        let rank = Rank { rank, size: n, device, comm, stream: new_stream(), all: &all };
        let result = body(&rank);
        MEMORY.take().into_iter().for_each(|ptr| ok!(acl.aclrtFree(ptr)));
        result
    };
    std::thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> =
            leases.iter().enumerate().map(|(rank, Lease(device))| scope.spawn(move || run(rank, *device))).collect();
        // First all of them, so that a rank that failed does not hide the others' words. What is left ends with the leases: a
        // rank that ended its communicator now would look dead to those that still call.
        let ended: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        ended.into_iter().map(|result| result.expect("a rank failed, see above")).collect()
    })
}
