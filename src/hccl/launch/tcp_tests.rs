//! Over real sockets of this host, a thread a rank; and whatever else may be at a port.

use super::*;
use std::sync::mpsc;

const HOST: &str = "127.0.0.1";
const LONG: Duration = Duration::from_secs(60);

fn party(rank: usize, size: usize) -> Party {
    Party { rank, size, number: 0, job: 7, timeout: LONG }
}

/// Rank 0's socket on a free port, and that port.
fn socket() -> (TcpListener, u16) {
    let listener = listen(HOST, 0).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A free port that the system gives to nobody who does not name it.
fn quiet_port() -> u16 {
    let first = 12_000 + (std::process::id() % 500) as u16 * 20;
    (first..first + 20).find(|&port| listen(HOST, port).is_ok()).unwrap()
}

/// What each party hears; `serve`'s end last.
fn meet(zero: Party, others: &[Party]) -> Vec<Result<Vec<u8>>> {
    let (listener, port) = socket();
    thread::scope(|scope| {
        let threads: Vec<_> = others.iter().map(|party| scope.spawn(move || fetch(party, HOST, port))).collect();
        let end = serve_on(&listener, &zero, HOST, b"root info");
        let mut heard: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        heard.push(end.map(|()| Vec::new()));
        heard
    })
}

#[track_caller]
fn all_say(heard: Vec<Result<Vec<u8>>>, kind: ErrorKind, text: &str) {
    for end in heard {
        let error = end.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{text:?} is not in: {error}");
    }
}

#[test]
fn all_get_the_bytes_of_rank_0() {
    for size in [2, 3, 9] {
        let others: Vec<_> = (1..size).rev().map(|rank| party(rank, size)).collect();
        let mut heard = meet(party(0, size), &others);
        assert!(heard.pop().unwrap().is_ok());
        assert!(heard.into_iter().all(|end| end.unwrap() == b"root info"));
    }
}

#[test]
fn ranks_come_before_rank_0_and_meet_again() {
    let port = quiet_port();
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            // Ahead of rank 0 each time.
            [0, 1].map(|number| fetch(&Party { number, ..party(1, 3) }, HOST, port).unwrap())
        });
        let last = scope.spawn(move || {
            thread::sleep(Duration::from_millis(60));
            [0, 1].map(|number| fetch(&Party { number, ..party(2, 3) }, HOST, port).unwrap())
        });
        thread::sleep(Duration::from_millis(20));
        for (number, info) in [(0, b"first"), (1, b"again")] {
            serve(&Party { number, ..party(0, 3) }, HOST, port, info).unwrap();
        }
        assert_eq!(other.join().unwrap(), [b"first", b"again"]);
        assert_eq!(last.join().unwrap(), [b"first", b"again"]);
    });
}

#[test]
fn a_job_at_odds_with_itself_is_told_to_all() {
    let heard = meet(party(0, 3), &[party(1, 3), party(2, 4)]);
    all_say(heard, ErrorKind::Collective, "rank 2 counts 4 ranks in this job, rank 0 counts 3");
    let heard = meet(party(0, 3), &[party(1, 3), party(1, 3)]);
    all_say(heard, ErrorKind::Collective, "two processes are rank 1 of 3");
    let heard = meet(party(0, 3), &[party(0, 3)]);
    all_say(heard, ErrorKind::Collective, "a second process is rank 0 of 3");
}

#[test]
fn a_rank_that_comes_late_hears_of_it_too() {
    let (listener, port) = socket();
    thread::scope(|scope| {
        let (odd, late) = (party(2, 4), party(1, 3));
        let odd = scope.spawn(move || fetch(&odd, HOST, port).unwrap_err());
        let late = scope.spawn(move || {
            thread::sleep(Duration::from_millis(300));
            fetch(&late, HOST, port).unwrap_err()
        });
        let zero = serve_on(&listener, &party(0, 3), HOST, b"x").unwrap_err();
        for error in [zero, odd.join().unwrap(), late.join().unwrap()] {
            assert!(error.to_string().contains("rank 2 counts 4 ranks in this job, rank 0 counts 3"), "{error}");
        }
    });
}

#[test]
fn another_job_is_turned_away_and_disturbs_nobody() {
    let (listener, port) = socket();
    thread::scope(|scope| {
        let stranger = scope.spawn(move || fetch(&Party { job: 8, ..party(1, 2) }, HOST, port).unwrap_err());
        let zero = scope.spawn(move || serve_on(&listener, &party(0, 2), HOST, b"x"));
        let error = stranger.join().unwrap();
        assert_eq!(error.kind(), ErrorKind::Collective);
        assert!(error.to_string().contains("the ranks of another job meet there"), "{error}");
        assert_eq!(fetch(&party(1, 2), HOST, port).unwrap(), b"x");
        zero.join().unwrap().unwrap();
    });
}

#[test]
fn another_build_is_named() {
    let (listener, port) = socket();
    thread::scope(|scope| {
        let zero = scope.spawn(move || serve_on(&listener, &party(0, 2), HOST, b"x").unwrap_err());
        let mut stream = TcpStream::connect((HOST, port)).unwrap();
        stream.write_all(&Hello { version: 9, ..Hello::of(&party(1, 2)) }.to_bytes()).unwrap();
        assert!(zero.join().unwrap().to_string().contains("rank 1 speaks version 9 of the rendezvous, rank 0 version 1"));
    });
}

#[test]
fn garbage_and_silence_are_turned_away() {
    let (listener, port) = socket();
    thread::scope(|scope| {
        let short = Party { timeout: Duration::from_secs(2), ..party(0, 2) };
        let zero = scope.spawn(move || serve_on(&listener, &short, HOST, b"x").unwrap_err());
        let silent = TcpStream::connect((HOST, port)).unwrap();
        let half = TcpStream::connect((HOST, port)).unwrap();
        (&half).write_all(b"ascend").unwrap();
        for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 100], b"ascendRX"] {
            let mut stream = TcpStream::connect((HOST, port)).unwrap();
            stream.write_all(garbage).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            let mut heard = Vec::new();
            // Closed, or reset where it had said more than was read.
            drop(stream.read_to_end(&mut heard));
            assert!(heard.is_empty());
        }
        let error = zero.join().unwrap();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let text = error.to_string();
        assert!(text.contains("rank 1 did not come within 2 s; 3 connections of other programs were turned away"), "{text}");
        drop((silent, half));
    });
}

#[test]
fn a_rank_that_ends_while_it_waits_is_named() {
    let (listener, port) = socket();
    thread::scope(|scope| {
        let zero = scope.spawn(move || serve_on(&listener, &party(0, 4), HOST, b"x").unwrap_err());
        let (said, go_on) = mpsc::channel();
        let mut stream = TcpStream::connect((HOST, port)).unwrap();
        stream.write_all(&Hello::of(&party(2, 4)).to_bytes()).unwrap();
        let other = scope.spawn(move || {
            go_on.recv().unwrap();
            fetch(&party(1, 4), HOST, port).unwrap_err()
        });
        // Time for rank 0 to hear it.
        thread::sleep(Duration::from_millis(50));
        said.send(()).unwrap();
        thread::sleep(Duration::from_millis(50));
        drop(stream);
        for error in [zero.join().unwrap(), other.join().unwrap()] {
            assert!(error.to_string().contains("rank 2 has ended before all had come"), "{error}");
        }
    });
}

#[test]
fn whoever_waits_in_vain_says_for_whom() {
    let within = |ms, party| Party { timeout: Duration::from_millis(ms), ..party };
    // Time enough for rank 3 to come.
    let heard = meet(within(2000, party(0, 12)), &[party(3, 12)]);
    let text = heard[0].as_ref().unwrap_err().to_string();
    assert!(text.contains("ranks 1, 2, 4, 5, 6, 7, 8, 9 and 2 more did not come within 2 s"), "{text}");
    assert_eq!(heard[1].as_ref().unwrap_err().kind(), ErrorKind::Timeout);
    // Nobody is there.
    let port = socket().1;
    let error = fetch(&within(200, party(1, 2)), HOST, port).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("rank 0 was not reached within 0.2 s: Connection refused"), "{error}");
    let error = fetch(&within(200, party(1, 2)), "no such host", port).unwrap_err();
    assert!(error.to_string().contains("the host \"no such host\" is not known"), "{error}");
}

#[test]
fn a_port_in_use_and_an_address_of_elsewhere() {
    let (_held, port) = socket();
    let error = serve(&party(0, 2), HOST, port, b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with(&format!("port {port} is in use on this host, where rank 0 is to wait")), "{error}");
    // Reserved for documentation: no host has it.
    let lost = Party { timeout: Duration::from_millis(100), ..party(0, 2) };
    let error = serve(&lost, "192.0.2.1", 0, b"x").unwrap_err();
    assert!(error.to_string().contains("192.0.2.1 is no address of this host, where rank 0 is"), "{error}");
}

/// `read` of a socket with a limit ends so when the process was stopped and goes on, signal(7).
#[test]
fn a_rank_that_was_stopped_still_hears_its_answer() {
    struct Stopped<'a>(&'a [u8], bool);
    impl Read for Stopped<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(&mut buffer[..1]) }
        }
    }
    let answer = wire::answer(Verdict::Welcome, b"x");
    assert_eq!(read_head(&mut Stopped(&answer, false)).unwrap(), answer[..ANSWER_BYTES]);
    let cut = read_head(&mut Stopped(&answer[..ANSWER_BYTES - 1], false)).unwrap_err();
    assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn another_program_at_the_port_is_named() {
    let listener = TcpListener::bind((HOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; HELLO_BYTES]).unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        let error = fetch(&party(1, 2), HOST, port).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Collective);
        assert!(error.to_string().contains("another program is there; it answered \"HTTP/1.1 400"), "{error}");
    });
}
