//! Graphs: capture, build, replay. Sources: runtime, `docs/zh/api_ref/15_model_running_instance__management` and
//! `docs/zh/dev_guide/04` (what each call is for), `src/runtime/feature/aclgraph` (codes and the order of checks).

mod build;
mod capture;
mod collectives;
mod conditions;
mod copies;
mod ends;
mod events_outside;
mod external;
mod flow;
mod groups;
mod holds;
mod modes;
mod replay;
mod streams;

use super::*;

/// Calls a function of the table.
macro_rules! graph {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let function = $crate::api().graph.$name.expect("the simulator has all of them");
        // SAFETY: each pointer that a test passes is null (refused), a handle (checked), or points to a live variable.
        unsafe { function($($arg),*) }
    }};
}
/// The same, for what must succeed.
macro_rules! graph_ok {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        let code = graph!($name($($arg),*));
        assert_eq!(code, 0, "{}: {}", stringify!($name), $crate::recent());
    }};
}
/// The same, for what must be refused: with this code, and a text that holds these words.
macro_rules! graph_refused {
    ($code:literal, $words:expr, $name:ident($($arg:expr),* $(,)?)) => {{
        $crate::recent();
        let code = graph!($name($($arg),*));
        let text = $crate::recent();
        assert_eq!(code, $code, "{}: {text}", stringify!($name));
        assert!(text.contains(stringify!($name)) && text.contains($words), "{text:?} lacks {:?}", $words);
    }};
}
use {graph, graph_ok, graph_refused};

const GLOBAL: aclmdlRICaptureMode = ACL_MODEL_RI_CAPTURE_MODE_GLOBAL;
const THREAD_LOCAL: aclmdlRICaptureMode = ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL;
const RELAXED: aclmdlRICaptureMode = ACL_MODEL_RI_CAPTURE_MODE_RELAXED;

fn begin(stream: aclrtStream, mode: aclmdlRICaptureMode) {
    graph_ok!(aclmdlRICaptureBegin(stream, mode));
}

fn end(stream: aclrtStream) -> aclmdlRI {
    let mut graph = null_mut();
    graph_ok!(aclmdlRICaptureEnd(stream, &mut graph));
    assert!(!graph.is_null());
    graph
}

/// What `work` enqueues on `stream`.
fn capture(stream: aclrtStream, work: impl FnOnce()) -> aclmdlRI {
    begin(stream, THREAD_LOCAL);
    work();
    end(stream)
}

/// Runs a graph and waits.
fn run(graph: aclmdlRI, stream: aclrtStream) {
    graph_ok!(aclmdlRIExecuteAsync(graph, stream));
    ok!(acl.aclrtSynchronizeStream(stream));
}

/// A contiguous f32 tensor of one dim.
fn tensor(data: *mut c_void, n: i64) -> *mut aclTensor {
    let (dims, null) = ([n], std::ptr::null());
    let made = call!(nn.aclCreateTensor(dims.as_ptr(), 1, ACL_FLOAT, null, 0, ACL_FORMAT_ND, dims.as_ptr(), 1, data));
    assert!(!made.is_null(), "{}", recent());
    made
}

/// `x *= factor` on `n` f32 values: the code of phase two, and the text.
fn try_muls(x: *mut c_void, n: i64, factor: f32, stream: aclrtStream) -> (i32, String) {
    let op = api().ops.aclnnInplaceMuls.expect("the simulator has every row");
    let (mut value, mut bytes, mut executor) = (factor, 0, null_mut());
    let (x, scalar) = (tensor(x, n), call!(nn.aclCreateScalar((&raw mut value).cast(), ACL_FLOAT)));
    recent();
    // SAFETY: handles are checked, and the variables live.
    let code = unsafe {
        assert_eq!((op.plan)(x, scalar, &mut bytes, &mut executor), 0, "{}", recent());
        (op.run)(null_mut(), 0, executor, stream)
    };
    let text = recent();
    ok!(nn.aclDestroyTensor(x));
    ok!(nn.aclDestroyScalar(scalar));
    (code, text)
}

fn muls(x: *mut c_void, n: i64, factor: f32, stream: aclrtStream) {
    let (code, text) = try_muls(x, n, factor, stream);
    assert_eq!(code, 0, "{text}");
}

fn fill(x: *mut c_void, value: i32, stream: aclrtStream) -> i32 {
    recent();
    call!(acl.aclrtMemsetAsync(x, 32, value, 32, stream))
}

/// A capture that must not end well: its code, and words of its text. The stream is an ordinary one afterwards.
#[track_caller]
fn end_refused(stream: aclrtStream, code: i32, words: &str) {
    let mut graph = stream;
    recent();
    let found = graph!(aclmdlRICaptureEnd(stream, &mut graph));
    let text = recent();
    assert!(found == code && text.contains(words) && graph.is_null(), "{found}: {text}");
    ok!(acl.aclrtSynchronizeStream(stream));
}
