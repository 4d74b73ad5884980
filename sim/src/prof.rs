//! `libmsprofiler.so`: the program's own marks and ranges (msproftx), as a trace that browsers show.
//!
//! What a card collects beside them (times of tasks, counters of cores) has no meaning here: who asks for it is told once, on standard
//! error, that it is not collected; where the time of the simulated device goes, `CANN_SIM_PROFILE` tells.

mod reports;
mod steps;
mod subscribe;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_void};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::time::Instant;

use ascend_rl_sys::types::*;
use serde_json::{Value, json};

pub(crate) use reports::*;
pub(crate) use steps::*;
pub(crate) use subscribe::*;

use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};
use crate::world::world;

/// Bytes of a stamp's text, at most.
const LONGEST: u32 = 127;

/// With what each is to collect.
static CONFIGS: Registry<u64> = Registry::new(Kind::ProfConfig);
/// With their texts.
static STAMPS: Registry<String> = Registry::new(Kind::Stamp);

#[derive(Default)]
struct Profiler {
    /// Where results go, from `aclprofInit` on.
    folder: Option<PathBuf>,
    /// The configuration that collects.
    running: Option<usize>,
    /// What it collects.
    collects: u64,
    /// What was collected, in the form of Chrome's traces.
    events: Vec<Value>,
    /// Ranges that any thread may end, with their beginnings.
    open: BTreeMap<u32, (String, u64)>,
    last_range: u32,
}

static PROFILER: Mutex<Option<Profiler>> = Mutex::new(None);

thread_local! {
    /// Ranges of this thread that have not ended, with their beginnings.
    static PUSHED: RefCell<Vec<(String, u64)>> = const { RefCell::new(Vec::new()) };
}

fn lock() -> MutexGuard<'static, Option<Profiler>> {
    PROFILER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is done while profiling is on, that is between `aclprofInit` and `aclprofFinalize`.
fn with<R>(work: impl FnOnce(&mut Profiler) -> Outcome<R>) -> Outcome<R> {
    match &mut *lock() {
        Some(profiler) => work(profiler),
        None => reject!(ACL_ERROR_PROF_NOT_RUN, "profiling is not on: call aclprofInit first"),
    }
}

/// The same while ranges are collected, that is between `aclprofStart` and `aclprofStop`.
fn collecting<R>(work: impl FnOnce(&mut Profiler) -> Outcome<R>) -> Outcome<R> {
    with(|profiler| {
        check!(profiler.running.is_some(), ACL_ERROR_PROFILING_FAILURE, "nothing is collected: call aclprofStart first");
        check!(
            profiler.collects & ACL_PROF_MSPROFTX != 0,
            ACL_ERROR_PROFILING_FAILURE,
            "ranges are not collected: dataTypeConfig has no ACL_PROF_MSPROFTX (0x80)"
        );
        work(profiler)
    })
}

/// Microseconds on the trace's clock.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_micros() as u64
}

/// "ph" is the phase: X for a span, i for a moment.
fn event(phase: &str, name: &str, start: u64) -> Value {
    // SAFETY: takes nothing.
    let thread = unsafe { libc::gettid() };
    let process = std::process::id();
    json!({"name": name, "cat": "msproftx", "ph": phase, "ts": start, "dur": now() - start, "pid": process, "tid": thread})
}

fn message(stamp: *mut c_void) -> Outcome<String> {
    match STAMPS.get(stamp as usize) {
        Some(text) => Ok(text),
        None => reject!(ACL_ERROR_PROFILING_FAILURE, "stamp is not a live stamp: destroyed already, or never created"),
    }
}

pub(crate) fn aclprofInit(path: *const c_char, length: usize) -> Outcome {
    check!(!path.is_null() && length > 0, ACL_ERROR_INVALID_PARAM, "profilerResultPath is null or of length 0");
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let text = unsafe { CStr::from_ptr(path) };
    check!(
        text.count_bytes() == length,
        ACL_ERROR_INVALID_PARAM,
        "length is {length}, profilerResultPath has {} bytes",
        text.count_bytes()
    );
    let folder = PathBuf::from(&*text.to_string_lossy());
    let mut profiler = lock();
    check!(profiler.is_none(), ACL_ERROR_PROF_ALREADY_RUN, "profiling is on already");
    if let Err(error) = std::fs::create_dir_all(&folder) {
        reject!(ACL_ERROR_INVALID_FILE, "profilerResultPath \"{}\" cannot be made: {error}", folder.display())
    }
    *profiler = Some(Profiler { folder: Some(folder), ..Profiler::default() });
    Ok(())
}

pub(crate) fn aclprofFinalize() -> Outcome {
    with(|profiler| profiler.write())?;
    *lock() = None;
    Ok(())
}

/// All that can be collected (`acl_prof.h`).
const KNOWN: u64 = 0xC_0100_FBFF;

/// `device_ids` may be null where there are none: the program's ranges are the host's.
pub(crate) fn aclprofCreateConfig(
    device_ids: *mut u32,
    device_nums: u32,
    metrics: aclprofAicoreMetrics,
    events: *const aclprofAicoreEvents,
    data_types: u64,
) -> Outcome<*mut aclprofConfig> {
    check!(!device_ids.is_null() || device_nums == 0, ACL_ERROR_INVALID_PARAM, "deviceIdList is null, deviceNums {device_nums}");
    for i in 0..device_nums as usize {
        // SAFETY: not null, and C's contract is so many numbers.
        let id = unsafe { device_ids.add(i).read() };
        world()?.device(i32::try_from(id).unwrap_or(-1))?;
    }
    check!(metrics.name().is_some(), ACL_ERROR_INVALID_PARAM, "aicoreMetrics is {}, which is no set of counters", metrics.0);
    check!(events.is_null(), ACL_ERROR_INVALID_PARAM, "aicoreEvents is reserved and must be null");
    check!(data_types & !KNOWN == 0, ACL_ERROR_INVALID_PARAM, "dataTypeConfig is {data_types:#x}: {KNOWN:#x} is all there is");
    if data_types != ACL_PROF_MSPROFTX || metrics != ACL_AICORE_NONE {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            eprintln!(
                "cann-sim: of dataTypeConfig {data_types:#x} and aicoreMetrics {} only ACL_PROF_MSPROFTX (0x80) is collected",
                metrics.name().unwrap_or("?")
            );
        });
    }
    Ok(CONFIGS.insert(data_types) as *mut aclprofConfig)
}

/// The handle, and what it is to collect.
fn find(config: *const aclprofConfig) -> Outcome<(usize, u64)> {
    match CONFIGS.get(config as usize) {
        Some(collects) => Ok((config as usize, collects)),
        None => {
            reject!(ACL_ERROR_INVALID_PARAM, "profilerConfig is not a live configuration: destroyed already, or never created")
        }
    }
}

/// Bytes of an option's value, at most.
const LONGEST_OPTION: usize = 256;

/// The options are of what is not collected here. The folder is `aclprofInit`'s.
pub(crate) fn aclprofSetConfig(config_type: aclprofConfigType, config: *const c_char, config_length: usize) -> Outcome {
    check!(!config.is_null(), ACL_ERROR_INVALID_PARAM, "config is null");
    check!(
        (1..=LONGEST_OPTION).contains(&config_length),
        ACL_ERROR_INVALID_PARAM,
        "configLength is {config_length}: 1 to {LONGEST_OPTION} is taken"
    );
    let known = config_type.name().is_some() && config_type != ACL_PROF_ARGS_MIN;
    check!(known, ACL_ERROR_INVALID_PARAM, "configType is {}, which is no option", config_type.0);
    check!(
        config_type != ACL_PROF_PATH,
        ACL_ERROR_PROF_MODULES_UNSUPPORTED,
        "configType is ACL_PROF_PATH, which is not supported by the simulator: pass the folder to aclprofInit"
    );
    Ok(())
}

pub(crate) fn aclprofDestroyConfig(config: *const aclprofConfig) -> Outcome {
    CONFIGS.remove(find(config)?.0);
    Ok(())
}

pub(crate) fn aclprofStart(config: *const aclprofConfig) -> Outcome {
    let (config, collects) = find(config)?;
    with(|profiler| {
        check!(profiler.running.is_none(), ACL_ERROR_PROF_ALREADY_RUN, "collecting already: call aclprofStop first");
        (profiler.running, profiler.collects) = (Some(config), collects);
        Ok(())
    })
}

/// Ranges that have not ended are not in the results.
pub(crate) fn aclprofStop(config: *const aclprofConfig) -> Outcome {
    let (config, _) = find(config)?;
    with(|profiler| {
        check!(profiler.running.is_some(), ACL_ERROR_PROF_NOT_RUN, "nothing is collected: call aclprofStart first");
        check!(profiler.running == Some(config), ACL_ERROR_INVALID_PARAM, "profilerConfig is not the one that was started with");
        profiler.running = None;
        profiler.write()
    })
}

impl Profiler {
    /// Everything so far, in one file a process.
    fn write(&self) -> Outcome {
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(format!("msproftx_{}.json", std::process::id()));
        let text = json!({"traceEvents": self.events}).to_string();
        if let Err(error) = std::fs::write(&file, text) {
            reject!(ACL_ERROR_WRITE_FILE, "\"{}\" cannot be written: {error}", file.display())
        }
        Ok(())
    }
}

pub(crate) fn aclprofCreateStamp() -> Outcome<*mut c_void> {
    collecting(|_| Ok(STAMPS.insert(String::new()) as *mut c_void))
}

pub(crate) fn aclprofDestroyStamp(stamp: *mut c_void) -> Outcome {
    message(stamp)?;
    STAMPS.remove(stamp as usize);
    Ok(())
}

pub(crate) fn aclprofSetStampTraceMessage(stamp: *mut c_void, text: *const c_char, length: u32) -> Outcome {
    message(stamp)?;
    check!(!text.is_null(), ACL_ERROR_PROFILING_FAILURE, "msg is null");
    check!(length <= LONGEST, ACL_ERROR_PROFILING_FAILURE, "msgLen is {length}: at most {LONGEST} is taken");
    // SAFETY: not null, and C's contract is so many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length as usize) };
    STAMPS.replace(stamp as usize, String::from_utf8_lossy(bytes).into_owned());
    Ok(())
}

pub(crate) fn aclprofMark(stamp: *mut c_void) -> Outcome {
    let name = message(stamp)?;
    collecting(|profiler| {
        profiler.events.push(event("i", &name, now()));
        Ok(())
    })
}

pub(crate) fn aclprofPush(stamp: *mut c_void) -> Outcome {
    let name = message(stamp)?;
    collecting(|_| {
        PUSHED.with_borrow_mut(|pushed| pushed.push((name, now())));
        Ok(())
    })
}

pub(crate) fn aclprofPop() -> Outcome {
    collecting(|profiler| {
        let Some((name, start)) = PUSHED.with_borrow_mut(Vec::pop) else {
            reject!(ACL_ERROR_PROFILING_FAILURE, "no range of this thread is open: call aclprofPush first")
        };
        profiler.events.push(event("X", &name, start));
        Ok(())
    })
}

pub(crate) fn aclprofRangeStart(stamp: *mut c_void, range_id: *mut u32) -> Outcome {
    let name = message(stamp)?;
    check!(!range_id.is_null(), ACL_ERROR_PROFILING_FAILURE, "rangeId is null");
    collecting(|profiler| {
        profiler.last_range = profiler.last_range.wrapping_add(1);
        profiler.open.insert(profiler.last_range, (name, now()));
        // SAFETY: not null, and C's contract is that it points to a variable of this type.
        unsafe { range_id.write(profiler.last_range) };
        Ok(())
    })
}

pub(crate) fn aclprofRangeStop(range_id: u32) -> Outcome {
    collecting(|profiler| {
        let Some((name, start)) = profiler.open.remove(&range_id) else {
            reject!(ACL_ERROR_PROFILING_FAILURE, "rangeId is {range_id}, which is no open range")
        };
        profiler.events.push(event("X", &name, start));
        Ok(())
    })
}
