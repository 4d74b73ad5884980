//! The two-phase call of CANN's operators: the one file of this room with `unsafe`.
//!
//! Phase one plans on the host (checks, workspace size, executor), phase two enqueues and consumes the executor.
//! Descriptors live until phase two has returned, as CANN demands. The workspace comes from the stream's arena: the next
//! operator may reuse the same bytes, because it is queued behind.

use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::ptr::{null, null_mut};

use ascend_rl_sys::types::*;
use ascend_rl_sys::{Api, RunOperator};

use crate::acl::{Device, Stream};
use crate::error::Result;
use crate::sys::check;
use crate::tensor::{DType, Desc, DescList};

/// An argument of phase one: what Rust holds, and what C takes. Only this file implements it, for types whose C form is
/// valid as long as they live.
pub(crate) trait Arg: Sized {
    type C;
    fn c(&self) -> Self::C;
    /// What must outlive an executor that runs many times. Numbers and names that live for ever need nothing.
    fn keep(self) -> Option<KeptArg> {
        None
    }
}

impl Arg for Desc<'_> {
    type C = *mut aclTensor;
    fn c(&self) -> *mut aclTensor {
        self.raw()
    }
    fn keep(self) -> Option<KeptArg> {
        let kept = KeptArg::Tensor { raw: self.raw(), address: self.address(), is_output: self.is_output() };
        std::mem::forget(self);
        Some(kept)
    }
}

impl Arg for DescList<'_> {
    type C = *const aclTensorList;
    fn c(&self) -> *const aclTensorList {
        self.raw()
    }
    fn keep(self) -> Option<KeptArg> {
        let kept = KeptArg::List(self.raw());
        std::mem::forget(self);
        Some(kept)
    }
}

impl Arg for Option<DescList<'_>> {
    type C = *const aclTensorList;
    fn c(&self) -> *const aclTensorList {
        self.as_ref().map_or(null(), DescList::raw)
    }
    fn keep(self) -> Option<KeptArg> {
        self.and_then(Arg::keep)
    }
}

/// A list that is written: CANN declares it so in some operators.
pub(crate) struct OutList<'a>(pub DescList<'a>);
impl Arg for OutList<'_> {
    type C = *mut aclTensorList;
    fn c(&self) -> *mut aclTensorList {
        self.0.raw().cast_mut()
    }
    fn keep(self) -> Option<KeptArg> {
        self.0.keep()
    }
}

/// A list that is left out, read or written.
pub(crate) struct NoList;
impl Arg for NoList {
    type C = *const aclTensorList;
    fn c(&self) -> *const aclTensorList {
        null()
    }
}
pub(crate) struct NoOutList;
impl Arg for NoOutList {
    type C = *mut aclTensorList;
    fn c(&self) -> *mut aclTensorList {
        null_mut()
    }
}

/// A tensor parameter that is left out.
pub(crate) struct NoTensor;
impl Arg for NoTensor {
    type C = *mut aclTensor;
    fn c(&self) -> *mut aclTensor {
        null_mut()
    }
}

impl Arg for Option<Desc<'_>> {
    type C = *mut aclTensor;
    fn c(&self) -> *mut aclTensor {
        self.as_ref().map_or(null_mut(), Desc::raw)
    }
    fn keep(self) -> Option<KeptArg> {
        self.and_then(Arg::keep)
    }
}

/// An array parameter that is left out, as most operators declare it and as some do.
pub(crate) struct NoArray;
impl Arg for NoArray {
    type C = *const aclIntArray;
    fn c(&self) -> *const aclIntArray {
        null()
    }
}
pub(crate) struct NoMutArray;
impl Arg for NoMutArray {
    type C = *mut aclIntArray;
    fn c(&self) -> *mut aclIntArray {
        null_mut()
    }
}

macro_rules! plain_args {
    ($($ty:ty),*) => { $( impl Arg for $ty { type C = $ty; fn c(&self) -> $ty { *self } } )* };
}
plain_args!(i8, i32, i64, u64, f32, f64, bool);

impl Arg for DType {
    type C = aclDataType;
    fn c(&self) -> aclDataType {
        self.to_acl()
    }
}

/// A string parameter. CANN declares it writable and never writes it.
impl Arg for &'static CStr {
    type C = *mut c_char;
    fn c(&self) -> *mut c_char {
        self.as_ptr().cast_mut()
    }
}

/// A string that lives for the call.
pub(crate) struct Text<'a>(pub &'a CStr);
impl Arg for Text<'_> {
    type C = *const c_char;
    fn c(&self) -> *const c_char {
        self.0.as_ptr()
    }
}

/// A host scalar.
pub(crate) struct Scalar<'a> {
    raw: *mut aclScalar,
    api: &'a Api,
}

impl<'a> Scalar<'a> {
    /// In f32: a double would promote the other operands.
    pub(crate) fn float(s: &'a Stream, value: f64) -> Scalar<'a> {
        let mut value = value as f32;
        Scalar::new(s, (&raw mut value).cast(), ACL_FLOAT)
    }

    /// In i64 for integer operands, else in f32: of the kind of the operands, so that it changes nothing of the promotion.
    pub(crate) fn of_kind(s: &'a Stream, dtype: DType, value: f64) -> Scalar<'a> {
        if dtype.is_float() {
            return Scalar::float(s, value);
        }
        let mut value = value as i64;
        Scalar::new(s, (&raw mut value).cast(), ACL_INT64)
    }

    fn new(s: &'a Stream, value: *mut c_void, dtype: aclDataType) -> Scalar<'a> {
        let api = s.api();
        // SAFETY: both callers point to a local of that dtype, which lives for the call; CANN copies it.
        let raw = unsafe { (api.nn.aclCreateScalar)(value, dtype) };
        Scalar { raw, api }
    }
}

impl Arg for Scalar<'_> {
    type C = *const aclScalar;
    fn c(&self) -> *const aclScalar {
        self.raw
    }
    fn keep(self) -> Option<KeptArg> {
        let kept = KeptArg::Scalar(self.raw);
        std::mem::forget(self);
        Some(kept)
    }
}

impl Drop for Scalar<'_> {
    fn drop(&mut self) {
        // SAFETY: made by aclCreateScalar, destroyed once; null is fine.
        unsafe { (self.api.nn.aclDestroyScalar)(self.raw) };
    }
}

/// A host array of `int64_t`, read by CANN during phase one.
pub(crate) struct IntArray<'a> {
    raw: *mut aclIntArray,
    api: &'a Api,
    _values: PhantomData<&'a [i64]>,
}

impl<'a> IntArray<'a> {
    pub(crate) fn new(s: &'a Stream, values: &[i64]) -> IntArray<'a> {
        let api = s.api();
        // SAFETY: an array of that many numbers for the call; CANN copies it.
        let raw = unsafe { (api.nn.aclCreateIntArray)(values.as_ptr(), values.len() as u64) };
        IntArray { raw, api, _values: PhantomData }
    }
}

impl Arg for IntArray<'_> {
    type C = *const aclIntArray;
    fn c(&self) -> *const aclIntArray {
        self.raw
    }
    fn keep(self) -> Option<KeptArg> {
        let kept = KeptArg::IntArray(self.raw);
        std::mem::forget(self);
        Some(kept)
    }
}

impl Drop for IntArray<'_> {
    fn drop(&mut self) {
        // SAFETY: made by aclCreateIntArray, destroyed once; null is fine.
        unsafe { (self.api.nn.aclDestroyIntArray)(self.raw) };
    }
}

/// A host array of flags, read by CANN during phase one.
pub(crate) struct BoolArray<'a> {
    raw: *mut aclBoolArray,
    destroy: unsafe extern "C" fn(*const aclBoolArray) -> aclnnStatus,
    _api: PhantomData<&'a Api>,
}

impl<'a> BoolArray<'a> {
    pub(crate) fn new(s: &'a Stream, values: &[bool]) -> Result<BoolArray<'a>> {
        let (nn, cann) = (&s.api().nn, s.device().cann());
        let create = nn.aclCreateBoolArray.ok_or_else(|| cann.missing("aclCreateBoolArray"))?;
        let destroy = nn.aclDestroyBoolArray.ok_or_else(|| cann.missing("aclDestroyBoolArray"))?;
        // SAFETY: an array of that many flags for the call; CANN copies it.
        let raw = unsafe { create(values.as_ptr(), values.len() as u64) };
        Ok(BoolArray { raw, destroy, _api: PhantomData })
    }
}

impl Arg for BoolArray<'_> {
    type C = *const aclBoolArray;
    fn c(&self) -> *const aclBoolArray {
        self.raw
    }
    fn keep(self) -> Option<KeptArg> {
        let kept = KeptArg::BoolArray(self.raw, self.destroy);
        std::mem::forget(self);
        Some(kept)
    }
}

impl Drop for BoolArray<'_> {
    fn drop(&mut self) {
        // SAFETY: made by aclCreateBoolArray, destroyed once; null is fine.
        unsafe { (self.destroy)(self.raw) };
    }
}

/// Elements of memory that a weight of this shape needs in FRACTAL_NZ.
pub(crate) fn nz_elements(s: &Stream, shape: &[usize], dtype: DType) -> Result<usize> {
    const NAME: &str = "aclnnCalculateMatmulWeightSizeV2";
    let size = s.api().ops_host.aclnnCalculateMatmulWeightSizeV2.ok_or_else(|| s.device().cann().missing(NAME))?;
    let dims: Vec<i64> = shape.iter().map(|&dim| dim as i64).collect();
    let (dims, mut elements) = (IntArray::new(s, &dims), 0);
    // bf16 is as wide as f16, and the header of 8.1 does not name it.
    let dtype = if dtype == DType::BF16 { DType::F16 } else { dtype };
    // SAFETY: the array is alive, and `elements` outlives the call, which enqueues nothing.
    s.plan(NAME, || unsafe { size(dims.c(), dtype.to_acl(), &raw mut elements) })?;
    Ok(elements as usize)
}

/// What phase one gave.
pub(crate) struct Plan {
    pub workspace_bytes: u64,
    pub executor: *mut aclOpExecutor,
}

/// Phase one: binds the device and runs `plan`.
pub(crate) fn phase_one(
    s: &Stream,
    name: &'static str,
    plan: impl FnOnce(*mut u64, *mut *mut aclOpExecutor) -> i32,
) -> Result<Plan> {
    let mut out = Plan { workspace_bytes: 0, executor: null_mut() };
    s.plan(name, || plan(&raw mut out.workspace_bytes, &raw mut out.executor))?;
    Ok(out)
}

/// Phase two: a workspace from the stream's arena, and the call that enqueues.
pub(crate) fn phase_two(s: &Stream, name: &'static str, run: RunOperator, plan: Plan) -> Result<()> {
    let bytes = plan.workspace_bytes as usize;
    let workspace = match s.workspace(bytes) {
        Ok(workspace) => workspace,
        Err(error) => {
            // SAFETY: phase two will not consume it.
            unsafe { (s.api().nn.aclDestroyAclOpExecutor)(plan.executor) };
            return Err(error);
        }
    };
    // SAFETY: the executor came from this operator's phase one, and the workspace has the size it asked for and lives in
    // the stream's arena, whose bytes are reused only by what is queued behind.
    s.enqueue_bound(name, |raw| unsafe { run(workspace, plan.workspace_bytes, plan.executor, raw) })
}

/// An argument of an operator that runs many times.
pub(crate) enum KeptArg {
    Tensor { raw: *mut aclTensor, address: usize, is_output: bool },
    List(*const aclTensorList),
    Scalar(*mut aclScalar),
    IntArray(*mut aclIntArray),
    BoolArray(*mut aclBoolArray, unsafe extern "C" fn(*const aclBoolArray) -> aclnnStatus),
}

/// An operator that was planned once and is enqueued many times.
pub(crate) struct Step {
    name: &'static str,
    run: RunOperator,
    plan: Plan,
    args: Vec<KeptArg>,
    device: Device,
}

// SAFETY: the handles are only given back to CANN, from the one thread that has the stream that they are enqueued on.
unsafe impl Send for Step {}
// SAFETY: as above: what a shared reference can do takes that stream.
unsafe impl Sync for Step {}

/// Instead of phase two, in a repeat: makes the executor repeatable and keeps it with its arguments.
#[cold]
pub(crate) fn keep(s: &Stream, name: &'static str, run: RunOperator, plan: Plan, args: Vec<KeptArg>) -> Result<()> {
    let step = Step { name, run, plan, args, device: s.device().clone() };
    // SAFETY: the executor came from phase one a moment ago.
    let code = unsafe { (s.api().nn.aclSetAclOpExecutorRepeatable)(step.plan.executor) };
    check(s.api(), "aclSetAclOpExecutorRepeatable", code).map_err(|error| error.context(format!("{name} cannot be repeated")))?;
    s.keep(Box::new(step));
    Ok(())
}

impl Step {
    pub(crate) fn enqueue(&self, s: &Stream) -> Result<()> {
        let bytes = self.plan.workspace_bytes;
        let workspace = s.workspace(bytes as usize)?;
        // SAFETY: as in `phase_two`; the executor is repeatable, its arguments are kept, and the hold of the repeat that this
        // is part of keeps the memory that they describe.
        s.enqueue(self.name, |raw| unsafe { (self.run)(workspace, bytes, self.plan.executor, raw) })
    }

    /// Arguments that are read from, or written to, the storage at `from` are at `to` from now on: how many there are.
    pub(crate) fn rebind(&mut self, is_output: bool, from: usize, to: usize) -> Result<usize> {
        let (nn, cann) = (&self.device.cann().api().nn, self.device.cann());
        let (set, name) = match is_output {
            false => (nn.aclSetInputTensorAddr, "aclSetInputTensorAddr"),
            true => (nn.aclSetOutputTensorAddr, "aclSetOutputTensorAddr"),
        };
        let set = set.ok_or_else(|| cann.missing(name))?;
        let (executor, mut index, mut found) = (self.plan.executor, 0, 0);
        for arg in &mut self.args {
            let KeptArg::Tensor { raw, address, is_output: side } = arg else { continue };
            if *side != is_output {
                continue;
            }
            if *address == from {
                // SAFETY: the executor is repeatable and the tensor one of its arguments; the caller's views say that memory of
                // the same layout is at `to`.
                self.device.call(name, || unsafe { set(executor, index, *raw, to as *mut c_void) })?;
                *address = to;
                found += 1;
            }
            index += 1;
        }
        Ok(found)
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let nn = &self.device.cann().api().nn;
        // SAFETY: made by phase one, repeatable or never run, destroyed once; what is queued does not need it. Then its
        // arguments, each once. Failures would leave a few bytes of host memory.
        unsafe {
            (nn.aclDestroyAclOpExecutor)(self.plan.executor);
            for arg in &self.args {
                match *arg {
                    KeptArg::Tensor { raw, .. } => (nn.aclDestroyTensor)(raw),
                    KeptArg::List(raw) => (nn.aclDestroyTensorList)(raw),
                    KeptArg::Scalar(raw) => (nn.aclDestroyScalar)(raw),
                    KeptArg::IntArray(raw) => (nn.aclDestroyIntArray)(raw),
                    KeptArg::BoolArray(raw, destroy) => destroy(raw),
                };
            }
        }
    }
}

/// `aclnn!(s, aclnnMm(a, b, out, 0i8))`: both phases of one operator. Each argument is an [`Arg`] and lives until phase two
/// has returned.
macro_rules! aclnn {
    ($s:expr, $op:ident ( $($args:tt)* )) => {{
        let s: &$crate::acl::Stream = $s;
        aclnn!(@bind s $op [] $($args)*)
    }};
    // One binding after another; each `arg` is another variable, by hygiene.
    (@bind $s:ident $op:ident [$($bound:ident)*] $head:expr $(, $($rest:tt)*)?) => {{
        let arg = $head;
        aclnn!(@bind $s $op [$($bound)* arg] $($($rest)*)?)
    }};
    (@bind $s:ident $op:ident [$($bound:ident)*]) => {{
        match $s.api().ops.$op {
            None => Err($s.device().cann().missing(stringify!($op))),
            Some(op) => {
                // SAFETY: the arguments have the C types of the row in `opapi_symbols!` and live until the end of this
                // block, which phase two has returned by; both out-pointers are valid for the call.
                let plan = $crate::ops::call::phase_one($s, stringify!($op), |bytes, executor| unsafe {
                    (op.plan)($($crate::ops::call::Arg::c(&$bound),)* bytes, executor)
                });
                plan.and_then(|plan| {
                    if $s.is_repeating() {
                        let args = [$($crate::ops::call::Arg::keep($bound)),*];
                        return $crate::ops::call::keep($s, stringify!($op), op.run, plan, args.into_iter().flatten().collect());
                    }
                    $crate::ops::call::phase_two($s, stringify!($op), op.run, plan)
                })
            }
        }
    }};
}
