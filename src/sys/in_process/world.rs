//! What there is: memory, streams and events, and the thread that runs what was queued.

use ascend_rl_sys::codes::*;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ffi::{CString, c_void};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Devices.
pub(super) const DEVICES: u32 = 8;
/// Bytes of each.
pub(super) const MEMORY: usize = 1 << 28;
/// The context of device 0; those of the others follow.
pub(super) const CONTEXT: usize = 0x1000;
/// Where device memory begins: nowhere near the host's.
const BASE: usize = 1 << 60;
/// Between two allocations there is at least so much that is nobody's.
const ALIGNMENT: usize = 1 << 21;

/// Work in the order of the calls. It runs without the lock.
pub(super) type Task = Box<dyn FnOnce() + Send>;

/// Device memory.
pub(super) struct Block {
    pub device: u32,
    pub bytes: Vec<u8>,
}

/// A stream or an event: where it is in the order of all tasks.
pub(super) struct Place {
    pub device: u32,
    /// The number of its last task.
    pub last: u64,
    /// When that task ran, of an event.
    pub time: Option<Instant>,
}

pub(super) struct World {
    pub references: u64,
    worker: Option<(JoinHandle<()>, Arc<AtomicBool>)>,
    queue: VecDeque<Task>,
    /// Tasks queued so far, and of them those that have run.
    queued: u64,
    done: u64,
    pub blocks: BTreeMap<usize, Block>,
    next: usize,
    pub pinned: HashMap<usize, usize>,
    pub registered: HashMap<usize, usize>,
    pub places: HashMap<usize, Place>,
    handles: usize,
    /// How often each device was set.
    pub set: [u32; DEVICES as usize],
}

static WORLD: Mutex<Option<World>> = Mutex::new(None);
static CHANGED: Condvar = Condvar::new();

thread_local! {
    /// This thread's context, and its last error's text.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
    static MESSAGE: RefCell<(bool, CString)> = RefCell::default();
}

/// Ends the process: a test that goes on would test nothing.
pub(super) fn misuse(text: &str) -> ! {
    eprintln!("misuse of the table of the tests: {text}");
    std::process::abort()
}

/// A code with its text.
pub(super) fn fail(code: i32, text: &str) -> i32 {
    MESSAGE.set((true, CString::new(text).unwrap_or_default()));
    code
}

/// The text, once.
pub(super) fn message() -> *const std::ffi::c_char {
    MESSAGE.with_borrow_mut(|(fresh, text)| if std::mem::take(fresh) { text.as_ptr() } else { std::ptr::null() })
}

/// The device of this thread's context.
pub(super) fn current() -> Option<u32> {
    CURRENT.get().checked_sub(CONTEXT).map(|device| device as u32)
}

pub(super) fn set_current(context: usize) {
    CURRENT.set(context);
}

/// Runs `f` on the world.
pub(super) fn with<R>(f: impl FnOnce(&mut World) -> R) -> R {
    f(lock().get_or_insert_with(World::new))
}

fn lock() -> MutexGuard<'static, Option<World>> {
    WORLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until task number `last` has run, at most for a time. Whether it has.
pub(super) fn wait(last: u64, time: Option<Duration>) -> bool {
    let pending = |world: &mut Option<World>| world.get_or_insert_with(World::new).done < last;
    let world = lock();
    match time {
        None => drop(CHANGED.wait_while(world, pending).unwrap_or_else(PoisonError::into_inner)),
        Some(time) => {
            return !CHANGED.wait_timeout_while(world, time, pending).unwrap_or_else(PoisonError::into_inner).1.timed_out();
        }
    }
    true
}

/// Ends the thread of the tasks, which have all run. It starts again with the next task.
pub(super) fn rest() {
    if let Some((worker, stop)) = with(|world| world.worker.take()) {
        stop.store(true, Relaxed);
        CHANGED.notify_all();
        if worker.thread().id() != thread::current().id() && worker.join().is_err() {
            misuse("a task panicked");
        }
    }
}

fn work(stop: Arc<AtomicBool>) {
    let mut world = lock();
    loop {
        let task = world.as_mut().and_then(|world| world.queue.pop_front());
        match task {
            Some(task) => {
                drop(world);
                task();
                world = lock();
                if let Some(world) = world.as_mut() {
                    world.done += 1;
                }
                CHANGED.notify_all();
            }
            None if stop.load(Relaxed) => return,
            None => world = CHANGED.wait(world).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl World {
    fn new() -> World {
        World {
            references: 0,
            worker: None,
            queue: VecDeque::new(),
            queued: 0,
            done: 0,
            blocks: BTreeMap::new(),
            next: BASE,
            pinned: HashMap::new(),
            registered: HashMap::new(),
            places: HashMap::new(),
            handles: 0x1_0000,
            set: [0; DEVICES as usize],
        }
    }

    /// Queues a task: its number.
    fn push(&mut self, task: Task) -> u64 {
        if self.worker.is_none() {
            let stop = Arc::new(AtomicBool::new(false));
            let own = stop.clone();
            self.worker = Some((thread::spawn(move || work(own)), stop));
        }
        self.queue.push_back(task);
        self.queued += 1;
        CHANGED.notify_all();
        self.queued
    }

    /// Queues a task on a stream.
    pub fn enqueue(&mut self, stream: *mut c_void, task: Task) -> i32 {
        if self.place(stream).is_none() {
            return fail(ACL_ERROR_RT_STREAM_CONTEXT, "the stream is not of the current context, or none");
        }
        let last = self.push(task);
        self.places.entry(stream.addr()).and_modify(|place| place.last = last);
        0
    }

    /// A stream or an event of this thread's context.
    pub fn place(&mut self, handle: *mut c_void) -> Option<&mut Place> {
        let device = current()?;
        self.places.get_mut(&handle.addr()).filter(|place| place.device == device)
    }

    /// A new stream or event of this thread's context.
    pub fn add_place(&mut self) -> Option<*mut c_void> {
        let device = current()?;
        self.handles += 16;
        self.places.insert(self.handles, Place { device, last: 0, time: None });
        Some(std::ptr::without_provenance_mut(self.handles))
    }

    pub fn ran(&self, last: u64) -> bool {
        self.done >= last
    }

    /// The last task of all.
    pub fn last(&self) -> u64 {
        self.queued
    }

    pub fn used(&self, device: u32) -> usize {
        self.blocks.values().filter(|block| block.device == device).map(|block| block.bytes.len()).sum()
    }

    /// New memory of arbitrary contents: its address.
    pub fn allocate(&mut self, device: u32, bytes: usize) -> usize {
        let address = self.next;
        self.next += bytes.next_multiple_of(ALIGNMENT) + ALIGNMENT;
        self.blocks.insert(address, Block { device, bytes: vec![0xa5; bytes] });
        address
    }

    /// The bytes at a device address, all of one block.
    pub fn bytes(&mut self, address: usize, len: usize) -> &mut [u8] {
        let found = self.blocks.range_mut(..=address).next_back();
        let part = found.and_then(|(start, block)| {
            let at = address - start;
            block.bytes.get_mut(at..at.checked_add(len)?)
        });
        part.unwrap_or_else(|| misuse(&format!("{len} bytes at {address:#x} are not of one allocation on a device")))
    }
}
