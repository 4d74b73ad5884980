//! Ranks meet at an address: rank 0 waits there, collects all others, and then answers all of them, so that what two of them
//! disagree about is heard by each.

use super::party::{Party, disagreement};
use super::wire::{self, ANSWER_BYTES, HELLO_BYTES, Hello, Verdict};
use crate::error::{Error, ErrorKind, Result};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::{Duration, Instant};

/// How often rank 0 looks, and how often a rank tries again.
const LOOK: Duration = Duration::from_millis(2);
const RETRY: Duration = Duration::from_millis(50);
/// How long a connection may say nothing.
const SILENCE: Duration = Duration::from_secs(5);
/// How long rank 0, once it knows that the job is at odds with itself, waits for those who have not come: they should hear of it.
const GRACE: Duration = Duration::from_secs(3);
/// How long a name may be unknown: names of a cluster can come up after its processes.
const UNKNOWN_NAME: Duration = Duration::from_secs(10);

/// Rank 0's part: waits for all others and sends each of them `info`.
pub(super) fn serve(party: &Party, host: &str, port: u16, info: &[u8]) -> Result<()> {
    serve_on(&listen(host, port)?, party, host, info)
}

/// Where rank 0 waits: on all addresses of the host, unless the one that is named is only for it.
pub(super) fn listen(host: &str, port: u16) -> Result<TcpListener> {
    let mut places: Vec<IpAddr> = addresses(host)
        .into_iter()
        .map(|address| match address {
            _ if address.is_loopback() => address,
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        })
        .collect();
    places.push(Ipv4Addr::UNSPECIFIED.into());
    let mut first_error = None;
    for place in places {
        match TcpListener::bind((place, port)) {
            Ok(listener) => {
                listener.set_nonblocking(true)?;
                return Ok(listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let text = format!("port {port} is in use on this host, where rank 0 is to wait");
                let hint = "another job, or one that still ends? take another port on all ranks";
                return Err(Error::new(ErrorKind::Io, text).hint(hint));
            }
            // A host may know a name for a family of addresses that it does not have.
            Err(error) => _ = first_error.get_or_insert(error),
        }
    }
    let error = first_error.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
    Err(Error::from(error).context(format!("rank 0 cannot wait on port {port}")))
}

fn addresses(host: &str) -> Vec<IpAddr> {
    (host, 0).to_socket_addrs().map(|all| all.map(|one| one.ip()).collect()).unwrap_or_default()
}

/// A connection to rank 0.
struct Guest {
    stream: TcpStream,
    since: Instant,
    said: Vec<u8>,
    /// The rank, once it has said so.
    rank: Option<usize>,
}

/// What a connection has come to.
enum News {
    Nothing,
    Came(Hello),
    Gone,
    /// It is none of ours.
    Stranger,
}

pub(super) fn serve_on(listener: &TcpListener, party: &Party, host: &str, info: &[u8]) -> Result<()> {
    let deadline = Instant::now() + party.timeout;
    let (mut guests, mut strangers): (Vec<Guest>, usize) = (Vec::new(), 0);
    loop {
        guests.extend(accept(listener));
        let mut at = 0;
        while at < guests.len() {
            match guests[at].look() {
                News::Nothing => at += 1,
                News::Came(hello) => match judge(party, &guests, hello) {
                    Ok(None) => {
                        guests[at].rank = Some(hello.rank as usize);
                        at += 1;
                    }
                    // Of another meeting or another job: that one alone hears of it.
                    Ok(Some(answer)) => guests.swap_remove(at).send(&answer),
                    Err(why) => {
                        guests[at].rank = Some(hello.rank as usize);
                        return Err(dismiss(listener, party, guests, why, GRACE));
                    }
                },
                News::Gone => {
                    if let Some(rank) = guests.swap_remove(at).rank {
                        let why = format!("rank {rank} has ended before all had come");
                        return Err(dismiss(listener, party, guests, why, GRACE));
                    }
                }
                News::Stranger => {
                    guests.swap_remove(at);
                    strangers += 1;
                }
            }
        }
        let came = |rank: &usize| guests.iter().any(|guest| guest.rank == Some(*rank));
        let missing: Vec<usize> = (1..party.size).filter(|rank| !came(rank)).collect();
        if missing.is_empty() {
            let answer = wire::answer(Verdict::Welcome, info);
            guests.into_iter().filter(|guest| guest.rank.is_some()).for_each(|guest| guest.send(&answer));
            return Ok(());
        }
        if Instant::now() >= deadline {
            let error = party.late(&missing, &excuses(host, strangers));
            dismiss(listener, party, guests, error.to_string(), Duration::ZERO);
            return Err(error);
        }
        thread::sleep(LOOK);
    }
}

fn accept(listener: &TcpListener) -> Vec<Guest> {
    // What fails to come in is gone already.
    let next = || listener.accept().ok();
    let guest = |(stream, _): (TcpStream, SocketAddr)| {
        stream.set_nonblocking(true).ok()?;
        Some(Guest { stream, since: Instant::now(), said: Vec::new(), rank: None })
    };
    std::iter::from_fn(next).filter_map(guest).collect()
}

/// `None`: it belongs here. `Some`: it does not, and gets this answer. An error: the job is at odds with itself.
fn judge(party: &Party, guests: &[Guest], hello: Hello) -> std::result::Result<Option<Vec<u8>>, String> {
    let (rank, size) = (hello.rank as usize, hello.size as usize);
    if !hello.is_current() {
        let ours = Hello::of(party).version;
        return Err(format!(
            "rank {rank} speaks version {} of the rendezvous, rank 0 version {ours}: all ranks run one build",
            hello.version
        ));
    }
    if hello.job != party.job {
        let text = "the ranks of another job meet there; take another port for one of the two";
        return Ok(Some(wire::answer(Verdict::Refused, text.as_bytes())));
    }
    if hello.number != party.number {
        return Ok(Some(wire::answer(Verdict::Later, &[])));
    }
    let taken = guests.iter().any(|guest| guest.rank == Some(rank));
    party.contradiction(rank, size, taken).map_or(Ok(None), Err)
}

/// Tells all who have come, and who come within `grace`, why it will not be.
fn dismiss(listener: &TcpListener, party: &Party, mut guests: Vec<Guest>, why: String, grace: Duration) -> Error {
    let answer = wire::answer(Verdict::Refused, why.as_bytes());
    let (deadline, mut told) = (Instant::now() + grace, 0);
    loop {
        // One that has not said its rank yet is heard first: to hang up on words unread would take the answer back.
        let heard = |guest: &mut Guest| guest.rank.is_some() || !matches!(guest.look(), News::Nothing);
        for guest in guests.extract_if(.., heard) {
            guest.send(&answer);
            told += 1;
        }
        if told >= party.size - 1 || Instant::now() >= deadline {
            break;
        }
        thread::sleep(LOOK);
        guests.extend(accept(listener));
    }
    // One of the silent may be the one that it is about.
    guests.into_iter().for_each(|guest| guest.send(&answer));
    disagreement(why)
}

/// What may have kept the missing ones.
fn excuses(host: &str, strangers: usize) -> String {
    let mut text = String::new();
    let addresses = addresses(host);
    if !addresses.is_empty() && !addresses.iter().any(|&address| TcpListener::bind((address, 0)).is_ok()) {
        text += &format!("; {host} is no address of this host, where rank 0 is");
    }
    if strangers > 0 {
        text += &format!("; {strangers} connections of other programs were turned away");
    }
    text
}

impl Guest {
    fn look(&mut self) -> News {
        let mut buffer = [0; HELLO_BYTES];
        let room = HELLO_BYTES - self.said.len();
        // One more than it may say, to see that it is still there.
        match self.stream.read(&mut buffer[..room.max(1)]) {
            Ok(0) => News::Gone,
            Ok(_) if room == 0 => News::Stranger,
            Ok(n) => {
                self.said.extend(&buffer[..n]);
                match <&[u8; HELLO_BYTES]>::try_from(&self.said[..]) {
                    _ if !wire::is_ours(&self.said) => News::Stranger,
                    Ok(said) => News::Came(Hello::from_bytes(said)),
                    Err(_) => News::Nothing,
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => match self.rank {
                None if self.since.elapsed() > SILENCE => News::Stranger,
                _ => News::Nothing,
            },
            Err(_) => News::Gone,
        }
    }

    /// A few kilobytes: they fit in the connection's buffer. One that is gone hears nothing.
    fn send(mut self, bytes: &[u8]) {
        let sent = self.stream.set_nonblocking(false).and_then(|()| self.stream.set_write_timeout(Some(SILENCE)));
        drop(sent.and_then(|()| self.stream.write_all(bytes)));
    }
}

/// What has come of one visit.
enum Visit {
    Got(Vec<u8>),
    /// Why it may be worth another.
    Again(String),
    /// Why it is not.
    Never(String),
}

/// The part of another rank: comes to rank 0, again and again until it is there, and gets its bytes.
pub(super) fn fetch(party: &Party, host: &str, port: u16) -> Result<Vec<u8>> {
    let (start, deadline) = (Instant::now(), Instant::now() + party.timeout);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let why = match (host, port).to_socket_addrs() {
            Err(error) if start.elapsed() >= UNKNOWN_NAME => {
                let text = format!("the host {host:?} is not known: {error}");
                return Err(
                    Error::new(ErrorKind::Io, text).hint("the name of rank 0's host is needed, as the other hosts know it")
                );
            }
            Err(error) => format!("the host {host:?} is not known: {error}"),
            Ok(addresses) => match visit(party, addresses, left) {
                Visit::Got(info) => return Ok(info),
                Visit::Never(why) => return Err(disagreement(why)),
                Visit::Again(why) => why,
            },
        };
        if Instant::now() >= deadline {
            let text = format!("rank 0 was not reached within {} s: {why}", party.timeout.as_secs_f32());
            return Err(Error::new(ErrorKind::Timeout, text).hint("is rank 0 running, and is this the address of its host?"));
        }
        thread::sleep(RETRY);
    }
}

fn visit(party: &Party, addresses: impl Iterator<Item = SocketAddr>, left: Duration) -> Visit {
    let mut why = "the name has no address".to_owned();
    for address in addresses {
        let patience = left.clamp(Duration::from_millis(1), SILENCE);
        match TcpStream::connect_timeout(&address, patience).and_then(|stream| converse(stream, party, left)) {
            Ok(visit) => return visit,
            Err(error) => why = io_words(&error),
        }
    }
    Visit::Again(why)
}

fn converse(mut stream: TcpStream, party: &Party, left: Duration) -> io::Result<Visit> {
    // Longer than rank 0 waits: where it gives up, it says for whom it has waited.
    stream.set_read_timeout(Some(left + SILENCE))?;
    stream.write_all(&Hello::of(party).to_bytes())?;
    let (verdict, length) = match wire::read_answer(&read_head(&mut stream)?) {
        Ok(answer) => answer,
        Err(why) => return Ok(Visit::Never(why)),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload)?;
    Ok(match verdict {
        Verdict::Welcome => Visit::Got(payload),
        Verdict::Refused => Visit::Never(String::from_utf8_lossy(&payload).into_owned()),
        Verdict::Later => Visit::Again("rank 0 is at another meeting of this job".into()),
    })
}

/// The head of an answer, or what another program says in its place and then hangs up.
fn read_head(stream: &mut impl Read) -> io::Result<[u8; ANSWER_BYTES]> {
    let (mut head, mut heard) = ([0; ANSWER_BYTES], 0);
    while heard < ANSWER_BYTES {
        match stream.read(&mut head[heard..]) {
            Ok(0) if heard == 0 || wire::is_ours(&head[..heard]) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(0) => break,
            Ok(n) => heard += n,
            // Also where a process was stopped and goes on: to hang up then would look like its end.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(head)
}

fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "nothing answers".into(),
        io::ErrorKind::UnexpectedEof => "what is there hangs up".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[path = "tcp_tests.rs"]
mod tests;
