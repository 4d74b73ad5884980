//! From row-major memory to FRACTAL_NZ and back: `aclnnTransMatmulWeight`, `aclnnNpuFormatCast`, and what they need room for.
//! Of the formats that `aclnnNpuFormatCast` knows these two are here; the others are refused by name.

use std::ffi::c_int;

use ascend_rl_sys::types::*;

use super::call::Call;
use super::dtypes::*;
use super::element::with_bits;
use super::view::View;
use super::weight::{Nz, Weight};
use crate::nn::tensor::{Described, Tensor};
use crate::reject::{Outcome, check, reject};

/// Formats that operators read as row-major.
const BASE: &[aclFormat] = &[ACL_FORMAT_ND, ACL_FORMAT_NCHW, ACL_FORMAT_NHWC, ACL_FORMAT_NCDHW, ACL_FORMAT_NDHWC, ACL_FORMAT_NCL];

/// The weight as its view has it, a transposed one turned, becomes FRACTAL_NZ in its own memory; its descriptor says so at once.
pub(crate) fn aclnnTransMatmulWeightGetWorkspaceSize(
    mm_weight_ref: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnTransMatmulWeight";
    const PARAM: &str = "mmWeightRef";
    let mut call = Call::new(NAME);
    let described = describe(NAME, PARAM, mm_weight_ref)?;
    let t = described.tensor;
    check_dtype(NAME, PARAM, &t, &[ACL_FLOAT16, ACL_BF16, ACL_INT8])?;
    let format = described.format.0;
    check!(described.format == ACL_FORMAT_ND, ACLNN_ERR_PARAM_INVALID, "{NAME}: {PARAM} has format {format}; ND is needed");
    check_dims(NAME, PARAM, &t)?;
    let offset = described.offset;
    check!(offset == 0, ACL_ERROR_FEATURE_UNSUPPORTED, "{NAME}: {PARAM} begins at element {offset}; the simulator takes 0");
    let nz = Nz::new(t.dtype, &t.dims, t.data);
    call.writes(PARAM, t.data as usize, nz.bytes().max(t.span_bytes()));
    let view = View::new(&t);
    call.finish(ws, executor, move || nz.pack(row_major(&view).bytes()))?;
    crate::nn::set_format(mm_weight_ref, ACL_FORMAT_FRACTAL_NZ, Nz::storage(t.dtype, &t.dims));
    Ok(())
}

/// `dstTensor` is `srcTensor` in its own format.
pub(crate) fn aclnnNpuFormatCastGetWorkspaceSize(
    src_tensor: *const aclTensor,
    dst_tensor: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnNpuFormatCast";
    let mut call = Call::new(NAME);
    let (from, to) = (describe(NAME, "srcTensor", src_tensor)?, describe(NAME, "dstTensor", dst_tensor)?);
    let formats = [from.format, to.format].map(|format| format == ACL_FORMAT_FRACTAL_NZ);
    for (param, described, is_nz) in [("srcTensor", from, formats[0]), ("dstTensor", to, formats[1])] {
        let format = described.format.0;
        check!(
            is_nz || BASE.contains(&described.format),
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{NAME}: {param} has format {format}; the simulator takes FRACTAL_NZ and the base formats"
        );
        check_dtype(NAME, param, &described.tensor, CASTS)?;
        check_dims(NAME, param, &described.tensor)?;
        let strides = described.tensor.strides;
        let plain = described.tensor.is_contiguous();
        check!(plain, ACLNN_ERR_PARAM_INVALID, "{NAME}: {param} has strides {strides:?}; a contiguous tensor is needed");
    }
    check!(
        formats[0] != formats[1],
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: srcTensor has format {} and dstTensor {}; the simulator casts to FRACTAL_NZ and back",
        from.format.0,
        to.format.0
    );
    check_same_dtype(NAME, "dstTensor", &to.tensor, "srcTensor", from.tensor.dtype)?;
    check_shape(NAME, "dstTensor", &to.tensor, &from.tensor.dims)?;
    if formats[1] {
        call.input("srcTensor", src_tensor)?;
        // Its storage dims are checked there.
        Weight::new(NAME, "dstTensor", to)?;
        let nz = Nz::new(to.tensor.dtype, &to.tensor.dims, to.tensor.data);
        call.writes("dstTensor", to.tensor.data as usize, nz.bytes());
        let view = View::new(&from.tensor);
        return call.finish(ws, executor, move || nz.pack(row_major(&view).bytes()));
    }
    let weight = call.weight("srcTensor", src_tensor)?;
    let out = View::new(&call.output("dstTensor", dst_tensor)?);
    call.finish(ws, executor, move || {
        let plain = weight.plain();
        let all = row_major(&View::new(&plain.tensor));
        // SAFETY: as many bytes as the output has, which is contiguous and was promised by C.
        unsafe { all.bytes().as_ptr().copy_to_nonoverlapping(out.data(), all.bytes().len()) }
    })
}

const CASTS: &[aclDataType] = &[ACL_INT8, ACL_UINT8, ACL_INT32, ACL_UINT32, ACL_FLOAT, ACL_FLOAT16, ACL_BF16];

/// The elements of a view, row-major.
struct RowMajor {
    memory: Vec<u64>,
    len: usize,
}

impl RowMajor {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the vector holds as many bytes at least, all of them written.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().cast(), self.len) }
    }
}

fn row_major(view: &View) -> RowMajor {
    let (n, size) = (view.numel(), view.dtype.size());
    let mut memory = vec![0u64; (n * size).div_ceil(8)];
    with_bits!(size, B => {
        // SAFETY: the vector holds `n` elements of that size, aligned as u64 is.
        let room = unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast::<std::mem::MaybeUninit<B>>(), n) };
        view.read::<B>(0, room);
    });
    RowMajor { memory, len: n * size }
}

fn describe(name: &str, param: &str, tensor: *const aclTensor) -> Outcome<Described> {
    check!(!tensor.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{name}: {param} is null");
    crate::nn::resolve_described(tensor, name, param)
}

fn check_dims(name: &str, param: &str, t: &Tensor) -> Outcome {
    check!(
        (2..=6).contains(&t.rank()) && t.numel() > 0,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: {param} has shape {:?}; 2 to 6 dims, none of 0, are taken",
        t.dims
    );
    Ok(())
}

/// Elements of a weight of halves in FRACTAL_NZ.
pub(crate) fn aclnnCalculateMatmulWeightSize(tensor_shape: *const aclIntArray, weight_tensor_size: *mut u64) -> Outcome {
    weight_size("aclnnCalculateMatmulWeightSize", tensor_shape, ACL_FLOAT16, 0, weight_tensor_size)
}

/// The same of a dtype.
pub(crate) fn aclnnCalculateMatmulWeightSizeV2(
    tensor_shape: *const aclIntArray,
    data_type: aclDataType,
    weight_tensor_size: *mut u64,
) -> Outcome {
    const NAME: &str = "aclnnCalculateMatmulWeightSizeV2";
    let given = name(data_type);
    check!(
        matches!(data_type, ACL_FLOAT16 | ACL_BF16 | ACL_INT8),
        ACLNN_ERR_PARAM_INVALID,
        "{NAME}: dataType is {given}; f16, bf16 and int8 are taken"
    );
    weight_size(NAME, tensor_shape, data_type, 1, weight_tensor_size)
}

fn weight_size(name: &str, shape: *const aclIntArray, dtype: aclDataType, smallest: i64, size: *mut u64) -> Outcome {
    check!(!shape.is_null(), ACLNN_ERR_PARAM_NULLPTR, "{name}: tensorShape is null");
    let dims = crate::nn::resolve_int_array(shape, name, "tensorShape")?;
    check!(
        (2..=6).contains(&dims.len()) && dims.iter().all(|&dim| dim >= smallest),
        ACLNN_ERR_PARAM_INVALID,
        "{name}: tensorShape is {dims:?}; 2 to 6 dims of {smallest} or more are taken"
    );
    let dims: Vec<usize> = dims.into_iter().map(|dim| dim as usize).collect();
    crate::nn::give("weightTensorSize", size, Nz::storage(dtype, &dims).product() as u64)
}

/// Storage dims and format of a tensor in another format.
pub(crate) fn aclnnNpuFormatCastCalculateSizeAndFormat(
    src_tensor: *const aclTensor,
    dst_format: c_int,
    additional_dtype: c_int,
    dst_shape: *mut *mut i64,
    dst_shape_size: *mut u64,
    actual_format: *mut c_int,
) -> Outcome {
    const NAME: &str = "aclnnNpuFormatCastCalculateSizeAndFormat";
    let from = describe(NAME, "srcTensor", src_tensor)?;
    for (param, is_null) in
        [("dstShape", dst_shape.is_null()), ("dstShapeSize", dst_shape_size.is_null()), ("actualFormat", actual_format.is_null())]
    {
        check!(!is_null, ACLNN_ERR_PARAM_NULLPTR, "{NAME}: {param} is null");
    }
    check_dtype(NAME, "srcTensor", &from.tensor, CASTS)?;
    check_dims(NAME, "srcTensor", &from.tensor)?;
    let dtype = from.tensor.dtype;
    check!(
        additional_dtype == -1 || aclDataType(additional_dtype).size() == dtype.size(),
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "{NAME}: additionalDtype is {additional_dtype}; the simulator takes -1 and dtypes as wide as srcTensor's"
    );
    let format = aclFormat(dst_format);
    let dims = match (from.format == ACL_FORMAT_FRACTAL_NZ, format) {
        (false, ACL_FORMAT_FRACTAL_NZ) if BASE.contains(&from.format) => Nz::storage(dtype, &from.tensor.dims),
        (true, format) if BASE.contains(&format) => from.tensor.dims,
        _ => reject!(
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{NAME}: dstFormat is {dst_format}, of a srcTensor in format {}; the simulator casts to FRACTAL_NZ and back",
            from.format.0
        ),
    };
    let dims: Vec<i64> = dims.iter().map(|&dim| dim as i64).collect();
    crate::nn::give_array(["dstShape", "dstShapeSize"], &dims, dst_shape, dst_shape_size)?;
    crate::nn::give("actualFormat", actual_format, dst_format)
}

#[cfg(test)]
mod tests;
