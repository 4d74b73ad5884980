//! Notifies that processes of one machine share by a text.

use std::ffi::c_char;

use ascend_rl_sys::types::*;

use super::ipc::{number_of, write_key};
use super::notify::{Notify, State, resolve};
use super::sharing::processes;
use super::{give, not_null};
use crate::memory::exports::{self, Use};
use crate::reject::{Outcome, check, reject};
use crate::world::world;

/// What the simulator's keys of notifies begin with; a number in hexadecimal digits follows.
const MARK: &str = "cann-sim-notify-";

/// Whether a flag that has one bit is set.
fn flagged(flags: u64, bit: u64, meaning: &str) -> Outcome<bool> {
    check!(flags & !bit == 0, ACL_ERROR_RT_PARAM_INVALID, "flags is {flags}: 0 or {bit} ({meaning}) is taken");
    Ok(flags != 0)
}

/// The same key each time: a notify is exported once.
pub(crate) fn aclrtNotifyGetExportKey(notify: aclrtNotify, key: *mut c_char, len: usize, flags: u64) -> Outcome {
    let notify = resolve(notify)?;
    not_null("key", key)?;
    let to_all = flagged(flags, ACL_RT_NOTIFY_EXPORT_FLAG_DISABLE_PID_VALIDATION, "any process may import")?;
    {
        let mut state = notify.state();
        let set = match &*state {
            State::Own(set) => *set,
            State::Exported(export) => return write_key(MARK, export.number(), key, len),
            State::Imported(_) => {
                reject!(ACL_ERROR_RT_PARAM_INVALID, "notify was imported: the process that created it exports it")
            }
        };
        let export = exports::export_word(Use::Notify, to_all)?;
        write_key(MARK, export.number(), key, len)?;
        if let Some(word) = export.word() {
            word.store(set, std::sync::atomic::Ordering::SeqCst);
        }
        *state = State::Exported(export);
    }
    // A stream that waits for it already has to look for what other processes do from now on.
    world()?.engine.look_again();
    Ok(())
}

pub(crate) fn aclrtNotifySetImportPid(notify: aclrtNotify, pid: *mut i32, num: usize) -> Outcome {
    let (notify, pids) = (resolve(notify)?, processes(pid, num)?);
    let State::Exported(export) = &*notify.state() else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "notify is not exported: aclrtNotifyGetExportKey comes first")
    };
    exports::allow("notify", export.number(), Use::Notify, pids)
}

/// Within one machine a notify is reached from any device, so peer access needs no enabling.
pub(crate) fn aclrtNotifyImportByKey(notify: *mut aclrtNotify, key: *const c_char, flags: u64) -> Outcome {
    not_null("notify", notify)?;
    let number = number_of(MARK, "aclrtNotifyGetExportKey", key)?;
    flagged(flags, ACL_RT_NOTIFY_IMPORT_FLAG_ENABLE_PEER_ACCESS, "enable peer access")?;
    let found = exports::import("key", number, Use::Notify)?;
    give(notify, Notify::create(State::Imported(found.lease))?);
    Ok(())
}
