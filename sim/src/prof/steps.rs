//! Iterations: their beginning and end, as a stream comes to them. Source: the runtime's `msprofiler/prof_acl_core.cpp`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::*};

use ascend_rl_sys::types::*;
use serde_json::json;

use super::{lock, now};
use crate::acl::stream;
use crate::engine::Task;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

/// An iteration: its number, and whether it has begun and ended.
type Step = (u64, [bool; 2]);

static STEPS: Registry<Step> = Registry::new(Kind::StepInfo);

pub(crate) fn aclprofCreateStepInfo() -> Outcome<*mut aclprofStepInfo> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Ok(STEPS.insert((NEXT.fetch_add(1, Relaxed), [false; 2])) as *mut aclprofStepInfo)
}

fn find(step_info: *mut aclprofStepInfo) -> Outcome<Step> {
    match STEPS.get(step_info as usize) {
        Some(step) => Ok(step),
        None => reject!(ACL_ERROR_INVALID_PARAM, "stepInfo is no live iteration: null, destroyed already, or never created"),
    }
}

pub(crate) fn aclprofDestroyStepInfo(step_info: *mut aclprofStepInfo) -> Outcome {
    find(step_info)?;
    STEPS.remove(step_info as usize);
    Ok(())
}

/// Each mark once. It is in the results where something is collected when the stream comes to it.
pub(crate) fn aclprofGetStepTimestamp(step_info: *mut aclprofStepInfo, tag: aclprofStepTag, stream: aclrtStream) -> Outcome {
    let (number, mut marks) = find(step_info)?;
    let Some(mark) = marks.get_mut(tag.0 as usize) else {
        reject!(ACL_ERROR_INVALID_PARAM, "tag is {}: ACL_STEP_START or ACL_STEP_END is taken", tag.0)
    };
    let name = if tag == ACL_STEP_START { "start" } else { "end" };
    check!(!*mark, ACL_ERROR_INVALID_PARAM, "the {name} of the iteration is marked already");
    *mark = true;
    let stream = stream::resolve(stream)?;
    STEPS.replace(step_info as usize, (number, marks));
    let lane = stream.id;
    let work = move || {
        let process = std::process::id();
        let event =
            json!({"name": format!("step {number} {name}"), "cat": "step", "ph": "i", "ts": now(), "pid": process, "tid": lane});
        if let Some(profiler) = &mut *lock()
            && profiler.running.is_some()
        {
            profiler.events.push(event);
        }
    };
    stream.enqueue(Task::Work("aclprofGetStepTimestamp", Arc::new(work)))
}
