//! The other processes: what comes from them goes to the group that it is about, and their device memory is found here.

use std::collections::{HashMap, HashSet};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};

use super::group::Group;
use super::message::{Event, Message, Spot};
use super::rendezvous;
use crate::memory::foreign::Foreign;
use crate::reject::{Outcome, Reject, check};
use crate::wire::{Code, Id, Post, Receiver, own_id};
use crate::world::Device;

/// A group by its key.
enum Known {
    Group(Weak<Group>),
    /// Not made here yet: what its ranks elsewhere have said by now.
    Early(Vec<(Id, u64, Event)>),
}

#[derive(Default)]
struct Peers {
    groups: HashMap<u64, Known>,
    /// Device memory of others, by the process and the file.
    memory: HashMap<(Id, u64), Arc<Foreign>>,
    /// Files of ours that a process has.
    given: HashSet<(Id, u64)>,
}

static PEERS: Mutex<Option<Peers>> = Mutex::new(None);

/// Runs `with` on what is known. It must not wait.
fn peers<R>(with: impl FnOnce(&mut Peers) -> R) -> R {
    let mut guard: MutexGuard<'_, Option<Peers>> = PEERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    with(guard.get_or_insert_default())
}

/// What understands the messages of this process's post.
struct Ear;

/// This process's post, opened at the first call.
pub(super) fn post() -> Outcome<&'static Post> {
    static POST: OnceLock<Result<&'static Post, String>> = OnceLock::new();
    POST.get_or_init(|| Post::open(own_id(), &Ear).map_err(|error| error.to_string())).clone().map_err(|error| Reject {
        code: ascend_rl_sys::codes::HCCL_E_SYSCALL,
        text: format!("no sockets for ranks in other processes: {error}"),
    })
}

/// Sends a message to a process that there is a line to.
pub(super) fn send(post: &Post, to: Id, message: &Message) {
    let mut bytes = Vec::new();
    message.put(&mut bytes);
    post.send(to, &bytes, None);
}

impl Receiver for Ear {
    fn received(&self, from: Id, mut bytes: &[u8], file: Option<OwnedFd>) {
        let Some(message) = Message::take(&mut bytes).filter(|_| bytes.is_empty()) else { return };
        match (message, file) {
            (Message::Memory { file }, Some(fd)) => {
                if let Ok(memory) = Foreign::of_file(fd) {
                    peers(|peers| peers.memory.insert((from, file), memory));
                }
            }
            (Message::InGroup { key, epoch, event }, _) => heard(from, key, epoch, event),
            (message, _) => rendezvous::heard(from, message),
        }
    }

    fn lost(&self, process: Id) {
        let groups: Vec<Arc<Group>> = peers(|peers| {
            peers.memory.retain(|(of, _), _| *of != process);
            peers.given.retain(|(to, _)| *to != process);
            let live = peers.groups.values().filter_map(|known| match known {
                Known::Group(group) => group.upgrade(),
                Known::Early(_) => None,
            });
            live.collect()
        });
        groups.iter().for_each(|group| group.lost(process));
        rendezvous::lost(process);
    }
}

fn heard(from: Id, key: u64, epoch: u64, event: Event) {
    let group = peers(|peers| match peers.groups.entry(key).or_insert_with(|| Known::Early(Vec::new())) {
        Known::Group(group) => group.upgrade().map(|group| (group, event)),
        Known::Early(events) => {
            events.push((from, epoch, event));
            None
        }
    });
    if let Some((group, event)) = group {
        group.happened(from, epoch, event);
    }
}

/// Makes a group known, and tells it what was said before.
pub(super) fn register(key: u64, group: &Arc<Group>) {
    loop {
        // One by one: what comes meanwhile comes behind.
        let early = peers(|peers| match peers.groups.get_mut(&key) {
            Some(Known::Early(events)) if !events.is_empty() => std::mem::take(events),
            _ => {
                peers.groups.insert(key, Known::Group(Arc::downgrade(group)));
                Vec::new()
            }
        });
        if early.is_empty() {
            return;
        }
        early.into_iter().for_each(|(from, epoch, event)| group.happened(from, epoch, event));
    }
}

/// Where in which file a buffer is, for the processes `to`, which are given the file if they lack it.
pub(super) fn spot(post: &Post, to: &[Id], param: &str, device: &Device, address: usize, bytes: usize) -> Outcome<Spot> {
    if bytes == 0 {
        return Ok(None);
    }
    let pieces = device.memory.pieces(address, bytes);
    let in_one = pieces
        .windows(2)
        .all(|pair| Arc::ptr_eq(&pair[0].file, &pair[1].file) && pair[0].offset + pair[0].bytes == pair[1].offset);
    let Some(first) = pieces.first() else { return Ok(None) };
    check!(
        in_one,
        HCCL_E_NOT_SUPPORT,
        "{param} ({bytes} bytes at {address:#x}) is mapped from several pieces of physical memory: between processes the \
         simulator takes one"
    );
    let failed = |error: std::io::Error| Reject {
        code: ascend_rl_sys::codes::HCCL_E_SYSCALL,
        text: format!("{param}: the file of its memory cannot be passed on: {error}"),
    };
    let file = first.file.try_clone().map(std::fs::File::from).map_err(failed)?;
    let inode = file.metadata().map_err(failed)?.ino();
    for process in to {
        let mut bytes = Vec::new();
        Message::Memory { file: inode }.put(&mut bytes);
        peers(|peers| {
            if peers.given.insert((*process, inode)) {
                // Before anybody else can see that it was given.
                post.send(*process, &bytes, Some(first.file.as_fd()));
            }
        });
    }
    Ok(Some((inode, first.offset as u64)))
}

/// The address here of a place in another process's device memory (0 for none), and what keeps it mapped. `None` where it was not
/// given, or cannot be mapped.
pub(super) fn address(of: Id, spot: Spot) -> Option<(usize, Option<Arc<Foreign>>)> {
    let Some((file, offset)) = spot else { return Some((0, None)) };
    let memory = peers(|peers| peers.memory.get(&(of, file)).cloned())?;
    Some((memory.at(offset as usize, 1)?, Some(memory)))
}
