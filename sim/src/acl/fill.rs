//! Fills.

use std::ffi::c_void;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::context::current;
use super::copy::{PIECE, on_this_device};
use super::{graph, not_null, stream};
use crate::engine::Task;
use crate::memory::Place;
use crate::reject::{Outcome, check};
use crate::world::world;

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

/// Sets `count` bytes to `value`'s low byte. Only inside an operation of the engine or `Engine::exclusive`.
fn fill(address: usize, value: i32, count: usize) {
    crate::parallel::for_each(count.div_ceil(PIECE), |i| {
        let len = PIECE.min(count - i * PIECE);
        // SAFETY: `Place::of` found the range inside a live allocation, or C's contract is that it is valid during the call.
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

/// The bytes of `n` 32-bit values, which `mem_size` must hold.
fn words(mem_size: usize, n: usize) -> Outcome<usize> {
    let bytes = n.checked_mul(4).filter(|bytes| *bytes <= mem_size);
    check!(bytes.is_some(), ACL_ERROR_RT_PARAM_INVALID, "N is {n} values of 4 bytes, more than memSize, {mem_size} bytes");
    Ok(4 * n)
}

/// Sets `n` values, at any alignment. Only where [`fill`] may run.
fn fill_words(address: usize, value: u32, n: usize) {
    const EACH: usize = PIECE / 4;
    crate::parallel::for_each(n.div_ceil(EACH), |i| {
        for at in i * EACH..n.min((i + 1) * EACH) {
            // SAFETY: as in `fill`.
            unsafe { ((address + 4 * at) as *mut u32).write_unaligned(value) }
        }
    })
}

pub(crate) fn aclrtMemsetD32(ptr: *mut c_void, mem_size: usize, value: u32, n: usize) -> Outcome {
    if check_fill(ptr, mem_size, words(mem_size, n)?)?.is_some() {
        graph::check_blocking("aclrtMemsetD32")?;
        world()?.engine.exclusive(|| fill_words(ptr as usize, value, n));
    }
    Ok(())
}

/// Pinned memory of the host may be filled too.
pub(crate) fn aclrtMemsetD32Async(ptr: *mut c_void, mem_size: usize, value: u32, n: usize, stream: aclrtStream) -> Outcome {
    let Some(place) = check_fill(ptr, mem_size, words(mem_size, n)?)? else { return Ok(()) };
    check!(
        !place.is_pageable(),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "ptr is {}: memory from aclrtMalloc or aclrtMallocHost is filled, no other",
        place.name()
    );
    let stream = stream::resolve(stream)?;
    on_this_device(&stream, "ptr", &place)?;
    let address = ptr as usize;
    let fill = move || {
        _ = &place;
        fill_words(address, value, n)
    };
    stream.enqueue(Task::Work("aclrtMemsetD32Async", Arc::new(fill)))
}
