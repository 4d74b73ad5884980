//! The calls into ATB's C face: the one file of this room with `unsafe`.
//!
//! Tensors are views that were checked: at home on the context's stream, in one piece. Execute enqueues there, so the queue
//! orders the work on them, as it does for operators.

use std::ptr::{self, NonNull};

use ascend_rl_sys::types::*;

use super::Context;
use crate::acl::Stream;
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, View, ViewMut};

/// The function of a name, or the error that names what is missing.
macro_rules! function {
    ($stream:expr, $name:ident) => {{
        let s: &$crate::acl::Stream = $stream;
        s.api().atb.$name.ok_or_else(|| s.device().cann().missing(stringify!($name)))
    }};
}

/// An ATB context; it lives as long as the stream that its work is queued on.
pub(super) struct RawContext<'s> {
    stream: &'s Stream,
    raw: NonNull<std::ffi::c_void>,
}

impl<'s> RawContext<'s> {
    pub(super) fn new(stream: &'s Stream) -> Result<RawContext<'s>> {
        let create = function!(stream, ascend_atb_context_create)?;
        let set_stream = function!(stream, ascend_atb_context_set_stream)?;
        let mut raw = ptr::null_mut();
        // SAFETY: `raw` outlives the call.
        stream.plan("ascend_atb_context_create", || unsafe { create(&mut raw) })?;
        let Some(raw) = NonNull::new(raw) else {
            return Err(Error::new(ErrorKind::Device, "ATB made a context that is null"));
        };
        let context = RawContext { stream, raw };
        // SAFETY: the context was just made; the stream outlives it, by the borrow.
        stream.hand_over("ascend_atb_context_set_stream", |to| unsafe { set_stream(context.raw.as_ptr(), to) })?;
        Ok(context)
    }

    pub(super) fn stream(&self) -> &'s Stream {
        self.stream
    }
}

impl Drop for RawContext<'_> {
    /// Waits: kernels that are queued read the context's memory. What failed is told to the stream's next wait.
    fn drop(&mut self) {
        if let Err(error) = self.stream.synchronize() {
            self.stream.device().defer(error);
        }
        if let Ok(destroy) = function!(self.stream, ascend_atb_context_destroy) {
            // SAFETY: made by `new`, destroyed once; nothing queued uses it any more.
            let destroyed = self.stream.plan("ascend_atb_context_destroy", || unsafe { destroy(self.raw.as_ptr()) });
            destroyed.unwrap_or_else(|error| self.stream.device().defer(error));
        }
    }
}

/// An operation as ATB knows it.
pub(super) struct Operation<'c> {
    context: &'c Context<'c>,
    raw: NonNull<std::ffi::c_void>,
    name: &'static str,
    /// What the last Setup saw, and the workspace it asked for. `None` before, and where host lengths took part.
    seen: Option<Vec<AtbTensor>>,
    workspace: u64,
}

/// An input: on the device, or lengths that ATB reads on the host.
pub(super) enum Input<'a> {
    Device(&'static str, View<'a>),
    Lengths(&'a [i32]),
}

/// Makes the operation of a row and a struct: `make!(context, "RmsNorm", ascend_atb_rms_norm, &param)`.
macro_rules! make {
    ($context:expr, $name:literal, $function:ident, $param:expr) => {{
        let context: &$crate::atb::Context<'_> = $context;
        let param = $param;
        $crate::atb::call::function!(context.stream(), $function).and_then(|create| {
            // SAFETY: the struct is the row's, and it and what it points to live for the call, as `param` borrows them; ATB
            // copies what it keeps.
            $crate::atb::call::Operation::new(context, $name, stringify!($function), |out| unsafe { create(&param, out) })
        })
    }};
}
pub(super) use {function, make};

impl<'c> Operation<'c> {
    pub(super) fn new(
        context: &'c Context<'c>,
        name: &'static str,
        call: &'static str,
        create: impl FnOnce(*mut AtbOperation) -> i32,
    ) -> Result<Operation<'c>> {
        let mut raw = ptr::null_mut();
        context.stream().plan(call, || create(&mut raw)).map_err(|error| error.context(name))?;
        let raw = NonNull::new(raw).ok_or_else(|| Error::new(ErrorKind::Device, format!("{name}: ATB made none")))?;
        Ok(Operation { context, raw, name, seen: None, workspace: 0 })
    }

    pub(super) fn stream(&self) -> &'c Stream {
        self.context.stream()
    }

    /// The handle, for a graph in the making.
    pub(super) fn raw(&self) -> AtbOperation {
        self.raw.as_ptr()
    }

    /// A graph owns the operation from now on, and destroys it.
    pub(super) fn given_away(self) {
        std::mem::forget(self);
    }

    /// The shapes and dtypes of the outputs for these inputs.
    pub(super) fn infer(&self, inputs: &[Input<'_>], outputs: usize) -> Result<Vec<(Vec<usize>, DType)>> {
        let infer = function!(self.stream(), ascend_atb_operation_infer_shape)?;
        let inputs = inputs.iter().map(|input| self.tensor(input)).collect::<Result<Vec<_>>>()?;
        let mut found = vec![AtbTensor::NONE; outputs];
        self.stream().plan("ascend_atb_operation_infer_shape", || {
            // SAFETY: the operation is alive; arrays of that many tensors outlive the call.
            unsafe { infer(self.raw.as_ptr(), inputs.as_ptr(), inputs.len() as u64, found.as_mut_ptr(), outputs as u64) }
        })?;
        let shaped = |tensor: &AtbTensor| {
            let rank = (tensor.dim_num as usize).min(ATB_MAX_DIM);
            let dtype = DType::from_acl(aclDataType(tensor.dtype));
            let dtype = dtype.ok_or_else(|| Error::new(ErrorKind::DType, format!("{}: dtype {}", self.name, tensor.dtype)))?;
            Ok((tensor.dims[..rank].iter().map(|&dim| dim.max(0) as usize).collect(), dtype))
        };
        found.iter().map(shaped).collect()
    }

    /// Sets the operation up where shapes changed, and enqueues it. Outputs that are inputs too stand in both.
    pub(super) fn run(&mut self, inputs: &[Input<'_>], outputs: &[(&'static str, View<'_>)]) -> Result<()> {
        let ins = inputs.iter().map(|input| self.tensor(input)).collect::<Result<Vec<_>>>()?;
        let outs = outputs.iter().map(|(arg, view)| self.device(arg, view)).collect::<Result<Vec<_>>>()?;
        let shapes: Vec<AtbTensor> = ins.iter().chain(&outs).copied().collect();
        if !self.seen.as_deref().is_some_and(|seen| same_shapes(seen, &shapes)) {
            self.set_up(&ins, &outs)?;
            let lengths = inputs.iter().any(|input| matches!(input, Input::Lengths(_)));
            self.seen = (!lengths).then_some(shapes);
        }
        let execute = function!(self.stream(), ascend_atb_operation_execute)?;
        let workspace = self.stream().workspace(self.workspace as usize)?;
        let (raw, context) = (self.raw.as_ptr(), self.context.raw().raw.as_ptr());
        // Communication on a device is issued one call at a time, whoever issues it.
        let _lane = self.stream().device().lane();
        let queued = self.stream().enqueue("ascend_atb_operation_execute", |_| {
            // SAFETY: operation and context are alive; the arrays outlive the call, and the tensors are views at home on the
            // context's stream; the workspace has the size that Setup asked for, and what is queued behind may reuse it.
            unsafe {
                let (n_in, n_out) = (ins.len() as u64, outs.len() as u64);
                execute(raw, ins.as_ptr(), n_in, outs.as_ptr(), n_out, workspace, self.workspace, context)
            }
        });
        queued.map_err(|error| error.context(self.name))
    }

    fn set_up(&mut self, ins: &[AtbTensor], outs: &[AtbTensor]) -> Result<()> {
        let setup = function!(self.stream(), ascend_atb_operation_setup)?;
        let (raw, context) = (self.raw.as_ptr(), self.context.raw().raw.as_ptr());
        self.seen = None;
        let mut bytes = 0;
        let done = self.stream().plan("ascend_atb_operation_setup", || {
            // SAFETY: operation and context are alive; the arrays, what host lengths they point to, and `bytes` outlive the
            // call.
            unsafe { setup(raw, ins.as_ptr(), ins.len() as u64, outs.as_ptr(), outs.len() as u64, &mut bytes, context) }
        });
        done.map_err(|error| error.context(self.name))?;
        self.workspace = bytes;
        Ok(())
    }

    fn tensor(&self, input: &Input<'_>) -> Result<AtbTensor> {
        match input {
            Input::Device(arg, view) => self.device(arg, view),
            Input::Lengths(lengths) => {
                let mut tensor = describe(&[lengths.len()], DType::I32, self.name, "lengths")?;
                tensor.host_data = lengths.as_ptr().cast_mut().cast();
                Ok(tensor)
            }
        }
    }

    fn device(&self, arg: &'static str, view: &View<'_>) -> Result<AtbTensor> {
        if view.storage.home != self.stream().id() {
            // The name is put together only where it is needed: this is the hot path.
            self.stream().check_home(&format!("{}: {arg}", self.name), view.storage.home)?;
        }
        if !view.is_contiguous() {
            let text = format!("{}: {arg} is a view with gaps {:?}; ATB takes tensors in one piece", self.name, view.layout());
            return Err(Error::new(ErrorKind::Shape, text));
        }
        let mut tensor = describe(view.shape(), view.dtype(), self.name, arg)?;
        let address = view.storage.address + view.layout().offset() * view.dtype().size();
        tensor.device_data = std::ptr::without_provenance_mut(address);
        Ok(tensor)
    }
}

impl Drop for Operation<'_> {
    /// Waits, as the context does: what is queued may read the operation's memory.
    fn drop(&mut self) {
        let s = self.stream();
        if let Err(error) = s.synchronize() {
            s.device().defer(error);
        }
        if let Ok(destroy) = function!(s, ascend_atb_operation_destroy) {
            // SAFETY: made by `new`, destroyed once; nothing queued uses it any more.
            let destroyed = s.plan("ascend_atb_operation_destroy", || unsafe { destroy(self.raw.as_ptr()) });
            destroyed.unwrap_or_else(|error| s.device().defer(error));
        }
    }
}

/// A view of an output, to describe it.
pub(super) fn out<'a>(view: &'a ViewMut<'_>) -> View<'a> {
    view.as_view()
}

fn describe(shape: &[usize], dtype: DType, name: &str, arg: &str) -> Result<AtbTensor> {
    if shape.is_empty() || shape.contains(&0) {
        return Err(Error::new(ErrorKind::Shape, format!("{name}: {arg} is {shape:?}; ATB takes 1 to 8 dims, none of them 0")));
    }
    let mut tensor = AtbTensor {
        dtype: dtype.to_acl().0,
        format: ACL_FORMAT_ND.0,
        dim_num: shape.len() as u64,
        data_size: (shape.iter().product::<usize>() * dtype.size()) as u64,
        ..AtbTensor::NONE
    };
    for (slot, &dim) in tensor.dims.iter_mut().zip(shape) {
        *slot = dim as i64;
    }
    Ok(tensor)
}

fn same_shapes(a: &[AtbTensor], b: &[AtbTensor]) -> bool {
    let shape = |t: &AtbTensor| (t.dtype, t.dims, t.dim_num);
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| shape(a) == shape(b))
}
