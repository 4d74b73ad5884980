//! Many copies between pinned and device memory in one call: how the blocks of a KV cache are swapped out and in.

use super::{Element, PinnedBuffer, Slice, SliceMut, Stream, Transfer};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::ffi::c_void;

/// One copy of a batch, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyPart {
    /// Where it begins in the source.
    pub src: usize,
    /// Where it begins in the destination.
    pub dst: usize,
    /// How long it is.
    pub len: usize,
}

/// Which side of a batch the device is.
#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

impl Stream {
    /// Copies parts of pinned memory to the device, as one batch.
    ///
    /// Order: enqueues; `dst` has the values for work queued behind. Within the batch there is no order.
    /// Errors: `Length` if a part leaves its side; `Argument` if two parts overlap in `dst`; `WrongStream`; `WrongDevice`. The
    /// pinned memory is then freed.
    /// CANN: aclrtMemcpyBatchAsync (8.3; aclrtMemcpyAsync for each part where it is missing), aclrtRecordEvent.
    pub fn send_parts<'a, T: Element>(
        &self,
        src: PinnedBuffer<T>,
        dst: impl Into<SliceMut<'a, T>>,
        parts: &[CopyPart],
    ) -> Result<Transfer<T>> {
        let dst = dst.into();
        self.check_home("the destination", dst.stream())?;
        check_parts(parts, src.len(), dst.len())?;
        let (from, to) = (src.address().cast(), dst.address());
        self.background(src, || self.queue_parts::<T>(from, to, parts, Direction::Up))
    }

    /// Copies parts of device memory to pinned memory, as one batch. The rest of the pinned memory stays as it is.
    ///
    /// Order: enqueues; behind everything queued before. `src` may be reused or dropped after the call.
    /// Errors and CANN: as [`Stream::send_parts`].
    pub fn receive_parts<'a, T: Element>(
        &self,
        src: impl Into<Slice<'a, T>>,
        dst: PinnedBuffer<T>,
        parts: &[CopyPart],
    ) -> Result<Transfer<T>> {
        let src = src.into();
        self.check_home("the source", src.stream())?;
        check_parts(parts, src.len(), dst.len())?;
        let (from, to) = (src.address(), dst.address().cast());
        self.background(dst, || self.queue_parts::<T>(from, to, parts, Direction::Down))
    }

    /// Enqueues parts that were checked; `from` and `to` stay until they have been copied.
    fn queue_parts<T>(&self, from: *mut c_void, to: *mut c_void, parts: &[CopyPart], direction: Direction) -> Result<()> {
        let at = |base: *mut c_void, element: usize| base.wrapping_byte_add(element * size_of::<T>());
        let parts = || parts.iter().filter(|part| part.len > 0);
        let mut srcs: Vec<*mut c_void> = parts().map(|part| at(from, part.src)).collect();
        let mut dsts: Vec<*mut c_void> = parts().map(|part| at(to, part.dst)).collect();
        let mut sizes: Vec<usize> = parts().map(|part| part.len * size_of::<T>()).collect();
        if sizes.is_empty() {
            return Ok(());
        }
        let Some(batch) = self.api().acl.aclrtMemcpyBatchAsync else {
            return self.one_by_one(&srcs, &dsts, &sizes, direction);
        };
        let host = aclrtMemLocation { id: 0, r#type: ACL_MEM_LOCATION_TYPE_HOST };
        let device = aclrtMemLocation { id: self.device().ordinal(), r#type: ACL_MEM_LOCATION_TYPE_DEVICE };
        let (from, to) = match direction {
            Direction::Up => (host, device),
            Direction::Down => (device, host),
        };
        let (mut attribute, mut first, mut failed) =
            (aclrtMemcpyBatchAttr { dstLoc: to, srcLoc: from, rsv: [0; 16] }, 0, usize::MAX);
        let (mut maxs, n) = (sizes.clone(), sizes.len());
        let (srcs, dsts, sizes, maxs) = (srcs.as_mut_ptr(), dsts.as_mut_ptr(), sizes.as_mut_ptr(), maxs.as_mut_ptr());
        // SAFETY: four arrays of `n`, one attribute and its index outlive the call, which copies them; each part lies in its
        // sides (checked); the pinned side is kept by `background`, the device side ordered by the queue.
        let call = |stream| unsafe { batch(dsts, maxs, srcs, sizes, n, &mut attribute, &mut first, 1, &mut failed, stream) };
        self.enqueue("aclrtMemcpyBatchAsync", call)
    }

    fn one_by_one(&self, srcs: &[*mut c_void], dsts: &[*mut c_void], sizes: &[usize], direction: Direction) -> Result<()> {
        let copy = self.api().acl.aclrtMemcpyAsync;
        let kind = match direction {
            Direction::Up => ACL_MEMCPY_HOST_TO_DEVICE,
            Direction::Down => ACL_MEMCPY_DEVICE_TO_HOST,
        };
        srcs.iter().zip(dsts).zip(sizes).try_for_each(|((&src, &dst), &n)| {
            // SAFETY: as in `queue_parts`.
            self.enqueue("aclrtMemcpyAsync", |stream| unsafe { copy(dst, n, src, n, kind, stream) })
        })
    }
}

/// Each part must lie in both sides, and no two may meet in the destination: a batch has no order.
fn check_parts(parts: &[CopyPart], src: usize, dst: usize) -> Result<()> {
    for (i, part) in parts.iter().enumerate() {
        for (what, start, len) in [("source", part.src, src), ("destination", part.dst, dst)] {
            if start.checked_add(part.len).is_none_or(|end| end > len) {
                let text = format!("part {i}: {} values at {start} leave the {what} of {len}", part.len);
                return Err(Error::new(ErrorKind::Length, text));
            }
        }
    }
    let mut order: Vec<usize> = (0..parts.len()).filter(|i| parts[*i].len > 0).collect();
    order.sort_unstable_by_key(|i| parts[*i].dst);
    match order.windows(2).find(|pair| parts[pair[0]].dst + parts[pair[0]].len > parts[pair[1]].dst) {
        None => Ok(()),
        Some(pair) => {
            let text = format!("parts {} and {} overlap in the destination, and a batch has no order", pair[0], pair[1]);
            Err(Error::new(ErrorKind::Argument, text))
        }
    }
}
