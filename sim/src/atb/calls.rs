//! The functions that make and run operations.

use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use ascend_rl_sys::types::*;

use super::attention::{PagedAttention, ReshapeAndCache, SelfAttention};
use super::collectives::{AllGather, AllReduce, AllToAll, AllToAllV};
use super::graph::Graph;
use super::group_topk::GroupTopk;
use super::linear::{Linear, LinearParallel};
use super::norm::RmsNorm;
use super::rope::Rope;
use super::tensors::{Desc, Given, read, write};
use super::{Operation, context};
use crate::memory::Place;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

/// An operation, and what its last Setup saw.
pub(super) struct Made {
    pub(super) body: Box<dyn Operation>,
    setup: Mutex<Option<Setup>>,
}

struct Setup {
    context: usize,
    inputs: Vec<Desc>,
    outputs: Vec<Desc>,
    workspace: usize,
}

static OPERATIONS: Registry<Arc<Made>> = Registry::new(Kind::AtbOperation);

/// Takes an operation out, for the graph that owns it from now on.
pub(super) fn adopt(operation: AtbOperation) -> Option<Arc<Made>> {
    OPERATIONS.remove(operation as usize)
}

/// Looks at an operation that stays the caller's.
pub(super) fn look(operation: AtbOperation) -> Outcome<Arc<Made>> {
    match OPERATIONS.get(operation as usize) {
        Some(made) => Ok(made),
        None if operation.is_null() => reject!(ATB_INVALID_PARAM, "operation is null"),
        None => reject!(ATB_INVALID_OPERATION_ADDR, "operation is not a live operation: destroyed already, or never created"),
    }
}

/// Reads a C struct and hands over the operation that it makes.
fn make<P: Copy, O: Operation + 'static>(param: *const P, out: *mut AtbOperation, new: impl FnOnce(P) -> Outcome<O>) -> Outcome {
    check!(!param.is_null(), ATB_INVALID_PARAM, "param is null");
    check!(!out.is_null(), ATB_INVALID_PARAM, "operation is null");
    // SAFETY: not null, and C's contract is that it points to such a struct.
    let body = new(unsafe { param.read_unaligned() })?;
    let handle = OPERATIONS.insert(Arc::new(Made { body: Box::new(body), setup: Mutex::new(None) }));
    // SAFETY: not null, and C's contract is that it points to a variable.
    unsafe { out.write(handle as AtbOperation) };
    Ok(())
}

macro_rules! makers {
    ($($function:ident($Param:ty) = $Operation:ident;)*) => { $(
        pub(crate) fn $function(param: *const $Param, operation: *mut AtbOperation) -> Outcome {
            make(param, operation, $Operation::new)
        }
    )* };
}
makers! {
    ascend_atb_rms_norm(AtbRmsNormParam) = RmsNorm;
    ascend_atb_rope(AtbRopeParam) = Rope;
    ascend_atb_linear(AtbLinearParam) = Linear;
    ascend_atb_paged_attention(AtbPagedAttentionParam) = PagedAttention;
    ascend_atb_reshape_and_cache(AtbReshapeAndCacheParam) = ReshapeAndCache;
    ascend_atb_self_attention(AtbSelfAttentionParam) = SelfAttention;
    ascend_atb_group_topk(AtbGroupTopkParam) = GroupTopk;
    ascend_atb_all_reduce(AtbAllReduceParam) = AllReduce;
    ascend_atb_all_gather(AtbCommParam) = AllGather;
    ascend_atb_all_to_all(AtbCommParam) = AllToAll;
    ascend_atb_all_to_all_v(AtbAllToAllVParam) = AllToAllV;
    ascend_atb_linear_parallel(AtbLinearParallelParam) = LinearParallel;
    ascend_atb_graph(AtbGraphParam) = Graph;
}

pub(crate) fn ascend_atb_operation_destroy(operation: AtbOperation) -> Outcome {
    look(operation)?;
    drop(adopt(operation));
    Ok(())
}

pub(crate) fn ascend_atb_operation_io(operation: AtbOperation, in_num: *mut u32, out_num: *mut u32) -> Outcome {
    check!(!in_num.is_null() && !out_num.is_null(), ATB_INVALID_PARAM, "in_num or out_num is null");
    let (inputs, outputs) = look(operation)?.body.io();
    // SAFETY: not null, and C's contract is that they point to variables.
    unsafe {
        in_num.write(inputs as u32);
        out_num.write(outputs as u32);
    }
    Ok(())
}

pub(crate) fn ascend_atb_operation_infer_shape(
    operation: AtbOperation,
    inputs: *const AtbTensor,
    in_num: u64,
    outputs: *mut AtbTensor,
    out_num: u64,
) -> Outcome {
    let made = look(operation)?;
    let inputs = inputs_of(&made, inputs, in_num)?;
    write(&made.body.infer(&descs(&inputs))?, outputs, out_num)
}

pub(crate) fn ascend_atb_operation_setup(
    operation: AtbOperation,
    inputs: *const AtbTensor,
    in_num: u64,
    outputs: *const AtbTensor,
    out_num: u64,
    workspace_size: *mut u64,
    context: AtbContext,
) -> Outcome {
    context::resolve(context)?;
    let made = look(operation)?;
    check!(!workspace_size.is_null(), ATB_INVALID_PARAM, "workspaceSize is null");
    let (inputs, outputs) = (inputs_of(&made, inputs, in_num)?, outputs_of(&made, outputs, out_num)?);
    let seen = Setup {
        context: context as usize,
        inputs: descs(&inputs),
        outputs: made.body.infer(&descs(&inputs))?,
        workspace: made.body.workspace(&descs(&inputs))?,
    };
    for (i, (given, wanted)) in outputs.iter().zip(&seen.outputs).enumerate() {
        let given = &given.desc;
        check!(given.dtype == wanted.dtype, ATB_INVALID_TENSOR_DTYPE, "outTensors[{i}] is {given:?}, {wanted:?} is needed");
        check!(given.dims == wanted.dims, ATB_INVALID_TENSOR_DIM, "outTensors[{i}] is {given:?}, {wanted:?} is needed");
    }
    // Planned once for the checks of what lies below; Execute plans again, with the addresses it is given.
    made.body.plan(&inputs, &outputs, 0)?;
    // SAFETY: not null, and C's contract is that it points to a variable.
    unsafe { workspace_size.write(seen.workspace as u64) };
    *made.setup.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the signature of C")]
pub(crate) fn ascend_atb_operation_execute(
    operation: AtbOperation,
    inputs: *const AtbTensor,
    in_num: u64,
    outputs: *const AtbTensor,
    out_num: u64,
    workspace: *mut c_void,
    workspace_size: u64,
    context: AtbContext,
) -> Outcome {
    let stream = context::resolve(context)?.stream()?;
    let made = look(operation)?;
    let (inputs, outputs) = (inputs_of(&made, inputs, in_num)?, outputs_of(&made, outputs, out_num)?);
    let setup = made.setup.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(seen) = &*setup else { reject!(ATB_INVALID_PARAM, "the operation was not set up: call Setup first") };
    check!(seen.context == context as usize, ATB_INVALID_PARAM, "context is another one than Setup's");
    let needed = seen.workspace;
    check!(
        workspace_size as usize >= needed && (needed == 0 || !workspace.is_null()),
        ATB_INVALID_PARAM,
        "workspace has {workspace_size} bytes at {workspace:p}, Setup asked for {needed}"
    );
    if needed > 0 {
        let place = Place::of("workspace", workspace as usize, needed).map_err(context::runtime)?;
        let on_device = matches!(place, Place::Device(_));
        check!(on_device, ATB_INVALID_WORKSPACE_ADDR, "workspace is {}, device memory is needed", place.name());
    }
    for (what, given, wanted) in [("inTensors", &inputs, &seen.inputs), ("outTensors", &outputs, &seen.outputs)] {
        for (i, (given, wanted)) in given.iter().zip(wanted).enumerate() {
            let same = given.desc == *wanted;
            check!(same, ATB_INVALID_PARAM, "{what}[{i}] is {:?}, at Setup it was {wanted:?}", given.desc);
            given.check_memory(&format!("{what}[{i}]"))?;
        }
    }
    let steps = made.body.plan(&inputs, &outputs, workspace as usize)?;
    steps.into_iter().try_for_each(|step| step.enqueue(stream))
}

fn descs(given: &[Given]) -> Vec<Desc> {
    given.iter().map(|tensor| tensor.desc.clone()).collect()
}

fn inputs_of(made: &Made, at: *const AtbTensor, count: u64) -> Outcome<Vec<Given>> {
    let wanted = made.body.io().0;
    check!(count as usize == wanted, ATB_INVALID_IN_TENSOR_NUM, "there are {count} inputs, the operation has {wanted}");
    read("inTensors", at, count)
}

fn outputs_of(made: &Made, at: *const AtbTensor, count: u64) -> Outcome<Vec<Given>> {
    let wanted = made.body.io().1;
    check!(count as usize == wanted, ATB_INVALID_TENSOR_NUM, "there are {count} outputs, the operation has {wanted}");
    read("outTensors", at, count)
}
