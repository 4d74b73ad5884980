//! What a person sees of a run: a progress bar, the metrics file, the reward curve, sample completions, where the time went
//! (a table of stages, a trace), the run's folder.
//!
//! Takes numbers and text, and knows nothing of how they came about; two files look at devices: [`peaks`] and [`trace`]. Does
//! not cover yet: TensorBoard, experiment trackers.

use std::io::Write;

mod curve;
mod metrics;
mod peaks;
mod progress;
mod run_dir;
mod samples;
mod stages;
mod trace;

pub use curve::reward_curve;
pub use metrics::{Metrics, MetricsFile};
pub use peaks::Peaks;
pub use progress::{Progress, Step};
pub use run_dir::RunDir;
pub use samples::{Sample, samples_table};
pub use stages::{Stages, Work};
pub use trace::Trace;

/// A line on standard output. Output that nobody reads (a closed pipe) must not end a run.
pub fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n')));
}
