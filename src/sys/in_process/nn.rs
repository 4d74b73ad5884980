//! Descriptors of tensors, and two operators: a copy that converts, and a fill.

use super::world::{World, fail, misuse, with};
use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;
use half::{bf16, f16};
use std::ffi::c_void;

/// What an `aclTensor` points to.
#[derive(Clone)]
struct Tensor {
    dims: Vec<i64>,
    strides: Vec<i64>,
    offset: i64,
    dtype: aclDataType,
    address: usize,
}

/// What an `aclOpExecutor` points to.
struct Executor {
    out: Tensor,
    from: Source,
}

enum Source {
    Tensor(Tensor),
    Value(Value),
}

/// An element. Integers have one of their own, since a double has not all of them.
#[derive(Clone, Copy)]
enum Value {
    Float(f64),
    Integer(i64),
}

impl Value {
    fn float(self) -> f64 {
        match self {
            Value::Float(value) => value,
            Value::Integer(value) => value as f64,
        }
    }

    fn integer(self) -> i64 {
        match self {
            Value::Float(value) => value as i64,
            Value::Integer(value) => value,
        }
    }

    fn read(bytes: &[u8], dtype: aclDataType) -> Value {
        fn of<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> T {
            bytemuck::pod_read_unaligned(bytes)
        }
        match dtype {
            ACL_FLOAT => Value::Float(of::<f32>(bytes).into()),
            ACL_FLOAT16 => Value::Float(of::<f16>(bytes).into()),
            ACL_BF16 => Value::Float(of::<bf16>(bytes).into()),
            ACL_INT64 => Value::Integer(of(bytes)),
            ACL_INT32 => Value::Integer(of::<i32>(bytes).into()),
            ACL_INT16 => Value::Integer(of::<i16>(bytes).into()),
            ACL_INT8 => Value::Integer(of::<i8>(bytes).into()),
            ACL_UINT8 | ACL_BOOL => Value::Integer(of::<u8>(bytes).into()),
            _ => misuse("a dtype that the table of the tests does not know"),
        }
    }

    fn write(self, bytes: &mut [u8], dtype: aclDataType) {
        match dtype {
            ACL_FLOAT => bytes.copy_from_slice(&(self.float() as f32).to_ne_bytes()),
            ACL_FLOAT16 => bytes.copy_from_slice(&f16::from_f64(self.float()).to_ne_bytes()),
            ACL_BF16 => bytes.copy_from_slice(&bf16::from_f64(self.float()).to_ne_bytes()),
            ACL_BOOL => bytes[0] = (self.float() != 0.0).into(),
            _ => bytes.copy_from_slice(&self.integer().to_ne_bytes()[..bytes.len()]),
        }
    }
}

impl Tensor {
    /// # Safety
    /// A live tensor.
    unsafe fn of(tensor: *const aclTensor) -> Tensor {
        // SAFETY: the caller's promise; made below.
        unsafe { (*tensor.cast::<Tensor>()).clone() }
    }

    /// Where each element is, in the order of the dims.
    fn addresses(&self) -> Vec<usize> {
        let mut places = vec![self.offset];
        for (dim, stride) in self.dims.iter().zip(&self.strides) {
            places = places.iter().flat_map(|place| (0..*dim).map(move |i| place + i * stride)).collect();
        }
        places.into_iter().map(|place| self.address + place as usize * self.dtype.size()).collect()
    }

    fn read(&self, world: &mut World) -> Vec<Value> {
        let size = self.dtype.size();
        self.addresses().into_iter().map(|at| Value::read(world.bytes(at, size), self.dtype)).collect()
    }
}

impl Executor {
    fn run(self) {
        let places = self.out.addresses();
        with(|world| {
            let values = match self.from {
                Source::Tensor(tensor) => tensor.read(world),
                Source::Value(value) => vec![value; places.len()],
            };
            if values.len() != places.len() {
                misuse("a copy between shapes that differ");
            }
            for (at, value) in places.into_iter().zip(values) {
                value.write(world.bytes(at, self.out.dtype.size()), self.out.dtype);
            }
        });
    }
}

pub(super) unsafe extern "C" fn aclCreateTensor(
    view_dims: *const i64,
    rank: u64,
    dtype: aclDataType,
    strides: *const i64,
    offset: i64,
    _: aclFormat,
    _: *const i64,
    _: u64,
    data: *mut c_void,
) -> *mut aclTensor {
    // SAFETY: the caller's arrays.
    let (dims, strides) = unsafe {
        let rank = rank as usize;
        (std::slice::from_raw_parts(view_dims, rank).to_vec(), std::slice::from_raw_parts(strides, rank).to_vec())
    };
    Box::into_raw(Box::new(Tensor { dims, strides, offset, dtype, address: data.addr() })).cast()
}

pub(super) unsafe extern "C" fn aclDestroyTensor(tensor: *const aclTensor) -> aclnnStatus {
    // SAFETY: made above, destroyed once.
    drop(unsafe { Box::from_raw(tensor.cast_mut().cast::<Tensor>()) });
    0
}

pub(super) unsafe extern "C" fn aclCreateScalar(value: *mut c_void, dtype: aclDataType) -> *mut aclScalar {
    // SAFETY: the caller's value of that dtype.
    let bytes = unsafe { std::slice::from_raw_parts(value.cast::<u8>(), dtype.size()) };
    Box::into_raw(Box::new(Value::read(bytes, dtype))).cast()
}

pub(super) unsafe extern "C" fn aclDestroyScalar(scalar: *const aclScalar) -> aclnnStatus {
    // SAFETY: made above, destroyed once.
    drop(unsafe { Box::from_raw(scalar.cast_mut().cast::<Value>()) });
    0
}

pub(super) unsafe extern "C" fn aclDestroyAclOpExecutor(executor: *mut aclOpExecutor) -> aclnnStatus {
    // SAFETY: made by phase one, destroyed once.
    drop(unsafe { Box::from_raw(executor.cast::<Executor>()) });
    0
}

/// # Safety
/// Both are valid.
unsafe fn planned(plan: Executor, workspace_size: *mut u64, executor: *mut *mut aclOpExecutor) -> aclnnStatus {
    // SAFETY: the caller's promise. Some workspace, so that its way is tested too.
    unsafe { (*workspace_size, *executor) = (64, Box::into_raw(Box::new(plan)).cast()) };
    0
}

pub(super) unsafe extern "C" fn plan_copy(
    out: *mut aclTensor,
    from: *const aclTensor,
    workspace_size: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> aclnnStatus {
    // SAFETY: the caller's tensors and out-parameters.
    unsafe { planned(Executor { out: Tensor::of(out), from: Source::Tensor(Tensor::of(from)) }, workspace_size, executor) }
}

pub(super) unsafe extern "C" fn plan_fill(
    out: *mut aclTensor,
    value: *const aclScalar,
    workspace_size: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> aclnnStatus {
    // SAFETY: the caller's tensor, scalar and out-parameters.
    unsafe { planned(Executor { out: Tensor::of(out), from: Source::Value(*value.cast::<Value>()) }, workspace_size, executor) }
}

pub(super) unsafe extern "C" fn run(
    workspace: *mut c_void,
    workspace_size: u64,
    executor: *mut aclOpExecutor,
    stream: aclrtStream,
) -> aclnnStatus {
    // SAFETY: made by phase one, consumed here.
    let executor = unsafe { Box::from_raw(executor.cast::<Executor>()) };
    if workspace_size != 64 || workspace.is_null() {
        return fail(ACLNN_ERR_PARAM_INVALID, "not the workspace that was asked for");
    }
    let workspace = workspace.addr();
    let task = move || {
        with(|world| world.bytes(workspace, 64).fill(0x5a));
        executor.run();
    };
    with(|world| world.enqueue(stream, Box::new(task)))
}
