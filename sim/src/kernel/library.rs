//! A shared object in memory, loaded.

use std::ffi::{CStr, CString, c_void};
use std::io::{Error, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A shared object that came as bytes. The system loads files: it is one in memory, without a name.
pub(super) struct Library {
    handle: *mut c_void,
    path: CString,
    file: Option<std::fs::File>,
}

// SAFETY: a handle of `dlopen` may be used on any thread.
unsafe impl Send for Library {}
// SAFETY: as above; nothing changes it but its end.
unsafe impl Sync for Library {}

impl Library {
    /// Loads it, with its symbols for itself alone. The error says why not.
    pub(super) fn load(bytes: &[u8]) -> Result<Library, String> {
        // SAFETY: a name, and a flag.
        let fd = unsafe { libc::memfd_create(c"twin image".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(format!("no file in memory: {}", Error::last_os_error()));
        }
        // SAFETY: just opened, and nobody else's.
        let mut file = std::fs::File::from(unsafe { OwnedFd::from_raw_fd(fd) });
        file.write_all(bytes).map_err(|error| format!("{} bytes of memory: {error}", bytes.len()))?;
        let path = CString::new(format!("/proc/self/fd/{fd}")).map_err(|error| error.to_string())?;
        // SAFETY: a path. What is loaded is code that the program brings, as a device binary is.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            return Err(last_error());
        }
        Ok(Library { handle, path, file: Some(file) })
    }

    /// The address of a symbol; null where there is none.
    pub(super) fn symbol(&self, name: &CStr) -> *mut c_void {
        // SAFETY: a live handle and a C string.
        unsafe { libc::dlsym(self.handle, name.as_ptr()) }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: a live handle, once. Who calls into the library holds it.
        unsafe { libc::dlclose(self.handle) };
        // The system may keep it loaded (a thread's variables, symbols that are unique in the process), under its path: another
        // must not get that path, or it would be taken for this one.
        // SAFETY: a path; the flag asks only.
        let kept = unsafe { libc::dlopen(self.path.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD) };
        if !kept.is_null()
            && let Some(file) = self.file.take()
        {
            _ = file.as_raw_fd();
            std::mem::forget(file);
        }
    }
}

fn last_error() -> String {
    // SAFETY: takes nothing; null, or a C string that lives until this thread's next call of the loader.
    let text = unsafe { libc::dlerror() };
    if text.is_null() {
        return "the system does not say why".into();
    }
    // SAFETY: not null, see above.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
