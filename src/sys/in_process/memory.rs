//! Memory of the device and of the host, and copies.

use super::world::{MEMORY, current, fail, misuse, with};
use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;
use std::alloc::{Layout, alloc, dealloc};
use std::ffi::c_void;
use std::ptr;

/// One side of a copy.
#[derive(Clone, Copy)]
enum Side {
    Device(usize),
    /// Memory of the host, which the caller of an asynchronous copy keeps until it has run.
    Host(*mut u8),
}
// SAFETY: a pointer that the caller gave for the thread that copies.
unsafe impl Send for Side {}

/// A copy that was checked.
struct Copy {
    from: Side,
    to: Side,
    bytes: usize,
}

impl Copy {
    fn new(dst: *mut c_void, src: *const c_void, bytes: usize, kind: aclrtMemcpyKind) -> Copy {
        let (host, device) = (|p: *mut c_void| Side::Host(p.cast()), |p: *mut c_void| Side::Device(p.addr()));
        let src = src.cast_mut();
        let (from, to) = match kind {
            ACL_MEMCPY_HOST_TO_DEVICE => (host(src), device(dst)),
            ACL_MEMCPY_DEVICE_TO_HOST => (device(src), host(dst)),
            ACL_MEMCPY_DEVICE_TO_DEVICE => (device(src), device(dst)),
            _ => misuse("a copy of another kind"),
        };
        Copy { from, to, bytes }
    }

    /// # Safety
    /// The host's side is valid, and nobody else's meanwhile.
    unsafe fn run(self) {
        with(|world| match (self.from, self.to) {
            (Side::Host(from), Side::Device(to)) => {
                let to = world.bytes(to, self.bytes).as_mut_ptr();
                // SAFETY: the caller's side and a block's, which do not overlap.
                unsafe { ptr::copy_nonoverlapping(from, to, self.bytes) };
            }
            (Side::Device(from), Side::Host(to)) => {
                let from = world.bytes(from, self.bytes).as_ptr();
                // SAFETY: as above.
                unsafe { ptr::copy_nonoverlapping(from, to, self.bytes) };
            }
            (Side::Device(from), Side::Device(to)) => {
                let bytes = world.bytes(from, self.bytes).to_vec();
                world.bytes(to, self.bytes).copy_from_slice(&bytes);
            }
            (Side::Host(_), Side::Host(_)) => misuse("a copy within the host"),
        });
    }
}

/// The copies of rows.
fn rows(
    dst: *mut c_void,
    dpitch: usize,
    src: *const c_void,
    spitch: usize,
    (width, height): (usize, usize),
    kind: aclrtMemcpyKind,
) -> Vec<Copy> {
    let row = |i: usize| Copy::new(dst.wrapping_byte_add(i * dpitch), src.wrapping_byte_add(i * spitch), width, kind);
    (0..height).map(row).collect()
}

fn queue(stream: aclrtStream, copies: Vec<Copy>) -> aclError {
    // SAFETY: the caller of an asynchronous copy keeps its host side until the copy has run.
    let task = move || copies.into_iter().for_each(|copy| unsafe { copy.run() });
    with(|world| world.enqueue(stream, Box::new(task)))
}

pub(super) unsafe extern "C" fn aclrtMalloc(memory: *mut *mut c_void, size: usize, _: aclrtMemMallocPolicy) -> aclError {
    let Some(device) = current() else { return fail(ACL_ERROR_RT_CONTEXT_NULL, "no context is current") };
    let address = with(|world| (size <= MEMORY - world.used(device)).then(|| world.allocate(device, size)));
    let Some(address) = address else { return fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "the device has no more memory") };
    // SAFETY: the caller's address.
    unsafe { *memory = ptr::without_provenance_mut(address) };
    0
}

pub(super) unsafe extern "C" fn aclrtFree(memory: *mut c_void) -> aclError {
    if with(|world| world.blocks.remove(&memory.addr())).is_none() {
        misuse("what is freed was not allocated, or is freed twice");
    }
    0
}

pub(super) unsafe extern "C" fn aclrtGetMemInfo(_: aclrtMemAttr, free: *mut usize, total: *mut usize) -> aclError {
    let Some(device) = current() else { return fail(ACL_ERROR_RT_CONTEXT_NULL, "no context is current") };
    // SAFETY: the caller's numbers.
    unsafe { (*free, *total) = (MEMORY - with(|world| world.used(device)), MEMORY) };
    0
}

/// CANN's alignment of pinned memory.
fn pinned(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes, 64).ok().filter(|layout| (1..=MEMORY).contains(&layout.size()))
}

/// The memory has no values yet, so that miri sees a read before the first write.
pub(super) unsafe extern "C" fn aclrtMallocHost(memory: *mut *mut c_void, size: usize) -> aclError {
    let Some(layout) = pinned(size) else { return fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "the host has no more memory") };
    // SAFETY: not of size zero; the caller's address.
    let made = unsafe {
        let made = alloc(layout);
        *memory = made.cast();
        made
    };
    with(|world| world.pinned.insert(made.addr(), size));
    0
}

pub(super) unsafe extern "C" fn aclrtFreeHost(memory: *mut c_void) -> aclError {
    let Some(layout) = with(|world| world.pinned.remove(&memory.addr())).and_then(pinned) else {
        misuse("what is freed is not pinned memory, or is freed twice")
    };
    // SAFETY: allocated above with that layout.
    unsafe { dealloc(memory.cast(), layout) };
    0
}

pub(super) unsafe extern "C" fn aclrtHostRegister(
    memory: *mut c_void,
    size: u64,
    _: aclrtHostRegisterType,
    seen: *mut *mut c_void,
) -> aclError {
    if with(|world| world.registered.insert(memory.addr(), size as usize)).is_some() {
        return fail(ACL_ERROR_RT_PARAM_INVALID, "registered already");
    }
    // SAFETY: the caller's address.
    unsafe { *seen = memory };
    0
}

pub(super) unsafe extern "C" fn aclrtHostUnregister(memory: *mut c_void) -> aclError {
    match with(|world| world.registered.remove(&memory.addr())) {
        Some(_) => 0,
        None => fail(ACL_ERROR_RT_PARAM_INVALID, "not registered"),
    }
}

pub(super) unsafe extern "C" fn aclrtMemcpy(
    dst: *mut c_void,
    dest_max: usize,
    src: *const c_void,
    count: usize,
    kind: aclrtMemcpyKind,
) -> aclError {
    if count > dest_max {
        return fail(ACL_ERROR_INVALID_PARAM, "more than the destination has");
    }
    // SAFETY: the caller's promise.
    unsafe { Copy::new(dst, src, count, kind).run() };
    0
}

pub(super) unsafe extern "C" fn aclrtMemcpyAsync(
    dst: *mut c_void,
    dest_max: usize,
    src: *const c_void,
    count: usize,
    kind: aclrtMemcpyKind,
    stream: aclrtStream,
) -> aclError {
    if count > dest_max {
        return fail(ACL_ERROR_INVALID_PARAM, "more than the destination has");
    }
    queue(stream, vec![Copy::new(dst, src, count, kind)])
}

pub(super) unsafe extern "C" fn aclrtMemcpy2d(
    dst: *mut c_void,
    dpitch: usize,
    src: *const c_void,
    spitch: usize,
    width: usize,
    height: usize,
    kind: aclrtMemcpyKind,
) -> aclError {
    // SAFETY: the caller's promise.
    rows(dst, dpitch, src, spitch, (width, height), kind).into_iter().for_each(|row| unsafe { row.run() });
    0
}

pub(super) unsafe extern "C" fn aclrtMemcpy2dAsync(
    dst: *mut c_void,
    dpitch: usize,
    src: *const c_void,
    spitch: usize,
    width: usize,
    height: usize,
    kind: aclrtMemcpyKind,
    stream: aclrtStream,
) -> aclError {
    queue(stream, rows(dst, dpitch, src, spitch, (width, height), kind))
}

pub(super) unsafe extern "C" fn aclrtMemcpyBatchAsync(
    dsts: *mut *mut c_void,
    _: *mut usize,
    srcs: *mut *mut c_void,
    sizes: *mut usize,
    n: usize,
    attrs: *mut aclrtMemcpyBatchAttr,
    _: *mut usize,
    _: usize,
    _: *mut usize,
    stream: aclrtStream,
) -> aclError {
    // SAFETY: the caller's arrays of `n`, and one attribute.
    let (dsts, srcs, sizes, up) = unsafe {
        let slices =
            (std::slice::from_raw_parts(dsts, n), std::slice::from_raw_parts(srcs, n), std::slice::from_raw_parts(sizes, n));
        (slices.0, slices.1, slices.2, (*attrs).dstLoc.r#type == ACL_MEM_LOCATION_TYPE_DEVICE)
    };
    let kind = if up { ACL_MEMCPY_HOST_TO_DEVICE } else { ACL_MEMCPY_DEVICE_TO_HOST };
    queue(stream, (0..n).map(|i| Copy::new(dsts[i], srcs[i], sizes[i], kind)).collect())
}

pub(super) unsafe extern "C" fn aclrtMemsetAsync(
    memory: *mut c_void,
    max: usize,
    value: i32,
    count: usize,
    stream: aclrtStream,
) -> aclError {
    if count > max {
        return fail(ACL_ERROR_INVALID_PARAM, "more than the destination has");
    }
    let address = memory.addr();
    let task = move || with(|world| world.bytes(address, count).fill(value as u8));
    with(|world| world.enqueue(stream, Box::new(task)))
}

pub(super) unsafe extern "C" fn aclrtMemsetD32Async(
    memory: *mut c_void,
    max: usize,
    value: u32,
    n: usize,
    stream: aclrtStream,
) -> aclError {
    if n > max / 4 {
        return fail(ACL_ERROR_INVALID_PARAM, "more than the destination has");
    }
    let address = memory.addr();
    let task = move || with(|world| world.bytes(address, 4 * n).copy_from_slice(&value.to_ne_bytes().repeat(n)));
    with(|world| world.enqueue(stream, Box::new(task)))
}
