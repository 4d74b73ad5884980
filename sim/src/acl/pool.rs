//! Pools of memory that is allocated and freed in the order of a stream.
//!
//! A block that was freed on a stream may be had again on that stream at once: its new work is queued behind the old. Another
//! stream may have it once the free has run. What is idle beyond the threshold goes back to the device when a free runs.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard};

use ascend_rl_sys::types::*;

use super::{give, not_null, stream};
use crate::engine::{Stream, Task};
use crate::memory::Padding;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, Reject, check, reject};
use crate::world::{Device, world};

struct Pool {
    device: &'static Device,
    most: usize,
    state: Mutex<State>,
}

struct State {
    /// The three permissions to use blocks again, by their attributes. Each is a permission only, and kept as such.
    reuse: [u32; 3],
    threshold: u64,
    reserved: Gauge,
    used: Gauge,
    idle: Vec<Idle>,
    destroyed: bool,
}

/// Bytes now, and the most so far.
#[derive(Default)]
struct Gauge {
    now: u64,
    high: u64,
}

impl Gauge {
    fn add(&mut self, bytes: usize) {
        self.now += bytes as u64;
        self.high = self.high.max(self.now);
    }
}

struct Idle {
    address: usize,
    bytes: usize,
    /// Where it was freed; `None` once the free has run.
    freed_on: Option<Arc<Stream>>,
}

/// Memory that programs have from pools: its pool and size, by address.
static LENT: Mutex<BTreeMap<usize, (Arc<Pool>, usize)>> = Mutex::new(BTreeMap::new());
static POOLS: Registry<Arc<Pool>> = Registry::new(Kind::MemPool);

fn lent() -> MutexGuard<'static, BTreeMap<usize, (Arc<Pool>, usize)>> {
    LENT.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Pool {
    fn of(pool: aclrtMemPool) -> Outcome<Arc<Pool>> {
        not_null("memPool", pool)?;
        POOLS.get(pool as usize).ok_or_else(|| Reject {
            code: ascend_rl_sys::codes::ACL_ERROR_RT_INVALID_HANDLE,
            text: "memPool is not a live pool: destroyed already, or never created".into(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Memory for work that is enqueued on `stream` from now on.
    fn alloc(&self, bytes: usize, stream: &Arc<Stream>) -> Outcome<(usize, usize)> {
        let mut state = self.state();
        let usable = |idle: &Idle| idle.bytes >= bytes && idle.freed_on.as_ref().is_none_or(|on| Arc::ptr_eq(on, stream));
        let best = state.idle.iter().enumerate().filter(|(_, idle)| usable(idle)).min_by_key(|(_, idle)| idle.bytes);
        if let Some(i) = best.map(|(i, _)| i) {
            let Idle { address, bytes, .. } = state.idle.swap_remove(i);
            state.used.add(bytes);
            return Ok((address, bytes));
        }
        let reserved = state.reserved.now as usize;
        check!(
            bytes <= self.most - reserved.min(self.most),
            ACL_ERROR_RT_MEMORY_ALLOCATION,
            "size is {bytes}, but {reserved} of the pool's {} bytes are taken",
            self.most
        );
        let address = self.device.memory.alloc(bytes, Padding::None)?;
        state.reserved.add(bytes);
        state.used.add(bytes);
        Ok((address, bytes))
    }

    /// A free has run.
    fn reached(&self, address: usize, stream: &Stream) {
        let mut state = self.state();
        let here = |idle: &&mut Idle| {
            idle.address == address && idle.freed_on.as_ref().is_some_and(|on| std::ptr::eq(Arc::as_ptr(on), stream))
        };
        // Else it is in use again.
        if let Some(idle) = state.idle.iter_mut().find(here) {
            idle.freed_on = None;
        }
        let keep = if state.destroyed { 0 } else { state.threshold };
        self.trim(&mut state, keep);
    }

    /// Gives blocks whose frees have run back to the device until at most `keep` bytes are idle.
    fn trim(&self, state: &mut State, keep: u64) {
        let mut idle = state.reserved.now - state.used.now;
        let (mut i, mut given) = (0, 0);
        while i < state.idle.len() && idle > keep {
            if state.idle[i].freed_on.is_some() {
                i += 1;
                continue;
            }
            let block = state.idle.swap_remove(i);
            // The pool had it from the device and nobody else frees it.
            let _freed = self.device.memory.free(block.address);
            idle -= block.bytes as u64;
            given += block.bytes as u64;
        }
        state.reserved.now -= given;
    }
}

pub(crate) fn aclrtMemPoolCreate(pool: *mut aclrtMemPool, props: *const aclrtMemPoolProps) -> Outcome {
    not_null("memPool", pool)?;
    not_null("poolProps", props)?;
    // SAFETY: not null, and C's contract is that it points to a value of this type.
    let props = unsafe { props.read() };
    let world = world()?;
    check!(
        !world.settings.soc.to_string_lossy().starts_with("Ascend910_93"),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "memory pools are of the A2 series, the chip is {}",
        world.settings.soc.to_string_lossy()
    );
    for (field, given, taken) in [
        ("allocType", props.allocType.0, ACL_MEM_ALLOCATION_TYPE_PINNED.0),
        ("handleType", props.handleType.0, ACL_MEM_HANDLE_TYPE_NONE.0),
        ("location.type", props.location.r#type.0, ACL_MEM_LOCATION_TYPE_DEVICE.0),
    ] {
        check!(given == taken, ACL_ERROR_INVALID_PARAM, "poolProps.{field} is {given}: {taken} is taken");
    }
    check!(props.reserved == [0; 32], ACL_ERROR_INVALID_PARAM, "poolProps.reserved is not all 0");
    let device = world.device(props.location.id as i32)?;
    let most = if props.maxSize == 0 { usize::MAX } else { props.maxSize };
    let state = State {
        reuse: [1; 3],
        threshold: 0,
        reserved: Gauge::default(),
        used: Gauge::default(),
        idle: Vec::new(),
        destroyed: false,
    };
    give(pool, POOLS.insert(Arc::new(Pool { device, most, state: Mutex::new(state) })) as aclrtMemPool);
    Ok(())
}

/// What is idle goes back now, what is in use when it is freed.
pub(crate) fn aclrtMemPoolDestroy(pool: aclrtMemPool) -> Outcome {
    let found = Pool::of(pool)?;
    POOLS.remove(pool as usize);
    let mut state = found.state();
    state.destroyed = true;
    found.trim(&mut state, 0);
    Ok(())
}

/// A permission's place.
fn permission(attr: aclrtMemPoolAttr) -> Option<usize> {
    let first = ACL_RT_MEM_POOL_REUSE_FOLLOW_EVENT_DEPENDENCIES.0;
    usize::try_from(attr.0 - first).ok().filter(|i| *i < 3)
}

pub(crate) fn aclrtMemPoolSetAttr(pool: aclrtMemPool, attr: aclrtMemPoolAttr, value: *mut c_void) -> Outcome {
    let pool = Pool::of(pool)?;
    not_null("value", value)?;
    let mut state = pool.state();
    if let Some(i) = permission(attr) {
        // SAFETY: not null, and C's contract for a permission is a u32 there.
        let value = unsafe { value.cast::<u32>().read() };
        check!(value <= 1, ACL_ERROR_RT_PARAM_INVALID, "value is {value}: 0 or 1 is taken for {}", attr.name().unwrap_or("?"));
        state.reuse[i] = value;
        return Ok(());
    }
    check!(attr.name().is_some(), ACL_ERROR_INVALID_PARAM, "attr is {}, which is no attribute of a pool", attr.0);
    // SAFETY: not null, and C's contract for the other attributes is a u64 there.
    let value = unsafe { value.cast::<u64>().read() };
    let high = match attr {
        ACL_RT_MEM_POOL_ATTR_RELEASE_THRESHOLD => {
            state.threshold = value;
            return Ok(());
        }
        ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_HIGH => &mut state.reserved,
        ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH => &mut state.used,
        _ => reject!(ACL_ERROR_RT_PARAM_INVALID, "{} can only be read", attr.name().unwrap_or("?")),
    };
    check!(value == 0, ACL_ERROR_RT_PARAM_INVALID, "value is {value}: a peak can only be set to 0");
    high.high = high.now;
    Ok(())
}

pub(crate) fn aclrtMemPoolGetAttr(pool: aclrtMemPool, attr: aclrtMemPoolAttr, value: *mut c_void) -> Outcome {
    let pool = Pool::of(pool)?;
    not_null("value", value)?;
    let state = pool.state();
    if let Some(i) = permission(attr) {
        give(value.cast::<u32>(), state.reuse[i]);
        return Ok(());
    }
    let number = match attr {
        ACL_RT_MEM_POOL_ATTR_RELEASE_THRESHOLD => state.threshold,
        ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_CURRENT => state.reserved.now,
        ACL_RT_MEM_POOL_ATTR_RESERVED_MEM_HIGH => state.reserved.high,
        ACL_RT_MEM_POOL_ATTR_USED_MEM_CURRENT => state.used.now,
        ACL_RT_MEM_POOL_ATTR_USED_MEM_HIGH => state.used.high,
        other => reject!(ACL_ERROR_INVALID_PARAM, "attr is {}, which is no attribute of a pool", other.0),
    };
    give(value.cast::<u64>(), number);
    Ok(())
}

/// What is had and given back in a stream's order would be another block in each replay.
fn not_recorded(name: &str, stream: &Stream) -> Outcome {
    check!(
        stream.recorder().is_none(),
        ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
        "{name}: stream goes into a graph, and the simulator keeps no memory of pools in graphs"
    );
    Ok(())
}

pub(crate) fn aclrtMemPoolMallocAsync(ptr: *mut *mut c_void, size: usize, pool: aclrtMemPool, stream: aclrtStream) -> Outcome {
    not_null("ptr", ptr)?;
    check!(size > 0, ACL_ERROR_INVALID_PARAM, "size is 0");
    let (pool, stream) = (Pool::of(pool)?, stream::resolve(stream)?);
    not_recorded("aclrtMemPoolMallocAsync", &stream)?;
    check!(
        pool.device.id == stream.device,
        ACL_ERROR_RT_PARAM_INVALID,
        "memPool is of device {}, the stream is of device {}",
        pool.device.id,
        stream.device
    );
    let (address, bytes) = pool.alloc(size, &stream)?;
    lent().insert(address, (pool, bytes));
    give(ptr, address as *mut c_void);
    Ok(())
}

pub(crate) fn aclrtMemPoolFreeAsync(ptr: *mut c_void, stream: aclrtStream) -> Outcome {
    not_null("ptr", ptr)?;
    let stream = stream::resolve(stream)?;
    not_recorded("aclrtMemPoolFreeAsync", &stream)?;
    let address = ptr as usize;
    let Some((pool, bytes)) = lent().remove(&address) else {
        reject!(
            ACL_ERROR_RT_PARAM_INVALID,
            "ptr {ptr:?} is not the start of memory from a pool: freed already, or from elsewhere"
        )
    };
    {
        let mut state = pool.state();
        state.used.now -= bytes as u64;
        state.idle.push(Idle { address, bytes, freed_on: Some(stream.clone()) });
    }
    let freed = stream.clone();
    stream.enqueue(Task::Work("aclrtMemPoolFreeAsync", Arc::new(move || pool.reached(address, &freed))))
}

pub(crate) fn aclrtMemPoolTrimTo(pool: aclrtMemPool, min_bytes_to_keep: usize) -> Outcome {
    let pool = Pool::of(pool)?;
    let mut state = pool.state();
    // The bytes to keep count what is in use too.
    let keep = (min_bytes_to_keep as u64).saturating_sub(state.used.now);
    pool.trim(&mut state, keep);
    Ok(())
}
