//! [`KernelBinary`]: kernels of others, from a file or from memory.

use super::image::{block_of, pick};
use super::loaded::{Loaded, load, load_file};
use super::{BlockKind, Device, Function, KernelImage};
use crate::error::Result;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Kernels that were loaded onto one device. `Clone` is cheap.
///
/// Dropping it waits for nothing: launches that are queued still run, and the binary goes at the device's next synchronise, or with the
/// device.
#[derive(Clone)]
pub struct KernelBinary(Arc<Owned>);

struct Owned {
    /// What it was made from.
    origin: String,
    loaded: Arc<Loaded>,
    device: Device,
}

impl Device {
    /// Loads kernels from a file: what the toolkit's compiler has written (`.o`), or on the simulator a twin image. On a card the file
    /// of the same name with `.json` says which cores the kernels run on, for example `{"magic": "RT_DEV_BINARY_MAGIC_ELF_AIVEC"}`;
    /// the toolkit's own build writes it.
    ///
    /// Errors: `Io` if there is no such file; `Device` if it is no binary for this device; `MissingSymbol` where the toolkit lacks
    /// the function. CANN: aclrtBinaryLoadFromFile (8.1).
    pub fn load_kernels(&self, file: &Path) -> Result<KernelBinary> {
        let loaded = load_file(self, file)?;
        Ok(KernelBinary::new(self, file.display().to_string(), loaded))
    }

    /// Loads kernels from memory, as [`Device::load_kernels`]; the bytes are not needed afterwards. `block` is what the kernels' blocks
    /// run on (any of the mixed kinds, if they differ), which bytes do not say.
    ///
    /// CANN: aclrtBinaryLoadFromData (8.5; before, through a temporary file).
    pub fn load_kernel_bytes(&self, bytes: &[u8], block: BlockKind) -> Result<KernelBinary> {
        let loaded = load(self, bytes, block)?;
        Ok(KernelBinary::new(self, format!("{} bytes", bytes.len()), loaded))
    }

    /// Loads the part of `image` that is for this device, apart from the one that [`Stream::launch`](super::Stream::launch) loads.
    ///
    /// Errors: `Unsupported` if that part was not built, and as [`Device::load_kernel_bytes`].
    pub fn load_kernel_image(&self, image: &KernelImage) -> Result<KernelBinary> {
        let loaded = load(self, pick(image, self.cann().flavor())?, block_of(image))?;
        Ok(KernelBinary::new(self, image.name.to_owned(), loaded))
    }
}

impl KernelBinary {
    fn new(device: &Device, origin: String, loaded: Loaded) -> KernelBinary {
        KernelBinary(Arc::new(Owned { origin, loaded: Arc::new(loaded), device: device.clone() }))
    }

    /// The kernel called `name`.
    ///
    /// Errors: `Argument` if there is none. CANN: aclrtBinaryGetFunction.
    pub fn function(&self, name: &str) -> Result<Function> {
        let entry = self.0.loaded.function(self.device(), &self.0.origin, name)?;
        Ok(Function { binary: self.clone(), entry })
    }

    /// The device that it was loaded onto.
    pub fn device(&self) -> &Device {
        &self.0.device
    }
}

impl fmt::Debug for KernelBinary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KernelBinary({} on {:?})", self.0.origin, self.device())
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // Launches of it may be queued.
        self.device.0.kernels().retire(self.loaded.raw());
    }
}
