//! What a person sees of a run: a progress bar, the metrics file, the reward curve, sample completions, the run's
//! folder.
//!
//! Takes numbers and text, and knows nothing of how they came about. Does not cover yet: TensorBoard, experiment
//! trackers.

mod curve;
mod metrics;
mod progress;
mod run_dir;
mod samples;

pub use curve::reward_curve;
pub use metrics::{Metrics, MetricsFile};
pub use progress::{Progress, Step};
pub use run_dir::RunDir;
pub use samples::{Sample, samples_table};
