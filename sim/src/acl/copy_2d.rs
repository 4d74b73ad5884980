//! Copies of rows that do not lie one behind another.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::context::current;
use super::copy::{PIECE, check_direction, check_ends, in_order};
use super::{graph, not_null, stream};
use crate::memory::Place;
use crate::reject::{Outcome, check};
use crate::world::world;

/// The most that CANN copies at once: bytes of a row, and rows.
const MOST: (usize, usize) = (5_000_000, 5 << 20);

/// A copy that was checked.
#[derive(Clone, Copy)]
struct Rows {
    dst: (usize, usize),
    src: (usize, usize),
    width: usize,
    height: usize,
}

impl Rows {
    /// Copies. Only inside an operation of the engine or `Engine::exclusive`.
    fn copy(self) {
        let end = |(start, pitch): (usize, usize)| start + pitch * (self.height - 1) + self.width;
        let apart = end(self.src) <= self.dst.0 || end(self.dst) <= self.src.0;
        // Areas that overlap are copied in one go: what comes out is as arbitrary as on a card.
        let rows = if apart { (PIECE / self.width).max(1) } else { self.height };
        crate::parallel::for_each(self.height.div_ceil(rows), |i| {
            for row in i * rows..self.height.min((i + 1) * rows) {
                let (src, dst) = (self.src.0 + row * self.src.1, self.dst.0 + row * self.dst.1);
                // SAFETY: `Place::of` found both areas, first row to last, inside live allocations, which stay mapped or are
                // held by the task; for pageable memory C's contract is that they are valid during the call.
                unsafe { std::ptr::copy(src as *const u8, dst as *mut u8, self.width) }
            }
        })
    }
}

/// The checks that both copies share, in CANN's order (runtime, memory.cpp: CheckMemcpy2dParam). `None`: nothing to do.
fn check_2d(
    (dst, dpitch): (*mut c_void, usize),
    (src, spitch): (*const c_void, usize),
    (width, height): (usize, usize),
    kind: aclrtMemcpyKind,
) -> Outcome<Option<(Rows, Place, Place)>> {
    if width == 0 || height == 0 {
        return Ok(None);
    }
    not_null("dst", dst)?;
    not_null("src", src)?;
    for (param, pitch) in [("dpitch", dpitch), ("spitch", spitch)] {
        check!(width <= pitch, ACL_ERROR_INVALID_PARAM, "width is {width}, more than {param}, {pitch}");
    }
    check!(
        matches!(kind, ACL_MEMCPY_HOST_TO_DEVICE | ACL_MEMCPY_DEVICE_TO_HOST | ACL_MEMCPY_DEVICE_TO_DEVICE | ACL_MEMCPY_DEFAULT),
        ACL_ERROR_INVALID_PARAM,
        "kind is {}: rows are copied between host and device, or within a device",
        kind.0
    );
    check!(width <= MOST.0, ACL_ERROR_RT_PARAM_INVALID, "width is {width}, at most {} bytes are copied", MOST.0);
    check!(height <= MOST.1, ACL_ERROR_RT_PARAM_INVALID, "height is {height}, at most {} rows are copied", MOST.1);
    current()?;
    let area = |param: &str, start: usize, pitch: usize| {
        // What does not fit is more than any allocation has.
        let bytes = pitch.saturating_mul(height - 1).saturating_add(width);
        Place::of(param, start, bytes)
    };
    let rows = Rows { dst: (dst as usize, dpitch), src: (src as usize, spitch), width, height };
    let (to, from) = (area("dst", rows.dst.0, dpitch)?, area("src", rows.src.0, spitch)?);
    check_direction(kind, &to, &from)?;
    check!(
        !(to.is_pageable() && from.is_pageable()),
        ACL_ERROR_INVALID_PARAM,
        "both pointers are memory of the host: rows are copied between host and device, or within a device"
    );
    Ok(Some((rows, to, from)))
}

pub(crate) fn aclrtMemcpy2d(
    dst: *mut c_void,
    dpitch: usize,
    src: *const c_void,
    spitch: usize,
    width: usize,
    height: usize,
    kind: aclrtMemcpyKind,
) -> Outcome {
    if let Some((rows, ..)) = check_2d((dst, dpitch), (src, spitch), (width, height), kind)? {
        graph::check_blocking("aclrtMemcpy2d")?;
        world()?.engine.exclusive(|| rows.copy());
    }
    Ok(())
}

#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclrtMemcpy2dAsync(
    dst: *mut c_void,
    dpitch: usize,
    src: *const c_void,
    spitch: usize,
    width: usize,
    height: usize,
    kind: aclrtMemcpyKind,
    stream: aclrtStream,
) -> Outcome {
    let Some((rows, to, from)) = check_2d((dst, dpitch), (src, spitch), (width, height), kind)? else { return Ok(()) };
    let stream = stream::resolve(stream)?;
    check_ends(&stream, &to, &from)?;
    let pageable = to.is_pageable() || from.is_pageable();
    let held = (to, from);
    in_order(&stream, "aclrtMemcpy2dAsync", pageable, move || {
        _ = &held;
        rows.copy()
    })
}
