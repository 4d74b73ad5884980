//! [`Slice`] and [`SliceMut`]: borrowed parts of a [`DeviceBuffer`], tagged with the stream that may use them.

use super::{DeviceBuffer, Element, StreamId};
use crate::error::{Error, ErrorKind, Result};
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::{Bound, Range, RangeBounds};
use std::ptr;

/// A shared view of device memory: not a Rust reference to it, only the right to have it read.
///
/// It borrows its buffer, so it cannot outlive it:
/// ```compile_fail,E0505
/// # use ascend_rl::{Result, acl::*};
/// fn f(buffer: DeviceBuffer<f32>) {
///     let view = buffer.slice(..).unwrap();
///     drop(buffer);
///     view.len();
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a, T> {
    address: usize,
    len: usize,
    stream: StreamId,
    borrow: PhantomData<&'a T>,
}

/// An exclusive view of device memory: the right to have it written.
///
/// ```compile_fail,E0502
/// # use ascend_rl::{Result, acl::*};
/// fn f(stream: &Stream, mut buffer: DeviceBuffer<f32>) -> Result<()> {
///     let out = buffer.slice_mut(..)?;
///     stream.copy(&buffer, out)
/// }
/// ```
#[derive(Debug)]
pub struct SliceMut<'a, T> {
    address: usize,
    len: usize,
    stream: StreamId,
    borrow: PhantomData<&'a mut T>,
}

impl<'a, T: Element> Slice<'a, T> {
    pub(super) fn new(buffer: &'a DeviceBuffer<T>, stream: StreamId) -> Slice<'a, T> {
        Slice { address: buffer.address().addr(), len: buffer.len(), stream, borrow: PhantomData }
    }

    /// Part of it, in elements. Errors: `Length` if `range` ends outside.
    pub fn slice(self, range: impl RangeBounds<usize>) -> Result<Slice<'a, T>> {
        let range = bounds(range, self.len)?;
        Ok(Slice { address: self.address + range.start * size_of::<T>(), len: range.len(), ..self })
    }
}

impl<'a, T> Slice<'a, T> {
    /// A view of `len` values at an address that the caller borrows for `'a`, to be used on `stream`.
    pub(super) fn at(address: usize, len: usize, stream: StreamId) -> Slice<'a, T> {
        Slice { address, len, stream, borrow: PhantomData }
    }
}

impl<'a, T> SliceMut<'a, T> {
    /// The same, which may be written: the caller borrows the memory exclusively.
    pub(super) fn at(address: usize, len: usize, stream: StreamId) -> SliceMut<'a, T> {
        SliceMut { address, len, stream, borrow: PhantomData }
    }
}

impl<'a, T: Element> SliceMut<'a, T> {
    pub(super) fn new(buffer: &'a mut DeviceBuffer<T>, stream: StreamId) -> SliceMut<'a, T> {
        SliceMut { address: buffer.address().addr(), len: buffer.len(), stream, borrow: PhantomData }
    }

    /// Part of it, in elements. Errors: `Length` if `range` ends outside.
    pub fn slice(self, range: impl RangeBounds<usize>) -> Result<SliceMut<'a, T>> {
        let range = bounds(range, self.len)?;
        Ok(SliceMut { address: self.address + range.start * size_of::<T>(), len: range.len(), ..self })
    }

    /// Two parts that do not overlap, cut before element `mid`. Errors: `Length` if `mid` is outside.
    pub fn split_at(self, mid: usize) -> Result<(SliceMut<'a, T>, SliceMut<'a, T>)> {
        let range = bounds(..mid, self.len)?;
        let tail = SliceMut { address: self.address + mid * size_of::<T>(), len: self.len - mid, ..self };
        Ok((SliceMut { len: range.len(), ..self }, tail))
    }

    /// The same memory for a shorter time.
    pub fn reborrow(&mut self) -> SliceMut<'_, T> {
        SliceMut { borrow: PhantomData, ..*self }
    }
}

macro_rules! geometry {
    ($View:ident) => {
        impl<T> $View<'_, T> {
            /// Elements.
            pub fn len(&self) -> usize {
                self.len
            }

            /// Whether there are no elements.
            pub fn is_empty(&self) -> bool {
                self.len == 0
            }

            /// Bytes.
            pub fn bytes(&self) -> usize {
                self.len * size_of::<T>()
            }

            /// The address on the device; null or dangling where there are no elements.
            pub(crate) fn address(&self) -> *mut c_void {
                ptr::without_provenance_mut(self.address)
            }

            /// The stream on which it may be used.
            pub(crate) fn stream(&self) -> StreamId {
                self.stream
            }
        }
    };
}
geometry!(Slice);
geometry!(SliceMut);

impl<'a, T: Element> From<&'a DeviceBuffer<T>> for Slice<'a, T> {
    fn from(buffer: &'a DeviceBuffer<T>) -> Slice<'a, T> {
        Slice::new(buffer, buffer.home().id())
    }
}

impl<'a, T: Element> From<&'a mut DeviceBuffer<T>> for SliceMut<'a, T> {
    fn from(buffer: &'a mut DeviceBuffer<T>) -> SliceMut<'a, T> {
        let stream = buffer.home().id();
        SliceMut::new(buffer, stream)
    }
}

impl<'a, T> From<SliceMut<'a, T>> for Slice<'a, T> {
    fn from(SliceMut { address, len, stream, .. }: SliceMut<'a, T>) -> Slice<'a, T> {
        Slice { address, len, stream, borrow: PhantomData }
    }
}

/// A range of Rust's syntax as one within `len`.
fn bounds(range: impl RangeBounds<usize>, len: usize) -> Result<Range<usize>> {
    let start = match range.start_bound() {
        Bound::Included(&n) => Some(n),
        Bound::Excluded(&n) => n.checked_add(1),
        Bound::Unbounded => Some(0),
    };
    let end = match range.end_bound() {
        Bound::Included(&n) => n.checked_add(1),
        Bound::Excluded(&n) => Some(n),
        Bound::Unbounded => Some(len),
    };
    match (start, end) {
        (Some(start), Some(end)) if start <= end && end <= len => Ok(start..end),
        _ => {
            let given = (range.start_bound(), range.end_bound());
            Err(Error::new(ErrorKind::Length, format!("the range {given:?} is not within 0..{len}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(bounds(.., 5).unwrap(), 0..5);
        assert_eq!(bounds(2..=4, 5).unwrap(), 2..5);
        assert_eq!(bounds(5..5, 5).unwrap(), 5..5);
        #[allow(clippy::reversed_empty_ranges)]
        for bad in [3..2, 0..6, 6..6, 0..usize::MAX] {
            assert_eq!(bounds(bad, 5).unwrap_err().kind(), ErrorKind::Length);
        }
        assert!(bounds(..=usize::MAX, 5).is_err());
    }
}
