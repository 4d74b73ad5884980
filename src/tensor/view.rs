//! Borrowed tensors.

use std::marker::PhantomData;

use super::{DType, Layout};
use crate::acl::StreamId;
use crate::error::{Error, ErrorKind, Result};

/// Where a view's storage is, and whose queue orders the work on it.
#[derive(Clone, Copy)]
pub(crate) struct Storage<'a> {
    /// Device address of the storage's first element; a number, since it is not ours to follow.
    pub address: usize,
    /// Elements in the storage.
    pub len: usize,
    pub home: StreamId,
    /// The tensor whose memory it is.
    pub owner: PhantomData<&'a ()>,
}

macro_rules! geometry {
    () => {
        /// The dims.
        pub fn shape(&self) -> &[usize] {
            self.layout.shape()
        }

        /// Elements from one index of a dim to the next.
        pub fn strides(&self) -> &[usize] {
            self.layout.strides()
        }

        /// The element type.
        pub fn dtype(&self) -> DType {
            self.dtype
        }

        /// The number of elements.
        pub fn numel(&self) -> usize {
            self.layout.numel()
        }

        /// Row-major without gaps.
        pub fn is_contiguous(&self) -> bool {
            self.layout.is_contiguous()
        }

        /// Shape, strides and offset.
        pub fn layout(&self) -> &Layout {
            &self.layout
        }

        /// Another shape over the same elements. Errors: `Shape` where a copy would be needed.
        pub fn reshape(self, shape: &[usize]) -> Result<Self> {
            Ok(Self { layout: self.layout.reshape(shape)?, ..self })
        }

        /// `len` indices of `dim`, from `start` on. Errors: `Shape` where they are not all there.
        pub fn narrow(self, dim: usize, start: usize, len: usize) -> Result<Self> {
            Ok(Self { layout: self.layout.narrow(dim, start, len)?, ..self })
        }

        /// A matrix inside a contiguous view: `rows` rows of `cols` elements, `row_stride` from one to the next, from element
        /// `offset` on. Errors: `Shape` where there are gaps, rows overlap, or the matrix does not lie inside.
        pub fn matrix(self, offset: usize, rows: usize, cols: usize, row_stride: usize) -> Result<Self> {
            Ok(Self { layout: self.layout.matrix(offset, rows, cols, row_stride)?, ..self })
        }

        /// Dims `a` and `b` in each other's place. Errors: `Shape` where one does not exist.
        pub fn transpose(self, a: usize, b: usize) -> Result<Self> {
            Ok(Self { layout: self.layout.transpose(a, b)?, ..self })
        }

        /// A new dim of size 1 at `dim`. Errors: `Shape` past the end.
        pub fn unsqueeze(self, dim: usize) -> Result<Self> {
            Ok(Self { layout: self.layout.unsqueeze(dim)?, ..self })
        }

        /// The last two dims in each other's place: the transpose of a matrix. A tensor with fewer dims stays as it is.
        pub fn t(self) -> Self {
            let rank = self.layout.shape().len();
            match rank.checked_sub(2).map(|r| self.layout.transpose(r, r + 1)) {
                Some(Ok(layout)) => Self { layout, ..self },
                _ => self,
            }
        }
    };
}

/// A tensor that is read.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) dtype: DType,
    pub(crate) layout: Layout,
    pub(crate) storage: Storage<'a>,
}

impl View<'_> {
    geometry!();
}

/// A tensor that is written. Not `Copy`; [`ViewMut::reborrow`] lends it.
pub struct ViewMut<'a> {
    pub(crate) dtype: DType,
    pub(crate) layout: Layout,
    pub(crate) storage: Storage<'a>,
    pub(crate) _unique: PhantomData<&'a mut ()>,
}

impl ViewMut<'_> {
    geometry!();

    /// The same view for a shorter time.
    pub fn reborrow(&mut self) -> ViewMut<'_> {
        ViewMut { dtype: self.dtype, layout: self.layout, storage: self.storage, _unique: PhantomData }
    }

    /// The same view, to read.
    pub fn as_view(&self) -> View<'_> {
        View { dtype: self.dtype, layout: self.layout, storage: self.storage }
    }
}

impl<'a> ViewMut<'a> {
    /// Indices `..at` and `at..` of `dim`, as two views that do not overlap in elements.
    ///
    /// Errors: `Shape` where `at` is past the end.
    pub fn split_at(self, dim: usize, at: usize) -> Result<(ViewMut<'a>, ViewMut<'a>)> {
        let size = *self.shape().get(dim).unwrap_or(&0);
        let high = self.layout.narrow(dim, at, size.checked_sub(at).ok_or_else(|| split_error(dim, at, &self.layout))?)?;
        let low = self.layout.narrow(dim, 0, at)?;
        let part = |layout| ViewMut { dtype: self.dtype, layout, storage: self.storage, _unique: PhantomData };
        Ok((part(low), part(high)))
    }
}

fn split_error(dim: usize, at: usize, layout: &Layout) -> Error {
    Error::new(ErrorKind::Shape, format!("split_at: {at} is past dim {dim} of {:?}", layout.shape()))
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({} {:?})", self.dtype, self.layout)
    }
}

impl std::fmt::Debug for ViewMut<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ViewMut({} {:?})", self.dtype, self.layout)
    }
}
