//! What the copy engine does besides copying: reductions, and hints to the cache.

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::copy::on_this_device;
use super::{not_null, stream};
use crate::engine::{Stream, Task};
use crate::hccl::reduce::{Fold, reduce};
use crate::memory::Place;
use crate::parallel::Share;
use crate::reject::{Outcome, check, reject};

/// Memory of the stream's device.
fn local(stream: &Stream, param: &str, address: usize, bytes: usize) -> Outcome {
    let place = Place::of(param, address, bytes)?;
    check!(
        matches!(place, Place::Device(_)),
        ACL_ERROR_RT_PARAM_INVALID,
        "{param} is {}: memory of the stream's device is needed",
        place.name()
    );
    on_this_device(stream, param, &place)
}

/// `dst = dst op src`. The types are those of the A2 and A3 series.
pub(crate) fn aclrtReduceAsync(
    dst: *mut c_void,
    src: *const c_void,
    count: u64,
    kind: aclrtReduceKind,
    dtype: aclDataType,
    stream: aclrtStream,
    reserve: *mut c_void,
) -> Outcome {
    not_null("dst", dst)?;
    not_null("src", src)?;
    check!(count > 0, ACL_ERROR_INVALID_PARAM, "count is 0");
    check!(reserve.is_null(), ACL_ERROR_INVALID_PARAM, "reserve is not null");
    let op = match kind {
        ACL_RT_MEMCPY_SDMA_AUTOMATIC_SUM => HCCL_REDUCE_SUM,
        ACL_RT_MEMCPY_SDMA_AUTOMATIC_MAX => HCCL_REDUCE_MAX,
        ACL_RT_MEMCPY_SDMA_AUTOMATIC_MIN => HCCL_REDUCE_MIN,
        other => reject!(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "kind is {}: sum (10), max (11) and min (12) are reduced", other.0),
    };
    let as_hccl = match dtype {
        ACL_INT8 => HCCL_DATA_TYPE_INT8,
        ACL_INT16 => HCCL_DATA_TYPE_INT16,
        ACL_INT32 => HCCL_DATA_TYPE_INT32,
        ACL_FLOAT16 => HCCL_DATA_TYPE_FP16,
        ACL_BF16 => HCCL_DATA_TYPE_BFP16,
        ACL_FLOAT => HCCL_DATA_TYPE_FP32,
        other => reject!(
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "type is {}: int8, int16, int32, float16, bfloat16 and float are reduced on this chip",
            other.name().unwrap_or("no type")
        ),
    };
    let (bytes, size) = (count as usize, dtype.size());
    let (dst, src) = (dst as usize, src as usize);
    check!(bytes.is_multiple_of(size), ACL_ERROR_RT_PARAM_INVALID, "count is {bytes} bytes, an element has {size}");
    for (param, address) in [("dst", dst), ("src", src)] {
        check!(address.is_multiple_of(size), ACL_ERROR_RT_ADDR_UNALIGNED, "{param} {address:#x} is not aligned to {size} bytes");
    }
    let stream = stream::resolve(stream)?;
    local(&stream, "dst", dst, bytes)?;
    local(&stream, "src", src, bytes)?;
    check!(
        dst == src || dst.abs_diff(src) >= bytes,
        ACL_ERROR_RT_PARAM_INVALID,
        "dst {dst:#x} and src {src:#x} overlap within {bytes} bytes"
    );
    let fold = Fold { src: vec![dst, src], dst: vec![dst], count: bytes / size };
    let folds = [fold];
    stream.enqueue(Task::Work("aclrtReduceAsync", Arc::new(move || reduce(&folds, as_hccl, op, Share::ALL))))
}

/// The simulator has no cache of its own to fill: the hint keeps its place in the queue and does nothing.
pub(crate) fn aclrtCmoAsync(src: *mut c_void, size: usize, kind: aclrtCmoType, stream: aclrtStream) -> Outcome {
    not_null("src", src)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    check!(
        kind == ACL_RT_CMO_TYPE_PREFETCH,
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "cmoType is {}: only ACL_RT_CMO_TYPE_PREFETCH (0) is taken on this chip",
        kind.0
    );
    let stream = stream::resolve(stream)?;
    local(&stream, "src", src as usize, size)?;
    stream.enqueue(Task::Work("aclrtCmoAsync", Arc::new(|| {})))
}
