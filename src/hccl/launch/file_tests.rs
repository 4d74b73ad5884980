//! In a folder of the test's own, a thread a rank; with what dead and foreign processes may have left there.

use super::*;
use std::process::Command;

const LONG: Duration = Duration::from_secs(60);

fn party(rank: usize, size: usize) -> Party {
    Party { rank, size, number: 0, job: 7, timeout: LONG }
}

fn short(rank: usize, size: usize) -> Party {
    Party { timeout: Duration::from_millis(200), ..party(rank, size) }
}

/// What each party hears; `serve`'s end last.
fn meet(path: &Path, zero: Party, others: &[Party]) -> Vec<Result<Vec<u8>>> {
    thread::scope(|scope| {
        let threads: Vec<_> = others.iter().map(|party| scope.spawn(move || fetch(party, path))).collect();
        let end = serve(&zero, path, b"root info");
        let mut heard: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        heard.push(end.map(|()| Vec::new()));
        heard
    })
}

fn wait_until(met: impl Fn() -> bool) {
    let start = Instant::now();
    while !met() {
        assert!(start.elapsed() < LONG, "it does not come");
        thread::sleep(LOOK);
    }
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// A process that has ended, and one of another host.
fn others() -> [Process; 2] {
    let mut child = Command::new("true").spawn().unwrap();
    let own = Process::own().to_string();
    let words: Vec<_> = own.split(' ').collect();
    let dead = Process::parse(&format!("{} {} {}", words[0], child.id(), words[2])).unwrap();
    child.wait().unwrap();
    [dead, Process::parse("elsewhere 1 1").unwrap()]
}

#[test]
fn all_get_the_bytes_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meet");
    for size in [2, 3, 5] {
        let others: Vec<_> = (1..size).map(|rank| party(rank, size)).collect();
        let mut heard = meet(&path, party(0, size), &others);
        assert!(heard.pop().unwrap().is_ok());
        assert!(heard.into_iter().all(|end| end.unwrap() == b"root info"));
        assert_eq!(files(folder.path()), Vec::<String>::new());
    }
}

#[test]
fn what_earlier_runs_have_left_is_not_taken_for_this_ones() {
    for process in others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meet");
        let Paths { answer, question } = Paths::of(&party(2, 3), &path);
        // An answer to others, and questions of others, also of another size.
        let heard = vec![(1, "00".to_owned()), (2, "01".to_owned())];
        write(&answer, &Answer { heard, info: Ok(b"stale") }.to_text()).unwrap();
        write(&question, &Question { number: "01".into(), size: 8, job: 9, process }.to_text(2)).unwrap();
        thread::scope(|scope| {
            let first = scope.spawn(|| fetch(&party(1, 3), &path).unwrap());
            thread::sleep(Duration::from_millis(30));
            let zero = scope.spawn(|| serve(&party(0, 3), &path, b"fresh").unwrap());
            thread::sleep(Duration::from_millis(30));
            assert_eq!(fetch(&party(2, 3), &path).unwrap(), b"fresh");
            assert_eq!(first.join().unwrap(), b"fresh");
            zero.join().unwrap();
        });
        assert_eq!(files(folder.path()), Vec::<String>::new());
    }
}

#[test]
fn a_job_at_odds_with_itself_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meet");
    for (wrong, text) in [
        (party(2, 4), "rank 2 counts 4 ranks in this job, rank 0 counts 3"),
        (Party { job: 8, ..party(2, 3) }, "of another job meets there too"),
    ] {
        let heard = meet(&path, party(0, 3), &[wrong]);
        for end in heard {
            let error = end.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Collective);
            assert!(error.to_string().contains(text), "{error}");
        }
    }
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

/// Both may have looked before either wrote, so that one's question takes the place of the other's.
#[test]
fn two_processes_of_one_rank_are_told_whoever_is_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meet");
    let (one, Paths { answer, question }) = (party(1, 3), Paths::of(&party(1, 3), &path));
    let twin = |number: &str| Question { number: number.into(), size: 3, job: 7, process: Process::own() }.to_text(1);
    let told = |end: Result<Vec<u8>>, words: &str| {
        let error = end.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Collective, "{error}");
        assert!(error.to_string().contains(&format!("two processes are rank 1 of 3{words}")), "{error}");
    };
    // The other was there before.
    write(&question, &twin("01")).unwrap();
    told(fetch(&one, &path), ": the other is ");
    remove(&question).unwrap();
    // It comes after, and waits still; or has been answered and is gone.
    for (comes, words) in [(true, ": the other is "), (false, ": the other was answered in this one's place")] {
        thread::scope(|scope| {
            let first = scope.spawn(|| fetch(&one, &path));
            wait_until(|| question.exists());
            if comes {
                write(&question, &twin("01")).unwrap()
            } else {
                remove(&question).unwrap()
            }
            told(first.join().unwrap(), words);
            remove(&question).unwrap();
        });
    }
    // Rank 0 has heard both, the first of which has been answered or waits still.
    let answered = || read(&answer).unwrap().and_then(|text| parse_answer(&text));
    for gone in [true, false] {
        thread::scope(|scope| {
            let zero = scope.spawn(|| serve(&party(0, 3), &path, b"x").map(|()| Vec::new()));
            write(&question, &twin("01")).unwrap();
            wait_until(|| answered().is_some_and(|(heard, _)| heard == ["01"]));
            if gone {
                remove(&question).unwrap();
                told(fetch(&one, &path), "");
            } else {
                write(&question, &twin("02")).unwrap();
                wait_until(|| answered().is_some_and(|(_, info)| info.is_err()));
                remove(&question).unwrap();
            }
            told(zero.join().unwrap(), "");
        });
    }
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

#[test]
fn whoever_waits_in_vain_says_for_whom() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meet");
    let error = serve(&short(0, 3), &path, b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("ranks 1, 2 did not come within 0.2 s"), "{error}");
    let error = fetch(&short(1, 2), &path).unwrap_err();
    assert!(error.to_string().contains("rank 0 did not answer within 0.2 s: there is nothing"), "{error}");
    write(&Paths::of(&party(1, 2), &path).answer, "what is this").unwrap();
    let error = fetch(&short(1, 2), &path).unwrap_err();
    assert!(error.to_string().contains("there is only what an earlier run has left"), "{error}");
    let error = fetch(&short(1, 2), Path::new("/nowhere/meet")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("/nowhere/meet.0.rank1"), "{error}");
}

#[test]
fn files_say_what_was_written() {
    let question = Question { number: "5".into(), size: 4, job: 0xabc, process: Process::own() };
    let read = Question::parse(&question.to_text(3)).unwrap();
    assert_eq!((read.number.as_str(), read.size, read.job, read.process), ("5", 4, 0xabc, Process::own()));
    assert!(Question::parse("size 4").is_none());
    let heard = vec![(1, "a".to_owned()), (2, "b".to_owned())];
    let text = Answer { heard, info: Ok(&[0, 255, 16]) }.to_text();
    assert_eq!(parse_answer(&text), Some((vec!["a".to_owned(), "b".to_owned()], Ok(vec![0, 255, 16]))));
    let text = Answer { heard: vec![], info: Err("no way") }.to_text();
    assert_eq!(parse_answer(&text), Some((vec![], Err("no way".to_owned()))));
    // Half of one, or of another version.
    assert_eq!(parse_answer(HEAD), None);
    assert_eq!(parse_answer("ascend-rl rendezvous 2\ninfo 00\n"), None);
    assert_eq!(parse_answer(&format!("{HEAD}\ninfo 0g\n")), None);
}
