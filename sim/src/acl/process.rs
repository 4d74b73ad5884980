//! Start and end, versions, options, error texts.

use std::ffi::{CStr, c_char};
use std::path::Path;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU64, Ordering::*};
use std::sync::{Mutex, PoisonError};

use ascend_rl_sys::types::*;

use super::config::Config;
use super::{give, not_null, op};
use crate::boundary::{last_error, take_recent, tell_process};
use crate::reject::{Outcome, Reject, check, reject};
use crate::world::world;

/// The toolkit whose behaviour is modelled.
const TOOLKIT: (&str, [&str; 2]) = ("8.5.0", ["8", "5"]);
/// The ACL interface of that toolkit.
const INTERFACE: [i32; 3] = [1, 16, 0];

/// `aclInit` calls that were not given back.
static REFERENCES: AtomicU64 = AtomicU64::new(0);

/// What the first `aclInit` asked for: later ones of the process cannot ask for anything else.
static CONFIG: Mutex<Option<Config>> = Mutex::new(None);
/// The device of threads that have not chosen one; -1 for none.
static DEFAULT_DEVICE: AtomicI32 = AtomicI32::new(-1);

/// The device of threads that have not chosen one.
pub(super) fn default_device() -> Option<i32> {
    Some(DEFAULT_DEVICE.load(Relaxed)).filter(|id| *id >= 0)
}

pub(crate) fn aclInit(config_path: *const c_char) -> Outcome {
    let world = world()?;
    if REFERENCES.load(SeqCst) == 0 {
        let config = if config_path.is_null() {
            Config::default()
        } else {
            // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
            let path = unsafe { CStr::from_ptr(config_path) };
            Config::read(Path::new(&*path.to_string_lossy()))?
        };
        config.default_device.map(|id| world.device(id)).transpose()?;
        let mut first = CONFIG.lock().unwrap_or_else(PoisonError::into_inner);
        check!(
            *first.get_or_insert_with(|| config.clone()) == config,
            ACL_ERROR_INVALID_PARAM,
            "configPath asks for other settings than the first aclInit of this process did"
        );
        DEFAULT_DEVICE.store(config.default_device.unwrap_or(-1), Relaxed);
        tell_process(config.process_messages);
        op::configure(config.dump);
    }
    if REFERENCES.fetch_add(1, SeqCst) > 0 {
        reject!(ACL_ERROR_REPEAT_INITIALIZE, "the runtime is started already; the call counts as one more reference")
    }
    Ok(())
}

/// Whether `aclInit` was called and not given back.
pub(super) fn is_started() -> bool {
    REFERENCES.load(SeqCst) > 0
}

pub(crate) fn aclFinalize() -> Outcome {
    check!(REFERENCES.swap(0, SeqCst) > 0, ACL_ERROR_REPEAT_FINALIZE, "the runtime is not started, or ended already");
    op::configure(None);
    Ok(())
}

/// `ref_count` may be null.
pub(crate) fn aclFinalizeReference(ref_count: *mut u64) -> Outcome {
    let before = REFERENCES.fetch_update(SeqCst, SeqCst, |count| count.checked_sub(1)).unwrap_or(0);
    if !ref_count.is_null() {
        give(ref_count, before.saturating_sub(1));
    }
    check!(before > 0, ACL_ERROR_REPEAT_FINALIZE, "the runtime is not started, or ended already");
    Ok(())
}

pub(crate) fn aclrtGetVersion(major: *mut i32, minor: *mut i32, patch: *mut i32) -> Outcome {
    let parts = [("majorVersion", major), ("minorVersion", minor), ("patchVersion", patch)];
    parts.iter().try_for_each(|(param, part)| not_null(param, *part))?;
    parts.iter().zip(INTERFACE).for_each(|((_, part), value)| give(*part, value));
    Ok(())
}

pub(crate) fn aclsysGetCANNVersion(name: aclCANNPackageName, version: *mut aclCANNPackageVersion) -> Outcome {
    not_null("version", version)?;
    check!(REFERENCES.load(SeqCst) > 0, ACL_ERROR_UNINITIALIZE, "aclInit was not called");
    check!(name.name().is_some(), ACL_ERROR_INVALID_PARAM, "name is {}, which is no package", name.0);
    let (whole, [major, minor]) = TOOLKIT;
    give(
        version,
        aclCANNPackageVersion {
            version: padded(whole),
            majorVersion: padded(major),
            minorVersion: padded(minor),
            releaseVersion: padded(""),
            patchVersion: padded("0"),
            reserved: [0; 128],
        },
    );
    Ok(())
}

/// A C string in an array.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// Packages that can be asked for by name: those whose functions the simulator has. Dashes and underscores are alike.
const PACKAGES: [&str; 6] = ["CANN", "runtime", "opbase", "ops-transformer", "hccl", "hcomm"];

fn package(name: *const c_char) -> Outcome {
    not_null("pkgName", name)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    check!(
        PACKAGES.contains(&&*name.replace('_', "-")),
        ACL_ERROR_INVALID_FILE,
        "pkgName is \"{name}\", which is not installed: {} are",
        PACKAGES.join(", ")
    );
    Ok(())
}

pub(crate) fn aclsysGetVersionStr(pkg_name: *mut c_char, version_str: *mut c_char) -> Outcome {
    not_null("versionStr", version_str)?;
    package(pkg_name)?;
    for (i, byte) in TOOLKIT.0.bytes().chain([0]).enumerate() {
        // SAFETY: not null, and C's contract is room for 128 bytes.
        unsafe { version_str.add(i).write(byte as c_char) };
    }
    Ok(())
}

/// Major, minor and patch, each with its own weight.
pub(crate) fn aclsysGetVersionNum(pkg_name: *mut c_char, version_num: *mut i32) -> Outcome {
    not_null("versionNum", version_num)?;
    package(pkg_name)?;
    let weights = [10_000_000, 100_000, 1_000];
    let parts = TOOLKIT.0.split('.').map(|part| part.parse().unwrap_or(0));
    give(version_num, parts.zip(weights).map(|(part, weight): (i32, i32)| part * weight).sum());
    Ok(())
}

pub(crate) fn aclGetRecentErrMsg() -> Outcome<*const c_char> {
    Ok(take_recent())
}

/// The code itself is what the function returns; its text was given when it arose.
fn tell_last(level: aclrtLastErrLevel, forget: bool) -> Outcome {
    check!(level == ACL_RT_THREAD_LEVEL, ACL_ERROR_INVALID_PARAM, "level is {}: ACL_RT_THREAD_LEVEL (0) is taken", level.0);
    match last_error(forget) {
        0 => Ok(()),
        code => Err(Reject { code, text: String::new() }),
    }
}

pub(crate) fn aclrtGetLastError(level: aclrtLastErrLevel) -> Outcome {
    tell_last(level, true)
}

pub(crate) fn aclrtPeekAtLastError(level: aclrtLastErrLevel) -> Outcome {
    tell_last(level, false)
}

/// Values of the options by their numbers; -1 where never set.
pub(super) struct Options([AtomicI64; 3]);

impl Options {
    pub(super) const fn new() -> Options {
        Options([const { AtomicI64::new(-1) }; 3])
    }

    fn find(&self, opt: aclSysParamOpt) -> Outcome<&AtomicI64> {
        match self.0.get(opt.0 as usize) {
            Some(option) => Ok(option),
            None => reject!(ACL_ERROR_INVALID_PARAM, "opt is {}, which is no option", opt.0),
        }
    }

    /// Every operator of the simulator is deterministic and strongly consistent whatever is set.
    pub(super) fn set(&self, opt: aclSysParamOpt, value: i64) -> Outcome {
        let option = self.find(opt)?;
        check!(value == 0 || value == 1, ACL_ERROR_RT_PARAM_INVALID, "value is {value}: 0 or 1 is taken");
        check!(
            opt != ACL_OPT_ENABLE_DEBUG_KERNEL || value == 0,
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "ACL_OPT_ENABLE_DEBUG_KERNEL is not supported by the simulator"
        );
        option.store(value, SeqCst);
        Ok(())
    }

    pub(super) fn get(&self, opt: aclSysParamOpt, value: *mut i64) -> Outcome {
        not_null("value", value)?;
        let stored = self.find(opt)?.load(SeqCst);
        check!(stored >= 0, ACL_ERROR_RT_SYSPARAMOPT_NOT_SET, "option {} was never set", opt.name().unwrap_or("?"));
        give(value, stored);
        Ok(())
    }
}

/// Those of the process. A context has its own.
static OPTIONS: Options = Options::new();

pub(crate) fn aclrtSetSysParamOpt(opt: aclSysParamOpt, value: i64) -> Outcome {
    OPTIONS.set(opt, value)
}

pub(crate) fn aclrtGetSysParamOpt(opt: aclSysParamOpt, value: *mut i64) -> Outcome {
    OPTIONS.get(opt, value)
}
