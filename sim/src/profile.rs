//! `CANN_SIM_PROFILE=1`: where the time of the simulated device goes, by operator, as a table at the end of the process.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

use crate::settings::settings;

/// Calls of one name, and the time that they took.
#[derive(Clone, Copy, Default)]
struct Entry {
    calls: u64,
    time: Duration,
}

/// Times by operator, and the time in which none ran.
#[derive(Default)]
pub(crate) struct Profile {
    entries: HashMap<String, Entry>,
    idle: Duration,
}

/// The process' profile; `None`, and hence without cost, where it is not asked for.
pub(crate) fn profile() -> Option<&'static Mutex<Profile>> {
    static PROFILE: Mutex<Option<&'static Mutex<Profile>>> = Mutex::new(None);
    static AT_EXIT: Once = Once::new();
    if !settings().is_ok_and(|settings| settings.profile) {
        return None;
    }
    let mut profile = PROFILE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let profile = *profile.get_or_insert_with(|| Box::leak(Box::default()));
    // SAFETY: the function takes nothing, does not unwind, and lives as long as the process.
    AT_EXIT.call_once(|| _ = unsafe { libc::atexit(print) });
    Some(profile)
}

extern "C" fn print() {
    if let Some(profile) = profile() {
        eprint!("{}", profile.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).table());
    }
}

/// Runs `work` and books its time.
pub(crate) fn timed(profile: Option<&Mutex<Profile>>, name: &str, work: impl FnOnce()) {
    let Some(profile) = profile else { return work() };
    let start = Instant::now();
    work();
    profile.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).add(name, start.elapsed());
}

/// Runs `wait` and books its time as idle.
pub(crate) fn waited(profile: Option<&Mutex<Profile>>, wait: impl FnOnce()) {
    let Some(profile) = profile else { return wait() };
    let start = Instant::now();
    wait();
    profile.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).idle += start.elapsed();
}

impl Profile {
    fn add(&mut self, name: &str, time: Duration) {
        // Most calls are of a name that is there already.
        if !self.entries.contains_key(name) {
            self.entries.insert(name.to_string(), Entry::default());
        }
        if let Some(entry) = self.entries.get_mut(name) {
            entry.calls += 1;
            entry.time += time;
        }
    }

    /// One line an operator, the costliest first.
    fn table(&self) -> String {
        let mut entries: Vec<(&String, &Entry)> = self.entries.iter().collect();
        entries.sort_by(|a, b| b.1.time.cmp(&a.1.time).then(a.0.cmp(b.0)));
        let busy: f64 = entries.iter().map(|(_, entry)| entry.time.as_secs_f64()).sum();
        let mut text =
            format!("{:<40} {:>10} {:>12} {:>10} {:>7}\n", "cann-sim operator", "calls", "total ms", "mean us", "share");
        for (name, Entry { calls, time }) in entries {
            let seconds = time.as_secs_f64();
            let (total, mean, share) =
                (1e3 * seconds, 1e6 * seconds / *calls as f64, 100.0 * seconds / busy.max(f64::MIN_POSITIVE));
            _ = writeln!(text, "{name:<40} {calls:>10} {total:>12.2} {mean:>10.2} {share:>6.1}%");
        }
        _ = writeln!(text, "{:<40} {:>10} {:>12.2}", "(busy)", "", 1e3 * busy);
        _ = writeln!(text, "{:<40} {:>10} {:>12.2}", "(idle)", "", 1e3 * self.idle.as_secs_f64());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_adds_up_and_begins_with_the_costliest() {
        let mut profile = Profile::default();
        for (name, micros) in [("aclnnAdd", 10), ("aclnnMm", 3000), ("aclnnAdd", 20)] {
            profile.add(name, Duration::from_micros(micros));
        }
        let table = profile.table();
        let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[1], ["aclnnMm", "1", "3.00", "3000.00", "99.0%"]);
        assert_eq!(words[2], ["aclnnAdd", "2", "0.03", "15.00", "1.0%"]);
        assert_eq!(words[3], ["(busy)", "3.03"]);
    }

    #[test]
    fn time_is_booked_where_there_is_a_profile_and_the_work_runs_anyway() {
        let profile = Mutex::new(Profile::default());
        let mut runs = 0;
        for profile in [None, Some(&profile)] {
            timed(profile, "aclnnMm", || runs += 1);
            waited(profile, || std::thread::sleep(Duration::from_millis(1)));
        }
        let profile = profile.into_inner().unwrap();
        assert_eq!((runs, profile.entries["aclnnMm"].calls), (2, 1));
        assert!(profile.idle >= Duration::from_millis(1));
    }
}
