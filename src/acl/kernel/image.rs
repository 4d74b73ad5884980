//! [`KernelImage`]: one source, built for a card and for the simulator; and the one place that picks between the two.

use crate::error::{Error, ErrorKind, Result};
use crate::sys::Flavor;
use std::fmt;

/// The kernels of one source file, built for a card and for the simulated NPU, as a program carries them.
///
/// [`kernel_image!`](crate::kernel_image) makes one of what a build script has built.
pub struct KernelImage {
    /// Of the folder or file that it was built from.
    name: &'static str,
    device: ImagePart,
    twin: ImagePart,
}

/// One of the two images in a [`KernelImage`].
#[derive(Clone, Copy)]
pub enum ImagePart {
    /// It was built.
    Built(&'static [u8]),
    /// It was not: why, and what to do about it.
    Missing(&'static str),
}

impl ImagePart {
    /// What a build script left: an image, or nothing and the reason why.
    pub const fn built_or(bytes: &'static [u8], why: &'static str) -> ImagePart {
        if bytes.is_empty() { ImagePart::Missing(why) } else { ImagePart::Built(bytes) }
    }
}

impl KernelImage {
    /// From the two images of the source called `name`: `device` is what the vendor's compiler made, `twin` a container of
    /// `ascendc_twin`.
    pub const fn new(name: &'static str, device: ImagePart, twin: ImagePart) -> KernelImage {
        KernelImage { name, device, twin }
    }

    /// The name of the source.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it can be launched where `flavor` answers.
    pub fn is_built_for(&self, flavor: Flavor) -> bool {
        matches!(self.part(flavor), ImagePart::Built(_))
    }

    fn part(&self, flavor: Flavor) -> ImagePart {
        match flavor {
            Flavor::Npu => self.device,
            Flavor::Sim => self.twin,
        }
    }

    /// What a device of `flavor` loads. Errors: `Unsupported` if that was not built, with the reason and the way out.
    pub(super) fn pick(&self, flavor: Flavor) -> Result<&'static [u8]> {
        let why = match self.part(flavor) {
            ImagePart::Built(bytes) => return Ok(bytes),
            ImagePart::Missing(why) => why,
        };
        let what = match flavor {
            Flavor::Npu => "image for a card",
            Flavor::Sim => "twin for the simulated NPU",
        };
        Err(Error::new(ErrorKind::Unsupported, format!("the kernels of {} have no {what} in this build: {why}", self.name)))
    }
}

impl fmt::Debug for KernelImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KernelImage({}: device {:?}, twin {:?})", self.name, self.device, self.twin)
    }
}

impl fmt::Debug for ImagePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImagePart::Built(bytes) => write!(f, "{} bytes", bytes.len()),
            ImagePart::Missing(why) => write!(f, "missing ({why})"),
        }
    }
}
