//! Whether kernels are checked.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::reject::Outcome;

/// 0: as the environment says; else off (1) or on (2).
static SWITCH: AtomicU8 = AtomicU8::new(0);

/// Whether images that are loaded now are the ones with checks: as the program said last, else as `CANN_SIM_CHECK` says.
pub(super) fn checks() -> Outcome<bool> {
    match SWITCH.load(Relaxed) {
        0 => Ok(crate::settings::settings()?.check),
        switch => Ok(switch == 2),
    }
}

/// Sets it for what is loaded from here on.
pub(crate) fn set_checks(on: bool) {
    SWITCH.store(1 + u8::from(on), Relaxed);
}
