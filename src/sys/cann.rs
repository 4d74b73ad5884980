//! [`Cann`]: the choice between a card and the simulator, and what is asked of either before it is used.

use super::search::{DEVICE_VARIABLE, not_found, places};
use super::toolkit::Toolkit;
use super::{check, failure, recent_message};
use crate::error::{Error, ErrorKind, Result};
use ascend_rl_sys::{Api, FLOOR, Lib, Missing, Symbol, codes, symbols, types::*};
use std::ffi::{CStr, c_void};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::{env, fmt, ptr};

/// Who answers CANN's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavor {
    /// A CANN toolkit, on Ascend hardware.
    Npu,
    /// The simulated NPU, on the CPU.
    Sim,
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Flavor::Npu => "npu",
            Flavor::Sim => "sim",
        })
    }
}

/// CANN's functions, with the runtime started. A value, not a global: a card and the simulator can live in one process.
///
/// `Clone` is cheap. `Send` and `Sync`: a table is never written after it was made.
#[derive(Clone)]
pub struct Cann(Arc<Inner>);

struct Inner {
    api: Api,
    flavor: Flavor,
    version: String,
    origin: String,
}

/// The live tables, so that loading twice gives the same one, and with it the same devices.
static LOADED: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

impl Cann {
    /// CANN where a toolkit is installed, else the simulated NPU. `ASCEND_RL_DEVICE=npu` or `=sim` forces the choice.
    ///
    /// Libraries without a device that answers are an error and never fall back: nobody should train on a CPU unawares.
    ///
    /// Errors: `Argument` for another value of the variable; `Load` if a toolkit is forced and not found, cannot be opened or
    /// is too old; `MissingSymbol`; `NoDevice`.
    /// CANN: aclInit, aclsysGetCANNVersion, aclrtGetDeviceCount, aclrtSetSysParamOpt.
    pub fn load() -> Result<Cann> {
        if cfg!(miri) {
            return Cann::sim();
        }
        let forced = env::var_os(DEVICE_VARIABLE).unwrap_or_default();
        match forced.to_str() {
            Some("sim") => return Cann::sim(),
            Some("npu" | "") => {}
            _ => {
                let text = format!("{DEVICE_VARIABLE}={} is neither npu nor sim", forced.to_string_lossy());
                return Err(Error::new(ErrorKind::Argument, text));
            }
        }
        let places = places(|name| env::var_os(name));
        match Toolkit::find(&places).map_err(or_simulate)? {
            Some(toolkit) if toolkit.simulated() && !forced.is_empty() => {
                let text = format!("{DEVICE_VARIABLE}=npu, and the libraries in {} are the simulated NPU's", toolkit.origin());
                Err(Error::new(ErrorKind::NoDevice, text))
            }
            Some(toolkit) => Cann::open(toolkit).map_err(or_simulate),
            None if forced.is_empty() && cfg!(feature = "sim") => Cann::sim(),
            None => Err(or_simulate(Error::new(ErrorKind::Load, not_found(&places)))),
        }
    }

    /// The simulated NPU.
    ///
    /// Errors: `Load` if the library was built without the feature `sim`.
    #[cfg(all(feature = "sim", not(miri)))]
    pub fn sim() -> Result<Cann> {
        // SAFETY: the simulator's table has its own functions, with the signatures of the rows.
        shared("the simulator", || unsafe { Cann::from_api(Flavor::Sim, "the simulator", cann_sim::api()) })
    }

    /// The simulated NPU, which this build does not have.
    ///
    /// Errors: `Load`, always: the library was built without the feature `sim`.
    #[cfg(all(not(feature = "sim"), not(miri)))]
    pub fn sim() -> Result<Cann> {
        Err(Error::new(ErrorKind::Load, "this build has no simulated NPU: the feature `sim` of ascend-rl is off"))
    }

    /// The table of the tests, in place of the simulator, which miri cannot run.
    #[cfg(miri)]
    pub fn sim() -> Result<Cann> {
        Cann::in_process()
    }

    /// The toolkit whose libraries are in `dir` (a toolkit's `lib64`), or the folder that `cann-sim-so` wrote: then the flavor is
    /// [`Flavor::Sim`], with a state apart from [`Cann::sim`]'s.
    ///
    /// Errors: as [`Cann::load`], without a fall-back.
    pub fn load_from(dir: &Path) -> Result<Cann> {
        match Toolkit::at(Some(dir))? {
            Some(toolkit) => Cann::open(toolkit),
            None => {
                let names = ascend_rl_sys::Lib::AscendCl.file_names().join(" nor ");
                Err(Error::new(ErrorKind::Load, format!("no CANN toolkit in {}: it has neither {names}", dir.display())))
            }
        }
    }

    /// A table from any source: `resolve` maps a C name to its address, or to null where there is none.
    ///
    /// # Safety
    /// Each address must be a function with the signature of that symbol's row in [`ascend_rl_sys`], that behaves as CANN's
    /// does, and that lives as long as the process.
    pub unsafe fn from_symbols(flavor: Flavor, resolve: &mut dyn FnMut(&CStr) -> *mut c_void) -> Result<Cann> {
        let origin = "the given symbols";
        // SAFETY: the caller's promise.
        let api = unsafe { Api::load(&mut |symbol| resolve(symbol.c_name)) }.map_err(|Missing(s)| absent(s, "", origin))?;
        // SAFETY: the caller's promise.
        unsafe { Cann::from_api(flavor, origin, api) }
    }

    /// A table that is filled already, from `origin` (for messages): the simulator's, or one that wraps another's functions.
    ///
    /// # Safety
    /// As [`Cann::from_symbols`].
    pub unsafe fn from_api(flavor: Flavor, origin: &str, api: Api) -> Result<Cann> {
        start(&api, flavor, origin)?;
        // From here on `Inner`'s drop gives the reference back, also when a check below fails.
        let mut inner = Inner { api, flavor, version: String::new(), origin: origin.to_owned() };
        inner.version = version(&api, origin)?;
        let count = device_count(&api).map_err(|e| e.context(format!("no device answers CANN in {origin}")))?;
        if count == 0 {
            let text = format!("CANN {} in {origin} sees no device: aclrtGetDeviceCount says 0", inner.version);
            return Err(Error::new(ErrorKind::NoDevice, text));
        }
        if flavor == Flavor::Npu {
            // SAFETY: takes two numbers. Process-wide, so before any operator: same seed, same numbers, bit for bit.
            let code = unsafe { (api.acl.aclrtSetSysParamOpt)(ACL_OPT_DETERMINISTIC, 1) };
            check(&api, "aclrtSetSysParamOpt", code).map_err(|e| e.context("deterministic mode cannot be switched on"))?;
        }
        Ok(Cann(Arc::new(inner)))
    }

    fn open(mut toolkit: Toolkit) -> Result<Cann> {
        let origin = toolkit.origin();
        let flavor = if toolkit.simulated() { Flavor::Sim } else { Flavor::Npu };
        shared(&origin, || {
            // SAFETY: the addresses come from CANN's own libraries, under the names that its headers give these signatures.
            let api = unsafe { Api::load(&mut |symbol| toolkit.resolve(symbol)) };
            let api = api.map_err(|Missing(symbol)| absent(symbol, "", &origin))?;
            // SAFETY: as above; the libraries are never closed.
            unsafe { Cann::from_api(flavor, &origin, api) }
        })
    }

    /// Whether a card answers, or the simulator. Every bench and example prints it.
    pub fn flavor(&self) -> Flavor {
        self.0.flavor
    }

    /// The toolkit's version, as "8.3.RC1".
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// Where the functions come from: a folder, or "the simulator".
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Whether a function is there, by its C name. One that no list has is not.
    pub fn has(&self, symbol: &str) -> bool {
        self.0.api.has(symbol)
    }

    /// The number of visible devices.
    ///
    /// CANN: aclrtGetDeviceCount.
    pub fn device_count(&self) -> Result<u32> {
        device_count(&self.0.api)
    }

    /// The raw table. Every call through it is unsafe.
    pub fn api(&self) -> &Api {
        &self.0.api
    }

    /// The error for calling what [`Cann::has`] denies: names the symbol, its library and the release that has it.
    pub fn missing(&self, symbol: &str) -> Error {
        match symbols().find(|row| row.name == symbol) {
            Some(row) => absent(row, &self.0.version, &self.0.origin),
            None => Error::new(ErrorKind::MissingSymbol, format!("{symbol} is not one of the functions that ascend-rl binds")),
        }
    }

    pub(crate) fn same(&self, other: &Cann) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Cann {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cann({} {} from {})", self.0.flavor, self.0.version, self.0.origin)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // `aclFinalize` would end the runtime for everyone in the process (torch_npu, say), so only the counted form will do;
        // before 8.5 there is none, and the runtime stays up.
        if let Some(release) = self.api.acl.aclFinalizeReference {
            let mut left = 0;
            // SAFETY: `left` outlives the call. A failure has no one to go to and leaves the runtime up, which is harmless.
            unsafe { release(&mut left) };
        }
    }
}

/// The live table from `origin`, or the one that `make` makes.
pub(super) fn shared(origin: &str, make: impl FnOnce() -> Result<Cann>) -> Result<Cann> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    loaded.retain(|inner| inner.strong_count() > 0);
    if let Some(inner) = loaded.iter().filter_map(Weak::upgrade).find(|inner| inner.origin == origin) {
        return Ok(Cann(inner));
    }
    let cann = make()?;
    loaded.push(Arc::downgrade(&cann.0));
    Ok(cann)
}

fn start(api: &Api, flavor: Flavor, origin: &str) -> Result<()> {
    // SAFETY: null asks for the defaults.
    match unsafe { (api.acl.aclInit)(ptr::null()) } {
        codes::ACL_SUCCESS => Ok(()),
        codes::ACL_ERROR_REPEAT_INITIALIZE => {
            recent_message(api);
            Ok(())
        }
        code => {
            let what = match flavor {
                Flavor::Npu => {
                    format!("CANN's libraries are in {origin}, but its runtime does not start (no card, or no driver)")
                }
                Flavor::Sim => "the simulator does not start".into(),
            };
            Err(failure(api, "aclInit", code).with_kind(ErrorKind::NoDevice).context(what))
        }
    }
}

fn device_count(api: &Api) -> Result<u32> {
    let mut count = 0;
    // SAFETY: `count` outlives the call.
    let code = unsafe { (api.acl.aclrtGetDeviceCount)(&mut count) };
    check(api, "aclrtGetDeviceCount", code).map_err(|e| e.with_kind(ErrorKind::NoDevice))?;
    Ok(count)
}

/// The toolkit's version, which must not be below the floor.
fn version(api: &Api, origin: &str) -> Result<String> {
    // SAFETY: plain bytes, for which zero is a value.
    let mut package: aclCANNPackageVersion = unsafe { std::mem::zeroed() };
    // SAFETY: `package` outlives the call.
    let code = unsafe { (api.acl.aclsysGetCANNVersion)(ACL_PKG_NAME_CANN, &mut package) };
    check(api, "aclsysGetCANNVersion", code).map_err(|e| e.context(format!("the version of CANN in {origin} is unknown")))?;
    let text = CStr::from_bytes_until_nul(&package.version).unwrap_or_default().to_string_lossy().into_owned();
    let needed = format!("{}.{} or later is needed", FLOOR.0, FLOOR.1);
    match release(&text) {
        Some(found) if found >= FLOOR => Ok(text),
        Some(_) => Err(Error::new(ErrorKind::Load, format!("CANN in {origin} is {text}, {needed}"))),
        None => Err(Error::new(ErrorKind::Load, format!("CANN in {origin} calls its version {text:?}, {needed}"))),
    }
}

/// Major and minor of "8.3.RC1".
fn release(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn absent(symbol: &Symbol, version: &str, origin: &str) -> Error {
    if symbol.lib == Lib::Atb {
        let text = format!(
            "{} is missing: {} (ATB belongs to the package nnal: source its set_env.sh, then build ascend-rl again)",
            symbol.name,
            if cfg!(atb_shim) { "ATB's libraries cannot be opened" } else { "this build has no C face for ATB" }
        );
        return Error::new(ErrorKind::MissingSymbol, text);
    }
    let (space, libraries) = (if version.is_empty() { "" } else { " " }, symbol.lib.file_names().join(", "));
    let text = format!(
        "{} is missing: CANN{space}{version} in {origin} does not export it ({libraries}); CANN {} and later do",
        symbol.name, symbol.since
    );
    Error::new(ErrorKind::MissingSymbol, text)
}

/// Ends an error about a card with the way to do without one.
fn or_simulate(error: Error) -> Error {
    error.hint(if cfg!(feature = "sim") {
        format!("{DEVICE_VARIABLE}=sim runs on the simulated NPU")
    } else {
        "the feature `sim` of ascend-rl adds a simulated NPU".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases() {
        assert_eq!(release("8.3.RC1"), Some((8, 3)));
        assert_eq!(release("8.5.0"), Some((8, 5)));
        assert_eq!((release(""), release("8"), release("CANN 8.3")), (None, None, None));
        assert!(release("8.1.RC1") < Some(FLOOR) && release("10.0.1") > Some(FLOOR));
    }
}
