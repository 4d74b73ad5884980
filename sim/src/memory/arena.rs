//! A device's memory: a shareable mapping that costs nothing until it is touched.

use std::ffi::CString;
use std::io::{Error, Result};
use std::ops::Range;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;

pub(crate) struct Arena {
    base: usize,
    bytes: usize,
    page: usize,
    file: Arc<OwnedFd>,
}

impl Arena {
    /// Reserves `bytes` (rounded up to pages). The file has no name in any folder and goes with the process.
    pub(crate) fn map(device: u32, bytes: usize) -> Result<Arena> {
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let bytes = bytes.next_multiple_of(page);
        let name = CString::new(format!("cann-sim-device-{device}"))?;
        // SAFETY: the name is NUL-terminated and lives for the call.
        let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(Error::last_os_error());
        }
        // SAFETY: a new descriptor that nobody else owns.
        let file = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: an open descriptor of ours; the length is checked by the kernel.
        if unsafe { libc::ftruncate(file.as_raw_fd(), bytes as libc::off_t) } != 0 {
            return Err(Error::last_os_error());
        }
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_NORESERVE);
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, flags, file.as_raw_fd(), 0) };
        if base == libc::MAP_FAILED {
            return Err(Error::last_os_error());
        }
        Ok(Arena { base: base as usize, bytes, page, file: Arc::new(file) })
    }

    pub(crate) fn base(&self) -> usize {
        self.base
    }

    pub(crate) fn file(&self) -> &Arc<OwnedFd> {
        &self.file
    }

    pub(crate) fn holds(&self, address: usize) -> bool {
        address.wrapping_sub(self.base) < self.bytes
    }

    /// Gives the whole pages inside `range` (offsets) back to the system; they read as zero afterwards.
    pub(crate) fn give_back(&self, range: Range<usize>) {
        let (start, end) = (range.start.next_multiple_of(self.page), range.end / self.page * self.page);
        if start < end {
            let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
            // SAFETY: an open descriptor of ours; nobody reads these pages as memory of a live allocation. A failure only
            // means that the system keeps the pages: harmless, so the result is not needed.
            unsafe { libc::fallocate(self.file.as_raw_fd(), mode, start as libc::off_t, (end - start) as libc::off_t) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of the file that are backed by memory.
    fn resident(arena: &Arena) -> usize {
        // SAFETY: `stat` is plain numbers, and `fstat` fills it for an open descriptor.
        unsafe {
            let mut stat: libc::stat = std::mem::zeroed();
            assert_eq!(libc::fstat(arena.file.as_raw_fd(), &mut stat), 0);
            stat.st_blocks as usize * 512
        }
    }

    #[test]
    fn memory_is_taken_when_touched_and_returned_when_given_back() {
        let arena = Arena::map(0, 64 << 30).unwrap();
        assert_eq!(resident(&arena), 0, "64 GiB cost nothing");
        // SAFETY: the first 4 MiB of a mapping that lives to the end of this test.
        unsafe { std::ptr::write_bytes(arena.base() as *mut u8, 1, 4 << 20) };
        assert_eq!(resident(&arena), 4 << 20);
        arena.give_back(100..(3 << 20) + 1);
        assert_eq!(resident(&arena), (1 << 20) + arena.page, "whole pages only");
        // SAFETY: still mapped.
        assert_eq!(unsafe { (arena.base() as *const u8).add(2 << 20).read() }, 0);
        assert!(arena.holds(arena.base()) && !arena.holds(arena.base() - 1) && !arena.holds(arena.base() + (64 << 30)));
    }
}
