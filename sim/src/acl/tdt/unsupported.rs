//! What CANN has for programs that run on the device itself, and refuses on the host (`queue_process_host.cpp`).

use std::ffi::c_void;

use ascend_rl_sys::types::*;

use crate::reject::{Outcome, reject};

fn refuse<T>() -> Outcome<T> {
    reject!(
        ACL_ERROR_FEATURE_UNSUPPORTED,
        "not supported where the program runs on the host: acltdtEnqueueData and acltdtDequeueData are"
    )
}

pub(crate) fn acltdtGrantQueue(_qid: u32, _pid: i32, _permission: u32, _timeout: i32) -> Outcome {
    refuse()
}

pub(crate) fn acltdtAttachQueue(_qid: u32, _timeout: i32, _permission: *mut u32) -> Outcome {
    refuse()
}

pub(crate) fn acltdtEnqueue(_qid: u32, _buf: acltdtBuf, _timeout: i32) -> Outcome {
    refuse()
}

pub(crate) fn acltdtDequeue(_qid: u32, _buf: *mut acltdtBuf, _timeout: i32) -> Outcome {
    refuse()
}

pub(crate) fn acltdtAllocBuf(_size: usize, _kind: u32, _buf: *mut acltdtBuf) -> Outcome {
    refuse()
}

pub(crate) fn acltdtFreeBuf(_buf: acltdtBuf) -> Outcome {
    refuse()
}

pub(crate) fn acltdtGetBufData(_buf: acltdtBuf, _data_ptr: *mut *mut c_void, _size: *mut usize) -> Outcome {
    refuse()
}

pub(crate) fn acltdtSetBufDataLen(_buf: acltdtBuf, _len: usize) -> Outcome {
    refuse()
}

pub(crate) fn acltdtGetBufDataLen(_buf: acltdtBuf, _len: *mut usize) -> Outcome {
    refuse()
}

pub(crate) fn acltdtAppendBufChain(_head_buf: acltdtBuf, _buf: acltdtBuf) -> Outcome {
    refuse()
}

pub(crate) fn acltdtGetBufChainNum(_head_buf: acltdtBuf, _num: *mut u32) -> Outcome {
    refuse()
}

pub(crate) fn acltdtGetBufFromChain(_head_buf: acltdtBuf, _index: u32, _buf: *mut acltdtBuf) -> Outcome {
    refuse()
}

pub(crate) fn acltdtGetBufUserData(_buf: acltdtBuf, _data_ptr: *mut c_void, _size: usize, _offset: usize) -> Outcome {
    refuse()
}

pub(crate) fn acltdtSetBufUserData(_buf: acltdtBuf, _data_ptr: *const c_void, _size: usize, _offset: usize) -> Outcome {
    refuse()
}

pub(crate) fn acltdtCopyBufRef(_buf: acltdtBuf, _new_buf: *mut acltdtBuf) -> Outcome {
    refuse()
}
