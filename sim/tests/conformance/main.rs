//! What the simulator claims of CANN's behaviour, through the table that the library uses: one test a rule, with its source.
//!
//! Sources: `acl_rt.h`, `acl.h`, `acl_meta.h` are CANN's headers; "runtime" is the open source runtime of CANN (API pages
//! under `docs/zh/api_ref`, code under `src/`); "aclnn" is the documentation of the operator library; "hccl" is the open source
//! HCCL (`docs/zh/api_ref/comm_op_interface`, `src/`), whose functions the tests of [`hccl`] call from a thread a rank.
//!
//! The state of the runtime is one per process. A test leases a device for itself ([`Lease`]); where a variable of the
//! environment or the process's own state matters, it runs again in a child process ([`in_child`]).

mod addresses;
mod allocations;
mod allocators;
mod atb;
mod copies;
mod copy;
mod descriptors;
mod device;
mod dump;
mod event;
mod executor;
mod graph;
mod hccl;
mod kernel;
mod memory;
mod peer;
mod pools;
mod process;
mod runtime;
mod shared_events;
mod sharing;
mod single;
mod stream;
mod tdt;
mod virtual_memory;

use std::ffi::{CStr, c_void};
use std::process::Command;
use std::ptr::null_mut;
use std::sync::{Condvar, Mutex, OnceLock};

use ascend_rl_sys::types::*;
use ascend_rl_sys::{Acl, AclGraph, AclKernel, AclOp, Api, NnOpBase, Prof, Tdt, TdtQueue};

fn api() -> &'static Api {
    static API: OnceLock<Api> = OnceLock::new();
    API.get_or_init(cann_sim::api)
}

fn acl() -> &'static Acl {
    &api().acl
}

fn nn() -> &'static NnOpBase {
    &api().nn
}

fn prof() -> &'static Prof {
    &api().prof
}

fn kernels() -> &'static AclKernel {
    &api().kernel
}

fn graphs() -> &'static AclGraph {
    &api().graph
}

fn single() -> &'static AclOp {
    &api().single
}

fn tdt() -> &'static Tdt {
    &api().tdt
}

fn queue() -> &'static TdtQueue {
    &api().queue
}

/// Calls a function of the table, `acl.name(...)`, or `acl?.name(...)` for one that a toolkit may lack; all of them take any handle, and the tests pass pointers to live variables.
macro_rules! call {
    ($table:ident.$name:ident($($arg:expr),* $(,)?)) => {{
        let function = $crate::$table().$name;
        // SAFETY: each pointer that a test passes is null (refused), a handle (checked), or points to a live variable.
        unsafe { function($($arg),*) }
    }};
    ($table:ident?.$name:ident($($arg:expr),* $(,)?)) => {{
        let function = $crate::$table().$name.expect("the simulator has every row");
        // SAFETY: as above.
        unsafe { function($($arg),*) }
    }};
}
/// The same, for what must succeed.
macro_rules! ok {
    ($table:ident.$name:ident($($arg:expr),* $(,)?)) => {{
        let code = $crate::call!($table.$name($($arg),*));
        assert_eq!(code, 0, "{}: {}", stringify!($name), $crate::recent());
    }};
    ($table:ident?.$name:ident($($arg:expr),* $(,)?)) => {{
        let code = $crate::call!($table?.$name($($arg),*));
        assert_eq!(code, 0, "{}: {}", stringify!($name), $crate::recent());
    }};
}
/// The same, for what must be refused: with this code, and a text that holds these words.
macro_rules! refused {
    ($code:literal, $words:literal, $table:ident.$name:ident($($arg:expr),* $(,)?)) => {{
        $crate::recent();
        let code = $crate::call!($table.$name($($arg),*));
        let text = $crate::recent();
        assert_eq!(code, $code, "{}: {text}", stringify!($name));
        assert!(text.contains(stringify!($name)) && text.contains($words), "{text:?} lacks {:?}", $words);
    }};
    ($code:literal, $words:literal, $table:ident?.$name:ident($($arg:expr),* $(,)?)) => {{
        $crate::recent();
        let code = $crate::call!($table?.$name($($arg),*));
        let text = $crate::recent();
        assert_eq!(code, $code, "{}: {text}", stringify!($name));
        assert!(text.contains(stringify!($name)) && text.contains($words), "{text:?} lacks {:?}", $words);
    }};
}
use {call, ok, refused};

/// This thread's error text; reading clears it.
fn recent() -> String {
    let text = call!(acl.aclGetRecentErrMsg());
    // SAFETY: not null is a C string that lives until the next call.
    if text.is_null() { String::new() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned() }
}

/// One device, for one test. Its primary context is current on the test's thread.
struct Lease(i32);

static IDLE: Mutex<Vec<i32>> = Mutex::new(Vec::new());
static RETURNED: Condvar = Condvar::new();

impl Lease {
    fn new() -> Lease {
        Lease::several(1).remove(0)
    }

    /// All at once, or tests would wait for one another. The last one is the current device.
    fn several(n: usize) -> Vec<Lease> {
        static START: std::sync::Once = std::sync::Once::new();
        START.call_once(|| {
            let mut count = 0;
            ok!(acl.aclrtGetDeviceCount(&mut count));
            IDLE.lock().unwrap().extend(0..count as i32);
        });
        let mut idle = RETURNED.wait_while(IDLE.lock().unwrap(), |idle| idle.len() < n).unwrap();
        let at = idle.len() - n;
        let leases: Vec<Lease> = idle.drain(at..).map(Lease).collect();
        drop(idle);
        leases.iter().for_each(Lease::enter);
        leases
    }

    fn enter(&self) {
        ok!(acl.aclrtSetDevice(self.0));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The last reset gives 507007; a failing test must not leave a context behind.
        while call!(acl.aclrtResetDevice(self.0)) == 0 {}
        recent();
        IDLE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(self.0);
        RETURNED.notify_all();
    }
}

fn new_stream() -> aclrtStream {
    let mut stream = null_mut();
    ok!(acl.aclrtCreateStream(&mut stream));
    stream
}

fn new_event(flag: u32) -> aclrtEvent {
    let mut event = null_mut();
    ok!(acl.aclrtCreateEventExWithFlag(&mut event, flag));
    event
}

/// A stream that is held by a wait for an event that is still to be recorded: what is enqueued behind cannot run.
/// `open` lets it go on.
struct Gate {
    event: aclrtEvent,
    opener: aclrtStream,
}

impl Gate {
    fn close(stream: aclrtStream) -> Gate {
        let (mut event, opener) = (null_mut(), new_stream());
        ok!(acl.aclrtCreateEventWithFlag(&mut event, ACL_EVENT_SYNC));
        ok!(acl.aclrtStreamWaitEvent(stream, event));
        Gate { event, opener }
    }

    fn open(self) {
        ok!(acl.aclrtRecordEvent(self.event, self.opener));
        ok!(acl.aclrtDestroyEvent(self.event));
    }
}

fn malloc(bytes: usize) -> *mut c_void {
    let mut ptr = null_mut();
    ok!(acl.aclrtMalloc(&mut ptr, bytes, ACL_MEM_MALLOC_HUGE_FIRST));
    ptr
}

fn malloc_host(bytes: usize) -> *mut c_void {
    let mut ptr = null_mut();
    ok!(acl.aclrtMallocHost(&mut ptr, bytes));
    ptr
}

fn upload<T: Copy>(values: &[T]) -> *mut c_void {
    let ptr = malloc(size_of_val(values));
    let bytes = size_of_val(values);
    ok!(acl.aclrtMemcpy(ptr, bytes, values.as_ptr().cast(), bytes, ACL_MEMCPY_HOST_TO_DEVICE));
    ptr
}

fn download<T: Copy + Default>(ptr: *mut c_void, n: usize) -> Vec<T> {
    let mut values = vec![T::default(); n];
    let bytes = size_of_val(&values[..]);
    ok!(acl.aclrtMemcpy(values.as_mut_ptr().cast(), bytes, ptr, bytes, ACL_MEMCPY_DEVICE_TO_HOST));
    values
}

/// Runs the test `name` ("module::test") again in a process of its own with these variables, and checks that it passes
/// there. True in that process: the caller goes on only then.
fn in_child(name: &str, variables: &[(&str, &str)]) -> bool {
    const MARK: &str = "CONFORMANCE_CHILD";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env(MARK, "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{name} with {variables:?}:\n{text}");
    false
}
