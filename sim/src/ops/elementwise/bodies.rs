//! The bodies of phase one by signature: one for all operators that have it, which differ by their rows.

use ascend_rl_sys::types::*;

use super::prepare::{CONDITION, Factor, MASK, Out, Row, prepare};
use crate::ops::call::Call;
use crate::ops::dtypes::{check_dtype, check_same_dtype};
use crate::reject::{Outcome, check};

pub(in crate::ops) fn two_alpha(
    row: &'static Row,
    self_: *const aclTensor,
    other: *const aclTensor,
    alpha: *const aclScalar,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let inputs = [("self", call.input("self", self_)?), ("other", call.input("other", other)?)];
    let alpha = call.scalar("alpha", alpha)?;
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::Alpha("alpha", alpha), ("out", out), out_params)
}

pub(in crate::ops) fn in_place_alpha(
    row: &'static Row,
    self_ref: *const aclTensor,
    other: *const aclTensor,
    alpha: *const aclScalar,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let own = call.output("selfRef", self_ref)?;
    let inputs = [("selfRef", own), ("other", call.input("other", other)?)];
    let alpha = call.scalar("alpha", alpha)?;
    prepare(call, row, &inputs, Factor::Alpha("alpha", alpha), ("selfRef", own), out_params)
}

pub(in crate::ops) fn two(
    row: &'static Row,
    self_: *const aclTensor,
    other: *const aclTensor,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let inputs = [("self", call.input("self", self_)?), ("other", call.input("other", other)?)];
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::None, ("out", out), out_params)
}

pub(in crate::ops) fn one_scalar(
    row: &'static Row,
    self_: *const aclTensor,
    other: *const aclScalar,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let inputs = [("self", call.input("self", self_)?)];
    let other = call.scalar("other", other)?;
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::Other(other), ("out", out), out_params)
}

pub(in crate::ops) fn scalar_first(
    row: &'static Row,
    self_: *const aclScalar,
    other: *const aclTensor,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let first = call.scalar("self", self_)?;
    let inputs = [("other", call.input("other", other)?)];
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::Other(first), ("out", out), out_params)
}

pub(in crate::ops) fn between(
    row: &'static Row,
    self_: *const aclTensor,
    end: *const aclTensor,
    weight: *const aclTensor,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let (own, end) = (call.input("self", self_)?, call.input("end", end)?);
    let inputs = [("self", own), ("end", end), ("weight", call.input("weight", weight)?)];
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::None, ("out", out), out_params)
}

pub(in crate::ops) fn in_place_between(
    row: &'static Row,
    self_ref: *const aclTensor,
    end: *const aclTensor,
    weight: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let (own, end) = (call.output("selfRef", self_ref)?, call.input("end", end)?);
    let inputs = [("selfRef", own), ("end", end), ("weight", call.input("weight", weight)?)];
    prepare(call, row, &inputs, Factor::None, ("selfRef", own), out_params)
}

pub(in crate::ops) fn in_place_scalar(
    row: &'static Row,
    self_ref: *const aclTensor,
    other: *const aclScalar,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let own = call.output("selfRef", self_ref)?;
    let other = call.scalar("other", other)?;
    prepare(call, row, &[("selfRef", own)], Factor::Other(other), ("selfRef", own), out_params)
}

pub(in crate::ops) fn one(row: &'static Row, self_: *const aclTensor, out: *const aclTensor, out_params: Out) -> Outcome {
    let mut call = Call::new(row.name);
    let inputs = [("self", call.input("self", self_)?)];
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::None, ("out", out), out_params)
}

pub(in crate::ops) fn one_input(row: &'static Row, input: *const aclTensor, out: *const aclTensor, out_params: Out) -> Outcome {
    let mut call = Call::new(row.name);
    let inputs = [("input", call.input("input", input)?)];
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::None, ("out", out), out_params)
}

pub(in crate::ops) fn same(
    row: &'static Row,
    out_param: &'static str,
    self_: *const aclTensor,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let own = call.input("self", self_)?;
    let out = call.output(out_param, out)?;
    check_dtype(row.name, "self", &own, row.takes)?;
    check_same_dtype(row.name, out_param, &out, "self", own.dtype)?;
    prepare(call, row, &[("self", own)], Factor::None, (out_param, out), out_params)
}

pub(in crate::ops) fn choice(
    row: &'static Row,
    condition: *const aclTensor,
    self_: *const aclTensor,
    other: *const aclTensor,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let condition = call.input(CONDITION, condition)?;
    check_dtype(row.name, CONDITION, &condition, &[ACL_BOOL, ACL_UINT8])?;
    let inputs = [("self", call.input("self", self_)?), ("other", call.input("other", other)?), (CONDITION, condition)];
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::None, ("out", out), out_params)
}

pub(in crate::ops) fn in_place(
    row: &'static Row,
    self_ref: *const aclTensor,
    other: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let own = call.output("selfRef", self_ref)?;
    let inputs = [("selfRef", own), ("other", call.input("other", other)?)];
    prepare(call, row, &inputs, Factor::None, ("selfRef", own), out_params)
}

pub(in crate::ops) fn in_place_one(row: &'static Row, self_ref: *const aclTensor, out_params: Out) -> Outcome {
    let mut call = Call::new(row.name);
    let own = call.output("selfRef", self_ref)?;
    prepare(call, row, &[("selfRef", own)], Factor::None, ("selfRef", own), out_params)
}

pub(in crate::ops) fn scaled(
    row: &'static Row,
    self_: *const aclTensor,
    other: *const aclScalar,
    alpha: *const aclScalar,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let inputs = [("self", call.input("self", self_)?)];
    let other = call.scalar("other", other)?.times(call.scalar("alpha", alpha)?);
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::Other(other), ("out", out), out_params)
}

pub(in crate::ops) fn in_place_scaled(
    row: &'static Row,
    self_ref: *const aclTensor,
    other: *const aclScalar,
    alpha: *const aclScalar,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let own = call.output("selfRef", self_ref)?;
    let other = call.scalar("other", other)?.times(call.scalar("alpha", alpha)?);
    prepare(call, row, &[("selfRef", own)], Factor::Other(other), ("selfRef", own), out_params)
}

pub(in crate::ops) fn fused(
    row: &'static Row,
    self_: *const aclTensor,
    tensor1: *const aclTensor,
    tensor2: *const aclTensor,
    value: *const aclScalar,
    out: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let (own, first) = (call.input("self", self_)?, call.input("tensor1", tensor1)?);
    let inputs = [("self", own), ("tensor1", first), ("tensor2", call.input("tensor2", tensor2)?)];
    let value = call.scalar("value", value)?;
    let out = call.output("out", out)?;
    prepare(call, row, &inputs, Factor::Alpha("value", value), ("out", out), out_params)
}

pub(in crate::ops) fn in_place_fused(
    row: &'static Row,
    self_ref: *const aclTensor,
    tensor1: *const aclTensor,
    tensor2: *const aclTensor,
    value: *const aclScalar,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let (own, first) = (call.output("selfRef", self_ref)?, call.input("tensor1", tensor1)?);
    let inputs = [("selfRef", own), ("tensor1", first), ("tensor2", call.input("tensor2", tensor2)?)];
    let value = call.scalar("value", value)?;
    prepare(call, row, &inputs, Factor::Alpha("value", value), ("selfRef", own), out_params)
}

pub(in crate::ops) fn masked_scalar(
    row: &'static Row,
    self_ref: *mut aclTensor,
    mask: *const aclTensor,
    value: *const aclScalar,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let (own, mask) = (call.output("selfRef", self_ref)?, call.input(MASK, mask)?);
    check_dtype(row.name, MASK, &mask, &[ACL_BOOL])?;
    let value = call.scalar("value", value)?;
    prepare(call, row, &[("selfRef", own), (MASK, mask)], Factor::Other(value), ("selfRef", own), out_params)
}

pub(in crate::ops) fn masked(
    row: &'static Row,
    self_ref: *mut aclTensor,
    mask: *const aclTensor,
    value: *const aclTensor,
    out_params: Out,
) -> Outcome {
    let mut call = Call::new(row.name);
    let (own, mask) = (call.output("selfRef", self_ref)?, call.input(MASK, mask)?);
    check_dtype(row.name, MASK, &mask, &[ACL_BOOL])?;
    let value = call.input("value", value)?;
    let one = value.numel() == 1;
    check!(one, ACLNN_ERR_PARAM_INVALID, "{}: value has shape {:?}; one element is needed", row.name, value.dims);
    let inputs = [("selfRef", own), ("value", value), (MASK, mask)];
    prepare(call, row, &inputs, Factor::None, ("selfRef", own), out_params)
}
