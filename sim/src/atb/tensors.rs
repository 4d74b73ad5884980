//! ATB's tensors: always row-major, with an address on the device, on the host, or both.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use crate::nn;
use crate::reject::{Outcome, check, reject};

/// What a tensor looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Desc {
    pub dtype: aclDataType,
    pub dims: Vec<usize>,
}

impl Desc {
    pub(super) fn new(dtype: aclDataType, dims: &[usize]) -> Desc {
        Desc { dtype, dims: dims.to_vec() }
    }

    pub(super) fn numel(&self) -> usize {
        self.dims.iter().product()
    }

    pub(super) fn bytes(&self) -> usize {
        self.numel() * self.dtype.size()
    }
}

/// A tensor that was given, its descriptor checked.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub desc: Desc,
    pub device: usize,
    host: usize,
    bytes: u64,
}

impl Given {
    /// A tensor of an operation's own, in its workspace.
    pub(super) fn scratch(desc: Desc, device: usize) -> Given {
        let bytes = desc.bytes() as u64;
        Given { desc, device, host: 0, bytes }
    }

    /// The same elements in another shape.
    pub(super) fn shaped(&self, dims: &[usize]) -> Given {
        Given { desc: Desc::new(self.desc.dtype, dims), ..self.clone() }
    }

    /// An `aclTensor` of it for the operators below.
    pub(super) fn handle(&self) -> Outcome<Handle> {
        let strides = row_major(&self.desc.dims);
        self.strided(&self.desc.dims, &strides)
    }

    /// An `aclTensor` of a matrix, its two dims exchanged.
    pub(super) fn transposed(&self) -> Outcome<Handle> {
        let (dims, strides) = (&self.desc.dims, row_major(&self.desc.dims));
        self.strided(&[dims[1], dims[0]], &[strides[1], strides[0]])
    }

    fn strided(&self, dims: &[usize], strides: &[i64]) -> Outcome<Handle> {
        let dims: Vec<i64> = dims.iter().map(|&d| d as i64).collect();
        let storage = [self.desc.numel() as i64];
        let (rank, data) = (dims.len() as u64, self.device as *mut c_void);
        nn::aclCreateTensor(dims.as_ptr(), rank, self.desc.dtype, strides.as_ptr(), 0, ACL_FORMAT_ND, storage.as_ptr(), 1, data)
            .map(Handle)
    }

    /// Lengths that are read on the host when an operation is set up.
    pub(super) fn lengths(&self, param: &str) -> Outcome<Vec<usize>> {
        check!(
            self.desc.dtype == ACL_INT32,
            ATB_INVALID_TENSOR_DTYPE,
            "{param} has dataType {}, int32 is needed",
            self.desc.dtype.0
        );
        check!(self.host != 0, ATB_INVALID_TENSOR_ADDR, "{param} has no hostData: its lengths are read on the host");
        let values = self.host as *const i32;
        let mut lengths = Vec::with_capacity(self.desc.numel());
        for i in 0..self.desc.numel() {
            // SAFETY: C's contract is that `hostData` holds the tensor's elements, whose number and type were checked.
            let length = unsafe { values.add(i).read_unaligned() };
            check!(length >= 0, ATB_INVALID_PARAM, "{param}[{i}] is {length}, a negative length");
            lengths.push(length as usize);
        }
        Ok(lengths)
    }

    /// What Execute checks of a tensor that Setup has seen.
    pub(super) fn check_memory(&self, param: &str) -> Outcome {
        let bytes = self.desc.bytes() as u64;
        check!(
            self.bytes == bytes,
            ATB_INVALID_PARAM,
            "{param} has dataSize {}, {:?} of dataType {} are {bytes} bytes",
            self.bytes,
            self.desc.dims,
            self.desc.dtype.0
        );
        check!(self.device != 0 || self.host != 0, ATB_INVALID_PARAM, "{param} has neither deviceData nor hostData");
        Ok(())
    }
}

fn row_major(dims: &[usize]) -> Vec<i64> {
    let mut strides = vec![1i64; dims.len()];
    for d in (1..dims.len()).rev() {
        strides[d - 1] = strides[d] * dims[d] as i64;
    }
    strides
}

/// An `aclTensor` for the time of a plan: operators copy descriptors.
pub(super) struct Handle(*mut aclTensor);

impl Handle {
    pub(super) fn raw(&self) -> *mut aclTensor {
        self.0
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Live: made above, destroyed here only.
        let _ = nn::aclDestroyTensor(self.0);
    }
}

/// Reads the tensors of a call; `what` is "inTensors" or "outTensors".
pub(super) fn read(what: &str, at: *const AtbTensor, count: u64) -> Outcome<Vec<Given>> {
    check!(count == 0 || !at.is_null(), ATB_INVALID_PARAM, "{what} is null with {count} tensors");
    check!(count <= 256, ATB_INVALID_TENSOR_NUM, "{what} has {count} tensors, at most 256 are taken");
    (0..count as usize)
        .map(|i| {
            // SAFETY: C's contract is an array of `count` tensors, not null as checked.
            let tensor = unsafe { at.add(i).read_unaligned() };
            given(&format!("{what}[{i}]"), &tensor)
        })
        .collect()
}

fn given(param: &str, tensor: &AtbTensor) -> Outcome<Given> {
    let rank = tensor.dim_num as usize;
    check!(
        (1..=ATB_MAX_DIM).contains(&rank),
        ATB_INVALID_TENSOR_DIM_NUM,
        "{param} has {rank} dims, 1 to {ATB_MAX_DIM} are taken"
    );
    let dtype = aclDataType(tensor.dtype);
    check!(dtype.size() > 0, ATB_INVALID_TENSOR_DTYPE, "{param} has dataType {}, which is no type of the simulator", dtype.0);
    check!(
        tensor.format == ACL_FORMAT_ND.0,
        ATB_INVALID_TENSOR_FORMAT,
        "{param} has format {}; the simulator takes ND ({})",
        tensor.format,
        ACL_FORMAT_ND.0
    );
    let mut dims = Vec::with_capacity(rank);
    for (i, &dim) in tensor.dims[..rank].iter().enumerate() {
        check!(dim > 0, ATB_INVALID_TENSOR_DIM, "{param} has {dim} in dim {i}, a positive number is needed");
        dims.push(dim as usize);
    }
    let desc = Desc { dtype, dims };
    Ok(Given { desc, device: tensor.device_data as usize, host: tensor.host_data as usize, bytes: tensor.data_size })
}

/// Writes the descriptors that an operation infers.
pub(super) fn write(descs: &[Desc], to: *mut AtbTensor, count: u64) -> Outcome {
    check!(
        count as usize == descs.len(),
        ATB_INVALID_TENSOR_NUM,
        "there is room for {count} outputs, the operation has {}",
        descs.len()
    );
    for (i, desc) in descs.iter().enumerate() {
        let mut tensor =
            AtbTensor { dtype: desc.dtype.0, format: ACL_FORMAT_ND.0, dim_num: desc.dims.len() as u64, ..AtbTensor::NONE };
        for (slot, &dim) in tensor.dims.iter_mut().zip(&desc.dims) {
            *slot = dim as i64;
        }
        // SAFETY: C's contract is an array of `count` tensors to write.
        unsafe { to.add(i).write_unaligned(tensor) };
    }
    Ok(())
}

/// The inputs' dtype is one of these.
pub(super) fn check_dtype(param: &str, desc: &Desc, among: &[aclDataType]) -> Outcome {
    if !among.contains(&desc.dtype) {
        let names: Vec<_> = among.iter().map(|dtype| dtype.name().unwrap_or("?")).collect();
        let given = desc.dtype.name().unwrap_or("?");
        reject!(ATB_INVALID_TENSOR_INI_MATCH, "{param} is {given}; the operation takes {}", names.join(", "))
    }
    Ok(())
}

/// A tensor looks as it must.
pub(super) fn check_is(param: &str, desc: &Desc, dtype: aclDataType, dims: &[usize]) -> Outcome {
    check_dtype(param, desc, &[dtype])?;
    check!(desc.dims == dims, ATB_INVALID_TENSOR_DIM, "{param} is {:?}, {dims:?} is needed", desc.dims);
    Ok(())
}

/// The floats that ATB computes in.
pub(super) const HALVES: &[aclDataType] = &[ACL_FLOAT16, ACL_BF16];
