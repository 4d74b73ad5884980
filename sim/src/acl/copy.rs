//! Copies. A direction is checked against what the pointers really are.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use ascend_rl_sys::types::*;

use super::context::current;
use super::{graph, not_null, stream};
use crate::engine::{Stream, Task};
use crate::memory::Place;
use crate::reject::{Outcome, check, reject};
use crate::world::world;

/// What one thread copies at a time: enough that sharing a big copy out pays.
pub(super) const PIECE: usize = 4 << 20;

/// Addresses of a copy that was checked.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub dst: usize,
    pub src: usize,
    pub bytes: usize,
}

impl Span {
    /// Copies. Only inside an operation of the engine or [`Engine::exclusive`](crate::engine::Engine::exclusive).
    pub(super) fn copy(self) {
        let Span { dst, src, bytes } = self;
        let piece = |from: usize, len: usize| {
            // SAFETY: `Place::of` found device and pinned ranges to be inside live allocations, which stay mapped or are
            // held by the task; for pageable memory C's contract is that both ranges are valid during the call.
            unsafe { std::ptr::copy((src + from) as *const u8, (dst + from) as *mut u8, len) }
        };
        if bytes == size_of::<u64>() && dst.is_multiple_of(bytes) {
            // A stream may be waiting for this word (aclrtValueWait), and looks at it meanwhile.
            // SAFETY: as above; the eight bytes are aligned.
            return unsafe { AtomicU64::from_ptr(dst as *mut u64).store((src as *const u64).read_unaligned(), SeqCst) };
        }
        if dst.abs_diff(src) < bytes {
            return piece(0, bytes); // They overlap: in one go.
        }
        crate::parallel::for_each(bytes.div_ceil(PIECE), |i| piece(i * PIECE, PIECE.min(bytes - i * PIECE)))
    }
}

/// The checks that both copies share. `None`: there is nothing to do.
fn check_copy(
    dst: *mut c_void,
    dest_max: usize,
    src: *const c_void,
    count: usize,
    kind: aclrtMemcpyKind,
) -> Outcome<Option<(Span, Place, Place)>> {
    if count == 0 {
        return Ok(None); // Before the pointers are looked at, as CANN does.
    }
    not_null("dst", dst)?;
    not_null("src", src)?;
    // The header's other two are for the copies of their own functions.
    check!((0..=5).contains(&kind.0), ACL_ERROR_INVALID_PARAM, "kind is {}, which is no direction of a copy", kind.0);
    check!(count <= dest_max, ACL_ERROR_RT_PARAM_INVALID, "count is {count}, more than destMax, {dest_max}");
    current()?;
    let span = Span { dst: dst as usize, src: src as usize, bytes: count };
    let (to, from) = (Place::of("dst", span.dst, count)?, Place::of("src", span.src, count)?);
    check_direction(kind, &to, &from)?;
    Ok((span.dst != span.src).then_some((span, to, from)))
}

/// Whether a copy may go from one place to another, and is said to.
pub(super) fn check_direction(kind: aclrtMemcpyKind, to: &Place, from: &Place) -> Outcome {
    let device = |place: &Place| matches!(place, Place::Device(_));
    let fits = match kind {
        ACL_MEMCPY_HOST_TO_HOST => !device(from) && !device(to),
        ACL_MEMCPY_HOST_TO_DEVICE | ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE => !device(from) && device(to),
        ACL_MEMCPY_DEVICE_TO_HOST => device(from) && !device(to),
        ACL_MEMCPY_DEVICE_TO_DEVICE => device(from) && device(to),
        _ => true,
    };
    let name = kind.name().unwrap_or_default();
    check!(fits, ACL_ERROR_RT_PARAM_INVALID, "kind is {name}, but src is {} and dst is {}", from.name(), to.name());
    if let (Place::Device(a), Place::Device(b)) = (from, to)
        && a.id != b.id
    {
        // The documents do not say which of the two must have enabled it, only that each direction is enabled by itself.
        check!(
            a.reaches(b) || b.reaches(a),
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "src is of device {}, dst of device {}: peer access is not enabled between them (aclrtDeviceEnablePeerAccess)",
            a.id,
            b.id
        );
    }
    Ok(())
}

/// Whether an asynchronous copy may be made between two places on a stream.
pub(super) fn check_ends(stream: &Stream, to: &Place, from: &Place) -> Outcome {
    match (to, from) {
        // Between two devices: `check_direction` saw that they may.
        (Place::Device(a), Place::Device(b)) => check!(
            [a.id, b.id].contains(&stream.device),
            ACL_ERROR_RT_PARAM_INVALID,
            "dst is memory of device {}, src of device {}, the stream is of device {}",
            a.id,
            b.id,
            stream.device
        ),
        (Place::Device(_), _) | (_, Place::Device(_)) => {
            [("dst", to), ("src", from)].iter().try_for_each(|(param, place)| on_this_device(stream, param, place))?
        }
        _ => reject!(
            ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
            "both pointers are memory of the host: an asynchronous copy needs a device on one side"
        ),
    }
    Ok(())
}

/// Makes a copy in the order of the stream. Where pageable memory takes part it has been made when this returns: that memory may
/// be gone afterwards. `work` holds the pinned blocks, and a graph makes the copy anew in each replay.
pub(super) fn in_order(
    stream: &Arc<Stream>,
    name: &'static str,
    pageable: bool,
    work: impl Fn() + Send + Sync + 'static,
) -> Outcome {
    if !pageable {
        return stream.enqueue(Task::Work(name, Arc::new(work)));
    }
    graph::check_pageable(stream, name)?;
    stream.wait_all();
    stream::surface(stream)?;
    world()?.engine.exclusive(work);
    Ok(())
}

/// Copies now. Does not wait for any stream, only for the operation that runs at this moment.
pub(crate) fn aclrtMemcpy(dst: *mut c_void, dest_max: usize, src: *const c_void, count: usize, kind: aclrtMemcpyKind) -> Outcome {
    if let Some((span, ..)) = check_copy(dst, dest_max, src, count, kind)? {
        graph::check_blocking("aclrtMemcpy")?;
        world()?.engine.exclusive(|| span.copy());
    }
    Ok(())
}

pub(crate) fn aclrtMemcpyAsync(
    dst: *mut c_void,
    dest_max: usize,
    src: *const c_void,
    count: usize,
    kind: aclrtMemcpyKind,
    stream: aclrtStream,
) -> Outcome {
    let Some((span, to, from)) = check_copy(dst, dest_max, src, count, kind)? else { return Ok(()) };
    let stream = stream::resolve(stream)?;
    check_ends(&stream, &to, &from)?;
    if kind == ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE {
        // SAFETY: `count` bytes at `src`, as C's contract (pageable) or `Place::of` (pinned) has it.
        let buffer: Box<[u8]> = unsafe { std::slice::from_raw_parts(src.cast::<u8>(), count) }.into();
        let copy = move || Span { src: buffer.as_ptr() as usize, ..span }.copy();
        return in_order(&stream, "aclrtMemcpyAsync", false, copy);
    }
    let pageable = to.is_pageable() || from.is_pageable();
    let held = (to, from);
    in_order(&stream, "aclrtMemcpyAsync", pageable, move || {
        _ = &held;
        span.copy()
    })
}

/// The older name of the same.
pub(crate) fn aclrtMemcpyAsyncWithCondition(
    dst: *mut c_void,
    dest_max: usize,
    src: *const c_void,
    count: usize,
    kind: aclrtMemcpyKind,
    stream: aclrtStream,
) -> Outcome {
    aclrtMemcpyAsync(dst, dest_max, src, count, kind, stream)
}

pub(super) fn on_this_device(stream: &Stream, param: &str, place: &Place) -> Outcome {
    if let Place::Device(device) = place {
        check!(
            device.id == stream.device,
            ACL_ERROR_RT_PARAM_INVALID,
            "{param} is memory of device {}, the stream is of device {}",
            device.id,
            stream.device
        );
    }
    Ok(())
}
