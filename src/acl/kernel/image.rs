//! The one place that picks between the images of a kernel: the card's and the simulator's.

use super::{BlockKind, KernelImage};
use crate::error::{Error, ErrorKind, Result};
use crate::sys::Flavor;

/// What a device of `flavor` loads. Errors: `Unsupported` if that was not built, with the way out.
pub(super) fn pick(image: &KernelImage, flavor: Flavor) -> Result<&'static [u8]> {
    let (bytes, what, way_out) = match flavor {
        Flavor::Npu => (
            image.device,
            "image for a card",
            "there was no CANN toolkit when it was built; source the toolkit's set_env.sh and build again",
        ),
        Flavor::Sim => (
            image.twin,
            "twin for the simulated NPU",
            "there was no C++ compiler when it was built; install g++ or clang++, or set CXX, and build again",
        ),
    };
    let text = || format!("the kernels of {} have no {what} in this build", image.name);
    bytes.ok_or_else(|| Error::new(ErrorKind::Unsupported, text()).hint(way_out))
}

/// The cores of its kernels' blocks; mixed, if they differ.
pub(super) fn block_of(image: &KernelImage) -> BlockKind {
    let mut kinds = image.kernels.iter().map(|kernel| BlockKind::from_source(kernel.kernel_type).unwrap_or(BlockKind::Mixed2));
    let first = kinds.next().unwrap_or(BlockKind::Mixed2);
    if kinds.all(|kind| kind == first) { first } else { BlockKind::Mixed2 }
}
