//! The shared libraries of one CANN toolkit, opened as symbols ask for them.

use super::search::Place;
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::{Lib, Symbol};
use libloading::os::unix::{Library, RTLD_LAZY, RTLD_LOCAL};
use std::ffi::{CStr, c_void};
use std::path::{Path, PathBuf};

/// Libraries opened from one folder, or by name through the dynamic loader.
pub(crate) struct Toolkit {
    dir: Option<PathBuf>,
    opened: Vec<(&'static str, Option<&'static Library>)>,
}

impl Toolkit {
    /// The first place that has the runtime library, if any does. One that has it in a form that cannot be opened is an
    /// error: falling back silently would hide a broken installation.
    pub(crate) fn find(places: &[Place]) -> Result<Option<Toolkit>> {
        for place in places.iter().filter(|place| place.usable) {
            if let Some(toolkit) = Toolkit::at(place.dir.as_deref())? {
                return Ok(Some(toolkit));
            }
        }
        Ok(None)
    }

    /// The toolkit in `dir` (`None`: on the dynamic loader's path), if its runtime library is there.
    pub(crate) fn at(dir: Option<&Path>) -> Result<Option<Toolkit>> {
        let mut toolkit = Toolkit { dir: dir.map(Path::to_owned), opened: Vec::new() };
        for name in Lib::AscendCl.file_names() {
            match open(dir, name) {
                Ok(library) => {
                    toolkit.opened.push((name, Some(library)));
                    return Ok(Some(toolkit));
                }
                Err(None) => {}
                Err(Some(why)) => {
                    return Err(Error::new(
                        ErrorKind::Load,
                        format!("{} cannot be opened: {why}; was the toolkit's set_env.sh sourced?", path(dir, name).display()),
                    ));
                }
            }
        }
        Ok(None)
    }

    /// The folder, in words.
    pub(crate) fn origin(&self) -> String {
        self.dir.as_ref().map_or("the dynamic loader's path".to_owned(), |dir| dir.display().to_string())
    }

    /// Whether the simulated NPU is behind these libraries (`cann-sim-so`): it says so by a symbol that CANN has not.
    pub(crate) fn simulated(&self) -> bool {
        self.opened.iter().filter_map(|(_, library)| *library).any(|library| address(library, c"CANN_SIM").is_some())
    }

    /// The address of a symbol, from the first of its libraries that has it; null where none does.
    pub(crate) fn resolve(&mut self, symbol: &Symbol) -> *mut c_void {
        symbol
            .lib
            .file_names()
            .iter()
            .filter_map(|name| self.library(name))
            .find_map(|lib| address(lib, symbol.c_name))
            .unwrap_or(
                // Null is the table's word for "not there".
                std::ptr::null_mut(),
            )
    }

    fn library(&mut self, name: &'static str) -> Option<&'static Library> {
        if let Some((_, library)) = self.opened.iter().find(|(opened, _)| *opened == name) {
            return *library;
        }
        // A library outside the folder (a split installation) is still found by name.
        let library = open(self.dir.as_deref(), name).or_else(|_| open(None, name)).ok().or_else(|| carried(name));
        self.opened.push((name, library));
        library
    }
}

fn path(dir: Option<&Path>, name: &str) -> PathBuf {
    dir.map_or(PathBuf::from(name), |dir| dir.join(name))
}

/// Opens a library for the rest of the process. The error is `None` where there is no such file, else the loader's words.
fn open(dir: Option<&Path>, name: &str) -> std::result::Result<&'static Library, Option<String>> {
    if dir.is_some_and(|dir| !dir.join(name).exists()) {
        return Err(None);
    }
    // SAFETY: the library's initialisers run; they are the vendor's, as in any program that links CANN. Lazy and local as
    // torch_npu opens it: the toolkit's libraries name what they need of each other themselves.
    match unsafe { Library::open(Some(path(dir, name)), RTLD_LAZY | RTLD_LOCAL) } {
        // Leaked on purpose: CANN's libraries start threads, whose code must not be unmapped.
        Ok(library) => Ok(Box::leak(Box::new(library))),
        Err(error) => {
            let why = std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
            // A missing dependency has the same words with another file's name in front.
            let absent = dir.is_none() && why.starts_with(&format!("{name}: cannot open shared object file"));
            Err((!absent).then_some(why))
        }
    }
}

/// The C face of ATB, which this build carries as bytes. ATB itself is found by the path that the face was linked with, or on
/// the loader's.
#[cfg(atb_shim)]
fn carried(name: &str) -> Option<&'static Library> {
    static FACE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libascend_rl_atb.so"));
    if !Lib::Atb.file_names().contains(&name) {
        return None;
    }
    let file = format!("ascend-rl-{}-{name}", std::process::id());
    let (dir, path) = (std::env::temp_dir(), std::env::temp_dir().join(&file));
    // Never over a file that is there: the folder may be everyone's.
    let mut new = std::fs::File::create_new(&path).ok()?;
    let written = std::io::Write::write_all(&mut new, FACE);
    let library = written.ok().and_then(|()| open(Some(&dir), &file).ok());
    // What is mapped stays mapped. A file that cannot be removed is a few kilobytes in a folder that is cleaned.
    let _ = std::fs::remove_file(&path);
    library
}

/// This build carries none.
#[cfg(not(atb_shim))]
fn carried(_name: &str) -> Option<&'static Library> {
    None
}

fn address(library: &Library, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: only the address is taken, as an address; the table gives it the signature that the symbol's row states.
    let symbol = unsafe { library.get::<*mut c_void>(name.to_bytes_with_nul()) }.ok()?;
    let address = symbol.into_raw();
    (!address.is_null()).then_some(address)
}
