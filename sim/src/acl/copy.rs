//! Copies and fills. A direction is checked against what the pointers really are.

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::context::current;
use super::{graph, not_null, stream};
use crate::engine::{Stream, Task};
use crate::memory::Place;
use crate::reject::{Outcome, check};
use crate::world::world;

/// What one thread copies at a time: enough that sharing a big copy out pays.
const PIECE: usize = 4 << 20;

/// Addresses of a copy that was checked.
#[derive(Clone, Copy)]
struct Span {
    dst: usize,
    src: usize,
    bytes: usize,
}

impl Span {
    /// Copies. Only inside an operation of the engine or [`Engine::exclusive`](crate::engine::Engine::exclusive).
    fn copy(self) {
        let Span { dst, src, bytes } = self;
        let piece = |from: usize, len: usize| {
            // SAFETY: `Place::of` found device and pinned ranges to be inside live allocations, which stay mapped or are
            // held by the task; for pageable memory C's contract is that both ranges are valid during the call.
            unsafe { std::ptr::copy((src + from) as *const u8, (dst + from) as *mut u8, len) }
        };
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
    check!(kind.name().is_some(), ACL_ERROR_INVALID_PARAM, "kind is {}, which is no direction of a copy", kind.0);
    check!(count <= dest_max, ACL_ERROR_RT_PARAM_INVALID, "count is {count}, more than destMax, {dest_max}");
    current()?;
    let span = Span { dst: dst as usize, src: src as usize, bytes: count };
    let (to, from) = (Place::of("dst", span.dst, count)?, Place::of("src", span.src, count)?);
    let device = |place: &Place| matches!(place, Place::Device(_));
    let fits = match kind {
        ACL_MEMCPY_HOST_TO_HOST => !device(&from) && !device(&to),
        ACL_MEMCPY_HOST_TO_DEVICE | ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE => !device(&from) && device(&to),
        ACL_MEMCPY_DEVICE_TO_HOST => device(&from) && !device(&to),
        ACL_MEMCPY_DEVICE_TO_DEVICE => device(&from) && device(&to),
        _ => true,
    };
    let name = kind.name().unwrap_or_default();
    check!(fits, ACL_ERROR_RT_PARAM_INVALID, "kind is {name}, but src is {} and dst is {}", from.name(), to.name());
    if let (Place::Device(a), Place::Device(b)) = (&from, &to)
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
    Ok((span.dst != span.src).then_some((span, to, from)))
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
    check!(
        matches!(to, Place::Device(_)) || matches!(from, Place::Device(_)),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "both pointers are memory of the host: an asynchronous copy needs a device on one side"
    );
    let stream = stream::resolve(stream)?;
    match (&to, &from) {
        // Between two devices: `check_copy` saw that they may.
        (Place::Device(a), Place::Device(b)) => check!(
            [a.id, b.id].contains(&stream.device),
            ACL_ERROR_RT_PARAM_INVALID,
            "dst is memory of device {}, src of device {}, the stream is of device {}",
            a.id,
            b.id,
            stream.device
        ),
        _ => [("dst", &to), ("src", &from)].iter().try_for_each(|(param, place)| on_this_device(&stream, param, place))?,
    }
    if kind == ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE {
        // SAFETY: `count` bytes at `src`, as C's contract (pageable) or `Place::of` (pinned) has it.
        let buffer: Box<[u8]> = unsafe { std::slice::from_raw_parts(src.cast::<u8>(), count) }.into();
        let work = move || Span { src: buffer.as_ptr() as usize, ..span }.copy();
        stream.enqueue(Task::Work("aclrtMemcpyAsync", Arc::new(work)))?;
    } else if matches!(to, Place::Pageable) || matches!(from, Place::Pageable) {
        graph::check_pageable(&stream)?;
        // The memory may be gone once this returns.
        stream.wait_all();
        stream::surface(&stream)?;
        world()?.engine.exclusive(|| span.copy());
    } else {
        // The task holds the pinned blocks until it has run.
        let held = (to, from);
        let work = move || {
            let _ = &held;
            span.copy()
        };
        stream.enqueue(Task::Work("aclrtMemcpyAsync", Arc::new(work)))?;
    }
    Ok(())
}

fn on_this_device(stream: &Arc<Stream>, param: &str, place: &Place) -> Outcome {
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

/// The checks that both fills share. `None`: there is nothing to do.
fn check_fill(ptr: *mut c_void, max_count: usize, count: usize) -> Outcome<Option<Place>> {
    if count == 0 {
        return Ok(None);
    }
    not_null("devPtr", ptr)?;
    check!(count <= max_count, ACL_ERROR_RT_PARAM_INVALID, "count is {count}, more than maxCount, {max_count}");
    current()?;
    Place::of("devPtr", ptr as usize, count).map(Some)
}

/// Sets `count` bytes to `value`'s low byte. Only where [`Span::copy`] may run.
fn fill(address: usize, value: i32, count: usize) {
    crate::parallel::for_each(count.div_ceil(PIECE), |i| {
        let len = PIECE.min(count - i * PIECE);
        // SAFETY: as in `Span::copy`.
        unsafe { std::ptr::write_bytes((address + i * PIECE) as *mut u8, value as u8, len) }
    })
}

pub(crate) fn aclrtMemset(ptr: *mut c_void, max_count: usize, value: i32, count: usize) -> Outcome {
    if check_fill(ptr, max_count, count)?.is_some() {
        graph::check_blocking("aclrtMemset")?;
        world()?.engine.exclusive(|| fill(ptr as usize, value, count));
    }
    Ok(())
}

pub(crate) fn aclrtMemsetAsync(ptr: *mut c_void, max_count: usize, value: i32, count: usize, stream: aclrtStream) -> Outcome {
    let Some(place) = check_fill(ptr, max_count, count)? else { return Ok(()) };
    check!(
        matches!(place, Place::Device(_)),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "devPtr is {}: the simulator fills memory of a device only",
        place.name()
    );
    let stream = stream::resolve(stream)?;
    on_this_device(&stream, "devPtr", &place)?;
    let address = ptr as usize;
    stream.enqueue(Task::Work("aclrtMemsetAsync", Arc::new(move || fill(address, value, count))))
}
