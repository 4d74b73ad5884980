//! Tensor channels (`acl_tdt.h`) and queues (`acl_tdt_queue.h`). One body for each row of `tdt_symbols!` and `queue_symbols!`.
//!
//! On a card they lead from the host to operators and programs of the device, and back. What is here is what a program sees that
//! holds both ends itself: a channel or a queue of the process, with its order, its capacity and its waits, and routes that carry what
//! is in one queue to others. Source: the runtime's `src/acl/acl_tdt_channel` and `src/acl/acl_tdt_queue` (where a program runs on the
//! host, `queue_process_host.cpp` refuses buffers and the sharing of queues between processes), 17-01 and 17-02 of its API pages.
//!
//! May use: what [`super`] has. Must not: follow a handle of C's.
//!
//! # Not covered
//! Channels without a capacity, which only operators of a device read and write; names are kept, and find nothing.

mod channel;
mod dataset;
mod fifo;
mod item;
mod queue;
mod route;
mod unsupported;

use std::ffi::c_void;

pub(crate) use channel::*;
pub(crate) use dataset::*;
pub(crate) use item::*;
pub(crate) use queue::*;
pub(crate) use route::*;
pub(crate) use unsupported::*;

use super::copy::Span;
use super::{give, not_null};
use crate::memory::Place;
use crate::reject::{Outcome, check};
use crate::world::world;

/// Names of channels and queues are shorter.
const LONGEST_NAME: usize = 128;
/// What a channel or a queue holds.
const DEPTHS: std::ops::RangeInclusive<usize> = 2..=8192;

/// A copy of `bytes` bytes, of the host or of a device.
fn read(param: &str, address: usize, bytes: usize) -> Outcome<Vec<u8>> {
    let mut copy = vec![0; bytes];
    if bytes > 0 {
        Place::of(param, address, bytes)?;
        let span = Span { dst: copy.as_mut_ptr() as usize, src: address, bytes };
        world()?.engine.exclusive(|| span.copy());
    }
    Ok(copy)
}

/// Writes bytes to where a program wants them.
fn write(param: &str, address: usize, data: &[u8]) -> Outcome {
    if !data.is_empty() {
        Place::of(param, address, data.len())?;
        let span = Span { dst: address, src: data.as_ptr() as usize, bytes: data.len() };
        world()?.engine.exclusive(|| span.copy());
    }
    Ok(())
}

/// Copies a parameter of `bytes` bytes out, as CANN does: into no fewer.
fn give_param(bytes: &[u8], len: usize, ret_size: *mut usize, param: *mut c_void) -> Outcome {
    check!(bytes.len() <= len, ACL_ERROR_INVALID_PARAM, "len is {len}, and the parameter takes {} bytes", bytes.len());
    // SAFETY: C's contract: `len` bytes at `param`, which is not null as the callers have checked.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), param.cast(), bytes.len()) };
    give(ret_size, bytes.len());
    Ok(())
}

/// Takes a parameter of `N` bytes in.
fn take_param<const N: usize>(len: usize, param: *const c_void) -> Outcome<[u8; N]> {
    check!(len == N, ACL_ERROR_INVALID_PARAM, "len is {len}, and the parameter takes {N} bytes");
    // SAFETY: C's contract: `len` bytes at `param`, which is not null as the callers have checked.
    Ok(unsafe { param.cast::<[u8; N]>().read_unaligned() })
}
