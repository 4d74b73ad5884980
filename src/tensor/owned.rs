//! Tensors that own their memory.

use std::marker::PhantomData;

use super::view::Storage;
use super::{DType, Layout, View, ViewMut};
use crate::acl::{DeviceBuffer, Element, Event, Stream};
use crate::error::{Error, ErrorKind, Result};

/// A contiguous tensor on its home stream. Dropping it is stream-ordered: the memory goes back to the stream's allocator,
/// and work that is queued already still finds it.
pub struct Tensor {
    buffer: DeviceBuffer<u8>,
    dtype: DType,
    layout: Layout,
}

impl Tensor {
    /// A tensor of arbitrary contents.
    ///
    /// Order: allocates from the stream's cache; enqueues nothing.
    /// Errors: `Shape` for more than 8 dims, `OutOfMemory`.
    pub fn empty(s: &Stream, shape: &[usize], dtype: DType) -> Result<Tensor> {
        let layout = Layout::contiguous(shape)?;
        let bytes = layout
            .numel()
            .checked_mul(dtype.size())
            .ok_or_else(|| Error::new(ErrorKind::Shape, format!("{shape:?} of {dtype} has too many bytes")))?;
        Ok(Tensor { buffer: s.alloc(bytes)?, dtype, layout })
    }

    /// A tensor of zeros.
    ///
    /// Order: enqueues one memset. Errors: as [`Tensor::empty`].
    pub fn zeros(s: &Stream, shape: &[usize], dtype: DType) -> Result<Tensor> {
        let mut tensor = Tensor::empty(s, shape, dtype)?;
        s.set_zero(&mut tensor.buffer)?;
        Ok(tensor)
    }

    /// A tensor with the dtype and values of a host slice.
    ///
    /// Order: blocks until the values are copied, behind the stream's queued work.
    /// Errors: `Length` where the shape has another number of elements, `OutOfMemory`.
    pub fn from_slice<T: Element>(s: &Stream, shape: &[usize], values: &[T]) -> Result<Tensor> {
        let dtype = DType::from_acl(T::DTYPE)
            .ok_or_else(|| Error::new(ErrorKind::DType, "from_slice: the host type is no tensor dtype".to_string()))?;
        let mut tensor = Tensor::empty(s, shape, dtype)?;
        tensor.write(s, values)?;
        Ok(tensor)
    }

    /// Overwrites all elements with host values.
    ///
    /// Order: blocks until the values are copied, behind the stream's queued work.
    /// Errors: `DType`, `Length`, `WrongStream`.
    pub fn write<T: Element>(&mut self, s: &Stream, values: &[T]) -> Result<()> {
        self.dtype.check_element::<T>("write")?;
        if values.len() != self.numel() {
            let detail = format!("write: {} values for {:?}, which has {}", values.len(), self.shape(), self.numel());
            return Err(Error::new(ErrorKind::Length, detail));
        }
        s.write(bytemuck::cast_slice(values), &mut self.buffer, 0)
    }

    /// All elements, on the host.
    ///
    /// Order: blocks until the stream's queued work has run and the values are copied.
    /// Errors: `DType`, `WrongStream`, and what the queued work failed with (`Async`).
    pub fn to_vec<T: Element>(&self, s: &Stream) -> Result<Vec<T>> {
        self.dtype.check_element::<T>("to_vec")?;
        let mut out = vec![T::zeroed(); self.numel()];
        s.read(&self.buffer, bytemuck::cast_slice_mut(&mut out))?;
        Ok(out)
    }

    /// The dims.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The number of elements.
    pub fn numel(&self) -> usize {
        self.layout.numel()
    }

    /// Bytes of all elements.
    pub fn bytes(&self) -> usize {
        self.numel() * self.dtype.size()
    }

    /// The same memory with another shape.
    ///
    /// Errors: `Shape` where the number of elements differs.
    pub fn into_shape(self, shape: &[usize]) -> Result<Tensor> {
        Ok(Tensor { layout: self.layout.reshape(shape)?, ..self })
    }

    /// Moves the tensor to another stream of the device for good: work queued on `to` from now on sees what was queued on the
    /// old home before `after`, which must be the last thing queued there. One event serves any number of tensors.
    ///
    /// Order: enqueues a wait on `to`.
    /// Errors: `WrongStream` if `after` is of another stream, or stale; `WrongDevice`. The tensor then stays where it is.
    /// CANN: aclrtStreamWaitEvent.
    pub fn rehome(&mut self, to: &Stream, after: &Event) -> Result<()> {
        self.buffer.rehome(to, after)
    }

    /// The whole tensor, to read.
    #[inline]
    pub fn view(&self) -> View<'_> {
        View { dtype: self.dtype, layout: self.layout, storage: self.storage() }
    }

    /// The whole tensor, to write.
    #[inline]
    pub fn view_mut(&mut self) -> ViewMut<'_> {
        ViewMut { dtype: self.dtype, layout: self.layout, storage: self.storage(), _unique: PhantomData }
    }

    #[inline]
    fn storage(&self) -> Storage<'_> {
        Storage { address: self.buffer.address() as usize, len: self.numel(), home: self.buffer.home().id(), owner: PhantomData }
    }
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tensor({} {:?})", self.dtype, self.shape())
    }
}

impl<'a> From<&'a Tensor> for View<'a> {
    #[inline]
    fn from(tensor: &'a Tensor) -> View<'a> {
        tensor.view()
    }
}

impl<'a> From<&'a mut Tensor> for View<'a> {
    #[inline]
    fn from(tensor: &'a mut Tensor) -> View<'a> {
        tensor.view()
    }
}

impl<'a> From<&'a mut Tensor> for ViewMut<'a> {
    #[inline]
    fn from(tensor: &'a mut Tensor) -> ViewMut<'a> {
        tensor.view_mut()
    }
}
