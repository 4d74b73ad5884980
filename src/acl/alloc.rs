//! The caching allocator's other half: what it asks of the device, and what it does when that has no more.
//!
//! `aclrtMalloc` is slow and `aclrtFree` does not wait for queued work, so neither is on the hot path: memory is taken in
//! segments (see [`super::pool`]) and given back only after the device was synchronised.

use super::device::DeviceInner;
use super::pool::{BlockId, Pool, block_bytes, segment_bytes};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::check;
use ascend_rl_sys::types::ACL_MEM_MALLOC_HUGE_FIRST;
use std::ffi::c_void;
use std::ptr;

impl DeviceInner {
    /// A block for `bytes` that work on stream `owner` may use at once: its row in the table and its address.
    ///
    /// When the device has no more: waits for all streams, takes what their finished work has left, returns cached segments,
    /// and asks once more.
    pub(super) fn allocate(&self, owner: u64, bytes: usize) -> Result<(BlockId, usize)> {
        if self.is_poisoned() {
            let text = format!("device {} gives no more memory: two streams could not be joined again", self.ordinal());
            return Err(Error::new(ErrorKind::Device, text));
        }
        let block = block_bytes(bytes)
            .ok_or_else(|| Error::new(ErrorKind::OutOfMemory, format!("{bytes} bytes are more than an address space")))?;
        let mut pool = self.pool();
        if let Some(found) = pool.take(owner, block) {
            return Ok(found);
        }
        self.bind()?;
        match self.grow(&mut pool, segment_bytes(block), block) {
            Ok(()) => {}
            Err(short) if short.kind() == ErrorKind::OutOfMemory && pool.is_recording() => {
                // The device cannot be waited for while a stream of it is captured.
                return Err(self.out_of_memory(&pool, bytes, short));
            }
            Err(short) if short.kind() == ErrorKind::OutOfMemory => {
                // The lock is held meanwhile: a block given back after this wait could not count as waited for.
                self.synchronize()?;
                pool.settle(None);
                if let Some(found) = pool.take(owner, block) {
                    return Ok(found);
                }
                self.free_segments(&mut pool)?;
                // This time not a byte more than needed.
                self.grow(&mut pool, block, block).map_err(|e| self.out_of_memory(&pool, bytes, e))?;
            }
            Err(other) => return Err(other),
        }
        let lost = || Error::new(ErrorKind::Device, format!("a new segment has no room for {block} bytes"));
        pool.take(owner, block).ok_or_else(lost)
    }

    /// Takes a block back; work on stream `owner` that uses it may still be queued.
    pub(super) fn give_back(&self, block: BlockId, owner: u64) {
        if !self.is_poisoned() {
            self.pool().give(block, owner);
        }
    }

    /// As [`super::Device::trim`]; the context is current.
    pub(super) fn trim(&self, pool: &mut Pool) -> Result<usize> {
        self.synchronize()?;
        pool.settle(None);
        self.free_segments(pool)
    }

    /// Returns the idle segments to the device; the context is current. The bytes returned.
    pub(super) fn free_segments(&self, pool: &mut Pool) -> Result<usize> {
        let before = pool.stats().reserved_bytes;
        let mut outcome = Ok(());
        for address in pool.drain() {
            // SAFETY: the start of a segment from `aclrtMalloc`, drained so freed once; idle, so no queued work touches it.
            let code = unsafe { (self.api().acl.aclrtFree)(ptr::without_provenance_mut::<c_void>(address)) };
            outcome = outcome.and(check(self.api(), "aclrtFree", code));
        }
        outcome.map(|()| before - pool.stats().reserved_bytes)
    }

    fn grow(&self, pool: &mut Pool, segment: usize, block: usize) -> Result<()> {
        let mut address = ptr::null_mut();
        // SAFETY: `address` outlives the call.
        let code = unsafe { (self.api().acl.aclrtMalloc)(&mut address, segment, ACL_MEM_MALLOC_HUGE_FIRST) };
        check(self.api(), "aclrtMalloc", code)?;
        pool.add_segment(address.addr(), segment, block);
        Ok(())
    }

    fn out_of_memory(&self, pool: &Pool, asked: usize, cause: Error) -> Error {
        let stats = pool.stats();
        let free = match self.memory() {
            Ok(memory) => format!("{} of {} free on the device", mib(memory.free_bytes), mib(memory.total_bytes)),
            Err(_) => "free memory unknown".to_owned(),
        };
        let cached = mib(stats.reserved_bytes - stats.allocated_bytes);
        cause.context(format!(
            "device {} is out of memory: {} asked, {} allocated in buffers, {cached} cached, {free}",
            self.ordinal(),
            mib(asked),
            mib(stats.allocated_bytes)
        ))
    }
}

fn mib(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / (1 << 20) as f64)
}
