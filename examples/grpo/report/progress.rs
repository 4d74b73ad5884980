//! Progress on the terminal: a bar where there is one, plain lines where output goes into a file.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Without a terminal, about this many lines in all.
const PLAIN_LINES: u64 = 20;

/// What a training step shows.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Mean reward of the step's completions.
    pub reward: f64,
    /// Mean KL divergence from the reference policy, per token (the k3 estimate).
    pub kl: f64,
    /// Mean tokens a completion.
    pub response_length: f64,
    /// Tokens, prompts and completions, a second.
    pub tokens_per_second: f64,
}

impl Step {
    fn text(&self) -> String {
        format!(
            "reward {:.3}  kl {:.4}  length {:.1}  {:.0} tok/s",
            self.reward, self.kl, self.response_length, self.tokens_per_second
        )
    }
}

/// The progress of one phase.
pub struct Progress {
    title: String,
    steps: u64,
    done: u64,
    started: Instant,
    /// `None` without a terminal.
    bar: Option<ProgressBar>,
    silent: bool,
}

impl Progress {
    /// Progress on standard error over `steps` steps, under `title`.
    pub fn new(title: &str, steps: usize) -> Self {
        let steps = steps as u64;
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
            let template = "{prefix} {bar:24} {pos}/{len}  {msg}  eta {eta}";
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(title.to_string());
            bar
        });
        Self { title: title.into(), steps, done: 0, started: Instant::now(), bar, silent: false }
    }

    /// Progress that shows nothing: that of a rank that another one speaks for.
    pub fn silent() -> Self {
        Self { title: String::new(), steps: 0, done: 0, started: Instant::now(), bar: None, silent: true }
    }

    /// A training step is done.
    pub fn step(&mut self, step: &Step) {
        self.advance(&step.text());
    }

    /// A step is done, and `message` is what to show of it.
    pub fn advance(&mut self, message: &str) {
        self.done += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_message(message.to_string());
                bar.inc(1);
            }
            None if !self.silent && worth_a_line(self.done, self.steps) => {
                let line = plain_line(&self.title, self.done, self.steps, message, self.started.elapsed());
                self.print(&line);
            }
            None => {}
        }
    }

    /// What the step under way is at; shown on a terminal only.
    pub fn note(&self, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(message.to_string());
        }
    }

    /// Prints a line above the bar.
    pub fn print(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            // Progress that nobody reads (a closed pipe) must not end a run.
            None if self.silent => {}
            None => drop(writeln!(std::io::stderr(), "{line}")),
        }
    }

    /// The phase is over; the bar stays with its last figures.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}

/// The first step, the last, and evenly between.
fn worth_a_line(done: u64, steps: u64) -> bool {
    done == 1 || done == steps || done.is_multiple_of(steps.div_ceil(PLAIN_LINES).max(1))
}

fn plain_line(title: &str, done: u64, steps: u64, message: &str, elapsed: Duration) -> String {
    let left = elapsed.as_secs_f64() / done as f64 * steps.saturating_sub(done) as f64;
    format!("{title} {done}/{steps}  {message}  eta {}", duration(left))
}

/// Seconds as `1h02m`, `3m20s` or `7s`.
fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_has_every_figure() {
        let step = Step { reward: 0.5, kl: 0.00123, response_length: 4.0, tokens_per_second: 5321.4 };
        let line = plain_line("grpo", 50, 200, &step.text(), Duration::from_secs(40));
        assert_eq!(line, "grpo 50/200  reward 0.500  kl 0.0012  length 4.0  5321 tok/s  eta 2m00s");
    }

    #[test]
    fn durations_are_short() {
        let cases = [(0.4, "0s"), (59.4, "59s"), (60.0, "1m00s"), (200.0, "3m20s"), (3720.0, "1h02m"), (1e6, "277h46m")];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn lines_are_few_with_the_first_and_last() {
        for steps in [1, 2, 19, 20, 21, 200, 333] {
            let lines: Vec<u64> = (1..=steps).filter(|&done| worth_a_line(done, steps)).collect();
            assert!(lines.len() as u64 <= PLAIN_LINES + 2, "{steps}: {lines:?}");
            assert_eq!((lines.first(), lines.last()), (Some(&1), Some(&steps)));
        }
    }

    #[test]
    fn more_steps_than_announced_do_no_harm() {
        let mut progress = Progress::new("test", 1);
        for _ in 0..3 {
            progress.advance("");
        }
        assert_eq!(progress.done, 3);
        progress.finish();
        Progress::new("none", 0).advance("");
    }
}
