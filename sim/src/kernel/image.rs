//! Twin images: which variant of a container is loaded, and what it says of its kernels.

use std::ffi::{CStr, CString, c_char, c_void};

use ascendc_twin::abi::{self, kernel_type};
use ascendc_twin::container::{self, Isa};

use super::library::Library;
use super::settings::checks;
use crate::reject::{Outcome, check, reject};

/// The cores that one block of a kernel runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cores {
    /// Cube cores of a block, 0 or 1.
    pub aic: u32,
    /// Vector cores of a block, 0 to 2.
    pub aiv: u32,
    /// Whether the hardware's barriers are there.
    pub barriers: bool,
}

impl Cores {
    fn of(kind: u32) -> Option<Cores> {
        let (aic, aiv, barriers) = match kind {
            kernel_type::AIV_ONLY => (0, 1, false),
            kernel_type::AIC_ONLY => (1, 0, false),
            kernel_type::MIX_AIV_1_0 => (0, 1, true),
            kernel_type::MIX_AIC_1_0 => (1, 0, true),
            kernel_type::MIX_AIC_1_1 => (1, 1, true),
            kernel_type::MIX_AIC_1_2 => (1, 2, true),
            _ => return None,
        };
        Some(Cores { aic, aiv, barriers })
    }

    /// Of one block.
    pub(crate) fn per_block(self) -> u32 {
        self.aic + self.aiv
    }
}

/// A kernel of an image.
pub(crate) struct Kernel {
    /// Lives as long as the process: profiles name it after its image is gone.
    pub name: &'static str,
    pub cores: Cores,
    /// 1: its blocks wait for each other.
    pub schedule_mode: u32,
    pub args_size: usize,
    /// Offset and size of each parameter in the packed arguments.
    pub params: Vec<(usize, usize)>,
    pub(super) run: unsafe extern "C" fn(*mut abi::Core, *const c_void) -> i32,
}

/// A loaded twin image.
pub(crate) struct Image {
    pub kernels: Vec<Kernel>,
    /// Whether it tells its calls.
    pub checked: bool,
    /// What the kernels' `run` is part of.
    _library: Library,
}

/// ELF's machine kinds of the host's that this is not for; what an Ascend's compiler writes is none of them.
const ELF: &[u8] = b"\x7fELF";
const HOSTS: [u16; 2] = [62, 183];

impl Image {
    /// Loads the variant that fits: the newest instruction set that this CPU has, with checks if they are on.
    pub(crate) fn load(bytes: &[u8]) -> Outcome<Image> {
        if bytes.starts_with(ELF) {
            let machine = bytes.get(18..20).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
            check!(
                HOSTS.contains(&machine),
                ACL_ERROR_RT_PARAM_INVALID,
                "the data is a device binary (ELF machine {machine:#x}); the simulator runs twin images of kernels only: build the \
                 kernel for the CPU with the crate ascendc-twin"
            );
            reject!(
                ACL_ERROR_RT_PARAM_INVALID,
                "the data is a shared object of the host (ELF machine {machine}); the simulator takes a container of twin images, \
                 as the crate ascendc-twin writes it"
            )
        }
        check!(
            container::is_one(bytes),
            ACL_ERROR_RT_PARAM_INVALID,
            "the data ({} bytes) is neither a device binary nor a twin image",
            bytes.len()
        );
        let variants = container::read(bytes).or_else(|why| reject!(ACL_ERROR_RT_PARAM_INVALID, "{why}"))?;
        let best = |checked: bool| {
            let fitting = variants.iter().filter(|variant| variant.checked == checked && variant.isa.runs_here());
            fitting.max_by_key(|variant| variant.isa)
        };
        let checks = checks()?;
        // Without a fast variant the checked one runs too, and checks.
        let Some(variant) = best(checks).or_else(|| best(true)) else {
            let has: Vec<(Isa, bool)> = variants.iter().map(|variant| (variant.isa, variant.checked)).collect();
            reject!(
                ACL_ERROR_RT_PARAM_INVALID,
                "the twin image has no variant {} for this CPU (CANN_SIM_CHECK); it has, as instruction set and checks, {has:?}",
                if checks { "with checks" } else { "without checks" }
            )
        };
        let library = Library::load(variant.object)
            .or_else(|why| reject!(ACL_ERROR_RT_PARAM_INVALID, "the twin image cannot be loaded: {why}"))?;
        Image::describe(library)
    }

    fn describe(library: Library) -> Outcome<Image> {
        let symbol = CString::new(abi::SYMBOL).unwrap_or_default();
        let found = library.symbol(&symbol);
        check!(!found.is_null(), ACL_ERROR_RT_PARAM_INVALID, "the twin image has no symbol {}", abi::SYMBOL);
        // SAFETY: the seam fixes the type of this one symbol.
        let image = unsafe { std::mem::transmute::<*mut c_void, abi::ImageFn>(found) };
        // SAFETY: it takes nothing, and gives a pointer to a description that lives as long as the library.
        let image = unsafe { image().as_ref() };
        let Some(image) = image else { reject!(ACL_ERROR_RT_PARAM_INVALID, "the twin image describes nothing") };
        check!(
            image.abi == abi::ABI && image.size as usize == size_of::<abi::Image>(),
            ACL_ERROR_RT_PARAM_INVALID,
            "the twin image speaks version {} of the seam ({} bytes), the simulator version {} ({} bytes): build it anew",
            image.abi,
            image.size,
            abi::ABI,
            size_of::<abi::Image>()
        );
        // SAFETY: the seam: so many kernels are there, for as long as the library is.
        let kernels = unsafe { slice(image.kernels, image.kernel_count) };
        let kernels = kernels.iter().map(kernel).collect::<Outcome<Vec<Kernel>>>()?;
        Ok(Image { kernels, checked: image.checked != 0, _library: library })
    }
}

fn kernel(kernel: &abi::Kernel) -> Outcome<Kernel> {
    let name = text(kernel.name);
    let Some(cores) = Cores::of(kernel.r#type) else {
        reject!(ACL_ERROR_RT_PARAM_INVALID, "kernel {name} of the twin image is of type {}, which there is not", kernel.r#type)
    };
    // SAFETY: as for the kernels.
    let params = unsafe { slice(kernel.params, kernel.param_count) };
    let params: Vec<(usize, usize)> = params.iter().map(|param| (param.offset as usize, param.size as usize)).collect();
    let args_size = kernel.args_size as usize;
    let end = params.iter().map(|(offset, size)| offset + size).max().unwrap_or(0);
    check!(
        end <= args_size,
        ACL_ERROR_RT_PARAM_INVALID,
        "kernel {name} of the twin image takes {args_size} bytes of arguments, and its parameters end at {end}"
    );
    Ok(Kernel { name: intern(name), cores, schedule_mode: kernel.schedule_mode, args_size, params, run: kernel.run })
}

/// # Safety
/// `len` values are at `start`, for as long as the slice is used.
pub(super) unsafe fn slice<'a, T>(start: *const T, len: u32) -> &'a [T] {
    // SAFETY: the caller's promise.
    if len == 0 || start.is_null() { &[] } else { unsafe { std::slice::from_raw_parts(start, len as usize) } }
}

/// A C string of an image; empty for null.
pub(super) fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the seam: a C string that lives as long as the image.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// The same text, for ever: names of kernels are few.
fn intern(name: String) -> &'static str {
    use std::collections::HashSet;
    use std::sync::Mutex;
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let names = names.get_or_insert_default();
    match names.get(name.as_str()) {
        Some(found) => found,
        None => {
            let name: &'static str = Box::leak(name.into_boxed_str());
            names.insert(name);
            name
        }
    }
}

impl Kernel {
    /// Where its program is in the host's memory.
    pub(crate) fn address(&self) -> usize {
        self.run as usize
    }
}
