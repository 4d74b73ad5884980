//! Ranks meet at files. Each other rank asks in one of its own, with a number that it has drawn; rank 0 answers all of them in one,
//! which lists the numbers that it has seen. A rank takes only an answer to its own number, so that what an earlier run has left
//! is never taken for this one's; it removes its question then, and rank 0 its answer when all questions are gone.
//!
//! Files are written beside and renamed, so that none is ever seen half written.

use super::party::{Party, disagreement};
use super::place::user;
use super::process::Process;
use crate::error::{Error, ErrorKind, Result};
use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The first line of either file.
const HEAD: &str = "ascend-rl rendezvous 1";
/// How often a rank looks.
const LOOK: Duration = Duration::from_millis(5);
/// How long rank 0 leaves bad news for the others to read.
const GRACE: Duration = Duration::from_secs(2);

/// What a rank asks.
struct Question {
    number: String,
    size: usize,
    job: u64,
    process: Process,
}

/// A rank that rank 0 has answered.
struct Heard {
    number: String,
    process: Process,
    /// It has the answer: its question is gone.
    done: bool,
}

/// What rank 0 answers.
struct Answer<'a> {
    /// Ranks and the numbers that they have drawn.
    heard: Vec<(usize, String)>,
    /// The bytes, or why there are none.
    info: std::result::Result<&'a [u8], &'a str>,
}

/// Rank 0's part: brings `info` to all others.
pub(super) fn serve(party: &Party, path: &Path, info: &[u8]) -> Result<()> {
    let answer = Paths::of(party, path).answer;
    remove(&answer)?;
    let end = answer_all(party, path, info);
    if let Err(error) = &end {
        // Those that are there hear of it.
        let asked = || -> Vec<(usize, String)> {
            (1..party.size).filter_map(|rank| Some((rank, read_question(path, party, rank).ok()??.number))).collect()
        };
        let (heard, start) = (asked(), Instant::now());
        if write(&answer, &Answer { heard, info: Err(&error.to_string()) }.to_text()).is_ok() {
            while !asked().is_empty() && start.elapsed() < GRACE {
                thread::sleep(LOOK);
            }
        }
    }
    remove(&answer)?;
    end
}

fn answer_all(party: &Party, path: &Path, info: &[u8]) -> Result<()> {
    let (deadline, answer) = (Instant::now() + party.timeout, Paths::of(party, path).answer);
    let mut ranks: Vec<Option<Heard>> = (0..party.size).map(|_| None).collect();
    loop {
        let mut changed = false;
        for (rank, heard) in ranks.iter_mut().enumerate().skip(1) {
            match (read_question(path, party, rank)?, heard) {
                (None, Some(heard)) => heard.done = true,
                (None, None) => {}
                (Some(question), Some(heard)) if heard.number == question.number => {}
                // What a dead process has asked, its successor asks anew.
                (Some(question), _) if question.process.has_ended() == Some(true) => {}
                (Some(question), heard) => {
                    check(party, rank, &question, heard.as_ref())?;
                    *heard = Some(Heard { number: question.number, process: question.process, done: false });
                    changed = true;
                }
            }
        }
        if ranks.iter().skip(1).all(|heard| heard.as_ref().is_some_and(|heard| heard.done)) {
            return Ok(());
        }
        if changed {
            let number = |(rank, heard): (usize, &Option<Heard>)| Some((rank, heard.as_ref()?.number.clone()));
            let heard = ranks.iter().enumerate().filter_map(number).collect();
            write(&answer, &Answer { heard, info: Ok(info) }.to_text())?;
        }
        if Instant::now() >= deadline {
            let missing: Vec<usize> =
                (1..party.size).filter(|&rank| !ranks[rank].as_ref().is_some_and(|heard| heard.done)).collect();
            return Err(party.late(&missing, ""));
        }
        thread::sleep(LOOK);
    }
}

/// Whether a question fits this job. One that may be an earlier run's is only believed if its process is known to live.
fn check(party: &Party, rank: usize, question: &Question, earlier: Option<&Heard>) -> Result<()> {
    if question.process.has_ended() != Some(false) {
        return Ok(());
    }
    if question.job != party.job {
        let text = format!("{} of another job meets there too; take another file for one of the two", question.process);
        return Err(disagreement(text));
    }
    let taken = earlier.is_some_and(|heard| heard.done || heard.process.has_ended() == Some(false));
    party.contradiction(rank, question.size, taken).map_or(Ok(()), |why| Err(disagreement(why)))
}

/// The part of another rank: asks, and waits for an answer to its own question.
pub(super) fn fetch(party: &Party, path: &Path) -> Result<Vec<u8>> {
    let Paths { answer, question } = Paths::of(party, path);
    let number = format!("{:016x}", RandomState::new().build_hasher().finish());
    if let Some(other) = read_question(path, party, party.rank)?
        && other.process.has_ended() == Some(false)
    {
        return Err(disagreement(format!(
            "two processes are rank {} of {}: the other is {}",
            party.rank, party.size, other.process
        )));
    }
    let asked = Question { number: number.clone(), size: party.size, job: party.job, process: Process::own() };
    write(&question, &asked.to_text(party.rank))?;
    let end = await_answer(party, path, &answer, &number);
    // Its going is what rank 0 waits for; also where nobody has come, nothing is left.
    match read_question(path, party, party.rank) {
        Ok(Some(own)) if own.number == number => remove(&question)?,
        _ => {}
    }
    end
}

fn await_answer(party: &Party, path: &Path, answer: &Path, number: &str) -> Result<Vec<u8>> {
    // Longer than rank 0 waits: where it gives up, it says for whom it has waited.
    let deadline = Instant::now() + party.timeout + GRACE.min(party.timeout);
    let mut stale = false;
    loop {
        if let Some(text) = read(answer)? {
            let heard = parse_answer(&text).filter(|(heard, _)| heard.iter().any(|one| one == number));
            match heard {
                Some((_, Ok(info))) => return Ok(info),
                Some((_, Err(why))) => return Err(disagreement(why)),
                None => stale = true,
            }
        }
        // Only this rank removes it, so that one that is not there was another's, who has been answered in its place.
        let other = match read_question(path, party, party.rank)? {
            Some(own) if own.number == number => None,
            Some(other) => Some(format!("is {}", other.process)),
            None => Some("was answered in this one's place".to_owned()),
        };
        if let Some(other) = other {
            return Err(disagreement(format!("two processes are rank {} of {}: the other {other}", party.rank, party.size)));
        }
        if Instant::now() >= deadline {
            let what = if stale { "there is only what an earlier run has left" } else { "there is nothing" };
            let text = format!("rank 0 did not answer within {} s: {what}", party.timeout.as_secs_f32());
            return Err(Error::new(ErrorKind::Timeout, text).hint("is rank 0 running, and does it see this folder?"));
        }
        thread::sleep(LOOK);
    }
}

struct Paths {
    answer: PathBuf,
    question: PathBuf,
}

impl Paths {
    fn of(party: &Party, path: &Path) -> Paths {
        let beside = |end: String| {
            let mut name = OsString::from(path);
            name.push(end);
            PathBuf::from(name)
        };
        let answer = beside(format!(".{}", party.number));
        Paths { answer, question: beside(format!(".{}.rank{}", party.number, party.rank)) }
    }
}

impl Question {
    fn to_text(&self, rank: usize) -> String {
        let Question { number, size, job, process } = self;
        format!("{HEAD}\nquestion {number}\nrank {rank}\nsize {size}\njob {job:016x}\nprocess {process}\n")
    }

    fn parse(text: &str) -> Option<Question> {
        let field = |name: &str| text.strip_prefix(HEAD)?.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Some(Question {
            number: field("question")?.to_owned(),
            size: field("size")?.parse().ok()?,
            job: u64::from_str_radix(field("job")?, 16).ok()?,
            process: Process::parse(field("process")?)?,
        })
    }
}

impl Answer<'_> {
    fn to_text(&self) -> String {
        let mut text = format!("{HEAD}\n");
        self.heard.iter().for_each(|(rank, number)| _ = writeln!(text, "rank {rank} {number}"));
        match self.info {
            Ok(bytes) => {
                text.push_str("info ");
                bytes.iter().for_each(|byte| _ = write!(text, "{byte:02x}"));
                text.push('\n');
            }
            Err(why) => _ = writeln!(text, "refused {why}"),
        }
        text
    }
}

/// The numbers that an answer lists, and the bytes or why there are none.
type Read = (Vec<String>, std::result::Result<Vec<u8>, String>);

fn parse_answer(text: &str) -> Option<Read> {
    let (mut heard, mut end) = (Vec::new(), None);
    for line in text.strip_prefix(HEAD)?.lines().skip(1) {
        match line.split_once(' ')? {
            ("rank", rest) => {
                let (_, number) = rest.split_once(' ')?;
                heard.push(number.to_owned());
            }
            ("info", digits) => {
                let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
                end = Some(Ok((0..digits.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?));
            }
            ("refused", why) => end = Some(Err(why.to_owned())),
            _ => return None,
        }
    }
    Some((heard, end?))
}

/// What `rank` asks, if it does. What cannot be read is none.
fn read_question(path: &Path, party: &Party, rank: usize) -> Result<Option<Question>> {
    let question = Paths::of(&Party { rank, ..*party }, path).question;
    Ok(read(&question)?.and_then(|text| Question::parse(&text)))
}

/// A file's text; `None` where there is none.
///
/// Errors: `Io` for one of another user, which would be believed otherwise.
fn read(path: &Path) -> Result<Option<String>> {
    let owner = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| io_error(path, error))?.uid(),
    };
    if ![user(), 0].contains(&owner) {
        let text = format!("{} is another user's (number {owner}); meet at another file", path.display());
        return Err(Error::new(ErrorKind::Io, text));
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // It went meanwhile, or is no text: no file of ours.
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::InvalidData].contains(&error.kind()) => Ok(None),
        Err(error) => Err(io_error(path, error)),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let mut beside = OsString::from(path);
    beside.push(format!(".new{}-{:016x}", std::process::id(), RandomState::new().build_hasher().finish()));
    let beside = PathBuf::from(beside);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes())).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        drop(fs::remove_file(&beside));
        io_error(path, error)
    })
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(path, error)),
        _ => Ok(()),
    }
}

fn io_error(path: &Path, error: io::Error) -> Error {
    Error::from(error).context(path.display())
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
