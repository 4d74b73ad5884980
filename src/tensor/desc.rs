//! CANN's descriptors of tensors (`aclTensor`), owned for the time of one call.

use std::marker::PhantomData;

use ascend_rl_sys::Api;
use ascend_rl_sys::types::{ACL_FORMAT_ND, aclDataType, aclFormat, aclTensor, aclTensorList};

use super::view::{Storage, View, ViewMut};
use super::{DType, Layout};
use crate::error::{Error, ErrorKind, Result};

/// An `aclTensor` that describes a view; destroyed when dropped. It borrows the view, so the memory outlives the call.
pub(crate) struct Desc<'a> {
    raw: *mut aclTensor,
    api: &'a Api,
    /// Of the storage.
    address: usize,
    is_output: bool,
}

/// How the memory of a tensor is described: elements, their order, and dims that count them all.
pub(crate) struct Stored<'a> {
    pub dtype: aclDataType,
    pub format: aclFormat,
    pub dims: &'a [usize],
}

impl<'a> Desc<'a> {
    #[inline]
    pub(crate) fn input(api: &'a Api, view: &View<'a>) -> Result<Desc<'a>> {
        Desc::new(api, &view.layout, view.dtype, &view.storage, false)
    }

    #[inline]
    pub(crate) fn output(api: &'a Api, view: &'a ViewMut<'_>) -> Result<Desc<'a>> {
        Desc::new(api, &view.layout, view.dtype, &view.storage, true)
    }

    #[inline]
    fn new(api: &'a Api, layout: &Layout, dtype: DType, storage: &Storage<'_>, is_output: bool) -> Result<Desc<'a>> {
        let stored = Stored { dtype: dtype.to_acl(), format: ACL_FORMAT_ND, dims: &[storage.len] };
        Desc::stored(api, layout, stored, storage.address, is_output)
    }

    /// A tensor whose memory is no row of a [`DType`]'s elements. Who calls it answers for the memory: that it is as long as
    /// `stored` says, and lives as long as the descriptor.
    #[inline]
    pub(crate) fn stored(api: &'a Api, layout: &Layout, stored: Stored<'_>, address: usize, is_output: bool) -> Result<Desc<'a>> {
        let (dims, strides) = (layout.shape(), layout.strides());
        // SAFETY: the arrays live for the call and have as many numbers as there are dims; CANN copies them. `usize` and `int64_t`
        // are one size on the platforms of CANN (asserted below), and what counts elements of memory is never negative as the
        // latter. The address is only stored.
        let raw = unsafe {
            (api.nn.aclCreateTensor)(
                dims.as_ptr().cast(),
                dims.len() as u64,
                stored.dtype,
                strides.as_ptr().cast(),
                layout.offset() as i64,
                stored.format,
                stored.dims.as_ptr().cast(),
                stored.dims.len() as u64,
                std::ptr::without_provenance_mut(address),
            )
        };
        if raw.is_null() {
            return Err(refused(layout, stored.dims));
        }
        Ok(Desc { raw, api, address, is_output })
    }

    pub(crate) fn raw(&self) -> *mut aclTensor {
        self.raw
    }

    /// The address of the storage.
    pub(crate) fn address(&self) -> usize {
        self.address
    }

    /// Whether the operator writes it.
    pub(crate) fn is_output(&self) -> bool {
        self.is_output
    }
}

const _: () = assert!(size_of::<usize>() == size_of::<i64>());

#[cold]
fn refused(layout: &Layout, storage: &[usize]) -> Error {
    Error::new(ErrorKind::Device, format!("aclCreateTensor refused {layout:?} over a storage of {storage:?}"))
}

impl Drop for Desc<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: made by aclCreateTensor, destroyed once. A failure would leave a few bytes of host memory; nothing to do.
        unsafe { (self.api.nn.aclDestroyTensor)(self.raw) };
    }
}

/// An `aclTensorList`; it owns its members in CANN, so they are given up by their [`Desc`].
pub(crate) struct DescList<'a> {
    raw: *mut aclTensorList,
    api: &'a Api,
    _members: PhantomData<&'a ()>,
}

impl<'a> DescList<'a> {
    pub(crate) fn new(api: &'a Api, members: Vec<Desc<'a>>) -> Result<DescList<'a>> {
        let handles: Vec<*const aclTensor> = members.iter().map(|m| m.raw as *const aclTensor).collect();
        // SAFETY: an array of that many live descriptors; CANN copies the array.
        let raw = unsafe { (api.nn.aclCreateTensorList)(handles.as_ptr(), handles.len() as u64) };
        if raw.is_null() {
            return Err(Error::new(ErrorKind::Device, format!("aclCreateTensorList refused {} tensors", handles.len())));
        }
        // The list destroys them from now on.
        members.into_iter().for_each(std::mem::forget);
        Ok(DescList { raw, api, _members: PhantomData })
    }

    pub(crate) fn raw(&self) -> *const aclTensorList {
        self.raw
    }
}

impl Drop for DescList<'_> {
    fn drop(&mut self) {
        // SAFETY: made by aclCreateTensorList, destroyed once, with the members it owns.
        unsafe { (self.api.nn.aclDestroyTensorList)(self.raw) };
    }
}
