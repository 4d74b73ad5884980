//! Copies within a device whose addresses stand in device memory and are read when the copy runs. What is wrong with them then
//! fails the stream, as a failing operator does.

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::context::current;
use super::copy::{Span, on_this_device};
use super::{give, not_null, stream};
use crate::engine::Task;
use crate::memory::Place;
use crate::reject::{Outcome, check, fail};
use crate::world::world;

fn check_kind(kind: aclrtMemcpyKind) -> Outcome {
    check!(
        kind == ACL_MEMCPY_INNER_DEVICE_TO_DEVICE,
        ACL_ERROR_RT_PARAM_INVALID,
        "kind is {}: only ACL_MEMCPY_INNER_DEVICE_TO_DEVICE (6) is taken here",
        kind.0
    );
    Ok(())
}

/// Copies on `device`, or panics: the engine makes that the stream's failure. Only inside an operation.
fn copy_checked(device: u32, span: Span) {
    let ends = [("dst", span.dst), ("src", span.src)].map(|(param, address)| (param, Place::of(param, address, span.bytes)));
    for (param, place) in ends {
        match place {
            Ok(Place::Device(found)) if found.id == device => {}
            Ok(place) => fail!("{param} is {}, the copy runs within device {device}", place.name()),
            Err(refusal) => fail!("{}", refusal.text),
        }
    }
    span.copy();
}

/// A value in device memory. Only inside an operation, where `Place::of` has found it.
fn load<T: Copy>(address: usize) -> T {
    // SAFETY: as stated: inside a live allocation, which stays readable; any bytes are a value of the plain numbers read here.
    unsafe { (address as *const T).read_unaligned() }
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclrtMemcpyAsyncWithOffset(
    dst: *mut *mut c_void,
    dest_max: usize,
    dst_offset: usize,
    src: *mut *const c_void,
    count: usize,
    src_offset: usize,
    kind: aclrtMemcpyKind,
    stream: aclrtStream,
) -> Outcome {
    not_null("dst", dst)?;
    not_null("src", src)?;
    check!(count > 0, ACL_ERROR_INVALID_PARAM, "count is 0");
    check_kind(kind)?;
    check!(count <= dest_max, ACL_ERROR_RT_PARAM_INVALID, "count is {count}, more than destMax, {dest_max}");
    let stream = stream::resolve(stream)?;
    let (dst, src) = (dst as usize, src as usize);
    for (param, address) in [("dst", dst), ("src", src)] {
        let place = Place::of(param, address, size_of::<usize>())?;
        check!(
            matches!(place, Place::Device(_)),
            ACL_ERROR_RT_PARAM_INVALID,
            "{param} is {}: an address in device memory is needed there",
            place.name()
        );
        on_this_device(&stream, param, &place)?;
    }
    let device = stream.device;
    let copy = move || {
        let at = |cell: usize, offset: usize| load::<usize>(cell).wrapping_add(offset);
        copy_checked(device, Span { dst: at(dst, dst_offset), src: at(src, src_offset), bytes: count })
    };
    stream.enqueue(Task::Work("aclrtMemcpyAsyncWithOffset", Arc::new(copy)))
}

/// A descriptor, as it lies in device memory.
#[repr(C)]
#[derive(Clone, Copy)]
struct Descriptor {
    mark: u64,
    span: Span,
    /// The size of the chip's descriptors.
    _pad: [u64; 4],
}

const MARK: u64 = u64::from_ne_bytes(*b"memcpy 1");

pub(crate) fn aclrtGetMemcpyDescSize(kind: aclrtMemcpyKind, size: *mut usize) -> Outcome {
    not_null("descSize", size)?;
    check_kind(kind)?;
    current()?;
    give(size, size_of::<Descriptor>());
    Ok(())
}

/// The memory of a descriptor on the current device.
fn descriptor(desc: *mut c_void, device: u32) -> Outcome<usize> {
    not_null("desc", desc)?;
    let place = Place::of("desc", desc as usize, size_of::<Descriptor>())?;
    check!(
        matches!(place, Place::Device(found) if found.id == device),
        ACL_ERROR_RT_PARAM_INVALID,
        "desc is {}, memory of device {device} is needed",
        place.name()
    );
    Ok(desc as usize)
}

pub(crate) fn aclrtSetMemcpyDesc(
    desc: *mut c_void,
    kind: aclrtMemcpyKind,
    src: *mut c_void,
    dst: *mut c_void,
    count: usize,
    config: *mut c_void,
) -> Outcome {
    not_null("desc", desc)?;
    not_null("srcAddr", src)?;
    not_null("dstAddr", dst)?;
    check!(config.is_null(), ACL_ERROR_INVALID_PARAM, "config is not null: it is reserved");
    check_kind(kind)?;
    check!(count > 0, ACL_ERROR_RT_PARAM_INVALID, "count is 0");
    let at = descriptor(desc, current()?.device.id)?;
    let made = Descriptor { mark: MARK, span: Span { dst: dst as usize, src: src as usize, bytes: count }, _pad: [0; 4] };
    // SAFETY: `descriptor` found so many bytes inside a live allocation; nothing else touches device memory meanwhile.
    world()?.engine.exclusive(|| unsafe { (at as *mut Descriptor).write_unaligned(made) });
    Ok(())
}

pub(crate) fn aclrtMemcpyAsyncWithDesc(desc: *mut c_void, kind: aclrtMemcpyKind, stream: aclrtStream) -> Outcome {
    not_null("desc", desc)?;
    check_kind(kind)?;
    let stream = stream::resolve(stream)?;
    let (at, device) = (descriptor(desc, stream.device)?, stream.device);
    let copy = move || {
        let made = load::<Descriptor>(at);
        assert!(made.mark == MARK, "desc {at:#x} holds no descriptor from aclrtSetMemcpyDesc");
        copy_checked(device, made.span)
    };
    stream.enqueue(Task::Work("aclrtMemcpyAsyncWithDesc", Arc::new(copy)))
}
