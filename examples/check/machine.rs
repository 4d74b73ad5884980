//! What the checks look at: the variables and files of a machine, and what CANN says. Tests make their own.

use std::fs;
use std::path::{Path, PathBuf};

use ascend_rl::{Cann, Device, Flavor};

/// Reads a variable.
type Variables = Box<dyn Fn(&str) -> Option<String>>;

/// Variables, and files under a root.
pub struct Machine {
    root: PathBuf,
    variables: Variables,
}

impl Machine {
    /// This one.
    pub fn this() -> Machine {
        Machine::new("/", |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    pub fn new(root: impl Into<PathBuf>, variables: impl Fn(&str) -> Option<String> + 'static) -> Machine {
        Machine { root: root.into(), variables: Box::new(variables) }
    }

    /// A variable; an empty one is not set.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.trim().is_empty())
    }

    /// Where a path of the machine is.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.path(path).exists()
    }

    pub fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// The names in a folder, in order; none where there is none.
    pub fn list(&self, path: impl AsRef<Path>) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The numbers of the cards that the driver shows: /dev/davinci0 and so on.
    pub fn cards(&self) -> Vec<u32> {
        let mut cards: Vec<u32> =
            self.list("/dev").iter().filter_map(|name| name.strip_prefix("davinci")?.parse().ok()).collect();
        cards.sort_unstable();
        cards
    }
}

/// What CANN, or the simulator, says of itself.
#[derive(Clone, Debug)]
pub struct Runtime {
    pub flavor: Flavor,
    pub version: String,
    pub origin: String,
    pub soc_name: String,
    pub devices: u32,
    pub memory_bytes: usize,
}

impl Runtime {
    /// The error is the library's own line.
    pub fn load() -> Result<Runtime, String> {
        let load = || -> ascend_rl::Result<Runtime> {
            let cann = Cann::load()?;
            let device = Device::open(&cann, 0)?;
            Ok(Runtime {
                flavor: cann.flavor(),
                version: cann.version().to_owned(),
                origin: cann.origin().to_owned(),
                soc_name: device.soc_name().to_owned(),
                devices: cann.device_count()?,
                memory_bytes: device.memory()?.total_bytes,
            })
        };
        load().map_err(|error| error.to_string())
    }

    pub fn is_sim(&self) -> bool {
        self.flavor == Flavor::Sim
    }
}
