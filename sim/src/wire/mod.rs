//! How the processes of one machine talk: each has a door with a name, and a one-way line to each process that it has
//! something to say to.
//!
//! One thread a process takes what comes in. Sending never waits: what the other side has no room for is kept and follows in
//! order. A process that ends, however, closes its lines, and the others are told at once, after everything that it had sent.
//!
//! Room: sockets, names and bytes. It knows nothing of what the messages mean; a [`Receiver`] does.
//! Not covered: other machines, other users, processes that see another network namespace.

mod code;
mod socket;

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};
use std::time::Instant;

pub(crate) use code::{Code, messages};
use socket::{LONGEST, Socket};

/// A process, as long as it lives: its number, and one of its own making, since numbers come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id {
    pub pid: u32,
    pub nonce: u64,
}

impl Id {
    /// The name of its door.
    fn door(self) -> String {
        format!("cann-sim-{}-{:016x}", self.pid, self.nonce)
    }
}

impl Code for Id {
    fn put(&self, out: &mut Vec<u8>) {
        (self.pid, self.nonce).put(out);
    }
    fn take(from: &mut &[u8]) -> Option<Id> {
        let (pid, nonce) = Code::take(from)?;
        Some(Id { pid, nonce })
    }
}

/// The first message of both sides of a line: what is spoken, and who speaks.
const GREETING: &[u8; 16] = b"cann-sim wire 2\0";

fn greeting(id: Id) -> Vec<u8> {
    let mut bytes = GREETING.to_vec();
    id.put(&mut bytes);
    bytes
}

fn read_greeting(bytes: &[u8]) -> Option<Id> {
    Id::take(&mut bytes.strip_prefix(GREETING)?)
}

/// Whoever understands the messages. Both are called on the thread that takes them in, and must not wait.
pub(crate) trait Receiver: Sync {
    fn received(&self, from: Id, bytes: &[u8], file: Option<OwnedFd>);
    /// The process has ended; everything that it had sent was received before.
    fn lost(&self, process: Id);
}

/// A message that waits for room, and the file beside it.
type Kept = (Vec<u8>, Option<OwnedFd>);

/// A line out.
struct Out {
    socket: Arc<Socket>,
    backlog: VecDeque<Kept>,
}

/// A line in; who is at its other end is known after the first message.
struct In {
    socket: Socket,
    from: OnceLock<Id>,
}

#[derive(Default)]
struct Lines {
    doors: HashMap<String, Arc<Socket>>,
    ins: Vec<Arc<In>>,
    outs: HashMap<Id, Out>,
    gone: HashSet<Id>,
}

/// This process's end of all its lines.
pub(crate) struct Post {
    pub id: Id,
    receiver: &'static dyn Receiver,
    lines: Mutex<Lines>,
    /// A line in has come or gone.
    changed: Condvar,
    /// Wakes the thread: it has something new to look at.
    bell: OwnedFd,
}

/// The number that this process is known by.
pub(crate) fn own_id() -> Id {
    static ID: OnceLock<Id> = OnceLock::new();
    *ID.get_or_init(|| {
        let mut nonce = [0u8; 8];
        // SAFETY: room for what is asked for.
        let got = unsafe { libc::getrandom(nonce.as_mut_ptr().cast(), nonce.len(), 0) };
        let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos() as u64);
        Id { pid: std::process::id(), nonce: if got == 8 { u64::from_le_bytes(nonce) } else { time } }
    })
}

impl Post {
    /// Opens the door of `id` and starts the thread, which lives as long as the process.
    pub(crate) fn open(id: Id, receiver: &'static dyn Receiver) -> Result<&'static Post> {
        // SAFETY: asks for a descriptor.
        let bell = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if bell < 0 {
            return Err(Error::last_os_error());
        }
        let post: &'static Post = Box::leak(Box::new(Post {
            id,
            receiver,
            lines: Mutex::default(),
            changed: Condvar::new(),
            // SAFETY: a new descriptor that nobody else owns.
            bell: unsafe { OwnedFd::from_raw_fd(bell) },
        }));
        post.listen(&id.door())?;
        std::thread::Builder::new().name("cann-sim-wire".into()).spawn(move || post.run())?;
        Ok(post)
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // Nothing in here panics half-way through a change.
        self.lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn ring(&self) {
        let one = 1u64;
        // SAFETY: a descriptor of ours and eight bytes. Failing, the count is at its most: the bell rings already.
        unsafe { libc::write(std::os::fd::AsRawFd::as_raw_fd(&self.bell), (&raw const one).cast(), 8) };
    }

    /// One more door. `AddrInUse`: somebody else has the name.
    pub(crate) fn listen(&self, name: &str) -> Result<()> {
        let socket = Socket::listen(name)?;
        self.lines().doors.insert(name.to_owned(), Arc::new(socket));
        self.ring();
        Ok(())
    }

    /// Gives a door's name back.
    pub(crate) fn close(&self, name: &str) {
        self.lines().doors.remove(name);
        self.ring();
    }

    /// Who is behind a door.
    pub(crate) fn who(&self, name: &str) -> Result<Id> {
        let socket = Socket::connect(name)?;
        let mut bytes = [0; 64];
        let length = socket.receive_within(5000, &mut bytes)?;
        read_greeting(&bytes[..length]).ok_or_else(|| Error::new(ErrorKind::InvalidData, "another version of the simulator"))
    }

    /// Makes sure that there is a line to a process.
    pub(crate) fn connect(&self, to: Id) -> Result<()> {
        let mut lines = self.lines();
        if lines.gone.contains(&to) {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if let std::collections::hash_map::Entry::Vacant(vacant) = lines.outs.entry(to) {
            let socket = Socket::connect(&to.door())?;
            socket.send(&greeting(self.id), None)?;
            vacant.insert(Out { socket: Arc::new(socket), backlog: VecDeque::new() });
            drop(lines);
            self.ring();
        }
        Ok(())
    }

    /// Waits until each of `processes` has a line to this one, so that its end would be noticed. Else: those that have not.
    pub(crate) fn wait_for(&self, processes: &[Id], deadline: Instant) -> std::result::Result<(), Vec<Id>> {
        let mut lines = self.lines();
        loop {
            let known = |id: &Id| lines.ins.iter().any(|line| line.from.get() == Some(id));
            let missing: Vec<Id> = processes.iter().filter(|id| !known(id)).copied().collect();
            let left = deadline.saturating_duration_since(Instant::now());
            if missing.is_empty() {
                return Ok(());
            }
            if left.is_zero() || missing.iter().any(|id| lines.gone.contains(id)) {
                return Err(missing);
            }
            lines = self.changed.wait_timeout(lines, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
    }

    /// Sends a message over the line to a process; to one that has ended, it goes nowhere.
    pub(crate) fn send(&self, to: Id, bytes: &[u8], file: Option<BorrowedFd<'_>>) {
        let mut lines = self.lines();
        let Some(out) = lines.outs.get_mut(&to) else { return };
        if out.backlog.is_empty() {
            match out.socket.send(bytes, file) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Its end is found by whoever takes messages in.
                _ => return,
            }
        }
        out.backlog.push_back((bytes.to_vec(), file.and_then(|file| file.try_clone_to_owned().ok())));
        drop(lines);
        self.ring();
    }

    fn run(&'static self) {
        let mut buffer = vec![0; LONGEST];
        loop {
            let (doors, outs) = self.wait();
            // In this order: who has ended was heard out before.
            doors.iter().for_each(|door| self.welcome(door));
            let ins = self.lines().ins.clone();
            ins.iter().for_each(|line| self.take_in(line, &mut buffer));
            outs.iter().for_each(|(to, ended)| self.flush(*to, *ended));
        }
    }

    /// Sleeps until something is to be done: the doors, and the lines out that have room again or have ended.
    fn wait(&self) -> (Vec<Arc<Socket>>, Vec<(Id, bool)>) {
        let poll = |fd, events| libc::pollfd { fd, events, revents: 0 };
        // Their descriptors stay open while they are held here.
        let (doors, ins, outs) = {
            let lines = self.lines();
            let outs: Vec<(Id, Arc<Socket>, bool)> =
                lines.outs.iter().map(|(id, out)| (*id, out.socket.clone(), !out.backlog.is_empty())).collect();
            (lines.doors.values().cloned().collect::<Vec<_>>(), lines.ins.clone(), outs)
        };
        let mut polls = vec![poll(std::os::fd::AsRawFd::as_raw_fd(&self.bell), libc::POLLIN)];
        polls.extend(doors.iter().map(|door| poll(door.raw(), libc::POLLIN)));
        polls.extend(ins.iter().map(|line| poll(line.socket.raw(), libc::POLLIN)));
        let first = polls.len();
        polls.extend(outs.iter().map(|(_, socket, waits)| poll(socket.raw(), if *waits { libc::POLLOUT } else { 0 })));
        // SAFETY: as many entries as it says, alive for the call. An interrupted call is a short sleep.
        unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as libc::nfds_t, -1) };
        let mut count = 0u64;
        // SAFETY: a descriptor of ours and room for eight bytes; it does not wait.
        unsafe { libc::read(std::os::fd::AsRawFd::as_raw_fd(&self.bell), (&raw mut count).cast(), 8) };
        let ended = |poll: &libc::pollfd| poll.revents & (libc::POLLHUP | libc::POLLERR) != 0;
        let outs = outs.iter().zip(&polls[first..]).filter(|(_, poll)| poll.revents != 0);
        (doors, outs.map(|((id, ..), poll)| (*id, ended(poll))).collect())
    }

    fn welcome(&self, door: &Socket) {
        while let Ok(socket) = door.accept() {
            if socket.is_ours() {
                // Its answer to who only asks who is here.
                _ = socket.send(&greeting(self.id), None);
                self.lines().ins.push(Arc::new(In { socket, from: OnceLock::new() }));
            }
        }
    }

    /// Takes in all that a line has.
    fn take_in(&self, line: &Arc<In>, buffer: &mut [u8]) {
        loop {
            let (length, file) = match line.socket.receive(buffer) {
                Ok((length, file)) if length > 0 => (length, file),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // The other side has ended without having read all that it got (our greeting, say). Linux tells that first and
                // once; what it had sent before, and its end, come behind.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => continue,
                // Ended, or broken.
                _ => break,
            };
            match (line.from.get(), read_greeting(&buffer[..length])) {
                (Some(from), _) => self.receiver.received(*from, &buffer[..length], file),
                (None, Some(id)) => {
                    // Under the lock, or who waits might look before and sleep after.
                    let _lines = self.lines();
                    _ = line.from.set(id);
                    self.changed.notify_all();
                }
                (None, None) => break,
            }
        }
        self.lines().ins.retain(|other| !Arc::ptr_eq(other, line));
        if let Some(from) = line.from.get() {
            self.lose(*from);
        }
    }

    /// Sends what is kept for a line that has room again, or drops a line whose other end is closed.
    fn flush(&self, to: Id, ended: bool) {
        let mut lines = self.lines();
        let heard = lines.ins.iter().any(|line| line.from.get() == Some(&to));
        let Some(out) = lines.outs.get_mut(&to) else { return };
        if !ended {
            while let Some((bytes, file)) = out.backlog.front() {
                match out.socket.send(bytes, file.as_ref().map(AsFd::as_fd)) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                    _ => _ = out.backlog.pop_front(),
                }
            }
            return;
        }
        lines.outs.remove(&to);
        drop(lines);
        // Else the end of its own line tells, behind what it still has to say.
        if !heard {
            self.lose(to);
        }
    }

    fn lose(&self, process: Id) {
        let first = {
            let mut lines = self.lines();
            lines.outs.remove(&process);
            lines.gone.insert(process)
        };
        self.changed.notify_all();
        if first {
            self.receiver.lost(process);
        }
    }
}

#[cfg(test)]
mod tests;
