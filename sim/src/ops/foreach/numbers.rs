//! The numbers that an operator on lists takes beside them.

use ascend_rl_sys::types::*;

use crate::nn::tensor::Tensor;
use crate::ops::call::{Call, Scalar};
use crate::ops::dtypes::*;
use crate::ops::element::Lane;
use crate::ops::rows::all;
use crate::ops::view::View;
use crate::reject::{Outcome, check};

/// A number that all tensors share: from the host, or on the device, where it is read when the operation runs. Or one for each.
pub(super) struct Number {
    param: &'static str,
    source: Source,
}

enum Source {
    Host(Scalar),
    Device(Tensor),
    Hosts(Vec<Scalar>),
    Devices(Tensor),
}

impl Number {
    /// For what takes none.
    pub(super) fn none() -> Number {
        Number { param: "", source: Source::Host(Scalar::Int(0)) }
    }

    pub(super) fn host(call: &Call, param: &'static str, handle: *const aclScalar) -> Outcome<Number> {
        Ok(Number { param, source: Source::Host(call.scalar(param, handle)?) })
    }

    pub(super) fn device(call: &mut Call, param: &'static str, handle: *const aclTensor) -> Outcome<Number> {
        let t = call.input(param, handle)?;
        let name = call.name();
        check!(t.numel() == 1, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has shape {:?}; one element is needed", t.dims);
        Ok(Number { param, source: Source::Device(t) })
    }

    /// One for each tensor, from the host. How many there are is checked with the lists.
    pub(super) fn hosts(call: &Call, param: &'static str, handle: *const aclScalarList) -> Outcome<Number> {
        Ok(Number { param, source: Source::Hosts(call.scalars(param, handle)?) })
    }

    /// One for each tensor, on the device.
    pub(super) fn devices(call: &mut Call, param: &'static str, handle: *const aclTensor) -> Outcome<Number> {
        Ok(Number { param, source: Source::Devices(call.input(param, handle)?) })
    }

    /// Whether they go with `count` tensors, of integers or of floats.
    pub(super) fn check(&self, name: &str, of_integers: bool, count: usize) -> Outcome {
        let param = self.param;
        let given = match &self.source {
            Source::Host(scalar) => check_scalar(name, param, *scalar, of_integers).map(|()| count)?,
            Source::Hosts(scalars) => {
                scalars.iter().try_for_each(|scalar| check_scalar(name, param, *scalar, of_integers))?;
                scalars.len()
            }
            Source::Device(t) => {
                check_dtype(name, param, t, if of_integers { &[ACL_INT32] } else { &[ACL_FLOAT, ACL_FLOAT16] })?;
                count
            }
            Source::Devices(t) => {
                check_dtype(name, param, t, if of_integers { &[ACL_INT32] } else { FLOATS })?;
                t.numel()
            }
        };
        check!(
            given == count,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: there are {given} numbers; one for each of {count} tensors is needed"
        );
        Ok(())
    }

    /// As many as there are tensors.
    pub(super) fn get<T: Lane>(&self, n: usize) -> Vec<T> {
        match &self.source {
            Source::Host(scalar) => vec![lane(*scalar); n],
            Source::Device(t) => vec![all::<T>(&View::new(t))[0]; n],
            Source::Hosts(scalars) => scalars.iter().map(|scalar| lane(*scalar)).collect(),
            Source::Devices(t) => all(&View::new(t)),
        }
    }
}

/// Integers go with integers; a float does not fit there.
fn check_scalar(name: &str, param: &str, scalar: Scalar, of_integers: bool) -> Outcome {
    let fits = !of_integers || matches!(scalar, Scalar::Int(_));
    check!(fits, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {scalar:?}; an integer is needed with lists of integers");
    Ok(())
}

fn lane<T: Lane>(scalar: Scalar) -> T {
    match scalar {
        Scalar::Float(value) => T::load(value as f32),
        Scalar::Int(value) => T::load(value),
        Scalar::Bool(value) => T::load(i64::from(value)),
    }
}
