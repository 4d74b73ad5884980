//! Phase one of an elementwise operator: its row, its checks, its plan.

use ascend_rl_sys::types::*;

use super::engine::{Lanes, Plan, is_narrow};
use crate::nn::tensor::Tensor;
use crate::ops::call::{Call, Scalar};
use crate::ops::dtypes::*;
use crate::ops::element::{Element, Lane, with_element};
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// What distinguishes one operator from another.
pub(super) struct Row {
    pub name: &'static str,
    /// Dtypes of the inputs.
    pub takes: &'static [aclDataType],
    pub float: Lanes<f32>,
    /// `None`: integers are computed in f32, with results in f32.
    pub int: Option<Lanes<i64>>,
    /// Whether the result is a boolean, lanes of 0 and 1.
    pub compares: bool,
}

/// Out-parameters of phase one.
pub(super) type Out = (*mut u64, *mut *mut aclOpExecutor);

/// Where a scalar comes from, and whether it takes part in choosing the dtype.
#[derive(Clone, Copy)]
pub(super) enum Factor {
    /// There is none.
    None,
    /// `alpha` or another factor, by its name: it must fit the dtype that the tensors give.
    Alpha(&'static str, Scalar),
    /// `other`, in the place of a tensor.
    Other(Scalar),
    /// A least and a most, in the places of two tensors, of the inputs' dtype; one that is missing does not limit.
    Limits([Option<Scalar>; 2]),
    /// What the function needs beside its inputs, as f32 whatever their dtype, which is a float.
    Constants([f32; 3]),
}

/// Checks a call with `inputs` (their names beside them; a condition or mask, if any, is last) and ends phase one.
pub(super) fn prepare(
    call: Call,
    row: &'static Row,
    inputs: &[(&'static str, Tensor)],
    factor: Factor,
    (out_param, out): (&'static str, Tensor),
    (ws, executor): Out,
) -> Outcome {
    let name = row.name;
    let conditions = inputs.iter().filter(|(param, _)| matches!(*param, CONDITION | MASK)).count();
    let operands = &inputs[..inputs.len() - conditions];
    for (param, tensor) in operands {
        check_dtype(name, param, tensor, row.takes)?;
    }
    let mut dtype = operands.iter().map(|(_, t)| t.dtype).reduce(promote).unwrap_or(out.dtype);
    match factor {
        Factor::Other(scalar) => dtype = promote_scalar(dtype, scalar),
        Factor::Limits(limits) => dtype = limits.into_iter().flatten().fold(dtype, promote_scalar),
        Factor::None | Factor::Alpha(..) | Factor::Constants(_) => {}
    }
    if row.int.is_none() && !is_float(dtype) {
        dtype = ACL_FLOAT;
    } else {
        let together = self::name(dtype);
        check!(
            row.takes.contains(&dtype),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: the inputs together are {together}, which it does not take"
        );
    }
    if let Factor::Alpha(param, alpha) = factor {
        check_alpha(name, param, alpha, dtype)?;
    }
    check_dtype(name, out_param, &out, ALL)?;
    let result = if row.compares { ACL_BOOL } else { dtype };
    check!(
        can_cast(result, out.dtype),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: the result is {} and cannot be cast to {out_param}, which is {}",
        self::name(result),
        self::name(out.dtype)
    );
    check_shapes(name, inputs, out_param, &out)?;
    check_writable(name, out_param, &out)?;
    match row.int {
        Some(lanes) if !is_float(dtype) => {
            let scalars = match factor {
                Factor::Alpha(_, s) | Factor::Other(s) => [as_int(s), 0, 0],
                Factor::Limits([least, most]) => [least.map_or(i64::MIN, as_int), most.map_or(i64::MAX, as_int), 0],
                Factor::None | Factor::Constants(_) => [0; 3],
            };
            let plan = plan(inputs, out, lanes, scalars, dtype, row.compares);
            call.finish(ws, executor, move || plan.run())
        }
        _ => {
            let rounded = |s: Scalar| with_element!(dtype, E => E::from_f32(s.as_f64() as f32).to_f32());
            let scalars = match factor {
                // Comparisons make a tensor of it, of the inputs' dtype; products take it as it is.
                Factor::Other(s) if row.compares => [rounded(s), 0.0, 0.0],
                Factor::Alpha(_, s) | Factor::Other(s) => [s.as_f64() as f32, 0.0, 0.0],
                Factor::Limits([least, most]) => {
                    [least.map_or(f32::NEG_INFINITY, rounded), most.map_or(f32::INFINITY, rounded), 0.0]
                }
                Factor::Constants(constants) => constants,
                Factor::None => [0.0; 3],
            };
            let plan = plan(inputs, out, row.float, scalars, dtype, row.compares);
            call.finish(ws, executor, move || plan.run())
        }
    }
}

/// A parameter that holds booleans and takes no part in choosing the dtype.
pub(super) const CONDITION: &str = "condition";
/// The same under its other name.
pub(super) const MASK: &str = "mask";

fn plan<T: Lane>(
    inputs: &[(&'static str, Tensor)],
    out: Tensor,
    lanes: Lanes<T>,
    scalars: [T; 3],
    dtype: aclDataType,
    compares: bool,
) -> Plan<T> {
    let mut views = [View::new(&out); 3];
    for (view, (_, tensor)) in views.iter_mut().zip(inputs) {
        *view = View::broadcast(tensor, &out.dims);
    }
    // An integer among half floats becomes one first; booleans and narrower integers fit their lanes as they are.
    let mixed = is_half(dtype) && inputs.iter().any(|(_, t)| !is_float(t.dtype) && t.dtype != ACL_BOOL);
    Plan {
        inputs: views,
        count: inputs.len(),
        out: View::new(&out),
        scalars,
        lanes,
        round_inputs: mixed.then_some(dtype),
        round_result: (!compares && is_narrow::<T>(dtype) && out.dtype != dtype).then_some(dtype),
    }
}

fn as_int(scalar: Scalar) -> i64 {
    match scalar {
        Scalar::Int(v) => v,
        Scalar::Bool(v) => v as i64,
        Scalar::Float(v) => v as i64,
    }
}

fn check_alpha(name: &str, param: &str, alpha: Scalar, dtype: aclDataType) -> Outcome {
    let of = match alpha {
        Scalar::Float(_) => ACL_FLOAT,
        Scalar::Int(_) => ACL_INT64,
        Scalar::Bool(_) => ACL_BOOL,
    };
    let (given, needed) = (self::name(of), self::name(dtype));
    check!(
        can_cast(of, dtype),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: {param} is {given} and cannot be cast to {needed}, the inputs' dtype"
    );
    Ok(())
}

fn check_shapes(name: &str, inputs: &[(&'static str, Tensor)], out_param: &str, out: &Tensor) -> Outcome {
    let mut shapes = [out.dims; 3];
    for (shape, (_, tensor)) in shapes.iter_mut().zip(inputs) {
        *shape = tensor.dims;
    }
    let shapes = &shapes[..inputs.len()];
    match broadcast(shapes) {
        Some(dims) => check_shape(name, out_param, out, &dims),
        None => reject!(ACLNN_ERR_PARAM_INVALID, "{name}: the shapes {shapes:?} do not broadcast"),
    }
}

/// A function of up to three tensors and three numbers, which play no part in choosing the dtype: ends phase one.
pub(super) fn constants(
    row: &'static Row,
    inputs: &[(&'static str, *const aclTensor)],
    given: &[(&'static str, *const aclScalar)],
    (out_param, out): (&'static str, *const aclTensor),
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let mut tensors = Vec::with_capacity(inputs.len());
    for &(param, handle) in inputs {
        tensors.push((param, call.input(param, handle)?));
    }
    let mut constants = [0.0; 3];
    for (constant, (param, scalar)) in constants.iter_mut().zip(given) {
        *constant = call.scalar(param, *scalar)?.as_f64() as f32;
    }
    let out = call.output(out_param, out)?;
    prepare(call, row, &tensors, Factor::Constants(constants), (out_param, out), out_params)
}
