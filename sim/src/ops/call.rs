//! How a body of phase one reads its arguments, and how it ends.

use std::ffi::{CStr, c_char};

use ascend_rl_sys::types::*;

use super::weight::{Weight, of_fractals};
use crate::dump;
use crate::hccl::joint::Stage;
use crate::nn::tensor::{Described, Tensor};
use crate::reject::{Outcome, reject};

/// Memory that an operation touches, for the checks at enqueue time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    /// The parameter, for messages.
    pub param: &'static str,
    pub start: usize,
    pub bytes: usize,
    pub write: bool,
}

/// A host scalar: all dtypes widen into one of these without loss (u64 above i64::MAX does not occur).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar {
    Float(f64),
    Int(i64),
    Bool(bool),
}

impl Scalar {
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Scalar::Float(v) => v,
            Scalar::Int(v) => v as f64,
            Scalar::Bool(v) => v as u8 as f64,
        }
    }
}

impl Scalar {
    /// A product: of integers where both are, else of floats.
    pub(crate) fn times(self, other: Scalar) -> Scalar {
        match (self, other) {
            (Scalar::Float(_), _) | (_, Scalar::Float(_)) => Scalar::Float(self.as_f64() * other.as_f64()),
            (a, b) => Scalar::Int((a.as_f64() as i64).wrapping_mul(b.as_f64() as i64)),
        }
    }
}

/// The work of a planned operator, a closure. `Fn`, since a repeatable executor runs many times; a trait of ours, since `dyn Fn`
/// would have each compiled twice more, as `FnMut` and `FnOnce`.
pub(crate) trait Work: Send + Sync {
    fn run(&self);
}

impl<F: Fn() + Send + Sync> Work for F {
    fn run(&self) {
        self()
    }
}

/// What phase one makes and phase two enqueues.
pub(crate) struct Planned {
    /// The operator, "aclnnMm".
    pub name: &'static str,
    pub regions: Vec<Region>,
    /// Tensors by the regions that they are, for dumps; none unless operators are dumped.
    pub described: Vec<(usize, Tensor)>,
    pub work: Box<dyn Work>,
    /// What it does with other ranks instead, in this order.
    pub together: Vec<Stage>,
    /// Bytes of the workspace that it needs.
    pub scratch: usize,
}

impl Planned {
    /// An operator of one rank.
    pub(crate) fn alone(name: &'static str, regions: Vec<Region>, work: impl Fn() + Send + Sync + 'static) -> Planned {
        Planned { name, regions, described: Vec::new(), work: Box::new(work), together: Vec::new(), scratch: 0 }
    }
}

/// The arguments of one call of phase one.
pub(crate) struct Call {
    name: &'static str,
    regions: Vec<Region>,
    described: Vec<(usize, Tensor)>,
}

impl Call {
    /// The operator, "aclnnMm".
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// `name` is the operator's, without `GetWorkspaceSize`.
    pub(crate) fn new(name: &'static str) -> Call {
        Call { name, regions: Vec::with_capacity(6), described: Vec::new() }
    }

    /// A tensor that is read.
    pub(crate) fn input(&mut self, param: &'static str, handle: *const aclTensor) -> Outcome<Tensor> {
        self.tensor(param, handle, false)
    }

    /// A tensor that is written (or read and written).
    pub(crate) fn output(&mut self, param: &'static str, handle: *const aclTensor) -> Outcome<Tensor> {
        self.tensor(param, handle, true)
    }

    /// A tensor that is read where there is one.
    pub(crate) fn optional_input(&mut self, param: &'static str, handle: *const aclTensor) -> Outcome<Option<Tensor>> {
        if handle.is_null() { Ok(None) } else { self.input(param, handle).map(Some) }
    }

    /// An optional parameter of CANN's operator that this simulator does not implement: only null is taken.
    pub(crate) fn absent<T>(&self, param: &'static str, handle: *const T) -> Outcome {
        if !handle.is_null() {
            reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{}: {param} is not supported by the simulator; pass null", self.name)
        }
        Ok(())
    }

    /// The text of a C string parameter ("TND").
    pub(crate) fn text(&self, param: &'static str, text: *const c_char) -> Outcome<String> {
        if text.is_null() {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: {param} is null", self.name)
        }
        // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
        Ok(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    }

    fn tensor(&mut self, param: &'static str, handle: *const aclTensor, write: bool) -> Outcome<Tensor> {
        if handle.is_null() {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: {param} is null", self.name)
        }
        let tensor = crate::nn::resolve_tensor(handle, self.name, param)?;
        self.touches(param, &tensor, write);
        Ok(tensor)
    }

    /// Memory that a tensor is.
    fn touches(&mut self, param: &'static str, tensor: &Tensor, write: bool) {
        if dump::wanted() {
            self.described.push((self.regions.len(), *tensor));
        }
        self.regions.push(Region { param, start: tensor.data as usize, bytes: tensor.span_bytes(), write });
    }

    /// The weight of a product, which may be in the cube's own layout.
    pub(crate) fn weight(&mut self, param: &'static str, handle: *const aclTensor) -> Outcome<Weight> {
        self.weight_as(param, handle, |described| described)
    }

    /// The same of an operator that takes the dims of the fractals for those of the matrices.
    pub(crate) fn weight_of_fractals(&mut self, param: &'static str, handle: *const aclTensor) -> Outcome<Weight> {
        self.weight_as(param, handle, of_fractals)
    }

    fn weight_as(&mut self, param: &'static str, handle: *const aclTensor, read: fn(Described) -> Described) -> Outcome<Weight> {
        if handle.is_null() {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: {param} is null", self.name)
        }
        let described = read(crate::nn::resolve_described(handle, self.name, param)?);
        let weight = Weight::new(self.name, param, described)?;
        self.regions.push(weight.region(param));
        Ok(weight)
    }

    /// A list of weights.
    pub(crate) fn weights(&mut self, param: &'static str, handle: *const aclTensorList) -> Outcome<Vec<Weight>> {
        if handle.is_null() {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: {param} is null", self.name)
        }
        let described = crate::nn::resolve_described_list(handle, self.name, param)?;
        let weights: Vec<Weight> = described.into_iter().map(|d| Weight::new(self.name, param, d)).collect::<Outcome<_>>()?;
        self.regions.extend(weights.iter().map(|weight| weight.region(param)));
        Ok(weights)
    }

    /// Memory that the operation writes, as no tensor describes it.
    pub(crate) fn writes(&mut self, param: &'static str, start: usize, bytes: usize) {
        self.regions.push(Region { param, start, bytes, write: true });
    }

    /// A required scalar.
    pub(crate) fn scalar(&self, param: &'static str, handle: *const aclScalar) -> Outcome<Scalar> {
        if handle.is_null() {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: {param} is null", self.name)
        }
        crate::nn::resolve_scalar(handle, self.name, param)
    }

    /// The numbers of a host list.
    pub(crate) fn scalars(&self, param: &'static str, handle: *const aclScalarList) -> Outcome<Vec<Scalar>> {
        if handle.is_null() {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: {param} is null", self.name)
        }
        crate::nn::resolve_scalar_list(handle, self.name, param)
    }

    /// A host array; null gives `None`.
    pub(crate) fn int_array(&self, param: &'static str, handle: *const aclIntArray) -> Outcome<Option<Vec<i64>>> {
        if handle.is_null() { Ok(None) } else { crate::nn::resolve_int_array(handle, self.name, param).map(Some) }
    }

    /// A host array of flags.
    pub(crate) fn bool_array(&self, param: &'static str, handle: *const aclBoolArray) -> Outcome<Vec<bool>> {
        if handle.is_null() {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: {param} is null", self.name)
        }
        crate::nn::resolve_bool_array(handle, self.name, param)
    }

    /// A tensor that is written where there is one.
    pub(crate) fn optional_output(&mut self, param: &'static str, handle: *const aclTensor) -> Outcome<Option<Tensor>> {
        if handle.is_null() { Ok(None) } else { self.output(param, handle).map(Some) }
    }

    /// A list that the simulator does not implement: only null and an empty one are taken.
    pub(crate) fn absent_list(&self, param: &'static str, handle: *const aclTensorList) -> Outcome {
        if !handle.is_null() && !crate::nn::resolve_tensor_list(handle, self.name, param)?.is_empty() {
            reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{}: {param} is not supported by the simulator; pass null", self.name)
        }
        Ok(())
    }

    /// The tensors of a list that is read where there is one, and none where it is null.
    pub(crate) fn optional_list(&mut self, param: &'static str, handle: *const aclTensorList) -> Outcome<Vec<Tensor>> {
        if handle.is_null() { Ok(Vec::new()) } else { self.list(param, handle, false) }
    }

    /// The tensors of a list that is read (`write` false) or written.
    pub(crate) fn list(&mut self, param: &'static str, handle: *const aclTensorList, write: bool) -> Outcome<Vec<Tensor>> {
        if handle.is_null() {
            reject!(ACLNN_ERR_PARAM_NULLPTR, "{}: {param} is null", self.name)
        }
        let tensors = crate::nn::resolve_tensor_list(handle, self.name, param)?;
        tensors.iter().for_each(|tensor| self.touches(param, tensor, write));
        Ok(tensors)
    }

    /// Ends phase one: no workspace, an executor that will run `work`. Null out-parameters are 161001.
    pub(crate) fn finish(
        self,
        workspace_size: *mut u64,
        executor: *mut *mut aclOpExecutor,
        work: impl Fn() + Send + Sync + 'static,
    ) -> Outcome {
        self.end(workspace_size, executor, Box::new(work))
    }

    /// [`Call::finish`] of any closure.
    fn end(self, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor, work: Box<dyn Work>) -> Outcome {
        let Call { name, regions, described } = self;
        let planned = Planned { name, regions, described, work, together: Vec::new(), scratch: 0 };
        crate::nn::hand_over(planned, workspace_size, executor)
    }

    /// Ends phase one of an operator that ranks do together, with `scratch` bytes of workspace. Without a stage there is nothing
    /// to do, as for some empty tensors.
    pub(crate) fn finish_together(
        self,
        workspace_size: *mut u64,
        executor: *mut *mut aclOpExecutor,
        stages: Vec<Stage>,
        scratch: usize,
    ) -> Outcome {
        let Call { name, regions, described } = self;
        let planned = Planned { name, regions, described, work: Box::new(|| ()), together: stages, scratch };
        crate::nn::hand_over(planned, workspace_size, executor)
    }
}
