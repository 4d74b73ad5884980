//! What a call's arguments must be, with HCCL's codes: null is `HCCL_E_PTR`, a wrong value `HCCL_E_PARA`, a type that is not
//! reduced `HCCL_E_NOT_SUPPORT`.

use std::ffi::c_void;
use std::ops::Range;
use std::sync::Arc;

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::comm::Comm;
use crate::acl::stream;
use crate::engine::Stream;
use crate::memory::Place;
use crate::reject::{Outcome, Reject, check, reject};

/// Refuses a null pointer.
pub(super) fn not_null<T>(param: &str, pointer: *const T) -> Outcome {
    check!(!pointer.is_null(), HCCL_E_PTR, "{param} is null");
    Ok(())
}

/// Writes an out-parameter that [`not_null`] has seen.
pub(super) fn give<T>(pointer: *mut T, value: T) {
    // SAFETY: not null as checked, and C's contract is that it points to a variable of this type.
    unsafe { pointer.write_unaligned(value) }
}

/// What the runtime below refuses, in HCCL's codes: a wrong stream is a parameter, the rest is the runtime's.
pub(super) fn runtime(refusal: Reject) -> Reject {
    let code = match refusal.code {
        ACL_ERROR_RT_STREAM_CONTEXT | ACL_ERROR_RT_INVALID_HANDLE | ACL_ERROR_RT_INVALID_DEVICEID => HCCL_E_PARA,
        _ => HCCL_E_RUNTIME,
    };
    Reject { code, text: format!("{} (runtime error {})", refusal.text, refusal.code) }
}

/// A stream of the current context, on the device of `comm`. HCCL knows no default stream.
pub(super) fn stream_of(comm: &Comm, stream: aclrtStream) -> Outcome<Arc<Stream>> {
    not_null("stream", stream)?;
    let stream = stream::resolve(stream).map_err(runtime)?;
    check!(
        stream.device == comm.device.id,
        HCCL_E_PARA,
        "stream is of device {}, rank {} of the communicator is on device {}",
        stream.device,
        comm.rank,
        comm.device.id
    );
    comm.used_in(stream.context);
    Ok(stream)
}

/// An element type of the headers.
pub(super) fn dtype(dtype: HcclDataType) -> Outcome {
    check!(dtype.size() > 0, HCCL_E_PARA, "dataType is {}, which is no type", dtype.0);
    Ok(())
}

/// A type and an operation that A2 and A3 reduce.
pub(super) fn reduction(ty: HcclDataType, op: HcclReduceOp) -> Outcome {
    dtype(ty)?;
    check!(op.name().is_some(), HCCL_E_PARA, "op is {}, which is no reduction", op.0);
    let reduced = matches!(
        ty,
        HCCL_DATA_TYPE_INT8
            | HCCL_DATA_TYPE_INT16
            | HCCL_DATA_TYPE_INT32
            | HCCL_DATA_TYPE_INT64
            | HCCL_DATA_TYPE_FP16
            | HCCL_DATA_TYPE_FP32
            | HCCL_DATA_TYPE_BFP16
    );
    let product = op != HCCL_REDUCE_PROD || !matches!(ty, HCCL_DATA_TYPE_INT16 | HCCL_DATA_TYPE_BFP16);
    let (ty, op) = (ty.name().unwrap_or("?"), op.name().unwrap_or("?"));
    check!(reduced, HCCL_E_NOT_SUPPORT, "dataType is {ty}: int8, int16, int32, int64, fp16, fp32 and bfp16 are reduced");
    check!(product, HCCL_E_NOT_SUPPORT, "dataType is {ty}: not with op {op}");
    Ok(())
}

/// A rank of the group.
pub(super) fn rank(param: &str, rank: u32, comm: &Comm) -> Outcome {
    let ranks = comm.group.size();
    check!((rank as usize) < ranks, HCCL_E_PARA, "{param} is {rank}, the communicator has ranks 0 to {}", ranks - 1);
    Ok(())
}

/// `parts` times `count` elements, in bytes.
pub(super) fn bytes(param: &str, count: u64, parts: usize, dtype: HcclDataType) -> Outcome<usize> {
    let bytes = count.checked_mul(parts as u64).and_then(|n| n.checked_mul(dtype.size() as u64));
    match bytes.filter(|bytes| *bytes <= isize::MAX as u64) {
        Some(bytes) => Ok(bytes as usize),
        None => reject!(HCCL_E_PARA, "{param} is {count}: more than any memory holds"),
    }
}

/// Memory of the call's device, aligned to its elements. Of no bytes it may be anywhere.
pub(super) fn buffer(
    param: &str,
    pointer: *const c_void,
    bytes: usize,
    dtype: HcclDataType,
    comm: &Comm,
) -> Outcome<Range<usize>> {
    let (start, device) = (pointer as usize, comm.device);
    if bytes == 0 {
        return Ok(start..start);
    }
    not_null(param, pointer)?;
    check!(start.is_multiple_of(dtype.size()), HCCL_E_PARA, "{param} {start:#x} is not aligned to {} bytes", dtype.size());
    if !device.memory.lies_in_one(start, bytes) {
        let place = match Place::of(param, start, 1) {
            Ok(Place::Device(found)) if found.id == device.id => "it leaves the allocation that it begins in".into(),
            Ok(place) => format!("it is {}", place.name()),
            Err(_) => "it was freed, or never allocated".into(),
        };
        reject!(
            HCCL_E_PARA,
            "{param} ({bytes} bytes at {start:#x}) does not lie inside one live allocation of device {}: {place}",
            device.id
        )
    }
    Ok(start..start + bytes)
}

/// What is read and what is written must not overlap; `in_place`: unless they are the same. Nothing overlaps no bytes.
pub(super) fn apart(send: &Range<usize>, recv: &Range<usize>, in_place: bool) -> Outcome {
    let overlap = !send.is_empty() && !recv.is_empty() && send.start < recv.end && recv.start < send.end;
    check!(
        !overlap || in_place && send == recv,
        HCCL_E_PARA,
        "sendBuf ({} bytes at {:#x}) and recvBuf ({} bytes at {:#x}) overlap{}",
        send.len(),
        send.start,
        recv.len(),
        recv.start,
        if in_place { " without being the same" } else { "" }
    );
    Ok(())
}
