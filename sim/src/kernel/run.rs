//! One run of a launch: its cores, what they share, and how it ends.

use std::ffi::{c_char, c_void};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ascend_rl_sys::codes::*;
use ascendc_twin::abi::{self, core_kind};

use super::cross::Cross;
use super::findings::{self, Finding, Findings, Launch, Where};
use super::image::{Image, Kernel};
use super::services;
use super::shape::{Named, Place, places, sizes};
use super::strict::{Broken, Strict};
use super::turns::{Core, Ended, Turns};
use crate::engine::panic_text;
use crate::reject::{Outcome, Reject};

/// How long cores poll memory, where nothing else happens, before they count as hung.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a launch runs.
pub(super) struct Plan {
    pub image: Arc<Image>,
    /// Its index among the image's.
    pub kernel: usize,
    pub blocks: u32,
    /// How many cores of the kind that counts blocks the device has.
    pub device_cores: u32,
    /// 0: blocks go to cores as these become free.
    pub schedule_mode: u32,
    pub timeout: Option<Duration>,
    /// The device's id.
    pub device: u32,
}

impl Plan {
    pub(super) fn kernel(&self) -> &Kernel {
        &self.image.kernels[self.kernel]
    }
}

/// A run.
pub(super) struct Run {
    pub plan: Arc<Plan>,
    pub places: Vec<Place>,
    pub turns: Arc<Turns>,
    pub cross: Mutex<Cross>,
    /// Where the image tells its calls.
    strict: Option<Mutex<Strict>>,
    findings: Mutex<Findings>,
    /// What else went wrong first.
    failure: Mutex<Option<String>>,
    args: Args,
}

/// A call that is being answered: its name and place in the source.
#[derive(Clone, Copy)]
pub(super) struct Site {
    pub name: *const c_char,
    pub file: *const c_char,
    pub line: u32,
}

impl From<Site> for Where {
    fn from(site: Site) -> Where {
        Where::of(site.name, site.file, site.line)
    }
}

/// The packed arguments, at an address that holds for the run.
struct Args(*const c_void);
// SAFETY: kernels only read them, and whoever runs the launch keeps them until it has ended.
unsafe impl Send for Args {}
// SAFETY: as above.
unsafe impl Sync for Args {}

/// What [`abi::Core::host`] points to.
pub(super) struct Host {
    pub run: Arc<Run>,
    pub index: usize,
}

impl Run {
    /// Runs the kernel on all its cores.
    ///
    /// # Safety
    /// `args` are the kernel's packed arguments, aligned to 8, until this returns; all bytes of the range may be read.
    pub(super) unsafe fn launch(plan: &Arc<Plan>, args: Range<usize>) -> Outcome {
        let kernel = plan.kernel();
        let places = places(kernel.cores, plan.blocks);
        let readable = args.start as u64..args.end as u64;
        let name = |i: usize| Named(places[i], kernel.cores);
        let strict = plan.image.checked.then(|| Strict::new(&places, name, plan.device, readable, plan.schedule_mode > 0));
        // With checks one core runs at a time, so that findings are the same each time.
        let turns = if plan.image.checked { 1 } else { crate::parallel::threads() };
        let deadline = plan.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let run = Arc::new(Run {
            plan: plan.clone(),
            turns: Arc::new(Turns::new(places.len(), turns, deadline, PATIENCE)),
            cross: Mutex::new(Cross::new(&places)),
            places,
            strict: strict.map(Mutex::new),
            findings: Mutex::default(),
            failure: Mutex::new(None),
            args: Args(args.start as *const c_void),
        });
        let ended = run.turns.run(run.cores());
        run.outcome(ended)
    }

    /// What follows the launch's calls, where the image tells them.
    pub(super) fn strict(&self) -> Option<MutexGuard<'_, Strict>> {
        self.strict.as_ref().map(|strict| strict.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// What runs a core, for the turns.
    pub(super) fn cores(self: &Arc<Self>) -> Arc<Core> {
        let run = self.clone();
        Arc::new(move |index| run.core(index))
    }

    fn core(self: &Arc<Self>, index: usize) {
        let place = self.places[index];
        let kernel = self.plan.kernel();
        let mut host = Host { run: self.clone(), index };
        super::memory::lend(place.kind, self.plan.image.checked, |memory| {
            let mut core = abi::Core {
                services: &services::SERVICES,
                host: (&raw mut host).cast(),
                memory,
                size: sizes(place.kind),
                kind: place.kind,
                block: place.block,
                blocks: self.plan.blocks,
                sub_block: place.sub,
                sub_blocks: kernel.cores.aiv,
                checked: self.plan.image.checked.into(),
                cycles: 0,
                state: std::ptr::null_mut(),
            };
            // SAFETY: the seam: a core with its memories, and the kernel's own arguments. What the kernel does with addresses is the
            // program's, as on a card.
            let code = unsafe { (kernel.run)(&mut core, self.args.0) };
            if code != 0 {
                self.fail(format!("{}: the kernel stopped with {code}", self.name(index)));
            } else if let Some(broken) = self.strict().and_then(|mut strict| strict.end(index)) {
                // The program has ended: nothing is to be stopped.
                _ = self.broken(index, Where::default(), broken);
            }
        });
    }

    /// A rule was broken. Whether the kernel may go on: so that more is found, where the call can take effect.
    pub(super) fn broken(&self, index: usize, place: impl Into<Where>, broken: Broken) -> Result<(), Stop> {
        self.found(index, place.into(), broken.rule.into(), broken.message, broken.fatal)
    }

    /// The same for what the image found.
    pub(super) fn found(&self, index: usize, place: Where, rule: String, message: String, fatal: bool) -> Result<(), Stop> {
        let Where { call, file, line } = place;
        let (kernel, block) = (self.plan.kernel().name, self.name(index).to_string());
        let finding = Finding { kernel, block, call, file, line, rule, message, times: 1 };
        if self.turns.ended() {
            return Err(Stop);
        }
        if self.findings().add(finding) && !fatal {
            return Ok(());
        }
        self.turns.fail();
        Err(Stop)
    }

    fn findings(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The first failure counts: a text that says where.
    pub(super) fn fail(&self, text: String) {
        if !self.turns.ended() {
            self.failure().get_or_insert(text);
        }
        self.turns.fail();
    }

    fn failure(&self) -> MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn cross(&self) -> MutexGuard<'_, Cross> {
        self.cross.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// "block 3 (cube core)".
    pub(super) fn name(&self, index: usize) -> Named {
        Named(self.places[index], self.plan.kernel().cores)
    }

    fn outcome(&self, ended: Option<Ended>) -> Outcome {
        let (late, went_well) = (matches!(ended, Some(Ended::Late)), ended.is_none());
        let failed = self.failure().take();
        match &ended {
            None if failed.is_none() => {
                self.check_not_polled();
                self.check_flags_left();
            }
            Some(Ended::Vain(waits)) => self.wait_in_vain(waits),
            _ => {}
        }
        let found = self.findings().take();
        let told = match ended {
            Some(Ended::Late) => Some("it ran longer than the launch's timeout".into()),
            Some(Ended::NoThread(why)) => Some(format!("the system gives no thread for a core: {why}")),
            Some(Ended::Failed) => Some(failed.unwrap_or_else(|| "a core failed".into())),
            _ => failed,
        };
        if let Some(strict) = &self.strict {
            let strict = strict.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            findings::keep(Launch {
                kernel: self.plan.kernel().name,
                device: self.plan.device,
                blocks: self.plan.blocks,
                traffic: strict.traffic.clone(),
                findings: found.clone(),
            });
        }
        if found.is_empty() && told.is_none() && went_well {
            return Ok(());
        }
        // What stopped because something was found says nothing of its own.
        let told = told.filter(|_| found.is_empty() || late);
        let texts: Vec<String> = [(!found.is_empty()).then(|| findings::text(&found)), told].into_iter().flatten().collect();
        let vector = self.places.iter().all(|place| place.kind == core_kind::AIV);
        let code = match (late, vector) {
            (false, true) => ACL_ERROR_RT_VECTOR_CORE_EXCEPTION,
            (false, false) => ACL_ERROR_RT_AICORE_EXCEPTION,
            (true, true) => ACL_ERROR_RT_VECTOR_CORE_TIMEOUT,
            (true, false) => ACL_ERROR_RT_AICORE_TIMEOUT,
        };
        Err(Reject { code, text: format!("kernel {} failed on the device: {}", self.plan.kernel().name, texts.join("; ")) })
    }

    /// A card's cores would hang.
    fn wait_in_vain(&self, waits: &[(usize, String)]) {
        const MOST: usize = 6;
        let each = waits.iter().take(MOST).map(|(core, what)| format!("{} waits for {what}", self.name(*core)));
        let mut message = format!("cores wait in vain: {}", each.collect::<Vec<_>>().join("; "));
        if waits.len() > MOST {
            message += &format!("; and {} more", waits.len() - MOST);
        }
        let block = waits.first().map_or_else(String::new, |(core, _)| self.name(*core).to_string());
        self.findings().add(Finding {
            kernel: self.plan.kernel().name,
            block,
            call: String::new(),
            file: String::new(),
            line: 0,
            rule: "deadlock".into(),
            message,
            times: 1,
        });
    }

    /// What was put aside because it might poll.
    fn check_not_polled(&self) {
        let found = self.strict().map(|mut strict| strict.not_polled());
        for (core, place, broken) in found.into_iter().flatten() {
            _ = self.broken(core, place, broken);
        }
    }

    /// Flags that count when the kernel ends would be seen by the next on the same cores.
    fn check_flags_left(&self) {
        if self.strict.is_none() {
            return;
        }
        for (core, id, count) in self.cross().left() {
            let message = format!(
                "flag {id} counts {count} at the kernel's end: CrossCoreSetFlag was called more often than CrossCoreWaitFlag, and the next \
                 kernel on the core would see it"
            );
            _ = self.broken(core, Where::default(), Broken { rule: "cross-core flags", message, fatal: false });
        }
    }
}

/// The kernel shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop;

/// What a service answers: 0, or that the kernel shall end. No panic goes through the kernel.
pub(super) fn guarded(host: &Host, body: impl FnOnce() -> Result<(), Stop>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => 0,
        Ok(Err(Stop)) => STOP,
        Err(payload) => {
            host.run.fail(format!("a bug in the simulator: {}", panic_text(&*payload)));
            STOP
        }
    }
}

/// The answer that ends a kernel.
const STOP: i32 = 1;
