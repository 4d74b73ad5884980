//! Subscriptions to what the operators of a loaded model did, which a program reads from a pipe of its own. The simulator loads no models:
//! nothing comes through the pipe until its end, which the end of the subscription is (`msprof/engine/src/prof_acl_mgr.cpp`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{c_char, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ascend_rl_sys::types::*;

use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};
use crate::world::world;

/// The program's end of the pipe that is written to.
static CONFIGS: Registry<i32> = Registry::new(Kind::SubscribeConfig);

#[derive(Default)]
struct Models {
    /// Those that were said to be loaded.
    loaded: BTreeSet<u32>,
    /// Subscriptions by model.
    subscribed: BTreeMap<u32, i32>,
}

static MODELS: Mutex<Models> = Mutex::new(Models { loaded: BTreeSet::new(), subscribed: BTreeMap::new() });

fn models() -> MutexGuard<'static, Models> {
    MODELS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What loads a model tells so. Only a device that is there is taken.
pub(crate) fn MsprofSetDeviceIdByGeModelIdx(ge_model_idx: u32, device_id: u32) -> Outcome {
    let device = i32::try_from(device_id).unwrap_or(-1);
    world()?.device(device).map_err(|refusal| Reject { code: super::reports::FAILED, text: refusal.text })?;
    models().loaded.insert(ge_model_idx);
    Ok(())
}

/// `fd` points to a file descriptor, which is the simulator's to close from the subscription on.
pub(crate) fn aclprofCreateSubscribeConfig(
    time_info_switch: i8,
    metrics: aclprofAicoreMetrics,
    fd: *mut c_void,
) -> Outcome<*mut aclprofSubscribeConfig> {
    check!((0..=1).contains(&time_info_switch), ACL_ERROR_INVALID_PARAM, "timeInfoSwitch is {time_info_switch}: 0 or 1 is taken");
    check!(metrics.name().is_some(), ACL_ERROR_INVALID_PARAM, "aicoreMetrics is {}, which is no set of counters", metrics.0);
    check!(!fd.is_null(), ACL_ERROR_INVALID_PARAM, "fd is null");
    // SAFETY: not null, and C's contract is that it points to an `int`.
    Ok(CONFIGS.insert(unsafe { fd.cast::<i32>().read() }) as *mut aclprofSubscribeConfig)
}

fn find(config: *const aclprofSubscribeConfig) -> Outcome<i32> {
    match CONFIGS.get(config as usize) {
        Some(fd) => Ok(fd),
        None => reject!(
            ACL_ERROR_INVALID_PARAM,
            "profSubscribeConfig is no live configuration: null, destroyed already, or never created"
        ),
    }
}

pub(crate) fn aclprofDestroySubscribeConfig(config: *const aclprofSubscribeConfig) -> Outcome {
    find(config)?;
    CONFIGS.remove(config as usize);
    Ok(())
}

pub(crate) fn aclprofModelSubscribe(model_id: u32, config: *const aclprofSubscribeConfig) -> Outcome {
    let fd = find(config)?;
    let mut models = models();
    check!(models.loaded.contains(&model_id), ACL_ERROR_INVALID_MODEL_ID, "modelId is {model_id}, which is no loaded model");
    check!(
        !models.subscribed.contains_key(&model_id),
        ACL_ERROR_PROF_REPEAT_SUBSCRIBE,
        "model {model_id} is subscribed to already: call aclprofModelUnSubscribe first"
    );
    models.subscribed.insert(model_id, fd);
    Ok(())
}

/// Ends the pipe.
pub(crate) fn aclprofModelUnSubscribe(model_id: u32) -> Outcome {
    let Some(fd) = models().subscribed.remove(&model_id) else {
        reject!(ACL_ERROR_INVALID_MODEL_ID, "modelId is {model_id}, which is not subscribed to: call aclprofModelSubscribe first")
    };
    // SAFETY: C's contract: the descriptor was handed over. One that is none is refused by the system, which harms nobody.
    unsafe { libc::close(fd) };
    Ok(())
}

/// Bytes of what is told of one operator. Nothing ever is: programs make room with it.
const ENTRY: usize = 512;

pub(crate) fn aclprofGetOpDescSize(op_desc_size: *mut usize) -> Outcome {
    check!(!op_desc_size.is_null(), ACL_ERROR_INVALID_PARAM, "opDescSize is null");
    // SAFETY: not null, and C's contract is that it points to a variable of this type.
    unsafe { op_desc_size.write(ENTRY) };
    Ok(())
}

/// What all that read an entry say.
fn no_entry<T>(op_info: *const c_void, op_info_len: usize) -> Outcome<T> {
    check!(!op_info.is_null(), ACL_ERROR_INVALID_PARAM, "opInfo is null");
    reject!(
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "opInfo ({op_info_len} bytes) is from no subscription: the simulator loads no models, and tells of no operator of one; that is \
         not supported by the simulator"
    )
}

pub(crate) fn aclprofGetOpNum(op_info: *const c_void, op_info_len: usize, _op_number: *mut u32) -> Outcome {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpTypeLen(op_info: *const c_void, op_info_len: usize, _index: u32, _len: *mut usize) -> Outcome {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpType(
    op_info: *const c_void,
    op_info_len: usize,
    _index: u32,
    _op_type: *mut c_char,
    _len: usize,
) -> Outcome {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpNameLen(op_info: *const c_void, op_info_len: usize, _index: u32, _len: *mut usize) -> Outcome {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpName(
    op_info: *const c_void,
    op_info_len: usize,
    _index: u32,
    _op_name: *mut c_char,
    _len: usize,
) -> Outcome {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpStart(op_info: *const c_void, op_info_len: usize, _index: u32) -> Outcome<u64> {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpEnd(op_info: *const c_void, op_info_len: usize, _index: u32) -> Outcome<u64> {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpDuration(op_info: *const c_void, op_info_len: usize, _index: u32) -> Outcome<u64> {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetModelId(op_info: *const c_void, op_info_len: usize, _index: u32) -> Outcome<usize> {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpFlag(op_info: *const c_void, op_info_len: usize, _index: u32) -> Outcome<aclprofSubscribeOpFlag> {
    no_entry(op_info, op_info_len)
}

pub(crate) fn aclprofGetOpAttriValue(
    op_info: *const c_void,
    op_info_len: usize,
    _index: u32,
    _attri: aclprofSubscribeOpAttri,
) -> Outcome<*const c_char> {
    no_entry(op_info, op_info_len)
}
