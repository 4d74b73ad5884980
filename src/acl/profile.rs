//! [`Profile`] and [`Range`]: CANN's profiler, and the program's own ranges in its results.

use crate::error::{Error, ErrorKind, Result};
use crate::sys::{Cann, check, recent_message};
use ascend_rl_sys::types::*;
use std::ffi::{CString, c_void};
use std::marker::PhantomData;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

/// Bytes of a range's name in CANN's results, at most.
const LONGEST: usize = 127;

/// What a [`Profile`] collects beside the program's own ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileOptions {
    /// Calls of ACL. The simulator collects none, and says so on stderr.
    pub calls: bool,
    /// When tasks ran on the devices. Nor these: `CANN_SIM_PROFILE=1` and [`super::Tracer`] tell there.
    pub tasks: bool,
}

/// CANN's profiler, from its making to its dropping. One a process.
///
/// On a card `msprof --export=on --output=FOLDER` makes a timeline of the results; the simulator writes a file that
/// `chrome://tracing` and Perfetto show.
#[must_use = "profiling ends when this is dropped"]
pub struct Profile {
    cann: Cann,
    config: *mut aclprofConfig,
}

impl Profile {
    /// Collects from now on, for these devices, with the results in `folder`.
    ///
    /// Errors: `Argument` for a folder's name with a NUL; `Unsupported` for what CANN cannot collect; `Device` where one
    /// profiles already, torch_npu say; `MissingSymbol` without libmsprofiler.so.
    /// CANN: aclprofInit, aclprofCreateConfig, aclprofStart.
    pub fn start(cann: &Cann, folder: &Path, ordinals: &[u32], options: &ProfileOptions) -> Result<Profile> {
        let (api, prof) = (cann.api(), &cann.api().prof);
        let missing = |symbol: &str| cann.missing(symbol);
        let init = prof.aclprofInit.ok_or_else(|| missing("aclprofInit"))?;
        let create = prof.aclprofCreateConfig.ok_or_else(|| missing("aclprofCreateConfig"))?;
        let start = prof.aclprofStart.ok_or_else(|| missing("aclprofStart"))?;
        let path = CString::new(folder.as_os_str().as_bytes())
            .map_err(|_| Error::new(ErrorKind::Argument, format!("the folder's name {folder:?} has a NUL in it")))?;
        // SAFETY: a C string of that length, which lives for the call.
        check(api, "aclprofInit", unsafe { init(path.as_ptr(), path.count_bytes()) })?;
        // From here on the drop ends what was begun.
        let mut profile = Profile { cann: cann.clone(), config: ptr::null_mut() };
        let mut types = ACL_PROF_MSPROFTX;
        for (on, kind) in [(options.calls, ACL_PROF_ACL_API), (options.tasks, ACL_PROF_TASK_TIME)] {
            types |= if on { kind } else { 0 };
        }
        let mut ids = ordinals.to_vec();
        // SAFETY: so many numbers, which live for the call; the rest are numbers and null.
        profile.config = unsafe { create(ids.as_mut_ptr(), ids.len() as u32, ACL_AICORE_NONE, ptr::null(), types) };
        if profile.config.is_null() {
            let text = format!("aclprofCreateConfig made no configuration: {}", recent_message(api));
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        // SAFETY: a live configuration.
        check(api, "aclprofStart", unsafe { start(profile.config) })?;
        Ok(profile)
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let (api, prof) = (self.cann.api(), &self.cann.api().prof);
        let mut ends = Vec::new();
        if !self.config.is_null() {
            // SAFETY: a live configuration, stopped and destroyed once.
            ends.extend(prof.aclprofStop.map(|stop| check(api, "aclprofStop", unsafe { stop(self.config) })));
            // SAFETY: as above.
            ends.extend(prof.aclprofDestroyConfig.map(|end| check(api, "aclprofDestroyConfig", unsafe { end(self.config) })));
        }
        // SAFETY: takes nothing.
        ends.extend(prof.aclprofFinalize.map(|end| check(api, "aclprofFinalize", unsafe { end() })));
        for error in ends.into_iter().filter_map(Result::err) {
            // There is no later call that could report it.
            eprintln!("ascend-rl: the end of a profile: {error}");
        }
    }
}

/// A stretch of this thread's time, with a name, in the results of whoever profiles with CANN: this library, torch_npu, `msprof`.
/// It ends when it is dropped. Where nobody profiles, it is nothing.
///
/// Ranges of a thread nest: the last begun ends first, as guards do.
/// ```
/// # use ascend_rl::{Cann, Result, acl::Range};
/// # fn main() -> Result<()> {
/// let cann = Cann::sim()?;
/// let _step = Range::enter(&cann, "step 7");
/// {
///     let _forward = Range::enter(&cann, "forward");
/// }
/// # Ok(())
/// # }
/// ```
/// ```compile_fail
/// fn sent<T: Send>() {}
/// sent::<ascend_rl::acl::Range>();
/// ```
#[must_use = "a range ends when it is dropped"]
pub struct Range {
    /// With the stamp; `None` where nobody profiles.
    open: Option<(Cann, *mut c_void)>,
    /// The stack is the thread's.
    thread: PhantomData<*mut ()>,
}

impl Range {
    /// Begins one. Names are cut to 127 bytes.
    ///
    /// CANN: aclprofCreateStamp, aclprofSetStampTraceMessage, aclprofPush; at the end aclprofPop, aclprofDestroyStamp.
    pub fn enter(cann: &Cann, name: &str) -> Range {
        Range { open: Range::begin(cann, name).map(|stamp| (cann.clone(), stamp)), thread: PhantomData }
    }

    fn begin(cann: &Cann, name: &str) -> Option<*mut c_void> {
        let (api, prof) = (cann.api(), &cann.api().prof);
        let (create, describe, push) = (prof.aclprofCreateStamp?, prof.aclprofSetStampTraceMessage?, prof.aclprofPush?);
        let (destroy, _) = (prof.aclprofDestroyStamp?, prof.aclprofPop?);
        // SAFETY: takes nothing.
        let stamp = unsafe { create() };
        if stamp.is_null() {
            // Nobody profiles, which is no failure here.
            recent_message(api);
            return None;
        }
        let cut = (0..=LONGEST.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        let name = &name[..cut];
        // SAFETY: a live stamp, and so many bytes that live for the call.
        let begun = unsafe { describe(stamp, name.as_ptr().cast(), name.len() as u32) == 0 && push(stamp) == 0 };
        if begun {
            return Some(stamp);
        }
        recent_message(api);
        // SAFETY: a live stamp that nothing uses.
        unsafe { destroy(stamp) };
        None
    }
}

impl Drop for Range {
    fn drop(&mut self) {
        let Some((cann, stamp)) = self.open.take() else { return };
        let prof = &cann.api().prof;
        if let (Some(pop), Some(destroy)) = (prof.aclprofPop, prof.aclprofDestroyStamp) {
            // SAFETY: takes nothing; then a live stamp, which the results do not need any more.
            unsafe {
                if pop() != 0 {
                    // Profiling has ended meanwhile, and with it the range.
                    recent_message(cann.api());
                }
                destroy(stamp);
            }
        }
    }
}
