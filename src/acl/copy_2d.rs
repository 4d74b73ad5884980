//! Copies of rows that do not lie one behind another: a column block of a matrix, a padded batch.

use super::optional::optional;
use super::{Element, Slice, SliceMut, Stream};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::types::*;
use std::ffi::c_void;

/// Which rows to copy, in elements. The first row begins where the memory begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Rows.
    pub height: usize,
    /// Elements of a row.
    pub width: usize,
    /// From the start of a row of the source to the next.
    pub src_pitch: usize,
    /// The same of the destination.
    pub dst_pitch: usize,
}

impl Rows {
    /// Checks that both sides hold the rows; false where there is nothing to copy.
    fn check(&self, src: usize, dst: usize) -> Result<bool> {
        if self.height == 0 || self.width == 0 {
            return Ok(false);
        }
        for (what, pitch, len) in [("source", self.src_pitch, src), ("destination", self.dst_pitch, dst)] {
            if self.width > pitch {
                let text = format!("rows of {} elements are longer than the {what}'s pitch, {pitch}", self.width);
                return Err(Error::new(ErrorKind::Argument, text));
            }
            let needed = (self.height - 1).checked_mul(pitch).and_then(|n| n.checked_add(self.width));
            if needed.is_none_or(|needed| needed > len) {
                let text = format!("{} rows of {} elements, {pitch} apart, leave the {what} of {len}", self.height, self.width);
                return Err(Error::new(ErrorKind::Length, text));
            }
        }
        Ok(true)
    }

    /// Pitches, width and height in CANN's units.
    fn bytes<T>(&self) -> [usize; 4] {
        [self.dst_pitch * size_of::<T>(), self.src_pitch * size_of::<T>(), self.width * size_of::<T>(), self.height]
    }
}

impl Stream {
    /// Copies rows within the device.
    ///
    /// Order: enqueues. Errors: `Argument` if a row is longer than a pitch; `Length` if a side is too short; `WrongStream`.
    /// CANN: aclrtMemcpy2dAsync.
    pub fn copy_2d<'s, 'd, T: Element>(
        &self,
        src: impl Into<Slice<'s, T>>,
        dst: impl Into<SliceMut<'d, T>>,
        rows: Rows,
    ) -> Result<()> {
        let (src, dst) = (src.into(), dst.into());
        self.check_home("the source", src.stream())?;
        self.check_home("the destination", dst.stream())?;
        if !rows.check(src.len(), dst.len())? {
            return Ok(());
        }
        let copy = optional!(self.device(), aclrtMemcpy2dAsync)?;
        let ([dpitch, spitch, width, height], from, to) = (rows.bytes::<T>(), src.address(), dst.address());
        let kind = ACL_MEMCPY_DEVICE_TO_DEVICE;
        // SAFETY: both views hold the rows (checked) and do not overlap (one is exclusive); the stream's queue orders them.
        self.enqueue("aclrtMemcpy2dAsync", |stream| unsafe { copy(to, dpitch, from, spitch, width, height, kind, stream) })
    }

    /// Copies rows of a slice to the device.
    ///
    /// Order: blocks until the stream is idle. Errors: as [`Stream::copy_2d`]; `Async`. CANN: aclrtMemcpy2d.
    pub fn write_2d<'d, T: Element>(&self, src: &[T], dst: impl Into<SliceMut<'d, T>>, rows: Rows) -> Result<()> {
        let dst = dst.into();
        self.check_home("the destination", dst.stream())?;
        if !rows.check(src.len(), dst.len())? {
            return Ok(());
        }
        self.rows_now(dst.address(), src.as_ptr().cast(), rows.bytes::<T>(), ACL_MEMCPY_HOST_TO_DEVICE)
    }

    /// Copies rows from the device into a slice; what lies between its rows stays.
    ///
    /// Order: blocks until the stream is idle. Errors: as [`Stream::copy_2d`]; `Async`. CANN: aclrtMemcpy2d.
    pub fn read_2d<'s, T: Element>(&self, src: impl Into<Slice<'s, T>>, dst: &mut [T], rows: Rows) -> Result<()> {
        let src = src.into();
        self.check_home("the source", src.stream())?;
        if !rows.check(src.len(), dst.len())? {
            return Ok(());
        }
        self.rows_now(dst.as_mut_ptr().cast(), src.address(), rows.bytes::<T>(), ACL_MEMCPY_DEVICE_TO_HOST)
    }

    /// A copy that has been made when the call returns; both sides hold the rows.
    fn rows_now(
        &self,
        dst: *mut c_void,
        src: *const c_void,
        [dpitch, spitch, width, height]: [usize; 4],
        kind: aclrtMemcpyKind,
    ) -> Result<()> {
        let copy = optional!(self.device(), aclrtMemcpy2d)?;
        self.synchronize()?;
        // SAFETY: both sides hold the rows, and after the wait no queued work touches the device's.
        self.device().call("aclrtMemcpy2d", || unsafe { copy(dst, dpitch, src, spitch, width, height, kind) })
    }
}
