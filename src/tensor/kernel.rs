//! Tensors as arguments of kernels: the address of their first element. Shape and strides are the kernel's own business.

use super::{View, ViewMut};
use crate::acl::kernel::{ArgList, Argument};
use crate::error::Result;

/// Read by the kernel.
impl Argument for View<'_> {
    fn push(self, name: &'static str, list: &mut ArgList<'_>) -> Result<()> {
        list.pointer(name, self.first_address(), self.storage.home)
    }
}

/// Written by the kernel, and perhaps read.
impl Argument for ViewMut<'_> {
    fn push(self, name: &'static str, list: &mut ArgList<'_>) -> Result<()> {
        list.pointer(name, self.as_view().first_address(), self.storage.home)
    }
}

impl View<'_> {
    /// Where its first element is on the device.
    pub(crate) fn first_address(&self) -> usize {
        self.storage.address + self.layout.offset() * self.dtype.size()
    }
}
