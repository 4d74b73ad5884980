//! Ctrl-C: a run ends at the next safe place, with one line; a second one ends it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Begins to listen. `is_main`: whether rank 0 is in this process, which ends the run and says so.
pub fn listen(is_main: bool) -> Result<()> {
    ctrlc::set_handler(move || {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            // Checkpoints are written beside and renamed, so none is ever half written.
            std::process::exit(130);
        }
        if is_main {
            eprintln!("\ninterrupted: ending after the work at hand; Ctrl-C again ends at once");
        }
    })
    .context("cannot listen for Ctrl-C")
}

/// Whether Ctrl-C has been pressed.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// An error that ends the run once Ctrl-C has been pressed. `kept` says what is safe.
pub fn check(kept: impl FnOnce() -> String) -> Result<()> {
    if requested() {
        bail!("interrupted; {}", kept());
    }
    Ok(())
}
