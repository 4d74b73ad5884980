//! Binaries on a device: loading, functions by name, and when a binary may go.

use super::image::{block_of, pick};
use super::{BlockKind, Device, KernelImage};
use crate::acl::device::{DeviceInner, Handle};
use crate::acl::optional::optional;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::{check, recent_message};
use ascend_rl_sys::types::*;
use std::collections::HashSet;
use std::ffi::CString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{env, fs, process, ptr};

/// A binary on a device. Whoever has the last of it gives its handle to [`Kernels::retire`].
pub(super) struct Loaded {
    raw: Handle,
    /// Those that were asked for.
    functions: Mutex<Vec<Arc<Entry>>>,
}

/// A kernel in a binary, and what the binary says of it, as far as the toolkit can tell.
pub(super) struct Entry {
    pub raw: Handle,
    pub name: &'static str,
    pub params: Option<Vec<usize>>,
    pub block: Option<BlockKind>,
    pub resident: bool,
}

/// The binaries of a device.
#[derive(Default)]
pub(in crate::acl) struct Kernels {
    /// Images that the program carries, loaded once and for good; known by their address.
    carried: Mutex<Vec<(usize, Arc<Loaded>)>>,
    /// Nobody launches them any more. What was queued may still run.
    retired: Mutex<Vec<Handle>>,
}

impl Kernels {
    /// A kernel of an image of the program, which is loaded if it is not yet.
    pub(super) fn carried(&self, device: &Device, image: &'static KernelImage, name: &'static str) -> Result<Arc<Entry>> {
        // Held while loading: two threads load it once.
        let mut carried = lock(&self.carried);
        let key = ptr::from_ref(image).addr();
        let loaded = match carried.iter().find(|(image, _)| *image == key) {
            Some((_, loaded)) => loaded.clone(),
            None => {
                let bytes = pick(image, device.cann().flavor())?;
                let loaded =
                    load(device, bytes, block_of(image)).map_err(|e| e.context(format!("the kernels of {}", image.name)))?;
                let loaded = Arc::new(loaded);
                carried.push((key, loaded.clone()));
                loaded
            }
        };
        drop(carried);
        loaded.function(device, image.name, name)
    }

    pub(super) fn retire(&self, binary: Handle) {
        lock(&self.retired).push(binary);
    }

    /// Those that have retired by now. If all work that is queued by now has run, they can be unloaded.
    pub(in crate::acl) fn take_retired(&self) -> Vec<Handle> {
        std::mem::take(&mut *lock(&self.retired))
    }

    /// The work that may use them may go on.
    pub(in crate::acl) fn put_back(&self, mut binaries: Vec<Handle>) {
        lock(&self.retired).append(&mut binaries);
    }

    /// Unloads binaries that no queued work uses; the context is current.
    pub(in crate::acl) fn unload(&self, device: &DeviceInner, binaries: Vec<Handle>) -> Result<()> {
        let Some(unload) = device.api().kernel.aclrtBinaryUnLoad else { return Ok(()) };
        let mut outcome = Ok(());
        // All of them, whatever becomes of one.
        for binary in binaries {
            // SAFETY: the handle came from a load on this device, nobody has it any more, and what was launched of it has run.
            outcome = outcome.and(check(device.api(), "aclrtBinaryUnLoad", unsafe { unload(binary.0) }));
        }
        outcome
    }

    /// All that are left, when the device goes.
    pub(in crate::acl) fn take_all(&self) -> Vec<Handle> {
        let carried = std::mem::take(&mut *lock(&self.carried));
        self.take_retired().into_iter().chain(carried.iter().map(|(_, loaded)| loaded.raw)).collect()
    }
}

/// Loads a binary from memory. `block`: its kernels' cores. A bare object of the compiler does not say it, and a loader that is not told
/// takes cube cores.
pub(super) fn load(device: &Device, bytes: &[u8], block: BlockKind) -> Result<Loaded> {
    let (magic, name) = match block {
        BlockKind::Vector => (ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE, "RT_DEV_BINARY_MAGIC_ELF_AIVEC"),
        BlockKind::Cube => (ACL_RT_BINARY_MAGIC_ELF_CUBE_CORE, "RT_DEV_BINARY_MAGIC_ELF_AICUBE"),
        BlockKind::Mixed1 | BlockKind::Mixed2 => (ACL_RT_BINARY_MAGIC_ELF_AICORE, "RT_DEV_BINARY_MAGIC_ELF"),
    };
    let Some(from_data) = device.api().kernel.aclrtBinaryLoadFromData else {
        // With a file it stands in another one, of the same name.
        let file = Temporary::write("o", bytes)?;
        let _json = Temporary::beside(&file, "json", format!("{{\"magic\": \"{name}\"}}").as_bytes())?;
        return load_file(device, &file.0);
    };
    let mut option = aclrtBinaryLoadOption {
        r#type: ACL_RT_BINARY_LOAD_OPT_MAGIC,
        value: aclrtBinaryLoadOptionValue { rsv: [magic, 0, 0, 0] },
    };
    let options = aclrtBinaryLoadOptions { options: &mut option, numOpt: 1 };
    let mut raw = ptr::null_mut();
    // SAFETY: bytes, options and `raw` outlive the call, which copies what it needs; the device's context is current.
    let call = || unsafe { from_data(bytes.as_ptr().cast(), bytes.len(), &options, &mut raw) };
    device.call("aclrtBinaryLoadFromData", call)?;
    Ok(Loaded::new(raw))
}

/// Loads a binary from a file.
pub(super) fn load_file(device: &Device, file: &Path) -> Result<Loaded> {
    let from_file = optional!(device, kernel.aclrtBinaryLoadFromFile)?;
    // CANN wants an absolute path, and says little about a file that is not there.
    let unreadable = |error: std::io::Error| Error::new(ErrorKind::Io, format!("{}: {error}", file.display()));
    let path = fs::canonicalize(file).map_err(unreadable)?;
    let nul = |_| Error::new(ErrorKind::Argument, format!("the path {path:?} has a NUL in it"));
    let text = CString::new(path.as_os_str().as_encoded_bytes()).map_err(nul)?;
    let mut raw = ptr::null_mut();
    // SAFETY: the path and `raw` outlive the call; the device's context is current.
    let call = || unsafe { from_file(text.as_ptr(), ptr::null_mut(), &mut raw) };
    let loaded = device.call("aclrtBinaryLoadFromFile", call);
    loaded.map_err(|error| error.context(file.display()))?;
    Ok(Loaded::new(raw))
}

/// A file that goes with the value.
struct Temporary(PathBuf);

impl Temporary {
    fn write(extension: &str, bytes: &[u8]) -> Result<Temporary> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("ascend-rl-{}-{}.{extension}", process::id(), NEXT.fetch_add(1, Relaxed));
        Temporary::new(env::temp_dir().join(name), bytes)
    }

    /// Under the other one's name, but for the extension.
    fn beside(other: &Temporary, extension: &str, bytes: &[u8]) -> Result<Temporary> {
        Temporary::new(other.0.with_extension(extension), bytes)
    }

    fn new(path: PathBuf, bytes: &[u8]) -> Result<Temporary> {
        let failed = |error| Error::new(ErrorKind::Io, format!("{}: {error}", path.display()));
        // One that is there already is somebody else's.
        let mut open = fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        let written = open.write_all(bytes).map_err(failed);
        let file = Temporary(path);
        written.map(|()| file)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A file that stays in the temporary folder harms nobody.
        _ = fs::remove_file(&self.0);
    }
}

impl Loaded {
    fn new(raw: aclrtBinHandle) -> Loaded {
        Loaded { raw: Handle(raw), functions: Mutex::default() }
    }

    pub(super) fn raw(&self) -> Handle {
        self.raw
    }

    /// The kernel called `name`; `origin` is what the binary was made from.
    pub(super) fn function(&self, device: &Device, origin: &str, name: &str) -> Result<Arc<Entry>> {
        let mut functions = lock(&self.functions);
        if let Some(entry) = functions.iter().find(|entry| ptr::eq(entry.name, name) || entry.name == name) {
            return Ok(entry.clone());
        }
        let get = optional!(device, kernel.aclrtBinaryGetFunction)?;
        let nul = |_| Error::new(ErrorKind::Argument, format!("the name {name:?} has a NUL in it"));
        let text = CString::new(name).map_err(nul)?;
        let mut raw = ptr::null_mut();
        // SAFETY: the binary is loaded on this device; the name and `raw` outlive the call.
        let found = device.call("aclrtBinaryGetFunction", || unsafe { get(self.raw.0, text.as_ptr(), &mut raw) });
        found.map_err(|e| e.context(format!("no kernel {name} in {origin}")).with_kind(ErrorKind::Argument))?;
        let entry = Arc::new(Entry {
            raw: Handle(raw),
            name: interned(name),
            params: params(device, raw),
            block: block(device, raw),
            resident: attribute(device, raw, ACL_FUNC_ATTR_KERNEL_SCHED_MODE).is_some_and(|mode| mode == 1),
        });
        functions.push(entry.clone());
        Ok(entry)
    }
}

/// The sizes of a kernel's parameters, where the toolkit and the binary have them.
fn params(device: &Device, function: aclrtFuncHandle) -> Option<Vec<usize>> {
    let (count_of, info_of) = (device.api().kernel.aclrtFunctionGetParamCount?, device.api().kernel.aclrtFunctionGetParamInfo?);
    let mut count = 0;
    // SAFETY: the function is alive; `count` outlives the call.
    tolerated(device, unsafe { count_of(function, &mut count) })?;
    (0..count)
        .map(|i| {
            let (mut offset, mut size) = (0, 0);
            // SAFETY: as above.
            tolerated(device, unsafe { info_of(function, i, &mut offset, &mut size) })?;
            Some(size)
        })
        .collect()
}

/// The cores of a kernel's block, where the toolkit and the binary say it.
fn block(device: &Device, function: aclrtFuncHandle) -> Option<BlockKind> {
    match aclrtKernelType(attribute(device, function, ACL_FUNC_ATTR_KERNEL_TYPE)? as _) {
        ACL_KERNEL_TYPE_VECTOR => Some(BlockKind::Vector),
        ACL_KERNEL_TYPE_CUBE => Some(BlockKind::Cube),
        // Cube cores in the upper half, vector cores in the lower.
        ACL_KERNEL_TYPE_MIX => match attribute(device, function, ACL_FUNC_ATTR_KERNEL_RATIO)? {
            1 => Some(BlockKind::Vector),
            0x1_0000 => Some(BlockKind::Cube),
            0x1_0001 => Some(BlockKind::Mixed1),
            0x1_0002 => Some(BlockKind::Mixed2),
            _ => None,
        },
        _ => None,
    }
}

fn attribute(device: &Device, function: aclrtFuncHandle, attribute: aclrtFuncAttribute) -> Option<i64> {
    let (ask, mut value) = (device.api().kernel.aclrtGetFunctionAttribute?, 0);
    // SAFETY: the function is alive; `value` outlives the call.
    tolerated(device, unsafe { ask(function, attribute, &mut value) })?;
    Some(value)
}

/// `None` for a failure, whose text is taken so that no other call gets it.
fn tolerated(device: &Device, code: i32) -> Option<()> {
    if code == 0 {
        return Some(());
    }
    recent_message(device.api());
    None
}

/// The name for as long as the process lives: traces and errors keep it. Each name is kept once.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = lock(&NAMES);
    let names = names.get_or_insert_default();
    match names.get(name) {
        Some(name) => name,
        None => {
            let name: &'static str = name.to_owned().leak();
            names.insert(name);
            name
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
