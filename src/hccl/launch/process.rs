//! Which process wrote a file, so that what a dead one has left is known.

use std::fs;
use std::sync::OnceLock;

/// A process of some host: "BOOT-NAMESPACE PID START".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Of the host since it started, and of the container: numbers of processes mean the same in it.
    scope: String,
    pid: u32,
    /// In the clock ticks of its host, since numbers are used again.
    start: String,
}

impl Process {
    pub(super) fn own() -> Process {
        let pid = std::process::id();
        Process { scope: scope().to_owned(), pid, start: start(pid).unwrap_or_default() }
    }

    /// Whether it has ended, as far as this can be told from here: `None` for one of another host.
    pub(super) fn has_ended(&self) -> Option<bool> {
        (self.scope == scope() && !self.start.is_empty()).then(|| start(self.pid).as_ref() != Some(&self.start))
    }

    pub(super) fn parse(text: &str) -> Option<Process> {
        let mut words = text.split(' ');
        let (scope, pid, start) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
        words.next().is_none().then(|| Process { scope: scope.to_owned(), pid, start: start.to_owned() })
    }
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.scope, self.pid, self.start)
    }
}

fn scope() -> &'static str {
    static SCOPE: OnceLock<String> = OnceLock::new();
    SCOPE.get_or_init(|| {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let number: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
        format!("{}-{number}", boot.trim())
    })
}

/// Field 22 of `/proc/PID/stat`: when it was started. The second, its name, may hold anything and ends with the last parenthesis.
fn start(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_whitespace();
    // One that has ended and was not waited for is a zombie.
    (fields.next()? != "Z").then(|| fields.nth(18).map(str::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn the_living_and_the_dead() {
        let own = Process::own();
        assert_eq!((own.has_ended(), Process::parse(&own.to_string())), (Some(false), Some(own.clone())));
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let other = Process { pid: child.id(), start: start(child.id()).unwrap(), ..own.clone() };
        assert_eq!(other.has_ended(), Some(false));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(other.has_ended(), Some(true));
        assert_eq!(Process { start: "1".into(), ..own.clone() }.has_ended(), Some(true), "its number was used again");
        assert_eq!(Process { scope: "elsewhere".into(), ..own }.has_ended(), None);
        for bad in ["", "a b c", "a 1", "a 1 2 3"] {
            assert_eq!(Process::parse(bad), None);
        }
    }
}
