//! Phase two, the same for all operators: checks the executor, the stream and the memory, then enqueues.

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::codes::{ACLNN_ERR_INNER, ACLNN_ERR_RUNTIME_ERROR};
use ascend_rl_sys::types::*;

use super::objects::EXECUTORS;
use crate::acl::{context, stream};
use crate::dump;
use crate::engine::{Stream, Task};
use crate::memory::Place;
use crate::ops::call::{Planned, Region};
use crate::reject::{Outcome, Reject, check, reject};
use crate::world::{Device, world};

/// The operator layer's code for what the runtime below refuses.
fn runtime(refusal: Reject) -> Reject {
    Reject { code: ACLNN_ERR_RUNTIME_ERROR, text: format!("{} (runtime error {})", refusal.text, refusal.code) }
}

/// The same for what HCCL refuses.
fn collective(refusal: Reject) -> Reject {
    Reject { code: ACLNN_ERR_RUNTIME_ERROR, text: format!("{} (HCCL error {})", refusal.text, refusal.code) }
}

/// Phase one needs a current context, as it asks the device for its kernels.
pub(crate) fn needs_device() -> Outcome {
    context::current().map(drop).map_err(runtime)
}

/// Phase two of `operator`. Consumes the executor, also when it refuses, unless that is repeatable.
pub(crate) fn run(
    operator: &'static str,
    workspace: *mut c_void,
    workspace_size: u64,
    executor: *mut aclOpExecutor,
    stream: aclrtStream,
) -> Outcome {
    check!(!executor.is_null(), ACLNN_ERR_INNER_NULLPTR, "executor is null");
    let Some(executor) = EXECUTORS.take_unless(executor as usize, |executor| executor.repeatable) else {
        reject!(ACLNN_ERR_INNER_NULLPTR, "executor was consumed already, or phase one never made it")
    };
    let planned = executor.planned;
    check!(planned.name == operator, ACLNN_ERR_INNER, "executor was made by {}GetWorkspaceSize", planned.name);
    let stream = stream::resolve(stream).map_err(runtime)?;
    let device = world()?.device(stream.device as i32).map_err(runtime)?;
    let scratch = ("workspace", workspace as usize, workspace_size as usize, "use");
    let regions = planned.regions.iter().map(|r| (r.param, r.start, r.bytes, if r.write { "write" } else { "read" }));
    let mut ranges = std::iter::once(scratch).chain(regions);
    if let Some(i) = device.memory.outside(ranges.clone().map(|(_, start, bytes, _)| (start, bytes)))
        && let Some((param, start, bytes, access)) = ranges.nth(i)
    {
        reject!(
            ACLNN_ERR_PARAM_INVALID,
            "{operator}: {param} ({bytes} bytes to {access} at {start:#x}) does not lie inside one live allocation of device {}: {}",
            device.id,
            where_it_is(device, start)
        )
    }
    if dump::wanted() {
        dump::tell_arguments(&planned).map_err(|text| Reject { code: ACLNN_ERR_INNER, text })?;
        if planned.together.is_empty() {
            return run_dumped(&planned, &stream).map_err(runtime);
        }
    }
    if planned.together.is_empty() {
        return stream.enqueue(Task::Operator(planned)).map_err(runtime);
    }
    check!(
        workspace_size as usize >= planned.scratch && (planned.scratch == 0 || !workspace.is_null()),
        ACLNN_ERR_PARAM_INVALID,
        "{operator}: workspaceSize is {workspace_size}; phase one asked for {} bytes",
        planned.scratch
    );
    planned.together.iter().try_for_each(|stage| stage.issue(&planned, workspace as usize, &stream)).map_err(collective)
}

/// Enqueues an operator between the two halves of its dump, if its data are dumped.
fn run_dumped(planned: &Arc<Planned>, stream: &Arc<Stream>) -> Outcome {
    let Some((kept, before)) = dump::before(planned) else { return stream.enqueue(Task::Operator(planned.clone())) };
    stream.enqueue(Task::Work("dump", Arc::new(before)))?;
    stream.enqueue(Task::Operator(planned.clone()))?;
    let after = dump::after(planned, kept, stream.device, stream.id, stream.enqueued());
    stream.enqueue(Task::Work("dump", Arc::new(after)))
}

impl Planned {
    /// Before a replay of a graph, which holds addresses of the time of its capture: they must still be live memory.
    pub(crate) fn check_memory(&self, device: u32) -> Outcome {
        let device = world()?.device(device as i32)?;
        let Some(i) = device.memory.outside(self.regions.iter().map(|r| (r.start, r.bytes))) else { return Ok(()) };
        let Region { param, start, bytes, .. } = self.regions[i];
        reject!(
            ACL_ERROR_RT_AICORE_EXCEPTION,
            "{} failed on the device: {param} ({bytes} bytes at {start:#x}) was live memory of device {} when the graph was captured, \
             and is not now: {}",
            self.name,
            device.id,
            where_it_is(device, start)
        )
    }
}

fn where_it_is(device: &Device, start: usize) -> String {
    match Place::of("tensor", start, 1) {
        Ok(Place::Device(found)) if found.id == device.id => "it leaves the allocation that it begins in".into(),
        Ok(place) => format!("it is {}", place.name()),
        Err(_) => "it was freed, or never allocated".into(),
    }
}
