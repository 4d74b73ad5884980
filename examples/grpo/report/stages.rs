//! Where a step's time goes: a table of stages, each beside what the device could do in that time. Pure.
//!
//! A stage has FLOPs to compute and bytes to move; at the measured peaks each takes some time, and the longer of the two is
//! the least the stage could take (the roofline). The table shows that resource, and "of peak" is that least time over the
//! time taken.

use std::fmt::Write;
use std::time::Duration;

use super::{Metrics, Peaks};

/// What a stage has to do. Zero of both: nothing that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Floating-point operations.
    pub flops: f64,
    /// Bytes of device memory, read and written.
    pub bytes: f64,
}

impl Peaks {
    /// FLOP/s that a row is held against.
    fn flops_of(&self, row: &str) -> f64 {
        if row == "rollout" { self.rollout_flops } else { self.flops }
    }
}

impl Work {
    /// Least seconds at so many FLOP/s and bytes a second.
    fn least(&self, flops: f64, bytes: f64) -> f64 {
        (self.flops / flops).max(self.bytes / bytes)
    }

    fn add(&mut self, other: Work) {
        self.flops += other.flops;
        self.bytes += other.bytes;
    }
}

/// The rows, each with verl's names of the stages in it.
const ROWS: [(&str, &[&str]); 5] = [
    ("rollout", &["gen"]),
    ("reward", &["reward"]),
    ("log-probs", &["old_log_prob", "ref"]),
    ("update", &["update_actor"]),
    ("reshard", &["update_weights"]),
];

/// Metrics, each with the row whose part of the peak it is: verl's names where it has one.
const METRICS: [(&str, &str); 4] = [
    ("perf/roofline/gen", "rollout"),
    ("perf/mfu/actor_infer", "log-probs"),
    ("perf/mfu/actor", "update"),
    ("perf/roofline/update_weights", "reshard"),
];

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    seconds: f64,
    work: Work,
}

/// The stages of a run, summed over its steps.
#[derive(Clone, Debug)]
pub struct Stages {
    peaks: Peaks,
    rows: [Row; ROWS.len()],
    seconds: f64,
    steps: usize,
}

impl Stages {
    /// No steps yet, on devices with these peaks.
    pub fn new(peaks: Peaks) -> Stages {
        Stages { peaks, rows: Default::default(), seconds: 0.0, steps: 0 }
    }

    /// Adds a step of `seconds` in all, whose stages (verl's names) took `times` and had `work` to do. Puts each stage's part of
    /// the peak among the step's metrics.
    pub fn add(
        &mut self,
        seconds: f64,
        times: &[(&'static str, Duration)],
        work: &[(&'static str, Work)],
        metrics: &mut Metrics,
    ) {
        self.steps += 1;
        self.seconds += seconds;
        for ((name, stages), total) in ROWS.iter().zip(&mut self.rows) {
            let mut step = Row::default();
            times.iter().filter(|(stage, _)| stages.contains(stage)).for_each(|(_, time)| step.seconds += time.as_secs_f64());
            work.iter().filter(|(stage, _)| stages.contains(stage)).for_each(|(_, work)| step.work.add(*work));
            total.seconds += step.seconds;
            total.work.add(step.work);
            let part = step.work.least(self.peaks.flops_of(name), self.peaks.bytes) / step.seconds;
            if let Some((metric, _)) = METRICS.iter().find(|(_, row)| row == name)
                && part > 0.0
                && part.is_finite()
            {
                metrics.set(metric, part);
            }
        }
    }

    /// The table, means of a step. Nothing where there was no step.
    pub fn table(&self) -> String {
        let mut table = String::new();
        if self.steps == 0 {
            return table;
        }
        let steps = self.steps as f64;
        let mut line = |name: &str, seconds: f64, work: Work| {
            let share = if self.seconds > 0.0 { 100.0 * seconds / self.seconds } else { 0.0 };
            let (per_step, achieved, part) = self.compared(name, seconds, work);
            // Writing to a string cannot fail; a cell that is left empty leaves no blanks behind.
            let mut row = format!("{name:<9}  {:>8.3}  {share:>4.0} %", seconds / steps);
            if !per_step.is_empty() {
                let _ = write!(row, "  {per_step:>12}  {achieved:>14}  {part:>7}");
            }
            let _ = writeln!(table, "  {row}");
        };
        let other = self.seconds - self.rows.iter().map(|row| row.seconds).sum::<f64>();
        for ((name, _), row) in ROWS.iter().zip(&self.rows) {
            line(name, row.seconds, row.work);
        }
        line("other", other.max(0.0), Work::default());
        line("step", self.seconds, Work::default());
        let Peaks { flops, rollout_flops, bytes } = self.peaks;
        let peaks = match bytes.is_finite() {
            true if flops == rollout_flops => {
                format!("{} in products of 1024 x 1024, {} in copies", si(flops, "FLOP/s"), si(bytes, "B/s"))
            }
            true => format!(
                "{} in products of 1024 x 1024 ({} in the rollout's dtype), {} in copies",
                si(flops, "FLOP/s"),
                si(rollout_flops, "FLOP/s"),
                si(bytes, "B/s")
            ),
            false => "none, the memory is too small for them".into(),
        };
        let heading =
            format!("{:<9}  {:>8}  {:>6}  {:>12}  {:>14}  {:>7}", "stage", "s/step", "share", "per step", "achieved", "of peak");
        format!(
            "where the time of {} went; measured peaks: {peaks}\n  {heading}\n{table}",
            if self.steps == 1 { "1 step".into() } else { format!("{} steps", self.steps) },
        )
    }

    /// A step's FLOPs or bytes, whichever bounds the stage; its rate; its part of the peak. Empty without either.
    fn compared(&self, row: &str, seconds: f64, work: Work) -> (String, String, String) {
        let flops = self.peaks.flops_of(row);
        let least = work.least(flops, self.peaks.bytes);
        if !(least > 0.0 && seconds > 0.0) {
            return Default::default();
        }
        let (amount, unit) = match work.flops / flops >= least {
            true => (work.flops, "FLOP"),
            false => (work.bytes, "B"),
        };
        let rate = si(amount / seconds, &format!("{unit}/s"));
        (si(amount / self.steps as f64, unit), rate, format!("{:.1} %", 100.0 * least / seconds))
    }
}

/// Three digits and a prefix: "1.23 G".
fn si(value: f64, unit: &str) -> String {
    let prefixes = ["", "k", "M", "G", "T", "P", "E"];
    let (mut value, mut power) = (value, 0);
    // 999.5 and more would be shown as 1000.
    while value >= 999.5 && power + 1 < prefixes.len() {
        (value, power) = (value / 1e3, power + 1);
    }
    let digits = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {}{unit}", prefixes[power])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(name: &'static str, ms: u64) -> (&'static str, Duration) {
        (name, Duration::from_millis(ms))
    }

    #[test]
    fn a_table_by_hand() {
        let mut stages = Stages::new(Peaks { flops: 100e9, rollout_flops: 100e9, bytes: 10e9 });
        assert_eq!(stages.table(), "");
        let work = [
            // 50 ms of FLOPs, 100 ms of bytes: bound by bytes.
            ("gen", Work { flops: 5e9, bytes: 1e9 }),
            ("ref", Work { flops: 1e9, bytes: 0.0 }),
            ("old_log_prob", Work { flops: 1e9, bytes: 0.0 }),
            ("update_actor", Work { flops: 12e9, bytes: 0.0 }),
            ("update_weights", Work { flops: 0.0, bytes: 6e6 }),
        ];
        let times = [
            ms("gen", 400),
            ms("reward", 1),
            ms("old_log_prob", 30),
            ms("ref", 10),
            ms("adv", 2),
            ms("update_actor", 480),
            ms("update_weights", 6),
        ];
        let mut metrics = Metrics::new();
        stages.add(1.0, &times, &work, &mut metrics);
        stages.add(1.0, &times, &work, &mut metrics);
        let expected =
            "where the time of 2 steps went; measured peaks: 100 GFLOP/s in products of 1024 x 1024, 10.0 GB/s in copies
  stage        s/step   share      per step        achieved  of peak
  rollout       0.400    40 %       1.00 GB       2.50 GB/s   25.0 %
  reward        0.001     0 %
  log-probs     0.040     4 %    2.00 GFLOP    50.0 GFLOP/s   50.0 %
  update        0.480    48 %    12.0 GFLOP    25.0 GFLOP/s   25.0 %
  reshard       0.006     1 %       6.00 MB       1.00 GB/s   10.0 %
  other         0.073     7 %
  step          1.000   100 %
";
        assert_eq!(stages.table(), expected);
        let found = METRICS.map(|(name, _)| (metrics.get(name).unwrap() * 1e6).round() / 1e6);
        assert_eq!(found, [0.25, 0.5, 0.25, 0.1]);
    }

    #[test]
    fn stages_that_did_not_run_have_no_figures() {
        let mut stages = Stages::new(Peaks { flops: 1e9, rollout_flops: 1e9, bytes: 1e9 });
        let mut metrics = Metrics::new();
        stages.add(0.5, &[ms("gen", 0), ms("ref", 0)], &[("gen", Work { flops: 1.0, bytes: 1.0 })], &mut metrics);
        assert_eq!(metrics, Metrics::new());
        assert!(!stages.table().contains("NaN") && !stages.table().contains("inf"), "{}", stages.table());
        // Against peaks that were never measured nothing is held.
        let mut stages = Stages::new(Peaks::UNKNOWN);
        stages.add(0.5, &[ms("gen", 500)], &[], &mut metrics);
        assert!(!stages.table().contains("NaN"), "{}", stages.table());
    }

    #[test]
    fn numbers_have_three_digits() {
        let cases = [
            (0.0, "0.00 B"),
            (9.994, "9.99 B"),
            (9.996, "10.0 B"),
            (99.96, "100 B"),
            (999.6, "1.00 kB"),
            (1.5e9, "1.50 GB"),
            (2e22, "20000 EB"),
        ];
        for (value, text) in cases {
            assert_eq!(si(value, "B"), text);
        }
    }
}
