//! To run a single operator by its name, or to write it to a file: refused, with what it was.

use std::ffi::{CStr, c_char, c_int};
use std::fmt::Write;

use ascend_rl_sys::types::*;

use super::tensor::Tensor;
use super::{attributes, data, not_null, tensor};
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

static DUMP_OPTIONS: Registry<()> = Registry::new(Kind::GraphDumpOption);

/// `count` handles at `list`, each looked at. Null is let pass where there are none.
fn each<T, R>(param: &str, count: c_int, list: *const *const T, look: impl Fn(&str, *const T) -> Outcome<R>) -> Outcome<Vec<R>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    not_null(param, list)?;
    // SAFETY: not null, and C's contract is so many pointers, which are looked up and not followed.
    (0..count as usize).map(|i| look(&format!("{param}[{i}]"), unsafe { list.add(i).read() })).collect()
}

fn tensors(param: &str, count: c_int, list: *const *const aclTensorDesc) -> Outcome<Vec<Tensor>> {
    each(param, count, list, tensor::find)
}

fn buffers(param: &str, count: c_int, list: *const *const aclDataBuffer) -> Outcome {
    let look = |param: &str, buffer| {
        let (address, length) = data::find(param, buffer)?;
        check!(address != 0 || length == 0, ACL_ERROR_INVALID_PARAM, "{param} has {length} bytes at null");
        Ok(())
    };
    each(param, count, list, look).map(|_| ())
}

fn counts(inputs: c_int, outputs: c_int) -> Outcome {
    check!(inputs >= 0, ACL_ERROR_INVALID_PARAM, "numInputs is {inputs}");
    check!(outputs >= 0, ACL_ERROR_INVALID_PARAM, "numOutputs is {outputs}");
    Ok(())
}

fn name(op_type: *const c_char) -> Outcome<String> {
    not_null("opType", op_type)?;
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    Ok(unsafe { CStr::from_ptr(op_type) }.to_string_lossy().into_owned())
}

/// "Lerp(ACL_FLOAT [3, 4], ACL_FLOAT [3, 4]) -> ACL_FLOAT [3, 4], axis 1".
fn described(name: &str, inputs: &[Tensor], outputs: &[Tensor], attr: *const aclopAttr) -> Outcome<String> {
    let list = |tensors: &[Tensor]| {
        let one = |tensor: &Tensor| {
            let dtype = tensor.dtype.name().map_or_else(|| tensor.dtype.0.to_string(), str::to_owned);
            let space = if tensor.name.is_empty() { "" } else { " " };
            format!("{}{space}{dtype} {:?}", tensor.name, tensor.dims)
        };
        tensors.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{name}({}) -> {}", list(inputs), list(outputs));
    if !attr.is_null() {
        for (name, value) in attributes::find(attr)? {
            // A String takes all.
            let _ = write!(text, ", {name} {value}");
        }
    }
    Ok(text)
}

/// The call has its row's arguments; the engine is CANN's to choose.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclopCompileAndExecute(
    op_type: *const c_char,
    num_inputs: c_int,
    input_desc: *const *const aclTensorDesc,
    inputs: *const *const aclDataBuffer,
    num_outputs: c_int,
    output_desc: *const *const aclTensorDesc,
    outputs: *const *mut aclDataBuffer,
    attr: *const aclopAttr,
    _engine_type: aclopEngineType,
    compile_flag: aclopCompileType,
    op_path: *const c_char,
    _stream: aclrtStream,
) -> Outcome {
    counts(num_inputs, num_outputs)?;
    check!(compile_flag.name().is_some(), ACL_ERROR_API_NOT_SUPPORT, "compileFlag is {}", compile_flag.0);
    let name = name(op_type)?;
    let from = tensors("inputDesc", num_inputs, input_desc)?;
    let to = tensors("outputDesc", num_outputs, output_desc)?;
    buffers("inputs", num_inputs, inputs)?;
    buffers("outputs", num_outputs, outputs.cast())?;
    if !to.is_empty() && to.iter().all(|tensor| tensor.dims.contains(&0)) {
        return Ok(());
    }
    check!(compile_flag == ACL_COMPILE_SYS || !op_path.is_null(), ACL_ERROR_INVALID_PARAM, "opPath is null, compileFlag is 1");
    reject!(
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "opType is {}: operators by name are not supported by the simulator, which has those of aclnn",
        described(&name, &from, &to, attr)?
    )
}

/// The shapes of the outputs would be known where the operator had run.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclopCompileAndExecuteV2(
    op_type: *const c_char,
    num_inputs: c_int,
    input_desc: *mut *mut aclTensorDesc,
    inputs: *mut *mut aclDataBuffer,
    num_outputs: c_int,
    output_desc: *mut *mut aclTensorDesc,
    outputs: *mut *mut aclDataBuffer,
    attr: *mut aclopAttr,
    engine_type: aclopEngineType,
    compile_flag: aclopCompileType,
    op_path: *const c_char,
    stream: aclrtStream,
) -> Outcome {
    aclopCompileAndExecute(
        op_type,
        num_inputs,
        input_desc.cast_const().cast(),
        inputs.cast_const().cast(),
        num_outputs,
        output_desc.cast_const().cast(),
        outputs.cast_const(),
        attr,
        engine_type,
        compile_flag,
        op_path,
        stream,
    )
}

pub(crate) fn aclCreateGraphDumpOpt() -> Outcome<*mut aclGraphDumpOption> {
    Ok(DUMP_OPTIONS.insert(()) as *mut aclGraphDumpOption)
}

pub(crate) fn aclDestroyGraphDumpOpt(graph_dump_opt: *const aclGraphDumpOption) -> Outcome {
    not_null("graphDumpOpt", graph_dump_opt)?;
    match DUMP_OPTIONS.remove(graph_dump_opt as usize) {
        Some(()) => Ok(()),
        None => reject!(ACL_ERROR_INVALID_PARAM, "graphDumpOpt is not live: destroyed already, or never created"),
    }
}

/// Options are reserved: null is taken only.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclGenGraphAndDumpForOp(
    op_type: *const c_char,
    num_inputs: c_int,
    input_desc: *const *const aclTensorDesc,
    _inputs: *const *const aclDataBuffer,
    num_outputs: c_int,
    output_desc: *const *const aclTensorDesc,
    _outputs: *const *mut aclDataBuffer,
    attr: *const aclopAttr,
    _engine_type: aclopEngineType,
    graph_dump_path: *const c_char,
    graph_dump_opt: *const aclGraphDumpOption,
) -> Outcome {
    check!(graph_dump_opt.is_null(), ACL_ERROR_INVALID_PARAM, "graphDumpOpt is reserved and must be null");
    counts(num_inputs, num_outputs)?;
    let name = name(op_type)?;
    not_null("graphDumpPath", graph_dump_path)?;
    let from = tensors("inputDesc", num_inputs, input_desc)?;
    let to = tensors("outputDesc", num_outputs, output_desc)?;
    reject!(
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "opType is {}: graphs of operators are not supported by the simulator",
        described(&name, &from, &to, attr)?
    )
}
