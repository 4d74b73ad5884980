//! What operators' tests share: tensors over host memory behind real descriptors, read and written element by element with
//! code that shares nothing with the operators.

use std::cell::RefCell;
use std::ptr::{null, null_mut};

use ascend_rl_sys::types::*;
use half::{bf16, f16};

use crate::nn;
use crate::reject::Outcome;

/// A tensor over its own memory, with its descriptor. Values are f64: exact for all dtypes but large i64.
pub(crate) struct Array {
    memory: RefCell<Vec<u64>>,
    dtype: aclDataType,
    dims: Vec<i64>,
    strides: Vec<i64>,
    offset: i64,
    handle: *mut aclTensor,
}

impl Array {
    /// A contiguous tensor.
    pub(crate) fn new(dtype: aclDataType, dims: &[i64], values: impl IntoIterator<Item = f64>) -> Array {
        let mut strides = vec![1; dims.len()];
        for d in (1..dims.len()).rev() {
            strides[d - 1] = strides[d] * dims[d];
        }
        Array::strided(dtype, dims, &strides, 0, dims.iter().product(), values)
    }

    /// A view with `strides` from `offset` on over `storage` elements, which hold 7 where the view does not reach.
    pub(crate) fn strided(
        dtype: aclDataType,
        dims: &[i64],
        strides: &[i64],
        offset: i64,
        storage: i64,
        values: impl IntoIterator<Item = f64>,
    ) -> Array {
        let memory = RefCell::new(vec![0u64; (storage as usize * dtype.size()).div_ceil(8).max(1)]);
        let data = memory.borrow_mut().as_mut_ptr();
        let handle = nn::aclCreateTensor(
            dims.as_ptr(),
            dims.len() as u64,
            dtype,
            strides.as_ptr(),
            offset,
            ACL_FORMAT_ND,
            &storage,
            1,
            data.cast(),
        )
        .expect("a valid descriptor");
        let array = Array { memory, dtype, dims: dims.to_vec(), strides: strides.to_vec(), offset, handle };
        (0..storage as usize).for_each(|i| array.write(i, 7.0));
        let mut values = values.into_iter();
        for at in array.places() {
            array.write(at, values.next().expect("a value for each element"));
        }
        array
    }

    /// A tensor in any format over `bytes`, whose elements the test reads itself.
    pub(crate) fn described(
        dtype: aclDataType,
        dims: &[i64],
        strides: Option<&[i64]>,
        format: aclFormat,
        storage: &[i64],
        bytes: &[u8],
    ) -> Array {
        let mut words = vec![0u64; bytes.len().div_ceil(8).max(1)];
        for (i, byte) in bytes.iter().enumerate() {
            words[i / 8] |= (*byte as u64) << (i % 8 * 8);
        }
        let memory = RefCell::new(words);
        let data = memory.borrow_mut().as_mut_ptr();
        let handle = nn::aclCreateTensor(
            dims.as_ptr(),
            dims.len() as u64,
            dtype,
            strides.map_or(null(), |strides| strides.as_ptr()),
            0,
            format,
            storage.as_ptr(),
            storage.len() as u64,
            data.cast(),
        )
        .expect("a valid descriptor");
        Array { memory, dtype, dims: dims.to_vec(), strides: strides.unwrap_or_default().to_vec(), offset: 0, handle }
    }

    /// The memory, byte by byte.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.memory.borrow().iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// An output, full of 7s.
    pub(crate) fn out(dtype: aclDataType, dims: &[i64]) -> Array {
        Array::new(dtype, dims, std::iter::repeat(7.0))
    }

    pub(crate) fn handle(&self) -> *mut aclTensor {
        self.handle
    }

    /// The elements of the view, row-major.
    pub(crate) fn values(&self) -> Vec<f64> {
        self.places().into_iter().map(|at| self.read(at)).collect()
    }

    /// All of the storage.
    pub(crate) fn storage(&self) -> Vec<f64> {
        (0..self.memory.borrow().len() * 8 / self.dtype.size()).map(|at| self.read(at)).collect()
    }

    /// The storage index of each element of the view, row-major.
    fn places(&self) -> Vec<usize> {
        let n: i64 = self.dims.iter().product();
        let place = |mut index: i64| {
            let mut at = self.offset;
            for (&dim, &stride) in self.dims.iter().zip(&self.strides).rev() {
                at += index % dim * stride;
                index /= dim;
            }
            at as usize
        };
        (0..n).map(place).collect()
    }

    fn read(&self, at: usize) -> f64 {
        let memory = self.memory.borrow();
        let data = memory.as_ptr();
        // SAFETY: `at` is inside the storage that `strided` sized, in elements of `dtype`.
        unsafe {
            match self.dtype {
                ACL_FLOAT => data.cast::<f32>().add(at).read() as f64,
                ACL_BF16 => data.cast::<bf16>().add(at).read().to_f64(),
                ACL_FLOAT16 => data.cast::<f16>().add(at).read().to_f64(),
                ACL_INT64 => data.cast::<i64>().add(at).read() as f64,
                ACL_UINT64 => data.add(at).read() as f64,
                ACL_INT32 => data.cast::<i32>().add(at).read() as f64,
                ACL_INT16 => data.cast::<i16>().add(at).read() as f64,
                ACL_INT8 => data.cast::<i8>().add(at).read() as f64,
                ACL_UINT8 | ACL_BOOL => data.cast::<u8>().add(at).read() as f64,
                other => panic!("no test reads {other:?}"),
            }
        }
    }

    fn write(&self, at: usize, value: f64) {
        let mut memory = self.memory.borrow_mut();
        let data = memory.as_mut_ptr();
        // SAFETY: as in `read`.
        unsafe {
            match self.dtype {
                ACL_FLOAT => data.cast::<f32>().add(at).write(value as f32),
                ACL_DOUBLE => data.cast::<f64>().add(at).write(value),
                ACL_BF16 => data.cast::<bf16>().add(at).write(bf16::from_f32(value as f32)),
                ACL_FLOAT16 => data.cast::<f16>().add(at).write(f16::from_f32(value as f32)),
                ACL_INT64 => data.cast::<i64>().add(at).write(value as i64),
                ACL_UINT64 => data.add(at).write(value as u64),
                ACL_INT32 => data.cast::<i32>().add(at).write(value as i32),
                ACL_INT16 => data.cast::<i16>().add(at).write(value as i16),
                ACL_INT8 => data.cast::<i8>().add(at).write(value as i8),
                ACL_UINT8 | ACL_BOOL => data.cast::<u8>().add(at).write(value as u8),
                other => panic!("no test writes {other:?}"),
            }
        }
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        nn::aclDestroyTensor(self.handle).expect("a live tensor");
    }
}

/// A host scalar behind its descriptor.
pub(crate) struct Number(pub *mut aclScalar);

impl Number {
    pub(crate) fn float(mut value: f32) -> Number {
        Number(nn::aclCreateScalar((&raw mut value).cast(), ACL_FLOAT).expect("a scalar"))
    }

    pub(crate) fn int(mut value: i64) -> Number {
        Number(nn::aclCreateScalar((&raw mut value).cast(), ACL_INT64).expect("a scalar"))
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        nn::aclDestroyScalar(self.0).expect("a live scalar");
    }
}

/// A host array behind its descriptor.
pub(crate) struct Ints(pub *mut aclIntArray);

impl Ints {
    pub(crate) fn new(values: &[i64]) -> Ints {
        Ints(nn::aclCreateIntArray(values.as_ptr(), values.len() as u64).expect("an array"))
    }
}

impl Drop for Ints {
    fn drop(&mut self) {
        nn::aclDestroyIntArray(self.0).expect("a live array");
    }
}

/// Host flags behind their descriptor.
pub(crate) struct Flags(pub *mut aclBoolArray);

impl Flags {
    pub(crate) fn new(values: &[bool]) -> Flags {
        Flags(nn::aclCreateBoolArray(values.as_ptr(), values.len() as u64).expect("an array"))
    }
}

impl Drop for Flags {
    fn drop(&mut self) {
        nn::aclDestroyBoolArray(self.0).expect("a live array");
    }
}

/// A list of tensors that others own: it is given up, not destroyed, since it would destroy them too.
pub(crate) fn list(members: &[&Array]) -> *mut aclTensorList {
    let handles: Vec<*const aclTensor> = members.iter().map(|m| m.handle().cast_const()).collect();
    nn::aclCreateTensorList(handles.as_ptr(), handles.len() as u64).expect("a list")
}

/// A null list.
pub(crate) fn no_list() -> *mut aclTensorList {
    null_mut()
}

/// Both phases: plans with `phase_one(workspaceSize, executor)` and runs what it planned.
pub(crate) fn run(phase_one: impl FnOnce(*mut u64, *mut *mut aclOpExecutor) -> Outcome) -> Outcome {
    let (mut workspace, mut executor) = (1, null_mut());
    phase_one(&mut workspace, &mut executor)?;
    assert_eq!(workspace, 0, "operators of the simulator need no workspace");
    let planned = nn::EXECUTORS.remove(executor as usize).expect("an executor").planned;
    planned.work.run();
    Ok(())
}

/// The code of a refusal, and that its text names `operator` and `what`.
pub(crate) fn refusal(outcome: Outcome, operator: &str, what: &str) -> i32 {
    let reject = outcome.expect_err("a refusal");
    assert!(reject.text.starts_with(&format!("{operator}: ")) && reject.text.contains(what), "{}", reject.text);
    reject.code
}

/// A null tensor.
pub(crate) fn nothing() -> *const aclTensor {
    null()
}

/// The value of each element of `shape`, row-major, by its indices.
pub(crate) fn by_index(shape: &[i64], mut value: impl FnMut(&[i64]) -> f64) -> Vec<f64> {
    let n: i64 = shape.iter().product();
    let mut indices = vec![0; shape.len()];
    let at = |mut element: i64| {
        for (index, &dim) in indices.iter_mut().zip(shape).rev() {
            *index = element % dim;
            element /= dim;
        }
        value(&indices)
    };
    (0..n).map(at).collect()
}

/// The number of the element at `indices` of a row-major `shape`.
pub(crate) fn element(shape: &[i64], indices: &[i64]) -> usize {
    shape.iter().zip(indices).fold(0, |element, (&dim, &index)| element * dim + index) as usize
}

/// Numbers in [-1, 1), the same for the same seed.
pub(crate) fn noise(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f64 / (1u64 << 23) as f64 - 1.0
    })
}

/// Asserts `|got - want| <= relative * |want| + absolute` for each; NaN and infinities must agree.
pub(crate) fn assert_close(got: &[f64], want: &[f64], relative: f64, absolute: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        let same = g == w || g.is_nan() && w.is_nan() || (g - w).abs() <= relative * w.abs() + absolute;
        assert!(same, "element {i}: {g:e}, not {w:e}");
    }
}
