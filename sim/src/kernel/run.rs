//! One run of a launch: its cores, what they share, and how it ends.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ascend_rl_sys::codes::*;
use ascendc_twin::abi::{self, core_kind};

use super::cross::Cross;
use super::image::{Image, Kernel};
use super::services;
use super::shape::{Named, Place, places, sizes};
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
    /// What went wrong first.
    failure: Mutex<Option<String>>,
    args: Args,
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
    /// `args` are the kernel's packed arguments, aligned to 8, until this returns.
    pub(super) unsafe fn launch(plan: &Arc<Plan>, args: *const c_void) -> Outcome {
        let kernel = plan.kernel();
        let places = places(kernel.cores, plan.blocks);
        // With checks one core runs at a time, so that findings are the same each time.
        let turns = if plan.image.checked { 1 } else { crate::parallel::threads() };
        let deadline = plan.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let run = Arc::new(Run {
            plan: plan.clone(),
            turns: Arc::new(Turns::new(places.len(), turns, deadline, PATIENCE)),
            cross: Mutex::new(Cross::new(&places)),
            places,
            failure: Mutex::new(None),
            args: Args(args),
        });
        let ended = run.turns.run(run.cores());
        run.outcome(ended)
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
            }
        });
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
        let failed = self.failure().take();
        let (text, late) = match (failed, ended) {
            (None, None) => return Ok(()),
            (Some(text), _) => (text, false),
            (None, Some(Ended::Vain(waits))) => {
                const MOST: usize = 6;
                let mut text = String::from("cores wait in vain: ");
                let each = waits.iter().take(MOST).map(|(core, what)| format!("{} waits for {what}", self.name(*core)));
                text += &each.collect::<Vec<_>>().join("; ");
                if waits.len() > MOST {
                    text += &format!("; and {} more", waits.len() - MOST);
                }
                (text, false)
            }
            (None, Some(Ended::Late)) => ("it ran longer than the launch's timeout".into(), true),
            (None, Some(Ended::NoThread(why))) => (format!("the system gives no thread for a core: {why}"), false),
            (None, Some(Ended::Failed)) => ("a core failed".into(), false),
        };
        let vector = self.places.iter().all(|place| place.kind == core_kind::AIV);
        let code = match (late, vector) {
            (false, true) => ACL_ERROR_RT_VECTOR_CORE_EXCEPTION,
            (false, false) => ACL_ERROR_RT_AICORE_EXCEPTION,
            (true, true) => ACL_ERROR_RT_VECTOR_CORE_TIMEOUT,
            (true, false) => ACL_ERROR_RT_AICORE_TIMEOUT,
        };
        Err(Reject { code, text: format!("kernel {} failed on the device: {text}", self.plan.kernel().name) })
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
