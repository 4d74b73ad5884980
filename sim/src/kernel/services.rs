//! What a kernel may ask of its loader: the table of the seam.

use std::ffi::c_char;
use std::io::Write;

use ascendc_twin::abi::{self, Services, core_kind};

use super::cross::{FLAGS, Overflow};
use super::image::text;
use super::run::{Host, Stop, guarded};

/// The one table.
pub(super) static SERVICES: Services = Services {
    abi: abi::ABI,
    size: size_of::<Services>() as u32,
    call,
    finding,
    set_flag,
    wait_flag,
    pipe_barrier,
    forget,
    sync_all,
    cross_set,
    cross_wait,
    r#yield,
    cache_clean_invalidate,
    memory_barrier,
    print,
};

/// The core that calls.
///
/// # Safety
/// `core` is what [`super::run`] lent to the kernel, on the kernel's thread.
unsafe fn host<'a>(core: *mut abi::Core) -> &'a Host {
    // SAFETY: the caller's promise; `host` is set where a core is made, and lives as long as that.
    unsafe { &*(*core).host.cast::<Host>() }
}

/// "at kernel.cpp:12", or nothing.
pub(super) fn at(file: *const c_char, line: u32) -> String {
    let file = text(file);
    if file.is_empty() { String::new() } else { format!(" at {file}:{line}") }
}

unsafe extern "C" fn call(core: *mut abi::Core, _call: *const abi::Call) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || if host.run.turns.late() { Err(Stop) } else { Ok(()) })
}

unsafe extern "C" fn finding(
    core: *mut abi::Core,
    name: *const c_char,
    file: *const c_char,
    line: u32,
    rule: *const c_char,
    message: *const c_char,
) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || {
        let (name, rule, message) = (text(name), text(rule), text(message));
        host.run.fail(format!("{}: {name}{}: {message} ({rule})", host.run.name(host.index), at(file, line)));
        Err(Stop)
    })
}

unsafe extern "C" fn set_flag(_core: *mut abi::Core, _from: u32, _to: u32, _id: u32, _file: *const c_char, _line: u32) -> i32 {
    0
}

unsafe extern "C" fn wait_flag(_core: *mut abi::Core, _from: u32, _to: u32, _id: u32, _file: *const c_char, _line: u32) -> i32 {
    0
}

unsafe extern "C" fn pipe_barrier(_core: *mut abi::Core, _pipe: u32, _file: *const c_char, _line: u32) -> i32 {
    0
}

unsafe extern "C" fn forget(_core: *mut abi::Core, _space: u32, _offset: u32, _bytes: u32) -> i32 {
    0
}

unsafe extern "C" fn sync_all(core: *mut abi::Core, aiv_only: u32, file: *const c_char, line: u32) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || host.sync_all(aiv_only != 0, &at(file, line)))
}

unsafe extern "C" fn cross_set(core: *mut abi::Core, mode: u32, pipe: u32, id: u32, file: *const c_char, line: u32) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || host.cross_set(mode, pipe, id, &at(file, line)))
}

unsafe extern "C" fn cross_wait(core: *mut abi::Core, id: u32, file: *const c_char, line: u32) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || host.cross_wait(id, &at(file, line)))
}

unsafe extern "C" fn r#yield(core: *mut abi::Core) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || if host.run.turns.poll(&host.run.cores(), host.index) { Ok(()) } else { Err(Stop) })
}

unsafe extern "C" fn cache_clean_invalidate(
    _core: *mut abi::Core,
    _address: u64,
    _entire: u32,
    _file: *const c_char,
    _line: u32,
) -> i32 {
    0
}

unsafe extern "C" fn memory_barrier(_core: *mut abi::Core, _kind: u32) -> i32 {
    0
}

/// Goes to the program's output, as a card's messages do when the stream is waited for.
unsafe extern "C" fn print(_core: *mut abi::Core, text: *const c_char, length: u32) {
    if !text.is_null() {
        // SAFETY: the seam: so many bytes are there.
        let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length as usize) };
        _ = std::io::stdout().lock().write_all(bytes);
    }
}

impl Host {
    /// The kernel has done what must not be.
    fn broken(&self, text: &str) -> Result<(), Stop> {
        self.run.fail(format!("{}: {text}", self.run.name(self.index)));
        Err(Stop)
    }

    /// Blocks can wait for each other only where all have a core at once.
    fn check_resident(&self, call: &str, at: &str) -> Result<(), Stop> {
        let plan = &self.run.plan;
        if plan.blocks <= plan.device_cores {
            return Ok(());
        }
        self.broken(&format!(
            "{call}{at}: blocks wait for each other, and {} blocks do not fit on {} cores at once: launch at most as many blocks as \
             there are cores, with schedule mode 1",
            plan.blocks, plan.device_cores
        ))
    }

    fn wait(&self, what: &str, met: impl FnMut() -> bool) -> Result<(), Stop> {
        if self.run.turns.wait(&self.run.cores(), self.index, what, met) { Ok(()) } else { Err(Stop) }
    }

    fn sync_all(&self, aiv_only: bool, at: &str) -> Result<(), Stop> {
        let kind = self.run.places[self.index].kind;
        let aiv_only = aiv_only && kind == core_kind::AIV;
        self.check_resident("SyncAll", at)?;
        let run = &self.run;
        let (before, _) = run.turns.news(|| run.cross().come(self.index, aiv_only));
        self.wait(&format!("all cores at SyncAll{at}"), || run.cross().passed(aiv_only, before))
    }

    fn check_flag(&self, call: &str, id: u32, at: &str) -> Result<usize, Stop> {
        if (id as usize) < FLAGS {
            return Ok(id as usize);
        }
        self.broken(&format!("{call}{at}: flag {id}, and there are 0 to {}", FLAGS - 1))?;
        Err(Stop)
    }

    fn cross_set(&self, mode: u32, _pipe: u32, id: u32, at: &str) -> Result<(), Stop> {
        const CALL: &str = "CrossCoreSetFlag";
        let id = self.check_flag(CALL, id, at)?;
        if mode > 2 {
            return self.broken(&format!("{CALL}{at}: mode {mode}, and there are 0, 1 and 2"));
        }
        if mode == 0 {
            self.check_resident(CALL, at)?;
        }
        let run = &self.run;
        match run.turns.news(|| run.cross().set(self.index, mode, id)) {
            Ok(_) => Ok(()),
            Err(Overflow { of }) => self.broken(&format!(
                "{CALL}{at}: flag {id} of {} counts to 15, and this would be one more: it is set more often than waited for",
                run.name(of)
            )),
        }
    }

    fn cross_wait(&self, id: u32, at: &str) -> Result<(), Stop> {
        let id = self.check_flag("CrossCoreWaitFlag", id, at)?;
        let run = &self.run;
        self.wait(&format!("flag {id} (CrossCoreWaitFlag{at})"), || run.cross().take(self.index, id))
    }
}
