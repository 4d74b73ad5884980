//! What operators read and write, as files: the dumps that a configuration, `aclopStartDumpArgs` or a callback asks for.
//!
//! A dump of data is a file an operator, in the form of CANN's tools ([`file`]), at `dump_path/TIME/DEVICE/TYPE.NAME.TASK.STREAM.TIME`
//! (`dump_setting.cpp`, `operator_dumper.cpp`); the type and the name are the operator's without its "aclnn". A callback gets the same
//! bytes in pieces. A dump of arguments is a file an operator and shapes, in JSON: CANN states what is in it, not its form.
//!
//! May use: what an operator was planned with ([`crate::ops::call`]). Must not: change what an operator computes. Not covered: data of
//! operators that ranks do together, dumps of what failed (an operator of the simulator fails by its data, not on a core), statistics,
//! dumps of loaded models (there are none), the variables of the environment that set the folder (`ASCEND_DUMP_PATH`).

mod config;
mod file;
mod operators;

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ascend_rl_sys::types::acldumpChunk;

pub(crate) use config::{Config, Mode};
pub(crate) use file::{Contents, Entry, Part};
pub(crate) use operators::{after, before, tell_arguments};

/// What takes a dump in pieces.
pub(crate) type Taker = unsafe extern "C" fn(chunk: *const acldumpChunk, length: i32) -> i32;

/// What is dumped now.
#[derive(Default)]
pub(crate) struct State {
    /// What a configuration asks for.
    pub config: Config,
    /// The folder of data: that of the configuration, and in it one with the time at which the dump began.
    data: Option<CString>,
    /// The folder of what failed.
    failures: Option<CString>,
    /// Whether `aclmdlInitDump` was called.
    pub on: bool,
    pub taker: Option<Taker>,
    /// Where arguments go.
    pub arguments: Option<PathBuf>,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);
/// Whether operators are dumped in any way; almost always not, and then a look costs one load.
static WANTED: AtomicBool = AtomicBool::new(false);

/// Whether operators are dumped in any way.
pub(crate) fn wanted() -> bool {
    WANTED.load(Relaxed)
}

fn lock() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at what is dumped now.
pub(crate) fn look<R>(work: impl FnOnce(&State) -> R) -> R {
    work(lock().get_or_insert_default())
}

/// Changes it.
pub(crate) fn change<R>(work: impl FnOnce(&mut State) -> R) -> R {
    let mut state = lock();
    let state = state.get_or_insert_default();
    let result = work(state);
    WANTED.store(state.data_mode().is_some() || state.arguments.is_some(), Relaxed);
    result
}

impl State {
    /// Takes a configuration over, the last one counts. The time is that of now.
    pub(crate) fn configure(&mut self, config: Config) {
        let folder = |path: &Option<PathBuf>, inner: &str| {
            let whole = path.as_deref().unwrap_or(Path::new(".")).join(inner);
            let whole = std::path::absolute(&whole).unwrap_or(whole);
            CString::new(whole.into_os_string().into_encoded_bytes()).ok()
        };
        self.data = config.operators.and_then(|_| folder(&config.path, &clock()));
        self.failures = if config.failures { folder(&config.path, "extra-info/data-dump") } else { None };
        self.config = config;
    }

    /// Which tensors' data are dumped: as configured, or, for a callback, the outputs.
    fn data_mode(&self) -> Option<Mode> {
        self.config.operators.or((self.on && self.taker.is_some()).then_some(Mode::Output))
    }

    /// The folder of data, if they are dumped to files.
    pub(crate) fn data_folder(&self) -> Option<&CString> {
        self.data.as_ref()
    }

    /// The folder of what failed, if that is dumped.
    pub(crate) fn failure_folder(&self) -> Option<&CString> {
        self.failures.as_ref()
    }
}

/// Time since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// "20261126221530" in the machine's time zone.
fn clock() -> String {
    let seconds = now().as_secs() as libc::time_t;
    // SAFETY: all zeros is a value of it.
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both outlive the call.
    unsafe { libc::localtime_r(&seconds, &mut parts) };
    let libc::tm { tm_year, tm_mon, tm_mday, tm_hour, tm_min, tm_sec, .. } = parts;
    format!("{:04}{:02}{tm_mday:02}{tm_hour:02}{tm_min:02}{tm_sec:02}", tm_year + 1900, tm_mon + 1)
}
