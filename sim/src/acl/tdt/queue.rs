//! Queues: bytes, first in, first out, and what routes do with them.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{CStr, c_char, c_void};
use std::sync::{Arc, Mutex};

use ascend_rl_sys::types::*;

use super::fifo::Watched;
use super::{DEPTHS, LONGEST_NAME, give, give_param, not_null, read, take_param, write};
use crate::acl::context::current;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

/// Bytes of the program's own with what it enqueues.
const MOST_USER_DATA: usize = 96;
/// What a queue holds unless it is made with something else.
const DEPTH: u32 = 8;

static ATTRS: Registry<Arc<Attr>> = Registry::new(Kind::QueueAttr);

struct Attr {
    /// With its NUL. Programs are given its address.
    name: Box<Mutex<[u8; LONGEST_NAME]>>,
    depth: Mutex<u32>,
}

fn attr_of(attr: *const acltdtQueueAttr) -> Outcome<Arc<Attr>> {
    not_null("attr", attr)?;
    match ATTRS.get(attr as usize) {
        Some(found) => Ok(found),
        None => {
            reject!(ACL_ERROR_INVALID_PARAM, "attr are no live attributes of a queue: destroyed already, or never created")
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

pub(crate) fn acltdtCreateQueueAttr() -> Outcome<*mut acltdtQueueAttr> {
    let attr = Attr { name: Box::new(Mutex::new([0; LONGEST_NAME])), depth: Mutex::new(DEPTH) };
    Ok(ATTRS.insert(Arc::new(attr)) as *mut acltdtQueueAttr)
}

pub(crate) fn acltdtDestroyQueueAttr(attr: *const acltdtQueueAttr) -> Outcome {
    attr_of(attr)?;
    ATTRS.remove(attr as usize);
    Ok(())
}

fn no_such_attribute<T>(kind: acltdtQueueAttrType) -> Outcome<T> {
    reject!(ACL_ERROR_INVALID_PARAM, "type is {}: ACL_TDT_QUEUE_NAME_PTR (0) or ACL_TDT_QUEUE_DEPTH_UINT32 (1) is taken", kind.0)
}

/// `param` points to the attribute: for a name, to a pointer to its text.
pub(crate) fn acltdtSetQueueAttr(
    attr: *mut acltdtQueueAttr,
    kind: acltdtQueueAttrType,
    len: usize,
    param: *const c_void,
) -> Outcome {
    let attr = attr_of(attr)?;
    not_null("param", param)?;
    match kind {
        ACL_TDT_QUEUE_NAME_PTR => {
            let text = usize::from_ne_bytes(take_param(len, param)?) as *const c_char;
            not_null("name", text)?;
            // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
            let text = unsafe { CStr::from_ptr(text) }.to_bytes();
            check!(
                text.len() < LONGEST_NAME,
                ACL_ERROR_INVALID_PARAM,
                "name has {} bytes: fewer than {LONGEST_NAME} are taken",
                text.len()
            );
            let mut name = [0; LONGEST_NAME];
            name[..text.len()].copy_from_slice(text);
            *lock(&attr.name) = name;
        }
        ACL_TDT_QUEUE_DEPTH_UINT32 => *lock(&attr.depth) = u32::from_ne_bytes(take_param(len, param)?),
        _ => return no_such_attribute(kind),
    }
    Ok(())
}

/// A name is given by its address, which lasts as long as the attributes.
pub(crate) fn acltdtGetQueueAttr(
    attr: *const acltdtQueueAttr,
    kind: acltdtQueueAttrType,
    len: usize,
    param_ret_size: *mut usize,
    param: *mut c_void,
) -> Outcome {
    let attr = attr_of(attr)?;
    not_null("param", param)?;
    not_null("paramRetSize", param_ret_size)?;
    match kind {
        ACL_TDT_QUEUE_NAME_PTR => {
            let address = lock(&attr.name).as_ptr() as usize;
            give_param(&address.to_ne_bytes(), len, param_ret_size, param)
        }
        ACL_TDT_QUEUE_DEPTH_UINT32 => give_param(&lock(&attr.depth).to_ne_bytes(), len, param_ret_size, param),
        _ => no_such_attribute(kind),
    }
}

/// What was enqueued: queues that a route leads to share it.
#[derive(Clone)]
struct Entry {
    data: Arc<[u8]>,
    user: Arc<[u8]>,
}

struct Queue {
    depth: usize,
    entries: VecDeque<Entry>,
}

/// All queues of the process, by number.
#[derive(Default)]
pub(super) struct Queues {
    made: u32,
    queues: BTreeMap<u32, Queue>,
    /// Source and destination of what is bound.
    pub routes: Vec<(u32, u32)>,
}

pub(super) static QUEUES: Watched<Queues> = Watched::new(Queues { made: 0, queues: BTreeMap::new(), routes: Vec::new() });

impl Queues {
    fn find(&mut self, qid: u32) -> Outcome<&mut Queue> {
        match self.queues.get_mut(&qid) {
            Some(queue) => Ok(queue),
            None => reject!(ACL_ERROR_RT_PARAM_INVALID, "qid is {qid}, which is no live queue"),
        }
    }

    pub(super) fn has(&self, qid: u32) -> bool {
        self.queues.contains_key(&qid)
    }

    /// Where a route leads from `src`.
    fn destinations(&self, src: u32) -> Vec<u32> {
        self.routes.iter().filter(|(from, _)| *from == src).map(|(_, to)| *to).collect()
    }

    fn has_room(&self, qid: u32) -> bool {
        self.queues.get(&qid).is_some_and(|queue| queue.entries.len() < queue.depth)
    }

    /// Carries what is in the sources of routes on, as long as all of its destinations have room. Routes make no circle, so this ends.
    pub(super) fn carry(&mut self) {
        let mut sources: Vec<u32> = self.routes.iter().map(|(from, _)| *from).collect();
        sources.sort_unstable();
        sources.dedup();
        let mut moved = true;
        while std::mem::take(&mut moved) {
            for src in &sources {
                let to = self.destinations(*src);
                if !to.iter().all(|qid| self.has_room(*qid)) {
                    continue;
                }
                let Some(entry) = self.queues.get_mut(src).and_then(|queue| queue.entries.pop_front()) else { continue };
                moved = true;
                for qid in &to {
                    self.queues.get_mut(qid).into_iter().for_each(|queue| queue.entries.push_back(entry.clone()));
                }
            }
        }
    }
}

pub(crate) fn acltdtCreateQueue(attr: *const acltdtQueueAttr, qid: *mut u32) -> Outcome {
    not_null("qid", qid)?;
    current()?;
    let depth = if attr.is_null() { DEPTH } else { *lock(&attr_of(attr)?.depth) };
    check!(
        DEPTHS.contains(&(depth as usize)),
        ACL_ERROR_RT_PARAM_INVALID,
        "the depth is {depth}: {} to {} are taken",
        DEPTHS.start(),
        DEPTHS.end()
    );
    let mut queues = QUEUES.lock();
    let number = queues.made;
    queues.made += 1;
    queues.queues.insert(number, Queue { depth: depth as usize, entries: VecDeque::new() });
    give(qid, number);
    Ok(())
}

pub(crate) fn acltdtDestroyQueue(qid: u32) -> Outcome {
    current()?;
    let mut queues = QUEUES.lock();
    queues.find(qid)?;
    let bound = queues.routes.iter().any(|(from, to)| [*from, *to].contains(&qid));
    check!(!bound, ACL_ERROR_FAILURE, "queue {qid} has a route: acltdtUnbindQueueRoutes comes first");
    queues.queues.remove(&qid);
    QUEUES.tell();
    Ok(())
}

fn check_user_data(address: *const c_void, bytes: usize) -> Outcome {
    check!(
        bytes <= MOST_USER_DATA && (bytes == 0 || !address.is_null()),
        ACL_ERROR_RT_PARAM_INVALID,
        "userDataSize is {bytes}, userData is {address:?}: up to {MOST_USER_DATA} bytes are taken"
    );
    Ok(())
}

pub(crate) fn acltdtEnqueueData(
    qid: u32,
    data: *const c_void,
    data_size: usize,
    user_data: *const c_void,
    user_data_size: usize,
    timeout: i32,
    rsv: u32,
) -> Outcome {
    not_null("data", data)?;
    check!(data_size > 0, ACL_ERROR_INVALID_PARAM, "dataSize is 0");
    check!(rsv == 0, ACL_ERROR_INVALID_PARAM, "rsv is {rsv}: it is reserved and must be 0");
    current()?;
    check_user_data(user_data, user_data_size)?;
    let entry = Entry {
        data: read("data", data as usize, data_size)?.into(),
        user: read("userData", user_data as usize, user_data_size)?.into(),
    };
    let done = QUEUES.within(timeout, |queues| {
        let queue = queues.find(qid)?;
        if queue.entries.len() >= queue.depth {
            return Ok(None);
        }
        queue.entries.push_back(entry.clone());
        queues.carry();
        Ok(Some(()))
    })?;
    check!(done.is_some(), ACL_ERROR_RT_QUEUE_FULL, "queue {qid} is full");
    Ok(())
}

/// What does not fit stays where it is.
pub(crate) fn acltdtDequeueData(
    qid: u32,
    data: *mut c_void,
    data_size: usize,
    ret_data_size: *mut usize,
    user_data: *mut c_void,
    user_data_size: usize,
    timeout: i32,
) -> Outcome {
    not_null("data", data)?;
    not_null("retDataSize", ret_data_size)?;
    check!(data_size > 0, ACL_ERROR_INVALID_PARAM, "dataSize is 0");
    current()?;
    check_user_data(user_data, user_data_size)?;
    let done = QUEUES.within(timeout, |queues| {
        let queue = queues.find(qid)?;
        let Some(first) = queue.entries.front() else { return Ok(None) };
        let bytes = first.data.len();
        give(ret_data_size, bytes);
        check!(
            bytes <= data_size,
            ACL_ERROR_RT_PARAM_INVALID,
            "dataSize is {data_size}, and {bytes} bytes come first in the queue"
        );
        let entry = queue.entries.pop_front();
        queues.carry();
        Ok(entry)
    })?;
    let Some(entry) = done else { reject!(ACL_ERROR_RT_QUEUE_EMPTY, "queue {qid} is empty") };
    write("data", data as usize, &entry.data)?;
    let user = entry.user.len().min(user_data_size);
    write("userData", user_data as usize, &entry.user[..user])
}
