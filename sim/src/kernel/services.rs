//! What a kernel may ask of its loader: the table of the seam.

use std::ffi::c_char;
use std::io::Write;

use ascendc_twin::abi::{self, Services, core_kind};

use super::cross::{FLAGS, Overflow};
use super::image::{slice, text};
use super::run::{Host, Site, Stop, guarded};
use super::strict::{Broken, Strict};

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

unsafe extern "C" fn call(core: *mut abi::Core, call: *const abi::Call) -> i32 {
    // SAFETY: the seam.
    let (host, call) = unsafe { (host(core), &*call) };
    guarded(host, || {
        if host.run.turns.late() {
            return Err(Stop);
        }
        // SAFETY: the seam: so many ranges are there, for the length of the call.
        let ranges = unsafe { slice(call.ranges, call.range_count) };
        let waits = host.run.strict().is_some_and(|mut strict| strict.lets_others_look(host.index, ranges));
        if waits && !host.run.turns.poll(&host.run.cores(), host.index) {
            return Err(Stop);
        }
        let found = host.run.strict().map(|mut strict| strict.call(host.index, call, ranges));
        let site = Site { name: call.name, file: call.file, line: call.line };
        found.into_iter().flatten().try_for_each(|broken| host.run.broken(host.index, site, broken))
    })
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
        // An image with checks goes on where it can, so that more is found.
        let fatal = !host.run.plan.image.checked;
        host.run.found(host.index, Site { name, file, line }.into(), text(rule), text(message), fatal)
    })
}

/// Lets the checks follow what needs no answer.
///
/// # Safety
/// As for [`host`].
unsafe fn follow(core: *mut abi::Core, step: impl FnOnce(&mut Strict, usize)) -> i32 {
    // SAFETY: the caller's promise.
    let host = unsafe { host(core) };
    guarded(host, || {
        if let Some(mut strict) = host.run.strict() {
            step(&mut strict, host.index);
        }
        Ok(())
    })
}

unsafe extern "C" fn set_flag(core: *mut abi::Core, from: u32, to: u32, id: u32, _file: *const c_char, _line: u32) -> i32 {
    // SAFETY: the seam.
    unsafe { follow(core, |strict, core| strict.set_flag(core, from, to, id)) }
}

unsafe extern "C" fn wait_flag(core: *mut abi::Core, from: u32, to: u32, id: u32, file: *const c_char, line: u32) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || {
        let found = host.run.strict().and_then(|mut strict| strict.wait_flag(host.index, from, to, id));
        let site = Site { name: c"WaitFlag".as_ptr(), file, line };
        found.map_or(Ok(()), |broken| host.run.broken(host.index, site, broken))
    })
}

unsafe extern "C" fn pipe_barrier(core: *mut abi::Core, pipe: u32, _file: *const c_char, _line: u32) -> i32 {
    // SAFETY: the seam.
    unsafe { follow(core, |strict, core| strict.pipe_barrier(core, pipe)) }
}

unsafe extern "C" fn forget(core: *mut abi::Core, space: u32, offset: u32, bytes: u32) -> i32 {
    // SAFETY: the seam.
    unsafe { follow(core, |strict, core| strict.forget(core, space, offset, bytes)) }
}

unsafe extern "C" fn sync_all(core: *mut abi::Core, aiv_only: u32, file: *const c_char, line: u32) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || host.sync_all(aiv_only & 1 != 0, aiv_only & 2 != 0, Site { name: c"SyncAll".as_ptr(), file, line }))
}

unsafe extern "C" fn cross_set(core: *mut abi::Core, mode: u32, pipe: u32, id: u32, file: *const c_char, line: u32) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || host.cross_set(mode, pipe, id, Site { name: c"CrossCoreSetFlag".as_ptr(), file, line }))
}

unsafe extern "C" fn cross_wait(core: *mut abi::Core, id: u32, file: *const c_char, line: u32) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || host.cross_wait(id, Site { name: c"CrossCoreWaitFlag".as_ptr(), file, line }))
}

unsafe extern "C" fn r#yield(core: *mut abi::Core) -> i32 {
    // SAFETY: the seam.
    let host = unsafe { host(core) };
    guarded(host, || {
        if let Some(mut strict) = host.run.strict() {
            strict.yields(host.index);
        }
        if host.run.turns.poll(&host.run.cores(), host.index) { Ok(()) } else { Err(Stop) }
    })
}

unsafe extern "C" fn cache_clean_invalidate(
    core: *mut abi::Core,
    address: u64,
    entire: u32,
    file: *const c_char,
    line: u32,
) -> i32 {
    let one = (entire == 0 && address != 0).then_some(address);
    // SAFETY: the seam.
    unsafe { follow(core, |strict, core| strict.clean(core, one, file, line)) }
}

unsafe extern "C" fn memory_barrier(core: *mut abi::Core, _kind: u32) -> i32 {
    // SAFETY: the seam.
    unsafe { follow(core, |strict, core| strict.memory_barrier(core)) }
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
    /// The kernel has done what must not be, and ends.
    fn broken(&self, site: Site, rule: &'static str, message: String) -> Result<(), Stop> {
        self.run.broken(self.index, site, Broken { rule, message, fatal: true })
    }

    /// Whether the cores of this kernel can tell each other anything.
    fn check_barriers(&self, site: Site) -> Result<(), Stop> {
        if self.run.plan.kernel().cores.barriers {
            return Ok(());
        }
        let message = "the kernel is of a type without the hardware's barriers: KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_...)";
        self.broken(site, "resident blocks", message.into())
    }

    /// Blocks can wait for each other only where all have a core at once.
    fn check_resident(&self, site: Site) -> Result<(), Stop> {
        let plan = &self.run.plan;
        if plan.blocks > plan.device_cores {
            let message = format!(
                "blocks wait for each other, and {} blocks do not fit on {} cores at once: launch at most as many blocks as there are \
                 cores, with schedule mode 1",
                plan.blocks, plan.device_cores
            );
            return self.broken(site, "resident blocks", message);
        }
        if plan.image.checked && plan.schedule_mode == 0 && plan.blocks > 1 {
            let message = "blocks wait for each other, and the launch is in schedule mode 0: beside another stream's kernel some may never \
                           begin; __schedmode__(1), or ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE 1";
            let broken = Broken { rule: "resident blocks", message: message.into(), fatal: false };
            return self.run.broken(self.index, site, broken);
        }
        Ok(())
    }

    fn wait(&self, what: &str, met: impl FnMut() -> bool) -> Result<(), Stop> {
        if self.run.turns.wait(&self.run.cores(), self.index, what, met) { Ok(()) } else { Err(Stop) }
    }

    fn sync_all(&self, aiv_only: bool, by_memory: bool, site: Site) -> Result<(), Stop> {
        let kind = self.run.places[self.index].kind;
        let aiv_only = aiv_only && kind == core_kind::AIV;
        if !by_memory {
            self.check_barriers(site)?;
        }
        self.check_resident(site)?;
        let run = &self.run;
        let before = run.turns.news(|| {
            let (before, all) = run.cross().come(self.index, aiv_only);
            if let Some(mut strict) = run.strict() {
                strict.comes(self.index, aiv_only);
                if let Some(all) = &all {
                    strict.met(all, aiv_only);
                }
            }
            before
        });
        self.wait(&format!("all cores at SyncAll{}", at(site.file, site.line)), || run.cross().passed(aiv_only, before))
    }

    fn check_flag(&self, id: u32, site: Site) -> Result<usize, Stop> {
        if (id as usize) < FLAGS {
            return Ok(id as usize);
        }
        self.broken(site, "cross-core flags", format!("flag {id}, and there are 0 to {}", FLAGS - 1))?;
        Err(Stop)
    }

    fn cross_set(&self, mode: u32, pipe: u32, id: u32, site: Site) -> Result<(), Stop> {
        let id = self.check_flag(id, site)?;
        if mode > 2 {
            return self.broken(site, "cross-core flags", format!("mode {mode}, and there are 0, 1 and 2"));
        }
        self.check_barriers(site)?;
        if mode == 0 {
            self.check_resident(site)?;
        }
        let run = &self.run;
        let set = run.turns.news(|| {
            let set = run.cross().set(self.index, mode, id);
            if let Some(mut strict) = run.strict() {
                strict.cross_set(self.index, mode, pipe, id);
                if let Ok(Some((by, to))) = &set {
                    strict.cross_given(mode, id, by, to);
                }
            }
            set
        });
        match set {
            Ok(_) => Ok(()),
            Err(Overflow { of }) => {
                let message = format!(
                    "flag {id} of {} counts to 15, and this would be one more: it is set more often than waited for",
                    run.name(of)
                );
                self.broken(site, "cross-core flags", message)
            }
        }
    }

    fn cross_wait(&self, id: u32, site: Site) -> Result<(), Stop> {
        let id = self.check_flag(id, site)?;
        self.check_barriers(site)?;
        let run = &self.run;
        let what = format!("flag {id} (CrossCoreWaitFlag{})", at(site.file, site.line));
        self.wait(&what, || run.cross().take(self.index, id))?;
        if let Some(mut strict) = run.strict() {
            strict.cross_taken(self.index, id);
        }
        Ok(())
    }
}
