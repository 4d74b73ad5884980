//! So many bytes somewhere: what a single operator reads and writes.

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use super::not_null;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, reject};

/// An address, which is not followed, and a length.
static BUFFERS: Registry<(usize, usize)> = Registry::new(Kind::DataBuffer);

pub(super) fn find(param: &str, buffer: *const aclDataBuffer) -> Outcome<(usize, usize)> {
    not_null(param, buffer)?;
    match BUFFERS.get(buffer as usize) {
        Some(data) => Ok(data),
        None => reject!(
            ACL_ERROR_INVALID_PARAM,
            "{param} is no live data buffer: destroyed already (aclDestroyDataBuffer), or never created"
        ),
    }
}

pub(crate) fn aclCreateDataBuffer(data: *mut c_void, size: usize) -> Outcome<*mut aclDataBuffer> {
    Ok(BUFFERS.insert((data as usize, size)) as *mut aclDataBuffer)
}

pub(crate) fn aclDestroyDataBuffer(data_buffer: *const aclDataBuffer) -> Outcome {
    find("dataBuffer", data_buffer)?;
    BUFFERS.remove(data_buffer as usize);
    Ok(())
}

pub(crate) fn aclUpdateDataBuffer(data_buffer: *mut aclDataBuffer, data: *mut c_void, size: usize) -> Outcome {
    find("dataBuffer", data_buffer)?;
    BUFFERS.replace(data_buffer as usize, (data as usize, size));
    Ok(())
}

pub(crate) fn aclGetDataBufferAddr(data_buffer: *const aclDataBuffer) -> Outcome<*mut c_void> {
    Ok(find("dataBuffer", data_buffer)?.0 as *mut c_void)
}

pub(crate) fn aclGetDataBufferSizeV2(data_buffer: *const aclDataBuffer) -> Outcome<usize> {
    Ok(find("dataBuffer", data_buffer)?.1)
}
