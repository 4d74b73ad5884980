//! Device memory of another process, mapped here.
//!
//! Each device's memory is a file without a name ([`super::arena`]). Whoever has it open under another process's descriptor
//! table (`/proc/PID/fd/N`, same user), or was passed the descriptor over a socket, maps the whole of it: that costs address
//! space only. One file is mapped once a process, as long as anyone here uses it, and stays valid when its maker has ended.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, Weak};

/// Where a process has a file of device memory open. Plain numbers: it may travel to other processes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub pid: u32,
    pub fd: RawFd,
    /// Tells the file from one that was opened under the same number later.
    pub inode: u64,
}

impl Location {
    /// Where this process has it.
    pub(crate) fn of(file: BorrowedFd<'_>) -> Result<Location> {
        let inode = identity(file)?.1;
        Ok(Location { pid: std::process::id(), fd: file.as_raw_fd(), inode })
    }

    /// Opens the file. `NotFound`: the process has ended, or has closed it.
    pub(crate) fn open(self) -> Result<OwnedFd> {
        let path = format!("/proc/{}/fd/{}", self.pid, self.fd);
        let file = OwnedFd::from(File::options().read(true).write(true).open(&path)?);
        if identity(file.as_fd())?.1 != self.inode {
            return Err(Error::new(ErrorKind::NotFound, format!("{path} is another file by now")));
        }
        Ok(file)
    }
}

/// Device and inode of an open file.
fn identity(file: BorrowedFd<'_>) -> Result<(u64, u64)> {
    let facts = File::from(file.try_clone_to_owned()?).metadata()?;
    Ok((facts.dev(), facts.ino()))
}

/// A file of device memory, mapped from its first byte to its last.
pub(crate) struct Foreign {
    base: usize,
    bytes: usize,
    file: Arc<OwnedFd>,
}

/// The live mappings by the identity of their files.
static MAPPED: Mutex<BTreeMap<(u64, u64), Weak<Foreign>>> = Mutex::new(BTreeMap::new());

impl Foreign {
    /// Maps a file of device memory (see [`Location::open`]), or finds the mapping.
    pub(crate) fn of_file(file: OwnedFd) -> Result<Arc<Foreign>> {
        let key = identity(file.as_fd())?;
        let mut mapped = MAPPED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(found) = mapped.get(&key).and_then(Weak::upgrade) {
            return Ok(found);
        }
        mapped.retain(|_, foreign| foreign.strong_count() > 0);
        let foreign = Arc::new(Foreign::map(file)?);
        mapped.insert(key, Arc::downgrade(&foreign));
        Ok(foreign)
    }

    fn map(file: OwnedFd) -> Result<Foreign> {
        let bytes = File::from(file.try_clone()?).metadata()?.len() as usize;
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_NORESERVE);
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other memory.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, flags, file.as_raw_fd(), 0) };
        if base == libc::MAP_FAILED {
            return Err(Error::last_os_error());
        }
        Ok(Foreign { base: base as usize, bytes, file: Arc::new(file) })
    }

    /// The address here of `bytes` bytes from `offset` of the file on; `None` where they leave it. Good while this value lives.
    pub(crate) fn at(&self, offset: usize, bytes: usize) -> Option<usize> {
        (offset <= self.bytes && bytes <= self.bytes - offset).then(|| self.base + offset)
    }

    pub(crate) fn file(&self) -> &Arc<OwnedFd> {
        &self.file
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // SAFETY: the mapping that `map` made; whoever uses an address of it holds this value.
        unsafe { libc::munmap(self.base as *mut libc::c_void, self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::arena::Arena;

    #[test]
    fn a_file_is_found_through_its_process_and_mapped_once() {
        let arena = Arena::map(0, 1 << 20).unwrap();
        let place = Location::of(arena.file().as_fd()).unwrap();
        let (a, b) = (Foreign::of_file(place.open().unwrap()).unwrap(), Foreign::of_file(place.open().unwrap()).unwrap());
        assert!(Arc::ptr_eq(&a, &b), "one mapping a file");
        // SAFETY: inside the arena and inside its second mapping, both alive; the two do not overlap in addresses.
        unsafe {
            ((arena.base() + 5000) as *mut u8).write(7);
            assert_eq!((a.at(5000, 1).unwrap() as *const u8).read(), 7, "the same bytes");
        }
        assert!(a.at(1 << 20, 0).is_some() && a.at(1 << 20, 1).is_none() && a.at(usize::MAX, 2).is_none());
        drop(arena);
        // SAFETY: the second mapping keeps the memory.
        assert_eq!(unsafe { (a.at(5000, 1).unwrap() as *const u8).read() }, 7, "valid after its maker is gone");
        assert_eq!(place.open().unwrap_err().kind(), ErrorKind::NotFound, "but cannot be opened any more");
        let nobody = Location { pid: i32::MAX as u32, ..place };
        assert_eq!(nobody.open().unwrap_err().kind(), ErrorKind::NotFound);
    }
}
