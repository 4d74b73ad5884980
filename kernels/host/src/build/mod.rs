//! Compiles kernels in a build script: for the CPU wherever there is a C++ compiler, for the device where there is a CANN
//! toolkit.
//!
//! ```no_run
//! // build.rs
//! ascendc_twin::build::Kernel::new("kernels/kv_write/kernel.cpp").build();
//! ```
//! ```ignore
//! // src/lib.rs: `pub static KV_WRITE: ascendc_twin::Image`
//! include!(concat!(env!("OUT_DIR"), "/kv_write.rs"));
//! ```
//!
//! May use `cc` for finding a compiler, and the container's format. Must not be linked into a program: it is a build script's.
//! A toolkit is looked for as [`Kernel::build`] says; without one nothing is said. Nothing is compiled again unless a source, a
//! header, a compiler or an option is another.
//!
//! Not covered: kernels that are templates or that a macro declares (wrap them in `extern "C"` functions), an image of several
//! sources, device images of kernels that need both kinds of cores (give the one that the vendor's CMake flow makes:
//! [`Kernel::device_image`]).

mod device;
mod host;
mod source;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::{env, fmt, fs, io};

use source::Declared;

use crate::container::Isa;

/// A kernel's source that is to be compiled.
#[derive(Clone, Debug)]
pub struct Kernel {
    source: PathBuf,
    name: String,
    includes: Vec<PathBuf>,
    defines: Vec<(String, String)>,
    out_dir: Option<PathBuf>,
    instruction_sets: Option<Vec<Isa>>,
    device_image: Option<PathBuf>,
}

/// Why a kernel was not compiled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    Io(String),
    /// The source is not what the helper understands.
    Source(String),
    /// A compiler refused.
    Compiler {
        /// As it was run.
        command: String,
        /// What it said.
        output: String,
    },
}

impl Error {
    fn io(path: &Path, error: io::Error) -> Error {
        Error::Io(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Io(text) | Error::Source(text) => f.write_str(text),
            Error::Compiler { command, output } => write!(f, "{output}\n  from: {command}"),
        }
    }
}

impl std::error::Error for Error {}

impl Kernel {
    /// A source, relative to the crate's root. It is named as its file, or as the folder of a `kernel.cpp`.
    pub fn new(source: impl Into<PathBuf>) -> Kernel {
        let source = source.into();
        let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let own = stem(&source);
        let name = if own == "kernel" { source.parent().map(stem).filter(|name| !name.is_empty()).unwrap_or(own) } else { own };
        Kernel {
            source,
            name,
            includes: Vec::new(),
            defines: Vec::new(),
            out_dir: None,
            instruction_sets: None,
            device_image: None,
        }
    }

    /// Another name, of the file `OUT_DIR/NAME.rs` and, in capitals, of the constant in it.
    pub fn name(mut self, name: impl Into<String>) -> Kernel {
        self.name = name.into();
        self
    }

    /// A folder for `#include "..."`.
    pub fn include(mut self, folder: impl Into<PathBuf>) -> Kernel {
        self.includes.push(folder.into());
        self
    }

    /// A macro, for the twin and the device.
    pub fn define(mut self, name: impl Into<String>, value: impl Into<String>) -> Kernel {
        self.defines.push((name.into(), value.into()));
        self
    }

    /// Another folder than `OUT_DIR`.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Kernel {
        self.out_dir = Some(folder.into());
        self
    }

    /// The instruction sets that the fast twin is compiled for; those of another architecture are left out. Unless said: all in a
    /// release build, else this machine's best.
    pub fn instruction_sets(mut self, sets: impl IntoIterator<Item = Isa>) -> Kernel {
        self.instruction_sets = Some(sets.into_iter().collect());
        self
    }

    /// An object for the device that is made already, instead of one that the toolkit's compiler makes here.
    pub fn device_image(mut self, object: impl Into<PathBuf>) -> Kernel {
        self.device_image = Some(object.into());
        self
    }

    /// Compiles, or ends the build script with the compiler's message.
    ///
    /// For the CPU by the compiler that `CXX` names, or `c++`; without one the build goes on, and one line says so. For the
    /// device by the compiler of the toolkit at `ASCEND_TOOLKIT_HOME`, `ASCEND_HOME_PATH` or
    /// `/usr/local/Ascend/ascend-toolkit/latest`, if there is one and `ASCENDC_TWIN_DEVICE` is not 0.
    pub fn build(self) {
        if let Err(error) = self.try_build() {
            for line in error.to_string().lines() {
                println!("cargo:warning={line}");
            }
            eprintln!("{}: {error}", self.source.display());
            std::process::exit(1);
        }
    }

    /// Compiles. Nothing is done where nothing has changed.
    pub fn try_build(&self) -> Result<(), Error> {
        let root = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let source = fs::canonicalize(root.join(&self.source)).map_err(|e| Error::io(&self.source, e))?;
        let out = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => env::var_os("OUT_DIR")
                .map(PathBuf::from)
                .ok_or_else(|| Error::Io("OUT_DIR is not set: not a build script".to_owned()))?,
        };
        let mut includes = vec![PathBuf::from(crate::INCLUDE)];
        includes.extend(self.includes.iter().map(|folder| root.join(folder)));

        let files = source::files(&source, &includes).map_err(|e| Error::io(&source, e))?;
        for file in &files {
            println!("cargo:rerun-if-changed={}", file.display());
        }
        for variable in ["CXX", "CXXFLAGS", "ASCENDC_TWIN_DEVICE"].iter().chain(&device::VARIABLES) {
            println!("cargo:rerun-if-env-changed={variable}");
        }
        let text = fs::read_to_string(&source).map_err(|e| Error::io(&source, e))?;
        let kernels = source::kernels(&text).map_err(|e| Error::Source(format!("{}: {e}", source.display())))?;
        if kernels.is_empty() {
            return Err(Error::Source(format!("{}: no `__global__ __aicore__ void NAME(...) {{` in it", source.display())));
        }
        let twin = self.twin(&source, &files, &includes, &kernels, &out)?;
        let device = self.device(&root, &source, &files, &kernels, &out)?;
        let text = constant(&self.name, &kernels, twin.as_deref(), device.as_deref());
        write(&out.join(format!("{}.rs", self.name)), text.as_bytes())
    }

    /// The twin image's file, if there is a compiler.
    fn twin(
        &self,
        source: &Path,
        files: &[PathBuf],
        includes: &[PathBuf],
        kernels: &[Declared],
        out: &Path,
    ) -> Result<Option<PathBuf>, Error> {
        let tool = match host::compiler() {
            Ok(tool) => tool,
            Err(tried) => {
                // Once for all kernels of a build.
                static SAID: Once = Once::new();
                SAID.call_once(|| println!("cargo:warning={}", host::no_compiler(&tried)));
                return Ok(None);
            }
        };
        let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_else(|_| env::consts::ARCH.to_owned());
        let native = env::var_os("HOST") == env::var_os("TARGET");
        let debug = env::var("PROFILE").map_or(true, |profile| profile != "release");
        let plans = host::plans(&arch, self.instruction_sets.as_deref(), native && debug);

        let folder = out.join(format!("{}-twin", self.name));
        fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, e))?;
        let wrapper = folder.join("wrapper.cpp");
        write(&wrapper, host::wrapper(source, kernels).as_bytes())?;
        let symbols = folder.join("symbols.map");
        write(&symbols, host::SYMBOLS.as_bytes())?;

        let image = folder.join("image.bin");
        let arguments = |plan, object: &Path| host::arguments(plan, includes, &self.defines, &wrapper, &symbols, object);
        let key = key(files, &(tool.path(), plans.iter().map(|&plan| arguments(plan, Path::new(""))).collect::<Vec<_>>()))?;
        let key_file = folder.join("key");
        if image.is_file() && fs::read_to_string(&key_file).is_ok_and(|old| old == key) {
            return Ok(Some(image));
        }
        let bytes = host::Job { tool: &tool, folder: &folder, name: &self.name, arguments: &arguments }.compile(&plans)?;
        write(&image, &bytes)?;
        write(&key_file, key.as_bytes())?;
        Ok(Some(image))
    }

    /// The device image's file, if there is a toolkit, and one kind of core.
    fn device(
        &self,
        root: &Path,
        source: &Path,
        files: &[PathBuf],
        kernels: &[Declared],
        out: &Path,
    ) -> Result<Option<PathBuf>, Error> {
        if let Some(given) = &self.device_image {
            println!("cargo:rerun-if-changed={}", given.display());
            return fs::canonicalize(root.join(given)).map(Some).map_err(|e| Error::io(given, e));
        }
        if env::var("ASCENDC_TWIN_DEVICE").is_ok_and(|value| value == "0") {
            return Ok(None);
        }
        let Some(toolkit) = device::toolkit() else { return Ok(None) };
        let Some(core) = device::core(kernels) else {
            println!(
                "cargo:warning={} has kernels for both kinds of cores: its device image must be made with the toolkit's CMake \
                 files and given by device_image(...)",
                self.name
            );
            return Ok(None);
        };
        let image = out.join(format!("{}-device.o", self.name));
        // Not the twin's headers: the toolkit's.
        let includes: Vec<PathBuf> = self.includes.iter().map(|folder| root.join(folder)).collect();
        let args = device::arguments(&toolkit, core, &includes, &self.defines, source, &image);
        let key = key(files, &(&toolkit.compiler, &args))?;
        let key_file = out.join(format!("{}-device.key", self.name));
        if !(image.is_file() && fs::read_to_string(&key_file).is_ok_and(|old| old == key)) {
            device::compile(&toolkit, &args, &image)?;
            write(&key_file, key.as_bytes())?;
        }
        Ok(Some(image))
    }
}

/// Tells one state of the inputs from another.
fn key(files: &[PathBuf], command: &impl Hash) -> Result<String, Error> {
    let mut hasher = DefaultHasher::new();
    command.hash(&mut hasher);
    for file in files {
        fs::read(file).map_err(|e| Error::io(file, e))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Not where it says so already: what includes the file need not be compiled again then.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).map_err(|e| Error::io(path, e))
}

/// The Rust that a program includes.
fn constant(name: &str, kernels: &[Declared], twin: Option<&Path>, device: Option<&Path>) -> String {
    let bytes = |path: Option<&Path>| {
        path.map_or("None".to_owned(), |path| format!("Some(include_bytes!({:?}))", path.display().to_string()))
    };
    let mut text = format!(
        "/// `{name}`, compiled.\npub static {}: ::ascendc_twin::Image = ::ascendc_twin::Image {{\n    name: {name:?},\n    \
         device: {},\n    twin: {},\n    kernels: &[\n",
        name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
        bytes(device),
        bytes(twin),
    );
    for kernel in kernels {
        let params: Vec<String> =
            kernel.params.iter().map(|p| format!("::ascendc_twin::Param {{ name: {:?}, size: {:?} }}", p.name, p.size)).collect();
        text += &format!(
            "        ::ascendc_twin::Kernel {{ name: {:?}, kernel_type: {}, schedule_mode: {}, params: &[{}] }},\n",
            kernel.name,
            kernel.kind,
            kernel.schedule_mode,
            params.join(", ")
        );
    }
    text + "    ],\n};\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_named_as_its_folder_or_its_file() {
        assert_eq!(Kernel::new("kernels/kv_write/kernel.cpp").name, "kv_write");
        assert_eq!(Kernel::new("kernels/scale.cpp").name, "scale");
        assert_eq!(Kernel::new("kernel.cpp").name, "kernel");
    }

    #[test]
    fn the_constant_says_what_the_source_says() {
        let kernels =
            source::kernels("__global__ __aicore__ void k(GM_ADDR x, T t) { KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY); }")
                .unwrap();
        let text = constant("my-kernel", &kernels, Some(Path::new("/o/image.bin")), None);
        assert!(text.contains("pub static MY_KERNEL: ::ascendc_twin::Image"), "{text}");
        assert!(text.contains("device: None,\n    twin: Some(include_bytes!(\"/o/image.bin\"))"), "{text}");
        assert!(
            text.contains("{ name: \"k\", kernel_type: 1, schedule_mode: 0, params: [::ascendc_twin::Param")
                || text.contains("kernel_type: 1, schedule_mode: 0, params: &["),
            "{text}"
        );
        assert!(text.contains("{ name: \"t\", size: None }"), "{text}");
    }
}
